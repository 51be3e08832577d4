// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See gateway_rig.h.
#include "gateway_rig.h"

#include <string.h>

#include "test.h"

static struct gateway *
gateway_of(struct mbus *b)
{
	return (struct gateway *)b;
}

static uint16_t
word_at(uint8_t unit, uint16_t address)
{
	return (uint16_t)(unit << 10 | address);
}

void
gateway_deliver(struct gateway *g, const uint8_t *bytes, size_t n)
{
	while (n > 0 && g->open) {
		size_t room;
		uint8_t *at = mbus_room(&g->bus, &room);
		size_t part = n < room ? n : room;

		memcpy(at, bytes, part);
		bytes += part;
		n -= part;
		mbus_received(&g->bus, part);
	}
}

size_t
gateway_answer(const struct gateway *g, const uint8_t *q, uint8_t *out)
{
	uint16_t address = (uint16_t)(q[8] << 8 | q[9]);
	uint16_t count = (uint16_t)(q[10] << 8 | q[11]);
	size_t n = 9;

	memcpy(out, q, 8);
	if (g->absent >= address && g->absent < address + count && g->absent) {
		out[7] |= 0x80;
		out[8] = 2;
	} else {
		out[8] = (uint8_t)(count * 2);
		for (uint16_t i = 0; i < count; i++) {
			uint16_t v = word_at(q[6], (uint16_t)(address + i));

			out[n++] = (uint8_t)(v >> 8);
			out[n++] = (uint8_t)v;
		}
	}
	out[4] = (uint8_t)((n - 6) >> 8);
	out[5] = (uint8_t)(n - 6);
	return n;
}

static void
on_answer(void *arg)
{
	struct pending *p = arg;
	struct gateway *g = p->g;
	uint8_t out[PDU_FRAME_MAX], unit = p->request[6];
	int64_t now = loop_now_ms(g->f.host.loop);

	p->used = false;
	g->in_flight--;
	g->of_unit[unit]--;
	if (g->last_ms[unit] && now - g->last_ms[unit] > g->worst_gap_ms[unit])
		g->worst_gap_ms[unit] = now - g->last_ms[unit];
	g->last_ms[unit] = now;
	gateway_deliver(g, out, gateway_answer(g, p->request, out));
}

static enum mbus_open
gateway_open(struct mbus *b, const char **code)
{
	struct gateway *g = gateway_of(b);

	(void)code;
	g->open = true;
	g->opens++;
	return MBUS_OPEN_DONE;
}

static void
gateway_close(struct mbus *b)
{
	struct gateway *g = gateway_of(b);

	g->open = false;
	for (int i = 0; i < PENDING; i++) {
		loop_timer_stop(g->f.host.loop, &g->pending[i].timer);
		g->pending[i].used = false;
	}
	g->in_flight = 0;
	memset(g->of_unit, 0, sizeof(g->of_unit));
}

// When what is asked of this unit now has been answered, or given up.
static int64_t
done_ms(struct gateway *g, uint8_t unit)
{
	int64_t now = loop_now_ms(g->f.host.loop), from = now;

	if (!g->one_by_one)
		return now + g->latency_ms[unit];
	if (g->free_ms > now)
		from = g->free_ms;
	g->free_ms = from + (g->dead[unit] ? g->hold_ms : g->latency_ms[unit]);
	return g->free_ms;
}

static int
gateway_send(struct mbus *b, const uint8_t *frame, size_t len)
{
	struct gateway *g = gateway_of(b);
	uint8_t unit = frame[6];
	int64_t done;

	assert_int_equal(len, 12);
	if (g->drops && g->free_ms > loop_now_ms(g->f.host.loop))
		return 0;
	done = done_ms(g, unit);
	if (g->dead[unit])
		return 0;
	for (int i = 0; i < PENDING; i++) {
		struct pending *p = &g->pending[i];

		if (p->used)
			continue;
		p->used = true;
		memcpy(p->request, frame, len);
		if (!g->busy)
			loop_timer_at(g->f.host.loop, &p->timer, done);
		g->in_flight++;
		g->of_unit[unit]++;
		if (g->in_flight > g->most_in_flight)
			g->most_in_flight = g->in_flight;
		if (g->of_unit[unit] > g->most_of_unit)
			g->most_of_unit = g->of_unit[unit];
		return 0;
	}
	fail_msg("more requests than the gateway can hold");
	return -1;
}

// What lies in the socket of a loop that has no time for it.
static void
gateway_hear(struct mbus *b)
{
	struct gateway *g = gateway_of(b);

	for (int i = 0; i < PENDING && g->busy; i++)
		if (g->pending[i].used)
			on_answer(&g->pending[i]);
}

static const struct mbus_transport transport = {
	.framing = PDU_MBAP,
	.open = gateway_open,
	.close = gateway_close,
	.send = gateway_send,
	.hear = gateway_hear,
};

static void
check_sample(struct field_fixture *f, const struct sample *s)
{
	struct gateway *g = f->user;
	const struct point *p = &f->site.points[s->point];
	uint8_t unit = f->site.devices[p->device].unit;

	if (s->quality == QUALITY_GOOD && s->raw != word_at(unit, p->pdu))
		g->wrong_values++;
}

void
gateway_prepare(struct gateway *g, uint8_t window)
{
	*g = (struct gateway){ 0 };
	clock_virtual_init(&g->clock, 1000000, 1700000000000);
	fixture_init(&g->f, &g->clock);
	g->f.user = g;
	g->f.on_sample = check_sample;
	g->f.keep_samples = false;
	g->profile = profile_words;
	g->profile.n_identity = 0;
	g->profile.max_registers = 10;
	for (int i = 0; i < PENDING; i++) {
		g->pending[i].g = g;
		loop_timer_init(&g->pending[i].timer, on_answer, &g->pending[i]);
	}
	for (int i = 0; i < UNITS; i++)
		g->latency_ms[i] = 50;
	fixture_bus(&g->f, BUS_MODBUS_TCP, "192.0.2.1", 502);
	g->f.site.buses[0].window = window;
}

void
gateway_device(struct gateway *g, uint8_t unit, uint16_t points, uint8_t window)
{
	uint16_t d = fixture_device(&g->f, 0, unit, &g->profile, 1000, 1000);

	g->f.site.devices[d].window = window;
	for (uint16_t i = 0; i < points; i++)
		fixture_point(&g->f, d, 0, i);
}

void
gateway_begin(struct gateway *g)
{
	mbus_start(&g->bus, &g->f.host, &transport, 0);
}

void
gateway_end(struct gateway *g)
{
	assert_int_equal(g->wrong_values, 0);
	mbus_stop(&g->bus);
	fixture_free(&g->f);
}
