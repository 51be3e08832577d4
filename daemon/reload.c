// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// SIGHUP. A configuration that is broken changes nothing and is an alarm until a good
// one is seen (I12); one that says what runs already changes nothing; one that differs
// is journalled, and the daemon renews itself: it stops in order, as for SIGTERM, and
// takes its own place with the new site, as after any start (I11). The process keeps
// its number. Runs on the loop, renewing after it.
#include "reload.h"

#include <unistd.h>

#include "daemon.h"
#include "lib/buf.h"
#include "lib/log.h"

static void
refuse(struct daemon *d, const struct recheck_report *r)
{
	struct buf b = { 0 };

	json_open(&b, NULL, '{');
	json_str(&b, "file", d->config_file);
	json_str(&b, "first", r->first);
	life_event(d, EVENT_CONFIG_REFUSED, &b);
	log_warnx("config",
	    "the configuration is broken: nothing changes, and a start would take the "
	    "last good copy");
}

static void
apply(struct daemon *d, const struct recheck_report *r)
{
	struct buf b = { 0 };

	json_open(&b, NULL, '{');
	json_str(&b, "from", d->site->revision);
	json_str(&b, "to", r->revision);
	json_int(&b, "changes", r->changes);
	json_str(&b, "first", r->first);
	life_event(d, EVENT_CONFIG_LOAD, &b);
	log_info("config", "the configuration changes: the daemon renews itself");
	d->renews = true;
	daemon_end(d);
}

static void
on_checked(void *ctx, const struct recheck_report *r)
{
	struct daemon *d = ctx;

	engine_system_one(d->engine, d->site->loop_point, r->outcome == RECHECK_BROKEN,
	    "configuration-refused");
	if (r->outcome == RECHECK_BROKEN)
		refuse(d, r);
	else if (r->outcome == RECHECK_CHANGES || d->last_good)
		apply(d, r);
	else
		log_info("config", "the configuration is what runs: nothing changes");
}

struct recheck *
reload_new(struct daemon *d)
{
	const struct recheck_host host = { d, on_checked };

	return recheck_new(
	    d->loop, d->config_file, d->running_file, d->site->revision, &host);
}

void
reload_renew(char *const *argv)
{
	// Nothing of ours may be held by the next life: sockets, the store's lock.
	(void)close_range(3, ~0U, 0);
	(void)execv("/proc/self/exe", argv);
	fatal("config", "cannot start anew");
}
