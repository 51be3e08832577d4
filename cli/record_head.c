// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See record.h. Values are written as JSON, which YAML reads, so that no text can be
// taken for anything else.
#include <string.h>

#include "cli/record.h"
#include "core/profile_dialog.h"
#include "lib/buf.h"

static void
key_text(FILE *out, const char *key, const char *value)
{
	struct buf b = { 0 };

	json_str(&b, key, value);
	// "key":"value" -> key: "value"
	(void)fprintf(out, "%s: %s\n", key, b.data + strlen(key) + 3);
	buf_free(&b);
}

// In the base unit of the quantity (core/profile.h), as the configuration reads it.
static const char *
base_unit(enum quantity q)
{
	static const char *const names[QUANTITY_COUNT] = {
		[QUANTITY_NONE] = "",
		[QUANTITY_PRESSURE] = "kPa",
		[QUANTITY_LEVEL] = "m",
		[QUANTITY_TEMPERATURE] = "degC",
		[QUANTITY_CURRENT] = "mA",
		[QUANTITY_VOLTAGE] = "V",
		[QUANTITY_RESISTANCE] = "ohm",
		[QUANTITY_RATIO] = "%",
		[QUANTITY_DURATION] = "s",
		[QUANTITY_OBSCURATION] = "%/m",
		[QUANTITY_NUMBER] = "",
	};

	return names[q];
}

static void
json_amount(struct buf *b, const char *key, double value, enum quantity q)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%.9f%s", value, base_unit(q));
	json_str(b, key, text);
}

static void
json_ms(struct buf *b, const char *key, uint32_t ms)
{
	char text[32];

	if (ms == 0)
		return;
	(void)snprintf(text, sizeof(text), "%ums", ms);
	json_str(b, key, text);
}

static void
put_limits(struct buf *b, const struct point *p)
{
	enum quantity q = point_kind_quantity(p->kind);

	if (p->limits == NULL)
		return;
	json_open(b, "limits", '{');
	for (enum limit_kind k = 0; k < LIMIT_COUNT; k++) {
		const struct limit *l = &p->limits[k];

		if (!l->set)
			continue;
		json_open(b, limit_name(k), '{');
		json_amount(b, "value", l->value, q);
		if (l->hysteresis > 0)
			json_amount(b, "hysteresis", l->hysteresis, q);
		json_ms(b, "on_delay", l->on_delay_ms);
		json_ms(b, "off_delay", l->off_delay_ms);
		json_close(b, '}');
	}
	json_close(b, '}');
}

static void
put_classes(struct buf *b, const struct point *p)
{
	if (p->class_override == NULL)
		return;
	json_open(b, "class", '{');
	for (enum condition c = 0; c < COND_COUNT; c++)
		if (p->class_override[c] != CLASS_COUNT)
			json_str(b, condition_name(c),
			    class_name((enum alarm_class)p->class_override[c]));
	json_close(b, '}');
}

static void
put_address(struct buf *b, const struct point *p, const struct profile_item *item)
{
	json_str(b, "item", item->name);
	if (item->loop_min != 0 || item->loop_max != 0)
		json_int(b, "loop", p->loop);
	if (item->device_min != 0 || item->device_max != 0)
		json_int(b, "device", p->number);
}

static bool
is_plain(const struct point *p)
{
	return p->scale == NULL && p->supervised == NULL;
}

static bool
has_points(const struct site *s, const struct device *d)
{
	for (uint32_t i = 0; i < d->n_points; i++)
		if (is_plain(&s->points[d->points[i]]))
			return true;
	return false;
}

static void
write_point(const struct point *p, const struct device *d, FILE *out)
{
	struct buf b = { 0 };

	json_open(&b, NULL, '{');
	json_str(&b, "id", p->id);
	put_address(&b, p, &d->profile->items[p->item]);
	json_str(&b, "kind", point_kind_name(p->kind));
	if (p->latch != point_kind_latch(p->kind))
		json_str(&b, "latch", latch_name(p->latch));
	if (p->active_low)
		json_str(&b, "active", "low");
	json_ms(&b, "on_delay", p->on_delay_ms);
	json_ms(&b, "off_delay", p->off_delay_ms);
	if (p->silent)
		json_bool(&b, "silent", true);
	put_classes(&b, p);
	put_limits(&b, p);
	json_open(&b, "place", '{');
	json_str(&b, "en", p->id);
	json_close(&b, '}');
	json_close(&b, '}');
	if (!is_plain(p))
		(void)fprintf(
		    out, "      # scaled or supervised, so only with -c: %s\n", p->id);
	else
		(void)fprintf(out, "      - %s\n", b.data);
	buf_free(&b);
}

static void
put_names(struct buf *b, const char *key, uint8_t mask, const struct profile_dialogs *g)
{
	bool alive = strcmp(key, "alive") == 0;
	unsigned n = alive ? g->n_alive : g->n_selectors;

	if (mask == 0)
		return;
	json_open(b, key, '[');
	for (unsigned i = 0; i < n; i++)
		if ((mask & 1U << i) != 0)
			json_str(
			    b, NULL, alive ? g->alive[i].name : g->selectors[i].name);
	json_close(b, ']');
}

// What differs from what the profile does by itself.
static void
write_dialogs(const struct device *d, FILE *out)
{
	const struct profile_dialogs *g = d->profile->dialogs;
	const struct device_dialogs *mine = &d->dialogs;
	struct buf b = { 0 };

	if (g == NULL)
		return;
	json_open(&b, NULL, '{');
	if (g->queue != NULL && !mine->queue)
		json_bool(&b, "queue", false);
	if (mine->allow_writes)
		json_bool(&b, "allow_writes", true);
	put_names(&b, "selectors", mine->selectors, g);
	put_names(&b, "alive", mine->alive, g);
	if (mine->gateway) {
		json_open(&b, "gateway", '{');
		json_int(&b, "unit", mine->gateway_unit);
		if (mine->node > 0)
			json_int(&b, "node", mine->node);
		json_close(&b, '}');
	}
	if (mine->full_scan_ms != g->full_scan_ms)
		json_ms(&b, "full_scan", mine->full_scan_ms);
	json_close(&b, '}');
	if (b.len > 2)
		(void)fprintf(out, "    dialogs: %s\n", b.data);
	buf_free(&b);
}

static void
write_device(const struct site *s, const struct device *d, FILE *out)
{
	struct buf b = { 0 };

	if (d->profile->completed) {
		(void)fprintf(out,
		    "  # with a profile that the site completes, so only with -c: %s\n",
		    d->id);
		return;
	}
	(void)fprintf(out, "  - id: %s\n    unit: %u\n    profile: %s\n", d->id,
	    d->unit, d->profile->id);
	(void)fprintf(out, "    poll: %ums\n    timeout: %ums\n    retries: %u\n",
	    d->poll_ms, d->timeout_ms, d->retries);
	if (d->gap_ms > 0)
		(void)fprintf(out, "    gap: %ums\n", d->gap_ms);
	if (d->window > 1)
		(void)fprintf(out, "    window: %u\n", d->window);
	if (d->accept_ms > 0) {
		json_open(&b, NULL, '{');
		json_ms(&b, "limit", d->accept_ms);
		json_str(&b, "reason", d->accept_reason);
		json_close(&b, '}');
		(void)fprintf(out, "    accept_budget: %s\n", b.data);
		buf_free(&b);
	}
	write_dialogs(d, out);
	(void)fprintf(out, "    points:%s\n", has_points(s, d) ? "" : " []");
	for (uint32_t i = 0; i < d->n_points; i++)
		write_point(&s->points[d->points[i]], d, out);
}

static void
write_transport(const struct bus *b, FILE *out)
{
	char text[64];

	if (b->baud > 0)
		(void)snprintf(text, sizeof(text), "%s %u %u%c%u",
		    bus_kind_name(b->kind), b->baud, b->data_bits, b->parity,
		    b->stop_bits);
	else
		(void)snprintf(text, sizeof(text), "%s", bus_kind_name(b->kind));
	key_text(out, "transport", text);
}

static bool
has_devices(const struct record_head *h)
{
	for (uint16_t i = 0; i < h->site->n_devices; i++)
		if (h->site->devices[i].bus == h->bus &&
		    !h->site->devices[i].profile->completed)
			return true;
	return false;
}

void
record_head_write(const struct record_head *h, FILE *out)
{
	const struct site *s = h->site;
	const struct bus *b = &s->buses[h->bus];
	struct buf note = { 0 };

	// A recording of what was played is no device's.
	(void)fprintf(out, "recording: 1\nsource: %s\n",
	    b->kind == BUS_REPLAY ? "synthetic" : "device");
	key_text(out, "recorded", h->recorded);
	if (h->note != NULL) {
		json_str(&note, NULL, h->note);
		(void)fprintf(out, "notes:\n  - %s\n", note.data);
		buf_free(&note);
	}
	(void)fprintf(out, "bus: %s\n", b->id);
	write_transport(b, out);
	key_text(out, "revision", s->revision);
	(void)fprintf(out, "devices:%s\n", has_devices(h) ? "" : " []");
	for (uint16_t i = 0; i < s->n_devices; i++)
		if (s->devices[i].bus == h->bus)
			write_device(s, &s->devices[i], out);
	(void)fprintf(out, "...\n");
}
