// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The events of the commissioning ledger and what a mark must say. Pure; any thread.
// The texts of a mark stand in the event's parameters, so the chain covers them.
#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/mem.h"
#include "store/commission.h"

static const char *
area_text(const struct site *s, const struct point *p)
{
	return area_name(s->devices[p->device].profile->items[p->item].area);
}

void
commission_wiring(
    const struct site *s, const struct point *p, char out[static WIRING_MAX])
{
	const char *kind = point_kind_name(p->kind);
	const char *turned = p->active_low ? " active low" : "";

	if (p->gpio != INDEX_NONE)
		(void)snprintf(out, WIRING_MAX, "%s line %s %s%s", s->gpios[p->gpio].id,
		    p->line, kind, turned);
	else if (p->device != INDEX_NONE)
		(void)snprintf(out, WIRING_MAX, "%s unit %u %s %u %s%s",
		    s->devices[p->device].id, s->devices[p->device].unit,
		    area_text(s, p), p->pdu, kind, turned);
	else
		(void)snprintf(out, WIRING_MAX, "%s%s", kind, turned);
}

bool
commission_mark_is_founded(
    const struct commission_state *st, const struct commission_mark *m)
{
	return m->verdict != COMMISSION_PROVEN || st->sight.onset_seq != 0 ||
	       m->note[0] != '\0';
}

static bool
put_params(struct event *e, struct buf *b)
{
	json_close(b, '}');
	bool fits = str_copy(e->params, sizeof(e->params), b->data);
	buf_free(b);
	return fits;
}

static const char *
or_none(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

bool
commission_mark_event(const struct site *s, const struct commission_state *st,
    const struct commission_mark *m, const char *who, struct event *out)
{
	const struct point *p = &s->points[st->point];
	bool seen = st->sight.onset_seq != 0;
	struct buf b = { 0 };

	event_init(out, EVENT_COMMISSION_MARK);
	(void)str_copy(out->point, sizeof(out->point), p->id);
	(void)str_copy(out->place_zh, sizeof(out->place_zh), p->place_zh);
	(void)str_copy(out->place_en, sizeof(out->place_en), p->place_en);
	(void)str_copy(out->actor, sizeof(out->actor), who);
	out->condition = (int)st->expected;
	out->cause_seq = st->sight.onset_seq;
	json_open(&b, NULL, '{');
	json_str(&b, "verdict", commission_verdict_name(m->verdict));
	json_str(&b, "expected", condition_name(st->expected));
	json_str(&b, "at_panel", or_none(m->at_panel));
	json_str(&b, "here", seen ? condition_name(st->expected) : NULL);
	if (seen)
		json_int(&b, "here_seq", st->sight.onset_seq);
	else
		json_none(&b, "here_seq");
	json_str(&b, "note", or_none(m->note));
	json_str(&b, "wiring", st->wiring);
	return put_params(out, &b);
}

void
commission_walk_event(const char *scope, const char *target, bool open, const char *who,
    struct event *out)
{
	struct buf b = { 0 };

	event_init(out, open ? EVENT_COMMISSION_OPEN : EVENT_COMMISSION_CLOSE);
	(void)str_copy(out->actor, sizeof(out->actor), who);
	json_open(&b, NULL, '{');
	json_str(&b, "scope", scope);
	json_str(&b, "target", target);
	bool fits = put_params(out, &b);
	wr_assert(fits); // an id is short
}

struct commission_range
commission_all(const struct site *s)
{
	return (struct commission_range){ 0, s->n_site_points };
}
