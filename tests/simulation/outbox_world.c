// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See outbox_world.h. The loop, the engine, the works and the outbox are the daemon's
// own; the store and the delivery thread are played here, step by step.
#include "outbox_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "lib/mem.h"
#include "outbox_state.h"

enum {
	START_MS = 1000000,
	PATIENCE_MS = 1000, // DESIGN I5
	TICK_MS = 300,
};

static const char site_text[] =
    "site: {id: t, name: {zh: 测, en: T}, time_zone: Asia/Shanghai,"
    " statistics_day: \"08:00\"}\n"
    "console: {listen: \"127.0.0.1:0\", desk: [127.0.0.1]}\n"
    "zones: [{id: z, name: {zh: 区, en: Z}}]\n"
    "buses: [{id: lan, modbus_tcp: \"127.0.0.1:5020\"}]\n"
    "devices: [{id: fap, bus: lan, unit: 1, profile: notifier-modbus-gw, poll: 1s,"
    " points: [{id: s1, item: detector, loop: 1, device: 1, kind: smoke, zone: z,"
    " place: {zh: 甲, en: A}}]}]\n"
    "channels: [{id: c, webhook: \"http://127.0.0.1:9/x\"}]\n"
    "ladders: [{id: l, classes: [fire], steps: [{after: 0s, channels: [c]}]}]\n";

const char *const action_names[ACTION_COUNT] = { "true", "clear", "ack", "commit",
	"send", "receipt", "fail", "patience", "tick", "crash", "disk", "jam" };

struct outbox_state w;

// ---- what is known of notices and occurrences ---------------------------------------

// The channel has an alarm of its own where it cannot deliver: it is not looked at
// here.
bool
of_detector(const char *point)
{
	return strcmp(point, "s1") == 0;
}

unsigned
occurrence_of(const char *id)
{
	for (unsigned i = 0; i < w.n_occurrences; i++) {
		if (strcmp(w.occurrences[i].id, id) == 0)
			return i;
	}
	assert_in_range(w.n_occurrences, 0, OCCURRENCES_MAX - 1);
	struct occurrence *o = &w.occurrences[w.n_occurrences];
	*o = (struct occurrence){ 0 };
	(void)str_copy(o->id, sizeof(o->id), id);
	return w.n_occurrences++;
}

struct told *
told_of(const struct notice *n)
{
	for (unsigned i = 0; i < w.n_told; i++) {
		if (strcmp(w.told[i].n.id, n->id) == 0)
			return &w.told[i];
	}
	assert_in_range(w.n_told, 0, NOTICES_MAX - 1);
	struct told *t = &w.told[w.n_told++];
	*t = (struct told){ .n = *n, .created_ms = loop_now_ms(w.loop) };
	t->occurrence = occurrence_of(n->subject.occurrence_id);
	return t;
}

// ---- the store, as the works and the engine see it ----------------------------------

const char *
store_mode_name(enum store_mode m)
{
	return m == STORE_OK ? "ok" : "full";
}

enum store_mode
store_current_mode(const struct store *s)
{
	(void)s;
	return w.mode;
}

int64_t
store_waiting_ms(const struct store *s)
{
	(void)s;
	return 0;
}

int64_t
store_silent_ms(const struct store *s)
{
	(void)s;
	return 0;
}

void
store_minute(struct store *s, const char *point, const struct minute *m)
{
	(void)s;
	(void)point;
	(void)m;
}

void
store_set_reading(struct store *s, const char *point, const struct set_reading *r)
{
	(void)s;
	(void)point;
	(void)r;
}

void
store_sample(struct store *s, const char *point, const struct kept_sample *k)
{
	(void)s;
	(void)point;
	(void)k;
}

void
store_submit(struct store *s, struct unit *u)
{
	(void)s;
	assert_in_range(w.n_units, 0, WAITING_MAX - 1);
	w.units[w.n_units++] = u;
	const struct notice *notices = u->notices.data;
	for (size_t i = 0; i < u->notices.n; i++) {
		struct told *t = told_of(&notices[i]);
		bool going = w.on_its_way && strcmp(w.queue[0].id, t->n.id) == 0;
		t->taken_back = notices[i].state == NOTICE_CANCELLED && !going;
	}
}

static void
write_rows(struct unit *u)
{
	struct event *events = u->events.data;
	const struct alarm_row *rows = u->alarms.data;
	const struct notice *notices = u->notices.data;
	for (size_t i = 0; i < u->events.n; i++) {
		events[i].seq = ++w.seq;
		if (events[i].kind == EVENT_ALARM_ONSET && of_detector(events[i].point))
			w.occurrences[occurrence_of(events[i].occurrence_id)].durable =
			    true;
	}
	for (size_t i = 0; i < u->alarms.n; i++) {
		if (!of_detector(rows[i].point))
			continue;
		w.has_row = !rows[i].close;
		w.row = rows[i];
	}
	for (size_t i = 0; i < u->notices.n; i++) {
		struct told *t = told_of(&notices[i]);
		t->on_disk = true;
		t->disk = notices[i].state;
		t->n = notices[i];
	}
}

void
disk_commit(void)
{
	struct unit *u = w.units[0];
	memmove(w.units, w.units + 1, --w.n_units * sizeof(w.units[0]));
	write_rows(u);
	u->done(u->arg, u, true);
	unit_free(u);
}

// ---- the delivery thread, as the outbox sees it -------------------------------------

// I5: nothing goes out before it is durable, or has waited so long that it says so.
int
delivery_send(struct delivery *d, const struct notice *n)
{
	(void)d;
	if (w.jammed)
		return -1;
	const struct told *t = told_of(n);
	if (n->saved)
		assert_true(t->on_disk);
	else
		assert_true(loop_now_ms(w.loop) - t->created_ms >= PATIENCE_MS);
	if (t->received > 0)
		assert_true(n->repeated);
	assert_in_range(w.n_queue, 0, NOTICES_MAX - 1);
	w.queue[w.n_queue++] = *n;
	return 0;
}

static void
take_from_queue(unsigned at)
{
	memmove(
	    w.queue + at, w.queue + at + 1, (--w.n_queue - at) * sizeof(w.queue[0]));
}

static void
tell_receipt(const struct notice *n, enum notice_state state, bool settle)
{
	struct receipt r = {
		.state = state,
		.attempts = (uint16_t)(n->attempts + 1),
		.status = state == NOTICE_DELIVERED ? 200 : 0,
		.at_utc_ms = loop_utc_ms(w.loop),
		.settle = settle,
	};
	(void)str_copy(r.notice_id, sizeof(r.notice_id), n->id);
	(void)str_copy(r.channel, sizeof(r.channel), n->channel);
	outbox_receipt(w.outbox, &r);
}

// What is on its way cannot be called back: its receipt will say what became of it.
void
delivery_cancel(struct delivery *d, const char *notice_id)
{
	(void)d;
	for (unsigned i = w.on_its_way ? 1 : 0; i < w.n_queue; i++) {
		if (strcmp(w.queue[i].id, notice_id) == 0) {
			take_from_queue(i);
			return;
		}
	}
}

void
delivery_settled(struct delivery *d, const char *channel, const char *notice_id)
{
	(void)d;
	(void)channel;
	if (strcmp(w.settling, notice_id) == 0)
		w.waits = false;
}

// ---- one run of the daemon ----------------------------------------------------------

static void
on_event(void *ctx, const struct event *e)
{
	(void)ctx;
	if (e->kind == EVENT_ALARM_ONSET && of_detector(e->point))
		(void)occurrence_of(e->occurrence_id);
}

static void
on_durable(void *ctx, const struct event *e)
{
	(void)ctx;
	if (w.engine != NULL)
		engine_durable(w.engine, e);
}

static void
on_saved(void *ctx, uint64_t serial, bool durable)
{
	(void)ctx;
	if (w.outbox != NULL)
		outbox_saved(w.outbox, serial, durable);
}

static void
on_alarm(void *ctx, struct alarm_record *r, bool closed)
{
	(void)ctx;
	(void)r;
	(void)closed;
}

static void
on_raised(void *ctx, struct alarm_record *r, const struct event *onset)
{
	(void)ctx;
	(void)onset;
	outbox_raised(w.outbox, r);
}

static void
on_answered(void *ctx, struct alarm_record *r)
{
	(void)ctx;
	outbox_answered(w.outbox, r);
}

static void
on_sound(void *ctx, bool on)
{
	(void)ctx;
	(void)on;
}

static void
start(void)
{
	static const struct works_host works_host = { NULL, on_event, on_durable,
		on_saved };
	static const struct engine_host engine_host = {
		.alarm = on_alarm,
		.raised = on_raised,
		.answered = on_answered,
		.sound = on_sound,
	};
	static struct notice owed[NOTICES_MAX];
	struct recovered r = { .n_alarms = w.has_row,
		.alarms = &w.row,
		.notices = owed,
		.last_utc_ms = loop_utc_ms(w.loop) };
	for (unsigned i = 0; i < w.n_told; i++) {
		if (w.told[i].on_disk && w.told[i].disk == NOTICE_OWED)
			owed[r.n_notices++] = w.told[i].n;
	}
	w.works = works_new(w.loop, NULL, 100 + w.crashes, &works_host);
	w.engine = engine_new(w.loop, w.site, NULL, w.works, &engine_host);
	w.outbox = outbox_new(w.loop, w.site, w.works, w.engine);
	engine_recover(w.engine, &r, loop_utc_ms(w.loop));
	outbox_recover(w.outbox, &r);
	outbox_attach(w.outbox, (struct delivery *)&w); // never looked into
}

// Whatever was not durable is gone.
static void
stop(void)
{
	outbox_free(w.outbox);
	engine_free(w.engine);
	w.outbox = NULL;
	w.engine = NULL;
	for (unsigned i = 0; i < w.n_units; i++) {
		w.units[i]->done(w.units[i]->arg, w.units[i], false);
		unit_free(w.units[i]);
	}
	w.n_units = w.n_queue = 0;
	w.on_its_way = w.waits = false;
	w.asked = 0;
	works_free(w.works);
}

// ---- what happens
// --------------------------------------------------------------------

const struct alarm_record *
detector_record(void)
{
	return alarms_of_point(engine_alarms(w.engine), site_find_point(w.site, "s1"));
}

void
detector_sample(void)
{
	struct sample s = {
		.point = site_find_point(w.site, "s1"),
		.kind = SAMPLE_CODE,
		.quality = QUALITY_GOOD,
		.t_mono_ms = loop_now_ms(w.loop),
		.t_utc_ms = loop_utc_ms(w.loop),
		.n_codes = w.fire,
		.codes = { { COND_FIRE, 0 } },
	};
	engine_sample(w.engine, &s);
}

// A reply: 200 only for what is durable (I3).
static void
on_reply(void *arg, const struct reply *r)
{
	(void)arg;
	if (r->durable && w.asked > 0)
		w.confirmed = w.asked;
	w.asked = 0;
}

static bool
may_acknowledge(void)
{
	return detector_record() != NULL && alarm_owed(&detector_record()->a) &&
	       w.asked == 0;
}

static void
acknowledge(void)
{
	unsigned at = occurrence_of(detector_record()->occurrence);
	for (unsigned i = 0; i <= at; i++)
		w.occurrences[i].answered = true;
	w.asked = at + 1;
	assert_int_equal(
	    engine_acknowledge(w.engine, detector_record()->occurrence, "wang"),
	    ENGINE_OK);
	works_reply(w.works, on_reply, NULL);
}

void
channel_send(void)
{
	struct told *t = told_of(&w.queue[0]);
	assert_false(t->taken_back);
	if (t->received > 0)
		assert_true(w.queue[0].repeated);
	t->received++;
	w.on_its_way = true;
	(void)str_copy(w.settling, sizeof(w.settling), w.queue[0].id);
}

void
channel_receipt(void)
{
	struct notice n = w.queue[0];
	take_from_queue(0);
	w.on_its_way = false;
	w.waits = true;
	tell_receipt(&n, NOTICE_DELIVERED, true);
}

void
let_patience_pass(void)
{
	clock_virtual_advance(&w.clock, PATIENCE_MS + 100);
	for (unsigned i = 0; i < w.n_told; i++)
		w.told[i].overdue |= !w.told[i].on_disk;
	w.disk_was_away |= w.waits; // a disk so slow: the channel waits 1 s at most
	w.waits = false;
}

// An acknowledgement that was not durable may be asked for once more.
static void
crash(void)
{
	stop();
	w.crashes++;
	for (unsigned i = 0; i < w.n_told; i++)
		w.told[i].taken_back = w.told[i].disk == NOTICE_CANCELLED;
	clock_virtual_advance(&w.clock, 5000);
	start();
	const struct alarm_record *r = detector_record();
	unsigned newest = r != NULL ? occurrence_of(r->occurrence) : 0;
	for (unsigned i = 0; r != NULL && alarm_owed(&r->a) && i <= newest; i++) {
		if (i == newest)
			w.occurrences[i].answered = false;
	}
}

static void
tick(void)
{
	clock_virtual_advance(&w.clock, TICK_MS);
}

static bool
spend(unsigned *left)
{
	if (*left == 0)
		return false;
	(*left)--;
	return true;
}

static bool
possible(enum action a)
{
	switch (a) {
	case DO_TRUE:
		return !w.fire && spend(&w.left.onsets);
	case DO_CLEAR:
		return w.fire;
	case DO_ACK:
		return may_acknowledge();
	case DO_COMMIT:
		return w.n_units > 0 && w.mode == STORE_OK;
	case DO_SEND:
		return w.n_queue > 0 && !w.on_its_way && !w.waits;
	case DO_RECEIPT:
		return w.on_its_way;
	case DO_FAIL:
		return w.n_queue > 0 && !w.on_its_way && !w.waits &&
		       spend(&w.left.fails);
	case DO_PATIENCE:
		return w.n_units > 0 || w.waits || w.jammed;
	case DO_TICK:
		return w.n_units > 0 && spend(&w.left.ticks);
	case DO_CRASH:
		return spend(&w.left.crashes);
	case DO_DISK:
		return spend(&w.left.disks);
	case DO_JAM:
		return spend(&w.left.jams);
	case ACTION_COUNT:
		break;
	}
	return false;
}

static void
happen(enum action a)
{
	switch (a) {
	case DO_TRUE:
	case DO_CLEAR:
		w.fire = a == DO_TRUE;
		detector_sample();
		break;
	case DO_ACK:
		acknowledge();
		break;
	case DO_COMMIT:
		disk_commit();
		break;
	case DO_SEND:
		channel_send();
		break;
	case DO_RECEIPT:
		channel_receipt();
		break;
	case DO_FAIL:
		tell_receipt(&w.queue[0], NOTICE_OWED, false);
		break;
	case DO_PATIENCE:
		let_patience_pass();
		break;
	case DO_TICK:
		tick();
		break;
	case DO_CRASH:
		crash();
		break;
	case DO_DISK:
		w.mode = w.mode == STORE_OK ? STORE_FULL : STORE_OK;
		w.disk_was_away = true;
		break;
	case DO_JAM:
		w.jammed = !w.jammed;
		break;
	case ACTION_COUNT:
		break;
	}
}

// What holds in each state: 200 means that a restart knows it (I3), and a crash repeats
// at most one notice of a channel while the disk works (I5).
void
check_always(void)
{
	unsigned repeats = 0;
	for (unsigned i = 0; i < w.n_told; i++) {
		if (w.told[i].received > 1)
			repeats += w.told[i].received - 1;
	}
	if (!w.disk_was_away)
		assert_in_range(repeats, 0, w.crashes);
	if (w.confirmed == 0 || !w.has_row)
		return;
	const struct alarm on_disk = { .state = w.row.state };
	if (occurrence_of(w.row.occurrence_id) < w.confirmed)
		assert_false(alarm_owed(&on_disk));
}

bool
world_do(enum action a)
{
	if (!possible(a))
		return false;
	happen(a);
	loop_run_ready(w.loop);
	check_always();
	return true;
}

// ---- life
// ------------------------------------------------------------------------------

void
world_open(const char *panels)
{
	clock_virtual_init(&w.clock, START_MS, 1764000000000LL);
	w.loop = loop_new(&w.clock);
	(void)snprintf(w.file, sizeof(w.file), "/tmp/explore-XXXXXX");
	int fd = mkstemp(w.file);
	assert_true(fd >= 0);
	assert_int_equal(
	    write(fd, site_text, sizeof(site_text) - 1), sizeof(site_text) - 1);
	(void)close(fd);
	struct problems *p = xcalloc(1, sizeof(*p));
	w.site = site_load(w.file, panels, p);
	if (w.site == NULL)
		problems_print(p, stderr);
	problems_free(p);
	free(p);
	assert_non_null(w.site);
	(void)unlink(w.file);
}

void
world_close(void)
{
	site_free(w.site);
	loop_free(w.loop);
}

void
world_begin(const struct world_bounds *bounds)
{
	w.left = *bounds;
	w.crashes = w.n_told = w.n_occurrences = w.confirmed = 0;
	w.disk_was_away = w.has_row = w.jammed = w.fire = false;
	w.mode = STORE_OK;
	w.seq = 0;
	start();
	loop_run_ready(w.loop);
}

void
world_end(void)
{
	stop();
}
