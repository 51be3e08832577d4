// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What must hold in the world of outbox_world.h when all has arrived, and the text that
// tells two of its states apart.
#include <stdarg.h>
#include <stdio.h>

#include "outbox_state.h"

// ---- the end, from anywhere
// ----------------------------------------------------------

static void
let_arrive(void)
{
	for (int i = 0; i < WAITING_MAX; i++) {
		while (w.n_units > 0) {
			disk_commit();
			loop_run_ready(w.loop);
		}
		if (w.n_queue > 0 && !w.on_its_way)
			channel_send();
		if (w.on_its_way)
			channel_receipt();
		let_patience_pass();
		loop_run_ready(w.loop);
		check_always();
	}
}

void
world_finish(void)
{
	w.mode = STORE_OK;
	w.jammed = false;
	detector_sample(); // the field is polled, whatever happened
	loop_run_ready(w.loop);
	let_arrive();
	assert_int_equal(w.n_units + w.n_queue, 0);
	assert_int_equal(outbox_owed(w.outbox), 0);
	const struct alarm_record *r = detector_record();
	if (w.fire) // no alarm is lost
		assert_true(r != NULL && (r->a.state == ALARM_UNACKNOWLEDGED ||
					     r->a.state == ALARM_ACKNOWLEDGED));
	assert_int_equal(w.has_row, r != NULL); // the disk shows what the engine has
	if (r != NULL)
		assert_int_equal(w.row.state, r->a.state);
	for (unsigned i = 0; i < w.n_told; i++) { // no notice is dropped
		assert_true(w.told[i].on_disk || w.told[i].n.saved || w.crashes > 0);
		if (w.told[i].on_disk)
			assert_int_not_equal(w.told[i].disk, NOTICE_OWED);
	}
	for (unsigned i = 0; i < w.n_occurrences; i++) { // nor an answer forgotten
		const struct occurrence *o = &w.occurrences[i];
		unsigned received = 0;
		for (unsigned k = 0; k < w.n_told; k++)
			if (w.told[k].occurrence == i)
				received += w.told[k].received;
		if (o->durable && !o->answered)
			assert_true(received > 0 && r != NULL && alarm_owed(&r->a));
	}
}

// ---- the key
// ---------------------------------------------------------------------------

struct text {
	char *at;
	size_t left;
};

static void __attribute__((format(printf, 2, 3)))
add(struct text *t, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf(t->at, t->left, format, args);
	va_end(args);
	assert_in_range(n, 0, t->left - 1);
	t->at += n;
	t->left -= (size_t)n;
}

static unsigned
number_of(const struct notice *n)
{
	return (unsigned)(told_of(n) - w.told);
}

static void
add_row(struct text *t, const struct alarm_row *r)
{
	add(t, "%d%u.%u.%u.%u.%d ", r->close, r->state, occurrence_of(r->occurrence_id),
	    r->ladder_next, r->occurrences, r->ladder[0] != '\0');
}

static void
add_unit(struct text *t, const struct unit *u)
{
	const struct alarm_row *rows = u->alarms.data;
	const struct notice *notices = u->notices.data;
	const struct event *events = u->events.data;
	add(t, "[");
	for (size_t i = 0; i < u->events.n; i++)
		if (events[i].kind == EVENT_ALARM_ONSET && of_detector(events[i].point))
			add(t, "o%u", occurrence_of(events[i].occurrence_id));
	for (size_t i = 0; i < u->alarms.n; i++)
		if (of_detector(rows[i].point))
			add_row(t, &rows[i]);
	for (size_t i = 0; i < u->notices.n; i++)
		add(t, "n%u=%u ", number_of(&notices[i]), notices[i].state);
	add(t, "]");
}

static void
add_engine(struct text *t)
{
	const struct alarm_record *r = detector_record();
	add(t, "q%u ", engine_point(w.engine, site_find_point(w.site, "s1"))->quality);
	if (r != NULL)
		add(t, "%u.%u.%d.%u.%llx.%d.%u", r->a.state,
		    occurrence_of(r->occurrence), r->ladder != NULL, r->climb.next_step,
		    (unsigned long long)r->owed, r->seq != 0, r->occurrences);
	add(t, " owes%zu ", outbox_owed(w.outbox));
}

void
world_key(char *out, size_t size)
{
	struct text t = { out, size };
	add(&t, "%d%u%d%d%d%d c%u/%u/%u/%u/%u/%u a%u,%u.%u ", w.fire, w.mode,
	    w.on_its_way, w.waits, w.jammed, w.disk_was_away, w.crashes, w.left.onsets,
	    w.left.crashes, w.left.fails, w.left.disks, w.left.jams, w.confirmed,
	    w.asked, w.left.ticks);
	add_engine(&t);
	for (unsigned i = 0; i < w.n_units; i++)
		add_unit(&t, w.units[i]);
	if (w.has_row)
		add_row(&t, &w.row);
	for (unsigned i = 0; i < w.n_queue; i++)
		add(&t, "Q%u%d%d ", number_of(&w.queue[i]), w.queue[i].saved,
		    w.queue[i].repeated);
	for (unsigned i = 0; i < w.n_told; i++) {
		int64_t age = loop_now_ms(w.loop) - w.told[i].created_ms;
		add(&t, "%d%d", w.told[i].taken_back,
		    w.told[i].on_disk ? 0 : (int)(age < 1000 ? age / 300 : 4));
		add(&t, "T%u:%d%u%u%d ", w.told[i].occurrence, w.told[i].on_disk,
		    w.told[i].disk, w.told[i].received, w.told[i].overdue);
	}
	for (unsigned i = 0; i < w.n_occurrences; i++)
		add(&t, "O%d%d", w.occurrences[i].durable, w.occurrences[i].answered);
}
