// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Frames of a bus as lines of a recording, to each client that asked for it. A bus is
// listened to only while somebody does. A client joins, and comes back after its buffer
// was full, at a moment when nothing is in flight, so that no answer is without its
// request; what it missed is a line of its own.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control_impl.h"
#include "drivers/bus_text.h"
#include "lib/mem.h"

enum {
	ROOM_AGAIN = CONTROL_OUT_MAX / 2,
};

static void
put_line(struct client *cl, int64_t mono_ms, const char *text)
{
	char line[BUS_TEXT_MAX];
	int64_t ms = mono_ms - cl->since_ms;
	int n = snprintf(line, sizeof(line), "%8lld %s\n", (long long)ms, text);

	wr_assert(n > 0 && (size_t)n < sizeof(line));
	wr_assert(control_put(cl, line, (size_t)n));
}

// Whether it may have lines from now on.
static bool
may_join(struct client *cl, const struct bus_frame *f)
{
	char gap[32];

	if (!cl->waits)
		return true;
	if (!f->alone || (cl->missed > 0 && control_room(cl) < ROOM_AGAIN))
		return false;
	if (cl->missed > 0) {
		(void)snprintf(gap, sizeof(gap), "! gap %u", cl->missed);
		put_line(cl, f->mono_ms, gap);
	}
	cl->waits = false;
	cl->missed = 0;
	return true;
}

static void
hear(struct client *cl, const struct bus_frame *f, const char *text)
{
	bool began = !cl->waits || cl->missed > 0;

	if (!may_join(cl, f)) {
		if (began) // before it has begun it misses nothing
			cl->missed++;
		return;
	}
	if (control_room(cl) >= BUS_TEXT_MAX) {
		put_line(cl, f->mono_ms, text);
		return;
	}
	cl->waits = true;
	cl->missed = 1;
}

static void
on_frame(void *ctx, const struct bus_frame *f)
{
	struct ear *ear = ctx;
	struct control *c = ear->control;

	buf_clear(&c->frame);
	bus_frame_text(&c->frame, f);
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		struct client *cl = &c->clients[i];

		if (cl->fd >= 0 && cl->recording && cl->bus == ear->bus)
			hear(cl, f, c->frame.data);
	}
}

void
record_init(struct control *c)
{
	c->ears = xcalloc(c->host.site->n_buses + 1U, sizeof(*c->ears));
	for (uint16_t i = 0; i < c->host.site->n_buses; i++) {
		c->ears[i].tap = (struct bus_tap){ &c->ears[i], on_frame };
		c->ears[i].control = c;
		c->ears[i].bus = i;
	}
}

void
record_free(struct control *c)
{
	free(c->ears);
	buf_free(&c->frame);
}

static const struct bus *
find_bus(const struct site *s, const char *id, uint16_t *index)
{
	for (*index = 0; *index < s->n_buses; ++*index)
		if (strcmp(s->buses[*index].id, id) == 0)
			return &s->buses[*index];
	return NULL;
}

void
record_begin(struct client *cl, const char *id)
{
	struct control *c = cl->control;
	const struct bus *bus = find_bus(c->host.site, id, &cl->bus);
	struct buf b = { 0 };

	if (bus == NULL) {
		control_refuse(cl, "not_found", "the site has no such bus");
		return;
	}
	json_open(&b, NULL, '{');
	json_bool(&b, "ok", true);
	json_str(&b, "bus", bus->id);
	json_str(&b, "kind", bus_kind_name(bus->kind));
	json_str(&b, "version", c->host.version);
	json_str(&b, "revision", c->host.site->revision);
	json_time(&b, "time", loop_utc_ms(c->loop));
	json_close(&b, '}');
	buf_str(&b, "\n");
	(void)control_put(cl, b.data, b.len);
	buf_free(&b);
	cl->recording = cl->waits = true;
	cl->since_ms = loop_now_ms(c->loop);
	if (c->ears[cl->bus].listeners++ == 0)
		c->host.listen(c->host.ctx, cl->bus, &c->ears[cl->bus].tap);
}

void
record_end(struct client *cl)
{
	struct control *c = cl->control;

	if (!cl->recording)
		return;
	cl->recording = false;
	if (--c->ears[cl->bus].listeners == 0)
		c->host.listen(c->host.ctx, cl->bus, NULL);
}
