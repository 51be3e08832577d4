// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The calls of docs/api.md against a daemon that is not there: what each answer holds,
// and what is refused.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console_fixture.h"
#include "test.h"

#define OURS "X-Watchroom: 1\r\n"

// --- reading ----------------------------------------------------------------------

static void
test_state_holds_what_the_page_needs(void **state)
{
	static const char *const parts[] = {
		"\"id\":\"7-0\"",
		"\"site\":{\"id\":\"tower-a\",\"name\":{\"zh\":\"科技大厦\"",
		"\"time_zone\":\"Asia/Shanghai\",\"statistics_day\":\"08:00\"}",
		"\"session\":null",
		"\"desk\":true",
		"\"counters\":{\"fire\":{\"active\":2,\"unacknowledged\":2}",
		"\"alarms\":[{\"occurrence\":\"7-1\"",
		"\"alarms_total\":2",
		"\"devices\":[{\"id\":\"fap1\"",
		"\"accepted_budget\":{\"limit_ms\":14000,\"reason\":\"a slow line\"}",
		"\"health\":{\"store\":\"ok\"",
		"\"readings\":[{\"point\":\"hydrant-main\"",
		"\"inferred\":true",
		"\"zone\":\"f5\"",
	};
	struct answer a = ask(*state, "GET /api/v1/state", "", NULL);

	assert_int_equal(a.status, 200);
	assert_true(answer_has(&a, "Content-Type: application/json"));
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (strstr(a.body, parts[i]) == NULL)
			fail_msg("no %s in %s", parts[i], a.body);
	answer_free(&a);
}

static void
test_state_shows_at_most_500_alarms(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 2; i < 600; i++)
		f->daemon.alarms[i] = f->daemon.alarms[0];
	f->daemon.n_alarms = 600;
	struct answer a = ask(f, "GET /api/v1/state", "", NULL);
	unsigned shown = 0;
	for (const char *p = a.body; (p = strstr(p, "\"occurrence\":")) != NULL; p++)
		shown++;
	assert_int_equal(shown, 500);
	expect(a, 200, "\"alarms_total\":600");
}

static void
test_alarms_are_paged(void **state)
{
	struct fixture *f = *state;

	struct answer a = ask(f, "GET /api/v1/alarms?limit=1", "", NULL);
	assert_null(strstr(a.body, "\"7-2\""));
	expect(a, 200, "\"next\":\"1.7-1\"");
	expect(ask(f, "GET /api/v1/alarms?limit=1&after=1.7-1", "", NULL), 200,
	    "\"next\":null");
	// The alarm of the cursor has closed: its place still counts.
	expect(ask(f, "GET /api/v1/alarms?after=1.7-99", "", NULL), 200,
	    "\"occurrence\":\"7-2\"");
	expect(
	    ask(f, "GET /api/v1/alarms?after=x", "", NULL), 400, "\"field\":\"after\"");
	expect(ask(f, "GET /api/v1/alarms?limit=501", "", NULL), 400,
	    "\"field\":\"limit\"");
	expect(
	    ask(f, "GET /api/v1/alarms?limit=0", "", NULL), 400, "\"field\":\"limit\"");
	expect(ask(f, "GET /api/v1/alarms?limit=-1", "", NULL), 400,
	    "\"field\":\"limit\"");
}

static void
test_points(void **state)
{
	struct fixture *f = *state;

	expect(ask(f, "GET /api/v1/points?limit=2", "", NULL), 200, "\"next\":\"2\"");
	expect(ask(f, "GET /api/v1/points?after=4", "", NULL), 200, "\"next\":null");
	expect(ask(f, "GET /api/v1/points?after=4000000000", "", NULL), 200,
	    "\"points\":[]");
	expect(ask(f, "GET /api/v1/points/hydrant-main", "", NULL), 200,
	    "\"unit\":\"kPa\"");
	expect(ask(f, "GET /api/v1/points/@bus%2Fpanel-lan", "", NULL), 200,
	    "\"kind\":\"link\"");
	expect(ask(f, "GET /api/v1/points/nobody", "", NULL), 404, "\"not_found\"");
}

static void
test_explain_of_a_point_and_of_an_alarm(void **state)
{
	struct fixture *f = *state;

	expect(ask(f, "GET /api/v1/points/hydrant-main/explain", "", NULL), 200,
	    "\"told\"");
	assert_string_equal(fake_store.explain.point, "hydrant-main");
	assert_string_equal(fake_store.explain.occurrence, "");
	assert_true(fake_store.explain.live);
	assert_string_equal(fake_store.explain.decision[0].word, "low");
	expect(ask(f, "GET /api/v1/points/nobody/explain", "", NULL), 404,
	    "\"not_found\"");

	// One that is closed: of it the journal tells, and no decision.
	expect(ask(f, "GET /api/v1/alarms/6-1/explain", "", NULL), 200, "\"told\"");
	assert_string_equal(fake_store.explain.occurrence, "6-1");
	assert_false(fake_store.explain.live);
	assert_ptr_equal(fake_store.explain.site, &f->daemon.site); // of its links
	expect(
	    ask(f, "GET /api/v1/alarms/7-404/explain", "", NULL), 404, "\"not_found\"");
	// One that is open has its point's decisions.
	char open[96];
	(void)snprintf(open, sizeof(open), "GET /api/v1/alarms/%s/explain",
	    f->daemon.alarms[0].occurrence);
	expect(ask(f, open, "", NULL), 200, "\"told\"");
	assert_true(fake_store.explain.live);
	fake_store.fails = true;
	expect(ask(f, open, "", NULL), 503, "\"unavailable\"");
}

static void
set_hosts(struct fixture *f)
{
	f->daemon.hosts[0] = (struct host_view){
		.status = { .state = HOST_LOST,
		    .code = HOST_TIMEOUT,
		    .misses = 3,
		    .checks = 20,
		    .failed = 4,
		    .detail = "no echo" },
		.asked_utc_ms = 1767323045678,
	};
	f->daemon.hosts[1] = (struct host_view){
		.status = { .state = HOST_BLIND,
		    .blind = HOST_BEHIND_PARENT,
		    .answered_ms = 5,
		    .round_trip_us = 4200,
		    .checks = 7,
		    .certificate_end_s = 1767323045,
		    .warned = true },
		.asked_utc_ms = 1767323045678,
		.answered_utc_ms = 1767323000000,
		.held_until_utc_ms = 1767323045678,
	};
}

static void
test_hosts(void **state)
{
	struct fixture *f = *state;

	set_hosts(f);
	expect(ask(f, "GET /api/v1/hosts?limit=1", "", NULL), 200,
	    "{\"hosts\":[{\"id\":\"switch\",\"place\":{\"zh\":\"弱电间\",\"en\":"
	    "\"Riser "
	    "room\"},\"kind\":\"network\",\"zone\":null,\"check\":\"ping\","
	    "\"target\":\"192.0.2.1\",\"parent\":null,\"state\":\"lost\",\"code\":"
	    "\"timeout\",\"detail\":\"no echo\",\"last_check\":"
	    "\"2026-01-02T03:04:05.678Z\",\"last_answer\":null,\"round_trip_ms\":null,"
	    "\"misses\":3,\"period_ms\":10000,\"certificate_ends\":null,"
	    "\"certificate_ends_soon\":false,\"password_held_until\":null,\"checks\":"
	    "20,"
	    "\"failed\":4}],\"next\":\"1\"}");
	struct answer a = ask(f, "GET /api/v1/hosts?after=1", "", NULL);
	assert_non_null(strstr(a.body, "\"parent\":\"switch\""));
	assert_non_null(strstr(a.body, "\"state\":\"blind\",\"code\":\"parent\""));
	assert_non_null(strstr(a.body, "\"round_trip_ms\":4.2,"));
	assert_non_null(
	    strstr(a.body, "\"certificate_ends\":\"2026-01-02T03:04:05.000Z\""));
	// Neither the password nor the part of the address that may hold one.
	assert_null(strstr(a.body, "hush"));
	assert_null(strstr(a.body, "monitor"));
	expect(a, 200, "\"next\":null");
	expect(ask(f, "GET /api/v1/hosts?after=9", "", NULL), 200, "\"hosts\":[]");
	expect(ask(f, "GET /api/v1/state", "", NULL), 200,
	    "\"hosts\":{\"all\":2,\"up\":0,\"lost\":1,\"unknown\":1,\"down\":[{\"id\":"
	    "\"switch\",\"place\":{\"zh\":\"弱电间\",\"en\":\"Riser room\"},\"kind\":"
	    "\"network\",\"state\":\"lost\",\"code\":\"timeout\",\"last_answer\":null}"
	    ",");
}

static void
test_I6_metrics_of_hosts_leave_out_what_is_not_known(void **state)
{
	struct fixture *f = *state;

	set_hosts(f);
	struct answer a = ask(f, "GET /metrics", "", NULL);
	assert_non_null(strstr(a.body, "\nwatchroom_hosts 2\n"));
	assert_non_null(strstr(a.body, "\nwatchroom_hosts_lost 1\n"));
	assert_non_null(strstr(a.body, "\nwatchroom_host_up{host=\"switch\"} 0\n"));
	assert_null(strstr(a.body, "watchroom_host_up{host=\"camera-1\"}"));
	assert_null(
	    strstr(a.body, "watchroom_host_round_trip_seconds{host=\"switch\"}"));
	assert_non_null(strstr(
	    a.body, "\nwatchroom_host_round_trip_seconds{host=\"camera-1\"} 0.0042\n"));
	assert_non_null(strstr(a.body, "\nwatchroom_host_last_answer_time_seconds{host="
				       "\"camera-1\"} 1767323000\n"));
	expect(a, 200,
	    "watchroom_host_certificate_end_time_seconds{host=\"camera-1\"} "
	    "1767323045\n");
}

static void
test_events_are_asked_as_given(void **state)
{
	struct fixture *f = *state;

	expect(ask(f, "GET /api/v1/events", "", NULL), 200, "\"next\":null");
	assert_int_equal(fake_store.filter.limit, 100);
	assert_int_equal(fake_store.filter.alarm_class, -1);
	expect(ask(f,
		   "GET /api/v1/events?after=3&limit=5&point=fap1-d-1-5&class=fire"
		   "&from=1970-01-01T00:00:01Z&to=1970-01-01T08:00:02%2B08:00",
		   "", NULL),
	    200, "\"next\":\"8\"");
	assert_int_equal(fake_store.filter.after_seq, 3);
	assert_int_equal(fake_store.filter.alarm_class, CLASS_FIRE);
	assert_int_equal(fake_store.filter.from_utc_ms, 1000);
	assert_int_equal(fake_store.filter.to_utc_ms, 2000);
	assert_string_equal(fake_store.point, "fap1-d-1-5");
	expect(ask(f, "GET /api/v1/events?class=blue", "", NULL), 400, "\"class\"");
	expect(ask(f, "GET /api/v1/events?from=yesterday", "", NULL), 400, "\"from\"");
	expect(ask(f, "GET /api/v1/events?limit=1001", "", NULL), 400, "\"limit\"");
	fake_store.fails = true;
	expect(ask(f, "GET /api/v1/events", "", NULL), 503, "\"unavailable\"");
}

static void
test_readings(void **state)
{
	struct fixture *f = *state;
	static const char day[] = "&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z";
	char target[200];

	(void)snprintf(target, sizeof(target),
	    "GET /api/v1/readings?point=hydrant-main%s&step=3600", day);
	struct answer a = ask(f, target, "", NULL);
	assert_non_null(strstr(a.body, "\"unit\":\"kPa\",\"step_ms\":3600000"));
	// What was not measured is null, never 0 (I6).
	assert_non_null(strstr(a.body, "\"min\":null,\"mean\":null,\"max\":null"));
	expect(a, 200, "\"mean\":710.5");
	assert_int_equal(fake_store.step_ms, 3600000);
	(void)snprintf(target, sizeof(target),
	    "GET /api/v1/readings?point=hydrant-main&from=2025-01-01T00:00:00Z");
	expect(ask(f, target, "", NULL), 400, "\"too_many_steps\"");
	expect(ask(f, "GET /api/v1/readings?point=hydrant-main&step=90", "", NULL), 400,
	    "\"step\"");
	expect(ask(f, "GET /api/v1/readings", "", NULL), 400, "\"missing_parameter\"");
	expect(ask(f, "GET /api/v1/readings?point=nobody", "", NULL), 404, "\"point\"");
	expect(ask(f,
		   "GET /api/v1/readings?point=hydrant-main&from=2026-01-02T00:00:00Z"
		   "&to=2026-01-01T00:00:00Z",
		   "", NULL),
	    400, "\"from\"");
}

static void
test_samples_come_in_pages(void **state)
{
	struct fixture *f = *state;

	struct answer a = ask(f,
	    "GET /api/v1/samples?point=hydrant-main&from=2026-01-01T00:00:00Z"
	    "&to=2026-01-02T00:00:00Z&limit=2",
	    "", NULL);
	assert_string_equal(fake_store.point, "hydrant-main");
	assert_int_equal(fake_store.to_ms - fake_store.from_ms, 86400000);
	assert_non_null(strstr(a.body,
	    "\"unit\":\"kPa\",\"samples\":[{\"time\":\"2026-01-01T00:00:00.000Z\","
	    "\"value\":652.5,\"quality\":\"good\",\"around\":true},"));
	assert_non_null(
	    strstr(a.body, "\"value\":null,\"quality\":\"unknown\",\"around\":false}"));
	expect(a, 200, "\"next\":\"1767225601001\"}");
	expect(ask(f,
		   "GET /api/v1/samples?point=hydrant-main&from=2026-01-01T00:00:00Z"
		   "&to=2026-01-02T00:00:00Z&after=1767225601001",
		   "", NULL),
	    200, "\"next\":null}");
	assert_int_equal(fake_store.from_ms, 1767225601001);
	expect(ask(f, "GET /api/v1/samples?point=hydrant-main&limit=5001", "", NULL),
	    400, "\"limit\"");
	expect(ask(f, "GET /api/v1/samples", "", NULL), 400, "\"missing_parameter\"");
	expect(ask(f, "GET /api/v1/samples?point=nobody", "", NULL), 404, "\"point\"");
	expect(ask(f,
		   "GET /api/v1/samples?point=hydrant-main&from=2026-01-02T00:00:00Z"
		   "&to=2026-01-01T00:00:00Z",
		   "", NULL),
	    400, "\"from\"");
}

static void
test_i13_blind_time_of_a_day(void **state)
{
	struct fixture *f = *state;

	struct answer a = ask(f, "GET /api/v1/blind?day=2026-01-02", "", NULL);
	assert_non_null(strstr(a.body, "\"day\":\"2026-01-02\""));
	assert_non_null(strstr(a.body,
	    "{\"point\":null,\"place\":{\"zh\":\"\",\"en\":\"\"},\"points\":7,"
	    "\"blind_ms\":5000,\"by_ms\":{\"link\":4000,\"quality\":0,\"isolated\":0,"
	    "\"down\":2000,\"clock\":0,\"store\":0},\"unmeasured\":0,\"goes_on\":true,"
	    "\"events\":[5,9]}"));
	expect(a, 200, "\"left_out\":2}"); // of very many the worst are told
	expect(ask(f, "GET /api/v1/blind?point=hydrant-main", "", NULL), 200,
	    "\"rows\":[]");
	assert_string_equal(fake_store.point, "hydrant-main");
	expect(ask(f, "GET /api/v1/blind?point=nobody", "", NULL), 404, "\"point\"");
	expect(ask(f, "GET /api/v1/blind?day=2026-02-30", "", NULL), 400, "\"day\"");
	expect(ask(f, "GET /api/v1/blind?day=a-name-that-is-no-day", "", NULL), 400,
	    "\"day\"");
	fake_store.fails = true;
	expect(ask(f, "GET /api/v1/blind", "", NULL), 503, "\"unavailable\"");
}

static void
test_reports_run_the_program(void **state)
{
	struct fixture *f = *state;
	char want[160];

	struct answer a =
	    ask(f, "GET /api/v1/reports/alarms-daily?day=2026-01-02&format=csv&lang=en",
		"", NULL);
	assert_true(answer_has(&a, "Content-Type: text/csv"));
	assert_true(answer_has(&a, "Content-Disposition: attachment; "
				   "filename=\"alarms-daily-2026-01-02.csv\""));
	(void)snprintf(want, sizeof(want),
	    "--store %s report alarms-daily --day 2026-01-02 --format csv --lang en",
	    f->store);
	expect(a, 200, want);
	// A saved file is named by its day, not by the word that asked for it.
	a = ask(f, "GET /api/v1/reports/pressure-daily?format=csv", "", NULL);
	assert_true(answer_has(&a, "Content-Disposition: attachment; "
				   "filename=\"pressure-daily-2026-01-02.csv\""));
	expect(a, 200, "--day 2026-01-02 --format csv --lang zh");
	a = ask(f, "GET /api/v1/reports/alarms-yearly?format=pdf", "", NULL);
	assert_true(answer_has(&a, "Content-Disposition: inline; "
				   "filename=\"alarms-yearly-2026-01-02.pdf\""));
	expect(a, 200, "report alarms-yearly --day 2026-01-02 --format pdf");
	expect(ask(f, "GET /api/v1/reports", "", NULL), 200,
	    "{\"name\":\"alarms-weekly\",\"span\":\"week\",\"role\":null}");
	fake_store.fails = true;
	expect(ask(f, "GET /api/v1/reports/pressure-daily", "", NULL), 503,
	    "\"unavailable\"");
	fake_store.fails = false;
	expect(ask(f, "GET /api/v1/reports/alarms-daily?day=2026-01-09", "", NULL), 503,
	    "\"report_failed\"");
	expect(ask(f, "GET /api/v1/reports/alarms-daily?day=2026-01-07", "", NULL), 413,
	    "\"report_too_large\"");
}

// E8 is a manager's to read: no desk without a name, and nobody else by name.
static void
test_the_action_log_is_for_a_manager(void **state)
{
	static const char *const roles[] = { "operator", "leader", "integrator",
		"manager" };
	struct fixture *f = *state;
	char session[400];

	expect(ask(f, "GET /api/v1/reports/actions-daily", "", NULL), 403,
	    "\"manager_required\"");
	for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
		bool may = strcmp(roles[i], "manager") == 0;
		(void)snprintf(fake_store.people[0].role,
		    sizeof(fake_store.people[0].role), "%s", roles[i]);
		log_in(f, "wang", "1234", session);
		expect(ask(f, "GET /api/v1/reports/actions-daily", session, NULL),
		    may ? 200 : 403,
		    may ? "report actions-daily" : "\"manager_required\"");
	}
	expect(ask(f, "GET /api/v1/reports", "", NULL), 200,
	    "{\"name\":\"actions-daily\",\"span\":\"day\",\"role\":\"manager\"}");
}

static void
test_reports_refuse_what_is_not_listed(void **state)
{
	struct fixture *f = *state;

	expect(ask(f, "GET /api/v1/reports/passwd", "", NULL), 404, "\"name\"");
	expect(ask(f, "GET /api/v1/reports/alarms-daily?day=--store", "", NULL), 400,
	    "\"day\"");
	expect(ask(f, "GET /api/v1/reports/alarms-daily?day=2026-13-01", "", NULL), 400,
	    "\"day\"");
	expect(ask(f, "GET /api/v1/reports/alarms-daily?day=2026-02-30", "", NULL), 400,
	    "\"day\"");
	expect(ask(f, "GET /api/v1/reports/alarms-daily?day=2026-01-01x", "", NULL),
	    400, "\"day\"");
	expect(ask(f, "GET /api/v1/reports/alarms-daily?format=exe", "", NULL), 400,
	    "\"format\"");
	expect(ask(f, "GET /api/v1/reports/alarms-daily?lang=fr", "", NULL), 400,
	    "\"lang\"");
}

static void
test_a_third_report_at_once_is_refused(void **state)
{
	struct fixture *f = *state;
	struct client *c[2];

	for (int i = 0; i < 2; i++) {
		c[i] = fixture_connect(f, NULL);
		client_say(c[i],
		    "GET /api/v1/reports/alarms-daily?day=2026-01-08 HTTP/1.1\r\n"
		    "Host: localhost\r\n\r\n");
		for (int k = 0; k < 5; k++)
			client_turn(c[i]);
	}
	expect(
	    ask(f, "GET /api/v1/reports/alarms-daily", "", NULL), 503, "reports_busy");
	for (int i = 0; i < 2; i++)
		client_close(c[i]);
	// console_stop kills the two that sleep; tear-down would hang otherwise.
}

static void
test_stop_while_a_report_asks_for_its_day(void **state)
{
	struct fixture *f = *state;
	struct client *c = fixture_connect(f, NULL);
	unsigned reads = fake_store.reads;

	client_say(c, "GET /api/v1/reports/alarms-daily HTTP/1.1\r\n"
		      "Host: localhost\r\n\r\n");
	while (fake_store.reads == reads)
		client_turn(c);
	client_close(c); // tear_down stops the console, then the store answers
}

static void
test_text_is_the_catalogue(void **state)
{
	expect(ask(*state, "GET /api/v1/text?lang=en", "", NULL), 200,
	    "\"class.fire\":\"Fire\"");
	expect(ask(*state, "GET /api/v1/text?lang=zh", "", NULL), 200,
	    "\"class.fire\":\"火警\"");
	expect(ask(*state, "GET /api/v1/text", "Accept-Language: en-GB,en\r\n", NULL),
	    200, "\"class.fire\":\"Fire\"");
	expect(ask(*state, "GET /api/v1/text?lang=fr", "", NULL), 400, "\"lang\"");
}

static void
test_messages_are_in_the_language_asked_for(void **state)
{
	expect(ask(*state, "GET /nothing", "", NULL), 404, "没有找到");
	expect(ask(*state, "GET /nothing", "Accept-Language: en\r\n", NULL), 404,
	    "\"not found\"");
	expect(ask(*state, "GET /nothing",
		   "Accept-Language: fr, zh;q=0.3, en;q=0.8\r\n", NULL),
	    404, "\"not found\"");
}

static void
test_healthz(void **state)
{
	struct fixture *f = *state;

	expect(ask(f, "GET /healthz", "", NULL), 200,
	    "{\"status\":\"ok\",\"store\":\"ok\",\"modes\":[]}");
	f->daemon.health.store_mode = "full";
	f->daemon.health.points_unknown = 1;
	// Degraded, but fires are still seen.
	expect(ask(f, "GET /healthz", "", NULL), 200,
	    "{\"status\":\"degraded\",\"store\":\"full\","
	    "\"modes\":[\"store\",\"points_unknown\"]}");
	set_hosts(f);
	expect(ask(f, "GET /healthz", "", NULL), 200,
	    "\"points_unknown\",\"hosts_lost\"]");
	f->daemon.health.fire_line_unwatched = true;
	expect(ask(f, "GET /healthz", "", NULL), 503, "\"fire_unwatched\"");
	f->daemon.health.fire_line_unwatched = false;
	f->daemon.device_lost = true; // has a smoke detector
	expect(ask(f, "GET /healthz", "", NULL), 503, "\"fire_unwatched\"");
}

static void
test_metrics(void **state)
{
	struct answer a = ask(*state, "GET /metrics", "", NULL);

	assert_true(answer_has(&a, "Content-Type: text/plain"));
	assert_non_null(strstr(a.body, "\nwatchroom_points 2\n"));
	assert_non_null(strstr(a.body, "\nwatchroom_http_connections 1\n"));
	expect(a, 200, "watchroom_alarms{class=\"fire\",state=\"unacknowledged\"} 2\n");
}

// --- pages ------------------------------------------------------------------------

static void
test_pages(void **state)
{
	struct fixture *f = *state;
	char headers[80];

	expect(ask(f, "GET /", "", NULL), 200, "<p>watch</p>");
	expect(ask(f, "GET /vendor/lib.js", "", NULL), 200, "lib");
	struct answer a = ask(f, "GET /app.js", "", NULL);
	assert_true(answer_has(&a, "Content-Type: text/javascript"));
	assert_true(answer_has(&a, "Cache-Control: no-cache\r\n"));
	const char *etag = strstr(a.head, "ETag: \"");
	assert_non_null(etag);
	(void)snprintf(headers, sizeof(headers), "If-None-Match: %.18s\r\n", etag + 6);
	answer_free(&a);
	expect(ask(f, "GET /app.js", headers, NULL), 304, "");
}

static void
test_only_known_files_are_pages(void **state)
{
	static const char *const targets[] = { "GET /.hidden.js", "GET /notes.bak",
		"GET /leak.txt", "GET /vendor", "GET /vendor/", "GET /app.js/",
		"GET /vendor%2flib.js", "GET /APP.JS" };

	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		struct answer a = ask(*state, targets[i], "", NULL);
		if (a.status != 404 && a.status != 400)
			fail_msg("%s: %d", targets[i], a.status);
		answer_free(&a);
	}
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, console_set_up, console_tear_down)
	const struct CMUnitTest tests[] = {
		T(test_state_holds_what_the_page_needs),
		T(test_state_shows_at_most_500_alarms),
		T(test_alarms_are_paged),
		T(test_points),
		T(test_explain_of_a_point_and_of_an_alarm),
		T(test_hosts),
		T(test_I6_metrics_of_hosts_leave_out_what_is_not_known),
		T(test_events_are_asked_as_given),
		T(test_readings),
		T(test_samples_come_in_pages),
		T(test_i13_blind_time_of_a_day),
		T(test_reports_run_the_program),
		T(test_the_action_log_is_for_a_manager),
		T(test_reports_refuse_what_is_not_listed),
		T(test_a_third_report_at_once_is_refused),
		T(test_stop_while_a_report_asks_for_its_day),
		T(test_text_is_the_catalogue),
		T(test_messages_are_in_the_language_asked_for),
		T(test_healthz),
		T(test_metrics),
		T(test_pages),
		T(test_only_known_files_are_pages),
	};
#undef T
	return cmocka_run_group_tests(tests, console_group_set_up, NULL);
}
