-- SPDX-FileCopyrightText: 2026 Watchroom contributors
-- SPDX-License-Identifier: Apache-2.0
--
-- journal.db, from version 2 to 3: signed anchors of the chain, and signed cuts at which
-- a retention lets it begin. An event may be deleted only below a cut, in the
-- transaction that moves the cut over it.

CREATE TABLE anchor (
	n INTEGER PRIMARY KEY,
	epoch BLOB NOT NULL,
	seq INTEGER NOT NULL,
	hash BLOB NOT NULL,
	time_utc_ms INTEGER NOT NULL,
	public_key BLOB NOT NULL,
	signature BLOB NOT NULL
) STRICT;

CREATE TRIGGER anchor_no_update BEFORE UPDATE ON anchor
BEGIN
	SELECT RAISE(ABORT, 'anchors are never changed');
END;
CREATE TRIGGER anchor_no_delete BEFORE DELETE ON anchor
BEGIN
	SELECT RAISE(ABORT, 'anchors are never deleted');
END;

CREATE TABLE cut (
	before_utc_ms INTEGER PRIMARY KEY,
	epoch BLOB NOT NULL,
	last_seq INTEGER NOT NULL,
	hash BLOB NOT NULL,
	events INTEGER NOT NULL,
	from_utc_ms INTEGER NOT NULL,
	to_utc_ms INTEGER NOT NULL,
	time_utc_ms INTEGER NOT NULL,
	public_key BLOB NOT NULL,
	signature BLOB NOT NULL
) STRICT;

CREATE TRIGGER cut_forward BEFORE UPDATE ON cut
WHEN NEW.last_seq <= OLD.last_seq OR NEW.before_utc_ms IS NOT OLD.before_utc_ms
BEGIN
	SELECT RAISE(ABORT, 'a cut only moves forward');
END;
CREATE TRIGGER cut_no_delete BEFORE DELETE ON cut
BEGIN
	SELECT RAISE(ABORT, 'cuts are never deleted');
END;

DROP TRIGGER event_no_delete;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event
WHEN OLD.seq > (SELECT coalesce(max(last_seq), 0) FROM cut)
BEGIN
	SELECT RAISE(ABORT, 'events are never deleted');
END;

CREATE TRIGGER outbox_tally_delete AFTER DELETE ON outbox
BEGIN
	UPDATE tally SET n = n - 1 WHERE name = 'notices/' || OLD.state;
END;

CREATE VIEW v_anchor AS
SELECT n, lower(hex(epoch)) AS epoch, seq, lower(hex(hash)) AS hash, time_utc_ms,
	strftime('%Y-%m-%dT%H:%M:%fZ', time_utc_ms / 1000.0, 'unixepoch') AS time,
	lower(hex(public_key)) AS public_key, lower(hex(signature)) AS signature
FROM anchor;

CREATE VIEW v_cut AS
SELECT before_utc_ms, lower(hex(epoch)) AS epoch, last_seq, lower(hex(hash)) AS hash,
	events, from_utc_ms, to_utc_ms, time_utc_ms,
	strftime('%Y-%m-%dT%H:%M:%fZ', time_utc_ms / 1000.0, 'unixepoch') AS time,
	lower(hex(public_key)) AS public_key, lower(hex(signature)) AS signature
FROM cut;

-- Settled notices leave with the events that they are about.
CREATE INDEX outbox_subject ON outbox (subject_seq) WHERE subject_seq IS NOT NULL;
