// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See summary_rules.h: loops, doors, fire doors, effects, patrols, the dead-man watch,
// what is told of links that come and go. Pure but for the stream it writes to.
// English, as all of --check.
#include "config/summary_rules.h"

#include <math.h>

#include "config/units.h"

enum {
	TEXT_SIZE = 32
};

static void
print_ms(const char *before, uint32_t ms, FILE *out)
{
	char text[TEXT_SIZE];

	(void)fprintf(out, "%s%s", before, units_show_ms(ms, text));
}

static void
print_days(uint8_t days, FILE *out)
{
	if (days == (1U << WEEK_DAYS) - 1) {
		(void)fprintf(out, " each day");
		return;
	}
	for (unsigned d = 0; d < WEEK_DAYS; d++)
		if (days & 1U << d)
			(void)fprintf(out, " %s", schedule_day_name(d));
}

static void
print_minute(uint16_t min, FILE *out)
{
	(void)fprintf(out, " %02u:%02u", min / 60U, min % 60U);
}

static void
print_hours(const char *before, const struct schedule *h, FILE *out)
{
	for (uint8_t i = 0; i < h->n; i++) {
		(void)fprintf(out, "%s", i == 0 ? before : ",");
		print_days(h->spans[i].days, out);
		print_minute(h->spans[i].from_min, out);
		(void)fprintf(out, " to");
		print_minute(h->spans[i].to_min, out);
	}
}

// "  door-1               door: "
static void
begin(const char *id, const char *what, FILE *out)
{
	(void)fprintf(out, "  %-28s %-17s ", id, what);
}

static void
print_loop(const struct loop_def *l, FILE *out)
{
	begin(l->id, "loop", out);
	for (uint8_t i = 0; i < l->table.n; i++) {
		const struct loop_step *step = &l->table.steps[i];

		(void)fprintf(out, "%s", loop_band_name(step->band));
		if (i + 1 < l->table.n)
			(void)fprintf(out, " below %g, ", step->below);
	}
	print_ms(" above; a fault after ", l->table.fault_delay_ms, out);
	(void)fputc('\n', out);
}

static void
print_door(const struct site *s, const struct door_def *d, FILE *out)
{
	const struct door_rule *r = &d->rule;

	begin(s->points[d->point].id, "door", out);
	(void)fprintf(out, "%s", r->forced ? "forced without a grant" : "never forced");
	for (uint8_t i = 0; i < d->n_grants; i++) {
		const struct grant_def *g = &s->grants[d->grants[i]];

		(void)fprintf(
		    out, "%s%s", i == 0 ? " of " : ", ", s->points[g->point].id);
		if (g->stuck_ms > 0)
			print_ms(" (stuck after ", g->stuck_ms, out);
		(void)fprintf(out, "%s", g->stuck_ms > 0 ? ")" : "");
	}
	if (d->n_grants > 0) {
		print_ms(" within ", r->window_ms, out);
		print_ms(", locked ", r->relock_ms, out);
		print_ms(" after an opening, judged after ", r->settle_ms, out);
		if (d->settles_by_plan)
			(void)fprintf(
			    out, " (a grant is told by then, lost replies and all)");
	}
	if (r->held_ms > 0) {
		print_ms("; held after ", r->held_ms, out);
		print_ms(", warned ", r->held_soon_ms, out);
		(void)fprintf(out, " before");
	} else {
		(void)fprintf(out, "; may stay open");
	}
	print_hours("; unlocked", &d->unlocked, out);
	(void)fputc('\n', out);
}

static void
print_fire_door(const struct site *s, const struct fire_door_def *d, FILE *out)
{
	const struct fire_door_rule *r = &d->rule;

	begin(s->points[d->closed].id, "fire door", out);
	if (r->normally_open) {
		print_ms("normally open; a fault closed for ", r->closed_ms, out);
	} else {
		print_ms("normally closed; told open for ", r->open_ms, out);
		print_ms(", a fault after ", r->fault_ms, out);
	}
	if (d->release != UINT32_MAX) {
		(void)fprintf(out, "; released by %s", s->points[d->release].id);
		print_ms(", closed within ", r->feedback_ms, out);
	}
	if (d->line_fault != UINT32_MAX)
		(void)fprintf(out, "; line %s", s->points[d->line_fault].id);
	(void)fputc('\n', out);
}

static void
print_bound(const struct pump_def *d, enum pump_finding f, FILE *out)
{
	const struct pump_bound *b = &d->rule.bounds[f];

	if (!b->set)
		return;
	(void)fprintf(out, "; %s", pump_finding_name(f));
	if (b->limit > 0)
		(void)fprintf(out, " %g %s", b->limit, pump_finding_unit(f));
	if (b->hysteresis > 0)
		(void)fprintf(out, " (ends %g back)", b->hysteresis);
	if (b->after_ms > 0)
		print_ms(f == PUMP_LEAK_DOWN ? " over " : " after ", b->after_ms, out);
	if (b->off_ms > 0)
		print_ms(", ends after ", b->off_ms, out);
	if (f == PUMP_LEAK_DOWN)
		print_hours(" in", &d->night, out);
}

static void
print_pump(const struct site *s, const struct pump_def *d, FILE *out)
{
	begin(d->id, d->rule.role == PUMP_JOCKEY ? "jockey pump" : "main pump", out);
	(void)fprintf(out, "gauge %s", s->points[d->gauge].id);
	if (d->second_gauge != UINT32_MAX)
		(void)fprintf(out, " and %s", s->points[d->second_gauge].id);
	if (d->run != UINT32_MAX)
		(void)fprintf(out, "; runs by %s", s->points[d->run].id);
	else
		(void)fprintf(out, "; runs by turns of %g kPa", d->rule.swing);
	for (enum pump_finding f = 0; f < PUMP_FINDING_COUNT; f++)
		print_bound(d, f, out);
	if (d->weekly_start)
		(void)fprintf(out, "; a start by itself each week");
	if (d->monthly_run)
		(void)fprintf(out, "; a run by hand each month");
	(void)fputc('\n', out);
}

static void
print_patrol(const struct site *s, const struct patrol_def *p, FILE *out)
{
	begin(p->id, "patrol", out);
	(void)fprintf(out, "begins");
	print_days(p->days, out);
	for (uint8_t i = 0; i < p->n_starts; i++)
		print_minute(p->starts[i], out);
	for (uint8_t i = 0; i < p->rule.n; i++) {
		(void)fprintf(
		    out, "%s%s", i == 0 ? "; " : ", ", s->points[p->points[i]].id);
		print_ms(" ", p->rule.stops[i].from_ms, out);
		print_ms(" to ", p->rule.stops[i].to_ms, out);
	}
	print_ms("; from ", p->rule.early_ms, out);
	print_ms(" before it on; again within ", p->rule.repeat_ms, out);
	(void)fprintf(out, " does not count\n");
}

static void
print_interval(const char *when, uint32_t ms, FILE *out)
{
	if (ms > 0)
		print_ms("asks after ", ms, out);
	else
		(void)fprintf(out, "asks nobody");
	(void)fprintf(out, " %s", when);
}

static void
print_deadman(const struct site *s, FILE *out)
{
	const struct deadman_def *d = s->deadman;

	begin("@deadman", "dead-man watch", out);
	print_interval("by day, ", d->rule.day_ms, out);
	print_interval("by night", d->rule.night_ms, out);
	print_hours(" (night", &d->night, out);
	(void)fprintf(out, "%s", d->night.n > 0 ? ")" : "");
	if (d->rule.spread_ms > 0)
		print_ms(", up to ", d->rule.spread_ms, out);
	(void)fprintf(out, "%s", d->rule.spread_ms > 0 ? " sooner by chance" : "");
	print_ms("; an alarm ", d->rule.answer_ms, out);
	(void)fprintf(out, " after; answered at the desk");
	for (uint8_t i = 0; i < d->n_points; i++)
		(void)fprintf(out, ", %s", s->points[d->points[i]].id);
	(void)fputc('\n', out);
}

static void
print_suppression(const struct site *s, const struct suppression_def *d, FILE *out)
{
	begin(d->id, "suppression", out);
	(void)fprintf(out, "of %u points while %s is %s", d->n_points,
	    s->points[d->source].id,
	    d->rule.while_it_is == CONTACT_ACTIVE ? "active" : "not active");
	if (d->rule.hold_ms > 0)
		print_ms(" and for ", d->rule.hold_ms, out);
	(void)fprintf(out, "%s\n", d->rule.hold_ms > 0 ? " after" : "");
}

static double
scaled(const struct point_scale *by, double signal)
{
	return signal * by->factor + by->offset;
}

static void
print_number(double n, const char *unit, FILE *out)
{
	(void)fprintf(out, "%.6g%s%s", n, unit[0] != '\0' ? " " : "", unit);
}

// What the input gives and what that is, from the broken wire up.
static void
print_live_zero(
    const struct point_scale *by, const char *from, const char *to, FILE *out)
{
	double low, high;

	signal_ends(by->zero, by->full, &low, &high);
	print_number(by->zero, from, out);
	(void)fprintf(out, " is ");
	print_number(scaled(by, by->zero), to, out);
	(void)fprintf(out, ", ");
	print_number(by->full, from, out);
	(void)fprintf(out, " is ");
	print_number(scaled(by, by->full), to, out);
	(void)fprintf(out, "; a broken sensor or wire (NE 43): ");
	print_number(low, from, out);
	(void)fprintf(out, " and less, ");
	print_number(high, from, out);
	(void)fprintf(out, " and more\n");
}

void
summary_signal_print(const struct site *s, const struct point *p, FILE *out)
{
	const struct profile *profile;
	const struct profile_item *item;
	const char *to = units_base(point_kind_quantity(p->kind));

	if (p->scale == NULL || p->device == INDEX_NONE)
		return;
	profile = s->devices[p->device].profile;
	item = &profile->items[p->item];
	if (p->scale->full > p->scale->zero) {
		begin("", "live zero", out);
		print_live_zero(p->scale,
		    units_base(profile->decoders[item->decoder].quantity), to, out);
		return;
	}
	begin("", "no live zero", out);
	(void)fprintf(out,
	    "the pairs of its scale are not the two ends of a signal such as "
	    "4 to 20 mA; a broken wire is told by item %s, or by nothing\n",
	    item->name);
}

static void
print_trigger(const struct site *s, const struct effect_trigger *t, FILE *out)
{
	if (t->point != UINT32_MAX)
		(void)fprintf(out, " %s", s->points[t->point].id);
	if (t->conditions == 0)
		(void)fprintf(out, " class %s", class_name(t->alarm_class));
	for (enum condition c = 0; c < COND_COUNT; c++)
		if ((t->conditions & 1U << c) != 0)
			(void)fprintf(out, " %s", condition_name(c));
	if (t->code[0] != '\0')
		(void)fprintf(out, "/%s", t->code);
	if (t->zone != INDEX_NONE)
		(void)fprintf(out, " in %s", s->zones[t->zone].id);
}

static void
print_what(const struct site *s, const struct effect_def *d, FILE *out)
{
	const char *id = s->points[d->point].id;

	(void)fprintf(out, "%s", id);
	if (d->by == EFFECT_BY_VALUE) {
		if (!isnan(d->least))
			(void)fprintf(out, " %g or more", d->least);
		if (!isnan(d->most))
			(void)fprintf(out, " %g or less", d->most);
		return;
	}
	(void)fprintf(out, " %s", d->inverse ? "known not to be" : "is");
	if (d->by == EFFECT_BY_CONTACT)
		(void)fprintf(out, " active");
	for (enum condition c = 0; d->by != EFFECT_BY_CONTACT && c < COND_COUNT; c++)
		if ((d->conditions & 1U << c) != 0)
			(void)fprintf(out, " %s", condition_name(c));
	if (d->code[0] != '\0')
		(void)fprintf(out, "/%s", d->code);
}

static void
print_effect(const struct site *s, const struct effect_def *d, FILE *out)
{
	begin(d->id, "effect", out);
	print_what(s, d, out);
	print_ms(" within ", d->within_ms, out);
	(void)fprintf(out, " of");
	for (uint16_t i = 0; i < d->n_causes; i++) {
		(void)fprintf(out, "%s", i > 0 ? "," : "");
		print_trigger(s, &d->causes[i], out);
	}
	if (d->told_ms > 0)
		print_ms("; told after ", d->told_ms, out);
	(void)fprintf(out, "%s\n", d->told_ms > 0 ? " at the latest" : "");
}

static void
print_report_plan(const struct report_plan *p, FILE *out)
{
	begin(p->id, "report", out);
	(void)fprintf(out, "%s at", report_name(p->report));
	print_minute(p->at_min, out);
	for (unsigned f = 0; f < REPORT_FORMAT_COUNT; f++)
		if ((p->formats >> f & 1u) != 0)
			(void)fprintf(
			    out, " %s", report_format_name((enum report_format)f));
	(void)fprintf(out, "%s", p->folder[0] != '\0' ? "; to folder " : "");
	(void)fprintf(out, "%s%s\n", p->folder,
	    p->url[0] != '\0' ? "; posted to an address" : "");
}

// id: of the point; "" = every point without a rule of its own.
static void
print_chatter(const char *id, const struct chatter_rule *r, FILE *out)
{
	begin(id, "chatter", out);
	if (r->count == 0) {
		(void)fprintf(out, "no alarm is held\n");
		return;
	}
	(void)fprintf(out, "an alarm that comes %u times", r->count);
	print_ms(" within ", r->within_ms, out);
	(void)fprintf(out, " is held");
	print_ms(" until it is quiet for ", r->quiet_ms, out);
	(void)fprintf(out, "; never a fire\n");
}

static void
print_repeat(const char *id, const struct repeat_rule *r, FILE *out)
{
	begin(id, "repeat", out);
	if (r->count == 0) {
		(void)fprintf(out, "no alarm is counted\n");
		return;
	}
	(void)fprintf(out, "an alarm that comes %u times", r->count);
	print_ms(" within ", r->within_ms, out);
	(void)fprintf(out, " is a fault, repeat; no alarm is hidden\n");
}

void
summary_rules_print(const struct site *s, FILE *out)
{
	(void)fprintf(out, "rules\n");
	for (uint16_t i = 0; i < s->n_loops; i++)
		print_loop(&s->loops[i], out);
	for (uint16_t i = 0; i < s->n_doors; i++)
		print_door(s, &s->doors[i], out);
	for (uint16_t i = 0; i < s->n_fire_doors; i++)
		print_fire_door(s, &s->fire_doors[i], out);
	for (uint16_t i = 0; i < s->n_suppressions; i++)
		print_suppression(s, &s->suppressions[i], out);
	for (uint16_t i = 0; i < s->n_effects; i++)
		print_effect(s, &s->effects[i], out);
	for (uint16_t i = 0; i < s->n_pumps; i++)
		print_pump(s, &s->pumps[i], out);
	for (uint16_t i = 0; i < s->n_patrols; i++)
		print_patrol(s, &s->patrols[i], out);
	if (s->deadman != NULL)
		print_deadman(s, out);
	for (uint16_t i = 0; i < s->n_report_plans; i++)
		print_report_plan(&s->report_plans[i], out);
	print_chatter("", &s->chatter, out);
	for (uint32_t i = 0; i < s->n_points; i++)
		if (s->points[i].chatter != NULL)
			print_chatter(s->points[i].id, s->points[i].chatter, out);
	if (s->repeat.count > 0)
		print_repeat("", &s->repeat, out);
	for (uint32_t i = 0; i < s->n_points; i++)
		if (s->points[i].repeat != NULL)
			print_repeat(s->points[i].id, s->points[i].repeat, out);
}
