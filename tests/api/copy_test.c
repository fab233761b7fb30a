/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Copying and renaming by the library (spec/api.md §7, storage.md §6, §8; contracts.md GO-07): what
 * the flags do, what comes back, and what a failure leaves.
 */

#include "world.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool exists(const char *below)
{
	struct stat status;

	return lstat(world_path(below), &status) == 0;
}

/* A container with a root file system of its own. */
static struct lxc_container *define(const char *name, const char *lines)
{
	struct lxc_container *c = lxc_container_new(name, world_lxcpath);
	char path[256], text[2048];

	for (const char *const *below = (const char *const[]){"", "/rootfs", "/rootfs/etc", NULL};
	     *below; below++) {
		snprintf(path, sizeof(path), "%s/%s%s", world_lxcpath, name, *below);
		assert_int_equal(mkdir(path, 0755), 0);
	}
	snprintf(path, sizeof(path), "%s/%s/rootfs/etc/hostname", world_lxcpath, name);
	world_write(path, 0644, "old\n");
	snprintf(path, sizeof(path), "%s/%s/config", world_lxcpath, name);
	snprintf(text, sizeof(text),
		 "# mine\nlxc.rootfs.path = dir:%s/%s/rootfs\nlxc.uts.name = %s\n"
		 "lxc.net.0.type = veth\nlxc.net.0.hwaddr = 00:16:3e:11:22:33\n%s",
		 world_lxcpath, name, name, lines);
	world_write(path, 0644, text);
	assert_non_null(c);
	assert_works(c, c->load_config(c, NULL));
	return c;
}

static void assert_item(struct lxc_container *c, const char *key, const char *expected)
{
	char value[512];

	assert_true(c->get_config_item(c, key, value, sizeof(value)) >= 0);
	assert_string_equal(value, expected);
}

static void assert_file(const char *below, const char *expected)
{
	char *text = world_read(world_path(below));

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
}

/* The copy is destroyed, too. */
static void put(struct lxc_container *c)
{
	assert_works(c, c->destroy(c));
	assert_int_equal(lxc_container_put(c), 1);
}

static void a_copy_is_a_container_of_its_own(void **state)
{
	struct lxc_container *c = define("one", "");
	struct lxc_container *copy = c->clone(c, "two", NULL, 0, NULL, NULL, 0, NULL);
	char rootfs[256], address[64];

	(void)state;
	if (!copy)
		fail_msg("%s", c->error_string);
	assert_string_equal(copy->name, "two");
	assert_string_equal(copy->config_path, world_lxcpath);
	assert_works(copy, copy->is_defined(copy));
	snprintf(rootfs, sizeof(rootfs), "%s/two/rootfs", world_lxcpath);
	assert_item(copy, "lxc.rootfs.path", rootfs);
	assert_item(copy, "lxc.uts.name", "two");
	assert_int_equal(copy->get_config_item(copy, "lxc.net.0.hwaddr", address, sizeof(address)),
			 17);
	assert_memory_equal(address, "10:66:6a:", 9);
	assert_file("lxc/two/rootfs/etc/hostname", "two\n");
	assert_item(c, "lxc.uts.name", "one");
	put(copy);
	put(c);
}

static void flags_keep_what_they_name(void **state)
{
	struct lxc_container *c = define("one", "");
	struct lxc_container *copy = c->clone(c, "two", world_lxcpath,
					      LXC_CLONE_KEEPNAME | LXC_CLONE_KEEPMACADDR, "dir",
					      NULL, 0, NULL);

	(void)state;
	if (!copy)
		fail_msg("%s", c->error_string);
	assert_item(copy, "lxc.uts.name", "one");
	assert_item(copy, "lxc.net.0.hwaddr", "00:16:3e:11:22:33");
	assert_file("lxc/two/rootfs/etc/hostname", "old\n");
	put(copy);
	put(c);
}

static void a_snapshot_is_an_overlay_that_its_origin_waits_for(void **state)
{
	struct lxc_container *c = define("one", "");
	struct lxc_container *copy =
		c->clone(c, "two", NULL, LXC_CLONE_SNAPSHOT, NULL, NULL, 0, NULL);
	char rootfs[400], pair[256];

	(void)state;
	if (!copy)
		fail_msg("%s", c->error_string);
	snprintf(rootfs, sizeof(rootfs), "%s/one/rootfs:%s/two/overlay/delta", world_lxcpath,
		 world_lxcpath);
	assert_item(copy, "lxc.rootfs.path", rootfs);
	snprintf(pair, sizeof(pair), "%s\ntwo\n", world_lxcpath);
	assert_file("lxc/one/lxc_snapshots", pair);
	assert_false(c->destroy(c));
	assert_explained(c, "has snapshots on its rootfs");
	put(copy);
	assert_false(exists("lxc/one/lxc_snapshots"));
	put(c);
}

static void may_be_a_snapshot_means_a_copy_where_there_are_none(void **state)
{
	const int flags = LXC_CLONE_SNAPSHOT | LXC_CLONE_KEEPBDEVTYPE | LXC_CLONE_MAYBE_SNAPSHOT;
	struct lxc_container *c = define("one", "");
	struct lxc_container *copy = c->clone(c, "two", NULL, flags, NULL, NULL, 0, NULL);
	char rootfs[256];

	(void)state;
	if (!copy)
		fail_msg("%s", c->error_string);
	snprintf(rootfs, sizeof(rootfs), "%s/two/rootfs", world_lxcpath);
	assert_item(copy, "lxc.rootfs.path", rootfs);
	assert_false(exists("lxc/two/lxc_rdepends"));
	put(copy);
	put(c);
}

static void what_is_in_memory_is_copied(void **state)
{
	struct lxc_container *c = define("one", "");
	struct lxc_container *copy;

	(void)state;
	assert_works(c, c->set_config_item(c, "lxc.environment", "NOT=saved"));
	copy = c->clone(c, "two", NULL, 0, NULL, NULL, 0, NULL);
	if (!copy)
		fail_msg("%s", c->error_string);
	assert_item(copy, "lxc.environment", "NOT=saved\n");
	put(copy);
	put(c);
}

static void hooks_get_their_arguments(void **state)
{
	char *arguments[] = {"a b", "$c", NULL};
	struct lxc_container *c, *copy;
	char line[256];

	(void)state;
	snprintf(line, sizeof(line), "%s/hook", world_top);
	world_write(line, 0755,
		    "#!/bin/sh\nfor word; do echo \"$word\"; done "
		    ">\"$LXC_ROOTFS_MOUNT/words\"\n");
	snprintf(line, sizeof(line), "lxc.hook.clone = %s/hook\n", world_top);
	c = define("one", line);
	copy = c->clone(c, "two", NULL, 0, NULL, NULL, 0, arguments);
	if (!copy)
		fail_msg("%s", c->error_string);
	assert_file("lxc/two/rootfs/words", "two\nlxc\nclone\na b\n$c\n");
	put(copy);
	put(c);
}

static void failures_say_why_and_leave_nothing(void **state)
{
	struct lxc_container *c = define("one", "lxc.hook.clone = /bin/false\n");

	(void)state;
	assert_null(c->clone(c, NULL, NULL, 0, NULL, NULL, 0, NULL));
	assert_explained(c, "one/config exists");
	assert_null(c->clone(c, "two", NULL, 0, NULL, NULL, 0, NULL));
	assert_explained(c, "Script exited with status 1");
	assert_false(exists("lxc/two"));
	assert_null(c->clone(c, "two", "/nonexistent", 0, NULL, NULL, 0, NULL));
	assert_explained(c, "does not exist");
	assert_null(c->clone(c, "a/b", NULL, 0, NULL, NULL, 0, NULL));
	assert_explained(c, "a/b");
	assert_null(c->clone(c, "two", NULL, LXC_CLONE_SNAPSHOT, "dir", NULL, 0, NULL));
	assert_explained(c, "Directories cannot be snapshotted");
	assert_null(c->clone(c, "two", NULL, 0, "none-such", NULL, 0, NULL));
	assert_explained(c, "not a valid backing storage type");
	put(c);
}

static void running_containers_are_copied_when_that_is_allowed(void **state)
{
	struct lxc_container *c = world_start(world_name("busy"), NULL);
	struct lxc_container *copy;

	(void)state;
	assert_null(c->clone(c, "two", NULL, LXC_CLONE_SNAPSHOT, NULL, NULL, 0, NULL));
	assert_explained(c, "is running");
	copy = c->clone(c, "two", NULL, LXC_CLONE_SNAPSHOT | LXC_CLONE_ALLOW_RUNNING, NULL, NULL, 0,
			NULL);
	if (!copy)
		fail_msg("%s", c->error_string);
	put(copy);
	world_end(c);
}

static void a_renamed_container_keeps_its_files(void **state)
{
	struct lxc_container *c = define("one", "");
	struct lxc_container *renamed;
	struct stat before, after;

	(void)state;
	assert_int_equal(stat(world_path("lxc/one/rootfs/etc"), &before), 0);
	assert_works(c, c->rename(c, "two"));
	assert_string_equal(c->name, "one");
	assert_false(c->is_defined(c));
	assert_int_equal(stat(world_path("lxc/two/rootfs/etc"), &after), 0);
	assert_int_equal(after.st_ino, before.st_ino);
	renamed = lxc_container_new("two", world_lxcpath);
	assert_non_null(renamed);
	assert_item(renamed, "lxc.uts.name", "two");
	assert_item(renamed, "lxc.net.0.hwaddr", "00:16:3e:11:22:33");
	assert_file("lxc/two/rootfs/etc/hostname", "two\n");
	assert_false(c->rename(c, "three"));
	assert_explained(c, "is not defined");
	put(renamed);
	assert_int_equal(lxc_container_put(c), 1);
}

static void renaming_is_refused(void **state)
{
	struct lxc_container *c = define("one", "");
	struct lxc_container *other = define("two", "");

	(void)state;
	assert_false(c->rename(c, "two"));
	assert_explained(c, "two/config exists");
	assert_false(c->rename(c, NULL));
	assert_explained(c, "new name");
	assert_false(c->rename(c, "a/b"));
	assert_works(c, c->is_defined(c));
	c->clear_config(c);
	assert_false(c->rename(c, "three"));
	assert_explained(c, "has no configuration in memory");
	put(other);
	put(c);
}

struct copier {
	pthread_t thread;
	char name[16];
	bool worked;
};

static void *copy_in_thread(void *argument)
{
	struct copier *copier = argument;
	struct lxc_container *c = lxc_container_new("one", world_lxcpath);
	struct lxc_container *copy =
		c->clone(c, copier->name, NULL, LXC_CLONE_SNAPSHOT, NULL, NULL, 0, NULL);

	if (!copy)
		print_message("# %s\n", c->error_string);
	copier->worked = copy != NULL;
	if (copy)
		lxc_container_put(copy);
	lxc_container_put(c);
	return NULL;
}

/* All of them stand in the list of who needs it, whoever came first. */
static void threads_copy_one_container_at_once(void **state)
{
	struct lxc_container *c = define("one", "");
	struct copier copiers[4];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		snprintf(copiers[i].name, sizeof(copiers[i].name), "copy%zu", i);
		assert_int_equal(
			pthread_create(&copiers[i].thread, NULL, copy_in_thread, &copiers[i]), 0);
	}
	for (size_t i = 0; i < 4; i++) {
		pthread_join(copiers[i].thread, NULL);
		assert_true(copiers[i].worked);
	}
	for (size_t i = 0; i < 4; i++) {
		assert_false(c->destroy(c));
		put(lxc_container_new(copiers[i].name, world_lxcpath));
	}
	assert_false(exists("lxc/one/lxc_snapshots"));
	put(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_is_a_container_of_its_own),
		cmocka_unit_test(flags_keep_what_they_name),
		cmocka_unit_test(a_snapshot_is_an_overlay_that_its_origin_waits_for),
		cmocka_unit_test(may_be_a_snapshot_means_a_copy_where_there_are_none),
		cmocka_unit_test(what_is_in_memory_is_copied),
		cmocka_unit_test(hooks_get_their_arguments),
		cmocka_unit_test(failures_say_why_and_leave_nothing),
		cmocka_unit_test(running_containers_are_copied_when_that_is_allowed),
		cmocka_unit_test(a_renamed_container_keeps_its_files),
		cmocka_unit_test(renaming_is_refused),
		cmocka_unit_test(threads_copy_one_container_at_once),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
