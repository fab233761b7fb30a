/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One exchange on the control socket of a container (spec/wire.md §1, §3, §8).
 *
 * The other end may be a supervisor of ours, a monitor of genuine LXC of any version, or a stranger
 * who took the address: lengths, counts and descriptors are checked, and every wait has the
 * caller's deadline. What an answer means is for the caller to say (control*.c).
 *
 * Does not send descriptors along with requests (command 13 is nobody's business here).
 */

#include "container/client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/macros.h"
#include "base/str.h"
#include "base/time.h"
#include "container/paths.h"
#include "sys/peer.h"

enum {
	CLIENT_ANSWER_MAX =
		64 << 20, /* bytes; a console buffer is the largest thing that is sent */
	CLIENT_PIECE = 64 << 10,
	OVERFLOW_ID = 65534, /* of the writer when nobody said who it was */
};

/* One exchange under way. */
struct exchange {
	const char *lxcpath, *name;
	int command;
	int fd;
	int timeout;
	usec_t deadline;
	pid_t believed; /* who sent what has come last; 0: nobody yet */
};

static const char command_suffix[] = "/command";

uint64_t client_address_hash(const char *lxcpath, const char *name)
{
	uint64_t hash = hash_add(path_hash(lxcpath), "/", 1);

	return hash_add(hash, name, strlen(name));
}

socklen_t client_address(const char *lxcpath, const char *name, struct sockaddr_un *ret)
{
	size_t path_len = path_length(lxcpath), name_len = strlen(name), len;

	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	len = path_len + 1 + name_len + LITERAL_LENGTH(command_suffix);
	if (len <= WIRE_ADDRESS_MAX) {
		(void)snprintf(ret->sun_path + 1, sizeof(ret->sun_path) - 1, "%.*s/%s%s",
			       (int)path_len, lxcpath, name, command_suffix);
	} else {
		len = (size_t)snprintf(ret->sun_path + 1, sizeof(ret->sun_path) - 1,
				       "lxc/%016llx%s",
				       (unsigned long long)client_address_hash(lxcpath, name),
				       command_suffix);
	}
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len);
}

void client_answer_finish(struct client_answer *answer)
{
	for (unsigned i = 0; i < answer->fd_count; i++)
		close(answer->fds[i]);
	answer->fd_count = 0;
	str_finish(&answer->payload);
}

/* How many descriptors may come with an answer. */
static unsigned fds_expected(int command)
{
	switch (command) {
	case WIRE_GET_TTY_FD:
	case WIRE_GET_CGROUP2_FD:
	case WIRE_GET_INIT_PIDFD:
	case WIRE_GET_LIMIT_CGROUP2_FD:
	case WIRE_GET_DEVPTS_FD:
	case WIRE_GET_SECCOMP_NOTIFY_FD:
	case WIRE_GET_CGROUP_FD:
	case WIRE_GET_LIMIT_CGROUP_FD:
		return 1;
	case WIRE_GET_CGROUP_CTX:
		return WIRE_FDS_MAX;
	default:
		return 0;
	}
}

static int no_answer(const struct exchange *x, struct err *e)
{
	int r = err_set(e, ERR_NO_ANSWER, ETIMEDOUT,
			"the supervisor of container \"%s\" did not answer within %d.%d s", x->name,
			x->timeout / 1000, x->timeout % 1000 / 100);

	err_hint(e,
		 "it may hang or be stopped by a signal: look at the process that is called "
		 "\"[lxc monitor] … %s\" or, in the foreground, lxc-start",
		 x->name);
	return r;
}

static int bad_answer(const struct exchange *x, struct err *e, const char *what)
{
	int r = err_set(e, ERR_PROTOCOL, EPROTO,
			"the answer of container \"%s\" to command %d is malformed: %s", x->name,
			x->command, what);

	err_hint(e, "something else than a container's supervisor may hold its control socket");
	return r;
}

/* Until the descriptor can be read. 0, or -ETIMEDOUT with e set. */
static int wait_readable(const struct exchange *x, struct err *e)
{
	for (;;) {
		struct pollfd p = {.fd = x->fd, .events = POLLIN};
		usec_t left = time_left(x->deadline);
		int timeout = -1, n;

		if (left != USEC_INFINITY)
			timeout = left / USEC_PER_MSEC > INT32_MAX - 1
					  ? INT32_MAX
					  : (int)((left + USEC_PER_MSEC - 1) / USEC_PER_MSEC);
		n = poll(&p, 1, timeout);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return err_set(e, ERR_SYSTEM, errno, "cannot wait for container \"%s\"",
				       x->name);
		if (n == 0 && time_left(x->deadline) == 0)
			return no_answer(x, e);
	}
}

static void set_send_timeout(int fd, int timeout)
{
	struct timeval t = {.tv_sec = timeout / 1000,
			    .tv_usec = (suseconds_t)(timeout % 1000) * 1000};

	if (timeout < 0)
		t = (struct timeval){0, 0};
	else if (timeout == 0)
		t.tv_usec = 1;
	/* Only a deadline is lost should this fail, and it does not for a valid value. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
}

bool client_believes(uid_t uid, const char *lxcpath)
{
	struct stat status;

	return uid == 0 || uid == geteuid() ||
	       (stat(lxcpath, &status) == 0 && status.st_uid == uid);
}

bool client_is_contained(const char *lxcpath, const char *name)
{
	struct sockaddr_un address;
	socklen_t len = client_address(lxcpath, name, &address);
	autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd >= 0 && connect(fd, (const struct sockaddr *)&address, len) == 0 &&
	       peer_look_socket(fd) == PEER_CONTAINED;
}

static int refuse_user(const struct exchange *x, uid_t uid, struct err *e)
{
	int r = err_set(e, ERR_PERMISSION, EPERM,
			"the control socket of container \"%s\" is held by user %u", x->name,
			(unsigned)uid);

	err_hint(e,
		 "that user is neither root nor the owner of \"%s\"; /proc/net/unix and ss -xlp "
		 "tell which process it is",
		 x->lxcpath);
	return r;
}

static int refuse_contained(const struct exchange *x, pid_t pid, struct err *e)
{
	int r = err_set(
		e, ERR_PERMISSION, EPERM,
		"the control socket of container \"%s\" is held by a process of a container",
		x->name);

	if (pid > 0)
		err_hint(e,
			 "it is process %d, and its container shares the network with us; stop "
			 "that container, and give it a network of its own",
			 (int)pid);
	else
		err_hint(e, "its container shares the network with us; ss -xlp tells which process "
			    "it is");
	return r;
}

/*
 * Anybody may take an address while the container does not run, and would be believed about which
 * processes and directories are the container's: other users, and root of a container that shares
 * our network. Whether it is one of those is for sure only while the listener lives, which it does
 * not for a supervisor whose starter has listened: check_writer() looks at what is answered, too.
 */
static int check_listener(const struct exchange *x, struct err *e)
{
	struct ucred peer = {.uid = UINT32_MAX};
	socklen_t len = sizeof(peer);

	if (getsockopt(x->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return err_set(e, ERR_SYSTEM, errno, "cannot see who answers for container \"%s\"",
			       x->name);
	if (!client_believes(peer.uid, x->lxcpath))
		return refuse_user(x, peer.uid, e);
	return peer_look_socket(x->fd) == PEER_CONTAINED ? refuse_contained(x, peer.pid, e) : 0;
}

/*
 * Who has written what has just come, as the kernel tells (unix(7): SCM_CREDENTIALS). 0; negative;
 * CLIENT_STOPPED: he has ended, and what he said is not true any more.
 */
static int check_writer(struct exchange *x, struct msghdr *m, struct err *e)
{
	struct ucred writer = {.uid = OVERFLOW_ID, .gid = OVERFLOW_ID};

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS &&
		    c->cmsg_len == CMSG_LEN(sizeof(writer)))
			memcpy(&writer, CMSG_DATA(c), sizeof(writer));
	if (writer.pid > 0 && writer.pid == x->believed)
		return 0;
	/* Nobody: written before we asked for names, and before we asked anything. */
	if (writer.pid == 0 && writer.uid == OVERFLOW_ID)
		return bad_answer(x, e, "it came before the question");
	if (!client_believes(writer.uid, x->lxcpath))
		return refuse_user(x, writer.uid, e);
	switch (peer_look(writer.pid)) {
	case PEER_CONTAINED:
		return refuse_contained(x, writer.pid, e);
	case PEER_ENDED:
		return CLIENT_STOPPED;
	case PEER_HERE:
		break;
	}
	x->believed = writer.pid;
	return 0;
}

/* Connect; connect(2) of a local socket waits while the backlog is full, as long as sending may. */
static int connect_socket(struct exchange *x, struct err *e)
{
	struct sockaddr_un address;
	socklen_t len = client_address(x->lxcpath, x->name, &address);
	int on = 1, r;

	x->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (x->fd < 0)
		return err_set(e, ERR_SYSTEM, errno, "cannot make a socket");
	set_send_timeout(x->fd, x->timeout);
	while (connect(x->fd, (const struct sockaddr *)&address, len) < 0) {
		if (errno == EINTR && time_left(x->deadline) > 0)
			continue;
		if (errno == ECONNREFUSED || errno == EPIPE || errno == ECONNRESET)
			return CLIENT_STOPPED;
		if (errno == EAGAIN || errno == EINTR)
			return no_answer(x, e);
		return err_set(e, ERR_SYSTEM, errno,
			       "cannot connect to the control socket of container \"%s\"", x->name);
	}
	r = check_listener(x, e);
	/* Now, and not before: connecting would give us an address of our own. */
	if (r == 0 && setsockopt(x->fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
		r = err_set(e, ERR_SYSTEM, errno, "cannot see who answers for container \"%s\"",
			    x->name);
	return r;
}

/* Request and payload with our credentials. LXC's servers take both in one piece, too. */
static int send_request(const struct exchange *x, uint64_t data, const void *payload, size_t length,
			struct err *e)
{
	struct wire_request request = {
		.command = x->command, .length = (int32_t)length, .data = data};
	struct ucred ids = {.pid = getpid(), .uid = getuid(), .gid = getgid()};
	struct iovec parts[2] = {{&request, sizeof(request)}, {(void *)payload, length}};
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(struct ucred))];
	} control = {0};
	struct msghdr m = {.msg_iov = parts,
			   .msg_iovlen = length ? 2 : 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof(control.room)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	ssize_t n;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_CREDENTIALS;
	c->cmsg_len = CMSG_LEN(sizeof(ids));
	memcpy(CMSG_DATA(c), &ids, sizeof(ids));
	do {
		n = sendmsg(x->fd, &m, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	/* A request always fits the socket's buffer, so it is sent whole or not at all. */
	if (n == (ssize_t)(sizeof(request) + length))
		return 0;
	if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
		return CLIENT_STOPPED;
	if (n >= 0 || errno == EAGAIN)
		return no_answer(x, e);
	return err_set(e, ERR_SYSTEM, errno, "cannot send a request to container \"%s\"", x->name);
}

/* Take over the descriptors of a message. -EMSGSIZE: more than there is room for, -EMFILE: more
 * than this process may have; those that came are kept, to be closed with the answer. */
static int take_fds(struct msghdr *m, struct client_answer *answer)
{
	int r = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		size_t count;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (answer->fd_count < WIRE_FDS_MAX) {
				answer->fds[answer->fd_count++] = fd;
			} else {
				close(fd);
				r = -EMSGSIZE;
			}
		}
	}
	if (r == 0 && m->msg_flags & MSG_CTRUNC)
		r = answer->fd_count < WIRE_FDS_MAX ? -EMFILE : -EMSGSIZE;
	return r;
}

static int refuse_fds(const struct exchange *x, int r, struct err *e)
{
	if (r != -EMFILE)
		return bad_answer(x, e, "too many descriptors came with it");
	err_set(e, ERR_SYSTEM, EMFILE, "no room for the descriptors that container \"%s\" sends",
		x->name);
	err_hint(e, "this process has as many open files as it may: `ulimit -n` shows how many");
	return r;
}

/* One recvmsg(2) with room for descriptors. Bytes, 0 at the end, CLIENT_GONE, or negative. */
enum { CLIENT_GONE = -1000 };

static ssize_t receive(struct exchange *x, void *buf, size_t len, struct client_answer *answer,
		       struct err *e)
{
	for (;;) {
		union {
			struct cmsghdr header;
			char room[CMSG_SPACE(WIRE_FDS_MAX * sizeof(int)) +
				  CMSG_SPACE(sizeof(struct ucred))];
		} control;
		struct iovec part = {buf, len};
		struct msghdr m = {.msg_iov = &part,
				   .msg_iovlen = 1,
				   .msg_control = &control,
				   .msg_controllen = sizeof(control)};
		ssize_t n;
		int r = wait_readable(x, e);

		if (r < 0)
			return r;
		n = recvmsg(x->fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
		if (n >= 0) {
			r = take_fds(&m, answer);
			if (r < 0)
				return refuse_fds(x, r, e);
			if (n > 0)
				r = check_writer(x, &m, e);
			return r == CLIENT_STOPPED ? CLIENT_GONE : r < 0 ? r : n;
		}
		if (errno == ECONNRESET || errno == EPIPE)
			return CLIENT_GONE;
		if (errno != EINTR && errno != EAGAIN)
			return err_set(e, ERR_SYSTEM, errno,
				       "cannot receive the answer of container \"%s\"", x->name);
	}
}

/* 0, CLIENT_STOPPED, CLIENT_UNSUPPORTED, or negative. */
static int receive_header(struct exchange *x, struct wire_answer *ret, struct client_answer *answer,
			  struct err *e)
{
	char bytes[sizeof(*ret)] = {0};
	size_t got = 0;

	while (got < sizeof(bytes)) {
		ssize_t n = receive(x, bytes + got, sizeof(bytes) - got, answer, e);

		if (n == CLIENT_GONE)
			return CLIENT_STOPPED;
		if (n < 0)
			return (int)n;
		if (n == 0)
			return CLIENT_UNSUPPORTED;
		got += (size_t)n;
	}
	memcpy(ret, bytes, sizeof(*ret));
	return 0;
}

/* Memory grows with what really comes, not with what is announced. */
static int receive_payload(struct exchange *x, size_t length, struct client_answer *answer,
			   struct err *e)
{
	autofree char *piece = NULL;
	size_t room = length < CLIENT_PIECE ? length : CLIENT_PIECE;

	if (length == 0)
		return 0;
	piece = malloc(room);
	if (!piece)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "no memory for an answer");
	while (answer->payload.len < length) {
		size_t left = length - answer->payload.len;
		ssize_t n = receive(x, piece, left < room ? left : room, answer, e);

		if (n == 0 || n == CLIENT_GONE)
			return bad_answer(x, e, "it ends too early");
		if (n < 0)
			return (int)n;
		str_add_bytes(&answer->payload, piece, (size_t)n);
		if (str_failed(&answer->payload))
			return err_set(e, ERR_NO_MEMORY, ENOMEM, "no memory for an answer");
	}
	return 0;
}

static int exchange_run(struct exchange *x, uint64_t data, const void *payload, size_t length,
			struct client_answer *answer, struct err *e)
{
	struct wire_answer header;
	int r;

	r = connect_socket(x, e);
	if (r != 0)
		return r;
	r = send_request(x, data, payload, length, e);
	if (r != 0)
		return r;
	r = receive_header(x, &header, answer, e);
	if (r != 0)
		return r;
	if (header.length < 0 || header.length > CLIENT_ANSWER_MAX)
		return bad_answer(x, e, "its length is impossible");
	answer->ret = header.ret;
	answer->data = header.data;
	r = receive_payload(x, (size_t)header.length, answer, e);
	if (r < 0)
		return r;
	if (answer->fd_count > (header.ret < 0 ? 0 : fds_expected(x->command)))
		return bad_answer(x, e, "descriptors came with it that nobody asked for");
	return header.ret == -ENOSYS ? CLIENT_UNSUPPORTED : 0;
}

int client_call(const char *lxcpath, const char *name, int command, uint64_t data,
		const void *payload, size_t length, int timeout, struct client_answer *answer,
		int *ret_fd, struct err *e)
{
	struct exchange x = {
		.name = name,
		.lxcpath = lxcpath,
		.command = command,
		.fd = -EBADF,
		.timeout = timeout,
		.deadline = timeout < 0 ? USEC_INFINITY
					: time_deadline((usec_t)timeout * USEC_PER_MSEC),
	};
	int r;

	memset(answer, 0, sizeof(*answer));
	if (length > WIRE_PAYLOAD_MAX)
		return err_set(e, ERR_USAGE, E2BIG,
			       "a request of %zu bytes is too long for the control socket", length);
	r = exchange_run(&x, data, payload, length, answer, e);
	if (r != 0)
		client_answer_finish(answer);
	if (r == 0 && ret_fd) {
		set_send_timeout(x.fd, -1);
		*ret_fd = take_fd(x.fd);
	}
	if (x.fd >= 0)
		close(x.fd);
	return r;
}
