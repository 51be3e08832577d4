// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Sessions. Owns the table of them; runs on the loop thread. Refuses to keep a token:
// a memory image shows hashes only, and comparing is in constant time.
// Nothing survives a restart: everybody logs in again, and the journal has who was in.
#include "console/session.h"

#include <sodium.h>
#include <string.h>

#include "lib/mem.h"

static const char cookie_name[] = "watchroom=";

static void
random_hex(char out[static SESSION_HEX])
{
	unsigned char bytes[SESSION_TOKEN_BYTES];

	randombytes_buf(bytes, sizeof(bytes));
	(void)sodium_bin2hex(out, SESSION_HEX, bytes, sizeof(bytes));
	sodium_memzero(bytes, sizeof(bytes));
}

static void
hash_of(const char *token, unsigned char out[32])
{
	(void)crypto_generichash(
	    out, 32, (const unsigned char *)token, SESSION_HEX - 1, NULL, 0);
}

const struct session *
sessions_open(struct sessions *all, const struct session *who, int64_t now_ms,
    char token[static SESSION_HEX])
{
	struct session *s = &all->slots[0];

	for (size_t i = 0; i < SESSIONS_MAX && s->serial != 0; i++) {
		struct session *other = &all->slots[i];
		if (other->serial == 0 || other->used_ms < s->used_ms)
			s = other;
	}
	*s = *who;
	s->serial = ++all->last_serial;
	s->used_ms = now_ms;
	random_hex(token);
	random_hex(s->csrf);
	hash_of(token, s->token_hash);
	return s;
}

// The value of our cookie, or NULL.
static const char *
cookie_value(const char *header)
{
	const char *p = header;

	while (p != NULL && *p != '\0') {
		p += strspn(p, " ;");
		size_t len = strcspn(p, ";");
		if (strncmp(p, cookie_name, sizeof(cookie_name) - 1) == 0 &&
		    len == sizeof(cookie_name) - 1 + SESSION_HEX - 1)
			return p + sizeof(cookie_name) - 1;
		p += len;
	}
	return NULL;
}

const struct session *
sessions_find(
    struct sessions *all, const char *cookie_header, int64_t now_ms, bool used)
{
	const char *token = cookie_value(cookie_header);
	unsigned char hash[32];
	struct session *found = NULL;

	if (token == NULL)
		return NULL;
	hash_of(token, hash);
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		struct session *s = &all->slots[i];
		if (s->serial != 0 && sodium_memcmp(s->token_hash, hash, 32) == 0)
			found = s;
	}
	if (found == NULL)
		return NULL;
	if (now_ms - found->used_ms > SESSION_IDLE_MS) {
		sessions_close(all, found->serial);
		return NULL;
	}
	if (used)
		found->used_ms = now_ms;
	return found;
}

const struct session *
sessions_by_serial(const struct sessions *all, uint64_t serial)
{
	for (size_t i = 0; i < SESSIONS_MAX; i++)
		if (serial != 0 && all->slots[i].serial == serial)
			return &all->slots[i];
	return NULL;
}

void
sessions_close(struct sessions *all, uint64_t serial)
{
	for (size_t i = 0; i < SESSIONS_MAX; i++)
		if (serial != 0 && all->slots[i].serial == serial)
			sodium_memzero(&all->slots[i], sizeof(all->slots[i]));
}

bool
session_csrf_is(const struct session *s, const char *header)
{
	return header != NULL && strlen(header) == SESSION_HEX - 1 &&
	       sodium_memcmp(header, s->csrf, SESSION_HEX - 1) == 0;
}
