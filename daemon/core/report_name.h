// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The reports there are, by the names that the command line and the API know them by,
// and the span that each is of.
// report/ makes them; the console only hands the name on. Pure data.
#ifndef CORE_REPORT_NAME_H
#define CORE_REPORT_NAME_H

enum report_span {
	REPORT_DAY, // a statistics day, or what is now
	REPORT_WEEK,
	REPORT_MONTH,
	REPORT_YEAR,
};

// The title is the catalogue's "report." + name.
#define REPORTS(X)                                         \
  X(REPORT_ALARMS_DAILY, "alarms-daily", REPORT_DAY)       \
  X(REPORT_ALARMS_WEEKLY, "alarms-weekly", REPORT_WEEK)    \
  X(REPORT_ALARMS_MONTHLY, "alarms-monthly", REPORT_MONTH) \
  X(REPORT_ALARMS_YEARLY, "alarms-yearly", REPORT_YEAR)    \
  X(REPORT_PRESSURE_DAILY, "pressure-daily", REPORT_DAY)   \
  X(REPORT_ACTIONS_DAILY, "actions-daily", REPORT_DAY)     \
  X(REPORT_COMMISSIONING, "commissioning", REPORT_DAY)

enum report_id {
#define X(id, name, span) id,
	REPORTS(X)
#undef X
	REPORT_COUNT,
};

// How they are written, and what a receiver is told of it (IANA media types).
#define REPORT_FORMATS(X)                                   \
  X(REPORT_JSON, "json", "application/json; charset=utf-8") \
  X(REPORT_CSV, "csv", "text/csv; charset=utf-8")           \
  X(REPORT_HTML, "html", "text/html; charset=utf-8")        \
  X(REPORT_PDF, "pdf", "application/pdf")                   \
  X(REPORT_XLSX, "xlsx",                                    \
      "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")

enum report_format {
#define X(id, name, type) id,
	REPORT_FORMATS(X)
#undef X
	REPORT_FORMAT_COUNT,
};

// Those that only a manager may have from the API (bits of 1 << enum report_id).
enum {
	REPORTS_OF_MANAGERS = 1 << REPORT_ACTIONS_DAILY
};

// Whether a leader signs it for each day.
static inline int
report_is_signed(enum report_id r)
{
	return r == REPORT_ALARMS_DAILY || r == REPORT_PRESSURE_DAILY;
}

#endif
