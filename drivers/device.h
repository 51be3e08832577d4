// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// One device on a Modbus bus: its blocks and when each is due, what was last read of
// each point, whether it answers. Replies go in, samples and link reports come out
// through the host. It knows nothing of sockets, lines or other devices. On the loop.
#ifndef DRIVERS_DEVICE_H
#define DRIVERS_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/decode.h"
#include "drivers/driver.h"
#include "drivers/link_log.h"
#include "drivers/modbus_pdu.h"
#include "drivers/plan.h"

// Last sent of each point.
struct point_seen {
	uint32_t raw;
	uint16_t pdu, item;
	uint8_t have; // a sample was sent since start or since the link was lost
	uint8_t quality;
	uint8_t fire;  // the last sample was a fire
	uint8_t shift; // its place in a packed register
	uint8_t plain; // one register or bit is all there is to it, and no number
};

// Of points whose value has a past: counters, and values that must move.
struct point_past {
	struct decode_counter counter;
	struct decode_fresh fresh;
};

struct dialog;        // drivers/dialog.h
struct device_output; // drivers/device_output.h

struct device_helper {
	uint16_t decoder;
	enum area area;
	struct decode_helper state;
};

enum {
	HEALTH_POLLS = 16,
	HEALTH_JUDGED = 8,   // fewer polls say nothing
	HEALTH_PERCENT = 75, // answered of the last polls: less is sick
	SAID_MOST = 8,       // lines in SAID_WHILE_MS
	SAID_WHILE_MS = 600000,
};

enum device_link {
	DEVICE_NEW, // never heard
	DEVICE_UP,
	DEVICE_DOUBTFUL, // missed at least once, not yet lost
	DEVICE_LOST,
};

struct field_device {
	const struct device *def;
	const struct driver_host *host;
	const struct decode_codes *codes; // shared by the bus
	uint16_t index;                   // into site.devices
	enum device_link link;
	const char *lost_code; // static; why it is lost
	bool identified;       // or nothing to check
	bool overdue;          // and the host was told
	uint8_t misses;        // in a row
	uint8_t n_helpers;
	uint16_t n_outputs;
	uint8_t in_flight; // requests; at most def->window
	uint32_t serial;   // of the last request
	uint8_t n_recent;  // of HEALTH_POLLS
	uint16_t recent;   // outcomes of the last polls: bit 0 the last, 1 = answered
	uint8_t said;      // lines of its own in the log, in this while
	struct link_log log;
	int64_t said_ms;
	int64_t answered_ms;  // last, whatever it said
	int64_t last_good_ms; // a value; 0 = never
	uint32_t usual_us;    // the slow end of its reply times, slowly forgotten
	int64_t due_ms;       // earliest block; never before hold_ms
	int64_t hold_ms;      // nothing is asked before this
	int64_t attempt_ms;   // when it was last asked and that ended
	uint32_t backoff_ms;
	// A reply may still come to a request that timed out; on a line without
	// transaction numbers it would fit any request of the same shape.
	int64_t owed_until_ms;
	struct pdu_request owed;
	bool owed_again; // an answer came since, which may have been that one
	struct plan plan;
	struct point_seen *seen;       // def->n_points of them
	struct point_past *past;       // the same, or NULL where no point has one
	struct device_helper *helpers; // n_helpers of them
	struct device_output *outputs; // n_outputs of them
	struct dialog *dialog;         // NULL where the profile has none
	struct device_sums sums;
	uint32_t last_reply_us, max_reply_us;
	uint32_t replies[LINK_REPLY_BOUNDS]; // by time
};

// What a reply led to, for the scheduler of the bus.
enum device_answer {
	ANSWER_GOOD,
	ANSWER_REFUSED, // the device lives, this block is out of order or to be split
	ANSWER_BUSY,    // asked again soon
	ANSWER_MISS,    // counts like no reply; the reason is given
};

// `first_due_ms` is when the first cycle begins.
void device_init(struct field_device *d, const struct driver_host *host,
    const struct decode_codes *codes, uint16_t index, int64_t first_due_ms);
void device_free(struct field_device *d);

// The block to read next: of those that are due the first by class, else the earliest;
// identity before all. PLAN_NONE while all that may be asked is in flight.
uint16_t device_next_block(const struct field_device *d, int64_t now_ms);
// Its class: a scan that is late by a whole period counts as POLL_CHANGED, and the
// queue of events while it is being emptied as POLL_SPARE.
enum poll_class device_next_class(const struct field_device *d, int64_t now_ms);

// A reply may still come that would pass for the reply to this block: another block of
// the shape of what was not answered. That one itself is not asked again before them
// once it was waited for, or while the unit answers to others: they would wait anew.
bool device_block_owed(const struct field_device *d, uint16_t block, int64_t now_ms);
// When the first of its blocks is due for which that does not hold, or it is over.
int64_t device_unowed_due_ms(const struct field_device *d, int64_t now_ms);

// Whether anything is due but its event queue, which is always due while it is emptied.
bool device_waits(const struct field_device *d, int64_t now_ms);

// The block is in flight from now on, and not asked again until it has landed. Returns
// the serial of the request.
uint32_t device_asked(struct field_device *d, uint16_t block);
// It has landed, in whatever way. Returns the index of its block, which may have
// shifted since from `block`.
uint16_t device_landed(struct field_device *d, uint16_t block, uint32_t serial);

// The blocks with these points (of def->points: `n` from `first`) are read at the next
// turn of the device, as POLL_CHANGED, and go on in their own class once read. From
// within the handling of a reply, after which the bus looks for what is due.
void device_hurry(struct field_device *d, uint32_t first, uint32_t n);

void device_request(
    const struct field_device *d, uint16_t block, struct pdu_request *out);

// A good reply: brings the link up, sends samples, plans the next poll of the block.
// Returns ANSWER_GOOD, or ANSWER_MISS with *reason where the identity is not the
// profile's.
enum device_answer device_good(
    struct field_device *d, uint16_t block, const uint8_t *data, const char **reason);

// An exception reply. Never a value (I6).
enum device_answer device_exception(
    struct field_device *d, uint16_t block, uint8_t exception, const char **reason);

// For the dialogs. The device is busy: when the block is asked again. ANSWER_MISS when
// it is for too long.
enum device_answer device_busy(struct field_device *d, struct plan_block *b);
// Sends the value of a point that came by another way than its block; `words` NULL: it
// has none, for this reason. It was seen last at `not_before_ms`; 0 = never.
void device_send_value(struct field_device *d, uint32_t i, const uint16_t *words,
    code_id refused, int64_t not_before_ms);
// The host's late answer for a record of the queue.
void device_stored(struct field_device *d, uint64_t token, bool durable);

// The state of an output of this device that is wished for from now on:
// device_output.c. False where it has no such output. From outside the handling of a
// reply.
bool device_drive(struct field_device *d, uint16_t output, bool on);

// Its points: device_points.c.

void device_points_init(struct field_device *d);
// Decodes point `i` of the device from a good reply of its block and sends what is
// news.
void device_sample_point(struct field_device *d, const struct plan_block *b, uint32_t i,
    const uint8_t *data);
// The points of the block have no value, for this reason. Sent once.
void device_refuse_points(
    struct field_device *d, const struct plan_block *b, code_id code);
// Unit, decimals and range that the device holds for this decoder, or NULL.
struct decode_helper *device_helper_of(struct field_device *d, uint16_t decoder);

// Its link: device_link.c.

// A valid answer to the block came after so long.
void device_reply_time(struct field_device *d, uint16_t block, uint32_t us);

// It lives.
void device_up(struct field_device *d);
// It answered to this block, whatever it said.
void device_answered(struct field_device *d, uint16_t block);
// It did not, or its answer says as much. `patient`: it was given its whole time-out.
// Returns whether the device is lost, now or still.
bool device_missed(struct field_device *d, uint16_t block, bool patient,
    const char *code, bool with_bus);
// Declares it lost: one report, and everything known of its points is forgotten.
void device_lost(struct field_device *d, const char *code);
// The same, because its bus is: the log has the bus.
void device_lost_with_bus(struct field_device *d, const char *code);
// It flaps, or too few of its last polls were answered, which is not said of a handful
// of polls.
bool device_sickly(const struct field_device *d);
bool device_on_probation(const struct field_device *d); // back for a minute at most
bool device_well(const struct field_device *d);         // up and not sickly
// How many of the last `*of` polls were answered.
unsigned device_health(const struct field_device *d, unsigned *of);
// Whether a line about what it says may go to the log: a few in ten minutes.
bool device_may_say(struct field_device *d);

// Among the files of a device. Computes due_ms anew.
void device_refresh_due(struct field_device *d);
// The block was refused: asked again soon, then less and less often.
void device_slow_down(struct field_device *d, struct plan_block *b);
// The period of a block, as it is now.
uint32_t device_period(const struct field_device *d, const struct plan_block *b);
// The block's points have no value. False where it is the last one that had.
bool device_refuse_block(
    struct field_device *d, struct plan_block *b, const char *name);

// Whether another request of the shape of this one, to another address, is due.
bool device_waits_alike(const struct field_device *d, const struct pdu_request *r);

// Sets hold_ms and computes due_ms anew.
void device_hold(struct field_device *d, int64_t until_ms);

// Compares how long its points have gone unread with what the plan promises, and tells
// the host where that changes.
void device_audit(struct field_device *d);

// Moves blocks that are overdue to their next period: what was missed is not caught up.
void device_skip_missed(struct field_device *d);

// The next due time after `now_ms` in the phase of `due_ms`.
int64_t device_next_period(int64_t due_ms, int64_t period_ms, int64_t now_ms);

#endif
