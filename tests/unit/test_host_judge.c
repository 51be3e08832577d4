// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// When a host is lost and when it is back, by table: each case is a run of checks, a
// letter a check, and the states they must give. With what is looked for in answers and
// the ends of certificates, which are as pure.
#include <stdio.h>
#include <string.h>

#include "drivers/host_expiry.h"
#include "drivers/host_find.h"
#include "drivers/host_judge.h"
#include "test.h"

// Checks: g good, t timeout, r refused, a auth, s wrong-status, n no route of ours.
// With the way: lower case open, T timeout while it is unsure, X while it is cut.
// Between checks, of the parent: ( it is open after all, ) it is cut.
// States: ? unasked, u up, L lost, b blind.
static void
feed(struct host_judge *j, const struct host *def, char c, bool *asks)
{
	static const char letters[] = "gtrasnTX";
	static const struct {
		enum host_code code;
		enum host_blind blind;
		enum host_way way;
	} checks[] = {
		{ HOST_ANSWERS, HOST_SEEN, WAY_OPEN },
		{ HOST_TIMEOUT, HOST_SEEN, WAY_OPEN },
		{ HOST_REFUSED, HOST_SEEN, WAY_OPEN },
		{ HOST_AUTH, HOST_SEEN, WAY_OPEN },
		{ HOST_WRONG_STATUS, HOST_SEEN, WAY_OPEN },
		{ HOST_TIMEOUT, HOST_NO_ROUTE, WAY_OPEN },
		{ HOST_TIMEOUT, HOST_SEEN, WAY_UNSURE },
		{ HOST_TIMEOUT, HOST_SEEN, WAY_CUT },
	};
	*asks = false;
	if (c == '(' || c == ')') {
		host_judge_way(j, c == '(' ? WAY_OPEN : WAY_CUT);
		return;
	}
	const char *at = strchr(letters, c);
	assert_non_null(at);
	size_t i = (size_t)(at - letters);
	*asks =
	    host_judge_check(j, def, checks[i].code, checks[i].blind, checks[i].way);
}

struct run {
	uint8_t misses, of;
	const char *checks, *states;
	enum host_code code; // at the end
};

// clang-format off
static const struct run runs[] = {
	// One miss of one: at once, both ways.
	{ 1, 1, "gtgt", "uLuL", HOST_TIMEOUT },
	// Two of three: one alone is nothing, and it is back when one is left.
	{ 2, 3, "gtgtg", "uuuLu", HOST_ANSWERS },
	{ 2, 3, "gttgg", "uuLLu", HOST_ANSWERS },
	{ 2, 3, "gtggtgg", "uuuuuuu", HOST_ANSWERS },
	// From the start: unknown until there is a verdict.
	{ 2, 3, "tt", "?L", HOST_TIMEOUT },
	{ 3, 5, "ttgt", "??uL", HOST_TIMEOUT },
	{ 2, 2, "tg", "?u", HOST_ANSWERS },
	// One absence keeps its first code; a service that fails otherwise is believed
	// at the second time.
	{ 1, 1, "gtrrr", "uLLLL", HOST_TIMEOUT },
	{ 1, 1, "gra", "uLL", HOST_REFUSED },
	{ 1, 1, "graa", "uLLL", HOST_AUTH },
	{ 1, 1, "graras", "uLLLLL", HOST_REFUSED },
	{ 1, 1, "gaattt", "uLLLLL", HOST_TIMEOUT },
	{ 1, 1, "gatagt", "uLLLuL", HOST_TIMEOUT },
	// Our own end: unknown, never lost, and it counts for nothing.
	{ 1, 1, "gnnnng", "ubbbbu", HOST_ANSWERS },
	{ 1, 1, "nt", "bL", HOST_TIMEOUT },
	{ 2, 3, "gtnt", "uubL", HOST_TIMEOUT },
	{ 2, 3, "gnt", "ub?", HOST_ANSWERS },
	// Lost, then blind, then lost again: the same absence.
	{ 1, 1, "grnt", "uLbL", HOST_REFUSED },
	{ 1, 1, "granns", "uLLbbL", HOST_WRONG_STATUS },
	{ 1, 1, "grng", "uLbu", HOST_ANSWERS },
	// The parent is cut: unknown, and what failed before counts no more.
	{ 1, 1, "gXXX", "ubbb", HOST_ANSWERS },
	{ 2, 3, "gtXt", "uub?", HOST_ANSWERS },
	{ 2, 3, "gXtt", "ub?L", HOST_TIMEOUT },
	// The way is unsure: the verdict waits for the parent.
	{ 1, 1, "gT(", "uuL", HOST_TIMEOUT },
	{ 1, 1, "gT)", "uub", HOST_ANSWERS },
	{ 1, 1, "gTT(", "uuuL", HOST_TIMEOUT },
	{ 1, 1, "gTg(", "uuuu", HOST_ANSWERS },
	{ 1, 1, "gTg)", "uuuu", HOST_ANSWERS },
	{ 1, 1, "gTt", "uuL", HOST_TIMEOUT },
	{ 1, 1, "T(", "?L", HOST_TIMEOUT },
	// What answers wrongly has been reached, whatever the parent says.
	{ 1, 1, "ga", "uL", HOST_AUTH },
	// The parent's verdict alone moves nobody who did not fail.
	{ 1, 1, "g)g(", "uuuu", HOST_ANSWERS },
	{ 1, 1, "gt)", "uLL", HOST_TIMEOUT },
};
// clang-format on

static void
test_runs(void **state)
{
	static const char names[] = "?uLb";
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(runs); i++) {
		const struct run *r = &runs[i];
		const struct host def = { .misses = r->misses, .of = r->of };
		struct host_judge j = { 0 };
		char states[32] = "";
		bool asks;
		assert_int_equal(strlen(r->checks), strlen(r->states));
		for (size_t k = 0; r->checks[k]; k++) {
			feed(&j, &def, r->checks[k], &asks);
			states[k] = names[j.state];
			// The parent is asked where a verdict waits, and only there.
			assert_int_equal(
			    asks, r->checks[k] == 'T' && j.pending != HOST_ANSWERS);
		}
		if (strcmp(states, r->states) != 0 || j.code != r->code)
			fail_msg("%u of %u: %s: %s, not %s; code %s", r->misses, r->of,
			    r->checks, states, r->states, host_code_name(j.code));
	}
}

// I6: nothing but an answer makes a host up; nothing but a check that could have got
// through makes it lost. Random runs.
static void
test_i6_up_by_an_answer_only(void **state)
{
	static const char letters[] = "gtrasnTX()";
	uint32_t random = 1;
	(void)state;
	for (int run = 0; run < 20000; run++) {
		struct host def = { .of = (uint8_t)(1 + random % HOST_WINDOW_MAX) };
		def.misses = (uint8_t)(1 + random / 7 % def.of);
		struct host_judge j = { 0 };
		for (int i = 0; i < 40; i++) {
			random = random * 1664525u + 1013904223u;
			char c = letters[(random >> 16) % (sizeof(letters) - 1)];
			enum host_state before = j.state;
			bool asks;
			feed(&j, &def, c, &asks);
			if (j.state == HOST_UP && before != HOST_UP)
				assert_int_equal(c, 'g');
			if (j.state == HOST_LOST && before != HOST_LOST)
				assert_non_null(strchr("tras(", c));
			if (c == 'n' || c == 'X')
				assert_int_equal(j.state, HOST_BLIND);
			assert_int_equal(
			    j.state == HOST_LOST && j.code == HOST_ANSWERS, 0);
			assert_true(j.state != HOST_UP || j.code == HOST_ANSWERS);
		}
	}
}

static void
test_find_in_pieces(void **state)
{
	static const char body[] =
	    "v=0\r\no=- 1 1 IN IP4 x\r\nm=audio 0\r\nm=vidm=video"
	    "\r\nm=video 0 RTP/AVP 26\r\n";
	static const char *const texts[] = { "\nm=video ", "v=0", "26\r\n", "m=vidm",
		"x", body };
	(void)state;
	for (size_t t = 0; t < ARRAY_LEN(texts); t++)
		for (size_t step = 1; step < sizeof(body); step++) {
			struct host_find f;
			bool found = false;
			host_find_init(&f, texts[t]);
			for (size_t at = 0; at < sizeof(body) - 1; at += step) {
				size_t left = sizeof(body) - 1 - at;
				found = host_find_feed(
					    &f, body + at, left < step ? left : step) ||
					found;
			}
			assert_true(found);
		}
	struct host_find f;
	host_find_init(&f, "\nm=video ");
	const char *end = strstr(body, "\nm=video ") + strlen("\nm=video ");
	for (const char *at = body; at < end; at++)
		assert_int_equal(host_find_feed(&f, at, 1), at == end - 1);
	assert_false(host_find_feed(&f, "", 0));
}

static void
test_expiry(void **state)
{
	(void)state;
	assert_int_equal(host_expiry("Jan  1 00:00:00 1970 GMT"), 0);
	assert_int_equal(host_expiry("Jan  1 00:00:01 1970 GMT"), 1);
	assert_int_equal(host_expiry("Nov 25 22:39:00 2026 GMT"), 1795646340);
	assert_int_equal(host_expiry(" Feb 29 12:00:00 2028 GMT"), 1835438400);
	static const char *const bad[] = { "", "Nov 25 22:39:00 2026", "Now",
		"Nov 25 22:39:00 2026 CET", "Nox 25 22:39:00 2026 GMT",
		"ovD 25 22:39:00 2026 GMT", "Nov 32 22:39:00 2026 GMT",
		"Nov 25 24:39:00 2026 GMT", "Nov 25 22:39:00 2026 GMT x",
		"2026-11-25T22:39:00Z" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(host_expiry(bad[i]), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_i6_up_by_an_answer_only),
		cmocka_unit_test(test_find_in_pieces),
		cmocka_unit_test(test_expiry),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
