// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A patrol route: stops in an order, each with a window after the round began. Visits
// and `now` in; what became of each stop, and the next deadline, out. Pure.
//
//   visited before its window        early; so also within early_ms before the round,
//                                    where the visit counted for nothing else
//   within it                        on time
//   after it                         late; the missed point is then no longer one
//   a later stop visited before it   skipped, until it is visited or its window ends
//   its window ended unvisited       missed; unwatched where its contact could not be
//                                    seen all the while
//   visited again within repeat_ms   nothing
//   another round takes its place    unwatched, what is open: nobody had the whole
//   window
#ifndef CORE_PATROL_H
#define CORE_PATROL_H

#include <stdbool.h>
#include <stdint.h>

enum {
	PATROL_STOPS_MAX = 64
};

// X(enum, name, letter as it is kept)
#define PATROL_RESULTS(X)           \
  X(PATROL_WAITS, "waits", '-')     \
  X(PATROL_SKIPPED, "skipped", 's') \
  X(PATROL_EARLY, "early", 'e')     \
  X(PATROL_ON_TIME, "on-time", 'o') \
  X(PATROL_LATE, "late", 'l')       \
  X(PATROL_MISSED, "missed", 'm')   \
  X(PATROL_UNWATCHED, "unwatched", 'u')

enum patrol_result {
#define X(id, name, letter) id,
	PATROL_RESULTS(X)
#undef X
	PATROL_RESULT_COUNT,
};

struct patrol_stop {
	uint32_t from_ms, to_ms; // of its window, after the round began; from < to
};

struct patrol_rule {
	uint8_t n;
	const struct patrol_stop *stops;
	uint32_t repeat_ms;
	uint32_t early_ms; // a visit so long before the round is one of it
};

// One round. Zeroed, there is none.
struct patrol {
	bool runs;
	int64_t begin_ms;                  // monotonic
	uint8_t results[PATROL_STOPS_MAX]; // enum patrol_result
	bool blind[PATROL_STOPS_MAX];      // not seen for a part of its window
	int64_t visited_ms[PATROL_STOPS_MAX];
	bool visited[PATROL_STOPS_MAX]; // ever: of any round, for repeats
	bool spare[PATROL_STOPS_MAX];   // the newest visit counted for nothing
};

// A round begins at `begin_ms`; every stop waits but those of the mask that is
// returned: they were visited shortly before.
uint64_t patrol_begin(struct patrol *p, const struct patrol_rule *r, int64_t begin_ms);

// The round ends before its time. The mask of what was open.
uint64_t patrol_cut(struct patrol *p, const struct patrol_rule *r);

// A stop is visited. PATROL_WAITS: it counts for nothing (a repeat, no round, or it was
// visited in this one). *skipped is a mask of the stops that were passed over just now.
enum patrol_result patrol_visit(struct patrol *p, const struct patrol_rule *r,
    unsigned stop, int64_t now_ms, uint64_t *skipped);

// The contact of a stop is not seen now.
void patrol_blind(
    struct patrol *p, const struct patrol_rule *r, unsigned stop, int64_t now_ms);

// What time brings: the mask of stops that are missed or unwatched just now.
uint64_t patrol_feed(struct patrol *p, const struct patrol_rule *r, int64_t now_ms);
int64_t patrol_due(const struct patrol *p, const struct patrol_rule *r); // -1 = none
// Every stop has its result.
bool patrol_over(const struct patrol *p, const struct patrol_rule *r);

const char *patrol_result_name(enum patrol_result r);
char patrol_result_letter(enum patrol_result r);
bool patrol_result_from_letter(char letter, enum patrol_result *out);

#endif
