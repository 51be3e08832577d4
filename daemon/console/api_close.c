// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The day close: how the days of a report stand, and what one of them lacks before a
// leader can sign it. Reads only; the questions run in the store's reader thread. What
// keeps anybody from signing is said here in the words in which it would be refused.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "console/close.h"
#include "console/console_int.h"
#include "lib/mem.h"
#include "store/store.h"

enum {
	DAYS_DEFAULT = 14,
	DAYS_MAX = 62,
	ALARMS_MAX = 200, // listed; the number is of all
};

static const char *const names[REPORT_COUNT] = {
#define X(id, name, span) [id] = name,
	REPORTS(X)
#undef X
};

const char *
report_name_of(enum report_id report)
{
	return names[report];
}

enum report_id
signed_report(const char *name)
{
	for (unsigned i = 0; i < REPORT_COUNT; i++)
		if (report_is_signed((enum report_id)i) && strcmp(names[i], name) == 0)
			return (enum report_id)i;
	return REPORT_COUNT;
}

static void
put_revision(struct buf *b, const struct revision *r)
{
	if (r->revision == 0) {
		json_none(b, "revision");
		return;
	}
	json_open(b, "revision", '{');
	json_int(b, "number", r->revision);
	json_str(b, "by", r->who);
	json_open(b, "name", '{');
	json_str(b, "zh", r->name_zh);
	json_str(b, "en", r->name_en);
	json_close(b, '}');
	json_str(b, "role", r->role);
	json_time(b, "time", r->time_utc_ms);
	json_int(b, "seq", r->seq);
	json_int(b, "unclassified", r->unclassified);
	json_str(b, "reason", r->reason[0] != '\0' ? r->reason : NULL);
	json_str(b, "note", r->note[0] != '\0' ? r->note : NULL);
	json_str(b, "data_sha256", r->data_sha256);
	json_close(b, '}');
}

void
report_put_close(struct buf *b, const struct day_close *c)
{
	json_str(b, "day", c->day.day);
	json_time(b, "from", c->day.from_ms);
	json_time(b, "to", c->day.to_ms);
	json_str(b, "state", day_close_state(c));
	json_int(b, "unclassified", c->unclassified);
	json_int(b, "open", c->still_open);
	json_int(b, "changes", c->changes);
	put_revision(b, &c->newest);
}

// ---- the days
// ----------------------------------------------------------------------------

struct days {
	struct http_request *r; // the loop's
	struct console *c;
	enum report_id report;
	char report_name[REVISION_NAME], before[11];
	int64_t limit, now_utc_ms;
	bool bad_day;
	struct buf b;
};

// The date before a date.
static void
day_before(char day[static 11])
{
	struct tm tm = { .tm_mday = 1 };
	// "YYYY-MM-DD", checked. NOLINTNEXTLINE(cert-err34-c)
	if (sscanf(day, "%4d-%2d-%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday) != 3)
		return;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	tm.tm_mday -= 1;
	time_t t = timegm(&tm);
	(void)gmtime_r(&t, &tm);
	(void)strftime(day, 11, "%Y-%m-%d", &tm);
}

static int
put_day(struct reader *reader, struct days *q, const struct day_span *d, bool *more)
{
	struct day_close c;
	bool judged = q->report == REPORT_ALARMS_DAILY;

	if (query_day_close(reader, q->report_name, judged, d, &c, NULL) < 0)
		return -1;
	// Where the journal begins the list ends, but for what is signed.
	*more = !c.gone || c.newest.revision != 0;
	if (!*more)
		return 0;
	json_open(&q->b, NULL, '{');
	report_put_close(&q->b, &c);
	json_close(&q->b, '}');
	return 0;
}

static int
ask_days(struct reader *reader, void *arg)
{
	struct days *q = arg;
	struct day_span d;
	struct err err = { 0 };
	char day[11];
	bool more = true, named = q->before[0] != '\0';

	json_open(&q->b, NULL, '{');
	json_str(&q->b, "report", q->report_name);
	json_open(&q->b, "days", '[');
	(void)str_copy(day, sizeof(day), named ? q->before : "today");
	if (named)
		day_before(day);
	for (int64_t i = 0; i < q->limit && more; i++) {
		if (query_day(reader, day, q->now_utc_ms, &d, &err) < 0) {
			q->bad_day = err.code == EINVAL;
			return -1;
		}
		if (put_day(reader, q, &d, &more) < 0)
			return -1;
		(void)str_copy(day, sizeof(day), d.day);
		if (i + 1 < q->limit)
			day_before(day);
	}
	json_close(&q->b, ']');
	json_str(&q->b, "next", more ? day : NULL);
	json_close(&q->b, '}');
	return 0;
}

static void
on_days(void *arg, int result)
{
	struct days *q = arg;

	if (result == 0)
		http_send_json(q->r, 200, &q->b);
	else if (q->bad_day)
		http_error(q->r, 400, "bad_parameter", "before");
	else
		http_error(q->r, 503, "unavailable", NULL);
	buf_free(&q->b);
	free(q);
}

// NULL = answered.
static struct days *
question(struct console *c, struct http_request *r, const char *day, const char *field)
{
	enum report_id report = signed_report(r->id);

	if (report == REPORT_COUNT) {
		http_error(r, 404, "not_found", "name");
		return NULL;
	}
	struct days *q = xcalloc(1, sizeof(*q));
	q->r = r;
	q->c = c;
	q->report = report;
	q->now_utc_ms = loop_utc_ms(c->loop);
	(void)str_copy(q->report_name, sizeof(q->report_name), r->id);
	if (day == NULL || (report_day_is_fine(day) && str_copy(q->before, 11, day)))
		return q;
	free(q);
	http_error(r, 400, "bad_parameter", field);
	return NULL;
}

void
api_report_days(struct console *c, struct http_request *r)
{
	const char *before = target_value(&r->target, "before");
	int64_t limit;

	if (before != NULL && strcmp(before, "today") == 0) {
		http_error(r, 400, "bad_parameter", "before");
		return;
	}
	if (api_number(r, "limit", 1, DAYS_MAX, DAYS_DEFAULT, &limit) < 0)
		return;
	struct days *q = question(c, r, before, "before");
	if (q == NULL)
		return;
	q->limit = limit;
	http_takes_long(r);
	store_read(c->host.store(c->host.ctx), ask_days, on_days, q);
}

// ---- what a day lacks
// ------------------------------------------------------------------------

struct list {
	struct buf *b;
	unsigned n;
};

static void
put_alarm(struct buf *b, const struct day_alarm *a)
{
	json_str(b, "occurrence", a->occurrence[0] != '\0' ? a->occurrence : NULL);
	json_str(b, "point", a->point[0] != '\0' ? a->point : NULL);
	json_open(b, "place", '{');
	json_str(b, "zh", a->place_zh);
	json_str(b, "en", a->place_en);
	json_close(b, '}');
	json_str(b, "condition", a->condition);
	json_str(b, "code", a->code[0] != '\0' ? a->code : NULL);
	json_str(b, "class", a->alarm_class[0] != '\0' ? a->alarm_class : NULL);
	json_time(b, "raised", a->time_utc_ms);
}

static bool
list_alarm(void *arg, const struct day_alarm *a)
{
	struct list *l = arg;

	json_open(l->b, NULL, '{');
	json_int(l->b, "seq", a->seq);
	put_alarm(l->b, a);
	json_close(l->b, '}');
	return ++l->n < ALARMS_MAX;
}

static bool
list_change(void *arg, const struct day_change *c)
{
	struct list *l = arg;

	json_open(l->b, NULL, '{');
	json_str(l->b, "what", c->what);
	json_int(l->b, "seq", c->seq);
	json_time(l->b, "time", c->time_utc_ms);
	json_str(l->b, "by", c->who[0] != '\0' ? c->who : NULL);
	json_str(l->b, "before", c->before[0] != '\0' ? c->before : NULL);
	json_str(l->b, "after", c->after[0] != '\0' ? c->after : NULL);
	put_alarm(l->b, &c->about);
	json_close(l->b, '}');
	return ++l->n < ALARMS_MAX;
}

int
report_put_lacking(struct reader *reader, const struct day_close *c, struct buf *b)
{
	struct list unclassified = { .b = b }, open = { .b = b }, changed = { .b = b };

	json_open(b, "unclassified_alarms", '[');
	if (c->unclassified > 0 &&
	    query_unclassified(reader, &c->day, list_alarm, &unclassified, NULL) < 0)
		return -1;
	json_close(b, ']');
	json_open(b, "open_alarms", '[');
	if (c->still_open > 0 &&
	    query_still_open(reader, &c->day, list_alarm, &open, NULL) < 0)
		return -1;
	json_close(b, ']');
	json_open(b, "changed", '[');
	if (c->changes > 0 && query_day_changes(reader, &c->day, &c->newest.as_of,
				  list_change, &changed, NULL) < 0)
		return -1;
	json_close(b, ']');
	return 0;
}

const char *
report_refused(const struct day_close *c)
{
	if (!c->day.closed)
		return "day_running";
	if (c->gone)
		return "day_gone";
	if (c->newest.revision != 0 && c->changes == 0)
		return "already_signed";
	return NULL;
}

static int
ask_close(struct reader *reader, void *arg)
{
	struct days *q = arg;
	struct day_close c;
	struct day_span d;
	struct err err = { 0 };

	if (query_day(reader, q->before, q->now_utc_ms, &d, &err) < 0) {
		q->bad_day = err.code == EINVAL;
		return -1;
	}
	bool judged = q->report == REPORT_ALARMS_DAILY;
	if (query_day_close(reader, q->report_name, judged, &d, &c, NULL) < 0)
		return -1;
	json_open(&q->b, NULL, '{');
	json_str(&q->b, "report", q->report_name);
	report_put_close(&q->b, &c);
	if (report_put_lacking(reader, &c, &q->b) < 0)
		return -1;
	json_str(&q->b, "refused", report_refused(&c));
	return 0;
}

static void
on_close(void *arg, int result)
{
	struct days *q = arg;
	struct console *c = q->r->console;

	if (result == 0 && c != NULL) {
		json_str(&q->b, "cannot_sign", c->host.cannot_sign(c->host.ctx));
		json_close(&q->b, '}');
		http_send_json(q->r, 200, &q->b);
	} else if (q->bad_day) {
		http_error(q->r, 400, "bad_parameter", "day");
	} else {
		http_error(q->r, 503, "unavailable", NULL);
	}
	buf_free(&q->b);
	free(q);
}

void
api_report_close(struct console *c, struct http_request *r)
{
	const char *day = target_value(&r->target, "day");
	struct days *q = question(c, r, day != NULL ? day : "today", "day");

	if (q == NULL)
		return;
	http_takes_long(r);
	store_read(c->host.store(c->host.ctx), ask_close, on_close, q);
}
