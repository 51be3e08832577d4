// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The operator action log over a journal that is made up here: what people did is all
// in it and nothing else is, and its counts are those of its rows (I13).
#include <stdlib.h>
#include <string.h>

#include "core/event.h"
#include "lib/mem.h"
#include "report_fixture.h"
#include "test.h"

static struct event *
did(enum event_kind kind, int64_t minute, const char *who, const char *params)
{
	struct event *e = journal_event(kind, REPORT_DAY_FROM_MS + minute * 60000, "");
	(void)str_copy(e->actor, sizeof(e->actor), who);
	(void)str_copy(e->params, sizeof(e->params), params);
	return e;
}

static void
a_day_of_two_people(void)
{
	did(EVENT_DAEMON_START, 0, "", "");
	did(EVENT_SESSION_OPEN, 1, "wang", "{\"address\":\"127.0.0.1\"}");
	struct event *e = did(EVENT_ALARM_ONSET, 2, "", "");
	e->alarm_class = CLASS_FIRE;
	e = did(EVENT_ALARM_ACKNOWLEDGE, 3, "wang", "");
	(void)str_copy(e->point, sizeof(e->point), "d1");
	(void)str_copy(e->place_en, sizeof(e->place_en), "Corridor");
	(void)str_copy(e->occurrence_id, sizeof(e->occurrence_id), "ab-1");
	e->alarm_class = CLASS_FIRE;
	e->condition = COND_FIRE;
	(void)did(EVENT_SILENCE, 4, "desk", "");
	(void)did(EVENT_PANEL_RESET, 5, "panel:fap1", "");
	(void)did(EVENT_ALARM_VERIFY, 6, "li",
	    "{\"verdict\":\"false\",\"cause\":\"dust\",\"note\":\"=cleaned, twice\"}");
	(void)did(EVENT_SESSION_REFUSED, 7, "", "");
	(void)did(EVENT_SESSION_CLOSE, 8, "wang", "");
	(void)did(EVENT_SILENCE, 24 * 60, "wang", ""); // the next day
	store.first_seq = 1;
	store.last_seq = 9;
}

static void
test_I13_people_and_kinds_add_up_to_the_rows(void **ctx)
{
	(void)ctx;
	a_day_of_two_people();
	struct report_request q = request("actions-daily", "json");
	char *json = render(&q);
	assert_has(json, "\"people\":[{\"by\":null,\"actions\":1,\"first\":\"2026-11-"
			 "23T00:07:00.000Z"
			 "\",\"last\":\"2026-11-23T00:07:00.000Z\",\"events\":[8]},"
			 "{\"by\":\"desk\",\"actions\":1,");
	assert_has(json,
	    "{\"by\":\"wang\",\"actions\":3,\"first\":\"2026-11-23T00:01:00.000Z\","
	    "\"last\":\"2026-11-23T00:08:00.000Z\",\"events\":[2,4,9]}]");
	assert_has(json, "{\"kind\":\"silence\",\"actions\":1,");
	assert_has(json, "\"events\":[4]},{\"time\":\"2026-11-23T00:04:00.000Z\"");
	// 6 rows of actions, 4 people, 6 kinds.
	assert_has(json, "\"gaps\":[]},\"rows\":16,");
	assert_null(strstr(json, "panel:fap1"));
	assert_null(strstr(json, "daemon.start"));
	free(json);
}

static void
test_what_was_entered_stands_as_text(void **ctx)
{
	(void)ctx;
	a_day_of_two_people();
	struct report_request q = request("actions-daily", "csv");
	char *csv = render(&q);
	assert_has(csv, "2026-11-23T08:06:00+08:00,li,verified,,,,,false "
			"alarm,dust,\"'=cleaned, twice\",7\r\n");
	assert_has(csv, "2026-11-23T08:03:00+08:00,wang,acknowledged,Corridor,d1,fire "
			"alarm,,,,,4\r\n");
	assert_has(csv, "Times not watched,");
	assert_checksum_holds(csv);
	free(csv);
}

// Every kind of event, by nobody, by a panel and by a person: against the rule in
// words.
static void
test_every_kind_is_a_persons_by_its_actor(void **ctx)
{
	(void)ctx;
	for (enum event_kind k = 0; k < EVENT_KIND_COUNT; k++) {
		struct event e;
		event_init(&e, k);
		const char *name = event_kind_name(k);
		bool always = strncmp(name, "session.", 8) == 0 ||
			      strcmp(name, "user.change") == 0;
		assert_int_equal(event_by_person(&e), always);
		(void)str_copy(e.actor, sizeof(e.actor), "panel:fap1");
		assert_int_equal(event_by_person(&e), always);
		(void)str_copy(e.actor, sizeof(e.actor), "panel");
		assert_true(event_by_person(&e));
	}
}

static void
test_a_day_without_actions_says_none(void **ctx)
{
	(void)ctx;
	struct report_request q = request("actions-daily", "csv");
	char *csv = render(&q);
	assert_has(csv, "Details,Event numbers\r\nnone (无),");
	free(csv);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
		    test_I13_people_and_kinds_add_up_to_the_rows, report_set_up),
		cmocka_unit_test_setup(
		    test_what_was_entered_stands_as_text, report_set_up),
		cmocka_unit_test_setup(
		    test_every_kind_is_a_persons_by_its_actor, report_set_up),
		cmocka_unit_test_setup(
		    test_a_day_without_actions_says_none, report_set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
