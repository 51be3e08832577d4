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

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "console/console_int.h"
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
	uint64_t health_version; // sent
	int known;               // slot of its console, -1 = has no id
};

// A console that told us its id.
struct known {
	char id[SSE_CONSOLE_ID];
	bool can_sound;
	unsigned streams;
	uint64_t used; // order of use
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
	char boot[MINT_MAX];
	struct known known[SSE_CONSOLES_MAX];
	int n_known;
	uint64_t uses;
	uint64_t cut;
	struct sse_counts told;
	bool stopped;
};

static const char *const kind_names[] = {
	[SSE_JOURNAL] = "journal",
	[SSE_ALARM] = "alarm",
	[SSE_DURABLE] = "durable",
};

const char *
sse_boot(struct sse *q)
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
	struct sse_counts n = { .streams = q->n_streams, .cut = q->cut };

	for (int i = 0; i < q->n_known; i++)
		if (q->known[i].can_sound)
			n.sounding += q->known[i].streams;
	return n;
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

// --- consoles ---------------------------------------------------------------------

bool
sse_console_id_is_fine(const char *id)
{
	size_t len = strlen(id);

	return len > 0 && len < SSE_CONSOLE_ID &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			  "0123456789._-") == len;
}

// Its slot; the one unused for longest goes when all are taken.
static int
know(struct sse *q, const char *id)
{
	int slot = -1;

	for (int i = 0; i < q->n_known; i++) {
		if (strcmp(q->known[i].id, id) == 0) {
			q->known[i].used = ++q->uses;
			return i;
		}
		if (q->known[i].streams == 0 &&
		    (slot < 0 || q->known[i].used < q->known[slot].used))
			slot = i;
	}
	if (q->n_known < SSE_CONSOLES_MAX)
		slot = q->n_known++;
	// More slots than streams, so one without a stream was found.
	wr_assert(slot >= 0);
	q->known[slot] = (struct known){ .used = ++q->uses };
	(void)str_copy(q->known[slot].id, sizeof(q->known[slot].id), id);
	return slot;
}

void
sse_can_sound(struct sse *q, const char *console, bool can_sound)
{
	q->known[know(q, console)].can_sound = can_sound;
	tell_host(q);
}

// --- one stream -------------------------------------------------------------------

static void
on_gone(void *arg)
{
	struct stream *s = arg;
	struct sse *q = s->sse;

	*s->link = s->next;
	if (s->next != NULL)
		s->next->link = s->link;
	q->n_streams--;
	if (s->known >= 0)
		q->known[s->known].streams--;
	free(s);
	tell_host(q);
}

static void
on_drained(void *arg)
{
	struct stream *s = arg;
	struct sse *q = s->sse;
	size_t left = evbuffer_get_length(http_stream_output(s->request));

	s->stalled = 0;
	if (left <= SSE_OUTPUT_MAX / 2 && (s->needs_state || s->at < q->ring.end) &&
	    !loop_timer_armed(&q->flush))
		loop_timer_in(q->c->loop, &q->flush, 0);
}

static void
put_chunk(struct evbuffer *out, const struct buf *b)
{
	(void)evbuffer_add_printf(out, "%zx\r\n", b->len);
	(void)evbuffer_add(out, b->data, b->len);
	(void)evbuffer_add(out, "\r\n", 2);
}

static void
send_state(struct sse *q, struct stream *s, struct evbuffer *out)
{
	struct console *c = q->c;
	struct snapshots *snap = &c->snapshots;
	struct buf head = { 0 }, tail = { 0 };

	snapshot_refresh(snap, &c->host, loop_now_ms(c->loop), q->ring.n, q->ring.end);
	s->request->session =
	    sessions_by_serial(&c->sessions, s->request->session_serial);
	// The id is the place that the snapshot holds, not the newest.
	const char *id = snap->state->data + strlen("{\"id\":\"");
	buf_str(&head, "retry: 1000\nid: ");
	buf_add(&head, id, strcspn(id, "\""));
	buf_str(&head, "\nevent: state\ndata: ");
	snapshot_head(&head, loop_utc_ms(c->loop), s->request);
	s->request->session = NULL;
	put_chunk(out, &head);
	(void)evbuffer_add_printf(out, "%zx\r\n", snap->state->len - 1);
	blob_send(snap->state, 1, snap->state->len, out);
	(void)evbuffer_add(out, "\r\n", 2);
	buf_str(&tail, "\n\n");
	put_chunk(out, &tail);
	buf_free(&head);
	buf_free(&tail);
	s->at = snap->index;
	s->needs_state = false;
	s->state_ms = loop_now_ms(c->loop);
	s->health_version = q->health_version;
}

// Whether a snapshot may go out now; arms the timer for later where it is too early.
static bool
state_is_due(struct sse *q, const struct stream *s, size_t queued)
{
	int64_t age = loop_now_ms(q->c->loop) - s->state_ms;

	if (queued > SSE_OUTPUT_MAX / 2)
		return false; // on_drained comes back
	if (s->state_ms == 0 || age >= SSE_STATE_EVERY_MS)
		return true;
	if (!loop_timer_armed(&q->flush))
		loop_timer_in(q->c->loop, &q->flush, SSE_STATE_EVERY_MS - age);
	return false;
}

// Gives a stream what it lacks and has room for.
static void
fill(struct sse *q, struct stream *s)
{
	struct evbuffer *out = http_stream_output(s->request);
	size_t queued = evbuffer_get_length(out);

	if (queued == 0)
		s->stalled = 0;
	if (s->at < q->ring.begin)
		s->needs_state = true;
	if (s->needs_state) {
		if (!state_is_due(q, s, queued))
			return;
		send_state(q, s, out);
		queued = 0; // a snapshot is bounded and shared: it does not count
	}
	for (; s->at < q->ring.end; s->at++) {
		const struct ring_item *i = ring_at(&q->ring, s->at);
		if (queued > 0 && queued + i->bytes->len > SSE_OUTPUT_MAX)
			return;
		blob_send(i->bytes, 0, i->bytes->len, out);
		queued += i->bytes->len;
	}
	if (s->health_version != q->health_version && q->health_bytes != NULL &&
	    queued < SSE_OUTPUT_MAX) {
		blob_send(q->health_bytes, 0, q->health_bytes->len, out);
		s->health_version = q->health_version;
	}
}

static void
on_flush(void *arg)
{
	struct sse *q = arg;

	for (struct stream *s = q->streams; s != NULL; s = s->next)
		fill(q, s);
}

static void
flush_soon(struct sse *q)
{
	if (q->streams != NULL)
		loop_timer_in(q->c->loop, &q->flush, 0);
}

// --- items ------------------------------------------------------------------------

// "id", "event" and "data" lines as one HTTP chunk. Empties *json.
static struct blob *
frame(const char *boot, uint64_t n, const char *event, struct buf *json)
{
	struct buf text = { 0 }, chunk = { 0 };

	if (boot != NULL)
		buf_printf(&text, "id: %s-%llu\n", boot, (unsigned long long)n);
	buf_printf(&text, "event: %s\ndata: ", event);
	buf_add(&text, json->data, json->len);
	buf_str(&text, "\n\n");
	buf_printf(&chunk, "%zx\r\n", text.len);
	buf_add(&chunk, text.data, text.len);
	buf_str(&chunk, "\r\n");
	buf_free(&text);
	buf_free(json);
	return blob_take(&chunk);
}

void
sse_push(struct sse *q, enum sse_kind kind, uint64_t n, struct buf *json)
{
	uint64_t id = n > q->ring.n ? n : q->ring.n;

	ring_add(&q->ring, frame(sse_boot(q), id, kind_names[kind], json), n);
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
	snapshot_refresh(
	    &c->snapshots, &c->host, loop_now_ms(c->loop), q->ring.n, q->ring.end);
	if (c->snapshots.dirty) {
		loop_timer_in(c->loop, &q->health, SNAPSHOT_MIN_MS);
		return;
	}
	buf_add(&json, c->snapshots.health->data, c->snapshots.health->len);
	blob_unref(q->health_bytes);
	q->health_bytes = frame(sse_boot(q), q->ring.n, "health", &json);
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

void
sse_position(const struct sse *q, uint64_t *n, uint64_t *index)
{
	*n = q->ring.n;
	*index = q->ring.end;
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
	struct blob *bytes = beat_bytes(q);
	struct stream *next;

	for (struct stream *s = q->streams; s != NULL; s = next) {
		struct evbuffer *out = http_stream_output(s->request);
		size_t queued = evbuffer_get_length(out);
		next = s->next;
		if (must_end(q, s, queued)) {
			q->cut++;
			http_stream_end(s->request);
			continue;
		}
		fill(q, s);
		// Its n promises all items up to n, so only to who has them.
		if (!s->needs_state && s->at == q->ring.end && queued < SSE_OUTPUT_MAX)
			blob_send(bytes, 0, bytes->len, out);
	}
	blob_unref(bytes);
	if (q->streams != NULL)
		loop_timer_in(q->c->loop, &q->beat, SSE_BEAT_MS);
}

// --- opening ----------------------------------------------------------------------

// Where "<boot>-<n>" goes on. False: a snapshot is needed.
static bool
find_place(struct sse *q, const char *last, uint64_t *at)
{
	size_t len = strlen(sse_boot(q));

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
	s->known = console != NULL ? know(q, console) : -1;
	if (http_stream(r, "text/event-stream; charset=utf-8", on_gone, on_drained, s) <
	    0) {
		free(s);
		return;
	}
	r->session = NULL; // valid during the handler's call only
	link_stream(q, s);
	if (s->known >= 0)
		q->known[s->known].streams++;
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
	free(q);
}
