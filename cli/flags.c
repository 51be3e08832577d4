// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// `watchroom flags`: what people have set and not taken away (isolated, shelved, in
// test), what is disabled at the panels, and with -c how many detectors each zone has
// lost by that. Reads the files only; setting is done at the console, by name.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "core/flag.h"
#include "core/point.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/mem.h"
#include "store/query.h"

struct list {
	bool json;
	int64_t now_utc_ms;
	const struct site *site; // NULL without -c
	bool *isolated;          // by point of the site
	struct buf out;
};

static void
put_time(struct buf *b, int64_t utc_ms)
{
	char when[40];
	time_t s = (time_t)(utc_ms / 1000);
	struct tm tm;
	(void)localtime_r(&s, &tm);
	(void)strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &tm);
	buf_str(b, when);
}

static void
note_isolated(struct list *l, const char *point)
{
	if (l->site == NULL)
		return;
	uint32_t index = site_find_point(l->site, point);
	if (index < l->site->n_site_points)
		l->isolated[index] = true;
}

static void
put_json(struct list *l, const struct flag_entry *f, const char *source)
{
	struct buf *b = &l->out;
	bool test = f->flag == FLAG_TEST_MODE, panel = strcmp(source, "panel") == 0;
	json_open(b, NULL, '{');
	json_str(b, "flag", flag_name(f->flag));
	json_str(b, "source", source);
	json_str(b, test ? "zone" : "point", f->target);
	json_str(b, "condition",
	    f->condition < 0 ? NULL : condition_name((enum condition)f->condition));
	json_str(b, "by", panel ? NULL : f->actor);
	json_time(b, "from", f->from_utc_ms);
	json_time(b, "until", f->until_utc_ms);
	json_str(b, "reason", panel ? NULL : f->reason);
	json_str(b, "measure", f->measure[0] != '\0' ? f->measure : NULL);
	json_close(b, '}');
}

static bool
take_flag(void *arg, const struct flag_entry *f)
{
	struct list *l = arg;
	struct buf *b = &l->out;
	if (f->flag == FLAG_ISOLATED)
		note_isolated(l, f->target);
	if (l->json) {
		put_json(l, f, "here");
		return true;
	}
	buf_printf(b, "%-10s %-24s %-12s until ", flag_name(f->flag), f->target,
	    f->condition < 0 ? "" : condition_name((enum condition)f->condition));
	put_time(b, f->until_utc_ms);
	buf_printf(b, "  %s  %s", f->actor, f->reason);
	if (f->measure[0] != '\0')
		buf_printf(b, "  (stands in: %s)", f->measure);
	if (f->flag == FLAG_ISOLATED && f->until_utc_ms < l->now_utc_ms)
		buf_str(b, "  FORGOTTEN");
	buf_str(b, "\n");
	return true;
}

static bool
take_disabled(void *arg, const char *point, int64_t since_utc_ms)
{
	struct list *l = arg;
	struct flag_entry f = {
		.flag = FLAG_ISOLATED, .condition = -1, .from_utc_ms = since_utc_ms
	};
	(void)str_copy(f.target, sizeof(f.target), point);
	note_isolated(l, point);
	if (l->json) {
		put_json(l, &f, "panel");
		return true;
	}
	buf_printf(&l->out, "%-10s %-24s %-12s since ", "at-panel", point, "");
	put_time(&l->out, since_utc_ms);
	buf_str(&l->out, "\n");
	return true;
}

// Of each zone that has lost detectors; in JSON of each zone.
static void
put_coverage(struct list *l)
{
	const struct site *s = l->site;
	for (uint16_t z = 0; z < s->n_zones; z++) {
		unsigned all = 0, isolated = 0;
		for (uint32_t i = 0; i < s->n_site_points; i++) {
			if (s->points[i].zone != z ||
			    point_kind_condition(s->points[i].kind) != COND_FIRE)
				continue;
			all++;
			isolated += l->isolated[i];
		}
		if (l->json) {
			json_open(&l->out, NULL, '{');
			json_str(&l->out, "zone", s->zones[z].id);
			json_int(&l->out, "detectors", all);
			json_int(&l->out, "isolated", isolated);
			json_close(&l->out, '}');
		} else if (isolated > 0) {
			buf_printf(&l->out, "%-10s %-24s %u of %u detectors isolated\n",
			    "zone", s->zones[z].id, isolated, all);
		}
	}
}

static int
collect(struct list *l, struct reader *r, struct err *err)
{
	if (l->json) {
		json_open(&l->out, NULL, '{');
		json_open(&l->out, "flags", '[');
	}
	if (query_flags(r, take_flag, l, err) < 0 ||
	    query_disabled(r, take_disabled, l, err) < 0)
		return -1;
	if (l->json) {
		json_close(&l->out, ']');
		json_open(&l->out, "zones", '[');
	}
	if (l->site != NULL)
		put_coverage(l);
	if (l->json) {
		json_close(&l->out, ']');
		json_close(&l->out, '}');
		buf_str(&l->out, "\n");
	}
	return 0;
}

// Outside text is in reasons: a control character is no part of a line.
static void
print_defused(char *text)
{
	for (char *s = text; *s != '\0'; s++) {
		if (((unsigned char)*s < 0x20 && *s != '\n') || *s == 0x7F)
			*s = '?';
	}
	(void)fputs(text, stdout);
}

enum cli_exit
cmd_flags(const struct cli *c)
{
	struct cli_site s = { 0 };
	struct err err = { 0 };
	enum cli_exit code = cli_no_more(c);

	if (code == CLI_OK)
		code = cli_open(c, &s);
	if (code != CLI_OK)
		return code;
	struct list l = {
		.json = c->json != NULL,
		.now_utc_ms = clock_real()->utc_ms(clock_real()),
		.site = s.site,
	};
	if (s.site != NULL)
		l.isolated = xcalloc(s.site->n_points + 1U, sizeof(bool));
	if (collect(&l, s.reader, &err) < 0)
		code = cli_fail_err(c, CLI_FAILED, &err);
	else if (l.out.data != NULL)
		print_defused(l.out.data);
	buf_free(&l.out);
	free(l.isolated);
	cli_close(&s);
	return code;
}
