// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Log in and out. The PIN is verified in the store's reader thread (duty/login.c),
// never on the loop. Runs on the loop thread otherwise. Refuses the sixth failure of a
// minute for a name or an address, and says the same for a wrong name as for a wrong
// PIN. A person who was switched off or got a new PIN loses open sessions within a
// minute.
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "console/body.h"
#include "console/console_int.h"
#include "console/format.h"
#include "duty/login.h"
#include "lib/mem.h"
#include "store/store.h"

enum {
	LOGINS_AT_ONCE = 8,
	RECHECK_MS = 30000
};

struct login_run {
	struct login login; // first: it is what login_verify is given
	struct http_request *r;
	uint64_t ticket;
};

static void
set_cookie(struct http_request *r, const char *value)
{
	struct buf b = { 0 };

	buf_printf(&b, "watchroom=%s; HttpOnly; SameSite=Strict; Path=/%s", value,
	    value[0] == '\0' ? "; Max-Age=0" : "");
	http_add(r, "Set-Cookie", b.data);
	buf_free(&b);
}

// `from`: the peer whose doing it is; "" = nobody's. `done` may be NULL.
static void
end_session(
    struct console *c, uint64_t serial, const char *from, reply_fn *done, void *arg)
{
	const struct session *s = sessions_by_serial(&c->sessions, serial);
	char user[sizeof(s->user)];

	if (s == NULL)
		return; // none, or logged out meanwhile
	(void)str_copy(user, sizeof(user), s->user);
	sessions_close(&c->sessions, serial);
	c->host.audit(c->host.ctx, EVENT_SESSION_CLOSE, user, from, done, arg);
}

// A session that is open while its event is on the way to the disk.
struct opening {
	struct http_request *r;
	struct buf body;
};

// The status says whether the log-in is saved (I3). One that is not must be possible:
// without it nobody could acknowledge while the store is in trouble.
static void
on_opened(void *arg, const struct reply *reply)
{
	struct opening *o = arg;

	http_send_json(o->r, reply->durable ? 200 : 202, &o->body);
	free(o);
}

static void
let_in(struct console *c, struct http_request *r, const struct login *l)
{
	struct session who = { 0 };
	char token[SESSION_HEX];
	struct opening *o = xcalloc(1, sizeof(*o));

	(void)str_copy(who.user, sizeof(who.user), l->person.id);
	(void)str_copy(who.name_zh, sizeof(who.name_zh), l->person.name_zh);
	(void)str_copy(who.name_en, sizeof(who.name_en), l->person.name_en);
	(void)str_copy(who.role, sizeof(who.role), l->person.role);
	(void)str_copy(who.pin_mark, sizeof(who.pin_mark), l->pin_mark);
	end_session(c, r->session_serial, r->peer, NULL, NULL); // of this browser
	const struct session *s =
	    sessions_open(&c->sessions, &who, loop_now_ms(c->loop), token);
	set_cookie(r, token);
	sodium_memzero(token, sizeof(token));
	o->r = r;
	format_session(&o->body, NULL, s);
	sessions_watch(c);
	c->host.audit(c->host.ctx, EVENT_SESSION_OPEN, s->user, r->peer, on_opened, o);
}

static void
on_verified(void *arg, int result)
{
	struct login_run *run = arg; // its first member
	struct http_request *r = run->r;
	struct console *c = r->console;

	if (c == NULL) {
		http_error(r, 503, "unavailable", NULL);
		free(run);
		return;
	}
	c->logins--;
	if (result < 0 || run->login.ok)
		throttle_forgive(&c->throttle, run->ticket);
	if (result < 0) {
		http_error(r, 503, "unavailable", NULL);
	} else if (run->login.ok) {
		let_in(c, r, &run->login);
	} else {
		c->host.audit(c->host.ctx, EVENT_SESSION_REFUSED, run->login.user,
		    r->peer, NULL, NULL);
		http_error(r, 401, "bad_login", NULL);
	}
	free(run);
}

static int
read_login(struct http_request *r, struct login *l)
{
	const struct body_member members[] = {
		{ .name = "user",
		    .required = true,
		    .text = l->user,
		    .size = sizeof(l->user) },
		{ .name = "pin",
		    .required = true,
		    .text = l->pin,
		    .size = sizeof(l->pin) },
	};
	struct body_fault fault;

	if (body_read(r->body, r->body_len, members, 2, &fault) < 0) {
		http_error(
		    r, 400, fault.code, fault.field[0] != '\0' ? fault.field : NULL);
		return -1;
	}
	if (l->user[0] == '\0') {
		http_error(r, 400, "bad_member", "user");
		return -1;
	}
	return 0;
}

void
api_log_in(struct console *c, struct http_request *r)
{
	struct login_run *run = xcalloc(1, sizeof(*run));

	run->r = r;
	if (read_login(r, &run->login) < 0) {
		sodium_memzero(run, sizeof(*run));
		free(run);
		return;
	}
	if (c->logins < LOGINS_AT_ONCE)
		run->ticket = throttle_take(
		    &c->throttle, run->login.user, r->address, loop_now_ms(c->loop));
	if (run->ticket == 0) {
		sodium_memzero(run, sizeof(*run));
		free(run);
		http_add(r, "Retry-After", "60");
		http_error(r, 429, "too_many", NULL);
		return;
	}
	c->logins++;
	http_takes_long(r);
	store_read(c->host.store(c->host.ctx), login_verify, on_verified, &run->login);
}

static void
on_closed(void *arg, const struct reply *reply)
{
	struct buf b = { 0 };

	if (reply->durable) {
		http_send(arg, 204, NULL, NULL);
		return;
	}
	json_open(&b, NULL, '{');
	json_bool(&b, "durable", false);
	json_close(&b, '}');
	http_send_json(arg, 202, &b);
}

// The session ends at once, whatever becomes of the record.
void
api_log_out(struct console *c, struct http_request *r)
{
	set_cookie(r, "");
	http_takes_long(r);
	end_session(c, r->session_serial, r->peer, on_closed, r);
}

// --- sessions against the people --------------------------------------------------

struct recheck {
	struct console *console; // NULL once the console has stopped
	size_t n;
	struct recheck_one {
		uint64_t serial;
		char pin_mark[16];
		struct login login;
	} of[SESSIONS_MAX];
};

// In the reader thread: touches nothing but the struct.
static int
recheck_all(struct reader *reader, void *arg)
{
	struct recheck *k = arg;

	for (size_t i = 0; i < k->n; i++)
		if (login_recheck(reader, &k->of[i].login) < 0)
			return -1;
	return 0;
}

static void
on_rechecked(void *arg, int result)
{
	struct recheck *k = arg;
	struct console *c = k->console;

	// People that cannot be read now change nothing: an acknowledgement must stay
	// possible while the store is in trouble.
	for (size_t i = 0; c != NULL && result == 0 && i < k->n; i++)
		if (!k->of[i].login.ok ||
		    strcmp(k->of[i].pin_mark, k->of[i].login.pin_mark) != 0)
			end_session(c, k->of[i].serial, "", NULL, NULL);
	if (c != NULL) {
		c->rechecking = NULL;
		sessions_watch(c);
	}
	free(k);
}

static void
on_recheck(void *arg)
{
	struct console *c = arg;
	struct recheck *k = xcalloc(1, sizeof(*k));
	int64_t now = loop_now_ms(c->loop);

	k->console = c;
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		const struct session *s = &c->sessions.slots[i];
		if (s->serial == 0)
			continue;
		if (now - s->used_ms > SESSION_IDLE_MS) {
			end_session(c, s->serial, "", NULL, NULL);
			continue;
		}
		struct recheck_one *one = &k->of[k->n++];
		one->serial = s->serial;
		memcpy(one->pin_mark, s->pin_mark, sizeof(one->pin_mark));
		memcpy(one->login.user, s->user, sizeof(one->login.user));
	}
	if (k->n == 0) {
		free(k);
		return;
	}
	c->rechecking = k;
	store_read(c->host.store(c->host.ctx), recheck_all, on_rechecked, k);
}

void
sessions_watch(struct console *c)
{
	if (c->recheck.fn == NULL)
		loop_timer_init(&c->recheck, on_recheck, c);
	if (c->rechecking == NULL && !loop_timer_armed(&c->recheck))
		loop_timer_in(c->loop, &c->recheck, RECHECK_MS);
}

void
sessions_unwatch(struct console *c)
{
	if (c->recheck.fn != NULL)
		loop_timer_stop(c->loop, &c->recheck);
	if (c->rechecking != NULL)
		c->rechecking->console = NULL;
}
