// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A leader signs the report of a day. In this order: the reader thread says what the
// day lacks; the tool makes the report as it is now; the daemon writes it with an event
// in one transaction; the answer comes when that is durable (I3). One at a time. Owns
// the signing under way; runs on the loop. Refuses a day that still runs, one that is
// signed and unchanged, and, where nobody says why, one with alarms that nobody has
// judged.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/body.h"
#include "console/close.h"
#include "console/console_int.h"
#include "lib/child.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "store/store.h"

struct signing {
	struct console *console;
	struct http_request *r;
	struct child *child;
	struct revision *wanted; // what is known of it; taken over by the host
	char asked[11];
	enum report_id report;
	int64_t now_utc_ms;
	struct day_close close;
	bool bad_day;
	struct buf lacking;  // the answer to one who gives no reason
	int64_t seq, number; // of the event, and its revision
};

// c: NULL once the console has stopped.
static void
signing_free(struct console *c, struct signing *s)
{
	if (c != NULL && c->signing == s)
		c->signing = NULL;
	if (s->wanted != NULL)
		revision_free(s->wanted);
	free(s->wanted);
	buf_free(&s->lacking);
	free(s);
}

static void
refuse(struct signing *s, int status, const char *code, const char *field)
{
	struct console *c = s->r->console;

	http_error(s->r, status, code, field);
	signing_free(c, s);
}

// ---- signed
// ------------------------------------------------------------------------------

static int
ask_number(struct reader *reader, void *arg)
{
	struct signing *s = arg;
	struct revision newest;
	const struct revision_key key = { .report = report_name_of(s->report),
		.day = s->close.day.day };

	if (query_revision(reader, &key, &newest, NULL) == 1 && newest.seq == s->seq)
		s->number = newest.revision;
	return 0;
}

// It is durable whatever the question about its number gave.
static void
on_number(void *arg, int result)
{
	struct signing *s = arg;
	struct console *c = s->r->console;
	struct buf b = { 0 };

	(void)result;
	json_open(&b, NULL, '{');
	json_bool(&b, "durable", true);
	json_int(&b, "seq", s->seq);
	if (s->number > 0)
		json_int(&b, "revision", s->number);
	else
		json_none(&b, "revision");
	json_close(&b, '}');
	http_send_json(s->r, 200, &b);
	signing_free(c, s);
}

static void
on_signed(void *arg, const struct reply *reply)
{
	struct signing *s = arg;
	struct http_request *r = s->r;
	struct console *c = r->console;

	if (c == NULL || reply->status >= 300 || reply->code != NULL ||
	    !reply->durable) {
		signing_free(c, s);
		api_confirmed(r, reply);
		return;
	}
	s->seq = reply->seq;
	store_read(c->host.store(c->host.ctx), ask_number, on_number, s);
}

// ---- the report
// --------------------------------------------------------------------------

// The first members of the document stand where they are looked for
// (report/document.c). False: it is none.
static bool
read_begin(const char *text, struct revision *r)
{
	long long seq, verdict, missed, unclassified;
	// The widths keep all in range. NOLINTNEXTLINE(cert-err34-c)
	int n = sscanf(text,
	    "{\"document\":1,\"data_sha256\":\"%64[0-9a-f]\",\"as_of_seq\":%18lld,"
	    "\"as_of_verdict\":%18lld,\"as_of_missed\":%18lld,\"unclassified\":%18lld,",
	    r->data_sha256, &seq, &verdict, &missed, &unclassified);

	if (n != 5 || strlen(r->data_sha256) != REVISION_SHA256 - 1)
		return false;
	r->as_of = (struct as_of){ seq, verdict, missed };
	r->unclassified = unclassified;
	return true;
}

static void
on_document(void *arg, int status, const char *out, size_t len)
{
	struct signing *s = arg;
	struct console *c = s->console;
	struct revision *r = s->wanted;

	s->child = NULL; // it frees itself
	if (status != 0 || len == 0 || memchr(out, '\0', len) != NULL) {
		log_warnx("console", "report to be signed ended with %d", status);
		refuse(s, status == CHILD_OUTPUT_LIMIT ? 413 : 503,
		    status == CHILD_OUTPUT_LIMIT ? "report_too_large"
		    : status == CHILD_TIMED_OUT  ? "timeout"
						 : "report_failed",
		    NULL);
		return;
	}
	r->document = xasprintf("%.*s", (int)len, out);
	if (!read_begin(r->document, r)) {
		refuse(s, 503, "report_failed", NULL);
		return;
	}
	if (r->unclassified == 0) {
		r->reason[0] = '\0';
	} else if (r->reason[0] == '\0') { // one came meanwhile
		refuse(s, 409, "unclassified", "reason");
		return;
	}
	s->wanted = NULL;
	c->host.sign(c->host.ctx, r, on_signed, s);
}

// ---- what the day lacks
// ----------------------------------------------------------------------

static int
ask_day(struct reader *reader, void *arg)
{
	struct signing *s = arg;
	struct day_span d;
	struct err err = { 0 };
	bool judged = s->report == REPORT_ALARMS_DAILY;

	if (query_day(reader, s->asked, s->now_utc_ms, &d, &err) < 0) {
		s->bad_day = err.code == EINVAL;
		return s->bad_day ? 0 : -1;
	}
	if (query_day_close(
		reader, report_name_of(s->report), judged, &d, &s->close, NULL) < 0)
		return -1;
	report_put_close(&s->lacking, &s->close);
	return report_put_lacking(reader, &s->close, &s->lacking);
}

static void
refuse_unclassified(struct signing *s)
{
	struct console *c = s->r->console;
	struct buf b = { 0 };

	json_open(&b, NULL, '{');
	json_open(&b, "error", '{');
	json_str(&b, "code", "unclassified");
	json_str(&b, "message", text_get(s->r->lang, "error.unclassified"));
	json_str(&b, "field", "reason");
	json_close(&b, '}');
	json_open(&b, "close", '{');
	buf_add(&b, s->lacking.data, s->lacking.len);
	json_close(&b, '}');
	json_close(&b, '}');
	http_send_json(s->r, 409, &b);
	signing_free(c, s);
}

static void
start_report(struct signing *s)
{
	struct revision *r = s->wanted;
	const struct report_order order = { .name = report_name_of(s->report),
		.day = r->day,
		.revision = "",
		.format = "document",
		.lang = "zh" };

	(void)str_copy(r->day, sizeof(r->day), s->close.day.day);
	r->from_utc_ms = s->close.day.from_ms;
	r->to_utc_ms = s->close.day.to_ms;
	s->child = report_child(s->console, &order, on_document, s);
	if (s->child == NULL)
		refuse(s, 503, "report_failed", NULL);
}

static void
on_day(void *arg, int result)
{
	struct signing *s = arg;

	if (s->r->console == NULL) { // stopped meanwhile
		refuse(s, 503, "unavailable", NULL);
		return;
	}
	const char *why = result == 0 ? report_refused(&s->close) : NULL;
	if (result != 0)
		refuse(s, 503, "unavailable", NULL);
	else if (s->bad_day)
		refuse(s, 400, "bad_member", "day");
	else if (why != NULL)
		refuse(s, 409, why, "day");
	else if (s->close.unclassified > 0 && s->wanted->reason[0] == '\0')
		refuse_unclassified(s);
	else
		start_report(s);
}

// ---- the request
// -------------------------------------------------------------------------

// Who answers for the shift, or for them. False: answered.
static bool
may_sign(struct console *c, struct http_request *r)
{
	const char *role = r->session != NULL ? r->session->role : "";
	const char *why = c->host.cannot_sign(c->host.ctx);
	enum report_id report = signed_report(r->id);

	if (report == REPORT_COUNT)
		http_error(r, 404, "not_found", "name");
	else if (strcmp(role, "leader") != 0 && strcmp(role, "manager") != 0)
		http_error(r, 403, "leader_required", NULL);
	else if (why != NULL)
		http_error(r, 503, why, NULL);
	else if (c->reports_program == NULL || c->store_directory == NULL)
		http_error(r, 503, "unavailable", NULL);
	else if (c->signing != NULL)
		http_error(r, 503, "signing_busy", NULL);
	else
		return true;
	return false;
}

static void
trim(char *text)
{
	if (text[strspn(text, " ")] == '\0')
		text[0] = '\0';
}

static int
read_body(struct http_request *r, struct signing *s)
{
	struct revision *w = s->wanted;
	const struct body_member members[] = {
		{ .name = "day",
		    .required = true,
		    .text = s->asked,
		    .size = sizeof(s->asked) },
		{ .name = "note",
		    .text = w->note,
		    .size = sizeof(w->note),
		    .characters = VERDICT_NOTE_CHARACTERS },
		{ .name = "reason",
		    .text = w->reason,
		    .size = sizeof(w->reason),
		    .characters = VERDICT_NOTE_CHARACTERS },
	};

	if (api_body(r, members, sizeof(members) / sizeof(members[0])) < 0)
		return -1;
	trim(w->note);
	trim(w->reason);
	if (report_day_is_fine(s->asked))
		return 0;
	http_error(r, 400, "bad_member", "day");
	return -1;
}

void
api_report_sign(struct console *c, struct http_request *r)
{
	if (!may_sign(c, r))
		return;
	struct signing *s = xcalloc(1, sizeof(*s));
	struct revision *w = s->wanted = xcalloc(1, sizeof(*w));
	s->console = c;
	s->r = r;
	s->report = signed_report(r->id);
	s->now_utc_ms = loop_utc_ms(c->loop);
	if (read_body(r, s) < 0) {
		signing_free(c, s);
		return;
	}
	(void)str_copy(w->report, sizeof(w->report), report_name_of(s->report));
	(void)str_copy(w->who, sizeof(w->who), r->session->user);
	(void)str_copy(w->name_zh, sizeof(w->name_zh), r->session->name_zh);
	(void)str_copy(w->name_en, sizeof(w->name_en), r->session->name_en);
	(void)str_copy(w->role, sizeof(w->role), r->session->role);
	c->signing = s;
	http_takes_long(r);
	store_read(c->host.store(c->host.ctx), ask_day, on_day, s);
}

void
signing_stop(struct console *c)
{
	struct signing *s = c->signing;

	c->signing = NULL;
	if (s == NULL || s->child == NULL)
		return; // what is under way answers it, and frees it
	child_free(s->child);
	http_error(s->r, 503, "unavailable", NULL); // the peer has gone
	signing_free(NULL, s);
}
