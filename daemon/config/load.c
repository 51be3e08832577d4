// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A load from beginning to end: gather, read section by section, add the built-in
// points, check the plan, and hand out a site or the problems. Runs in any thread and
// blocks on files. Refuses to hand out a site while a single problem is known (I12).
#include "config/load.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/recording.h"
#include "config/sections.h"
#include "config/units.h"
#include "lib/buf.h"
#include "lib/mem.h"
#include "lib/paths.h"
#include "lib/text.h"

// Codes that need no profile: those the drivers find for themselves (drivers/decode.h,
// and core/host.h).
// clang-format off
static const char *const own_codes[] = {
	"", // 0: the code without a name
	"not-present",
	"sensor-range",
	"configuration",
	"unknown-code",
	"reserved-bits",
	"line-busy",
	"line-missing",
	"line",
	"overflow",
	HOST_CERTIFICATE_EXPIRES,
#define X(id, code, ...) code,
	HOST_CODES(X)
	HOST_BLINDS(X)
#undef X
	// of dialogs (drivers/dialog.h)
	"unlisted",
	"queue-gap",
	"queue-stuck",
	"queue-unreadable",
	"source-unwatched",
	"summary-unreadable",
	"heartbeat-refused",
	"no-value",
	"frozen",
	// of supervised loops (core/loop_band.h)
	"loop-short",
	"loop-open",
	"loop-out-of-band",
	// What an alarm in a test would have been.
	"fire",
	"prealarm",
	"security",
	"supervisory",
	"activated",
	"feedback",
	"process",
};
// clang-format on

void
load_begin(struct load *l, const char *panels, struct problems *p)
{
	*l = (struct load){ .temp = arena_new(), .arena = arena_new(), .problems = p };
	l->panels = panels != NULL ? panels : panels_directory();
	l->site = arena_alloc(l->arena, 1, sizeof(*l->site));
	l->site->arena = l->arena;
	l->site->codes = arena_alloc(l->arena, CODES_MAX, sizeof(const char *));
	for (size_t i = 0; i < sizeof(own_codes) / sizeof(own_codes[0]); i++)
		(void)load_code(l, (struct pos){ .file = UINT16_MAX }, own_codes[i]);
}

code_id
load_code(struct load *l, struct pos at, const char *name)
{
	uint32_t found = index_find(&l->codes, name);

	if (found != UINT32_MAX)
		return (code_id)found;
	if (l->site->n_codes == CODES_MAX) {
		problem(l, at, "more than %d codes", CODES_MAX);
		return 0;
	}
	const char *kept = arena_text(l->arena, name);
	(void)index_add(&l->codes, kept, l->site->n_codes);
	l->site->codes[l->site->n_codes] = kept;
	return l->site->n_codes++;
}

// A catalogue's text with its parameters, in the arena.
static const char *
fill(struct arena *a, enum lang l, const char *key, const struct text_value *values,
    size_t n)
{
	struct buf b = { 0 };

	text_fill(&b, l, key, values, n);
	const char *kept = arena_text(a, b.data);
	buf_free(&b);
	return kept;
}

// Where the part is, in words that an operator knows.
static void
name_builtin(struct point *p, struct arena *a, const char *group, const char *id)
{
	const struct text_value values[] = { { "id", id } };
	char key[40];

	(void)snprintf(key, sizeof(key), "builtin.%s", group);
	p->place_zh = fill(a, LANG_ZH, key, values, id != NULL);
	p->place_en = fill(a, LANG_EN, key, values, id != NULL);
}

// Adds "@GROUP/ID", or "@GROUP" where id is NULL; returns its index.
static uint32_t
add_builtin(struct site *s, struct arena *a, const char *group, const char *id,
    enum point_kind kind)
{
	struct point *p = &s->points[s->n_points];

	*p = (struct point){
		.kind = kind,
		.latch = LATCH_NONE,
		.zone = INDEX_NONE,
		.device = INDEX_NONE,
		.gpio = INDEX_NONE,
		.line = "",
	};
	p->id = id != NULL ? arena_printf(a, "@%s/%s", group, id)
			   : arena_printf(a, "@%s", group);
	name_builtin(p, a, group, id);
	return s->n_points++;
}

// A bus is known by what hangs on it: its one device by name, or how many there are.
static void
name_bus(struct site *s, struct arena *a, uint16_t bus)
{
	const struct device *one = NULL;
	struct point *p = &s->points[s->buses[bus].link_point];
	char count[16];
	unsigned n = 0;

	for (uint16_t i = 0; i < s->n_devices; i++) {
		if (s->devices[i].bus != bus)
			continue;
		one = &s->devices[i];
		n++;
	}
	if (n == 0 || (n == 1 && one->name_zh[0] == '\0'))
		return;
	(void)snprintf(count, sizeof(count), "%u", n);
	for (enum lang l = 0; l < LANG_COUNT; l++) {
		const struct text_value values[] = {
			{ "id", s->buses[bus].id },
			{ "n", count },
			{ "device", l == LANG_ZH ? one->name_zh : one->name_en },
		};
		const char *place = fill(
		    a, l, n == 1 ? "builtin.bus.one" : "builtin.bus.many", values, 3);
		*(l == LANG_ZH ? &p->place_zh : &p->place_en) = place;
	}
}

// What a device with dialogs reports as a whole. It is of the device: a fire on it
// belongs to the same incident as those of the device's points.
static void
add_panel(struct site *s, struct arena *a, uint16_t device)
{
	struct device *d = &s->devices[device];
	struct point *p;

	d->panel_point = UINT32_MAX;
	if (d->profile->dialogs == NULL)
		return;
	d->panel_point = add_builtin(s, a, "panel", d->id, KIND_PANEL);
	p = &s->points[d->panel_point];
	p->device = device;
	p->item = INDEX_NONE;
	if (d->name_zh[0] != '\0') {
		p->place_zh = d->name_zh;
		p->place_en = d->name_en;
	}
}

// What is played is no fire: it stays on the screen, unless the site says otherwise
// (I8).
static void
keep_indoors(struct site *s)
{
	for (uint16_t i = 0; i < s->n_buses; i++)
		s->points[s->buses[i].link_point].indoors =
		    s->buses[i].kind == BUS_REPLAY && !s->buses[i].alerts;
	for (uint32_t i = 0; i < s->n_points; i++) {
		struct point *p = &s->points[i];
		if (p->device != INDEX_NONE)
			p->indoors =
			    s->points[s->buses[s->devices[p->device].bus].link_point]
				.indoors;
	}
	for (uint16_t i = 0; i < s->n_devices; i++)
		s->points[s->devices[i].link_point].indoors =
		    s->points[s->buses[s->devices[i].bus].link_point].indoors;
}

static void
add_builtins(struct site *s, struct arena *a)
{
	for (uint16_t i = 0; i < s->n_buses; i++)
		s->buses[i].link_point =
		    add_builtin(s, a, "bus", s->buses[i].id, KIND_LINK);
	for (uint16_t i = 0; i < s->n_devices; i++) {
		struct device *d = &s->devices[i];
		d->link_point = add_builtin(s, a, "device", d->id, KIND_LINK);
		add_panel(s, a, i);
		if (d->name_zh[0] == '\0')
			continue;
		s->points[d->link_point].place_zh = d->name_zh;
		s->points[d->link_point].place_en = d->name_en;
	}
	for (uint16_t i = 0; i < s->n_buses; i++)
		name_bus(s, a, i);
	for (uint16_t i = 0; i < s->n_gpios; i++)
		s->gpios[i].link_point =
		    add_builtin(s, a, "gpio", s->gpios[i].id, KIND_LINK);
	for (uint16_t i = 0; i < s->n_channels; i++)
		s->channels[i].link_point =
		    add_builtin(s, a, "channel", s->channels[i].id, KIND_LINK);
	for (uint16_t i = 0; i < s->n_outputs; i++) {
		struct output *o = &s->outputs[i];
		o->fault_point = add_builtin(s, a, "output", o->id, KIND_SYSTEM);
		struct point *p = &s->points[o->fault_point];
		if (o->name_zh == NULL) {
			o->name_zh = p->place_zh;
			o->name_en = p->place_en;
		}
		p->place_zh = o->name_zh;
		p->place_en = o->name_en;
	}
	s->store_point = add_builtin(s, a, "store", NULL, KIND_SYSTEM);
	s->clock_point = add_builtin(s, a, "clock", NULL, KIND_SYSTEM);
	s->loop_point = add_builtin(s, a, "loop", NULL, KIND_SYSTEM);
	s->console_point = add_builtin(s, a, "console", NULL, KIND_SYSTEM);
	s->network_point = add_builtin(s, a, "network", NULL, KIND_SYSTEM);
	for (uint16_t i = 0; i < s->n_pumps; i++) {
		struct pump_def *d = &s->pumps[i];
		d->point = add_builtin(s, a, "pump", d->id, KIND_PUMP);
		s->points[d->point].place_zh = d->name_zh;
		s->points[d->point].place_en = d->name_en;
	}
	if (s->deadman != NULL)
		s->deadman_point = add_builtin(s, a, "deadman", NULL, KIND_SYSTEM);
}

static void
take_points(struct load *l)
{
	struct site *s = l->site;
	size_t built_in = (size_t)s->n_buses + s->n_devices + s->n_gpios +
			  s->n_channels + s->n_outputs + s->n_pumps + 5;

	for (uint16_t i = 0; i < s->n_devices; i++)
		built_in += s->devices[i].profile->dialogs != NULL;
	built_in += s->deadman != NULL;

	s->points = arena_alloc(l->arena, l->n_points + built_in, sizeof(*s->points));
	if (l->n_points > 0)
		memcpy(s->points, l->point, l->n_points * sizeof(*s->points));
	s->n_points = s->n_site_points = (uint32_t)l->n_points;
	add_builtins(s, l->arena);
	keep_indoors(s);
	wr_assert(s->n_points == l->n_points + built_in);
}

static void
count_inferred(struct site *s)
{
	for (uint32_t i = 0; i < s->n_site_points; i++) {
		const struct point *p = &s->points[i];

		if (p->device < s->n_devices && site_point_inferred(s, p))
			s->devices[p->device].n_inferred++;
	}
}

// Lengths are hashed too: moving a byte from one file to the next is a change.
static void
compute_revision(struct load *l)
{
	crypto_hash_sha256_state state;
	unsigned char digest[crypto_hash_sha256_BYTES];

	(void)crypto_hash_sha256_init(&state);
	for (size_t i = 0; i < l->n_sources; i++) {
		const struct source *s = &l->sources[i];
		unsigned char length[8];
		for (unsigned k = 0; k < 8; k++)
			length[k] = (unsigned char)((uint64_t)s->raw_len >> (8 * k));
		(void)crypto_hash_sha256_update(&state, length, sizeof(length));
		(void)crypto_hash_sha256_update(
		    &state, (const unsigned char *)s->raw, s->raw_len);
	}
	(void)crypto_hash_sha256_final(&state, digest);
	for (size_t i = 0; i < 8; i++)
		(void)snprintf(l->site->revision + 2 * i, 3, "%02x", digest[i]);
}

static void
read_sections(struct load *l, struct sections *s)
{
	site_read(l, s);
	zones_read(l, &s->list[SECTION_ZONES]);
	channels_read(l, &s->list[SECTION_CHANNELS]);
	store_section_read(l, s->map[SECTION_STORE]); // names a channel
	ladders_read(l, &s->list[SECTION_LADDERS]);
	buses_read(l, &s->list[SECTION_BUSES]);
	recordings_read(l, s);
	loops_read(l, &s->list[SECTION_LOOPS]);
	devices_read(l, &s->list[SECTION_DEVICES]);
	gpios_read(l, &s->list[SECTION_GPIO]);
	hosts_read(l, &s->list[SECTION_HOSTS]);
	outputs_read(l, &s->list[SECTION_OUTPUTS], &s->list[SECTION_GPIO]);
	doors_read(l, &s->list[SECTION_DOORS]);
	fire_doors_read(l, &s->list[SECTION_FIRE_DOORS]);
	pumps_read(l, &s->list[SECTION_PUMPS]);
	patrols_read(l, &s->list[SECTION_PATROLS]);
	deadman_read(l, s->map[SECTION_DEADMAN]);
	suppressions_read(l, &s->list[SECTION_SUPPRESSIONS]);
	effects_read(l, &s->list[SECTION_EFFECTS]);
	report_plans_read(l, &s->list[SECTION_REPORTS]);
}

struct site *
load_sections(struct load *l, const char *file, struct sections *sections)
{
	*sections = (struct sections){ 0 };
	if (source_open_copy(l, file) == 0 && sections_gather(l, file, sections)) {
		read_sections(l, sections);
		if (l->problems->n == 0) {
			take_points(l);
			count_inferred(l->site);
			compute_revision(l);
			budget_check(l);
			doors_settle(l);
			effects_settle(l, &sections->list[SECTION_EFFECTS]);
		}
	}
	problems_sort(l);
	if (l->problems->n > 0)
		return NULL;
	l->arena = NULL; // the site's now
	return l->site;
}

struct site *
load_run(struct load *l, const char *file)
{
	struct sections sections;

	return load_sections(l, file, &sections);
}

void
load_end(struct load *l)
{
	struct name_index *const indexes[] = { &l->buses, &l->devices, &l->gpios,
		&l->zones, &l->channels, &l->hosts, &l->outputs, &l->points, &l->codes,
		&l->ruled, &l->loops, &l->profile_ids };

	for (size_t i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++)
		index_free(indexes[i]);
	source_close_copy(l);
	free(l->point);
	free(l->point_pos);
	arena_free(l->temp);
	arena_free(l->arena);
}

struct site *
site_load(const char *file, const char *panels, struct problems *p)
{
	struct load l;

	load_begin(&l, panels, p);
	struct site *site = load_run(&l, file);
	load_end(&l);
	return site;
}

struct site *
site_load_replay(
    const char *file, const char *panels, const char *replay, struct problems *p)
{
	struct load l;

	load_begin(&l, panels, p);
	l.replay = replay;
	struct site *site = load_run(&l, file);
	load_end(&l);
	return site;
}

void
site_free(struct site *s)
{
	if (s != NULL)
		arena_free(s->arena);
}

// The result lies in static storage of the thread.
const char *
panels_directory(void)
{
	static _Thread_local char path[4096];
	const char *set = getenv("WATCHROOM_PANELS");

	if (set != NULL && set[0] != '\0')
		return set;
	char *found = paths_data("panels");
	(void)str_copy(path, sizeof(path), found);
	free(found);
	return path;
}
