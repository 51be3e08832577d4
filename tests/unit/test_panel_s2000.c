// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The profile of the S2000-PP against what is known of it: every one of the 256 codes
// in every place where a code can stand, the addresses, the queue, and what is written.
#include <stdio.h>
#include <string.h>

#include "core/profile_dialog.h"
#include "panel_fixture.h"
#include "test.h"

enum {
	CODES = 256,
	LIST_MAX = 80,
};

// The code table of АЦДР.426469.020 РЭп as two projects print it, by what we make of
// it. "": normal, or the end of another state; information, where it lasts.
static const struct {
	const char *condition;
	uint8_t codes[LIST_MAX]; // up to 0
} table[] = {
	{ "fire", { 37, 40 } },
	{ "prealarm", { 43, 44 } },
	{ "security", { 3, 14, 18, 27, 58, 118, 149, 164, 237 } },
	{ "process",
	    { 36, 38, 71, 74, 75, 77, 76, 206, 79, 94, 95, 96, 97, 98, 99, 216 } },
	{ "activated", { 7, 9, 130, 137, 141, 144, 145, 146, 150, 159, 229 } },
	{ "feedback", { 153, 220 } },
	{ "fault",
	    { 2, 4, 17, 41, 42, 45, 46, 69, 70, 82, 90, 121, 122, 126, 135, 138, 139,
		155, 156, 165, 186, 187, 189, 190, 192, 194, 196, 198, 202, 204, 205,
		211, 212, 214, 215, 217, 221, 222, 224, 225, 234, 250, 252 } },
	{ "disabled", { 109, 119, 112, 114, 142, 147, 227, 228, 242, 84, 117 } },
	{ "test", { 19, 20, 140 } },
	{ "info", { 15, 23, 33, 61, 62, 203, 253 } },
	{ "", { 1, 5, 6, 8, 10, 13, 21, 22, 24, 25, 26, 28, 29, 30, 31, 32, 34, 35, 39,
		  47, 67, 72, 73, 78, 80, 83, 91, 110, 111, 113, 123, 127, 128, 131,
		  136, 143, 148, 151, 152, 154, 157, 158, 160, 161, 188, 191, 193, 195,
		  197, 199, 200, 201, 213, 218, 226, 230, 231, 232, 233, 241, 243, 244,
		  245, 249, 251, 254, 255 } },
};

static struct panels panels;

static int
set_up(void **state)
{
	(void)state;
	panels_init(&panels);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	panels_free(&panels);
	return 0;
}

static const struct profile *
s2000(void)
{
	return panels_profile(&panels, "bolid-s2000-pp");
}

// The condition that a code must be, NULL where no source lists it.
static const char *
condition_of(unsigned code)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		for (size_t k = 0; k < LIST_MAX && table[i].codes[k] != 0; k++)
			if (table[i].codes[k] == code)
				return table[i].condition;
	return NULL;
}

// 187 (loop lost) and 250 (device lost) also make the point's quality bad.
static void
assert_code(unsigned code, const char *found, const char *unknown)
{
	const char *want = condition_of(code);
	bool lost = code == 187 || code == 250;
	size_t n;

	if (code == 0) {
		assert_string_equal(found, "fault/no-state");
		return;
	}
	if (want == NULL) {
		assert_string_equal(found, unknown);
		return;
	}
	assert_int_equal(strncmp(found, "bad ", 4) == 0, lost);
	found += lost ? 4 : 0;
	n = strlen(want);
	if (strncmp(found, want, n) != 0 || (n == 0 && found[0] != '\0'))
		fail_msg("code %u: \"%s\", must be %s", code, found, want);
}

static void
test_every_code_in_every_place(void **state)
{
	char found[PANEL_TEXT];

	(void)state;
	for (unsigned code = 0; code < CODES; code++) {
		struct panel_case high = { "zone", { (uint16_t)(code << 8) }, "" };
		struct panel_case low = { "zone", { (uint16_t)code }, "" };
		struct panel_case beside = { "partition",
			{ (uint16_t)(24 << 8 | code) }, "" };
		struct panel_case block = { "zone-codes", { [15] = (uint16_t)code },
			"" };

		panels_show(&panels, s2000(), &high, found);
		assert_code(code, found, "fire/unknown-code");
		panels_show(&panels, s2000(), &low, found);
		assert_code(code, found, "fire/unknown-code");
		panels_show(&panels, s2000(), &block, found);
		assert_code(code, found, "fire/unknown-code");
		if (code == 0)
			continue; // 24 and nothing else: armed
		panels_show(&panels, s2000(), &beside, found);
		assert_code(code, found, "fire/unknown-code");
	}
}

static void
test_every_code_of_an_event(void **state)
{
	const struct profile *p = s2000();
	const struct decoder *d = &p->decoders[p->dialogs->queue->decoder];

	(void)state;
	for (unsigned code = 1; code < CODES; code++) {
		uint16_t word = (uint16_t)code;
		const char *want = condition_of(code);
		struct sample s = { 0 };
		struct decode_edge e;

		decode_point(d, &panels.codes, &word, NULL, &s, &e);
		if (want == NULL)
			want = "fault";
		assert_int_equal(s.n_codes > 0, want[0] != '\0');
		if (s.n_codes > 0)
			assert_string_equal(condition_name(s.codes[0].condition), want);
	}
}

static void
test_codes_by_name(void **state)
{
	static const struct panel_case cases[] = {
		// The captured exchange: zone 1 = codes 24, 188.
		{ "zone", { 0x18BC }, "" },
		{ "zone", { 0x1800 }, "" },
		{ "zone", { 0x0000 }, "fault/no-state" },
		{ "zone", { 37 << 8 | 24 }, "fire" },
		{ "zone", { 24 << 8 | 37 }, "fire" }, // the second code counts as well
		{ "zone", { 40 << 8 | 37 }, "fire fire/fire-2" },
		{ "zone", { 44 << 8 | 41 }, "prealarm fault/equipment" },
		{ "zone", { 250 << 8 | 37 }, "bad fire fault/device-lost" },
		{ "zone", { 187 << 8 }, "bad fault/loop-lost" },
		{ "zone", { 126 << 8 }, "fault/output-communication" },
		{ "zone", { 127 << 8 }, "" },
		{ "zone", { 203 << 8 }, "info/device-restarted" },
		{ "zone", { 137 << 8 }, "activated/relay-start" },
		{ "zone", { 140 << 8 }, "test/internal-test" },
		// Disarmed is visible whichever way it is said.
		{ "zone", { 109 << 8 }, "disabled/disarmed" },
		{ "zone", { 117 << 8 }, "disabled/disarmed" },
		{ "zone", { 119 << 8 }, "disabled/disarmed info/violated" },
		{ "zone-codes", { 24, 188, 199 }, "" },
		{ "zone-codes", { 37, 41, 109, 2, 250 },
		    "bad fire fault/device-lost fault/equipment fault/mains "
		    "disabled/disarmed" },
		{ "zone-codes", { 24, 0x0125 }, "fire/unknown-code" },
		{ "case", { 1 }, "security/case-opened" },
		{ "case", { 0 }, "" },
		{ "supply", { 1 }, "fault/supply" },
		{ "zone-number", { 0x1B80 }, "27.5" },
		{ "zone-number", { 0xFF80 }, "-0.5" }, // signed
		{ "zone-supply", { 0x1B30 }, "27.1875" },
		{ "zone-supply", { 0xFF80 }, "255.5" }, // unsigned
		{ "zone-counter", { 0x0001, 0x0002, 0x0003 }, "4295098371" },
	};

	(void)state;
	panels_check(&panels, "bolid-s2000-pp", cases, ARRAY_LEN(cases));
}

static void
test_addresses(void **state)
{
	(void)state;
#define AT(item, n) panels_address(&panels, "bolid-s2000-pp", item, 0, n)
	assert_int_equal(AT("zone", 1), 40000);
	assert_int_equal(AT("zone", 512), 40511);
	assert_int_equal(AT("zone-codes", 1), 4096);
	assert_int_equal(AT("zone-codes", 2), 4112);
	assert_int_equal(AT("partition", 1), 44096);
	assert_int_equal(AT("partition", 64), 44159);
	assert_int_equal(AT("relay", 1), 10000);
	assert_int_equal(AT("relay", 255), 10254);
	assert_int_equal(AT("orion-master", 0), 8);
	assert_int_equal(AT("case", 0), 10);
	assert_int_equal(AT("supply", 0), 11);
#undef AT
	assert_int_equal(panels_item(s2000(), "zone-codes")->area, AREA_INPUT);
	assert_int_equal(panels_item(s2000(), "zone")->area, AREA_HOLDING);
	assert_int_equal(panels_item(s2000(), "relay")->area, AREA_COIL);
	assert_int_equal(panels_item(s2000(), "case")->area, AREA_DISCRETE);
}

static void
test_what_it_is_known_by_and_how_it_is_asked(void **state)
{
	const struct profile *p = s2000();

	(void)state;
	assert_int_equal(p->n_identity, 2);
	assert_int_equal(p->identity[0].address, 46152);
	assert_int_equal(p->identity[0].min, 36);
	assert_int_equal(p->identity[0].max, 36);
	assert_int_equal(p->identity[1].address, 46153);
	assert_in_range(301, p->identity[1].min, p->identity[1].max);
	assert_int_equal(p->max_registers, 120);
	assert_int_equal(p->min_gap_ms, 20);
	assert_int_equal(p->n_exceptions, 2);
	assert_int_equal(p->exceptions[0].exception, 3);
	assert_int_equal(p->exceptions[0].refusal, REFUSAL_ADDRESS);
	assert_int_equal(p->exceptions[1].exception, 15);
	assert_int_equal(p->exceptions[1].refusal, REFUSAL_BUSY);
	assert_int_equal(p->maturity, MATURITY_INFERRED);
}

static void
test_the_queue_is_the_documented_one(void **state)
{
	const struct profile_dialogs *d = s2000()->dialogs;
	const struct profile_queue *q = d->queue;
	static const struct {
		uint8_t type;
		enum record_field is;
	} fields[] = { { 1, RECORD_USER }, { 2, RECORD_PARTITION }, { 3, RECORD_ZONE },
		{ 5, RECORD_RELAY }, { 7, RECORD_RELAY_STATE },
		{ 24, RECORD_PARTITION_ID } };

	(void)state;
	assert_int_equal(q->address, 46264);
	assert_int_equal(q->registers, 14);
	assert_int_equal(q->empty_bytes, 4);
	assert_int_equal(q->layout, RECORD_TLV);
	assert_int_equal(q->n_fields, ARRAY_LEN(fields));
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		assert_int_equal(q->fields[i].type, fields[i].type);
		assert_int_equal(q->fields[i].field, fields[i].is);
	}
	assert_int_equal(q->stamp.type, 11);
	assert_string_equal(q->stamp.parts, "hmsDMY");
	assert_false(q->stamp.trusted);
	assert_int_equal(q->n_resync, 2);
	assert_int_equal(q->resync[0], 250);
	assert_int_equal(q->resync[1], 251);
	assert_int_equal(q->n_overflow, 2);
	assert_int_equal(q->overflow[0], 69);
	assert_int_equal(q->overflow[1], 70);
	assert_int_equal(d->writes[q->acknowledge].address, 46163);
	assert_int_equal(d->writes[q->acknowledge].function, WRITE_REGISTER);
	assert_int_equal(d->n_alive, 1);
	assert_int_equal(d->alive[0].area, AREA_DISCRETE);
	assert_int_equal(d->alive[0].address, 9);
	assert_int_equal(d->alive[0].values[0], 1);
}

static void
test_i8_selectors_are_off_and_say_why(void **state)
{
	const struct profile_dialogs *d = s2000()->dialogs;
	static const uint16_t selects[] = { 46179, 46181, 46180 };
	static const uint16_t results[] = { 46328, 46328, 46332 };

	(void)state;
	assert_int_equal(d->n_selectors, 3);
	for (uint16_t i = 0; i < panels.site->n_devices; i++)
		assert_int_equal(panels.site->devices[i].dialogs.selectors, 0);
	for (size_t i = 0; i < ARRAY_LEN(selects); i++) {
		const struct profile_selector *s = &d->selectors[i];

		assert_int_equal(d->writes[s->write].address, selects[i]);
		assert_int_equal(s->address, results[i]);
		assert_int_equal(s->pending[0], 15);
		assert_non_null(strstr(s->why_off_en, "ten minutes"));
		assert_true(s->why_off_zh[0] != '\0');
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_code_in_every_place),
		cmocka_unit_test(test_every_code_of_an_event),
		cmocka_unit_test(test_codes_by_name),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_what_it_is_known_by_and_how_it_is_asked),
		cmocka_unit_test(test_the_queue_is_the_documented_one),
		cmocka_unit_test(test_i8_selectors_are_off_and_say_why),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
