// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// One serial line for the benchmarks: Modbus RTU on a pseudo-terminal, which has no
// speed of its own, so the time that the characters of request and reply would take at
// the speed given passes before the reply. Every unit id answers as a pressure
// transmitter (unit 0 = MPa, two decimals, 0 to 160, value 60). A request that comes
// while a reply is under way destroys both, as on a wire. `line_server BAUD`; prints
// "tty PATH", then takes lines on standard input: period MS, watch, units, dead UNIT,
// cure UNIT, cured (as field_server.c). Ends at end of input.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "watch.h"

enum {
	UNITS = 256,
	REQUEST = 8,
	REPLY_MAX = 5 + 250,
	REGISTERS = 16,
	TURNAROUND_US = 5000,
	CHARACTER_BITS = 10, // 8N1
	SILENCE_US = 20000,  // a part of a frame this old is noise
};

static const uint16_t registers[REGISTERS] = { 1, 3, 0, 2, 60, 0, 160 };
static struct watch watches[UNITS];
static bool dead[UNITS];
static int64_t period_us = 1000000, cured_at_us, cured_worst_us;
static unsigned cured;

struct line {
	int fd;
	int64_t character_us;
	uint8_t in[REQUEST];
	unsigned have;
	int64_t last_us;
	uint8_t out[REPLY_MAX];
	unsigned len;
	int64_t due_us; // 0 = nothing to send
};

static uint16_t
crc16(const uint8_t *b, unsigned n)
{
	unsigned crc = 0xFFFF;
	for (unsigned i = 0; i < n; i++) {
		crc ^= b[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc & 1) ? crc >> 1 ^ 0xA001 : crc >> 1;
	}
	return (uint16_t)crc;
}

static void
seal(struct line *l, unsigned n)
{
	uint16_t crc = crc16(l->out, n);
	l->out[n] = (uint8_t)crc;
	l->out[n + 1] = (uint8_t)(crc >> 8);
	l->len = n + 2;
}

static void
reply(struct line *l)
{
	unsigned address = (unsigned)l->in[2] << 8 | l->in[3];
	unsigned count = (unsigned)l->in[4] << 8 | l->in[5];
	l->out[0] = l->in[0];
	l->out[1] = l->in[1];
	if (l->in[1] != 3 || count == 0 || address + count > REGISTERS) {
		l->out[1] |= 0x80;
		l->out[2] = 2;
		seal(l, 3);
		return;
	}
	l->out[2] = (uint8_t)(2 * count);
	for (unsigned i = 0; i < count; i++) {
		l->out[3 + 2 * i] = (uint8_t)(registers[address + i] >> 8);
		l->out[4 + 2 * i] = (uint8_t)registers[address + i];
	}
	seal(l, 3 + 2 * count);
}

static void
note_cured(unsigned unit, int64_t now)
{
	if (!watches[unit].cured || dead[unit])
		return;
	watches[unit].cured = false;
	cured++;
	if (now - cured_at_us > cured_worst_us)
		cured_worst_us = now - cured_at_us;
}

static void
request(struct line *l, int64_t now)
{
	uint16_t crc = crc16(l->in, REQUEST - 2);
	unsigned unit = l->in[0];
	l->have = 0;
	if (l->in[6] != (crc & 0xFF) || l->in[7] != crc >> 8)
		return;
	if (l->due_us != 0) { // two at once: nobody understands either
		l->due_us = 0;
		return;
	}
	watch_asked(&watches[unit], now, period_us);
	note_cured(unit, now);
	if (dead[unit])
		return;
	reply(l);
	l->due_us = now + (int64_t)(REQUEST + l->len) * l->character_us + TURNAROUND_US;
}

static void
receive(struct line *l)
{
	uint8_t b[64];
	int64_t now = watch_now_us();
	ssize_t n = read(l->fd, b, sizeof(b));
	if (l->have > 0 && now - l->last_us > SILENCE_US)
		l->have = 0;
	l->last_us = now;
	for (ssize_t i = 0; i < n; i++) {
		l->in[l->have++] = b[i];
		if (l->have == REQUEST)
			request(l, now);
	}
}

static void
cure(unsigned unit)
{
	dead[unit] = false;
	watches[unit].cured = true;
	cured_at_us = watch_now_us();
	cured = 0;
	cured_worst_us = 0;
}

static void
command(void)
{
	struct watch_command c;
	if (!watch_command(&c))
		exit(EXIT_SUCCESS);
	if (strcmp(c.word, "period") == 0 && c.n == 1)
		period_us = (int64_t)c.arg[0] * 1000;
	else if (strcmp(c.word, "dead") == 0 && c.n == 1 && c.arg[0] < UNITS)
		dead[c.arg[0]] = true;
	else if (strcmp(c.word, "cure") == 0 && c.n == 1 && c.arg[0] < UNITS)
		cure(c.arg[0]);
	else if (strcmp(c.word, "watch") == 0)
		watch_reset(watches, UNITS);
	else if (strcmp(c.word, "forget") == 0)
		memset(watches, 0, sizeof(watches));
	else if (strcmp(c.word, "units") == 0)
		watch_print(watches, dead, UNITS, period_us);
	else if (strcmp(c.word, "cured") == 0)
		(void)printf("cured %u %" PRId64 "\n", cured, cured_worst_us);
	(void)fflush(stdout);
}

static int
open_line(void)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY);
	struct termios t;
	if (fd < 0 || grantpt(fd) != 0 || unlockpt(fd) != 0 || tcgetattr(fd, &t) != 0) {
		perror("pty");
		exit(EXIT_FAILURE);
	}
	cfmakeraw(&t);
	(void)tcsetattr(fd, TCSANOW, &t);
	// Held open, so that the line lives while no poller does.
	if (open(ptsname(fd), O_RDWR | O_NOCTTY) < 0)
		exit(EXIT_FAILURE);
	(void)printf("tty %s\nready\n", ptsname(fd));
	(void)fflush(stdout);
	return fd;
}

static int
wait_ms(const struct line *l)
{
	int64_t left;
	if (l->due_us == 0)
		return -1;
	left = l->due_us - watch_now_us();
	return left <= 0 ? 0 : (int)(left / 1000 + 1);
}

int
main(int argc, char **argv)
{
	if (argc != 2)
		return EXIT_FAILURE;
	struct line l = { .fd = open_line(),
		.character_us = 1000000 * CHARACTER_BITS / watch_number(argv[1]) };
	(void)setvbuf(stdin, NULL, _IONBF, 0);
	for (;;) {
		struct pollfd p[2] = { { .fd = l.fd, .events = POLLIN },
			{ .fd = STDIN_FILENO, .events = POLLIN } };
		(void)poll(p, 2, wait_ms(&l));
		if (p[0].revents & POLLIN)
			receive(&l);
		if (p[1].revents)
			command();
		if (l.due_us != 0 && l.due_us <= watch_now_us()) {
			(void)!write(l.fd, l.out, l.len);
			l.due_us = 0;
		}
	}
}
