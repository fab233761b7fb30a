/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Old names: every row of config.md §10, the numbering of interfaces, and what a configuration
 * makes of them while it loads.
 */

#include "config/legacy.h"

#include "config/config_fixture.h"

static void assert_renamed(const char *old, const char *now)
{
	struct legacy_nets nets = {.current = -1};
	autostr out = {};

	assert_int_equal(legacy_translate(old, &nets, true, &out), LEGACY_RENAMED);
	assert_string_equal(str_text(&out), now);
}

static void every_old_name_has_its_present_one(void **state)
{
	static const char *const names[][2] = {
		{"lxc.aa_profile", "lxc.apparmor.profile"},
		{"lxc.aa_allow_incomplete", "lxc.apparmor.allow_incomplete"},
		{"lxc.console", "lxc.console.path"},
		{"lxc.devttydir", "lxc.tty.dir"},
		{"lxc.devtty.dir", "lxc.tty.dir"},
		{"lxc.haltsignal", "lxc.signal.halt"},
		{"lxc.id_map", "lxc.idmap"},
		{"lxc.init_cmd", "lxc.init.cmd"},
		{"lxc.init_uid", "lxc.init.uid"},
		{"lxc.init_gid", "lxc.init.gid"},
		{"lxc.limit", "lxc.prlimit"},
		{"lxc.limit.nofile", "lxc.prlimit.nofile"},
		{"lxc.logfile", "lxc.log.file"},
		{"lxc.loglevel", "lxc.log.level"},
		{"lxc.mount", "lxc.mount.fstab"},
		{"lxc.network", "lxc.net"},
		{"lxc.pts", "lxc.pty.max"},
		{"lxc.rebootsignal", "lxc.signal.reboot"},
		{"lxc.rootfs", "lxc.rootfs.path"},
		{"lxc.se_context", "lxc.selinux.context"},
		{"lxc.seccomp", "lxc.seccomp.profile"},
		{"lxc.stopsignal", "lxc.signal.stop"},
		{"lxc.syslog", "lxc.log.syslog"},
		{"lxc.tty", "lxc.tty.max"},
		{"lxc.utsname", "lxc.uts.name"},
		{"lxc.network.3", "lxc.net.3"},
		{"lxc.network.3.type", "lxc.net.3.type"},
		{"lxc.network.3.ipv4", "lxc.net.3.ipv4.address"},
		{"lxc.network.3.ipv6", "lxc.net.3.ipv6.address"},
		{"lxc.network.3.ipv4.gateway", "lxc.net.3.ipv4.gateway"},
		{"lxc.network.12.mtu", "lxc.net.12.mtu"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		assert_renamed(names[i][0], names[i][1]);
}

static void present_names_are_left_alone(void **state)
{
	static const char *const names[] = {
		"lxc.rootfs.path",     "lxc.rootfs.backend", "lxc.rootfs.mount",
		"lxc.mount.entry",     "lxc.console.path",   "lxc.tty.max",
		"lxc.seccomp.profile", "lxc.limits",         "lxc.network_",
		"lxc.net.0.type",      "lxc.utsnames",       "lxc.cgroup.cpu.rt",
		"lxc.init_cmd.x",      "lxc.autodev",        "",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		struct legacy_nets nets = {.current = -1};
		autostr out = {};

		assert_int_equal(legacy_translate(names[i], &nets, true, &out), LEGACY_PRESENT);
		assert_int_equal(out.len, 0);
	}
}

static void names_without_meaning_are_known(void **state)
{
	struct legacy_nets nets = {.current = -1};
	autostr out = {};

	(void)state;
	assert_int_equal(legacy_translate("lxc.pivotdir", &nets, true, &out), LEGACY_NO_EFFECT);
	assert_int_equal(legacy_translate("lxc.kmsg", &nets, true, &out), LEGACY_NO_EFFECT);
	assert_int_equal(out.len, 0);
}

static void each_type_begins_an_interface(void **state)
{
	static const struct {
		const char *key;
		bool adds;
		const char *now;
	} steps[] = {
		{"lxc.network.link", true, "lxc.net.0.link"}, /* before any type */
		{"lxc.network.type", false, "lxc.net.0.type"},
		{"lxc.network.type", true, "lxc.net.5.type"},
		{"lxc.network.ipv4", true, "lxc.net.5.ipv4.address"},
		{"lxc.network.ipv6", true, "lxc.net.5.ipv6.address"},
		{"lxc.network.script.up", true, "lxc.net.5.script.up"},
		{"lxc.network.type", false, "lxc.net.5.type"}, /* a question */
		{"lxc.network.1.type", true, "lxc.net.1.type"},
		{"lxc.network.mtu", true, "lxc.net.5.mtu"},
		{"lxc.network.type", true, "lxc.net.6.type"},
		{"lxc.network.veth.pair", true, "lxc.net.6.veth.pair"},
	};
	struct legacy_nets nets = {.current = -1, .next = 5};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(steps); i++) {
		autostr out = {};

		assert_int_equal(legacy_translate(steps[i].key, &nets, steps[i].adds, &out),
				 LEGACY_RENAMED);
		assert_string_equal(str_text(&out), steps[i].now);
	}
	assert_int_equal(nets.current, 6);
	assert_int_equal(nets.next, 7);
}

static void the_rows_are_complete_and_end(void **state)
{
	const char *now = "untouched";
	unsigned count = 0;

	(void)state;
	for (const char *old; (old = legacy_row(count, &now)); count++) {
		struct legacy_nets nets = {.current = -1};
		autostr out = {};

		assert_int_equal(legacy_translate(old, &nets, true, &out),
				 now ? LEGACY_RENAMED : LEGACY_NO_EFFECT);
		assert_string_equal(str_text(&out), now ? now : "");
		if (now)
			assert_true(config_key_is_supported(now));
	}
	assert_true(count >= 26);
	now = "untouched";
	assert_null(legacy_row(count, &now));
	assert_string_equal(now, "untouched");
}

/* PVE-71: all that Proxmox VE still lets through. */
static void pve_71_old_keys_load_with_one_warning_each(void **state)
{
	static const char text[] = "lxc.aa_profile = unconfined\n"
				   "lxc.aa_allow_incomplete = 1\n"
				   "lxc.console = none\n"
				   "lxc.devttydir = lxc\n"
				   "lxc.haltsignal = SIGRTMIN+4\n"
				   "lxc.rebootsignal = SIGTERM\n"
				   "lxc.stopsignal = 9\n"
				   "lxc.id_map = u 0 100000 65536\n"
				   "lxc.init_cmd = /sbin/init x\n"
				   "lxc.loglevel = 2\n"
				   "lxc.logfile = /tmp/l\n"
				   "lxc.mount = /etc/f\n"
				   "lxc.network.type = veth\n"
				   "lxc.network.flags = up\n"
				   "lxc.network.link = vmbr0\n"
				   "lxc.network.mtu = 1400\n"
				   "lxc.network.name = eth0\n"
				   "lxc.network.hwaddr = 00:16:3e:00:00:01\n"
				   "lxc.network.ipv4 = 10.0.0.2/24\n"
				   "lxc.network.ipv4.gateway = 10.0.0.1\n"
				   "lxc.network.ipv6 = fd00::2\n"
				   "lxc.network.ipv6.gateway = auto\n"
				   "lxc.network.script.up = /up\n"
				   "lxc.network.script.down = /down\n"
				   "lxc.pts = 1024\n"
				   "lxc.se_context = ctx\n"
				   "lxc.seccomp = /s\n"
				   "lxc.tty = 4\n"
				   "lxc.utsname = old\n"
				   "lxc.limit.nofile = 1024\n"
				   "lxc.cgroup.cpu.shares = 512\n"
				   "lxc.cgroup.cpu.unheard_of = 1\n"
				   "lxc.cgroup.memory.swappiness = 1\n"
				   "lxc.rootfs.backend = lvm\n"
				   "lxc.rootfs = /dev/vg/x\n"
				   "lxc.kmsg = 0\n"
				   "lxc.pivotdir = mnt\n"
				   "lxc.devtty.dir = lxc\n";
	static const char *const answers[][2] = {
		{"lxc.aa_profile", "unconfined"},
		{"lxc.apparmor.allow_incomplete", "1"},
		{"lxc.console.path", "none"},
		{"lxc.tty.dir", "lxc"},
		{"lxc.signal.stop", "9"},
		{"lxc.id_map", "u 0 100000 65536"},
		{"lxc.init.cmd", "/sbin/init x"},
		{"lxc.log.level", "INFO"},
		{"lxc.mount", "/etc/f"},
		{"lxc.net.0.type", "veth"},
		{"lxc.net.0.link", "vmbr0"},
		{"lxc.network.ipv4", "10.0.0.2/24"},
		{"lxc.net.0.ipv6.address", "fd00::2/64"},
		{"lxc.network.0.ipv6.gateway", "auto"},
		{"lxc.net.0.script.down", "/down"},
		{"lxc.prlimit.nofile", "1024"},
		{"lxc.cgroup.cpu.shares", "512\n"},
		{"lxc.rootfs", "/dev/vg/x"},
		{"lxc.rootfs.backend", "lvm"},
		{"lxc.utsname", "old"},
		{"lxc.kmsg", ""},
	};
	struct fixture f;
	size_t lines = 0;
	size_t warnings = 0;

	(void)state;
	fixture_init(&f);
	assert_loads(&f, text);
	for (size_t i = 0; i < ARRAY_LENGTH(answers); i++)
		assert_get(&f, answers[i][0], answers[i][1]);
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	for (const char *at = str_text(&f.reports); (at = strstr(at, "warning: ")); at++)
		warnings++;
	assert_int_equal(warnings, lines);
	assert_text(&f, text);
	assert_non_null(
		strstr(str_text(&f.reports), "lxc.utsname is the old name of lxc.uts.name"));
	assert_non_null(strstr(str_text(&f.reports), "(test):29"));
	assert_non_null(strstr(str_text(&f.reports), "lxc.kmsg has no effect any more"));
	assert_non_null(strstr(str_text(&f.reports), "for v2 it is lxc.cgroup2.cpu.weight = "));
	assert_non_null(strstr(str_text(&f.reports),
			       "lxc.cgroup.cpu.unheard_of = 1 is for cgroup v1 and has no "
			       "counterpart on v2"));
	assert_text_means_model(&f);
	fixture_finish(&f);
}

static void unnumbered_interfaces_follow_numbered_ones(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.config.effects.report = NULL; /* nobody listens to the warnings */
	assert_loads(&f, "lxc.net.3.type = phys\nlxc.network.type = veth\n"
			 "lxc.network.link = br0\nlxc.cgroup.cpu.shares = 1\n"
			 "lxc.network.type = macvlan\nlxc.network.macvlan.mode = vepa\n");
	assert_get(&f, "lxc.net", "phys\nveth\nmacvlan\n");
	assert_get(&f, "lxc.net.4.link", "br0");
	assert_get(&f, "lxc.network.macvlan.mode", "vepa");
	assert_int_equal(fixture_load(&f, "lxc.network. = x"), -EINVAL);
	assert_int_equal(fixture_load(&f, "lxc.network.0x = x"), -EINVAL);
	assert_int_equal(fixture_load(&f, "lxc.network.9999999999.type = veth"), -EINVAL);
	assert_loads(&f, "lxc.network =\n");
	assert_get(&f, "lxc.net", "");
	assert_loads(&f, "lxc.network.type = empty\n");
	assert_get(&f, "lxc.net.0.type", "empty");
	fixture_finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_old_name_has_its_present_one),
		cmocka_unit_test(present_names_are_left_alone),
		cmocka_unit_test(names_without_meaning_are_known),
		cmocka_unit_test(each_type_begins_an_interface),
		cmocka_unit_test(the_rows_are_complete_and_end),
		cmocka_unit_test(pve_71_old_keys_load_with_one_warning_each),
		cmocka_unit_test(unnumbered_interfaces_follow_numbered_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
