/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Connecting to lxc-monitord. A daemon that has nothing to do ends by itself, two commands may
 * start one at the same moment, and one that was killed leaves its fifo behind: so whoever is
 * refused starts one, which finds out whether it is needed, and tries again for a while.
 */

#include "container/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/time.h"
#include "container/client.h"
#include "container/container.h"
#include "container/paths.h"
#include "container/spawn.h"
#include "run/monitor.h"
#include "sys/peer.h"

enum {
	CONNECT_SECONDS = 5, /* for everything until we are connected */
	QUIT_SECONDS = 5,
	PAUSE_FIRST = 5, /* milliseconds, doubled up to … */
	PAUSE_LAST = 100,
};

static int milliseconds_until(usec_t deadline)
{
	return (int)((time_left(deadline) + USEC_PER_MSEC - 1) / USEC_PER_MSEC);
}

/* Readable, or at its end: 0, or -ETIMEDOUT. */
static int wait_readable(int fd, usec_t deadline)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int n;

	do {
		n = poll(&p, 1, milliseconds_until(deadline));
	} while (n < 0 && errno == EINTR);
	return n > 0 ? 0 : -ETIMEDOUT;
}

/* Before Linux 6.5 the number is all there is: another process may have it by now, but not always
 * one that was wanted. */
static bool has_ended(pid_t pid)
{
	return pid > 0 && kill(pid, 0) < 0 && errno == ESRCH;
}

/* 0, -EAGAIN (e is not set), or negative. Only root's and our own daemons are believed, and they
 * only talk to root and their own user. Root of a container that shares the host's network is not
 * the host's. */
static int check_daemon(int fd, const char *lxcpath, struct err *e)
{
	struct ucred peer = {.uid = UINT32_MAX};
	socklen_t size = sizeof(peer);
	int r;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return err_set(e, ERR_SYSTEM, errno, "cannot see who tells the events of \"%s\"",
			       lxcpath);
	if (!client_believes(peer.uid, lxcpath)) {
		r = err_set(e, ERR_PERMISSION, EPERM,
			    "the address of the lxc-monitord of \"%s\" is held by user %u", lxcpath,
			    (unsigned)peer.uid);
		err_hint(e,
			 "that user is neither root nor the owner of \"%s\"; ss -xlp tells which "
			 "process it is",
			 lxcpath);
		return r;
	}
	/* A daemon listens itself: who has done so and ended is none, or is ending. */
	if (peer_look_socket(fd) == PEER_ENDED || has_ended(peer.pid))
		return -EAGAIN;
	if (peer_look(peer.pid) == PEER_CONTAINED) {
		r = err_set(e, ERR_PERMISSION, EPERM,
			    "the address of the lxc-monitord of \"%s\" is held by a process of a "
			    "container",
			    lxcpath);
		err_hint(e, "it is process %d; its container shares the network with us",
			 (int)peer.pid);
		return r;
	}
	if (geteuid() == 0 || peer.uid == geteuid())
		return 0;
	r = err_set(e, ERR_PERMISSION, EPERM, "the lxc-monitord of \"%s\" is user %u's", lxcpath,
		    (unsigned)peer.uid);
	err_hint(e, "it talks to that user and to root only");
	return r;
}

/* 0 with a connection, 1 when nobody is there, -EAGAIN (e is not set) when nobody looks at those
 * who are waiting, or who listened has ended; or negative. */
static int try_connect(const char *lxcpath, int *ret_fd, struct err *e)
{
	struct sockaddr_un address;
	socklen_t length = monitor_address(lxcpath, &address);
	autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r;

	if (fd < 0)
		return err_set(e, ERR_SYSTEM, errno, "cannot make a socket");
	if (connect(fd, (const struct sockaddr *)&address, length) < 0) {
		if (errno == ECONNREFUSED)
			return 1;
		if (errno == EAGAIN)
			return -EAGAIN;
		return err_set(e, ERR_SYSTEM, errno, "cannot connect to the lxc-monitord of \"%s\"",
			       lxcpath);
	}
	r = check_daemon(fd, lxcpath, e);
	if (r == 0)
		*ret_fd = take_fd(fd);
	return r;
}

/* What the daemon says about its start. 0: it is ready; 1: another one is there already. */
static int read_outcome(int fd, const char *path, usec_t deadline, struct err *e)
{
	struct monitor_failure failure = {.mark = 0};
	size_t got = 0;
	ssize_t n = -1;

	while (got < sizeof(failure) && wait_readable(fd, deadline) == 0) {
		n = read(fd, (char *)&failure + got, sizeof(failure) - got);
		if (n > 0)
			got += (size_t)n;
		if (n == 0 || failure.mark == MONITOR_READY)
			break;
	}
	if (got > 0 && failure.mark == MONITOR_READY)
		return 0;
	if (got == sizeof(failure) && err_is_valid(&failure.e) && err_is_set(&failure.e)) {
		if (e)
			*e = failure.e;
		return err_wrap(e, failure.e.code, "cannot start lxc-monitord");
	}
	if (got == 0 && n == 0)
		return 1;
	return err_set(e, ERR_NO_ANSWER, ETIMEDOUT, "\"%s\" does not become ready", path);
}

static int start_daemon(const char *lxcpath, usec_t deadline, struct err *e)
{
	autofree char *directory = NULL, *path = NULL;
	autoclose int ours = -EBADF, its = -EBADF;
	struct spawn spawn = {.program_fd = -EBADF, .detached = true};
	char number[16];
	int pair[2];
	int r = helper_directory("lxc-monitord", &directory, e);

	if (r < 0)
		return r;
	path = path_join(directory, "lxc-monitord");
	if (!path)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_set(e, ERR_SYSTEM, errno, "cannot make a pipe");
	ours = pair[0];
	its = pair[1];
	snprintf(number, sizeof(number), "%d", its);
	spawn.path = path;
	spawn.argv = (char *const[]){path, (char *)lxcpath, number, NULL};
	spawn.environment = environ;
	memset(spawn.fds, 0xff, sizeof(spawn.fds));
	spawn.fds[0] = its;
	r = (int)spawn_program(&spawn);
	if (r < 0) {
		err_set(e, ERR_EXEC_FAILED, -r, "cannot run \"%s\"", path);
		err_hint(e, "it is a part of Tare: is the installation complete?");
		return r;
	}
	close(take_fd(its));
	return read_outcome(ours, path, deadline, e);
}

static void pause_for(long milliseconds)
{
	const struct timespec t = {.tv_nsec = milliseconds * 1000 * 1000};

	nanosleep(&t, NULL);
}

static const char *or_default(const char *lxcpath)
{
	return lxcpath ? lxcpath : container_system_item("lxc.lxcpath");
}

int monitor_connect(const char *lxcpath, struct err *e)
{
	usec_t deadline = time_deadline(CONNECT_SECONDS * USEC_PER_SEC);
	long pause = PAUSE_FIRST;
	int fd = -EBADF;

	lxcpath = or_default(lxcpath);
	do {
		int r = try_connect(lxcpath, &fd, e);

		if (r == 0)
			return fd;
		if (r == 1)
			r = start_daemon(lxcpath, deadline, e);
		if (r < 0 && r != -EAGAIN)
			return r;
		if (r == 0) /* it is there now */
			continue;
		pause_for(pause);
		pause = pause * 2 < PAUSE_LAST ? pause * 2 : PAUSE_LAST;
	} while (time_left(deadline) > 0);
	err_set(e, ERR_NO_ANSWER, ETIMEDOUT, "the lxc-monitord of \"%s\" does not answer", lxcpath);
	err_hint(e, "it may hang or be stopped by a signal: end it, and try again");
	return -ETIMEDOUT;
}

/* A daemon of ours that somebody has asked to end closes its half only, and waits for us. */
static bool was_asked(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLRDHUP};

	return poll(&p, 1, 0) == 1 && (p.revents & POLLRDHUP) && !(p.revents & POLLHUP);
}

int monitor_receive(int fd, struct wire_message *ret, struct err *e)
{
	struct wire_message message = {.type = 0};
	size_t got = 0;

	while (got < sizeof(message)) {
		ssize_t n = recv(fd, (char *)&message + got, sizeof(message) - got, 0);
		struct pollfd p = {.fd = fd, .events = POLLIN};

		if (n > 0)
			got += (size_t)n;
		else if (n < 0 && errno == EAGAIN)
			(void)poll(&p, 1, -1);
		else if (n == 0 && got == 0 && was_asked(fd))
			return 0;
		else if (n == 0 || errno != EINTR)
			return err_set(e, ERR_NO_ANSWER, n < 0 ? errno : 0,
				       "Failed to receive message. Did monitord die?");
	}
	message.name[sizeof(message.name) - 1] = '\0';
	*ret = message;
	return 1;
}

int monitor_quit(const char *lxcpath, struct err *e)
{
	usec_t deadline = time_deadline(QUIT_SECONDS * USEC_PER_SEC);
	autoclose int fd = -EBADF;
	char rest[1024];
	int r;

	lxcpath = or_default(lxcpath);
	r = try_connect(lxcpath, &fd, e);
	if (r == 1) {
		err_set(e, ERR_NOT_RUNNING, 0, "no lxc-monitord serves \"%s\"", lxcpath);
		return -ECONNREFUSED;
	}
	if (r == 0 && send(fd, monitor_quit_word, MONITOR_QUIT_LENGTH, MSG_NOSIGNAL) < 0)
		return err_set(e, ERR_SYSTEM, errno,
			       "cannot tell the lxc-monitord of \"%s\" to end", lxcpath);
	while (r == 0 && wait_readable(fd, deadline) == 0)
		if (recv(fd, rest, sizeof(rest), 0) <= 0)
			return 0;
	if (r < 0 && r != -EAGAIN)
		return r;
	return err_set(e, ERR_NO_ANSWER, ETIMEDOUT, "the lxc-monitord of \"%s\" does not answer",
		       lxcpath);
}
