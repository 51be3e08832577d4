// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The blocking client of the tools. Polite by construction: one request in flight, the
// silence that a serial line needs before each, the gap that was asked for after each
// answer. A late answer is never taken for the next one: on TCP by its transaction
// number, on a line by throwing away what lies there before asking. One thread.
#include "drivers/modbus_client.h"

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "drivers/modbus_endpoint.h"
#include "drivers/modbus_pdu.h"
#include "lib/mem.h"

enum {
	SILENCE_MIN_MS = 4, // adapters deliver in lumps of a few ms
	RECEIVED_MAX = 1024
};

struct modbus_client {
	const struct client_target *target;
	uint32_t connect_ms;
	union modbus_endpoint address;
	socklen_t address_len;
	enum pdu_framing framing;
	struct modbus_port *port;
	int fd; // -1 = closed
	uint32_t silence_ms;
	int64_t quiet_until_us;
	uint16_t asked; // requests so far, modulo 65536
	uint64_t requests;
	size_t n_received;
	uint8_t received[RECEIVED_MAX];
};

static bool
is_udp(const struct modbus_client *c)
{
	return c->target->kind == CLIENT_RTU_UDP;
}

static int64_t
now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void
wait_until(int64_t us)
{
	int64_t left = us - now_us();

	if (left <= 0)
		return;
	struct timespec ts = { left / 1000000, left % 1000000 * 1000 };
	while (nanosleep(&ts, &ts) != 0 && errno == EINTR)
		;
}

// Waits until the descriptor is ready; 1, 0 where the time ran out, -1.
static int
wait_ready(int fd, short events, int64_t until_us)
{
	for (;;) {
		int64_t left = until_us - now_us();
		struct pollfd p = { .fd = fd, .events = events };
		int n = poll(&p, 1, left <= 0 ? 0 : (int)((left + 999) / 1000));
		if (n < 0 && errno == EINTR)
			continue;
		return n;
	}
}

static int
finish_connect(int fd, uint32_t timeout_ms)
{
	int error = 0;
	socklen_t len = sizeof(error);
	int n = wait_ready(fd, POLLOUT, now_us() + (int64_t)timeout_ms * 1000);

	if (n <= 0)
		error = n == 0 ? ETIMEDOUT : errno;
	else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	errno = error;
	return error == 0 ? 0 : -1;
}

static int
connect_socket(struct modbus_client *c)
{
	int on = 1;

	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	int result = connect(c->fd, &c->address.any, c->address_len);
	if (result != 0 && errno == EINPROGRESS)
		result = finish_connect(c->fd, c->connect_ms);
	return result;
}

static int
open_socket(struct modbus_client *c)
{
	const struct bus far = {
		.id = "probe", .host = c->target->host, .port = c->target->port
	};
	int type = is_udp(c) ? SOCK_DGRAM : SOCK_STREAM;

	c->address_len = modbus_endpoint(&far, &c->address);
	if (c->address_len == 0) {
		errno = EINVAL;
		return -1;
	}
	c->fd =
	    socket(c->address.any.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return -1;
	if ((is_udp(c) ? modbus_endpoint_bind(c->fd, &c->address, c->target->local_port)
		       : connect_socket(c)) == 0)
		return 0;
	int kept = errno;
	(void)close(c->fd);
	c->fd = -1;
	errno = kept;
	return -1;
}

static int
open_link(struct modbus_client *c, struct err *err)
{
	c->n_received = 0;
	if (c->target->kind == CLIENT_RTU) {
		c->port = modbus_port_open(&c->target->serial, err);
		c->fd = c->port != NULL ? modbus_port_fd(c->port) : -1;
		return c->fd < 0 ? -1 : 0;
	}
	if (open_socket(c) == 0)
		return 0;
	return err_set(err, errno, "%s port %u: %s", c->target->host, c->target->port,
	    strerror(errno));
}

static void
close_link(struct modbus_client *c)
{
	if (c->port != NULL)
		modbus_port_close(c->port);
	else if (c->fd >= 0)
		(void)close(c->fd);
	c->port = NULL;
	c->fd = -1;
}

static uint32_t
silence_of(const struct client_target *t)
{
	uint32_t baud = t->serial.baud;

	if (t->kind == CLIENT_TCP)
		return 0;
	uint32_t ms = baud > 0 ? (pdu_silence_us(baud) + 999) / 1000 : 0;
	return ms < SILENCE_MIN_MS ? SILENCE_MIN_MS : ms + 1;
}

struct modbus_client *
modbus_client_open(const struct client_target *t, uint32_t timeout_ms, struct err *err)
{
	struct modbus_client *c = xcalloc(1, sizeof(*c));

	c->target = t;
	c->connect_ms = timeout_ms;
	c->framing = t->kind == CLIENT_TCP ? PDU_MBAP : PDU_RTU;
	c->silence_ms = silence_of(t);
	c->fd = -1;
	if (open_link(c, err) == 0)
		return c;
	free(c);
	return NULL;
}

void
modbus_client_close(struct modbus_client *c)
{
	if (c == NULL)
		return;
	close_link(c);
	free(c);
}

uint64_t
modbus_client_requests(const struct modbus_client *c)
{
	return c->requests;
}

// What lies there answers nothing that is asked now.
static void
drop_stale(struct modbus_client *c)
{
	uint8_t stale[256];

	if (c->framing == PDU_MBAP)
		return; // the transaction number tells
	c->n_received = 0;
	if (c->port != NULL) {
		(void)tcflush(c->fd, TCIOFLUSH);
		return;
	}
	for (int i = 0; i < 16; i++)
		if (recv(c->fd, stale, sizeof(stale), MSG_DONTWAIT) <= 0)
			return;
}

static bool
broken(struct modbus_client *c, struct client_answer *out, const char *why)
{
	close_link(c);
	out->verdict = CLIENT_BROKEN;
	out->why = why;
	return true;
}

static bool
write_request(struct modbus_client *c, const uint8_t *frame, size_t len)
{
	if (c->port != NULL)
		return modbus_port_write(c->port, frame, len) == 0;
	if (is_udp(c))
		return sendto(c->fd, frame, len, MSG_NOSIGNAL, &c->address.any,
			   c->address_len) == (ssize_t)len;
	return send(c->fd, frame, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static bool
send_request(
    struct modbus_client *c, const struct pdu_request *req, struct client_answer *out)
{
	uint8_t frame[PDU_REQUEST_MAX];
	size_t len = pdu_build(c->framing, req, frame);

	drop_stale(c);
	c->requests++;
	bool sent = write_request(c, frame, len);
	if (!sent)
		(void)broken(c, out, "the request could not be sent");
	return sent;
}

static void
take_values(const struct client_question *q, const struct pdu_reply *r,
    struct client_answer *out)
{
	out->verdict = CLIENT_GOOD;
	for (uint16_t i = 0; i < q->count; i++)
		out->words[i] = pdu_value(q->area, r->data, i);
}

// True where the verdict ends the waiting.
static bool
judge(struct modbus_client *c, const struct client_question *q, enum pdu_verdict v,
    const struct pdu_reply *r, struct client_answer *out)
{
	bool stream = c->framing == PDU_MBAP;

	switch (v) {
	case PDU_NEED_MORE:
	case PDU_STALE:
		return false;
	case PDU_GOOD:
		take_values(q, r, out);
		return true;
	case PDU_EXCEPTION:
		out->verdict = CLIENT_EXCEPTION;
		out->exception = r->exception;
		return true;
	case PDU_WRONG_UNIT:
		out->why = "an answer of another unit";
		break;
	case PDU_WRONG_FUNCTION:
		out->why = "an answer to another function";
		break;
	case PDU_WRONG_COUNT:
		out->why = "an answer of another length";
		break;
	case PDU_BAD_CRC:
		out->why = "a frame with a bad CRC";
		break;
	case PDU_MALFORMED:
		out->why = "bytes that are no Modbus frame";
		if (!stream)
			break;
		(void)broken(c, out, out->why);
		out->verdict = CLIENT_GARBLED;
		return true;
	}
	// With our transaction number it was the answer; on a line another may follow.
	out->verdict = CLIENT_GARBLED;
	return stream;
}

static bool
take_received(struct modbus_client *c, const struct client_question *q,
    const struct pdu_request *req, struct client_answer *out)
{
	for (;;) {
		struct pdu_reply r;
		enum pdu_verdict v =
		    pdu_parse(c->framing, req, c->received, c->n_received, &r);
		if (v == PDU_NEED_MORE)
			return false;
		if (judge(c, q, v, &r, out))
			return true;
		if (v == PDU_BAD_CRC || v == PDU_MALFORMED) {
			c->n_received = 0; // no frame boundary to find again
			return false;
		}
		c->n_received -= r.used;
		memmove(c->received, c->received + r.used, c->n_received);
	}
}

// A datagram counts by its host: it may come from another port than the one asked.
static ssize_t
read_more(struct modbus_client *c)
{
	union modbus_endpoint from = { 0 };
	socklen_t len = sizeof(from);
	uint8_t *at = c->received + c->n_received;
	size_t room = sizeof(c->received) - c->n_received;

	if (!is_udp(c))
		return read(c->fd, at, room);
	ssize_t n = recvfrom(c->fd, at, room, 0, &from.any, &len);
	if (n < 0 || modbus_endpoint_same_host(&from, &c->address))
		return n;
	errno = EAGAIN;
	return -1;
}

// Receives until the answer is there or the time is over.
static void
receive(struct modbus_client *c, const struct client_question *q,
    const struct pdu_request *req, int64_t until_us, struct client_answer *out)
{
	for (;;) {
		int ready = wait_ready(c->fd, POLLIN, until_us);
		if (ready < 0)
			(void)broken(c, out, strerror(errno));
		if (ready <= 0)
			return;
		if (c->n_received == sizeof(c->received))
			c->n_received = 0; // a peer that floods
		ssize_t n = read_more(c);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0) {
			(void)broken(c, out,
			    n == 0 ? "the link was closed over there"
				   : strerror(errno));
			return;
		}
		c->n_received += (size_t)n;
		if (take_received(c, q, req, out))
			return;
	}
}

void
modbus_client_ask(struct modbus_client *c, const struct client_question *q,
    uint32_t timeout_ms, struct client_answer *out)
{
	struct pdu_request req = { .transaction = pdu_transaction_of(++c->asked),
		.unit = q->unit,
		.area = q->area,
		.address = q->address,
		.count = q->count };
	struct err err;

	*out = (struct client_answer){ .verdict = CLIENT_SILENT, .why = "" };
	wait_until(c->quiet_until_us);
	int64_t began = now_us();
	if (c->fd < 0 && open_link(c, &err) != 0) {
		out->verdict = CLIENT_BROKEN;
		out->why = "the link cannot be opened again";
	} else if (send_request(c, &req, out)) {
		int64_t sent = now_us();
		receive(c, q, &req, sent + (int64_t)timeout_ms * 1000, out);
		// We may have been held up behind the sending, while the answer came.
		if (out->verdict == CLIENT_GOOD || out->verdict == CLIENT_EXCEPTION)
			out->us = (uint32_t)(now_us() - (c->port ? sent : began));
	}
	c->quiet_until_us =
	    now_us() + ((int64_t)c->target->gap_ms + c->silence_ms) * 1000;
}
