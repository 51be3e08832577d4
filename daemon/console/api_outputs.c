// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// GET /outputs, and what the snapshot and the metrics say of outputs. Owns nothing;
// runs on the loop thread. Nothing here can drive one.
#include <stdio.h>
#include <string.h>

#include "console/console_int.h"
#include "console/format.h"
#include "console/outputs.h"

enum {
	OUTPUTS_LIMIT = 1000
};

static void
put_short(struct buf *b, const struct output *o, const struct output_look *v)
{
	json_str(b, "id", o->id);
	format_names(b, "place", o->name_zh, o->name_en);
	json_str(b, "role", output_role_name(o->role));
	json_str(b, "state", v->state);
	json_str(b, "code", v->code);
	json_bool(b, "on", v->on);
	json_str(b, "pattern", output_pattern_name(v->pattern));
	json_str(b, "class",
	    v->alarm_class >= 0 ? class_name((enum alarm_class)v->alarm_class) : NULL);
	json_bool(b, "silenced", v->silenced);
}

static void
put_wiring(struct buf *b, const struct site *site, const struct output *o)
{
	bool line = o->gpio < site->n_gpios, coil = o->device < site->n_devices;

	json_str(b, "gpio", line ? site->gpios[o->gpio].id : NULL);
	json_str(b, "line", line ? o->line : NULL);
	json_str(b, "device", coil ? site->devices[o->device].id : NULL);
	json_str(b, "item", coil ? o->item->name : NULL);
	if (coil)
		json_int(b, "coil", output_coil(o));
	else
		json_none(b, "coil");
	json_str(b, "feedback",
	    o->feedback < site->n_points ? site->points[o->feedback].id : NULL);
	json_str(b, "fail_safe", output_exit_name(o->at_exit));
}

static void
put_output(struct buf *b, const struct site *site, const struct output *o,
    const struct output_look *v)
{
	json_open(b, NULL, '{');
	put_short(b, o, v);
	json_str(b, "why", v->why);
	if (v->read)
		json_bool(b, "read_back", v->read_on);
	else
		json_none(b, "read_back");
	json_time(b, "since", v->since_utc_ms);
	json_bool(b, "allow_write", o->allow_write);
	put_wiring(b, site, o);
	json_int(b, "drives", (int64_t)v->drives);
	json_int(b, "refusals", (int64_t)v->refusals);
	json_int(b, "losses", (int64_t)v->losses);
	json_close(b, '}');
}

void
api_outputs(struct console *c, struct http_request *r)
{
	const struct site *site = c->host.site(c->host.ctx);
	struct buf b = { 0 };
	int64_t from, limit;
	char cursor[16];

	if (api_number(r, "limit", 1, OUTPUTS_LIMIT, 100, &limit) < 0 ||
	    api_number(r, "after", 0, UINT16_MAX, 0, &from) < 0)
		return;
	int64_t to = from + limit < site->n_outputs ? from + limit : site->n_outputs;
	json_open(&b, NULL, '{');
	json_open(&b, "outputs", '[');
	for (int64_t i = from; i < to; i++) {
		struct output_look v;
		c->host.output(c->host.ctx, (uint16_t)i, &v);
		put_output(&b, site, &site->outputs[i], &v);
	}
	json_close(&b, ']');
	(void)snprintf(cursor, sizeof(cursor), "%u", (unsigned)to);
	json_str(&b, "next", to < site->n_outputs ? cursor : NULL);
	json_close(&b, '}');
	http_send_json(r, 200, &b);
}

void
outputs_put_summary(struct buf *b, const char *key, const struct console_host *host)
{
	const struct site *site = host->site(host->ctx);

	json_open(b, key, '[');
	for (uint16_t i = 0; i < site->n_outputs; i++) {
		struct output_look v;
		host->output(host->ctx, i, &v);
		json_open(b, NULL, '{');
		put_short(b, &site->outputs[i], &v);
		json_close(b, '}');
	}
	json_close(b, ']');
}

uint32_t
outputs_failed(const struct console_host *host)
{
	const struct site *site = host->site(host->ctx);
	uint32_t n = 0;

	for (uint16_t i = 0; i < site->n_outputs; i++) {
		struct output_look v;
		host->output(host->ctx, i, &v);
		n += strcmp(v.state, "failed") == 0;
	}
	return n;
}

// ---- metrics ----------------------------------------------------------------------

// The value of one metric of one output; false where it is not known.
typedef bool output_metric(const struct output_look *v, double *out);

static bool
metric_on(const struct output_look *v, double *out)
{
	*out = v->on;
	return strcmp(v->state, "disabled") != 0;
}

static bool
metric_read(const struct output_look *v, double *out)
{
	*out = v->read_on;
	return v->read;
}

static bool
metric_ok(const struct output_look *v, double *out)
{
	*out = strcmp(v->state, "ok") == 0;
	return strcmp(v->state, "disabled") != 0;
}

static bool
metric_drives(const struct output_look *v, double *out)
{
	*out = (double)v->drives;
	return true;
}

static bool
metric_refusals(const struct output_look *v, double *out)
{
	*out = (double)v->refusals;
	return true;
}

static bool
metric_losses(const struct output_look *v, double *out)
{
	*out = (double)v->losses;
	return true;
}

// clang-format off
static const struct {
	const char *name, *type, *help;
	output_metric *value;
} metrics[] = {
	{ "output_on", "gauge", "1 while the output is driven on.", metric_on },
	{ "output_read_back", "gauge", "What was last read back of it.", metric_read },
	{ "output_ok", "gauge", "1 while it takes what is driven and follows.", metric_ok },
	{ "output_drives_total", "counter", "States driven, a pattern's edges among them.", metric_drives },
	{ "output_refusals_total", "counter", "States that the device or the line refused.", metric_refusals },
	{ "output_losses_total", "counter", "Times it went out of reach.", metric_losses },
};
// clang-format on

void
outputs_put_metrics(struct buf *b, const struct console_host *host)
{
	const struct site *site = host->site(host->ctx);

	if (site->n_outputs == 0)
		return;
	for (size_t m = 0; m < sizeof(metrics) / sizeof(metrics[0]); m++) {
		buf_printf(b, "# HELP watchroom_%s %s\n# TYPE watchroom_%s %s\n",
		    metrics[m].name, metrics[m].help, metrics[m].name, metrics[m].type);
		for (uint16_t i = 0; i < site->n_outputs; i++) {
			const struct output *o = &site->outputs[i];
			struct output_look v;
			double value;
			host->output(host->ctx, i, &v);
			if (metrics[m].value(&v, &value))
				buf_printf(b,
				    "watchroom_%s{output=\"%s\",role=\"%s\"} %.15g\n",
				    metrics[m].name, o->id, output_role_name(o->role),
				    value);
		}
	}
}
