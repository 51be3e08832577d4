// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Opens a serial port and keeps others out of it (TIOCEXCL). Two programs on one line
// would read each other's answers, so a port that anybody holds is refused: the kernel
// says so to ordinary users, and root, whom it lets in, asks for the mark (TIOCGEXCL).
// Blocks; one thread.
#include "drivers/modbus_port.h"

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <modbus/modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "drivers/modbus_rs485.h"
#include "lib/mem.h"

struct modbus_port {
	modbus_t *line;
	int fd; // owned by `line`
	enum rs485_mode rs485;
};

enum {
	NAME_MAX_BYTES = 64,
	PTY_MAJOR_FIRST = 136, // Linux, admin-guide/devices.txt: UNIX98 slaves
	PTY_MAJOR_LAST = 143,
	EMPTY_TRIES = 100, // of a transmitter that never says it is empty
	EMPTY_WAIT_US = 500
};

static bool
holds(const char *process, dev_t device)
{
	char path[PATH_MAX];
	struct stat st;
	bool found = false;

	(void)snprintf(path, sizeof(path), "/proc/%s/fd", process);
	DIR *fds = opendir(path);
	if (fds == NULL)
		return false; // not ours to see
	for (const struct dirent *e = readdir(fds); e != NULL && !found;
	     e = readdir(fds))
		found = fstatat(dirfd(fds), e->d_name, &st, 0) == 0 &&
			S_ISCHR(st.st_mode) && st.st_rdev == device;
	(void)closedir(fds);
	return found;
}

static void
name_of(const char *process, char out[static NAME_MAX_BYTES])
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "/proc/%s/comm", process);
	FILE *f = fopen(path, "re");
	out[0] = '\0';
	if (f == NULL)
		return;
	if (fgets(out, NAME_MAX_BYTES, f) == NULL)
		out[0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	(void)fclose(f);
}

// A pseudo-terminal is held by whoever made it, so there the mark alone counts.
static bool
is_pseudo(dev_t device)
{
	return major(device) >= PTY_MAJOR_FIRST && major(device) <= PTY_MAJOR_LAST;
}

// " by watchroomd (process 812)", or "" where nobody can be seen. Our daemon first.
static void
find_holder(dev_t device, char *out, size_t size)
{
	char own[16], name[NAME_MAX_BYTES];
	DIR *processes = opendir("/proc");

	out[0] = '\0';
	if (processes == NULL)
		return;
	(void)snprintf(own, sizeof(own), "%d", (int)getpid());
	for (const struct dirent *e = readdir(processes); e != NULL;
	     e = readdir(processes)) {
		if (!isdigit((unsigned char)e->d_name[0]) ||
		    strcmp(e->d_name, own) == 0 || !holds(e->d_name, device))
			continue;
		name_of(e->d_name, name);
		bool ours = strcmp(name, "watchroomd") == 0;
		if (out[0] == '\0' || ours)
			(void)snprintf(
			    out, size, " by %s (process %.10s)", name, e->d_name);
		if (ours)
			break;
	}
	(void)closedir(processes);
}

static int
refuse_held(const char *tty, dev_t device, struct err *err)
{
	char holder[128];

	find_holder(device, holder, sizeof(holder));
	return err_set(err, EBUSY,
	    "%s is held%s: two programs on one line would take each other's answers; "
	    "stop the other one first",
	    tty, holder);
}

// Nobody else has it open for polling: the mark of TIOCEXCL, or a descriptor of another
// process.
static int
check_alone(const char *tty, struct err *err)
{
	struct stat st;
	char holder[128];
	int fd = open(tty, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	int exclusive = 0;

	if (fd < 0 && errno == EBUSY && stat(tty, &st) == 0)
		return refuse_held(tty, st.st_rdev, err);
	if (fd < 0)
		return err_set(err, errno, "%s: %s", tty, strerror(errno));
	if (fstat(fd, &st) != 0 || !isatty(fd)) {
		(void)close(fd);
		return err_set(err, ENOTTY, "%s is no serial port", tty);
	}
	(void)ioctl(fd, TIOCGEXCL, &exclusive);
	(void)close(fd);
	holder[0] = '\0';
	if (!is_pseudo(st.st_rdev))
		find_holder(st.st_rdev, holder, sizeof(holder));
	return exclusive != 0 || holder[0] != '\0' ? refuse_held(tty, st.st_rdev, err)
						   : 0;
}

struct modbus_port *
modbus_port_open(const struct port_settings *s, struct err *err)
{
	if (check_alone(s->tty, err) < 0)
		return NULL;
	struct modbus_port *p = xcalloc(1, sizeof(*p));
	p->line =
	    modbus_new_rtu(s->tty, (int)s->baud, s->parity, s->data_bits, s->stop_bits);
	if (p->line == NULL) {
		(void)err_set(err, errno, "%s: line settings refused: %s", s->tty,
		    modbus_strerror(errno));
		free(p);
		return NULL;
	}
	if (modbus_connect(p->line) != 0) {
		(void)err_set(err, errno, "%s: %s", s->tty, modbus_strerror(errno));
		modbus_free(p->line);
		free(p);
		return NULL;
	}
	p->fd = modbus_get_socket(p->line);
	p->rs485 = s->rs485;
	if (rs485_set_up(p->line, p->rs485) != 0) {
		(void)err_set(err, errno, "%s: the transmitter cannot be switched: %s",
		    s->tty, strerror(errno));
		modbus_port_close(p);
		return NULL;
	}
	(void)ioctl(p->fd, TIOCEXCL);
	(void)tcflush(p->fd, TCIOFLUSH);
	return p;
}

int
modbus_port_fd(const struct modbus_port *p)
{
	return p->fd;
}

int
modbus_port_write(const struct modbus_port *p, const uint8_t *frame, size_t len)
{
	bool rts = p->rs485 == RS485_RTS;

	if (rts && rs485_transmit(p->fd, true) != 0)
		return -1;
	int result = write(p->fd, frame, len) == (ssize_t)len ? 0 : -1;
	(void)tcdrain(p->fd);
	for (int i = 0; rts && i < EMPTY_TRIES && !rs485_is_empty(p->fd); i++)
		(void)usleep(EMPTY_WAIT_US);
	if (rts && rs485_transmit(p->fd, false) != 0)
		return -1;
	return result;
}

void
modbus_port_close(struct modbus_port *p)
{
	if (p == NULL)
		return;
	(void)tcflush(p->fd, TCIOFLUSH); // else closing may wait for the output
	(void)ioctl(p->fd, TIOCNXCL);    // others may have it open for other reasons
	modbus_close(p->line);
	modbus_free(p->line);
	free(p);
}
