// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Look-ups that work, fail and hang. getaddrinfo is replaced here: a name says what
// becomes of it, and one that hangs waits for the test. Run it under the thread
// sanitizer too.
#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/mem.h"
#include "lib/names.h"
#include "test.h"

enum {
	AT_ONCE = 2,
	DEADLINE_MS = 60000
};

static sem_t let_go;
static atomic_uint hanging, most_hanging;

static int
answer(const char *address, struct addrinfo **out)
{
	struct addrinfo *a = xcalloc(1, sizeof *a + sizeof(struct sockaddr_in));
	struct sockaddr_in *in = (struct sockaddr_in *)(void *)(a + 1);
	in->sin_family = AF_INET;
	if (inet_pton(AF_INET, address, &in->sin_addr) != 1) {
		free(a);
		return EAI_NONAME;
	}
	a->ai_addr = (struct sockaddr *)(void *)in;
	a->ai_addrlen = sizeof *in;
	*out = a;
	return 0;
}

// In place of the C library's.
int
getaddrinfo(const char *restrict node, const char *restrict service,
    const struct addrinfo *restrict hints, struct addrinfo **restrict out)
{
	(void)service;
	if (hints->ai_flags & AI_NUMERICHOST)
		return answer(node, out);
	if (strcmp(node, "hangs") == 0) {
		unsigned now = atomic_fetch_add(&hanging, 1) + 1;
		if (now > atomic_load(&most_hanging))
			atomic_store(&most_hanging, now);
		while (sem_wait(&let_go) != 0)
			;
		(void)atomic_fetch_sub(&hanging, 1);
	}
	if (strcmp(node, "none") == 0)
		return EAI_NONAME;
	return answer("192.0.2.7", out);
}

void
freeaddrinfo(struct addrinfo *a)
{
	free(a);
}

struct rig {
	struct loop *loop;
	struct names *names;
	struct loop_timer deadline;
	unsigned done, wanted;
	int error;
	struct sockaddr_in address;
};

static void
on_deadline(void *arg)
{
	(void)arg;
	fail_msg("nothing came");
}

static int
setup(void **state)
{
	struct rig *g = xcalloc(1, sizeof *g);
	g->loop = loop_new(clock_real());
	g->names = names_new(g->loop, AT_ONCE);
	loop_timer_init(&g->deadline, on_deadline, g);
	loop_timer_in(g->loop, &g->deadline, DEADLINE_MS);
	(void)sem_init(&let_go, 0, 0);
	atomic_store(&most_hanging, 0);
	*state = g;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *g = *state;
	names_free(g->names);
	loop_timer_stop(g->loop, &g->deadline);
	loop_free(g->loop);
	free(g);
	// Threads that hung must be gone before the next test.
	while (atomic_load(&hanging) > 0)
		(void)sem_post(&let_go);
	return 0;
}

static void
on_done(void *arg, const struct names_answer *a)
{
	struct rig *g = arg;
	g->error = a->error;
	if (a->error == 0)
		memcpy(&g->address, &a->address, sizeof g->address);
	if (++g->done == g->wanted)
		loop_stop(g->loop);
}

static void
run_until(struct rig *g, unsigned wanted)
{
	g->wanted = wanted;
	if (g->done < wanted)
		assert_int_equal(loop_run(g->loop), 0);
}

static void
wait_hanging(unsigned n)
{
	const struct timespec soon = { .tv_nsec = 1000000 };
	while (atomic_load(&hanging) < n)
		(void)nanosleep(&soon, NULL);
}

static void
a_name_has_an_address_or_a_reason(void **state)
{
	struct rig *g = *state;
	(void)names_ask(g->names, "nvr.example", on_done, g);
	run_until(g, 1);
	assert_int_equal(g->error, 0);
	assert_int_equal(g->address.sin_addr.s_addr, inet_addr("192.0.2.7"));
	(void)names_ask(g->names, "none", on_done, g);
	run_until(g, 2);
	assert_int_equal(g->error, EAI_NONAME);
}

static void
i1_a_resolver_that_hangs_holds_no_more_than_its_threads(void **state)
{
	struct rig *g = *state;
	for (int i = 0; i < 20; i++)
		(void)names_ask(g->names, "hangs", on_done, g);
	wait_hanging(AT_ONCE);
	assert_int_equal(g->done, 0);
	assert_int_equal(atomic_load(&hanging), AT_ONCE);
	for (int i = 0; i < 20; i++)
		(void)sem_post(&let_go);
	run_until(g, 20);
	assert_true(atomic_load(&most_hanging) <= AT_ONCE);
}

static void
a_cancelled_query_brings_nothing(void **state)
{
	struct rig *g = *state;
	struct names_query *running[AT_ONCE], *waiting;
	for (int i = 0; i < AT_ONCE; i++)
		running[i] = names_ask(g->names, "hangs", on_done, g);
	waiting = names_ask(g->names, "nvr.example", on_done, g);
	wait_hanging(AT_ONCE);
	names_cancel(waiting);
	for (int i = 0; i < AT_ONCE; i++) {
		names_cancel(running[i]);
		(void)sem_post(&let_go);
	}
	(void)names_ask(g->names, "none", on_done, g);
	run_until(g, 1);
	assert_int_equal(g->error, EAI_NONAME);
}

static void
freeing_does_not_wait_for_a_resolver_that_hangs(void **state)
{
	struct rig *g = *state;
	for (int i = 0; i < AT_ONCE + 2; i++)
		(void)names_ask(g->names, "hangs", on_done, g);
	wait_hanging(AT_ONCE);
	names_free(g->names);
	g->names = NULL;
	assert_int_equal(atomic_load(&hanging), AT_ONCE);
	assert_int_equal(g->done, 0);
}

static void
a_numeric_address_needs_no_thread(void **state)
{
	struct names_answer a;
	(void)state;
	assert_true(names_numeric("192.0.2.9", &a));
	assert_int_equal(a.len, sizeof(struct sockaddr_in));
	assert_false(names_numeric("nvr.example", &a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_name_has_an_address_or_a_reason, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    i1_a_resolver_that_hangs_holds_no_more_than_its_threads, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    a_cancelled_query_brings_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    freeing_does_not_wait_for_a_resolver_that_hangs, setup, teardown),
		cmocka_unit_test(a_numeric_address_needs_no_thread),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
