/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running programs, cloning, waiting; namespaces, id maps and terminals of processes of the test's
 * own.
 */

#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "sys/idmap.h"
#include "sys/namespace.h"
#include "sys/procfs.h"
#include "sys/pty.h"

static char *const environment[] = {"PATH=/usr/bin:/bin", "WORD=value", NULL};

static struct process_program shell(char *const *argv)
{
	return (struct process_program){
		.path = "/bin/sh",
		.argv = argv,
		.environment = environment,
		.input = -1,
		.output = -1,
		.error_output = -1,
	};
}

static int status_of(const struct process_program *program)
{
	int pidfd, status = -1;
	pid_t pid = 0;

	pidfd = process_spawn(program, &pid);
	assert_true(pidfd >= 0);
	assert_true(pid > 0);
	assert_int_equal(process_wait(pidfd, &status), 0);
	assert_int_equal(process_wait(pidfd, &status), -ECHILD);
	close(pidfd);
	return status;
}

static void a_program_runs_with_its_arguments_and_streams(void **state)
{
	char *const argv[] = {"sh", "-c", "cat; echo \"$WORD $1\" >&2; exit 3", "sh", "more", NULL};
	struct process_program program = shell(argv);
	int input[2], output[2];
	char text[64];
	ssize_t got;

	assert_int_equal(pipe2(input, O_CLOEXEC), 0);
	assert_int_equal(pipe2(output, O_CLOEXEC), 0);
	assert_int_equal(write(input[1], "first ", 6), 6);
	close(input[1]);
	program.input = input[0];
	program.output = program.error_output = output[1];
	assert_int_equal(status_of(&program), 3 << 8);
	close(input[0]);
	close(output[1]);
	got = read(output[0], text, sizeof(text) - 1);
	assert_true(got > 0);
	text[got] = '\0';
	assert_string_equal(text, "first value more\n");
	close(output[0]);
}

static void streams_may_change_places(void **state)
{
	char *const argv[] = {"sh", "-c", "echo out; echo err >&2", NULL};
	struct process_program program = shell(argv);
	char out_path[] = "/tmp/tare-process-XXXXXX", err_path[] = "/tmp/tare-process-XXXXXX";
	int out = mkostemp(out_path, O_CLOEXEC), err = mkostemp(err_path, O_CLOEXEC);
	int saved_out = fcntl(1, F_DUPFD_CLOEXEC, 10), saved_err = fcntl(2, F_DUPFD_CLOEXEC, 10);
	char text[8];
	int status;

	assert_true(out >= 0 && err >= 0);
	unlink(out_path);
	unlink(err_path);
	fflush(stdout);
	fflush(stderr);
	dup2(out, 1);
	dup2(err, 2);
	program.output = 2;
	program.error_output = 1;
	status = status_of(&program);
	dup2(saved_out, 1);
	dup2(saved_err, 2);
	close(saved_out);
	close(saved_err);
	assert_int_equal(status, 0);
	assert_int_equal(pread(out, text, sizeof(text), 0), 4);
	assert_memory_equal(text, "err\n", 4);
	assert_int_equal(pread(err, text, sizeof(text), 0), 4);
	assert_memory_equal(text, "out\n", 4);
	close(out);
	close(err);
}

static void a_program_that_is_not_there_is_told(void **state)
{
	char *const argv[] = {"nothing", NULL};
	struct process_program program = shell(argv);
	pid_t pid = 0;

	program.path = "/nothing/here";
	assert_int_equal(process_spawn(&program, &pid), -ENOENT);
	program.path = "/etc/passwd";
	assert_int_equal(process_spawn(&program, &pid), -EACCES);
	assert_int_equal(pid, 0);
	/* And nothing is left to be waited for. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void signals_are_as_asked(void **state)
{
	/* Shells have masks of their own. */
	char *const blocked[] = {"grep", "-q", "SigBlk:.*0000000000000200", "/proc/self/status",
				 NULL};
	char *const ignored[] = {"grep", "-q", "SigIgn:.*0000000000004000", "/proc/self/status",
				 NULL};
	struct process_program program = shell(blocked);

	signal(SIGUSR2, SIG_IGN);
	assert_true(process_ignored_signals() & 1U << (SIGUSR2 - 1));
	program.path = "/bin/grep";
	program.blocked_signals = 1U << (SIGUSR1 - 1);
	program.ignored_signals = 1U << (SIGTERM - 1);
	assert_int_equal(status_of(&program), 0);
	program.argv = ignored;
	assert_int_equal(status_of(&program), 0);
	signal(SIGUSR2, SIG_DFL);
	assert_false(process_ignored_signals() & 1U << (SIGUSR2 - 1));
	/* Whoever gets it never hears of the end of its children. */
	signal(SIGCHLD, SIG_IGN);
	assert_false(process_ignored_signals() & 1U << (SIGCHLD - 1));
	signal(SIGCHLD, SIG_DFL);
}

static void ends_are_told_apart(void **state)
{
	char *const killed[] = {"sh", "-c", "kill -9 $$", NULL};
	char *const waits[] = {"sleep", "100", NULL};
	struct process_program program = shell(killed);
	int pidfd, status = 0;
	uint64_t started = 0, again = 0;
	pid_t pid;

	status = status_of(&program);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);

	program.path = "/bin/sleep";
	program.argv = waits;
	pidfd = process_spawn(&program, &pid);
	assert_true(pidfd >= 0);
	assert_int_equal(process_peek(pidfd, &status), 0);
	assert_int_equal(process_poll(pidfd, 1), 0);
	assert_int_equal(process_start_time(pid, &started), 0);
	assert_int_equal(process_start_time(pid, &again), 0);
	assert_true(started > 0 && started == again);
	assert_false(process_is_ending(pid));
	assert_int_equal(process_signal(pidfd, SIGTERM), 0);
	assert_int_equal(process_poll(pidfd, 5000), 1);
	assert_true(process_is_ending(pid));
	/* Looking does not collect. */
	assert_int_equal(process_peek(pidfd, &status), 1);
	assert_int_equal(process_peek(pidfd, &status), 1);
	assert_int_equal(WTERMSIG(status), SIGTERM);
	assert_int_equal(process_wait(pidfd, &status), 0);
	close(pidfd);
	assert_int_equal(process_start_time(pid, &started), -ENOENT);
	assert_true(process_is_ending(pid));
	assert_int_equal(process_open(pid), -ESRCH);
}

static void a_clone_is_a_process_of_its_own(void **state)
{
	const struct process_clone how = {.cgroup_fd = -1, .exit_signal = SIGCHLD};
	int pidfd = -1, status;
	pid_t pid = process_clone(&how, &pidfd);

	if (pid == 0)
		_exit(7);
	assert_true(pid > 0);
	assert_true(fcntl(pidfd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(process_wait(pidfd, &status), 0);
	assert_int_equal(status, 7 << 8);
	close(pidfd);
}

static void procfs_is_read_and_written(void **state)
{
	autoclose int directory = procfs_open_pid(0);
	char text[16], small[4];

	assert_true(directory >= 0);
	assert_int_equal(procfs_write(directory, "oom_score_adj", "17"), 0);
	assert_int_equal(procfs_read(directory, "oom_score_adj", text, sizeof(text)), 3);
	assert_string_equal(text, "17\n");
	assert_int_equal(procfs_read(directory, "status", small, sizeof(small)), -EFBIG);
	assert_int_equal(procfs_write(directory, "oom_score_adj", "nonsense"), -EINVAL);
	assert_int_equal(procfs_write(directory, "nothing", "1"), -ENOENT);
	/* No way out of it. */
	assert_int_equal(procfs_write(directory, "root/etc/hostname", "1"), -ELOOP);
	assert_int_equal(procfs_write(directory, "cwd/file", "1"), -ELOOP);
	assert_int_equal(procfs_open_pid(0x3fffffff), -ENOENT);
}

static void a_terminal_has_two_sides(void **state)
{
	unsigned index = 9999;
	autoclose int master = pty_open(&index);
	autoclose int peer = -EBADF;
	char path[32], byte;
	struct termios t;
	struct stat a, b;

	assert_true(master >= 0);
	peer = pty_open_peer(master);
	assert_true(peer >= 0);
	assert_true(fcntl(master, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(peer, F_GETFD) & FD_CLOEXEC);
	snprintf(path, sizeof(path), "/dev/pts/%u", index);
	assert_int_equal(fstat(peer, &a), 0);
	if (stat(path, &b) == 0)
		assert_true(a.st_rdev == b.st_rdev);
	assert_int_equal(tcgetattr(peer, &t), 0);
	assert_int_equal(write(peer, "x", 1), 1);
	assert_int_equal(read(master, &byte, 1), 1);
	assert_int_equal(byte, 'x');
}

static void a_user_namespace_is_made_without_a_process(void **state)
{
	struct stat ours, made;
	int fd;

	if (geteuid() != 0) {
		print_message("writing any id map needs root\n");
		skip();
	}
	fd = idmap_make_namespace("0 100000 65536\n", "0 100000 65536\n");
	assert_true(fd >= 0);
	assert_int_equal(stat("/proc/self/ns/user", &ours), 0);
	assert_int_equal(fstat(fd, &made), 0);
	assert_true(ours.st_ino != made.st_ino);
	close(fd);
	assert_int_equal(idmap_make_namespace("0 0 0\n", "0 0 1\n"), -EINVAL);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void a_refused_map_names_its_file(void **state)
{
	const char *file = NULL;

	/* Ours is written already. */
	assert_true(idmap_write(getpid(), "0 0 1\n", "0 0 1\n", false, &file) < 0);
	assert_string_equal(file, "uid_map");
}

static void namespaces_are_opened_and_told_apart(void **state)
{
	int fd = namespace_open(0, "uts");

	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	fd = namespace_open_path("/proc/self/ns/net");
	assert_true(fd >= 0);
	if (geteuid() == 0) {
		assert_int_equal(setns(fd, CLONE_NEWUTS), -1);
		assert_int_equal(setns(fd, CLONE_NEWNET), 0);
	}
	close(fd);
	assert_int_equal(namespace_open_path("/etc/passwd"), -EINVAL);
	assert_int_equal(namespace_open_path("/nothing"), -ENOENT);
	assert_int_equal(namespace_open(0, "nothing"), -ENOENT);
}

/* In a child, because there is no way back out of what it does. */
static int come_and_go(void)
{
	char path[] = "/tmp";
	int before = namespace_open(0, "mnt");
	struct stat a, b;

	if (before < 0 || chdir(path) < 0 || fstat(before, &a) < 0)
		return 1;
	if (namespace_new_mounts() < 0 || stat("/proc/self/ns/mnt", &b) < 0 || a.st_ino == b.st_ino)
		return 2;
	if (namespace_enter_mounts(before) < 0 || stat("/proc/self/ns/mnt", &b) < 0)
		return 3;
	if (a.st_ino != b.st_ino)
		return 4;
	if (stat(".", &a) < 0 || stat("/tmp", &b) < 0 || a.st_ino != b.st_ino)
		return 5;
	return 0;
}

static void a_mount_namespace_is_entered_and_left(void **state)
{
	const struct process_clone how = {.cgroup_fd = -1, .exit_signal = SIGCHLD};
	int pidfd = -1, status;
	pid_t pid;

	if (geteuid() != 0) {
		print_message("mount namespaces need root\n");
		skip();
	}
	pid = process_clone(&how, &pidfd);
	if (pid == 0)
		_exit(come_and_go());
	assert_int_equal(process_wait(pidfd, &status), 0);
	assert_int_equal(status, 0);
	close(pidfd);
}

static void whose_parent_has_ended_is_told(void **state)
{
	pid_t self = getpid(), pid = fork();
	int status;

	if (pid == 0) {
		int signal = 0;

		if (process_die_with(self, SIGKILL) != 0 || prctl(PR_GET_PDEATHSIG, &signal) < 0 ||
		    signal != SIGKILL)
			_exit(1);
		_exit(process_die_with(self + 1, SIGKILL) == -ESRCH ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(process_die_with(getppid(), 12345), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_runs_with_its_arguments_and_streams),
		cmocka_unit_test(streams_may_change_places),
		cmocka_unit_test(a_program_that_is_not_there_is_told),
		cmocka_unit_test(signals_are_as_asked),
		cmocka_unit_test(ends_are_told_apart),
		cmocka_unit_test(whose_parent_has_ended_is_told),
		cmocka_unit_test(a_clone_is_a_process_of_its_own),
		cmocka_unit_test(procfs_is_read_and_written),
		cmocka_unit_test(a_terminal_has_two_sides),
		cmocka_unit_test(a_user_namespace_is_made_without_a_process),
		cmocka_unit_test(a_refused_map_names_its_file),
		cmocka_unit_test(namespaces_are_opened_and_told_apart),
		cmocka_unit_test(a_mount_namespace_is_entered_and_left),
	};

	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
