// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The table of reports and the table of formats, and what is common to all reports.
// A report is one line here and one row source; a format is one line and one writer.
// Reads the store only; refuses an unknown name, format or day with what is allowed.
#include "report/report.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "lib/mem.h"
#include "report/definitions.h"
#include "report/interval.h"

static const char *const by_day[] = { "report.sign.counted", "report.sign.leader",
	"report.sign.manager", NULL };
static const char *const by_reading[] = { "report.sign.read", "report.sign.leader",
	NULL };
static const char *const by_manager[] = { "report.sign.manager", NULL };
static const char *const by_handing_over[] = { "report.sign.integrator",
	"report.sign.operator_of_site", NULL };

static const struct {
	const char *name;
	enum report_span span;
} names[REPORT_COUNT] = {
#define X(id, name, span) [id] = { name, span },
	REPORTS(X)
#undef X
};

static const struct {
	int (*build)(
	    const struct report_input *in, struct report_doc *d, struct err *err);
	const char *const *signatures;
} reports[REPORT_COUNT] = {
	[REPORT_ALARMS_DAILY] = { alarms_build, by_day },
	[REPORT_ALARMS_WEEKLY] = { alarms_build, by_day },
	[REPORT_ALARMS_MONTHLY] = { alarms_build, by_day },
	[REPORT_ALARMS_YEARLY] = { alarms_build, by_day },
	[REPORT_PRESSURE_DAILY] = { pressure_daily_build, by_reading },
	[REPORT_ACTIONS_DAILY] = { actions_daily_build, by_manager },
	[REPORT_COMMISSIONING] = { commissioning_build, by_handing_over },
};

static const struct {
	const char *name;
	int (*write)(const struct report_frame *f, struct buf *out, struct err *err);
} formats[] = {
	{ "csv", format_csv },
	{ "json", format_json },
	{ "html", format_html },
	{ "pdf", format_pdf },
	{ "xlsx", format_xlsx },
};

enum {
	N_FORMATS = sizeof(formats) / sizeof(formats[0]),
};

const char *
report_name(size_t index)
{
	return index < REPORT_COUNT ? names[index].name : NULL;
}

const char *
report_format(size_t index)
{
	return index < N_FORMATS ? formats[index].name : NULL;
}

static int
find(const char *what, const char *name, const char *(*at)(size_t), struct err *err)
{
	char allowed[200] = "";
	size_t used = 0;
	for (int i = 0; at((size_t)i) != NULL; i++) {
		if (strcmp(at((size_t)i), name) == 0)
			return i;
		(void)str_copy(
		    allowed + used, sizeof(allowed) - used, i > 0 ? ", " : "");
		used = strlen(allowed);
		(void)str_copy(allowed + used, sizeof(allowed) - used, at((size_t)i));
		used = strlen(allowed);
	}
	return err_set(
	    err, EINVAL, "%s: found \"%s\", allowed: %s", what, name, allowed);
}

int
report_render(
    struct reader *r, const struct report_request *q, struct buf *out, struct err *err)
{
	int report = find("report", q->name, report_name, err);
	int format = report < 0 ? -1 : find("format", q->format, report_format, err);
	if (format < 0)
		return -1;
	struct report_input in = {
		.reader = r, .request = q, .span = names[report].span
	};
	if (interval_find(r, in.span, q->day, q->now_utc_ms, &in.day, err) < 0) {
		if (err != NULL && err->code == EINVAL)
			return err_set(err, EINVAL,
			    "day: found \"%s\", allowed: today or a date YYYY-MM-DD",
			    q->day);
		return -1;
	}

	struct report_doc doc = { 0 };
	struct store_anchor anchor = { 0 };
	int result = reports[report].build(&in, &doc, err);
	if (result == 0 && query_anchor(r, &anchor, err) < 0)
		result = -1;
	if (result == 0) {
		struct report_frame f = { .name = names[report].name,
			.span = in.span,
			.request = q,
			.doc = &doc,
			.day = &in.day,
			.signatures = reports[report].signatures,
			.anchor = &anchor };
		result = formats[format].write(&f, out, err);
	}
	doc_free(&doc);
	return result;
}

static int
read_meta(
    struct reader *r, const char *key, char out[static REPORT_TEXT], struct err *err)
{
	int found = query_meta(r, key, out, REPORT_TEXT, err);
	return found < 0 ? -1 : 0;
}

int
report_site_read(
    struct reader *r, const struct site *site, struct report_site *out, struct err *err)
{
	memset(out, 0, sizeof(*out));
	if (site != NULL) {
		(void)str_copy(out->id, sizeof(out->id), site->id);
		(void)str_copy(out->name_zh, sizeof(out->name_zh), site->name_zh);
		(void)str_copy(out->name_en, sizeof(out->name_en), site->name_en);
		(void)str_copy(out->time_zone, sizeof(out->time_zone), site->time_zone);
		return 0;
	}
	if (read_meta(r, "site_id", out->id, err) < 0 ||
	    read_meta(r, "site_name_zh", out->name_zh, err) < 0 ||
	    read_meta(r, "site_name_en", out->name_en, err) < 0 ||
	    read_meta(r, "time_zone", out->time_zone, err) < 0)
		return -1;
	if (out->time_zone[0] == '\0')
		return err_set(err, ENOENT,
		    "the journal does not name its time zone: no daemon has run on it");
	return 0;
}

void
report_sha256(const void *data, size_t len, char out[static SHA256_HEX])
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	(void)crypto_hash_sha256(hash, data, len);
	(void)sodium_bin2hex(out, SHA256_HEX, hash, sizeof(hash));
}
