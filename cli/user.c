// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// `watchroom user`: the people who may log in. Writes through the store, beside a
// running daemon. Refuses a PIN on the command line, where every process could read it,
// and an import file with any fault in it (I12): nothing is changed then.
#include "cli/user.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/mem.h"
#include "lib/text.h"

static const char *const roles[] = { "operator", "leader", "manager", "integrator" };

// argon2id as OWASP's password storage cheat sheet asks for: 19 MiB, and one pass more.
enum {
	PIN_PASSES = 3,
	PIN_MEMORY = 19 * 1024 * 1024,
};

static bool
given(const char *s)
{
	return s != NULL && s[0] != '\0';
}

static int
check_id(const char *id, struct err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t len = strlen(id);
	if (len >= 1 && len <= 31 && strspn(id, allowed) == len)
		return 0;
	return err_set(err, EINVAL,
	    "name: found \"%s\", allowed: 1 to 31 letters, digits, \".\", \"_\", \"-\"",
	    id);
}

// UTF-8 (RFC 3629) without control characters.
static bool
is_text(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	while (*p != '\0') {
		unsigned more = *p < 0x80                  ? 0
				: *p >= 0xC2 && *p <= 0xDF ? 1
				: *p >= 0xE0 && *p <= 0xEF ? 2
				: *p >= 0xF0 && *p <= 0xF4 ? 3
							   : 9;
		if (more == 9 || *p < 0x20 || *p == 0x7F)
			return false;
		for (p++; more > 0; more--, p++) {
			if ((*p & 0xC0) != 0x80)
				return false;
		}
	}
	return true;
}

static int
check_name(const char *field, const char *name, struct err *err)
{
	if (is_text(name) && strlen(name) < ID_MAX)
		return 0;
	return err_set(err, EINVAL,
	    "%s: allowed: UTF-8 text of at most %d bytes without control characters",
	    field, ID_MAX - 1);
}

static int
check_role(const char *role, struct err *err)
{
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (strcmp(roles[i], role) == 0)
			return 0;
	}
	return err_set(err, EINVAL,
	    "role: found \"%s\", allowed: operator, leader, manager, integrator", role);
}

// Says what is allowed, never what was found: it may be nearly right.
static int
check_pin(const char *pin, struct err *err)
{
	size_t len = strlen(pin);
	if (len >= PIN_LEAST && len <= PIN_MOST && strspn(pin, "0123456789") == len)
		return 0;
	return err_set(
	    err, EINVAL, "PIN: allowed: %d to %d digits", PIN_LEAST, PIN_MOST);
}

static int
check_enabled(const char *s, struct err *err)
{
	if (strcmp(s, "yes") == 0 || strcmp(s, "no") == 0)
		return 0;
	return err_set(err, EINVAL, "enabled: found \"%s\", allowed: yes, no", s);
}

int
user_check(bool known, const struct user_input *in, struct err *err)
{
	static const char *const fields[] = { "name-zh", "name-en", "role", "PIN" };
	const char *values[] = { in->name_zh, in->name_en, in->role, in->pin };
	if (!given(in->id))
		return err_set(err, EINVAL, "the person's log-in name is missing");
	if (check_id(in->id, err) < 0)
		return -1;
	for (int i = 0; i < 4 && !known; i++) {
		if (!given(values[i]))
			return err_set(err, EINVAL,
			    "%s is missing: \"%s\" is a new person", fields[i], in->id);
	}
	if (given(in->name_zh) && check_name("name-zh", in->name_zh, err) < 0)
		return -1;
	if (given(in->name_en) && check_name("name-en", in->name_en, err) < 0)
		return -1;
	if (given(in->role) && check_role(in->role, err) < 0)
		return -1;
	if (given(in->enabled) && check_enabled(in->enabled, err) < 0)
		return -1;
	return given(in->pin) ? check_pin(in->pin, err) : 0;
}

int
user_apply(struct person *p, bool known, const struct user_input *in, struct err *err)
{
	if (user_check(known, in, err) < 0)
		return -1;
	if (!known)
		p->enabled = true;
	(void)str_copy(p->id, sizeof(p->id), in->id);
	if (given(in->name_zh))
		(void)str_copy(p->name_zh, sizeof(p->name_zh), in->name_zh);
	if (given(in->name_en))
		(void)str_copy(p->name_en, sizeof(p->name_en), in->name_en);
	if (given(in->role))
		(void)str_copy(p->role, sizeof(p->role), in->role);
	if (given(in->enabled))
		p->enabled = strcmp(in->enabled, "yes") == 0;
	if (!given(in->pin))
		return 0;
	_Static_assert(sizeof(p->pin_hash) >= crypto_pwhash_STRBYTES, "hash fits");
	if (crypto_pwhash_str(
		p->pin_hash, in->pin, strlen(in->pin), PIN_PASSES, PIN_MEMORY) != 0)
		return err_set(err, ENOMEM, "hashing the PIN needs 19 MiB of memory");
	return 0;
}

// The person as stored; a journal that is not there yet knows nobody.
static int
find_person(const char *directory, const char *id, struct person *p, struct err *err)
{
	struct reader *r = reader_open(directory, err);
	*p = (struct person){ 0 };
	if (r == NULL)
		return 0;
	int found = query_person(r, id, p, err);
	reader_close(r);
	return found;
}

// One line of standard input, without its end.
static bool
read_pin(char pin[static PIN_MOST + 2])
{
	char line[64];
	bool ok = fgets(line, sizeof(line), stdin) != NULL;
	if (ok) {
		line[strcspn(line, "\r\n")] = '\0';
		(void)str_copy(pin, PIN_MOST + 2, line); // longer ones are refused
	}
	sodium_memzero(line, sizeof(line));
	return ok;
}

int
user_log_in(struct reader *r, const char *id, struct err *err)
{
	struct person p = { 0 };
	char pin[PIN_MOST + 2] = "";
	if (sodium_init() < 0)
		return err_set(err, ENOSYS, "no source of random numbers");
	int known = query_person(r, id, &p, err);
	if (known < 0)
		return -1;
	bool ok = read_pin(pin) && known == 1 && p.enabled &&
		  crypto_pwhash_str_verify(p.pin_hash, pin, strlen(pin)) == 0;
	sodium_memzero(pin, sizeof(pin));
	sodium_memzero(&p, sizeof(p));
	return ok ? 0 : err_set(err, EACCES, "wrong name or PIN");
}

static enum cli_exit
code_of(const struct err *e)
{
	return e->code == EINVAL ? CLI_USAGE : CLI_FAILED;
}

static enum cli_exit
put_person(const struct cli *c, const char *directory, const struct user_input *in)
{
	struct err err = { 0 };
	struct person p;
	int known = find_person(directory, in->id, &p, &err);
	if (known < 0)
		return cli_fail_err(c, CLI_FAILED, &err);
	int64_t now = clock_real()->utc_ms(clock_real());
	if (user_apply(&p, known == 1, in, &err) < 0 ||
	    store_put_person(directory, &p, now, &err) < 0)
		return cli_fail_err(c, code_of(&err), &err);
	(void)printf("%s: %s\n", in->id, known == 1 ? "changed" : "added");
	return CLI_OK;
}

enum cli_exit
cmd_user_add(const struct cli *c)
{
	char pin[PIN_MOST + 2] = "";
	struct cli_site s;
	struct err err = { 0 };
	struct user_input in = {
		.name_zh = c->name_zh, .name_en = c->name_en, .role = c->role
	};
	if (c->argc != 1)
		return cli_fail(c, CLI_USAGE, "one log-in name is needed");
	in.id = c->argv[0];
	if (sodium_init() < 0)
		return cli_fail(c, CLI_FAILED, "no source of random numbers");
	if (c->pin_stdin != NULL) {
		if (!read_pin(pin) || check_pin(pin, &err) < 0)
			return cli_fail(c, CLI_USAGE,
			    "standard input: PIN: allowed: %d to %d digits", PIN_LEAST,
			    PIN_MOST);
		in.pin = pin;
	}
	enum cli_exit code = cli_locate(c, &s);
	if (code == CLI_OK)
		code = put_person(c, s.directory, &in);
	sodium_memzero(pin, sizeof(pin));
	cli_close(&s);
	return code;
}

struct listing {
	bool json;
	struct buf out;
};

static bool
list_person(void *arg, const struct person *p)
{
	struct listing *l = arg;
	if (!l->json) {
		(void)printf("%-20s %-10s %-8s %s / %s\n", p->id, p->role,
		    p->enabled ? "enabled" : "disabled", p->name_zh, p->name_en);
		return true;
	}
	json_open(&l->out, NULL, '{');
	json_str(&l->out, "user", p->id);
	json_open(&l->out, "name", '{');
	json_str(&l->out, "zh", p->name_zh);
	json_str(&l->out, "en", p->name_en);
	json_close(&l->out, '}');
	json_str(&l->out, "role", p->role);
	json_bool(&l->out, "enabled", p->enabled);
	json_close(&l->out, '}');
	return true;
}

enum cli_exit
cmd_user_list(const struct cli *c)
{
	struct cli_site s;
	struct err err = { 0 };
	struct listing l = { .json = c->json != NULL };
	enum cli_exit code = cli_no_more(c);
	if (code == CLI_OK)
		code = cli_locate(c, &s);
	if (code != CLI_OK)
		return code;
	s.reader = reader_open(s.directory, &err);
	json_open(&l.out, NULL, '[');
	if (s.reader == NULL || query_people(s.reader, list_person, &l, &err) < 0)
		code = cli_fail_err(c, CLI_FAILED, &err);
	json_close(&l.out, ']');
	if (l.json && code == CLI_OK)
		(void)puts(l.out.data);
	buf_free(&l.out);
	cli_close(&s);
	return code;
}

struct import {
	const struct cli *c;
	unsigned problems;
};

static void
on_problem(void *arg, const struct err *e)
{
	struct import *i = arg;
	i->problems++;
	(void)cli_fail_err(i->c, CLI_USAGE, e);
}

// Which of two rows is meant for a person nobody can know.
static void
refuse_doubles(struct import *im, const struct user_csv *u)
{
	for (size_t i = 0; i < u->n; i++) {
		size_t k = 0;
		while (k < i && strcmp(u->rows[k].id, u->rows[i].id) != 0)
			k++;
		if (k == i || !given(u->rows[i].id))
			continue;
		struct err at = { 0 };
		(void)err_at(&at, im->c->argv[0], u->lines[i], 0,
		    "\"%s\" stands in line %u already", u->rows[i].id, u->lines[k]);
		on_problem(im, &at);
	}
}

// Every row is checked before the first one is written.
static enum cli_exit
check_rows(struct import *im, const struct user_csv *u, const char *directory)
{
	for (size_t i = 0; i < u->n; i++) {
		struct err err = { 0 }, at = { 0 };
		struct person p;
		const char *id = given(u->rows[i].id) ? u->rows[i].id : "";
		int known = find_person(directory, id, &p, &err);
		if (known < 0)
			return cli_fail_err(im->c, CLI_FAILED, &err);
		if (user_check(known == 1, &u->rows[i], &err) == 0)
			continue;
		(void)err_at(&at, im->c->argv[0], u->lines[i], 0, "%s", err.text);
		on_problem(im, &at);
	}
	return im->problems > 0 ? CLI_USAGE : CLI_OK;
}

static enum cli_exit
import(const struct cli *c, const char *directory)
{
	struct import im = { .c = c };
	struct user_csv u = { 0 };
	struct err err = { 0 };
	enum cli_exit code = CLI_OK;
	if (user_csv_read(c->argv[0], &u, on_problem, &im, &err) < 0)
		return cli_fail_err(c, CLI_USAGE, &err);
	refuse_doubles(&im, &u);
	code = check_rows(&im, &u, directory);
	if (code == CLI_USAGE)
		(void)cli_fail(c, code, "nothing was changed");
	for (size_t i = 0; i < u.n && code == CLI_OK; i++)
		code = put_person(c, directory, &u.rows[i]);
	user_csv_free(&u);
	return code;
}

enum cli_exit
cmd_user_import(const struct cli *c)
{
	struct cli_site s;
	if (c->argc != 1)
		return cli_fail(c, CLI_USAGE, "one CSV file is needed");
	if (sodium_init() < 0)
		return cli_fail(c, CLI_FAILED, "no source of random numbers");
	enum cli_exit code = cli_locate(c, &s);
	if (code == CLI_OK)
		code = import(c, s.directory);
	cli_close(&s);
	return code;
}
