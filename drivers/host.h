// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The hosts of a site, as the main loop knows them.
#ifndef DRIVERS_HOST_H
#define DRIVERS_HOST_H

#include "drivers/driver.h"
#include "drivers/host_watch.h"

// What was last heard of host `host` of the site. Valid until the driver is stopped.
const struct host_status *hosts_status(const struct driver_instance *d, uint16_t host);

#endif
