// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See field.h. What must survive a crash: the event of a record and the mark that says
// which record it was are one transaction, so that a record which is read again is
// known as exactly that or not at all. Refuses to call a record durable on any word but
// the store's for its own unit.
#include "field.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/point.h"
#include "lib/buf.h"
#include "lib/log.h"
#include "lib/mem.h"

enum {
	BEATS_TOLD_MS = 3600000, // heartbeats are told together this often
	AHEAD_MS = 300000,       // a device's clock this far ahead of ours is wrong
	DAY_MS = 86400000,
	NUMBER_MAX = 11, // of a mark: "4294967295:"
};

enum mark_state {
	MARK_NONE,
	MARK_WAITS, // handed to the store
	MARK_DURABLE,
};

struct mark {
	enum mark_state state;
	struct record_mark record;
	uint64_t token;  // of the newest reading
	uint64_t serial; // of the newest record handed to the store
	bool restore;    // the one before, where this one is not made durable
	struct record_mark before;
};

// A record in the hands of the store.
struct handed {
	struct field *field;
	uint16_t device;
	uint64_t serial;
};

// Heartbeats of a device since they were last told.
struct beats {
	uint64_t n;
	int64_t from_utc_ms, told_ms;
	const char *refused;
	bool any;
	struct field_write last;
};

struct field {
	struct loop *loop;
	const struct site *site;
	struct works *works;
	field_stored *stored;
	void *ctx;
	struct mark *marks;   // one per device
	struct beats **beats; // one per device that has any
};

// ---- marks as text ----------------------------------------------------------------

static void
hex_put(char *out, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// "17:0025...": number and bytes; "-:.." where the records have no numbers.
static void
mark_write(const struct record_mark *m, char out[static META_VALUE_MAX])
{
	int n = m->numbered ? snprintf(out, META_VALUE_MAX, "%u:", m->sequence)
			    : snprintf(out, META_VALUE_MAX, "-:");
	_Static_assert(NUMBER_MAX + 2 * RECORD_BYTES_MAX < META_VALUE_MAX, "mark");
	hex_put(out + n, m->bytes, m->n_bytes);
}

static bool
mark_read(const char *text, struct record_mark *out)
{
	const char *colon = strchr(text, ':');
	char *end;
	*out = (struct record_mark){ .numbered = text[0] != '-' };
	if (colon == NULL)
		return false;
	if (out->numbered) {
		unsigned long n = strtoul(text, &end, 10);
		if (end != colon || n > UINT32_MAX)
			return false;
		out->sequence = (uint32_t)n;
	}
	for (const char *c = colon + 1; *c != '\0'; c += 2) {
		int high = hex_digit(c[0]), low = high < 0 ? -1 : hex_digit(c[1]);
		if (low < 0 || out->n_bytes == RECORD_BYTES_MAX)
			return false;
		out->bytes[out->n_bytes++] = (uint8_t)(high << 4 | low);
	}
	return out->n_bytes > 0;
}

static void
key_of(const struct field *f, uint16_t device, char out[static META_KEY_MAX])
{
	(void)snprintf(out, META_KEY_MAX, META_QUEUE "%s", f->site->devices[device].id);
}

static void
recover_mark(struct field *f, uint16_t device, const struct recovered *r)
{
	char key[META_KEY_MAX];
	key_of(f, device, key);
	for (size_t i = 0; i < r->n_metas; i++) {
		struct mark *m = &f->marks[device];
		if (strcmp(r->metas[i].key, key) != 0)
			continue;
		if (mark_read(r->metas[i].value, &m->record))
			m->state = MARK_DURABLE;
		else
			log_warnx("field", "the mark of device %s cannot be read",
			    f->site->devices[device].id);
	}
}

// ---- life -------------------------------------------------------------------------

struct field *
field_new(struct loop *loop, const struct site *site, struct works *works,
    const struct recovered *r)
{
	struct field *f = xcalloc(1, sizeof(*f));
	f->loop = loop;
	f->site = site;
	f->works = works;
	f->marks = xcalloc(site->n_devices + 1u, sizeof(*f->marks));
	f->beats = xcalloc(site->n_devices + 1u, sizeof(*f->beats));
	for (uint16_t i = 0; i < site->n_devices; i++)
		recover_mark(f, i, r);
	return f;
}

void
field_free(struct field *f)
{
	if (f == NULL)
		return;
	free(f->marks);
	for (uint16_t i = 0; i < f->site->n_devices; i++)
		free(f->beats[i]);
	free(f->beats);
	free(f);
}

void
field_attach(struct field *f, field_stored *stored, void *ctx)
{
	f->stored = stored;
	f->ctx = ctx;
}

// ---- what an event says -------------------------------------------------------------

static void
describe(const struct point *p, struct event *ev)
{
	(void)str_copy(ev->point, sizeof(ev->point), p->id);
	(void)str_copy(ev->place_zh, sizeof(ev->place_zh), p->place_zh);
	(void)str_copy(ev->place_en, sizeof(ev->place_en), p->place_en);
}

static const struct point *
panel_of(const struct field *f, uint16_t device)
{
	return &f->site->points[f->site->devices[device].panel_point];
}

static void
put_params(struct event *ev, struct buf *b)
{
	json_close(b, '}');
	wr_assert(b->len < sizeof(ev->params));
	memcpy(ev->params, b->data, b->len + 1);
	buf_free(b);
}

static int64_t
seconds_of(const struct record_time *t, uint16_t year)
{
	struct tm tm = {
		.tm_year = year - 1900,
		.tm_mon = t->month - 1,
		.tm_mday = t->day,
		.tm_hour = t->hour,
		.tm_min = t->minute,
		.tm_sec = t->second,
		.tm_isdst = -1,
	};
	return t->utc ? timegm(&tm) : mktime(&tm);
}

static uint16_t
year_of(int64_t utc_ms)
{
	time_t s = utc_ms / 1000;
	struct tm tm;
	return gmtime_r(&s, &tm) != NULL ? (uint16_t)(tm.tm_year + 1900) : 1970;
}

// The device's stamp in UTC ms; 0 where there is none. A stamp without a year is of the
// last twelve months.
static int64_t
device_time(const struct record_time *t, int64_t now_utc_ms)
{
	if (!t->given || !t->valid)
		return 0;
	if (t->unix_s != 0)
		return t->unix_s * 1000;
	if (t->year != 0)
		return seconds_of(t, t->year) * 1000;
	uint16_t year = year_of(now_utc_ms);
	int64_t ms = seconds_of(t, (uint16_t)(year + 1)) * 1000;
	for (unsigned back = 0; back < 2 && ms > now_utc_ms + DAY_MS; back++)
		ms = seconds_of(t, (uint16_t)(year - back)) * 1000;
	return ms;
}

// How far the stamp can be believed; NULL where the record has none.
static const char *
clock_word(const struct record_time *t, int64_t device_ms, int64_t now_utc_ms)
{
	if (!t->given)
		return NULL;
	if (!t->valid)
		return "invalid";
	if (device_ms > now_utc_ms + AHEAD_MS)
		return "ahead";
	return t->trusted ? "trusted" : "untrusted";
}

static void
record_params(const struct field *f, const struct field_record *r, struct event *ev)
{
	char hex[2 * RECORD_BYTES_MAX + 1];
	const char *word = clock_word(&r->time, ev->device_time_ms, r->t_utc_ms);
	struct buf b = { 0 };
	json_open(&b, NULL, '{');
	json_str(&b, "device", f->site->devices[r->device].id);
	if (r->numbered)
		json_int(&b, "sequence", r->sequence);
	json_int(&b, "raw", r->code);
	for (uint8_t i = 0; i < r->n_values; i++)
		json_int(&b, record_field_name(r->values[i].field), r->values[i].value);
	if (word != NULL)
		json_str(&b, "device_clock", word);
	if (r->malformed)
		json_bool(&b, "malformed", true);
	hex_put(hex, r->bytes, r->n_bytes);
	hex[2 * r->n_bytes] = '\0';
	json_str(&b, "bytes", hex);
	put_params(ev, &b);
}

static void
record_event(const struct field *f, const struct field_record *r)
{
	const struct point *p = r->point < f->site->n_points
				    ? &f->site->points[r->point]
				    : panel_of(f, r->device);
	struct event ev;
	event_init(&ev, EVENT_PANEL_EVENT);
	describe(p, &ev);
	ev.time_utc_ms = r->t_utc_ms;
	ev.mono_ms = r->t_mono_ms;
	ev.device_time_ms = device_time(&r->time, r->t_utc_ms);
	if (r->n_means > 0) {
		ev.condition = (int)r->means[0].condition;
		ev.alarm_class = (int)point_class(p, r->means[0].condition);
		(void)str_copy(
		    ev.code, sizeof(ev.code), f->site->codes[r->means[0].code]);
	}
	record_params(f, r, &ev);
	(void)works_event(f->works, &ev);
}

// ---- records ------------------------------------------------------------------------

static bool
is_same(const struct mark *m, const struct field_record *r)
{
	return m->state != MARK_NONE && m->record.n_bytes == r->n_bytes &&
	       memcmp(m->record.bytes, r->bytes, r->n_bytes) == 0;
}

static void
on_stored(void *arg, bool durable)
{
	struct handed *h = arg;
	struct field *f = h->field;
	uint16_t device = h->device;
	struct mark *m = &f->marks[device];
	bool newest = h->serial == m->serial;
	free(h);
	if (!newest)
		return;
	m->state = durable ? MARK_DURABLE : MARK_NONE;
	if (!durable && m->restore) {
		m->record = m->before;
		m->state = MARK_DURABLE;
	}
	m->restore = false;
	if (f->stored != NULL)
		f->stored(f->ctx, device, m->token, durable);
}

static void
remember(struct mark *m, const struct field_record *r)
{
	m->restore = m->state == MARK_DURABLE;
	m->before = m->record;
	m->serial++;
	m->state = MARK_WAITS;
	m->record = (struct record_mark){
		.numbered = r->numbered,
		.sequence = r->sequence,
		.n_bytes = r->n_bytes,
	};
	memcpy(m->record.bytes, r->bytes, r->n_bytes);
}

bool
field_record(struct field *f, const struct field_record *r)
{
	struct mark *m = &f->marks[r->device];
	char key[META_KEY_MAX], value[META_VALUE_MAX];
	m->token = r->token;
	if (is_same(m, r))
		return m->state == MARK_DURABLE;
	remember(m, r);
	record_event(f, r);
	key_of(f, r->device, key);
	mark_write(&m->record, value);
	works_meta(f->works, key, value);
	struct handed *h = xcalloc(1, sizeof(*h));
	*h = (struct handed){ .field = f, .device = r->device, .serial = m->serial };
	works_watch(f->works, on_stored, h);
	return false;
}

bool
field_mark(const struct field *f, uint16_t device, struct record_mark *out)
{
	const struct mark *m = &f->marks[device];
	if (m->state != MARK_DURABLE)
		return false;
	*out = m->record;
	return true;
}

void
field_gap(struct field *f, const struct record_gap *gap)
{
	struct event ev;
	struct buf b = { 0 };
	event_init(&ev, EVENT_PANEL_GAP);
	describe(panel_of(f, gap->device), &ev);
	json_open(&b, NULL, '{');
	json_str(&b, "device", f->site->devices[gap->device].id);
	json_str(&b, "reason", gap_reason_name(gap->reason));
	if (gap->numbered && gap->reason != GAP_OVERFLOW)
		json_int(&b, "after", gap->after);
	if (gap->numbered)
		json_int(&b, "before", gap->before);
	if (gap->missing > 0)
		json_int(&b, "missing", gap->missing);
	put_params(&ev, &b);
	(void)works_event(f->works, &ev);
}

// ---- writes -------------------------------------------------------------------------

static void
write_event(
    const struct field *f, const struct field_write *w, uint64_t n, int64_t from_utc_ms)
{
	struct event ev;
	struct buf b = { 0 };
	event_init(&ev, EVENT_FIELD_WRITE);
	describe(panel_of(f, w->device), &ev);
	json_open(&b, NULL, '{');
	json_str(&b, "device", f->site->devices[w->device].id);
	json_str(&b, "write", w->write->name);
	json_str(&b, "for", write_purpose_name(w->write->purpose));
	json_int(&b, "function", (int)w->write->function);
	json_int(&b, "address", w->write->address);
	json_int(&b, "value", w->value);
	if (w->refused != NULL)
		json_str(&b, "refused", w->refused);
	if (n > 1) {
		json_int(&b, "writes", (int64_t)n);
		json_int(&b, "from_utc_ms", from_utc_ms);
	}
	put_params(&ev, &b);
	(void)works_event(f->works, &ev);
}

static struct beats *
beats_of(struct field *f, uint16_t device)
{
	if (f->beats[device] == NULL)
		f->beats[device] = xcalloc(1, sizeof(**f->beats));
	return f->beats[device];
}

static void
tell_beats(struct field *f, struct beats *s)
{
	if (s->n > 0)
		write_event(f, &s->last, s->n, s->from_utc_ms);
	s->n = 0;
	s->told_ms = loop_now_ms(f->loop);
}

static bool
goes_otherwise(const char *a, const char *b)
{
	return (a == NULL) != (b == NULL) || (a != NULL && strcmp(a, b) != 0);
}

// A refusal comes after the write it is about: it is told at once, and so is the first
// write that is not refused again.
static void
count_beat(struct field *f, const struct field_write *w)
{
	struct beats *s = beats_of(f, w->device);
	int64_t now = loop_now_ms(f->loop);
	bool change = !s->any;
	if (w->refused != NULL) {
		change |= goes_otherwise(s->refused, w->refused);
		s->refused = w->refused;
	}
	if (change)
		tell_beats(f, s);
	if (s->n++ == 0)
		s->from_utc_ms = loop_utc_ms(f->loop);
	s->any = true;
	s->last = *w;
	if (change || now - s->told_ms >= BEATS_TOLD_MS)
		tell_beats(f, s);
}

void
field_wrote(struct field *f, const struct field_write *w)
{
	if (w->write->purpose == WRITE_HEARTBEAT)
		count_beat(f, w);
	else
		write_event(f, w, 1, 0);
}

void
field_close(struct field *f)
{
	for (uint16_t i = 0; i < f->site->n_devices; i++)
		if (f->beats[i] != NULL)
			tell_beats(f, f->beats[i]);
}
