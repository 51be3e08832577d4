-- SPDX-FileCopyrightText: 2026 Watchroom contributors
-- SPDX-License-Identifier: Apache-2.0
--
-- readings.db, version 1. docs/schema.md explains every table, column and view; a check
-- compares the two. Minutes are the record; everything longer is a sum of minutes.

CREATE TABLE meta (
	key TEXT NOT NULL PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tally (
	name TEXT NOT NULL PRIMARY KEY,
	n INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A copy of the journal's, so that the file can be read by itself.
CREATE TABLE day (
	day TEXT NOT NULL PRIMARY KEY,
	from_ms INTEGER NOT NULL UNIQUE,
	to_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE point (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE minute (
	point INTEGER NOT NULL REFERENCES point (id),
	minute_utc_ms INTEGER NOT NULL,
	min REAL,
	max REAL,
	min_at_ms INTEGER,
	max_at_ms INTEGER,
	integral REAL NOT NULL,
	good_ms INTEGER NOT NULL,
	samples INTEGER NOT NULL,
	last REAL,
	PRIMARY KEY (point, minute_utc_ms)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER minute_tally AFTER INSERT ON minute
BEGIN
	INSERT INTO tally (name, n) VALUES ('minutes', 1)
	ON CONFLICT (name) DO UPDATE SET n = n + 1;
END;

CREATE VIEW v_reading_minute AS
SELECT p.name AS point, m.minute_utc_ms,
	strftime('%Y-%m-%dT%H:%M:%SZ', m.minute_utc_ms / 1000, 'unixepoch') AS time,
	m.min, CASE WHEN m.good_ms > 0 THEN m.integral / m.good_ms END AS mean, m.max,
	m.min_at_ms, m.max_at_ms, m.good_ms, m.samples, m.last
FROM minute m JOIN point p ON p.id = m.point;

CREATE VIEW v_reading_daily AS
SELECT d.day, d.from_ms, d.to_ms, p.name AS point, min(m.min) AS min,
	CASE WHEN sum(m.good_ms) > 0 THEN sum(m.integral) / sum(m.good_ms) END AS mean,
	max(m.max) AS max, sum(m.good_ms) AS good_ms, sum(m.samples) AS samples,
	count(*) AS minutes
FROM day d CROSS JOIN point p
JOIN minute m ON m.point = p.id AND m.minute_utc_ms >= d.from_ms
	AND m.minute_utc_ms < d.to_ms
GROUP BY d.day, p.id;
