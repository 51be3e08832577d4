// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A bus out of a recording: a transport without a wire, under the same queue, plan,
// framing and decoding as Modbus TCP. A request is answered as the recording says at
// that moment of it (replay_image.h), after as long as it took then; what was never
// recorded is not answered. Where the recording says that the link was lost, it is; at
// its end it is for good, with the code "recording-end". Runs on the loop; allocates at
// start only.
#include <stdlib.h>
#include <string.h>

#include "drivers/modbus_bus.h"
#include "drivers/modbus_driver.h"
#include "drivers/replay_image.h"
#include "lib/mem.h"

enum {
	MBAP_UNIT = 6, // transaction, protocol, length before it
	MBAP_PDU = 7,
	WRITE_REGISTERS_FUNCTION = 16,
};

static const char recording_end[] = "recording-end";

// An answer on its way.
struct pending {
	bool used;
	int64_t due_ms;
	size_t n;
	uint8_t frame[PDU_FRAME_MAX];
};

struct driver_instance {
	struct mbus bus; // first: the transport gets its address
	const struct recording *recording;
	struct replay_image *image;
	int64_t start_ms; // monotonic
	uint32_t next_link;
	struct loop_timer timer;
	struct pending pending[WINDOW_MAX];
};

static struct driver_instance *
instance_of(struct mbus *b)
{
	return (struct driver_instance *)b;
}

static int64_t
now_of(const struct driver_instance *t)
{
	return loop_now_ms(t->bus.host->loop);
}

// Where the recording is now; beyond its end once it is over.
static int64_t
recorded_ms(const struct driver_instance *t)
{
	return (now_of(t) - t->start_ms) * t->bus.def->speed;
}

// When the recording is there, not before.
static int64_t
real_ms(const struct driver_instance *t, int64_t recorded)
{
	int64_t speed = t->bus.def->speed;

	return t->start_ms + (recorded + speed - 1) / speed;
}

static bool
is_over(const struct driver_instance *t)
{
	return recorded_ms(t) > t->recording->length_ms;
}

// ---- time --------------------------------------------------------------------------

static void
arm(struct driver_instance *t)
{
	int64_t when = INT64_MAX;

	if (t->next_link < t->recording->n_links)
		when = real_ms(t, t->recording->links[t->next_link].at_ms);
	else if (!is_over(t))
		when = real_ms(t, (int64_t)t->recording->length_ms + 1);
	for (size_t i = 0; i < WINDOW_MAX; i++)
		if (t->pending[i].used && t->pending[i].due_ms < when)
			when = t->pending[i].due_ms;
	if (when == INT64_MAX)
		loop_timer_stop(t->bus.host->loop, &t->timer);
	else
		loop_timer_at(t->bus.host->loop, &t->timer, when);
}

// Why the link is lost now, or NULL.
static const char *
lost_code(const struct driver_instance *t)
{
	if (is_over(t))
		return recording_end;
	if (t->next_link == 0)
		return NULL;
	const struct recorded_link *last = &t->recording->links[t->next_link - 1];
	return last->lost ? last->code : NULL;
}

static void
follow_links(struct driver_instance *t)
{
	const struct recording *r = t->recording;

	while (
	    t->next_link < r->n_links && r->links[t->next_link].at_ms <= recorded_ms(t))
		t->next_link++;
	const char *code = lost_code(t);
	if (code != NULL && t->bus.state == MBUS_OPEN)
		mbus_broken(&t->bus, code);
}

static void
deliver(struct driver_instance *t, const struct pending *p)
{
	size_t at = 0, room;

	while (at < p->n && t->bus.state == MBUS_OPEN) {
		uint8_t *to = mbus_room(&t->bus, &room);
		size_t n = p->n - at < room ? p->n - at : room;

		memcpy(to, p->frame + at, n);
		at += n;
		mbus_received(&t->bus, n);
	}
}

static void
on_timer(void *arg)
{
	struct driver_instance *t = arg;

	follow_links(t);
	for (size_t i = 0; i < WINDOW_MAX; i++) {
		if (!t->pending[i].used || t->pending[i].due_ms > now_of(t))
			continue;
		struct pending p = t->pending[i];
		t->pending[i].used = false;
		deliver(t, &p);
	}
	arm(t);
}

// ---- the transport -----------------------------------------------------------------

static enum mbus_open
replay_open(struct mbus *b, const char **code)
{
	const char *lost = lost_code(instance_of(b));

	if (lost == NULL)
		return MBUS_OPEN_DONE;
	*code = lost;
	return MBUS_OPEN_FAILED;
}

static void
replay_close(struct mbus *b)
{
	struct driver_instance *t = instance_of(b);

	for (size_t i = 0; i < WINDOW_MAX; i++)
		t->pending[i].used = false;
}

static uint16_t
get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static struct pending *
free_pending(struct driver_instance *t)
{
	for (size_t i = 0; i < WINDOW_MAX; i++)
		if (!t->pending[i].used)
			return &t->pending[i];
	return NULL; // answers to requests whose time was up: this one is lost
}

// The answer's frame, with the request's transaction and unit.
static void
build(const struct replay_answer *a, const uint8_t *request, struct pending *p)
{
	uint8_t *pdu = p->frame + MBAP_PDU;
	size_t n;

	memcpy(p->frame, request, MBAP_PDU);
	pdu[0] = request[MBAP_PDU];
	if (a->end == RECORDED_EXCEPTION) {
		pdu[0] |= 0x80;
		pdu[1] = a->exception;
		n = 2;
	} else if (pdu[0] <= 4) {
		pdu[1] = a->n_data;
		memcpy(pdu + 2, a->data, a->n_data);
		n = 2U + a->n_data;
	} else {
		memcpy(pdu + 1, request + MBAP_PDU + 1, 4);
		n = 5;
	}
	p->frame[MBAP_UNIT - 2] = (uint8_t)((n + 1) >> 8);
	p->frame[MBAP_UNIT - 1] = (uint8_t)(n + 1);
	p->n = MBAP_PDU + n;
}

static int
replay_send(struct mbus *b, const uint8_t *frame, size_t len)
{
	struct driver_instance *t = instance_of(b);
	struct pending *p = free_pending(t);
	struct replay_answer a;
	int64_t at = recorded_ms(t);

	wr_assert(len >= MBAP_PDU + 5);
	const uint8_t *pdu = frame + MBAP_PDU;
	const struct replay_question q = {
		.unit = frame[MBAP_UNIT],
		.function = pdu[0],
		.address = get16(pdu + 1),
		.count = pdu[0] <= 4 || pdu[0] == WRITE_REGISTERS_FUNCTION
			     ? get16(pdu + 3)
			     : 1,
		.at_ms = at > UINT32_MAX ? UINT32_MAX : (uint32_t)at,
		.hasty = b->def->speed > 1,
	};
	replay_image_ask(t->image, &q, &a);
	if (a.end == RECORDED_NOTHING || p == NULL)
		return 0;
	build(&a, frame, p);
	p->used = true;
	p->due_ms = now_of(t) + a.took_ms / b->def->speed;
	arm(t);
	return 0;
}

static const struct mbus_transport replay_transport = {
	.framing = PDU_MBAP,
	.open = replay_open,
	.close = replay_close,
	.send = replay_send,
};

// ---- the driver --------------------------------------------------------------------

static struct driver_instance *
replay_start(const struct driver_host *host, uint16_t index)
{
	struct driver_instance *t = xcalloc(1, sizeof(*t));

	t->recording = host->site->buses[index].recording;
	t->image = replay_image_new(t->recording);
	t->start_ms = loop_now_ms(host->loop);
	loop_timer_init(&t->timer, on_timer, t);
	mbus_start(&t->bus, host, &replay_transport, index);
	follow_links(t);
	arm(t);
	return t;
}

static void
replay_stop(struct driver_instance *t)
{
	loop_timer_stop(t->bus.host->loop, &t->timer);
	mbus_stop(&t->bus);
	replay_image_free(t->image);
	free(t);
}

const struct driver driver_replay = {
	.name = "replay",
	.start = replay_start,
	.stop = replay_stop,
	MBUS_DRIVER_CALLS,
};
