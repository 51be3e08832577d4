// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The catalogue: each key has a text in both languages, each name that core can put
// into the journal or the API has a key, and parameters are filled in.
#include <stdio.h>
#include <string.h>

#include "core/alarm.h"
#include "core/condition.h"
#include "core/event.h"
#include "core/limit.h"
#include "core/notice.h"
#include "core/point.h"
#include "core/sample.h"
#include "lib/buf.h"
#include "lib/text.h"
#include "test.h"

static void
each_key_has_both_languages(void **state)
{
	(void)state;
	assert_true(text_count() > 100);
	for (size_t i = 0; i < text_count(); i++) {
		const char *key = text_key(i);
		assert_true(text_has(key));
		for (enum lang l = 0; l < LANG_COUNT; l++) {
			assert_non_null(text_get(l, key));
			assert_true(strlen(text_get(l, key)) > 0);
		}
		if (i > 0)
			assert_true(strcmp(text_key(i - 1), key) < 0);
	}
}

static void
require(const char *section, const char *name)
{
	char key[128];
	(void)snprintf(key, sizeof key, "%s.%s", section, name);
	if (!text_has(key))
		fail_msg("the catalogue has no %s", key);
}

static void
each_name_of_core_has_a_text(void **state)
{
	(void)state;
	for (enum condition c = 0; c < COND_COUNT; c++)
		require("condition", condition_name(c));
	for (enum alarm_class c = 0; c < CLASS_COUNT; c++)
		require("class", class_name(c));
	for (enum alarm_state s = 0; s < ALARM_STATE_COUNT; s++)
		require("state", alarm_state_name(s));
	for (enum alarm_cause c = CAUSE_NONE + 1; c < CAUSE_COUNT; c++)
		require("cause", alarm_cause_name(c));
	for (enum latch l = 0; l < LATCH_COUNT; l++)
		require("latch", latch_name(l));
	for (enum event_kind k = 0; k < EVENT_KIND_COUNT; k++)
		require("event", event_kind_name(k));
	for (enum quality q = 0; q < QUALITY_COUNT; q++)
		require("quality", quality_name(q));
	for (enum notice_state s = 0; s < NOTICE_STATE_COUNT; s++)
		require("notice", notice_state_name(s));
	for (enum limit_kind k = 0; k < LIMIT_COUNT; k++)
		require("limit", limit_name(k));
	for (enum point_kind k = 0; k < POINT_KIND_COUNT; k++)
		require("kind", point_kind_name(k));
	for (enum maturity m = 0; m <= MATURITY_FIELD_PROVEN; m++)
		require("maturity", maturity_name(m));
}

// Every reason the alarm table gives is shown to a person as error.<reason>.
static void
each_refusal_has_a_text(void **state)
{
	(void)state;
	int refusals = 0;
	for (int s = 0; s < ALARM_STATE_COUNT * LATCH_COUNT * ALARM_EV_COUNT * 2; s++) {
		struct alarm a = {
			.state = (enum alarm_state)(s % ALARM_STATE_COUNT),
			.latch = (enum latch)(s / ALARM_STATE_COUNT % LATCH_COUNT),
			.condition = COND_FIRE,
		};
		int rest = s / (ALARM_STATE_COUNT * LATCH_COUNT);
		struct alarm_step step = alarm_apply(&a,
		    (enum alarm_event)(rest % ALARM_EV_COUNT), rest / ALARM_EV_COUNT);
		if (step.verdict != ALARM_REFUSED)
			continue;
		refusals++;
		require("error", step.reason);
	}
	assert_true(refusals > 0);
	static const enum alarm_flag flags[] = { FLAG_SHELVED, FLAG_ISOLATED,
		FLAG_SUPPRESSED, FLAG_TEST_MODE };
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		struct alarm fire = { .state = ALARM_UNACKNOWLEDGED,
			.condition = COND_FIRE };
		const char *reason = NULL;
		if (!alarm_flag_allowed(&fire, flags[i], &reason))
			require("error", reason);
	}
}

static void
languages_differ_and_unknown_keys_come_back(void **state)
{
	(void)state;
	assert_string_equal(text_get(LANG_ZH, "class.fire"), "火警");
	assert_string_equal(text_get(LANG_EN, "class.fire"), "Fire");
	assert_string_equal(text_get(LANG_EN, "no.such.key"), "no.such.key");
	assert_false(text_has("no.such.key"));
	enum lang l = LANG_ZH;
	assert_true(lang_from_name("en", &l));
	assert_int_equal(l, LANG_EN);
	assert_false(lang_from_name("fr", &l));
	assert_string_equal(lang_name(LANG_ZH), "zh");
}

static void
parameters_are_filled_in(void **state)
{
	(void)state;
	struct buf b = { 0 };
	static const struct text_value values[] = { { "condition", "{code}" },
		{ "code", "fire/smoke" } };
	text_fill(&b, LANG_EN, "notice.what", values, ARRAY_LEN(values));
	assert_string_equal(
	    b.data, "{code} (fire/smoke)"); // a value is not filled again
	buf_clear(&b);
	text_fill(&b, LANG_ZH, "notice.what", values, 1);
	assert_string_equal(b.data, "{code}（{code}）");
	buf_clear(&b);
	text_fill(&b, LANG_EN, "no key } {x", NULL, 0);
	assert_string_equal(b.data, "no key } {x");
	buf_free(&b);
}

static void
a_code_has_one_word_everywhere(void **state)
{
	static const struct {
		const char *code, *zh, *en;
	} cases[] = {
		{ "no-sound", "没有能发声的控制台", "no console can sound" },
		{ "low_low", "低低限", "low-low" },
		{ "fire/smoke", "感烟探测器", "smoke detector" },
		{ "fire/co", "一氧化碳", "carbon monoxide" },
		{ "0x4711", "0x4711", "0x4711" },
		{ "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_string_equal(text_code(LANG_ZH, cases[i].code), cases[i].zh);
		assert_string_equal(text_code(LANG_EN, cases[i].code), cases[i].en);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_key_has_both_languages),
		cmocka_unit_test(each_name_of_core_has_a_text),
		cmocka_unit_test(each_refusal_has_a_text),
		cmocka_unit_test(languages_differ_and_unknown_keys_come_back),
		cmocka_unit_test(parameters_are_filled_in),
		cmocka_unit_test(a_code_has_one_word_everywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
