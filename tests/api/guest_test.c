/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The library as a guest in somebody's program: threads, closed standard streams (contracts.md
 * INC-03), ignored or stolen children, signal dispositions and mask, descriptors, environment,
 * threads of its own (none), and LXC_MEMFD_REXEC (INC-12).
 */

#include "world.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { THREADS = 8, ROUNDS = 3 };

struct worker {
	struct lxc_container *own, *common;
	char problem[256];
};

static bool note(struct worker *w, struct lxc_container *c, bool works, const char *what)
{
	if (!works && !w->problem[0])
		snprintf(w->problem, sizeof(w->problem), "%s: %s", what,
			 c->error_string ? c->error_string : "?");
	return works;
}

static void *work(void *argument)
{
	struct worker *w = argument;
	struct lxc_container *c = w->own;
	char value[64];

	for (int i = 0; i < ROUNDS; i++) {
		if (!note(w, c, c->start(c, 0, NULL), "start"))
			return NULL;
		note(w, c, strcmp(c->state(c), "RUNNING") == 0, "state");
		note(w, w->common, strcmp(w->common->state(w->common), "RUNNING") == 0, "common");
		note(w, w->common, w->common->init_pid(w->common) > 0, "pid of common");
		note(w, w->common,
		     w->common->get_config_item(w->common, "lxc.uts.name", value, sizeof(value)) >
			     0,
		     "item of common");
		note(w, w->common, !w->common->set_config_item(w->common, "lxc.nonsense", "x"),
		     "a wrong item");
		note(w, c, c->freeze(c) && c->unfreeze(c), "freeze");
		note(w, c, c->attach_run_waitl(c, NULL, "true", "true", NULL) == 0, "attach");
		note(w, c, c->stop(c), "stop");
	}
	return NULL;
}

static void threads_work_side_by_side(void **state)
{
	struct lxc_container *common = world_start(world_name("common"), NULL);
	struct worker workers[THREADS] = {0};
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "t%d", i);
		workers[i] = (struct worker){world_define(world_name(name), NULL), common, ""};
		assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (int i = 0; i < THREADS; i++) {
		if (workers[i].problem[0])
			fail_msg("thread %d: %s", i, workers[i].problem);
		world_end(workers[i].own);
	}
	world_end(common);
}

/* Run in a process of its own: the exit status. What it prints is the reason of a failure. */
static int run_apart(int (*function)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(function());
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* What the three standard streams of a container's init are. */
static bool streams_are_devices(pid_t init)
{
	for (int fd = 0; fd < 3; fd++) {
		char path[64], target[64] = "";

		snprintf(path, sizeof(path), "/proc/%d/fd/%d", init, fd);
		if (readlink(path, target, sizeof(target) - 1) < 0 ||
		    strncmp(target, "/dev/", 5) != 0)
			return false;
	}
	return true;
}

static char apart_name[64];

static int start_without_streams(void)
{
	struct lxc_container *c;
	bool works;

	close(0);
	close(1);
	close(2);
	c = lxc_container_new(apart_name, world_lxcpath);
	if (!c)
		return 2;
	if (!c->start(c, 0, NULL))
		return 3;
	works = streams_are_devices(c->init_pid(c)) &&
		c->attach_run_waitl(c, NULL, "true", "true", NULL) == 0;
	/* Nothing of ours stays in the place of a stream. */
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			works = false;
	if (!c->stop(c))
		return 4;
	lxc_container_put(c);
	return works ? 0 : 5;
}

static void standard_streams_may_be_closed(void **state)
{
	struct lxc_container *c = world_define(world_name("closed"), NULL);

	snprintf(apart_name, sizeof(apart_name), "%s", c->name);
	lxc_container_put(c);
	assert_int_equal(run_apart(start_without_streams), 0);
}

/* Start, attach and stop, as any program would. */
static bool use(struct lxc_container *c)
{
	return c->start(c, 0, NULL) && c->freeze(c) && c->unfreeze(c) &&
	       c->attach_run_waitl(c, NULL, "sh", "sh", "-c", "exit 3", NULL) == 3 << 8 &&
	       c->stop(c);
}

static void signals_are_left_alone(void **state)
{
	struct sigaction before[NSIG], after;
	struct lxc_container *c = world_define(world_name("signals"), NULL);
	lxc_attach_options_t options = LXC_ATTACH_OPTIONS_DEFAULT;
	sigset_t mask_before, mask_after;

	signal(SIGUSR1, SIG_IGN);
	for (int i = 1; i < NSIG; i++)
		sigaction(i, NULL, &before[i]);
	pthread_sigmask(SIG_BLOCK, NULL, &mask_before);
	/* Only who attaches with the terminal on its standard input wants it to ignore ^C. */
	options.stdin_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_works(c, c->start(c, 0, NULL));
	assert_int_equal(c->attach_run_waitl(c, &options, "true", "true", NULL), 0);
	assert_works(c, c->stop(c));
	close(options.stdin_fd);
	pthread_sigmask(SIG_BLOCK, NULL, &mask_after);
	for (int i = 1; i < NSIG; i++) {
		sigaction(i, NULL, &after);
		if (i < 32 || i >= SIGRTMIN)
			assert_true(after.sa_handler == before[i].sa_handler);
		assert_int_equal(sigismember(&mask_before, i), sigismember(&mask_after, i));
	}
	signal(SIGUSR1, SIG_DFL);
	lxc_container_put(c);
}

static uint64_t status_mask(pid_t pid, const char *field)
{
	char path[64], *text, *line;
	uint64_t mask;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	text = world_read(path);
	line = text ? strstr(text, field) : NULL;
	assert_non_null(line);
	mask = strtoull(line + strlen(field), NULL, 16);
	free(text);
	return mask;
}

static void ignored_children_are_no_trouble(void **state)
{
	struct lxc_container *c = world_define(world_name("ignore"), NULL);
	char *const sleeper[] = {"/bin/sleep", "1000", NULL};

	signal(SIGCHLD, SIG_IGN);
	assert_works(c, c->start(c, 0, sleeper));
	/* Of what the caller ignores, init is spared what would cripple it … */
	assert_string_equal(c->state(c), "RUNNING");
	assert_int_equal(status_mask(c->init_pid(c), "SigBlk:"), 0);
	assert_int_equal(status_mask(c->init_pid(c), "SigIgn:") >> (SIGCHLD - 1) & 1, 0);
	assert_works(c, c->freeze(c));
	/* … while the status of an attached process is lost, and told so. */
	assert_works(c, c->unfreeze(c));
	assert_int_equal(c->attach_run_waitl(c, NULL, "true", "true", NULL), -1);
	assert_explained(c, "SIGCHLD");
	assert_works(c, c->stop(c));
	/* The supervisor itself is not confused by it: a container whose init ends is stopped. */
	assert_works(c, c->start(c, 0, (char *[]){"/bin/sleep", "0.2", NULL}));
	assert_true(c->wait(c, "STOPPED", 10));
	signal(SIGCHLD, SIG_DFL);
	lxc_container_put(c);
}

static atomic_bool thief_is_done;
static atomic_int stolen;

static void *steal_children(void *argument)
{
	while (!thief_is_done) {
		if (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
			stolen++;
		else
			usleep(200);
	}
	return NULL;
}

static void a_thread_that_reaps_everything_is_no_trouble(void **state)
{
	struct lxc_container *c = world_define(world_name("thief"), NULL);
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, steal_children, NULL), 0);
	for (int i = 0; i < 3; i++) {
		assert_works(c, c->start(c, 0, NULL));
		assert_works(c, c->stop(c));
		assert_works(c, c->want_daemonize(c, false));
		assert_works(c, c->start(c, 0, (char *[]){"/bin/sh", "-c", "exit 7", NULL}));
		assert_int_equal(c->error_num, 7 << 8);
		assert_works(c, c->want_daemonize(c, true));
	}
	thief_is_done = true;
	assert_int_equal(pthread_join(thread, NULL), 0);
	lxc_container_put(c);
}

/* The caller's own children stay the caller's. */
static void other_children_are_left_alone(void **state)
{
	struct lxc_container *c = world_define(world_name("children"), NULL);
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(11);
	assert_true(pid > 0);
	assert_works(c, use(c));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 11 << 8);
	assert_int_equal(waitpid(-1, NULL, __WALL), -1);
	lxc_container_put(c);
}

static int run_attended(void)
{
	struct lxc_container *c = lxc_container_new(apart_name, world_lxcpath);

	return c && c->want_daemonize(c, false) && c->start(c, 0, NULL) ? 0 : 1;
}

static int start_and_leave(void)
{
	struct lxc_container *c = lxc_container_new(apart_name, world_lxcpath);

	return c && c->start(c, 0, NULL) ? 0 : 1;
}

/* Only what runs in the foreground ends with its caller. */
static void a_dead_caller_takes_its_container_along(void **state)
{
	struct lxc_container *c = world_define(world_name("orphan"), NULL);
	pid_t pid;

	snprintf(apart_name, sizeof(apart_name), "%s", c->name);
	pid = fork();
	if (pid == 0)
		_exit(run_attended());
	assert_true(pid > 0);
	assert_true(c->wait(c, "RUNNING", 20));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(c->wait(c, "STOPPED", 10));

	assert_int_equal(run_apart(start_and_leave), 0);
	assert_false(c->wait(c, "STOPPED", 1));
	assert_string_equal(c->state(c), "RUNNING");
	world_end(c);
}

static int count_threads(void)
{
	DIR *directory = opendir("/proc/self/task");
	struct dirent *entry;
	int count = 0;

	assert_non_null(directory);
	while ((entry = readdir(directory)))
		count += entry->d_name[0] != '.';
	closedir(directory);
	return count;
}

/* One text for the whole environment. */
static char *environment_text(void)
{
	char *text = NULL;
	size_t length;
	FILE *stream = open_memstream(&text, &length);

	assert_non_null(stream);
	for (char **v = environ; *v; v++)
		fprintf(stream, "%s\n", *v);
	fclose(stream);
	return text;
}

static void fail_in_many_ways(struct lxc_container *c)
{
	char value[64];

	assert_false(c->start(c, 0, (char *[]){"/no/such/command", NULL}));
	assert_true(c->init_pidfd(c) < 0);
	assert_true(c->get_config_item(c, "lxc.uts.name", value, sizeof(value)) > 0);
	assert_false(c->freeze(c));
	assert_true(c->attach_run_waitl(c, NULL, "true", "true", NULL) == -1);
	assert_true(list_all_containers(world_lxcpath, NULL, NULL) > 0);
}

static void nothing_is_leaked(void **state)
{
	struct lxc_container *c = world_define(world_name("leaks"), NULL);
	char *environment = environment_text(), *after, here[256], there[256];
	int fds, threads;
	mode_t mask = umask(022);

	umask(mask);
	assert_non_null(getcwd(here, sizeof(here)));
	/* What is made once and kept (the thread's lxc.conf …) is there after the first time. */
	assert_works(c, use(c));
	fail_in_many_ways(c);
	fds = world_count_fds();
	threads = count_threads();
	for (int i = 0; i < 12; i++) {
		assert_works(c, use(c));
		fail_in_many_ways(c);
	}
	for (int i = 0; i < 100; i++) {
		struct lxc_container *other = lxc_container_new(c->name, world_lxcpath);

		assert_non_null(other);
		assert_works(other, other->save_config(other, NULL));
		assert_string_equal(other->state(other), "STOPPED");
		lxc_container_put(other);
	}
	assert_int_equal(world_count_fds(), fds);
	assert_int_equal(count_threads(), threads);
	after = environment_text();
	assert_string_equal(after, environment);
	assert_non_null(getcwd(there, sizeof(there)));
	assert_string_equal(there, here);
	assert_int_equal(umask(mask), mask);
	free(after);
	free(environment);
	lxc_container_put(c);
}

/* Inherited by accident, and not to be found in the container. */
static void descriptors_do_not_get_inside(void **state)
{
	struct lxc_container *c = world_define(world_name("inherit"), NULL);
	char path[64];
	DIR *directory;
	struct dirent *entry;
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_SETFD, 0), 0);
	assert_works(c, c->want_close_all_fds(c, true));
	assert_works(c, c->start(c, 0, NULL));
	world_await_init(c);
	snprintf(path, sizeof(path), "/proc/%d/fd", c->init_pid(c));
	directory = opendir(path);
	assert_non_null(directory);
	while ((entry = readdir(directory))) {
		char target[128] = "";

		if (readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1) > 0)
			assert_string_not_equal(target, "/etc/passwd");
	}
	closedir(directory);
	close(fd);
	world_end(c);
}

/* What a run of this very program with LXC_MEMFD_REXEC tells: see main(). */
static void show_self(void)
{
	char exe[256] = "", name[17] = "";
	int seals, fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	if (readlink("/proc/self/exe", exe, sizeof(exe) - 1) < 0 || fd < 0)
		exit(1);
	seals = fcntl(fd, F_GET_SEALS);
	prctl(PR_GET_NAME, name);
	printf("exe %s\nseals %d\nname %s\nstray %s\nfd9 %d\n", exe, seals, name,
	       getenv("STRAY") ? getenv("STRAY") : "", fcntl(9, F_GETFD) >= 0);
}

static char self_path[256];

/* Where the library lies: a program in memory does not find it beside itself. */
static void set_library_path(void)
{
	char path[256];
	Dl_info place;
	char *slash;

	if (!dladdr((void *)lxc_get_version, &place))
		_exit(126);
	snprintf(path, sizeof(path), "%s", place.dli_fname);
	slash = strrchr(path, '/');
	if (slash)
		*slash = '\0';
	setenv("LD_LIBRARY_PATH", path, 1);
}

static char *run_self(bool sealed)
{
	int ends[2], status;
	char *text = calloc(1, 4096);
	size_t used = 0;
	ssize_t got;
	pid_t pid;

	assert_non_null(text);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], 1);
		dup3(ends[1], 9, O_CLOEXEC);
		fcntl(9, F_SETFD, 0);
		setenv("STRAY", "kept", 1);
		set_library_path();
		if (sealed)
			setenv("LXC_MEMFD_REXEC", "1", 1);
		execl(self_path, "guest program", "--show-self", "two  words", "", NULL);
		_exit(127);
	}
	close(ends[1]);
	while ((got = read(ends[0], text + used, 4095 - used)) > 0)
		used += (size_t)got;
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0)
		fail_msg("%d: %s", status, text);
	return text;
}

static void a_program_runs_from_memory_when_asked(void **state)
{
	char *text = run_self(false);

	assert_null(strstr(text, "memfd"));
	assert_non_null(strstr(text, "seals -1\n"));
	free(text);
	text = run_self(true);
	if (!strstr(text, "exe /memfd:liblxc (deleted)\n"))
		fail_msg("%s", text);
	assert_non_null(strstr(text, "seals 15\n"));
	assert_non_null(strstr(text, "name guest program\n"));
	assert_non_null(strstr(text, "stray kept\n"));
	assert_non_null(strstr(text, "fd9 1\n"));
	free(text);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(threads_work_side_by_side, world_stop_all),
		cmocka_unit_test_teardown(standard_streams_may_be_closed, world_stop_all),
		cmocka_unit_test_teardown(signals_are_left_alone, world_stop_all),
		cmocka_unit_test_teardown(ignored_children_are_no_trouble, world_stop_all),
		cmocka_unit_test_teardown(a_thread_that_reaps_everything_is_no_trouble,
					  world_stop_all),
		cmocka_unit_test_teardown(other_children_are_left_alone, world_stop_all),
		cmocka_unit_test_teardown(a_dead_caller_takes_its_container_along, world_stop_all),
		cmocka_unit_test_teardown(nothing_is_leaked, world_stop_all),
		cmocka_unit_test_teardown(descriptors_do_not_get_inside, world_stop_all),
		cmocka_unit_test(a_program_runs_from_memory_when_asked),
	};

	if (argc > 1 && strcmp(argv[1], "--show-self") == 0) {
		if (argc != 4 || strcmp(argv[0], "guest program") != 0 ||
		    strcmp(argv[2], "two  words") != 0 || argv[3][0])
			return 2;
		show_self();
		return 0;
	}
	if (readlink("/proc/self/exe", self_path, sizeof(self_path) - 1) < 0)
		return 1;
	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
