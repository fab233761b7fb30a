/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text of a configuration under changes: what setting appends, what clearing takes out, what is
 * refused because a file can't hold it, and saving.
 */

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/config_fixture.h"

static void setting_appends_and_the_last_line_wins(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_loads(&f, "# head\nlxc.tty.max = 1\n");
	assert_set(&f, "lxc.tty.max", "2");
	assert_set(&f, "lxc.tty.max", "3");
	assert_set(&f, "lxc.group", "a b");
	assert_text(&f, "# head\nlxc.tty.max = 1\nlxc.tty.max = 2\nlxc.tty.max = 3\n"
			"lxc.group = a b\n");
	assert_text_means_model(&f);
	fixture_finish(&f);
}

static void the_api_keeps_quotes_that_a_file_loses(void **state)
{
	struct fixture f;
	struct fixture again;

	(void)state;
	fixture_init(&f);
	fixture_init(&again);
	assert_set(&f, "lxc.environment", "\"A=B C\"");
	assert_get(&f, "lxc.environment", "\"A=B C\"\n");
	assert_text(&f, "lxc.environment = \"A=B C\"\n");
	assert_loads(&again, "lxc.environment = \"A=B C\"\n");
	assert_get(&again, "lxc.environment", "A=B C\n");
	fixture_finish(&again);
	fixture_finish(&f);
}

static void the_empty_value_takes_every_line_of_the_key_out(void **state)
{
	static const char text[] = "lxc.tty.max = 1\n"
				   "\t lxc.tty.max=2\n"
				   "lxc.tty = 3\n"
				   "# lxc.tty.max = 4\n"
				   "lxc.tty.dir = lxc\n"
				   "foreign lxc.tty.max = 5\n";
	static const char left[] = "# lxc.tty.max = 4\nlxc.tty.dir = lxc\n"
				   "foreign lxc.tty.max = 5\n";
	struct fixture f;

	(void)state;
	for (int way = 0; way < 4; way++) {
		fixture_init(&f);
		assert_loads(&f, text);
		if (way == 0)
			assert_set(&f, "lxc.tty.max", "");
		else if (way == 1)
			assert_set(&f, "lxc.tty.max", NULL);
		else if (way == 2)
			assert_int_equal(config_clear(&f.config, "lxc.tty.max", &f.error), 0);
		else
			assert_int_equal(config_clear(&f.config, "lxc.tty", &f.error), 0);
		assert_get(&f, "lxc.tty.max", "0");
		assert_text(&f, left);
		assert_text_means_model(&f);
		fixture_finish(&f);
	}
}

static void assert_clearing(const char *text, const char *key, const char *left)
{
	struct fixture f;

	fixture_init(&f);
	assert_loads(&f, text);
	assert_int_equal(config_clear(&f.config, key, &f.error), 0);
	assert_text(&f, left);
	assert_text_means_model(&f);
	fixture_finish(&f);

	fixture_init(&f);
	assert_loads(&f, text);
	assert_set(&f, key, "");
	assert_text(&f, left);
	assert_text_means_model(&f);
	fixture_finish(&f);
}

static void clearing_stops_at_the_end_of_a_name(void **state)
{
	(void)state;
	assert_clearing("lxc.net.1.type = veth\nlxc.net.10.type = veth\nlxc.net.1.mtu = 9\n",
			"lxc.net.1", "lxc.net.10.type = veth\n");
	assert_clearing("lxc.net.1.type = veth\nlxc.net.01.mtu = 8\nlxc.net.001 =\n"
			"lxc.net.01.type = veth\n",
			"lxc.net.1", "");
	assert_clearing("lxc.net.1.type = veth\nlxc.net.01.mtu = 8\nlxc.net.1.link = br0\n",
			"lxc.net.1.mtu", "lxc.net.1.type = veth\nlxc.net.1.link = br0\n");
	assert_clearing("lxc.net.0.type = veth\nlxc.no_new_privs = 1\nlxc.network.type = veth\n",
			"lxc.net", "lxc.no_new_privs = 1\n");
	assert_clearing("lxc.tty.max = 1\nlxc.network.type = veth\nlxc.network.mtu = 5\n",
			"lxc.network", "lxc.tty.max = 1\n");
	assert_clearing("lxc.environment = A=1\nlxc.environment.hooks = B=2\n", "lxc.environment",
			"lxc.environment.hooks = B=2\n");
	assert_clearing("lxc.console.size = 4096\nlxc.console.path = none\n", "lxc.console.path",
			"lxc.console.size = 4096\n");
}

static void clearing_hooks_spares_what_is_no_hook(void **state)
{
	static const char text[] = "lxc.hook.start = a\nlxc.hook.start-host = b\n"
				   "lxc.hook.version = 1\nlxc.hook.start = c\n";

	(void)state;
	assert_clearing(text, "lxc.hook.start", "lxc.hook.start-host = b\nlxc.hook.version = 1\n");
	assert_clearing(text, "lxc.hook", "lxc.hook.version = 1\n");
}

static void clearing_families_and_their_members(void **state)
{
	static const char text[] = "lxc.cgroup2.memory.max = 1\nlxc.cgroup2.memory.max = 2\n"
				   "lxc.cgroup2.memory.maximum = 3\nlxc.cgroup.dir = d\n"
				   "lxc.cgroup.cpu.shares = 4\nlxc.sysctl.a.b = 5\n"
				   "lxc.prlimit.core = 6\nlxc.proc.oom_score_adj = 7\n"
				   "lxc.namespace.share.net = n\nlxc.namespace.share.uts = u\n";

	(void)state;
	assert_clearing(text, "lxc.cgroup2.memory.max",
			"lxc.cgroup2.memory.maximum = 3\nlxc.cgroup.dir = d\n"
			"lxc.cgroup.cpu.shares = 4\nlxc.sysctl.a.b = 5\n"
			"lxc.prlimit.core = 6\nlxc.proc.oom_score_adj = 7\n"
			"lxc.namespace.share.net = n\nlxc.namespace.share.uts = u\n");
	assert_clearing("lxc.cgroup2.a = 1\nlxc.cgroup.b.c = 1\nlxc.cgroup.relative = 1\n",
			"lxc.cgroup2", "lxc.cgroup.b.c = 1\nlxc.cgroup.relative = 1\n");
	assert_clearing("lxc.cgroup2.a = 1\nlxc.cgroup.b.c = 1\nlxc.cgroup.relative = 1\n",
			"lxc.cgroup", "lxc.cgroup2.a = 1\nlxc.cgroup.relative = 1\n");
	assert_clearing("lxc.sysctl.a = 1\nlxc.sysctl.a.b = 2\n", "lxc.sysctl.a",
			"lxc.sysctl.a.b = 2\n");
	assert_clearing("lxc.sysctl.a = 1\nlxc.sysctl.a.b = 2\n", "lxc.sysctl", "");
	assert_clearing("lxc.limit.core = 1\nlxc.prlimit.nofile = 2\n", "lxc.prlimit", "");
	assert_clearing("lxc.limit.core = 1\nlxc.prlimit.nofile = 2\n", "lxc.prlimit.core",
			"lxc.prlimit.nofile = 2\n");
	assert_clearing("lxc.proc.a = 1\nlxc.proc.b = 2\n", "lxc.proc", "");
	assert_clearing("lxc.namespace.share.net = n\nlxc.namespace.share.uts = u\n",
			"lxc.namespace.share.net", "lxc.namespace.share.uts = u\n");
}

static void either_capability_list_clears_both(void **state)
{
	(void)state;
	assert_clearing("lxc.cap.drop = chown\nlxc.tty.max = 1\n", "lxc.cap.keep",
			"lxc.tty.max = 1\n");
	assert_clearing("lxc.cap.keep = none\nlxc.tty.max = 1\n", "lxc.cap.drop",
			"lxc.tty.max = 1\n");
}

static void keys_whose_empty_value_is_an_error(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_loads(&f, "lxc.mount.fstab = /f\nlxc.arch = amd64\nlxc.net.0.type = veth\n");

	/* Cleared, and an error all the same: as LXC does. */
	assert_set_fails(&f, "lxc.mount.fstab", "", -EINVAL, ERR_CONFIG_VALUE_INVALID,
			 "lxc.mount.fstab must not be empty");
	assert_get(&f, "lxc.mount.fstab", "");
	assert_text(&f, "lxc.arch = amd64\nlxc.net.0.type = veth\n");

	/* Refused: nothing changes, in the text neither. */
	assert_set_fails(&f, "lxc.arch", "", -EINVAL, ERR_CONFIG_VALUE_INVALID,
			 "Unsupported personality \"\"");
	assert_get(&f, "lxc.arch", "x86_64");
	assert_set_fails(&f, "lxc.net.0.vlan.id", "", -EINVAL, ERR_CONFIG_KEY_UNSUITED,
			 "lxc.net.0.vlan.id can only be used with vlan network");
	assert_text(&f, "lxc.arch = amd64\nlxc.net.0.type = veth\n");
	assert_text_means_model(&f);
	fixture_finish(&f);
}

static void a_refused_value_changes_neither_model_nor_text(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_loads(&f, "lxc.tty.max = 1\n");
	assert_set_fails(&f, "lxc.tty.max", "many", -EINVAL, ERR_CONFIG_VALUE_INVALID,
			 "Invalid value \"many\" for lxc.tty.max");
	assert_set_fails(&f, "lxc.tty.most", "1", -EINVAL, ERR_CONFIG_KEY_UNKNOWN,
			 "Unsupported config key \"lxc.tty.most\"");
	assert_set_fails(&f, "lxc.net.4.type", "temp_type", -EINVAL, ERR_CONFIG_VALUE_INVALID,
			 "Invalid network type temp_type");
	assert_int_equal(config_clear(&f.config, "lxc.tty.most", &f.error), -EINVAL);
	assert_cause(&f, ERR_CONFIG_KEY_UNKNOWN, "Unsupported config key \"lxc.tty.most\"");
	assert_int_equal(config_clear(&f.config, "lxc.net.4.mtu", &f.error), -EINVAL);
	assert_cause(&f, ERR_CONFIG_KEY_UNSUITED, "There is no network interface lxc.net.4");
	assert_get_fails(&f, "lxc.net.4", -EINVAL);
	assert_get(&f, "lxc.net", "");
	assert_get(&f, "lxc.tty.max", "1");
	assert_text(&f, "lxc.tty.max = 1\n");
	fixture_finish(&f);
}

/* CVE-2026-23953: a line break in a value would add keys of the caller's choice. */
static void line_breaks_are_refused_cve_2026_23953(void **state)
{
	static const char *const values[] = {
		"a\nlxc.hook.start-host = evil",
		"a\rlxc.hook.start-host = evil",
		"\n",
		"a\r\n",
	};
	static const char *const keys[] = {
		"lxc.environment", "lxc.uts.name",        "lxc.net.0.link",
		"lxc.utsname",     "lxc.sysctl.kernel.x", "lxc.include",
	};
	struct fixture f;

	(void)state;
	fixture_init(&f);
	for (size_t i = 0; i < ARRAY_LENGTH(values); i++)
		for (size_t k = 0; k < ARRAY_LENGTH(keys); k++)
			assert_set_fails(&f, keys[k], values[i], -EINVAL,
					 ERR_CONFIG_VALUE_UNWRITABLE, "The value for ");
	assert_text(&f, "");
	assert_get(&f, "lxc.environment", "");
	assert_get(&f, "lxc.net", "");
	fixture_finish(&f);
}

static void keys_that_a_line_cannot_carry_are_refused(void **state)
{
	static const char *const keys[] = {
		"lxc.sysctl.a\nlxc.hook.start-host",
		"lxc.sysctl.a\r",
		"lxc.sysctl.a=b",
		"lxc.sysctl.a b",
		"lxc.sysctl.a\t",
		" lxc.tty.max",
		"tty.max",
		"",
		"#lxc.tty.max",
	};
	struct fixture f;

	(void)state;
	fixture_init(&f);
	for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
		assert_set_fails(&f, keys[i], "1", -EINVAL, ERR_CONFIG_KEY_MALFORMED,
				 "Unsupported config key \"");
		assert_set_fails(&f, keys[i], "", -EINVAL, ERR_CONFIG_KEY_MALFORMED,
				 "Unsupported config key \"");
		assert_int_equal(config_clear(&f.config, keys[i], &f.error), -EINVAL);
	}
	assert_text(&f, "");
	fixture_finish(&f);
}

static void old_names_are_written_as_present_ones(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_set(&f, "lxc.utsname", "web");
	assert_set(&f, "lxc.network.type", "veth");
	assert_set(&f, "lxc.network.hwaddr", "00:16:3e:xx:xx:xx");
	assert_set(&f, "lxc.network.type", "phys");
	assert_set(&f, "lxc.kmsg", "1");
	assert_text(&f, "lxc.uts.name = web\nlxc.net.0.type = veth\n"
			"lxc.net.0.hwaddr = 00:16:3e:bb:bb:bb\nlxc.net.1.type = phys\n");
	assert_int_equal(config_clear(&f.config, "lxc.utsname", &f.error), 0);
	assert_int_equal(config_clear(&f.config, "lxc.kmsg", &f.error), 0);
	assert_int_equal(config_clear(&f.config, "lxc.network.type", &f.error), 0);
	assert_text(&f, "lxc.net.0.type = veth\nlxc.net.0.hwaddr = 00:16:3e:bb:bb:bb\n");
	assert_text_means_model(&f);
	fixture_finish(&f);
}

static void includes_through_the_api_keep_their_line_only(void **state)
{
	char directory[64];
	char path[128];
	struct fixture f;
	autostr line = {};

	(void)state;
	fixture_directory(directory);
	fixture_file(directory, "inner", path, "lxc.tty.max = 5\n");
	fixture_init(&f);
	assert_set(&f, "lxc.include", path);
	str_addf(&line, "lxc.include = %s\n", path);
	assert_text(&f, str_text(&line));
	assert_get(&f, "lxc.tty.max", "5");
	assert_set_fails(&f, "lxc.include", "/nonexistent", -ENOENT, ERR_FILE_OPEN,
			 "Failed to open config file \"/nonexistent\"");
	assert_text(&f, str_text(&line));
	assert_set(&f, "lxc.include", "");
	assert_text(&f, "");
	fixture_finish(&f);
	fixture_remove_directory(directory);
}

/* Taking out the text's own lines is not enough where an include says something as well. */
static void clearing_undoes_what_an_include_says(void **state)
{
	static const struct {
		const char *key;
		bool by_setting_empty;
		const char *left;
	} cases[] = {
		{"lxc.uts.name", false, "lxc.uts.name =\n"},
		{"lxc.uts.name", true, "lxc.uts.name =\n"},
		{"lxc.utsname", false, "lxc.uts.name =\n"},
		{"lxc.cap.drop", false, "lxc.cap.drop =\n"},
		{"lxc.cap.keep", false, "lxc.cap.keep =\n"}, /* either list clears both */
		{"lxc.hook", false, "lxc.hook =\n"},
		{"lxc.hook.stop", false, "lxc.hook.stop =\n"},
		{"lxc.hook.start", false, ""},
		{"lxc.autodev", false, "lxc.autodev = 1\n"},
		{"lxc.autodev", true, "lxc.autodev =\n"},
		{"lxc.sysctl.a", false, "lxc.sysctl.a =\n"},
		{"lxc.net.0.link", false, "lxc.net.0.link =\n"},
		{"lxc.net.0", false, "lxc.net.0 =\n"},
		{"lxc.net", false, "lxc.net =\n"},
		{"lxc.tty.max", false, ""}, /* the text's own */
	};
	char directory[64];
	char path[128];

	(void)state;
	fixture_directory(directory);
	fixture_file(directory, "inner", path,
		     "lxc.uts.name = i\nlxc.cap.drop = chown\nlxc.autodev = 0\n"
		     "lxc.hook.stop = /s\n"
		     "lxc.sysctl.a = 1\nlxc.net.0.type = veth\nlxc.net.0.link = br0\n");
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct fixture f;
		autostr text = {};
		autostr left = {};

		fixture_init(&f);
		str_addf(&text, "lxc.tty.max = 1\nlxc.include = %s\n", path);
		assert_loads(&f, str_text(&text));
		if (cases[i].by_setting_empty)
			assert_set(&f, cases[i].key, "");
		else
			assert_int_equal(config_clear(&f.config, cases[i].key, NULL), 0);
		str_addf(&left, "%slxc.include = %s\n%s",
			 strcmp(cases[i].key, "lxc.tty.max") == 0 ? "" : "lxc.tty.max = 1\n", path,
			 cases[i].left);
		assert_text(&f, str_text(&left));
		/* A default that was written down counts as set when it is read again. */
		if (strcmp(cases[i].left, "lxc.autodev = 1\n") != 0)
			assert_text_means_model(&f);
		fixture_finish(&f);
	}
	fixture_remove_directory(directory);
}

/* The line that hid what the include says goes with the key: the text must hide it again. */
static void what_an_include_says_stays_cleared(void **state)
{
	static const struct {
		const char *text, *key, *left;
	} cases[] = {
		{"", "lxc.cap.keep", "lxc.cap.keep =\n"},
		{"lxc.cap.keep = kill\n", "lxc.cap.keep", "lxc.cap.keep =\n"},
		{"lxc.tty.max = 1\n", "lxc.tty.max", "lxc.tty.max =\n"},
		{"lxc.tty.max =\n", "lxc.tty.max", "lxc.tty.max =\n"},
		{"lxc.net.0.link = br1\n", "lxc.net.0", "lxc.net.0 =\n"},
		{"lxc.net.1.type = veth\n", "lxc.net.1", ""},
		{"lxc.pty.max = 1\n", "lxc.pty.max", ""}, /* the text's own */
	};
	char directory[64];
	char path[128];

	(void)state;
	fixture_directory(directory);
	fixture_file(directory, "inner", path,
		     "lxc.cap.keep = chown\nlxc.tty.max = 4\nlxc.net.0.link = br0\n"
		     "lxc.pty.max =\n");
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct fixture f;
		autostr text = {};
		autostr left = {};

		fixture_init(&f);
		str_addf(&text, "lxc.include = %s\n%s", path, cases[i].text);
		assert_loads(&f, str_text(&text));
		str_addf(&left, "lxc.include = %s\n%s", path, cases[i].left);
		for (size_t k = 0; k < 2; k++) {
			assert_set(&f, cases[i].key, "");
			assert_text(&f, str_text(&left));
			assert_text_means_model(&f);
		}
		fixture_finish(&f);
	}
	fixture_remove_directory(directory);
}

static void clearing_a_type_takes_its_keys_along(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_loads(&f, "lxc.net.0.type = veth\nlxc.net.0.veth.pair = p\nlxc.net.0.link = br0\n"
			 "lxc.net.1.type = veth\nlxc.net.1.veth.pair = q\n");
	assert_int_equal(config_clear(&f.config, "lxc.net.0.type", NULL), 0);
	assert_text(&f, "lxc.net.0.link = br0\n"
			"lxc.net.1.type = veth\nlxc.net.1.veth.pair = q\n");
	assert_text_means_model(&f);
	fixture_finish(&f);
}

static void assert_mode(const char *path, mode_t mode)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
}

static void assert_content(const char *path, const char *expected)
{
	char buf[256];
	FILE *file = fopen(path, "re");
	size_t len;

	assert_non_null(file);
	len = fread(buf, 1, sizeof(buf) - 1, file);
	buf[len] = '\0';
	fclose(file);
	assert_string_equal(buf, expected);
}

static void saving_makes_and_replaces_files(void **state)
{
	char directory[64];
	char path[128];
	char link[128];
	struct fixture f;
	struct stat st;
	mode_t mask = umask(0027);

	(void)state;
	fixture_directory(directory);
	fixture_init(&f);
	assert_loads(&f, "# head\nlxc.uts.name = a\n");
	snprintf(path, sizeof(path), "%s/config", directory);
	assert_int_equal(config_save(&f.config, path, &f.error), 0);
	umask(mask);
	assert_content(path, "# head\nlxc.uts.name = a\n");
	assert_mode(path, 0640);

	/* A file that is there keeps its mode; a link stays one. */
	assert_int_equal(chmod(path, 0604), 0);
	snprintf(link, sizeof(link), "%s/link", directory);
	assert_int_equal(symlink("config", link), 0);
	assert_set(&f, "lxc.uts.name", "b");
	assert_int_equal(config_save(&f.config, link, &f.error), 0);
	assert_content(path, "# head\nlxc.uts.name = a\nlxc.uts.name = b\n");
	assert_mode(path, 0604);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));

	/* No temporary file is left: both names go, then the directory is empty. */
	assert_int_equal(unlink(link), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(directory), 0);
	fixture_finish(&f);
}

static void saving_reports_what_it_cannot_write(void **state)
{
	char directory[64];
	struct fixture f;
	autostr expected = {};

	(void)state;
	fixture_directory(directory);
	fixture_init(&f);
	assert_int_equal(config_save(&f.config, "/nonexistent/c1/config", &f.error), -ENOENT);
	assert_cause(&f, ERR_FILE_WRITE, "Failed to save config file \"/nonexistent/c1/config\"");
	assert_int_equal(config_save(&f.config, directory, &f.error), -EISDIR);
	str_addf(&expected, "Failed to save config file \"%s\"", directory);
	assert_cause(&f, ERR_FILE_WRITE, str_text(&expected));
	assert_int_equal(config_save(&f.config, "/nonexistent/c1/config", NULL), -ENOENT);
	fixture_finish(&f);
	assert_int_equal(rmdir(directory), 0);
}

/* Root may write anywhere, so somebody else tries. */
static void saving_in_a_directory_of_others_fails_and_leaves_the_file(void **state)
{
	enum { NOBODY = 65534 };
	char directory[64];
	char path[128];
	struct fixture f;
	int status = -1;
	pid_t child;

	(void)state;
	fixture_directory(directory);
	fixture_file(directory, "config", path, "lxc.uts.name = old\n");
	assert_int_equal(chmod(directory, geteuid() == 0 ? 0755 : 0555), 0);
	fixture_init(&f);
	assert_loads(&f, "lxc.uts.name = new\n");
	child = fork();
	if (child == 0) {
		if (geteuid() == 0 && (setgid(NOBODY) < 0 || setuid(NOBODY) < 0))
			_exit(2);
		_exit(config_save(&f.config, path, &f.error) == -EACCES ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_content(path, "lxc.uts.name = old\n");
	assert_int_equal(chmod(directory, 0755), 0);
	fixture_finish(&f);
	fixture_remove_directory(directory);
}

/* INC-19: quotes, empty values, order, repeated keys, gaps between interfaces. */
static void inc_19_saved_text_reads_back_the_same(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_set(&f, "lxc.net.7.type", "phys");
	assert_set(&f, "lxc.net.7.link", "eth7");
	assert_set(&f, "lxc.net.2.type", "veth");
	assert_set(&f, "lxc.net.2.hwaddr", "00:16:3e:xx:xx:xx");
	assert_set(&f, "lxc.net.7.type", "ipvlan");
	assert_set(&f, "lxc.mount.entry", "a b none bind 0 0");
	assert_set(&f, "lxc.mount.entry", "c\\040d e none bind 0 0");
	assert_set(&f, "lxc.cap.drop", "");
	assert_set(&f, "lxc.cap.drop", "sys_time sys_module");
	assert_set(&f, "lxc.rootfs.path", "lvm:/dev/vg/c1");
	assert_set(&f, "lxc.cgroup2.devices.deny", "a");
	assert_set(&f, "lxc.cgroup2.devices.allow", "c 1:3 rwm");
	assert_set(&f, "lxc.cgroup2.devices.deny", "a");
	assert_get(&f, "lxc.net", "veth\nipvlan\n");
	assert_get(&f, "lxc.net.7.link", "");
	assert_text_means_model(&f);
	fixture_finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(setting_appends_and_the_last_line_wins),
		cmocka_unit_test(the_api_keeps_quotes_that_a_file_loses),
		cmocka_unit_test(the_empty_value_takes_every_line_of_the_key_out),
		cmocka_unit_test(clearing_stops_at_the_end_of_a_name),
		cmocka_unit_test(clearing_hooks_spares_what_is_no_hook),
		cmocka_unit_test(clearing_families_and_their_members),
		cmocka_unit_test(either_capability_list_clears_both),
		cmocka_unit_test(keys_whose_empty_value_is_an_error),
		cmocka_unit_test(a_refused_value_changes_neither_model_nor_text),
		cmocka_unit_test(line_breaks_are_refused_cve_2026_23953),
		cmocka_unit_test(keys_that_a_line_cannot_carry_are_refused),
		cmocka_unit_test(old_names_are_written_as_present_ones),
		cmocka_unit_test(includes_through_the_api_keep_their_line_only),
		cmocka_unit_test(clearing_undoes_what_an_include_says),
		cmocka_unit_test(what_an_include_says_stays_cleared),
		cmocka_unit_test(clearing_a_type_takes_its_keys_along),
		cmocka_unit_test(saving_makes_and_replaces_files),
		cmocka_unit_test(saving_reports_what_it_cannot_write),
		cmocka_unit_test(saving_in_a_directory_of_others_fails_and_leaves_the_file),
		cmocka_unit_test(inc_19_saved_text_reads_back_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
