// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The table of reports and the table of formats, and what is common to all reports.
// A report is one line here and one row source; a format is one line and one writer.
// Reads the store only; refuses an unknown name, format or day with what is allowed.
#include "report/report.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/mem.h"
#include "report/definitions.h"
#include "report/document.h"
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
	{ "document", format_document },
};

enum {
	N_FORMATS = sizeof(formats) / sizeof(formats[0]),
	TRIES = 5,
};

static const char *
name_at(size_t index)
{
	return index < REPORT_COUNT ? names[index].name : NULL;
}

static const char *
format_at(size_t index)
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

// A report on its way: what its frame points at.
struct making {
	struct report_doc doc;
	struct store_anchor anchor;
	struct revision newest;
	struct report_frame frame;
};

static int
build_once(const struct report_input *in, int report, struct making *m, struct err *err)
{
	struct report_frame *f = &m->frame;
	doc_free(&m->doc);
	if (reports[report].build(in, &m->doc, err) < 0)
		return -1;
	// Verdicts are of alarms; what came later about gauges is not known.
	if (f->newest != NULL && report == REPORT_ALARMS_DAILY)
		f->n_changes = changes_build(in, f->newest, &m->doc, err);
	if (f->n_changes < 0)
		return -1;
	int n = report == REPORT_ALARMS_DAILY
		    ? query_unclassified(in->reader, &in->day, NULL, NULL, err)
		    : 0;
	f->unclassified = n;
	return n < 0 ? -1 : 0;
}

// All of it as of one moment: what somebody says meanwhile is in all tables or in none.
static int
build_signable(
    const struct report_input *in, int report, struct making *m, struct err *err)
{
	struct as_of after;
	const struct revision_key key = { .report = names[report].name,
		.day = in->day.day };
	int found = query_revision(in->reader, &key, &m->newest, err);
	if (found < 0)
		return -1;
	m->frame.signable = true;
	m->frame.newest = found > 0 ? &m->newest : NULL;
	for (int i = 0; i < TRIES; i++) {
		struct as_of *as_of = &m->frame.as_of;
		if (query_as_of(in->reader, as_of, err) < 0 ||
		    build_once(in, report, m, err) < 0 ||
		    query_as_of(in->reader, &after, err) < 0)
			return -1;
		if (after.verdict == as_of->verdict && after.missed == as_of->missed)
			return 0;
	}
	return err_set(err, EAGAIN, "somebody enters verdicts without a pause");
}

// As it is now.
static int
render_now(struct reader *r, const struct report_request *q, int report, int format,
    struct buf *out, struct err *err)
{
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
	struct making m = { .frame = { .name = names[report].name,
				.span = in.span,
				.request = q,
				.day = &in.day,
				.signatures = reports[report].signatures,
				.version = WATCHROOM_VERSION } };
	m.frame.doc = &m.doc;
	m.frame.anchor = &m.anchor;
	int result = report_is_signed((enum report_id)report)
			 ? build_signable(&in, report, &m, err)
			 : reports[report].build(&in, &m.doc, err);
	if (result == 0 && query_anchor(r, &m.anchor, err) < 0)
		result = -1;
	if (result == 0)
		result = formats[format].write(&m.frame, out, err);
	doc_free(&m.doc);
	revision_free(&m.newest);
	return result;
}

// The tool's process has one thread.
static void
set_time_zone(const char *name)
{
	char *value = xasprintf(":%s", name);
	if (setenv("TZ", value, 1) != 0)
		wr_unreachable("TZ");
	tzset();
	free(value);
}

static int
write_copy(const struct revision *r, const struct report_request *q, int format,
    struct buf *out, struct err *err)
{
	struct document d;
	struct store_anchor anchor = { .seq = r->seq, .time_utc_ms = r->time_utc_ms };
	struct report_request as_then = *q;
	if (document_read(r->document, &d, err) < 0) {
		document_free(&d);
		return -1;
	}
	if (strcmp(d.data_sha256, r->data_sha256) != 0) {
		document_free(&d);
		return err_set(err, EIO, "the signed report is not the one signed");
	}
	(void)str_copy(anchor.hash, sizeof(anchor.hash), r->hash);
	(void)str_copy(anchor.public_key, sizeof(anchor.public_key), r->public_key);
	as_then.site = &d.site;
	as_then.now_utc_ms = r->time_utc_ms;
	set_time_zone(d.site.time_zone);
	const struct report_frame f = { .name = d.name,
		.span = d.span,
		.request = &as_then,
		.doc = &d.doc,
		.day = &d.day,
		.signatures = d.signatures,
		.anchor = &anchor,
		.version = d.version,
		.signable = true,
		.copy_of = r };
	int result = formats[format].write(&f, out, err);
	document_free(&d);
	return result;
}

// As it was signed: nothing but the row is asked.
static int
render_copy(struct reader *r, const struct report_request *q, int report, int format,
    struct buf *out, struct err *err)
{
	struct revision revision;
	const struct revision_key key = { names[report].name, q->day, q->revision,
		true };
	if (!report_is_signed((enum report_id)report))
		return err_set(err, EINVAL, "nobody signs the report %s", q->name);
	int found = query_revision(r, &key, &revision, err);
	if (found < 0)
		return -1;
	if (found == 0)
		return err_set(err, EINVAL, "%s has no revision %lld of the day \"%s\"",
		    q->name, (long long)q->revision, q->day);
	int result = write_copy(&revision, q, format, out, err);
	revision_free(&revision);
	return result;
}

int
report_render(
    struct reader *r, const struct report_request *q, struct buf *out, struct err *err)
{
	int report = find("report", q->name, name_at, err);
	int format = report < 0 ? -1 : find("format", q->format, format_at, err);
	if (format < 0)
		return -1;
	return q->revision != 0 ? render_copy(r, q, report, format, out, err)
				: render_now(r, q, report, format, out, err);
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
