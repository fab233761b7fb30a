/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Children, in applications that treat theirs in their own way: their end, output and signals.
 */

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "child/child.h"
#include "container/container_fixture.h"
#include "child/userns.h"

static int create(struct container *c, const struct create_options *options, struct err *e)
{
	return container_create(c, options, e);
}

static bool worked(int r, const struct err *e)
{
	autostr text = {};

	err_render_text(e, &text);
	if (r != 0)
		fprintf(stderr, "%s\n", str_text(&text));
	return r == 0;
}

/* With a hook, and as root with mapped ids, too. */
static bool create_and_destroy(void)
{
	const struct create_options options = {.template_name = fixture_path("quick")};
	struct container *c = NULL;
	struct err e = {};
	bool good;

	fixture_write("quick", 0755, "#!/bin/sh\nmkdir ${3#--rootfs=}/x\n");
	good = worked(container_open("reaped", fixture_lxcpath, &c, &e), &e) &&
	       worked(create(c, &options, &e), &e) &&
	       worked(container_set_item(c, "lxc.hook.destroy", "/bin/true", "(API)", &e), &e) &&
	       worked(container_destroy(c, &e), &e);
	if (!good || geteuid() != 0)
		return good;
	container_clear_config(c);
	return worked(container_set_item(c, "lxc.idmap", "u 0 100000 65536", "(API)", &e), &e) &&
	       worked(container_set_item(c, "lxc.idmap", "g 0 100000 65536", "(API)", &e), &e) &&
	       worked(create(c, &options, &e), &e) && worked(container_destroy(c, &e), &e);
}

/* In a child, so that nothing of it stays with the other tests. */
static void in_an_application_that(void (*prepare)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		prepare();
		_exit(create_and_destroy() ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void ignore_children(void)
{
	signal(SIGCHLD, SIG_IGN);
}

static void reap(int signal)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static void reap_children(void)
{
	signal(SIGCHLD, reap);
}

static void children_may_be_ignored_or_reaped_by_the_application(void **state)
{
	in_an_application_that(ignore_children);
	in_an_application_that(reap_children);
}

static void a_template_that_cannot_run_is_explained(void **state)
{
	const struct create_options options = {.template_name = fixture_path("no-interpreter")};
	struct container *c = fixture_open("broken");
	struct err e = {};
	autostr text = {};

	fixture_write("no-interpreter", 0755, "#!/no/such/interpreter\n");
	assert_true(create(c, &options, &e) < 0);
	err_render_text(&e, &text);
	assert_non_null(strstr(str_text(&text), "No such file or directory"));
	assert_non_null(strstr(str_text(&text), "/no/such/interpreter"));
	assert_null(strstr(str_text(&text), "status 127"));
	container_free(c);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* contracts.md INC-10: the end of the hook's own process counts, not that of its output. */
static void a_destroy_hook_may_leave_something_running(void **state)
{
	struct container *c = fixture_open("hooked");
	double begin;

	fixture_write("leaves", 0755, "#!/bin/sh\nsleep 5 &\necho said\nexit 0\n");
	assert_done(container_set_item(c, "lxc.hook.destroy", fixture_path("leaves"), "(API)",
				       &fixture_error));
	assert_done(container_save_config(c, NULL, &fixture_error));
	begin = seconds();
	assert_done(container_destroy(c, &fixture_error));
	assert_true(seconds() - begin < 3);
	container_free(c);
}

static void destroy_hooks_begin_without_blocked_signals(void **state)
{
	struct container *c = fixture_open("masked");
	autofree char *said = NULL;
	sigset_t mask;
	sigset_t old;

	fixture_write("tells", 0755, "#!/bin/sh\ngrep SigBlk /proc/self/status > $0.said\n");
	assert_done(container_set_item(c, "lxc.hook.destroy", fixture_path("tells"), "(API)",
				       &fixture_error));
	assert_done(container_save_config(c, NULL, &fixture_error));
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_BLOCK, &mask, &old);
	assert_done(container_destroy(c, &fixture_error));
	sigprocmask(SIG_SETMASK, &old, NULL);
	said = fixture_read("tells.said");
	assert_string_equal(said, "SigBlk:\t0000000000000000\n");
	container_free(c);
}

static int exit_with_uid(void *argument)
{
	return (int)geteuid();
}

/* An ordinary user may map themself alone, and then not drop their groups. */
static void one_may_be_container_root_oneself(void **state)
{
	pid_t pid;
	int status;

	if (geteuid() != 0 || access("/usr/bin/newuidmap", X_OK) < 0)
		skip();
	pid = fork();
	if (pid == 0) {
		const struct userns_call call = {exit_with_uid, NULL, -EBADF};
		struct config config;
		struct err e = {};
		int ended = -1;

		if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0 ||
		    config_init(&config, NULL) < 0 ||
		    config_set(&config, "lxc.idmap", "u 0 65534 1", "(API)", &e) < 0 ||
		    config_set(&config, "lxc.idmap", "g 0 65534 1", "(API)", &e) < 0)
			_exit(1);
		if (!worked(userns_run(&config.values.idmaps, &call, &ended, &e), &e))
			_exit(2);
		_exit(ended == 0 ? 0 : 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* What a helper printed, and how it ended. */
static void a_refused_map_is_told_in_the_words_of_the_helper(void **state)
{
	pid_t pid;
	int status;

	if (geteuid() != 0 || access("/usr/bin/newuidmap", X_OK) < 0)
		skip();
	pid = fork();
	if (pid == 0) {
		const struct userns_call call = {exit_with_uid, NULL, -EBADF};
		struct config config;
		struct err e = {};
		autostr text = {};
		int ended = -1;

		if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0 ||
		    config_init(&config, NULL) < 0 ||
		    config_set(&config, "lxc.idmap", "u 0 1 5", "(API)", &e) < 0 ||
		    userns_run(&config.values.idmaps, &call, &ended, &e) >= 0)
			_exit(1);
		err_render_text(&e, &text);
		fprintf(stderr, "%s\n", str_text(&text));
		_exit(strstr(str_text(&text), "newuidmap exited with status 1: newuidmap:") ? 0
											    : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void count(void *context, const char *text, size_t len)
{
	*(size_t *)context += len;
}

static int print_much(void *argument)
{
	execl("/bin/sh", "sh", "-c",
	      "head -c 300000 /dev/zero; sleep 0.1; head -c 300000 /dev/zero; exit 7", NULL);
	return -errno;
}

static void all_that_a_child_prints_is_heard(void **state)
{
	size_t heard = 0;
	const struct child_work work = {
		.function = print_much,
		.kept_fd = -EBADF,
		.heard_stream = STDOUT_FILENO,
		.hear = count,
		.context = &heard,
	};
	int status = 0;

	assert_int_equal(child_run(&work, &status), 0);
	assert_int_equal(WEXITSTATUS(status), 7);
	assert_int_equal(heard, 600000);
}

static int refuse(void *argument)
{
	return -ENOTTY;
}

static int die(void *argument)
{
	raise(SIGKILL);
	return 0;
}

static void failing_and_dying_are_told_apart(void **state)
{
	struct child_work work = {.function = refuse, .kept_fd = -EBADF};
	int status = 0;

	assert_int_equal(child_run(&work, &status), -ENOTTY);
	work.function = die;
	assert_int_equal(child_run(&work, &status), 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(children_may_be_ignored_or_reaped_by_the_application),
		cmocka_unit_test(a_template_that_cannot_run_is_explained),
		cmocka_unit_test(a_destroy_hook_may_leave_something_running),
		cmocka_unit_test(destroy_hooks_begin_without_blocked_signals),
		cmocka_unit_test(one_may_be_container_root_oneself),
		cmocka_unit_test(a_refused_map_is_told_in_the_words_of_the_helper),
		cmocka_unit_test(all_that_a_child_prints_is_heard),
		cmocka_unit_test(failing_and_dying_are_told_apart),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
