-- SPDX-FileCopyrightText: 2026 Watchroom contributors
-- SPDX-License-Identifier: Apache-2.0
--
-- journal.db, from version 4 to 5: the guard of the order of events fails instead of
-- aborting. It looks before the row is added, so that nothing is left behind either way;
-- but where a statement may abort, SQLite copies each page before it changes it.

DROP TRIGGER event_append;
CREATE TRIGGER event_append BEFORE INSERT ON event
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM event)
BEGIN
	SELECT RAISE(FAIL, 'seq must follow the last one');
END;
