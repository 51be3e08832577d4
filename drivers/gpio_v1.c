// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// libgpiod 1.6 (uAPI v1): one descriptor per line, made non-blocking, since a read
// without an event would wait. Runs on the loop. The kernel keeps the oldest 16 edges
// of a line and drops the others without a sign, so a loss shows only where the last
// edge of a full queue contradicts the line. Refuses debouncing by the kernel, which
// this interface does not have.

#include <errno.h>
#include <fcntl.h>
#include <gpiod.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/gpio_backend.h"
#include "lib/mem.h"

enum {
	KERNEL_EDGES = 16 // linux/gpio.h uAPI v1: fixed
};

struct gpio_chip {
	struct gpiod_chip *chip;
};

struct gpio_line {
	struct gpiod_line *line; // owned by the chip
	int fd;
	bool full;   // a read found the queue full
	bool rising; // the last edge read
};

const bool gpio_kernel_debounces = false;
const size_t gpio_kernel_edges = KERNEL_EDGES;

static const char consumer[] = "watchroom";

struct gpio_chip *
gpio_chip_open(const char *path)
{
	struct gpiod_chip *chip = gpiod_chip_open(path);
	struct gpio_chip *c;

	if (!chip)
		return NULL;
	c = xcalloc(1, sizeof(*c));
	c->chip = chip;
	return c;
}

bool
gpio_chip_called(struct gpio_chip *chip, const char *label_or_name)
{
	return strcmp(gpiod_chip_label(chip->chip), label_or_name) == 0 ||
	       strcmp(gpiod_chip_name(chip->chip), label_or_name) == 0;
}

void
gpio_chip_release(struct gpio_chip *chip)
{
	gpiod_chip_close(chip->chip);
	free(chip);
}

static struct gpiod_line *
find_line(struct gpiod_chip *chip, const char *line)
{
	char *end;
	unsigned long offset = strtoul(line, &end, 10);
	struct gpiod_line *found;

	if (*line >= '0' && *line <= '9' && *end == '\0') {
		if (offset < gpiod_chip_num_lines(chip))
			return gpiod_chip_get_line(chip, (unsigned)offset);
		errno = ENOENT;
		return NULL;
	}
	errno = 0;
	found = gpiod_chip_find_line(chip, line);
	if (!found && errno == 0)
		errno = ENOENT;
	return found;
}

static int
bias_flags(enum gpio_bias bias)
{
	switch (bias) {
	case BIAS_DISABLED:
		return GPIOD_LINE_REQUEST_FLAG_BIAS_DISABLE;
	case BIAS_PULL_UP:
		return GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP;
	case BIAS_PULL_DOWN:
		return GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN;
	case BIAS_AS_IS:
	case BIAS_COUNT:
		break;
	}
	return 0;
}

static void
find_holder(struct gpiod_line *line, char holder[static GPIO_HOLDER_MAX])
{
	int error = errno;
	const char *by = gpiod_line_consumer(line);

	(void)str_copy(holder, GPIO_HOLDER_MAX, by ? by : "");
	errno = error;
}

struct gpio_line *
gpio_line_take(struct gpio_chip *chip, const char *line, const struct gpio_wish *wish,
    char holder[static GPIO_HOLDER_MAX])
{
	struct gpiod_line *found = find_line(chip->chip, line);
	struct gpio_line *l;
	int fd;

	if (!found)
		return NULL;
	if (gpiod_line_request_both_edges_events_flags(
		found, consumer, bias_flags(wish->bias)) != 0) {
		find_holder(found, holder);
		return NULL;
	}
	fd = gpiod_line_event_get_fd(found);
	if (fd < 0 || fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0) {
		int error = errno;

		gpiod_line_release(found);
		errno = error;
		return NULL;
	}
	l = xcalloc(1, sizeof(*l));
	*l = (struct gpio_line){ .line = found, .fd = fd };
	return l;
}

void
gpio_line_release(struct gpio_line *line)
{
	gpiod_line_release(line->line);
	free(line);
}

int
gpio_line_fd(const struct gpio_line *line)
{
	return line->fd;
}

int
gpio_line_level(struct gpio_line *line)
{
	return gpiod_line_get_value(line->line);
}

int
gpio_line_edges(struct gpio_line *line, struct gpio_edge *out, size_t room)
{
	struct gpiod_line_event events[KERNEL_EDGES];
	size_t most = room < KERNEL_EDGES ? room : KERNEL_EDGES;
	int n = gpiod_line_event_read_fd_multiple(line->fd, events, (unsigned)most);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	int64_t now = gpio_kernel_now_ns();
	for (int i = 0; i < n; i++) {
		out[i].rising = events[i].event_type == GPIOD_LINE_EVENT_RISING_EDGE;
		out[i].age_ns = now - ((int64_t)events[i].ts.tv_sec * 1000000000 +
					  events[i].ts.tv_nsec);
		line->rising = out[i].rising;
	}
	line->full = line->full || n == KERNEL_EDGES;
	return n;
}

bool
gpio_line_lost_edges(struct gpio_line *line, int level)
{
	struct pollfd more = { .fd = line->fd, .events = POLLIN };
	bool full = line->full;

	if (!full)
		return false;
	if (poll(&more, 1, 0) > 0)
		return false; // there are edges to come; the level is of after them
	line->full = false;
	return line->rising != (level != 0);
}

// ---- outputs --------------------------------------------------------------------

struct gpio_pin {
	struct gpiod_line *line; // owned by the chip
};

struct gpio_pin *
gpio_pin_take(struct gpio_chip *chip, const char *line, bool level,
    char holder[static GPIO_HOLDER_MAX])
{
	struct gpiod_line *found = find_line(chip->chip, line);
	struct gpio_pin *p;

	if (!found)
		return NULL;
	if (gpiod_line_request_output(found, consumer, level) != 0) {
		find_holder(found, holder);
		return NULL;
	}
	p = xcalloc(1, sizeof(*p));
	p->line = found;
	return p;
}

int
gpio_pin_set(struct gpio_pin *pin, bool level)
{
	return gpiod_line_set_value(pin->line, level);
}

int
gpio_pin_level(struct gpio_pin *pin)
{
	return gpiod_line_get_value(pin->line);
}

void
gpio_pin_release(struct gpio_pin *pin)
{
	gpiod_line_release(pin->line);
	free(pin);
}
