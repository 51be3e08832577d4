// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What the console says of outputs: the call, the snapshot, the metrics, /healthz.
#include <string.h>

#include "console_fixture.h"
#include "test.h"

// The call answers 200 and holds the text.
static void
expect_in(struct fixture *f, const char *call, const char *text)
{
	struct answer a = ask(f, call, "", NULL);

	assert_int_equal(a.status, 200);
	if (strstr(a.body, text) == NULL)
		fail_msg("no %s in %s", text, a.body);
	answer_free(&a);
}

static const struct profile_item coils = { .name = "do",
	.area = AREA_COIL,
	.base = 16,
	.device_max = 5,
	.device_stride = 1,
	.output = true };
static struct output outputs[] = {
	{ .id = "siren",
	    .name_zh = "值班室警铃",
	    .name_en = "Duty room siren",
	    .role = OUTPUT_SOUNDER,
	    .allow_write = true,
	    .gpio = INDEX_NONE,
	    .item = &coils,
	    .number = 2 },
};

static void
test_outputs(void **state)
{
	struct fixture *f = *state;

	f->daemon.site.n_outputs = 1;
	f->daemon.site.outputs = outputs;

	f->daemon.output[0] = (struct output_look){ .pattern = PATTERN_OFF,
		.alarm_class = CLASS_FIRE,
		.silenced = true,
		.state = "failed",
		.code = "output-lost",
		.why = "timeout",
		.drives = 3,
		.losses = 1 };
	expect_in(f, "GET /api/v1/outputs",
	    "{\"outputs\":[{\"id\":\"siren\",\"place\":{\"zh\":\"值班室警铃\",\"en\":"
	    "\"Duty room siren\"},\"role\":\"sounder\",\"state\":\"failed\",\"code\":"
	    "\"output-lost\",\"on\":false,\"pattern\":\"off\",\"class\":\"fire\","
	    "\"silenced\":true,\"why\":\"timeout\",\"read_back\":null,\"since\":null,"
	    "\"allow_write\":true,\"gpio\":null,\"line\":null,\"device\":\"fap1\","
	    "\"item\":\"do\",\"coil\":18,\"feedback\":\"");
	expect_in(f, "GET /api/v1/outputs?after=1", "{\"outputs\":[],\"next\":null}");
	expect_in(f, "GET /api/v1/state", "\"outputs\":[{\"id\":\"siren\",");
	expect_in(f, "GET /healthz", "\"outputs_failed\"");
	struct answer a = ask(f, "GET /metrics", "", NULL);
	assert_non_null(strstr(
	    a.body, "watchroom_output_ok{output=\"siren\",role=\"sounder\"} 0\n"));
	assert_non_null(
	    strstr(a.body, "watchroom_output_losses_total{output=\"siren\","));
	assert_null(strstr(a.body, "watchroom_output_read_back{")); // never read (I6)
	answer_free(&a);
}

static void
test_a_site_without_outputs(void **state)
{
	expect_in(*state, "GET /api/v1/outputs", "{\"outputs\":[],\"next\":null}");
	expect_in(*state, "GET /api/v1/state", "\"outputs\":[]");
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, console_set_up, console_tear_down)
	const struct CMUnitTest tests[] = {
		T(test_outputs),
		T(test_a_site_without_outputs),
	};
#undef T
	return cmocka_run_group_tests(tests, console_group_set_up, NULL);
}
