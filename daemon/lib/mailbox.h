// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A bounded queue of pointers between two threads. The only way threads meet. Posting
// hands ownership over. Full is an answer, never a wait.
#ifndef LIB_MAILBOX_H
#define LIB_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>

struct mailbox;

struct mailbox *mailbox_new(size_t capacity);
void mailbox_free(struct mailbox *m); // must be empty; NULL is fine

// 0, or -1 with errno EAGAIN when full. Any thread.
int mailbox_post(struct mailbox *m, void *message);

// The oldest message, or NULL. The receiving thread only.
void *mailbox_take(struct mailbox *m);

// Waits up to timeout_ms (-1 = for ever) and takes; NULL on timeout. For receiving
// threads that have no loop.
void *mailbox_wait(struct mailbox *m, int timeout_ms);

// Readable while there is something to take (eventfd).
int mailbox_fd(const struct mailbox *m);

size_t mailbox_count(struct mailbox *m);
size_t mailbox_capacity(const struct mailbox *m);

#endif
