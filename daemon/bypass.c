// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See bypass.h. As a setting it reads "FROM UNTIL NAME REASON", times in UTC ms; an
// empty one is none.
#include "bypass.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/point.h"
#include "engine_impl.h"
#include "lib/log.h"
#include "lib/mem.h"

static void
key_of(const struct point *p, char out[static META_KEY_MAX])
{
	(void)snprintf(out, META_KEY_MAX, META_RULE "bypass/%s", p->id);
}

static void
keep(const struct bypass *b, struct works *works, const struct point *p)
{
	char key[META_KEY_MAX], value[META_VALUE_MAX] = "";
	key_of(p, key);
	if (b->on)
		(void)snprintf(value, sizeof(value), "%lld %lld %s %s",
		    (long long)b->from_utc_ms, (long long)b->until_utc_ms, b->by,
		    b->reason);
	works_meta(works, key, value);
}

void
bypass_start(struct bypass *b, struct works *works, const struct loop *loop,
    const struct point *p, const struct bypass_order *order)
{
	b->on = true;
	b->from_utc_ms = loop_utc_ms(loop);
	b->until_utc_ms = b->from_utc_ms + (int64_t)order->seconds * 1000;
	b->until_ms = loop_now_ms(loop) + (int64_t)order->seconds * 1000;
	(void)str_copy(b->by, sizeof(b->by), order->actor);
	(void)str_copy(b->reason, sizeof(b->reason), order->reason);
	struct event ev;
	event_init(&ev, EVENT_BYPASS_START);
	engine_describe_point(p, &ev);
	(void)str_copy(ev.actor, sizeof(ev.actor), order->actor);
	struct buf json = { 0 };
	json_open(&json, NULL, '{');
	json_int(&json, "seconds", order->seconds);
	json_int(&json, "until_utc_ms", b->until_utc_ms);
	json_str(&json, "reason", order->reason);
	engine_put_params(&ev, &json);
	(void)works_event(works, &ev);
	keep(b, works, p);
}

void
bypass_end(
    struct bypass *b, struct works *works, const struct point *p, const char *actor)
{
	struct event ev;
	event_init(&ev, EVENT_BYPASS_END);
	engine_describe_point(p, &ev);
	(void)str_copy(ev.actor, sizeof(ev.actor), actor);
	struct buf json = { 0 };
	json_open(&json, NULL, '{');
	json_str(&json, "cause", actor[0] != '\0' ? "ended" : "expired");
	json_str(&json, "by", b->by);
	engine_put_params(&ev, &json);
	(void)works_event(works, &ev);
	b->on = false;
	keep(b, works, p);
}

static bool
parse(struct bypass *b, const char *text)
{
	char *rest;
	b->from_utc_ms = strtoll(text, &rest, 10);
	if (*rest != ' ')
		return false;
	b->until_utc_ms = strtoll(rest + 1, &rest, 10);
	const char *name = rest + 1;
	const char *space = *rest == ' ' ? strchr(name, ' ') : NULL;
	if (space == NULL || (size_t)(space - name) >= sizeof(b->by) || space == name)
		return false;
	memcpy(b->by, name, (size_t)(space - name));
	b->by[space - name] = '\0';
	return str_copy(b->reason, sizeof(b->reason), space + 1);
}

void
bypass_recover(struct bypass *b, const struct loop *loop, const struct point *p,
    const struct recovered *r)
{
	char key[META_KEY_MAX];
	key_of(p, key);
	for (size_t i = 0; i < r->n_metas; i++) {
		if (strcmp(r->metas[i].key, key) != 0 || r->metas[i].value[0] == '\0')
			continue;
		b->on = parse(b, r->metas[i].value);
		if (!b->on)
			log_warnx(
			    "doors", "the bypass of point %s cannot be read", p->id);
	}
	// A clock that is behind makes it no longer than it was meant to be.
	int64_t left = b->until_utc_ms - loop_utc_ms(loop);
	if (left > b->until_utc_ms - b->from_utc_ms)
		left = b->until_utc_ms - b->from_utc_ms;
	b->until_ms = loop_now_ms(loop) + (left > 0 ? left : 0);
}

bool
bypass_ends_soon(const struct bypass *b, int64_t now_ms)
{
	return b->on && b->until_utc_ms - b->from_utc_ms > BYPASS_WARNING_MS &&
	       b->until_ms - now_ms <= BYPASS_WARNING_MS;
}

int64_t
bypass_due(const struct bypass *b, int64_t now_ms)
{
	if (!b->on)
		return -1;
	bool warns = b->until_utc_ms - b->from_utc_ms > BYPASS_WARNING_MS &&
		     b->until_ms - now_ms > BYPASS_WARNING_MS;
	return warns ? b->until_ms - BYPASS_WARNING_MS : b->until_ms;
}

void
bypass_json(const struct bypass *b, struct buf *out)
{
	if (!b->on) {
		json_none(out, "bypass");
		return;
	}
	json_open(out, "bypass", '{');
	json_str(out, "by", b->by);
	json_time(out, "from", b->from_utc_ms);
	json_time(out, "until", b->until_utc_ms);
	json_str(out, "reason", b->reason);
	json_close(out, '}');
}
