// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The daemon that is not there: its site, and its answers. Commands are remembered and
// answered as the test says.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "console_fixture.h"
#include "lib/mem.h"
#include "store/store.h"
#include "test.h"

// --- the host ---------------------------------------------------------------------

static const struct site *
host_site(void *ctx)
{
	return &((struct fake_daemon *)ctx)->site;
}

static struct store *
host_store(void *ctx)
{
	(void)ctx;
	return NULL;
}

static void
host_alarms(void *ctx, bool (*each)(void *arg, const struct alarm_view *a), void *arg)
{
	struct fake_daemon *d = ctx;

	for (unsigned i = 0; i < d->n_alarms; i++)
		if (!each(arg, &d->alarms[i]))
			return;
}

static void
host_devices(void *ctx, void (*each)(void *arg, const struct device_view *d), void *arg)
{
	struct fake_daemon *d = ctx;

	each(arg, &(struct device_view){ .device = &d->site.devices[0],
		      .lost = d->device_lost,
		      .code = d->device_lost ? "timeout" : NULL,
		      .last_heard_utc_ms = 1767323045678,
		      .points = 1 });
}

static void
host_host(void *ctx, uint16_t host, struct host_view *out)
{
	*out = ((struct fake_daemon *)ctx)->hosts[host];
}

static void
host_output(void *ctx, uint16_t output, struct output_look *out)
{
	*out = ((struct fake_daemon *)ctx)->output[output];
}

static void
host_bus(void *ctx, uint16_t bus, struct bus_look *out)
{
	struct fake_daemon *d = ctx;

	assert_true(bus < d->site.n_buses);
	d->looks++;
	*out = d->bus;
}

static void
host_device(void *ctx, uint16_t device, struct device_look *out)
{
	struct fake_daemon *d = ctx;

	assert_true(device < d->site.n_devices);
	d->looks++;
	*out = d->device;
}

static void
host_block(void *ctx, uint16_t device, uint16_t block, struct block_look *out)
{
	struct fake_daemon *d = ctx;

	assert_true(device < d->site.n_devices && block < d->device.blocks);
	d->looks++;
	*out = d->block;
	out->address = (uint16_t)(d->block_stride * block);
}

static void
put_looks(struct fake_daemon *d)
{
	d->block_stride = 200;
	d->bus = (struct bus_look){ .state = "open",
		.known = true,
		.devices = 1,
		.devices_sick = 1,
		.window = 2,
		.in_flight = 1,
		.load = 0.1236,
		.retry_within_ms = 30000,
		.sums = { .connects = 3, .busy_us = 1500000 } };
	d->device = (struct device_look){ .state = "up",
		.last_good_utc_ms = 1767323045678,
		.health_good = 15,
		.health_of = 16,
		.blocks = 3,
		.worst_gap_ms = 1004,
		.last_reply_us = 1500,
		.max_reply_us = 2500000,
		.reply_p50_us = 2000,
		.reply_p99_us = UINT32_MAX,
		.sums = { .requests = 100,
		    .good = 97,
		    .timeouts = 1,
		    .exceptions = 2,
		    .replies = 99 } };
	d->block = (struct block_look){ .kind = "points",
		.order = "scan",
		.state = "read",
		.area = AREA_HOLDING,
		.count = 20,
		.points = 20,
		.period_ms = 1000,
		.sums = { 50, 49, 1, 0, 2000, 9000, 1004 } };
}

static void
host_health(void *ctx, struct health_view *out)
{
	struct fake_daemon *d = ctx;

	d->looks_at_health = d->looks;
	*out = d->health;
}

static void
host_point_json(void *ctx, uint32_t point, struct buf *out)
{
	(void)ctx;
	json_str(out, "quality", "good");
	json_int(out, "value", 700 + (int64_t)point);
}

static uint32_t
host_alarm_point(void *ctx, const char *occurrence)
{
	const struct fake_daemon *d = ctx;

	for (unsigned i = 0; i < d->n_alarms; i++)
		if (strcmp(d->alarms[i].occurrence, occurrence) == 0)
			return (uint32_t)(d->alarms[i].point - d->site.points);
	return UINT32_MAX;
}

static unsigned
host_decisions(
    void *ctx, uint32_t point, struct decision out[static DECISIONS_PER_POINT])
{
	(void)ctx;
	out[0] = (struct decision){ .kind = DECISION_WITHIN_ON_DELAY,
		.t_utc_ms = 1767323045678,
		.condition = COND_PROCESS,
		.word = "low",
		.value = 0.5 + (double)point };
	return 1;
}

static void
answer(struct fake_daemon *d, reply_fn *done, void *arg)
{
	d->held = done;
	d->held_arg = arg;
	if (!d->hold)
		done(arg, &d->reply);
}

void
fake_command(struct fake_daemon *d, reply_fn *done, void *arg)
{
	d->commands++;
	answer(d, done, arg);
}

static void
host_acknowledge(void *ctx, const char *occurrence, const char *actor, bool desk,
    reply_fn *done, void *arg)
{
	struct fake_daemon *d = ctx;

	(void)snprintf(d->last, sizeof(d->last), "acknowledge %s %s%s", occurrence,
	    actor, desk ? "" : " elsewhere");
	fake_command(d, done, arg);
}

static void
host_note(void *ctx, const char *occurrence, const char *actor, const char *text,
    reply_fn *done, void *arg)
{
	struct fake_daemon *d = ctx;

	(void)snprintf(
	    d->last, sizeof(d->last), "note %s %s %.300s", occurrence, actor, text);
	fake_command(d, done, arg);
}

static void
host_reset(void *ctx, uint32_t point, const char *actor, reply_fn *done, void *arg)
{
	struct fake_daemon *d = ctx;

	(void)snprintf(d->last, sizeof(d->last), "reset %u %s", point, actor);
	fake_command(d, done, arg);
}

static void
host_silence(void *ctx, const char *actor, bool desk, reply_fn *done, void *arg)
{
	struct fake_daemon *d = ctx;

	(void)snprintf(
	    d->last, sizeof(d->last), "silence %s%s", actor, desk ? "" : " elsewhere");
	fake_command(d, done, arg);
}

static void
host_console_sound(void *ctx, const char *console, bool can_sound)
{
	struct fake_daemon *d = ctx;

	d->sounds++;
	(void)snprintf(
	    d->sound, sizeof(d->sound), "%s %s", console, can_sound ? "true" : "false");
}

static void
host_consoles(void *ctx, uint32_t consoles, uint32_t sounding)
{
	struct fake_daemon *d = ctx;

	d->consoles = consoles;
	d->sounding = sounding;
	d->told++;
}

static void
host_audit(void *ctx, enum event_kind kind, const char *actor, const char *from_address,
    reply_fn *done, void *arg)
{
	struct fake_daemon *d = ctx;

	(void)snprintf(d->audit, sizeof(d->audit), "%s %s %s", event_kind_name(kind),
	    actor, from_address);
	d->audits++;
	if (done != NULL)
		answer(d, done, arg);
}

// --- the site ---------------------------------------------------------------------

static const struct profile panel = { .id = "panel", .maturity = MATURITY_INFERRED };
static const uint32_t panel_points[] = { 0 };
static struct bus buses[] = {
	{ .id = "panel-lan", .host = "192.0.2.10", .port = 502 }
};
static struct device devices[] = {
	{ .id = "fap1",
	    .name_zh = "主机",
	    .name_en = "Panel",
	    .unit = 7,
	    .profile = &panel,
	    .accept_ms = 14000,
	    .accept_reason = "a slow line",
	    .n_points = 1,
	    .points = panel_points },
};
static struct zone zones[] = { { .id = "f5" } };
// Of a point that no driver feeds.
#define NO_DRIVER .device = INDEX_NONE, .gpio = INDEX_NONE
static struct point points[] = {
	{ .id = "fap1-d-1-5",
	    .place_zh = "五层走廊",
	    .place_en = "Corridor, floor 5",
	    .kind = KIND_SMOKE,
	    .device = 0,
	    .gpio = INDEX_NONE },
	{ .id = "hydrant-main",
	    .place_zh = "泵房",
	    .place_en = "Pump room",
	    .kind = KIND_PRESSURE,
	    .zone = INDEX_NONE,
	    NO_DRIVER },
	{ .id = "switch",
	    .place_zh = "弱电间",
	    .place_en = "Riser room",
	    .kind = KIND_NETWORK,
	    .zone = INDEX_NONE,
	    NO_DRIVER },
	{ .id = "camera-1",
	    .place_zh = "大堂",
	    .place_en = "Lobby",
	    .kind = KIND_CAMERA,
	    NO_DRIVER },
	{ .id = "@bus/panel-lan",
	    .place_zh = "",
	    .place_en = "",
	    .kind = KIND_LINK,
	    .zone = INDEX_NONE,
	    NO_DRIVER },
};
static struct host hosts[] = {
	{ .id = "switch",
	    .point = 2,
	    .parent = INDEX_NONE,
	    .check = HOST_CHECK_PING,
	    .shown = "192.0.2.1",
	    .period_ms = 10000 },
	{ .id = "camera-1",
	    .point = 3,
	    .parent = 0,
	    .check = HOST_CHECK_RTSP,
	    .shown = "rtsp://192.0.2.31/live",
	    .url = "rtsp://192.0.2.31/live?token=hush",
	    .user = "monitor",
	    .password = "hush",
	    .period_ms = 30000 },
};
static struct patrol_def patrols[] = { { .id = "night" } };
static const struct desk_address desk[] = { { .address = "127.0.0.1" } };

static const struct site small_site = {
	.id = "tower-a",
	.name_zh = "科技大厦",
	.name_en = "Tower A",
	.time_zone = "Asia/Shanghai",
	.statistics_day_min = 8 * 60,
	.listen_host = "127.0.0.1",
	.n_desk = 1,
	.desk = desk,
	.n_buses = 1,
	.buses = buses,
	.n_devices = 1,
	.devices = devices,
	.n_hosts = 2,
	.hosts = hosts,
	.n_patrols = 1,
	.patrols = patrols,
	.n_zones = 1,
	.zones = zones,
	.n_points = 5,
	.n_site_points = 4,
	.points = points,
	.revision = "0123456789abcdef",
};

static void
put_alarms(struct fake_daemon *d, unsigned n)
{
	d->n_alarms = n;
	for (unsigned i = 0; i < n; i++) {
		(void)snprintf(
		    d->occurrence[i], sizeof(d->occurrence[i]), "7-%u", i + 1);
		d->alarms[i] = (struct alarm_view){ .point = &points[0],
			.occurrence = d->occurrence[i],
			.incident = d->occurrence[i],
			.condition = COND_FIRE,
			.code = "fire/smoke",
			.alarm_class = CLASS_FIRE,
			.state = ALARM_UNACKNOWLEDGED,
			.sounds = true,
			.quality = QUALITY_GOOD,
			.raised_utc_ms = 1767323045678 + i,
			.occurrences = 1,
			.value = (double)NAN };
	}
}

void
fake_daemon_init(struct fake_daemon *d)
{
	d->site = small_site;
	d->health = (struct health_view){ .store_mode = "ok",
		.clock_synchronised = true,
		.config_rev = "0123456789abcdef",
		.started_utc_ms = 1767323045678,
		.points = 2,
		.version = "0.1.0",
		.boot = "7" };
	d->reply = (struct reply){ .status = 200, .durable = true, .seq = 43 };
	put_alarms(d, 2);
	put_looks(d);
}

struct console_host
fake_daemon_host(struct fake_daemon *d)
{
	return (struct console_host){ .ctx = d,
		.site = host_site,
		.store = host_store,
		.alarms = host_alarms,
		.devices = host_devices,
		.host = host_host,
		.output = host_output,
		.health = host_health,
		.bus = host_bus,
		.device = host_device,
		.block = host_block,
		.point_json = host_point_json,
		.alarm_point = host_alarm_point,
		.decisions = host_decisions,
		.acknowledge = host_acknowledge,
		.note = host_note,
		.reset = host_reset,
		.rules_json = fake_rules_json,
		.patrol_json = fake_patrol_json,
		.alive = fake_alive,
		.flag = fake_flag,
		.word = fake_word,
		.report_plans = fake_report_plans,
		.cannot_sign = fake_cannot_sign,
		.sign = fake_sign,
		.flag_page = fake_flag_page,
		.bypass = fake_bypass,
		.bypass_end = fake_bypass_end,
		.silence = host_silence,
		.console_sound = host_console_sound,
		.consoles = host_consoles,
		.audit = host_audit };
}
