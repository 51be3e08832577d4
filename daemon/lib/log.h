// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The log: one line an event of interest to whoever runs the machine. Not the journal:
// nothing an operator needs is only here. Any thread. errno is kept. Outside text is
// escaped. stderr with <n> priorities when systemd reads it, time and name otherwise.
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include <stdbool.h>

#define LOG_FMT(a, b) __attribute__((format(printf, a, b)))

// `what` is the subsystem ("modbus"), the sentence is lower case, no full stop.
void log_warn(const char *what, const char *fmt, ...) LOG_FMT(2, 3); // adds errno text
void log_warnx(const char *what, const char *fmt, ...) LOG_FMT(2, 3);
void log_info(const char *what, const char *fmt, ...) LOG_FMT(2, 3);
void log_debug(const char *what, const char *fmt, ...) LOG_FMT(2, 3);

// Start-up only: say why and exit with 1.
_Noreturn void fatal(const char *what, const char *fmt, ...) LOG_FMT(2, 3);
_Noreturn void fatalx(const char *what, const char *fmt, ...) LOG_FMT(2, 3);

// Debug lines on or off (default off). `program` is static.
void log_init(const char *program, bool debug);

#endif
