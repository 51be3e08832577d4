// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The files of a load: found, read within bounds, checked for their encoding, kept
// until the load ends. Runs in the thread of the load and blocks on files. Refuses
// what is no regular file, too big, or the same file twice.
//
// A saved copy (config/copy.c) is read through its map: a path means what it meant
// where the copy was made. So a copy loads alike wherever it lies, and the names inside
// it are ours, never a path from outside.
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/load.h"
#include "lib/mem.h"

enum {
	SECRET_BYTES_MAX = 4096,
	PATH_BYTES_MAX = 1024,
	SHOWN_LINE_MAX = 240
};

const char copy_map_name[] = "watchroom-copy.map";
const char copy_map_head[] = "watchroom-copy 1\n";

struct copy_map {
	char *folder; // "DIR/" or ""
	char *text;
	size_t n;
	struct copy_entry *entries;
};

struct copy_entry {
	const char *stored; // a plain name in the folder
	const char *origin; // absolute path, or "profile:ID"
};

// Reads until the end or `size` bytes; how many, or -1.
static ssize_t
read_fully(int fd, char *data, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, data + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

// The content of an open file, or NULL with a reason.
static char *
read_open(int fd, size_t max, size_t *len, const char **why)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		*why = "not a regular file";
		return NULL;
	}
	if (st.st_size < 0 || (uint64_t)st.st_size > max) {
		*why = max == FILE_BYTES_MAX     ? "larger than 4 MiB"
		       : max == SECRET_BYTES_MAX ? "larger than 4 KiB"
						 : "larger than 32 MiB";
		return NULL;
	}
	size_t size = (size_t)st.st_size;
	char *data = xmalloc(size + 2);
	ssize_t n = read_fully(fd, data, size + 1);
	if (n != st.st_size) {
		*why = n < 0 ? strerror(errno) : "changes while it is being read";
		free(data);
		return NULL;
	}
	data[size] = '\0';
	*len = size;
	return data;
}

// Reads a regular file of at most `max` bytes; caller frees. NULL with a reason.
static char *
read_bytes(const char *path, size_t max, size_t *len, const char **why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0) {
		*why = strerror(errno);
		return NULL;
	}
	char *data = read_open(fd, max, len, why);
	(void)close(fd);
	return data;
}

// Sets text and len, or leaves them empty with a problem.
static bool
decode(struct load *l, uint16_t file, enum encoding stated)
{
	struct source *s = &l->sources[file];
	struct encoded_text text;
	struct encoding_fault fault;
	bool good = encoding_read(l->temp, s->raw, s->raw_len, stated, &text, &fault);

	s->text = good ? text.text : fault.good;
	s->len = good ? text.len : fault.good_len;
	s->encoding = text.encoding;
	if (good)
		return true;
	// The line is shown up to the bad byte, then nothing of it is used.
	problem(l,
	    (struct pos){ .file = file, .line = fault.line, .column = fault.column },
	    "%s", fault.why);
	s->text = "";
	s->len = 0;
	return false;
}

// "a/b/../c/./d" -> "a/c/d", for absolute paths.
static char *
normalise(struct arena *a, const char *path)
{
	char *out = arena_alloc(a, strlen(path) + 2, 1);
	size_t len = 0;

	while (*path != '\0') {
		size_t n;
		path += strspn(path, "/");
		n = strcspn(path, "/");
		if (n == 2 && path[0] == '.' && path[1] == '.') {
			while (len > 0 && out[--len] != '/')
				;
		} else if (n > 0 && !(n == 1 && path[0] == '.')) {
			out[len++] = '/';
			memcpy(out + len, path, n);
			len += n;
		}
		path += n;
	}
	if (len == 0)
		out[len++] = '/';
	out[len] = '\0';
	return out;
}

// `name` seen from the folder of the file `from`.
static const char *
beside(struct arena *a, const char *from, const char *name)
{
	const char *slash = strrchr(from, '/');

	if (name[0] == '/' || slash == NULL)
		return arena_text(a, name);
	return arena_printf(a, "%.*s/%s", (int)(slash - from), from, name);
}

static const char *
working_directory(struct arena *a)
{
	char path[4096];

	return arena_text(a, getcwd(path, sizeof(path)) != NULL ? path : "/");
}

const char *
source_absolute(struct load *l, uint16_t file, const char *name)
{
	return normalise(l->arena, beside(l->temp, l->sources[file].origin, name));
}

static const char *
stored_name(const struct copy_map *m, const char *origin)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->entries[i].origin, origin) == 0)
			return m->entries[i].stored;
	return NULL;
}

// Names the path to read and show; false with a problem where a copy lacks it.
static bool
locate(struct load *l, struct pos at, struct source *s, const char *key)
{
	if (l->copy == NULL)
		return true;
	const char *stored = stored_name(l->copy, key);
	if (stored == NULL) {
		problem(l, at, "%s is not in this saved copy", load_show(l, key));
		return false;
	}
	s->shown = arena_printf(l->temp, "%s%s", l->copy->folder, stored);
	return true;
}

static bool
is_met_before(struct load *l, struct pos at, const struct source *s)
{
	for (size_t i = 0; i < l->n_sources; i++) {
		const struct source *other = &l->sources[i];
		if (strcmp(other->origin, s->origin) != 0 || other->role != s->role)
			continue;
		if (s->role == SOURCE_SECRET || s->role == SOURCE_CERTIFICATE ||
		    s->role == SOURCE_RECORDING)
			continue; // two channels, hosts or buses may share one
		problem(l, at, "file %s %s", load_show(l, s->shown),
		    other->points_at_itself ? "includes itself" : "is already used");
		return true;
	}
	return false;
}

static void
refuse_file(struct load *l, struct pos at, const struct source *s, const char *why)
{
	if (at.file == UINT16_MAX) // nothing names it but the caller
		problem(l, at, "cannot read %s: %s", s->shown, why);
	else
		problem(l, at, "cannot read %s: %s", load_show(l, s->shown), why);
}

// The old array stays where it was until the load ends: no pointer dangles.
static void
make_room(struct load *l)
{
	if (l->n_sources < l->sources_size)
		return;
	l->sources_size = l->sources_size > 0 ? l->sources_size * 2 : 16;
	struct source *wider = arena_alloc(l->temp, l->sources_size, sizeof(*wider));
	if (l->n_sources > 0)
		memcpy(wider, l->sources, l->n_sources * sizeof(*wider));
	l->sources = wider;
}

// Reads and keeps it; its index, or -1.
static int
take(struct load *l, struct pos at, const struct source *s, enum encoding stated)
{
	size_t len;
	const char *why;
	size_t max = s->role == SOURCE_SECRET      ? SECRET_BYTES_MAX
		     : s->role == SOURCE_RECORDING ? RECORDING_BYTES_MAX
						   : FILE_BYTES_MAX;

	if (l->n_sources == FILES_MAX) {
		problem(l, at, "more than %d files", FILES_MAX);
		return -1;
	}
	char *data = read_bytes(s->shown, max, &len, &why);
	if (data == NULL) {
		refuse_file(l, at, s, why);
		return -1;
	}
	if (l->bytes + len > FILES_BYTES_MAX) {
		free(data);
		problem(l, at, "all files together are larger than 64 MiB");
		return -1;
	}
	make_room(l);
	uint16_t file = (uint16_t)l->n_sources++;
	l->sources[file] = *s;
	l->sources[file].raw = arena_bytes(l->temp, data, len);
	l->sources[file].raw_len = len;
	l->bytes += len;
	free(data);
	return decode(l, file, stated) ? file : -1;
}

// What a name outside every file means: the site itself, or a path from where we are.
static const char *
origin_outside(struct load *l, const char *name, enum source_role role)
{
	if (role == SOURCE_SITE && l->copy != NULL && l->copy->n > 0)
		return l->copy->entries[0].origin;
	if (name[0] == '/')
		return normalise(l->temp, name);
	return normalise(
	    l->temp, arena_printf(l->temp, "%s/%s", working_directory(l->temp), name));
}

static int
read_named(struct load *l, struct pos at, const char *name, enum source_role role,
    enum encoding stated)
{
	bool outside = at.file == UINT16_MAX;
	const char *from = outside ? "" : l->sources[at.file].shown;
	struct source s = { .role = role, .shown = beside(l->temp, from, name) };

	if (strlen(name) > PATH_BYTES_MAX) {
		problem(l, at, "a path of more than %d bytes", PATH_BYTES_MAX);
		return -1;
	}
	s.origin =
	    outside ? origin_outside(l, name, role) : source_absolute(l, at.file, name);
	if (!locate(l, at, &s, s.origin) || is_met_before(l, at, &s))
		return -1;
	return take(l, at, &s, stated);
}

int
source_read(struct load *l, struct pos at, const char *name, enum source_role role)
{
	return read_named(l, at, name, role, ENCODING_UTF_8);
}

int
source_read_points(
    struct load *l, struct pos at, const char *name, enum encoding stated)
{
	return read_named(l, at, name, SOURCE_POINTS, stated);
}

int
source_read_profile(struct load *l, struct pos at, const char *id)
{
	struct source s = {
		.role = SOURCE_PROFILE,
		.shown = arena_printf(l->temp, "%s/%s.yaml", l->panels, id),
		.origin = arena_printf(l->temp, "profile:%s", id),
	};

	return locate(l, at, &s, s.origin) ? take(l, at, &s, ENCODING_UTF_8) : -1;
}

// One line "STORED<TAB>ORIGIN"; the stored name must be a plain one.
static bool
read_map_line(struct copy_map *m, char *line)
{
	char *tab = strchr(line, '\t');

	if (tab == NULL || tab == line || line[0] == '.')
		return false;
	*tab = '\0';
	if (strchr(line, '/') != NULL || tab[1] == '\0')
		return false;
	m->entries[m->n++] = (struct copy_entry){ .stored = line, .origin = tab + 1 };
	return true;
}

static bool
read_map(struct copy_map *m)
{
	size_t head = strlen(copy_map_head), lines = 0;

	if (strncmp(m->text, copy_map_head, head) != 0)
		return false;
	for (const char *c = m->text; *c != '\0'; c++)
		lines += *c == '\n';
	m->entries = xcalloc(lines + 1, sizeof(*m->entries));
	char *rest = m->text + head;
	for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"))
		if (*line != '\0' && (m->n == FILES_MAX || !read_map_line(m, line)))
			return false;
	return m->n > 0;
}

int
source_open_copy(struct load *l, const char *file)
{
	const char *slash = strrchr(file, '/');
	int folder = slash == NULL ? 0 : (int)(slash - file + 1);
	char *path = xasprintf("%.*s%s", folder, file, copy_map_name);
	const char *why;
	size_t len;
	struct stat st;
	struct copy_map *m = xcalloc(1, sizeof(*m));

	l->copy = m;
	m->folder = xasprintf("%.*s", folder, file);
	if (stat(path, &st) != 0) { // the usual case: FILE is a site, not a copy
		source_close_copy(l);
		free(path);
		return 0;
	}
	m->text = read_bytes(path, FILE_BYTES_MAX, &len, &why);
	if (m->text != NULL && read_map(m)) {
		free(path);
		return 0;
	}
	problem(l, (struct pos){ .file = UINT16_MAX }, "%s is damaged", path);
	free(path);
	return -1;
}

void
source_close_copy(struct load *l)
{
	if (l->copy == NULL)
		return;
	free(l->copy->folder);
	free(l->copy->text);
	free(l->copy->entries);
	free(l->copy);
	l->copy = NULL;
}

static bool
is_hidden(const struct load *l, struct pos at)
{
	for (size_t i = 0; i < l->n_hidden; i++)
		if (l->hidden[i].file == at.file && l->hidden[i].line == at.line)
			return true;
	return l->n_hidden == PROBLEMS_MAX; // there may be more of them
}

char *
source_line(const struct load *l, struct pos at)
{
	if (at.file >= l->n_sources || at.line == 0 || is_hidden(l, at))
		return NULL;
	const struct source *s = &l->sources[at.file];
	const char *line = s->text, *end = s->text + s->len;
	if (s->role == SOURCE_SECRET || s->len == 0)
		return NULL;
	for (uint32_t i = 1; i < at.line; i++) {
		line = memchr(line, '\n', (size_t)(end - line));
		if (line == NULL)
			return NULL;
		line++;
	}
	size_t len = 0, left = (size_t)(end - line);
	while (len < left && line[len] != '\r' && line[len] != '\n')
		len++;
	if (len == 0 || len > SHOWN_LINE_MAX)
		return NULL;
	char *copy = xcalloc(len + 1, 1);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line[i];
		copy[i] = (c < 0x20 && c != '\t') || c == 0x7F ? '?' : line[i];
	}
	return copy;
}

void
source_copy_name(const struct load *l, size_t i, char out[static COPY_NAME_MAX])
{
	const struct source *s = &l->sources[i];
	const char *base = strrchr(s->origin, '/');

	base = base == NULL ? s->origin : base + 1;
	if (i == 0)
		(void)snprintf(out, COPY_NAME_MAX, "site.yaml");
	else if (s->role == SOURCE_PROFILE)
		(void)snprintf(
		    out, COPY_NAME_MAX, "profile-%s.yaml", base + strlen("profile:"));
	else
		(void)snprintf(out, COPY_NAME_MAX, "%04zu-%.100s", i, base);
}
