/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parts of an attach that need no container: the options' layout, the environment, shells.
 */

#include "container/attach.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/ids.h"
#include "base/macros.h"

/* spec/api.md §3, §4.2, on 64-bit machines. */
#define PLACE(type, member, at) _Static_assert(offsetof(type, member) == (at), #member)
_Static_assert(sizeof(lxc_attach_options_t) == 96, "ABI");
PLACE(lxc_attach_options_t, attach_flags, 0);
PLACE(lxc_attach_options_t, namespaces, 4);
PLACE(lxc_attach_options_t, personality, 8);
PLACE(lxc_attach_options_t, initial_cwd, 16);
PLACE(lxc_attach_options_t, uid, 24);
PLACE(lxc_attach_options_t, gid, 28);
PLACE(lxc_attach_options_t, env_policy, 32);
PLACE(lxc_attach_options_t, extra_env_vars, 40);
PLACE(lxc_attach_options_t, extra_keep_env, 48);
PLACE(lxc_attach_options_t, stdin_fd, 56);
PLACE(lxc_attach_options_t, stdout_fd, 60);
PLACE(lxc_attach_options_t, stderr_fd, 64);
PLACE(lxc_attach_options_t, log_fd, 68);
PLACE(lxc_attach_options_t, lsm_label, 72);
PLACE(lxc_attach_options_t, groups, 80);
_Static_assert(sizeof(lxc_attach_command_t) == 16, "ABI");
PLACE(lxc_attach_command_t, argv, 8);
_Static_assert(sizeof(lxc_groups_t) == 16, "ABI");
PLACE(lxc_groups_t, list, 8);
_Static_assert(LXC_ATTACH_LSM == 0x120008, "ABI");
_Static_assert(LXC_ATTACH_DEFAULT == 0xFFFF, "ABI");
_Static_assert(LXC_ATTACH_REMOUNT_PROC_SYS == 0x10000 && LXC_ATTACH_LSM_NOW == 0x20000 &&
		       LXC_ATTACH_NO_NEW_PRIVS == 0x40000 && LXC_ATTACH_TERMINAL == 0x80000 &&
		       LXC_ATTACH_LSM_LABEL == 0x100000 && LXC_ATTACH_SETGROUPS == 0x200000,
	       "ABI");
#if !defined(LXC_ATTACH_SETGROUPS) || !defined(LXC_ATTACH_CLEAR_ENV)
#error "enumerators are macros, too"
#endif

static void the_defaults_are_those_of_lxc(void **state)
{
	struct lxc_attach_options_t options;

	attach_init_options(&options);
	assert_int_equal(options.attach_flags, 0xFFFF);
	assert_int_equal(options.namespaces, -1);
	assert_true(options.personality == ~0L);
	assert_true(options.uid == (uid_t)-1);
	assert_true(options.gid == (gid_t)-1);
	assert_int_equal(options.env_policy, 0);
	assert_int_equal(options.stdin_fd, 0);
	assert_int_equal(options.stdout_fd, 1);
	assert_int_equal(options.stderr_fd, 2);
	assert_int_equal(options.log_fd, -EBADF);
	assert_int_equal(options.groups.size, 0);
}

static void shells_are_found_in_passwd(void **state)
{
	static const char passwd[] = "# a comment\n"
				     "root:x:0:0:root:/root:/bin/ash\n"
				     "broken:x:1\n"
				     "nobody:x:65534:65534::/:\n"
				     "relative:x:7:7::/:sh\n"
				     "user:x:1000:1000:,,,:/home/user:/usr/bin/fish\n"
				     "again:x:1000:1000::/:/bin/other";
	static const struct {
		uint32_t uid;
		const char *shell;
	} rows[] = {{0, "/bin/ash"}, {1000, "/usr/bin/fish"}, {1, NULL}, {65534, NULL}, {7, NULL},
		    {100, NULL}};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		autofree char *shell = attach_shell_of(passwd, rows[i].uid);

		if (rows[i].shell)
			assert_string_equal(shell, rows[i].shell);
		else
			assert_null(shell);
	}
	assert_null(attach_shell_of("", 0));
	assert_null(attach_shell_of("x:y:00:0:::", 0));
}

static void assert_environment(struct lxc_attach_options_t *options, struct container *c,
			       const char *const *expected)
{
	struct attach a;
	size_t i = 0;

	attach_init(&a, c, options);
	assert_int_equal(attach_make_environment(&a, NULL), 0);
	for (; expected[i]; i++) {
		assert_non_null(a.request.environment[i]);
		assert_string_equal(a.request.environment[i], expected[i]);
	}
	assert_null(a.request.environment[i]);
	attach_finish(&a);
}

#define EXPECT(...) ((const char *const[]){__VA_ARGS__, NULL})

static void environments_are_built_in_order(void **state)
{
	static char keep_home[] = "HOME", keep_missing[] = "MISSING", keep_path[] = "PATH";
	static char extra_a[] = "A=b", extra_container[] = "container=mine", extra_none[] = "NONE";
	char *keep[] = {keep_home, keep_missing, NULL}, *keep_both[] = {keep_path, keep_home, NULL};
	char *extra[] = {extra_a, extra_container, extra_none, NULL};
	char home[] = "HOME=/root", path[] = "PATH=/x", other[] = "container=other";
	char *mine[] = {home, path, other, NULL}, **theirs = environ;
	struct lxc_attach_options_t options;
	struct config config;
	struct container c = {0};

	environ = mine;
	attach_init_options(&options);
	assert_environment(&options, &c, EXPECT("HOME=/root", "PATH=/x", "container=lxc"));
	options.env_policy = LXC_ATTACH_CLEAR_ENV;
	assert_environment(&options, &c,
			   EXPECT("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:"
				  "/bin",
				  "container=lxc"));
	options.extra_keep_env = keep;
	options.extra_env_vars = extra;
	assert_environment(&options, &c,
			   EXPECT("HOME=/root",
				  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:"
				  "/bin",
				  "container=mine", "A=b"));
	options.extra_keep_env = keep_both;
	options.extra_env_vars = NULL;
	assert_int_equal(config_init(&config, NULL), 0);
	assert_int_equal(config_set(&config, "lxc.environment", "A=all", "(test)", NULL), 0);
	assert_int_equal(config_set(&config, "lxc.environment.runtime", "B=run", "(test)", NULL),
			 0);
	c.config = &config;
	assert_environment(&options, &c,
			   EXPECT("PATH=/x", "HOME=/root", "container=lxc", "A=all", "B=run"));
	config_finish(&config);
	environ = theirs;
}

static void another_label_than_ours_confines(void **state)
{
	static const struct {
		const char *of_init, *own;
		bool confines;
	} cases[] = {
		{NULL, NULL, false},
		{NULL, "unconfined", false},
		{"unconfined", "/usr/bin/lxc-attach (enforce)", false},
		{"lxc-container-default-cgns (enforce)", "unconfined", true},
		{"lxc-container-default-cgns (enforce)", "lxc-container-default-cgns (enforce)",
		 false},
		{"unconfined_u:unconfined_r:unconfined_t:s0", "system_u:system_r:init_t:s0", false},
		{"system_u:system_r:unconfined_t", "system_u:system_r:init_t:s0", false},
		{"system_u:system_r:unconfined_txt:s0", "system_u:system_r:init_t:s0", true},
		{"system_u:system_r:container_t:s0:c1,c2",
		 "unconfined_u:unconfined_r:unconfined_t:s0", true},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
		assert_int_equal(attach_label_confines(cases[i].of_init, cases[i].own),
				 cases[i].confines);
}

static void ids_are_mapped_by_rows(void **state)
{
	/* Our own map: everything, or at least what we are. */
	assert_int_equal(attach_map_out(getpid(), "uid_map", geteuid()), geteuid());
	assert_int_equal(attach_map_in(getpid(), "gid_map", getegid()), getegid());
	assert_true(attach_map_out(getpid(), "uid_map", ID_INVALID) == ID_INVALID);
	assert_true(attach_map_out(0, "uid_map", 0) == ID_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_defaults_are_those_of_lxc),
		cmocka_unit_test(shells_are_found_in_passwd),
		cmocka_unit_test(environments_are_built_in_order),
		cmocka_unit_test(another_label_than_ours_confines),
		cmocka_unit_test(ids_are_mapped_by_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
