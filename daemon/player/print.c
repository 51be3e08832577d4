// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See print.h. Times are those of the recording; nothing printed depends on the
// machine, the day or the run, so that two replays of a file can be compared line by
// line.
#include "player/print.h"

#include <math.h>
#include <string.h>

#include "core/condition.h"
#include "core/point.h"
#include "lib/buf.h"
#include "lib/mem.h"

// Of a quantity's base unit (core/profile.h).
static const char *
unit_of(enum quantity q)
{
	static const char *const names[QUANTITY_COUNT] = {
		[QUANTITY_NONE] = "",
		[QUANTITY_PRESSURE] = " kPa",
		[QUANTITY_LEVEL] = " m",
		[QUANTITY_TEMPERATURE] = " degC",
		[QUANTITY_CURRENT] = " mA",
		[QUANTITY_VOLTAGE] = " V",
		[QUANTITY_RESISTANCE] = " ohm",
		[QUANTITY_RATIO] = " %",
		[QUANTITY_DURATION] = " s",
		[QUANTITY_OBSCURATION] = " %/m",
		[QUANTITY_NUMBER] = "",
	};

	return names[q];
}

static bool
is_number(const struct sample *s)
{
	return s->kind == SAMPLE_ANALOG || s->kind == SAMPLE_COUNT;
}

static bool
differ(double a, double b)
{
	return isnan(a) ? !isnan(b) : isnan(b) || a < b || a > b;
}

static bool
is_news(const struct print *p, const struct sample *s)
{
	const struct sample *last = &p->last[s->point];

	if (!p->printed[s->point] || s->kind == SAMPLE_EDGE || s->kind != last->kind ||
	    s->quality != last->quality || s->n_codes != last->n_codes ||
	    s->silent != last->silent)
		return true;
	for (unsigned i = 0; i < s->n_codes; i++)
		if (s->codes[i].condition != last->codes[i].condition ||
		    s->codes[i].code != last->codes[i].code)
			return true;
	if (s->kind == SAMPLE_CODE)
		return s->raw != last->raw;
	return differ(s->value, last->value);
}

// "fire/smoke", or the condition alone where the code has no name.
static void
add_meaning(struct buf *b, enum condition c, const char *code)
{
	size_t len = strlen(condition_name(c));
	bool named = strncmp(code, condition_name(c), len) == 0 && code[len] == '/';

	if (named)
		buf_str(b, code);
	else if (code[0] != '\0')
		buf_printf(b, "%s/%s", condition_name(c), code);
	else
		buf_str(b, condition_name(c));
}

static const char *
kind_name(enum sample_kind k)
{
	switch (k) {
	case SAMPLE_LEVEL:
		return "level";
	case SAMPLE_ANALOG:
		return "analog";
	case SAMPLE_EDGE:
		return "edge";
	case SAMPLE_COUNT:
		return "count";
	case SAMPLE_CODE:
		return "code";
	}
	wr_unreachable("sample_kind");
}

static void
add_value(struct buf *b, const struct print *p, const struct sample *s)
{
	const struct point *point = &p->site->points[s->point];

	if (s->kind == SAMPLE_CODE || s->kind == SAMPLE_EDGE)
		buf_printf(b, " %04X", s->raw);
	else if (isnan(s->value))
		buf_str(b, " none");
	else
		buf_printf(b, " %.7g%s", s->value,
		    is_number(s) ? unit_of(point_kind_quantity(point->kind)) : "");
}

// Of which conditions it speaks, where not of all.
static void
add_scope(struct buf *b, uint16_t silent)
{
	buf_str(b, " only");
	for (enum condition c = 0; c < COND_COUNT; c++)
		if ((silent & 1U << c) == 0 && c != COND_LINK)
			buf_printf(b, " %s", condition_name(c));
}

// The meanings of a sample, as text or as a JSON array.
static void
add_sample(struct buf *b, const struct print *p, const struct sample *s)
{
	if (s->quality == QUALITY_GOOD || s->quality == QUALITY_UNCERTAIN)
		add_value(b, p, s);
	for (unsigned i = 0; i < s->n_codes; i++) {
		buf_str(b, " ");
		add_meaning(b, s->codes[i].condition, p->site->codes[s->codes[i].code]);
	}
	if (s->n_codes == 0 && s->kind == SAMPLE_CODE && s->quality == QUALITY_GOOD)
		buf_str(b, " normal");
	if (s->silent != 0 && s->kind == SAMPLE_CODE)
		add_scope(b, s->silent);
}

static void
json_head(struct buf *b, long long ms, const char *what, const char *point)
{
	json_open(b, NULL, '{');
	json_int(b, "ms", ms);
	json_str(b, "what", what);
	json_str(b, "point", point[0] != '\0' ? point : NULL);
}

static void
json_sample(struct buf *b, const struct print *p, const struct sample *s)
{
	json_str(b, "kind", kind_name(s->kind));
	json_str(b, "quality", quality_name(s->quality));
	json_double(b, "value", s->kind == SAMPLE_CODE ? (double)NAN : s->value);
	json_int(b, "raw", s->raw);
	json_open(b, "conditions", '[');
	for (unsigned i = 0; i < s->n_codes; i++) {
		json_open(b, NULL, '{');
		json_str(b, "condition", condition_name(s->codes[i].condition));
		json_str(b, "code", p->site->codes[s->codes[i].code]);
		json_close(b, '}');
	}
	json_close(b, ']');
}

static void
finish(const struct print *p, struct buf *b)
{
	if (p->json)
		json_close(b, '}');
	(void)fprintf(p->out, "%s\n", b->data);
	buf_free(b);
}

void
print_sample(struct print *p, long long ms, const struct sample *s)
{
	const char *id = p->site->points[s->point].id;
	struct buf b = { 0 };

	if (!is_news(p, s))
		return;
	p->last[s->point] = *s;
	p->printed[s->point] = true;
	if (p->json) {
		json_head(&b, ms, "sample", id);
		json_sample(&b, p, s);
	} else {
		buf_printf(&b, "%8lld sample %-20s %s %s", ms, id, kind_name(s->kind),
		    quality_name(s->quality));
		add_sample(&b, p, s);
	}
	finish(p, &b);
}

void
print_link(
    const struct print *p, long long ms, uint32_t point, bool lost, const char *code)
{
	const char *id = p->site->points[point].id;
	struct buf b = { 0 };

	if (p->json) {
		json_head(&b, ms, "link", id);
		json_bool(&b, "lost", lost);
		json_str(&b, "code", lost ? code : NULL);
	} else {
		buf_printf(&b, "%8lld link   %-20s %s%s%s", ms, id,
		    lost ? "lost" : "up", lost ? " " : "", lost ? code : "");
	}
	finish(p, &b);
}

static void
json_event(struct buf *b, const struct event *e)
{
	json_str(b, "kind", event_kind_name(e->kind));
	json_str(
	    b, "condition", e->condition >= 0 ? condition_name(e->condition) : NULL);
	json_str(b, "code", e->code[0] != '\0' ? e->code : NULL);
	json_str(b, "class", e->alarm_class >= 0 ? class_name(e->alarm_class) : NULL);
	json_double(b, "value", e->value);
	json_str(b, "quality", e->quality >= 0 ? quality_name(e->quality) : NULL);
	if (e->params[0] != '\0')
		json_raw(b, "params", e->params);
	else
		json_none(b, "params");
}

void
print_event(const struct print *p, long long ms, const struct event *e)
{
	struct buf b = { 0 };

	if (p->json) {
		json_head(&b, ms, "event", e->point);
		json_event(&b, e);
		finish(p, &b);
		return;
	}
	buf_printf(&b, "%8lld event  %-20s %s", ms,
	    e->point[0] != '\0' ? e->point : "-", event_kind_name(e->kind));
	if (e->condition >= 0) {
		buf_str(&b, " ");
		add_meaning(&b, e->condition, e->code);
	}
	if (e->alarm_class >= 0)
		buf_printf(&b, " class %s", class_name(e->alarm_class));
	if (!isnan(e->value))
		buf_printf(&b, " value %.7g", e->value);
	if (e->params[0] != '\0')
		buf_printf(&b, " %s", e->params);
	finish(p, &b);
}

void
print_open(const struct print *p, long long ms, const struct alarm_record *r)
{
	struct buf b = { 0 };

	if (p->json) {
		json_head(&b, ms, "open", r->point->id);
		json_str(&b, "condition", condition_name(r->a.condition));
		json_str(&b, "code", r->code);
		json_str(&b, "class", class_name(r->alarm_class));
		json_str(&b, "state", alarm_state_name(r->a.state));
	} else {
		buf_printf(&b, "%8lld open   %-20s ", ms, r->point->id);
		add_meaning(&b, r->a.condition, r->code);
		buf_printf(&b, " class %s %s", class_name(r->alarm_class),
		    alarm_state_name(r->a.state));
	}
	finish(p, &b);
}
