// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Plays a script on the real engine, outbox and store, on a virtual clock, and prints
// what can be seen after each line. It judges nothing: oracle.py does.
//
//   engine-script SITE.yaml [SITE2.yaml ..] < script > trace
//
// Commands, one a line; "-" is the empty code:
//   pass MS                                  step MS (the wall clock)
//   restart MS N (down for MS, then with the Nth site file)
//   set POINT QUALITY [CONDITION:CODE ..]    level POINT QUALITY 0|1
//   value POINT QUALITY NUMBER
//   lost POINT CODE                          back POINT
//   ack|stale POINT CONDITION CODE ACTOR     reset POINT ACTOR
//   silence ACTOR
//   verify POINT CONDITION CODE ACTOR VERDICT CAUSE     of an open alarm; "-" = no
//   cause isolate POINT ACTOR SECONDS REASON MEASURE          restore POINT ACTOR test
//   ZONE ACTOR SECONDS REASON                      ended ZONE ACTOR
// "_" in a reason is a blank. With WATCHROOM_SCRIPT_QUIET in the environment nothing is
// printed but the directory and what was answered.
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "look.h"
#include "test.h"

enum {
	WORDS_MAX = 24,
	LINE_MAX_BYTES = 1024,
	SITE_BYTES = 64 * 1024
};

struct play {
	struct rig rig;
	struct look *look;
	char **sites;
	int n_sites;
	bool quiet;
};

struct words {
	unsigned n;
	char *at[WORDS_MAX];
};

static const char *
code_of(const char *word)
{
	return strcmp(word, "-") == 0 ? "" : word;
}

static enum quality
quality_of(const char *word)
{
	for (enum quality q = QUALITY_GOOD; q <= QUALITY_UNKNOWN; q++) {
		if (strcmp(quality_name(q), word) == 0)
			return q;
	}
	fail_msg("no quality: %s", word);
	return QUALITY_UNKNOWN;
}

static enum condition
condition_of(const char *word)
{
	enum condition c = COND_COUNT;
	if (!condition_from_name(word, &c))
		fail_msg("no condition: %s", word);
	return c;
}

static void
answer(const char *what, const char *why)
{
	(void)printf("= %s %s\n", what, why == NULL ? "-" : why);
}

static void
answer_of(enum engine_answer a, const char *why)
{
	static const char *const names[] = {
		[ENGINE_OK] = "ok",
		[ENGINE_NOT_FOUND] = "not_found",
		[ENGINE_NEWER_OCCURRENCE] = "newer_occurrence",
		[ENGINE_REFUSED] = "refused",
	};
	answer(names[a], why);
}

// A point that this version of the site has not is passed over.
static bool
has_point(const struct play *p, const char *id)
{
	if (site_find_point(p->rig.site, id) != UINT32_MAX)
		return true;
	answer("no_point", NULL);
	return false;
}

static int64_t
number(const char *word)
{
	char *end;
	long long n = strtoll(word, &end, 10);
	if (end == word || *end != '\0')
		fail_msg("%s is no number", word);
	return n;
}

static void
do_pass(struct play *p, const struct words *w)
{
	rig_pass(&p->rig, number(w->at[1]));
	loop_run_ready(p->rig.loop); // what is due at the same millisecond
}

static void
do_step(struct play *p, const struct words *w)
{
	clock_virtual_step(&p->rig.clock, number(w->at[1]));
}

static void
use_site(struct play *p, const char *from)
{
	static char text[SITE_BYTES];
	char to[128];
	FILE *f = fopen(from, "r");
	assert_non_null(f);
	size_t n = fread(text, 1, sizeof(text), f);
	assert_in_range(n, 1, sizeof(text) - 1);
	(void)fclose(f);
	(void)snprintf(to, sizeof(to), "%s/site.yaml", p->rig.dir);
	f = fopen(to, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

// There is a console that can sound, as in a control room.
static void
start(struct play *p)
{
	rig_start(&p->rig);
	supervise_consoles(p->rig.supervise, 1, 1);
}

static void
do_restart(struct play *p, const struct words *w)
{
	int64_t site = number(w->at[2]);
	assert_in_range(site, 0, p->n_sites - 1);
	rig_stop(&p->rig);
	clock_virtual_advance(&p->rig.clock, number(w->at[1]));
	use_site(p, p->sites[site]);
	start(p);
}

static void
do_set(struct play *p, const struct words *w)
{
	if (!has_point(p, w->at[1]))
		return;
	struct sample s = rig_sample(&p->rig, w->at[1], SAMPLE_CODE);
	s.quality = quality_of(w->at[2]);
	for (unsigned i = 3; i < w->n; i++) {
		char *colon = strchr(w->at[i], ':');
		assert_non_null(colon);
		*colon = '\0';
		struct condition_code *c = &s.codes[s.n_codes++];
		c->condition = condition_of(w->at[i]);
		c->code = rig_code(&p->rig, code_of(colon + 1));
		s.raw = s.raw * 31 + (uint32_t)c->condition * 7 + c->code + 1;
	}
	engine_sample(p->rig.engine, &s);
}

static void
do_number(struct play *p, const struct words *w)
{
	bool level = strcmp(w->at[0], "level") == 0;
	if (!has_point(p, w->at[1]))
		return;
	struct sample s =
	    rig_sample(&p->rig, w->at[1], level ? SAMPLE_LEVEL : SAMPLE_ANALOG);
	s.quality = quality_of(w->at[2]);
	s.value = strtod(w->at[3], NULL);
	engine_sample(p->rig.engine, &s);
}

// Codes of links are static text wherever they come from.
static const char *
link_code(const char *word)
{
	static const char *const codes[] = { "timeout", "refused", "reset" };
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		if (strcmp(codes[i], word) == 0)
			return codes[i];
	}
	fail_msg("no such code of a link: %s", word);
	return NULL;
}

static void
do_link(struct play *p, const struct words *w)
{
	bool lost = strcmp(w->at[0], "lost") == 0;
	if (has_point(p, w->at[1]))
		engine_link(p->rig.engine, site_find_point(p->rig.site, w->at[1]), lost,
		    lost ? link_code(w->at[2]) : NULL);
}

static void
do_ack(struct play *p, const struct words *w)
{
	const char *code = code_of(w->at[3]);
	const char *occurrence = NULL;
	if (strcmp(w->at[0], "stale") == 0) {
		occurrence = look_older(p->look, w->at[1], w->at[2], code);
	} else {
		const struct alarm_record *r = alarms_find(engine_alarms(p->rig.engine),
		    w->at[1], condition_of(w->at[2]), code);
		occurrence = r != NULL ? r->occurrence : NULL;
	}
	if (occurrence == NULL)
		answer("no_alarm", NULL);
	else
		answer_of(
		    engine_acknowledge(p->rig.engine, occurrence, w->at[4]), NULL);
}

static void
do_reset(struct play *p, const struct words *w)
{
	const char *reason = NULL;
	if (!has_point(p, w->at[1]))
		return;
	uint32_t point = site_find_point(p->rig.site, w->at[1]);
	enum engine_answer a = engine_reset(p->rig.engine, point, w->at[2], &reason);
	answer_of(a, a == ENGINE_REFUSED ? reason : NULL);
}

static void
do_silence(struct play *p, const struct words *w)
{
	engine_silence(p->rig.engine, w->at[1]);
}

static void
do_verify(struct play *p, const struct words *w)
{
	const struct alarm_record *r = alarms_find(engine_alarms(p->rig.engine),
	    w->at[1], condition_of(w->at[2]), code_of(w->at[3]));
	struct event e;
	if (r == NULL) {
		answer("no_alarm", NULL);
		return;
	}
	event_init(&e, EVENT_ALARM_VERIFY);
	engine_describe(r, &e);
	(void)str_copy(e.actor, sizeof(e.actor), w->at[4]);
	if (strcmp(w->at[6], "-") == 0)
		(void)snprintf(
		    e.params, sizeof(e.params), "{\"verdict\":\"%s\"}", w->at[5]);
	else
		(void)snprintf(e.params, sizeof(e.params),
		    "{\"verdict\":\"%s\",\"cause\":\"%s\"}", w->at[5], w->at[6]);
	engine_word(p->rig.engine, &e, w->at[5]);
	answer_of(ENGINE_OK, NULL);
}

// A text of several words.
static const char *
text_of(char *word)
{
	for (char *c = word; (c = strchr(c, '_')) != NULL;)
		*c = ' ';
	return word;
}

static uint32_t
zone_of(const struct play *p, const char *id)
{
	for (uint16_t i = 0; i < p->rig.site->n_zones; i++) {
		if (strcmp(p->rig.site->zones[i].id, id) == 0)
			return i;
	}
	fail_msg("no zone: %s", id);
	return 0;
}

static void
do_flag(struct play *p, const struct words *w)
{
	bool zone = strcmp(w->at[0], "test") == 0 || strcmp(w->at[0], "ended") == 0;
	bool on = w->n > 3;
	const char *reason = NULL;
	const struct flag_order order = {
		.flag = zone ? FLAG_TEST_MODE : FLAG_ISOLATED,
		.on = on,
		.target = zone ? zone_of(p, w->at[1])
			       : site_find_point(p->rig.site, w->at[1]),
		.condition = COND_COUNT,
		.seconds = on ? (uint32_t)number(w->at[3]) : 0,
		.actor = w->at[2],
		.reason = w->n > 4 ? text_of(w->at[4]) : "",
		.measure = w->n > 5 ? text_of(w->at[5]) : "",
	};
	enum engine_answer a = engine_flag(p->rig.engine, &order, &reason);
	answer_of(a, a == ENGINE_REFUSED ? reason : NULL);
}

static const struct command {
	const char *name;
	unsigned words; // at least
	void (*run)(struct play *p, const struct words *w);
} commands[] = {
	{ "pass", 2, do_pass },
	{ "step", 2, do_step },
	{ "restart", 3, do_restart },
	{ "set", 3, do_set },
	{ "level", 4, do_number },
	{ "value", 4, do_number },
	{ "lost", 3, do_link },
	{ "back", 2, do_link },
	{ "ack", 5, do_ack },
	{ "stale", 5, do_ack },
	{ "reset", 3, do_reset },
	{ "silence", 2, do_silence },
	{ "verify", 7, do_verify },
	{ "isolate", 6, do_flag },
	{ "restore", 3, do_flag },
	{ "test", 5, do_flag },
	{ "ended", 3, do_flag },
};

static void
run(struct play *p, struct words *w)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i].name, w->at[0]) != 0)
			continue;
		if (w->n < commands[i].words)
			fail_msg("%s: %u words", w->at[0], w->n);
		commands[i].run(p, w);
		return;
	}
	fail_msg("no command: %s", w->at[0]);
}

static void
play_line(struct play *p, char *line)
{
	struct words w = { 0 };
	char *save = NULL;
	if (!p->quiet)
		(void)printf("> %s", line);
	char *word = strtok_r(line, " \n", &save);
	for (; word != NULL && w.n < WORDS_MAX; word = strtok_r(NULL, " \n", &save))
		w.at[w.n++] = word;
	if (w.n == 0)
		return;
	run(p, &w);
	if (!p->quiet)
		look_print(p->look, &p->rig, stdout);
}

static void
play(void **state)
{
	static char line[LINE_MAX_BYTES];
	struct play *p = *state;
	rig_make_directory(&p->rig);
	p->quiet = getenv("WATCHROOM_SCRIPT_QUIET") != NULL;
	(void)printf("! %s\n", p->rig.dir);
	use_site(p, p->sites[0]);
	start(p);
	p->look = look_new();
	look_print(p->look, &p->rig, stdout);
	while (fgets(line, sizeof(line), stdin) != NULL)
		play_line(p, line);
	look_free(p->look);
	rig_stop(&p->rig); // who started this looks into the journal, and removes it
	(void)printf("! done\n");
}

int
main(int argc, char **argv)
{
	static struct play p;
	const struct CMUnitTest tests[] = { cmocka_unit_test_prestate(play, &p) };
	if (argc < 2) {
		(void)fprintf(stderr, "usage: engine-script SITE.yaml .. < script\n");
		return 2;
	}
	p.sites = argv + 1;
	p.n_sites = argc - 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
