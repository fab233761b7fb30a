/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The caller's rights, with programs of our own on PATH.
 */

#include "host/caller.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/limits.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"

static void make_program(const char *directory, const char *name, mode_t mode)
{
	char path[PATH_MAX];
	autoclose int fd = -EBADF;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, mode), 0);
}

static void remove_program(const char *directory, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	unlink(path);
}

static void map_helpers_must_be_setuid_and_executable(void **state)
{
	const char *tmp = getenv("TMPDIR"), *old = getenv("PATH");
	autofree char *saved = old ? strdup(old) : NULL;
	char directory[256], path[PATH_MAX], list[PATH_MAX], expected[PATH_MAX];

	(void)state;
	if (geteuid() != 0)
		skip();
	snprintf(directory, sizeof(directory), "%s/tare-caller-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(directory));
	make_program(directory, "plain", 0755);
	make_program(directory, "setuid", 04755);
	make_program(directory, "unusable", 04644);
	snprintf(list, sizeof(list), "relative:/nonexistent::%s", directory);
	assert_int_equal(setenv("PATH", list, 1), 0);

	assert_false(caller_find_map_helper("plain", CAP_SETUID, path, sizeof(path)));
	assert_false(caller_find_map_helper("unusable", CAP_SETUID, path, sizeof(path)));
	assert_false(caller_find_map_helper("missing", CAP_SETUID, path, sizeof(path)));
	assert_true(caller_find_map_helper("setuid", CAP_SETUID, path, sizeof(path)));
	snprintf(expected, sizeof(expected), "%s/setuid", directory);
	assert_string_equal(path, expected);

	remove_program(directory, "plain");
	remove_program(directory, "setuid");
	remove_program(directory, "unusable");
	assert_int_equal(rmdir(directory), 0);
	if (saved)
		setenv("PATH", saved, 1);
}

/* In a user namespace of its own the child is somebody else. */
static void a_user_namespace_is_not_the_initial_one(void **state)
{
	pid_t pid;
	int status;

	(void)state;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (unshare(CLONE_NEWUSER) < 0)
			_exit(77);
		_exit(caller_is_in_initial_user_ns());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(map_helpers_must_be_setuid_and_executable),
		cmocka_unit_test(a_user_namespace_is_not_the_initial_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
