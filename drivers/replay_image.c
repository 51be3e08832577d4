// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Two orders over the exchanges of a recording, made once: by unit and time, for what a
// unit as a whole says and for any registers of it; by request and time, for the very
// requests that were recorded ("lanes"). A bad end counts from when it was asked for,
// for from then on nothing was known. Refuses to make up a register: what no answer
// held is not answered.
#include "drivers/replay_image.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

enum {
	UNITS = 256,
	WALK_MAX = 100000, // exchanges looked at for one request: well below 1 ms
	BITS_MAX = 2000,
};

struct lane {
	uint32_t first, n;           // in by_lane
	uint32_t served;             // of it, from 0; NOT_SERVED = none yet
	uint32_t asked_ms, usual_ms; // last, and how often; 0 = not known
};

enum {
	NOT_SERVED = UINT32_MAX,
	LONG_FACTOR = 3, // longer than usual by this, and by a second
	LONG_MS = 1000,
};

struct replay_image {
	const struct recording *r;
	uint32_t *by_unit; // indexes of exchanges
	uint32_t unit_first[UNITS + 1];
	uint32_t *by_lane;
	struct lane *lanes;
	uint32_t n_lanes;
};

static const struct recorded_exchange *
at(const struct replay_image *i, uint32_t index)
{
	return &i->r->exchanges[index];
}

// From when on it counts.
static uint32_t
counts_from(const struct recorded_exchange *x)
{
	return x->end == RECORDED_ANSWER ? x->ended_ms : x->asked_ms;
}

// The unit is out, and not just one thing in it: exceptions 01 to 03 are of a request.
static bool
is_bad(const struct recorded_exchange *x)
{
	return x->end == RECORDED_NOTHING ||
	       (x->end == RECORDED_EXCEPTION && (x->exception < 1 || x->exception > 3));
}

// ---- orders ------------------------------------------------------------------------

static int
compare(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int
compare_time(const struct recorded_exchange *a, const struct recorded_exchange *b)
{
	int c = compare(counts_from(a), counts_from(b));

	return c != 0 ? c : (a > b) - (a < b); // both are of one array
}

static int
compare_unit(const void *left, const void *right, void *image)
{
	const struct recorded_exchange *a = at(image, *(const uint32_t *)left);
	const struct recorded_exchange *b = at(image, *(const uint32_t *)right);
	int c = compare(a->unit, b->unit);

	return c != 0 ? c : compare_time(a, b);
}

static int
compare_request(const struct recorded_exchange *a, const struct replay_question *q)
{
	int c = compare(a->unit, q->unit);

	if (c == 0)
		c = compare(a->function, q->function);
	if (c == 0)
		c = compare(a->address, q->address);
	return c != 0 ? c : compare(a->count, q->count);
}

static struct replay_question
question_of(const struct recorded_exchange *x)
{
	return (struct replay_question){
		.unit = x->unit,
		.function = x->function,
		.address = x->address,
		.count = x->count,
	};
}

static int
compare_lane(const void *left, const void *right, void *image)
{
	const struct recorded_exchange *a = at(image, *(const uint32_t *)left);
	const struct recorded_exchange *b = at(image, *(const uint32_t *)right);
	struct replay_question q = question_of(b);
	int c = compare_request(a, &q);

	return c != 0 ? c : compare_time(a, b);
}

static uint32_t *
sorted(struct replay_image *i,
    int (*order)(const void *left, const void *right, void *image))
{
	uint32_t *list = xcalloc((size_t)i->r->n_exchanges + 1, sizeof(*list));

	for (uint32_t k = 0; k < i->r->n_exchanges; k++)
		list[k] = k;
	qsort_r(list, i->r->n_exchanges, sizeof(*list), order, i);
	return list;
}

static void
find_units(struct replay_image *i)
{
	uint32_t k = 0;

	for (unsigned unit = 0; unit < UNITS; unit++) {
		i->unit_first[unit] = k;
		while (k < i->r->n_exchanges && at(i, i->by_unit[k])->unit == unit)
			k++;
	}
	i->unit_first[UNITS] = k;
}

static void
find_lanes(struct replay_image *i)
{
	uint32_t n = i->r->n_exchanges, made = 0;
	struct lane *lanes = xcalloc((size_t)n + 1, sizeof(*lanes));

	for (uint32_t k = 0; k < n; k++) {
		struct replay_question q = question_of(at(i, i->by_lane[k]));

		if (made > 0 &&
		    compare_request(at(i, i->by_lane[lanes[made - 1].first]), &q) == 0)
			lanes[made - 1].n++;
		else
			lanes[made++] =
			    (struct lane){ .first = k, .n = 1, .served = NOT_SERVED };
	}
	i->lanes = lanes;
	i->n_lanes = made;
}

struct replay_image *
replay_image_new(const struct recording *r)
{
	struct replay_image *i = xcalloc(1, sizeof(*i));

	i->r = r;
	i->by_unit = sorted(i, compare_unit);
	i->by_lane = sorted(i, compare_lane);
	find_units(i);
	find_lanes(i);
	return i;
}

void
replay_image_free(struct replay_image *i)
{
	if (i == NULL)
		return;
	free(i->by_unit);
	free(i->by_lane);
	free(i->lanes);
	free(i);
}

// Of list[0..n): how many count by then.
static uint32_t
count_until(
    const struct replay_image *i, const uint32_t *list, uint32_t n, uint32_t at_ms)
{
	uint32_t low = 0, high = n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (counts_from(at(i, list[middle])) <= at_ms)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

// ---- answers -----------------------------------------------------------------------

static void
give(const struct recorded_exchange *x, struct replay_answer *out)
{
	*out = (struct replay_answer){
		.end = (enum recorded_end)x->end,
		.exception = x->exception,
		.n_data = x->n_data,
		.took_ms = x->ended_ms - x->asked_ms,
	};
	if (x->n_data > 0)
		memcpy(out->data, x->data, x->n_data);
}

static bool
differ(const struct recorded_exchange *a, const struct recorded_exchange *b)
{
	return a->end != b->end || a->exception != b->exception ||
	       a->n_data != b->n_data ||
	       (a->n_data > 0 && memcmp(a->data, b->data, a->n_data) != 0);
}

// The unit's exchanges: the last of them that counts, else the first. False: none.
static bool
find_unit(const struct replay_image *i, const struct replay_question *q,
    const uint32_t **list, uint32_t *n, uint32_t *now)
{
	uint32_t first = i->unit_first[q->unit];

	*list = i->by_unit + first;
	*n = i->unit_first[q->unit + 1] - first;
	*now = count_until(i, *list, *n, q->at_ms);
	if (*now > 0)
		--*now;
	return *n > 0;
}

// What every request gets while the unit is out, or NULL.
static const struct recorded_exchange *
unit_out(const struct replay_image *i, const uint32_t *list, uint32_t n, uint32_t now)
{
	const struct recorded_exchange *x = at(i, list[now]);

	if (!is_bad(x))
		return NULL;
	if ((now > 0 && is_bad(at(i, list[now - 1]))) ||
	    (now + 1 < n && is_bad(at(i, list[now + 1]))))
		return x;
	return NULL;
}

static struct lane *
find_lane(struct replay_image *i, const struct replay_question *q)
{
	uint32_t low = 0, high = i->n_lanes;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct lane *lane = &i->lanes[middle];
		int c = compare_request(at(i, i->by_lane[lane->first]), q);

		if (c == 0)
			return lane;
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

// Whether it was not asked for long: what came and went meanwhile is over.
static bool
after_long(struct lane *lane, uint32_t at_ms)
{
	uint32_t since = at_ms - lane->asked_ms;
	bool usual = lane->usual_ms > 0;
	bool longer = usual && since > LONG_FACTOR * lane->usual_ms + LONG_MS;

	if (lane->served != NOT_SERVED && since > 0 && !longer)
		lane->usual_ms = since;
	lane->asked_ms = at_ms;
	return longer;
}

// The next that differs from what was given last, up to what counts now.
static const struct recorded_exchange *
serve(const struct replay_image *i, struct lane *lane, const struct replay_question *q)
{
	const uint32_t *list = i->by_lane + lane->first;
	uint32_t now = count_until(i, list, lane->n, q->at_ms);

	now = now > 0 ? now - 1 : 0;
	if (after_long(lane, q->at_ms) || q->hasty)
		lane->served = now;
	if (lane->served == NOT_SERVED)
		lane->served = 0;
	while (lane->served < now) {
		const struct recorded_exchange *before = at(i, list[lane->served]);

		if (differ(before, at(i, list[++lane->served])))
			break;
	}
	return at(i, list[lane->served]);
}

// While the unit is out its answers of that time are over for this request too.
static void
pass_over(
    const struct replay_image *i, struct lane *lane, const struct replay_question *q)
{
	uint32_t now = count_until(i, i->by_lane + lane->first, lane->n, q->at_ms);

	if (now > 0 && (lane->served == NOT_SERVED || lane->served < now - 1))
		lane->served = now - 1;
}

// ---- any registers -----------------------------------------------------------------

struct gather {
	const struct replay_question *q;
	bool bits;
	uint32_t left;
	bool have[BITS_MAX];
	struct replay_answer *out;
};

static void
put(struct gather *g, const struct recorded_exchange *x, uint32_t from, uint32_t to)
{
	if (!g->bits) {
		memcpy(g->out->data + to * 2, x->data + from * 2, 2);
		return;
	}
	if ((x->data[from / 8] >> (from % 8) & 1) != 0)
		g->out->data[to / 8] |= (uint8_t)(1U << (to % 8));
}

// Takes what is still wanted from it. False: that is bad, and so is the answer.
static bool
gather_from(struct gather *g, const struct recorded_exchange *x)
{
	uint32_t low = g->q->address, high = low + g->q->count;

	if (x->function != g->q->function)
		return true;
	if (low < x->address)
		low = x->address;
	if (high > (uint32_t)x->address + x->count)
		high = (uint32_t)x->address + x->count;
	for (uint32_t a = low; a < high; a++) {
		uint32_t to = a - g->q->address;

		if (g->have[to])
			continue;
		if (x->end != RECORDED_ANSWER) {
			give(x, g->out);
			return false;
		}
		g->have[to] = true;
		g->left--;
		put(g, x, a - x->address, to);
		if (x->ended_ms - x->asked_ms > g->out->took_ms)
			g->out->took_ms = x->ended_ms - x->asked_ms;
	}
	return true;
}

// Out of what was last read of each, else out of what was first read later.
static void
gather(const struct replay_image *i, const struct replay_question *q,
    const uint32_t *list, uint32_t n, uint32_t now, struct replay_answer *out)
{
	struct gather g = { .q = q, .bits = q->function <= 2, .left = q->count };
	uint32_t walked = 0;

	g.out = out;
	out->end = RECORDED_ANSWER;
	out->n_data = (uint8_t)(g.bits ? (q->count + 7U) / 8U : q->count * 2U);
	for (uint32_t k = now + 1; k > 0 && g.left > 0 && walked < WALK_MAX; walked++)
		if (!gather_from(&g, at(i, list[--k])))
			return;
	for (uint32_t k = now + 1; k < n && g.left > 0 && walked < WALK_MAX; walked++)
		if (!gather_from(&g, at(i, list[k++])))
			return;
	if (g.left > 0)
		*out = (struct replay_answer){ .end = RECORDED_NOTHING };
}

void
replay_image_ask(
    struct replay_image *i, const struct replay_question *q, struct replay_answer *out)
{
	const uint32_t *list;
	uint32_t n, now;
	struct lane *lane = find_lane(i, q);

	*out = (struct replay_answer){ .end = RECORDED_NOTHING };
	if (!find_unit(i, q, &list, &n, &now))
		return;
	const struct recorded_exchange *bad = unit_out(i, list, n, now);
	if (bad != NULL) {
		if (lane != NULL)
			pass_over(i, lane, q);
		give(bad, out);
	} else if (lane != NULL) {
		give(serve(i, lane, q), out);
	} else if (q->function <= 4) {
		gather(i, q, list, n, now, out);
	}
}
