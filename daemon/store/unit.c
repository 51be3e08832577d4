// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Building a unit of work, and packing one that has to wait. Rows are plain structs of
// mostly empty text, so packing is run-length coding of zeros: no format of its own to
// get wrong, about a quarter of the size. Runs on the loop. A packed unit is never
// handed to the writer.
#include "store/unit.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "store/revision.h"

enum {
	RUN_MAX = 255,
	FIRST_ROWS = 4
};

struct unit *
unit_new(void)
{
	return xcalloc(1, sizeof(struct unit));
}

static void *
add(struct rows *r, const void *row, size_t size)
{
	if (r->n == r->size) {
		r->size = r->size == 0 ? FIRST_ROWS : r->size * 2;
		r->data = xreallocarray(r->data, r->size, size);
	}
	void *at = (char *)r->data + r->n++ * size;
	memcpy(at, row, size);
	return at;
}

struct event *
unit_event(struct unit *u, const struct event *e)
{
	struct event *copy = add(&u->events, e, sizeof(*e));
	copy->seq = 0;
	return copy;
}

void
unit_alarm(struct unit *u, const struct alarm_row *row)
{
	(void)add(&u->alarms, row, sizeof(*row));
}

void
unit_notice(struct unit *u, const struct notice *n)
{
	(void)add(&u->notices, n, sizeof(*n));
}

void
unit_meta(struct unit *u, const char *key, const char *value)
{
	struct meta_row row = { 0 };
	bool fits = str_copy(row.key, sizeof(row.key), key) &&
		    str_copy(row.value, sizeof(row.value), value);
	wr_assert(fits);
	(void)add(&u->metas, &row, sizeof(row));
}

void
unit_flag(struct unit *u, const struct flag_row *row)
{
	(void)add(&u->flags, row, sizeof(*row));
}

static void
join(struct rows *to, const struct rows *from, size_t size)
{
	for (size_t i = 0; i < from->n; i++)
		(void)add(to, (const char *)from->data + i * size, size);
}

void
unit_join(struct unit *u, struct unit *other)
{
	join(&u->events, &other->events, sizeof(struct event));
	join(&u->alarms, &other->alarms, sizeof(struct alarm_row));
	join(&u->notices, &other->notices, sizeof(struct notice));
	join(&u->metas, &other->metas, sizeof(struct meta_row));
	join(&u->flags, &other->flags, sizeof(struct flag_row));
	unit_free(other);
}

void
unit_on_done(struct unit *u,
    void (*done)(void *arg, const struct unit *u, bool durable), void *arg)
{
	u->done = done;
	u->arg = arg;
}

size_t
unit_events(const struct unit *u, const struct event **events)
{
	*events = u->events.data;
	return u->events.n;
}

void
unit_free(struct unit *u)
{
	if (u == NULL)
		return;
	free(u->events.data);
	free(u->alarms.data);
	free(u->notices.data);
	free(u->metas.data);
	free(u->flags.data);
	free(u->anchor);
	if (u->revision != NULL)
		free(u->revision->document);
	free(u->revision);
	free(u->packed);
	free(u);
}

void
unit_want_anchor(struct unit *u, int64_t utc_ms)
{
	u->anchor = xcalloc(1, sizeof(*u->anchor));
	u->upkeep_utc_ms = utc_ms;
}

void
unit_revision(struct unit *u, struct revision *r)
{
	wr_assert(u->revision == NULL);
	u->revision = r;
}

size_t
unit_rows(const struct unit *u)
{
	return u->events.n + u->alarms.n + u->notices.n + u->metas.n + u->flags.n +
	       (u->anchor != NULL) + (u->revision != NULL) + u->order.most;
}

// Whatever happens, there is room for these.
enum claim {
	UNDECIDED, // no kind is
	RESERVED,
	IN_LINE
};

static const uint8_t claims[EVENT_KIND_COUNT] = {
	[EVENT_ALARM_ACKNOWLEDGE] = RESERVED,
	[EVENT_ALARM_SEEN] = RESERVED,
	[EVENT_SESSION_OPEN] = RESERVED,
	[EVENT_SESSION_CLOSE] = RESERVED,
	[EVENT_DAEMON_START] = RESERVED,
	[EVENT_DAEMON_STOP] = RESERVED,
	[EVENT_DAEMON_DOWN] = RESERVED,
	[EVENT_CONFIG_LOAD] = RESERVED,
	[EVENT_CONFIG_REFUSED] = RESERVED,
	[EVENT_CLOCK_STEP] = RESERVED,
	[EVENT_STORE_MODE] = RESERVED,
	[EVENT_EVENTS_LOST] = RESERVED,
	[EVENT_JOURNAL_ANCHOR] = RESERVED,
	[EVENT_JOURNAL_CUT] = RESERVED,
	[EVENT_JOURNAL_RESTORE] = RESERVED,
	[EVENT_JOURNAL_CARRY] = RESERVED,
	[EVENT_ALARM_CARRY] = RESERVED,
	[EVENT_FIELD_WRITE] = RESERVED,
	[EVENT_OUTPUT_ON] = RESERVED,
	[EVENT_OUTPUT_OFF] = RESERVED,
	[EVENT_PANEL_EVENT] = RESERVED, // never apart from the mark that it is stored
	[EVENT_PANEL_GAP] = RESERVED,
	[EVENT_USER_CHANGE] = RESERVED,
	[EVENT_COMMISSION_MARK] = RESERVED,
	[EVENT_COMMISSION_OPEN] = RESERVED,
	[EVENT_COMMISSION_CLOSE] = RESERVED,
	[EVENT_REPORT_SIGN] = RESERVED,
	[EVENT_BYPASS_START] = RESERVED, // what is not watched, and by whose word
	[EVENT_BYPASS_END] = RESERVED,
	[EVENT_SHELVE_START] = RESERVED,
	[EVENT_SHELVE_END] = RESERVED,
	[EVENT_ISOLATE_START] = RESERVED,
	[EVENT_ISOLATE_END] = RESERVED,
	[EVENT_TEST_START] = RESERVED,
	[EVENT_TEST_END] = RESERVED,
	[EVENT_SUPPRESS_CHANGE] = RESERVED,
	[EVENT_EFFECT_SEEN] = RESERVED, // whether what a fire must do was done
	[EVENT_EFFECT_MISSED] = RESERVED,
	[EVENT_EFFECT_OVER] = RESERVED,
	[EVENT_CHATTER_START] = RESERVED, // they count what has no event of its own
	[EVENT_CHATTER_COUNT] = RESERVED,
	[EVENT_CHATTER_END] = RESERVED,
	[EVENT_REPEAT_START] = RESERVED, // what is asked of maintenance
	[EVENT_REPEAT_END] = RESERVED,
	[EVENT_ALARM_VERIFY] = RESERVED, // a person's word
	[EVENT_ALARM_MISSED] = RESERVED,
	[EVENT_READING_HAND] = RESERVED,
	[EVENT_DEADMAN_ASK] = RESERVED, // who was awake
	[EVENT_DEADMAN_ANSWER] = RESERVED,
	[EVENT_DOOR_ACCESS] = IN_LINE,
	[EVENT_PATROL_STOP] = IN_LINE,
	[EVENT_PATROL_ROUND] = IN_LINE,
	[EVENT_PUMP_START] = IN_LINE,
	[EVENT_PUMP_STOP] = IN_LINE,
	[EVENT_ALARM_ONSET] = IN_LINE,
	[EVENT_ALARM_CLEAR] = IN_LINE,
	[EVENT_ALARM_CLOSE] = IN_LINE,
	[EVENT_ALARM_RESET] = IN_LINE,
	[EVENT_ALARM_REALARM] = IN_LINE,
	[EVENT_ALARM_NOTE] = IN_LINE,
	[EVENT_PANEL_RESET] = IN_LINE,
	[EVENT_POINT_CHANGE] = IN_LINE,
	[EVENT_POINT_EDGE] = IN_LINE,
	[EVENT_POINT_QUALITY] = IN_LINE,
	[EVENT_BLIND] = IN_LINE,
	[EVENT_SILENCE] = IN_LINE,
	[EVENT_SOUND] = IN_LINE,
	[EVENT_SESSION_REFUSED] = IN_LINE,
	[EVENT_NOTICE_SENT] = IN_LINE,
	[EVENT_NOTICE_FAILED] = IN_LINE,
	[EVENT_NOTICE_CANCELLED] = IN_LINE,
	[EVENT_REPORT_DELIVER] = IN_LINE,
	[EVENT_REPORT_FAIL] = IN_LINE,
};

bool
unit_event_reserved(const struct event *e)
{
	wr_assert(e->kind < EVENT_KIND_COUNT && claims[e->kind] != UNDECIDED);
	return e->alarm_class == CLASS_FIRE || e->alarm_class == CLASS_SYSTEM ||
	       claims[e->kind] == RESERVED;
}

// What overtakes and what may be the cause of it must not be parted: an output that
// follows an alarm, a suppression that names another point, and a panel's record stay
// in line.
static bool
urgent_kind(enum event_kind kind)
{
	static const enum event_kind kinds[] = { EVENT_ALARM_ACKNOWLEDGE,
		EVENT_ALARM_SEEN, EVENT_ALARM_VERIFY, EVENT_ALARM_MISSED,
		EVENT_ALARM_RESET, EVENT_PANEL_RESET, EVENT_SILENCE, EVENT_SESSION_OPEN,
		EVENT_SESSION_CLOSE, EVENT_DAEMON_START, EVENT_DAEMON_DOWN,
		EVENT_CONFIG_LOAD, EVENT_CONFIG_REFUSED, EVENT_CLOCK_STEP,
		EVENT_STORE_MODE, EVENT_EVENTS_LOST, EVENT_USER_CHANGE,
		EVENT_BYPASS_START, EVENT_BYPASS_END, EVENT_SHELVE_START,
		EVENT_SHELVE_END, EVENT_ISOLATE_START, EVENT_ISOLATE_END,
		EVENT_TEST_START, EVENT_TEST_END, EVENT_DEADMAN_ASK,
		EVENT_DEADMAN_ANSWER };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i] == kind)
			return true;
	}
	return false;
}

bool
unit_event_urgent(const struct event *e)
{
	if (e->kind == EVENT_DAEMON_STOP)
		return false;
	return e->alarm_class == CLASS_FIRE || e->alarm_class == CLASS_SYSTEM ||
	       urgent_kind(e->kind);
}

bool
unit_urgent(const struct unit *u)
{
	const struct alarm_row *alarms = u->alarms.data;
	const struct notice *notices = u->notices.data;
	bool urgent = false;

	for (size_t i = 0; i < u->events.n; i++) {
		const struct event *e = unit_event_at(u, i);
		if (e->kind == EVENT_DAEMON_STOP)
			return false;
		urgent = urgent || unit_event_urgent(e);
	}
	for (size_t i = 0; i < u->alarms.n && !urgent; i++)
		urgent = alarms[i].alarm_class == CLASS_FIRE;
	for (size_t i = 0; i < u->notices.n && !urgent; i++)
		urgent = notices[i].subject.alarm_class == CLASS_FIRE;
	return urgent;
}

// ---- packing
// ----------------------------------------------------------------------------

struct packer {
	uint8_t *data;
	size_t len, size;
};

static void
put(struct packer *p, const void *data, size_t len)
{
	if (p->size - p->len < len) {
		p->size = (p->size + len) * 2;
		p->data = xreallocarray(p->data, p->size, 1);
	}
	memcpy(p->data + p->len, data, len);
	p->len += len;
}

// Most of a row is zeros: they are passed over in words.
static size_t
zeros(const uint8_t *at, size_t left)
{
	size_t n = 0, most = left < RUN_MAX ? left : RUN_MAX;
	uint64_t word = 0;
	while (n + sizeof(word) <= most) {
		memcpy(&word, at + n, sizeof(word));
		if (word != 0)
			break;
		n += sizeof(word);
	}
	while (n < most && at[n] == 0)
		n++;
	return n;
}

static size_t
others(const uint8_t *at, size_t left)
{
	size_t n = 0, most = left < RUN_MAX ? left : RUN_MAX;
	while (n < most && at[n] != 0)
		n++;
	return n;
}

// As pairs: number of zeros, number of other bytes, those bytes.
static void
pack_rows(struct packer *p, struct rows *r, size_t size)
{
	const uint8_t *at = r->data;
	size_t left = r->n * size;
	while (left > 0) {
		uint8_t head[2];
		head[0] = (uint8_t)zeros(at, left);
		head[1] = (uint8_t)others(at + head[0], left - head[0]);
		put(p, head, sizeof(head));
		put(p, at + head[0], head[1]);
		at += head[0] + head[1];
		left -= (size_t)head[0] + head[1];
	}
	free(r->data);
	r->data = NULL;
	r->size = 0;
}

static size_t
unpack_rows(const uint8_t *from, struct rows *r, size_t size)
{
	const uint8_t *in = from;
	if (r->n == 0)
		return 0;
	r->size = r->n;
	r->data = xcalloc(r->n, size);
	uint8_t *at = r->data;
	size_t left = r->n * size;
	while (left > 0) {
		size_t skip = in[0], n = in[1];
		wr_assert(skip + n <= left);
		memcpy(at + skip, in + 2, n);
		at += skip + n;
		left -= skip + n;
		in += 2 + n;
	}
	return (size_t)(in - from);
}

void
unit_pack(struct unit *u)
{
	wr_assert(u->packed == NULL);
	struct packer p = { .data = xmalloc(256), .size = 256 };
	pack_rows(&p, &u->events, sizeof(struct event));
	pack_rows(&p, &u->alarms, sizeof(struct alarm_row));
	pack_rows(&p, &u->notices, sizeof(struct notice));
	pack_rows(&p, &u->metas, sizeof(struct meta_row));
	pack_rows(&p, &u->flags, sizeof(struct flag_row));
	u->packed = xreallocarray(p.data, p.len + 1, 1);
	u->packed_len = p.len;
}

void
unit_unpack(struct unit *u)
{
	wr_assert(u->packed != NULL);
	const uint8_t *at = u->packed;
	at += unpack_rows(at, &u->events, sizeof(struct event));
	at += unpack_rows(at, &u->alarms, sizeof(struct alarm_row));
	at += unpack_rows(at, &u->notices, sizeof(struct notice));
	at += unpack_rows(at, &u->metas, sizeof(struct meta_row));
	at += unpack_rows(at, &u->flags, sizeof(struct flag_row));
	wr_assert((size_t)(at - u->packed) == u->packed_len);
	free(u->packed);
	u->packed = NULL;
	u->packed_len = 0;
}
