// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// `watchroom schema site|profile`: the JSON Schema of a site's files or of a panel
// profile, as this version reads them, for an editor that completes and checks. Reads
// nothing.
#include <stdio.h>

#include "cli/cli.h"
#include "config/json_schema.h"
#include "lib/buf.h"

enum cli_exit
cmd_schema(const struct cli *c)
{
	struct buf b = { 0 };

	if (c->argc != 1 || !json_schema_print(&b, c->argv[0]))
		return cli_fail(c, CLI_USAGE, "found \"%s\", allowed: site, profile",
		    c->argc > 0 ? c->argv[0] : "");
	(void)printf("%s\n", b.data);
	buf_free(&b);
	return CLI_OK;
}
