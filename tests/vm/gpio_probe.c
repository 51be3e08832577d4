// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The GPIO driver alone, for the tests in the virtual machine: watches lines of a chip
// and prints what the driver reports, one line each, until it is told to stop
// (SIGTERM). Reports the edges it read.
//
//   gpio_probe CHIP LINE[:DEBOUNCE_MS[:latch | :latch-low | :kernel | :BIAS]]...
//
//   backend debounce=kernel|driver
//   link lost CODE | link up
//   LINE LEVEL at=MS not_before=MS [CODE]   (0, 1, bad or unknown; at = monotonic)
//   edges N   (at its end)

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/driver.h"
#include "drivers/gpio_backend.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/mem.h"

enum {
	LINES_MAX = 16
};

static struct point points[LINES_MAX];
static uint32_t indexes[LINES_MAX];
static const char *codes[] = { "", "line-busy", "line-missing", "line", "permission",
	"overflow" };

static void
print_sample(void *ctx, const struct sample *s)
{
	char level[2] = { s->value > 0.5 ? '1' : '0', '\0' };
	const char *shown =
	    s->quality == QUALITY_GOOD ? level : quality_name(s->quality);

	(void)ctx;
	printf("%s %s at=%lld not_before=%lld%s%s\n", points[s->point].line, shown,
	    (long long)s->t_mono_ms, (long long)s->not_before_utc_ms,
	    s->n_codes ? " " : "", s->n_codes ? codes[s->codes[0].code] : "");
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
	p->active_low = rest && strcmp(rest, "latch-low") == 0;
	p->pulse_latch = p->active_low || (rest && strcmp(rest, "latch") == 0);
	p->debounce_by_kernel = rest && strcmp(rest, "kernel") == 0;
	for (enum gpio_bias b = 0; rest && b < BIAS_COUNT; b++)
		if (strcmp(rest, gpio_bias_name(b)) == 0)
			p->bias = b;
}

int
main(int argc, char **argv)
{
	struct gpio gpio = { .id = "probe", .points = indexes };
	struct site site = { .n_gpios = 1, .gpios = &gpio, .points = points };
	struct driver_host host = { .site = &site };
	struct driver_instance *d;
	struct loop_watch *term;
	struct link_stats stats;

	log_init("gpio_probe", false);
	if (argc < 3 || argc - 2 > LINES_MAX)
		fatalx("probe", "usage: gpio_probe CHIP LINE[:DEBOUNCE_MS[:HOW]]...");
	gpio.chip = argv[1];
	site.codes = codes;
	site.n_codes = sizeof(codes) / sizeof(codes[0]);
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
	printf("backend debounce=%s\n", gpio_kernel_debounces ? "kernel" : "driver");
	d = driver_gpio.start(&host, 0);
	(void)loop_run(host.loop);
	(void)driver_gpio.stats(d, &stats, 1);
	printf("edges %llu\n", (unsigned long long)stats.requests);
	driver_gpio.stop(d);
	loop_unwatch(term);
	loop_free(host.loop);
	return 0;
}
