// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A running engine for tests: the real store in a temporary directory, a virtual clock,
// a small site. One thread. Minutes pass in milliseconds, and only when every commit
// was answered.
#ifndef ENGINE_RIG_H
#define ENGINE_RIG_H

#include "engine.h"
#include "field.h"
#include "outbox.h"
#include "outputs.h"
#include "report_plans.h"
#include "supervise.h"

enum {
	RIG_RULES = 64 // points of a site whose rules are counted
};

struct rig {
	char dir[64];
	struct clock clock;
	struct loop *loop;
	struct site *site;
	struct store *store;
	struct works *works;
	struct engine *engine;
	struct outbox *outbox;
	struct outputs *outputs;
	struct field *field;
	struct supervise *supervise;
	const char *reports_program; // NULL: the site's plans do not run
	struct report_plans *report_plans;
	struct loop_timer stop;
	unsigned sound_changes;
	unsigned rules_told[RIG_RULES]; // per point, since the start
	unsigned rounds_told;
};

// rig_set_up makes the directory, with one piece of the site's text replaced where
// replace_from is given, and starts; rig_tear_down verifies the journal and removes it.
void rig_make_directory(struct rig *r); // below TMPDIR, and sets the clock
void rig_pass(struct rig *r, int64_t ms);
void rig_stop(struct rig *r);
void rig_start(struct rig *r);
void rig_write_site(const char *path, const char *replace_from, const char *replace_to);
void rig_set_up(struct rig *r, const char *replace_from, const char *replace_to);
// The same with a site of the test's own.
void rig_set_up_site(struct rig *r, const char *text);
void rig_tear_down(struct rig *r);
struct sample rig_sample(const struct rig *r, const char *point, enum sample_kind kind);
code_id rig_code(const struct rig *r, const char *name);
void rig_fire(struct rig *r, const char *point, bool on);
void rig_level(struct rig *r, const char *point, bool on);
const struct alarm_record *rig_open_alarm(const struct rig *r, const char *point);
enum alarm_state rig_state(const struct rig *r, const char *point);

#endif
