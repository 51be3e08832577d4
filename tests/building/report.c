// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// JSON lines on standard output; see report.h. Each line is one printf, so lines of
// two threads never mix. Ids are our own table's plain ASCII and need no escaping.

#include "report.h"

#include <stdio.h>
#include <time.h>

static int64_t
utc_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// RFC 3339 UTC with milliseconds, 24 characters and the NUL.
static void
utc_now(char out[32])
{
	struct timespec now;
	struct tm tm;
	size_t n;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)gmtime_r(&now.tv_sec, &tm);
	n = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(out + n, 32 - n, ".%03dZ", (int)(now.tv_nsec / 1000000));
}

void
report_step(int64_t t_ms, int loop_no, const struct scenario_step *step)
{
	char utc[32];

	utc_now(utc);
	(void)printf("{\"t_ms\": %lld, \"utc\": \"%s\", \"loop_no\": %d, "
		     "\"step\": \"%s\", \"point\": \"%s\"}\n",
	    (long long)t_ms, utc, loop_no, step->id, step->point);
	(void)fflush(stdout);
}

static FILE *answers;

int
report_open_answers(const char *path)
{
	answers = fopen(path, "we");
	if (answers == NULL)
		return -1;
	(void)setvbuf(answers, NULL, _IOLBF, 0);
	(void)fprintf(answers, "utc_ms,station,unit\n");
	return 0;
}

void
report_answer(const struct station *station, int unit)
{
	if (answers != NULL)
		(void)fprintf(
		    answers, "%lld,%s,%d\n", (long long)utc_ms(), station->name, unit);
}

void
report_refused(const struct station *station, const struct request *rq)
{
	char utc[32];

	utc_now(utc);
	(void)printf("{\"refused\": \"%s\", \"utc\": \"%s\", \"unit\": %d, "
		     "\"function\": %d, \"address\": %d}\n",
	    station->name, utc, rq->unit, rq->function, rq->first);
	(void)fflush(stdout);
}
