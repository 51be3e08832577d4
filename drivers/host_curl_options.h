// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// What libcurl is told of a host before each try. Private to the host driver; on the
// thread that talks outward.
#ifndef DRIVERS_HOST_CURL_OPTIONS_H
#define DRIVERS_HOST_CURL_OPTIONS_H

#include <sys/socket.h>

#include <curl/curl.h>
#include <stdbool.h>

#include "core/host.h"

// Sets all of e but its callbacks: it may have been used for the same host before. The
// host outlives the transfer. *connect_to is the caller's to free, once
// CURLOPT_CONNECT_TO of e is NULL again.
void host_curl_options(CURL *e, const struct host *h, const struct sockaddr_storage *to,
    bool give_word, struct curl_slist **connect_to);

#endif
