// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The objects of docs/api.md as JSON. Pure writers; any thread.
#ifndef CONSOLE_FORMAT_H
#define CONSOLE_FORMAT_H

#include "console/host.h"
#include "lib/buf.h"
#include "store/query.h"

struct session;

// {"zh": .., "en": ..} as a member.
void format_names(struct buf *b, const char *key, const char *zh, const char *en);

// key == NULL inside an array or for a whole text.
void format_alarm(struct buf *b, const char *key, const struct site *site,
    const struct alarm_view *a);

// What only the store knows (epoch, boot id, hash) is null.
void format_live_event(struct buf *b, const struct event *e, const char *config_rev);
void format_stored_event(struct buf *b, const struct stored_event *e);

void format_device(struct buf *b, const struct site *site, const struct device_view *d);
void format_health(struct buf *b, const char *key, const struct health_view *h);

// Members of a point that never change: id, place, zone, kind, device, unit.
void format_point(struct buf *b, const struct site *site, const struct point *p);

// {"user", "name", "role", "csrf"} or null.
void format_session(struct buf *b, const char *key, const struct session *s);

// "kPa", ...; NULL where the point has no number.
const char *format_unit(const struct point *p);

#endif
