// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Several requests in flight on one connection, on a virtual clock: a gateway that
// works on each request by itself and answers in any order, or one by one as its line
// allows. Every register holds its
// own address and unit, so that an answer given to the wrong request is seen (I6).

#include <string.h>

#include "drivers/modbus_bus.h"
#include "field_fixture.h"
#include "test.h"

enum {
	UNITS = 32,
	PENDING = 32,
};

struct pending {
	struct loop_timer timer;
	struct gateway *g;
	bool used;
	uint8_t request[12];
};

struct gateway {
	struct mbus bus; // first: the transport gets its address
	struct field_fixture f;
	struct clock clock;
	struct profile profile;
	bool open, busy; // busy: the loop, it comes to no reply
	bool dead[UNITS];
	uint32_t latency_ms[UNITS];
	bool one_by_one;
	uint32_t hold_ms; // so long it waits for a dead unit before it goes on
	int64_t free_ms;  // and then it does
	uint16_t absent;  // this address is refused; 0 = none
	struct pending pending[PENDING];
	unsigned in_flight, most_in_flight, of_unit[UNITS], most_of_unit;
	unsigned opens, wrong_values;
	int64_t last_ms[UNITS], worst_gap_ms[UNITS];
};

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

static void
deliver(struct gateway *g, const uint8_t *bytes, size_t n)
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

static size_t
answer(const struct gateway *g, const uint8_t *q, uint8_t *out)
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
	deliver(g, out, answer(g, p->request, out));
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
	int64_t done = done_ms(g, unit);

	assert_int_equal(len, 12);
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

static void
prepare(struct gateway *g, uint8_t window)
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

// `points` in blocks of ten, so many of them in flight.
static void
add_device(struct gateway *g, uint8_t unit, uint16_t points, uint8_t window)
{
	uint16_t d = fixture_device(&g->f, 0, unit, &g->profile, 1000, 1000);

	g->f.site.devices[d].window = window;
	for (uint16_t i = 0; i < points; i++)
		fixture_point(&g->f, d, 0, i);
}

static void
begin(struct gateway *g)
{
	mbus_start(&g->bus, &g->f.host, &transport, 0);
}

static void
end(struct gateway *g)
{
	assert_int_equal(g->wrong_values, 0);
	mbus_stop(&g->bus);
	fixture_free(&g->f);
}

// 16 units at 50 ms each: 0.8 s one by one.
static void
test_units_behind_a_gateway_side_by_side(void **state)
{
	struct gateway g;

	(void)state;
	prepare(&g, 4);
	for (uint8_t u = 1; u <= 16; u++) {
		add_device(&g, u, 20, 1); // two blocks each: 1.6 s one by one
		g.latency_ms[u] = 20 + u * 10;
	}
	begin(&g);
	fixture_run(&g.f, 60000, NULL);
	assert_int_equal(g.most_in_flight, 4);
	assert_int_equal(g.most_of_unit, 1);
	for (uint8_t u = 1; u <= 16; u++)
		assert_in_range(g.worst_gap_ms[u], 20, 1100);
	end(&g);
}

static void
test_blocks_of_one_device_side_by_side(void **state)
{
	struct gateway g;

	(void)state;
	prepare(&g, 3);
	add_device(&g, 1, 300, 3); // thirty blocks, 1.5 s one by one
	begin(&g);
	fixture_run(&g.f, 30000, NULL);
	assert_int_equal(g.most_of_unit, 3);
	assert_in_range(g.bus.devices[0].sums.good, 28 * 30, 31 * 30);
	end(&g);
}

// A storm on other links: the loop comes to none of the replies in time, yet they are
// there. It does not take its own lateness for the units'.
static void
test_i6_what_lies_in_the_socket_is_no_silence(void **state)
{
	struct gateway g;

	(void)state;
	prepare(&g, 4);
	for (uint8_t u = 1; u <= 8; u++)
		add_device(&g, u, 10, 1);
	g.busy = true;
	begin(&g);
	fixture_run(&g.f, 30000, NULL);
	assert_int_equal(g.opens, 1);
	for (unsigned d = 0; d < 8; d++) {
		assert_int_equal(g.bus.devices[d].sums.timeouts, 0);
		assert_true(g.bus.devices[d].sums.good > 5);
		assert_int_equal(fixture_link(&g.f, g.f.site.devices[d].link_point), 0);
	}
	end(&g);
}

// A block is halved while its neighbours are in flight, and joined again.
static void
test_i6_a_plan_that_changes_under_way(void **state)
{
	struct gateway g;

	(void)state;
	prepare(&g, 8);
	add_device(&g, 1, 200, 8);
	g.absent = 37;
	begin(&g);
	fixture_run(&g.f, 20000, NULL);
	assert_int_equal(fixture_link(&g.f, g.f.site.devices[0].link_point), 0);
	assert_true(g.bus.devices[0].plan.n > 20);
	g.absent = 0;
	fixture_run(&g.f, PLAN_SLOW_MS + 10000, NULL);
	assert_int_equal(g.bus.devices[0].plan.n, 20);
	assert_int_equal(g.bus.devices[0].in_flight, 0);
	end(&g);
}

// The connection stays, and the others keep their period.
static void
test_i7_silent_units_behind_a_gateway(void **state)
{
	struct gateway g;

	(void)state;
	prepare(&g, 4);
	for (uint8_t u = 1; u <= 16; u++)
		add_device(&g, u, 10, 1);
	begin(&g);
	fixture_run(&g.f, 5000, NULL);
	g.dead[3] = g.dead[4] = g.dead[5] = true;
	fixture_run(&g.f, 300000, NULL);
	assert_int_equal(g.opens, 1);
	for (uint8_t u = 1; u <= 16; u++) {
		int lost = fixture_link(&g.f, g.f.site.devices[u - 1].link_point);

		assert_int_equal(lost, g.dead[u]);
		if (!g.dead[u])
			assert_in_range(g.worst_gap_ms[u], 900, 1200);
	}
	end(&g);
}

// Units that each may have as many requests in flight as the connection: one that falls
// silent leaves room for the others at once, and so do all the dead when they are
// tried.
static void
test_i7_no_unit_takes_the_last_place(void **state)
{
	struct gateway g;

	(void)state;
	prepare(&g, 3);
	for (uint8_t u = 1; u <= 12; u++) {
		add_device(&g, u, 40, 3); // four blocks
		g.f.site.devices[u - 1].timeout_ms = 900;
		g.latency_ms[u] = 10;
	}
	begin(&g);
	fixture_run(&g.f, 5000, NULL);
	g.dead[3] = true;
	fixture_run(&g.f, 60000, NULL);
	for (uint8_t u = 1; u <= 12; u++)
		if (!g.dead[u])
			assert_in_range(g.worst_gap_ms[u], 900, 1300);
	for (uint8_t u = 4; u <= 8; u++)
		g.dead[u] = true;
	fixture_run(&g.f, 10000, NULL);
	memset(g.worst_gap_ms, 0, sizeof(g.worst_gap_ms));
	fixture_run(&g.f, 300000, NULL);
	for (uint8_t u = 1; u <= 12; u++)
		if (!g.dead[u])
			assert_in_range(g.worst_gap_ms[u], 900, 1300);
	end(&g);
}

// A gateway with one line behind it waits for a dead unit and holds up who comes next:
// what is answered late for that reason is answered all the same.
static void
test_i7_a_gateway_that_waits_for_the_dead(void **state)
{
	const uint8_t units = 30, die = 4;
	struct gateway g;

	(void)state;
	prepare(&g, 1);
	g.one_by_one = true;
	g.hold_ms = 100;
	for (uint8_t u = 1; u <= units; u++) {
		add_device(&g, u, 5, 1);
		g.f.site.devices[u - 1].poll_ms = 2000;
		g.f.site.devices[u - 1].timeout_ms = 500;
		g.latency_ms[u] = 25;
	}
	begin(&g);
	fixture_run(&g.f, 10000, NULL);
	for (uint8_t u = 15; u < 15 + die; u++)
		g.dead[u] = true;
	fixture_run(&g.f, 120000, NULL);
	for (uint8_t u = 1; u <= units; u++) {
		assert_int_equal(
		    fixture_link(&g.f, g.f.site.devices[u - 1].link_point), g.dead[u]);
		if (!g.dead[u])
			assert_in_range(g.worst_gap_ms[u], 1900, 2000 * 12 / 10 + 500);
	}
	assert_int_equal(g.opens, 1);
	for (uint8_t u = 15; u < 15 + die; u++)
		g.dead[u] = false;
	fixture_run(&g.f, 35000, NULL);
	for (uint8_t u = 15; u < 15 + die; u++)
		assert_int_equal(
		    fixture_link(&g.f, g.f.site.devices[u - 1].link_point), 0);
	end(&g);
}

// Where all are silent the connection itself is tried anew, not at each time-out.
static void
test_a_gateway_that_hangs_is_dialled_anew(void **state)
{
	struct gateway g;

	(void)state;
	prepare(&g, 4);
	for (uint8_t u = 1; u <= 8; u++)
		add_device(&g, u, 10, 1);
	begin(&g);
	fixture_run(&g.f, 5000, NULL);
	for (uint8_t u = 1; u <= 8; u++)
		g.dead[u] = true;
	fixture_run(&g.f, 120000, NULL);
	assert_in_range(g.opens, 2, 40);
	for (uint8_t u = 1; u <= 8; u++)
		g.dead[u] = false;
	fixture_run(&g.f, 35000, NULL);
	for (uint16_t d = 0; d < 8; d++)
		assert_int_equal(fixture_link(&g.f, g.f.site.devices[d].link_point), 0);
	end(&g);
}

// An answer that began to come before its question was asked is none.
// An answer of unit 1 under any number, with values that it never had.
static size_t
lie(const struct gateway *g, uint16_t transaction, uint8_t *out)
{
	const uint8_t question[12] = { (uint8_t)(transaction >> 8),
		(uint8_t)transaction, 0, 0, 0, 6, 1, 3, 0, 0, 0, 10 };
	size_t n = answer(g, question, out);

	memset(out + 9, 0x5A, n - 9);
	return n;
}

// What comes when the next request is out, and counts on from the one before.
static void
test_i6_a_late_answer_that_counts_on(void **state)
{
	struct gateway g;
	uint8_t out[PDU_FRAME_MAX];
	uint16_t first;
	const struct pdu_request *now = NULL;

	(void)state;
	prepare(&g, 1);
	add_device(&g, 1, 10, 1);
	g.dead[1] = true;
	begin(&g);
	fixture_run(&g.f, 40, NULL);
	now = &g.bus.flights[0].request;
	first = now->transaction;
	for (int i = 0; i < 100 && now->transaction == first; i++)
		fixture_run(&g.f, 20, NULL);
	assert_int_not_equal(now->transaction, first);
	for (uint16_t ahead = 1; ahead < 200 && g.open; ahead++)
		deliver(&g, out, lie(&g, (uint16_t)(first + ahead), out));
	assert_int_equal(g.bus.devices[0].sums.good, 0);
	g.dead[1] = false;
	fixture_run(&g.f, 5000, NULL);
	assert_true(g.bus.devices[0].sums.good >= 3);
	end(&g);
}

static void
test_i6_an_answer_before_its_question(void **state)
{
	struct gateway g;
	uint8_t out[PDU_FRAME_MAX];
	size_t n;

	(void)state;
	prepare(&g, 1);
	add_device(&g, 1, 10, 1);
	begin(&g);
	fixture_run(&g.f, 40, NULL); // the first question is out
	n = lie(&g, pdu_transaction_of(2), out);
	deliver(&g, out, n - 1);
	fixture_run(&g.f, 1000, NULL); // the second is asked meanwhile
	deliver(&g, out + n - 1, 1);
	fixture_run(&g.f, 5000, NULL);
	assert_true(g.bus.devices[0].sums.good >= 3);
	end(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_units_behind_a_gateway_side_by_side),
		cmocka_unit_test(test_blocks_of_one_device_side_by_side),
		cmocka_unit_test(test_i6_what_lies_in_the_socket_is_no_silence),
		cmocka_unit_test(test_i6_a_plan_that_changes_under_way),
		cmocka_unit_test(test_i7_silent_units_behind_a_gateway),
		cmocka_unit_test(test_i7_no_unit_takes_the_last_place),
		cmocka_unit_test(test_i7_a_gateway_that_waits_for_the_dead),
		cmocka_unit_test(test_a_gateway_that_hangs_is_dialled_anew),
		cmocka_unit_test(test_i6_an_answer_before_its_question),
		cmocka_unit_test(test_i6_a_late_answer_that_counts_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
