// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What most monitors do with a shared link: one blocking libmodbus loop that asks unit
// after unit, each with a time-out of one second, and waits for the rest of the period.
// `line_poller TTY|PORT BAUD UNITS PERIOD_MS SECONDS`; a number is a TCP port on
// loopback.
#include <errno.h>
#include <modbus.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "watch.h"

static void
sleep_until(int64_t us)
{
	struct timespec t = { us / 1000000, us % 1000000 * 1000 };
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

int
main(int argc, char **argv)
{
	if (argc != 6)
		return EXIT_FAILURE;
	int units = (int)watch_number(argv[3]);
	int64_t period_us = 1000 * watch_number(argv[4]);
	int64_t due = watch_now_us(), end = due + 1000000 * watch_number(argv[5]);
	modbus_t *m =
	    argv[1][0] == '/'
		? modbus_new_rtu(argv[1], (int)watch_number(argv[2]), 'N', 8, 1)
		: modbus_new_tcp("127.0.0.1", (int)watch_number(argv[1]));
	unsigned long long polls = 0;
	if (m == NULL || modbus_connect(m) != 0) {
		perror("connect");
		return EXIT_FAILURE;
	}
	(void)modbus_set_response_timeout(m, 1, 0);
	while (watch_now_us() < end) {
		for (int u = 1; u <= units && watch_now_us() < end; u++) {
			uint16_t in[7];
			(void)modbus_set_slave(m, u);
			if (modbus_read_registers(m, 0, 7, in) == 7)
				polls++;
			else
				(void)modbus_flush(m);
		}
		due += period_us;
		if (due < watch_now_us())
			due = watch_now_us();
		sleep_until(due);
	}
	(void)printf("polls %llu\n", polls);
	modbus_close(m);
	modbus_free(m);
	return EXIT_SUCCESS;
}
