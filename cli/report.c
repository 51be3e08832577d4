// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// `watchroom report`: one report to standard output or to a file. The daemon runs it as
// a child. Refuses to leave half a file: the report is whole in memory before anything
// is written, and a file appears by rename after it was flushed to the disk.
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/mem.h"
#include "lib/text.h"

static int
write_all(int fd, const struct buf *b)
{
	size_t done = 0;
	while (done < b->len) {
		ssize_t n = write(fd, b->data + done, b->len - done);
		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0)
			done += (size_t)n;
	}
	return 0;
}

// The rename is on the disk only when the folder is.
static int
sync_folder(const char *file)
{
	char *copy = xstrdup(file);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = fd < 0 ? -1 : fsync(fd);
	if (fd >= 0)
		(void)close(fd);
	free(copy);
	return result;
}

static int
fill_and_close(int fd, const struct buf *b)
{
	mode_t mask = umask(0);
	(void)umask(mask);
	int result = write_all(fd, b);
	if (result == 0)
		result = fchmod(fd, 0666 & ~mask);
	if (result == 0)
		result = fsync(fd);
	int kept = errno;
	if (close(fd) != 0 && result == 0)
		return -1;
	errno = kept;
	return result;
}

static int
write_file(const char *file, const struct buf *b)
{
	char *temporary = xasprintf("%s.XXXXXX", file);
	int fd = mkostemp(temporary, O_CLOEXEC);
	int result = -1;
	if (fd >= 0) {
		result = fill_and_close(fd, b);
		if (result == 0)
			result = rename(temporary, file);
		if (result == 0)
			result = sync_folder(file);
		else
			(void)unlink(temporary);
	}
	free(temporary);
	return result;
}

static enum cli_exit
deliver(const struct cli *c, const struct buf *b)
{
	const char *where = c->output != NULL ? c->output : "standard output";
	int result =
	    c->output != NULL ? write_file(c->output, b) : write_all(STDOUT_FILENO, b);
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
