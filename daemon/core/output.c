// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The table of outputs. Rows are classes in order of priority; the first that asks
// decides the pattern. Pure. The invariant: no flag silences a fire (I14): what sounds
// is core/alarm.c's word, and a fire in test mode has a sound of its own.
#include "core/output.h"

#include <assert.h>

enum {
	BLINK_MS = 1000, // at most three flashes a second may be shown (WCAG 2.3.1)
	BLINK_ON_MS = 500,
	TEST_MS = 2000,
	TEST_ON_MS = 250
};

unsigned
output_asks(const struct alarm *a)
{
	bool hidden = alarm_hidden(a);
	struct alarm aloud = *a;
	unsigned asks = 0;

	aloud.silent = false;
	if (alarm_sounds(&aloud))
		asks |= ASK_SOUND;
	if (alarm_owed(a) && !hidden)
		asks |= ASK_OWED;
	if (alarm_voice(a) == VOICE_TEST)
		asks |= ASK_TEST;
	return a->silent && asks != 0 ? asks | ASK_SILENT : asks;
}

static void
step(uint32_t *n, bool in)
{
	if (in)
		++*n;
	else if (*n > 0)
		--*n;
}

void
output_count(
    struct output_counts *c, enum alarm_class alarm_class, unsigned asks, bool in)
{
	assert((unsigned)alarm_class < CLASS_COUNT);
	bool silent = (asks & ASK_SILENT) != 0;
	if (asks & ASK_SOUND)
		step(silent ? &c->silent_sounding[alarm_class]
			    : &c->sounding[alarm_class],
		    in);
	if (asks & ASK_OWED)
		step(silent ? &c->silent_owed[alarm_class] : &c->owed[alarm_class], in);
	if (asks & ASK_TEST)
		step(&c->tests, in);
}

static enum output_pattern
pattern_of(const struct output *o, int alarm_class)
{
	if (o->steady & 1U << alarm_class)
		return PATTERN_STEADY;
	return o->blink & 1U << alarm_class ? PATTERN_BLINK : PATTERN_OFF;
}

// The pattern of the most urgent class that asks. Silence is of the desk's sound: it
// does not reach what the desk does not hear.
static struct output_wish
loudest(const struct output *o, const struct output_counts *c, bool silenced)
{
	bool sounder = o->role == OUTPUT_SOUNDER;
	const uint32_t *plain = sounder ? c->sounding : c->owed;
	const uint32_t *silent = sounder ? c->silent_sounding : c->silent_owed;

	for (int k = 0; k < CLASS_COUNT; k++) {
		enum output_pattern p = pattern_of(o, k);
		bool asks =
		    (!silenced && plain[k] > 0) || (o->silent_alarms && silent[k] > 0);
		if (asks && p != PATTERN_OFF)
			return (struct output_wish){ p, k, false };
	}
	if (silenced)
		return (struct output_wish){ PATTERN_OFF, -1, false };
	if (c->tests > 0 && pattern_of(o, CLASS_FIRE) != PATTERN_OFF)
		return (struct output_wish){ PATTERN_TEST, CLASS_FIRE, false };
	return (struct output_wish){ PATTERN_OFF, -1, false };
}

struct output_wish
output_judge(const struct output *o, const struct output_counts *c)
{
	struct output_wish w = { PATTERN_OFF, -1, false };

	if (o->role == OUTPUT_HEARTBEAT)
		return w;
	w = loudest(o, c, false);
	if (o->role != OUTPUT_SOUNDER || !c->silenced || w.pattern == PATTERN_OFF)
		return w;
	struct output_wish left = loudest(o, c, true);
	if (left.pattern != PATTERN_OFF)
		return left;
	w.pattern = PATTERN_OFF;
	w.silenced = true;
	return w;
}

static int64_t
period_of(enum output_pattern p, uint32_t period_ms, int64_t *on_ms)
{
	switch (p) {
	case PATTERN_BLINK:
		*on_ms = BLINK_ON_MS;
		return BLINK_MS;
	case PATTERN_TEST:
		*on_ms = TEST_ON_MS;
		return TEST_MS;
	case PATTERN_BEAT:
		*on_ms = period_ms / 2;
		return period_ms;
	case PATTERN_OFF:
	case PATTERN_STEADY:
	case PATTERN_COUNT:
		break;
	}
	*on_ms = 0;
	return 0;
}

bool
output_level(enum output_pattern p, uint32_t period_ms, int64_t since_ms)
{
	int64_t on_ms, period = period_of(p, period_ms, &on_ms);

	if (period <= 0)
		return p == PATTERN_STEADY;
	return since_ms % period < on_ms;
}

int64_t
output_next_ms(enum output_pattern p, uint32_t period_ms, int64_t since_ms)
{
	int64_t on_ms, period = period_of(p, period_ms, &on_ms), at;

	if (period <= 0)
		return -1;
	at = since_ms % period;
	return at < on_ms ? on_ms - at : period - at;
}

bool
output_contact_shows(enum output_pattern p, uint32_t contact_ms)
{
	int64_t on_ms, period = period_of(p, 0, &on_ms);
	int64_t least = on_ms < period - on_ms ? on_ms : period - on_ms;

	return period <= 0 || least >= 2 * ((int64_t)contact_ms + OUTPUT_LOOK_MS);
}

void
output_watch_begin(struct output_watch *w, enum output_pattern p, int64_t now_ms)
{
	bool needed[2] = { p != PATTERN_STEADY, p != PATTERN_OFF };

	for (int level = 0; level < 2; level++) {
		if (needed[level] && !w->needed[level])
			w->needed_ms[level] = w->followed_ms[level] = now_ms;
		w->needed[level] = needed[level];
	}
}

void
output_watch_feed(struct output_watch *w, bool driven, bool seen, int64_t now_ms)
{
	if (driven == seen)
		w->followed_ms[driven] = now_ms;
}

bool
output_watch_failed(const struct output_watch *w, enum output_pattern p,
    uint32_t within_ms, int64_t now_ms)
{
	int64_t on_ms, most = within_ms + period_of(p, 0, &on_ms);

	for (int level = 0; level < 2; level++)
		if (w->needed[level] && now_ms - w->followed_ms[level] > most)
			return true;
	return false;
}

uint16_t
output_coil(const struct output *o)
{
	return (uint16_t)profile_place(o->item, 0, o->number).pdu;
}

const char *
output_role_name(enum output_role r)
{
	static const char *const names[OUTPUT_ROLE_COUNT] = {
		[OUTPUT_SOUNDER] = "sounder",
		[OUTPUT_LAMP] = "lamp",
		[OUTPUT_HEARTBEAT] = "heartbeat",
	};

	assert((unsigned)r < OUTPUT_ROLE_COUNT);
	return names[r];
}

const char *
output_exit_name(enum output_exit e)
{
	static const char *const names[OUTPUT_EXIT_COUNT] = {
		[OUTPUT_EXIT_OFF] = "off",
		[OUTPUT_EXIT_ON] = "on",
		[OUTPUT_EXIT_HOLD] = "hold",
	};

	assert((unsigned)e < OUTPUT_EXIT_COUNT);
	return names[e];
}

const char *
output_pattern_name(enum output_pattern p)
{
	static const char *const names[PATTERN_COUNT] = {
		[PATTERN_OFF] = "off",
		[PATTERN_STEADY] = "steady",
		[PATTERN_BLINK] = "blink",
		[PATTERN_TEST] = "test",
		[PATTERN_BEAT] = "beat",
	};

	assert((unsigned)p < PATTERN_COUNT);
	return names[p];
}
