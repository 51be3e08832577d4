// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Takes a request target apart and judges a Host header. Owns no state; pure, any
// thread. Refuses to guess: evhttp cuts a path at an encoded NUL and runs the handler
// of what is left, so nothing here trusts a decoded string for its length. Invariant:
// no byte below 0x20 leaves this file in a decoded part.
#include "console/target.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "lib/mem.h"

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

// Decodes len bytes to *to (advanced past a NUL). In a query '+' is a space.
static int
decode(const char *from, size_t len, bool query, char **to)
{
	char *out = *to;

	for (size_t i = 0; i < len; i++) {
		int c = (unsigned char)from[i];

		if (c == '%') {
			if (len - i < 3)
				return -1;
			int high = hex_digit(from[i + 1]), low = hex_digit(from[i + 2]);
			if (high < 0 || low < 0)
				return -1;
			c = high * 16 + low;
			i += 2;
		} else if (c == '+' && query) {
			c = ' ';
		}
		if (c < 0x20 || c == 0x7f)
			return -1;
		*out++ = (char)c;
	}
	*out++ = '\0';
	*to = out;
	return 0;
}

static int
parse_path(struct target *t, char **to)
{
	const char *p = t->path + 1;

	while (*p != '\0') {
		size_t len = strcspn(p, "/");
		const char *segment = *to;

		if (len == 0 || t->n_segments == TARGET_SEGMENTS)
			return -1;
		if (decode(p, len, false, to) < 0)
			return -1;
		if (strcmp(segment, ".") == 0 || strcmp(segment, "..") == 0)
			return -1;
		t->segment[t->n_segments++] = segment;
		p += len;
		if (*p == '/' && *++p == '\0')
			return -1;
	}
	return 0;
}

static int
parse_query(struct target *t, const char *p, char **to)
{
	while (*p != '\0') {
		size_t len = strcspn(p, "&");
		const char *equals = memchr(p, '=', len);
		size_t name_len = equals != NULL ? (size_t)(equals - p) : len;

		if (name_len == 0 || t->n_parameters == TARGET_PARAMETERS)
			return -1;
		const char *name = *to;
		if (decode(p, name_len, true, to) < 0)
			return -1;
		if (target_value(t, name) != NULL)
			return -1;
		const char *value = *to;
		size_t skip = equals != NULL ? name_len + 1 : name_len;
		if (decode(p + skip, len - skip, true, to) < 0)
			return -1;
		t->name[t->n_parameters] = name;
		t->value[t->n_parameters++] = value;
		p += len;
		if (*p == '&')
			p++;
	}
	return 0;
}

int
target_parse(struct target *t, const char *raw)
{
	size_t len = strlen(raw);
	char *to = t->text;

	t->n_segments = t->n_parameters = 0;
	if (len == 0 || len > TARGET_MAX || raw[0] != '/')
		return -1;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)raw[i] <= 0x20 || (unsigned char)raw[i] >= 0x7f ||
		    raw[i] == '#' || raw[i] == '\\')
			return -1;
	size_t path_len = strcspn(raw, "?");
	memcpy(t->path, raw, path_len);
	t->path[path_len] = '\0';
	if (parse_path(t, &to) < 0)
		return -1;
	return raw[path_len] == '?' ? parse_query(t, raw + path_len + 1, &to) : 0;
}

const char *
target_value(const struct target *t, const char *name)
{
	for (unsigned i = 0; i < t->n_parameters; i++)
		if (strcmp(t->name[i], name) == 0)
			return t->value[i];
	return NULL;
}

static bool
port_is_fine(const char *p)
{
	if (*p == '\0')
		return true;
	size_t digits = strspn(p + 1, "0123456789");
	return *p == ':' && digits >= 1 && digits <= 5 && p[1 + digits] == '\0';
}

static bool
same(const char *a, size_t len, const char *b)
{
	return b != NULL && strlen(b) == len && strncasecmp(a, b, len) == 0;
}

bool
host_is_ours(const char *header, const char *configured, const char *local)
{
	const char *host = header, *rest;
	size_t len;

	if (header == NULL || *header == '\0')
		return false;
	if (*header == '[') {
		host++;
		len = strcspn(host, "]");
		if (host[len] != ']')
			return false;
		rest = host + len + 1;
	} else {
		len = strcspn(host, ":");
		rest = host + len;
	}
	if (!port_is_fine(rest))
		return false;
	return same(host, len, "localhost") || same(host, len, configured) ||
	       same(host, len, local);
}
