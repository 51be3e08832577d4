// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a file as UTF-8 text. A points file comes from a spreadsheet and may be
// in GB 18030; every other file is UTF-8. Private to config. Any thread.
#ifndef CONFIG_ENCODING_H
#define CONFIG_ENCODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/arena.h"

enum encoding {
	ENCODING_DETECT, // UTF-8 where the bytes are, else GB 18030
	ENCODING_UTF_8,
	ENCODING_GB18030,
	ENCODING_COUNT
};

// "utf-8", "gb18030"; ENCODING_DETECT has no name.
const char *encoding_name(enum encoding e);

struct encoded_text {
	const char *text; // UTF-8 without a byte order mark, NUL-terminated
	size_t len;
	enum encoding encoding; // it was in; never ENCODING_DETECT
	bool marked;            // a byte order mark said so
};

enum {
	ENCODING_WHY_MAX = 320
};
struct encoding_fault {
	uint32_t line,
	    column;       // of the first byte that does not fit; 0 = the whole file
	const char *good; // the text up to there, to be shown; "" where there is none
	size_t good_len;
	char why[ENCODING_WHY_MAX]; // one line, lower case
};

// Text of `raw` (NUL behind its end). False with *fault: it is in another encoding than
// `stated`, in none, in two (few bytes that make sense as UTF-8 and as GB 18030), or no
// text at all. *out then is empty. Memory comes from `a`; `raw` may be kept in *out.
bool encoding_read(struct arena *a, const char *raw, size_t len, enum encoding stated,
    struct encoded_text *out, struct encoding_fault *fault);

// Characters of valid UTF-8 at *s, which moves behind the one returned; 0 at the end.
uint32_t utf8_next(const char **s);

// Full-width forms (U+FF01-FF5E, as Chinese input methods type them) become ASCII, the
// ideographic and the no-break space become a space; ends are trimmed. A text without
// any is returned as it is. Memory comes from `a`.
const char *encoding_half_width(struct arena *a, const char *text);

#endif
