// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See export_parts.h. Refuses half a file under the final name.
#include "cli/export_parts.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "cli/whole_file.h"
#include "lib/clock.h"

void
export_text(struct buf *b, const char *s)
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

void
export_field(struct buf *b, const char *s)
{
	buf_str(b, ",");
	export_text(b, s);
}

void
export_time(struct buf *b, int64_t utc_ms)
{
	char when[25] = "";
	if (utc_ms != 0)
		clock_rfc3339(utc_ms, when);
	export_field(b, when);
}

void
export_number(struct buf *b, double x)
{
	buf_str(b, ",");
	if (!isnan(x))
		buf_printf(b, "%.15g", x); // a number is no formula
}

// A date (local midnight of the site) or a moment in UTC. 0 where text is NULL.
// The moment, in seconds; a day that the calendar does not have is none.
static bool
moment(struct tm *tm, time_t (*of)(struct tm *), int64_t *out)
{
	const struct tm read = *tm;
	*out = (int64_t)of(tm) * 1000;
	return tm->tm_mday == read.tm_mday && tm->tm_mon == read.tm_mon;
}

static bool
parse_time(const struct cli *c, const char *option, const char *text, int64_t *out)
{
	struct tm tm = { .tm_isdst = -1 };
	const char *end = text != NULL ? strptime(text, "%Y-%m-%d", &tm) : NULL;
	*out = 0;
	if (text == NULL || (end != NULL && *end == '\0' && moment(&tm, mktime, out)))
		return true;
	memset(&tm, 0, sizeof(tm));
	end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (end != NULL && *end == '\0' && moment(&tm, timegm, out))
		return true;
	(void)cli_fail(c, CLI_USAGE,
	    "--%s: found \"%s\", allowed: YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ", option,
	    text);
	return false;
}

bool
export_span(const struct cli *c, int64_t *from_ms, int64_t *to_ms)
{
	if (!parse_time(c, "from", c->from, from_ms) ||
	    !parse_time(c, "to", c->to, to_ms))
		return false;
	if (c->from == NULL || c->to == NULL || *from_ms < *to_ms)
		return true;
	(void)cli_fail(c, CLI_USAGE,
	    "--to: found \"%s\", allowed: later than --from %s", c->to, c->from);
	return false;
}

const char *
export_format(const struct cli *c)
{
	const char *format = c->format != NULL ? c->format
			     : c->json != NULL ? "jsonl"
					       : "csv";
	if (strcmp(format, "csv") == 0 || strcmp(format, "jsonl") == 0)
		return format;
	(void)cli_fail(
	    c, CLI_USAGE, "--format: found \"%s\", allowed: csv, jsonl", format);
	return NULL;
}

int
export_run(const struct cli *c, const struct export_job *job, struct err *err)
{
	const char *where = c->output != NULL ? c->output : "standard output";
	struct whole_file w;
	if (whole_file_open(&w, c->output) != 0)
		return err_set(err, errno, "%s: %s", where, strerrordesc_np(errno));
	int result = 0;
	if (job->head != NULL && fputs(job->head, w.out) == EOF)
		result = err_set(err, errno, "%s: %s", where, strerrordesc_np(errno));
	if (result == 0)
		result = job->walk(job->arg, w.out, err);
	if (result != 0 && ferror(w.out) != 0) // it says why, we where
		err_set(err, err->code, "%s: %s", where, strerrordesc_np(err->code));
	if (whole_file_close(&w, result == 0, 0640) != 0 && result == 0)
		result = err_set(err, errno, "%s: %s", where, strerrordesc_np(errno));
	return result;
}

bool
export_line(FILE *out, struct buf *line)
{
	bool written = fwrite(line->data, 1, line->len, out) == line->len;
	buf_free(line);
	return written;
}
