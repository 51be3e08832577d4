// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What the subcommands of `watchroom` share: the parsed command line, the exit codes,
// and the files of a site. One thread, short-lived.
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>

#include "core/site.h"
#include "lib/err.h"
#include "report/report.h"

enum cli_exit {
	CLI_OK = 0,
	CLI_FAILED = 1, // it could not be done, or what was checked is bad
	CLI_USAGE = 2,  // the command line or an input file is wrong
};

// The command line. Strings are argv's.
struct stored_event;

struct cli {
	const char *command; // "user add"
	const char *config, *state, *store;
	const char *day, *revision, *format, *lang, *output;
	const char *after, *limit, *alarm_class, *point;
	const char *name_zh, *name_en, *role;
	const char *device, *encoding;
	const char *unit, *area, *address, *count, *gauge, *scan, *find, *samples;
	const char *timeout, *gap, *speed, *for_time;
	const char *zone, *status, *verdict, *panel, *note, *as;
	const char *trust, *key, *from, *to;
	const char *json, *pin_stdin, *time, *direct, *help,
	    *version; // not NULL where given
	int argc;     // what is left after the subcommand's name
	char **argv;
};

typedef enum cli_exit cli_fn(const struct cli *c);

cli_fn cmd_blind, cmd_report, cmd_deliver, cmd_log, cmd_verify, cmd_status, cmd_flags,
    cmd_explain, cmd_limits;
cli_fn cmd_user_add, cmd_user_list, cmd_user_import;
cli_fn cmd_points_check, cmd_probe, cmd_record, cmd_replay, cmd_schema;
cli_fn cmd_commission_list, cmd_commission_mark, cmd_commission_open,
    cmd_commission_close, cmd_commission_report;

cli_fn cmd_backup, cmd_restore, cmd_export_db, cmd_export_log, cmd_export_readings;
cli_fn cmd_export_inspection, cmd_export_samples;

// An event as the API shows it, one object (log.c).
void cli_event_json(struct buf *b, const struct stored_event *s);

// `watchroom report` of one name, with the options of the command line (report.c).
enum cli_exit cli_report(const struct cli *c, const char *name);

// "watchroom COMMAND: text" on stderr; returns `code`.
enum cli_exit cli_fail(const struct cli *c, enum cli_exit code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
enum cli_exit cli_fail_err(
    const struct cli *c, enum cli_exit code, const struct err *e);

// Refuses further words on the command line.
enum cli_exit cli_no_more(const struct cli *c);

// A whole number within bounds; `fallback` where text is NULL. False: said on stderr.
struct cli_range {
	const char *option;
	long long low, high, fallback;
};
bool cli_number(
    const struct cli *c, const char *text, const struct cli_range *r, long long *out);

// The files of a site.
struct cli_site {
	struct site *site; // NULL without -c
	char *directory;   // of the databases
	struct reader *reader;
	struct report_site who;
};

// Finds site and directory. Reads the configuration where -c is given; with --store as
// well, a configuration that cannot be read is only warned of.
enum cli_exit cli_locate(const struct cli *c, struct cli_site *s);

// Also opens the files for reading and sets TZ to the site's zone.
enum cli_exit cli_open(const struct cli *c, struct cli_site *s);
void cli_close(struct cli_site *s);

#endif
