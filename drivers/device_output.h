// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The outputs of one device: the coils that the site lets the daemon drive. A wish is
// written before anything is read, tried again until the device takes it, read back,
// and looked at and written again each refresh, for a module that restarts has lost it
// and somebody else may write it. One block of
// the plan each (PLAN_OUTPUT). Private to device*.c. On the loop.
#ifndef DRIVERS_DEVICE_OUTPUT_H
#define DRIVERS_DEVICE_OUTPUT_H

#include "drivers/device.h"

struct device_output {
	const struct output *def;
	uint16_t index; // into site.outputs
	bool wished;    // there is a wish; without one nothing is written
	bool on;        // it
	bool again;     // wished anew since the request in flight
	bool reading;   // it was written, and is read back next
	bool looking;   // it followed; whether it still does is looked at next
	bool unread;    // the device would not say what it shows: it counts as refused
	bool mute;      // the device answers others and not this: tried seldom
	bool sent_read, sent_look; // what is in flight
	bool sent_on;
	bool lost; // and the host was told
};

// Makes the blocks of those that the site enabled. Before dialog_init.
void device_outputs_init(struct field_device *d);

// The request of the block, as things are now.
void device_output_request(
    const struct field_device *d, uint16_t block, struct pdu_request *out);
void device_output_sent(struct field_device *d, uint16_t block);
void device_output_good(struct field_device *d, uint16_t block, const uint8_t *data);
void device_output_refused(struct field_device *d, uint16_t block, const char *code);
// Not answered, while the device answers others: out of reach by itself, and tried with
// no more than a tenth of the line's time (I7).
void device_output_mute(struct field_device *d, uint16_t block, const char *code);

// Nothing is known of what the device shows; all is written again.
void device_outputs_lost(struct field_device *d, const char *code);

#endif
