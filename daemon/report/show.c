// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Cells and head lines as text; see show.h. The checksum in the foot is that of the
// figures as json writes them, so it is one and the same in every format but csv, whose
// own is over its own lines.
#include "report/show.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/mem.h"

enum {
	SHORT_HEX = 16 // the first digits of a hash or key find the whole one
};

const char *
show_in(enum lang lang, const char *zh, const char *en)
{
	const char *wanted = lang == LANG_ZH ? zh : en;
	const char *other = lang == LANG_ZH ? en : zh;
	return wanted[0] != '\0' ? wanted : other;
}

bool
show_is_number(enum column_kind kind)
{
	return kind == COLUMN_COUNT || kind == COLUMN_KPA || kind == COLUMN_TENTHS ||
	       kind == COLUMN_SPAN;
}

static void
show_none(struct buf *out, enum lang lang, const struct report_column *col)
{
	enum column_kind kind = col->kind;
	if (kind == COLUMN_TIME && col->prefix != NULL)
		buf_str(out, text_get(lang, col->prefix));
	else if (kind == COLUMN_KPA || kind == COLUMN_TIME || kind == COLUMN_TENTHS ||
		 kind == COLUMN_COUNT || kind == COLUMN_SPAN)
		buf_str(out, text_get(lang, "report.none"));
}

static void
show_key(struct buf *out, enum lang lang, const char *prefix, const char *name)
{
	char key[120];
	(void)snprintf(key, sizeof(key), "%s%s", prefix, name);
	buf_str(out, text_has(key) ? text_get(lang, key) : name);
}

static void
show_span(struct buf *out, int64_t ms)
{
	buf_printf(out, "%lld:%02lld:%02lld", (long long)(ms / 3600000),
	    (long long)(ms / 60000 % 60), (long long)(ms / 1000 % 60));
}

static void
show_time(struct buf *out, int64_t utc_ms)
{
	char text[LOCAL_TIME_MAX];
	doc_local_time(utc_ms, text);
	buf_str(out, text);
}

void
show_cell(struct buf *out, enum lang lang, const struct report_column *col,
    const struct report_cell *cell)
{
	if (cell->none) {
		show_none(out, lang, col);
		return;
	}
	switch (col->kind) {
	case COLUMN_TEXT:
		buf_str(out, cell->text);
		return;
	case COLUMN_KEY:
		show_key(out, lang, col->prefix, cell->text);
		return;
	case COLUMN_CODE:
		buf_str(out, text_code(lang, cell->text));
		return;
	case COLUMN_PLACE:
		buf_str(out, show_in(lang, cell->text, cell->text_en));
		return;
	case COLUMN_COUNT:
		buf_printf(out, "%lld", (long long)cell->n);
		return;
	case COLUMN_KPA:
		buf_printf(out, "%.3f", cell->x / 1000.0);
		return;
	case COLUMN_TENTHS:
		buf_printf(out, "%lld.%lld", (long long)(cell->n / 10),
		    (long long)(cell->n % 10));
		return;
	case COLUMN_TIME:
		show_time(out, cell->n);
		return;
	case COLUMN_SPAN:
		show_span(out, cell->n);
		return;
	case COLUMN_IDS:
		for (size_t i = 0; i < cell->n_ids; i++)
			buf_printf(
			    out, "%s%lld", i > 0 ? " " : "", (long long)cell->ids[i]);
		return;
	}
}

void
show_on_paper(struct buf *out, const struct report_frame *f,
    const struct report_column *col, const struct report_cell *cell)
{
	struct tm tm, begin;
	char text[40];

	if (col->kind != COLUMN_TIME || cell->none) {
		show_cell(out, f->request->lang, col, cell);
		return;
	}
	time_t s = (time_t)(cell->n / 1000), s_begin = (time_t)(f->day->from_ms / 1000);
	(void)localtime_r(&s, &tm);
	(void)localtime_r(&s_begin, &begin);
	bool same = tm.tm_gmtoff == begin.tm_gmtoff;
	(void)strftime(text, sizeof(text),
	    same ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%d %H:%M:%S %z", &tm);
	buf_str(out, text);
}

const char *
show_title(const struct report_frame *f)
{
	char key[80];
	(void)snprintf(key, sizeof(key), "report.%s", f->name);
	return text_get(f->request->lang, key);
}

// A line more, of which the text is still to be written.
static struct show_line *
line(const struct report_frame *f, struct show_line *out, size_t *n, const char *key)
{
	wr_assert(*n < SHOW_LINES_MAX);
	struct show_line *l = &out[(*n)++];
	l->heading = text_get(f->request->lang, key);
	return l;
}

const char *
show_state(const struct report_frame *f)
{
	const char *key = f->day->closed ? "report.closed" : "report.running";
	const char *of_span =
	    f->day->closed ? "report.closed_span" : "report.running_span";
	return text_get(f->request->lang, f->span == REPORT_DAY ? key : of_span);
}

// "李雷 (li) 2026-11-24T08:10:00+08:00"
static void
show_signer(
    const struct report_frame *f, const struct revision *r, char *out, size_t size)
{
	char when[LOCAL_TIME_MAX];
	const char *name = show_in(f->request->lang, r->name_zh, r->name_en);
	doc_local_time(r->time_utc_ms, when);
	(void)snprintf(out, size, "%s%s%s%s %s", name, name[0] != '\0' ? " (" : "",
	    r->who, name[0] != '\0' ? ")" : "", when);
}

// A copy of what was signed: by whom, when, what it is sealed with.
static size_t
show_copy(const struct report_frame *f, struct show_line *out)
{
	const struct revision *r = f->copy_of;
	size_t n = 0;
	struct show_line *l = line(f, out, &n, "report.revision");
	(void)snprintf(l->text, sizeof(l->text), "%lld", (long long)r->revision);
	l = line(f, out, &n, "report.signed_by");
	show_signer(f, r, l->text, sizeof(l->text));
	if (r->unclassified > 0) {
		l = line(f, out, &n, "report.signed_unclassified");
		(void)snprintf(l->text, sizeof(l->text), "%lld: %s",
		    (long long)r->unclassified, r->reason);
	}
	if (r->note[0] != '\0')
		(void)str_copy(line(f, out, &n, "report.signed_note")->text,
		    sizeof(l->text), r->note);
	(void)str_copy(line(f, out, &n, "report.data_checksum")->text, sizeof(l->text),
	    r->data_sha256);
	l = line(f, out, &n, "report.seal");
	(void)snprintf(
	    l->text, sizeof(l->text), "%lld – %s", (long long)r->seq, r->hash);
	return n;
}

size_t
show_signing(const struct report_frame *f, struct show_line *out)
{
	enum lang lang = f->request->lang;
	char signer[200];
	size_t n = 0;
	if (!f->signable)
		return 0;
	if (f->copy_of != NULL)
		return show_copy(f, out);
	struct show_line *l = line(f, out, &n, "report.signature");
	(void)str_copy(l->text, sizeof(l->text), text_get(lang, "report.not_signed"));
	if (f->newest == NULL)
		return n;
	show_signer(f, f->newest, signer, sizeof(signer));
	l = line(f, out, &n, "report.signed_before");
	(void)snprintf(l->text, sizeof(l->text), "%lld – %s",
	    (long long)f->newest->revision, signer);
	l = line(f, out, &n, "report.changed_since");
	(void)snprintf(l->text, sizeof(l->text), "%d", f->n_changes);
	return n;
}

size_t
show_head(const struct report_frame *f, struct show_line out[SHOW_LINES_MAX])
{
	const struct report_site *s = f->request->site;
	enum lang lang = f->request->lang;
	char from[LOCAL_TIME_MAX], to[LOCAL_TIME_MAX];
	size_t n = 0;
	struct show_line *l = line(f, out, &n, "report.site");
	(void)snprintf(l->text, sizeof(l->text), "%s (%s)",
	    show_in(lang, s->name_zh, s->name_en), s->id);
	doc_local_time(f->day->from_ms, from);
	doc_local_time(f->day->to_ms, to);
	l = line(f, out, &n, f->span == REPORT_DAY ? "report.day" : "report.span");
	(void)snprintf(l->text, sizeof(l->text), "%s: %s – %s (%s)", f->day->day, from,
	    to, s->time_zone);
	l = line(f, out, &n, "report.state");
	doc_local_time(f->request->now_utc_ms, to);
	(void)snprintf(l->text, sizeof(l->text), "%s%s%s", show_state(f),
	    f->day->closed ? "" : " ", f->day->closed ? "" : to);
	return n + show_signing(f, out + n);
}

size_t
show_foot(const struct report_frame *f, struct show_line out[SHOW_LINES_MAX])
{
	char sum[SHA256_HEX], when[LOCAL_TIME_MAX];
	size_t n = 0;
	struct show_line *l = line(f, out, &n, "report.rows");
	(void)snprintf(l->text, sizeof(l->text), "%zu", doc_rows(f->doc));
	l = line(f, out, &n, "report.as_of");
	(void)snprintf(l->text, sizeof(l->text), "%lld", (long long)f->doc->last_seq);
	if (f->anchor->seq != 0) {
		l = line(f, out, &n, "report.anchor");
		(void)snprintf(l->text, sizeof(l->text), "%lld – %.*s – %.*s",
		    (long long)f->anchor->seq, SHORT_HEX, f->anchor->hash, SHORT_HEX,
		    f->anchor->public_key);
	}
	json_data_sha256(f->doc, sum);
	l = line(f, out, &n, "report.data_checksum");
	(void)str_copy(l->text, sizeof(l->text), sum);
	doc_local_time(f->request->now_utc_ms, when);
	l = line(f, out, &n, "report.produced");
	(void)snprintf(l->text, sizeof(l->text), "%s – Watchroom %s", when, f->version);
	return n;
}
