// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See fake_gpio.h. Lines are called by their number; the descriptor of a line is an
// eventfd, readable while edges wait or the chip is gone, as the kernel's is.
#include "fake_gpio.h"

#include <sys/eventfd.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/mem.h"

struct gpio_chip {
	char unused;
};

struct gpio_line {
	struct fake_line *fake;
};

struct fake_gpio fake_gpio;
const bool gpio_kernel_debounces = true;
const size_t gpio_kernel_edges = 16;

static void
set_readable(struct fake_line *l, bool on)
{
	eventfd_t count;

	(void)eventfd_read(l->fd, &count);
	if (on)
		(void)eventfd_write(l->fd, 1);
}

void
fake_gpio_reset(void)
{
	for (unsigned i = 0; i < FAKE_LINES; i++)
		if (fake_gpio.lines[i].fd > 0)
			(void)close(fake_gpio.lines[i].fd);
	fake_gpio = (struct fake_gpio){ 0 };
	for (unsigned i = 0; i < FAKE_LINES; i++)
		fake_gpio.lines[i].fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

void
fake_gpio_edges(unsigned line, unsigned n)
{
	struct fake_line *l = &fake_gpio.lines[line];

	if (l->waiting == 0)
		l->first = !l->level;
	l->waiting += n;
	l->level ^= n % 2 != 0;
	set_readable(l, true);
}

void
fake_gpio_vanish(void)
{
	fake_gpio.gone = true;
	fake_gpio.missing = ENOENT;
	for (unsigned i = 0; i < FAKE_LINES; i++)
		set_readable(&fake_gpio.lines[i], true);
}

void
fake_gpio_return(void)
{
	fake_gpio.gone = false;
	fake_gpio.missing = 0;
	for (unsigned i = 0; i < FAKE_LINES; i++) {
		fake_gpio.lines[i].waiting = 0;
		set_readable(&fake_gpio.lines[i], false);
	}
}

// ---- the back end ---------------------------------------------------------------

struct gpio_chip *
gpio_chip_open(const char *path)
{
	(void)path;
	fake_gpio.opens++;
	errno = fake_gpio.missing;
	return fake_gpio.missing ? NULL : xcalloc(1, sizeof(struct gpio_chip));
}

bool
gpio_chip_called(struct gpio_chip *chip, const char *label_or_name)
{
	(void)chip;
	return strcmp(label_or_name, "fake") == 0;
}

void
gpio_chip_release(struct gpio_chip *chip)
{
	free(chip);
}

struct gpio_line *
gpio_line_take(struct gpio_chip *chip, const char *line, const struct gpio_wish *wish,
    char holder[static GPIO_HOLDER_MAX])
{
	unsigned long number = strtoul(line, NULL, 10);
	struct gpio_line *l;

	(void)chip;
	errno = ENOENT;
	if (number >= FAKE_LINES)
		return NULL;
	if (fake_gpio.lines[number].taken) {
		(void)str_copy(holder, GPIO_HOLDER_MAX, "somebody");
		errno = EBUSY;
		return NULL;
	}
	l = xcalloc(1, sizeof(*l));
	l->fake = &fake_gpio.lines[number];
	l->fake->taken = 1;
	l->fake->wish = *wish;
	return l;
}

void
gpio_line_release(struct gpio_line *line)
{
	line->fake->taken = 0;
	free(line);
}

int
gpio_line_fd(const struct gpio_line *line)
{
	return line->fake->fd;
}

int
gpio_line_level(struct gpio_line *line)
{
	errno = ENODEV;
	return fake_gpio.gone ? -1 : line->fake->level;
}

int
gpio_line_edges(struct gpio_line *line, struct gpio_edge *out, size_t room)
{
	struct fake_line *l = line->fake;
	size_t n = l->waiting < room ? l->waiting : room;

	l->reads++;
	errno = ENODEV;
	if (fake_gpio.gone)
		return -1;
	for (size_t i = 0; i < n; i++) {
		out[i] = (struct gpio_edge){
			.rising = l->first,
			.age_ns = l->age_ms * 1000000,
		};
		l->first = !l->first;
	}
	if (!l->endless)
		l->waiting -= (unsigned)n;
	set_readable(l, l->waiting > 0);
	return (int)n;
}

bool
gpio_line_lost_edges(struct gpio_line *line, int level)
{
	bool lost = line->fake->lost;

	(void)level;
	line->fake->lost = false;
	return lost;
}

// ---- outputs --------------------------------------------------------------------

struct gpio_pin {
	struct fake_line *fake;
};

struct gpio_pin *
gpio_pin_take(struct gpio_chip *chip, const char *line, bool level,
    char holder[static GPIO_HOLDER_MAX])
{
	const struct gpio_wish none = { 0 };
	struct gpio_line *taken = gpio_line_take(chip, line, &none, holder);
	struct gpio_pin *p;

	if (!taken)
		return NULL;
	p = xcalloc(1, sizeof(*p));
	p->fake = taken->fake;
	p->fake->output = true;
	p->fake->level = level;
	free(taken);
	return p;
}

int
gpio_pin_set(struct gpio_pin *pin, bool level)
{
	errno = fake_gpio.gone ? ENODEV : pin->fake->set_fails;
	if (errno != 0)
		return -1;
	pin->fake->level = level;
	pin->fake->sets++;
	return 0;
}

int
gpio_pin_level(struct gpio_pin *pin)
{
	errno = ENODEV;
	return fake_gpio.gone ? -1 : pin->fake->level;
}

void
gpio_pin_release(struct gpio_pin *pin)
{
	pin->fake->taken = 0;
	pin->fake->output = false;
	free(pin);
}
