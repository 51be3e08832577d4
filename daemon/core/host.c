// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Names of checks, codes and states. Owns nothing; any thread.
#include "core/host.h"

#include <assert.h>

// clang-format off
static const char *const checks[HOST_CHECK_COUNT] = {
	[HOST_CHECK_PING] = "ping",
	[HOST_CHECK_TCP] = "tcp",
	[HOST_CHECK_HTTP] = "http",
	[HOST_CHECK_RTSP] = "rtsp",
};

static const struct {
	const char *name;
	bool gone;
} codes[HOST_CODE_COUNT] = {
#define X(id, code, gone) [id] = { code, gone },
	HOST_CODES(X)
#undef X
};

static const char *const blinds[HOST_BLIND_COUNT] = {
#define X(id, code) [id] = code,
	HOST_BLINDS(X)
#undef X
};

static const char *const states[HOST_STATE_COUNT] = {
	[HOST_UNASKED] = "unasked",
	[HOST_UP] = "up",
	[HOST_LOST] = "lost",
	[HOST_BLIND] = "blind",
};
// clang-format on

const char *
host_check_name(enum host_check c)
{
	assert((unsigned)c < HOST_CHECK_COUNT);
	return checks[c];
}

const char *
host_code_name(enum host_code c)
{
	assert((unsigned)c < HOST_CODE_COUNT);
	return codes[c].name;
}

bool
host_code_gone(enum host_code c)
{
	assert((unsigned)c < HOST_CODE_COUNT);
	return codes[c].gone;
}

const char *
host_blind_name(enum host_blind b)
{
	assert((unsigned)b < HOST_BLIND_COUNT);
	return blinds[b];
}

const char *
host_state_name(enum host_state s)
{
	assert((unsigned)s < HOST_STATE_COUNT);
	return states[s];
}
