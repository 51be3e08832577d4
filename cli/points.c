// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// `watchroom points check FILE --device D`: a spreadsheet of points tried in the place
// where the site would use it. Prints what each row would become, or every error at
// once. Reads files only; changes nothing, asks no daemon.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "config/budget.h"
#include "config/trial.h"
#include "config/units.h"
#include "lib/buf.h"
#include "lib/mem.h"

struct check {
	const struct cli *c;
	const struct points_trial *t;
	const struct problems *problems;
	const struct site *site; // NULL: refused
	const struct device *device;
	uint32_t first; // the device's points are site->points[first ..]
};

static const struct profile_item *
item_of(const struct check *k, const struct point *p)
{
	return &k->device->profile->items[p->item];
}

// The number that the manual prints for a point, where it prints plain numbers.
static void
printed_number(
    const struct profile_item *item, const struct point *p, char out[static 24])
{
	size_t digits = strspn(item->printed, "0123456789");

	out[0] = '\0';
	if (digits == 0 || digits > 9 || item->printed[digits] != '\0')
		return;
	(void)snprintf(out, 24, "%0*lu", (int)digits,
	    strtoul(item->printed, NULL, 10) + p->pdu - item->base);
}

static const char *
zone_of(const struct check *k, const struct point *p)
{
	return p->zone == INDEX_NONE ? "" : k->site->zones[p->zone].id;
}

static void
print_point(const struct check *k, uint32_t i)
{
	const struct point *p = &k->site->points[k->first + i];
	const struct profile_item *item = item_of(k, p);
	char printed[24], address[16] = "";

	printed_number(item, p, printed);
	if (item->loop_max > 0)
		(void)snprintf(address, sizeof(address), "%u-%u", p->loop, p->number);
	else if (item->device_max > 0)
		(void)snprintf(address, sizeof(address), "%u", p->number);
	(void)printf("%6u  %-20s %-12s %-8s %-8s %5u %-8s %-18s %-10s %s\n",
	    k->t->lines[i], p->id, item->name, address, area_name(item->area), p->pdu,
	    printed, point_kind_name(p->kind), zone_of(k, p), p->place_zh);
}

static unsigned
count_where(
    const struct check *k, bool (*fits)(const struct point *p, unsigned x), unsigned x)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < k->t->n_lines; i++)
		n += fits(&k->site->points[k->first + i], x);
	return n;
}

static bool
of_kind(const struct point *p, unsigned kind)
{
	return p->kind == (enum point_kind)kind;
}

static bool
of_zone(const struct point *p, unsigned zone)
{
	return p->zone == zone;
}

static void
print_doubt(const struct check *k)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < k->t->n_lines; i++)
		n += site_point_inferred(k->site, &k->site->points[k->first + i]);
	if (n > 0)
		(void)printf("register map inferred: %u points; prove each by a test "
			     "at the device\n",
		    n);
}

static void
print_sums(const struct check *k)
{
	char budget[32];

	(void)printf("kinds:");
	for (unsigned kind = 0; kind < KIND_LINK; kind++) {
		unsigned n = count_where(k, of_kind, kind);
		if (n > 0)
			(void)printf(
			    " %s %u", point_kind_name((enum point_kind)kind), n);
	}
	(void)printf("\nzones:");
	for (unsigned z = 0; z < k->site->n_zones; z++) {
		unsigned n = count_where(k, of_zone, z);
		if (n > 0)
			(void)printf(" %s %u", k->site->zones[z].id, n);
	}
	(void)printf(" (none) %u\n", count_where(k, of_zone, INDEX_NONE));
	(void)printf("polling: %u requests a pass, contact to event at most %s\n",
	    budget_blocks(k->site, k->device),
	    units_show_ms(k->device->budget_ms, budget));
}

static void
print_text(const struct check *k)
{
	const struct points_trial *t = k->t;

	if (t->was_in != NULL)
		(void)printf("%s: %s, separator %s, %u rows\n", t->file, t->was_in,
		    t->separator != NULL ? t->separator : "not found", t->rows);
	if (t->columns != NULL)
		(void)printf("columns (line %u): %s\n", t->heading_line, t->columns);
	problems_print_as(&t->notes, "note", stdout);
	if (k->site == NULL) {
		(void)fflush(stdout);
		problems_print(k->problems, stderr);
		size_t n = k->problems->n + k->problems->more;
		(void)fprintf(stderr, "%zu error%s: this file would be refused whole\n",
		    n, n == 1 ? "" : "s");
		return;
	}
	(void)printf("%6s  %-20s %-12s %-8s %-8s %5s %-8s %-18s %-10s %s\n", "line",
	    "id", "item", "address", "area", "PDU", "printed", "kind", "zone", "place");
	for (uint32_t i = 0; i < t->n_lines; i++)
		print_point(k, i);
	(void)printf("%u points of device %s (%s)\n", t->n_lines, k->device->id,
	    k->device->profile->id);
	print_doubt(k);
	print_sums(k);
}

static void
json_point(struct buf *b, const struct check *k, uint32_t i)
{
	const struct point *p = &k->site->points[k->first + i];
	const struct profile_item *item = item_of(k, p);
	char printed[24];

	printed_number(item, p, printed);
	json_open(b, NULL, '{');
	json_int(b, "line", k->t->lines[i]);
	json_str(b, "id", p->id);
	json_str(b, "item", item->name);
	json_int(b, "loop", p->loop);
	json_int(b, "device", p->number);
	json_str(b, "area", area_name(item->area));
	json_int(b, "pdu", p->pdu);
	json_str(b, "printed", printed[0] != '\0' ? printed : NULL);
	json_str(b, "kind", point_kind_name(p->kind));
	json_str(b, "latch", latch_name(p->latch));
	json_bool(b, "inferred", site_point_inferred(k->site, p));
	json_str(b, "zone", p->zone == INDEX_NONE ? NULL : zone_of(k, p));
	json_open(b, "place", '{');
	json_str(b, "zh", p->place_zh);
	json_str(b, "en", p->place_en);
	json_close(b, '}');
	json_close(b, '}');
}

static void
json_problems(struct buf *b, const char *key, const struct problems *p)
{
	json_open(b, key, '[');
	for (size_t i = 0; i < p->n; i++) {
		const struct err *e = &p->items[i];
		json_open(b, NULL, '{');
		json_str(b, "file", e->file[0] != '\0' ? e->file : NULL);
		json_int(b, "line", e->line);
		json_int(b, "column", e->column);
		json_str(b, "text", e->text);
		json_close(b, '}');
	}
	json_close(b, ']');
}

static void
print_json(const struct check *k)
{
	const struct points_trial *t = k->t;
	struct buf b = { 0 };

	json_open(&b, NULL, '{');
	json_str(&b, "file", t->file);
	json_str(&b, "device", t->device);
	json_bool(&b, "ok", k->site != NULL);
	json_str(&b, "encoding", t->was_in);
	json_str(&b, "separator", t->separator);
	json_int(&b, "heading_line", t->heading_line);
	json_int(&b, "rows", t->rows);
	json_open(&b, "points", '[');
	for (uint32_t i = 0; k->site != NULL && i < t->n_lines; i++)
		json_point(&b, k, i);
	json_close(&b, ']');
	if (k->site != NULL) {
		json_int(&b, "requests", budget_blocks(k->site, k->device));
		json_int(&b, "budget_ms", k->device->budget_ms);
	}
	json_problems(&b, "notes", &t->notes);
	json_problems(&b, "errors", k->problems);
	json_int(&b, "errors_more", (int64_t)k->problems->more);
	json_close(&b, '}');
	(void)puts(b.data);
	buf_free(&b);
}

static void
find_device(struct check *k)
{
	for (uint16_t i = 0; i < k->site->n_devices; i++)
		if (strcmp(k->site->devices[i].id, k->t->device) == 0)
			k->device = &k->site->devices[i];
	wr_assert(k->device != NULL && k->device->n_points == k->t->n_lines);
	k->first = UINT32_MAX;
	for (uint32_t i = 0; i < k->device->n_points; i++)
		if (k->device->points[i] < k->first)
			k->first = k->device->points[i];
}

enum cli_exit
cmd_points_check(const struct cli *c)
{
	static const char *const encodings[] = { "utf-8", "gb18030" };

	if (c->argc != 1)
		return cli_fail(c, CLI_USAGE, "one CSV file is needed");
	if (c->config == NULL || c->device == NULL)
		return cli_fail(c, CLI_USAGE,
		    "needs -c FILE, the site, and --device D, whose points the file "
		    "would be");
	if (c->encoding != NULL && strcmp(c->encoding, encodings[0]) != 0 &&
	    strcmp(c->encoding, encodings[1]) != 0)
		return cli_fail(c, CLI_USAGE,
		    "--encoding: found \"%s\", allowed: utf-8, gb18030", c->encoding);

	struct points_trial *t = xcalloc(1, sizeof(*t));
	struct problems *p = xcalloc(1, sizeof(*p));
	char *panels = xstrdup(panels_directory());
	t->device = c->device;
	t->file = c->argv[0];
	t->encoding = c->encoding;
	struct check k = { .c = c, .t = t, .problems = p };
	struct site *site = site_try_points(c->config, panels, t, p);
	k.site = site;
	if (site != NULL)
		find_device(&k);
	if (c->json != NULL)
		print_json(&k);
	else
		print_text(&k);
	enum cli_exit code = site != NULL ? CLI_OK : CLI_USAGE;
	site_free(site);
	points_trial_free(t);
	problems_free(p);
	free(panels);
	free(p);
	free(t);
	return code;
}
