// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Feeds samples to a real engine above a real store, under a virtual clock, and leaves
// the files below TMPDIR for a test to look at. Standard input, times in UTC ms:
//   site FILE            the configuration; first
//   start MS             the daemon starts then
//   MS POINT QUALITY X   a sample; QUALITY 0 good, 1 uncertain, 2 bad, 3 unknown
//   stop MS | kill MS    it ends in order, or with its running minute in memory
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine_rig.h"
#include "lib/mem.h"
#include "test.h"

enum {
	SITE_MAX = 4096
};

static struct rig rig;

static void
read_site_text(const char *from)
{
	char text[SITE_MAX], path[128];
	FILE *in = fopen(from, "r");
	assert_non_null(in);
	size_t n = fread(text, 1, sizeof(text), in);
	assert_in_range(n, 1, sizeof(text) - 1);
	assert_int_equal(fclose(in), 0);
	rig_make_directory(&rig);
	(void)snprintf(path, sizeof(path), "%s/site.yaml", rig.dir);
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	assert_int_equal(fwrite(text, 1, n, out), n);
	assert_int_equal(fclose(out), 0);
}

static void
go_to(int64_t utc_ms)
{
	int64_t now = loop_utc_ms(rig.loop);
	assert_true(utc_ms >= now);
	if (utc_ms > now)
		rig_pass(&rig, utc_ms - now);
}

static void
start(int64_t utc_ms)
{
	clock_virtual_init(&rig.clock, 1000000, utc_ms);
	rig_start(&rig);
}

static void
end(int64_t utc_ms, bool in_order)
{
	go_to(utc_ms);
	if (in_order)
		engine_close(rig.engine);
	rig_stop(&rig);
}

static void
feed(char *line)
{
	char *next;
	int64_t utc_ms = strtoll(line, &next, 10);
	char *point = strtok(next, " ");         // NOLINT(concurrency-mt-unsafe)
	const char *quality = strtok(NULL, " "); // NOLINT(concurrency-mt-unsafe)
	const char *value = strtok(NULL, " \n"); // NOLINT(concurrency-mt-unsafe)
	assert_non_null(value);
	go_to(utc_ms);
	struct sample s = rig_sample(&rig, point, SAMPLE_ANALOG);
	s.quality = (enum quality)strtol(quality, NULL, 10);
	s.value = strtod(value, NULL);
	engine_sample(rig.engine, &s);
}

int
main(void)
{
	char line[256];
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "site ", 5) == 0)
			read_site_text(line + 5);
		else if (strncmp(line, "start ", 6) == 0)
			start(strtoll(line + 6, NULL, 10));
		else if (strncmp(line, "stop ", 5) == 0)
			end(strtoll(line + 5, NULL, 10), true);
		else if (strncmp(line, "kill ", 5) == 0)
			end(strtoll(line + 5, NULL, 10), false);
		else
			feed(line);
	}
	return 0;
}
