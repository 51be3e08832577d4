// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The alarm engine: samples in; alarms, events and readings out. It applies core's
// rules to the site's points, and hands every decision to works (the store and the
// screen) and to the outbox (people). Runs on the loop; nothing here blocks.
#ifndef DAEMON_ENGINE_H
#define DAEMON_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "alarms.h"
#include "core/decision.h"
#include "core/effect.h"
#include "core/flag.h"
#include "core/reading.h"
#include "core/sample.h"
#include "core/site.h"
#include "lib/buf.h"
#include "lib/loop.h"
#include "store/store.h"
#include "work.h"

struct engine;

// What the engine tells the rest of the daemon, on the loop.
struct engine_host {
	void *ctx;
	// A record changed; `closed` when it is about to go.
	void (*alarm)(void *ctx, struct alarm_record *r, bool closed);
	// An answer is owed (again): onset, re-alarm, unhide. A ladder may start.
	void (*raised)(void *ctx, struct alarm_record *r, const struct event *onset);
	// Acknowledged or gone: the ladder stops.
	void (*answered)(void *ctx, struct alarm_record *r);
	// The wish for sound changed.
	void (*sound)(void *ctx, bool on);
	// The desk is asked for a sign of life, or no longer. NULL: there is no desk,
	// and nobody is asked.
	void (*asked)(void *ctx);
	// What a rule says of the point, or of the round of a patrol (its index in the
	// site), is not what it said before. NULL: nobody looks.
	void (*point_rule)(void *ctx, uint32_t point);
	void (*round)(void *ctx, uint16_t patrol);
};

// State of one point now.
struct point_state {
	double value;                 // of the last good sample; NaN = none
	int64_t t_utc_ms;             // of the last good sample; 0 = none
	int64_t unknown_since_utc_ms; // 0 = not unknown
	uint32_t raw;                 // of the last sample
	enum quality quality : 8;
	bool seen;      // a good sample since start
	bool raw_known; // raw is filled
};

struct engine *engine_new(struct loop *loop, const struct site *site,
    struct store *store, struct works *works, const struct engine_host *host);
void engine_free(struct engine *e); // NULL is fine

// Takes over the alarms that were open when the daemon last stopped; every point is
// unknown since `down_since_utc_ms` until it is seen (I11). 0: nobody watched before;
// ENGINE_SINCE_UNKNOWN: since a moment that this clock cannot name.
#define ENGINE_SINCE_UNKNOWN INT64_C(-1)
void engine_recover(
    struct engine *e, const struct recovered *r, int64_t down_since_utc_ms);

void engine_sample(struct engine *e, const struct sample *s);
// A built-in point is lost, or back; lost still, for another reason. `code` says why,
// and is static.
void engine_link(struct engine *e, uint32_t link_point, bool lost, const char *code);
void engine_heard(struct engine *e, uint32_t device, int64_t mono_ms);
// A fault of the daemon itself on a built-in point, in place of any other there; or
// the end of all of them.
void engine_system(struct engine *e, uint32_t point, bool fault, const char *code);
// One fault of a built-in point that can have several, or its end.
void engine_system_one(struct engine *e, uint32_t point, bool fault, const char *code);

enum engine_answer {
	ENGINE_OK,
	ENGINE_NOT_FOUND,
	ENGINE_NEWER_OCCURRENCE,
	ENGINE_REFUSED, // *reason is a catalogue key
};
enum engine_answer engine_acknowledge(
    struct engine *e, const char *occurrence, const char *actor);
enum engine_answer engine_note(
    struct engine *e, const char *occurrence, const char *actor, const char *text);
// What somebody read at a gauge; its event, and a fault while the two differ (hand.c).
struct hand_entry;
void engine_hand(struct engine *e, const struct hand_entry *h);
// A person's word on an alarm, which may have closed long ago: the event, as it goes to
// the journal, and for a verdict its name.
void engine_word(struct engine *e, const struct event *word, const char *verdict);
enum engine_answer engine_reset(
    struct engine *e, uint32_t point, const char *actor, const char **reason);

// A named person sets, prolongs or takes away a flag (core/flag.h). NOT_FOUND for what
// can have none; REFUSED with *reason.
enum engine_answer engine_flag(
    struct engine *e, const struct flag_order *order, const char **reason);
// What is set, as objects into an open array: shelved or isolated points, or the zones
// with their tests, from index `from` on. The index to go on from, UINT32_MAX = no
// more.
uint32_t engine_flag_page(const struct engine *e, enum alarm_flag flag, uint32_t from,
    unsigned limit, struct buf *out);

// A named person takes a door out of its rule for so long, or puts it back. NOT_FOUND
// where the point is no door with a rule.
enum engine_answer engine_bypass(
    struct engine *e, uint32_t point, const struct bypass_order *order);
enum engine_answer engine_bypass_end(
    struct engine *e, uint32_t point, const char *actor, const char **reason);

// Somebody at the desk answers the dead-man watch. REFUSED where nobody was asked.
enum engine_answer engine_alive(
    struct engine *e, const char *actor, const char **reason);
// Somebody at the desk handled an alarm, which is a sign of life as well. Who does so
// from elsewhere shows nothing of the desk.
void engine_present(struct engine *e, const char *actor);
// What the page must know of rules that are of no point: "deadman".
void engine_rules_json(const struct engine *e, struct buf *out);

// A patrol of the site with its newest round, as an element of an open JSON array, or
// as a whole text.
void engine_patrol_json(const struct engine *e, uint16_t patrol, struct buf *out);

// What a rule of the point says of it, as a member of an open JSON object; nothing
// where it has none.
void engine_point_json(const struct engine *e, uint32_t point, struct buf *out);

// Silence stops the present sound; the next alarm, or the site's `resound` time while
// one still wants sound, starts it again.
void engine_silence(struct engine *e, const char *actor);
bool engine_sound_on(const struct engine *e); // wanted and not silenced
bool engine_silenced(const struct engine *e);

const struct alarms *engine_alarms(const struct engine *e);
const struct point_state *engine_point(const struct engine *e, uint32_t point);
uint32_t engine_points_unknown(const struct engine *e);
// What was decided about the point lately, oldest first. Returns how many.
unsigned engine_decisions(const struct engine *e, uint32_t point,
    struct decision out[static DECISIONS_PER_POINT]);
int64_t engine_device_heard_utc(const struct engine *e, uint32_t device); // 0 = never
bool engine_link_lost(const struct engine *e, uint32_t link_point);
// Whether a fire contact on a GPIO line is not seen now.
bool engine_fire_line_unseen(const struct engine *e);
// Why it is lost now, which may be another reason than the code of its alarm says; NULL
// = it is not.
const char *engine_link_reason(const struct engine *e, uint32_t link_point);

// The onset became durable.
void engine_durable(struct engine *e, const struct event *onset);

// Of an alarm that says that an effect did not come: which, and why it should have.
struct effect_miss engine_miss(const struct engine *e, const struct alarm_record *r);
// The same as members of an open object, as the onset has it; nothing for others.
void engine_put_miss(
    const struct engine *e, const struct alarm_record *r, struct buf *out);

// Fills what an event about a record carries: point, place, ids, class.
void engine_describe(const struct alarm_record *r, struct event *ev);
void engine_alarm_row(
    const struct engine *e, const struct alarm_record *r, struct alarm_row *row);

// Writes the running minutes, and what is counted of alarms that chatter; at stop.
void engine_close(struct engine *e);

#endif
