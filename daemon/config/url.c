// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The parsers of config/url.h. Any thread; no state, no allocation. Refuse what a
// library might read otherwise than a person does: user information, backslashes,
// spaces, control characters, characters beyond ASCII, an address that is half numeric.
#include "config/url.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/mem.h"

enum {
	LABEL_MAX = 63 // RFC 1035 2.3.4
};

static int
refuse(char why[static WHY_MAX], const char *reason)
{
	(void)str_copy(why, WHY_MAX, reason);
	return -1;
}

// Letters, digits and hyphens in labels between dots (RFC 1123 2.1).
static bool
is_name(const char *s)
{
	size_t label = 0;
	bool letter = false;

	for (; *s != '\0'; s++) {
		bool alpha = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z');
		bool digit = *s >= '0' && *s <= '9';
		if (*s == '.') {
			if (label == 0 || s[-1] == '-')
				return false;
			label = 0;
			continue;
		}
		if (!alpha && !digit && (*s != '-' || label == 0))
			return false;
		letter = letter || alpha;
		if (++label > LABEL_MAX)
			return false;
	}
	return label > 0 && s[-1] != '-' && letter;
}

// What a socket would take and no host answers for: nobody (RFC 1122 3.2.1.3),
// everybody, a group (RFC 5771, RFC 4291 2.7).
static bool
is_of_nobody(const char *text)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, text, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 0 || ntohl(v4.s_addr) >> 28 == 0xE ||
		       v4.s_addr == INADDR_NONE;
	return inet_pton(AF_INET6, text, &v6) == 1 &&
	       (IN6_IS_ADDR_UNSPECIFIED(&v6) || IN6_IS_ADDR_MULTICAST(&v6));
}

static bool
is_link_local(const char *text)
{
	struct in6_addr v6;

	return inet_pton(AF_INET6, text, &v6) == 1 && IN6_IS_ADDR_LINKLOCAL(&v6);
}

int
url_host(const char *text, char host[static URL_HOST_MAX], char why[static WHY_MAX])
{
	if (strlen(text) >= URL_HOST_MAX || (!units_is_address(text) && !is_name(text)))
		return refuse(why, "must be an address or a name, for example "
				   "192.0.2.20 or nvr.example");
	if (is_of_nobody(text))
		return refuse(why, "is no address of one host");
	if (is_link_local(text))
		return refuse(why, "is a link-local address, which needs an interface: "
				   "give the host another, or a name");
	memcpy(host, text, strlen(text) + 1);
	return 0;
}

// Host and what follows it; an IPv6 address stands in brackets. `len` is of the text.
static int
split(const char *text, size_t len, char host[static URL_HOST_MAX], const char **rest,
    char why[static WHY_MAX])
{
	char part[URL_HOST_MAX];
	const char *start = text;
	size_t n;

	if (len > 0 && *text == '[') {
		const char *end = memchr(text, ']', len);
		start++;
		n = end == NULL ? URL_HOST_MAX : (size_t)(end - start);
		*rest = end == NULL ? text : end + 1;
	} else {
		const char *colon = memchr(text, ':', len);
		n = colon == NULL ? len : (size_t)(colon - text);
		*rest = text + n;
	}
	if (n >= sizeof(part))
		return refuse(why, "has no good host");
	memcpy(part, start, n);
	part[n] = '\0';
	if ((start != text) != (strchr(part, ':') != NULL))
		return refuse(why, "has no good host");
	return url_host(part, host, why);
}

// ":PORT" of `len` bytes, or nothing at all where `fallback` is not 0.
static int
read_port(const char *text, size_t len, uint16_t fallback, uint16_t *port,
    char why[static WHY_MAX])
{
	uint32_t number = 0;

	*port = fallback;
	if (len == 0 && fallback != 0)
		return 0;
	if (len < 2 || len > 6 || text[0] != ':')
		return refuse(
		    why, "the port is missing or no number, for example 192.0.2.20:22");
	for (size_t i = 1; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return refuse(why, "the port must be 1 to 65535");
		number = number * 10 + (uint32_t)(text[i] - '0');
	}
	if (number < 1 || number > UINT16_MAX)
		return refuse(why, "the port must be 1 to 65535");
	*port = (uint16_t)number;
	return 0;
}

int
url_endpoint(const char *text, char host[static URL_HOST_MAX], uint16_t *port,
    char why[static WHY_MAX])
{
	const char *rest;
	size_t len = strlen(text);

	if (split(text, len, host, &rest, why) != 0)
		return -1;
	return read_port(rest, (size_t)(text + len - rest), 0, port, why);
}

static const struct url_scheme *
scheme_of(const char *text, const struct url_scheme *schemes, const char **behind)
{
	const char *mark = strstr(text, "://");

	for (; mark != NULL && schemes->name != NULL; schemes++) {
		size_t n = strlen(schemes->name);
		if (n == (size_t)(mark - text) &&
		    strncmp(text, schemes->name, n) == 0) {
			*behind = mark + 3;
			return schemes;
		}
	}
	return NULL;
}

static int
refuse_scheme(const struct url_scheme *schemes, char why[static WHY_MAX])
{
	int n =
	    snprintf(why, WHY_MAX, "the address must begin with %s://", schemes->name);

	for (schemes++; schemes->name != NULL && n > 0 && n < WHY_MAX; schemes++)
		n += snprintf(
		    why + n, (size_t)(WHY_MAX - n), " or %s://", schemes->name);
	return -1;
}

int
url_parse(const char *text, const struct url_scheme *schemes, struct url *out,
    char why[static WHY_MAX])
{
	const char *host, *rest;

	if (strlen(text) > URL_MAX)
		return refuse(why, "the address is longer than 2048 bytes");
	for (const char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c <= 0x20 || (unsigned char)*c >= 0x7F ||
		    *c == '\\')
			return refuse(why, "the address has a space, a backslash or a "
					   "character beyond ASCII");
	const struct url_scheme *scheme = scheme_of(text, schemes, &host);
	if (scheme == NULL)
		return refuse_scheme(schemes, why);
	size_t len = strcspn(host, "/?#");
	if (memchr(host, '@', len) != NULL)
		return refuse(why, "user and password do not belong in the address: "
				   "write user and password");
	if (split(host, len, out->host, &rest, why) != 0 ||
	    read_port(
		rest, (size_t)(host + len - rest), scheme->port, &out->port, why) != 0)
		return -1;
	out->scheme = scheme->name;
	out->shown_len = strcspn(text, "?#");
	return 0;
}
