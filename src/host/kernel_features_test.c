/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The probes against what the kernel does when it is really asked.
 */

#include "host/kernel_features.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"

/* A clone that gets as far as looking for the cgroup says that the flag is known. */
static bool really_clones_into_cgroup(void)
{
	autoclose int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct clone_args arguments = {
		.flags = CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = (uint64_t)fd,
	};
	long pid = syscall(SYS_clone3, &arguments, sizeof(arguments));

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid((pid_t)pid, NULL, 0);
	return pid > 0 || (errno != E2BIG && errno != ENOSYS && errno != EINVAL);
}

static void cloning_into_a_cgroup_is_probed_without_a_process(void **state)
{
	(void)state;
	assert_int_equal(kernel_has_clone_into_cgroup(), really_clones_into_cgroup());
	/* No process was left by the probe. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void capabilities_are_those_of_the_kernel(void **state)
{
	unsigned last;
	FILE *file = fopen("/proc/sys/kernel/cap_last_cap", "re");
	char text[16] = "";

	(void)state;
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	last = (unsigned)strtoul(text, NULL, 10);
	assert_int_equal(kernel_capabilities(), (UINT64_C(1) << (last + 1)) - 1);
}

static void time_namespaces_are_seen(void **state)
{
	(void)state;
	assert_int_equal(kernel_has_time_namespace(), access("/proc/self/ns/time", F_OK) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cloning_into_a_cgroup_is_probed_without_a_process),
		cmocka_unit_test(capabilities_are_those_of_the_kernel),
		cmocka_unit_test(time_namespaces_are_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
