// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The dialogs of one device (core/profile_dialog.h): each is a block at the head of the
// device's plan, asked like any other; this file puts the requests together and deals
// the answers out to the state machines (dialog_*.h, pure). Owned by device.c, and
// called by nobody else. On the loop.
#ifndef DRIVERS_DIALOG_H
#define DRIVERS_DIALOG_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/device.h"
#include "drivers/dialog_alive.h"
#include "drivers/dialog_cursor.h"
#include "drivers/dialog_queue.h"
#include "drivers/dialog_summary.h"

// The driver's own codes on the point "@panel/ID".
enum panel_code {
	PANEL_UNLISTED,         // fire: no point shows it
	PANEL_QUEUE_GAP,        // fault: records are missing; another client reads them
	PANEL_QUEUE_STUCK,      // fault: acknowledging has no effect
	PANEL_QUEUE_UNREADABLE, // fault
	PANEL_SOURCE_UNWATCHED, // fault: nothing tells whether the source lives
	PANEL_SUMMARY_UNREADABLE, // fault
	PANEL_HEARTBEAT_REFUSED,  // fault
	PANEL_NO_VALUE,           // fault of a point: its selector gives none
	PANEL_CODE_COUNT,
};

enum {
	PANEL_MEANS_MAX = SAMPLE_CODES_MAX,
	PANEL_GAP_MS = 10 * 60 * 1000, // without a further gap: the fault ends
	PANEL_UNLISTED_MS = 10000,     // a fire of the queue stands at least so long
};

// What one block of the plan's head is for; plan_block.first.
enum dialog_step {
	STEP_ALIVE,   // plan_block.n: which
	STEP_SUMMARY, // plan_block.n: the first of the instances in one read
	STEP_QUEUE,
	STEP_CURSOR,
	STEP_BEAT,
};

struct dialog_panel {
	bool have;       // a sample was sent since start or since the link was lost
	uint32_t faults; // mask of 1 << enum panel_code
	int64_t gap_until_ms, unlisted_until_ms; // 0 = not
	uint8_t n;
	struct condition_code means[PANEL_MEANS_MAX]; // as sent
};

struct dialog {
	const struct profile_dialogs *def;
	uint16_t n_steps;  // blocks 0 .. n_steps - 1 of the plan
	uint8_t n_watched; // of `alive`, that can be watched
	struct dialog_alive alive[ALIVE_MAX];
	bool
	    unwatchable[ALIVE_MAX]; // off, or the site does not name the gateway's unit
	uint16_t n_summaries;
	struct dialog_summary *summaries; // instances, in order of definition and loop
	struct dialog_queue *queue;       // NULL where it is not read
	struct dialog_cursor cursor;
	uint32_t beat;      // next value
	uint64_t *expects;  // bit set of points: the queue said fire, not read since
	uint32_t n_expects; // bits in it
	code_id codes[PANEL_CODE_COUNT];
	struct dialog_panel panel;
};

// Adds the blocks to the plan; d->dialog stays NULL where the profile has none.
void dialog_init(struct field_device *d, int64_t first_due_ms);
void dialog_free(struct field_device *d);

// Whether a block may be asked now; `b` is any block of an identified device.
bool dialog_lets(const struct field_device *d, const struct plan_block *b);

// No source is known to be dead, or not known yet.
bool dialog_source_lives(const struct field_device *d);

void dialog_request(
    const struct field_device *d, uint16_t block, struct pdu_request *out);

// dialog_answer.c

// The request went out; a write is reported.
void dialog_sent(struct field_device *d, uint16_t block);
enum device_answer dialog_good(
    struct field_device *d, uint16_t block, const uint8_t *data, const char **reason);
enum device_answer dialog_exception(struct field_device *d, uint16_t block,
    uint8_t exception, enum refusal refusal, const char **reason);
// There was no answer, or one that counts as none. True where that is the dialog's own
// affair: the device answers to others, and the dialog goes on without it.
bool dialog_unanswered(struct field_device *d, uint16_t block, const char *code);
// Whether the block is asked of the gateway's own unit.
bool dialog_is_of_gateway(const struct field_device *d, uint16_t block);

// dialog.c, again

// A block of points was read: sets when it is due next where it is guarded.
void dialog_scanned(struct field_device *d, struct plan_block *b);
// The device answers again. What did not tell whether the source lives is asked at
// once.
void dialog_back(struct field_device *d);
void dialog_up(struct field_device *d);
void dialog_lost(struct field_device *d);
// The host's late answer for a record.
void dialog_stored(struct field_device *d, uint64_t token, bool durable);

// dialog_steps.c: fills the head of the plan, in the order in which blocks that are due
// at once are asked, but for their kind and times. Returns how many.
uint16_t dialog_list_steps(const struct field_device *d, struct plan_block *out);
const char *dialog_step_name(enum dialog_step step); // "alive", "summary", ...

// dialog.c, again

// The block of a step, NULL where the device is never asked for it.
struct plan_block *dialog_block(
    struct field_device *d, enum dialog_step step, uint16_t n);
// How many instances of a summary one read takes from `first` on, and how many
// registers that are.
uint16_t dialog_together(
    const struct field_device *d, uint16_t first, uint16_t *registers);

// dialog_guard.c: which points a summary guards.
bool guard_covers(
    const struct field_device *d, const struct dialog_summary *s, uint32_t point);
void guard_hurry(struct field_device *d, const struct dialog_summary *s); // NULL = all
bool guard_scanning(const struct field_device *d, const struct dialog_summary *s);
// How many of them show a fire.
uint32_t guard_fires(const struct field_device *d, const struct dialog_summary *s);
// Sets the periods of the blocks: guarded ones wait for the full scan.
void guard_periods(struct field_device *d);
// When a guarded block is due next.
int64_t guard_next_ms(
    const struct field_device *d, const struct plan_block *b, int64_t now);

// dialog_panel.c: what the panel as a whole reports.
void panel_fault(struct field_device *d, enum panel_code code, bool on);
// Sends the point's set where it differs from what was sent.
void panel_update(struct field_device *d);

// dialog_events.c: the queue of a device.
enum device_answer events_good(
    struct field_device *d, struct plan_block *b, const uint8_t *data);
void events_refused(struct field_device *d, struct plan_block *b, const char *reason);
void events_unanswered(struct field_device *d, struct plan_block *b);
void events_stored(struct field_device *d, uint64_t token, bool durable);
void events_scanned(struct field_device *d, const struct plan_block *b);

#endif
