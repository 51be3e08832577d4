// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See tar.h. Field widths and the checksum are those of POSIX ustar; a size of 8 GiB or
// more stands in base 256, as GNU tar and libarchive write and read it.
#include "cli/tar.h"

#include <errno.h>
#include <string.h>

enum {
	BLOCK = 512,
	SIZE_DIGITS = 11,
	BASE_256_BYTES = 8,
};
static const int64_t OCTAL_MOST = (INT64_C(1) << 33) - 1; // 11 octal digits

// POSIX ustar, all text.
struct head {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8];
	char type, link[100], magic[6], version[2], user[32], group[32];
	char major[8], minor[8], prefix[155], rest[12];
};
_Static_assert(sizeof(struct head) == BLOCK, "a head is one block");

static void
write_out(struct tar *t, const void *data, size_t len)
{
	if (t->failed || fwrite(data, 1, len, t->out) == len)
		return;
	t->failed = true;
	t->error = errno;
}

static void
move(struct tar *t, off_t to, int from)
{
	if (t->failed || fseeko(t->out, to, from) == 0)
		return;
	t->failed = true;
	t->error = errno;
}

void
tar_begin(struct tar *t)
{
	static const char empty[BLOCK];
	t->head = ftello(t->out);
	if (t->head < 0 && !t->failed) {
		t->failed = true;
		t->error = errno;
	}
	t->bytes = 0;
	(void)crypto_hash_sha256_init(&t->hash);
	write_out(t, empty, sizeof(empty));
}

void
tar_add(struct tar *t, const void *data, size_t len)
{
	write_out(t, data, len);
	t->bytes += (int64_t)len;
	(void)crypto_hash_sha256_update(&t->hash, data, len);
}

static void
put_size(char field[static SIZE_DIGITS + 1], int64_t bytes)
{
	if (bytes <= OCTAL_MOST) {
		(void)snprintf(
		    field, SIZE_DIGITS + 1, "%011llo", (unsigned long long)bytes);
		return;
	}
	memset(field, 0, SIZE_DIGITS + 1);
	field[0] = (char)0x80;
	for (int i = 0; i < BASE_256_BYTES; i++)
		field[SIZE_DIGITS - i] = (char)(bytes >> (8 * i));
}

static void
fill_head(const struct tar *t, const char *name, struct head *h)
{
	unsigned sum = 0;
	*h = (struct head){ .type = '0' };
	(void)snprintf(h->name, sizeof(h->name), "%s", name);
	(void)snprintf(h->mode, sizeof(h->mode), "%07o", 0640U);
	(void)snprintf(h->uid, sizeof(h->uid), "%07o", 0U);
	(void)snprintf(h->gid, sizeof(h->gid), "%07o", 0U);
	put_size(h->size, t->bytes);
	(void)snprintf(
	    h->mtime, sizeof(h->mtime), "%011llo", (unsigned long long)t->time_s);
	memcpy(h->magic, "ustar", sizeof(h->magic));
	memcpy(h->version, "00", sizeof(h->version));
	memset(h->checksum, ' ', sizeof(h->checksum));
	for (size_t i = 0; i < sizeof(*h); i++)
		sum += ((const unsigned char *)h)[i];
	(void)snprintf(h->checksum, sizeof(h->checksum) - 1, "%06o", sum);
}

int64_t
tar_end(struct tar *t, const char *name, char sha256[static TAR_SHA256_HEX])
{
	static const char empty[BLOCK];
	unsigned char hash[crypto_hash_sha256_BYTES];
	struct head h;
	write_out(t, empty, (size_t)((BLOCK - t->bytes % BLOCK) % BLOCK));
	fill_head(t, name, &h);
	move(t, t->head, SEEK_SET);
	write_out(t, &h, sizeof(h));
	move(t, 0, SEEK_END);
	(void)crypto_hash_sha256_final(&t->hash, hash);
	(void)sodium_bin2hex(sha256, TAR_SHA256_HEX, hash, sizeof(hash));
	return t->bytes;
}

bool
tar_finish(struct tar *t)
{
	static const char empty[2 * BLOCK];
	write_out(t, empty, sizeof(empty));
	if (t->failed)
		errno = t->error;
	return !t->failed;
}
