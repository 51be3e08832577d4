// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Alarms of a point that the engine raises itself, beside what the field reports of it:
// a report that does not name them says nothing of them, and no profile may use them.
// Pure.
#ifndef CORE_OWN_CODE_H
#define CORE_OWN_CODE_H

#include <stdbool.h>

#include "core/condition.h"

// X(enum, condition, code)
#define OWN_CODES(X)                                     \
  X(OWN_LOW_LOW, COND_PROCESS, "low_low")                \
  X(OWN_LOW, COND_PROCESS, "low")                        \
  X(OWN_HIGH, COND_PROCESS, "high")                      \
  X(OWN_HIGH_HIGH, COND_PROCESS, "high_high")            \
  X(OWN_RATE_FALL, COND_PROCESS, "rate-fall")            \
  X(OWN_RATE_RISE, COND_PROCESS, "rate-rise")            \
  X(OWN_STUCK, COND_FAULT, "stuck-value")                \
  X(OWN_NO_EFFECT, COND_FAULT, "no-effect")              \
  X(OWN_CHATTER, COND_FAULT, "chatter")                  \
  X(OWN_REPEAT, COND_FAULT, "repeat")                    \
  X(OWN_HAND, COND_FAULT, "hand-differs")                \
  X(OWN_ISOLATION_ENDING, COND_INFO, "isolation-ending") \
  X(OWN_ISOLATION_FORGOTTEN, COND_DISABLED, "isolation-forgotten")

bool own_code(enum condition c, const char *code);

#endif
