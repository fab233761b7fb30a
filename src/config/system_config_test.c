/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc.conf: defaults of root and of others, the grammar, files that are missing or can't be read.
 */

#include "config/system_config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/macros.h"
#include "tare_paths.h"

static const struct system_config_where root = {.euid = 0, .home = "/root"};
static const struct system_config_where user = {.euid = 1000, .home = "/home/bob"};

static void assert_value(const struct system_config *config, const char *key, const char *expected)
{
	const char *value = NULL;

	assert_int_equal(system_config_get(config, key, &value), expected ? 0 : 1);
	if (expected)
		assert_string_equal(value, expected);
	else
		assert_null(value);
}

static void parse(const struct system_config_where *where, const char *text,
		  struct system_config *ret)
{
	assert_int_equal(system_config_parse(where, "lxc.conf", text, strlen(text), ret, NULL), 0);
}

static void go_14_defaults_of_root(void **state)
{
	struct system_config config;

	(void)state;
	parse(&root, "", &config);
	assert_value(&config, "lxc.lxcpath", PATH_LXC);
	assert_value(&config, "lxc.default_config", PATH_CONFIG_DIR "/default.conf");
	assert_value(&config, "lxc.bdev.lvm.vg", "lxc");
	assert_value(&config, "lxc.bdev.lvm.thin_pool", "lxc");
	assert_value(&config, "lxc.bdev.zfs.root", "lxc");
	assert_value(&config, "lxc.bdev.rbd.rbdpool", "lxc");
	assert_value(&config, "lxc.bdev.rbd.rbduser", NULL);
	assert_value(&config, "lxc.cgroup.use", NULL);
	assert_value(&config, "lxc.cgroup.pattern", NULL);
	system_config_finish(&config);
}

static void go_14_defaults_of_others(void **state)
{
	const struct system_config_where homeless = {.euid = 1000};
	const struct system_config_where slash = {.euid = 1000, .home = "/"};
	struct system_config config;

	(void)state;
	parse(&user, "", &config);
	assert_value(&config, "lxc.lxcpath", "/home/bob/.local/share/lxc");
	assert_value(&config, "lxc.default_config", "/home/bob/.config/lxc/default.conf");
	system_config_finish(&config);
	parse(&homeless, "", &config);
	assert_value(&config, "lxc.lxcpath", "/.local/share/lxc");
	system_config_finish(&config);
	parse(&slash, "", &config);
	assert_value(&config, "lxc.default_config", "/.config/lxc/default.conf");
	system_config_finish(&config);
}

static void unknown_keys_differ_from_unset_ones(void **state)
{
	const char *value = "untouched";
	struct system_config config;

	(void)state;
	parse(&root, "lxc.nosuch = 1\nlxc.cgroup.use = cpu,memory\n", &config);
	assert_int_equal(system_config_get(&config, "lxc.nosuch", &value), -EINVAL);
	assert_int_equal(system_config_get(&config, "lxc.lxc", &value), -EINVAL);
	assert_int_equal(system_config_get(&config, "", &value), -EINVAL);
	assert_string_equal(value, "untouched");
	assert_value(&config, "lxc.cgroup.use", "cpu,memory");
	system_config_finish(&config);
}

static void listed_in_the_order_of_lxc_config(void **state)
{
	static const char *const order[] = {
		"lxc.default_config",     "lxc.lxcpath",          "lxc.bdev.lvm.vg",
		"lxc.bdev.lvm.thin_pool", "lxc.bdev.zfs.root",    "lxc.cgroup.use",
		"lxc.cgroup.pattern",     "lxc.bdev.rbd.rbdpool", "lxc.bdev.rbd.rbduser",
	};

	(void)state;
	assert_int_equal(SYSTEM_CONFIG_KEY_COUNT, ARRAY_LENGTH(order));
	for (size_t i = 0; i < ARRAY_LENGTH(order); i++) {
		assert_string_equal(system_config_items[i].name, order[i]);
		assert_non_null(system_config_items[i].doc);
	}
}

static void the_last_line_wins(void **state)
{
	struct system_config config;

	(void)state;
	parse(&root, "lxc.lxcpath = /one\nlxc.lxcpath = /root/btrfs_c1", &config);
	assert_value(&config, "lxc.lxcpath", "/root/btrfs_c1");
	system_config_finish(&config);
}

static void an_empty_value_is_the_default_again(void **state)
{
	struct system_config config;

	(void)state;
	parse(&root,
	      "lxc.lxcpath = /one\nlxc.lxcpath =\nlxc.cgroup.use = cpu\nlxc.cgroup.use =  \n"
	      "lxc.bdev.lvm.vg = vg0\n",
	      &config);
	assert_value(&config, "lxc.lxcpath", PATH_LXC);
	assert_value(&config, "lxc.cgroup.use", NULL);
	assert_value(&config, "lxc.bdev.lvm.vg", "vg0");
	system_config_finish(&config);
}

static void blanks_comments_and_slashes(void **state)
{
	struct system_config config;

	(void)state;
	parse(&root,
	      "#lxc.bdev.lvm.vg = commented\n"
	      "\t lxc.bdev.lvm.vg\t=\t a = b \t\n"
	      " # lxc.bdev.zfs.root = not a key\n"
	      "lxc.lxcpath=/srv/lxc///\n"
	      "no equals sign\n"
	      "=\n"
	      "lxc.cgroup.pattern=lxc/%n\n"
	      "lxc.default_config=\"/quoted\"/\n",
	      &config);
	assert_value(&config, "lxc.bdev.lvm.vg", "a = b \t");
	assert_value(&config, "lxc.bdev.zfs.root", "lxc");
	assert_value(&config, "lxc.lxcpath", "/srv/lxc");
	assert_value(&config, "lxc.cgroup.pattern", "lxc/%n");
	assert_value(&config, "lxc.default_config", "\"/quoted\"/");
	system_config_finish(&config);

	parse(&root, "lxc.lxcpath = /srv\r\nlxc.bdev.lvm.vg = a\r\n", &config);
	assert_value(&config, "lxc.lxcpath", "/srv");
	assert_value(&config, "lxc.bdev.lvm.vg", "a");
	system_config_finish(&config);

	parse(&root, "lxc.lxcpath = ///", &config);
	assert_value(&config, "lxc.lxcpath", "/");
	system_config_finish(&config);
}

static void a_zero_byte_is_an_error_with_its_line(void **state)
{
	static const char text[] = "lxc.lxcpath = /x\n\nlxc.bdev.lvm.vg = a\0b\n";
	struct system_config config;
	struct err e = {0};

	(void)state;
	assert_int_equal(system_config_parse(&root, "lxc.conf", text, sizeof(text) - 1, &config,
					     &e),
			 -EINVAL);
	assert_int_equal(e.id, ERR_SYSTEM_CONFIG);
	assert_string_equal(err_cause(&e), "lxc.conf holds a zero byte");
	assert_string_equal(err_text_at(&e, e.frames[0].origin), "lxc.conf:3");
}

/* A directory of its own for each test that touches files. */
struct place {
	char dir[64];
	char file[96];
	struct system_config_where where;
};

static void place_make(struct place *place)
{
	snprintf(place->dir, sizeof(place->dir), "/tmp/system_config_test.XXXXXX");
	assert_non_null(mkdtemp(place->dir));
	snprintf(place->file, sizeof(place->file), "%s/lxc.conf", place->dir);
	place->where = (struct system_config_where){
		.euid = 0, .config_dir = place->dir, .lxcpath = "/srv/containers"};
}

static void place_write(const struct place *place, const char *text, size_t repeat)
{
	autofclose FILE *file = fopen(place->file, "we");

	assert_non_null(file);
	for (size_t i = 0; i < repeat; i++)
		assert_true(fputs(text, file) >= 0);
}

static void place_remove(const struct place *place)
{
	assert_int_equal(remove(place->file), 0);
	assert_int_equal(rmdir(place->dir), 0);
}

static void files_are_loaded(void **state)
{
	struct system_config config;
	struct place place;

	(void)state;
	place_make(&place);
	assert_int_equal(system_config_load(&place.where, &config, NULL), 0);
	assert_value(&config, "lxc.lxcpath", "/srv/containers");
	assert_value(&config, "lxc.bdev.zfs.root", "lxc");
	system_config_finish(&config);

	place_write(&place, "lxc.bdev.zfs.root = tank/lxc\n", 1000);
	assert_int_equal(system_config_load(&place.where, &config, NULL), 0);
	assert_value(&config, "lxc.bdev.zfs.root", "tank/lxc");
	system_config_finish(&config);
	place_remove(&place);
}

static void others_have_the_file_below_their_home(void **state)
{
	struct system_config_where where = {.euid = 1000};
	char folders[2][96];
	struct system_config config;
	struct place place;

	(void)state;
	place_make(&place);
	where.home = place.dir;
	snprintf(folders[0], sizeof(folders[0]), "%s/.config", place.dir);
	snprintf(folders[1], sizeof(folders[1]), "%s/.config/lxc", place.dir);
	snprintf(place.file, sizeof(place.file), "%s/.config/lxc/lxc.conf", place.dir);
	assert_int_equal(mkdir(folders[0], 0700), 0);
	assert_int_equal(mkdir(folders[1], 0700), 0);
	place_write(&place, "lxc.lxcpath = /srv/mine\n", 1);
	assert_int_equal(system_config_load(&where, &config, NULL), 0);
	assert_value(&config, "lxc.lxcpath", "/srv/mine");
	system_config_finish(&config);
	assert_int_equal(remove(place.file), 0);
	assert_int_equal(rmdir(folders[1]), 0);
	assert_int_equal(rmdir(folders[0]), 0);
	assert_int_equal(rmdir(place.dir), 0);
}

static void a_directory_is_an_error(void **state)
{
	struct system_config config;
	struct err e = {0};
	struct place place;
	char message[128];

	(void)state;
	place_make(&place);
	assert_int_equal(mkdir(place.file, 0700), 0);
	assert_int_equal(system_config_load(&place.where, &config, &e), -EISDIR);
	assert_int_equal(e.id, ERR_FILE_READ);
	snprintf(message, sizeof(message), "reading %s", place.file);
	assert_string_equal(err_cause(&e), message);
	place_remove(&place);
}

static void what_cannot_be_opened_is_an_error(void **state)
{
	struct system_config config;
	struct err e = {0};
	struct place place;

	(void)state;
	place_make(&place);
	assert_int_equal(symlink("lxc.conf", place.file), 0);
	assert_int_equal(system_config_load(&place.where, &config, &e), -ELOOP);
	assert_int_equal(e.id, ERR_FILE_OPEN);
	place_remove(&place);
}

static void a_fifo_does_not_hang(void **state)
{
	struct system_config config;
	struct place place;

	(void)state;
	place_make(&place);
	assert_int_equal(mkfifo(place.file, 0600), 0);
	assert_int_equal(system_config_load(&place.where, &config, NULL), 0);
	system_config_finish(&config);
	place_remove(&place);
}

static void endless_files_are_refused(void **state)
{
	struct system_config config;
	struct err e = {0};
	struct place place;

	(void)state;
	place_make(&place);
	place_write(&place, "# sixteen bytes\n", 65537);
	assert_int_equal(system_config_load(&place.where, &config, &e), -EFBIG);
	assert_int_equal(e.id, ERR_FILE_TOO_LARGE);
	place_remove(&place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(go_14_defaults_of_root),
		cmocka_unit_test(go_14_defaults_of_others),
		cmocka_unit_test(unknown_keys_differ_from_unset_ones),
		cmocka_unit_test(listed_in_the_order_of_lxc_config),
		cmocka_unit_test(the_last_line_wins),
		cmocka_unit_test(an_empty_value_is_the_default_again),
		cmocka_unit_test(blanks_comments_and_slashes),
		cmocka_unit_test(a_zero_byte_is_an_error_with_its_line),
		cmocka_unit_test(files_are_loaded),
		cmocka_unit_test(others_have_the_file_below_their_home),
		cmocka_unit_test(a_directory_is_an_error),
		cmocka_unit_test(what_cannot_be_opened_is_an_error),
		cmocka_unit_test(a_fifo_does_not_hang),
		cmocka_unit_test(endless_files_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
