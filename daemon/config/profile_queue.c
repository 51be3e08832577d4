// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The event queue of a profile from YAML. Runs in the thread of the load. Refuses a
// field beyond the record, an acknowledgement that cannot name every record, and a
// stamp without a day.
#include <string.h>

#include "config/profile_dialog.h"
#include "lib/mem.h"

enum {
	QUEUE_AREA,
	QUEUE_ADDRESS,
	QUEUE_PRINTED,
	QUEUE_REGISTERS,
	QUEUE_EMPTY,
	QUEUE_LAYOUT,
	QUEUE_SEQUENCE,
	QUEUE_LENGTH,
	QUEUE_CODE,
	QUEUE_FIELDS_FROM,
	QUEUE_FIELD_LIST,
	QUEUE_STAMP,
	QUEUE_ACKNOWLEDGE,
	QUEUE_POINTS,
	QUEUE_RESYNC,
	QUEUE_OVERFLOW,
	QUEUE_FIELDS,
};

enum {
	SEQ_AT,
	SEQ_BYTES,
	SEQ_FIRST,
	SEQ_LAST,
	SEQ_FIELDS,
};

enum {
	CODE_AT,
	CODE_BYTES,
	CODE_DECODER,
	CODE_FIELDS,
};

enum {
	FIELD_IS,
	FIELD_TYPE,
	FIELD_AT,
	FIELD_BYTES,
	FIELD_FIELDS,
};

enum {
	STAMP_FORMAT,
	STAMP_TYPE,
	STAMP_AT,
	STAMP_PARTS,
	STAMP_ZONE,
	STAMP_TRUSTED,
	STAMP_FIELDS,
};

enum {
	POINT_FIELD,
	POINT_ITEM,
	POINT_FIELDS,
};

static const char *
layout_choice(size_t i)
{
	static const char *const names[] = {
		[RECORD_FIXED] = "fixed",
		[RECORD_TLV] = "tlv",
		NULL,
	};

	return names[i];
}

static const char *
field_choice(size_t i)
{
	return i < RECORD_FIELD_COUNT ? record_field_name((enum record_field)i) : NULL;
}

static const char *
format_choice(size_t i)
{
	static const char *const names[] = {
		[STAMP_BYTES - 1] = "bytes",
		[STAMP_BCD - 1] = "bcd",
		[STAMP_WORDS - 1] = "words",
		[STAMP_UNIX - 1] = "unix",
		NULL,
	};

	return names[i];
}

static const char *
zone_choice(size_t i)
{
	static const char *const names[] = { "site", "utc", NULL };

	return names[i];
}

// clang-format off
static const struct schema_field sequence_fields[SEQ_FIELDS] = {
	[SEQ_AT] = { .key = "at", .type = SCHEMA_INTEGER, .required = true,
	    .max = 2LL * RECORD_REGISTERS_MAX - 1, .help = "its first byte" },
	[SEQ_BYTES] = { .key = "bytes", .type = SCHEMA_INTEGER, .required = true,
	    .min = 1, .max = 4, .help = "1, 2 or 4" },
	[SEQ_FIRST] = { .key = "first", .type = SCHEMA_INTEGER, .max = UINT32_MAX,
	    .help = "the number with which it begins" },
	[SEQ_LAST] = { .key = "last", .type = SCHEMA_INTEGER, .required = true,
	    .min = 1, .max = UINT32_MAX, .help = "the number before it begins again" },
};
static const struct schema_map sequence_map = { sequence_fields, SEQ_FIELDS };

static const struct schema_field code_fields[CODE_FIELDS] = {
	[CODE_AT] = { .key = "at", .type = SCHEMA_INTEGER, .required = true,
	    .max = 2LL * RECORD_REGISTERS_MAX - 1, .help = "its first byte" },
	[CODE_BYTES] = { .key = "bytes", .type = SCHEMA_INTEGER, .required = true,
	    .min = 1, .max = 2, .help = "1 or 2" },
	[CODE_DECODER] = { .key = "decoder", .type = SCHEMA_TEXT, .required = true,
	    .help = "the name of the decoder that says what codes mean" },
};
static const struct schema_map code_map = { code_fields, CODE_FIELDS };
static const struct schema_field code_item = {
	.key = "a code", .type = SCHEMA_INTEGER, .max = UINT16_MAX,
};

static const struct schema_field field_fields[FIELD_FIELDS] = {
	[FIELD_IS] = { .key = "is", .type = SCHEMA_CHOICE, .required = true,
	    .choice = field_choice, .help = "user, partition, zone, relay, ..." },
	[FIELD_TYPE] = { .key = "type", .type = SCHEMA_INTEGER, .max = UINT8_MAX,
	    .help = "tlv: its type" },
	[FIELD_AT] = { .key = "at", .type = SCHEMA_INTEGER,
	    .max = 2LL * RECORD_REGISTERS_MAX - 1, .help = "fixed: its first byte" },
	[FIELD_BYTES] = { .key = "bytes", .type = SCHEMA_INTEGER, .min = 1, .max = 4,
	    .fallback = 2, .help = "fixed: 1, 2 or 4" },
};
static const struct schema_map field_map = { field_fields, FIELD_FIELDS };
static const struct schema_field field_item = {
	.key = "a field", .type = SCHEMA_MAP, .map = &field_map,
};

static const struct schema_field stamp_fields[STAMP_FIELDS] = {
	[STAMP_FORMAT] = { .key = "format", .type = SCHEMA_CHOICE, .required = true,
	    .choice = format_choice, .help = "bytes, bcd, words or unix" },
	[STAMP_TYPE] = { .key = "type", .type = SCHEMA_INTEGER, .max = UINT8_MAX,
	    .help = "tlv: its type" },
	[STAMP_AT] = { .key = "at", .type = SCHEMA_INTEGER,
	    .max = 2LL * RECORD_REGISTERS_MAX - 1, .help = "fixed: its first byte" },
	[STAMP_PARTS] = { .key = "parts", .type = SCHEMA_TEXT,
	    .help = "in order of the wire: h m s D M Y, and - for what is passed over" },
	[STAMP_ZONE] = { .key = "zone", .type = SCHEMA_CHOICE, .choice = zone_choice,
	    .help = "whose time it is" },
	[STAMP_TRUSTED] = { .key = "trusted", .type = SCHEMA_BOOL,
	    .help = "true: the clock can be believed" },
};
static const struct schema_map stamp_map = { stamp_fields, STAMP_FIELDS };

static const struct schema_field point_fields[POINT_FIELDS] = {
	[POINT_FIELD] = { .key = "field", .type = SCHEMA_CHOICE, .required = true,
	    .choice = field_choice, .help = "the field that names the point" },
	[POINT_ITEM] = { .key = "item", .type = SCHEMA_TEXT, .required = true,
	    .help = "the item whose device number it is" },
};
static const struct schema_map point_map = { point_fields, POINT_FIELDS };
static const struct schema_field point_item = {
	.key = "a point", .type = SCHEMA_MAP, .map = &point_map,
};

static const struct schema_field queue_fields[QUEUE_FIELDS] = {
	[QUEUE_AREA] = { .key = "area", .type = SCHEMA_CHOICE, .required = true,
	    .choice = dialog_area, .help = "holding or input" },
	[QUEUE_ADDRESS] = { .key = "address", .type = SCHEMA_INTEGER, .required = true,
	    .max = UINT16_MAX, .help = "the PDU address of the oldest record" },
	[QUEUE_PRINTED] = { .key = "printed", .type = SCHEMA_TEXT, .required = true,
	    .help = "the number that the manual prints for it" },
	[QUEUE_REGISTERS] = { .key = "registers", .type = SCHEMA_INTEGER, .required = true,
	    .min = 1, .max = RECORD_REGISTERS_MAX, .help = "how long a record is" },
	[QUEUE_EMPTY] = { .key = "empty", .type = SCHEMA_INTEGER, .required = true,
	    .min = 1, .max = 2LL * RECORD_REGISTERS_MAX,
	    .help = "how many leading bytes are 0 when there is no record" },
	[QUEUE_LAYOUT] = { .key = "layout", .type = SCHEMA_CHOICE, .required = true,
	    .choice = layout_choice, .help = "fixed or tlv" },
	[QUEUE_SEQUENCE] = { .key = "sequence", .type = SCHEMA_MAP, .map = &sequence_map,
	    .help = "the number of a record" },
	[QUEUE_LENGTH] = { .key = "length", .type = SCHEMA_INTEGER,
	    .max = 2LL * RECORD_REGISTERS_MAX - 1, .help = "tlv: the byte that counts the fields" },
	[QUEUE_CODE] = { .key = "code", .type = SCHEMA_MAP, .required = true,
	    .map = &code_map,
	    .help = "{at, bytes, decoder}" },
	[QUEUE_FIELDS_FROM] = { .key = "fields_from", .type = SCHEMA_INTEGER,
	    .max = 2LL * RECORD_REGISTERS_MAX - 1, .help = "tlv: the first byte of the fields" },
	[QUEUE_FIELD_LIST] = { .key = "fields", .type = SCHEMA_LIST, .required = true,
	    .max = RECORD_FIELDS_MAX, .each = &field_item, .help = "a list of what a record holds" },
	[QUEUE_STAMP] = { .key = "stamp", .type = SCHEMA_MAP, .map = &stamp_map,
	    .help = "the time that the device claims" },
	[QUEUE_ACKNOWLEDGE] = { .key = "acknowledge", .type = SCHEMA_TEXT,
	    .required = true, .help = "the name of one of the writes, or by_read" },
	[QUEUE_POINTS] = { .key = "points", .type = SCHEMA_LIST,
	    .max = RECORD_FIELD_COUNT, .each = &point_item,
	    .help = "which point a record is about" },
	[QUEUE_RESYNC] = { .key = "resync", .type = SCHEMA_LIST, .max = RECORD_CODES_MAX,
	    .each = &code_item, .help = "codes after which all points are read" },
	[QUEUE_OVERFLOW] = { .key = "overflow", .type = SCHEMA_LIST,
	    .max = RECORD_CODES_MAX, .each = &code_item,
	    .help = "codes that say that records were lost" },
};
const struct schema_map queue_map = { queue_fields, QUEUE_FIELDS };
// clang-format on

// [at, at + bytes) lies within the record.
static void
check_within(struct load *l, struct pos at, const struct profile_queue *q, int64_t from,
    int64_t bytes)
{
	if (from + bytes > 2 * q->registers)
		problem(l, at, "at: beyond the record of %u bytes",
		    (unsigned)(2 * q->registers));
}

static void
read_sequence(struct load *l, const struct yaml_node *node, struct profile_queue *q)
{
	struct schema_value v[SEQ_FIELDS];

	if (!schema_read(l, node, "sequence", sequence_fields, SEQ_FIELDS, v))
		return;
	q->sequence_at = (uint8_t)v[SEQ_AT].number;
	q->sequence_bytes = (uint8_t)v[SEQ_BYTES].number;
	q->first = (uint32_t)v[SEQ_FIRST].number;
	q->last = (uint32_t)v[SEQ_LAST].number;
	check_within(l, v[SEQ_AT].pos, q, q->sequence_at, q->sequence_bytes);
	if (q->first >= q->last)
		problem(l, v[SEQ_LAST].pos, "last must be above first");
	if (q->sequence_bytes == 3)
		problem(l, v[SEQ_BYTES].pos, "bytes: must be 1, 2 or 4");
	else if (q->sequence_bytes < 4 && q->last >> (8 * q->sequence_bytes) != 0)
		problem(l, v[SEQ_LAST].pos, "last: does not fit into %u bytes",
		    (unsigned)q->sequence_bytes);
}

static void
read_code(struct load *l, const struct yaml_node *node, const struct profile *p,
    struct profile_queue *q)
{
	struct schema_value v[CODE_FIELDS];

	if (!schema_read(l, node, "code", code_fields, CODE_FIELDS, v))
		return;
	q->code_at = (uint8_t)v[CODE_AT].number;
	q->code_bytes = (uint8_t)v[CODE_BYTES].number;
	check_within(l, v[CODE_AT].pos, q, q->code_at, q->code_bytes);
	int decoder = dialog_decoder(l, &v[CODE_DECODER], p);
	if (decoder >= 0 && p->decoders[decoder].form == DECODE_BIT)
		problem(l, v[CODE_DECODER].pos, "decoder: %s is of a single contact",
		    p->decoders[decoder].name);
	q->decoder = (uint16_t)(decoder < 0 ? 0 : decoder);
}

// A place in a record is a type (tlv) or a byte (fixed), and not the other.
static bool
check_place(struct load *l, const struct yaml_node *node, const struct profile_queue *q,
    const struct schema_value *type, const struct schema_value *at)
{
	bool tlv = q->layout == RECORD_TLV;
	const struct schema_value *wanted = tlv ? type : at, *other = tlv ? at : type;

	if (other->node != NULL)
		problem(l, other->key_pos, "layout %s has no %s", tlv ? "tlv" : "fixed",
		    tlv ? "at" : "type");
	if (wanted->node == NULL)
		problem(l, node->pos, "layout %s needs %s", tlv ? "tlv" : "fixed",
		    tlv ? "type" : "at");
	return wanted->ok && other->node == NULL;
}

static void
read_field(struct load *l, const struct yaml_node *node, const struct profile_queue *q,
    struct profile_record_field *f)
{
	struct schema_value v[FIELD_FIELDS];

	if (!schema_read(l, node, "a field", field_fields, FIELD_FIELDS, v) ||
	    !check_place(l, node, q, &v[FIELD_TYPE], &v[FIELD_AT]))
		return;
	f->field = (enum record_field)v[FIELD_IS].number;
	f->type = (uint8_t)v[FIELD_TYPE].number;
	f->at = (uint8_t)v[FIELD_AT].number;
	f->bytes = (uint8_t)v[FIELD_BYTES].number;
	if (f->bytes == 3)
		problem(l, v[FIELD_BYTES].pos, "bytes: must be 1, 2 or 4");
	if (q->layout == RECORD_FIXED)
		check_within(l, v[FIELD_AT].pos, q, f->at, f->bytes);
}

static void
read_fields(struct load *l, const struct yaml_node *list, struct profile_queue *q)
{
	struct profile_record_field *all = arena_alloc(l->arena, list->n, sizeof(*all));

	q->fields = all;
	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		struct profile_record_field *f = &all[q->n_fields];
		read_field(l, c, q, f);
		for (uint8_t i = 0; i < q->n_fields; i++)
			if (all[i].field == f->field)
				problem(l, c->pos, "field %s is given twice",
				    record_field_name(f->field));
		q->n_fields++;
	}
}

static void
check_parts(struct load *l, const struct schema_value *v, const char *parts)
{
	static const char letters[] = "hmsDMY";
	unsigned seen = 0;

	if (strlen(parts) > STAMP_PARTS_MAX)
		problem(l, v->pos, "parts: at most %d", STAMP_PARTS_MAX);
	for (const char *c = parts; *c != '\0'; c++) {
		const char *letter = strchr(letters, *c);
		unsigned bit = letter != NULL ? 1u << (letter - letters) : 0;
		if (*c == '-')
			continue;
		if (bit == 0 || (seen & bit) != 0)
			problem(l, v->pos,
			    "parts: each of h m s D M Y once, and - for what is "
			    "passed over");
		seen |= bit;
	}
	if ((seen & 1u << 3) == 0 || (seen & 1u << 4) == 0 || (seen & 1u) == 0)
		problem(l, v->pos, "parts: hour, day and month are needed");
}

static void
read_stamp(struct load *l, const struct yaml_node *node, struct profile_queue *q)
{
	struct schema_value v[STAMP_FIELDS];
	struct record_stamp *s = &q->stamp;

	if (!schema_read(l, node, "stamp", stamp_fields, STAMP_FIELDS, v) ||
	    !check_place(l, node, q, &v[STAMP_TYPE], &v[STAMP_AT]))
		return;
	s->format = (enum stamp_format)(v[STAMP_FORMAT].number + 1);
	s->type = (uint8_t)v[STAMP_TYPE].number;
	s->at = (uint8_t)v[STAMP_AT].number;
	s->utc = v[STAMP_ZONE].number == 1 || s->format == STAMP_UNIX;
	s->trusted = v[STAMP_TRUSTED].number == 1;
	if ((s->format == STAMP_UNIX) == v[STAMP_PARTS].ok) {
		problem(l, node->pos, "stamp: parts go with bytes, bcd and words");
		return;
	}
	if (v[STAMP_PARTS].ok) {
		check_parts(l, &v[STAMP_PARTS], v[STAMP_PARTS].text);
		(void)str_copy(s->parts, sizeof(s->parts), v[STAMP_PARTS].text);
	}
	if (q->layout == RECORD_FIXED)
		check_within(l, v[STAMP_AT].pos, q, s->at,
		    s->format == STAMP_UNIX ? 4
					    : (int64_t)strlen(s->parts) *
						  (s->format == STAMP_WORDS ? 2 : 1));
}

static void
read_points(struct load *l, const struct yaml_node *list, const struct profile *p,
    struct profile_queue *q)
{
	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		struct schema_value v[POINT_FIELDS];
		if (!schema_read(l, c, "points", point_fields, POINT_FIELDS, v))
			continue;
		int item =
		    dialog_item(l, v[POINT_ITEM].pos, "item", v[POINT_ITEM].text, p);
		if (item < 0)
			continue;
		q->points[q->n_points++] = (struct record_point){
			.field = (enum record_field)v[POINT_FIELD].number,
			.item = (uint16_t)item,
		};
	}
}

static void
read_acknowledge(struct load *l, const struct schema_value *v,
    const struct profile_dialogs *d, struct profile_queue *q)
{
	q->acknowledge = -1;
	if (!v->ok || strcmp(v->text, "by_read") == 0)
		return;
	q->acknowledge = dialog_write(l, v, d, WRITE_ACKNOWLEDGE);
	if (q->acknowledge < 0)
		return;
	const struct profile_write *w = &d->writes[q->acknowledge];
	if (q->sequence_bytes == 0)
		problem(l, v->pos, "acknowledge: records without numbers");
	else if (w->min > q->first || w->max < q->last)
		problem(l, v->pos, "acknowledge: %s cannot write all of %u to %u",
		    w->name, q->first, q->last);
}

static void
check_layout(struct load *l, const struct yaml_node *node,
    const struct schema_value v[static QUEUE_FIELDS], const struct profile_queue *q)
{
	bool tlv = q->layout == RECORD_TLV;

	if (tlv != (v[QUEUE_LENGTH].node != NULL) ||
	    tlv != (v[QUEUE_FIELDS_FROM].node != NULL))
		problem(l, node->pos, "queue: length and fields_from go with tlv");
	check_within(l, v[QUEUE_EMPTY].pos, q, 0, q->empty_bytes);
	if (tlv && v[QUEUE_LENGTH].ok)
		check_within(l, v[QUEUE_LENGTH].pos, q, q->length_at, 1);
	if (tlv && v[QUEUE_FIELDS_FROM].ok)
		check_within(l, v[QUEUE_FIELDS_FROM].pos, q, q->fields_at, 1);
	if (q->area == AREA_COIL || q->area == AREA_DISCRETE)
		problem(l, v[QUEUE_AREA].pos, "area: must be holding or input");
	dialog_span(l, &v[QUEUE_ADDRESS], q->address, q->registers);
}

const struct profile_queue *
dialog_queue_read(struct load *l, const struct yaml_node *node, const struct profile *p,
    const struct profile_dialogs *d)
{
	struct schema_value v[QUEUE_FIELDS];
	struct profile_queue *q = arena_alloc(l->arena, 1, sizeof(*q));

	bool good = schema_read(l, node, "queue", queue_fields, QUEUE_FIELDS, v);
	q->area = (enum area)v[QUEUE_AREA].number;
	q->address = dialog_address(l, &v[QUEUE_ADDRESS], NULL);
	q->printed = dialog_text(l, &v[QUEUE_PRINTED]);
	q->registers = (uint16_t)v[QUEUE_REGISTERS].number;
	q->empty_bytes = (uint8_t)v[QUEUE_EMPTY].number;
	q->layout = (enum record_layout)v[QUEUE_LAYOUT].number;
	q->length_at = (uint8_t)v[QUEUE_LENGTH].number;
	q->fields_at = (uint8_t)v[QUEUE_FIELDS_FROM].number;
	q->acknowledge = -1;
	if (!good)
		return q;
	check_layout(l, node, v, q);
	if (q->registers > p->max_registers)
		problem(l, v[QUEUE_REGISTERS].pos, "registers: one read takes %u",
		    (unsigned)p->max_registers);
	if (v[QUEUE_SEQUENCE].ok)
		read_sequence(l, v[QUEUE_SEQUENCE].node, q);
	read_code(l, v[QUEUE_CODE].node, p, q);
	read_fields(l, v[QUEUE_FIELD_LIST].node, q);
	if (v[QUEUE_STAMP].ok)
		read_stamp(l, v[QUEUE_STAMP].node, q);
	if (v[QUEUE_POINTS].ok)
		read_points(l, v[QUEUE_POINTS].node, p, q);
	read_acknowledge(l, &v[QUEUE_ACKNOWLEDGE], d, q);
	q->n_resync = dialog_numbers(
	    l, &v[QUEUE_RESYNC], "resync", UINT16_MAX, q->resync, RECORD_CODES_MAX);
	q->n_overflow = dialog_numbers(l, &v[QUEUE_OVERFLOW], "overflow", UINT16_MAX,
	    q->overflow, RECORD_CODES_MAX);
	return q;
}
