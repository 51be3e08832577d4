// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// `watchroom explain ALARM|POINT`: why it sounded, or why it did not, as one trace. The
// journal is read from its files; a daemon that runs is asked for what it decided
// lately, over its control socket. Without one the trace says that it is without.
#include "store/explain.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "lib/clock.h"
#include "lib/mem.h"
#include "lib/paths.h"
#include "store/query.h"

enum {
	PATIENCE_S = 2,
	LINE_MAX_BYTES = 512,
};

// ---- the daemon -----------------------------------------------------------------

static FILE *
put_question(int fd, const char *point)
{
	char line[ID_MAX + 16];
	int n = snprintf(line, sizeof(line), "decisions %s\n", point);
	if (send(fd, line, (size_t)n, MSG_NOSIGNAL) != n)
		return NULL;
	return fdopen(fd, "r");
}

// The daemon's answer to come; NULL where none runs.
static FILE *
reach(const struct cli *c, const char *point)
{
	const char *env = getenv("STATE_DIRECTORY");
	const char *state = c->state != NULL                ? c->state
			    : env != NULL && env[0] != '\0' ? env
							    : "/var/lib/watchroom";
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = PATIENCE_S };
	char *path = paths_control(state);
	int fd = -1;
	if (str_copy(at.sun_path, sizeof(at.sun_path), path))
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	free(path);
	if (fd < 0)
		return NULL;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	FILE *f = NULL;
	if (connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0)
		f = put_question(fd, point);
	if (f == NULL)
		(void)close(fd);
	return f;
}

// "1767323045678 within_on_delay process low 0.59" ("-" for none) of the daemon.
static bool
read_decision(const char *line, struct decision *d, char word[static CODE_MAX])
{
	char kind[40], condition[40], value[40];
	char *rest;
	long long t = strtoll(line, &rest, 10);
	if (sscanf(rest, " %39s %39s %63s %39s", kind, condition, word, value) != 4 ||
	    !decision_from_name(kind, &d->kind))
		return false;
	if (!condition_from_name(condition, &d->condition))
		d->condition = COND_COUNT;
	d->t_utc_ms = t;
	if (strcmp(word, "-") == 0)
		word[0] = '\0';
	d->value = strcmp(value, "-") == 0 ? (double)NAN : strtod(value, NULL);
	return true;
}

static void
read_decisions(FILE *f, struct explain_question *q)
{
	static char words[DECISIONS_PER_POINT][CODE_MAX];
	struct decision d[DECISIONS_PER_POINT];
	char line[LINE_MAX_BYTES];
	unsigned n = 0;
	if (fgets(line, sizeof(line), f) == NULL || strstr(line, "\"ok\"") == NULL)
		return;
	while (n < DECISIONS_PER_POINT && fgets(line, sizeof(line), f) != NULL) {
		if (!read_decision(line, &d[n], words[n]))
			break;
		d[n].word = words[n];
		n++;
	}
	explain_take_decisions(q, d, n);
}

static void
ask_daemon(const struct cli *c, struct explain_question *q)
{
	FILE *f = q->point[0] != '\0' ? reach(c, q->point) : NULL;
	if (f == NULL)
		return;
	read_decisions(f, q);
	(void)fclose(f);
}

// ---- what is asked --------------------------------------------------------------

static bool
take_event(void *arg, const struct stored_event *e)
{
	char *point = arg;
	(void)str_copy(point, ID_MAX, e->event.point);
	return false;
}

// The word is an occurrence where the journal knows one of that name, else a point.
static int
find_subject(
    struct reader *r, const char *word, struct explain_question *q, struct err *err)
{
	struct event_filter f = { .occurrence = word, .alarm_class = -1, .limit = 1 };
	int n = query_events(r, &f, take_event, q->point, err);
	if (n < 0)
		return -1;
	if (n > 0)
		(void)str_copy(q->occurrence, sizeof(q->occurrence), word);
	else if (!str_copy(q->point, sizeof(q->point), word))
		return 0;
	return 1;
}

static enum cli_exit
explain(const struct cli *c, struct cli_site *s, struct explain_question *q)
{
	struct explanation *x;
	struct err err = { 0 };
	struct buf b = { 0 };
	enum lang lang = LANG_ZH;
	(void)lang_from_name(c->lang != NULL ? c->lang : "zh", &lang);
	if (explain_ask(s->reader, q, clock_real()->utc_ms(clock_real()), &x, &err) <=
	    0)
		return cli_fail_err(c, CLI_FAILED, &err);
	if (!explain_known(x) && s->site == NULL) {
		explain_free(x);
		return cli_fail(c, CLI_FAILED,
		    "found \"%s\", allowed: a point or an occurrence of the journal",
		    c->argv[0]);
	}
	if (c->json != NULL)
		explain_json(x, &b);
	else
		explain_text(x, lang, &b);
	explain_free(x);
	(void)fputs(b.data, stdout);
	if (c->json != NULL)
		(void)putchar('\n');
	buf_free(&b);
	return CLI_OK;
}

static enum cli_exit
find_and_explain(const struct cli *c, struct cli_site *s)
{
	struct explain_question *q = xcalloc(1, sizeof(*q));
	struct err err = { 0 };
	enum cli_exit code = CLI_FAILED;
	int found = find_subject(s->reader, c->argv[0], q, &err);
	uint32_t point = UINT32_MAX;
	if (s->site != NULL && found > 0)
		point = site_find_point(s->site, q->point);
	if (found < 0)
		code = cli_fail_err(c, CLI_FAILED, &err);
	else if (found == 0 ||
		 (s->site != NULL && point == UINT32_MAX && q->occurrence[0] == '\0'))
		code = cli_fail(c, CLI_FAILED,
		    "found \"%s\", allowed: a point of the site or an occurrence of "
		    "the journal",
		    c->argv[0]);
	else {
		if (point != UINT32_MAX)
			explain_site(q, s->site, point);
		ask_daemon(c, q);
		code = explain(c, s, q);
	}
	free(q);
	return code;
}

enum cli_exit
cmd_explain(const struct cli *c)
{
	struct cli_site s = { 0 };
	enum lang lang;
	if (c->argc != 1)
		return cli_fail(c, CLI_USAGE, "one ALARM or POINT is needed");
	if (c->lang != NULL && !lang_from_name(c->lang, &lang))
		return cli_fail(
		    c, CLI_USAGE, "--lang: found \"%s\", allowed: zh, en", c->lang);
	enum cli_exit code = cli_open(c, &s);
	if (code != CLI_OK)
		return code;
	code = find_and_explain(c, &s);
	cli_close(&s);
	return code;
}
