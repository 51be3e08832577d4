// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// `watchroom report`: one report to standard output or to a file. The daemon runs it as
// a child. Refuses to leave half a file: the report is whole in memory before anything
// is written, and a file appears by rename after it was flushed to the disk.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/whole_file.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/text.h"

static enum cli_exit
deliver(const struct cli *c, const struct buf *b)
{
	const char *where = c->output != NULL ? c->output : "standard output";
	struct whole_file w;
	int result = whole_file_open(&w, c->output);

	if (result == 0) {
		bool written = fwrite(b->data, 1, b->len, w.out) == b->len;
		result = whole_file_close(&w, written, 0666);
		if (!written)
			result = -1;
	}
	if (result != 0)
		return cli_fail(c, CLI_FAILED, "%s: %s", where, strerror(errno));
	return CLI_OK;
}

// Which of the request's faults are the caller's and which are the store's.
static enum cli_exit
code_of(const struct err *e)
{
	return e->code == EINVAL ? CLI_USAGE : CLI_FAILED;
}

enum cli_exit
cli_report(const struct cli *c, const char *name)
{
	struct cli_site s;
	struct err err = { 0 };
	struct report_request q = {
		.name = name,
		.day = c->day != NULL ? c->day : "today",
		.format = c->format != NULL ? c->format
			  : c->json != NULL ? "json"
					    : "csv",
	};
	if (!lang_from_name(c->lang != NULL ? c->lang : "zh", &q.lang))
		return cli_fail(
		    c, CLI_USAGE, "--lang: found \"%s\", allowed: zh, en", c->lang);
	long long revision;
	const struct cli_range revisions = { "revision", 1, 1000000, 0 };
	if (!cli_number(c, c->revision, &revisions, &revision))
		return CLI_USAGE;
	q.revision = revision;
	enum cli_exit code = cli_open(c, &s);
	if (code != CLI_OK)
		return code;

	struct buf out = { 0 };
	q.now_utc_ms = clock_real()->utc_ms(clock_real());
	q.site = &s.who;
	q.points = s.site;
	if (report_render(s.reader, &q, &out, &err) < 0)
		code = cli_fail_err(c, code_of(&err), &err);
	else
		code = deliver(c, &out);
	buf_free(&out);
	cli_close(&s);
	return code;
}

enum cli_exit
cmd_report(const struct cli *c)
{
	if (c->argc > 1)
		return cli_fail(
		    c, CLI_USAGE, "found \"%s\" after the report's name", c->argv[1]);
	return cli_report(c, c->argc > 0 ? c->argv[0] : "");
}
