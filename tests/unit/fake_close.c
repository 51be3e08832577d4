// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The day close of the store and of the daemon that are not there (console_fixture.h).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console_fixture.h"
#include "lib/mem.h"
#include "store/revision.h"
#include "test.h"

int
query_day_close(struct reader *r, const char *report, bool judged,
    const struct day_span *d, struct day_close *out, struct err *err)
{
	(void)r;
	(void)err;
	assert_int_equal(judged, strcmp(report, "alarms-daily") == 0);
	*out = fake_store.close;
	out->day = *d;
	out->day.closed = strcmp(d->day, "2026-01-02") < 0;
	out->gone = strcmp(d->day, "2025-12-30") < 0;
	return 0;
}

int
query_unclassified(struct reader *r, const struct day_span *d, day_alarm_fn *row,
    void *arg, struct err *err)
{
	(void)r;
	(void)d;
	(void)err;
	const struct day_alarm a = { .seq = 5,
		.time_utc_ms = 1767310000000,
		.occurrence = "7-12",
		.point = "fap1-d-1-5",
		.place_zh = "大厅",
		.place_en = "Lobby",
		.condition = "fire",
		.code = "fire/smoke",
		.alarm_class = "fire" };
	for (int i = 0; i < fake_store.close.unclassified; i++)
		if (!row(arg, &a))
			break;
	return fake_store.close.unclassified;
}

int
query_still_open(struct reader *r, const struct day_span *d, day_alarm_fn *row,
    void *arg, struct err *err)
{
	(void)r;
	(void)d;
	(void)err;
	const struct day_alarm a = {
		.seq = 6, .condition = "fault", .alarm_class = "fault"
	};
	for (int i = 0; i < fake_store.close.still_open; i++)
		(void)row(arg, &a);
	return fake_store.close.still_open;
}

int
query_day_changes(struct reader *r, const struct day_span *d, const struct as_of *since,
    day_change_fn *row, void *arg, struct err *err)
{
	(void)r;
	(void)d;
	(void)since;
	(void)err;
	const struct day_change c = { .what = "verdict",
		.seq = 9,
		.before = "pending",
		.after = "real",
		.who = "wang",
		.about = { .seq = 5, .occurrence = "7-12" } };
	for (int i = 0; i < fake_store.close.changes; i++)
		(void)row(arg, &c);
	return fake_store.close.changes;
}

// The signature that the test has just made is the newest.
int
query_revision(struct reader *r, const struct revision_key *key, struct revision *out,
    struct err *err)
{
	(void)r;
	(void)err;
	assert_string_equal(key->report, "alarms-daily");
	*out = fake_store.close.newest;
	out->revision++;
	out->seq = 77;
	return 1;
}

void
fake_report_plans(void *ctx, struct buf *out)
{
	(void)ctx;
	json_open(out, "plans", '[');
	json_close(out, ']');
}

const char *
fake_cannot_sign(void *ctx)
{
	return ((struct fake_daemon *)ctx)->cannot_sign;
}

void
fake_sign(void *ctx, struct revision *r, reply_fn *done, void *arg)
{
	struct fake_daemon *d = ctx;

	(void)snprintf(d->last, sizeof(d->last),
	    "sign %s %s %.20s/%.20s/%s n=%lld [%.40s] [%.40s] %lld,%lld,%lld %.4s "
	    "%.20s",
	    r->report, r->day, r->who, r->name_zh, r->role, (long long)r->unclassified,
	    r->reason, r->note, (long long)r->as_of.seq, (long long)r->as_of.verdict,
	    (long long)r->as_of.missed, r->data_sha256, r->document);
	revision_free(r);
	free(r);
	fake_command(d, done, arg);
}
