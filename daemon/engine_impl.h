// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The engine's own structures, shared by engine.c (samples and links), transitions.c
// (one alarm's life) and gauges.c (analog values). Not for others.
#ifndef DAEMON_ENGINE_IMPL_H
#define DAEMON_ENGINE_IMPL_H

#include "core/decision.h"
#include "core/incident.h"
#include "core/limit.h"
#include "core/set_hour.h"
#include "engine.h"
#include "lib/buf.h"
#include "local_time.h"

// What a rule measured, and what it allows, for the event's params.
struct finding_facts {
	double measured, allowed; // NaN = none
	const char *unit;         // static; "" = a number
	int64_t since_utc_ms;     // it began to be so; 0 = not known
};

// Of the alarm that says that an effect did not come.
struct missed_effect {
	const char *json;     // what, and why it should have: an object
	const char *incident; // that of its cause; "" = one of its own
	int64_t cause_seq;    // of the onset of its cause; 0 = not known
};

// What a transition needs to know of the sample that caused it.
struct facts {
	int64_t t_utc_ms, t_mono_ms;
	int64_t not_before_utc_ms;
	int64_t device_time_ms;
	double value;
	enum quality quality;
	uint32_t raw;
	bool found_after_gap;
	const struct finding_facts *finding; // NULL = none; lives for the call
	const struct missed_effect *effect;  // the same
};

// On- and off-delay of one (point, condition, code), and the memory of a limit.
struct filter {
	struct filter *next; // of the point
	struct engine *engine;
	struct loop_timer due; // of the pending delay
	uint32_t point;
	enum condition condition;
	char code[CODE_MAX];
	struct delay delay;
	bool raw;
	uint32_t on_delay_ms, off_delay_ms;
	struct facts facts;
};

// What a point reports at one moment. Of the conditions in `silent` (mask of 1 << enum
// condition) it says nothing: they stay as they are.
struct condition_list {
	unsigned n;
	uint16_t silent;
	enum condition condition[SAMPLE_CODES_MAX];
	const char *code[SAMPLE_CODES_MAX];
};

// A rule that decides what a contact means, in place of its kind (doors.c, ...). One
// per point.
struct meaning {
	// A level of good or uncertain quality; or NULL: nothing is known any more.
	void (*level)(
	    void *arg, uint32_t point, const struct sample *s, const struct facts *f);
	// Adds what stands of the point now.
	void (*list)(const void *arg, struct condition_list *out);
	// Adds its member to the point's JSON object.
	void (*json)(const void *arg, struct buf *out);
};

struct gauge {
	struct minute_acc acc;
	struct set_hour set;
	struct sample_window *window; // or NULL (gauge_windows.c)
	uint32_t hold_ms;
};

// What only some points have.
struct point_rules {
	struct filter *filters;
	struct gauge *gauge;           // analog points only
	struct trend_watch *trend;     // of those with such rules (trends.c)
	const struct meaning *meaning; // NULL = its kind's
	void *meaning_arg;
	bool watched;  // a gauge that pumps go by
	bool expected; // an effect shows here
};

struct point_run {
	struct point_state state;
	struct point_rules *rules; // or NULL
};

enum builtin_kind {
	BUILTIN_BUS,
	BUILTIN_DEVICE,
	BUILTIN_GPIO,
	BUILTIN_CHANNEL,
	BUILTIN_SYSTEM,
};

struct builtin {
	enum builtin_kind kind;
	uint16_t index;
	bool lost;
	char code[CODE_MAX]; // of its alarm: why it was lost
	const char *reason;  // why it is lost now, static; NULL = it never was
	const char *told;    // of it, last; static
	int64_t reason_ms;   // another was last told; 0 = never
	bool reason_owed;    // it is not told yet
	int64_t lost_utc_ms;
	struct flap flap;
	bool spanned;              // a row says that all behind it are not watched
	int64_t blind_from_utc_ms; // since then
	int64_t blind_ms;          // while it flaps: how long, in all
	struct engine *engine;
	struct loop_timer unhide; // of a bus that is back
};

// A rule of a point, for the book of decisions.
struct rule_doubt {
	uint32_t point;
	enum condition condition; // COND_COUNT = of none
	const char *word;         // which rule
	unsigned bit;
	bool known;
};

struct engine {
	struct loop *loop;
	const struct site *site;
	struct store *store;
	struct works *works;
	struct engine_host host;
	struct alarms *alarms;
	struct point_run *points;
	struct builtin *builtins; // one per built-in point
	int64_t *heard_mono_ms;   // per device; 0 = never
	uint32_t *device_fires;   // fires standing, per device
	uint32_t points_unknown;
	int64_t down_since_utc_ms;     // last sign of life of the run before; 0 = first
				       // run, ENGINE_SINCE_UNKNOWN
	struct local_time *local;      // of gauges: when a set hour is
	int64_t windows_open_until_ms; // of all gauges' samples; monotonic
	int64_t windows_walked_ms;     // when all were last opened
	struct loop_timer minute_timer, realarm_timer, resound_timer;
	struct loop_timer look_timer; // at links
	uint32_t voices[VOICE_COUNT]; // alarms by what they sound like
	bool silenced;
	enum alarm_voice heard; // as the host was told
	struct incident_state incidents;
	struct flags *flags; // what people have set
	struct decision_pool *decisions;
	struct chatters *chatters;
	struct repeats *repeats;
	struct loops *loops; // each NULL where the site has none
	struct doors *doors;
	struct fire_doors *fire_doors;
	struct suppressions *suppressions;
	struct effects *effects;
	struct pumps *pumps;
	struct patrols *patrols;
	struct blinds *blinds;
	struct deadman_watch *deadman;
};

// Fills what an event about a point carries: id and place.
void engine_describe_point(const struct point *p, struct event *ev);
void engine_put_facts(struct event *ev, const struct facts *f);
// Closes the object that `b` holds, makes it the event's params and frees `b`.
void engine_put_params(struct event *ev, struct buf *b);

// transitions.c
void transition_condition(struct engine *e, uint32_t point, enum condition c,
    const char *code, bool active, const struct facts *f);
void transition_flag(
    struct engine *e, struct alarm_record *r, enum alarm_flag flag, bool on);
void transition_withdraw(struct engine *e, struct alarm_record *r);
void transition_realarm(struct engine *e, struct alarm_record *r);
void transition_settle(
    struct engine *e, struct alarm_record *r, enum alarm_voice before);
void transition_update_sound(struct engine *e);
void transition_count_recovered(struct engine *e, struct alarm_record *r);

// gauges.c
void gauges_init(struct engine *e);
void gauges_free(struct engine *e);
void gauge_feed(struct engine *e, const struct sample *s);
void gauge_limits(struct engine *e, const struct sample *s, const struct facts *f);

// gauge_windows.c
void gauge_window_init(struct engine *e, uint32_t point, uint32_t poll_ms);
void gauge_window_feed(struct engine *e, const struct sample *s);
// It is known now that nothing comes any more.
void gauge_window_lost(struct engine *e, uint32_t point);
// An alarm began or ended.
void gauge_windows_alarm(struct engine *e, const struct alarm_record *r);

// commands.c: something sounds, or would if it were not silenced.
bool engine_has_voice(const struct engine *e);

// commands.c: what a rule shows is not what it showed before.
void engine_tell_rule(const struct engine *e, uint32_t point);
void engine_tell_round(const struct engine *e, uint16_t patrol);

// engine.c
// The rules of a point: to be read, all NULL where it has none; to be filled.
const struct point_rules *engine_rules(const struct engine *e, uint32_t point);
struct point_rules *engine_own_rules(struct engine *e, uint32_t point);
void engine_give_meaning(
    struct engine *e, uint32_t point, const struct meaning *m, void *arg);
// A sample as it is: of a supervised loop, what its contact means.
void engine_take(struct engine *e, const struct sample *s);
// Whether an alarm of this key stands, acknowledged or not.
bool engine_stands(
    const struct engine *e, uint32_t point, enum condition c, const char *code);
void engine_feed(struct engine *e, uint32_t point, enum condition c, const char *code,
    bool raw, const struct facts *f);
struct filter *engine_filter(struct engine *e, uint32_t point, enum condition c,
    const char *code, uint32_t on_delay_ms, uint32_t off_delay_ms);
void engine_filter_feed(
    struct engine *e, struct filter *fl, bool raw, const struct facts *f);

void engine_set_quality(
    struct engine *e, uint32_t point, enum quality q, int64_t utc_ms);
// A pending delay does not run on while nobody knows the state.
void engine_forget_pending(struct engine *e, uint32_t point);
// Raises what is listed; clears what stands and is not, unless nothing is said of it.
// Limits have their own way.
void engine_apply_set(struct engine *e, uint32_t point, const struct condition_list *s,
    const struct facts *f);

// decisions.c
struct decision_pool *decisions_new(const struct site *site);
void decisions_free(struct decision_pool *p); // NULL is fine
// Keeps a decision about a point for `explain`. COND_COUNT: of no condition; NaN: of no
// value.
void engine_decide(struct engine *e, uint32_t point, enum decision_kind kind,
    enum condition c, const char *word, double value);
// What a rule hangs on is not known, or is again: noted where that changes. `doubts`
// has a bit for each rule of the point.
void engine_decide_rule(struct engine *e, const struct rule_doubt *d, uint32_t *doubts);
void engine_decide_alarm(
    struct engine *e, const struct alarm_record *r, enum decision_kind kind);
// The onset, and why it is seen and heard, or not; a flag that is put on or taken off;
// a delay that began or ended without a change.
void engine_decide_onset(struct engine *e, const struct alarm_record *r);
void engine_decide_flag(
    struct engine *e, const struct alarm_record *r, enum alarm_flag flag, bool on);
void engine_decide_delay(struct engine *e, const struct filter *fl, bool was_pending);

// links.c
struct facts engine_facts_now(const struct engine *e);
// Whether a span of blind time of the link goes on.
bool engine_link_spans(const struct engine *e, uint32_t link_point);
// When the change that they tell of was at the earliest, monotonic; `none` where
// nothing says so.
int64_t engine_facts_earliest(const struct facts *f, int64_t none);
void links_init(struct engine *e);
void links_free(struct engine *e);

#endif
