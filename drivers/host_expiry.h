// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// The end of a certificate as libcurl prints it. Pure.
#ifndef DRIVERS_HOST_EXPIRY_H
#define DRIVERS_HOST_EXPIRY_H

#include <stdint.h>

// "Nov 25 22:39:00 2026 GMT" (ASN1_TIME_print of OpenSSL) -> seconds since 1970 UTC; 0
// where it is anything else.
int64_t host_expiry(const char *text);

#endif
