// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Verifies a PIN against the person's argon2id hash. Runs in the reader thread; owns
// nothing beyond the call. Refuses to be an oracle: a name that nobody has, or a person
// who is switched off, costs the same hash computation and gives the same answer.
// The PIN leaves no copy behind.
#include "duty/login.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "lib/mem.h"

// What is computed for a name that nobody has while there are people: the hash of the
// first of them, so that the cost is that of a real one. Its result is not used.
static bool
take_first_hash(void *arg, const struct person *p)
{
	char *hash = arg;

	(void)str_copy(hash, sizeof(p->pin_hash), p->pin_hash);
	return false;
}

static void
take_mark(struct login *l)
{
	size_t len = strlen(l->person.pin_hash);
	size_t from = len >= sizeof(l->pin_mark) ? len - sizeof(l->pin_mark) + 1 : 0;

	(void)str_copy(l->pin_mark, sizeof(l->pin_mark), l->person.pin_hash + from);
	sodium_memzero(l->person.pin_hash, sizeof(l->person.pin_hash));
}

int
login_verify(struct reader *r, void *arg)
{
	struct login *l = arg;
	char hash[sizeof(l->person.pin_hash)] = "";
	int found = query_person(r, l->user, &l->person, NULL);

	l->ok = false;
	if (found == 1)
		(void)str_copy(hash, sizeof(hash), l->person.pin_hash);
	else
		(void)query_people(r, take_first_hash, hash, NULL);
	bool matches = crypto_pwhash_str_verify(hash, l->pin, strlen(l->pin)) == 0;
	sodium_memzero(l->pin, sizeof(l->pin));
	sodium_memzero(hash, sizeof(hash));
	l->ok = matches && found == 1 && l->person.enabled;
	take_mark(l);
	return found < 0 ? -1 : 0;
}

int
login_recheck(struct reader *r, void *arg)
{
	struct login *l = arg;
	int found = query_person(r, l->user, &l->person, NULL);

	l->ok = found == 1 && l->person.enabled;
	take_mark(l);
	return found < 0 ? -1 : 0;
}
