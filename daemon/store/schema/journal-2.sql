-- SPDX-FileCopyrightText: 2026 Watchroom contributors
-- SPDX-License-Identifier: Apache-2.0
--
-- journal.db, from version 1 to 2: the commissioning ledger. Each row is written in the
-- transaction of its event, whose seq it names, and is never changed; it stays when the
-- events of its time have left the journal.

CREATE TABLE commission (
	n INTEGER PRIMARY KEY,
	epoch BLOB NOT NULL,
	seq INTEGER NOT NULL,
	time_utc_ms INTEGER NOT NULL,
	point TEXT NOT NULL,
	verdict TEXT NOT NULL,
	expected TEXT NOT NULL,
	at_panel TEXT,
	here TEXT,
	here_seq INTEGER,
	who TEXT NOT NULL,
	note TEXT,
	wiring TEXT NOT NULL,
	config_rev TEXT
) STRICT;

CREATE INDEX commission_point ON commission (point, n);

CREATE TRIGGER commission_no_update BEFORE UPDATE ON commission
BEGIN
	SELECT RAISE(ABORT, 'the ledger is never changed');
END;
CREATE TRIGGER commission_no_delete BEFORE DELETE ON commission
BEGIN
	SELECT RAISE(ABORT, 'the ledger is never deleted');
END;

-- Walks: one row when one is opened, one when it is closed.
CREATE TABLE commission_walk (
	n INTEGER PRIMARY KEY,
	seq INTEGER NOT NULL,
	time_utc_ms INTEGER NOT NULL,
	step TEXT NOT NULL,
	scope TEXT NOT NULL,
	target TEXT NOT NULL,
	who TEXT NOT NULL
) STRICT;

CREATE TRIGGER commission_walk_no_update BEFORE UPDATE ON commission_walk
BEGIN
	SELECT RAISE(ABORT, 'the ledger is never changed');
END;
CREATE TRIGGER commission_walk_no_delete BEFORE DELETE ON commission_walk
BEGIN
	SELECT RAISE(ABORT, 'the ledger is never deleted');
END;

CREATE VIEW v_commission AS
SELECT n, lower(hex(epoch)) AS epoch, seq, time_utc_ms,
	strftime('%Y-%m-%dT%H:%M:%fZ', time_utc_ms / 1000.0, 'unixepoch') AS time,
	point, verdict, expected, at_panel, here, here_seq, who, note, wiring,
	config_rev
FROM commission;
