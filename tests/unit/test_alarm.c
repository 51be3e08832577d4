// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The alarm table, cell by cell, against a table written out here by hand; the flags;
// and a walk through every situation that any sequence of events can reach. The
// expectation is text, in the words of docs/alarm-states.md, and shares nothing with
// core/alarm.c.
//   test_alarm --print-table   what the code does, as the tables of that page
#include <stdio.h>
#include <string.h>

#include "core/alarm.h"
#include "test.h"

enum {
	WORD = 24,
	WORDS = 96
};

static const char *const short_states[] = { "N", "U", "A", "R", "LU", "LA" };

// clang-format off
static const struct expectation {
	const char *title;
	enum alarm_event event;
	const char *kinds; // n none, o own, p panel
	const char *cells[6];
} expected[] = {
	{ "condition true",                   ALARM_EV_TRUE,        "nop", { "U", "-", "-", "U", "U", "U" } },
	{ "condition clear, kind none",       ALARM_EV_CLEAR,       "n",   { "-", "R cleared", "N", "-", ".", "." } },
	{ "condition clear, kind own",        ALARM_EV_CLEAR,       "o",   { "-", "LU", "LA", ".", "-", "-" } },
	{ "condition clear, kind panel",      ALARM_EV_CLEAR,       "p",   { "-", "R panel_reset", "N", "-", ".", "." } },
	{ "acknowledge",                      ALARM_EV_ACKNOWLEDGE, "nop", { "-", "A", "-", "N", "LA", "-" } },
	{ "panel reset seen (cause only)",    ALARM_EV_PANEL_RESET, "nop", { "-", "-", "-", "-", "-", "-" } },
	{ "own reset, kind own",              ALARM_EV_OWN_RESET,   "o",   { "-", "x", "x", ".", "x", "N (refused while quality is not good)" } },
	{ "own reset, kind none or panel",    ALARM_EV_OWN_RESET,   "np",  { "x", "x", "x", "x", ".", "." } },
	{ "re-alarm timer",                   ALARM_EV_REALARM,     "nop", { "-", "-", "U", "-", "-", "LU" } },
	{ "link lost",                        ALARM_EV_LINK_LOST,   "nop", { "-", "-", "-", "-", "-", "-" } },
	{ "link back",                        ALARM_EV_LINK_BACK,   "nop", { "-", "-", "-", "-", "-", "-" } },
	{ "withdrawn (point removed)",        ALARM_EV_WITHDRAWN,   "nop", { "-", "R withdrawn", "N", "-", "R withdrawn", "N" } },
	{ "unhide (last hiding flag ended)",  ALARM_EV_UNHIDE,      "nop", { "-", "-", "U", "N if cause is cleared, else -", "-", "LU" } },
};
// clang-format on

static const enum latch kind_of[128] = {
	['n'] = LATCH_NONE, ['o'] = LATCH_OWN, ['p'] = LATCH_PANEL
};

static struct alarm
alarm_in(enum alarm_state state, enum alarm_cause cause, enum latch latch)
{
	struct alarm a = { .state = state, .latch = latch, .condition = COND_FAULT };
	a.cause = state == ALARM_RETURNED ? cause : CAUSE_NONE;
	return a;
}

// What the code does in one cell, in the words of the page, for one cause and quality.
static void
observe(const struct expectation *e, enum alarm_state state, enum alarm_cause cause,
    enum latch latch, bool good, char out[static WORD])
{
	struct alarm a = alarm_in(state, cause, latch);
	struct alarm_step step = alarm_apply(&a, e->event, good);
	const char *to = "?";
	switch (step.verdict) {
	case ALARM_UNCHANGED:
		to = "-";
		break;
	case ALARM_REFUSED:
		to = "x";
		break;
	case ALARM_UNREACHABLE:
		to = ".";
		break;
	case ALARM_MOVED:
		to = short_states[a.state];
		break;
	}
	bool named = step.verdict == ALARM_MOVED && a.state == ALARM_RETURNED;
	(void)snprintf(out, WORD, "%s%s%s", to, named ? " " : "",
	    named ? alarm_cause_name(a.cause) : "");
	if (step.verdict != ALARM_MOVED) {
		assert_int_equal(a.state, state);
		assert_int_equal(a.latch, latch);
	}
	assert_int_equal(a.cause != CAUSE_NONE, a.state == ALARM_RETURNED);
	assert_int_equal(step.reason != NULL, step.verdict == ALARM_REFUSED);
	assert_int_equal(step.new_occurrence,
	    step.verdict == ALARM_MOVED && e->event == ALARM_EV_TRUE);
}

// The cell for one latch kind, with both qualities and all causes folded into words.
static void
cell_words(const struct expectation *e, enum alarm_state state, enum latch k,
    char out[static WORDS])
{
	char good[WORD], bad[WORD], other[WORD];
	observe(e, state, CAUSE_CLEARED, k, true, good);
	observe(e, state, CAUSE_CLEARED, k, false, bad);
	(void)snprintf(out, WORDS, "%s", good);
	if (strcmp(good, bad) != 0) {
		assert_string_equal(bad, "x");
		(void)snprintf(
		    out, WORDS, "%s (refused while quality is not good)", good);
	}
	if (state != ALARM_RETURNED)
		return;
	observe(e, state, CAUSE_PANEL_RESET, k, true, other);
	observe(e, state, CAUSE_WITHDRAWN, k, true, bad);
	assert_string_equal(other, bad);
	if (strcmp(good, other) != 0)
		(void)snprintf(
		    out, WORDS, "%s if cause is cleared, else %s", good, other);
}

static void
test_every_cell_of_the_table(void **ctx)
{
	(void)ctx;
	unsigned walked = 0;
	for (size_t r = 0; r < ARRAY_LEN(expected); r++) {
		const struct expectation *e = &expected[r];
		for (const char *k = e->kinds; *k != '\0'; k++) {
			for (int s = 0; s < ALARM_STATE_COUNT; s++) {
				char words[WORDS];
				cell_words(e, (enum alarm_state)s,
				    kind_of[(unsigned char)*k], words);
				if (strcmp(words, e->cells[s]) != 0)
					print_error("%s, kind %c, state %s\n", e->title,
					    *k, short_states[s]);
				assert_string_equal(words, e->cells[s]);
				walked++;
			}
		}
	}
	// events x latch kinds x states: nothing left out, nothing twice
	assert_int_equal(walked, ALARM_EV_COUNT * LATCH_COUNT * ALARM_STATE_COUNT);
}

static void
test_refusals_name_their_reason(void **ctx)
{
	(void)ctx;
	static const struct {
		enum alarm_state state;
		enum latch latch;
		bool good;
		const char *reason;
	} cases[] = {
		{ ALARM_UNACKNOWLEDGED, LATCH_OWN, true, "condition_active" },
		{ ALARM_ACKNOWLEDGED, LATCH_OWN, true, "condition_active" },
		{ ALARM_LATCHED_UNACKNOWLEDGED, LATCH_OWN, true, "not_acknowledged" },
		{ ALARM_LATCHED_ACKNOWLEDGED, LATCH_OWN, false, "quality_not_good" },
		{ ALARM_ACKNOWLEDGED, LATCH_PANEL, true, "latch_not_ours" },
		{ ALARM_NORMAL, LATCH_NONE, true, "latch_not_ours" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct alarm a = alarm_in(cases[i].state, CAUSE_NONE, cases[i].latch);
		struct alarm_step s =
		    alarm_apply(&a, ALARM_EV_OWN_RESET, cases[i].good);
		assert_int_equal(s.verdict, ALARM_REFUSED);
		assert_string_equal(s.reason, cases[i].reason);
		assert_int_equal(a.state, cases[i].state);
	}
}

static void
test_sound_and_debt_per_state(void **ctx)
{
	(void)ctx;
	static const bool sounds[] = { false, true, false, false, true, false };
	static const bool owed[] = { false, true, false, true, true, false };
	for (int s = 0; s < ALARM_STATE_COUNT; s++) {
		struct alarm a =
		    alarm_in((enum alarm_state)s, CAUSE_CLEARED, LATCH_OWN);
		assert_int_equal(alarm_sounds(&a), sounds[s]);
		assert_int_equal(alarm_owed(&a), owed[s]);
		a.flags = FLAG_SHELVED;
		assert_false(alarm_sounds(&a));
		assert_int_equal(alarm_owed(&a), owed[s]);
	}
}

// I14: no flag, and no mix of flags, silences a fire that did not begin in test mode.
static void
test_I14_no_flag_silences_a_fire(void **ctx)
{
	(void)ctx;
	for (unsigned flags = 0; flags < 16; flags++) {
		struct alarm a = { .condition = COND_FIRE, .latch = LATCH_PANEL };
		assert_int_equal(
		    alarm_apply(&a, ALARM_EV_TRUE, true).verdict, ALARM_MOVED);
		a.flags = (uint8_t)flags;
		assert_false(alarm_hidden(&a));
		assert_true(alarm_sounds(&a));
	}
}

// Nor one that the site calls so: it never is a test either.
static void
test_I14_no_flag_silences_what_is_called_a_fire(void **ctx)
{
	(void)ctx;
	const char *reason;
	for (unsigned flags = 0; flags < 16; flags++) {
		struct alarm a = { .condition = COND_SECURITY,
			.latch = LATCH_OWN,
			.flags = (uint8_t)flags,
			.called_fire = true };
		assert_int_equal(
		    alarm_apply(&a, ALARM_EV_TRUE, true).verdict, ALARM_MOVED);
		assert_false(a.test_onset);
		assert_false(alarm_hidden(&a));
		assert_int_equal(alarm_voice(&a), VOICE_ALARM);
		assert_false(alarm_flag_allowed(&a, FLAG_SHELVED, &reason));
		assert_string_equal(reason, "fire_not_shelved");
		assert_false(alarm_flag_allowed(&a, FLAG_TEST_MODE, &reason));
		assert_int_equal(
		    alarm_apply(&a, ALARM_EV_ACKNOWLEDGE, true).verdict, ALARM_MOVED);
	}
}

static void
test_I14_flags_refused_on_a_fire(void **ctx)
{
	(void)ctx;
	const char *reason = "unset";
	struct alarm a = { .condition = COND_FIRE, .latch = LATCH_PANEL };
	assert_true(alarm_flag_allowed(&a, FLAG_TEST_MODE, &reason));
	assert_null(reason);
	for (int s = ALARM_UNACKNOWLEDGED; s < ALARM_STATE_COUNT; s++) {
		a.state = (enum alarm_state)s;
		assert_false(alarm_flag_allowed(&a, FLAG_TEST_MODE, &reason));
		assert_string_equal(reason, "fire_open");
		assert_false(alarm_flag_allowed(&a, FLAG_SHELVED, &reason));
		assert_string_equal(reason, "fire_not_shelved");
		assert_false(alarm_flag_allowed(&a, FLAG_SUPPRESSED, &reason));
		assert_string_equal(reason, "fire_not_suppressed");
		assert_true(alarm_flag_allowed(&a, FLAG_ISOLATED, &reason));
		assert_null(reason);
	}
	a.condition = COND_SUPERVISORY;
	for (unsigned f = FLAG_SHELVED; f <= FLAG_TEST_MODE; f <<= 1)
		assert_true(alarm_flag_allowed(&a, (enum alarm_flag)f, &reason));
}

// I14: a fire in test mode has its label, no sound of the real kind; when the test ends
// it is real: unacknowledged again, and it sounds.
static void
test_I14_a_fire_open_when_its_test_ends_is_real(void **ctx)
{
	(void)ctx;
	struct alarm a = {
		.condition = COND_FIRE, .latch = LATCH_PANEL, .flags = FLAG_TEST_MODE
	};
	(void)alarm_apply(&a, ALARM_EV_TRUE, true);
	assert_true(a.test_onset);
	assert_true(alarm_hidden(&a));
	assert_false(alarm_sounds(&a));
	assert_int_equal(
	    alarm_apply(&a, ALARM_EV_ACKNOWLEDGE, true).verdict, ALARM_MOVED);
	assert_int_equal(a.state, ALARM_ACKNOWLEDGED);

	a.flags = 0;
	assert_int_equal(alarm_apply(&a, ALARM_EV_UNHIDE, true).verdict, ALARM_MOVED);
	assert_int_equal(a.state, ALARM_UNACKNOWLEDGED);
	assert_false(a.test_onset);
	a.flags = FLAG_TEST_MODE;
	assert_true(alarm_sounds(&a));
}

static void
test_label_is_fixed_at_onset(void **ctx)
{
	(void)ctx;
	struct alarm a = { .condition = COND_FAULT, .latch = LATCH_NONE };
	(void)alarm_apply(&a, ALARM_EV_TRUE, true);
	a.flags = FLAG_TEST_MODE;
	assert_false(a.test_onset);
	assert_false(alarm_hidden(&a));
	(void)alarm_apply(&a, ALARM_EV_CLEAR, true);
	(void)alarm_apply(&a, ALARM_EV_TRUE, true);
	assert_true(a.test_onset);
}

static void
test_acknowledge_while_hidden_changes_nothing(void **ctx)
{
	(void)ctx;
	static const enum alarm_flag hiding[] = { FLAG_SHELVED, FLAG_ISOLATED,
		FLAG_SUPPRESSED };
	for (size_t i = 0; i < ARRAY_LEN(hiding); i++) {
		struct alarm a = alarm_in(ALARM_UNACKNOWLEDGED, CAUSE_NONE, LATCH_NONE);
		a.flags = (uint8_t)hiding[i];
		struct alarm_step s = alarm_apply(&a, ALARM_EV_ACKNOWLEDGE, true);
		assert_int_equal(s.verdict, ALARM_UNCHANGED);
		assert_int_equal(a.state, ALARM_UNACKNOWLEDGED);
		a.condition = COND_FIRE;
		s = alarm_apply(&a, ALARM_EV_ACKNOWLEDGE, true);
		assert_int_equal(s.verdict, ALARM_MOVED);
	}
}

static void
test_unhide_while_still_hidden_is_a_bug_and_moves_nothing(void **ctx)
{
	(void)ctx;
	struct alarm a = alarm_in(ALARM_RETURNED, CAUSE_CLEARED, LATCH_NONE);
	a.flags = FLAG_ISOLATED;
	assert_int_equal(
	    alarm_apply(&a, ALARM_EV_UNHIDE, true).verdict, ALARM_UNREACHABLE);
	assert_int_equal(a.state, ALARM_RETURNED);
}

static void
test_fire_and_panic_always_latch(void **ctx)
{
	(void)ctx;
	assert_int_equal(alarm_latch_for(COND_FIRE, false, LATCH_NONE), LATCH_OWN);
	assert_int_equal(alarm_latch_for(COND_FIRE, false, LATCH_PANEL), LATCH_PANEL);
	assert_int_equal(alarm_latch_for(COND_SECURITY, true, LATCH_NONE), LATCH_OWN);
	assert_int_equal(alarm_latch_for(COND_SECURITY, false, LATCH_NONE), LATCH_NONE);
	assert_int_equal(alarm_latch_for(COND_FAULT, false, LATCH_OWN), LATCH_OWN);
}

static void
test_names_go_both_ways(void **ctx)
{
	(void)ctx;
	for (int i = 0; i < ALARM_STATE_COUNT; i++) {
		enum alarm_state s;
		assert_true(
		    alarm_state_from_name(alarm_state_name((enum alarm_state)i), &s));
		assert_int_equal(s, i);
	}
	for (int i = 0; i < CAUSE_COUNT; i++) {
		enum alarm_cause c;
		assert_true(
		    alarm_cause_from_name(alarm_cause_name((enum alarm_cause)i), &c));
		assert_int_equal(c, i);
	}
	for (int i = 0; i < LATCH_COUNT; i++) {
		enum latch l;
		assert_true(latch_from_name(latch_name((enum latch)i), &l));
		assert_int_equal(l, i);
	}
	enum alarm_state s;
	assert_false(alarm_state_from_name("Normal", &s));
	assert_string_equal(alarm_cause_name(CAUSE_NONE), "");
}

// --- the walk -----------------------------------------------------------------------

// A situation: the alarm, and what the walk knows beside it.
struct world {
	struct alarm a;
	bool raw;       // what the field says
	bool lost;      // the link is down
	bool withdrawn; // the point was removed
	bool unseen;    // an onset that nobody has acknowledged since
};

enum {
	WORLDS = 1 << 18
};

static struct walk {
	unsigned char seen[WORLDS];
	struct world queue[WORLDS];
	unsigned head, tail;
	unsigned reached[LATCH_COUNT][ALARM_STATE_COUNT];
} walk;

static unsigned
world_number(const struct world *w)
{
	unsigned n = (unsigned)w->a.state; // 3 bits
	n = n << 2 | (unsigned)w->a.cause;
	n = n << 2 | (unsigned)w->a.latch;
	n = n << 1 | (w->a.condition == COND_FIRE);
	n = n << 4 | w->a.flags;
	n = n << 1 | w->a.test_onset;
	n = n << 1 | w->raw;
	n = n << 1 | w->lost;
	n = n << 1 | w->withdrawn;
	n = n << 1 | w->unseen;
	assert_true(n < WORLDS);
	return n;
}

static void
walk_visit(const struct world *w)
{
	unsigned n = world_number(w);
	if (walk.seen[n])
		return;
	walk.seen[n] = 1;
	walk.queue[walk.tail++] = *w;
	walk.reached[w->a.latch][w->a.state]++;
}

// What must hold in every situation.
static void
check_world(const struct world *w, enum alarm_event by)
{
	const struct alarm *a = &w->a;
	bool fire = a->condition == COND_FIRE;
	bool normal = a->state == ALARM_NORMAL;
	bool real = !a->test_onset;

	if (fire && normal)
		assert_false(w->unseen);
	if (!fire && normal && w->unseen)
		assert_int_equal(by, ALARM_EV_UNHIDE);
	assert_int_equal(a->cause != CAUSE_NONE, a->state == ALARM_RETURNED);
	if (w->raw && !w->withdrawn)
		assert_true(
		    a->state == ALARM_UNACKNOWLEDGED || a->state == ALARM_ACKNOWLEDGED);
	if (fire && real && a->state == ALARM_UNACKNOWLEDGED)
		assert_true(alarm_sounds(a));
	if (fire && (a->flags & FLAG_TEST_MODE) == 0 &&
	    a->state == ALARM_LATCHED_UNACKNOWLEDGED)
		assert_true(alarm_sounds(a));
}

static void
walk_apply(struct world w, enum alarm_event event)
{
	struct alarm before = w.a;
	struct alarm_step s = alarm_apply(&w.a, event, !w.lost);
	assert_int_not_equal(s.verdict, ALARM_UNREACHABLE);
	bool acknowledged = event == ALARM_EV_ACKNOWLEDGE && s.verdict == ALARM_MOVED;
	bool alarms_again = s.verdict == ALARM_MOVED && alarm_owed(&w.a);
	if (acknowledged)
		w.unseen = false;
	else if (alarms_again)
		w.unseen = true;
	if (event == ALARM_EV_LINK_LOST || event == ALARM_EV_LINK_BACK ||
	    event == ALARM_EV_PANEL_RESET)
		assert_int_equal(w.a.state, before.state);
	check_world(&w, event);
	if (w.a.state == ALARM_NORMAL)
		w.unseen = false; // the record is gone; the next onset is a new alarm
	walk_visit(&w);
}

static void
walk_flag(struct world w, enum alarm_flag flag)
{
	const char *reason;
	bool hidden = alarm_hidden(&w.a);
	if ((w.a.flags & flag) == 0) {
		if (!alarm_flag_allowed(&w.a, flag, &reason))
			return;
		w.a.flags |= (uint8_t)flag;
	} else {
		w.a.flags &= (uint8_t)~flag;
	}
	if (hidden && !alarm_hidden(&w.a))
		walk_apply(w, ALARM_EV_UNHIDE);
	else
		walk_visit(&w);
}

static void
walk_from(const struct world *w)
{
	static const enum alarm_event anywhere[] = { ALARM_EV_ACKNOWLEDGE,
		ALARM_EV_PANEL_RESET, ALARM_EV_REALARM };
	struct world next = *w;

	for (size_t i = 0; i < ARRAY_LEN(anywhere); i++)
		walk_apply(*w, anywhere[i]);
	for (unsigned f = FLAG_SHELVED; f <= FLAG_TEST_MODE; f <<= 1)
		walk_flag(*w, (enum alarm_flag)f);
	if (w->withdrawn)
		return;
	walk_apply(*w, ALARM_EV_OWN_RESET);
	next.lost = !w->lost;
	walk_apply(next, w->lost ? ALARM_EV_LINK_BACK : ALARM_EV_LINK_LOST);
	next = *w;
	next.withdrawn = true;
	walk_apply(next, ALARM_EV_WITHDRAWN);
	if (w->lost)
		return; // nothing is heard of the condition
	next = *w;
	next.raw = true;
	walk_apply(next, ALARM_EV_TRUE);
	next.raw = false;
	walk_apply(next, ALARM_EV_CLEAR);
}

static void
walk_all(enum condition condition)
{
	memset(&walk, 0, sizeof(walk));
	for (int k = 0; k < LATCH_COUNT; k++) {
		enum latch latch = alarm_latch_for(condition, false, (enum latch)k);
		struct world w = { .a = { .condition = condition, .latch = latch } };
		walk_visit(&w);
	}
	while (walk.head < walk.tail)
		walk_from(&walk.queue[walk.head++]);
	assert_true(walk.tail > 100);
}

static void
assert_reached(enum latch k, const char *states)
{
	for (int s = 0; s < ALARM_STATE_COUNT; s++) {
		bool reached = walk.reached[k][s] > 0;
		assert_int_equal(reached, states[s] == '1');
	}
}

static void
test_no_sequence_clears_an_unacknowledged_fire(void **ctx)
{
	(void)ctx;
	walk_all(COND_FIRE);
	// N U A R LU LA; own reaches R by withdrawal only
	assert_reached(LATCH_NONE, "000000");
	assert_reached(LATCH_OWN, "111111");
	assert_reached(LATCH_PANEL, "111100");
}

static void
test_no_sequence_loses_another_alarm_but_by_unhide(void **ctx)
{
	(void)ctx;
	walk_all(COND_FAULT);
	assert_reached(LATCH_NONE, "111100");
	assert_reached(LATCH_OWN, "111111");
	assert_reached(LATCH_PANEL, "111100");
}

// --- the page -----------------------------------------------------------------------

static void
print_table(void)
{
	(void)printf(
	    "| event | N | U | A | R | LU | LA |\n|---|---|---|---|---|---|---|\n");
	for (size_t r = 0; r < ARRAY_LEN(expected); r++) {
		const struct expectation *e = &expected[r];
		(void)printf("| %s |", e->title);
		for (int s = 0; s < ALARM_STATE_COUNT; s++) {
			char words[WORDS];
			cell_words(e, (enum alarm_state)s,
			    kind_of[(unsigned char)e->kinds[0]], words);
			(void)printf(" %s |", words);
		}
		(void)printf("\n");
	}
}

static void
print_flags(void)
{
	static const char *const names[] = { "shelved", "isolated", "suppressed",
		"test_mode" };
	static const enum condition conditions[] = { COND_FIRE, COND_FAULT };
	(void)printf(
	    "\n| flag | set on an open fire | hides a fire | set on another open "
	    "alarm | hides another |\n|---|---|---|---|---|\n");
	for (unsigned f = 0; f < 4; f++) {
		(void)printf("| %s |", names[f]);
		for (size_t c = 0; c < ARRAY_LEN(conditions); c++) {
			const char *reason;
			struct alarm a = { .state = ALARM_UNACKNOWLEDGED,
				.latch = LATCH_OWN,
				.condition = conditions[c] };
			bool ok =
			    alarm_flag_allowed(&a, (enum alarm_flag)(1U << f), &reason);
			a.flags = (uint8_t)(1U << f);
			bool hidden = alarm_hidden(&a);
			a.test_onset = true;
			bool onset = alarm_hidden(&a) && !hidden;
			(void)printf(" %s%s | %s |",
			    ok ? "yes" : "refused: ", ok ? "" : reason,
			    hidden  ? "yes"
			    : onset ? "only one that began under it"
				    : "no");
		}
		(void)printf("\n");
	}
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--print-table") == 0) {
		print_table();
		print_flags();
		return 0;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_cell_of_the_table),
		cmocka_unit_test(test_refusals_name_their_reason),
		cmocka_unit_test(test_sound_and_debt_per_state),
		cmocka_unit_test(test_I14_no_flag_silences_a_fire),
		cmocka_unit_test(test_I14_no_flag_silences_what_is_called_a_fire),
		cmocka_unit_test(test_I14_flags_refused_on_a_fire),
		cmocka_unit_test(test_I14_a_fire_open_when_its_test_ends_is_real),
		cmocka_unit_test(test_label_is_fixed_at_onset),
		cmocka_unit_test(test_acknowledge_while_hidden_changes_nothing),
		cmocka_unit_test(
		    test_unhide_while_still_hidden_is_a_bug_and_moves_nothing),
		cmocka_unit_test(test_fire_and_panic_always_latch),
		cmocka_unit_test(test_names_go_both_ways),
		cmocka_unit_test(test_no_sequence_clears_an_unacknowledged_fire),
		cmocka_unit_test(test_no_sequence_loses_another_alarm_but_by_unhide),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
