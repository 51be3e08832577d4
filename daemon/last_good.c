// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The site that the daemon watches: what its file says, or the last good copy of it
// with a loud alarm, for no monitoring is worse than old monitoring (I12). At the
// start, in the thread of the loop; blocks on files.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "daemon.h"
#include "lib/log.h"
#include "lib/mem.h"

// Loads a site; its problems are printed to `out` where that is not NULL.
static struct site *
load(const char *file, const char *panels, FILE *out)
{
	struct problems *p = xcalloc(1, sizeof(*p));
	struct site *s = site_load(file, panels, p);
	if (s == NULL && out != NULL)
		problems_print(p, out);
	problems_free(p);
	free(p);
	return s;
}

static char *
last_good_directory(const struct daemon *d)
{
	return xasprintf("%s/last-good", d->state_directory);
}

char *
last_good_file(const struct daemon *d)
{
	const char *slash = strrchr(d->config_file, '/');

	return xasprintf("%s/last-good/%s", d->state_directory,
	    slash != NULL ? slash + 1 : d->config_file);
}

static struct site *
load_last_good(struct daemon *d)
{
	char *dir = last_good_directory(d);
	char *file = last_good_file(d);
	char *panels = xasprintf("%s/panels", dir);
	bool kept = access(file, F_OK) == 0;
	struct site *s = load(file, panels, kept ? stderr : NULL);
	free(panels);
	free(dir);
	if (s == NULL) {
		log_warnx("config",
		    "the configuration is broken and its last good copy, %s, %s: not "
		    "started",
		    file, kept ? "is broken too" : "does not exist");
		free(file);
		return NULL;
	}
	d->loaded_file = file;
	d->last_good = true;
	log_warnx("config",
	    "the configuration is broken: starting its last good copy, %s", file);
	return s;
}

bool
last_good_or_new(struct daemon *d)
{
	d->site = load(d->config_file, d->panels, stderr);
	if (d->site != NULL)
		d->loaded_file = xstrdup(d->config_file);
	else
		d->site = load_last_good(d);
	return d->site != NULL;
}

// Not before the store is ours: a second daemon that is refused must not replace the
// copy of the one that runs (I12).
void
last_good_keep(const struct daemon *d)
{
	if (d->last_good)
		return;
	char *dir = last_good_directory(d);
	struct err e = { 0 };
	if (site_save_copy(d->config_file, d->panels, dir, &e) != 0)
		log_warnx("config", "cannot keep a last good copy: %s", e.text);
	free(dir);
}
