// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The commissioning ledger: what is proven, walks, and the marks of people. Owns
// nothing; runs on the loop, the questions in the store's reader thread, which reads
// the site as loaded (immutable). What was seen here is taken from the journal and not
// from the request. Refuses a proof that nothing supports, and every entry that could
// not be kept (I3).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/body.h"
#include "console/console_int.h"
#include "lib/mem.h"
#include "store/commission_view.h"
#include "store/store.h"

enum {
	PAGE_DEFAULT = 100,
	PAGE_MAX = 500
};

// --- the ledger
// ---------------------------------------------------------------------------

struct page {
	struct http_request *r; // the loop's
	const struct site *site;
	int64_t now_utc_ms;
	struct commission_filter filter;
	char zone[ID_MAX], device[ID_MAX];
	uint32_t from, next; // indexes of points; next UINT32_MAX = no more
	unsigned limit, written;
	struct commission_overview overview;
	struct buf points, b;
};

static bool
each_state(void *arg, const struct commission_state *st)
{
	struct page *p = arg;

	overview_add(&p->overview, st);
	if (st->point < p->from || p->next != UINT32_MAX ||
	    !commission_matches(p->site, &p->filter, st))
		return true;
	if (p->written == p->limit) {
		p->next = st->point;
		return true;
	}
	commission_put_state(&p->points, p->site, st);
	p->written++;
	return true;
}

static void
each_walk(void *arg, const struct commission_walk *w)
{
	commission_put_walk(arg, w);
}

static int
ask_page(struct reader *reader, void *arg)
{
	struct page *p = arg;
	struct buf *b = &p->b;
	char cursor[16];

	json_open(&p->points, NULL, '[');
	if (query_commission(
		reader, p->site, commission_all(p->site), each_state, p, NULL) < 0)
		return -1;
	json_close(&p->points, ']');
	json_open(b, NULL, '{');
	commission_put_overview(b, &p->overview);
	json_open(b, "walks", '[');
	if (query_walks(reader, p->now_utc_ms, each_walk, b, NULL) < 0)
		return -1;
	json_close(b, ']');
	json_raw(b, "points", p->points.data);
	(void)snprintf(cursor, sizeof(cursor), "%u", p->next);
	json_str(b, "next", p->next != UINT32_MAX ? cursor : NULL);
	json_close(b, '}');
	return 0;
}

static void
page_free(struct page *p)
{
	overview_free(&p->overview);
	buf_free(&p->points);
	buf_free(&p->b);
	free(p);
}

static void
on_page(void *arg, int result)
{
	struct page *p = arg;

	if (result == 0)
		http_send_json(p->r, 200, &p->b);
	else
		http_error(p->r, 503, "unavailable", NULL);
	page_free(p);
}

static bool
read_id(struct http_request *r, const char *name, char out[static ID_MAX],
    const char **filter)
{
	const char *text = target_value(&r->target, name);

	if (text == NULL)
		return true;
	*filter = out;
	if (str_copy(out, ID_MAX, text))
		return true;
	http_error(r, 400, "bad_parameter", name);
	return false;
}

static bool
read_page(struct http_request *r, struct page *p)
{
	const char *status = target_value(&r->target, "status");
	enum commission_status s;
	int64_t from, limit;

	p->filter.status = -1;
	if (api_number(r, "limit", 1, PAGE_MAX, PAGE_DEFAULT, &limit) < 0 ||
	    api_number(r, "after", 0, UINT32_MAX - 1, 0, &from) < 0 ||
	    !read_id(r, "zone", p->zone, &p->filter.zone) ||
	    !read_id(r, "device", p->device, &p->filter.device))
		return false;
	p->from = (uint32_t)from;
	p->limit = (unsigned)limit;
	if (status != NULL && !commission_status_from_name(status, &s)) {
		http_error(r, 400, "bad_parameter", "status");
		return false;
	}
	if (status != NULL)
		p->filter.status = (int)s;
	const char *fault = commission_filter_fault(p->site, &p->filter);
	if (fault != NULL)
		http_error(r, 404, "not_found", fault);
	return fault == NULL;
}

void
api_commissioning(struct console *c, struct http_request *r)
{
	struct page *p = xcalloc(1, sizeof(*p));

	p->r = r;
	p->site = c->host.site(c->host.ctx);
	p->now_utc_ms = loop_utc_ms(c->loop);
	p->next = UINT32_MAX;
	if (!read_page(r, p)) {
		page_free(p);
		return;
	}
	overview_begin(&p->overview, p->site);
	http_takes_long(r);
	store_read(c->host.store(c->host.ctx), ask_page, on_page, p);
}

// --- a mark
// --------------------------------------------------------------------------------

struct marking {
	struct console *c;
	struct http_request *r;
	const struct site *site;
	uint32_t point;
	enum commission_verdict verdict;
	char at_panel[COMMISSION_PANEL_MAX], note[COMMISSION_NOTE_MAX];
	struct commission_state state;
};

static bool
take_state(void *arg, const struct commission_state *st)
{
	((struct marking *)arg)->state = *st;
	return false;
}

static int
ask_state(struct reader *reader, void *arg)
{
	struct marking *m = arg;

	return query_commission(reader, m->site,
	    (struct commission_range){ m->point, m->point + 1 }, take_state, m, NULL);
}

static void
on_state(void *arg, int result)
{
	struct marking *m = arg;
	struct http_request *r = m->r;
	const struct commission_mark mark = {
		.verdict = m->verdict, .at_panel = m->at_panel, .note = m->note
	};
	struct event e;

	if (result != 0)
		http_error(r, 503, "unavailable", NULL);
	else if (!commission_mark_is_founded(&m->state, &mark))
		http_error(r, 409, "note_required", "note");
	else if (!commission_mark_event(m->site, &m->state, &mark, r->actor, &e))
		http_error(r, 400, "too_long", "note");
	else
		m->c->host.word(m->c->host.ctx, &e, "", api_confirmed, r);
	free(m);
}

static bool
is_blank(const char *text)
{
	return text[strspn(text, " ")] == '\0';
}

void
api_commission(struct console *c, struct http_request *r)
{
	struct marking *m = xcalloc(1, sizeof(*m));
	char point[ID_MAX] = "", verdict[16] = "";
	const struct body_member members[] = {
		{ .name = "point",
		    .required = true,
		    .text = point,
		    .size = sizeof(point) },
		{ .name = "verdict",
		    .required = true,
		    .text = verdict,
		    .size = sizeof(verdict) },
		{ .name = "at_panel",
		    .text = m->at_panel,
		    .size = sizeof(m->at_panel),
		    .characters = COMMISSION_PANEL_CHARS },
		{ .name = "note",
		    .text = m->note,
		    .size = sizeof(m->note),
		    .characters = COMMISSION_NOTE_CHARS },
	};
	const char *fault = NULL;

	m->c = c;
	m->r = r;
	m->site = c->host.site(c->host.ctx);
	if (api_body(r, members, sizeof(members) / sizeof(members[0])) < 0) {
		free(m);
		return;
	}
	m->point = site_find_point(m->site, point);
	if (is_blank(m->note))
		m->note[0] = '\0';
	if (m->point >= m->site->n_site_points)
		fault = "point";
	else if (!commission_verdict_from_name(verdict, &m->verdict))
		fault = "verdict";
	if (fault != NULL) {
		http_error(r, strcmp(fault, "point") == 0 ? 404 : 400,
		    strcmp(fault, "point") == 0 ? "not_found" : "bad_member", fault);
		free(m);
		return;
	}
	http_takes_long(r);
	store_read(c->host.store(c->host.ctx), ask_state, on_state, m);
}

// --- walks
// -----------------------------------------------------------------------------------

struct walking {
	struct console *c;
	struct http_request *r;
	int64_t now_utc_ms;
	bool of_device, open;
	char target[ID_MAX];
	bool is_open; // now
};

static void
take_walk(void *arg, const struct commission_walk *w)
{
	struct walking *k = arg;

	k->is_open |= w->of_device == k->of_device && strcmp(w->target, k->target) == 0;
}

static int
ask_walks(struct reader *reader, void *arg)
{
	struct walking *k = arg;

	return query_walks(reader, k->now_utc_ms, take_walk, k, NULL);
}

static void
on_walks(void *arg, int result)
{
	struct walking *k = arg;
	struct event e;

	if (result != 0) {
		http_error(k->r, 503, "unavailable", NULL);
	} else if (k->is_open == k->open) {
		http_error(k->r, 409, k->open ? "walk_open" : "walk_not_open", NULL);
	} else {
		commission_walk_event(k->of_device ? "device" : "zone", k->target,
		    k->open, k->r->actor, &e);
		k->c->host.word(k->c->host.ctx, &e, "", api_confirmed, k->r);
	}
	free(k);
}

void
api_walk(struct console *c, struct http_request *r)
{
	char zone[ID_MAX] = "", device[ID_MAX] = "";
	bool open = false;
	const struct body_member members[] = {
		{ .name = "zone", .text = zone, .size = sizeof(zone) },
		{ .name = "device", .text = device, .size = sizeof(device) },
		{ .name = "open", .required = true, .flag = &open },
	};

	if (api_body(r, members, sizeof(members) / sizeof(members[0])) < 0)
		return;
	if ((zone[0] != '\0') == (device[0] != '\0')) {
		http_error(
		    r, 400, zone[0] != '\0' ? "bad_member" : "missing_member", "zone");
		return;
	}
	const struct commission_filter f = { .zone = zone[0] != '\0' ? zone : NULL,
		.device = device[0] != '\0' ? device : NULL };
	const char *fault = commission_filter_fault(c->host.site(c->host.ctx), &f);
	if (fault != NULL) {
		http_error(r, 404, "not_found", fault);
		return;
	}
	struct walking *k = xcalloc(1, sizeof(*k));
	k->c = c;
	k->r = r;
	k->now_utc_ms = loop_utc_ms(c->loop);
	k->of_device = device[0] != '\0';
	k->open = open;
	(void)str_copy(k->target, sizeof(k->target), k->of_device ? device : zone);
	http_takes_long(r);
	store_read(c->host.store(c->host.ctx), ask_walks, on_walks, k);
}
