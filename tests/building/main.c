// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// simulated-building: a small tower that speaks real Modbus, for the demonstration
// and the tests. Over TCP a fire panel's gateway, two input modules and a gateway with
// 32 pressure transmitters behind it, four more on a serial line (a pseudo-terminal),
// and a scenario that plays in them. Shares no line of code with the daemon it is
// watched by.
//
// The main thread plays the scenario; the servers have threads of their own. Refuses
// every write. A crash leaves at most a dangling link in --dir.

#include <sys/stat.h>

#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "building.h"
#include "registers.h"
#include "report.h"
#include "rtu_server.h"
#include "scenario.h"
#include "tcp_server.h"

enum {
	PATH_LENGTH = 512,
	PORT_MAX = 65535,
	DURATION_MAX_S = 100000
};

// Who listens on a port of its own, by its name in building.json and in the options.
enum tcp_station {
	TCP_PANEL,
	TCP_IO,
	TCP_CONTACTS,
	TCP_RISER,
	TCP_STATIONS
};

static const struct station *const tcp_stations[TCP_STATIONS] = {
	[TCP_PANEL] = &station_panel,
	[TCP_IO] = &station_io,
	[TCP_CONTACTS] = &station_contacts,
	[TCP_RISER] = &station_riser,
};

struct options {
	const char *dir;
	int port[TCP_STATIONS]; // 0 = the kernel chooses
	int duration_s;         // 0 = until a signal
	bool scenario;
	bool list;
};

struct field {
	struct building building;
	struct tcp_server tcp[TCP_STATIONS];
	struct rtu_server pump_room;
	char link[PATH_LENGTH];
	char ready[PATH_LENGTH];
	char answers[PATH_LENGTH];
};

static const char usage[] =
    "usage: simulated-building --dir DIR [options]\n"
    "  --dir DIR         where building.json, pump-room.tty and answers.csv are made\n"
    "  --panel-port N    TCP port of the panel's gateway (0: the kernel chooses)\n"
    "  --io-port N       of the input module in the pump room\n"
    "  --contacts-port N of the input module at the guarded door\n"
    "  --riser-port N    of the gateway to the hydrants' transmitters\n"
    "  --duration S      end after S seconds\n"
    "  --no-scenario     nothing happens, only the pump room breathes\n"
    "  --list            print the scenario and what it expects as JSON, and end\n";

static bool
number_option(const char *text, int max, int *out)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || value < 0 || value > max)
		return false;
	*out = (int)value;
	return true;
}

// 0, or -1 when the command line is no good.
static int
read_options(int argc, char **argv, struct options *o)
{
	// clang-format off
	static const struct option table[] = {
		{"dir",           required_argument, NULL, 'd'},
		{"panel-port",    required_argument, NULL, 'p'},
		{"io-port",       required_argument, NULL, 'i'},
		{"contacts-port", required_argument, NULL, 'c'},
		{"riser-port",    required_argument, NULL, 'r'},
		{"duration",      required_argument, NULL, 's'},
		{"no-scenario",   no_argument,       NULL, 'n'},
		{"list",          no_argument,       NULL, 'l'},
		{"help",          no_argument,       NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	// clang-format on
	bool good = true;
	int c;

	while (good && (c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (c == 'd')
			o->dir = optarg;
		else if (c == 'p')
			good = number_option(optarg, PORT_MAX, &o->port[TCP_PANEL]);
		else if (c == 'i')
			good = number_option(optarg, PORT_MAX, &o->port[TCP_IO]);
		else if (c == 'c')
			good = number_option(optarg, PORT_MAX, &o->port[TCP_CONTACTS]);
		else if (c == 'r')
			good = number_option(optarg, PORT_MAX, &o->port[TCP_RISER]);
		else if (c == 's')
			good = number_option(optarg, DURATION_MAX_S, &o->duration_s);
		else if (c == 'n')
			o->scenario = false;
		else if (c == 'l')
			o->list = true;
		else
			good = false;
	}
	return good && optind == argc && (o->dir != NULL || o->list) ? 0 : -1;
}

// The names in --dir. What an earlier run left there is not ours to believe.
static int
name_files(struct field *f, const char *dir)
{
	enum {
		NAME_LENGTH = 24
	};

	if (strlen(dir) > PATH_LENGTH - NAME_LENGTH) {
		errno = ENAMETOOLONG;
		return -1;
	}
	(void)snprintf(f->link, sizeof(f->link), "%s/pump-room.tty", dir);
	(void)snprintf(f->ready, sizeof(f->ready), "%s/building.json", dir);
	(void)snprintf(f->answers, sizeof(f->answers), "%s/answers.csv", dir);
	if (unlink(f->ready) == -1 && errno != ENOENT)
		return -1;
	return 0;
}

// Replaces the link of an earlier run, never anything else.
static int
link_tty(struct field *f)
{
	struct stat old;

	if (lstat(f->link, &old) == 0 && S_ISLNK(old.st_mode))
		(void)unlink(f->link);
	return symlink(f->pump_room.tty, f->link);
}

// Written aside and renamed: who sees the file sees all of it, with every server up.
static int
write_ready_file(struct field *f)
{
	char aside[PATH_LENGTH];
	FILE *out;

	(void)snprintf(aside, sizeof(aside), "%.*s.new", PATH_LENGTH - 5, f->ready);
	out = fopen(aside, "we");
	if (out == NULL)
		return -1;
	(void)fputc('{', out);
	for (size_t i = 0; i < TCP_STATIONS; i++)
		(void)fprintf(
		    out, "\"%s_port\": %d, ", tcp_stations[i]->name, f->tcp[i].port);
	(void)fprintf(out, "\"tty\": \"%s\", \"tty_device\": \"%s\", \"pid\": %ld}\n",
	    f->link, f->pump_room.tty, (long)getpid());
	if (fclose(out) == EOF)
		return -1;
	return rename(aside, f->ready);
}

// True when a signal asked to end before `until_ms` of the building's clock.
static bool
wait_until(const struct building *b, const sigset_t *signals, int64_t until_ms)
{
	int64_t left;

	while ((left = until_ms - building_now_ms(b)) > 0) {
		const struct timespec wait = { left / 1000, left % 1000 * 1000000 };

		if (sigtimedwait(signals, NULL, &wait) > 0)
			return true;
	}
	return false;
}

static void
play_together(struct field *f, int loop_no, size_t from, size_t to)
{
	int64_t now = building_now_ms(&f->building);

	scenario_apply(&f->building, from, to);
	for (size_t i = from; i < to; i++) {
		const struct scenario_step *s = &scenario_steps[i];

		if (s->action == ACTION_GATEWAY)
			tcp_server_set_up(&f->tcp[TCP_PANEL], s->value != 0);
		report_step(now, loop_no, s);
	}
}

// Plays loops until a signal or `end_ms`.
static void
play(struct field *f, const sigset_t *signals, int64_t end_ms)
{
	for (int loop_no = 0;; loop_no++) {
		int64_t start = (int64_t)loop_no * SCENARIO_PERIOD_MS;
		size_t from = 0, to;

		while (from < scenario_n_steps) {
			int64_t due = start + scenario_steps[from].at_ms;

			if (due >= end_ms) {
				(void)wait_until(&f->building, signals, end_ms);
				return;
			}
			if (wait_until(&f->building, signals, due))
				return;
			for (to = from + 1; to < scenario_n_steps; to++) {
				if (scenario_steps[to].at_ms !=
				    scenario_steps[from].at_ms)
					break;
			}
			play_together(f, loop_no, from, to);
			from = to;
		}
	}
}

static int
run(struct field *f, const struct options *o, const sigset_t *signals)
{
	int64_t end_ms = o->duration_s > 0 ? o->duration_s * INT64_C(1000) : INT64_MAX;

	if (link_tty(f) == -1 || write_ready_file(f) == -1) {
		(void)fprintf(
		    stderr, "simulated-building: %s: %s\n", o->dir, strerror(errno));
		return 1;
	}
	if (o->scenario)
		play(f, signals, end_ms);
	else
		(void)wait_until(&f->building, signals, end_ms);
	(void)unlink(f->ready);
	(void)unlink(f->link);
	return 0;
}

static void
stop_tcp(struct field *f, size_t n)
{
	while (n-- > 0)
		tcp_server_stop(&f->tcp[n]);
}

// 0, or -1 with none of them left running.
static int
start_tcp(struct field *f, const struct options *o)
{
	for (size_t i = 0; i < TCP_STATIONS; i++) {
		if (tcp_server_start(
			&f->tcp[i], &f->building, tcp_stations[i], o->port[i]) == 0)
			continue;
		(void)fprintf(stderr, "simulated-building: %s: %s\n",
		    tcp_stations[i]->name, strerror(errno));
		stop_tcp(f, i);
		return -1;
	}
	return 0;
}

static int
serve_and_run(struct field *f, const struct options *o, const sigset_t *signals)
{
	int status = 1;

	building_init(&f->building);
	if (name_files(f, o->dir) == -1 || report_open_answers(f->answers) == -1) {
		perror(o->dir);
		return 1;
	}
	if (start_tcp(f, o) == -1)
		return 1;
	if (rtu_server_start(&f->pump_room, &f->building, &station_pump_room) == 0) {
		status = run(f, o, signals);
		rtu_server_stop(&f->pump_room);
	} else {
		perror("simulated-building: serial line");
	}
	stop_tcp(f, TCP_STATIONS);
	return status;
}

int
main(int argc, char **argv)
{
	static struct field field;
	struct options o = { .scenario = true };
	sigset_t signals;

	if (read_options(argc, argv, &o) == -1) {
		(void)fputs(usage, stderr);
		return 2;
	}
	if (o.list) {
		scenario_list(stdout);
		return 0;
	}
	// Blocked in every thread, taken by sigtimedwait in this one.
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGINT);
	(void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	return serve_and_run(&field, &o, &signals);
}
