// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Access rules of the API. Owns nothing; runs on the loop thread before each handler.
// Refuses: everybody but the desk where the site does not accept that names and PINs
// cross a network in the clear, a forwarded request as the desk (a proxy on this
// machine has a desk's address), a write from a foreign page, a session's write without
// its token.
#include "console/access.h"

#include <string.h>
#include <strings.h>

#include "console/console_int.h"
#include "lib/mem.h"

static const char *const forwarding_headers[] = {
	"X-Forwarded", // -For, -Host, -Proto, ...
	"Forwarded",
	"Via",
	"X-Real-IP",
	"X-Client-IP",
	"True-Client-IP",
	"CF-Connecting-IP",
};

bool
access_desk_address(const struct site *site, const unsigned char address[16])
{
	unsigned char desk[16];

	for (unsigned i = 0; i < site->n_desk; i++)
		if (address_parse(site->desk[i].address, desk) == 0 &&
		    memcmp(desk, address, sizeof(desk)) == 0)
			return true;
	return false;
}

static bool
forwarded(const struct http_request *r)
{
	for (size_t i = 0;
	     i < sizeof(forwarding_headers) / sizeof(forwarding_headers[0]); i++)
		if (http_header_begins(r, forwarding_headers[i]))
			return true;
	return false;
}

// An Origin of ours is http or https and the Host we were asked by, which has been
// checked to name us. A browser that sends none is judged by Sec-Fetch-Site.
static bool
origin_is_ours(const struct http_request *r)
{
	const char *origin = http_header(r, "Origin");
	const char *host = http_header(r, "Host");
	const char *fetched = http_header(r, "Sec-Fetch-Site");

	if (fetched != NULL && strcmp(fetched, "same-origin") != 0 &&
	    strcmp(fetched, "none") != 0)
		return false;
	if (origin == NULL)
		return true;
	if (strncmp(origin, "http://", 7) == 0)
		return strcasecmp(origin + 7, host) == 0;
	return strncmp(origin, "https://", 8) == 0 && strcasecmp(origin + 8, host) == 0;
}

static bool
has_our_header(const struct http_request *r)
{
	const char *ours = http_header(r, "X-Watchroom");

	return ours != NULL && strcmp(ours, "1") == 0;
}

static bool
is_json(const struct http_request *r)
{
	const char *type = http_header(r, "Content-Type");

	return type != NULL && strncasecmp(type, "application/json", 16) == 0;
}

static bool
deny(struct http_request *r, int status, const char *code)
{
	http_error(r, status, code, NULL);
	return false;
}

// What a write must carry beside its rights. A page of another site can send neither of
// the headers nor this content type without asking us first.
static bool
write_allowed(struct http_request *r, enum access level)
{
	bool csrf = r->session != NULL &&
		    session_csrf_is(r->session, http_header(r, "X-CSRF-Token"));

	if (!origin_is_ours(r))
		return deny(r, 403, "bad_origin");
	if (level == ACCESS_SESSION && !csrf)
		return deny(r, 403, "bad_csrf");
	if (level == ACCESS_DESK && !csrf && !(r->desk && has_our_header(r)))
		return deny(r, 403, r->desk ? "header_missing" : "bad_csrf");
	if (level == ACCESS_LOG_IN && !has_our_header(r) && !is_json(r))
		return deny(r, 403, "header_missing");
	return true;
}

bool
access_answers(struct console *c, struct http_request *r)
{
	const struct site *site = c->host.site(c->host.ctx);

	r->desk = access_desk_address(site, r->address) && !forwarded(r);
	return r->desk || site->accept_plain_http != NULL || deny(r, 403, "desk_only");
}

static void
find_who(struct console *c, struct http_request *r, bool writes)
{
	r->session = sessions_find(
	    &c->sessions, http_header(r, "Cookie"), loop_now_ms(c->loop), writes);
	r->session_serial = r->session != NULL ? r->session->serial : 0;
	(void)str_copy(r->actor, sizeof(r->actor),
	    r->session != NULL ? r->session->user
	    : r->desk          ? "desk"
			       : "");
}

bool
access_allows(struct console *c, struct http_request *r, enum access level, bool writes)
{
	find_who(c, r, writes);
	if (level == ACCESS_DESK && !r->desk && r->session == NULL)
		return deny(r, 401, "no_session");
	if (level == ACCESS_SESSION && r->session == NULL)
		return deny(r, 401, "no_session");
	return !writes || write_allowed(r, level);
}
