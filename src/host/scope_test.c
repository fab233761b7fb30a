/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asking systemd for a scope, with the library of scope_fixture.c in the place of libsystemd.
 */

#include "host/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/str.h"
#include "sys/file.h"

static char log_file[64];

static int set_up(void **state)
{
	int fd;

	(void)state;
	snprintf(log_file, sizeof(log_file), "/tmp/tare-scope-test-XXXXXX");
	fd = mkostemp(log_file, O_CLOEXEC);
	if (fd < 0)
		return -1;
	close(fd);
	setenv("TEST_SYSTEMD_LOG", log_file, 1);
	setenv("TEST_SYSTEMD", "", 1);
	setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/a/bus", 1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(log_file);
}

static void assert_log(const char *expected)
{
	autofree char *text = NULL;

	assert_int_equal(file_read_all(AT_FDCWD, log_file, 1 << 16, &text, NULL), 0);
	assert_string_equal(text, expected);
	assert_int_equal(truncate(log_file, 0), 0);
}

static void assert_says(const struct err *e, const char *text)
{
	autostr all = {};

	err_render_text(e, &all);
	if (!strstr(str_text(&all), text))
		fail_msg("\"%s\" does not say \"%s\"", str_text(&all), text);
}

static void the_first_free_name_is_taken(void **state)
{
	(void)state;
	assert_int_equal(scope_enter("lxc-c1", 7, NULL), 0);
	assert_log("unix:path=/a/bus\nGetUnitByPID\nStartTransientUnit lxc-c1-0.scope fail\n");
	setenv("TEST_SYSTEMD", "taken=2", 1);
	assert_int_equal(scope_enter("lxc-c1", 7, NULL), 0);
	assert_log("unix:path=/a/bus\nGetUnitByPID\nStartTransientUnit lxc-c1-0.scope fail\n"
		   "StartTransientUnit lxc-c1-1.scope fail\n"
		   "StartTransientUnit lxc-c1-2.scope fail\n");
}

static void all_names_may_be_taken(void **state)
{
	struct err e = {0};

	(void)state;
	setenv("TEST_SYSTEMD", "taken=1000", 1);
	assert_int_equal(scope_enter("lxc-c1", 7, &e), -EEXIST);
	assert_says(&e, "lxc-c1-0 to 98");
	assert_says(&e, "systemctl --user list-units");
}

static void who_has_a_unit_of_its_own_stays(void **state)
{
	(void)state;
	setenv("TEST_SYSTEMD", "delegated", 1);
	assert_int_equal(scope_enter("lxc-c1", 7, NULL), 0);
	assert_log("unix:path=/a/bus\nGetUnitByPID\n");
}

static void a_job_may_fail_or_never_end(void **state)
{
	struct err e = {0};

	(void)state;
	setenv("TEST_SYSTEMD", "result=failed", 1);
	assert_int_equal(scope_enter("lxc-c1", 7, &e), -ECANCELED);
	assert_says(&e, "finish the scope lxc-c1-0.scope");
	setenv("TEST_SYSTEMD", "result=never", 1);
	assert_int_equal(scope_enter("lxc-c1", 7, &e), -ETIMEDOUT);
	assert_says(&e, "finish the scope lxc-c1-0.scope");
}

static void a_refusal_is_told(void **state)
{
	struct err e = {0};

	(void)state;
	setenv("TEST_SYSTEMD", "deny", 1);
	assert_int_equal(scope_enter("lxc-c1", 7, &e), -EACCES);
	assert_says(&e, "no way");
	assert_int_equal(scope_attach("lxc-c1-0.scope", "/lxc.monitor.c1", 7, &e), -EACCES);
	assert_says(&e, "put a process into lxc-c1-0.scope");
}

static void a_process_is_put_into_a_directory(void **state)
{
	(void)state;
	assert_int_equal(scope_attach("lxc-c1-0.scope", "/lxc.monitor.c1", 7, NULL), 0);
	assert_log("unix:path=/a/bus\nAttachProcessesToUnit lxc-c1-0.scope /lxc.monitor.c1\n");
}

/* Several addresses, the last of which is meant. */
static void no_address_is_cut(void **state)
{
	autostr address = {}, expected = {};

	(void)state;
	while (address.len < 300)
		str_add(&address, "unix:path=/gone/bus;");
	str_add(&address, "unix:path=/a/bus");
	str_addf(&expected, "%s\nGetUnitByPID\n", str_text(&address));
	setenv("DBUS_SESSION_BUS_ADDRESS", str_text(&address), 1);
	setenv("TEST_SYSTEMD", "delegated", 1);
	assert_int_equal(scope_enter("lxc-c1", 7, NULL), 0);
	assert_log(str_text(&expected));
}

/* A session need not say where its bus is. */
static void the_bus_is_where_systemd_has_it(void **state)
{
	struct err e = {0};
	char line[96];

	(void)state;
	unsetenv("DBUS_SESSION_BUS_ADDRESS");
	setenv("XDG_RUNTIME_DIR", "/b", 1);
	assert_int_equal(scope_attach("a.scope", "/x", 7, NULL), 0);
	assert_log("unix:path=/b/bus\nAttachProcessesToUnit a.scope /x\n");
	unsetenv("XDG_RUNTIME_DIR");
	assert_int_equal(scope_attach("a.scope", "/x", 7, NULL), 0);
	snprintf(line, sizeof(line),
		 "unix:path=/run/user/%u/bus\nAttachProcessesToUnit a.scope /x\n",
		 (unsigned)geteuid());
	assert_log(line);
	setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere", 1);
	assert_int_equal(scope_enter("lxc-c1", 7, &e), -ENOENT);
	assert_says(&e, "\"unix:path=/nowhere\": No such file or directory");
	assert_says(&e, "loginctl enable-linger");
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		test(the_first_free_name_is_taken),
		test(all_names_may_be_taken),
		test(who_has_a_unit_of_its_own_stays),
		test(a_job_may_fail_or_never_end),
		test(a_refusal_is_told),
		test(a_process_is_put_into_a_directory),
		test(no_address_is_cut),
		test(the_bus_is_where_systemd_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
