// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The verb `decisions POINT`: what the engine decided about it lately, oldest first, as
// one line each after the answer: UTC milliseconds, decision, condition, word, value,
// with "-" for none. On the loop.
#include <math.h>
#include <string.h>

#include "control_impl.h"

static void
put_decision(struct buf *b, const struct decision *d)
{
	buf_printf(b, "%lld %s %s %s ", (long long)d->t_utc_ms, decision_name(d->kind),
	    d->condition < COND_COUNT ? condition_name(d->condition) : "-",
	    d->word[0] != '\0' ? d->word : "-");
	if (isfinite(d->value))
		buf_printf(b, "%.9g\n", d->value);
	else
		buf_str(b, "-\n");
}

void
control_decisions(struct client *cl, const char *id)
{
	const struct control_host *host = &cl->control->host;
	uint32_t point = site_find_point(host->site, id);
	struct decision d[DECISIONS_PER_POINT];
	struct buf b = { 0 };
	if (point == UINT32_MAX) {
		control_refuse(cl, "not_found", "there is no such point");
		return;
	}
	unsigned n = host->decisions(host->ctx, point, d);
	json_open(&b, NULL, '{');
	json_bool(&b, "ok", true);
	json_int(&b, "decisions", n);
	json_close(&b, '}');
	buf_str(&b, "\n");
	for (unsigned i = 0; i < n; i++)
		put_decision(&b, &d[i]);
	(void)control_put(cl, b.data, b.len); // 64 short lines: it fits
	buf_free(&b);
}
