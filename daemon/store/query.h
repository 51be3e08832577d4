// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Questions to the store. Run in the reader thread (store_read), or in a tool on files
// opened read-only. All counting is done here, in SQL and roll-ups.
#ifndef STORE_QUERY_H
#define STORE_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/event.h"
#include "core/flag.h"
#include "core/notice.h"
#include "core/reading.h"
#include "core/sample_window.h"
#include "lib/err.h"

struct reader;

// Opens the files of a directory read-only, for tools. Refuses another schema version.
// Each question below takes at most 2 s and ends with an error beyond that.
struct reader *reader_open(const char *directory, struct err *err);
void reader_close(struct reader *r);

// A setting from the journal's meta table: "site_id", "site_name_zh", "site_name_en",
// "time_zone", "statistics_day_min". 1 found, 0 not (out is ""), -1 error.
int query_meta(
    struct reader *r, const char *key, char *out, size_t size, struct err *err);

struct stored_event {
	struct event event;
	char boot_id[33];
	char epoch[33];
	char config_rev[17];
	char prev_hash[65], hash[65]; // hex
};

// An anchor: the journal's head at a time, signed (docs/schema.md). Hex digits.
struct store_anchor {
	int64_t n; // order; from query_anchors only
	int64_t seq, time_utc_ms;
	char epoch[33];
	char hash[65];
	char public_key[65];
	char signature[129];
};
// The newest. 1 found, 0 not, -1 error.
int query_anchor(struct reader *r, struct store_anchor *out, struct err *err);
// Those with n above `after`, at most `limit`, in order. Returns how many, or -1.
int query_anchors(struct reader *r, int64_t after, unsigned limit,
    bool (*row)(void *arg, const struct store_anchor *a), void *arg, struct err *err);

struct event_filter {
	int64_t after_seq;              // 0 = from the first
	int64_t from_utc_ms, to_utc_ms; // half-open; 0 = open
	const char *point;              // NULL = all
	const char *occurrence;         // NULL = all
	int alarm_class;                // -1 = all
	const enum event_kind *kinds;   // EVENT_KINDS_END ends them; NULL = all
	unsigned limit;                 // 1..1000
};

// Calls row() oldest first; stops when it returns false. Returns the count or -1.
int query_events(struct reader *r, const struct event_filter *f,
    bool (*row)(void *arg, const struct stored_event *e), void *arg, struct err *err);

// What people have set, by flag, target and condition. Returns how many, or -1.
int query_flags(struct reader *r, bool (*row)(void *arg, const struct flag_entry *f),
    void *arg, struct err *err);

// Points that their panel reports as disabled now, with when that began. Returns how
// many, or -1.
int query_disabled(struct reader *r,
    bool (*row)(void *arg, const char *point, int64_t since_utc_ms), void *arg,
    struct err *err);

// An alarm that was missed, entered by hand. "" where there is none.
struct missed_row {
	int64_t n, seq, time_utc_ms, happened_utc_ms;
	char point[ID_MAX];
	char place_zh[PLACE_MAX], place_en[PLACE_MAX];
	char condition[24];
	char occurrence[MINT_MAX];
	char found[PARAMS_MAX];
	char who[ID_MAX];
};
// Those with a number above `after`, at most `limit`. Returns how many, or -1.
int query_missed(struct reader *r, int64_t after, unsigned limit,
    bool (*row)(void *arg, const struct missed_row *m), void *arg, struct err *err);

// The statistics day: "today", or "YYYY-MM-DD" named by its start date.
struct day_span {
	char day[11];
	int64_t from_ms, to_ms; // UTC, half-open
	bool closed;            // to_ms has passed
};
int query_day(struct reader *r, const char *day, int64_t now_utc_ms,
    struct day_span *out, struct err *err);

// One line of the daily alarm statistics: onsets, clears, acknowledgements of a class
// at a point, with the event seqs behind the count.
struct alarm_count {
	int alarm_class;
	int condition;
	char point[ID_MAX];
	char place_zh[PLACE_MAX], place_en[PLACE_MAX];
	char code[CODE_MAX];
	uint32_t onsets, clears, acknowledged, tests;
	size_t n_seqs;
	const int64_t *seqs; // of the onsets; valid during the call
	// The same behind the other counts.
	size_t n_clear_seqs, n_acknowledge_seqs, n_test_seqs;
	const int64_t *clear_seqs, *acknowledge_seqs, *test_seqs;
};
// The lists are whole: a day of a storm takes 8 bytes an event. In order of class, then
// point. A test's events count as tests and as nothing else. Returns how
// many rows, or -1.
int query_alarms_daily(struct reader *r, const struct day_span *d,
    bool (*row)(void *arg, const struct alarm_count *c), void *arg, struct err *err);

struct class_count {
	uint32_t onsets[CLASS_COUNT]; // from the roll-up
	uint32_t clears[CLASS_COUNT];
	uint32_t acknowledged[CLASS_COUNT];
	uint32_t open[CLASS_COUNT]; // still open at the end (or now)
};
// Of one day, from the roll-ups alone.
int query_class_counts(struct reader *r, const struct day_span *d,
    struct class_count *out, struct err *err);

// The first and the last event whose time lies in the span, a day or many; 0 = none.
// Looks at the events of the two blocks at its edges.
int query_edges(struct reader *r, const struct day_span *d, int64_t *first,
    int64_t *last, struct err *err);

// A gauge's day: from the sums of its minutes.
struct pressure_day {
	char point[ID_MAX];
	double min, max, mean; // kPa; NaN where good_ms == 0
	int64_t min_at_ms, max_at_ms;
	int64_t good_ms;
	int64_t expected_ms; // of the day that has passed
	uint32_t minutes;    // rows
	uint32_t samples;
};
// Every gauge with a minute row in the day or the 31 days before it: one that fell
// silent does not vanish. Returns how many, or -1.
int query_pressure_daily(struct reader *r, const struct day_span *d, int64_t now_utc_ms,
    bool (*row)(void *arg, const struct pressure_day *p), void *arg, struct err *err);

// min/mean/max per step for charts; every step of the span, empty ones too. The step
// says which rows are summed (reading_rows_of).
struct reading_step {
	int64_t from_ms, to_ms; // UTC, half-open
	double min, max, mean;  // NaN where good_ms == 0
	int64_t good_ms;
	uint32_t minutes;
};
struct reading_range {
	const char *point;
	int64_t from_ms, to_ms; // half-open; taken outwards to the begin of whole rows
	int64_t step_ms;        // a multiple of a minute
};
// Refuses more than READING_STEPS_MAX steps. Returns how many, or -1.
int query_readings(struct reader *r, const struct reading_range *q,
    bool (*row)(void *arg, const struct reading_step *s), void *arg, struct err *err);

// What there is of all gauges, gauge by gauge, in pages: zeroed but for what is asked,
// then called until `done`. Each page is a question of its own.
struct reading_walk {
	const char *only;       // this gauge; NULL = all
	int64_t from_ms, to_ms; // UTC, half-open; 0 = open
	int page;               // rows in one; 0 = 2,000
	bool done;
	char point[ID_MAX]; // from here on the walk's own
	int64_t next_ms;
	bool in_gauge;
};
// Minutes. A value that is not known is NaN. Returns how many rows, or -1.
int query_minutes(struct reader *r, struct reading_walk *w,
    bool (*row)(void *arg, const char *point, const struct minute *m), void *arg,
    struct err *err);
// Samples as they arrived, as far as they are kept (core/sample_window.h).
int query_samples(struct reader *r, struct reading_walk *w,
    bool (*row)(void *arg, const char *point, const struct kept_sample *s), void *arg,
    struct err *err);

// Retention has taken the readings before this; 0 = none.
int query_kept_from(struct reader *r, int64_t *utc_ms, struct err *err);

// Readings of a gauge at the set hours of a span, by time: each that was recorded, and
// each of `hours_min` that is over and was not, with the reason "not_watched" (nobody
// looked: the daemon was down, or the gauge was not configured), or "not_kept"
// (retention has taken what there was).
struct set_hour_row {
	int64_t due_utc_ms;
	double value;      // base unit; NaN = no reading
	int64_t at_utc_ms; // of the sample; 0 without one
	char reason[16];   // "" with a value (core/set_hour.h)
};
struct set_hours_query {
	const char *point;
	int64_t from_ms, to_ms; // UTC, half-open; a month at most
	int64_t now_utc_ms;
	const uint16_t *hours_min; // minutes after local midnight
	size_t n_hours;
};
// Returns how many, or -1.
int query_set_readings(struct reader *r, const struct set_hours_query *q,
    bool (*row)(void *arg, const struct set_hour_row *s), void *arg, struct err *err);

// Blind time over a span (docs/schema.md, v_blind_daily): of the whole site, of links
// and of points that have spans of their own, worst first. What has none is as its
// link, or as the site. What overlaps counts once in blind_ms, and in each of its
// reasons.
enum blind_reason {
	BLIND_LINK, // lost, or it came and went
	BLIND_QUALITY,
	BLIND_ISOLATED,
	BLIND_DOWN,
	BLIND_CLOCK,
	BLIND_STORE,
	BLIND_REASON_COUNT
};
const char *blind_reason_name(enum blind_reason r); // "link", "quality", ...
struct blind_sum {
	char point[ID_MAX]; // "" = the whole site
	uint32_t points;    // that it stands for
	int64_t blind_ms, by_ms[BLIND_REASON_COUNT];
	uint32_t unmeasured; // spans of which nobody knows how long they were
	bool goes_on;
	size_t n_seqs;
	const int64_t *seqs; // of the events behind it, valid during the call
};
struct blind_query {
	int64_t from_ms, to_ms; // UTC, half-open
	int64_t now_utc_ms;     // a span that goes on counts until then
	const char *point;      // only this one, spans of its own or not; NULL = all
};
// Returns how many, or -1.
int query_blind(struct reader *r, const struct blind_query *q,
    bool (*row)(void *arg, const struct blind_sum *s), void *arg, struct err *err);

struct store_totals {
	int64_t events, first_seq, last_seq;
	int64_t notices_delivered, notices_failed, notices_owed;
	int64_t minutes;
};
int query_totals(struct reader *r, struct store_totals *out, struct err *err);

// People. The PIN hash is argon2id (libsodium crypto_pwhash_str).
struct person {
	char id[ID_MAX]; // log-in name
	char name_zh[ID_MAX], name_en[ID_MAX];
	char role[16]; // operator, leader, manager, integrator
	bool enabled;
	char pin_hash[128];
};
// 1 found, 0 not, -1 error.
int query_person(struct reader *r, const char *id, struct person *out, struct err *err);
int query_people(struct reader *r, bool (*row)(void *arg, const struct person *p),
    void *arg, struct err *err);

// Adds or replaces a person, with an event user.change in the same transaction. For the
// command line; works beside a running daemon (waits for the lock at most 5 s).
int store_put_person(
    const char *directory, const struct person *p, int64_t now_utc_ms, struct err *err);

// Checks the whole journal: cuts, gap-free seq, chain, canonical bytes, anchors, then
// the file itself (PRAGMA integrity_check). Prints nothing. Works beside a running
// daemon. Returns 0 where it could be checked: *out tells the result; -1 with *err
// filled where it could not.
struct verify_result {
	int64_t events;        // sound ones, up to the first bad
	int64_t cut_seq;       // the last that retention deleted; 0 = none
	int64_t cut_utc_ms;    // what was before this was deleted
	int64_t anchors;       // good ones
	int64_t anchor_seq;    // of the newest; 0 = none
	int64_t anchor_utc_ms; // when it was signed
	int64_t reports;       // signed, good ones
	char public_key[65];   // of the newest signature; "" = none
	int64_t first_bad_seq; // 0 = none, -1 = damage that is not in an event row
	// "" = sound; else "hash", "prev_hash", "gap", "type", "epoch" (it changes
	// where nothing was restored), "trigger" (one that guards the events is
	// missing), "corrupt" (the row cannot be read), "integrity"; of the signatures
	// at that row: "signature", "key" (not the trusted one), "anchor" (another hash
	// stands there now), "anchor_ahead" (the chain ends before it), "cut" (the
	// chain does not begin where it says). Of a signed report, with its name, day
	// and revision: "report_signature", "report_key", "report" (other bytes),
	// "report_event" (another event stands there); "report_missing" (an event
	// without its report).
	char reason[80];
	char head_hash[65];
	char epoch[33];
};
// trusted_key: 64 hex digits of the only public key that may have signed; NULL = any.
int store_verify(const char *file, const char *trusted_key, struct verify_result *out,
    struct err *err);

#endif
