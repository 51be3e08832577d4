// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Addresses of hosts, good and bad, by table.
#include <stdio.h>
#include <string.h>

#include "config/url.h"
#include "test.h"

static const struct url_scheme web[] = { { "http", 80 }, { "https", 443 },
	{ NULL, 0 } };
static const struct url_scheme rtsp[] = { { "rtsp", 554 }, { NULL, 0 } };

// clang-format off
static const struct {
	const char *text;
	const struct url_scheme *schemes;
	const char *scheme, *host;
	uint16_t port;
	const char *shown;
} good[] = {
	{ "http://192.0.2.20", web, "http", "192.0.2.20", 80, "http://192.0.2.20" },
	{ "https://nvr.example/x?token=abc", web, "https", "nvr.example", 443,
	    "https://nvr.example/x" },
	{ "http://nvr:8080#f", web, "http", "nvr", 8080, "http://nvr:8080" },
	{ "https://[2001:db8::1]/", web, "https", "2001:db8::1", 443,
	    "https://[2001:db8::1]/" },
	{ "http://[2001:db8::1]:81?a@b", web, "http", "2001:db8::1", 81,
	    "http://[2001:db8::1]:81" },
	{ "rtsp://192.0.2.20/Streaming/Channels/101", rtsp, "rtsp", "192.0.2.20", 554,
	    "rtsp://192.0.2.20/Streaming/Channels/101" },
	{ "http://1and1.example/a@b", web, "http", "1and1.example", 80,
	    "http://1and1.example/a@b" },
};

static const struct {
	const char *text;
	const struct url_scheme *schemes;
	const char *why; // a part of it
} bad[] = {
	{ "", web, "must begin with http:// or https://" },
	{ "nvr", web, "must begin with http:// or https://" },
	{ "HTTP://nvr", web, "must begin with http:// or https://" },
	{ "ftp://nvr", web, "must begin with http:// or https://" },
	{ "http://nvr", rtsp, "must begin with rtsp://" },
	{ "http://", web, "must be an address or a name" },
	{ "http:///x", web, "must be an address or a name" },
	{ "http://?x", web, "must be an address or a name" },
	{ "http://a:b@nvr/", web, "user and password do not belong" },
	{ "http://nvr@other", web, "user and password do not belong" },
	{ "http://nvr:", web, "port" },
	{ "http://nvr:0", web, "1 to 65535" },
	{ "http://nvr:65536", web, "1 to 65535" },
	{ "http://nvr:8080808080", web, "port" },
	{ "http://nvr:80x/", web, "1 to 65535" },
	{ "http://nvr:-1/", web, "1 to 65535" },
	{ "http://2001:db8::1/", web, "must be an address or a name" },
	{ "http://nvr:db8::1/", web, "port" },
	{ "http://[2001:db8::1", web, "no good host" },
	{ "http://[192.0.2.1]/", web, "no good host" },
	{ "http://[2001:db8::1]x/", web, "port" },
	{ "http://[fe80::1]/", web, "a link-local address" },
	{ "http://0.0.0.0/", web, "no address of one host" },
	{ "http://224.0.0.1/", web, "no address of one host" },
	{ "http://255.255.255.255/", web, "no address of one host" },
	{ "http://[::]/", web, "no address of one host" },
	{ "http://[ff02::1]/", web, "no address of one host" },
	{ "http://192.0.2.256/", web, "must be an address or a name" },
	{ "http://192.0.2/", web, "must be an address or a name" },
	{ "http://0x7f000001/", web, "" }, // a name with letters: looked up as one
	{ "http://a b/", web, "a space" },
	{ "http://nvr/\t", web, "a space" },
	{ "http://nvr\\@x/", web, "backslash" },
	{ "http://n\xc3\xbcr/", web, "beyond ASCII" },
	{ "http://-nvr/", web, "must be an address or a name" },
	{ "http://nvr-/", web, "must be an address or a name" },
	{ "http://nvr-.x/", web, "must be an address or a name" },
	{ "http://nvr..x/", web, "must be an address or a name" },
	{ "http://nvr.x./", web, "must be an address or a name" },
	{ "http://n_r/", web, "must be an address or a name" },
};
// clang-format on

static void
test_good_urls(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct url u;
		char why[WHY_MAX] = "";
		if (url_parse(good[i].text, good[i].schemes, &u, why) != 0)
			fail_msg("%s: %s", good[i].text, why);
		assert_string_equal(u.scheme, good[i].scheme);
		assert_string_equal(u.host, good[i].host);
		assert_int_equal(u.port, good[i].port);
		assert_int_equal(u.shown_len, strlen(good[i].shown));
		assert_memory_equal(good[i].text, good[i].shown, u.shown_len);
	}
}

static void
test_bad_urls(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct url u;
		char why[WHY_MAX] = "";
		int result = url_parse(bad[i].text, bad[i].schemes, &u, why);
		if (bad[i].why[0] == '\0')
			assert_int_equal(result, 0);
		else if (result == 0 || strstr(why, bad[i].why) == NULL)
			fail_msg("%s: %s", bad[i].text, why);
	}
}

static void
test_a_long_url_is_refused(void **state)
{
	char text[URL_MAX + 2], why[WHY_MAX];
	struct url u;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "http://nvr/", 11);
	text[URL_MAX] = '\0';
	assert_int_equal(url_parse(text, web, &u, why), 0);
	text[URL_MAX] = 'a';
	text[URL_MAX + 1] = '\0';
	assert_int_equal(url_parse(text, web, &u, why), -1);
	memset(text, 'a', sizeof(text));
	memcpy(text, "http://", 7);
	text[URL_MAX] = '\0';
	assert_int_equal(url_parse(text, web, &u, why), -1);
}

static void
test_endpoints(void **state)
{
	char host[URL_HOST_MAX], why[WHY_MAX];
	uint16_t port;

	(void)state;
	assert_int_equal(url_endpoint("nvr.example:22", host, &port, why), 0);
	assert_string_equal(host, "nvr.example");
	assert_int_equal(port, 22);
	assert_int_equal(url_endpoint("[2001:db8::1]:443", host, &port, why), 0);
	assert_string_equal(host, "2001:db8::1");
	assert_int_equal(port, 443);
	assert_int_equal(url_endpoint("nvr.example", host, &port, why), -1);
	assert_int_equal(url_endpoint("2001:db8::1:443", host, &port, why), -1);
	assert_int_equal(url_endpoint(":22", host, &port, why), -1);
	assert_int_equal(url_endpoint("a:22:23", host, &port, why), -1);
	assert_int_equal(url_host("2001:db8::1", host, why), 0);
	assert_int_equal(url_host("[2001:db8::1]", host, why), -1);
	assert_int_equal(url_host("", host, why), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_urls),
		cmocka_unit_test(test_bad_urls),
		cmocka_unit_test(test_a_long_url_is_refused),
		cmocka_unit_test(test_endpoints),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
