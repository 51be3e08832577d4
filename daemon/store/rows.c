// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See rows.h. The order of names, of binding and of reading is one, kept side by side.
// No state; any thread. A row whose names are not known is refused whole.
#include "store/rows.h"

#include <math.h>
#include <string.h>

#include "lib/mem.h"
#include "store/event_row.h"

const char alarm_row_names[] =
    "point, condition, code, class, state, cause, latch, flags, test_onset, "
    "occurrence_id, incident_id, occurrences, raised_utc_ms, first_utc_ms, "
    "acknowledged_utc_ms, acknowledged_by, ladder, ladder_next, ladder_rounds, "
    "ladder_onset_utc_ms, value, quality, onset_seq";
const char alarm_row_parameters[] =
    "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?";

// Binds one value after the other; the first failure stays.
struct binder {
	sqlite3_stmt *st;
	int at, rc;
};

static void
bind_cell(struct binder *b, struct cell c)
{
	if (b->rc == SQLITE_OK)
		b->rc = cell_bind(b->st, ++b->at, &c);
}

static void
bind_text(struct binder *b, const char *text)
{
	bind_cell(
	    b, (struct cell){ .type = CELL_TEXT, .data = text, .len = strlen(text) });
}

static void
bind_integer(struct binder *b, int64_t value)
{
	bind_cell(b, cell_integer(value));
}

int
alarm_row_bind(sqlite3_stmt *st, const struct alarm_row *r)
{
	struct binder b = { .st = st };
	bind_text(&b, r->point);
	bind_text(&b, condition_name(r->condition));
	bind_text(&b, r->code);
	bind_text(&b, class_name(r->alarm_class));
	bind_text(&b, alarm_state_name(r->state));
	bind_text(&b, alarm_cause_name(r->cause));
	bind_text(&b, latch_name(r->latch));
	bind_integer(&b, r->flags);
	bind_integer(&b, r->test_onset);
	bind_text(&b, r->occurrence_id);
	bind_text(&b, r->incident_id);
	bind_integer(&b, r->occurrences);
	bind_integer(&b, r->raised_utc_ms);
	bind_integer(&b, r->first_utc_ms);
	bind_integer(&b, r->acknowledged_utc_ms);
	bind_text(&b, r->acknowledged_by);
	bind_text(&b, r->ladder);
	bind_integer(&b, r->ladder_next);
	bind_integer(&b, r->ladder_rounds);
	bind_integer(&b, r->ladder_onset_utc_ms);
	bind_cell(&b, cell_real(r->value));
	bind_cell(&b, r->quality < 0
			  ? cell_absent()
			  : cell_text(quality_name((enum quality)r->quality)));
	bind_integer(&b, r->onset_seq);
	return b.rc;
}

struct column_reader {
	sqlite3_stmt *st;
	int at;
};

static const char *
next_text(struct column_reader *r)
{
	const char *text = (const char *)sqlite3_column_text(r->st, r->at++);
	return text != NULL ? text : "";
}

static void
copy_text(struct column_reader *r, char *out, size_t size)
{
	(void)str_copy(out, size, next_text(r));
}

static int64_t
next_integer(struct column_reader *r)
{
	return sqlite3_column_int64(r->st, r->at++);
}

static double
next_real(struct column_reader *r)
{
	int at = r->at++;
	return sqlite3_column_type(r->st, at) == SQLITE_NULL
		   ? (double)NAN
		   : sqlite3_column_double(r->st, at);
}

static int
quality_from_name(const char *name)
{
	for (int q = 0; q < QUALITY_COUNT; q++) {
		if (strcmp(name, quality_name((enum quality)q)) == 0)
			return q;
	}
	return -1;
}

bool
alarm_row_read(sqlite3_stmt *st, struct alarm_row *row)
{
	struct column_reader r = { .st = st };
	memset(row, 0, sizeof(*row));
	copy_text(&r, row->point, sizeof(row->point));
	bool ok = condition_from_name(next_text(&r), &row->condition);
	copy_text(&r, row->code, sizeof(row->code));
	ok = class_from_name(next_text(&r), &row->alarm_class) && ok;
	ok = alarm_state_from_name(next_text(&r), &row->state) && ok;
	ok = alarm_cause_from_name(next_text(&r), &row->cause) && ok;
	ok = latch_from_name(next_text(&r), &row->latch) && ok;
	row->flags = (uint8_t)next_integer(&r);
	row->test_onset = next_integer(&r) != 0;
	copy_text(&r, row->occurrence_id, sizeof(row->occurrence_id));
	copy_text(&r, row->incident_id, sizeof(row->incident_id));
	row->occurrences = (uint32_t)next_integer(&r);
	row->raised_utc_ms = next_integer(&r);
	row->first_utc_ms = next_integer(&r);
	row->acknowledged_utc_ms = next_integer(&r);
	copy_text(&r, row->acknowledged_by, sizeof(row->acknowledged_by));
	copy_text(&r, row->ladder, sizeof(row->ladder));
	row->ladder_next = (uint8_t)next_integer(&r);
	row->ladder_rounds = (uint16_t)next_integer(&r);
	row->ladder_onset_utc_ms = next_integer(&r);
	row->value = next_real(&r);
	row->quality = quality_from_name(next_text(&r));
	row->onset_seq = next_integer(&r);
	row->first_out = next_integer(&r) != 0;
	(void)verdict_from_name(next_text(&r), &row->verdict);
	return ok;
}

// ---- flags
// ----------------------------------------------------------------------------

const char flag_row_names[] = "flag, target, condition, from_utc_ms, until_utc_ms, "
			      "actor, reason, measure";
const char flag_row_parameters[] = "?, ?, ?, ?, ?, ?, ?, ?";

static void
bind_key(struct binder *b, const struct flag_entry *f)
{
	bind_text(b, flag_name(f->flag));
	bind_text(b, f->target);
	bind_text(
	    b, f->condition < 0 ? "" : condition_name((enum condition)f->condition));
}

int
flag_key_bind(sqlite3_stmt *st, const struct flag_entry *f)
{
	struct binder b = { .st = st };
	bind_key(&b, f);
	return b.rc;
}

int
flag_row_bind(sqlite3_stmt *st, const struct flag_entry *f)
{
	struct binder b = { .st = st };
	bind_key(&b, f);
	bind_integer(&b, f->from_utc_ms);
	bind_integer(&b, f->until_utc_ms);
	bind_text(&b, f->actor);
	bind_text(&b, f->reason);
	bind_text(&b, f->measure);
	return b.rc;
}

bool
flag_row_read(sqlite3_stmt *st, struct flag_entry *f)
{
	struct column_reader r = { .st = st };
	enum condition condition;
	memset(f, 0, sizeof(*f));
	bool ok = flag_from_name(next_text(&r), &f->flag);
	copy_text(&r, f->target, sizeof(f->target));
	const char *name = next_text(&r);
	f->condition = -1;
	if (name[0] != '\0') {
		ok = condition_from_name(name, &condition) && ok;
		f->condition = ok ? (int)condition : -1;
	}
	f->from_utc_ms = next_integer(&r);
	f->until_utc_ms = next_integer(&r);
	copy_text(&r, f->actor, sizeof(f->actor));
	copy_text(&r, f->reason, sizeof(f->reason));
	copy_text(&r, f->measure, sizeof(f->measure));
	return ok;
}

// ---- notices
// ----------------------------------------------------------------------------

#define NOTICE_OWN                                                      \
  "id, channel, ladder, step, round, state, attempts, created_utc_ms, " \
  "next_utc_ms, repeated, saved, subject_seq, "
#define X(id, name, type, absent) ", subject_" name
const char notice_row_names[] =
    NOTICE_OWN "subject_time_utc_ms, subject_mono_ms" EVENT_COLUMNS_BODY_B(X);
#undef X
#define X(id, name, type, absent) ", ?"
const char notice_row_parameters[] =
    "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?" EVENT_COLUMNS_BODY_B(X);
#undef X

// The COL_ numbers of struct event's own columns, in the order of the table.
#define X(id, name, type, absent) COL_##id,
static const uint8_t body_columns[] = { EVENT_COLUMNS_BODY_A(X)
	    EVENT_COLUMNS_BODY_B(X) };
#undef X
enum {
	BODY_COUNT = sizeof(body_columns)
};

int
notice_row_bind(sqlite3_stmt *st, const struct notice *n, int64_t subject_seq)
{
	struct binder b = { .st = st };
	struct cell body[COL_COUNT];
	bind_text(&b, n->id);
	bind_text(&b, n->channel);
	bind_text(&b, n->ladder);
	bind_integer(&b, n->step);
	bind_integer(&b, n->round);
	bind_text(&b, notice_state_name(n->state));
	bind_integer(&b, n->attempts);
	bind_integer(&b, n->created_utc_ms);
	bind_integer(&b, n->next_utc_ms);
	bind_integer(&b, n->repeated);
	bind_integer(&b, n->saved);
	bind_cell(&b, subject_seq != 0 ? cell_integer(subject_seq) : cell_absent());
	event_body_cells(&n->subject, body);
	for (unsigned i = 0; i < BODY_COUNT; i++)
		bind_cell(&b, body[body_columns[i]]);
	return b.rc;
}

bool
notice_row_read(sqlite3_stmt *st, struct notice *n)
{
	struct column_reader r = { .st = st };
	memset(n, 0, sizeof(*n));
	copy_text(&r, n->id, sizeof(n->id));
	copy_text(&r, n->channel, sizeof(n->channel));
	copy_text(&r, n->ladder, sizeof(n->ladder));
	n->step = (uint8_t)next_integer(&r);
	n->round = (uint16_t)next_integer(&r);
	bool ok = notice_state_from_name(next_text(&r), &n->state);
	n->attempts = (uint16_t)next_integer(&r);
	n->created_utc_ms = next_integer(&r);
	n->next_utc_ms = next_integer(&r);
	n->repeated = next_integer(&r) != 0;
	n->saved = next_integer(&r) != 0;
	int64_t seq = next_integer(&r);
	struct cell body[COL_COUNT];
	for (unsigned i = 0; i < COL_COUNT; i++)
		body[i] = cell_absent();
	for (unsigned i = 0; i < BODY_COUNT; i++)
		body[body_columns[i]] = cell_column(st, r.at + (int)i);
	ok = event_body_read(body, &n->subject) && ok;
	n->subject.seq = seq;
	return ok;
}
