// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What the console asks of the daemon, as a struct of functions it owns and the daemon
// fills. Replies that need a commit come later, on the loop. No allocation is shared.
#ifndef CONSOLE_HOST_H
#define CONSOLE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/alarm.h"
#include "core/decision.h"
#include "core/effect.h"
#include "core/event.h"
#include "core/flag.h"
#include "core/hand.h"
#include "core/link.h"
#include "core/site.h"
#include "core/verdict.h"
#include "lib/buf.h"

struct store;
struct revision;

// One open alarm as the API shows it. Pointers are valid during the call only.
struct alarm_view {
	const struct point *point;
	const char *occurrence, *incident;
	enum condition condition;
	const char *code;
	const char *reason; // of a lost link, now: where it is no longer `code`; NULL
	enum alarm_class alarm_class;
	enum alarm_state state;
	enum alarm_cause cause;
	uint8_t flags;
	bool test_onset, hidden, first_out;
	bool sounds; // as an alarm, or as a test
	enum verdict verdict;
	enum quality quality;
	int64_t unknown_since_utc_ms; // 0 = known
	int64_t raised_utc_ms;
	int64_t acknowledged_utc_ms;
	const char *acknowledged_by;
	uint32_t occurrences;
	int64_t chatters_since_utc_ms; // 0 = it does not
	uint32_t chatter_onsets;       // counted since, in place of an occurrence each
	int64_t repeats_since_utc_ms;  // 0 = it is no repeat offender
	uint32_t repeat_onsets;
	double value;
	int64_t seq;               // of the onset; 0 = not durable
	struct effect_miss effect; // of one that says that an effect did not come
};

struct device_view {
	const struct device *device;
	bool lost;
	const char *code;          // why, when lost
	int64_t last_heard_utc_ms; // 0 = never
	uint32_t points;
};

// Zeroed before the site runs: a host that was not asked yet.
struct host_view {
	struct host_status status;             // its monotonic times are for the daemon
	int64_t asked_utc_ms, answered_utc_ms; // 0 = never
	int64_t held_until_utc_ms; // the password is not tried before; 0 = it is
};

struct health_view {
	const char *store_mode; // "ok", ...
	size_t store_waiting;
	int64_t loop_late_ms;     // worst of the last 10 s
	int64_t loop_callback_us; // CPU time of the longest callback in them
	bool clock_synchronised;
	bool last_good_configuration; // running on the last good copy
	const char *config_rev;
	int64_t started_utc_ms;
	uint32_t consoles, consoles_sounding; // streams, of which can sound
	uint32_t points, points_unknown;
	bool fire_line_unwatched; // a fire contact on a GPIO line is not seen
	uint32_t notices_owed;
	bool sounder_on; // the site's sound is wanted now
	bool silenced;
	const char *version;
	const char *boot; // "<boot>" of stream ids
};

struct reply {
	int status;        // HTTP
	const char *code;  // error code, a catalogue key "error.<code>", or NULL
	const char *field; // or NULL
	bool durable;
	int64_t seq; // of the event; 0 = none
};
typedef void reply_fn(void *arg, const struct reply *r);

struct console_host {
	void *ctx;
	const char *config_file; // the site as loaded, for report children; or NULL
	const struct site *(*site)(void *ctx);
	struct store *(*store)(void *ctx);
	// Calls each() for the open alarms, fire first, then oldest first.
	void (*alarms)(
	    void *ctx, bool (*each)(void *arg, const struct alarm_view *a), void *arg);
	void (*devices)(
	    void *ctx, void (*each)(void *arg, const struct device_view *d), void *arg);
	// What was last heard of a host of the site, by its index.
	void (*host)(void *ctx, uint16_t host, struct host_view *out);
	void (*output)(void *ctx, uint16_t output, struct output_look *out);
	void (*health)(void *ctx, struct health_view *out);
	// Links of the field. `block` is below device_look.blocks as it is now.
	void (*bus)(void *ctx, uint16_t bus, struct bus_look *out);
	void (*device)(void *ctx, uint16_t device, struct device_look *out);
	void (*block)(
	    void *ctx, uint16_t device, uint16_t block, struct block_look *out);
	// State of one point as JSON object members into an open object: conditions,
	// quality, unknown_since, value, time, and what a rule of it says. The console
	// adds id, place, zone, kind, device and unit itself.
	void (*point_json)(void *ctx, uint32_t point, struct buf *out);

	// The point of an alarm that is open, UINT32_MAX where none of that name is.
	uint32_t (*alarm_point)(void *ctx, const char *occurrence);

	// What was decided about the point lately, oldest first; the words stay as long
	// as the call. Returns how many.
	unsigned (*decisions)(
	    void *ctx, uint32_t point, struct decision out[static DECISIONS_PER_POINT]);

	// Members of an open object for the health message: what rules ask of people.
	void (*rules_json)(void *ctx, struct buf *out);

	// A patrol of the site, by its index, with its newest round: an element of an
	// open JSON array, or a whole text.
	void (*patrol_json)(void *ctx, uint16_t patrol, struct buf *out);

	// What people have set, as objects into an open array, from index `from` on
	// (engine.h: engine_flag_page).
	uint32_t (*flag_page)(void *ctx, enum alarm_flag flag, uint32_t from,
	    unsigned limit, struct buf *out);

	// Commands. `actor` is the log-in name, or "desk"; `desk`: who asks sits there.
	// done runs exactly once, maybe before the call returns.
	void (*acknowledge)(void *ctx, const char *occurrence, const char *actor,
	    bool desk, reply_fn *done, void *arg);
	void (*note)(void *ctx, const char *occurrence, const char *actor,
	    const char *text, reply_fn *done, void *arg);
	void (*reset)(
	    void *ctx, uint32_t point, const char *actor, reply_fn *done, void *arg);
	// Sets a flag, or takes it away (core/flag.h). Setting is refused while the
	// store is degraded: what takes something out of watch must be on record (I3).
	void (*flag)(
	    void *ctx, const struct flag_order *order, reply_fn *done, void *arg);
	// A door out of its rule, and back (daemon/bypass.h).
	void (*bypass)(void *ctx, uint32_t point, const struct bypass_order *order,
	    reply_fn *done, void *arg);
	void (*bypass_end)(
	    void *ctx, uint32_t point, const char *actor, reply_fn *done, void *arg);
	// The desk answers the dead-man watch.
	void (*alive)(void *ctx, const char *actor, reply_fn *done, void *arg);
	void (*silence)(
	    void *ctx, const char *actor, bool desk, reply_fn *done, void *arg);
	// A console says for the first time whether it can sound, or says otherwise
	// than before. `console` is its id.
	void (*console_sound)(void *ctx, const char *console, bool can_sound);
	// Streams opened or closed; `sounding` is how many of `consoles` can sound.
	void (*consoles)(void *ctx, uint32_t consoles, uint32_t sounding);
	// A person's word for the books: an event of the commissioning ledger, a
	// verdict on an alarm (its name in `verdict`, else ""), a missed alarm. Refused
	// while the store is degraded: a word that might not be kept is none (I3).
	void (*word)(void *ctx, const struct event *e, const char *verdict,
	    reply_fn *done, void *arg);
	// What somebody read at a gauge. Refused while the store is degraded (I3).
	void (*hand)(void *ctx, const struct hand_entry *h, reply_fn *done, void *arg);
	// Adds "plans", the reports that make themselves (daemon/report_plans.h).
	void (*report_plans)(void *ctx, struct buf *out);
	// Why nobody can sign a report now: an error code, or NULL.
	const char *(*cannot_sign)(void *ctx);
	// A person signs a report (store/revision.h; taken over). Refused as a word is.
	void (*sign)(void *ctx, struct revision *r, reply_fn *done, void *arg);
	// An audit event: session open, close, refused. `done` may be NULL.
	void (*audit)(void *ctx, enum event_kind kind, const char *actor,
	    const char *from_address, reply_fn *done, void *arg);
};

#endif
