// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See look.h. Remembers the line of each alarm, and compares.
#include "look.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

enum {
	ALARMS_MAX = 512,
	LINE = 512
};

struct seen {
	bool used, still;
	char key[ID_MAX + CODE_MAX + 32];
	char line[LINE];
	char occurrence[MINT_MAX], older[MINT_MAX];
};

struct look {
	struct seen alarms[ALARMS_MAX];
	long figures[4];
};

static const char *const figure_names[] = { "sound", "silenced", "owed", "unknown" };

struct look *
look_new(void)
{
	struct look *l = xcalloc(1, sizeof(*l));
	for (unsigned i = 0; i < 4; i++)
		l->figures[i] = -1;
	return l;
}

void
look_free(struct look *l)
{
	free(l);
}

static struct seen *
find(struct look *l, const char *key)
{
	struct seen *vacant = NULL;
	for (unsigned i = 0; i < ALARMS_MAX; i++) {
		struct seen *s = &l->alarms[i];
		if (s->used && strcmp(s->key, key) == 0)
			return s;
		if (!s->used && vacant == NULL)
			vacant = s;
	}
	wr_assert(vacant != NULL);
	*vacant = (struct seen){ .used = true };
	(void)str_copy(vacant->key, sizeof(vacant->key), key);
	return vacant;
}

static const char *
or_dash(const char *s)
{
	return s[0] != '\0' ? s : "-";
}

static void
key_of(
    char *out, size_t size, const char *point, const char *condition, const char *code)
{
	(void)snprintf(out, size, "%s %s %s", point, condition, or_dash(code));
}

static void
look_alarm(struct look *l, const struct alarm_record *r, FILE *out)
{
	char key[sizeof(l->alarms[0].key)];
	char line[LINE];
	key_of(key, sizeof(key), r->point->id, condition_name(r->a.condition), r->code);
	(void)snprintf(line, sizeof(line), "%s %s %s %u %u %s %s %s %u %d %d",
	    alarm_state_name(r->a.state), or_dash(alarm_cause_name(r->a.cause)),
	    latch_name(r->a.latch), r->a.flags, r->occurrences,
	    or_dash(r->acknowledged_by), class_name(r->alarm_class), r->incident,
	    (unsigned)r->a.test_onset, (int)r->first_out, r->chatter != NULL);
	struct seen *s = find(l, key);
	s->still = true;
	if (strcmp(s->occurrence, r->occurrence) != 0) {
		memcpy(s->older, s->occurrence, sizeof(s->older));
		memcpy(s->occurrence, r->occurrence, sizeof(s->occurrence));
	}
	if (strcmp(s->line, line) == 0)
		return;
	memcpy(s->line, line, sizeof(s->line));
	(void)fprintf(out, "+ %s %s\n", key, line);
}

static void
look_figures(struct look *l, const struct rig *r, FILE *out)
{
	const long now[] = {
		engine_sound_on(r->engine),
		engine_silenced(r->engine),
		(long)outbox_owed(r->outbox),
		(long)engine_points_unknown(r->engine),
	};
	for (unsigned i = 0; i < 4; i++) {
		if (now[i] == l->figures[i])
			continue;
		l->figures[i] = now[i];
		(void)fprintf(out, "~ %s %ld\n", figure_names[i], now[i]);
	}
}

void
look_print(struct look *l, const struct rig *r, FILE *out)
{
	size_t n;
	struct alarm_record *const *all = alarms_all(engine_alarms(r->engine), &n);
	for (unsigned i = 0; i < ALARMS_MAX; i++)
		l->alarms[i].still = false;
	for (size_t i = 0; i < n; i++)
		look_alarm(l, all[i], out);
	for (unsigned i = 0; i < ALARMS_MAX; i++) {
		struct seen *s = &l->alarms[i];
		if (!s->used || s->still)
			continue;
		(void)fprintf(out, "- %s\n", s->key);
		s->used = false;
	}
	look_figures(l, r, out);
}

const char *
look_older(
    const struct look *l, const char *point, const char *condition, const char *code)
{
	char key[sizeof(l->alarms[0].key)];
	key_of(key, sizeof(key), point, condition, code);
	for (unsigned i = 0; i < ALARMS_MAX; i++) {
		const struct seen *s = &l->alarms[i];
		if (s->used && strcmp(s->key, key) == 0 && s->older[0] != '\0')
			return s->older;
	}
	return NULL;
}
