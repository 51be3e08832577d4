// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See recheck.h. The check is this program itself with --check, in a process of its
// own: a configuration that takes long, much memory or the whole process takes nothing
// from the watch. Keeps nothing over a crash.
#include "recheck.h"

#include <stdbool.h>
#include <stdlib.h>

#include "lib/child.h"
#include "lib/err.h"
#include "lib/log.h"
#include "lib/mem.h"

enum {
	OUTPUT_MOST = 64 << 20, // a line for each point and more
	PATIENCE_MS = 120000,
};

struct recheck {
	struct loop *loop;
	const char *file;
	struct child *child; // NULL while none runs
	bool again;          // the file may have changed since it was read
};

static void
on_checked(void *arg, int status, const char *out, size_t len)
{
	struct recheck *r = arg;

	(void)out;
	(void)len;
	r->child = NULL;
	if (r->again)
		recheck_start(r);
	else if (status == EXIT_SUCCESS)
		log_info("config",
		    "the configuration is good and takes effect at the next start; "
		    "until then all stays as it was loaded");
	else if (status > 0)
		log_warnx("config",
		    "the configuration is broken: nothing changes, and a start would "
		    "take the last good copy");
	else
		log_warnx("config", "the check of the configuration did not end");
}

void
recheck_start(struct recheck *r)
{
	const char *const argv[] = { "/proc/self/exe", "-c", r->file, "--check", NULL };
	const struct child_options o = {
		.argv = argv, .max_bytes = OUTPUT_MOST, .timeout_ms = PATIENCE_MS
	};

	r->again = r->child != NULL;
	if (r->again)
		return;
	r->child = child_run(r->loop, &o, on_checked, r);
	if (r->child == NULL)
		log_warn("config", "cannot check the configuration");
}

struct recheck *
recheck_new(struct loop *loop, const char *file)
{
	struct recheck *r = xcalloc(1, sizeof(*r));

	r->loop = loop;
	r->file = file;
	return r;
}

void
recheck_free(struct recheck *r)
{
	if (r == NULL)
		return;
	child_free(r->child);
	free(r);
}
