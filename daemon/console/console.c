// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The console as the daemon sees it: start, stop, push. Owns all other parts of the
// folder; runs on the loop thread. Refuses to start only where it cannot listen:
// without pages or reports it still serves the API. Nothing here survives a crash;
// clients come back by themselves and get a snapshot.
#include "console/console.h"

#include <sodium.h>
#include <stdlib.h>

#include "console/access.h"
#include "console/console_int.h"
#include "console/format.h"
#include "console/rule_items.h"
#include "lib/log.h"
#include "lib/mem.h"

static bool
is_desk(void *ctx, const unsigned char address[16])
{
	struct console *c = ctx;

	return access_desk_address(c->host.site(c->host.ctx), address);
}

static char *
copy_or_null(const char *s)
{
	return s != NULL ? xstrdup(s) : NULL;
}

struct console *
console_start(struct loop *loop, const struct console_host *host, const char *web,
    const char *reports_program, const char *store_directory, struct err *err)
{
	const struct site *site = host->site(host->ctx);
	struct console *c = xcalloc(1, sizeof(*c));

	wr_assert(sodium_init() >= 0);
	c->loop = loop;
	c->host = *host;
	c->http = http_start(loop,
	    &(struct http_config){ .host = site->listen_host,
		.port = site->listen_port,
		.limits = http_default_limits,
		.ctx = c,
		.desk = is_desk,
		.handle = routes_handle },
	    err);
	if (c->http == NULL) {
		free(c);
		return NULL;
	}
	if (site->accept_plain_http != NULL)
		log_warnx("console", "answers everybody without TLS: %s",
		    site->accept_plain_http);
	c->sse = sse_new(c);
	c->rule_items = rule_items_new(c);
	c->pages = pages_load(web);
	c->reports_program = copy_or_null(reports_program);
	c->store_directory = copy_or_null(store_directory);
	return c;
}

void
console_stop(struct console *c)
{
	if (c == NULL)
		return;
	rule_items_free(c->rule_items);
	sse_stop(c->sse);
	sessions_unwatch(c);
	http_stop(c->http);
	reports_stop(c);
	signing_stop(c);
	links_metrics_stop(c);
	sse_free(c->sse);
	pages_free(c->pages);
	snapshot_free(&c->snapshots);
	for (int i = 0; i < TEXT_LANGS; i++)
		blob_unref(c->texts[i]);
	free(c->reports_program);
	free(c->store_directory);
	sodium_memzero(&c->sessions, sizeof(c->sessions));
	free(c);
}

uint16_t
console_port(const struct console *c)
{
	return http_port(c->http);
}

void
console_push_event(struct console *c, const struct event *e)
{
	struct buf b = { 0 };

	format_live_event(&b, e, c->host.site(c->host.ctx)->revision);
	sse_push(c->sse, SSE_JOURNAL, e->stream_n, &b);
}

void
console_push_alarm(struct console *c, const struct alarm_view *a)
{
	struct buf b = { 0 };

	format_alarm(&b, NULL, c->host.site(c->host.ctx), a);
	sse_push(c->sse, SSE_ALARM, 0, &b);
}

void
console_push_durable(struct console *c, uint64_t stream_n, int64_t seq)
{
	struct buf b = { 0 };

	json_open(&b, NULL, '{');
	json_int(&b, "n", (int64_t)stream_n);
	json_int(&b, "seq", seq);
	json_close(&b, '}');
	sse_push(c->sse, SSE_DURABLE, 0, &b);
}

void
console_push_point(struct console *c, uint32_t point)
{
	rule_items_point(c->rule_items, point);
}

void
console_push_patrol(struct console *c, uint16_t patrol)
{
	rule_items_patrol(c->rule_items, patrol);
}

void
console_push_health(struct console *c)
{
	sse_push_health(c->sse);
}
