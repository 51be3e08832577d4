// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The console, its folders and its people. Owns the fixture; one thread.
#include "console_fixture.h"

#include <sys/stat.h>

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/mem.h"
#include "store/store.h"
#include "test.h"

static void
hash_pin(struct person *p, const char *id, const char *pin, bool enabled)
{
	*p = (struct person){ .enabled = enabled, .role = "operator" };
	(void)str_copy(p->id, sizeof(p->id), id);
	(void)str_copy(p->name_zh, sizeof(p->name_zh), "王");
	(void)str_copy(p->name_en, sizeof(p->name_en), "Wang");
	assert_int_equal(crypto_pwhash_str(p->pin_hash, pin, strlen(pin),
			     crypto_pwhash_OPSLIMIT_MIN, crypto_pwhash_MEMLIMIT_MIN),
	    0);
}

int
console_group_set_up(void **state)
{
	(void)state;
	assert_true(sodium_init() >= 0);
	return 0;
}

static void
write_file(const char *directory, const char *name, const char *text)
{
	char path[200];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	FILE *out = fopen(path, "w");
	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

// Says what it was called with. "2026-01-09" fails, "2026-01-08" does not come back,
// "2026-01-07" never ends.
static const char report_script[] =
    "#!/bin/sh\n"
    "case \"$5$6$7\" in *2026-01-09*) exit 3;;\n"
    "*2026-01-08*) exec sleep 100;;\n"
    "*2026-01-07*) exec cat /dev/zero;;\n"
    "*2026-01-04*) exit 2;; esac\n"
    "if [ \"$8\" = document ]; then n=0\n"
    "case \"$6\" in 2025-12-31) n=2;;\n"
    "2025-12-30) echo '{\"document\":2}'; exit;; esac\n"
    "printf '{\"document\":1,\"data_sha256\":\"%064d\"' 0"
    " | tr 0 a\n"
    "printf ',\"as_of_seq\":41,\"as_of_verdict\":7,'\n"
    "printf '\"as_of_missed\":3,\"unclassified\":%d,}' $n\n"
    "exit; fi\n"
    "printf '{\"said\":\"%s\"}' \"$*\"\n";

static void
make_folders(struct fixture *f)
{
	char path[200];

	(void)strcpy(f->web, "/tmp/console-web-XXXXXX");
	(void)strcpy(f->store, "/tmp/console-store-XXXXXX");
	assert_non_null(mkdtemp(f->web));
	assert_non_null(mkdtemp(f->store));
	write_file(f->web, "index.html", "<!doctype html><p>watch</p>");
	write_file(f->web, "app.js", "export const a = 1;");
	write_file(f->web, ".hidden.js", "secret");
	write_file(f->web, "notes.bak", "secret");
	(void)snprintf(path, sizeof(path), "%s/vendor", f->web);
	assert_int_equal(mkdir(path, 0700), 0);
	write_file(path, "lib.js", "lib");
	(void)snprintf(path, sizeof(path), "%s/leak.txt", f->web);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	write_file(f->store, "report.sh", report_script);
	(void)snprintf(path, sizeof(path), "%s/report.sh", f->store);
	assert_int_equal(chmod(path, 0700), 0);
}

static int
set_up(void **state, bool virtual)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct err err = { 0 };
	char program[100];

	memset(&fake_store, 0, sizeof(fake_store));
	hash_pin(&fake_store.people[0], "wang", "1234", true);
	hash_pin(&fake_store.people[1], "li", "5678", false);
	make_folders(f);
	clock_virtual_init(&f->clock, 1000000, 1767323045678);
	f->loop = fake_store.loop = loop_new(virtual ? &f->clock : clock_real());
	fake_daemon_init(&f->daemon);
	(void)snprintf(program, sizeof(program), "%s/report.sh", f->store);
	const struct console_host host = fake_daemon_host(&f->daemon);
	f->console = console_start(f->loop, &host, f->web, program, f->store, &err);
	if (f->console == NULL)
		fail_msg("%s", err.text);
	*state = f;
	return 0;
}

int
console_set_up(void **state)
{
	return set_up(state, false);
}

int
console_set_up_virtual(void **state)
{
	return set_up(state, true);
}

void
pass(struct fixture *f, int64_t ms)
{
	loop_run_ready(f->loop);
	clock_virtual_advance(&f->clock, ms);
	loop_run_ready(f->loop);
}

static void
remove_folder(const char *directory)
{
	char command_line[120];

	(void)snprintf(command_line, sizeof(command_line), "rm -rf '%s'", directory);
	assert_int_equal(system(command_line), 0);
}

int
console_tear_down(void **state)
{
	struct fixture *f = *state;

	console_stop(f->console);
	if (f->daemon.hold && f->daemon.held != NULL)
		f->daemon.held(f->daemon.held_arg, &f->daemon.reply); // to nobody
	loop_run_ready(f->loop);
	loop_free(f->loop);
	remove_folder(f->web);
	remove_folder(f->store);
	free(f);
	return 0;
}

struct client *
fixture_connect(struct fixture *f, const char *from)
{
	return client_open(f->loop, console_port(f->console), from);
}

struct answer
ask_from(struct fixture *f, const char *from, const char *method_and_target,
    const char *headers, const char *body)
{
	struct client *c = fixture_connect(f, from);
	struct buf b = { 0 };
	struct answer a;

	buf_printf(
	    &b, "%s HTTP/1.1\r\nHost: localhost\r\n%s", method_and_target, headers);
	if (body != NULL)
		buf_printf(&b,
		    "Content-Type: application/json\r\nContent-Length: %zu\r\n",
		    strlen(body));
	buf_printf(&b, "\r\n%s", body != NULL ? body : "");
	client_say_bytes(c, b.data, b.len);
	bool came = client_answer(c, strncmp(method_and_target, "HEAD", 4) == 0, &a);
	buf_free(&b);
	client_close(c);
	if (!came)
		fail_msg("no answer to %s", method_and_target);
	return a;
}

struct answer
ask(struct fixture *f, const char *method_and_target, const char *headers,
    const char *body)
{
	return ask_from(f, NULL, method_and_target, headers, body);
}

// JSON as a strict reader takes it: no name twice in an object, nothing behind it.
void
expect_strict_json(const char *text)
{
	json_error_t error;
	json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (value == NULL)
		fail_msg("%s: %s", error.text, text);
	json_decref(value);
}

void
expect(struct answer a, int status, const char *text)
{
	if (a.status != status)
		fail_msg("%d, not %d: %s", a.status, status, a.body);
	if (text != NULL && strstr(a.body, text) == NULL)
		fail_msg("no %s in %s", text, a.body);
	// Every message is a text of the catalogue, not its key.
	assert_null(strstr(a.body, "\"message\":\"error."));
	if (strcasestr(a.head, "Content-Type: application/json") && a.body_len > 0)
		expect_strict_json(a.body);
	answer_free(&a);
}

void
log_in(struct fixture *f, const char *user, const char *pin, char headers[400])
{
	char body[200], token[80] = "", csrf[80] = "";

	(void)snprintf(
	    body, sizeof(body), "{\"user\":\"%s\",\"pin\":\"%s\"}", user, pin);
	struct answer a = ask(f, "POST /api/v1/session", "X-Watchroom: 1\r\n", body);
	assert_int_equal(a.status, 200);
	const char *cookie = strstr(a.head, "Set-Cookie: watchroom=");
	const char *in_body = strstr(a.body, "\"csrf\":\"");
	assert_non_null(cookie);
	assert_non_null(in_body);
	assert_int_equal(
	    sscanf(cookie, "Set-Cookie: watchroom=%64[0-9a-f];", token), 1);
	assert_int_equal(sscanf(in_body, "\"csrf\":\"%64[0-9a-f]\"", csrf), 1);
	(void)snprintf(headers, 400,
	    "Cookie: a=b; watchroom=%s\r\nX-CSRF-Token: %s\r\n", token, csrf);
	answer_free(&a);
}

struct sse_reader
fixture_stream(struct fixture *f, const char *query, const char *headers)
{
	struct sse_reader r = { .client = fixture_connect(f, NULL) };
	struct buf b = { 0 };

	buf_printf(&b, "GET /api/v1/stream%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n",
	    query, headers);
	client_say_bytes(r.client, b.data, b.len);
	buf_free(&b);
	return r;
}

void
push_event(struct fixture *f, uint64_t n)
{
	struct event e;

	event_init(&e, EVENT_ALARM_ONSET);
	e.stream_n = n;
	e.time_utc_ms = 1767323045678;
	(void)strcpy(e.point, "fap1-d-1-5");
	(void)strcpy(e.params, "{\"limit\":3}");
	console_push_event(f->console, &e);
}
