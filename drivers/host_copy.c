// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A copy of a site's hosts that outlives the site. Passwords are wiped when it goes.
#include <stdlib.h>
#include <string.h>

#include "drivers/host_watch.h"
#include "lib/mem.h"

// The texts of a host, so that none is forgotten when it is copied or freed.
#define TEXTS(X) \
  X(id)          \
  X(address)     \
  X(url)         \
  X(shown)       \
  X(user)        \
  X(password)    \
  X(marker)      \
  X(ca)          \
  X(pin)

// What was given is ours, and may be written before it is freed.
static void
wipe(const char *text)
{
	union {
		const char *in;
		char *out;
	} t = { .in = text };
	if (text == NULL)
		return;
	explicit_bzero(t.out, strlen(t.out));
	free(t.out);
}

struct host *
hosts_copy(const struct site *site)
{
	struct host *all = xcalloc(site->n_hosts + 1u, sizeof *all);
	for (uint16_t i = 0; i < site->n_hosts; i++) {
		const struct host *from = &site->hosts[i];
		struct host *h = &all[i];
		*h = *from;
#define X(text) h->text = xstrdup(from->text);
		TEXTS(X)
#undef X
		uint16_t *status = xcalloc(from->n_status + 1u, sizeof *status);
		for (uint8_t k = 0; k < from->n_status; k++)
			status[k] = from->status[k];
		h->status = status;
		h->accept_reason = NULL;
	}
	return all;
}

void
hosts_free(struct host *hosts, uint16_t n)
{
	for (uint16_t i = 0; hosts != NULL && i < n; i++) {
		struct host *h = &hosts[i];
		union {
			const uint16_t *in;
			uint16_t *out;
		} status = { .in = h->status };
#define X(text) wipe(h->text);
		TEXTS(X)
#undef X
		free(status.out);
	}
	free(hosts);
}
