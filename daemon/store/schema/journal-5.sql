-- SPDX-FileCopyrightText: 2026 Watchroom contributors
-- SPDX-License-Identifier: Apache-2.0
--
-- journal.db, from version 4 to 5.
--
-- The guard of the order of events fails instead of aborting. It looks before the row is
-- added, so that nothing is left behind either way; but where a statement may abort,
-- SQLite copies each page before it changes it.

DROP TRIGGER event_append;
CREATE TRIGGER event_append BEFORE INSERT ON event
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM event)
BEGIN
	SELECT RAISE(FAIL, 'seq must follow the last one');
END;

-- Blind time as rows, and what hangs on which link. A row is written, and ended, in the
-- transaction of the event that says so; it stays when the events of its time have left
-- the journal.

CREATE TABLE blind (
	n INTEGER PRIMARY KEY,
	epoch BLOB NOT NULL,
	seq INTEGER NOT NULL,
	end_seq INTEGER,
	point TEXT NOT NULL,
	reason TEXT NOT NULL,
	from_ms INTEGER NOT NULL,
	to_ms INTEGER,
	measured INTEGER NOT NULL
) STRICT;

CREATE INDEX blind_to ON blind (to_ms);

CREATE TABLE watched (
	point TEXT NOT NULL,
	link TEXT NOT NULL,
	from_ms INTEGER NOT NULL,
	to_ms INTEGER,
	PRIMARY KEY (point, from_ms)
) STRICT, WITHOUT ROWID;

-- Of the events so far the newest half a million, so that the step ends in time.
CREATE TEMP VIEW told AS
SELECT seq, epoch, time_utc_ms, kind, coalesce(point, '') AS point,
	CASE WHEN json_valid(params) THEN params ELSE '{}' END AS params
FROM main.event
WHERE seq > (SELECT coalesce(max(seq), 0) - 500000 FROM main.event)
AND kind IN ('blind', 'daemon.down', 'events_lost', 'journal.restore', 'clock.step',
	'store.mode', 'isolate.start', 'isolate.end');

-- Spans that one event tells whole.
INSERT INTO blind (epoch, seq, end_seq, point, reason, from_ms, to_ms, measured)
SELECT epoch, seq, seq, point, reason, from_ms, max(from_ms, to_ms), to_ms >= from_ms
	AND known
FROM (SELECT epoch, seq,
	CASE kind WHEN 'blind' THEN point ELSE '' END AS point,
	CASE kind WHEN 'blind' THEN coalesce(json_extract(params, '$.reason'), 'link')
		WHEN 'daemon.down' THEN 'down' WHEN 'clock.step' THEN 'clock'
		ELSE 'store' END AS reason,
	CASE kind WHEN 'clock.step' THEN time_utc_ms
			- max(0, coalesce(json_extract(params, '$.by_ms'), 0))
		ELSE coalesce(json_extract(params, '$.from_utc_ms'), time_utc_ms)
		END AS from_ms,
	coalesce(json_extract(params, '$.to_utc_ms'), time_utc_ms) AS to_ms,
	coalesce(json_extract(params, '$.by') <> 'unknown', 1) AS known
	FROM told
	WHERE kind IN ('blind', 'daemon.down', 'events_lost', 'journal.restore')
	OR (kind = 'clock.step' AND json_extract(params, '$.while_down') IS NULL));

-- Storage trouble: until the next word on the store, or the end of that run.
INSERT INTO blind (epoch, seq, end_seq, point, reason, from_ms, to_ms, measured)
SELECT epoch, seq, end_seq, '', 'store', time_utc_ms,
	CASE WHEN to_ms IS NOT NULL THEN max(time_utc_ms, to_ms) END,
	to_ms IS NULL OR to_ms >= time_utc_ms
FROM (SELECT epoch, seq, time_utc_ms, json_extract(params, '$.to') AS mode,
	lead(seq) OVER (ORDER BY seq) AS end_seq,
	lead(coalesce(CASE kind WHEN 'daemon.down'
		THEN json_extract(params, '$.from_utc_ms') END, time_utc_ms))
		OVER (ORDER BY seq) AS to_ms
	FROM told WHERE kind IN ('store.mode', 'daemon.down'))
WHERE mode NOT IN ('ok', 'slow');

-- Isolation: from the first word to the last of each.
INSERT INTO blind (epoch, seq, end_seq, point, reason, from_ms, to_ms, measured)
SELECT epoch, seq, end_seq, point, 'isolated', time_utc_ms,
	CASE WHEN to_ms IS NOT NULL THEN max(time_utc_ms, to_ms) END,
	to_ms IS NULL OR to_ms >= time_utc_ms
FROM (SELECT epoch, seq, time_utc_ms, kind, point,
	lag(kind) OVER each AS before,
	min(CASE kind WHEN 'isolate.end' THEN seq END) OVER later AS end_seq,
	(SELECT e.time_utc_ms FROM told e WHERE e.point = t.point AND e.seq > t.seq
		AND e.kind = 'isolate.end' ORDER BY e.seq LIMIT 1) AS to_ms
	FROM told t WHERE kind IN ('isolate.start', 'isolate.end')
	WINDOW each AS (PARTITION BY point ORDER BY seq),
	later AS (PARTITION BY point ORDER BY seq
		ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING))
WHERE kind = 'isolate.start' AND coalesce(before, '') <> 'isolate.start';

-- Links that are lost now: what the next start says about the time between ends them.
INSERT INTO blind (epoch, seq, point, reason, from_ms, measured)
SELECT (SELECT epoch FROM event ORDER BY seq DESC LIMIT 1), onset_seq, point, 'link',
	raised_utc_ms, 1
FROM alarm_open
WHERE condition = 'link' AND state IN ('unacknowledged', 'acknowledged')
AND (point LIKE '@device/%' OR point LIKE '@gpio/%')
AND EXISTS (SELECT 1 FROM event);

DROP VIEW told;

CREATE VIEW v_blind AS
SELECT n, lower(hex(epoch)) AS epoch, seq, end_seq, nullif(point, '') AS point, reason,
	from_ms, to_ms, measured
FROM blind;

-- Sums by point and statistics day: of the spans of the point itself, of its link and of
-- the whole site, each cut to the day. What overlaps counts once: of each span only what
-- lies behind all that began before it.
CREATE VIEW v_blind_daily AS
WITH till (ms) AS (
	SELECT max(coalesce((SELECT CAST(value AS INTEGER) FROM meta
			WHERE key = 'alive_utc_ms'), 0),
		coalesce((SELECT time_utc_ms FROM event ORDER BY seq DESC LIMIT 1), 0))
), mine (point, of, from_ms, to_ms) AS (
	SELECT point, point, from_ms, to_ms FROM watched
	UNION ALL SELECT point, link, from_ms, to_ms FROM watched WHERE link <> ''
	UNION ALL SELECT point, '', from_ms, to_ms FROM watched
	UNION ALL SELECT DISTINCT link, link, 0, NULL FROM watched WHERE link <> ''
	UNION ALL SELECT DISTINCT link, '', 0, NULL FROM watched WHERE link <> ''
	UNION ALL SELECT '', '', 0, NULL
), span AS (
	SELECT d.day, d.from_ms AS day_from_ms, d.to_ms AS day_to_ms, m.point, b.n,
		CASE b.reason WHEN 'flapping' THEN 'link' ELSE b.reason END AS kind,
		b.measured, max(b.from_ms, m.from_ms, d.from_ms) AS from_ms,
		min(coalesce(b.to_ms, till.ms), coalesce(m.to_ms, d.to_ms), d.to_ms)
			AS to_ms
	FROM till, day d JOIN blind b ON b.from_ms < d.to_ms
		AND (b.to_ms IS NULL OR b.to_ms >= d.from_ms)
	JOIN mine m ON m.of = b.point
), part AS (
	SELECT *,
		max(to_ms) OVER (PARTITION BY day, point ORDER BY from_ms, n
			ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_ms,
		max(to_ms) OVER (PARTITION BY day, point, kind ORDER BY from_ms, n
			ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS same_ms
	FROM span
	WHERE from_ms < to_ms OR (measured = 0 AND from_ms = to_ms
		AND from_ms < day_to_ms)
)
SELECT day, day_from_ms AS from_ms, day_to_ms AS to_ms, nullif(point, '') AS point,
	sum(max(0, to_ms - max(from_ms, coalesce(before_ms, from_ms)))) AS blind_ms,
	sum(CASE kind WHEN 'link' THEN max(0, to_ms - max(from_ms,
		coalesce(same_ms, from_ms))) ELSE 0 END) AS link_ms,
	sum(CASE kind WHEN 'quality' THEN max(0, to_ms - max(from_ms,
		coalesce(same_ms, from_ms))) ELSE 0 END) AS quality_ms,
	sum(CASE kind WHEN 'isolated' THEN max(0, to_ms - max(from_ms,
		coalesce(same_ms, from_ms))) ELSE 0 END) AS isolated_ms,
	sum(CASE kind WHEN 'down' THEN max(0, to_ms - max(from_ms,
		coalesce(same_ms, from_ms))) ELSE 0 END) AS down_ms,
	sum(CASE kind WHEN 'clock' THEN max(0, to_ms - max(from_ms,
		coalesce(same_ms, from_ms))) ELSE 0 END) AS clock_ms,
	sum(CASE kind WHEN 'store' THEN max(0, to_ms - max(from_ms,
		coalesce(same_ms, from_ms))) ELSE 0 END) AS store_ms,
	sum(measured = 0) AS unmeasured, count(*) AS spans
FROM part
GROUP BY day, point;

-- Signed revisions of reports. The whole report stands in its row, as it was when it was
-- signed: what is printed from it later does not depend on anything that changes. Each
-- row is written in the transaction of its event `report.sign` and is never changed.

CREATE TABLE report_revision (
	n INTEGER PRIMARY KEY,
	report TEXT NOT NULL,
	day TEXT NOT NULL,
	revision INTEGER NOT NULL,
	from_utc_ms INTEGER NOT NULL,
	to_utc_ms INTEGER NOT NULL,
	as_of_seq INTEGER NOT NULL,
	as_of_verdict INTEGER NOT NULL,
	as_of_missed INTEGER NOT NULL,
	unclassified INTEGER NOT NULL,
	reason TEXT,
	note TEXT,
	who TEXT NOT NULL,
	name_zh TEXT,
	name_en TEXT,
	role TEXT NOT NULL,
	epoch BLOB NOT NULL,
	seq INTEGER NOT NULL,
	hash BLOB NOT NULL,
	time_utc_ms INTEGER NOT NULL,
	data_sha256 TEXT NOT NULL,
	document_sha256 TEXT NOT NULL,
	public_key BLOB NOT NULL,
	signature BLOB NOT NULL,
	document TEXT NOT NULL,
	UNIQUE (report, day, revision)
) STRICT;

CREATE TRIGGER report_revision_no_update BEFORE UPDATE ON report_revision
BEGIN
	SELECT RAISE(ABORT, 'signed reports are never changed');
END;
CREATE TRIGGER report_revision_no_delete BEFORE DELETE ON report_revision
BEGIN
	SELECT RAISE(ABORT, 'signed reports are never deleted');
END;

CREATE VIEW v_report_revision AS
SELECT n, report, day, revision, from_utc_ms, to_utc_ms, as_of_seq, unclassified,
	reason, note, who, name_zh, name_en, role, lower(hex(epoch)) AS epoch, seq,
	lower(hex(hash)) AS hash, time_utc_ms,
	strftime('%Y-%m-%dT%H:%M:%fZ', time_utc_ms / 1000.0, 'unixepoch') AS time,
	data_sha256, document_sha256, lower(hex(public_key)) AS public_key,
	lower(hex(signature)) AS signature, document
FROM report_revision;
