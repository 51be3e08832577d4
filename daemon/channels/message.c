// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Turns a notice into the message that docs/webhook.md describes: codes and numbers for
// programs, a sentence in both languages for people. Runs in the delivery thread; pure
// but for the time zone. The sentence always carries place and class, whatever else is
// missing, and says so when the alarm is not saved or the message may be a repeat.
#include "channels/message.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/condition.h"
#include "core/point.h"
#include "lib/mem.h"
#include "lib/text.h"

enum {
	KEY_MAX = 128,
	KPA_PER_MPA = 1000
};

static const char effect_member[] = "\"effect\":{";

// params is written by lib/buf's JSON writer: no blanks, quotes in strings escaped, so
// these bytes are a member and nothing else.
static bool
is_test(const struct event *e)
{
	return strstr(e->params, "\"test\":true") != NULL;
}

static const struct point *
point_of(const struct site *s, const struct event *e)
{
	uint32_t i = e->point[0] ? site_find_point(s, e->point) : UINT32_MAX;
	return i == UINT32_MAX ? NULL : &s->points[i];
}

static bool
is_pressure(const struct point *p, const struct event *e)
{
	return p && isfinite(e->value) &&
	       point_kind_quantity(p->kind) == QUANTITY_PRESSURE;
}

static const char *
named_text(enum lang l, const char *section, const char *name, const char *otherwise)
{
	char key[KEY_MAX];
	(void)snprintf(key, sizeof key, "%s.%s", section, name);
	return text_has(key) ? text_get(l, key) : otherwise;
}

static const char *
class_text(enum lang l, const struct event *e)
{
	if (e->alarm_class < 0)
		return "";
	return named_text(l, "class", class_name((enum alarm_class)e->alarm_class), "");
}

// "fire alarm (fire/smoke)", "process value (low) 0.580 MPa"
static void
put_what(struct buf *out, enum lang l, const struct point *p, const struct event *e)
{
	const char *condition = "";
	if (e->condition >= 0) {
		const char *name = condition_name((enum condition)e->condition);
		condition = named_text(l, "condition", name, name);
	}
	const struct text_value values[] = {
		{ "condition", condition },
		{ "code", text_code(l, e->code) },
	};
	if (e->code[0])
		text_fill(out, l, "notice.what", values, 2);
	else
		buf_str(out, condition);
	if (is_pressure(p, e))
		buf_printf(out, " %.3f MPa", e->value / KPA_PER_MPA);
}

// The text of a string member of params; "" where there is none.
static void
member(const struct event *e, const char *name, char *out, size_t size)
{
	char key[KEY_MAX];
	(void)snprintf(key, sizeof key, "\"%s\":\"", name);
	const char *at = strstr(e->params, key);
	out[0] = '\0';
	if (at == NULL)
		return;
	at += strlen(key);
	size_t len = strcspn(at, "\"");
	(void)snprintf(out, size, "%.*s", (int)len, at);
}

// A rule of the site, or NULL where it has it no more.
static const struct effect_def *
rule_named(const struct site *site, const char *id)
{
	for (uint16_t i = 0; i < site->n_effects; i++) {
		if (strcmp(site->effects[i].id, id) == 0)
			return &site->effects[i];
	}
	return NULL;
}

// The alarm that asked for the effect, as far as the params name it.
static struct event
cause_of(const struct event *e)
{
	struct event cause;
	char name[KEY_MAX];
	enum condition c;
	event_init(&cause, EVENT_ALARM_ONSET);
	member(e, "point", cause.point, sizeof cause.point);
	member(e, "code", cause.code, sizeof cause.code);
	member(e, "condition", name, sizeof name);
	if (condition_from_name(name, &c))
		cause.condition = (int)c;
	return cause;
}

// Of an alarm that says that an effect did not come: what to do, in the rule's words,
// and which alarm asked for it.
static void
put_effect(struct buf *out, enum lang l, const struct site *site, const struct event *e)
{
	char rule[ID_MAX];
	if (strstr(e->params, effect_member) == NULL)
		return;
	member(e, "rule", rule, sizeof rule);
	struct event cause = cause_of(e);
	const struct effect_def *d = rule_named(site, rule);
	const struct point *p = point_of(site, &cause);
	const char *message = rule, *place = cause.point;
	if (d != NULL)
		message = l == LANG_ZH ? d->message_zh : d->message_en;
	if (p != NULL)
		place = l == LANG_ZH ? p->place_zh : p->place_en;
	struct buf what = { 0 };
	buf_str(&what, "");
	put_what(&what, l, NULL, &cause);
	const struct text_value values[] = {
		{ "message", message },
		{ "place", place },
		{ "what", what.data },
	};
	text_fill(out, l, "notice.effect", values, 3);
	buf_free(&what);
}

static void
local_time(int64_t utc_ms, char *out, size_t size)
{
	time_t s = (time_t)(utc_ms / 1000);
	struct tm tm;
	(void)localtime_r(&s, &tm);
	if (strftime(out, size, "%Y-%m-%d %H:%M:%S %z", &tm) == 0)
		out[0] = '\0';
}

static void
put_alarm_sentence(
    struct buf *out, enum lang l, const struct site *site, const struct notice *n)
{
	const struct point *p = point_of(site, &n->subject);
	const struct event *e = &n->subject;
	const char *place = l == LANG_ZH ? e->place_zh : e->place_en;
	char when[64], round[16];
	local_time(e->time_utc_ms, when, sizeof when);
	(void)snprintf(round, sizeof round, "%u", n->round);
	struct buf what = { 0 };
	buf_str(&what, "");
	put_what(&what, l, p, e);
	const struct text_value values[] = {
		{ "class", class_text(l, e) },
		{ "site", l == LANG_ZH ? site->name_zh : site->name_en },
		{ "place", place[0] ? place : e->point },
		{ "what", what.data },
		{ "time", when },
		{ "point", e->point },
		{ "n", round },
	};
	enum {
		VALUES = sizeof values / sizeof values[0]
	};
	if (is_test(e))
		buf_str(out, text_get(l, "notice.test"));
	text_fill(out, l, "notice.text", values, VALUES);
	put_effect(out, l, site, e);
	if (n->round > 0)
		text_fill(out, l, "notice.round", values, VALUES);
	if (!n->saved)
		buf_str(out, text_get(l, "notice.not_saved"));
	if (n->repeated)
		buf_str(out, text_get(l, "notice.repeated"));
	buf_free(&what);
}

static void
put_anchor_sentence(
    struct buf *out, enum lang l, const struct site *site, const struct notice *n)
{
	char when[64], seq[24], hash[KEY_MAX];
	local_time(n->subject.time_utc_ms, when, sizeof when);
	(void)snprintf(seq, sizeof seq, "%lld", (long long)n->subject.seq);
	member(&n->subject, "hash", hash, sizeof hash);
	const struct text_value values[] = {
		{ "site", l == LANG_ZH ? site->name_zh : site->name_en },
		{ "seq", seq },
		{ "hash", hash },
		{ "time", when },
	};
	text_fill(out, l, "notice.anchor", values, 4);
}

static void
put_pair(struct buf *out, const char *key, const char *zh, const char *en)
{
	json_open(out, key, '{');
	json_str(out, "zh", zh);
	json_str(out, "en", en);
	json_close(out, '}');
}

// NULL for "", which the journal writes for "none".
static const char *
or_null(const char *s)
{
	return s[0] ? s : NULL;
}

// The member `effect`, the last of the params, as it is.
static void
put_miss(struct buf *out, const struct event *e)
{
	const char *at = strstr(e->params, effect_member);
	struct buf b = { 0 };
	if (at == NULL)
		return;
	at += sizeof effect_member - 2; // its bracket
	buf_add(&b, at, strlen(at) - 1);
	json_raw(out, "effect", b.data);
	buf_free(&b);
}

static void
put_alarm(struct buf *out, const struct event *e, const struct point *p)
{
	const char *class =
	    e->alarm_class < 0 ? NULL : class_name((enum alarm_class)e->alarm_class);
	const char *condition =
	    e->condition < 0 ? NULL : condition_name((enum condition)e->condition);
	json_open(out, "alarm", '{');
	json_str(out, "occurrence", or_null(e->occurrence_id));
	json_str(out, "incident", or_null(e->incident_id));
	json_str(out, "class", class);
	json_str(out, "condition", condition);
	json_str(out, "code", or_null(e->code));
	json_str(out, "point", or_null(e->point));
	put_pair(out, "place", e->place_zh, e->place_en);
	json_time(out, "raised", e->time_utc_ms);
	json_time(out, "not_before", e->not_before_utc_ms);
	json_time(out, "device_time", e->device_time_ms);
	json_double(out, "value", e->value);
	json_str(out, "unit", is_pressure(p, e) ? "kPa" : NULL);
	json_str(out, "quality",
	    e->quality < 0 ? NULL : quality_name((enum quality)e->quality));
	if (e->seq)
		json_int(out, "seq", e->seq);
	else
		json_none(out, "seq");
	put_miss(out, e);
	json_close(out, '}');
}

void
message_json(struct buf *out, const struct site *site, const struct notice *n)
{
	const struct point *p = point_of(site, &n->subject);
	struct buf zh = { 0 }, en = { 0 };
	bool anchor = n->subject.kind == EVENT_JOURNAL_ANCHOR;
	buf_str(&zh, "");
	buf_str(&en, "");
	(anchor ? put_anchor_sentence : put_alarm_sentence)(&zh, LANG_ZH, site, n);
	(anchor ? put_anchor_sentence : put_alarm_sentence)(&en, LANG_EN, site, n);
	json_open(out, NULL, '{');
	json_str(out, "id", n->id);
	json_str(out, "channel", n->channel);
	json_str(out, "ladder", or_null(n->ladder));
	json_int(out, "step", n->step);
	json_int(out, "round", n->round);
	json_time(out, "created", n->created_utc_ms);
	json_bool(out, "repeated", n->repeated);
	json_bool(out, "saved", n->saved);
	json_bool(out, "test", is_test(&n->subject));
	json_open(out, "site", '{');
	json_str(out, "id", site->id);
	put_pair(out, "name", site->name_zh, site->name_en);
	json_close(out, '}');
	if (anchor)
		json_raw(out, "anchor", n->subject.params);
	else
		put_alarm(out, &n->subject, p);
	put_pair(out, "text", zh.data, en.data);
	json_close(out, '}');
	buf_free(&zh);
	buf_free(&en);
}
