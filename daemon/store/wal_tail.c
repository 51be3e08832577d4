// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See wal_tail.h. Walks the frames as a recovery does, by salt and running checksum,
// then looks on behind the last good one for a frame of the same generation that ends a
// transaction. A commit that was under way when the power went may look the same: then
// it was confirmed to nobody, and saying so too much is better than too little.
// Start-up only. It refuses to change anything.
#include "store/wal_tail.h"

#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

enum {
	HEADER = 32,
	FRAME_HEADER = 24,
	PAGE_MIN = 512,
	PAGE_MAX = 65536,
};

#define MAGIC_LITTLE UINT32_C(0x377f0682) // checksums over little-endian words
#define MAGIC_BIG    UINT32_C(0x377f0683)

struct wal {
	FILE *f;
	bool big;
	uint32_t page_size;
	uint8_t salt[8];
	uint32_t sum[2];
};

static uint32_t
big32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t
word(const struct wal *w, const uint8_t *p)
{
	if (w->big)
		return big32(p);
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static void
add_sum(struct wal *w, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i + 8 <= len; i += 8) {
		w->sum[0] += word(w, data + i) + w->sum[1];
		w->sum[1] += word(w, data + i + 4) + w->sum[0];
	}
}

static bool
sum_is(const struct wal *w, const uint8_t *stored)
{
	return big32(stored) == w->sum[0] && big32(stored + 4) == w->sum[1];
}

static bool
read_header(struct wal *w)
{
	uint8_t h[HEADER];
	if (fread(h, 1, sizeof(h), w->f) != sizeof(h))
		return false;
	uint32_t magic = big32(h);
	w->big = magic == MAGIC_BIG;
	w->page_size = big32(h + 8);
	memcpy(w->salt, h + 16, sizeof(w->salt));
	if ((magic != MAGIC_LITTLE && magic != MAGIC_BIG) || w->page_size < PAGE_MIN ||
	    w->page_size > PAGE_MAX)
		return false;
	add_sum(w, h, HEADER - 8);
	return sum_is(w, h + HEADER - 8);
}

// The frames from here on: whether one that is not in the row of good ones commits.
// *from moves behind the last good one.
static bool
walk(struct wal *w, long *from)
{
	size_t len = FRAME_HEADER + (size_t)w->page_size;
	uint8_t *frame = xmalloc(len);
	bool good = true, lost = false;
	while (!lost && fread(frame, 1, len, w->f) == len) {
		bool ours = memcmp(frame + 8, w->salt, sizeof(w->salt)) == 0;
		add_sum(w, frame, 8);
		add_sum(w, frame + FRAME_HEADER, w->page_size);
		good = good && ours && sum_is(w, frame + 16);
		*from += good ? (long)len : 0;
		lost = !good && ours && big32(frame + 4) != 0;
	}
	free(frame);
	return lost;
}

bool
wal_tail_lost(const char *path, long *from)
{
	char *name = xasprintf("%s-wal", path);
	struct wal w = { .f = fopen(name, "re") };
	free(name);
	if (w.f == NULL)
		return false;
	long end = 0;
	bool lost;
	if (read_header(&w)) {
		end = HEADER;
		lost = walk(&w, &end);
	} else // nothing of it will be read
		lost = fseek(w.f, 0, SEEK_END) == 0 &&
		       ftell(w.f) > HEADER + FRAME_HEADER + PAGE_MIN;
	(void)fclose(w.f);
	if (from != NULL)
		*from = end;
	return lost;
}

// Equal to the end of both.
static bool
equal_from(FILE *a, FILE *b, long from)
{
	char left[4096], right[sizeof(left)];
	bool equal = fseek(a, from, SEEK_SET) == 0 && fseek(b, from, SEEK_SET) == 0;
	size_t n = sizeof(left);
	while (equal && n == sizeof(left)) {
		n = fread(left, 1, sizeof(left), a);
		equal = fread(right, 1, sizeof(right), b) == n &&
			memcmp(left, right, n) == 0;
	}
	return equal && ferror(a) == 0 && ferror(b) == 0;
}

static bool
copy_holds(const char *log, const char *copy, long from)
{
	FILE *a = fopen(log, "re"), *b = fopen(copy, "re");
	bool holds = a != NULL && b != NULL && equal_from(a, b, from);
	if (a != NULL)
		(void)fclose(a);
	if (b != NULL)
		(void)fclose(b);
	return holds;
}

bool
wal_tail_kept(const char *path, long from, char *name, size_t size)
{
	char *log = xasprintf("%s-wal", path),
	     *pattern = xasprintf("%s.corrupt-*", log);
	glob_t found = { 0 };
	bool kept = false;
	if (glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc && !kept; i++)
			kept =
			    copy_holds(log, found.gl_pathv[i], from) &&
			    str_copy(name, size, strrchr(found.gl_pathv[i], '/') + 1);
	globfree(&found);
	free(pattern);
	free(log);
	return kept;
}
