// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The section store: where the databases are, how often the journal is signed and how
// long its rows stay. Read after the channels, one of which may get the anchors. Runs
// in the thread of the load. Refuses a channel that the site does not have, and a time
// to keep that is not in months: what is deleted is whole months.
#include <stdlib.h>
#include <string.h>

#include "config/sections.h"
#include "config/units.h"

enum {
	MINUTE_MS = 60000,
	HOUR_MS = 3600000,
	DAY_MS = 86400000,
	MONTHS_MAX = 1200,
	SAMPLES_MONTHS = 12
};
enum {
	STORE_DIRECTORY,
	STORE_ANCHORS,
	STORE_KEEP_EVENTS,
	STORE_KEEP_MINUTES,
	STORE_SAMPLES,
	STORE_FIELDS
};
enum {
	SAMPLES_BEFORE,
	SAMPLES_AFTER,
	SAMPLES_KEEP,
	SAMPLES_EVERY,
	SAMPLES_FIELDS
};
enum {
	ANCHORS_EVERY,
	ANCHORS_CHANNEL,
	ANCHORS_FIELDS
};

// clang-format off
static const struct schema_field anchor_fields[ANCHORS_FIELDS] = {
	[ANCHORS_EVERY] = { .key = "every", .type = SCHEMA_DURATION, .min = MINUTE_MS,
	    .max = DAY_MS, .fallback = HOUR_MS,
	    .help = "how often the head of the journal is signed, default 1h" },
	[ANCHORS_CHANNEL] = { .key = "channel", .type = SCHEMA_ID,
	    .help = "the channel that gets each anchor" },
};

static const struct schema_field sample_fields[SAMPLES_FIELDS] = {
	[SAMPLES_BEFORE] = { .key = "before", .type = SCHEMA_DURATION, .min = 0,
	    .max = 10 * MINUTE_MS, .fallback = MINUTE_MS,
	    .help = "how long before an alarm begins or ends, default 1min; at most 600 samples" },
	[SAMPLES_AFTER] = { .key = "after", .type = SCHEMA_DURATION, .min = 0,
	    .max = HOUR_MS, .fallback = 5 * MINUTE_MS,
	    .help = "how long after it, default 5min" },
	[SAMPLES_KEEP] = { .key = "keep", .type = SCHEMA_TEXT,
	    .help = "whole months that those around alarms stay, default 12mo" },
	[SAMPLES_EVERY] = { .key = "every", .type = SCHEMA_DURATION, .min = 0,
	    .max = 31LL * DAY_MS, .fallback = 0,
	    .help = "every sample of every gauge stays so long; default none does" },
};

static const struct schema_field store_fields[STORE_FIELDS] = {
	[STORE_DIRECTORY] = { .key = "directory", .type = SCHEMA_TEXT,
	    .help = "where the databases are, default the state directory" },
	[STORE_ANCHORS] = { .key = "anchors", .type = SCHEMA_MAP,
	    .map = SCHEMA_KEYS(anchor_fields),
	    .help = "signatures of the journal" },
	[STORE_KEEP_EVENTS] = { .key = "keep_events", .type = SCHEMA_TEXT,
	    .help = "whole months that events stay, for example 24mo; default for ever" },
	[STORE_KEEP_MINUTES] = { .key = "keep_minutes", .type = SCHEMA_TEXT,
	    .help = "whole months that minutes of gauges stay; default for ever" },
	[STORE_SAMPLES] = { .key = "samples", .type = SCHEMA_MAP,
	    .map = SCHEMA_KEYS(sample_fields),
	    .help = "samples of gauges as they arrived, around alarms" },
};
const struct schema_map store_map = { store_fields, STORE_FIELDS };
// clang-format on

static void
read_anchors(struct load *l, const struct yaml_node *node)
{
	struct schema_value v[ANCHORS_FIELDS];
	struct yaml_node none = { .kind = YAML_MAP };
	const struct site *s = l->site;

	(void)schema_read(l, node != NULL ? node : &none, "anchors", anchor_fields,
	    ANCHORS_FIELDS, v);
	l->site->anchor_every_ms = (uint32_t)v[ANCHORS_EVERY].number;
	l->site->anchor_channel = "";
	if (!v[ANCHORS_CHANNEL].ok)
		return;
	for (uint16_t i = 0; i < s->n_channels; i++) {
		if (strcmp(s->channels[i].id, v[ANCHORS_CHANNEL].text) == 0) {
			l->site->anchor_channel = s->channels[i].id;
			return;
		}
	}
	schema_refuse(l, v[ANCHORS_CHANNEL].pos, "channel", v[ANCHORS_CHANNEL].text,
	    "no channel of this site has this id");
}

// "24mo"; 0 where the key is absent: rows stay for ever.
static unsigned
read_months(struct load *l, const char *key, const struct schema_value *v)
{
	char *end = NULL;

	if (!v->ok)
		return 0;
	long n = v->text[0] >= '1' && v->text[0] <= '9' ? strtol(v->text, &end, 10) : 0;
	if (n >= 1 && n <= MONTHS_MAX && strcmp(end, "mo") == 0)
		return (unsigned)n;
	schema_refuse(l, v->pos, key, v->text,
	    "must be whole months, 1mo to 1200mo (for example 24mo)");
	return 0;
}

static void
read_samples(struct load *l, const struct yaml_node *node)
{
	struct schema_value v[SAMPLES_FIELDS];
	struct yaml_node none = { .kind = YAML_MAP };

	(void)schema_read(l, node != NULL ? node : &none, "samples", sample_fields,
	    SAMPLES_FIELDS, v);
	l->site->samples = (struct sample_window_rule){
		.before_ms = (uint32_t)v[SAMPLES_BEFORE].number,
		.after_ms = (uint32_t)v[SAMPLES_AFTER].number,
		.keep_months = v[SAMPLES_KEEP].ok
				   ? read_months(l, "keep", &v[SAMPLES_KEEP])
				   : SAMPLES_MONTHS,
		.every_ms = (uint32_t)v[SAMPLES_EVERY].number,
	};
}

void
store_section_read(struct load *l, const struct yaml_node *node)
{
	struct schema_value v[STORE_FIELDS];
	struct yaml_node none = { .kind = YAML_MAP };

	(void)schema_read(
	    l, node != NULL ? node : &none, "store", store_fields, STORE_FIELDS, v);
	l->site->store_directory = "";
	if (node != NULL && v[STORE_DIRECTORY].ok)
		l->site->store_directory =
		    source_absolute(l, node->pos.file, v[STORE_DIRECTORY].text);
	read_anchors(l, v[STORE_ANCHORS].ok ? v[STORE_ANCHORS].node : NULL);
	read_samples(l, v[STORE_SAMPLES].ok ? v[STORE_SAMPLES].node : NULL);
	l->site->keep_events_months =
	    read_months(l, "keep_events", &v[STORE_KEEP_EVENTS]);
	l->site->keep_minutes_months =
	    read_months(l, "keep_minutes", &v[STORE_KEEP_MINUTES]);
}
