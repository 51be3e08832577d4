// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// From libfyaml's events to our tree. Runs in the thread of the load. The events are
// taken one by one, so depth and size are ours to bound before anything grows, and no
// alias is ever expanded. What libfyaml 0.7.12 takes minutes for (a line of '%') is
// refused before it sees it. Nothing to keep over a
// crash.
#include "config/yaml.h"

#include <libfyaml.h>
#include <string.h>

#include "lib/mem.h"

enum {
	NODES_MAX = 1000000
};

struct builder {
	struct load *l;
	uint16_t file;
	struct yaml_node *root;
	struct yaml_node *open[YAML_DEPTH_MAX]; // lists and maps not yet closed
	size_t depth;
	const char *key[YAML_DEPTH_MAX]; // of open[i]: the key whose value comes next
	struct pos key_pos[YAML_DEPTH_MAX];
	size_t documents;
	bool failed;
};

const char *
yaml_kind_name(enum yaml_kind k)
{
	static const char *const names[] = {
		[YAML_EMPTY] = "nothing",
		[YAML_SCALAR] = "text",
		[YAML_LIST] = "a list",
		[YAML_MAP] = "a map",
	};

	return names[k];
}

static bool
fail(struct builder *b, struct pos at, const char *text)
{
	problem(b->l, at, "%s", text);
	b->failed = true;
	return false;
}

static struct pos
event_pos(const struct builder *b, struct fy_event *e)
{
	const struct fy_mark *m = fy_event_start_mark(e);
	struct pos at = { .file = b->file, .line = 1, .column = 1 };

	if (m != NULL) {
		at.line = (uint32_t)m->line + 1;
		at.column = (uint32_t)m->column + 1;
	}
	return at;
}

// Looks for the key among its elders; a map has few keys (YAML_KEYS_MAX).
static bool
add_to_map(struct builder *b, struct yaml_node *map, struct yaml_node *n)
{
	size_t level = b->depth - 1;

	n->key = b->key[level];
	n->key_pos = b->key_pos[level];
	b->key[level] = NULL;
	if (map->n == YAML_KEYS_MAX)
		return fail(b, n->key_pos, "a map of more than 64 keys");
	for (const struct yaml_node *c = map->first; c != NULL; c = c->next)
		if (strcmp(c->key, n->key) == 0) {
			problem(b->l, n->key_pos,
			    "key %s is given twice, first in line %u",
			    load_show(b->l, n->key), c->key_pos.line);
			break;
		}
	return true;
}

// Hangs a node under the innermost open one.
static bool
add_node(struct builder *b, struct yaml_node *n)
{
	if (b->depth == 0) {
		b->root = n;
		return true;
	}
	struct yaml_node *parent = b->open[b->depth - 1];
	if (parent->kind == YAML_MAP && !add_to_map(b, parent, n))
		return false;
	if (parent->last != NULL)
		parent->last->next = n;
	else
		parent->first = n;
	parent->last = n;
	parent->n++;
	return true;
}

static bool
expects_key(const struct builder *b)
{
	return b->depth > 0 && b->open[b->depth - 1]->kind == YAML_MAP &&
	       b->key[b->depth - 1] == NULL;
}

static struct yaml_node *
new_node(struct builder *b, enum yaml_kind kind, struct pos at)
{
	struct yaml_node *n = arena_alloc(b->l->temp, 1, sizeof(*n));

	b->l->n_nodes++;
	n->kind = kind;
	n->pos = at;
	return n;
}

static bool
on_open(struct builder *b, enum yaml_kind kind, struct pos at)
{
	if (expects_key(b))
		return fail(b, at, "a key must be plain text");
	if (b->depth == YAML_DEPTH_MAX)
		return fail(b, at, "nested too deep");
	struct yaml_node *n = new_node(b, kind, at);
	if (!add_node(b, n))
		return false;
	b->key[b->depth] = NULL;
	b->open[b->depth++] = n;
	return true;
}

// A text in single quotes on one line, where '' stands for one quote. libfyaml 0.7.12
// loses memory over these, so they are decoded here. NULL: leave it to libfyaml.
static const char *
decode_single_quoted(struct builder *b, struct fy_token *token, size_t *len)
{
	const struct source *s = &b->l->sources[b->file];
	const struct fy_mark *start = fy_token_start_mark(token);
	const struct fy_mark *end = fy_token_end_mark(token);

	if (start == NULL || end == NULL || end->input_pos > s->len ||
	    start->input_pos > end->input_pos)
		return NULL;
	const char *raw = s->text + start->input_pos;
	size_t n = end->input_pos - start->input_pos;
	if (memchr(raw, '\n', n) != NULL || memchr(raw, '\r', n) != NULL)
		return NULL;
	char *text = arena_alloc(b->l->temp, n + 1, 1);
	*len = 0;
	for (size_t i = 0; i < n; i++) {
		if (raw[i] == '\'' && (++i == n || raw[i] != '\''))
			return NULL; // not as we understand it
		text[(*len)++] = raw[i];
	}
	return text;
}

static const char *
scalar_text(struct builder *b, struct fy_token *token, size_t *len)
{
	const char *text = NULL;

	if (token == NULL)
		return NULL;
	if (fy_token_scalar_style(token) == FYSS_SINGLE_QUOTED)
		text = decode_single_quoted(b, token, len);
	return text != NULL ? text : fy_token_get_text(token, len);
}

// An empty item of a block list has no place of its own either: the first line behind
// its elders that is a hyphen and nothing else.
static struct pos
empty_item_pos(const struct builder *b, const struct yaml_node *list)
{
	const char *line = b->l->sources[b->file].text;
	struct pos at = list->pos;
	uint32_t from = list->last != NULL ? list->last->pos.line : at.line - 1;

	for (uint32_t i = 1; line != NULL && *line != '\0'; i++) {
		size_t indent = strspn(line, " ");
		size_t behind = indent + 1;
		if (i > from && line[indent] == '-') {
			behind += strspn(line + behind, " \t");
			if (line[behind] == '\n' || line[behind] == '\r' ||
			    line[behind] == '#' || line[behind] == '\0')
				return (struct pos){ b->file, i, (uint32_t)indent + 1 };
		}
		line = strchr(line, '\n');
		line = line == NULL ? NULL : line + 1;
	}
	return at;
}

static bool
on_scalar(struct builder *b, struct fy_event *e, struct pos at)
{
	struct fy_token *token = fy_event_get_token(e);
	size_t len = 0;
	const char *text = scalar_text(b, token, &len);
	bool empty = text == NULL || (len == 0 && e->scalar.value != NULL &&
					 fy_token_scalar_style(token) == FYSS_PLAIN);

	if (text != NULL && memchr(text, '\0', len) != NULL)
		return fail(b, at, "a character U+0000");
	if (expects_key(b)) {
		if (len == 0)
			return fail(b, at, "a key must be plain text");
		b->key[b->depth - 1] = arena_bytes(b->l->temp, text, len);
		b->key_pos[b->depth - 1] = at;
		return true;
	}
	// An empty value has no place of its own: it is where its key is.
	if (empty && b->depth > 0 && b->open[b->depth - 1]->kind == YAML_MAP)
		at = b->key_pos[b->depth - 1];
	else if (empty && b->depth > 0)
		at = empty_item_pos(b, b->open[b->depth - 1]);
	struct yaml_node *n = new_node(b, empty ? YAML_EMPTY : YAML_SCALAR, at);
	if (!empty)
		n->text = arena_bytes(b->l->temp, text, len);
	return add_node(b, n);
}

static bool
refused_property(const struct fy_event *e)
{
	if (e->type == FYET_SCALAR)
		return e->scalar.anchor != NULL || e->scalar.tag != NULL;
	if (e->type == FYET_SEQUENCE_START)
		return e->sequence_start.anchor != NULL ||
		       e->sequence_start.tag != NULL;
	if (e->type == FYET_MAPPING_START)
		return e->mapping_start.anchor != NULL || e->mapping_start.tag != NULL;
	return e->type == FYET_ALIAS;
}

// False: stop. Starts and ends of streams and documents carry nothing for us.
static bool
on_event(struct builder *b, struct fy_event *e)
{
	struct pos at = event_pos(b, e);

	if (refused_property(e))
		return fail(b, at, "anchors, aliases and tags are not supported");
	if (b->l->n_nodes >= NODES_MAX)
		return fail(b, at, "too many values");
	if (e->type == FYET_DOCUMENT_START && b->documents++ > 0)
		return fail(b, at, "a second document");
	if (e->type == FYET_SCALAR)
		return on_scalar(b, e, at);
	if (e->type == FYET_SEQUENCE_START)
		return on_open(b, YAML_LIST, at);
	if (e->type == FYET_MAPPING_START)
		return on_open(b, YAML_MAP, at);
	if (e->type == FYET_SEQUENCE_END || e->type == FYET_MAPPING_END) {
		wr_assert(b->depth > 0);
		b->depth--;
	}
	return true;
}

// What libfyaml says in its own words, at its place.
static void
report_syntax(struct builder *b, struct fy_diag *diag)
{
	void *iterator = NULL;
	const struct fy_diag_error *e = fy_diag_errors_iterate(diag, &iterator);
	struct pos at = { .file = b->file, .line = 1, .column = 1 };

	b->failed = true;
	if (e == NULL) {
		problem(b->l, at, "not YAML");
		return;
	}
	at.line = e->line > 0 ? (uint32_t)e->line : 1;
	at.column = e->column > 0 ? (uint32_t)e->column : 1;
	problem(b->l, at, "%s", e->msg);
}

static void
parse_events(struct builder *b, struct fy_parser *parser, struct fy_diag *diag)
{
	bool going = true;

	while (going) {
		struct fy_event *e = fy_parser_parse(parser);
		if (e == NULL)
			break;
		going = on_event(b, e);
		fy_parser_event_free(parser, e);
	}
	if (!b->failed && fy_parser_get_stream_error(parser))
		report_syntax(b, diag);
}

static bool
has_no_directive(struct builder *b, const struct source *s)
{
	struct pos at = { .file = b->file, .line = 1, .column = 1 };

	for (const char *line = s->text; line != NULL; at.line++) {
		if (*line == '%')
			return fail(b, at,
			    "a line begins with %: directives are not supported");
		line = strchr(line, '\n');
		line = line == NULL ? NULL : line + 1;
	}
	return true;
}

const struct yaml_node *
yaml_parse(struct load *l, uint16_t file)
{
	const struct source *s = &l->sources[file];
	struct builder b = { .l = l, .file = file };
	struct fy_diag_cfg diag_config;

	if (!has_no_directive(&b, s))
		return NULL;
	fy_diag_cfg_default(&diag_config);
	diag_config.fp = NULL;
	struct fy_diag *diag = fy_diag_create(&diag_config);
	wr_assert(diag != NULL);
	fy_diag_set_collect_errors(diag, true);
	struct fy_parse_cfg config = {
		.flags = FYPCF_QUIET | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE,
		.diag = diag,
	};
	struct fy_parser *parser = fy_parser_create(&config);
	wr_assert(parser != NULL);
	if (fy_parser_set_string(parser, s->text, s->len) == 0)
		parse_events(&b, parser, diag);
	else
		report_syntax(&b, diag);
	fy_parser_destroy(parser);
	fy_diag_destroy(diag);
	if (!b.failed && b.root == NULL)
		(void)fail(&b, (struct pos){ file, 0, 0 }, "the file is empty");
	return b.failed ? NULL : b.root;
}
