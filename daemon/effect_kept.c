// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Expected effects over a restart (I11): each wait and its outcome is kept as a
// setting, "STATE WHY SINCE CONDITION SEQ OCCURRENCE INCIDENT POINT CODE", in the same
// transaction as the event that tells of it. On the loop.
#include <stdio.h>
#include <string.h>

#include "core/own_code.h"
#include "effects_impl.h"
#include "lib/mem.h"

static const char none[] = "-";

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
	struct effect_track *t = &run->tracks[k];
	const struct effect_named *n = &t->named;
	char key[META_KEY_MAX], value[META_VALUE_MAX];

	kept_key(run, k, key);
	int len = snprintf(value, sizeof(value), "%u %u %lld %u %lld %s %s %s %s",
	    (unsigned)t->effect.state, (unsigned)t->why, (long long)t->since_utc_ms,
	    (unsigned)n->condition, (long long)n->seq, or_none(n->occurrence),
	    or_none(n->incident), or_none(n->point), or_none(n->code));
	if (len < 0 || (size_t)len >= sizeof(value))
		value[strcspn(value, " ") + 2] = '\0'; // unreachable: see the widths
	works_meta(run->effects->engine->works, key, value);
}

static bool
read_kept(const char *value, struct effect_kept *out)
{
	unsigned state, why, condition;
	long long since, seq;
	struct effect_named *n = &out->named;

	*out = (struct effect_kept){ .named = { .index = UINT32_MAX } };
	int got = sscanf(value, "%u %u %lld %u %lld %39s %39s %79s %63[^\n]", &state,
	    &why, &since, &condition, &seq, n->occurrence, n->incident, n->point,
	    n->code);
	if (got != 9 || state >= EFFECT_STATE_COUNT || why >= EFFECT_SIGHT_COUNT ||
	    condition >= COND_COUNT)
		return false;
	out->state = (enum effect_state)state;
	out->why = (enum effect_sight)why;
	out->since_utc_ms = since;
	n->condition = (enum condition)condition;
	n->seq = seq;
	if (strcmp(n->code, none) == 0)
		n->code[0] = '\0';
	return true;
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
