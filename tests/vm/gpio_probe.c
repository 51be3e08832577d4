// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The GPIO driver alone, for the tests in the virtual machine: watches lines of a chip
// and prints what the driver reports, one line each, until it is told to stop
// (SIGTERM). Reports the CPU time it used, so that a busy loop shows.
//
//   gpio_probe CHIP LINE[:DEBOUNCE_MS[:latch]]...
//
//   link lost CODE | link up
//   LINE LEVEL at=MS not_before=MS   (LEVEL 0, 1, bad or unknown; at = monotonic)
//   cpu MS

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "drivers/driver.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/mem.h"

enum {
	LINES_MAX = 16
};

static struct point points[LINES_MAX];
static uint32_t indexes[LINES_MAX];

static void
print_sample(void *ctx, const struct sample *s)
{
	char level[2] = { s->value > 0.5 ? '1' : '0', '\0' };
	const char *shown =
	    s->quality == QUALITY_GOOD ? level : quality_name(s->quality);

	(void)ctx;
	printf("%s %s at=%lld not_before=%lld\n", points[s->point].line, shown,
	    (long long)s->t_mono_ms, (long long)s->not_before_utc_ms);
	(void)fflush(stdout);
}

static void
print_link(void *ctx, uint32_t point, bool lost, const char *code)
{
	(void)ctx;
	(void)point;
	if (lost)
		printf("link lost %s\n", code);
	else
		printf("link up\n");
	(void)fflush(stdout);
}

static void
ignore_heard(void *ctx, uint32_t device, int64_t now_ms)
{
	(void)ctx;
	(void)device;
	(void)now_ms;
}

static void
stop(void *arg)
{
	loop_stop(arg);
}

static void
parse_line(char *text, struct point *p)
{
	char *rest = text;

	p->id = p->line = strsep(&rest, ":");
	p->debounce_ms = rest ? (uint32_t)strtoul(strsep(&rest, ":"), NULL, 10) : 0;
	p->pulse_latch = rest && strcmp(rest, "latch") == 0;
}

int
main(int argc, char **argv)
{
	struct gpio gpio = { .id = "probe", .points = indexes };
	const char *codes[] = { "", "line-busy" };
	struct site site = { .n_gpios = 1, .gpios = &gpio, .points = points };
	struct driver_host host = { .site = &site };
	struct driver_instance *d;
	struct loop_watch *term;
	struct timespec cpu;

	log_init("gpio_probe", false);
	if (argc < 3 || argc - 2 > LINES_MAX)
		fatalx("probe", "usage: gpio_probe CHIP LINE[:DEBOUNCE_MS[:latch]]...");
	gpio.chip = argv[1];
	site.codes = codes;
	site.n_codes = 2;
	for (int i = 2; i < argc; i++) {
		parse_line(argv[i], &points[i - 2]);
		indexes[i - 2] = (uint32_t)(i - 2);
		gpio.n_points++;
	}
	site.n_points = gpio.n_points;
	host.loop = loop_new(clock_real());
	host.sample = print_sample;
	host.link = print_link;
	host.heard = ignore_heard;
	term = loop_watch_signal(host.loop, SIGTERM, stop, host.loop);
	d = driver_gpio.start(&host, 0);
	(void)loop_run(host.loop);
	driver_gpio.stop(d);
	loop_unwatch(term);
	loop_free(host.loop);
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	printf("cpu %lld\n", (long long)cpu.tv_sec * 1000 + cpu.tv_nsec / 1000000);
	return 0;
}
