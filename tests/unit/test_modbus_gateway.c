// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A gateway of which the site does not say how long it waits for a unit that does not
// answer (I7), on a virtual clock.

#include "gateway_rig.h"
#include "test.h"

static const uint8_t units = UNITS - 1;

// Units of 31 that die in one moment behind a gateway of which the site says nothing.
struct burst {
	unsigned die;
	bool branch;     // they follow one another
	bool one_by_one; // it waits for each; else it asks others meanwhile
	bool drops;      // and hears nothing while it waits
	uint32_t hold_ms;
};

static bool
burst_takes(const struct burst *burst, uint8_t unit)
{
	if (burst->branch)
		return unit > 10 && unit <= 10 + burst->die;
	return unit % (UNITS / burst->die) == 1;
}

static void
prepare_burst(struct gateway *g, const struct burst *burst, bool told)
{
	gateway_prepare(g, 1);
	g->f.site.buses[0].hold_ms = 1000; // as buses_settle assumes
	g->f.site.buses[0].gateway_ms = told ? 1000 : 0;
	g->f.site.buses[0].silent_units = 1;
	g->one_by_one = burst->one_by_one;
	g->drops = burst->drops;
	g->hold_ms = burst->hold_ms;
	for (uint8_t u = 1; u <= units; u++) {
		gateway_device(g, u, 5, 1);
		g->latency_ms[u] = 5;
	}
}

// The worst gap of those that live. They are never told to be lost.
static int64_t
burst_gap_ms(const struct burst *burst, bool told, uint32_t at_ms)
{
	struct gateway g;
	int64_t worst = 0;
	size_t lost = 0;

	prepare_burst(&g, burst, told);
	gateway_begin(&g);
	fixture_run(&g.f, 10000 + at_ms, NULL);
	for (uint8_t u = 1; u <= units; u++)
		g.dead[u] = burst_takes(burst, u);
	fixture_run(&g.f, 60000, NULL);
	for (uint8_t u = 1; u <= units; u++) {
		assert_int_equal(
		    fixture_link(&g.f, g.f.site.devices[u - 1].link_point), g.dead[u]);
		if (!g.dead[u] && g.worst_gap_ms[u] > worst)
			worst = g.worst_gap_ms[u];
	}
	for (size_t i = 0; i < g.f.n_links; i++)
		lost += g.f.links[i].lost;
	assert_int_equal(lost, burst->die);
	gateway_end(&g);
	return worst;
}

static void
test_i7_a_gateway_that_is_not_told_and_asks_on(void **state)
{
	static const struct burst bursts[] = {
		{ .die = 1 },
		{ .die = 2 },
		{ .die = 4 },
		{ .die = 8 },
		{ .die = 16 },
		{ .die = 4, .branch = true },
		{ .die = 12, .branch = true },
		{ .die = 4, .one_by_one = true, .hold_ms = 100 },
		{ .die = 8, .one_by_one = true, .hold_ms = 100 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bursts) * 5; i++) {
		const struct burst *burst = &bursts[i / 5];
		uint32_t at_ms = (uint32_t)(i % 5 * 193);
		int64_t gap = burst_gap_ms(burst, false, at_ms);

		if (gap > 2200)
			fail_msg("%u die after %u ms: a gap of %d ms", burst->die,
			    at_ms, (int)gap);
	}
}

// It costs no more than if the site had told of the whole time-out that is assumed, but
// for the requests that try it; less where the gateway waits less.
static void
test_i7_a_gateway_that_is_not_told_and_waits(void **state)
{
	static const struct {
		struct burst burst;
		int64_t most_percent;
	} cases[] = {
		{ { .die = 4, .one_by_one = true, .hold_ms = 1000 }, 110 },
		{ { .die = 8, .one_by_one = true, .hold_ms = 1000 }, 110 },
		{ { 8, .branch = true, .one_by_one = true, .hold_ms = 1000 }, 110 },
		{ { .die = 8, .one_by_one = true, .hold_ms = 700 }, 85 },
		{ { .die = 8, .one_by_one = true, .hold_ms = 400 }, 65 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t told = burst_gap_ms(&cases[i].burst, true, 300);
		int64_t gap = burst_gap_ms(&cases[i].burst, false, 300);

		if (gap * 100 > told * cases[i].most_percent)
			fail_msg("%u die, held for %u: a gap of %d ms, else %d",
			    cases[i].burst.die, cases[i].burst.hold_ms, (int)gap,
			    (int)told);
	}
}

// The requests that try it are lost; then nothing is tried for a while.
static void
test_a_gateway_that_is_not_told_and_hears_nothing_meanwhile(void **state)
{
	const struct burst burst = { 4, false, true, true, 400 };

	(void)state;
	assert_in_range(burst_gap_ms(&burst, false, 300), 2000,
	    burst_gap_ms(&burst, true, 300) * 105 / 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_i7_a_gateway_that_is_not_told_and_asks_on),
		cmocka_unit_test(test_i7_a_gateway_that_is_not_told_and_waits),
		cmocka_unit_test(
		    test_a_gateway_that_is_not_told_and_hears_nothing_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
