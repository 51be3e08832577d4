// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Tells UTF-8 from GB 18030 and turns the second into the first (iconv of the C
// library). Owns nothing; any thread. Refuses to guess: bytes that are good in both
// encodings are named, with both readings, until the site says which is meant.
#include "config/encoding.h"

#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <string.h>

#include "lib/mem.h"

enum {
	SHOW_BYTES = 24
};

const char *
encoding_name(enum encoding e)
{
	static const char *const names[] = { "", "utf-8", "gb18030" };

	wr_assert(e < ENCODING_COUNT);
	return names[e];
}

// Length of the UTF-8 character at s (Unicode 15, table 3-7), or 0.
static size_t
utf8_length(const unsigned char *s, size_t left)
{
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;

	if (len == 1)
		return 1;
	if (s[0] < 0xC2 || s[0] > 0xF4 || left < len)
		return 0;
	unsigned char low = s[0] == 0xE0 ? 0xA0 : s[0] == 0xF0 ? 0x90 : 0x80;
	unsigned char high = s[0] == 0xED ? 0x9F : s[0] == 0xF4 ? 0x8F : 0xBF;
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((s[i] & 0xC0) != 0x80)
			return 0;
	return len;
}

uint32_t
utf8_next(const char **s)
{
	const unsigned char *u = (const unsigned char *)*s;
	size_t len = u[0] < 0x80 ? 1 : u[0] < 0xE0 ? 2 : u[0] < 0xF0 ? 3 : 4;
	uint32_t c = len == 1 ? u[0] : u[0] & (0x7Fu >> len);
	size_t i = 1;

	if (u[0] == '\0')
		return 0;
	for (; i < len && (u[i] & 0xC0) == 0x80; i++)
		c = c << 6 | (u[i] & 0x3F);
	*s += i;
	return c;
}

// Bytes from the beginning that are UTF-8 text. *longest is the longest character.
static size_t
utf8_span(const char *text, size_t len, size_t *longest)
{
	size_t i = 0;

	*longest = 0;
	while (i < len && text[i] != '\0') {
		size_t n = utf8_length((const unsigned char *)text + i, len - i);
		if (n == 0)
			break;
		*longest = n > *longest ? n : *longest;
		i += n;
	}
	return i;
}

// Where the text before byte `end` ends, in lines and characters.
static void
place_of(const char *text, size_t end, struct encoding_fault *f)
{
	f->line = f->column = 1;
	for (size_t i = 0; i < end; i++) {
		if (text[i] == '\n') {
			f->line++;
			f->column = 1;
		} else if (((unsigned char)text[i] & 0xC0) != 0x80) {
			f->column++;
		}
	}
	f->good = text;
	f->good_len = end;
}

static bool
refuse(struct encoding_fault *f, const char *why)
{
	(void)snprintf(f->why, sizeof(f->why), "%s", why);
	return false;
}

// What a spreadsheet program saves that is no CSV, by its first bytes: ZIP (ECMA-376,
// .xlsx), compound file (MS-CFB 2.2, .xls and .et), UTF-16 ("Unicode text").
static const char *
foreign_form(const char *raw, size_t len)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *why;
	} forms[] = {
		{ "PK\x03\x04", 4,
		    "a workbook (.xlsx), not text: save it as CSV UTF-8" },
		{ "\xD0\xCF\x11\xE0", 4,
		    "a workbook (.xls, .et), not text: save it as CSV" },
		{ "\xFF\xFE", 2,
		    "UTF-16 (\"Unicode text\" of a spreadsheet): save it as CSV "
		    "UTF-8" },
		{ "\xFE\xFF", 2,
		    "UTF-16 (\"Unicode text\" of a spreadsheet): save it as CSV "
		    "UTF-8" },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (len >= forms[i].n && memcmp(raw, forms[i].bytes, forms[i].n) == 0)
			return forms[i].why;
	return NULL;
}

// What stands behind the good text.
static const char *
bad_bytes(const char *raw, size_t at, size_t len, bool cut, char out[static 48])
{
	if (cut)
		(void)snprintf(out, 48, "cut off inside a character (0x%02X)",
		    (unsigned char)raw[at]);
	else
		(void)snprintf(
		    out, 48, "byte 0x%02X", at < len ? (unsigned char)raw[at] : 0U);
	return out;
}

// Whether a character of UTF-8 begins here that the file does not end.
static bool
is_cut(const char *raw, size_t at, size_t len)
{
	unsigned char lead = (unsigned char)raw[at];
	size_t whole = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;

	if (lead < 0xC2 || lead > 0xF4 || at + whole <= len)
		return false;
	for (size_t i = at + 1; i < len; i++)
		if (((unsigned char)raw[i] & 0xC0) != 0x80)
			return false;
	return true;
}

static bool
read_utf8(
    const char *raw, size_t len, struct encoded_text *out, struct encoding_fault *fault)
{
	size_t longest, good = utf8_span(raw, len, &longest);

	if (good < len) {
		char what[48];
		place_of(raw, good, fault);
		if (raw[good] == '\0')
			return refuse(fault, "a NUL byte: not a text file");
		(void)snprintf(fault->why, sizeof(fault->why), "not UTF-8: %s",
		    bad_bytes(raw, good, len, is_cut(raw, good, len), what));
		return false;
	}
	out->text = raw;
	out->len = len;
	out->encoding = ENCODING_UTF_8;
	return true;
}

struct gb_reading {
	char *text;
	size_t len, good; // of the text; bytes of the file that were understood
	bool cut;         // the last character is not whole
};

// GB 18030 as far as it goes. False: iconv of this machine does not know it.
static bool
from_gb18030(struct arena *a, const char *data, size_t len, struct gb_reading *out)
{
	iconv_t cd = iconv_open("UTF-8", "GB18030");
	size_t size = len * 2 + 16, left = size, in_left = len;
	char *begin = arena_bytes(a, data, len), *in = begin;
	char *to = arena_alloc(a, size + 1, 1);

	// NOLINTNEXTLINE(performance-no-int-to-ptr): the error value of iconv_open
	if (cd == (iconv_t)-1)
		return false;
	*out = (struct gb_reading){ .text = to };
	out->cut =
	    iconv(cd, &in, &in_left, &to, &left) == (size_t)-1 && errno == EINVAL;
	(void)iconv_close(cd);
	out->good = (size_t)(in - begin);
	out->len = (size_t)(to - out->text);
	return true;
}

static bool
take_gb18030(const struct gb_reading *gb, struct encoded_text *out)
{
	static const char mark[] = "\xEF\xBB\xBF"; // of 84 31 95 33

	out->text = gb->text;
	out->len = gb->len;
	out->encoding = ENCODING_GB18030;
	out->marked = gb->len >= 3 && memcmp(gb->text, mark, 3) == 0;
	if (out->marked) {
		out->text += 3;
		out->len -= 3;
	}
	return true;
}

// Both readings of the first characters beyond ASCII, for the person who must choose.
static bool
refuse_both(const char *raw, const char *gb, struct encoding_fault *f)
{
	size_t at = 0, end;
	char utf8_text[SHOW_BYTES + 1] = "", gb_text[SHOW_BYTES + 1] = "";

	while ((unsigned char)raw[at] < 0x80)
		at++;
	for (end = at; (unsigned char)raw[end] >= 0x80; end++)
		;
	place_of(raw, at, f);
	(void)str_copy(utf8_text,
	    end - at < SHOW_BYTES ? end - at + 1 : sizeof(utf8_text), raw + at);
	size_t gb_end = strcspn(gb + at, ",;\t\r\n\" ");
	(void)str_copy(
	    gb_text, gb_end < SHOW_BYTES ? gb_end + 1 : sizeof(gb_text), gb + at);
	(void)snprintf(f->why, sizeof(f->why),
	    "\"%s\" in UTF-8 or \"%s\" in GB 18030: both are possible, so write "
	    "points: {file: .., encoding: utf-8} or gb18030",
	    utf8_text, gb_text);
	return false;
}

static bool
refuse_neither(const char *raw, size_t len, size_t utf8_good,
    const struct gb_reading *gb, struct encoding_fault *f)
{
	struct encoding_fault as_utf8, as_gb;
	char utf8_what[48], gb_what[48];

	place_of(raw, utf8_good, &as_utf8);
	place_of(gb->text, gb->len, &as_gb);
	*f = gb->good > utf8_good ? as_gb : as_utf8;
	(void)snprintf(f->why, sizeof(f->why),
	    "neither UTF-8 (%u:%u: %s) nor GB 18030 (%u:%u: %s)", as_utf8.line,
	    as_utf8.column,
	    bad_bytes(raw, utf8_good, len, is_cut(raw, utf8_good, len), utf8_what),
	    as_gb.line, as_gb.column, bad_bytes(raw, gb->good, len, gb->cut, gb_what));
	return false;
}

// UTF-8 and GB 18030 share pairs of bytes: C2..DF with 80..BF. A text whose only
// characters beyond ASCII are such pairs may be either; three bytes in a row that are
// one character of UTF-8 settle it, for no Chinese text is without them.
static bool
read_points_text(struct arena *a, const char *raw, size_t len, enum encoding stated,
    struct encoded_text *out, struct encoding_fault *fault)
{
	size_t longest, good = utf8_span(raw, len, &longest);
	struct gb_reading gb = { 0 };
	bool utf8 = good == len;

	if (stated != ENCODING_GB18030 && utf8 && longest != 2)
		return read_utf8(raw, len, out, fault);
	if (stated == ENCODING_UTF_8)
		return read_utf8(raw, len, out, fault);
	const char *nul = memchr(raw, '\0', len);
	if (nul != NULL) {
		if (from_gb18030(a, raw, (size_t)(nul - raw), &gb))
			place_of(gb.text, gb.len, fault);
		return refuse(fault, "a NUL byte: not a text file");
	}
	if (!from_gb18030(a, raw, len, &gb))
		return refuse(
		    fault, "GB 18030 cannot be read here: iconv does not know it");
	if (stated == ENCODING_DETECT && utf8)
		return gb.good < len ? read_utf8(raw, len, out, fault)
				     : refuse_both(raw, gb.text, fault);
	if (gb.good == len)
		return take_gb18030(&gb, out);
	if (stated == ENCODING_DETECT)
		return refuse_neither(raw, len, good, &gb, fault);
	char what[48];
	place_of(gb.text, gb.len, fault);
	(void)snprintf(fault->why, sizeof(fault->why), "not GB 18030: %s",
	    bad_bytes(raw, gb.good, len, gb.cut, what));
	return false;
}

bool
encoding_read(struct arena *a, const char *raw, size_t len, enum encoding stated,
    struct encoded_text *out, struct encoding_fault *fault)
{
	const char *foreign = stated != ENCODING_UTF_8 ? foreign_form(raw, len) : NULL;

	*out = (struct encoded_text){ .text = "" };
	*fault = (struct encoding_fault){ .good = "" };
	if (foreign != NULL)
		return refuse(fault, foreign);
	if (len < 3 || memcmp(raw, "\xEF\xBB\xBF", 3) != 0)
		return read_points_text(a, raw, len, stated, out, fault);
	if (stated == ENCODING_GB18030)
		return refuse(fault,
		    "encoding gb18030 is stated, the file begins with the mark of "
		    "UTF-8");
	out->marked = true;
	return read_utf8(raw + 3, len - 3, out, fault);
}

const char *
encoding_half_width(struct arena *a, const char *text)
{
	char *out = arena_alloc(a, strlen(text) + 1, 1);
	size_t n = 0;

	for (const char *s = text; *s != '\0';) {
		const char *from = s;
		uint32_t c = utf8_next(&s);
		if (c >= 0xFF01 && c <= 0xFF5E) {
			out[n++] = (char)(c - 0xFF01 + '!');
		} else if (c == 0x3000 || c == 0xA0 || c == ' ' || c == '\t') {
			if (n > 0) // not before the first
				out[n++] = ' ';
		} else {
			memcpy(out + n, from, (size_t)(s - from));
			n += (size_t)(s - from);
		}
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
	return strcmp(out, text) == 0 ? text : out;
}
