// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See event_row.h. Text goes to the table as names, so that a journal does not depend
// on the numbers of our enums. No state; any thread. A row that cannot be read whole is
// refused, never shown by halves.
#include "store/event_row.h"

#include <math.h>
#include <string.h>

#include "lib/mem.h"
#include "store/hex.h"

struct column {
	enum cell_type type;
	bool may_be_absent;
};

static const struct column columns[COL_COUNT] = {
#define X(id, name, type, absent) [COL_##id] = { type, absent },
	EVENT_COLUMNS(X)
#undef X
};

#define X(id, name, type, absent) ", " name
const char event_row_names[] = "seq, epoch" EVENT_COLUMNS_BODY_A(X)
    EVENT_COLUMNS_BOOT(X) EVENT_COLUMNS_BODY_B(X) EVENT_COLUMNS_TAIL(X);
#undef X
#define X(id, name, type, absent) ", ?"
const char event_row_parameters[] = "?, ?" EVENT_COLUMNS_BODY_A(X) EVENT_COLUMNS_BOOT(X)
    EVENT_COLUMNS_BODY_B(X) EVENT_COLUMNS_TAIL(X);
#undef X

static const char *const clock_qualities[] = {
	[CLOCK_SYNCED] = "synced",
	[CLOCK_UNSYNCED] = "unsynced",
	[CLOCK_UNKNOWN] = "unknown",
};

const char *
clock_quality_name(enum clock_quality q)
{
	wr_assert(q <= CLOCK_UNKNOWN);
	return clock_qualities[q];
}

static struct cell
nonzero(int64_t value)
{
	return value != 0 ? cell_integer(value) : cell_absent();
}

void
event_body_cells(const struct event *e, struct cell c[static COL_COUNT])
{
	c[COL_TIME] = cell_integer(e->time_utc_ms);
	c[COL_MONO] = cell_integer(e->mono_ms);
	c[COL_CLOCK] = cell_text(clock_quality_name(e->clock_quality));
	c[COL_KIND] = cell_text(event_kind_name(e->kind));
	c[COL_POINT] = cell_text(e->point);
	c[COL_PLACE_ZH] = cell_text(e->place_zh);
	c[COL_PLACE_EN] = cell_text(e->place_en);
	c[COL_CONDITION] =
	    e->condition < 0 ? cell_absent()
			     : cell_text(condition_name((enum condition)e->condition));
	c[COL_CODE] = cell_text(e->code);
	c[COL_OCCURRENCE] = cell_text(e->occurrence_id);
	c[COL_INCIDENT] = cell_text(e->incident_id);
	c[COL_CLASS] = e->alarm_class < 0
			   ? cell_absent()
			   : cell_text(class_name((enum alarm_class)e->alarm_class));
	c[COL_ACTOR] = cell_text(e->actor);
	c[COL_VALUE] = cell_real(e->value);
	c[COL_QUALITY] = e->quality < 0
			     ? cell_absent()
			     : cell_text(quality_name((enum quality)e->quality));
	c[COL_PARAMS] = cell_text(e->params);
	c[COL_NOT_BEFORE] = nonzero(e->not_before_utc_ms);
	c[COL_DEVICE_TIME] = nonzero(e->device_time_ms);
	c[COL_CAUSE] = nonzero(e->cause_seq);
}

void
event_row_cells(
    const struct event *e, struct event_frame *f, struct cell cells[static COL_COUNT])
{
	event_body_cells(e, cells);
	cells[COL_SEQ] = cell_integer(f->seq);
	cells[COL_EPOCH] = cell_bytes(f->epoch, sizeof(f->epoch));
	cells[COL_BOOT] = cell_bytes(f->boot_id, sizeof(f->boot_id));
	cells[COL_CONFIG_REV] = cell_text(f->config_rev);
	cells[COL_PREV_HASH] = cell_bytes(f->prev_hash, sizeof(f->prev_hash));
	chain_hash(cells, COL_HASH, f->hash);
	cells[COL_HASH] = cell_bytes(f->hash, sizeof(f->hash));
}

void
event_row_columns(sqlite3_stmt *st, int first, struct cell cells[static COL_COUNT])
{
	for (int i = 0; i < COL_COUNT; i++)
		cells[i] = cell_column(st, first + i);
}

const char *
event_row_check(const struct cell cells[static COL_COUNT])
{
	for (unsigned i = 0; i < COL_COUNT; i++) {
		bool absent = cells[i].type == CELL_ABSENT;
		if (absent ? !columns[i].may_be_absent
			   : cells[i].type != columns[i].type)
			return "type";
	}
	uint8_t hash[CHAIN_HASH];
	chain_hash(cells, COL_HASH, hash);
	if (cells[COL_HASH].len != sizeof(hash) ||
	    memcmp(cells[COL_HASH].data, hash, sizeof(hash)) != 0)
		return "hash";
	return NULL;
}

static void
text(const struct cell *c, char *out, size_t size)
{
	size_t len = c->type == CELL_TEXT ? c->len : 0;
	if (len >= size)
		len = size - 1;
	if (len > 0)
		memcpy(out, c->data, len);
	out[len] = '\0';
}

static bool
read_clock(const char *name, enum clock_quality *out)
{
	for (unsigned i = 0; i <= CLOCK_UNKNOWN; i++) {
		if (strcmp(name, clock_qualities[i]) == 0) {
			*out = (enum clock_quality)i;
			return true;
		}
	}
	return false;
}

static bool
read_names(const struct cell *cells, struct event *e)
{
	char name[CODE_MAX];
	enum condition condition;
	enum alarm_class alarm_class;
	text(&cells[COL_KIND], name, sizeof(name));
	if (!event_kind_from_name(name, &e->kind))
		return false;
	text(&cells[COL_CLOCK], name, sizeof(name));
	if (!read_clock(name, &e->clock_quality))
		return false;
	text(&cells[COL_CONDITION], name, sizeof(name));
	if (name[0] != '\0') {
		if (!condition_from_name(name, &condition))
			return false;
		e->condition = (int)condition;
	}
	text(&cells[COL_CLASS], name, sizeof(name));
	if (name[0] != '\0') {
		if (!class_from_name(name, &alarm_class))
			return false;
		e->alarm_class = (int)alarm_class;
	}
	text(&cells[COL_QUALITY], name, sizeof(name));
	for (int q = 0; q < QUALITY_COUNT && name[0] != '\0'; q++) {
		if (strcmp(name, quality_name((enum quality)q)) == 0)
			e->quality = q;
	}
	return name[0] == '\0' || e->quality >= 0;
}

static void
read_hex(const struct cell *c, char *out, size_t bytes)
{
	hex_encode(c->data, c->type == CELL_BYTES && c->len == bytes ? bytes : 0, out);
}

bool
event_body_read(const struct cell cells[static COL_COUNT], struct event *e)
{
	event_init(e, EVENT_ALARM_ONSET);
	if (!read_names(cells, e))
		return false;
	e->time_utc_ms = cells[COL_TIME].integer;
	e->mono_ms = cells[COL_MONO].integer;
	text(&cells[COL_POINT], e->point, sizeof(e->point));
	text(&cells[COL_PLACE_ZH], e->place_zh, sizeof(e->place_zh));
	text(&cells[COL_PLACE_EN], e->place_en, sizeof(e->place_en));
	text(&cells[COL_CODE], e->code, sizeof(e->code));
	text(&cells[COL_OCCURRENCE], e->occurrence_id, sizeof(e->occurrence_id));
	text(&cells[COL_INCIDENT], e->incident_id, sizeof(e->incident_id));
	text(&cells[COL_ACTOR], e->actor, sizeof(e->actor));
	text(&cells[COL_PARAMS], e->params, sizeof(e->params));
	if (cells[COL_VALUE].type == CELL_REAL)
		e->value = cells[COL_VALUE].real;
	e->not_before_utc_ms = cells[COL_NOT_BEFORE].integer;
	e->device_time_ms = cells[COL_DEVICE_TIME].integer;
	e->cause_seq = cells[COL_CAUSE].integer;
	return true;
}

bool
event_row_read(const struct cell cells[static COL_COUNT], struct stored_event *out)
{
	if (!event_body_read(cells, &out->event))
		return false;
	out->event.seq = cells[COL_SEQ].integer;
	text(&cells[COL_CONFIG_REV], out->config_rev, sizeof(out->config_rev));
	read_hex(&cells[COL_EPOCH], out->epoch, EPOCH_BYTES);
	read_hex(&cells[COL_BOOT], out->boot_id, BOOT_BYTES);
	read_hex(&cells[COL_PREV_HASH], out->prev_hash, CHAIN_HASH);
	read_hex(&cells[COL_HASH], out->hash, CHAIN_HASH);
	return true;
}

bool
event_row_test(const struct event *e)
{
	return strstr(e->params, "\"test\":true") != NULL;
}
