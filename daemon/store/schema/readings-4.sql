-- SPDX-FileCopyrightText: 2026 Watchroom contributors
-- SPDX-License-Identifier: Apache-2.0
--
-- readings.db, from version 3 to 4: the reading of each gauge at the site's set hours.
-- It leaves with the minute that it opens to.

CREATE TABLE set_reading (
	point INTEGER NOT NULL REFERENCES point (id),
	due_utc_ms INTEGER NOT NULL,
	value REAL,
	at_ms INTEGER,
	reason TEXT,
	PRIMARY KEY (point, due_utc_ms)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER set_reading_leaves AFTER DELETE ON minute
BEGIN
	DELETE FROM set_reading WHERE point = OLD.point
		AND at_ms BETWEEN OLD.minute_utc_ms AND OLD.minute_utc_ms + 59999
		AND due_utc_ms BETWEEN OLD.minute_utc_ms - 60000
			AND OLD.minute_utc_ms + 120000;
END;

CREATE VIEW v_set_reading AS
SELECT p.name AS point, s.due_utc_ms,
	strftime('%Y-%m-%dT%H:%M:%SZ', s.due_utc_ms / 1000, 'unixepoch') AS due,
	s.value, s.at_ms, s.reason
FROM set_reading s JOIN point p ON p.id = s.point;
