// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What is asked of a host by HTTP or RTSP: an address alone, or a map of it with a
// password and certificates. Runs in the thread of the load.
#ifndef CONFIG_HOST_TARGET_H
#define CONFIG_HOST_TARGET_H

#include "config/load.h"
#include "config/schema.h"

extern const struct schema_field host_http_forms[], host_rtsp_forms[];

// Fills in what h->check, HTTP or RTSP, asks for.
void host_target_read(struct load *l, const struct yaml_node *node, struct host *h);

#endif
