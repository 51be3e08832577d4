// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// One try to reach a host, and those who make it: an asker for each way of asking.
// Everything here runs on the loop of the thread that talks outward, never on the
// main loop (I1).
#ifndef DRIVERS_HOST_TRY_H
#define DRIVERS_HOST_TRY_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stdint.h>

#include "core/host.h"
#include "lib/loop.h"

// What became of a try.
struct host_outcome {
	enum host_code code;
	enum host_blind blind;     // the try could not be made; code means nothing then
	uint32_t round_trip_us;    // from the begin to the answer; with HOST_ANSWERS
	int64_t certificate_end_s; // UTC; 0 = none was seen
	bool reached;              // something of the host came back, whatever it was
	bool word_used;            // the password was put to the host
	char detail[HOST_DETAIL_MAX]; // for technicians, printable ASCII; "" = none
};

typedef void host_tried(void *arg, const struct host_outcome *o);

struct host_question {
	const struct host *host;    // outlives the try
	struct sockaddr_storage to; // the port is not looked at
	socklen_t to_len;
	int64_t began_ms; // the deadlines count from here; the look-up came before
	bool give_word;   // the password may be put to it
	void **kept;      // the asker's own of this host, from try to try; NULL first
};

struct asker;
struct host_try;

struct asker_kind {
	const char *name;
	struct asker *(*open)(struct loop *l);
	void (*close)(struct asker *a); // no try is under way
	// Calls done once, later, unless cancelled.
	struct host_try *(*start)(struct asker *a, const struct host_question *q,
	    host_tried *done, void *arg);
	void (*cancel)(struct host_try *t);
	void (*forget)(void *kept); // NULL is fine
};

extern const struct asker_kind asker_ping, asker_curl;

// Fills code or blind from the errno of a socket call towards a host.
void host_outcome_errno(struct host_outcome *o, int error);

// A failure that may be our own: whether this machine has a way to `to` at all, and
// whether the network link that it leads through is up. Sends nothing.
enum host_blind host_own_side(const struct sockaddr_storage *to, socklen_t len);

// Printable ASCII only, cut to fit.
void host_detail(char out[static HOST_DETAIL_MAX], const char *text);

#endif
