// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See shelves.h. The refusals are core's (alarm_flag_allowed), asked of an alarm that
// need not exist yet.
#include "shelves.h"

#include "engine_impl.h"
#include "flags.h"

static const char *
refusal(const struct engine *e, const struct flag_order *o)
{
	const struct point *p = &e->site->points[o->target];
	const struct alarm as_it_would_be = {
		.condition = o->condition,
		.panic = p->kind == KIND_PANIC &&
			 o->condition == point_kind_condition(p->kind),
		.called_fire = point_class(p, o->condition) == CLASS_FIRE,
	};
	const char *reason;
	if (!alarm_flag_allowed(&as_it_would_be, FLAG_SHELVED, &reason))
		return reason;
	return point_class(p, o->condition) == CLASS_SYSTEM ? "system_not_shelved"
							    : NULL;
}

enum engine_answer
shelves_order(struct engine *e, const struct flag_order *o, const char **reason)
{
	if (o->on) {
		*reason = refusal(e, o);
		if (*reason != NULL)
			return ENGINE_REFUSED;
		flags_set(e->flags, o);
		return ENGINE_OK;
	}
	struct flag_set *s =
	    flags_find(e->flags, FLAG_SHELVED, o->target, (int)o->condition);
	*reason = "not_shelved";
	if (s == NULL)
		return ENGINE_REFUSED;
	flags_end(e->flags, s, o->actor, "ended");
	return ENGINE_OK;
}

uint32_t
shelves_page(const struct engine *e, uint32_t from, unsigned limit, struct buf *out)
{
	size_t n;
	struct flag_set *const *all = flags_all(e->flags, &n);
	unsigned written = 0;
	for (size_t i = flags_from(e->flags, FLAG_SHELVED, from); i < n; i++) {
		const struct flag_set *s = all[i];
		if (s->entry.flag != FLAG_SHELVED)
			break;
		// A page ends between points: a cursor is a point.
		if (written >= limit && s->index != all[i - 1]->index)
			return s->index;
		json_open(out, NULL, '{');
		flags_put_point(out, e->site, s->index);
		json_str(out, "condition",
		    condition_name((enum condition)s->entry.condition));
		flags_put_who(out, &s->entry);
		json_close(out, '}');
		written++;
	}
	return UINT32_MAX;
}
