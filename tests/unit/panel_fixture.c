// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See panel_fixture.h. Test code only.
#include "panel_fixture.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

enum {
	SITE_TEXT = 64 * 1024,
	FOLDER_MAX = 256,
};

// What a site has to give for a profile that leaves it open.
static const char *
completed(const char *id)
{
	return strcmp(id, "jade-bird") == 0
		   ? ", tables: {state: [{value: 0, means: none}, {value: 1, means: "
		     "fire}]}"
		   : "";
}

static int
is_profile(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 5 && strcmp(e->d_name + n - 5, ".yaml") == 0;
}

// A bus for each device: none is refused for the other's line.
static void
write_site(void)
{
	static char text[SITE_TEXT], devices[SITE_TEXT];
	struct dirent **all;
	int n = scandir(fixture_panels, &all, is_profile, alphasort);
	size_t used, more = 0;

	assert_in_range(n, 28, FOLDER_MAX);
	used = (size_t)snprintf(
	    text, sizeof(text), "site: {id: s, time_zone: UTC}\nbuses:\n");
	for (int i = 0; i < n; i++) {
		char *id = all[i]->d_name;

		id[strlen(id) - 5] = '\0';
		used += (size_t)snprintf(text + used, sizeof(text) - used,
		    "  - {id: b%d, modbus_tcp: \"192.0.2.1:%d\"}\n", i, 1000 + i);
		more += (size_t)snprintf(devices + more, sizeof(devices) - more,
		    "  - {id: %s, bus: b%d, unit: 1, profile: %s%s}\n", id, i, id,
		    completed(id));
		free(all[i]);
	}
	free(all);
	(void)snprintf(text + used, sizeof(text) - used, "devices:\n%s", devices);
	fixture_write("site.yaml", text);
}

void
panels_init(struct panels *p)
{
	(void)fixture_folder();
	write_site();
	p->site = fixture_load(fixture_path("site.yaml"), fixture_panels);
	decode_codes_find(p->site, &p->codes);
}

void
panels_free(struct panels *p)
{
	site_free(p->site);
	fixture_remove();
}

const struct profile *
panels_profile(const struct panels *p, const char *id)
{
	for (uint16_t i = 0; i < p->site->n_devices; i++)
		if (strcmp(p->site->devices[i].profile->id, id) == 0)
			return p->site->devices[i].profile;
	fail_msg("there is no profile %s", id);
	return NULL;
}

const struct profile_item *
panels_item(const struct profile *profile, const char *name)
{
	for (uint16_t i = 0; i < profile->n_items; i++)
		if (strcmp(profile->items[i].name, name) == 0)
			return &profile->items[i];
	fail_msg("profile %s has no item %s", profile->id, name);
	return NULL;
}

uint32_t
panels_address(const struct panels *p, const char *profile, const char *item,
    uint16_t loop, uint16_t device)
{
	return profile_place(
	    panels_item(panels_profile(p, profile), item), loop, device)
	    .pdu;
}

// ---- as text ----------------------------------------------------------------------

struct line {
	char *out;
	size_t used;
};

static void
word(struct line *l, const char *a, const char *b)
{
	l->used += (size_t)snprintf(l->out + l->used, PANEL_TEXT - l->used, "%s%s%s%s",
	    l->used > 0 ? " " : "", a, b[0] != '\0' ? "/" : "", b);
	assert_in_range(l->used, 0, PANEL_TEXT - 1);
}

static int
compare(const struct site *s, struct condition_code a, struct condition_code b)
{
	if (a.condition != b.condition)
		return a.condition < b.condition ? -1 : 1;
	return strcmp(s->codes[a.code], s->codes[b.code]);
}

static void
show_codes(const struct panels *p, struct sample *s, struct line *l)
{
	for (uint8_t i = 1; i < s->n_codes; i++)
		for (uint8_t k = i;
		     k > 0 && compare(p->site, s->codes[k], s->codes[k - 1]) < 0; k--) {
			struct condition_code c = s->codes[k];
			s->codes[k] = s->codes[k - 1];
			s->codes[k - 1] = c;
		}
	for (uint8_t i = 0; i < s->n_codes; i++)
		word(l, condition_name(s->codes[i].condition),
		    p->site->codes[s->codes[i].code]);
}

static void
show_edge(const struct panels *p, const struct sample *s, const struct decode_edge *e,
    struct line *l)
{
	uint16_t all = (1U << COND_COUNT) - 1, ends = all & ~s->silent;

	word(l, "edge", "");
	word(l, condition_name(e->is.condition), p->site->codes[e->is.code]);
	word(l, "ends", "");
	for (int c = 0; c < COND_COUNT; c++)
		if (ends != all && (ends & 1U << c) != 0)
			word(l, condition_name((enum condition)c), "");
	if (ends == all)
		word(l, "all", "");
}

void
panels_show(const struct panels *p, const struct profile *profile,
    const struct panel_case *c, char out[static PANEL_TEXT])
{
	struct decode_input in = { .profile = profile, .words = c->words };
	const char *at = strchr(c->item, '@');
	char name[64];
	struct line l = { .out = out };
	struct sample s = { 0 };
	struct decode_edge edge;
	char number[32];

	out[0] = '\0';
	(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(c->item, "@"), c->item);
	in.item = panels_item(profile, name);
	in.shift = at != NULL ? (uint8_t)strtoul(at + 1, NULL, 10) : 0;
	decode_item(&in, &p->codes, &s, &edge);
	if (s.quality != QUALITY_GOOD)
		word(&l, quality_name(s.quality), "");
	if (s.quality == QUALITY_GOOD && s.kind != SAMPLE_CODE) {
		(void)snprintf(number, sizeof(number), "%.10g", s.value);
		word(&l, number, "");
	}
	show_codes(p, &s, &l);
	if (edge.happened)
		show_edge(p, &s, &edge, &l);
}

void
panels_check(const struct panels *p, const char *profile,
    const struct panel_case *cases, size_t n)
{
	const struct profile *of = panels_profile(p, profile);
	char found[PANEL_TEXT];

	for (size_t i = 0; i < n; i++) {
		panels_show(p, of, &cases[i], found);
		if (strcmp(found, cases[i].means) != 0)
			fail_msg("%s %s %04X %04X: \"%s\", must be \"%s\"", profile,
			    cases[i].item, cases[i].words[0], cases[i].words[1], found,
			    cases[i].means);
	}
}
