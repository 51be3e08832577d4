// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// `watchroom probe --scan A-B` asks one register of each unit of a bus: who is there?
// `--find A-B` asks one unit which areas it has, which addresses answer, and how long a
// read may be. Both stop by themselves and never ask the same again.
#include <stdio.h>
#include <stdlib.h>

#include "cli/probe.h"
#include "lib/mem.h"

enum {
	REQUESTS_MAX = 300, // for one area
	EVERY_MAX = 128,    // addresses that are all tried
	SILENT_MAX = 3,     // in a row: the device has had enough
	FIND_BLOCK = 32,
	RUNS_MAX = 256,
	// Exceptions by which a gateway speaks of a unit behind it, V1.1b3 7.
	GATEWAY_PATH = 0x0A,
	GATEWAY_TARGET = 0x0B,
	ILLEGAL_FUNCTION = 0x01,
	ILLEGAL_ADDRESS = 0x02,
	ILLEGAL_VALUE = 0x03,
};

// --- units -----------------------------------------------------------------

static bool
is_there(const struct client_answer *a)
{
	return a->verdict == CLIENT_GOOD ||
	       (a->verdict == CLIENT_EXCEPTION && a->exception != GATEWAY_PATH &&
		   a->exception != GATEWAY_TARGET);
}

static void
print_unit(const struct probe *p, unsigned unit, const struct client_answer *a)
{
	char said[PROBE_SAID];

	if (a->verdict == CLIENT_SILENT)
		return;
	(void)printf("  unit %3u  ", unit);
	if (a->us > 0)
		(void)printf("%6.1f ms  ", a->us / 1000.0);
	else
		(void)printf("%9s  ", "");
	if (a->verdict == CLIENT_GOOD)
		(void)printf(
		    "%s %u = 0x%04X\n", area_name(p->area), p->address, a->words[0]);
	else
		(void)printf("%s\n", probe_say(p, a, said));
	(void)fflush(stdout);
}

static void
json_unit(struct buf *b, unsigned unit, const struct client_answer *a)
{
	json_open(b, NULL, '{');
	json_int(b, "unit", unit);
	json_bool(b, "present", is_there(a));
	probe_json_answer(b, a);
	if (a->verdict == CLIENT_GOOD)
		json_int(b, "value", a->words[0]);
	json_close(b, '}');
}

enum cli_exit
probe_scan(struct probe *p, unsigned from, unsigned to)
{
	struct client_answer a = { .verdict = CLIENT_SILENT };
	struct buf b = { 0 };
	unsigned there = 0, asked = 0;
	bool json = p->c->json != NULL;

	if (json) {
		probe_json_head(&b, p);
		json_open(&b, "units", '[');
	}
	for (unsigned unit = from; unit <= to && a.verdict != CLIENT_BROKEN; unit++) {
		p->unit = (uint8_t)unit;
		probe_ask(p, p->area, p->address, 1, &a);
		asked++;
		there += is_there(&a);
		if (json && a.verdict != CLIENT_SILENT)
			json_unit(&b, unit, &a);
		else if (!json)
			print_unit(p, unit, &a);
	}
	if (json) {
		json_close(&b, ']');
		json_int(&b, "asked", asked);
		json_int(&b, "present", there);
		json_close(&b, '}');
		(void)puts(b.data);
		buf_free(&b);
	} else {
		(void)printf("%u of %u units answer\n", there, asked);
	}
	return a.verdict == CLIENT_BROKEN ? CLI_FAILED : CLI_OK;
}

// --- areas and addresses ---------------------------------------------------

struct run {
	uint32_t from, to; // that answer
};

struct found {
	enum area area;
	bool there; // the function is known and something answered
	char end[PROBE_SAID];
	size_t n;
	struct run runs[RUNS_MAX];
	unsigned longest_read, refused_read; // 0 = not tried, nothing refused
	uint8_t refused_by;
};

struct search {
	struct probe *p;
	struct found *f;
	uint64_t last; // no further request than this one
	unsigned silent;
	bool every;   // address is tried: a short range
	bool stopped; // of this area
};

static void
add_run(struct found *f, uint32_t from, uint32_t to)
{
	if (f->n > 0 && f->runs[f->n - 1].to + 1 == from)
		f->runs[f->n - 1].to = to;
	else if (f->n < RUNS_MAX)
		f->runs[f->n++] = (struct run){ from, to };
}

static void
stop(struct search *s, const char *why)
{
	s->stopped = true;
	(void)str_copy(s->f->end, sizeof(s->f->end), why);
}

static bool
ask(struct search *s, uint32_t from, uint32_t count, struct client_answer *a)
{
	char said[PROBE_SAID];

	if (modbus_client_requests(s->p->client) >= s->last) {
		stop(s, "stopped by itself: 300 requests for one area");
		return false;
	}
	probe_ask(s->p, s->f->area, (uint16_t)from, (uint16_t)count, a);
	s->silent = a->verdict == CLIENT_SILENT ? s->silent + 1 : 0;
	if (a->verdict == CLIENT_BROKEN || s->silent == SILENT_MAX ||
	    (a->verdict == CLIENT_EXCEPTION && a->exception != ILLEGAL_ADDRESS &&
		a->exception != ILLEGAL_VALUE))
		stop(s, probe_say(s->p, a, said));
	return !s->stopped;
}

// Whether the first, middle or last address of a refused block answers.
static bool
worth_halving(struct search *s, uint32_t from, uint32_t count)
{
	const uint32_t at[] = { from, from + count / 2, from + count - 1 };
	struct client_answer a;

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		if (!ask(s, at[i], 1, &a) || a.verdict == CLIENT_GOOD)
			return !s->stopped;
	return false;
}

// Looks into [from, from + count): a block that is refused is halved.
static void
search_block(struct search *s, uint32_t from, uint32_t count)
{
	struct client_answer a;

	if (s->stopped || !ask(s, from, count, &a))
		return;
	s->f->there |= a.verdict == CLIENT_GOOD;
	if (a.verdict == CLIENT_GOOD) {
		add_run(s->f, from, from + count - 1);
		return;
	}
	if (a.verdict != CLIENT_EXCEPTION || count == 1)
		return;
	if (count == FIND_BLOCK && !s->every && !worth_halving(s, from, count))
		return;
	search_block(s, from, count / 2);
	search_block(s, from + count / 2, count - count / 2);
}

static const struct run *
longest_run(const struct found *f)
{
	const struct run *best = NULL;

	for (size_t i = 0; i < f->n; i++)
		if (best == NULL ||
		    f->runs[i].to - f->runs[i].from > best->to - best->from)
			best = &f->runs[i];
	return best;
}

// The longest read that is accepted, within what is known to answer.
static void
search_longest(struct search *s)
{
	static const unsigned lengths[] = { 125, 120, 100, 64, 50, 32, 29, 16, 10 };
	const struct run *r = longest_run(s->f);
	struct client_answer a;

	for (size_t i = 0; r != NULL && i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		if (r->to - r->from + 1 < lengths[i])
			continue;
		if (s->stopped || !ask(s, r->from, lengths[i], &a))
			return;
		if (a.verdict == CLIENT_GOOD) {
			s->f->longest_read = lengths[i];
			return;
		}
		s->f->refused_read = lengths[i];
		s->f->refused_by = a.exception;
	}
}

static void
search_area(struct probe *p, struct found *f, unsigned from, unsigned to)
{
	struct search s = { .p = p, .f = f, .every = to - from < EVERY_MAX };
	s.last = modbus_client_requests(p->client) + REQUESTS_MAX;

	for (unsigned at = from; at <= to && !s.stopped; at += FIND_BLOCK) {
		unsigned left = to - at + 1;
		search_block(&s, at, left < FIND_BLOCK ? left : FIND_BLOCK);
	}
	if (!s.stopped)
		search_longest(&s);
}

static void
print_found(const struct found *f)
{
	(void)printf("%s (function %02d): %s\n", area_name(f->area), (int)f->area + 1,
	    f->there ? "answers" : "nothing");
	for (size_t i = 0; i < f->n; i++)
		(void)printf("  %u to %u  (printed %05u to %05u)\n", f->runs[i].from,
		    f->runs[i].to, probe_printed(f->area, f->runs[i].from),
		    probe_printed(f->area, f->runs[i].to));
	if (f->longest_read > 0)
		(void)printf("  reads of %u are accepted\n", f->longest_read);
	if (f->refused_read > 0)
		(void)printf("  a read of %u is refused (exception %02X)\n",
		    f->refused_read, f->refused_by);
	if (f->end[0] != '\0')
		(void)printf("  %s\n", f->end);
	(void)fflush(stdout);
}

static void
json_found(struct buf *b, const struct found *f)
{
	json_open(b, NULL, '{');
	json_str(b, "area", area_name(f->area));
	json_int(b, "function", (int)f->area + 1);
	json_bool(b, "answers", f->there);
	json_open(b, "ranges", '[');
	for (size_t i = 0; i < f->n; i++) {
		json_open(b, NULL, '{');
		json_int(b, "from", f->runs[i].from);
		json_int(b, "to", f->runs[i].to);
		json_close(b, '}');
	}
	json_close(b, ']');
	json_int(b, "longest_read", f->longest_read);
	json_int(b, "refused_read", f->refused_read);
	json_str(b, "end", f->end[0] != '\0' ? f->end : NULL);
	json_close(b, '}');
}

enum cli_exit
probe_find(struct probe *p, unsigned from, unsigned to)
{
	struct buf b = { 0 };
	bool json = p->c->json != NULL, any = false;

	if (json) {
		probe_json_head(&b, p);
		json_open(&b, "areas", '[');
	}
	for (enum area area = AREA_COIL; area < AREA_COUNT; area++) {
		struct found *f = xcalloc(1, sizeof(*f));
		f->area = area;
		search_area(p, f, from, to);
		any |= f->there;
		if (json)
			json_found(&b, f);
		else
			print_found(f);
		free(f);
	}
	if (json) {
		json_close(&b, ']');
		json_int(&b, "requests", (int64_t)modbus_client_requests(p->client));
		json_close(&b, '}');
		(void)puts(b.data);
		buf_free(&b);
	} else {
		(void)printf("%llu requests%s\n",
		    (unsigned long long)modbus_client_requests(p->client),
		    to - from < EVERY_MAX
			? ""
			: "; a block of 32 whose first, middle and last address are "
			  "refused was not searched further");
	}
	return any ? CLI_OK : CLI_FAILED;
}
