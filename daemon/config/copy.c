// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Saves a site as loaded: every file it needs into one folder of plain names, with a
// map that says what each stood for (config/files.c reads it). Runs in the worker
// thread; blocks on files and fsync. Refuses to copy a site that does not load.
//
// The invariant over a crash: DIR is the old copy or the new one, whole. All is written
// to DIR.new and made durable, then the two change places in one step (renameat2 with
// RENAME_EXCHANGE). Where the file system cannot do that, DIR is renamed away first,
// and a crash between the two renames leaves the old copy as DIR.old.
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/load.h"
#include "lib/buf.h"
#include "lib/mem.h"

static int
write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return fsync(fd);
}

// Private: a copy may hold secrets.
static int
write_file(int folder, const char *name, const char *data, size_t len)
{
	int fd = openat(
	    folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -1;
	int result = write_all(fd, data, len);
	if (close(fd) != 0)
		result = -1;
	return result;
}

// Removes a folder of plain files; what is not there is fine.
static int
remove_folder(const char *path)
{
	DIR *d = opendir(path);
	const struct dirent *e;

	if (d == NULL)
		return errno == ENOENT ? 0 : -1;
	while ((e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			(void)unlinkat(dirfd(d), e->d_name, 0);
	(void)closedir(d);
	return rmdir(path);
}

static int
sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	int result = fsync(fd);
	(void)close(fd);
	return result;
}

static int
write_sources(const struct load *l, int folder)
{
	struct buf map = { 0 };
	int result = 0;

	buf_str(&map, copy_map_head);
	for (size_t i = 0; i < l->n_sources && result == 0; i++) {
		const struct source *s = &l->sources[i];
		char name[COPY_NAME_MAX];
		source_copy_name(l, i, name);
		buf_printf(&map, "%s\t%s\n", name, s->origin);
		if (strpbrk(s->origin, "\t\n") != NULL) {
			errno = EINVAL; // the map could not be read again
			result = -1;
		} else {
			result = write_file(folder, name, s->raw, s->raw_len);
		}
	}
	if (result == 0)
		result = write_file(folder, copy_map_name, map.data, map.len);
	buf_free(&map);
	return result;
}

static int
write_new(const struct load *l, const char *path)
{
	if (remove_folder(path) != 0 || mkdir(path, 0700) != 0)
		return -1;
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return -1;
	int result = write_sources(l, folder);
	if (result == 0)
		result = fsync(folder);
	(void)close(folder);
	return result;
}

static int
take_place(const char *new, const char *dir)
{
	struct stat st;

	if (stat(dir, &st) != 0)
		return errno == ENOENT ? rename(new, dir) : -1;
	if (renameat2(AT_FDCWD, new, AT_FDCWD, dir, RENAME_EXCHANGE) == 0)
		return remove_folder(new);
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	char *old = xasprintf("%s.old", dir);
	int result = remove_folder(old);
	if (result == 0)
		result = rename(dir, old);
	if (result == 0)
		result = rename(new, dir);
	if (result == 0)
		result = remove_folder(old);
	free(old);
	return result;
}

static int
sync_parent(const char *dir)
{
	char *parent = xstrdup(dir);
	char *slash = strrchr(parent, '/');

	if (slash != NULL)
		slash[slash == parent] = '\0';
	int result = sync_folder(slash != NULL ? parent : ".");
	free(parent);
	return result;
}

static int
save(const struct load *l, const char *dir, struct err *err)
{
	char *new = xasprintf("%s.new", dir);
	int result = write_new(l, new);

	if (result == 0)
		result = take_place(new, dir);
	if (result == 0)
		result = sync_parent(dir);
	if (result != 0) {
		int code = errno;
		(void)err_set(
		    err, code, "cannot save a copy in %s: %s", dir, strerror(code));
	}
	free(new);
	return result;
}

int
site_save_copy(const char *file, const char *panels, const char *dir, struct err *err)
{
	struct problems *p = xcalloc(1, sizeof(*p));
	struct load *l = xmalloc(sizeof(*l));
	int result = -1;

	load_begin(l, panels, p);
	struct site *site = load_run(l, file);
	if (site != NULL)
		result = save(l, dir, err);
	else if (err != NULL)
		*err = p->items[0];
	site_free(site);
	load_end(l);
	problems_free(p);
	free(l);
	free(p);
	return result;
}
