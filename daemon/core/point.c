// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Point kinds: one table says what an active level of each kind means, whether it
// latches unless the site says otherwise, and what it measures. Also the class of a
// condition on a point. Owns nothing; any thread. Refuses to guess: an unknown name is
// no kind.
#include "core/point.h"

#include <assert.h>
#include <string.h>

static const struct {
	const char *name;
	enum condition condition;
	enum latch latch;
	enum quantity quantity;
} kinds[POINT_KIND_COUNT] = {
#define X(id, name, cond, latch, quantity) [id] = { name, cond, latch, quantity },
	POINT_KINDS(X)
#undef X
};

// Built-in points that stand for our own health rather than for the field's wiring.
static const char *const system_points[] = {
	"@store",
	"@clock",
	"@loop",
	"@channel",
	"@console",
	"@network",
	"@output",
};

const char *
point_kind_name(enum point_kind k)
{
	assert((unsigned)k < POINT_KIND_COUNT);
	return kinds[k].name;
}

const char *
gpio_bias_name(enum gpio_bias b)
{
	static const char *const names[BIAS_COUNT] = {
		[BIAS_AS_IS] = "as-is",
		[BIAS_DISABLED] = "disabled",
		[BIAS_PULL_UP] = "pull-up",
		[BIAS_PULL_DOWN] = "pull-down",
	};

	assert((unsigned)b < BIAS_COUNT);
	return names[b];
}

bool
point_kind_from_name(const char *name, enum point_kind *out)
{
	for (unsigned i = 0; i < POINT_KIND_COUNT; i++) {
		if (strcmp(name, kinds[i].name) == 0) {
			*out = (enum point_kind)i;
			return true;
		}
	}
	return false;
}

enum condition
point_kind_condition(enum point_kind k)
{
	assert((unsigned)k < POINT_KIND_COUNT);
	return kinds[k].condition;
}

enum latch
point_kind_latch(enum point_kind k)
{
	assert((unsigned)k < POINT_KIND_COUNT);
	return kinds[k].latch;
}

enum quantity
point_kind_quantity(enum point_kind k)
{
	assert((unsigned)k < POINT_KIND_COUNT);
	return kinds[k].quantity;
}

// "@channel" and "@channel/sms", but not "@channels".
static bool
names_or_contains(const char *family, const char *id)
{
	size_t n = strlen(family);
	return strncmp(id, family, n) == 0 && (id[n] == '\0' || id[n] == '/');
}

static bool
point_of_system(const struct point *p)
{
	for (size_t i = 0; i < sizeof(system_points) / sizeof(system_points[0]); i++) {
		if (names_or_contains(system_points[i], p->id))
			return true;
	}
	return false;
}

enum alarm_class
point_class(const struct point *p, enum condition c)
{
	assert((unsigned)c < COND_COUNT);
	if (p->class_override != NULL && p->class_override[c] < CLASS_COUNT)
		return (enum alarm_class)p->class_override[c];
	if ((c == COND_LINK || c == COND_FAULT) && point_of_system(p))
		return CLASS_SYSTEM;
	return condition_class(c);
}

bool
point_builtin(const struct point *p)
{
	return p->id[0] == '@';
}

bool
point_active(const struct point *p, double level)
{
	bool on = level > 0.5;
	bool healthy_at_1 = p->kind == KIND_PUMP_AUTO;
	return on != (p->active_low != healthy_at_1);
}
