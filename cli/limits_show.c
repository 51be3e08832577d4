// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See limits_show.h. Pressures are shown in MPa, as gauges are read here; what is typed
// into the site file has its unit with it.
#include "cli/limits_show.h"

#include <math.h>

#include "config/units.h"

struct unit {
	const char *name;
	double per; // base units
	int digits;
};

static struct unit
unit_of(const struct limits_of *g)
{
	enum quantity q =
	    g->point != NULL ? point_kind_quantity(g->point->kind) : QUANTITY_PRESSURE;

	if (q == QUANTITY_PRESSURE)
		return (struct unit){ "MPa", 1000, 3 };
	return (struct unit){ units_base(q), 1, 2 };
}

static const struct limit *
limit_now(const struct limits_of *g, enum limit_kind k)
{
	static const struct limit none;

	return g->point != NULL && g->point->limits != NULL ? &g->point->limits[k]
							    : &none;
}

static void
put_value(struct buf *b, const struct unit *u, double value)
{
	buf_printf(b, "%.*f", u->digits, value / u->per);
}

// "0.612 to 0.718 MPa"
static void
put_range(
    struct buf *b, const struct unit *u, double from, double to, const char *between)
{
	put_value(b, u, from);
	buf_printf(b, " %s ", between);
	put_value(b, u, to);
	buf_printf(b, " %s", u->name);
}

static void
put_limit(struct buf *b, const struct unit *u, const struct limit *l)
{
	if (!l->set) {
		buf_printf(b, "  %12s", "-");
		return;
	}
	buf_printf(b, "  %8.*f %-3s", u->digits, l->value / u->per, u->name);
}

static void
put_row(
    const struct limits_of *g, enum limit_kind k, const struct unit *u, struct buf *b)
{
	const struct limit *proposed = &g->proposal.of[k], *now = limit_now(g, k);

	buf_printf(b, "    %-10s", limit_name(k));
	put_limit(b, u, proposed);
	buf_printf(b, " %6u", proposal_count(proposed, k, g->minutes, g->n));
	put_limit(b, u, now);
	buf_printf(b, " %6u\n", proposal_count(now, k, g->minutes, g->n));
}

static void
put_line(const struct limits_of *g, const struct unit *u, struct buf *b)
{
	bool first = true;

	buf_str(b, "    limits: {");
	for (enum limit_kind k = 0; k < LIMIT_COUNT; k++) {
		const struct limit *l = &g->proposal.of[k];
		if (!l->set)
			continue;
		buf_printf(b, "%s%s: {value: %.*f%s, hysteresis: %.*f%s}",
		    first ? "" : ", ", limit_name(k), u->digits, l->value / u->per,
		    u->name, u->digits, l->hysteresis / u->per, u->name);
		first = false;
	}
	buf_str(b, "}\n");
}

static void
put_refusal(
    const struct limits_of *g, const struct unit *u, enum lang lang, struct buf *b)
{
	const struct proposal *p = &g->proposal;

	buf_str(b, "  ");
	switch (p->refusal) {
	case PROPOSAL_FEW_DAYS:
		buf_printf(b, "%s: %u / %d", text_get(lang, "limits.few_days"), p->days,
		    PROPOSAL_DAYS);
		break;
	case PROPOSAL_STANDS_STILL:
		buf_printf(b, "%s: ", text_get(lang, "limits.stands_still"));
		put_value(b, u, p->lowest);
		buf_printf(b, " %s", u->name);
		break;
	case PROPOSAL_LEVEL_MOVED:
		buf_printf(b, "%s: ", text_get(lang, "limits.level_moved"));
		put_range(b, u, p->week_low, p->week_high, text_get(lang, "limits.to"));
		break;
	case PROPOSAL_OK:
		break;
	}
	buf_str(b, "\n");
}

void
limits_text(const struct limits_of *g, enum lang lang, struct buf *out)
{
	const struct proposal *p = &g->proposal;
	const struct unit u = unit_of(g);

	buf_printf(out, "%s", g->id);
	if (g->point != NULL)
		buf_printf(out, "  %s",
		    lang == LANG_ZH && g->point->place_zh[0] != '\0'
			? g->point->place_zh
			: g->point->place_en);
	buf_printf(out, "\n  %s %zu; %s %zu, %s %zu, %s %zu\n",
	    text_get(lang, "limits.minutes"), g->n,
	    text_get(lang, "limits.without_value"), g->without_value,
	    text_get(lang, "limits.pump_ran"), g->pump_ran,
	    text_get(lang, "limits.isolated"), g->isolated);
	if (p->refusal != PROPOSAL_OK) {
		put_refusal(g, &u, lang, out);
		return;
	}
	const char *to = text_get(lang, "limits.to");
	buf_printf(out, "  %s ", text_get(lang, "limits.normal"));
	put_range(out, &u, p->low_edge, p->high_edge, to);
	buf_printf(out, "; %s ", text_get(lang, "limits.extremes"));
	put_range(out, &u, p->lowest, p->highest, to);
	buf_printf(out, "\n    %s\n", text_get(lang, "limits.head"));
	for (enum limit_kind k = 0; k < LIMIT_COUNT; k++)
		put_row(g, k, &u, out);
	put_line(g, &u, out);
}

static const char *
refusal_name(enum proposal_refusal r)
{
	static const char *const names[] = { [PROPOSAL_FEW_DAYS] = "few_days",
		[PROPOSAL_STANDS_STILL] = "stands_still",
		[PROPOSAL_LEVEL_MOVED] = "level_moved" };

	return r == PROPOSAL_OK ? NULL : names[r];
}

static void
put_limit_json(struct buf *b, const char *key, const struct limits_of *g,
    const struct limit *l, enum limit_kind k)
{
	if (!l->set) {
		json_none(b, key);
		return;
	}
	json_open(b, key, '{');
	json_double(b, "value", l->value);
	json_double(b, "hysteresis", l->hysteresis);
	json_int(b, "times", proposal_count(l, k, g->minutes, g->n));
	json_close(b, '}');
}

void
limits_json(const struct limits_of *g, struct buf *out)
{
	const struct proposal *p = &g->proposal;
	bool ok = p->refusal == PROPOSAL_OK, any = p->refusal != PROPOSAL_FEW_DAYS;
	enum quantity q =
	    g->point != NULL ? point_kind_quantity(g->point->kind) : QUANTITY_PRESSURE;

	json_open(out, NULL, '{');
	json_str(out, "point", g->id);
	json_str(out, "unit", units_base(q));
	json_int(out, "minutes", (int64_t)g->n);
	json_int(out, "days", p->days);
	json_int(out, "without_value", (int64_t)g->without_value);
	json_int(out, "pump_ran", (int64_t)g->pump_ran);
	json_int(out, "isolated", (int64_t)g->isolated);
	json_str(out, "refusal", refusal_name(p->refusal));
	json_double(out, "low_edge", any ? p->low_edge : (double)NAN);
	json_double(out, "high_edge", any ? p->high_edge : (double)NAN);
	json_double(out, "lowest", any ? p->lowest : (double)NAN);
	json_double(out, "highest", any ? p->highest : (double)NAN);
	json_open(out, "limits", '{');
	for (enum limit_kind k = 0; k < LIMIT_COUNT; k++) {
		static const struct limit none;
		json_open(out, limit_name(k), '{');
		put_limit_json(out, "proposed", g, ok ? &p->of[k] : &none, k);
		put_limit_json(out, "now", g, limit_now(g, k), k);
		json_close(out, '}');
	}
	json_close(out, '}');
	json_close(out, '}');
}
