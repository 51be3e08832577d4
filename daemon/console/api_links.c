// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The links of the field: buses, the devices on them, the blocks of a device. Owns
// nothing; runs on the loop thread. Pages are bounded, so that a thousand devices never
// make one answer (I1). What is not known is null, never 0 (I6).
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "console/console_int.h"
#include "console/format.h"
#include "lib/mem.h"

enum {
	LINKS_LIMIT = 500
};

// One page of a list: from `after`, at most `limit` that are shown.
struct page {
	int64_t from, limit;
};

static int
read_page(struct http_request *r, struct page *p)
{
	if (api_number(r, "limit", 1, LINKS_LIMIT, 100, &p->limit) < 0)
		return -1;
	return api_number(r, "after", 0, UINT32_MAX, 0, &p->from);
}

// The cursor behind the page; `next` is the first index not looked at.
static void
end_page(struct http_request *r, struct buf *b, uint32_t next, bool more)
{
	char cursor[16];

	json_close(b, ']');
	(void)snprintf(cursor, sizeof(cursor), "%u", next);
	json_str(b, "next", more ? cursor : NULL);
	json_close(b, '}');
	http_send_json(r, 200, b);
}

static void
put_share(struct buf *b, const char *key, double share)
{
	json_double(b, key, round(share * 1000) / 1000);
}

static const char *
where_of(const struct bus *bus, char out[300])
{
	if (bus->kind == BUS_MODBUS_RTU)
		return bus->tty;
	if (bus->kind == BUS_REPLAY)
		return bus->recording_name;
	(void)snprintf(out, 300, strchr(bus->host, ':') ? "[%s]:%u" : "%s:%u",
	    bus->host, bus->port);
	return out;
}

static void
put_bus_sums(struct buf *b, const struct bus_sums *s)
{
	json_int(b, "connects", (int64_t)s->connects);
	json_int(b, "disconnects", (int64_t)s->disconnects);
	json_int(b, "open_failures", (int64_t)s->open_failures);
	json_int(b, "babbles", (int64_t)s->babbles);
	json_int(b, "noise_bytes", (int64_t)s->noise_bytes);
	json_int(b, "busy_ms", (int64_t)(s->busy_us / 1000));
	json_int(b, "wasted_ms", (int64_t)(s->wasted_us / 1000));
	json_int(b, "sick_ms", (int64_t)(s->sick_us / 1000));
}

static void
put_bus(struct buf *b, struct console *c, const struct site *site, uint16_t index)
{
	const struct bus *bus = &site->buses[index];
	struct bus_look look;
	char where[300];

	c->host.bus(c->host.ctx, index, &look);
	json_open(b, NULL, '{');
	json_str(b, "id", bus->id);
	json_str(b, "kind", bus_kind_name(bus->kind));
	json_str(b, "where", where_of(bus, where));
	json_str(b, "state", look.state);
	if (look.known)
		json_bool(b, "lost", look.lost);
	else
		json_str(b, "lost", NULL);
	json_str(b, "code", look.code);
	json_int(b, "devices", look.devices);
	json_int(b, "devices_lost", look.devices_lost);
	json_int(b, "devices_sick", look.devices_sick);
	json_int(b, "window", look.window);
	json_int(b, "in_flight", look.in_flight);
	put_share(b, "load", look.load);
	put_share(b, "load_sick", look.load_sick);
	json_int(b, "retry_within_ms", look.retry_within_ms);
	put_bus_sums(b, &look.sums);
	json_close(b, '}');
}

void
api_buses(struct console *c, struct http_request *r)
{
	const struct site *site = c->host.site(c->host.ctx);
	struct buf b = { 0 };
	struct page p;

	if (read_page(r, &p) < 0)
		return;
	int64_t to =
	    p.from + p.limit < site->n_buses ? p.from + p.limit : site->n_buses;
	json_open(&b, NULL, '{');
	json_open(&b, "buses", '[');
	for (int64_t i = p.from; i < to; i++)
		put_bus(&b, c, site, (uint16_t)i);
	end_page(r, &b, (uint32_t)to, to < site->n_buses);
}

// Microseconds as milliseconds; null where none was measured. The last bound of the
// histogram is no time.
static void
put_ms(struct buf *b, const char *key, uint32_t us, bool known)
{
	json_double(b, key, known && us != UINT32_MAX ? us / 1000.0 : (double)NAN);
}

static void
put_device_sums(struct buf *b, const struct device_sums *s)
{
	json_int(b, "requests", (int64_t)s->requests);
	json_int(b, "good", (int64_t)s->good);
	json_int(b, "timeouts", (int64_t)s->timeouts);
	json_int(b, "exceptions", (int64_t)s->exceptions);
	json_int(b, "stale", (int64_t)s->stale);
	json_int(b, "mismatched", (int64_t)s->mismatched);
	json_int(b, "malformed", (int64_t)s->malformed);
	json_int(b, "bad_crc", (int64_t)s->bad_crc);
	json_int(b, "samples", (int64_t)s->samples);
}

static void
put_reply(struct buf *b, const struct device_look *look)
{
	bool any = look->sums.replies > 0;

	json_open(b, "reply_ms", '{');
	put_ms(b, "last", look->last_reply_us, any);
	put_ms(b, "p50", look->reply_p50_us, any);
	put_ms(b, "p99", look->reply_p99_us, any);
	put_ms(b, "max", look->max_reply_us, any);
	json_close(b, '}');
}

static void
put_plan(struct buf *b, const struct site *site, const struct device *d)
{
	json_str(b, "bus", site->buses[d->bus].id);
	json_int(b, "unit", d->unit);
	json_str(b, "profile", d->profile->id);
	json_int(b, "poll_ms", d->poll_ms);
	json_int(b, "timeout_ms", d->timeout_ms);
	json_int(b, "retries", d->retries);
	json_int(b, "gap_ms", d->gap_ms);
	json_int(b, "window", d->window > 1 ? d->window : 1);
	json_int(b, "budget_ms", d->budget_ms);
	json_open(b, "budget_faults", '{');
	json_int(b, "lost_replies", d->budget_lost);
	json_int(b, "silent_units", d->budget_silent);
	json_close(b, '}');
}

static void
put_device(struct buf *b, struct console *c, const struct site *site, uint16_t index)
{
	const struct device *d = &site->devices[index];
	struct device_look look;

	c->host.device(c->host.ctx, index, &look);
	json_open(b, NULL, '{');
	json_str(b, "id", d->id);
	put_plan(b, site, d);
	json_str(b, "state", look.state);
	json_str(b, "code", look.code);
	json_time(b, "since", look.since_utc_ms);
	json_int(b, "tries", look.tries);
	json_time(b, "next_try", look.next_try_utc_ms);
	json_time(b, "last_good", look.last_good_utc_ms);
	json_open(b, "health", '{');
	json_int(b, "good", look.health_good);
	json_int(b, "of", look.health_of);
	json_close(b, '}');
	json_bool(b, "sick", look.sick);
	json_bool(b, "flaps", look.flaps);
	json_bool(b, "overdue", look.overdue);
	json_int(b, "worst_gap_ms", look.worst_gap_ms);
	put_reply(b, &look);
	put_device_sums(b, &look.sums);
	json_int(b, "blocks", look.blocks);
	json_close(b, '}');
}

// The index of the bus that is asked for; INDEX_NONE = all. -1 = answered 404.
static int
read_bus(const struct site *site, struct http_request *r, uint16_t *bus)
{
	const char *id = target_value(&r->target, "bus");

	*bus = INDEX_NONE;
	if (id == NULL)
		return 0;
	for (*bus = 0; *bus < site->n_buses; (*bus)++)
		if (strcmp(site->buses[*bus].id, id) == 0)
			return 0;
	http_error(r, 404, "not_found", "bus");
	return -1;
}

void
api_devices(struct console *c, struct http_request *r)
{
	const struct site *site = c->host.site(c->host.ctx);
	struct buf b = { 0 };
	struct page p;
	uint16_t bus;

	if (read_page(r, &p) < 0 || read_bus(site, r, &bus) < 0)
		return;
	uint32_t i = (uint32_t)p.from;
	json_open(&b, NULL, '{');
	json_open(&b, "devices", '[');
	for (; i < site->n_devices && p.limit > 0; i++) {
		if (bus != INDEX_NONE && site->devices[i].bus != bus)
			continue;
		put_device(&b, c, site, (uint16_t)i);
		p.limit--;
	}
	end_page(r, &b, i, i < site->n_devices);
}

static void
put_block(struct buf *b, const struct block_look *look)
{
	const struct block_sums *s = &look->sums;
	bool any = s->good + s->refused > 0;

	json_open(b, NULL, '{');
	json_str(b, "kind", look->kind);
	json_str(b, "area", area_name(look->area));
	json_int(b, "address", look->address);
	json_int(b, "count", look->count);
	json_int(b, "points", look->points);
	json_str(b, "class", look->order);
	json_str(b, "state", look->state);
	json_int(b, "period_ms", look->period_ms);
	json_time(b, "last_good", look->last_good_utc_ms);
	json_int(b, "requests", s->requests);
	json_int(b, "good", s->good);
	json_int(b, "missed", s->missed);
	json_int(b, "refused", s->refused);
	json_int(b, "worst_gap_ms", s->worst_gap_ms);
	json_open(b, "reply_ms", '{');
	put_ms(b, "last", s->last_reply_us, any);
	put_ms(b, "max", s->max_reply_us, any);
	json_close(b, '}');
	json_close(b, '}');
}

void
api_blocks(struct console *c, struct http_request *r)
{
	const struct site *site = c->host.site(c->host.ctx);
	struct device_look device;
	struct block_look look;
	struct buf b = { 0 };
	uint16_t index = 0;
	struct page p;

	while (index < site->n_devices && strcmp(site->devices[index].id, r->id) != 0)
		index++;
	if (index == site->n_devices) {
		http_error(r, 404, "not_found", "id");
		return;
	}
	if (read_page(r, &p) < 0)
		return;
	c->host.device(c->host.ctx, index, &device);
	int64_t to =
	    p.from + p.limit < device.blocks ? p.from + p.limit : device.blocks;
	json_open(&b, NULL, '{');
	json_open(&b, "blocks", '[');
	for (int64_t i = p.from; i < to; i++) {
		c->host.block(c->host.ctx, index, (uint16_t)i, &look);
		put_block(&b, &look);
	}
	end_page(r, &b, (uint32_t)to, to < device.blocks);
}
