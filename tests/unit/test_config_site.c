// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Good sites, field by field: the example of the documentation, the shortest site there
// can be with its defaults, includes and secrets, the built-in points, the revision.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_fixture.h"
#include "test.h"

static bool
same(double a, double b)
{
	return !(a < b) && !(a > b);
}

static bool
has_code(const struct site *s, const char *name)
{
	for (uint16_t i = 0; i < s->n_codes; i++)
		if (strcmp(s->codes[i], name) == 0)
			return true;
	return false;
}

static struct site *
load_example(void)
{
	return fixture_load(WR_SOURCE_ROOT "/conf/example/site.yaml", fixture_panels);
}

static const struct point *
point_of(const struct site *s, const char *id)
{
	uint32_t i = site_find_point(s, id);

	assert_int_not_equal(i, UINT32_MAX);
	return &s->points[i];
}

static void
test_example_top(void **state)
{
	struct site *s = load_example();

	(void)state;
	assert_string_equal(s->id, "tower-a");
	assert_string_equal(s->name_zh, "科技大厦");
	assert_string_equal(s->name_en, "Tower A");
	assert_string_equal(s->time_zone, "Asia/Shanghai");
	assert_int_equal(s->statistics_day_min, 480);
	assert_false(s->acknowledge_panel);
	assert_int_equal(s->realarm_ms, 0);
	assert_int_equal(s->resound_ms, 60000);
	assert_int_equal(s->flap.changes, 8);
	assert_int_equal(s->flap.within_ms, 600000);
	assert_int_equal(s->chatter.count, 10);
	assert_int_equal(s->chatter.within_ms, 60000);
	assert_int_equal(s->chatter.quiet_ms, 300000);
	assert_int_equal(s->repeat.count, 5);
	assert_int_equal(s->repeat.within_ms, 7 * 86400000);
	assert_string_equal(s->store_directory, "/var/lib/watchroom");
	assert_string_equal(s->listen_host, "127.0.0.1");
	assert_int_equal(s->listen_port, 8470);
	assert_int_equal(s->n_desk, 1);
	assert_string_equal(s->desk[0].address, "127.0.0.1");
	assert_int_equal(s->n_zones, 3);
	assert_string_equal(s->zones[0].id, "b1");
	assert_string_equal(s->zones[0].name_zh, "地下一层");
	assert_string_equal(s->zones[0].name_en, "Basement 1");
	assert_int_equal(strlen(s->revision), 16);
	assert_string_equal(s->codes[0], "");
	site_free(s);
}

static void
test_example_buses_and_devices(void **state)
{
	struct site *s = load_example();

	(void)state;
	assert_int_equal(s->n_buses, 3);
	assert_int_equal(s->buses[0].kind, BUS_MODBUS_TCP);
	assert_string_equal(s->buses[0].host, "192.0.2.10");
	assert_int_equal(s->buses[0].port, 502);
	const struct bus *rtu = &s->buses[2];
	assert_string_equal(rtu->id, "pump-room");
	assert_int_equal(rtu->kind, BUS_MODBUS_RTU);
	assert_string_equal(rtu->tty, "/dev/serial/by-id/usb-1");
	assert_int_equal(rtu->baud, 9600);
	assert_int_equal(rtu->parity, 'N');
	assert_int_equal(rtu->data_bits, 8);
	assert_int_equal(rtu->stop_bits, 1);

	assert_int_equal(s->n_devices, 4);
	const struct device *io = &s->devices[1];
	assert_string_equal(io->id, "io1");
	assert_string_equal(io->name_en, "Pump room input module");
	assert_int_equal(io->bus, 1);
	assert_int_equal(io->unit, 1);
	assert_string_equal(io->profile->id, "iologik-e1200");
	assert_int_equal(io->poll_ms, 1000);
	assert_int_equal(io->timeout_ms, 500);
	assert_int_equal(io->retries, 1);
	assert_int_equal(io->n_points, 4);
	const struct device *gauge = &s->devices[2];
	assert_string_equal(gauge->name_zh, gauge->profile->name_zh); // none of its own
	assert_int_equal(gauge->timeout_ms, gauge->profile->timeout_ms);
	assert_int_equal(gauge->retries, 2);
	assert_int_equal(s->devices[3].poll_ms, 5000);
	assert_ptr_equal(s->devices[3].profile, gauge->profile); // read once
	assert_true(gauge->budget_ms > 3000 && gauge->budget_ms < 9000);
	site_free(s);
}

// An operator reads them on the screen and in the daily figures.
static void
test_built_in_points_have_places_in_both_languages(void **state)
{
	struct site *s = load_example();

	(void)state;
	for (uint32_t i = s->n_site_points; i < s->n_points; i++) {
		const struct point *p = &s->points[i];
		assert_null(strstr(p->place_zh, "builtin."));
		assert_string_not_equal(p->place_zh, p->place_en);
		assert_non_null(strpbrk(p->place_zh, "\xe4\xe5\xe6\xe7\xe8\xe9"));
	}
	assert_string_equal(point_of(s, "@console")->place_zh, "值班台");
	assert_string_equal(point_of(s, "@bus/panel-lan")->place_zh,
	    "一号火灾报警控制器（总线 panel-lan）");
	assert_string_equal(
	    point_of(s, "@bus/pump-room")->place_en, "Bus pump-room (2 devices)");
	assert_string_equal(
	    point_of(s, "@device/fap1")->place_zh, "一号火灾报警控制器");
	site_free(s);
}

static void
test_example_points(void **state)
{
	struct site *s = load_example();

	(void)state;
	assert_int_equal(s->n_site_points, 21);
	const struct point *p = point_of(s, "smoke-2f-corridor");
	assert_int_equal(p->kind, KIND_SMOKE);
	assert_int_equal(p->latch, LATCH_PANEL);
	assert_string_equal(s->zones[p->zone].id, "f2");
	assert_int_equal(p->loop, 2);
	assert_int_equal(p->number, 1);
	assert_int_equal(p->pdu, 400);
	assert_int_equal(p->device, 0);
	assert_int_equal(p->gpio, INDEX_NONE);
	assert_null(p->limits);
	assert_null(p->class_override);
	p = point_of(s, "flow-2f-sprinkler");
	assert_int_equal(p->pdu, 200 + 400 + 6);
	assert_int_equal(p->latch, LATCH_NONE);
	assert_string_equal(
	    point_of(s, "mcp-1f-lobby")->place_en, "Manual call point \"A\", lobby");
	p = point_of(s, "pump-panel-power");
	assert_true(p->active_low);
	assert_int_equal(p->on_delay_ms, 1000);
	assert_int_equal(p->off_delay_ms, 5000);
	assert_int_equal(p->pdu, 2);
	assert_non_null(p->class_override);
	assert_int_equal(p->class_override[COND_FAULT], CLASS_SYSTEM);
	assert_int_equal(p->class_override[COND_FIRE], CLASS_COUNT);
	assert_int_equal(point_class(p, COND_FAULT), CLASS_SYSTEM);
	// Ordered by address, whatever the order in the file.
	const struct device *fap = &s->devices[0];
	for (uint32_t i = 1; i < fap->n_points; i++)
		assert_true(
		    s->points[fap->points[i - 1]].pdu < s->points[fap->points[i]].pdu);
	site_free(s);
}

static void
test_example_limits_and_lines(void **state)
{
	struct site *s = load_example();
	const struct point *p = point_of(s, "hydrant-main");

	(void)state;
	assert_true(p->daily_log);
	assert_false(point_of(s, "smoke-2f-corridor")->daily_log);
	assert_int_equal(p->pdu, 4);
	assert_false(p->limits[LIMIT_LOW_LOW].set);
	assert_true(p->limits[LIMIT_LOW].set);
	assert_true(same(p->limits[LIMIT_LOW].value, 600));
	assert_true(same(p->limits[LIMIT_LOW].hysteresis, 10));
	assert_int_equal(p->limits[LIMIT_LOW].on_delay_ms, 5000);
	p = point_of(s, "roof-tank");
	assert_true(same(p->limits[LIMIT_LOW_LOW].value, 50));
	assert_true(same(p->limits[LIMIT_LOW].value, 80));
	assert_true(same(p->limits[LIMIT_HIGH].value, 200));
	assert_true(same(p->limits[LIMIT_HIGH_HIGH].value, 250));

	assert_int_equal(s->n_gpios, 1);
	assert_string_equal(s->gpios[0].id, "room-io");
	assert_string_equal(s->gpios[0].chip, "gpio-sim.0-node0");
	assert_int_equal(s->gpios[0].n_points, 2);
	p = &s->points[s->gpios[0].points[0]];
	assert_string_equal(p->id, "door-b1-pump");
	assert_string_equal(p->line, "door-b1");
	assert_int_equal(p->kind, KIND_DOOR);
	assert_true(p->active_low);
	assert_int_equal(p->debounce_ms, 50);
	assert_false(p->pulse_latch);
	assert_int_equal(p->gpio, 0);
	assert_int_equal(p->device, INDEX_NONE);
	p = &s->points[s->gpios[0].points[1]];
	assert_true(p->pulse_latch);
	assert_int_equal(p->latch, LATCH_OWN);
	assert_string_equal(p->line, "4");
	assert_int_equal(p->zone, INDEX_NONE);
	site_free(s);
}

static void
test_example_alerts(void **state)
{
	struct site *s = load_example();

	(void)state;
	assert_int_equal(s->n_channels, 2);
	assert_string_equal(s->channels[0].url, "https://chat.example.org/hooks/duty");
	assert_int_equal(s->channels[0].timeout_ms, 10000);
	assert_int_equal(s->channels[1].give_up_ms, 86400000);
	assert_int_equal(s->n_ladders, 2);
	const struct ladder *l = &s->ladders[0];
	assert_int_equal(l->classes, 1 << CLASS_FIRE);
	assert_int_equal(l->n_steps, 2);
	assert_int_equal(l->steps[0].after_ms, 0);
	assert_int_equal(l->steps[0].repeat_ms, 0);
	assert_int_equal(l->steps[1].after_ms, 30000);
	assert_int_equal(l->steps[1].repeat_ms, 60000);
	assert_int_equal(l->steps[1].n_channels, 2);
	assert_int_equal(l->steps[1].channels[1], 1);
	assert_int_equal(s->ladders[1].classes,
	    1 << CLASS_PREALARM | 1 << CLASS_SECURITY | 1 << CLASS_SUPERVISORY |
		1 << CLASS_FAULT | 1 << CLASS_PROCESS | 1 << CLASS_SYSTEM);
	site_free(s);
}

static void
test_example_hosts(void **state)
{
	struct site *s = load_example();
	const struct host *h = s->hosts;

	(void)state;
	assert_int_equal(s->n_hosts, 5);
	assert_string_equal(h[0].id, "core-switch");
	assert_int_equal(h[0].check, HOST_CHECK_PING);
	assert_string_equal(h[0].address, "192.0.2.1");
	assert_string_equal(h[0].shown, "192.0.2.1");
	assert_int_equal(h[0].parent, INDEX_NONE);
	assert_int_equal(h[0].period_ms, 10000);
	assert_int_equal(h[0].timeout_ms, 2000);
	assert_int_equal(h[0].look_up_ms, 2000);
	const struct point *p = &s->points[h[0].point];
	assert_string_equal(p->id, "core-switch");
	assert_int_equal(p->kind, KIND_NETWORK);
	assert_string_equal(p->place_zh, "弱电间核心交换机");
	assert_string_equal(s->zones[p->zone].id, "b1");
	assert_int_equal(point_class(p, COND_FAULT), CLASS_FAULT);

	assert_int_equal(h[1].check, HOST_CHECK_RTSP);
	assert_string_equal(h[1].address, "192.0.2.20");
	assert_int_equal(h[1].port, 554);
	assert_string_equal(h[1].user, "monitor");
	assert_string_equal(h[1].password, "change-me");
	assert_false(h[1].basic);
	assert_false(h[1].options_only);
	assert_int_equal(h[1].parent, 0);
	assert_int_equal(h[1].period_ms, 30000);
	assert_int_equal(h[1].retries, 1);
	assert_int_equal(h[1].misses, 2);
	assert_int_equal(h[1].of, 3);

	assert_string_equal(h[2].user, "");
	assert_int_equal(h[3].check, HOST_CHECK_TCP);
	assert_int_equal(h[3].port, 5060);

	assert_int_equal(h[4].check, HOST_CHECK_HTTP);
	assert_string_equal(h[4].address, "video.example.org");
	assert_int_equal(h[4].port, 443);
	assert_int_equal(h[4].n_status, 1);
	assert_int_equal(h[4].status[0], 200);
	assert_string_equal(h[4].marker, "\"ok\"");
	assert_true(h[4].verify);
	assert_int_equal(h[4].warn_ms, 30u * 86400000u);
	assert_int_equal(h[4].look_up_ms, 1000);
	assert_int_equal(h[4].connect_ms, 2000);
	assert_int_equal(h[4].first_byte_ms, 4000);
	assert_int_equal(h[4].misses, 3);
	assert_int_equal(h[4].of, 5);
	assert_int_equal(h[4].accept_ms, 120000);
	for (int c = HOST_ANSWERS + 1; c < HOST_CODE_COUNT; c++)
		assert_true(has_code(s, host_code_name((enum host_code)c)));
	assert_true(has_code(s, HOST_CERTIFICATE_EXPIRES));
	site_free(s);
}

static void
test_example_outputs(void **state)
{
	struct site *s = load_example();
	const struct output *siren = &s->outputs[0], *beacon = &s->outputs[1],
			    *beat = &s->outputs[2];

	(void)state;
	assert_int_equal(s->n_outputs, 3);
	assert_int_equal(siren->role, OUTPUT_SOUNDER);
	assert_true(siren->allow_write);
	assert_string_equal(s->devices[siren->device].id, "io1");
	assert_int_equal(siren->gpio, INDEX_NONE);
	assert_int_equal(output_coil(siren), 0);
	assert_int_equal(siren->steady, 1U << CLASS_FIRE | 1U << CLASS_PREALARM);
	assert_int_equal(siren->blink, 1U << CLASS_SECURITY | 1U << CLASS_SUPERVISORY);
	assert_string_equal(s->points[siren->feedback].id, "siren-runs");
	assert_int_equal(siren->within_ms, 5000);
	assert_int_equal(siren->refresh_ms, 10000);
	assert_int_equal(siren->at_exit, OUTPUT_EXIT_OFF);
	assert_string_equal(s->points[siren->fault_point].id, "@output/siren");
	assert_string_equal(s->points[siren->fault_point].place_en, "Duty room siren");
	assert_int_equal(beacon->steady, (1U << CLASS_COUNT) - 1); // all
	assert_string_equal(beacon->line, "beacon");
	assert_int_equal(beacon->feedback, UINT32_MAX);
	assert_int_equal(beat->role, OUTPUT_HEARTBEAT);
	assert_true(beat->active_low);
	assert_int_equal(beat->period_ms, 2000);
	assert_int_equal(beat->steady | beat->blink, 0);
	site_free(s);
}

static void
test_built_in_points(void **state)
{
	static const char *const order[] = { "@bus/panel-lan", "@bus/io-lan",
		"@bus/pump-room", "@device/fap1", "@panel/fap1", "@device/io1",
		"@device/jockey-gauge", "@device/tank-gauge", "@gpio/room-io",
		"@channel/duty-chat", "@channel/manager-chat", "@output/siren",
		"@output/beacon", "@output/dead-man", "@store", "@clock", "@loop",
		"@console", "@network" };
	struct site *s = load_example();

	(void)state;
	assert_int_equal(s->n_points, s->n_site_points + ARRAY_LEN(order));
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		const struct point *p = &s->points[s->n_site_points + i];
		assert_string_equal(p->id, order[i]);
		assert_true(point_builtin(p));
		assert_int_equal(p->kind, i == 4   ? KIND_PANEL
					  : i < 11 ? KIND_LINK
						   : KIND_SYSTEM);
		assert_int_equal(p->zone, INDEX_NONE);
		assert_int_equal(p->latch, LATCH_NONE);
		assert_non_null(p->place_zh);
	}
	assert_int_equal(s->buses[2].link_point, s->n_site_points + 2);
	assert_int_equal(s->devices[0].link_point, s->n_site_points + 3);
	assert_string_equal(
	    s->points[s->devices[0].link_point].place_en, "Fire alarm panel 1");
	assert_int_equal(s->gpios[0].link_point, s->n_site_points + 8);
	assert_int_equal(s->channels[1].link_point, s->n_site_points + 10);
	assert_int_equal(s->store_point, s->n_site_points + 14);
	assert_int_equal(s->clock_point, s->n_site_points + 15);
	assert_int_equal(s->loop_point, s->n_site_points + 16);
	assert_int_equal(s->console_point, s->n_site_points + 17);
	assert_int_equal(s->network_point, s->n_site_points + 18);
	site_free(s);
}

static void
test_shortest_site(void **state)
{
	(void)state;
	(void)fixture_folder();
	fixture_write("site.yaml", "site: {id: s, time_zone: UTC}\n");
	struct site *s = fixture_load(fixture_path("site.yaml"), fixture_panels);
	assert_string_equal(s->name_zh, "s");
	assert_int_equal(s->statistics_day_min, 8 * 60);
	assert_string_equal(s->store_directory, "");
	assert_string_equal(s->listen_host, "127.0.0.1");
	assert_int_equal(s->listen_port, 8470);
	assert_int_equal(s->n_desk, 2);
	assert_null(s->accept_plain_http);
	assert_int_equal(s->resound_ms, 60000);
	assert_int_equal(s->n_points, 5);
	assert_int_equal(s->n_site_points, 0);
	site_free(s);
	fixture_remove();
}

static void
test_every_style_of_text(void **state)
{
	(void)state;
	(void)fixture_folder();
	fixture_write("site.yaml",
	    "'site': {\"id\": s, time_zone: \"UT\\x43\",\n"
	    "  name: {zh: '一''二''''三''四''五''六''七''八''九', en: 'two\n  "
	    "lines'}}\n"
	    "zones:\n"
	    "  - id: no\n"
	    "    name:\n"
	    "      en: |\n"
	    "        first\n"
	    "        second\n"
	    "      zh: plain over\n"
	    "        two lines # and a comment\n"
	    "  - {id: 0x10, name: {en: ''''}}\n");
	struct site *s = fixture_load(fixture_path("site.yaml"), fixture_panels);
	assert_string_equal(s->time_zone, "UTC");
	assert_string_equal(s->name_zh, "一'二''三'四'五'六'七'八'九");
	assert_string_equal(s->name_en, "two lines");
	assert_string_equal(s->zones[0].id, "no"); // text, not false
	assert_string_equal(s->zones[0].name_en, "first\nsecond\n");
	assert_string_equal(s->zones[0].name_zh, "plain over two lines");
	assert_string_equal(s->zones[1].id, "0x10");
	assert_string_equal(s->zones[1].name_en, "'");
	site_free(s);
	fixture_remove();
}

static void
test_includes_append_and_paths_are_of_the_naming_file(void **state)
{
	(void)state;
	(void)fixture_folder();
	fixture_write("site.yaml", "site: {id: s, time_zone: UTC}\n"
				   "zones: [{id: a}]\n"
				   "include: [more/zones.yaml, more/wiring.yaml]\n");
	fixture_write("more/zones.yaml", "zones: [{id: b, name: {en: B}}]\n");
	fixture_write("more/wiring.yaml",
	    "buses: [{id: line, modbus_rtu: ./tty, line: 19200  8E1}]\n"
	    "store: {directory: ../data/./x}\n"
	    "engine: {acknowledge: panel, realarm: 4h, resound: 30s,"
	    " flap_changes: 20, flap_within: 2min, chatter: {count: 4, within: 10s}}\n"
	    "devices:\n"
	    "  - {id: g, bus: line, unit: 247, profile: pressure-transmitter-ptmb,\n"
	    "     points: p.csv}\n");
	fixture_write(
	    "more/p.csv", "id,item,kind,place_zh\np1,pressure,pressure,泵房\n");
	struct site *s = fixture_load(fixture_path("site.yaml"), fixture_panels);
	assert_int_equal(s->n_zones, 2);
	assert_string_equal(s->zones[1].name_zh, "B"); // one language stands in
	assert_string_equal(s->store_directory, fixture_path("data/x"));
	assert_string_equal(s->buses[0].tty, fixture_path("more/tty"));
	assert_int_equal(s->buses[0].baud, 19200);
	assert_int_equal(s->buses[0].parity, 'E');
	assert_true(s->acknowledge_panel);
	assert_int_equal(s->realarm_ms, 4 * 3600 * 1000);
	assert_int_equal(s->resound_ms, 30000);
	assert_int_equal(s->flap.changes, 20);
	assert_int_equal(s->flap.within_ms, 120000);
	assert_int_equal(s->chatter.count, 4);
	assert_int_equal(s->chatter.within_ms, 10000);
	assert_int_equal(s->chatter.quiet_ms, 300000);
	assert_null(point_of(s, "p1")->chatter);
	assert_string_equal(point_of(s, "p1")->place_en, "泵房");
	site_free(s);
	fixture_remove();
}

static void
test_secret_from_file_is_used_and_never_shown(void **state)
{
	(void)state;
	(void)fixture_folder();
	fixture_write("site.yaml", "site: {id: s, time_zone: UTC}\n"
				   "channels:\n"
				   "  - {id: a, webhook: {file: secret/a.url}}\n"
				   "  - {id: b, webhook: {file: secret/a.url}}\n");
	fixture_write("secret/a.url", "https://192.0.2.1/send?key=5ecret\n");
	struct site *s = fixture_load(fixture_path("site.yaml"), fixture_panels);
	assert_string_equal(s->channels[0].url, "https://192.0.2.1/send?key=5ecret");
	assert_string_equal(s->channels[1].url, "https://192.0.2.1/send?key=5ecret");
	site_free(s);

	fixture_write("secret/a.url", "ttps://192.0.2.1/send?key=5ecret\n");
	char *text = fixture_refusal(fixture_path("site.yaml"), fixture_panels);
	assert_non_null(strstr(text, "must begin with http:// or https://"));
	assert_null(strstr(text, "5ecret"));
	free(text);
	fixture_remove();
}

static void
test_revision_follows_every_file(void **state)
{
	char first[17];

	(void)state;
	(void)fixture_folder();
	fixture_write("site.yaml", "site: {id: s, time_zone: UTC}\n"
				   "buses: [{id: b, modbus_tcp: \"192.0.2.1\"}]\n"
				   "devices: [{id: d, bus: b, unit: 1, profile: "
				   "iologik-e1200, points: p.csv}]\n");
	fixture_write("p.csv", "id,item,device,kind,place_en\nx,di,0,door,Door\n");
	struct site *s = fixture_load(fixture_path("site.yaml"), fixture_panels);
	memcpy(first, s->revision, sizeof(first));
	site_free(s);
	s = fixture_load(fixture_path("site.yaml"), fixture_panels);
	assert_string_equal(s->revision, first);
	site_free(s);
	fixture_write("p.csv", "id,item,device,kind,place_en\nx,di,0,door,Gate\n");
	s = fixture_load(fixture_path("site.yaml"), fixture_panels);
	assert_string_not_equal(s->revision, first);
	site_free(s);
	fixture_remove();
}

static void
test_profiles_come_from_the_environment(void **state)
{
	(void)state;
	assert_int_equal(setenv("WATCHROOM_PANELS", "/nowhere/panels", 1), 0);
	assert_string_equal(panels_directory(), "/nowhere/panels");
	assert_int_equal(unsetenv("WATCHROOM_PANELS"), 0);
	assert_non_null(strstr(panels_directory(), "panels"));
}

// A point begins with what the site says, and where that is none, with what holds
// elsewhere.
static void
test_chatter_of_a_point(void **state)
{
	(void)state;
	static const char *const sites[] = { "{count: 4, quiet: 2min}", "none" };
	char text[1024];
	for (size_t i = 0; i < ARRAY_LEN(sites); i++) {
		(void)fixture_folder();
		(void)snprintf(text, sizeof(text),
		    "site: {id: s, time_zone: UTC}\n"
		    "engine: {chatter: %s}\n"
		    "gpio:\n"
		    "  - id: room\n"
		    "    chip: gpio-sim.0-node0\n"
		    "    points:\n"
		    "      - {id: a, line: a, kind: door, place: {en: A}}\n"
		    "      - {id: b, line: b, kind: door, chatter: none, place: {en: "
		    "B}}\n"
		    "      - {id: c, line: c, kind: door, chatter: {within: 20s},"
		    " place: {en: C}}\n",
		    sites[i]);
		fixture_write("site.yaml", text);
		struct site *s = fixture_load(fixture_path("site.yaml"), NULL);
		assert_int_equal(s->chatter.count, i == 0 ? 4 : 0);
		assert_null(point_of(s, "a")->chatter);
		assert_int_equal(point_of(s, "b")->chatter->count, 0);
		const struct chatter_rule *c = point_of(s, "c")->chatter;
		assert_int_equal(c->count, i == 0 ? 4 : 10);
		assert_int_equal(c->within_ms, 20000);
		assert_int_equal(c->quiet_ms, i == 0 ? 120000 : 300000);
		site_free(s);
		fixture_remove();
	}
}

// The site counts none unless it asks for it; a point then begins with the defaults.
static void
test_repeat_of_a_point(void **state)
{
	(void)state;
	static const char *const sites[] = { "{repeat: {count: 8}}", "{}",
		"{repeat: none}" };
	char text[1024];
	for (size_t i = 0; i < ARRAY_LEN(sites); i++) {
		(void)fixture_folder();
		(void)snprintf(text, sizeof(text),
		    "site: {id: s, time_zone: UTC}\n"
		    "engine: %s\n"
		    "gpio:\n"
		    "  - id: room\n"
		    "    chip: gpio-sim.0-node0\n"
		    "    points:\n"
		    "      - {id: a, line: a, kind: door, place: {en: A}}\n"
		    "      - {id: b, line: b, kind: door, repeat: none, place: {en: "
		    "B}}\n"
		    "      - {id: c, line: c, kind: door, repeat: {within: 31d},"
		    " place: {en: C}}\n",
		    sites[i]);
		fixture_write("site.yaml", text);
		struct site *s = fixture_load(fixture_path("site.yaml"), NULL);
		assert_int_equal(s->repeat.count, i == 0 ? 8 : 0);
		assert_null(point_of(s, "a")->repeat);
		assert_int_equal(point_of(s, "b")->repeat->count, 0);
		assert_int_equal(point_of(s, "c")->repeat->count, i == 0 ? 8 : 5);
		assert_int_equal(
		    point_of(s, "c")->repeat->within_ms, 31 * INT64_C(86400000));
		site_free(s);
		fixture_remove();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example_top),
		cmocka_unit_test(test_example_buses_and_devices),
		cmocka_unit_test(test_built_in_points_have_places_in_both_languages),
		cmocka_unit_test(test_example_points),
		cmocka_unit_test(test_example_limits_and_lines),
		cmocka_unit_test(test_example_alerts),
		cmocka_unit_test(test_example_hosts),
		cmocka_unit_test(test_example_outputs),
		cmocka_unit_test(test_built_in_points),
		cmocka_unit_test(test_shortest_site),
		cmocka_unit_test(test_every_style_of_text),
		cmocka_unit_test(test_includes_append_and_paths_are_of_the_naming_file),
		cmocka_unit_test(test_secret_from_file_is_used_and_never_shown),
		cmocka_unit_test(test_revision_follows_every_file),
		cmocka_unit_test(test_profiles_come_from_the_environment),
		cmocka_unit_test(test_chatter_of_a_point),
		cmocka_unit_test(test_repeat_of_a_point),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
