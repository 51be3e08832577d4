// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What the day close and the signing share. Inside console/ only.
#ifndef CONSOLE_CLOSE_H
#define CONSOLE_CLOSE_H

#include "core/report_name.h"
#include "lib/buf.h"
#include "store/revision.h"

// Of a report that is signed; REPORT_COUNT = no such. The loop.
enum report_id signed_report(const char *name);
const char *report_name_of(enum report_id report);

// How a day stands, and then what it lacks, into an open object; the second is 0 or -1.
// The reader thread.
void report_put_close(struct buf *b, const struct day_close *c);
int report_put_lacking(struct reader *reader, const struct day_close *c, struct buf *b);

// Why the day cannot be signed, an error code; NULL where it can. Any thread.
const char *report_refused(const struct day_close *c);

#endif
