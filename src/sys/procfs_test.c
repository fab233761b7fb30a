/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /proc that is none, or only a part of one: nothing is written there (CVE-2025-52881). In mount
 * namespaces of the tests' own.
 */

#include "sys/procfs.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"

/* What `look` returns in a child where something is mounted on /proc. */
static int behind_mount(const char *source, const char *type, unsigned long flags,
			int (*look)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		if (unshare(CLONE_NEWNS) < 0 ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount(source, "/proc", type, flags, NULL) < 0)
			_exit(100);
		_exit(-look());
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int open_own(void)
{
	int fd = procfs_open_pid(0);

	return fd < 0 ? fd : 0;
}

static void what_is_no_procfs_is_refused(void **state)
{
	if (geteuid() != 0) {
		skip();
		return;
	}
	assert_int_equal(behind_mount("none", "tmpfs", 0, open_own), EXDEV);
	/* A directory of a procfs, which has files of the same names. */
	assert_int_equal(behind_mount("/proc/self", NULL, MS_BIND, open_own), EXDEV);
	assert_int_equal(behind_mount("none", "proc", 0, open_own), 0);
}

static void names_lead_out_of_no_directory(void **state)
{
	static const char *const links[] = {"root/etc/passwd", "cwd/x", "exe", "fd/0"};
	static const char *const ways_up[] = {"../1/comm", "task/../../1/comm"};
	autoclose int directory = procfs_open_pid(0);
	char text[64];

	assert_true(directory >= 0);
	assert_true(procfs_read(directory, "comm", text, sizeof(text)) > 0);
	for (size_t i = 0; i < ARRAY_LENGTH(links); i++)
		assert_int_equal(procfs_read(directory, links[i], text, sizeof(text)), -ELOOP);
	/* The directory is as good as the root. */
	for (size_t i = 0; i < ARRAY_LENGTH(ways_up); i++)
		assert_int_equal(procfs_read(directory, ways_up[i], text, sizeof(text)), -ENOENT);
}

static void a_process_that_is_gone_is_told(void **state)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(procfs_open_pid(child), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_procfs_is_refused),
		cmocka_unit_test(names_lead_out_of_no_directory),
		cmocka_unit_test(a_process_that_is_gone_is_told),
	};

	return cmocka_run_group_tests_name("sys/procfs", tests, NULL, NULL);
}
