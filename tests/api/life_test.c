/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A container's life through the library: object, definition, start in the background and in the
 * foreground, state, freezing, shutdown, reboot, stop, destroying (spec/api.md §7,
 * spec/runtime.md §18 and §19).
 */

#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void a_new_object_is_as_documented(void **state)
{
	char spelled[128];
	struct lxc_container *c;

	snprintf(spelled, sizeof(spelled), "%s///", world_lxcpath);
	c = lxc_container_new("fresh", spelled);
	assert_non_null(c);
	assert_string_equal(c->name, "fresh");
	assert_string_equal(c->config_path, world_lxcpath);
	assert_string_equal(c->get_config_path(c), world_lxcpath);
	assert_string_equal(c->configfile, world_path("lxc/fresh/config"));
	assert_true(c->daemonize);
	assert_int_equal(c->numthreads, 1);
	assert_int_equal(c->error_num, 0);
	assert_null(c->lxc_conf);
	assert_null(c->error_string);
	assert_null(c->pidfile);
	assert_false(c->is_defined(c));
	assert_int_equal(lxc_container_get(c), 1);
	assert_int_equal(c->numthreads, 2);
	assert_int_equal(lxc_container_put(c), 0);
	assert_int_equal(lxc_container_put(c), 1);
	assert_int_equal(lxc_container_put(NULL), -1);
	assert_int_equal(lxc_container_get(NULL), 0);
	assert_null(lxc_container_new(NULL, world_lxcpath));
}

static void assert_item(struct lxc_container *c, const char *key, const char *expected)
{
	char value[256] = "";

	assert_int_equal(c->get_config_item(c, key, value, sizeof(value)), strlen(expected));
	assert_string_equal(value, expected);
}

static void a_container_is_defined_saved_and_loaded_again(void **state)
{
	struct lxc_container *c = lxc_container_new("saved", world_lxcpath);
	struct lxc_container *again;
	char *name;

	assert_works(c, c->set_config_item(c, "lxc.uts.name", "saved"));
	assert_non_null(c->lxc_conf);
	assert_works(c, c->set_config_item(c, "lxc.environment", "A=1"));
	assert_false(c->is_defined(c));
	assert_works(c, c->save_config(c, NULL));
	assert_true(c->is_defined(c));
	name = c->config_file_name(c);
	assert_string_equal(name, world_path("lxc/saved/config"));
	free(name);

	again = lxc_container_new("saved", world_lxcpath);
	assert_non_null(again->lxc_conf);
	assert_item(again, "lxc.uts.name", "saved");
	assert_item(again, "lxc.environment", "A=1\n");
	/* Loading adds to what is there. */
	world_write(world_path("more"), 0644, "lxc.environment = B=2\n");
	assert_works(again, again->load_config(again, world_path("more")));
	assert_item(again, "lxc.environment", "A=1\nB=2\n");
	again->clear_config(again);
	assert_null(again->lxc_conf);
	assert_works(again, again->load_config(again, NULL));
	assert_item(again, "lxc.environment", "A=1\n");
	assert_works(again, again->clear_config_item(again, "lxc.environment"));
	assert_item(again, "lxc.environment", "");
	assert_works(again, again->save_config(again, world_path("copy")));
	assert_int_equal(lxc_container_put(again), 1);

	/* What programs write into the members counts. */
	free(c->configfile);
	c->configfile = strdup(world_path("copy"));
	assert_true(c->is_defined(c));
	unlink(world_path("copy"));
	assert_false(c->is_defined(c));
	assert_works(c, c->set_config_path(c, world_path("elsewhere")));
	assert_string_equal(c->config_path, world_path("elsewhere"));
	assert_string_equal(c->configfile, world_path("elsewhere/saved/config"));
	assert_int_equal(lxc_container_put(c), 1);
}

/* A monitor's answers about a container that does not run. */
static void assert_answers_stopped(struct lxc_container *c)
{
	assert_string_equal(c->state(c), "STOPPED");
	assert_false(c->is_running(c));
	assert_int_equal(c->init_pid(c), -1);
	assert_int_equal(c->init_pidfd(c), -ECONNREFUSED);
	assert_int_equal(c->devpts_fd(c), -ECONNREFUSED);
	assert_int_equal(c->seccomp_notify_fd_active(c), -ECONNREFUSED);
	assert_int_equal(c->seccomp_notify_fd(c), -EBADF);
	assert_true(c->wait(c, "STOPPED", 0));
	assert_true(c->wait(c, "RUNNING|STOPPED", -1));
	assert_true(c->stop(c));
	assert_true(c->shutdown(c, 1));
	assert_true(c->reboot2(c, 1));
	assert_false(c->reboot(c));
	assert_true(c->unfreeze(c));
	assert_false(c->freeze(c));
	assert_true(c->may_control(c));
	assert_null(c->get_running_config_item(c, "lxc.uts.name"));
	assert_null(c->get_interfaces(c));
	assert_null(c->get_ips(c, NULL, NULL, 0));
	assert_int_equal(c->get_cgroup_item(c, "memory.current", NULL, 0), -1);
	assert_false(c->set_cgroup_item(c, "memory.max", "max"));
}

static void a_start_in_the_background(void **state)
{
	struct lxc_container *c = world_define(world_name("back"), "lxc.pty.max = 4\n");
	char path[64];
	int64_t begin;
	pid_t init;
	int fd;

	assert_answers_stopped(c);
	assert_works(c, c->start(c, 0, NULL));
	assert_int_equal(c->error_num, 1);
	assert_string_equal(c->state(c), "RUNNING");
	assert_true(c->is_running(c));
	assert_true(c->wait(c, "RUNNING", 0));
	init = c->init_pid(c);
	assert_true(init > 0);
	assert_int_equal(kill(init, 0), 0);
	/* Nobody of it is our child. */
	assert_int_equal(waitpid(-1, NULL, __WALL), -1);

	fd = c->init_pidfd(c);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	fd = c->devpts_fd(c);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	assert_int_equal(c->seccomp_notify_fd_active(c), -EBADF);
	assert_true(c->may_control(c));

	assert_false(c->start(c, 0, NULL));
	assert_explained(c, "appears to be already running");
	assert_int_equal(c->error_num, 1);
	assert_false(c->destroy(c));
	assert_explained(c, "is not stopped");

	begin = world_clock();
	assert_false(c->wait(c, "STOPPED", 1));
	assert_in_range(world_clock() - begin, 900, 3000);
	assert_false(c->wait(c, "STOPPED", 0));
	assert_false(c->wait(c, "ASLEEP", 0));
	assert_explained(c, "invalid state 'ASLEEP'");

	assert_works(c, c->stop(c));
	assert_int_equal(kill(init, 0), -1);
	snprintf(path, sizeof(path), "/proc/%d", init);
	assert_int_equal(access(path, F_OK), -1);
	assert_answers_stopped(c);
	/* The root file system would go, too. */
	assert_works(c, c->clear_config_item(c, "lxc.rootfs.path"));
	assert_works(c, c->destroy(c));
	assert_false(c->is_defined(c));
	assert_int_equal(lxc_container_put(c), 1);
}

static void freezing_and_thawing(void **state)
{
	struct lxc_container *c = world_start(world_name("cold"), NULL);

	assert_int_equal(c->devpts_fd(c), -EBADF); /* only lxc.pty.max makes it have one */
	assert_works(c, c->freeze(c));
	assert_string_equal(c->state(c), "FROZEN");
	assert_works(c, c->freeze(c));
	assert_true(c->wait(c, "FROZEN", 0));
	assert_works(c, c->unfreeze(c));
	assert_string_equal(c->state(c), "RUNNING");
	assert_works(c, c->unfreeze(c));
	/* A frozen one can be stopped, and shut down. */
	assert_works(c, c->freeze(c));
	assert_works(c, c->shutdown(c, 10));
	assert_string_equal(c->state(c), "STOPPED");
	assert_works(c, c->start(c, 0, NULL));
	assert_works(c, c->freeze(c));
	world_end(c);
}

static void shutting_down(void **state)
{
	char *const deaf[] = {"/bin/sh", "-c", "trap '' PWR; while :; do sleep 1; done", NULL};
	struct lxc_container *c = world_start(world_name("down"), NULL);
	int64_t begin;

	assert_works(c, c->shutdown(c, 10));
	assert_false(c->is_running(c));

	/* 0 only asks; Incus waits for its hook then. */
	assert_works(c, c->start(c, 0, NULL));
	world_await_init(c);
	begin = world_clock();
	assert_works(c, c->shutdown(c, 0));
	assert_in_range(world_clock() - begin, 0, 900);
	assert_works(c, c->wait(c, "STOPPED", 10));

	assert_works(c, c->start(c, 0, deaf));
	/* Until its shell has come to the trap, the signal is one that a process 1 ignores, too. */
	begin = world_clock();
	assert_false(c->shutdown(c, 1));
	assert_in_range(world_clock() - begin, 900, 3000);
	assert_explained(c, "did not shut down within 1 second");
	assert_true(c->is_running(c));
	world_end(c);
}

static void await_file(const char *path)
{
	struct stat status;

	for (int i = 0; i < 1000 && stat(path, &status) < 0; i++)
		usleep(10000);
	assert_int_equal(stat(path, &status), 0);
}

static void rebooting(void **state)
{
	char lines[256];
	struct lxc_container *c;
	pid_t before, after;

	/* The start hook tells that init is about to be executed: its traps are set soon after. */
	snprintf(lines, sizeof(lines), "lxc.mount.entry = %s mnt none bind 0 0\n",
		 world_path("lxc"));
	c = world_define(world_name("again"), lines);
	assert_works(c, c->start(c, 0,
				 (char *[]){"/bin/sh", "-c",
					    "trap 'reboot -f' INT; echo > /mnt/ready; "
					    "while :; do sleep 1000 & wait $!; done",
					    NULL}));
	before = c->init_pid(c);
	await_file(world_path("lxc/ready"));
	unlink(world_path("lxc/ready"));
	assert_works(c, c->reboot2(c, 20));
	after = c->init_pid(c);
	assert_true(after > 0);
	assert_int_not_equal(before, after);
	assert_string_equal(c->state(c), "RUNNING");

	await_file(world_path("lxc/ready"));
	unlink(world_path("lxc/ready"));
	assert_works(c, c->reboot(c));
	await_file(world_path("lxc/ready"));
	assert_true(c->wait(c, "RUNNING", 10));
	assert_int_not_equal(c->init_pid(c), after);
	unlink(world_path("lxc/ready"));
	world_end(c);
}

/* What another thread forks while a container starts has its listener open until the exec; the
 * container may have ended by then. */
static void a_start_waits_for_an_address_that_nobody_speaks_for(void **state)
{
	struct lxc_container *c = world_define(world_name("held"), NULL);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int length = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "%s/%s/command",
			      c->config_path, c->name);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t holder;

	assert_int_equal(
		bind(fd, (struct sockaddr *)&address,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length)),
		0);
	assert_int_equal(listen(fd, 10), 0);
	holder = fork();
	if (holder == 0) {
		usleep(700000);
		_exit(0);
	}
	close(fd);
	assert_works(c, c->start(c, 0, NULL));
	assert_int_equal(waitpid(holder, NULL, 0), holder);
	assert_works(c, c->stop(c));
	world_end(c);
}

/* The thaw enters RUNNING, too: that is not the RUNNING to wait for. */
static void rebooting_what_is_frozen(void **state)
{
	char lines[256];
	struct lxc_container *c;
	pid_t before;

	snprintf(lines, sizeof(lines), "lxc.mount.entry = %s mnt none bind 0 0\n",
		 world_path("lxc"));
	c = world_define(world_name("thaw"), lines);
	assert_works(c, c->start(c, 0,
				 (char *[]){"/bin/sh", "-c",
					    "trap 'sleep 1; reboot -f' INT; echo > /mnt/ready; "
					    "while :; do sleep 1000 & wait $!; done",
					    NULL}));
	before = c->init_pid(c);
	await_file(world_path("lxc/ready"));
	unlink(world_path("lxc/ready"));
	assert_works(c, c->freeze(c));
	assert_works(c, c->reboot2(c, 20));
	assert_int_not_equal(c->init_pid(c), before);
	assert_string_equal(c->state(c), "RUNNING");
	await_file(world_path("lxc/ready"));
	unlink(world_path("lxc/ready"));
	world_end(c);
}

static void a_start_in_the_foreground_tells_how_it_ended(void **state)
{
	struct lxc_container *c = world_define(world_name("front"), NULL);
	char *const status_7[] = {"/bin/sh", "-c", "exit 7", NULL};
	char *const killed[] = {"/bin/sh", "-c", "kill -9 $$; exit 3", NULL};
	char *const nowhere[] = {"/nowhere/at/all", NULL};

	assert_works(c, c->want_daemonize(c, false));
	assert_false(c->daemonize);
	assert_works(c, c->start(c, 0, status_7));
	assert_int_equal(c->error_num, 7 << 8);
	/* Process 1 can't kill itself: the shell goes on. */
	assert_works(c, c->start(c, 0, killed));
	assert_int_equal(c->error_num, 3 << 8);
	/* Under an init of ours the command's signal becomes 128 + n. */
	assert_works(c, c->start(c, 1, killed));
	assert_int_equal(c->error_num, (128 + 9) << 8);
	assert_works(c, c->startl(c, 1, "/bin/sh", "-c", "exit 5", NULL));
	assert_int_equal(c->error_num, 5 << 8);
	assert_works(c, c->startl(c, 0, "/bin/true", NULL));
	assert_int_equal(c->error_num, 0);

	assert_false(c->start(c, 0, nowhere));
	assert_int_equal(c->error_num, 1);
	assert_explained(c, "/nowhere/at/all");
	assert_explained(c, "No such file or directory");
	assert_int_equal(waitpid(-1, NULL, __WALL), -1);
	world_end(c);
}

static void a_failed_start_in_the_background_is_explained(void **state)
{
	struct lxc_container *c = world_define(world_name("fails"), NULL);
	char *const nowhere[] = {"/nowhere/at/all", NULL};

	assert_false(c->start(c, 0, nowhere));
	assert_int_equal(c->error_num, 1);
	assert_explained(c, "/nowhere/at/all");
	assert_string_equal(c->state(c), "STOPPED");
	assert_works(c, c->set_config_item(c, "lxc.mount.entry", "/no/such/source mnt none bind"));
	assert_false(c->start(c, 0, NULL));
	assert_explained(c, "/no/such/source");
	assert_explained(c, "lxc.mount.entry");
	/* No argument for startl means what is configured. */
	assert_works(c, c->clear_config_item(c, "lxc.mount.entry"));
	assert_works(c, c->set_config_item(c, "lxc.init.cmd", "/nowhere/else"));
	assert_false(c->startl(c, 0, NULL));
	assert_explained(c, "/nowhere/else");
	assert_int_equal(lxc_container_put(c), 1);
}

/* The pid file holds the supervisor's pid; init's parent is that. */
static void assert_pid_file(struct lxc_container *c, const char *path)
{
	char status_path[64], wanted[64];
	char *text = world_read(path), *status;

	assert_non_null(text);
	snprintf(status_path, sizeof(status_path), "/proc/%d/status", c->init_pid(c));
	status = world_read(status_path);
	assert_non_null(status);
	snprintf(wanted, sizeof(wanted), "\nPPid:\t%ld\n", strtol(text, NULL, 10));
	assert_non_null(strstr(status, wanted));
	free(status);
	free(text);
}

static void a_pid_file_is_written_where_the_caller_means_it(void **state)
{
	struct lxc_container *c = world_define(world_name("pid"), NULL);
	char before[256];
	int left = 1;

	c->pidfile = strdup(world_path("pid"));
	assert_works(c, c->start(c, 0, NULL));
	assert_pid_file(c, world_path("pid"));
	assert_works(c, c->stop(c));

	free(c->pidfile);
	c->pidfile = strdup("relative.pid");
	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(chdir(world_top), 0);
	assert_works(c, c->start(c, 0, NULL));
	assert_int_equal(chdir(before), 0);
	assert_pid_file(c, world_path("relative.pid"));
	assert_works(c, c->stop(c));
	for (int i = 0; i < 500 && left; i++) {
		left = access(world_path("relative.pid"), F_OK) == 0;
		usleep(left ? 10000 : 0);
	}
	assert_false(left);
	/* The library frees it. */
	assert_int_equal(lxc_container_put(c), 1);
}

static void *start_attended(void *argument)
{
	struct lxc_container *c = argument;

	return c->start(c, 0, NULL) ? c : NULL;
}

/* The object serves others while one of its calls lasts as long as the container. */
static void an_object_answers_while_it_runs_in_the_foreground(void **state)
{
	struct lxc_container *c = world_define(world_name("busy"), NULL);
	char value[64];
	pthread_t thread;
	void *done;

	assert_works(c, c->want_daemonize(c, false));
	assert_int_equal(pthread_create(&thread, NULL, start_attended, c), 0);
	assert_true(c->wait(c, "RUNNING", 20));
	assert_int_equal(c->get_config_item(c, "lxc.uts.name", value, sizeof(value)),
			 strlen(c->name));
	assert_works(c, c->set_config_item(c, "lxc.environment", "WHILE=running"));
	assert_works(c, c->save_config(c, NULL));
	assert_works(c, c->stop(c));
	assert_int_equal(pthread_join(thread, &done), 0);
	assert_ptr_equal(done, c);
	assert_int_equal(c->error_num, 9 << 8 | 0x7f);
	assert_int_equal(lxc_container_put(c), 1);
}

/* Nobody would ever hear of its end: it ends with who waits for it. */
static void a_container_in_the_foreground_ends_with_its_caller(void **state)
{
	struct lxc_container *c = world_define(world_name("orphan"), NULL);
	pid_t caller, init;
	int status;

	assert_works(c, c->want_daemonize(c, false));
	caller = fork();
	if (caller == 0)
		_exit(c->start(c, 0, NULL) ? 0 : 1);
	assert_true(c->wait(c, "RUNNING", 20));
	init = c->init_pid(c);
	assert_true(init > 0);
	assert_int_equal(kill(caller, SIGKILL), 0);
	assert_int_equal(waitpid(caller, &status, 0), caller);
	assert_true(WIFSIGNALED(status));
	assert_true(c->wait(c, "STOPPED", 20));
	assert_int_equal(kill(init, 0), -1);
	/* It can be started again at once. */
	assert_works(c, c->want_daemonize(c, true));
	assert_works(c, c->start(c, 0, NULL));
	world_end(c);
}

/* A slow hook is no reason for other threads to wait for the object. */
static void an_object_answers_while_it_starts(void **state)
{
	struct lxc_container *c;
	char value[64], lines[256];
	pthread_t thread;
	int64_t begin;
	void *done;

	world_write(world_path("slowly"), 0755, "#!/bin/sh\nsleep 1.5\n");
	snprintf(lines, sizeof(lines), "lxc.hook.pre-start = %s\n", world_path("slowly"));
	c = world_define(world_name("slow"), lines);
	assert_int_equal(pthread_create(&thread, NULL, start_attended, c), 0);
	usleep(300000);
	begin = world_clock();
	assert_true(c->get_config_item(c, "lxc.uts.name", value, sizeof(value)) > 0);
	assert_in_range(world_clock() - begin, 0, 700);
	assert_int_equal(pthread_join(thread, &done), 0);
	assert_ptr_equal(done, c);
	world_end(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_object_is_as_documented),
		cmocka_unit_test(a_container_is_defined_saved_and_loaded_again),
		cmocka_unit_test_teardown(a_start_in_the_background, world_stop_all),
		cmocka_unit_test_teardown(freezing_and_thawing, world_stop_all),
		cmocka_unit_test_teardown(shutting_down, world_stop_all),
		cmocka_unit_test_teardown(rebooting, world_stop_all),
		cmocka_unit_test_teardown(rebooting_what_is_frozen, world_stop_all),
		cmocka_unit_test_teardown(a_start_waits_for_an_address_that_nobody_speaks_for,
					  world_stop_all),
		cmocka_unit_test_teardown(a_start_in_the_foreground_tells_how_it_ended,
					  world_stop_all),
		cmocka_unit_test_teardown(a_failed_start_in_the_background_is_explained,
					  world_stop_all),
		cmocka_unit_test_teardown(a_pid_file_is_written_where_the_caller_means_it,
					  world_stop_all),
		cmocka_unit_test_teardown(an_object_answers_while_it_runs_in_the_foreground,
					  world_stop_all),
		cmocka_unit_test_teardown(a_container_in_the_foreground_ends_with_its_caller,
					  world_stop_all),
		cmocka_unit_test_teardown(an_object_answers_while_it_starts, world_stop_all),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
