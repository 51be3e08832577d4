// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A site with rules of expected effects, for tests: a fire must start a pump within 10
// s and stop a fan, a low pressure must start the pump within 5 s. Test code only.
#ifndef EFFECTS_RIG_H
#define EFFECTS_RIG_H

#include "engine_journal.h"

// With one piece of the text replaced where `from` is given.
void effects_set_up(struct rig *r, const char *from, const char *to);
// The same between a stop and a start.
void effects_rewrite(struct rig *r, const char *from, const char *to);

// The alarm of what did not come, or NULL.
const struct alarm_record *no_effect(const struct rig *r, const char *point);
bool is_no_effect(const struct rig *r, const char *point); // it stands

void measure_main(const struct rig *r, double mpa);
void lose_io(const struct rig *r, bool lost);
// The contact with a further condition that the field reports of it.
void level_with(const struct rig *r, const char *point, bool on, enum condition c);

// Fails where the point's JSON does not have the text.
void expect_point(const struct rig *r, const char *point, const char *text);

#endif
