// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The sections of a site file, gathered over all included files, and their readers.
// Private to config. Readers fill l->site; a section is read after those it refers to.
#ifndef CONFIG_SECTIONS_H
#define CONFIG_SECTIONS_H

#include "config/load.h"
#include "config/schema.h"
#include "config/yaml.h"

// Items of one list section, from all files in the order they were read.
struct node_list {
	size_t n, size;
	const struct yaml_node **items;
};

enum section {
	SECTION_SITE,
	SECTION_STORE,
	SECTION_CONSOLE,
	SECTION_ENGINE,
	SECTION_DEADMAN,
	SECTION_MAPS, // how many are a map
	SECTION_BUSES = SECTION_MAPS,
	SECTION_DEVICES,
	SECTION_GPIO,
	SECTION_HOSTS,
	SECTION_LOOPS,
	SECTION_DOORS,
	SECTION_FIRE_DOORS,
	SECTION_SUPPRESSIONS,
	SECTION_EFFECTS,
	SECTION_PUMPS,
	SECTION_PATROLS,
	SECTION_ZONES,
	SECTION_CHANNELS,
	SECTION_LADDERS,
	SECTION_REPORTS,
	SECTION_OUTPUTS,
	SECTION_COUNT,
};

struct sections {
	const struct yaml_node *map[SECTION_MAPS]; // NULL = not given, or no map
	bool given[SECTION_MAPS];
	struct node_list list[SECTION_COUNT]; // from SECTION_BUSES on
	struct pos top;                       // the site's own file
};

// Reads FILE and what it includes. False where nothing could be read.
bool sections_gather(struct load *l, const char *file, struct sections *s);

// load_run, and what it read; the nodes live until load_end.
struct site *load_sections(struct load *l, const char *file, struct sections *s);

// "devices"
const char *section_name(enum section s);

// One more item of a list section; a problem where there are too many.
void sections_add(struct load *l, struct sections *s, enum section which,
    const struct yaml_node *item);

// site.c
void site_read(
    struct load *l, const struct sections *s); // site, store, console, engine
void zones_read(struct load *l, const struct node_list *list);

// buses.c
void buses_read(struct load *l, const struct node_list *list);
// What the site does not say of buses and their devices do, once those are read.
void buses_settle(struct site *s);
// Both connect to the same place over TCP.
bool buses_same_endpoint(const struct bus *a, const struct bus *b);

// devices.c
void devices_read(struct load *l, const struct node_list *list);
void gpios_read(struct load *l, const struct node_list *list);

// {limit, reason}: the site accepts a budget beyond the limit of a class. *reason stays
// NULL where it does not fit.
void accept_read(struct load *l, const struct yaml_node *node, uint32_t *limit_ms,
    const char **reason);

// rules.c: what the sections that give points a meaning in time share

// Times of day, each later than the one before; room for the field's own maximum.
// Returns how many are good.
size_t rule_times(struct load *l, const struct yaml_node *list,
    const struct schema_field *item, uint16_t *out);

enum rule_use {
	RULE_DOOR,
	RULE_GRANT,
	RULE_ANSWER,
	RULE_FIRE_DOOR,
	RULE_RELEASE,
	RULE_LINE,
	RULE_PUMP_RUN,
	RULE_PUMP_AUTO,
	RULE_PUMP_MANUAL,
	RULE_PATROL,
	RULE_COUNT
};
// The point that `node` names, or UINT32_MAX with a problem. A point has one such use;
// a grant may be that of several doors.
uint32_t rule_point(
    struct load *l, const struct yaml_node *node, const char *key, enum rule_use use);
// A list of {days, from, to}.
void rule_hours(struct load *l, const struct yaml_node *list, struct schedule *out);
// A list of days as a mask, Monday is 1.
uint8_t rule_days(struct load *l, const struct yaml_node *list);
// Whether the point is a single contact (true where it already is a problem).
bool rule_is_contact(const struct load *l, const struct point *p);

// loops.c: before the points, which name them
void loops_read(struct load *l, const struct node_list *list);
// The point is a contact on an analogue input, with the bands of this name.
void loop_refer(struct load *l, struct pos at, const char *name, struct point *p);

// trends.c: the keys rate and stuck of a point of a device, and what is in them.
extern const struct schema_map rate_map, stuck_map;
void trend_read(struct load *l, const struct schema_value *rate,
    const struct schema_value *stuck, struct point *p);

// chatter.c: the key chatter of the section engine, and that of a point.
extern const struct schema_field chatter_forms[];
extern const struct chatter_rule chatter_defaults;
// What is not given is as in `base`.
struct chatter_rule chatter_read(
    struct load *l, const struct schema_value *v, const struct chatter_rule *base);
const struct chatter_rule *chatter_read_point(
    struct load *l, const struct schema_value *v);

// repeat.c: the key repeat of the section engine, and that of a point.
extern const struct schema_field repeat_forms[];
struct repeat_rule repeat_read(struct load *l, const struct schema_value *v);
// What is not given is as in the section engine.
const struct repeat_rule *repeat_read_point(
    struct load *l, const struct schema_value *v);

// doors.c
void doors_read(struct load *l, const struct node_list *list);
// Once the plan is known: how long an opening waits for a grant, where the site does
// not say.
void doors_settle(const struct load *l);

// fire_doors.c
void fire_doors_read(struct load *l, const struct node_list *list);

// suppressions.c: after the rules that give points a meaning
void suppressions_read(struct load *l, const struct node_list *list);

// effects.c: after all points
void effects_read(struct load *l, const struct node_list *list);
// Once the plan is known: what is told later than its rule allows.
void effects_settle(struct load *l, const struct node_list *list);

// pumps.c
void pumps_read(struct load *l, const struct node_list *list);

// patrols.c
void patrols_read(struct load *l, const struct node_list *list);

// deadman.c: the section, or NULL
void deadman_read(struct load *l, const struct yaml_node *node);

// hosts.c
void hosts_read(struct load *l, const struct node_list *list);

// outputs.c: after all points; `gpios` are the chips' nodes.
void outputs_read(
    struct load *l, const struct node_list *list, const struct node_list *gpios);

// alerts.c
void channels_read(struct load *l, const struct node_list *list);

// Section store; NULL = not given. Needs the channels.
void store_section_read(struct load *l, const struct yaml_node *node);
void ladders_read(struct load *l, const struct node_list *list);

// An http or https address, or the {file: PATH} of one, for the key `key`; "" with a
// problem.
extern const struct schema_field webhook_forms[];
const char *webhook_read(struct load *l, const struct yaml_node *node, const char *key);

// reports.c
void report_plans_read(struct load *l, const struct node_list *list);

// {file: PATH}: the first line of the file, or NULL with a problem. Lives as long as
// the load; never shown.
const char *secret_read(struct load *l, const struct yaml_node *node);

// Where a device of the site differs from its profile; each NULL or 0 where it does
// not.
struct profile_override {
	const struct yaml_node *bases;    // item: PDU address
	const struct yaml_node *tables;   // table: a list of values
	const struct yaml_node *identity; // name: text
	int64_t shift;                    // added to every address of the profile
};

// profile.c: the profile, or NULL with a problem (once for each profile that is used as
// it is: `site` NULL).
const struct profile *profile_get(
    struct load *l, struct pos at, const char *id, const struct profile_override *site);

extern const struct schema_map profile_map; // of a profile's file

// What a section may hold, as its reader has it.
extern const struct schema_map site_file_map; // of a site's file: all sections
extern const struct schema_map site_map, store_map, console_map, engine_map,
    deadman_map;
extern const struct schema_field bus_item, device_item, gpio_item, host_item, loop_item,
    door_item, fire_door_item, suppression_item, effect_item, pump_item, patrol_item,
    zone_item, channel_item, ladder_item, report_item, output_item;
extern const struct schema_map accept_map;    // accept_read
extern const struct schema_map secret_map;    // secret_read
extern const struct schema_field points_item; // a point of a device
extern const struct schema_field lines_item;  // a point of a GPIO chip
const char *point_kind_choice(size_t i);
const char *point_latch_choice(size_t i);
extern const struct schema_field rule_hours_item; // of rule_hours
extern const struct schema_field rule_point_item; // of rule_point
extern const struct schema_field rule_day_item;   // of rule_days

// Adds `v` under its id; a second one is a problem. The id in the site's arena, ""
// where there is none.
const char *section_id(struct load *l, struct name_index *ix, const char *what,
    const struct schema_value *v, size_t number);

// The index behind the name, or UINT32_MAX with a problem. `key` is for the message.
uint32_t section_refer(struct load *l, const struct name_index *ix, struct pos at,
    const char *key, const char *name);

// points.c

// A point as its cells: the columns of a CSV file, or the same keys in YAML.
enum point_cell {
	CELL_ID,
	CELL_ITEM,
	CELL_LOOP,
	CELL_DEVICE,
	CELL_KIND,
	CELL_ZONE,
	CELL_LATCH,
	CELL_PLACE_ZH,
	CELL_PLACE_EN,
	CELL_COUNT,
};

struct cell {
	const char *text; // NULL = absent; lives as long as the load
	struct pos pos;
};

extern const char *const cell_names[CELL_COUNT];

// A point of device `device` or of GPIO chip `gpio` (the other is INDEX_NONE) from its
// cells; reports what is wrong at its cell, and what is missing at `at`. `scaled`: what
// the item measures need not be what the kind does.
struct point point_from_cells(struct load *l, struct pos at,
    const struct cell cells[static CELL_COUNT], uint16_t device, uint16_t gpio,
    bool scaled);
void point_add(struct load *l, struct pos at, const struct point *p);

// The points added since there were `first`, all of one owner: their indexes, those of
// a device in order of (area, pdu, shift), a place used twice being refused.
const uint32_t *points_run(struct load *l, size_t first, uint32_t *n);

// Adds DEVICE.ITEM for each item of which a device always has a point and of which none
// was added since there were `first`.
void points_always(struct load *l, uint16_t device, size_t first);

// points_csv.c: `at` names the file; outside every file (UINT16_MAX) the name is seen
// from the working directory.
void points_read_csv(struct load *l, struct pos at, const char *name,
    enum encoding stated, uint16_t device);

// points_yaml.c
void points_read_list(
    struct load *l, const struct yaml_node *list, uint16_t device, uint16_t gpio);

// budget.c: loads and detection budgets; a problem where one is over its bound.
void budget_check(struct load *l);
// budget_hosts.c: the part of it that is of hosts.
void budget_check_hosts(struct load *l);

#endif
