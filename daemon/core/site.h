// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The site: one building, its buses, devices, points, ladders and channels, as loaded.
// Immutable after load and freed whole by config/config.h:site_free. Everything is
// reached by index; all strings live in the site's own arena. Plain data. Pure.
//
// Built-in points are appended after the configured ones:
//   @bus/ID @device/ID @gpio/ID @channel/ID (condition link)
//   @pump/ID (what a pump's gauges and contacts say together)
//   @panel/ID (of a device with dialogs: what it reports as a whole)
//   @store @clock @loop @console @network @output/ID (condition fault)
//   @deadman (condition security), where the site has the section
#ifndef CORE_SITE_H
#define CORE_SITE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/chatter.h"
#include "core/deadman.h"
#include "core/door.h"
#include "core/effect.h"
#include "core/fire_door.h"
#include "core/flap.h"
#include "core/host.h"
#include "core/ladder.h"
#include "core/output.h"
#include "core/patrol.h"
#include "core/point.h"
#include "core/profile.h"
#include "core/pump.h"
#include "core/recording.h"
#include "core/repeat.h"
#include "core/report_plan.h"
#include "core/sample.h"
#include "core/sample_window.h"
#include "core/schedule.h"
#include "core/set_hour.h"
#include "core/suppression.h"

enum {
	SILENT_UNITS_MAX = 16
};

enum bus_kind {
	BUS_MODBUS_TCP,
	BUS_MODBUS_RTU,
	BUS_MODBUS_RTU_TCP, // RTU frames over a TCP connection to a device server
	BUS_MODBUS_RTU_UDP, // RTU frames in UDP datagrams to a device server
	BUS_REPLAY,         // a recording (watchroom-recording(5))
};

// Who turns the transmitter of an RS-485 line on and off.
enum rs485_mode {
	RS485_AUTO,   // the kernel where it can, else nobody
	RS485_KERNEL, // the kernel, or the bus cannot be used
	RS485_RTS,    // we, with the line RTS raised while sending
	RS485_NONE,   // the adapter by itself, or it is no RS-485
};

struct bus {
	const char *id;
	enum bus_kind kind;
	const char *host; // TCP, UDP: numeric address
	uint16_t port;
	uint16_t local_port; // UDP: ours; 0 = any
	const char *tty;     // RTU: path
	uint32_t baud;       // of the line, behind a gateway too; TCP: 0 = none is told
	char parity;         // 'N', 'E', 'O'
	uint8_t data_bits, stop_bits;
	bool line_told;        // else 9600 8N1 is assumed
	enum rs485_mode rs485; // RTU
	uint8_t window;        // requests in flight on a connection; 0 and 1 = one
	uint32_t settle_ms;    // quiet after the link was opened
	uint32_t gateway_ms;   // gateway_timeout; 0 = the site does not say
	// How long nobody is let through for a request that a unit of a shared bus does
	// not answer: gateway_ms, else assumed. A gateway that asks one at a time must
	// give up within the shortest time-out of its units, or it works for none of
	// them; on a line, and where others are asked meanwhile, it is nothing.
	uint32_t hold_ms;
	uint8_t silent_units; // other units that fall silent at once, in a budget
	uint32_t link_point;  // index of "@bus/ID"
	const struct recording *recording; // BUS_REPLAY
	const char *recording_name;        // as the site names it
	uint16_t speed;                    // so many times as fast; 1 = as it was
	bool alerts; // BUS_REPLAY: what it plays drives outputs and is told to people
};

// What the site says of a device's dialogs (core/profile_dialog.h).
struct device_dialogs {
	bool queue;        // the event queue is read and acknowledged
	bool allow_writes; // the heartbeat is written
	uint8_t selectors; // mask of those that are enabled
	uint8_t alive;     // the same of what shows life and is off by default
	bool gateway;      // the unit of the gateway itself is known:
	uint8_t gateway_unit;
	uint16_t node;         // of this device at the gateway, from 1
	uint32_t full_scan_ms; // of guarded points
};

struct device {
	const char *id;
	const char *name_zh, *name_en; // of the site, else the profile's
	uint16_t bus;
	uint8_t unit;
	const struct profile *profile;
	uint32_t poll_ms;
	uint32_t timeout_ms;
	uint32_t gap_ms;       // quiet after its answer
	uint8_t window;        // of its requests in flight; 0 and 1 = one
	uint8_t retries;       // further tries before the device counts as lost
	uint32_t budget_ms;    // planned worst case from contact to event, without the
			       // point's own delays, with these faults inside it:
	uint8_t budget_lost;   // so many of its replies lost or late
	uint8_t budget_silent; // so many other units of the bus falling silent
	uint32_t accept_ms;    // the site accepts a budget up to this; 0 = class limits
	const char *accept_reason; // or NULL
	struct device_dialogs dialogs;
	uint32_t link_point; // index of "@device/ID"
	uint32_t
	    panel_point; // index of "@panel/ID"; only where the profile has dialogs
	uint32_t n_points;
	uint32_t n_inferred;    // of its points, whose register map is a guess
	const uint32_t *points; // indexes, ordered by (area, pdu)
};

struct gpio {
	const char *id;
	const char *chip;    // label, name or path
	uint32_t link_point; // index of "@gpio/ID"
	uint32_t n_points;
	const uint32_t *points;
};

// Bands for contacts with resistors on an analogue input.
struct loop_def {
	const char *id;
	enum quantity quantity; // of the items it is for
	struct loop_table table;
};

// A contact that grants the opening of doors.
struct grant_def {
	uint32_t point;
	uint32_t stuck_ms; // it acts longer than that: a fault; 0 = it may
};

enum {
	DOOR_GRANTS_MAX = 4
};

struct door_def {
	uint32_t point;
	uint8_t n_grants;
	uint16_t grants[DOOR_GRANTS_MAX]; // indexes into site.grants
	struct door_rule rule;
	bool settles_by_plan; // rule.settle_ms is what its grants may take to be told
	struct schedule unlocked; // local time
};

struct fire_door_def {
	uint32_t closed;              // acts while the door is closed
	uint32_t release, line_fault; // UINT32_MAX = it has none
	struct fire_door_rule rule;
};

struct suppression_def {
	const char *id;
	uint32_t source; // the point whose state decides
	uint16_t n_points;
	uint32_t *points;    // whose alarms
	uint16_t conditions; // mask of 1 << enum condition, never of a fire
	struct suppression_rule rule;
	const char *reason_zh, *reason_en;
};

// Alarms that begin a wait for an effect.
struct effect_trigger {
	uint32_t point;      // UINT32_MAX = any
	uint16_t zone;       // of any point in it; INDEX_NONE = any
	uint16_t conditions; // mask of 1 << enum condition; 0 = by class
	enum alarm_class alarm_class;
	const char *code; // "" = any
};

// What shows that the effect is there.
enum effect_by {
	EFFECT_BY_CONTACT,    // its level
	EFFECT_BY_CONDITIONS, // what stands of the point
	EFFECT_BY_VALUE,
};

struct effect_def {
	const char *id;
	uint16_t n_causes;
	struct effect_trigger *causes;
	uint32_t point; // of the effect
	enum effect_by by;
	bool inverse;        // that it is known not to be so
	uint16_t conditions; // mask, as above
	const char *code;    // "" = any
	double least, most;  // base unit; NaN = no bound
	uint32_t within_ms;
	uint32_t told_ms; // so late at most it is told, by the plan; 0 = at once
	const char *message_zh, *message_en;
};

struct pump_def {
	const char *id;
	const char *name_zh, *name_en;
	uint32_t gauge;        // pressure of its header
	uint32_t second_gauge; // each UINT32_MAX = it has none
	uint32_t run, auto_contact, manual_contact;
	struct pump_rule rule;
	struct schedule night;          // of leak-down, local time
	bool weekly_start, monthly_run; // asked for (GB 50974)
	uint32_t point;                 // index of "@pump/ID"
};

enum {
	PATROL_STARTS_MAX = 24
};

struct patrol_def {
	const char *id;
	const char *name_zh, *name_en;
	uint8_t days; // mask, Monday is 1
	uint8_t n_starts;
	uint16_t starts[PATROL_STARTS_MAX]; // minutes of the day, local time
	struct patrol_rule rule;
	const uint32_t *points; // of the stops
};

enum {
	DEADMAN_POINTS_MAX = 8
};

struct deadman_def {
	struct deadman_rule rule;
	struct schedule night; // local time
	uint8_t n_points;
	uint32_t points[DEADMAN_POINTS_MAX]; // contacts that answer
};

struct zone {
	const char *id;
	const char *name_zh, *name_en;
};

struct channel_def {
	const char *id;
	const char *url; // webhook
	uint32_t timeout_ms;
	uint32_t give_up_ms; // after this the notice is failed; default 24 h
	uint32_t link_point; // index of "@channel/ID"
};

struct desk_address {
	const char *address; // numeric, e.g. "127.0.0.1"
};

enum {
	SHIFTS_MAX = 8
};

struct site {
	const char *id;
	const char *name_zh, *name_en;
	const char *time_zone;       // tz database name
	uint16_t statistics_day_min; // minutes after local midnight
	uint8_t n_shifts;
	uint16_t shifts[SHIFTS_MAX]; // when each begins, as above; rising
	uint8_t n_set_hours;
	uint16_t set_hours_min[SET_HOURS_MAX]; // gauges are read then; as above
	uint32_t
	    clock_fault_after_ms; // unsynchronised for so long is a fault; 0 = never
	bool acknowledge_panel;   // regime `acknowledge: panel`
	uint32_t realarm_ms;      // 0 = never; fires left acknowledged
	uint32_t resound_ms;      // silence ends after this while unacknowledged; 60 s
	struct flap_rule flap;    // links that only come and go
	struct chatter_rule chatter; // alarms that do, of points without their own
	struct repeat_rule repeat;   // the same of those that come again and again

	const char *store_directory;                      // "" = the state directory
	uint32_t anchor_every_ms;                         // 0 = no anchors
	const char *anchor_channel;                       // "" = anchors are not sent
	unsigned keep_events_months, keep_minutes_months; // 0 = for ever
	struct sample_window_rule samples;                // of gauges
	const char *listen_host;
	uint16_t listen_port;
	uint16_t n_desk;
	const struct desk_address *desk;
	// Why others than the desk are answered without TLS; NULL: they are not.
	const char *accept_plain_http;

	uint16_t n_buses;
	struct bus *buses;
	uint16_t n_devices;
	struct device *devices;
	uint16_t n_gpios;
	struct gpio *gpios;
	uint16_t n_hosts;
	struct host *hosts;
	uint16_t n_outputs;
	struct output *outputs;
	uint16_t n_loops;
	struct loop_def *loops;
	uint16_t n_grants;
	struct grant_def *grants;
	uint16_t n_doors;
	struct door_def *doors;
	uint16_t n_fire_doors;
	struct fire_door_def *fire_doors;
	uint16_t n_suppressions;
	struct suppression_def *suppressions;
	uint16_t n_effects;
	struct effect_def *effects;
	uint16_t n_effect_points;
	uint32_t *effect_points; // of the effects, each once
	uint16_t n_pumps;
	struct pump_def *pumps;
	uint16_t n_patrols;
	struct patrol_def *patrols;
	const struct deadman_def *deadman; // NULL = none
	uint32_t deadman_point;            // of @deadman, where there is one
	uint16_t n_zones;
	struct zone *zones;
	uint16_t n_channels;
	struct channel_def *channels;
	uint16_t n_ladders;
	struct ladder *ladders;
	uint16_t n_report_plans;
	struct report_plan *report_plans;
	uint32_t n_points;      // configured and built-in
	uint32_t n_site_points; // configured; the built-in ones follow
	struct point *points;
	uint16_t n_codes;
	const char **codes; // codes[0] == ""
	uint32_t store_point, clock_point, loop_point, console_point;
	uint32_t network_point; // our own end of the network, as the hosts show it

	char revision[17]; // first 16 hex digits of the SHA-256 of all files read
	void *arena;       // owned by config
};

// The key of the site file: "modbus_tcp", ...
const char *bus_kind_name(enum bus_kind k);

// Index of the point with this id, or UINT32_MAX. Linear; for tools and tests. The
// engine keeps an index of its own.
uint32_t site_find_point(const struct site *s, const char *id);

// How sure it is what the registers of a point mean: by its profile, or by its item
// where that is less sure. False for a point that no profile describes.
bool site_point_maturity(
    const struct site *s, const struct point *p, enum maturity *out);
bool site_point_inferred(const struct site *s, const struct point *p);

// The number of a symbolic code; 0, the code without a name, where the site has none
// of that name.
code_id site_find_code(const struct site *s, const char *name);

// How much later than it happened a contact's change may be told: by its debounce, or
// by the poll of its device. ms.
uint32_t site_told_within_ms(const struct site *s, const struct point *contact);

#endif
