// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The parts of the alarm statistics that are made of occurrences. Each adds its tables.
// Inside report/ only. One thread.
#ifndef REPORT_ALARM_TABLES_H
#define REPORT_ALARM_TABLES_H

#include "report/occurrences.h"

// By verdict, cause, zone, device, shift and hour; the ten points that came most often.
void alarm_groups_build(
    const struct report_input *in, struct occurrences *o, struct report_doc *d);

// Alarms per ten minutes, floods, chattering.
void alarm_load_build(
    const struct report_input *in, struct occurrences *o, struct report_doc *d);

// What was counted of alarms that were held because they chattered. 0 or -1.
int alarm_held_build(
    const struct report_input *in, struct report_doc *d, struct err *err);

// Repeat offenders that began or ended. 0 or -1.
int alarm_repeats_build(
    const struct report_input *in, struct report_doc *d, struct err *err);

// Times to acknowledge; what stood for longer than a day; verdicts that were changed.
void alarm_answers_build(const struct occurrences *o, struct report_doc *d);

// Expected effects: what came, what did not. 0 or -1.
int alarm_effects_build(
    const struct report_input *in, struct report_doc *d, struct err *err);

// Isolations and missed alarms, in the words of who entered them. 0 or -1.
int alarm_entries_build(
    const struct report_input *in, struct report_doc *d, struct err *err);

#endif
