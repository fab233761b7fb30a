/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The INIT lane's ops about the process: ids, capabilities, filters, hooks, exec, and our own
 * PID 1. Run for real in namespaces of their own. Needs root.
 */

#include "lane_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* -- small ops */

static int process_is_as_planned(void *payload)
{
	struct utsname name;
	int number = 0;

	probe_true(uname(&name) == 0 && strcmp(name.nodename, "tare-test") == 0);
	probe_true(prctl(PR_GET_PDEATHSIG, &number) == 0 && number == SIGUSR2);
	probe_true(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	probe_true(personality(0xffffffff) == PER_LINUX32);
	probe_true(prctl(PR_CAPBSET_READ, 0, 0, 0, 0) == 1);
	probe_true(prctl(PR_CAPBSET_READ, 1, 0, 0, 0) == 0);
	probe_true(prctl(PR_CAPBSET_READ, 40, 0, 0, 0) == 0);
	probe_true(getuid() == 4321 && getegid() == 1234 && prctl(PR_GET_DUMPABLE) == 1);
	return 0;
}

static void the_process_gets_what_the_plan_says(void **state)
{
	struct lane *l = *state;
	uint32_t name = lane_text(l, "tare-test");
	struct plan_step *step;

	lane_step(l, OP_KEYRING);
	lane_step(l, OP_HOSTNAME)->arg[0] = name;
	lane_step(l, OP_PERSONALITY)->arg[0] = PER_LINUX32;
	lane_step(l, OP_CAPS_BOUND)->arg[0] = 1;
	lane_step(l, OP_NO_NEW_PRIVS);
	lane_step(l, OP_SET_GID)->arg[0] = 1234;
	step = lane_step(l, OP_SET_UID);
	step->arg[0] = 4321;
	step->arg[1] = 1;
	lane_step(l, OP_DEATH_SIGNAL)->arg[0] = SIGUSR2;
	lane_succeeds(l, process_is_as_planned);
}

static int has_own_cookie(void *payload)
{
	unsigned long cookie = 0;

	probe_true(prctl(PR_SCHED_CORE, PR_SCHED_CORE_GET, 0, PR_SCHED_CORE_SCOPE_THREAD,
			 &cookie) == 0 &&
		   cookie != 0);
	return 0;
}

/* Where there are no cookies, joining one is an error, never nothing. */
static void the_cookie_of_another_process_is_joined(void **state)
{
	struct lane *l = *state;
	const unsigned group = PR_SCHED_CORE_SCOPE_THREAD_GROUP;
	pid_t other = fork();
	int status;

	if (other == 0) {
		pause();
		_exit(0);
	}
	lane_step(l, OP_CORE_JOIN)->arg[0] = (uint64_t)other;
	if (prctl(PR_SCHED_CORE, PR_SCHED_CORE_CREATE, other, group, 0) == 0) {
		lane_run(l, LANE_NAMESPACES & ~CLONE_NEWPID, has_own_cookie);
		assert_false(l->result.has_failed);
		assert_int_equal(l->result.status, 0);
	} else {
		lane_run(l, LANE_NAMESPACES & ~CLONE_NEWPID, has_own_cookie);
		assert_true(l->result.has_failed);
		assert_int_equal(l->result.failure.call, SYS_prctl);
		assert_true(l->result.failure.errnum == EINVAL ||
			    l->result.failure.errnum == ENODEV);
	}
	kill(other, SIGKILL);
	assert_int_equal(waitpid(other, &status, 0), other);
}

static int groups_are_set(void *payload)
{
	gid_t groups[8];
	int expected = ((struct lane *)payload)->context ? 3 : 0;

	probe_true(getgroups(8, groups) == expected);
	probe_true(expected == 0 || (groups[0] == 7 && groups[2] == 70000));
	return 0;
}

static void groups_are_set_or_dropped(void **state)
{
	static const uint32_t gids[] = {7, 8, 70000};
	struct lane *l = *state;
	uint32_t bytes = plan_build_bytes(&l->build, gids, sizeof(gids));

	lane_step(l, OP_GROUPS)->arg[0] = bytes;
	l->context = l;
	lane_succeeds(l, groups_are_set);
}

static void no_groups_drops_all(void **state)
{
	struct lane *l = *state;

	lane_step(l, OP_GROUPS);
	lane_succeeds(l, groups_are_set);
}

static int ambient_is_raised(void *payload)
{
	probe_true(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 0, 0, 0) == 1);
	return 0;
}

static int ambient_is_clear(void *payload)
{
	char status[4096];

	probe_true(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 0, 0, 0) == 0);
	/* CVE-2022-27650 */
	lane_content("/proc/thread-self/status", status, sizeof(status));
	probe_true(strstr(status, "CapInh:\t0000000000000000") != NULL);
	return 0;
}

static void ambient_capabilities_are_raised(void **state)
{
	struct lane *l = *state;

	lane_step(l, OP_CAPS_AMBIENT)->arg[0] = 1;
	lane_succeeds(l, ambient_is_raised);
}

static void ambient_and_inherited_capabilities_are_cleared(void **state)
{
	struct lane *l = *state;

	lane_step(l, OP_CAPS_AMBIENT)->arg[0] = 1;
	lane_step(l, OP_CAPS_AMBIENT);
	lane_succeeds(l, ambient_is_clear);
}

static int cwd_is_root(void *payload)
{
	char path[64];

	return strcmp(getcwd(path, sizeof(path)), "/") == 0 ? 0 : 1;
}

static void a_missing_directory_is_fine_where_asked(void **state)
{
	struct lane *l = *state;
	uint32_t path = lane_text(l, "/nothing/here");
	struct plan_step *step = lane_step(l, OP_CHDIR);

	step->arg[0] = path;
	step->arg[1] = 1;
	lane_succeeds(l, cwd_is_root);
}

/* -- user namespaces */

static void write_maps(struct lane *l, pid_t child)
{
	static const char *const files[] = {"uid_map", "gid_map"};
	char path[64];

	for (size_t i = 0; i < 2; i++) {
		int fd;

		snprintf(path, sizeof(path), "/proc/%d/%s", child, files[i]);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		assert_true(fd >= 0);
		assert_int_equal(write(fd, "0 100000 65536\n", 15), 15);
		close(fd);
	}
}

static int is_root_inside(void *payload)
{
	char status[4096];

	probe_true(getuid() == 0 && getgid() == 0 && getgroups(0, NULL) == 0);
	probe_true(prctl(PR_GET_DUMPABLE) == 1);
	lane_content("/proc/thread-self/status", status, sizeof(status));
	probe_true(strstr(status, "CapEff:\t000001ff") != NULL);
	return 0;
}

static void the_child_becomes_root_of_its_user_namespace(void **state)
{
	struct lane *l = *state;
	struct plan_step *step = lane_step(l, OP_GATE);

	step->arg[0] = GATE_IDS;
	step->arg[1] = PLAN_NO_REGISTER;
	lane_step(l, OP_BECOME_ROOT);
	l->at_gate = write_maps;
	lane_run(l, LANE_NAMESPACES | CLONE_NEWUSER, is_root_inside);
	assert_false(l->result.has_failed);
	assert_int_equal(l->result.status, 0);
}

static void an_id_that_is_not_mapped_is_refused(void **state)
{
	struct lane *l = *state;
	struct plan_step *step = lane_step(l, OP_GATE);

	step->arg[1] = PLAN_NO_REGISTER;
	step = lane_step(l, OP_BECOME_ROOT);
	step->arg[0] = 70000;
	l->at_gate = write_maps;
	lane_run(l, LANE_NAMESPACES | CLONE_NEWUSER, NULL);
	assert_true(l->result.has_failed);
	assert_int_equal(l->result.failure.call, SYS_setresuid);
	assert_int_equal(l->result.failure.errnum, EINVAL);
}

static void a_supervisor_that_dies_ends_the_lane(void **state)
{
	struct lane *l = *state;
	struct plan_step *step = lane_step(l, OP_GATE);
	struct str plan = {0};
	int gate[2], status;
	pid_t child;

	step->arg[1] = PLAN_NO_REGISTER;
	assert_int_equal(plan_build_finish(&l->build, &plan, NULL), 0);
	l->run.record = l->record;
	l->run.plan = (const struct plan *)str_text(&plan);
	assert_int_equal(gate_open(gate), 0);
	child = fork();
	if (child == 0) {
		close(gate[0]);
		run_init_lane(&l->run, 0, gate[1]);
	}
	close(gate[1]);
	close(gate[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	str_finish(&plan);
}

/* -- seccomp */

static int call_is_refused(void *payload)
{
	return syscall(SYS_getpriority, 0, 0) < 0 && errno == EDOM ? 0 : 1;
}

static uint32_t add_filter(struct lane *l, uint32_t action)
{
	const struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpriority, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	return plan_build_bytes(&l->build, program, sizeof(program));
}

static void a_filter_is_loaded(void **state)
{
	struct lane *l = *state;
	uint32_t program = add_filter(l, SECCOMP_RET_ERRNO | EDOM);

	lane_step(l, OP_SECCOMP)->arg[0] = program;
	lane_succeeds(l, call_is_refused);
}

static int succeed(void *payload)
{
	return 0;
}

static void a_listener_is_handed_over_at_once(void **state)
{
	struct lane *l = *state;
	uint32_t program = add_filter(l, SECCOMP_RET_USER_NOTIF);
	struct plan_step *step = lane_step(l, OP_SECCOMP);

	step->arg[0] = program;
	step->arg[1] = SECCOMP_FILTER_FLAG_NEW_LISTENER;
	step->out = lane_fd_register(l);
	lane_succeeds(l, succeed);
	assert_int_equal(l->result.fd_count, 1);
	assert_int_equal(l->result.fd_kind, MESSAGE_DESCRIPTOR);
}

/* -- hooks */

static void add_hook(struct lane *l, const char *command, const char *const *extra,
		     const char *const *environment, uint16_t output)
{
	uint32_t type = lane_text(l, "mount"), text = lane_text(l, command);
	uint32_t extra_list = extra ? plan_build_list(&l->build, extra) : 0;
	uint32_t list = environment ? plan_build_list(&l->build, environment) : 0;
	struct plan_step *step = lane_step(l, OP_HOOK_INSIDE);

	step->arg[0] = type;
	step->arg[1] = text;
	step->arg[2] = extra_list;
	step->arg[3] = list;
	step->in = output;
}

/* Take the marks (NUL, step, newline) out that tell whose output follows: their number. */
static unsigned remove_marks(char *text, size_t length)
{
	unsigned marks = 0;
	char *to = text;

	for (size_t i = 0; i < length; i++) {
		if (text[i] != '\0') {
			*to++ = text[i];
			continue;
		}
		marks++;
		while (i < length && text[i] != '\n')
			i++;
	}
	*to = '\0';
	return marks;
}

static void a_hook_gets_arguments_and_environment(void **state)
{
	static char *const caller[] = {"A=caller", "B=caller", "C=caller", "PATH=/bin:/usr/bin",
				       NULL};
	static const char *const all[] = {"B=plan", "C=plan", NULL};
	struct lane *l = *state;
	char number[16] = "N=\x01", missing[16] = "EMPTY=\x01";
	const char *const step[] = {"C=step", number, missing, NULL};
	char argument[8] = "\x01";
	const char *const extra[] = {"net", argument, NULL};
	uint16_t index = lane_number_register(l, 1234567890123), output;
	uint16_t empty = plan_build_register(&l->build, REGISTER_NUMBER, "empty");
	char text[256];
	int pipes[2];
	ssize_t got;

	argument[1] = number[3] = (char)(1 + index / 128);
	argument[2] = number[4] = (char)(1 + index % 128);
	missing[7] = (char)(1 + empty / 128);
	missing[8] = (char)(1 + empty % 128);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	output = lane_given_fd(l, pipes[1]);
	l->build.plan.hook_environment = plan_build_list(&l->build, all);
	l->run.environment = caller;
	add_hook(l, "exec echo $A $B $C $N ${EMPTY-none} >&1; echo behind", NULL, step, output);
	add_hook(l, "exec echo 'name'", extra, NULL, output);
	lane_succeeds(l, succeed);
	close(pipes[1]);
	got = read(pipes[0], text, sizeof(text) - 1);
	assert_true(got > 0);
	assert_int_equal(remove_marks(text, (size_t)got), 2);
	assert_string_equal(text, "caller plan step 1234567890123 none\nname net 1234567890123\n");
	close(pipes[0]);
}

static void a_hook_that_fails_is_told_in_lxcs_words(void **state)
{
	struct lane *l = *state;

	add_hook(l, "kill -9 $$", NULL, NULL, PLAN_NO_REGISTER);
	l->build.steps[SECTION_START].items[0].flags = STEP_WARN;
	add_hook(l, "exit 3", NULL, NULL, PLAN_NO_REGISTER);
	lane_fails(l, OP_HOOK_INSIDE, 0);
	assert_string_equal(l->result.failure.note, "Script exited with status 3");
	assert_string_equal(l->result.warning.note, "Script terminated by signal 9");
}

/* -- exec */

static struct plan_step *add_exec(struct lane *l, enum plan_op op, const char *const *argv,
				  const char *const *environment)
{
	uint32_t list = plan_build_list(&l->build, argv);
	uint32_t environment_list = plan_build_list(&l->build, environment);
	struct plan_step *step = lane_step(l, op);

	step->arg[0] = list;
	step->arg[1] = environment_list;
	return step;
}

static const char *const no_environment[] = {NULL};

static void shell(struct lane *l, enum plan_op op, const char *script)
{
	const char *const argv[] = {"sh", "-c", script, NULL};

	add_exec(l, op, argv, no_environment);
}

static void a_program_is_found_in_the_default_path(void **state)
{
	struct lane *l = *state;

	shell(l, OP_EXEC, "exit 7");
	lane_run(l, LANE_NAMESPACES, NULL);
	assert_false(l->result.has_failed);
	assert_true(l->result.will_exec);
	assert_int_equal(WEXITSTATUS(l->result.status), 7);
}

static void a_program_is_found_in_the_new_path_and_a_script_is_run(void **state)
{
	struct lane *l = *state;
	char path[128];
	const char *const argv[] = {"script", "5", NULL};
	const char *const environment[] = {"X=9", path, NULL};

	snprintf(path, sizeof(path), "PATH=/nothing:%s", l->root);
	lane_put_file(l, "script", "exit $((X + $1))\n");
	add_exec(l, OP_EXEC, argv, environment);
	lane_run(l, LANE_NAMESPACES, NULL);
	assert_false(l->result.has_failed);
	assert_int_equal(WEXITSTATUS(l->result.status), 14);
}

static void a_missing_program_is_told_behind_the_announcement(void **state)
{
	struct lane *l = *state;
	const char *const argv[] = {"no-such-program", NULL};

	add_exec(l, OP_EXEC, argv, no_environment);
	lane_fails(l, OP_EXEC, ENOENT);
	assert_true(l->result.will_exec);
	assert_int_equal(l->result.failure.call, SYS_execve);
}

static void a_program_that_may_not_be_run_is_told(void **state)
{
	struct lane *l = *state;
	const char *const argv[] = {"/etc/passwd", NULL};

	add_exec(l, OP_EXEC, argv, no_environment);
	lane_fails(l, OP_EXEC, EACCES);
}

static void many_arguments_are_passed(void **state)
{
	enum { COUNT = 5000 };
	struct lane *l = *state;
	const char **argv = calloc(COUNT + 1, sizeof(char *));
	size_t used = 0;

	assert_non_null(argv);
	argv[used++] = "sh";
	argv[used++] = "-c";
	argv[used++] = "test $# -eq 4996";
	while (used < COUNT)
		argv[used++] = "argument";
	add_exec(l, OP_EXEC, argv, no_environment);
	lane_run(l, LANE_NAMESPACES, NULL);
	assert_false(l->result.has_failed);
	assert_int_equal(l->result.status, 0);
	free(argv);
}

static void signals_are_as_the_caller_had_them(void **state)
{
	struct lane *l = *state;
	sigset_t all, before;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	/* As a caller of this program may have done. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	l->run.caller_mask = 1ULL << (SIGUSR1 - 1);
	l->run.caller_ignored = 1ULL << (SIGHUP - 1);
	shell(l, OP_EXEC,
	      "while read -r name value; do case $name in SigBlk:) b=$value;; SigIgn:) i=$value;; "
	      "esac; done </proc/self/status; "
	      "test $b = 0000000000000200 && test $i = 0000000000000001");
	lane_run(l, LANE_NAMESPACES & ~CLONE_NEWPID, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	assert_false(l->result.has_failed);
	assert_int_equal(l->result.status, 0);
}

static void descriptors_that_were_inherited_are_closed_but_those_that_stay(void **state)
{
	struct lane *l = *state;
	int saved = -EBADF, leaked;

	/* 3 stays, as LISTEN_FDS has it. */
	if (fcntl(3, F_GETFD) >= 0)
		saved = fcntl(3, F_DUPFD_CLOEXEC, 10);
	leaked = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(leaked >= 0);
	if (leaked != 3)
		assert_int_equal(dup3(leaked, 3, O_CLOEXEC), 3);
	assert_int_equal(dup3(leaked, 20, O_CLOEXEC), 20);
	assert_int_equal(fcntl(3, F_SETFD, 0), 0);
	assert_int_equal(fcntl(20, F_SETFD, 0), 0);
	lane_step(l, OP_CLOSE_OTHERS)->arg[0] = 1;
	shell(l, OP_EXEC, "test -e /proc/self/fd/3 && ! test -e /proc/self/fd/20");
	lane_run(l, LANE_NAMESPACES & ~CLONE_NEWPID, NULL);
	close(20);
	close(3);
	if (leaked != 3)
		close(leaked);
	if (saved >= 0)
		close(saved);
	assert_false(l->result.has_failed);
	assert_int_equal(l->result.status, 0);
}

static int forty_two(void *payload)
{
	return 42;
}

static void a_callback_runs_in_place_of_a_program(void **state)
{
	struct lane *l = *state;

	shell(l, OP_EXEC, "exit 7");
	lane_run(l, LANE_NAMESPACES, forty_two);
	assert_true(l->result.will_exec);
	assert_int_equal(WEXITSTATUS(l->result.status), 42);
}

/* -- our own init */

static int run_init(struct lane *l, const char *script)
{
	shell(l, OP_RUN_INIT, script);
	lane_run(l, LANE_NAMESPACES, NULL);
	assert_false(l->result.has_failed);
	assert_true(l->result.will_exec);
	assert_true(WIFEXITED(l->result.status));
	return WEXITSTATUS(l->result.status);
}

static void our_init_ends_with_the_commands_status(void **state)
{
	assert_int_equal(run_init(*state, "exit 7"), 7);
}

static void our_init_tells_a_signal_as_128_and_its_number(void **state)
{
	assert_int_equal(run_init(*state, "kill -9 $$"), 137);
}

static void our_init_ends_with_255_without_a_program(void **state)
{
	static const char *const argv[] = {"no-such-program", NULL};
	struct lane *l = *state;
	int saved = fcntl(2, F_DUPFD_CLOEXEC, 10), pipes[2];
	char text[128];
	ssize_t got;

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	dup2(pipes[1], 2);
	add_exec(l, OP_RUN_INIT, argv, no_environment);
	lane_run(l, LANE_NAMESPACES, NULL);
	dup2(saved, 2);
	close(saved);
	close(pipes[1]);
	got = read(pipes[0], text, sizeof(text));
	close(pipes[0]);
	assert_true(got > 0);
	text[got - 1] = '\0';
	assert_string_equal(text, "init: no-such-program: no such program in the container");
	assert_int_equal(WEXITSTATUS(l->result.status), 255);
}

static void our_init_waits_for_orphans(void **state)
{
	struct lane *l = *state;
	struct timespec begin, end;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	assert_int_equal(run_init(l, "(sleep 0.3 &) ; exit 4"), 4);
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_true((end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000 >
		    250);
}

/* From outside: when the command has made the file "ready". */
static void send_when_ready(struct lane *l, pid_t child)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/ready", l->root);
	for (int i = 0; i < 500 && access(path, F_OK) < 0; i++)
		usleep(10000);
	assert_int_equal(kill(child, *(const int *)l->context), 0);
}

static void our_init_forwards_signals(void **state)
{
	struct lane *l = *state;
	int number = SIGUSR1;
	char script[256];

	l->when_running = send_when_ready;
	l->context = &number;
	snprintf(script, sizeof(script),
		 "trap 'exit 11' USR1; : >%s/ready; while :; do sleep 0.05; done", l->root);
	assert_int_equal(run_init(l, script), 11);
}

static void our_init_ends_everything_on_sigterm(void **state)
{
	struct lane *l = *state;
	int number = SIGTERM;
	char script[256];

	/* One that listens, one that does not. */
	l->when_running = send_when_ready;
	l->context = &number;
	snprintf(script, sizeof(script),
		 "(trap '' TERM; exec sleep 100) & trap 'exit 12' TERM; : >%s/ready; "
		 "while :; do sleep 0.05; done",
		 l->root);
	assert_int_equal(run_init(l, script), 12);
}

static void our_init_obeys_nobody_inside(void **state)
{
	assert_int_equal(run_init(*state, "kill -TERM 1; sleep 0.1; kill -USR1 1; exit 13"), 13);
}

static void our_init_holds_nothing_of_the_host(void **state)
{
	struct lane *l = *state;
	static char title[64] = "SECRET=of the host";
	uint16_t tree = lane_fd_register(l);
	uint32_t type = lane_text(l, "proc"), path = lane_text(l, "/proc");
	struct plan_step *step;
	int leaked = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	l->run.title = title;
	l->run.title_room = sizeof(title);
	lane_step(l, OP_MOUNTS_SLAVE);
	step = lane_step(l, OP_FS_OPEN);
	step->out = tree;
	step->arg[0] = type;
	step = lane_step(l, OP_TREE_ATTACH);
	step->in = tree;
	step->arg[0] = PLAN_NO_REGISTER;
	step->arg[1] = path;
	assert_int_equal(
		run_init(l, "sleep 0.1; test \"$(ls /proc/1/fd | tr '\\n' ' ')\" = '0 1 2 ' && "
			    "read -r name </proc/1/comm && test $name = init && "
			    "! grep -q zero /proc/1/maps && "
			    "! grep -aq SECRET /proc/1/cmdline"),
		0);
	close(leaked);
}

/* -- network */

static int loopback_is_up(void *payload)
{
	static const uint8_t mac[] = {2, 0x11, 0x22, 0x33, 0x44, 0x55};
	struct ifreq request = {.ifr_name = "lo"};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	probe_true(ioctl(fd, SIOCGIFFLAGS, &request) == 0 && request.ifr_flags & IFF_UP);
	probe_true(ioctl(fd, SIOCGIFHWADDR, &request) == 0 &&
		   memcmp(request.ifr_hwaddr.sa_data, mac, sizeof(mac)) == 0);
	request = (struct ifreq){.ifr_name = "lo:x"};
	close(fd);
	return 0;
}

static void interfaces_are_configured(void **state)
{
	static const uint8_t address[] = {10, 99, 0, 2}, gateway[] = {10, 99, 0, 1};
	struct lane *l = *state;
	uint32_t lo = lane_text(l, "lo"), missing = lane_text(l, "eth9");
	uint32_t bytes = plan_build_bytes(&l->build, address, sizeof(address));
	uint32_t gateway_bytes = plan_build_bytes(&l->build, gateway, sizeof(gateway));
	struct plan_step *step;

	lane_step(l, OP_UNSHARE)->arg[0] = CLONE_NEWNET;
	lane_step(l, OP_ADDRESS_SOCKET)->out = lane_fd_register(l);
	step = lane_step(l, OP_LINK_MAC_INSIDE);
	step->arg[0] = lo;
	step->arg[1] = UINT64_C(0x554433221102);
	lane_step(l, OP_LINK_UP_INSIDE)->arg[0] = lo;
	step = lane_step(l, OP_ADDRESS_ADD);
	step->arg[0] = lo;
	step->arg[1] = bytes;
	step->arg[2] = 24;
	step = lane_step(l, OP_ROUTE_DEFAULT);
	step->arg[0] = lo;
	step->arg[1] = gateway_bytes;
	step->arg[2] = AF_INET;
	step = lane_step(l, OP_LINK_UP_INSIDE);
	step->arg[0] = missing;
	step->flags = STEP_WARN;
	lane_succeeds(l, loopback_is_up);
	assert_int_equal(l->result.warnings, 1);
	assert_int_equal(l->result.warning.errnum, ENODEV);
}

#define test(name) cmocka_unit_test_setup_teardown(name, lane_setup, lane_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(the_process_gets_what_the_plan_says),
		test(the_cookie_of_another_process_is_joined),
		test(groups_are_set_or_dropped),
		test(no_groups_drops_all),
		test(ambient_capabilities_are_raised),
		test(ambient_and_inherited_capabilities_are_cleared),
		test(a_missing_directory_is_fine_where_asked),
		test(the_child_becomes_root_of_its_user_namespace),
		test(an_id_that_is_not_mapped_is_refused),
		test(a_supervisor_that_dies_ends_the_lane),
		test(a_filter_is_loaded),
		test(a_listener_is_handed_over_at_once),
		test(a_hook_gets_arguments_and_environment),
		test(a_hook_that_fails_is_told_in_lxcs_words),
		test(a_program_is_found_in_the_default_path),
		test(a_program_is_found_in_the_new_path_and_a_script_is_run),
		test(a_missing_program_is_told_behind_the_announcement),
		test(a_program_that_may_not_be_run_is_told),
		test(many_arguments_are_passed),
		test(signals_are_as_the_caller_had_them),
		test(descriptors_that_were_inherited_are_closed_but_those_that_stay),
		test(a_callback_runs_in_place_of_a_program),
		test(our_init_ends_with_the_commands_status),
		test(our_init_tells_a_signal_as_128_and_its_number),
		test(our_init_ends_with_255_without_a_program),
		test(our_init_waits_for_orphans),
		test(our_init_forwards_signals),
		test(our_init_ends_everything_on_sigterm),
		test(our_init_obeys_nobody_inside),
		test(our_init_holds_nothing_of_the_host),
		test(interfaces_are_configured),
	};

	return cmocka_run_group_tests_name("run/init: the process", tests, NULL, NULL);
}
