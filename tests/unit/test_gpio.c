// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The GPIO driver over a back end that a test can break (fake_gpio.h), on a virtual
// clock: what it tells the host, how often it looks, and that it never spins. The real
// character device is in tests/vm.

#include <errno.h>
#include <math.h>

#include "fake_gpio.h"
#include "field_fixture.h"
#include "test.h"

enum {
	START_MONO = 1000000,
	DEBOUNCE = 50,
};
static const int64_t start_utc = 1700000000000;

struct rig {
	struct clock clock;
	struct field_fixture f;
	struct driver_instance *d;
	uint32_t link;
};

static void
setup(struct rig *r, const char *chip, unsigned lines)
{
	static const char *const names[FAKE_LINES] = { "0", "1", "2", "3" };

	fake_gpio_reset();
	clock_virtual_init(&r->clock, START_MONO, start_utc);
	fixture_init(&r->f, &r->clock);
	r->f.keep_samples = true;
	(void)fixture_gpio(&r->f, chip);
	for (unsigned i = 0; i < lines; i++)
		(void)fixture_contact(&r->f, 0, names[i], DEBOUNCE);
	r->link = r->f.site.gpios[0].link_point;
}

static void
start(struct rig *r)
{
	r->d = driver_gpio.start(&r->f.host, 0);
	fixture_run(&r->f, 10, NULL);
}

static void
teardown(struct rig *r)
{
	driver_gpio.stop(r->d);
	fixture_free(&r->f);
}

static const struct sample *
last(struct rig *r, uint32_t point)
{
	const struct sample *s = fixture_last(&r->f, point);

	assert_non_null(s);
	return s;
}

static void
assert_level(struct rig *r, uint32_t point, bool level, code_id fault)
{
	const struct sample *s = last(r, point);

	assert_int_equal(s->quality, QUALITY_GOOD);
	assert_int_equal(s->value > 0.5, level);
	assert_int_equal(s->n_codes, fault ? 1 : 0);
	if (fault)
		assert_int_equal(s->codes[0].code, fault);
}

static void
test_the_levels_are_told_at_start(void **state)
{
	struct rig r;

	(void)state;
	setup(&r, "/dev/fake", 3);
	fake_gpio.lines[1].level = true;
	start(&r);
	assert_int_equal(fixture_link(&r.f, r.link), 0);
	assert_level(&r, 0, false, 0);
	assert_level(&r, 1, true, 0);
	assert_int_equal(r.f.n_samples, 3);
	assert_int_equal(last(&r, 0)->not_before_utc_ms, 0);
	fixture_run(&r.f, 60000, NULL);
	assert_int_equal(r.f.n_samples, 3);
	teardown(&r);
}

static void
test_a_change_is_told_settled_and_stamped_with_the_first_edge(void **state)
{
	struct rig r;
	int64_t began;

	(void)state;
	setup(&r, "/dev/fake", 1);
	start(&r);
	began = loop_now_ms(r.f.host.loop);
	fake_gpio_edges(0, 3);
	fixture_run(&r.f, 30, NULL);
	fake_gpio_edges(0, 2);
	fixture_run(&r.f, DEBOUNCE - 1, NULL);
	assert_int_equal(r.f.n_samples, 1);
	fixture_run(&r.f, 2, NULL);
	assert_int_equal(r.f.n_samples, 2);
	assert_level(&r, 0, true, 0);
	assert_int_equal(last(&r, 0)->t_mono_ms, began);
	assert_int_equal(last(&r, 0)->not_before_utc_ms, last(&r, 0)->t_utc_ms);
	teardown(&r);
}

static void
test_debounced_by_the_kernel_the_first_edge_is_not_known(void **state)
{
	struct rig r;

	(void)state;
	setup(&r, "/dev/fake", 2);
	r.f.site.points[0].debounce_by_kernel = true;
	r.f.site.points[1].bias = BIAS_PULL_UP;
	start(&r);
	assert_int_equal(fake_gpio.lines[0].wish.kernel_debounce_ms, DEBOUNCE);
	assert_int_equal(fake_gpio.lines[1].wish.kernel_debounce_ms, 0);
	assert_int_equal(fake_gpio.lines[0].wish.bias, BIAS_AS_IS);
	assert_int_equal(fake_gpio.lines[1].wish.bias, BIAS_PULL_UP);
	fixture_run(&r.f, 1500, NULL);
	fake_gpio_edges(0, 1);
	fixture_run(&r.f, 1, NULL);
	assert_level(&r, 0, true, 0);
	// The level was last looked at by the tick, half a second ago.
	assert_in_range(
	    last(&r, 0)->t_utc_ms - last(&r, 0)->not_before_utc_ms, 1, 1000);
	teardown(&r);
}

static void
test_a_change_without_an_edge_is_found_and_bounded(void **state)
{
	struct rig r;

	(void)state;
	setup(&r, "/dev/fake", 1);
	start(&r);
	fixture_run(&r.f, 1500, NULL);
	fake_gpio.lines[0].level = true;
	fixture_run(&r.f, 1000, NULL);
	assert_level(&r, 0, true, 0);
	assert_int_equal(last(&r, 0)->t_utc_ms - last(&r, 0)->not_before_utc_ms, 1000);
	teardown(&r);
}

static void
test_i9_lost_edges_are_a_fault_until_none_was_lost_for_a_minute(void **state)
{
	struct rig r;

	(void)state;
	setup(&r, "/dev/fake", 2);
	start(&r);
	for (int i = 0; i < 3; i++) {
		fake_gpio.lines[0].lost = true;
		fake_gpio_edges(0, 4);
		fixture_run(&r.f, 1000, NULL);
	}
	assert_level(&r, 0, false, CODE_OVERFLOW);
	assert_level(&r, 1, false, 0);
	fake_gpio_edges(0, 1);
	fixture_run(&r.f, 1000, NULL);
	assert_level(&r, 0, true, CODE_OVERFLOW);
	fixture_run(&r.f, 55000, NULL);
	assert_level(&r, 0, true, CODE_OVERFLOW);
	fixture_run(&r.f, 6000, NULL);
	assert_level(&r, 0, true, 0);
	teardown(&r);
}

static void
test_i7_a_line_that_never_rests_is_made_to(void **state)
{
	struct rig r;

	(void)state;
	setup(&r, "/dev/fake", 2);
	start(&r);
	fake_gpio.lines[0].endless = true;
	fake_gpio_edges(0, 1000);
	fixture_run(&r.f, 2000, NULL);
	fake_gpio_edges(1, 1);
	fixture_run(&r.f, 100, NULL);
	assert_level(&r, 1, true, 0);
	fixture_run(&r.f, 7900, NULL);
	// Four reads a rest of 100 ms, and those of the ticks and of the settling.
	assert_in_range(fake_gpio.lines[0].reads, 100, 2000);
	// Judged all the same, after ten debounce times.
	assert_true(fixture_count(&r.f, 0) >= 1);
	fake_gpio.lines[0].endless = false;
	fixture_run(&r.f, 2000, NULL);
	assert_level(&r, 0, fake_gpio.lines[0].level, 0);
	teardown(&r);
}

static void
test_i6_a_vanished_chip_is_lost_once_and_never_spins(void **state)
{
	struct rig r;
	unsigned opens, reads;
	size_t samples;

	(void)state;
	setup(&r, "/dev/fake", 2);
	start(&r);
	fixture_run(&r.f, 5000, NULL);
	fake_gpio_vanish();
	fixture_run(&r.f, 1, NULL);
	assert_int_equal(fixture_link(&r.f, r.link), 1);
	assert_string_equal(fixture_link_code(&r.f, r.link), "chip-gone");
	samples = r.f.n_samples;
	opens = fake_gpio.opens;
	reads = fake_gpio.lines[0].reads + fake_gpio.lines[1].reads;
	fixture_run(&r.f, 60000, NULL);
	assert_int_equal(r.f.n_links, 2);
	assert_int_equal(r.f.n_samples, samples);
	assert_in_range(fake_gpio.opens - opens, 59, 61);
	assert_int_equal(fake_gpio.lines[0].reads + fake_gpio.lines[1].reads, reads);
	fake_gpio.lines[0].level = true;
	fake_gpio_return();
	fixture_run(&r.f, 1000, NULL);
	assert_int_equal(fixture_link(&r.f, r.link), 0);
	assert_level(&r, 0, true, 0);
	assert_level(&r, 1, false, 0);
	assert_in_range(
	    last(&r, 0)->t_utc_ms - last(&r, 0)->not_before_utc_ms, 60000, 63000);
	teardown(&r);
}

static void
test_i7_a_busy_line_is_bad_and_the_others_go_on(void **state)
{
	struct rig r;

	(void)state;
	setup(&r, "fake", 2);
	r.f.site.gpios[0].chip = "/dev/fake";
	fake_gpio.lines[1].taken = 2;
	start(&r);
	assert_int_equal(fixture_link(&r.f, r.link), 1);
	assert_string_equal(fixture_link_code(&r.f, r.link), "line-busy");
	assert_int_equal(last(&r, 1)->quality, QUALITY_BAD);
	assert_true(isnan(last(&r, 1)->value));
	assert_int_equal(last(&r, 1)->codes[0].code, CODE_LINE_BUSY);
	fake_gpio_edges(0, 1);
	fixture_run(&r.f, 100, NULL);
	assert_level(&r, 0, true, 0);
	fixture_run(&r.f, 10000, NULL);
	assert_int_equal(fixture_count(&r.f, 1), 1);
	fake_gpio_vanish(); // with the link lost already, the others are given up by
			    // name
	fixture_run(&r.f, 1000, NULL);
	assert_int_equal(last(&r, 0)->quality, QUALITY_UNKNOWN);
	fake_gpio_return();
	fake_gpio.lines[1].taken = 0;
	fixture_run(&r.f, 1000, NULL);
	assert_int_equal(fixture_link(&r.f, r.link), 0);
	assert_level(&r, 1, false, 0);
	teardown(&r);
}

static void
test_a_chip_that_cannot_be_had(void **state)
{
	static const struct {
		const char *chip;
		int error;
		const char *code;
	} cases[] = {
		{ "/dev/null", EACCES, "permission" },
		{ "/dev/nothing", EPERM, "permission" },
		{ "/dev/nothing", ENOENT, "chip-missing" },
		{ "/dev/nothing", ENODEV, "chip-missing" },
		{ "/dev/null", ENOTTY, "chip" },
		{ "no chip of this name", 0, "chip-missing" },
	};
	struct rig r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		setup(&r, cases[i].chip, 1);
		fake_gpio.missing = cases[i].error;
		start(&r);
		fixture_run(&r.f, 5000, NULL);
		assert_int_equal(fixture_link(&r.f, r.link), 1);
		assert_string_equal(fixture_link_code(&r.f, r.link), cases[i].code);
		assert_int_equal(r.f.n_links, 1);
		assert_int_equal(r.f.n_samples, 0);
		teardown(&r);
	}
}

static void
test_a_pulse_that_is_latched_is_told_at_once(void **state)
{
	struct rig r;

	(void)state;
	setup(&r, "/dev/fake", 1);
	r.f.site.points[0].pulse_latch = true;
	start(&r);
	fake_gpio_edges(0, 2);
	fixture_run(&r.f, 1, NULL);
	assert_level(&r, 0, true, 0);
	fixture_run(&r.f, 2 * DEBOUNCE, NULL);
	assert_level(&r, 0, false, 0);
	assert_int_equal(r.f.n_samples, 3);
	teardown(&r);
}

// A button that opens its circuit: the line is high at rest.
static void
test_a_latched_pulse_of_a_line_that_is_active_low(void **state)
{
	struct rig r;

	(void)state;
	setup(&r, "/dev/fake", 1);
	r.f.site.points[0].pulse_latch = true;
	r.f.site.points[0].active_low = true;
	fake_gpio.lines[0].level = true;
	start(&r);
	assert_level(&r, 0, true, 0);
	fake_gpio_edges(0, 2);
	fixture_run(&r.f, 1, NULL);
	assert_level(&r, 0, false, 0);
	fixture_run(&r.f, 2 * DEBOUNCE, NULL);
	assert_level(&r, 0, true, 0);
	assert_int_equal(r.f.n_samples, 3);
	teardown(&r);
}

// ---- outputs ----------------------------------------------------------------------

static struct {
	unsigned taken, refused, lost;
	int read; // -1 = nothing
	const char *code;
} said;

static void
on_output(void *ctx, const struct output_report *r)
{
	(void)ctx;
	assert_int_equal(r->output, 0);
	said.taken += r->told == OUTPUT_TAKEN;
	said.refused += r->told == OUTPUT_REFUSED;
	said.lost += r->told == OUTPUT_LOST;
	if (r->told == OUTPUT_READ)
		said.read = r->on;
	said.code = r->code != NULL ? r->code : said.code;
}

// One contact on line 0, a siren on line 2, active low.
static void
setup_siren(struct rig *r, bool allow_write)
{
	static struct output siren;

	said.taken = said.refused = said.lost = 0;
	said.read = -1;
	said.code = "";
	siren = (struct output){ .id = "siren",
		.gpio = 0,
		.line = "2",
		.active_low = true,
		.device = INDEX_NONE,
		.allow_write = allow_write };
	setup(r, "/dev/fake", 1);
	fake_gpio.lines[2].level = true;
	r->f.site.n_outputs = 1;
	r->f.site.outputs = &siren;
	r->f.host.output = on_output;
	start(r);
}

static void
drive(struct rig *r, bool on)
{
	driver_gpio.drive(r->d, 0, on);
}

static void
test_i8_a_line_is_no_output_before_somebody_drives_it(void **state)
{
	struct rig r;

	(void)state;
	setup_siren(&r, true);
	fixture_run(&r.f, 10000, NULL);
	assert_int_equal(fake_gpio.lines[2].taken, 0);
	teardown(&r);
	setup_siren(&r, false); // and never where the site does not enable it
	drive(&r, true);
	fixture_run(&r.f, 10000, NULL);
	assert_int_equal(fake_gpio.lines[2].taken, 0);
	assert_int_equal(said.taken + said.refused + said.lost, 0);
	teardown(&r);
}

static void
test_an_output_is_driven_at_once_and_read_back(void **state)
{
	struct rig r;

	(void)state;
	setup_siren(&r, true);
	drive(&r, false);
	assert_true(fake_gpio.lines[2].output);
	assert_true(fake_gpio.lines[2].level); // active low
	assert_int_equal(said.read, 0);
	drive(&r, true);
	assert_false(fake_gpio.lines[2].level);
	assert_int_equal(said.taken, 2);
	assert_int_equal(said.read, 1);
	fake_gpio.lines[2].level = true; // something else drives it
	fixture_run(&r.f, 1100, NULL);
	assert_int_equal(said.read, 0);
	teardown(&r);
	assert_int_equal(fake_gpio.lines[2].taken, 0);
}

static void
test_i9_a_busy_output_is_refused_and_taken_when_it_is_free(void **state)
{
	struct rig r;

	(void)state;
	setup_siren(&r, true);
	fake_gpio.lines[2].taken = 2;
	drive(&r, true);
	fixture_run(&r.f, 5000, NULL);
	assert_int_equal(said.refused, 1); // told once
	assert_string_equal(said.code, "line-busy");
	assert_int_equal(fixture_link(&r.f, r.link), 0); // the contacts go on
	fake_gpio.lines[2].taken = 0;
	fixture_run(&r.f, 1100, NULL);
	assert_int_equal(said.read, 1);
	assert_false(fake_gpio.lines[2].level);
	fake_gpio.lines[2].set_fails = EIO;
	drive(&r, false);
	assert_int_equal(said.refused, 2);
	fake_gpio.lines[2].set_fails = 0;
	fixture_run(&r.f, 1100, NULL);
	assert_int_equal(said.read, 0);
	teardown(&r);
}

static void
test_i9_an_output_of_a_vanished_chip_is_lost_and_driven_again(void **state)
{
	struct rig r;

	(void)state;
	setup_siren(&r, true);
	drive(&r, false);
	fake_gpio_vanish();
	drive(&r, true); // found by the driving itself
	fixture_run(&r.f, 1, NULL);
	assert_int_equal(said.lost, 1);
	assert_string_equal(said.code, "chip-gone");
	assert_int_equal(fixture_link(&r.f, r.link), 1);
	fixture_run(&r.f, 5000, NULL);
	fake_gpio.lines[2].level = true;
	fake_gpio_return();
	fixture_run(&r.f, 2100, NULL);
	assert_false(fake_gpio.lines[2].level);
	assert_int_equal(said.read, 1);
	assert_int_equal(fixture_link(&r.f, r.link), 0);
	teardown(&r);
}

// The engine drives an output from within the sample that it is told, and that finds
// the chip gone: the line that is being read must outlive it.
static struct rig *wisher;
static void (*tell_sample)(void *ctx, const struct sample *s);

static void
wish_at_each_sample(void *ctx, const struct sample *s)
{
	tell_sample(ctx, s);
	if (s->value > 0.5) {
		fake_gpio_vanish();
		drive(wisher, true);
	}
}

static void
test_i7_a_chip_found_gone_by_a_wish_from_its_own_edge(void **state)
{
	static const bool latched[] = { true, false };
	struct rig r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(latched); i++) {
		setup_siren(&r, true);
		drive(&r, false);
		r.f.site.points[0].pulse_latch = latched[i];
		wisher = &r;
		tell_sample = r.f.host.sample;
		r.f.host.sample = wish_at_each_sample;
		fake_gpio_edges(0, 1);
		fixture_run(&r.f, 2 * DEBOUNCE, NULL);
		assert_int_equal(fixture_link(&r.f, r.link), 1);
		assert_string_equal(fixture_link_code(&r.f, r.link), "chip-gone");
		assert_int_equal(said.lost, 1);
		r.f.host.sample = tell_sample;
		fake_gpio_return();
		fixture_run(&r.f, 2100, NULL);
		assert_int_equal(fixture_link(&r.f, r.link), 0);
		assert_int_equal(said.read, 1); // what was wished for meanwhile
		teardown(&r);
	}
}

// The clock is set forward between two looks (I10).
static void
test_i10_a_step_of_the_clock_does_not_age_a_change(void **state)
{
	struct rig r;

	(void)state;
	setup(&r, "/dev/fake", 1);
	start(&r);
	fixture_run(&r.f, 1500, NULL);
	clock_virtual_step(&r.clock, 3600000);
	fake_gpio.lines[0].level = true;
	fixture_run(&r.f, 1000, NULL);
	assert_level(&r, 0, true, 0);
	assert_int_equal(last(&r, 0)->t_utc_ms - last(&r, 0)->not_before_utc_ms, 1000);
	teardown(&r);
}

// An edge that was read late is stamped with when it was; a stamp of another clock is
// not believed.
static void
test_i10_an_edge_that_waited_is_stamped_with_when_it_was(void **state)
{
	static const struct {
		int64_t age_ms, counts;
	} cases[] = { { 20, 20 }, { -5, 0 }, { 3600000, 0 } };
	struct rig r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		setup(&r, "/dev/fake", 1);
		start(&r);
		fixture_run(&r.f, 1000, NULL);
		int64_t read = loop_now_ms(r.f.host.loop);
		fake_gpio.lines[0].age_ms = cases[i].age_ms;
		fake_gpio_edges(0, 1);
		fixture_run(&r.f, 2 * DEBOUNCE, NULL);
		assert_level(&r, 0, true, 0);
		assert_int_equal(last(&r, 0)->t_mono_ms, read - cases[i].counts);
		teardown(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_levels_are_told_at_start),
		cmocka_unit_test(
		    test_a_change_is_told_settled_and_stamped_with_the_first_edge),
		cmocka_unit_test(
		    test_debounced_by_the_kernel_the_first_edge_is_not_known),
		cmocka_unit_test(test_a_change_without_an_edge_is_found_and_bounded),
		cmocka_unit_test(
		    test_i9_lost_edges_are_a_fault_until_none_was_lost_for_a_minute),
		cmocka_unit_test(test_i7_a_line_that_never_rests_is_made_to),
		cmocka_unit_test(test_i6_a_vanished_chip_is_lost_once_and_never_spins),
		cmocka_unit_test(test_i7_a_busy_line_is_bad_and_the_others_go_on),
		cmocka_unit_test(test_a_chip_that_cannot_be_had),
		cmocka_unit_test(test_a_pulse_that_is_latched_is_told_at_once),
		cmocka_unit_test(test_a_latched_pulse_of_a_line_that_is_active_low),
		cmocka_unit_test(test_i8_a_line_is_no_output_before_somebody_drives_it),
		cmocka_unit_test(test_an_output_is_driven_at_once_and_read_back),
		cmocka_unit_test(
		    test_i9_a_busy_output_is_refused_and_taken_when_it_is_free),
		cmocka_unit_test(
		    test_i9_an_output_of_a_vanished_chip_is_lost_and_driven_again),
		cmocka_unit_test(test_i7_a_chip_found_gone_by_a_wish_from_its_own_edge),
		cmocka_unit_test(
		    test_i10_an_edge_that_waited_is_stamped_with_when_it_was),
		cmocka_unit_test(test_i10_a_step_of_the_clock_does_not_age_a_change),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
