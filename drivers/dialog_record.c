// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Decodes records through a bounds-checked cursor. Runs on any thread and keeps
// nothing. Refuses to take a field from beyond the record, a digit that is none and a
// date that is none.
#include "drivers/dialog_record.h"

#include <string.h>

#include "lib/cursor.h"

enum {
	VALUE_BYTES_MAX = 4,
	CENTURY = 2000,
	NONE = -1,
};

static uint32_t
number_at(const uint8_t *at, size_t n)
{
	uint32_t value = 0;

	for (size_t i = 0; i < n; i++)
		value = value << 8 | at[i];
	return value;
}

static void
add_value(struct field_record *out, enum record_field field, uint32_t value)
{
	if (out->n_values < RECORD_FIELD_COUNT)
		out->values[out->n_values++] =
		    (struct record_value){ .field = field, .value = value };
}

bool
record_value_of(const struct field_record *r, enum record_field field, uint32_t *out)
{
	for (uint8_t i = 0; i < r->n_values; i++)
		if (r->values[i].field == field) {
			*out = r->values[i].value;
			return true;
		}
	return false;
}

// ---- time stamps ------------------------------------------------------------------

static int
part_of(enum stamp_format format, struct cursor *c)
{
	unsigned byte;

	if (format == STAMP_WORDS)
		return cursor_u16be(c);
	byte = cursor_u8(c);
	if (format != STAMP_BCD)
		return (int)byte;
	return byte >> 4 > 9 || (byte & 0xFU) > 9
		   ? NONE
		   : (int)((byte >> 4) * 10 + (byte & 0xFU));
}

static unsigned
days_of(unsigned month, unsigned year)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && (leap || year == 0) ? 1U : 0U);
}

static bool
is_date(const struct record_time *t)
{
	return t->month >= 1 && t->month <= 12 && t->day >= 1 &&
	       t->day <= days_of(t->month, t->year) && t->hour < 24 && t->minute < 60 &&
	       t->second < 60;
}

// Puts one part where its letter says. False for a number that no such part holds.
static bool
put_part(struct record_time *t, char letter, int value)
{
	if (value < 0 || (letter != 'Y' && letter != '-' && value > UINT8_MAX))
		return false;
	switch (letter) {
	case 'h':
		t->hour = (uint8_t)value;
		return true;
	case 'm':
		t->minute = (uint8_t)value;
		return true;
	case 's':
		t->second = (uint8_t)value;
		return true;
	case 'D':
		t->day = (uint8_t)value;
		return true;
	case 'M':
		t->month = (uint8_t)value;
		return true;
	case 'Y':
		t->year = (uint16_t)(value < 100 ? CENTURY + value : value);
		return true;
	default:
		return true; // passed over
	}
}

static void
decode_stamp(const struct record_stamp *s, struct cursor c, struct record_time *out)
{
	bool good = true;

	*out =
	    (struct record_time){ .given = true, .utc = s->utc, .trusted = s->trusted };
	if (s->format == STAMP_UNIX) {
		out->unix_s = cursor_u32be(&c);
		out->valid = cursor_ok(&c) && out->unix_s != 0;
		return;
	}
	for (const char *letter = s->parts; *letter != '\0'; letter++)
		good &= put_part(out, *letter, part_of(s->format, &c));
	out->valid = good && cursor_ok(&c) && is_date(out);
}

// ---- layouts ----------------------------------------------------------------------

static void
decode_fixed(const struct profile_queue *q, const uint8_t *data, size_t len,
    struct field_record *out)
{
	for (uint8_t i = 0; i < q->n_fields; i++) {
		const struct profile_record_field *f = &q->fields[i];

		if ((size_t)f->at + f->bytes <= len)
			add_value(out, f->field, number_at(data + f->at, f->bytes));
	}
	if (q->stamp.format != STAMP_NONE && q->stamp.at < len)
		decode_stamp(&q->stamp,
		    cursor_new(data + q->stamp.at, len - q->stamp.at), &out->time);
}

static void
take_field(const struct profile_queue *q, uint8_t type, const uint8_t *at, size_t n,
    struct field_record *out)
{
	if (q->stamp.format != STAMP_NONE && q->stamp.type == type) {
		decode_stamp(&q->stamp, cursor_new(at, n), &out->time);
		return;
	}
	for (uint8_t i = 0; i < q->n_fields; i++)
		if (q->fields[i].type == type && n >= 1 && n <= VALUE_BYTES_MAX)
			add_value(out, q->fields[i].field, number_at(at, n));
}

// The length byte of the S2000-PP counts the fields; whether it counts the code too is
// not said by its one source, so that one byte may be left over or missing.
static void
decode_tlv(const struct profile_queue *q, const uint8_t *data, size_t len,
    struct field_record *out)
{
	size_t said = data[q->length_at], room = len - q->fields_at;
	struct cursor c = cursor_new(data + q->fields_at, said < room ? said : room);

	if (said > room + 1)
		out->malformed = true;
	while (cursor_left(&c) >= 2) {
		uint8_t type = cursor_u8(&c);
		uint8_t n = cursor_u8(&c);
		const uint8_t *at;

		if (type == 0 && n == 0) // padding
			break;
		at = cursor_take(&c, n);
		if (!at) {
			out->malformed = true;
			return;
		}
		take_field(q, type, at, n, out);
	}
}

static bool
is_empty(const struct profile_queue *q, const uint8_t *data)
{
	for (uint8_t i = 0; i < q->empty_bytes; i++)
		if (data[i] != 0)
			return false;
	return true;
}

// What makes the record itself: what lies behind it in the registers may be of an older
// one.
static size_t
bytes_of(const struct profile_queue *q, const uint8_t *data, size_t len,
    const struct field_record *r)
{
	size_t n = (size_t)q->fields_at + data[q->length_at];

	return q->layout == RECORD_FIXED || r->malformed || n > len ? len : n;
}

enum record_verdict
record_decode(
    const struct profile_queue *q, const uint8_t *data, struct field_record *out)
{
	size_t len = (size_t)q->registers * 2;

	*out = (struct field_record){ .point = UINT32_MAX };
	if (is_empty(q, data))
		return RECORD_EMPTY;
	out->numbered = q->sequence_bytes > 0;
	if (out->numbered)
		out->sequence = number_at(data + q->sequence_at, q->sequence_bytes);
	out->code = (uint16_t)number_at(data + q->code_at, q->code_bytes);
	if (q->layout == RECORD_FIXED)
		decode_fixed(q, data, len, out);
	else
		decode_tlv(q, data, len, out);
	out->n_bytes = (uint8_t)bytes_of(q, data, len, out);
	memcpy(out->bytes, data, out->n_bytes);
	return RECORD_READ;
}
