// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Writes years of a busy site in minutes, through what the daemon's writer threads run
// (journal_ops, readings_ops): chain, roll-ups and anchors are real; only the waiting
// for the disk is left out. The same for the same seed. What happens: faults, link
// losses, supervisory signals, pressure alarms and fires with what people and panels do
// about them, isolations, tests, hours in which everything comes at once.
//   make_history DIR BEGIN_UTC_MS END_UTC_MS EVENTS GAUGES SEED
// The points are those of the sites of figures.py: 50 devices of 20.
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "store/journal.h"
#include "store/readings.h"
#include "store/recover.h"
#include "store/unit.h"

enum {
	DEVICES = 50,
	POINTS = 20, // of a device
	PENDING_MAX = 65536,
	BATCH = 8192, // events of a transaction
	SECOND_MS = 1000,
	HOUR_MS = 3600 * SECOND_MS,
	EVENTS_OF_A_LIFE_TENTHS = 28, // measured, to fit EVENTS into the span
};

// One condition of the mix; times in seconds.
static const struct life_kind {
	unsigned share; // of 100
	enum condition condition;
	const char *code;
	unsigned clear_s, answer_s, answered_of_10, verdict_of_10;
} kinds[] = {
	{ 50, COND_FAULT, "", 3600, 600, 8, 0 },
	{ 22, COND_LINK, "", 300, 300, 3, 0 },
	{ 14, COND_SUPERVISORY, "", 7200, 300, 9, 0 },
	{ 8, COND_PROCESS, "low", 1800, 120, 9, 0 },
	{ 4, COND_FIRE, "fire/smoke", 1200, 90, 10, 8 },
	{ 2, COND_DISABLED, "", 28800, 900, 5, 0 },
};

struct life {
	const struct life_kind *kind;
	unsigned point, number;
	int64_t onset_ms;
	bool test;
};

// What will happen, ordered as a heap by time.
struct pending {
	int64_t at_ms;
	enum event_kind kind;
	struct life life;
};

struct history {
	struct journal journal;
	uint64_t chance;
	int64_t begin_ms, end_ms, next_onset_ms, next_anchor_ms, burst_until_ms;
	int64_t events, wanted, gap_ms;
	unsigned minted, in_batch;
	struct pending *heap;
	size_t n;
};

static unsigned
chance(uint64_t *state, unsigned below)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*state >> 33) % below;
}

static void
must(int rc, const char *what)
{
	if (rc == SQLITE_OK)
		return;
	(void)fprintf(stderr, "make_history: %s: sqlite %d\n", what, rc);
	exit(1);
}

// No log and no waiting for the disk: a machine that fails meanwhile begins anew.
static void
hurry(sqlite3 *db)
{
	must(db_exec(db, "PRAGMA journal_mode = MEMORY"), "journal_mode");
	must(db_exec(db, "PRAGMA synchronous = OFF"), "synchronous");
	must(db_exec(db, "PRAGMA cache_size = -262144"), "cache_size"); // KiB
}

static void
as_usual(sqlite3 *db)
{
	must(db_exec(db, "PRAGMA journal_mode = WAL"), "journal_mode");
}

// ---- the heap
// ----------------------------------------------------------------------------

static void
swap(struct pending *a, struct pending *b)
{
	struct pending t = *a;
	*a = *b;
	*b = t;
}

static void
push(struct history *h, const struct pending *p)
{
	if (h->n == PENDING_MAX)
		return;
	size_t i = h->n++;
	h->heap[i] = *p;
	for (; i > 0 && h->heap[i].at_ms < h->heap[(i - 1) / 2].at_ms; i = (i - 1) / 2)
		swap(&h->heap[i], &h->heap[(i - 1) / 2]);
}

static struct pending
pop(struct history *h)
{
	struct pending first = h->heap[0];
	h->heap[0] = h->heap[--h->n];
	for (size_t i = 0, child = 1; child < h->n; i = child, child = 2 * i + 1) {
		if (child + 1 < h->n && h->heap[child + 1].at_ms < h->heap[child].at_ms)
			child++;
		if (h->heap[i].at_ms <= h->heap[child].at_ms)
			break;
		swap(&h->heap[i], &h->heap[child]);
	}
	return first;
}

// ---- events
// ------------------------------------------------------------------------------

static void
write_unit(struct history *h, struct unit *u)
{
	if (h->in_batch == 0)
		must(journal_ops.begin(&h->journal), "begin");
	must(journal_ops.apply(&h->journal, &u->work), "apply");
	h->in_batch += 1;
	h->events += (int64_t)u->events.n;
	unit_free(u);
	if (h->in_batch < BATCH)
		return;
	must(journal_ops.commit(&h->journal), "commit");
	h->in_batch = 0;
}

static void
fill_place(struct event *e, const struct life *l)
{
	unsigned device = l->point / POINTS, i = l->point % POINTS;
	unsigned number = i == POINTS - 1 ? 100 : 1 + i * 5;
	if (l->kind->condition == COND_LINK) {
		(void)snprintf(e->point, sizeof(e->point), "@bus/b%u", device);
		return;
	}
	(void)snprintf(e->point, sizeof(e->point), "p%u-%u", device, number);
	(void)snprintf(e->place_zh, sizeof(e->place_zh), "点%u", number % 100);
	(void)snprintf(e->place_en, sizeof(e->place_en), "Point %u", number % 100);
}

static struct event
event_of(const struct life *l, enum event_kind kind, int64_t at_ms, int64_t begin_ms)
{
	struct event e;
	event_init(&e, kind);
	e.time_utc_ms = at_ms;
	e.mono_ms = at_ms - begin_ms + 1;
	e.clock_quality = CLOCK_SYNCED;
	if (l == NULL)
		return e;
	fill_place(&e, l);
	e.condition = (int)l->kind->condition;
	e.alarm_class = (int)condition_class(l->kind->condition);
	(void)str_copy(e.code, sizeof(e.code), l->kind->code);
	e.quality = QUALITY_GOOD;
	(void)snprintf(e.occurrence_id, sizeof(e.occurrence_id), "1-%u", l->number);
	(void)snprintf(e.incident_id, sizeof(e.incident_id), "1-%u", l->number);
	if (l->test)
		(void)str_copy(e.params, sizeof(e.params), "{\"test\":true}");
	return e;
}

// The open alarm as the engine keeps it beside the event.
static void
add_row(struct unit *u, const struct event *e, const struct life *l, bool close)
{
	struct alarm_row row = { .close = close,
		.condition = l->kind->condition,
		.alarm_class = (enum alarm_class)e->alarm_class,
		.state = e->kind == EVENT_ALARM_ONSET ? ALARM_UNACKNOWLEDGED
						      : ALARM_ACKNOWLEDGED,
		.test_onset = l->test,
		.occurrences = 1,
		.raised_utc_ms = l->onset_ms,
		.first_utc_ms = l->onset_ms,
		.value = e->value,
		.quality = QUALITY_GOOD };
	(void)str_copy(row.point, sizeof(row.point), e->point);
	(void)str_copy(row.code, sizeof(row.code), e->code);
	(void)str_copy(row.occurrence_id, sizeof(row.occurrence_id), e->occurrence_id);
	(void)str_copy(row.incident_id, sizeof(row.incident_id), e->incident_id);
	if (row.state == ALARM_ACKNOWLEDGED) {
		row.acknowledged_utc_ms = e->time_utc_ms;
		(void)str_copy(row.acknowledged_by, sizeof(row.acknowledged_by), "li");
	}
	unit_alarm(u, &row);
}

static void
fill_words(struct history *h, struct event *e)
{
	static const char *const said[] = { "\"real\"", "\"false\",\"cause\":\"dust\"",
		"\"false\",\"cause\":\"steam\"", "\"unknown\"" };
	if (e->kind == EVENT_ALARM_ACKNOWLEDGE || e->kind == EVENT_ALARM_VERIFY ||
	    e->kind == EVENT_ISOLATE_START || e->kind == EVENT_ISOLATE_END)
		(void)str_copy(e->actor, sizeof(e->actor),
		    chance(&h->chance, 2) == 0 ? "li" : "wang");
	if (e->kind == EVENT_ALARM_VERIFY)
		(void)snprintf(e->params, sizeof(e->params), "{\"verdict\":%s}",
		    said[chance(&h->chance, 4)]);
	if (e->kind == EVENT_ISOLATE_START || e->kind == EVENT_ISOLATE_END) {
		e->occurrence_id[0] = e->incident_id[0] = '\0';
		(void)str_copy(e->params, sizeof(e->params),
		    "{\"reason\":\"repair\",\"measure\":\"guard\"}");
	}
}

static void
happen(struct history *h, const struct life *l, enum event_kind kind, int64_t at_ms)
{
	struct unit *u = unit_new();
	struct event e = event_of(l, kind, at_ms, h->begin_ms);
	fill_words(h, &e);
	(void)unit_event(u, &e);
	if (kind == EVENT_ALARM_ONSET || kind == EVENT_ALARM_ACKNOWLEDGE ||
	    kind == EVENT_ALARM_CLEAR)
		add_row(u, &e, l, kind == EVENT_ALARM_CLEAR);
	write_unit(h, u);
}

static void
plan(struct history *h, const struct life *l, enum event_kind kind, int64_t at_ms)
{
	const struct pending p = { .at_ms = at_ms, .kind = kind, .life = *l };
	push(h, &p);
}

static int64_t
within(struct history *h, unsigned seconds)
{
	return (int64_t)chance(&h->chance, seconds * SECOND_MS) + 1;
}

static const struct life_kind *
pick(struct history *h)
{
	unsigned at = chance(&h->chance, 100), i = 0;
	for (; at >= kinds[i].share; i++)
		at -= kinds[i].share;
	return &kinds[i];
}

static void
begin_life(struct history *h, int64_t at_ms)
{
	struct life l = { .kind = pick(h), .onset_ms = at_ms, .number = ++h->minted };
	// Most trouble is with few points.
	unsigned few = chance(&h->chance, 2) == 0 ? 40 : DEVICES * POINTS;
	l.point = chance(&h->chance, few);
	l.test = l.kind->condition == COND_FIRE && chance(&h->chance, 4) == 0;
	happen(h, &l, EVENT_ALARM_ONSET, at_ms);
	int64_t clear_ms = at_ms + within(h, l.kind->clear_s);
	plan(h, &l, EVENT_ALARM_CLEAR, clear_ms);
	int64_t answer_ms = at_ms + within(h, l.kind->answer_s);
	if (chance(&h->chance, 10) < l.kind->answered_of_10 && answer_ms < clear_ms)
		plan(h, &l, EVENT_ALARM_ACKNOWLEDGE, answer_ms);
	if (!l.test && chance(&h->chance, 10) < l.kind->verdict_of_10)
		plan(h, &l, EVENT_ALARM_VERIFY, clear_ms + within(h, 3600));
	if (chance(&h->chance, 20) == 0 && l.kind->condition == COND_FAULT) {
		plan(h, &l, EVENT_ISOLATE_START, at_ms + within(h, 3600));
		plan(h, &l, EVENT_ISOLATE_END, at_ms + HOUR_MS + within(h, 86400));
	}
}

static void
sign(struct history *h)
{
	struct unit *u = unit_new();
	unit_want_anchor(u, h->next_anchor_ms);
	write_unit(h, u);
	h->next_anchor_ms += HOUR_MS;
}

// One in 2,000 onsets begins an hour in which they come ten times as fast.
static void
next_onset(struct history *h, int64_t now_ms)
{
	bool burst = now_ms < h->burst_until_ms;
	if (!burst && chance(&h->chance, 2000) == 0)
		h->burst_until_ms = now_ms + HOUR_MS;
	int64_t left = (h->wanted - h->events) * 10 / EVENTS_OF_A_LIFE_TENTHS;
	int64_t gap_ms = left > 0 ? (h->end_ms - now_ms) / left : h->end_ms - now_ms;
	unsigned twice = gap_ms < INT32_MAX / 2 ? (unsigned)gap_ms * 2 + 1 : INT32_MAX;
	h->next_onset_ms = now_ms + chance(&h->chance, burst ? twice / 10 + 1 : twice);
}

static void
write_events(struct history *h)
{
	h->next_onset_ms = h->next_anchor_ms = h->begin_ms;
	happen(h, NULL, EVENT_DAEMON_START, h->begin_ms);
	while (h->events < h->wanted - 1) {
		bool due = h->n > 0 && h->heap[0].at_ms <= h->next_onset_ms;
		int64_t at_ms = due ? h->heap[0].at_ms : h->next_onset_ms;
		if (h->next_anchor_ms <= at_ms) {
			sign(h);
		} else if (due) {
			struct pending p = pop(h);
			happen(h, &p.life, p.kind, p.at_ms);
		} else {
			begin_life(h, at_ms);
			next_onset(h, at_ms);
		}
	}
	happen(h, NULL, EVENT_DAEMON_STOP, h->end_ms);
	if (h->in_batch > 0)
		must(journal_ops.commit(&h->journal), "commit");
}

// ---- readings
// ----------------------------------------------------------------------------

static void
fill_minute(struct minute_row *row, unsigned gauge, int64_t at_ms, uint64_t *state)
{
	double v = 700.0 + gauge * 10.0 + chance(state, 2000) / 100.0;
	(void)snprintf(row->point, sizeof(row->point), "gauge-%u", gauge);
	row->m = (struct minute){ .minute_utc_ms = at_ms,
		.samples = 60,
		.good_ms = MINUTE_MS,
		.min = v - 1.5,
		.max = v + 1.5,
		.min_at_ms = at_ms + 7000,
		.max_at_ms = at_ms + 41000,
		.integral = v * MINUTE_MS,
		.last = v };
}

// Minute by minute with a row of each gauge, as the daemon writes them: the pages of
// one gauge lie among those of the others.
static void
write_gauges(struct readings *r, unsigned gauges, int64_t begin_ms, int64_t end_ms)
{
	struct minute_batch *b =
	    xcalloc(1, sizeof(*b) + (BATCH + gauges) * sizeof(struct minute_row));
	uint64_t state = gauges;
	for (int64_t at = begin_ms; at < end_ms;) {
		for (b->n = 0; b->n < BATCH && at < end_ms; at += MINUTE_MS) {
			for (unsigned g = 0; g < gauges; g++)
				fill_minute(&b->rows[b->n++], g, at, &state);
		}
		must(readings_ops.begin(r), "begin");
		must(readings_ops.apply(r, &b->work), "minutes");
		must(readings_ops.commit(r), "commit");
	}
	free(b);
}

static void
write_minutes(const char *directory, const struct day_rule *rule, sqlite3 *journal,
    int64_t begin_ms, int64_t end_ms, unsigned gauges)
{
	struct readings r = { .rule = *rule, .opened_utc_ms = end_ms };
	struct fault fault = { 0 };
	struct err err = { 0 };
	r.path = xasprintf("%s/readings.db", directory);
	if (readings_first_open(&r, journal, &fault, &err) != 0)
		must(SQLITE_CANTOPEN, r.path);
	hurry(r.db);
	if (gauges > 0)
		write_gauges(&r, gauges, begin_ms / MINUTE_MS * MINUTE_MS, end_ms);
	as_usual(r.db);
	readings_close(&r);
	free(r.path);
}

int
main(int argc, char **argv)
{
	if (argc != 7 || sodium_init() < 0)
		return 2;
	static char id[] = "bench", zh[] = "科技大厦", en[] = "Tower A",
		    time_zone[] = "Asia/Shanghai";
	const struct site_meta site = { id, zh, en, time_zone, 480, NULL };
	struct history h = { .begin_ms = strtoll(argv[2], NULL, 10),
		.end_ms = strtoll(argv[3], NULL, 10),
		.wanted = strtoll(argv[4], NULL, 10),
		.chance = strtoull(argv[6], NULL, 10),
		.heap = xcalloc(PENDING_MAX, sizeof(struct pending)) };
	struct err err = { 0 };
	struct fault fault = { 0 };
	struct recovered back = { 0 };
	struct seal_key key;
	struct zone *zone = zone_load(site.time_zone, &err);
	if (zone == NULL || seal_key_load(argv[1], &key, &err) != 0) {
		(void)fprintf(stderr, "make_history: %s\n", err.text);
		return 1;
	}
	h.journal.path = xasprintf("%s/journal.db", argv[1]);
	h.journal.site = &site;
	h.journal.key = &key;
	h.journal.opened_utc_ms = h.begin_ms;
	h.journal.rule = (struct day_rule){ zone, site.statistics_day_min };
	if (journal_first_open(&h.journal, &back, &fault, &err) != 0)
		must(SQLITE_CANTOPEN, h.journal.path);
	hurry(h.journal.db);
	write_events(&h);
	write_minutes(argv[1], &h.journal.rule, h.journal.db, h.begin_ms, h.end_ms,
	    (unsigned)strtoul(argv[5], NULL, 10));
	(void)printf("events %lld open %zu\n", (long long)h.events, h.n);
	as_usual(h.journal.db);
	recover_free(&back);
	journal_close(&h.journal);
	zone_free(zone);
	free(h.journal.path);
	free(h.heap);
	return 0;
}
