/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running things inside a running container: functions of the caller's own process image
 * (contracts.md PY-06), commands with their status, and every option (spec/api.md §8,
 * spec/runtime.md §20).
 */

#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static struct lxc_container *box; /* of all tests but one */

static int setup(void **state)
{
	int r = world_setup(state);

	if (r < 0)
		return r;
	/* Files that inner programs need. */
	world_write(world_path("root/bin/not-executable"), 0644, "#!/bin/sh\n");
	world_write(world_path("root/etc/group"), 0644, "root:x:0:\n");
	if (chmod(world_path("root/root"), 0755) < 0)
		return -1;
	box = world_start(world_name("box"), "lxc.environment = CONFIGURED=yes\n");
	return 0;
}

static int teardown(void **state)
{
	lxc_container_put(box);
	return world_teardown(state);
}

/* What a callback and its caller share. */
struct shared {
	pid_t pid_inside;
	uid_t uid;
	char host_name[64];
	char item[64];
	char environment[16384];
	char cwd[128];
	int groups;
	gid_t group_list[8];
	int fds;
};

static struct shared *share(void)
{
	struct shared *s =
		mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(s != MAP_FAILED);
	return s;
}

static int look_around(void *payload)
{
	struct shared *s = payload;
	size_t used = 0;

	s->pid_inside = getpid();
	s->uid = getuid();
	s->groups = getgroups(8, s->group_list);
	s->fds = world_count_fds();
	gethostname(s->host_name, sizeof(s->host_name));
	if (!getcwd(s->cwd, sizeof(s->cwd)))
		return 1;
	for (char **v = environ; *v && used < sizeof(s->environment); v++)
		used += (size_t)snprintf(s->environment + used, sizeof(s->environment) - used,
					 "%s\n", *v);
	/* The object works in the copy, too: nobody left it locked. */
	box->get_config_item(box, "lxc.uts.name", s->item, sizeof(s->item));
	return 42;
}

static int await(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static struct shared *look(lxc_attach_options_t *options)
{
	struct shared *s = share();
	pid_t pid = -1;
	int status;

	if (box->attach(box, look_around, s, options, &pid) != 0)
		fail_msg("attach: %s", box->error_string);
	assert_true(pid > 0);
	status = await(pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 42);
	return s;
}

static bool has_variable(const struct shared *s, const char *variable)
{
	const char *at = strstr(s->environment, variable);

	return at && (at == s->environment || at[-1] == '\n') && at[strlen(variable)] == '\n';
}

static void a_function_runs_in_the_same_image(void **state)
{
	struct shared *s = look(NULL);

	assert_true(s->pid_inside > 1);
	assert_int_equal(s->uid, 0);
	assert_string_equal(s->host_name, box->name);
	assert_string_equal(s->item, box->name);
	/* Nothing of the library's is open in it. */
	assert_int_equal(s->fds, world_count_fds());
	/* Of the caller's groups none is left. */
	assert_int_equal(s->groups, 0);
	assert_true(has_variable(s, "container=lxc"));
	assert_true(has_variable(s, "CONFIGURED=yes"));
	munmap(s, sizeof(*s));
}

static void namespaces_are_told(void **state)
{
	lxc_attach_options_t options = LXC_ATTACH_OPTIONS_DEFAULT;
	struct shared *s = look(&options);

	assert_int_equal(options.namespaces & (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS |
					       CLONE_NEWIPC | CLONE_NEWNET),
			 CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET);
	assert_int_equal(options.namespaces & CLONE_NEWUSER, 0);
	munmap(s, sizeof(*s));

	/* PVE-10: only one of them; the host's file system is seen. */
	options = (lxc_attach_options_t)LXC_ATTACH_OPTIONS_DEFAULT;
	options.namespaces = CLONE_NEWUTS;
	options.initial_cwd = world_top;
	s = look(&options);
	assert_int_equal(options.namespaces, CLONE_NEWUTS);
	assert_string_equal(s->host_name, box->name);
	assert_string_equal(s->cwd, world_top);
	munmap(s, sizeof(*s));
}

static void the_environment(void **state)
{
	char *more[] = {"A=1", "B=two words", NULL}, *keep[] = {"KEPT", NULL};
	lxc_attach_options_t options = LXC_ATTACH_OPTIONS_DEFAULT;
	char **before = environ;
	struct shared *s;

	setenv("KEPT", "this", 1);
	setenv("OTHER", "that", 1);
	options.extra_env_vars = more;
	s = look(&options);
	assert_true(has_variable(s, "KEPT=this") && has_variable(s, "OTHER=that"));
	assert_true(has_variable(s, "A=1") && has_variable(s, "B=two words"));
	munmap(s, sizeof(*s));

	options.env_policy = LXC_ATTACH_CLEAR_ENV;
	options.extra_keep_env = keep;
	s = look(&options);
	assert_true(has_variable(s, "KEPT=this"));
	assert_false(has_variable(s, "OTHER=that"));
	assert_true(has_variable(s, "container=lxc") && has_variable(s, "CONFIGURED=yes"));
	assert_true(has_variable(
		s, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"));
	assert_true(has_variable(s, "A=1") && has_variable(s, "B=two words"));
	munmap(s, sizeof(*s));
	/* The caller's own stays. */
	assert_string_equal(getenv("OTHER"), "that");
	assert_null(getenv("container"));
	(void)before;
	unsetenv("KEPT");
	unsetenv("OTHER");
}

static void users_groups_and_directory(void **state)
{
	gid_t list[] = {7, 1009};
	lxc_attach_options_t options = LXC_ATTACH_OPTIONS_DEFAULT;
	struct shared *s;

	options.uid = 1000;
	options.gid = 1001;
	options.initial_cwd = "/etc";
	options.attach_flags |= LXC_ATTACH_SETGROUPS;
	options.groups = (lxc_groups_t){2, list};
	s = look(&options);
	assert_int_equal(s->uid, 1000);
	assert_int_equal(s->groups, 2);
	assert_int_equal(s->group_list[0], 7);
	assert_int_equal(s->group_list[1], 1009);
	assert_string_equal(s->cwd, "/etc");
	munmap(s, sizeof(*s));

	/* A directory that is not there is none to complain about. */
	options = (lxc_attach_options_t)LXC_ATTACH_OPTIONS_DEFAULT;
	options.initial_cwd = "/no/such/directory";
	s = look(&options);
	assert_string_equal(s->cwd, "/");
	munmap(s, sizeof(*s));
}

/* Run a shell line, its output read through a pipe; the wait status. */
static int run_line(const char *line, lxc_attach_options_t *options, char *out, size_t room)
{
	const char *const argv[] = {"sh", "-c", line, NULL};
	int ends[2], status;
	ssize_t got;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	options->stdout_fd = ends[1];
	status = box->attach_run_wait(box, options, "sh", argv);
	close(ends[1]);
	got = read(ends[0], out, room - 1);
	close(ends[0]);
	out[got > 0 ? got : 0] = '\0';
	return status;
}

static void streams_are_those_that_are_named(void **state)
{
	lxc_attach_options_t options = LXC_ATTACH_OPTIONS_DEFAULT;
	int in[2], errors[2];
	char out[256], error[256] = "";

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(errors, O_CLOEXEC), 0);
	assert_int_equal(write(in[1], "input\n", 6), 6);
	close(in[1]);
	options.stdin_fd = in[0];
	options.stderr_fd = errors[1];
	assert_int_equal(run_line("read x; echo got $x; echo problem >&2; ls /proc/self/fd; exit 3",
				  &options, out, sizeof(out)),
			 3 << 8);
	assert_non_null(strstr(out, "got input\n"));
	assert_true(read(errors[0], error, sizeof(error) - 1) > 0);
	assert_string_equal(error, "problem\n");
	close(in[0]);
	close(errors[0]);
	close(errors[1]);

	/* Two names for one, and another order. */
	options = (lxc_attach_options_t)LXC_ATTACH_OPTIONS_DEFAULT;
	assert_int_equal(pipe2(errors, O_CLOEXEC), 0);
	options.stderr_fd = errors[1];
	assert_int_equal(run_line("echo one; echo two >&2", &options, out, sizeof(out)), 0);
	assert_string_equal(out, "one\n");
	close(errors[0]);
	close(errors[1]);
}

static void the_status_is_that_of_the_command(void **state)
{
	static const int codes[] = {0, 1, 2, 77, 126, 127, 128, 200, 255};
	const char *const missing[] = {"no-such-command", NULL};
	const char *const forbidden[] = {"/bin/not-executable", NULL};
	lxc_attach_options_t options = LXC_ATTACH_OPTIONS_DEFAULT;
	char line[64];
	int status;

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		snprintf(line, sizeof(line), "exit %d", codes[i]);
		status = box->attach_run_waitl(box, &options, "sh", "sh", "-c", line, NULL);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), codes[i]);
	}
	status = box->attach_run_waitl(box, NULL, "sh", "sh", "-c", "kill -TERM $$", NULL);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
	status = box->attach_run_wait(box, NULL, missing[0], missing);
	assert_int_equal(WEXITSTATUS(status), 127);
	status = box->attach_run_wait(box, NULL, forbidden[0], forbidden);
	assert_int_equal(WEXITSTATUS(status), 126);
}

static void a_shell_reads_its_commands(void **state)
{
	lxc_attach_options_t options = LXC_ATTACH_OPTIONS_DEFAULT;
	pid_t pid = -1;
	int in[2];

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(write(in[1], "exit 9\n", 7), 7);
	close(in[1]);
	options.stdin_fd = in[0];
	if (box->attach(box, lxc_attach_run_shell, NULL, &options, &pid) != 0)
		fail_msg("attach: %s", box->error_string);
	assert_int_equal(await(pid), 9 << 8);
	close(in[0]);
}

static int run_forever(void *payload)
{
	for (;;)
		pause();
	return 0;
}

static void *stop_box(void *argument)
{
	return box->stop(box) ? box : NULL;
}

static void the_process_is_a_child_of_the_caller(void **state)
{
	pthread_t thread;
	void *done;
	char path[64], *text, wanted[32];
	pid_t pid = -1;

	assert_int_equal(box->attach(box, run_forever, NULL, NULL, &pid), 0);
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	text = world_read(path);
	assert_non_null(text);
	snprintf(wanted, sizeof(wanted), "\nPPid:\t%d\n", getpid());
	assert_non_null(strstr(text, wanted));
	free(text);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
	/* The end of the container is the end of all that is in it; and the kernel waits for us to
	 * collect our own before the container's process 1 is gone. */
	assert_int_equal(pthread_create(&thread, NULL, stop_box, NULL), 0);
	assert_int_equal(await(pid), SIGKILL);
	assert_int_equal(pthread_join(thread, &done), 0);
	assert_ptr_equal(done, box);
	assert_int_equal(waitpid(-1, NULL, __WALL), -1);
	assert_works(box, box->start(box, 0, NULL));
	world_await_init(box);
}

static void capabilities_and_privileges(void **state)
{
	lxc_attach_options_t options = LXC_ATTACH_OPTIONS_DEFAULT;
	char out[256];

	options.attach_flags |= LXC_ATTACH_NO_NEW_PRIVS;
	assert_int_equal(run_line("while read k v; do [ $k = NoNewPrivs: ] && echo $v; done "
				  "</proc/self/status",
				  &options, out, sizeof(out)) &
				 0xff,
			 0);
	assert_string_equal(out, "1\n");
}

/* The caller relays until the terminal closes, and is then told the status. */
static void a_terminal_is_relayed(void **state)
{
	lxc_attach_options_t options = LXC_ATTACH_OPTIONS_DEFAULT;
	char out[256];
	int in[2];

	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	options.stdin_fd = in[0];
	options.attach_flags |= LXC_ATTACH_TERMINAL;
	assert_int_equal(run_line("test -t 0 && test -t 1 && test -t 2 && echo it is; exit 4",
				  &options, out, sizeof(out)),
			 4 << 8);
	assert_string_equal(out, "it is\r\n");
	close(in[0]);
	close(in[1]);
}

static int tell_personality(void *payload)
{
	*(int *)payload = personality(0xffffffff);
	return 0;
}

static void personalities(void **state)
{
	lxc_attach_options_t options = LXC_ATTACH_OPTIONS_DEFAULT;
	struct shared *s = share();
	pid_t pid = -1;

	options.personality = PER_LINUX32;
	assert_int_equal(box->attach(box, tell_personality, &s->groups, &options, &pid), 0);
	assert_int_equal(await(pid), 0);
	assert_int_equal(s->groups & PER_MASK, PER_LINUX32);
	options.personality = LXC_ATTACH_DETECT_PERSONALITY;
	assert_int_equal(box->attach(box, tell_personality, &s->groups, &options, &pid), 0);
	assert_int_equal(await(pid), 0);
	assert_int_equal(s->groups & PER_MASK, PER_LINUX);
	munmap(s, sizeof(*s));
}

/* A container with ids of its own: root is its root, and host root is nobody there. */
static void into_a_user_namespace(void **state)
{
	char lines[512];
	lxc_attach_options_t options = LXC_ATTACH_OPTIONS_DEFAULT;
	struct lxc_container *c;
	int status;

	snprintf(lines, sizeof(lines),
		 "lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536\n");
	c = world_start(world_name("user"), lines);
	status = c->attach_run_waitl(c, &options, "sh", "sh", "-c",
				     "read a b n </proc/self/uid_map && [ $(id -u) = 0 ] && "
				     "[ $a:$b:$n = 0:100000:65536 ]",
				     NULL);
	if (status != 0)
		fail_msg("%d: %s", status, c->error_string ? c->error_string : "");
	assert_true(options.namespaces & CLONE_NEWUSER);
	options.uid = 1000;
	options.gid = 1000;
	status = c->attach_run_waitl(c, &options, "sh", "sh", "-c",
				     "[ $(id -u):$(id -g) = "
				     "1000:1000 ]",
				     NULL);
	assert_int_equal(status, 0);
	/* An id that the container does not have. */
	options.uid = 70000;
	status = c->attach_run_waitl(c, &options, "true", "true", NULL);
	assert_int_not_equal(status, 0);
	world_end(c);
}

static void failures(void **state)
{
	struct lxc_container *c = world_define(world_name("still"), NULL);
	pid_t pid = 77;

	assert_true(c->attach(c, look_around, NULL, NULL, &pid) < 0);
	assert_explained(c, "is not running");
	assert_int_equal(pid, 77);
	assert_int_equal(c->attach_run_waitl(c, NULL, "true", "true", NULL), -1);
	assert_explained(c, "is not running");
	lxc_container_put(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_function_runs_in_the_same_image),
		cmocka_unit_test(namespaces_are_told),
		cmocka_unit_test(the_environment),
		cmocka_unit_test(users_groups_and_directory),
		cmocka_unit_test(streams_are_those_that_are_named),
		cmocka_unit_test(the_status_is_that_of_the_command),
		cmocka_unit_test(a_shell_reads_its_commands),
		cmocka_unit_test(the_process_is_a_child_of_the_caller),
		cmocka_unit_test(capabilities_and_privileges),
		cmocka_unit_test(a_terminal_is_relayed),
		cmocka_unit_test(personalities),
		cmocka_unit_test(into_a_user_namespace),
		cmocka_unit_test(failures),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
