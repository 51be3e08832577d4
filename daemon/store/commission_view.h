// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The ledger as a person sees it: how much is proven, of the site, of each zone and of
// each device, and the objects of docs/api.md. Shared by console, tools and reports.
// One thread at a time.
#ifndef STORE_COMMISSION_VIEW_H
#define STORE_COMMISSION_VIEW_H

#include "lib/buf.h"
#include "store/commission.h"

struct commission_counts {
	uint32_t points, of[STATUS_COUNT];
};
// Tenths of a percent, rounded down: 99.99 % is not all.
uint32_t commission_tenths(const struct commission_counts *c);
void commission_count(struct commission_counts *c, const struct commission_state *s);

// Counts by zone (the last one: points of no zone) and by owner (devices, then GPIO
// chips).
struct commission_overview {
	const struct site *site;
	struct commission_counts all;
	size_t n_zones, n_owners;
	struct commission_counts *zones, *owners;
};
void overview_begin(struct commission_overview *o, const struct site *s);
void overview_add(struct commission_overview *o, const struct commission_state *st);
void overview_free(struct commission_overview *o);

const char *overview_owner(const struct site *s, size_t owner); // its id
size_t overview_owner_of(const struct site *s, const struct point *p);

// Which points to show.
struct commission_filter {
	const char *zone, *device; // ids, or NULL = all
	int status;                // enum commission_status, or -1 = all
};
bool commission_matches(const struct site *s, const struct commission_filter *f,
    const struct commission_state *st);
// Whether the site has the zone and the device (or chip) asked for; else the name of
// the one that is missing, "zone" or "device".
const char *commission_filter_fault(
    const struct site *s, const struct commission_filter *f);

// As members of the open object: "summary", "zones", "devices".
void commission_put_overview(struct buf *b, const struct commission_overview *o);
// One point as an object of the open array.
void commission_put_state(
    struct buf *b, const struct site *s, const struct commission_state *st);
// One open walk.
void commission_put_walk(struct buf *b, const struct commission_walk *w);

#endif
