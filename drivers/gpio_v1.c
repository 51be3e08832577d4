// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// libgpiod 1.6: one descriptor per line, made non-blocking, since a read without an
// event would wait. Runs on the loop. Chips are found by looking at each one ourselves:
// the library's own search ends at the first chip that may not be opened, and then
// cannot say which that was. Refuses outputs.

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gpiod.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drivers/gpio_backend.h"
#include "lib/mem.h"

struct gpio_chip {
	struct gpiod_chip *chip;
};

struct gpio_line {
	struct gpiod_line *line; // owned by the chip
	int fd;
};

enum {
	GROUP_MAX = 40
};

static const char consumer[] = "watchroom";

// The group's name from the local file: a look-up through the network could block (I1).
static void
group_name(gid_t gid, char out[static GROUP_MAX])
{
	FILE *f = fopen("/etc/group", "re");
	const struct group *g = NULL;

	(void)snprintf(out, GROUP_MAX, "%u", (unsigned)gid);
	while (f && (g = fgetgrent(f)) && g->gr_gid != gid)
		;
	if (g)
		(void)snprintf(out, GROUP_MAX, "%s", g->gr_name);
	if (f)
		(void)fclose(f);
}

// "/dev/gpiochip0 belongs to group gpio (mode 660): ..." so that it can be mended.
static void
explain_permission(const char *path, struct err *e)
{
	struct stat st;
	char group[GROUP_MAX];

	if (stat(path, &st) != 0) {
		err_set(e, EACCES, "no permission for %s", path);
		return;
	}
	group_name(st.st_gid, group);
	err_set(e, EACCES,
	    "no permission for %s, which belongs to group %s (mode %o): add the "
	    "service "
	    "user to that group, or set the group by a udev rule",
	    path, group, (unsigned)(st.st_mode & 07777));
}

static struct gpiod_chip *
open_path(const char *path, const char **code, struct err *e)
{
	struct gpiod_chip *chip = gpiod_chip_open(path);
	int error = errno;

	if (chip)
		return chip;
	if (error == EACCES || error == EPERM) {
		*code = "permission";
		explain_permission(path, e);
	} else if (error == ENOENT || error == ENODEV || error == ENXIO) {
		*code = "chip-missing";
		err_set(e, error, "there is no %s", path);
	} else {
		*code = "chip";
		err_set(e, error, "%s: %s", path, strerror(error));
	}
	return NULL;
}

// The chip with this label or name. Where none is found but one could not be opened,
// that one is the reason given.
static struct gpiod_chip *
search(const char *name, const char **code, struct err *e)
{
	struct gpiod_chip *chip, *found = NULL;
	const struct dirent *entry;
	DIR *dev = opendir("/dev");

	*code = "chip-missing";
	err_set(e, ENOENT, "there is no GPIO chip with the label or name \"%s\"", name);
	while (dev && !found && (entry = readdir(dev))) {
		char path[sizeof(entry->d_name) + 8];

		if (strncmp(entry->d_name, "gpiochip", 8) != 0)
			continue;
		(void)snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
		chip = open_path(path, code, e);
		if (!chip)
			continue;
		if (strcmp(gpiod_chip_label(chip), name) == 0 ||
		    strcmp(gpiod_chip_name(chip), name) == 0)
			found = chip;
		else
			gpiod_chip_close(chip);
	}
	if (dev)
		(void)closedir(dev);
	return found;
}

struct gpio_chip *
gpio_chip_take(const char *name, const char **code, struct err *e)
{
	struct gpiod_chip *chip =
	    name[0] == '/' ? open_path(name, code, e) : search(name, code, e);
	struct gpio_chip *c;

	if (!chip)
		return NULL;
	c = xcalloc(1, sizeof(*c));
	c->chip = chip;
	return c;
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

	if (*line >= '0' && *line <= '9' && *end == '\0') {
		if (offset >= gpiod_chip_num_lines(chip)) {
			errno = ENOENT;
			return NULL;
		}
		return gpiod_chip_get_line(chip, (unsigned)offset);
	}
	return gpiod_chip_find_line(chip, line);
}

static const char *
line_code(int error)
{
	switch (error) {
	case EBUSY:
		return "line-busy";
	case EACCES:
	case EPERM:
		return "permission";
	case ENODEV:
		return "chip-gone";
	default:
		return "line-missing";
	}
}

static void
explain_line(const char *line, struct gpiod_line *found, int error, struct err *e)
{
	const char *holder = NULL;

	if (!found) {
		err_set(e, error, "the chip has no line \"%s\"", line);
		return;
	}
	if (error == EBUSY)
		holder = gpiod_line_consumer(found);
	err_set(e, error, "line \"%s\": %s%s%s", line, strerror(error),
	    holder ? ", held by " : "", holder ? holder : "");
}

struct gpio_line *
gpio_line_take(
    struct gpio_chip *chip, const char *line, const char **code, struct err *e)
{
	struct gpiod_line *found = find_line(chip->chip, line);
	struct gpio_line *l;
	int error = errno, fd;

	if (!found || gpiod_line_request_both_edges_events(found, consumer) != 0) {
		error = errno ? errno : error;
		*code = line_code(error);
		explain_line(line, found, error, e);
		return NULL;
	}
	fd = gpiod_line_event_get_fd(found);
	if (fd < 0 || fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0) {
		*code = line_code(errno);
		explain_line(line, found, errno, e);
		gpiod_line_release(found);
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
	struct gpiod_line_event events[GPIO_KERNEL_EVENTS];
	size_t most = room < GPIO_KERNEL_EVENTS ? room : GPIO_KERNEL_EVENTS;
	int n = gpiod_line_event_read_fd_multiple(line->fd, events, (unsigned)most);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	for (int i = 0; i < n; i++) {
		out[i].rising = events[i].event_type == GPIOD_LINE_EVENT_RISING_EDGE;
		out[i].mono_ns =
		    (int64_t)events[i].ts.tv_sec * 1000000000 + events[i].ts.tv_nsec;
	}
	return n;
}
