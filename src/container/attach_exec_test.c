/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-attach for real: the static program and its relay, in a container made by hand.
 */

#include "container/attach.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"

#include "container/attach_fixture.h"

/* -- the static program */

struct outcome {
	int status;
	char out[TEXT_MAX], err[TEXT_MAX];
};

/* Read both pipes to their ends. */
static void collect(int out_fd, int err_fd, struct outcome *ret)
{
	size_t len[2] = {0, 0};
	struct pollfd p[2] = {{out_fd, POLLIN, 0}, {err_fd, POLLIN, 0}};
	char *const to[2] = {ret->out, ret->err};

	while (p[0].fd >= 0 || p[1].fd >= 0) {
		assert_true(poll(p, 2, 20000) > 0);
		for (int i = 0; i < 2; i++) {
			ssize_t n;

			if (!p[i].revents)
				continue;
			n = read(p[i].fd, to[i] + len[i], TEXT_MAX - 1 - len[i]);
			if (n <= 0)
				p[i].fd = -1;
			else
				len[i] += (size_t)n;
		}
	}
	to[0][len[0]] = to[1][len[1]] = '\0';
}

/* As lxc-attach does it, with pipes for out and error; input_fd may be a terminal. */
static void run_program(struct stage *s, char *const *argv, int input_fd, struct outcome *ret)
{
	const struct attach_command command = {.argv = argv};
	int out[2], err[2];
	pid_t pid;

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	assert_int_equal(pipe2(err, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct err e = {0};
		autostr text = {0};

		if (dup2(input_fd, STDIN_FILENO) < 0 || dup2(out[1], STDOUT_FILENO) < 0 ||
		    dup2(err[1], STDERR_FILENO) < 0)
			_exit(200);
		container_attach_exec(&s->c, &command, NULL, &e);
		err_render_text(&e, &text);
		(void)!write(STDERR_FILENO, str_text(&text), text.len);
		_exit(201);
	}
	close(out[1]);
	close(err[1]);
	collect(out[0], err[0], ret);
	close(out[0]);
	close(err[0]);
	ret->status = wait_status(pid);
}

#define WORDS(...) ((char *const[]){__VA_ARGS__, NULL})

static char sh[] = "/bin/sh", dash_c[] = "-c";

static void the_program_ends_as_the_command_does(void **state)
{
	static const struct {
		char command[64];
		int status;
	} rows[] = {
		{"exit 0", 0},          {"exit 1", 1},         {"exit 77", 77},
		{"exit 255", 255},      {"kill -9 $$", 137},   {"kill -TERM $$", 143},
		{"kill -SEGV $$", 139}, {"kill -HUP $$", 129},
	};
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	for (int has_user_ns = 0; has_user_ns < 2; has_user_ns++) {
		struct stage *s = open_stage(has_user_ns);
		struct outcome o;

		for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
			run_program(s, WORDS(sh, dash_c, (char *)rows[i].command), null, &o);
			assert_string_equal(o.err, "");
			assert_int_equal(o.status, rows[i].status);
		}
		close_stage(s);
	}
	close(null);
}

static void exit_codes_are_passed_on(void **state)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct stage *s = open_stage(false);
	struct outcome o;

	for (int code = 0; code < 256; code += 17) {
		char command[16];

		snprintf(command, sizeof(command), "exit %d", code);
		run_program(s, WORDS(sh, dash_c, command), null, &o);
		assert_int_equal(o.status, code);
	}
	close(null);
	close_stage(s);
}

static void what_cannot_be_executed_is_126_or_127(void **state)
{
	static char missing[] = "/bin/nope", directory[] = "/tmp", file[] = "/etc/passwd",
		    word[] = "no-such-word";
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct stage *s = open_stage(false);
	struct outcome o;

	run_program(s, WORDS(missing), null, &o);
	assert_int_equal(o.status, 127);
	assert_non_null(strstr(o.err, "lxc-attach: live: "));
	assert_non_null(strstr(o.err, "Failed to exec \"/bin/nope\""));
	assert_non_null(strstr(o.err, "No such file or directory"));
	run_program(s, WORDS(word), null, &o);
	assert_int_equal(o.status, 127);
	run_program(s, WORDS(directory), null, &o);
	assert_int_equal(o.status, 126);
	run_program(s, WORDS(file), null, &o);
	assert_int_equal(o.status, 126);
	close(null);
	close_stage(s);
}

static void the_command_is_inside_with_clean_streams(void **state)
{
	static char script[] = "uname -n; readlink /proc/self/fd/0; cat /proc/self/cgroup; "
			       "ls /proc/self/fd | wc -w; echo bad >&2; cat /proc/$PPID/comm";
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	for (int has_user_ns = 0; has_user_ns < 2; has_user_ns++) {
		struct stage *s = open_stage(has_user_ns);
		struct outcome o;

		run_program(s, WORDS(sh, dash_c, script), null, &o);
		assert_non_null(strstr(o.out, "inside\n/dev/null\n"));
		assert_non_null(strstr(o.out, "tare-attach-test"));
		assert_non_null(strstr(o.out, "\n4\n"));
		assert_non_null(strstr(o.err, "bad\n"));
		close_stage(s);
	}
	close(null);
}

static void the_users_shell_is_found(void **state)
{
	struct stage *s = open_stage(false);
	struct outcome o;
	int in[2];

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(write(in[1], "echo I am $0 on `uname -n`\n", 27), 27);
	close(in[1]);
	run_program(s, NULL, in[0], &o);
	close(in[0]);
	assert_int_equal(o.status, 0);
	assert_non_null(strstr(o.out, "sh on inside\n"));
	close_stage(s);
}

/* Only what is a terminal is replaced by one of the container's. */
static void a_terminal_on_standard_input_is_relayed(void **state)
{
	static char script[] = "tty; test -t 1 && echo wrong; read line; echo got $line";
	unsigned index;

	for (int has_user_ns = 0; has_user_ns < 2; has_user_ns++) {
		struct stage *s = open_stage(has_user_ns);
		int master = pty_open(&index), terminal = pty_open_peer(master);
		struct outcome o;

		assert_true(terminal >= 0);
		assert_int_equal(write(master, "hello\n", 6), 6);
		run_program(s, WORDS(sh, dash_c, script), terminal, &o);
		assert_string_equal(o.err, "");
		assert_string_equal(o.out, "/dev/pts/0\ngot hello\n");
		assert_int_equal(o.status, 0);
		close(terminal);
		close(master);
		close_stage(s);
	}
}

/* The sealed copy is what a container with host root sees; see CVE-2019-5736. */
static void the_program_is_sealed_where_host_root_is(void **state)
{
	static char script[] = "readlink /proc/$PPID/exe >/dev/null 2>&1; sleep 1";
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	for (int has_user_ns = 0; has_user_ns < 2; has_user_ns++) {
		struct stage *s = open_stage(has_user_ns);
		const struct attach_command command = {.argv = WORDS(sh, dash_c, script)};
		char path[64], target[PATH_MAX] = {0};
		pid_t pid = fork();

		if (pid == 0) {
			container_attach_exec(&s->c, &command, NULL, NULL);
			_exit(201);
		}
		usleep(300000);
		snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
		assert_true(readlink(path, target, sizeof(target) - 1) > 0);
		assert_int_equal(strstr(target, "memfd:") != NULL, !has_user_ns);
		assert_int_equal(wait_status(pid), 0);
		close_stage(s);
	}
	close(null);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIVE(the_program_ends_as_the_command_does),
		LIVE(exit_codes_are_passed_on),
		LIVE(what_cannot_be_executed_is_126_or_127),
		LIVE(the_command_is_inside_with_clean_streams),
		LIVE(the_users_shell_is_found),
		LIVE(a_terminal_on_standard_input_is_relayed),
		LIVE(the_program_is_sealed_where_host_root_is),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
