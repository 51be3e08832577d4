// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The links of the field for Prometheus. A thousand devices are tens of thousands of
// lines, so the text is made in portions, with the loop in between (I1): first all
// figures are taken down, then they are written, family by family as the format wants
// it. Owns the runs; on the loop thread. What is not known has no line, never 0 (I6).
// Label values are ids of the site ([a-z0-9._-]) and need no escaping.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "console/console_int.h"
#include "lib/mem.h"

enum {
	RUNS_AT_ONCE = 2,
	PAUSE_MS = 1,  // and not 0: timers that are always due go before descriptors
	PORTION = 400, // rows taken down or written between two looks at the loop
};

struct family {
	const char *name, *type, *help;
};

// clang-format off
#define BUS_FAMILIES(X) \
	X(BUS_UP, "bus_up", "gauge", "1 while the bus is not lost.") \
	X(BUS_DEVICES, "bus_devices", "gauge", "Devices of the bus.") \
	X(BUS_LOST, "bus_devices_lost", "gauge", "Devices that do not answer.") \
	X(BUS_SICK, "bus_devices_sick", "gauge", "Devices that answer too seldom.") \
	X(BUS_LOAD, "bus_load_ratio", "gauge", "Share of the time with a request in flight, last minutes.") \
	X(BUS_LOAD_SICK, "bus_load_sick_ratio", "gauge", "Share of the time wasted on sick units, last minutes.") \
	X(BUS_RETRY, "bus_retry_within_seconds", "gauge", "A unit that is well again is asked within this.") \
	X(BUS_CONNECTS, "bus_connects_total", "counter", "Links opened.") \
	X(BUS_DISCONNECTS, "bus_disconnects_total", "counter", "Links closed or broken.") \
	X(BUS_FAILURES, "bus_open_failures_total", "counter", "Links that came to nothing.") \
	X(BUS_BABBLES, "bus_babbles_total", "counter", "Links closed for babbling.") \
	X(BUS_NOISE, "bus_noise_bytes_total", "counter", "Bytes that no answer explains.") \
	X(BUS_BUSY, "bus_busy_seconds_total", "counter", "Time with a request in flight.") \
	X(BUS_WASTED, "bus_wasted_seconds_total", "counter", "Time waited in vain.") \
	X(BUS_SICK_TIME, "bus_sick_seconds_total", "counter", "Time waited in vain for sick units.")

#define DEVICE_FAMILIES(X) \
	X(DEVICE_UP, "device_up", "gauge", "1 while the device answers.") \
	X(DEVICE_HEALTH, "device_health_ratio", "gauge", "Answered of the last 16 polls.") \
	X(DEVICE_OVERDUE, "device_overdue", "gauge", "1 while it is read more seldom than planned.") \
	X(DEVICE_AGE, "device_last_good_age_seconds", "gauge", "Since its last value.") \
	X(DEVICE_GAP, "device_worst_gap_seconds", "gauge", "Longest a block went unread while it was up.") \
	X(DEVICE_REPLY_MAX, "device_reply_seconds_max", "gauge", "Longest reply time.") \
	X(DEVICE_REPLY_SUM, "device_reply_seconds_total", "counter", "Reply times added.") \
	X(DEVICE_REPLIES, "device_replies_total", "counter", "Valid answers.") \
	X(DEVICE_REQUESTS, "device_requests_total", "counter", "Requests.") \
	X(DEVICE_GOOD, "device_good_total", "counter", "Answers with values.") \
	X(DEVICE_TIMEOUTS, "device_timeouts_total", "counter", "Requests without an answer in time.") \
	X(DEVICE_EXCEPTIONS, "device_exceptions_total", "counter", "Answers that refuse.") \
	X(DEVICE_STALE, "device_stale_total", "counter", "Whole frames that answer nothing asked then.") \
	X(DEVICE_MISMATCHED, "device_mismatched_total", "counter", "Frames of another unit, function or count.") \
	X(DEVICE_MALFORMED, "device_malformed_total", "counter", "What is no Modbus.") \
	X(DEVICE_BAD_CRC, "device_bad_crc_total", "counter", "Frames with a wrong CRC.") \
	X(DEVICE_SAMPLES, "device_samples_total", "counter", "Samples handed on.")

#define BLOCK_FAMILIES(X) \
	X(BLOCK_READ, "block_read", "gauge", "1 while the block gives values.") \
	X(BLOCK_REQUESTS, "block_requests_total", "counter", "Requests.") \
	X(BLOCK_GOOD, "block_good_total", "counter", "Answers with values.") \
	X(BLOCK_MISSED, "block_missed_total", "counter", "Requests without an answer that can be used.") \
	X(BLOCK_REFUSED, "block_refused_total", "counter", "Answers that refuse.") \
	X(BLOCK_GAP, "block_worst_gap_seconds", "gauge", "Longest it went unread while the device was up.")

#define ID(id, ...) id,
#define ROW(id, ...) { __VA_ARGS__ },
enum { BUS_FAMILIES(ID) BUS_N };
enum { DEVICE_FAMILIES(ID) DEVICE_N };
enum { BLOCK_FAMILIES(ID) BLOCK_N };
static const struct family bus_families[] = { BUS_FAMILIES(ROW) };
static const struct family device_families[] = { DEVICE_FAMILIES(ROW) };
static const struct family block_families[] = { BLOCK_FAMILIES(ROW) };
// clang-format on

struct bus_row {
	double v[BUS_N];
};
struct device_row {
	double v[DEVICE_N];
};
struct block_row {
	const char *kind;
	uint16_t device, address;
	enum area area;
	double v[BLOCK_N];
};

// What is done next.
enum step {
	TAKE_BUSES,
	TAKE_DEVICES,
	TAKE_BLOCKS,
	WRITE_BUSES,
	WRITE_DEVICES,
	WRITE_BLOCKS,
	DONE,
};

struct links_run {
	struct console *c;
	struct http_request *r;
	struct links_run *next;
	struct loop_timer timer;
	bool with_blocks;
	struct buf out;
	enum step step;
	uint32_t row, family, block; // where the step stands
	struct bus_row *buses;
	struct device_row *devices;
	struct block_row *blocks;
	uint32_t n_blocks, blocks_size;
};

static void
run_free(struct links_run *run)
{
	struct links_run **at = &run->c->links;

	while (*at != run)
		at = &(*at)->next;
	*at = run->next;
	run->c->n_links--;
	loop_timer_stop(run->c->loop, &run->timer);
	buf_free(&run->out);
	free(run->buses);
	free(run->devices);
	free(run->blocks);
	free(run);
}

static void
take_bus(struct links_run *run, uint16_t i)
{
	double *v = run->buses[i].v;
	struct bus_look l;

	run->c->host.bus(run->c->host.ctx, i, &l);
	v[BUS_UP] = l.known ? !l.lost : (double)NAN;
	v[BUS_DEVICES] = l.devices;
	v[BUS_LOST] = l.devices_lost;
	v[BUS_SICK] = l.devices_sick;
	v[BUS_LOAD] = l.load;
	v[BUS_LOAD_SICK] = l.load_sick;
	v[BUS_RETRY] = l.retry_within_ms / 1e3;
	v[BUS_CONNECTS] = (double)l.sums.connects;
	v[BUS_DISCONNECTS] = (double)l.sums.disconnects;
	v[BUS_FAILURES] = (double)l.sums.open_failures;
	v[BUS_BABBLES] = (double)l.sums.babbles;
	v[BUS_NOISE] = (double)l.sums.noise_bytes;
	v[BUS_BUSY] = (double)l.sums.busy_us / 1e6;
	v[BUS_WASTED] = (double)l.sums.wasted_us / 1e6;
	v[BUS_SICK_TIME] = (double)l.sums.sick_us / 1e6;
}

static double
up_of(const char *state)
{
	if (state[0] == 'n') // new: nobody knows yet
		return (double)NAN;
	return state[0] == 'u' || state[0] == 'd'; // up, doubtful
}

static void
take_device(struct links_run *run, uint16_t i, struct device_look *l)
{
	double *v = run->devices[i].v;
	int64_t now = loop_utc_ms(run->c->loop);

	run->c->host.device(run->c->host.ctx, i, l);
	v[DEVICE_UP] = up_of(l->state);
	v[DEVICE_HEALTH] =
	    l->health_of ? (double)l->health_good / l->health_of : (double)NAN;
	v[DEVICE_OVERDUE] = l->overdue;
	v[DEVICE_AGE] = l->last_good_utc_ms ? (double)(now - l->last_good_utc_ms) / 1e3
					    : (double)NAN;
	v[DEVICE_GAP] = l->worst_gap_ms / 1e3;
	v[DEVICE_REPLY_MAX] =
	    l->sums.replies ? (double)l->max_reply_us / 1e6 : (double)NAN;
	v[DEVICE_REPLY_SUM] = (double)l->sums.reply_us / 1e6;
	v[DEVICE_REPLIES] = (double)l->sums.replies;
	v[DEVICE_REQUESTS] = (double)l->sums.requests;
	v[DEVICE_GOOD] = (double)l->sums.good;
	v[DEVICE_TIMEOUTS] = (double)l->sums.timeouts;
	v[DEVICE_EXCEPTIONS] = (double)l->sums.exceptions;
	v[DEVICE_STALE] = (double)l->sums.stale;
	v[DEVICE_MISMATCHED] = (double)l->sums.mismatched;
	v[DEVICE_MALFORMED] = (double)l->sums.malformed;
	v[DEVICE_BAD_CRC] = (double)l->sums.bad_crc;
	v[DEVICE_SAMPLES] = (double)l->sums.samples;
}

static struct block_row *
new_row(struct links_run *run)
{
	if (run->n_blocks == run->blocks_size) {
		run->blocks_size = run->blocks_size ? run->blocks_size * 2 : 64;
		run->blocks =
		    xreallocarray(run->blocks, run->blocks_size, sizeof(*run->blocks));
	}
	return &run->blocks[run->n_blocks++];
}

// Two blocks may begin at one address, where the profile lets only so many of an item
// be read at once: they are one series, for the format has no two of the same labels.
static struct block_row *
row_alike(const struct links_run *run, const struct block_row *one)
{
	for (uint32_t i = run->n_blocks; i > 0; i--) {
		struct block_row *row = &run->blocks[i - 1];

		if (row->device != one->device)
			return NULL;
		if (row->area == one->area && row->address == one->address &&
		    strcmp(row->kind, one->kind) == 0)
			return row;
	}
	return NULL;
}

static void
add_row(struct block_row *to, const struct block_row *one)
{
	to->v[BLOCK_READ] = fmin(to->v[BLOCK_READ], one->v[BLOCK_READ]);
	to->v[BLOCK_GAP] = fmax(to->v[BLOCK_GAP], one->v[BLOCK_GAP]);
	for (int f = BLOCK_REQUESTS; f <= BLOCK_REFUSED; f++)
		to->v[f] += one->v[f];
}

static void
take_block(struct links_run *run, uint16_t device, uint16_t block)
{
	struct block_row row = { .device = device }, *alike;
	struct block_look l;

	run->c->host.block(run->c->host.ctx, device, block, &l);
	row.kind = l.kind;
	row.address = l.address;
	row.area = l.area;
	row.v[BLOCK_READ] = strcmp(l.state, "read") == 0;
	row.v[BLOCK_REQUESTS] = l.sums.requests;
	row.v[BLOCK_GOOD] = l.sums.good;
	row.v[BLOCK_MISSED] = l.sums.missed;
	row.v[BLOCK_REFUSED] = l.sums.refused;
	row.v[BLOCK_GAP] = l.sums.worst_gap_ms / 1e3;
	alike = row_alike(run, &row);
	if (alike != NULL)
		add_row(alike, &row);
	else
		*new_row(run) = row;
}

// Each of these does one row and says whether it was the last of the step.

static bool
take_buses(struct links_run *run, const struct site *site)
{
	if (run->row < site->n_buses)
		take_bus(run, (uint16_t)run->row++);
	return run->row >= site->n_buses;
}

static bool
take_devices(struct links_run *run, const struct site *site)
{
	struct device_look l;

	if (run->row < site->n_devices)
		take_device(run, (uint16_t)run->row++, &l);
	return run->row >= site->n_devices;
}

// The plan of a device may change between two portions: what it has now counts.
static bool
take_blocks(struct links_run *run, const struct site *site)
{
	struct device_look l;

	if (!run->with_blocks || run->row >= site->n_devices)
		return true;
	run->c->host.device(run->c->host.ctx, (uint16_t)run->row, &l);
	if (run->block < l.blocks) {
		take_block(run, (uint16_t)run->row, (uint16_t)run->block++);
		return false;
	}
	run->block = 0;
	return ++run->row >= site->n_devices;
}

static void
head(struct links_run *run, const struct family *f)
{
	buf_printf(&run->out, "# HELP watchroom_%s %s\n# TYPE watchroom_%s %s\n",
	    f->name, f->help, f->name, f->type);
}

// Moves to the next row of `n`, then to the next family of `of`.
static bool
advance(struct links_run *run, uint32_t n, uint32_t of)
{
	if (++run->row < n)
		return false;
	run->row = 0;
	return ++run->family >= of;
}

static bool
write_bus(struct links_run *run, const struct site *site)
{
	const struct family *f = &bus_families[run->family];

	if (site->n_buses == 0)
		return true;
	if (run->row == 0)
		head(run, f);
	if (!isnan(run->buses[run->row].v[run->family]))
		buf_printf(&run->out, "watchroom_%s{bus=\"%s\"} %.15g\n", f->name,
		    site->buses[run->row].id, run->buses[run->row].v[run->family]);
	return advance(run, site->n_buses, BUS_N);
}

static bool
write_device(struct links_run *run, const struct site *site)
{
	const struct family *f = &device_families[run->family];
	const struct device *d = &site->devices[run->row];

	if (site->n_devices == 0)
		return true;
	if (run->row == 0)
		head(run, f);
	if (!isnan(run->devices[run->row].v[run->family]))
		buf_printf(&run->out, "watchroom_%s{bus=\"%s\",device=\"%s\"} %.15g\n",
		    f->name, site->buses[d->bus].id, d->id,
		    run->devices[run->row].v[run->family]);
	return advance(run, site->n_devices, DEVICE_N);
}

static bool
write_block(struct links_run *run, const struct site *site)
{
	const struct family *f = &block_families[run->family];
	const struct block_row *row = &run->blocks[run->row];

	if (run->n_blocks == 0)
		return true;
	if (run->row == 0)
		head(run, f);
	buf_printf(&run->out,
	    "watchroom_%s{bus=\"%s\",device=\"%s\",kind=\"%s\",area=\"%s\","
	    "address=\"%u\"} %.15g\n",
	    f->name, site->buses[site->devices[row->device].bus].id,
	    site->devices[row->device].id, row->kind, area_name(row->area),
	    row->address, row->v[run->family]);
	return advance(run, run->n_blocks, BLOCK_N);
}

static bool (*const steps[DONE])(struct links_run *run, const struct site *site) = {
	[TAKE_BUSES] = take_buses,
	[TAKE_DEVICES] = take_devices,
	[TAKE_BLOCKS] = take_blocks,
	[WRITE_BUSES] = write_bus,
	[WRITE_DEVICES] = write_device,
	[WRITE_BLOCKS] = write_block,
};

static void
finish(struct links_run *run)
{
	struct http_request *r = run->r;
	struct blob *text = blob_take(&run->out);

	run_free(run);
	http_send(r, 200, "text/plain; version=0.0.4; charset=utf-8", text);
}

static void
on_portion(void *arg)
{
	struct links_run *run = arg;
	const struct site *site = run->c->host.site(run->c->host.ctx);

	for (int i = 0; i < PORTION && run->step < DONE; i++) {
		if (!steps[run->step](run, site))
			continue;
		run->step++;
		run->row = run->family = run->block = 0;
	}
	if (run->step < DONE)
		loop_timer_in(run->c->loop, &run->timer, PAUSE_MS);
	else
		finish(run);
}

void
links_metrics_send(
    struct console *c, struct http_request *r, struct buf *before, bool with_blocks)
{
	const struct site *site = c->host.site(c->host.ctx);
	struct links_run *run;

	if (c->n_links >= RUNS_AT_ONCE) {
		buf_free(before);
		http_error(r, 503, "metrics_busy", NULL);
		return;
	}
	http_takes_long(r);
	run = xcalloc(1, sizeof(*run));
	*run = (struct links_run){ .c = c, .r = r, .next = c->links };
	run->with_blocks = with_blocks;
	run->out = *before;
	*before = (struct buf){ 0 };
	run->buses = xcalloc(site->n_buses + 1u, sizeof(*run->buses));
	run->devices = xcalloc(site->n_devices + 1u, sizeof(*run->devices));
	loop_timer_init(&run->timer, on_portion, run);
	c->links = run;
	c->n_links++;
	on_portion(run);
}

void
links_metrics_stop(struct console *c)
{
	struct links_run *run, *next;

	for (run = c->links; run != NULL; run = next) {
		struct http_request *r = run->r;

		next = run->next;
		run_free(run);
		http_error(r, 503, "unavailable", NULL); // the peer has gone
	}
}
