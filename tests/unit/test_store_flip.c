// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// One byte of the store's files changed, anywhere: in the databases or in their logs,
// as a kill has left them. The store opens and writes all the same; what was lost by it
// is never lost in silence (I2, I4, I11). The seed is printed; WATCHROOM_SEED repeats a
// run, WATCHROOM_FLIPS changes how many.
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/mem.h"
#include "store_fixture.h"
#include "test.h"

enum {
	FILES = 4,
	EVENTS = 260,
	FLIPS = 60
};

static const char *const names[FILES] = { "journal.db", "journal.db-wal", "readings.db",
	"readings.db-wal" };

struct image {
	uint8_t *data;
	size_t len;
};

static uint64_t state;

static uint64_t
next(void) // xorshift64*
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * UINT64_C(2685821657736338717);
}

static uint64_t
number_from(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static bool
written(const struct store_fixture *f)
{
	return store_fixture_idle(f) && f->done_units > 0;
}

static void
add(struct store_fixture *f, unsigned from, unsigned n)
{
	for (unsigned i = from; i < from + n; i++) {
		struct event e;
		store_fixture_event(f, &e, EVENT_ALARM_ONSET, COND_FIRE, i % 90);
		store_fixture_add(f, &e);
	}
}

static void
read_image(const struct store_fixture *f, const char *name, struct image *out)
{
	struct stat st;
	int fd = open(store_fixture_path(f, name), O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	out->len = (size_t)st.st_size;
	out->data = xmalloc(out->len + 1);
	assert_int_equal(read(fd, out->data, out->len), out->len);
	(void)close(fd);
}

static void
write_image(const struct store_fixture *f, const char *name, const struct image *in)
{
	int fd = open(store_fixture_path(f, name),
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, in->data, in->len), in->len);
	(void)close(fd);
}

// The files as a kill leaves them: half in the databases, half in the logs.
static void
make_images(struct image images[static FILES])
{
	struct store_fixture f;
	const struct minute m = { .minute_utc_ms = FIXTURE_UTC_MS,
		.good_ms = 60000,
		.samples = 60,
		.integral = 60000 };
	store_fixture_new(&f, false);
	for (unsigned half = 0; half < 2; half++) {
		assert_true(store_fixture_open(&f));
		f.done_units = 0;
		store_minute(f.store, "p1", &m);
		for (unsigned i = 0; i < EVENTS / 2; i += 13) {
			add(&f, i, 13);
			assert_true(store_fixture_wait(&f, written, 10000));
		}
		f.next_seq = 0;
		if (half == 0)
			store_fixture_close(&f);
	}
	for (unsigned i = 0; i < FILES; i++)
		read_image(&f, names[i], &images[i]);
	store_fixture_free(&f);
}

static int64_t
sound_events(const struct store_fixture *f, bool *bad)
{
	struct verify_result v;
	struct err err = { 0 };
	bool opened =
	    store_verify(store_fixture_path(f, "journal.db"), NULL, &v, &err) == 0;
	*bad = !opened || v.reason[0] != '\0';
	assert_true(!*bad || !opened || v.first_bad_seq != 0); // it names where
	return opened ? v.events : 0;
}

// Returns why the flip was harmless or how it was told; NULL: it was lost in silence.
static const char *
judge(struct store_fixture *f, unsigned added)
{
	unsigned loud = 1u << STORE_CORRUPT | 1u << STORE_NEWER;
	bool bad;
	int64_t n = sound_events(f, &bad);
	if ((f->modes_seen & loud) != 0)
		return "told";
	if (bad)
		return "found by verify";
	return n == EVENTS + (int64_t)added ? "harmless" : NULL;
}

static const char *
flip_one(const struct image images[static FILES], size_t file, size_t at, uint8_t mask)
{
	struct store_fixture f;
	const char *verdict = NULL;
	store_fixture_new(&f, false);
	images[file].data[at] ^= mask;
	for (unsigned i = 0; i < FILES; i++)
		write_image(&f, names[i], &images[i]);
	images[file].data[at] ^= mask;
	if (store_fixture_open(&f)) {
		add(&f, 0, 5);
		if (store_fixture_wait(&f, written, 20000)) {
			store_fixture_close(&f);
			verdict = judge(&f, 5);
		}
	}
	store_fixture_free(&f);
	return verdict;
}

static void
flip_many(uint64_t seed, uint64_t flips)
{
	struct image images[FILES];
	size_t sum = 0;
	unsigned n[3] = { 0 };
	print_message("WATCHROOM_SEED=%llu\n", (unsigned long long)seed);
	state = seed * 2 + 1;
	make_images(images);
	for (unsigned i = 0; i < FILES; i++)
		sum += images[i].len;
	assert_true(images[1].len > 100000);
	for (uint64_t i = 0; i < flips; i++) {
		size_t file = next() % FILES;
		// Half of them where a file says what it is.
		size_t at = next() % (i % 2 != 0 ? images[file].len : 100);
		uint8_t mask = (uint8_t)(1 + next() % 255);
		const char *verdict = flip_one(images, file, at, mask);
		if (verdict == NULL)
			fail_msg("%s byte %zu mask %02x: nobody was told (seed %llu)",
			    names[file], at, mask, (unsigned long long)seed);
		n[verdict[0] == 't' ? 0 : verdict[0] == 'f' ? 1 : 2]++;
	}
	print_message(
	    "%llu flips in %zu bytes: %u told, %u found by verify, %u harmless\n",
	    (unsigned long long)flips, sum, n[0], n[1], n[2]);
	assert_true(n[0] > 0);
	for (unsigned i = 0; i < FILES; i++)
		free(images[i].data);
}

static void
test_i2_i4_a_flipped_byte_is_never_lost_in_silence(void **unused)
{
	(void)unused;
	flip_many(number_from("WATCHROOM_SEED", (uint64_t)time(NULL)),
	    number_from("WATCHROOM_FLIPS", FLIPS));
}

// Runs that once failed: a byte of the schema, after which no statement fits any more.
static void
test_i2_i4_flips_that_were_once_lost(void **unused)
{
	(void)unused;
	flip_many(1795719006, FLIPS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_i2_i4_a_flipped_byte_is_never_lost_in_silence),
		cmocka_unit_test(test_i2_i4_flips_that_were_once_lost),
	};
	return cmocka_run_group_tests_name("store_flip", tests, NULL, NULL);
}
