// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Rows of alarm_open, flag and outbox: binding and reading. Any thread.
#ifndef STORE_ROWS_H
#define STORE_ROWS_H

#include <sqlite3.h>
#include <stdbool.h>

#include "store/store.h"

// "point, condition, ..." for both directions.
extern const char alarm_row_names[];
extern const char alarm_row_parameters[];
int alarm_row_bind(sqlite3_stmt *st, const struct alarm_row *row);
// From the names, whether the alarm began its incident, and the newest verdict.
bool alarm_row_read(sqlite3_stmt *st, struct alarm_row *row);

extern const char flag_row_names[];
extern const char flag_row_parameters[];
int flag_row_bind(sqlite3_stmt *st, const struct flag_entry *f);
int flag_key_bind(sqlite3_stmt *st, const struct flag_entry *f); // the first three
bool flag_row_read(sqlite3_stmt *st, struct flag_entry *f);

extern const char notice_row_names[];
extern const char notice_row_parameters[];
// `subject_seq` 0 = not known.
int notice_row_bind(sqlite3_stmt *st, const struct notice *n, int64_t subject_seq);
bool notice_row_read(sqlite3_stmt *st, struct notice *n);

#endif
