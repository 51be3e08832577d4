// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// `watchroom deliver`: makes the files of a report plan of the site and brings them to
// its folder and its address, as the daemon has done at the plan's time, or again by
// hand. One line for each file that arrived: bytes, SHA-256, where.
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/post.h"
#include "cli/whole_file.h"
#include "core/report_plan.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/mem.h"
#include "lib/text.h"

enum {
	NAME_BYTES = 128
};

struct delivery {
	const struct cli *c;
	struct cli_site *site;
	const struct report_plan *plan;
	const char *day;
};

static const struct report_plan *
plan_named(const struct site *s, const char *id)
{
	for (uint16_t i = 0; i < s->n_report_plans; i++)
		if (strcmp(s->report_plans[i].id, id) == 0)
			return &s->report_plans[i];
	return NULL;
}

// "alarms-daily-2026-11-26.pdf"; another language says so.
static void
name_of(const struct delivery *d, const struct report_item *item,
    char out[static NAME_BYTES])
{
	(void)snprintf(out, NAME_BYTES, "%s-%s%s.%s", report_name(d->plan->report),
	    d->day, item->lang == 0 ? "" : "-en", report_format_name(item->format));
}

static int
write_file(const char *path, const struct buf *b)
{
	struct whole_file w;

	if (whole_file_open(&w, path) != 0)
		return -1;
	bool written = fwrite(b->data, 1, b->len, w.out) == b->len;
	int e = errno;
	int result = whole_file_close(&w, written, 0666);
	if (!written)
		errno = e;
	return written ? result : -1;
}

static enum cli_exit
to_folder(const struct delivery *d, const char *name, const struct buf *b)
{
	char *path = xasprintf("%s/%s", d->plan->folder, name);
	enum cli_exit code = CLI_OK;

	if (write_file(path, b) != 0)
		code = cli_fail(d->c, CLI_FAILED, "%s: %s", path, strerror(errno));
	free(path);
	return code;
}

static enum cli_exit
to_post(const struct delivery *d, const struct report_item *item, const char *name,
    const struct buf *b)
{
	struct err err = { 0 };
	char *key = xasprintf("%s-%s-%s", d->site->site->id, d->plan->id, name);
	const struct post p = {
		.url = d->plan->url,
		.type = report_format_type(item->format),
		.name = name,
		.key = key,
		.data = b->data,
		.len = b->len,
		.timeout_ms = d->plan->timeout_ms,
	};
	int result = post_file(&p, &err);
	free(key);
	return result == 0 ? CLI_OK : cli_fail_err(d->c, CLI_FAILED, &err);
}

static void
print_receipt(const struct delivery *d, const struct report_item *item,
    const char *name, const struct buf *b)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	char hex[2 * sizeof(hash) + 1];

	(void)crypto_hash_sha256(hash, (const unsigned char *)b->data, b->len);
	(void)sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	if (item->target == REPORT_TO_FOLDER)
		(void)printf("%zu %s %s/%s\n", b->len, hex, d->plan->folder, name);
	else
		(void)printf("%zu %s post %s\n", b->len, hex, name);
}

static enum cli_exit
deliver(const struct delivery *d, const struct report_item *item)
{
	struct err err = { 0 };
	struct buf out = { 0 };
	char name[NAME_BYTES];
	const struct report_request q = {
		.name = report_name(d->plan->report),
		.day = d->day,
		.format = report_format_name(item->format),
		.lang = item->lang == 0 ? LANG_ZH : LANG_EN,
		.now_utc_ms = clock_real()->utc_ms(clock_real()),
		.site = &d->site->who,
		.points = d->site->site,
	};
	enum cli_exit code;

	name_of(d, item, name);
	if (report_render(d->site->reader, &q, &out, &err) < 0)
		code = cli_fail_err(
		    d->c, err.code == EINVAL ? CLI_USAGE : CLI_FAILED, &err);
	else if (item->target == REPORT_TO_FOLDER)
		code = to_folder(d, name, &out);
	else
		code = to_post(d, item, name, &out);
	if (code == CLI_OK)
		print_receipt(d, item, name, &out);
	buf_free(&out);
	return code;
}

// Whether the command line asks for this one: all, where it says nothing.
static bool
wanted(const struct cli *c, const struct report_item *item)
{
	const char *lang = item->lang == 0 ? "zh" : "en";

	return (c->argc < 2 ||
		   strcmp(c->argv[1], report_target_name(item->target)) == 0) &&
	       (c->lang == NULL || strcmp(c->lang, lang) == 0) &&
	       (c->format == NULL ||
		   strcmp(c->format, report_format_name(item->format)) == 0);
}

static enum cli_exit
deliver_all(const struct delivery *d)
{
	struct report_item item;
	enum cli_exit code = CLI_OK;
	unsigned n = 0;

	for (unsigned i = 0; i < REPORT_ITEMS; i++) {
		if (!report_plan_item(d->plan, i, &item) || !wanted(d->c, &item))
			continue;
		enum cli_exit one = deliver(d, &item);
		code = one != CLI_OK ? one : code;
		n++;
	}
	if (n == 0)
		return cli_fail(
		    d->c, CLI_USAGE, "plan %s has nothing of this", d->plan->id);
	return code;
}

enum cli_exit
cmd_deliver(const struct cli *c)
{
	struct cli_site s;

	if (c->argc < 1 || c->argc > 2 || c->day == NULL || c->config == NULL)
		return cli_fail(c, CLI_USAGE,
		    "-c FILE, the id of a plan and --day are needed, then folder or "
		    "post, or neither for both");
	enum cli_exit code = cli_open(c, &s);
	if (code != CLI_OK)
		return code;
	struct delivery d = { .c = c,
		.site = &s,
		.plan = s.site != NULL ? plan_named(s.site, c->argv[0]) : NULL,
		.day = c->day };
	if (d.plan == NULL)
		code = cli_fail(c, CLI_USAGE,
		    "the site has no plan \"%s\" in its section reports", c->argv[0]);
	else
		code = deliver_all(&d);
	cli_close(&s);
	return code;
}
