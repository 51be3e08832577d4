// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The alarm table in the running engine: each cell is reached by what really happens (a
// sample, a person's command, a timer, a lost link, a point taken out of the site, a
// flag that ends), and left by what really happens next. The table is written out here
// a second time, in the words of docs/alarm-states.md, and not taken from the program.
#include <stdio.h>
#include <string.h>

#include "engine_rig.h"
#include "test.h"

enum kind {
	NONE,
	OWN,
	PANEL,
	KINDS
};

static const char *const points[KINDS] = { "auto", "panic", "s1" };
static const char *const kind_names[KINDS] = { "none", "own", "panel" };

enum what {
	W_TRUE,
	W_CLEAR,
	W_ACKNOWLEDGE,
	W_PANEL_RESET,
	W_OWN_RESET,
	W_REALARM,
	W_LINK_LOST,
	W_LINK_BACK,
	W_WITHDRAWN,
	W_UNHIDE,
};

// Expected, from N, U, A, R, LU, LA. "=" stays, "x:reason" is refused, "." cannot be.
static const struct row {
	enum what what;
	enum kind kind;
	const char *cells[ALARM_STATE_COUNT];
} rows[] = {
	{ W_TRUE, NONE, { "U", "=", "=", "U", ".", "." } },
	{ W_TRUE, OWN, { "U", "=", "=", ".", "U", "U" } },
	{ W_TRUE, PANEL, { "U", "=", "=", "U", ".", "." } },
	{ W_CLEAR, NONE, { "=", "R cleared", "N", "=", ".", "." } },
	{ W_CLEAR, OWN, { "=", "LU", "LA", ".", "=", "=" } },
	{ W_CLEAR, PANEL, { "=", "R panel_reset", "N", "=", ".", "." } },
	{ W_ACKNOWLEDGE, NONE, { ".", "A", "=", "N", ".", "." } },
	{ W_ACKNOWLEDGE, OWN, { ".", "A", "=", ".", "LA", "=" } },
	{ W_ACKNOWLEDGE, PANEL, { ".", "A", "=", "N", ".", "." } },
	{ W_PANEL_RESET, NONE, { "=", "=", "=", "=", ".", "." } },
	{ W_PANEL_RESET, OWN, { "=", "=", "=", ".", "=", "=" } },
	{ W_PANEL_RESET, PANEL, { "=", ".", ".", "=", ".", "." } },
	{ W_OWN_RESET, NONE,
	    { ".", "x:latch_not_ours", "x:latch_not_ours", "x:latch_not_ours", ".",
		"." } },
	{ W_OWN_RESET, OWN,
	    { ".", "x:condition_active", "x:condition_active", ".",
		"x:not_acknowledged", "N" } },
	{ W_OWN_RESET, PANEL,
	    { ".", "x:latch_not_ours", "x:latch_not_ours", "x:latch_not_ours", ".",
		"." } },
	{ W_REALARM, NONE, { "=", "=", "U", "=", ".", "." } },
	{ W_REALARM, OWN, { "=", "=", "U", ".", "=", "LU" } },
	{ W_REALARM, PANEL, { "=", "=", "U", "=", ".", "." } },
	{ W_LINK_LOST, NONE, { "=", "=", "=", "=", ".", "." } },
	{ W_LINK_LOST, OWN, { "=", "=", "=", ".", "=", "=" } },
	{ W_LINK_LOST, PANEL, { "=", "=", "=", "=", ".", "." } },
	{ W_LINK_BACK, NONE, { "=", "=", "=", "=", ".", "." } },
	{ W_LINK_BACK, OWN, { "=", "=", "=", ".", "=", "=" } },
	{ W_LINK_BACK, PANEL, { "=", "=", "=", "=", ".", "." } },
	{ W_UNHIDE, NONE, { "=", "=", "U", "N", ".", "." } },
	{ W_UNHIDE, OWN, { "=", "=", "U", ".", "=", "LU" } },
	{ W_UNHIDE, PANEL, { "=", "=", "U", "=", ".", "." } },
	{ W_WITHDRAWN, NONE, { "=", "R withdrawn", "N", "=", ".", "." } },
	{ W_WITHDRAWN, OWN, { "=", "R withdrawn", "N", ".", "R withdrawn", "N" } },
	{ W_WITHDRAWN, PANEL, { "=", "R withdrawn", "N", "=", ".", "." } },
};

static const char *const states[ALARM_STATE_COUNT] = { "N", "U", "A", "R", "LU", "LA" };

// ---- what happens in the field and at the desk
// -------------------------------------------

static void
field(struct rig *r, enum kind k, bool active)
{
	if (k == PANEL)
		rig_fire(r, points[k], active);
	else // pump-auto is healthy at 1
		rig_level(r, points[k], k == NONE ? !active : active);
}

static const struct alarm_record *
record(const struct rig *r, enum kind k)
{
	const struct alarm_record *a = rig_open_alarm(r, points[k]);
	while (a != NULL && a->code[0] != '\0')
		a = a->next_of_point;
	return a;
}

static void
acknowledge(struct rig *r, enum kind k)
{
	assert_int_equal(
	    engine_acknowledge(r->engine, record(r, k)->occurrence, "wang"), ENGINE_OK);
}

// From normal. False: this kind is never in that state.
static bool
reach(struct rig *r, enum kind k, enum alarm_state s)
{
	bool latched =
	    s == ALARM_LATCHED_UNACKNOWLEDGED || s == ALARM_LATCHED_ACKNOWLEDGED;
	field(r, k, false); // it is known
	if (s == ALARM_NORMAL)
		return true;
	if (latched ? k != OWN : s == ALARM_RETURNED && k == OWN)
		return false;
	field(r, k, true);
	if (s == ALARM_ACKNOWLEDGED || s == ALARM_LATCHED_ACKNOWLEDGED)
		acknowledge(r, k);
	if (s == ALARM_RETURNED || latched)
		field(r, k, false);
	return true;
}

static void
back_to_normal(struct rig *r, enum kind k)
{
	const char *reason;
	field(r, k, false);
	if (record(r, k) != NULL)
		acknowledge(r, k);
	if (record(r, k) != NULL)
		assert_int_equal(
		    engine_reset(r->engine, site_find_point(r->site, points[k]), "wang",
			&reason),
		    ENGINE_OK);
	assert_null(record(r, k));
}

// A fire is hidden by test mode, everything else by isolation.
static void
hide(struct rig *r, enum kind k, bool on)
{
	const char *reason;
	const struct flag_order o = {
		.flag = k == PANEL ? FLAG_TEST_MODE : FLAG_ISOLATED,
		.on = on,
		.target = k == PANEL ? 0 : site_find_point(r->site, points[k]),
		.seconds = 3600,
		.actor = "li",
		.reason = "x",
		.measure = "y",
	};
	assert_int_equal(engine_flag(r->engine, &o, &reason), ENGINE_OK);
}

static void
link_of(struct rig *r, enum kind k, bool lost)
{
	const struct point *p = &r->site->points[site_find_point(r->site, points[k])];
	engine_link(r->engine, r->site->devices[p->device].link_point, lost, "timeout");
}

static const char *
happen(struct rig *r, enum kind k, enum what what)
{
	const char *reason = NULL;
	switch (what) {
	case W_TRUE:
	case W_CLEAR:
		field(r, k, what == W_TRUE);
		break;
	case W_ACKNOWLEDGE:
		acknowledge(r, k);
		break;
	case W_PANEL_RESET: // all fires of the panel go in one scan
		rig_fire(r, "s2", true);
		rig_fire(r, "s2", false);
		break;
	case W_OWN_RESET:
		(void)engine_reset(
		    r->engine, site_find_point(r->site, points[k]), "wang", &reason);
		break;
	case W_REALARM:
		rig_pass(r, 62000);
		break;
	case W_LINK_LOST:
	case W_LINK_BACK:
		link_of(r, k, true);
		if (what == W_LINK_BACK)
			link_of(r, k, false);
		break;
	case W_UNHIDE:
		hide(r, k, false);
		break;
	case W_WITHDRAWN: // test_i11_withdrawn below
		break;
	}
	return reason;
}

// ---- the walk
// ---------------------------------------------------------------------------

static void
expect(const struct rig *r, const struct row *row, enum alarm_state from,
    const char *refused)
{
	const struct alarm_record *a = record(r, row->kind);
	const char *cell = row->cells[from];
	char wanted[40], is[40];
	bool stays = strcmp(cell, "=") == 0 || cell[0] == 'x';
	(void)snprintf(wanted, sizeof(wanted), "%s", stays ? states[from] : cell);
	if (a == NULL)
		(void)snprintf(is, sizeof(is), "N");
	else if (a->a.state == ALARM_RETURNED && !stays)
		(void)snprintf(is, sizeof(is), "R %s", alarm_cause_name(a->a.cause));
	else
		(void)snprintf(is, sizeof(is), "%s", states[a->a.state]);
	if (strcmp(is, wanted) != 0)
		fail_msg("event %d, kind %s, from %s: %s, wanted %s", row->what,
		    kind_names[row->kind], states[from], is, wanted);
	if (cell[0] == 'x' && (refused == NULL || strcmp(refused, cell + 2) != 0))
		fail_msg("event %d, kind %s, from %s: refused %s, wanted %s", row->what,
		    kind_names[row->kind], states[from],
		    refused != NULL ? refused : "not", cell + 2);
	bool loud = a != NULL && (a->a.state == ALARM_UNACKNOWLEDGED ||
				     a->a.state == ALARM_LATCHED_UNACKNOWLEDGED);
	assert_int_equal(a != NULL && alarm_sounds(&a->a), loud);
}

static void
walk_cell(struct rig *r, const struct row *row, enum alarm_state from)
{
	bool hides = row->what == W_UNHIDE;
	if (strcmp(row->cells[from], ".") == 0)
		return;
	if (hides && row->kind == PANEL)
		hide(r, row->kind, true); // only what begins in it is a test
	assert_true(reach(r, row->kind, from));
	if (hides && row->kind != PANEL)
		hide(r, row->kind, true);
	const char *refused = happen(r, row->kind, row->what);
	expect(r, row, from, refused);
	if (row->what == W_LINK_LOST)
		link_of(r, row->kind, false);
	back_to_normal(r, row->kind);
	// Two fires of s2 would be one incident: what it left is answered too.
	const struct alarm_record *s2 = rig_open_alarm(r, "s2");
	if (s2 != NULL)
		assert_int_equal(
		    engine_acknowledge(r->engine, s2->occurrence, "wang"), ENGINE_OK);
	rig_pass(r, 40000); // a dead bus hides what is behind it for a while
}

static void
test_every_cell_of_the_table_in_the_running_engine(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, "channels:", "engine: {realarm: 61s}\nchannels:");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].what == W_WITHDRAWN)
			continue;
		for (unsigned s = 0; s < ALARM_STATE_COUNT; s++)
			walk_cell(&r, &rows[i], (enum alarm_state)s);
	}
	rig_tear_down(&r);
}

static void
test_i6_own_reset_is_refused_while_the_quality_is_not_good(void **state)
{
	(void)state;
	struct rig r;
	rig_set_up(&r, NULL, NULL);
	assert_true(reach(&r, OWN, ALARM_LATCHED_ACKNOWLEDGED));
	link_of(&r, OWN, true);
	assert_string_equal(happen(&r, OWN, W_OWN_RESET), "quality_not_good");
	const struct alarm_record *a = record(&r, OWN);
	assert_true(a != NULL && a->a.state == ALARM_LATCHED_ACKNOWLEDGED);
	rig_tear_down(&r);
}

static bool
is_withdrawn(const char *line)
{
	for (unsigned k = 0; k < KINDS; k++) {
		char id[32];
		(void)snprintf(id, sizeof(id), "{id: %s,", points[k]);
		if (strstr(line, id) != NULL)
			return true;
	}
	return false;
}

// The points leave the site with a restart.
static void
withdraw_all(struct rig *r)
{
	char path[128];
	struct buf text = { 0 };
	(void)snprintf(path, sizeof(path), "%s/site.yaml", r->dir);
	rig_stop(r);
	FILE *f = fopen(path, "r");
	if (f == NULL)
		fail_msg("%s", path);
	char line[512];
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (!is_withdrawn(line))
			buf_str(&text, line);
	}
	if (f != NULL)
		(void)fclose(f);
	f = fopen(path, "w");
	if (f == NULL)
		fail_msg("%s", path);
	else
		assert_true(fputs(text.data, f) >= 0 && fclose(f) == 0);
	buf_free(&text);
	rig_start(r);
}

static const struct alarm_record *
withdrawn_record(const struct rig *r, enum kind k)
{
	return alarms_find(engine_alarms(r->engine), points[k],
	    k == NONE  ? COND_SUPERVISORY
	    : k == OWN ? COND_SECURITY
		       : COND_FIRE,
	    "");
}

static void
test_i11_every_cell_of_a_point_that_is_withdrawn(void **state)
{
	(void)state;
	for (unsigned s = 0; s < ALARM_STATE_COUNT; s++) {
		struct rig r;
		rig_set_up(&r, NULL, NULL);
		for (unsigned k = 0; k < KINDS; k++)
			(void)reach(&r, (enum kind)k, (enum alarm_state)s);
		withdraw_all(&r);
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			const char *cell = rows[i].cells[s];
			if (rows[i].what != W_WITHDRAWN || strcmp(cell, ".") == 0)
				continue;
			const struct alarm_record *a =
			    withdrawn_record(&r, rows[i].kind);
			bool open = strchr(cell, 'R') != NULL ||
				    (cell[0] == '=' && s == ALARM_RETURNED);
			if (open != (a != NULL))
				fail_msg("withdrawn, kind %s, from %s",
				    kind_names[rows[i].kind], states[s]);
			if (a == NULL)
				continue;
			assert_int_equal(a->a.state, ALARM_RETURNED);
			if (cell[0] == 'R')
				assert_int_equal(a->a.cause, CAUSE_WITHDRAWN);
		}
		rig_tear_down(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_cell_of_the_table_in_the_running_engine),
		cmocka_unit_test(
		    test_i6_own_reset_is_refused_while_the_quality_is_not_good),
		cmocka_unit_test(test_i11_every_cell_of_a_point_that_is_withdrawn),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
