// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Who may do what: the desk, a session, anybody. The loop thread only.
#ifndef CONSOLE_ACCESS_H
#define CONSOLE_ACCESS_H

#include <stdbool.h>

#include "console/http.h"

struct console;
struct site;

enum access {
	ACCESS_OPEN,    // anybody who is answered at all
	ACCESS_LOG_IN,  // opens a session
	ACCESS_DESK,    // the desk, or a session
	ACCESS_SESSION, // a person
};

// Whether an address is one of the site's desk addresses.
bool access_desk_address(const struct site *site, const unsigned char address[16]);

// Whether r is answered at all; fills its desk. There is no TLS here, so others than
// the desk are not, unless the site accepts that in words (docs/api.md). False: it was
// answered with 403.
bool access_answers(struct console *c, struct http_request *r);

// Fills session, session_serial and actor of r. False where r was answered with 401 or
// 403. `writes` asks for what protects a browser: our own Origin, and the CSRF
// token or the X-Watchroom header.
bool access_allows(
    struct console *c, struct http_request *r, enum access level, bool writes);

#endif
