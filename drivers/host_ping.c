// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// ICMP echo (RFC 792, RFC 4443). One socket for each family, shared by all hosts: a
// ping socket where net.ipv4.ping_group_range allows it, else a raw one (CAP_NET_RAW).
// An answer counts only with our token, the number of its try and the address it was
// sent to; what a router says of a try counts where the kernel ties it to the try.
// Refuses every other packet: a raw socket sees those of other programs too.
#include <sys/random.h>
#include <sys/socket.h>

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "drivers/host_try.h"
#include "lib/log.h"
#include "lib/mem.h"

enum {
	HEADER = 8,                  // type, code, checksum, identifier, sequence
	TOKEN = 8,                   // random, of this run
	PACKET = HEADER + TOKEN + 8, // and the number of the try
	DRAIN_MAX = 64,              // packets taken in one callback
	SLOTS = 256,                 // tries under way
};

_Static_assert((int)SLOTS >= (int)HOST_CHECKS_MAX, "a slot for each try under way");

struct ping_socket {
	struct asker *asker;
	int family;
	int fd; // -1 = none
	bool raw;
	bool told; // that there is none
	struct loop_watch *watch;
};

struct asker {
	struct loop *loop;
	struct ping_socket v4, v6;
	unsigned char token[TOKEN];
	uint64_t count; // tries so far
	struct host_try *tries[SLOTS];
};

struct host_try {
	struct asker *asker;
	uint64_t number; // its slot in the low byte, which goes into the sequence
	struct sockaddr_storage to;
	int64_t began_us;
	struct loop_timer timer; // the deadline, or "at once"
	struct host_outcome outcome;
	host_tried *done;
	void *arg;
};

static int64_t
now_us(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

// ---- tries ------------------------------------------------------------------------

static void
try_free(struct host_try *t)
{
	t->asker->tries[t->number % SLOTS] = NULL;
	loop_timer_stop(t->asker->loop, &t->timer);
	free(t);
}

static void
finish(struct host_try *t)
{
	struct host_outcome o = t->outcome;
	host_tried *done = t->done;
	void *arg = t->arg;
	try_free(t);
	done(arg, &o);
}

static void
on_timer(void *arg)
{
	finish(arg);
}

static bool
same_address(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_INET)
		return ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
		       ((const struct sockaddr_in *)b)->sin_addr.s_addr;
	return memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr,
		   &((const struct sockaddr_in6 *)b)->sin6_addr,
		   sizeof(struct in6_addr)) == 0;
}

// The try that this payload belongs to, or NULL.
static struct host_try *
try_of(struct asker *a, const unsigned char *payload, size_t len,
    const struct sockaddr_storage *from)
{
	uint64_t number;
	if (len < TOKEN + sizeof number || memcmp(payload, a->token, TOKEN) != 0)
		return NULL;
	memcpy(&number, payload + TOKEN, sizeof number);
	struct host_try *t = a->tries[number % SLOTS];
	return t && t->number == number && same_address(&t->to, from) ? t : NULL;
}

// ---- packets ----------------------------------------------------------------------

static uint16_t
checksum(const unsigned char *data, size_t len)
{
	uint32_t sum = 0; // RFC 1071; the length is even
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)data[i] << 8 | data[i + 1];
	while (sum >> 16)
		sum = (sum & 0xFFFF) + (sum >> 16);
	return (uint16_t)~sum;
}

static void
build(const struct ping_socket *s, const struct host_try *t,
    unsigned char out[static PACKET])
{
	memset(out, 0, PACKET);
	out[0] = s->family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
	// Of a ping socket the kernel puts the identifier in.
	memcpy(out + 4, t->asker->token, 2);
	out[6] = (unsigned char)(t->number >> 8);
	out[7] = (unsigned char)t->number;
	memcpy(out + HEADER, t->asker->token, TOKEN);
	memcpy(out + HEADER + TOKEN, &t->number, sizeof t->number);
	if (s->family != AF_INET)
		return; // the kernel computes it over the addresses too
	uint16_t sum = checksum(out, PACKET);
	out[2] = (unsigned char)(sum >> 8);
	out[3] = (unsigned char)sum;
}

// A raw IPv4 socket gives the IP header too.
static size_t
ip_header(const struct ping_socket *s, const unsigned char *data, size_t len)
{
	if (!s->raw || s->family != AF_INET || len < 20)
		return 0;
	return (size_t)(data[0] & 0x0F) * 4;
}

static void
take_answer(struct ping_socket *s, const unsigned char *data, size_t len,
    const struct sockaddr_storage *from)
{
	size_t skip = ip_header(s, data, len);
	unsigned char wanted = s->family == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY;
	if (len < skip + HEADER || data[skip] != wanted)
		return;
	struct host_try *t =
	    try_of(s->asker, data + skip + HEADER, len - skip - HEADER, from);
	if (!t)
		return;
	int64_t took = now_us() - t->began_us;
	t->outcome = (struct host_outcome){ .code = HOST_ANSWERS,
		.round_trip_us = took > 0 ? (uint32_t)took : 1 };
	finish(t);
}

// ---- what routers and this machine say of a packet of ours -------------------------

// The quoted packet is short: its ICMP header is sure, the rest is not.
static struct host_try *
try_quoted(struct asker *a, const unsigned char *icmp, size_t len,
    const struct sockaddr_storage *to, bool raw)
{
	if (len < HEADER || (raw && memcmp(icmp + 4, a->token, 2) != 0))
		return NULL;
	uint16_t sequence = (uint16_t)(icmp[6] << 8 | icmp[7]);
	struct host_try *t = a->tries[sequence % SLOTS];
	return t && (uint16_t)t->number == sequence && same_address(&t->to, to) ? t
										: NULL;
}

static const struct sock_extended_err *
error_of(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		bool v4 = c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVERR;
		bool v6 = c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_RECVERR;
		if (v4 || v6)
			return (const void *)CMSG_DATA(c);
	}
	return NULL;
}

// Takes one error off the queue; false where there is none.
static bool
take_error(struct ping_socket *s)
{
	unsigned char data[512];
	struct sockaddr_storage to = { 0 };
	union {
		char bytes[512];
		struct cmsghdr align;
	} control;
	struct iovec v = { .iov_base = data, .iov_len = sizeof data };
	struct msghdr m = { .msg_name = &to,
		.msg_namelen = sizeof to,
		.msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes };
	ssize_t n = recvmsg(s->fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT);
	if (n < 0)
		return errno == EINTR;
	const struct sock_extended_err *e = error_of(&m);
	struct host_try *t = try_quoted(s->asker, data, (size_t)n, &to, s->raw);
	if (!e || !t)
		return true;
	t->outcome = (struct host_outcome){ 0 };
	host_outcome_errno(&t->outcome, (int)e->ee_errno);
	finish(t);
	return true;
}

static void
clear_error(const struct ping_socket *s)
{
	int error;
	socklen_t len = sizeof error;
	(void)getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len);
}

static void
on_readable(void *arg)
{
	struct ping_socket *s = arg;
	// Errors that stay in their queue keep the socket readable for ever.
	for (int i = 0; i < DRAIN_MAX && take_error(s); i++)
		;
	clear_error(s);
	for (int i = 0; i < DRAIN_MAX; i++) {
		unsigned char data[512];
		struct sockaddr_storage from = { 0 };
		socklen_t from_len = sizeof from;
		ssize_t n = recvfrom(s->fd, data, sizeof data, MSG_DONTWAIT,
		    (struct sockaddr *)&from, &from_len);
		if (n < 0 && errno != EINTR)
			break;
		if (n >= 0)
			take_answer(s, data, (size_t)n, &from);
	}
}

// ---- sockets ----------------------------------------------------------------------

static int
open_one(int family, int type)
{
	return socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
}

// Of a raw socket: only what could be an answer, and errors.
static void
set_filter(const struct ping_socket *s)
{
	if (s->family == AF_INET) {
		struct icmp_filter f = { .data = ~(1u << ICMP_ECHOREPLY) };
		(void)setsockopt(s->fd, SOL_RAW, ICMP_FILTER, &f, sizeof f);
		return;
	}
	struct icmp6_filter f;
	ICMP6_FILTER_SETBLOCKALL(&f);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &f);
	(void)setsockopt(s->fd, IPPROTO_ICMPV6, ICMP6_FILTER, &f, sizeof f);
}

static void
tell_refused(struct ping_socket *s, int error)
{
	if (s->told)
		return;
	s->told = true;
	log_warnx("host",
	    "cannot ping: %s: let net.ipv4.ping_group_range contain the daemon's group "
	    "(sysctl -w net.ipv4.ping_group_range='0 2147483647'), or give it "
	    "CAP_NET_RAW (AmbientCapabilities=CAP_NET_RAW in watchroom.service)",
	    strerror(error));
}

// The socket of the family, opened where there is none. NULL with errno.
static struct ping_socket *
socket_of(struct asker *a, int family)
{
	struct ping_socket *s = family == AF_INET ? &a->v4 : &a->v6;
	int one = 1;
	if (s->fd >= 0)
		return s;
	s->raw = false;
	s->fd = open_one(family, SOCK_DGRAM);
	if (s->fd < 0 && (errno == EACCES || errno == EPROTONOSUPPORT)) {
		s->raw = true;
		s->fd = open_one(family, SOCK_RAW);
	}
	if (s->fd < 0) {
		int error = errno;
		if (error == EPERM || error == EACCES)
			tell_refused(s, error);
		errno = error;
		return NULL;
	}
	s->told = false;
	if (s->raw)
		set_filter(s);
	(void)setsockopt(s->fd, family == AF_INET ? SOL_IP : SOL_IPV6,
	    family == AF_INET ? IP_RECVERR : IPV6_RECVERR, &one, sizeof one);
	s->watch = loop_watch_read(a->loop, s->fd, LOOP_BUS, on_readable, s);
	return s;
}

static int
send_echo(const struct ping_socket *s, const struct host_try *t)
{
	unsigned char packet[PACKET];
	socklen_t len = s->family == AF_INET ? sizeof(struct sockaddr_in)
					     : sizeof(struct sockaddr_in6);
	build(s, t, packet);
	// An error that came for another host is told to whoever calls next.
	for (int i = 0; i < 2; i++) {
		clear_error(s);
		if (sendto(s->fd, packet, sizeof packet, MSG_DONTWAIT,
			(const struct sockaddr *)&t->to, len) >= 0)
			return 0;
	}
	return errno == EAGAIN ? ENOBUFS : errno;
}

// ---- the asker --------------------------------------------------------------------

static struct asker *
ping_open(struct loop *l)
{
	struct asker *a = xcalloc(1, sizeof *a);
	a->loop = l;
	a->v4 = (struct ping_socket){ .asker = a, .family = AF_INET, .fd = -1 };
	a->v6 = (struct ping_socket){ .asker = a, .family = AF_INET6, .fd = -1 };
	wr_assert(getrandom(a->token, sizeof a->token, 0) == sizeof a->token);
	return a;
}

static void
close_socket(struct ping_socket *s)
{
	loop_unwatch(s->watch);
	if (s->fd >= 0)
		(void)close(s->fd);
}

static void
ping_close(struct asker *a)
{
	for (int i = 0; i < SLOTS; i++)
		wr_assert(!a->tries[i]);
	close_socket(&a->v4);
	close_socket(&a->v6);
	free(a);
}

static void
begin(struct host_try *t)
{
	struct asker *a = t->asker;
	const struct ping_socket *s = socket_of(a, t->to.ss_family);
	int error = errno;
	if (s)
		error = send_echo(s, t);
	if (error == 0)
		return;
	t->outcome = (struct host_outcome){ 0 };
	host_outcome_errno(&t->outcome, error);
	loop_timer_in(a->loop, &t->timer, 0);
}

// A free slot; the watch bounds how many are under way.
static uint64_t
next_number(struct asker *a)
{
	uint64_t slot = 0;
	while (slot < SLOTS && a->tries[slot])
		slot++;
	wr_assert(slot < SLOTS);
	return ++a->count * SLOTS + slot;
}

static struct host_try *
ping_start(struct asker *a, const struct host_question *q, host_tried *done, void *arg)
{
	struct host_try *t = xcalloc(1, sizeof *t);
	*t = (struct host_try){ .asker = a,
		.number = next_number(a),
		.to = q->to,
		.began_us = now_us(),
		.outcome = { .code = HOST_TIMEOUT, .detail = "no echo" },
		.done = done,
		.arg = arg };
	a->tries[t->number % SLOTS] = t;
	loop_timer_init(&t->timer, on_timer, t);
	loop_timer_at(a->loop, &t->timer, q->began_ms + q->host->timeout_ms);
	begin(t);
	return t;
}

static void
ping_forget(void *kept)
{
	wr_assert(kept == NULL);
}

const struct asker_kind asker_ping = {
	.name = "ping",
	.open = ping_open,
	.close = ping_close,
	.start = ping_start,
	.cancel = try_free,
	.forget = ping_forget,
};
