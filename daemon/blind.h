// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Blind time as events: a row when it begins and one when it ends. Times are UTC ms.
// Part of the engine; loop only.
#ifndef DAEMON_BLIND_H
#define DAEMON_BLIND_H

#include "engine_impl.h"

struct blinds *blinds_new(struct engine *e);
void blinds_free(struct blinds *b);

// A point's quality is another than before, since `utc_ms`.
void blinds_quality(struct engine *e, uint32_t point, enum quality q, int64_t utc_ms);

// What is not watched with a link, and since when.
struct blind_span {
	const uint32_t *points; // behind it
	uint32_t n;
	int64_t from_ms;
};
// A link is lost; it is back, or what was lost of it is lost on the points' own
// account; it has flapped, and of that was away for blind_ms.
void blinds_link_begins(
    struct engine *e, uint32_t link_point, const struct blind_span *span);
void blinds_link_ends(
    struct engine *e, uint32_t link_point, const struct blind_span *span);
void blinds_link_flapped(struct engine *e, uint32_t link_point,
    const struct blind_span *span, uint32_t changes, int64_t blind_ms);

#endif
