// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The log on standard error: one line, one write, so that threads never mix within a
// line. Owns the choice of format (systemd priorities or a readable line). It refuses
// control bytes from outside: they are written as \xNN, so a device's text can neither
// forge a line nor move a terminal's cursor. errno is kept for the caller.
#include "lib/log.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// Priorities of syslog(3), which systemd reads in "<n>".
enum log_level {
	LEVEL_FATAL = 2,
	LEVEL_WARN = 4,
	LEVEL_INFO = 6,
	LEVEL_DEBUG = 7
};

enum {
	LINE_MAX_BYTES = 2048
};

static const char *program = "watchroom";
static atomic_bool debug_on;
static atomic_bool to_journal;

void
log_init(const char *name, bool debug)
{
	program = name;
	atomic_store(&debug_on, debug);
	// systemd.exec(5): JOURNAL_STREAM names the device and inode of the stream.
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat st;
	char here[64];
	bool journal = false;
	if (stream && fstat(STDERR_FILENO, &st) == 0) {
		(void)snprintf(here, sizeof here, "%ju:%ju", (uintmax_t)st.st_dev,
		    (uintmax_t)st.st_ino);
		journal = strcmp(stream, here) == 0;
	}
	atomic_store(&to_journal, journal);
}

static size_t
put_prefix(char *line, size_t size, enum log_level level, const char *what)
{
	int n;
	if (atomic_load(&to_journal)) {
		n = snprintf(line, size, "<%d>%s: ", (int)level, what);
	} else {
		struct timespec now;
		struct tm tm;
		(void)clock_gettime(CLOCK_REALTIME, &now);
		(void)localtime_r(&now.tv_sec, &tm);
		n = snprintf(line, size,
		    "%02d:%02d:%02d.%03ld %s[%d]: %s: ", tm.tm_hour, tm.tm_min,
		    tm.tm_sec, now.tv_nsec / 1000000, program, (int)getpid(), what);
	}
	return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

// Copies `text` behind the prefix, control bytes escaped; leaves room for '\n'.
static size_t
put_text(char *line, size_t size, size_t at, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	for (const char *s = text; *s && at + 5 < size; s++) {
		unsigned char c = (unsigned char)*s;
		if (c >= 0x20 && c != 0x7f) {
			line[at++] = *s;
			continue;
		}
		line[at++] = '\\';
		line[at++] = 'x';
		line[at++] = hex[c >> 4];
		line[at++] = hex[c & 15];
	}
	return at;
}

__attribute__((format(printf, 4, 0))) static void
log_line(
    enum log_level level, int with_errno, const char *what, const char *fmt, va_list ap)
{
	int saved = errno;
	char text[LINE_MAX_BYTES / 2];
	char line[LINE_MAX_BYTES];
	(void)vsnprintf(text, sizeof text, fmt, ap);
	size_t at = put_prefix(line, sizeof line / 4, level, what);
	at = put_text(line, sizeof line, at, text);
	if (with_errno) {
		char reason[128];
		at = put_text(line, sizeof line, at, ": ");
		at = put_text(line, sizeof line, at,
		    strerror_r(with_errno, reason, sizeof reason));
	}
	line[at++] = '\n';
	ssize_t written = write(STDERR_FILENO, line, at);
	(void)written; // there is no other place to complain
	errno = saved;
}

void
log_warn(const char *what, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	log_line(LEVEL_WARN, errno, what, fmt, ap);
	va_end(ap);
}

void
log_warnx(const char *what, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	log_line(LEVEL_WARN, 0, what, fmt, ap);
	va_end(ap);
}

void
log_info(const char *what, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	log_line(LEVEL_INFO, 0, what, fmt, ap);
	va_end(ap);
}

void
log_debug(const char *what, const char *fmt, ...)
{
	if (!atomic_load_explicit(&debug_on, memory_order_relaxed))
		return;
	va_list ap;
	va_start(ap, fmt);
	log_line(LEVEL_DEBUG, 0, what, fmt, ap);
	va_end(ap);
}

_Noreturn void
fatal(const char *what, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	log_line(LEVEL_FATAL, errno, what, fmt, ap);
	va_end(ap);
	exit(1);
}

_Noreturn void
fatalx(const char *what, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	log_line(LEVEL_FATAL, 0, what, fmt, ap);
	va_end(ap);
	exit(1);
}
