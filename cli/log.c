// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// `watchroom log`: events of the journal, oldest first, as lines for a person or as one
// JSON object a line with the API's names. Without --after the last ones. Reads in
// pages, so that the daemon beside it is never held up.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "lib/buf.h"
#include "lib/mem.h"
#include "lib/text.h"
#include "store/query.h"

enum {
	PAGE = 1000,
	LIMIT_DEFAULT = 100,
	LIMIT_MOST = 1000000,
};

static const struct cli_range after_range = { "after", 0, INT64_MAX, 0 };
static const struct cli_range limit_range = { "limit", 1, LIMIT_MOST, LIMIT_DEFAULT };

// Lines wait in a ring, so that "the last N" of a filtered journal is one pass.
struct tail {
	char **lines;
	size_t size, n; // n counts all ever put
};

struct walk {
	bool json;
	bool keep_last; // the last `size`, else the first
	enum lang lang;
	struct tail tail;
	int64_t last_seq;
};

void
cli_event_json(struct buf *b, const struct stored_event *s)
{
	const struct event *e = &s->event;
	json_open(b, NULL, '{');
	json_int(b, "seq", e->seq);
	json_str(b, "epoch", s->epoch);
	json_time(b, "time", e->time_utc_ms);
	json_int(b, "mono_ms", e->mono_ms);
	json_str(b, "boot_id", s->boot_id);
	json_str(b, "clock_quality",
	    e->clock_quality == CLOCK_SYNCED     ? "synced"
	    : e->clock_quality == CLOCK_UNSYNCED ? "unsynced"
						 : "unknown");
	json_str(b, "kind", event_kind_name(e->kind));
	json_str(b, "point", e->point[0] != '\0' ? e->point : NULL);
	json_open(b, "place", '{');
	json_str(b, "zh", e->place_zh);
	json_str(b, "en", e->place_en);
	json_close(b, '}');
	json_str(b, "condition",
	    e->condition >= 0 ? condition_name((enum condition)e->condition) : NULL);
	json_str(b, "code", e->code[0] != '\0' ? e->code : NULL);
	json_str(b, "occurrence", e->occurrence_id[0] ? e->occurrence_id : NULL);
	json_str(b, "incident", e->incident_id[0] ? e->incident_id : NULL);
	json_str(b, "class",
	    e->alarm_class >= 0 ? class_name((enum alarm_class)e->alarm_class) : NULL);
	json_str(b, "actor", e->actor[0] != '\0' ? e->actor : NULL);
	json_double(b, "value", e->value);
	json_str(b, "quality",
	    e->quality >= 0 ? quality_name((enum quality)e->quality) : NULL);
	json_raw(b, "params", e->params[0] != '\0' ? e->params : "{}");
	json_time(b, "not_before", e->not_before_utc_ms);
	json_time(b, "device_time", e->device_time_ms);
	if (e->cause_seq != 0)
		json_int(b, "cause_seq", e->cause_seq);
	else
		json_none(b, "cause_seq");
	json_str(b, "config_rev", s->config_rev);
	json_str(b, "hash", s->hash);
	json_close(b, '}');
}

static const char *
say(const struct walk *w, const char *prefix, const char *name)
{
	static char key[120]; // one at a time: the result of text_get may be the key
	(void)snprintf(key, sizeof(key), "%s.%s", prefix, name);
	return text_has(key) ? text_get(w->lang, key) : name;
}

static void
put_word(struct buf *b, const char *word)
{
	if (word[0] == '\0')
		return;
	buf_str(b, "  ");
	buf_str(b, word);
}

static void
put_line(const struct walk *w, struct buf *b, const struct event *e)
{
	char when[40];
	time_t s = (time_t)(e->time_utc_ms / 1000);
	struct tm tm;
	(void)localtime_r(&s, &tm);
	(void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S%z", &tm);
	buf_printf(b, "%8lld  %s", (long long)e->seq, when);
	put_word(b, say(w, "event", event_kind_name(e->kind)));
	if (e->alarm_class >= 0)
		put_word(
		    b, say(w, "class", class_name((enum alarm_class)e->alarm_class)));
	put_word(b, w->lang == LANG_ZH ? e->place_zh : e->place_en);
	put_word(b, e->point);
	if (e->condition >= 0)
		put_word(b, condition_name((enum condition)e->condition));
	put_word(b, e->code);
	if (!isnan(e->value))
		buf_printf(b, "  %g", e->value);
	put_word(b, e->actor);
	put_word(b, e->params);
}

static void
tail_put(struct tail *t, char *line)
{
	char **slot = &t->lines[t->n++ % t->size];
	free(*slot);
	*slot = line;
}

// Outside text is in places and parameters: a control character is no part of a line.
static void
defuse(char *s)
{
	for (; *s != '\0'; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7F)
			*s = '?';
	}
}

static bool
take(void *arg, const struct stored_event *s)
{
	struct walk *w = arg;
	struct buf b = { 0 };
	w->last_seq = s->event.seq;
	if (w->json)
		cli_event_json(&b, s);
	else
		put_line(w, &b, &s->event);
	char *line = buf_steal(&b);
	defuse(line);
	tail_put(&w->tail, line);
	return w->keep_last || w->tail.n < w->tail.size;
}

static int
collect(struct reader *r, struct event_filter *f, struct walk *w, struct err *err)
{
	int n;
	do {
		size_t left = w->tail.size - w->tail.n;
		f->limit = w->keep_last || left > PAGE ? PAGE : (unsigned)left;
		n = query_events(r, f, take, w, err);
		f->after_seq = w->last_seq;
	} while (n == PAGE && (w->keep_last || w->tail.n < w->tail.size));
	return n < 0 ? -1 : 0;
}

static void
tail_print(struct tail *t)
{
	size_t from = t->n > t->size ? t->n - t->size : 0;
	for (size_t i = from; i < t->n; i++)
		(void)puts(t->lines[i % t->size]);
	for (size_t i = 0; i < t->size; i++)
		free(t->lines[i]);
	free(t->lines);
}

// An unfiltered "last N" starts N before the end instead of at the beginning.
static int
start_near_end(
    struct reader *r, struct event_filter *f, long long limit, struct err *err)
{
	struct store_totals t;
	if (f->point != NULL || f->alarm_class >= 0)
		return 0;
	if (query_totals(r, &t, err) < 0)
		return -1;
	f->after_seq = t.last_seq > limit ? t.last_seq - limit : 0;
	return 0;
}

static enum cli_exit
print_log(const struct cli *c, struct reader *r, struct event_filter *f, enum lang lang,
    long long limit)
{
	struct err err = { 0 };
	struct walk w = {
		.json = c->json != NULL, .keep_last = c->after == NULL, .lang = lang
	};
	if (w.keep_last && start_near_end(r, f, limit, &err) < 0)
		return cli_fail_err(c, CLI_FAILED, &err);
	w.last_seq = f->after_seq;
	w.tail.size = (size_t)limit;
	w.tail.lines = xcalloc((size_t)limit, sizeof(*w.tail.lines));
	int result = collect(r, f, &w, &err);
	tail_print(&w.tail);
	return result < 0 ? cli_fail_err(c, CLI_FAILED, &err) : CLI_OK;
}

static bool
parse_filter(const struct cli *c, struct event_filter *f)
{
	enum alarm_class k;
	long long after;
	if (!cli_number(c, c->after, &after_range, &after))
		return false;
	*f = (struct event_filter){
		.after_seq = after,
		.point = c->point,
		.alarm_class = -1,
	};
	if (c->alarm_class == NULL)
		return true;
	if (class_from_name(c->alarm_class, &k)) {
		f->alarm_class = (int)k;
		return true;
	}
	(void)cli_fail(c, CLI_USAGE,
	    "--class: found \"%s\", allowed: fire, prealarm, security, supervisory, "
	    "fault, "
	    "disabled, process, info, system",
	    c->alarm_class);
	return false;
}

enum cli_exit
cmd_log(const struct cli *c)
{
	struct event_filter f;
	struct cli_site s;
	enum lang lang;
	long long limit;
	enum cli_exit code = cli_no_more(c);
	if (code != CLI_OK)
		return code;
	if (!lang_from_name(c->lang != NULL ? c->lang : "zh", &lang))
		return cli_fail(
		    c, CLI_USAGE, "--lang: found \"%s\", allowed: zh, en", c->lang);
	if (!parse_filter(c, &f) || !cli_number(c, c->limit, &limit_range, &limit))
		return CLI_USAGE;
	code = cli_open(c, &s);
	if (code != CLI_OK)
		return code;
	code = print_log(c, s.reader, &f, lang, limit);
	cli_close(&s);
	return code;
}
