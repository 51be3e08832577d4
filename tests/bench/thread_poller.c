// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What most monitors do: one blocking libmodbus thread per device, a read of 100
// holding registers each period, no decoding, no rules, no record. After an error the
// connection is opened anew in the next period. libmodbus cannot use descriptors above
// 1023, so it stands for at most about 1,000 devices. With period 0 each thread asks
// again at once.
// `thread_poller PERIOD_MS SECONDS PORT:COUNT...`; prints "polls P" at the end.
#include <sys/resource.h>

#include <errno.h>
#include <inttypes.h>
#include <modbus.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "watch.h"

enum {
	STACK = 64 * 1024,
	READ = 100,
	START_US = 500000,
};

struct device {
	unsigned index, port;
};

static unsigned n;
static int64_t period_us, start_us, end_us;
static atomic_ullong polls, sum;

static void
sleep_until(int64_t us)
{
	struct timespec t = { us / 1000000, us % 1000000 * 1000 };
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

static bool
poll_once(modbus_t *m, bool *open)
{
	uint16_t in[READ];
	uint64_t s = 0;
	if (!*open && modbus_connect(m) != 0)
		return false;
	*open = true;
	if (modbus_read_registers(m, 0, READ, in) != READ)
		return false;
	for (unsigned i = 0; i < READ; i++)
		s += in[i];
	sum += s;
	return true;
}

static void *
poll_one(void *arg)
{
	const struct device *d = arg;
	modbus_t *m = modbus_new_tcp("127.0.0.1", (int)d->port);
	bool open = false;
	if (m == NULL || modbus_set_slave(m, 1) != 0)
		exit(EXIT_FAILURE);
	(void)modbus_set_response_timeout(m, 1, 0);
	(void)modbus_set_byte_timeout(m, 0, 0); // the whole reply within a second
	int64_t due = start_us + d->index * period_us / n;
	while (due < end_us) {
		if (period_us > 0)
			sleep_until(due);
		if (poll_once(m, &open)) {
			polls++;
		} else {
			modbus_close(m);
			open = false;
		}
		if (period_us == 0)
			due = watch_now_us();
		while (period_us > 0 && due <= watch_now_us())
			due += period_us;
	}
	modbus_close(m);
	modbus_free(m);
	return NULL;
}

static struct device *
devices(int argc, char **argv)
{
	struct device *d = NULL;
	for (int i = 0; i < argc; i++) {
		char *colon = strchr(argv[i], ':');
		if (colon == NULL)
			exit(EXIT_FAILURE);
		unsigned count = (unsigned)watch_number(colon + 1);
		*colon = '\0';
		struct device *more = realloc(d, (n + count + 1) * sizeof(*d));
		if (more == NULL)
			exit(EXIT_FAILURE);
		d = more;
		for (; count > 0; count--, n++)
			d[n] = (struct device){ n, (unsigned)watch_number(argv[i]) };
	}
	return d;
}

int
main(int argc, char **argv)
{
	if (argc < 4)
		return EXIT_FAILURE;
	period_us = 1000 * watch_number(argv[1]);
	start_us = watch_now_us() + START_US;
	end_us = start_us + 1000000 * watch_number(argv[2]);
	struct device *d = devices(argc - 3, argv + 3);
	struct rlimit l;
	if (getrlimit(RLIMIT_NOFILE, &l) == 0) {
		l.rlim_cur = l.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &l);
	}
	(void)signal(SIGPIPE, SIG_IGN);
	pthread_attr_t attr;
	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, STACK);
	pthread_t *threads = calloc(n + 1, sizeof(*threads));
	if (threads == NULL)
		exit(EXIT_FAILURE);
	for (unsigned i = 0; i < n; i++) {
		if (pthread_create(&threads[i], &attr, poll_one, &d[i]) != 0) {
			perror("pthread_create");
			exit(EXIT_FAILURE);
		}
	}
	for (unsigned i = 0; i < n; i++)
		(void)pthread_join(threads[i], NULL);
	(void)printf("polls %llu\n", (unsigned long long)polls);
	free(threads);
	free(d);
	return EXIT_SUCCESS;
}
