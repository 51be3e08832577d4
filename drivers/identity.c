// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Numbers by mask and range, texts by their beginning. Runs on any thread. Refuses what
// is empty where a text is wanted: a device that answers with zeros has no name.

#include "drivers/identity.h"

#include <stdio.h>
#include <string.h>

#include "lib/mem.h"

static char
printable(unsigned byte)
{
	return byte >= 0x20 && byte < 0x7F ? (char)byte : '?';
}

// The text without the blanks and zeros around it.
static void
take_text(const struct profile_identity *id, const uint16_t *words,
    char found[static IDENTITY_SHOWN_MAX])
{
	size_t n = 0;

	for (uint16_t i = 0; i < id->registers && n + 2 < IDENTITY_SHOWN_MAX; i++) {
		unsigned high = words[i] >> 8, low = words[i] & 0xFFU;
		unsigned first = id->low_byte_first ? low : high;
		unsigned second = id->low_byte_first ? high : low;

		if (n > 0 || (first != 0 && first != ' '))
			found[n++] = first == 0 ? ' ' : printable(first);
		if (n > 0 || (second != 0 && second != ' '))
			found[n++] = second == 0 ? ' ' : printable(second);
	}
	while (n > 0 && found[n - 1] == ' ')
		n--;
	found[n] = '\0';
}

bool
identity_holds(const struct profile_identity *id, const uint16_t *words,
    char found[static IDENTITY_SHOWN_MAX])
{
	uint16_t number;

	if (id->registers > 0) {
		take_text(id, words, found);
		wr_assert(id->text != NULL);
		return found[0] != '\0' &&
		       strncmp(found, id->text, strlen(id->text)) == 0;
	}
	number = (uint16_t)(words[0] & id->mask);
	(void)snprintf(found, IDENTITY_SHOWN_MAX, "%u (0x%04X)", (unsigned)words[0],
	    (unsigned)words[0]);
	return number >= id->min && number <= id->max;
}
