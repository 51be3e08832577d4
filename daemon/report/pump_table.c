// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The pump table of the pressure sheet. Refuses to say "none" of what nobody watched: a
// pump that was not watched at all has no number of starts, and what was not seen in a
// day, week or month with gaps says so (I6).
#include "report/pump_days.h"

// clang-format off
static const struct report_column columns[] = {
	{ "pump",       "report.col.pump",       COLUMN_TEXT,  IN_DATA, NULL },
	{ "name",       "report.col.name",       COLUMN_PLACE, IN_ALL, NULL },
	{ "role",       "report.col.role",       COLUMN_KEY,   IN_ALL, "pump.role." },
	{ "gauge",      "report.col.point",      COLUMN_TEXT,  IN_JSON, NULL },
	{ "starts",     "report.col.starts",     COLUMN_COUNT, IN_ALL, NULL },
	{ "automatic",  "report.col.automatic",  COLUMN_COUNT, IN_ALL, NULL },
	{ "manual",     "report.col.manual",     COLUMN_COUNT, IN_ALL, NULL },
	{ "mode_unknown", "report.col.mode_unknown", COLUMN_COUNT, IN_ALL, NULL },
	{ "start_min",  "report.col.start_min",  COLUMN_KPA,   IN_ALL, NULL },
	{ "start_max",  "report.col.start_max",  COLUMN_KPA,   IN_ALL, NULL },
	{ "stop_min",   "report.col.stop_min",   COLUMN_KPA,   IN_ALL, NULL },
	{ "stop_max",   "report.col.stop_max",   COLUMN_KPA,   IN_ALL, NULL },
	{ "unit",       NULL,                    COLUMN_TEXT,  IN_JSON, NULL },
	{ "ran_ms",     "report.col.ran",        COLUMN_SPAN,  IN_ALL, NULL },
	{ "unwatched_ms", "report.col.unwatched", COLUMN_SPAN, IN_ALL, NULL },
	{ "short_cycling", "report.col.short_cycling", COLUMN_KEY, IN_ALL, "pump.day." },
	{ "leak_down",  "report.col.leak_down",  COLUMN_KEY,   IN_ALL, "pump.day." },
	{ "alarms",     "report.col.pump_alarms", COLUMN_COUNT, IN_ALL, NULL },
	{ "start_events", "report.col.start_events", COLUMN_IDS, IN_DATA, NULL },
	{ "stop_events", "report.col.stop_events", COLUMN_IDS, IN_DATA, NULL },
	{ "alarm_events", "report.col.alarm_events", COLUMN_IDS, IN_DATA, NULL },
};

static const struct report_column exercise_columns[] = {
	{ "pump",       "report.col.pump",       COLUMN_TEXT,  IN_DATA, NULL },
	{ "name",       "report.col.name",       COLUMN_PLACE, IN_ALL, NULL },
	{ "exercise",   "report.col.exercise",   COLUMN_KEY,   IN_ALL, "pump.exercise." },
	{ "since",      "report.col.since",      COLUMN_TIME,  IN_ALL, NULL },
	{ "is",         "report.col.seen",       COLUMN_KEY,   IN_ALL, "pump.exercised." },
	{ "last",       "report.col.last_run",   COLUMN_TIME,  IN_ALL, NULL },
	{ "unwatched_ms", "report.col.unwatched", COLUMN_SPAN, IN_ALL, NULL },
	{ "events",     "report.col.seqs",       COLUMN_IDS,   IN_DATA, NULL },
};

#define COLUMNS(c) .columns = c, .n_columns = sizeof(c) / sizeof((c)[0])
static const struct report_table pumps_shape = { .name = "pumps", .title = "report.pumps", COLUMNS(columns) };
static const struct report_table exercises_shape = { .name = "exercises", .title = "report.exercises", COLUMNS(exercise_columns) };
// clang-format on

static const char *
finding_word(const struct pump_day *p, enum pump_finding f)
{
	if ((p->found & 1U << f) != 0)
		return "found";
	if (!p->def->rule.bounds[f].set)
		return "unwatched";
	return p->unwatched_ms > 0 ? "not_found_gaps" : "not_found";
}

static const char *
exercise_word(const struct pump_exercised *x, enum pump_exercise which)
{
	static const char *const not_seen[PUMP_EXERCISE_COUNT][2] = {
		[PUMP_WEEKLY_START] = { "not_seen_week", "not_seen_week_gaps" },
		[PUMP_MONTHLY_RUN] = { "not_seen_month", "not_seen_month_gaps" },
	};
	if (x->seq == 0)
		return not_seen[which][x->unwatched_ms > 0];
	return x->mode == PUMP_MODE_UNKNOWN ? "mode_unknown" : "seen";
}

static void
put_name(struct report_cell *c, const struct pump_def *d)
{
	bool named = d->name_zh[0] != '\0' || d->name_en[0] != '\0';
	doc_put_place(c, named ? d->name_zh : d->id, named ? d->name_en : d->id);
}

static void
put_starts(struct report_cell *row, const struct pump_day *p)
{
	// Of a day in which nobody watched there is no number.
	if (!pump_day_known(p))
		return;
	doc_put_count(&row[4], (int64_t)p->starts.n);
	if (p->def->rule.has_auto || p->def->rule.has_manual) {
		doc_put_count(&row[5], p->by_mode[PUMP_MODE_AUTOMATIC]);
		doc_put_count(&row[6], p->by_mode[PUMP_MODE_MANUAL]);
	}
	doc_put_count(&row[7], p->by_mode[PUMP_MODE_UNKNOWN]);
	doc_put_number(&row[8], p->start_min);
	doc_put_number(&row[9], p->start_max);
	doc_put_number(&row[10], p->stop_min);
	doc_put_number(&row[11], p->stop_max);
	doc_put_count(&row[13], p->ran_ms);
}

static void
put_pump(struct report_table *t, const struct site *s, const struct pump_day *p)
{
	struct report_cell *row = doc_row(t);
	doc_put_text(&row[0], p->def->id);
	put_name(&row[1], p->def);
	doc_put_text(&row[2], p->def->rule.role == PUMP_JOCKEY ? "jockey" : "main");
	doc_put_text(&row[3], s->points[p->def->gauge].id);
	put_starts(row, p);
	doc_put_text(&row[12], "kPa");
	doc_put_count(&row[14], p->unwatched_ms);
	doc_put_text(&row[15], finding_word(p, PUMP_SHORT_CYCLING));
	doc_put_text(&row[16], finding_word(p, PUMP_LEAK_DOWN));
	doc_put_count(&row[17], (int64_t)p->alarms.n);
	doc_put_ids(&row[18], p->starts.all, p->starts.n);
	doc_put_ids(&row[19], p->stops.all, p->stops.n);
	doc_put_ids(&row[20], p->alarms.all, p->alarms.n);
}

static void
put_exercise(struct report_table *t, const struct pump_day *p, enum pump_exercise which)
{
	const struct pump_exercised *x = &p->exercised[which];
	struct report_cell *row = doc_row(t);
	doc_put_text(&row[0], p->def->id);
	put_name(&row[1], p->def);
	doc_put_text(&row[2], pump_exercise_name(which));
	doc_put_count(&row[3], x->begin_ms);
	doc_put_text(&row[4], exercise_word(x, which));
	if (x->seq != 0)
		doc_put_count(&row[5], x->at_ms);
	doc_put_count(&row[6], x->unwatched_ms);
	doc_put_ids(&row[7], &x->seq, x->seq != 0);
}

void
pump_days_put(
    const struct report_input *in, const struct pump_days *p, struct report_doc *d)
{
	const struct site *s = in->request->points;
	if (s == NULL || p->n == 0)
		return;
	struct report_table *t = doc_table(d, &pumps_shape);
	for (size_t i = 0; i < p->n; i++)
		put_pump(t, s, &p->all[i]);
	t = doc_table(d, &exercises_shape);
	for (size_t i = 0; i < p->n; i++) {
		if (p->all[i].def->weekly_start)
			put_exercise(t, &p->all[i], PUMP_WEEKLY_START);
		if (p->all[i].def->monthly_run)
			put_exercise(t, &p->all[i], PUMP_MONTHLY_RUN);
	}
}
