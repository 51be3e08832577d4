// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// GET /hosts, and what the snapshot and the metrics say of hosts. Owns nothing; runs on
// the loop thread. Never shows a password, nor the part of an address that may hold
// one.
#include <stdio.h>

#include "console/console_int.h"
#include "console/format.h"
#include "console/hosts.h"

enum {
	HOSTS_LIMIT = 1000
};

// Why it is lost or cannot be asked; NULL where it is neither.
static const char *
code_of(const struct host_status *s)
{
	if (s->state == HOST_LOST)
		return host_code_name(s->code);
	return s->state == HOST_BLIND ? host_blind_name(s->blind) : NULL;
}

static void
put_identity(struct buf *b, const struct site *site, const struct host *h)
{
	const struct point *p = &site->points[h->point];

	json_str(b, "id", h->id);
	format_names(b, "place", p->place_zh, p->place_en);
	json_str(b, "kind", point_kind_name(p->kind));
}

static void
put_host(struct buf *b, const struct site *site, const struct host *h,
    const struct host_view *v)
{
	const struct host_status *s = &v->status;
	const struct point *p = &site->points[h->point];

	json_open(b, NULL, '{');
	put_identity(b, site, h);
	json_str(b, "zone", p->zone < site->n_zones ? site->zones[p->zone].id : NULL);
	json_str(b, "check", host_check_name(h->check));
	json_str(b, "target", h->shown);
	json_str(
	    b, "parent", h->parent < site->n_hosts ? site->hosts[h->parent].id : NULL);
	json_str(b, "state", host_state_name(s->state));
	json_str(b, "code", code_of(s));
	json_str(b, "detail", s->detail[0] != '\0' ? s->detail : NULL);
	json_time(b, "last_check", v->asked_utc_ms);
	json_time(b, "last_answer", v->answered_utc_ms);
	if (s->answered_ms != 0)
		json_double(b, "round_trip_ms", s->round_trip_us / 1000.0);
	else
		json_none(b, "round_trip_ms");
	json_int(b, "misses", s->misses);
	json_int(b, "period_ms", h->period_ms);
	json_time(b, "certificate_ends", s->certificate_end_s * 1000);
	json_bool(b, "certificate_ends_soon", s->warned);
	json_time(b, "password_held_until", v->held_until_utc_ms);
	json_int(b, "checks", (int64_t)s->checks);
	json_int(b, "failed", (int64_t)s->failed);
	json_close(b, '}');
}

void
api_hosts(struct console *c, struct http_request *r)
{
	const struct site *site = c->host.site(c->host.ctx);
	struct buf b = { 0 };
	int64_t from, limit;
	char cursor[16];

	if (api_number(r, "limit", 1, HOSTS_LIMIT, 100, &limit) < 0 ||
	    api_number(r, "after", 0, UINT16_MAX, 0, &from) < 0)
		return;
	int64_t to = from + limit < site->n_hosts ? from + limit : site->n_hosts;
	json_open(&b, NULL, '{');
	json_open(&b, "hosts", '[');
	for (int64_t i = from; i < to; i++) {
		struct host_view v;
		c->host.host(c->host.ctx, (uint16_t)i, &v);
		put_host(&b, site, &site->hosts[i], &v);
	}
	json_close(&b, ']');
	(void)snprintf(cursor, sizeof(cursor), "%u", (unsigned)to);
	json_str(&b, "next", to < site->n_hosts ? cursor : NULL);
	json_close(&b, '}');
	http_send_json(r, 200, &b);
}

// ---- the snapshot -----------------------------------------------------------------

static void
put_down(struct buf *b, const struct site *site, const struct host *h,
    const struct host_view *v)
{
	json_open(b, NULL, '{');
	put_identity(b, site, h);
	json_str(b, "state", host_state_name(v->status.state));
	json_str(b, "code", code_of(&v->status));
	json_time(b, "last_answer", v->answered_utc_ms);
	json_close(b, '}');
}

void
hosts_put_summary(struct buf *b, const char *key, const struct console_host *host)
{
	const struct site *site = host->site(host->ctx);
	uint32_t n[HOST_STATE_COUNT] = { 0 }, down = 0;
	struct buf list = { 0 };

	json_open(&list, NULL, '[');
	for (uint16_t i = 0; i < site->n_hosts; i++) {
		struct host_view v;
		host->host(host->ctx, i, &v);
		n[v.status.state]++;
		if (v.status.state != HOST_UP && down++ < HOSTS_DOWN_SHOWN)
			put_down(&list, site, &site->hosts[i], &v);
	}
	json_close(&list, ']');
	json_open(b, key, '{');
	json_int(b, "all", site->n_hosts);
	json_int(b, "up", n[HOST_UP]);
	json_int(b, "lost", n[HOST_LOST]);
	json_int(b, "unknown", n[HOST_UNASKED] + n[HOST_BLIND]);
	json_raw(b, "down", list.data);
	json_close(b, '}');
	buf_free(&list);
}

uint32_t
hosts_lost(const struct console_host *host)
{
	const struct site *site = host->site(host->ctx);
	uint32_t n = 0;

	for (uint16_t i = 0; i < site->n_hosts; i++) {
		struct host_view v;
		host->host(host->ctx, i, &v);
		n += v.status.state == HOST_LOST;
	}
	return n;
}

// ---- metrics ----------------------------------------------------------------------

// The value of one metric of one host; false where it is not known.
typedef bool host_metric(const struct host_view *v, double *out);

static bool
metric_up(const struct host_view *v, double *out)
{
	*out = v->status.state == HOST_UP;
	return v->status.state == HOST_UP || v->status.state == HOST_LOST;
}

static bool
metric_round_trip(const struct host_view *v, double *out)
{
	*out = v->status.round_trip_us / 1e6;
	return v->answered_utc_ms != 0;
}

static bool
metric_last_answer(const struct host_view *v, double *out)
{
	*out = (double)v->answered_utc_ms / 1000;
	return v->answered_utc_ms != 0;
}

static bool
metric_certificate(const struct host_view *v, double *out)
{
	*out = (double)v->status.certificate_end_s;
	return v->status.certificate_end_s != 0;
}

static bool
metric_checks(const struct host_view *v, double *out)
{
	*out = (double)v->status.checks;
	return true;
}

static bool
metric_failed(const struct host_view *v, double *out)
{
	*out = (double)v->status.failed;
	return true;
}

// clang-format off
static const struct {
	const char *name, *type, *help;
	host_metric *value;
} metrics[] = {
	{ "host_up", "gauge", "1 while the host answers as it should, 0 while it is lost.", metric_up },
	{ "host_round_trip_seconds", "gauge", "From the begin of the last good try to its answer.", metric_round_trip },
	{ "host_last_answer_time_seconds", "gauge", "When the host last answered as it should.", metric_last_answer },
	{ "host_certificate_end_time_seconds", "gauge", "When the certificate last seen ends.", metric_certificate },
	{ "host_checks_total", "counter", "Checks that have ended.", metric_checks },
	{ "host_checks_failed_total", "counter", "Checks that failed or could not be made.", metric_failed },
};
// clang-format on

void
hosts_put_metrics(struct buf *b, const struct console_host *host)
{
	const struct site *site = host->site(host->ctx);

	if (site->n_hosts == 0)
		return;
	for (size_t m = 0; m < sizeof(metrics) / sizeof(metrics[0]); m++) {
		buf_printf(b, "# HELP watchroom_%s %s\n# TYPE watchroom_%s %s\n",
		    metrics[m].name, metrics[m].help, metrics[m].name, metrics[m].type);
		for (uint16_t i = 0; i < site->n_hosts; i++) {
			struct host_view v;
			double value;
			host->host(host->ctx, i, &v);
			if (metrics[m].value(&v, &value))
				buf_printf(b, "watchroom_%s{host=\"%s\"} %.15g\n",
				    metrics[m].name, site->hosts[i].id, value);
		}
	}
}
