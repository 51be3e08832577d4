// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Writers of the API's objects. Own nothing, any thread: events are formatted in the
// reader thread as well as on the loop. Refuse nothing; what is unknown becomes null,
// never a number that looks like a value (I6).
#include "console/format.h"

#include "console/session.h"
#include "core/flag.h"
#include "core/profile_dialog.h"

static const char *
text_or_null(const char *s)
{
	return s != NULL && s[0] != '\0' ? s : NULL;
}

void
format_names(struct buf *b, const char *key, const char *zh, const char *en)
{
	json_open(b, key, '{');
	json_str(b, "zh", zh != NULL ? zh : "");
	json_str(b, "en", en != NULL ? en : "");
	json_close(b, '}');
}

static void
format_flags(struct buf *b, uint8_t flags)
{
	json_open(b, "flags", '[');
	for (unsigned f = 1; f <= FLAG_TEST_MODE; f <<= 1)
		if (flags & f)
			json_str(b, NULL, flag_name((enum alarm_flag)f));
	json_close(b, ']');
}

static const char *
zone_id(const struct site *site, const struct point *p)
{
	return p->zone < site->n_zones ? site->zones[p->zone].id : NULL;
}

static const struct device *
device_of(const struct site *site, const struct point *p)
{
	return p->device < site->n_devices ? &site->devices[p->device] : NULL;
}

static void
format_miss(struct buf *b, const struct effect_miss *m)
{
	if (m->rule == NULL) {
		json_none(b, "effect");
		return;
	}
	json_open(b, "effect", '{');
	json_str(b, "rule", m->rule);
	format_names(b, "message", m->message_zh, m->message_en);
	json_str(b, "reason", m->reason);
	json_int(b, "within_ms", m->within_ms);
	json_open(b, "cause", '{');
	json_str(b, "point", m->point);
	format_names(b, "place", m->place_zh, m->place_en);
	json_str(b, "condition", condition_name(m->condition));
	json_str(b, "code", text_or_null(m->code));
	json_str(b, "occurrence", m->occurrence);
	json_close(b, '}');
	json_close(b, '}');
}

// It is held, and its onsets are counted.
static void
format_chatter(struct buf *b, const struct alarm_view *a)
{
	if (a->chatters_since_utc_ms == 0) {
		json_none(b, "chatter");
		return;
	}
	json_open(b, "chatter", '{');
	json_time(b, "since", a->chatters_since_utc_ms);
	json_int(b, "onsets", a->chatter_onsets);
	json_close(b, '}');
}

// It comes again and again.
static void
format_repeat(struct buf *b, const struct alarm_view *a)
{
	if (a->repeats_since_utc_ms == 0) {
		json_none(b, "repeat");
		return;
	}
	json_open(b, "repeat", '{');
	json_time(b, "since", a->repeats_since_utc_ms);
	json_int(b, "onsets", a->repeat_onsets);
	json_close(b, '}');
}

void
format_alarm(
    struct buf *b, const char *key, const struct site *site, const struct alarm_view *a)
{
	json_open(b, key, '{');
	json_str(b, "occurrence", a->occurrence);
	json_str(b, "incident", a->incident);
	json_str(b, "point", a->point->id);
	format_names(b, "place", a->point->place_zh, a->point->place_en);
	json_str(b, "zone", zone_id(site, a->point));
	json_str(b, "kind", point_kind_name(a->point->kind));
	json_str(b, "condition", condition_name(a->condition));
	json_str(b, "code", text_or_null(a->code));
	json_str(b, "reason", a->reason);
	json_str(b, "class", class_name(a->alarm_class));
	json_str(b, "state", alarm_state_name(a->state));
	json_str(b, "cause", text_or_null(alarm_cause_name(a->cause)));
	format_flags(b, a->flags);
	json_bool(b, "test", a->test_onset);
	json_bool(b, "hidden", a->hidden);
	json_bool(b, "sounds", a->sounds);
	json_bool(b, "first_out", a->first_out);
	json_str(b, "quality", quality_name(a->quality));
	json_time(b, "unknown_since", a->unknown_since_utc_ms);
	json_time(b, "raised", a->raised_utc_ms);
	json_time(b, "acknowledged", a->acknowledged_utc_ms);
	json_str(b, "acknowledged_by", text_or_null(a->acknowledged_by));
	json_str(b, "verdict", text_or_null(verdict_name(a->verdict)));
	json_int(b, "occurrences", a->occurrences);
	format_chatter(b, a);
	format_repeat(b, a);
	json_double(b, "value", a->value);
	if (a->seq > 0)
		json_int(b, "seq", a->seq);
	else
		json_none(b, "seq");
	json_bool(b, "inferred", site_point_inferred(site, a->point));
	format_miss(b, &a->effect);
	json_close(b, '}');
}

static const char *const clock_names[] = {
	[CLOCK_SYNCED] = "synced",
	[CLOCK_UNSYNCED] = "unsynced",
	[CLOCK_UNKNOWN] = "unknown",
};

struct event_origin {
	const char *boot_id, *epoch, *config_rev, *hash;
};

static void
positive_or_null(struct buf *b, const char *key, int64_t n)
{
	if (n > 0)
		json_int(b, key, n);
	else
		json_none(b, key);
}

static void
format_what(struct buf *b, const struct event *e)
{
	bool has_class = e->alarm_class >= 0 && e->alarm_class < CLASS_COUNT;
	bool has_condition = e->condition >= 0 && e->condition < COND_COUNT;
	bool has_quality = e->quality >= 0 && e->quality < QUALITY_COUNT;

	json_str(b, "kind", event_kind_name(e->kind));
	json_str(b, "point", text_or_null(e->point));
	format_names(b, "place", e->place_zh, e->place_en);
	json_str(b, "condition",
	    has_condition ? condition_name((enum condition)e->condition) : NULL);
	json_str(b, "code", text_or_null(e->code));
	json_str(b, "occurrence", text_or_null(e->occurrence_id));
	json_str(b, "incident", text_or_null(e->incident_id));
	json_str(b, "class",
	    has_class ? class_name((enum alarm_class)e->alarm_class) : NULL);
	json_str(b, "actor", text_or_null(e->actor));
	json_double(b, "value", e->value);
	json_str(
	    b, "quality", has_quality ? quality_name((enum quality)e->quality) : NULL);
	json_raw(b, "params", e->params[0] == '{' ? e->params : "{}");
}

static void
format_event(struct buf *b, const struct event *e, const struct event_origin *o)
{
	json_open(b, NULL, '{');
	positive_or_null(b, "n", (int64_t)e->stream_n);
	positive_or_null(b, "seq", e->seq);
	json_str(b, "epoch", text_or_null(o->epoch));
	json_time(b, "time", e->time_utc_ms);
	json_int(b, "mono_ms", e->mono_ms);
	json_str(b, "boot_id", text_or_null(o->boot_id));
	json_str(b, "clock_quality", clock_names[e->clock_quality]);
	format_what(b, e);
	json_time(b, "not_before", e->not_before_utc_ms);
	json_time(b, "device_time", e->device_time_ms);
	positive_or_null(b, "cause_seq", e->cause_seq);
	json_str(b, "config_rev", text_or_null(o->config_rev));
	json_str(b, "hash", text_or_null(o->hash));
	json_close(b, '}');
}

void
format_live_event(struct buf *b, const struct event *e, const char *config_rev)
{
	format_event(b, e, &(struct event_origin){ .config_rev = config_rev });
}

void
format_stored_event(struct buf *b, const struct stored_event *e)
{
	format_event(b, &e->event,
	    &(struct event_origin){ .boot_id = e->boot_id,
		.epoch = e->epoch,
		.config_rev = e->config_rev,
		.hash = e->hash });
}

// What is said to the device beyond reading its points, and what the site enabled
// against the profile's advice; null where the profile has no dialogs.
static void
format_dialogs(struct buf *b, const struct device *d)
{
	const struct profile_dialogs *g =
	    d->profile != NULL ? d->profile->dialogs : NULL;
	bool watched = true, any = false;

	if (g == NULL) {
		json_none(b, "dialogs");
		return;
	}
	for (uint8_t i = 0; i < g->n_alive; i++) {
		if (g->alive[i].off && (d->dialogs.alive & 1u << i) == 0)
			continue;
		any = true;
		watched &= !g->alive[i].of_gateway || d->dialogs.gateway;
	}
	json_open(b, "dialogs", '{');
	json_bool(b, "source_watched", any && watched);
	json_bool(b, "queue", d->dialogs.queue);
	json_bool(b, "heartbeat", g->beat != NULL && d->dialogs.allow_writes);
	json_open(b, "selectors", '[');
	for (uint8_t i = 0; i < g->n_selectors; i++) {
		if ((d->dialogs.selectors & 1u << i) == 0)
			continue;
		json_open(b, NULL, '{');
		json_str(b, "name", g->selectors[i].name);
		format_names(b, "why_off", g->selectors[i].why_off_zh,
		    g->selectors[i].why_off_en);
		json_close(b, '}');
	}
	json_close(b, ']');
	json_close(b, '}');
}

// What a device's points may take to be seen, beyond the limit of their class.
static void
format_accepted(struct buf *b, const struct device *d)
{
	if (d->accept_ms == 0) {
		json_str(b, "accepted_budget", NULL);
		return;
	}
	json_open(b, "accepted_budget", '{');
	json_int(b, "limit_ms", d->accept_ms);
	json_str(b, "reason", d->accept_reason);
	json_close(b, '}');
}

void
format_device(struct buf *b, const struct site *site, const struct device_view *d)
{
	json_open(b, NULL, '{');
	json_str(b, "id", d->device->id);
	format_names(b, "name", d->device->name_zh, d->device->name_en);
	json_str(b, "bus",
	    d->device->bus < site->n_buses ? site->buses[d->device->bus].id : NULL);
	json_bool(b, "lost", d->lost);
	json_str(b, "code", text_or_null(d->code));
	json_time(b, "last_heard", d->last_heard_utc_ms);
	json_int(b, "points", d->points);
	json_str(b, "maturity",
	    d->device->profile != NULL ? maturity_name(d->device->profile->maturity)
				       : NULL);
	json_int(b, "inferred_points", d->device->n_inferred);
	format_accepted(b, d->device);
	format_dialogs(b, d->device);
	json_close(b, '}');
}

void
format_health(struct buf *b, const char *key, const struct health_view *h)
{
	json_open(b, key, '{');
	json_str(b, "store", h->store_mode);
	json_int(b, "store_waiting", (int64_t)h->store_waiting);
	json_int(b, "loop_late_ms", h->loop_late_ms);
	json_bool(b, "clock_synchronised", h->clock_synchronised);
	json_bool(b, "last_good_configuration", h->last_good_configuration);
	json_str(b, "config_rev", h->config_rev);
	json_time(b, "started", h->started_utc_ms);
	json_int(b, "consoles", h->consoles);
	json_int(b, "consoles_sounding", h->consoles_sounding);
	json_int(b, "points", h->points);
	json_int(b, "points_unknown", h->points_unknown);
	json_int(b, "notices_owed", h->notices_owed);
	json_bool(b, "sounder", h->sounder_on);
	json_bool(b, "silenced", h->silenced);
	json_str(b, "version", h->version);
	json_close(b, '}');
}

void
format_point(struct buf *b, const struct site *site, const struct point *p)
{
	const struct device *d = device_of(site, p);

	json_str(b, "id", p->id);
	format_names(b, "place", p->place_zh, p->place_en);
	json_str(b, "zone", zone_id(site, p));
	json_str(b, "kind", point_kind_name(p->kind));
	json_str(b, "device", d != NULL ? d->id : NULL);
	json_str(b, "unit", format_unit(p));
	json_bool(b, "inferred", site_point_inferred(site, p));
}

void
format_session(struct buf *b, const char *key, const struct session *s)
{
	if (s == NULL) {
		json_none(b, key);
		return;
	}
	json_open(b, key, '{');
	json_str(b, "user", s->user);
	format_names(b, "name", s->name_zh, s->name_en);
	json_str(b, "role", s->role);
	json_str(b, "csrf", s->csrf);
	json_close(b, '}');
}

const char *
format_unit(const struct point *p)
{
	switch (point_kind_quantity(p->kind)) {
	case QUANTITY_PRESSURE:
		return "kPa";
	case QUANTITY_LEVEL:
		return "m";
	case QUANTITY_TEMPERATURE:
		return "°C";
	case QUANTITY_CURRENT:
		return "mA";
	case QUANTITY_VOLTAGE:
		return "V";
	case QUANTITY_RESISTANCE:
		return "Ω";
	case QUANTITY_RATIO:
		return "%";
	case QUANTITY_DURATION:
		return "s";
	case QUANTITY_OBSCURATION:
		return "%/m";
	case QUANTITY_NUMBER:
		return "";
	case QUANTITY_NONE:
	case QUANTITY_COUNT:
		break;
	}
	return NULL;
}
