// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// A site made by hand for driver tests: three profiles as tables, buses, devices and
// points added one by one, and a host that keeps what a driver reports. One thread.
#ifndef TESTS_UNIT_FIELD_FIXTURE_H
#define TESTS_UNIT_FIELD_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/site.h"
#include "drivers/driver.h"
#include "lib/loop.h"

// Indexes into site.codes; the last ones are the driver's own.
enum {
	CODE_NONE,
	CODE_SMOKE,
	CODE_CO,
	CODE_UNKNOWN_EVENT,
	CODE_NOT_PRESENT,
	CODE_SENSOR_RANGE,
	CODE_CONFIGURATION,
	CODE_UNKNOWN_CODE,
	CODE_RESERVED_BITS,
	CODE_LINE_BUSY,
	CODE_OVERFLOW,
	CODE_COUNT,
};

extern const struct profile profile_notifier; // items: detector, module
extern const struct profile profile_iologik;  // items: di
extern const struct profile profile_ptmb;     // items: pressure
extern const struct profile profile_words;    // items: word (holding), identity at 100
extern const struct profile profile_gauge;    // items: value; helpers far away

struct seen_link {
	uint32_t point;
	bool lost;
	char code[32];
	int64_t at_ms;
};

struct field_fixture {
	struct site site;
	struct driver_host host;
	struct seen_link *links;
	size_t n_links, links_size;
	struct sample *samples;
	size_t n_samples, samples_size;
	bool keep_samples; // else only counted
	size_t heard;
	unsigned overdue, in_time; // told
	void (*on_sample)(struct field_fixture *f, const struct sample *s);
	void *user;
};

void fixture_init(struct field_fixture *f, struct clock *clock);
void fixture_free(struct field_fixture *f); // the loop too

// Each returns the index. All buses first, then all devices, then each device's points.
uint16_t fixture_bus(
    struct field_fixture *f, enum bus_kind kind, const char *where, uint16_t port);
uint16_t fixture_device(struct field_fixture *f, uint16_t bus, uint8_t unit,
    const struct profile *profile, uint32_t poll_ms, uint32_t timeout_ms); // 2 retries
uint32_t fixture_point(
    struct field_fixture *f, uint16_t device, uint16_t item, uint16_t pdu);
uint16_t fixture_gpio(struct field_fixture *f, const char *chip);
uint32_t fixture_contact(
    struct field_fixture *f, uint16_t gpio, const char *line, uint32_t debounce_ms);

// The last report of a link point: 1 lost, 0 up, -1 none.
int fixture_link(const struct field_fixture *f, uint32_t point);
const char *fixture_link_code(const struct field_fixture *f, uint32_t point);
// The last sample of a point, or NULL.
const struct sample *fixture_last(const struct field_fixture *f, uint32_t point);
size_t fixture_count(const struct field_fixture *f, uint32_t point);

// Runs the loop until `done` says so or the loop's clock has moved on by `ms`. Returns
// what `done` said last; `done` may be NULL.
bool fixture_run(
    struct field_fixture *f, int64_t ms, bool (*done)(struct field_fixture *f));

#endif
