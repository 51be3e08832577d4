// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Where a host is: a name or numeric address, a port, a URL (RFC 3986, of which we need
// little). Pure.
//
// Each parser returns 0, or -1 with a reason in `why`: one line, lower case.
#ifndef CONFIG_URL_H
#define CONFIG_URL_H

#include <stddef.h>
#include <stdint.h>

#include "config/units.h"

enum {
	URL_MAX = 2048,
	URL_HOST_MAX = 254 // a name with its NUL, RFC 1035 2.3.4
};

struct url {
	const char *scheme; // one of those asked for
	char host[URL_HOST_MAX];
	uint16_t port;    // the scheme's where none is written
	size_t shown_len; // bytes of the text that people may see: query and fragment
			  // may hold a token
};

struct url_scheme {
	const char *name;
	uint16_t port;
};

// `schemes` end with a NULL name. Refuses user and password in the address.
int url_parse(const char *text, const struct url_scheme *schemes, struct url *out,
    char why[static WHY_MAX]);

// "192.0.2.1", "2001:db8::1", "nvr.example".
int url_host(
    const char *text, char host[static URL_HOST_MAX], char why[static WHY_MAX]);

// "192.0.2.1:22", "[2001:db8::1]:22", "nvr.example:22"; the port must be written.
int url_endpoint(const char *text, char host[static URL_HOST_MAX], uint16_t *port,
    char why[static WHY_MAX]);

#endif
