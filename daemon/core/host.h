// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Hosts: the room's own equipment (cameras, recorders, servers, network gear) and how
// each is asked whether it is there. A host is one point of the site; while it does not
// answer as it should the point has the condition fault, with one of the codes below.
// Plain data. Pure.
#ifndef CORE_HOST_H
#define CORE_HOST_H

#include <stdbool.h>
#include <stdint.h>

enum host_check {
	HOST_CHECK_PING, // ICMP echo
	HOST_CHECK_TCP,  // a connection is taken
	HOST_CHECK_HTTP, // GET: status, and a marker in the body
	HOST_CHECK_RTSP, // DESCRIBE: a video stream is there; or OPTIONS
	HOST_CHECK_COUNT,
};

// X(enum, code, whether the host itself is out of reach)
// A host that goes from one such code to another keeps the first: it is one absence.
#define HOST_CODES(X)                         \
  X(HOST_ANSWERS, "", false)                  \
  X(HOST_UNREACHABLE, "unreachable", true)    \
  X(HOST_REFUSED, "refused", true)            \
  X(HOST_TIMEOUT, "timeout", true)            \
  X(HOST_CLOSED, "closed", true)              \
  X(HOST_NAME, "name", true)                  \
  X(HOST_MALFORMED, "malformed", false)       \
  X(HOST_OVERSIZE, "oversize", false)         \
  X(HOST_TLS, "tls", false)                   \
  X(HOST_CERTIFICATE, "certificate", false)   \
  X(HOST_AUTH, "auth", false)                 \
  X(HOST_WRONG_STATUS, "wrong-status", false) \
  X(HOST_NO_MARKER, "no-marker", false)       \
  X(HOST_NO_STREAM, "no-stream", false)       \
  X(HOST_BUSY, "busy", false)

enum host_code {
#define X(id, code, gone) id,
	HOST_CODES(X)
#undef X
	HOST_CODE_COUNT,
};

// X(enum, code): why a host could not be asked at all. It is unknown then, and has no
// fault of its own; all but the parent are faults of "@network", our end of it.
#define HOST_BLINDS(X)                \
  X(HOST_SEEN, "")                    \
  X(HOST_BEHIND_PARENT, "parent")     \
  X(HOST_NO_ROUTE, "no-route")        \
  X(HOST_LINK_DOWN, "link-down")      \
  X(HOST_NO_PERMISSION, "permission") \
  X(HOST_NO_RESOURCES, "resources")

enum host_blind {
#define X(id, code) id,
	HOST_BLINDS(X)
#undef X
	HOST_BLIND_COUNT,
};

enum host_state {
	HOST_UNASKED, // no verdict yet: unknown
	HOST_UP,
	HOST_LOST,  // has a code: the fault
	HOST_BLIND, // could not be asked: unknown
	HOST_STATE_COUNT,
};

// Of the warning that a certificate runs out; comes with the condition info.
#define HOST_CERTIFICATE_EXPIRES "certificate-expires"

// What the plan of all hosts is held to. Two at once at one address: the web servers of
// cameras and recorders are small.
enum {
	HOSTS_MAX = 1024,
	HOST_CHECKS_MAX = 256,       // under way at once
	HOST_CHECKS_PER_ADDRESS = 2, // at one address
	HOST_RETRY_GAP_MS = 1000,    // between the tries of one check, at most
	HOST_JITTER_PERCENT = 5,     // of the period, each way
	HOST_DETAIL_MAX = 120,       // bytes of a reason for technicians
	HOST_WINDOW_MAX = 16,        // checks a verdict looks back on
};

struct host {
	const char *id;
	uint32_t point;  // index of its point in site.points
	uint16_t parent; // index into site.hosts, or INDEX_NONE: without it none of
			 // this host's checks can get through
	enum host_check check;
	const char *address; // numeric, or a name that is looked up
	uint16_t port;       // 0 for a ping
	const char *url;     // http, rtsp; "" otherwise. May hold a token: never shown
	const char *shown;   // the target as people may see it

	uint32_t period_ms;
	uint32_t timeout_ms; // one try as a whole
	// The steps of a try, each from its begin: look-up, connection, first byte.
	uint32_t look_up_ms, connect_ms, first_byte_ms;
	uint8_t retries;    // further tries before a check has failed
	uint8_t misses, of; // failed checks of the last `of` that make a fault
	uint32_t accept_ms; // the site accepts a budget up to this; 0 = class limit
	const char *accept_reason; // or NULL

	// http and rtsp
	const char *user, *password; // "" = none; the password is never shown
	bool basic;                  // the password may go readable over the wire
	bool options_only; // rtsp: the server is enough, no stream is asked for
	uint8_t n_status;
	const uint16_t *status; // http: those that are good; none = 200 to 299
	const char *marker;     // http: must be in the body; "" = none
	const char *ca;   // PEM text of the authorities to trust; "" = the system's
	const char *pin;  // "sha256//BASE64" of the public key; "" = none
	bool verify;      // the certificate is checked
	uint32_t warn_ms; // a certificate that ends sooner is a warning; in ms
};

// What is known of one host. Times are monotonic ms; 0 = never.
struct host_status {
	enum host_state state;
	enum host_code code;       // of the fault, while lost
	enum host_blind blind;     // why, while blind
	enum host_code last_code;  // of the last check; HOST_ANSWERS = it answered
	unsigned misses;           // failed checks among those that count
	bool warned;               // the certificate ends soon
	int64_t certificate_end_s; // UTC; 0 = none seen
	uint32_t round_trip_us;    // of the last answer
	int64_t asked_ms, answered_ms;
	int64_t held_until_ms; // the password is not tried before
	uint64_t checks, failed, tries;
	char detail[HOST_DETAIL_MAX]; // of the last failed check
};

const char *host_check_name(enum host_check c); // "ping", "tcp", "http", "rtsp"
const char *host_code_name(enum host_code c);   // "" for HOST_ANSWERS
bool host_code_gone(enum host_code c);
const char *host_blind_name(enum host_blind b); // "" for HOST_SEEN
const char *host_state_name(enum host_state s); // "unasked", "up", "lost", "blind"

#endif
