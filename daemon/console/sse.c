// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Server-sent events. Owns the ring and the list of streams; runs on the loop thread.
// Items are formatted once; each stream has a place in the ring and takes from there
// what its output has room for, so a reader that is slow costs 64 KiB and nothing else.
// One that the ring has overtaken gets a snapshot, one that takes nothing is cut; both
// lose nothing, because a client goes on from its last id.
// Pushing only adds to the ring; sending happens a round later, for all streams at
// once, so that an alarm's path through the engine never waits for consoles (I2).
#include "console/sse.h"

#include <stdlib.h>
#include <string.h>

#include "console/console_int.h"
#include "console/presence.h"
#include "console/ring.h"
#include "lib/mem.h"

struct stream {
	struct stream *next, **link;
	struct sse *sse;
	struct http_request *request;
	uint64_t at; // index of the next item
	bool needs_state;
	int64_t state_ms;        // last snapshot; 0 = none yet. Monotonic
	unsigned stalled;        // beats in a row in which nothing left
	uint64_t beat_version;   // sent
	uint64_t health_version; // sent
	int known;               // of presence.h, or PRESENCE_NONE
};

struct sse {
	struct console *c;
	struct ring ring;
	struct stream *streams;
	unsigned n_streams;
	struct loop_timer flush, beat, health;
	int64_t health_ms; // last message
	struct blob *health_bytes;
	uint64_t health_version;
	struct blob *beat_bytes;
	uint64_t beat_version;
	struct stream *filling; // where the present flush goes on, or NULL
	bool refill;            // something came while it ran
	bool later;             // a stream waits until a snapshot is due
	char boot[MINT_MAX];
	struct presence presence;
	uint64_t cut;
	struct sse_counts told;
	bool stopped;
};

static const char *const kind_names[] = {
	[SSE_JOURNAL] = "journal",
	[SSE_ALARM] = "alarm",
	[SSE_DURABLE] = "durable",
	[SSE_POINT] = "point",
	[SSE_PATROL] = "patrol",
};

// The first part of each id.
static const char *
boot_of(struct sse *q)
{
	struct health_view h = { 0 };

	if (q->boot[0] == '\0') {
		q->c->host.health(q->c->host.ctx, &h);
		(void)str_copy(q->boot, sizeof(q->boot), h.boot != NULL ? h.boot : "");
	}
	return q->boot;
}

struct sse_counts
sse_counts(const struct sse *q)
{
	return (struct sse_counts){ .streams = q->n_streams,
		.sounding = presence_sounding(&q->presence),
		.cut = q->cut };
}

static void
tell_host(struct sse *q)
{
	struct sse_counts n = sse_counts(q);

	if (q->stopped ||
	    (n.streams == q->told.streams && n.sounding == q->told.sounding))
		return;
	q->told = n;
	q->c->host.consoles(q->c->host.ctx, n.streams, n.sounding);
}

bool
sse_can_sound(struct sse *q, const char *console, bool can_sound)
{
	bool news = presence_can_sound(&q->presence, console, can_sound);

	tell_host(q);
	return news;
}

// --- one stream -------------------------------------------------------------------

static void
on_gone(void *arg)
{
	struct stream *s = arg;
	struct sse *q = s->sse;

	if (q->filling == s)
		q->filling = s->next;
	*s->link = s->next;
	if (s->next != NULL)
		s->next->link = s->link;
	q->n_streams--;
	presence_leave(&q->presence, s->known);
	free(s);
	tell_host(q);
}

static void
flush_soon(struct sse *q)
{
	if (q->filling != NULL)
		q->refill = true;
	else if (q->streams != NULL)
		loop_timer_in(q->c->loop, &q->flush, 0);
}

static void
on_drained(void *arg)
{
	struct stream *s = arg;
	struct sse *q = s->sse;

	s->stalled = 0;
	if (http_stream_queued(s->request) <= SSE_OUTPUT_MAX / 2 &&
	    (s->needs_state || s->at < q->ring.end))
		flush_soon(q);
}

// The text as one HTTP chunk. Empties *text.
static struct blob *
chunk(struct buf *text)
{
	struct buf b = { 0 };

	buf_printf(&b, "%zx\r\n", text->len);
	buf_add(&b, text->data, text->len);
	buf_str(&b, "\r\n");
	buf_free(text);
	return blob_take(&b);
}

// Three chunks: this console's head, the shared state with its length before it, the
// end.
static void
send_state(struct sse *q, struct stream *s)
{
	struct console *c = q->c;
	struct snapshots *snap = &c->snapshots;
	struct buf head = { 0 }, end = { 0 };

	struct stream_position here = sse_position(q);
	snapshot_refresh(snap, &c->host, loop_now_ms(c->loop), &here);
	s->request->session =
	    sessions_by_serial(&c->sessions, s->request->session_serial);
	// The id is the place that the snapshot holds, not the newest.
	const char *id = snap->state->data + strlen("{\"id\":\"");
	buf_str(&head, "retry: 1000\nid: ");
	buf_add(&head, id, strcspn(id, "\""));
	buf_str(&head, "\nevent: state\ndata: ");
	snapshot_head(&head, loop_utc_ms(c->loop), s->request);
	s->request->session = NULL;
	struct blob *first = chunk(&head);
	buf_printf(&end, "%zx\r\n", snap->state->len - 1);
	size_t before = end.len;
	buf_str(&end, "\r\n2\r\n\n\n\r\n");
	struct blob *around = blob_take(&end);
	const struct http_part parts[] = {
		{ first, 0, first->len },
		{ around, 0, before },
		{ snap->state, 1, snap->state->len },
		{ around, before, around->len },
	};
	http_stream_send(s->request, parts, sizeof(parts) / sizeof(parts[0]));
	blob_unref(first);
	blob_unref(around);
	s->at = snap->index;
	s->needs_state = false;
	s->state_ms = loop_now_ms(c->loop);
	s->health_version = q->health_version;
}

// Whether a snapshot may go out now; notes where it is too early.
static bool
state_is_due(struct sse *q, const struct stream *s, size_t queued)
{
	int64_t age = loop_now_ms(q->c->loop) - s->state_ms;

	if (queued > SSE_OUTPUT_MAX / 2)
		return false; // on_drained comes back
	if (s->state_ms == 0 || age >= SSE_STATE_EVERY_MS)
		return true;
	q->later = true;
	return false;
}

static void
send_one(struct stream *s, struct blob *b)
{
	http_stream_send(s->request, &(struct http_part){ b, 0, b->len }, 1);
}

// Sends items until the stream has all or its output is full. False: it is full.
static bool
send_items(struct sse *q, struct stream *s, size_t queued)
{
	while (s->at < q->ring.end) {
		struct http_part parts[HTTP_PARTS];
		size_t n = 0;
		for (; n < HTTP_PARTS && s->at < q->ring.end; n++, s->at++) {
			struct blob *b = ring_at(&q->ring, s->at)->bytes;
			if (queued > 0 && queued + b->len > SSE_OUTPUT_MAX)
				break;
			parts[n] = (struct http_part){ b, 0, b->len };
			queued += b->len;
		}
		if (n == 0)
			return false;
		http_stream_send(s->request, parts, n);
		queued = http_stream_queued(s->request);
	}
	return true;
}

// Gives a stream what it lacks and has room for.
static void
fill(struct sse *q, struct stream *s)
{
	size_t queued = http_stream_queued(s->request);

	if (queued == 0)
		s->stalled = 0;
	if (s->at < q->ring.begin)
		s->needs_state = true;
	if (s->needs_state) {
		if (!state_is_due(q, s, queued))
			return;
		send_state(q, s);
		queued = 0; // a snapshot is bounded and shared: it does not count
	}
	if (!send_items(q, s, queued))
		return;
	bool room = http_stream_queued(s->request) < SSE_OUTPUT_MAX;
	if (room && s->health_version != q->health_version && q->health_bytes != NULL) {
		send_one(s, q->health_bytes);
		s->health_version = q->health_version;
	}
	// Its n promises all items up to n, so only to who has them.
	if (room && s->beat_version != q->beat_version) {
		send_one(s, q->beat_bytes);
		s->beat_version = q->beat_version;
	}
}

// A slice of the streams in each round, so that a thousand of them never keep an alarm
// waiting (I1).
static void
on_flush(void *arg)
{
	struct sse *q = arg;

	if (q->filling == NULL) {
		q->filling = q->streams;
		q->refill = q->later = false;
	}
	for (int i = 0; q->filling != NULL && i < SSE_SLICE; i++) {
		struct stream *s = q->filling;
		q->filling = s->next;
		fill(q, s);
	}
	if (q->filling != NULL || q->refill)
		loop_timer_in(q->c->loop, &q->flush, 0);
	else if (q->later)
		loop_timer_in(q->c->loop, &q->flush, SSE_STATE_EVERY_MS / 2);
}

// --- items ------------------------------------------------------------------------

// "id", "event" and "data" lines as one HTTP chunk. Empties *json.
static struct blob *
frame(const char *boot, uint64_t n, const char *event, struct buf *json)
{
	struct buf text = { 0 };

	if (boot != NULL)
		buf_printf(&text, "id: %s-%llu\n", boot, (unsigned long long)n);
	buf_printf(&text, "event: %s\ndata: ", event);
	buf_add(&text, json->data, json->len);
	buf_str(&text, "\n\n");
	buf_free(json);
	return chunk(&text);
}

void
sse_push(struct sse *q, enum sse_kind kind, uint64_t n, struct buf *json)
{
	uint64_t id = n > q->ring.n ? n : q->ring.n;

	ring_add(&q->ring, frame(boot_of(q), id, kind_names[kind], json), n);
	q->c->snapshots.dirty = true;
	flush_soon(q);
}

static void
on_health(void *arg)
{
	struct sse *q = arg;
	struct console *c = q->c;
	struct buf json = { 0 };

	if (q->streams == NULL)
		return;
	struct stream_position here = sse_position(q);
	snapshot_refresh(&c->snapshots, &c->host, loop_now_ms(c->loop), &here);
	if (c->snapshots.dirty) {
		loop_timer_in(c->loop, &q->health, SNAPSHOT_MIN_MS);
		return;
	}
	buf_add(&json, c->snapshots.health->data, c->snapshots.health->len);
	blob_unref(q->health_bytes);
	q->health_bytes = frame(boot_of(q), q->ring.n, "health", &json);
	q->health_version++;
	q->health_ms = loop_now_ms(c->loop);
	flush_soon(q);
}

void
sse_push_health(struct sse *q)
{
	int64_t since = loop_now_ms(q->c->loop) - q->health_ms;

	q->c->snapshots.dirty = true;
	if (q->streams == NULL || loop_timer_armed(&q->health))
		return;
	loop_timer_in(q->c->loop, &q->health,
	    since < SSE_HEALTH_EVERY_MS ? SSE_HEALTH_EVERY_MS - since : 0);
}

struct stream_position
sse_position(const struct sse *q)
{
	return (struct stream_position){
		.n = q->ring.n, .oldest = q->ring.begin, .next = q->ring.end
	};
}

// --- the beat ---------------------------------------------------------------------

static struct blob *
beat_bytes(struct sse *q)
{
	struct buf json = { 0 };

	json_open(&json, NULL, '{');
	json_time(&json, "time", loop_utc_ms(q->c->loop));
	json_int(&json, "n", (int64_t)q->ring.n);
	json_close(&json, '}');
	return frame(NULL, 0, "hb", &json);
}

static bool
must_end(const struct sse *q, struct stream *s, size_t queued)
{
	const struct http_request *r = s->request;

	if (!r->desk && sessions_by_serial(&q->c->sessions, r->session_serial) == NULL)
		return true;
	return queued > 0 && ++s->stalled > SSE_STALL_BEATS;
}

static void
on_beat(void *arg)
{
	struct sse *q = arg;
	struct stream *next;

	for (struct stream *s = q->streams; s != NULL; s = next) {
		next = s->next;
		if (!must_end(q, s, http_stream_queued(s->request)))
			continue;
		q->cut++;
		http_stream_end(s->request);
	}
	if (q->streams == NULL)
		return;
	blob_unref(q->beat_bytes);
	q->beat_bytes = beat_bytes(q);
	q->beat_version++;
	flush_soon(q);
	loop_timer_in(q->c->loop, &q->beat, SSE_BEAT_MS);
}

// --- opening ----------------------------------------------------------------------

// Where "<boot>-<n>" goes on. False: a snapshot is needed.
static bool
find_place(struct sse *q, const char *last, uint64_t *at)
{
	size_t len = strlen(boot_of(q));

	if (last == NULL || strncmp(last, q->boot, len) != 0 || last[len] != '-')
		return false;
	const char *digits = last + len + 1;
	size_t n = strspn(digits, "0123456789");
	if (n == 0 || n > 18 || digits[n] != '\0')
		return false;
	return ring_resume(&q->ring, strtoull(digits, NULL, 10), at);
}

static void
link_stream(struct sse *q, struct stream *s)
{
	s->next = q->streams;
	s->link = &q->streams;
	if (q->streams != NULL)
		q->streams->link = &s->next;
	q->streams = s;
	q->n_streams++;
	if (!loop_timer_armed(&q->beat))
		loop_timer_in(q->c->loop, &q->beat, SSE_BEAT_MS);
}

void
sse_open(struct sse *q, struct http_request *r, const char *console, const char *last)
{
	if (q->n_streams >= SSE_STREAMS_MAX) {
		http_error(r, 503, "too_many_streams", NULL);
		return;
	}
	struct stream *s = xcalloc(1, sizeof(*s));
	s->sse = q;
	s->request = r;
	s->needs_state = !find_place(q, last, &s->at);
	s->health_version = q->health_version;
	s->beat_version = q->beat_version;
	s->known = PRESENCE_NONE;
	if (http_stream(r, "text/event-stream; charset=utf-8", on_gone, on_drained, s) <
	    0) {
		free(s);
		return;
	}
	r->session = NULL; // valid during the handler's call only
	link_stream(q, s);
	if (console != NULL)
		s->known = presence_enter(&q->presence, console);
	tell_host(q);
	fill(q, s);
	// Health messages are not kept: who comes back gets the next one.
	sse_push_health(q);
}

struct sse *
sse_new(struct console *c)
{
	struct sse *q = xcalloc(1, sizeof(*q));

	q->c = c;
	q->health_version = 1;
	loop_timer_init(&q->flush, on_flush, q);
	loop_timer_init(&q->beat, on_beat, q);
	loop_timer_init(&q->health, on_health, q);
	return q;
}

void
sse_stop(struct sse *q)
{
	q->stopped = true;
	loop_timer_stop(q->c->loop, &q->flush);
	loop_timer_stop(q->c->loop, &q->beat);
	loop_timer_stop(q->c->loop, &q->health);
}

void
sse_free(struct sse *q)
{
	if (q == NULL)
		return;
	wr_assert(q->streams == NULL);
	ring_free(&q->ring);
	blob_unref(q->health_bytes);
	blob_unref(q->beat_bytes);
	free(q);
}
