/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Creating with a template, destroying, and the lists of containers (spec/api.md §6 and §7,
 * contracts.md GO-05, GO-11, PY-05).
 */

#include "world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Writes down how it was called, makes a root file system, and speaks on both streams. */
static const char template_script[] = "#!/bin/sh\n"
				      "set -e\n"
				      "for word; do\n"
				      "	case $word in\n"
				      "	--path=*) path=${word#*=} ;;\n"
				      "	--rootfs=*) rootfs=${word#*=} ;;\n"
				      "	--fail) echo 'template: no luck' >&2; exit 5 ;;\n"
				      "	esac\n"
				      "done\n"
				      "printf '%s\\n' \"$@\" >\"$path/words\"\n"
				      "mkdir -p \"$rootfs/sbin\"\n"
				      "echo made >\"$rootfs/sbin/init\"\n"
				      "echo lxc.environment = FROM=template >>\"$path/config\"\n"
				      "echo \"rootfs is $rootfs\"\n";

static char *template_name(void)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/template", world_top);
	world_write(path, 0755, template_script);
	return path;
}

static bool exists(const char *below)
{
	struct stat status;

	return lstat(world_path(below), &status) == 0;
}

static void assert_file_has(const char *below, const char *part)
{
	char *text = world_read(world_path(below));

	if (!text)
		fail_msg("%s can't be read", below);
	else if (!strstr(text, part))
		fail_msg("%s lacks \"%s\": %s", below, part, text);
	free(text);
}

static void a_template_makes_a_container(void **state)
{
	char *const arguments[] = {"--dist", "plain", "--release", "1", NULL};
	struct lxc_container *c = lxc_container_new("made", world_lxcpath);
	char value[64], words[512];

	assert_works(c, c->create(c, template_name(), NULL, NULL, LXC_CREATE_QUIET, arguments));
	assert_true(c->is_defined(c));
	assert_non_null(c->lxc_conf);
	assert_true(exists("lxc/made/rootfs/sbin/init"));
	assert_false(exists("lxc/made/partial"));
	snprintf(words, sizeof(words), "--path=%s/made\n--name=made\n--rootfs=", world_lxcpath);
	assert_file_has("lxc/made/words", words);
	assert_file_has("lxc/made/words", "\n--dist\nplain\n--release\n1\n");
	assert_file_has("lxc/made/config", "# Template used to create this container: ");
	assert_file_has("lxc/made/config", "# Parameters passed to the template: "
					   "--dist plain --release 1");
	/* What the template wrote was loaded. */
	assert_int_equal(c->get_config_item(c, "lxc.environment", value, sizeof(value)), 14);
	assert_string_equal(value, "FROM=template\n");
	assert_int_equal(c->get_config_item(c, "lxc.rootfs.path", value, sizeof(value)) > 0, true);

	assert_false(c->create(c, template_name(), NULL, NULL, LXC_CREATE_QUIET, NULL));
	assert_explained(c, "already exists in");
	assert_works(c, c->destroy(c));
	assert_false(exists("lxc/made"));
	assert_false(c->destroy(c));
	assert_explained(c, "is not defined");
	lxc_container_put(c);
}

static void arguments_may_be_single_ones(void **state)
{
	struct lxc_container *c = lxc_container_new("single", world_lxcpath);
	struct bdev_specs specs = {.dir = NULL};

	assert_works(c, c->createl(c, template_name(), "dir", &specs, LXC_CREATE_QUIET, "--one",
				   "two words", NULL));
	assert_file_has("lxc/single/words", "\n--one\ntwo words\n");
	assert_works(c, c->destroy(c));
	lxc_container_put(c);
	/* Not with the same object: its configuration still names the root file system. */
	c = lxc_container_new("single", world_lxcpath);
	assert_works(c, c->createl(c, template_name(), "best", NULL, LXC_CREATE_QUIET, NULL));
	assert_works(c, c->destroy(c));
	lxc_container_put(c);
}

static void a_failing_template_leaves_nothing(void **state)
{
	struct lxc_container *c = lxc_container_new("failed", world_lxcpath);

	assert_false(c->createl(c, template_name(), NULL, NULL, LXC_CREATE_QUIET, "--fail", NULL));
	assert_explained(c, "template");
	assert_explained(c, "5");
	assert_false(exists("lxc/failed"));
	assert_false(c->create(c, "/no/such/template", NULL, NULL, 0, NULL));
	assert_explained(c, "/no/such/template");
	assert_false(exists("lxc/failed"));
	assert_false(c->create(c, template_name(), "lvm", NULL, LXC_CREATE_QUIET, NULL));
	assert_explained(c, "lvm");
	assert_false(exists("lxc/failed"));
	lxc_container_put(c);
}

/* go-lxc's "none" is no template: only the configuration is saved. */
static void no_template_saves_the_configuration(void **state)
{
	struct lxc_container *c = lxc_container_new("plain", world_lxcpath);
	struct lxc_container *bad = lxc_container_new("bad", world_lxcpath);

	assert_works(c, c->set_config_item(c, "lxc.uts.name", "plain"));
	assert_works(c, c->create(c, NULL, NULL, NULL, 0, NULL));
	assert_true(c->is_defined(c));
	assert_file_has("lxc/plain/config", "lxc.uts.name = plain");
	assert_works(c, c->destroy(c));
	lxc_container_put(c);

	assert_works(bad, bad->set_config_item(bad, "lxc.rootfs.path", "/no/such/root"));
	assert_false(bad->create(bad, NULL, NULL, NULL, 0, NULL));
	assert_explained(bad, "/no/such/root");
	lxc_container_put(bad);
}

/* Of the list the first kind that works; the specs say how. */
static void storage_is_chosen_by_specs(void **state)
{
	struct bdev_specs specs = {.fstype = "ext4", .fssize = 8 << 20};
	struct lxc_container *c = lxc_container_new("stored", world_lxcpath);
	struct stat status;

	assert_works(c, c->createl(c, template_name(), "btrfs,loop,dir", &specs, LXC_CREATE_QUIET,
				   NULL));
	assert_file_has("lxc/stored/config", "lxc.rootfs.path = loop:");
	assert_int_equal(stat(world_path("lxc/stored/rootdev"), &status), 0);
	assert_int_equal(status.st_size, 8 << 20);
	assert_works(c, c->destroy(c));
	assert_false(exists("lxc/stored"));
	lxc_container_put(c);

	c = lxc_container_new("stored", world_lxcpath);
	specs.lvm.lv = "no name";
	assert_false(c->createl(c, template_name(), "lvm", &specs, LXC_CREATE_QUIET, NULL));
	assert_explained(c, "can't be the name of a logical volume");
	assert_false(exists("lxc/stored"));
	lxc_container_put(c);
}

static void an_unmanaged_root_stays(void **state)
{
	struct lxc_container *c = world_define("kept", "lxc.rootfs.managed = 0\n");

	assert_works(c, c->destroy(c));
	assert_true(exists("root/bin/busybox"));
	assert_true(exists("lxc/kept/config"));
	assert_works(c, c->clear_config_item(c, "lxc.rootfs.path"));
	assert_works(c, c->clear_config_item(c, "lxc.rootfs.managed"));
	assert_works(c, c->destroy(c));
	assert_false(exists("lxc/kept"));
	lxc_container_put(c);
}

static void free_names(char **names, int count)
{
	for (int i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

static void put_all(struct lxc_container **containers, int count)
{
	for (int i = 0; i < count; i++)
		assert_int_equal(lxc_container_put(containers[i]), 1);
	free(containers);
}

typedef int (*list_fn)(const char *lxcpath, char ***names, struct lxc_container ***cret);

/* In all four ways that callers ask. */
static void assert_listed(list_fn list, const char *lxcpath, const char *const expected[], int n)
{
	struct lxc_container **containers = (void *)-1L;
	char **names = (void *)-1L;

	assert_int_equal(list(lxcpath, NULL, NULL), n);
	assert_int_equal(list(lxcpath, &names, NULL), n);
	for (int i = 0; i < n; i++)
		assert_string_equal(names[i], expected[i]);
	if (n == 0)
		assert_null(names);
	free_names(names, n);
	assert_int_equal(list(lxcpath, NULL, &containers), n);
	for (int i = 0; i < n; i++)
		assert_string_equal(containers[i]->name, expected[i]);
	if (n == 0)
		assert_null(containers);
	put_all(containers, n);
	assert_int_equal(list(lxcpath, &names, &containers), n);
	for (int i = 0; i < n; i++)
		assert_string_equal(containers[i]->name, names[i]);
	free_names(names, n);
	put_all(containers, n);
}

static void containers_are_listed(void **state)
{
	const char *empty = world_path("empty");
	const char *one = world_name("a"), *two = world_name("b"), *running = world_name("c");
	const char *undefined = world_name("d"), *broken = world_name("e");
	const char *const defined[] = {one, two, running};
	const char *const names[] = {one, two, running, broken};
	const char *const active[] = {running, undefined};
	const char *const all[] = {one, two, running, undefined, broken};
	char *const arguments[] = {"/bin/sleep", "1000", NULL};
	struct lxc_container *c[4], **containers;
	char **found, path[256];

	assert_int_equal(mkdir(empty, 0755), 0);
	assert_listed(list_defined_containers, empty, NULL, 0);
	assert_listed(list_active_containers, empty, NULL, 0);
	assert_listed(list_all_containers, empty, NULL, 0);
	assert_int_equal(list_defined_containers(world_path("missing"), NULL, NULL), -1);
	assert_int_equal(list_all_containers(world_path("missing"), NULL, NULL), -1);
	assert_int_equal(list_active_containers(world_path("missing"), NULL, NULL), 0);

	c[0] = world_define(one, NULL);
	c[1] = world_define(two, NULL);
	c[2] = world_start(running, NULL);
	/* One that was never saved runs as well. */
	c[3] = lxc_container_new(undefined, world_lxcpath);
	assert_works(c[3], c[3]->set_config_item(c[3], "lxc.uts.name", "undefined"));
	assert_works(c[3], c[3]->start(c[3], 0, arguments));
	assert_int_equal(mkdir(world_path("lxc/.hidden"), 0755), 0);
	world_write(world_path("lxc/.hidden/config"), 0644, "");
	assert_int_equal(mkdir(world_path("lxc/no-container"), 0755), 0);
	assert_listed(list_defined_containers, world_lxcpath, defined, 3);
	assert_listed(list_active_containers, world_lxcpath, active, 2);
	assert_listed(list_all_containers, world_lxcpath, all, 4);

	/* One whose configuration is broken is a name, but no object. */
	snprintf(path, sizeof(path), "lxc/%s", broken);
	assert_int_equal(mkdir(world_path(path), 0755), 0);
	snprintf(path, sizeof(path), "lxc/%s/config", broken);
	world_write(world_path(path), 0644, "lxc.no.such.key = 1\n");
	assert_int_equal(list_defined_containers(world_lxcpath, &found, NULL), 4);
	assert_string_equal(found[3], names[3]);
	free_names(found, 4);
	assert_int_equal(list_defined_containers(world_lxcpath, NULL, &containers), 3);
	put_all(containers, 3);
	assert_int_equal(list_all_containers(world_lxcpath, &found, NULL), 5);
	assert_string_equal(found[4], all[4]);
	free_names(found, 5);

	world_end(c[3]);
	world_end(c[2]);
	lxc_container_put(c[1]);
	lxc_container_put(c[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_template_makes_a_container),
		cmocka_unit_test(arguments_may_be_single_ones),
		cmocka_unit_test(a_failing_template_leaves_nothing),
		cmocka_unit_test(no_template_saves_the_configuration),
		cmocka_unit_test(storage_is_chosen_by_specs),
		cmocka_unit_test(an_unmanaged_root_stays),
		cmocka_unit_test_teardown(containers_are_listed, world_stop_all),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
