// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// All readings of a few registers beside a gauge, ranked. A rank is a sum of small
// penalties: far from the gauge, another address than asked, a form seldom met, another
// unit than the gauge's, a scale. Ranking by nearness alone would not do: among some
// thousand readings one is always near by chance. Keeps nothing.
#include "cli/probe_decode.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "config/units.h"
#include "drivers/decode.h"
#include "lib/mem.h"

enum {
	N_UNITS_MAX = 16,
	BCD_DIGIT_MAX = 9,
	FACTORS_MAX = 128,
	NEAR = 4, // penalties: within 1 % of the gauge
	FAR = 16, // within 3 %
	COARSE = 5,
	COARSE_BELOW = 20
};

// clang-format off
static const struct number_form forms[] = {
	{ "int16",   "abcd", 1, 0 },
	{ "uint16",  "abcd", 1, 0 },
	{ "float32", "abcd", 2, 1 },
	{ "float32", "cdab", 2, 1 },
	{ "int32",   "abcd", 2, 2 },
	{ "int32",   "cdab", 2, 2 },
	{ "uint32",  "abcd", 2, 2 },
	{ "uint32",  "cdab", 2, 2 },
	{ "float32", "badc", 2, 3 },
	{ "float32", "dcba", 2, 3 },
	{ "int16",   "badc", 1, 4 },
	{ "uint16",  "badc", 1, 4 },
	{ "int32",   "badc", 2, 4 },
	{ "int32",   "dcba", 2, 4 },
	{ "uint32",  "badc", 2, 4 },
	{ "uint32",  "dcba", 2, 4 },
	{ "bcd16",   "abcd", 1, 4 },
	{ "bcd32",   "abcd", 2, 5 },
	{ "bcd32",   "cdab", 2, 5 },
};

static const struct {
	double scale;
	unsigned penalty;
} scales[] = {
	{ 1, 0 }, { 0.1, 1 }, { 0.01, 1 }, { 0.001, 1 }, { 0.0001, 2 }, { 10, 2 }, { 100, 3 },
};

// Units that gauges and transmitters use; the others of a quantity cost more.
static const char *const usual_units[] = { "kPa", "MPa", "bar", "m", "mm", "degC", "mA" };
// clang-format on

enum {
	N_FORMS = sizeof(forms) / sizeof(forms[0]),
	N_SCALES = sizeof(scales) / sizeof(scales[0])
};

size_t
number_forms(const struct number_form **out)
{
	*out = forms;
	return N_FORMS;
}

static enum word_order
order_of(const struct number_form *f)
{
	return f->order[0] == 'a'   ? ORDER_ABCD
	       : f->order[0] == 'c' ? ORDER_CDAB
	       : f->order[0] == 'b' ? ORDER_BADC
				    : ORDER_DCBA;
}

static enum number_type
type_of(const struct number_form *f)
{
	return strcmp(f->type, "int16") == 0    ? NUMBER_INT16
	       : strcmp(f->type, "uint16") == 0 ? NUMBER_UINT16
	       : strcmp(f->type, "int32") == 0  ? NUMBER_INT32
	       : strcmp(f->type, "uint32") == 0 ? NUMBER_UINT32
						: NUMBER_FLOAT32;
}

// Four decimal digits of a register.
static bool
bcd(uint16_t word, double *out)
{
	double v = 0;

	for (int shift = 12; shift >= 0; shift -= 4) {
		unsigned digit = word >> shift & 0xFU;
		if (digit > BCD_DIGIT_MAX)
			return false;
		v = v * 10 + digit;
	}
	*out = v;
	return true;
}

static bool
bcd_of(const uint16_t *words, const struct number_form *f, double *out)
{
	bool swapped = order_of(f) == ORDER_CDAB;
	double high, low;

	if (f->width == 1)
		return bcd(words[0], out);
	if (!bcd(words[swapped ? 1 : 0], &high) || !bcd(words[swapped ? 0 : 1], &low))
		return false;
	*out = high * 10000 + low;
	return true;
}

bool
number_at(
    const struct window *w, uint32_t address, const struct number_form *f, double *out)
{
	static const struct decode_codes none;
	struct sample s = { 0 };
	struct decode_edge edge;

	if (address < w->first || address + f->width > w->first + w->n)
		return false;
	size_t at = address - w->first;
	for (unsigned i = 0; i < f->width; i++)
		if (!w->given[at + i])
			return false;
	if (f->type[0] == 'b')
		return bcd_of(w->words + at, f, out);
	const struct decoder dec = { .form = DECODE_ANALOG,
		.number = type_of(f),
		.order = order_of(f),
		.scale = 1,
		.unit_factor = 1 };
	decode_point(&dec, &none, w->words + at, NULL, &s, &edge);
	*out = s.value;
	return s.quality == QUALITY_GOOD;
}

// --- the gauge -------------------------------------------------------------

static bool
find_unit(struct gauge *g, const char *text)
{
	double factor;

	for (enum quantity q = QUANTITY_NONE + 1; q < QUANTITY_COUNT; q++) {
		if (text[0] == '\0' || !units_factor(text, q, &factor))
			continue;
		g->quantity = q;
		return true;
	}
	return false;
}

static const char *
unit_text(const char *text)
{
	const char *unit = text + strspn(text, "+-0123456789.");

	return *unit == ' ' ? unit + 1 : unit;
}

int
gauge_parse(const char *text, struct gauge *out, char why[static 200])
{
	const char *unit = unit_text(text);
	const char *point = strchr(text, '.');
	double factor;

	*out = (struct gauge){ 0 };
	if (!find_unit(out, unit)) {
		(void)snprintf(why, 200,
		    "found \"%.60s\", allowed: a number and its unit, for example "
		    "0.62MPa, "
		    "6.2bar, 3.4m, 21degC, 12.5mA",
		    text);
		return -1;
	}
	if (units_quantity(text, out->quantity, &out->value, why) != 0)
		return -1;
	(void)str_copy(out->unit, sizeof(out->unit), unit);
	(void)units_factor(unit, out->quantity, &factor);
	size_t places = point != NULL ? strspn(point + 1, "0123456789") : 0;
	out->resolution = factor * pow(10, -(double)places) / 2;
	if (fabs(out->value) > 0)
		return 0;
	(void)snprintf(why, 200,
	    "a gauge at zero tells nothing: every empty register would match; raise it "
	    "first");
	return -1;
}

// --- matching --------------------------------------------------------------

// A unit and a scale; several pairs are one factor (kPa and /1000 MPa), and then the
// likeliest stands.
struct factor {
	double factor, scale;
	const char *unit;
	unsigned penalty;
};

static unsigned
unit_penalty(const char *unit, const struct gauge *g)
{
	if (strcmp(unit, g->unit) == 0)
		return 0;
	for (size_t i = 0; i < sizeof(usual_units) / sizeof(usual_units[0]); i++)
		if (strcmp(usual_units[i], unit) == 0)
			return 1;
	return 3;
}

static void
offer_factor(struct factor *all, size_t *n, struct factor f)
{
	for (size_t i = 0; i < *n; i++) {
		if (fabs(all[i].factor / f.factor - 1) > 1e-9)
			continue;
		if (f.penalty < all[i].penalty)
			all[i] = f;
		return;
	}
	wr_assert(*n < FACTORS_MAX);
	all[(*n)++] = f;
}

// Splits "Pa, hPa, .." in place.
static size_t
units_of(enum quantity q, char names[static 256], const char *out[static N_UNITS_MAX])
{
	size_t n = 0;
	char *rest = names;

	units_names(q, names, 256);
	for (char *name = strsep(&rest, ","); name != NULL && n < N_UNITS_MAX;
	     name = strsep(&rest, ","))
		out[n++] = name + strspn(name, " ");
	return n;
}

static size_t
factors_of(const struct gauge *g, char names[static 256],
    struct factor all[static FACTORS_MAX])
{
	const char *units[N_UNITS_MAX];
	size_t n_units = units_of(g->quantity, names, units), n = 0;

	for (size_t u = 0; u < n_units; u++) {
		double factor;
		if (!units_factor(units[u], g->quantity, &factor))
			continue;
		for (size_t s = 0; s < N_SCALES; s++)
			offer_factor(all, &n,
			    (struct factor){ .factor = factor * scales[s].scale,
				.scale = scales[s].scale,
				.unit = units[u],
				.penalty =
				    unit_penalty(units[u], g) + scales[s].penalty });
	}
	return n;
}

// Near enough to show: within what was typed, 1 %, 3 %.
static bool
nearness(const struct gauge *g, double value, unsigned *penalty)
{
	double off = fabs(value - g->value);

	if (off <= g->resolution * (1 + 1e-9))
		*penalty = 0;
	else if (off <= fabs(g->value) * 0.01)
		*penalty = NEAR;
	else if (off <= fabs(g->value) * 0.03)
		*penalty = FAR;
	else
		return false;
	return true;
}

static bool
is_better(const struct candidate *a, const struct candidate *b)
{
	if (a->penalty != b->penalty)
		return a->penalty < b->penalty;
	if (a->error < b->error || a->error > b->error)
		return a->error < b->error;
	return a->address < b->address;
}

// Keeps the best `room` in order.
static void
insert(struct candidate *all, size_t *n, size_t room, const struct candidate *c)
{
	size_t at = *n;

	if (*n == room) {
		if (room == 0 || !is_better(c, &all[room - 1]))
			return;
		at = room - 1;
	} else {
		++*n;
	}
	for (; at > 0 && is_better(c, &all[at - 1]); at--)
		all[at] = all[at - 1];
	all[at] = *c;
}

// int16 and uint16 of one word, or the 32-bit types, are one reading while the sign bit
// is not set: the signed one is named.
static bool
is_twin(const struct number_form *f, double raw)
{
	return f->type[0] == 'u' && raw < (f->width == 1 ? 32768.0 : 2147483648.0);
}

// A whole number of one digit or two fits a gauge by chance.
static unsigned
coarse(const struct number_form *f, double raw)
{
	return f->type[0] != 'f' && fabs(raw) < COARSE_BELOW ? COARSE : 0;
}

size_t
gauge_match(const struct window *w, uint32_t asked, const struct gauge *g,
    struct candidate *out, size_t room)
{
	char names[256];
	struct factor factors[FACTORS_MAX];
	size_t n_factors = factors_of(g, names, factors), n = 0;

	for (uint32_t a = w->first; a < w->first + w->n; a++) {
		for (size_t f = 0; f < N_FORMS; f++) {
			double raw;
			if (!number_at(w, a, &forms[f], &raw) ||
			    is_twin(&forms[f], raw))
				continue;
			for (size_t k = 0; k < n_factors; k++) {
				struct candidate c = { .address = a,
					.form = &forms[f],
					.raw = raw,
					.scale = factors[k].scale,
					.value = raw * factors[k].factor };
				if (!nearness(g, c.value, &c.penalty))
					continue;
				c.far = c.penalty == FAR;
				if (c.far && n > 0 && !out[0].far)
					continue;
				c.error = fabs(c.value / g->value - 1);
				c.penalty += (a == asked ? 0 : 3) + forms[f].odd +
					     factors[k].penalty +
					     coarse(&forms[f], raw);
				(void)str_copy(c.unit, sizeof(c.unit), factors[k].unit);
				insert(out, &n, room, &c);
			}
		}
	}
	while (n > 0 && out[n - 1].far && !out[0].far)
		n--;
	return n;
}
