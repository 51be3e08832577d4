// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A bus whose peer sends whatever the input says. The first byte chooses the framing:
// Modbus TCP, RTU on a line, RTU over TCP, or Modbus TCP with several requests in
// flight; then each chunk is a byte of time, a byte of length and that many bytes
// received. The device on the bus is asked as usual on a virtual clock. Memory must
// stay sound, and no sample may come unless a whole, exact reply to the request in
// flight was among the bytes since that request.

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/modbus_bus.h"
#include "lib/log.h"
#include "lib/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	POINTS = 8,
	SINCE_MAX = 2048,
	WINDOW = 4,
	APART = 20,     // half of the points are a block of their own
	PIECES_MS = 20, // drivers/modbus_tcp.c: of RTU frames over TCP
};

// The first byte's remainder.
enum mode {
	MODE_MBAP,
	MODE_RTU,
	MODE_RTU_TCP,
	MODE_WINDOW, // two blocks in flight
	MODES
};

// clang-format off
static const struct decode_field any_fields[] = {
	{ .mask = 0xFFFF, .unknown = { .n = 1, .is = { { COND_INFO, 0 } } } },
};
static const struct decoder decoders[] = {
	{ .name = "word", .form = DECODE_WORD, .n_fields = 1,
		.fields = any_fields },
};
static const struct profile_item items[] = {
	{ .name = "word", .area = AREA_HOLDING, .printed = "", .device_max = 99, .device_stride = 1,
		.decoder = 0 },
};
static const struct profile profile = {
	.id = "fuzz", .max_registers = 100, .n_items = 1, .items = items,
	.n_decoders = 1, .decoders = decoders,
};
// clang-format on

static struct {
	bool open;
	enum mode mode;
	struct pdu_request requests[WINDOW]; // the last so many
	unsigned n_requests;
	enum pdu_framing framing;
	uint8_t since[SINCE_MAX]; // received since the request
	size_t n_since;
	uint64_t samples;
} peer;

static enum mbus_open
peer_open(struct mbus *b, const char **code)
{
	(void)b;
	(void)code;
	peer.open = true;
	peer.n_since = 0;
	return MBUS_OPEN_DONE;
}

static void
peer_close(struct mbus *b)
{
	(void)b;
	peer.open = false;
}

static int
peer_send(struct mbus *b, const uint8_t *frame, size_t len)
{
	const uint8_t *q = frame + (peer.framing == PDU_MBAP ? 6 : 0);

	(void)len;
	wr_assert(q[1] >= 1 && q[1] <= 4); // reads only
	for (uint8_t i = 0; i < b->window; i++)
		if (b->flights[i].used && b->flights[i].asked == b->asked)
			peer.requests[peer.n_requests++ % WINDOW] =
			    b->flights[i].request;
	if (b->window == 1)
		peer.n_since = 0;
	return 0;
}

static const struct mbus_transport transports[] = {
	{ PDU_MBAP, false, peer_open, peer_close, peer_send, NULL },
	{ PDU_RTU, true, peer_open, peer_close, peer_send, NULL },
	{ PDU_RTU, false, peer_open, peer_close, peer_send, NULL },
	{ PDU_MBAP, false, peer_open, peer_close, peer_send, NULL },
};

// Looks for the exact reply at every offset, with nothing but the specification.
static bool
reply_to(const struct pdu_request *r, const struct sample *s, uint32_t pdu)
{
	bool tcp = peer.framing == PDU_MBAP;
	size_t want = 2U * r->count, head = tcp ? 9 : 3;
	size_t whole = head + want + (tcp ? 0 : 2);

	if (pdu < r->address || pdu >= (uint32_t)r->address + r->count)
		return false;
	for (size_t i = 0; i + whole <= peer.n_since; i++) {
		const uint8_t *f = peer.since + i;
		const uint8_t *u = tcp ? f + 6 : f;
		const uint8_t *value = u + 3 + 2 * (size_t)(pdu - r->address);

		if (u[0] != r->unit || u[1] != 3 || u[2] != want)
			continue;
		if (tcp &&
		    (f[0] != r->transaction >> 8 || f[1] != (r->transaction & 0xFF) ||
			f[2] || f[3] || f[4] || f[5] != want + 3))
			continue;
		if (s->raw == (uint32_t)(value[0] << 8 | value[1]))
			return true;
	}
	return false;
}

static uint32_t
pdu_of(uint32_t point)
{
	return point < POINTS / 2 ? point : point + APART;
}

static bool
reply_was_sent(const struct sample *s)
{
	unsigned n = peer.n_requests < WINDOW ? peer.n_requests : WINDOW;

	if (peer.mode != MODE_WINDOW) // the last one only
		return reply_to(&peer.requests[(peer.n_requests - 1) % WINDOW], s,
		    pdu_of(s->point));
	for (unsigned i = 0; i < n; i++)
		if (reply_to(&peer.requests[i], s, pdu_of(s->point)))
			return true;
	return false;
}

static void
on_sample(void *ctx, const struct sample *s)
{
	(void)ctx;
	wr_assert(s->n_codes <= SAMPLE_CODES_MAX);
	if (s->quality == QUALITY_GOOD)
		wr_assert(reply_was_sent(s));
	peer.samples++;
}

static void
on_link(void *ctx, uint32_t point, bool lost, const char *code)
{
	(void)ctx;
	(void)point;
	(void)lost;
	wr_assert(code);
}

static void
on_heard(void *ctx, uint32_t device, int64_t now_ms)
{
	(void)ctx;
	(void)device;
	(void)now_ms;
}

static void
stop_loop(void *arg)
{
	loop_stop(arg);
}

static void
pass_time(struct loop *l, int64_t ms)
{
	struct loop_timer t;

	loop_timer_init(&t, stop_loop, l);
	loop_timer_in(l, &t, ms);
	(void)loop_run(l);
	loop_timer_stop(l, &t);
}

static void
receive(struct mbus *b, const uint8_t *bytes, size_t n)
{
	while (n > 0 && peer.open) {
		size_t room, part;
		uint8_t *at = mbus_room(b, &room);

		part = n < room ? n : room;
		memcpy(at, bytes, part);
		if (peer.n_since + part <= SINCE_MAX) {
			memcpy(peer.since + peer.n_since, bytes, part);
			peer.n_since += part;
		}
		bytes += part;
		n -= part;
		mbus_received(b, part);
	}
}

static void
play(struct mbus *b, const uint8_t *data, size_t size)
{
	while (size >= 2) {
		size_t n = data[1];

		pass_time(b->host->loop, data[0]);
		data += 2;
		size -= 2;
		n = n < size ? n : size;
		receive(b, data, n);
		data += n;
		size -= n;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *codes[] = { "" };
	struct bus bus = { .id = "bus" };
	struct point points[POINTS];
	uint32_t indexes[POINTS];
	struct device device = {
		.id = "device",
		.unit = 1,
		.profile = &profile,
		.poll_ms = 50,
		.timeout_ms = 100,
		.retries = 1,
		.n_points = POINTS,
		.points = indexes,
	};
	struct site site = {
		.n_buses = 1,
		.buses = &bus,
		.n_devices = 1,
		.devices = &device,
		.n_points = POINTS,
		.points = points,
		.n_codes = 1,
		.codes = codes,
	};
	struct clock clock;
	struct driver_host host = { .site = &site, .sample = on_sample };
	struct mbus *b;

	if (size == 0 || size > SINCE_MAX)
		return 0;
	for (uint32_t i = 0; i < POINTS; i++) {
		points[i] = (struct point){ .id = "p", .pdu = (uint16_t)pdu_of(i) };
		indexes[i] = i;
	}
	clock_virtual_init(&clock, 1000, 1700000000000);
	host.loop = loop_new(&clock);
	host.link = on_link;
	host.heard = on_heard;
	memset(&peer, 0, sizeof(peer));
	peer.mode = (enum mode)(data[0] % MODES);
	peer.framing = transports[peer.mode].framing;
	b = xcalloc(1, sizeof(*b));
	if (peer.mode == MODE_RTU) {
		b->byte_us = 96;
		b->gap_us = 4000;
	}
	if (peer.mode == MODE_RTU_TCP)
		b->silence_ms = PIECES_MS;
	if (peer.mode == MODE_WINDOW)
		bus.window = device.window = 2;
	mbus_start(b, &host, &transports[peer.mode], 0);
	play(b, data + 1, size - 1);
	mbus_stop(b);
	free(b);
	loop_free(host.loop);
	return 0;
}
