// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See report_fixture.h.
#include "report_fixture.h"

#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/reading.h"
#include "lib/mem.h"
#include "test.h"

struct fake_report_store store;

int
query_day(struct reader *r, const char *day, int64_t now_utc_ms, struct day_span *out,
    struct err *err)
{
	(void)r;
	(void)now_utc_ms;
	if (strcmp(day, "today") != 0 && strcmp(day, store.day.day) != 0)
		return err_set(err, 22, "no day \"%s\"", day);
	*out = store.day;
	return 0;
}

int
query_anchor(struct reader *r, struct store_anchor *out, struct err *err)
{
	(void)r;
	(void)err;
	*out = store.anchor;
	return out->seq != 0;
}

int
query_alarms_daily(struct reader *r, const struct day_span *d,
    bool (*row)(void *arg, const struct alarm_count *c), void *arg, struct err *err)
{
	(void)r;
	(void)d;
	(void)err;
	for (size_t i = 0; i < store.n_alarms; i++)
		assert_true(row(arg, &store.alarms[i]));
	return (int)store.n_alarms;
}

int
query_class_counts(struct reader *r, const struct day_span *d, struct class_count *out,
    struct err *err)
{
	(void)r;
	(void)d;
	(void)err;
	*out = store.classes;
	if (store.wrong_class_reads > 0) {
		store.wrong_class_reads--;
		out->onsets[CLASS_FIRE]++;
	}
	return 0;
}

int
query_edges(struct reader *r, const struct day_span *d, int64_t *first, int64_t *last,
    struct err *err)
{
	(void)r;
	(void)d;
	(void)err;
	*first = store.first_seq;
	*last = store.last_seq;
	return 0;
}

int
query_pressure_daily(struct reader *r, const struct day_span *d, int64_t now_utc_ms,
    bool (*row)(void *arg, const struct pressure_day *p), void *arg, struct err *err)
{
	(void)r;
	(void)d;
	(void)now_utc_ms;
	(void)err;
	for (size_t i = 0; i < store.n_gauges; i++)
		assert_true(row(arg, &store.gauges[i]));
	return (int)store.n_gauges;
}

int
query_set_readings(struct reader *r, const struct set_hours_query *q,
    bool (*row)(void *arg, const struct set_hour_row *s), void *arg, struct err *err)
{
	(void)r;
	(void)err;
	(void)q;
	for (size_t i = 0; i < store.n_set; i++)
		assert_true(row(arg, &store.set[i]));
	return (int)store.n_set;
}

int
query_readings(struct reader *r, const struct reading_range *q,
    bool (*row)(void *arg, const struct reading_step *s), void *arg, struct err *err)
{
	int64_t from_ms = q->from_ms, to_ms = q->to_ms, step_ms = q->step_ms;
	(void)r;
	(void)err;
	assert_true(step_ms >= MINUTE_MS && step_ms % MINUTE_MS == 0);
	for (int64_t t = from_ms; t < to_ms; t += step_ms) {
		struct reading_step s = { .from_ms = t,
			.good_ms = step_ms,
			.min = 600.0,
			.mean = 650.0,
			.max = 700.0 };
		if (t >= store.silent_from_ms && t < store.silent_to_ms) {
			s.good_ms = 0;
			s.min = s.mean = s.max = (double)NAN;
			if (t % (INT64_C(2) * MINUTE_MS) == 0)
				continue; // a minute without a row at all
		}
		assert_true(row(arg, &s));
	}
	return 0;
}

// The onsets behind the counts, each an occurrence of its own.
static void
give_onsets(const struct alarm_count *c, const int64_t *seqs, size_t n,
    const char *params, bool (*row)(void *arg, const struct stored_event *e), void *arg)
{
	for (size_t i = 0; i < n; i++) {
		struct stored_event s = { 0 };
		event_init(&s.event, EVENT_ALARM_ONSET);
		s.event.seq = seqs[i];
		s.event.time_utc_ms = store.day.from_ms + seqs[i];
		s.event.alarm_class = c->alarm_class;
		s.event.condition = c->condition;
		(void)str_copy(s.event.point, sizeof(s.event.point), c->point);
		(void)str_copy(s.event.code, sizeof(s.event.code), c->code);
		(void)str_copy(s.event.params, sizeof(s.event.params), params);
		(void)snprintf(s.event.occurrence_id, sizeof(s.event.occurrence_id),
		    "1-%lld", (long long)seqs[i]);
		assert_true(row(arg, &s));
	}
}

static bool
asked(const struct event_filter *f, const struct event *e)
{
	return (f->kinds == NULL || event_kind_among(f->kinds, e->kind)) &&
	       (f->point == NULL || strcmp(f->point, e->point) == 0) &&
	       e->seq > f->after_seq && e->time_utc_ms >= f->from_utc_ms &&
	       e->time_utc_ms < f->to_utc_ms;
}

int
query_events(struct reader *r, const struct event_filter *f,
    bool (*row)(void *arg, const struct stored_event *e), void *arg, struct err *err)
{
	(void)r;
	(void)err;
	if (f->limit == 1) {
		struct stored_event first = { .event.time_utc_ms = store.begun_ms };
		(void)(store.begun_ms != 0 && row(arg, &first));
		return store.begun_ms != 0;
	}
	for (size_t i = 0; i < store.n_journal; i++) {
		if (asked(f, &store.journal[i].event))
			assert_true(row(arg, &store.journal[i]));
	}
	if (f->kinds == NULL)
		return 0;
	for (size_t i = 0; i < store.n_alarms; i++) {
		const struct alarm_count *c = &store.alarms[i];
		if (!event_kind_among(f->kinds, EVENT_ALARM_ONSET) ||
		    f->kinds[1] != EVENT_KINDS_END)
			break;
		give_onsets(c, c->seqs, c->n_seqs, "", row, arg);
		give_onsets(
		    c, c->test_seqs, c->n_test_seqs, "{\"test\":true}", row, arg);
	}
	if (!event_kind_among(f->kinds, EVENT_BLIND))
		return 0;
	store.asked_kinds = f->kinds;
	for (size_t i = 0; i < store.n_events; i++)
		assert_true(row(arg, &store.events[i]));
	return (int)store.n_events;
}

int
query_blind(struct reader *r, const struct blind_query *q,
    bool (*row)(void *arg, const struct blind_sum *s), void *arg, struct err *err)
{
	(void)r;
	(void)err;
	assert_null(q->point);
	assert_int_equal(q->from_ms, store.day.from_ms);
	assert_int_equal(q->to_ms, store.day.to_ms);
	for (size_t i = 0; i < store.n_blind; i++)
		assert_true(row(arg, &store.blind[i]));
	return (int)store.n_blind;
}

int
query_missed(struct reader *r, int64_t after, unsigned limit,
    bool (*row)(void *arg, const struct missed_row *m), void *arg, struct err *err)
{
	(void)r;
	(void)after;
	(void)limit;
	(void)row;
	(void)arg;
	(void)err;
	return 0;
}

int
query_revision(struct reader *r, const struct revision_key *key, struct revision *out,
    struct err *err)
{
	(void)r;
	(void)err;
	*out = store.revision;
	if (store.revision.revision == 0 ||
	    (key->revision != 0 && key->revision != store.revision.revision) ||
	    strcmp(key->report, store.revision.report) != 0)
		return 0;
	out->document = key->document ? xstrdup(store.revision.document) : NULL;
	return 1;
}

void
revision_free(struct revision *r)
{
	free(r->document);
	r->document = NULL;
}

int
query_as_of(struct reader *r, struct as_of *out, struct err *err)
{
	(void)r;
	(void)err;
	*out = store.as_of;
	if (store.verdicts_meanwhile > 0) {
		store.verdicts_meanwhile--;
		store.as_of.verdict++;
	}
	return 0;
}

int
query_unclassified(struct reader *r, const struct day_span *d, day_alarm_fn *row,
    void *arg, struct err *err)
{
	(void)r;
	(void)d;
	(void)row;
	(void)arg;
	(void)err;
	return store.n_unclassified;
}

int
query_day_changes(struct reader *r, const struct day_span *d, const struct as_of *since,
    day_change_fn *row, void *arg, struct err *err)
{
	(void)r;
	(void)d;
	(void)err;
	assert_int_equal(since->verdict, store.revision.as_of.verdict);
	for (size_t i = 0; i < store.n_changes && row != NULL; i++)
		assert_true(row(arg, &store.changes[i]));
	return (int)store.n_changes;
}

int
query_meta(struct reader *r, const char *key, char *out, size_t size, struct err *err)
{
	(void)r;
	(void)err;
	(void)str_copy(
	    out, size, strcmp(key, "time_zone") == 0 ? "Asia/Shanghai" : key);
	return 1;
}

int
query_totals(struct reader *r, struct store_totals *out, struct err *err)
{
	(void)r;
	(void)err;
	*out = (struct store_totals){ .events = 99, .first_seq = 1, .last_seq = 99 };
	return 0;
}

int
query_commission(struct reader *r, const struct site *s, struct commission_range which,
    bool (*row)(void *arg, const struct commission_state *st), void *arg,
    struct err *err)
{
	(void)r;
	(void)err;
	for (uint32_t i = which.from; i < which.to && i < s->n_site_points; i++)
		assert_true(row(arg, &store.commission[i]));
	return 0;
}

// --- helpers ------------------------------------------------------------------------

struct report_site report_who;

int
report_set_up(void **ctx)
{
	(void)ctx;
	memset(&store, 0, sizeof(store));
	store.day = (struct day_span){ .day = "2026-11-23",
		.from_ms = REPORT_DAY_FROM_MS,
		.to_ms = REPORT_DAY_FROM_MS + INT64_C(86400000),
		.closed = true };
	for (int64_t i = 0; i < SEQS; i++)
		store.seqs[i] = i + 1;
	report_who = (struct report_site){ .id = "tower-a",
		.name_zh = "科技大厦",
		.name_en = "Tower A",
		.time_zone = "Asia/Shanghai" };
	assert_int_equal(setenv("TZ", "Asia/Shanghai", 1), 0);
	tzset();
	return 0;
}

struct report_request
request(const char *name, const char *format)
{
	return (struct report_request){ .name = name,
		.day = "2026-11-23",
		.format = format,
		.lang = LANG_EN,
		.now_utc_ms = REPORT_DAY_FROM_MS + INT64_C(2) * 86400000,
		.site = &report_who };
}

struct event *
journal_event(enum event_kind kind, int64_t time_utc_ms, const char *point)
{
	assert_in_range(store.n_journal, 0, JOURNAL_MOST - 1);
	struct event *e = &store.journal[store.n_journal++].event;
	event_init(e, kind);
	e->seq = (int64_t)store.n_journal;
	e->time_utc_ms = time_utc_ms;
	(void)str_copy(e->point, sizeof(e->point), point);
	return e;
}

char *
render(const struct report_request *q)
{
	struct buf out = { 0 };
	struct err err = { 0 };
	int result = report_render(NULL, q, &out, &err);
	if (result != 0)
		print_error("%s\n", err.text);
	assert_int_equal(result, 0);
	return buf_steal(&out);
}

void
assert_refused(const struct report_request *q, const char *why)
{
	struct buf out = { 0 };
	struct err err = { 0 };
	assert_int_equal(report_render(NULL, q, &out, &err), -1);
	if (strstr(err.text, why) == NULL)
		print_error("said: %s\n", err.text);
	assert_non_null(strstr(err.text, why));
	assert_int_equal(out.len, 0);
	buf_free(&out);
}

void
assert_has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		print_error("not found: %s -- in: %s\n", part, text);
	assert_non_null(strstr(text, part));
}

// The checksum line says SHA-256 of all bytes above it.
void
assert_checksum_holds(const char *csv)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	char hex[2 * sizeof(hash) + 1];
	const char *line = strstr(csv, "SHA-256 of all lines above,");
	assert_non_null(line);
	(void)crypto_hash_sha256(
	    hash, (const unsigned char *)csv, (unsigned long long)(line - csv));
	(void)sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	line += strlen("SHA-256 of all lines above,");
	assert_memory_equal(line, hex, sizeof(hex) - 1);
}
