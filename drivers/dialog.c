// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Requests and answers of a device's dialogs. Runs on the loop, allocates at start
// only. Refuses to write to a device that is not known to be the right one and up, or
// that the site has not enabled (I8); refuses to take anything of a device for known
// whose source is not known to live (I6).

#include "drivers/dialog.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/mem.h"

enum {
	BITS_A_WORD = 64,
};

static int64_t
now_of(const struct field_device *d)
{
	return loop_now_ms(d->host->loop);
}

// ---- start ------------------------------------------------------------------------

static const char *const code_names[PANEL_CODE_COUNT] = {
	[PANEL_UNLISTED] = "unlisted",
	[PANEL_QUEUE_GAP] = "queue-gap",
	[PANEL_QUEUE_STUCK] = "queue-stuck",
	[PANEL_QUEUE_UNREADABLE] = "queue-unreadable",
	[PANEL_SOURCE_UNWATCHED] = "source-unwatched",
	[PANEL_SUMMARY_UNREADABLE] = "summary-unreadable",
	[PANEL_HEARTBEAT_REFUSED] = "heartbeat-refused",
	[PANEL_NO_VALUE] = "no-value",
};

static void
find_codes(const struct site *site, code_id codes[static PANEL_CODE_COUNT])
{
	for (int c = 0; c < PANEL_CODE_COUNT; c++)
		for (uint16_t i = 0; i < site->n_codes; i++)
			if (strcmp(site->codes[i], code_names[c]) == 0)
				codes[c] = i;
}

// One instance for each loop of which the device has a guarded point; one where the
// summary has no loops.
static bool
loop_is_used(
    const struct field_device *d, const struct profile_summary *def, uint16_t loop)
{
	const struct site *site = d->host->site;

	for (uint32_t i = 0; i < d->def->n_points; i++) {
		const struct point *p = &site->points[d->def->points[i]];

		if (p->loop != loop)
			continue;
		for (uint16_t g = 0; g < def->n_guards; g++)
			if (def->guards[g] == p->item)
				return true;
	}
	return false;
}

static void
make_summaries(struct field_device *d, struct dialog *g)
{
	for (uint8_t i = 0; i < g->def->n_summaries; i++) {
		const struct profile_summary *def = &g->def->summaries[i];

		for (uint32_t loop = def->loop_min; loop <= def->loop_max; loop++) {
			if (def->loop_max > 0 && !loop_is_used(d, def, (uint16_t)loop))
				continue;
			g->summaries = xreallocarray(
			    g->summaries, g->n_summaries + 1U, sizeof(*g->summaries));
			g->summaries[g->n_summaries++] =
			    (struct dialog_summary){ .def = i, .loop = (uint16_t)loop };
		}
	}
}

static void
make_cursor(struct field_device *d, struct dialog *g, int64_t first_ms)
{
	const struct site *site = d->host->site;
	struct cursor_point *points = NULL;
	uint32_t n = 0;

	for (uint32_t i = 0; i < d->def->n_points; i++) {
		const struct point *p = &site->points[d->def->points[i]];
		const struct profile_selector *s =
		    profile_selector_of(d->def->profile, p->item);
		uint8_t which = s ? (uint8_t)(s - g->def->selectors) : 0;

		if (!s || !(d->def->dialogs.selectors & 1U << which))
			continue;
		points = xreallocarray(points, n + 1U, sizeof(*points));
		points[n++] = (struct cursor_point){
			.index = i, .number = p->number, .selector = which
		};
	}
	cursor_start(&g->cursor, points, n, first_ms);
}

static void
start_queue(struct field_device *d, struct dialog *g, int64_t first_ms)
{
	struct record_mark mark;
	bool known;

	if (!g->def->queue || !d->def->dialogs.queue || !d->host->record)
		return;
	g->queue = xcalloc(1, sizeof(*g->queue));
	known = d->host->record_mark(d->host->ctx, d->index, &mark);
	dialog_queue_start(g->queue, known ? &mark : NULL, first_ms);
}

// The head of the plan, in the order in which blocks that are due at once are asked.
static void
make_steps(struct field_device *d, struct dialog *g, int64_t first_ms)
{
	struct plan_block *b = xcalloc(ALIVE_MAX + g->n_summaries + 3U, sizeof(*b));

	g->n_steps = dialog_list_steps(d, b);
	for (uint16_t i = 0; i < g->n_steps; i++) {
		b[i].kind = PLAN_DIALOG;
		b[i].own_poll = b[i].poll;
		b[i].due_ms = first_ms;
	}
	plan_prepend(&d->plan, g->n_steps);
	memcpy(d->plan.blocks, b, g->n_steps * sizeof(*b));
	free(b);
}

struct plan_block *
dialog_block(struct field_device *d, enum dialog_step step, uint16_t n)
{
	for (uint16_t i = 0; i < d->dialog->n_steps; i++)
		if (d->plan.blocks[i].first == step && d->plan.blocks[i].n == n)
			return &d->plan.blocks[i];
	return NULL;
}

void
dialog_init(struct field_device *d, int64_t first_ms)
{
	const struct profile_dialogs *def = d->def->profile->dialogs;
	struct dialog *g;

	if (!def)
		return;
	g = xcalloc(1, sizeof(*g));
	d->dialog = g;
	g->def = def;
	g->expects = xcalloc(d->def->n_points / BITS_A_WORD + 1, sizeof(*g->expects));
	find_codes(d->host->site, g->codes);
	for (uint8_t i = 0; i < def->n_alive; i++) {
		alive_start(&g->alive[i], first_ms);
		g->unwatchable[i] =
		    (def->alive[i].of_gateway && !d->def->dialogs.gateway) ||
		    (def->alive[i].off && !(d->def->dialogs.alive & 1U << i));
		g->n_watched += !g->unwatchable[i];
	}
	make_summaries(d, g);
	make_cursor(d, g, first_ms);
	start_queue(d, g, first_ms);
	if (def->beat)
		g->beat = def->writes[def->beat->write].min;
	make_steps(d, g, first_ms);
}

void
dialog_free(struct field_device *d)
{
	if (!d->dialog)
		return;
	free(d->dialog->summaries);
	free(d->dialog->cursor.points);
	free(d->dialog->expects);
	free(d->dialog->queue);
	free(d->dialog);
	d->dialog = NULL;
}

// ---- what may be asked --------------------------------------------------------------

// Nothing of the device counts before its source is known to live.
static bool
source_lives(const struct dialog *g)
{
	if (g->n_watched == 0)
		return true;
	for (uint8_t i = 0; i < g->def->n_alive; i++)
		if (!g->unwatchable[i] && (g->alive[i].state == ALIVE_UNREAD ||
					      g->alive[i].state == ALIVE_DEAD))
			return false;
	return true;
}

bool
dialog_source_lives(const struct field_device *d)
{
	return !d->dialog || source_lives(d->dialog);
}

static bool
is_up(const struct field_device *d)
{
	return d->link == DEVICE_UP || d->link == DEVICE_DOUBTFUL;
}

// A device that is not up is never written to, and a queue whose reading takes records
// away is not read.
static bool
only_reads(const struct dialog *g, const struct plan_block *b)
{
	return b->first == STEP_QUEUE && g->queue->state == QUEUE_READING &&
	       g->def->queue->acknowledge >= 0;
}

bool
dialog_lets(const struct field_device *d, const struct plan_block *b)
{
	const struct dialog *g = d->dialog;

	if (!g)
		return true;
	if (b->kind == PLAN_DIALOG && b->first == STEP_ALIVE)
		return true;
	if (!source_lives(g))
		return false;
	if (b->kind != PLAN_DIALOG || b->first == STEP_SUMMARY)
		return true;
	if (!is_up(d) && !only_reads(g, b))
		return false;
	switch ((enum dialog_step)b->first) {
	case STEP_QUEUE:
		return g->queue->state == QUEUE_READING ||
		       g->queue->state == QUEUE_ACKNOWLEDGING;
	case STEP_ALIVE:
	case STEP_SUMMARY:
	case STEP_CURSOR:
	case STEP_BEAT:
		return true;
	}
	wr_unreachable("dialog_step");
}

// ---- requests -----------------------------------------------------------------------

static void
read_of(const struct field_device *d, enum area area, uint16_t address, uint16_t count,
    struct pdu_request *out)
{
	out->write_of = NULL;
	out->unit = d->def->unit;
	out->area = area;
	out->address = address;
	out->count = count;
}

// Instances of the same summary that one read takes, from `first` on.
uint16_t
dialog_together(const struct field_device *d, uint16_t first, uint16_t *registers)
{
	const struct dialog *g = d->dialog;
	const struct dialog_summary *s = &g->summaries[first];
	const struct profile_summary *def = &g->def->summaries[s->def];
	uint16_t from = summary_address(def, s), n = 1;

	*registers = def->registers;
	while (!s->alone && first + n < g->n_summaries) {
		const struct dialog_summary *next = &g->summaries[first + n];
		uint32_t end = summary_address(def, next) + (uint32_t)def->registers;

		if (next->def != s->def || next->alone ||
		    end - from > d->def->profile->max_registers)
			break;
		*registers = (uint16_t)(end - from);
		n++;
	}
	return n;
}

static const struct cursor_point *
cursor_point_of(const struct dialog *g)
{
	return &g->cursor.points[g->cursor.at];
}

static const struct profile_selector *
selector_of(const struct dialog *g)
{
	return &g->def->selectors[cursor_point_of(g)->selector];
}

static void
request_cursor(const struct field_device *d, struct pdu_request *out)
{
	const struct dialog *g = d->dialog;
	const struct profile_selector *s = selector_of(g);

	if (g->cursor.state == CURSOR_READING)
		read_of(d, s->area, s->address, s->registers, out);
	else
		pdu_write(
		    out, d->def->unit, g->def, s->write, cursor_point_of(g)->number);
}

static void
request_queue(const struct field_device *d, struct pdu_request *out)
{
	const struct dialog *g = d->dialog;
	const struct profile_queue *q = g->def->queue;

	if (g->queue->state == QUEUE_ACKNOWLEDGING)
		pdu_write(out, d->def->unit, g->def, (uint16_t)q->acknowledge,
		    g->queue->last.sequence);
	else
		read_of(d, q->area, q->address, q->registers, out);
}

void
dialog_request(const struct field_device *d, uint16_t block, struct pdu_request *out)
{
	const struct dialog *g = d->dialog;
	const struct plan_block *b = &d->plan.blocks[block];
	const struct profile_alive *alive;
	const struct dialog_summary *s;
	uint16_t registers;

	switch ((enum dialog_step)b->first) {
	case STEP_ALIVE:
		alive = &g->def->alive[b->n];
		read_of(
		    d, alive->area, alive_address(alive, d->def->dialogs.node), 1, out);
		if (alive->of_gateway)
			out->unit = d->def->dialogs.gateway_unit;
		return;
	case STEP_SUMMARY:
		s = &g->summaries[b->n];
		(void)dialog_together(d, b->n, &registers);
		read_of(d, g->def->summaries[s->def].area,
		    summary_address(&g->def->summaries[s->def], s), registers, out);
		return;
	case STEP_QUEUE:
		request_queue(d, out);
		return;
	case STEP_CURSOR:
		request_cursor(d, out);
		return;
	case STEP_BEAT:
		pdu_write(out, d->def->unit, g->def, g->def->beat->write, g->beat);
		return;
	}
	wr_unreachable("dialog_step");
}

// ---- lost, and back
// ---------------------------------------------------------------------

void
dialog_lost(struct field_device *d)
{
	struct dialog *g = d->dialog;
	int64_t now = now_of(d);

	if (!g)
		return;
	for (uint8_t i = 0; i < g->def->n_alive; i++)
		alive_lost(&g->alive[i]);
	for (uint16_t i = 0; i < g->n_summaries; i++)
		summary_lost(&g->summaries[i]);
	guard_periods(d);
	cursor_lost(&g->cursor, now);
	if (g->queue) {
		dialog_queue_lost(g->queue, now);
		dialog_block(d, STEP_QUEUE, 0)->due_ms = g->queue->due_ms;
	}
	if (g->cursor.state != CURSOR_OFF)
		dialog_block(d, STEP_CURSOR, 0)->due_ms = g->cursor.due_ms;
	g->panel.have = false;
}

void
dialog_back(struct field_device *d)
{
	struct dialog *g = d->dialog;

	for (uint8_t i = 0; g && i < g->def->n_alive; i++)
		if (!g->unwatchable[i] && alive_back(&g->alive[i]))
			dialog_block(d, STEP_ALIVE, i)->due_ms = now_of(d);
}

void
dialog_up(struct field_device *d)
{
	if (d->dialog && !d->dialog->panel.have)
		panel_update(d);
}

void
dialog_scanned(struct field_device *d, struct plan_block *b)
{
	if (!d->dialog)
		return;
	if (b->period_ms != 0)
		b->due_ms = guard_next_ms(d, b, now_of(d));
	events_scanned(d, b);
}

void
dialog_stored(struct field_device *d, uint64_t token, bool durable)
{
	if (d->dialog && d->dialog->queue)
		events_stored(d, token, durable);
}
