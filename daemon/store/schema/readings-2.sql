-- SPDX-FileCopyrightText: 2026 Watchroom contributors
-- SPDX-License-Identifier: Apache-2.0
--
-- readings.db, from version 1 to 2: minutes may leave by retention, and the counter
-- follows.

CREATE TRIGGER minute_tally_delete AFTER DELETE ON minute
BEGIN
	UPDATE tally SET n = n - 1 WHERE name = 'minutes';
END;
