// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The pump rule, row by row: steps by contact and by trend, each finding with its delay
// and hysteresis, and that nothing unknown begins or ends any of them (I6).
#include <math.h>

#include "core/pump.h"
#include "core/pump_exercise.h"
#include "test.h"

enum {
	S = 1000,
	MIN = 60 * S,
	HOUR = 60 * MIN,
	T0 = 5 * S,
};

#define BIT(f)      (1U << (f))
#define UNKNOWN_KPA ((double)NAN)

// At `s` seconds: run, off-automatic, manual as '-' idle, 'x' acts, '?' unknown; the
// pressures; what stands, and what is known, as masks of findings.
struct look {
	int64_t s;
	const char *contacts;
	double kpa, second;
	unsigned stands, known;
	enum pump_step step;
	double step_kpa;
};

static enum contact_state
contact_of(char c)
{
	return c == '?' ? CONTACT_UNKNOWN : c == 'x' ? CONTACT_ACTIVE : CONTACT_IDLE;
}

static bool
same(double a, double b)
{
	return (isnan(a) && isnan(b)) || fabs(a - b) < 0.001;
}

static void
expect(const struct pump *p, const struct look *l, const struct pump_turn *t)
{
	unsigned stands = 0, known = 0;
	for (enum pump_finding f = 0; f < PUMP_FINDING_COUNT; f++) {
		stands |= pump_stands(p, f) ? BIT(f) : 0;
		known |= p->looks[f].known ? BIT(f) : 0;
	}
	bool step = t->step == l->step &&
		    (t->step == PUMP_STEP_NONE || same(t->kpa, l->step_kpa));
	if (stands != l->stands || known != l->known || !step)
		fail_msg("at %d s: stands %x known %x step %d at %g", (int)l->s, stands,
		    known, (int)t->step, t->kpa);
}

static void
walk(struct pump *p, const struct pump_rule *r, const struct look *looks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct look *l = &looks[i];
		const struct pump_facts f = {
			.run = contact_of(l->contacts[0]),
			.off_auto = contact_of(l->contacts[1]),
			.manual = contact_of(l->contacts[2]),
			.kpa = l->kpa,
			.second_kpa = l->second,
			.night = l->contacts[3] == 'n',
		};
		struct pump_turn t = pump_feed(p, r, &f, T0 + l->s * S);
		expect(p, l, &t);
	}
}

#define WALK(p, r, looks) walk(p, r, looks, sizeof(looks) / sizeof((looks)[0]))
#define U                 UNKNOWN_KPA
#define NO_STEP           PUMP_STEP_NONE, 0

static void
test_a_run_contact_gives_starts_with_the_pressures_beside_them(void **state)
{
	(void)state;
	const struct pump_rule r = { .has_run = true };
	const struct look looks[] = {
		{ 0, "---", 800, U, 0, 0, NO_STEP },
		{ 10, "---", 722, U, 0, 0, NO_STEP },
		{ 11, "x--", 735, U, 0, 0, PUMP_STEP_START, 722 },
		{ 13, "x--", 799, U, 0, 0, NO_STEP },
		{ 14, "---", 797, U, 0, 0, PUMP_STEP_STOP, 799 },
		{ 60, "---", 780, U, 0, 0, NO_STEP },
		{ 80, "x--", U, U, 0, 0, PUMP_STEP_START, U }, // no gauge, no pressure
		{ 81, "?--", 780, U, 0, 0, NO_STEP },
		{ 90, "---", 780, U, 0, 0, PUMP_STEP_STOP, U }, // some time in the gap
		{ 95, "?--", 780, U, 0, 0, NO_STEP },
		{ 99, "---", 780, U, 0, 0, NO_STEP },
	};
	struct pump p = { 0 };
	WALK(&p, &r, looks);
}

static void
test_the_trend_gives_them_where_there_is_no_contact(void **state)
{
	(void)state;
	const struct pump_rule r = { .swing = 30 };
	const struct look looks[] = {
		{ 0, "---", 800, U, 0, 0, NO_STEP },
		{ 5, "---", 771, U, 0, 0, NO_STEP },
		{ 6, "---", 769, U, 0, 0, NO_STEP }, // it falls: it stands still
		{ 10, "---", 720, U, 0, 0, NO_STEP },
		{ 11, "---", 740, U, 0, 0, NO_STEP }, // noise, as far as is known
		{ 12, "---", 755, U, 0, 0, PUMP_STEP_START, 720 },
		{ 14, "---", 800, U, 0, 0, NO_STEP },
		{ 15, "---", 799, U, 0, 0, NO_STEP },
		{ 19, "---", 768, U, 0, 0, PUMP_STEP_STOP, 800 },
		{ 20, "---", U, U, 0, 0, NO_STEP },
		{ 60, "---", 700, U, 0, 0, NO_STEP },
		{ 61, "---", 735, U, 0, 0, PUMP_STEP_START, U }, // in the gap
		{ 62, "---", U, U, 0, 0, NO_STEP },
		{ 63, "---", 735, U, 0, 0, NO_STEP },
		{ 64, "---", 770, U, 0, 0, NO_STEP }, // it still does
	};
	struct pump p = { 0 };
	WALK(&p, &r, looks);
	assert_int_equal(pump_cycle_starts(&p.cycle, T0 + 64 * S), 2);
}

static void
test_i6_short_cycling_is_over_when_a_whole_hour_was_watched(void **state)
{
	(void)state;
	enum {
		F = BIT(PUMP_SHORT_CYCLING)
	};
	struct pump_rule r = { .has_run = true };
	r.bounds[PUMP_SHORT_CYCLING] = (struct pump_bound){ true, 3, 2, 0, 0 };
	struct pump p = { 0 };
	const struct look begin[] = {
		{ 0, "---", U, U, 0, 0, NO_STEP },
		{ 10, "x--", U, U, 0, 0, PUMP_STEP_START, U },
		{ 20, "---", U, U, 0, 0, PUMP_STEP_STOP, U },
		{ 30, "x--", U, U, 0, 0, PUMP_STEP_START, U },
		{ 40, "---", U, U, 0, 0, PUMP_STEP_STOP, U },
		{ 50, "x--", U, U, 0, 0, PUMP_STEP_START, U },
		{ 60, "---", U, U, 0, 0, PUMP_STEP_STOP, U },
		{ 70, "x--", U, U, F, F, PUMP_STEP_START, U }, // the fourth
		{ 80, "---", U, U, F, F, PUMP_STEP_STOP, U },
		{ 100, "?--", U, U, F, F, NO_STEP },
		{ 3611, "?--", U, U, F, F, NO_STEP }, // three: within the hysteresis
		{ 3680, "?--", U, U, F, 0, NO_STEP }, // not seen, so not over
		{ 3700, "---", U, U, F, 0, NO_STEP },
		{ 7299, "---", U, U, F, 0, NO_STEP },
		{ 7300, "---", U, U, 0, F, NO_STEP },
	};
	WALK(&p, &r, begin);
	assert_int_equal(pump_verdict(&p, &r, PUMP_SHORT_CYCLING), PUMP_NORMAL);
}

static void
test_a_long_run_counts_from_its_start_and_not_over_a_gap(void **state)
{
	(void)state;
	enum {
		F = BIT(PUMP_LONG_RUN)
	};
	struct pump_rule r = { .has_run = true };
	r.bounds[PUMP_LONG_RUN] =
	    (struct pump_bound){ .set = true, .after_ms = 60 * S };
	const struct look looks[] = {
		{ 0, "---", U, U, 0, F, NO_STEP },
		{ 10, "x--", U, U, 0, F, PUMP_STEP_START, U },
		{ 69, "x--", U, U, 0, F, NO_STEP },
		{ 70, "x--", U, U, F, F, NO_STEP },
		{ 75, "?--", U, U, F, 0, NO_STEP },
		{ 80, "---", U, U, 0, F, PUMP_STEP_STOP, U },
		{ 90, "x--", U, U, 0, F, PUMP_STEP_START, U },
		{ 120, "?--", U, U, 0, 0, NO_STEP },
		{ 140, "x--", U, U, 0, F, NO_STEP },
		{ 199, "x--", U, U, 0, F, NO_STEP },
		{ 200, "x--", U, U, F, F, NO_STEP },
	};
	struct pump p = { 0 };
	WALK(&p, &r, looks);
	assert_int_equal(pump_due(&p, &r, T0 + 200 * S), -1);
}

static void
test_i6_leak_down_is_measured_over_what_was_seen_at_night(void **state)
{
	(void)state;
	enum {
		F = BIT(PUMP_LEAK_DOWN)
	};
	struct pump_rule r = { .has_run = true };
	r.bounds[PUMP_LEAK_DOWN] = (struct pump_bound){ true, 20, 5, 10 * MIN, 0 };
	const struct look looks[] = {
		{ 0, "---", 800, U, 0, 0, NO_STEP }, // by day
		{ 600, "---", 700, U, 0, 0, NO_STEP },
		{ 1000, "---n", 800, U, 0, 0, NO_STEP },
		{ 1300, "---n", 798, U, 0, 0, NO_STEP },
		{ 1301, "---n", U, U, 0, 0, NO_STEP }, // the gauge: a new span
		{ 1400, "---n", 700, U, 0, 0, NO_STEP },
		{ 1700, "---n", 698, U, F, F, NO_STEP }, // 4 kPa in 10 min: 24 an hour
		{ 1800, "---", 600, U, F, F, NO_STEP },
		{ 9000, "---n", 600, U, F, 0, NO_STEP }, // of this night nothing yet
		{ 9600, "---n", 597.2, U, F, F,
		    NO_STEP }, // 16.8: within the hysteresis
		{ 10200, "---n", 595.2, U, 0, F, NO_STEP },
	};
	struct pump p = { 0 };
	WALK(&p, &r, looks);
}

static void
test_no_rise_and_not_started(void **state)
{
	(void)state;
	enum {
		R = BIT(PUMP_NO_RISE),
		N = BIT(PUMP_NOT_STARTED),
		B = R | N
	};
	struct pump_rule r = { .role = PUMP_MAIN, .has_run = true };
	r.bounds[PUMP_NO_RISE] =
	    (struct pump_bound){ .set = true, .limit = 100, .after_ms = 20 * S };
	r.bounds[PUMP_NOT_STARTED] = (struct pump_bound){ true, 600, 10, 30 * S, 0 };
	const struct look looks[] = {
		{ 0, "---", 700, U, 0, B, NO_STEP },
		{ 10, "---", 600, U, 0, B, NO_STEP },
		{ 39, "---", 590, U, 0, B, NO_STEP },
		{ 40, "---", 590, U, N, B, NO_STEP },
		{ 41, "---", 605, U, N, B, NO_STEP }, // within the hysteresis
		{ 42, "---", U, U, N, R, NO_STEP },   // a bad gauge clears nothing
		{ 43, "?--", 580, U, N, 0, NO_STEP },
		{ 44, "---", 580, U, N, B, NO_STEP },
		{ 45, "x--", 585, U, 0, B, PUMP_STEP_START, 580 },
		{ 64, "x--", 600, U, 0, B, NO_STEP },
		{ 65, "x--", 610, U, R, B, NO_STEP },
		{ 66, "x--", U, U, R, N, NO_STEP },
		{ 67, "x--", 690, U, 0, B, NO_STEP }, // it has risen after all
		{ 70, "---", 690, U, 0, B, PUMP_STEP_STOP, 690 },
		{ 80, "x--", U, U, 0, N, PUMP_STEP_START, U }, // from which pressure?
		{ 200, "x--", 500, U, 0, N, NO_STEP },
	};
	struct pump p = { 0 };
	WALK(&p, &r, looks);
}

static void
test_not_in_automatic_and_gauges_that_differ(void **state)
{
	(void)state;
	enum {
		A = BIT(PUMP_NOT_IN_AUTO),
		D = BIT(PUMP_GAUGES_DIFFER),
		B = A | D
	};
	struct pump_rule r = { .has_run = true, .has_auto = true, .has_manual = true };
	r.bounds[PUMP_NOT_IN_AUTO] =
	    (struct pump_bound){ .set = true, .after_ms = 5 * S, .off_ms = 2 * S };
	r.bounds[PUMP_GAUGES_DIFFER] =
	    (struct pump_bound){ true, 30, 5, 10 * S, 5 * S };
	const struct look looks[] = {
		{ 0, "---", 700, 720, 0, B, NO_STEP },
		{ 10, "-x-", 700, 731, 0, B, NO_STEP },
		{ 15, "-?x", 700, 731, A, B, NO_STEP },
		{ 20, "-?-", 700, 731, A | D, D, NO_STEP },
		{ 30, "-?-", 700, U, A | D, 0, NO_STEP },
		{ 40, "---", U, 700, A | D, A, NO_STEP },
		{ 42, "---", 700, 726, D, B, NO_STEP }, // 26: within the hysteresis
		{ 50, "---", 700, 725, D, B, NO_STEP },
		{ 55, "---", 700, 725, 0, B, NO_STEP },
	};
	struct pump p = { 0 };
	WALK(&p, &r, looks);
}

static void
test_what_is_not_given_is_not_watched(void **state)
{
	(void)state;
	const struct pump_rule r = { .has_run = true, .has_auto = true };
	const struct pump_facts f = { CONTACT_ACTIVE, CONTACT_ACTIVE, CONTACT_ACTIVE, 1,
		900, true };
	struct pump p = { 0 };
	for (int64_t at = 0; at < 10LL * HOUR; at += MIN)
		(void)pump_feed(&p, &r, &f, at);
	for (enum pump_finding i = 0; i < PUMP_FINDING_COUNT; i++)
		assert_int_equal(pump_verdict(&p, &r, i), PUMP_UNWATCHED);
	assert_int_equal(pump_due(&p, &r, 10LL * HOUR), -1);
	assert_int_equal(pump_mode(&r, &f), PUMP_MODE_MANUAL);
}

// Local seconds of a day at a second of it.
static int64_t
local(int64_t days, int64_t s)
{
	return days * 86400 + s;
}

static void
test_weeks_begin_on_monday_and_months_on_the_first(void **state)
{
	(void)state;
	static const struct {
		enum pump_exercise x;
		int64_t day, begin, next;
	} rows[] = {
		{ PUMP_WEEKLY_START, 20784, 20780, 20787 }, // Fri 2026-11-27
		{ PUMP_WEEKLY_START, 20780, 20780, 20787 },
		{ PUMP_WEEKLY_START, 20786, 20780, 20787 },
		{ PUMP_WEEKLY_START, 20787, 20787, 20794 },
		{ PUMP_MONTHLY_RUN, 20784, 20758, 20788 }, // November has 30 days
		{ PUMP_MONTHLY_RUN, 19782, 19754, 19783 }, // 2024-02-29
		{ PUMP_MONTHLY_RUN, 20788, 20788, 20819 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t at = local(rows[i].day, 86399);
		assert_int_equal(
		    pump_exercise_begin(rows[i].x, at), local(rows[i].begin, 0));
		assert_int_equal(
		    pump_exercise_next(rows[i].x, at), local(rows[i].next, 0));
	}
	assert_true(pump_exercise_counts(PUMP_WEEKLY_START, PUMP_MODE_AUTOMATIC));
	assert_false(pump_exercise_counts(PUMP_WEEKLY_START, PUMP_MODE_MANUAL));
	assert_true(pump_exercise_counts(PUMP_MONTHLY_RUN, PUMP_MODE_UNKNOWN));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_a_run_contact_gives_starts_with_the_pressures_beside_them),
		cmocka_unit_test(test_the_trend_gives_them_where_there_is_no_contact),
		cmocka_unit_test(
		    test_i6_short_cycling_is_over_when_a_whole_hour_was_watched),
		cmocka_unit_test(
		    test_a_long_run_counts_from_its_start_and_not_over_a_gap),
		cmocka_unit_test(
		    test_i6_leak_down_is_measured_over_what_was_seen_at_night),
		cmocka_unit_test(test_no_rise_and_not_started),
		cmocka_unit_test(test_not_in_automatic_and_gauges_that_differ),
		cmocka_unit_test(test_what_is_not_given_is_not_watched),
		cmocka_unit_test(test_weeks_begin_on_monday_and_months_on_the_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
