// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// `watchroom record`: asks the running daemon for the frames of a bus, through its
// control socket, and writes them as a recording until the time is over or a signal
// comes. The daemon goes on as before; nothing is asked of a device for this. With -o
// the file appears whole, once it is.
#include "cli/record.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/whole_file.h"
#include "config/units.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/mem.h"
#include "lib/paths.h"

enum {
	FOR_MAX_MS = 7 * 24 * 3600 * 1000,
	REPLY_PATIENCE_MS = 5000,
	BYTES_MAX = 31 << 20, // of what `watchroom replay` reads
	LINE_MAX_BYTES = 4096,
};

struct recorder {
	const struct cli *c;
	const struct site *site;
	const char *bus;
	uint16_t index;
	int fd;
	uint32_t for_ms; // 0 = until a signal
	struct whole_file file;
	size_t n, n_lines, written;
	unsigned long missed;
	long long last_ms;
	int64_t begin_ms;
	char line[LINE_MAX_BYTES]; // not yet whole
};

static volatile sig_atomic_t stopped;

static void
on_signal(int signo)
{
	(void)signo;
	stopped = 1;
}

static int64_t
now_ms(void)
{
	struct clock *c = clock_real();

	return c->mono_ms(c);
}

// ---- the daemon
// ------------------------------------------------------------------------

static const char *
state_directory(const struct cli *c)
{
	const char *env = getenv("STATE_DIRECTORY");

	if (c->state != NULL)
		return c->state;
	return env != NULL && env[0] != '\0' ? env : "/var/lib/watchroom";
}

// 0 where the daemon's socket takes us; -1 with the path it would have (where asked
// for; caller frees) and errno.
static int
reach(struct recorder *r, char **where)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char *path = paths_control(state_directory(r->c));
	int rc = -1;

	errno = ENAMETOOLONG;
	if (str_copy(at.sun_path, sizeof(at.sun_path), path)) {
		r->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (r->fd >= 0)
			rc = connect(r->fd, (const struct sockaddr *)&at, sizeof(at));
	}
	if (where != NULL)
		*where = path;
	else
		free(path);
	return rc;
}

static enum cli_exit
dial(struct recorder *r)
{
	char *path;
	enum cli_exit code = CLI_OK;

	if (reach(r, &path) != 0) {
		code = errno == ENAMETOOLONG ? CLI_USAGE : CLI_FAILED;
		(void)cli_fail(r->c, code, "no daemon at %s: %s", path,
		    errno == ENAMETOOLONG ? "too long for a socket" : strerror(errno));
	}
	free(path);
	return code;
}

// One more line in r->line, without its end: 1; 0 at the end of the time, -1 where the
// daemon hung up.
static int
take_line(struct recorder *r, int64_t until_ms)
{
	for (;;) {
		const char *end = memchr(r->line, '\n', r->n);
		if (end != NULL)
			return 1;
		int64_t left = until_ms - now_ms();
		struct pollfd p = { .fd = r->fd, .events = POLLIN };
		if (left <= 0 || stopped != 0)
			return 0;
		int ready = poll(&p, 1, left > 500 ? 500 : (int)left);
		if (ready <= 0)
			continue;
		ssize_t n = read(r->fd, r->line + r->n, sizeof(r->line) - r->n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		r->n += (size_t)n;
	}
}

static void
drop_line(struct recorder *r)
{
	const char *end = memchr(r->line, '\n', r->n);
	size_t used = (size_t)(end + 1 - r->line);

	r->n -= used;
	memmove(r->line, r->line + used, r->n);
}

static enum cli_exit
ask(struct recorder *r)
{
	char *request = xasprintf("record %s\n", r->bus);
	bool sent = send(r->fd, request, strlen(request), MSG_NOSIGNAL) ==
		    (ssize_t)strlen(request);

	free(request);
	if (!sent || take_line(r, now_ms() + REPLY_PATIENCE_MS) != 1)
		return cli_fail(r->c, CLI_FAILED, "the daemon does not answer");
	*(char *)memchr(r->line, '\n', r->n) = '\0';
	if (strncmp(r->line, "{\"ok\":true", 10) != 0)
		return cli_fail(r->c, CLI_FAILED, "the daemon says %s", r->line);
	if (strstr(r->line, r->site->revision) == NULL)
		(void)cli_fail(r->c, CLI_OK,
		    "warning: the daemon runs another configuration than %s",
		    r->c->config);
	r->line[strlen(r->line)] = '\n';
	drop_line(r);
	return CLI_OK;
}

// ---- the file
// --------------------------------------------------------------------------

static enum cli_exit
cannot_write(const struct recorder *r)
{
	return cli_fail(r->c, CLI_FAILED, "%s: %s",
	    r->c->output != NULL ? r->c->output : "standard output", strerror(errno));
}

static enum cli_exit
open_file(struct recorder *r)
{
	return whole_file_open(&r->file, r->c->output) == 0 ? CLI_OK : cannot_write(r);
}

static enum cli_exit
close_file(struct recorder *r, enum cli_exit code)
{
	int result = whole_file_close(&r->file, code == CLI_OK, 0666);

	return code == CLI_OK && result != 0 ? cannot_write(r) : code;
}

static void
write_head(struct recorder *r)
{
	char when[25], *recorded;
	struct clock *clock = clock_real();

	clock_rfc3339(clock->utc_ms(clock), when);
	recorded = xasprintf("%s by watchroom record", when);
	const struct record_head h = {
		.site = r->site,
		.bus = r->index,
		.recorded = recorded,
		.note = r->c->note,
	};
	record_head_write(&h, r->file.out);
	free(recorded);
}

static void
write_line(struct recorder *r)
{
	size_t len = (size_t)((const char *)memchr(r->line, '\n', r->n) - r->line);
	unsigned long gap;

	r->line[len] = '\0';
	r->last_ms = strtoll(r->line, NULL, 10);
	const char *said = strstr(r->line, "! gap ");
	if (said != NULL) {
		gap = strtoul(said + 6, NULL, 10);
		r->missed += gap;
	}
	(void)fprintf(r->file.out, "%s\n", r->line);
	r->written += len + 1;
	r->n_lines++;
	r->line[len] = '\n';
	drop_line(r);
}

static void
say_end(const struct recorder *r)
{
	struct buf b = { 0 };

	if (r->c->json == NULL || r->c->output == NULL) {
		(void)cli_fail(r->c, CLI_OK, "%zu lines, %lu frames missed", r->n_lines,
		    r->missed);
		return;
	}
	json_open(&b, NULL, '{');
	json_str(&b, "file", r->c->output);
	json_str(&b, "bus", r->bus);
	json_int(&b, "lines", (int64_t)r->n_lines);
	json_int(&b, "missed", (int64_t)r->missed);
	json_close(&b, '}');
	(void)printf("%s\n", b.data);
	buf_free(&b);
}

static enum cli_exit
write_frames(struct recorder *r)
{
	int64_t until = r->for_ms > 0 ? r->begin_ms + r->for_ms : INT64_MAX;
	int more = 1;

	while (r->written < BYTES_MAX && stopped == 0 &&
	       (more = take_line(r, until)) == 1) {
		if (ferror(r->file.out))
			return cli_fail(r->c, CLI_FAILED, "cannot be written");
		write_line(r);
	}
	long long end = now_ms() - r->begin_ms;
	(void)fprintf(r->file.out, "%8lld .\n", end > r->last_ms ? end : r->last_ms);
	if (r->written >= BYTES_MAX)
		(void)cli_fail(r->c, CLI_OK, "ended: a recording is at most 32 MiB");
	say_end(r);
	if (more < 0)
		(void)cli_fail(r->c, CLI_OK, "ended: the daemon has stopped");
	return CLI_OK;
}

// The daemon has the bus, and two that ask spoil each other's answers.
static enum cli_exit
record_alone(struct recorder *r)
{
	struct record_count count = { 0 };

	if (reach(r, NULL) == 0)
		return cli_fail(r->c, CLI_USAGE,
		    "--direct: a daemon runs on this state directory; record without "
		    "it");
	if (errno != ENOENT && errno != ECONNREFUSED) // nobody listens there
		return cli_fail(r->c, CLI_USAGE,
		    "--direct: whether a daemon runs cannot be asked: %s",
		    errno == ENAMETOOLONG ? "too long for a socket" : strerror(errno));
	enum cli_exit code = open_file(r);
	if (code != CLI_OK)
		return code;
	write_head(r);
	const struct record_direct d = {
		.site = r->site,
		.bus = r->index,
		.for_ms = r->for_ms,
		.bytes_max = BYTES_MAX,
		.out = r->file.out,
		.stopped = &stopped,
	};
	record_direct(&d, &count);
	(void)fprintf(r->file.out, "%8lld .\n", (long long)count.ms);
	r->n_lines = count.lines;
	say_end(r);
	return close_file(r, CLI_OK);
}

static enum cli_exit
record(struct recorder *r)
{
	if (r->c->direct != NULL)
		return record_alone(r);
	enum cli_exit code = dial(r);

	if (code == CLI_OK)
		code = ask(r);
	if (code == CLI_OK)
		code = open_file(r);
	if (code != CLI_OK)
		return code;
	r->begin_ms = now_ms();
	write_head(r);
	return close_file(r, write_frames(r));
}

static enum cli_exit
find_bus(struct recorder *r)
{
	for (r->index = 0; r->index < r->site->n_buses; r->index++)
		if (strcmp(r->site->buses[r->index].id, r->bus) == 0)
			return CLI_OK;
	(void)cli_fail(
	    r->c, CLI_USAGE, "bus: found \"%s\", allowed: a bus of the site", r->bus);
	for (uint16_t i = 0; i < r->site->n_buses; i++)
		(void)fprintf(stderr, "    %s\n", r->site->buses[i].id);
	return CLI_USAGE;
}

enum cli_exit
cmd_record(const struct cli *c)
{
	struct recorder r = { .c = c, .fd = -1 };
	struct cli_site s;
	char why[WHY_MAX];

	if (c->config == NULL || c->argc != 1)
		return cli_fail(c, CLI_USAGE, "needs -c and the bus to record");
	if (c->for_time != NULL &&
	    units_duration(c->for_time, 1, FOR_MAX_MS, &r.for_ms, why) != 0)
		return cli_fail(
		    c, CLI_USAGE, "--for: %s, found \"%s\"", why, c->for_time);
	enum cli_exit code = cli_locate(c, &s);
	if (code != CLI_OK)
		return code;
	r.site = s.site;
	r.bus = c->argv[0];
	code = s.site == NULL ? CLI_USAGE : find_bus(&r);
	(void)signal(SIGINT, on_signal);
	(void)signal(SIGTERM, on_signal);
	if (code == CLI_OK)
		code = record(&r);
	if (r.fd >= 0)
		(void)close(r.fd);
	cli_close(&s);
	return code;
}
