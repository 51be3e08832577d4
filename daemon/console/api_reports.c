// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Reports. Rendered by `watchroom report` as a child, so its libraries, its memory and
// its crashes are not the daemon's. Owns the running children; runs on the loop thread.
// Refuses a third at once and anything but names, days and formats of the lists below:
// nothing of a request reaches a command line unchecked.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/console_int.h"
#include "lib/child.h"
#include "lib/log.h"
#include "lib/mem.h"

enum {
	CHILD_BAD_INPUT = 2, // watchroom(1): bad options or input
	REPORT_MS = 20000,
	REPORT_BYTES = 16 * 1024 * 1024,
};

// A sanitizer reserves terabytes of addresses: a child of such a build has no limit.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const uint64_t report_memory = 0;
#else
static const uint64_t report_memory = 1024ull * 1024 * 1024;
#endif

// clang-format off
static const char *const names[] = { "alarms-daily", "pressure-daily" };

static const struct format { const char *name, *type; } formats[] = {
	{ "json", "application/json; charset=utf-8" },
	{ "csv", "text/csv; charset=utf-8" },
};
// clang-format on

struct report_run {
	struct report_run *next, **link;
	struct console *console;
	struct http_request *r;
	struct child *child;
	const struct format *format;
	char file[80];
};

static void
run_free(struct report_run *run)
{
	*run->link = run->next;
	if (run->next != NULL)
		run->next->link = run->link;
	run->console->n_reports--;
	free(run);
}

static void
on_child(void *arg, int status, const char *out, size_t len)
{
	struct report_run *run = arg;
	struct http_request *r = run->r;
	char disposition[120];

	if (status == 0) {
		(void)snprintf(disposition, sizeof(disposition),
		    "attachment; filename=\"%s\"", run->file);
		if (strcmp(run->format->name, "json") != 0)
			http_add(r, "Content-Disposition", disposition);
		http_send(r, 200, run->format->type, blob_copy(out, len));
	} else if (status == CHILD_BAD_INPUT) {
		http_error(r, 400, "bad_parameter", "day");
	} else {
		log_warnx("console", "report %s ended with %d", run->file, status);
		http_error(r, 503,
		    status == CHILD_TIMED_OUT ? "timeout" : "report_failed", NULL);
	}
	run_free(run);
}

// "today", or a date that a calendar could have; the report knows better.
static bool
day_is_fine(const char *day)
{
	unsigned month, of_month;

	if (strcmp(day, "today") == 0)
		return true;
	if (strlen(day) != 10 || strspn(day, "0123456789-") != 10 || day[4] != '-' ||
	    day[7] != '-' || strspn(day, "0123456789") != 4)
		return false;
	// The widths keep both numbers in range. NOLINTNEXTLINE(cert-err34-c)
	return sscanf(day + 5, "%2u-%2u", &month, &of_month) == 2 && month >= 1 &&
	       month <= 12 && of_month >= 1 && of_month <= 31;
}

static const struct format *
format_named(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

static const char *
report_named(const char *name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return names[i];
	return NULL;
}

struct report_question {
	const char *name, *day, *lang;
	const struct format *format;
};

static int
refuse(struct http_request *r, int status, const char *code, const char *field)
{
	http_error(r, status, code, field);
	return -1;
}

static int
read_question(struct console *c, struct http_request *r, struct report_question *q)
{
	const char *day = target_value(&r->target, "day");
	const char *format = target_value(&r->target, "format");
	const char *lang = target_value(&r->target, "lang");
	enum lang language = r->lang;

	q->name = report_named(r->id);
	q->day = day != NULL ? day : "today";
	q->format = format_named(format != NULL ? format : "json");
	if (q->name == NULL)
		return refuse(r, 404, "not_found", "name");
	if (!day_is_fine(q->day))
		return refuse(r, 400, "bad_parameter", "day");
	if (q->format == NULL)
		return refuse(r, 400, "bad_parameter", "format");
	if (lang != NULL && !lang_from_name(lang, &language))
		return refuse(r, 400, "bad_parameter", "lang");
	q->lang = lang_name(language);
	if (c->reports_program == NULL || c->store_directory == NULL)
		return refuse(r, 503, "unavailable", NULL);
	if (c->n_reports >= REPORTS_AT_ONCE)
		return refuse(r, 503, "reports_busy", NULL);
	return 0;
}

static struct child *
start_child(struct console *c, const struct report_question *q, struct report_run *run)
{
	// The site gives places; a tool that cannot read it does with the store alone.
	const char *const argv[] = { c->reports_program, "--store", c->store_directory,
		"report", q->name, "--day", q->day, "--format", q->format->name,
		"--lang", q->lang, c->host.config_file != NULL ? "-c" : NULL,
		c->host.config_file, NULL };

	return child_run(c->loop,
	    &(struct child_options){ .argv = argv,
		.max_bytes = REPORT_BYTES,
		.timeout_ms = REPORT_MS,
		.max_memory = report_memory },
	    on_child, run);
}

void
api_report(struct console *c, struct http_request *r)
{
	struct report_question q;

	if (read_question(c, r, &q) < 0)
		return;
	struct report_run *run = xcalloc(1, sizeof(*run));
	run->console = c;
	run->r = r;
	run->format = q.format;
	(void)snprintf(
	    run->file, sizeof(run->file), "%s-%s.%s", q.name, q.day, q.format->name);
	run->child = start_child(c, &q, run);
	if (run->child == NULL) {
		log_warn("console", "report cannot be started: %s", c->reports_program);
		free(run);
		http_error(r, 503, "report_failed", NULL);
		return;
	}
	http_takes_long(r);
	run->next = c->reports;
	run->link = &c->reports;
	if (c->reports != NULL)
		c->reports->link = &run->next;
	c->reports = run;
	c->n_reports++;
}

void
reports_stop(struct console *c)
{
	struct report_run *next;

	for (struct report_run *run = c->reports; run != NULL; run = next) {
		next = run->next;
		child_free(run->child);
		http_error(run->r, 503, "unavailable", NULL); // the peer has gone
		run_free(run);
	}
}
