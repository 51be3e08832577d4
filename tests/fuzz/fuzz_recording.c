// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A recording made of the input, as a bus of a small site: the load answers with a
// Modbus conversation or with problems that have a place, never with a crash, and what
// is loaded is asked all over its time: an answer is as long as the request wants (I6,
// I12). The site and its profile lie in memory files.

#include <sys/mman.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "drivers/replay_image.h"
#include "lib/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char profile_text[] =
    "profile: fuzz\nname: {zh: 示例, en: Example}\nsource: none\nfirmware: none\n"
    "maturity: inferred\nprovenance: none\ntransports: [tcp]\n"
    "decoders: [{name: w, form: word, bits: [{bit: 0, means: fire}],\n"
    "  reserved: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]}]\n"
    "items: [{name: word, area: holding, base: 0, printed: \"40001\", decoder: w}]\n";

static char folder[64], site_path[96];
static int file;

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
	file = memfd_create("recording", MFD_CLOEXEC);
	wr_assert(file >= 0);
	char *profile = xasprintf("%s/fuzz.yaml", folder);
	char *site = xasprintf("site: {id: s, time_zone: UTC}\n"
			       "buses: [{id: b, replay: /proc/self/fd/%d}]\n",
	    file);
	write_text(site_path, site);
	write_text(profile, profile_text);
	free(site);
	free(profile);
	wr_assert(atexit(clean_up) == 0);
}

static void
check_exchange(const struct recording *r, const struct recorded_exchange *x)
{
	wr_assert(x->asked_ms <= x->ended_ms && x->ended_ms <= r->length_ms);
	wr_assert(x->count >= 1 && (uint32_t)x->address + x->count <= 0x10000 + 1);
	if (x->end == RECORDED_ANSWER && x->function <= 4)
		wr_assert(x->n_data ==
			  (x->function <= 2 ? (x->count + 7) / 8 : x->count * 2));
	else
		wr_assert(x->n_data == 0);
}

static void
ask_around(struct replay_image *i, const struct recorded_exchange *x)
{
	struct replay_answer a;

	for (uint16_t count = 1; count <= x->count + 1 && count <= 125; count += 7) {
		const struct replay_question q = {
			.unit = x->unit,
			.function = x->function,
			.address = x->address,
			.count = count,
			.at_ms = x->ended_ms + count,
			.hasty = count % 2 == 0,
		};

		if ((uint32_t)q.address + q.count > 0x10000)
			continue;
		replay_image_ask(i, &q, &a);
		if (a.end == RECORDED_ANSWER && q.function <= 4)
			wr_assert(a.n_data ==
				  (q.function <= 2 ? (count + 7) / 8 : count * 2));
	}
}

static void
check_recording(const struct recording *r)
{
	struct replay_image *i = replay_image_new(r);

	for (uint32_t k = 0; k < r->n_exchanges; k++)
		check_exchange(r, &r->exchanges[k]);
	for (uint32_t k = 0; k < r->n_exchanges; k++)
		ask_around(i, &r->exchanges[k]);
	for (uint32_t k = 0; k < r->n_links; k++)
		wr_assert(r->links[k].at_ms <= r->length_ms);
	replay_image_free(i);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct problems problems;

	if (folder[0] == '\0')
		set_up();
	memset(&problems, 0, sizeof(problems));
	wr_assert(ftruncate(file, 0) == 0);
	wr_assert(pwrite(file, data, size, 0) == (ssize_t)size);
	struct site *s = site_load(site_path, folder, &problems);
	if (s != NULL)
		check_recording(s->buses[0].recording);
	else
		wr_assert(problems.n > 0 && problems.items[0].text[0] != '\0');
	site_free(s);
	problems_free(&problems);
	return 0;
}
