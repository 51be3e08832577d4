// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// `watchroom verify` and `watchroom status`: what the files hold, without the daemon.
// verify proves that the journal is whole (I4): no number missing, no row changed, each
// row chained to the one before. Exit 1 where it is not.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/mem.h"
#include "report/report.h"
#include "store/query.h"

enum {
	KEY_HEX = 64
};

static void
print_object(struct buf *b)
{
	(void)puts(b->data);
	buf_free(b);
}

static void
print_sound(const struct verify_result *v)
{
	char when[25];
	(void)printf("ok: %lld events, head %s\n", (long long)v->events, v->head_hash);
	if (v->cut_seq > 0) {
		clock_rfc3339(v->cut_utc_ms, when);
		(void)printf(
		    "begins behind a signed cut: events up to %lld, before %s, "
		    "were deleted\n",
		    (long long)v->cut_seq, when);
	}
	if (v->anchors > 0) {
		clock_rfc3339(v->anchor_utc_ms, when);
		(void)printf("anchors: %lld, the newest of event %lld at %s\n",
		    (long long)v->anchors, (long long)v->anchor_seq, when);
	}
	if (v->reports > 0)
		(void)printf("signed reports: %lld\n", (long long)v->reports);
	if (v->public_key[0] != '\0')
		(void)printf("signed by: %s\n", v->public_key);
}

static void
print_verified(const struct cli *c, const char *file, const struct verify_result *v)
{
	struct buf b = { 0 };
	if (c->json == NULL) {
		if (v->first_bad_seq == 0)
			print_sound(v);
		else
			(void)printf("bad: first bad row %lld (%s) of %lld events\n",
			    (long long)v->first_bad_seq, v->reason,
			    (long long)v->events);
		return;
	}
	json_open(&b, NULL, '{');
	json_str(&b, "file", file);
	json_bool(&b, "ok", v->first_bad_seq == 0);
	json_int(&b, "events", v->events);
	json_str(&b, "epoch", v->epoch);
	json_str(&b, "head", v->head_hash);
	json_int(&b, "cut_seq", v->cut_seq);
	json_time(&b, "cut_before", v->cut_utc_ms);
	json_int(&b, "anchors", v->anchors);
	json_int(&b, "anchor_seq", v->anchor_seq);
	json_time(&b, "anchor_time", v->anchor_utc_ms);
	json_int(&b, "reports", v->reports);
	json_str(&b, "public_key", v->public_key[0] != '\0' ? v->public_key : NULL);
	json_int(&b, "first_bad_seq", v->first_bad_seq);
	json_str(&b, "reason", v->first_bad_seq != 0 ? v->reason : NULL);
	json_close(&b, '}');
	print_object(&b);
}

enum cli_exit
cmd_verify(const struct cli *c)
{
	struct cli_site s = { 0 };
	struct verify_result v = { 0 };
	struct err err = { 0 };
	char *file;
	if (c->argc > 1)
		return cli_fail(
		    c, CLI_USAGE, "found \"%s\" after the file", c->argv[1]);
	if (c->trust != NULL && (strlen(c->trust) != KEY_HEX ||
				    strspn(c->trust, "0123456789abcdef") != KEY_HEX))
		return cli_fail(c, CLI_USAGE,
		    "--trust: found \"%s\", allowed: 64 hex digits in lower case (as "
		    "verify --key prints them)",
		    c->trust);
	if (c->argc == 1) {
		file = xstrdup(c->argv[0]);
	} else {
		enum cli_exit code = cli_locate(c, &s);
		if (code != CLI_OK)
			return code;
		file = xasprintf("%s/journal.db", s.directory);
	}
	enum cli_exit code = CLI_OK;
	if (store_verify(file, c->trust, &v, &err) < 0) {
		code = cli_fail_err(c, CLI_FAILED, &err);
	} else if (c->key != NULL && v.first_bad_seq == 0 && v.public_key[0] == '\0') {
		code = cli_fail(c, CLI_FAILED, "nothing in %s is signed", file);
	} else if (c->key != NULL && v.first_bad_seq == 0) {
		(void)printf("%s\n", v.public_key);
	} else {
		print_verified(c, file, &v);
		code = v.first_bad_seq == 0 ? CLI_OK : CLI_FAILED;
	}
	free(file);
	cli_close(&s);
	return code;
}

struct last {
	bool found;
	char kind[40];
	int64_t seq, time_utc_ms;
};

static bool
take_last(void *arg, const struct stored_event *e)
{
	struct last *l = arg;
	l->found = true;
	l->seq = e->event.seq;
	l->time_utc_ms = e->event.time_utc_ms;
	(void)str_copy(l->kind, sizeof(l->kind), event_kind_name(e->event.kind));
	return true;
}

static void
print_status(const struct cli *c, const struct cli_site *s,
    const struct store_totals *t, const struct last *l)
{
	struct buf b = { 0 };
	char when[25] = "none";
	if (l->found)
		clock_rfc3339(l->time_utc_ms, when);
	if (c->json == NULL) {
		(void)printf("site: %s (%s, %s)\nfiles: %s\n", s->who.id,
		    s->who.name_zh, s->who.name_en, s->directory);
		(void)printf("events: %lld (%lld to %lld)\nlast event: %s %s\n",
		    (long long)t->events, (long long)t->first_seq,
		    (long long)t->last_seq, when, l->kind);
		(void)printf("notices: %lld owed, %lld delivered, %lld failed\n",
		    (long long)t->notices_owed, (long long)t->notices_delivered,
		    (long long)t->notices_failed);
		(void)printf("minutes of readings: %lld\n", (long long)t->minutes);
		return;
	}
	json_open(&b, NULL, '{');
	json_str(&b, "site", s->who.id);
	json_str(&b, "directory", s->directory);
	json_int(&b, "events", t->events);
	json_int(&b, "first_seq", t->first_seq);
	json_int(&b, "last_seq", t->last_seq);
	json_time(&b, "last_event", l->time_utc_ms);
	json_str(&b, "last_kind", l->found ? l->kind : NULL);
	json_int(&b, "notices_owed", t->notices_owed);
	json_int(&b, "notices_delivered", t->notices_delivered);
	json_int(&b, "notices_failed", t->notices_failed);
	json_int(&b, "minutes", t->minutes);
	json_close(&b, '}');
	print_object(&b);
}

enum cli_exit
cmd_status(const struct cli *c)
{
	struct cli_site s;
	struct store_totals t;
	struct err err = { 0 };
	struct last last = { 0 };
	enum cli_exit code = cli_no_more(c);
	if (code == CLI_OK)
		code = cli_open(c, &s);
	if (code != CLI_OK)
		return code;
	bool ok = query_totals(s.reader, &t, &err) == 0;
	if (ok) {
		struct event_filter f = { .alarm_class = -1, .limit = 1 };
		f.after_seq = t.last_seq > 0 ? t.last_seq - 1 : 0;
		ok = query_events(s.reader, &f, take_last, &last, &err) >= 0;
	}
	if (ok)
		print_status(c, &s, &t, &last);
	else
		code = cli_fail_err(c, CLI_FAILED, &err);
	cli_close(&s);
	return code;
}
