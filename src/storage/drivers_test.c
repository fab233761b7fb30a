/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The drivers that need no programs: names, making, snapshots, renaming, destroying. btrfs lies in
 * a file that is mounted in a mount namespace of the test's own.
 */

#include "storage/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "child/command.h"
#include "storage/removal.h"
#include "sys/loop_device.h"

static char top[128];
static bool has_btrfs;
static struct err error;

static const char *place(const char *below)
{
	static char texts[8][256];
	static unsigned next;
	char *text = texts[next++ % ARRAY_LENGTH(texts)];

	snprintf(text, sizeof(texts[0]), "%s/%s", top, below);
	return text;
}

static void write_file(const char *below, const char *content)
{
	autofclose FILE *f = fopen(place(below), "we");

	assert_non_null(f);
	assert_true(fputs(content, f) >= 0);
}

static void assert_content(const char *below, const char *content)
{
	autofclose FILE *f = fopen(place(below), "re");
	char text[64] = "";

	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	assert_string_equal(text, content);
}

static bool exists(const char *below)
{
	return access(place(below), F_OK) == 0;
}

static void assert_done(int r)
{
	autostr text = {};

	err_render_text(&error, &text);
	if (r != 0)
		fail_msg("%d: %s", r, str_text(&text));
	err_clear(&error);
}

static struct storage_wish wish_for(enum rootfs_type type, const char *name)
{
	return (struct storage_wish){.type = type, .directory = place(name), .name = name};
}

static void name_it(const struct storage_wish *wish, const struct storage_volume *source,
		    struct storage_volume *ret, const char *expected)
{
	autostr text = {};

	assert_done(storage_name(wish, source, source != NULL, ret, &error));
	storage_volume_print(ret, &text);
	assert_string_equal(str_text(&text), expected);
}

static void a_directory_comes_and_goes(void **state)
{
	struct storage_wish wish = wish_for(ROOTFS_DIR, "a");
	struct storage_volume volume = {}, other = {};
	autostr expected = {};
	struct stat status;

	str_addf(&expected, "dir:%s/a/rootfs", top);
	name_it(&wish, NULL, &volume, str_text(&expected));
	assert_int_equal(storage_exists(&volume, &error), 0);
	assert_done(storage_create(&volume, &wish, NULL, &error));
	assert_int_equal(storage_exists(&volume, &error), 1);
	assert_int_equal(stat(volume.path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0755);
	assert_int_equal(storage_create(&volume, &wish, NULL, &error), -EEXIST);
	assert_int_equal(storage_size(&volume, &(uint64_t){0}, &error), -EOPNOTSUPP);
	assert_int_equal(storage_name(&wish, &volume, true, &other, &error), -EOPNOTSUPP);
	assert_string_equal(err_cause(&error), "Directories cannot be snapshotted");

	/* The container's rename(2) took it along. */
	wish.directory = place("b");
	wish.former = place("a");
	assert_done(storage_rename(&volume, &wish, true, &other, &error));
	assert_string_equal(other.path, place("b/rootfs"));
	storage_volume_set(&other, ROOTFS_DIR, "/srv/elsewhere/rootfs");
	assert_done(storage_rename(&other, &wish, true, &other, &error));
	assert_string_equal(other.path, "/srv/elsewhere/rootfs");

	assert_int_equal(mkdir(place("a/rootfs/etc"), 0700), 0);
	assert_done(storage_destroy(&volume, NULL, NULL, &error));
	assert_false(exists("a/rootfs"));
	assert_done(storage_destroy(&volume, NULL, NULL, &error));
	storage_volume_finish(&volume);
	storage_volume_finish(&other);
}

static void what_the_system_needs_stays(void **state)
{
	struct storage_volume volume = {};

	assert_int_equal(storage_volume_set(&volume, ROOTFS_DIR, "/usr"), 0);
	assert_int_equal(storage_destroy(&volume, NULL, NULL, &error), -EBUSY);
	assert_int_equal(storage_volume_set(&volume, ROOTFS_BTRFS, "/"), 0);
	assert_int_equal(storage_destroy(&volume, NULL, NULL, &error), -EBUSY);
	storage_volume_finish(&volume);
}

static void what_is_mounted_stays(void **state)
{
	struct storage_volume volume = {};

	assert_int_equal(mkdir(place("m"), 0755), 0);
	assert_int_equal(mkdir(place("m/rootfs"), 0755), 0);
	assert_int_equal(mkdir(place("m/rootfs/with blank"), 0755), 0);
	write_file("m/rootfs/file", "kept");
	assert_int_equal(mount("m", place("m/rootfs/with blank"), "tmpfs", 0, NULL), 0);
	assert_int_equal(storage_volume_set(&volume, ROOTFS_DIR, place("m/rootfs")), 0);
	assert_int_equal(storage_destroy(&volume, NULL, NULL, &error), -EBUSY);
	assert_non_null(strstr(err_cause(&error), "with blank"));
	assert_content("m/rootfs/file", "kept");
	assert_int_equal(umount(place("m/rootfs/with blank")), 0);
	assert_done(storage_destroy(&volume, NULL, NULL, &error));
	storage_volume_finish(&volume);
}

static void an_overlay_of_a_directory(void **state)
{
	struct storage_wish wish = wish_for(ROOTFS_OVERLAY, "o2");
	struct storage_wish next = wish_for(ROOTFS_OVERLAY, "o3");
	struct storage_volume lower = {}, volume = {}, copy = {}, moved = {};
	autostr expected = {};
	struct stat status;

	assert_int_equal(storage_volume_set(&lower, ROOTFS_DIR, place("o1/rootfs")), 0);
	assert_int_equal(mkdir(place("o1"), 0755), 0);
	assert_int_equal(mkdir(lower.path, 0755), 0);
	assert_int_equal(chmod(lower.path, 0750) + chown(lower.path, 7, 8), 0);
	str_addf(&expected, "overlay:%s/o1/rootfs:%s/o2/overlay/delta", top, top);
	name_it(&wish, &lower, &volume, str_text(&expected));
	assert_done(storage_snapshot(&lower, &volume, &wish, &error));
	assert_int_equal(stat(place("o2/overlay/delta"), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0750);
	assert_int_equal(status.st_uid, 7);
	assert_int_equal(status.st_gid, 8);
	write_file("o2/overlay/delta/changed", "yes");

	/* A clone of the clone has the same lower directory and a delta of its own. */
	str_reset(&expected);
	str_addf(&expected, "overlay:%s/o1/rootfs:%s/o3/overlay/delta", top, top);
	name_it(&next, &volume, &copy, str_text(&expected));
	assert_done(storage_snapshot(&volume, &copy, &next, &error));
	assert_content("o3/overlay/delta/changed", "yes");
	assert_int_equal(storage_snapshots_last(&volume, &error), 1);

	next.directory = place("o4");
	assert_done(storage_rename(&copy, &next, false, &moved, &error));
	str_reset(&expected);
	str_addf(&expected, "%s/o1/rootfs:%s/o4/overlay/delta", top, top);
	assert_string_equal(moved.path, str_text(&expected));

	assert_int_equal(mkdir(place("o2/overlay/work"), 0700), 0);
	assert_done(storage_destroy(&volume, NULL, NULL, &error));
	assert_false(exists("o2/overlay"));
	assert_true(exists("o1/rootfs"));
	assert_done(storage_destroy(&copy, NULL, NULL, &error));
	assert_false(exists("o3/overlay"));
	storage_volume_finish(&lower);
	storage_volume_finish(&volume);
	storage_volume_finish(&copy);
	storage_volume_finish(&moved);
}

static void a_new_overlay_has_a_lower_directory_of_its_own(void **state)
{
	struct storage_wish wish = wish_for(ROOTFS_OVERLAY, "n1");
	struct storage_volume volume = {}, source = {};
	autostr expected = {};

	str_addf(&expected, "overlay:%s/n1/rootfs:%s/n1/overlay/delta", top, top);
	name_it(&wish, NULL, &volume, str_text(&expected));
	assert_done(storage_create(&volume, &wish, NULL, &error));
	assert_true(exists("n1/rootfs"));
	assert_true(exists("n1/overlay/delta"));
	assert_int_equal(storage_volume_set(&source, ROOTFS_LVM, "/dev/lxc/a"), 0);
	assert_int_equal(storage_name(&wish, &source, true, &volume, &error), -EOPNOTSUPP);
	assert_string_equal(err_cause(&error),
			    "overlay clone of lvm container is not yet supported");
	storage_volume_finish(&volume);
	storage_volume_finish(&source);
}

/* Nothing but what overlays leave in a work directory goes with an upper one that lies anywhere. */
static void what_lies_beside_an_upper_directory_stays(void **state)
{
	struct storage_volume volume = {};
	autostr path = {};

	str_addf(&path, "/lower:%s/home/delta", top);
	assert_int_equal(mkdir(place("home"), 0755), 0);
	assert_int_equal(mkdir(place("home/delta"), 0755), 0);
	assert_int_equal(mkdir(place("home/work"), 0755), 0);
	assert_int_equal(mkdir(place("home/olwork"), 0755), 0);
	assert_int_equal(mkdir(place("home/olwork/work"), 0), 0);
	assert_int_equal(mkdir(place("home/olwork/index"), 0755), 0);
	write_file("home/work/thesis", "precious");
	assert_int_equal(storage_volume_set(&volume, ROOTFS_OVERLAY, str_text(&path)), 0);
	assert_done(storage_destroy(&volume, NULL, NULL, &error));
	assert_content("home/work/thesis", "precious");
	assert_false(exists("home/delta"));
	assert_false(exists("home/olwork"));

	/* Directly below the root directory. */
	assert_int_equal(storage_volume_set(&volume, ROOTFS_OVERLAY, "/lower:/tare-not-there"), 0);
	assert_done(storage_destroy(&volume, NULL, NULL, &error));
	storage_volume_finish(&volume);
}

static void names_that_end_an_overlay_part(void **state)
{
	struct storage_wish wish = wish_for(ROOTFS_OVERLAY, "c:");
	struct storage_volume volume = {}, source = {};

	assert_int_equal(storage_name(&wish, NULL, false, &volume, &error), -EINVAL);
	wish.directory = place("c:/d");
	assert_int_equal(storage_name(&wish, NULL, false, &volume, &error), -EINVAL);
	wish.directory = place("d");
	assert_int_equal(storage_volume_set(&source, ROOTFS_DIR, place("c:/rootfs")), 0);
	assert_int_equal(storage_name(&wish, &source, true, &volume, &error), -EINVAL);
	wish.directory = place("c:d");
	assert_done(storage_name(&wish, NULL, false, &volume, &error));
	storage_volume_finish(&volume);
	storage_volume_finish(&source);
}

static void a_file_in_use_stays(void **state)
{
	struct storage_volume volume = {};
	int fd;

	write_file("used", "content");
	assert_int_equal(storage_volume_set(&volume, ROOTFS_LOOP, place("used")), 0);
	fd = open(volume.path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_SH), 0);
	assert_int_equal(storage_destroy(&volume, NULL, NULL, &error), -EBUSY);
	assert_content("used", "content");
	close(fd);
	assert_done(storage_destroy(&volume, NULL, NULL, &error));
	assert_false(exists("used"));
	storage_volume_finish(&volume);
}

static void ids_are_mapped(void **state)
{
	struct config_idmap items[] = {
		{.entry = {.kind = 'u', .host = {100000}, .count = 65536}},
		{.entry = {.kind = 'g', .host = {200000}, .count = 65536}},
	};
	const struct config_idmaps maps = {.items = items, .count = 2};
	struct storage_wish wish = wish_for(ROOTFS_OVERLAY, "i1");
	struct storage_volume volume = {};
	struct stat status;

	wish.maps = &maps;
	assert_done(storage_name(&wish, NULL, false, &volume, &error));
	assert_done(storage_create(&volume, &wish, NULL, &error));
	assert_int_equal(stat(place("i1/overlay/delta"), &status), 0);
	assert_int_equal(status.st_uid, 100000);
	assert_int_equal(status.st_gid, 200000);
	assert_int_equal(stat(place("i1/rootfs"), &status), 0);
	assert_int_equal(status.st_uid, 100000);
	storage_volume_finish(&volume);
}

static void make_subvolume(const char *below)
{
	const char *const argv[] = {"btrfs", "subvolume", "create", place(below), NULL};

	assert_done(command_run(&(struct command){.argv = argv}, NULL, &error));
}

static void a_subvolume_comes_and_goes(void **state)
{
	struct storage_wish wish = wish_for(ROOTFS_BTRFS, "b/c1");
	struct storage_wish clone = wish_for(ROOTFS_BTRFS, "b/c2");
	struct storage_volume volume = {}, copy = {}, found = {}, elsewhere = {};
	struct stat status;

	if (!has_btrfs)
		skip();
	assert_true(storage_works(&wish));
	assert_done(storage_name(&wish, NULL, false, &volume, &error));
	assert_string_equal(volume.path, place("b/c1/rootfs"));
	assert_done(storage_create(&volume, &wish, NULL, &error));
	assert_int_equal(stat(volume.path, &status), 0);
	assert_int_equal(status.st_ino, 256);
	write_file("b/c1/rootfs/file", "content");

	assert_int_equal(mkdir(place("b/c2"), 0755), 0);
	assert_done(storage_name(&clone, &volume, true, &copy, &error));
	assert_done(storage_snapshot(&volume, &copy, &clone, &error));
	assert_content("b/c2/rootfs/file", "content");
	assert_int_equal(storage_snapshot(&volume, &copy, &clone, &error), -EEXIST);

	assert_done(storage_detect(&(struct config_rootfs){.path = copy.path}, &found, &error));
	assert_int_equal(found.type, ROOTFS_BTRFS);
	assert_done(storage_detect(&(struct config_rootfs){ROOTFS_DIR, copy.path}, &found, &error));
	assert_int_equal(found.type, ROOTFS_DIR);

	/* On another file system. */
	clone.directory = place("a");
	assert_int_equal(mkdir(place("a"), 0755) == 0 || errno == EEXIST, 1);
	assert_false(storage_works(&clone));
	assert_done(storage_name(&clone, &volume, true, &elsewhere, &error));
	assert_int_equal(storage_snapshot(&volume, &elsewhere, &clone, &error), -EXDEV);
	assert_true(storage_create(&elsewhere, &clone, NULL, &error) < 0);
	assert_false(exists("a/rootfs"));

	assert_done(storage_destroy(&volume, NULL, NULL, &error));
	assert_false(exists("b/c1/rootfs"));
	assert_content("b/c2/rootfs/file", "content");
	assert_done(storage_destroy(&copy, NULL, NULL, &error));
	assert_done(storage_destroy(&copy, NULL, NULL, &error));
	storage_volume_finish(&volume);
	storage_volume_finish(&copy);
	storage_volume_finish(&found);
	storage_volume_finish(&elsewhere);
}

static void subvolumes_inside_go_too(void **state)
{
	struct storage_wish wish = wish_for(ROOTFS_BTRFS, "b/n1");
	struct storage_volume volume = {};
	autostr deep = {};
	const char *const freeze[] = {"btrfs", "property", "set", place("b/n1/rootfs/var/one"),
				      "ro",    "true",     NULL};

	if (!has_btrfs)
		skip();
	assert_done(storage_name(&wish, NULL, false, &volume, &error));
	assert_done(storage_create(&volume, &wish, NULL, &error));
	assert_int_equal(mkdir(place("b/n1/rootfs/var"), 0755), 0);
	make_subvolume("b/n1/rootfs/var/one");
	assert_int_equal(mkdir(place("b/n1/rootfs/var/one/dir"), 0755), 0);
	make_subvolume("b/n1/rootfs/var/one/dir/two");
	make_subvolume("b/n1/rootfs/three");
	write_file("b/n1/rootfs/var/one/dir/two/file", "deep");
	assert_done(command_run(&(struct command){.argv = freeze}, NULL, &error));
	assert_done(storage_destroy(&volume, NULL, NULL, &error));
	assert_false(exists("b/n1/rootfs"));

	/* Deeper than they are followed. */
	assert_done(storage_create(&volume, &wish, NULL, &error));
	str_add(&deep, "b/n1/rootfs");
	for (int i = 0; i < 70; i++) {
		str_add(&deep, "/s");
		make_subvolume(str_text(&deep));
	}
	assert_done(storage_destroy(&volume, NULL, NULL, &error));
	assert_false(exists("b/n1/rootfs"));

	/* One that is a directory, whatever its name says. */
	assert_int_equal(mkdir(volume.path, 0755), 0);
	make_subvolume("b/n1/rootfs/inside");
	assert_done(storage_destroy(&volume, NULL, NULL, &error));
	assert_false(exists("b/n1/rootfs"));
	storage_volume_finish(&volume);
}

static void write_inside(const struct storage_volume *volume, const char *name)
{
	int root = storage_open(volume, NULL, 0, &error);
	int fd;

	assert_done(root < 0 ? root : 0);
	fd = openat(root, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	close(root);
}

static bool is_inside(const struct storage_volume *volume, const char *name)
{
	int root = storage_open(volume, NULL, 0, &error);
	bool found;

	assert_done(root < 0 ? root : 0);
	found = faccessat(root, name, F_OK, 0) == 0;
	close(root);
	return found;
}

/* From a tmpfs, which copy_file_range(2) leaves to us. */
static void a_file_on_another_file_system(void **state)
{
	struct storage_wish wish = wish_for(ROOTFS_LOOP, "x1");
	struct storage_wish clone = wish_for(ROOTFS_LOOP, "x2");
	struct storage_volume volume = {}, copy = {}, device = {};
	char path[LOOP_PATH_ROOM];
	uint64_t found = 0;
	unsigned number;
	int fd;

	assert_int_equal(mkdir(place("x1"), 0755), 0);
	assert_int_equal(mount("x1", place("x1"), "tmpfs", 0, NULL), 0);
	wish.size = 16 << 20;
	assert_done(storage_name(&wish, NULL, false, &volume, &error));
	assert_done(storage_create(&volume, &wish, NULL, &error));
	assert_done(storage_name(&clone, &volume, true, &copy, &error));
	assert_done(storage_snapshot(&volume, &copy, &clone, &error));
	assert_true(is_inside(&copy, "lost+found"));
	assert_done(storage_destroy(&copy, NULL, NULL, &error));

	/* A device in the place of a file. */
	fd = loop_device_open(volume.path, true, &number);
	assert_true(fd >= 0);
	loop_device_path(number, path);
	assert_int_equal(storage_volume_set(&device, ROOTFS_LOOP, path), 0);
	assert_done(storage_size(&device, &found, &error));
	assert_true(found == 16 << 20);
	assert_done(storage_snapshot(&device, &copy, &clone, &error));
	assert_true(is_inside(&copy, "lost+found"));
	close(fd);
	assert_done(storage_destroy(&volume, NULL, NULL, &error));
	assert_done(storage_destroy(&copy, NULL, NULL, &error));
	assert_int_equal(umount(place("x1")), 0);
	storage_volume_finish(&device);
	storage_volume_finish(&volume);
	storage_volume_finish(&copy);
}

/* A copy of what is only packed can be written. */
static void a_packed_file_system_is_copied_to_another(void **state)
{
	struct storage_wish wish = wish_for(ROOTFS_LOOP, "p2");
	struct storage_volume source = {}, volume = {};
	const char magic[4] = {'h', 's', 'q', 's'};
	char block[4096] = "";
	int fd;

	assert_int_equal(storage_volume_set(&source, ROOTFS_LOOP, place("packed")), 0);
	fd = open(source.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	memcpy(block, magic, sizeof(magic));
	block[28] = 4; /* the version */
	assert_int_equal(write(fd, block, sizeof(block)), sizeof(block));
	assert_int_equal(ftruncate(fd, 16 << 20), 0);
	close(fd);
	assert_done(storage_name(&wish, NULL, false, &volume, &error));
	assert_done(storage_create(&volume, &wish, &source, &error));
	assert_true(is_inside(&volume, "lost+found"));
	storage_volume_finish(&source);
	storage_volume_finish(&volume);
}

/* A file that is one after another a file system, a snapshot and nothing. */
static void a_file_comes_and_goes(const char *fstype, uint64_t size)
{
	struct config_idmap items[] = {
		{.entry = {.kind = 'u', .host = {100000}, .count = 65536}},
		{.entry = {.kind = 'g', .host = {200000}, .count = 65536}},
	};
	const struct config_idmaps maps = {.items = items, .count = 2};
	struct storage_wish wish = wish_for(ROOTFS_LOOP, "l1");
	struct storage_wish clone = wish_for(ROOTFS_LOOP, "l2");
	struct storage_volume volume = {}, copy = {}, empty = {};
	uint64_t found = 0;
	struct stat status;
	int root;

	wish.fstype = fstype;
	wish.size = size;
	wish.maps = &maps;
	assert_done(storage_name(&wish, NULL, false, &volume, &error));
	assert_string_equal(volume.path, place("l1/rootdev"));
	assert_done(storage_create(&volume, &wish, NULL, &error));
	assert_int_equal(stat(volume.path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_done(storage_size(&volume, &found, &error));
	assert_true(found == size);
	root = storage_open(&volume, NULL, 0, &error);
	assert_done(root < 0 ? root : 0);
	assert_int_equal(fstatat(root, "", &status, AT_EMPTY_PATH), 0);
	assert_int_equal(status.st_mode & 07777, 0755);
	assert_int_equal(status.st_uid, 100000);
	assert_int_equal(status.st_gid, 200000);
	close(root);
	write_inside(&volume, "before");

	assert_done(storage_name(&clone, &volume, true, &copy, &error));
	assert_done(storage_snapshot(&volume, &copy, &clone, &error));
	write_inside(&copy, "after");
	assert_true(is_inside(&copy, "before"));
	assert_false(is_inside(&volume, "after"));
	/* Both at once: they have identities of their own. */
	root = storage_open(&volume, NULL, 0, &error);
	assert_done(root < 0 ? root : 0);
	assert_true(is_inside(&copy, "after"));
	close(root);

	/* A copy has the size and the file system of its source. */
	clone = wish_for(ROOTFS_LOOP, "l3");
	assert_done(storage_name(&clone, &volume, false, &empty, &error));
	assert_done(storage_create(&empty, &clone, &volume, &error));
	assert_done(storage_size(&empty, &found, &error));
	assert_true(found == size);
	assert_false(is_inside(&empty, "before"));

	assert_done(storage_destroy(&volume, NULL, NULL, &error));
	assert_done(storage_destroy(&copy, NULL, NULL, &error));
	assert_done(storage_destroy(&empty, NULL, NULL, &error));
	assert_false(exists("l1/rootdev") || exists("l2/rootdev") || exists("l3/rootdev"));
	storage_volume_finish(&volume);
	storage_volume_finish(&copy);
	storage_volume_finish(&empty);
}

static void a_file_with_ext4(void **state)
{
	a_file_comes_and_goes("ext4", 16 << 20);
}

static void a_file_with_xfs(void **state)
{
	if (!command_is_there("mkfs.xfs"))
		skip();
	a_file_comes_and_goes("xfs", 320 << 20);
}

static void a_file_system_that_nobody_makes(void **state)
{
	struct storage_wish wish = wish_for(ROOTFS_LOOP, "l9");
	struct storage_volume volume = {};
	autostr text = {};

	wish.fstype = "nosuchfs";
	assert_done(storage_name(&wish, NULL, false, &volume, &error));
	assert_int_equal(storage_create(&volume, &wish, NULL, &error), -ENOENT);
	err_render_text(&error, &text);
	assert_non_null(strstr(str_text(&text), "the program mkfs.nosuchfs is not installed"));
	wish.fstype = "ext4; reboot";
	assert_done(storage_destroy(&volume, NULL, NULL, &error));
	assert_true(storage_create(&volume, &wish, NULL, &error) < 0);
	assert_done(storage_destroy(&volume, NULL, NULL, &error));
	storage_volume_finish(&volume);
}

static int mount_btrfs(void)
{
	const char *image = place("image");
	const char *const mkfs[] = {"mkfs.btrfs", "-q", image, NULL};
	const char *const attach[] = {"mount", "-o", "loop", image, place("b"), NULL};
	int fd = open(image, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	int r = fd < 0 || ftruncate(fd, 256 << 20) < 0 || mkdir(place("b"), 0755) < 0;

	if (fd >= 0)
		close(fd);
	if (r == 0)
		r = command_run(&(struct command){.argv = mkfs}, NULL, &error);
	return r == 0 ? command_run(&(struct command){.argv = attach}, NULL, &error) : r;
}

static int set_up(void **state)
{
	const char *temporary = getenv("TMPDIR");

	if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -1;
	snprintf(top, sizeof(top), "%s/storage-XXXXXX", temporary ? temporary : "/tmp");
	if (!mkdtemp(top))
		return -1;
	has_btrfs = mount_btrfs() == 0;
	if (!has_btrfs)
		printf("# btrfs can't be mounted here\n");
	return 0;
}

static int tear_down(void **state)
{
	if (has_btrfs && umount(place("b")) < 0)
		return -1;
	return removal_tree(NULL, top, NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_directory_comes_and_goes),
		cmocka_unit_test(what_the_system_needs_stays),
		cmocka_unit_test(what_is_mounted_stays),
		cmocka_unit_test(an_overlay_of_a_directory),
		cmocka_unit_test(a_new_overlay_has_a_lower_directory_of_its_own),
		cmocka_unit_test(what_lies_beside_an_upper_directory_stays),
		cmocka_unit_test(names_that_end_an_overlay_part),
		cmocka_unit_test(a_file_in_use_stays),
		cmocka_unit_test(a_file_on_another_file_system),
		cmocka_unit_test(a_packed_file_system_is_copied_to_another),
		cmocka_unit_test(ids_are_mapped),
		cmocka_unit_test(a_subvolume_comes_and_goes),
		cmocka_unit_test(subvolumes_inside_go_too),
		cmocka_unit_test(a_file_with_ext4),
		cmocka_unit_test(a_file_with_xfs),
		cmocka_unit_test(a_file_system_that_nobody_makes),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
