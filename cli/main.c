// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// `watchroom`: the tool beside the daemon. One table of subcommands, one of options;
// they feed the parser and the help, and packaging/man/watchroom.1 describes them.
// Works on the files alone. Refuses a command line that it does not understand in full:
// exit 2.
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "lib/log.h"
#include "lib/mem.h"

enum {
	REPORT = 1 << 0,
	LOG = 1 << 1,
	VERIFY = 1 << 2,
	STATUS = 1 << 3,
	USER_ADD = 1 << 4,
	USER_LIST = 1 << 5,
	USER_IMPORT = 1 << 6,
	POINTS_CHECK = 1 << 7,
	PROBE = 1 << 8,
	COMMISSION_LIST = 1 << 9,
	COMMISSION_MARK = 1 << 10,
	COMMISSION_WALK = 1 << 11,
	COMMISSION_REPORT = 1 << 12,
	REPLAY = 1 << 13,
	RECORD = 1 << 14,
	SCHEMA = 1 << 15,
	BACKUP = 1 << 16,
	RESTORE = 1 << 17,
	EXPORT_DB = 1 << 18,
	EXPORT_LOG = 1 << 19,
	FLAGS = 1 << 20,
	EXPORT_READINGS = 1 << 21,
	EXPORT_INSPECTION = 1 << 22,
	EXPLAIN = 1 << 23,
	BLIND = 1 << 24,
	DELIVER = 1 << 25,
	LIMITS = 1 << 26,
	EXPORT_SAMPLES = 1 << 27,
	EVERY = (1 << 28) - 1,
	SAID_BY = COMMISSION_MARK | COMMISSION_WALK,
};

// clang-format off
static const struct command {
	const char *name;
	cli_fn *run;
	unsigned bit;
	const char *words; // what follows the name
	const char *help;
} commands[] = {
	{ "report",      cmd_report,      REPORT,      "NAME",   "write a report: alarms-daily, pressure-daily, actions-daily, commissioning" },
	{ "deliver",     cmd_deliver,     DELIVER,     "PLAN [folder|post]", "make the files of a report plan and bring them where they go" },
	{ "log",         cmd_log,         LOG,         "",       "print events of the journal, oldest first" },
	{ "verify",      cmd_verify,      VERIFY,      "[FILE]", "check a journal: numbers, chain, contents" },
	{ "backup",      cmd_backup,      BACKUP,      "DIR",    "copy the databases beside a running daemon, proven before it is done" },
	{ "restore",     cmd_restore,     RESTORE,     "FOLDER", "put a backup in place of the databases; no daemon may run" },
	{ "export log",  cmd_export_log,  EXPORT_LOG,  "",       "the whole log, or a span, as CSV or JSON lines" },
	{ "export readings", cmd_export_readings, EXPORT_READINGS, "", "the minutes of the gauges, all or a span, as CSV or JSON lines" },
	{ "export samples", cmd_export_samples, EXPORT_SAMPLES, "", "the samples kept as they arrived, around alarms, as CSV or JSON lines" },
	{ "export inspection", cmd_export_inspection, EXPORT_INSPECTION, "", "for an inspector: alarms, faults, isolations, actions of a year, with checksums" },
	{ "export db",   cmd_export_db,   EXPORT_DB,   "DIR",    "a snapshot of the databases for other programs, without PINs" },
	{ "status",      cmd_status,      STATUS,      "",       "what the files hold: events, last event, outbox" },
	{ "flags",       cmd_flags,       FLAGS,       "",       "what is isolated, shelved or in test, and the coverage lost by it" },
	{ "explain",     cmd_explain,     EXPLAIN,     "ALARM|POINT", "why it sounded, or why it did not, in one trace" },
	{ "blind",       cmd_blind,       BLIND,       "",       "how long what was not watched on a day, by reason, worst first" },
	{ "limits",      cmd_limits,      LIMITS,      "",       "propose the limits of gauges from their own weeks" },
	{ "user add",    cmd_user_add,    USER_ADD,    "NAME",   "add a person, or change one (PIN on standard input)" },
	{ "user list",   cmd_user_list,   USER_LIST,   "",       "list the people" },
	{ "user import", cmd_user_import, USER_IMPORT, "FILE",   "add or change people from a CSV file" },
	{ "points check", cmd_points_check, POINTS_CHECK, "FILE", "try a spreadsheet of points for a device; change nothing" },
	{ "probe",       cmd_probe,       PROBE,       "TARGET", "ask a Modbus device: registers in every decoding, units, times" },
	{ "record",      cmd_record,      RECORD,      "BUS",    "write what the daemon asks on a bus, and the answers, to a file" },
	{ "replay",      cmd_replay,      REPLAY,      "[FILE]", "play a recording of a bus through the whole line and print what comes of it" },
	{ "schema",      cmd_schema,      SCHEMA,      "WHAT",   "print the JSON Schema of a site or a profile, for editors" },
	{ "commission list", cmd_commission_list, COMMISSION_LIST, "", "the commissioning ledger: what is proven, point by point" },
	{ "commission open", cmd_commission_open, COMMISSION_WALK, "", "begin a walk of a zone or device: what is seen now waits for a mark" },
	{ "commission close", cmd_commission_close, COMMISSION_WALK, "", "end a walk" },
	{ "commission mark", cmd_commission_mark, COMMISSION_MARK, "POINT", "say that a point is proven, or has failed" },
	{ "commission report", cmd_commission_report, COMMISSION_REPORT, "", "write the ledger as a report" },
};

static const struct option_def {
	const char *name;
	char letter;	   // 0 = none
	const char *value; // NULL: takes none
	size_t field;	   // of struct cli
	unsigned commands;
	const char *help;
} options[] = {
	{ "config",    'c', "FILE",  offsetof(struct cli, config),      EVERY,                "site configuration" },
	{ "state",     0,   "DIR",   offsetof(struct cli, state),       EVERY,                "state directory (else $STATE_DIRECTORY, else /var/lib/watchroom)" },
	{ "store",     0,   "DIR",   offsetof(struct cli, store),       EVERY,                "directory of the databases, whatever the configuration says" },
	{ "json",      0,   NULL,    offsetof(struct cli, json),        EVERY,                "print JSON" },
	{ "day",       0,   "D",     offsetof(struct cli, day),         REPORT | DELIVER | BLIND,     "statistics day: today (default) or YYYY-MM-DD" },
	{ "revision",  0,   "N",     offsetof(struct cli, revision),    REPORT,               "a copy of the report as it was signed, of this revision" },
	{ "format",    0,   "F",     offsetof(struct cli, format),      REPORT | DELIVER | COMMISSION_REPORT | EXPORT_LOG | EXPORT_READINGS | EXPORT_SAMPLES, "csv (default) or json; exports: csv or jsonl" },
	{ "lang",      0,   "L",     offsetof(struct cli, lang),        REPORT | DELIVER | BLIND | LIMITS | LOG | EXPLAIN | COMMISSION_REPORT, "zh (default) or en" },
	{ "output",    'o', "FILE",  offsetof(struct cli, output),      REPORT | COMMISSION_REPORT | RECORD | EXPORT_LOG | EXPORT_READINGS | EXPORT_SAMPLES | EXPORT_INSPECTION, "write to FILE, whole or not at all" },
	{ "after",     0,   "SEQ",   offsetof(struct cli, after),       LOG,                  "events after this number; without it the last ones" },
	{ "limit",     0,   "N",     offsetof(struct cli, limit),       LOG,                  "at most N events (default 100)" },
	{ "class",     0,   "C",     offsetof(struct cli, alarm_class), LOG,                  "of this class only" },
	{ "point",     0,   "P",     offsetof(struct cli, point),       LOG | BLIND | LIMITS | PROBE | EXPORT_READINGS | EXPORT_SAMPLES, "of this point only; the point to probe" },
	{ "name-zh",   0,   "NAME",  offsetof(struct cli, name_zh),     USER_ADD,             "the person's name in Chinese" },
	{ "name-en",   0,   "NAME",  offsetof(struct cli, name_en),     USER_ADD,             "the person's name in English" },
	{ "role",      0,   "R",     offsetof(struct cli, role),        USER_ADD,             "operator, leader, manager or integrator" },
	{ "pin-stdin", 0,   NULL,    offsetof(struct cli, pin_stdin),   USER_ADD | SAID_BY,   "read the PIN (4 to 12 digits) from standard input" },
	{ "device",    0,   "D",     offsetof(struct cli, device),      POINTS_CHECK | PROBE | COMMISSION_LIST | COMMISSION_WALK, "the device of the site" },
	{ "encoding",  0,   "E",     offsetof(struct cli, encoding),    POINTS_CHECK,         "utf-8 or gb18030 (default: told by the bytes)" },
	{ "unit",      0,   "N",     offsetof(struct cli, unit),        PROBE,                "unit (slave) address (default 1)" },
	{ "area",      0,   "A",     offsetof(struct cli, area),        PROBE,                "coil, discrete, holding (default) or input" },
	{ "address",   0,   "N",     offsetof(struct cli, address),     PROBE,                "PDU address, counted from 0 (default 0)" },
	{ "count",     0,   "N",     offsetof(struct cli, count),       PROBE,                "how many, 1 to 32 (default 2)" },
	{ "gauge",     0,   "Q",     offsetof(struct cli, gauge),       PROBE,                "what a gauge beside it shows, for example 0.62MPa" },
	{ "scan",      0,   "A-B",   offsetof(struct cli, scan),        PROBE,                "which units answer" },
	{ "find",      0,   "A-B",   offsetof(struct cli, find),        PROBE,                "which areas and addresses answer" },
	{ "time",      0,   NULL,    offsetof(struct cli, time),        PROBE,                "how long answers take, and a time-out" },
	{ "samples",   0,   "N",     offsetof(struct cli, samples),     PROBE,                "requests of --time (default 100)" },
	{ "timeout",   0,   "T",     offsetof(struct cli, timeout),     PROBE,                "patience with one request" },
	{ "gap",       0,   "T",     offsetof(struct cli, gap),         PROBE,                "silence between requests (default 20ms)" },
	{ "speed",     0,   "N",     offsetof(struct cli, speed),       REPLAY,               "so many times as fast as it was (default: as fast as it goes)" },
	{ "for",       0,   "T",     offsetof(struct cli, for_time),    RECORD,               "how long (default: until it is interrupted)" },
	{ "direct",    0,   NULL,    offsetof(struct cli, direct),      RECORD,               "ask the devices here, while no daemon runs" },
	{ "zone",      0,   "Z",     offsetof(struct cli, zone),        COMMISSION_LIST | COMMISSION_WALK, "the zone of the site" },
	{ "status",    0,   "S",     offsetof(struct cli, status),      COMMISSION_LIST,      "untested, seen, proven, failed or changed" },
	{ "verdict",   0,   "V",     offsetof(struct cli, verdict),     COMMISSION_MARK,      "proven or failed" },
	{ "panel",     0,   "TEXT",  offsetof(struct cli, panel),       COMMISSION_MARK,      "what was seen at the panel" },
	{ "note",      0,   "TEXT",  offsetof(struct cli, note),        COMMISSION_MARK | RECORD, "how it was proven, or what is wrong; what is recorded" },
	{ "as",        0,   "NAME",  offsetof(struct cli, as),          SAID_BY,              "who says so (log-in name)" },
	{ "from",      0,   "T",     offsetof(struct cli, from),        LIMITS | EXPORT_LOG | EXPORT_READINGS | EXPORT_SAMPLES | EXPORT_INSPECTION, "from this date or moment (YYYY-MM-DD, YYYY-MM-DDThh:mm:ssZ)" },
	{ "to",        0,   "T",     offsetof(struct cli, to),          LIMITS | EXPORT_LOG | EXPORT_READINGS | EXPORT_SAMPLES | EXPORT_INSPECTION, "up to, not with, this date or moment" },
	{ "trust",     0,   "KEY",   offsetof(struct cli, trust),       VERIFY,               "the only public key that may have signed (64 hex digits)" },
	{ "key",       0,   NULL,    offsetof(struct cli, key),         VERIFY,               "print the public key of the newest signature, and nothing else" },
	{ "help",      'h', NULL,    offsetof(struct cli, help),        EVERY,                "print this" },
	{ "version",   'V', NULL,    offsetof(struct cli, version),     EVERY,                "print the version" },
};
// clang-format on

enum {
	N_COMMANDS = sizeof(commands) / sizeof(commands[0]),
	N_OPTIONS = sizeof(options) / sizeof(options[0]),
	LONG_ONLY = 256, // getopt's value of an option without a letter
};

static const char **
field_of(struct cli *c, const struct option_def *o)
{
	return (const char **)(void *)((char *)c + o->field);
}

static void
print_help(FILE *out)
{
	(void)fprintf(out,
	    "usage: watchroom [-c FILE] [--state DIR] [--json] SUBCOMMAND ...\n\n"
	    "subcommands:\n");
	for (int i = 0; i < N_COMMANDS; i++)
		(void)fprintf(out, "  %-12s %-7s %s\n", commands[i].name,
		    commands[i].words, commands[i].help);
	(void)fprintf(out, "\noptions:\n");
	for (int i = 0; i < N_OPTIONS; i++) {
		const struct option_def *o = &options[i];
		char left[40], letter[8] = "    ";
		if (o->letter != 0)
			(void)snprintf(letter, sizeof(letter), "-%c, ", o->letter);
		(void)snprintf(left, sizeof(left), "%s--%s %s", letter, o->name,
		    o->value != NULL ? o->value : "");
		(void)fprintf(out, "  %-20s %s\n", left, o->help);
	}
}

static const struct option_def *
option_of(int value)
{
	if (value >= LONG_ONLY)
		return &options[value - LONG_ONLY];
	for (int i = 0; i < N_OPTIONS; i++) {
		if (options[i].letter == value)
			return &options[i];
	}
	return NULL;
}

// Options may stand before and after the subcommand.
static bool
parse_options(struct cli *c, int argc, char **argv)
{
	struct option longs[N_OPTIONS + 1] = { 0 };
	char shorts[2 * N_OPTIONS + 1];
	size_t n = 0;
	for (int i = 0; i < N_OPTIONS; i++) {
		const struct option_def *o = &options[i];
		longs[i].name = o->name;
		longs[i].has_arg = o->value != NULL ? required_argument : no_argument;
		longs[i].val = o->letter != 0 ? o->letter : LONG_ONLY + i;
		if (o->letter == 0)
			continue;
		shorts[n++] = o->letter;
		if (o->value != NULL)
			shorts[n++] = ':';
	}
	shorts[n] = '\0';
	int value;
	while ((value = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct option_def *o = option_of(value);
		if (o == NULL)
			return false;
		*field_of(c, o) = o->value != NULL ? optarg : "";
	}
	c->argc = argc - optind;
	c->argv = argv + optind;
	return true;
}

// "user add" is two words on the command line.
static bool
names(const struct command *cmd, const struct cli *c, int *words)
{
	const char *space = strchr(cmd->name, ' ');
	size_t first = space != NULL ? (size_t)(space - cmd->name) : strlen(cmd->name);
	*words = space != NULL ? 2 : 1;
	if (c->argc < *words || strlen(c->argv[0]) != first ||
	    strncmp(c->argv[0], cmd->name, first) != 0)
		return false;
	return space == NULL || strcmp(c->argv[1], space + 1) == 0;
}

static const struct command *
take_command(struct cli *c)
{
	for (int i = 0; i < N_COMMANDS; i++) {
		int words;
		if (!names(&commands[i], c, &words))
			continue;
		c->command = commands[i].name;
		c->argc -= words;
		c->argv += words;
		return &commands[i];
	}
	return NULL;
}

static enum cli_exit
refuse_command(const struct cli *c)
{
	(void)fprintf(stderr, "watchroom: subcommand: found \"%s%s%s\", allowed:",
	    c->argc > 0 ? c->argv[0] : "", c->argc > 1 ? " " : "",
	    c->argc > 1 ? c->argv[1] : "");
	for (int i = 0; i < N_COMMANDS; i++)
		(void)fprintf(stderr, "%s %s", i > 0 ? "," : "", commands[i].name);
	(void)fprintf(stderr, " (watchroom --help)\n");
	return CLI_USAGE;
}

static enum cli_exit
run(struct cli *c)
{
	const struct command *cmd = take_command(c);
	if (cmd == NULL)
		return refuse_command(c);
	for (int i = 0; i < N_OPTIONS; i++) {
		if (*field_of(c, &options[i]) != NULL &&
		    (options[i].commands & cmd->bit) == 0)
			return cli_fail(c, CLI_USAGE,
			    "option --%s does not belong to this subcommand",
			    options[i].name);
	}
	return cmd->run(c);
}

int
main(int argc, char **argv)
{
	struct cli c = { .command = "" };
	log_init("watchroom", false);
	if (!parse_options(&c, argc, argv))
		return CLI_USAGE;
	if (c.help != NULL) {
		print_help(stdout);
		return CLI_OK;
	}
	if (c.version != NULL) {
		(void)printf("watchroom %s\n", WATCHROOM_VERSION);
		return CLI_OK;
	}
	enum cli_exit code = run(&c);
	if (fflush(stdout) != 0 && code == CLI_OK)
		code = cli_fail(&c, CLI_FAILED, "standard output: cannot be written");
	return code;
}
