// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A child process seen from the loop: a pipe for its output, a pidfd for its end, a
// timer for its patience. No SIGCHLD handler, so nobody else's children are touched.
// The process is reaped only here, so its number stays ours until then and a kill never
// hits a stranger. It refuses a shell: argv is what is run.
#include "lib/child.h"

#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/mem.h"

enum {
	READ_BYTES = 8192,
	READS_AT_ONCE = 16
};

struct child {
	struct loop *loop;
	pid_t pid;
	int out_fd, pid_fd;
	struct loop_watch *out_watch, *pid_watch;
	struct loop_timer patience;
	struct buf out;
	size_t max_bytes;
	int failure; // enum child_failure, 0 = none so far
	child_done *done;
	void *arg;
};

static void
kill_group(struct child *c)
{
	// The group too: a program's own children would keep the pipe and the machine.
	(void)kill(-c->pid, SIGKILL);
	(void)kill(c->pid, SIGKILL);
}

static void
fail(struct child *c, enum child_failure why)
{
	if (c->failure == 0)
		c->failure = why;
	kill_group(c);
}

static void
stop_output(struct child *c)
{
	loop_unwatch(c->out_watch);
	c->out_watch = NULL;
	if (c->out_fd >= 0)
		(void)close(c->out_fd);
	c->out_fd = -1;
}

static void
release(struct child *c)
{
	stop_output(c);
	loop_unwatch(c->pid_watch);
	loop_timer_stop(c->loop, &c->patience);
	(void)close(c->pid_fd);
	loop_release(c->loop);
	buf_free(&c->out);
	free(c);
}

// Reads what there is, `rounds` times at most.
static void
gather(struct child *c, int rounds)
{
	char bytes[READ_BYTES];
	for (int i = 0; i < rounds && c->out_fd >= 0; i++) {
		ssize_t n = read(c->out_fd, bytes, sizeof bytes);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			stop_output(c);
			return;
		}
		if ((size_t)n > c->max_bytes - c->out.len) {
			fail(c, CHILD_OUTPUT_LIMIT);
			stop_output(c);
			return;
		}
		buf_add(&c->out, bytes, (size_t)n);
	}
}

static void
on_output(void *arg)
{
	gather(arg, READS_AT_ONCE);
}

static void
on_patience(void *arg)
{
	fail(arg, CHILD_TIMED_OUT);
}

static void
on_exit_seen(void *arg)
{
	struct child *c = arg;
	siginfo_t info = { 0 };
	if (waitid(P_PIDFD, (id_t)c->pid_fd, &info, WEXITED | WNOHANG) != 0 ||
	    info.si_pid == 0)
		return;
	// What it wrote before it ended is in the pipe; a grandchild may hold the pipe
	// open for ever, so the end of the file is not waited for.
	size_t pipe_reads = c->max_bytes / READ_BYTES + 2;
	for (size_t i = 0; i < pipe_reads && c->out_fd >= 0; i++)
		gather(c, 1);
	int status = c->failure;
	if (status == 0)
		status = info.si_code == CLD_EXITED ? info.si_status : CHILD_SIGNALLED;
	buf_add(&c->out, "", 0);
	c->done(c->arg, status, c->out.data, c->out.len);
	release(c);
}

struct start {
	const struct child_options *options;
	int out_fd;
	pid_t parent;
	volatile int error; // written by the child, which has our memory until it execs
};

// A killed daemon's child must not go on into a pipe that nobody reads. The thread that
// starts it must live as long as the daemon: that of the loop, or of delivery.
static bool
dies_with(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}

// In the child, between vfork and exec: system calls only.
__attribute__((noinline)) static _Noreturn void
become(struct start *s)
{
	const struct child_options *o = s->options;
	char *const *args; // execve changes nothing, whatever its type says
	memcpy(&args, &o->argv, sizeof args);
	struct rlimit r = { .rlim_cur = o->max_memory, .rlim_max = o->max_memory };
	struct sigaction plain = { .sa_handler = SIG_DFL };
	sigset_t none;
	(void)sigemptyset(&none);
	for (int i = 1; i < NSIG; i++)
		(void)sigaction(i, &plain, NULL);
	int in_fd = open("/dev/null", O_RDONLY);
	if (in_fd >= 0 && dup2(in_fd, STDIN_FILENO) >= 0 &&
	    dup2(s->out_fd, STDOUT_FILENO) >= 0 &&
	    (!o->errors_too || dup2(s->out_fd, STDERR_FILENO) >= 0) &&
	    close_range(3, ~0U, 0) == 0 && setpgid(0, 0) == 0 && dies_with(s->parent) &&
	    (o->max_memory == 0 || setrlimit(RLIMIT_AS, &r) == 0) &&
	    sigprocmask(SIG_SETMASK, &none, NULL) == 0)
		(void)execve(args[0], args, environ);
	s->error = errno;
	_exit(127);
}

// 0, or an errno value. vfork, because copying the tables of a large process would take
// its loop milliseconds; not posix_spawn, because the memory limit has to stand before
// the program begins.
static int
spawn(pid_t *pid, const struct child_options *o, int out_fd)
{
	if (access(o->argv[0], X_OK) != 0)
		return errno;
	struct start s = { .options = o, .out_fd = out_fd, .parent = getpid() };
	sigset_t all, before;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	pid_t child = vfork(); // NOLINT(clang-analyzer-security.insecureAPI.vfork)
	if (child == 0)
		become(&s); // NOLINT(clang-analyzer-unix.Vfork): system calls only
	int e = child < 0 ? errno : s.error;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (child > 0 && e != 0)
		(void)waitpid(child, NULL, 0);
	*pid = child;
	return e;
}

// Takes over a running process. NULL where the kernel has no descriptor left.
static struct child *
adopt(struct loop *l, pid_t pid, int out_fd)
{
	int pid_fd = pidfd_open(pid, 0);
	if (pid_fd < 0) {
		int e = errno;
		(void)kill(-pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		errno = e;
		return NULL;
	}
	struct child *c = xcalloc(1, sizeof *c);
	*c =
	    (struct child){ .loop = l, .pid = pid, .pid_fd = pid_fd, .out_fd = out_fd };
	c->out_watch = loop_watch_read(l, out_fd, LOOP_CONSOLE, on_output, c);
	c->pid_watch = loop_watch_read(l, pid_fd, LOOP_CONSOLE, on_exit_seen, c);
	loop_timer_init(&c->patience, on_patience, c);
	loop_hold(l);
	return c;
}

struct child *
child_run(struct loop *l, const struct child_options *o, child_done *done, void *arg)
{
	int out[2];
	if (pipe2(out, O_CLOEXEC) != 0)
		return NULL;
	pid_t pid = -1;
	int e = spawn(&pid, o, out[1]);
	(void)close(out[1]);
	if (e != 0) {
		(void)close(out[0]);
		errno = e;
		return NULL;
	}
	(void)fcntl(out[0], F_SETFL, O_NONBLOCK); // our end only
	struct child *c = adopt(l, pid, out[0]);
	if (!c) {
		e = errno;
		(void)close(out[0]);
		errno = e;
		return NULL;
	}
	c->max_bytes = o->max_bytes;
	c->done = done;
	c->arg = arg;
	loop_timer_in(l, &c->patience, o->timeout_ms);
	return c;
}

void
child_kill(struct child *c)
{
	kill_group(c);
}

void
child_free(struct child *c)
{
	if (!c)
		return;
	kill_group(c);
	siginfo_t info;
	while (
	    waitid(P_PIDFD, (id_t)c->pid_fd, &info, WEXITED) != 0 && errno == EINTR) {
	}
	release(c);
}
