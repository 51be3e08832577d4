// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// `watchroom probe` without a mode: the registers asked for and their neighbours, in
// every decoding side by side, what the device's profile makes of them, and with
// --gauge the readings that come near what the gauge shows, the most likely first.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/probe.h"
#include "config/units.h"
#include "drivers/decode.h"
#include "lib/mem.h"

enum {
	CANDIDATES_MAX = 12
};

// One before and two behind: a value of two registers may begin one too early or late.
static void
frame_window(const struct probe *p, struct window *w)
{
	uint32_t first = p->address > 0 ? p->address - 1U : 0;
	uint32_t end = (uint32_t)p->address + p->count + 2;

	*w = (struct window){ .first = first };
	w->n = (end > UINT16_MAX + 1U ? UINT16_MAX + 1U : end) - first;
	wr_assert(w->n <= PROBE_WORDS_MAX);
}

static void
put_words(struct window *w, uint32_t from, const struct client_answer *a, uint32_t n)
{
	for (uint32_t i = 0; a->verdict == CLIENT_GOOD && i < n; i++) {
		w->words[from - w->first + i] = a->words[i];
		w->given[from - w->first + i] = true;
	}
}

// All in one request; where that is refused, one by one, for a neighbour may be absent.
static void
read_window(struct probe *p, struct window *w, struct client_answer *a)
{
	struct client_answer one;

	probe_ask(p, p->area, (uint16_t)w->first, (uint16_t)w->n, a);
	put_words(w, w->first, a, (uint32_t)w->n);
	if (a->verdict != CLIENT_EXCEPTION)
		return;
	probe_ask(p, p->area, p->address, p->count, a);
	put_words(w, p->address, a, p->count);
	for (uint32_t i = 0; i < w->n; i++) {
		uint32_t at = w->first + i;
		bool asked = at >= p->address && at < (uint32_t)p->address + p->count;
		if (w->given[i] || (asked && a->verdict == CLIENT_SILENT))
			continue;
		probe_ask(p, p->area, (uint16_t)at, 1, &one);
		put_words(w, at, &one, 1);
		if (asked && one.verdict == CLIENT_GOOD && a->verdict != CLIENT_GOOD) {
			a->verdict = CLIENT_GOOD;
			a->us = one.us;
		}
		if (one.verdict == CLIENT_BROKEN)
			return;
	}
}

static const char *
bits_of(uint16_t word, char out[static 24])
{
	size_t n = 0;

	for (int bit = 15; bit >= 0; bit--) {
		out[n++] = (word >> bit & 1) != 0 ? '1' : '0';
		if (bit % 4 == 0 && bit > 0)
			out[n++] = ' ';
	}
	out[n] = '\0';
	return out;
}

static const struct number_form *
form_named(const char *type, const char *order)
{
	const struct number_form *forms;
	size_t n = number_forms(&forms);

	for (size_t i = 0; i < n; i++)
		if (strcmp(forms[i].type, type) == 0 &&
		    strcmp(forms[i].order, order) == 0)
			return &forms[i];
	wr_unreachable("form_named");
}

static const char *
number_text(const struct window *w, uint32_t address, const char *type,
    const char *order, char out[static 24])
{
	double v;

	if (number_at(w, address, form_named(type, order), &v))
		(void)snprintf(out, 24, "%.10g", v);
	else
		(void)snprintf(out, 24, "-");
	return out;
}

static bool
is_asked(const struct probe *p, uint32_t address)
{
	return address >= p->address && address < (uint32_t)p->address + p->count;
}

static void
print_words(const struct probe *p, const struct window *w)
{
	char a[24], b[24], c[24], d[24], bits[24];

	(void)printf(
	    "    address  printed  hex     int16   uint16  swapped  bcd   bits\n");
	for (size_t i = 0; i < w->n; i++) {
		uint32_t at = w->first + (uint32_t)i;
		(void)printf("  %s %7u  %7u  ", is_asked(p, at) ? "*" : " ", at,
		    probe_printed(p->area, at));
		if (!w->given[i]) {
			(void)printf("not given\n");
			continue;
		}
		(void)printf("0x%04X  %6s  %6s  %7s  %4s  %s\n", w->words[i],
		    number_text(w, at, "int16", "abcd", a),
		    number_text(w, at, "uint16", "abcd", b),
		    number_text(w, at, "uint16", "badc", c),
		    number_text(w, at, "bcd16", "abcd", d), bits_of(w->words[i], bits));
	}
}

static void
print_pairs(const struct window *w)
{
	static const char *const types[] = { "float32", "int32", "uint32" };
	static const char *const orders[] = { "abcd", "cdab", "badc", "dcba" };
	char text[24];

	(void)printf("\n    two registers from  %-8s %15s %15s %15s %15s\n", "type",
	    "abcd", "cdab", "badc", "dcba");
	for (size_t i = 0; i + 1 < w->n; i++) {
		uint32_t at = w->first + (uint32_t)i;
		for (size_t t = 0; w->given[i] && w->given[i + 1] && t < 3; t++) {
			(void)printf("    %18u  %-8s", at, types[t]);
			for (size_t o = 0; o < 4; o++)
				(void)printf(" %15s",
				    number_text(w, at, types[t], orders[o], text));
			(void)printf("\n");
		}
	}
}

static void
print_bits(const struct probe *p, const struct window *w)
{
	for (size_t i = 0; i < w->n; i++) {
		uint32_t at = w->first + (uint32_t)i;
		(void)printf("  %s %7u  %7.5u  %s\n", is_asked(p, at) ? "*" : " ", at,
		    probe_printed(p->area, at),
		    !w->given[i]  ? "not given"
		    : w->words[i] ? "1"
				  : "0");
	}
}

// --- what the profile says --------------------------------------------------

static bool
read_helper(struct probe *p, const struct decoder *dec, struct decode_helper *h)
{
	struct client_answer a;
	uint16_t low, high;

	*h = (struct decode_helper){ 0 };
	if (!decoder_helper_span(dec, &low, &high))
		return false;
	probe_ask(p, p->area, low, (uint16_t)(high - low + 1), &a);
	if (a.verdict == CLIENT_GOOD)
		(void)decode_helper_feed(dec, h, a.words);
	return true;
}

// The further registers of the point, behind its value. False where one is not given.
static bool
read_parts(struct probe *p, const struct profile_item *item, uint16_t *words)
{
	for (uint8_t i = 0; i < item->n_parts; i++) {
		const struct item_part *part = &item->parts[i];
		uint16_t n = decoder_width(&p->profile->decoders[part->decoder]);
		struct client_answer a;

		probe_ask(p, p->area,
		    (uint16_t)profile_part_pdu(
			item, part, p->point->loop, p->point->number),
		    n, &a);
		if (a.verdict != CLIENT_GOOD)
			return false;
		memcpy(words, a.words, n * sizeof(*words));
		words += n;
	}
	return true;
}

// The sample that the daemon would make of the point. False where its registers were
// not given.
static bool
decode_by_profile(struct probe *p, const struct window *w, struct sample *out)
{
	const struct profile_item *item = &p->profile->items[p->point->item];
	const struct decoder *dec = &p->profile->decoders[item->decoder];
	uint16_t words[DECODE_WORDS_MAX], width = decoder_width(dec);
	size_t at = p->point->pdu - w->first;
	struct decode_codes codes;
	struct decode_helper h;
	struct decode_edge edge;

	for (uint16_t i = 0; i < width; i++) {
		if (at + i >= w->n || !w->given[at + i])
			return false;
		words[i] = w->words[at + i];
	}
	if (!read_parts(p, item, words + width))
		return false;
	decode_codes_find(p->site, &codes);
	bool helped = read_helper(p, dec, &h);
	decode_item(&(struct decode_input){ p->profile, item, words, p->point->shift,
			helped ? &h : NULL },
	    &codes, out, &edge);
	return true;
}

static const char *
base_unit(enum quantity q)
{
	static const char *const units[QUANTITY_COUNT] = {
		[QUANTITY_NONE] = "",
		[QUANTITY_PRESSURE] = "kPa",
		[QUANTITY_LEVEL] = "m",
		[QUANTITY_TEMPERATURE] = "degC",
		[QUANTITY_CURRENT] = "mA",
		[QUANTITY_VOLTAGE] = "V",
		[QUANTITY_RESISTANCE] = "Ohm",
		[QUANTITY_RATIO] = "%",
		[QUANTITY_DURATION] = "s",
		[QUANTITY_OBSCURATION] = "%/m",
		[QUANTITY_NUMBER] = "",
	};

	return units[q];
}

static enum quantity
quantity_of(const struct probe *p)
{
	return p->profile->decoders[p->profile->items[p->point->item].decoder].quantity;
}

static void
print_profile(const struct probe *p, const struct sample *s)
{
	(void)printf("\nprofile %s reads point %s as ", p->profile->id, p->point->id);
	if (s->quality != QUALITY_GOOD)
		(void)printf("bad");
	else if (s->kind == SAMPLE_ANALOG || s->kind == SAMPLE_COUNT)
		(void)printf("%.6g %s", s->value, base_unit(quantity_of(p)));
	else if (s->kind == SAMPLE_LEVEL)
		(void)printf("%s", s->value > 0.5 ? "1" : "0");
	else if (s->n_codes == 0)
		(void)printf("normal");
	for (uint8_t i = 0; i < s->n_codes; i++) {
		const char *code = p->site->codes[s->codes[i].code];
		(void)printf("%s%s%s%s", i > 0 ? ", " : " ",
		    condition_name(s->codes[i].condition), code[0] != '\0' ? "/" : "",
		    code);
	}
	(void)printf("%s\n",
	    site_point_inferred(p->site, p->point) ? " (register map inferred)" : "");
}

static void
json_profile(struct buf *b, const struct probe *p, const struct sample *s)
{
	json_open(b, "profile", '{');
	json_str(b, "id", p->profile->id);
	json_str(b, "point", p->point->id);
	json_bool(b, "inferred", site_point_inferred(p->site, p->point));
	json_str(b, "quality", quality_name(s->quality));
	json_double(b, "value", s->value);
	json_str(
	    b, "unit", s->kind == SAMPLE_ANALOG ? base_unit(quantity_of(p)) : NULL);
	json_open(b, "conditions", '[');
	for (uint8_t i = 0; i < s->n_codes; i++) {
		json_open(b, NULL, '{');
		json_str(b, "condition", condition_name(s->codes[i].condition));
		json_str(b, "code", p->site->codes[s->codes[i].code]);
		json_close(b, '}');
	}
	json_close(b, ']');
	json_close(b, '}');
}

// --- beside the gauge -------------------------------------------------------

static void
print_candidates(
    const struct probe *p, const struct gauge *g, const struct candidate *c, size_t n)
{
	double factor = 1;

	(void)units_factor(g->unit, g->quantity, &factor);
	(void)printf("\nnear the gauge at %s, the most likely first:\n", p->c->gauge);
	if (n == 0)
		(void)printf("  none within 3 %%: another address, area or unit?\n");
	for (size_t i = 0; i < n; i++)
		(void)printf(
		    "  %2zu  address %u%s  type: %s, order: %s, scale: %g, unit: "
		    "%s   raw %.8g = %.6g %s, off by %.2f %%%s\n",
		    i + 1, c[i].address,
		    c[i].address == p->address ? "" : " (not asked)", c[i].form->type,
		    c[i].form->order, c[i].scale, c[i].unit, c[i].raw,
		    c[i].value / factor, g->unit, c[i].error * 100,
		    c[i].form->type[0] == 'b' ? " (no profile reads BCD)" : "");
	if (n > 1)
		(void)printf("  a second reading at another value tells them apart\n");
}

static void
json_candidates(struct buf *b, const struct candidate *c, size_t n)
{
	json_open(b, "candidates", '[');
	for (size_t i = 0; i < n; i++) {
		json_open(b, NULL, '{');
		json_int(b, "address", c[i].address);
		json_str(b, "type", c[i].form->type);
		json_str(b, "order", c[i].form->order);
		json_double(b, "scale", c[i].scale);
		json_str(b, "unit", c[i].unit);
		json_double(b, "raw", c[i].raw);
		json_double(b, "value", c[i].value);
		json_double(b, "error", c[i].error);
		json_int(b, "penalty", c[i].penalty);
		json_close(b, '}');
	}
	json_close(b, ']');
}

static void
json_decodings(struct buf *b, const struct window *w, uint32_t address)
{
	const struct number_form *forms;
	size_t n = number_forms(&forms);
	char key[24];
	double v;

	json_open(b, "decodings", '{');
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(
		    key, sizeof(key), "%s %s", forms[i].type, forms[i].order);
		if (number_at(w, address, &forms[i], &v))
			json_double(b, key, v);
	}
	json_close(b, '}');
}

static void
json_words(struct buf *b, const struct probe *p, const struct window *w)
{
	bool bits = p->area == AREA_COIL || p->area == AREA_DISCRETE;

	json_open(b, "words", '[');
	for (size_t i = 0; i < w->n; i++) {
		uint32_t at = w->first + (uint32_t)i;
		json_open(b, NULL, '{');
		json_int(b, "address", at);
		json_int(b, "printed", probe_printed(p->area, at));
		json_bool(b, "asked", is_asked(p, at));
		if (w->given[i])
			json_int(b, "raw", w->words[i]);
		else
			json_none(b, "raw");
		if (w->given[i] && !bits)
			json_decodings(b, w, at);
		json_close(b, '}');
	}
	json_close(b, ']');
}

static void
print_json(const struct probe *p, const struct window *w, const struct client_answer *a,
    const struct sample *s, const struct candidate *c, size_t n)
{
	struct buf b = { 0 };

	probe_json_head(&b, p);
	json_int(&b, "address", p->address);
	json_int(&b, "count", p->count);
	probe_json_answer(&b, a);
	json_words(&b, p, w);
	if (s != NULL)
		json_profile(&b, p, s);
	if (c != NULL)
		json_candidates(&b, c, n);
	json_close(&b, '}');
	(void)puts(b.data);
	buf_free(&b);
}

// Who types in the number that the manual prints asks for an address far off.
static void
print_printed(const struct probe *p, const struct client_answer *a)
{
	uint32_t first = probe_printed(p->area, 0);

	if (a->verdict == CLIENT_EXCEPTION && first > 1 && p->address >= first &&
	    p->address < first + 9999)
		(void)printf(
		    "  if %u is the number that the manual prints, its address "
		    "is --address %u\n",
		    p->address, p->address - first);
}

static void
print_text(const struct probe *p, const struct window *w, const struct client_answer *a)
{
	char said[PROBE_SAID];

	(void)printf("%s unit %u, %s from %u", p->where, p->unit, area_name(p->area),
	    p->address);
	if (a->verdict != CLIENT_GOOD) {
		(void)printf(": %s\n", probe_say(p, a, said));
		print_printed(p, a);
		return;
	}
	(void)printf(", answered in %.2f ms\n", a->us / 1000.0);
	if (p->area == AREA_COIL || p->area == AREA_DISCRETE) {
		print_bits(p, w);
		return;
	}
	print_words(p, w);
	print_pairs(w);
}

enum cli_exit
probe_registers(struct probe *p, const struct gauge *g)
{
	struct candidate found[CANDIDATES_MAX];
	struct client_answer a;
	struct window w;
	struct sample s = { 0 };
	size_t n = 0;
	bool bits = p->area == AREA_COIL || p->area == AREA_DISCRETE;

	if (g != NULL && bits)
		return cli_fail(
		    p->c, CLI_USAGE, "--gauge: a %s has no number", area_name(p->area));
	frame_window(p, &w);
	read_window(p, &w, &a);
	bool told = p->point != NULL && a.verdict == CLIENT_GOOD &&
		    decode_by_profile(p, &w, &s);
	if (g != NULL && a.verdict == CLIENT_GOOD)
		n = gauge_match(&w, p->address, g, found, CANDIDATES_MAX);
	if (p->c->json != NULL) {
		print_json(p, &w, &a, told ? &s : NULL, g != NULL ? found : NULL, n);
	} else {
		print_text(p, &w, &a);
		if (told)
			print_profile(p, &s);
		if (g != NULL && a.verdict == CLIENT_GOOD)
			print_candidates(p, g, found, n);
	}
	return a.verdict == CLIENT_GOOD ? CLI_OK : CLI_FAILED;
}
