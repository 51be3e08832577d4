// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Block planning. Runs on the loop at start, and again only when a device refuses an
// address. Refuses to read beyond the profile's limits. What must hold always: each
// point is in exactly one block, and a block covers all addresses of its points.

#include "drivers/plan.h"

#include <stdlib.h>
#include <string.h>

#include "core/profile_dialog.h"
#include "drivers/decode.h"
#include "drivers/modbus_pdu.h"
#include "lib/mem.h"

const char *
plan_kind_name(uint8_t kind)
{
	switch ((enum plan_kind)kind) {
	case PLAN_IDENTITY:
		return "identity";
	case PLAN_HELPER:
		return "helper";
	case PLAN_POINTS:
		return "points";
	case PLAN_DIALOG:
		return "dialog";
	case PLAN_OUTPUT:
		return "output";
	}
	wr_unreachable("plan_kind");
}

const struct decoder *
plan_decoder(const struct device *dev, const struct point *point, enum area *area)
{
	const struct profile_item *item = &dev->profile->items[point->item];

	wr_assert(point->item < dev->profile->n_items);
	wr_assert(item->decoder < dev->profile->n_decoders);
	*area = item->area;
	return &dev->profile->decoders[item->decoder];
}

void
plan_point_span(const struct site *site, const struct device *dev, uint32_t point,
    uint32_t *low, uint32_t *high)
{
	const struct point *p = &site->points[point];
	struct item_span s = profile_span(
	    dev->profile, &dev->profile->items[p->item], p->pdu, p->loop, p->number);

	*low = s.low;
	*high = s.high;
}

static void
resize(struct plan *p, uint16_t size)
{
	p->blocks = xreallocarray(p->blocks, size, sizeof(*p->blocks));
	p->size = size;
}

static struct plan_block *
append(struct plan *p)
{
	if (p->n == p->size) {
		wr_assert(p->size < UINT16_MAX / 2);
		resize(p, p->size ? (uint16_t)(p->size * 2) : 2);
	}
	p->blocks[p->n] =
	    (struct plan_block){ .poll = POLL_SCAN, .own_poll = POLL_SCAN };
	return &p->blocks[p->n++];
}

void
plan_prepend(struct plan *p, uint16_t n)
{
	if (n == 0)
		return;
	if (p->n + n > p->size)
		resize(p, (uint16_t)(p->n + n));
	memmove(p->blocks + n, p->blocks, p->n * sizeof(*p->blocks));
	memset(p->blocks, 0, n * sizeof(*p->blocks));
	p->n = (uint16_t)(p->n + n);
}

// Points behind a selector have no registers of their own; they are the last.
static uint32_t
points_with_registers(const struct site *site, const struct device *dev)
{
	uint32_t n = dev->n_points;

	while (n > 0 &&
	       profile_selector_of(dev->profile, site->points[dev->points[n - 1]].item))
		n--;
	return n;
}

static void
append_identity(const struct device *dev, struct plan *out)
{
	for (uint16_t i = 0; i < dev->profile->n_identity; i++) {
		struct plan_block *b = append(out);

		b->kind = PLAN_IDENTITY;
		b->area = (uint8_t)dev->profile->identity[i].area;
		b->address = dev->profile->identity[i].address;
		b->count = dev->profile->identity[i].registers;
		b->count = b->count ? b->count : 1;
		b->first = i;
	}
}

static bool
has_helper_block(const struct plan *p, uint16_t decoder)
{
	for (uint16_t i = 0; i < p->n; i++)
		if (p->blocks[i].kind == PLAN_HELPER && p->blocks[i].first == decoder)
			return true;
	return false;
}

// Whether a read of the point brings its decoder's own settings, too.
static bool
helpers_inline(const struct site *site, const struct device *dev, uint32_t point,
    uint16_t helper_low, uint16_t helper_high)
{
	uint32_t low, high;

	plan_point_span(site, dev, point, &low, &high);
	return low <= helper_low && helper_high <= high;
}

static void
append_helpers(const struct site *site, const struct device *dev, struct plan *out)
{
	uint32_t n = points_with_registers(site, dev);

	for (uint32_t i = 0; i < n; i++) {
		const struct point *p = &site->points[dev->points[i]];
		uint16_t index = dev->profile->items[p->item].decoder, low, high;
		struct plan_block *b;
		enum area area;
		const struct decoder *dec = plan_decoder(dev, p, &area);

		if (!decoder_helper_span(dec, &low, &high) ||
		    helpers_inline(site, dev, dev->points[i], low, high) ||
		    has_helper_block(out, index))
			continue;
		wr_assert(high - low + 1U <= PDU_REGISTERS_MAX);
		b = append(out);
		b->kind = PLAN_HELPER;
		b->area = (uint8_t)area;
		b->address = low;
		b->count = (uint16_t)(high - low + 1);
		b->first = index;
	}
}

// Whether [low, high] of `area`, of which at most `most` are read at once, can be added
// to the block.
static bool
fits(const struct plan_block *b, enum area area, uint32_t most, uint32_t low,
    uint32_t high)
{
	uint32_t end = b->address + (uint32_t)b->count; // one past
	uint32_t waste =
	    pdu_area_is_bits(area) ? PLAN_WASTE_BITS : PLAN_WASTE_REGISTERS;

	return b->kind == PLAN_POINTS && b->area == area && b->most == most &&
	       low >= b->address && low <= end + waste && high - b->address + 1 <= most;
}

static void
append_points(const struct site *site, const struct device *dev, struct plan *out)
{
	struct plan_block *b = NULL;
	uint32_t n = points_with_registers(site, dev);

	wr_assert(n < UINT16_MAX);
	for (uint32_t i = 0; i < n; i++) {
		const struct profile_item *item =
		    &dev->profile->items[site->points[dev->points[i]].item];
		uint32_t most = profile_read_max(dev->profile, item), low, high;

		plan_point_span(site, dev, dev->points[i], &low, &high);
		wr_assert(high <= UINT16_MAX && high - low < most);
		if (!b || !fits(b, item->area, most, low, high) ||
		    (dev->profile->probe && high >= b->address + (uint32_t)b->count)) {
			b = append(out);
			b->kind = PLAN_POINTS;
			b->area = (uint8_t)item->area;
			b->most = (uint16_t)most;
			b->flags = dev->profile->probe ? PLAN_PARTED : 0;
			b->address = (uint16_t)low;
			b->first = (uint16_t)i;
		}
		if (high >= b->address + (uint32_t)b->count)
			b->count = (uint16_t)(high - b->address + 1);
		b->n++;
	}
}

void
plan_build(const struct site *site, const struct device *dev, struct plan *out)
{
	*out = (struct plan){ 0 };
	append_identity(dev, out);
	append_helpers(site, dev, out);
	append_points(site, dev, out);
	if (out->n > 0 && out->n < out->size)
		resize(out, out->n);
}

void
plan_free(struct plan *p)
{
	free(p->blocks);
	*p = (struct plan){ 0 };
}

// Shrinks or widens the block to what its points need.
static void
fit_to_points(const struct site *site, const struct device *dev, struct plan_block *b)
{
	uint32_t min = UINT32_MAX, max = 0;

	for (uint16_t i = 0; i < b->n; i++) {
		uint32_t low, high;

		plan_point_span(site, dev, dev->points[b->first + i], &low, &high);
		min = low < min ? low : min;
		max = high > max ? high : max;
	}
	b->address = (uint16_t)min;
	b->count = (uint16_t)(max - min + 1);
}

bool
plan_split(
    const struct site *site, const struct device *dev, struct plan *p, uint16_t block)
{
	struct plan_block *a, *b;
	uint16_t flags = PLAN_PARTED;

	wr_assert(block < p->n && p->blocks[block].kind == PLAN_POINTS);
	if (p->blocks[block].n < 2)
		return false;
	(void)append(p);
	a = &p->blocks[block];
	b = a + 1;
	memmove(b + 1, b, (size_t)(p->n - block - 2) * sizeof(*b));
	// A block that was whole, was joined again and is refused again would go on so
	// for ever: its halves stay apart.
	if (a->flags & (PLAN_JOINED | PLAN_NO_JOIN))
		flags |= PLAN_NO_JOIN;
	*b = *a;
	b->sums =
	    (struct block_sums){ 0 }; // what was asked of both stays with the first
	a->n /= 2;
	b->first = (uint16_t)(b->first + a->n);
	b->n = (uint16_t)(b->n - a->n);
	a->flags = b->flags = flags;
	fit_to_points(site, dev, a);
	fit_to_points(site, dev, b);
	return true;
}

static bool
joinable(const struct plan_block *b)
{
	return b->kind == PLAN_POINTS && b->last_good_ms != 0 && !b->in_flight &&
	       !(b->flags & (PLAN_ABSENT | PLAN_REFUSED | PLAN_PARTED | PLAN_NO_JOIN));
}

static uint32_t
max_of(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static void
add_sums(struct block_sums *a, const struct block_sums *b)
{
	a->requests += b->requests;
	a->good += b->good;
	a->missed += b->missed;
	a->refused += b->refused;
	a->max_reply_us = max_of(a->max_reply_us, b->max_reply_us);
	a->worst_gap_ms = max_of(a->worst_gap_ms, b->worst_gap_ms);
}

static bool
join_pair(struct plan *p, uint16_t left)
{
	struct plan_block *a = &p->blocks[left], *b = a + 1;
	uint32_t high = b->address + b->count - 1U;

	if (!joinable(a) || !joinable(b) || a->first + a->n != b->first ||
	    a->own_poll != b->own_poll || a->period_ms != b->period_ms ||
	    b->address < a->address + a->count ||
	    !fits(a, (enum area)b->area, b->most, b->address, high))
		return false;
	a->n = (uint16_t)(a->n + b->n);
	a->count = (uint16_t)(high - a->address + 1);
	a->flags |= PLAN_JOINED;
	// The older of the two: the true time of a change lies after both.
	if (b->last_good_ms < a->last_good_ms)
		a->last_good_ms = b->last_good_ms;
	if (b->read_ms < a->read_ms)
		a->read_ms = b->read_ms;
	add_sums(&a->sums, &b->sums);
	p->n--;
	memmove(b, b + 1, (size_t)(p->n - left - 1) * sizeof(*b));
	return true;
}

// Whichever of the two lands last tries again.
static void
join_later(struct plan *p, uint16_t block)
{
	if (block < p->n && p->blocks[block].in_flight)
		p->blocks[block].flags |= PLAN_JOIN_LATER;
}

void
plan_join(struct plan *p, uint16_t block)
{
	while (block > 0 && join_pair(p, (uint16_t)(block - 1)))
		block--;
	while (block + 1 < p->n && join_pair(p, block))
		;
	join_later(p, (uint16_t)(block + 1));
	join_later(p, (uint16_t)(block - 1));
}
