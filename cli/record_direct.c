// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Recording without a daemon: the driver of the bus runs here, on a loop of its own, as
// the daemon would run it, and nobody makes anything of what it reads. It reads only:
// event queues are left alone, no value is selected, no heartbeat is written (I8).
#include "cli/record.h"
#include "drivers/bus_text.h"
#include "lib/clock.h"
#include "lib/loop.h"

enum {
	LOOK_MS = 100, // how often it is asked whether to stop
};

struct direct {
	const struct record_direct *d;
	struct loop *loop;
	struct loop_timer timer;
	int64_t begin_ms;
	bool began; // with a request
	struct buf text;
	struct record_count *count;
};

static void
on_frame(void *ctx, const struct bus_frame *f)
{
	struct direct *r = ctx;
	long long ms = f->mono_ms - r->begin_ms;

	if (!r->began && !f->alone)
		return;
	r->began = true;
	buf_clear(&r->text);
	bus_frame_text(&r->text, f);
	int n = fprintf(r->d->out, "%8lld %s\n", ms, r->text.data);
	r->count->bytes += n > 0 ? (size_t)n : 0;
	r->count->lines++;
}

static void
on_look(void *arg)
{
	struct direct *r = arg;
	int64_t ms = loop_now_ms(r->loop) - r->begin_ms;
	bool over = r->d->for_ms > 0 && ms >= r->d->for_ms;

	r->count->ms = ms;
	if (over || *r->d->stopped || ferror(r->d->out) ||
	    r->count->bytes >= r->d->bytes_max)
		loop_stop(r->loop);
	else
		loop_timer_in(r->loop, &r->timer, LOOK_MS);
}

static void
no_sample(void *ctx, const struct sample *s)
{
	(void)ctx;
	(void)s;
}

static void
no_link(void *ctx, uint32_t link_point, bool lost, const char *code)
{
	(void)ctx;
	(void)link_point;
	(void)lost;
	(void)code;
}

static void
no_heard(void *ctx, uint32_t device, int64_t now_ms)
{
	(void)ctx;
	(void)device;
	(void)now_ms;
}

static void
no_overdue(void *ctx, uint32_t device, bool overdue)
{
	(void)ctx;
	(void)device;
	(void)overdue;
}

static void
write_nothing(const struct site *s)
{
	for (uint16_t i = 0; i < s->n_devices; i++) {
		s->devices[i].dialogs.queue = false;
		s->devices[i].dialogs.allow_writes = false;
		s->devices[i].dialogs.selectors = 0;
	}
}

void
record_direct(const struct record_direct *d, struct record_count *count)
{
	const struct driver *driver = driver_for_bus(d->site->buses[d->bus].kind);
	struct direct r = { .d = d, .count = count };
	const struct bus_tap tap = { &r, on_frame };

	r.loop = loop_new(clock_real());
	const struct driver_host host = {
		.ctx = &r,
		.loop = r.loop,
		.site = d->site,
		.sample = no_sample,
		.link = no_link,
		.heard = no_heard,
		.overdue = no_overdue,
	};
	write_nothing(d->site);
	r.begin_ms = loop_now_ms(r.loop);
	loop_timer_init(&r.timer, on_look, &r);
	loop_timer_in(r.loop, &r.timer, 0);
	struct driver_instance *bus = driver->start(&host, d->bus);
	driver->listen(bus, &tap);
	(void)loop_run(r.loop);
	driver->stop(bus);
	loop_free(r.loop);
	buf_free(&r.text);
}
