// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A trace as JSON with codes, and as lines in a person's language. The answer comes
// first: why each open alarm is heard or not, or why none is open; then the steps with
// their times and event numbers.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/flag.h"
#include "lib/mem.h"
#include "store/explain_impl.h"

// ---- the answer -----------------------------------------------------------------

// Of an open alarm: "hidden", or what its state says.
static const char *
why_alarm(const struct alarm_row *row)
{
	const struct alarm a = {
		.state = row->state,
		.condition = row->condition,
		.flags = row->flags,
		.test_onset = row->test_onset,
		.called_fire = row->alarm_class == CLASS_FIRE,
	};
	if (alarm_hidden(&a))
		return "hidden";
	if (row->alarm_class == CLASS_INFO && row->state == ALARM_ACKNOWLEDGED)
		return "asks_nothing"; // nobody has acknowledged it
	return alarm_state_name(row->state);
}

// Of a point without one. What stands between it and an alarm now only a running engine
// can tell.
static const char *
why_none(const struct explanation *x)
{
	if (x->stands)
		return "not_saved"; // its row waits for the store
	if (decision_stops(x->last_decision))
		return decision_name(x->last_decision);
	return x->live && x->last_decision == DECISION_COUNT ? "never_seen"
							     : "no_alarm";
}

// Whether `a` matters more to an operator than `z`: it is not hidden, it is of a higher
// class, it is newer.
static bool
matters_more(const struct alarm_row *a, const struct alarm_row *z)
{
	bool hides_a = strcmp(why_alarm(a), "hidden") == 0;
	bool hides_z = strcmp(why_alarm(z), "hidden") == 0;

	return hides_a != hides_z ? hides_z : a->alarm_class <= z->alarm_class;
}

static const char *
why(const struct explanation *x)
{
	const struct alarm_row *top = &x->alarms[0];

	for (unsigned i = 1; i < x->n_alarms; i++)
		if (matters_more(&x->alarms[i], top))
			top = &x->alarms[i];
	if (x->n_alarms > 0)
		return why_alarm(top);
	return x->occurrence[0] != '\0' ? "closed" : why_none(x);
}

// ---- JSON -----------------------------------------------------------------------

static void
put_flags(struct buf *b, uint8_t flags)
{
	static const enum alarm_flag all[] = { FLAG_SHELVED, FLAG_ISOLATED,
		FLAG_SUPPRESSED, FLAG_TEST_MODE };
	json_open(b, "flags", '[');
	for (size_t i = 0; i < 4; i++) {
		if ((flags & all[i]) != 0)
			json_str(b, NULL, flag_name(all[i]));
	}
	json_close(b, ']');
}

static void
put_alarm(struct buf *b, const struct alarm_row *row)
{
	json_open(b, NULL, '{');
	json_str(b, "occurrence", row->occurrence_id);
	json_str(b, "condition", condition_name(row->condition));
	json_str(b, "code", row->code[0] != '\0' ? row->code : NULL);
	json_str(b, "class", class_name(row->alarm_class));
	json_str(b, "state", alarm_state_name(row->state));
	json_str(b, "why", why_alarm(row));
	put_flags(b, row->flags);
	json_bool(b, "test", row->test_onset);
	json_time(b, "raised", row->raised_utc_ms);
	json_time(b, "acknowledged", row->acknowledged_utc_ms);
	json_str(b, "acknowledged_by",
	    row->acknowledged_by[0] != '\0' ? row->acknowledged_by : NULL);
	json_str(b, "ladder", row->ladder[0] != '\0' ? row->ladder : NULL);
	json_int(b, "ladder_next", row->ladder_next);
	if (row->onset_seq != 0)
		json_int(b, "seq", row->onset_seq);
	else
		json_none(b, "seq");
	json_close(b, '}');
}

static void
put_flag(struct buf *b, const struct flag_entry *f)
{
	json_open(b, NULL, '{');
	json_str(b, "flag", flag_name(f->flag));
	json_str(b, "target", f->target);
	json_str(b, "condition",
	    f->condition < 0 ? NULL : condition_name((enum condition)f->condition));
	json_str(b, "by", f->actor);
	json_time(b, "from", f->from_utc_ms);
	json_time(b, "until", f->until_utc_ms);
	json_str(b, "reason", f->reason);
	json_str(b, "measure", f->measure[0] != '\0' ? f->measure : NULL);
	json_close(b, '}');
}

// Decisions are kept in single precision: 0.6, not 0.60000002.
static double
value_of(const struct explain_step *s)
{
	char text[32];
	if (s->source != EXPLAIN_DECISION || !isfinite(s->event.value))
		return s->event.value;
	(void)snprintf(text, sizeof(text), "%.6g", s->event.value);
	return strtod(text, NULL);
}

static void
put_step(struct buf *b, const struct explain_step *s)
{
	static const char *const sources[] = { "event", "decision", "notice" };
	const struct event *e = &s->event;
	json_open(b, NULL, '{');
	json_time(b, "time", e->time_utc_ms);
	json_str(b, "source", sources[s->source]);
	if (e->seq != 0)
		json_int(b, "seq", e->seq);
	else
		json_none(b, "seq");
	json_str(b, "what", s->what);
	json_str(b, "point", e->point[0] != '\0' ? e->point : NULL);
	json_str(b, "condition",
	    e->condition >= 0 ? condition_name((enum condition)e->condition) : NULL);
	json_str(b, "code", e->code[0] != '\0' ? e->code : NULL);
	json_str(b, "occurrence", e->occurrence_id[0] ? e->occurrence_id : NULL);
	json_str(b, "actor", e->actor[0] != '\0' ? e->actor : NULL);
	json_double(b, "value", value_of(s));
	json_time(b, "not_before", e->not_before_utc_ms);
	if (e->cause_seq != 0)
		json_int(b, "cause_seq", e->cause_seq);
	else
		json_none(b, "cause_seq");
	json_raw(b, "params", e->params[0] != '\0' ? e->params : "{}");
	json_close(b, '}');
}

void
explain_json(const struct explanation *x, struct buf *b)
{
	json_open(b, NULL, '{');
	json_str(b, "point", x->point);
	json_str(b, "occurrence", x->occurrence[0] != '\0' ? x->occurrence : NULL);
	json_str(b, "why", why(x));
	json_bool(b, "live", x->live);
	json_open(b, "alarms", '[');
	for (unsigned i = 0; i < x->n_alarms; i++)
		put_alarm(b, &x->alarms[i]);
	json_close(b, ']');
	json_open(b, "flags", '[');
	for (unsigned i = 0; i < x->n_flags; i++)
		put_flag(b, &x->flags[i]);
	json_close(b, ']');
	json_open(b, "steps", '[');
	for (size_t i = 0; i < x->n_steps; i++)
		put_step(b, &x->steps[i]);
	json_close(b, ']');
	json_close(b, '}');
}

// ---- lines ----------------------------------------------------------------------

static void
put_time(struct buf *b, int64_t utc_ms)
{
	char when[40];
	time_t s = (time_t)(utc_ms / 1000);
	struct tm tm;
	(void)localtime_r(&s, &tm);
	(void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	buf_printf(b, "%s.%03d", when, (int)(utc_ms % 1000));
}

// "fire smoke": the condition's word and the code's, each where there is one.
static void
say_what(char out[static 256], enum lang l, int condition, const char *code)
{
	char key[40] = "";
	out[0] = '\0';
	if (condition >= 0)
		(void)snprintf(key, sizeof(key), "condition.%s",
		    condition_name((enum condition)condition));
	(void)snprintf(out, 256, "%s%s%s", key[0] != '\0' ? text_get(l, key) : "",
	    key[0] != '\0' && code[0] != '\0' ? " " : "",
	    code[0] != '\0' ? text_code(l, code) : "");
}

// A member of our own params: texts and numbers as they were written.
static void
param(const char *params, const char *name, char out[static 160])
{
	char key[40];
	(void)snprintf(key, sizeof(key), "\"%s\":", name);
	const char *at = strstr(params, key);
	out[0] = '\0';
	if (at == NULL)
		return;
	at += strlen(key);
	bool text = *at == '"';
	size_t n = strcspn(at + text, text ? "\"" : ",}");
	if (n < 160)
		(void)snprintf(out, 160, "%.*s", (int)n, at + text);
}

static void
put_sentence(struct buf *b, enum lang l, const char *key, const struct explain_step *s)
{
	static const char *const names[] = { "channel", "step", "attempts", "reason",
		"seconds", "state", "next", "round", "rule", "result", "count",
		"onsets", "all_onsets" };
	enum {
		N = sizeof(names) / sizeof(names[0])
	};
	char what[256], value[32] = "", found[N][160];
	struct text_value values[N + 4];
	say_what(what, l, s->event.condition, s->event.code);
	if (isfinite(s->event.value))
		(void)snprintf(value, sizeof(value), "%g", value_of(s));
	for (size_t i = 0; i < N; i++) {
		param(s->event.params, names[i], found[i]);
		values[i] = (struct text_value){ names[i], found[i] };
	}
	values[N] = (struct text_value){ "what", what };
	values[N + 1] = (struct text_value){ "value", value };
	values[N + 2] = (struct text_value){ "actor", s->event.actor };
	values[N + 3] = (struct text_value){ "word", s->event.code };
	text_fill(b, l, key, values, N + 4);
}

static void
put_line(struct buf *b, enum lang l, const struct explanation *x,
    const struct explain_step *s)
{
	char key[80];
	put_time(b, s->event.time_utc_ms);
	if (s->event.seq != 0)
		buf_printf(b, "  #%-8lld", (long long)s->event.seq);
	else
		buf_printf(b, "  %-9s", "-");
	if (strcmp(s->event.point, x->point) != 0)
		buf_printf(b, "  [%s]", s->event.point);
	buf_str(b, "  ");
	(void)snprintf(key, sizeof(key), "%s.%s",
	    s->source == EXPLAIN_DECISION ? "decision" : "explain.event", s->what);
	if (text_has(key)) {
		put_sentence(b, l, key, s);
	} else {
		(void)snprintf(key, sizeof(key), "event.%s", s->what);
		buf_str(b, text_get(l, key));
		if (s->event.params[0] != '\0')
			buf_printf(b, "  %s", s->event.params);
	}
	buf_str(b, "\n");
}

static void
put_answer(struct buf *b, enum lang l, const struct explanation *x)
{
	char key[60], what[256];
	for (unsigned i = 0; i < x->n_alarms; i++) {
		const struct alarm_row *row = &x->alarms[i];
		struct text_value v[] = {
			{ "what", what },
			{ "actor", row->acknowledged_by },
		};
		say_what(what, l, (int)row->condition, row->code);
		(void)snprintf(key, sizeof(key), "explain.why.%s", why_alarm(row));
		text_fill(b, l, key, v, 2);
		buf_printf(b, "  (%s)\n", row->occurrence_id);
	}
	if (x->n_alarms == 0) {
		(void)snprintf(key, sizeof(key), "explain.why.%s", why(x));
		buf_printf(b, "%s\n", text_get(l, key));
	}
}

static void
put_set(struct buf *b, enum lang l, const struct flag_entry *f)
{
	char key[40];
	struct buf until = { 0 };
	put_time(&until, f->until_utc_ms);
	(void)snprintf(key, sizeof(key), "flag.%s", flag_name(f->flag));
	const char *flag = text_get(l, key);
	const struct text_value v[] = {
		{ "flag", flag },
		{ "target", f->target },
		{ "actor", f->actor },
		{ "until", until.data },
		{ "reason", f->reason },
	};
	text_fill(b, l, "explain.flag", v, 5);
	buf_str(b, "\n");
	buf_free(&until);
}

void
explain_text(const struct explanation *x, enum lang l, struct buf *b)
{
	buf_printf(b, "%s\n", x->point);
	put_answer(b, l, x);
	for (unsigned i = 0; i < x->n_flags; i++)
		put_set(b, l, &x->flags[i]);
	if (!x->live)
		buf_printf(b, "%s\n", text_get(l, "explain.not_live"));
	buf_str(b, "\n");
	for (size_t i = 0; i < x->n_steps; i++)
		put_line(b, l, x, &x->steps[i]);
}
