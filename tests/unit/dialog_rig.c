// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The made-up panel; see dialog_rig.h. Test code only.
#include "dialog_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

enum {
	TIMEOUT_MS = 1000,
	REPLY_MS = 10,
	HEAD = 7, // MBAP header and unit
};

// ---- the panel ----------------------------------------------------------------------

static size_t
refuse(const uint8_t *q, uint8_t *out, uint8_t exception)
{
	out[0] = q[0] | 0x80;
	out[1] = exception;
	return 2;
}

static uint16_t
word_of(struct sim *s, uint8_t unit, uint8_t function, uint16_t address)
{
	struct sim_queue *q = &s->queue;

	if (unit == s->gateway && s->gateway != 0)
		return s->gateway_input[address];
	if (function == 4)
		return s->input[address];
	if (q->read_at != 0 && address >= q->read_at &&
	    address < q->read_at + SIM_RECORD_BYTES / 2) {
		const uint8_t *at = q->records[q->head] + 2 * (address - q->read_at);

		uint16_t word = (uint16_t)(at[0] << 8 | at[1]);
		return q->head < q->n ? word : (uint16_t)0;
	}
	return s->holding[address];
}

static size_t
answer_read(struct sim *s, uint8_t unit, const uint8_t *q, uint8_t *out)
{
	uint16_t address = (uint16_t)(q[1] << 8 | q[2]);
	uint16_t count = (uint16_t)(q[3] << 8 | q[4]);
	bool bits = q[0] <= 2;
	size_t bytes = bits ? (count + 7U) / 8U : count * 2U;

	s->asked[address]++;
	if (s->n_reads < SIM_READS)
		s->reads[s->n_reads++] =
		    (struct sim_read){ unit, q[0], address, count };
	if (s->hidden_to != 0 && address >= s->hidden_from && address <= s->hidden_to)
		return refuse(q, out, 2);
	if (s->absent_to != 0 && address <= s->absent_to &&
	    address + count > s->absent_from)
		return refuse(q, out, s->absent_code != 0 ? s->absent_code : 2);
	memset(out, 0, 2 + bytes);
	out[0] = q[0];
	out[1] = (uint8_t)bytes;
	for (uint16_t i = 0; i < count; i++) {
		uint16_t at = (uint16_t)(address + i), word;

		if (bits) {
			out[2 + i / 8] |= (uint8_t)(s->discrete[at] << i % 8);
			continue;
		}
		word = word_of(s, unit, q[0], at);
		out[2 + 2 * i] = (uint8_t)(word >> 8);
		out[3 + 2 * i] = (uint8_t)word;
	}
	return 2 + bytes;
}

static void
acknowledge(struct sim_queue *q, uint16_t number)
{
	const uint8_t *first = q->records[q->head];

	if (!q->deaf && q->head < q->n && (first[0] << 8 | first[1]) == number)
		q->head++;
}

static struct sim_write
write_of(uint8_t unit, const uint8_t *q)
{
	struct sim_write w = { unit, q[0], (uint16_t)(q[1] << 8 | q[2]),
		(uint32_t)(q[3] << 8 | q[4]) };

	if (q[0] == 16)
		w.value = q[4] == 1 ? (uint32_t)(q[6] << 8 | q[7])
				    : (uint32_t)q[6] << 24 | (uint32_t)q[7] << 16 |
					  (uint32_t)(q[8] << 8 | q[9]);
	return w;
}

static size_t
answer_write(struct sim *s, uint8_t unit, const uint8_t *q, uint8_t *out)
{
	struct sim_write w = write_of(unit, q);

	assert_in_range(s->n_writes, 0, SIM_WRITES - 1);
	s->writes[s->n_writes++] = w;
	if (w.address == s->queue.acknowledge_at)
		acknowledge(&s->queue, (uint16_t)w.value);
	memcpy(out, q, 5);
	return s->mute_writes ? 0 : 5;
}

// The panel's answer to a request: function and data. 0 = silence.
static size_t
answer(struct sim *s, uint8_t unit, const uint8_t *q, uint8_t *out)
{
	uint16_t address = (uint16_t)(q[1] << 8 | q[2]);

	s->n_requests++;
	if (q[0] == 0 || q[0] > 4) {
		assert_in_range(s->n_orders, 0, SIM_WRITES - 1);
		s->orders[s->n_orders++] = write_of(unit, q);
	}
	if (unit == s->unit ? s->silent : unit != s->gateway || s->gateway_silent)
		return 0;
	if (s->exceptions > 0 && (s->exception_at == 0 || s->exception_at == address)) {
		s->exceptions--;
		return refuse(q, out, s->exception);
	}
	if (q[0] <= 4 && s->unreadable != 0 && s->unreadable == address)
		return refuse(q, out, 1);
	return q[0] <= 4 ? answer_read(s, unit, q, out) : answer_write(s, unit, q, out);
}

// ---- the host -----------------------------------------------------------------------

static void
on_sample(void *ctx, const struct sample *s)
{
	struct dialog_rig *r = ctx;

	assert_in_range(r->n_samples, 0, SIM_SAMPLES - 1);
	r->samples[r->n_samples++] = *s;
}

static void
on_link(void *ctx, uint32_t point, bool lost, const char *code)
{
	struct dialog_rig *r = ctx;

	assert_int_equal(point, r->site->devices[0].link_point);
	r->lost = lost;
	r->n_links++;
	(void)snprintf(r->lost_code, sizeof(r->lost_code), "%s", code);
}

static void
on_heard(void *ctx, uint32_t device, int64_t now_ms)
{
	(void)ctx;
	(void)device;
	(void)now_ms;
}

static void
on_overdue(void *ctx, uint32_t device, bool overdue)
{
	(void)ctx;
	(void)device;
	(void)overdue;
}

static enum record_answer
on_record(void *ctx, const struct field_record *record)
{
	struct dialog_rig *r = ctx;

	assert_in_range(r->n_records, 0, SIM_RECORDS_KEPT - 1);
	r->records[r->n_records++] = *record;
	return r->record_answer;
}

static bool
on_record_mark(void *ctx, uint16_t device, struct record_mark *out)
{
	const struct dialog_rig *r = ctx;

	(void)device;
	*out = r->mark;
	return r->mark_known;
}

static void
on_gap(void *ctx, const struct record_gap *gap)
{
	struct dialog_rig *r = ctx;

	assert_in_range(r->n_gaps, 0, SIM_RECORDS_KEPT - 1);
	r->gaps[r->n_gaps++] = *gap;
}

static void
on_wrote(void *ctx, const struct field_write *w)
{
	struct dialog_rig *r = ctx;

	if (w->refused)
		r->n_refused++;
	else
		r->n_wrote++;
}

// ---- the device ---------------------------------------------------------------------

static void
start_site(
    struct dialog_rig *r, const char *panels, const char *profile, const char *device)
{
	static char text[64 * 1024];

	memset(r, 0, sizeof(*r));
	r->lost = -1;
	r->record_answer = RECORD_STORED;
	r->sim.unit = 1;
	(void)snprintf(text, sizeof(text),
	    "site: {id: s, time_zone: UTC}\n"
	    "buses: [{id: lan, modbus_tcp: \"192.0.2.1\"}]\n"
	    "devices:\n"
	    "  - {id: dev, bus: lan, unit: 1, profile: %s, timeout: 1s, %s}\n",
	    profile, device);
	fixture_write("site.yaml", text);
	r->site = fixture_load(fixture_path("site.yaml"), panels);
	clock_virtual_init(&r->clock, 1000000, 1764000000000);
	r->loop = loop_new(&r->clock);
	r->host = (struct driver_host){
		.ctx = r,
		.loop = r->loop,
		.site = r->site,
		.sample = on_sample,
		.link = on_link,
		.heard = on_heard,
		.overdue = on_overdue,
		.record = on_record,
		.record_mark = on_record_mark,
		.gap = on_gap,
		.wrote = on_wrote,
	};
	decode_codes_find(r->site, &r->codes);
}

void
dialog_rig_init(struct dialog_rig *r, const char *profile, const char *device)
{
	(void)fixture_folder();
	fixture_write("panels/test.yaml", profile);
	start_site(r, fixture_path("panels"), "test", device);
}

void
dialog_rig_init_panel(struct dialog_rig *r, const char *profile, const char *device)
{
	const struct profile *p;

	(void)fixture_folder();
	start_site(r, fixture_panels, profile, device);
	p = r->site->devices[0].profile;
	for (uint16_t i = 0; i < p->n_identity; i++) {
		const struct profile_identity *id = &p->identity[i];
		uint16_t *words =
		    id->area == AREA_INPUT ? r->sim.input : r->sim.holding;

		words[id->address] = id->min;
	}
}

void
dialog_rig_free(struct dialog_rig *r)
{
	if (r->started)
		device_free(&r->device);
	loop_free(r->loop);
	site_free(r->site);
	fixture_remove();
}

static void
exchange(struct dialog_rig *r)
{
	struct field_device *d = &r->device;
	uint16_t block = device_next_block(d, loop_now_ms(r->loop));
	struct pdu_request req = { .transaction = 1 };
	uint8_t frame[PDU_REQUEST_MAX], reply[PDU_FRAME_MAX] = { 0, 1 };
	struct pdu_reply parsed;
	const char *reason = "";
	enum device_answer a;
	enum pdu_verdict v;
	uint32_t serial;
	size_t n;

	device_request(d, block, &req);
	(void)pdu_build(PDU_MBAP, &req, frame);
	serial = device_asked(d, block);
	n = answer(&r->sim, frame[6], frame + HEAD, reply + HEAD);
	clock_virtual_advance(&r->clock, n == 0 ? TIMEOUT_MS : REPLY_MS);
	block = device_landed(d, block, serial);
	if (n == 0) {
		if (device_missed(d, block, true, "timeout", false))
			device_skip_missed(d);
		return;
	}
	reply[5] = (uint8_t)(n + 1);
	reply[6] = frame[6];
	v = pdu_parse(PDU_MBAP, &req, reply, HEAD + n, &parsed);
	assert_true(v == PDU_GOOD || v == PDU_EXCEPTION);
	if (v == PDU_GOOD)
		a = device_good(d, block, parsed.data, &reason);
	else
		a = device_exception(d, block, parsed.exception, &reason);
	if (a != ANSWER_MISS) {
		d->plan.blocks[block].misses = 0;
		device_answered(d, block);
		return;
	}
	device_skip_missed(d);
	(void)device_missed(d, block, true, reason, false);
}

void
dialog_rig_run(struct dialog_rig *r, int64_t ms)
{
	int64_t until = loop_now_ms(r->loop) + ms;

	if (!r->started)
		device_init(&r->device, &r->host, &r->codes, 0, loop_now_ms(r->loop));
	r->started = true;
	while (loop_now_ms(r->loop) < until) {
		int64_t now = loop_now_ms(r->loop);
		int64_t due = r->device.due_ms < until ? r->device.due_ms : until;

		if (due > now)
			clock_virtual_advance(&r->clock, due - now);
		else
			exchange(r);
	}
}

// ---- looking ------------------------------------------------------------------------

const struct sample *
dialog_rig_last(const struct dialog_rig *r, const char *point)
{
	uint32_t p = site_find_point(r->site, point);

	assert_int_not_equal(p, UINT32_MAX);
	for (size_t i = r->n_samples; i > 0; i--)
		if (r->samples[i - 1].point == p)
			return &r->samples[i - 1];
	return NULL;
}

bool
dialog_rig_shows(
    const struct dialog_rig *r, const char *point, enum condition c, const char *code)
{
	const struct sample *s = dialog_rig_last(r, point);

	for (uint8_t i = 0; s && i < s->n_codes; i++)
		if (s->codes[i].condition == c &&
		    strcmp(r->site->codes[s->codes[i].code], code) == 0)
			return true;
	return false;
}

void
dialog_rig_push(struct dialog_rig *r, uint16_t sequence, uint8_t code, int zone)
{
	const uint8_t time[] = { 11, 6, 14, 5, 59, 24, 11, 25 };
	struct sim_queue *q = &r->sim.queue;
	uint8_t *at = q->records[q->n], n = 4;

	assert_in_range(q->n, 0, SIM_RECORDS - 1);
	memset(at, 0, SIM_RECORD_BYTES);
	at[0] = (uint8_t)(sequence >> 8);
	at[1] = (uint8_t)sequence;
	at[3] = code;
	if (zone >= 0) {
		const uint8_t field[] = { 3, 2, (uint8_t)(zone >> 8), (uint8_t)zone };

		memcpy(at + n, field, sizeof(field));
		n += sizeof(field);
	}
	memcpy(at + n, time, sizeof(time));
	at[2] = (uint8_t)(n + sizeof(time) - 4);
	q->n++;
}

unsigned
dialog_rig_writes_to(const struct dialog_rig *r, uint16_t address)
{
	unsigned n = 0;

	for (unsigned i = 0; i < r->sim.n_writes; i++)
		n += r->sim.writes[i].address == address;
	return n;
}
