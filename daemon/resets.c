// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See resets.h. Kept as a setting, one for each panel, in the transaction of the event:
// "UTC_MS INCIDENT". How old it is goes by the wall clock, which alone lasts over a
// boot; one that lies in the future, or is too old, links nothing.
#include "resets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

#define PREFIX META_RULE "reset/"

void
resets_note(struct engine *e, uint16_t device)
{
	char key[META_KEY_MAX], value[META_VALUE_MAX];
	const char *id =
	    incident_panel_reset(&e->incidents, device, loop_now_ms(e->loop));
	if (id == NULL)
		return;
	// An id for which there is no room is one that is not kept.
	int n = snprintf(key, sizeof(key), PREFIX "%s", e->site->devices[device].id);
	(void)snprintf(
	    value, sizeof(value), "%lld %s", (long long)loop_utc_ms(e->loop), id);
	if (n > 0 && (size_t)n < sizeof(key))
		works_meta(e->works, key, value);
}

static void
recover_one(struct engine *e, uint16_t device, const char *value)
{
	char *id;
	int64_t at_utc_ms = strtoll(value, &id, 10);
	int64_t age_ms = loop_utc_ms(e->loop) - at_utc_ms;
	if (id == value || *id != ' ' || strlen(id + 1) >= MINT_MAX || age_ms < 0 ||
	    age_ms > INCIDENT_RETURN_MS)
		return;
	incident_restore_reset(
	    &e->incidents, device, loop_now_ms(e->loop) - age_ms, id + 1);
}

void
resets_recover(struct engine *e, const struct recovered *r)
{
	for (size_t i = 0; i < r->n_metas; i++) {
		const char *key = r->metas[i].key;
		if (strncmp(key, PREFIX, strlen(PREFIX)) != 0)
			continue;
		for (uint16_t d = 0; d < e->site->n_devices; d++)
			if (strcmp(e->site->devices[d].id, key + strlen(PREFIX)) == 0)
				recover_one(e, d, r->metas[i].value);
	}
}
