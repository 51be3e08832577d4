// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Expected effects over a restart (I11): each wait and its outcome is kept as a
// setting, "STATE WHY SINCE CONDITION OCCURRENCE INCIDENT POINT CODE", in the same
// transaction as the event that tells of it. On the loop.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/own_code.h"
#include "effects_impl.h"
#include "lib/mem.h"

static const char none[] = "-";
_Static_assert(META_VALUE_MAX >= 22 + 2 * MINT_MAX + ID_MAX + CODE_MAX,
    "what is kept fits: four numbers, two minted ids, a point's and a code");

static void
kept_key(const struct effect_run *run, enum effect_track_kind k,
    char out[static META_KEY_MAX])
{
	(void)snprintf(out, META_KEY_MAX, META_RULE "%s/%s",
	    k == TRACK_TEST ? "effect-t" : "effect", run->def->id);
}

static const char *
or_none(const char *s)
{
	return s[0] != '\0' ? s : none;
}

void
effect_keep(struct effect_run *run, enum effect_track_kind k)
{
	const struct effect_track *t = &run->tracks[k];
	const struct effect_named *n = &t->named;
	char key[META_KEY_MAX], value[META_VALUE_MAX];

	kept_key(run, k, key);
	(void)snprintf(value, sizeof(value), "%u %u %lld %u %s %s %s %s",
	    (unsigned)t->effect.state, (unsigned)t->why, (long long)t->since_utc_ms,
	    (unsigned)n->condition, or_none(n->occurrence), or_none(n->incident),
	    or_none(n->point), or_none(n->code));
	works_meta(run->effects->engine->works, key, value);
}

// The next of the numbers, or -1.
static int64_t
take_number(const char **at)
{
	char *end;
	errno = 0;
	long long n = strtoll(*at, &end, 10);
	if (end == *at || *end != ' ' || errno != 0 || n < 0)
		return -1;
	*at = end + 1;
	return n;
}

// The next word; the last one goes to the end.
static bool
take_word(const char **at, char *out, size_t size, const char *until)
{
	size_t len = strcspn(*at, until);
	if (len == 0 || len >= size)
		return false;
	memcpy(out, *at, len);
	out[len] = '\0';
	*at += len + ((*at)[len] != '\0');
	if (strcmp(out, none) == 0)
		out[0] = '\0';
	return true;
}

static bool
read_kept(const char *at, struct effect_kept *out)
{
	struct effect_named *n = &out->named;

	*out = (struct effect_kept){ .named = { .index = UINT32_MAX } };
	int64_t state = take_number(&at), why = take_number(&at);
	out->since_utc_ms = take_number(&at);
	int64_t condition = take_number(&at);
	if (state < 0 || state >= EFFECT_STATE_COUNT || why < 0 ||
	    why >= EFFECT_SIGHT_COUNT || condition < 0 || condition >= COND_COUNT ||
	    out->since_utc_ms < 0)
		return false;
	out->state = (enum effect_state)state;
	out->why = (enum effect_sight)why;
	n->condition = (enum condition)condition;
	return take_word(&at, n->occurrence, sizeof(n->occurrence), " ") &&
	       take_word(&at, n->incident, sizeof(n->incident), " ") &&
	       take_word(&at, n->point, sizeof(n->point), " ") &&
	       take_word(&at, n->code, sizeof(n->code), "");
}

bool
effect_kept_find(const struct effect_run *run, enum effect_track_kind k,
    const struct recovered *r, const struct point_names *names, struct effect_kept *out)
{
	char key[META_KEY_MAX];

	kept_key(run, k, key);
	for (size_t i = 0; i < r->n_metas; i++) {
		if (strcmp(r->metas[i].key, key) != 0)
			continue;
		if (!read_kept(r->metas[i].value, out))
			return false;
		out->named.index = point_names_find(names, out->named.point);
		return true;
	}
	return false;
}
