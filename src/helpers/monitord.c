/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-monitord's loop: see monitord.h. One event at a time, so that no handler meets a descriptor
 * which another one has just closed. epoll(7), unix(7).
 */

#include "helpers/monitord.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/macros.h"
#include "run/monitor.h"
#include "sys/peer.h"

enum {
	BACKLOG = 100,
	ACCEPTED_AT_ONCE = 2 * BACKLOG, /* all who had connected before we looked, and more */
	EVENTS_AT_ONCE = 16,
	IDLE_SECONDS = 30,
	LEAVING_SECONDS = 1,       /* what clients get for hanging up, when all is over */
	ACCEPT_PAUSE = 100 * 1000, /* µs, when no descriptor is free */
	SEND_BUFFER = 1024 * 1024, /* bytes; the kernel makes it less */
};

static int watch(struct monitord *m, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(m->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static void put_off_idling(struct monitord *m)
{
	m->idle_until = time_deadline(IDLE_SECONDS * USEC_PER_SEC);
}

/* The socket --------------------------------------------------------------------------------- */

static int refuse_address(const struct monitord *m, struct err *e)
{
	struct sockaddr_un address;
	socklen_t length = monitor_address(m->lxcpath, &address);
	autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct ucred peer = {.pid = 0};
	socklen_t size = sizeof(peer);
	int r;

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, length) == 0)
		(void)getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	r = err_set(e, ERR_SYSTEM, EADDRINUSE,
		    "the address \"@%s\", where events of \"%s\" are told, is taken",
		    address.sun_path + 1, m->lxcpath);
	if (peer.pid > 0)
		err_hint(e, "process %d of user %u has it", (int)peer.pid, (unsigned)peer.uid);
	else
		err_hint(e, "ss -xlp tells who has it");
	return r;
}

/* A daemon that has given up the fifo's lock has closed its socket before. */
static int open_socket(struct monitord *m, struct err *e)
{
	struct sockaddr_un address;
	socklen_t length = monitor_address(m->lxcpath, &address);
	autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return err_set(e, ERR_SYSTEM, errno, "cannot make a socket");
	if (bind(fd, (const struct sockaddr *)&address, length) < 0) {
		if (errno == EADDRINUSE)
			return refuse_address(m, e);
		return err_set(e, ERR_SYSTEM, errno,
			       "cannot bind a socket for the events of \"%s\"", m->lxcpath);
	}
	if (listen(fd, BACKLOG) < 0)
		return err_set(e, ERR_SYSTEM, errno, "cannot listen for clients of \"%s\"",
			       m->lxcpath);
	if (watch(m, fd) < 0)
		return err_set(e, ERR_SYSTEM, errno, "cannot watch the socket");
	m->listen_fd = take_fd(fd);
	return 0;
}

static void close_fd(int *fd)
{
	cleanup_close(fd);
	*fd = -EBADF;
}

/* Root, and our own user. */
static bool may_connect(const struct ucred *peer)
{
	return peer->uid == 0 || peer->uid == geteuid();
}

static void take_request(struct monitord *m, const char *word, ssize_t length)
{
	if (length != MONITOR_QUIT_LENGTH || memcmp(word, monitor_quit_word, (size_t)length) != 0)
		return;
	m->has_ended = true;
	m->was_asked = true;
}

static void add_client(struct monitord *m, int client)
{
	autoclose int fd = client;
	const int size = SEND_BUFFER;
	char word[MONITOR_QUIT_LENGTH];
	struct ucred peer;
	socklen_t peer_size = sizeof(peer);
	enum peer_place where;
	int *place;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_size) < 0 || !may_connect(&peer))
		return;
	where = peer_look(peer.pid);
	/* Genuine LXC's lxc-monitor -Q does not wait for an answer. A connection that outlives who
	 * made it may be in anybody's hands, a container's as well. */
	if (where == PEER_ENDED)
		take_request(m, word, recv(fd, word, sizeof(word), MSG_DONTWAIT));
	if (where != PEER_HERE)
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (watch(m, fd) < 0)
		return;
	place = vec_push(&m->clients);
	if (!place)
		return;
	*place = take_fd(fd);
	put_off_idling(m);
}

/* Out of descriptors: the listener would be ready all the time. */
static void pause_accepting(struct monitord *m)
{
	epoll_ctl(m->epoll_fd, EPOLL_CTL_DEL, m->listen_fd, NULL);
	m->accept_again = time_deadline(ACCEPT_PAUSE);
}

static void accept_all(struct monitord *m)
{
	for (int i = 0; i < ACCEPTED_AT_ONCE; i++) {
		struct sockaddr_un address;
		socklen_t size = sizeof(address);
		int fd = accept4(m->listen_fd, (struct sockaddr *)&address, &size,
				 SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			add_client(m, fd);
			continue;
		}
		if (errno == EINTR || errno == ECONNABORTED)
			continue;
		if (errno != EAGAIN && errno != EINVAL && m->accept_again == USEC_INFINITY)
			pause_accepting(m);
		return;
	}
}

static void resume_accepting(struct monitord *m)
{
	m->accept_again = USEC_INFINITY;
	if (watch(m, m->listen_fd) < 0)
		m->accept_again = time_deadline(ACCEPT_PAUSE);
}

/* Somebody may have cleaned the run directory: then nobody finds the fifo that we read. */
static void keep_fifo(struct monitord *m)
{
	struct err e = {};

	if (monitord_has_fifo(m))
		return;
	monitord_close_fifo(m);
	if (monitord_open_fifo(m, &e) != 0 || watch(m, m->fifo_fd) < 0)
		m->has_ended = true;
}

static void listener_ready(struct monitord *m)
{
	/* Whoever has been taken in finds it. */
	keep_fifo(m);
	accept_all(m);
}

/* Clients and events ------------------------------------------------------------------------- */

static void drop_client(struct monitord *m, size_t at)
{
	close(m->clients.items[at]);
	vec_remove(&m->clients, at);
	put_off_idling(m);
}

static void hand_on(struct monitord *m, const void *events, size_t length)
{
	for (size_t i = 0; i < m->clients.count;) {
		/* Small enough to be sent whole or not at all. */
		ssize_t n = send(m->clients.items[i], events, length, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n == (ssize_t)length)
			i++;
		else
			drop_client(m, i);
	}
}

/*
 * Clients are taken in behind the reading: whoever had connected before one of these events was
 * written is among them.
 */
static void fifo_ready(struct monitord *m)
{
	struct wire_message events[EVENTS_AT_ONCE];
	ssize_t n = read(m->fifo_fd, events, sizeof(events));

	if (n <= 0)
		return;
	put_off_idling(m);
	if (m->accept_again == USEC_INFINITY)
		accept_all(m);
	/* Writers of ours and of LXC's write whole events; what is less is nobody's. */
	n -= n % (ssize_t)sizeof(events[0]);
	if (n > 0)
		hand_on(m, events, (size_t)n);
}

static void client_ready(struct monitord *m, int fd)
{
	char word[MONITOR_QUIT_LENGTH];
	ssize_t n = recv(fd, word, sizeof(word), MSG_DONTWAIT);

	take_request(m, word, n);
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	for (size_t i = 0; i < m->clients.count; i++) {
		if (m->clients.items[i] == fd) {
			drop_client(m, i);
			return;
		}
	}
}

/* The loop ----------------------------------------------------------------------------------- */

/*
 * Nobody can connect from here on. Whoever still has is served: at a new socket, for this one can't
 * be opened again; who was refused in between comes again, or starts another daemon.
 */
static void end_idling(struct monitord *m)
{
	struct err e = {};

	m->idle_until = USEC_INFINITY;
	if (m->stays || m->clients.count > 0)
		return;
	shutdown(m->listen_fd, SHUT_RDWR);
	accept_all(m);
	if (m->clients.count == 0) {
		m->has_ended = true;
		return;
	}
	close_fd(&m->listen_fd);
	m->accept_again = USEC_INFINITY;
	if (open_socket(m, &e) < 0)
		m->has_ended = true;
}

static int milliseconds_until(usec_t deadline)
{
	usec_t left = time_left(deadline);

	return left == USEC_INFINITY ? -1 : (int)((left + USEC_PER_MSEC - 1) / USEC_PER_MSEC);
}

static void dispatch(struct monitord *m, int fd)
{
	if (fd == m->fifo_fd)
		fifo_ready(m);
	else if (fd == m->listen_fd)
		listener_ready(m);
	else if (fd == m->signal_fd)
		m->has_ended = true;
	else
		client_ready(m, fd);
}

static void serve(struct monitord *m)
{
	while (!m->has_ended) {
		bool may_idle = !m->stays && m->clients.count == 0;
		usec_t next = may_idle && m->idle_until < m->accept_again ? m->idle_until
									  : m->accept_again;
		struct epoll_event event;

		if (epoll_wait(m->epoll_fd, &event, 1, milliseconds_until(next)) == 1)
			dispatch(m, event.data.fd);
		if (time_left(m->accept_again) == 0)
			resume_accepting(m);
		if (may_idle && time_left(m->idle_until) == 0)
			end_idling(m);
	}
}

/*
 * Half of the connection is closed: that tells clients of ours that somebody has asked for the end.
 * The rest goes when they hang up.
 */
static void let_clients_go(struct monitord *m)
{
	usec_t deadline = time_deadline(LEAVING_SECONDS * USEC_PER_SEC);
	struct epoll_event event;

	for (size_t i = 0; i < m->clients.count; i++)
		shutdown(m->clients.items[i], SHUT_WR);
	while (m->clients.count > 0 && time_left(deadline) > 0) {
		if (epoll_wait(m->epoll_fd, &event, 1, milliseconds_until(deadline)) == 1)
			client_ready(m, event.data.fd);
	}
}

void monitord_run(struct monitord *m)
{
	put_off_idling(m);
	serve(m);
	close_fd(&m->listen_fd);
	close_fd(&m->signal_fd);
	monitord_close_fifo(m);
	if (m->was_asked)
		let_clients_go(m);
}

static int open_signals(struct monitord *m)
{
	sigset_t all, ending;

	sigfillset(&all);
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGILL);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sigemptyset(&ending);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGQUIT);
	sigaddset(&ending, SIGHUP);
	m->signal_fd = signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK);
	return m->signal_fd < 0 ? -errno : watch(m, m->signal_fd);
}

int monitord_open(struct monitord *m, struct err *e)
{
	int r;

	m->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	r = m->epoll_fd < 0 ? -errno : open_signals(m);
	if (r < 0)
		return err_set(e, ERR_SYSTEM, -r, "cannot wait for events");
	r = monitord_open_fifo(m, e);
	if (r != 0)
		return r;
	r = watch(m, m->fifo_fd);
	if (r < 0)
		return err_set(e, ERR_SYSTEM, -r, "cannot watch the fifo \"%s\"", m->fifo_path);
	return open_socket(m, e);
}

void monitord_close(struct monitord *m)
{
	for (size_t i = 0; i < m->clients.count; i++)
		close(m->clients.items[i]);
	vec_finish(&m->clients);
	close_fd(&m->listen_fd);
	close_fd(&m->signal_fd);
	if (m->fifo_fd >= 0)
		monitord_close_fifo(m);
	free(take_ptr(m->fifo_path));
	close_fd(&m->epoll_fd);
}
