// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// `watchroom limits`: proposes the limits of gauges from their own weeks, and says how
// often each would have tripped in them, beside those of the site as it is. Minutes
// without a value, in which a main pump of the header ran, and in which the gauge was
// isolated do not count. Reads the files only; one gauge's minutes at a time.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/export_parts.h"
#include "cli/limits_show.h"
#include "lib/clock.h"
#include "lib/mem.h"
#include "store/query.h"

static const int64_t weeks_ms = INT64_C(28) * 24 * 3600 * 1000;
static const int64_t begins_before_ms = 60 * 1000, ends_after_ms = 600 * 1000;

enum {
	MONTHS_MOST = 13, // of minutes that are held at once
	MINUTES_MOST = MONTHS_MOST * 31 * 24 * 60
};

struct span {
	int64_t from_ms, to_ms;
};
struct spans {
	struct span *list;
	size_t n;
	bool open;
};

struct job {
	const struct cli *c;
	struct cli_site *site;
	struct reading_walk walk;
	enum lang lang;
	bool json;
	struct buf out;
	char id[ID_MAX]; // of the gauge that is gathered; "" = none yet
	struct proposal_minute *minutes;
	size_t n, size, without_value, pump_ran, isolated;
	struct spans runs, isolations; // of that gauge
	unsigned gauges;
	struct err err;
	bool failed;
};

// ---- times that do not count --------------------------------------------------------

static void
begin_span(struct spans *s, int64_t from_ms)
{
	if (s->open)
		return;
	s->list = xreallocarray(s->list, s->n + 1, sizeof(*s->list));
	s->list[s->n++] = (struct span){ from_ms, INT64_MAX };
	s->open = true;
}

static void
end_span(struct spans *s, int64_t to_ms)
{
	if (s->open)
		s->list[s->n - 1].to_ms = to_ms;
	s->open = false;
}

static bool
within(const struct spans *s, int64_t utc_ms)
{
	for (size_t i = 0; i < s->n; i++)
		if (utc_ms >= s->list[i].from_ms && utc_ms < s->list[i].to_ms)
			return true;
	return false;
}

struct page {
	struct spans *spans;
	enum event_kind begins;
	int64_t before_ms, after_ms, last_seq;
};

static bool
take_event(void *arg, const struct stored_event *e)
{
	struct page *p = arg;

	if (e->event.kind == p->begins)
		begin_span(p->spans, e->event.time_utc_ms - p->before_ms);
	else if (p->last_seq == 0)
		begin_span(p->spans, INT64_MIN); // before what is looked at
	if (e->event.kind != p->begins)
		end_span(p->spans, e->event.time_utc_ms + p->after_ms);
	p->last_seq = e->event.seq;
	return true;
}

static void
find_spans(
    struct job *j, const char *point, const enum event_kind *kinds, struct page *p)
{
	struct event_filter f = { .from_utc_ms = j->walk.from_ms,
		.to_utc_ms = j->walk.to_ms,
		.point = point,
		.alarm_class = -1,
		.kinds = kinds,
		.limit = 1000 };
	int n;

	do {
		f.after_seq = p->last_seq;
		n = query_events(j->site->reader, &f, take_event, p, &j->err);
	} while (n == 1000);
	j->failed = j->failed || n < 0;
}

static void
find_runs(struct job *j, uint32_t gauge)
{
	static const enum event_kind kinds[] = { EVENT_PUMP_START, EVENT_PUMP_STOP,
		EVENT_KINDS_END };
	const struct site *s = j->site->site;

	for (uint16_t i = 0; i < s->n_pumps; i++) {
		const struct pump_def *d = &s->pumps[i];
		struct page p = { &j->runs, EVENT_PUMP_START, begins_before_ms,
			ends_after_ms, 0 };
		if (d->rule.role != PUMP_MAIN ||
		    (d->gauge != gauge && d->second_gauge != gauge))
			continue;
		j->runs.open = false;
		find_spans(j, s->points[d->point].id, kinds, &p);
	}
}

static void
find_all(struct job *j)
{
	static const enum event_kind kinds[] = { EVENT_ISOLATE_START, EVENT_ISOLATE_END,
		EVENT_KINDS_END };
	struct page p = { &j->isolations, EVENT_ISOLATE_START, 0, 0, 0 };
	uint32_t gauge = site_find_point(j->site->site, j->id);

	j->runs = j->isolations = (struct spans){ 0 };
	find_spans(j, j->id, kinds, &p);
	if (gauge != UINT32_MAX)
		find_runs(j, gauge);
}

// ---- a gauge ------------------------------------------------------------------------

static void
finish_gauge(struct job *j)
{
	const struct site *s = j->site->site;
	uint32_t point = j->id[0] != '\0' ? site_find_point(s, j->id) : UINT32_MAX;

	if (j->id[0] == '\0')
		return;
	struct limits_of g = { .id = j->id,
		.point = point != UINT32_MAX ? &s->points[point] : NULL,
		.minutes = j->minutes,
		.n = j->n,
		.without_value = j->without_value,
		.pump_ran = j->pump_ran,
		.isolated = j->isolated };
	proposal_make(&g.proposal, j->minutes, j->n, 1);
	if (j->json)
		limits_json(&g, &j->out);
	else
		limits_text(&g, j->lang, &j->out);
	free(j->runs.list);
	free(j->isolations.list);
	j->runs = j->isolations = (struct spans){ 0 };
	j->n = j->without_value = j->pump_ran = j->isolated = 0;
	j->id[0] = '\0';
	j->gauges++;
}

static void
add_minute(struct job *j, const struct minute *m)
{
	if (j->n == j->size) {
		j->size = j->size == 0 ? 4096 : j->size * 2;
		j->minutes = xreallocarray(j->minutes, j->size, sizeof(*j->minutes));
	}
	j->minutes[j->n++] =
	    (struct proposal_minute){ m->minute_utc_ms, m->min, m->max };
}

static bool
take_minute(void *arg, const char *point, const struct minute *m)
{
	struct job *j = arg;

	if (strcmp(point, j->id) != 0) {
		finish_gauge(j);
		(void)str_copy(j->id, sizeof(j->id), point);
		find_all(j);
	}
	if (m->good_ms < PROPOSAL_GOOD_MS)
		j->without_value++;
	else if (within(&j->isolations, m->minute_utc_ms))
		j->isolated++;
	else if (within(&j->runs, m->minute_utc_ms))
		j->pump_ran++;
	else
		add_minute(j, m);
	return !j->failed && j->n < MINUTES_MOST;
}

static int
walk(struct job *j)
{
	int n = 0;

	while (n >= 0 && !j->walk.done && !j->failed && j->n < MINUTES_MOST)
		n = query_minutes(j->site->reader, &j->walk, take_minute, j, &j->err);
	if (n < 0 || j->failed)
		return -1;
	if (j->n >= MINUTES_MOST)
		return err_set(&j->err, E2BIG,
		    "--from, --to: more than %d months of one gauge", MONTHS_MOST);
	finish_gauge(j);
	if (j->gauges == 0 && j->walk.only != NULL)
		return err_set(&j->err, ENOENT,
		    "--point: found \"%s\", allowed: a gauge that has readings",
		    j->walk.only);
	return 0;
}

static enum cli_exit
print_all(struct job *j)
{
	enum cli_exit code = CLI_OK;

	if (j->json)
		json_open(&j->out, NULL, '[');
	if (walk(j) < 0)
		code = cli_fail_err(j->c, CLI_FAILED, &j->err);
	if (j->json) {
		json_close(&j->out, ']');
		buf_str(&j->out, "\n");
	} else if (j->gauges == 0) {
		buf_printf(&j->out, "%s\n", text_get(j->lang, "report.none"));
	}
	if (code == CLI_OK)
		(void)fputs(j->out.data, stdout);
	buf_free(&j->out);
	free(j->minutes);
	free(j->runs.list);
	free(j->isolations.list);
	return code;
}

enum cli_exit
cmd_limits(const struct cli *c)
{
	struct cli_site s;
	struct job j = { .c = c,
		.site = &s,
		.lang = LANG_ZH,
		.json = c->json != NULL,
		.walk = { .only = c->point } };

	if (cli_no_more(c) != CLI_OK)
		return CLI_USAGE;
	if (c->config == NULL)
		return cli_fail(c, CLI_USAGE,
		    "-c FILE is needed: the limits now and "
		    "the pumps are the site's");
	if (c->lang != NULL && !lang_from_name(c->lang, &j.lang))
		return cli_fail(
		    c, CLI_USAGE, "--lang: found \"%s\", allowed: zh, en", c->lang);
	enum cli_exit code = cli_open(c, &s);
	if (code != CLI_OK)
		return code;
	if (s.site == NULL)
		code = cli_fail(c, CLI_USAGE, "the site cannot be read");
	else if (!export_span(c, &j.walk.from_ms, &j.walk.to_ms))
		code = CLI_USAGE;
	if (code == CLI_OK) {
		if (j.walk.to_ms == 0)
			j.walk.to_ms = clock_real()->utc_ms(clock_real());
		if (j.walk.from_ms == 0)
			j.walk.from_ms = j.walk.to_ms - weeks_ms;
		code = print_all(&j);
	}
	cli_close(&s);
	return code;
}
