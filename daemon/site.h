// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The running site: the drivers of its buses and GPIO chips, feeding the engine. Runs
// on the loop.
#ifndef DAEMON_SITE_H
#define DAEMON_SITE_H

#include "channels/delivery.h"
#include "core/site.h"
#include "drivers/host.h"
#include "engine.h"
#include "field.h"
#include "outputs.h"

struct running_site;

// Who also hears what the drivers report, before the engine does.
struct running_tap {
	void *ctx;
	void (*sample)(void *ctx, const struct sample *s);
	void (*link)(void *ctx, uint32_t link_point, bool lost, const char *code);
};

// All must outlive the running site.
struct running_parts {
	struct loop *loop;
	const struct site *site;
	struct engine *engine;
	struct field *field;
	struct outputs *outputs;   // NULL: none is driven
	struct delivery *delivery; // NULL: only buses that are recordings are started
	const struct running_tap *tap; // NULL = none
};

// Starts every driver. Nothing that is missing in the field stops it. What may wait
// runs on the delivery thread, which must be stopped after the site.
struct running_site *running_site_start(const struct running_parts *parts);
void running_site_stop(struct running_site *r); // NULL is fine

// From now on `tap` hears what passes over a bus, or (NULL) nobody. It must outlive
// that.
void running_site_listen(
    const struct running_site *r, uint16_t bus, const struct bus_tap *tap);

// Links of the field, as they are now. `block` is below device_look.blocks.
void running_site_bus(const struct running_site *r, uint16_t bus, struct bus_look *out);
void running_site_device(
    const struct running_site *r, uint16_t device, struct device_look *out);
void running_site_block(const struct running_site *r, uint16_t device, uint16_t block,
    struct block_look *out);

// What was last heard of a host of the site.
const struct host_status *running_site_host(
    const struct running_site *r, uint16_t host);

#endif
