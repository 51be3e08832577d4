-- SPDX-FileCopyrightText: 2026 Watchroom contributors
-- SPDX-License-Identifier: Apache-2.0
--
-- journal.db, version 1. docs/schema.md explains every table, column and view; a check
-- compares the two. Names of kinds, classes and states are text, so that a journal
-- can be read without the program that wrote it.

CREATE TABLE meta (
	key TEXT NOT NULL PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Counters kept by triggers, so that no list is ever counted row by row.
CREATE TABLE tally (
	name TEXT NOT NULL PRIMARY KEY,
	n INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The order of the columns is the order of the canonical bytes that are hashed.
CREATE TABLE event (
	seq INTEGER PRIMARY KEY,
	epoch BLOB NOT NULL,
	time_utc_ms INTEGER NOT NULL,
	mono_ms INTEGER NOT NULL,
	boot_id BLOB NOT NULL,
	clock_quality TEXT NOT NULL,
	kind TEXT NOT NULL,
	point TEXT,
	place_zh TEXT,
	place_en TEXT,
	condition TEXT,
	code TEXT,
	occurrence_id TEXT,
	incident_id TEXT,
	class TEXT,
	actor TEXT,
	value REAL,
	quality TEXT,
	params TEXT,
	not_before_utc_ms INTEGER,
	device_time INTEGER,
	cause_seq INTEGER,
	config_rev TEXT,
	prev_hash BLOB NOT NULL,
	hash BLOB NOT NULL
) STRICT;

-- Each index grows at few places: a storm of thousands of events a second over all points
-- must not touch a page of its own for each. Hence the runs of 16,384 before the point.
CREATE INDEX event_point ON event (seq >> 14, point) WHERE point IS NOT NULL;
CREATE INDEX event_class ON event (class) WHERE class IS NOT NULL;
CREATE INDEX event_occurrence ON event (occurrence_id)
	WHERE occurrence_id IS NOT NULL;

CREATE TRIGGER event_append BEFORE INSERT ON event
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM event)
BEGIN
	SELECT RAISE(ABORT, 'seq must follow the last one');
END;
CREATE TRIGGER event_no_update BEFORE UPDATE ON event
BEGIN
	SELECT RAISE(ABORT, 'events are never changed');
END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event
BEGIN
	SELECT RAISE(ABORT, 'events are never deleted');
END;

-- Bounds of the times of each run of 1,024 events: finds a span of time in the journal
-- although the clock may have been stepped.
CREATE TABLE event_block (
	block INTEGER PRIMARY KEY,
	min_utc_ms INTEGER NOT NULL,
	max_utc_ms INTEGER NOT NULL,
	last_seq INTEGER NOT NULL
) STRICT;

CREATE TABLE outbox (
	n INTEGER PRIMARY KEY,
	id TEXT NOT NULL UNIQUE,
	channel TEXT NOT NULL,
	ladder TEXT NOT NULL,
	step INTEGER NOT NULL,
	round INTEGER NOT NULL,
	state TEXT NOT NULL,
	attempts INTEGER NOT NULL,
	created_utc_ms INTEGER NOT NULL,
	next_utc_ms INTEGER NOT NULL,
	repeated INTEGER NOT NULL,
	saved INTEGER NOT NULL,
	subject_seq INTEGER,
	subject_time_utc_ms INTEGER NOT NULL,
	subject_mono_ms INTEGER NOT NULL,
	subject_clock_quality TEXT NOT NULL,
	subject_kind TEXT NOT NULL,
	subject_point TEXT,
	subject_place_zh TEXT,
	subject_place_en TEXT,
	subject_condition TEXT,
	subject_code TEXT,
	subject_occurrence_id TEXT,
	subject_incident_id TEXT,
	subject_class TEXT,
	subject_actor TEXT,
	subject_value REAL,
	subject_quality TEXT,
	subject_params TEXT,
	subject_not_before_utc_ms INTEGER,
	subject_device_time INTEGER,
	subject_cause_seq INTEGER
) STRICT;

CREATE INDEX outbox_owed ON outbox (n) WHERE state = 'owed';

CREATE TRIGGER outbox_tally_insert AFTER INSERT ON outbox
BEGIN
	INSERT INTO tally (name, n) VALUES ('notices/' || NEW.state, 1)
	ON CONFLICT (name) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER outbox_tally_update AFTER UPDATE OF state ON outbox
WHEN OLD.state IS NOT NEW.state
BEGIN
	UPDATE tally SET n = n - 1 WHERE name = 'notices/' || OLD.state;
	INSERT INTO tally (name, n) VALUES ('notices/' || NEW.state, 1)
	ON CONFLICT (name) DO UPDATE SET n = n + 1;
END;

CREATE TABLE alarm_open (
	point TEXT NOT NULL,
	condition TEXT NOT NULL,
	code TEXT NOT NULL,
	class TEXT NOT NULL,
	state TEXT NOT NULL,
	cause TEXT NOT NULL,
	latch TEXT NOT NULL,
	flags INTEGER NOT NULL,
	test_onset INTEGER NOT NULL,
	occurrence_id TEXT NOT NULL,
	incident_id TEXT NOT NULL,
	occurrences INTEGER NOT NULL,
	raised_utc_ms INTEGER NOT NULL,
	first_utc_ms INTEGER NOT NULL,
	acknowledged_utc_ms INTEGER NOT NULL,
	acknowledged_by TEXT NOT NULL,
	ladder TEXT NOT NULL,
	ladder_next INTEGER NOT NULL,
	ladder_rounds INTEGER NOT NULL,
	ladder_onset_utc_ms INTEGER NOT NULL,
	value REAL,
	quality TEXT,
	onset_seq INTEGER NOT NULL,
	PRIMARY KEY (point, condition, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE person (
	id TEXT NOT NULL PRIMARY KEY,
	name_zh TEXT NOT NULL,
	name_en TEXT NOT NULL,
	role TEXT NOT NULL,
	enabled INTEGER NOT NULL,
	pin_hash TEXT NOT NULL,
	changed_utc_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The site's statistics days. Half-open, never overlapping.
CREATE TABLE day (
	day TEXT NOT NULL PRIMARY KEY,
	from_ms INTEGER NOT NULL UNIQUE,
	to_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE alarm_day (
	day TEXT NOT NULL REFERENCES day (day),
	class TEXT NOT NULL,
	point TEXT NOT NULL,
	condition TEXT NOT NULL,
	code TEXT NOT NULL,
	onsets INTEGER NOT NULL,
	clears INTEGER NOT NULL,
	acknowledged INTEGER NOT NULL,
	tests INTEGER NOT NULL,
	PRIMARY KEY (day, class, point, condition, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE class_day (
	day TEXT NOT NULL REFERENCES day (day),
	class TEXT NOT NULL,
	onsets INTEGER NOT NULL,
	clears INTEGER NOT NULL,
	acknowledged INTEGER NOT NULL,
	tests INTEGER NOT NULL,
	open INTEGER NOT NULL,
	PRIMARY KEY (class, day)
) STRICT, WITHOUT ROWID;

CREATE VIEW v_event AS
SELECT seq, lower(hex(epoch)) AS epoch, time_utc_ms,
	strftime('%Y-%m-%dT%H:%M:%fZ', time_utc_ms / 1000.0, 'unixepoch') AS time,
	mono_ms, lower(hex(boot_id)) AS boot_id, clock_quality, kind, point, place_zh,
	place_en, condition, code, occurrence_id, incident_id, class, actor, value,
	quality, params, not_before_utc_ms, device_time, cause_seq, config_rev,
	lower(hex(prev_hash)) AS prev_hash, lower(hex(hash)) AS hash
FROM event;

CREATE VIEW v_alarm AS
SELECT point, condition, nullif(code, '') AS code, class, state,
	nullif(cause, '') AS cause, latch, (flags & 1) <> 0 AS shelved,
	(flags & 2) <> 0 AS isolated, (flags & 4) <> 0 AS suppressed,
	(flags & 8) <> 0 AS test_mode, test_onset AS test, occurrence_id, incident_id,
	occurrences, raised_utc_ms, first_utc_ms,
	nullif(acknowledged_utc_ms, 0) AS acknowledged_utc_ms,
	nullif(acknowledged_by, '') AS acknowledged_by, value, quality,
	nullif(onset_seq, 0) AS onset_seq
FROM alarm_open;

CREATE VIEW v_occurrence AS
SELECT o.occurrence_id, o.incident_id, o.seq AS onset_seq,
	o.time_utc_ms AS onset_utc_ms, o.not_before_utc_ms, o.point, o.place_zh,
	o.place_en, o.condition, o.code, o.class, o.value,
	coalesce(instr(o.params, '"test":true'), 0) > 0 AS test,
	(SELECT min(c.time_utc_ms) FROM event c
		WHERE c.occurrence_id = o.occurrence_id
		AND c.kind = 'alarm.clear') AS clear_utc_ms,
	(SELECT min(a.time_utc_ms) FROM event a
		WHERE a.occurrence_id = o.occurrence_id
		AND a.kind = 'alarm.acknowledge') AS acknowledged_utc_ms,
	(SELECT a.actor FROM event a
		WHERE a.occurrence_id = o.occurrence_id
		AND a.kind = 'alarm.acknowledge'
		ORDER BY a.seq LIMIT 1) AS acknowledged_by
FROM event o
WHERE o.kind = 'alarm.onset';

CREATE VIEW v_alarm_daily AS
SELECT d.day, d.from_ms, d.to_ms, a.class, nullif(a.point, '') AS point,
	nullif(a.condition, '') AS condition, nullif(a.code, '') AS code, a.onsets,
	a.clears, a.acknowledged, a.tests
FROM alarm_day a JOIN day d ON d.day = a.day;
