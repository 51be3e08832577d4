// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// `watchroom probe --time`: how long the device takes to answer, as a histogram, and
// the time-out that follows. Asks the same registers again and again, one request in
// flight, with a patience of its own, and stops by itself: at the number asked for, or
// when the device has gone silent.
#include <stdio.h>
#include <stdlib.h>

#include "cli/probe.h"
#include "lib/mem.h"

enum {
	SILENT_IN_ROW_MAX = 10,
	BAR_WIDTH = 50,
	BITS_PER_BYTE = 11,
	REGISTERS_MOST = 125
};

// False where it should stop: the device is gone, or the link cannot be had.
static bool
take(struct reply_times *t, const struct client_answer *a, unsigned *silent_in_row)
{
	t->asked++;
	if (a->verdict == CLIENT_GOOD || a->verdict == CLIENT_EXCEPTION) {
		t->us[t->answered++] = a->us;
		*silent_in_row = 0;
		return true;
	}
	if (a->verdict == CLIENT_GARBLED)
		t->garbled++;
	else
		t->silent++;
	return ++*silent_in_row < SILENT_IN_ROW_MAX;
}

// What a read of the most registers takes longer on a serial line, in ms.
static uint32_t
longer_read_ms(const struct probe *p)
{
	uint32_t baud = p->target.serial.baud;
	uint32_t bytes = (REGISTERS_MOST - p->count) * 2U;

	if (p->target.kind == CLIENT_TCP || baud == 0 || p->area <= AREA_DISCRETE)
		return 0;
	return (bytes * BITS_PER_BYTE * 1000 + baud - 1) / baud;
}

static void
print_histogram(const struct reply_times *t)
{
	unsigned counts[TIME_BUCKETS] = { 0 }, most = 1, lost = t->answered;

	for (unsigned i = 0; i < t->answered; i++)
		counts[time_bucket(t->us[i])]++;
	for (unsigned i = 0; i < TIME_BUCKETS; i++)
		most = counts[i] > most ? counts[i] : most;
	(void)printf("  answered within   count   a time-out here loses\n");
	for (unsigned i = 0; i < TIME_BUCKETS; i++) {
		lost -= counts[i];
		if (counts[i] == 0 && (lost == t->answered || lost == 0))
			continue;
		char edge[24] = "longer";
		if (time_bucket_edge(i) != UINT32_MAX)
			(void)snprintf(
			    edge, sizeof(edge), "%u ms", time_bucket_edge(i));
		(void)printf("  %15s %7u %7u  %.*s\n", edge, counts[i], lost,
		    (int)((counts[i] * BAR_WIDTH + most - 1) / most),
		    "##################################################");
	}
}

static void
print_text(const struct probe *p, const struct reply_times *t, uint32_t proposed)
{
	(void)printf("%u requests, %u answered, %u silent for %u ms, %u garbled\n",
	    t->asked, t->answered, t->silent, p->timeout_ms, t->garbled);
	if (t->answered == 0)
		return;
	print_histogram(t);
	(void)printf(
	    "  half within %.1f ms, 99 of 100 within %.1f ms, slowest %.1f ms\n",
	    time_percentile(t, 50) / 1000.0, time_percentile(t, 99) / 1000.0,
	    time_percentile(t, 100) / 1000.0);
	if (proposed == 0) {
		(void)printf("too few answers to propose a time-out\n");
		return;
	}
	(void)printf("proposed: timeout: %ums\n", proposed);
	uint32_t longer = longer_read_ms(p);
	if (longer > 0)
		(void)printf(
		    "measured with %u registers; a read of %d takes %u ms more "
		    "on this line: add it where blocks are that long\n",
		    p->count, REGISTERS_MOST, longer);
}

static void
print_json(const struct probe *p, const struct reply_times *t, uint32_t proposed)
{
	struct buf b = { 0 };
	unsigned counts[TIME_BUCKETS] = { 0 };

	for (unsigned i = 0; i < t->answered; i++)
		counts[time_bucket(t->us[i])]++;
	probe_json_head(&b, p);
	json_int(&b, "asked", t->asked);
	json_int(&b, "answered", t->answered);
	json_int(&b, "silent", t->silent);
	json_int(&b, "garbled", t->garbled);
	json_open(&b, "histogram", '[');
	for (unsigned i = 0; i < TIME_BUCKETS; i++) {
		json_open(&b, NULL, '{');
		if (time_bucket_edge(i) != UINT32_MAX)
			json_int(&b, "within_ms", time_bucket_edge(i));
		else
			json_none(&b, "within_ms");
		json_int(&b, "count", counts[i]);
		json_close(&b, '}');
	}
	json_close(&b, ']');
	if (t->answered > 0) {
		json_int(&b, "p50_us", time_percentile(t, 50));
		json_int(&b, "p99_us", time_percentile(t, 99));
		json_int(&b, "max_us", time_percentile(t, 100));
	}
	if (proposed > 0)
		json_int(&b, "proposed_timeout_ms", proposed);
	else
		json_none(&b, "proposed_timeout_ms");
	json_int(&b, "longer_read_ms", longer_read_ms(p));
	json_close(&b, '}');
	(void)puts(b.data);
	buf_free(&b);
}

enum cli_exit
probe_time(struct probe *p, unsigned samples)
{
	struct reply_times *t = xcalloc(1, sizeof(*t));
	struct client_answer a;
	unsigned silent = 0;

	wr_assert(samples <= sizeof(t->us) / sizeof(t->us[0]));
	for (bool going = true; going && t->asked < samples;) {
		probe_ask(p, p->area, p->address, p->count, &a);
		going = take(t, &a, &silent);
	}
	time_sort(t);
	uint32_t proposed = time_propose_ms(t);
	if (p->c->json != NULL)
		print_json(p, t, proposed);
	else
		print_text(p, t, proposed);
	enum cli_exit code = t->answered > 0 ? CLI_OK : CLI_FAILED;
	free(t);
	return code;
}
