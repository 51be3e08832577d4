// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Panel profiles: panels/ID.yaml, read once however many devices use it as it is, and
// once more for a device that says where it differs. Runs in the thread of the load.
// Refuses a profile that does not name its source, and one that claims to be proven in
// the field without saying by what. The schema is described in watchroom-panel(5).
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/profile_dialog.h"
#include "config/profile_load.h"
#include "config/units.h"

enum {
	PROFILES_MAX = 1024,
	OPEN_MAX = 32
};

enum {
	TOP_PROFILE,
	TOP_NAME,
	TOP_SOURCE,
	TOP_FIRMWARE,
	TOP_MATURITY,
	TOP_EVIDENCE,
	TOP_VERIFIED,
	TOP_PROVENANCE,
	TOP_OPEN,
	TOP_TRANSPORTS,
	TOP_LIMITS,
	TOP_IDENTITY,
	TOP_EXCEPTIONS,
	TOP_TABLES,
	TOP_DECODERS,
	TOP_ITEMS,
	TOP_DIALOGS,
	TOP_FIELDS,
};

static const char *
maturity_choice(size_t i)
{
	return i <= MATURITY_FIELD_PROVEN ? maturity_name((enum maturity)i) : NULL;
}

static const char *
evidence_choice(size_t i)
{
	static const char *const names[] = { "A", "B", "C", NULL };

	return names[i];
}

// clang-format off
static const struct schema_field open_item = { .key = "open", .type = SCHEMA_TEXT };

static const struct schema_field top_fields[TOP_FIELDS] = {
	[TOP_PROFILE] = { .key = "profile", .type = SCHEMA_ID, .required = true,
	    .help = "the name of this file without .yaml" },
	[TOP_NAME] = { .key = "name", .type = SCHEMA_NAME, .required = true,
	    .help = "what people call the device" },
	[TOP_SOURCE] = { .key = "source", .type = SCHEMA_TEXT, .required = true,
	    .help = "the document, its number and revision" },
	[TOP_FIRMWARE] = { .key = "firmware", .type = SCHEMA_TEXT, .required = true,
	    .help = "which firmware the facts hold for" },
	[TOP_MATURITY] = { .key = "maturity", .type = SCHEMA_CHOICE, .required = true,
	    .choice = maturity_choice, .help = "inferred, documented or field-proven" },
	[TOP_EVIDENCE] = { .key = "evidence", .type = SCHEMA_CHOICE,
	    .choice = evidence_choice, .help = "A: enough to rely on, B: with gaps, C: shape only" },
	[TOP_VERIFIED] = { .key = "verified", .type = SCHEMA_TEXT,
	    .help = "on which device and firmware a walk test was compared, and when" },
	[TOP_PROVENANCE] = { .key = "provenance", .type = SCHEMA_TEXT, .required = true,
	    .help = "where the facts come from" },
	[TOP_OPEN] = { .key = "open", .type = SCHEMA_LIST, .max = OPEN_MAX,
	    .each = &open_item, .help = "what no source says, each to verify on site" },
	[TOP_TRANSPORTS] = { .key = "transports", .type = SCHEMA_LIST, .required = true,
	    .max = TRANSPORTS_MAX, .each = &transports_item,
	    .help = "tcp, rtu, rtu-over-tcp, or maps with their defaults" },
	[TOP_LIMITS] = { .key = "limits", .type = SCHEMA_MAP, .map = &limits_map,
	    .help = "how much the device can be asked" },
	[TOP_IDENTITY] = { .key = "identity", .type = SCHEMA_LIST, .max = IDENTITY_MAX,
	    .each = &identity_item, .help = "registers that the right device answers" },
	[TOP_EXCEPTIONS] = { .key = "exceptions", .type = SCHEMA_LIST, .max = EXCEPTIONS_MAX,
	    .each = &exceptions_item, .help = "exception codes that differ from the standard" },
	[TOP_TABLES] = { .key = "tables", .type = SCHEMA_LIST, .max = TABLES_MAX,
	    .each = &tables_item, .help = "lists of values that several fields use" },
	[TOP_DECODERS] = { .key = "decoders", .type = SCHEMA_LIST, .required = true,
	    .max = DECODERS_MAX, .each = &decoders_item, .help = "what raw values mean" },
	[TOP_ITEMS] = { .key = "items", .type = SCHEMA_LIST, .required = true,
	    .max = ITEMS_MAX, .each = &items_item, .help = "which registers there are" },
	[TOP_DIALOGS] = { .key = "dialogs", .type = SCHEMA_MAP, .map = &profile_dialogs_map,
	    .help = "what is said to the device beyond reading its points" },
};
// clang-format on

const struct schema_map profile_map = { top_fields, TOP_FIELDS };

const struct yaml_node *
profile_child(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *c = map != NULL ? map->first : NULL;

	while (c != NULL && (c->key == NULL || strcmp(c->key, key) != 0))
		c = c->next;
	return c;
}

const char *
profile_area_choice(size_t i)
{
	return i < AREA_COUNT ? area_name((enum area)i) : NULL;
}

uint16_t
profile_shift(struct profile_load *pl, struct pos at, int64_t address)
{
	address += pl->site->shift;
	if (address >= 0 && address <= UINT16_MAX)
		return (uint16_t)address;
	problem(
	    pl->l, at, "address_shift moves the address to %lld", (long long)address);
	return 0;
}

static const char *
text_of(struct load *l, const struct schema_value *v)
{
	return v->ok ? arena_text(l->arena, v->text) : "";
}

static void
read_open(struct load *l, const struct yaml_node *list, struct profile *p)
{
	const char **all = arena_alloc(l->arena, list->n, sizeof(*all));

	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		struct schema_value v = { 0 };
		if (schema_scalar(l, c, &open_item, &v))
			all[p->n_open++] = arena_text(l->arena, v.text);
	}
	p->open = all;
}

static void
read_head(
    struct load *l, const struct schema_value v[static TOP_FIELDS], struct profile *p)
{
	p->name_zh = v[TOP_NAME].ok ? arena_text(l->arena, v[TOP_NAME].zh) : "";
	p->name_en = v[TOP_NAME].ok ? arena_text(l->arena, v[TOP_NAME].en) : "";
	p->source = text_of(l, &v[TOP_SOURCE]);
	p->firmware = text_of(l, &v[TOP_FIRMWARE]);
	p->provenance = text_of(l, &v[TOP_PROVENANCE]);
	p->maturity = (enum maturity)v[TOP_MATURITY].number;
	p->evidence = text_of(l, &v[TOP_EVIDENCE]);
	p->verified = text_of(l, &v[TOP_VERIFIED]);
	if (v[TOP_OPEN].ok)
		read_open(l, v[TOP_OPEN].node, p);
	if (v[TOP_MATURITY].ok &&
	    (p->maturity == MATURITY_FIELD_PROVEN) != (v[TOP_VERIFIED].node != NULL))
		problem(l, v[TOP_MATURITY].pos,
		    "maturity: field-proven and verified belong together");
}

static void
read_top(struct profile_load *pl, const struct yaml_node *root, const char *id)
{
	struct schema_value v[TOP_FIELDS];
	struct load *l = pl->l;
	struct profile *p = pl->p;

	(void)schema_read(l, root, "the profile", top_fields, TOP_FIELDS, v);
	if (v[TOP_PROFILE].ok && strcmp(v[TOP_PROFILE].text, id) != 0)
		schema_refuse(l, v[TOP_PROFILE].pos, "profile", v[TOP_PROFILE].text,
		    "must be the name of the file");
	p->id = arena_text(l->arena, id);
	read_head(l, v, p);
	if (v[TOP_TRANSPORTS].ok)
		profile_read_transports(pl, v[TOP_TRANSPORTS].node);
	profile_read_limits(pl, v[TOP_LIMITS].ok ? v[TOP_LIMITS].node : NULL);
	profile_read_identity(pl, v[TOP_IDENTITY].ok ? v[TOP_IDENTITY].node : NULL);
	if (v[TOP_EXCEPTIONS].ok)
		profile_read_exceptions(pl, v[TOP_EXCEPTIONS].node);
	pl->tables = tables_read(
	    l, v[TOP_TABLES].ok ? v[TOP_TABLES].node : NULL, pl->site->tables);
	if (v[TOP_DECODERS].ok)
		pl->decoders = decoders_read(l, v[TOP_DECODERS].node, &pl->tables);
	p->decoders = pl->decoders.all;
	p->n_decoders = pl->decoders.n;
	if (v[TOP_ITEMS].ok)
		profile_read_items(pl, v[TOP_ITEMS].node);
	if (v[TOP_DIALOGS].ok)
		p->dialogs = dialogs_read(l, v[TOP_DIALOGS].node, p);
	if (p->dialogs != NULL && p->dialogs->n_writes > 0 && pl->site->shift != 0)
		problem(l, l->device_at,
		    "a device: address_shift: a profile that writes cannot be moved");
	profile_check_bases(pl);
}

// Names the profile nearest to one that is not there.
static void
refuse_missing(struct load *l, struct pos at, const char *id)
{
	struct suggestion s = suggest_begin(id);
	DIR *folder = opendir(l->panels);
	const struct dirent *e;

	if (folder == NULL) {
		problem(l, at, "profile: cannot read the folder of profiles %s: %s",
		    l->panels, strerror(errno));
		return;
	}
	while ((e = readdir(folder)) != NULL) {
		size_t len = strlen(e->d_name);
		if (len > 5 && strcmp(e->d_name + len - 5, ".yaml") == 0)
			suggest_offer(&s, arena_bytes(l->temp, e->d_name, len - 5));
	}
	(void)closedir(folder);
	problem(
	    l, at, "profile: there is no %s%s", load_show(l, id), suggest_text(l, &s));
}

static bool
exists(const struct load *l, const char *id)
{
	char path[4096];
	FILE *f;

	if (l->copy != NULL)
		return true; // its map knows
	(void)snprintf(path, sizeof(path), "%s/%s.yaml", l->panels, id);
	f = fopen(path, "re");
	if (f != NULL)
		(void)fclose(f);
	return f != NULL;
}

static const struct yaml_node *
read_tree(struct load *l, struct pos at, const char *id)
{
	if (!exists(l, id)) {
		refuse_missing(l, at, id);
		return NULL;
	}
	int file = source_read_profile(l, at, id);
	return file < 0 ? NULL : yaml_parse(l, (uint16_t)file);
}

static const struct profile *
build(struct load *l, struct pos at, const char *id, const struct yaml_node *root,
    const struct profile_override *site)
{
	size_t before = l->problems->n + l->problems->more;
	struct profile_load pl = {
		.l = l, .p = arena_alloc(l->arena, 1, sizeof(*pl.p)), .site = site
	};

	pl.p->completed = site->bases != NULL || site->tables != NULL ||
			  site->identity != NULL || site->shift != 0;
	l->device_at = at;
	l->device_says = site;
	read_top(&pl, root, id);
	return l->problems->n + l->problems->more == before ? pl.p : NULL;
}

// Index of the profile's tree; UINT32_MAX where there are too many.
static uint32_t
find_tree(struct load *l, struct pos at, const char *id)
{
	uint32_t found = index_find(&l->profile_ids, id);

	if (found != UINT32_MAX)
		return found;
	if (l->n_profiles == PROFILES_MAX) {
		problem(l, at, "more than %d profiles", PROFILES_MAX);
		return UINT32_MAX;
	}
	if (l->loaded == NULL)
		l->loaded = arena_alloc(l->temp, PROFILES_MAX, sizeof(*l->loaded));
	found = (uint32_t)l->n_profiles++;
	(void)index_add(&l->profile_ids, arena_text(l->temp, id), found);
	l->loaded[found].tree = read_tree(l, at, id);
	return found;
}

const struct profile *
profile_get(
    struct load *l, struct pos at, const char *id, const struct profile_override *site)
{
	static const struct profile_override as_it_is = { 0 };
	uint32_t found = find_tree(l, at, id);

	if (found == UINT32_MAX || l->loaded[found].tree == NULL)
		return NULL;
	struct loaded_profile *p = &l->loaded[found];
	if (site != NULL)
		return build(l, at, id, p->tree, site);
	if (!p->built)
		p->profile = build(l, at, id, p->tree, &as_it_is);
	p->built = true;
	return p->profile;
}
