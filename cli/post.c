// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See post.h. By libcurl's easy interface: nobody else waits in this process. Refuses
// redirects, other protocols than HTTP and long replies.
#include "cli/post.h"

#include <curl/curl.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/mem.h"

enum {
	REPLY_MAX = 64 * 1024,
};

static size_t
take_reply(char *data, size_t size, size_t n, void *user)
{
	size_t *bytes = user;

	(void)data; // nothing in it is needed
	*bytes += size * n;
	return *bytes > REPLY_MAX ? 0 : size * n;
}

static struct curl_slist *
add(struct curl_slist *list, const char *name, const char *value)
{
	char *line = xasprintf("%s: %s", name, value);
	struct curl_slist *longer = curl_slist_append(list, line);

	wr_assert(longer != NULL);
	free(line);
	return longer;
}

// RFC 9530: the receiver can tell that all of it came.
static struct curl_slist *
add_digest(struct curl_slist *list, const struct post *p)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	char base64[sodium_base64_ENCODED_LEN(
	    sizeof(hash), sodium_base64_VARIANT_ORIGINAL)];
	char value[sizeof(base64) + 16];

	(void)crypto_hash_sha256(hash, p->data, p->len);
	(void)sodium_bin2base64(
	    base64, sizeof(base64), hash, sizeof(hash), sodium_base64_VARIANT_ORIGINAL);
	(void)snprintf(value, sizeof(value), "sha-256=:%s:", base64);
	return add(list, "Content-Digest", value);
}

static struct curl_slist *
headers_of(const struct post *p)
{
	char *disposition = xasprintf("attachment; filename=\"%s\"", p->name);
	struct curl_slist *list = NULL;

	list = add(list, "Content-Type", p->type);
	list = add(list, "Content-Disposition", disposition);
	list = add(list, "Idempotency-Key", p->key);
	list = add_digest(list, p);
	free(disposition);
	return curl_slist_append(list, "Expect:"); // no round trip before the body
}

static int
answer_of(CURL *e, CURLcode code, size_t reply_bytes, struct err *err)
{
	long status = 0;

	(void)curl_easy_getinfo(e, CURLINFO_RESPONSE_CODE, &status);
	// A reply over our limit is cut off by us: its status stands.
	bool answered =
	    code == CURLE_OK || (code == CURLE_WRITE_ERROR && reply_bytes > REPLY_MAX);
	if (answered && status >= 200 && status < 300)
		return 0;
	if (answered)
		err_set(err, EIO, "the post was answered with HTTP %ld", status);
	else
		err_set(err, EIO, "the post failed: %s", curl_easy_strerror(code));
	return -1;
}

int
post_file(const struct post *p, struct err *err)
{
	size_t reply_bytes = 0;
	CURL *e = curl_easy_init();

	wr_assert(e != NULL);
	struct curl_slist *headers = headers_of(p);
	(void)curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(e, CURLOPT_URL, p->url);
	(void)curl_easy_setopt(e, CURLOPT_USERAGENT, "watchroom");
	(void)curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)p->timeout_ms);
	(void)curl_easy_setopt(e, CURLOPT_HTTPHEADER, headers);
	(void)curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)p->len);
	(void)curl_easy_setopt(e, CURLOPT_POSTFIELDS, p->data);
	(void)curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_reply);
	(void)curl_easy_setopt(e, CURLOPT_WRITEDATA, &reply_bytes);
	(void)curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, take_reply);
	(void)curl_easy_setopt(e, CURLOPT_HEADERDATA, &reply_bytes);
	int result = answer_of(e, curl_easy_perform(e), reply_bytes, err);
	curl_slist_free_all(headers);
	curl_easy_cleanup(e);
	return result;
}
