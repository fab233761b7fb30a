/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The helpers that write an ordinary user's id maps, when they fail.
 */

#include <stdlib.h>
#include <sys/wait.h>

#include "child/userns.h"
#include "base/ids.h"
#include "container/container_fixture.h"

enum { NOBODY = 65534 };

static int nothing(void *argument)
{
	return 0;
}

/* As an ordinary user whose newuidmap does that: what is said then, as an exit status. */
static int run_as_nobody(const char *wanted)
{
	struct config_idmap row = {
		.entry = {.kind = 'u', .host = {.value = 100000}, .count = 65536}};
	const struct config_idmaps maps = {.items = &row, .count = 1};
	const struct userns_call call = {.function = nothing, .kept_fd = -EBADF};
	struct err e = {};
	char path[300];
	int status;

	snprintf(path, sizeof(path), "%s:/usr/bin:/bin", fixture_top);
	if (setenv("PATH", path, 1) < 0 || setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
		return 2;
	if (userns_run(&maps, &call, &status, &e) >= 0)
		return 3;
	if (strstr(err_cause(&e), wanted))
		return 0;
	print_message("%s\n", err_cause(&e));
	return 1;
}

static void assert_told(const char *script, const char *wanted)
{
	pid_t child;
	int status;

	if (geteuid() != 0) {
		print_message("becoming somebody else needs root\n");
		skip();
	}
	assert_int_equal(chmod(fixture_top, 0755), 0);
	fixture_write("newuidmap", 0755, script);
	fixture_write("newgidmap", 0755, "#!/bin/sh\n");
	child = fork();
	if (child == 0)
		_exit(run_as_nobody(wanted));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void what_a_helper_says_is_told(void **state)
{
	assert_told("#!/bin/sh\necho no range for you >&2\nexit 3\n",
		    "newuidmap exited with status 3: no range for you");
}

static void the_signal_that_killed_a_helper_is_told(void **state)
{
	assert_told("#!/bin/sh\nkill -9 $$\n", "newuidmap was killed by signal 9 (SIGKILL)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_helper_says_is_told),
		cmocka_unit_test(the_signal_that_killed_a_helper_is_told),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
