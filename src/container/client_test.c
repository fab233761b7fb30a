/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The client side of the control socket against servers that answer well, badly, or not at all.
 */

#include "container/client.h"

#include <dirent.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/time.h"
#include "container/monitor_fixture.h"

enum {
	SHORT = 200, /* milliseconds */
	HOLDER_SECONDS = 20,
};

static const char path[] = "/tare-client-test";
static const char name[] = "c1";

static int call(int command, struct client_answer *answer, struct err *e)
{
	return client_call(path, name, command, 0, NULL, 0, SHORT, answer, NULL, e);
}

static size_t open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t count = 0;

	assert_non_null(d);
	while (readdir(d))
		count++;
	closedir(d);
	return count;
}

/* The monitor's thread closes its own a moment later. */
static void assert_open_fds(size_t expected)
{
	for (int i = 0; i < 500 && open_fds() != expected; i++)
		usleep(10000);
	assert_int_equal(open_fds(), expected);
}

static void assert_address(const char *lxcpath, const char *container, const char *expected)
{
	struct sockaddr_un address;
	socklen_t len = client_address(lxcpath, container, &address);

	assert_int_equal(len, 3 + strlen(expected));
	assert_int_equal(address.sun_family, AF_UNIX);
	assert_int_equal(address.sun_path[0], 0);
	assert_memory_equal(address.sun_path + 1, expected, strlen(expected));
}

static void addresses_are_those_of_lxc(void **state)
{
	char long_name[87], direct[128];

	assert_address("/var/lib/lxc", "w1", "/var/lib/lxc/w1/command");
	assert_address("/var/lib/lxc//", "w1", "/var/lib/lxc/w1/command");
	assert_address("/var//lib/lxc", "w1", "/var//lib/lxc/w1/command");
	memset(long_name, 'a', 86);
	long_name[85] = '\0';
	assert_address("/var/lib/lxc", long_name, "lxc/a807244bea323305/command");
	long_name[84] = '\0';
	snprintf(direct, sizeof(direct), "/var/lib/lxc/%s/command", long_name);
	assert_int_equal(strlen(direct), WIRE_ADDRESS_MAX);
	assert_address("/var/lib/lxc", long_name, direct);
}

static void nobody_there_is_stopped(void **state)
{
	struct client_answer answer;
	struct err e = {0};

	assert_int_equal(call(WIRE_GET_STATE, &answer, &e), CLIENT_STOPPED);
	assert_false(err_is_set(&e));
}

static bool serve_echo(struct monitor *m, int fd, const struct wire_request *request,
		       const char *payload)
{
	monitor_answer(fd, 0, request->data + 1, payload, (size_t)request->length);
	return false;
}

static void data_and_payload_travel_both_ways(void **state)
{
	static const char key[] = "lxc.uts.name";
	struct client_answer answer;
	struct monitor m;
	struct err e = {0};
	int r;

	assert_int_equal(monitor_start(&m, path, name, serve_echo, NULL), 0);
	r = client_call(path, name, WIRE_GET_CONFIG_ITEM, 41, key, sizeof(key), SHORT, &answer,
			NULL, &e);
	assert_int_equal(r, 0);
	assert_int_equal(answer.ret, 0);
	assert_int_equal(answer.data, 42);
	assert_int_equal(answer.payload.len, sizeof(key));
	assert_string_equal(answer.payload.data, key);
	client_answer_finish(&answer);
	monitor_stop(&m);
}

static bool serve_eof(struct monitor *m, int fd, const struct wire_request *request,
		      const char *payload)
{
	return false;
}

static bool serve_enosys(struct monitor *m, int fd, const struct wire_request *request,
			 const char *payload)
{
	monitor_answer(fd, -ENOSYS, 0, NULL, 0);
	return false;
}

static void no_answer_and_enosys_are_unsupported(void **state)
{
	static const monitor_serve serves[] = {serve_eof, serve_enosys};
	struct client_answer answer;
	struct monitor m;

	for (size_t i = 0; i < ARRAY_LENGTH(serves); i++) {
		assert_int_equal(monitor_start(&m, path, name, serves[i], NULL), 0);
		assert_int_equal(call(WIRE_GET_CGROUP_CTX, &answer, NULL), CLIENT_UNSUPPORTED);
		monitor_stop(&m);
	}
}

static bool serve_silence(struct monitor *m, int fd, const struct wire_request *request,
			  const char *payload)
{
	return true;
}

static void silence_ends_at_the_deadline(void **state)
{
	struct client_answer answer;
	struct monitor m;
	struct err e = {0};
	usec_t begin = time_now();

	assert_int_equal(monitor_start(&m, path, name, serve_silence, NULL), 0);
	assert_int_equal(call(WIRE_GET_STATE, &answer, &e), -ETIMEDOUT);
	assert_in_range(time_now() - begin, SHORT * USEC_PER_MSEC, 20 * SHORT * USEC_PER_MSEC);
	assert_int_equal(e.id, ERR_NO_ANSWER);
	assert_non_null(strstr(err_cause(&e), "\"c1\" did not answer within 0.2 s"));
	monitor_stop(&m);
}

/* A server that doesn't even accept, with a backlog of one. */
static void a_full_backlog_ends_at_the_deadline(void **state)
{
	struct sockaddr_un address;
	socklen_t len = client_address(path, name, &address);
	struct client_answer answer;
	struct monitor m;
	int first;

	assert_int_equal(monitor_start(&m, path, name, NULL, NULL), 0);
	first = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(first, (const struct sockaddr *)&address, len), 0);
	assert_int_equal(call(WIRE_GET_STATE, &answer, NULL), -ETIMEDOUT);
	close(first);
	monitor_stop(&m);
}

static bool serve_pieces(struct monitor *m, int fd, const struct wire_request *request,
			 const char *payload)
{
	const struct wire_answer answer = {.ret = 0, .length = 3, .data = 7};
	const char *at = (const char *)&answer;

	for (size_t i = 0; i < sizeof(answer); i++)
		monitor_send(fd, at + i, 1, NULL, 0);
	monitor_send(fd, "a", 1, NULL, 0);
	monitor_send(fd, "b", 2, NULL, 0);
	return false;
}

static void an_answer_in_pieces_is_put_together(void **state)
{
	struct client_answer answer;
	struct monitor m;

	assert_int_equal(monitor_start(&m, path, name, serve_pieces, NULL), 0);
	assert_int_equal(call(WIRE_GET_NAME, &answer, NULL), 0);
	assert_int_equal(answer.data, 7);
	assert_string_equal(answer.payload.data, "ab");
	client_answer_finish(&answer);
	monitor_stop(&m);
}

/* What the context says, as the answer's bytes. */
static bool serve_bytes(struct monitor *m, int fd, const struct wire_request *request,
			const char *payload)
{
	const struct wire_answer *answer = m->context;

	monitor_send(fd, answer, sizeof(*answer), NULL, 0);
	return false;
}

static void impossible_lengths_are_refused(void **state)
{
	static const int32_t lengths[] = {-1, INT32_MIN, INT32_MAX, (64 << 20) + 1, 5};
	struct client_answer answer;
	struct monitor m;

	for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
		struct wire_answer bytes = {.length = lengths[i]};
		struct err e = {0};

		assert_int_equal(monitor_start(&m, path, name, serve_bytes, &bytes), 0);
		assert_int_equal(call(WIRE_GET_NAME, &answer, &e), -EPROTO);
		assert_int_equal(e.id, ERR_PROTOCOL);
		monitor_stop(&m);
	}
}

static bool serve_half(struct monitor *m, int fd, const struct wire_request *request,
		       const char *payload)
{
	monitor_send(fd, "0123456", 7, NULL, 0);
	return false;
}

static void half_a_header_is_no_answer(void **state)
{
	struct client_answer answer;
	struct monitor m;

	assert_int_equal(monitor_start(&m, path, name, serve_half, NULL), 0);
	assert_int_equal(call(WIRE_GET_NAME, &answer, NULL), CLIENT_UNSUPPORTED);
	monitor_stop(&m);
}

/* So many copies of our standard input as the context says. */
static bool serve_fds(struct monitor *m, int fd, const struct wire_request *request,
		      const char *payload)
{
	const struct wire_answer answer = {.ret = request->command == WIRE_GET_DEVPTS_FD ? -9 : 0};
	size_t count = *(const size_t *)m->context;
	int fds[64] = {0};

	monitor_send(fd, &answer, sizeof(answer), fds, count);
	return false;
}

static void one_expected_descriptor_arrives(void **state)
{
	struct client_answer answer;
	struct monitor m;
	size_t count = 1, before;

	assert_int_equal(monitor_start(&m, path, name, serve_fds, &count), 0);
	before = open_fds();
	assert_int_equal(call(WIRE_GET_INIT_PIDFD, &answer, NULL), 0);
	assert_int_equal(answer.fd_count, 1);
	assert_int_equal(fcntl(answer.fds[0], F_GETFD), FD_CLOEXEC);
	client_answer_finish(&answer);
	count = 20;
	assert_int_equal(call(WIRE_GET_CGROUP_CTX, &answer, NULL), 0);
	assert_int_equal(answer.fd_count, 20);
	client_answer_finish(&answer);
	assert_open_fds(before);
	monitor_stop(&m);
}

/* From now on, no descriptor can come into this process: the server is a thread of it. */
static bool serve_to_the_full(struct monitor *m, int fd, const struct wire_request *request,
			      const char *payload)
{
	struct rlimit none = *(const struct rlimit *)m->context;

	none.rlim_cur = 3; /* poll(2) has this limit, too */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	monitor_send(fd, &(struct wire_answer){.ret = 0}, sizeof(struct wire_answer), (int[]){0},
		     1);
	return false;
}

static void no_room_for_a_descriptor_is_told(void **state)
{
	struct client_answer answer;
	struct rlimit limit;
	struct monitor m;
	struct err e = {};
	int r;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(monitor_start(&m, path, name, serve_to_the_full, &limit), 0);
	r = call(WIRE_GET_INIT_PIDFD, &answer, &e);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(r, -EMFILE);
	assert_string_equal(err_cause(&e),
			    "no room for the descriptors that container \"c1\" sends");
	monitor_stop(&m);
}

static void unwanted_descriptors_are_refused_and_closed(void **state)
{
	static const struct {
		int command;
		size_t count;
	} rows[] = {
		{WIRE_GET_STATE, 1},
		{WIRE_GET_INIT_PIDFD, 2},
		{WIRE_GET_DEVPTS_FD, 1}, /* with a failure */
		{WIRE_GET_CGROUP_CTX, 64},
	};
	struct client_answer answer;
	struct monitor m;

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		size_t count = rows[i].count, before;

		assert_int_equal(monitor_start(&m, path, name, serve_fds, &count), 0);
		before = open_fds();
		assert_int_equal(call(rows[i].command, &answer, NULL), -EPROTO);
		assert_open_fds(before);
		monitor_stop(&m);
	}
}

/* Closing with unread bytes makes the client see ECONNRESET. */
static void a_reset_is_stopped(void **state)
{
	struct sockaddr_un address;
	socklen_t len = client_address(path, name, &address);
	struct client_answer answer;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t child;

	assert_int_equal(bind(fd, (const struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(fd, 5), 0);
	child = fork();
	if (child == 0) {
		struct pollfd p;
		char byte;

		p.fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		p.events = POLLIN;
		(void)poll(&p, 1, -1);
		(void)!recv(p.fd, &byte, 1, 0);
		_exit(0);
	}
	close(fd);
	assert_int_equal(call(WIRE_STOP, &answer, NULL), CLIENT_STOPPED);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static bool serve_kept(struct monitor *m, int fd, const struct wire_request *request,
		       const char *payload)
{
	monitor_answer(fd, 8, 8, NULL, 0);
	return true;
}

static void a_connection_can_be_kept(void **state)
{
	struct client_answer answer;
	struct monitor m;
	char byte;
	int fd;

	assert_int_equal(monitor_start(&m, path, name, serve_kept, NULL), 0);
	assert_int_equal(client_call(path, name, WIRE_ADD_STATE_CLIENT, 0, NULL, 0, SHORT, &answer,
				     &fd, NULL),
			 0);
	assert_int_equal(answer.ret, 8);
	while (atomic_load(&m.kept_count) == 0)
		usleep(1000);
	monitor_send(m.kept[0], "x", 1, NULL, 0);
	assert_int_equal(recv(fd, &byte, 1, 0), 1);
	monitor_drop(&m);
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
	close(fd);
	monitor_stop(&m);
}

static void too_long_requests_are_not_sent(void **state)
{
	static const char payload[WIRE_PAYLOAD_MAX + 1];
	struct client_answer answer;

	assert_int_equal(client_call(path, name, WIRE_GET_CONFIG_ITEM, 0, payload, sizeof(payload),
				     SHORT, &answer, NULL, NULL),
			 -E2BIG);
}

static void give_answer(int listen_fd, bool is_asked)
{
	const struct wire_answer answer = {.data = 2};
	struct wire_request request;
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);

	if (is_asked)
		(void)!recv(fd, &request, sizeof(request), MSG_WAITALL);
	monitor_send(fd, &answer, sizeof(answer), NULL, 0);
	close(fd);
}

/* Who listens gives the address to a child and ends, or serves it himself. */
static void listen_and_serve(bool by_child, bool is_asked)
{
	struct sockaddr_un address;
	socklen_t len = client_address(path, name, &address);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (const struct sockaddr *)&address, len) < 0 || listen(fd, 5) < 0)
		_exit(1);
	if (by_child && fork() > 0)
		_exit(0);
	alarm(HOLDER_SECONDS);
	give_answer(fd, is_asked);
	_exit(0);
}

/* Process 1 of a pid namespace, with the holder below it; killing it ends both. */
static pid_t start_holder(bool by_child, bool is_asked)
{
	pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid == 0) {
		if (fork() == 0)
			listen_and_serve(by_child, is_asked);
		for (;;)
			pause();
	}
	return pid;
}

static int call_when_held(struct client_answer *answer, struct err *e)
{
	int r = CLIENT_STOPPED;

	for (int i = 0; i < 500 && r == CLIENT_STOPPED; i++) {
		usleep(10000);
		r = call(WIRE_GET_STATE, answer, e);
	}
	return r;
}

/* Root of a container that shares our network is root, and may take an address, too. */
static void who_answers_from_a_container_is_not_believed(void **state)
{
	static const bool rows[][2] = {{false, true}, {true, true}, {true, false}};

	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		pid_t pid = start_holder(rows[i][0], rows[i][1]);
		struct client_answer answer;
		struct err e = {0};

		int r;

		assert_true(pid > 0);
		r = call_when_held(&answer, &e);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		/* Who is too early for the kernel to tell who he is does not gain by it. */
		if (!rows[i][1] && r == -EPROTO)
			continue;
		assert_int_equal(r, -EPERM);
		assert_int_equal(e.id, ERR_PERMISSION);
		assert_non_null(strstr(err_cause(&e), "held by a process of a container"));
	}
}

/* As starters do: it is their address, and the supervisor behind them answers. */
static void a_listener_that_has_ended_leaves_its_address_to_a_neighbour(void **state)
{
	struct client_answer answer;
	pid_t pid = fork();

	if (pid == 0)
		listen_and_serve(true, true);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(call_when_held(&answer, NULL), 0);
	assert_int_equal(answer.data, 2);
	client_answer_finish(&answer);
}

/* Where nobody else has these addresses. */
static int set_up(void **state)
{
	return geteuid() == 0 ? unshare(CLONE_NEWNET) : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_those_of_lxc),
		cmocka_unit_test(nobody_there_is_stopped),
		cmocka_unit_test(data_and_payload_travel_both_ways),
		cmocka_unit_test(no_answer_and_enosys_are_unsupported),
		cmocka_unit_test(silence_ends_at_the_deadline),
		cmocka_unit_test(a_full_backlog_ends_at_the_deadline),
		cmocka_unit_test(an_answer_in_pieces_is_put_together),
		cmocka_unit_test(impossible_lengths_are_refused),
		cmocka_unit_test(half_a_header_is_no_answer),
		cmocka_unit_test(one_expected_descriptor_arrives),
		cmocka_unit_test(no_room_for_a_descriptor_is_told),
		cmocka_unit_test(unwanted_descriptors_are_refused_and_closed),
		cmocka_unit_test(a_reset_is_stopped),
		cmocka_unit_test(a_connection_can_be_kept),
		cmocka_unit_test(too_long_requests_are_not_sent),
		cmocka_unit_test(who_answers_from_a_container_is_not_believed),
		cmocka_unit_test(a_listener_that_has_ended_leaves_its_address_to_a_neighbour),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
