// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The lines of a recording: each a frame, or what became of one. Runs in the thread of
// the load; bounded by the file's own size and the limits here. Refuses an answer that
// answers nothing, or that could not be the answer to what was asked: what is loaded is
// a Modbus conversation.
#include <stdlib.h>
#include <string.h>

#include "config/recording.h"

enum {
	EXCHANGES_MAX = 1000000,
	LINKS_MAX = 1000000,
	PDU_MAX = 253, // Modbus Application Protocol V1.1b3, 4.1
	EXCEPTION_BIT = 0x80,
	NO_TAG = -1,
	CODE_CHARACTERS = 31,
};

// A request that has not ended.
struct open_request {
	bool used;
	int tag;
	uint32_t exchange;
};

struct reader {
	struct load *l;
	struct pos at;                 // of the token being read
	const char *line, *next, *end; // the line; what is left of it
	struct recorded_exchange *list;
	size_t n, size;
	bool *ended; // of each
	struct recorded_link *links;
	size_t n_links, links_size;
	struct open_request open[WINDOW_MAX];
	uint32_t now_ms;
	bool failed;
};

// ---- tokens ------------------------------------------------------------------------

static bool
refuse(struct reader *r, const char *why)
{
	problem(r->l, r->at, "%s", why);
	r->failed = true;
	return false;
}

// The next word of the line; its length, 0 at the end or before a comment.
static size_t
word(struct reader *r, const char **out)
{
	size_t n = 0;

	while (r->next < r->end && (*r->next == ' ' || *r->next == '\t'))
		r->next++;
	*out = r->next;
	r->at.column = (uint32_t)(r->next - r->line) + 1;
	if (r->next < r->end && *r->next == '#')
		return 0;
	while (r->next + n < r->end && r->next[n] != ' ' && r->next[n] != '\t')
		n++;
	r->next += n;
	return n;
}

static bool
number(const char *text, size_t len, uint32_t most, uint32_t *out)
{
	uint64_t v = 0;

	if (len == 0 || len > 10)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(text[i] - '0');
	}
	*out = (uint32_t)v;
	return v <= most;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// The bytes up to the end of the line, blanks between any of them. -1 with a problem.
static int
bytes(struct reader *r, uint8_t out[static PDU_MAX])
{
	const char *text;
	size_t len;
	int n = 0;

	while ((len = word(r, &text)) > 0) {
		for (size_t i = 0; i < len; i += 2) {
			int high = hex_digit(text[i]);
			int low = i + 1 < len ? hex_digit(text[i + 1]) : -1;

			if (high < 0 || low < 0) {
				(void)refuse(
				    r, "bytes are pairs of hexadecimal digits");
				return -1;
			}
			if (n == PDU_MAX) {
				(void)refuse(r, "more than 253 bytes");
				return -1;
			}
			out[n++] = (uint8_t)(high << 4 | low);
		}
	}
	return n;
}

static bool
unit_and_tag(struct reader *r, uint8_t *unit, int *tag)
{
	const char *text, *back;
	size_t len = word(r, &text);
	uint32_t v;

	*tag = NO_TAG;
	if (!number(text, len, 255, &v))
		return refuse(r, "must be the unit, 0 to 255");
	*unit = (uint8_t)v;
	back = r->next;
	len = word(r, &text);
	if (len == 0 || text[0] != '@') {
		r->next = back;
		return true;
	}
	if (!number(text + 1, len - 1, UINT16_MAX, &v))
		return refuse(r, "must be @ and the transaction, 0 to 65535");
	*tag = (int)v;
	return true;
}

static bool
end_of_line(struct reader *r)
{
	const char *text;

	return word(r, &text) == 0 ||
	       refuse(r, "nothing may follow here but # COMMENT");
}

// ---- requests ----------------------------------------------------------------------

static uint16_t
get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

// Modbus Application Protocol V1.1b3, 6.1 to 6.4: what a read may ask for.
static bool
is_read(const struct recorded_exchange *x)
{
	unsigned most = x->function <= 2 ? 2000 : 125;

	return x->count >= 1 && x->count <= most &&
	       (uint32_t)x->address + x->count <= 0x10000;
}

// 6.5, 6.6; 6.12 with one or two registers, as profiles write.
static bool
take_write(struct recorded_exchange *x, const uint8_t *pdu, int n)
{
	x->count = 1;
	x->value = get16(pdu + 3);
	if (x->function != 16)
		return n == 5;
	x->count = (uint16_t)x->value;
	if (x->count < 1 || x->count > 2 || n != 6 + 2 * x->count ||
	    pdu[5] != 2 * x->count)
		return false;
	x->value = get16(pdu + 6);
	if (x->count == 2)
		x->value = x->value << 16 | get16(pdu + 8);
	return true;
}

static bool
take_request(struct recorded_exchange *x, const uint8_t *pdu, int n)
{
	if (n < 5)
		return false;
	x->function = pdu[0];
	x->address = get16(pdu + 1);
	x->count = get16(pdu + 3);
	if (x->function >= 1 && x->function <= 4)
		return n == 5 && is_read(x);
	if (x->function == 5 || x->function == 6 || x->function == 16)
		return take_write(x, pdu, n);
	return false;
}

static bool
add_exchange(struct reader *r, const struct recorded_exchange *x)
{
	if (r->n == EXCHANGES_MAX)
		return refuse(r, "more than 1000000 requests");
	if (r->n == r->size) {
		size_t size = r->size > 0 ? r->size * 2 : 256;
		struct recorded_exchange *list =
		    arena_alloc(r->l->temp, size, sizeof(*list));
		bool *ended = arena_alloc(r->l->temp, size, sizeof(*ended));

		if (r->n > 0) {
			memcpy(list, r->list, r->n * sizeof(*list));
			memcpy(ended, r->ended, r->n * sizeof(*ended));
		}
		r->list = list;
		r->ended = ended;
		r->size = size;
	}
	r->list[r->n++] = *x;
	return true;
}

static bool
line_request(struct reader *r)
{
	struct recorded_exchange x = { .asked_ms = r->now_ms };
	uint8_t pdu[PDU_MAX];
	struct open_request *room = NULL;
	int tag;

	if (!unit_and_tag(r, &x.unit, &tag))
		return false;
	uint32_t column = r->at.column;
	int n = bytes(r, pdu);
	if (n < 0)
		return false;
	r->at.column = column;
	if (!take_request(&x, pdu, n))
		return refuse(r, "no request that is made here: function 01 to 06 or "
				 "10, address, and "
				 "how many or the value");
	for (size_t i = 0; i < WINDOW_MAX && room == NULL; i++)
		if (!r->open[i].used)
			room = &r->open[i];
	if (room == NULL)
		return refuse(r, "more than 16 requests wait for their end");
	if (!add_exchange(r, &x))
		return false;
	*room = (struct open_request){ true, tag, (uint32_t)r->n - 1 };
	return true;
}

// ---- their ends --------------------------------------------------------------------

// The oldest request that this may be the end of. `function` 0: any. NULL with a
// problem.
static struct recorded_exchange *
take_open(struct reader *r, uint8_t unit, int tag, uint8_t function)
{
	struct open_request *found = NULL;

	for (size_t i = 0; i < WINDOW_MAX; i++) {
		struct open_request *o = &r->open[i];

		if (!o->used || o->tag != tag || r->list[o->exchange].unit != unit ||
		    (function != 0 && r->list[o->exchange].function != function))
			continue;
		if (found == NULL || o->exchange < found->exchange)
			found = o;
	}
	if (found == NULL) {
		(void)refuse(r, "nothing was asked that this could be the end of");
		return NULL;
	}
	found->used = false;
	r->ended[found->exchange] = true;
	r->list[found->exchange].ended_ms = r->now_ms;
	return &r->list[found->exchange];
}

static size_t
data_bytes(const struct recorded_exchange *x)
{
	return x->function <= 2 ? (x->count + 7U) / 8U : x->count * 2U;
}

// The echo of a write: function, address, and the value or how many.
static bool
is_echo(const struct recorded_exchange *x, const uint8_t *pdu, int n)
{
	uint32_t last = x->function == 16 ? x->count : x->value;

	return n == 5 && get16(pdu + 1) == x->address && get16(pdu + 3) == last;
}

static bool
line_answer(struct reader *r)
{
	uint8_t pdu[PDU_MAX], unit;
	int tag;

	if (!unit_and_tag(r, &unit, &tag))
		return false;
	uint32_t column = r->at.column;
	int n = bytes(r, pdu);
	if (n < 0)
		return false;
	r->at.column = column;
	if (n < 2 || (pdu[0] & EXCEPTION_BIT) != 0)
		return refuse(r, "no answer: an exception is marked x");
	struct recorded_exchange *x = take_open(r, unit, tag, pdu[0]);
	if (x == NULL)
		return false;
	x->end = RECORDED_ANSWER;
	if (x->function > 4)
		return is_echo(x, pdu, n) ||
		       refuse(r, "not the echo of what was written");
	if (pdu[1] != data_bytes(x) || n != 2 + pdu[1])
		return refuse(r, "not as many bytes as were asked for");
	x->n_data = pdu[1];
	x->data = (const uint8_t *)arena_bytes(r->l->arena, pdu + 2, x->n_data);
	return true;
}

static bool
line_exception(struct reader *r)
{
	uint8_t pdu[PDU_MAX], unit;
	int tag;

	if (!unit_and_tag(r, &unit, &tag))
		return false;
	uint32_t column = r->at.column;
	int n = bytes(r, pdu);
	if (n < 0)
		return false;
	r->at.column = column;
	if (n != 2 || (pdu[0] & EXCEPTION_BIT) == 0)
		return refuse(
		    r, "an exception is two bytes: 80 and the function, its code");
	struct recorded_exchange *x =
	    take_open(r, unit, tag, pdu[0] & (uint8_t)~EXCEPTION_BIT);
	if (x == NULL)
		return false;
	x->end = RECORDED_EXCEPTION;
	x->exception = pdu[1];
	return true;
}

static bool
is(const char *text, size_t len, const char *is)
{
	return strlen(is) == len && memcmp(text, is, len) == 0;
}

// With the link goes what was in flight.
static void
end_all(struct reader *r)
{
	for (size_t i = 0; i < WINDOW_MAX; i++) {
		struct open_request *o = &r->open[i];

		if (!o->used)
			continue;
		r->ended[o->exchange] = true;
		r->list[o->exchange].ended_ms = r->now_ms;
		r->list[o->exchange].end = RECORDED_NOTHING;
		o->used = false;
	}
}

static bool
add_link(struct reader *r, bool lost, const char *code)
{
	const struct recorded_link *last =
	    r->n_links > 0 ? &r->links[r->n_links - 1] : NULL;

	end_all(r);
	if (last != NULL && last->lost == lost && strcmp(last->code, code) == 0)
		return true; // one more try that came to nothing
	if (r->n_links == LINKS_MAX)
		return refuse(r, "the link goes and comes more than 1000000 times");
	if (r->n_links == r->links_size) {
		size_t size = r->links_size > 0 ? r->links_size * 2 : 16;
		struct recorded_link *wider =
		    arena_alloc(r->l->arena, size, sizeof(*wider));

		if (r->n_links > 0)
			memcpy(wider, r->links, r->n_links * sizeof(*wider));
		r->links = wider;
		r->links_size = size;
	}
	r->links[r->n_links++] = (struct recorded_link){ r->now_ms, lost, code };
	return true;
}

// "link lost CODE", "link open".
static bool
line_link(struct reader *r)
{
	const char *text;
	size_t len = word(r, &text);

	if (is(text, len, "open"))
		return end_of_line(r) && add_link(r, false, "");
	if (!is(text, len, "lost"))
		return refuse(r, "must be lost and a code, or open");
	len = word(r, &text);
	if (len == 0 || len > CODE_CHARACTERS ||
	    strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") < len)
		return refuse(
		    r, "must be why the link is lost: a code of at most 31 characters");
	return end_of_line(r) &&
	       add_link(r, true, arena_printf(r->l->arena, "%.*s", (int)len, text));
}

// "gap FRAMES": how those that wait ended is not known.
static bool
line_gap(struct reader *r)
{
	const char *text;
	size_t len = word(r, &text);
	uint32_t frames;

	if (!number(text, len, UINT32_MAX, &frames))
		return refuse(r, "must be how many frames are missing");
	memset(r->open, 0, sizeof(r->open));
	return end_of_line(r);
}

static bool
line_nothing(struct reader *r)
{
	const char *text, *back = r->next;
	size_t len = word(r, &text);
	uint8_t unit;
	int tag;

	if (is(text, len, "link"))
		return line_link(r);
	if (is(text, len, "gap"))
		return line_gap(r);
	r->next = back;
	if (!unit_and_tag(r, &unit, &tag))
		return false;
	len = word(r, &text);
	bool dropped = is(text, len, "dropped");
	if (!dropped && !is(text, len, "timeout") && !is(text, len, "garbled"))
		return refuse(r, "must be timeout, garbled or dropped");
	if (!end_of_line(r))
		return false;
	struct recorded_exchange *x = take_open(r, unit, tag, 0);
	if (x == NULL)
		return false;
	x->end = RECORDED_NOTHING;
	if (dropped) // as if it had never been asked
		r->ended[x - r->list] = false;
	return true;
}

// ---- lines -------------------------------------------------------------------------

static bool
read_line(struct reader *r)
{
	const char *text;
	size_t len = word(r, &text);
	uint32_t ms;

	if (len == 0)
		return true;
	if (!number(text, len, UINT32_MAX, &ms))
		return refuse(r, "must begin with the time in ms, 0 to 4294967295");
	if (ms < r->now_ms)
		return refuse(r, "time goes back");
	r->now_ms = ms;
	len = word(r, &text);
	if (is(text, len, ">"))
		return line_request(r);
	if (is(text, len, "<"))
		return line_answer(r);
	if (is(text, len, "x"))
		return line_exception(r);
	if (is(text, len, "!"))
		return line_nothing(r);
	if (is(text, len, "."))
		return end_of_line(r);
	return refuse(r, "must be one of > < x ! . behind the time");
}

// What the end of the recording cut off is left out.
static const struct recording *
finish(struct reader *r)
{
	struct recording *out = arena_alloc(r->l->arena, 1, sizeof(*out));
	struct recorded_exchange *list =
	    arena_alloc(r->l->arena, r->n + 1, sizeof(*list));

	out->length_ms = r->now_ms;
	for (size_t i = 0; i < r->n; i++)
		if (r->ended[i])
			list[out->n_exchanges++] = r->list[i];
	out->exchanges = list;
	out->links = r->links;
	out->n_links = (uint32_t)r->n_links;
	return out;
}

const struct recording *
recording_frames(struct load *l, uint16_t file, size_t from, uint32_t line)
{
	struct reader r = { .l = l, .at = { file, line, 1 } };
	const char *at = l->sources[file].text + from;
	const char *end = l->sources[file].text + l->sources[file].len;

	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		const char *line_end = stop != NULL ? stop : end;

		r.line = r.next = at;
		r.end = line_end > at && line_end[-1] == '\r' ? line_end - 1 : line_end;
		(void)read_line(&r);
		at = stop != NULL ? stop + 1 : end;
		r.at.line++;
	}
	return r.failed ? NULL : finish(&r);
}
