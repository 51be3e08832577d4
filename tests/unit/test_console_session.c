// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Sessions over hours, the brake on guessing, the ring of items and request targets:
// the parts of the console that need no server, and sessions against the people with
// one.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console/ring.h"
#include "console/session.h"
#include "console/target.h"
#include "console/throttle.h"
#include "console_fixture.h"
#include "lib/mem.h"
#include "test.h"

// --- sessions ---------------------------------------------------------------------

static const struct session *
find(struct sessions *all, const char *token, int64_t now_ms)
{
	char header[120];

	(void)snprintf(header, sizeof(header), "x=1; watchroom=%s; y=2", token);
	return sessions_find(all, header, now_ms, true);
}

static void
test_session_ends_after_12_idle_hours(void **state)
{
	struct sessions *all = xcalloc(1, sizeof(*all));
	struct session who = { .user = "wang" };
	char token[SESSION_HEX];
	const int64_t hour = 3600 * 1000;

	(void)state;
	(void)sessions_open(all, &who, 0, token);
	for (int64_t h = 11; h <= 110; h += 11)
		assert_non_null(find(all, token, h * hour)); // in use
	assert_null(find(all, token, 110 * hour + SESSION_IDLE_MS + 1));
	assert_null(find(all, token, 110 * hour)); // gone for good
	free(all);
}

static void
test_token_must_be_exact(void **state)
{
	struct sessions *all = xcalloc(1, sizeof(*all));
	struct session who = { .user = "wang" };
	char token[SESSION_HEX], other[SESSION_HEX];

	(void)state;
	const struct session *s = sessions_open(all, &who, 0, token);
	assert_true(session_csrf_is(s, s->csrf));
	assert_false(session_csrf_is(s, NULL));
	assert_false(session_csrf_is(s, ""));
	assert_false(session_csrf_is(s, token));
	// What is kept shows no token.
	assert_null(memmem(all, sizeof(*all), token, SESSION_HEX - 1));
	memcpy(other, token, sizeof(other));
	other[63] = other[63] == '0' ? '1' : '0';
	assert_null(find(all, other, 1));
	assert_null(sessions_find(all, "watchroom=", 1, true));
	assert_null(sessions_find(all, "watchroom", 1, true));
	assert_null(sessions_find(all, NULL, 1, true));
	assert_non_null(find(all, token, 1));
	free(all);
}

static void
test_the_65th_session_ends_the_one_unused_for_longest(void **state)
{
	struct sessions *all = xcalloc(1, sizeof(*all));
	struct session who = { .user = "wang" };
	char token[SESSIONS_MAX + 1][SESSION_HEX];

	(void)state;
	for (int i = 0; i < SESSIONS_MAX; i++)
		(void)sessions_open(all, &who, i, token[i]);
	assert_non_null(find(all, token[0], 1000)); // used again
	(void)sessions_open(all, &who, 2000, token[SESSIONS_MAX]);
	assert_non_null(find(all, token[0], 3000));
	assert_null(find(all, token[1], 3000));
	assert_non_null(find(all, token[2], 3000));
	assert_non_null(find(all, token[SESSIONS_MAX], 3000));
	free(all);
}

static void
test_person_switched_off_loses_the_session(void **state)
{
	struct fixture *f = *state;
	char session[400];

	log_in(f, "wang", "1234", session);
	pass(f, 30000);
	pass(f, 30000);
	expect(ask(f, "GET /api/v1/state", session, NULL), 200, "\"user\":\"wang\"");
	fake_store.fails = true; // people cannot be read: nothing changes
	fake_store.people[0].enabled = false;
	pass(f, 30000);
	expect(ask(f, "GET /api/v1/state", session, NULL), 200, "\"user\":\"wang\"");
	fake_store.fails = false;
	pass(f, 30000);
	expect(ask(f, "GET /api/v1/state", session, NULL), 200, "\"session\":null");
	assert_string_equal(f->daemon.audit, "session.close wang ");
}

static void
test_new_pin_ends_the_session(void **state)
{
	struct fixture *f = *state;
	char session[400];

	log_in(f, "wang", "1234", session);
	memcpy(fake_store.people[0].pin_hash, fake_store.people[1].pin_hash,
	    sizeof(fake_store.people[0].pin_hash));
	pass(f, 30000);
	expect(ask(f, "GET /api/v1/state", session, NULL), 200, "\"session\":null");
}

// A page left open asks for the state all the time; nobody is there.
static void
test_looking_does_not_keep_a_session(void **state)
{
	struct fixture *f = *state;
	char session[400];

	log_in(f, "wang", "1234", session);
	pass(f, SESSION_IDLE_MS / 2);
	expect(ask(f, "GET /api/v1/state", session, NULL), 200, "\"user\":\"wang\"");
	pass(f, SESSION_IDLE_MS / 2 - 1000);
	expect(ask(f, "POST /api/v1/silence", session, "{}"), 200, NULL);
	pass(f, SESSION_IDLE_MS - 1000);
	expect(ask(f, "GET /api/v1/state", session, NULL), 200, "\"user\":\"wang\"");
	pass(f, 2000);
	expect(ask(f, "GET /api/v1/state", session, NULL), 200, "\"session\":null");
}

static void
test_idle_session_is_closed_and_journaled(void **state)
{
	struct fixture *f = *state;
	char session[400];

	log_in(f, "wang", "1234", session);
	pass(f, (int64_t)SESSION_IDLE_MS + 31000);
	assert_string_equal(f->daemon.audit, "session.close wang ");
	expect(ask(f, "GET /api/v1/state", session, NULL), 200, "\"session\":null");
}

static void
test_log_in_is_tried_again_after_a_minute(void **state)
{
	struct fixture *f = *state;
	char session[400];

	for (int i = 0; i < 6; i++)
		expect(ask(f, "POST /api/v1/session", "",
			   "{\"user\":\"wang\",\"pin\":\"0000\"}"),
		    i < 5 ? 401 : 429, NULL);
	pass(f, 59000);
	expect(
	    ask(f, "POST /api/v1/session", "", "{\"user\":\"wang\",\"pin\":\"1234\"}"),
	    429, NULL);
	pass(f, 1000);
	log_in(f, "wang", "1234", session);
}

// --- the brake --------------------------------------------------------------------

static void
test_throttle_counts_names_and_addresses_apart(void **state)
{
	struct throttle *t = xcalloc(1, sizeof(*t));
	const unsigned char a[16] = { 1 }, b[16] = { 2 };
	char name[8];

	(void)state;
	// Five names from one address.
	for (int i = 0; i < 5; i++) {
		(void)snprintf(name, sizeof(name), "n%d", i);
		assert_true(throttle_take(t, name, a, 0) != 0);
	}
	assert_true(throttle_take(t, "n9", a, 59999) == 0);
	assert_true(throttle_take(t, "n9", b, 59999) != 0);
	assert_true(throttle_take(t, "n9", a, 60000) != 0);
	// One name from five addresses.
	memset(t, 0, sizeof(*t));
	for (unsigned char i = 1; i <= 5; i++) {
		const unsigned char from[16] = { i };
		assert_true(throttle_take(t, "wang", from, 0) != 0);
	}
	const unsigned char other[16] = { 9 };
	assert_true(throttle_take(t, "wang", other, 1) == 0);
	assert_true(throttle_take(t, "li", other, 1) != 0);
	free(t);
}

static void
test_throttle_forgets_what_was_no_failure(void **state)
{
	struct throttle *t = xcalloc(1, sizeof(*t));
	const unsigned char a[16] = { 1 };

	(void)state;
	for (int i = 0; i < 50; i++) {
		uint64_t ticket = throttle_take(t, "wang", a, i);
		assert_true(ticket != 0);
		throttle_forgive(t, ticket);
	}
	throttle_forgive(t, 0);
	free(t);
}

// --- the ring ---------------------------------------------------------------------

static void
add(struct ring *r, uint64_t n, size_t len)
{
	char *text = xcalloc(1, len);

	ring_add(r, blob_copy(text, len), n);
	free(text);
}

static void
expect_resume(const struct ring *r, uint64_t n, bool possible, uint64_t want)
{
	uint64_t at = 0;

	assert_int_equal(ring_resume(r, n, &at), possible);
	if (possible)
		assert_int_equal(at, want);
}

static void
test_ring_resumes_after_a_journal_item(void **state)
{
	struct ring *r = xcalloc(1, sizeof(*r));

	(void)state;
	expect_resume(r, 0, true, 0);
	expect_resume(r, 1, false, 0);
	add(r, 0, 10); // 0: before any event
	add(r, 3, 10); // 1
	add(r, 0, 10); // 2: belongs to 3
	add(r, 7, 10); // 3: numbers may jump
	add(r, 0, 10); // 4
	expect_resume(r, 0, true, 0);
	expect_resume(r, 3, true, 2);
	expect_resume(r, 5, true, 2);
	expect_resume(r, 7, true, 4);
	expect_resume(r, 8, false, 0);
	ring_free(r);
	free(r);
}

static void
test_ring_is_bounded_in_items_and_bytes(void **state)
{
	struct ring *r = xcalloc(1, sizeof(*r));

	(void)state;
	for (uint64_t n = 1; n <= RING_ITEMS + 10; n++)
		add(r, n, 10);
	assert_int_equal(r->end - r->begin, RING_ITEMS);
	expect_resume(r, 9, false, 0);
	expect_resume(r, 10, true, 10);
	for (uint64_t n = RING_ITEMS + 11; n <= RING_ITEMS + 100; n++)
		add(r, n, 100000);
	assert_true(r->bytes <= RING_BYTES);
	assert_true(r->end - r->begin < 50);
	ring_free(r);
	free(r);
}

static void
test_ring_does_not_resume_where_a_lesser_item_is_lost(void **state)
{
	struct ring *r = xcalloc(1, sizeof(*r));

	(void)state;
	add(r, 1, 10);
	add(r, 0, 10); // an alarm after event 1
	for (uint64_t n = 2; n < RING_ITEMS; n++)
		add(r, n, 10);
	expect_resume(r, 1, true, 1);
	add(r, RING_ITEMS, 10); // drops event 1: its alarm is still here
	expect_resume(r, 1, true, 1);
	expect_resume(r, 0, false, 0);
	add(r, RING_ITEMS + 1, 10); // drops the alarm
	expect_resume(r, 1, false, 0);
	expect_resume(r, 2, true, 3);
	ring_free(r);
	free(r);
}

// --- targets ----------------------------------------------------------------------

static void
test_target_is_taken_apart(void **state)
{
	struct target t;

	(void)state;
	assert_int_equal(target_parse(&t, "/api/points/%40bus%2Fa?x=a+b%26c&y&z="), 0);
	assert_int_equal(t.n_segments, 3);
	assert_string_equal(t.segment[2], "@bus/a");
	assert_string_equal(t.path, "/api/points/%40bus%2Fa");
	assert_string_equal(target_value(&t, "x"), "a b&c");
	assert_string_equal(target_value(&t, "y"), "");
	assert_string_equal(target_value(&t, "z"), "");
	assert_null(target_value(&t, "q"));
	assert_int_equal(target_parse(&t, "/"), 0);
	assert_int_equal(t.n_segments, 0);
}

static void
test_odd_targets_are_refused(void **state)
{
	static const char *const odd[] = { "", "*", "x", "//", "/a//b", "/a/", "/.",
		"/..", "/a/%2e%2E", "/%", "/%0", "/%zz", "/%00", "/%1f", "/%7f", "/a b",
		"/a#b", "/a\\b", "/\x80", "/?=1", "/?a=1&a=2", "/?a=%0a",
		"/1/2/3/4/5/6/7/8/9", "/?a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1&j=1&k=1" };
	struct target t;
	char longest[TARGET_MAX + 3];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(odd); i++)
		if (target_parse(&t, odd[i]) == 0)
			fail_msg("%s is taken", odd[i]);
	memset(longest, 'a', sizeof(longest));
	longest[0] = '/';
	longest[TARGET_MAX] = '\0';
	assert_int_equal(target_parse(&t, longest), 0);
	longest[TARGET_MAX] = 'a';
	longest[TARGET_MAX + 1] = '\0';
	assert_int_equal(target_parse(&t, longest), -1);
}

static void
test_host_header(void **state)
{
	static const struct {
		const char *header;
		bool ours;
	} cases[] = {
		{ "localhost", true },
		{ "LOCALHOST:80", true },
		{ "10.0.0.5:8470", true },
		{ "192.0.2.1", true },
		{ "[::1]:8470", false },
		{ "10.0.0.5:", false },
		{ "10.0.0.5:123456", false },
		{ "10.0.0.5:80:80", false },
		{ "10.0.0.55", false },
		{ "", false },
		{ ":80", false },
		{ "[10.0.0.5", false },
		{ "localhost.", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (host_is_ours(cases[i].header, "192.0.2.1", "10.0.0.5") !=
		    cases[i].ours)
			fail_msg("%s", cases[i].header);
	assert_true(host_is_ours("[fe80::1]", "::", "fe80::1"));
	assert_false(host_is_ours(NULL, "::", "fe80::1"));
}

int
main(void)
{
#define T(f) \
  cmocka_unit_test_setup_teardown(f, console_set_up_virtual, console_tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_session_ends_after_12_idle_hours),
		cmocka_unit_test(test_token_must_be_exact),
		cmocka_unit_test(test_the_65th_session_ends_the_one_unused_for_longest),
		T(test_person_switched_off_loses_the_session),
		T(test_new_pin_ends_the_session),
		T(test_looking_does_not_keep_a_session),
		T(test_idle_session_is_closed_and_journaled),
		T(test_log_in_is_tried_again_after_a_minute),
		cmocka_unit_test(test_throttle_counts_names_and_addresses_apart),
		cmocka_unit_test(test_throttle_forgets_what_was_no_failure),
		cmocka_unit_test(test_ring_resumes_after_a_journal_item),
		cmocka_unit_test(test_ring_is_bounded_in_items_and_bytes),
		cmocka_unit_test(test_ring_does_not_resume_where_a_lesser_item_is_lost),
		cmocka_unit_test(test_target_is_taken_apart),
		cmocka_unit_test(test_odd_targets_are_refused),
		cmocka_unit_test(test_host_header),
	};
#undef T
	return cmocka_run_group_tests(tests, console_group_set_up, NULL);
}
