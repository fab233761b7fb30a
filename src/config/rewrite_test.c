/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rewriting for copies and renames (storage.md §8): what changes, what stays byte for byte, which
 * files are to be copied, and that the text always says what the model says.
 */

#include "config/rewrite.h"

#include <sys/stat.h>
#include <unistd.h>

#include "config/config_fixture.h"

static const struct config_rewrite copy = {
	.old_directory = "/var/lib/lxc/a",
	.new_directory = "/srv/lxc/b",
	.uts_name = "b",
	.rootfs = "dir:/srv/lxc/b/rootfs",
	.new_hwaddrs = true,
};

static const struct config_rewrite paths_only = {
	.old_directory = "/var/lib/lxc/a",
	.new_directory = "/srv/lxc/b",
};

/* Rewrite text; the copies are checked by the caller, text and model here. */
static void rewrite(struct fixture *f, const struct config_rewrite *how, const char *text,
		    struct config_file_copies *ret, const char *expected)
{
	fixture_init(f);
	assert_loads(f, text);
	*ret = (struct config_file_copies){};
	assert_int_equal(config_rewrite(&f->config, how, ret, &f->error), 0);
	assert_text(f, expected);
	assert_text_means_model(f);
}

static void assert_rewritten(const struct config_rewrite *how, const char *text,
			     const char *expected)
{
	struct config_file_copies copies;
	struct fixture f;

	rewrite(&f, how, text, &copies, expected);
	fixture_finish(&f);
}

static void a_copy_gets_what_may_not_exist_twice(void **state)
{
	struct config_file_copies copies;
	struct fixture f;

	(void)state;
	rewrite(&f, &copy,
		"# a comment about /var/lib/lxc/a\n"
		"lxc.include = /usr/share/lxc/config/common.conf.d/\n"
		"\tlxc.uts.name=a\n"
		"foreign line\n"
		"lxc.rootfs.path = dir:/var/lib/lxc/a/rootfs\n"
		"lxc.net.0.type = veth\n"
		"lxc.net.0.hwaddr = 00:16:3e:11:22:33\n"
		"lxc.net.1.type = veth\n"
		"lxc.net.7.type = phys\n"
		"lxc.net.7.hwaddr = 00:16:3e:xx:xx:xx\n"
		"lxc.start.auto = 1\n"
		"lxc.ephemeral = 1\n"
		"lxc.mount.fstab = /var/lib/lxc/a/fstab\n"
		"lxc.hook.pre-start = /var/lib/lxc/a/hook.sh --with /var/lib/lxc/a/x\n"
		"lxc.hook.stop = /var/lib/lxc/ab/hook.sh\n",
		&copies,
		"# a comment about /var/lib/lxc/a\n"
		"lxc.include = /usr/share/lxc/config/common.conf.d/\n"
		"\tlxc.uts.name=b\n"
		"foreign line\n"
		"lxc.rootfs.path = dir:/srv/lxc/b/rootfs\n"
		"lxc.net.0.type = veth\n"
		"lxc.net.0.hwaddr = 10:66:6a:bb:bb:bb\n"
		"lxc.net.1.type = veth\n"
		"lxc.net.7.type = phys\n"
		"lxc.net.7.hwaddr = 10:66:6a:bb:bb:bb\n"
		"lxc.start.auto = 1\n"
		"lxc.ephemeral = 1\n"
		"lxc.mount.fstab = /srv/lxc/b/fstab\n"
		"lxc.hook.pre-start = /srv/lxc/b/hook.sh --with /var/lib/lxc/a/x\n"
		"lxc.hook.stop = /var/lib/lxc/ab/hook.sh\n");
	assert_int_equal(copies.count, 2);
	assert_string_equal(copies.items[0].from, "/var/lib/lxc/a/hook.sh");
	assert_string_equal(copies.items[0].to, "/srv/lxc/b/hook.sh");
	assert_string_equal(copies.items[1].from, "/var/lib/lxc/a/fstab");
	assert_string_equal(copies.items[1].to, "/srv/lxc/b/fstab");
	fixture_finish(&f);
}

static void what_the_text_lacks_is_added(void **state)
{
	(void)state;
	assert_rewritten(&copy, "# empty\n",
			 "# empty\nlxc.rootfs.path = dir:/srv/lxc/b/rootfs\nlxc.uts.name = b\n");
}

static void the_comment_tells_the_new_kind_of_storage(void **state)
{
	(void)state;
	assert_rewritten(&copy, "# lxc.rootfs.backend = overlay\nlxc.rootfs.path = overlay:/a:/b\n",
			 "# lxc.rootfs.backend = dir\nlxc.rootfs.path = dir:/srv/lxc/b/rootfs\n"
			 "lxc.uts.name = b\n");
}

static void nothing_asked_nothing_changed(void **state)
{
	static const char text[] = "lxc.uts.name = a\nlxc.rootfs.path = /x\nlxc.net.0.type=veth\n"
				   "lxc.net.0.hwaddr = 00:16:3e:11:22:33\nlxc.hook.start = /x\n";

	(void)state;
	assert_rewritten(&paths_only, text, text);
}

static void of_repeated_lines_one_remains(void **state)
{
	(void)state;
	assert_rewritten(&copy,
			 "lxc.uts.name = x\nlxc.utsname = y\nlxc.rootfs = /r\n# between\n"
			 "lxc.uts.name = \"a\"\nlxc.rootfs.backend = lvm\n",
			 "lxc.rootfs = dir:/srv/lxc/b/rootfs\n# between\nlxc.uts.name = \"b\"\n");
	assert_rewritten(&copy, "lxc.uts.name = x\nlxc.uts.name =\n",
			 "lxc.uts.name = b\nlxc.rootfs.path = dir:/srv/lxc/b/rootfs\n");
	assert_rewritten(&copy,
			 "lxc.net.00.type = veth\nlxc.net.00.hwaddr = 00:16:3e:11:22:33\n"
			 "lxc.net.0.hwaddr = 00:16:3e:44:55:66\nlxc.net.00.mtu = 9\n"
			 "lxc.rootfs.path = /r\nlxc.uts.name = u\n",
			 "lxc.net.00.type = veth\nlxc.net.0.hwaddr = 10:66:6a:bb:bb:bb\n"
			 "lxc.net.00.mtu = 9\nlxc.rootfs.path = dir:/srv/lxc/b/rootfs\n"
			 "lxc.uts.name = b\n");
}

static void old_names_stay_in_the_text(void **state)
{
	struct config_rewrite how = paths_only;

	(void)state;
	how.new_hwaddrs = true;
	assert_rewritten(&how,
			 "lxc.network.type = veth\nlxc.network.hwaddr = 00:16:3e:11:22:33\n"
			 "lxc.mount = /var/lib/lxc/a/fstab\n",
			 "lxc.network.type = veth\nlxc.network.hwaddr = 10:66:6a:bb:bb:bb\n"
			 "lxc.mount = /srv/lxc/b/fstab\n");
}

static void paths_end_at_component_boundaries(void **state)
{
	static const char text[] = "lxc.hook.start = /var/lib/lxc/a2/hook\n"
				   "lxc.hook.start = /x/var/lib/lxc/a/hook\n"
				   "lxc.hook.start = var/lib/lxc/a/hook\n"
				   "lxc.hook.version = 1\n"
				   "lxc.mount.fstab = /var/lib/lxc/a.fstab\n"
				   "lxc.console.logfile = /var/lib/lxc/a/console\n"
				   "lxc.environment = P=/var/lib/lxc/a\n";

	(void)state;
	assert_rewritten(&paths_only, text, text);
}

static void an_fstab_is_found_however_its_path_is_written(void **state)
{
	struct config_file_copies copies;
	struct fixture f;

	(void)state;
	rewrite(&f, &paths_only, "lxc.mount.fstab = /var//lib/lxc/./a/fstab\n", &copies,
		"lxc.mount.fstab = /srv/lxc/b/fstab\n");
	assert_int_equal(copies.count, 1);
	assert_string_equal(copies.items[0].from, "/var/lib/lxc/a/fstab");
	fixture_finish(&f);
	rewrite(&f, &paths_only,
		"lxc.mount.fstab = /var/lib/lxc/a/my fstab\nlxc.mount.fstab = "
		"/var/lib/lxc/a/your fstab\n",
		&copies, "lxc.mount.fstab = /srv/lxc/b/your fstab\n");
	assert_int_equal(copies.count, 1);
	assert_string_equal(copies.items[0].from, "/var/lib/lxc/a/your fstab");
	assert_string_equal(copies.items[0].to, "/srv/lxc/b/your fstab");
	fixture_finish(&f);
}

static void hooks_are_copied_once_each(void **state)
{
	struct config_file_copies copies;
	struct fixture f;

	(void)state;
	rewrite(&f, &paths_only,
		"lxc.hook.start = \"/var/lib/lxc/a/h one\"\nlxc.hook.stop = /var/lib/lxc/a/h\ttwo\n"
		"lxc.hook.clone = /var/lib/lxc/a/g\nlxc.hook.mount = /bin/true\n",
		&copies,
		"lxc.hook.start = \"/srv/lxc/b/h one\"\nlxc.hook.stop = /srv/lxc/b/h\ttwo\n"
		"lxc.hook.clone = /srv/lxc/b/g\nlxc.hook.mount = /bin/true\n");
	assert_get(&f, "lxc.hook.start", "/srv/lxc/b/h one\n");
	assert_int_equal(copies.count, 2);
	fixture_finish(&f);
}

static void only_overlay_mounts_are_rewritten(void **state)
{
	(void)state;
	assert_rewritten(&paths_only,
			 "lxc.mount.entry = overlay opt overlay lowerdir=/opt:/var/lib/lxc/a/low,"
			 "upperdir=/var/lib/lxc/a/up,workdir=/var/lib/lxc/a/work,create=dir 0 0\n"
			 "lxc.mount.entry = none x overlayfs upperdir=/var/lib/lxc/ab/up\n"
			 "lxc.mount.entry = /var/lib/lxc/a/data data none bind 0 0\n"
			 "lxc.mount.entry = # no entry\n",
			 "lxc.mount.entry = overlay opt overlay lowerdir=/opt:/var/lib/lxc/a/low,"
			 "upperdir=/srv/lxc/b/up,workdir=/srv/lxc/b/work,create=dir 0 0\n"
			 "lxc.mount.entry = none x overlayfs upperdir=/var/lib/lxc/ab/up\n"
			 "lxc.mount.entry = /var/lib/lxc/a/data data none bind 0 0\n"
			 "lxc.mount.entry = # no entry\n");
}

static void included_files_of_the_container_go_along(void **state)
{
	struct config_file_copies copies;
	struct config_rewrite how = paths_only;
	char directory[64];
	char new_directory[64];
	char path[128];
	struct fixture f;
	autostr text = {};
	autostr rewritten = {};

	(void)state;
	fixture_directory(directory);
	fixture_directory(new_directory);
	fixture_file(new_directory, "inner", path, "lxc.tty.max = 1\n");
	fixture_file(directory, "inner", path, "lxc.tty.max = 1\n");
	how.old_directory = directory;
	how.new_directory = new_directory;
	str_addf(&text, "lxc.include = %s\nlxc.include = /dev/null\n", path);
	str_addf(&rewritten, "lxc.include = %s/inner\nlxc.include = /dev/null\n",
		 how.new_directory);
	rewrite(&f, &how, str_text(&text), &copies, str_text(&rewritten));
	assert_int_equal(copies.count, 1);
	assert_string_equal(copies.items[0].from, path);
	fixture_finish(&f);
	fixture_remove_directory(new_directory);
	fixture_remove_directory(directory);
}

static void the_storage_type_of_an_old_line_does_not_override(void **state)
{
	struct config_rewrite how = paths_only;
	struct config_file_copies copies;
	struct fixture f;

	(void)state;
	how.rootfs = "/srv/lxc/b/rootfs";
	rewrite(&f, &how, "lxc.rootfs.backend = lvm\nlxc.rootfs = /dev/vg/a\n", &copies,
		"lxc.rootfs = /srv/lxc/b/rootfs\n");
	assert_int_equal(f.config.values.rootfs.type, ROOTFS_DETECT);
	fixture_finish(&f);
	rewrite(&f, &how, "lxc.rootfs.path = overlay:/l:/u\n", &copies,
		"lxc.rootfs.path = /srv/lxc/b/rootfs\n");
	assert_int_equal(f.config.values.rootfs.type, ROOTFS_DETECT);
	fixture_finish(&f);
}

/* A line in front of the include that sets the same key would lose against it. */
static void values_from_includes_are_overridden_behind_them(void **state)
{
	char directory[64];
	char path[128];
	struct config_file_copies copies;
	struct fixture f;
	autostr text = {};
	autostr expected = {};

	(void)state;
	fixture_directory(directory);
	fixture_file(directory, "inner", path,
		     "lxc.uts.name = i\nlxc.net.0.type = veth\nlxc.net.0.hwaddr = 00:16:3e:1:2:3\n"
		     "lxc.mount.fstab = /var/lib/lxc/a/fstab\n");
	str_addf(&text, "lxc.uts.name = a\nlxc.include = %s\n", path);
	str_addf(&expected,
		 "lxc.include = %s\n"
		 "lxc.mount.fstab = /srv/lxc/b/fstab\n"
		 "lxc.rootfs.path = dir:/srv/lxc/b/rootfs\n"
		 "lxc.uts.name = b\n"
		 "lxc.net.0.hwaddr = 10:66:6a:bb:bb:bb\n",
		 path);
	rewrite(&f, &copy, str_text(&text), &copies, str_text(&expected));
	assert_int_equal(copies.count, 1);
	fixture_finish(&f);
	fixture_remove_directory(directory);
}

/* CVE-2026-23953 again: names and directories of a copy are the caller's texts. */
static void line_breaks_are_refused(void **state)
{
	const char *text = "lxc.uts.name = a\nlxc.hook.start = /var/lib/lxc/a/h\n"
			   "lxc.rootfs.path = /r\n";
	struct config_rewrite bad[3] = {paths_only, paths_only, paths_only};

	(void)state;
	bad[0].uts_name = "b\nlxc.hook.start-host = evil";
	bad[1].rootfs = "/r\nlxc.hook.start-host = evil";
	bad[2].new_directory = "/srv\nlxc.hook.start-host = evil";
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		struct config_file_copies copies = {};
		struct fixture f;
		autostr after = {};

		fixture_init(&f);
		assert_loads(&f, text);
		assert_int_equal(config_rewrite(&f.config, &bad[i], &copies, &f.error), -EINVAL);
		assert_cause(&f, ERR_CONFIG_VALUE_UNWRITABLE, "The value for lxc.");
		config_text(&f.config, &after);
		assert_null(strstr(str_text(&after), "evil"));
		fixture_finish(&f);

		/* The same when the key has no line yet. */
		fixture_init(&f);
		assert_loads(&f, "# nothing\n");
		assert_int_equal(config_rewrite(&f.config, &bad[i], &copies, &f.error),
				 i < 2 ? -EINVAL : 0);
		assert_text(&f, "# nothing\n");
		fixture_finish(&f);
	}
}

static void values_that_are_refused_stop_the_rewriting(void **state)
{
	struct config_rewrite how = paths_only;
	struct config_file_copies copies = {};
	struct fixture f;
	char name[80];

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	how.uts_name = name;
	fixture_init(&f);
	assert_loads(&f, "lxc.uts.name = a\n");
	assert_int_equal(config_rewrite(&f.config, &how, &copies, &f.error), -EINVAL);
	assert_cause(&f, ERR_CONFIG_VALUE_INVALID, "Invalid value \"nnn");
	assert_text(&f, "lxc.uts.name = a\n");
	fixture_finish(&f);
}

static void a_template_gets_other_digits(void **state)
{
	struct config_file_copies copies = {};
	struct config_rewrite how = paths_only;
	struct fixture original;
	struct fixture f;
	autostr text = {};

	(void)state;
	fixture_init(&original);
	assert_loads(&original, "lxc.net.0.type = veth\nlxc.net.0.hwaddr = 00:16:3E:xx:Xx:0x\n"
				"lxc.net.1.type = veth\nlxc.net.1.hwaddr = 00:16:3e:xx:xx:xx\n"
				"lxc.net.1.hwaddr = 00:16:3e:11:22:33\n");
	config_text(&original.config, &text);
	fixture_init(&f);
	assert_loads(&f, "lxc.net.0.type = veth\nlxc.net.0.hwaddr = 00:16:3E:01:02:03\n"
			 "lxc.net.1.type = veth\nlxc.net.1.hwaddr = 00:16:3e:11:22:33\n");
	how.new_hwaddrs = true;
	how.original = &original.config;
	assert_int_equal(config_rewrite(&f.config, &how, &copies, &f.error), 0);
	assert_text(&f, "lxc.net.0.type = veth\nlxc.net.0.hwaddr = 00:16:3E:bb:bb:0b\n"
			"lxc.net.1.type = veth\nlxc.net.1.hwaddr = 10:66:6a:bb:bb:bb\n");
	fixture_finish(&f);
	fixture_finish(&original);
}

static void paths_in_a_moved_directory_move(void **state)
{
	static const char text[] = "# /var/lib/lxc/a/rootfs\n"
				   "lxc.rootfs.path = overlay:/x:/var/lib/lxc/a/overlay/delta\n"
				   "lxc.mount.entry=/var/lib/lxc/a/s m overlay "
				   "lowerdir=/var/lib/lxc/a,upperdir=/mnt/var/lib/lxc/a/u 0 0\n"
				   "lxc.log.file = \"/var/lib/lxc/a\"\n"
				   "lxc.hook.start = /var/lib/lxc/ab/x /var/lib/lxc/a/y";
	static const char moved[] = "# /var/lib/lxc/a/rootfs\n"
				    "lxc.rootfs.path = overlay:/x:/v/b/overlay/delta\n"
				    "lxc.mount.entry=/v/b/s m overlay "
				    "lowerdir=/v/b,upperdir=/mnt/var/lib/lxc/a/u 0 0\n"
				    "lxc.log.file = \"/v/b\"\n"
				    "lxc.hook.start = /var/lib/lxc/ab/x /v/b/y";
	autostr once = {};
	autostr twice = {};

	(void)state;
	config_move_paths(text, "/var/lib/lxc/a", "/v/b", &once);
	assert_string_equal(str_text(&once), moved);
	config_move_paths(str_text(&once), "/var/lib/lxc/a", "/v/b", &twice);
	assert_string_equal(str_text(&twice), moved);
}

static int no_entropy(void *buf, size_t len)
{
	(void)buf;
	(void)len;
	return -ENOSYS;
}

static void missing_randomness_is_an_error(void **state)
{
	struct config_file_copies copies = {};
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_loads(&f, "lxc.net.0.type = veth\nlxc.net.0.hwaddr = 00:16:3e:11:22:33\n");
	f.config.effects.random = no_entropy;
	assert_int_equal(config_rewrite(&f.config, &copy, &copies, &f.error), -ENOSYS);
	assert_cause(&f, ERR_SYSTEM, "Failed to make a hardware address");
	fixture_finish(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_gets_what_may_not_exist_twice),
		cmocka_unit_test(what_the_text_lacks_is_added),
		cmocka_unit_test(the_comment_tells_the_new_kind_of_storage),
		cmocka_unit_test(nothing_asked_nothing_changed),
		cmocka_unit_test(of_repeated_lines_one_remains),
		cmocka_unit_test(old_names_stay_in_the_text),
		cmocka_unit_test(paths_end_at_component_boundaries),
		cmocka_unit_test(an_fstab_is_found_however_its_path_is_written),
		cmocka_unit_test(hooks_are_copied_once_each),
		cmocka_unit_test(only_overlay_mounts_are_rewritten),
		cmocka_unit_test(included_files_of_the_container_go_along),
		cmocka_unit_test(the_storage_type_of_an_old_line_does_not_override),
		cmocka_unit_test(values_from_includes_are_overridden_behind_them),
		cmocka_unit_test(line_breaks_are_refused),
		cmocka_unit_test(values_that_are_refused_stop_the_rewriting),
		cmocka_unit_test(missing_randomness_is_an_error),
		cmocka_unit_test(a_template_gets_other_digits),
		cmocka_unit_test(paths_in_a_moved_directory_move),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
