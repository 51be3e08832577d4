// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The made-up bus; see modbus_rig.h. Test code only.

#include "modbus_rig.h"

#include <string.h>

#include "test.h"

static struct rig *
rig_of(struct mbus *b)
{
	return (struct rig *)b;
}

static int64_t
now_of(struct rig *r)
{
	return loop_now_ms(r->f.host.loop);
}

uint32_t
rig_random(struct rig *r)
{
	r->random ^= r->random << 13;
	r->random ^= r->random >> 17;
	r->random ^= r->random << 5;
	return r->random;
}

static uint16_t
register_of(const struct unit *u, uint8_t unit, uint16_t address)
{
	if (address >= u->fixed_at && address < u->fixed_at + u->fixed_n)
		return u->fixed[address - u->fixed_at];
	return (uint16_t)(((unsigned)unit << 10) + address + (u->flip ? 512 : 0));
}

static bool
hits_absent(const struct unit *u, uint16_t address, uint16_t count)
{
	for (uint8_t i = 0; i < u->n_absent; i++)
		if (u->absent[i] >= address && u->absent[i] < address + count)
			return true;
	return false;
}

size_t
rig_finish(struct rig *r, uint8_t *out, size_t pdu_at, size_t n)
{
	if (r->bus.transport->framing == PDU_MBAP) {
		out[4] = (uint8_t)((n - 6) >> 8);
		out[5] = (uint8_t)(n - 6);
	} else {
		uint16_t crc = pdu_crc(out + pdu_at, n);

		out[n++] = (uint8_t)crc;
		out[n++] = (uint8_t)(crc >> 8);
	}
	return n;
}

// The true reply of a unit to a request frame.
static size_t
answer(struct rig *r, const uint8_t *request, uint8_t *out)
{
	size_t at = r->bus.transport->framing == PDU_MBAP ? 6 : 0, n;
	const uint8_t *q = request + at;
	uint16_t address = (uint16_t)(q[2] << 8 | q[3]);
	uint16_t count = (uint16_t)(q[4] << 8 | q[5]);
	struct unit *u = &r->units[q[0]];
	uint8_t exception = u->exception;

	memcpy(out, request, at + 2);
	n = at + 2;
	if (!exception && hits_absent(u, address, count))
		exception = 2;
	if (exception) {
		out[at + 1] |= 0x80;
		out[n++] = exception;
		return rig_finish(r, out, at, n);
	}
	out[n++] = (uint8_t)(count * 2);
	for (uint16_t i = 0; i < count; i++) {
		uint16_t v = register_of(u, q[0], (uint16_t)(address + i));

		out[n++] = (uint8_t)(v >> 8);
		out[n++] = (uint8_t)v;
	}
	return rig_finish(r, out, at, n);
}

void
rig_deliver(struct rig *r, const uint8_t *bytes, size_t n)
{
	while (n > 0 && r->is_open) {
		size_t room;
		uint8_t *at = mbus_room(&r->bus, &room);
		size_t part = n < room ? n : room;

		memcpy(at, bytes, part);
		bytes += part;
		n -= part;
		mbus_received(&r->bus, part);
	}
}

static void
end_wait(struct rig *r)
{
	int64_t end = now_of(r) < r->deadline_ms ? now_of(r) : r->deadline_ms;

	if (!r->replied && r->asked_ms > 0)
		r->idle_ms += end - r->asked_ms;
	r->replied = true;
	if (r->waiting_for_lost)
		r->wasted_ms += end - r->asked_ms;
	r->waiting_for_lost = false;
}

static void
on_reply(void *arg)
{
	struct rig *r = arg;
	struct unit *u = &r->units[r->waiting_unit];
	int64_t gap = now_of(r) - u->last_good_ms;

	r->replied = true;
	r->answered_ms = now_of(r);
	end_wait(r);
	if (u->good > 0 && gap > u->worst_gap_ms)
		u->worst_gap_ms = gap;
	u->last_good_ms = now_of(r);
	u->good++;
	rig_deliver(r, r->frame, r->n);
}

static void
on_late_reply(void *arg)
{
	struct rig *r = arg;

	r->late_replies_sent++;
	rig_deliver(r, r->late_frame, r->late_n);
}

static enum mbus_open
rig_open(struct mbus *b, const char **code)
{
	struct rig *r = rig_of(b);

	if (r->refuse_open) {
		*code = "refused";
		return MBUS_OPEN_FAILED;
	}
	r->opens++;
	r->is_open = true;
	return MBUS_OPEN_DONE;
}

static void
rig_close(struct mbus *b)
{
	struct rig *r = rig_of(b);

	r->is_open = false;
	loop_timer_stop(r->f.host.loop, &r->reply);
}

static bool
is_lost(struct rig *r, uint8_t unit)
{
	for (uint16_t i = 0; i < r->bus.n_devices; i++)
		if (r->bus.devices[i].def->unit == unit)
			return r->bus.devices[i].link == DEVICE_LOST;
	return false;
}

static void
note_request(struct rig *r, const uint8_t *q)
{
	if (r->n_asked == ASKED_MAX)
		return;
	r->asked_units[r->n_asked] = q[0];
	r->asked_addresses[r->n_asked++] = (uint16_t)(q[2] << 8 | q[3]);
}

static void
note_gap(struct rig *r)
{
	int64_t gap = now_of(r) - r->answered_ms;

	if (r->answered_ms > 0 && (r->least_gap_ms == 0 || gap < r->least_gap_ms))
		r->least_gap_ms = gap;
	r->answered_ms = 0;
}

static bool
answers(struct rig *r, const struct unit *u, const uint8_t *q)
{
	if (u->dead || (u->mute_from && (q[2] << 8 | q[3]) >= u->mute_from))
		return false;
	return u->flap_ms == 0 || now_of(r) / u->flap_ms % 2 == 0;
}

static int
rig_send(struct mbus *b, const uint8_t *frame, size_t len)
{
	struct rig *r = rig_of(b);
	size_t at = b->transport->framing == PDU_MBAP ? 6 : 0;
	uint8_t unit = frame[at] % UNITS;
	uint32_t latency = r->units[unit].latency_ms;

	assert_int_equal(len, b->transport->framing == PDU_MBAP ? 12 : 8);
	end_wait(r);
	note_gap(r);
	note_request(r, frame + at);
	r->units[unit].requests++;
	r->waiting_unit = unit;
	r->asked_ms = now_of(r);
	r->replied = false;
	r->deadline_ms = b->flights[0].deadline_ms;
	r->waiting_for_lost = is_lost(r, unit);
	if (r->keep_late && loop_timer_armed(&r->reply)) {
		memcpy(r->late_frame, r->frame, r->n);
		r->late_n = r->n;
		loop_timer_at(r->f.host.loop, &r->late, r->reply.due_ms);
	}
	loop_timer_stop(r->f.host.loop, &r->reply);
	if (!answers(r, &r->units[unit], frame + at))
		return 0;
	r->n = answer(r, frame, r->frame);
	loop_timer_in(r->f.host.loop, &r->reply, latency);
	return 0;
}

const struct mbus_transport rig_tcp = { .framing = PDU_MBAP,
	.port = false,
	.open = rig_open,
	.close = rig_close,
	.send = rig_send };
const struct mbus_transport rig_rtu = { .framing = PDU_RTU,
	.port = true,
	.open = rig_open,
	.close = rig_close,
	.send = rig_send };

// Every good word must be what its own register holds.
static void
check_sample(struct field_fixture *f, const struct sample *s)
{
	struct rig *r = f->user;
	const struct point *p = &f->site.points[s->point];
	uint8_t unit = f->site.devices[p->device].unit;

	if (s->quality == QUALITY_GOOD && s->kind == SAMPLE_CODE &&
	    s->raw != register_of(&r->units[unit], unit, p->pdu))
		r->wrong_values++;
}

struct profile rig_plain;

void
rig_init(struct rig *r)
{
	*r = (struct rig){ .random = 0xBADC0DE };
	clock_virtual_init(&r->clock, 1000000, 1700000000000);
	fixture_init(&r->f, &r->clock);
	r->f.user = r;
	r->f.on_sample = check_sample;
	for (int i = 0; i < UNITS; i++)
		r->units[i].latency_ms = 20;
	loop_timer_init(&r->reply, on_reply, r);
	loop_timer_init(&r->late, on_late_reply, r);
	rig_plain = profile_words;
	rig_plain.n_identity = 0;
	fixture_bus(&r->f, BUS_MODBUS_TCP, "192.0.2.1", 502);
}

void
rig_start(struct rig *r, const struct mbus_transport *t)
{
	if (t->framing == PDU_RTU) {
		r->bus.byte_us = 96; // 115200 baud
		r->bus.gap_us = 4000;
	}
	mbus_start(&r->bus, &r->f.host, t, 0);
}

void
rig_stop(struct rig *r)
{
	mbus_stop(&r->bus);
	loop_timer_stop(r->f.host.loop, &r->reply);
	loop_timer_stop(r->f.host.loop, &r->late);
	loop_timer_stop(r->f.host.loop, &r->noise);
	fixture_free(&r->f);
}

uint16_t
rig_add_unit(struct rig *r, uint8_t unit, uint32_t poll_ms)
{
	uint16_t d = fixture_device(&r->f, 0, unit, &rig_plain, poll_ms, 1000);

	for (uint16_t i = 0; i < 3; i++)
		fixture_point(&r->f, d, 0, i);
	return d;
}

uint32_t
rig_link_of(const struct rig *r, uint16_t device)
{
	return r->f.site.devices[device].link_point;
}
