// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Outputs: the site's sounder, lamp and heartbeat relay, each a GPIO line or one coil
// of a device whose profile declares it writable. What an output should show follows
// from the open alarms and from silence by one table; whether it really does is judged
// from what is read back. Plain data and pure rules: `now` is an argument, in ms.
#ifndef CORE_OUTPUT_H
#define CORE_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/alarm.h"
#include "core/condition.h"
#include "core/profile.h"

enum output_role {
	OUTPUT_SOUNDER,   // follows what sounds; silence stops it
	OUTPUT_LAMP,      // follows what a person still owes; silence leaves it
	OUTPUT_HEARTBEAT, // a square wave while the daemon can alert people
	OUTPUT_ROLE_COUNT
};

// What is driven when the daemon ends in order.
enum output_exit {
	OUTPUT_EXIT_OFF,
	OUTPUT_EXIT_ON,
	OUTPUT_EXIT_HOLD, // as it is
	OUTPUT_EXIT_COUNT
};

enum output_pattern {
	PATTERN_OFF,
	PATTERN_STEADY,
	PATTERN_BLINK, // half a second on, half a second off
	PATTERN_TEST,  // a quarter of a second each two seconds: a fire in test mode
	PATTERN_BEAT,  // half of the period on, half off
	PATTERN_COUNT
};

struct output {
	const char *id;
	const char *name_zh, *name_en;
	enum output_role role;
	bool allow_write; // the site's explicit word; without it nothing is driven (I8)
	uint16_t gpio;    // index into site.gpios, or INDEX_NONE
	const char *line; // GPIO line name or offset
	bool active_low;  // GPIO
	uint16_t device;  // index into site.devices, or INDEX_NONE
	const struct profile_item *item; // of the device's profile: declared an output
	uint16_t number;                 // within the item; 0 = it has none
	uint16_t steady, blink; // masks of 1 << enum alarm_class; never of both
	bool silent_alarms;     // it shows those, too: nobody at the button is near it
	uint32_t feedback;   // index of the point that must follow; UINT32_MAX = none
	uint32_t within_ms;  // what is read back follows within this
	uint32_t period_ms;  // OUTPUT_HEARTBEAT
	uint32_t refresh_ms; // a coil is written again this often
	enum output_exit at_exit;
	uint32_t fault_point; // index of "@output/ID"
};

// What the open alarms ask of outputs: numbers of them by class.
struct output_counts {
	uint32_t sounding[CLASS_COUNT];
	uint32_t owed[CLASS_COUNT];
	uint32_t silent_sounding[CLASS_COUNT]; // of silent alarms: not among the others
	uint32_t silent_owed[CLASS_COUNT];
	uint32_t tests; // fires in test mode that nobody has acknowledged
	bool silenced;
};

// What one alarm asks; a mask.
enum output_ask {
	ASK_SOUND = 1 << 0,
	ASK_OWED = 1 << 1,
	ASK_TEST = 1 << 2,
	ASK_SILENT = 1 << 3 // what it asks, it asks of outputs that show silent alarms
};
unsigned output_asks(const struct alarm *a);
// Counts it in, or out again.
void output_count(
    struct output_counts *c, enum alarm_class alarm_class, unsigned asks, bool in);

// The table: what an output of role sounder or lamp shows. A heartbeat is none of its
// business: PATTERN_OFF.
struct output_wish {
	enum output_pattern pattern;
	int alarm_class; // the class that asks for it, or -1
	bool silenced;   // it would sound, and is silenced
};
struct output_wish output_judge(const struct output *o, const struct output_counts *c);

// Whether the pattern is on `since_ms` after it began, and after how long from then it
// changes (-1: never).
bool output_level(enum output_pattern p, uint32_t period_ms, int64_t since_ms);
int64_t output_next_ms(enum output_pattern p, uint32_t period_ms, int64_t since_ms);

// Whether what is read back follows. For each level that the pattern needs: since when
// it has been needed, and when it was last seen to be followed.
struct output_watch {
	int64_t needed_ms[2], followed_ms[2];
	bool needed[2];
};
void output_watch_begin(struct output_watch *w, enum output_pattern p, int64_t now_ms);
// What is driven and what is read back, as of now.
void output_watch_feed(struct output_watch *w, bool driven, bool seen, int64_t now_ms);
// Nothing was followed within `within_ms`, a pattern's own period added.
bool output_watch_failed(const struct output_watch *w, enum output_pattern p,
    uint32_t within_ms, int64_t now_ms);

// What became of the wish for an output.
enum output_told {
	OUTPUT_TAKEN,   // the device echoed it, or the line was set
	OUTPUT_READ,    // it reads so
	OUTPUT_CHANGED, // it reads so, had followed, and nobody here drove it: that is
			// told before it is driven again
	OUTPUT_REFUSED, // the device will not, or the line cannot be set; tried again
	OUTPUT_LOST     // out of reach; written again when it is back
};

struct output_report {
	uint16_t output; // index into site.outputs
	enum output_told told;
	bool on;          // what was taken, or what it reads
	const char *code; // why; static, NULL where there is nothing to say
};

// What a person can see of an output.
struct output_look {
	enum output_pattern pattern;
	int alarm_class;      // that drives it, or -1
	bool silenced;        // it would sound, and is silenced
	bool on;              // driven now
	bool read, read_on;   // something was read back: this
	const char *state;    // "disabled", "waiting", "ok", "failed"
	const char *code;     // of "failed": "output-lost", ... ; else NULL
	const char *why;      // what the driver said; or NULL
	int64_t since_utc_ms; // of the pattern; 0 = none yet
	uint64_t drives, refusals, losses;
};

// Whether a contact that is told so late can show each level of the pattern. Looks at
// what is read back are OUTPUT_LOOK_MS apart.
enum {
	OUTPUT_LOOK_MS = 200
};
bool output_contact_shows(enum output_pattern p, uint32_t contact_ms);

// The PDU address of an output's coil: the profile's formula and the site's number.
uint16_t output_coil(const struct output *o);

const char *output_role_name(enum output_role r);       // "sounder", ...
const char *output_exit_name(enum output_exit e);       // "off", ...
const char *output_pattern_name(enum output_pattern p); // "off", "steady", ...

#endif
