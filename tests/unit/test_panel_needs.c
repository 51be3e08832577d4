// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What devices force a profile to say (docs/profiles.md), each by the profile of a real
// one and a panel that answers by its document: exceptions that mean something, time
// stamps that wrap, texts that name a device, registers that hide, values that belong
// together, limits of an area.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "dialog_rig.h"
#include "test.h"

enum {
	SECOND = 1000,
	E1240_STATUS = 60, // 30061
	FIRE = 0x0C10,
	NORMAL = 0x1400,
};

static struct dialog_rig rig;

static int
tear_down(void **state)
{
	(void)state;
	dialog_rig_free(&rig);
	return 0;
}

static enum quality
quality_of(const char *point)
{
	const struct sample *s = dialog_rig_last(&rig, point);

	assert_non_null(s);
	return s->quality;
}

static size_t
samples_of(const char *point)
{
	size_t n = 0;

	for (size_t i = 0; i < rig.n_samples; i++)
		n += strcmp(rig.site->points[rig.samples[i].point].id, point) == 0;
	return n;
}

static size_t
edges_of(const char *point)
{
	size_t n = 0;

	for (size_t i = 0; i < rig.n_samples; i++)
		n += rig.samples[i].kind == SAMPLE_EDGE &&
		     strcmp(rig.site->points[rig.samples[i].point].id, point) == 0;
	return n;
}

// ---- exceptions (19)
// ------------------------------------------------------------------

static void
assert_none_is_good(void)
{
	uint32_t panel = rig.site->devices[0].panel_point;

	for (size_t i = 0; i < rig.n_samples; i++)
		if (rig.samples[i].point != panel)
			assert_int_not_equal(rig.samples[i].quality, QUALITY_GOOD);
}

#define TWO_DETECTORS                                                           \
  "poll: 1s, points: ["                                                         \
  "{id: d1, item: detector, loop: 1, device: 1, kind: smoke, place: {en: A}}, " \
  "{id: d2, item: detector, loop: 2, device: 1, kind: smoke, place: {en: B}}]"

// Of both gateways: 0A is our configuration, 0B the panel behind a living gateway.
static void
test_i6_what_an_exception_means_is_never_a_value(void **state)
{
	static const struct {
		uint8_t exception;
		const char *lost; // NULL: we ask wrongly, and the points are bad
	} table[] = { { 0x0A, "not-configured" }, { 0x0B, "panel-lost" },
		{ 0x01, NULL }, { 0x03, NULL }, { 0x04, "exception-04" },
		{ 0x06, "exception-06" } };
	static const char *const profiles[] = { "notifier-modbus-gw",
		"honeywell-clss" };

	(void)state;
	for (size_t p = 0; p < ARRAY_LEN(profiles); p++)
		for (size_t i = 0; i < ARRAY_LEN(table); i++) {
			dialog_rig_init_panel(&rig, profiles[p], TWO_DETECTORS);
			for (int a = 0; a < 12000; a++)
				rig.sim.holding[a] = NORMAL;
			rig.sim.holding[0] = FIRE;
			dialog_rig_run(&rig, 10 * SECOND);
			assert_true(dialog_rig_shows(&rig, "d1", COND_FIRE, ""));
			rig.sim.holding[0] = NORMAL; // whatever it would answer now
			rig.sim.exception = table[i].exception;
			rig.sim.exceptions = UINT32_MAX;
			rig.n_samples = 0;
			dialog_rig_run(&rig, 120 * SECOND);
			if (table[i].lost != NULL) {
				assert_int_equal(rig.lost, 1);
				assert_string_equal(rig.lost_code, table[i].lost);
			} else {
				assert_int_equal(quality_of("d1"), QUALITY_BAD);
			}
			assert_none_is_good();
			rig.sim.exceptions = 0;
			dialog_rig_run(&rig, 120 * SECOND);
			assert_int_equal(rig.lost, 0);
			assert_false(dialog_rig_shows(&rig, "d1", COND_FIRE, ""));
			dialog_rig_free(&rig);
		}
	dialog_rig_init_panel(&rig, profiles[0], TWO_DETECTORS);
}

// S2000-PP: 03 is a zone beyond those that are configured, 0F not obtained yet.
static void
test_s2000_zones_beyond_those_that_are_configured(void **state)
{
	(void)state;
	dialog_rig_init_panel(&rig, "bolid-s2000-pp",
	    "poll: 1s, points: ["
	    "{id: z1, item: zone, device: 1, kind: smoke, place: {en: A}}, "
	    "{id: z2, item: zone, device: 2, kind: smoke, place: {en: B}}, "
	    "{id: z9, item: zone, device: 9, kind: smoke, place: {en: C}}]");
	rig.sim.discrete[9] = 1;
	rig.sim.holding[40000] = 37 << 8;
	rig.sim.holding[40001] = 24 << 8;
	rig.sim.absent_from = 40008;
	rig.sim.absent_to = 40511;
	rig.sim.absent_code = 3;
	dialog_rig_run(&rig, 10 * SECOND);
	assert_int_equal(rig.lost, 0);
	assert_true(dialog_rig_shows(&rig, "z1", COND_FIRE, ""));
	assert_int_equal(quality_of("z2"), QUALITY_GOOD);
	assert_int_equal(quality_of("z9"), QUALITY_BAD);
	assert_true(dialog_rig_shows(&rig, "z9", COND_FAULT, "not-present"));
	rig.sim.exception = 15;
	rig.sim.exceptions = 2;
	rig.sim.exception_at = 40000;
	rig.sim.holding[40001] = 41 << 8;
	dialog_rig_run(&rig, 5 * SECOND);
	assert_int_equal(rig.lost, 0);
	assert_true(dialog_rig_shows(&rig, "z2", COND_FAULT, "equipment"));
}

// ---- time stamps of the device (23)
// ---------------------------------------------------

static void
move_stamp(uint16_t stamp)
{
	rig.sim.holding[4000] = 0x4148; // 12.5
	rig.sim.holding[4002] = stamp;
}

static void
test_a_stamp_that_wraps_is_one_that_moves(void **state)
{
	uint16_t stamp = 65000;

	(void)state;
	dialog_rig_init_panel(&rig, "akytec-mv210-101",
	    "poll: 1s, points: [{id: ai, item: ai-high-word-first, device: 1, kind: "
	    "number, place: {en: A}}]");
	for (int i = 0; i < 60; i++) {
		stamp = (uint16_t)(stamp + 100); // 1 s of 10 ms, over the end at 65536
		move_stamp(stamp);
		dialog_rig_run(&rig, SECOND);
	}
	assert_true(stamp < 65000);
	assert_int_equal(quality_of("ai"), QUALITY_GOOD);
	// For freshness only: it is no time of ours.
	assert_int_equal(dialog_rig_last(&rig, "ai")->device_time_ms, 0);
	dialog_rig_run(&rig, 40 * SECOND); // stands still, and the value with it
	assert_int_equal(quality_of("ai"), QUALITY_BAD);
	assert_true(dialog_rig_shows(&rig, "ai", COND_FAULT, "frozen"));
	move_stamp((uint16_t)(stamp - 1)); // backwards moves, too
	dialog_rig_run(&rig, 2 * SECOND);
	assert_int_equal(quality_of("ai"), QUALITY_GOOD);
}

// ---- texts that name a device (25, 26)
// ------------------------------------------------

static void
put_text(uint16_t address, uint16_t registers, const char *text, bool low_first)
{
	size_t n = strlen(text);

	for (uint16_t i = 0; i < registers; i++) {
		uint8_t a = 2U * i < n ? (uint8_t)text[2 * i] : ' ';
		uint8_t b = 2U * i + 1 < n ? (uint8_t)text[2 * i + 1] : ' ';
		uint8_t high = low_first ? b : a, low = low_first ? a : b;

		rig.sim.holding[address + i] = (uint16_t)(high << 8 | low);
	}
}

static void
try_model(const char *text, bool low_first, bool right)
{
	dialog_rig_init_panel(&rig, "tornatech-gpx",
	    "poll: 1s, identity: {model: GPA-480}, points: [{id: p, item: alarms-1, "
	    "kind: fault-contact, place: {en: A}}]");
	put_text(40, 40, text, low_first); // 40041-40080
	rig.sim.holding[1000] = 1 << 7;    // power loss
	dialog_rig_run(&rig, 5 * SECOND);
	if (right) {
		assert_int_equal(rig.lost, 0);
		assert_true(dialog_rig_shows(&rig, "p", COND_FAULT, "power-loss"));
	} else {
		assert_int_equal(rig.lost, 1);
		assert_string_equal(rig.lost_code, "identity");
		assert_null(dialog_rig_last(&rig, "p")); // nothing of it is decoded
	}
	dialog_rig_free(&rig);
}

static void
test_the_text_of_the_right_device(void **state)
{
	(void)state;
	try_model("GPA-480/60-100", false, true); // what it begins with
	try_model("  GPA-480", false, true);      // blanks around it are left out
	try_model("GPX-480", false, false);
	try_model("GPA-48", false, false);
	try_model("", false, false);
	try_model("GPA-480", true, false); // the other character first
	// Where the site gives no text, none is asked for.
	dialog_rig_init_panel(&rig, "tornatech-gpx",
	    "poll: 1s, points: [{id: p, item: alarms-1, kind: fault-contact, place: "
	    "{en: A}}]");
	dialog_rig_run(&rig, 5 * SECOND);
	assert_int_equal(rig.lost, 0);
	assert_int_equal(rig.sim.asked[40], 0);
}

// ---- registers that are not there (28)
// ------------------------------------------------

// APC: an undefined register fails alone, but is 0 in a block that begins with a good
// one. 0 as a status is "no state", and as a voltage it is a lie.
static void
test_i6_zeros_of_undefined_registers_are_no_values(void **state)
{
	(void)state;
	dialog_rig_init_panel(&rig, "apc-smart-ups",
	    "poll: 1s, points: ["
	    "{id: u1, item: charge-left, kind: ratio, place: {en: A}}, "
	    "{id: u2, item: battery-voltage, kind: voltage, place: {en: B}}, "
	    "{id: u3, item: battery-temperature, kind: temperature, place: {en: C}}]");
	rig.sim.holding[130] = 100 * 512;
	rig.sim.hidden_from = 131;
	rig.sim.hidden_to = 140;
	dialog_rig_run(&rig, 20 * SECOND);
	assert_int_equal(rig.lost, 0);
	assert_int_equal(quality_of("u1"), QUALITY_GOOD);
	assert_true(fabs(dialog_rig_last(&rig, "u1")->value - 100) < 1e-9);
	for (size_t i = 0; i < rig.n_samples; i++)
		if (rig.samples[i].point == site_find_point(rig.site, "u2") ||
		    rig.samples[i].point == site_find_point(rig.site, "u3"))
			assert_int_equal(rig.samples[i].quality, QUALITY_BAD);
	assert_int_equal(quality_of("u2"), QUALITY_BAD);
	assert_int_equal(quality_of("u3"), QUALITY_BAD);
}

// MODBUS-GW: a block that touches an absent detector is refused whole; the others are
// read on around it, and it is remembered.
static void
test_an_absent_detector_costs_the_others_nothing(void **state)
{
	char points[2000] = "poll: 1s, points: [";
	unsigned asked;

	(void)state;
	for (int d = 1; d <= 16; d++) {
		size_t n = strlen(points);
		(void)snprintf(points + n, sizeof(points) - n,
		    "%s{id: d%d, item: detector, loop: 1, device: %d, kind: smoke, "
		    "place: {en: A}}",
		    d > 1 ? ", " : "", d, d);
	}
	(void)strncat(points, "]", sizeof(points) - strlen(points) - 1);
	dialog_rig_init_panel(&rig, "notifier-modbus-gw", points);
	for (int i = 0; i < 16; i++)
		rig.sim.holding[i] = NORMAL;
	rig.sim.absent_from = rig.sim.absent_to = 6;
	dialog_rig_run(&rig, 30 * SECOND);
	assert_true(dialog_rig_shows(&rig, "d7", COND_FAULT, "not-present"));
	rig.sim.holding[5] = rig.sim.holding[7] = FIRE;
	asked = rig.sim.asked[6];
	dialog_rig_run(&rig, 3 * SECOND);
	assert_true(dialog_rig_shows(&rig, "d6", COND_FIRE, ""));
	assert_true(dialog_rig_shows(&rig, "d8", COND_FIRE, ""));
	dialog_rig_run(&rig, 27 * SECOND);
	assert_in_range(rig.sim.asked[6] - asked, 0, 2); // seldom, not each second
}

// ---- values that belong together (27), limits of an area (2)
// ---------------------------

// Every read that touches a register of [from, to] has all of them.
static void
assert_together(uint8_t function, uint16_t from, uint16_t to)
{
	unsigned seen = 0;

	for (unsigned i = 0; i < rig.sim.n_reads; i++) {
		const struct sim_read *r = &rig.sim.reads[i];
		uint32_t end = r->address + r->count - 1U;

		if (r->function != function || end < from || r->address > to)
			continue;
		seen++;
		assert_true(r->address <= from && end >= to);
	}
	assert_true(seen > 0);
}

static void
test_a_float_is_never_read_in_halves(void **state)
{
	char points[2000] = "poll: 1s, points: [";

	(void)state;
	for (int d = 0; d < 8; d++) {
		size_t n = strlen(points);
		(void)snprintf(points + n, sizeof(points) - n,
		    "%s{id: a%d, item: ai, device: %d, kind: number, place: {en: A}}",
		    d > 0 ? ", " : "", d, d);
	}
	(void)strncat(points, "]", sizeof(points) - strlen(points) - 1);
	dialog_rig_init_panel(&rig, "iologik-e1240", points);
	dialog_rig_run(&rig, 10 * SECOND);
	for (uint16_t d = 0; d < 8; d++) {
		// 30009 + 2 n, high word first, and its status 30061 + n.
		assert_together(4, (uint16_t)(8 + 2 * d), (uint16_t)(8 + 2 * d + 1));
		assert_together(4, (uint16_t)(8 + 2 * d), (uint16_t)(60 + d));
	}
	rig.sim.absent_from = rig.sim.absent_to = 12; // and when blocks are halved
	rig.sim.n_reads = 0;
	dialog_rig_run(&rig, 30 * SECOND);
	for (uint16_t d = 0; d < 8; d++)
		assert_together(4, (uint16_t)(8 + 2 * d), (uint16_t)(8 + 2 * d + 1));
}

static void
test_no_read_is_longer_than_its_area_allows(void **state)
{
	static const char profile[] =
	    "profile: test\nname: {zh: 测, en: Test}\nsource: made up\n"
	    "firmware: none\nmaturity: inferred\nprovenance: made up\n"
	    "transports: [tcp]\n"
	    "limits: {max_registers: 20, max_bits: 16, max_of: {input: 10}}\n"
	    "decoders:\n"
	    "  - {name: number, form: analog, type: uint16, quantity: number}\n"
	    "  - {name: contact, form: bit}\n"
	    "items:\n"
	    "  - {name: h, area: holding, base: 0, printed: \"40001\", device: {from: "
	    "1, to: 60, stride: 1}, decoder: number}\n"
	    "  - {name: i, area: input, base: 0, printed: \"30001\", device: {from: "
	    "1, to: 60, stride: 1}, decoder: number}\n"
	    "  - {name: c, area: coil, base: 0, printed: \"00001\", device: {from: "
	    "1, to: 60, stride: 1}, decoder: contact}\n";
	static const uint16_t most[] = { 0, 16, 0, 20, 10 }; // by function
	static char points[16384];
	uint16_t longest[5] = { 0 };

	(void)state;
	(void)snprintf(points, sizeof(points), "poll: 1s, points: [");
	for (int d = 1; d <= 60; d++) {
		size_t n = strlen(points);
		(void)snprintf(points + n, sizeof(points) - n,
		    "%s{id: h%d, item: h, device: %d, kind: number, place: {en: A}}, "
		    "{id: i%d, item: i, device: %d, kind: number, place: {en: A}}, "
		    "{id: c%d, item: c, device: %d, kind: module, place: {en: A}}",
		    d > 1 ? ", " : "", d, d, d, d, d, d);
	}
	(void)strncat(points, "]", sizeof(points) - strlen(points) - 1);
	dialog_rig_init(&rig, profile, points);
	dialog_rig_run(&rig, 10 * SECOND);
	for (unsigned i = 0; i < rig.sim.n_reads; i++) {
		const struct sim_read *r = &rig.sim.reads[i];

		assert_in_range(r->function, 1, 4);
		if (r->count > longest[r->function])
			longest[r->function] = r->count;
	}
	for (int f = 1; f <= 4; f++)
		assert_int_equal(longest[f], most[f]);
}

static void
put_float(uint16_t *at, float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	at[0] = (uint16_t)(bits >> 16);
	at[1] = (uint16_t)bits;
}

// The plain item, in a mode of the module in which its status says nothing of a wire.
static void
test_i6_a_broken_wire_of_a_live_zero_is_no_value(void **state)
{
	static const struct {
		float milliamps;
		bool broken;
		double megapascals;
	} rows[] = { { 4, false, 0 }, { 12, false, 0.8 }, { 3.61F, false, -0.039 },
		{ 3.6F, true, 0 }, { 0, true, 0 }, { 20.9F, false, 1.69 },
		{ 21, true, 0 }, { 20, false, 1.6 } };

	(void)state;
	dialog_rig_init_panel(&rig, "iologik-e1240",
	    "poll: 1s, points: [{id: p, item: ai, device: 0, kind: pressure, place: "
	    "{en: "
	    "P}, scale: {20: 1.6MPa, 4: 0MPa}}, {id: q, item: ai, device: 1, kind: "
	    "pressure, place: {en: Q}, scale: {0: -0.4MPa, 20: 1.6MPa}}]");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct sample *s;

		put_float(&rig.sim.input[8], rows[i].milliamps);
		put_float(&rig.sim.input[10], rows[i].milliamps);
		dialog_rig_run(&rig, 3 * SECOND);
		s = dialog_rig_last(&rig, "p");
		assert_non_null(s);
		assert_int_equal(
		    s->quality, rows[i].broken ? QUALITY_BAD : QUALITY_GOOD);
		assert_int_equal(
		    dialog_rig_shows(&rig, "p", COND_FAULT, "sensor-range"),
		    rows[i].broken);
		if (!rows[i].broken)
			assert_float_equal(
			    s->value, rows[i].megapascals * 1000, 1.0); // kPa
		// The same line by two other pairs: no signal with a live zero.
		assert_int_equal(dialog_rig_last(&rig, "q")->quality, QUALITY_GOOD);
	}
}

// ---- places in a register (8), events (12)
// --------------------------------------------

// E1240: the value of channel 0 is 30009-30010, its status 30061; of channel 3 they
// are 30015-30016 and 30064.
static void
test_each_channel_has_its_own_status(void **state)
{
	(void)state;
	dialog_rig_init_panel(&rig, "iologik-e1240",
	    "poll: 1s, points: ["
	    "{id: p, item: ai, device: 0, kind: number, place: {en: P}}, "
	    "{id: q, item: ai, device: 3, kind: number, place: {en: Q}}]");
	put_float(&rig.sim.input[8], 4.5F);
	put_float(&rig.sim.input[14], 12.25F);
	rig.sim.input[E1240_STATUS + 3] = 1; // burnt out
	dialog_rig_run(&rig, 2 * SECOND);
	assert_int_equal(quality_of("p"), QUALITY_GOOD);
	assert_int_equal(quality_of("q"), QUALITY_BAD);
	rig.sim.input[E1240_STATUS + 3] = 0;
	rig.sim.input[E1240_STATUS] = 1;
	dialog_rig_run(&rig, 2 * SECOND);
	assert_int_equal(quality_of("p"), QUALITY_BAD);
	assert_int_equal(quality_of("q"), QUALITY_GOOD);
}

// ADAM-6024: value and status of an input are 20 registers apart, and no source says
// what lies between. A module that refuses to be read over them has its values by items
// of their own; one read for both is never made two, which would not be of one moment.
static void
test_what_a_module_refuses_between_value_and_status(void **state)
{
	(void)state;
	dialog_rig_init_panel(&rig, "adam-6024",
	    "poll: 1s, points: ["
	    "{id: both, item: ai, device: 0, kind: number, place: {en: A}}, "
	    "{id: apart, item: ai-apart, device: 1, kind: number, place: {en: B}}, "
	    "{id: status, item: status, device: 1, kind: fault-contact, place: {en: "
	    "C}}]");
	rig.sim.absent_from = 6;
	rig.sim.absent_to = 19;
	rig.sim.holding[0] = 111;
	rig.sim.holding[1] = 222;
	dialog_rig_run(&rig, 10 * SECOND);
	assert_int_equal(rig.lost, 0);
	assert_int_equal(quality_of("both"), QUALITY_BAD);
	assert_true(dialog_rig_shows(&rig, "both", COND_FAULT, "not-present"));
	assert_int_equal(quality_of("apart"), QUALITY_GOOD);
	assert_float_equal(dialog_rig_last(&rig, "apart")->value, 222, 0);
	assert_int_equal(quality_of("status"), QUALITY_GOOD);
	rig.sim.holding[21] = 1;
	dialog_rig_run(&rig, 3 * SECOND);
	assert_true(dialog_rig_shows(&rig, "status", COND_FAULT, "over-range"));
	assert_int_equal(quality_of("apart"), QUALITY_GOOD);
	// It has them after all: the value and its status come in one read again.
	rig.sim.absent_to = 0;
	rig.sim.holding[20] = 2;
	dialog_rig_run(&rig, 130 * SECOND);
	assert_true(dialog_rig_shows(&rig, "both", COND_FAULT, "under-range"));
	rig.sim.holding[20] = 0;
	dialog_rig_run(&rig, 3 * SECOND);
	assert_int_equal(quality_of("both"), QUALITY_GOOD);
	assert_float_equal(dialog_rig_last(&rig, "both")->value, 111, 0);
}

#define TWO_REGISTERS_OF_STATE                                                    \
  "profile: test\nname: {zh: 测, en: Test}\nsource: made up\nfirmware: none\n"   \
  "maturity: inferred\nprovenance: made up\ntransports: [tcp]\n"                  \
  "decoders:\n"                                                                   \
  "  - {name: n, form: analog, type: uint16, quantity: number}\n"                 \
  "  - {name: two, form: word, repeat: 2, fields: [{mask: 0xFFFF, values: ["      \
  "{value: 0, means: none}, {value: 9, means: fault}], unknown: fault/odd}]}\n"   \
  "  - {name: e, form: word, fields: [{mask: 0xFFFF, values: [{value: 0, means: " \
  "none}, {value: 4, edge: info/gone, ends: all}], unknown: fault/odd}]}\n"       \
  "items:\n"                                                                      \
  "  - {name: v, area: holding, base: 10, printed: '11', decoder: n,\n"           \
  "     with: [{base: 12, printed: '13', decoder: two}]}\n"                       \
  "  - {name: e, area: holding, base: 20, printed: '21', decoder: e,\n"           \
  "     with: [{base: 22, printed: '23', decoder: two}]}\n"

static void
test_all_registers_of_a_part_count(void **state)
{
	(void)state;
	dialog_rig_init(&rig, TWO_REGISTERS_OF_STATE,
	    "poll: 1s, points: [{id: v, item: v, kind: number, place: {en: V}}, "
	    "{id: e, item: e, kind: module, place: {en: E}}]");
	dialog_rig_run(&rig, 2 * SECOND);
	assert_int_equal(dialog_rig_last(&rig, "v")->n_codes, 0);
	rig.sim.holding[13] = 9;
	dialog_rig_run(&rig, 2 * SECOND);
	assert_true(dialog_rig_shows(&rig, "v", COND_FAULT, ""));
	// It is sent with each poll, and what happened happened once.
	rig.sim.holding[20] = 4;
	dialog_rig_run(&rig, 5 * SECOND);
	assert_int_equal(edges_of("e"), 1);
}

// Register 40031 of a T8B: two bits each, device 1 in bits 11-10, device 2 in 9-8.
static void
test_a_change_of_one_place_is_no_news_of_its_neighbours(void **state)
{
	size_t before;

	(void)state;
	dialog_rig_init_panel(&rig, "gst-t8b",
	    "poll: 1s, points: ["
	    "{id: d1, item: point, loop: 1, device: 1, kind: smoke, place: {en: A}}, "
	    "{id: d2, item: point, loop: 1, device: 2, kind: smoke, place: {en: B}}]");
	rig.sim.holding[30] = 1U << 10;
	dialog_rig_run(&rig, 2 * SECOND);
	assert_true(dialog_rig_shows(&rig, "d1", COND_FIRE, ""));
	assert_int_equal(dialog_rig_last(&rig, "d2")->n_codes, 0);
	before = samples_of("d1");
	rig.sim.holding[30] |= 2U << 8;
	dialog_rig_run(&rig, 2 * SECOND);
	assert_true(dialog_rig_shows(&rig, "d2", COND_FAULT, ""));
	assert_int_equal(samples_of("d1"), before);
}

// A register of a GST shows the last event: which was there before we looked is an old
// one, and one that still stands there is not told again.
static void
test_an_event_is_told_when_it_comes_and_once(void **state)
{
	(void)state;
	dialog_rig_init_panel(&rig, "gst-200",
	    "poll: 1s, points: [{id: p, item: point, device: 5, kind: smoke, place: "
	    "{en: P}}]");
	rig.sim.holding[4] = 4; // restored, some day
	dialog_rig_run(&rig, 3 * SECOND);
	assert_int_equal(edges_of("p"), 0);
	rig.sim.holding[4] = 1;
	dialog_rig_run(&rig, 2 * SECOND);
	assert_true(dialog_rig_shows(&rig, "p", COND_FIRE, ""));
	rig.sim.holding[4] = 9;
	dialog_rig_run(&rig, 5 * SECOND);
	assert_int_equal(edges_of("p"), 1);
	rig.sim.silent = true; // lost, and back with the same
	dialog_rig_run(&rig, 20 * SECOND);
	rig.sim.silent = false;
	dialog_rig_run(&rig, 20 * SECOND);
	assert_int_equal(rig.lost, 0);
	assert_int_equal(edges_of("p"), 1);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_teardown(f, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(test_i6_what_an_exception_means_is_never_a_value),
		TEST(test_s2000_zones_beyond_those_that_are_configured),
		TEST(test_a_stamp_that_wraps_is_one_that_moves),
		TEST(test_the_text_of_the_right_device),
		TEST(test_i6_zeros_of_undefined_registers_are_no_values),
		TEST(test_an_absent_detector_costs_the_others_nothing),
		TEST(test_a_float_is_never_read_in_halves),
		TEST(test_i6_a_broken_wire_of_a_live_zero_is_no_value),
		TEST(test_no_read_is_longer_than_its_area_allows),
		TEST(test_each_channel_has_its_own_status),
		TEST(test_what_a_module_refuses_between_value_and_status),
		TEST(test_all_registers_of_a_part_count),
		TEST(test_a_change_of_one_place_is_no_news_of_its_neighbours),
		TEST(test_an_event_is_told_when_it_comes_and_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
