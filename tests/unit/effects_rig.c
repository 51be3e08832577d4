// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See effects_rig.h.
#include "effects_rig.h"

#include <stdio.h>
#include <string.h>

#include "test.h"

static const char site_text[] =
    "site: {id: t, name: {zh: 测, en: T}, time_zone: Asia/Shanghai}\n"
    "console: {listen: \"127.0.0.1:0\", desk: [127.0.0.1]}\n"
    "zones: [{id: z, name: {zh: 区, en: Z}}, {id: y, name: {en: Y}}]\n"
    "buses: [{id: lan, modbus_tcp: \"127.0.0.1:5020\"},"
    " {id: io-lan, modbus_tcp: \"127.0.0.1:5021\"},"
    " {id: g-lan, modbus_tcp: \"127.0.0.1:5022\"}]\n"
    "devices:\n"
    "  - {id: fap, bus: lan, unit: 1, profile: notifier-modbus-gw, poll: 1s, points: ["
    "{id: s1, item: detector, loop: 1, device: 1, kind: smoke, zone: z,"
    " place: {zh: 甲, en: A}},"
    " {id: s2, item: detector, loop: 1, device: 2, kind: smoke, zone: z,"
    " place: {zh: 乙, en: B}},"
    " {id: s3, item: detector, loop: 1, device: 3, kind: smoke, zone: y,"
    " place: {en: C}}]}\n"
    "  - {id: g, bus: g-lan, unit: 1, profile: pressure-transmitter-ptmb, poll: 1s,"
    " points: [{id: main, item: pressure, kind: pressure, zone: y, place: {en: Main},"
    " limits: {low: 0.60MPa}}]}\n"
    "  - id: io\n"
    "    bus: io-lan\n"
    "    unit: 1\n"
    "    profile: iologik-e1210\n"
    "    poll: 500ms\n"
    "    points:\n"
    "      - {id: run, item: di, device: 0, kind: pump-run, place: {en: Pump}}\n"
    "      - {id: fan, item: di, device: 1, kind: module, place: {en: Fan}}\n"
    "      - {id: wired, item: di, device: 2, kind: fire-contact, zone: z,"
    " place: {en: W}}\n"
    "      - {id: valve, item: di, device: 3, kind: valve, zone: z,"
    " place: {en: V}}\n"
    "effects:\n"
    "  - {id: fire-pump, causes: [{zone: z, class: fire}], effect: {point: run},"
    " within: 10s, message: {zh: 消防泵未启动, en: the fire pump did not start}}\n"
    "  - {id: low-pump, causes: [{point: main, code: low}], effect: {point: run},"
    " within: 5s, message: {en: no pump at low pressure}}\n"
    "  - {id: fan-stops, causes: [{class: fire}], effect: {point: fan, is: idle},"
    " within: 20s, message: {en: the fan did not stop}}\n";

static void
write_site(const char *from, const char *to, char out[static sizeof(site_text) + 512])
{
	const char *at = from != NULL ? strstr(site_text, from) : NULL;
	if (from == NULL) {
		memcpy(out, site_text, sizeof(site_text));
		return;
	}
	assert_non_null(at);
	(void)snprintf(out, sizeof(site_text) + 512, "%.*s%s%s", (int)(at - site_text),
	    site_text, to, at + strlen(from));
}

void
effects_set_up(struct rig *r, const char *from, const char *to)
{
	char text[sizeof(site_text) + 512];
	write_site(from, to, text);
	rig_set_up_site(r, text);
}

void
effects_rewrite(struct rig *r, const char *from, const char *to)
{
	char path[128], text[sizeof(site_text) + 512];
	write_site(from, to, text);
	(void)snprintf(path, sizeof(path), "%s/site.yaml", r->dir);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

const struct alarm_record *
no_effect(const struct rig *r, const char *point)
{
	return alarms_find(engine_alarms(r->engine), point, COND_FAULT, "no-effect");
}

bool
is_no_effect(const struct rig *r, const char *point)
{
	const struct alarm_record *a = no_effect(r, point);
	return a != NULL &&
	       (a->a.state == ALARM_UNACKNOWLEDGED || a->a.state == ALARM_ACKNOWLEDGED);
}

void
measure_main(const struct rig *r, double mpa)
{
	struct sample s = rig_sample(r, "main", SAMPLE_ANALOG);
	s.value = mpa * 1e3;
	engine_sample(r->engine, &s);
}

void
lose_io(const struct rig *r, bool lost)
{
	engine_link(r->engine, r->site->devices[2].link_point, lost, "timeout");
}

void
level_with(const struct rig *r, const char *point, bool on, enum condition c)
{
	struct sample s = rig_sample(r, point, SAMPLE_LEVEL);
	s.value = on ? 1 : 0;
	s.n_codes = 1;
	s.codes[0] = (struct condition_code){ c, 0 };
	engine_sample(r->engine, &s);
}

void
expect_point(const struct rig *r, const char *point, const char *text)
{
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	engine_point_json(r->engine, site_find_point(r->site, point), &b);
	json_close(&b, '}');
	if (strstr(b.data, text) == NULL)
		fail_msg("no %s in %s", text, b.data);
	buf_free(&b);
}
