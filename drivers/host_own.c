// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Our own end of the network, and what the errors of sockets mean: a host is not at
// fault when this machine has no route, no link or no descriptors left. Owns nothing;
// system calls that do not wait, on the thread that talks outward.
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "drivers/host_try.h"

void
host_outcome_errno(struct host_outcome *o, int error)
{
	// clang-format off
	static const struct {
		int error;
		enum host_code code;
		enum host_blind blind;
	} meanings[] = {
		{ ECONNREFUSED,  HOST_REFUSED,     HOST_SEEN },
		{ EHOSTUNREACH,  HOST_UNREACHABLE, HOST_SEEN },
		{ EHOSTDOWN,     HOST_UNREACHABLE, HOST_SEEN },
		{ ETIMEDOUT,     HOST_TIMEOUT,     HOST_SEEN },
		{ ECONNRESET,    HOST_CLOSED,      HOST_SEEN },
		{ ECONNABORTED,  HOST_CLOSED,      HOST_SEEN },
		{ EPIPE,         HOST_CLOSED,      HOST_SEEN },
		{ ENOPROTOOPT,   HOST_REFUSED,     HOST_SEEN }, // ICMP protocol unreachable
		// What a router said, or our own lack of a route: host_own_side knows.
		{ ENETUNREACH,   HOST_UNREACHABLE, HOST_SEEN },
		{ ENETDOWN,      HOST_UNREACHABLE, HOST_LINK_DOWN },
		{ EADDRNOTAVAIL, HOST_UNREACHABLE, HOST_NO_ROUTE },
		{ EAFNOSUPPORT,  HOST_UNREACHABLE, HOST_NO_ROUTE },
		{ EACCES,        HOST_UNREACHABLE, HOST_NO_PERMISSION },
		{ EPERM,         HOST_UNREACHABLE, HOST_NO_PERMISSION }, // a packet filter of ours
		{ EMFILE,        HOST_UNREACHABLE, HOST_NO_RESOURCES },
		{ ENFILE,        HOST_UNREACHABLE, HOST_NO_RESOURCES },
		{ ENOBUFS,       HOST_UNREACHABLE, HOST_NO_RESOURCES },
		{ ENOMEM,        HOST_UNREACHABLE, HOST_NO_RESOURCES },
	};
	// clang-format on
	o->code = HOST_UNREACHABLE;
	for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
		if (meanings[i].error != error)
			continue;
		o->code = meanings[i].code;
		o->blind = meanings[i].blind;
	}
	if (o->detail[0] == '\0')
		host_detail(o->detail, strerror(error));
}

void
host_detail(char out[static HOST_DETAIL_MAX], const char *text)
{
	size_t n = 0;
	for (; *text != '\0' && n < HOST_DETAIL_MAX - 1; text++)
		out[n++] = *text >= 0x20 && *text < 0x7F ? *text : '?';
	out[n] = '\0';
}

static bool
same_address(const struct sockaddr *a, const struct sockaddr_storage *b)
{
	if (a == NULL || a->sa_family != b->ss_family)
		return false;
	if (a->sa_family == AF_INET)
		return memcmp(&((const struct sockaddr_in *)(const void *)a)->sin_addr,
			   &((const struct sockaddr_in *)b)->sin_addr,
			   sizeof(struct in_addr)) == 0;
	return memcmp(&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr,
		   &((const struct sockaddr_in6 *)b)->sin6_addr,
		   sizeof(struct in6_addr)) == 0;
}

// Whether the interface with this address is up and has a carrier.
static bool
link_is_up(const struct sockaddr_storage *own)
{
	struct ifaddrs *all, *i;
	bool known = false, up = false;
	if (getifaddrs(&all) != 0)
		return true; // cannot tell: the host is judged by itself
	for (i = all; i != NULL; i = i->ifa_next) {
		if (!same_address(i->ifa_addr, own))
			continue;
		known = true;
		up = up || ((i->ifa_flags & IFF_UP) && (i->ifa_flags & IFF_RUNNING));
	}
	freeifaddrs(all);
	return up || !known;
}

enum host_blind
host_own_side(const struct sockaddr_storage *to, socklen_t len)
{
	struct sockaddr_storage target = *to, own = { 0 };
	socklen_t own_len = sizeof own;
	enum host_blind blind = HOST_SEEN;
	// A datagram socket: connecting looks the route up and sends nothing.
	int fd = socket(to->ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno == EAFNOSUPPORT ? HOST_NO_ROUTE : HOST_NO_RESOURCES;
	if (target.ss_family == AF_INET)
		((struct sockaddr_in *)&target)->sin_port = htons(9); // discard
	else
		((struct sockaddr_in6 *)&target)->sin6_port = htons(9);
	if (connect(fd, (struct sockaddr *)&target, len) != 0)
		blind = errno == ENETDOWN ? HOST_LINK_DOWN : HOST_NO_ROUTE;
	else if (getsockname(fd, (struct sockaddr *)&own, &own_len) == 0 &&
		 !link_is_up(&own))
		blind = HOST_LINK_DOWN;
	(void)close(fd);
	return blind;
}
