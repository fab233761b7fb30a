/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Starts by the library with the real supervisor, on the host's root file system: what callers see
 * of success, failure and sudden death, and that nothing is left. Needs root.
 */

#include "container/container.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "container/container_fixture.h"
#include "container/runs.h"

#define SLEEP ((char *[]){"/bin/sleep", "100", NULL})

static struct container *open_new(const char *name)
{
	struct container *c = fixture_open(name);

	assert_done(container_set_item(c, "lxc.uts.name", name, "(API)", &fixture_error));
	return c;
}

static int start(struct container *c, bool daemonise, char *const *argv, struct start_result *ret,
		 struct err *e)
{
	const struct start_options options = {.daemonise = daemonise, .argv = argv};

	return container_start(c, &options, ret, e);
}

static int count_records(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	int count = 0;

	while (directory && (entry = readdir(directory)))
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
			 strcmp(entry->d_name, RECORD_ENDED) != 0;
	if (directory)
		closedir(directory);
	return count;
}

/* No record, neither of a run that has its address nor of one that has given it back, within a
 * while: a supervisor's last steps take some time. */
static void assert_no_runs(void)
{
	autofree char *path = NULL;
	autofree char *ended = NULL;
	int left = 0;

	assert_int_equal(runs_directory(fixture_lxcpath, &path, NULL), 0);
	assert_true(asprintf(&ended, "%s/" RECORD_ENDED, path) > 0);
	for (int i = 0; i < 500; i++) {
		left = count_records(path) + count_records(ended);
		if (left == 0)
			return;
		usleep(10000);
	}
	fail_msg("%d run records are left", left);
}

static void assert_active(const char *expected)
{
	struct container_names names = {};

	assert_done(container_list_active(fixture_lxcpath, &names, &fixture_error));
	assert_int_equal(names.count, expected ? 1 : 0);
	if (expected)
		assert_string_equal(names.items[0], expected);
	container_names_finish(&names);
}

static void a_daemonised_start_runs_until_it_is_stopped(void **state)
{
	struct container *c = open_new("s1");
	struct start_result result = {};
	struct err e = {};

	assert_done(container_save_config(c, NULL, &fixture_error));
	assert_done(start(c, true, SLEEP, &result, &fixture_error));
	assert_true(result.init_pid > 0);
	assert_int_equal(kill(result.init_pid, 0), 0);
	assert_active("s1");
	assert_int_equal(start(c, true, SLEEP, &result, &e), START_ALREADY_RUNNING);
	assert_int_equal(container_destroy(c, &e), DESTROY_RUNNING);
	/* Nobody of it is our child. */
	assert_int_equal(waitpid(-1, NULL, __WALL), -1);
	assert_done(container_stop(c, &fixture_error));
	assert_active(NULL);
	assert_no_runs();
	assert_done(container_destroy(c, &fixture_error));
	container_free(c);
}

static void an_attended_start_tells_how_init_ended(void **state)
{
	struct container *c = open_new("s2");
	struct start_result result = {};

	assert_done(start(c, false, (char *[]){"/bin/sh", "-c", "exit 7", NULL}, &result,
			  &fixture_error));
	assert_int_equal(result.exit_status, 7 << 8);
	assert_no_runs();
	container_free(c);
}

static void a_failed_start_explains_itself(void **state)
{
	struct container *c = open_new("s3");
	struct start_result result = {};
	struct err e = {};
	autostr text = {};

	assert_true(start(c, true, (char *[]){"/nowhere/at/all", NULL}, &result, &e) < 0);
	err_render_text(&e, &text);
	assert_non_null(strstr(str_text(&text), "/nowhere/at/all"));
	assert_int_equal(e.code, -ENOENT);
	assert_active(NULL);
	assert_no_runs();

	/* Refused before anything is made: the address is free again. */
	assert_done(
		container_set_item(c, "lxc.rootfs.path", "dir:/nowhere", "(API)", &fixture_error));
	assert_true(start(c, true, SLEEP, &result, &e) < 0);
	assert_active(NULL);
	assert_no_runs();
	container_clear_config(c);
	assert_true(start(c, true, SLEEP, &result, &e) < 0);
	assert_string_equal(err_cause(&e), "No container config specified");
	container_free(c);
}

static void a_killed_supervisor_is_cleaned_up_after(void **state)
{
	struct container *c = open_new("s4");
	struct container_run run = {};
	struct start_result result = {};

	assert_done(start(c, true, SLEEP, &result, &fixture_error));
	assert_done(container_look(c, &run, &fixture_error));
	assert_int_equal(kill(run.supervisor_pid, SIGKILL), 0);
	for (int i = 0; i < 1000 && kill(run.supervisor_pid, 0) == 0; i++)
		usleep(1000);
	assert_active(NULL);
	assert_no_runs();
	/* Whoever adopted it has to reap it. */
	for (int i = 0; i < 500 && kill(result.init_pid, 0) == 0; i++)
		usleep(10000);
	assert_int_equal(kill(result.init_pid, 0), -1);
	assert_done(start(c, true, SLEEP, &result, &fixture_error));
	assert_done(container_stop(c, &fixture_error));
	assert_no_runs();
	container_free(c);
}

/* INC-03: none of our sockets becomes a standard stream of init. */
static void standard_streams_may_be_closed(void **state)
{
	struct container *c = open_new("s5");
	struct start_result result = {};
	int saved[3];
	int r;

	for (int fd = 0; fd < 3; fd++) {
		saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 100);
		close(fd);
	}
	r = start(c, true, SLEEP, &result, &fixture_error);
	for (int fd = 0; fd < 3; fd++) {
		dup3(saved[fd], fd, O_CLOEXEC);
		fcntl(fd, F_SETFD, 0);
		close(saved[fd]);
	}
	assert_done(r);
	for (int fd = 0; fd < 3; fd++) {
		char path[64], target[64] = "";

		snprintf(path, sizeof(path), "/proc/%d/fd/%d", result.init_pid, fd);
		assert_true(readlink(path, target, sizeof(target) - 1) > 0);
		assert_true(text_starts(target, "/dev/"));
	}
	assert_done(container_stop(c, &fixture_error));
	assert_no_runs();
	container_free(c);
}

static void *start_in_thread(void *argument)
{
	struct container *c = argument;
	struct start_result result = {};

	return start(c, true, SLEEP, &result, NULL) == 0 ? c : NULL;
}

/* A program with threads, that ignores SIGCHLD: its children vanish by themselves. */
static void threads_start_and_ignored_children_do_not_matter(void **state)
{
	struct container *c[4];
	pthread_t threads[4];

	signal(SIGCHLD, SIG_IGN);
	for (int i = 0; i < 4; i++) {
		char name[8];

		snprintf(name, sizeof(name), "t%d", i);
		c[i] = open_new(name);
		assert_int_equal(pthread_create(&threads[i], NULL, start_in_thread, c[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		void *done;

		assert_int_equal(pthread_join(threads[i], &done), 0);
		assert_ptr_equal(done, c[i]);
	}
	for (int i = 0; i < 4; i++) {
		assert_done(container_stop(c[i], &fixture_error));
		container_free(c[i]);
	}
	signal(SIGCHLD, SIG_DFL);
	assert_no_runs();
}

static void an_ephemeral_container_is_gone_when_it_stops(void **state)
{
	struct container *c = open_new("s6");
	struct start_result result = {};

	assert_done(container_set_item(c, "lxc.ephemeral", "1", "(API)", &fixture_error));
	assert_done(container_save_config(c, NULL, &fixture_error));
	assert_done(start(c, true, SLEEP, &result, &fixture_error));
	assert_true(fixture_exists("lxc/s6/config"));
	assert_done(container_stop(c, &fixture_error));
	assert_no_runs();
	for (int i = 0; i < 500 && fixture_exists("lxc/s6"); i++)
		usleep(10000);
	assert_false(fixture_exists("lxc/s6"));
	container_free(c);
}

static int setup(void **state)
{
	if (geteuid() != 0) {
		print_message("1..0 # SKIP only root starts containers without mapped ids\n");
		exit(0);
	}
	return fixture_setup(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_daemonised_start_runs_until_it_is_stopped),
		cmocka_unit_test(an_attended_start_tells_how_init_ended),
		cmocka_unit_test(a_failed_start_explains_itself),
		cmocka_unit_test(a_killed_supervisor_is_cleaned_up_after),
		cmocka_unit_test(standard_streams_may_be_closed),
		cmocka_unit_test(threads_start_and_ignored_children_do_not_matter),
		cmocka_unit_test(an_ephemeral_container_is_gone_when_it_stops),
	};

	return cmocka_run_group_tests(tests, setup, fixture_teardown);
}
