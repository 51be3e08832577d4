// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// libgpiod 2 (uAPI v2): one request per line, so that one busy line keeps no other
// away; its descriptor is made non-blocking, since a read without an event would wait.
// Runs on the loop. The kernel keeps the newest edges and numbers them, so a loss shows
// as a gap. A line debounced by the kernel is told when it has been stable for the
// period; the period is taken off its stamp again.

#include <errno.h>
#include <fcntl.h>
#include <gpiod.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/gpio_backend.h"
#include "lib/mem.h"

enum {
	KERNEL_EDGES = 64 // asked for; the kernel's own choice would be 16 a line
};

struct gpio_chip {
	struct gpiod_chip *chip;
};

struct gpio_line {
	struct gpiod_line_request *request;
	struct gpiod_edge_event_buffer *events;
	unsigned offset;
	int fd;
	int64_t late_ns;         // the kernel's debounce
	unsigned long last_edge; // its number; they begin with 1
	bool gap;                // in the numbers
};

const bool gpio_kernel_debounces = true;
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
	struct gpiod_chip_info *info = gpiod_chip_get_info(chip->chip);
	bool called =
	    info && (strcmp(gpiod_chip_info_get_label(info), label_or_name) == 0 ||
			strcmp(gpiod_chip_info_get_name(info), label_or_name) == 0);

	gpiod_chip_info_free(info);
	return called;
}

void
gpio_chip_release(struct gpio_chip *chip)
{
	gpiod_chip_close(chip->chip);
	free(chip);
}

static size_t
lines_of(struct gpiod_chip *chip)
{
	struct gpiod_chip_info *info = gpiod_chip_get_info(chip);
	size_t n = info ? gpiod_chip_info_get_num_lines(info) : 0;

	gpiod_chip_info_free(info);
	return n;
}

// The offset of a line, or -1 with errno.
static int
find_line(struct gpiod_chip *chip, const char *line)
{
	char *end;
	unsigned long offset = strtoul(line, &end, 10);

	if (*line < '0' || *line > '9' || *end != '\0')
		return gpiod_chip_get_line_offset_from_name(chip, line);
	errno = 0;
	if (offset < lines_of(chip))
		return (int)offset;
	if (errno == 0)
		errno = ENOENT;
	return -1;
}

static enum gpiod_line_bias
bias_of(enum gpio_bias bias)
{
	switch (bias) {
	case BIAS_DISABLED:
		return GPIOD_LINE_BIAS_DISABLED;
	case BIAS_PULL_UP:
		return GPIOD_LINE_BIAS_PULL_UP;
	case BIAS_PULL_DOWN:
		return GPIOD_LINE_BIAS_PULL_DOWN;
	case BIAS_AS_IS:
	case BIAS_COUNT:
		break;
	}
	return GPIOD_LINE_BIAS_AS_IS;
}

// Requests one line with these settings, which are freed here with all other pieces of
// the library's.
static struct gpiod_line_request *
request(struct gpiod_chip *chip, unsigned offset, struct gpiod_line_settings *settings)
{
	struct gpiod_line_config *lines = gpiod_line_config_new();
	struct gpiod_request_config *how = gpiod_request_config_new();
	struct gpiod_line_request *r = NULL;
	int error;

	if (settings && lines && how) {
		gpiod_request_config_set_consumer(how, consumer);
		gpiod_request_config_set_event_buffer_size(how, KERNEL_EDGES);
		if (gpiod_line_config_add_line_settings(lines, &offset, 1, settings) ==
		    0)
			r = gpiod_chip_request_lines(chip, how, lines);
	}
	error = errno;
	gpiod_request_config_free(how);
	gpiod_line_config_free(lines);
	gpiod_line_settings_free(settings);
	errno = error;
	return r;
}

// An input with both edges. NULL where the library will not.
static struct gpiod_line_settings *
input_settings(const struct gpio_wish *wish)
{
	struct gpiod_line_settings *s = gpiod_line_settings_new();

	if (!s)
		return NULL;
	gpiod_line_settings_set_debounce_period_us(
	    s, (unsigned long)wish->kernel_debounce_ms * 1000);
	if (gpiod_line_settings_set_direction(s, GPIOD_LINE_DIRECTION_INPUT) == 0 &&
	    gpiod_line_settings_set_edge_detection(s, GPIOD_LINE_EDGE_BOTH) == 0 &&
	    gpiod_line_settings_set_bias(s, bias_of(wish->bias)) == 0)
		return s;
	gpiod_line_settings_free(s);
	return NULL;
}

static void
find_holder(
    struct gpiod_chip *chip, unsigned offset, char holder[static GPIO_HOLDER_MAX])
{
	struct gpiod_line_info *info = gpiod_chip_get_line_info(chip, offset);
	const char *by = info ? gpiod_line_info_get_consumer(info) : NULL;

	(void)str_copy(holder, GPIO_HOLDER_MAX, by ? by : "");
	gpiod_line_info_free(info);
}

struct gpio_line *
gpio_line_take(struct gpio_chip *chip, const char *line, const struct gpio_wish *wish,
    char holder[static GPIO_HOLDER_MAX])
{
	int offset = find_line(chip->chip, line), error, fd;
	struct gpiod_line_request *r;
	struct gpio_line *l;

	if (offset < 0)
		return NULL;
	r = request(chip->chip, (unsigned)offset, input_settings(wish));
	if (!r) {
		error = errno;
		find_holder(chip->chip, (unsigned)offset, holder);
		errno = error;
		return NULL;
	}
	fd = gpiod_line_request_get_fd(r);
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0) {
		error = errno;
		gpiod_line_request_release(r);
		errno = error;
		return NULL;
	}
	l = xcalloc(1, sizeof(*l));
	*l = (struct gpio_line){
		.request = r,
		.events = gpiod_edge_event_buffer_new(KERNEL_EDGES),
		.offset = (unsigned)offset,
		.fd = fd,
		.late_ns = (int64_t)wish->kernel_debounce_ms * 1000000,
	};
	wr_assert(l->events != NULL);
	return l;
}

void
gpio_line_release(struct gpio_line *line)
{
	gpiod_edge_event_buffer_free(line->events);
	gpiod_line_request_release(line->request);
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
	return (int)gpiod_line_request_get_value(line->request, line->offset);
}

int
gpio_line_edges(struct gpio_line *line, struct gpio_edge *out, size_t room)
{
	size_t most = room < KERNEL_EDGES ? room : KERNEL_EDGES;
	int n = gpiod_line_request_read_edge_events(line->request, line->events, most);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	int64_t now = gpio_kernel_now_ns();
	for (int i = 0; i < n; i++) {
		struct gpiod_edge_event *e =
		    gpiod_edge_event_buffer_get_event(line->events, (unsigned long)i);
		unsigned long number = gpiod_edge_event_get_line_seqno(e);

		out[i].rising =
		    gpiod_edge_event_get_event_type(e) == GPIOD_EDGE_EVENT_RISING_EDGE;
		out[i].age_ns =
		    now - (int64_t)gpiod_edge_event_get_timestamp_ns(e) + line->late_ns;
		line->gap = line->gap || number != line->last_edge + 1;
		line->last_edge = number;
	}
	return n;
}

// The numbers tell; the level has nothing to add.
bool
gpio_line_lost_edges(struct gpio_line *line, int level)
{
	bool gap = line->gap;

	(void)level;
	line->gap = false;
	return gap;
}

// ---- outputs --------------------------------------------------------------------

struct gpio_pin {
	struct gpiod_line_request *request;
	unsigned offset;
};

static enum gpiod_line_value
value_of(bool level)
{
	return level ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE;
}

static struct gpiod_line_settings *
output_settings(bool level)
{
	struct gpiod_line_settings *s = gpiod_line_settings_new();

	if (s &&
	    gpiod_line_settings_set_direction(s, GPIOD_LINE_DIRECTION_OUTPUT) == 0 &&
	    gpiod_line_settings_set_output_value(s, value_of(level)) == 0)
		return s;
	gpiod_line_settings_free(s);
	return NULL;
}

struct gpio_pin *
gpio_pin_take(struct gpio_chip *chip, const char *line, bool level,
    char holder[static GPIO_HOLDER_MAX])
{
	int offset = find_line(chip->chip, line), error;
	struct gpiod_line_request *r;
	struct gpio_pin *p;

	if (offset < 0)
		return NULL;
	r = request(chip->chip, (unsigned)offset, output_settings(level));
	if (!r) {
		error = errno;
		find_holder(chip->chip, (unsigned)offset, holder);
		errno = error;
		return NULL;
	}
	p = xcalloc(1, sizeof(*p));
	*p = (struct gpio_pin){ .request = r, .offset = (unsigned)offset };
	return p;
}

int
gpio_pin_set(struct gpio_pin *pin, bool level)
{
	return gpiod_line_request_set_value(pin->request, pin->offset, value_of(level));
}

int
gpio_pin_level(struct gpio_pin *pin)
{
	return (int)gpiod_line_request_get_value(pin->request, pin->offset);
}

void
gpio_pin_release(struct gpio_pin *pin)
{
	gpiod_line_request_release(pin->request);
	free(pin);
}
