// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Checking a person's PIN. Runs in the store's reader thread: argon2id takes about
// 100 ms by design and must never run on the loop (I1).
#ifndef DUTY_LOGIN_H
#define DUTY_LOGIN_H

#include <stdbool.h>

#include "core/event.h"
#include "store/query.h"

enum {
	LOGIN_PIN_MAX = 129
}; // bytes with NUL

struct login {
	char user[ID_MAX];       // in
	char pin[LOGIN_PIN_MAX]; // in; wiped by login_verify
	bool ok;                 // out
	struct person person; // out, where ok; its pin_hash is wiped but for the mark
	char pin_mark[16];    // out: changes when the PIN does
};

// A store_job; arg is a struct login. Takes as long for an unknown name as for a known
// one. 0, or -1 where the people could not be read.
int login_verify(struct reader *r, void *arg);

// A store_job that fills person and pin_mark for `user` without a PIN; ok says whether
// such a person exists and may log in.
int login_recheck(struct reader *r, void *arg);

#endif
