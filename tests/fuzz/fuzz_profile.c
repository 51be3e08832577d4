// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The input as a panel profile of a site that uses it: the load answers with a site or
// with problems, in bounds. Of a profile that was accepted every point lies within the
// register space and within one read, and every value in a table has room in its field.

#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "lib/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[64], panels[96], profile[128], site[96];

static void
write_file(const char *path, const void *data, size_t size)
{
	FILE *f = fopen(path, "we");

	wr_assert(f != NULL);
	wr_assert(fwrite(data, 1, size, f) == size);
	wr_assert(fclose(f) == 0);
}

static void
remove_folder(void)
{
	(void)unlink(profile);
	(void)unlink(site);
	(void)rmdir(panels);
	(void)rmdir(folder);
}

// The profile is called what the input calls itself, so that the head is accepted.
static void
set_up(void)
{
	(void)snprintf(folder, sizeof(folder), "%s/fuzz-profile-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	wr_assert(mkdtemp(folder) != NULL);
	(void)snprintf(panels, sizeof(panels), "%s/panels", folder);
	(void)snprintf(site, sizeof(site), "%s/site.yaml", folder);
	wr_assert(mkdir(panels, 0700) == 0);
	(void)atexit(remove_folder);
}

static void
name_of(const uint8_t *data, size_t size, char name[static 64])
{
	const uint8_t *at = memmem(data, size, "profile: ", 9);
	size_t n = 0;

	if (at != NULL)
		for (at += 9; at < data + size && n < 63 && strchr("\r\n", *at) == NULL;
		     at++)
			if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-", *at))
				name[n++] = (char)*at;
	if (n == 0 || name[0] == '-')
		name[0] = 'x', n = 1;
	name[n] = '\0';
}

static void
check_item(const struct profile *p, const struct profile_item *item)
{
	wr_assert(item->decoder < p->n_decoders);
	for (int corner = 0; corner < 4; corner++) {
		uint16_t loop = corner & 1 ? item->loop_max : item->loop_min;
		uint16_t device = corner & 2 ? item->device_max : item->device_min;
		struct item_place place = profile_place(item, loop, device);
		struct item_span s = profile_span(p, item, place.pdu, loop, device);

		wr_assert(s.high <= UINT16_MAX && place.shift < 16);
		wr_assert(s.high - s.low < profile_read_max(p, item));
	}
}

static void
check_decoder(const struct decoder *d)
{
	uint16_t all = d->reserved_mask;

	for (uint8_t i = 0; i < d->n_bits; i++)
		all |= d->bits[i].mask;
	for (uint8_t i = 0; i < d->n_fields; i++) {
		const struct decode_field *f = &d->fields[i];

		wr_assert((all & f->mask) == 0);
		wr_assert(f->unknown.n > 0);
		for (uint16_t k = 0; k < f->n_values; k++)
			wr_assert(
			    f->values[k].value <= f->mask >> f->shift &&
			    (k == 0 || f->values[k - 1].value < f->values[k].value));
		all |= f->mask;
	}
	if (d->form == DECODE_WORD)
		wr_assert(((unsigned)all & ((unsigned)all + 1)) == 0); // no gap
}

static void
check(const struct site *s)
{
	const struct profile *p = s->devices[0].profile;

	wr_assert(p->source[0] != '\0' && p->transports != 0);
	for (uint16_t i = 0; i < p->n_items; i++)
		check_item(p, &p->items[i]);
	for (uint16_t i = 0; i < p->n_decoders; i++)
		check_decoder(&p->decoders[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[64], text[512];
	static struct problems problems;
	struct site *s;

	if (folder[0] == '\0')
		set_up();
	name_of(data, size, name);
	(void)snprintf(profile, sizeof(profile), "%s/%s.yaml", panels, name);
	write_file(profile, data, size);
	(void)snprintf(text, sizeof(text),
	    "site: {id: s, time_zone: UTC}\n"
	    "buses: [{id: t, modbus_tcp: \"192.0.2.1\"},"
	    " {id: r, modbus_rtu: /dev/ttyS0, line: 9600 8N1}]\n"
	    "devices: [{id: d, bus: %s, unit: 1, profile: %s}]\n",
	    memmem(data, size, "tcp", 3) != NULL ? "t" : "r", name);
	write_file(site, text, strlen(text));
	problems = (struct problems){ 0 };
	s = site_load(site, panels, &problems);
	wr_assert((s == NULL) == (problems.n > 0));
	if (s != NULL)
		check(s);
	site_free(s);
	problems_free(&problems);
	(void)unlink(profile);
	return 0;
}
