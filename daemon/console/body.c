// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// JSON bodies. Owns nothing; any thread. Refuses: what is not one object, a depth over
// eight, members it was not told of, other types, control bytes in texts, duplicates.
// jansson only reads here; what we write is written by lib/buf.h.
#include "console/body.h"

#include <jansson.h>
#include <string.h>

#include "lib/mem.h"

static int
fault_set(struct body_fault *fault, const char *code, const char *field)
{
	fault->code = code;
	(void)str_copy(fault->field, sizeof(fault->field), field);
	return -1;
}

static bool
too_deep(const char *body, size_t len)
{
	unsigned depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		char c = body[i];
		if (quoted) {
			i += c == '\\';
			quoted = c != '"';
		} else if (c == '"') {
			quoted = true;
		} else if ((c == '{' || c == '[') && ++depth > BODY_DEPTH_MAX) {
			return true;
		} else if ((c == '}' || c == ']') && depth > 0) {
			depth--;
		}
	}
	return false;
}

static bool
text_fits(const struct body_member *m, const char *text, size_t len)
{
	size_t characters = 0;

	if (len >= m->size)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c < 0x20 || c == 0x7f)
			return false;
		characters += (c & 0xc0) != 0x80;
	}
	return m->characters == 0 || characters <= m->characters;
}

static int
take_member(const struct body_member *m, const json_t *value, struct body_fault *fault)
{
	if (m->flag != NULL) {
		if (!json_is_boolean(value))
			return fault_set(fault, "bad_member", m->name);
		*m->flag = json_is_true(value);
		return 0;
	}
	if (m->number != NULL) {
		json_int_t n = json_integer_value(value);
		if (!json_is_integer(value) || n < m->min || n > m->max)
			return fault_set(fault, "bad_member", m->name);
		*m->number = n;
		return 0;
	}
	if (!json_is_string(value) ||
	    !text_fits(m, json_string_value(value), json_string_length(value)))
		return fault_set(fault, "bad_member", m->name);
	memcpy(m->text, json_string_value(value), json_string_length(value) + 1);
	return 0;
}

static int
take_all(json_t *root, const struct body_member *members, size_t n_members,
    struct body_fault *fault)
{
	const char *key;
	json_t *value;

	json_object_foreach(root, key, value)
	{
		size_t i = 0;
		while (i < n_members && strcmp(members[i].name, key) != 0)
			i++;
		if (i == n_members)
			return fault_set(fault, "unknown_member", key);
		if (take_member(&members[i], value, fault) < 0)
			return -1;
	}
	for (size_t i = 0; i < n_members; i++)
		if (members[i].required &&
		    json_object_get(root, members[i].name) == NULL)
			return fault_set(fault, "missing_member", members[i].name);
	return 0;
}

int
body_read(const char *body, size_t len, const struct body_member *members,
    size_t n_members, struct body_fault *fault)
{
	if (len == 0) {
		body = "{}";
		len = 2;
	}
	if (too_deep(body, len))
		return fault_set(fault, "bad_body", "");
	json_t *root = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(root)) {
		json_decref(root);
		return fault_set(fault, "bad_body", "");
	}
	int result = take_all(root, members, n_members, fault);
	json_decref(root);
	return result;
}
