// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Every profile of panels/ with all its items and all its dialogs enabled, on a panel
// that answers anything at all and notes each request: what is no read is a write that
// the profile declares, and with nothing enabled there is none (I8).
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/profile_dialog.h"
#include "dialog_rig.h"
#include "test.h"

enum {
	TEXT = 60 * 1024,
	PASSES_MAX = 4, // items at one address are tried one after the other
	TAKEN_MAX = 1024,
	ITEMS = 256,
	STEPS = 300,
	STEP_MS = 2000,
	GATEWAY = 100,
	NODE = 3,
};

struct taken {
	uint32_t pdu;
	uint8_t area, shift, pack;
	const struct profile_selector *selector;
};

static struct dialog_rig rig;
static uint32_t seed;

static uint16_t
any(void)
{
	seed = seed * 1664525U + 1013904223U;
	return (uint16_t)(seed >> 16);
}

// ---- a site with all there is -------------------------------------------------------

struct text {
	char out[TEXT];
	size_t used;
	struct taken taken[TAKEN_MAX];
	size_t n_taken;
};

static struct text text;

static void __attribute__((format(printf, 1, 2))) put(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	text.used += (size_t)vsnprintf(
	    text.out + text.used, sizeof(text.out) - text.used, format, list);
	va_end(list);
	assert_in_range(text.used, 0, sizeof(text.out) - 1);
}

static const char *
kind_of(const struct profile *p, const struct profile_item *item)
{
	const struct decoder *d = &p->decoders[item->decoder];

	if (d->form == DECODE_BIT || d->form == DECODE_WORD)
		return point_kind_name(KIND_MODULE);
	for (int k = 0; k < POINT_KIND_COUNT; k++)
		if (point_kind_quantity((enum point_kind)k) == d->quantity)
			return point_kind_name((enum point_kind)k);
	fail_msg("no kind measures what item %s does", item->name);
	return "";
}

static bool
take_place(const struct profile *p, uint16_t i, uint16_t loop, uint16_t device)
{
	const struct profile_item *item = &p->items[i];
	struct item_place place = profile_place(item, loop, device);
	struct taken t = { place.pdu, (uint8_t)item->area, place.shift, item->pack,
		p->dialogs ? profile_selector_of(p, i) : NULL };

	for (size_t k = 0; k < text.n_taken; k++) {
		const struct taken *o = &text.taken[k];
		if (o->pdu == t.pdu && o->area == t.area && o->shift == t.shift &&
		    o->pack == t.pack && o->selector == t.selector)
			return false;
	}
	assert_in_range(text.n_taken, 0, TAKEN_MAX - 1);
	text.taken[text.n_taken++] = t;
	return true;
}

static bool
put_point(const struct profile *p, uint16_t i, uint16_t loop, uint16_t device)
{
	const struct profile_item *item = &p->items[i];

	if (!take_place(p, i, loop, device))
		return false;
	put("%s{id: p%zu, item: %s, kind: %s, place: {en: A}",
	    text.n_taken > 1 ? ", " : "", text.n_taken, item->name, kind_of(p, item));
	if (item->loop_max > 0)
		put(", loop: %u", loop);
	if (item->device_max > 0)
		put(", device: %u", device);
	put("}");
	return true;
}

static bool
is_selected(const struct profile *p, uint16_t i)
{
	return p->dialogs != NULL && profile_selector_of(p, i) != NULL;
}

// The corners of each item that no earlier pass has; true where some are left.
static bool
put_points(const struct profile *p, bool selected, bool done[])
{
	bool more = false;

	text.n_taken = 0;
	put("points: [");
	for (uint16_t i = 0; i < p->n_items; i++) {
		const struct profile_item *item = &p->items[i];
		if (done[i] || (!selected && is_selected(p, i)))
			continue;
		done[i] = put_point(p, i, item->loop_min, item->device_min);
		more |= !done[i];
		if (!done[i])
			continue;
		(void)put_point(p, i, item->loop_max, item->device_max);
		(void)put_point(p, i, item->loop_min, item->device_max);
		(void)put_point(p, i, item->loop_max, item->device_min);
	}
	put("]");
	return more;
}

static void
put_dialogs(const struct profile_dialogs *d)
{
	if (d == NULL)
		return;
	put("dialogs: {alive: [");
	for (uint8_t i = 0, n = 0; i < d->n_alive; i++)
		if (d->alive[i].off)
			put("%s%s", n++ > 0 ? ", " : "", d->alive[i].name);
	put("], selectors: [");
	for (uint8_t i = 0; i < d->n_selectors; i++)
		put("%s%s", i > 0 ? ", " : "", d->selectors[i].name);
	put("]");
	for (uint8_t i = 0; i < d->n_alive; i++)
		if (d->alive[i].of_gateway)
			put(", gateway: {unit: %d, node: %d}", GATEWAY, NODE);
	if (d->beat != NULL)
		put(", allow_writes: true");
	put("}, ");
}

static void
put_head(const char *id)
{
	text.used = 0;
	put("poll: 5s, accept_budget: {limit: 1h, reason: a test}, ");
	if (strcmp(id, "jade-bird") == 0)
		put("tables: {state: [{value: 0, means: none}]}, ");
}

// ---- a panel that answers anything
// ----------------------------------------------------

static void
hold_alive(const struct profile_alive *a)
{
	uint16_t *words = a->of_gateway           ? rig.sim.gateway_input
			  : a->area == AREA_INPUT ? rig.sim.input
						  : rig.sim.holding;

	if (a->area == AREA_COIL || a->area == AREA_DISCRETE)
		rig.sim.discrete[a->address] = (uint8_t)a->values[0];
	else if (a->nodes > 0)
		words[a->address] = 1 << (NODE - 1);
	else if (a->test == ALIVE_MOVES)
		words[a->address]++;
	else
		words[a->address] = a->values[0];
}

static void
answer_anything(const struct profile *p)
{
	const struct device *d = &rig.site->devices[0];

	for (uint32_t i = 0; i < d->n_points; i++) {
		uint16_t pdu = rig.site->points[d->points[i]].pdu;
		rig.sim.holding[pdu] = rig.sim.input[pdu] = any();
		rig.sim.discrete[pdu] = any() & 1;
	}
	for (uint16_t i = 0; i < p->n_identity; i++)
		(p->identity[i].area == AREA_INPUT
			? rig.sim.input
			: rig.sim.holding)[p->identity[i].address] = p->identity[i].min;
	for (uint8_t i = 0; p->dialogs != NULL && i < p->dialogs->n_alive; i++)
		hold_alive(&p->dialogs->alive[i]);
	if (any() % 8 == 0 && d->n_points > 0) { // a refusal somewhere
		static const uint8_t codes[] = { 1, 2, 3, 6, 11, 15 };
		rig.sim.exception = codes[any() % ARRAY_LEN(codes)];
		rig.sim.exceptions = 1;
		rig.sim.exception_at = 0;
	}
}

static void
start(const char *id)
{
	const struct profile_queue *q;

	dialog_rig_init_panel(&rig, id, text.out);
	rig.sim.gateway = GATEWAY;
	q = rig.site->devices[0].profile->dialogs != NULL
		? rig.site->devices[0].profile->dialogs->queue
		: NULL;
	if (q == NULL)
		return;
	rig.sim.queue.read_at = q->address;
	rig.sim.queue.acknowledge_at =
	    rig.site->devices[0].profile->dialogs->writes[q->acknowledge].address;
}

static void
drive(bool records)
{
	const struct profile *p = rig.site->devices[0].profile;

	for (int i = 0; i < STEPS; i++) {
		rig.n_samples = 0;
		rig.n_records = rig.n_gaps = 0;
		answer_anything(p);
		if (records && i % 5 == 0)
			dialog_rig_push(&rig, (uint16_t)(1 + i / 5),
			    (uint8_t)(1 + any() % 255), any() % 600);
		rig.sim.mute_writes = any() % 10 == 0;
		dialog_rig_run(&rig, STEP_MS);
	}
	assert_true(rig.sim.n_requests > STEPS / 10);
}

// ---- what was written
// -----------------------------------------------------------------

static const struct profile_write *
declared(const struct profile_dialogs *d, const struct sim_write *w)
{
	for (uint16_t i = 0; d != NULL && i < d->n_writes; i++)
		if (d->writes[i].address == w->address &&
		    (unsigned)d->writes[i].function == w->function &&
		    w->value >= d->writes[i].min && w->value <= d->writes[i].max)
			return &d->writes[i];
	return NULL;
}

// Each is a write that the profile declares; `seen` counts them.
static void
check_orders(const struct profile *p, unsigned seen[static WRITES_MAX])
{
	for (unsigned i = 0; i < rig.sim.n_orders; i++) {
		const struct sim_write *w = &rig.sim.orders[i];
		const struct profile_write *found = declared(p->dialogs, w);

		if (w->unit != rig.sim.unit || found == NULL)
			fail_msg("%s: function %u to %u of unit %u, value %u", p->id,
			    w->function, w->address, w->unit, w->value);
		else
			seen[found - p->dialogs->writes]++;
	}
}

// With everything enabled; returns how many writes there were.
static unsigned
try_all(const char *id)
{
	bool done[ITEMS] = { false }, more = true;
	unsigned seen[WRITES_MAX] = { 0 }, total = 0, n_writes = 0;

	for (int pass = 0; more && pass < PASSES_MAX; pass++) {
		put_head(id);
		dialog_rig_init_panel(&rig, id, text.out);
		put_head(id);
		put_dialogs(rig.site->devices[0].profile->dialogs);
		more = put_points(rig.site->devices[0].profile, true, done);
		dialog_rig_free(&rig);
		start(id);
		drive(true);
		const struct profile *p = rig.site->devices[0].profile;
		check_orders(p, seen);
		n_writes = p->dialogs != NULL ? p->dialogs->n_writes : 0;
		total += rig.sim.n_orders;
		dialog_rig_free(&rig);
	}
	assert_false(more);
	// Not one that the test never saw.
	for (unsigned i = 0; i < n_writes; i++)
		assert_true(seen[i] > 0);
	return total;
}

// Nothing enabled; `records`: there are some in the queue, and nobody takes them.
static void
try_defaults(const char *id, bool records)
{
	bool done[ITEMS] = { false };

	put_head(id);
	dialog_rig_init_panel(&rig, id, text.out);
	const struct profile *p = rig.site->devices[0].profile;
	put_head(id);
	if (records && p->dialogs != NULL && p->dialogs->queue != NULL)
		put("dialogs: {queue: false}, ");
	(void)put_points(p, false, done);
	dialog_rig_free(&rig);
	start(id);
	drive(records);
	if (rig.sim.n_orders > 0)
		fail_msg("%s writes without being told to", id);
	dialog_rig_free(&rig);
}

static int
is_profile(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 5 && strcmp(e->d_name + n - 5, ".yaml") == 0;
}

static void
each(void (*f)(const char *id))
{
	struct dirent **all;
	int n = scandir(fixture_panels, &all, is_profile, alphasort);

	assert_true(n > 28);
	for (int i = 0; i < n; i++) {
		all[i]->d_name[strlen(all[i]->d_name) - 5] = '\0';
		f(all[i]->d_name);
		free(all[i]);
	}
	free(all);
}

static unsigned written;

static void
all_of(const char *id)
{
	written += try_all(id);
}

static void
nothing_of(const char *id)
{
	try_defaults(id, false);
	try_defaults(id, true);
}

static void
test_i8_all_that_is_written_is_declared(void **state)
{
	(void)state;
	each(all_of);
	assert_true(written > 100); // acknowledgements and selectors of the S2000-PP
}

static void
test_i8_nothing_is_written_unless_the_site_enables_it(void **state)
{
	(void)state;
	each(nothing_of);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_i8_all_that_is_written_is_declared),
		cmocka_unit_test(test_i8_nothing_is_written_unless_the_site_enables_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
