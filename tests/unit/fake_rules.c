// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The daemon that is not there (console_fixture.h): what it is asked of rules.
#include <stdio.h>

#include "console_fixture.h"

void
fake_bypass(void *ctx, uint32_t point, const struct bypass_order *order, reply_fn *done,
    void *arg)
{
	struct fake_daemon *d = ctx;

	(void)snprintf(d->last, sizeof(d->last), "bypass %u %s %u %s", point,
	    order->actor, order->seconds, order->reason);
	fake_command(d, done, arg);
}

void
fake_flag(void *ctx, const struct flag_order *o, reply_fn *done, void *arg)
{
	struct fake_daemon *d = ctx;

	(void)snprintf(d->last, sizeof(d->last), "%s %s %u %s %s %u %s %s",
	    flag_name(o->flag), o->on ? "on" : "off", o->target,
	    o->flag == FLAG_SHELVED ? condition_name(o->condition) : "-", o->actor,
	    o->seconds, o->reason, o->measure);
	fake_command(d, done, arg);
}

void
fake_word(
    void *ctx, const struct event *e, const char *verdict, reply_fn *done, void *arg)
{
	struct fake_daemon *d = ctx;

	(void)snprintf(d->last, sizeof(d->last),
	    "%s %.20s [%.20s] [%.40s] %.20s %lld %.100s %.20s",
	    event_kind_name(e->kind), e->actor, e->point, e->place_zh, e->occurrence_id,
	    (long long)e->cause_seq, e->params, verdict);
	fake_command(d, done, arg);
}

uint32_t
fake_flag_page(
    void *ctx, enum alarm_flag flag, uint32_t from, unsigned limit, struct buf *out)
{
	(void)ctx;
	json_open(out, NULL, '{');
	json_str(out, "flag", flag_name(flag));
	json_int(out, "from", from);
	json_int(out, "limit", limit);
	json_close(out, '}');
	return from == 0 ? 7 : UINT32_MAX;
}

void
fake_rules_json(void *ctx, struct buf *out)
{
	(void)ctx;
	json_none(out, "deadman");
}

void
fake_alive(void *ctx, const char *actor, reply_fn *done, void *arg)
{
	struct fake_daemon *d = ctx;

	(void)snprintf(d->last, sizeof(d->last), "alive %s", actor);
	fake_command(d, done, arg);
}

void
fake_bypass_end(void *ctx, uint32_t point, const char *actor, reply_fn *done, void *arg)
{
	struct fake_daemon *d = ctx;

	(void)snprintf(d->last, sizeof(d->last), "bypass-end %u %s", point, actor);
	fake_command(d, done, arg);
}

void
fake_patrol_json(void *ctx, uint16_t patrol, struct buf *out)
{
	(void)ctx;
	json_open(out, NULL, '{');
	json_int(out, "patrol", patrol);
	json_close(out, '}');
}
