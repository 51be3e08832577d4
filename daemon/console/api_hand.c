// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A gauge read by a person at its dial. Owns the entry on its way; runs on the loop
// thread, but for its question to the store. Refuses what is no pressure of the site, a
// number that no dial shows, and a time that has not come or is long past.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "console/body.h"
#include "console/console_int.h"
#include "core/hand.h"
#include "core/reading.h"
#include "lib/clock.h"
#include "lib/mem.h"
#include "store/query.h"
#include "store/store.h"

enum {
	PAGE = 1000,
	UNIT_MAX = 8,
	TIME_MAX = 40,
	READ_HOURS = 24 // so long ago it may have been
};
static const int64_t hour_ms = INT64_C(3600000);

struct hand_question {
	struct console *c;
	struct http_request *r;
	struct hand_entry h;
	char point[ID_MAX];
	char actor[ID_MAX];
	int64_t last_seq;
};

// The member that is wrong, or NULL.
static const char *
fault_of(struct hand_question *q, const char *value, const char *unit,
    const char *read_at, int64_t now_ms)
{
	struct hand_entry *h = &q->h;

	if (!hand_unit_from_name(unit, &h->unit))
		return "unit";
	if (!hand_parse(value, h->unit, &h->value))
		return "value";
	h->read_utc_ms = now_ms;
	if (read_at[0] != '\0' && (clock_parse_rfc3339(read_at, &h->read_utc_ms) < 0 ||
				      h->read_utc_ms > now_ms + HAND_LIVE_MS ||
				      h->read_utc_ms < now_ms - READ_HOURS * hour_ms))
		return "read_at";
	h->live = h->read_utc_ms >= now_ms - HAND_LIVE_MS;
	h->newest = true;
	h->sensor = (double)NAN;
	return NULL;
}

static bool
take_minute(void *arg, const struct reading_step *s)
{
	struct hand_question *q = arg;
	if (s->good_ms > 0)
		q->h.sensor = s->mean;
	return false;
}

static bool
take_reading(void *arg, const struct stored_event *s)
{
	struct hand_question *q = arg;
	const char *at = strstr(s->event.params, "\"read_utc_ms\":");
	q->last_seq = s->event.seq;
	if (at != NULL && strtoll(strchr(at, ':') + 1, NULL, 10) > q->h.read_utc_ms)
		q->h.newest = false;
	return true;
}

// What the sensor said in that minute, and whether the gauge was read later. In the
// reader thread: touches nothing but the struct.
static int
ask(struct reader *reader, void *arg)
{
	static const enum event_kind kinds[] = { EVENT_READING_HAND, EVENT_KINDS_END };
	struct hand_question *q = arg;
	int64_t minute = q->h.read_utc_ms - q->h.read_utc_ms % MINUTE_MS;
	const struct reading_range range = { q->point, minute, minute + MINUTE_MS,
		MINUTE_MS };
	struct event_filter f = { .point = q->point,
		.alarm_class = -1,
		.from_utc_ms = q->h.read_utc_ms,
		.kinds = kinds,
		.limit = PAGE };
	int n = query_readings(reader, &range, take_minute, q, NULL);
	while (n >= 0) {
		f.after_seq = q->last_seq;
		n = query_events(reader, &f, take_reading, q, NULL);
		if (n < PAGE)
			break;
	}
	return n < 0 ? -1 : 0;
}

static void
enter(struct hand_question *q)
{
	q->c->host.hand(q->c->host.ctx, &q->h, api_confirmed, q->r);
	free(q);
}

static void
on_asked(void *arg, int result)
{
	struct hand_question *q = arg;
	if (result == 0 && q->r->console != NULL) {
		enter(q);
		return;
	}
	http_error(q->r, 503, "unavailable", NULL);
	free(q);
}

static void
refuse(struct hand_question *q, int status, const char *code, const char *field)
{
	http_error(q->r, status, code, field);
	free(q);
}

void
api_hand(struct console *c, struct http_request *r)
{
	struct hand_question *q = xcalloc(1, sizeof(*q));
	char value[HAND_TEXT_MAX] = "", unit[UNIT_MAX] = "", read_at[TIME_MAX] = "";
	const struct body_member members[] = {
		{ .name = "point",
		    .required = true,
		    .text = q->point,
		    .size = sizeof(q->point) },
		{ .name = "value",
		    .required = true,
		    .text = value,
		    .size = sizeof(value) },
		{ .name = "unit",
		    .required = true,
		    .text = unit,
		    .size = sizeof(unit) },
		{ .name = "read_at", .text = read_at, .size = sizeof(read_at) },
		{ .name = "note",
		    .text = q->h.note,
		    .size = sizeof(q->h.note),
		    .characters = VERDICT_NOTE_CHARACTERS },
	};
	const struct site *s = c->host.site(c->host.ctx);

	q->c = c;
	q->r = r;
	if (api_body(r, members, sizeof(members) / sizeof(members[0])) < 0) {
		free(q);
		return;
	}
	const char *fault = fault_of(q, value, unit, read_at, loop_utc_ms(c->loop));
	q->h.point = site_find_point(s, q->point);
	if (fault != NULL) {
		refuse(q, 400, "bad_member", fault);
	} else if (q->h.point >= s->n_site_points) {
		refuse(q, 404, "not_found", "point");
	} else if (point_kind_quantity(s->points[q->h.point].kind) !=
		   QUANTITY_PRESSURE) {
		refuse(q, 409, "not_a_gauge", "point");
	} else {
		(void)str_copy(q->actor, sizeof(q->actor), r->actor);
		q->h.actor = q->actor;
		http_takes_long(r);
		if (q->h.live)
			enter(q);
		else
			store_read(c->host.store(c->host.ctx), ask, on_asked, q);
	}
}
