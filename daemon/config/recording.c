// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The head of a recording: YAML by our schema down to a line of three dots, which ends
// a document there anyway. Runs in the thread of the load. Refuses a file that does not
// say whether it came from a device or was made by hand.
#include "config/recording.h"

#include <string.h>

#include "config/units.h"

enum {
	HEAD_VERSION,
	HEAD_SOURCE,
	HEAD_TITLE,
	HEAD_DEVICE,
	HEAD_FIRMWARE,
	HEAD_RECORDED,
	HEAD_NOTES,
	HEAD_BUS,
	HEAD_TRANSPORT,
	HEAD_REVISION,
	HEAD_DEVICES,
	HEAD_FIELDS
};
enum {
	VERSION = 1,
	NOTES_MAX = 64,
	DEVICES_MAX = 256
};

static const char *
source_choice(size_t i)
{
	static const char *const names[] = { "synthetic", "device", NULL };

	return names[i];
}

// clang-format off
static const struct schema_field note_field = { .key = "notes", .type = SCHEMA_TEXT };

static const struct schema_field head_fields[HEAD_FIELDS] = {
	[HEAD_VERSION] = { .key = "recording", .type = SCHEMA_INTEGER, .required = true,
	    .min = VERSION, .max = VERSION, .help = "the version of the format, 1" },
	[HEAD_SOURCE] = { .key = "source", .type = SCHEMA_CHOICE, .required = true,
	    .choice = source_choice,
	    .help = "device where it was taken from one, synthetic where it was made" },
	[HEAD_TITLE] = { .key = "title", .type = SCHEMA_TEXT },
	[HEAD_DEVICE] = { .key = "device", .type = SCHEMA_TEXT },
	[HEAD_FIRMWARE] = { .key = "firmware", .type = SCHEMA_TEXT },
	[HEAD_RECORDED] = { .key = "recorded", .type = SCHEMA_TEXT },
	[HEAD_NOTES] = { .key = "notes", .type = SCHEMA_LIST, .max = NOTES_MAX,
	    .each = &note_field },
	[HEAD_BUS] = { .key = "bus", .type = SCHEMA_ID },
	[HEAD_TRANSPORT] = { .key = "transport", .type = SCHEMA_TEXT },
	[HEAD_REVISION] = { .key = "revision", .type = SCHEMA_TEXT },
	[HEAD_DEVICES] = { .key = "devices", .type = SCHEMA_LIST, .max = DEVICES_MAX },
};
// clang-format on

// Where the head ends: the bytes in front of the line "...", and the number of that
// line. False where there is no such line.
static bool
find_end(const struct source *s, size_t *head, size_t *frames, uint32_t *line)
{
	const char *at = s->text, *end = s->text + s->len;

	for (*line = 1; at < end; ++*line) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((stop != NULL ? stop : end) - at);

		if (len > 0 && at[len - 1] == '\r')
			len--;
		if (len == 3 && memcmp(at, "...", 3) == 0) {
			*head = (size_t)(at - s->text);
			*frames = stop != NULL ? (size_t)(stop + 1 - s->text) : s->len;
			return true;
		}
		if (stop == NULL)
			break;
		at = stop + 1;
	}
	return false;
}

static const struct yaml_node *
parse_head(struct load *l, uint16_t file, size_t len)
{
	size_t whole = l->sources[file].len;

	l->sources[file].len = len;
	const struct yaml_node *root = yaml_parse(l, file);
	l->sources[file].len = whole;
	return root;
}

int
recording_read(
    struct load *l, struct pos at, const char *name, struct recording_head *out)
{
	struct schema_value v[HEAD_FIELDS];
	size_t head, frames;
	uint32_t line;
	int file = source_read(l, at, name, SOURCE_RECORDING);

	*out = (struct recording_head){ .bus = "" };
	if (file < 0)
		return -1;
	if (!find_end(&l->sources[file], &head, &frames, &line)) {
		problem(l, (struct pos){ (uint16_t)file, 1, 1 },
		    "no recording: the head does not end with a line of three dots");
		return -1;
	}
	const struct yaml_node *root = parse_head(l, (uint16_t)file, head);
	if (root == NULL ||
	    !schema_read(l, root, "a recording", head_fields, HEAD_FIELDS, v))
		return -1;
	if (v[HEAD_BUS].ok)
		out->bus = v[HEAD_BUS].text;
	if (v[HEAD_DEVICES].ok)
		out->devices = v[HEAD_DEVICES].node;
	out->frames = recording_frames(l, (uint16_t)file, frames, line + 1);
	return out->frames != NULL ? 0 : -1;
}
