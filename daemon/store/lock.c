// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See lock.h. The lock is the kernel's (flock): a crash releases it, and a stale pid in
// the file means nothing. Start-up only. It refuses to break a lock that is held.
#include "store/lock.h"

#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mem.h"

static int
refuse(int fd, const char *directory, struct err *err)
{
	char text[24] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	long pid = n > 0 ? strtol(text, NULL, 10) : 0;
	if (pid > 0)
		return err_set(err, EBUSY,
		    "the store in %s is in use by process %ld; stop it first, or give "
		    "this one a directory of its own",
		    directory, pid);
	return err_set(
	    err, EBUSY, "the store in %s is in use by another process", directory);
}

static int
open_lock(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (fd < 0 && errno == EROFS)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd;
}

int
store_lock(const char *directory, int *fd, struct err *err)
{
	char *path = xasprintf("%s/lock", directory);
	*fd = open_lock(path);
	int error = errno;
	free(path);
	if (*fd < 0 && (error == ENOSPC || error == EDQUOT || error == EROFS ||
			   (error == ENOENT && access(directory, F_OK) == 0))) {
		log_warnx("store",
		    "%s cannot be locked: a second daemon would not be "
		    "noticed",
		    directory);
		return 0;
	}
	if (*fd < 0)
		return err_set(err, error, "cannot open %s/lock: %s", directory,
		    strerrordesc_np(error));
	if (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
		int result =
		    errno == EWOULDBLOCK
			? refuse(*fd, directory, err)
			: err_set(err, errno, "cannot lock %s/lock", directory);
		(void)close(*fd);
		*fd = -1;
		return result;
	}
	char pid[24];
	int n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	bool written = ftruncate(*fd, 0) == 0 && pwrite(*fd, pid, (size_t)n, 0) == n;
	if (!written)
		log_debug("store", "the lock file does not name us");
	return 0;
}
