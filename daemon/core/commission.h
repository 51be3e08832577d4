// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Words of the commissioning ledger: what a person found at a point, and where the
// point stands. Plain data. Pure.
#ifndef CORE_COMMISSION_H
#define CORE_COMMISSION_H

#include <stdbool.h>

// What a person says of a point after trying it.
enum commission_verdict {
	COMMISSION_PROVEN,
	COMMISSION_FAILED,
	COMMISSION_VERDICT_COUNT
};

// Where a point stands. Only `proven` counts as proven.
enum commission_status {
	STATUS_UNTESTED,
	STATUS_SEEN, // it went into alarm and came back during a walk: to be confirmed
	STATUS_PROVEN,
	STATUS_FAILED,
	STATUS_CHANGED, // proven, but its wiring is not what was proven
	STATUS_COUNT
};

const char *commission_verdict_name(enum commission_verdict v);
bool commission_verdict_from_name(const char *name, enum commission_verdict *out);
const char *commission_status_name(enum commission_status s);
bool commission_status_from_name(const char *name, enum commission_status *out);

#endif
