// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Which blocks the dialogs of a device put at the head of its plan. Runs on the loop,
// at start. Each says where its registers are and how many, though the request itself
// is made when it is due (dialog_request): a person is shown every read there is.

#include "drivers/dialog.h"
#include "lib/mem.h"

const char *
dialog_step_name(enum dialog_step step)
{
	switch (step) {
	case STEP_ALIVE:
		return "alive";
	case STEP_SUMMARY:
		return "summary";
	case STEP_QUEUE:
		return "queue";
	case STEP_CURSOR:
		return "selector";
	case STEP_BEAT:
		return "heartbeat";
	}
	wr_unreachable("dialog_step");
}

static void
put_step(struct plan_block *out, uint16_t *n, struct plan_block step)
{
	out[*n] = step;
	++*n;
}

static struct plan_block
step_of_alive(const struct field_device *d, uint8_t i)
{
	const struct profile_alive *a = &d->dialog->def->alive[i];

	return (struct plan_block){
		.first = STEP_ALIVE,
		.poll = POLL_SUMMARY,
		.n = i,
		.area = (uint8_t)a->area,
		.address = alive_address(a, d->def->dialogs.node),
		.count = 1,
	};
}

// Its count is told when it is asked: loops that lie together are one read.
static struct plan_block
step_of_summary(const struct dialog *g, uint16_t i)
{
	const struct dialog_summary *s = &g->summaries[i];
	const struct profile_summary *def = &g->def->summaries[s->def];

	return (struct plan_block){
		.first = STEP_SUMMARY,
		.poll = POLL_SUMMARY,
		.n = i,
		.area = (uint8_t)def->area,
		.address = summary_address(def, s),
	};
}

static struct plan_block
step_of_beat(const struct profile_dialogs *def)
{
	const struct profile_write *w = &def->writes[def->beat->write];

	return (struct plan_block){
		.first = STEP_BEAT,
		.poll = POLL_SUMMARY,
		.area = w->function == WRITE_COIL ? AREA_COIL : AREA_HOLDING,
		.address = w->address,
		.count = w->registers,
	};
}

static struct plan_block
step_of_queue(const struct profile_queue *q)
{
	return (struct plan_block){
		.first = STEP_QUEUE,
		.poll = POLL_SCAN,
		.area = (uint8_t)q->area,
		.address = q->address,
		.count = q->registers,
	};
}

// Where the value of the first point behind a selector is.
static struct plan_block
step_of_cursor(const struct dialog *g)
{
	const struct profile_selector *s =
	    &g->def->selectors[g->cursor.points[0].selector];

	return (struct plan_block){
		.first = STEP_CURSOR,
		.poll = POLL_SCAN,
		.area = (uint8_t)s->area,
		.address = s->address,
		.count = s->registers,
	};
}

// What is never asked of this device has no block: there may be a thousand like it.
uint16_t
dialog_list_steps(const struct field_device *d, struct plan_block *out)
{
	const struct dialog *g = d->dialog;
	uint16_t n = 0;

	for (uint8_t i = 0; i < g->def->n_alive; i++) {
		if (!g->unwatchable[i])
			put_step(out, &n, step_of_alive(d, i));
	}
	for (uint16_t i = 0; i < g->n_summaries; i++)
		put_step(out, &n, step_of_summary(g, i));
	if (g->def->beat && d->def->dialogs.allow_writes)
		put_step(out, &n, step_of_beat(g->def));
	if (g->queue)
		put_step(out, &n, step_of_queue(g->def->queue));
	if (g->cursor.state != CURSOR_OFF)
		put_step(out, &n, step_of_cursor(g));
	return n;
}
