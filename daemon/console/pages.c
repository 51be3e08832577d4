// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Static pages. Owns their bytes; loaded at start-up, served on the loop thread.
// Refuses everything it did not find while loading: a request's path is only ever
// compared with the list, never opened, so no path can lead out of the directory. Links
// are not followed, names that begin with a dot are not pages.
#include "console/pages.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mem.h"

enum {
	PATH_LEN = 128,
	ETAG_LEN = 20
};

struct page {
	char path[PATH_LEN]; // "/app.js"
	const char *type;
	char etag[ETAG_LEN];
	struct blob *body;
};

struct pages {
	size_t n;
	struct page list[PAGES_MAX];
};

// clang-format off
static const struct { const char *suffix, *type; } types[] = {
	{ ".html", "text/html; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".css", "text/css; charset=utf-8" },
	{ ".json", "application/json; charset=utf-8" },
	{ ".svg", "image/svg+xml" },
	{ ".png", "image/png" },
	{ ".ico", "image/x-icon" },
	{ ".woff2", "font/woff2" },
	{ ".wav", "audio/wav" },
	{ ".mp3", "audio/mpeg" },
	{ ".ogg", "audio/ogg" },
	{ ".webmanifest", "application/manifest+json" },
	{ ".txt", "text/plain; charset=utf-8" },
};
// clang-format on

static const char *
type_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(dot, types[i].suffix) == 0)
			return types[i].type;
	return NULL;
}

static bool
name_is_plain(const char *name)
{
	return name[0] != '.' &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789._-")] == '\0';
}

static struct blob *
read_whole(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	struct buf b = { 0 };
	char part[8192];
	ssize_t n;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		return NULL;
	}
	while ((n = read(fd, part, sizeof(part))) > 0 && b.len <= PAGE_BYTES_MAX)
		buf_add(&b, part, (size_t)n);
	(void)close(fd);
	if (n < 0 || b.len > PAGE_BYTES_MAX) {
		buf_free(&b);
		return NULL;
	}
	return blob_take(&b);
}

static void
set_etag(struct page *p)
{
	unsigned char hash[crypto_generichash_BYTES_MIN];
	char hex[2 * sizeof(hash) + 1];

	(void)crypto_generichash(hash, sizeof(hash),
	    (const unsigned char *)p->body->data, p->body->len, NULL, 0);
	(void)sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash));
	(void)snprintf(p->etag, sizeof(p->etag), "\"%.16s\"", hex);
}

static void
take_file(struct pages *p, int dir, const char *prefix, const char *name)
{
	const char *type = type_of(name);
	struct page *page = &p->list[p->n];

	if (type == NULL)
		return;
	if (p->n == PAGES_MAX || snprintf(page->path, sizeof(page->path), "%s/%s",
				     prefix, name) >= PATH_LEN) {
		log_warnx("console", "page %s/%s is left out", prefix, name);
		return;
	}
	page->body = read_whole(dir, name);
	if (page->body == NULL) {
		log_warn("console", "page %s cannot be read", page->path);
		return;
	}
	page->type = type;
	set_etag(page);
	p->n++;
}

static void take_folder(
    struct pages *p, int parent, const char *name, const char *prefix, unsigned depth);

static void
take_entry(
    struct pages *p, int dir, const char *prefix, const char *name, unsigned depth)
{
	struct stat st;
	char below[PATH_LEN];

	if (!name_is_plain(name) || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	if (S_ISREG(st.st_mode)) {
		take_file(p, dir, prefix, name);
	} else if (S_ISDIR(st.st_mode) && depth < PAGES_DEPTH &&
		   snprintf(below, sizeof(below), "%s/%s", prefix, name) < PATH_LEN) {
		take_folder(p, dir, name, below, depth + 1);
	}
}

static void
take_folder(
    struct pages *p, int parent, const char *name, const char *prefix, unsigned depth)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;

	if (d == NULL) {
		log_warn("console", "pages in %s cannot be read", name);
		if (fd >= 0)
			(void)close(fd);
		return;
	}
	while ((e = readdir(d)) != NULL)
		take_entry(p, dirfd(d), prefix, e->d_name, depth);
	(void)closedir(d);
}

struct pages *
pages_load(const char *directory)
{
	struct pages *p = xcalloc(1, sizeof(*p));

	if (directory != NULL)
		take_folder(p, AT_FDCWD, directory, "", 1);
	return p;
}

void
pages_free(struct pages *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->n; i++)
		blob_unref(p->list[i].body);
	free(p);
}

static const struct page *
find(const struct pages *p, const char *path)
{
	if (strcmp(path, "/") == 0)
		path = "/index.html";
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->list[i].path, path) == 0)
			return &p->list[i];
	return NULL;
}

bool
pages_knows(const struct pages *p, const char *path)
{
	return find(p, path) != NULL;
}

void
pages_send(struct pages *p, struct http_request *r)
{
	const struct page *page = find(p, r->target.path);
	const char *known = http_header(r, "If-None-Match");

	wr_assert(page != NULL); // pages_knows has said so
	http_add(r, "Cache-Control", "no-cache");
	http_add(r, "ETag", page->etag);
	if (known != NULL && strstr(known, page->etag) != NULL)
		http_send(r, 304, NULL, NULL);
	else
		http_send(r, 200, page->type, blob_ref(page->body));
}
