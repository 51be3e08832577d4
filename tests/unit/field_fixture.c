// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A site made by hand; see field_fixture.h. The profiles are the tables that
// config/profile.c makes of panels/*.yaml, cut down to what tests need. Test code only.

#include "field_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

static const char *codes[CODE_COUNT] = {
	[CODE_NONE] = "",
	[CODE_SMOKE] = "fire/smoke",
	[CODE_CO] = "fire/co",
	[CODE_UNKNOWN_EVENT] = "unknown-event",
	[CODE_NOT_PRESENT] = "not-present",
	[CODE_SENSOR_RANGE] = "sensor-range",
	[CODE_CONFIGURATION] = "configuration",
	[CODE_UNKNOWN_CODE] = "unknown-code",
	[CODE_RESERVED_BITS] = "reserved-bits",
	[CODE_LINE_BUSY] = "line-busy",
	[CODE_OVERFLOW] = "overflow",
};

// clang-format off
#define IS1(c, code) { .n = 1, .is = { { c, code } } }
#define IS2(c1, code1, c2, code2) { .n = 2, .is = { { c1, code1 }, { c2, code2 } } }
#define VALUE(v, ...) { .value = (v), .means = __VA_ARGS__ }

static const struct decode_value notifier_values[] = {
	VALUE(0x10, IS1(COND_FIRE, CODE_SMOKE)),
	VALUE(0x14, IS1(COND_FIRE, CODE_CO)),
	VALUE(0x30, IS1(COND_SUPERVISORY, 0)),
	VALUE(0x52, IS2(COND_DISABLED, 0, COND_SUPERVISORY, 0)),
	VALUE(0x71, IS1(COND_ACTIVATED, 0)),
	VALUE(0xED, IS2(COND_FIRE, 0, COND_SUPERVISORY, 0)),
};

static const struct decode_field notifier_fields[] = {
	{
		.mask = 0x00FF,
		.valid_mask = 0x0800,
		.valid_value = 0x0800,
		.n_values = sizeof(notifier_values) / sizeof(notifier_values[0]),
		.values = notifier_values,
		.unknown = IS1(COND_FIRE, CODE_UNKNOWN_EVENT),
	},
};

static const struct decoder notifier_decoders[] = {
	{
		.name = "point-word",
		.form = DECODE_WORD,
		.n_absent = 2,
		.absent = { 0x00FF, 0xFFFF },
		.n_bits = 5,
		.bits = {
			{ 0x4000, true, IS1(COND_PREALARM, 0) },
			{ 0x2000, true, IS1(COND_FAULT, 0) },
			{ 0x0200, true, IS1(COND_DISABLED, 0) },
			{ 0x0100, true, IS1(COND_INFO, 0) },
			{ 0x0400, true, { 0 } },
		},
		.n_fields = 1,
		.fields = notifier_fields,
	},
};

static const struct profile_item notifier_items[] = {
	{ .name = "detector", .area = AREA_HOLDING, .base = 0, .printed = "40001",
		.loop_min = 1, .loop_max = 10, .device_min = 1, .device_max = 159,
		.loop_stride = 400, .device_stride = 1 },
	{ .name = "module", .area = AREA_HOLDING, .base = 200, .printed = "40201",
		.loop_min = 1, .loop_max = 10, .device_min = 1, .device_max = 159,
		.loop_stride = 400, .device_stride = 1 },
};

const struct profile profile_notifier = {
	.id = "notifier-modbus-gw", .name_zh = "", .name_en = "", .source = "",
	.firmware = "", .transports = TRANSPORT_TCP, .max_registers = 100,
	.n_items = 2, .items = notifier_items,
	.n_decoders = 1, .decoders = notifier_decoders,
};

static const struct decoder iologik_decoders[] = { { .name = "di", .form = DECODE_BIT } };
static const struct profile_item iologik_items[] = {
	{ .name = "di", .area = AREA_DISCRETE, .base = 0, .printed = "10001",
		.loop_min = 0, .loop_max = 0, .device_min = 0, .device_max = 15,
		.loop_stride = 0, .device_stride = 1 },
};

const struct profile profile_iologik = {
	.id = "iologik-e1200", .name_zh = "", .name_en = "", .source = "", .firmware = "",
	.transports = TRANSPORT_TCP, .max_registers = 125, .max_bits = 2000,
	.n_items = 1, .items = iologik_items,
	.n_decoders = 1, .decoders = iologik_decoders,
};

static const struct decoder ptmb_decoders[] = {
	{
		.name = "pressure", .form = DECODE_ANALOG, .number = NUMBER_INT16,
		.scale = 1, .quantity = QUANTITY_PRESSURE, .unit_factor = 1,
		.unit_from_device = true, .unit_address = 2,
		.decimals_from_device = true, .decimals_address = 3,
		.unit_factors = { 1000, 1, 0.001, 100, 0.1, 98.0665, 6.894757, 9.80665,
			0.00980665 },
		.range_from_device = true, .zero_address = 5, .full_address = 6,
	},
};
static const struct profile_item ptmb_items[] = {
	{ .name = "pressure", .area = AREA_HOLDING, .base = 4, .printed = "0004",
		.loop_min = 0, .loop_max = 0, .device_min = 0, .device_max = 0,
		.loop_stride = 0, .device_stride = 0 },
};

const struct profile profile_ptmb = {
	.id = "pressure-transmitter-ptmb", .name_zh = "", .name_en = "", .source = "",
	.firmware = "", .transports = TRANSPORT_RTU, .max_registers = 16,
	.n_items = 1, .items = ptmb_items,
	.n_decoders = 1, .decoders = ptmb_decoders,
};

static const struct decode_field words_fields[] = {
	{ .mask = 0xFFFF, .unknown = IS1(COND_INFO, CODE_UNKNOWN_EVENT) },
};
static const struct decoder words_decoders[] = {
	{ .name = "word", .form = DECODE_WORD, .n_fields = 1, .fields = words_fields },
};
static const struct profile_item words_items[] = {
	{ .name = "word", .area = AREA_HOLDING, .base = 0, .printed = "40001",
		.loop_min = 0, .loop_max = 0, .device_min = 0, .device_max = 9999,
		.loop_stride = 0, .device_stride = 1 },
};
static const struct profile_identity words_identity[] = {
	{ .area = AREA_HOLDING, .address = 9000, .mask = 0xFF00, .min = 0x6000,
		.max = 0x6000 },
	{ .area = AREA_HOLDING, .address = 9010, .mask = 0xFFFF, .min = 0x0050,
		.max = 0x0050 },
};

const struct profile profile_words = {
	.id = "words", .name_zh = "", .name_en = "", .source = "", .firmware = "",
	.transports = TRANSPORT_TCP, .max_registers = 100,
	.n_items = 1, .items = words_items, .n_decoders = 1, .decoders = words_decoders,
	.n_identity = 2, .identity = words_identity,
};

static const struct decoder gauge_decoders[] = {
	{
		.name = "value", .form = DECODE_ANALOG, .number = NUMBER_FLOAT32,
		.order = ORDER_CDAB, .scale = 1, .quantity = QUANTITY_PRESSURE,
		.unit_factor = 1, .unit_from_device = true, .unit_address = 500,
		.decimals_from_device = true, .decimals_address = 501,
		.unit_factors = { 1, 1000 },
	},
};
static const struct profile_item gauge_items[] = {
	{ .name = "value", .area = AREA_INPUT, .base = 0, .printed = "30001",
		.loop_min = 0, .loop_max = 0, .device_min = 0, .device_max = 9,
		.loop_stride = 0, .device_stride = 2 },
};

const struct profile profile_gauge = {
	.id = "gauge", .name_zh = "", .name_en = "", .source = "", .firmware = "",
	.transports = TRANSPORT_TCP, .max_registers = 125,
	.n_items = 1, .items = gauge_items, .n_decoders = 1, .decoders = gauge_decoders,
};
// clang-format on

enum {
	FIRST_LINK = 50000
};

static void
keep_sample(void *ctx, const struct sample *s)
{
	struct field_fixture *f = ctx;

	if (f->on_sample)
		f->on_sample(f, s);
	if (!f->keep_samples) {
		f->n_samples++;
		return;
	}
	if (f->n_samples == f->samples_size) {
		f->samples_size = f->samples_size ? f->samples_size * 2 : 64;
		f->samples =
		    xreallocarray(f->samples, f->samples_size, sizeof(*f->samples));
	}
	f->samples[f->n_samples++] = *s;
}

static void
keep_link(void *ctx, uint32_t point, bool lost, const char *code)
{
	struct field_fixture *f = ctx;
	struct seen_link *l;

	if (f->n_links == f->links_size) {
		f->links_size = f->links_size ? f->links_size * 2 : 64;
		f->links = xreallocarray(f->links, f->links_size, sizeof(*f->links));
	}
	l = &f->links[f->n_links++];
	*l = (struct seen_link){ .point = point, .lost = lost };
	l->at_ms = loop_now_ms(f->host.loop);
	(void)snprintf(l->code, sizeof(l->code), "%s", code);
}

static void
keep_heard(void *ctx, uint32_t device, int64_t now_ms)
{
	struct field_fixture *f = ctx;

	(void)device;
	(void)now_ms;
	f->heard++;
}

static void
keep_overdue(void *ctx, uint32_t device, bool overdue)
{
	struct field_fixture *f = ctx;

	(void)device;
	f->overdue += overdue;
	f->in_time += !overdue;
}

void
fixture_init(struct field_fixture *f, struct clock *clock)
{
	*f = (struct field_fixture){ .keep_samples = true };
	f->site.id = "test";
	f->site.n_codes = CODE_COUNT;
	f->site.codes = codes;
	f->host = (struct driver_host){
		.ctx = f,
		.loop = loop_new(clock),
		.site = &f->site,
		.sample = keep_sample,
		.link = keep_link,
		.heard = keep_heard,
		.overdue = keep_overdue,
	};
}

void
fixture_free(struct field_fixture *f)
{
	struct site *s = &f->site;

	for (uint16_t i = 0; i < s->n_devices; i++)
		free((void *)(uintptr_t)s->devices[i].points);
	for (uint16_t i = 0; i < s->n_gpios; i++)
		free((void *)(uintptr_t)s->gpios[i].points);
	free(s->buses);
	free(s->devices);
	free(s->gpios);
	free(s->points);
	free(f->links);
	free(f->samples);
	loop_free(f->host.loop);
}

static uint32_t
add_point(struct site *s)
{
	uint32_t at = s->n_points++;

	s->points = xreallocarray(s->points, s->n_points, sizeof(*s->points));
	s->points[at] = (struct point){
		.id = "point",
		.zone = INDEX_NONE,
		.device = INDEX_NONE,
		.gpio = INDEX_NONE,
	};
	return at;
}

uint16_t
fixture_bus(
    struct field_fixture *f, enum bus_kind kind, const char *where, uint16_t port)
{
	struct site *s = &f->site;
	uint16_t at = s->n_buses++;

	s->buses = xreallocarray(s->buses, s->n_buses, sizeof(*s->buses));
	s->buses[at] = (struct bus){
		.id = "bus",
		.kind = kind,
		.host = where,
		.tty = where,
		.port = port,
		.baud = 115200,
		.parity = 'N',
		.data_bits = 8,
		.stop_bits = 1,
		.link_point = FIRST_LINK + at,
	};
	return at;
}

uint16_t
fixture_device(struct field_fixture *f, uint16_t bus, uint8_t unit,
    const struct profile *profile, uint32_t poll_ms, uint32_t timeout_ms)
{
	struct site *s = &f->site;
	uint16_t at = s->n_devices++;

	s->devices = xreallocarray(s->devices, s->n_devices, sizeof(*s->devices));
	s->devices[at] = (struct device){
		.id = "device",
		.bus = bus,
		.unit = unit,
		.profile = profile,
		.poll_ms = poll_ms,
		.timeout_ms = timeout_ms,
		.retries = 2,
		.link_point = FIRST_LINK + 10000U + at,
	};
	return at;
}

static const uint32_t *
with_one_more(const uint32_t *points, uint32_t n, uint32_t point)
{
	uint32_t *more =
	    xreallocarray((void *)(uintptr_t)points, n + 1U, sizeof(*more));

	more[n] = point;
	return more;
}

uint32_t
fixture_point(struct field_fixture *f, uint16_t device, uint16_t item, uint16_t pdu)
{
	struct device *d = &f->site.devices[device];
	uint32_t at = add_point(&f->site);

	f->site.points[at].device = device;
	f->site.points[at].item = item;
	f->site.points[at].pdu = pdu;
	d->points = with_one_more(d->points, d->n_points++, at);
	return at;
}

uint16_t
fixture_gpio(struct field_fixture *f, const char *chip)
{
	struct site *s = &f->site;
	uint16_t at = s->n_gpios++;

	s->gpios = xreallocarray(s->gpios, s->n_gpios, sizeof(*s->gpios));
	s->gpios[at] = (struct gpio){
		.id = "gpio",
		.chip = chip,
		.link_point = FIRST_LINK + 20000U + at,
	};
	return at;
}

uint32_t
fixture_contact(
    struct field_fixture *f, uint16_t gpio, const char *line, uint32_t debounce_ms)
{
	struct gpio *g = &f->site.gpios[gpio];
	uint32_t at = add_point(&f->site);

	f->site.points[at].gpio = gpio;
	f->site.points[at].line = line;
	f->site.points[at].debounce_ms = debounce_ms;
	g->points = with_one_more(g->points, g->n_points++, at);
	return at;
}

static const struct seen_link *
last_link(const struct field_fixture *f, uint32_t point)
{
	for (size_t i = f->n_links; i > 0; i--)
		if (f->links[i - 1].point == point)
			return &f->links[i - 1];
	return NULL;
}

int
fixture_link(const struct field_fixture *f, uint32_t point)
{
	const struct seen_link *l = last_link(f, point);

	return l ? l->lost : -1;
}

const char *
fixture_link_code(const struct field_fixture *f, uint32_t point)
{
	const struct seen_link *l = last_link(f, point);

	return l ? l->code : "none";
}

const struct sample *
fixture_last(const struct field_fixture *f, uint32_t point)
{
	for (size_t i = f->n_samples; i > 0; i--)
		if (f->samples[i - 1].point == point)
			return &f->samples[i - 1];
	return NULL;
}

size_t
fixture_count(const struct field_fixture *f, uint32_t point)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n_samples; i++)
		n += f->samples[i].point == point;
	return n;
}

enum {
	CHECK_MS = 5
};

struct runner {
	struct field_fixture *f;
	struct loop_timer timer;
	int64_t end_ms;
	bool (*done)(struct field_fixture *f);
	bool result;
};

static void
check_done(void *arg)
{
	struct runner *r = arg;

	r->result = r->done && r->done(r->f);
	if (r->result || loop_now_ms(r->f->host.loop) >= r->end_ms)
		loop_stop(r->f->host.loop);
	else if (r->done)
		loop_timer_in(r->f->host.loop, &r->timer, CHECK_MS);
	else
		loop_timer_at(r->f->host.loop, &r->timer, r->end_ms);
}

bool
fixture_run(struct field_fixture *f, int64_t ms, bool (*done)(struct field_fixture *f))
{
	struct runner r = { .f = f, .done = done };

	r.end_ms = loop_now_ms(f->host.loop) + ms;
	loop_timer_init(&r.timer, check_done, &r);
	loop_timer_in(f->host.loop, &r.timer, 0);
	(void)loop_run(f->host.loop);
	loop_timer_stop(f->host.loop, &r.timer);
	return r.result;
}
