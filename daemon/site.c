// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See site.h. One driver instance per bus and per GPIO chip, one for all hosts. The
// driver's samples pass straight to the engine: one direction, one line.
#include "site.h"

#include <stdlib.h>

#include "core/profile_dialog.h"
#include "lib/log.h"
#include "lib/mem.h"

struct running {
	const struct driver *driver;
	struct driver_instance *instance;
};

struct running_site {
	struct driver_host host;
	struct engine *engine;
	struct delivery *delivery;
	struct field *field;
	const struct running_tap *tap;
	struct outputs *outputs;
	size_t n;
	struct running *running;             // buses first, in the order of the site
	uint16_t *nth;                       // of each device, on its bus
	const struct driver_instance *hosts; // NULL = none
};

static void
on_sample(void *ctx, const struct sample *s)
{
	const struct running_site *r = ctx;
	if (r->tap != NULL)
		r->tap->sample(r->tap->ctx, s);
	engine_sample(r->engine, s);
}

static void
on_link(void *ctx, uint32_t link_point, bool lost, const char *code)
{
	const struct running_site *r = ctx;
	if (r->tap != NULL)
		r->tap->link(r->tap->ctx, link_point, lost, code);
	engine_link(r->engine, link_point, lost, code);
}

static void
on_heard(void *ctx, uint32_t device, int64_t now_ms)
{
	const struct running_site *r = ctx;
	engine_heard(r->engine, device, now_ms);
}

static enum record_answer
on_record(void *ctx, const struct field_record *record)
{
	const struct running_site *r = ctx;
	return field_record(r->field, record) ? RECORD_STORED : RECORD_WAITS;
}

static bool
on_record_mark(void *ctx, uint16_t device, struct record_mark *out)
{
	const struct running_site *r = ctx;
	return field_mark(r->field, device, out);
}

static void
on_gap(void *ctx, const struct record_gap *gap)
{
	const struct running_site *r = ctx;
	field_gap(r->field, gap);
}

static void
on_wrote(void *ctx, const struct field_write *w)
{
	const struct running_site *r = ctx;
	field_wrote(r->field, w);
}

static void
on_output(void *ctx, const struct output_report *report)
{
	const struct running_site *r = ctx;
	if (r->outputs != NULL)
		outputs_report(r->outputs, report);
}

// The drivers of buses are the first, in the order of the buses; those of GPIO chips
// follow.
static void
on_drive(void *ctx, uint16_t output, bool on)
{
	const struct running_site *r = ctx;
	const struct site *s = r->host.site;
	const struct output *o = &s->outputs[output];
	size_t at = o->device != INDEX_NONE ? s->devices[o->device].bus
					    : (size_t)s->n_buses + o->gpio;
	const struct output_report nowhere = { output, OUTPUT_LOST, on, "replay" };
	const struct running *run = &r->running[at];
	if (run->driver != NULL && run->driver->drive != NULL)
		run->driver->drive(run->instance, output, on);
	else // a recording drives nothing
		outputs_report(r->outputs, &nowhere);
}

static void
on_stored(void *ctx, uint16_t device, uint64_t token, bool durable)
{
	const struct running_site *r = ctx;
	const struct running *run = &r->running[r->host.site->devices[device].bus];
	if (run->driver != NULL && run->driver->stored != NULL)
		run->driver->stored(run->instance, device, token, durable);
}

static void
on_outward(void *ctx, void (*fn)(struct loop *outward, void *arg), void *arg)
{
	const struct running_site *r = ctx;
	delivery_run(r->delivery, fn, arg);
}

static void
on_overdue(void *ctx, uint32_t device, bool overdue)
{
	const struct running_site *r = ctx;
	uint32_t point = r->host.site->devices[device].link_point;

	engine_system_one(r->engine, point, overdue, "overdue");
}

// What a site has enabled against the profile's advice, and what others must keep from.
static void
say_dialogs(const struct device *d)
{
	const struct profile_dialogs *g = d->profile->dialogs;
	if (g == NULL)
		return;
	if (d->dialogs.queue)
		log_info("site",
		    "device %s: its event queue is read here; another client takes "
		    "records from this one",
		    d->id);
	for (uint8_t i = 0; i < g->n_selectors; i++)
		if ((d->dialogs.selectors & 1u << i) != 0)
			log_warnx("site",
			    "device %s: selector %s is enabled; it is off by default, "
			    "for %s",
			    d->id, g->selectors[i].name, g->selectors[i].why_off_en);
	if (g->beat != NULL && d->dialogs.allow_writes)
		log_warnx("site", "device %s: its heartbeat is written each %u s",
		    d->id, g->beat->period_ms / 1000);
}

static struct driver_instance *
start(struct running_site *r, const struct driver *d, uint16_t index)
{
	struct running *run = &r->running[r->n++];
	run->driver = d;
	run->instance = d->start(&r->host, index);
	return run->instance;
}

static void
count_devices(struct running_site *r)
{
	const struct site *s = r->host.site;
	uint16_t *seen = xcalloc(s->n_buses + 1u, sizeof(*seen));
	r->nth = xcalloc(s->n_devices + 1u, sizeof(*r->nth));
	for (uint16_t i = 0; i < s->n_devices; i++)
		r->nth[i] = seen[s->devices[i].bus]++;
	free(seen);
}

// A bus that is not started keeps its place.
static void
start_bus(struct running_site *r, uint16_t bus)
{
	enum bus_kind kind = r->host.site->buses[bus].kind;
	if (r->delivery == NULL && kind != BUS_REPLAY)
		r->n++;
	else
		(void)start(r, driver_for_bus(kind), bus);
}

static void
start_others(struct running_site *r)
{
	const struct site *site = r->host.site;
	if (r->delivery == NULL)
		return;
	for (uint16_t i = 0; i < site->n_gpios; i++)
		(void)start(r, &driver_gpio, i);
	if (site->n_hosts > 0)
		r->hosts = start(r, &driver_hosts, 0);
	for (uint16_t i = 0; i < site->n_devices; i++)
		say_dialogs(&site->devices[i]);
}

struct running_site *
running_site_start(const struct running_parts *parts)
{
	struct running_site *r = xcalloc(1, sizeof(*r));
	const struct site *site = parts->site;
	r->engine = parts->engine;
	r->delivery = parts->delivery;
	r->field = parts->field;
	r->outputs = parts->outputs;
	r->tap = parts->tap;
	r->host = (struct driver_host){
		.ctx = r,
		.loop = parts->loop,
		.site = site,
		.sample = on_sample,
		.link = on_link,
		.heard = on_heard,
		.outward = on_outward,
		.overdue = on_overdue,
		.record = on_record,
		.record_mark = on_record_mark,
		.gap = on_gap,
		.wrote = on_wrote,
		.output = on_output,
	};
	size_t most = (size_t)site->n_buses + site->n_gpios + (site->n_hosts > 0);
	r->running = xcalloc(most + 1, sizeof(*r->running));
	count_devices(r);
	for (uint16_t i = 0; i < site->n_buses; i++)
		start_bus(r, i);
	start_others(r);
	field_attach(r->field, on_stored, r);
	if (r->outputs != NULL)
		outputs_attach(r->outputs, on_drive, r);
	return r;
}

void
running_site_stop(struct running_site *r)
{
	if (r == NULL)
		return;
	field_attach(r->field, NULL, NULL);
	if (r->outputs != NULL)
		outputs_attach(r->outputs, NULL, NULL);
	while (r->n > 0) {
		r->n--;
		if (r->running[r->n].driver == NULL)
			continue;
		r->running[r->n].driver->stop(r->running[r->n].instance);
	}
	free(r->running);
	free(r->nth);
	free(r);
}

void
running_site_listen(
    const struct running_site *r, uint16_t bus, const struct bus_tap *tap)
{
	r->running[bus].driver->listen(r->running[bus].instance, tap);
}

void
running_site_bus(const struct running_site *r, uint16_t bus, struct bus_look *out)
{
	r->running[bus].driver->look_bus(r->running[bus].instance, out);
}

static const struct running *
bus_of(const struct running_site *r, uint16_t device)
{
	return &r->running[r->host.site->devices[device].bus];
}

void
running_site_device(
    const struct running_site *r, uint16_t device, struct device_look *out)
{
	const struct running *on = bus_of(r, device);
	on->driver->look_device(on->instance, r->nth[device], out);
}

void
running_site_block(const struct running_site *r, uint16_t device, uint16_t block,
    struct block_look *out)
{
	const struct running *on = bus_of(r, device);
	on->driver->look_block(on->instance, r->nth[device], block, out);
}

const struct host_status *
running_site_host(const struct running_site *r, uint16_t host)
{
	return hosts_status(r->hosts, host);
}
