// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The event: one immutable row of the journal, as the engine makes it. Text is codes
// and names, never prose. Plain data with fixed bounds; allocated by its maker, freed
// by the store after its commit. Pure.
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/condition.h"
#include "core/sample.h"

// X(enum, name): the name is what the journal, the API and the catalogue use.
#define EVENT_KINDS(X)                            \
  X(EVENT_ALARM_ONSET, "alarm.onset")             \
  X(EVENT_ALARM_CLEAR, "alarm.clear")             \
  X(EVENT_ALARM_ACKNOWLEDGE, "alarm.acknowledge") \
  X(EVENT_ALARM_SEEN, "alarm.seen")               \
  X(EVENT_ALARM_CLOSE, "alarm.close")             \
  X(EVENT_ALARM_RESET, "alarm.reset")             \
  X(EVENT_ALARM_REALARM, "alarm.realarm")         \
  X(EVENT_ALARM_NOTE, "alarm.note")               \
  X(EVENT_ALARM_VERIFY, "alarm.verify")           \
  X(EVENT_ALARM_MISSED, "alarm.missed")           \
  X(EVENT_PANEL_RESET, "panel.reset")             \
  X(EVENT_PANEL_EVENT, "panel.event")             \
  X(EVENT_PANEL_GAP, "panel.gap")                 \
  X(EVENT_POINT_CHANGE, "point.change")           \
  X(EVENT_POINT_EDGE, "point.edge")               \
  X(EVENT_POINT_QUALITY, "point.quality")         \
  X(EVENT_DOOR_ACCESS, "door.access")             \
  X(EVENT_BYPASS_START, "bypass.start")           \
  X(EVENT_BYPASS_END, "bypass.end")               \
  X(EVENT_SHELVE_START, "shelve.start")           \
  X(EVENT_SHELVE_END, "shelve.end")               \
  X(EVENT_ISOLATE_START, "isolate.start")         \
  X(EVENT_ISOLATE_END, "isolate.end")             \
  X(EVENT_TEST_START, "test.start")               \
  X(EVENT_TEST_END, "test.end")                   \
  X(EVENT_SUPPRESS_CHANGE, "suppress.change")     \
  X(EVENT_EFFECT_SEEN, "effect.seen")             \
  X(EVENT_EFFECT_MISSED, "effect.missed")         \
  X(EVENT_EFFECT_OVER, "effect.over")             \
  X(EVENT_CHATTER_START, "chatter.start")         \
  X(EVENT_CHATTER_COUNT, "chatter.count")         \
  X(EVENT_CHATTER_END, "chatter.end")             \
  X(EVENT_REPEAT_START, "repeat.start")           \
  X(EVENT_REPEAT_END, "repeat.end")               \
  X(EVENT_DEADMAN_ASK, "deadman.ask")             \
  X(EVENT_DEADMAN_ANSWER, "deadman.answer")       \
  X(EVENT_PATROL_STOP, "patrol.stop")             \
  X(EVENT_PATROL_ROUND, "patrol.round")           \
  X(EVENT_PUMP_START, "pump.start")               \
  X(EVENT_PUMP_STOP, "pump.stop")                 \
  X(EVENT_READING_HAND, "reading.hand")           \
  X(EVENT_BLIND, "blind")                         \
  X(EVENT_SILENCE, "silence")                     \
  X(EVENT_SOUND, "console.sound")                 \
  X(EVENT_SESSION_OPEN, "session.open")           \
  X(EVENT_SESSION_CLOSE, "session.close")         \
  X(EVENT_SESSION_REFUSED, "session.refused")     \
  X(EVENT_NOTICE_SENT, "notice.sent")             \
  X(EVENT_NOTICE_FAILED, "notice.failed")         \
  X(EVENT_NOTICE_CANCELLED, "notice.cancelled")   \
  X(EVENT_DAEMON_START, "daemon.start")           \
  X(EVENT_DAEMON_STOP, "daemon.stop")             \
  X(EVENT_DAEMON_DOWN, "daemon.down")             \
  X(EVENT_CONFIG_LOAD, "config.load")             \
  X(EVENT_CONFIG_REFUSED, "config.refused")       \
  X(EVENT_CLOCK_STEP, "clock.step")               \
  X(EVENT_STORE_MODE, "store.mode")               \
  X(EVENT_EVENTS_LOST, "events_lost")             \
  X(EVENT_JOURNAL_ANCHOR, "journal.anchor")       \
  X(EVENT_JOURNAL_CUT, "journal.cut")             \
  X(EVENT_JOURNAL_RESTORE, "journal.restore")     \
  X(EVENT_JOURNAL_CARRY, "journal.carry")         \
  X(EVENT_ALARM_CARRY, "alarm.carry")             \
  X(EVENT_FIELD_WRITE, "field.write")             \
  X(EVENT_OUTPUT_ON, "output.on")                 \
  X(EVENT_OUTPUT_OFF, "output.off")               \
  X(EVENT_USER_CHANGE, "user.change")             \
  X(EVENT_REPORT_DELIVER, "report.deliver")       \
  X(EVENT_REPORT_FAIL, "report.fail")             \
  X(EVENT_COMMISSION_MARK, "commission.mark")     \
  X(EVENT_COMMISSION_OPEN, "commission.open")     \
  X(EVENT_COMMISSION_CLOSE, "commission.close")   \
  X(EVENT_REPORT_SIGN, "report.sign")

enum event_kind {
#define X(id, name) id,
	EVENT_KINDS(X)
#undef X
	EVENT_KIND_COUNT,
	EVENT_KINDS_END = EVENT_KIND_COUNT, // ends a list of kinds
};

enum {
	ID_MAX = 80,       // point, device, user ids, "@channel/ID", with NUL
	PLACE_MAX = 128,   // one language of a place, with NUL
	MINT_MAX = 40,     // "<boot>-<n>", with NUL
	CODE_MAX = 64,     // symbolic code, with NUL
	PARAMS_MAX = 1024, // JSON object of codes and numbers, with NUL
};

enum clock_quality {
	CLOCK_SYNCED,
	CLOCK_UNSYNCED,
	CLOCK_UNKNOWN,
};

struct event {
	enum event_kind kind;
	int64_t time_utc_ms;
	int64_t mono_ms;
	enum clock_quality clock_quality;
	char point[ID_MAX]; // "" where the event is of no point
	char place_zh[PLACE_MAX];
	char place_en[PLACE_MAX];
	int condition; // enum condition, or -1
	char code[CODE_MAX];
	char occurrence_id[MINT_MAX];
	char incident_id[MINT_MAX];
	int alarm_class; // enum alarm_class, or -1
	char actor[ID_MAX];
	double value;              // NaN = none
	int quality;               // enum quality, or -1
	char params[PARAMS_MAX];   // "" or a JSON object
	int64_t not_before_utc_ms; // 0 = none
	int64_t device_time_ms;    // 0 = none
	int64_t cause_seq;         // seq of the event that caused this one; 0 = none
	uint64_t stream_n;         // number on the live stream, given by the loop
	// Given by the committing transaction, and by nobody else:
	int64_t seq; // 0 until durable
};

const char *event_kind_name(enum event_kind k);
bool event_kind_from_name(const char *name, enum event_kind *out);
// Whether k is in the list, which EVENT_KINDS_END ends.
bool event_kind_among(const enum event_kind *list, enum event_kind k);

// Whether a person, the desk or whoever had the command line did it or said it: what
// the operator action log is made of. What a panel tells of its own keys is not.
bool event_by_person(const struct event *e);

// Sets every field to "none". The caller then fills what it knows.
void event_init(struct event *e, enum event_kind kind);

#endif
