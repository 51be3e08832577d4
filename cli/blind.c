// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// `watchroom blind`: how long what was not watched on a statistics day, by reason,
// worst first; of one point, whatever it shares with its link and the site. Reads the
// files only.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/text.h"
#include "store/query.h"

struct list {
	bool json;
	enum lang lang;
	struct buf out;
};

static void
put_span(struct buf *b, int64_t ms)
{
	buf_printf(b, "%lld:%02lld:%02lld", (long long)(ms / 3600000),
	    (long long)(ms / 60000 % 60), (long long)(ms / 1000 % 60));
}

static void
put_json(struct buf *b, const struct blind_sum *s)
{
	json_open(b, NULL, '{');
	json_str(b, "point", s->point[0] != '\0' ? s->point : NULL);
	json_int(b, "points", s->points);
	json_int(b, "blind_ms", s->blind_ms);
	json_open(b, "by_ms", '{');
	for (int i = 0; i < BLIND_REASON_COUNT; i++)
		json_int(b, blind_reason_name((enum blind_reason)i), s->by_ms[i]);
	json_close(b, '}');
	json_int(b, "unmeasured", s->unmeasured);
	json_bool(b, "goes_on", s->goes_on);
	json_open(b, "events", '[');
	for (size_t i = 0; i < s->n_seqs; i++)
		json_int(b, NULL, s->seqs[i]);
	json_close(b, ']');
	json_close(b, '}');
}

static void
put_reason(struct list *l, enum blind_reason r, int64_t ms)
{
	char key[64];
	if (ms == 0)
		return;
	(void)snprintf(key, sizeof(key), "report.col.blind.%s", blind_reason_name(r));
	buf_printf(&l->out, "  %s ", text_get(l->lang, key));
	put_span(&l->out, ms);
}

static bool
take(void *arg, const struct blind_sum *s)
{
	struct list *l = arg;
	if (l->json) {
		put_json(&l->out, s);
		return true;
	}
	put_span(&l->out, s->blind_ms);
	buf_printf(&l->out, "  %s",
	    s->point[0] != '\0' ? s->point : text_get(l->lang, "report.whole_site"));
	for (int i = 0; i < BLIND_REASON_COUNT; i++)
		put_reason(l, (enum blind_reason)i, s->by_ms[i]);
	if (s->unmeasured > 0)
		buf_printf(&l->out, "  %s %u",
		    text_get(l->lang, "report.col.unmeasured"), s->unmeasured);
	if (s->goes_on)
		buf_printf(&l->out, "  %s", text_get(l->lang, "report.goes_on"));
	buf_str(&l->out, "\n");
	return true;
}

static int
collect(struct list *l, struct reader *r, const struct day_span *day,
    const struct blind_query *q, struct err *err)
{
	if (l->json) {
		json_open(&l->out, NULL, '{');
		json_str(&l->out, "day", day->day);
		json_time(&l->out, "from", day->from_ms);
		json_time(&l->out, "to", day->to_ms);
		json_open(&l->out, "rows", '[');
	}
	int n = query_blind(r, q, take, l, err);
	if (n < 0)
		return -1;
	if (l->json) {
		json_close(&l->out, ']');
		json_close(&l->out, '}');
		buf_str(&l->out, "\n");
	} else if (n == 0) {
		buf_printf(&l->out, "%s\n", text_get(l->lang, "report.none"));
	}
	return 0;
}

static enum cli_exit
print_day(const struct cli *c, struct cli_site *s, struct list *l)
{
	struct err err = { 0 };
	struct day_span day;
	int64_t now_ms = clock_real()->utc_ms(clock_real());
	const char *name = c->day != NULL ? c->day : "today";

	if (c->point != NULL && s->site != NULL &&
	    site_find_point(s->site, c->point) == UINT32_MAX)
		return cli_fail(
		    c, CLI_USAGE, "point: the site has none named \"%s\"", c->point);
	if (query_day(s->reader, name, now_ms, &day, &err) < 0)
		return cli_fail_err(
		    c, err.code == EINVAL ? CLI_USAGE : CLI_FAILED, &err);
	const struct blind_query q = { day.from_ms, day.to_ms, now_ms, c->point };
	if (collect(l, s->reader, &day, &q, &err) < 0)
		return cli_fail_err(c, CLI_FAILED, &err);
	(void)fputs(l->out.data, stdout);
	return CLI_OK;
}

enum cli_exit
cmd_blind(const struct cli *c)
{
	struct cli_site s = { 0 };
	enum cli_exit code = cli_no_more(c);
	struct list l = { .json = c->json != NULL, .lang = LANG_ZH };

	if (c->lang != NULL && !lang_from_name(c->lang, &l.lang))
		return cli_fail(
		    c, CLI_USAGE, "--lang: found \"%s\", allowed: zh, en", c->lang);
	if (code == CLI_OK)
		code = cli_open(c, &s);
	if (code != CLI_OK)
		return code;
	code = print_day(c, &s, &l);
	buf_free(&l.out);
	cli_close(&s);
	return code;
}
