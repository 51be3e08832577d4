// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Bytes of a good site changed at random: the load answers with a site or with
// problems, in bounds, and never with a crash. 20,000 times where the address sanitizer
// watches. The seed is fixed; WATCHROOM_SEED chooses another.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_fixture.h"
#include "test.h"

enum {
	ROUNDS = 20000,
	MUTATIONS_MAX = 6,
	FILES = 5,
	BYTES_MAX = 16384
};

// clang-format off
static struct file {
	const char *name, *source;
	size_t len;
	char good[BYTES_MAX];
} files[FILES] = {
	{ .name = "site.yaml", .source = "conf/example/site.yaml" },
	{ .name = "alerts.yaml", .source = "conf/example/alerts.yaml" },
	{ .name = "hosts.yaml", .source = "conf/example/hosts.yaml" },
	{ .name = "points/fap1.csv", .source = "conf/example/points/fap1.csv" },
	{ .name = "panels/notifier-modbus-gw.yaml", .source = "panels/notifier-modbus-gw.yaml" },
};
static const char *const others[] = {
	"panels/iologik-e1200.yaml", "panels/pressure-transmitter-ptmb.yaml",
};
static const char secret[] = "secrets/recorder";
static const char *const words[] = {
	"[", "]", "{", "}", ": ", "- ", "\n", "\n  ", ",", "\"", "'", "#", "&a ", "*a", "!!x ",
	"|\n", "0", "-1", "65536", "99999999999", "1e9", "0x", "ms", "MPa", "none", "fire",
	"fire/", "true", "~", "id", "zh", "\t", "\r\n", "\xEF\xBB\xBF", "\xC4\xE3", "\x01",
	"\xF0\x9F\x94\xA5", "...", "---", "%", "? ", "@", "site.yaml", "../", "a:",
	"parent", "core-switch", "rtsp://", "password", "file", "192.0.2.1",
};
// clang-format on

static uint64_t random_state;

// xorshift64*, so that a seed gives the same run everywhere.
static uint32_t
below(uint32_t n)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)((random_state * 0x2545F4914F6CDD1Du) >> 33) % n;
}

static size_t
read_source(const char *source, char *data, size_t size)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", fixture_source_root, source);
	FILE *f = fopen(path, "re");
	assert_non_null(f);
	size_t len = fread(data, 1, size, f);
	assert_true(len > 0 && len < size / 2);
	assert_int_equal(fclose(f), 0);
	return len;
}

static size_t
replace(char *data, size_t len, size_t at, size_t cut, const char *text)
{
	size_t add = strlen(text);

	if (cut > len - at)
		cut = len - at;
	if (len - cut + add >= BYTES_MAX)
		return len;
	memmove(data + at + add, data + at + cut, len - at - cut);
	for (size_t i = 0; i < add; i++)
		data[at + i] = text[i];
	return len - cut + add;
}

// One change: a bit, a byte, a word put in or over, a piece taken out, or one copied.
static size_t
mutate(char *data, size_t len)
{
	char piece[64];
	size_t at = below((uint32_t)len + 1), from = below((uint32_t)len + 1), n;

	switch (below(6)) {
	case 0:
		if (at < len)
			data[at] = (char)(data[at] ^ (1 << below(8)));
		return len;
	case 1:
		if (at < len)
			data[at] = (char)below(256);
		return len;
	case 2:
		return replace(data, len, at, 0, words[below(ARRAY_LEN(words))]);
	case 3:
		return replace(data, len, at, below(8), words[below(ARRAY_LEN(words))]);
	case 4:
		return replace(data, len, at, 1 + below(200), "");
	default:
		n = len - from < sizeof(piece) - 1 ? len - from : sizeof(piece) - 1;
		(void)snprintf(piece, sizeof(piece), "%.*s", (int)n, data + from);
		return replace(data, len, at, 0, piece);
	}
}

static void
load_once(struct problems *p, unsigned *good)
{
	char *text = NULL;
	size_t size = 0;
	struct site *s =
	    site_load(fixture_path("site.yaml"), fixture_path("panels"), p);
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	if (s != NULL) {
		assert_int_equal(p->n, 0);
		site_print_summary(s, out);
		site_free(s);
		++*good;
	} else {
		assert_true(p->n > 0 && p->n <= PROBLEMS_MAX);
		problems_print(p, out);
	}
	problems_free(p);
	assert_int_equal(fclose(out), 0);
	assert_true(size > 0);
	free(text);
}

static void
test_random_changes_never_crash(void **state)
{
	static char data[BYTES_MAX];
	const char *seed = getenv("WATCHROOM_SEED");
	struct problems *p = calloc(1, sizeof(*p));
	unsigned good = 0;

	(void)state;
	assert_non_null(p);
	random_state = seed != NULL ? strtoull(seed, NULL, 0) | 1 : 0x9E3779B97F4A7C15u;
	print_message("seed %" PRIu64 "\n", random_state);
	(void)fixture_folder();
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		fixture_write_bytes(
		    others[i], data, read_source(others[i], data, sizeof(data)));
	fixture_write(secret, "change-me\n");
	for (size_t i = 0; i < FILES; i++) {
		files[i].len = read_source(files[i].source, files[i].good, BYTES_MAX);
		fixture_write_bytes(files[i].name, files[i].good, files[i].len);
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		const struct file *f = &files[below(FILES)];
		size_t len = f->len;
		memcpy(data, f->good, len);
		for (uint32_t n = 1 + below(MUTATIONS_MAX); n > 0 && len > 0; n--)
			len = mutate(data, len);
		fixture_write_bytes(f->name, data, len);
		load_once(p, &good);
		fixture_write_bytes(f->name, f->good, f->len);
	}
	free(p);
	fixture_remove();
	print_message("%u of %d loaded\n", good, ROUNDS);
	assert_true(good > 0 && good < ROUNDS); // both ways were met
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_changes_never_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
