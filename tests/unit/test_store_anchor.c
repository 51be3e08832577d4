// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Anchors: what they sign, with which key, and what verify says of a journal that was
// written anew, cut short or signed by somebody else. And any byte of the file, turned
// over: it is found, or it is no byte that says anything.
#include <sys/stat.h>

#include <fcntl.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/mem.h"
#include "store/anchor.h"
#include "store/hex.h"
#include "store_fixture.h"
#include "test.h"

enum {
	HOUR_MS = 3600000
};

static void
open_anchored(struct store_fixture *f)
{
	store_fixture_new(f, false);
	f->options.key_directory = f->directory;
	f->options.anchor_every_ms = HOUR_MS;
	assert_true(store_fixture_open(f));
}

static bool
anchored(const struct store_fixture *f)
{
	return f->anchors > 0 && store_fixture_idle(f);
}

static bool
anchored_thrice(const struct store_fixture *f)
{
	return f->anchors >= 3 && store_fixture_idle(f);
}

static void
add_some(struct store_fixture *f, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct event e;
		store_fixture_event(f, &e, EVENT_ALARM_ONSET, COND_FIRE, i % 90);
		store_fixture_add(f, &e);
	}
}

// Ten events under an anchor, five behind it.
static void
make(struct store_fixture *f)
{
	open_anchored(f);
	add_some(f, 10);
	assert_true(store_fixture_wait(f, anchored, 10000));
	add_some(f, 5);
	assert_true(store_fixture_wait(f, store_fixture_idle, 10000));
	store_fixture_close(f);
}

static struct verify_result
verify(const struct store_fixture *f, const char *trusted)
{
	struct verify_result v;
	struct err err = { 0 };
	assert_int_equal(
	    store_verify(store_fixture_path(f, "journal.db"), trusted, &v, &err), 0);
	return v;
}

static void
assert_bad(const struct store_fixture *f, int64_t seq, const char *reason)
{
	struct verify_result v = verify(f, NULL);
	assert_string_equal(v.reason, reason);
	assert_int_equal(v.first_bad_seq, seq);
}

static void
test_signs_the_head_each_hour(void **state)
{
	(void)state;
	struct store_fixture f;
	open_anchored(&f);
	add_some(&f, 10);
	assert_true(store_fixture_wait(&f, anchored, 10000));
	assert_int_equal(f.anchor.seq, 10);
	int64_t first_ms = f.anchor.time_utc_ms;
	assert_true(store_fixture_wait(&f, anchored_thrice, 20000));
	assert_int_equal(f.anchor.time_utc_ms, first_ms + INT64_C(2) * HOUR_MS);
	store_fixture_close(&f);
	struct verify_result v = verify(&f, f.anchor.public_key);
	assert_string_equal(v.reason, "");
	assert_int_equal(v.anchors, 3);
	assert_int_equal(v.anchor_seq, 10);
	assert_string_equal(v.head_hash, f.anchor.hash);
	assert_string_equal(v.public_key, f.anchor.public_key);
	store_fixture_free(&f);
}

static void
test_key_is_secret_and_stays(void **state)
{
	(void)state;
	struct store_fixture f;
	struct stat st;
	make(&f);
	assert_int_equal(stat(store_fixture_path(&f, "journal.key"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	char key[65];
	(void)str_copy(key, sizeof(key), f.anchor.public_key);
	f.anchors = 0;
	assert_true(store_fixture_open(&f));
	assert_true(store_fixture_wait(&f, anchored, 10000));
	assert_string_equal(f.anchor.public_key, key);
	store_fixture_free(&f);
}

// No key is no reason not to watch; and it is not replaced.
static void
test_a_file_that_is_no_key_is_left_alone(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_new(&f, false);
	f.options.key_directory = f.directory;
	f.options.anchor_every_ms = HOUR_MS;
	FILE *out = fopen(store_fixture_path(&f, "journal.key"), "we");
	assert_non_null(out);
	(void)fputs("no key\n", out);
	(void)fclose(out);
	assert_true(store_fixture_open(&f));
	add_some(&f, 3);
	assert_true(store_fixture_wait(&f, store_fixture_idle, 10000));
	store_fixture_close(&f);
	char text[16] = "";
	FILE *in = fopen(store_fixture_path(&f, "journal.key"), "re");
	assert_non_null(in);
	assert_non_null(fgets(text, sizeof(text), in));
	(void)fclose(in);
	assert_string_equal(text, "no key\n");
	assert_int_equal(verify(&f, NULL).anchors, 0);
	store_fixture_free(&f);
}

static void
test_i4_another_key_is_not_trusted(void **state)
{
	(void)state;
	struct store_fixture f;
	char other[65];
	make(&f);
	(void)str_copy(other, sizeof(other), f.anchor.public_key);
	other[0] = other[0] == '0' ? '1' : '0';
	struct verify_result v = verify(&f, other);
	assert_string_equal(v.reason, "key");
	assert_int_equal(v.first_bad_seq, 10);
	store_fixture_free(&f);
}

static void
test_i4_a_tail_that_was_cut_off(void **state)
{
	(void)state;
	struct store_fixture f;
	make(&f);
	store_fixture_run_sql(&f,
	    "DROP TRIGGER event_no_delete; DELETE FROM event WHERE seq > 8;"
	    "UPDATE event_block SET last_seq = 8");
	assert_bad(&f, 10, "anchor_ahead");
	store_fixture_free(&f);
}

// Every hash is right again: only the anchor knows better.
static void
test_i4_a_chain_that_was_written_anew(void **state)
{
	(void)state;
	struct store_fixture f, other;
	make(&f);
	store_fixture_new(&other, false);
	assert_true(store_fixture_open(&other));
	add_some(&other, 12);
	assert_true(store_fixture_wait(&other, store_fixture_idle, 10000));
	store_fixture_close(&other);
	char sql[400];
	(void)snprintf(sql, sizeof(sql),
	    "ATTACH '%s' AS o; DROP TRIGGER event_no_delete; DELETE FROM event;"
	    "INSERT INTO event SELECT * FROM o.event ORDER BY seq;"
	    "UPDATE event_block SET last_seq = 12;",
	    store_fixture_path(&other, "journal.db"));
	store_fixture_run_sql(&f, sql);
	assert_bad(&f, 10, "anchor");
	store_fixture_free(&other);
	store_fixture_free(&f);
}

static void
test_i4_a_signature_that_was_changed(void **state)
{
	(void)state;
	static const char *const changes[] = {
		"UPDATE anchor SET seq = 9",
		"UPDATE anchor SET time_utc_ms = time_utc_ms + 1",
		"UPDATE anchor SET signature = zeroblob(64)",
		"UPDATE anchor SET signature = x'00'",
		"UPDATE anchor SET public_key = zeroblob(32)",
		"UPDATE anchor SET epoch = zeroblob(16)",
		"UPDATE anchor SET hash = (SELECT hash FROM event WHERE seq = 9)",
	};
	for (unsigned i = 0; i < ARRAY_LEN(changes); i++) {
		struct store_fixture f;
		make(&f);
		store_fixture_run_sql(&f, "DROP TRIGGER anchor_no_update");
		store_fixture_run_sql(&f, changes[i]);
		assert_bad(&f, i == 0 ? 9 : 10, "signature");
		store_fixture_free(&f);
	}
}

// A signature of one kind does not stand for the other.
static void
test_an_anchor_is_no_cut(void **state)
{
	(void)state;
	struct seal_key key = { .there = true };
	struct mark m = { .seq = 7, .time_utc_ms = 1 };
	uint8_t seed[32] = { 1 };
	(void)crypto_sign_seed_keypair(key.public_key, key.secret, seed);
	mark_sign(&m, false, &key);
	assert_true(mark_genuine(&m, false));
	assert_false(mark_genuine(&m, true));
	m.seq++;
	assert_false(mark_genuine(&m, false));
}

// ---- any byte
// ----------------------------------------------------------------------------

// What the journal says, as one hash: all columns of all rows that a person can be
// shown.
static void
contents(const struct store_fixture *f, uint8_t out[static 32])
{
	static const char *const all[] = { "SELECT * FROM event ORDER BY seq",
		"SELECT * FROM anchor ORDER BY n", "SELECT * FROM cut" };
	crypto_hash_sha256_state h;
	sqlite3 *db = NULL;
	(void)crypto_hash_sha256_init(&h);
	assert_int_equal(
	    sqlite3_open(store_fixture_path(f, "journal.db"), &db), SQLITE_OK);
	for (unsigned i = 0; i < ARRAY_LEN(all); i++) {
		sqlite3_stmt *st = NULL;
		if (sqlite3_prepare_v2(db, all[i], -1, &st, NULL) != SQLITE_OK)
			continue; // then it differs
		while (sqlite3_step(st) == SQLITE_ROW) {
			for (int c = 0; c < sqlite3_column_count(st); c++) {
				const void *data = sqlite3_column_blob(st, c);
				size_t len = (size_t)sqlite3_column_bytes(st, c);
				if (len > 0)
					(void)crypto_hash_sha256_update(&h, data, len);
				(void)crypto_hash_sha256_update(
				    &h, (const unsigned char *)"|", 1);
			}
		}
		(void)sqlite3_finalize(st);
	}
	(void)sqlite3_close(db);
	(void)crypto_hash_sha256_final(&h, out);
}

static off_t
turn_over(const char *path, off_t at, uint8_t bits)
{
	uint8_t byte;
	int fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	off_t size = lseek(fd, 0, SEEK_END);
	if (at < size) {
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= bits;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	(void)close(fd);
	return size;
}

// Each position is turned over and back again. Either verify says that something is
// wrong (or that it is no journal at all), or all that the journal says is as it was:
// the byte was in a free page, an unused field, or an index that agrees.
static void
test_i4_any_byte_turned_over(void **state)
{
	(void)state;
	struct store_fixture f;
	uint8_t before[32], after[32];
	const char *given = getenv("WATCHROOM_SEED");
	unsigned seed =
	    given != NULL ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
	print_message("WATCHROOM_SEED=%u\n", seed);
	srand(seed);
	make(&f);
	assert_true(store_fixture_open(&f));
	add_some(&f, 300); // few bytes of the file are free
	assert_true(store_fixture_wait(&f, store_fixture_idle, 10000));
	store_fixture_close(&f);
	contents(&f, before);
	char *path = xstrdup(store_fixture_path(&f, "journal.db"));
	unsigned found = 0, named = 0, tries = 0;
	time_t until = time(NULL) + 3;
	for (; tries < 400 && (time(NULL) < until || tries < 50); tries++) {
		off_t size = turn_over(path, INT64_MAX, 0);
		off_t at = (off_t)(((uint64_t)rand() << 16 ^ (uint64_t)rand()) %
				   (uint64_t)size);
		uint8_t bits = (uint8_t)(1u << (rand() % 8));
		(void)turn_over(path, at, bits);
		struct verify_result v;
		struct err err = { 0 };
		bool bad = store_verify(path, f.anchor.public_key, &v, &err) != 0 ||
			   v.reason[0] != '\0';
		if (bad) {
			found++;
			named += err.text[0] == '\0' && v.first_bad_seq > 0;
		} else {
			contents(&f, after);
			if (memcmp(before, after, 32) != 0)
				fail_msg("byte %lld, bits %02x: not found",
				    (long long)at, (unsigned)bits);
		}
		(void)turn_over(path, at, bits);
	}
	print_message("%u bytes: %u found, %u with their row\n", tries, found, named);
	assert_true(found > 0);
	assert_string_equal(verify(&f, NULL).reason, "");
	free(path);
	store_fixture_free(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signs_the_head_each_hour),
		cmocka_unit_test(test_key_is_secret_and_stays),
		cmocka_unit_test(test_a_file_that_is_no_key_is_left_alone),
		cmocka_unit_test(test_i4_another_key_is_not_trusted),
		cmocka_unit_test(test_i4_a_tail_that_was_cut_off),
		cmocka_unit_test(test_i4_a_chain_that_was_written_anew),
		cmocka_unit_test(test_i4_a_signature_that_was_changed),
		cmocka_unit_test(test_an_anchor_is_no_cut),
		cmocka_unit_test(test_i4_any_byte_turned_over),
	};
	return cmocka_run_group_tests_name("store_anchor", tests, NULL, NULL);
}
