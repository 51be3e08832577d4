// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What most monitors do: one blocking libmodbus thread per device, a read of 100
// holding registers each period, no decoding, no rules, no record. `thread_poller PORT
// N PERIOD_MS SECONDS`; prints "polls P" at the end. libmodbus cannot use descriptors
// above 1023, so N is at most about 1,000.
#include <sys/resource.h>

#include <errno.h>
#include <modbus.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
	STACK = 64 * 1024,
	READ = 100
};

static unsigned port, n, period_ms;
static struct timespec start, end;
static atomic_ullong polls, sum;

static void
add_ms(struct timespec *t, uint64_t ms)
{
	t->tv_sec += (time_t)(ms / 1000);
	t->tv_nsec += (long)(ms % 1000) * 1000000;
	if (t->tv_nsec >= 1000000000) {
		t->tv_nsec -= 1000000000;
		t->tv_sec++;
	}
}

static void *
poll_one(void *arg)
{
	uint64_t index = (uint64_t)(uintptr_t)arg;
	modbus_t *m = modbus_new_tcp("127.0.0.1", (int)port);
	if (m == NULL || modbus_set_slave(m, 1) != 0 || modbus_connect(m) != 0) {
		perror("connect");
		exit(EXIT_FAILURE);
	}
	struct timespec due = start;
	add_ms(&due, index * period_ms / n);
	while (due.tv_sec < end.tv_sec) {
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) ==
		       EINTR)
			;
		uint16_t in[READ];
		if (modbus_read_registers(m, 0, READ, in) == READ) {
			uint64_t s = 0;
			for (unsigned i = 0; i < READ; i++)
				s += in[i];
			sum += s;
			polls++;
		}
		add_ms(&due, period_ms);
	}
	modbus_close(m);
	modbus_free(m);
	return NULL;
}

static long
number(const char *text)
{
	char *tail;
	long value = strtol(text, &tail, 10);
	if (*text == '\0' || *tail != '\0' || value <= 0 || value > 1000000) {
		(void)fprintf(stderr, "bad number: %s\n", text);
		exit(EXIT_FAILURE);
	}
	return value;
}

int
main(int argc, char **argv)
{
	if (argc != 5)
		return EXIT_FAILURE;
	port = (unsigned)number(argv[1]);
	n = (unsigned)number(argv[2]);
	period_ms = (unsigned)number(argv[3]);
	struct rlimit l;
	if (getrlimit(RLIMIT_NOFILE, &l) == 0) {
		l.rlim_cur = l.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &l);
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	add_ms(&start, 500);
	end = start;
	add_ms(&end, 1000 * (uint64_t)number(argv[4]));
	pthread_attr_t attr;
	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, STACK);
	pthread_t *threads = calloc(n, sizeof(*threads));
	if (threads == NULL)
		return EXIT_FAILURE;
	for (uintptr_t i = 0; i < n; i++) {
		if (pthread_create(&threads[i], &attr, poll_one, (void *)i) != 0) {
			perror("pthread_create");
			return EXIT_FAILURE;
		}
	}
	for (unsigned i = 0; i < n; i++)
		(void)pthread_join(threads[i], NULL);
	(void)printf("polls %llu\n", (unsigned long long)polls);
	free(threads);
	return EXIT_SUCCESS;
}
