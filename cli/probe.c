// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// `watchroom probe`: asks a device beside the daemon, while it is being put into
// service. The target is an address on the command line, or a device or point of the
// site. Refuses a serial port that another program holds. What cannot be said about an
// answer is not said: silence, a refusal and garbage have their own words.
#include "cli/probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/units.h"
#include "lib/mem.h"

enum {
	MODBUS_PORT = 502,
	TIMEOUT_MS = 1000,
	SCAN_TIMEOUT_MS = 500,
	TIME_TIMEOUT_MS = 5000,
	TIMEOUT_MAX_MS = 60000,
	GAP_MS = 20,
	GAP_MAX_MS = 10000,
	SAMPLES = 100,
	SAMPLES_MAX = 10000,
	COUNT = 2,
	COUNT_MAX = 32,
	SERIAL_UNIT_MAX = 247
};

static const struct {
	uint8_t code;
	const char *meaning;
} exceptions[] = {
	{ 0x01, "illegal function" },
	{ 0x02, "illegal data address" },
	{ 0x03, "illegal data value" },
	{ 0x04, "device failure" },
	{ 0x05, "acknowledge: it needs more time" },
	{ 0x06, "device busy" },
	{ 0x07, "negative acknowledge" },
	{ 0x08, "memory parity error" },
	{ 0x0A, "gateway: no path to the unit" },
	{ 0x0B, "gateway: the unit behind it does not answer" },
};

const char *
probe_exception(uint8_t code)
{
	for (size_t i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++)
		if (exceptions[i].code == code)
			return exceptions[i].meaning;
	return "";
}

const char *
probe_say(
    const struct probe *p, const struct client_answer *a, char out[static PROBE_SAID])
{
	const char *meaning = probe_exception(a->exception);

	out[0] = '\0';
	switch (a->verdict) {
	case CLIENT_GOOD:
		break;
	case CLIENT_EXCEPTION:
		(void)snprintf(out, PROBE_SAID, "exception %02X%s%s", a->exception,
		    meaning[0] != '\0' ? ", " : "", meaning);
		break;
	case CLIENT_SILENT:
		(void)snprintf(
		    out, PROBE_SAID, "no answer within %u ms", p->timeout_ms);
		break;
	case CLIENT_GARBLED:
		(void)snprintf(out, PROBE_SAID, "garbled: %s", a->why);
		break;
	case CLIENT_BROKEN:
		(void)snprintf(out, PROBE_SAID, "no link: %s", a->why);
		break;
	}
	return out;
}

uint32_t
probe_printed(enum area area, uint32_t address)
{
	static const uint32_t first[AREA_COUNT] = {
		[AREA_COIL] = 1,
		[AREA_DISCRETE] = 10001,
		[AREA_INPUT] = 30001,
		[AREA_HOLDING] = 40001,
	};

	if (address < 9999 || area == AREA_COIL)
		return first[area] + address;
	return first[area] / 10000 * 100000 + 1 + address; // six digits
}

void
probe_ask(struct probe *p, enum area area, uint16_t address, uint16_t count,
    struct client_answer *out)
{
	const struct client_question q = {
		.unit = p->unit, .area = area, .address = address, .count = count
	};

	modbus_client_ask(p->client, &q, p->timeout_ms, out);
}

void
probe_json_head(struct buf *b, const struct probe *p)
{
	json_open(b, NULL, '{');
	json_str(b, "target", p->where);
	json_int(b, "unit", p->unit);
	json_str(b, "area", area_name(p->area));
	json_int(b, "timeout_ms", p->timeout_ms);
}

void
probe_json_answer(struct buf *b, const struct client_answer *a)
{
	static const char *const names[] = {
		[CLIENT_GOOD] = "good",
		[CLIENT_EXCEPTION] = "exception",
		[CLIENT_SILENT] = "silent",
		[CLIENT_GARBLED] = "garbled",
		[CLIENT_BROKEN] = "broken",
	};

	json_str(b, "answer", names[a->verdict]);
	if (a->us > 0)
		json_int(b, "us", a->us);
	if (a->verdict == CLIENT_EXCEPTION) {
		json_int(b, "exception", a->exception);
		json_str(b, "meaning", probe_exception(a->exception));
	}
	if (a->why[0] != '\0')
		json_str(b, "why", a->why);
}

// --- whom to ask -----------------------------------------------------------

static bool
refuse(
    const struct probe *p, const char *option, const char *found, const char *allowed)
{
	(void)cli_fail(
	    p->c, CLI_USAGE, "%s: found \"%s\", allowed: %s", option, found, allowed);
	return false;
}

static bool
set_endpoint(struct probe *p, const char *text, int fallback_port)
{
	char host[HOST_MAX], why[WHY_MAX];

	if (units_endpoint(text, fallback_port, host, &p->target.port, why) != 0)
		return refuse(p, "target", text, why);
	p->target.host = xstrdup(host);
	return true;
}

// "9600,8N1" behind the path of a port.
static bool
set_line(struct probe *p, const char *text)
{
	struct port_settings *s = &p->target.serial;
	char *format, parity = '\0';
	unsigned long baud = strtoul(text, &format, 10);

	if (strlen(format) == 4)
		parity = format[2];
	if (strlen(format) != 4 || format[0] != ',' || format[1] != '8' ||
	    strchr("NEO", parity) == NULL || (format[3] != '1' && format[3] != '2') ||
	    baud < 1200 || baud > 230400)
		return refuse(p, "line", text,
		    "speed and format, for example 9600,8N1 (8 data bits, N, E or O, 1 "
		    "or "
		    "2 stop bits)");
	s->baud = (uint32_t)baud;
	s->parity = parity;
	s->data_bits = 8;
	s->stop_bits = (uint8_t)(format[3] - '0');
	return true;
}

// tcp:HOST[:PORT], rtu-tcp:HOST:PORT, rtu-udp:HOST:PORT, rtu:PATH[,9600,8N1].
static bool
set_target(struct probe *p, const char *text)
{
	(void)str_copy(p->where, sizeof(p->where), text);
	if (strncmp(text, "tcp:", 4) == 0) {
		p->target.kind = CLIENT_TCP;
		return set_endpoint(p, text + 4, MODBUS_PORT);
	}
	if (strncmp(text, "rtu-tcp:", 8) == 0) {
		p->target.kind = CLIENT_RTU_TCP;
		return set_endpoint(p, text + 8, -1);
	}
	if (strncmp(text, "rtu-udp:", 8) == 0) {
		p->target.kind = CLIENT_RTU_UDP;
		return set_endpoint(p, text + 8, -1);
	}
	if (strncmp(text, "rtu:", 4) != 0)
		return refuse(p, "target", text,
		    "tcp:HOST[:PORT], rtu-tcp:HOST:PORT, rtu-udp:HOST:PORT or "
		    "rtu:PATH[,9600,8N1]; or -c with --device or --point");
	p->target.kind = CLIENT_RTU;
	const char *comma = strchr(text + 4, ',');
	size_t len = comma != NULL ? (size_t)(comma - text - 4) : strlen(text + 4);
	p->target.serial.tty = xasprintf("%.*s", (int)len, text + 4);
	return set_line(p, comma != NULL ? comma + 1 : "9600,8N1");
}

static void
set_bus(struct probe *p, const struct bus *b)
{
	static const enum client_kind kinds[] = {
		[BUS_MODBUS_TCP] = CLIENT_TCP,
		[BUS_MODBUS_RTU] = CLIENT_RTU,
		[BUS_MODBUS_RTU_TCP] = CLIENT_RTU_TCP,
		[BUS_MODBUS_RTU_UDP] = CLIENT_RTU_UDP,
	};
	static const char *const words[] = {
		[CLIENT_TCP] = "tcp",
		[CLIENT_RTU_TCP] = "rtu-tcp",
		[CLIENT_RTU_UDP] = "rtu-udp",
	};

	wr_assert(b->kind != BUS_REPLAY);
	p->target.kind = kinds[b->kind];
	p->target.serial = (struct port_settings){ .baud = b->baud,
		.parity = b->parity,
		.data_bits = b->data_bits,
		.stop_bits = b->stop_bits,
		.rs485 = b->rs485 };
	if (b->kind == BUS_MODBUS_RTU) {
		p->target.serial.tty = xstrdup(b->tty);
		(void)snprintf(p->where, sizeof(p->where), "rtu:%s,%u,%u%c%u", b->tty,
		    b->baud, b->data_bits, b->parity, b->stop_bits);
		return;
	}
	p->target.host = xstrdup(b->host);
	p->target.port = b->port;
	p->target.local_port = b->local_port;
	(void)snprintf(p->where, sizeof(p->where), "%s:%s:%u", words[p->target.kind],
	    b->host, b->port);
}

static const struct device *
find_device(const struct probe *p)
{
	const struct site *s = p->site;

	if (p->point != NULL)
		return &s->devices[p->point->device];
	for (uint16_t i = 0; i < s->n_devices; i++)
		if (strcmp(s->devices[i].id, p->c->device) == 0)
			return &s->devices[i];
	(void)cli_fail(
	    p->c, CLI_USAGE, "--device: the site has no \"%s\"", p->c->device);
	return NULL;
}

static bool
find_point(struct probe *p)
{
	uint32_t at = site_find_point(p->site, p->c->point);

	if (at == UINT32_MAX || p->site->points[at].device == INDEX_NONE) {
		(void)cli_fail(p->c, CLI_USAGE,
		    "--point: the site has no point \"%s\" on a device", p->c->point);
		return false;
	}
	p->point = &p->site->points[at];
	const struct device *d = &p->site->devices[p->point->device];
	p->area = d->profile->items[p->point->item].area;
	p->address = p->point->pdu;
	return true;
}

static bool
set_from_site(struct probe *p)
{
	if (p->c->point != NULL && !find_point(p))
		return false;
	const struct device *d = find_device(p);
	if (d == NULL)
		return false;
	p->unit = d->unit;
	p->profile = d->profile;
	p->target.gap_ms = d->gap_ms > GAP_MS ? d->gap_ms : GAP_MS;
	if (p->site->buses[d->bus].kind == BUS_REPLAY) {
		(void)cli_fail(p->c, CLI_USAGE,
		    "bus %s is a recording: there is nothing to ask",
		    p->site->buses[d->bus].id);
		return false;
	}
	set_bus(p, &p->site->buses[d->bus]);
	return true;
}

static bool
find_target(struct probe *p)
{
	bool named = p->c->device != NULL || p->c->point != NULL;

	if (named && p->site == NULL) {
		(void)cli_fail(
		    p->c, CLI_USAGE, "--device and --point need -c FILE, the site");
		return false;
	}
	if (named == (p->c->argc == 1) || p->c->argc > 1) {
		(void)cli_fail(p->c, CLI_USAGE,
		    "one target is needed: tcp:HOST[:PORT], rtu-tcp:HOST:PORT, "
		    "rtu-udp:HOST:PORT, rtu:PATH[,9600,8N1], or -c FILE with --device "
		    "or --point");
		return false;
	}
	return named ? set_from_site(p) : set_target(p, p->c->argv[0]);
}

// --- how -------------------------------------------------------------------

static bool
read_area(struct probe *p)
{
	if (p->c->area == NULL)
		return true;
	for (enum area a = AREA_COIL; a < AREA_COUNT; a++)
		if (strcmp(area_name(a), p->c->area) == 0) {
			p->area = a;
			return true;
		}
	return refuse(p, "--area", p->c->area, "coil, discrete, holding, input");
}

static bool
read_number(const struct probe *p, const char *option, const char *text, unsigned low,
    unsigned high, unsigned *out)
{
	char why[WHY_MAX], name[32];
	int64_t v;

	if (text == NULL)
		return true;
	(void)snprintf(name, sizeof(name), "--%s", option);
	if (units_integer(text, low, high, &v, why) != 0)
		return refuse(p, name, text, why);
	*out = (unsigned)v;
	return true;
}

static bool
read_time(const struct probe *p, const char *option, const char *text, uint32_t low,
    uint32_t high, uint32_t *out)
{
	char why[WHY_MAX], name[32];

	(void)snprintf(name, sizeof(name), "--%s", option);
	if (text != NULL && units_duration(text, low, high, out, why) != 0)
		return refuse(p, name, text, why);
	return true;
}

// "1-32"
static bool
read_range(const struct probe *p, const char *option, const char *text, unsigned high,
    unsigned out[static 2])
{
	char allowed[64], *dash, *end;
	unsigned long a = strtoul(text, &dash, 10);
	unsigned long b = *dash == '-' ? strtoul(dash + 1, &end, 10) : 0;

	if (dash != text && *dash == '-' && end != dash + 1 && *end == '\0' && a <= b &&
	    b <= high) {
		out[0] = (unsigned)a;
		out[1] = (unsigned)b;
		return true;
	}
	(void)snprintf(
	    allowed, sizeof(allowed), "FROM-TO within 0 to %u, for example 1-32", high);
	return refuse(p, option, text, allowed);
}

static bool
read_unit(struct probe *p)
{
	bool serial = p->target.kind != CLIENT_TCP;
	unsigned unit = p->unit;

	if (!read_number(p, "unit", p->c->unit, serial ? 1 : 0,
		serial ? SERIAL_UNIT_MAX : 255, &unit))
		return false;
	p->unit = (uint8_t)unit;
	return true;
}

static bool
read_place(struct probe *p)
{
	unsigned address = p->address, count = COUNT;

	if (!read_area(p) ||
	    !read_number(p, "address", p->c->address, 0, UINT16_MAX, &address) ||
	    !read_number(p, "count", p->c->count, 1, COUNT_MAX, &count))
		return false;
	p->address = (uint16_t)address;
	p->count = (uint16_t)count;
	if (address + count > UINT16_MAX + 1U)
		return refuse(p, "--count", p->c->count != NULL ? p->c->count : "2",
		    "no more than to address 65535");
	return true;
}

static bool
read_manners(struct probe *p)
{
	p->timeout_ms = p->c->scan != NULL   ? SCAN_TIMEOUT_MS
			: p->c->time != NULL ? TIME_TIMEOUT_MS
					     : TIMEOUT_MS;
	return read_time(
		   p, "timeout", p->c->timeout, 10, TIMEOUT_MAX_MS, &p->timeout_ms) &&
	       read_time(p, "gap", p->c->gap, 0, GAP_MAX_MS, &p->target.gap_ms);
}

static bool
one_mode(const struct probe *p)
{
	int modes = (p->c->scan != NULL) + (p->c->time != NULL) + (p->c->find != NULL) +
		    (p->c->gauge != NULL);

	if (modes > 1)
		(void)cli_fail(p->c, CLI_USAGE,
		    "only one of --gauge, --scan, --time and --find at a time");
	return modes <= 1;
}

static enum cli_exit
run_scan(struct probe *p)
{
	bool serial = p->target.kind != CLIENT_TCP;
	unsigned range[2];

	if (!read_range(p, "--scan", p->c->scan, serial ? SERIAL_UNIT_MAX : 255, range))
		return CLI_USAGE;
	if (serial && range[0] == 0)
		range[0] = 1; // 0 is the broadcast address of a line
	return probe_scan(p, range[0], range[1]);
}

static enum cli_exit
run_mode(struct probe *p)
{
	struct gauge g;
	char why[WHY_MAX];
	unsigned range[2], samples = SAMPLES;

	if (p->c->scan != NULL)
		return run_scan(p);
	if (p->c->find != NULL)
		return read_range(p, "--find", p->c->find, UINT16_MAX, range)
			   ? probe_find(p, range[0], range[1])
			   : CLI_USAGE;
	if (p->c->time != NULL)
		return read_number(
			   p, "samples", p->c->samples, 1, SAMPLES_MAX, &samples)
			   ? probe_time(p, samples)
			   : CLI_USAGE;
	if (p->c->gauge == NULL)
		return probe_registers(p, NULL);
	if (gauge_parse(p->c->gauge, &g, why) == 0)
		return probe_registers(p, &g);
	return cli_fail(p->c, CLI_USAGE, "--gauge: %s", why);
}

// The site's daemon may hold one of the few connections of a gateway.
static void
warn_of_bus(const struct probe *p)
{
	const struct site *s = p->site;

	for (uint16_t i = 0; s != NULL && i < s->n_buses; i++)
		if (p->target.kind != CLIENT_RTU && s->buses[i].host != NULL &&
		    strcmp(s->buses[i].host, p->target.host) == 0 &&
		    s->buses[i].port == p->target.port)
			(void)fprintf(stderr,
			    "note: bus %s of the site has this address; some gateways "
			    "take two connections at most\n",
			    s->buses[i].id);
}

static enum cli_exit
open_and_run(struct probe *p)
{
	struct err err = { 0 };

	warn_of_bus(p);
	p->client = modbus_client_open(&p->target, TIMEOUT_MS * 3, &err);
	if (p->client == NULL)
		return cli_fail(p->c, CLI_FAILED, "%s", err.text);
	enum cli_exit code = run_mode(p);
	modbus_client_close(p->client);
	return code;
}

enum cli_exit
cmd_probe(const struct cli *c)
{
	struct cli_site site = { 0 };
	struct probe p = {
		.c = c, .unit = 1, .area = AREA_HOLDING, .target.gap_ms = GAP_MS
	};
	enum cli_exit code = c->config != NULL ? cli_locate(c, &site) : CLI_OK;

	if (code != CLI_OK)
		return code;
	p.site = site.site;
	code = CLI_USAGE;
	if (one_mode(&p) && find_target(&p) && read_unit(&p) && read_place(&p) &&
	    read_manners(&p))
		code = open_and_run(&p);
	free((char *)(uintptr_t)p.target.host);
	free((char *)(uintptr_t)p.target.serial.tty);
	cli_close(&site);
	return code;
}
