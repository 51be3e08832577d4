// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What the files of the console share. Not for others; they include console.h.
#ifndef CONSOLE_CONSOLE_INT_H
#define CONSOLE_CONSOLE_INT_H

#include "console/console.h"
#include "console/host.h"
#include "console/http.h"
#include "console/pages.h"
#include "console/session.h"
#include "console/snapshot.h"
#include "console/sse.h"
#include "console/throttle.h"

enum {
	REPORTS_AT_ONCE = 2,
	TEXT_LANGS = LANG_COUNT
};

struct report_order {
	const char *name, *day, *revision, *format, *lang;
};

struct console {
	struct loop *loop;
	struct console_host host;
	struct http_server *http;
	struct pages *pages;
	struct sse *sse;
	struct rule_items *rule_items;
	struct snapshots snapshots;
	struct sessions sessions;
	struct throttle throttle;
	struct loop_timer recheck;  // sessions against the people
	struct recheck *rechecking; // in the reader thread now, or NULL
	unsigned logins;            // being verified
	struct report_run *reports; // running
	unsigned n_reports;
	struct signing *signing; // under way, or NULL
	struct links_run *links; // links_metrics.c: being written
	unsigned n_links;
	struct blob *texts[TEXT_LANGS];
	char *reports_program, *store_directory;
};

// The one table (routes.c). Answers r.
void routes_handle(void *ctx, struct http_request *r);

// A point as the API shows it: an element of an open JSON array, or a whole text
// (api_points.c).
void api_put_point(struct console *c, uint32_t point, struct buf *out);

// Calls of the API: each answers r, now or later.
typedef void api_call(struct console *c, struct http_request *r);
api_call api_state, api_stream, api_alarms, api_acknowledge, api_note, api_hosts,
    api_points, api_point, api_reset, api_bypass, api_bypass_end, api_alive, api_doors,
    api_fire_doors, api_effects, api_pumps, api_patrols, api_silence, api_sound,
    api_events, api_readings, api_samples, api_blind, api_report, api_reports,
    api_log_in, api_log_out, api_text, api_healthz, api_metrics, api_buses, api_devices,
    api_blocks, api_outputs, api_commissioning, api_commission, api_walk, api_shelve,
    api_unshelve, api_isolate, api_restore, api_test, api_shelves, api_isolations,
    api_zones, api_verify, api_missed, api_missed_list, api_hand, api_report_days,
    api_report_close, api_report_sign, api_explain_point, api_explain_alarm;

// Answers a command (a request as arg): 200 with its seq, or 202 not durable, or why
// not.
reply_fn api_confirmed;
// Reads a body that has these members; -1 = answered 400.
struct body_member;
int api_body(struct http_request *r, const struct body_member *members, size_t n);

// Answers with what a question to the store made (result 0), else 503; frees *b.
void api_answer(struct http_request *r, int result, struct buf *b);

// A number parameter within [min, max], or `none` where it is absent. -1 = answered
// 400.
int api_number(struct http_request *r, const char *name, int64_t min, int64_t max,
    int64_t none, int64_t *out);
// A time parameter (RFC 3339), or `none`. -1 = answered 400.
int api_time(struct http_request *r, const char *name, int64_t none, int64_t *out);
// The point asked for and its unit (static storage); -1 = answered 400 or 404.
int api_gauge(struct console *c, struct http_request *r, char point[static ID_MAX],
    const char **unit);

// Appends the figures of the links to what is in *before, and answers r with all of it,
// later (links_metrics.c).
void links_metrics_send(
    struct console *c, struct http_request *r, struct buf *before, bool with_blocks);
void links_metrics_stop(struct console *c);

// Ends what runs for reports (api_reports.c, api_sign.c).
void reports_stop(struct console *c);
void signing_stop(struct console *c);
// Starts the tool that makes one; NULL where it cannot be started. `revision` "" = as
// it is now. `done` as of lib/child.h.
struct child *report_child(struct console *c, const struct report_order *o,
    void (*done)(void *arg, int status, const char *out, size_t len), void *arg);
// A date, or "today", that a calendar could have.
bool report_day_is_fine(const char *day);
// Watches sessions while there are any (api_session.c).
void sessions_watch(struct console *c);
void sessions_unwatch(struct console *c);

#endif
