-- SPDX-FileCopyrightText: 2026 Watchroom contributors
-- SPDX-License-Identifier: Apache-2.0
--
-- journal.db, from version 3 to 4: what people have set (shelved, isolated, test mode),
-- as a restart needs it; verdicts on occurrences; alarms that were missed.

CREATE TABLE flag (
	flag TEXT NOT NULL,
	target TEXT NOT NULL,
	condition TEXT NOT NULL,
	from_utc_ms INTEGER NOT NULL,
	until_utc_ms INTEGER NOT NULL,
	actor TEXT NOT NULL,
	reason TEXT NOT NULL,
	measure TEXT NOT NULL,
	PRIMARY KEY (flag, target, condition)
) STRICT, WITHOUT ROWID;

CREATE VIEW v_flag AS
SELECT flag, target, nullif(condition, '') AS condition, from_utc_ms, until_utc_ms,
	actor, nullif(reason, '') AS reason, nullif(measure, '') AS measure
FROM flag;

-- Verdicts of people on occurrences, and alarms that were missed and entered by hand.
-- Each row is written in the transaction of its event and is never changed; it stays
-- when the events of its time have left the journal.
CREATE TABLE verdict (
	n INTEGER PRIMARY KEY,
	epoch BLOB NOT NULL,
	seq INTEGER NOT NULL,
	time_utc_ms INTEGER NOT NULL,
	occurrence_id TEXT NOT NULL,
	incident_id TEXT NOT NULL,
	point TEXT NOT NULL,
	condition TEXT NOT NULL,
	code TEXT NOT NULL,
	class TEXT NOT NULL,
	verdict TEXT NOT NULL,
	cause TEXT,
	note TEXT,
	who TEXT NOT NULL
) STRICT;

CREATE INDEX verdict_occurrence ON verdict (occurrence_id, n);

CREATE TABLE missed (
	n INTEGER PRIMARY KEY,
	epoch BLOB NOT NULL,
	seq INTEGER NOT NULL,
	time_utc_ms INTEGER NOT NULL,
	happened_utc_ms INTEGER NOT NULL,
	point TEXT,
	place_zh TEXT,
	place_en TEXT,
	condition TEXT NOT NULL,
	occurrence_id TEXT,
	found TEXT NOT NULL,
	who TEXT NOT NULL
) STRICT;

CREATE TRIGGER verdict_no_update BEFORE UPDATE ON verdict
BEGIN
	SELECT RAISE(ABORT, 'verdicts are never changed');
END;
CREATE TRIGGER verdict_no_delete BEFORE DELETE ON verdict
BEGIN
	SELECT RAISE(ABORT, 'verdicts are never deleted');
END;
CREATE TRIGGER missed_no_update BEFORE UPDATE ON missed
BEGIN
	SELECT RAISE(ABORT, 'missed alarms are never changed');
END;
CREATE TRIGGER missed_no_delete BEFORE DELETE ON missed
BEGIN
	SELECT RAISE(ABORT, 'missed alarms are never deleted');
END;

-- The newest verdict of an occurrence counts.
CREATE VIEW v_verdict AS
SELECT n, lower(hex(epoch)) AS epoch, seq, time_utc_ms,
	strftime('%Y-%m-%dT%H:%M:%fZ', time_utc_ms / 1000.0, 'unixepoch') AS time,
	occurrence_id, incident_id, point, condition, nullif(code, '') AS code, class,
	verdict, cause, note, who,
	NOT EXISTS (SELECT 1 FROM verdict l WHERE l.occurrence_id = v.occurrence_id
		AND l.n > v.n) AS counts
FROM verdict v;

CREATE VIEW v_missed AS
SELECT n, lower(hex(epoch)) AS epoch, seq, time_utc_ms,
	strftime('%Y-%m-%dT%H:%M:%fZ', time_utc_ms / 1000.0, 'unixepoch') AS time,
	happened_utc_ms, point, place_zh, place_en, condition, occurrence_id, found, who
FROM missed;
