// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What people say of alarms after they have looked: verdicts, which may be revised, and
// alarms that never came and are entered by hand. Owns nothing; runs on the loop, the
// questions in the store's reader thread. What an alarm was is taken from the journal,
// so that one which closed long ago can be judged. Refuses every entry that could not
// be kept (I3).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/body.h"
#include "console/console_int.h"
#include "core/verdict.h"
#include "lib/clock.h"
#include "lib/mem.h"
#include "store/query.h"
#include "store/store.h"

enum {
	MISSED_DAYS = 366, // so far back an alarm may be entered
	MISSED_DEFAULT = 100,
	MISSED_MAX = 500,
	PLACE_CHARACTERS = 40,
};

static const int64_t day_ms = INT64_C(86400000);

// An entry on its way: what it says, and the onset that it is about.
struct entry {
	struct console *c;
	struct http_request *r;
	char occurrence[MINT_MAX]; // "" = about no alarm
	struct event onset;        // seq 0 = not found
	struct event e;
	char verdict[16]; // "" = none
};

static bool
take_onset(void *arg, const struct stored_event *s)
{
	((struct entry *)arg)->onset = s->event;
	return false;
}

static int
ask_onset(struct reader *reader, void *arg)
{
	static const enum event_kind kinds[] = { EVENT_ALARM_ONSET, EVENT_ALARM_CARRY,
		EVENT_KINDS_END };
	struct entry *n = arg;
	const struct event_filter f = {
		.occurrence = n->occurrence,
		.alarm_class = -1,
		.kinds = kinds,
		.limit = 1,
	};

	return query_events(reader, &f, take_onset, n, NULL) < 0 ? -1 : 0;
}

static void
send_word(struct entry *n)
{
	n->c->host.word(n->c->host.ctx, &n->e, n->verdict, api_confirmed, n->r);
	free(n);
}

static void
refuse(struct entry *n, int status, const char *code, const char *field)
{
	http_error(n->r, status, code, field);
	free(n);
}

static struct entry *
entry_new(struct console *c, struct http_request *r, enum event_kind kind)
{
	struct entry *n = xcalloc(1, sizeof(*n));
	n->c = c;
	n->r = r;
	event_init(&n->e, kind);
	(void)str_copy(n->e.actor, sizeof(n->e.actor), r->actor);
	return n;
}

static void
put_params(struct event *e, struct buf *b)
{
	json_close(b, '}');
	bool fits = str_copy(e->params, sizeof(e->params), b->data);
	wr_assert(fits); // the texts are bounded: twice their bytes, escaped
	buf_free(b);
}

static bool
is_blank(const char *text)
{
	return text[strspn(text, " ")] == '\0';
}

// --- verdicts
// -------------------------------------------------------------------------

static void
on_judged(void *arg, int result)
{
	struct entry *n = arg;
	const struct event *o = &n->onset;
	struct event *e = &n->e;

	if (result != 0) {
		refuse(n, 503, "unavailable", NULL);
		return;
	}
	if (o->seq == 0) {
		refuse(n, 404, "not_found", "occurrence");
		return;
	}
	(void)str_copy(e->point, sizeof(e->point), o->point);
	(void)str_copy(e->place_zh, sizeof(e->place_zh), o->place_zh);
	(void)str_copy(e->place_en, sizeof(e->place_en), o->place_en);
	(void)str_copy(e->code, sizeof(e->code), o->code);
	(void)str_copy(e->occurrence_id, sizeof(e->occurrence_id), o->occurrence_id);
	(void)str_copy(e->incident_id, sizeof(e->incident_id), o->incident_id);
	e->condition = o->condition;
	e->alarm_class = o->alarm_class;
	e->cause_seq = o->seq;
	send_word(n);
}

// The member that is wrong, or NULL.
static const char *
verdict_fault(const char *verdict, const char *cause)
{
	enum verdict v;

	if (!verdict_from_name(verdict, &v))
		return "verdict";
	// Why it was false is what can be mended; of the others it says nothing.
	if ((v == VERDICT_FALSE) != (cause[0] != '\0') ||
	    (cause[0] != '\0' && !verdict_cause_known(cause)))
		return "cause";
	return NULL;
}

void
api_verify(struct console *c, struct http_request *r)
{
	char verdict[16] = "", cause[16] = "", note[VERDICT_NOTE_MAX] = "";
	const struct body_member members[] = {
		{ .name = "verdict",
		    .required = true,
		    .text = verdict,
		    .size = sizeof(verdict) },
		{ .name = "cause", .text = cause, .size = sizeof(cause) },
		{ .name = "note",
		    .text = note,
		    .size = sizeof(note),
		    .characters = VERDICT_NOTE_CHARACTERS },
	};
	struct buf b = { 0 };

	if (api_body(r, members, sizeof(members) / sizeof(members[0])) < 0)
		return;
	const char *fault = verdict_fault(verdict, cause);
	if (fault != NULL) {
		http_error(r, 400, "bad_member", fault);
		return;
	}
	struct entry *n = entry_new(c, r, EVENT_ALARM_VERIFY);
	(void)str_copy(n->verdict, sizeof(n->verdict), verdict);
	if (!str_copy(n->occurrence, sizeof(n->occurrence), r->id)) {
		refuse(n, 404, "not_found", "occurrence");
		return;
	}
	json_open(&b, NULL, '{');
	json_str(&b, "verdict", verdict);
	if (cause[0] != '\0')
		json_str(&b, "cause", cause);
	if (!is_blank(note))
		json_str(&b, "note", note);
	put_params(&n->e, &b);
	http_takes_long(r);
	store_read(c->host.store(c->host.ctx), ask_onset, on_judged, n);
}

// --- missed alarms
// ----------------------------------------------------------------------

struct missed {
	char point[ID_MAX], place[PLACE_MAX], happened[40], condition[16];
	char occurrence[MINT_MAX], found[VERDICT_NOTE_MAX];
	int64_t happened_ms;
	enum condition of;
};

static const char *
missed_fault(struct missed *m, int64_t now_ms)
{
	if (!condition_from_name(m->condition, &m->of) || m->of == COND_LINK)
		return "condition";
	if (is_blank(m->found))
		return "found";
	if (clock_parse_rfc3339(m->happened, &m->happened_ms) < 0 ||
	    m->happened_ms > now_ms || m->happened_ms < now_ms - MISSED_DAYS * day_ms)
		return "happened";
	if ((m->point[0] == '\0') == is_blank(m->place))
		return "place";
	return NULL;
}

static void
on_linked(void *arg, int result)
{
	struct entry *n = arg;

	if (result != 0) {
		refuse(n, 503, "unavailable", NULL);
	} else if (n->onset.seq == 0) {
		refuse(n, 404, "not_found", "occurrence");
	} else {
		(void)str_copy(n->e.occurrence_id, sizeof(n->e.occurrence_id),
		    n->onset.occurrence_id);
		(void)str_copy(
		    n->e.incident_id, sizeof(n->e.incident_id), n->onset.incident_id);
		n->e.cause_seq = n->onset.seq;
		send_word(n);
	}
}

static void
enter_missed(struct entry *n, const struct missed *m)
{
	struct buf b = { 0 };

	n->e.condition = (int)m->of;
	json_open(&b, NULL, '{');
	json_int(&b, "happened_utc_ms", m->happened_ms);
	json_str(&b, "found", m->found);
	put_params(&n->e, &b);
	http_takes_long(n->r);
	if (m->occurrence[0] == '\0') {
		send_word(n);
		return;
	}
	(void)str_copy(n->occurrence, sizeof(n->occurrence), m->occurrence);
	store_read(n->c->host.store(n->c->host.ctx), ask_onset, on_linked, n);
}

// The place of a point, or the one that the person wrote. False: there is no such
// point.
static bool
put_place(const struct site *site, const struct missed *m, struct event *e)
{
	enum alarm_class class = condition_class(m->of);
	const char *zh = m->place, *en = m->place;

	if (m->point[0] != '\0') {
		uint32_t point = site_find_point(site, m->point);
		if (point >= site->n_site_points)
			return false;
		class = point_class(&site->points[point], m->of);
		zh = site->points[point].place_zh;
		en = site->points[point].place_en;
		(void)str_copy(e->point, sizeof(e->point), m->point);
	}
	(void)str_copy(e->place_zh, sizeof(e->place_zh), zh);
	(void)str_copy(e->place_en, sizeof(e->place_en), en);
	e->alarm_class = (int)class;
	return true;
}

void
api_missed(struct console *c, struct http_request *r)
{
	struct missed m = { .condition = "fire" };
	const struct body_member members[] = {
		{ .name = "point", .text = m.point, .size = sizeof(m.point) },
		{ .name = "place",
		    .text = m.place,
		    .size = sizeof(m.place),
		    .characters = PLACE_CHARACTERS },
		{ .name = "happened",
		    .required = true,
		    .text = m.happened,
		    .size = sizeof(m.happened) },
		{ .name = "condition",
		    .text = m.condition,
		    .size = sizeof(m.condition) },
		{ .name = "occurrence",
		    .text = m.occurrence,
		    .size = sizeof(m.occurrence) },
		{ .name = "found",
		    .required = true,
		    .text = m.found,
		    .size = sizeof(m.found),
		    .characters = VERDICT_NOTE_CHARACTERS },
	};

	if (api_body(r, members, sizeof(members) / sizeof(members[0])) < 0)
		return;
	const char *fault = missed_fault(&m, loop_utc_ms(c->loop));
	if (fault != NULL) {
		http_error(r, 400, "bad_member", fault);
		return;
	}
	struct entry *n = entry_new(c, r, EVENT_ALARM_MISSED);
	if (put_place(c->host.site(c->host.ctx), &m, &n->e))
		enter_missed(n, &m);
	else
		refuse(n, 404, "not_found", "point");
}

// --- the list of missed alarms
// -------------------------------------------------------------

struct missed_page {
	struct http_request *r; // the loop's
	int64_t after;
	unsigned limit, rows;
	struct buf b;
};

static bool
put_missed(void *arg, const struct missed_row *m)
{
	struct missed_page *p = arg;
	struct buf *b = &p->b;

	json_open(b, NULL, '{');
	json_int(b, "seq", m->seq);
	json_time(b, "time", m->time_utc_ms);
	json_time(b, "happened", m->happened_utc_ms);
	json_str(b, "point", m->point[0] != '\0' ? m->point : NULL);
	json_open(b, "place", '{');
	json_str(b, "zh", m->place_zh);
	json_str(b, "en", m->place_en);
	json_close(b, '}');
	json_str(b, "condition", m->condition);
	json_str(b, "occurrence", m->occurrence[0] != '\0' ? m->occurrence : NULL);
	json_str(b, "found", m->found);
	json_str(b, "by", m->who);
	json_close(b, '}');
	p->after = m->n;
	p->rows++;
	return true;
}

static int
ask_missed(struct reader *reader, void *arg)
{
	struct missed_page *p = arg;
	char cursor[24];

	json_open(&p->b, NULL, '{');
	json_open(&p->b, "missed", '[');
	if (query_missed(reader, p->after, p->limit, put_missed, p, NULL) < 0)
		return -1;
	json_close(&p->b, ']');
	(void)snprintf(cursor, sizeof(cursor), "%lld", (long long)p->after);
	json_str(&p->b, "next", p->rows == p->limit ? cursor : NULL);
	json_close(&p->b, '}');
	return 0;
}

static void
on_missed(void *arg, int result)
{
	struct missed_page *p = arg;

	if (result == 0)
		http_send_json(p->r, 200, &p->b);
	else
		http_error(p->r, 503, "unavailable", NULL);
	buf_free(&p->b);
	free(p);
}

void
api_missed_list(struct console *c, struct http_request *r)
{
	struct missed_page *p = xcalloc(1, sizeof(*p));
	int64_t limit;

	p->r = r;
	if (api_number(r, "limit", 1, MISSED_MAX, MISSED_DEFAULT, &limit) < 0 ||
	    api_number(r, "after", 0, INT64_MAX, 0, &p->after) < 0) {
		free(p);
		return;
	}
	p->limit = (unsigned)limit;
	http_takes_long(r);
	store_read(c->host.store(c->host.ctx), ask_missed, on_missed, p);
}
