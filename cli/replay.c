// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// `watchroom replay`: plays a recording through the whole line. Alone, the devices and
// points of the recording itself are the site; with -c the site's, of which one bus is
// played from the file. Its databases are in a directory of its own that is gone
// afterwards. Refuses a recording with any error in it: exit 2.
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "config/config.h"
#include "lib/mem.h"
#include "player/player.h"

enum {
	SPEED_MAX = 1000
};

static volatile sig_atomic_t stopped;

static void
on_signal(int signo)
{
	(void)signo;
	stopped = 1;
}

static char *
make_directory(void)
{
	const char *base = getenv("TMPDIR");
	char *path = xasprintf(
	    "%s/watchroom-replay-XXXXXX", base != NULL && base[0] ? base : "/tmp");

	if (mkdtemp(path) != NULL)
		return path;
	free(path);
	return NULL;
}

static void
remove_directory(const char *path)
{
	DIR *d = opendir(path);
	const struct dirent *e;

	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			(void)unlinkat(dirfd(d), e->d_name, 0);
	(void)closedir(d);
	(void)rmdir(path);
}

// A path as YAML may hold it between double quotes. Caller frees.
static char *
quoted(const char *path)
{
	char *absolute = realpath(path, NULL);
	const char *from = absolute != NULL ? absolute : path;
	char *out = xmalloc(2 * strlen(from) + 1);
	size_t n = 0;

	for (; *from != '\0'; from++) {
		if (*from == '"' || *from == '\\')
			out[n++] = '\\';
		out[n++] = *from;
	}
	out[n] = '\0';
	free(absolute);
	return out;
}

// The site that a recording alone is.
static char *
write_site(const char *directory, const char *file)
{
	char *path = xasprintf("%s/site.yaml", directory), *name = quoted(file);
	FILE *f = fopen(path, "we");
	bool good = f != NULL && fprintf(f,
				     "site: {id: replay, time_zone: UTC}\n"
				     "buses: [{id: bus, replay: \"%s\"}]\n",
				     name) > 0;

	if (f != NULL && fclose(f) != 0)
		good = false;
	free(name);
	if (good)
		return path;
	free(path);
	return NULL;
}

static struct site *
load(const struct cli *c, const char *site_file, const char *file)
{
	struct problems *p = xcalloc(1, sizeof(*p));
	char *panels = xstrdup(panels_directory());
	struct site *s = site_file != NULL && c->config == NULL
			     ? site_load(site_file, panels, p)
			 : file != NULL ? site_load_replay(c->config, panels, file, p)
					: site_load(c->config, panels, p);

	if (s == NULL)
		problems_print(p, stderr);
	problems_free(p);
	free(panels);
	free(p);
	return s;
}

static bool
has_recording(const struct site *s)
{
	for (uint16_t i = 0; i < s->n_buses; i++)
		if (s->buses[i].kind == BUS_REPLAY)
			return true;
	return false;
}

static enum cli_exit
play(const struct cli *c, const char *directory, const char *file, unsigned speed)
{
	char *site_file = c->config == NULL ? write_site(directory, file) : NULL;
	struct err err = { 0 };
	enum cli_exit code = CLI_OK;

	if (c->config == NULL && site_file == NULL)
		return cli_fail(c, CLI_FAILED, "%s cannot be written to", directory);
	struct site *s = load(c, site_file, file);
	free(site_file);
	if (s == NULL)
		return CLI_USAGE;
	(void)setenv("TZ", s->time_zone, 1);
	tzset();
	const struct player_options o = {
		.site = s,
		.directory = directory,
		.speed = speed,
		.json = c->json != NULL,
		.out = stdout,
		.stopped = &stopped,
	};
	if (!has_recording(s))
		code = cli_fail(
		    c, CLI_USAGE, "%s has no bus that is a recording", c->config);
	else if (s->n_devices == 0)
		code = cli_fail(c, CLI_USAGE,
		    "the recording names no devices: play it with -c and its site");
	else if (player_run(&o, &err) != 0)
		code = cli_fail_err(c, CLI_FAILED, &err);
	else if (stopped)
		code = cli_fail(c, CLI_FAILED, "ended by a signal");
	site_free(s);
	return code;
}

enum cli_exit
cmd_replay(const struct cli *c)
{
	const struct cli_range range = { "speed", 1, SPEED_MAX, 0 };
	long long speed;

	if (c->argc > 1 || (c->argc == 0 && c->config == NULL))
		return cli_fail(c, CLI_USAGE,
		    "allowed: the file of a recording, or -c and a site that has one");
	if (!cli_number(c, c->speed, &range, &speed))
		return CLI_USAGE;
	(void)signal(SIGINT, on_signal);
	(void)signal(SIGTERM, on_signal);
	char *directory = make_directory();
	if (directory == NULL)
		return cli_fail(c, CLI_FAILED, "no directory for the databases");
	enum cli_exit code =
	    play(c, directory, c->argc > 0 ? c->argv[0] : NULL, (unsigned)speed);
	remove_directory(directory);
	free(directory);
	return code;
}
