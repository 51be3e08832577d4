// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See chain.h. The bytes are fed to the hash in pieces of a fixed size, so a row of any
// size needs no memory. The invariant: these bytes never change for a version once a
// journal was written with it; anything new is a new version byte.
#include "store/chain.h"

#include <math.h>
#include <sodium.h>
#include <string.h>

#include "lib/mem.h"

enum {
	HEAD = 5,
	PIECE = 1024
};

static void
put_be(uint64_t value, size_t n, uint8_t *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(value >> (8 * (n - 1 - i)));
}

static uint64_t
real_bits(double value)
{
	if (isnan(value))
		return UINT64_C(0x7ff8000000000000);
	uint64_t bits;
	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

typedef void put_fn(void *sink, const void *data, size_t len);

static void
put_cell(const struct cell *c, put_fn *put, void *sink)
{
	uint8_t head[HEAD], number[8];
	const void *data = number;
	size_t len = sizeof(number);
	switch (c->type) {
	case CELL_ABSENT:
		len = 0;
		break;
	case CELL_INTEGER:
		put_be((uint64_t)c->integer, sizeof(number), number);
		break;
	case CELL_REAL:
		put_be(real_bits(c->real), sizeof(number), number);
		break;
	case CELL_TEXT:
	case CELL_BYTES:
		data = c->data;
		len = c->len;
		break;
	}
	wr_assert(len <= UINT32_MAX);
	head[0] = (uint8_t)c->type;
	put_be(len, 4, head + 1);
	put(sink, head, sizeof(head));
	if (len > 0)
		put(sink, data, len);
}

static void
put_all(const struct cell *cells, size_t n, put_fn *put, void *sink)
{
	const uint8_t version = CHAIN_VERSION;
	put(sink, &version, 1);
	for (size_t i = 0; i < n; i++)
		put_cell(&cells[i], put, sink);
}

static void
put_buf(void *sink, const void *data, size_t len)
{
	buf_add(sink, data, len);
}

// Gathers small pieces: a call of the hash costs more than the bytes of a cell.
struct hasher {
	crypto_hash_sha256_state state;
	size_t n;
	uint8_t piece[PIECE];
};

static void
flush_hash(struct hasher *h)
{
	(void)crypto_hash_sha256_update(&h->state, h->piece, h->n);
	h->n = 0;
}

static void
put_hash(void *sink, const void *data, size_t len)
{
	struct hasher *h = sink;
	if (len > sizeof(h->piece) - h->n)
		flush_hash(h);
	if (len > sizeof(h->piece)) {
		(void)crypto_hash_sha256_update(&h->state, data, len);
		return;
	}
	memcpy(h->piece + h->n, data, len);
	h->n += len;
}

void
chain_canonical(const struct cell *cells, size_t n, struct buf *out)
{
	put_all(cells, n, put_buf, out);
}

void
chain_hash(const struct cell *cells, size_t n, uint8_t hash[static CHAIN_HASH])
{
	struct hasher h;
	h.n = 0;
	(void)crypto_hash_sha256_init(&h.state);
	put_all(cells, n, put_hash, &h);
	flush_hash(&h);
	(void)crypto_hash_sha256_final(&h.state, hash);
}
