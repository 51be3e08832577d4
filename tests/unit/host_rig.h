// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// One try at a host: a peer that answers by a script, in a thread with blocking
// sockets, and a loop on which the try is made.
#ifndef TESTS_HOST_RIG_H
#define TESTS_HOST_RIG_H

#include <pthread.h>
#include <stdatomic.h>

#include "drivers/host_try.h"

#define OK_HEAD "HTTP/1.1 200 OK\r\n"
#define VIDEO   "v=0\r\no=- 1 1 IN IP4 x\r\ns=x\r\nm=video 0 RTP/AVP 26\r\n"
#define DIGEST  "WWW-Authenticate: Digest realm=\"x\", nonce=\"1\", qop=\"auth\"\r\n"

// What the peer does once a request has come (up to its empty line).
struct script {
	const char *answer;  // to each request; NULL = none
	const char *to_word; // to one with a password; NULL = the same
	const char *more; // again and again after it, until the peer is left; NULL = no
	unsigned every_ms;
	enum {
		THEN_HOLD, // waits to be left
		THEN_CLOSE,
		THEN_RESET,
		THEN_DEAF, // accepts and never reads
	} then;
	bool forgets; // with to_word: a nonce ends with its connection
};

struct peer {
	int listener;
	uint16_t port;
	pthread_t thread;
	atomic_bool stop;
	const struct script *script; // before the first connection
	atomic_uint requests, with_word;
};

// Listens on loopback at p->port. The script outlives the peer.
void peer_start(struct peer *p, const struct script *s);
void peer_stop(struct peer *p);

struct rig {
	struct loop *loop;
	struct loop_timer deadline;
	struct asker *curl, *ping;
	void *kept;
	struct host_outcome outcome;
	bool done;
	bool hold_back; // the password is not given
};

int host_rig_setup(void **state);
int host_rig_teardown(void **state);

// timeout 1.5 s, first byte 0.7 s; no password.
struct host host_new(enum host_check check, const char *url, uint16_t port);

struct host_question host_rig_question(
    struct rig *g, const struct host *h, const char *address);

void host_rig_on_tried(void *arg, const struct host_outcome *o);

// Runs the loop until the try has ended: g->outcome.
void try_once(struct rig *g, const struct host *h, const char *address);

#endif
