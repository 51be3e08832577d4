// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The watch over hosts on a virtual clock, asked by a fake that answers as each host is
// told to: places, phases, retries, passwords held back, parents; and that the
// detection budget that --check prints is kept by random plans with random faults.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/budget.h"
#include "drivers/host_watch.h"
#include "lib/mem.h"
#include "test.h"

enum {
	MAX = 400,
	SECOND = 1000,
	MINUTE = 60 * SECOND,
	HOUR = 60 * MINUTE
};

// How a host of the test behaves.
struct behaviour {
	enum host_code code;
	enum host_blind blind;
	bool reached;
	int64_t after_ms; // HOST_TIMEOUT: at the time-out, whatever stands here
	bool wants_word;  // without the password: HOST_AUTH
	int64_t certificate_end_s;
};

struct rig {
	struct clock clock;
	struct loop *loop;
	struct site site;
	struct host hosts[MAX];
	char ids[MAX][16], addresses[MAX][16];
	struct behaviour behaviour[MAX];
	struct host_watch *watch;
	struct host_status status[MAX];
	// What was seen.
	unsigned busy, most_busy, most_at_one_address;
	unsigned at_address[MAX];
	unsigned tries[MAX], words[MAX], reports[MAX];
	int64_t last_try_ms[MAX], longest_gap_ms[MAX], lost_at_ms[MAX];
	struct loop_timer stop;
};

static struct rig *the_rig; // the asker has no way to it but this

// ---- the asker --------------------------------------------------------------------

struct asker {
	struct loop *loop;
};

struct host_try {
	struct rig *rig;
	unsigned host;
	bool with_word;
	struct loop_timer timer;
	host_tried *done;
	void *arg;
};

static unsigned
address_of(const struct rig *g, unsigned host)
{
	unsigned i = 0;
	while (strcmp(g->addresses[i], g->addresses[host]) != 0)
		i++;
	return i;
}

static void
leave(struct host_try *t)
{
	t->rig->busy--;
	t->rig->at_address[address_of(t->rig, t->host)]--;
	loop_timer_stop(t->rig->loop, &t->timer);
	free(t);
}

static void
on_answer(void *arg)
{
	struct host_try t = *(struct host_try *)arg;
	const struct behaviour *b = &t.rig->behaviour[t.host];
	struct host_outcome o = {
		.code = b->code,
		.blind = b->blind,
		.reached = b->reached,
		.round_trip_us = 100,
		.word_used = t.with_word,
		.certificate_end_s = b->certificate_end_s,
	};
	if (b->wants_word && !t.with_word && o.code == HOST_ANSWERS)
		o.code = HOST_AUTH;
	leave(arg);
	t.done(t.arg, &o);
}

static struct host_try *
fake_start(struct asker *a, const struct host_question *q, host_tried *done, void *arg)
{
	struct rig *g = the_rig;
	struct host_try *t = xcalloc(1, sizeof *t);
	unsigned i = 0;
	(void)a;
	while (strcmp(g->ids[i], q->host->id) != 0)
		i++;
	bool word = q->give_word && q->host->user[0] != '\0';
	*t = (struct host_try){
		.rig = g, .host = i, .with_word = word, .done = done, .arg = arg
	};
	const struct behaviour *b = &g->behaviour[i];
	loop_timer_init(&t->timer, on_answer, t);
	loop_timer_in(g->loop, &t->timer,
	    b->code == HOST_TIMEOUT ? q->host->timeout_ms : b->after_ms);

	int64_t now = loop_now_ms(g->loop);
	if (g->tries[i] > 0 && now - g->last_try_ms[i] > g->longest_gap_ms[i])
		g->longest_gap_ms[i] = now - g->last_try_ms[i];
	g->last_try_ms[i] = now;
	g->tries[i]++;
	g->words[i] += word;
	if (++g->busy > g->most_busy)
		g->most_busy = g->busy;
	unsigned here = ++g->at_address[address_of(g, i)];
	if (here > g->most_at_one_address)
		g->most_at_one_address = here;
	return t;
}

static struct asker *
fake_open(struct loop *l)
{
	struct asker *a = xcalloc(1, sizeof *a);
	a->loop = l;
	return a;
}

static void
fake_close(struct asker *a)
{
	free(a);
}

static void
fake_forget(void *kept)
{
	assert_null(kept);
}

static const struct asker_kind fake = {
	.name = "fake",
	.open = fake_open,
	.close = fake_close,
	.start = fake_start,
	.cancel = leave,
	.forget = fake_forget,
};

// ---- the rig ----------------------------------------------------------------------

static int
setup(void **state)
{
	struct rig *g = xcalloc(1, sizeof *g);
	clock_virtual_init(&g->clock, 1000000, 1700000000000);
	g->loop = loop_new(&g->clock);
	g->site.hosts = g->hosts;
	the_rig = g;
	*state = g;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *g = *state;
	host_watch_free(g->watch);
	assert_int_equal(g->busy, 0);
	loop_timer_stop(g->loop, &g->stop);
	loop_free(g->loop);
	free(g);
	return 0;
}

// Adds a host of its own address that answers at once.
static unsigned
add(struct rig *g)
{
	unsigned i = g->site.n_hosts++;
	assert_true(i < MAX);
	(void)snprintf(g->ids[i], sizeof g->ids[i], "h%u", i);
	(void)snprintf(g->addresses[i], sizeof g->addresses[i], "127.0.%u.%u",
	    1 + i / 250, 1 + i % 250);
	g->hosts[i] = (struct host){ .id = g->ids[i],
		.point = i,
		.parent = INDEX_NONE,
		.check = (enum host_check)(i % HOST_CHECK_COUNT),
		.address = g->addresses[i],
		.url = "",
		.shown = "",
		.user = "",
		.password = "",
		.marker = "",
		.ca = "",
		.pin = "",
		.period_ms = 30 * SECOND,
		.timeout_ms = 5 * SECOND,
		.look_up_ms = 5 * SECOND,
		.connect_ms = 5 * SECOND,
		.first_byte_ms = 5 * SECOND,
		.retries = 1,
		.misses = 2,
		.of = 3,
		.warn_ms = 21u * 24 * HOUR };
	g->behaviour[i].after_ms = 2;
	return i;
}

static void
add_many(struct rig *g, unsigned n)
{
	while (n-- > 0)
		(void)add(g);
}

static void
on_report(void *ctx, uint16_t host, const struct host_status *s)
{
	struct rig *g = ctx;
	if (s->state == HOST_LOST && g->status[host].state != HOST_LOST)
		g->lost_at_ms[host] = loop_now_ms(g->loop);
	g->status[host] = *s;
	g->reports[host]++;
}

static void
start(struct rig *g)
{
	static const struct asker_kind *const fakes[HOST_CHECK_COUNT] = { &fake, &fake,
		&fake, &fake };
	const struct host_watch_host host = { .ctx = g, .report = on_report };
	g->watch = host_watch_new(
	    g->loop, hosts_copy(&g->site), g->site.n_hosts, &host, fakes);
}

static void
on_stop(void *arg)
{
	loop_stop(((struct rig *)arg)->loop);
}

static void
run(struct rig *g, int64_t ms)
{
	loop_timer_init(&g->stop, on_stop, g);
	loop_timer_in(g->loop, &g->stop, ms);
	assert_int_equal(loop_run(g->loop), 0);
}

static void
dies(struct rig *g, unsigned i)
{
	g->behaviour[i] = (struct behaviour){ .code = HOST_TIMEOUT };
}

static void
lives(struct rig *g, unsigned i)
{
	g->behaviour[i] = (struct behaviour){ .after_ms = 2 };
}

static unsigned
count(const struct rig *g, enum host_state s)
{
	unsigned n = 0;
	for (unsigned i = 0; i < g->site.n_hosts; i++)
		n += g->status[i].state == s;
	return n;
}

// ---- when and how many ------------------------------------------------------------

static void
every_host_is_asked_within_seconds_and_then_by_its_period(void **state)
{
	struct rig *g = *state;
	add_many(g, 200);
	start(g);
	run(g, 5 * SECOND + 10);
	assert_int_equal(count(g, HOST_UP), 200);
	run(g, 10 * MINUTE);
	for (unsigned i = 0; i < 200; i++) {
		assert_in_range(g->tries[i], 20, 22);
		assert_true(g->longest_gap_ms[i] <= 33 * SECOND);
	}
}

// 200 answers at the same moment would be a burst in the network; spread, few meet.
static void
phases_are_spread(void **state)
{
	struct rig *g = *state;
	add_many(g, 300);
	for (unsigned i = 0; i < 300; i++)
		g->behaviour[i].after_ms = 100;
	start(g);
	run(g, MINUTE);
	g->most_busy = 0;
	run(g, 10 * MINUTE);
	// 300 in 30 s: one in 100 ms on average.
	assert_true(g->most_busy <= 10);
}

// I7: what is gone delays nobody who is there.
static void
i7_dead_hosts_harm_no_healthy_one(void **state)
{
	struct rig *g = *state;
	add_many(g, 380);
	start(g);
	run(g, MINUTE);
	for (unsigned i = 0; i < 360; i++) {
		dies(g, i);
		g->tries[i] = 0;
	}
	run(g, 10 * MINUTE);
	assert_int_equal(count(g, HOST_LOST), 360);
	assert_int_equal(count(g, HOST_UP), 20);
	assert_true(g->most_busy <= HOST_CHECKS_MAX);
	for (unsigned i = 360; i < 380; i++)
		assert_true(g->longest_gap_ms[i] <= 33 * SECOND);
	for (unsigned i = 0; i < 360; i++) // no retries for what is known to be gone
		assert_in_range(g->tries[i], 20, 24);
}

// More than the bound are gone from the start: those who answer go before them.
static void
i7_who_answers_goes_before_who_is_lost(void **state)
{
	struct rig *g = *state;
	add_many(g, 400);
	for (unsigned i = 0; i < 400; i++)
		g->hosts[i].period_ms = 6 * SECOND;
	for (unsigned i = 0; i < 380; i++)
		dies(g, i);
	start(g);
	run(g, 2 * MINUTE);
	memset(g->longest_gap_ms, 0, sizeof g->longest_gap_ms);
	run(g, 10 * MINUTE);
	assert_int_equal(count(g, HOST_UP), 20);
	assert_true(g->most_busy <= HOST_CHECKS_MAX);
	for (unsigned i = 380; i < 400; i++)
		assert_true(g->longest_gap_ms[i] <= 7 * SECOND);
}

static void
no_more_than_two_are_asked_at_one_address(void **state)
{
	struct rig *g = *state;
	add_many(g, 16);
	for (unsigned i = 0; i < 16; i++) {
		(void)str_copy(g->addresses[i], sizeof g->addresses[i], "127.0.1.1");
		g->hosts[i].period_ms = MINUTE;
		dies(g, i);
	}
	start(g);
	run(g, HOUR);
	assert_int_equal(g->most_at_one_address, HOST_CHECKS_PER_ADDRESS);
	assert_int_equal(count(g, HOST_LOST), 16);
	for (unsigned i = 0; i < 16; i++)
		assert_true(g->longest_gap_ms[i] <= 66 * SECOND + 16 * 5 * SECOND / 2);
}

static void
a_check_has_its_tries(void **state)
{
	struct rig *g = *state;
	unsigned i = add(g);
	g->hosts[i].retries = 3;
	g->hosts[i].misses = g->hosts[i].of = 1;
	g->behaviour[i] =
	    (struct behaviour){ .code = HOST_REFUSED, .reached = true, .after_ms = 1 };
	start(g);
	run(g, 10 * SECOND);
	assert_int_equal(g->tries[i], 4);
	assert_int_equal(g->status[i].checks, 1);
	assert_int_equal(g->status[i].state, HOST_LOST);
	assert_int_equal(g->status[i].code, HOST_REFUSED);
}

static void
a_lost_host_that_answers_is_back_soon(void **state)
{
	struct rig *g = *state;
	unsigned i = add(g);
	dies(g, i);
	start(g);
	run(g, 2 * MINUTE);
	assert_int_equal(g->status[i].state, HOST_LOST);
	lives(g, i);
	run(g, 32 * SECOND + 3 * SECOND);
	assert_int_equal(g->status[i].state, HOST_UP);
	assert_int_equal(g->status[i].code, HOST_ANSWERS);
	assert_true(g->status[i].answered_ms > 0);
	assert_int_equal(g->status[i].round_trip_us, 100);
}

// ---- passwords --------------------------------------------------------------------

// Devices lock accounts: a wrong password is put to the host a few times an hour, while
// it goes on being asked whether it is there.
static void
a_refused_password_is_held_back(void **state)
{
	struct rig *g = *state;
	unsigned i = add(g);
	g->hosts[i].user = "monitor";
	g->hosts[i].password = "wrong";
	g->behaviour[i] = (struct behaviour){ .code = HOST_AUTH, .after_ms = 2 };
	start(g);
	run(g, 40 * SECOND);
	assert_int_equal(g->status[i].state, HOST_LOST);
	assert_int_equal(g->status[i].code, HOST_AUTH);
	assert_int_equal(g->words[i], 1);
	assert_true(g->tries[i] >= 2);
	run(g, 24 * HOUR);
	assert_in_range(g->words[i], 40, 52); // each half hour, after 5, 10 and 20 min
	assert_in_range(g->tries[i], 24 * 119, 24 * 121 + 60);
	// It goes altogether, and is gone; it comes back, and its password is right.
	dies(g, i);
	run(g, 2 * MINUTE);
	assert_int_equal(g->status[i].code, HOST_TIMEOUT);
	g->behaviour[i] = (struct behaviour){ .after_ms = 2, .wants_word = true };
	run(g, HOUR);
	assert_int_equal(g->status[i].state, HOST_UP);
	assert_int_equal(g->status[i].held_until_ms, 0);
	unsigned before = g->words[i];
	run(g, HOUR);
	assert_in_range(g->words[i] - before, 118, 122);
}

static void
a_certificate_that_ends_is_a_warning(void **state)
{
	struct rig *g = *state;
	unsigned i = add(g);
	int64_t day = 24 * 3600;
	g->behaviour[i].certificate_end_s = 1700000000 + 22 * day;
	start(g);
	run(g, MINUTE);
	assert_false(g->status[i].warned);
	run(g, 24 * HOUR);
	assert_true(g->status[i].warned);
	assert_int_equal(g->status[i].state, HOST_UP);
	g->behaviour[i].certificate_end_s = 1700000000 + 400 * day;
	run(g, MINUTE);
	assert_false(g->status[i].warned);
}

// ---- parents ----------------------------------------------------------------------

static void
a_dead_parent_is_one_fault(void **state)
{
	struct rig *g = *state;
	add_many(g, 120);
	g->hosts[0].period_ms = 10 * SECOND;
	for (unsigned i = 1; i < 120; i++)
		g->hosts[i].parent = i < 60 ? 0 : (uint16_t)(i - 59); // two floors
	start(g);
	run(g, 2 * MINUTE);
	assert_int_equal(count(g, HOST_UP), 120);
	for (unsigned i = 0; i < 120; i++)
		dies(g, i);
	run(g, 10 * MINUTE);
	assert_int_equal(g->status[0].state, HOST_LOST);
	assert_int_equal(count(g, HOST_LOST), 1);
	assert_int_equal(count(g, HOST_BLIND), 119);
	for (unsigned i = 1; i < 120; i++)
		assert_int_equal(g->status[i].blind, HOST_BEHIND_PARENT);
	for (unsigned i = 0; i < 120; i++)
		assert_int_equal(i != 0 && g->lost_at_ms[i] != 0, 0);
	// All is back within the parent's period and seconds.
	for (unsigned i = 0; i < 120; i++)
		lives(g, i);
	run(g, 15 * SECOND + 2 * 3 * SECOND);
	assert_int_equal(count(g, HOST_UP), 120);
	for (unsigned i = 1; i < 120; i++)
		assert_int_equal(g->lost_at_ms[i], 0);
}

static void
a_dead_child_of_a_living_parent_is_a_fault(void **state)
{
	struct rig *g = *state;
	add_many(g, 3);
	g->hosts[1].parent = g->hosts[2].parent = 0;
	g->hosts[0].period_ms = HOUR; // asked because of the child, not by its period
	start(g);
	run(g, MINUTE);
	dies(g, 1);
	run(g, 100 * SECOND);
	assert_int_equal(g->status[1].state, HOST_LOST);
	assert_int_equal(g->status[1].code, HOST_TIMEOUT);
	assert_int_equal(g->status[0].state, HOST_UP);
	assert_int_equal(g->status[2].state, HOST_UP);
	assert_true(g->tries[0] >= 2);
}

// A parent that is there but does not do what it should cuts nobody off.
static void
a_parent_with_a_wrong_password_hides_nobody(void **state)
{
	struct rig *g = *state;
	add_many(g, 2);
	g->hosts[1].parent = 0;
	g->behaviour[0] =
	    (struct behaviour){ .code = HOST_WRONG_STATUS, .after_ms = 1 };
	dies(g, 1);
	start(g);
	run(g, 5 * MINUTE);
	assert_int_equal(g->status[0].state, HOST_LOST);
	assert_int_equal(g->status[1].state, HOST_LOST);
}

// A parent that answers no check of its own but lets the others through.
static void
a_child_that_answers_is_up_whatever_the_parent(void **state)
{
	struct rig *g = *state;
	add_many(g, 2);
	g->hosts[1].parent = 0;
	dies(g, 0);
	start(g);
	run(g, 5 * MINUTE);
	assert_int_equal(g->status[0].state, HOST_LOST);
	assert_int_equal(g->status[1].state, HOST_UP);
}

static void
i6_without_a_network_of_our_own_all_is_unknown(void **state)
{
	struct rig *g = *state;
	add_many(g, 50);
	start(g);
	run(g, MINUTE);
	for (unsigned i = 0; i < 50; i++)
		g->behaviour[i] = (struct behaviour){
			.code = HOST_UNREACHABLE, .blind = HOST_LINK_DOWN, .after_ms = 1
		};
	run(g, 10 * MINUTE);
	assert_int_equal(count(g, HOST_BLIND), 50);
	for (unsigned i = 0; i < 50; i++) {
		assert_int_equal(g->lost_at_ms[i], 0);
		lives(g, i);
	}
	run(g, MINUTE);
	assert_int_equal(count(g, HOST_UP), 50);
}

// ---- the detection budget ---------------------------------------------------------

static uint32_t
below(uint32_t n)
{
	static uint64_t x = 88172645463325252;
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)(x >> 33) % n;
}

static void
plan(struct rig *g, unsigned n)
{
	for (unsigned k = 0; k < n; k++) {
		struct host *h = &g->hosts[add(g)];
		h->retries = (uint8_t)below(4);
		h->timeout_ms = 100 + below(5000);
		h->period_ms = (h->retries + 1u) * (h->timeout_ms + HOST_RETRY_GAP_MS) +
			       below(60 * SECOND);
		h->of = (uint8_t)(1 + below(5));
		h->misses = (uint8_t)(1 + below(h->of));
	}
}

// From gone to fault never later than --check says, and the figure is not far off.
static void
the_detection_budget_is_kept(void **state)
{
	struct rig *g = *state;
	double worst = 0;
	plan(g, 50);
	start(g);
	run(g, 10 * MINUTE);
	for (int round = 0; round < 20; round++) {
		unsigned i = below(50);
		struct host_budget b = budget_of_host(&g->site, (uint16_t)i);
		for (unsigned k = 0; k < 50; k++)
			lives(g, k);
		run(g, 10 * MINUTE + below(10 * MINUTE));
		assert_int_equal(count(g, HOST_UP), 50);
		// Others die with it: a third of all.
		for (unsigned k = 0; k < 50; k++)
			if (k == i || below(3) == 0)
				dies(g, k);
		int64_t died = loop_now_ms(g->loop);
		g->lost_at_ms[i] = 0;
		run(g, b.worst_ms + 1);
		if (g->lost_at_ms[i] == 0)
			fail_msg("not within %u ms", b.worst_ms);
		double share = (double)(g->lost_at_ms[i] - died) / (double)b.worst_ms;
		worst = share > worst ? share : worst;
	}
	print_message("worst seen: %.2f of the bound\n", worst);
	assert_true(worst > 1 / 1.5);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(every_host_is_asked_within_seconds_and_then_by_its_period),
		T(phases_are_spread),
		T(i7_dead_hosts_harm_no_healthy_one),
		T(i7_who_answers_goes_before_who_is_lost),
		T(no_more_than_two_are_asked_at_one_address),
		T(a_check_has_its_tries),
		T(a_lost_host_that_answers_is_back_soon),
		T(a_refused_password_is_held_back),
		T(a_certificate_that_ends_is_a_warning),
		T(a_dead_parent_is_one_fault),
		T(a_dead_child_of_a_living_parent_is_a_fault),
		T(a_parent_with_a_wrong_password_hides_nobody),
		T(a_child_that_answers_is_up_whatever_the_parent),
		T(i6_without_a_network_of_our_own_all_is_unknown),
		T(the_detection_budget_is_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
