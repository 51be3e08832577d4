// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A console with a daemon that is not there: a small site, a host that remembers what
// it was asked, and a store that answers from tables. The server is real.
#ifndef TESTS_UNIT_CONSOLE_FIXTURE_H
#define TESTS_UNIT_CONSOLE_FIXTURE_H

#include "console/console.h"
#include "http_client.h"
#include "store/explain.h"
#include "store/query.h"
#include "store/revision.h"

enum {
	FAKE_ALARMS_MAX = 700,
	FAKE_EVENTS = 25
};

struct fake_daemon {
	struct site site;
	struct health_view health;
	// Open alarms, in order.
	unsigned n_alarms;
	struct alarm_view alarms[FAKE_ALARMS_MAX];
	char occurrence[FAKE_ALARMS_MAX][16];
	bool device_lost;
	struct host_view hosts[2];    // switch, camera-1 behind it
	struct output_look output[1]; // of siren
	// What every bus, device and block looks like; a device has three blocks.
	struct bus_look bus;
	struct device_look device;
	struct block_look block;
	uint32_t block_stride;    // of their addresses
	unsigned looks;           // at any of them
	unsigned looks_at_health; // when health was last asked for
	// What commands answer, and what they were asked.
	struct reply reply;
	bool hold; // answer when the test says so
	reply_fn *held;
	void *held_arg;
	unsigned commands;
	const char *cannot_sign;
	char last[400];  // "acknowledge 7-1 wang", ...
	char sound[64];  // "desk-1 true"
	unsigned sounds; // calls
	uint32_t consoles, sounding;
	unsigned told;  // calls of consoles()
	char audit[64]; // "session.open wang 127.0.0.1"
	unsigned audits;
};

struct fixture {
	struct clock clock; // virtual where a test asks for it
	struct loop *loop;
	struct console *console;
	struct fake_daemon daemon;
	char web[64], store[64];
};

// The daemon that is not there, fake_daemon.c: a small site with two alarms, and what
// the console is given of it (its ctx is the daemon).
void fake_daemon_init(struct fake_daemon *d);
struct console_host fake_daemon_host(struct fake_daemon *d);

// Group set-up and tear-down: hashes the PINs once.
int console_group_set_up(void **state);
// A running console on a port of its own. wang/1234, li/5678 (disabled), PINs in plain.
int console_set_up(void **state);
// The same on a virtual clock that moves with pass() only.
int console_set_up_virtual(void **state);
int console_tear_down(void **state);

// Runs what is ready, lets time pass, runs what is due.
void pass(struct fixture *f, int64_t ms);

struct client *fixture_connect(struct fixture *f, const char *from);
// One request on a new connection; `headers` are whole lines or "". Host is added.
struct answer ask(struct fixture *f, const char *method_and_target, const char *headers,
    const char *body);
struct answer ask_from(struct fixture *f, const char *from,
    const char *method_and_target, const char *headers, const char *body);
void expect_strict_json(const char *text);
// Asserts status and, where not NULL, that the body contains the text. Frees.
void expect(struct answer a, int status, const char *text);

// Logs in; writes "Cookie: ...\r\nX-CSRF-Token: ...\r\n".
void log_in(struct fixture *f, const char *user, const char *pin, char headers[400]);

struct sse_reader fixture_stream(
    struct fixture *f, const char *query, const char *headers);

// Pushes an event with this number, and gives the alarm it is about.
void push_event(struct fixture *f, uint64_t n);
// Counts a command and answers it, or keeps the answer where `hold` is set.
void fake_command(struct fake_daemon *d, reply_fn *done, void *arg);
// fake_rules.c: of struct console_host.
void fake_bypass(void *ctx, uint32_t point, const struct bypass_order *order,
    reply_fn *done, void *arg);
void fake_bypass_end(
    void *ctx, uint32_t point, const char *actor, reply_fn *done, void *arg);
void fake_alive(void *ctx, const char *actor, reply_fn *done, void *arg);
void fake_flag(void *ctx, const struct flag_order *order, reply_fn *done, void *arg);
uint32_t fake_flag_page(
    void *ctx, enum alarm_flag flag, uint32_t from, unsigned limit, struct buf *out);
void fake_word(
    void *ctx, const struct event *e, const char *verdict, reply_fn *done, void *arg);
// fake_close.c: the same.
const char *fake_cannot_sign(void *ctx);
void fake_report_plans(void *ctx, struct buf *out);
void fake_sign(void *ctx, struct revision *r, reply_fn *done, void *arg);
void fake_rules_json(void *ctx, struct buf *out);
void fake_patrol_json(void *ctx, uint16_t patrol, struct buf *out);

// What the fake store was asked.
extern struct fake_store {
	struct event_filter filter;
	char point[ID_MAX], occurrence[MINT_MAX];
	int64_t from_ms, to_ms, step_ms;
	struct explain_question explain;
	struct loop *loop; // where jobs come back
	unsigned reads;
	bool fails;
	struct person people[2];
	struct day_close close; // of every day; 2 January 2026 still runs
} fake_store;

#endif
