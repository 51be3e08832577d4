// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// GET /healthz and GET /metrics. Own nothing; run on the loop thread. 503 means that
// fires could be missed, and nothing less: whoever restarts a daemon for it must gain
// by that. A metric that is not known is left out, never 0 (I6).
#include <stdio.h>

#include "console/console_int.h"
#include "console/hosts.h"
#include "console/outputs.h"

enum {
	LATE_MS = 250,
	VERY_LATE_MS = 10000
};

struct lost {
	const struct site *site;
	unsigned devices, lost;
	bool fire; // a lost device has fire points
	unsigned hosts_lost, outputs_failed;
};

// What the site calls a fire is one.
static bool
has_fire_points(const struct site *site, const struct device *d)
{
	for (uint32_t i = 0; i < d->n_points; i++) {
		const struct point *p = &site->points[d->points[i]];

		if (point_class(p, point_kind_condition(p->kind)) == CLASS_FIRE)
			return true;
	}
	return false;
}

static void
each_device(void *arg, const struct device_view *d)
{
	struct lost *l = arg;

	l->devices++;
	l->lost += d->lost;
	if (d->lost && !l->fire)
		l->fire = has_fire_points(l->site, d->device);
}

static struct lost
count_lost(struct console *c)
{
	struct lost l = { .site = c->host.site(c->host.ctx) };

	c->host.devices(c->host.ctx, each_device, &l);
	l.hosts_lost = hosts_lost(&c->host);
	l.outputs_failed = outputs_failed(&c->host);
	return l;
}

static bool
store_is_fine(const struct health_view *h)
{
	return h->store_mode != NULL && h->store_mode[0] == 'o' &&
	       h->store_mode[1] == 'k';
}

// Names of what is not as it should be. Returns how many.
static unsigned
put_modes(struct buf *b, const struct health_view *h, const struct lost *l)
{
	const struct {
		bool holds;
		const char *name;
	} modes[] = {
		{ !store_is_fine(h), "store" },
		{ h->loop_late_ms > LATE_MS, "loop_late" },
		{ !h->clock_synchronised, "clock" },
		{ h->last_good_configuration, "last_good_configuration" },
		{ h->points_unknown > 0, "points_unknown" },
		{ l->lost > 0, "devices_lost" },
		{ l->hosts_lost > 0, "hosts_lost" },
		{ l->outputs_failed > 0, "outputs_failed" },
		{ l->fire, "fire_unwatched" },
	};
	unsigned n = 0;

	json_open(b, "modes", '[');
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (!modes[i].holds)
			continue;
		json_str(b, NULL, modes[i].name);
		n++;
	}
	json_close(b, ']');
	return n;
}

void
api_healthz(struct console *c, struct http_request *r)
{
	struct health_view h = { 0 };
	struct lost l = count_lost(c);
	struct buf modes = { 0 }, b = { 0 };

	c->host.health(c->host.ctx, &h);
	l.fire |= h.fire_line_unwatched;
	json_open(&modes, NULL, '{');
	unsigned n = put_modes(&modes, &h, &l);
	json_open(&b, NULL, '{');
	json_str(&b, "status", n == 0 ? "ok" : "degraded");
	json_str(&b, "store", h.store_mode);
	buf_str(&b, ",");
	buf_str(&b, modes.data + 1);
	json_close(&b, '}');
	buf_free(&modes);
	http_send_json(r, l.fire || h.loop_late_ms > VERY_LATE_MS ? 503 : 200, &b);
}

struct alarm_sums {
	uint32_t open[CLASS_COUNT], owed[CLASS_COUNT];
};

static bool
each_alarm(void *arg, const struct alarm_view *a)
{
	struct alarm_sums *s = arg;
	struct alarm as_table = { .state = a->state };

	if ((unsigned)a->alarm_class < CLASS_COUNT) {
		s->open[a->alarm_class]++;
		s->owed[a->alarm_class] += alarm_owed(&as_table);
	}
	return true;
}

static void
put_alarms(struct buf *b, struct console *c)
{
	struct alarm_sums s = { 0 };

	c->host.alarms(c->host.ctx, each_alarm, &s);
	buf_str(
	    b, "# HELP watchroom_alarms Open alarms.\n# TYPE watchroom_alarms gauge\n");
	for (int i = 0; i < CLASS_COUNT; i++) {
		const char *name = class_name((enum alarm_class)i);
		buf_printf(b, "watchroom_alarms{class=\"%s\",state=\"open\"} %u\n",
		    name, s.open[i]);
		buf_printf(b,
		    "watchroom_alarms{class=\"%s\",state=\"unacknowledged\"} %u\n",
		    name, s.owed[i]);
	}
}

static void
put(struct buf *b, const char *name, const char *type, const char *help, double value)
{
	buf_printf(b,
	    "# HELP watchroom_%s %s\n# TYPE watchroom_%s %s\nwatchroom_%s %.15g\n",
	    name, help, name, type, name, value);
}

static void
put_server(struct buf *b, struct console *c)
{
	struct guard_counts g = http_counts(c->http);
	struct sse_counts s = sse_counts(c->sse);

	put(b, "consoles", "gauge", "Open streams.", s.streams);
	put(b, "consoles_sounding", "gauge", "Streams whose console can sound.",
	    s.sounding);
	put(b, "consoles_cut_total", "counter", "Streams cut for not reading.",
	    (double)s.cut);
	put(b, "http_connections", "gauge", "Connections, streams included.",
	    g.connections);
	put(b, "http_requests_total", "counter", "Requests.",
	    (double)http_requests(c->http));
	put(b, "http_refused_total", "counter", "Connections over a limit.",
	    (double)g.refused);
	put(b, "http_cut_total", "counter", "Connections cut for being slow.",
	    (double)g.cut);
}

void
api_metrics(struct console *c, struct http_request *r)
{
	struct health_view h = { 0 };
	struct lost l = count_lost(c);
	struct buf b = { 0 };
	int64_t blocks;

	if (api_number(r, "blocks", 0, 1, 0, &blocks) < 0)
		return;
	c->host.health(c->host.ctx, &h);
	buf_printf(&b,
	    "# HELP watchroom_info The running version.\n# TYPE watchroom_info gauge\n"
	    "watchroom_info{version=\"%s\",config_rev=\"%s\"} 1\n",
	    h.version, h.config_rev);
	put_alarms(&b, c);
	put(&b, "store_ok", "gauge", "1 while events are written.", store_is_fine(&h));
	put(&b, "store_waiting", "gauge", "Events not yet durable.",
	    (double)h.store_waiting);
	put(&b, "loop_late_seconds", "gauge", "Worst lateness of the last 10 s.",
	    (double)h.loop_late_ms / 1000);
	put(&b, "loop_callback_seconds", "gauge",
	    "CPU time of the loop's longest callback of the last 10 s.",
	    (double)h.loop_callback_us / 1e6);
	put(&b, "clock_synchronised", "gauge", "1 while the clock is synchronised.",
	    h.clock_synchronised);
	put(&b, "start_time_seconds", "gauge", "When the daemon started.",
	    (double)h.started_utc_ms / 1000);
	put(&b, "devices", "gauge", "Devices configured.", l.devices);
	put(&b, "devices_lost", "gauge", "Devices that do not answer.", l.lost);
	put(&b, "hosts", "gauge", "Hosts configured.",
	    c->host.site(c->host.ctx)->n_hosts);
	put(&b, "hosts_lost", "gauge", "Hosts that do not answer as they should.",
	    l.hosts_lost);
	put(&b, "points", "gauge", "Points configured.", h.points);
	put(&b, "points_unknown", "gauge", "Points whose state is not known.",
	    h.points_unknown);
	put(&b, "notices_owed", "gauge", "Notices not yet delivered.", h.notices_owed);
	put(&b, "sounder", "gauge", "1 while the site's sound is wanted.",
	    h.sounder_on);
	hosts_put_metrics(&b, &c->host);
	outputs_put_metrics(&b, &c->host);
	put_server(&b, c);
	links_metrics_send(c, r, &b, blocks != 0);
}
