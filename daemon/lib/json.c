// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The JSON writer of buf.h (RFC 8259). Whatever bytes come in, what goes out is valid
// UTF-8 and one line: device texts and places pass through here on their way to
// browsers and to other people's servers. It refuses to guess an encoding: each byte
// that is not UTF-8 becomes U+FFFD.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/mem.h"

// Length of the valid UTF-8 sequence at s (RFC 3629 section 4), 0 where there is none.
// s is NUL-terminated, and a NUL is no continuation byte, so nothing past it is read.
static size_t
utf8_length(const unsigned char *s)
{
	static const struct {
		unsigned char lead_min, lead_max, second_min, second_max, length;
	} forms[] = {
		{ 0x01, 0x7F, 0, 0, 1 },
		{ 0xC2, 0xDF, 0x80, 0xBF, 2 },
		{ 0xE0, 0xE0, 0xA0, 0xBF, 3 },
		{ 0xE1, 0xEC, 0x80, 0xBF, 3 },
		{ 0xED, 0xED, 0x80, 0x9F, 3 },
		{ 0xEE, 0xEF, 0x80, 0xBF, 3 },
		{ 0xF0, 0xF0, 0x90, 0xBF, 4 },
		{ 0xF1, 0xF3, 0x80, 0xBF, 4 },
		{ 0xF4, 0xF4, 0x80, 0x8F, 4 },
	};
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		if (s[0] < forms[i].lead_min || s[0] > forms[i].lead_max)
			continue;
		size_t n = forms[i].length;
		if (n > 1 && (s[1] < forms[i].second_min || s[1] > forms[i].second_max))
			return 0;
		for (size_t k = 2; k < n; k++)
			if ((s[k] & 0xC0) != 0x80)
				return 0;
		return n;
	}
	return 0;
}

// The two-character escape of c, or 0.
static char
short_escape(unsigned char c)
{
	switch (c) {
	case '"':
	case '\\':
		return (char)c;
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	default:
		return 0;
	}
}

// Writes what does not go through as it is; returns how many bytes of s it took.
static size_t
put_escaped(struct buf *b, const unsigned char *s)
{
	char two = short_escape(*s);
	if (two)
		buf_add(b, (const char[]){ '\\', two }, 2);
	else if (*s < 0x20)
		buf_printf(b, "\\u%04x", *s);
	else
		buf_str(b, "\xEF\xBF\xBD"); // U+FFFD
	return 1;
}

static void
put_string(struct buf *b, const char *value)
{
	const unsigned char *s = (const unsigned char *)value;
	buf_str(b, "\"");
	while (*s) {
		size_t plain = 0;
		for (;;) {
			unsigned char c = s[plain];
			size_t n = utf8_length(s + plain);
			if (n == 0 || c < 0x20 || c == '"' || c == '\\')
				break;
			plain += n;
		}
		buf_add(b, s, plain);
		s += plain;
		if (*s)
			s += put_escaped(b, s);
	}
	buf_str(b, "\"");
}

// What stands before a value: the comma and the key.
static void
before(struct buf *b, const char *key)
{
	if (b->need_comma)
		buf_add(b, ",", 1);
	if (key) {
		put_string(b, key);
		buf_add(b, ":", 1);
	}
	b->need_comma = true;
}

void
json_open(struct buf *b, const char *key, char bracket)
{
	wr_assert(bracket == '{' || bracket == '[');
	before(b, key);
	buf_add(b, &bracket, 1);
	b->need_comma = false;
}

void
json_close(struct buf *b, char bracket)
{
	wr_assert(bracket == '}' || bracket == ']');
	buf_add(b, &bracket, 1);
	b->need_comma = true;
}

void
json_str(struct buf *b, const char *key, const char *value)
{
	if (!value) {
		json_none(b, key);
		return;
	}
	before(b, key);
	put_string(b, value);
}

void
json_int(struct buf *b, const char *key, int64_t value)
{
	before(b, key);
	buf_printf(b, "%lld", (long long)value);
}

static bool
same_bits(double a, double b)
{
	uint64_t x, y;
	memcpy(&x, &a, sizeof x);
	memcpy(&y, &b, sizeof y);
	return x == y;
}

void
json_double(struct buf *b, const char *key, double value)
{
	if (!isfinite(value)) {
		json_none(b, key);
		return;
	}
	before(b, key);
	char text[40];
	for (int digits = 15; digits <= 17; digits++) {
		(void)snprintf(text, sizeof text, "%.*g", digits, value);
		if (same_bits(strtod(text, NULL), value))
			break;
	}
	buf_str(b, text);
}

void
json_bool(struct buf *b, const char *key, bool value)
{
	before(b, key);
	buf_str(b, value ? "true" : "false");
}

void
json_none(struct buf *b, const char *key)
{
	before(b, key);
	buf_str(b, "null");
}

void
json_time(struct buf *b, const char *key, int64_t utc_ms)
{
	char text[25];
	clock_rfc3339(utc_ms, text);
	json_str(b, key, utc_ms == 0 ? NULL : text);
}

void
json_raw(struct buf *b, const char *key, const char *json)
{
	before(b, key);
	buf_str(b, json);
}
