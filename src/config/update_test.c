/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Updating old texts: every renamed key, interfaces without numbers, storage types, cgroup v1, what
 * is kept byte for byte; and over all golden inputs: updating twice is updating once.
 */

#include "config/update.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config_fixture.h"
#include "config/legacy.h"
#include "sys/file.h"

struct updated {
	struct fixture fixture;
	struct str text;
	struct str differences;
	struct config_update counts;
};

static void update(struct updated *u, const char *text)
{
	fixture_init(&u->fixture);
	u->text = u->differences = (struct str){};
	assert_int_equal(config_update_text("old", text, strlen(text), fixture_report, &u->fixture,
					    &u->text, &u->differences, &u->counts,
					    &u->fixture.error),
			 0);
}

static void finish(struct updated *u)
{
	fixture_finish(&u->fixture);
	str_finish(&u->text);
	str_finish(&u->differences);
}

/* Updated once as expected, and not at all the second time. */
static void assert_updated(const char *text, const char *expected)
{
	struct updated once;
	struct updated twice;

	update(&once, text);
	assert_string_equal(str_text(&once.text), expected);
	update(&twice, str_text(&once.text));
	assert_string_equal(str_text(&twice.text), expected);
	assert_string_equal(str_text(&twice.differences), "");
	assert_int_equal(once.counts.changed, strcmp(text, expected) != 0);
	assert_false(twice.counts.changed);
	assert_int_equal(twice.counts.renamed, 0);
	assert_int_equal(twice.counts.translated, 0);
	assert_int_equal(twice.counts.commented, 0);
	finish(&twice);
	finish(&once);
}

static void every_old_name_is_replaced_in_place(void **state)
{
	const char *now;
	const char *old;

	(void)state;
	for (unsigned i = 0; (old = legacy_row(i, &now)); i++) {
		autostr text = {};
		autostr expected = {};
		struct updated u;

		if (strcmp(old, "lxc.rootfs") == 0)
			continue;
		str_addf(&text, "a\n \t%s\t=  x y \n# %s = z\nb\n", old, old);
		if (now)
			str_addf(&expected, "a\n \t%s\t=  x y \n# %s = z\nb\n", now, now);
		else
			str_addf(&expected, "a\n#  \t%s\t=  x y \n# %s = z\nb\n", old, old);
		assert_updated(str_text(&text), str_text(&expected));
		update(&u, str_text(&text));
		assert_int_equal(u.counts.renamed, now ? 2 : 0);
		assert_int_equal(u.counts.commented, now ? 0 : 1);
		finish(&u);
	}
	assert_updated("lxc.limit.nofile = 10\n", "lxc.prlimit.nofile = 10\n");
}

static void interfaces_get_numbers(void **state)
{
	(void)state;
	assert_updated("lxc.network.type = veth\nlxc.network.ipv4 = 10.0.0.1/8\n"
		       "lxc.network.ipv6 = fd00::1\nlxc.network.ipv4.gateway = auto\n"
		       "lxc.network.script.up = /u\nlxc.network.veth.pair = v\n\n"
		       "lxc.network.type = macvlan\nlxc.network.macvlan.mode = vepa\n"
		       "lxc.network.3.vlan.id = 1\nlxc.network.4.ipv4 = 10.0.0.2\n",
		       "lxc.net.0.type = veth\nlxc.net.0.ipv4.address = 10.0.0.1/8\n"
		       "lxc.net.0.ipv6.address = fd00::1\nlxc.net.0.ipv4.gateway = auto\n"
		       "lxc.net.0.script.up = /u\nlxc.net.0.veth.pair = v\n\n"
		       "lxc.net.1.type = macvlan\nlxc.net.1.macvlan.mode = vepa\n"
		       "lxc.net.3.vlan.id = 1\nlxc.net.4.ipv4.address = 10.0.0.2\n");
	/* The reader counts on behind numbered old names, too. */
	assert_updated("lxc.network.5.type = veth\nlxc.network.type = empty\n"
		       "lxc.network.flags = up\n",
		       "lxc.net.5.type = veth\nlxc.net.6.type = empty\nlxc.net.6.flags = up\n");
	/* And counts only those that are there: a key before the first type makes one, too. */
	assert_updated("lxc.net.3 =\nlxc.network.type = veth\n",
		       "lxc.net.3 =\nlxc.net.0.type = veth\n");
	assert_updated("lxc.network.ipv4 = 10.0.0.1/8\nlxc.network.type = phys\n",
		       "lxc.net.0.ipv4.address = 10.0.0.1/8\nlxc.net.1.type = phys\n");
	assert_updated("lxc.net.4.type = veth\nlxc.net.1.type = veth\nlxc.network.4 =\n"
		       "lxc.network.type = veth\nlxc.net =\nlxc.network.type = veth\n",
		       "lxc.net.4.type = veth\nlxc.net.1.type = veth\nlxc.net.4 =\n"
		       "lxc.net.2.type = veth\nlxc.net =\nlxc.net.0.type = veth\n");
	assert_updated("lxc.net.2.type = veth\nlxc.network.type = veth\nlxc.network.mtu = 1\n",
		       "lxc.net.2.type = veth\nlxc.net.3.type = veth\nlxc.net.3.mtu = 1\n");
	assert_updated("lxc.network =\nlxc.network.link = br0\n",
		       "lxc.net =\nlxc.net.0.link = br0\n");
}

/* A block that is commented out must not take the number of one that is not. */
static void commented_interfaces_are_numbered_apart(void **state)
{
	struct updated u;

	(void)state;
	update(&u, "#lxc.network.type = phys\n#lxc.network.link = eth0\n"
		   "lxc.network.type = veth\nlxc.network.link = br0\n"
		   "# # lxc.network.type = empty\n");
	assert_non_null(
		strstr(str_text(&u.text), "\nlxc.net.0.type = veth\nlxc.net.0.link = br0\n"));
	assert_null(strstr(str_text(&u.text), "lxc.network"));
	finish(&u);
}

static void sentences_in_comments_are_no_keys(void **state)
{
	static const char text[] = "# lxc.network.type is one of a = b\n"
				   "# lxc.rootfs stands for path = x\n"
				   "# lxc.cgroup.cpu.shares = 5\n"
				   "lxc.network.type veth = 1\n";

	(void)state;
	assert_updated(text, text);
}

static void storage_types_become_prefixes(void **state)
{
	(void)state;
	assert_updated("lxc.rootfs = /srv/r\n", "lxc.rootfs.path = dir:/srv/r\n");
	assert_updated("\tlxc.rootfs=/srv/r # x\n", "\tlxc.rootfs.path = dir:/srv/r # x\n");
	assert_updated("lxc.rootfs = \"/srv/r s\"\n", "lxc.rootfs.path = dir:/srv/r s\n");
	assert_updated("lxc.rootfs = /dev/vg/x\nlxc.rootfs.backend = lvm\n",
		       "lxc.rootfs.path = lvm:/dev/vg/x\n");
	assert_updated("lxc.rootfs.backend = zfs\nlxc.rootfs.path = tank/x\n",
		       "lxc.rootfs.path = zfs:tank/x\n");
	assert_updated("lxc.rootfs = overlayfs:/l:/u\n", "lxc.rootfs.path = overlayfs:/l:/u\n");
	assert_updated("lxc.rootfs = /dev/vg/x\n", "lxc.rootfs.path = /dev/vg/x\n");
	assert_updated("lxc.rootfs.path = /srv/r\n", "lxc.rootfs.path = /srv/r\n");
	assert_updated("lxc.rootfs =\n", "lxc.rootfs.path =\n");
	assert_updated("# lxc.rootfs = /srv/r\n", "# lxc.rootfs.path = /srv/r\n");
	assert_updated("# lxc.rootfs.backend = lvm\nlxc.rootfs = /r\n",
		       "# lxc.rootfs.backend = lvm\nlxc.rootfs.path = dir:/r\n");
	/* No path to go with: both of an included file would be. */
	assert_updated("lxc.rootfs.backend = lvm\n", "lxc.rootfs.backend = lvm\n");
	/* What is no type can't become a part of the path. */
	assert_updated("lxc.rootfs.backend = floppy\nlxc.rootfs = /r\n",
		       "lxc.rootfs.backend = floppy\nlxc.rootfs.path = dir:/r\n");
}

static void cgroup_v1_gets_its_counterpart(void **state)
{
	struct updated u;

	(void)state;
	assert_updated("lxc.cgroup.cpuset.cpus = 0,1\r\nx\r\n",
		       "# lxc.cgroup.cpuset.cpus = 0,1\r\nlxc.cgroup2.cpuset.cpus = 0,1\r\nx\r\n");
	assert_updated("lxc.cgroup.memory.limit_in_bytes = 256M\n"
		       "lxc.cgroup2.memory.max = 512M\n",
		       "# lxc.cgroup.memory.limit_in_bytes = 256M\n"
		       "lxc.cgroup2.memory.max = 512M\n");
	assert_updated("lxc.cgroup.devices.deny = a\nlxc.cgroup.devices.allow = c 1:3 rwm\n",
		       "# lxc.cgroup.devices.deny = a\nlxc.cgroup2.devices.deny = a\n"
		       "# lxc.cgroup.devices.allow = c 1:3 rwm\n"
		       "lxc.cgroup2.devices.allow = c 1:3 rwm\n");
	assert_updated("lxc.cgroup.devices.deny = a\nlxc.cgroup2.devices.allow = c 1:3 rwm\n",
		       "# lxc.cgroup.devices.deny = a\nlxc.cgroup2.devices.allow = c 1:3 rwm\n");
	assert_updated("lxc.cgroup.relative = 1\nlxc.cgroup.dir = x\n",
		       "lxc.cgroup.relative = 1\nlxc.cgroup.dir = x\n");

	update(&u, "lxc.cgroup.cpu.shares = 512\nlxc.cgroup.memory.swappiness = 1\n"
		   "lxc.cgroup.cpu.cfs_quota_us = soon\n");
	assert_int_equal(u.counts.translated, 1);
	assert_int_equal(u.counts.commented, 1);
	assert_non_null(strstr(str_text(&u.text), "# lxc.cgroup.cpu.shares = 512\n"
						  "lxc.cgroup2.cpu.weight = "));
	assert_non_null(strstr(str_text(&u.text), "# lxc.cgroup.memory.swappiness = 1\n"));
	assert_non_null(strstr(str_text(&u.text), "\nlxc.cgroup.cpu.cfs_quota_us = soon\n"));
	assert_non_null(strstr(str_text(&u.fixture.reports),
			       "warning: lxc.cgroup.memory.swappiness = 1 has no counterpart on "
			       "cgroup v2 and becomes a comment"));
	assert_non_null(strstr(str_text(&u.fixture.reports), "(old:2)"));
	assert_non_null(strstr(str_text(&u.fixture.reports),
			       "error: lxc.cgroup.cpu.cfs_quota_us = soon can't be translated"));
	assert_non_null(strstr(str_text(&u.fixture.reports), "(old:3)"));
	finish(&u);
}

static void reports_need_no_listener(void **state)
{
	static const char text[] = "lxc.cgroup.memory.swappiness = 1\n"
				   "lxc.cgroup.cpu.cfs_quota_us = soon\n";
	struct config_update counts;
	autostr out = {};

	(void)state;
	assert_int_equal(config_update_text("old", text, strlen(text), NULL, NULL, &out, NULL,
					    &counts, NULL),
			 0);
	assert_int_equal(counts.commented, 1);
}

static void all_other_bytes_stay(void **state)
{
	static const char *const texts[] = {
		"",
		"\n\n",
		"no newline at the end",
		"lxc.uts.name = x",
		"\r\n \t\f\r\n#\r\n",
		"a\rb\rlxc.tty.max=1\r",
		"lxc.utsnames = x\nlxc.network_x = y\n lxc.tty.max = \t 4 \t\n",
		"\xff\xfe binary \x01\n",
		"lxc.rootfs\nlxc.utsname\n",
		"LXC.utsname = x\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
		assert_updated(texts[i], texts[i]);
	assert_updated("lxc.tty = 4\r\nlxc.utsname = x\r", "lxc.tty.max = 4\r\nlxc.uts.name = x\r");
}

static void a_missing_last_line_end_stays_missing(void **state)
{
	(void)state;
	assert_updated("lxc.utsname = x", "lxc.uts.name = x");
	assert_updated("lxc.rootfs = /r", "lxc.rootfs.path = dir:/r");
	assert_updated("lxc.kmsg = 0", "# lxc.kmsg = 0");
	assert_updated("lxc.cgroup.cpuset.cpus = 0",
		       "# lxc.cgroup.cpuset.cpus = 0\nlxc.cgroup2.cpuset.cpus = 0");
	assert_updated("x\r\nlxc.cgroup.cpuset.cpus = 0",
		       "x\r\n# lxc.cgroup.cpuset.cpus = 0\r\nlxc.cgroup2.cpuset.cpus = 0");
}

static void differences_name_lines(void **state)
{
	struct updated u;

	(void)state;
	update(&u, "# head\n\nlxc.utsname = x\r\nlxc.tty.max = 4\n"
		   "lxc.cgroup.cpuset.cpus = 0\nlxc.rootfs.backend = lvm\nlxc.rootfs = /dev/v\n");
	assert_string_equal(str_text(&u.differences),
			    "@@ line 3 @@\n-lxc.utsname = x\n+lxc.uts.name = x\n"
			    "@@ line 5 @@\n-lxc.cgroup.cpuset.cpus = 0\n"
			    "+# lxc.cgroup.cpuset.cpus = 0\n+lxc.cgroup2.cpuset.cpus = 0\n"
			    "@@ line 6 @@\n-lxc.rootfs.backend = lvm\n"
			    "@@ line 7 @@\n-lxc.rootfs = /dev/v\n+lxc.rootfs.path = lvm:/dev/v\n");
	finish(&u);
}

static void output_is_appended(void **state)
{
	struct config_update counts;
	autostr out = {};

	(void)state;
	str_add(&out, "before\n");
	assert_int_equal(config_update_text("old", "lxc.tty = 1\n", 12, NULL, NULL, &out, NULL,
					    &counts, NULL),
			 0);
	assert_string_equal(str_text(&out), "before\nlxc.tty.max = 1\n");
}

/* The meaning without what cgroup v1 keys mean, which is what an update changes. */
static bool load_meaning(const char *text, size_t len, struct str *out)
{
	struct config c;
	int r;

	assert_int_equal(config_init(&c, NULL), 0);
	c.effects.random = fixture_random;
	r = config_load_text(&c, "(golden)", text, len, NULL);
	if (r == 0) {
		assert_int_equal(config_clear(&c, "lxc.cgroup", NULL), 0);
		assert_int_equal(config_clear(&c, "lxc.cgroup2", NULL), 0);
		assert_int_equal(config_clear(&c, "lxc.rootfs.path", NULL), 0);
		assert_int_equal(config_clear(&c, "lxc.rootfs.backend", NULL), 0);
		fixture_meaning(&c, out);
	}
	config_finish(&c);
	return r == 0;
}

static void assert_properties(const char *path)
{
	autofree char *text = NULL;
	autostr before = {};
	autostr after = {};
	struct updated once;
	struct updated twice;
	size_t len;

	assert_int_equal(file_read_all(AT_FDCWD, path, 1 << 20, &text, &len), 0);
	if (strlen(text) != len)
		return; /* a NUL byte: config_update_file() refuses these */
	update(&once, text);
	update(&twice, str_text(&once.text));
	if (strcmp(str_text(&once.text), str_text(&twice.text)) != 0)
		print_message("# not the same when updated again: %s\n", path);
	assert_string_equal(str_text(&twice.text), str_text(&once.text));
	if (load_meaning(text, len, &before)) {
		assert_true(load_meaning(str_text(&once.text), once.text.len, &after));
		assert_string_equal(str_text(&after), str_text(&before));
	}
	finish(&twice);
	finish(&once);
}

static void over_all_golden_inputs_twice_is_once_and_the_meaning_stays(void **state)
{
	const char *root = getenv("TARE_SOURCE_ROOT");
	char directory[PATH_MAX];
	struct dirent *entry;
	unsigned count = 0;
	DIR *dir;

	(void)state;
	snprintf(directory, sizeof(directory), "%s/tests/golden/config", root ? root : ".");
	dir = opendir(directory);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		autostr path = {};

		if (!text_ends(entry->d_name, ".conf"))
			continue;
		str_addf(&path, "%s/%s", directory, entry->d_name);
		assert_properties(str_text(&path));
		count++;
	}
	closedir(dir);
	assert_true(count > 50);
}

static void many_cgroup_lines_are_no_matter(void **state)
{
	struct config_update counts;
	autostr text = {};
	autostr out = {};

	(void)state;
	for (int i = 0; i < 20000; i++)
		str_addf(&text, "lxc.cgroup.devices.allow = c %d:1 rwm\n", i);
	alarm(20);
	assert_int_equal(config_update_text("old", str_text(&text), text.len, NULL, NULL, &out,
					    NULL, &counts, NULL),
			 0);
	alarm(0);
	assert_int_equal(counts.translated, 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_old_name_is_replaced_in_place),
		cmocka_unit_test(interfaces_get_numbers),
		cmocka_unit_test(commented_interfaces_are_numbered_apart),
		cmocka_unit_test(sentences_in_comments_are_no_keys),
		cmocka_unit_test(storage_types_become_prefixes),
		cmocka_unit_test(cgroup_v1_gets_its_counterpart),
		cmocka_unit_test(reports_need_no_listener),
		cmocka_unit_test(all_other_bytes_stay),
		cmocka_unit_test(a_missing_last_line_end_stays_missing),
		cmocka_unit_test(differences_name_lines),
		cmocka_unit_test(output_is_appended),
		cmocka_unit_test(over_all_golden_inputs_twice_is_once_and_the_meaning_stays),
		cmocka_unit_test(many_cgroup_lines_are_no_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
