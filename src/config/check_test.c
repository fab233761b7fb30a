/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The check across keys: each finding, its severity, its words and the line it points at; and that
 * configurations without fault have none.
 */

#include "config/check.h"

#include "config/config_fixture.h"

/* One finding a line: "ORIGIN severity: words". */
static void record(void *context, enum config_severity severity, const struct err *problem)
{
	static const char *const names[] = {"note", "warning", "error"};
	const char *origin = "";

	for (unsigned i = 0; i < problem->frame_count; i++)
		if (problem->frames[i].origin)
			origin = err_text_at(problem, problem->frames[i].origin);
	str_addf(context, "%s %s: %s\n", origin, names[severity], err_cause(problem));
	assert_true(err_is_valid(problem));
}

static void assert_findings(const char *text, unsigned flags, const char *expected)
{
	struct fixture f;
	autostr found = {};
	unsigned errors = 0;

	fixture_init(&f);
	assert_loads(&f, text);
	errors = config_check(&f.config, flags, record, &found);
	assert_string_equal(str_text(&found), expected);
	for (const char *at = expected; (at = strstr(at, " error: ")); at++)
		errors--;
	assert_int_equal(errors, 0);
	/* Nobody has to listen. */
	config_check(&f.config, flags, NULL, NULL);
	fixture_finish(&f);
}

static void sound_configurations_have_no_findings(void **state)
{
	(void)state;
	assert_findings("", CONFIG_CHECK_FILES, "");
	assert_findings("lxc.uts.name = a\n"
			"lxc.rootfs.path = dir:/r\n"
			"lxc.rootfs.options = idmap=container\n"
			"lxc.idmap = u 0 100000 65536\n"
			"lxc.idmap = g 0 100000 65536\n"
			"lxc.net.0.type = veth\n"
			"lxc.net.0.link = br0\n"
			"lxc.net.0.flags = up\n"
			"lxc.net.0.hwaddr = 00:16:3e:xx:xx:xx\n"
			"lxc.net.0.mtu = 1400\n"
			"lxc.net.0.ipv4.address = 10.0.0.2/24\n"
			"lxc.net.0.ipv4.gateway = auto\n"
			"lxc.net.0.ipv6.gateway = fe80::1\n"
			"lxc.net.0.l2proxy = 1\n"
			"lxc.net.0.veth.vlan.id = 5\n"
			"lxc.net.0.veth.vlan.tagged.id = 6\n"
			"lxc.net.1.type = empty\n"
			"lxc.net.1.name = lo\n"
			"lxc.cgroup2.devices.deny = a\n"
			"lxc.cgroup2.devices.allow = c 1:3 rwm\n"
			"lxc.cgroup2.memory.max = 1G\n"
			"lxc.cgroup.dir.container = c\n"
			"lxc.cgroup.dir.monitor = m\n"
			"lxc.cgroup.dir.container.inner = i\n"
			"lxc.prlimit.nofile = 1024\n"
			"lxc.prlimit.7 = 1024\n"
			"lxc.console.logfile = /l\n"
			"lxc.console.size = 1MB\n"
			"lxc.console.rotate = 1\n"
			"lxc.apparmor.profile = generated\n"
			"lxc.apparmor.raw = x\n"
			"lxc.sched.core = 1\n"
			"lxc.time.offset.boot = 1s\n"
			"lxc.mount.entry = proc proc proc nodev 0 0\n"
			"lxc.mount.entry = # a comment\n",
			0, "");
}

static void findings_about_namespaces(void **state)
{
	(void)state;
	assert_findings("lxc.namespace.clone = mnt\n"
			"lxc.sched.core = 1\n"
			"lxc.time.offset.boot = 1s\n"
			"lxc.uts.name = a\n"
			"lxc.net.0.type = empty\n",
			0,
			"(test):2 error: Core scheduling currently requires a separate pid "
			"namespace\n"
			"(test):1 error: A clock offset needs a time namespace of the container's "
			"own\n"
			"(test):4 warning: lxc.uts.name has no effect: the container has no uts "
			"namespace of its own\n"
			"(test):1 warning: Network interfaces have no effect: the container has no "
			"network namespace of its own\n");
	assert_findings("lxc.time.offset.monotonic = 1s\n"
			"\n"
			"lxc.namespace.keep = time\n",
			0,
			"(test):3 error: A clock offset needs a time namespace of the container's "
			"own\n");
	assert_findings(
		"lxc.namespace.clone = net uts\n"
		"lxc.namespace.share.net = 1\n"
		"lxc.net.0.type = empty\n"
		"lxc.uts.name = a\n",
		0,
		"(test):2 warning: Network interfaces have no effect: the container has no "
		"network namespace of its own\n"
		"(test):2 error: The net namespace is both to be created and to be shared\n");
	assert_findings(
		"lxc.idmap = u 0 100000 10\nlxc.idmap = g 0 100000 10\n"
		"lxc.namespace.keep = user\n",
		0, "(test):3 error: lxc.idmap needs a user namespace of the container's own\n");
}

static void findings_about_id_maps(void **state)
{
	(void)state;
	assert_findings("lxc.idmap = u 0 100000 10\nlxc.idmap = u 5 200000 10\n"
			"lxc.idmap = g 0 100000 10\n",
			0,
			"(test):2 error: entry 2 (u 5 200000 10) maps ids of the container that "
			"are mapped already by entry 1 (u 0 100000 10)\n");
	assert_findings(
		"lxc.idmap = u 0 100000 10\nlxc.init.uid = 77\n", 0,
		"(test):1 warning: entry 1 (u 0 100000 10) maps users, but no entry maps groups\n"
		"(test):1 error: User id 77 of init is in no lxc.idmap entry\n"
		"(test):1 error: Group id 0 of init is in no lxc.idmap entry\n");
}

static void findings_about_cgroups(void **state)
{
	(void)state;
	assert_findings(
		"lxc.cgroup.dir.container = c\n", 0,
		"(test):1 error: lxc.cgroup.dir.payload and lxc.cgroup.dir.monitor must both "
		"be set\n");
	assert_findings(
		"lxc.cgroup.dir.monitor = m\nlxc.cgroup.dir = d\n", 0,
		"(test):1 error: lxc.cgroup.dir.payload and lxc.cgroup.dir.monitor must both "
		"be set\n"
		"(test):2 error: lxc.cgroup.dir conflicts with "
		"lxc.cgroup.dir.payload/monitor\n");
	assert_findings("lxc.cgroup.dir.container.inner = i\n", 0,
			"(test):1 warning: lxc.cgroup.dir.container.inner has no effect without "
			"lxc.cgroup.dir.container\n");
	assert_findings("lxc.cgroup.cpu.shares = 512\nlxc.cgroup.cpu.cfs_quota_us = soon\n", 0,
			"(test):2 error: lxc.cgroup.cpu.cfs_quota_us = soon cannot be set: "
			"is no number\n");
	assert_findings("lxc.cgroup2.devices.allow = c 1:3 rwm\n"
			"lxc.cgroup2.devices.allow = c 1:3\n"
			"lxc.cgroup.devices.deny = x\n"
			"lxc.cgroup2.memory.max = c 1:3\n",
			0,
			"(test):3 error: Failed to parse device rule devices.deny=x\n"
			"(test):2 error: Failed to parse device rule devices.allow=c 1:3\n");
}

static void findings_about_limits_and_dependent_keys(void **state)
{
	(void)state;
	assert_findings("lxc.prlimit.nofiles = 1\n", 0,
			"(test):1 error: Unknown resource nofiles\n");
	assert_findings("lxc.console.rotate = 1\nlxc.console.size = 1\n"
			"lxc.seccomp.notify.proxy = unix:/p\n"
			"lxc.selinux.context.keyring = k\nlxc.apparmor.raw = r\n",
			0,
			"(test):1 warning: lxc.console.rotate has no effect without "
			"lxc.console.logfile\n"
			"(test):2 warning: lxc.console.size has no effect without "
			"lxc.console.logfile\n"
			"(test):3 warning: lxc.seccomp.notify.proxy has no effect without "
			"lxc.seccomp.profile\n"
			"(test):4 warning: lxc.selinux.context.keyring has no effect without "
			"lxc.selinux.context\n"
			"(test):5 warning: lxc.apparmor.raw has no effect without "
			"lxc.apparmor.profile = generated\n");
	assert_findings("lxc.seccomp.notify.cookie = c\nlxc.apparmor.profile = unconfined\n"
			"lxc.apparmor.raw = r\n",
			0,
			"(test):1 warning: lxc.seccomp.notify.cookie has no effect without "
			"lxc.seccomp.notify.proxy\n"
			"(test):3 warning: lxc.apparmor.raw has no effect without "
			"lxc.apparmor.profile = generated\n");
}

static void findings_about_the_root(void **state)
{
	(void)state;
	assert_findings("lxc.rootfs.options = idmap=container\n", 0,
			"(test):1 warning: lxc.rootfs.options has no effect without "
			"lxc.rootfs.path\n"
			"(test):1 error: lxc.rootfs.options idmap=container needs lxc.idmap\n");
	assert_findings("lxc.rootfs.path = lvm:/dev/x\nlxc.rootfs.options = idmap=/ns\n", 0, "");
	assert_findings("lxc.rootfs.path = overlay:/a:/b\nlxc.rootfs.options = idmap=/ns\n", 0,
			"(test):2 error: A root file system of the type overlay can't be "
			"id-mapped\n");
}

static void findings_about_mount_entries(void **state)
{
	struct fixture f;
	autostr found = {};

	(void)state;
	assert_findings("lxc.rootfs.path = /r\nlxc.mount.entry = /a /mnt none bind 0 0\n"
			"lxc.mount.entry = /a /r/mnt none bind 0 0\n"
			"lxc.mount.entry = /a /r none bind 0 0\n"
			"lxc.mount.entry = /a /r2 none bind 0 0\n"
			"lxc.mount.entry = /a /var/lib/lxc/c/rootfs/mnt none bind 0 0\n",
			0,
			"(test):2 warning: Ignoring mount point \"/mnt\"\n"
			"(test):5 warning: Ignoring mount point \"/r2\"\n");
	assert_findings("lxc.mount.entry = /a\tb none bind,idmap=container 0 0\n", 0,
			"(test):1 error: The mount on \"b\" is to be id-mapped like the container, "
			"which has no lxc.idmap\n");
	assert_findings(
		"\nlxc.mount.entry = a b none bind,idmap= 0 0\n", 0,
		"(test):2 error: Missing idmap path for \"idmap=<path>\" LXC specific mount "
		"option\n");

	/* What mount_entry_check() says comes with the line; optional mounts only warn. */
	fixture_init(&f);
	assert_loads(&f, "lxc.mount.entry = a\n"
			 "lxc.mount.entry = /a b none bind,create=dir,create=file,optional\n"
			 "lxc.mount.entry = /a b none bind,private,shared\n");
	assert_true(config_check(&f.config, 0, record, &found) >= 1);
	assert_memory_equal(str_text(&found), "(test):1 error: ", 16);
	assert_non_null(strstr(str_text(&found), "(test):2 warning: "));
	assert_null(strstr(str_text(&found), "(test):2 error: "));
	assert_non_null(strstr(str_text(&found), "(test):3 error: "));
	fixture_finish(&f);
}

static void findings_about_interfaces(void **state)
{
	(void)state;
	assert_findings("lxc.net.3.link = br0\n", 0, "(test):1 error: lxc.net.3 has no type\n");
	assert_findings("lxc.net.0.type = macvlan\nlxc.net.1.type = ipvlan\n"
			"lxc.net.2.type = vlan\nlxc.net.3.type = phys\n",
			0,
			"(test):1 error: No link for macvlan network device specified "
			"(lxc.net.0.link)\n"
			"(test):2 error: No link for ipvlan network device specified "
			"(lxc.net.1.link)\n"
			"(test):3 error: No link for vlan network device specified "
			"(lxc.net.2.link)\n"
			"(test):4 error: No link for physical interface specified "
			"(lxc.net.3.link)\n");
	assert_findings("lxc.net.0.type = veth\nlxc.net.0.hwaddr = 00:16\n"
			"lxc.net.0.mtu = big\nlxc.net.1.type = empty\nlxc.net.1.name = eth0\n"
			"lxc.net.2.type = veth\nlxc.net.2.hwaddr = 01:16:3e:00:00:01\n",
			0,
			"(test):2 error: Invalid hardware address \"00:16\"\n"
			"(test):3 error: Failed to parse mtu \"big\" of lxc.net.0\n"
			"(test):5 error: Custom loopback device names not supported "
			"(lxc.net.1.name)\n"
			"(test):7 error: Hardware address \"01:16:3e:00:00:01\" of lxc.net.2 is a "
			"multicast address\n");
	assert_findings("lxc.net.0.type = veth\nlxc.net.0.name = eth%s\n"
			"lxc.net.0.veth.pair = a/b\nlxc.net.0.mtu = 0\n"
			"lxc.net.0.hwaddr = 00:00:00:00:00:00\nlxc.net.1.type = veth\n"
			"lxc.net.1.name = a b\nlxc.net.1.veth.pair = ..\nlxc.net.2.type = empty\n"
			"lxc.net.2.mtu = 1400\nlxc.net.2.hwaddr = 02:16:3e:00:00:01\n",
			0,
			"(test):5 error: Hardware address \"00:00:00:00:00:00\" of lxc.net.0 is no "
			"address of an interface\n"
			"(test):4 warning: An mtu of 0 has no effect (lxc.net.0)\n"
			"(test):2 error: The interface name \"eth%s\" has a percent sign in it\n"
			"(test):3 error: The interface name \"a/b\" has a slash or a colon in it\n"
			"(test):7 error: The interface name \"a b\" has a blank in it\n"
			"(test):8 error: The interface name \"..\" is a directory's name\n"
			"(test):10 warning: mtu has no effect on type empty (lxc.net.2)\n"
			"(test):11 error: The loopback interface has no hardware address "
			"(lxc.net.2)\n");
	assert_findings("lxc.net.0.type = veth\nlxc.net.0.name = lan%d\n"
			"lxc.net.1.type = veth\nlxc.net.1.name = lan%d\n"
			"lxc.net.1.veth.pair = p%d\n",
			0, "(test):5 error: The interface name \"p%d\" has a percent sign in it\n");
	assert_findings(
		"lxc.net.0.type = veth\nlxc.net.0.name = eth0\nlxc.net.0.veth.pair = v\n"
		"lxc.net.1.type = veth\nlxc.net.1.name = eth0\nlxc.net.1.veth.pair = v\n"
		"lxc.net.2.type = none\n"
		"lxc.net.3.type = veth\nlxc.net.3.veth.pair = vXXXXXX\n"
		"lxc.net.4.type = veth\nlxc.net.4.veth.pair = vXXXXXX\n",
		0,
		"(test):5 error: lxc.net.0 and lxc.net.1 have the same name \"eth0\"\n"
		"(test):6 error: lxc.net.0 and lxc.net.1 have the same host interface \"v\"\n"
		"(test):7 warning: lxc.net.2 of type none shares the host's network, which "
		"leaves no room for other interfaces\n");
}

static void findings_about_gateways(void **state)
{
	(void)state;
	assert_findings(
		"lxc.net.0.type = phys\nlxc.net.0.link = e\nlxc.net.0.ipv4.gateway = auto\n", 0,
		"(test):3 error: Automatic gateway detection is only supported for veth and "
		"macvlan\n"
		"(test):3 error: Cannot add ipv4 gateway for network device lxc.net.0 when "
		"not bringing up the interface\n"
		"(test):3 error: Cannot add ipv4 gateway for network device lxc.net.0 "
		"without an ipv4 address\n");
	assert_findings("lxc.net.0.type = veth\nlxc.net.0.flags = up\n"
			"lxc.net.0.ipv6.address = fd00::2\nlxc.net.0.ipv6.gateway = auto\n",
			0, "(test):4 error: Automatic gateway detection needs lxc.net.0.link\n");
	assert_findings("lxc.net.0.type = veth\nlxc.net.0.flags = up\n"
			"lxc.net.0.ipv4.gateway = dev\nlxc.net.0.ipv6.gateway = fe80::1\n",
			0,
			"(test):3 error: Cannot add ipv4 gateway for network device lxc.net.0 "
			"without an ipv4 address\n");
	assert_findings("lxc.net.0.type = veth\nlxc.net.0.flags = up\n"
			"lxc.net.0.ipv6.gateway = fd00::1\n",
			0,
			"(test):3 error: Cannot add ipv6 gateway for network device lxc.net.0 "
			"without an ipv6 address\n");
}

static void findings_about_vlans_and_proxies(void **state)
{
	(void)state;
	assert_findings("lxc.net.0.type = veth\nlxc.net.0.veth.vlan.id = 1\n", 0,
			"(test):2 error: Cannot use veth vlan.id when not in bridge mode or no "
			"bridge link specified\n");
	assert_findings("lxc.net.0.type = veth\nlxc.net.0.veth.mode = router\n"
			"lxc.net.0.link = e\nlxc.net.0.veth.vlan.tagged.id = 1\n",
			0,
			"(test):4 error: Cannot use veth vlan.id when not in bridge mode or no "
			"bridge link specified\n");
	assert_findings("lxc.net.0.type = veth\nlxc.net.0.link = br0\n"
			"lxc.net.0.veth.vlan.id = 5\nlxc.net.0.veth.vlan.tagged.id = 4\n"
			"lxc.net.0.veth.vlan.tagged.id = 5\n",
			0, "(test):5 error: VLAN 5 of lxc.net.0 is both untagged and tagged\n");
	assert_findings("lxc.net.0.type = ipvlan\nlxc.net.0.link = e\nlxc.net.0.l2proxy = 1\n", 0,
			"(test):3 error: l2proxy on ipvlan needs lxc.net.0.ipvlan.mode = l3s\n");
	assert_findings("lxc.net.0.type = ipvlan\nlxc.net.0.link = e\n"
			"lxc.net.0.ipvlan.mode = l3s\nlxc.net.0.l2proxy = 1\n",
			0, "");
	assert_findings("lxc.net.0.type = phys\nlxc.net.0.link = e\nlxc.net.0.l2proxy = 1\n", 0,
			"(test):3 error: l2proxy has no effect on type phys (lxc.net.0)\n");
	assert_findings("lxc.net.0.type = veth\nlxc.net.0.l2proxy = 1\n", 0,
			"(test):2 warning: l2proxy has no effect without lxc.net.0.link\n");
}

static void findings_in_files_that_keys_name(void **state)
{
	char directory[64];
	char fstab[128];
	char policy[128];
	struct fixture f;
	autostr text = {};
	autostr expected = {};

	(void)state;
	fixture_directory(directory);
	fixture_file(directory, "fstab", fstab,
		     "# fine\n/a b none bind 0 0\n\n/c d none bind,idmap=container 0 0\n"
		     "/e f none bind,create=dir,create=file 0 0\n");
	fixture_file(directory, "policy", policy, "2\ndenylist\n[all]\nkexec_load nonsense\n");
	str_addf(&text, "lxc.mount.fstab = %s\nlxc.seccomp.profile = %s\n", fstab, policy);
	fixture_init(&f);
	assert_loads(&f, str_text(&text));
	str_reset(&text);
	assert_int_equal(config_check(&f.config, 0, record, &text), 0);
	assert_int_equal(config_check(&f.config, CONFIG_CHECK_FILES, record, &text), 3);
	str_addf(&expected, "%s:4 error: The mount on \"d\" is to be id-mapped", fstab);
	assert_non_null(strstr(str_text(&text), str_text(&expected)));
	str_reset(&expected);
	str_addf(&expected, "%s:5 error: ", fstab);
	assert_non_null(strstr(str_text(&text), str_text(&expected)));
	str_reset(&expected);
	str_addf(&expected, "%s:4 error: ", policy);
	assert_non_null(strstr(str_text(&text), str_text(&expected)));

	/* A file that does not parse, files that are not there. */
	fixture_file(directory, "fstab", fstab, "\na b none bind,idmap= 0 0\n");
	str_reset(&text);
	assert_set(&f, "lxc.seccomp.profile", "/nonexistent/policy");
	assert_int_equal(config_check(&f.config, CONFIG_CHECK_FILES, record, &text), 2);
	str_reset(&expected);
	str_addf(&expected,
		 "(API) error: Failed to read \"/nonexistent/policy\", which "
		 "lxc.seccomp.profile names\n"
		 "%s:2 error: Missing idmap path for \"idmap=<path>\" LXC specific mount option\n",
		 fstab);
	assert_string_equal(str_text(&text), str_text(&expected));
	fixture_finish(&f);
	fixture_remove_directory(directory);
	assert_findings("lxc.mount.fstab = /nonexistent/fstab\n", CONFIG_CHECK_FILES,
			"(test):1 error: Failed to read \"/nonexistent/fstab\", which "
			"lxc.mount.fstab names\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sound_configurations_have_no_findings),
		cmocka_unit_test(findings_about_namespaces),
		cmocka_unit_test(findings_about_id_maps),
		cmocka_unit_test(findings_about_cgroups),
		cmocka_unit_test(findings_about_limits_and_dependent_keys),
		cmocka_unit_test(findings_about_the_root),
		cmocka_unit_test(findings_about_mount_entries),
		cmocka_unit_test(findings_about_interfaces),
		cmocka_unit_test(findings_about_gateways),
		cmocka_unit_test(findings_about_vlans_and_proxies),
		cmocka_unit_test(findings_in_files_that_keys_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
