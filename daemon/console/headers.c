// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Judges a request's headers. Pure, any thread; owns nothing. Refuses what the
// smuggling of requests needs: a length said twice or not in plain digits, a coding
// that evhttp does not undo (it would take the body for the next request), names that
// are no tokens, control bytes.
#include "console/headers.h"

#include <sys/queue.h>

#include <event2/keyvalq_struct.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// The language that Accept-Language prefers of ours: what it names first counts, with
// its weight; zh where it names neither.
enum lang
headers_language(const char *header)
{
	double best = 0;
	enum lang lang = LANG_ZH;

	for (const char *p = header; p != NULL && *p != '\0';) {
		p += strspn(p, " ,");
		size_t len = strcspn(p, ",");
		const char *q = memmem(p, len, "q=", 2);
		double weight = q != NULL ? strtod(q + 2, NULL) : 1;
		bool en = strncasecmp(p, "en", 2) == 0;
		if ((en || strncasecmp(p, "zh", 2) == 0) && weight > best) {
			best = weight;
			lang = en ? LANG_EN : LANG_ZH;
		}
		p += len;
	}
	return lang;
}

static bool
header_is_fine(const struct evkeyval *h)
{
	const unsigned char *p = (const unsigned char *)h->key;

	if (*p == '\0')
		return false;
	for (; *p != '\0'; p++)
		if (*p <= 0x20 || *p >= 0x7f ||
		    strchr("\"(),/:;<=>?@[\\]{}", *p) != NULL)
			return false;
	for (p = (const unsigned char *)h->value; *p != '\0'; p++)
		if ((*p < 0x20 && *p != '\t') || *p == 0x7f)
			return false;
	return true;
}

// A length or coding that everybody on the way reads alike.
static bool
framing_is_fine(const struct evkeyval *h)
{
	if (strcasecmp(h->key, "Content-Length") == 0)
		return h->value[0] != '\0' &&
		       h->value[strspn(h->value, "0123456789")] == '\0';
	if (strcasecmp(h->key, "Transfer-Encoding") == 0)
		return strcasecmp(h->value, "chunked") == 0;
	return true;
}

// Code of what is wrong with the headers, or NULL. What smuggling needs is refused.
const char *
headers_fault(const struct evkeyvalq *headers)
{
	const struct evkeyval *h;
	unsigned lengths = 0, codings = 0, hosts = 0;

	for (h = headers->tqh_first; h != NULL; h = h->next.tqe_next) {
		if (!header_is_fine(h) || !framing_is_fine(h))
			return "bad_request";
		lengths += strcasecmp(h->key, "Content-Length") == 0;
		codings += strcasecmp(h->key, "Transfer-Encoding") == 0;
		hosts += strcasecmp(h->key, "Host") == 0;
	}
	return lengths + codings > 1 || hosts > 1 ? "bad_request" : NULL;
}
