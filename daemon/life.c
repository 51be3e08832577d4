// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What the daemon says of its own life: how long nobody watched and what was open
// before (I11), that it starts, with what, and that it stops. A clock that was set
// meanwhile is said too (I10). Runs on the loop.
#include "core/downtime.h"
#include "daemon.h"
#include "lib/buf.h"
#include "lib/log.h"
#include "lib/mem.h"

void
life_event(struct daemon *d, enum event_kind kind, struct buf *params)
{
	struct event ev;
	event_init(&ev, kind);
	json_close(params, '}');
	if (!str_copy(ev.params, sizeof(ev.params), params->data))
		ev.params[0] = '\0'; // half an object is none
	buf_free(params);
	if (kind == EVENT_CLOCK_STEP)
		(void)str_copy(ev.point, sizeof(ev.point),
		    d->site->points[d->site->clock_point].id);
	(void)works_event(d->works, &ev);
}

static void
write_down(struct daemon *d, const struct recovered *r, const struct downtime *down)
{
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	if (down->by == DOWNTIME_UNKNOWN)
		json_int(&b, "last_utc_ms", r->last_utc_ms);
	else
		json_int(&b, "from_utc_ms", down->from_utc_ms);
	json_int(&b, "to_utc_ms", down->to_utc_ms);
	json_str(&b, "by", downtime_by_name(down->by));
	json_bool(&b, "clean", r->clean_stop);
	json_int(&b, "open_alarms", (int64_t)r->n_alarms);
	json_int(&b, "owed_notices", (int64_t)r->n_notices);
	life_event(d, EVENT_DAEMON_DOWN, &b);
}

static void
write_step(struct daemon *d, const struct downtime *down)
{
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	json_int(&b, "by_ms", down->moved_ms);
	json_bool(&b, "while_down", true);
	if (down->by == DOWNTIME_UNKNOWN)
		json_bool(&b, "at_least", true);
	if (down->moved_ms > 0) { // moments that never were
		json_int(&b, "from_utc_ms", down->from_utc_ms - down->moved_ms);
		json_int(&b, "to_utc_ms", down->from_utc_ms);
	}
	life_event(d, EVENT_CLOCK_STEP, &b);
	log_warnx("clock", "the wall clock was moved by %lld ms%s while nobody watched",
	    (long long)down->moved_ms, down->by == DOWNTIME_UNKNOWN ? " or more" : "");
}

static void
write_start(struct daemon *d)
{
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	json_str(&b, "version", WATCHROOM_VERSION);
	json_str(&b, "config_rev", d->site->revision);
	json_int(&b, "points", d->site->n_site_points);
	json_bool(&b, "last_good", d->last_good);
	life_event(d, EVENT_DAEMON_START, &b);
	if (d->last_good) {
		json_open(&b, NULL, '{');
		json_str(&b, "file", d->config_file);
		life_event(d, EVENT_CONFIG_REFUSED, &b);
	}
}

int64_t
life_begins(struct daemon *d, const struct recovered *r)
{
	const struct downtime_facts facts = {
		.last_utc_ms = r->last_utc_ms,
		.last_mono_ms = r->last_mono_ms,
		.same_boot = r->same_boot,
		.now_utc_ms = loop_utc_ms(d->loop),
		.now_mono_ms = loop_now_ms(d->loop),
	};
	struct downtime down = downtime_of(&facts);
	if (r->last_utc_ms == 0) {
		write_start(d);
		return 0;
	}
	write_down(d, r, &down);
	if (down.moved_ms != 0)
		write_step(d, &down);
	d->clock_behind = facts.now_utc_ms < r->last_utc_ms;
	write_start(d);
	return down.by == DOWNTIME_UNKNOWN ? ENGINE_SINCE_UNKNOWN : down.from_utc_ms;
}

void
life_ends(struct daemon *d)
{
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	json_int(&b, "open_alarms", (int64_t)alarms_count(engine_alarms(d->engine)));
	life_event(d, EVENT_DAEMON_STOP, &b);
}
