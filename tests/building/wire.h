// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The time that a serial line takes: characters at its speed, the turnaround of a unit,
// and how long whoever masters the line waits for a unit that says nothing. One
// conversation at a time, whoever asks.

#ifndef WIRE_H
#define WIRE_H

#include <pthread.h>

struct wire {
	int baud;          // 8N1: ten bits a character
	int turnaround_us; // of a unit, from the request's end to its answer
	int silence_ms;    // a gateway gives a unit up after this; 0: nobody waits
	pthread_mutex_t lock;
};

// Takes as long as a request and its answer of so many characters.
void wire_carry(struct wire *w, int chars);

// Takes as long as a request that nobody answers.
void wire_wait_in_vain(struct wire *w);

#endif
