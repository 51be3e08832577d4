// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Every order in which alarm, acknowledgement, commit, sending, receipt, a failed
// attempt, a crash, a disk that is away and a full mailbox can follow each other,
// within bounds, on the real engine and outbox. From each state all that is on its way
// is let arrive: no alarm and no notice may be lost. Prints the number of states.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "outbox_world.h"
#include "test.h"

enum {
	PATH_MAX_STEPS = 64,
	KEY_BYTES = 4096,
	BUCKETS = 1 << 20
};

// A state, by the step that led to it first.
struct state {
	struct state *next; // of the bucket
	uint32_t from;      // index of the state before
	uint8_t action, depth;
	char key[];
};

static struct {
	struct state **all;
	size_t n, room;
	struct state **buckets;
	unsigned long steps;
} seen;

static uint32_t
hash(const char *s)
{
	uint32_t h = 2166136261u; // FNV-1a
	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return h;
}

// False: it is known.
static bool
remember(const char *key, uint32_t from, uint8_t action, uint8_t depth)
{
	struct state **bucket = &seen.buckets[hash(key) % BUCKETS];
	for (const struct state *s = *bucket; s != NULL; s = s->next) {
		if (strcmp(s->key, key) == 0)
			return false;
	}
	size_t len = strlen(key) + 1;
	struct state *s = xcalloc(1, sizeof(*s) + len);
	memcpy(s->key, key, len);
	s->from = from;
	s->action = action;
	s->depth = depth;
	s->next = *bucket;
	*bucket = s;
	if (seen.n == seen.room) {
		seen.room = seen.room == 0 ? 4096 : seen.room * 2;
		seen.all = xreallocarray(seen.all, seen.room, sizeof(struct state *));
	}
	seen.all[seen.n++] = s;
	return true;
}

static unsigned
path_to(uint32_t index, uint8_t path[static PATH_MAX_STEPS])
{
	unsigned depth = seen.all[index]->depth;
	assert_in_range(depth, 0, PATH_MAX_STEPS - 1);
	for (unsigned i = depth; i > 0; i--) {
		path[i - 1] = seen.all[index]->action;
		index = seen.all[index]->from;
	}
	return depth;
}

// The steps of the world that is being built, for the message when a rule is broken.
static uint8_t current[PATH_MAX_STEPS];
static unsigned current_n;

static bool
step(enum action a)
{
	if (!world_do(a))
		return false;
	seen.steps++;
	return true;
}

static void
build(const struct world_bounds *bounds, const uint8_t *path, unsigned n)
{
	world_begin(bounds);
	current_n = 0;
	for (unsigned i = 0; i < n; i++) {
		current[current_n++] = path[i];
		assert_true(step((enum action)path[i]));
	}
}

static void
expand(uint32_t index, const struct world_bounds *bounds)
{
	static char key[KEY_BYTES];
	uint8_t path[PATH_MAX_STEPS];
	unsigned n = path_to(index, path);
	for (enum action a = 0; a < ACTION_COUNT; a++) {
		build(bounds, path, n);
		current[current_n++] = (uint8_t)a;
		if (step(a)) {
			world_key(key, sizeof(key));
			if (remember(key, index, (uint8_t)a, (uint8_t)(n + 1)))
				world_finish();
		}
		world_end();
	}
}

static size_t
explore(const struct world_bounds *bounds)
{
	static char key[KEY_BYTES];
	seen.buckets = xcalloc(BUCKETS, sizeof(struct state *));
	build(bounds, NULL, 0);
	world_key(key, sizeof(key));
	world_end();
	(void)remember(key, 0, 0, 0);
	for (uint32_t i = 0; i < seen.n; i++)
		expand(i, bounds);
	size_t n = seen.n;
	(void)printf(
	    "onsets %u, crashes %u, failed attempts %u, disk %u, mailbox %u, ticks %u: "
	    "%zu states, %lu steps, longest %u\n",
	    bounds->onsets, bounds->crashes, bounds->fails, bounds->disks, bounds->jams,
	    bounds->ticks, n, seen.steps, seen.all[n - 1]->depth);
	for (size_t i = 0; i < n; i++)
		free(seen.all[i]);
	free(seen.all);
	free(seen.buckets);
	memset(&seen, 0, sizeof(seen));
	return n;
}

static bool failed = true;

static void
tell_path(void)
{
	if (!failed)
		return;
	(void)fprintf(stderr, "steps:");
	for (unsigned i = 0; i < current_n; i++)
		(void)fprintf(stderr, " %s", action_names[current[i]]);
	(void)fprintf(stderr, "\n");
}

static void
test_i3_i5_no_order_of_things_loses_an_alarm_or_a_notice(void **state)
{
	static const struct world_bounds usual[] = {
		{ .onsets = 2, .ticks = 1 },
		{ .onsets = 1, .crashes = 2, .fails = 1 },
		{ .onsets = 1, .crashes = 1, .disks = 2, .ticks = 2 },
		{ .onsets = 1, .crashes = 1, .jams = 2 },
	};
	static const struct world_bounds many[] = {
		{ .onsets = 2, .crashes = 1 },
		{ .onsets = 2, .jams = 2 },
		{ .onsets = 2, .crashes = 2 },
		{ .onsets = 2, .crashes = 1, .fails = 1, .disks = 2 },
	};
	(void)state;
	failed = true;
	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		assert_true(explore(&usual[i]) > 100);
	for (size_t i = 0; getenv("WATCHROOM_LONG") != NULL && i < ARRAY_LEN(many); i++)
		assert_true(explore(&many[i]) > 1000);
	failed = false;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_i3_i5_no_order_of_things_loses_an_alarm_or_a_notice),
	};
	world_open(getenv("TEST_PANELS"));
	int result = cmocka_run_group_tests(tests, NULL, NULL);
	tell_path();
	world_close();
	return result;
}
