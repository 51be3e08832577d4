// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A ring of pointers behind a mutex, with an eventfd that is readable exactly while the
// ring holds something: both change under the same lock, so no wake-up is ever lost and
// none is left over. The lock is held for a few instructions and one small system
// call, never across a callback. It refuses to wait when full.
#include "lib/mailbox.h"

#include <sys/eventfd.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "lib/mem.h"

struct mailbox {
	pthread_mutex_t lock;
	int fd;
	size_t capacity, head, count;
	void *ring[];
};

struct mailbox *
mailbox_new(size_t capacity)
{
	wr_assert(capacity > 0);
	struct mailbox *m = xcalloc(1, sizeof *m + capacity * sizeof m->ring[0]);
	m->capacity = capacity;
	m->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	wr_assert(m->fd >= 0); // start-up only: no descriptors left is a wrong set-up
	wr_assert(pthread_mutex_init(&m->lock, NULL) == 0);
	return m;
}

void
mailbox_free(struct mailbox *m)
{
	if (!m)
		return;
	wr_assert(m->count == 0);
	(void)pthread_mutex_destroy(&m->lock);
	(void)close(m->fd);
	free(m);
}

int
mailbox_post(struct mailbox *m, void *message)
{
	wr_assert(message);
	(void)pthread_mutex_lock(&m->lock);
	bool full = m->count == m->capacity;
	if (!full) {
		m->ring[(m->head + m->count) % m->capacity] = message;
		if (m->count++ == 0)
			wr_assert(eventfd_write(m->fd, 1) == 0);
	}
	(void)pthread_mutex_unlock(&m->lock);
	if (full)
		errno = EAGAIN;
	return full ? -1 : 0;
}

void *
mailbox_take(struct mailbox *m)
{
	void *message = NULL;
	(void)pthread_mutex_lock(&m->lock);
	if (m->count > 0) {
		message = m->ring[m->head];
		m->head = (m->head + 1) % m->capacity;
		eventfd_t posted;
		if (--m->count == 0)
			wr_assert(eventfd_read(m->fd, &posted) == 0);
	}
	(void)pthread_mutex_unlock(&m->lock);
	return message;
}

static int64_t
mono_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void *
mailbox_wait(struct mailbox *m, int timeout_ms)
{
	int64_t deadline = mono_ms() + timeout_ms;
	for (;;) {
		void *message = mailbox_take(m);
		if (message)
			return message;
		int64_t left = timeout_ms < 0 ? -1 : deadline - mono_ms();
		if (timeout_ms >= 0 && left <= 0)
			return NULL;
		struct pollfd p = { .fd = m->fd, .events = POLLIN };
		(void)poll(&p, 1, (int)left);
	}
}

int
mailbox_fd(const struct mailbox *m)
{
	return m->fd;
}

size_t
mailbox_count(struct mailbox *m)
{
	(void)pthread_mutex_lock(&m->lock);
	size_t n = m->count;
	(void)pthread_mutex_unlock(&m->lock);
	return n;
}

size_t
mailbox_capacity(const struct mailbox *m)
{
	return m->capacity;
}
