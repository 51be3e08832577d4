-- SPDX-FileCopyrightText: 2026 Watchroom contributors
-- SPDX-License-Identifier: Apache-2.0
--
-- readings.db, from version 2 to 3: hours and statistics days of each gauge, kept as
-- sums of its minutes by the transaction that writes a minute. A day is summed by the
-- span in `day`, not from hours: it may begin at 08:30 and be 23 or 25 hours long.
-- What retention takes leaves its hour and its day at once: no figure stays that does
-- not open to all of its minutes.

CREATE TABLE reading_hour (
	point INTEGER NOT NULL REFERENCES point (id),
	from_ms INTEGER NOT NULL,
	min REAL,
	max REAL,
	min_at_ms INTEGER,
	max_at_ms INTEGER,
	integral REAL NOT NULL,
	good_ms INTEGER NOT NULL,
	samples INTEGER NOT NULL,
	minutes INTEGER NOT NULL,
	PRIMARY KEY (point, from_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE reading_day (
	point INTEGER NOT NULL REFERENCES point (id),
	from_ms INTEGER NOT NULL REFERENCES day (from_ms),
	min REAL,
	max REAL,
	min_at_ms INTEGER,
	max_at_ms INTEGER,
	integral REAL NOT NULL,
	good_ms INTEGER NOT NULL,
	samples INTEGER NOT NULL,
	minutes INTEGER NOT NULL,
	PRIMARY KEY (point, from_ms)
) STRICT, WITHOUT ROWID;

-- What stands there already. The earliest of equal extremes is theirs, as below.
INSERT INTO reading_hour
SELECT s.point, s.from_ms, s.min, s.max,
	(SELECT m.min_at_ms FROM minute m WHERE m.point = s.point
		AND m.minute_utc_ms >= s.from_ms AND m.minute_utc_ms < s.from_ms + 3600000
		AND m.min = s.min ORDER BY m.minute_utc_ms LIMIT 1),
	(SELECT m.max_at_ms FROM minute m WHERE m.point = s.point
		AND m.minute_utc_ms >= s.from_ms AND m.minute_utc_ms < s.from_ms + 3600000
		AND m.max = s.max ORDER BY m.minute_utc_ms LIMIT 1),
	s.integral, s.good_ms, s.samples, s.minutes
FROM (SELECT point, minute_utc_ms - minute_utc_ms % 3600000 AS from_ms, min(min) AS min,
	max(max) AS max, sum(integral) AS integral, sum(good_ms) AS good_ms,
	sum(samples) AS samples, count(*) AS minutes
	FROM minute GROUP BY 1, 2) s;

INSERT INTO reading_day
SELECT s.point, s.from_ms, s.min, s.max,
	(SELECT m.min_at_ms FROM minute m WHERE m.point = s.point
		AND m.minute_utc_ms >= s.from_ms AND m.minute_utc_ms < s.to_ms
		AND m.min = s.min ORDER BY m.minute_utc_ms LIMIT 1),
	(SELECT m.max_at_ms FROM minute m WHERE m.point = s.point
		AND m.minute_utc_ms >= s.from_ms AND m.minute_utc_ms < s.to_ms
		AND m.max = s.max ORDER BY m.minute_utc_ms LIMIT 1),
	s.integral, s.good_ms, s.samples, s.minutes
FROM (SELECT m.point, d.from_ms, d.to_ms, min(m.min) AS min, max(m.max) AS max,
	sum(m.integral) AS integral, sum(m.good_ms) AS good_ms, sum(m.samples) AS samples,
	count(*) AS minutes
	FROM point p CROSS JOIN day d JOIN minute m ON m.point = p.id
		AND m.minute_utc_ms >= d.from_ms AND m.minute_utc_ms < d.to_ms
	GROUP BY m.point, d.from_ms) s;

CREATE TRIGGER minute_hour AFTER INSERT ON minute
BEGIN
	INSERT INTO reading_hour VALUES (NEW.point,
		NEW.minute_utc_ms - NEW.minute_utc_ms % 3600000, NEW.min, NEW.max,
		NEW.min_at_ms, NEW.max_at_ms, NEW.integral, NEW.good_ms, NEW.samples, 1)
	ON CONFLICT (point, from_ms) DO UPDATE SET
		min_at_ms = CASE WHEN min IS NULL OR excluded.min < min
			THEN excluded.min_at_ms ELSE min_at_ms END,
		max_at_ms = CASE WHEN max IS NULL OR excluded.max > max
			THEN excluded.max_at_ms ELSE max_at_ms END,
		min = CASE WHEN min IS NULL OR excluded.min < min
			THEN excluded.min ELSE min END,
		max = CASE WHEN max IS NULL OR excluded.max > max
			THEN excluded.max ELSE max END,
		integral = integral + excluded.integral,
		good_ms = good_ms + excluded.good_ms,
		samples = samples + excluded.samples,
		minutes = minutes + 1;
END;

CREATE TRIGGER minute_day AFTER INSERT ON minute
BEGIN
	INSERT INTO reading_day
	SELECT NEW.point, d.from_ms, NEW.min, NEW.max, NEW.min_at_ms, NEW.max_at_ms,
		NEW.integral, NEW.good_ms, NEW.samples, 1
	FROM (SELECT from_ms, to_ms FROM day WHERE from_ms <= NEW.minute_utc_ms
		ORDER BY from_ms DESC LIMIT 1) d
	WHERE d.to_ms > NEW.minute_utc_ms
	ON CONFLICT (point, from_ms) DO UPDATE SET
		min_at_ms = CASE WHEN min IS NULL OR excluded.min < min
			THEN excluded.min_at_ms ELSE min_at_ms END,
		max_at_ms = CASE WHEN max IS NULL OR excluded.max > max
			THEN excluded.max_at_ms ELSE max_at_ms END,
		min = CASE WHEN min IS NULL OR excluded.min < min
			THEN excluded.min ELSE min END,
		max = CASE WHEN max IS NULL OR excluded.max > max
			THEN excluded.max ELSE max END,
		integral = integral + excluded.integral,
		good_ms = good_ms + excluded.good_ms,
		samples = samples + excluded.samples,
		minutes = minutes + 1;
END;

-- A minute that is merged with more of itself only grows: its extremes move outwards.
CREATE TRIGGER minute_merge_hour AFTER UPDATE ON minute
BEGIN
	UPDATE reading_hour SET
		min_at_ms = CASE WHEN min IS NULL OR NEW.min < min
			THEN NEW.min_at_ms ELSE min_at_ms END,
		max_at_ms = CASE WHEN max IS NULL OR NEW.max > max
			THEN NEW.max_at_ms ELSE max_at_ms END,
		min = CASE WHEN min IS NULL OR NEW.min < min THEN NEW.min ELSE min END,
		max = CASE WHEN max IS NULL OR NEW.max > max THEN NEW.max ELSE max END,
		integral = integral + (NEW.integral - OLD.integral),
		good_ms = good_ms + (NEW.good_ms - OLD.good_ms),
		samples = samples + (NEW.samples - OLD.samples)
	WHERE point = NEW.point
		AND from_ms = NEW.minute_utc_ms - NEW.minute_utc_ms % 3600000;
END;

CREATE TRIGGER minute_merge_day AFTER UPDATE ON minute
BEGIN
	UPDATE reading_day SET
		min_at_ms = CASE WHEN min IS NULL OR NEW.min < min
			THEN NEW.min_at_ms ELSE min_at_ms END,
		max_at_ms = CASE WHEN max IS NULL OR NEW.max > max
			THEN NEW.max_at_ms ELSE max_at_ms END,
		min = CASE WHEN min IS NULL OR NEW.min < min THEN NEW.min ELSE min END,
		max = CASE WHEN max IS NULL OR NEW.max > max THEN NEW.max ELSE max END,
		integral = integral + (NEW.integral - OLD.integral),
		good_ms = good_ms + (NEW.good_ms - OLD.good_ms),
		samples = samples + (NEW.samples - OLD.samples)
	WHERE point = NEW.point AND from_ms = (SELECT from_ms FROM day
		WHERE from_ms <= NEW.minute_utc_ms ORDER BY from_ms DESC LIMIT 1);
END;

CREATE TRIGGER minute_leaves AFTER DELETE ON minute
BEGIN
	DELETE FROM reading_hour WHERE point = OLD.point
		AND from_ms = OLD.minute_utc_ms - OLD.minute_utc_ms % 3600000;
	DELETE FROM reading_day WHERE point = OLD.point AND from_ms = (SELECT from_ms
		FROM day WHERE from_ms <= OLD.minute_utc_ms ORDER BY from_ms DESC LIMIT 1);
END;

CREATE VIEW v_reading_hourly AS
SELECT p.name AS point, h.from_ms,
	strftime('%Y-%m-%dT%H:%M:%SZ', h.from_ms / 1000, 'unixepoch') AS time,
	h.min, CASE WHEN h.good_ms > 0 THEN h.integral / h.good_ms END AS mean, h.max,
	h.min_at_ms, h.max_at_ms, h.good_ms, h.samples, h.minutes
FROM reading_hour h JOIN point p ON p.id = h.point;

DROP VIEW v_reading_daily;
CREATE VIEW v_reading_daily AS
SELECT d.day, d.from_ms, d.to_ms, p.name AS point, r.min,
	CASE WHEN r.good_ms > 0 THEN r.integral / r.good_ms END AS mean, r.max,
	r.good_ms, r.samples, r.minutes, r.min_at_ms, r.max_at_ms
FROM reading_day r JOIN day d ON d.from_ms = r.from_ms JOIN point p ON p.id = r.point;
