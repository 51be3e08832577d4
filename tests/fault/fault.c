// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Preloaded before a daemon under test: stands in front of the C library's calls to the
// disk, the network and the clock, and does what the file named by WATCHROOM_FAULT says
// (tests/lib/fault.py writes it). So the program is tested as it is installed; there is
// no such thing in it. A call that matches is counted; at the wanted one the process is
// killed before or after it, the call fails or takes longer, or it hangs while it is
// told to.
#undef _FILE_OFFSET_BITS // both names of pwrite are defined here
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timex.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum op {
	OP_NONE,
	OP_WRITE, // pwrite, pwrite64, write to a path
	OP_SYNC,  // fsync, fdatasync
	OP_RENAME,
	OP_UNLINK,
	OP_SEND, // send, sendmsg, write to a socket
	OP_ANY   // any of the calls that change the disk
};

enum act {
	ACT_NONE,
	ACT_KILL_BEFORE,
	ACT_KILL_AFTER,
	ACT_FAIL,
	ACT_HANG,
	ACT_SLOW
};

// Shared with the test; fields of 8 and 4 bytes only, as fault.py packs them.
struct orders {
	int64_t utc_shift_ms;   // added to the wall clock
	int32_t sync;           // what adjtimex says: 0 as it is, 1 synchronised, 2 not
	int32_t op, act, error; // SLOW: milliseconds
	int32_t from; // the how manieth match acts first, from 1; FAIL, HANG, SLOW:
		      // and all after
	_Atomic int32_t seen; // matches so far
	char path[64];        // what the path must contain; "" = anything
};

static struct orders *orders;

__attribute__((constructor)) static void
begin(void)
{
	const char *name = getenv("WATCHROOM_FAULT");
	int fd = name != NULL ? open(name, O_RDWR | O_CLOEXEC) : -1;
	if (fd < 0)
		return;
	void *at =
	    mmap(NULL, sizeof(*orders), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (at != MAP_FAILED)
		orders = at;
}

static bool
path_matches(int fd, const char *path)
{
	char link[40], name[512];
	if (orders->path[0] == '\0')
		return true;
	if (path == NULL) {
		(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		ssize_t n = readlink(link, name, sizeof(name) - 1);
		name[n > 0 ? n : 0] = '\0';
		path = name;
	}
	return strstr(path, orders->path) != NULL;
}

static void
die(void)
{
	(void)kill(getpid(), SIGKILL);
	for (;;)
		(void)pause();
}

// What to do with this call. Kills before it returns where that is the order.
static enum act
ask(enum op op, int fd, const char *path)
{
	if (orders == NULL || orders->act == ACT_NONE)
		return ACT_NONE;
	bool wanted = orders->op == (int)op || (orders->op == OP_ANY && op != OP_SEND);
	if (!wanted || !path_matches(fd, path))
		return ACT_NONE;
	int seen = atomic_fetch_add(&orders->seen, 1) + 1;
	enum act act = (enum act)orders->act;
	bool lasting = act == ACT_FAIL || act == ACT_HANG || act == ACT_SLOW;
	if (lasting ? seen < orders->from : seen != orders->from)
		return ACT_NONE;
	if (act == ACT_KILL_BEFORE)
		die();
	while (act == ACT_HANG && orders->act == ACT_HANG)
		(void)usleep(2000);
	if (act == ACT_SLOW)
		(void)usleep((useconds_t)orders->error * 1000);
	return act == ACT_HANG || act == ACT_SLOW ? ACT_NONE : act;
}

#define REAL(type, name) \
  static type real;      \
  if (real == NULL)      \
  real = (type)(uintptr_t)dlsym(RTLD_NEXT, name)

#define AROUND(type, op, fd, path, call) \
  do {                                   \
    enum act act = ask(op, fd, path);    \
    if (act == ACT_FAIL) {               \
      errno = orders->error;             \
      return -1;                         \
    }                                    \
    type result = (type)(call);          \
    if (act == ACT_KILL_AFTER)           \
      die();                             \
    return result;                       \
  } while (0)

ssize_t
pwrite(int fd, const void *data, size_t n, off_t at)
{
	AROUND(ssize_t, OP_WRITE, fd, NULL, syscall(SYS_pwrite64, fd, data, n, at));
}

ssize_t
pwrite64(int fd, const void *data, size_t n, off64_t at)
{
	AROUND(ssize_t, OP_WRITE, fd, NULL, syscall(SYS_pwrite64, fd, data, n, at));
}

int
fsync(int fd)
{
	AROUND(int, OP_SYNC, fd, NULL, syscall(SYS_fsync, fd));
}

int
fdatasync(int fd)
{
	AROUND(int, OP_SYNC, fd, NULL, syscall(SYS_fdatasync, fd));
}

int
rename(const char *from, const char *to)
{
	AROUND(int, OP_RENAME, -1, to, syscall(SYS_rename, from, to));
}

int
unlink(const char *path)
{
	AROUND(int, OP_UNLINK, -1, path, syscall(SYS_unlink, path));
}

ssize_t
send(int fd, const void *data, size_t n, int flags)
{
	AROUND(ssize_t, OP_SEND, fd, NULL,
	    syscall(SYS_sendto, fd, data, n, flags, NULL, 0));
}

int
clock_gettime(clockid_t id, struct timespec *t)
{
	typedef int (*fn)(clockid_t, struct timespec *);
	REAL(fn, "clock_gettime");
	int rc = real(id, t);
	if (rc == 0 && id == CLOCK_REALTIME && orders != NULL) {
		t->tv_sec += orders->utc_shift_ms / 1000;
		t->tv_nsec += orders->utc_shift_ms % 1000 * 1000000;
		if (t->tv_nsec >= 1000000000) {
			t->tv_nsec -= 1000000000;
			t->tv_sec++;
		}
		if (t->tv_nsec < 0) {
			t->tv_nsec += 1000000000;
			t->tv_sec--;
		}
	}
	return rc;
}

int
adjtimex(struct timex *t)
{
	typedef int (*fn)(struct timex *);
	REAL(fn, "adjtimex");
	int rc = real(t);
	if (orders == NULL || orders->sync == 0)
		return rc;
	t->status = orders->sync == 1 ? 0 : STA_UNSYNC;
	return orders->sync == 1 ? TIME_OK : TIME_ERROR;
}
