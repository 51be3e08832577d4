-- SPDX-FileCopyrightText: 2026 Watchroom contributors
-- SPDX-License-Identifier: Apache-2.0
--
-- journal.db, from version 4 to 5: signed revisions of reports. The whole report stands
-- in its row, as it was when it was signed: what is printed from it later does not
-- depend on anything that changes. Each row is written in the transaction of its event
-- `report.sign` and is never changed.

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
