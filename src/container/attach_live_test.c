/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Attaching with a callback for real, to a container made by hand.
 */

#include "container/attach.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/num.h"

#include "container/attach_fixture.h"

/* -- callbacks */

struct report {
	pid_t pid, parent;
	uid_t uid;
	gid_t gid;
	int group_count, personality;
	char host[64], cwd[PATH_MAX], cgroups[TEXT_MAX], container[16], extra[16];
	size_t open_fds;
};

/* A socket with a name is of the stage's thread, which plays the supervisor in our process and
 * closes what it has accepted when it gets to it. */
static bool is_of_stage(int fd)
{
	struct sockaddr_un name;
	socklen_t length = sizeof(name);

	return getsockname(fd, (struct sockaddr *)&name, &length) == 0 &&
	       name.sun_family == AF_UNIX && length > offsetof(struct sockaddr_un, sun_path);
}

/* With the one that it is counted by. */
static size_t count_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *entry;
	size_t count = 0;

	while (d && (entry = readdir(d))) {
		uint64_t fd;

		count += num_parse_u64(entry->d_name, 10, &fd) == 0 && !is_of_stage((int)fd);
	}
	if (d)
		closedir(d);
	return count;
}

static int tell(void *payload)
{
	static struct report r;
	int fd = *(const int *)payload;
	char *text = NULL;

	r.pid = getpid();
	r.parent = getppid();
	r.uid = getuid();
	r.gid = getgid();
	r.group_count = getgroups(0, NULL);
	r.personality = personality(0xffffffff);
	(void)!gethostname(r.host, sizeof(r.host));
	(void)!getcwd(r.cwd, sizeof(r.cwd));
	if (file_read_all(AT_FDCWD, "/proc/self/cgroup", TEXT_MAX - 1, &text, NULL) == 0)
		snprintf(r.cgroups, sizeof(r.cgroups), "%s", text);
	snprintf(r.container, sizeof(r.container), "%s", getenv("container"));
	snprintf(r.extra, sizeof(r.extra), "%s", getenv("EXTRA") ? getenv("EXTRA") : "");
	r.open_fds = count_descriptors();
	return write(fd, &r, sizeof(r)) == (ssize_t)sizeof(r) ? 42 : 1;
}

/* Attach with tell() and return what it told. */
static void attach_and_hear(struct stage *s, struct lxc_attach_options_t *options,
			    struct report *ret)
{
	struct err e = {0};
	autostr text = {0};
	int fds[2], r;
	pid_t pid;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	r = container_attach(&s->c, tell, &fds[1], options, &pid, &e);
	err_render_text(&e, &text);
	if (r != 0)
		print_error("%s\n", str_text(&text));
	assert_int_equal(r, 0);
	close(fds[1]);
	assert_int_equal(read(fds[0], ret, sizeof(*ret)), sizeof(*ret));
	close(fds[0]);
	assert_int_equal(wait_status(pid), 42);
}

static void the_callback_runs_inside(void **state)
{
	char *extra[] = {(char[]){"EXTRA=more"}, NULL};
	struct lxc_attach_options_t options;
	struct report r;

	for (int has_user_ns = 0; has_user_ns < 2; has_user_ns++) {
		struct stage *s = open_stage(has_user_ns);

		attach_init_options(&options);
		options.extra_env_vars = extra;
		options.initial_cwd = (char[]){"/usr/lib"};
		attach_and_hear(s, &options, &r);
		assert_in_range(r.pid, 2, 20);
		assert_int_equal(r.parent, 0);
		assert_string_equal(r.host, "inside");
		assert_string_equal(r.cwd, "/usr/lib");
		assert_string_equal(r.container, "lxc");
		assert_string_equal(r.extra, "more");
		assert_int_equal(r.uid, 0);
		assert_int_equal(r.gid, 0);
		assert_int_equal(r.group_count, 0);
		assert_int_equal(r.personality, PER_LINUX32);
		assert_non_null(strstr(r.cgroups, "tare-attach-test"));
		assert_null(strstr(r.cgroups, "pids:/\n"));
		assert_non_null(strstr(r.cgroups, "/.lxc\n"));
		assert_int_equal(options.namespaces, CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS |
							     CLONE_NEWIPC | CLONE_NEWNET |
							     (has_user_ns ? CLONE_NEWUSER : 0));
		close_stage(s);
	}
}

/* A file of one of the container's cgroups, if that hierarchy is there. */
static bool write_cgroup(const struct stage *s, const char *name, const char *value)
{
	for (size_t i = 0; i < s->cgroup_count; i++) {
		char path[PATH_MAX + 32];

		snprintf(path, sizeof(path), "%s/%s", s->cgroup_paths[i], name);
		if (access(path, W_OK) < 0)
			continue;
		write_file(path, value);
		return true;
	}
	return false;
}

/* In a frozen cgroup the new process would wait for ever, and the caller for it. */
static void a_frozen_container_is_not_attached_to(void **state)
{
	static const char *const freezers[][3] = {{"freezer.state", "FROZEN", "THAWED"},
						  {"cgroup.freeze", "1", "0"}};
	struct stage *s = open_stage(false);
	struct lxc_attach_options_t options;
	unsigned tried = 0;
	struct report r;

	for (size_t i = 0; i < ARRAY_LENGTH(freezers); i++) {
		struct err e = {0};
		pid_t pid;

		if (!write_cgroup(s, freezers[i][0], freezers[i][1]))
			continue;
		tried++;
		attach_init_options(&options);
		assert_int_equal(container_attach(&s->c, tell, NULL, &options, &pid, &e), -EBUSY);
		assert_non_null(strstr(err_cause(&e), "container \"live\" is frozen"));
		/* Outside of its cgroups nothing is in the way. */
		attach_init_options(&options);
		options.attach_flags &= ~LXC_ATTACH_MOVE_TO_CGROUP;
		attach_and_hear(s, &options, &r);
		assert_true(write_cgroup(s, freezers[i][0], freezers[i][2]));
	}
	assert_true(tried > 0);
	attach_init_options(&options);
	attach_and_hear(s, &options, &r);
	close_stage(s);
}

static void options_change_who_and_where(void **state)
{
	gid_t groups[] = {7, 8};
	struct stage *s = open_stage(true);
	struct lxc_attach_options_t options;
	struct report r;

	attach_init_options(&options);
	options.attach_flags |= LXC_ATTACH_SETGROUPS;
	options.attach_flags &= ~(LXC_ATTACH_MOVE_TO_CGROUP | LXC_ATTACH_SET_PERSONALITY);
	options.groups = (lxc_groups_t){2, groups};
	options.uid = 1000;
	options.gid = 1001;
	options.namespaces = CLONE_NEWUTS | CLONE_NEWUSER;
	options.initial_cwd = (char[]){"/no/such/directory"};
	attach_and_hear(s, &options, &r);
	assert_string_equal(r.host, "inside");
	assert_true(r.parent == getpid());
	assert_int_equal(r.uid, 1000);
	assert_int_equal(r.gid, 1001);
	assert_int_equal(r.group_count, 2);
	assert_int_equal(r.personality, PER_LINUX);
	assert_null(strstr(r.cgroups, "tare-attach-test"));
	close_stage(s);
}

/* Nothing of ours is open in the new process, and nothing is left in the caller. */
static void no_descriptor_leaks(void **state)
{
	struct stage *s = open_stage(false);
	size_t before = count_descriptors();
	struct report r;

	attach_and_hear(s, NULL, &r);
	assert_int_equal(count_descriptors(), before);
	/* The caller's own, and the pipe of the test. */
	assert_int_equal(r.open_fds, before + 2);
	close_stage(s);
}

static int exit_as_told(void *payload)
{
	return *(int *)payload;
}

static void exit_codes_arrive(void **state)
{
	struct stage *s = open_stage(false);
	pid_t pid;

	for (int code = 0; code < 256; code += 51) {
		assert_int_equal(container_attach(&s->c, exit_as_told, &code, NULL, &pid, NULL), 0);
		assert_int_equal(wait_status(pid), code);
	}
	close_stage(s);
}

static void impossible_ids_are_explained(void **state)
{
	struct stage *s = open_stage(true);
	struct lxc_attach_options_t options;
	struct err e = {0};
	autostr text = {0};
	int code = 0;
	pid_t pid;

	attach_init_options(&options);
	options.uid = MAP_COUNT + 5;
	assert_true(container_attach(&s->c, exit_as_told, &code, &options, &pid, &e) < 0);
	err_render_text(&e, &text);
	assert_non_null(strstr(str_text(&text), "cannot attach to the container"));
	assert_non_null(strstr(str_text(&text), "65541"));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), 0);
	close_stage(s);
}

struct other_thread {
	int stop_fd;
	atomic_int id;
};

/* Another one of the application's threads. */
static void *wait_to_stop(void *context)
{
	struct other_thread *t = context;
	char byte;

	atomic_store(&t->id, gettid());
	(void)!read(t->stop_fd, &byte, 1);
	return NULL;
}

static char *cgroups_of_thread(int id)
{
	char path[64], *text = NULL;

	snprintf(path, sizeof(path), "/proc/self/task/%d/cgroup", id);
	assert_int_equal(file_read_all(AT_FDCWD, path, TEXT_MAX - 1, &text, NULL), 0);
	return text;
}

/* What goes to other cgroups is the new process, whole, and nothing of the application. */
static void an_application_with_threads_stays_where_it_is(void **state)
{
	struct stage *s = open_stage(false);
	autofree char *before = cgroups_of_thread(gettid());
	struct other_thread other = {0};
	pthread_t thread;
	struct report r;
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	other.stop_fd = fds[0];
	assert_int_equal(pthread_create(&thread, NULL, wait_to_stop, &other), 0);
	while (atomic_load(&other.id) == 0)
		usleep(100);
	attach_and_hear(s, NULL, &r);
	for (size_t i = 0; i < s->cgroup_count; i++) {
		const char *name = strrchr(s->cgroup_paths[i], '/');

		assert_non_null(strstr(r.cgroups, name));
	}
	for (int i = 0; i < 2; i++) {
		autofree char *after = cgroups_of_thread(i ? atomic_load(&other.id) : gettid());

		assert_string_equal(after, before);
	}
	close(fds[1]);
	assert_int_equal(pthread_join(thread, NULL), 0);
	close(fds[0]);
	close_stage(s);
}

/* Where a leaf can't be had, the payload's own directory serves. */
static void a_threaded_payload_takes_the_process_itself(void **state)
{
	struct stage *s = open_stage(false);
	struct report r;
	char path[PATH_MAX + 64];
	bool has_v2 = false;

	for (size_t i = 0; i < s->cgroup_count; i++) {
		if (!strstr(s->cgroup_paths[i], "unified"))
			continue;
		has_v2 = true;
		snprintf(path, sizeof(path), "%s/.lxc", s->cgroup_paths[i]);
		assert_int_equal(mkdir(path, 0755), 0);
		snprintf(path, sizeof(path), "%s/.lxc/cgroup.type", s->cgroup_paths[i]);
		write_file(path, "threaded");
	}
	if (has_v2) {
		attach_and_hear(s, NULL, &r);
		assert_non_null(strstr(r.cgroups, "0::/tare-attach-test"));
		assert_null(strstr(r.cgroups, "/.lxc"));
	}
	close_stage(s);
}

static void a_stopped_container_is_told(void **state)
{
	char name[] = STAGE_NAME, path[] = STAGE_PATH;
	struct container c = {.name = name, .lxcpath = path};
	struct err e = {0};
	int code = 0;
	pid_t pid;

	assert_int_equal(container_attach(&c, exit_as_told, &code, NULL, &pid, &e), -ECONNREFUSED);
	assert_int_equal(e.id, ERR_NOT_RUNNING);
}

/* -- LXC_ATTACH_TERMINAL */

static int talk(void *payload)
{
	char line[64], name[64] = "";

	if (!isatty(0) || !isatty(1) || !isatty(2) || ttyname_r(0, name, sizeof(name)) != 0 ||
	    getsid(0) != getpid())
		return 3;
	printf("on %s\n", name);
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin))
		printf("heard %s", line);
	fflush(stdout);
	return 5;
}

static void a_terminal_is_relayed(void **state)
{
	for (int has_user_ns = 0; has_user_ns < 2; has_user_ns++) {
		struct stage *s = open_stage(has_user_ns);
		struct lxc_attach_options_t options;
		char text[256] = {0};
		int in[2], out[2];
		pid_t pid;

		assert_int_equal(pipe2(in, O_CLOEXEC), 0);
		assert_int_equal(pipe2(out, O_CLOEXEC), 0);
		assert_int_equal(write(in[1], "one\n", 4), 4);
		close(in[1]);
		attach_init_options(&options);
		options.attach_flags |= LXC_ATTACH_TERMINAL;
		options.stdin_fd = in[0];
		options.stdout_fd = out[1];
		assert_int_equal(container_attach(&s->c, talk, NULL, &options, &pid, NULL), 0);
		assert_int_equal(wait_status(pid), 5);
		assert_true(read(out[0], text, sizeof(text) - 1) > 0);
		assert_non_null(strstr(text, "on /dev/pts/0\r\n"));
		assert_non_null(strstr(text, "heard one\r\n"));
		close(in[0]);
		close(out[0]);
		close(out[1]);
		close_stage(s);
	}
}

/* -- without rights on the host */

enum { ORDINARY = 65000 };

static void be_ordinary(void)
{
	static char abort_always[] = "CMOCKA_TEST_ABORT=1";
	struct lxc_attach_options_t options;
	struct stage *s;
	struct report r;
	char text[256] = {0};
	int in[2], out[2];
	pid_t pid;

	/* A failure ends this process, instead of going on with the other tests in it. */
	if (putenv(abort_always) != 0 || setgroups(0, NULL) < 0 ||
	    setresgid(ORDINARY, ORDINARY, ORDINARY) < 0 ||
	    setresuid(ORDINARY, ORDINARY, ORDINARY) < 0)
		_exit(90);
	(void)prctl(PR_SET_DUMPABLE, 1);
	s = open_stage(true);
	attach_and_hear(s, NULL, &r);
	if (r.uid != 0 || r.gid != 0 || strcmp(r.host, "inside") != 0 || r.pid > 20)
		_exit(91);
	attach_init_options(&options);
	options.attach_flags |= LXC_ATTACH_TERMINAL;
	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		_exit(92);
	close(in[1]);
	options.stdin_fd = in[0];
	options.stdout_fd = out[1];
	if (container_attach(&s->c, talk, NULL, &options, &pid, NULL) != 0 ||
	    wait_status(pid) != 5 || read(out[0], text, sizeof(text) - 1) <= 0 ||
	    !strstr(text, "on /dev/pts/0\r\n"))
		_exit(93);
	close_stage(s);
	_exit(0);
}

static void an_ordinary_user_attaches_to_their_own(void **state)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		be_ordinary();
	assert_int_equal(wait_status(child), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIVE(the_callback_runs_inside),
		LIVE(a_frozen_container_is_not_attached_to),
		LIVE(options_change_who_and_where),
		LIVE(no_descriptor_leaks),
		LIVE(exit_codes_arrive),
		LIVE(impossible_ids_are_explained),
		LIVE(a_threaded_payload_takes_the_process_itself),
		LIVE(an_application_with_threads_stays_where_it_is),
		cmocka_unit_test(a_stopped_container_is_told),
		LIVE(a_terminal_is_relayed),
		LIVE(an_ordinary_user_attaches_to_their_own),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
