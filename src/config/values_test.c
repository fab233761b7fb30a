/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Value types: what each takes, how it prints it, what it refuses with which words, and what it
 * does to the world through the effects.
 */

#include <limits.h>
#include <net/if.h>
#include <sys/un.h>
#include <syslog.h>

#include "base/log.h"
#include "config/config_fixture.h"

struct accepted {
	const char *key;
	const char *value;
	const char *answer; /* NULL: the value itself */
};

static void assert_accepts(const struct accepted *cases, size_t count, const char *first)
{
	for (size_t i = 0; i < count; i++) {
		struct fixture f;

		fixture_init(&f);
		assert_loads(&f, first);
		assert_set(&f, cases[i].key, cases[i].value);
		assert_get(&f, cases[i].key, cases[i].answer ? cases[i].answer : cases[i].value);
		assert_text_means_model(&f);
		fixture_finish(&f);
	}
}

struct refused {
	const char *key;
	const char *value;
	const char *cause;
	int expected; /* 0: -EINVAL */
};

/* A refused value leaves the text alone, and what is no list also the value. */
static void assert_refuses(const struct refused *cases, size_t count, const char *first)
{
	for (size_t i = 0; i < count; i++) {
		struct fixture f;
		autostr before = {};

		fixture_init(&f);
		assert_loads(&f, first);
		config_text(&f.config, &before);
		assert_int_equal(config_set(&f.config, cases[i].key, cases[i].value, "(API)",
					    &f.error),
				 cases[i].expected ? cases[i].expected : -EINVAL);
		assert_string_equal(err_cause(&f.error), cases[i].cause);
		assert_text(&f, str_text(&before));
		assert_int_equal(config_set(&f.config, cases[i].key, cases[i].value, "(API)", NULL),
				 cases[i].expected ? cases[i].expected : -EINVAL);
		fixture_finish(&f);
	}
}

#define ASSERT_ACCEPTS(cases, first) assert_accepts((cases), ARRAY_LENGTH(cases), (first))
#define ASSERT_REFUSES(cases, first) assert_refuses((cases), ARRAY_LENGTH(cases), (first))

static void numbers_are_read_as_c_reads_them(void **state)
{
	static const struct accepted good[] = {
		{"lxc.tty.max", "0x10", "16"},
		{"lxc.tty.max", "010", "8"},
		{"lxc.tty.max", " 4", "4"},
		{"lxc.tty.max", "4294967295", NULL},
		{"lxc.start.order", "-2147483648", NULL},
		{"lxc.start.order", "2147483647", NULL},
		{"lxc.monitor.unshare", "7", NULL},
		{"lxc.no_new_privs", "0x1", "1"},
		{"lxc.hook.version", "1", NULL},
		{"lxc.autodev.tmpfs.size", "1000", NULL},
	};
	static const struct refused bad[] = {
		{"lxc.tty.max", "-1", "Invalid value \"-1\" for lxc.tty.max"},
		{"lxc.tty.max", "4x", "Invalid value \"4x\" for lxc.tty.max"},
		{"lxc.tty.max", "4294967296", "Invalid value \"4294967296\" for lxc.tty.max",
		 -ERANGE},
		{"lxc.start.order", "2147483648",
		 "Invalid value \"2147483648\" for lxc.start.order", -ERANGE},
		{"lxc.start.order", "one", "Invalid value \"one\" for lxc.start.order"},
		{"lxc.init.uid", "-1", "Invalid value \"-1\" for lxc.init.uid"},
		{"lxc.init.gid", "root", "Invalid value \"root\" for lxc.init.gid"},
		{"lxc.no_new_privs", "2", "Invalid value \"2\" for lxc.no_new_privs"},
		{"lxc.no_new_privs", "yes", "Invalid value \"yes\" for lxc.no_new_privs"},
		{"lxc.seccomp.allow_nesting", "x",
		 "Invalid value \"x\" for lxc.seccomp.allow_nesting"},
		{"lxc.console.rotate", "2",
		 "The \"lxc.console.rotate\" config key can only be set to 0 or 1"},
		{"lxc.hook.version", "2",
		 "Invalid hook version specified. Currently only 0 (legacy) and 1 are supported"},
	};

	(void)state;
	ASSERT_ACCEPTS(good, "");
	ASSERT_REFUSES(bad, "lxc.tty.max = 3\n");
}

static void a_size_of_dev_that_is_no_number_is_the_default(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_loads(&f, "lxc.autodev.tmpfs.size = 12\nlxc.autodev.tmpfs.size = 10M\n");
	assert_get(&f, "lxc.autodev.tmpfs.size", "500000");
	assert_non_null(strstr(str_text(&f.reports), "warning: \"10M\" is no size"));
	assert_non_null(strstr(str_text(&f.reports), "(test):2"));
	f.config.effects.report = NULL;
	assert_set(&f, "lxc.autodev.tmpfs.size", "-5");
	assert_get(&f, "lxc.autodev.tmpfs.size", "500000");
	fixture_finish(&f);
}

static void console_sizes_are_rounded(void **state)
{
	static const struct accepted good[] = {
		{"lxc.console.size", "auto", "131072"},
		{"lxc.console.size", "0", "0"},
		{"lxc.console.size", "1", "4096"},
		{"lxc.console.size", "5MB", "8388608"},
		{"lxc.console.size", "64 kb", "65536"},
		{"lxc.console.size", "8192B", "8192"},
		{"lxc.console.buffer.size", "1GB", "1073741824"},
	};
	static const struct refused bad[] = {
		{"lxc.console.size", "64XB", "Invalid value \"64XB\" for lxc.console.size"},
		{"lxc.console.size", "-1", "Invalid value \"-1\" for lxc.console.size"},
		{"lxc.console.size", "18446744073709551615",
		 "Invalid value \"18446744073709551615\" for lxc.console.size", -ERANGE},
		{"lxc.console.buffer.size", "99999999999999GB",
		 "Invalid value \"99999999999999GB\" for lxc.console.buffer.size", -ERANGE},
	};

	(void)state;
	ASSERT_ACCEPTS(good, "");
	ASSERT_REFUSES(bad, "");
}

static void paths_are_simplified(void **state)
{
	static const struct accepted good[] = {
		{"lxc.init.cwd", "/", NULL},
		{"lxc.init.cwd", "//a///b/./c/", "/a/b/c"},
		{"lxc.init.cwd", "./a/.", "a"},
		{"lxc.init.cwd", "/.", "/"},
		{"lxc.init.cwd", ".", NULL},
		{"lxc.init.cwd", "./", "."},
		{"lxc.init.cwd", "a/../b", NULL},
		{"lxc.init.cwd", ".../.a", NULL},
		{"lxc.cgroup.dir", "a//b/", "a/b"},
		{"lxc.cgroup.dir", "..a/b..", NULL},
		{"lxc.cgroup.dir.container.inner", "in", NULL},
		{"lxc.cgroup.dir.container.inner", "..in", NULL},
		{"lxc.console.path", "none", NULL},
	};
	static const struct refused bad[] = {
		{"lxc.cgroup.dir", "/a", "lxc.cgroup.dir paths may not be absolute"},
		{"lxc.cgroup.dir", "a/..", "lxc.cgroup.dir paths may not walk upwards via \"../\""},
		{"lxc.cgroup.dir.monitor", "..",
		 "lxc.cgroup.dir.monitor paths may not walk upwards via \"../\""},
		{"lxc.cgroup.dir.container.inner", "a/b",
		 "lxc.cgroup.dir.container.inner must be a single directory name"},
		{"lxc.cgroup.dir.container.inner", ".",
		 "lxc.cgroup.dir.container.inner must be a single directory name"},
		{"lxc.cgroup.dir.container.inner", "..",
		 "lxc.cgroup.dir.container.inner must be a single directory name"},
	};

	(void)state;
	ASSERT_ACCEPTS(good, "");
	ASSERT_REFUSES(bad, "lxc.cgroup.dir = old\n");
}

static void texts_have_limits(void **state)
{
	char text[PATH_MAX + 1];
	struct fixture f;

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[PATH_MAX] = '\0';
	fixture_init(&f);
	assert_set_fails(&f, "lxc.init.cwd", text, -ENAMETOOLONG, ERR_CONFIG_VALUE_TOO_LONG, "aaa");
	assert_non_null(strstr(err_cause(&f.error), "is too long (>= 4096)"));
	assert_set_fails(&f, "lxc.rootfs.path", text, -ENAMETOOLONG, ERR_CONFIG_VALUE_TOO_LONG, "");
	assert_set_fails(&f, "lxc.cgroup.dir", text, -ENAMETOOLONG, ERR_CONFIG_VALUE_TOO_LONG, "");
	text[PATH_MAX - 1] = '\0';
	assert_set(&f, "lxc.init.cwd", text);
	assert_set(&f, "lxc.cgroup.dir", text);
	text[256] = '\0';
	assert_set_fails(&f, "lxc.tty.dir", text, -ENAMETOOLONG, ERR_CONFIG_VALUE_TOO_LONG, "aaa");
	text[255] = '\0';
	assert_set(&f, "lxc.tty.dir", text);
	text[65] = '\0';
	assert_set_fails(&f, "lxc.uts.name", text, -EINVAL, ERR_CONFIG_VALUE_INVALID,
			 "Invalid value \"aaa");
	text[64] = '\0';
	assert_set(&f, "lxc.uts.name", text);
	assert_set(&f, "lxc.net.0.type", "veth");
	text[IFNAMSIZ] = '\0';
	assert_set_fails(&f, "lxc.net.0.link", text, -ENAMETOOLONG, ERR_CONFIG_VALUE_TOO_LONG,
			 "Network device name \"aaaaaaaaaaaaaaaa\" is too long (>= 16)");
	text[IFNAMSIZ - 1] = '\0';
	assert_set(&f, "lxc.net.0.link", text);
	fixture_finish(&f);
}

static void signals_and_clock_offsets(void **state)
{
	static const struct accepted good[] = {
		{"lxc.signal.halt", "0", NULL},
		{"lxc.signal.halt", "sigterm", "15"},
		{"lxc.signal.stop", "SIGRTMIN+3", "37"},
		{"lxc.time.offset.boot", "5s", NULL},
		{"lxc.time.offset.boot", "-2 h", "-7200s"},
		{"lxc.time.offset.boot", "3m", "180s"},
		{"lxc.time.offset.monotonic", "+4ms", "4000000ns"},
		{"lxc.time.offset.monotonic", "5us", "5000ns"},
		{"lxc.time.offset.monotonic", "-6ns", NULL},
	};
	static const struct refused bad[] = {
		{"lxc.signal.halt", "TERM", "Invalid value \"TERM\" for lxc.signal.halt"},
		{"lxc.signal.halt", "-1", "Invalid value \"-1\" for lxc.signal.halt"},
		{"lxc.time.offset.boot", "5", "Invalid value \"5\" for lxc.time.offset.boot"},
		{"lxc.time.offset.boot", "s", "Invalid value \"s\" for lxc.time.offset.boot"},
		{"lxc.time.offset.boot", "5d", "Invalid value \"5d\" for lxc.time.offset.boot"},
		{"lxc.time.offset.boot", "+-5s", "Invalid value \"+-5s\" for lxc.time.offset.boot"},
		{"lxc.time.offset.boot", "9223372036854775807h",
		 "Invalid value \"9223372036854775807h\" for lxc.time.offset.boot", -EOVERFLOW},
		{"lxc.time.offset.boot", "9223372036854775808s",
		 "Invalid value \"9223372036854775808s\" for lxc.time.offset.boot", -EOVERFLOW},
		{"lxc.time.offset.boot", "00000000000000000000000000000001s",
		 "Invalid value \"00000000000000000000000000000001s\" for lxc.time.offset.boot"},
	};

	(void)state;
	ASSERT_ACCEPTS(good, "");
	ASSERT_REFUSES(bad, "lxc.signal.halt = 3\n");
}

static void log_keys_act_at_once(void **state)
{
	struct fixture f;
	autostr expected = {};

	(void)state;
	fixture_init(&f);
	assert_set(&f, "lxc.log.level", "warn");
	assert_get(&f, "lxc.log.level", "WARN");
	assert_set(&f, "lxc.log.level", "0");
	assert_get(&f, "lxc.log.level", "TRACE");
	assert_set(&f, "lxc.log.syslog", "local3");
	assert_get(&f, "lxc.log.syslog", "local3");
	assert_set(&f, "lxc.log.file", "/var//log/x");
	str_addf(&expected, "log level %d\nlog level %d\nsyslog %d\nlog file /var/log/x\n",
		 LOG_LEVEL_WARN, LOG_LEVEL_TRACE, LOG_LOCAL3);
	assert_string_equal(str_text(&f.effects), str_text(&expected));

	/* An unknown level leaves none, as LXC does. */
	assert_set_fails(&f, "lxc.log.level", "9", -EINVAL, ERR_CONFIG_VALUE_INVALID,
			 "Invalid log priority 9");
	assert_get(&f, "lxc.log.level", "NOTSET");
	assert_set_fails(&f, "lxc.log.level", "loud", -EINVAL, ERR_CONFIG_VALUE_INVALID,
			 "Invalid log priority loud");
	assert_set_fails(&f, "lxc.log.syslog", "mail", -EINVAL, ERR_CONFIG_VALUE_INVALID,
			 "Invalid value \"mail\" for lxc.log.syslog");
	f.log_result = -EACCES;
	assert_set_fails(&f, "lxc.log.file", "/new", -EACCES, ERR_FILE_OPEN,
			 "Failed to open log file \"/new\"");
	assert_get(&f, "lxc.log.file", "/var/log/x");
	fixture_finish(&f);
}

static void without_effects_nothing_is_touched(void **state)
{
	struct config c;
	autostr out = {};

	(void)state;
	assert_int_equal(config_init(&c, NULL), 0);
	assert_int_equal(config_set(&c, "lxc.log.file", "/nonexistent/x", "(API)", NULL), 0);
	assert_int_equal(config_set(&c, "lxc.log.level", "1", "(API)", NULL), 0);
	assert_int_equal(config_set(&c, "lxc.log.syslog", "daemon", "(API)", NULL), 0);
	assert_int_equal(config_get(&c, "lxc.log.file", &out), 0);
	assert_string_equal(str_text(&out), "/nonexistent/x");
	config_finish(&c);
}

static void architectures_print_their_personality(void **state)
{
	static const struct accepted good[] = {
		{"lxc.arch", "amd64", "x86_64"},
		{"lxc.arch", "armhf", "i686"},
		{"lxc.arch", "linux64", "x86_64"},
		{"lxc.arch", "riscv64", "x86_64"},
	};
	static const struct refused bad[] = {
		{"lxc.arch", "z80", "Unsupported personality \"z80\""},
		{"lxc.arch", "AMD64", "Unsupported personality \"AMD64\""},
	};

	(void)state;
	ASSERT_ACCEPTS(good, "");
	ASSERT_REFUSES(bad, "lxc.arch = i686\n");
}

static void storage_types_are_prefixes_of_paths(void **state)
{
	static const struct {
		const char *value;
		const char *path;
		enum rootfs_type type;
	} cases[] = {
		{"/srv/r", "/srv/r", ROOTFS_DETECT},
		{"dir:/srv//r/", "/srv/r", ROOTFS_DIR},
		{"overlay:/l:/u", "/l:/u", ROOTFS_OVERLAY},
		{"overlayfs:/l:/u", "/l:/u", ROOTFS_OVERLAY},
		{"aufs:/l:/u", "/l:/u", ROOTFS_OVERLAY},
		{"loop:/i", "/i", ROOTFS_LOOP},
		{"lvm:/dev/vg/x", "/dev/vg/x", ROOTFS_LVM},
		{"btrfs:/b", "/b", ROOTFS_BTRFS},
		{"zfs:tank/c", "tank/c", ROOTFS_ZFS},
		{"rbd:/dev/rbd/x", "/dev/rbd/x", ROOTFS_RBD},
		{"nbd:/i:1", "/i:1", ROOTFS_NBD},
		{"/x:y", "/x:y", ROOTFS_DETECT},
		{"other:/x", "other:/x", ROOTFS_DETECT},
		{"DIR:/x", "DIR:/x", ROOTFS_DETECT},
	};
	static const struct refused bad[] = {
		{"lxc.rootfs.path", "dir:", "Invalid value \"\" for lxc.rootfs.path"},
		{"lxc.rootfs.backend", "floppy", "Invalid value \"floppy\" for lxc.rootfs.backend"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct fixture f;

		fixture_init(&f);
		assert_set(&f, "lxc.rootfs.path", cases[i].value);
		assert_get(&f, "lxc.rootfs.path", cases[i].path);
		assert_int_equal(f.config.values.rootfs.type, cases[i].type);
		assert_text_means_model(&f);
		fixture_finish(&f);
	}
	ASSERT_REFUSES(bad, "lxc.rootfs.path = dir:/old\n");
}

static void root_options_and_notify_proxies(void **state)
{
	static const struct accepted good[] = {
		{"lxc.rootfs.options", "ro,idmap=container", NULL},
		{"lxc.seccomp.notify.proxy", "unix:/run/s", "/run/s"},
		{"lxc.seccomp.notify.proxy", "unix:@abstract", "abstract"},
	};
	static const struct refused bad[] = {
		{"lxc.rootfs.options", "create=dir",
		 "Invalid LXC specific mount option for rootfs mount: \"create=dir\""},
		{"lxc.seccomp.notify.proxy", "/run/s",
		 "Invalid value \"/run/s\" for lxc.seccomp.notify.proxy"},
		{"lxc.seccomp.notify.proxy",
		 "unix:", "Invalid value \"unix:\" for lxc.seccomp.notify.proxy"},
		{"lxc.seccomp.notify.proxy", "unix:@",
		 "Invalid value \"unix:@\" for lxc.seccomp.notify.proxy"},
		{"lxc.seccomp.notify.proxy", "unix:relative",
		 "Invalid value \"unix:relative\" for lxc.seccomp.notify.proxy"},
	};
	char text[sizeof("unix:") + sizeof(((struct sockaddr_un *)NULL)->sun_path)] = "unix:/";
	struct fixture f;

	(void)state;
	ASSERT_ACCEPTS(good, "");
	memset(text + 6, 'a', sizeof(text) - 7);
	text[sizeof(text) - 1] = '\0';
	fixture_init(&f);
	assert_set_fails(&f, "lxc.seccomp.notify.proxy", text, -ENAMETOOLONG,
			 ERR_CONFIG_VALUE_TOO_LONG, "Invalid value \"unix:/aaa");
	fixture_finish(&f);
	ASSERT_REFUSES(bad, "");
}

static void environments_and_limits(void **state)
{
	static const struct accepted good[] = {
		{"lxc.environment", "A=b=c", "A=b=c\n"},
		{"lxc.environment", "A=", "A=\n"},
		{"lxc.environment.hooks", "TARE_TEST_SET", "TARE_TEST_SET=yes\n"},
		{"lxc.prlimit.nofile", "10", NULL},
		{"lxc.prlimit.nofile", " 10 : 20 ", "10:20"},
		{"lxc.prlimit.nofile", "unlimited", NULL},
		{"lxc.prlimit.nofile", "10:unlimited", NULL},
		{"lxc.prlimit.unheard_of", "1", NULL},
		{"lxc.init.groups", "0x10,5", "16,5"},
		{"lxc.init.groups", ",,7,", "7"},
		{"lxc.idmap", "u  0\t100000 65536", "u 0 100000 65536"},
	};
	static const struct refused bad[] = {
		{"lxc.environment", "=x", "Invalid value \"=x\" for lxc.environment"},
		{"lxc.environment", "TARE_TEST_UNSET",
		 "lxc.environment names the variable \"TARE_TEST_UNSET\", which is not in the "
		 "environment",
		 -ENOENT},
		{"lxc.prlimit", "1",
		 "lxc.prlimit needs a name behind it to take a value: "
		 "lxc.prlimit.NAME = 1"},
		{"lxc.cgroup2", "1",
		 "lxc.cgroup2 needs a name behind it to take a value: "
		 "lxc.cgroup2.NAME = 1"},
		{"lxc.sysctl", "1",
		 "lxc.sysctl needs a name behind it to take a value: "
		 "lxc.sysctl.NAME = 1"},
		{"lxc.proc", "1",
		 "lxc.proc needs a name behind it to take a value: "
		 "lxc.proc.NAME = 1"},
		{"lxc.hook", "x", "lxc.hook must not have a value"},
		{"lxc.prlimit.core", "-1", "Invalid value \"-1\" for lxc.prlimit.core"},
		{"lxc.prlimit.core", "1:", "Invalid value \"1:\" for lxc.prlimit.core"},
		{"lxc.prlimit.core", "1:2:3", "Invalid value \"1:2:3\" for lxc.prlimit.core"},
		{"lxc.prlimit.core", "unlimitedly",
		 "Invalid value \"unlimitedly\" for lxc.prlimit.core"},
		{"lxc.prlimit.core", "18446744073709551616",
		 "Invalid value \"18446744073709551616\" for lxc.prlimit.core", -ERANGE},
		{"lxc.init.groups", ",", "No valid groups specified ,"},
		{"lxc.init.groups", "5,x", "Failed to parse group x"},
		{"lxc.init.groups", "00000000000000000000001",
		 "Failed to parse group 00000000000000000000001"},
		{"lxc.idmap", "x 0 1 2", "Invalid id mapping type: x"},
	};

	(void)state;
	assert_int_equal(setenv("TARE_TEST_SET", "yes", 1), 0);
	assert_int_equal(unsetenv("TARE_TEST_UNSET"), 0);
	ASSERT_ACCEPTS(good, "");
	ASSERT_REFUSES(bad, "lxc.prlimit.core = 9\n");
}

static void namespaces_and_their_conflict(void **state)
{
	static const struct accepted good[] = {
		{"lxc.namespace.clone", "NET  user\ttime", "user\nnet\ntime\n"},
		{"lxc.namespace.keep", "cgroup", "cgroup\n"},
		{"lxc.namespace.share.net", "1234", NULL},
		{"lxc.namespace.share.cgroup", "/proc/1/ns/cgroup", NULL},
	};
	static const struct refused bad[] = {
		{"lxc.namespace.clone", "net foo", "Invalid namespace name \"foo\""},
		{"lxc.namespace.keep", "foo", "Invalid namespace name \"foo\""},
		{"lxc.namespace.share.foo", "1", "Invalid namespace name \"foo\""},
	};
	struct fixture f;

	(void)state;
	ASSERT_ACCEPTS(good, "");
	ASSERT_REFUSES(bad, "");
	fixture_init(&f);
	assert_set(&f, "lxc.namespace.clone", "net");
	assert_set_fails(&f, "lxc.namespace.keep", "uts", -EINVAL, ERR_CONFIG_CONFLICT,
			 "Cannot set both \"lxc.namespace.clone\" and \"lxc.namespace.keep\"");
	assert_set(&f, "lxc.namespace.clone", "");
	assert_set(&f, "lxc.namespace.keep", "uts");
	assert_set_fails(&f, "lxc.namespace.clone", "net", -EINVAL, ERR_CONFIG_CONFLICT,
			 "Cannot set both");
	fixture_finish(&f);
}

static void capabilities_are_dropped_or_kept(void **state)
{
	static const struct accepted good[] = {
		{"lxc.cap.drop", "sys_admin 12 \tchown", "sys_admin\n12\nchown\n"},
		{"lxc.cap.keep", "none", "none\n"},
		{"lxc.cap.keep", "chown none kill", "kill\n"},
	};
	static const struct refused bad[] = {
		{"lxc.cap.drop", "CHOWN", "Invalid capability specified: CHOWN"},
		{"lxc.cap.drop", "cap_chown", "Invalid capability specified: cap_chown"},
		{"lxc.cap.drop", "64", "Invalid capability specified: 64"},
		{"lxc.cap.drop", "none", "The \"none\" keyword is only valid when keeping caps"},
	};
	static const char *const keeps[] = {"chown", "none"};
	struct fixture f;

	(void)state;
	ASSERT_ACCEPTS(good, "");
	ASSERT_REFUSES(bad, "");
	for (size_t i = 0; i < ARRAY_LENGTH(keeps); i++) {
		fixture_init(&f);
		assert_set(&f, "lxc.cap.keep", keeps[i]);
		assert_set_fails(&f, "lxc.cap.drop", "kill", -EINVAL, ERR_CONFIG_CONFLICT,
				 "Keeping and dropping capabilities are mutually exclusive");
		assert_set(&f, "lxc.cap.drop", "");
		assert_set(&f, "lxc.cap.drop", "kill");
		assert_get(&f, "lxc.cap.keep", "");
		assert_text_means_model(&f);
		fixture_finish(&f);
	}
	fixture_init(&f);
	assert_int_equal(fixture_load(&f, "lxc.cap.drop = chown bad kill\n"), -EINVAL);
	assert_get(&f, "lxc.cap.drop", "chown\n");
	fixture_finish(&f);
}

static void automounts_accumulate_and_the_last_word_of_a_group_wins(void **state)
{
	static const struct accepted good[] = {
		{"lxc.mount.auto", "proc sys cgroup", "proc:mixed sys:mixed cgroup"},
		{"lxc.mount.auto", "sys:rw proc:rw proc:mixed", "proc:mixed sys:rw"},
		{"lxc.mount.auto", "cgroup:rw:force", NULL},
		{"lxc.mount.auto", "cgroup-full:mixed", NULL},
		{"lxc.mount.auto", "cgroup2:ro:force", NULL},
		{"lxc.mount.auto", "cgroup2", NULL},
		{"lxc.mount.auto", "shmounts:/srv/s", "shmounts:/srv/s:/dev/.lxc-mounts"},
		{"lxc.mount.auto", "proc shmounts:/srv/s:/dev/.incus-mounts",
		 "proc:mixed shmounts:/srv/s:/dev/.incus-mounts"},
	};
	static const struct refused bad[] = {
		{"lxc.mount.auto", "proc dev", "Invalid filesystem to automount \"dev\""},
		{"lxc.mount.auto", "proc:ro", "Invalid filesystem to automount \"proc:ro\""},
		{"lxc.mount.auto", "shmounts", "Invalid filesystem to automount \"shmounts\""},
		{"lxc.mount.auto", "shmounts:", "Invalid value \"shmounts:\" for lxc.mount.auto"},
		{"lxc.mount.auto",
		 "shmounts:/a:", "Invalid value \"shmounts:/a:\" for lxc.mount.auto"},
	};
	struct fixture f;
	autostr text = {};

	(void)state;
	ASSERT_ACCEPTS(good, "");
	ASSERT_REFUSES(bad, "");
	fixture_init(&f);
	assert_loads(&f, "lxc.mount.auto = proc:rw cgroup:ro:force\nlxc.mount.auto = cgroup sys\n");
	assert_get(&f, "lxc.mount.auto", "proc:rw sys:mixed cgroup");
	assert_set(&f, "lxc.mount.auto", "");
	assert_get(&f, "lxc.mount.auto", "");

	/* A path is used whole or refused, never cut. */
	str_add(&text, "shmounts:/");
	while (text.len < 4090)
		str_add_char(&text, 'a');
	str_add(&text, ":/container/path");
	assert_set(&f, "lxc.mount.auto", str_text(&text));
	assert_get(&f, "lxc.mount.auto", str_text(&text));
	str_reset(&text);
	str_add(&text, "shmounts:/");
	while (text.len < 9000)
		str_add_char(&text, 'a');
	assert_int_equal(config_set(&f.config, "lxc.mount.auto", str_text(&text), "(API)", NULL),
			 -EINVAL);
	fixture_finish(&f);
}

static void interfaces_have_words_of_their_type(void **state)
{
	static const struct accepted veth[] = {
		{"lxc.net.0.flags", "down", "up"},
		{"lxc.net.0.l2proxy", "1", NULL},
		{"lxc.net.0.mtu", "large", NULL},
		{"lxc.net.0.veth.mode", "router", NULL},
		{"lxc.net.0.veth.pair", "veth0", NULL},
		{"lxc.net.0.veth.n_rxqueues", "4", NULL},
		{"lxc.net.0.veth.n_txqueues", "2147483647", NULL},
		{"lxc.net.0.veth.vlan.id", "none", "-1"},
		{"lxc.net.0.veth.vlan.id", "0", NULL},
		{"lxc.net.0.veth.vlan.id", "4094", NULL},
		{"lxc.net.0.veth.vlan.tagged.id", "4094", NULL},
		{"lxc.net.0.hwaddr", "00:16:3e:xx:xx:xx", "00:16:3e:bb:bb:bb"},
		{"lxc.net.1.type", "macvlan", NULL},
		{"lxc.net.1.type", "none", NULL},
		{"lxc.net.0.script.up", "/up a", NULL},
	};
	static const struct refused bad[] = {
		{"lxc.net.0.l2proxy", "2", "Invalid value \"2\" for lxc.net.0.l2proxy"},
		{"lxc.net.0.veth.mode", "bridged",
		 "Invalid value \"bridged\" for "
		 "lxc.net.0.veth.mode"},
		{"lxc.net.0.veth.n_rxqueues", "0",
		 "Invalid value \"0\" for "
		 "lxc.net.0.veth.n_rxqueues"},
		{"lxc.net.0.veth.n_rxqueues", "2147483648",
		 "Invalid value \"2147483648\" for "
		 "lxc.net.0.veth.n_rxqueues"},
		{"lxc.net.0.veth.n_txqueues", "4294967296",
		 "Invalid value \"4294967296\" for lxc.net.0.veth.n_txqueues", -ERANGE},
		{"lxc.net.0.veth.vlan.id", "4095",
		 "Invalid value \"4095\" for "
		 "lxc.net.0.veth.vlan.id"},
		{"lxc.net.0.veth.vlan.tagged.id", "none",
		 "Invalid value \"none\" for "
		 "lxc.net.0.veth.vlan.tagged.id"},
		{"lxc.net.0.macvlan.mode", "vepa",
		 "lxc.net.0.macvlan.mode can only be used with macvlan network"},
		{"lxc.net.0.vlan.id", "1", "lxc.net.0.vlan.id can only be used with vlan network"},
		{"lxc.net.0.type", "bridge", "Invalid network type bridge"},
	};
	static const struct accepted ipvlan[] = {
		{"lxc.net.0.ipvlan.mode", "l3s", NULL},
		{"lxc.net.0.ipvlan.isolation", "vepa", NULL},
	};
	static const struct refused ipvlan_bad[] = {
		{"lxc.net.0.ipvlan.mode", "l4",
		 "Invalid ipvlan mode \"l4\", can only be used with ipvlan network"},
		{"lxc.net.0.ipvlan.isolation", "x",
		 "Invalid ipvlan isolation \"x\", can only be used with ipvlan network"},
	};
	static const struct accepted vlan[] = {{"lxc.net.0.vlan.id", "65535", NULL}};
	static const struct refused vlan_bad[] = {
		{"lxc.net.0.vlan.id", "65536", "Invalid value \"65536\" for lxc.net.0.vlan.id"},
	};

	(void)state;
	ASSERT_ACCEPTS(veth, "lxc.net.0.type = veth\n");
	ASSERT_REFUSES(bad, "lxc.net.0.type = veth\n");
	ASSERT_ACCEPTS(ipvlan, "lxc.net.0.type = ipvlan\n");
	ASSERT_REFUSES(ipvlan_bad, "lxc.net.0.type = ipvlan\n");
	ASSERT_ACCEPTS(vlan, "lxc.net.0.type = vlan\n");
	ASSERT_REFUSES(vlan_bad, "lxc.net.0.type = vlan\n");
}

static void setting_the_type_resets_the_interface(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_loads(&f, "lxc.net.0.type = veth\nlxc.net.0.link = br0\nlxc.net.0.flags = up\n"
			 "lxc.net.0.ipv4.address = 10.0.0.1\nlxc.net.0.veth.vlan.id = 5\n"
			 "lxc.net.1.link = br1\nlxc.net.0.type = veth\n");
	assert_get(&f, "lxc.net.0.link", "");
	assert_get(&f, "lxc.net.0.flags", "");
	assert_get(&f, "lxc.net.0.ipv4.address", "");
	assert_get(&f, "lxc.net.0.veth.vlan.id", "");
	assert_get(&f, "lxc.net.1.link", "br1");
	assert_get(&f, "lxc.net.1.type", "empty");
	fixture_finish(&f);
}

static void addresses_gateways_and_routes(void **state)
{
	static const struct accepted good[] = {
		{"lxc.net.0.ipv4.address", "10.0.0.1", "10.0.0.1/8"},
		{"lxc.net.0.ipv4.address", "172.16.0.1", "172.16.0.1/16"},
		{"lxc.net.0.ipv4.address", "192.168.0.1", "192.168.0.1/24"},
		{"lxc.net.0.ipv4.address", "240.0.0.1", "240.0.0.1/0"},
		{"lxc.net.0.ipv4.address", "10.0.0.1/30 \t10.0.0.9", "10.0.0.1/30"},
		{"lxc.net.0.ipv4.address", "10.0.0.1/0", "10.0.0.1/0"},
		{"lxc.net.0.ipv6.address", "FD00::0:1/128", "fd00::1/128"},
		{"lxc.net.0.ipv4.gateway", "10.0.0.254", NULL},
		{"lxc.net.0.ipv4.gateway", "auto", NULL},
		{"lxc.net.0.ipv6.gateway", "dev", NULL},
		{"lxc.net.0.ipv6.gateway", "fe80::1", NULL},
		{"lxc.net.0.veth.ipv4.route", "10.0.0.0/8", NULL},
		{"lxc.net.0.veth.ipv6.route", "fd00::/8", NULL},
	};
	static const struct refused bad[] = {
		{"lxc.net.0.ipv4.address", "10.0.0", "Invalid ipv4 address \"10.0.0\""},
		{"lxc.net.0.ipv4.address", "10.0.0.1/33",
		 "Invalid value \"10.0.0.1/33\" for lxc.net.0.ipv4.address"},
		{"lxc.net.0.ipv4.address", "10.0.0.1/",
		 "Invalid value \"10.0.0.1/\" for lxc.net.0.ipv4.address"},
		{"lxc.net.0.ipv4.address", "10.0.0.1 10.0.0.255/24",
		 "Invalid ipv4 broadcast address \"10.0.0.1 10.0.0.255/24\""},
		{"lxc.net.0.ipv6.address", "fd00:::1", "Invalid ipv6 address \"fd00:::1\""},
		{"lxc.net.0.ipv6.address", "fd00::1 x", "Invalid ipv6 address \"fd00::1 x\""},
		{"lxc.net.0.ipv6.address", "fd00::1/129",
		 "Invalid value \"fd00::1/129\" for lxc.net.0.ipv6.address"},
		{"lxc.net.0.ipv4.gateway", "Auto", "Invalid ipv4 gateway address \"Auto\""},
		{"lxc.net.0.ipv6.gateway", "10.0.0.1", "Invalid ipv6 gateway address \"10.0.0.1\""},
		{"lxc.net.0.veth.ipv4.route", "10.0.0.0",
		 "Invalid ipv4 route \"10.0.0.0\", can only be used with veth network"},
		{"lxc.net.0.veth.ipv4.route", "10.0.0.0/8 x",
		 "Invalid ipv4 route \"10.0.0.0/8 x\", can only be used with veth network"},
		{"lxc.net.0.veth.ipv6.route", "fd00::/129",
		 "Invalid ipv6 route \"fd00::/129\", can only be used with veth network"},
	};
	char text[200];
	struct fixture f;

	(void)state;
	ASSERT_ACCEPTS(good, "lxc.net.0.type = veth\n");
	ASSERT_REFUSES(bad, "lxc.net.0.type = veth\n");
	memset(text, '1', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	fixture_init(&f);
	assert_int_equal(config_set(&f.config, "lxc.net.0.ipv4.address", text, "x", NULL), -EINVAL);
	assert_int_equal(config_set(&f.config, "lxc.net.0.ipv6.address", text, "x", NULL), -EINVAL);
	fixture_finish(&f);
}

static void broadcast_addresses_are_computed(void **state)
{
	static const struct {
		const char *text;
		uint32_t broadcast;
	} cases[] = {
		{"10.1.2.3", 0x0affffff},
		{"10.1.2.3/24", 0x0a0102ff},
		{"10.1.2.3/30", 0x0a010203},
		{"10.1.2.3/31", 0},
		{"10.1.2.3/32", 0},
		{"10.1.2.3/0", 0xffffffff},
		{"10.1.2.3/24 10.9.9.9", 0x0a090909},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct fixture f;

		fixture_init(&f);
		assert_set(&f, "lxc.net.0.ipv4.address", cases[i].text);
		assert_int_equal(
			ntohl(f.config.values.nets.items[0].ipv4.items[0].broadcast.s_addr),
			cases[i].broadcast);
		fixture_finish(&f);
	}
}

/* Clearing one name of many must not cost the square of their number. */
static void clearing_a_member_keeps_the_order_of_the_others(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_loads(&f, "lxc.proc.a = 1\nlxc.proc.b = 2\nlxc.proc.a = 3\nlxc.proc.c = 4\n"
			 "lxc.proc.b = 5\n");
	assert_set(&f, "lxc.proc.a", "");
	assert_get(&f, "lxc.proc", "lxc.proc.b = 2\nlxc.proc.c = 4\nlxc.proc.b = 5\n");
	assert_set(&f, "lxc.proc", "");
	assert_get(&f, "lxc.proc", "");
	fixture_finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_read_as_c_reads_them),
		cmocka_unit_test(a_size_of_dev_that_is_no_number_is_the_default),
		cmocka_unit_test(console_sizes_are_rounded),
		cmocka_unit_test(paths_are_simplified),
		cmocka_unit_test(texts_have_limits),
		cmocka_unit_test(signals_and_clock_offsets),
		cmocka_unit_test(log_keys_act_at_once),
		cmocka_unit_test(without_effects_nothing_is_touched),
		cmocka_unit_test(architectures_print_their_personality),
		cmocka_unit_test(storage_types_are_prefixes_of_paths),
		cmocka_unit_test(root_options_and_notify_proxies),
		cmocka_unit_test(environments_and_limits),
		cmocka_unit_test(namespaces_and_their_conflict),
		cmocka_unit_test(capabilities_are_dropped_or_kept),
		cmocka_unit_test(automounts_accumulate_and_the_last_word_of_a_group_wins),
		cmocka_unit_test(interfaces_have_words_of_their_type),
		cmocka_unit_test(setting_the_type_resets_the_interface),
		cmocka_unit_test(addresses_gateways_and_routes),
		cmocka_unit_test(broadcast_addresses_are_computed),
		cmocka_unit_test(clearing_a_member_keeps_the_order_of_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
