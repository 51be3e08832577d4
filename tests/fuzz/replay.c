// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Runs a fuzz target without a fuzzer: every file given, or every file of a folder
// given, and with --random N as many inputs made from those by a fixed generator (cut,
// joined, bits turned), so that each run of the suite does the same; with
// WATCHROOM_LONG set, twenty times as many. A target built with clang's
// -fsanitize=fuzzer is linked without this file.
//
//   fuzz_TARGET [--random N] FILE|FOLDER...

#include <sys/stat.h>

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

enum {
	INPUT_MAX = 65536,
	INPUTS_MAX = 4096,
	TURNS_MAX = 8,
	LONG_TIMES = 20,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	uint8_t *data;
	size_t size;
};

static struct input inputs[INPUTS_MAX];
static size_t n_inputs;
static uint32_t random_state = 0x5EED;

static uint32_t
next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state;
}

// A copy of exactly its size: a read beyond it is seen by the sanitizer.
static void
run(const uint8_t *data, size_t size)
{
	uint8_t *copy = xmalloc(size ? size : 1);

	memcpy(copy, data, size);
	(void)LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void
add_file(const char *path)
{
	static uint8_t buf[INPUT_MAX];
	FILE *f = fopen(path, "re");
	struct input *in;

	if (!f || n_inputs == INPUTS_MAX) {
		(void)fprintf(stderr, "cannot read %s\n", path);
		exit(1);
	}
	in = &inputs[n_inputs++];
	in->size = fread(buf, 1, sizeof(buf), f);
	in->data = xmalloc(in->size ? in->size : 1);
	memcpy(in->data, buf, in->size);
	(void)fclose(f);
}

static void
add_path(const char *path)
{
	struct dirent **entries;
	struct stat st;
	int n;

	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode)) {
		add_file(path);
		return;
	}
	n = scandir(path, &entries, NULL, alphasort); // the same order on each machine
	if (n < 0) {
		(void)fprintf(stderr, "cannot read %s\n", path);
		exit(1);
	}
	for (int i = 0; i < n; i++) {
		char *file = xasprintf("%s/%s", path, entries[i]->d_name);

		if (entries[i]->d_name[0] != '.')
			add_file(file);
		free(file);
		free(entries[i]);
	}
	free(entries);
}

// One input from two others.
static size_t
breed(uint8_t *out, size_t room)
{
	const struct input *a = &inputs[next_random() % n_inputs];
	const struct input *b = &inputs[next_random() % n_inputs];
	size_t head = a->size ? next_random() % (a->size + 1) : 0;
	size_t from = b->size ? next_random() % (b->size + 1) : 0;
	size_t tail = b->size - from, n;

	memcpy(out, a->data, head);
	if (head + tail > room)
		tail = room - head;
	memcpy(out + head, b->data + from, tail);
	n = head + tail;
	for (uint32_t i = next_random() % TURNS_MAX; i > 0 && n > 0; i--) {
		uint8_t *at = &out[next_random() % n];

		if (next_random() % 4 == 0)
			*at = (uint8_t)next_random();
		else
			*at ^= (uint8_t)(1U << next_random() % 8);
	}
	return n;
}

int
main(int argc, char **argv)
{
	static uint8_t bred[INPUT_MAX];
	unsigned long n = 0;
	int i = 1;

	if (argc > 2 && strcmp(argv[1], "--random") == 0) {
		n = strtoul(argv[2], NULL, 10) *
		    (getenv("WATCHROOM_LONG") != NULL ? LONG_TIMES : 1);
		i = 3;
	}
	for (; i < argc; i++)
		add_path(argv[i]);
	if (n_inputs == 0) {
		(void)fprintf(stderr, "no inputs\n");
		return 1;
	}
	for (size_t k = 0; k < n_inputs; k++)
		run(inputs[k].data, inputs[k].size);
	for (unsigned long k = 0; k < n; k++)
		run(bred, breed(bred, sizeof(bred)));
	printf("%zu files, %lu made from them\n", n_inputs, n);
	for (size_t k = 0; k < n_inputs; k++)
		free(inputs[k].data);
	return 0;
}
