// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See gpio_output.h. Runs on the loop, allocates at start only. Refuses to take a line
// that the site has not enabled as an output, or before a state is wished for (I8). A
// line that is held by another program is tried again each second.

#include "drivers/gpio_output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/gpio_find.h"
#include "lib/log.h"
#include "lib/mem.h"

void
gpio_drives_init(struct gpio_drives *d, const struct driver_host *host, uint16_t gpio)
{
	const struct site *site = host->site;

	*d = (struct gpio_drives){ .host = host, .chip = site->gpios[gpio].id };
	for (uint16_t i = 0; i < site->n_outputs; i++) {
		const struct output *o = &site->outputs[i];

		if (o->gpio != gpio || !o->allow_write)
			continue;
		d->drives = xreallocarray(d->drives, d->n + 1U, sizeof(*d->drives));
		d->drives[d->n++] = (struct gpio_drive){ .def = o, .index = i };
	}
}

static void
release(struct gpio_drives *d)
{
	for (uint16_t i = 0; i < d->n; i++) {
		if (d->drives[i].pin)
			gpio_pin_release(d->drives[i].pin);
		d->drives[i].pin = NULL;
	}
}

void
gpio_drives_free(struct gpio_drives *d)
{
	release(d);
	free(d->drives);
}

static void
tell(const struct gpio_drives *d, const struct gpio_drive *one, enum output_told what,
    bool on, const char *code)
{
	const struct output_report r = {
		.output = one->index, .told = what, .on = on, .code = code
	};

	if (d->host->output)
		d->host->output(d->host->ctx, &r);
}

// Told, and logged, when it is another reason than before.
static void
refuse(
    struct gpio_drives *d, struct gpio_drive *one, const char *code, const char *text)
{
	bool news = !one->why || strcmp(one->why, code) != 0;

	one->why = code;
	if (!news)
		return;
	log_warnx("gpio", "%s: output %s: %s", d->chip, one->def->id, text);
	tell(d, one, OUTPUT_REFUSED, one->on, code);
}

static bool
take(struct gpio_drives *d, struct gpio_chip *chip, struct gpio_drive *one)
{
	const char *code = "line";
	struct err e = { 0 };

	one->pin = gpio_pin_find(
	    chip, one->def->line, one->on != one->def->active_low, &code, &e);
	if (one->pin)
		return true;
	refuse(d, one, code, e.text);
	return strcmp(code, "chip-gone") != 0;
}

static bool
read_back(struct gpio_drives *d, struct gpio_drive *one)
{
	int level = gpio_pin_level(one->pin);

	if (level < 0)
		return false;
	tell(d, one, OUTPUT_READ, (level != 0) != one->def->active_low, NULL);
	return true;
}

// Sets it, and says what it reads then.
static bool
set(struct gpio_drives *d, struct gpio_chip *chip, struct gpio_drive *one)
{
	if (!one->pin && !take(d, chip, one))
		return false;
	if (!one->pin)
		return true;
	if (gpio_pin_set(one->pin, one->on != one->def->active_low) != 0) {
		if (errno == ENODEV)
			return false;
		refuse(d, one, "line", strerror(errno));
		return true;
	}
	one->why = NULL;
	tell(d, one, OUTPUT_TAKEN, one->on, NULL);
	return read_back(d, one);
}

bool
gpio_drives_set(struct gpio_drives *d, struct gpio_chip *chip, uint16_t output, bool on)
{
	for (uint16_t i = 0; i < d->n; i++) {
		struct gpio_drive *one = &d->drives[i];

		if (one->index != output)
			continue;
		one->wished = true;
		one->on = on;
		return !chip || set(d, chip, one);
	}
	return true;
}

bool
gpio_drives_tick(struct gpio_drives *d, struct gpio_chip *chip)
{
	for (uint16_t i = 0; i < d->n; i++) {
		struct gpio_drive *one = &d->drives[i];

		if (!one->wished)
			continue;
		if (one->pin && !one->why ? !read_back(d, one) : !set(d, chip, one))
			return false;
	}
	return true;
}

void
gpio_drives_lost(struct gpio_drives *d, const char *code)
{
	release(d);
	for (uint16_t i = 0; i < d->n; i++) {
		struct gpio_drive *one = &d->drives[i];

		if (one->why && strcmp(one->why, code) == 0)
			continue;
		one->why = code;
		tell(d, one, OUTPUT_LOST, one->on, code);
	}
}
