// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See host_curl_options.h. A connection is closed behind its answer (head_ended in
// host_curl.c keeps it behind a challenge) and never used for another try.
#include "drivers/host_curl_options.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "lib/mem.h"

enum {
	BUFFER = 4096 // of libcurl, for each handle
};

static void
set_common(CURL *e, const struct host *h)
{
	(void)curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(e, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
	(void)curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
	(void)curl_easy_setopt(e, CURLOPT_BUFFERSIZE, (long)BUFFER);
	// Our own timer ends a try; these are for the day it does not.
	(void)curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, 2L * h->timeout_ms);
	(void)curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, 2L * h->timeout_ms);
	(void)curl_easy_setopt(e, CURLOPT_USERAGENT, "watchroom");
}

// Connects to the address that was looked up, whatever the name in the URL: libcurl
// looks nothing up. "::" stands for the URL's own host and port.
static void
set_address(CURL *e, const struct host *h, const struct sockaddr_storage *to,
    struct curl_slist **connect_to)
{
	char text[INET6_ADDRSTRLEN] = "", line[INET6_ADDRSTRLEN + 16];
	bool v6 = to->ss_family == AF_INET6;
	const void *address =
	    v6 ? (const void *)&((const struct sockaddr_in6 *)to)->sin6_addr
	       : (const void *)&((const struct sockaddr_in *)to)->sin_addr;
	(void)inet_ntop(to->ss_family, address, text, sizeof text);
	(void)snprintf(line, sizeof line, v6 ? "::[%s]:%u" : "::%s:%u", text, h->port);
	*connect_to = curl_slist_append(NULL, line);
	wr_assert(*connect_to);
	(void)curl_easy_setopt(e, CURLOPT_CONNECT_TO, *connect_to);
}

static void
set_word(CURL *e, const struct host *h, bool give)
{
	(void)curl_easy_setopt(
	    e, CURLOPT_HTTPAUTH, (long)(h->basic ? CURLAUTH_BASIC : CURLAUTH_DIGEST));
	(void)curl_easy_setopt(e, CURLOPT_USERNAME, give ? h->user : NULL);
	(void)curl_easy_setopt(e, CURLOPT_PASSWORD, give ? h->password : NULL);
}

// libcurl reads it, but says void *.
static void
set_ca(CURL *e, const char *pem)
{
	union {
		const char *in;
		void *out;
	} text = { .in = pem };
	struct curl_blob ca = { .data = text.out, .len = strlen(pem) };
	(void)curl_easy_setopt(e, CURLOPT_CAINFO_BLOB, &ca);
}

static void
set_certificate(CURL *e, const struct host *h)
{
	(void)curl_easy_setopt(e, CURLOPT_CERTINFO, 1L);
	// A resumed session would show no certificate.
	(void)curl_easy_setopt(e, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	(void)curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, h->verify ? 1L : 0L);
	(void)curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, h->verify ? 2L : 0L);
	// With a folder of authorities libcurl would not keep them read: 30 ms a try.
	(void)curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	if (h->ca[0] != '\0')
		set_ca(e, h->ca);
	if (h->pin[0] != '\0')
		(void)curl_easy_setopt(e, CURLOPT_PINNEDPUBLICKEY, h->pin);
}

static void
set_http(CURL *e, const struct host *h)
{
	(void)curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	(void)curl_easy_setopt(e, CURLOPT_URL, h->url);
	set_certificate(e, h);
}

static void
set_rtsp(CURL *e, const struct host *h)
{
	long request = h->options_only ? CURL_RTSPREQ_OPTIONS : CURL_RTSPREQ_DESCRIBE;
	(void)curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "rtsp");
	(void)curl_easy_setopt(e, CURLOPT_URL, h->url);
	// The address in the digest must be the request line's, byte for byte.
	(void)curl_easy_setopt(e, CURLOPT_RTSP_STREAM_URI, h->url);
	(void)curl_easy_setopt(e, CURLOPT_RTSP_REQUEST, request);
	// A kept handle would want the session of the last try again.
	(void)curl_easy_setopt(e, CURLOPT_RTSP_SESSION_ID, NULL);
}

static void
set_tcp(CURL *e)
{
	(void)curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http");
	(void)curl_easy_setopt(e, CURLOPT_URL, "http://host/");
	(void)curl_easy_setopt(e, CURLOPT_CONNECT_ONLY, 1L);
}

void
host_curl_options(CURL *e, const struct host *h, const struct sockaddr_storage *to,
    bool give_word, struct curl_slist **connect_to)
{
	set_common(e, h);
	set_address(e, h, to, connect_to);
	set_word(e, h, give_word);
	if (h->check == HOST_CHECK_HTTP)
		set_http(e, h);
	else if (h->check == HOST_CHECK_RTSP)
		set_rtsp(e, h);
	else
		set_tcp(e);
}
