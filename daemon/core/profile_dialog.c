// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Names of what a profile's dialogs are made of, as panels/*.yaml and events write
// them. Owns nothing; any thread.
#include "core/profile_dialog.h"

#include <assert.h>
#include <stddef.h>

static const char *const purposes[WRITE_PURPOSE_COUNT] = {
	[WRITE_ACKNOWLEDGE] = "acknowledge",
	[WRITE_SELECTOR] = "selector",
	[WRITE_HEARTBEAT] = "heartbeat",
};

static const char *const fields[RECORD_FIELD_COUNT] = {
#define X(id, name) [id] = name,
	RECORD_FIELDS(X)
#undef X
};

static const char *const alive_codes[ALIVE_CODE_COUNT] = {
	[ALIVE_SOURCE] = "source",
	[ALIVE_HEARTBEAT] = "heartbeat",
	[ALIVE_MODE] = "mode",
};

const char *
write_purpose_name(enum write_purpose p)
{
	assert((unsigned)p < WRITE_PURPOSE_COUNT);
	return purposes[p];
}

const char *
record_field_name(enum record_field f)
{
	assert((unsigned)f < RECORD_FIELD_COUNT);
	return fields[f];
}

const char *
alive_code_name(enum alive_code c)
{
	assert((unsigned)c < ALIVE_CODE_COUNT);
	return alive_codes[c];
}

const struct profile_selector *
profile_selector_of(const struct profile *p, uint16_t item)
{
	const struct profile_dialogs *d = p->dialogs;

	for (uint8_t i = 0; d != NULL && i < d->n_selectors; i++)
		if (d->selectors[i].item == item)
			return &d->selectors[i];
	return NULL;
}
