// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// `watchroom export readings` and `export samples`: the minutes of the gauges, or the
// samples that are kept as they arrived, all of them or a span, as CSV for a
// spreadsheet or as one JSON object a line: gauge by gauge, by time. Reads in pages and
// writes as it reads, so ten years take no more memory than a day and no daemon is held
// up. A minute without a good value, or a moment without one, is a line without
// figures.
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/export_parts.h"
#include "store/query.h"

struct readings {
	int (*page)(struct readings *x, struct err *err);
	struct reader *reader;
	struct reading_walk walk;
	FILE *out;
	bool csv;
	bool failed;
};

static const char csv_head[] = "\xEF\xBB\xBFpoint,minute,min,mean,max,min_at,max_at,"
			       "last,good_ms,samples\r\n";

static double
mean_of(const struct minute *m)
{
	return m->good_ms > 0 ? m->integral / m->good_ms : (double)NAN;
}

static void
put_csv(struct buf *b, const char *point, const struct minute *m)
{
	export_text(b, point);
	export_time(b, m->minute_utc_ms);
	export_number(b, m->min);
	export_number(b, mean_of(m));
	export_number(b, m->max);
	export_time(b, m->min_at_ms);
	export_time(b, m->max_at_ms);
	export_number(b, m->last);
	buf_printf(b, ",%d,%u\r\n", (int)m->good_ms, (unsigned)m->samples);
}

static void
put_json(struct buf *b, const char *point, const struct minute *m)
{
	json_open(b, NULL, '{');
	json_str(b, "point", point);
	json_time(b, "minute", m->minute_utc_ms);
	json_double(b, "min", m->min);
	json_double(b, "mean", mean_of(m));
	json_double(b, "max", m->max);
	json_time(b, "min_at", m->min_at_ms);
	json_time(b, "max_at", m->max_at_ms);
	json_double(b, "last", m->last);
	json_int(b, "good_ms", m->good_ms);
	json_int(b, "samples", m->samples);
	json_close(b, '}');
	buf_str(b, "\n");
}

static bool
take_minute(void *arg, const char *point, const struct minute *m)
{
	struct readings *x = arg;
	struct buf line = { 0 };
	(x->csv ? put_csv : put_json)(&line, point, m);
	x->failed = !export_line(x->out, &line);
	return !x->failed;
}

static int
page_of_minutes(struct readings *x, struct err *err)
{
	return query_minutes(x->reader, &x->walk, take_minute, x, err);
}

// ---- samples
// ----------------------------------------------------------------------------

static const char samples_head[] = "\xEF\xBB\xBFpoint,time,value,quality,around\r\n";

static bool
take_sample(void *arg, const char *point, const struct kept_sample *s)
{
	struct readings *x = arg;
	struct buf line = { 0 };
	if (x->csv) {
		export_text(&line, point);
		export_time(&line, s->at_utc_ms);
		export_number(&line, s->value);
		export_field(&line, quality_name(s->quality));
		buf_printf(&line, ",%d\r\n", s->around);
	} else {
		json_open(&line, NULL, '{');
		json_str(&line, "point", point);
		json_time(&line, "time", s->at_utc_ms);
		json_double(&line, "value", s->value);
		json_str(&line, "quality", quality_name(s->quality));
		json_bool(&line, "around", s->around);
		json_close(&line, '}');
		buf_str(&line, "\n");
	}
	x->failed = !export_line(x->out, &line);
	return !x->failed;
}

static int
page_of_samples(struct readings *x, struct err *err)
{
	return query_samples(x->reader, &x->walk, take_sample, x, err);
}

// ---- either
// -----------------------------------------------------------------------------

static int
walk(void *arg, FILE *out, struct err *err)
{
	struct readings *x = arg;
	int n = 0;
	x->out = out;
	while (n >= 0 && !x->walk.done && !x->failed)
		n = x->page(x, err);
	if (x->failed)
		return err_set(err, errno, "cannot write: %s", strerrordesc_np(errno));
	if (n >= 0 && x->walk.only != NULL && x->walk.point[0] == '\0')
		return err_set(err, ENOENT,
		    "--point: found \"%s\", allowed: a gauge that has readings",
		    x->walk.only);
	return n < 0 ? -1 : 0;
}

static enum cli_exit
export_walk(const struct cli *c, int (*page)(struct readings *x, struct err *err),
    const char *head)
{
	struct cli_site s;
	struct err err = { 0 };
	struct readings x = { .page = page, .walk = { .only = c->point } };
	enum cli_exit code = cli_no_more(c);
	const char *format = code == CLI_OK ? export_format(c) : NULL;
	if (format == NULL)
		return CLI_USAGE;
	code = cli_open(c, &s);
	if (code != CLI_OK)
		return code;
	x.csv = strcmp(format, "csv") == 0;
	x.reader = s.reader;
	const struct export_job job = { x.csv ? head : NULL, walk, &x };
	if (!export_span(c, &x.walk.from_ms, &x.walk.to_ms))
		code = CLI_USAGE;
	else if (export_run(c, &job, &err) != 0)
		code = cli_fail_err(c, CLI_FAILED, &err);
	cli_close(&s);
	return code;
}

enum cli_exit
cmd_export_readings(const struct cli *c)
{
	return export_walk(c, page_of_minutes, csv_head);
}

enum cli_exit
cmd_export_samples(const struct cli *c)
{
	return export_walk(c, page_of_samples, samples_head);
}
