// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The reports there are, by the names that the command line and the API know them by.
// report/ makes them; the console only hands the name on. Pure data.
#ifndef CORE_REPORT_NAME_H
#define CORE_REPORT_NAME_H

// The title is the catalogue's "report." + name.
#define REPORTS(X)                           \
  X(REPORT_ALARMS_DAILY, "alarms-daily")     \
  X(REPORT_PRESSURE_DAILY, "pressure-daily") \
  X(REPORT_COMMISSIONING, "commissioning")

enum report_id {
#define X(id, name) id,
	REPORTS(X)
#undef X
	REPORT_COUNT,
};

#endif
