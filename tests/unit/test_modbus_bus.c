// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The bus on a virtual clock with a transport made of timers: fairness with dead units
// (I7), what refusals do, and hostile frames by the hundred thousand. Every register of
// the made-up devices holds its own address and unit, so that a value that belongs to
// another request is seen at once (I6).

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/modbus_bus.h"
#include "drivers/modbus_schedule.h"
#include "field_fixture.h"
#include "test.h"

enum {
	UNITS = 64,
	ABSENT_MAX = 4
};

struct unit {
	bool dead;
	uint32_t latency_ms;
	uint8_t exception; // to every request
	bool flip;         // registers hold another value
	uint8_t n_absent;
	uint16_t absent[ABSENT_MAX];
	uint16_t fixed_at, fixed_n; // registers with given contents
	uint16_t fixed[8];
	// What was seen.
	unsigned requests;
	int64_t last_good_ms, worst_gap_ms;
	unsigned good;
};

struct rig {
	struct mbus bus; // first: see rig_of
	struct field_fixture f;
	struct clock clock;
	struct unit units[UNITS];
	bool refuse_open, is_open;
	unsigned opens;
	struct loop_timer reply;
	uint8_t frame[PDU_FRAME_MAX];
	size_t n;
	bool keep_late; // a reply still comes when the next request is out
	struct loop_timer late;
	uint8_t late_frame[PDU_FRAME_MAX];
	size_t late_n;
	unsigned lates;
	int64_t asked_ms;
	int64_t wasted_ms; // waiting for units that were lost already
	uint8_t waiting_unit;
	bool waiting_for_lost;
	// Hostility.
	uint32_t random;
	bool hostile;
	unsigned wrong_values;
	struct loop_timer noise;
	uint8_t noise_byte;
};

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

static uint32_t
next_random(struct rig *r)
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

static size_t
finish(struct rig *r, uint8_t *out, size_t pdu_at, size_t n)
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
		return finish(r, out, at, n);
	}
	out[n++] = (uint8_t)(count * 2);
	for (uint16_t i = 0; i < count; i++) {
		uint16_t v = register_of(u, q[0], (uint16_t)(address + i));

		out[n++] = (uint8_t)(v >> 8);
		out[n++] = (uint8_t)v;
	}
	return finish(r, out, at, n);
}

static void
deliver(struct rig *r, const uint8_t *bytes, size_t n)
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
	if (r->waiting_for_lost)
		r->wasted_ms += now_of(r) - r->asked_ms;
	r->waiting_for_lost = false;
}

static void
on_reply(void *arg)
{
	struct rig *r = arg;
	struct unit *u = &r->units[r->waiting_unit];
	int64_t gap = now_of(r) - u->last_good_ms;

	end_wait(r);
	if (u->good > 0 && gap > u->worst_gap_ms)
		u->worst_gap_ms = gap;
	u->last_good_ms = now_of(r);
	u->good++;
	deliver(r, r->frame, r->n);
}

static void
on_late_reply(void *arg)
{
	struct rig *r = arg;

	r->lates++;
	deliver(r, r->late_frame, r->late_n);
}

// One of many ways to be wrong, then perhaps the truth.
static void
on_hostile_reply(void *arg)
{
	struct rig *r = arg;
	uint8_t bad[PDU_FRAME_MAX];
	bool tcp = r->bus.transport->framing == PDU_MBAP;
	size_t n = r->n, at, head = tcp ? 9 : r->n;

	memcpy(bad, r->frame, n);
	switch (next_random(r) % 10) {
	case 0: // cut
		deliver(r, bad, next_random(r) % n);
		return;
	case 1: // a bit of the header (RTU: anywhere) turned
		bad[next_random(r) % head] ^= (uint8_t)(1U << next_random(r) % 8);
		break;
	case 2: // garbage
		n = 1 + next_random(r) % 60;
		for (size_t i = 0; i < n; i++)
			bad[i] = (uint8_t)next_random(r);
		break;
	case 3: // another unit, with all else right
		bad[tcp ? 6 : 0] ^= 1;
		n = tcp ? n : finish(r, bad, 0, n - 2);
		break;
	case 4: // a shorter answer
		at = tcp ? 8 : 2;
		bad[at] = (uint8_t)(bad[at] - 2);
		n = finish(r, bad, 0, tcp ? n - 2 : n - 4);
		break;
	case 5: // twice
		deliver(r, bad, n);
		break;
	case 6: // one byte at a time
		for (size_t i = 0; i < n; i++)
			deliver(r, bad + i, 1);
		return;
	case 7: // another transaction or function
		bad[1] ^= 1;
		n = tcp ? n : finish(r, bad, 0, n - 2);
		break;
	case 8: // nothing
		return;
	default: // the truth
		break;
	}
	deliver(r, bad, n);
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

static int
rig_send(struct mbus *b, const uint8_t *frame, size_t len)
{
	struct rig *r = rig_of(b);
	uint8_t unit = frame[b->transport->framing == PDU_MBAP ? 6 : 0] % UNITS;
	uint32_t latency = r->units[unit].latency_ms;

	assert_int_equal(len, b->transport->framing == PDU_MBAP ? 12 : 8);
	end_wait(r);
	r->units[unit].requests++;
	r->waiting_unit = unit;
	r->asked_ms = now_of(r);
	r->waiting_for_lost = is_lost(r, unit);
	if (r->keep_late && loop_timer_armed(&r->reply)) {
		memcpy(r->late_frame, r->frame, r->n);
		r->late_n = r->n;
		loop_timer_at(r->f.host.loop, &r->late, r->reply.due_ms);
	}
	loop_timer_stop(r->f.host.loop, &r->reply);
	if (r->units[unit].dead)
		return 0;
	r->n = answer(r, frame, r->frame);
	loop_timer_in(r->f.host.loop, &r->reply, latency);
	return 0;
}

static const struct mbus_transport rig_tcp = { PDU_MBAP, rig_open, rig_close,
	rig_send };
static const struct mbus_transport rig_rtu = { PDU_RTU, rig_open, rig_close, rig_send };

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

static struct profile plain; // profile_words without an identity

static void
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
	plain = profile_words;
	plain.n_identity = 0;
	fixture_bus(&r->f, BUS_MODBUS_TCP, "192.0.2.1", 502);
}

static void
rig_start(struct rig *r, const struct mbus_transport *t)
{
	if (t->framing == PDU_RTU) {
		r->bus.byte_us = 96; // 115200 baud
		r->bus.gap_ms = 4;
	}
	mbus_start(&r->bus, &r->f.host, t, 0);
}

static void
rig_stop(struct rig *r)
{
	mbus_stop(&r->bus);
	loop_timer_stop(r->f.host.loop, &r->reply);
	loop_timer_stop(r->f.host.loop, &r->late);
	loop_timer_stop(r->f.host.loop, &r->noise);
	fixture_free(&r->f);
}

static uint16_t
add_unit(struct rig *r, uint8_t unit, uint32_t poll_ms)
{
	uint16_t d = fixture_device(&r->f, 0, unit, &plain, poll_ms, 1000, 2);

	for (uint16_t i = 0; i < 3; i++)
		fixture_point(&r->f, d, 0, i);
	return d;
}

static uint32_t
link_of(const struct rig *r, uint16_t device)
{
	return r->f.site.devices[device].link_point;
}

// --- fairness ---

static int64_t
worst_gap(const struct rig *r)
{
	int64_t worst = 0;

	for (int i = 0; i < UNITS; i++)
		if (!r->units[i].dead && r->units[i].worst_gap_ms > worst)
			worst = r->units[i].worst_gap_ms;
	return worst;
}

static void
fairness(const struct mbus_transport *t, uint8_t n, uint8_t dead_at_start, uint8_t die)
{
	const uint32_t period = 1000, timeout = 1000;
	int64_t elapsed = 600000, wasted;
	struct rig r;

	rig_init(&r);
	r.f.keep_samples = false;
	for (uint8_t u = 1; u <= n; u++) {
		add_unit(&r, u, period);
		r.units[u].dead = u <= dead_at_start;
	}
	rig_start(&r, t);
	fixture_run(&r.f, 60000, NULL);
	for (uint8_t u = 1; u <= n; u++)
		assert_true(r.units[u].dead || r.units[u].good >= 20);
	for (uint8_t u = n; u > n - die; u--)
		r.units[u].dead = true;
	r.wasted_ms = 0;
	fixture_run(&r.f, elapsed, NULL);
	wasted = r.wasted_ms;
	if (worst_gap(&r) > period * 12 / 10 + timeout)
		fail_msg("%u units, %u + %u dead: %d ms", n, dead_at_start, die,
		    (int)worst_gap(&r));
	assert_in_range(wasted, 0, elapsed / 10 + timeout);
	for (uint16_t d = 0; d < n; d++)
		assert_int_equal(
		    fixture_link(&r.f, link_of(&r, d)), r.units[d + 1].dead);
	assert_int_equal(r.wrong_values, 0);
	rig_stop(&r);
}

static void
test_i7_dead_units_on_a_shared_line(void **state)
{
	(void)state;
	fairness(&rig_rtu, 30, 0, 0);
	fairness(&rig_rtu, 30, 1, 0);
	fairness(&rig_rtu, 30, 4, 0);
	fairness(&rig_rtu, 30, 1, 4);
	fairness(&rig_rtu, 10, 5, 4);
}

static void
test_i7_dead_units_behind_a_gateway(void **state)
{
	(void)state;
	fairness(&rig_tcp, 30, 1, 0);
	fairness(&rig_tcp, 30, 2, 3);
}

// A device asked once a minute does not hold up those that are not known yet.
static void
test_a_slow_device_holds_nobody_up(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	add_unit(&r, 1, 60000);
	add_unit(&r, 2, 1000);
	add_unit(&r, 3, 1000);
	r.units[2].dead = true;
	rig_start(&r, &rig_rtu);
	fixture_run(&r.f, 10000, NULL);
	assert_int_equal(fixture_link(&r.f, link_of(&r, 2)), 0);
	assert_int_equal(fixture_link(&r.f, link_of(&r, 1)), 1);
	rig_stop(&r);
}

static void
test_a_cured_unit_returns_within_the_ceiling(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	for (uint8_t u = 1; u <= 10; u++)
		add_unit(&r, u, 1000);
	r.units[3].dead = true;
	rig_start(&r, &rig_rtu);
	fixture_run(&r.f, 300000, NULL);
	assert_int_equal(fixture_link(&r.f, link_of(&r, 2)), 1);
	r.units[3].dead = false;
	fixture_run(&r.f, SCHEDULE_BACKOFF_MAX_MS + 1100, NULL);
	assert_int_equal(fixture_link(&r.f, link_of(&r, 2)), 0);
	rig_stop(&r);
}

static void
test_a_unit_on_a_link_of_its_own_is_tried_each_period(void **state)
{
	struct rig r;
	unsigned before;

	(void)state;
	rig_init(&r);
	add_unit(&r, 1, 1000);
	r.units[1].dead = true;
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 10000, NULL);
	assert_int_equal(fixture_link(&r.f, link_of(&r, 0)), 1);
	before = r.units[1].requests;
	fixture_run(&r.f, 20000, NULL);
	assert_in_range(r.units[1].requests - before, 9, 21);
	r.units[1].dead = false;
	fixture_run(&r.f, 2100, NULL);
	assert_int_equal(fixture_link(&r.f, link_of(&r, 0)), 0);
	rig_stop(&r);
}

static void
test_a_dead_line_is_one_fault_and_all_return_together(void **state)
{
	struct rig r;
	size_t told = 0;

	(void)state;
	rig_init(&r);
	for (uint8_t u = 1; u <= 8; u++)
		add_unit(&r, u, 1000);
	rig_start(&r, &rig_rtu);
	fixture_run(&r.f, 5000, NULL);
	for (int u = 1; u <= 8; u++)
		r.units[u].dead = true;
	fixture_run(&r.f, 120000, NULL);
	assert_int_equal(fixture_link(&r.f, 50000), 1);
	assert_string_equal(fixture_link_code(&r.f, 50000), "silent");
	for (size_t i = 0; i < r.f.n_links; i++)
		told += r.f.links[i].point == 50000;
	assert_int_equal(told, 2); // up at start, then lost: no flapping
	for (int u = 1; u <= 8; u++)
		r.units[u].dead = false;
	fixture_run(&r.f, SCHEDULE_BACKOFF_MAX_MS + 3000, NULL);
	assert_int_equal(fixture_link(&r.f, 50000), 0);
	for (uint16_t d = 0; d < 8; d++)
		assert_int_equal(fixture_link(&r.f, link_of(&r, d)), 0);
	rig_stop(&r);
}

static void
test_a_refused_connection(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	add_unit(&r, 1, 1000);
	r.refuse_open = true;
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 5000, NULL);
	assert_int_equal(fixture_link(&r.f, 50000), 1);
	assert_string_equal(fixture_link_code(&r.f, 50000), "refused");
	assert_int_equal(fixture_link(&r.f, link_of(&r, 0)), 1);
	assert_int_equal(r.f.n_samples, 0);
	r.refuse_open = false;
	fixture_run(&r.f, 2000, NULL);
	assert_int_equal(fixture_link(&r.f, 50000), 0);
	assert_int_equal(fixture_link(&r.f, link_of(&r, 0)), 0);
	assert_int_equal(r.f.n_samples, 3);
	rig_stop(&r);
}

static void
test_phases_are_spread(void **state)
{
	unsigned slots[10] = { 0 };

	(void)state;
	for (uint16_t bus = 0; bus < 1000; bus++)
		slots[schedule_phase_ms(bus, 1, 0, 1000) / 100]++;
	for (int i = 0; i < 10; i++)
		assert_in_range(slots[i], 90, 110);
	assert_int_equal(schedule_phase_ms(0, 10, 5, 1000), 500);
	assert_true(schedule_phase_ms(999, 1, 0, 60000) <= SCHEDULE_SPREAD_MS);
}

// --- samples ---

static void
test_a_sample_per_change_and_after_a_loss(void **state)
{
	struct rig r;
	const struct sample *s;
	int64_t before;

	(void)state;
	rig_init(&r);
	add_unit(&r, 1, 1000);
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 5500, NULL);
	assert_int_equal(r.f.n_samples, 3);
	assert_int_equal(r.f.samples[0].not_before_utc_ms, 0);
	assert_in_range(r.f.heard, 5, 6);
	before = r.units[1].last_good_ms;
	r.units[1].flip = true;
	fixture_run(&r.f, 1000, NULL);
	assert_int_equal(r.f.n_samples, 6);
	s = fixture_last(&r.f, 0);
	assert_int_equal(s->raw, 1024 + 512);
	// The true time lies after the previous good poll.
	assert_int_equal(s->t_utc_ms - s->not_before_utc_ms, s->t_mono_ms - before);
	r.units[1].dead = true;
	fixture_run(&r.f, 10000, NULL);
	assert_int_equal(r.f.n_samples, 6);
	assert_int_equal(fixture_link(&r.f, link_of(&r, 0)), 1);
	before = r.units[1].last_good_ms;
	r.units[1].dead = false;
	fixture_run(&r.f, 2500, NULL);
	assert_int_equal(r.f.n_samples, 9);
	s = fixture_last(&r.f, 0);
	assert_int_equal(s->t_utc_ms - s->not_before_utc_ms, s->t_mono_ms - before);
	rig_stop(&r);
}

static uint16_t
add_wide(struct rig *r, uint16_t points)
{
	uint16_t d = fixture_device(&r->f, 0, 1, &plain, 1000, 1000, 2);

	for (uint16_t i = 0; i < points; i++)
		fixture_point(&r->f, d, 0, i);
	return d;
}

static void
test_a_refused_block_is_halved_until_the_address_is_known(void **state)
{
	struct rig r;
	unsigned before;

	(void)state;
	rig_init(&r);
	add_wide(&r, 100);
	r.units[1].n_absent = 2;
	r.units[1].absent[0] = 37;
	r.units[1].absent[1] = 80;
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 2000, NULL);
	for (uint32_t p = 0; p < 100; p++) {
		const struct sample *s = fixture_last(&r.f, p);

		assert_non_null(s);
		assert_int_equal(fixture_count(&r.f, p), 1);
		if (p != 37 && p != 80) {
			assert_int_equal(s->quality, QUALITY_GOOD);
			continue;
		}
		assert_int_equal(s->quality, QUALITY_BAD);
		assert_true(isnan(s->value));
		assert_int_equal(s->codes[0].condition, COND_FAULT);
		assert_int_equal(s->codes[0].code, CODE_NOT_PRESENT);
	}
	assert_int_equal(fixture_link(&r.f, link_of(&r, 0)), 0);
	// What is left are three blocks around the two absent addresses.
	before = r.units[1].requests;
	fixture_run(&r.f, 10000, NULL);
	assert_in_range(r.units[1].requests - before, 30, 33);
	// The thing is mounted: found again within a minute, with all in one read.
	r.units[1].n_absent = 0;
	fixture_run(&r.f, 61000, NULL);
	assert_int_equal(fixture_last(&r.f, 37)->quality, QUALITY_GOOD);
	before = r.units[1].requests;
	fixture_run(&r.f, 10000, NULL);
	assert_in_range(r.units[1].requests - before, 10, 11);
	assert_int_equal(r.wrong_values, 0);
	rig_stop(&r);
}

static void
test_a_gap_nobody_asked_for_does_not_go_on_for_ever(void **state)
{
	struct rig r;
	unsigned before;

	(void)state;
	rig_init(&r);
	fixture_device(&r.f, 0, 1, &plain, 1000, 1000, 2);
	for (uint16_t i = 0; i < 40; i++)
		fixture_point(&r.f, 0, 0, (uint16_t)(i < 20 ? i : i + 5));
	r.units[1].n_absent = 1;
	r.units[1].absent[0] = 22; // between the points
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 5000, NULL);
	for (uint32_t p = 0; p < 40; p++)
		assert_int_equal(fixture_last(&r.f, p)->quality, QUALITY_GOOD);
	before = r.units[1].requests;
	fixture_run(&r.f, 10000, NULL);
	assert_in_range(r.units[1].requests - before, 20, 44);
	before = (unsigned)r.bus.devices[0].stats.exceptions;
	fixture_run(&r.f, 60000, NULL);
	assert_int_equal(r.bus.devices[0].stats.exceptions, before);
	rig_stop(&r);
}

static void
test_i6_busy_is_never_a_value(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	add_unit(&r, 1, 1000);
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 3000, NULL);
	r.units[1].exception = 6;
	r.units[1].flip = true;
	fixture_run(&r.f, 5000, NULL);
	assert_int_equal(fixture_link(&r.f, link_of(&r, 0)), 0);
	assert_int_equal(r.f.n_samples, 3);
	r.units[1].exception = 0;
	fixture_run(&r.f, 600, NULL); // asked again soon, not a period later
	assert_int_equal(r.f.n_samples, 6);
	r.units[1].exception = 5;
	fixture_run(&r.f, 30000, NULL); // for ever is as good as gone
	assert_int_equal(fixture_link(&r.f, link_of(&r, 0)), 1);
	assert_string_equal(fixture_link_code(&r.f, link_of(&r, 0)), "exception-05");
	rig_stop(&r);
}

static void
test_exceptions_of_a_gateway_concern_one_unit(void **state)
{
	const uint8_t codes[] = { 0x04, 0x0A, 0x0B, 0x77 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		struct rig r;

		rig_init(&r);
		add_unit(&r, 1, 1000);
		add_unit(&r, 2, 1000);
		r.units[1].exception = codes[i];
		rig_start(&r, &rig_tcp);
		fixture_run(&r.f, 10000, NULL);
		assert_int_equal(fixture_link(&r.f, link_of(&r, 0)), 1);
		assert_string_equal(fixture_link_code(&r.f, link_of(&r, 0)),
		    pdu_exception_name(codes[i]));
		assert_int_equal(fixture_link(&r.f, link_of(&r, 1)), 0);
		assert_int_equal(fixture_link(&r.f, 50000), 0);
		assert_int_equal(r.f.n_samples, 3);
		assert_in_range(r.units[2].worst_gap_ms, 900, 1200);
		rig_stop(&r);
	}
}

static void
test_all_units_behind_a_living_gateway_gone(void **state)
{
	struct rig r;
	size_t told = 0;

	(void)state;
	rig_init(&r);
	add_unit(&r, 1, 1000);
	add_unit(&r, 2, 1000);
	add_unit(&r, 3, 1000);
	r.units[1].exception = 0x0B;
	r.units[2].exception = 0x0B;
	r.units[3].dead = true;
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 120000, NULL);
	for (size_t i = 0; i < r.f.n_links; i++)
		told += r.f.links[i].point == 50000;
	assert_in_range(told, 1, 4); // no flapping of the bus
	for (uint16_t d = 0; d < 3; d++)
		assert_int_equal(fixture_link(&r.f, link_of(&r, d)), 1);
	rig_stop(&r);
}

static void
test_a_function_that_is_refused(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	add_unit(&r, 1, 1000);
	r.units[1].exception = 1;
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 3000, NULL);
	assert_int_equal(fixture_link(&r.f, link_of(&r, 0)), 1);
	assert_string_equal(fixture_link_code(&r.f, link_of(&r, 0)), "exception-01");
	assert_int_equal(r.f.n_samples, 0);
	rig_stop(&r);
}

static void
test_the_identity_is_checked_first(void **state)
{
	struct rig r;
	struct unit *u;

	(void)state;
	rig_init(&r);
	fixture_device(&r.f, 0, 1, &profile_words, 1000, 1000, 2);
	fixture_point(&r.f, 0, 0, 0);
	u = &r.units[1];
	u->fixed_at = 9000;
	u->fixed_n = 1;
	u->fixed[0] = 0x5017; // another model
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 10000, NULL);
	assert_int_equal(fixture_link(&r.f, link_of(&r, 0)), 1);
	assert_string_equal(fixture_link_code(&r.f, link_of(&r, 0)), "identity");
	assert_int_equal(r.f.n_samples, 0);
	u->fixed[0] = 0x6017;
	fixture_run(&r.f, 5000, NULL); // the second register is still wrong
	assert_int_equal(r.f.n_samples, 0);
	u->fixed_at = 9000; // 9000 and 9010 both right
	rig_stop(&r);
}

static void
test_the_right_identity_lets_values_pass(void **state)
{
	static const struct profile_identity one[] = {
		{ AREA_HOLDING, 9000, 0xFF00, 0x6000 },
		{ AREA_HOLDING, 9001, 0xFFFF, 0x0050 },
	};
	struct profile profile = profile_words;
	struct rig r;

	(void)state;
	rig_init(&r);
	profile.identity = one;
	fixture_device(&r.f, 0, 1, &profile, 1000, 1000, 2);
	fixture_point(&r.f, 0, 0, 0);
	r.units[1].fixed_at = 9000;
	r.units[1].fixed_n = 2;
	r.units[1].fixed[0] = 0x60FF;
	r.units[1].fixed[1] = 0x0050;
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 3000, NULL);
	assert_int_equal(fixture_link(&r.f, link_of(&r, 0)), 0);
	assert_int_equal(r.f.n_samples, 1);
	// Lost, replaced by another model, back: checked again.
	r.units[1].dead = true;
	fixture_run(&r.f, 10000, NULL);
	r.units[1].dead = false;
	r.units[1].fixed[1] = 0x0051;
	fixture_run(&r.f, 5000, NULL);
	assert_int_equal(fixture_link(&r.f, link_of(&r, 0)), 1);
	assert_int_equal(r.f.n_samples, 1);
	rig_stop(&r);
}

static void
test_a_gauge_is_read_with_its_settings(void **state)
{
	struct rig r;
	const struct sample *s;

	(void)state;
	rig_init(&r);
	fixture_device(&r.f, 0, 3, &profile_ptmb, 1000, 1000, 2);
	fixture_point(&r.f, 0, 0, 4);
	r.units[3].fixed_at = 2;
	r.units[3].fixed_n = 5;
	memcpy(r.units[3].fixed, (uint16_t[]){ 0, 3, 785, 0, 1600 }, 10);
	rig_start(&r, &rig_rtu);
	fixture_run(&r.f, 5500, NULL);
	assert_in_range(r.f.n_samples, 5, 6); // analog: each good poll
	s = fixture_last(&r.f, 0);
	assert_float_equal(s->value, 785, 1e-9);
	r.units[3].fixed[0] = 1; // someone sets it to kPa
	fixture_run(&r.f, 1100, NULL);
	s = fixture_last(&r.f, 0);
	assert_int_equal(s->quality, QUALITY_BAD);
	assert_int_equal(s->codes[0].code, CODE_CONFIGURATION);
	rig_stop(&r);
}

static void
test_settings_far_away_are_read_now_and_then(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r);
	fixture_device(&r.f, 0, 1, &profile_gauge, 1000, 1000, 2);
	fixture_point(&r.f, 0, 0, 0);
	r.units[1].fixed_at = 500;
	r.units[1].fixed_n = 2;
	memcpy(r.units[1].fixed, (uint16_t[]){ 1, 0 }, 4);
	rig_start(&r, &rig_tcp);
	fixture_run(&r.f, 2500, NULL);
	assert_int_equal(fixture_last(&r.f, 0)->quality, QUALITY_GOOD);
	assert_int_equal(r.units[1].requests, 1 + r.f.n_samples);
	r.units[1].fixed[0] = 0;
	fixture_run(&r.f, PLAN_SLOW_MS + 1000, NULL);
	assert_int_equal(fixture_last(&r.f, 0)->quality, QUALITY_BAD);
	rig_stop(&r);
}

// --- hostility ---

// A line has no transaction numbers. A reply that is late by less than a time-out must
// not be taken for the answer to another block of the same shape.
static void
late_replies(const struct mbus_transport *t)
{
	struct rig r;

	rig_init(&r);
	r.keep_late = true;
	fixture_device(&r.f, 0, 1, &plain, 1000, 200, 2);
	for (uint16_t block = 0; block < 4; block++) // four blocks of one shape
		for (uint16_t i = 0; i < 5; i++)
			fixture_point(&r.f, 0, 0, (uint16_t)(block * 100 + i));
	rig_start(&r, t);
	for (int i = 0; i < 5000; i++) {
		r.units[1].latency_ms = next_random(&r) % 3 ? 20 : 230;
		fixture_run(&r.f, 50 + next_random(&r) % 200, NULL);
	}
	assert_int_equal(r.wrong_values, 0);
	assert_true(r.lates > 100);
	assert_true(r.bus.devices[0].stats.good > 1000);
	assert_true(r.bus.devices[0].stats.timeouts > 100);
	rig_stop(&r);
}

static void
test_i6_a_late_reply_is_not_another_blocks(void **state)
{
	(void)state;
	late_replies(&rig_rtu);
	late_replies(&rig_tcp);
}

// After noise the start of a frame is known only by the silence before it.
static void
test_i6_a_frame_inside_noise_is_not_taken(void **state)
{
	struct rig r;
	const uint8_t noise[4] = { 0x01, 0x55, 0x00, 0xFF };

	(void)state;
	rig_init(&r);
	add_unit(&r, 1, 1000);
	r.units[1].latency_ms = 100000; // ours to deliver
	rig_start(&r, &rig_rtu);
	fixture_run(&r.f, 50, NULL);
	assert_int_equal(r.units[1].requests, 1);
	deliver(&r, noise, sizeof(noise));
	deliver(&r, r.frame, r.n);
	assert_int_equal(r.f.n_samples, 0);
	fixture_run(&r.f, 10, NULL); // silence
	deliver(&r, r.frame, r.n);
	assert_int_equal(r.f.n_samples, 3);
	assert_int_equal(r.bus.devices[0].stats.malformed, 1);
	rig_stop(&r);
}

static void
hostile(const struct mbus_transport *t)
{
	struct rig r;
	struct link_stats stats[3];

	rig_init(&r);
	r.f.keep_samples = false;
	for (uint8_t u = 1; u <= 3; u++) {
		add_unit(&r, u, 20);
		r.f.site.devices[u - 1].timeout_ms = 30;
		r.units[u].latency_ms = 1;
	}
	loop_timer_init(&r.reply, on_hostile_reply, &r);
	rig_start(&r, t);
	for (int i = 0; i < 1500; i++) {
		r.units[1 + i % 3].flip ^= true;
		fixture_run(&r.f, 2000, NULL);
	}
	assert_int_equal(mbus_stats(&r.bus, stats, 3), 3);
	assert_true(stats[0].requests + stats[1].requests + stats[2].requests > 100000);
	assert_true(stats[0].good > 100);
	assert_true(stats[0].timeouts > 100);
	assert_true(stats[0].mismatched > 10);
	if (t->framing == PDU_MBAP) {
		assert_true(stats[0].stale > 10);
		assert_true(stats[0].malformed > 10);
	} else {
		assert_true(stats[0].bad_crc > 10);
	}
	assert_int_equal(r.wrong_values, 0);
	rig_stop(&r);
}

static void
test_i6_hostile_replies_on_tcp(void **state)
{
	(void)state;
	hostile(&rig_tcp);
}

static void
test_i6_hostile_replies_on_rtu(void **state)
{
	(void)state;
	hostile(&rig_rtu);
}

static void
on_noise(void *arg)
{
	struct rig *r = arg;
	uint8_t bytes[12];

	memset(bytes, r->noise_byte++, sizeof(bytes));
	deliver(r, bytes, sizeof(bytes));
	loop_timer_in(r->f.host.loop, &r->noise, 1); // 115200 baud
}

static void
test_i7_a_babbling_line_is_one_fault(void **state)
{
	struct rig r;
	size_t told = 0;

	(void)state;
	rig_init(&r);
	add_unit(&r, 1, 1000);
	add_unit(&r, 2, 1000);
	rig_start(&r, &rig_rtu);
	fixture_run(&r.f, 5000, NULL);
	r.units[1].dead = r.units[2].dead = true;
	loop_timer_init(&r.noise, on_noise, &r);
	loop_timer_in(r.f.host.loop, &r.noise, 0);
	fixture_run(&r.f, 10000, NULL);
	assert_int_equal(fixture_link(&r.f, 50000), 1);
	fixture_run(&r.f, 60000, NULL);
	for (size_t i = 0; i < r.f.n_links; i++)
		told += r.f.links[i].point == 50000;
	assert_int_equal(told, 2); // up, then lost: not again and again
	loop_timer_stop(r.f.host.loop, &r.noise);
	r.units[1].dead = r.units[2].dead = false;
	fixture_run(&r.f, 35000, NULL);
	assert_int_equal(fixture_link(&r.f, 50000), 0);
	rig_stop(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_i7_dead_units_on_a_shared_line),
		cmocka_unit_test(test_i7_dead_units_behind_a_gateway),
		cmocka_unit_test(test_a_slow_device_holds_nobody_up),
		cmocka_unit_test(test_a_cured_unit_returns_within_the_ceiling),
		cmocka_unit_test(test_a_unit_on_a_link_of_its_own_is_tried_each_period),
		cmocka_unit_test(test_a_dead_line_is_one_fault_and_all_return_together),
		cmocka_unit_test(test_a_refused_connection),
		cmocka_unit_test(test_phases_are_spread),
		cmocka_unit_test(test_a_sample_per_change_and_after_a_loss),
		cmocka_unit_test(
		    test_a_refused_block_is_halved_until_the_address_is_known),
		cmocka_unit_test(test_a_gap_nobody_asked_for_does_not_go_on_for_ever),
		cmocka_unit_test(test_i6_busy_is_never_a_value),
		cmocka_unit_test(test_exceptions_of_a_gateway_concern_one_unit),
		cmocka_unit_test(test_all_units_behind_a_living_gateway_gone),
		cmocka_unit_test(test_a_function_that_is_refused),
		cmocka_unit_test(test_the_identity_is_checked_first),
		cmocka_unit_test(test_the_right_identity_lets_values_pass),
		cmocka_unit_test(test_a_gauge_is_read_with_its_settings),
		cmocka_unit_test(test_settings_far_away_are_read_now_and_then),
		cmocka_unit_test(test_i6_a_late_reply_is_not_another_blocks),
		cmocka_unit_test(test_i6_a_frame_inside_noise_is_not_taken),
		cmocka_unit_test(test_i6_hostile_replies_on_tcp),
		cmocka_unit_test(test_i6_hostile_replies_on_rtu),
		cmocka_unit_test(test_i7_a_babbling_line_is_one_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
