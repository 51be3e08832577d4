// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See host_target.h. Refuses a password in an address or in the file itself, and one
// that would go readable over the wire unless the site says so. Nothing to keep over a
// crash.
#include "config/host_target.h"

#include <string.h>

#include "config/sections.h"
#include "config/url.h"

enum {
	DAY_MS = 24 * 60 * 60 * 1000,
	MARKER_BYTES_MAX = 200,
	STATUS_MAX = 16,
};

// What http and rtsp have in common, then what only one has.
enum {
	TARGET_URL,
	TARGET_USER,
	TARGET_PASSWORD,
	TARGET_AUTH,
	TARGET_COMMON,
	HTTP_STATUS = TARGET_COMMON,
	HTTP_MARKER,
	HTTP_CERTIFICATE,
	HTTP_FIELDS,
	RTSP_REQUEST = TARGET_COMMON,
	RTSP_FIELDS,
};

enum {
	CERTIFICATE_CA,
	CERTIFICATE_PIN,
	CERTIFICATE_VERIFY,
	CERTIFICATE_WARN,
	CERTIFICATE_FIELDS
};

static const char *
auth_choice(size_t i)
{
	static const char *const names[] = { "digest", "basic", NULL };

	return names[i];
}

static const char *
request_choice(size_t i)
{
	static const char *const names[] = { "describe", "options", NULL };

	return names[i];
}

// clang-format off
static const struct schema_field certificate_fields[CERTIFICATE_FIELDS] = {
	[CERTIFICATE_CA] = { .key = "ca", .type = SCHEMA_TEXT,
	    .help = "the path of a certificate that signs its own" },
	[CERTIFICATE_PIN] = { .key = "pin", .type = SCHEMA_TEXT,
	    .help = "the fingerprint of its own" },
	[CERTIFICATE_VERIFY] = { .key = "verify", .type = SCHEMA_BOOL, .fallback = 1,
	    .help = "false: whatever it shows is taken" },
	[CERTIFICATE_WARN] = { .key = "warn", .type = SCHEMA_DURATION,
	    .max = 45LL * DAY_MS, .fallback = 21LL * DAY_MS,
	    .help = "how long before its end" },
};
static const struct schema_map certificate_map = { certificate_fields, CERTIFICATE_FIELDS };

static const struct schema_field status_field = {
	.key = "status", .type = SCHEMA_INTEGER, .min = 200, .max = 599,
};

static const struct url_scheme web_schemes[] = {
	{ "http", 80 }, { "https", 443 }, { NULL, 0 },
};

static const struct url_scheme rtsp_schemes[] = { { "rtsp", 554 }, { NULL, 0 } };

static const struct schema_field password_forms[] = {
	{ .key = "secret", .type = SCHEMA_MAP, .map = &secret_map },
	{ .key = NULL },
};

#define TARGET_FIELDS                                                                  \
	[TARGET_URL] = { .key = "url", .type = SCHEMA_TEXT, .required = true,          \
	    .help = "the address that is asked for" },                                 \
	[TARGET_USER] = { .key = "user", .type = SCHEMA_TEXT,                          \
	    .help = "who logs in" },                                                   \
	[TARGET_PASSWORD] = { .key = "password", .type = SCHEMA_ANY,                   \
	    .either = password_forms, .help = "{file: PATH} of it" },                  \
	[TARGET_AUTH] = { .key = "auth", .type = SCHEMA_CHOICE, .choice = auth_choice, \
	    .help = "how the password is given" }

static const struct schema_field http_fields[HTTP_FIELDS] = {
	TARGET_FIELDS,
	[HTTP_STATUS] = { .key = "status", .type = SCHEMA_LIST, .max = STATUS_MAX,
	    .each = &status_field, .help = "those that are good, default 200 to 299" },
	[HTTP_MARKER] = { .key = "marker", .type = SCHEMA_TEXT,
	    .help = "a text that the page must hold" },
	[HTTP_CERTIFICATE] = { .key = "certificate", .type = SCHEMA_MAP,
	    .map = &certificate_map, .help = "whom to trust" },
};
static const struct schema_map http_map = { http_fields, HTTP_FIELDS };
const struct schema_field host_http_forms[] = {
	{ .key = "url", .type = SCHEMA_TEXT },
	{ .key = "map", .type = SCHEMA_MAP, .map = &http_map },
	{ .key = NULL },
};

static const struct schema_field rtsp_fields[RTSP_FIELDS] = {
	TARGET_FIELDS,
	[RTSP_REQUEST] = { .key = "request", .type = SCHEMA_CHOICE,
	    .choice = request_choice, .help = "what is asked of it" },
};
static const struct schema_map rtsp_map = { rtsp_fields, RTSP_FIELDS };
const struct schema_field host_rtsp_forms[] = {
	{ .key = "url", .type = SCHEMA_TEXT },
	{ .key = "map", .type = SCHEMA_MAP, .map = &rtsp_map },
	{ .key = NULL },
};
// clang-format on

// The address itself is not shown where it is refused: it may hold a password.
static void
read_url(struct load *l, const struct schema_value *v, struct host *h)
{
	bool web = h->check == HOST_CHECK_HTTP;
	struct url u;
	char why[WHY_MAX];

	if (url_parse(v->text, web ? web_schemes : rtsp_schemes, &u, why) != 0) {
		if (strchr(v->text, '@') != NULL)
			problem_hide_line(l, v->pos);
		problem(l, v->pos, "%s: %s", host_check_name(h->check), why);
		return;
	}
	h->address = arena_text(l->arena, u.host);
	h->port = u.port;
	h->url = arena_text(l->arena, v->text);
	h->shown = arena_printf(l->arena, "%.*s", (int)u.shown_len, v->text);
}

static void
read_password(
    struct load *l, const struct schema_value v[static TARGET_COMMON], struct host *h)
{
	const struct schema_value *user = &v[TARGET_USER], *word = &v[TARGET_PASSWORD];

	if (user->ok)
		h->user = arena_text(l->arena, user->text);
	if (user->ok && strchr(user->text, ':') != NULL) // RFC 7617, 2
		problem(l, user->pos, "user: must not have a colon");
	h->basic = v[TARGET_AUTH].number == 1;
	if ((user->node != NULL) != (word->node != NULL)) {
		const struct schema_value *there = user->node != NULL ? user : word;
		problem(l, there->key_pos, "user and password go together");
	}
	if (v[TARGET_AUTH].node != NULL && user->node == NULL)
		problem(l, v[TARGET_AUTH].key_pos, "auth: there is no user");
	if (!word->ok || word->node == NULL)
		return;
	if (word->node->kind != YAML_MAP) {
		problem_hide_line(l, word->pos);
		problem(l, word->key_pos,
		    "password: must be {file: PATH}: the site's file is no place for "
		    "it");
		return;
	}
	const char *secret = secret_read(l, word->node);
	if (secret == NULL)
		return;
	h->password = arena_text(l->arena, secret);
}

static void
read_status(struct load *l, const struct yaml_node *list, struct host *h)
{
	uint16_t *status = arena_alloc(l->arena, list->n, sizeof(*status));

	if (list->n == 0)
		problem(l, list->pos, "status is empty");
	for (const struct yaml_node *c = list->first; c != NULL; c = c->next) {
		struct schema_value v = { 0 };
		if (schema_scalar(l, c, &status_field, &v))
			status[h->n_status++] = (uint16_t)v.number;
	}
	h->status = status;
}

static const char *
read_ca(struct load *l, const struct schema_value *v)
{
	int file = source_read(l, v->pos, v->text, SOURCE_CERTIFICATE);

	if (file < 0)
		return "";
	if (strstr(l->sources[file].text, "-----BEGIN CERTIFICATE-----") == NULL)
		schema_refuse(l, v->pos, "ca", v->text, "holds no certificate (PEM)");
	return arena_text(l->arena, l->sources[file].text);
}

// What libcurl takes: "sha256//" and 32 bytes in Base64.
static bool
is_pin(const char *text)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	return strncmp(text, "sha256//", 8) == 0 && strlen(text) == 8 + 44 &&
	       strspn(text + 8, letters) == 43 && text[8 + 43] == '=';
}

static void
read_certificate(struct load *l, const struct yaml_node *node, struct host *h)
{
	struct schema_value v[CERTIFICATE_FIELDS];

	(void)schema_read(
	    l, node, "certificate", certificate_fields, CERTIFICATE_FIELDS, v);
	h->verify = v[CERTIFICATE_VERIFY].number == 1;
	h->warn_ms = (uint32_t)v[CERTIFICATE_WARN].number;
	if (v[CERTIFICATE_CA].ok)
		h->ca = read_ca(l, &v[CERTIFICATE_CA]);
	if (v[CERTIFICATE_CA].node != NULL && !h->verify)
		problem(l, v[CERTIFICATE_CA].key_pos, "ca: verify is false");
	if (v[CERTIFICATE_PIN].ok) {
		h->pin = arena_text(l->arena, v[CERTIFICATE_PIN].text);
		if (!is_pin(h->pin))
			schema_refuse(l, v[CERTIFICATE_PIN].pos, "pin", h->pin,
			    "must be sha256// and the Base64 of the public key's "
			    "SHA-256");
	}
	if (h->url[0] != '\0' && strncmp(h->url, "https:", 6) != 0)
		problem(l, node->key_pos, "certificate: the address is not https");
}

static void
read_http(
    struct load *l, const struct schema_value v[static HTTP_FIELDS], struct host *h)
{
	if (v[HTTP_STATUS].ok)
		read_status(l, v[HTTP_STATUS].node, h);
	if (v[HTTP_MARKER].ok && strlen(v[HTTP_MARKER].text) > MARKER_BYTES_MAX)
		problem(l, v[HTTP_MARKER].pos, "marker: at most %d bytes",
		    MARKER_BYTES_MAX);
	if (v[HTTP_MARKER].ok)
		h->marker = arena_text(l->arena, v[HTTP_MARKER].text);
	if (v[HTTP_CERTIFICATE].ok)
		read_certificate(l, v[HTTP_CERTIFICATE].node, h);
}

// http and rtsp: an address alone, or a map.
void
host_target_read(struct load *l, const struct yaml_node *node, struct host *h)
{
	bool web = h->check == HOST_CHECK_HTTP;
	struct schema_value v[HTTP_FIELDS] = { 0 };
	const struct schema_field alone = { .key = host_check_name(h->check),
		.type = SCHEMA_TEXT };

	if (node->kind != YAML_MAP) {
		if (schema_scalar(l, node, &alone, &v[TARGET_URL]))
			read_url(l, &v[TARGET_URL], h);
		return;
	}
	(void)schema_read(l, node, host_check_name(h->check),
	    web ? http_fields : rtsp_fields, web ? HTTP_FIELDS : RTSP_FIELDS, v);
	if (v[TARGET_URL].ok)
		read_url(l, &v[TARGET_URL], h);
	read_password(l, v, h);
	if (web)
		read_http(l, v, h);
	else
		h->options_only = v[RTSP_REQUEST].number == 1;
}
