/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Snapshots by the members (spec/api.md §7, contracts.md GO-06, GO-15, PY-05): made, listed,
 * restored, destroyed.
 */

#include "world.h"

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

/* A container with a directory of its own, in which there is one file. */
static struct lxc_container *define(const char *name)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "lxc/%s", name);
	assert_int_equal(mkdir(world_path(path), 0770), 0);
	snprintf(path, sizeof(path), "lxc/%s/rootfs", name);
	assert_int_equal(mkdir(world_path(path), 0755), 0);
	snprintf(text, sizeof(text),
		 "lxc.uts.name = %s\nlxc.rootfs.path = dir:%s/%s/rootfs\n"
		 "lxc.net.0.type = veth\nlxc.net.0.hwaddr = 00:16:3e:aa:bb:cc\n",
		 name, world_lxcpath, name);
	snprintf(path, sizeof(path), "lxc/%s/config", name);
	world_write(world_path(path), 0640, text);
	snprintf(path, sizeof(path), "lxc/%s/rootfs/file", name);
	world_write(world_path(path), 0644, "first\n");
	return lxc_container_new(name, world_lxcpath);
}

static void assert_file(const char *below, const char *expected)
{
	char *text = world_read(world_path(below));

	if (!text)
		fail_msg("%s can't be read", below);
	assert_string_equal(text, expected);
	free(text);
}

static void free_list(struct lxc_snapshot *snapshots, int count)
{
	for (int i = 0; i < count; i++)
		snapshots[i].free(&snapshots[i]);
	free(snapshots);
}

static void snapshots_are_made_and_listed(void **state)
{
	struct lxc_container *c = define("listed");
	struct lxc_snapshot *snapshots = NULL;
	char expected[256];

	assert_int_equal(c->snapshot_list(c, &snapshots), 0);
	assert_int_equal(c->snapshot(c, NULL), 0);
	world_write(world_path("comment"), 0644, "why\n");
	assert_int_equal(c->snapshot(c, world_path("comment")), 1);
	assert_int_equal(c->snapshot(c, world_path("nowhere")), -1);
	assert_explained(c, "cannot read the comment file");
	assert_int_equal(c->snapshot_list(c, &snapshots), 2);
	assert_string_equal(snapshots[0].name, "snap0");
	assert_string_equal(snapshots[1].name, "snap1");
	snprintf(expected, sizeof(expected), "%s/listed/snaps", world_lxcpath);
	assert_string_equal(snapshots[1].lxcpath, expected);
	assert_int_equal(strlen(snapshots[1].timestamp), strlen("2026:11:22 02:58:49"));
	snprintf(expected, sizeof(expected), "%s/listed/snaps/snap1/comment", world_lxcpath);
	assert_string_equal(snapshots[1].comment_pathname, expected);
	free_list(snapshots, 2);
	assert_file("lxc/listed/snaps/snap1/comment", "why\n");
	assert_false(exists("lxc/listed/snaps/snap0/comment"));
	assert_false(exists("lxc/listed/snaps/snap2"));

	assert_false(c->destroy(c));
	assert_explained(c, "has snapshots");
	assert_false(c->snapshot_destroy(c, "snap7"));
	assert_explained(c, "snap7");
	assert_works(c, c->snapshot_destroy(c, "snap0"));
	assert_int_equal(c->snapshot(c, NULL), 0);
	assert_works(c, c->snapshot_destroy_all(c));
	assert_false(exists("lxc/listed/snaps"));
	assert_works(c, c->snapshot_destroy_all(c));
	assert_works(c, c->destroy(c));
	lxc_container_put(c);
}

static void a_snapshot_is_a_container(void **state)
{
	struct lxc_container *c = define("origin");
	struct lxc_container *snapshot;
	char lxcpath[256], value[128];

	assert_int_equal(c->snapshot(c, NULL), 0);
	snprintf(lxcpath, sizeof(lxcpath), "%s/origin/snaps", world_lxcpath);
	snapshot = lxc_container_new("snap0", lxcpath);
	assert_true(snapshot->is_defined(snapshot));
	assert_true(snapshot->get_config_item(snapshot, "lxc.uts.name", value, sizeof(value)) > 0);
	assert_string_equal(value, "origin");
	lxc_container_put(snapshot);
	assert_works(c, c->destroy_with_snapshots(c));
	assert_false(exists("lxc/origin"));
	lxc_container_put(c);
}

static void snapshots_are_restored(void **state)
{
	struct lxc_container *c = define("back");
	struct lxc_container *copy;
	char value[128];

	assert_int_equal(c->snapshot(c, NULL), 0);
	world_write(world_path("lxc/back/rootfs/file"), 0644, "second\n");
	assert_works(c, c->set_config_item(c, "lxc.environment", "LATER=1"));
	assert_works(c, c->save_config(c, NULL));

	assert_works(c, c->snapshot_restore(c, "snap0", "other"));
	assert_file("lxc/other/rootfs/file", "first\n");
	assert_file("lxc/back/rootfs/file", "second\n");
	copy = lxc_container_new("other", world_lxcpath);
	assert_true(copy->get_config_item(copy, "lxc.uts.name", value, sizeof(value)) > 0);
	assert_string_equal(value, "other");
	assert_works(copy, copy->destroy(copy));
	lxc_container_put(copy);

	assert_false(c->snapshot_restore(c, "snap1", NULL));
	assert_explained(c, "Could not open snapshot snap1");
	/* The own name is in place, too; what is in memory is what was restored. */
	assert_works(c, c->snapshot_restore(c, "snap0", "back"));
	assert_file("lxc/back/rootfs/file", "first\n");
	assert_int_equal(c->get_config_item(c, "lxc.environment", value, sizeof(value)), 0);
	assert_true(c->get_config_item(c, "lxc.net.0.hwaddr", value, sizeof(value)) > 0);
	assert_string_equal(value, "00:16:3e:aa:bb:cc");
	world_write(world_path("lxc/back/rootfs/file"), 0644, "third\n");
	assert_works(c, c->snapshot_restore(c, "snap0", NULL));
	assert_file("lxc/back/rootfs/file", "first\n");
	assert_works(c, c->destroy_with_snapshots(c));
	lxc_container_put(c);
}

static void a_running_container_is_not_restored(void **state)
{
	struct lxc_container *c = world_start(world_name("busy"), NULL);

	assert_int_equal(c->snapshot(c, NULL), -1);
	assert_explained(c, "is running");
	assert_false(c->snapshot_restore(c, "snap0", NULL));
	assert_false(c->destroy_with_snapshots(c));
	assert_explained(c, "is running");
	world_end(c);
}

/* Snapshots that an LXC of before made: beside the lxcpath, before they moved into the container.
 */
static void old_snapshots_are_seen(void **state)
{
	struct lxc_container *c = world_define("old", NULL);
	struct lxc_snapshot *snapshots = NULL;

	assert_int_equal(c->snapshot_list(c, &snapshots), 0);
	assert_true(c->snapshot_destroy_all(c));
	assert_int_equal(mkdir(world_path("lxcsnaps"), 0755), 0);
	assert_int_equal(mkdir(world_path("lxcsnaps/old"), 0755), 0);
	assert_int_equal(c->snapshot_list(c, &snapshots), 0);
	/* Nobody knows what that is: it is not listed, and not removed either. */
	assert_int_equal(mkdir(world_path("lxcsnaps/old/snap0"), 0755), 0);
	assert_int_equal(c->snapshot_list(c, &snapshots), 0);
	assert_false(c->snapshot_destroy_all(c));
	assert_explained(c, "lxcsnaps/old/snap0\" is no complete snapshot");
	assert_false(c->destroy_with_snapshots(c));
	assert_true(exists("lxc/old/config"));
	assert_int_equal(rmdir(world_path("lxcsnaps/old/snap0")), 0);
	assert_int_equal(rmdir(world_path("lxcsnaps/old")), 0);

	/* A file is no directory of snapshots; who can't look does not say that there are none. */
	world_write(world_path("lxcsnaps/old"), 0644, "");
	assert_int_equal(c->snapshot_list(c, &snapshots), 0);
	assert_int_equal(unlink(world_path("lxcsnaps/old")), 0);
	assert_int_equal(symlink("old", world_path("lxcsnaps/old")), 0);
	assert_int_equal(c->snapshot_list(c, &snapshots), -1);
	assert_non_null(strstr(c->error_string, "snapshots"));
	assert_int_equal(unlink(world_path("lxcsnaps/old")), 0);
	assert_int_equal(rmdir(world_path("lxcsnaps")), 0);
	assert_works(c, c->clear_config_item(c, "lxc.rootfs.path"));
	assert_works(c, c->destroy_with_snapshots(c));
	lxc_container_put(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(snapshots_are_made_and_listed),
		cmocka_unit_test(a_snapshot_is_a_container),
		cmocka_unit_test(snapshots_are_restored),
		cmocka_unit_test_teardown(a_running_container_is_not_restored, world_stop_all),
		cmocka_unit_test(old_snapshots_are_seen),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
