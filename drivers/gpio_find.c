// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Chips are found by looking at each one ourselves: libgpiod's own search ends at the
// first chip that may not be opened, and then cannot say which that was. Runs on the
// loop and reads local files only. Guesses nothing: where two things could be meant,
// the first in the order of /dev is taken, as the library does.
#include "drivers/gpio_find.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	GROUP_MAX = 40
};

int64_t
gpio_kernel_now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

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
		(void)err_set(e, EACCES, "no permission for %s", path);
		return;
	}
	group_name(st.st_gid, group);
	(void)err_set(e, EACCES,
	    "no permission for %s, which belongs to group %s (mode %o): add the "
	    "service user to that group, or set the group by a udev rule",
	    path, group, (unsigned)(st.st_mode & 07777));
}

static struct gpio_chip *
open_path(const char *path, const char **code, struct err *e)
{
	struct gpio_chip *chip = gpio_chip_open(path);
	int error = errno;

	if (chip)
		return chip;
	if (error == EACCES || error == EPERM) {
		*code = "permission";
		explain_permission(path, e);
	} else if (error == ENOENT || error == ENODEV || error == ENXIO) {
		*code = "chip-missing";
		(void)err_set(e, error, "there is no %s", path);
	} else {
		*code = "chip";
		(void)err_set(e, error, "%s: %s", path, strerror(error));
	}
	return NULL;
}

// The chip with this label or name. Where none is found but one could not be opened,
// that one is the reason given.
static struct gpio_chip *
search(const char *name, const char **code, struct err *e)
{
	struct gpio_chip *chip, *found = NULL;
	const struct dirent *entry;
	DIR *dev = opendir("/dev");

	*code = "chip-missing";
	(void)err_set(
	    e, ENOENT, "there is no GPIO chip with the label or name \"%s\"", name);
	while (dev && !found && (entry = readdir(dev))) {
		char path[sizeof(entry->d_name) + 8];

		if (strncmp(entry->d_name, "gpiochip", 8) != 0)
			continue;
		(void)snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
		chip = open_path(path, code, e);
		if (!chip)
			continue;
		if (gpio_chip_called(chip, name))
			found = chip;
		else
			gpio_chip_release(chip);
	}
	if (dev)
		(void)closedir(dev);
	return found;
}

struct gpio_chip *
gpio_chip_find(const char *name, const char **code, struct err *e)
{
	return name[0] == '/' ? open_path(name, code, e) : search(name, code, e);
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
	case ENOENT:
		return "line-missing";
	default:
		return "line";
	}
}

static void
explain_line(
    const char *line, const char *holder, int error, const char **code, struct err *e)
{
	*code = line_code(error);
	if (error == ENOENT)
		(void)err_set(e, error, "the chip has no line \"%s\"", line);
	else if (error == EBUSY)
		(void)err_set(e, error,
		    "line \"%s\" is held by %s: end that program, or take another line",
		    line, holder[0] ? holder : "another program");
	else
		(void)err_set(e, error, "line \"%s\": %s", line, strerror(error));
}

struct gpio_line *
gpio_line_find(struct gpio_chip *chip, const char *line, const struct gpio_wish *wish,
    const char **code, struct err *e)
{
	char holder[GPIO_HOLDER_MAX] = "";
	struct gpio_line *found = gpio_line_take(chip, line, wish, holder);

	if (!found)
		explain_line(line, holder, errno, code, e);
	return found;
}

struct gpio_pin *
gpio_pin_find(struct gpio_chip *chip, const char *line, bool level, const char **code,
    struct err *e)
{
	char holder[GPIO_HOLDER_MAX] = "";
	struct gpio_pin *found = gpio_pin_take(chip, line, level, holder);

	if (!found)
		explain_line(line, holder, errno, code, e);
	return found;
}
