// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The rules of a bus. On a link of its own a device is asked each period, dead or
// alive. On a shared one three rules keep units that do not answer from harming the
// others (I7):
//   1. once a unit has wasted time, none that is not known to be well is asked while
//      a healthy one is due, nor a second time while one is that was never asked,
//      unless it has waited for four of its periods;
//   2. sick units together get at most a tenth of the line's time while any unit is
//      healthy, and each that is lost backs off with jitter up to 30 s beyond that;
//   3. in a period in which time was wasted already, a healthy unit that is late is
//      given only a few times its usual reply time before it counts as doubtful, and a
//      lost one is probed with no more than that but each fourth time;
//      where nobody says how long a gateway waits for a unit, it is tried meanwhile
//      (modbus_gateway.c);
//   4. where several requests may be in flight, no unit takes the last place, one that
//      is not known to be well takes one, and of the sick one is asked at a time.
//   5. where more units fall silent at once than the site reckons with (silent_units)
//      while others answer, those in doubt too are tried with only a few times the
//      usual reply time, and together get at most a third of the line's time.
// Of units in doubt the one goes first that has cost least, and none begins a time-out
// that outlasts the wait of one that is not sick for an owed reply, or while one that
// has cost less is about to be asked again.
// Sick is what is lost, and what answered less than three quarters of its last polls: a
// unit that flaps is not a healthy one in between.
// Runs on the loop, keeps nothing of its own. Missed polls are skipped, never caught
// up.

#include "drivers/modbus_schedule.h"

#include "drivers/modbus_gateway.h"

enum {
	LONG_PERIODS = 4,
	FALLEN_SHARE = 3,
	FALLEN_BEYOND = 1, // one more may be in doubt for lost replies (budget.h)
};

static int64_t
now_of(const struct mbus *b)
{
	return loop_now_ms(b->host->loop);
}

bool
schedule_shared(const struct mbus *b)
{
	return b->n_devices > 1;
}

bool
schedule_any_well(const struct mbus *b)
{
	for (uint16_t i = 0; i < b->n_devices; i++)
		if (device_well(&b->devices[i]))
			return true;
	return false;
}

// What it wastes comes out of the share of the dead. One that missed a poll or two, and
// one that was never asked, are not meant: whether they are well must be known soon.
static bool
is_sick(const struct field_device *d)
{
	return d->link == DEVICE_LOST || device_sickly(d);
}

// One of many that fell silent at once.
static bool
is_fallen(const struct mbus *b, const struct field_device *d)
{
	return b->many_fell && d->link == DEVICE_DOUBTFUL && !is_sick(d);
}

// Who goes first once time was wasted.
enum rank {
	RANK_WELL,
	RANK_SHAKY, // well, but it missed one of its last polls
	RANK_NEVER_ASKED,
	RANK_DOUBTFUL, // missed its last poll, and may still be well
	RANK_SICK,
};

static enum rank
rank_of(const struct field_device *d)
{
	unsigned of;

	if (device_well(d))
		return device_health(d, &of) == of ? RANK_WELL : RANK_SHAKY;
	if (d->attempt_ms == 0)
		return RANK_NEVER_ASKED;
	return is_sick(d) ? RANK_SICK : RANK_DOUBTFUL;
}

// While any unit may be well the sick have their share of the time and no more.
static bool
any_hope(const struct mbus *b)
{
	for (uint16_t i = 0; i < b->n_devices; i++)
		if (!is_sick(&b->devices[i]))
			return true;
	return false;
}

// All that is due of it waits for a late reply to be over.
static bool
is_owed(const struct mbus *b, const struct field_device *d)
{
	uint16_t next;

	if (d->owed_until_ms <= now_of(b) || d->in_flight > 0)
		return false;
	next = device_next_block(d, now_of(b));
	return next != PLAN_NONE && device_block_owed(d, next, now_of(b));
}

// The first rank of which a unit is due, and of which one is due that had no turn since
// time was last wasted. Of those that are not sick and wait for a late reply to be over
// the shortest time-out.
struct waiting {
	enum rank any, turnless;
	uint32_t owed_timeout_ms;
};

static struct waiting
who_waits(const struct mbus *b)
{
	struct waiting w = { RANK_SICK, RANK_SICK, UINT32_MAX };

	if (!schedule_shared(b) || b->wasted_ms == 0)
		return w;
	for (uint16_t i = 0; i < b->n_devices; i++) {
		const struct field_device *d = &b->devices[i];
		enum rank rank = rank_of(d);

		if (d->in_flight > 0 || d->due_ms > now_of(b))
			continue;
		// Many events that are fetched one by one keep nobody from being asked.
		if (d->attempt_ms >= b->wasted_ms && !device_waits(d, now_of(b)))
			continue;
		if (is_owed(b, d)) {
			if (rank <= RANK_DOUBTFUL &&
			    d->def->timeout_ms < w.owed_timeout_ms)
				w.owed_timeout_ms = d->def->timeout_ms;
			continue;
		}
		w.any = rank < w.any ? rank : w.any;
		if (d->attempt_ms < b->wasted_ms && rank < w.turnless)
			w.turnless = rank;
	}
	return w;
}

// Of its periods, or of its time-outs where those are longer: else each of them would
// be followed by the next.
static int64_t
long_ms(const struct field_device *d)
{
	uint32_t one =
	    d->def->poll_ms > d->def->timeout_ms ? d->def->poll_ms : d->def->timeout_ms;

	return (int64_t)one * LONG_PERIODS;
}

// The well and the shaky go in order of time but for a turn each after time was wasted,
// and before all others. A line that is never idle must not keep those from being asked
// for ever.
static bool
must_wait(const struct mbus *b, const struct field_device *d, struct waiting waits)
{
	if (!schedule_shared(b) || b->wasted_ms == 0)
		return false; // who_waits: nobody

	enum rank rank = rank_of(d);
	bool healthy = rank <= RANK_SHAKY;
	bool long_since = now_of(b) - d->attempt_ms >= long_ms(d);

	if (healthy || long_since)
		return rank > waits.turnless;
	// Nor does a long time-out begin that would outlast the other's wait.
	return rank > waits.any || d->def->timeout_ms > waits.owed_timeout_ms;
}

// How many requests of the device may be in flight. On a shared connection no unit
// takes the last place, for it may have fallen silent, and one that is not known to be
// well takes one.
static unsigned
places_of(const struct mbus *b, const struct field_device *d)
{
	unsigned own = d->def->window > 1 ? d->def->window : 1;
	unsigned most = b->window > 1 ? b->window - 1U : 1;

	if (!schedule_shared(b))
		return own;
	if (!device_well(d))
		return 1;
	return own < most ? own : most;
}

static bool
sick_in_flight(const struct mbus *b)
{
	for (uint8_t i = 0; i < b->n_flights; i++) {
		const struct mbus_flight *f = &b->flights[i];

		if (f->used && !f->lingers && is_sick(&b->devices[f->device]))
			return true;
	}
	return false;
}

// What a unit in doubt will have cost after one more try.
static uint64_t
stake_ms(const struct field_device *d)
{
	return (d->misses + 1ULL) * d->def->timeout_ms;
}

// The reply of one that has cost less is still waited for beside the others: then that
// one is asked again first, or it would wait for all of this one's time-out. But nobody
// waits so for one that is sick, which has no turn before those that are not.
static bool
cheaper_lingers(const struct mbus *b, const struct field_device *d)
{
	for (uint8_t i = 0; i < b->n_flights; i++) {
		const struct mbus_flight *f = &b->flights[i];
		const struct field_device *u = &b->devices[f->device];

		if (f->used && f->lingers && (!is_sick(u) || is_sick(d)) &&
		    stake_ms(u) < stake_ms(d))
			return true;
	}
	return false;
}

// When this device may be asked. INT64_MAX: not before another has had its turn.
static int64_t
may_ask_ms(
    const struct mbus *b, const struct field_device *d, bool hope, struct waiting waits)
{
	int64_t when = d->due_ms;

	if (d->in_flight >= places_of(b, d))
		return INT64_MAX;
	if (must_wait(b, d, waits))
		return INT64_MAX;
	if (!device_well(d) && cheaper_lingers(b, d))
		return INT64_MAX;
	if (hope && is_sick(d)) {
		if (b->n_flying > 0 && sick_in_flight(b))
			return INT64_MAX; // their share is of one at a time
		if (when < b->dead_next_ms)
			when = b->dead_next_ms;
	}
	if (is_fallen(b, d) && when < b->fallen_next_ms)
		when = b->fallen_next_ms;
	if (when < d->owed_until_ms && is_owed(b, d))
		when = device_unowed_due_ms(d, now_of(b));
	return when;
}

// Of two that are in doubt the one goes first that has cost less, so that one with a
// short time-out does not wait for the tries of one with a long one; then by turns.
static bool
is_cheaper(const struct field_device *a, const struct field_device *z)
{
	if (stake_ms(a) != stake_ms(z))
		return stake_ms(a) < stake_ms(z);
	return a->attempt_ms < z->attempt_ms;
}

// Of two devices that may be asked now the one whose block is of the higher class, of
// the rest the earlier one.
static bool
goes_first(const struct mbus *b, struct schedule_choice one, struct schedule_choice two)
{
	const struct field_device *a = &b->devices[one.device];
	const struct field_device *z = &b->devices[two.device];
	int64_t now = now_of(b);

	if (one.when_ms > now || two.when_ms > now)
		return one.when_ms < two.when_ms;
	if (a->link == DEVICE_DOUBTFUL && z->link == DEVICE_DOUBTFUL &&
	    schedule_shared(b))
		return is_cheaper(a, z);
	if (device_next_class(a, now) != device_next_class(z, now))
		return device_next_class(a, now) < device_next_class(z, now);
	return one.when_ms < two.when_ms;
}

// Begins when too many are in doubt while one is well, ends when none is in doubt.
static bool
many_fell(const struct mbus *b)
{
	unsigned doubtful = 0;
	bool well = false;

	for (uint16_t i = 0; i < b->n_devices; i++) {
		doubtful += b->devices[i].link == DEVICE_DOUBTFUL;
		well = well || device_well(&b->devices[i]);
	}
	if (b->many_fell)
		return doubtful > 0 && well;
	return doubtful > (unsigned)b->def->silent_units + FALLEN_BEYOND && well;
}

struct schedule_choice
schedule_choose(struct mbus *b)
{
	struct schedule_choice c = { 0, INT64_MAX };

	b->many_fell = schedule_shared(b) && many_fell(b);
	if (gateway_tries(b, &c.device))
		return (struct schedule_choice){ c.device, now_of(b) };
	bool hope = schedule_shared(b) && any_hope(b);
	struct waiting waits = who_waits(b);

	for (uint16_t i = 0; i < b->n_devices; i++) {
		const struct schedule_choice one = {
			i,
			may_ask_ms(b, &b->devices[i], hope, waits),
		};

		if (goes_first(b, one, c))
			c = one;
	}
	return c;
}

// A few times what is usual; the fewer, the more units in a row had it. Never less than
// the gateway itself waits: it would let nobody through all the same.
static int64_t
short_patience_ms(const struct mbus *b, uint32_t usual_us, int64_t hold_ms)
{
	uint32_t over = b->hasty < SCHEDULE_IMPATIENT_FACTOR - 2
			    ? b->hasty
			    : SCHEDULE_IMPATIENT_FACTOR - 2;
	uint32_t factor = SCHEDULE_IMPATIENT_FACTOR - over;
	int64_t ms = (int64_t)usual_us * factor / 1000;
	int64_t least =
	    (int64_t)SCHEDULE_IMPATIENT_MIN_MS * factor / SCHEDULE_IMPATIENT_FACTOR;

	if (hold_ms > 0 && least < hold_ms + SCHEDULE_HELD_MS)
		least = hold_ms + SCHEDULE_HELD_MS;

	return ms < least ? least : ms;
}

static uint32_t
slowest_usual_us(const struct mbus *b)
{
	uint32_t most = 0;

	for (uint16_t i = 0; i < b->n_devices; i++)
		if (b->devices[i].usual_us > most)
			most = b->devices[i].usual_us;
	return most;
}

// A sick unit is tried with as much as units here usually need, and each fourth time
// with its whole time-out, in case that it has
// become slow.
static int64_t
sick_patience_ms(const struct mbus *b, const struct field_device *d)
{
	uint32_t usual = d->usual_us ? d->usual_us : slowest_usual_us(b);

	if (!usual || d->sums.timeouts % SCHEDULE_WHOLE_PROBE == 0)
		return d->def->timeout_ms;
	return short_patience_ms(b, usual, gateway_hold_ms(b));
}

int64_t
schedule_patience_ms(
    const struct mbus *b, const struct field_device *d, struct mbus_flight *f)
{
	int64_t line_ms = 0, full = d->def->timeout_ms, less = full;

	if (b->byte_us)
		line_ms = (int64_t)((8 + pdu_reply_size(PDU_RTU, &f->request)) *
				    b->byte_us / 1000);
	f->impatient = false;
	if (f->behind_ms != 0) { // it tries the gateway
		less =
		    gateway_last_try(b) ? full : short_patience_ms(b, d->usual_us, 0);
	} else if (schedule_shared(b) && is_sick(d)) {
		less = sick_patience_ms(b, d);
	} else if (is_fallen(b, d) && d->usual_us != 0) {
		less = short_patience_ms(b, d->usual_us, gateway_hold_ms(b));
	} else if (schedule_shared(b) && device_on_probation(d)) {
		less = short_patience_ms(b, d->usual_us, gateway_hold_ms(b));
	} else if (schedule_shared(b) && device_well(d) && b->wasted_long_ms != 0 &&
		   now_of(b) - b->wasted_long_ms <= d->def->poll_ms) {
		less = short_patience_ms(b, d->usual_us, gateway_hoped_ms(b, d));
		f->impatient = less < full && !gateway_waits_beside(b);
	}
	return (less < full ? less : full) + line_ms;
}

bool
schedule_all_asked(const struct mbus *b, int64_t since_ms)
{
	for (uint16_t i = 0; i < b->n_devices; i++)
		if (b->devices[i].attempt_ms <= since_ms)
			return false;
	return true;
}

int64_t
schedule_longest_patience_ms(const struct mbus *b)
{
	int64_t most = 0;

	for (uint16_t i = 0; i < b->n_devices; i++) {
		const struct device *def = b->devices[i].def;
		int64_t ms = (int64_t)def->timeout_ms * (def->retries + 1);

		most = ms > most ? ms : most;
	}
	return most;
}

void
schedule_quiet(struct mbus *b, const struct field_device *d)
{
	int64_t gap_us = d ? (int64_t)d->def->gap_ms * 1000 : 0, until;

	gap_us = gap_us > b->gap_us ? gap_us : b->gap_us;
	if (gap_us == 0)
		return;
	until = (mbus_now_us(b) + gap_us + 999) / 1000;
	if (until > b->quiet_until_ms)
		b->quiet_until_ms = until;
}

void
schedule_wasted(struct mbus *b, const struct field_device *d, int64_t cost_ms)
{
	int64_t now = now_of(b), most;

	if (now - b->wasted_long_ms > d->def->poll_ms)
		b->hasty = 0;
	else if (cost_ms < d->def->timeout_ms && b->hasty < UINT8_MAX)
		b->hasty++;
	b->wasted_ms = now;
	b->sums.wasted_us += (uint64_t)cost_ms * 1000;
	if (is_sick(d))
		b->sums.sick_us += (uint64_t)cost_ms * 1000;
	if (cost_ms >= d->def->timeout_ms)
		b->wasted_long_ms = now;
	if (is_fallen(b, d))
		b->fallen_next_ms = now + cost_ms * (FALLEN_SHARE - 1);
	// What others waste is counted too, but never keeps the sick from being tried
	// for longer than one of them would.
	if (b->dead_next_ms < now)
		b->dead_next_ms = now;
	b->dead_next_ms += cost_ms * (LINK_DEAD_SHARE - 1);
	most = now + (int64_t)d->def->timeout_ms * (LINK_DEAD_SHARE - 1);
	if (b->dead_next_ms > most)
		b->dead_next_ms = most;
}

// Three quarters to five quarters of `ms`.
static uint32_t
jittered(struct mbus *b, uint32_t ms)
{
	b->jitter = b->jitter * 1664525U + 1013904223U; // Numerical Recipes' LCG
	return ms - ms / 4 + (uint32_t)((uint64_t)(ms / 2) * (b->jitter >> 8) >> 24);
}

void
schedule_back_off(struct mbus *b, struct field_device *d)
{
	uint32_t wait;

	if (!schedule_shared(b)) {
		device_skip_missed(d);
		return;
	}
	d->backoff_ms = d->backoff_ms ? d->backoff_ms * 2 : d->def->poll_ms;
	if (d->backoff_ms > LINK_BACKOFF_MAX_MS)
		d->backoff_ms = LINK_BACKOFF_MAX_MS;
	wait = jittered(b, d->backoff_ms);
	if (wait > LINK_BACKOFF_MAX_MS)
		wait = LINK_BACKOFF_MAX_MS;
	device_hold(d, now_of(b) + wait);
}

void
schedule_revive(struct mbus *b)
{
	for (uint16_t i = 0; i < b->n_devices; i++) {
		if (b->devices[i].link != DEVICE_LOST)
			continue;
		b->devices[i].backoff_ms = 0;
		device_hold(&b->devices[i], 0);
	}
}

uint32_t
schedule_ceiling_ms(const struct mbus *b, uint64_t timeouts_ms)
{
	uint64_t ms = timeouts_ms * LINK_DEAD_SHARE;

	if (!schedule_shared(b)) // each period, however long it was away
		return b->n_devices ? b->devices[0].def->poll_ms : 0;
	ms = ms < LINK_BACKOFF_MAX_MS ? LINK_BACKOFF_MAX_MS : ms;
	return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

int64_t
schedule_phase_ms(
    uint16_t bus_index, uint16_t n_devices, uint16_t nth, uint32_t poll_ms)
{
	uint32_t window = poll_ms < SCHEDULE_SPREAD_MS ? poll_ms : SCHEDULE_SPREAD_MS;
	uint32_t turn = (bus_index * 2654435769U) >> 16; // golden ratio of 2^32

	if (n_devices > 1)
		return (int64_t)window * nth / n_devices;
	return (int64_t)turn * window >> 16;
}

int64_t
schedule_slot(int64_t ms)
{
	return (ms + SCHEDULE_SLOT_MS - 1) / SCHEDULE_SLOT_MS * SCHEDULE_SLOT_MS;
}
