// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// GET /text: the catalogue as one JSON object, so that the pages have no texts of their
// own. Built at the first call, then shared; runs on the loop thread.
#include <stddef.h>

#include "console/console_int.h"

static struct blob *
texts_of(enum lang lang)
{
	struct buf b = { 0 };

	json_open(&b, NULL, '{');
	for (size_t i = 0; i < text_count(); i++)
		json_str(&b, text_key(i), text_get(lang, text_key(i)));
	json_close(&b, '}');
	return blob_take(&b);
}

void
api_text(struct console *c, struct http_request *r)
{
	const char *name = target_value(&r->target, "lang");
	enum lang lang = r->lang;

	if (name != NULL && !lang_from_name(name, &lang)) {
		http_error(r, 400, "bad_parameter", "lang");
		return;
	}
	if (c->texts[lang] == NULL)
		c->texts[lang] = texts_of(lang);
	http_add(r, "Cache-Control", "no-cache");
	http_send(r, 200, "application/json; charset=utf-8", blob_ref(c->texts[lang]));
}
