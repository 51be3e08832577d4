// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What must not be written before what: units that are of one point, of one setting or
// of one thing that a person set keep their order among themselves. An index of the
// units that wait in line, by those keys, so that what a unit overtakes them with is
// found without looking at the others. Runs on the loop; owns no unit.
#ifndef STORE_ORDER_H
#define STORE_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/unit.h"

// Units that one may take along; beyond it waits in line.
enum {
	ORDER_PULL_MAX = 1024,
	ORDER_LOOK_MAX = 16384 // keys looked at to find them
};

// Zeroed = empty.
struct order {
	struct order_node **pages; // of a pool; 0 is no node
	uint32_t n_pages, n_nodes, free_nodes;
	struct order_chain *chains; // open addressing by hash
	uint32_t n_chains, size_chains;
	uint64_t places; // given so far
	uint32_t search; // number of the newest
	struct unit *pulled[ORDER_PULL_MAX];
};

void order_free(struct order *o);

// The unit is now the last in line. Its rows must not be packed yet.
void order_add(struct order *o, struct unit *u);
// The unit leaves the line; all that it had to wait for have left before.
void order_remove(struct order *o, struct unit *u);

// Those in line that must be written before this unit, which is not in line and not
// packed: o->pulled, in the order of the line. Returns how many; -1 where it is too far
// to look.
int order_before(struct order *o, const struct unit *u);

// Bytes that the index takes for a unit with so many keys.
size_t order_bytes(const struct unit *u);

#endif
