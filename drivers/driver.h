// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The contract of a driver: one constant struct, and the services the host gives it.
// A driver never exits because a device is gone, never blocks, and sees neither the
// scheduler of others nor configuration files nor the database. It runs on the loop.
#ifndef DRIVERS_DRIVER_H
#define DRIVERS_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/link.h"
#include "core/record.h"
#include "core/sample.h"
#include "core/site.h"
#include "lib/loop.h"

// Services. All are called on the loop; `s` is copied by the host.
//
// Rules a driver keeps:
// - An analog point: a sample for every good poll. Level and code points: a sample
//   when the value differs from the previous good one, when there was none since start
//   or since the link was lost, and when the quality changes.
// - A lost device: link(ctx, site->devices[i].link_point, true, ..); the host then
//   marks all points of the device unknown. It never sends a value it did not read.
// - heard(): each good reply, for "heard from panel N seconds ago".
// What the host says of a record that it is given to store.
enum record_answer {
	RECORD_STORED, // it is durable, and was before: the same record came again
	RECORD_WAITS,  // driver->stored follows, later
};

struct driver_host {
	void *ctx;
	struct loop *loop;
	const struct site *site;
	void (*sample)(void *ctx, const struct sample *s);
	// `lost` true/false of a built-in point; repeats of the same are ignored.
	// `code` is a static reason: "timeout", "refused", "exception-0b", "port", ...
	void (*link)(void *ctx, uint32_t link_point, bool lost, const char *code);
	void (*heard)(void *ctx, uint32_t device, int64_t now_ms);
	// Runs fn(loop, arg) on the thread that talks outward, with its loop, in the
	// order of the calls; before it ends, whatever happens. The one way for a
	// driver to what may wait: TLS, names.
	void (*outward)(
	    void *ctx, void (*fn)(struct loop *outward, void *arg), void *arg);
	// A device that answers is read more seldom than its plan promises
	// (device.budget_ms), or as promised again. Not for a lost one: that is said.
	void (*overdue)(void *ctx, uint32_t device, bool overdue);
	// A record of a device's event queue: one event, however often it comes. The
	// device is told to drop it only once it is durable. NULL: queues are left
	// alone.
	enum record_answer (*record)(void *ctx, const struct field_record *r);
	// The newest durable record of a device. False where there is none.
	bool (*record_mark)(void *ctx, uint16_t device, struct record_mark *out);
	// Records are missing.
	void (*gap)(void *ctx, const struct record_gap *g);
	// Something is written to a device, or was refused there.
	void (*wrote)(void *ctx, const struct field_write *w);
	// From within `drive` too. NULL: nobody cares.
	void (*output)(void *ctx, const struct output_report *r);
};

// What passes over a bus, as one hears it who listens. Pointers are the driver's, for
// the call only.
enum bus_frame_kind {
	BUS_REQUEST,
	BUS_ANSWER,
	BUS_EXCEPTION,
	BUS_TIMEOUT,   // no answer in time
	BUS_GARBLED,   // an answer that was none
	BUS_DROPPED,   // taken back, as if it had never been sent
	BUS_LINK_LOST, // and what was in flight with it
	BUS_LINK_OPEN,
};

struct bus_frame {
	enum bus_frame_kind kind;
	int64_t mono_ms;
	uint8_t unit;
	bool numbered;        // several requests may be in flight:
	uint16_t transaction; // tells them apart
	bool alone;           // BUS_REQUEST, links: nothing else is in flight
	const uint8_t *pdu;   // BUS_REQUEST, ANSWER, EXCEPTION
	size_t n;
	const char *code; // BUS_LINK_LOST: why
};

struct bus_tap {
	void *ctx;
	// On the loop, from within the bus: it must not call back.
	void (*frame)(void *ctx, const struct bus_frame *f);
};

// Counters of a GPIO chip, plain sums since start.
struct link_stats {
	uint64_t requests, mismatched, connects, disconnects, samples;
	int64_t last_good_ms; // monotonic; 0 = never
};

struct driver_instance;

struct driver {
	const char *name;
	// Starts bus `index` (for gpio: gpio `index`; for hosts: all, 0) of the host's
	// site. Never fails for a missing device: it is reported by link().
	struct driver_instance *(*start)(
	    const struct driver_host *host, uint16_t index);
	void (*stop)(struct driver_instance *d);
	// gpio: fills one row. Returns how many; NULL: there is none to fill.
	size_t (*stats)(
	    const struct driver_instance *d, struct link_stats *out, size_t room);
	// The record with this token is durable, or could not be made so. NULL where a
	// driver has no queues. A token of an earlier reading is ignored.
	void (*stored)(
	    struct driver_instance *d, uint16_t device, uint64_t token, bool durable);
	// The state that an output of the site has from now on, until told otherwise;
	// of buses and of gpio. One that the site has not enabled is left alone (I8).
	void (*drive)(struct driver_instance *d, uint16_t output, bool on);
	// Of a bus, NULL for others: itself, its nth device in the order of the site,
	// and a block of that (below device_look.blocks as it is now).
	void (*look_bus)(const struct driver_instance *d, struct bus_look *out);
	void (*look_device)(
	    const struct driver_instance *d, uint16_t nth, struct device_look *out);
	void (*look_block)(const struct driver_instance *d, uint16_t nth,
	    uint16_t block, struct block_look *out);
	// Of a bus: from now on `tap` hears what passes, or (NULL) nobody. It must
	// outlive that.
	void (*listen)(struct driver_instance *d, const struct bus_tap *tap);
};

extern const struct driver driver_modbus_tcp;
extern const struct driver driver_modbus_rtu;
extern const struct driver driver_modbus_rtu_tcp;
extern const struct driver driver_modbus_rtu_udp;
extern const struct driver driver_replay;
extern const struct driver driver_gpio;
extern const struct driver driver_hosts; // drivers/host.h

// The driver of a bus.
const struct driver *driver_for_bus(enum bus_kind kind);

#endif
