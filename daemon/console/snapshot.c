// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The snapshot. Owns the cached texts; runs on the loop thread. A thousand consoles
// that come back after an outage share one text and one build. Bounded: at most 500
// alarms and 200 readings go in, the rest is counted and paged (I1).
#include "console/snapshot.h"

#include "console/format.h"
#include "console/hosts.h"
#include "console/http.h"
#include "console/outputs.h"

struct counter {
	uint32_t active, unacknowledged;
};

struct build {
	struct buf *alarms;
	const struct site *site;
	uint32_t total;
	struct counter counters[CLASS_COUNT];
};

static void
count(struct build *w, const struct alarm_view *a)
{
	struct alarm as_table = {
		.state = a->state, .cause = a->cause, .condition = a->condition
	};

	if (a->hidden || (unsigned)a->alarm_class >= CLASS_COUNT)
		return;
	w->counters[a->alarm_class].active += a->state != ALARM_RETURNED;
	w->counters[a->alarm_class].unacknowledged += alarm_owed(&as_table);
}

static bool
each_alarm(void *arg, const struct alarm_view *a)
{
	struct build *w = arg;

	if (w->total++ < SNAPSHOT_ALARMS)
		format_alarm(w->alarms, NULL, w->site, a);
	count(w, a);
	return true;
}

static void
put_counters(struct buf *b, const struct counter *counters)
{
	json_open(b, "counters", '{');
	for (int i = 0; i < CLASS_COUNT; i++) {
		json_open(b, class_name((enum alarm_class)i), '{');
		json_int(b, "active", counters[i].active);
		json_int(b, "unacknowledged", counters[i].unacknowledged);
		json_close(b, '}');
	}
	json_close(b, '}');
}

struct device_build {
	struct buf *b;
	const struct site *site;
};

static void
each_device(void *arg, const struct device_view *d)
{
	const struct device_build *w = arg;

	format_device(w->b, w->site, d);
}

static void
put_readings(struct buf *b, const struct console_host *host, const struct site *site)
{
	unsigned n = 0;

	json_open(b, "readings", '[');
	for (uint32_t i = 0; i < site->n_site_points && n < SNAPSHOT_READINGS; i++) {
		const struct point *p = &site->points[i];
		if (point_kind_quantity(p->kind) == QUANTITY_NONE)
			continue;
		json_open(b, NULL, '{');
		json_str(b, "point", p->id);
		format_names(b, "place", p->place_zh, p->place_en);
		json_str(b, "unit", format_unit(p));
		host->point_json(host->ctx, i, b);
		json_bool(b, "daily_log", p->daily_log);
		json_bool(b, "inferred", site_point_inferred(site, p));
		json_close(b, '}');
		n++;
	}
	json_close(b, ']');
}

// counters, devices, hosts, health, deadman, readings: the health message, and a part
// of the state.
static struct blob *
build_health(const struct console_host *host, const struct site *site,
    const struct health_view *h, const struct build *w)
{
	struct buf b = { 0 };
	struct device_build devices = { .b = &b, .site = site };

	json_open(&b, NULL, '{');
	put_counters(&b, w->counters);
	json_open(&b, "devices", '[');
	host->devices(host->ctx, each_device, &devices);
	json_close(&b, ']');
	hosts_put_summary(&b, "hosts", host);
	outputs_put_summary(&b, "outputs", host);
	format_health(&b, "health", h);
	host->rules_json(host->ctx, &b);
	put_readings(&b, host, site);
	json_close(&b, '}');
	return blob_take(&b);
}

static void
put_site(struct buf *b, const struct site *site)
{
	char day[8] = "00:00";
	unsigned minutes = site->statistics_day_min % (24 * 60);

	day[0] = (char)('0' + minutes / 600);
	day[1] = (char)('0' + minutes / 60 % 10);
	day[3] = (char)('0' + minutes % 60 / 10);
	day[4] = (char)('0' + minutes % 10);
	json_open(b, "site", '{');
	json_str(b, "id", site->id);
	format_names(b, "name", site->name_zh, site->name_en);
	json_str(b, "time_zone", site->time_zone);
	json_str(b, "statistics_day", day);
	json_close(b, '}');
}

static void
build(struct snapshots *s, const struct console_host *host, uint64_t n)
{
	const struct site *site = host->site(host->ctx);
	struct health_view h = { 0 };
	struct buf alarms = { 0 }, b = { 0 }, id = { 0 };
	struct build w = { .alarms = &alarms, .site = site };

	host->health(host->ctx, &h);
	json_open(&alarms, NULL, '[');
	host->alarms(host->ctx, each_alarm, &w);
	json_close(&alarms, ']');
	blob_unref(s->health);
	s->health = build_health(host, site, &h, &w);
	buf_printf(&id, "%s-%llu", h.boot, (unsigned long long)n);
	json_open(&b, NULL, '{');
	json_str(&b, "id", id.data);
	put_site(&b, site);
	json_raw(&b, "alarms", alarms.data);
	json_int(&b, "alarms_total", w.total);
	// The health message without its braces.
	buf_str(&b, ",");
	buf_add(&b, s->health->data + 1, s->health->len - 1);
	blob_unref(s->state);
	s->state = blob_take(&b);
	buf_free(&alarms);
	buf_free(&id);
}

void
snapshot_refresh(struct snapshots *s, const struct console_host *host, int64_t now_ms,
    const struct stream_position *at)
{
	int64_t age = now_ms - s->built_ms;

	if (s->state != NULL && !s->urgent && s->index >= at->oldest &&
	    age < (s->dirty ? SNAPSHOT_MIN_MS : SNAPSHOT_MAX_MS))
		return;
	build(s, host, at->n);
	s->dirty = s->urgent = false;
	s->built_ms = now_ms;
	s->index = at->next;
	s->version++;
}

void
snapshot_head(struct buf *b, int64_t utc_ms, const struct http_request *r)
{
	json_open(b, NULL, '{');
	json_time(b, "time", utc_ms);
	format_session(b, "session", r->session);
	json_bool(b, "desk", r->desk);
	buf_str(b, ",");
}

void
snapshot_free(struct snapshots *s)
{
	blob_unref(s->state);
	blob_unref(s->health);
	s->state = s->health = NULL;
}
