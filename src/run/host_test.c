/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ops of the HOST lane that need no container: order, failures, hooks, files, cgroups.
 */

#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "run/gate.h"
#include "run/run_fixture.h"

static char directory[64];

static const char *in_directory(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void write_file(const char *name, const char *text, mode_t mode)
{
	int fd = open(in_directory(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void read_file(const char *path, char *ret, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	assert_true(fd >= 0);
	got = read(fd, ret, room - 1);
	assert_true(got >= 0);
	ret[got] = '\0';
	close(fd);
}

static int make_directory(void **state)
{
	snprintf(directory, sizeof(directory), "/tmp/tare-host-XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	static const char *const names[] = {"pid", "script", "out", "root/.lxc_keep"};

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		unlink(in_directory(names[i]));
	rmdir(in_directory("root"));
	return rmdir(directory);
}

/* -- order and failures */

static void add_pin(struct fixture *f, enum plan_section section, const char *path, unsigned flags)
{
	struct plan_step *step = fixture_step(f, section, OP_ROOT_PIN, path);

	step->arg[0] = fixture_text(f, path);
	step->out = plan_build_register(&f->b, REGISTER_FD, "pin");
	step->flags = (uint8_t)flags;
}

static void the_first_failure_ends_a_start(void **state)
{
	struct fixture f;
	struct str text = {0};
	struct err e;

	fixture_begin(&f);
	fixture_step(&f, SECTION_START, OP_STATE, "STARTING")->arg[0] = STATE_STARTING;
	add_pin(&f, SECTION_START, "/nothing/here", 0);
	fixture_step(&f, SECTION_START, OP_STATE, "RUNNING")->arg[0] = STATE_RUNNING;
	fixture_finish(&f);
	assert_int_equal(fixture_start(&f), -ENOENT);
	assert_int_equal(f.state, STATE_STARTING);
	assert_int_equal(f.failure.section, SECTION_START);
	assert_int_equal(f.failure.step, 1);
	assert_int_equal(f.failure.errnum, ENOENT);
	assert_false(f.failure.is_in_child);
	assert_int_equal(f.record->cursor, 1);
	assert_int_equal(f.record->cursor_done, 1);

	run_report(f.run.plan, &f.failure, "cannot start the container", &e);
	err_render_text(&e, &text);
	assert_non_null(
		strstr(str_text(&text),
		       "cannot start the container\n"
		       "  step 2 of 3, on the host: keep the root file system /nothing/here "
		       "writable      (config:7 lxc.some.key)\n"
		       "  openat: No such file or directory"));
	assert_true(err_is_valid(&e));
	str_finish(&text);
	fixture_end(&f);
}

static void what_is_optional_may_fail(void **state)
{
	struct fixture f;

	fixture_begin(&f);
	add_pin(&f, SECTION_START, "/nothing/here", STEP_OPTIONAL);
	add_pin(&f, SECTION_START, "/nothing/there", STEP_WARN);
	fixture_step(&f, SECTION_START, OP_FD_CLOSE, "pin")->in = 0;
	fixture_step(&f, SECTION_START, OP_STATE, "RUNNING")->arg[0] = STATE_RUNNING;
	fixture_finish(&f);
	assert_int_equal(fixture_start(&f), 0);
	assert_int_equal(f.state, STATE_RUNNING);
	assert_int_equal(f.warnings, 2);
	assert_int_equal(f.warning.step, 1);
	fixture_end(&f);
}

/* HOST fails while words of INIT's lie there unread. */
static void a_failure_passes_no_warning_over(void **state)
{
	const struct gate_message message = {
		.kind = MESSAGE_WARNED, .step = 1, .errnum = EACCES, .note = "what INIT saw"};
	struct fixture f;
	int gate[2];

	fixture_begin(&f);
	add_pin(&f, SECTION_START, "/nothing/here", 0);
	fixture_step(&f, SECTION_START, OP_NO_NEW_PRIVS, "")->flags = STEP_WARN;
	fixture_finish(&f);
	assert_int_equal(gate_open(gate), 0);
	f.run.gate_fd = gate[0];
	assert_int_equal(gate_send(gate[1], &message, NULL), 0);
	assert_int_equal(fixture_start(&f), -ENOENT);
	assert_int_equal(f.failure.step, 0);
	assert_int_equal(f.failure.errnum, ENOENT);
	assert_int_equal(f.warnings, 1);
	assert_int_equal(f.warning.step, 1);
	assert_true(f.warning.is_in_child);
	assert_string_equal(f.warning.note, "what INIT saw");
	close(gate[1]);
	fixture_end(&f);
}

static void an_end_goes_on_behind_failures(void **state)
{
	struct fixture f;

	fixture_begin(&f);
	add_pin(&f, SECTION_STOP, "/nothing/here", 0);
	fixture_step(&f, SECTION_STOP, OP_STATE, "STOPPED")->arg[0] = STATE_STOPPED;
	fixture_finish(&f);
	f.state = STATE_RUNNING;
	assert_int_equal(run_host(&f.run, SECTION_STOP, 0, &f.failure), 0);
	assert_int_equal(f.state, STATE_STOPPED);
	assert_int_equal(f.warnings, 1);
	assert_int_equal(f.warning.section, SECTION_STOP);
	fixture_end(&f);
}

static void a_fault_is_injected_and_times_are_noted(void **state)
{
	struct fixture f;
	const uint64_t *trace;

	fixture_begin(&f);
	fixture_step(&f, SECTION_START, OP_STATE, "STARTING")->arg[0] = STATE_STARTING;
	fixture_step(&f, SECTION_START, OP_STATE, "RUNNING")->arg[0] = STATE_RUNNING;
	fixture_finish(&f);
	f.record->fault_step = 2;
	f.record->fault_errno = EDQUOT;
	f.record->flags = RECORD_TRACE;
	assert_int_equal(fixture_start(&f), -EDQUOT);
	assert_int_equal(f.state, STATE_STARTING);
	assert_int_equal(f.failure.step, 1);
	trace = (const void *)((const char *)f.record + FIXTURE_TRACE_AT);
	for (unsigned i = 0; i < 3; i++)
		assert_true(trace[i] > 0 && trace[i] <= trace[i + 1]);
	fixture_end(&f);
}

static void an_op_without_a_supervisor_says_so(void **state)
{
	struct fixture f;

	fixture_begin(&f);
	fixture_step(&f, SECTION_START, OP_DESTROY, "c1");
	fixture_finish(&f);
	assert_int_equal(fixture_start(&f), -ENOSYS);
	assert_true(f.failure.note[0] != '\0');
	fixture_end(&f);
}

/* -- files */

static void the_pid_file_comes_and_goes(void **state)
{
	struct fixture f;
	char text[32], expected[32];
	struct stat st;

	fixture_begin(&f);
	fixture_step(&f, SECTION_START, OP_PID_FILE_WRITE, "pid")->arg[0] =
		fixture_text(&f, in_directory("pid"));
	fixture_step(&f, SECTION_STOP, OP_PID_FILE_REMOVE, "pid")->arg[0] =
		fixture_text(&f, in_directory("pid"));
	fixture_finish(&f);
	assert_int_equal(fixture_start(&f), 0);
	read_file(in_directory("pid"), text, sizeof(text));
	snprintf(expected, sizeof(expected), "%d\n", getpid());
	assert_string_equal(text, expected);
	assert_int_equal(run_host(&f.run, SECTION_STOP, 0, &f.failure), 0);
	assert_int_equal(stat(in_directory("pid"), &st), -1);

	/* Somebody else's stays. */
	write_file("pid", "1\n", 0600);
	assert_int_equal(run_host(&f.run, SECTION_STOP, 0, &f.failure), 0);
	assert_int_equal(stat(in_directory("pid"), &st), 0);
	assert_int_equal(f.warnings, 0);
	fixture_end(&f);
}

/* What has the numbers and names of a run of another boot is not the run's: that pid is ours. */
static void behind_a_reboot_only_files_are_undone(void **state)
{
	struct fixture f;
	char text[32];
	struct stat st;

	fixture_begin(&f);
	fixture_step(&f, SECTION_UNDO, OP_KILL, "c1");
	fixture_step(&f, SECTION_UNDO, OP_PID_FILE_REMOVE, "pid")->arg[0] =
		fixture_text(&f, in_directory("pid"));
	fixture_finish(&f);
	snprintf(text, sizeof(text), "%d\n", getpid());
	write_file("pid", text, 0600);
	f.record->init_pid = getpid();
	assert_int_equal(process_start_time(getpid(), &f.record->init_start_time), 0);
	f.run.is_after_reboot = true;
	assert_int_equal(run_undo(&f.run, &f.failure), 0);
	assert_int_equal(stat(in_directory("pid"), &st), -1);
	assert_int_equal(f.warnings, 0);
	fixture_end(&f);
}

static void the_pin_is_open_and_has_no_name(void **state)
{
	struct fixture f;
	struct stat st;

	assert_int_equal(mkdir(in_directory("root"), 0755), 0);
	fixture_begin(&f);
	add_pin(&f, SECTION_START, in_directory("root"), 0);
	fixture_finish(&f);
	assert_int_equal(fixture_start(&f), 0);
	assert_int_equal(fixture_register(&f, 0)->state, VALUE_SET);
	assert_int_equal(fstat(fixture_register(&f, 0)->fd, &st), 0);
	assert_int_equal(st.st_nlink, 0);
	assert_int_equal(stat(in_directory("root/.lxc_keep"), &st), -1);
	/* What has the name of LXC's pin is the container's. */
	assert_int_equal(symlink("/etc/passwd", in_directory("root/.lxc_keep")), 0);
	assert_int_equal(fixture_start(&f), 0);
	assert_int_equal(unlink(in_directory("root/.lxc_keep")), 0);
	fixture_end(&f);
}

/* Message queues are files that always have a name. */
static void the_pin_loses_its_name_where_it_needs_one(void **state)
{
	struct fixture f;
	struct stat st;

	if (mount("mqueue", in_directory("root"), "mqueue", 0, NULL) < 0)
		skip(); /* not root */
	fixture_begin(&f);
	add_pin(&f, SECTION_START, in_directory("root"), 0);
	fixture_finish(&f);
	assert_int_equal(fixture_start(&f), 0);
	assert_int_equal(fstat(fixture_register(&f, 0)->fd, &st), 0);
	assert_int_equal(st.st_nlink, 0);
	assert_int_equal(stat(in_directory("root/.lxc_keep"), &st), -1);
	fixture_end(&f);
	assert_int_equal(umount2(in_directory("root"), MNT_DETACH), 0);
}

/* -- hooks */

struct hook {
	const char *type, *command;
	const char *const *extra, *const *environment;
	unsigned flags;
};

static void add_hook(struct fixture *f, enum plan_section section, const struct hook *hook)
{
	uint32_t extra = hook->extra ? plan_build_list(&f->b, hook->extra) : 0;
	uint32_t environment = hook->environment ? plan_build_list(&f->b, hook->environment) : 0;
	uint32_t type = fixture_text(f, hook->type), command = fixture_text(f, hook->command);
	struct plan_step *step = fixture_step(f, section, OP_HOOK, hook->type);

	step->arg[0] = type;
	step->arg[1] = command;
	step->arg[2] = extra;
	step->arg[3] = environment;
	step->arg[4] = hook->flags;
}

static void a_hook_gets_arguments_and_environment(void **state)
{
	static const char script[] = "#!/bin/sh\n"
				     "echo \"$@\"\n"
				     "echo $LC_ALL $FIRST $SECOND $NUMBER [$GONE] [$LXC_TARGET]\n";
	static const char *const all[] = {"LC_ALL=changed", "FIRST=one", "SECOND=plan", NULL};
	struct fixture f;
	struct str fd_text = {0}, number = {0}, gone = {0};
	char command[256], expected[256];
	const char *extra[5] = {"plain"}, *own[4] = {"SECOND=step"};
	uint16_t r_fd, r_number, r_gone;

	write_file("script", script, 0755);
	fixture_begin(&f);
	r_fd = plan_build_register(&f.b, REGISTER_FD, "fd");
	r_number = plan_build_register(&f.b, REGISTER_NUMBER, "number");
	r_gone = plan_build_register(&f.b, REGISTER_NAME, "gone");
	str_add(&fd_text, "mnt:");
	plan_add_reference(&fd_text, r_fd);
	str_add(&number, "NUMBER=");
	plan_add_reference(&number, r_number);
	str_add(&gone, "GONE=");
	plan_add_reference(&gone, r_gone);
	extra[1] = str_text(&fd_text);
	extra[2] = str_text(&gone) + strlen("GONE=");
	extra[3] = "last";
	own[1] = str_text(&number);
	own[2] = str_text(&gone);
	f.b.plan.hook_environment = plan_build_list(&f.b, all);
	snprintf(command, sizeof(command), "exec %s 'c1' lxc 'start-host'", in_directory("script"));
	add_hook(&f, SECTION_START, &(struct hook){"start-host", command, extra, own, 0});
	fixture_finish(&f);
	fixture_register(&f, r_fd)->fd = 77;
	fixture_register(&f, r_fd)->state = VALUE_SET;
	fixture_register(&f, r_number)->number = 4711;
	fixture_register(&f, r_number)->state = VALUE_SET;
	assert_int_equal(fixture_start(&f), 0);
	fixture_register(&f, r_fd)->state = VALUE_EMPTY;
	snprintf(expected, sizeof(expected),
		 "c1 lxc start-host plain mnt:/proc/%d/fd/77 last\n"
		 "changed one step 4711 [] []\n",
		 getpid());
	assert_string_equal(f.output, expected);
	str_finish(&fd_text);
	str_finish(&number);
	str_finish(&gone);
	fixture_end(&f);
}

/* A byte of the configuration is no reference to a register. */
static void the_command_of_a_hook_is_run_as_it_is(void **state)
{
	struct fixture f;

	fixture_begin(&f);
	plan_build_register(&f.b, REGISTER_NAME, "name");
	add_hook(&f, SECTION_START,
		 &(struct hook){"pre-start", "printf %s '\x01\x01\x01' '\x01'", NULL, NULL, 0});
	fixture_finish(&f);
	assert_int_equal(fixture_start(&f), 0);
	assert_string_equal(f.output, "\x01\x01\x01\x01");
	fixture_end(&f);
}

static void a_hook_that_fails_is_told(void **state)
{
	struct fixture f;
	struct str text = {0};
	struct err e;

	fixture_begin(&f);
	add_hook(&f, SECTION_START, &(struct hook){"pre-start", "exit 3", NULL, NULL, 0});
	add_hook(&f, SECTION_STOP,
		 &(struct hook){"post-stop", "echo $LXC_TARGET; kill -9 $$", NULL, NULL,
				HOOK_STOPS_REBOOT});
	fixture_finish(&f);
	assert_true(fixture_start(&f) < 0);
	assert_int_equal(f.failure.errnum, 0);
	assert_string_equal(f.failure.note, "Script exited with status 3");
	run_report(f.run.plan, &f.failure, "cannot start the container", &e);
	assert_int_equal(e.id, ERR_HOOK_FAILED);
	err_render_text(&e, &text);
	assert_non_null(strstr(str_text(&text),
			       "  step 1 of 1, on the host: run the hook pre-start      "
			       "(config:7 lxc.some.key)\n  Script exited with status 3"));
	str_finish(&text);

	f.run.target = TARGET_REBOOT;
	assert_int_equal(run_host(&f.run, SECTION_STOP, 0, &f.failure), 0);
	assert_string_equal(f.warning.note, "Script terminated by signal 9");
	assert_string_equal(f.output, "reboot\n");
	assert_true(f.reboot_refused);
	fixture_end(&f);
}

static void a_hook_that_leaves_something_running_is_done(void **state)
{
	struct fixture f;
	pid_t pid;

	fixture_begin(&f);
	/* It holds the pipe for longer than the test's patience. */
	add_hook(&f, SECTION_START,
		 &(struct hook){"start-host", "sleep 30 & echo $!; echo done", NULL, NULL, 0});
	fixture_finish(&f);
	assert_int_equal(fixture_start(&f), 0);
	assert_non_null(strstr(f.output, "done\n"));
	pid = (pid_t)strtol(f.output, NULL, 10);
	assert_true(pid > 1);
	kill(pid, SIGKILL);
	fixture_end(&f);
}

static void much_output_does_not_block_a_hook(void **state)
{
	struct fixture f;

	fixture_begin(&f);
	add_hook(&f, SECTION_START,
		 &(struct hook){"pre-start", "head -c 1000000 /dev/zero | tr '\\0' x", NULL, NULL,
				0});
	fixture_finish(&f);
	assert_int_equal(fixture_start(&f), 0);
	assert_int_equal(f.output_length, sizeof(f.output) - 1);
	fixture_end(&f);
}

/* -- id map programs */

static void add_helpers(struct fixture *f, const char *program)
{
	const char *const uid[] = {program, "0", "100000", "65536", NULL};
	const char *const gid[] = {"/bin/true", "0", "100000", "65536", NULL};
	uint32_t lists[2] = {plan_build_list(&f->b, uid), plan_build_list(&f->b, gid)};
	struct plan_step *step = fixture_step(f, SECTION_START, OP_IDMAP_HELPERS, "c1");

	step->arg[0] = lists[0];
	step->arg[1] = lists[1];
}

static void helpers_run_with_the_pid(void **state)
{
	char script[256], text[64];
	struct fixture f;

	snprintf(script, sizeof(script), "#!/bin/sh\necho \"$@\" >%s\n", in_directory("out"));
	write_file("script", script, 0755);
	fixture_begin(&f);
	add_helpers(&f, in_directory("script"));
	fixture_finish(&f);
	f.run.child = 4711;
	assert_int_equal(fixture_start(&f), 0);
	read_file(in_directory("out"), text, sizeof(text));
	assert_string_equal(text, "4711 0 100000 65536\n");
	f.run.child = 0;
	fixture_end(&f);
}

static void what_a_helper_says_is_told(void **state)
{
	struct fixture f;

	write_file("script", "#!/bin/sh\necho \"newuidmap: not allowed\" >&2\nexit 1\n", 0755);
	fixture_begin(&f);
	add_helpers(&f, in_directory("script"));
	fixture_finish(&f);
	assert_true(fixture_start(&f) < 0);
	assert_non_null(strstr(f.failure.note, "exited with status 1: newuidmap: not allowed"));
	fixture_end(&f);

	fixture_begin(&f);
	add_helpers(&f, "/nothing/newuidmap");
	fixture_finish(&f);
	assert_int_equal(fixture_start(&f), -ENOENT);
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_failure_ends_a_start),
		cmocka_unit_test(what_is_optional_may_fail),
		cmocka_unit_test(a_failure_passes_no_warning_over),
		cmocka_unit_test(an_end_goes_on_behind_failures),
		cmocka_unit_test(a_fault_is_injected_and_times_are_noted),
		cmocka_unit_test(an_op_without_a_supervisor_says_so),
		cmocka_unit_test(the_pid_file_comes_and_goes),
		cmocka_unit_test(behind_a_reboot_only_files_are_undone),
		cmocka_unit_test(the_pin_is_open_and_has_no_name),
		cmocka_unit_test(the_pin_loses_its_name_where_it_needs_one),
		cmocka_unit_test(a_hook_gets_arguments_and_environment),
		cmocka_unit_test(the_command_of_a_hook_is_run_as_it_is),
		cmocka_unit_test(a_hook_that_fails_is_told),
		cmocka_unit_test(a_hook_that_leaves_something_running_is_done),
		cmocka_unit_test(much_output_does_not_block_a_hook),
		cmocka_unit_test(helpers_run_with_the_pid),
		cmocka_unit_test(what_a_helper_says_is_told),
	};

	return cmocka_run_group_tests_name("host", tests, make_directory, remove_directory);
}
