-- SPDX-FileCopyrightText: 2026 Watchroom contributors
-- SPDX-License-Identifier: Apache-2.0
--
-- readings.db, from version 4 to 5: samples of gauges as they arrived, around alarms
-- and, where the site wants that, all of them for a while.

CREATE TABLE sample (
	point INTEGER NOT NULL REFERENCES point (id),
	at_ms INTEGER NOT NULL,
	value REAL,
	quality TEXT NOT NULL,
	around INTEGER NOT NULL,
	PRIMARY KEY (point, at_ms)
) STRICT, WITHOUT ROWID;

-- They leave by this.
CREATE INDEX sample_around ON sample (around, at_ms);

CREATE VIEW v_sample AS
SELECT p.name AS point, s.at_ms,
	strftime('%Y-%m-%dT%H:%M:%fZ', s.at_ms / 1000.0, 'unixepoch') AS time,
	s.value, s.quality, s.around
FROM sample s JOIN point p ON p.id = s.point;
