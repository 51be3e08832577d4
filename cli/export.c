// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// `watchroom export log`: the whole journal, or a span of time, as CSV for a
// spreadsheet or as one JSON object a line. Reads in pages and writes as it reads, so
// its size does not matter and no daemon is held up. CSV begins with a byte order mark,
// and no field is taken for a formula. A file appears whole or not at all.
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/whole_file.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "store/query.h"

enum {
	PAGE = 1000
};

struct export
{
	FILE *out;
	bool csv;
	bool failed;
	int64_t last_seq, n;
	struct buf line;
};

// A field that begins like a formula is set off by an apostrophe (OWASP, CSV
// injection).
static void
put_text(struct buf *b, const char *s)
{
	bool quote = strpbrk(s, ",\"\r\n") != NULL;
	const char *guard = s[0] != '\0' && strchr("=+-@\t\r", s[0]) != NULL ? "'" : "";
	buf_str(b, quote ? "\"" : "");
	buf_str(b, guard);
	for (const char *p = s; *p != '\0'; p++) {
		const char one[] = { *p, *p == '"' ? '"' : '\0', '\0' };
		buf_str(b, one);
	}
	buf_str(b, quote ? "\"" : "");
}

static void
put_field(struct buf *b, const char *s)
{
	buf_str(b, ",");
	put_text(b, s);
}

static void
put_time(struct buf *b, int64_t utc_ms)
{
	char when[25] = "";
	if (utc_ms != 0)
		clock_rfc3339(utc_ms, when);
	put_field(b, when);
}

static const char csv_head[] =
    "\xEF\xBB\xBFseq,time,kind,class,point,place_zh,place_en,condition,code,value,"
    "quality,actor,occurrence,incident,params,not_before,device_time,cause_seq,"
    "config_rev,epoch,hash\r\n";

static void
put_csv(struct buf *b, const struct stored_event *s)
{
	const struct event *e = &s->event;
	buf_printf(b, "%lld", (long long)e->seq);
	put_time(b, e->time_utc_ms);
	put_field(b, event_kind_name(e->kind));
	put_field(
	    b, e->alarm_class >= 0 ? class_name((enum alarm_class)e->alarm_class) : "");
	put_field(b, e->point);
	put_field(b, e->place_zh);
	put_field(b, e->place_en);
	put_field(
	    b, e->condition >= 0 ? condition_name((enum condition)e->condition) : "");
	put_field(b, e->code);
	buf_str(b, ",");
	if (!isnan(e->value))
		buf_printf(b, "%.15g", e->value); // a number is no formula
	put_field(b, e->quality >= 0 ? quality_name((enum quality)e->quality) : "");
	put_field(b, e->actor);
	put_field(b, e->occurrence_id);
	put_field(b, e->incident_id);
	put_field(b, e->params);
	put_time(b, e->not_before_utc_ms);
	put_time(b, e->device_time_ms);
	buf_str(b, ",");
	if (e->cause_seq != 0)
		buf_printf(b, "%lld", (long long)e->cause_seq);
	put_field(b, s->config_rev);
	put_field(b, s->epoch);
	put_field(b, s->hash);
	buf_str(b, "\r\n");
}

static bool
take(void *arg, const struct stored_event *s)
{
	struct export *x = arg;
	x->last_seq = s->event.seq;
	x->n++;
	buf_free(&x->line);
	if (x->csv)
		put_csv(&x->line, s);
	else {
		cli_event_json(&x->line, s);
		buf_str(&x->line, "\n");
	}
	x->failed = fwrite(x->line.data, 1, x->line.len, x->out) != x->line.len;
	return !x->failed;
}

static int
walk(struct reader *r, struct event_filter *f, struct export *x, struct err *err)
{
	int n;
	do {
		f->limit = PAGE;
		f->after_seq = x->last_seq;
		n = query_events(r, f, take, x, err);
	} while (n == PAGE && !x->failed);
	if (x->failed)
		return err_set(err, errno, "cannot write: %s", strerrordesc_np(errno));
	return n < 0 ? -1 : 0;
}

// A date (local midnight of the site) or a moment in UTC. 0 where text is NULL.
static bool
parse_time(const struct cli *c, const char *option, const char *text, int64_t *out)
{
	struct tm tm = { .tm_isdst = -1 };
	const char *end = text != NULL ? strptime(text, "%Y-%m-%d", &tm) : NULL;
	*out = 0;
	if (text == NULL)
		return true;
	if (end != NULL && *end == '\0') {
		*out = (int64_t)mktime(&tm) * 1000;
		return true;
	}
	memset(&tm, 0, sizeof(tm));
	end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (end != NULL && *end == '\0') {
		*out = (int64_t)timegm(&tm) * 1000;
		return true;
	}
	(void)cli_fail(c, CLI_USAGE,
	    "--%s: found \"%s\", allowed: YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ", option,
	    text);
	return false;
}

static int
run(const struct cli *c, struct reader *r, struct event_filter *f, struct err *err)
{
	const char *where = c->output != NULL ? c->output : "standard output";
	struct export x = { .csv = strcmp(c->format, "csv") == 0 };
	struct whole_file w;
	if (whole_file_open(&w, c->output) != 0)
		return err_set(err, errno, "%s: %s", where, strerrordesc_np(errno));
	x.out = w.out;
	int result = 0;
	if (x.csv && fputs(csv_head, x.out) == EOF)
		result = err_set(err, errno, "%s: %s", where, strerrordesc_np(errno));
	if (result == 0)
		result = walk(r, f, &x, err);
	if (whole_file_close(&w, result == 0, 0640) != 0 && result == 0)
		result = err_set(err, errno, "%s: %s", where, strerrordesc_np(errno));
	buf_free(&x.line);
	return result;
}

enum cli_exit
cmd_export_log(const struct cli *c)
{
	struct cli_site s;
	struct err err = { 0 };
	struct cli mine = *c;
	struct event_filter f = { .alarm_class = -1 };
	enum cli_exit code = cli_no_more(c);
	if (code != CLI_OK)
		return code;
	if (c->format == NULL)
		mine.format = c->json != NULL ? "jsonl" : "csv";
	if (strcmp(mine.format, "csv") != 0 && strcmp(mine.format, "jsonl") != 0)
		return cli_fail(c, CLI_USAGE,
		    "--format: found \"%s\", allowed: csv, jsonl", mine.format);
	code = cli_open(c, &s);
	if (code != CLI_OK)
		return code;
	if (!parse_time(c, "from", c->from, &f.from_utc_ms) ||
	    !parse_time(c, "to", c->to, &f.to_utc_ms))
		code = CLI_USAGE;
	else if (run(&mine, s.reader, &f, &err) != 0)
		code = cli_fail_err(c, CLI_FAILED, &err);
	cli_close(&s);
	return code;
}
