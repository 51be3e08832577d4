// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A list of people as a spreadsheet or a person wrote it: read with all its faults told
// by line, or with rows whose fields lie within the text and are its own.

#include <sys/mman.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/user.h"
#include "lib/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	unsigned faults;
};

static void
on_problem(void *arg, const struct err *e)
{
	struct seen *s = arg;

	s->faults++;
	wr_assert(e->text[0] != '\0');
	wr_assert(memchr(e->text, '\0', sizeof(e->text)) != NULL);
}

static void
check_field(const struct user_csv *u, const char *field)
{
	if (field == NULL)
		return;
	wr_assert(field >= u->text && field <= u->text + u->len);
	wr_assert(field + strlen(field) <= u->text + u->len);
}

static void
check_rows(const struct user_csv *u)
{
	for (size_t i = 0; i < u->n; i++) {
		const struct user_input *row = &u->rows[i];

		check_field(u, row->id);
		check_field(u, row->name_zh);
		check_field(u, row->name_en);
		check_field(u, row->role);
		check_field(u, row->pin);
		check_field(u, row->enabled);
		wr_assert(row->id != NULL);
		wr_assert(u->lines[i] >= 2);
		wr_assert(i == 0 || u->lines[i] > u->lines[i - 1]);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen seen = { 0 };
	struct user_csv u = { 0 };
	struct err err = { 0 };
	char path[64];
	int fd = memfd_create("people", MFD_CLOEXEC), faults;

	wr_assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	faults = user_csv_read(path, &u, on_problem, &seen, &err);
	if (faults < 0)
		wr_assert(err.text[0] != '\0');
	else
		wr_assert(seen.faults == (unsigned)faults);
	if (faults == 0)
		check_rows(&u);
	user_csv_free(&u);
	(void)close(fd);
	return 0;
}
