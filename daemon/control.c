// SPDX-FileCopyrightText: 2026 Watchroom contributors
// SPDX-License-Identifier: Apache-2.0
//
// See control.h. Sockets do not block; a client is closed by its own callbacks only, so
// that whoever puts lines into its buffer never sees it go.
#include "control.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control_impl.h"
#include "lib/log.h"
#include "lib/mem.h"

enum {
	SOCKET_MODE = 0660,
	BACKLOG = 8
};

typedef void verb_fn(struct client *cl, const char *word);

static const struct verb {
	const char *name;
	verb_fn *run;
} verbs[] = {
	{ "record", record_begin },
	{ "decisions", control_decisions },
};

// ---- what goes out
// -------------------------------------------------------------------

static void
close_client(struct client *cl)
{
	record_end(cl);
	loop_timer_stop(cl->control->loop, &cl->patience);
	loop_unwatch(cl->in);
	loop_unwatch(cl->out);
	(void)close(cl->fd);
	free(cl->data);
	*cl = (struct client){ .control = cl->control, .fd = -1 };
}

// True while there is more.
static bool
send_some(struct client *cl)
{
	ssize_t n = send(cl->fd, cl->data + cl->sent, cl->len - cl->sent,
	    MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		close_client(cl);
		return false;
	}
	if (n > 0)
		cl->sent += (size_t)n;
	return cl->sent < cl->len;
}

static void
on_writable(void *arg)
{
	struct client *cl = arg;

	if (send_some(cl) || cl->fd < 0)
		return;
	loop_unwatch(cl->out);
	cl->out = NULL;
	cl->sent = cl->len = 0;
	if (!cl->recording && cl->asked)
		close_client(cl); // answered
}

size_t
control_room(const struct client *cl)
{
	return CONTROL_OUT_MAX - (cl->len - cl->sent);
}

bool
control_put(struct client *cl, const char *text, size_t len)
{
	if (control_room(cl) < len)
		return false;
	if (CONTROL_OUT_MAX - cl->len < len) {
		memmove(cl->data, cl->data + cl->sent, cl->len - cl->sent);
		cl->len -= cl->sent;
		cl->sent = 0;
	}
	memcpy(cl->data + cl->len, text, len);
	cl->len += len;
	if (cl->out == NULL)
		cl->out = loop_watch_write(
		    cl->control->loop, cl->fd, LOOP_CONSOLE, on_writable, cl);
	return true;
}

void
control_refuse(struct client *cl, const char *code, const char *message)
{
	struct buf b = { 0 };

	json_open(&b, NULL, '{');
	json_open(&b, "error", '{');
	json_str(&b, "code", code);
	json_str(&b, "message", message);
	json_close(&b, '}');
	json_close(&b, '}');
	buf_str(&b, "\n");
	cl->asked = true;
	(void)control_put(cl, b.data, b.len);
	buf_free(&b);
}

// ---- what comes in
// -------------------------------------------------------------------

static void
take_request(struct client *cl)
{
	char *rest = cl->line;
	const char *verb = strsep(&rest, " ");

	cl->asked = true;
	loop_timer_stop(cl->control->loop, &cl->patience);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].name, verb) == 0) {
			verbs[i].run(cl, rest != NULL ? rest : "");
			return;
		}
	control_refuse(cl, "unknown_verb", "there is no such verb");
}

static void
on_readable(void *arg)
{
	struct client *cl = arg;
	char scratch[CONTROL_LINE_MAX];
	char *to = cl->asked ? scratch : cl->line + cl->n_line;
	size_t room = cl->asked ? sizeof(scratch) : sizeof(cl->line) - cl->n_line;
	ssize_t n = recv(cl->fd, to, room, MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		close_client(cl);
		return;
	}
	if (n < 0 || cl->asked)
		return;
	cl->n_line += (size_t)n;
	char *end = memchr(cl->line, '\n', cl->n_line);
	if (end != NULL) {
		*end = '\0';
		take_request(cl);
	} else if (cl->n_line == sizeof(cl->line)) {
		control_refuse(cl, "too_long", "a request is one line of 255 bytes");
	}
}

static void
on_patience(void *arg)
{
	close_client(arg);
}

static struct client *
free_client(struct control *c)
{
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (c->clients[i].fd < 0)
			return &c->clients[i];
	return NULL;
}

static void
on_connection(void *arg)
{
	static const char full[] =
	    "{\"error\":{\"code\":\"busy\",\"message\":\"too many clients\"}}\n";
	struct control *c = arg;
	int fd = accept4(c->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct client *cl = free_client(c);

	if (fd < 0)
		return;
	if (cl == NULL) {
		(void)send(fd, full, sizeof(full) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		(void)close(fd);
		return;
	}
	*cl = (struct client){ .control = c, .fd = fd };
	cl->data = xmalloc(CONTROL_OUT_MAX);
	cl->in = loop_watch_read(c->loop, fd, LOOP_CONSOLE, on_readable, cl);
	loop_timer_init(&cl->patience, on_patience, cl);
	loop_timer_in(c->loop, &cl->patience, CONTROL_PATIENCE_MS);
}

// ---- life
// ----------------------------------------------------------------------------

static int
listen_at(const char *path, struct err *err)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(at.sun_path))
		return err_set(err, ENAMETOOLONG,
		    "the path of the control socket is longer than %zu bytes: %s",
		    sizeof(at.sun_path) - 1, path);
	(void)str_copy(at.sun_path, sizeof(at.sun_path), path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	(void)unlink(path);
	if (fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0 &&
	    chmod(path, SOCKET_MODE) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	(void)err_set(err, errno, "the control socket %s: %s", path, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

struct control *
control_start(struct loop *loop, const struct control_host *host, const char *path,
    struct err *err)
{
	int fd = listen_at(path, err);
	if (fd < 0)
		return NULL;
	struct control *c = xcalloc(1, sizeof(*c));
	c->loop = loop;
	c->host = *host;
	c->path = xstrdup(path);
	c->fd = fd;
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		c->clients[i] = (struct client){ .control = c, .fd = -1 };
	record_init(c);
	c->watch = loop_watch_read(loop, fd, LOOP_CONSOLE, on_connection, c);
	return c;
}

void
control_stop(struct control *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (c->clients[i].fd >= 0)
			close_client(&c->clients[i]);
	loop_unwatch(c->watch);
	(void)close(c->fd);
	(void)unlink(c->path);
	record_free(c);
	free(c->path);
	free(c);
}
