/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The control socket's server, over socket pairs: the dumps of spec/wire.md §10, framing in pieces,
 * hostile lengths (§15), leases, state clients, what stays open.
 */

#include "supervisor/control.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/macros.h"
#include "supervisor/supervisor_fixture.h"
#include "sys/pty.h"

struct reply {
	struct wire_answer header;
	char payload[16384];
	ssize_t length; /* of the payload that came */
	int fds[16];
	unsigned fd_count;
	bool is_eof;   /* behind it */
	bool is_empty; /* not even a header */
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	fixture_open(f, NULL, NULL);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	fixture_close(*state);
	free(*state);
	return 0;
}

static void take_fds(struct msghdr *message, struct reply *ret)
{
	for (struct cmsghdr *m = CMSG_FIRSTHDR(message); m; m = CMSG_NXTHDR(message, m)) {
		if (m->cmsg_type != SCM_RIGHTS)
			continue;
		ret->fd_count = (unsigned)((m->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(ret->fds, CMSG_DATA(m), ret->fd_count * sizeof(int));
	}
}

/* As clients do: the header with one call, then the payload with one. */
static void read_reply(int fd, struct reply *ret)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(16 * sizeof(int))];
	} ancillary;
	struct iovec into = {.iov_base = &ret->header, .iov_len = sizeof(ret->header)};
	struct msghdr message = {.msg_iov = &into,
				 .msg_iovlen = 1,
				 .msg_control = ancillary.bytes,
				 .msg_controllen = sizeof(ancillary.bytes)};
	char extra;
	ssize_t got;

	memset(ret, 0, sizeof(*ret));
	got = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	ret->is_empty = got <= 0;
	ret->is_eof = got == 0;
	if (got <= 0)
		return;
	assert_int_equal(got, sizeof(ret->header));
	take_fds(&message, ret);
	if (ret->header.length > 0)
		ret->length = recv(fd, ret->payload, (size_t)ret->header.length, MSG_DONTWAIT);
	assert_int_equal(ret->length, ret->header.length);
	ret->is_eof = recv(fd, &extra, 1, MSG_DONTWAIT) == 0;
}

static void close_fds(struct reply *reply)
{
	for (unsigned i = 0; i < reply->fd_count; i++)
		close(reply->fds[i]);
}

static void send_header(int fd, int32_t command, int32_t length, uint64_t data)
{
	const struct wire_request request = {.command = command, .length = length, .data = data};

	assert_int_equal(send(fd, &request, sizeof(request), MSG_NOSIGNAL), sizeof(request));
}

static struct reply ask_on(struct fixture *f, int fd, int32_t command, uint64_t data,
			   const void *payload, size_t length)
{
	static struct reply reply;

	send_header(fd, command, (int32_t)length, data);
	if (length > 0)
		assert_int_equal(send(fd, payload, length, MSG_NOSIGNAL), length);
	fixture_pump(f);
	read_reply(fd, &reply);
	return reply;
}

/* On a connection of its own. */
static struct reply ask(struct fixture *f, int32_t command, uint64_t data, const void *payload,
			size_t length)
{
	int fd = fixture_connect(f);
	struct reply reply = ask_on(f, fd, command, data, payload, length);

	close(fd);
	fixture_pump(f);
	return reply;
}

static void assert_code(struct fixture *f, int32_t command, const void *payload, size_t length,
			int32_t code)
{
	struct reply reply = ask(f, command, 0, payload, length);

	assert_false(reply.is_empty);
	assert_int_equal(reply.header.ret, code);
	assert_int_equal(reply.header.length, 0);
	assert_int_equal(reply.header.data, 0);
	assert_true(reply.is_eof);
}

static void numbers_are_answered_as_genuine_lxc_does(void **state)
{
	struct fixture *f = *state;
	struct reply reply = ask(f, WIRE_GET_STATE, 0, NULL, 0);

	assert_int_equal(reply.header.ret, 0);
	assert_int_equal(reply.header.data, 2);
	assert_true(reply.is_eof);
	reply = ask(f, WIRE_GET_INIT_PID, 0, NULL, 0);
	assert_int_equal(reply.header.data, 0x3ad9);
	reply = ask(f, WIRE_GET_CLONE_FLAGS, 0, NULL, 0);
	assert_int_equal(reply.header.data, 0x6e020000);
	assert_code(f, WIRE_GET_SYSTEMD_SCOPE, NULL, 0, -EINVAL);
	assert_code(f, WIRE_COMMAND_COUNT, NULL, 0, -ENOSYS);
	assert_code(f, -1, NULL, 0, -ENOSYS);
	reply = ask(f, WIRE_TERMINAL_WINCH, 0, NULL, 0);
	assert_true(reply.is_empty && reply.is_eof);
}

static void the_scope_is_told_by_its_name(void **state)
{
	struct fixture *f = *state;
	struct plan *p = (struct plan *)f->s.run.plan;
	struct plan_hierarchy *h = (struct plan_hierarchy *)plan_hierarchies(p);
	struct reply reply;

	p->hierarchies.count = 1;
	h->version = 2;
	h->identity = 1;
	h->base = fixture_text(f, (char *)p, "app.slice");
	assert_code(f, WIRE_GET_SYSTEMD_SCOPE, NULL, 0, -EINVAL);
	h->base = fixture_text(f, (char *)p, "app.slice/lxc-c1-0.scope");
	reply = ask(f, WIRE_GET_SYSTEMD_SCOPE, 0, NULL, 0);
	assert_int_equal(reply.header.ret, 0);
	assert_int_equal(reply.header.length, sizeof("lxc-c1-0.scope"));
	assert_string_equal(reply.payload, "lxc-c1-0.scope");
	/* Root may be in a scope, too; it was not made for the container. */
	h->identity = 0;
	assert_code(f, WIRE_GET_SYSTEMD_SCOPE, NULL, 0, -EINVAL);
}

static void texts_are_answered_as_genuine_lxc_does(void **state)
{
	struct fixture *f = *state;
	struct reply reply = ask(f, WIRE_GET_CONFIG_ITEM, 0, "lxc.uts.name", 13);

	assert_int_equal(reply.header.ret, 0);
	assert_int_equal(reply.header.length, 3);
	assert_int_equal(reply.header.data, 0);
	assert_string_equal(reply.payload, "w1");
	assert_code(f, WIRE_GET_CONFIG_ITEM, "lxc.nosuch", 11, -1);
	assert_code(f, WIRE_GET_CONFIG_ITEM, "lxc.mount.entry", 16, -1);
	assert_code(f, WIRE_GET_CONFIG_ITEM, "lxc.uts.name", 12, -EINVAL);
	assert_code(f, WIRE_GET_CONFIG_ITEM, "lxc\0uts.name", 13, -EINVAL);
	assert_code(f, WIRE_GET_CONFIG_ITEM, NULL, 0, -EINVAL);
	reply = ask(f, WIRE_GET_NAME, 0, NULL, 0);
	assert_string_equal(reply.payload, "w1");
	assert_int_equal(reply.header.length, 3);
	reply = ask(f, WIRE_GET_LXCPATH, 0, NULL, 0);
	assert_string_equal(reply.payload, "/var/lib/lxc");
}

static void what_the_run_chose_overlays_the_configuration(void **state)
{
	struct fixture *f = *state;
	struct reply reply = ask(f, WIRE_GET_CONFIG_ITEM, 0, "lxc.net.0.veth.pair", 20);

	assert_string_equal(reply.payload, "configured");
	fixture_set_name(f, FIXTURE_VETH, "vethX1");
	reply = ask(f, WIRE_GET_CONFIG_ITEM, 0, "lxc.net.0.veth.pair", 20);
	assert_string_equal(reply.payload, "vethX1");
	reply = ask(f, WIRE_GET_CONFIG_ITEM, 0, "lxc.net.0.name", 15);
	assert_string_equal(reply.payload, "eth0");
}

static void a_request_may_come_in_pieces(void **state)
{
	struct fixture *f = *state;
	const struct wire_request request = {.command = WIRE_GET_CONFIG_ITEM, .length = 13};
	int fd = fixture_connect(f);
	struct reply reply;
	char bytes[29];

	memcpy(bytes, &request, 16);
	memcpy(bytes + 16, "lxc.uts.name", 13);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		read_reply(fd, &reply);
		assert_true(reply.is_empty && !reply.is_eof);
		assert_int_equal(send(fd, bytes + i, 1, 0), 1);
		fixture_pump(f);
	}
	read_reply(fd, &reply);
	assert_string_equal(reply.payload, "w1");
	assert_true(reply.is_eof);
	close(fd);
	/* And both parts at once. */
	fd = fixture_connect(f);
	assert_int_equal(send(fd, bytes, sizeof(bytes), 0), sizeof(bytes));
	fixture_pump(f);
	read_reply(fd, &reply);
	assert_string_equal(reply.payload, "w1");
	close(fd);
}

static void hostile_lengths_hurt_nobody(void **state)
{
	struct fixture *f = *state;
	static const int32_t lengths[] = {-1, INT32_MIN, 0,  1,  11, 12,   13,   23,       24,
					  25, 31,        32, 33, 39, 40,   41,   79,       80,
					  81, 95,        96, 97, 99, 8192, 8193, INT32_MAX};
	static char payload[8193];
	int watcher = fixture_connect(f);
	int idle = fixture_connect(f);

	memset(payload, 'x', sizeof(payload));
	for (int32_t command = -2; command <= WIRE_COMMAND_COUNT; command++) {
		for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
			int32_t length = lengths[i];
			int fd = fixture_connect(f);
			struct reply reply;

			/* It would kill nobody, but adds a client that waits. */
			if (command == WIRE_STOP || command == WIRE_SECCOMP_NOTIFY_ADD_LISTENER ||
			    command == WIRE_FREEZE || command == WIRE_UNFREEZE) {
				close(fd);
				continue;
			}
			send_header(fd, command, length, (uint64_t)-1);
			if (length > 0 && length <= 8193)
				send(fd, payload, (size_t)length, MSG_NOSIGNAL);
			fixture_pump(f);
			read_reply(fd, &reply);
			close_fds(&reply);
			if (length > WIRE_PAYLOAD_MAX)
				assert_true(reply.is_empty);
			if (command >= WIRE_GET_CGROUP_CTX && command <= WIRE_GET_LIMIT_CGROUP_FD &&
			    length <= 0)
				assert_int_equal(reply.header.ret, -EINVAL);
			else if (length < 0)
				assert_true(reply.is_empty);
			close(fd);
			fixture_pump(f);
		}
	}
	assert_int_equal(f->s.control.count, 2);
	assert_int_equal(ask_on(f, watcher, WIRE_GET_STATE, 0, NULL, 0).header.data, 2);
	assert_int_equal(recv(idle, payload, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
	close(watcher);
	close(idle);
}

static void make_late(struct supervisor *s, struct connection *c, void *context)
{
	if (c->deadline != USEC_INFINITY)
		c->deadline = 1;
}

static void a_missing_payload_holds_up_nobody(void **state)
{
	struct fixture *f = *state;
	int slow = fixture_connect(f);
	struct reply reply;
	char byte;

	send_header(slow, WIRE_GET_CONFIG_ITEM, 100, 0);
	fixture_pump(f);
	/* A second client is served at once. */
	reply = ask(f, WIRE_GET_STATE, 0, NULL, 0);
	assert_int_equal(reply.header.data, 2);
	assert_int_equal(f->s.control.count, 1);
	assert_true(f->s.loop.timers[TIMER_CONTROL] != USEC_INFINITY);
	/* Five seconds later. */
	control_each(&f->s, make_late, NULL);
	control_expire(&f->s);
	assert_int_equal(f->s.control.count, 0);
	assert_int_equal(recv(slow, &byte, 1, MSG_DONTWAIT), 0);
	close(slow);
}

/* A root process may claim other ids. */
static void send_as(int fd, uid_t uid, gid_t gid)
{
	const struct wire_request request = {.command = WIRE_GET_STATE};
	struct ucred sender = {.pid = getpid(), .uid = uid, .gid = gid};
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(sender))];
	} ancillary = {0};
	struct iovec from = {.iov_base = (void *)&request, .iov_len = sizeof(request)};
	struct msghdr message = {.msg_iov = &from,
				 .msg_iovlen = 1,
				 .msg_control = ancillary.bytes,
				 .msg_controllen = sizeof(ancillary.bytes)};

	ancillary.header.cmsg_level = SOL_SOCKET;
	ancillary.header.cmsg_type = SCM_CREDENTIALS;
	ancillary.header.cmsg_len = CMSG_LEN(sizeof(sender));
	memcpy(CMSG_DATA(&ancillary.header), &sender, sizeof(sender));
	assert_int_equal(sendmsg(fd, &message, MSG_NOSIGNAL), sizeof(request));
}

static void strangers_are_refused(void **state)
{
	struct fixture *f = *state;
	struct reply reply;
	int fd;

	if (geteuid() != 0)
		skip();
	fd = fixture_connect(f);
	send_as(fd, 1234, 1234);
	fixture_pump(f);
	read_reply(fd, &reply);
	assert_int_equal(reply.header.ret, -1);
	assert_int_equal(reply.header.data, 0);
	assert_true(reply.is_eof);
	close(fd);
	fd = fixture_connect(f);
	send_as(fd, 0, 1234);
	fixture_pump(f);
	read_reply(fd, &reply);
	assert_int_equal(reply.header.data, 2);
	close(fd);
}

static unsigned count_in(int fd, const char *word)
{
	static char text[1 << 16];
	ssize_t got = pread(fd, text, sizeof(text) - 1, 0);
	unsigned count = 0;

	assert_true(got >= 0);
	text[got] = '\0';
	for (const char *at = text; (at = strstr(at, word)); at++)
		count++;
	return count;
}

/* Whoever may not ask may not fill the log either. */
static void denials_are_told_now_and_then(void **state)
{
	const struct log_handover quiet = {.fd = -EBADF, .level = LOG_LEVEL_ERROR, .quiet = true};
	struct log_handover log = {.level = LOG_LEVEL_WARN, .quiet = true};
	struct fixture *f = *state;
	int fd = memfd_create("log", MFD_CLOEXEC);

	if (geteuid() != 0)
		skip();
	log.fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	log_adopt(&log, "w1");
	for (int i = 0; i < 101; i++) {
		int client = fixture_connect(f);

		if (i == 100)
			f->s.control.denials_quiet_until = 0;
		send_as(client, 1234, 1234);
		fixture_pump(f);
		close(client);
		fixture_pump(f);
	}
	log_adopt(&quiet, "w1");
	assert_int_equal(count_in(fd, "Message denied for '1234/1234'"), 2);
	assert_int_equal(count_in(fd, "99 messages more were denied"), 1);
	close(fd);
}

static int count_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void unwanted_descriptors_are_closed(void **state)
{
	struct fixture *f = *state;
	int fd = fixture_connect(f);
	const struct wire_request request = {.command = WIRE_GET_STATE};
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(8 * sizeof(int))];
	} ancillary = {0};
	struct iovec from = {.iov_base = (void *)&request, .iov_len = sizeof(request)};
	struct msghdr message = {.msg_iov = &from,
				 .msg_iovlen = 1,
				 .msg_control = ancillary.bytes,
				 .msg_controllen = sizeof(ancillary.bytes)};
	int before = count_descriptors();
	struct reply reply;
	int fds[8];

	for (int i = 0; i < 8; i++)
		fds[i] = fd;
	ancillary.header.cmsg_level = SOL_SOCKET;
	ancillary.header.cmsg_type = SCM_RIGHTS;
	ancillary.header.cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(&ancillary.header), fds, sizeof(fds));
	assert_int_equal(sendmsg(fd, &message, 0), sizeof(request));
	fixture_pump(f);
	read_reply(fd, &reply);
	assert_int_equal(reply.header.data, 2);
	/* Only the connection itself is gone. */
	assert_int_equal(count_descriptors(), before - 1);
	close(fd);
}

static void a_seccomp_listener_comes_with_a_byte_of_its_own(void **state)
{
	struct fixture *f = *state;
	int fd = fixture_connect(f);
	struct reply reply;

	send_header(fd, WIRE_SECCOMP_NOTIFY_ADD_LISTENER, 0, 7);
	fixture_pump(f);
	read_reply(fd, &reply);
	assert_true(reply.is_empty && !reply.is_eof);
	assert_int_equal(send(fd, "x", 1, 0), 1);
	fixture_pump(f);
	read_reply(fd, &reply);
	assert_int_equal(reply.header.ret, -EINVAL);
	assert_true(reply.is_eof);
	close(fd);
}

static void add_ttys(struct fixture *f)
{
	unsigned index;

	fixture_set_fd(f, FIXTURE_TTY1, pty_open(&index));
	fixture_set_fd(f, FIXTURE_TTY2, pty_open(&index));
}

static void a_tty_is_leased_to_a_connection(void **state)
{
	struct fixture *f = *state;
	int first = fixture_connect(f), second = fixture_connect(f);
	struct reply reply;

	add_ttys(f);
	reply = ask_on(f, first, WIRE_GET_TTY_FD, 1, NULL, 0);
	assert_int_equal(reply.header.ret, 0);
	assert_int_equal(reply.header.data, 1);
	assert_int_equal(reply.fd_count, 1);
	assert_false(reply.is_eof);
	close_fds(&reply);
	assert_int_equal(ask(f, WIRE_GET_TTY_FD, 1, NULL, 0).header.ret, -EBADF);
	assert_int_equal(ask(f, WIRE_GET_TTY_FD, 99, NULL, 0).header.ret, -EBADF);
	reply = ask_on(f, second, WIRE_GET_TTY_FD, UINT32_MAX, NULL, 0);
	assert_int_equal(reply.header.data, 2);
	close_fds(&reply);
	assert_int_equal(ask(f, WIRE_GET_TTY_FD, (uint64_t)-1, NULL, 0).header.ret, -EBADF);
	/* The lease ends with its connection. */
	close(first);
	fixture_pump(f);
	reply = ask(f, WIRE_GET_TTY_FD, (uint64_t)-1, NULL, 0);
	assert_int_equal(reply.header.data, 1);
	close_fds(&reply);
	/* One lease a connection. */
	reply = ask_on(f, second, WIRE_GET_TTY_FD, 1, NULL, 0);
	assert_int_equal(reply.header.ret, -EINVAL);
	assert_true(reply.is_eof);
	close(second);
}

static void without_a_console_nobody_gets_it(void **state)
{
	assert_int_equal(ask(*state, WIRE_GET_TTY_FD, 0, NULL, 0).header.ret, -EBADF);
}

static void the_console_log_is_read_and_cleared(void **state)
{
	static const char text[] = "\r\nPlease press Enter to activate this console. ";
	struct fixture *f = *state;
	struct wire_console_log request = {.read = 1};
	struct reply reply;

	assert_code(f, WIRE_CONSOLE_LOG, &request, sizeof(request), -EFAULT);
	assert_int_equal(console_ring_open(&f->s.console.ring, 4096), 0);
	console_ring_add(&f->s.console.ring, text, 47);
	reply = ask(f, WIRE_CONSOLE_LOG, 0, &request, sizeof(request));
	assert_int_equal(reply.header.ret, 0);
	assert_int_equal(reply.header.length, 47);
	assert_int_equal(reply.header.data, 0);
	assert_memory_equal(reply.payload, text, 47);
	assert_code(f, WIRE_CONSOLE_LOG, &request, sizeof(request), -ENODATA);
	console_ring_add(&f->s.console.ring, text, 47);
	request.read_max = 10;
	reply = ask(f, WIRE_CONSOLE_LOG, 0, &request, sizeof(request));
	assert_int_equal(reply.header.length, 10);
	request = (struct wire_console_log){.write_logfile = 1};
	assert_code(f, WIRE_CONSOLE_LOG, &request, sizeof(request), 0);
	assert_int_equal(f->s.console.ring.used, 37);
	request = (struct wire_console_log){.clear = 1};
	assert_code(f, WIRE_CONSOLE_LOG, &request, sizeof(request), 0);
	assert_int_equal(f->s.console.ring.used, 0);
	assert_code(f, WIRE_CONSOLE_LOG, &request, 23, -EINVAL);
	assert_code(f, WIRE_CONSOLE_LOG, "0123456789012345678901234", 25, -EINVAL);
	console_ring_close(&f->s.console.ring);
}

static void an_answer_larger_than_the_socket_goes_in_pieces(void **state)
{
	enum { SIZE = 4 << 20 };
	struct fixture *f = *state;
	const struct wire_console_log request = {.read = 1};
	char *text = malloc(SIZE), *got = malloc(SIZE);
	int fd = fixture_connect(f);
	struct wire_answer header;
	size_t total = 0;

	for (int i = 0; i < SIZE; i++)
		text[i] = (char)(i * 7 + i / 4096);
	assert_int_equal(console_ring_open(&f->s.console.ring, SIZE), 0);
	console_ring_add(&f->s.console.ring, text, SIZE);
	send_header(fd, WIRE_CONSOLE_LOG, sizeof(request), 0);
	assert_int_equal(send(fd, &request, sizeof(request), 0), sizeof(request));
	fixture_pump(f);
	assert_int_equal(recv(fd, &header, sizeof(header), 0), sizeof(header));
	assert_int_equal(header.length, SIZE);
	while (total < SIZE) {
		ssize_t n = recv(fd, got + total, SIZE - total, MSG_DONTWAIT);

		if (n > 0)
			total += (size_t)n;
		fixture_pump(f);
	}
	assert_memory_equal(text, got, SIZE);
	assert_int_equal(recv(fd, got, 1, 0), 0);
	console_ring_close(&f->s.console.ring);
	close(fd);
	free(text);
	free(got);
}

static void state_clients_get_one_message(void **state)
{
	struct fixture *f = *state;
	int32_t running[8] = {[STATE_RUNNING] = 1}, stopping[8] = {[STATE_STOPPING] = 1};
	int32_t next[8] = {[STATE_RUNNING] = 2};
	int first = fixture_connect(f), second = fixture_connect(f), third = fixture_connect(f);
	struct wire_message message;
	struct reply reply = ask_on(f, first, WIRE_ADD_STATE_CLIENT, 0, running, 32);
	char byte;

	assert_int_equal(reply.header.ret, 2);
	assert_int_equal(reply.header.data, 2);
	assert_false(reply.is_eof);
	reply = ask_on(f, second, WIRE_ADD_STATE_CLIENT, 0, stopping, 32);
	assert_int_equal(reply.header.ret, 8);
	assert_int_equal(reply.header.data, 8);
	reply = ask_on(f, third, WIRE_ADD_STATE_CLIENT, 0, next, 32);
	assert_int_equal(reply.header.ret, 8);
	assert_int_equal(state_enter(&f->s, STATE_STOPPING), 0);
	assert_int_equal(recv(second, &message, sizeof(message), 0), 264);
	assert_int_equal(message.type, 0);
	assert_string_equal(message.name, "w1");
	assert_int_equal(message.name[255], 0);
	assert_int_equal(message.value, 3);
	assert_int_equal(recv(second, &byte, 1, 0), 0);
	/* The answered one and the one that waits for a reboot get nothing, and stay. */
	f->s.run.target = TARGET_REBOOT;
	assert_int_equal(state_enter(&f->s, STATE_STOPPED), 0);
	assert_int_equal(state_enter(&f->s, STATE_STARTING), 0);
	assert_int_equal(recv(first, &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(recv(third, &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(state_enter(&f->s, STATE_RUNNING), 0);
	assert_int_equal(recv(third, &message, sizeof(message), 0), 264);
	assert_int_equal(message.value, 2);
	assert_int_equal(recv(first, &byte, 1, MSG_DONTWAIT), -1);
	close(first);
	close(second);
	close(third);
}

static void a_second_request_ends_a_registration(void **state)
{
	struct fixture *f = *state;
	int32_t stopping[8] = {[STATE_STOPPING] = 1};
	int fd = fixture_connect(f);
	struct reply reply;

	ask_on(f, fd, WIRE_ADD_STATE_CLIENT, 0, stopping, 32);
	reply = ask_on(f, fd, WIRE_GET_STATE, 0, NULL, 0);
	assert_int_equal(reply.header.data, 2);
	assert_true(reply.is_eof);
	assert_int_equal(f->s.control.count, 0);
	assert_int_equal(state_enter(&f->s, STATE_STOPPING), 0);
	close(fd);
}

static void reported_states_are_checked(void **state)
{
	struct fixture *f = *state;
	static const int32_t refused[] = {8, 100, -1, 0, 1, 3, 4, 6};

	for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
		struct reply reply =
			ask(f, WIRE_SERVE_STATE_CLIENTS, (uint64_t)refused[i], NULL, 0);

		assert_int_equal(reply.header.ret, -EINVAL);
		assert_int_equal(ask(f, WIRE_GET_STATE, 0, NULL, 0).header.data, 2);
	}
	assert_int_equal(ask(f, WIRE_SERVE_STATE_CLIENTS, 5, NULL, 0).header.ret, 0);
	assert_int_equal(ask(f, WIRE_SERVE_STATE_CLIENTS, 6, NULL, 0).header.ret, 0);
	assert_int_equal(ask(f, WIRE_GET_STATE, 0, NULL, 0).header.data, STATE_FROZEN);
	assert_int_equal(ask(f, WIRE_SERVE_STATE_CLIENTS, 7, NULL, 0).header.ret, 0);
	assert_int_equal(ask(f, WIRE_SERVE_STATE_CLIENTS, 2, NULL, 0).header.ret, 0);
	assert_int_equal(ask(f, WIRE_GET_STATE, 0, NULL, 0).header.data, STATE_RUNNING);
}

static void a_thousand_idle_connections_are_kept(void **state)
{
	enum { COUNT = 1000 };
	struct fixture *f = *state;
	struct rlimit limit;
	int fds[COUNT];
	char byte;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	if (limit.rlim_cur < 3000 || setrlimit(RLIMIT_NOFILE, &limit) < 0)
		skip();
	for (int i = 0; i < COUNT; i++)
		fds[i] = fixture_connect(f);
	fixture_pump(f);
	/* Half of them only says that it won't say anything. */
	for (int i = 0; i < COUNT; i += 2)
		shutdown(fds[i], SHUT_WR);
	fixture_pump(f);
	control_expire(&f->s);
	assert_int_equal(f->s.control.count, COUNT);
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(recv(fds[i], &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(ask(f, WIRE_GET_STATE, 0, NULL, 0).header.data, 2);
	for (int i = 0; i < COUNT; i++)
		close(fds[i]);
	fixture_pump(f);
	assert_int_equal(f->s.control.count, 0);
}

static void half_received_requests_are_limited(void **state)
{
	struct fixture *f = *state;
	int fds[80];

	for (int i = 0; i < 80; i++) {
		fds[i] = fixture_connect(f);
		assert_int_equal(send(fds[i], "x", 1, 0), 1);
		fixture_pump(f);
	}
	assert_int_equal(f->s.control.count, 64);
	assert_int_equal(ask(f, WIRE_GET_STATE, 0, NULL, 0).header.data, 2);
	for (int i = 0; i < 80; i++)
		close(fds[i]);
	fixture_pump(f);
}

static void nothing_is_answered_while_not_serving(void **state)
{
	struct fixture *f = *state;
	int fd = fixture_connect(f);
	struct reply reply;

	control_serve(&f->s, false);
	send_header(fd, WIRE_GET_STATE, 0, 0);
	fixture_pump(f);
	read_reply(fd, &reply);
	assert_true(reply.is_empty && !reply.is_eof);
	control_serve(&f->s, true);
	fixture_pump(f);
	read_reply(fd, &reply);
	assert_int_equal(reply.header.data, 2);
	close(fd);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(numbers_are_answered_as_genuine_lxc_does),
		test(the_scope_is_told_by_its_name),
		test(texts_are_answered_as_genuine_lxc_does),
		test(what_the_run_chose_overlays_the_configuration),
		test(a_request_may_come_in_pieces),
		test(hostile_lengths_hurt_nobody),
		test(a_missing_payload_holds_up_nobody),
		test(strangers_are_refused),
		test(denials_are_told_now_and_then),
		test(unwanted_descriptors_are_closed),
		test(a_seccomp_listener_comes_with_a_byte_of_its_own),
		test(a_tty_is_leased_to_a_connection),
		test(without_a_console_nobody_gets_it),
		test(the_console_log_is_read_and_cleared),
		test(an_answer_larger_than_the_socket_goes_in_pieces),
		test(state_clients_get_one_message),
		test(a_second_request_ends_a_registration),
		test(reported_states_are_checked),
		test(a_thousand_idle_connections_are_kept),
		test(half_received_requests_are_limited),
		test(nothing_is_answered_while_not_serving),
	};

	return cmocka_run_group_tests_name("supervisor/control", tests, NULL, NULL);
}
