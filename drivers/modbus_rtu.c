// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// Modbus RTU: one serial line, one bus. libmodbus opens and configures the port; the
// descriptor is watched by the loop and the framing is ours. Runs on the loop. Before
// each request whatever lies in the port is thrown away, and the line is silent for 3.5
// characters first. A port that breaks is closed at once (an unplugged adapter stays
// readable for ever) and opened again after a second, by its path: what a name below
// /dev/serial/by-id leads to may have changed. The port is ours alone. On RS-485 the
// transmitter is switched by the kernel, by us with RTS, or by the adapter; where the
// site says by whom and it cannot be so, the port is not used. Opening never waits: it
// is non-blocking, whatever the modem lines say, and takes below 0.1 ms of CPU.

#include <sys/ioctl.h>
#include <sys/stat.h>

#include <errno.h>
#include <modbus/modbus-rtu.h>
#include <modbus/modbus.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "drivers/modbus_bus.h"
#include "drivers/modbus_driver.h"
#include "drivers/modbus_rs485.h"
#include "lib/log.h"
#include "lib/mem.h"

enum {
	SILENCE_HEARD_MS = 4, // at least: adapters deliver in lumps of a few ms
	RTS_LONGEST_MS = 50,  // a transmitter that never says it is empty
	NOISE_SECONDS = 4,    // of the line's full rate
	NOISE_MAX_BYTES = 4096,
	NOISE_MIN_BYTES = 300, // more than one whole frame
};

struct driver_instance {
	struct mbus bus; // first: the transport gets its address
	modbus_t *port;  // libmodbus; NULL = it refused the settings
	int fd;          // -1 = closed; owned by `port`
	struct loop_watch *watch;
	struct loop_timer rts; // until the frame has left; RS485_RTS
	int64_t rts_until_ms;
};

static struct driver_instance *
instance_of(struct mbus *b)
{
	return (struct driver_instance *)b;
}

static void
rtu_close(struct mbus *b)
{
	struct driver_instance *t = instance_of(b);

	loop_unwatch(t->watch);
	t->watch = NULL;
	if (t->fd < 0)
		return;
	if (loop_timer_armed(&t->rts))
		(void)rs485_transmit(t->fd, false); // else the line stays ours
	loop_timer_stop(b->host->loop, &t->rts);
	(void)tcflush(t->fd, TCIOFLUSH); // else closing may wait for the output
	(void)ioctl(t->fd, TIOCNXCL); // the mark outlives us where others have it open
	modbus_close(t->port);
	t->fd = -1;
}

static void
on_readable(void *arg)
{
	struct driver_instance *t = arg;
	size_t room;
	uint8_t *at = mbus_room(&t->bus, &room);
	ssize_t n = read(t->fd, at, room);

	if (n > 0)
		mbus_received(&t->bus, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		mbus_broken(&t->bus, "port-gone");
}

static const char *
code_of(int error)
{
	switch (error) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return "port-missing";
	case EACCES:
	case EPERM:
		return "port-permission";
	case EBUSY:
		return "port-busy";
	default:
		return "port";
	}
}

// --- direction of an RS-485 line -------------------------------------------

static void
on_frame_left(void *arg)
{
	struct driver_instance *t = arg;
	struct loop *loop = t->bus.host->loop;

	if (!rs485_is_empty(t->fd) && loop_now_ms(loop) < t->rts_until_ms)
		loop_timer_in(loop, &t->rts, 1);
	else if (rs485_transmit(t->fd, false) != 0)
		mbus_broken(&t->bus, "port-gone");
}

// RTS falls when the frame has left: not before its last bit, and well within the 3.5
// characters after which a unit may answer.
static void
lower_rts_later(struct driver_instance *t, size_t len)
{
	int64_t us = mbus_now_us(&t->bus) + (int64_t)len * t->bus.byte_us;
	int64_t ms = (us + 999) / 1000;

	t->rts_until_ms = ms + RTS_LONGEST_MS;
	loop_timer_at(t->bus.host->loop, &t->rts, ms);
}

// --- the port --------------------------------------------------------------

// Once per loss: what a person must do.
static void
explain(const struct mbus *b, int error)
{
	struct stat st;

	if (b->open_failures > 0 || link_log_flaps(&b->log, loop_now_ms(b->host->loop)))
		return;
	if (error == EACCES && stat(b->def->tty, &st) == 0)
		log_warnx("modbus",
		    "bus %s: no permission for %s, which belongs to group %u: "
		    "add the service user to that group",
		    b->def->id, b->def->tty, (unsigned)st.st_gid);
	else
		log_warnx("modbus", "bus %s: %s: %s", b->def->id, b->def->tty,
		    modbus_strerror(error));
}

static enum mbus_open
rtu_open(struct mbus *b, const char **code)
{
	struct driver_instance *t = instance_of(b);

	if (!t->port) {
		*code = "port-settings";
		return MBUS_OPEN_FAILED;
	}
	if (modbus_connect(t->port) != 0) {
		int error = errno;

		*code = code_of(error);
		explain(b, error);
		return MBUS_OPEN_FAILED;
	}
	t->fd = modbus_get_socket(t->port);
	if (rs485_set_up(t->port, b->def->rs485) != 0) {
		explain(b, errno);
		*code = "port-rs485";
		rtu_close(b);
		return MBUS_OPEN_FAILED;
	}
	(void)ioctl(t->fd, TIOCEXCL); // nobody else reads our answers
	(void)tcflush(t->fd, TCIOFLUSH);
	t->watch = loop_watch_read(b->host->loop, t->fd, LOOP_BUS, on_readable, t);
	return MBUS_OPEN_DONE;
}

static int
rtu_send(struct mbus *b, const uint8_t *frame, size_t len)
{
	struct driver_instance *t = instance_of(b);

	// What lies there is an answer to nothing we ask now.
	(void)tcflush(t->fd, TCIOFLUSH);
	if (b->def->rs485 == RS485_RTS) {
		if (rs485_transmit(t->fd, true) != 0)
			return -1;
		lower_rts_later(t, len);
	}
	return write(t->fd, frame, len) == (ssize_t)len ? 0 : -1;
}

// A read of a port where nothing lies says nothing, as one of a port that is gone.
static void
rtu_hear(struct mbus *b)
{
	struct driver_instance *t = instance_of(b);
	struct pollfd p = { .fd = t->fd, .events = POLLIN };

	if (poll(&p, 1, 0) > 0 && (p.revents & POLLIN) != 0)
		on_readable(t);
}

static const struct mbus_transport rtu_transport = {
	.framing = PDU_RTU,
	.port = true,
	.open = rtu_open,
	.close = rtu_close,
	.send = rtu_send,
	.hear = rtu_hear,
};

static uint32_t
clamp(uint32_t v, uint32_t low, uint32_t high)
{
	if (v < low)
		return low;
	return v > high ? high : v;
}

static struct driver_instance *
rtu_start(const struct driver_host *host, uint16_t index)
{
	struct driver_instance *t = xcalloc(1, sizeof(*t));
	const struct bus *def = &host->site->buses[index];
	uint32_t baud = def->baud ? def->baud : 9600;

	t->fd = -1;
	t->port = modbus_new_rtu(
	    def->tty, (int)baud, def->parity, def->data_bits, def->stop_bits);
	if (!t->port)
		log_warnx("modbus", "bus %s: line settings refused: %s", def->id,
		    modbus_strerror(errno));
	t->bus.byte_us = pdu_character_us(baud);
	t->bus.gap_us = pdu_silence_us(baud);
	t->bus.silence_ms = SILENCE_HEARD_MS;
	loop_timer_init(&t->rts, on_frame_left, t);
	t->bus.noise_max = clamp(baud / PDU_CHARACTER_BITS * NOISE_SECONDS,
	    NOISE_MIN_BYTES, NOISE_MAX_BYTES);
	mbus_start(&t->bus, host, &rtu_transport, index);
	return t;
}

static void
rtu_stop(struct driver_instance *t)
{
	mbus_stop(&t->bus);
	modbus_free(t->port);
	free(t);
}

const struct driver driver_modbus_rtu = {
	.name = "modbus-rtu",
	.start = rtu_start,
	.stop = rtu_stop,
	MBUS_DRIVER_CALLS,
	.drive = mbus_driver_drive,
};
