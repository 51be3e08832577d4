// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// `watchroom export inspection`: what an inspector asks for, in one archive: alarms,
// faults, isolations, duty answers and what people did as CSV, the signed anchors, and
// a manifest with checksums. Reads only, in pages up to the event that was the newest
// at the begin, so that no file knows more than another. Refuses to leave half an
// archive.
#include <errno.h>
#include <string.h>
#include <time.h>

#include "cli/export.h"
#include "cli/export_parts.h"
#include "cli/tar.h"
#include "cli/whole_file.h"
#include "lib/clock.h"

#define K(kind)    EVENT_##kind
#define C(class)   (1U << CLASS_##class)
#define KINDS(...) ((const enum event_kind[]){ __VA_ARGS__, EVENT_KINDS_END })

// What goes where. An event may stand in several; the last takes what no other has.
struct part {
	const char *file;
	const enum event_kind *kinds; // of these; EVENT_KINDS_END ends them
	unsigned classes;             // or events of an alarm of these classes
	bool people;                  // or said or done by a person
};

static const enum event_kind of_alarm[] = { K(ALARM_ONSET), K(ALARM_CLEAR),
	K(ALARM_ACKNOWLEDGE), K(ALARM_SEEN), K(ALARM_CLOSE), K(ALARM_RESET),
	K(ALARM_REALARM), K(ALARM_NOTE), K(ALARM_VERIFY), K(ALARM_CARRY),
	EVENT_KINDS_END };

static const enum event_kind none[] = { EVENT_KINDS_END };

static const struct part parts[] = {
	{ "alarms.csv", KINDS(K(ALARM_MISSED), K(PANEL_RESET)),
	    C(FIRE) | C(PREALARM) | C(SECURITY) | C(SUPERVISORY) | C(PROCESS) | C(INFO),
	    false },
	{ "faults.csv",
	    KINDS(K(BLIND), K(DAEMON_DOWN), K(EVENTS_LOST), K(STORE_MODE),
		K(CLOCK_STEP), K(PANEL_GAP), K(NOTICE_FAILED)),
	    C(FAULT) | C(SYSTEM), false },
	{ "isolations.csv",
	    KINDS(K(SHELVE_START), K(SHELVE_END), K(ISOLATE_START), K(ISOLATE_END),
		K(TEST_START), K(TEST_END), K(BYPASS_START), K(BYPASS_END)),
	    C(DISABLED), false },
	{ "duty.csv",
	    KINDS(K(DEADMAN_ASK), K(DEADMAN_ANSWER), K(PATROL_STOP), K(PATROL_ROUND)),
	    0, false },
	{ "actions.csv", none, 0, true },
	{ "other.csv", NULL, 0, false },
};

enum {
	N_PARTS = sizeof(parts) / sizeof(parts[0]),
	OTHER = N_PARTS - 1,
	ANCHORS = N_PARTS, // the file behind the parts
	N_FILES,
};

struct inspection {
	struct tar tar;
	int64_t from_utc_ms, to_utc_ms; // half-open
	int64_t newest;                 // no event above it
	int64_t last;                   // seq, or n of an anchor, that was read last
	int64_t events, first_seq, last_seq; // of the span
	int part;
	bool past; // an event above the newest was met
	struct {
		int64_t rows, bytes;
		char sha256[TAR_SHA256_HEX];
	} files[N_FILES];
	char epoch[33];
	struct buf line;
};

static bool
belongs(const struct part *p, const struct event *e)
{
	if (event_kind_among(p->kinds, e->kind))
		return true;
	if (event_kind_among(of_alarm, e->kind) && e->alarm_class >= 0 &&
	    (p->classes >> e->alarm_class & 1U) != 0)
		return true;
	return p->people && event_by_person(e);
}

static bool
wanted(int part, const struct event *e)
{
	if (part != OTHER)
		return belongs(&parts[part], e);
	for (int i = 0; i < OTHER; i++) {
		if (belongs(&parts[i], e))
			return false;
	}
	return true;
}

static bool
take(void *arg, const struct stored_event *s)
{
	struct inspection *x = arg;
	x->past = s->event.seq > x->newest;
	if (x->past)
		return false;
	x->last = s->event.seq;
	if (x->part == 0) {
		x->events++;
		x->first_seq = x->first_seq != 0 ? x->first_seq : x->last;
		x->last_seq = x->last;
		memcpy(x->epoch, s->epoch, sizeof(x->epoch));
	}
	if (!wanted(x->part, &s->event))
		return true;
	x->files[x->part].rows++;
	buf_clear(&x->line);
	export_csv_event(&x->line, s);
	tar_add(&x->tar, x->line.data, x->line.len);
	return !x->tar.failed;
}

static int
put_part(struct reader *r, struct inspection *x, int part, struct err *err)
{
	struct event_filter f = { .alarm_class = -1,
		.from_utc_ms = x->from_utc_ms,
		.to_utc_ms = x->to_utc_ms,
		.limit = EXPORT_PAGE };
	int n;
	x->part = part;
	x->last = 0;
	x->past = false;
	tar_begin(&x->tar);
	tar_add(&x->tar, export_csv_head, strlen(export_csv_head));
	do {
		f.after_seq = x->last;
		n = query_events(r, &f, take, x, err);
	} while (n == EXPORT_PAGE && !x->past && !x->tar.failed);
	x->files[part].bytes =
	    tar_end(&x->tar, parts[part].file, x->files[part].sha256);
	return n < 0 ? -1 : 0;
}

static bool
take_anchor(void *arg, const struct store_anchor *a)
{
	struct inspection *x = arg;
	char when[25];
	x->last = a->n;
	if (a->time_utc_ms < x->from_utc_ms)
		return true;
	x->files[ANCHORS].rows++;
	clock_rfc3339(a->time_utc_ms, when);
	buf_clear(&x->line);
	buf_printf(&x->line, "%lld,%s,%s,%s,%s,%s\r\n", (long long)a->seq, when,
	    a->epoch, a->hash, a->public_key, a->signature);
	tar_add(&x->tar, x->line.data, x->line.len);
	return !x->tar.failed;
}

// From the begin of the span on: the events of its end are covered by a later one.
static int
put_anchors(struct reader *r, struct inspection *x, struct err *err)
{
	static const char head[] =
	    "\xEF\xBB\xBFseq,time,epoch,hash,public_key,signature\r\n";
	int n;
	x->last = 0;
	tar_begin(&x->tar);
	tar_add(&x->tar, head, sizeof(head) - 1);
	do
		n = query_anchors(r, x->last, EXPORT_PAGE, take_anchor, x, err);
	while (n == EXPORT_PAGE && !x->tar.failed);
	x->files[ANCHORS].bytes =
	    tar_end(&x->tar, "anchors.csv", x->files[ANCHORS].sha256);
	return n < 0 ? -1 : 0;
}

static const char *
file_name(int i)
{
	return i == ANCHORS ? "anchors.csv" : parts[i].file;
}

static void
say_manifest(const struct cli_site *s, const struct inspection *x, struct buf *b)
{
	json_open(b, NULL, '{');
	json_open(b, "site", '{');
	json_str(b, "id", s->who.id);
	json_open(b, "name", '{');
	json_str(b, "zh", s->who.name_zh);
	json_str(b, "en", s->who.name_en);
	json_close(b, '}');
	json_str(b, "time_zone", s->who.time_zone);
	json_close(b, '}');
	json_time(b, "from", x->from_utc_ms);
	json_time(b, "to", x->to_utc_ms);
	json_time(b, "produced", x->tar.time_s * 1000);
	json_str(b, "version", WATCHROOM_VERSION);
	json_str(b, "epoch", x->epoch[0] != '\0' ? x->epoch : NULL);
	json_int(b, "events", x->events);
	json_int(b, "first_seq", x->first_seq);
	json_int(b, "last_seq", x->last_seq);
	json_open(b, "files", '[');
	for (int i = 0; i < N_FILES; i++) {
		json_open(b, NULL, '{');
		json_str(b, "name", file_name(i));
		json_int(b, "rows", x->files[i].rows);
		json_int(b, "bytes", x->files[i].bytes);
		json_str(b, "sha256", x->files[i].sha256);
		json_close(b, '}');
	}
	json_close(b, ']');
	json_close(b, '}');
	buf_str(b, "\n");
}

// The manifest, and the checksums of all files as `sha256sum -c` takes them.
static void
put_manifest(const struct cli_site *s, struct inspection *x)
{
	char sha256[TAR_SHA256_HEX];
	buf_clear(&x->line);
	say_manifest(s, x, &x->line);
	tar_begin(&x->tar);
	tar_add(&x->tar, x->line.data, x->line.len);
	(void)tar_end(&x->tar, "manifest.json", sha256);
	buf_clear(&x->line);
	for (int i = 0; i < N_FILES; i++)
		buf_printf(&x->line, "%s  %s\n", x->files[i].sha256, file_name(i));
	buf_printf(&x->line, "%s  manifest.json\n", sha256);
	tar_begin(&x->tar);
	tar_add(&x->tar, x->line.data, x->line.len);
	(void)tar_end(&x->tar, "SHA256SUMS", sha256);
}

static int
put_all(struct cli_site *s, struct inspection *x, struct err *err)
{
	struct store_totals t;
	if (query_totals(s->reader, &t, err) < 0)
		return -1;
	x->newest = t.last_seq;
	for (int i = 0; i < N_PARTS; i++) {
		if (put_part(s->reader, x, i, err) < 0)
			return -1;
	}
	if (put_anchors(s->reader, x, err) < 0)
		return -1;
	put_manifest(s, x);
	return 0;
}

static int
write_archive(
    const struct cli *c, struct cli_site *s, struct inspection *x, struct err *err)
{
	struct whole_file w;
	if (whole_file_open(&w, c->output) != 0)
		return err_set(err, errno, "%s: %s", c->output, strerrordesc_np(errno));
	x->tar.out = w.out;
	int result = put_all(s, x, err);
	if (!tar_finish(&x->tar) && result == 0)
		result =
		    err_set(err, errno, "%s: %s", c->output, strerrordesc_np(errno));
	if (whole_file_close(&w, result == 0, 0640) != 0 && result == 0)
		result =
		    err_set(err, errno, "%s: %s", c->output, strerrordesc_np(errno));
	buf_free(&x->line);
	return result;
}

static int64_t
a_year_before(int64_t utc_ms)
{
	time_t t = (time_t)(utc_ms / 1000);
	struct tm tm;
	(void)localtime_r(&t, &tm);
	tm.tm_year--;
	tm.tm_isdst = -1;
	return (int64_t)mktime(&tm) * 1000;
}

// Without --to up to now, without --from the year before that.
static bool
find_span(const struct cli *c, struct inspection *x)
{
	int64_t now = clock_real()->utc_ms(clock_real());
	x->tar.time_s = now / 1000;
	if (!export_span(c, &x->from_utc_ms, &x->to_utc_ms))
		return false;
	if (c->to == NULL)
		x->to_utc_ms = now;
	if (c->from == NULL)
		x->from_utc_ms = a_year_before(x->to_utc_ms);
	if (x->from_utc_ms < x->to_utc_ms)
		return true;
	(void)cli_fail(c, CLI_USAGE,
	    "--from: found \"%s\", allowed: a moment before --to",
	    c->from != NULL ? c->from : "a year before --to");
	return false;
}

static void
tell(const struct cli *c, const struct inspection *x)
{
	struct buf b = { 0 };
	if (c->json == NULL) {
		(void)printf("%s: %lld events\n", c->output, (long long)x->events);
		for (int i = 0; i < N_FILES; i++)
			(void)printf("  %-15s %lld\n", file_name(i),
			    (long long)x->files[i].rows);
		return;
	}
	json_open(&b, NULL, '{');
	json_str(&b, "file", c->output);
	json_int(&b, "events", x->events);
	json_open(&b, "rows", '{');
	for (int i = 0; i < N_FILES; i++)
		json_int(&b, file_name(i), x->files[i].rows);
	json_close(&b, '}');
	json_close(&b, '}');
	(void)printf("%s\n", b.data);
	buf_free(&b);
}

enum cli_exit
cmd_export_inspection(const struct cli *c)
{
	struct cli_site s;
	struct err err = { 0 };
	struct inspection x = { 0 };
	enum cli_exit code = cli_no_more(c);
	if (code != CLI_OK)
		return code;
	if (c->output == NULL)
		return cli_fail(c, CLI_USAGE,
		    "-o: found nothing, allowed: the archive to write, for example "
		    "inspection.tar");
	code = cli_open(c, &s);
	if (code != CLI_OK)
		return code;
	if (!find_span(c, &x))
		code = CLI_USAGE;
	else if (write_archive(c, &s, &x, &err) != 0)
		code = cli_fail_err(c, CLI_FAILED, &err);
	else
		tell(c, &x);
	cli_close(&s);
	return code;
}
