// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Reports. Rendered by `watchroom report` as a child, so its libraries, its memory and
// its crashes are not the daemon's. Which day it is the store says first, in its reader
// thread: a saved file is named by the day, and "today" is another one tomorrow.
// Owns the running children; runs on the loop thread otherwise.
// Refuses a third at once and anything but names, days and formats of the lists below:
// nothing of a request reaches a command line unchecked.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/console_int.h"
#include "console/session.h"
#include "core/report_name.h"
#include "lib/child.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "store/query.h"
#include "store/store.h"

enum {
	CHILD_BAD_INPUT = 2, // watchroom(1): bad options or input
	REPORT_MS = 20000,
	REPORT_BYTES = 16 * 1024 * 1024,
	REVISION_MAX = 999999,
};

// A sanitizer reserves terabytes of addresses: a child of such a build has no limit.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const uint64_t report_memory = 0;
#else
static const uint64_t report_memory = 1024ull * 1024 * 1024;
#endif

// clang-format off
static const struct { const char *name; enum report_span span; } names[] = {
#define X(id, name, span) [id] = { name, span },
	REPORTS(X)
#undef X
};
static const char *const spans[] = { "day", "week", "month", "year" };

static const struct format { const char *name, *type; } formats[] = {
#define X(id, name, type) [id] = { name, type },
	REPORT_FORMATS(X)
#undef X
};
// clang-format on

struct report_run {
	struct report_run *next, **link; // of those that have a child
	struct console *console;
	struct http_request *r;
	struct child *child;
	const char *name, *lang;
	char revision[8]; // "" = as it is now
	const struct format *format;
	int64_t now_utc_ms;
	bool is_day; // the store knows the day, or it is a date
	char asked[11];
	struct day_span day;
	char file[80];
};

static void
run_link(struct report_run *run)
{
	struct console *c = run->console;

	run->next = c->reports;
	run->link = &c->reports;
	if (c->reports != NULL)
		c->reports->link = &run->next;
	c->reports = run;
}

static void
run_free(struct report_run *run)
{
	if (run->link != NULL)
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
		(void)snprintf(disposition, sizeof(disposition), "%s; filename=\"%s\"",
		    strcmp(run->format->name, "pdf") == 0 ? "inline" : "attachment",
		    run->file);
		if (strcmp(run->format->name, "json") != 0)
			http_add(r, "Content-Disposition", disposition);
		http_send(r, 200, run->format->type, blob_copy(out, len));
	} else if (status == CHILD_BAD_INPUT) {
		bool copy = run->revision[0] != '\0';
		http_error(r, copy ? 404 : 400, copy ? "not_found" : "bad_parameter",
		    copy ? "revision" : "day");
	} else if (status == CHILD_OUTPUT_LIMIT) {
		http_error(r, 413, "report_too_large", "format");
	} else {
		log_warnx("console", "report %s ended with %d", run->file, status);
		http_error(r, 503,
		    status == CHILD_TIMED_OUT ? "timeout" : "report_failed", NULL);
	}
	run_free(run);
}

// "today", or a date that a calendar could have; the report knows better.
bool
report_day_is_fine(const char *day)
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
		if (strcmp(names[i].name, name) == 0)
			return names[i].name;
	return NULL;
}

// Some are a manager's to read, by name and PIN.
static bool
may_have(const struct http_request *r, const char *name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((REPORTS_OF_MANAGERS >> i & 1) != 0 && names[i].name == name)
			return r->session != NULL &&
			       strcmp(r->session->role, "manager") == 0;
	return true;
}

static int
refuse(struct http_request *r, int status, const char *code, const char *field)
{
	http_error(r, status, code, field);
	return -1;
}

// -1 = answered.
static int
read_revision(struct http_request *r, struct report_run *q)
{
	int64_t n;

	if (api_number(r, "revision", 1, REVISION_MAX, 0, &n) < 0)
		return -1;
	if (n > 0)
		(void)snprintf(q->revision, sizeof(q->revision), "%d", (int)n);
	return 0;
}

// -1 = answered.
static int
read_question(struct console *c, struct http_request *r, struct report_run *q)
{
	const char *day = target_value(&r->target, "day");
	const char *format = target_value(&r->target, "format");
	const char *lang = target_value(&r->target, "lang");
	enum lang language = r->lang;

	q->name = report_named(r->id);
	if (day == NULL)
		day = "today";
	q->format = format_named(format != NULL ? format : "json");
	if (q->name == NULL)
		return refuse(r, 404, "not_found", "name");
	if (!may_have(r, q->name))
		return refuse(r, 403, "manager_required", "name");
	if (!report_day_is_fine(day) || !str_copy(q->asked, sizeof(q->asked), day))
		return refuse(r, 400, "bad_parameter", "day");
	if (q->format == NULL)
		return refuse(r, 400, "bad_parameter", "format");
	if (lang != NULL && !lang_from_name(lang, &language))
		return refuse(r, 400, "bad_parameter", "lang");
	q->lang = lang_name(language);
	if (read_revision(r, q) < 0)
		return -1;
	if (c->reports_program == NULL || c->store_directory == NULL)
		return refuse(r, 503, "unavailable", NULL);
	if (c->n_reports >= REPORTS_AT_ONCE)
		return refuse(r, 503, "reports_busy", NULL);
	return 0;
}

struct child *
report_child(struct console *c, const struct report_order *o,
    void (*done)(void *arg, int status, const char *out, size_t len), void *arg)
{
	const char *argv[20] = { c->reports_program, "--store", c->store_directory,
		"report", o->name, "--day", o->day, "--format", o->format, "--lang",
		o->lang };
	size_t n = 11;

	if (o->revision[0] != '\0') {
		argv[n++] = "--revision";
		argv[n++] = o->revision;
	}
	// The site gives places; a tool that cannot read it does with the store alone.
	if (c->host.config_file != NULL) {
		argv[n++] = "-c";
		argv[n++] = c->host.config_file;
	}

	return child_run(c->loop,
	    &(struct child_options){ .argv = argv,
		.max_bytes = REPORT_BYTES,
		.timeout_ms = REPORT_MS,
		.max_memory = report_memory },
	    done, arg);
}

// In the reader thread: touches nothing but the struct.
static int
find_day(struct reader *reader, void *arg)
{
	struct report_run *run = arg;
	struct err err = { 0 };
	int result = query_day(reader, run->asked, run->now_utc_ms, &run->day, &err);

	run->is_day = result == 0;
	return result < 0 && err.code == EINVAL ? 0 : result;
}

static void
on_day(void *arg, int result)
{
	struct report_run *run = arg;
	struct http_request *r = run->r;
	struct console *c = r->console;

	if (c == NULL) { // stopped meanwhile
		http_error(r, 503, "unavailable", NULL);
		free(run);
		return;
	}
	if (result < 0 || !run->is_day) {
		http_error(r, result < 0 ? 503 : 400,
		    result < 0 ? "unavailable" : "bad_parameter",
		    result < 0 ? NULL : "day");
		run_free(run);
		return;
	}
	bool copy = run->revision[0] != '\0';
	(void)snprintf(run->file, sizeof(run->file), "%s-%s%s%s.%s", run->name,
	    run->day.day, copy ? "-r" : "", run->revision, run->format->name);
	const struct report_order order = { run->name, run->day.day, run->revision,
		run->format->name, run->lang };
	run->child = report_child(c, &order, on_child, run);
	if (run->child != NULL) {
		run_link(run);
		return;
	}
	log_warn("console", "report cannot be started: %s", c->reports_program);
	http_error(r, 503, "report_failed", NULL);
	run_free(run);
}

void
api_reports(struct console *c, struct http_request *r)
{
	struct buf b = { 0 };

	json_open(&b, NULL, '{');
	json_open(&b, "reports", '[');
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		json_open(&b, NULL, '{');
		json_str(&b, "name", names[i].name);
		json_str(&b, "span", spans[names[i].span]);
		json_str(
		    &b, "role", (REPORTS_OF_MANAGERS >> i & 1) != 0 ? "manager" : NULL);
		json_close(&b, '}');
	}
	json_close(&b, ']');
	json_open(&b, "formats", '[');
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		json_str(&b, NULL, formats[i].name);
	json_close(&b, ']');
	c->host.report_plans(c->host.ctx, &b);
	json_close(&b, '}');
	http_send_json(r, 200, &b);
}

void
api_report(struct console *c, struct http_request *r)
{
	struct report_run *run = xcalloc(1, sizeof(*run));

	if (read_question(c, r, run) < 0) {
		free(run);
		return;
	}
	run->console = c;
	run->r = r;
	run->now_utc_ms = loop_utc_ms(c->loop);
	c->n_reports++;
	http_takes_long(r);
	store_read(c->host.store(c->host.ctx), find_day, on_day, run);
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
