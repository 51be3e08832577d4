// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See budget_plan.h. Test code only.
#include "budget_plan.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_fixture.h"
#include "test.h"

enum {
	TEXT_MAX = 64 * 1024,
	SHARED_MOST = 12, // units of a shared bus
	TRIES = 200,
};

static char text[TEXT_MAX];
static size_t used;

uint32_t
dice_below(struct dice *d, uint32_t n)
{
	assert(n > 0);
	d->state ^= d->state << 13;
	d->state ^= d->state >> 7;
	d->state ^= d->state << 17;
	return (uint32_t)(d->state >> 33) % n;
}

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void
say(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	int n = vsnprintf(text + used, sizeof(text) - used, format, ap);
	va_end(ap);
	assert_in_range(n, 0, sizeof(text) - used - 1);
	used += (size_t)n;
}

const char *
plan_text(void)
{
	return text;
}

// ---- profiles --------------------------------------------------------------------

static void
say_items(uint32_t registers)
{
	say("name: {en: Test}\nsource: made up\nfirmware: none\nmaturity: inferred\n"
	    "provenance: made up for the tests\ntransports: [tcp, rtu]\n"
	    "limits: {max_registers: %u}\n"
	    "decoders:\n"
	    "  - {name: state, form: word, fields: [{mask: 0xFFFF, values: ["
	    "{value: 0, means: none}, {value: 37, means: fire}], unknown: fault}]}\n"
	    "  - {name: on, form: bit}\n"
	    "items:\n"
	    "  - {name: relay, area: coil, base: 0, printed: \"1\", decoder: on,"
	    " device: {from: 0, to: 7, stride: 1}, output: true}\n"
	    "  - {name: word, area: holding, base: 0, printed: \"1\", decoder: state,"
	    " device: {from: 1, to: 9000, stride: 1}}\n"
	    "  - {name: guarded, area: input, base: 0, printed: \"1\", decoder: state,"
	    " device: {from: 1, to: 9000, stride: 1}}\n"
	    "  - {name: chosen, area: holding, base: 20000, printed: \"1\","
	    " decoder: state, device: {from: 1, to: 500, stride: 1}}\n",
	    registers);
}

static void
write_profile(const char *name)
{
	char file[64];

	(void)snprintf(file, sizeof(file), "panels/%s.yaml", name);
	fixture_write(file, text);
	used = 0;
}

static void
write_plain(struct dice *d)
{
	static const uint32_t most[] = { 4, 10, 40, 125 };

	say("profile: plain\n");
	say_items(most[dice_below(d, 4)]);
	write_profile("plain");
}

static void
write_talking(struct dice *d)
{
	static const char *const kinds[] = { "flags", "count", "revision" };

	say("profile: talking\n");
	say_items(20);
	say("dialogs:\n  full_scan: %us\n", 5 + dice_below(d, 20));
	say("  writes:\n"
	    "    - {name: handled, for: acknowledge, function: 6, address: 30000,"
	    " printed: \"1\", min: 0, max: 65535}\n"
	    "    - {name: select, for: selector, function: 6, address: 30001,"
	    " printed: \"1\", min: 1, max: 512}\n"
	    "    - {name: beat, for: heartbeat, function: 6, address: 30002,"
	    " printed: \"1\", min: 0, max: 9}\n");
	if (dice_below(d, 2) == 0)
		say("  alive:\n"
		    "    - {name: source, area: holding, address: 30010, printed: "
		    "\"1\", code: source, values: [1]}\n");
	say("  summaries:\n"
	    "    - {name: changes, area: input, address: 30020, printed: \"1\","
	    " kind: %s, guards: [guarded]}\n",
	    kinds[dice_below(d, 3)]);
	say("  queue: {area: holding, address: 30100, printed: \"1\", registers: 14,"
	    " empty: 4, layout: fixed, sequence: {at: 0, bytes: 2, first: 1, last: "
	    "65535}, code: {at: 3, bytes: 1, decoder: state}, fields: [{at: 4, bytes: "
	    "2, is: zone}], acknowledge: handled, points: []}\n");
	say("  selectors:\n"
	    "    - {name: numeric, item: chosen, write: select, wait: %ums, area: "
	    "holding, address: 30200, printed: \"1\", every: %us, patience: 7s,"
	    " why_off: {en: a test.}}\n",
	    50 + dice_below(d, 300), 1 + dice_below(d, 10));
	say("  heartbeat: {write: beat, period: %us}\n", 1 + dice_below(d, 5));
	write_profile("talking");
}

// ---- the site --------------------------------------------------------------------

static void
say_points(struct dice *d, unsigned unit, const char *item, uint32_t most)
{
	uint32_t n = 1 + dice_below(d, most), at = 1;

	for (uint32_t i = 0; i < n; i++) {
		say("      - {id: %s%u-%u, item: %s, device: %u, kind: smoke, place: "
		    "{en: P}%s}\n",
		    item, unit, at, item, at,
		    dice_below(d, 4) == 0 ? ", on_delay: 700ms" : "");
		// Mostly a block of its own, of whatever size.
		at += dice_below(d, 3) == 0 ? 1 + dice_below(d, 9)
					    : 12 + dice_below(d, 30);
	}
}

static void
say_device(struct dice *d, unsigned unit, uint32_t poll, uint32_t blocks, bool windows)
{
	static const uint32_t timeouts[] = { 100, 200, 500, 1000, 3000 };
	bool talks = dice_below(d, 5) == 0;

	say("  - id: d%u\n    bus: b\n    unit: %u\n    profile: %s\n"
	    "    poll: %ums\n    timeout: %ums\n    retries: %u\n"
	    "    accept_budget: {limit: 1h, reason: a test}\n",
	    unit, unit, talks ? "talking" : "plain", poll, timeouts[dice_below(d, 5)],
	    dice_below(d, 4));
	if (dice_below(d, 3) == 0)
		say("    gap: %ums\n", 1 + dice_below(d, 40));
	if (windows && dice_below(d, 2) == 0)
		say("    window: %u\n", 1 + dice_below(d, 3));
	if (talks)
		say("    dialogs: {queue: %s, allow_writes: %s, selectors: [%s]}\n",
		    dice_below(d, 2) == 0 ? "true" : "false",
		    dice_below(d, 2) == 0 ? "true" : "false", "numeric");
	say("    points:\n");
	say_points(d, unit, "word", blocks);
	if (!talks)
		return;
	say_points(d, unit, "guarded", blocks);
	if (dice_below(d, 2) == 0)
		say_points(d, unit, "chosen", 3);
}

static void
say_bus(struct dice *d, unsigned kind)
{
	static const char *const lines[] = { "9600 8N1", "9600 8E1", "19200 8N1",
		"38400 8N1", "115200 8N1" };
	static const char *const keys[] = { "modbus_tcp: \"192.0.2.1\"",
		"modbus_rtu: /dev/ttyS0", "modbus_rtu_tcp: \"192.0.2.1:4001\"" };
	const char *line = lines[dice_below(d, 5)];

	say("buses:\n  - {id: b, %s", keys[kind]);
	if (kind != 0 || dice_below(d, 2) == 0)
		say(", line: %s", line);
	if (dice_below(d, 4) == 0)
		say(", settle: %ums", dice_below(d, 500));
	if (kind == 2 && dice_below(d, 3) == 0)
		say(", gateway_timeout: %ums", 20 + dice_below(d, 80));
	if (dice_below(d, 4) == 0)
		say(", silent_units: %u", dice_below(d, 4));
	say("}\n");
}

static void
say_outputs(struct dice *d, uint32_t units)
{
	static const char *const roles[] = { "role: sounder, steady: [fire]",
		"role: lamp, blink: [fire]", "role: lamp, steady: [fault]",
		"role: heartbeat, period: 2s" };

	if (dice_below(d, 4) != 0)
		return;
	say("outputs:\n");
	for (uint32_t i = 0; i <= dice_below(d, 2); i++)
		say("  - {id: o%u, device: d%u, item: relay, number: %u, %s,"
		    " allow_write: true, refresh: %us}\n",
		    i, 1 + dice_below(d, units), i, roles[dice_below(d, 4)],
		    1 + dice_below(d, 10));
}

static void
say_site(struct dice *d)
{
	static const uint32_t polls[] = { 100, 200, 500, 1000, 1500, 2000, 5000,
		10000 };
	unsigned kind = dice_below(d, 3);
	uint32_t units = dice_below(d, 3) == 0 ? 1 : 2 + dice_below(d, SHARED_MOST - 1);
	uint32_t poll = polls[dice_below(d, 8)];
	uint32_t blocks = 1 + dice_below(d, units == 1 ? 16 : 4);
	bool alike = dice_below(d, 2) == 0;

	used = 0;
	say("site: {id: s, time_zone: UTC}\n");
	say_bus(d, kind);
	say("devices:\n");
	for (unsigned u = 1; u <= units; u++)
		say_device(
		    d, u, alike ? poll : polls[dice_below(d, 8)], blocks, kind == 0);
	say_outputs(d, units);
}

static void
say_unit_of_queue_plan(unsigned unit)
{
	say("  - {id: d%u, bus: b, unit: %u, profile: %s, poll: 1s, timeout: 100ms,"
	    " retries: 2%s, points: [{id: word%u, item: word, device: 1, kind: smoke,"
	    " place: {en: P}}",
	    unit, unit, unit == 2 ? "talking" : "plain",
	    unit == 2 ? ", dialogs: {queue: true, allow_writes: true}" : "", unit);
	if (unit > 2)
		say(", {id: far%u, item: word, device: 1000, kind: smoke, place: {en: "
		    "P}}",
		    unit);
	say("]}\n");
}

static struct site *
load(struct problems *p)
{
	struct site *s;

	memset(p, 0, sizeof(*p));
	fixture_write("site.yaml", text);
	s = site_load(fixture_path("site.yaml"), fixture_path("panels"), p);
	fixture_remove();
	return s;
}

struct site *
plan_with_queue(struct dice *d)
{
	static struct problems p;
	struct site *s;

	(void)fixture_folder();
	used = 0;
	write_plain(d);
	write_talking(d);
	say("site: {id: s, time_zone: UTC}\nbuses:\n"
	    "  - {id: b, modbus_rtu: /dev/ttyS0, line: 9600 8N1, silent_units: 0}\n"
	    "devices:\n");
	for (unsigned u = 1; u <= SHARED_MOST; u++)
		say_unit_of_queue_plan(u);
	s = load(&p);
	if (s == NULL)
		fail_msg("%s: %s", p.items[0].text, text);
	return s;
}

struct site *
plan_roll(struct dice *d)
{
	for (int i = 0; i < TRIES; i++) {
		static struct problems p;
		struct site *s;

		(void)fixture_folder();
		used = 0;
		write_plain(d);
		write_talking(d);
		say_site(d);
		s = load(&p);
		if (s != NULL)
			return s;
		// The only thing that may be wrong with it.
		if (strstr(p.items[0].text, "planned load") == NULL)
			fail_msg("%s: %s", p.items[0].text, text);
		problems_free(&p);
	}
	fail_msg("no plan is light enough");
	return NULL;
}
