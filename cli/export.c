// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// `watchroom export log`: the whole journal, or a span of time, as CSV for a
// spreadsheet or as one JSON object a line. Reads in pages and writes as it reads, so
// its size does not matter and no daemon is held up. CSV begins with a byte order mark,
// and no field is taken for a formula. A file appears whole or not at all.
#include "cli/export.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/export_parts.h"

struct export
{
	struct reader *reader;
	struct event_filter filter;
	FILE *out;
	bool csv;
	bool failed;
	int64_t last_seq;
};

const char export_csv_head[] =
    "\xEF\xBB\xBFseq,time,kind,class,point,place_zh,place_en,condition,code,value,"
    "quality,actor,occurrence,incident,params,not_before,device_time,cause_seq,"
    "config_rev,epoch,hash\r\n";

void
export_csv_event(struct buf *b, const struct stored_event *s)
{
	const struct event *e = &s->event;
	buf_printf(b, "%lld", (long long)e->seq);
	export_time(b, e->time_utc_ms);
	export_field(b, event_kind_name(e->kind));
	export_field(
	    b, e->alarm_class >= 0 ? class_name((enum alarm_class)e->alarm_class) : "");
	export_field(b, e->point);
	export_field(b, e->place_zh);
	export_field(b, e->place_en);
	export_field(
	    b, e->condition >= 0 ? condition_name((enum condition)e->condition) : "");
	export_field(b, e->code);
	export_number(b, e->value);
	export_field(b, e->quality >= 0 ? quality_name((enum quality)e->quality) : "");
	export_field(b, e->actor);
	export_field(b, e->occurrence_id);
	export_field(b, e->incident_id);
	export_field(b, e->params);
	export_time(b, e->not_before_utc_ms);
	export_time(b, e->device_time_ms);
	buf_str(b, ",");
	if (e->cause_seq != 0)
		buf_printf(b, "%lld", (long long)e->cause_seq);
	export_field(b, s->config_rev);
	export_field(b, s->epoch);
	export_field(b, s->hash);
	buf_str(b, "\r\n");
}

static bool
take(void *arg, const struct stored_event *s)
{
	struct export *x = arg;
	struct buf line = { 0 };
	x->last_seq = s->event.seq;
	if (x->csv)
		export_csv_event(&line, s);
	else {
		cli_event_json(&line, s);
		buf_str(&line, "\n");
	}
	x->failed = !export_line(x->out, &line);
	return !x->failed;
}

static int
walk(void *arg, FILE *out, struct err *err)
{
	struct export *x = arg;
	int n;
	x->out = out;
	do {
		x->filter.limit = EXPORT_PAGE;
		x->filter.after_seq = x->last_seq;
		n = query_events(x->reader, &x->filter, take, x, err);
	} while (n == EXPORT_PAGE && !x->failed);
	if (x->failed)
		return err_set(err, errno, "cannot write: %s", strerrordesc_np(errno));
	return n < 0 ? -1 : 0;
}

enum cli_exit
cmd_export_log(const struct cli *c)
{
	struct cli_site s;
	struct err err = { 0 };
	struct export x = { .filter = { .alarm_class = -1 } };
	enum cli_exit code = cli_no_more(c);
	const char *format = code == CLI_OK ? export_format(c) : NULL;
	if (format == NULL)
		return CLI_USAGE;
	code = cli_open(c, &s);
	if (code != CLI_OK)
		return code;
	x.csv = strcmp(format, "csv") == 0;
	x.reader = s.reader;
	const struct export_job job = { x.csv ? export_csv_head : NULL, walk, &x };
	if (!export_span(c, &x.filter.from_utc_ms, &x.filter.to_utc_ms))
		code = CLI_USAGE;
	else if (export_run(c, &job, &err) != 0)
		code = cli_fail_err(c, CLI_FAILED, &err);
	cli_close(&s);
	return code;
}
