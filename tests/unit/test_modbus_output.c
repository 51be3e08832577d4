// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Outputs that are wished for from within the work of their own bus: by an answer whose
// contact drives a sounder on the same module, and by the loss of the module that has
// the lamp. The wish waits for the next turn of the loop, whatever the link does
// meanwhile. No sockets.
#include <string.h>

#include "modbus_rig.h"
#include "test.h"

enum {
	READ_COILS = 1,
	WRITE_COIL_FUNCTION = 5
};

static const struct profile_item coil = {
	.name = "do",
	.area = AREA_COIL,
	.output = true,
};
static struct output lamp = {
	.id = "lamp",
	.role = OUTPUT_LAMP,
	.allow_write = true,
	.gpio = INDEX_NONE,
	.item = &coil,
	.refresh_ms = 10000,
	.feedback = UINT32_MAX,
};

static struct {
	struct rig rig;
	struct mbus_transport transport;
	bool wish, broken; // at the next sample; then the link breaks as it is sent
	unsigned writes, samples;
	void (*link)(void *ctx, uint32_t point, bool lost, const char *code);
} t;

static int
send_frame(struct mbus *b, const uint8_t *frame, size_t len)
{
	struct rig *r = &t.rig;

	if (frame[7] != WRITE_COIL_FUNCTION && frame[7] != READ_COILS)
		return rig_tcp.send(b, frame, len);
	t.writes += frame[7] == WRITE_COIL_FUNCTION;
	if (t.broken)
		return -1;
	memcpy(r->frame, frame, len); // the echo; a read finds it on
	r->n = len;
	if (frame[7] == READ_COILS) {
		r->frame[8] = r->frame[9] = 1;
		r->n = rig_finish(r, r->frame, 6, 10);
	}
	r->waiting_unit = frame[6];
	r->replied = false;
	r->asked_ms = loop_now_ms(r->f.host.loop);
	loop_timer_in(r->f.host.loop, &r->reply, 20);
	return 0;
}

static void
on_sample(struct field_fixture *f, const struct sample *s)
{
	(void)f;
	(void)s;
	t.samples++;
	if (t.wish)
		mbus_drive(&t.rig.bus, 0, true);
	t.wish = false;
}

static void
on_link(void *ctx, uint32_t point, bool lost, const char *code)
{
	t.link(ctx, point, lost, code);
	if (lost)
		mbus_drive(&t.rig.bus, 0, true);
}

static void
begin(void)
{
	struct rig *r = &t.rig;

	t.wish = t.broken = false;
	t.writes = t.samples = 0;
	rig_init(r);
	rig_add_unit(r, 1, 1000);
	r->f.site.outputs = &lamp;
	r->f.site.n_outputs = 1;
	r->f.on_sample = on_sample;
	t.transport = rig_tcp;
	t.transport.send = send_frame;
	rig_start(r, &t.transport);
	fixture_run(&r->f, 5000, NULL);
	assert_true(t.samples > 0);
	assert_int_equal(t.writes, 0);
}

static void
test_a_link_that_breaks_under_a_wish_of_its_own_answer(void **state)
{
	struct rig *r = &t.rig;

	(void)state;
	begin();
	t.wish = t.broken = true;
	r->units[1].flip = true; // a value changes, and with it an output
	fixture_run(&r->f, 1500, NULL);
	assert_false(t.wish);
	assert_true(t.writes > 0);
	t.broken = false;
	t.writes = t.samples = 0;
	fixture_run(&r->f, 30000, NULL);
	assert_true(t.writes > 0); // it is still wished for
	assert_true(r->units[1].good > 20);
	assert_int_equal(r->wrong_values, 0);
	rig_stop(r);
}

static void
test_the_loss_of_a_module_lights_its_own_lamp_when_it_is_back(void **state)
{
	struct rig *r = &t.rig;
	unsigned good;

	(void)state;
	begin();
	t.link = r->f.host.link;
	r->f.host.link = on_link;
	r->refuse_open = true;
	mbus_broken(&r->bus, "reset");
	fixture_run(&r->f, 10000, NULL);
	assert_int_equal(t.writes, 0);
	r->refuse_open = false;
	good = r->units[1].good;
	fixture_run(&r->f, 30000, NULL);
	assert_true(t.writes > 0);
	assert_true(r->units[1].good > good + 10);
	rig_stop(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_a_link_that_breaks_under_a_wish_of_its_own_answer),
		cmocka_unit_test(
		    test_the_loss_of_a_module_lights_its_own_lamp_when_it_is_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
