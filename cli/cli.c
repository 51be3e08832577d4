// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Messages of the tool, and finding a site's files: --store, else the configuration's
// store directory, else the state directory. Opens the databases read-only. Sets TZ
// once, before any local time is printed; the tool has one thread.
#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/config.h"
#include "lib/mem.h"
#include "store/query.h"

static const char state_default[] = "/var/lib/watchroom";

enum cli_exit
cli_fail(const struct cli *c, enum cli_exit code, const char *fmt, ...)
{
	va_list ap;
	(void)fprintf(stderr, "watchroom %s: ", c->command);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
	return code;
}

enum cli_exit
cli_fail_err(const struct cli *c, enum cli_exit code, const struct err *e)
{
	if (e->file[0] == '\0')
		return cli_fail(c, code, "%s", e->text);
	if (e->line == 0)
		return cli_fail(c, code, "%s: %s", e->file, e->text);
	return cli_fail(c, code, "%s:%u: %s", e->file, e->line, e->text);
}

enum cli_exit
cli_no_more(const struct cli *c)
{
	if (c->argc > 0)
		return cli_fail(
		    c, CLI_USAGE, "found \"%s\" where nothing is allowed", c->argv[0]);
	return CLI_OK;
}

bool
cli_number(
    const struct cli *c, const char *text, const struct cli_range *r, long long *out)
{
	char *end;
	*out = r->fallback;
	if (text == NULL)
		return true;
	errno = 0;
	long long n = strtoll(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || n < r->low || n > r->high) {
		(void)cli_fail(c, CLI_USAGE,
		    "--%s: found \"%s\", allowed: a whole number from %lld to %lld",
		    r->option, text, r->low, r->high);
		return false;
	}
	*out = n;
	return true;
}

static enum cli_exit
load_site(const struct cli *c, struct cli_site *s)
{
	struct problems *p = xcalloc(1, sizeof(*p));
	char *panels = xstrdup(panels_directory());
	s->site = site_load(c->config, panels, p);
	enum cli_exit code = CLI_OK;
	if (s->site == NULL) {
		problems_print(p, stderr);
		code = CLI_USAGE;
		if (c->store != NULL)
			code = cli_fail(c, CLI_OK,
			    "going on without the configuration, with --store only");
	}
	problems_free(p);
	free(panels);
	free(p);
	return code;
}

static const char *
directory_of(const struct cli *c, const struct site *site)
{
	if (c->store != NULL)
		return c->store;
	if (site != NULL && site->store_directory != NULL &&
	    site->store_directory[0] != '\0')
		return site->store_directory;
	if (c->state != NULL)
		return c->state;
	const char *env = getenv("STATE_DIRECTORY");
	return env != NULL && env[0] != '\0' ? env : state_default;
}

enum cli_exit
cli_locate(const struct cli *c, struct cli_site *s)
{
	*s = (struct cli_site){ 0 };
	if (c->config != NULL) {
		enum cli_exit code = load_site(c, s);
		if (code != CLI_OK)
			return code;
	}
	s->directory = xstrdup(directory_of(c, s->site));
	return CLI_OK;
}

static void
set_time_zone(const char *name)
{
	char *value = xasprintf(":%s", name);
	if (setenv("TZ", value, 1) != 0)
		wr_unreachable("TZ");
	tzset();
	free(value);
}

enum cli_exit
cli_open(const struct cli *c, struct cli_site *s)
{
	struct err err = { 0 };
	enum cli_exit code = cli_locate(c, s);
	if (code != CLI_OK)
		return code;
	s->reader = reader_open(s->directory, &err);
	if (s->reader == NULL)
		code = cli_fail_err(c, CLI_FAILED, &err);
	else if (report_site_read(s->reader, s->site, &s->who, &err) < 0)
		code = cli_fail_err(c, CLI_FAILED, &err);
	if (code != CLI_OK) {
		cli_close(s);
		return code;
	}
	set_time_zone(s->who.time_zone);
	return CLI_OK;
}

void
cli_close(struct cli_site *s)
{
	if (s->reader != NULL)
		reader_close(s->reader);
	site_free(s->site);
	free(s->directory);
	*s = (struct cli_site){ 0 };
}
