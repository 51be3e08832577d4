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
	ACCESS_OPEN,    // anybody who reaches the port
	ACCESS_LOG_IN,  // opens a session: from a desk address only, there is no TLS
			// here
	ACCESS_DESK,    // the desk, or a session
	ACCESS_SESSION, // a person
};

// Whether an address is one of the site's desk addresses.
bool access_desk_address(const struct site *site, const unsigned char address[16]);

// Fills desk, session, session_serial and actor of r. False where r was answered with
// 401 or 403. `writes` asks for what protects a browser: our own Origin, and the CSRF
// token or the X-Watchroom header.
bool access_allows(
    struct console *c, struct http_request *r, enum access level, bool writes);

#endif
