// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See recheck.h. The check is this program itself with --check, in a process of its
// own: a configuration that takes long, much memory or the whole process takes nothing
// from the watch. Keeps nothing over a crash.
#include "recheck.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/child.h"
#include "lib/err.h"
#include "lib/log.h"
#include "lib/mem.h"

enum {
	OUTPUT_MOST = 64 << 20, // a line for each point and more
	PATIENCE_MS = 120000,
	LOGGED_MOST = 200, // lines of problems or changes
};

struct recheck {
	struct loop *loop;
	const char *file, *against, *revision;
	struct recheck_host host;
	struct child *child; // NULL while none runs
	bool again;          // the file may have changed since it was read
};

static const char revision_word[] = "revision ";

// The next line without its end into `line`, cut; NULL at the end of the text.
static const char *
next_line(const char *at, char *line, size_t size)
{
	if (*at == '\0')
		return NULL;
	size_t n = strcspn(at, "\n");
	(void)snprintf(line, size, "%.*s", (int)(n < size ? n : size - 1), at);
	return at + n + (at[n] == '\n');
}

// Logs the lines and keeps the first; how many there are.
static unsigned
say_lines(const char *out, bool problems, struct recheck_report *report)
{
	char line[sizeof(report->first)];
	unsigned n = 0;

	while ((out = next_line(out, line, sizeof(line))) != NULL) {
		if (n++ == 0)
			(void)str_copy(report->first, sizeof(report->first), line);
		if (n > LOGGED_MOST)
			continue;
		if (problems)
			log_warnx("config", "%s", line);
		else
			log_info("config", "%s", line);
	}
	if (n > LOGGED_MOST)
		log_info("config", "and %u lines more", n - LOGGED_MOST);
	return n;
}

// "revision OLD -> NEW", then the changes.
static bool
take_good(struct recheck *r, const char *out, struct recheck_report *report)
{
	char line[sizeof(report->first)];
	const char *rest = next_line(out, line, sizeof(line));
	const char *arrow = strstr(line, " -> ");

	if (rest == NULL || arrow == NULL ||
	    strncmp(line, revision_word, strlen(revision_word)) != 0 ||
	    !str_copy(report->revision, sizeof(report->revision), arrow + 4))
		return false;
	report->outcome =
	    strcmp(report->revision, r->revision) == 0 ? RECHECK_SAME : RECHECK_CHANGES;
	if (report->outcome == RECHECK_CHANGES)
		report->changes = say_lines(rest, false, report);
	return true;
}

static void
on_checked(void *arg, int status, const char *out, size_t len)
{
	struct recheck *r = arg;
	struct recheck_report report = { .outcome = RECHECK_BROKEN };

	(void)len;
	r->child = NULL;
	if (r->again) {
		recheck_start(r);
		return;
	}
	if (status == EXIT_SUCCESS && !take_good(r, out, &report))
		status = CHILD_SIGNALLED;
	if (status > 0)
		(void)say_lines(out, true, &report);
	if (status >= 0)
		r->host.done(r->host.ctx, &report);
	else
		log_warnx("config", "the check of the configuration did not end");
}

void
recheck_start(struct recheck *r)
{
	const char *const argv[] = { "/proc/self/exe", "-c", r->file, "--check",
		"--against", r->against, NULL };
	const struct child_options o = { .argv = argv,
		.max_bytes = OUTPUT_MOST,
		.errors_too = true,
		.timeout_ms = PATIENCE_MS };

	r->again = r->child != NULL;
	if (r->again)
		return;
	r->child = child_run(r->loop, &o, on_checked, r);
	if (r->child == NULL)
		log_warn("config", "cannot check the configuration");
}

struct recheck *
recheck_new(struct loop *loop, const char *file, const char *against,
    const char *revision, const struct recheck_host *host)
{
	struct recheck *r = xcalloc(1, sizeof(*r));

	*r = (struct recheck){ .loop = loop,
		.file = file,
		.against = against,
		.revision = revision,
		.host = *host };
	return r;
}

void
recheck_free(struct recheck *r)
{
	if (r == NULL)
		return;
	child_free(r->child);
	free(r);
}
