// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// `watchroom commission`: the ledger of what is proven. Reads and adds to the files,
// beside a running daemon or without one. Who marks a point or opens a walk says who he
// is by name and PIN, as at the console. What was seen here comes from the journal; the
// command line cannot claim it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/user.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/mem.h"
#include "store/commission_view.h"
#include "store/query.h"

enum {
	MINUTE_TEXT = 32
};

static int64_t
now_utc_ms(void)
{
	return clock_real()->utc_ms(clock_real());
}

// Opens the site's files; the site itself is needed.
static enum cli_exit
open_site(const struct cli *c, struct cli_site *s)
{
	if (c->config == NULL)
		return cli_fail(c, CLI_USAGE, "-c FILE is needed: the site's points");
	enum cli_exit code = cli_open(c, s);
	if (code != CLI_OK || s->site != NULL)
		return code;
	cli_close(s);
	return cli_fail(c, CLI_USAGE, "the site cannot be read");
}

// --- the list
// ------------------------------------------------------------------------------

struct list {
	const struct cli *c;
	const struct site *site;
	struct commission_filter filter;
	struct commission_overview overview;
	struct buf out; // lines, or JSON objects
	unsigned shown;
};

static const char *
local_minute(int64_t utc_ms, char out[static MINUTE_TEXT])
{
	time_t s = (time_t)(utc_ms / 1000);
	struct tm tm;

	(void)localtime_r(&s, &tm);
	(void)strftime(out, MINUTE_TEXT, "%Y-%m-%d %H:%M", &tm);
	return out;
}

static void
put_line(struct list *l, const struct commission_state *st)
{
	const struct point *p = &l->site->points[st->point];
	const struct commission_entry *e = st->entry;
	char when[MINUTE_TEXT] = "";

	if (e != NULL)
		(void)local_minute(e->time_utc_ms, when);
	buf_printf(&l->out, "%-9s %-24s %-10s", commission_status_name(st->status),
	    p->id, p->zone == INDEX_NONE ? "" : l->site->zones[p->zone].id);
	buf_printf(&l->out, " expects %-11s", condition_name(st->expected));
	if (site_point_inferred(l->site, p))
		buf_str(&l->out, " (register map inferred)");
	if (st->sight.onset_seq != 0)
		buf_printf(&l->out, " seen here (%lld to %lld)",
		    (long long)st->sight.onset_seq, (long long)st->sight.clear_seq);
	if (e != NULL)
		buf_printf(&l->out, " %s %s by %s%s%s%s%s%s%s", when,
		    commission_verdict_name(e->verdict), e->who,
		    e->here[0] != '\0' ? ", here: " : "", e->here,
		    e->at_panel[0] != '\0' ? ", panel: " : "", e->at_panel,
		    e->note[0] != '\0' ? ", note: " : "", e->note);
	if (st->status == STATUS_CHANGED)
		buf_printf(&l->out, "; was %s, is %s", e->wiring, st->wiring);
	buf_str(&l->out, "\n");
}

static bool
take_state(void *arg, const struct commission_state *st)
{
	struct list *l = arg;

	overview_add(&l->overview, st);
	if (!commission_matches(l->site, &l->filter, st))
		return true;
	l->shown++;
	if (l->c->json != NULL)
		commission_put_state(&l->out, l->site, st);
	else
		put_line(l, st);
	return true;
}

static void
take_walk(void *arg, const struct commission_walk *w)
{
	commission_put_walk(arg, w);
}

static void
print_walk(void *arg, const struct commission_walk *w)
{
	char when[MINUTE_TEXT];

	(void)arg;
	(void)printf("walk of %s %s is open, by %s since %s\n",
	    w->of_device ? "device" : "zone", w->target, w->who,
	    local_minute(w->opened_utc_ms, when));
}

static void
print_counts(const char *what, const char *name, const struct commission_counts *n)
{
	if (n->points > 0)
		(void)printf("%s%s%s: %u of %u points proven, %u.%u %% (%u seen, %u "
			     "failed, %u changed, %u untested)\n",
		    what, name[0] != '\0' ? " " : "", name, n->of[STATUS_PROVEN],
		    n->points, commission_tenths(n) / 10, commission_tenths(n) % 10,
		    n->of[STATUS_SEEN], n->of[STATUS_FAILED], n->of[STATUS_CHANGED],
		    n->of[STATUS_UNTESTED]);
}

// Control characters of a note are no part of a line.
static void
print_defused(char *text)
{
	for (char *s = text; *s != '\0'; s++)
		if (((unsigned char)*s < 0x20 && *s != '\n') || *s == 0x7F)
			*s = '?';
	(void)fputs(text, stdout);
}

static void
print_text(struct list *l)
{
	const struct commission_overview *o = &l->overview;

	if (l->out.data != NULL)
		print_defused(l->out.data);
	for (size_t i = 0; i < o->n_zones; i++)
		print_counts("zone",
		    i + 1 < o->n_zones ? l->site->zones[i].id : "(none)", &o->zones[i]);
	for (size_t i = 0; i < o->n_owners; i++)
		print_counts("device", overview_owner(l->site, i), &o->owners[i]);
	print_counts("all", "", &o->all);
}

static int
print_json(struct list *l, struct reader *r, struct err *err)
{
	struct buf b = { 0 };

	json_close(&l->out, ']');
	json_open(&b, NULL, '{');
	commission_put_overview(&b, &l->overview);
	json_open(&b, "walks", '[');
	int result = query_walks(r, now_utc_ms(), take_walk, &b, err);
	json_close(&b, ']');
	json_raw(&b, "points", l->out.data);
	json_close(&b, '}');
	if (result == 0)
		(void)puts(b.data);
	buf_free(&b);
	return result;
}

static enum cli_exit
read_filter(const struct cli *c, const struct site *s, struct commission_filter *f)
{
	enum commission_status status;

	*f = (struct commission_filter){
		.zone = c->zone, .device = c->device, .status = -1
	};
	const char *fault = commission_filter_fault(s, f);
	if (fault != NULL)
		return cli_fail(c, CLI_USAGE, "--%s: the site has no \"%s\"", fault,
		    strcmp(fault, "zone") == 0 ? c->zone : c->device);
	if (c->status != NULL && !commission_status_from_name(c->status, &status))
		return cli_fail(c, CLI_USAGE,
		    "--status: found \"%s\", allowed: untested, seen, proven, failed, "
		    "changed",
		    c->status);
	if (c->status != NULL)
		f->status = (int)status;
	return CLI_OK;
}

enum cli_exit
cmd_commission_list(const struct cli *c)
{
	struct cli_site s = { 0 };
	struct err err = { 0 };
	struct list l = { .c = c };
	enum cli_exit code = cli_no_more(c);

	if (code == CLI_OK)
		code = open_site(c, &s);
	if (code != CLI_OK)
		return code;
	l.site = s.site;
	code = read_filter(c, s.site, &l.filter);
	overview_begin(&l.overview, s.site);
	if (c->json != NULL)
		json_open(&l.out, NULL, '[');
	int result = code != CLI_OK ? 0
				    : query_commission(s.reader, s.site,
					  commission_all(s.site), take_state, &l, &err);
	if (code == CLI_OK && result == 0 && c->json != NULL)
		result = print_json(&l, s.reader, &err);
	else if (code == CLI_OK && result == 0)
		print_text(&l);
	if (code == CLI_OK && result == 0 && c->json == NULL)
		result = query_walks(s.reader, now_utc_ms(), print_walk, NULL, &err);
	if (result != 0)
		code = cli_fail_err(c, CLI_FAILED, &err);
	overview_free(&l.overview);
	buf_free(&l.out);
	cli_close(&s);
	return code;
}

// --- entries
// ---------------------------------------------------------------------------------

// Name and PIN of who says so.
static enum cli_exit
log_in(const struct cli *c, struct reader *r)
{
	struct err err = { 0 };

	if (c->as == NULL || c->pin_stdin == NULL)
		return cli_fail(c, CLI_USAGE,
		    "--as NAME and --pin-stdin are needed: an entry has an author");
	return user_log_in(r, c->as, &err) == 0 ? CLI_OK
						: cli_fail_err(c, CLI_FAILED, &err);
}

static enum cli_exit
put(const struct cli *c, const struct cli_site *s, struct event *e)
{
	struct err err = { 0 };

	if (store_put_event(s->directory, e, s->site->revision, now_utc_ms(), &err) !=
	    0)
		return cli_fail_err(c, CLI_FAILED, &err);
	if (c->json != NULL)
		(void)printf("{\"seq\":%lld}\n", (long long)e->seq);
	else
		(void)printf("entered as event %lld\n", (long long)e->seq);
	return CLI_OK;
}

static bool
take_one(void *arg, const struct commission_state *st)
{
	*(struct commission_state *)arg = *st;
	return false;
}

static size_t
characters(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += ((unsigned char)*text & 0xC0) != 0x80;
	return n;
}

static enum cli_exit
read_mark(const struct cli *c, struct commission_mark *m)
{
	m->at_panel = c->panel != NULL ? c->panel : "";
	m->note = c->note != NULL ? c->note : "";
	if (c->verdict == NULL ||
	    !commission_verdict_from_name(c->verdict, &m->verdict))
		return cli_fail(c, CLI_USAGE,
		    "--verdict: found \"%s\", allowed: proven, failed",
		    c->verdict != NULL ? c->verdict : "");
	if (characters(m->at_panel) > COMMISSION_PANEL_CHARS)
		return cli_fail(c, CLI_USAGE, "--panel: allowed: at most %d characters",
		    COMMISSION_PANEL_CHARS);
	if (characters(m->note) > COMMISSION_NOTE_CHARS)
		return cli_fail(c, CLI_USAGE, "--note: allowed: at most %d characters",
		    COMMISSION_NOTE_CHARS);
	return CLI_OK;
}

static enum cli_exit
mark(const struct cli *c, const struct cli_site *s, const struct commission_mark *m)
{
	struct commission_state st = { 0 };
	struct err err = { 0 };
	struct event e;

	wr_assert(s->site != NULL);
	uint32_t point = site_find_point(s->site, c->argv[0]);
	if (point >= s->site->n_site_points)
		return cli_fail(
		    c, CLI_USAGE, "the site has no point \"%s\"", c->argv[0]);
	if (query_commission(s->reader, s->site,
		(struct commission_range){ point, point + 1 }, take_one, &st,
		&err) != 0)
		return cli_fail_err(c, CLI_FAILED, &err);
	if (!commission_mark_is_founded(&st, m))
		return cli_fail(c, CLI_USAGE,
		    "nothing was seen here during a walk: say with --note how it was "
		    "proven");
	if (!commission_mark_event(s->site, &st, m, c->as, &e))
		return cli_fail(c, CLI_USAGE, "--note: the texts are too long");
	return put(c, s, &e);
}

enum cli_exit
cmd_commission_mark(const struct cli *c)
{
	struct cli_site s = { 0 };
	struct commission_mark m;

	if (c->argc != 1)
		return cli_fail(c, CLI_USAGE, "one point is needed");
	enum cli_exit code = read_mark(c, &m);
	if (code == CLI_OK)
		code = open_site(c, &s);
	if (code != CLI_OK)
		return code;
	code = log_in(c, s.reader);
	if (code == CLI_OK)
		code = mark(c, &s, &m);
	cli_close(&s);
	return code;
}

// --- walks
// -----------------------------------------------------------------------------------

struct wanted {
	bool of_device, is_open;
	const char *target;
};

static void
match_walk(void *arg, const struct commission_walk *w)
{
	struct wanted *x = arg;

	x->is_open |= w->of_device == x->of_device && strcmp(w->target, x->target) == 0;
}

static enum cli_exit
walk(const struct cli *c, const struct cli_site *s, bool open)
{
	struct wanted x = { .of_device = c->device != NULL,
		.target = c->device != NULL ? c->device : c->zone };
	struct commission_filter f;
	struct err err = { 0 };
	struct event e;
	enum cli_exit code = read_filter(c, s->site, &f);

	if (code != CLI_OK)
		return code;
	if (query_walks(s->reader, now_utc_ms(), match_walk, &x, &err) != 0)
		return cli_fail_err(c, CLI_FAILED, &err);
	if (x.is_open == open)
		return cli_fail(c, CLI_FAILED, "the walk of %s is %s", x.target,
		    open ? "open already" : "not open");
	commission_walk_event(
	    x.of_device ? "device" : "zone", x.target, open, c->as, &e);
	return put(c, s, &e);
}

static enum cli_exit
open_or_close(const struct cli *c, bool open)
{
	struct cli_site s = { 0 };
	enum cli_exit code = cli_no_more(c);

	if (code == CLI_OK && (c->zone == NULL) == (c->device == NULL))
		code = cli_fail(c, CLI_USAGE, "one of --zone and --device is needed");
	if (code == CLI_OK)
		code = open_site(c, &s);
	if (code != CLI_OK)
		return code;
	code = log_in(c, s.reader);
	if (code == CLI_OK)
		code = walk(c, &s, open);
	cli_close(&s);
	return code;
}

enum cli_exit
cmd_commission_open(const struct cli *c)
{
	return open_or_close(c, true);
}

enum cli_exit
cmd_commission_close(const struct cli *c)
{
	return open_or_close(c, false);
}

enum cli_exit
cmd_commission_report(const struct cli *c)
{
	enum cli_exit code = cli_no_more(c);

	return code == CLI_OK ? cli_report(c, "commissioning") : code;
}
