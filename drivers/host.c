// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The host driver's two halves. The watch (host_watch.c) lives on the thread that talks
// outward and posts what it knows of a host into one mailbox; this half, on the loop,
// turns it into samples. A full mailbox delays a report and never loses the last one of
// a host. A host is good with its set of conditions, or unknown; our own end of the
// network is the built-in point "@network".
#include "drivers/host.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/mailbox.h"
#include "lib/mem.h"

enum {
	REPORTS_MAX = 256,
	AT_ONCE = 64,
	AGAIN_MS = 20, // a full mailbox is tried again
};

struct message {
	uint16_t host;
	struct host_status status;
};

// The outward half; the thread's alone once it has been handed over.
struct outward_half {
	struct loop *loop;
	struct host *defs;
	uint16_t n;
	struct host_watch *watch;
	struct mailbox *reports;
	struct host_status *latest;
	bool *owed; // a report that found the mailbox full
	struct loop_timer again;
};

// What was last told of a host.
struct told {
	bool good;
	enum host_code code;
	bool warned;
};

struct driver_instance {
	const struct driver_host *host;
	uint16_t n;
	struct outward_half *half;
	struct loop_watch *reports_watch;
	struct host_status *status;
	struct told *told;
	uint32_t blind[HOST_BLIND_COUNT]; // hosts, by why
	uint32_t network;                 // reasons told, a mask
	code_id codes[HOST_CODE_COUNT], blind_codes[HOST_BLIND_COUNT], expires;
};

// ---- the outward half -------------------------------------------------------------

static bool
post(struct outward_half *o, uint16_t host)
{
	struct message *m = xcalloc(1, sizeof *m);
	m->host = host;
	m->status = o->latest[host];
	if (mailbox_post(o->reports, m) == 0)
		return true;
	free(m);
	return false;
}

static void
on_again(void *arg)
{
	struct outward_half *o = arg;
	for (uint16_t i = 0; i < o->n; i++) {
		if (!o->owed[i])
			continue;
		if (!post(o, i)) {
			loop_timer_in(o->loop, &o->again, AGAIN_MS);
			return;
		}
		o->owed[i] = false;
	}
}

static void
on_report(void *ctx, uint16_t host, const struct host_status *s)
{
	struct outward_half *o = ctx;
	o->latest[host] = *s;
	o->owed[host] = true;
	if (!loop_timer_armed(&o->again))
		on_again(o);
}

static void
open_half(struct loop *outward, void *arg)
{
	struct outward_half *o = arg;
	const struct host_watch_host host = { .ctx = o, .report = on_report };
	o->loop = outward;
	loop_timer_init(&o->again, on_again, o);
	o->watch = host_watch_new(outward, o->defs, o->n, &host, NULL);
}

static void
close_half(struct loop *outward, void *arg)
{
	struct outward_half *o = arg;
	void *m;
	host_watch_free(o->watch);
	loop_timer_stop(outward, &o->again);
	while ((m = mailbox_take(o->reports)))
		free(m);
	mailbox_free(o->reports);
	free(o->latest);
	free(o->owed);
	free(o);
}

static struct outward_half *
new_half(const struct site *site)
{
	struct outward_half *o = xcalloc(1, sizeof *o);
	o->n = site->n_hosts;
	o->defs = hosts_copy(site);
	o->reports = mailbox_new(REPORTS_MAX);
	o->latest = xcalloc(o->n + 1u, sizeof *o->latest);
	o->owed = xcalloc(o->n + 1u, sizeof *o->owed);
	return o;
}

// ---- samples ----------------------------------------------------------------------

static struct sample
sample_now(const struct driver_instance *d, uint32_t point)
{
	return (struct sample){
		.point = point,
		.kind = SAMPLE_CODE,
		.quality = QUALITY_GOOD,
		.value = NAN,
		.t_mono_ms = loop_now_ms(d->host->loop),
		.t_utc_ms = loop_utc_ms(d->host->loop),
	};
}

static void
add_code(struct sample *s, enum condition c, code_id code)
{
	s->codes[s->n_codes++] = (struct condition_code){ c, code };
}

static void
tell_host(struct driver_instance *d, uint16_t host)
{
	const struct host_status *st = &d->status[host];
	struct sample s = sample_now(d, d->host->site->hosts[host].point);
	const struct told now = { .good =
				      st->state == HOST_UP || st->state == HOST_LOST,
		.code = st->code,
		.warned = st->warned };
	struct told *told = &d->told[host];
	if (now.good == told->good &&
	    (!now.good || (now.code == told->code && now.warned == told->warned)))
		return;
	*told = now;
	if (st->answered_ms != 0)
		s.not_before_utc_ms = s.t_utc_ms - (s.t_mono_ms - st->answered_ms);
	if (!now.good)
		s.quality = QUALITY_UNKNOWN;
	if (now.good && now.code != HOST_ANSWERS)
		add_code(&s, COND_FAULT, d->codes[now.code]);
	if (now.good && now.warned)
		add_code(&s, COND_INFO, d->expires);
	d->host->sample(d->host->ctx, &s);
}

// Each reason why hosts cannot be asked that is of our own making is one fault.
static void
tell_network(struct driver_instance *d)
{
	struct sample s = sample_now(d, d->host->site->network_point);
	uint32_t reasons = 0;
	for (int b = HOST_BEHIND_PARENT + 1; b < HOST_BLIND_COUNT; b++) {
		if (d->blind[b] == 0)
			continue;
		reasons |= 1u << b;
		add_code(&s, COND_FAULT, d->blind_codes[b]);
	}
	if (reasons == d->network)
		return;
	for (int b = HOST_BEHIND_PARENT + 1; b < HOST_BLIND_COUNT; b++)
		if (reasons & ~d->network & 1u << b)
			log_warnx("host", "hosts cannot be asked: %s",
			    host_blind_name((enum host_blind)b));
	if (reasons == 0)
		log_info("host", "all hosts can be asked again");
	d->network = reasons;
	d->host->sample(d->host->ctx, &s);
}

static void
take(struct driver_instance *d, const struct message *m)
{
	struct host_status *st = &d->status[m->host];
	if (st->state == HOST_BLIND)
		d->blind[st->blind]--;
	*st = m->status;
	if (st->state == HOST_BLIND)
		d->blind[st->blind]++;
	tell_host(d, m->host);
	tell_network(d);
}

static void
on_reports(void *arg)
{
	struct driver_instance *d = arg;
	struct message *m;
	for (int i = 0; i < AT_ONCE && (m = mailbox_take(d->half->reports)); i++) {
		take(d, m);
		free(m);
	}
}

// ---- the driver -------------------------------------------------------------------

static struct driver_instance *
hosts_start(const struct driver_host *host, uint16_t index)
{
	struct driver_instance *d = xcalloc(1, sizeof *d);
	const struct site *site = host->site;
	wr_assert(index == 0);
	d->host = host;
	d->n = site->n_hosts;
	d->status = xcalloc(d->n + 1u, sizeof *d->status);
	d->told = xcalloc(d->n + 1u, sizeof *d->told);
	for (int i = 0; i < HOST_CODE_COUNT; i++)
		d->codes[i] = site_find_code(site, host_code_name((enum host_code)i));
	for (int i = 0; i < HOST_BLIND_COUNT; i++)
		d->blind_codes[i] =
		    site_find_code(site, host_blind_name((enum host_blind)i));
	d->expires = site_find_code(site, HOST_CERTIFICATE_EXPIRES);
	d->half = new_half(site);
	d->reports_watch =
	    loop_watch_mailbox(host->loop, d->half->reports, LOOP_BUS, on_reports, d);
	host->outward(host->ctx, open_half, d->half);
	return d;
}

static void
hosts_stop(struct driver_instance *d)
{
	loop_unwatch(d->reports_watch);
	d->host->outward(d->host->ctx, close_half, d->half);
	free(d->status);
	free(d->told);
	free(d);
}

static size_t
hosts_stats(const struct driver_instance *d, struct link_stats *out, size_t room)
{
	(void)d;
	(void)out;
	(void)room;
	return 0;
}

const struct host_status *
hosts_status(const struct driver_instance *d, uint16_t host)
{
	wr_assert(host < d->n);
	return &d->status[host];
}

const struct driver driver_hosts = {
	.name = "hosts",
	.start = hosts_start,
	.stop = hosts_stop,
	.stats = hosts_stats,
};
