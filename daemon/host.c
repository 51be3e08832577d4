// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The console's side of the daemon: its start, and what it asks (console/host.h), which
// is views of the engine's state and commands that are answered when they are durable.
// Runs on the loop.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chatters.h"
#include "daemon.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "repeats.h"
#include "store/revision.h"

enum {
	LISTEN_AGAIN_MS = 2000
};

// ---- views ------------------------------------------------------------------------

// Of a link that is lost, where it is no longer what its alarm says.
static const char *
other_reason(const struct daemon *d, const struct alarm_record *r)
{
	const char *reason;
	if (r->a.condition != COND_LINK)
		return NULL;
	reason = engine_link_reason(d->engine, r->point_index);
	return reason != NULL && strcmp(reason, r->code) != 0 ? reason : NULL;
}

void
host_alarm_view(
    const struct daemon *d, const struct alarm_record *r, struct alarm_view *v)
{
	*v = (struct alarm_view){
		.point = r->point,
		.occurrence = r->occurrence,
		.incident = r->incident,
		.condition = r->a.condition,
		.code = r->code,
		.alarm_class = r->alarm_class,
		.state = r->a.state,
		.cause = r->a.cause,
		.flags = r->a.flags,
		.test_onset = r->a.test_onset,
		.hidden = alarm_hidden(&r->a),
		.sounds = alarm_voice(&r->a) != VOICE_NONE,
		.first_out = r->first_out,
		.verdict = r->verdict,
		.quality = QUALITY_UNKNOWN,
		.raised_utc_ms = r->raised_utc_ms,
		.acknowledged_utc_ms = r->acknowledged_utc_ms,
		.acknowledged_by = r->acknowledged_by,
		.occurrences = r->occurrences,
		.value = r->value,
		.seq = r->seq,
		.effect = engine_miss(d->engine, r),
	};
	if (r->point_index < d->site->n_points) {
		const struct point_state *st = engine_point(d->engine, r->point_index);
		v->quality = st->quality;
		v->unknown_since_utc_ms = st->unknown_since_utc_ms;
		v->reason = other_reason(d, r);
	}
	(void)chatters_view(r, &v->chatters_since_utc_ms, &v->chatter_onsets);
	(void)repeats_view(d->engine, r, &v->repeats_since_utc_ms, &v->repeat_onsets);
}

static const struct site *
get_site(void *ctx)
{
	return ((struct daemon *)ctx)->site;
}

static struct store *
get_store(void *ctx)
{
	return ((struct daemon *)ctx)->store;
}

static void
each_alarm(void *ctx, bool (*each)(void *arg, const struct alarm_view *a), void *arg)
{
	const struct daemon *d = ctx;
	struct alarm_record **sorted = alarms_sorted(engine_alarms(d->engine));
	for (size_t i = 0; sorted[i] != NULL; i++) {
		struct alarm_view v;
		host_alarm_view(d, sorted[i], &v);
		if (!each(arg, &v))
			break;
	}
	free(sorted);
}

static void
each_device(void *ctx, void (*each)(void *arg, const struct device_view *v), void *arg)
{
	const struct daemon *d = ctx;
	for (uint16_t i = 0; i < d->site->n_devices; i++) {
		const struct device *dev = &d->site->devices[i];
		struct device_view v = {
			.device = dev,
			.lost = engine_link_lost(d->engine, dev->link_point),
			.code = engine_link_reason(d->engine, dev->link_point),
			.last_heard_utc_ms = engine_device_heard_utc(d->engine, i),
			.points = dev->n_points,
		};
		each(arg, &v);
	}
}

static int64_t
utc_of(const struct daemon *d, int64_t mono_ms)
{
	return mono_ms == 0 ? 0
			    : loop_utc_ms(d->loop) - (loop_now_ms(d->loop) - mono_ms);
}

static void
get_host(void *ctx, uint16_t host, struct host_view *out)
{
	const struct daemon *d = ctx;
	*out = (struct host_view){ 0 };
	if (d->running == NULL)
		return;
	const struct host_status *s = running_site_host(d->running, host);
	out->status = *s;
	out->asked_utc_ms = utc_of(d, s->asked_ms);
	out->answered_utc_ms = utc_of(d, s->answered_ms);
	if (s->held_until_ms > loop_now_ms(d->loop))
		out->held_until_utc_ms = utc_of(d, s->held_until_ms);
}

static void
get_output(void *ctx, uint16_t output, struct output_look *out)
{
	outputs_look(((struct daemon *)ctx)->outputs, output, out);
}

static void
look_at_bus(void *ctx, uint16_t bus, struct bus_look *out)
{
	const struct daemon *d = ctx;
	*out = (struct bus_look){ .state = "closed" };
	if (d->running != NULL)
		running_site_bus(d->running, bus, out);
}

static void
look_at_device(void *ctx, uint16_t device, struct device_look *out)
{
	const struct daemon *d = ctx;
	*out = (struct device_look){ .state = "new" }; // without blocks
	if (d->running != NULL)
		running_site_device(d->running, device, out);
}

static void
look_at_block(void *ctx, uint16_t device, uint16_t block, struct block_look *out)
{
	running_site_block(((struct daemon *)ctx)->running, device, block, out);
}

static void
get_health(void *ctx, struct health_view *out)
{
	const struct daemon *d = ctx;
	struct supervise_view s;
	supervise_look(d->supervise, &s);
	*out = (struct health_view){
		.store_mode = store_mode_name(s.store),
		.store_waiting = store_waiting(d->store),
		.loop_late_ms = s.late_ms,
		.loop_callback_us = s.callback_us,
		.clock_synchronised = s.clock_synchronised,
		.last_good_configuration = d->last_good,
		.config_rev = d->site->revision,
		.started_utc_ms = d->started_utc_ms,
		.consoles = s.consoles,
		.consoles_sounding = s.sounding,
		.points = d->site->n_site_points,
		.points_unknown = engine_points_unknown(d->engine),
		.fire_line_unwatched = engine_fire_line_unseen(d->engine),
		.notices_owed = (uint32_t)outbox_owed(d->outbox),
		.sounder_on = engine_sound_on(d->engine),
		.silenced = engine_silenced(d->engine),
		.version = WATCHROOM_VERSION,
		.boot = works_boot(d->works),
	};
}

static void
point_json(void *ctx, uint32_t point, struct buf *out)
{
	const struct daemon *d = ctx;
	const struct point_state *st = engine_point(d->engine, point);
	json_open(out, "conditions", '[');
	const struct alarm_record *r = alarms_of_point(engine_alarms(d->engine), point);
	for (; r != NULL; r = r->next_of_point) {
		if (r->a.state == ALARM_UNACKNOWLEDGED ||
		    r->a.state == ALARM_ACKNOWLEDGED)
			json_str(out, NULL, condition_name(r->a.condition));
	}
	json_close(out, ']');
	json_str(out, "quality", quality_name(st->quality));
	json_time(out, "unknown_since", st->unknown_since_utc_ms);
	json_double(out, "value", st->value);
	json_time(out, "time", st->t_utc_ms);
	engine_point_json(d->engine, point, out);
}

static uint32_t
alarm_point(void *ctx, const char *occurrence)
{
	const struct daemon *d = ctx;
	const struct alarm_record *r =
	    alarms_by_occurrence(engine_alarms(d->engine), occurrence);
	return r != NULL ? r->point_index : UINT32_MAX;
}

static unsigned
get_decisions(
    void *ctx, uint32_t point, struct decision out[static DECISIONS_PER_POINT])
{
	return engine_decisions(((struct daemon *)ctx)->engine, point, out);
}

static void
rules_json(void *ctx, struct buf *out)
{
	engine_rules_json(((struct daemon *)ctx)->engine, out);
}

static void
patrol_json(void *ctx, uint16_t patrol, struct buf *out)
{
	engine_patrol_json(((struct daemon *)ctx)->engine, patrol, out);
}

void
host_point_rule(void *ctx, uint32_t point)
{
	const struct daemon *d = ctx;
	if (d->console != NULL)
		console_push_point(d->console, point);
}

void
host_round(void *ctx, uint16_t patrol)
{
	const struct daemon *d = ctx;
	if (d->console != NULL)
		console_push_patrol(d->console, patrol);
}

// ---- commands ---------------------------------------------------------------------

static void
refuse(reply_fn *done, void *arg, int status, const char *code, const char *field)
{
	const struct reply r = { .status = status, .code = code, .field = field };
	done(arg, &r);
}

static void
answer(const struct daemon *d, enum engine_answer a, const char *reason, reply_fn *done,
    void *arg)
{
	switch (a) {
	case ENGINE_OK:
		works_reply(d->works, done, arg);
		return;
	case ENGINE_NOT_FOUND:
		refuse(done, arg, 404, "not_found", NULL);
		return;
	case ENGINE_NEWER_OCCURRENCE:
		refuse(done, arg, 409, "newer_occurrence", "occurrence");
		return;
	case ENGINE_REFUSED:
		refuse(done, arg, 409, reason != NULL ? reason : "conflict", NULL);
		return;
	}
	wr_unreachable("engine_answer");
}

static void
acknowledge(void *ctx, const char *occurrence, const char *actor, bool desk,
    reply_fn *done, void *arg)
{
	const struct daemon *d = ctx;
	outputs_by(d->outputs, actor);
	enum engine_answer a = engine_acknowledge(d->engine, occurrence, actor);
	if (a == ENGINE_OK && desk)
		engine_present(d->engine, actor);
	outputs_by(d->outputs, NULL);
	answer(d, a, NULL, done, arg);
}

static void
note(void *ctx, const char *occurrence, const char *actor, const char *text,
    reply_fn *done, void *arg)
{
	const struct daemon *d = ctx;
	answer(d, engine_note(d->engine, occurrence, actor, text), NULL, done, arg);
}

static void
reset(void *ctx, uint32_t point, const char *actor, reply_fn *done, void *arg)
{
	const struct daemon *d = ctx;
	const char *reason;
	enum engine_answer a = engine_reset(d->engine, point, actor, &reason);
	answer(d, a, reason, done, arg);
}

static bool
refuse_unsaved(const struct daemon *d, reply_fn *done, void *arg)
{
	if (works_saves(d->works))
		return false;
	refuse(done, arg, 503, "store_degraded", NULL);
	return true;
}

static void
flag(void *ctx, const struct flag_order *order, reply_fn *done, void *arg)
{
	const struct daemon *d = ctx;
	const char *reason;
	if (order->on && refuse_unsaved(d, done, arg))
		return;
	enum engine_answer a = engine_flag(d->engine, order, &reason);
	console_push_health(d->console);
	answer(d, a, reason, done, arg);
}

static uint32_t
flag_page(
    void *ctx, enum alarm_flag which, uint32_t from, unsigned limit, struct buf *out)
{
	return engine_flag_page(
	    ((struct daemon *)ctx)->engine, which, from, limit, out);
}

static void
bypass(void *ctx, uint32_t point, const struct bypass_order *order, reply_fn *done,
    void *arg)
{
	const struct daemon *d = ctx;
	answer(d, engine_bypass(d->engine, point, order), NULL, done, arg);
}

static void
bypass_end(void *ctx, uint32_t point, const char *actor, reply_fn *done, void *arg)
{
	const struct daemon *d = ctx;
	const char *reason;
	enum engine_answer a = engine_bypass_end(d->engine, point, actor, &reason);
	answer(d, a, reason, done, arg);
}

static void
alive(void *ctx, const char *actor, reply_fn *done, void *arg)
{
	const struct daemon *d = ctx;
	const char *reason;
	enum engine_answer a = engine_alive(d->engine, actor, &reason);
	answer(d, a, reason, done, arg);
}

// Sound is a matter of now: it stops before the answer, which waits for the journal as
// any other (I3).
static void
silence(void *ctx, const char *actor, bool desk, reply_fn *done, void *arg)
{
	const struct daemon *d = ctx;
	outputs_by(d->outputs, actor);
	engine_silence(d->engine, actor);
	if (desk)
		engine_present(d->engine, actor);
	outputs_by(d->outputs, NULL);
	console_push_health(d->console);
	works_reply(d->works, done, arg);
}

static void
console_sound(void *ctx, const char *console, bool can_sound)
{
	const struct daemon *d = ctx;
	struct event ev;
	event_init(&ev, EVENT_SOUND);
	(void)str_copy(
	    ev.point, sizeof(ev.point), d->site->points[d->site->console_point].id);
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	json_str(&b, "console", console);
	json_bool(&b, "can_sound", can_sound);
	json_close(&b, '}');
	if (b.len < sizeof(ev.params))
		memcpy(ev.params, b.data, b.len + 1);
	buf_free(&b);
	(void)works_event(d->works, &ev);
}

static void
consoles(void *ctx, uint32_t n, uint32_t sounding)
{
	supervise_consoles(((struct daemon *)ctx)->supervise, n, sounding);
}

static void
audit(void *ctx, enum event_kind kind, const char *actor, const char *from_address,
    reply_fn *done, void *arg)
{
	const struct daemon *d = ctx;
	struct event ev;
	event_init(&ev, kind);
	(void)str_copy(ev.actor, sizeof(ev.actor), actor);
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	json_str(&b, "from", from_address);
	json_close(&b, '}');
	if (b.len < sizeof(ev.params))
		memcpy(ev.params, b.data, b.len + 1);
	buf_free(&b);
	(void)works_event(d->works, &ev);
	if (done != NULL)
		works_reply(d->works, done, arg);
}

static void
word(void *ctx, const struct event *e, const char *verdict, reply_fn *done, void *arg)
{
	const struct daemon *d = ctx;
	if (refuse_unsaved(d, done, arg))
		return;
	engine_word(d->engine, e, verdict);
	works_reply(d->works, done, arg);
}

static void
hand(void *ctx, const struct hand_entry *h, reply_fn *done, void *arg)
{
	const struct daemon *d = ctx;
	if (refuse_unsaved(d, done, arg))
		return;
	engine_hand(d->engine, h);
	works_reply(d->works, done, arg);
}

static void
report_plans(void *ctx, struct buf *out)
{
	report_plans_json(((const struct daemon *)ctx)->report_plans, out);
}

static const char *
cannot_sign(void *ctx)
{
	const struct daemon *d = ctx;
	if (!works_saves(d->works))
		return "store_degraded";
	return store_seals(d->store) ? NULL : "no_key";
}

static void
sign(void *ctx, struct revision *r, reply_fn *done, void *arg)
{
	const struct daemon *d = ctx;
	const char *why = cannot_sign(ctx);
	if (why != NULL) {
		revision_free(r);
		free(r);
		refuse(done, arg, 503, why, NULL);
		return;
	}
	struct event ev;
	event_init(&ev, EVENT_REPORT_SIGN);
	(void)str_copy(ev.actor, sizeof(ev.actor), r->who);
	works_sign(d->works, &ev, r);
	works_reply(d->works, done, arg);
	works_flush(d->works); // nothing else is in its unit
}

static struct console_host
console_host(struct daemon *d)
{
	return (struct console_host){
		.ctx = d,
		.config_file = d->loaded_file,
		.site = get_site,
		.bus = look_at_bus,
		.device = look_at_device,
		.block = look_at_block,
		.store = get_store,
		.alarms = each_alarm,
		.devices = each_device,
		.host = get_host,
		.output = get_output,
		.health = get_health,
		.point_json = point_json,
		.acknowledge = acknowledge,
		.note = note,
		.reset = reset,
		.alarm_point = alarm_point,
		.decisions = get_decisions,
		.rules_json = rules_json,
		.patrol_json = patrol_json,
		.alive = alive,
		.flag = flag,
		.flag_page = flag_page,
		.bypass = bypass,
		.bypass_end = bypass_end,
		.silence = silence,
		.console_sound = console_sound,
		.consoles = consoles,
		.word = word,
		.hand = hand,
		.report_plans = report_plans,
		.cannot_sign = cannot_sign,
		.sign = sign,
		.audit = audit,
	};
}

// ---- start and stop -----------------------------------------------------------------

static void
on_console_retry(void *arg)
{
	host_start_console(arg);
}

void
host_start_console(struct daemon *d)
{
	const struct console_host host = console_host(d);
	struct err e = { 0 };
	bool first = d->console_retry.fn == NULL;
	if (first)
		loop_timer_init(&d->console_retry, on_console_retry, d);
	d->console = console_start(
	    d->loop, &host, d->web, d->reports_program, d->store_directory, &e);
	engine_system_one(
	    d->engine, d->site->console_point, d->console == NULL, "not-listening");
	if (d->console != NULL) {
		log_info("main", "console on port %u", console_port(d->console));
		return;
	}
	if (first)
		log_warnx("console", "%s; watching without a console and trying again",
		    e.text);
	loop_timer_in(d->loop, &d->console_retry, LISTEN_AGAIN_MS);
}

void
host_stop_console(struct daemon *d)
{
	loop_timer_stop(d->loop, &d->console_retry);
	console_stop(d->console);
	d->console = NULL;
}
