// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// `watchroom backup`, `export db` and `restore`: copies of the databases beside a
// running daemon, and the way back while none runs. What is printed is the folder; a
// copy that is not sound is none, exit 1.
#include "store/backup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "lib/buf.h"
#include "lib/clock.h"

static int64_t
now_ms(void)
{
	return clock_real()->utc_ms(clock_real());
}

static enum cli_exit
one_folder(const struct cli *c)
{
	if (c->argc == 1)
		return CLI_OK;
	if (c->argc > 1)
		return cli_fail(
		    c, CLI_USAGE, "found \"%s\" after the folder", c->argv[1]);
	return cli_fail(c, CLI_USAGE, "a folder is missing");
}

static void
print_made(const struct cli *c, const char *made, const struct verify_result *v)
{
	struct buf b = { 0 };
	if (c->json == NULL) {
		(void)printf("%s\n", made);
		return;
	}
	json_open(&b, NULL, '{');
	json_str(&b, "folder", made);
	json_int(&b, "events", v->events);
	json_int(&b, "last_seq", v->cut_seq + v->events);
	json_str(&b, "head", v->head_hash);
	json_str(&b, "epoch", v->epoch);
	json_close(&b, '}');
	(void)puts(b.data);
	buf_free(&b);
}

static enum cli_exit
copy(const struct cli *c, enum backup_kind kind)
{
	struct cli_site s = { 0 };
	struct backup_made made = { 0 };
	struct err err = { 0 };
	enum cli_exit code = one_folder(c);
	if (code == CLI_OK)
		code = cli_locate(c, &s);
	if (code != CLI_OK)
		return code;
	if (store_backup(s.directory, c->argv[0], kind, now_ms(), &made, &err) != 0)
		code = cli_fail_err(c, CLI_FAILED, &err);
	else
		print_made(c, made.folder, &made.verified);
	free(made.folder);
	cli_close(&s);
	return code;
}

enum cli_exit
cmd_backup(const struct cli *c)
{
	return copy(c, BACKUP_WHOLE);
}

enum cli_exit
cmd_export_db(const struct cli *c)
{
	return copy(c, BACKUP_OPEN);
}

static void
print_restored(const struct cli *c, const struct restore_result *r)
{
	struct buf b = { 0 };
	char when[25];
	if (c->json == NULL) {
		clock_rfc3339(r->last_utc_ms, when);
		(void)printf("restored up to event %lld of %s; nothing is known from "
			     "then to now (event %lld says so)\n",
		    (long long)r->last_seq, when, (long long)r->seq);
		if (r->aside[0] != '\0')
			(void)printf("the old journal is %s\n", r->aside);
		return;
	}
	json_open(&b, NULL, '{');
	json_int(&b, "last_seq", r->last_seq);
	json_time(&b, "last_time", r->last_utc_ms);
	json_int(&b, "seq", r->seq);
	json_str(&b, "epoch", r->epoch);
	json_str(&b, "aside", r->aside[0] != '\0' ? r->aside : NULL);
	json_close(&b, '}');
	(void)puts(b.data);
	buf_free(&b);
}

enum cli_exit
cmd_restore(const struct cli *c)
{
	struct cli_site s = { 0 };
	struct restore_result r;
	struct err err = { 0 };
	enum cli_exit code = one_folder(c);
	if (code == CLI_OK)
		code = cli_locate(c, &s);
	if (code != CLI_OK)
		return code;
	if (store_restore(s.directory, c->argv[0], now_ms(), &r, &err) != 0)
		code = cli_fail_err(c, CLI_FAILED, &err);
	else
		print_restored(c, &r);
	cli_close(&s);
	return code;
}
