// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Points: one addressable thing with a place in the building. The kind says what an
// active level means and whether it latches unless the site says otherwise; one table.
// Plain data. Pure.
#ifndef CORE_POINT_H
#define CORE_POINT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/alarm.h"
#include "core/chatter.h"
#include "core/condition.h"
#include "core/hand.h"
#include "core/limit.h"
#include "core/loop_band.h"
#include "core/profile.h"
#include "core/repeat.h"
#include "core/trend.h"

// X(enum, name, condition of an active level, default latch, quantity)
#define POINT_KINDS(X)                                                               \
  X(KIND_SMOKE, "smoke", COND_FIRE, LATCH_PANEL, QUANTITY_NONE)                      \
  X(KIND_HEAT, "heat", COND_FIRE, LATCH_PANEL, QUANTITY_NONE)                        \
  X(KIND_MANUAL_CALL_POINT, "manual-call-point", COND_FIRE, LATCH_PANEL,             \
      QUANTITY_NONE)                                                                 \
  X(KIND_FIRE_CONTACT, "fire-contact", COND_FIRE, LATCH_OWN, QUANTITY_NONE)          \
  X(KIND_FLOW_SWITCH, "flow-switch", COND_SUPERVISORY, LATCH_NONE, QUANTITY_NONE)    \
  X(KIND_VALVE, "valve", COND_SUPERVISORY, LATCH_NONE, QUANTITY_NONE)                \
  X(KIND_MODULE, "module", COND_FEEDBACK, LATCH_NONE, QUANTITY_NONE)                 \
  X(KIND_DOOR, "door", COND_SECURITY, LATCH_NONE, QUANTITY_NONE)                     \
  X(KIND_REX, "request-to-exit", COND_INFO, LATCH_NONE, QUANTITY_NONE)               \
  X(KIND_ANSWER, "answer-button", COND_INFO, LATCH_NONE, QUANTITY_NONE)              \
  X(KIND_FIRE_DOOR, "fire-door", COND_INFO, LATCH_NONE, QUANTITY_NONE)               \
  X(KIND_FIRE_DOOR_RELEASE, "fire-door-release", COND_ACTIVATED, LATCH_NONE,         \
      QUANTITY_NONE)                                                                 \
  X(KIND_PATROL, "patrol-point", COND_INFO, LATCH_NONE, QUANTITY_NONE)               \
  X(KIND_PANIC, "panic", COND_SECURITY, LATCH_OWN, QUANTITY_NONE)                    \
  X(KIND_PUMP_RUN, "pump-run", COND_ACTIVATED, LATCH_NONE, QUANTITY_NONE)            \
  X(KIND_PUMP_AUTO, "pump-auto", COND_SUPERVISORY, LATCH_NONE, QUANTITY_NONE)        \
  X(KIND_PUMP_MANUAL, "pump-manual", COND_SUPERVISORY, LATCH_NONE, QUANTITY_NONE)    \
  X(KIND_FAULT_CONTACT, "fault-contact", COND_FAULT, LATCH_NONE, QUANTITY_NONE)      \
  X(KIND_PRESSURE, "pressure", COND_PROCESS, LATCH_NONE, QUANTITY_PRESSURE)          \
  X(KIND_LEVEL, "level", COND_PROCESS, LATCH_NONE, QUANTITY_LEVEL)                   \
  X(KIND_TEMPERATURE, "temperature", COND_PROCESS, LATCH_NONE, QUANTITY_TEMPERATURE) \
  X(KIND_CURRENT, "current", COND_PROCESS, LATCH_NONE, QUANTITY_CURRENT)             \
  X(KIND_VOLTAGE, "voltage", COND_PROCESS, LATCH_NONE, QUANTITY_VOLTAGE)             \
  X(KIND_RESISTANCE, "resistance", COND_PROCESS, LATCH_NONE, QUANTITY_RESISTANCE)    \
  X(KIND_RATIO, "ratio", COND_PROCESS, LATCH_NONE, QUANTITY_RATIO)                   \
  X(KIND_DURATION, "duration", COND_PROCESS, LATCH_NONE, QUANTITY_DURATION)          \
  X(KIND_OBSCURATION, "obscuration", COND_PROCESS, LATCH_NONE, QUANTITY_OBSCURATION) \
  X(KIND_NUMBER, "number", COND_PROCESS, LATCH_NONE, QUANTITY_NUMBER)                \
  X(KIND_PANEL, "panel", COND_FAULT, LATCH_NONE, QUANTITY_NONE)                      \
  X(KIND_CAMERA, "camera", COND_FAULT, LATCH_NONE, QUANTITY_NONE)                    \
  X(KIND_RECORDER, "recorder", COND_FAULT, LATCH_NONE, QUANTITY_NONE)                \
  X(KIND_TERMINAL, "terminal", COND_FAULT, LATCH_NONE, QUANTITY_NONE)                \
  X(KIND_SERVER, "server", COND_FAULT, LATCH_NONE, QUANTITY_NONE)                    \
  X(KIND_BROADCAST, "broadcast", COND_FAULT, LATCH_NONE, QUANTITY_NONE)              \
  X(KIND_NETWORK, "network", COND_FAULT, LATCH_NONE, QUANTITY_NONE)                  \
  X(KIND_LINK, "link", COND_LINK, LATCH_NONE, QUANTITY_NONE)                         \
  X(KIND_PUMP, "pump", COND_FAULT, LATCH_NONE, QUANTITY_NONE)                        \
  X(KIND_SYSTEM, "system", COND_FAULT, LATCH_NONE, QUANTITY_NONE)

enum point_kind {
#define X(id, name, cond, latch, quantity) id,
	POINT_KINDS(X)
#undef X
	POINT_KIND_COUNT,
};

enum {
	INDEX_NONE = 0xFFFF
};

// From what an item gives (its base unit) to what the point's kind measures (its base
// unit): a transmitter behind a current input.
struct point_scale {
	double factor, offset;
	double zero,
	    full; // the ends of a signal with a live zero; both 0 = it has none
};

// What the chip itself ties an open GPIO line to.
enum gpio_bias {
	BIAS_AS_IS, // as the board or the firmware has set it
	BIAS_DISABLED,
	BIAS_PULL_UP,
	BIAS_PULL_DOWN,
	BIAS_COUNT
};

// In an order without holes: a site may have a hundred thousand of them.
struct point {
	const char *id;
	const char *place_zh, *place_en;
	const struct point_scale *scale;     // or NULL
	const struct loop_table *supervised; // of an analogue input, or NULL
	const struct limit *limits;          // LIMIT_COUNT of them, or NULL
	const struct trend_rules *trend;     // of a measured value, or NULL
	const struct chatter_rule *chatter;  // of its alarms; NULL = the site's
	const struct repeat_rule *repeat;    // the same
	const struct hand_rule *hand;        // of a pressure people read, or NULL
	const uint8_t
	    *class_override; // COND_COUNT of them (CLASS_COUNT = as is), or NULL
	const char *line;    // GPIO line name or offset
	uint32_t on_delay_ms, off_delay_ms;
	uint32_t debounce_ms; // GPIO
	enum point_kind kind : 8;
	enum latch latch : 8;
	enum gpio_bias bias : 8; // GPIO
	uint8_t shift;           // lowest bit in a packed register
	uint16_t zone;           // index into site.zones, or INDEX_NONE
	uint16_t device;         // index into site.devices, or INDEX_NONE
	uint16_t gpio;           // index into site.gpios, or INDEX_NONE
	uint16_t item;           // index into the profile's items
	uint16_t loop, number;   // address within the item; 0 = none
	uint16_t pdu;            // PDU address, computed from the item's formula
	bool active_low; // applied by point_active; drivers report the level as it is
	bool daily_log;
	bool domestic_water; // a gauge of 生活用水: one of the mean over them
	bool silent;         // panic: no sound here, for who stands beside the button
	bool indoors;        // played from a recording: drives no output, tells nobody
	bool debounce_by_kernel; // GPIO, where the back end can; else by the driver
	bool pulse_latch;        // GPIO: `pulse: latch`, report at once
};

const char *point_kind_name(enum point_kind k);
const char *gpio_bias_name(enum gpio_bias b); // "as-is", "pull-up", ...
bool point_kind_from_name(const char *name, enum point_kind *out);
enum condition point_kind_condition(enum point_kind k);
enum latch point_kind_latch(enum point_kind k);
enum quantity point_kind_quantity(enum point_kind k);

// Class of a condition on this point, override included. Link and fault of built-in
// points @store, @clock, @loop, @channel, @console, @network, @output are CLASS_SYSTEM.
enum alarm_class point_class(const struct point *p, enum condition c);

// Whether a level means the kind's condition: the level is 1, turned round by
// active_low, and once more for a kind that is healthy at 1 (pump-auto).
bool point_active(const struct point *p, double level);

// Whether the id is a built-in point's ("@...").
bool point_builtin(const struct point *p);

#endif
