// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See whole_file.h. Refuses to leave half a file, whatever fails.
#include "cli/whole_file.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/mem.h"

int
whole_file_open(struct whole_file *w, const char *path)
{
	*w = (struct whole_file){ .out = stdout, .path = path };
	if (path == NULL)
		return 0;
	w->temporary = xasprintf("%s.XXXXXX", path);
	int fd = mkostemp(w->temporary, O_CLOEXEC);
	w->out = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (w->out != NULL)
		return 0;
	int kept = errno;
	if (fd >= 0) {
		(void)close(fd);
		(void)unlink(w->temporary);
	}
	free(w->temporary);
	w->temporary = NULL;
	errno = kept;
	return -1;
}

// The rename is on the disk only when the folder is.
static int
sync_folder(const char *file)
{
	char *copy = xstrdup(file);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = fd < 0 ? -1 : fsync(fd);
	if (fd >= 0)
		(void)close(fd);
	free(copy);
	return result;
}

static int
flush(FILE *out, mode_t mode)
{
	mode_t mask = umask(0);
	(void)umask(mask);
	if (ferror(out) != 0) {
		errno = EIO;
		return -1;
	}
	if (fflush(out) != 0 || fchmod(fileno(out), mode & ~mask) != 0)
		return -1;
	return fsync(fileno(out));
}

int
whole_file_close(struct whole_file *w, bool keep, mode_t mode)
{
	if (w->path == NULL)
		return fflush(w->out) == 0 && ferror(w->out) == 0 ? 0 : -1;
	int result = keep ? flush(w->out, mode) : 0;
	int kept = errno;
	if (fclose(w->out) != 0 && result == 0) {
		kept = errno;
		result = -1;
	}
	if (keep && result == 0) {
		result = rename(w->temporary, w->path);
		kept = errno;
		keep = result == 0;
		if (keep && sync_folder(w->path) != 0) {
			kept = errno;
			result = -1;
		}
	} else {
		keep = false;
	}
	if (!keep)
		(void)unlink(w->temporary);
	free(w->temporary);
	w->temporary = NULL;
	errno = kept;
	return result;
}
