# SPDX-FileCopyrightText: 2026 Watchroom contributors
# SPDX-License-Identifier: Apache-2.0
#
# Files as the program before left them, made of one of this program's.
# What version 5 brought, taken away again: a file as the program before left it.
BACK_TO_4 = """
DROP VIEW v_blind_daily; DROP VIEW v_blind; DROP TABLE blind; DROP TABLE watched;
DROP VIEW v_report_revision; DROP TABLE report_revision;
DELETE FROM meta WHERE key = 'watched_rev'; PRAGMA user_version = 4;
"""
OF_5 = {"blind", "watched", "report_revision"}
