// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A points file made of the input, tried for a device of a small site: the load answers
// with points or with problems that have a place inside the file, never with a crash,
// and what it accepts is inside the profile's formula (I12). The site and its profile
// lie in memory files.

#include <sys/mman.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/trial.h"
#include "lib/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char site_text[] =
    "site: {id: s, time_zone: UTC}\n"
    "buses: [{id: b, modbus_tcp: \"192.0.2.1\"}]\n"
    "zones: [{id: z1, name: {zh: 地下一层, en: Basement}}]\n"
    "devices: [{id: d, bus: b, unit: 1, profile: fuzz, poll: 1s}]\n";

static const char profile_text[] =
    "profile: fuzz\nname: {zh: 示例, en: Example}\nsource: none\nfirmware: none\n"
    "maturity: inferred\nprovenance: none\ntransports: [tcp]\n"
    "decoders: [{name: w, form: word, bits: [{bit: 0, means: fire}],\n"
    "  reserved: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]}]\n"
    "items:\n"
    "  - {name: detector, area: holding, base: 10, printed: \"40011\",\n"
    "     loop: {from: 1, to: 10, stride: 400}, device: {from: 1, to: 159, stride: "
    "1},\n"
    "     decoder: w}\n"
    "  - {name: panel, area: holding, base: 0, printed: \"40001\", decoder: w}\n";

static char folder[64], site_path[96], sheet_path[64];
static int sheet;

static void
write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	wr_assert(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void
clean_up(void)
{
	char *profile = xasprintf("%s/fuzz.yaml", folder);

	(void)unlink(profile);
	(void)unlink(site_path);
	(void)rmdir(folder);
	free(profile);
}

static void
set_up(void)
{
	(void)snprintf(folder, sizeof(folder), "%s/watchroom-fuzz-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	wr_assert(mkdtemp(folder) != NULL);
	(void)snprintf(site_path, sizeof(site_path), "%s/site.yaml", folder);
	char *profile = xasprintf("%s/fuzz.yaml", folder);
	write_text(site_path, site_text);
	write_text(profile, profile_text);
	free(profile);
	wr_assert(atexit(clean_up) == 0);
	sheet = memfd_create("sheet", MFD_CLOEXEC);
	wr_assert(sheet >= 0);
	(void)snprintf(sheet_path, sizeof(sheet_path), "/proc/self/fd/%d", sheet);
}

static void
check_points(const struct site *s, const struct points_trial *t)
{
	wr_assert(s->n_site_points == t->n_lines && t->n_lines <= t->rows);
	for (uint32_t i = 0; i < s->n_site_points; i++) {
		const struct point *p = &s->points[i];
		wr_assert(p->id[0] != '\0' && p->place_zh[0] != '\0');
		wr_assert(p->item < 2 && p->kind < KIND_LINK);
		wr_assert(p->zone == 0 || p->zone == INDEX_NONE);
		if (p->item == 1) {
			wr_assert(p->pdu == 0);
			continue;
		}
		wr_assert(p->loop >= 1 && p->loop <= 10);
		wr_assert(p->number >= 1 && p->number <= 159);
		wr_assert(p->pdu == 10 + (p->loop - 1) * 400 + p->number - 1);
	}
}

static void
check_problems(const struct problems *p)
{
	wr_assert(p->n > 0);
	for (size_t i = 0; i < p->n; i++)
		wr_assert(p->items[i].file[0] != '\0' && p->items[i].text[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const encodings[] = { NULL, "utf-8", "gb18030" };
	static struct problems problems;
	static struct points_trial trial;

	if (folder[0] == '\0')
		set_up();
	trial = (struct points_trial){ .device = "d", .file = sheet_path };
	trial.encoding = encodings[size % 3];
	wr_assert(ftruncate(sheet, 0) == 0);
	wr_assert(pwrite(sheet, data, size, 0) == (ssize_t)size);
	struct site *s = site_try_points(site_path, folder, &trial, &problems);
	if (s != NULL)
		check_points(s, &trial);
	else
		check_problems(&problems);
	site_free(s);
	problems_free(&problems);
	points_trial_free(&trial);
	return 0;
}
