// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See seal.h. The key file holds the 32 bytes of the seed as 64 hex digits. It is
// written under another name and linked into place: a crash leaves a whole key or none,
// and two starts at once end with the same one. It refuses to replace a file that it
// cannot read as a key: what was signed with it could never be continued.
#include "store/seal.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "store/chain.h"
#include "store/hex.h"

enum {
	SEED_HEX = 2 * crypto_sign_SEEDBYTES
};

static void
take_seed(const uint8_t seed[static crypto_sign_SEEDBYTES], struct seal_key *out)
{
	(void)crypto_sign_seed_keypair(out->public_key, out->secret, seed);
	out->there = true;
}

// 1 read, 0 there is none, -1 it is no key.
static int
read_key(const char *path, struct seal_key *out, struct err *err)
{
	char text[SEED_HEX + 2] = "";
	uint8_t seed[crypto_sign_SEEDBYTES];
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_set(
		    err, errno, "cannot open %s: %s", path, strerrordesc_np(errno));
	ssize_t n = read(fd, text, sizeof(text) - 1);
	bool open_to_others = fstat(fd, &st) == 0 && (st.st_mode & 077) != 0;
	(void)close(fd);
	if (open_to_others)
		log_warnx("store", "%s can be read by others than its owner", path);
	if (n == SEED_HEX + 1 && text[SEED_HEX] == '\n')
		text[SEED_HEX] = '\0';
	bool good = n > 0 && hex_decode(text, seed, sizeof(seed));
	if (good)
		take_seed(seed, out);
	sodium_memzero(text, sizeof(text));
	sodium_memzero(seed, sizeof(seed));
	return good ? 1 : err_set(err, EINVAL, "%s is no key of a journal", path);
}

static bool
write_all(const char *path, const char *text, size_t len)
{
	(void)unlink(path); // of a start that did not end
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	bool ok = write(fd, text, len) == (ssize_t)len && fsync(fd) == 0;
	return close(fd) == 0 && ok;
}

static void
sync_directory(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		log_warn("store", "cannot sync %s", directory);
	if (fd >= 0)
		(void)close(fd);
}

static int
make_key(const char *directory, const char *path, struct err *err)
{
	char text[SEED_HEX + 2];
	uint8_t seed[crypto_sign_SEEDBYTES];
	char *fresh = xasprintf("%s.%ld", path, (long)getpid());
	randombytes_buf(seed, sizeof(seed));
	hex_encode(seed, sizeof(seed), text);
	text[SEED_HEX] = '\n';
	bool ok = write_all(fresh, text, SEED_HEX + 1) &&
		  (link(fresh, path) == 0 || errno == EEXIST);
	int error = errno;
	sodium_memzero(text, sizeof(text));
	sodium_memzero(seed, sizeof(seed));
	(void)unlink(fresh);
	free(fresh);
	if (!ok)
		return err_set(
		    err, error, "cannot write %s: %s", path, strerrordesc_np(error));
	sync_directory(directory);
	return 0;
}

int
seal_key_load(const char *directory, struct seal_key *out, struct err *err)
{
	*out = (struct seal_key){ 0 };
	char *path = xasprintf("%s/journal.key", directory);
	int found = read_key(path, out, err);
	if (found == 0 && make_key(directory, path, err) == 0)
		found = read_key(path, out, err);
	free(path);
	return out->there && found > 0 ? 0 : -1;
}

void
seal_sign(const struct seal_key *key, const struct cell *cells, size_t n,
    uint8_t signature[static SEAL_SIGNATURE])
{
	struct buf b = { 0 };
	chain_canonical(cells, n, &b);
	(void)crypto_sign_detached(
	    signature, NULL, (const unsigned char *)b.data, b.len, key->secret);
	buf_free(&b);
}

bool
seal_check(const uint8_t public_key[static SEAL_PUBLIC], const struct cell *cells,
    size_t n, const uint8_t signature[static SEAL_SIGNATURE])
{
	struct buf b = { 0 };
	chain_canonical(cells, n, &b);
	bool good = crypto_sign_verify_detached(signature,
			(const unsigned char *)b.data, b.len, public_key) == 0;
	buf_free(&b);
	return good;
}
