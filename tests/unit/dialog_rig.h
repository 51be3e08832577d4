// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A device with dialogs on a virtual clock, and a panel that answers it frame by frame:
// registers, an event queue, a gateway's own unit, and every write logged. The site is
// read from YAML; the host keeps what a driver reports. No bus. One thread.
#ifndef TESTS_UNIT_DIALOG_RIG_H
#define TESTS_UNIT_DIALOG_RIG_H

#include "config_fixture.h"
#include "drivers/device.h"
#include "drivers/dialog.h"

// A profile without dialogs, and three zones of it; zone n is at DIALOG_RIG_ZONE + n.
#define DIALOG_RIG_HEAD                                                \
  "profile: test\n"                                                    \
  "name: {zh: 测, en: Test}\n"                                        \
  "source: made up\n"                                                  \
  "firmware: none\n"                                                   \
  "maturity: inferred\n"                                               \
  "provenance: made up for the tests\n"                                \
  "transports: [tcp]\n"                                                \
  "limits: {max_registers: 10}\n"                                      \
  "decoders:\n"                                                        \
  "  - name: state\n"                                                  \
  "    form: word\n"                                                   \
  "    fields:\n"                                                      \
  "    - mask: 0xFFFF\n"                                               \
  "      values:\n"                                                    \
  "        - {value: 24, means: none}\n"                               \
  "        - {value: 37, means: fire}\n"                               \
  "        - {value: 41, means: fault}\n"                              \
  "        - {value: 69, means: fault/log-full}\n"                     \
  "        - {value: 250, means: fault/device-lost}\n"                 \
  "      unknown: fault/unknown-code\n"                                \
  "  - {name: number, form: analog, type: int16, scale: 0.1,"          \
  " quantity: pressure, unit: kPa}\n"                                  \
  "items:\n"                                                           \
  "  - {name: zone, area: holding, base: 1000, printed: \"1000\","     \
  " device: {from: 1, to: 100, stride: 1}, decoder: state}\n"          \
  "  - {name: detector, area: holding, base: 3000, printed: \"3000\"," \
  " loop: {from: 1, to: 4, stride: 100},"                              \
  " device: {from: 1, to: 50, stride: 1}, decoder: state}\n"           \
  "  - {name: heat, area: holding, base: 5000, printed: \"5000\","     \
  " device: {from: 1, to: 100, stride: 1}, decoder: number}\n"

#define DIALOG_RIG_ZONES                                           \
  "poll: 1s, points: ["                                            \
  "{id: z1, item: zone, device: 1, kind: smoke, place: {en: A}}, " \
  "{id: z2, item: zone, device: 2, kind: smoke, place: {en: B}}, " \
  "{id: z60, item: zone, device: 60, kind: smoke, place: {en: C}}]"

enum {
	DIALOG_RIG_ZONE = 999,
	SIM_RECORDS = 128,
	SIM_RECORD_BYTES = 28,
	SIM_WRITES = 4096,
	SIM_READS = 4096,
	SIM_SAMPLES = 4096,
	SIM_RECORDS_KEPT = 256,
};

struct sim_write {
	uint8_t unit, function;
	uint16_t address;
	uint32_t value;
};

struct sim_read {
	uint8_t unit, function;
	uint16_t address, count;
};

// Where the panel's queue is; 0 = it has none.
struct sim_queue {
	uint16_t read_at, acknowledge_at;
	unsigned head, n; // records[head .. n)
	uint8_t records[SIM_RECORDS][SIM_RECORD_BYTES];
	bool deaf; // acknowledgements are echoed and without effect
};

struct sim {
	uint8_t unit;
	uint16_t holding[65536], input[65536];
	uint8_t discrete[65536];
	uint8_t gateway; // another unit, whose input registers are gateway_input[]
	uint16_t gateway_input[65536];
	bool silent, gateway_silent;
	uint16_t absent_from, absent_to; // exception 02; to 0 = none
	uint8_t absent_code;             // instead of 02; 0 = not
	// Not there either, but only a read that begins with one is refused: in a block
	// they are 0. to 0 = none.
	uint16_t hidden_from, hidden_to;
	uint8_t exception; // to the next `exceptions` requests
	unsigned exceptions;
	uint16_t exception_at; // only requests to this address; 0 = all
	uint16_t unreadable;   // reads at this address: exception 01; 0 = none
	bool mute_writes;      // writes take effect and are not echoed
	struct sim_queue queue;
	unsigned n_writes, n_orders, n_requests;
	struct sim_write writes[SIM_WRITES]; // that took effect
	struct sim_write
	    orders[SIM_WRITES]; // all that is no read, whatever became of it
	uint16_t asked[65536];  // reads, by first address
	unsigned n_reads;
	struct sim_read reads[SIM_READS]; // the first so many
};

struct dialog_rig {
	struct clock clock;
	struct loop *loop;
	struct site *site;
	struct driver_host host;
	struct decode_codes codes;
	struct field_device device;
	struct sim sim;
	bool started;
	// What the host was told.
	size_t n_samples;
	struct sample samples[SIM_SAMPLES];
	int lost; // -1 not told, 0, 1
	char lost_code[32];
	unsigned n_links;
	size_t n_records, n_gaps, n_wrote, n_refused;
	struct field_record records[SIM_RECORDS_KEPT];
	struct record_gap gaps[SIM_RECORDS_KEPT];
	bool mark_known;
	struct record_mark mark;
	enum record_answer record_answer;
};

// Reads the profile `test` and a site with one device of it; `device` are further keys
// of the device ("poll: 1s, dialogs: {..}, points: [..]").
void dialog_rig_init(struct dialog_rig *r, const char *profile, const char *device);
// The same with a profile of panels/; registers that it is known by hold what they
// must.
void dialog_rig_init_panel(
    struct dialog_rig *r, const char *profile, const char *device);
void dialog_rig_free(struct dialog_rig *r);
// Lets the device poll for `ms`.
void dialog_rig_run(struct dialog_rig *r, int64_t ms);

// The last sample of a point, or NULL.
const struct sample *dialog_rig_last(const struct dialog_rig *r, const char *point);
// Whether the last sample of the point has this condition and code ("" = none).
bool dialog_rig_shows(
    const struct dialog_rig *r, const char *point, enum condition c, const char *code);
void dialog_rig_push(struct dialog_rig *r, uint16_t sequence, uint8_t code, int zone);
unsigned dialog_rig_writes_to(const struct dialog_rig *r, uint16_t address);

#endif
