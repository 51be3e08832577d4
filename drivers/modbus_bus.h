// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// One Modbus bus: a connection or a serial line with the devices on it, and the
// scheduler that all share. One request is in flight, or on a TCP connection as many as
// the site allows (`window`). There is no queue: whenever the bus has room, the device
// that is due first is asked. A transport (modbus_tcp.c, modbus_rtu.c) opens, sends,
// and hands in what it receives. On the loop.
#ifndef DRIVERS_MODBUS_BUS_H
#define DRIVERS_MODBUS_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/device.h"
#include "drivers/driver.h"
#include "drivers/modbus_pdu.h"
#include "lib/loop.h"

struct mbus;

enum mbus_open {
	MBUS_OPEN_DONE,
	MBUS_OPEN_LATER,
	MBUS_OPEN_FAILED
};

struct mbus_transport {
	enum pdu_framing framing;
	bool port; // a port of this machine, else a connection
	// Opens the link. LATER: mbus_opened or mbus_failed follows. FAILED: *code says
	// why (static).
	enum mbus_open (*open)(struct mbus *b, const char **code);
	void (*close)(struct mbus *b);
	// Sends a whole frame, having dropped whatever was received before it where the
	// framing has no transaction numbers. 0, or -1 where the link is broken.
	int (*send)(struct mbus *b, const uint8_t *frame, size_t len);
	// Takes what lies in the socket, or NULL: where a thousand others have
	// something to say the loop does not come to this one in time.
	void (*hear)(struct mbus *b);
};

enum mbus_state {
	MBUS_CLOSED,
	MBUS_OPENING,
	MBUS_OPEN,
};

// A request in flight, or the room for one.
struct mbus_flight {
	bool used;
	bool last_look; // its time is up; what lies in the socket is read first
	bool impatient; // waits less than the device's timeout: schedule_patience_ms
	bool lingers;   // the next is asked meanwhile; its reply is taken all the same
	uint16_t device, block;
	uint16_t asked;  // which request of the bus it is
	uint32_t serial; // device_asked
	struct pdu_request request;
	int64_t sent_ms, deadline_ms, sent_us;
	int64_t give_up_ms; // not before `deadline_ms`
	int64_t behind_ms;  // modbus_gateway.c: it tries the gateway for one that was
			    // sent then
};

// What an untold gateway was seen to do: modbus_gateway.c.
struct mbus_gateway {
	bool known;
	uint8_t tries;  // that are left, while a unit is late
	uint16_t first; // the device that tried it first
	int64_t hold_ms;
	int64_t slow_until_ms; // it is no less until then; 0 = it may be
};

struct mbus {
	const struct driver_host *host;
	const struct mbus_transport *transport;
	const struct bus *def;
	const struct bus_tap *tap; // NULL = nobody listens
	struct loop_timer timer;
	struct decode_codes codes;
	uint16_t n_devices;
	struct field_device *devices;

	enum mbus_state state;
	bool stepping;
	struct link_log log;
	const char *lost_code;     // why; static
	bool link_told, link_lost; // what the host was told of the bus's own point
	bool lost_by_port;         // lost until the link can be opened
	bool heard_here;           // something valid, since the link was opened
	uint8_t open_failures;     // in a row, a link that broke unheard among them
	uint16_t timeouts_in_row;  // since anything valid was heard on this link
	int64_t heard_ms;          // when that was, or the start
	int64_t reopen_ms;         // closed: not before this
	int64_t opening_until_ms;
	int64_t audit_ms; // devices are compared with their plan then

	uint8_t window, n_flying; // which do not linger
	uint8_t n_flights;        // room for `window` and for those that linger
	struct mbus_flight *flights;
	uint16_t asked;  // requests so far, modulo 65536
	uint16_t device; // that the last one went to

	uint32_t gap_us;        // silence between frames, before a request
	uint32_t silence_ms;    // that ends a frame of which the length is unknown
	uint32_t byte_us;       // time of a byte on a serial line; 0 = none known
	int64_t quiet_until_ms; // nothing is sent before this

	// Fairness on a shared bus: modbus_schedule.c.
	int64_t wasted_ms;      // when a unit last wasted time
	int64_t wasted_long_ms; // ... a whole time-out
	uint8_t hasty;          // units that were given less since then
	int64_t dead_next_ms;   // units that are not well are not asked before this
	bool many_fell;         // more fell silent at once than the site reckons with
	int64_t fallen_next_ms; // then: those in doubt are not asked before this
	struct mbus_gateway gateway;
	uint32_t jitter; // state of a small generator

	// Received and not yet judged.
	bool deaf;      // RTU: frame boundary lost, until the line is silent
	uint16_t began; // `asked` when the first of these bytes came
	uint16_t n_received;
	uint8_t received[PDU_FRAME_MAX];
	int64_t byte_ms;       // when bytes last came
	uint32_t answer_bytes; // RTU: came since the request
	uint32_t noise;        // bytes that no answer explains, since the last good one
	uint32_t noise_max;    // beyond this the peer babbles
	int64_t noise_since_ms; // when the first of them came

	struct bus_sums sums;
	int64_t busy_since_us; // something is in flight
	// Two earlier looks at the sums, a minute apart: the load is since the older.
	struct bus_mark {
		int64_t us;
		uint64_t busy_us, sick_us;
	} marks[2];
};

// Prepares the bus and plans the first polls. `def` stays the site's.
void mbus_start(struct mbus *b, const struct driver_host *host,
    const struct mbus_transport *transport, uint16_t bus_index);
void mbus_stop(struct mbus *b);
// driver->stored; `device` is an index into the site's.
void mbus_stored(struct mbus *b, uint16_t device, uint64_t token, bool durable);
// driver->drive.
void mbus_drive(struct mbus *b, uint16_t output, bool on);

// driver->listen
void mbus_listen(struct mbus *b, const struct bus_tap *tap);

// Looks of driver.h: modbus_look.c.
void mbus_look(const struct mbus *b, struct bus_look *out);
void mbus_look_device(const struct mbus *b, uint16_t nth, struct device_look *out);
// `block` counts those in use, from 0 to device_look.blocks - 1.
void mbus_look_block(
    const struct mbus *b, uint16_t nth, uint16_t block, struct block_look *out);

// Monotonic, of now and not of when the loop's round began: for what happens on a wire.
int64_t mbus_now_us(const struct mbus *b);

// From the transport.
void mbus_opened(struct mbus *b);
void mbus_open_failed(struct mbus *b, const char *code);
// Where to put received bytes: at least one, at most *room.
uint8_t *mbus_room(struct mbus *b, size_t *room);
void mbus_received(struct mbus *b, size_t n);
// The link broke: end of file or an error. The transport's close is called.
void mbus_broken(struct mbus *b, const char *code);

#endif
