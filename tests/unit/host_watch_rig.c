// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See host_watch_rig.h.
#include "host_watch_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

static struct host_rig *the_rig; // the asker has no way to it but this

// ---- the asker --------------------------------------------------------------------

struct asker {
	struct loop *loop;
};

struct host_try {
	struct host_rig *rig;
	unsigned host;
	bool with_word;
	struct loop_timer timer;
	host_tried *done;
	void *arg;
};

static unsigned
address_of(const struct host_rig *g, unsigned host)
{
	unsigned i = 0;
	while (strcmp(g->addresses[i], g->addresses[host]) != 0)
		i++;
	return i;
}

static void
leave(struct host_try *t)
{
	t->rig->busy--;
	t->rig->at_address[address_of(t->rig, t->host)]--;
	loop_timer_stop(t->rig->loop, &t->timer);
	free(t);
}

static void
on_answer(void *arg)
{
	struct host_try t = *(struct host_try *)arg;
	const struct behaviour *b = &t.rig->behaviour[t.host];
	struct host_outcome o = {
		.code = b->code,
		.blind = b->blind,
		.reached = b->reached,
		.round_trip_us = 100,
		.word_used = t.with_word,
		.certificate_end_s = b->certificate_end_s,
	};
	if (b->wants_word && !t.with_word && o.code == HOST_ANSWERS)
		o.code = HOST_AUTH;
	leave(arg);
	t.done(t.arg, &o);
}

static struct host_try *
fake_start(struct asker *a, const struct host_question *q, host_tried *done, void *arg)
{
	struct host_rig *g = the_rig;
	struct host_try *t = xcalloc(1, sizeof *t);
	unsigned i = 0;
	(void)a;
	while (strcmp(g->ids[i], q->host->id) != 0)
		i++;
	bool word = q->give_word && q->host->user[0] != '\0';
	*t = (struct host_try){
		.rig = g, .host = i, .with_word = word, .done = done, .arg = arg
	};
	const struct behaviour *b = &g->behaviour[i];
	loop_timer_init(&t->timer, on_answer, t);
	loop_timer_in(g->loop, &t->timer,
	    b->code == HOST_TIMEOUT ? q->host->timeout_ms : b->after_ms);

	int64_t now = loop_now_ms(g->loop);
	if (g->tries[i] > 0 && now - g->last_try_ms[i] > g->longest_gap_ms[i])
		g->longest_gap_ms[i] = now - g->last_try_ms[i];
	g->last_try_ms[i] = now;
	g->tries[i]++;
	g->words[i] += word;
	if (++g->busy > g->most_busy)
		g->most_busy = g->busy;
	unsigned here = ++g->at_address[address_of(g, i)];
	if (here > g->most_at_one_address)
		g->most_at_one_address = here;
	return t;
}

static struct asker *
fake_open(struct loop *l)
{
	struct asker *a = xcalloc(1, sizeof *a);
	a->loop = l;
	return a;
}

static void
fake_close(struct asker *a)
{
	free(a);
}

static void
fake_forget(void *kept)
{
	assert_null(kept);
}

static const struct asker_kind fake = {
	.name = "fake",
	.open = fake_open,
	.close = fake_close,
	.start = fake_start,
	.cancel = leave,
	.forget = fake_forget,
};

// ---- the rig ----------------------------------------------------------------------

int
host_rig_setup(void **state)
{
	struct host_rig *g = xcalloc(1, sizeof *g);
	clock_virtual_init(&g->clock, 1000000, 1700000000000);
	g->loop = loop_new(&g->clock);
	g->site.hosts = g->hosts;
	the_rig = g;
	*state = g;
	return 0;
}

int
host_rig_teardown(void **state)
{
	struct host_rig *g = *state;
	host_watch_free(g->watch);
	assert_int_equal(g->busy, 0);
	loop_timer_stop(g->loop, &g->stop);
	loop_free(g->loop);
	free(g);
	return 0;
}

unsigned
host_rig_add(struct host_rig *g)
{
	unsigned i = g->site.n_hosts++;
	assert_true(i < HOST_RIG_MAX);
	(void)snprintf(g->ids[i], sizeof g->ids[i], "h%u", i);
	(void)snprintf(g->addresses[i], sizeof g->addresses[i], "127.0.%u.%u",
	    1 + i / 250, 1 + i % 250);
	g->hosts[i] = (struct host){ .id = g->ids[i],
		.point = i,
		.parent = INDEX_NONE,
		.check = (enum host_check)(i % HOST_CHECK_COUNT),
		.address = g->addresses[i],
		.url = "",
		.shown = "",
		.user = "",
		.password = "",
		.marker = "",
		.ca = "",
		.pin = "",
		.period_ms = 30 * SECOND,
		.timeout_ms = 5 * SECOND,
		.look_up_ms = 5 * SECOND,
		.connect_ms = 5 * SECOND,
		.first_byte_ms = 5 * SECOND,
		.retries = 1,
		.misses = 2,
		.of = 3,
		.warn_ms = 21u * 24 * HOUR };
	g->behaviour[i].after_ms = 2;
	return i;
}

void
host_rig_add_many(struct host_rig *g, unsigned n)
{
	while (n-- > 0)
		(void)host_rig_add(g);
}

static void
on_report(void *ctx, uint16_t host, const struct host_status *s)
{
	struct host_rig *g = ctx;
	if (s->state == HOST_LOST && g->status[host].state != HOST_LOST)
		g->lost_at_ms[host] = loop_now_ms(g->loop);
	g->status[host] = *s;
	g->reports[host]++;
}

void
host_rig_start(struct host_rig *g)
{
	static const struct asker_kind *const fakes[HOST_CHECK_COUNT] = { &fake, &fake,
		&fake, &fake };
	const struct host_watch_host host = { .ctx = g, .report = on_report };
	g->watch = host_watch_new(
	    g->loop, hosts_copy(&g->site), g->site.n_hosts, &host, fakes);
}

static void
on_stop(void *arg)
{
	loop_stop(((struct host_rig *)arg)->loop);
}

void
host_rig_run(struct host_rig *g, int64_t ms)
{
	loop_timer_init(&g->stop, on_stop, g);
	loop_timer_in(g->loop, &g->stop, ms);
	assert_int_equal(loop_run(g->loop), 0);
}

void
host_rig_dies(struct host_rig *g, unsigned i)
{
	g->behaviour[i] = (struct behaviour){ .code = HOST_TIMEOUT };
}

void
host_rig_lives(struct host_rig *g, unsigned i)
{
	g->behaviour[i] = (struct behaviour){ .after_ms = 2 };
}

unsigned
host_rig_count(const struct host_rig *g, enum host_state s)
{
	unsigned n = 0;
	for (unsigned i = 0; i < g->site.n_hosts; i++)
		n += g->status[i].state == s;
	return n;
}
