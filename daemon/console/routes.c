// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Finds the call for a request and checks who asks before it runs. Owns the table; runs
// on the loop thread. Refuses unknown query parameters: a misspelt filter would
// silently show everything. What is not in the table is a page, or nothing.
#include "console/routes.h"

#include <string.h>

#include "lib/mem.h"

// clang-format off
static const struct route table[] = {
	{ METHOD_GET, "/api/v1/state", ACCESS_DESK, api_state, { 0 } },
	{ METHOD_GET, "/api/v1/stream", ACCESS_DESK, api_stream, { "last", "console" } },
	{ METHOD_GET, "/api/v1/alarms", ACCESS_DESK, api_alarms, { "after", "limit" } },
	{ METHOD_POST, "/api/v1/alarms/{id}/acknowledge", ACCESS_SESSION, api_acknowledge, { 0 } },
	{ METHOD_POST, "/api/v1/alarms/{id}/note", ACCESS_SESSION, api_note, { 0 } },
	{ METHOD_POST, "/api/v1/alarms/{id}/verify", ACCESS_SESSION, api_verify, { 0 } },
	{ METHOD_GET, "/api/v1/alarms/{id}/explain", ACCESS_DESK, api_explain_alarm, { 0 } },
	{ METHOD_POST, "/api/v1/missed", ACCESS_SESSION, api_missed, { 0 } },
	{ METHOD_GET, "/api/v1/missed", ACCESS_DESK, api_missed_list, { "after", "limit" } },
	{ METHOD_GET, "/api/v1/hosts", ACCESS_DESK, api_hosts, { "after", "limit" } },
	{ METHOD_GET, "/api/v1/outputs", ACCESS_DESK, api_outputs, { "after", "limit" } },
	{ METHOD_GET, "/api/v1/points", ACCESS_DESK, api_points, { "after", "limit" } },
	{ METHOD_GET, "/api/v1/points/{id}", ACCESS_DESK, api_point, { 0 } },
	{ METHOD_GET, "/api/v1/points/{id}/explain", ACCESS_DESK, api_explain_point, { 0 } },
	{ METHOD_POST, "/api/v1/points/{id}/reset", ACCESS_SESSION, api_reset, { 0 } },
	{ METHOD_POST, "/api/v1/points/{id}/bypass", ACCESS_SESSION, api_bypass, { 0 } },
	{ METHOD_DELETE, "/api/v1/points/{id}/bypass", ACCESS_SESSION, api_bypass_end, { 0 } },
	{ METHOD_POST, "/api/v1/points/{id}/isolate", ACCESS_SESSION, api_isolate, { 0 } },
	{ METHOD_POST, "/api/v1/points/{id}/restore", ACCESS_SESSION, api_restore, { 0 } },
	{ METHOD_POST, "/api/v1/points/{id}/conditions/{id2}/shelve", ACCESS_SESSION, api_shelve, { 0 } },
	{ METHOD_POST, "/api/v1/points/{id}/conditions/{id2}/unshelve", ACCESS_SESSION, api_unshelve, { 0 } },
	{ METHOD_POST, "/api/v1/zones/{id}/test", ACCESS_SESSION, api_test, { 0 } },
	{ METHOD_GET, "/api/v1/shelves", ACCESS_DESK, api_shelves, { "after", "limit" } },
	{ METHOD_GET, "/api/v1/isolations", ACCESS_DESK, api_isolations, { "after", "limit" } },
	{ METHOD_GET, "/api/v1/zones", ACCESS_DESK, api_zones, { "after", "limit" } },
	{ METHOD_GET, "/api/v1/patrols", ACCESS_DESK, api_patrols, { 0 } },
	{ METHOD_GET, "/api/v1/doors", ACCESS_DESK, api_doors, { "after", "limit" } },
	{ METHOD_GET, "/api/v1/fire-doors", ACCESS_DESK, api_fire_doors,
	    { "after", "limit" } },
	{ METHOD_GET, "/api/v1/effects", ACCESS_DESK, api_effects,
	    { "after", "limit" } },
	{ METHOD_GET, "/api/v1/pumps", ACCESS_DESK, api_pumps, { "after", "limit" } },
	{ METHOD_POST, "/api/v1/deadman/answer", ACCESS_DESK, api_alive, { 0 } },
	{ METHOD_GET, "/api/v1/buses", ACCESS_DESK, api_buses, { "after", "limit" } },
	{ METHOD_GET, "/api/v1/devices", ACCESS_DESK, api_devices, { "after", "limit", "bus" } },
	{ METHOD_GET, "/api/v1/devices/{id}/blocks", ACCESS_DESK, api_blocks, { "after", "limit" } },
	{ METHOD_POST, "/api/v1/silence", ACCESS_DESK, api_silence, { 0 } },
	{ METHOD_POST, "/api/v1/consoles/{id}/sound", ACCESS_DESK, api_sound, { 0 } },
	{ METHOD_GET, "/api/v1/events", ACCESS_DESK, api_events,
	    { "after", "limit", "point", "class", "from", "to", "occurrence" } },
	{ METHOD_GET, "/api/v1/readings", ACCESS_DESK, api_readings,
	    { "point", "from", "to", "step" } },
	{ METHOD_GET, "/api/v1/samples", ACCESS_DESK, api_samples,
	    { "point", "from", "to", "after", "limit" } },
	{ METHOD_GET, "/api/v1/blind", ACCESS_DESK, api_blind, { "day", "point" } },
	{ METHOD_POST, "/api/v1/readings/hand", ACCESS_SESSION, api_hand, { 0 } },
	{ METHOD_GET, "/api/v1/reports", ACCESS_DESK, api_reports, { 0 } },
	{ METHOD_GET, "/api/v1/reports/{id}", ACCESS_DESK, api_report,
	    { "day", "format", "lang", "revision" } },
	{ METHOD_GET, "/api/v1/reports/{id}/days", ACCESS_DESK, api_report_days,
	    { "before", "limit" } },
	{ METHOD_GET, "/api/v1/reports/{id}/close", ACCESS_DESK, api_report_close, { "day" } },
	{ METHOD_POST, "/api/v1/reports/{id}/sign", ACCESS_SESSION, api_report_sign, { 0 } },
	{ METHOD_GET, "/api/v1/commissioning", ACCESS_SESSION, api_commissioning,
	    { "after", "limit", "zone", "device", "status" } },
	{ METHOD_POST, "/api/v1/commissioning", ACCESS_SESSION, api_commission, { 0 } },
	{ METHOD_POST, "/api/v1/commissioning/walks", ACCESS_SESSION, api_walk, { 0 } },
	{ METHOD_POST, "/api/v1/session", ACCESS_LOG_IN, api_log_in, { 0 } },
	{ METHOD_DELETE, "/api/v1/session", ACCESS_SESSION, api_log_out, { 0 } },
	{ METHOD_GET, "/api/v1/text", ACCESS_OPEN, api_text, { "lang" } },
	{ METHOD_GET, "/healthz", ACCESS_OPEN, api_healthz, { 0 } },
	{ METHOD_GET, "/metrics", ACCESS_DESK, api_metrics, { "blocks" } },
};
// clang-format on

const struct route *
routes_table(size_t *n)
{
	*n = sizeof(table) / sizeof(table[0]);
	return table;
}

static bool
path_matches(const char *pattern, struct http_request *r)
{
	unsigned i = 0;

	for (const char *p = pattern + 1; *p != '\0'; i++) {
		size_t len = strcspn(p, "/");
		if (i == r->target.n_segments)
			return false;
		const char *segment = r->target.segment[i];
		if (len == 4 && memcmp(p, "{id}", 4) == 0) {
			if (!str_copy(r->id, sizeof(r->id), segment))
				return false;
		} else if (len == 5 && memcmp(p, "{id2}", 5) == 0) {
			if (!str_copy(r->id2, sizeof(r->id2), segment))
				return false;
		} else if (strlen(segment) != len || memcmp(segment, p, len) != 0) {
			return false;
		}
		p += len;
		p += *p == '/';
	}
	return i == r->target.n_segments;
}

// A parameter that the call does not know, or NULL.
static const char *
unknown_parameter(const struct route *route, const struct target *t)
{
	for (unsigned i = 0; i < t->n_parameters; i++) {
		bool known = false;
		for (unsigned k = 0; k < ROUTE_PARAMETERS && route->parameters[k]; k++)
			known = known || strcmp(route->parameters[k], t->name[i]) == 0;
		if (!known)
			return t->name[i];
	}
	return NULL;
}

static void
run(struct console *c, struct http_request *r, const struct route *route)
{
	const char *unknown = unknown_parameter(route, &r->target);

	if (!access_allows(c, r, route->access, route->method != METHOD_GET))
		return;
	if (unknown != NULL) {
		http_error(r, 400, "unknown_parameter", unknown);
		return;
	}
	route->call(c, r);
}

static void
refuse_method(struct http_request *r, unsigned allowed)
{
	// clang-format off
	static const struct { unsigned methods; const char *list; } lists[] = {
		{ METHOD_GET, "GET, HEAD" },
		{ METHOD_POST, "POST" },
		{ METHOD_DELETE, "DELETE" },
		{ METHOD_GET | METHOD_POST, "GET, HEAD, POST" },
		{ METHOD_GET | METHOD_DELETE, "GET, HEAD, DELETE" },
		{ METHOD_POST | METHOD_DELETE, "POST, DELETE" },
		{ METHOD_GET | METHOD_POST | METHOD_DELETE, "GET, HEAD, POST, DELETE" },
	};
	// clang-format on

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (lists[i].methods == allowed)
			http_add(r, "Allow", lists[i].list);
	http_error(r, 405, "method_not_allowed", NULL);
}

void
routes_handle(void *ctx, struct http_request *r)
{
	struct console *c = ctx;
	unsigned allowed = 0;

	r->console = c;
	if (!access_answers(c, r))
		return;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (!path_matches(table[i].path, r))
			continue;
		if (table[i].method == r->method) {
			run(c, r, &table[i]);
			return;
		}
		allowed |= table[i].method;
	}
	if (allowed != 0)
		refuse_method(r, allowed);
	else if (!pages_knows(c->pages, r->target.path))
		http_error(r, 404, "not_found", NULL);
	else if (r->method != METHOD_GET)
		refuse_method(r, METHOD_GET);
	else
		pages_send(c->pages, r);
}
