// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// cmocka with the three headers it must follow, in their order, and what most unit
// tests need beside it. Every unit test includes this instead of cmocka.h.
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
