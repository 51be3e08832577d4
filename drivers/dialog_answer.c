// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What the answers to a device's dialogs lead to. Runs on the loop, allocates nothing.
// Refuses to take a gateway's word for the panel's, a refused write for a device that
// is gone, and a register that is not there for one that is normal (I6).

#include "drivers/dialog.h"
#include "lib/log.h"
#include "lib/mem.h"

static int64_t
now_of(const struct field_device *d)
{
	return loop_now_ms(d->host->loop);
}

static const struct profile_selector *
selector_of(const struct dialog *g)
{
	return &g->def->selectors[g->cursor.points[g->cursor.at].selector];
}

// ---- writes are reported
// ---------------------------------------------------------------

static void
report_write(struct field_device *d, uint16_t block, const char *refused)
{
	struct pdu_request r = { 0 };
	struct field_write w = { .device = d->index, .refused = refused };

	dialog_request(d, block, &r);
	if (!r.write_of || !d->host->wrote)
		return;
	w.write = &r.write_of->writes[r.write];
	w.value = r.value;
	d->host->wrote(d->host->ctx, &w);
}

void
dialog_sent(struct field_device *d, uint16_t block)
{
	struct plan_block *b = &d->plan.blocks[block];
	struct dialog *g = d->dialog;

	report_write(d, block, NULL);
	if (b->first == STEP_SUMMARY)
		(void)dialog_together(d, b->n, &b->count); // what the answer will be of
	if (b->first == STEP_CURSOR)
		cursor_begin(&g->cursor, selector_of(g), d->def->poll_ms, now_of(d));
}

// ---- good answers -------------------------------------------------------------------

static void
note_unwatched(struct field_device *d)
{
	const struct dialog *g = d->dialog;
	bool any = false;

	for (uint8_t i = 0; i < g->def->n_alive; i++)
		any |= g->alive[i].state == ALIVE_UNWATCHED;
	panel_fault(d, PANEL_SOURCE_UNWATCHED, any);
}

static enum device_answer
good_alive(struct field_device *d, struct plan_block *b, const uint8_t *data,
    const char **reason)
{
	const struct profile_alive *def = &d->dialog->def->alive[b->n];
	struct dialog_alive *a = &d->dialog->alive[b->n];
	uint16_t word = pdu_value(def->area, data, 0);
	int64_t now = now_of(d);
	bool lives =
	    alive_take(a, def, d->def->dialogs.node, word, d->def->poll_ms, now);

	b->due_ms = device_next_period(b->due_ms, d->def->poll_ms, now);
	note_unwatched(d);
	if (!lives) {
		if (d->link != DEVICE_LOST && device_may_say(d))
			log_warnx("modbus", "device %s: %s says that it is not alive",
			    d->def->id, def->name);
		*reason = alive_code_name(def->code);
		return ANSWER_MISS;
	}
	// A gateway's word is not the panel's: that one is heard when it answers.
	if (dialog_source_lives(d) && !def->of_gateway)
		device_up(d);
	return ANSWER_GOOD;
}

static void
take_summary(struct field_device *d, uint16_t i, const uint16_t *words)
{
	struct dialog_summary *s = &d->dialog->summaries[i];
	const struct profile_summary *def = &d->dialog->def->summaries[s->def];
	bool fire = def->fire_mask != 0, was_known = s->known;
	const struct summary_guarded guarded = {
		.scanning = fire && guard_scanning(d, s),
		.fires = fire ? guard_fires(d, s) : 0,
		.poll_ms = d->def->poll_ms,
	};

	switch (summary_take(s, def, words, &guarded, now_of(d))) {
	case SUMMARY_SAME:
		break;
	case SUMMARY_CHANGED:
	case SUMMARY_SEEK:
		guard_hurry(d, s);
		break;
	}
	if (!was_known)
		guard_periods(d);
}

static void
good_summary(struct field_device *d, struct plan_block *b, const uint8_t *data)
{
	const struct dialog *g = d->dialog;
	const struct dialog_summary *first = &g->summaries[b->n];
	const struct profile_summary *def = &g->def->summaries[first->def];
	uint16_t from = summary_address(def, first), count = b->count;
	int64_t now = now_of(d);

	for (uint16_t i = b->n; i < g->n_summaries; i++) {
		const struct dialog_summary *s = &g->summaries[i];
		struct plan_block *own = dialog_block(d, STEP_SUMMARY, i);
		uint16_t words[SUMMARY_REGISTERS_MAX];
		uint16_t at = (uint16_t)(summary_address(def, s) - from);

		if (s->def != first->def || at + def->registers > count)
			break;
		for (uint16_t w = 0; w < def->registers; w++)
			words[w] = pdu_value(def->area, data, (size_t)at + w);
		take_summary(d, i, words);
		own->due_ms = device_next_period(own->due_ms, d->def->poll_ms, now);
	}
}

static void
send_value(struct field_device *d, const uint8_t *data, code_id refused)
{
	const struct dialog *g = d->dialog;
	const struct profile_selector *s = selector_of(g);
	struct cursor_point *p = &g->cursor.points[g->cursor.at];
	uint32_t i = p->index;
	uint16_t words[SELECTOR_REGISTERS_MAX] = { 0 };

	for (uint16_t w = 0; data && w < s->registers; w++)
		words[w] = pdu_value(s->area, data, w);
	device_send_value(d, i, data ? words : NULL, refused, p->good_ms);
	if (data)
		p->good_ms = loop_now_ms(d->host->loop);
}

static void
good_cursor(struct field_device *d, struct plan_block *b, const uint8_t *data)
{
	struct dialog *g = d->dialog;
	int64_t now = now_of(d);

	if (cursor_good(&g->cursor, selector_of(g), now) == CURSOR_VALUE) {
		send_value(d, data, 0);
		cursor_next(&g->cursor, now);
	}
	b->due_ms = g->cursor.due_ms;
}

static void
good_beat(struct field_device *d, struct plan_block *b)
{
	struct dialog *g = d->dialog;
	const struct profile_write *w = &g->def->writes[g->def->beat->write];

	g->beat = g->beat >= w->max ? w->min : g->beat + 1;
	b->due_ms = now_of(d) + g->def->beat->period_ms;
	panel_fault(d, PANEL_HEARTBEAT_REFUSED, false);
}

enum device_answer
dialog_good(
    struct field_device *d, uint16_t block, const uint8_t *data, const char **reason)
{
	struct plan_block *b = &d->plan.blocks[block];
	enum device_answer answer = ANSWER_GOOD;

	b->busy_since_ms = 0;
	if (b->first != STEP_ALIVE || !d->dialog->def->alive[b->n].of_gateway)
		d->host->heard(d->host->ctx, d->index, now_of(d));
	if (b->first == STEP_ALIVE) {
		answer = good_alive(d, b, data, reason);
		panel_update(d);
		return answer;
	}
	device_up(d);
	switch ((enum dialog_step)b->first) {
	case STEP_ALIVE:
		break;
	case STEP_SUMMARY:
		good_summary(d, b, data);
		break;
	case STEP_QUEUE:
		answer = events_good(d, b, data);
		break;
	case STEP_CURSOR:
		good_cursor(d, b, data);
		break;
	case STEP_BEAT:
		good_beat(d, b);
		break;
	}
	panel_update(d);
	return answer;
}

// ---- exceptions ---------------------------------------------------------------------

// The loops of one read may not all be there: each is asked alone before it counts as
// absent.
static void
refuse_summary(struct field_device *d, struct plan_block *b)
{
	struct dialog *g = d->dialog;
	struct dialog_summary *s = &g->summaries[b->n];
	const struct profile_summary *def = &g->def->summaries[s->def];
	uint16_t registers, n = dialog_together(d, b->n, &registers);

	if (n > 1) {
		for (uint16_t i = 0; i < n; i++)
			g->summaries[b->n + i].alone = true;
		return; // due at once
	}
	if (!s->absent && device_may_say(d))
		log_warnx("modbus", "device %s has no %s at %u", d->def->id, def->name,
		    (unsigned)summary_address(def, s));
	summary_absent(s, now_of(d));
	b->due_ms = s->due_ms;
	guard_periods(d);
	if (!def->optional)
		panel_fault(d, PANEL_SUMMARY_UNREADABLE, true);
}

static void
refuse_alive(struct field_device *d, struct plan_block *b)
{
	struct dialog_alive *a = &d->dialog->alive[b->n];

	if (a->state != ALIVE_UNWATCHED && device_may_say(d))
		log_warnx("modbus", "device %s does not tell whether it is alive (%s)",
		    d->def->id, d->dialog->def->alive[b->n].name);
	alive_absent(a, now_of(d));
	b->due_ms = a->due_ms;
	note_unwatched(d);
}

// Refused for good: the dialog goes on without it.
static void
refuse(struct field_device *d, uint16_t block, const char *reason)
{
	struct plan_block *b = &d->plan.blocks[block];

	report_write(d, block, reason);
	switch ((enum dialog_step)b->first) {
	case STEP_ALIVE:
		refuse_alive(d, b);
		return;
	case STEP_SUMMARY:
		refuse_summary(d, b);
		return;
	case STEP_QUEUE:
		events_refused(d, b, reason);
		return;
	case STEP_BEAT:
		b->due_ms = now_of(d) + d->dialog->def->beat->period_ms;
		panel_fault(d, PANEL_HEARTBEAT_REFUSED, true);
		return;
	case STEP_CURSOR:
		return; // cursor_refused
	}
	wr_unreachable("dialog_step");
}

// Selector and result have their own rule of what is asked again.
static enum device_answer
refuse_cursor(
    struct field_device *d, uint16_t block, uint8_t exception, const char *reason)
{
	struct dialog *g = d->dialog;
	struct plan_block *b = &d->plan.blocks[block];
	int64_t now = now_of(d);

	report_write(d, block, reason);
	if (cursor_exception(&g->cursor, selector_of(g), exception, now) ==
	    CURSOR_NO_VALUE) {
		send_value(d, NULL, g->codes[PANEL_NO_VALUE]);
		cursor_next(&g->cursor, now);
	}
	b->due_ms = g->cursor.due_ms;
	return ANSWER_REFUSED;
}

enum device_answer
dialog_exception(struct field_device *d, uint16_t block, uint8_t exception,
    enum refusal refusal, const char **reason)
{
	struct plan_block *b = &d->plan.blocks[block];

	if (b->first == STEP_CURSOR)
		return refuse_cursor(d, block, exception, *reason);
	switch (refusal) {
	case REFUSAL_BUSY:
		return device_busy(d, b); // nothing that was not up is up by it
	case REFUSAL_CONFIGURATION:
	case REFUSAL_ADDRESS:
		refuse(d, block, *reason);
		break;
	case REFUSAL_LINK:
	case REFUSAL_DEVICE:
		// A write that is not taken is not a device that is gone.
		if (b->first == STEP_ALIVE || b->first == STEP_SUMMARY)
			return ANSWER_MISS;
		refuse(d, block, *reason);
		break;
	}
	if (b->first != STEP_ALIVE)
		device_up(d);
	panel_update(d);
	return ANSWER_REFUSED;
}

// ---- no answer, lost, back
// ------------------------------------------------------------

bool
dialog_is_of_gateway(const struct field_device *d, uint16_t block)
{
	const struct plan_block *b = &d->plan.blocks[block];

	return b->kind == PLAN_DIALOG && b->first == STEP_ALIVE &&
	       d->dialog->def->alive[b->n].of_gateway;
}

// The gateway's own unit may be silent, or not be the one the site names, while the
// panel's answers: too often, and the panel is read without its word.
static bool
gateway_is_silent(struct field_device *d, struct plan_block *b)
{
	struct dialog_alive *a = &d->dialog->alive[b->n];

	if (!alive_unanswered(a, d->def->retries, now_of(d)))
		return false;
	b->due_ms = a->due_ms;
	note_unwatched(d);
	panel_update(d);
	return true;
}

// What a dialog does next when its request had no answer.
static void
go_on(struct field_device *d, struct plan_block *b)
{
	struct dialog *g = d->dialog;
	int64_t now = now_of(d);

	switch ((enum dialog_step)b->first) {
	case STEP_QUEUE:
		events_unanswered(d, b);
		return;
	case STEP_CURSOR:
		cursor_unanswered(&g->cursor, now);
		if (b->misses > d->def->retries) {
			b->misses = 0;
			send_value(d, NULL, g->codes[PANEL_NO_VALUE]);
			cursor_next(&g->cursor, now);
		}
		b->due_ms = g->cursor.due_ms;
		return;
	case STEP_BEAT:
		b->due_ms = now + d->def->poll_ms;
		return;
	case STEP_ALIVE:
	case STEP_SUMMARY:
		return; // as any block
	}
	wr_unreachable("dialog_step");
}

// It alone has no answer, again and again, while the device answers to others.
static bool
is_ignored(const struct field_device *d, const struct plan_block *b)
{
	return b->first != STEP_CURSOR && b->misses > d->def->retries &&
	       d->answered_ms > b->missed_ms;
}

bool
dialog_unanswered(struct field_device *d, uint16_t block, const char *code)
{
	struct plan_block *b = &d->plan.blocks[block];

	if (dialog_is_of_gateway(d, block))
		return gateway_is_silent(d, b);
	if (is_ignored(d, b)) {
		refuse(d, block, code);
		device_up(d);
		panel_update(d);
		return true;
	}
	report_write(d, block, code);
	go_on(d, b);
	return false;
}
