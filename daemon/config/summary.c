// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What --check prints of a good site: buses with their load, devices, points with their
// detection budget, channels and ladders. Pure but for the stream it writes to.
// English: it is for who wires and configures, not for the operator.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/budget.h"
#include "config/config.h"
#include "config/device_dialog.h"
#include "config/requests.h"
#include "config/sections.h"
#include "config/summary_rules.h"
#include "config/units.h"
#include "lib/mem.h"

enum {
	SHOW_POINTS_MAX = 20
};

// How soon a unit that is well again is asked.
static void
print_ceiling(const struct bus_budget *budget, FILE *out)
{
	char one[32], all[32];

	if (budget->devices < 2)
		return;
	(void)fprintf(out,
	    "  %-20s a unit that was dead is tried again within %s, with all others "
	    "dead within %s\n",
	    "", units_show_ms(budget->ceiling_one_ms, one),
	    units_show_ms(budget->ceiling_all_ms, all));
}

// What a unit that does not answer costs the others behind a gateway.
static void
print_hold(const struct bus *b, const struct bus_budget *budget, FILE *out)
{
	char ms[32];

	if (budget->devices < 2 || b->kind == BUS_MODBUS_RTU || b->kind == BUS_REPLAY)
		return;
	(void)fprintf(out, "  %-20s ", "");
	if (b->gateway_ms > 0)
		(void)fprintf(out,
		    "a unit that does not answer holds the gateway for %s "
		    "(gateway_timeout)\n",
		    units_show_ms(b->gateway_ms, ms));
	else if (b->window > 1)
		(void)fprintf(out,
		    "assumed: the gateway asks others while a unit does not answer "
		    "(window)\n");
	else
		(void)fprintf(out,
		    "assumed: a unit that does not answer holds the gateway for %s "
		    "(gateway_timeout would say it)\n",
		    b->hold_ms > 0 ? units_show_ms(b->hold_ms, ms) : "no time");
}

// Each bus is reckoned by itself: what they cost each other at the far end is not
// known.
static void
print_shared_endpoint(const struct site *s, const struct bus *b, FILE *out)
{
	bool any = false;

	for (uint16_t i = 0; i < s->n_buses; i++) {
		const struct bus *other = &s->buses[i];

		if (other == b || !buses_same_endpoint(b, other))
			continue;
		if (!any)
			(void)fprintf(
			    out, "  %-20s another connection to the same", "");
		(void)fprintf(out, "%s %s", any ? "," : " place:", other->id);
		any = true;
	}
	if (any)
		(void)fprintf(out, "; each is reckoned as if it were alone there\n");
}

// A profile that another device of the bus has was told of already.
static bool
told_before(const struct site *s, uint16_t device)
{
	const struct device *d = &s->devices[device];

	for (uint16_t i = 0; i < device; i++)
		if (s->devices[i].bus == d->bus &&
		    strcmp(s->devices[i].profile->id, d->profile->id) == 0)
			return true;
	return false;
}

// Where the bus has another line or port than the manual of a device prints: the device
// must have been set so.
static void
print_delivered(const struct site *s, const struct bus *b, FILE *out)
{
	for (uint16_t i = 0; i < s->n_devices; i++) {
		const struct profile *p = s->devices[i].profile;
		const struct profile_transport *line = &p->rtu;

		if (&s->buses[s->devices[i].bus] != b || told_before(s, i))
			continue;
		if (b->kind == BUS_MODBUS_TCP && p->tcp.port > 0 &&
		    p->tcp.port != b->port)
			(void)fprintf(out, "  %-20s as delivered %s is at port %u\n",
			    "", p->id, p->tcp.port);
		if (b->baud > 0 && line->baud > 0 &&
		    (line->baud != b->baud || line->parity != b->parity ||
			line->stop_bits != b->stop_bits))
			(void)fprintf(out, "  %-20s as delivered %s speaks %u 8%c%u\n",
			    "", p->id, line->baud, line->parity, line->stop_bits);
	}
}

static void
print_bus(const struct site *s, const struct bus *b, const struct bus_budget *budget,
    FILE *out)
{
	char where[128];

	if (b->kind == BUS_MODBUS_RTU)
		(void)snprintf(where, sizeof(where), "modbus_rtu %.80s", b->tty);
	else if (b->kind == BUS_REPLAY)
		(void)snprintf(where, sizeof(where), "replay %.80s, speed %u",
		    b->recording_name, b->speed);
	else
		(void)snprintf(where, sizeof(where), "%s %s port %u",
		    bus_kind_name(b->kind), b->host, b->port);
	(void)fprintf(out, "  %-20s %s", b->id, where);
	if (b->baud > 0)
		(void)fprintf(out, " %u %u%c%u%s", b->baud, b->data_bits, b->parity,
		    b->stop_bits, b->line_told ? "" : " (assumed)");
	if (b->window > 1)
		(void)fprintf(out, ", up to %u requests in flight", b->window);
	(void)fprintf(out,
	    "\n  %-20s %u devices, %u requests a pass, %u of them dialogs and "
	    "settings, "
	    "pass %.0f ms, load %.1f %%\n",
	    "", budget->devices, budget->requests, budget->requests - budget->blocks,
	    budget->cycle_ms, budget->load * 100);
	print_delivered(s, b, out);
	print_shared_endpoint(s, b, out);
	print_ceiling(budget, out);
	print_hold(b, budget, out);
}

// Nearer to its limit, or beyond it by more.
static bool
is_tighter(const struct point_budget *a, const struct point_budget *b)
{
	return (uint64_t)a->worst_ms * b->limit_ms >
	       (uint64_t)b->worst_ms * a->limit_ms;
}

// The tightest point of a device, and the longest of the shortest pulses.
struct tightest {
	const struct point *p;
	struct point_budget b;
	uint32_t pulse_ms, calm_ms;
};

static void
take_tightest(void *ctx, const struct point *p, const struct point_budget *b)
{
	struct tightest *t = ctx;

	if (t->p == NULL || is_tighter(b, &t->b)) {
		t->p = p;
		t->b = *b;
	}
	t->pulse_ms = b->pulse_ms > t->pulse_ms ? b->pulse_ms : t->pulse_ms;
	t->calm_ms = b->calm_ms > t->calm_ms ? b->calm_ms : t->calm_ms;
}

// What the bound holds for.
static void
print_faults(const struct device_budget *f, bool shared, FILE *out)
{
	(void)fprintf(out, "  %-20s   with up to %u of its replies lost or late", "",
	    f->lost_replies);
	if (shared)
		(void)fprintf(out,
		    ", %u other %s falling silent at once (silent_units), any number "
		    "of "
		    "others dead already",
		    f->silent, f->silent == 1 ? "unit" : "units");
	(void)fprintf(out, "; a reply that comes is counted with %d ms of the unit\n",
	    REQUEST_TURNAROUND_MS);
}

static void
print_device_budget(const struct site *s, const struct device *d,
    const struct bus_budget *bus, FILE *out)
{
	struct device_budget f = budget_of_device(s, d, bus);
	struct tightest t = { 0 };
	char a[32], b[32], c[32], e[32];

	budget_of_points(s, d, bus, take_tightest, &t);
	if (t.p == NULL)
		return;
	(void)fprintf(out,
	    "  %-20s contact to event at most %s (%s; limit %s), pulse surely seen "
	    "from %s; while every reply comes %s\n",
	    "", units_show_ms(t.b.worst_ms, a), t.p->id, units_show_ms(t.b.limit_ms, b),
	    units_show_ms(t.pulse_ms, c), units_show_ms(t.calm_ms, e));
	print_faults(&f, bus->devices > 1, out);
	if (d->accept_ms > 0)
		(void)fprintf(out, "  %-20s accepted up to %s: %s\n", "",
		    units_show_ms(d->accept_ms, a), d->accept_reason);
}

static void
print_device(const struct site *s, const struct device *d, const struct bus_budget *bus,
    FILE *out)
{
	char poll[32], timeout[32];

	(void)fprintf(out,
	    "  %-20s %s unit %u, %s (%s), poll %s, timeout %s, %u retries, %u points "
	    "in %u "
	    "blocks\n",
	    d->id, s->buses[d->bus].id, d->unit, d->profile->id,
	    maturity_name(d->profile->maturity), units_show_ms(d->poll_ms, poll),
	    units_show_ms(d->timeout_ms, timeout), d->retries, d->n_points,
	    budget_blocks(s, d));
	print_device_budget(s, d, bus, out);
	device_dialogs_print(d, out);
}

// The points of hosts stand with the hosts.
static bool
is_host(const struct point *p)
{
	return p->device == INDEX_NONE && p->gpio == INDEX_NONE;
}

static void
print_point(const struct site *s, const struct point *p, const struct bus_budget *buses,
    FILE *out)
{
	char where[96], worst[32], pulse[32];
	const struct bus_budget *bus = NULL;

	if (p->gpio != INDEX_NONE) {
		(void)snprintf(where, sizeof(where), "%.40s line %.40s",
		    s->gpios[p->gpio].id, p->line);
	} else {
		const struct device *d = &s->devices[p->device];
		const struct profile_item *item = &d->profile->items[p->item];
		bus = &buses[d->bus];
		(void)snprintf(where, sizeof(where), "%.40s %s %u (block from %.24s)",
		    d->id, area_name(item->area), p->pdu, item->printed);
	}
	struct point_budget b = budget_of_point(s, p, bus);
	(void)fprintf(out, "  %-28s %-17s %-46s worst %s, pulse %s%s\n", p->id,
	    point_kind_name(p->kind), where, units_show_ms(b.worst_ms, worst),
	    units_show_ms(b.pulse_ms, pulse),
	    site_point_inferred(s, p) ? ", register map inferred" : "");
	summary_signal_print(s, p, out);
}

static void
print_ladder(const struct site *s, const struct ladder *l, FILE *out)
{
	char a[32], b[32];

	(void)fprintf(out, "  %-20s", l->id);
	for (int c = 0; c < CLASS_COUNT; c++)
		if ((l->classes & 1u << c) != 0)
			(void)fprintf(out, " %s", class_name((enum alarm_class)c));
	for (uint8_t i = 0; i < l->n_steps; i++) {
		const struct ladder_step *step = &l->steps[i];
		(void)fprintf(
		    out, "\n  %-20s after %s:", "", units_show_ms(step->after_ms, a));
		for (uint8_t k = 0; k < step->n_channels; k++)
			(void)fprintf(out, " %s", s->channels[step->channels[k]].id);
		if (step->repeat_ms > 0)
			(void)fprintf(out, ", every %s until answered",
			    units_show_ms(step->repeat_ms, b));
	}
	(void)fputc('\n', out);
}

// Whom the console answers, for there is no TLS in front of it.
static void
print_console(const struct site *s, FILE *out)
{
	(void)fprintf(
	    out, "  console %s port %u, without TLS, ", s->listen_host, s->listen_port);
	if (s->accept_plain_http != NULL) {
		(void)fprintf(out, "answers everybody: %s\n", s->accept_plain_http);
		return;
	}
	(void)fprintf(out, "answers the desk only:");
	for (uint16_t i = 0; i < s->n_desk; i++)
		(void)fprintf(out, " %s", s->desk[i].address);
	(void)fputc('\n', out);
}

static void
print_head(const struct site *s, FILE *out)
{
	(void)fprintf(
	    out, "site %s (%s), revision %s\n", s->id, s->name_en, s->revision);
	(void)fprintf(out, "  time zone %s, statistics day from %02u:%02u\n",
	    s->time_zone, s->statistics_day_min / 60u, s->statistics_day_min % 60u);
	print_console(s, out);
	(void)fprintf(out, "  %u points of the site, %u built in\n", s->n_site_points,
	    s->n_points - s->n_site_points);
}

static void
print_gpios(const struct site *s, FILE *out)
{
	if (s->n_gpios > 0)
		(void)fprintf(out, "gpio\n");
	for (uint16_t i = 0; i < s->n_gpios; i++)
		(void)fprintf(out, "  %-20s chip %s, %u lines\n", s->gpios[i].id,
		    s->gpios[i].chip, s->gpios[i].n_points);
}

static void
print_host(const struct site *s, uint16_t index, FILE *out)
{
	const struct host *h = &s->hosts[index];
	struct host_budget b = budget_of_host(s, index);
	char period[32], timeout[32], worst[32], limit[32];

	(void)fprintf(out, "  %-20s %-17s %s %s%s, period %s, timeout %s, %u retries\n",
	    h->id, point_kind_name(s->points[h->point].kind), host_check_name(h->check),
	    h->shown, h->user[0] != '\0' ? " with a password" : "",
	    units_show_ms(h->period_ms, period), units_show_ms(h->timeout_ms, timeout),
	    h->retries);
	(void)fprintf(out,
	    "  %-20s gone to fault (%u misses of %u) at most %s, limit %s", "",
	    h->misses, h->of, units_show_ms(b.worst_ms, worst),
	    units_show_ms(b.limit_ms, limit));
	if (h->parent != INDEX_NONE)
		(void)fprintf(out, ", behind %s", s->hosts[h->parent].id);
	(void)fputc('\n', out);
	if (h->accept_ms > 0)
		(void)fprintf(out, "  %-20s accepted up to %s: %s\n", "",
		    units_show_ms(h->accept_ms, limit), h->accept_reason);
}

static void
print_hosts(const struct site *s, FILE *out)
{
	struct hosts_budget b = budget_of_hosts(s);

	if (s->n_hosts == 0)
		return;
	(void)fprintf(out,
	    "hosts\n  %u hosts, %.1f checks/s, %.1f of %d at once while all are gone, "
	    "load %.1f %%\n",
	    s->n_hosts, b.per_second, b.at_once, HOST_CHECKS_MAX,
	    b.at_once / HOST_CHECKS_MAX * 100);
	for (uint16_t i = 0; i < s->n_hosts; i++)
		print_host(s, i, out);
}

static void
print_alerts(const struct site *s, FILE *out)
{
	if (s->n_channels > 0)
		(void)fprintf(out, "channels\n");
	for (uint16_t i = 0; i < s->n_channels; i++) {
		char a[32], b[32];
		(void)fprintf(out, "  %-20s webhook, timeout %s, given up after %s\n",
		    s->channels[i].id, units_show_ms(s->channels[i].timeout_ms, a),
		    units_show_ms(s->channels[i].give_up_ms, b));
	}
	if (s->n_ladders > 0)
		(void)fprintf(out, "ladders\n");
	for (uint16_t i = 0; i < s->n_ladders; i++)
		print_ladder(s, &s->ladders[i], out);
}

// Where an output is and what is written there.
static void
print_wiring(const struct site *s, const struct output *o, FILE *out)
{
	char refresh[32];

	if (o->gpio != INDEX_NONE)
		(void)fprintf(out, "%s line %s, active %s", s->gpios[o->gpio].id,
		    o->line, o->active_low ? "low" : "high");
	else
		(void)fprintf(out,
		    "device %s %s: function 5 to coil %u (block from %s), again each "
		    "%s and read back",
		    s->devices[o->device].id, o->item->name, output_coil(o),
		    o->item->printed, units_show_ms(o->refresh_ms, refresh));
}

static void
print_classes(const char *pattern, uint16_t mask, FILE *out)
{
	if (mask == 0)
		return;
	(void)fprintf(out, " %s for", pattern);
	for (int c = 0; c < CLASS_COUNT; c++)
		if (mask & 1U << c)
			(void)fprintf(out, " %s", class_name((enum alarm_class)c));
	(void)fputc(';', out);
}

static void
print_output(const struct site *s, const struct output *o, FILE *out)
{
	char a[32];

	(void)fprintf(out, "  %-20s %s, %s", o->id, output_role_name(o->role),
	    o->allow_write ? "driven: "
			   : "NOT DRIVEN (allow_write: true would enable it): ");
	print_wiring(s, o, out);
	(void)fprintf(out, "\n  %-20s", "");
	if (o->role == OUTPUT_HEARTBEAT) {
		(void)fprintf(out, " a beat of %s while people can be alerted\n",
		    units_show_ms(o->period_ms, a));
		return;
	}
	print_classes("steady", o->steady, out);
	print_classes("blinks", o->blink, out);
	if (o->silent_alarms)
		(void)fprintf(out, " silent alarms, too,");
	(void)fprintf(out, " follows within %s", units_show_ms(o->within_ms, a));
	if (o->feedback != UINT32_MAX)
		(void)fprintf(out, " (%s)", s->points[o->feedback].id);
	(void)fprintf(out, "; at the end %s\n", output_exit_name(o->at_exit));
}

static void
print_outputs(const struct site *s, FILE *out)
{
	if (s->n_outputs > 0)
		(void)fprintf(out, "outputs\n");
	for (uint16_t i = 0; i < s->n_outputs; i++)
		print_output(s, &s->outputs[i], out);
}

void
site_print_summary(const struct site *s, FILE *out)
{
	struct bus_budget *buses = xcalloc(s->n_buses + 1u, sizeof(*buses));

	print_head(s, out);
	(void)fprintf(out, "buses\n");
	for (uint16_t i = 0; i < s->n_buses; i++) {
		buses[i] = budget_of_bus(s, i);
		print_bus(s, &s->buses[i], &buses[i], out);
	}
	(void)fprintf(out, "devices\n");
	for (uint16_t i = 0; i < s->n_devices; i++)
		print_device(s, &s->devices[i], &buses[s->devices[i].bus], out);
	print_gpios(s, out);
	print_hosts(s, out);
	print_outputs(s, out);
	summary_rules_print(s, out);
	(void)fprintf(out, "points\n");
	for (uint32_t i = 0; i < s->n_site_points; i++)
		if (!is_host(&s->points[i]))
			print_point(s, &s->points[i], buses, out);
	print_alerts(s, out);
	(void)fprintf(out, "the figures hold while other units of a line are dead and "
			   "while each try of a "
			   "device but the last is lost\n");
	free(buses);
}
