// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See test_mode.h. Whether a fire is open is asked of the alarm records, which outlive
// a restart and a lost link.
#include "test_mode.h"

#include <stdlib.h>

#include "engine_impl.h"
#include "flags.h"
#include "isolations.h"
#include "lib/mem.h"

enum {
	SUMMARY_ZONES = 50
};

static const char *
refusal(const struct engine *e, uint16_t zone)
{
	size_t n;
	const char *reason;
	struct alarm_record *const *all = alarms_all(e->alarms, &n);
	for (size_t i = 0; i < n; i++) {
		const struct alarm_record *r = all[i];
		if (r->point->zone == zone &&
		    !alarm_flag_allowed(&r->a, FLAG_TEST_MODE, &reason))
			return reason;
	}
	return NULL;
}

enum engine_answer
test_mode_order(struct engine *e, const struct flag_order *o, const char **reason)
{
	struct flag_set *s = flags_find(e->flags, FLAG_TEST_MODE, o->target, -1);
	if (o->on) {
		*reason = s == NULL ? refusal(e, (uint16_t)o->target) : NULL;
		if (*reason != NULL)
			return ENGINE_REFUSED;
		flags_set(e->flags, o);
		return ENGINE_OK;
	}
	*reason = "not_in_test";
	if (s == NULL)
		return ENGINE_REFUSED;
	flags_end(e->flags, s, o->actor, "ended");
	return ENGINE_OK;
}

static void
put_zone(const struct engine *e, uint32_t zone, struct buf *out)
{
	const struct zone *z = &e->site->zones[zone];
	json_str(out, "zone", z->id);
	json_open(out, "name", '{');
	json_str(out, "zh", z->name_zh);
	json_str(out, "en", z->name_en);
	json_close(out, '}');
}

uint32_t
test_mode_page(const struct engine *e, uint32_t from, unsigned limit, struct buf *out)
{
	const struct site *site = e->site;
	uint32_t *detectors =
	    xcalloc(2 * ((size_t)site->n_zones + 1), sizeof(uint32_t));
	uint32_t *isolated = detectors + site->n_zones + 1;
	uint32_t i = from;
	isolations_coverage(e, detectors, isolated);
	for (; i < site->n_zones && i - from < limit; i++) {
		const struct flag_set *s = flags_find(e->flags, FLAG_TEST_MODE, i, -1);
		json_open(out, NULL, '{');
		put_zone(e, i, out);
		json_int(out, "detectors", detectors[i]);
		json_int(out, "isolated", isolated[i]);
		if (s == NULL) {
			json_none(out, "test");
		} else {
			json_open(out, "test", '{');
			flags_put_who(out, &s->entry);
			json_close(out, '}');
		}
		json_close(out, '}');
	}
	free(detectors);
	return i < site->n_zones ? i : UINT32_MAX;
}

void
test_mode_summary(const struct engine *e, struct buf *out)
{
	size_t n, first = flags_from(e->flags, FLAG_TEST_MODE, 0);
	struct flag_set *const *all = flags_all(e->flags, &n);
	uint32_t isolated, forgotten;
	isolations_count(e, &isolated, &forgotten);
	json_open(out, "flags", '{');
	json_int(out, "shelved", flags_count(e->flags, FLAG_SHELVED));
	json_int(out, "isolated", isolated);
	json_int(out, "forgotten", forgotten);
	json_int(out, "testing", (int64_t)(n - first));
	json_open(out, "tests", '[');
	for (size_t i = first; i < n && i - first < SUMMARY_ZONES; i++) {
		json_open(out, NULL, '{');
		put_zone(e, all[i]->index, out);
		flags_put_who(out, &all[i]->entry);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
}
