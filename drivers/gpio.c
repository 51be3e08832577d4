// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Contacts on GPIO lines: edges from the kernel, settled here, levels to the host. Runs
// on the loop. After the kernel's queue was drained the level is read again, because
// the queue is short and its last edge may contradict the line. A chip that vanishes is
// a lost link: nothing of it is watched any more (its descriptors would stay readable
// for ever) and it is looked for each second. A line held by another program is a bad
// point and a lost link of the chip, while its other lines go on. Edges that came
// faster than they are kept are a fault of the point, and the line rests for a moment,
// so that a line that chatters for ever leaves the loop to the others (I1, I7).
// What is told here may come back at once as a wish for an output: a chip that is found
// gone by a wish is given up a round later, so that no line is freed under the hands of
// whoever reads it.

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/driver.h"
#include "drivers/gpio_find.h"
#include "drivers/gpio_output.h"
#include "drivers/gpio_settle.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/mem.h"

enum {
	TICK_MS = 1000,      // look for what is missing, look at what is there
	READ_EDGES = 64,     // at once
	DRAIN_ROUNDS = 4,    // a line that chatters faster has to rest
	REST_MS = 100,       // not watched for so long after a flood of edges
	OVERFLOW_MS = 60000, // the fault stands until none was lost for so long
	AGE_MAX_MS = 60000,  // a stamp older than this is of another clock
};

struct contact {
	struct driver_instance *owner;
	const struct point *point;
	uint32_t index;         // of the point
	struct gpio_line *line; // NULL = not held
	struct loop_watch *watch;
	struct loop_timer settle_timer, rest_timer;
	struct settle settle;
	uint32_t debounce_ms; // left for us to do
	const char *why;      // the line is not held; static
	bool told_bad;
	int64_t overflow_ms; // edges were lost then, and the fault stands; 0 = none
	int64_t known_ms;    // the level was known then; 0 = never
};

struct driver_instance {
	const struct driver_host *host;
	const struct gpio *def;
	code_id overflow;       // the code of lost edges
	struct gpio_chip *chip; // NULL = not there
	bool gone; // it has vanished, and is given up now or in the next round
	struct loop_timer tick;
	bool told, lost; // what the host knows of the link
	const char *lost_code;
	uint32_t n;
	struct contact *contacts;
	struct gpio_drives drives;
	struct link_stats stats;
};

static void on_edges(void *arg);

static int64_t
now_of(const struct driver_instance *g)
{
	return loop_now_ms(g->host->loop);
}

static void
tell_link(struct driver_instance *g, bool lost, const char *code)
{
	if (g->told && g->lost == lost && (!lost || strcmp(code, g->lost_code) == 0))
		return;
	if (!lost && g->told)
		log_info("gpio", "%s is back", g->def->id);
	g->told = true;
	g->lost = lost;
	g->lost_code = code;
	g->host->link(g->host->ctx, g->def->link_point, lost, code);
}

static int64_t
utc_at(const struct driver_instance *g, int64_t mono_ms)
{
	return loop_utc_ms(g->host->loop) - (now_of(g) - mono_ms);
}

// ---- to the host ----------------------------------------------------------------

static void
send_level(struct contact *c, bool level, int64_t t_ms, int64_t not_before_ms)
{
	struct driver_instance *g = c->owner;
	struct sample s = {
		.point = c->index,
		.kind = SAMPLE_LEVEL,
		.quality = QUALITY_GOOD,
		.value = level ? 1 : 0,
		.raw = level ? 1 : 0,
		.t_mono_ms = t_ms,
		.t_utc_ms = utc_at(g, t_ms),
		.not_before_utc_ms = not_before_ms ? utc_at(g, not_before_ms) : 0,
	};

	if (c->overflow_ms) {
		s.n_codes = 1;
		s.codes[0] = (struct condition_code){ COND_FAULT, g->overflow };
	}
	c->told_bad = false;
	g->stats.samples++;
	g->stats.last_good_ms = now_of(g);
	g->host->sample(g->host->ctx, &s);
}

// The point cannot be watched: bad, with a fault, or unknown (code NULL).
static void
send_none(struct contact *c, const char *code)
{
	struct driver_instance *g = c->owner;
	struct sample s = {
		.point = c->index,
		.kind = SAMPLE_LEVEL,
		.quality = code ? QUALITY_BAD : QUALITY_UNKNOWN,
		.value = NAN,
		.t_mono_ms = now_of(g),
		.t_utc_ms = loop_utc_ms(g->host->loop),
		.not_before_utc_ms = c->known_ms ? utc_at(g, c->known_ms) : 0,
	};

	if (code) {
		s.n_codes = 1;
		s.codes[0] = (struct condition_code){ COND_FAULT,
			site_find_code(g->host->site, code) };
	}
	g->stats.samples++;
	g->host->sample(g->host->ctx, &s);
}

// ---- giving up ------------------------------------------------------------------

static void
drop_line(struct contact *c)
{
	loop_unwatch(c->watch);
	c->watch = NULL;
	loop_timer_stop(c->owner->host->loop, &c->settle_timer);
	loop_timer_stop(c->owner->host->loop, &c->rest_timer);
	if (c->line)
		gpio_line_release(c->line);
	c->line = NULL;
}

static void
drop_chip(struct driver_instance *g)
{
	for (uint32_t i = 0; i < g->n; i++)
		drop_line(&g->contacts[i]);
	if (g->chip)
		gpio_chip_release(g->chip);
	g->chip = NULL;
}

// Not from within a callback that still holds a line: gone_soon.
static void
chip_gone(struct driver_instance *g)
{
	bool was_lost = g->told && g->lost;

	g->gone = true; // what is told below may wish for outputs
	log_warnx("gpio", "%s: chip %s has vanished", g->def->id, g->def->chip);
	g->stats.disconnects++;
	// The host hears of a lost link once; where one line was lost before, the
	// others are given up one by one.
	for (uint32_t i = 0; i < g->n; i++)
		if (was_lost && g->contacts[i].line)
			send_none(&g->contacts[i], NULL);
	gpio_drives_lost(&g->drives, "chip-gone");
	drop_chip(g);
	g->gone = false;
	tell_link(g, true, "chip-gone");
}

static void
gone_soon(struct driver_instance *g)
{
	g->gone = true;
	loop_timer_in(g->host->loop, &g->tick, 0);
}

// ---- one line -------------------------------------------------------------------

// `exact`: the stamp is that of an edge; else the change lies somewhere since the level
// was last looked at.
static void
report(struct contact *c, struct settle_change change, bool exact)
{
	if (!change.changed)
		return;
	send_level(c, change.level, change.t_ms, exact ? change.t_ms : c->known_ms);
}

// Edges were lost: the level is known, but not how often it changed.
static void
note_overflow(struct contact *c)
{
	struct driver_instance *g = c->owner;
	bool news = c->overflow_ms == 0;

	g->stats.mismatched++;
	c->overflow_ms = now_of(g);
	if (!news)
		return;
	log_warnx("gpio", "%s: point %s changes faster than the kernel keeps edges",
	    g->def->id, c->point->id);
	send_level(c, c->settle.level, now_of(g), c->known_ms);
}

static void
end_overflow(struct contact *c)
{
	if (c->overflow_ms == 0 || now_of(c->owner) - c->overflow_ms < OVERFLOW_MS)
		return;
	c->overflow_ms = 0;
	send_level(c, c->settle.level, now_of(c->owner), c->known_ms);
}

// Compares with the line itself, as it read after the last edge.
static void
judge(struct contact *c, int level)
{
	struct driver_instance *g = c->owner;
	bool edges_seen = c->settle.away && c->debounce_ms == c->point->debounce_ms;
	int64_t due;

	report(c, settle_judge(&c->settle, level != 0, now_of(g), c->debounce_ms),
	    edges_seen);
	due = settle_due(&c->settle, c->debounce_ms);
	if (due >= 0)
		loop_timer_at(g->host->loop, &c->settle_timer, due);
	else
		loop_timer_stop(g->host->loop, &c->settle_timer);
	c->known_ms = now_of(g);
}

// When it was, on the loop's clock.
static int64_t
edge_ms(const struct driver_instance *g, const struct gpio_edge *e)
{
	int64_t age = e->age_ns / 1000000;

	if (age < 0 || age > AGE_MAX_MS)
		age = 0;
	return now_of(g) - age;
}

static void
take_edge(struct contact *c, const struct gpio_edge *e)
{
	int active = c->point->active_low ? 0 : 1;
	int64_t t = edge_ms(c->owner, e);

	c->owner->stats.requests++;
	report(c,
	    settle_edge(&c->settle, e->rising, t, c->debounce_ms,
		c->point->pulse_latch ? active : -1),
	    c->debounce_ms == c->point->debounce_ms);
}

static void
on_rested(void *arg)
{
	struct contact *c = arg;

	c->watch = loop_watch_read(
	    c->owner->host->loop, gpio_line_fd(c->line), LOOP_ALARM, on_edges, c);
}

static void
rest(struct contact *c)
{
	loop_unwatch(c->watch);
	c->watch = NULL;
	loop_timer_in(c->owner->host->loop, &c->rest_timer, REST_MS);
}

// Takes the edges that wait. False: the chip is gone. *flood: there may be more.
static bool
drain(struct contact *c, bool *flood)
{
	struct gpio_edge edges[READ_EDGES];
	int n = 1;

	for (int round = 0; n > 0 && round < DRAIN_ROUNDS; round++) {
		n = gpio_line_edges(c->line, edges, READ_EDGES);
		for (int i = 0; i < n; i++)
			take_edge(c, &edges[i]);
	}
	*flood = n > 0;
	return n >= 0;
}

static void
look(struct contact *c)
{
	bool flood, lost;
	int level;

	if (!drain(c, &flood) || (level = gpio_line_level(c->line)) < 0) {
		chip_gone(c->owner);
		return;
	}
	lost = gpio_line_lost_edges(c->line, level);
	judge(c, level);
	if (lost)
		note_overflow(c);
	if ((lost || flood) && c->watch)
		rest(c);
}

static void
on_edges(void *arg)
{
	look(arg);
}

static void
on_settle(void *arg)
{
	look(arg);
}

// ---- taking hold ----------------------------------------------------------------

// Takes the line of one contact. False where it cannot be had; c->why says why.
static bool
take_line(struct contact *c)
{
	struct driver_instance *g = c->owner;
	bool by_kernel = c->point->debounce_by_kernel && gpio_kernel_debounces;
	const struct gpio_wish wish = {
		.bias = c->point->bias,
		.kernel_debounce_ms = by_kernel ? c->point->debounce_ms : 0,
	};
	struct err e = { 0 };
	int level;

	c->line = gpio_line_find(g->chip, c->point->line, &wish, &c->why, &e);
	if (!c->line) {
		if (!c->told_bad)
			log_warnx("gpio", "%s: point %s: %s", g->def->id, c->point->id,
			    e.text);
		return false;
	}
	level = gpio_line_level(c->line);
	if (level < 0) {
		c->why = "chip-gone";
		drop_line(c);
		return false;
	}
	c->debounce_ms = by_kernel ? 0 : c->point->debounce_ms;
	settle_init(&c->settle, level != 0);
	on_rested(c);
	return true;
}

static bool
take_chip(struct driver_instance *g)
{
	struct err e = { 0 };
	const char *code = "chip-missing";

	if (g->chip)
		return true;
	g->chip = gpio_chip_find(g->def->chip, &code, &e);
	if (g->chip) {
		g->stats.connects++;
		return true;
	}
	if (!g->told || !g->lost)
		log_warnx("gpio", "%s: %s", g->def->id, e.text);
	if (g->lost && strcmp(code, "chip-missing") == 0 &&
	    strcmp(g->lost_code, "chip-gone") == 0)
		code = "chip-gone"; // that is why it is missing
	tell_link(g, true, code);
	gpio_drives_lost(&g->drives, code);
	return false;
}

// Tells the level of a line that is held; that the point is bad where it is not.
static void
tell_line(struct contact *c)
{
	if (c->line) {
		send_level(c, c->settle.level, now_of(c->owner), c->known_ms);
		c->known_ms = now_of(c->owner);
	} else if (!c->told_bad) {
		send_none(c, c->why);
		c->told_bad = true;
	}
}

// Takes what is not held. The link is told first: a lost one makes all points of the
// chip unknown, and those that are held are then told again.
static void
take_lines(struct driver_instance *g)
{
	const char *why = NULL;
	bool any_new = false;

	for (uint32_t i = 0; i < g->n; i++) {
		struct contact *c = &g->contacts[i];

		if (c->line)
			continue;
		if (take_line(c))
			any_new = true;
		else
			why = c->why;
	}
	if (why && strcmp(why, "chip-gone") == 0) {
		chip_gone(g);
		return;
	}
	any_new = any_new || !g->stats.samples;
	tell_link(g, why != NULL, why ? why : "");
	for (uint32_t i = 0; any_new && i < g->n; i++)
		tell_line(&g->contacts[i]);
}

static void
look_at_lines(struct driver_instance *g)
{
	for (uint32_t i = 0; i < g->n && g->chip; i++) {
		struct contact *c = &g->contacts[i];

		if (c->line)
			look(c);
		if (c->line)
			end_overflow(c);
	}
}

static bool
line_missing(const struct driver_instance *g)
{
	for (uint32_t i = 0; i < g->n; i++)
		if (!g->contacts[i].line)
			return true;
	return false;
}

static void
on_tick(void *arg)
{
	struct driver_instance *g = arg;

	if (g->gone)
		chip_gone(g);
	look_at_lines(g);
	if (take_chip(g) && (!g->told || g->lost || line_missing(g)))
		take_lines(g);
	if (g->chip && !gpio_drives_tick(&g->drives, g->chip))
		chip_gone(g);
	loop_timer_in(g->host->loop, &g->tick, g->gone ? 0 : TICK_MS);
}

// ---- the driver -----------------------------------------------------------------

static struct driver_instance *
gpio_start(const struct driver_host *host, uint16_t index)
{
	struct driver_instance *g = xcalloc(1, sizeof(*g));

	g->host = host;
	g->def = &host->site->gpios[index];
	g->n = g->def->n_points;
	g->contacts = xcalloc(g->n ? g->n : 1, sizeof(*g->contacts));
	g->overflow = site_find_code(host->site, "overflow");
	for (uint32_t i = 0; i < g->n; i++) {
		struct contact *c = &g->contacts[i];

		c->owner = g;
		c->index = g->def->points[i];
		c->point = &host->site->points[c->index];
		loop_timer_init(&c->settle_timer, on_settle, c);
		loop_timer_init(&c->rest_timer, on_rested, c);
	}
	gpio_drives_init(&g->drives, host, index);
	loop_timer_init(&g->tick, on_tick, g);
	loop_timer_in(host->loop, &g->tick, 0);
	return g;
}

static void
gpio_stop(struct driver_instance *g)
{
	loop_timer_stop(g->host->loop, &g->tick);
	gpio_drives_free(&g->drives);
	drop_chip(g);
	free(g->contacts);
	free(g);
}

static void
gpio_drive(struct driver_instance *g, uint16_t output, bool on)
{
	if (!gpio_drives_set(&g->drives, g->gone ? NULL : g->chip, output, on))
		gone_soon(g);
}

static size_t
gpio_stats(const struct driver_instance *g, struct link_stats *out, size_t room)
{
	if (room == 0)
		return 0;
	out[0] = g->stats;
	return 1;
}

const struct driver driver_gpio = {
	.name = "gpio",
	.start = gpio_start,
	.stop = gpio_stop,
	.stats = gpio_stats,
	.drive = gpio_drive,
};
