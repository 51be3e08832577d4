// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The engine's book of what it decided lately (core/decision.h): its storage, made once
// at the start and untouched until it is written, and how a decision comes into it. On
// the loop.
#include <math.h>
#include <stdlib.h>

#include "core/decision.h"
#include "engine_impl.h"
#include "lib/mem.h"

enum {
	WORDS_OWN = 256, // limits, reasons of links, flags, ladders
	WORDS_MAX = 1 << 15,
};

struct decision_pool *
decisions_new(const struct site *site)
{
	struct decision_pool *p = xcalloc(1, sizeof(*p));
	p->n_points = site->n_points + 1U;
	// A small site never fills the whole of it.
	p->n_slots = p->n_points < DECISION_SLOTS / DECISIONS_PER_POINT
			 ? p->n_points * DECISIONS_PER_POINT
			 : DECISION_SLOTS;
	p->slots = xcalloc(p->n_slots, sizeof(*p->slots));
	p->heads = xcalloc(p->n_points, sizeof(*p->heads));
	p->n_words = WORDS_OWN;
	uint32_t wanted = 2U * (site->n_codes + site->n_suppressions + site->n_grants +
				   site->n_effects) +
			  WORDS_OWN;
	while (p->n_words < wanted && p->n_words < WORDS_MAX)
		p->n_words *= 2;
	p->words = xcalloc(p->n_words, sizeof(*p->words));
	decision_pool_init(p);
	return p;
}

void
decisions_free(struct decision_pool *p)
{
	if (p == NULL)
		return;
	free(p->slots);
	free(p->heads);
	free(p->words);
	free(p);
}

void
engine_decide(struct engine *e, uint32_t point, enum decision_kind kind,
    enum condition c, const char *word, double value)
{
	const struct decision d = {
		.kind = kind,
		.t_utc_ms = loop_utc_ms(e->loop),
		.condition = c,
		.word = word,
		.value = value,
	};
	if (point < e->site->n_points) // else it was removed from the site
		decision_note(e->decisions, point, &d);
}

void
engine_decide_rule(struct engine *e, const struct rule_doubt *d, uint32_t *doubts)
{
	bool doubted = (*doubts & UINT32_C(1) << d->bit) != 0;
	if (doubted == !d->known)
		return;
	*doubts ^= UINT32_C(1) << d->bit;
	engine_decide(e, d->point,
	    d->known ? DECISION_RULE_KNOWN : DECISION_RULE_UNKNOWN, d->condition,
	    d->word, NAN);
}

void
engine_decide_alarm(
    struct engine *e, const struct alarm_record *r, enum decision_kind kind)
{
	engine_decide(e, r->point_index, kind, r->a.condition, r->code, r->value);
}

// Why the operator sees or hears it, or not.
void
engine_decide_onset(struct engine *e, const struct alarm_record *r)
{
	static const struct {
		enum alarm_flag flag;
		enum decision_kind kind;
	} hides[] = {
		{ FLAG_SHELVED, DECISION_HIDDEN_SHELVED },
		{ FLAG_ISOLATED, DECISION_HIDDEN_ISOLATED },
		{ FLAG_SUPPRESSED, DECISION_HIDDEN_SUPPRESSED },
	};
	engine_decide_alarm(e, r, DECISION_ONSET);
	if (r->a.test_onset)
		engine_decide_alarm(e, r, DECISION_HIDDEN_TEST);
	for (size_t i = 0; alarm_hidden(&r->a) && i < 3; i++) {
		if ((r->a.flags & hides[i].flag) != 0)
			engine_decide_alarm(e, r, hides[i].kind);
	}
	if (r->alarm_class == CLASS_INFO)
		engine_decide_alarm(e, r, DECISION_ASKS_NOTHING);
	else if (r->a.silent)
		engine_decide_alarm(e, r, DECISION_SILENT);
	else if (alarm_voice(&r->a) == VOICE_ALARM)
		engine_decide_alarm(e, r, DECISION_SOUNDS);
}

void
engine_decide_flag(
    struct engine *e, const struct alarm_record *r, enum alarm_flag flag, bool on)
{
	enum decision_kind kind = flag == FLAG_SHELVED      ? DECISION_HIDDEN_SHELVED
				  : flag == FLAG_ISOLATED   ? DECISION_HIDDEN_ISOLATED
				  : flag == FLAG_SUPPRESSED ? DECISION_HIDDEN_SUPPRESSED
							    : DECISION_HIDDEN_TEST;
	if (!on)
		engine_decide(e, r->point_index, DECISION_FLAG_OFF, r->a.condition,
		    flag_name(flag), NAN);
	else if (alarm_hidden(&r->a))
		engine_decide_alarm(e, r, kind);
}

void
engine_decide_delay(struct engine *e, const struct filter *fl, bool was_pending)
{
	enum decision_kind kind;
	if (fl->delay.pending == was_pending)
		return;
	if (fl->delay.pending)
		kind = fl->raw ? DECISION_WITHIN_ON_DELAY : DECISION_WITHIN_OFF_DELAY;
	else
		kind =
		    fl->raw ? DECISION_BACK_WITHIN_DELAY : DECISION_GONE_WITHIN_DELAY;
	engine_decide(e, fl->point, kind, fl->condition, fl->code, fl->facts.value);
}

unsigned
engine_decisions(const struct engine *e, uint32_t point,
    struct decision out[static DECISIONS_PER_POINT])
{
	return decision_list(e->decisions, point, out);
}
