// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Reads the CSV of `watchroom user import` (RFC 4180, UTF-8 with or without BOM):
// fields are cut in place, in one buffer that is wiped when it goes. Refuses a file
// over 1 MiB, a heading that it does not know, and a line with more or fewer fields
// than headings.
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/user.h"
#include "lib/mem.h"

enum {
	FILE_MOST = 1024 * 1024,
	FIELDS_MOST = 16,
};

// clang-format off
static const struct {
	const char *name;
	size_t field;
} headings[] = {
	{ "id",      offsetof(struct user_input, id) },
	{ "name_zh", offsetof(struct user_input, name_zh) },
	{ "name_en", offsetof(struct user_input, name_en) },
	{ "role",    offsetof(struct user_input, role) },
	{ "pin",     offsetof(struct user_input, pin) },
	{ "enabled", offsetof(struct user_input, enabled) },
};
// clang-format on

enum {
	N_HEADINGS = sizeof(headings) / sizeof(headings[0])
};

struct scan {
	const char *file;
	char *at;
	unsigned line; // of `at`
	unsigned faults;
	void (*problem)(void *arg, const struct err *e);
	void *arg;
};

static void
fault(struct scan *s, unsigned line, const char *what, const char *found)
{
	struct err e = { 0 };
	(void)err_at(&e, s->file, line, 0, "%s%s%s", what, found, found[0] ? "\"" : "");
	s->faults++;
	s->problem(s->arg, &e);
}

// Cuts one field out; *end is the character that ended it (',', '\n' or NUL).
static char *
take_field(struct scan *s, char *end)
{
	char *start = s->at, *to = s->at;
	bool quoted = *s->at == '"';
	if (quoted)
		s->at++;
	while (*s->at != '\0') {
		if (quoted && *s->at == '"' && s->at[1] == '"') {
			s->at++;
		} else if (quoted && *s->at == '"') {
			quoted = false;
			s->at++;
			continue;
		} else if (!quoted && (*s->at == ',' || *s->at == '\n')) {
			break;
		}
		s->line += *s->at == '\n' ? 1 : 0;
		*to++ = *s->at++;
	}
	if (quoted)
		fault(s, s->line, "a quoted field does not end", "");
	*end = *s->at;
	s->line += *end == '\n' ? 1 : 0;
	s->at += *end != '\0' ? 1 : 0;
	if (*end != ',' && to > start && to[-1] == '\r')
		to--;
	*to = '\0';
	return start;
}

static size_t
take_line(struct scan *s, char *fields[static FIELDS_MOST])
{
	size_t n = 0;
	char end = ',';
	while (end == ',') {
		char *f = take_field(s, &end);
		if (n < FIELDS_MOST)
			fields[n] = f;
		n++;
	}
	return n;
}

// Which field of user_input each column is. False where the heading is not understood.
static bool
take_heading(struct scan *s, size_t column[static FIELDS_MOST], size_t *n_columns)
{
	char *names[FIELDS_MOST];
	unsigned seen = 0;
	size_t n = take_line(s, names);
	*n_columns = n;
	for (size_t i = 0; i < n && i < FIELDS_MOST; i++) {
		size_t k = 0;
		while (k < N_HEADINGS && strcmp(headings[k].name, names[i]) != 0)
			k++;
		if (k == N_HEADINGS) {
			fault(s, 1,
			    "allowed headings: id, name_zh, name_en, role, pin, "
			    "enabled; "
			    "found \"",
			    names[i]);
			return false;
		}
		if ((seen & 1U << k) != 0)
			fault(s, 1, "this heading stands twice: \"", names[i]);
		seen |= 1U << k;
		column[i] = headings[k].field;
	}
	if ((seen & 1U) == 0 || n > N_HEADINGS)
		fault(s, 1, "the heading line must name id, and each heading once", "");
	return s->faults == 0;
}

static void
take_rows(struct scan *s, struct user_csv *u, const size_t *column, size_t n_columns)
{
	size_t size = 0;
	while (*s->at != '\0') {
		char *fields[FIELDS_MOST];
		unsigned line = s->line;
		size_t n = take_line(s, fields);
		if (n == 1 && fields[0][0] == '\0')
			continue; // an empty line
		if (n != n_columns) {
			fault(s, line, "more or fewer fields than headings", "");
			continue;
		}
		if (u->n == size) {
			size = size != 0 ? size * 2 : 32;
			u->rows = xreallocarray(u->rows, size, sizeof(*u->rows));
			u->lines = xreallocarray(u->lines, size, sizeof(*u->lines));
		}
		struct user_input *row = &u->rows[u->n];
		*row = (struct user_input){ 0 };
		for (size_t i = 0; i < n; i++)
			*(const char **)(void *)((char *)row + column[i]) = fields[i];
		u->lines[u->n++] = line;
	}
}

static int
read_file(const char *file, struct user_csv *u, struct err *err)
{
	FILE *f = fopen(file, "re");
	if (f == NULL)
		return err_at(err, file, 0, 0, "%s", strerror(errno));
	u->text = xmalloc(FILE_MOST + 2);
	u->len = fread(u->text, 1, FILE_MOST + 1, f);
	int bad = ferror(f);
	(void)fclose(f);
	u->text[u->len <= FILE_MOST ? u->len : FILE_MOST] = '\0';
	if (bad)
		return err_at(err, file, 0, 0, "cannot be read");
	if (u->len > FILE_MOST)
		return err_at(
		    err, file, 0, 0, "found over 1 MiB, allowed: at most that");
	if (memchr(u->text, '\0', u->len) != NULL)
		return err_at(err, file, 0, 0, "found a NUL byte: not a text file");
	return 0;
}

int
user_csv_read(const char *file, struct user_csv *out,
    void (*problem)(void *arg, const struct err *e), void *arg, struct err *err)
{
	size_t column[FIELDS_MOST], n_columns;
	struct scan s = { .file = file, .line = 1, .problem = problem, .arg = arg };
	*out = (struct user_csv){ 0 };
	if (read_file(file, out, err) < 0) {
		user_csv_free(out);
		return -1;
	}
	s.at = out->text;
	if (strncmp(s.at, "\xEF\xBB\xBF", 3) == 0)
		s.at += 3;
	if (take_heading(&s, column, &n_columns))
		take_rows(&s, out, column, n_columns);
	return (int)s.faults;
}

void
user_csv_free(struct user_csv *u)
{
	if (u->text != NULL)
		sodium_memzero(u->text, FILE_MOST + 2);
	free(u->text);
	free(u->rows);
	free(u->lines);
	*u = (struct user_csv){ 0 };
}
