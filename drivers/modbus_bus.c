// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// One Modbus bus: its link, and the step that does what is due. Runs on the loop;
// allocates at start only. Whom to ask is modbus_schedule.c's, what becomes of a
// request modbus_flight.c's. Refuses to open a link that nobody needs now, to hammer a
// peer that takes connections and gives nothing, and to listen to a line that never
// stops talking.

#include "drivers/modbus_bus.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "drivers/modbus_flight.h"
#include "drivers/modbus_schedule.h"
#include "drivers/modbus_tap.h"
#include "lib/log.h"
#include "lib/mem.h"

enum {
	REOPEN_MS = 1000, // a port, or a link that several devices want
	BABBLE_REOPEN_MS = 1000,
	REOPEN_AFTER_TIMEOUTS = 2, // and each device among them
	AUDIT_MS = 500,
	MARK_US = 60000000,
	NOISE_MAX = 4096, // bytes: more than any answer that is merely late
};

static int64_t
now_of(const struct mbus *b)
{
	return loop_now_ms(b->host->loop);
}

int64_t
mbus_now_us(const struct mbus *b)
{
	struct timespec ts;

	if (loop_clock(b->host->loop)->virtual_time)
		return now_of(b) * 1000;
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void
say_lost(struct mbus *b, const char *code)
{
	uint32_t times;

	if (!link_log_went(&b->log, now_of(b)))
		return;
	times = b->log.times;
	b->log.times = 0;
	if (times > 1)
		log_warnx("modbus", "bus %s is lost: %s, for the %uth time", b->def->id,
		    code, times);
	else
		log_warnx("modbus", "bus %s is lost: %s", b->def->id, code);
}

static void
say_back(struct mbus *b)
{
	int64_t since = b->log.since_ms;

	if (link_log_back(&b->log, now_of(b)))
		log_info("modbus", "bus %s is back after %lld s, %u tries failed",
		    b->def->id, (long long)((now_of(b) - since) / 1000), b->log.tries);
}

void
mbus_still_lost(struct mbus *b, const char *code)
{
	if (link_log_still(&b->log, now_of(b)))
		log_warnx("modbus", "bus %s is still lost: %s, %u tries failed",
		    b->def->id, code, b->log.tries);
}

static void
tell_link(struct mbus *b, bool lost, const char *code)
{
	bool same = b->link_told && b->link_lost == lost;

	if (same && (!lost || strcmp(code, b->lost_code) == 0))
		return;
	if (lost && !same)
		say_lost(b, code);
	else if (!lost && b->link_told)
		say_back(b);
	b->link_told = true;
	b->link_lost = lost;
	b->lost_code = lost ? code : NULL;
	b->lost_by_port = false;
	b->host->link(b->host->ctx, b->def->link_point, lost, code);
}

void
mbus_alive(struct mbus *b)
{
	tell_link(b, false, "");
}

// The whole bus is gone: one report for it, then each device, so that nothing is taken
// for known.
static void
lose_bus(struct mbus *b, const char *code)
{
	if (b->link_lost)
		mbus_still_lost(b, code);
	tell_link(b, true, code);
	for (uint16_t i = 0; i < b->n_devices; i++)
		device_lost_with_bus(&b->devices[i], code);
}

static void
skip_missed(struct mbus *b)
{
	for (uint16_t i = 0; i < b->n_devices; i++)
		device_skip_missed(&b->devices[i]);
}

// --- opening and closing ---------------------------------------------------

static void
close_link(struct mbus *b, const char *code)
{
	b->transport->close(b);
	b->state = MBUS_CLOSED;
	b->n_received = 0;
	b->sums.disconnects++;
	flight_drop(b, code);
}

static void
open_link(struct mbus *b, uint16_t device)
{
	const char *code = "port";

	b->device = device;
	b->state = MBUS_OPENING;
	b->n_received = 0;
	b->deaf = false;
	b->noise = 0;
	b->heard_here = false;
	b->opening_until_ms = now_of(b) + b->devices[device].def->timeout_ms;
	switch (b->transport->open(b, &code)) {
	case MBUS_OPEN_DONE:
		mbus_opened(b);
		return;
	case MBUS_OPEN_LATER:
		return;
	case MBUS_OPEN_FAILED:
		mbus_open_failed(b, code);
		return;
	}
	wr_unreachable("mbus_open");
}

// Each attempt that came to nothing; lost when they are more than the retries of the
// device it was for.
static void
count_failure(struct mbus *b, const char *code)
{
	b->sums.open_failures++;
	if (b->open_failures < UINT8_MAX)
		b->open_failures++;
	if (b->open_failures > b->devices[b->device].def->retries)
		lose_bus(b, code);
}

// --- the step --------------------------------------------------------------

// Does one thing that may be done now: true. Else *when is the time of the next.
static bool
act(struct mbus *b, int64_t *when)
{
	struct schedule_choice c;
	int64_t now = now_of(b);

	*when = INT64_MAX;
	if (b->state == MBUS_OPENING || b->n_devices == 0 || b->n_flying == b->window)
		return false;
	c = schedule_choose(b);
	*when = c.when_ms;
	if (b->state == MBUS_CLOSED && *when < b->reopen_ms)
		*when = b->reopen_ms;
	if (*when > now && *when != INT64_MAX)
		*when = schedule_slot(*when);
	if (*when < b->quiet_until_ms)
		*when = b->quiet_until_ms;
	if (*when > now)
		return false;
	if (b->state == MBUS_CLOSED)
		open_link(b, c.device);
	else if (flight_send(b, c.device) != 0)
		mbus_broken(b, "send");
	return true;
}

// Nothing can be overdue while the bus sleeps.
static void
audit(struct mbus *b)
{
	b->audit_ms = now_of(b) + AUDIT_MS;
	if (mbus_now_us(b) - b->marks[1].us >= MARK_US) {
		b->marks[0] = b->marks[1];
		b->marks[1] = (struct bus_mark){
			.us = mbus_now_us(b),
			.busy_us = b->sums.busy_us,
			.sick_us = b->sums.sick_us,
		};
	}
	for (uint16_t i = 0; i < b->n_devices; i++)
		device_audit(&b->devices[i]);
}

// Does all that is due now and waits for what comes next. Called after everything that
// may have changed it, maybe from within itself.
static void
step(struct mbus *b)
{
	int64_t when, deadline;

	if (b->stepping)
		return;
	b->stepping = true;
	if (now_of(b) >= b->audit_ms)
		audit(b);
	while (act(b, &when))
		;
	b->stepping = false;
	deadline =
	    b->state == MBUS_OPENING ? b->opening_until_ms : flight_deadline_ms(b);
	if (deadline < when)
		when = deadline;
	if (when == INT64_MAX)
		loop_timer_stop(b->host->loop, &b->timer);
	else
		loop_timer_at(b->host->loop, &b->timer, when);
}

// All units and nothing else, each of them asked, for as long as one of them would be
// given: it is not the units, it is the line.
static void
check_silence(struct mbus *b)
{
	if (!schedule_shared(b) || b->link_lost || schedule_any_well(b) ||
	    !schedule_all_asked(b, b->heard_ms) ||
	    now_of(b) - b->heard_ms < schedule_longest_patience_ms(b))
		return;
	lose_bus(b, "silent");
}

// One unit that is silent costs nobody the connection; all of them, one after another,
// may be the connection.
static void
check_connection(struct mbus *b)
{
	if (b->transport->port || b->timeouts_in_row < REOPEN_AFTER_TIMEOUTS ||
	    (schedule_shared(b) && !schedule_all_asked(b, b->heard_ms)))
		return;
	b->timeouts_in_row = 0;
	close_link(b, NULL);
}

static void
on_timer(void *arg)
{
	struct mbus *b = arg;

	if (b->state == MBUS_OPENING && now_of(b) >= b->opening_until_ms) {
		b->transport->close(b);
		mbus_open_failed(b, "timeout");
		return;
	}
	if (flight_expire(b) > 0) {
		check_silence(b);
		check_connection(b);
	}
	step(b);
}

// --- from the transport ----------------------------------------------------

void
mbus_opened(struct mbus *b)
{
	b->state = MBUS_OPEN;
	b->sums.connects++;
	if (b->tap != NULL)
		tap_link(b, NULL);
	b->timeouts_in_row = 0;
	b->quiet_until_ms = now_of(b) + b->def->settle_ms;
	if (!b->link_told || b->lost_by_port)
		tell_link(b, false, "");
	step(b);
}

void
mbus_open_failed(struct mbus *b, const char *code)
{
	bool wait = schedule_shared(b) || b->transport->port;

	b->state = MBUS_CLOSED;
	b->reopen_ms = now_of(b) + (wait ? REOPEN_MS : 0);
	if (b->tap != NULL)
		tap_link(b, code);
	count_failure(b, code);
	b->lost_by_port = b->link_lost;
	skip_missed(b);
	step(b);
}

void
mbus_broken(struct mbus *b, const char *code)
{
	bool unheard = !b->heard_here;

	if (b->tap != NULL)
		tap_link(b, code);
	close_link(b, code);
	b->reopen_ms = now_of(b);
	if (b->transport->port) {
		// A serial port that breaks is gone; a peer that hangs up may take us
		// again.
		b->reopen_ms += REOPEN_MS;
		lose_bus(b, code);
		b->lost_by_port = true;
	} else if (unheard) {
		count_failure(b, code);
		if (schedule_shared(b) && b->open_failures > 1)
			b->reopen_ms += REOPEN_MS;
		device_skip_missed(&b->devices[b->device]);
	}
	step(b);
}

uint8_t *
mbus_room(struct mbus *b, size_t *room)
{
	// A full buffer that is no frame cannot become one.
	if (b->n_received == sizeof(b->received))
		b->n_received = 0;
	*room = sizeof(b->received) - b->n_received;
	return b->received + b->n_received;
}

// A line that never stops talking, or a peer that floods: one fault of the bus.
static void
stop_listening(struct mbus *b)
{
	if (b->tap != NULL)
		tap_link(b, "babble");
	close_link(b, NULL);
	b->reopen_ms = now_of(b) + BABBLE_REOPEN_MS;
	b->sums.babbles++;
	lose_bus(b, "babble");
	skip_missed(b);
}

void
mbus_received(struct mbus *b, size_t n)
{
	switch (flight_take(b, n)) {
	case TAKE_DONE:
		break;
	case TAKE_LOST:
		mbus_broken(b, "malformed");
		return;
	case TAKE_BABBLE:
		stop_listening(b);
		break;
	}
	step(b);
}

// --- life ------------------------------------------------------------------

static uint16_t
count_devices(const struct site *site, uint16_t bus_index)
{
	uint16_t n = 0;

	for (uint16_t i = 0; i < site->n_devices; i++)
		if (site->devices[i].bus == bus_index)
			n++;
	return n;
}

static void
start_devices(struct mbus *b, uint16_t bus_index)
{
	const struct site *site = b->host->site;
	uint16_t n = count_devices(site, bus_index), at = 0;

	b->devices = xcalloc(n ? n : 1, sizeof(*b->devices));
	b->n_devices = n;
	for (uint16_t i = 0; i < site->n_devices; i++) {
		const struct device *def = &site->devices[i];
		int64_t phase;

		if (def->bus != bus_index)
			continue;
		phase = schedule_phase_ms(bus_index, n, at, def->poll_ms);
		device_init(&b->devices[at++], b->host, &b->codes, i,
		    schedule_slot(now_of(b) + phase));
	}
}

void
mbus_start(struct mbus *b, const struct driver_host *host,
    const struct mbus_transport *transport, uint16_t bus_index)
{
	b->host = host;
	b->transport = transport;
	b->def = &host->site->buses[bus_index];
	b->jitter = bus_index * 2654435761U + 1;
	b->heard_ms = now_of(b);
	b->marks[0].us = b->marks[1].us = mbus_now_us(b);
	b->window = b->def->window > 1 ? b->def->window : 1;
	if (b->noise_max == 0)
		b->noise_max = NOISE_MAX;
	if (b->silence_ms < (b->gap_us + 999) / 1000)
		b->silence_ms = (b->gap_us + 999) / 1000;
	decode_codes_find(host->site, &b->codes);
	loop_timer_init(&b->timer, on_timer, b);
	start_devices(b, bus_index);
	b->n_flights = (uint8_t)(b->window + flight_may_linger(b));
	b->flights = xcalloc(b->n_flights, sizeof(*b->flights));
	step(b);
}

void
mbus_stop(struct mbus *b)
{
	loop_timer_stop(b->host->loop, &b->timer);
	if (b->state != MBUS_CLOSED)
		b->transport->close(b);
	b->state = MBUS_CLOSED;
	for (uint16_t i = 0; i < b->n_devices; i++)
		device_free(&b->devices[i]);
	free(b->devices);
	free(b->flights);
	b->devices = NULL;
	b->flights = NULL;
	b->n_devices = 0;
}

void
mbus_listen(struct mbus *b, const struct bus_tap *tap)
{
	b->tap = tap;
}

void
mbus_stored(struct mbus *b, uint16_t device, uint64_t token, bool durable)
{
	for (uint16_t i = 0; i < b->n_devices; i++)
		if (b->devices[i].index == device)
			device_stored(&b->devices[i], token, durable);
	step(b);
}

void
mbus_drive(struct mbus *b, uint16_t output, bool on)
{
	// A wish may come from within an answer or the loss of a link of this very bus:
	// a lamp for the fault of its own module. The next turn of the loop sends it.
	for (uint16_t i = 0; i < b->n_devices; i++)
		if (device_drive(&b->devices[i], output, on))
			loop_timer_in(b->host->loop, &b->timer, 0);
}
