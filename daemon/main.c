// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// watchroomd: options, and the order in which the parts start and stop. Broken
// configuration starts the last good copy with a loud alarm: no monitoring is worse
// than old monitoring (I12).
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "config/config.h"
#include "daemon.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/paths.h"
#include "reload.h"

enum {
	EXIT_BAD_INPUT = 2,
	STOP_PATIENCE_MS = 5000,
	DESCRIPTORS = 8192
};

// ---- options ----------------------------------------------------------------------

static void
usage(FILE *out)
{
	(void)fprintf(out,
	    "usage: watchroomd -c FILE [--state DIR] [--check [--against FILE]] "
	    "[--debug]\n"
	    "       watchroomd --version | --help\n"
	    "\n"
	    "  -c, --config FILE  the site\n"
	    "      --state DIR    state (default $STATE_DIRECTORY, else "
	    "/var/lib/watchroom)\n"
	    "      --check        check the site, print buses and budgets, exit 0 or "
	    "2\n"
	    "      --against FILE  with --check: print what changes against that site\n"
	    "      --debug        log more\n");
}

static const char *
default_state(void)
{
	const char *s = getenv("STATE_DIRECTORY");
	return s != NULL && s[0] != '\0' ? s : "/var/lib/watchroom";
}

static void
parse_options(struct daemon *d, int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "state", required_argument, NULL, 's' },
		{ "check", no_argument, NULL, 'k' },
		{ "against", required_argument, NULL, 'a' },
		{ "debug", no_argument, NULL, 'd' },
		{ "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int opt;
	while ((opt = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			d->config_file = optarg;
			break;
		case 's':
			d->state_directory = optarg;
			break;
		case 'k':
			d->check_only = true;
			break;
		case 'a':
			d->against = optarg;
			break;
		case 'd':
			d->debug = true;
			break;
		case 'v':
			(void)printf("watchroomd %s\n", WATCHROOM_VERSION);
			exit(EXIT_SUCCESS);
		case 'h':
			usage(stdout);
			exit(EXIT_SUCCESS);
		default:
			usage(stderr);
			exit(EXIT_BAD_INPUT);
		}
	}
	if (d->config_file == NULL || optind != argc ||
	    (d->against != NULL && !d->check_only)) {
		usage(stderr);
		exit(EXIT_BAD_INPUT);
	}
	if (d->state_directory == NULL)
		d->state_directory = default_state();
}

// ---- configuration ------------------------------------------------------------------

static int
check(struct daemon *d)
{
	struct problems *p = xcalloc(1, sizeof(*p));
	struct site *s = d->against != NULL ? site_load_changes(d->config_file,
						  d->panels, d->against, p, stdout)
					    : site_load(d->config_file, d->panels, p);
	if (s == NULL)
		problems_print(p, stderr);
	else if (d->against == NULL)
		site_print_summary(s, stdout);
	problems_free(p);
	free(p);
	int rc = s != NULL ? EXIT_SUCCESS : EXIT_BAD_INPUT;
	site_free(s);
	return rc;
}

static void
make_directory(const char *path)
{
	if (mkdir(path, 0750) != 0 && errno != EEXIST)
		fatal("state", "cannot make the directory %s", path);
}

// ---- wiring -------------------------------------------------------------------------

static void
on_event(void *ctx, const struct event *ev)
{
	const struct daemon *d = ctx;
	if (d->console != NULL)
		console_push_event(d->console, ev);
}

static void
on_durable(void *ctx, const struct event *ev)
{
	const struct daemon *d = ctx;
	if (d->console != NULL)
		console_push_durable(d->console, ev->stream_n, ev->seq);
	engine_durable(d->engine, ev);
}

static void
on_saved(void *ctx, uint64_t serial, bool durable)
{
	outbox_saved(((struct daemon *)ctx)->outbox, serial, durable);
}

static void
on_alarm(void *ctx, struct alarm_record *r, bool closed)
{
	const struct daemon *d = ctx;
	if (d->outputs != NULL)
		outputs_alarm(d->outputs, r, closed);
	if (d->console == NULL)
		return;
	struct alarm_view v;
	host_alarm_view(d, r, &v);
	console_push_alarm(d->console, &v);
	console_push_health(d->console);
}

static void
on_raised(void *ctx, struct alarm_record *r, const struct event *onset)
{
	(void)onset;
	outbox_raised(((struct daemon *)ctx)->outbox, r);
}

static void
on_answered(void *ctx, struct alarm_record *r)
{
	outbox_answered(((struct daemon *)ctx)->outbox, r);
}

static void
on_sound(void *ctx, bool on)
{
	const struct daemon *d = ctx;
	log_debug("sound", "sound is wanted: %s", on ? "yes" : "no");
	if (d->outputs != NULL)
		outputs_sound(d->outputs);
	if (d->console != NULL)
		console_push_health(d->console);
}

static void
on_asked(void *ctx)
{
	const struct daemon *d = ctx;
	if (d->console != NULL)
		console_push_health(d->console);
}

static void
on_receipt(void *ctx, const struct receipt *r)
{
	outbox_receipt(((struct daemon *)ctx)->outbox, r);
}

static void
on_store_mode(void *ctx, enum store_mode mode, const char *detail)
{
	const struct daemon *d = ctx;
	if (d->supervise == NULL)
		return;
	supervise_store(d->supervise, mode, detail);
	if (d->console != NULL)
		console_push_health(d->console);
}

// Stands as long as a loss of events does, below.
static void
on_store_unread(void *ctx)
{
	const struct daemon *d = ctx;
	log_warnx("store", "not all that the journal set aside held could be read");
	if (d->engine != NULL)
		engine_system_one(d->engine, d->site->store_point, true, "not-carried");
}

static void
on_store_lost(
    void *ctx, int64_t from_utc_ms, int64_t to_utc_ms, const uint32_t lost[CLASS_COUNT])
{
	const struct daemon *d = ctx;
	uint64_t sum = 0;
	for (unsigned i = 0; i < CLASS_COUNT; i++)
		sum += lost[i];
	log_warnx("store", "%llu events could not be kept between %lld and %lld",
	    (unsigned long long)sum, (long long)from_utc_ms, (long long)to_utc_ms);
	// Stands until the store's mode changes or a restart: a person must know of it,
	// and its own events must not bring it again.
	engine_system_one(d->engine, d->site->store_point, true, "events-lost");
}

static void
on_ended(void *arg)
{
	loop_stop(((struct daemon *)arg)->loop);
}

// Outputs take the state that they have while nobody drives them; then it ends.
void
daemon_end(struct daemon *d)
{
	if (d->outputs != NULL)
		outputs_end(d->outputs, on_ended, d);
	else
		on_ended(d);
}

// A person's word to end outdoes a renewal that has begun.
static void
on_stop_signal(void *arg)
{
	struct daemon *d = arg;
	d->renews = false;
	daemon_end(d);
}

static void
on_alive(void *ctx, const char *why)
{
	outputs_alive(((struct daemon *)ctx)->outputs, why);
}

static void
on_hangup(void *arg)
{
	recheck_start(((struct daemon *)arg)->recheck);
}

// ---- start and stop
// ---------------------------------------------------------------------

static void
start_store(struct daemon *d)
{
	const struct site *s = d->site;
	const struct store_host host = {
		.ctx = d,
		.mode = on_store_mode,
		.unread = on_store_unread,
		.lost = on_store_lost,
		.anchored = journal_anchored,
		.cut = journal_cut,
	};
	const char *dir =
	    s->store_directory[0] != '\0' ? s->store_directory : d->state_directory;
	make_directory(dir);
	d->store_directory = dir;
	const struct store_options options = {
		.directory = dir,
		.site_id = s->id,
		.site_name_zh = s->name_zh,
		.site_name_en = s->name_en,
		.time_zone = s->time_zone,
		.statistics_day_min = s->statistics_day_min,
		.config_rev = s->revision,
		.watched = s,
		.key_directory = d->state_directory,
		.anchor_every_ms = s->anchor_every_ms,
		.keep_events_months = s->keep_events_months,
		.keep_minutes_months = s->keep_minutes_months,
		.keep_samples_months = s->samples.keep_months,
		.keep_every_sample_ms = s->samples.every_ms,
	};
	struct err e = { 0 };
	d->store = store_open(&options, d->loop, &host, &e);
	if (d->store == NULL)
		fatalx("store", "%s", e.text);
}

static void
start_engine(struct daemon *d)
{
	const struct recovered *r = store_recovered(d->store);
	const struct works_host works_host = {
		.ctx = d,
		.event = on_event,
		.durable = on_durable,
		.saved = on_saved,
	};
	d->works = works_new(d->loop, d->store, r->last_boot + 1, &works_host);
	const struct engine_host engine_host = {
		.ctx = d,
		.alarm = on_alarm,
		.raised = on_raised,
		.answered = on_answered,
		.sound = on_sound,
		.asked = on_asked,
		.point_rule = host_point_rule,
		.round = host_round,
	};
	d->engine = engine_new(d->loop, d->site, d->store, d->works, &engine_host);
	d->outbox = outbox_new(d->loop, d->site, d->works, d->engine);
	engine_recover(d->engine, r, life_begins(d, r));
	outbox_recover(d->outbox, r);
	d->outputs = outputs_new(d->loop, d->site, d->engine, d->works);
	d->field = field_new(d->loop, d->site, d->works, r);
	const struct report_plans_parts reports = {
		.loop = d->loop,
		.site = d->site,
		.engine = d->engine,
		.works = d->works,
		.program = d->reports_program,
		.file = d->running_file,
		.directory = d->store_directory,
	};
	d->report_plans = report_plans_new(&reports, r);
	bool unread = r->unread;
	store_recovered_free(d->store);
	d->supervise = supervise_new(d->loop, d->site, d->engine, d->works, d->store);
	if (d->clock_behind)
		supervise_clock_behind(d->supervise);
	supervise_tell_alive(d->supervise, on_alive, d);
	if (unread)
		engine_system_one(d->engine, d->site->store_point, true, "not-carried");
	if (d->last_good)
		engine_system_one(
		    d->engine, d->site->loop_point, true, "last-good-configuration");
}

static void
on_listen(void *ctx, uint16_t bus, const struct bus_tap *tap)
{
	running_site_listen(((const struct daemon *)ctx)->running, bus, tap);
}

static unsigned
get_decisions(
    void *ctx, uint32_t point, struct decision out[static DECISIONS_PER_POINT])
{
	return engine_decisions(((const struct daemon *)ctx)->engine, point, out);
}

// Nothing waits for it: without it the command line cannot ask, that is all.
static void
start_control(struct daemon *d)
{
	const struct control_host host = {
		.ctx = d,
		.site = d->site,
		.version = WATCHROOM_VERSION,
		.listen = on_listen,
		.decisions = get_decisions,
	};
	char *path = paths_control(d->state_directory);
	struct err e = { 0 };
	d->control = control_start(d->loop, &host, path, &e);
	if (d->control == NULL)
		log_warnx("control", "%s", e.text);
	free(path);
}

static void
start_outward(struct daemon *d)
{
	const struct delivery_host delivery_host = { .ctx = d, .receipt = on_receipt };
	d->delivery = delivery_start(d->site, d->loop, &delivery_host);
	outbox_attach(d->outbox, d->delivery);
	host_start_console(d);
	const struct running_parts parts = {
		.loop = d->loop,
		.site = d->site,
		.engine = d->engine,
		.field = d->field,
		.delivery = d->delivery,
		.outputs = d->outputs,
	};
	d->running = running_site_start(&parts);
	start_control(d);
}

static void
stop(struct daemon *d)
{
	recheck_free(d->recheck);
	report_plans_free(d->report_plans);
	control_stop(d->control);
	running_site_stop(d->running);
	d->running = NULL;
	delivery_stop(d->delivery);
	outbox_attach(d->outbox, NULL);
	engine_close(d->engine);
	field_close(d->field);
	life_ends(d);
	works_flush(d->works);
	store_close(d->store, STOP_PATIENCE_MS);
	host_stop_console(d);
	supervise_free(d->supervise);
	outputs_free(d->outputs);
	d->outputs = NULL;
	outbox_free(d->outbox);
	engine_free(d->engine);
	works_free(d->works);
	field_free(d->field);
	loop_free(d->loop);
	site_free(d->site);
	free(d->loaded_file);
	free(d->running_file);
	free(d->panels);
	free(d->web);
	free(d->reports_program);
}

static void
raise_limits(void)
{
	struct rlimit l;
	if (getrlimit(RLIMIT_NOFILE, &l) != 0)
		return;
	l.rlim_cur = l.rlim_max < DESCRIPTORS ? l.rlim_max : DESCRIPTORS;
	(void)setrlimit(RLIMIT_NOFILE, &l);
}

// Signals that end the daemon wait, or no longer do. Waiting ones outlive a renewal.
static void
hold_stop_signals(bool hold)
{
	sigset_t stops;

	(void)sigemptyset(&stops);
	(void)sigaddset(&stops, SIGTERM);
	(void)sigaddset(&stops, SIGINT);
	(void)sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &stops, NULL);
}

// A stop that came with the renewal is still heard here; a later one is the matter of
// the next life, which hears it once it watches for it.
static void
settle_renewal(struct daemon *d)
{
	if (!d->renews)
		return;
	hold_stop_signals(true);
	loop_run_ready(d->loop);
}

static void
tell_the_end(const struct daemon *d)
{
	if (d->renews)
		(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
		    (long long)loop_now_ms(d->loop) * 1000);
	else
		(void)sd_notify(0, "STOPPING=1");
}

static int
run(struct daemon *d)
{
	make_directory(d->state_directory);
	if (!last_good_or_new(d))
		return EXIT_BAD_INPUT;
	// Messages to people say local time; nothing is stored in it. Before any
	// thread.
	(void)setenv("TZ", d->site->time_zone, 1);
	tzset();
	raise_limits();
	d->loop = loop_new(clock_real());
	d->running_file = last_good_file(d);
	d->recheck = reload_new(d);
	d->started_utc_ms = loop_utc_ms(d->loop);
	// From here on a signal waits for the loop: a stop that comes during the start
	// is a stop in order.
	struct loop_watch *term =
	    loop_watch_signal(d->loop, SIGTERM, on_stop_signal, d);
	struct loop_watch *intr = loop_watch_signal(d->loop, SIGINT, on_stop_signal, d);
	struct loop_watch *hup = loop_watch_signal(d->loop, SIGHUP, on_hangup, d);
	hold_stop_signals(true); // the threads that start now are born so
	start_store(d);
	last_good_keep(d);
	(void)malloc_trim(0); // what both readings needed for a moment goes back
	start_engine(d);
	start_outward(d);
	log_info("main", "watching %u points", d->site->n_site_points);
	(void)sd_notify(0, "READY=1");
	hold_stop_signals(false);
	int rc = loop_run(d->loop);
	settle_renewal(d);
	tell_the_end(d);
	loop_unwatch(term);
	loop_unwatch(intr);
	loop_unwatch(hup);
	stop(d);
	return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	static struct daemon d;
	parse_options(&d, argc, argv);
	log_init("watchroomd", d.debug);
	(void)umask(
	    S_IRWXO | S_IWGRP); // the journal holds people and their PINs' hashes
	mem_big_pieces_apart();
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN); // a reload before there is anything to reload
	if (sodium_init() < 0)
		fatalx("main", "cannot start the cryptographic library");
	d.panels = xstrdup(panels_directory());
	d.web = paths_data("web");
	d.reports_program = paths_program("watchroom");
	if (d.check_only) {
		int rc = check(&d);
		free(d.panels);
		free(d.web);
		free(d.reports_program);
		return rc;
	}
	int rc = run(&d);
	if (d.renews && rc == EXIT_SUCCESS)
		reload_renew(argv);
	return rc;
}
