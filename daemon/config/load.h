// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// One load of a site: the files read so far, the problems found, the site that grows.
// Private to config. Everything goes through it, so that a problem always has a place
// and the files read are known for the revision and for the saved copy. One thread.
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/arena.h"
#include "config/config.h"
#include "config/encoding.h"
#include "config/index.h"
#include "config/trial.h"

enum {
	FILE_BYTES_MAX = 4 << 20,
	FILES_BYTES_MAX = 64 << 20,
	RECORDING_BYTES_MAX = 32 << 20,
	FILES_MAX = 4096,
	INCLUDE_DEPTH_MAX = 8,
	POINTS_MAX = 65000,
	CODES_MAX = 1024,
};

// A place in a file that was read. Line and column count from 1, in characters; line 0
// is the file as a whole.
struct pos {
	uint16_t file;
	uint32_t line, column;
};

// What a file is to the site. Profiles and secrets have their own name in a saved copy.
enum source_role {
	SOURCE_SITE,
	SOURCE_POINTS,
	SOURCE_PROFILE,
	SOURCE_SECRET,
	SOURCE_CERTIFICATE,
	SOURCE_RECORDING
};

struct source {
	const char *shown;  // in messages: as named, relative to what named it
	const char *origin; // absolute path; of a saved copy: where it was copied from
	enum source_role role;
	const char *raw; // as read
	size_t raw_len;
	const char *text; // the same as UTF-8 without a byte order mark, NUL-terminated
	size_t len;
	enum encoding encoding; // it was in
	bool points_at_itself;  // being included right now: meeting it again is a cycle
};

struct yaml_node;

// A profile as its file says it, for the devices that say nothing else.
struct loaded_profile {
	const struct yaml_node *tree; // NULL = could not be read
	bool built;
	const struct profile *profile; // NULL = refused
};

struct profile_override; // config/sections.h

struct copy_map; // config/files.c: which file a saved copy holds for which

struct load {
	struct arena *temp;  // trees and texts: gone after the load
	struct arena *arena; // of the site
	struct problems *problems;
	uint16_t problem_file[PROBLEMS_MAX]; // for the order
	struct pos hidden[PROBLEMS_MAX];     // lines that hold a secret
	size_t n_hidden;

	struct source *sources;
	size_t n_sources, sources_size, bytes;
	struct copy_map *copy; // NULL = not a saved copy
	const char *panels;
	size_t n_nodes;             // YAML nodes so far
	struct points_trial *asked; // NULL = an ordinary load
	struct points_trial *trial; // `asked` while its file is read, else NULL

	struct site *site;
	struct pos *bus_pos, *device_pos, *host_pos; // where their ids stand
	struct name_index buses, devices, gpios, zones, channels, hosts, outputs,
	    points;
	struct name_index codes, loops;
	struct name_index ruled; // points that a rule has: enum rule_use
	struct name_index profile_ids;
	struct loaded_profile *loaded;
	size_t n_profiles;
	struct pos device_at; // the device whose profile is being loaded
	const struct profile_override *device_says; // where it differs; not NULL then
	const char *replay;     // a file that a tool plays in place of its bus, or NULL
	const char **replay_of; // of each bus: the recording that it is, or NULL
	struct pos *replay_at;

	struct point *point; // grows; copied into the site at the end
	struct pos *point_pos;
	size_t n_points, points_size;
};

// problems.c

// Records a problem. Outside text in it goes through load_show first.
void problem(struct load *l, struct pos at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

// What was put up with, for whoever tries a points file; nobody else hears of it.
void note(struct load *l, struct pos at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

// The line at `at` holds what should have been in a file of its own: no problem shows
// it, those found before included.
void problem_hide_line(struct load *l, struct pos at);

// `text` in double quotes, cut and made printable; valid until the load ends.
const char *load_show(struct load *l, const char *text);

// Puts the problems in order of file and line.
void problems_sort(struct load *l);

// ", did you mean "x"?" for the name nearest to `found`, or "". Offer every candidate
// to suggest_offer first.
struct suggestion {
	const char *found;
	const char *best;
	unsigned distance;
};
struct suggestion suggest_begin(const char *found);
void suggest_offer(struct suggestion *s, const char *candidate);
void suggest_offer_each(void *suggestion, const char *candidate); // for index_each
const char *suggest_text(struct load *l, const struct suggestion *s);

// files.c

// Reads a file named by `name` at `at` (file UINT16_MAX: the site's own file, named by
// the caller). Returns its index into sources, or -1 with a problem.
int source_read(struct load *l, struct pos at, const char *name, enum source_role role);

// The same for a points file, which may be in GB 18030. Outside every file (UINT16_MAX)
// the name is seen from the working directory.
int source_read_points(
    struct load *l, struct pos at, const char *name, enum encoding stated);

// Reads the profile `id`; its text must not be used when -1 (a problem at `at`).
int source_read_profile(struct load *l, struct pos at, const char *id);

// A path named in file `at.file`, as an absolute one. In the site's arena.
const char *source_absolute(struct load *l, uint16_t file, const char *name);

// Prepares reading from a saved copy when `file` is one. 0, or -1 with a problem.
int source_open_copy(struct load *l, const char *file);
void source_close_copy(struct load *l);

// Copies line `line` of a source as a person may see it; caller frees. NULL where there
// is none to show (a secret, a hidden line, a line too long).
char *source_line(const struct load *l, struct pos at);

// Name of a source inside a saved copy; caller's buffer.
enum {
	COPY_NAME_MAX = 160
};
void source_copy_name(const struct load *l, size_t i, char out[static COPY_NAME_MAX]);
extern const char copy_map_name[], copy_map_head[];

// load.c

// Fills l->site, or leaves problems. load_end frees all but the site and the problems.
void load_begin(struct load *l, const char *panels, struct problems *p);
struct site *load_run(struct load *l, const char *file);
void load_end(struct load *l);

// The number of a symbolic code; "" is 0.
code_id load_code(struct load *l, struct pos at, const char *name);

#endif
