// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A peer made of a plain socket, for tests of the console's server: it says exactly the
// bytes it is told to. Server and peer share one thread; waiting turns the loop.
#ifndef TESTS_UNIT_HTTP_CLIENT_H
#define TESTS_UNIT_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/loop.h"

enum {
	WAIT_MS = 20000
}; // the deadline of each wait: a failure, never a pace

struct client {
	struct loop *loop;
	int fd;
	struct buf in; // not yet taken
	bool closed;   // the server has closed
};

struct answer {
	int status;
	char *head; // status line and headers, "\r\n" between
	char *body;
	size_t body_len;
};

// Connects to 127.0.0.1; `from` is the address to come from, NULL = 127.0.0.1.
struct client *client_open(struct loop *l, uint16_t port, const char *from);
void client_close(struct client *c);

void client_say(struct client *c, const char *text);
void client_say_bytes(struct client *c, const void *bytes, size_t len);

// One round: turns the loop and reads what came. Waits at most a millisecond.
void client_turn(struct client *c);
// Until the text has come in (not taken); false when closed or out of time.
bool client_sees(struct client *c, const char *text);
// Until the server closes; false when out of time.
bool client_ends(struct client *c);

// Takes one answer. false when none came. Free with answer_free.
bool client_answer(struct client *c, bool to_head, struct answer *a);
void answer_free(struct answer *a);
bool answer_has(const struct answer *a, const char *header_line);

// Takes the next server-sent event: "event" and "data" lines are cut apart, `id` may be
// empty. Undoes HTTP chunks first. false when none came.
struct sse_event {
	char id[64], event[16];
	char *data;
};
struct sse_reader {
	struct client *client;
	struct buf text; // chunks undone
	bool headers_done;
};
bool sse_next(struct sse_reader *r, struct sse_event *e); // free e->data
// The next one of this kind, others are dropped.
bool sse_next_of(struct sse_reader *r, const char *kind, struct sse_event *e);
void sse_reader_free(struct sse_reader *r); // closes the client

int64_t test_now_ms(void);

// Turns the loop until the condition holds; fails when it never does.
#define turn_until(f, condition)                   \
  do {                                             \
    int64_t until_ = test_now_ms() + WAIT_MS;      \
    while (!(condition) && test_now_ms() < until_) \
      loop_run_ready((f)->loop);                   \
    assert_true(condition);                        \
  } while (0)

#endif
