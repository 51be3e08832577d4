// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See report_plans.h. A plan's setting reads "HANDLED DONE ARRIVED AT": when the newest
// report that needs no more work fell due, in UTC ms; the items of the one behind it
// that have arrived, as a mask; when the newest that arrived whole fell due, and when
// it arrived (0 0 = none). It is written in the same transaction as the event that says
// so.
#include "report_plans.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/report_plan.h"
#include "engine_impl.h"
#include "lib/buf.h"
#include "lib/child.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "local_time.h"

enum {
	LOOK_MS = 20000, // a stepped clock is seen after so long
	RETRY_FIRST_MS = 60000,
	RETRY_MOST_MS = 3600000,
	ALARM_ROUNDS = 3, // rounds that failed before somebody is told
	DAYS_MOST = 400,  // looked through for the next of a year
	CHILD_MS = 600000,
	CHILD_BYTES = 65536,
	SHA256_HEX = 65,
	WHY_MAX = 200,
};

// Reports that fell due longer ago are not made up for: a clock that jumped is no year
// of reports.
static const int64_t catch_up_ms = INT64_C(31) * 24 * 3600 * 1000;

// A sanitizer reserves terabytes of addresses: a child of such a build has no limit.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const uint64_t child_memory = 0;
#else
static const uint64_t child_memory = UINT64_C(2) << 30;
#endif

struct run {
	const struct report_plan *plan;
	int64_t handled_utc_ms; // when the newest that needs no more fell due
	int64_t due_utc_ms;     // when the next one falls due
	int64_t arrived_due_ms, arrived_utc_ms; // of the newest that did; 0 = none
	uint32_t done, tried;                   // of its items; tried in this round
	unsigned failed_rounds;
	int64_t retry_ms;  // mono; before it nothing is tried
	char why[WHY_MAX]; // the newest that failed said; "" = none did
};

struct report_plans {
	struct report_plans_parts parts;
	struct local_time *local;
	struct loop_timer timer;
	uint16_t n;
	struct run *runs;
	struct child *child; // NULL while none runs
	struct run *current; // what it is of
	unsigned item;
	bool raised;
};

_Static_assert(REPORT_ITEMS <= 32, "items fit a mask");

// ---- what is kept -------------------------------------------------------------------

static void
key_of(const struct run *r, char out[static META_KEY_MAX])
{
	(void)snprintf(out, META_KEY_MAX, META_RULE "report/%s", r->plan->id);
}

static void
keep(struct report_plans *p, const struct run *r)
{
	char key[META_KEY_MAX], value[META_VALUE_MAX];

	key_of(r, key);
	(void)snprintf(value, sizeof(value),
	    "%" PRId64 " %" PRIu32 " %" PRId64 " %" PRId64, r->handled_utc_ms, r->done,
	    r->arrived_due_ms, r->arrived_utc_ms);
	works_meta(p->parts.works, key, value);
}

static bool
restore(struct run *r, const struct recovered *rec)
{
	char key[META_KEY_MAX], *rest;

	key_of(r, key);
	for (size_t i = 0; i < rec->n_metas; i++) {
		if (strcmp(rec->metas[i].key, key) != 0)
			continue;
		r->handled_utc_ms = strtoll(rec->metas[i].value, &rest, 10);
		r->done = (uint32_t)strtoul(rest, &rest, 10);
		r->arrived_due_ms = strtoll(rest, &rest, 10);
		r->arrived_utc_ms = strtoll(rest, NULL, 10);
		return r->handled_utc_ms > 0;
	}
	return false;
}

// ---- when -----------------------------------------------------------------------

static int64_t
next_due(const struct report_plans *p, const struct run *r, int64_t after_utc_ms)
{
	enum report_span span = report_span(r->plan->report);
	int64_t t = after_utc_ms;

	for (int i = 0; i < DAYS_MOST; i++) {
		t = local_time_next(p->local, &r->plan->at_min, 1, t);
		if (report_plan_falls(span, local_time_s(p->local, t)))
			break;
	}
	return t;
}

static void
look_ahead(const struct report_plans *p, struct run *r)
{
	int64_t oldest = loop_utc_ms(p->parts.loop) - catch_up_ms;

	if (r->handled_utc_ms < oldest) {
		r->handled_utc_ms = oldest;
		r->done = 0;
	}
	r->due_utc_ms = next_due(p, r, r->handled_utc_ms);
	r->tried = 0;
	r->failed_rounds = 0;
	r->retry_ms = 0;
	r->why[0] = '\0';
}

static void
day_of(
    const struct report_plans *p, int64_t due_utc_ms, char out[static REPORT_DAY_SIZE])
{
	report_plan_day(local_time_s(p->local, due_utc_ms), out);
}

// ---- what is said -------------------------------------------------------------------

// "BYTES SHA256 WHERE", the child's receipt.
static void
put_receipt(struct buf *b, const char *line)
{
	char *rest, sha256[SHA256_HEX];
	long long bytes = strtoll(line, &rest, 10);
	size_t n = strspn(rest, " ") > 0 ? strspn(rest + 1, "0123456789abcdef") : 0;

	if (n == 0 || n >= sizeof(sha256))
		return;
	(void)snprintf(sha256, sizeof(sha256), "%.*s", (int)n, rest + 1);
	json_int(b, "bytes", bytes);
	json_str(b, "sha256", sha256);
}

static void
write_event(struct report_plans *p, const struct run *r, enum event_kind kind,
    unsigned index, const char *found)
{
	struct report_item item;
	struct event ev;
	struct buf b = { 0 };
	char day[REPORT_DAY_SIZE];

	(void)report_plan_item(r->plan, index, &item);
	day_of(p, r->due_utc_ms, day);
	event_init(&ev, kind);
	json_open(&b, NULL, '{');
	json_str(&b, "plan", r->plan->id);
	json_str(&b, "report", report_name(r->plan->report));
	json_str(&b, "day", day);
	json_str(&b, "format", report_format_name(item.format));
	json_str(&b, "lang", item.lang == 0 ? "zh" : "en");
	json_str(&b, "to", report_target_name(item.target));
	json_int(&b, "rounds", r->failed_rounds + 1);
	if (kind == EVENT_REPORT_DELIVER)
		put_receipt(&b, found);
	else
		json_str(&b, "reason", found);
	engine_put_params(&ev, &b);
	(void)works_event(p->parts.works, &ev);
}

// One alarm for all plans: somebody looks after the reports, or not.
static void
tell(struct report_plans *p)
{
	bool failing = false;

	for (uint16_t i = 0; i < p->n; i++)
		failing = failing || p->runs[i].failed_rounds >= ALARM_ROUNDS;
	if (failing == p->raised)
		return;
	p->raised = failing;
	engine_system_one(
	    p->parts.engine, p->parts.site->loop_point, failing, "report-undelivered");
}

// ---- one file after the other -------------------------------------------------------

static bool
item_left(const struct run *r, uint32_t taken, unsigned *out)
{
	struct report_item item;

	for (unsigned i = 0; i < REPORT_ITEMS; i++) {
		if ((taken >> i & 1u) == 0 && report_plan_item(r->plan, i, &item)) {
			*out = i;
			return true;
		}
	}
	return false;
}

static void
handled(struct report_plans *p, struct run *r)
{
	r->handled_utc_ms = r->due_utc_ms;
	r->done = 0;
	keep(p, r);
	look_ahead(p, r);
	tell(p);
}

static void
give_up(struct report_plans *p, struct run *r)
{
	unsigned i;

	for (uint32_t taken = r->done; item_left(r, taken, &i); taken |= 1u << i)
		write_event(p, r, EVENT_REPORT_FAIL, i, r->why);
	log_warnx("report", "plan %s: a report is given up: %s", r->plan->id, r->why);
	handled(p, r);
}

// A round of all that is left is over and something failed.
static void
fail_round(struct report_plans *p, struct run *r)
{
	int64_t pause = RETRY_FIRST_MS;

	for (unsigned i = 0; i < r->failed_rounds && pause < RETRY_MOST_MS; i++)
		pause *= 2;
	r->failed_rounds++;
	r->tried = 0;
	r->retry_ms = loop_now_ms(p->parts.loop) +
		      (pause < RETRY_MOST_MS ? pause : RETRY_MOST_MS);
	tell(p);
	if (loop_utc_ms(p->parts.loop) - r->due_utc_ms > r->plan->give_up_ms)
		give_up(p, r);
}

static void on_timer(void *arg);

// Of what the child said why it failed; its own name in front says nothing.
static void
keep_reason(struct run *r, const char *said)
{
	static const char name[] = "watchroom deliver: ";

	if (strncmp(said, name, sizeof(name) - 1) == 0)
		said += sizeof(name) - 1;
	(void)snprintf(r->why, sizeof(r->why), "%s",
	    said[0] != '\0' ? said : "the child did not end by itself");
	log_warnx("report", "plan %s: %s", r->plan->id, r->why);
}

static void
on_child(void *arg, int status, const char *out, size_t len)
{
	struct report_plans *p = arg;
	struct run *r = p->current;
	char first[WHY_MAX];
	unsigned more;

	(void)len;
	(void)snprintf(first, sizeof(first), "%.*s", (int)strcspn(out, "\n"), out);
	p->child = NULL;
	r->tried |= 1u << p->item;
	if (status == 0) {
		r->done |= 1u << p->item;
		write_event(p, r, EVENT_REPORT_DELIVER, p->item, first);
		keep(p, r);
	} else {
		keep_reason(r, first);
	}
	if (!item_left(r, r->done, &more)) {
		r->arrived_due_ms = r->due_utc_ms;
		r->arrived_utc_ms = loop_utc_ms(p->parts.loop);
		handled(p, r);
	} else if (!item_left(r, r->done | r->tried, &more))
		fail_round(p, r);
	on_timer(p);
}

static void
start(struct report_plans *p, struct run *r, unsigned index)
{
	struct report_item item;
	char day[REPORT_DAY_SIZE];

	(void)report_plan_item(r->plan, index, &item);
	day_of(p, r->due_utc_ms, day);
	const char *const argv[] = { p->parts.program, "-c", p->parts.file, "--store",
		p->parts.directory, "deliver", r->plan->id,
		report_target_name(item.target), "--day", day, "--format",
		report_format_name(item.format), "--lang", item.lang == 0 ? "zh" : "en",
		NULL };
	p->current = r;
	p->item = index;
	p->child = child_run(p->parts.loop,
	    &(struct child_options){ .argv = argv,
		.max_bytes = CHILD_BYTES,
		.errors_too = true,
		.timeout_ms = CHILD_MS,
		.max_memory = child_memory },
	    on_child, p);
	if (p->child != NULL)
		return;
	(void)snprintf(r->why, sizeof(r->why), "cannot start %s", p->parts.program);
	log_warn("report", "%s", r->why);
	fail_round(p, r);
}

// Starts what is due, one file at a time, and looks again before long.
static void
on_timer(void *arg)
{
	struct report_plans *p = arg;
	int64_t utc_ms = loop_utc_ms(p->parts.loop),
		now_ms = loop_now_ms(p->parts.loop);
	int64_t wait = LOOK_MS;

	for (uint16_t i = 0; i < p->n && p->child == NULL; i++) {
		struct run *r = &p->runs[i];
		unsigned item;
		int64_t left = r->due_utc_ms - utc_ms;
		if (left <= 0)
			left = r->retry_ms - now_ms;
		if (left > 0)
			wait = left < wait ? left : wait;
		else if (item_left(r, r->done | r->tried, &item))
			start(p, r, item);
	}
	loop_timer_in(p->parts.loop, &p->timer, wait);
}

struct report_plans *
report_plans_new(const struct report_plans_parts *parts, const struct recovered *r)
{
	const struct site *s = parts->site;

	if (s->n_report_plans == 0)
		return NULL;
	struct report_plans *p = xcalloc(1, sizeof(*p));
	p->parts = *parts;
	p->local = local_time_new(s->time_zone);
	p->n = s->n_report_plans;
	p->runs = xcalloc(p->n, sizeof(*p->runs));
	for (uint16_t i = 0; i < p->n; i++) {
		struct run *run = &p->runs[i];
		run->plan = &s->report_plans[i];
		if (!restore(run, r)) {
			run->handled_utc_ms = loop_utc_ms(parts->loop);
			keep(p, run);
		}
		look_ahead(p, run);
	}
	loop_timer_init(&p->timer, on_timer, p);
	loop_timer_in(parts->loop, &p->timer, 1);
	return p;
}

// ---- what is shown ------------------------------------------------------------------

static void
put_lists(const struct report_plan *plan, struct buf *out)
{
	json_open(out, "formats", '[');
	for (unsigned f = 0; f < REPORT_FORMAT_COUNT; f++)
		if ((plan->formats >> f & 1u) != 0)
			json_str(out, NULL, report_format_name((enum report_format)f));
	json_close(out, ']');
	json_open(out, "languages", '[');
	for (unsigned l = 0; l < REPORT_LANGS; l++)
		if ((plan->langs >> l & 1u) != 0)
			json_str(out, NULL, l == 0 ? "zh" : "en");
	json_close(out, ']');
	json_str(out, "folder", plan->folder[0] != '\0' ? plan->folder : NULL);
	json_bool(out, "posts", plan->url[0] != '\0');
}

static void
put_state(const struct report_plans *p, const struct run *r, struct buf *out)
{
	char day[REPORT_DAY_SIZE];

	day_of(p, r->due_utc_ms, day);
	json_open(out, "next", '{');
	json_str(out, "day", day);
	json_time(out, "due", r->due_utc_ms);
	json_close(out, '}');
	if (r->arrived_utc_ms > 0) {
		day_of(p, r->arrived_due_ms, day);
		json_open(out, "arrived", '{');
		json_str(out, "day", day);
		json_time(out, "at", r->arrived_utc_ms);
		json_close(out, '}');
	} else {
		json_none(out, "arrived");
	}
	if (r->why[0] == '\0') {
		json_none(out, "failing");
		return;
	}
	json_open(out, "failing", '{');
	json_int(out, "rounds", r->failed_rounds);
	json_str(out, "reason", r->why);
	json_close(out, '}');
}

void
report_plans_json(const struct report_plans *p, struct buf *out)
{
	json_open(out, "plans", '[');
	for (uint16_t i = 0; p != NULL && i < p->n; i++) {
		const struct run *r = &p->runs[i];
		char at[8];
		(void)snprintf(at, sizeof(at), "%02u:%02u", r->plan->at_min / 60u % 24u,
		    r->plan->at_min % 60u);
		json_open(out, NULL, '{');
		json_str(out, "id", r->plan->id);
		json_str(out, "report", report_name(r->plan->report));
		json_str(out, "at", at);
		put_lists(r->plan, out);
		put_state(p, r, out);
		json_close(out, '}');
	}
	json_close(out, ']');
}

void
report_plans_free(struct report_plans *p)
{
	if (p == NULL)
		return;
	child_free(p->child);
	loop_timer_stop(p->parts.loop, &p->timer);
	local_time_free(p->local);
	free(p->runs);
	free(p);
}
