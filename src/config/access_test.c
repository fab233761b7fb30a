/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asking for keys: lengths and buffers as LXC's API has them, key lists, old names, defaults, the
 * dump, origins.
 */

#include "config/access.h"

#include <time.h>

#include "config/config_fixture.h"
#include "config/freeze.h"
#include "tare_paths.h"

static void a_new_configuration_holds_the_defaults(void **state)
{
	static const char *const defaults[][2] = {
		{"lxc.autodev", "1"},
		{"lxc.autodev.tmpfs.size", "500000"},
		{"lxc.rootfs.managed", "1"},
		{"lxc.rootfs.mount", PATH_ROOTFS_MOUNT},
		{"lxc.monitor.signal.pdeath", "9"},
		{"lxc.log.level", "NOTSET"},
		{"lxc.arch", ""},
		{"lxc.uts.name", ""},
		{"lxc.log.syslog", ""},
		{"lxc.tty.max", "0"},
		{"lxc.time.offset.boot", "0ns"},
		{"lxc.net", ""},
		{"lxc.cap.drop", ""},
		/* LXC answers "(null)" to these. */
		{"lxc.cgroup.dir", ""},
		{"lxc.cgroup.dir.monitor", ""},
		{"lxc.cgroup.dir.monitor.pivot", ""},
		{"lxc.cgroup.dir.container", ""},
		{"lxc.cgroup.dir.container.inner", ""},
		{"lxc.namespace.share.net", ""},
	};
	struct config c;
	struct fixture f;
	autostr dump = {};

	(void)state;
	assert_int_equal(config_init(&c, NULL), 0);
	config_finish(&c);
	fixture_init(&f);
	for (size_t i = 0; i < ARRAY_LENGTH(defaults); i++) {
		char buf[256] = "untouched";

		assert_get(&f, defaults[i][0], defaults[i][1]);
		assert_int_equal(config_get_buffer(&f.config, defaults[i][0], buf, sizeof(buf)),
				 strlen(defaults[i][1]));
		assert_string_equal(buf, defaults[i][1]);
	}
	config_dump(&f.config, &dump);
	assert_int_equal(dump.len, 0);
	assert_string_equal(str_text(&f.effects), "");
	fixture_finish(&f);
}

/* GO-02: length with NULL, then the same length with a buffer of length + 1. */
static void go_02_the_length_is_the_same_with_and_without_buffer(void **state)
{
	static const char *const keys[] = {
		"lxc.uts.name", "lxc.mount.entry",     "lxc.net.0.ipv4.address",
		"lxc.net",      "lxc.cgroup2",         "lxc.tty.max",
		"lxc.idmap",    "lxc.init.groups",     "lxc.mount.auto",
		"lxc.cap.drop", "lxc.selinux.context",
	};
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_loads(&f, "lxc.uts.name = web\nlxc.mount.entry = a b\nlxc.mount.entry = c d\n"
			 "lxc.net.0.type = veth\nlxc.net.0.ipv4.address = 10.0.0.1/8\n"
			 "lxc.net.0.ipv4.address = 10.0.0.2/8\nlxc.cgroup2.a = 1\n"
			 "lxc.tty.max = 12\nlxc.idmap = u 0 1 2\nlxc.idmap = g 0 1 2\n"
			 "lxc.init.groups = 1,2\nlxc.mount.auto = proc sys\n"
			 "lxc.cap.drop = chown kill\n");
	for (size_t i = 0; i < ARRAY_LENGTH(keys); i++) {
		int len = config_get_buffer(&f.config, keys[i], NULL, 0);
		autofree char *buf = malloc((size_t)len + 1);
		char one = 'x';

		assert_true(len >= 0);
		assert_int_equal(config_get_buffer(&f.config, keys[i], NULL, 77), len);
		assert_int_equal(config_get_buffer(&f.config, keys[i], &one, 0), len);
		assert_int_equal(one, 'x');
		assert_int_equal(config_get_buffer(&f.config, keys[i], buf, (size_t)len + 1), len);
		assert_int_equal(strlen(buf), len);
		assert_get(&f, keys[i], buf);
		assert_int_equal(config_get_buffer(&f.config, keys[i], &one, 1), len);
		assert_int_equal(one, '\0');
	}
	fixture_finish(&f);
}

static void lists_are_cut_and_single_texts_only_copied_whole(void **state)
{
	static const struct {
		const char *key;
		int len;
		const char *in_six; /* what a buffer of 6 bytes gets */
	} cases[] = {
		{"lxc.uts.name", 6, ""},
		{"lxc.tty.dir", 5, "devic"},
		{"lxc.mount.entry", 9, "/a b\n"},
		{"lxc.net", 10, "veth\n"},
		{"lxc.namespace.clone", 9, "user\n"},
		{"lxc.init.groups", 7, "100,2"},
		{"lxc.cgroup2.memory.max", 8, "12345"},
		{"lxc.sysctl", 28, "lxc.s"},
		{"lxc.console.path", 8, ""},
		{"lxc.net.0.link", 7, ""},
		{"lxc.net.0.ipv4.address", 10, "10.0."},
		{"lxc.cap.drop", 13, "chown"},
		{"lxc.environment", 8, "A=123"},
	};
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_loads(&f, "lxc.uts.name = abcdef\nlxc.tty.dir = devic\n"
			 "lxc.mount.entry = /a b\nlxc.mount.entry = c d\n"
			 "lxc.net.0.type = veth\nlxc.net.1.type = phys\n"
			 "lxc.namespace.clone = user net\n"
			 "lxc.init.groups = 100,200\nlxc.cgroup2.memory.max = 1234567\n"
			 "lxc.sysctl.net.ipv4.x_y = 1\nlxc.console.path = /dev/tty\n"
			 "lxc.net.0.link = bridge0\nlxc.net.0.ipv4.address = 10.0.0.1/8\n"
			 "lxc.cap.drop = chown setgid\nlxc.environment = A=12345\n");
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		char buf[8] = "zzzzzzz";

		assert_int_equal(config_get_buffer(&f.config, cases[i].key, buf, 6), cases[i].len);
		assert_string_equal(buf, cases[i].in_six);
		assert_int_equal(buf[6], 'z');
	}
	fixture_finish(&f);
}

static void questions_that_have_no_answer(void **state)
{
	static const struct {
		const char *key;
		int expected;
	} cases[] = {
		{"lxc.tty.most", -EINVAL},
		{"", -EINVAL},
		{"lxc", -EINVAL},
		{"lxc.", -EINVAL},
		{"lxc.net.", -EINVAL},
		{"lxc.net.abc.type", -EINVAL},
		{"lxc.net.3", -EINVAL},
		{"lxc.net.3.type", -EINVAL},
		{"lxc.net.0", -ENOENT},
		{"lxc.net.0.", -EINVAL},
		{"lxc.net.0.none", -EINVAL},
		{"lxc.net.0x", -EINVAL},
		{"lxc.net.0.vlan.id", -EINVAL},
		{"lxc.net.2147483647.type", -EINVAL},
		{"lxc.net.99999999999999999999.type", -EINVAL},
		{"lxc.include", -ENOSYS},
		{"lxc.cgroup2.", -EINVAL},
		{"lxc.cgroup.relatve", -EINVAL},
		{"lxc.cgroup.dir.other", -EINVAL},
		{"lxc.prlimitnofile", -EINVAL},
		{"lxc.prlimit.", -EINVAL},
		{"lxc.namespace.share.", -EINVAL},
		{"lxc.namespace.share.NET", -EINVAL},
		{"lxc.namespace.share.user2", -EINVAL},
		{"lxc.hook.none", -EINVAL},
		{"LXC.tty.max", -EINVAL},
		{"lxc.tty.max ", -EINVAL},
	};
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_loads(&f, "lxc.net.0.type = veth\n");
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		char buf[16] = "untouched";

		assert_get_fails(&f, cases[i].key, cases[i].expected);
		assert_int_equal(config_get_buffer(&f.config, cases[i].key, buf, sizeof(buf)),
				 cases[i].expected);
		assert_string_equal(buf, "untouched");
	}
	fixture_finish(&f);
}

/* The convention of config.md §4, on which bindings split. */
static void newlines_end_some_lists_and_join_others(void **state)
{
	static const char *const answers[][2] = {
		{"lxc.apparmor.raw", "r1\nr2\n"},
		{"lxc.cap.drop", "chown\nkill\n"},
		{"lxc.cgroup2", "lxc.cgroup2.a.b = 1\nlxc.cgroup2.a.b = 2\nlxc.cgroup2.c = 3\n"},
		{"lxc.cgroup2.a.b", "1\n2\n"},
		{"lxc.cgroup2.none", ""},
		{"lxc.environment", "A=1\nB=\n"},
		{"lxc.environment.runtime", "R=1\n"},
		{"lxc.group", "g1\ng2\n"},
		{"lxc.hook.start", "h1\nh2\n"},
		{"lxc.mount.entry", "m1\nm2\n"},
		{"lxc.namespace.keep", "net\ncgroup\n"},
		{"lxc.net", "veth\nempty\n"},
		{"lxc.prlimit", "lxc.prlimit.core = 1\nlxc.prlimit.cpu = 2:3\n"},
		{"lxc.prlimit.cpu", "2:3"},
		{"lxc.sysctl", "lxc.sysctl.a = 1\nlxc.sysctl.b = 2\n"},
		{"lxc.sysctl.a", "1"},
		{"lxc.proc", "lxc.proc.p = 1\nlxc.proc.p = 2\n"},
		{"lxc.proc.p", "1\n2"},
		{"lxc.idmap", "u 0 1 2\ng 0 1 2"},
		{"lxc.net.0.ipv4.address", "10.0.0.1/8\n10.0.0.2/24"},
		{"lxc.net.0.ipv6.address", "fd00::1/64\nfd00::2/10"},
		{"lxc.net.0.veth.ipv4.route", "10.1.0.0/16\n10.2.0.0/16"},
		{"lxc.net.0.veth.ipv6.route", "fd01::/16\nfd02::/16"},
		{"lxc.net.0.veth.vlan.tagged.id", "1\n2"},
		{"lxc.init.groups", "5,6"},
		{"lxc.mount.auto", "proc:rw sys:ro"},
		{"lxc.hook", ""},
	};
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_loads(&f,
		     "lxc.apparmor.raw = r1\nlxc.apparmor.raw = r2\nlxc.cap.drop = chown kill\n"
		     "lxc.cgroup2.a.b = 1\nlxc.cgroup2.a.b = 2\nlxc.cgroup2.c = 3\n"
		     "lxc.environment = A=1\nlxc.environment = B=\n"
		     "lxc.environment.runtime = R=1\n"
		     "lxc.group = g1 g2\nlxc.hook.start = h1\nlxc.hook.start = h2\n"
		     "lxc.mount.entry = m1\nlxc.mount.entry = m2\n"
		     "lxc.namespace.keep = cgroup\nlxc.namespace.keep = NET\n"
		     "lxc.net.5.type = empty\nlxc.net.0.type = veth\n"
		     "lxc.prlimit.core = 5\nlxc.prlimit.cpu = 2 : 3\nlxc.prlimit.core = 1\n"
		     "lxc.sysctl.a = 9\nlxc.sysctl.b = 2\nlxc.sysctl.a = 1\n"
		     "lxc.proc.p = 1\nlxc.proc.p = 2\nlxc.idmap = u 0 1 2\nlxc.idmap = g 0 1 2\n"
		     "lxc.net.0.ipv4.address = 10.0.0.1\nlxc.net.0.ipv4.address = 10.0.0.2/24\n"
		     "lxc.net.0.ipv6.address = fd00::1\nlxc.net.0.ipv6.address = fd00::2/10\n"
		     "lxc.net.0.veth.ipv4.route = 10.1.0.0/16\n"
		     "lxc.net.0.veth.ipv4.route = 10.2.0.0/16\n"
		     "lxc.net.0.veth.ipv6.route = fd01::/16\n"
		     "lxc.net.0.veth.ipv6.route = fd02::/16\n"
		     "lxc.net.0.veth.vlan.tagged.id = 1\nlxc.net.0.veth.vlan.tagged.id = 2\n"
		     "lxc.init.groups = 5,6\nlxc.mount.auto = sys:ro proc:rw\n");
	for (size_t i = 0; i < ARRAY_LENGTH(answers); i++)
		assert_get(&f, answers[i][0], answers[i][1]);
	fixture_finish(&f);
}

static void assert_keys(const struct fixture *f, const char *prefix, const char *expected)
{
	autostr out = {};

	assert_int_equal(config_list_keys(&f->config, prefix, &out), 0);
	assert_string_equal(str_text(&out), expected);
}

static void all_keys_are_1480_bytes_in_lxcs_order(void **state)
{
	struct fixture f;
	autostr out = {};
	autostr again = {};

	(void)state;
	fixture_init(&f);
	assert_int_equal(config_list_keys(&f.config, NULL, &out), 0);
	assert_int_equal(out.len, 1480);
	assert_memory_equal(out.data, "lxc.arch\nlxc.apparmor.profile\n", 30);
	assert_string_equal(out.data + out.len - 33, "lxc.uts.name\nlxc.sysctl\nlxc.proc\n");
	assert_null(strstr(out.data, "lxc.net.\n"));
	assert_null(strstr(out.data, "lxc.namespace.share"));
	assert_null(strstr(out.data, "lxc.cgroup\n"));
	assert_null(strstr(out.data, "lxc.rootfs.backend"));
	assert_int_equal(config_keys_print(NULL, &again), 0);
	assert_string_equal(again.data, out.data);
	fixture_finish(&f);
}

static void prefixes_have_fixed_lists(void **state)
{
	struct fixture f;
	autostr out = {};

	(void)state;
	fixture_init(&f);
	assert_keys(&f, "lxc.apparmor", "allow_incomplete\nallow_nesting\nprofile\nraw\n");
	assert_keys(&f, "lxc.cgroup", "dir\n");
	assert_keys(&f, "lxc.selinux", "context\ncontext.keyring\n");
	assert_keys(&f, "lxc.mount", "auto\nentry\nfstab\n");
	assert_keys(&f, "lxc.rootfs", "mount\noptions\npath\n");
	assert_keys(&f, "lxc.uts", "name\n");
	assert_keys(&f, "lxc.hook",
		    "autodev\nautodevtmpfssize\nclone\ndestroy\nmount\npost-stop\npre-mount\n"
		    "pre-start\nstart-host\nstart\nstop\n");
	assert_keys(&f, "lxc.cap", "drop\nkeep\n");
	assert_keys(&f, "lxc.console", "logfile\npath\n");
	assert_keys(&f, "lxc.environment", "runtime\nhooks\n");
	assert_keys(&f, "lxc.seccomp", "profile\n");
	assert_keys(&f, "lxc.signal", "halt\nreboot\nstop\n");
	assert_keys(&f, "lxc.start", "auto\ndelay\norder\n");
	assert_keys(&f, "lxc.monitor", "unshare\n");
	assert_keys(&f, "lxc.keyring", "session\n");
	assert_int_equal(config_list_keys(&f.config, "lxc.tty", &out), -EINVAL);
	assert_int_equal(config_list_keys(&f.config, "lxc", &out), -EINVAL);
	assert_int_equal(config_list_keys(&f.config, "lxc.net.0", &out), -EINVAL);
	assert_int_equal(config_list_keys(&f.config, "lxc.net.x", &out), -EINVAL);
	assert_int_equal(out.len, 0);
	fixture_finish(&f);
}

/* GO-15, PY-03: ConfigKeys("lxc.net.0") contains mtu and name. */
static void go_15_keys_of_an_interface_depend_on_its_type(void **state)
{
	static const char common[] =
		"type\nscript.up\nscript.down\nflags\nlink\nname\nhwaddr\nmtu\nipv6.address\n"
		"ipv6.gateway\nipv4.address\nipv4.gateway\n";
	static const char *const more[][2] = {
		{"veth", "veth.pair\nveth.ipv4.route\nveth.ipv6.route\nveth.vlan.id\n"},
		{"macvlan", "macvlan.mode\n"},
		{"ipvlan", "ipvlan.mode\nipvlan.isolation\n"},
		{"vlan", "vlan.id\n"},
		{"phys", ""},
		{"none", ""},
	};
	struct fixture f;
	autostr out = {};

	(void)state;
	fixture_init(&f);
	for (size_t i = 0; i < ARRAY_LENGTH(more); i++) {
		autostr expected = {};

		assert_set(&f, "lxc.net.0.type", more[i][0]);
		str_addf(&expected, "%s%s", common, more[i][1]);
		assert_keys(&f, "lxc.net.0", str_text(&expected));
	}
	assert_set(&f, "lxc.net.0.type", "empty");
	assert_keys(&f, "lxc.net.0", "type\nscript.up\nscript.down\n");
	assert_int_equal(config_list_keys(&f.config, "lxc.net.0.type", &out), -EINVAL);
	fixture_finish(&f);
}

static void supported_keys_are_exactly_lxcs(void **state)
{
	static const char *const yes[] = {
		"lxc.cgroup2", "lxc.net",  "lxc.net.", "lxc.namespace.share.", "lxc.prlimit",
		"lxc.sysctl",  "lxc.proc", "lxc.hook", "lxc.uts.name",         "lxc.include",
	};
	static const char *const no[] = {
		"lxc.net.0.type",
		"lxc.cgroup",
		"lxc.prlimit.nofile",
		"lxc.cgroup2.memory.max",
		"lxc.rootfs.backend",
		"lxc.utsname",
		"lxc.namespace.share.net",
		"",
		"lxc",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(yes); i++)
		assert_true(config_key_is_supported(yes[i]));
	for (size_t i = 0; i < ARRAY_LENGTH(no); i++)
		assert_false(config_key_is_supported(no[i]));
}

static void assert_suggestion(const char *key, const char *hint)
{
	struct key_ref ref;
	struct err e = {};
	autostr shown = {};

	assert_int_equal(config_key_resolve(key, &ref, &e), -EINVAL);
	err_render_text(&e, &shown);
	if (hint)
		assert_non_null(strstr(str_text(&shown), hint));
	else
		assert_null(strstr(str_text(&shown), "hint:"));
	assert_int_equal(config_key_resolve(key, &ref, NULL), -EINVAL);
}

static void unknown_keys_get_suggestions(void **state)
{
	(void)state;
	assert_suggestion("lxc.rotfs.path", "did you mean \"lxc.rootfs.path\"?");
	assert_suggestion("lxc.net.4.adress", NULL);
	assert_suggestion("lxc.net.4.hwadr", "did you mean \"lxc.net.4.hwaddr\"?");
	assert_suggestion("lxc.something.else.altogether", NULL);
}

static void keys_resolve_to_their_forms(void **state)
{
	static const struct {
		const char *key;
		enum key_form form;
		const char *row; /* NULL: none, or not looked at */
		const char *member;
		uint32_t index;
	} cases[] = {
		{"lxc.tty.max", KEY_FORM_PLAIN, "lxc.tty.max", NULL, 0},
		{"lxc.hook", KEY_FORM_PLAIN, "lxc.hook", NULL, 0},
		{"lxc.sysctl", KEY_FORM_FAMILY, "lxc.sysctl", NULL, 0},
		{"lxc.sysctl.net.ipv4.x", KEY_FORM_MEMBER, "lxc.sysctl", "net.ipv4.x", 0},
		{"lxc.cgroup2.memory.max", KEY_FORM_MEMBER, "lxc.cgroup2", "memory.max", 0},
		{"lxc.cgroup.cpu.shares", KEY_FORM_MEMBER, "lxc.cgroup", "cpu.shares", 0},
		{"lxc.cgroup.dir.monitor", KEY_FORM_PLAIN, "lxc.cgroup.dir.monitor", NULL, 0},
		{"lxc.namespace.share.net", KEY_FORM_MEMBER, "lxc.namespace.share.", "net", 0},
		{"lxc.net", KEY_FORM_NETS, NULL, NULL, 0},
		{"lxc.net.17", KEY_FORM_NET, NULL, NULL, 17},
		{"lxc.net.2147483646.ipv4.address", KEY_FORM_NET_MEMBER, "ipv4.address", NULL,
		 2147483646},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct key_ref ref;

		assert_int_equal(config_key_resolve(cases[i].key, &ref, NULL), 0);
		assert_int_equal(ref.form, cases[i].form);
		if (cases[i].row)
			assert_string_equal(ref.key->name, cases[i].row);
		if (cases[i].member)
			assert_string_equal(ref.member, cases[i].member);
		else
			assert_null(ref.member);
		assert_int_equal(ref.net_index, cases[i].index);
	}
}

/* ANS-05: an old name asks for the value of the present one. */
static void ans_05_old_names_can_be_asked_for(void **state)
{
	struct fixture f;
	char buf[16] = "x";

	(void)state;
	fixture_init(&f);
	assert_loads(&f, "lxc.rootfs.path = dir:/r\nlxc.net.0.type = veth\n");
	assert_get(&f, "lxc.rootfs", "/r");
	assert_get(&f, "lxc.network", "veth\n");
	assert_get(&f, "lxc.network.0.type", "veth");
	assert_get(&f, "lxc.pivotdir", "");
	assert_int_equal(config_get_buffer(&f.config, "lxc.pivotdir", buf, sizeof(buf)), 0);
	assert_string_equal(buf, "");
	assert_string_equal(str_text(&f.reports), "");
	fixture_finish(&f);
}

static void interfaces_are_sorted_and_may_have_gaps(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_loads(&f, "lxc.net.9.type = veth\nlxc.net.2.type = phys\nlxc.net.5.type = vlan\n"
			 "lxc.net.0.type = none\n");
	assert_get(&f, "lxc.net", "none\nphys\nvlan\nveth\n");
	for (uint32_t i = 0; i < 12; i++) {
		const struct config_net *net = config_find_net(&f.config, i);

		assert_int_equal(net != NULL, i == 0 || i == 2 || i == 5 || i == 9);
		if (net)
			assert_int_equal(net->index, i);
	}
	assert_set(&f, "lxc.net.5", "");
	assert_set(&f, "lxc.net.7", NULL);
	assert_int_equal(config_clear(&f.config, "lxc.net.9", &f.error), 0);
	assert_get(&f, "lxc.net", "none\nphys\n");
	assert_set_fails(&f, "lxc.net", "x", -EINVAL, ERR_CONFIG_VALUE_INVALID,
			 "lxc.net must not have a value");
	assert_set_fails(&f, "lxc.net.2", "x", -EINVAL, ERR_CONFIG_VALUE_INVALID,
			 "lxc.net.2 must not have a value");
	assert_int_equal(config_clear(&f.config, "lxc.net", &f.error), 0);
	assert_get(&f, "lxc.net", "");
	fixture_finish(&f);
}

/* PY-04: a made-up type on a new index is refused without side effects. */
static void py_04_a_failed_first_key_leaves_no_interface(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_set_fails(&f, "lxc.net.0.type", "temp_type", -EINVAL, ERR_CONFIG_VALUE_INVALID,
			 "Invalid network type temp_type");
	assert_set_fails(&f, "lxc.net.0.veth.pair", "x", -EINVAL, ERR_CONFIG_KEY_UNSUITED,
			 "lxc.net.0.veth.pair can only be used with veth network");
	assert_get(&f, "lxc.net", "");
	assert_set(&f, "lxc.net.0.type", "veth");
	assert_set_fails(&f, "lxc.net.0.type", "temp_type", -EINVAL, ERR_CONFIG_VALUE_INVALID,
			 "Invalid network type temp_type");
	assert_get(&f, "lxc.net.0.type", "veth");
	fixture_finish(&f);
}

static void the_dump_tells_values_with_types_and_origins(void **state)
{
	struct fixture f;
	autostr dump = {};

	(void)state;
	fixture_init(&f);
	assert_loads(&f, "lxc.sysctl.a = 1\nlxc.sysctl.b = 2\nlxc.rootfs.path = zfs:t/c\n"
			 "lxc.net.3.type = veth\nlxc.net.3.flags = up\nlxc.cap.drop = chown\n"
			 "lxc.hook.start = x\nlxc.idmap = u 0 1 2\nlxc.idmap = g 0 1 2\n");
	assert_set(&f, "lxc.tty.max", "4");
	assert_set(&f, "lxc.sysctl.a", "");
	assert_set(&f, "lxc.hook", "");
	assert_set(&f, "lxc.cap.keep", "");
	config_dump(&f.config, &dump);
	assert_string_equal(str_text(&dump), "lxc.idmap: id map ((test):9)\n"
					     "\tu 0 1 2\n"
					     "\tg 0 1 2\n"
					     "lxc.rootfs.path: [TYPE:]PATH ((test):3)\n"
					     "\tzfs:t/c\n"
					     "lxc.tty.max: number ((API))\n"
					     "\t4\n"
					     "lxc.sysctl: text for the parameter ((test):2)\n"
					     "\tlxc.sysctl.b = 2\n"
					     "lxc.net.3.type: interface type ((test):4)\n"
					     "\tveth\n"
					     "lxc.net.3.flags: up ((test):5)\n"
					     "\tup\n");
	fixture_finish(&f);
}

static void sources_have_numbers_and_origins_have_texts(void **state)
{
	struct fixture f;
	char buf[32];

	(void)state;
	fixture_init(&f);
	assert_int_equal(config_add_source(&f.config, "/etc/a"), 1);
	assert_int_equal(config_add_source(&f.config, "(API)"), 2);
	assert_int_equal(config_add_source(&f.config, "/etc/a"), 1);
	assert_string_equal(config_origin(&f.config, (struct origin){.source = 1, .line = 7}, buf,
					  sizeof(buf)),
			    "/etc/a:7");
	assert_string_equal(
		config_origin(&f.config, (struct origin){.source = 2}, buf, sizeof(buf)), "(API)");
	assert_string_equal(config_origin(&f.config, (struct origin){.line = 7}, buf, sizeof(buf)),
			    "");
	assert_string_equal(
		config_origin(&f.config, (struct origin){.source = 3}, buf, sizeof(buf)), "");
	assert_string_equal(
		config_origin(&f.config, (struct origin){.source = 1, .line = 7}, buf, 4), "/et");
	fixture_finish(&f);
}

/* Empty and cleared differ for some: config.md §14.4. */
static void empty_and_cleared_values(void **state)
{
	static const char *const cases[][4] = {
		/* key, value, when empty, when cleared */
		{"lxc.autodev", "1", "0", "1"},
		{"lxc.monitor.signal.pdeath", "15", "0", "0"},
		{"lxc.rootfs.managed", "0", "1", "1"},
		{"lxc.rootfs.mount", "/mnt", PATH_ROOTFS_MOUNT, PATH_ROOTFS_MOUNT},
		{"lxc.autodev.tmpfs.size", "7", "500000", "500000"},
		{"lxc.log.level", "ERROR", "NOTSET", "NOTSET"},
		{"lxc.tty.max", "4", "0", "0"},
		{"lxc.net.0.ipv4.gateway", "auto", "", ""},
		{"lxc.net.0.veth.mode", "router", "bridge", "bridge"},
		{"lxc.net.0.veth.vlan.id", "7", "", ""},
	};
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_set(&f, "lxc.net.0.type", "veth");
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		assert_set(&f, cases[i][0], cases[i][1]);
		assert_get(&f, cases[i][0], cases[i][1]);
		assert_set(&f, cases[i][0], "");
		assert_get(&f, cases[i][0], cases[i][2]);
		assert_set(&f, cases[i][0], cases[i][1]);
		assert_int_equal(config_clear(&f.config, cases[i][0], &f.error), 0);
		assert_get(&f, cases[i][0], cases[i][3]);
	}
	assert_set(&f, "lxc.arch", "i686");
	assert_int_equal(config_clear(&f.config, "lxc.arch", &f.error), 0);
	assert_get(&f, "lxc.arch", "");
	assert_string_equal(str_text(&f.effects), "log level 5\nlog level 5\n");
	fixture_finish(&f);
}

static int count_item(void *context, const char *key, const char *value)
{
	*(size_t *)context += text_starts(key, "lxc.sysctl.");
	return 0;
}

/* A linear search for each took 12 s to load them, and longer to list them for a run's record. */
static void many_names_take_no_quadratic_time(void **state)
{
	enum { NAMES = 100000, SECONDS = 5 };
	autostr text = {};
	clock_t begin;
	size_t count = 0;
	struct fixture f;

	(void)state;
	for (int i = 0; i < NAMES; i++)
		str_addf(&text, "lxc.sysctl.n%d = %d\nlxc.prlimit.n%d = %d\n", i, i, i, i);
	str_add(&text, "lxc.sysctl.n7 = again\nlxc.prlimit.n99999 = 1\n");
	fixture_init(&f);
	begin = clock();
	assert_int_equal(config_load_text(&f.config, "(test)", str_text(&text), text.len, &f.error),
			 0);
	assert_int_equal(config_each_item(&f.config, count_item, &count), 0);
	assert_true(clock() - begin < SECONDS * CLOCKS_PER_SEC);
	assert_int_equal(f.config.values.sysctls.count, NAMES);
	assert_int_equal(f.config.values.prlimits.count, NAMES);
	assert_int_equal(count, NAMES);
	assert_get(&f, "lxc.sysctl.n7", "again");
	assert_get(&f, "lxc.sysctl.n31", "31");
	assert_get(&f, "lxc.sysctl.n32", "32");
	assert_get(&f, "lxc.prlimit.n99999", "1");
	assert_get(&f, "lxc.sysctl.none", "");
	fixture_finish(&f);
}

/* More names than are found without an index; files are written as often as they are named. */
static void long_families_are_as_short_ones(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 100; i++) {
			char key[32], value[16];

			snprintf(key, sizeof(key), "lxc.sysctl.n%d", i);
			snprintf(value, sizeof(value), "%d", i + round);
			assert_set(&f, key, value);
			assert_get(&f, key, value);
			snprintf(key, sizeof(key), "lxc.proc.n%d", i);
			assert_set(&f, key, value);
		}
		assert_int_equal(f.config.values.sysctls.count, 100);
		assert_int_equal(f.config.values.procs.count, 100 * (round + 1));
	}
	assert_get(&f, "lxc.proc.n50", "50\n51\n52");
	assert_set(&f, "lxc.sysctl.n50", "");
	assert_get(&f, "lxc.sysctl.n50", "");
	assert_get(&f, "lxc.sysctl.n99", "101");
	assert_set(&f, "lxc.sysctl.n50", "back");
	assert_get(&f, "lxc.sysctl.n50", "back");
	assert_get(&f, "lxc.sysctl.n51", "53");
	assert_set(&f, "lxc.sysctl.n51", "there");
	assert_int_equal(f.config.values.sysctls.count, 100);
	assert_set(&f, "lxc.sysctl", "");
	assert_get(&f, "lxc.sysctl", "");
	assert_set(&f, "lxc.sysctl.n1", "1");
	assert_get(&f, "lxc.sysctl", "lxc.sysctl.n1 = 1\n");
	fixture_finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_configuration_holds_the_defaults),
		cmocka_unit_test(go_02_the_length_is_the_same_with_and_without_buffer),
		cmocka_unit_test(lists_are_cut_and_single_texts_only_copied_whole),
		cmocka_unit_test(questions_that_have_no_answer),
		cmocka_unit_test(newlines_end_some_lists_and_join_others),
		cmocka_unit_test(all_keys_are_1480_bytes_in_lxcs_order),
		cmocka_unit_test(prefixes_have_fixed_lists),
		cmocka_unit_test(go_15_keys_of_an_interface_depend_on_its_type),
		cmocka_unit_test(supported_keys_are_exactly_lxcs),
		cmocka_unit_test(unknown_keys_get_suggestions),
		cmocka_unit_test(keys_resolve_to_their_forms),
		cmocka_unit_test(ans_05_old_names_can_be_asked_for),
		cmocka_unit_test(interfaces_are_sorted_and_may_have_gaps),
		cmocka_unit_test(py_04_a_failed_first_key_leaves_no_interface),
		cmocka_unit_test(the_dump_tells_values_with_types_and_origins),
		cmocka_unit_test(sources_have_numbers_and_origins_have_texts),
		cmocka_unit_test(empty_and_cleared_values),
		cmocka_unit_test(many_names_take_no_quadratic_time),
		cmocka_unit_test(long_families_are_as_short_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
