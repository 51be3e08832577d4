// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Conditions: what the field reports about a point. A point carries a SET of them.
// The one table that maps a condition to its class and to the names used in profiles,
// the API and the database. Pure.
#ifndef CORE_CONDITION_H
#define CORE_CONDITION_H

#include <stdbool.h>
#include <stdint.h>

enum condition {
	COND_FIRE,
	COND_PREALARM,
	COND_SECURITY,
	COND_SUPERVISORY,
	COND_ACTIVATED,
	COND_FEEDBACK,
	COND_PROCESS,
	COND_FAULT,
	COND_DISABLED,
	COND_TEST,
	COND_INFO,
	COND_LINK, // only on built-in points (@bus/.., @device/.., ...)
	COND_COUNT,
};

// In order of priority: the lower, the more urgent.
enum alarm_class {
	CLASS_FIRE,
	CLASS_PREALARM,
	CLASS_SECURITY,
	CLASS_SUPERVISORY,
	CLASS_FAULT,
	CLASS_DISABLED,
	CLASS_PROCESS,
	CLASS_INFO,
	CLASS_SYSTEM,
	CLASS_COUNT,
};

// Name in profiles, API and database, e.g. "fire". Never NULL for a valid value.
const char *condition_name(enum condition c);

// True and *out set where `name` is a condition's name.
bool condition_from_name(const char *name, enum condition *out);

// The class a condition has unless the point overrides it: link -> fault;
// activated, feedback, test -> info; the others have a class of their own name.
enum alarm_class condition_class(enum condition c);

const char *class_name(enum alarm_class c);
bool class_from_name(const char *name, enum alarm_class *out);

#endif
