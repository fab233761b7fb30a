/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The drivers that run programs, with programs in PATH that record their words and answer what the
 * test has told them: spec/storage.md §3, §5 and §6.
 */

#include "storage/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "child/command.h"
#include "storage/removal.h"
#include "sys/file.h"
#include "sys/lock.h"

static char top[128];
static struct err error;

static const char *place(const char *below)
{
	static char texts[8][256];
	static unsigned next;
	char *text = texts[next++ % ARRAY_LENGTH(texts)];

	snprintf(text, sizeof(texts[0]), "%s/%s", top, below);
	return text;
}

static void write_file(const char *path, const char *content, mode_t mode)
{
	assert_int_equal(file_replace(AT_FDCWD, path, content, strlen(content), mode), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* Shell text for a program, which sees its words: what to print, `exit N`. */
static void answer(const char *program, const char *script)
{
	autostr name = {};

	str_addf(&name, "answer-%s", program);
	write_file(place(str_text(&name)), script, 0644);
}

/* What was run since the last question, one program a line. */
static void assert_ran(const char *expected)
{
	autofree char *text = NULL;

	if (file_read_all(AT_FDCWD, place("record"), 1 << 20, &text, NULL) == 0)
		assert_string_equal(text, expected);
	else
		assert_string_equal("", expected);
	unlink(place("record"));
}

static void assert_done(int r)
{
	autostr text = {};

	err_render_text(&error, &text);
	if (r != 0)
		fail_msg("%d: %s", r, str_text(&text));
	err_clear(&error);
}

static void assert_explained(const char *part)
{
	autostr text = {};

	err_render_text(&error, &text);
	if (!strstr(str_text(&text), part))
		fail_msg("\"%s\" is not in: %s", part, str_text(&text));
	err_clear(&error);
}

static struct storage_wish wish_for(enum rootfs_type type, const char *name)
{
	return (struct storage_wish){
		.type = type,
		.directory = "/lxc/c1",
		.name = name,
		.size = 1 << 30,
		.lvm_group = "vg",
		.lvm_thin_pool = "pool",
		.zfs_root = "tank/lxc",
		.rbd_pool = "ceph",
		.mark = "cafe",
	};
}

static void volume_of(enum rootfs_type type, const char *path, struct storage_volume *ret)
{
	assert_int_equal(storage_volume_set(ret, type, path), 0);
}

#define NO_LV "echo '  Failed to find logical volume \"vg/c1\"' >&2; exit 5"

static void a_thick_volume(void **state)
{
	struct storage_wish wish = wish_for(ROOTFS_LVM, "c1");
	struct storage_volume volume = {};

	answer("lvs", NO_LV);
	assert_done(storage_name(&wish, NULL, false, &volume, &error));
	assert_string_equal(volume.path, "/dev/vg/c1");
	assert_done(storage_create(&volume, &wish, NULL, &error));
	assert_ran("lvs --unbuffered --noheadings -o lv_attr /dev/vg/c1\n"
		   "lvs --unbuffered --noheadings -o lv_attr /dev/vg/pool\n"
		   "lvcreate -Wy --yes -L 1073741824b vg -n c1 --addtag tare.cafe\n"
		   "mkfs.ext4 /dev/vg/c1\n");
	assert_done(storage_commit(&volume, "cafe", &error));
	assert_ran("lvchange --deltag tare.cafe /dev/vg/c1\n");
	storage_volume_finish(&volume);
}

static void a_thin_volume_with_another_file_system(void **state)
{
	struct storage_wish wish = wish_for(ROOTFS_LVM, "c1");
	struct storage_volume volume = {};

	wish.fstype = "xfs";
	wish.lvm_volume = "root.vol";
	answer("lvs", "case $* in */pool) echo '  twi-aotz--';; *) " NO_LV ";; esac");
	assert_done(storage_name(&wish, NULL, false, &volume, &error));
	assert_done(storage_create(&volume, &wish, NULL, &error));
	assert_ran("lvs --unbuffered --noheadings -o lv_attr /dev/vg/root.vol\n"
		   "lvs --unbuffered --noheadings -o lv_attr /dev/vg/pool\n"
		   "lvcreate -Wy --yes --thinpool /dev/vg/pool -V 1073741824b vg -n root.vol "
		   "--addtag tare.cafe\n"
		   "mkfs.xfs /dev/vg/root.vol\n");
	storage_volume_finish(&volume);
}

static void an_old_lvcreate_is_asked_otherwise(void **state)
{
	struct storage_wish wish = wish_for(ROOTFS_LVM, "c1");
	struct storage_volume volume = {};

	wish.lvm_thin_pool = NULL;
	answer("lvs", NO_LV);
	answer("lvcreate", "[ \"$1\" = -qq ] || { echo unrecognized option >&2; exit 3; }");
	assert_done(storage_name(&wish, NULL, false, &volume, &error));
	assert_done(storage_create(&volume, &wish, NULL, &error));
	assert_ran("lvs --unbuffered --noheadings -o lv_attr /dev/vg/c1\n"
		   "lvcreate -Wy --yes -L 1073741824b vg -n c1 --addtag tare.cafe\n"
		   "lvcreate -qq -L 1073741824b vg -n c1 --addtag tare.cafe\n"
		   "mkfs.ext4 /dev/vg/c1\n");
	answer("lvcreate", "");
	storage_volume_finish(&volume);
}

static void what_lvcreate_says_is_told(void **state)
{
	struct storage_wish wish = wish_for(ROOTFS_LVM, "c1");
	struct storage_volume volume = {};

	answer("lvs", NO_LV);
	answer("lvcreate", "echo '  WARNING: nobody cares' >&2\n"
			   "echo '  Volume group \"vg\" has insufficient free space' >&2; exit 5");
	assert_done(storage_name(&wish, NULL, false, &volume, &error));
	assert_true(storage_create(&volume, &wish, NULL, &error) < 0);
	assert_explained("Error creating new logical volume \"lvm:/dev/vg/c1\" of size "
			 "\"1073741824 bytes\"\n"
			 "  lvcreate: Volume group \"vg\" has insufficient free space");
	answer("lvcreate", "");
	assert_ran("lvs --unbuffered --noheadings -o lv_attr /dev/vg/c1\n"
		   "lvs --unbuffered --noheadings -o lv_attr /dev/vg/pool\n"
		   "lvcreate -Wy --yes -L 1073741824b vg -n c1 --addtag tare.cafe\n");
	storage_volume_finish(&volume);
}

static void a_volume_of_somebody_else_stays(void **state)
{
	struct storage_wish wish = wish_for(ROOTFS_LVM, "c1");
	struct storage_volume volume = {};

	/* It is there before. */
	answer("lvs", "case $* in *lv_tags*) echo '  theirs,tare.beef';; "
		      "*) echo '  -wi-a-----';; esac");
	assert_done(storage_name(&wish, NULL, false, &volume, &error));
	assert_int_equal(storage_create(&volume, &wish, NULL, &error), -EEXIST);
	assert_ran("lvs --unbuffered --noheadings -o lv_attr /dev/vg/c1\n");
	/* What undoes the failure, or a crash, does not find its mark. */
	assert_done(storage_destroy(&volume, NULL, "cafe", &error));
	assert_ran("lvs --unbuffered --noheadings -o lv_tags /dev/vg/c1\n");
	answer("lvs", "case $* in *lv_tags*) echo '  theirs,tare.cafe';; "
		      "*) echo '  -wi-a-----';; esac");
	assert_done(storage_destroy(&volume, NULL, "cafe", &error));
	assert_ran("lvs --unbuffered --noheadings -o lv_tags /dev/vg/c1\n"
		   "lvs --unbuffered --noheadings -o lv_attr /dev/vg/c1\n"
		   "lvremove -f /dev/vg/c1\n");
	/* There is not even such a group. */
	answer("lvs", "echo '  Volume group \"vg\" not found' >&2; exit 5");
	assert_done(storage_destroy(&volume, NULL, "cafe", &error));
	assert_true(storage_destroy(&volume, NULL, NULL, &error) < 0);
	assert_explained("Volume group \"vg\" not found");
	assert_ran("lvs --unbuffered --noheadings -o lv_tags /dev/vg/c1\n"
		   "lvs --unbuffered --noheadings -o lv_tags /dev/vg/c1\n");
	storage_volume_finish(&volume);
}

static void a_volume_with_thick_snapshots_stays(void **state)
{
	struct storage_volume volume = {};

	volume_of(ROOTFS_LVM, "/dev/vg/c1", &volume);
	answer("lvs", "case $* in *-S*) echo '  c2'; echo '  c3';; *) echo '  owi-a-s---';; esac");
	assert_int_equal(storage_destroy(&volume, NULL, NULL, &error), -EBUSY);
	assert_explained("the logical volume \"/dev/vg/c1\" has snapshots: c2 c3");
	assert_ran("lvs --unbuffered --noheadings -o lv_tags /dev/vg/c1\n"
		   "lvs --unbuffered --noheadings -o lv_attr /dev/vg/c1\n"
		   "lvs --unbuffered --noheadings -o lv_name -S origin=\"c1\" vg\n");
	answer("lvs", NO_LV);
	assert_done(storage_destroy(&volume, NULL, NULL, &error));
	assert_ran("lvs --unbuffered --noheadings -o lv_tags /dev/vg/c1\n");
	storage_volume_finish(&volume);
}

/* Below /dev there is no volume to look into: what snapshots do is seen up to there. */
static void snapshots_of_volumes(void **state)
{
	struct storage_wish wish = wish_for(ROOTFS_LVM, "c2");
	struct storage_volume source = {}, volume = {};

	wish.directory = "/lxc/c2";
	wish.size = 0;
	volume_of(ROOTFS_LVM, "/dev/vg/c1", &source);
	answer("lvs", "case $* in */c2) " NO_LV ";; *lv_size*) echo '  5368709120';; "
		      "*) echo '  -wi-a-----';; esac");
	assert_done(storage_name(&wish, &source, true, &volume, &error));
	assert_string_equal(volume.path, "/dev/vg/c2");
	assert_true(storage_snapshot(&source, &volume, &wish, &error) < 0);
	assert_ran("lvs --unbuffered --noheadings -o lv_attr /dev/vg/c2\n"
		   "lvs --unbuffered --noheadings -o lv_attr /dev/vg/c1\n"
		   "lvs --unbuffered --noheadings --nosuffix --units b -o lv_size /dev/vg/c1\n"
		   "lvcreate -s -L 5368709120b -n c2 /dev/vg/c1 --addtag tare.cafe\n");
	assert_int_equal(storage_snapshots_last(&source, &error), 0);
	assert_ran("lvs --unbuffered --noheadings -o lv_attr /dev/vg/c1\n");

	answer("lvs", "case $* in */c2) " NO_LV ";; *) echo '  Vwi-a-tz--';; esac");
	assert_true(storage_snapshot(&source, &volume, &wish, &error) < 0);
	assert_ran("lvs --unbuffered --noheadings -o lv_attr /dev/vg/c2\n"
		   "lvs --unbuffered --noheadings -o lv_attr /dev/vg/c1\n"
		   "lvcreate -s -kn -K -n c2 /dev/vg/c1 --addtag tare.cafe\n");
	assert_int_equal(storage_snapshots_last(&source, &error), 1);
	assert_ran("lvs --unbuffered --noheadings -o lv_attr /dev/vg/c1\n");

	/* Snapshots of all containers are called snap0: volumes must not be. */
	wish.directory = "/lxc/c1/snaps/snap0";
	wish.name = "snap0";
	assert_done(storage_name(&wish, &source, true, &volume, &error));
	assert_string_equal(volume.path, "/dev/vg/c1-snap0");
	volume_of(ROOTFS_DIR, "/lxc/c1/rootfs", &source);
	assert_int_equal(storage_name(&wish, &source, true, &volume, &error), -EOPNOTSUPP);
	assert_explained("LVM snapshot from \"dir\" storage driver is not supported");
	storage_volume_finish(&source);
	storage_volume_finish(&volume);
}

static void a_volume_gets_another_name(void **state)
{
	struct storage_wish wish = wish_for(ROOTFS_LVM, "c2");
	struct storage_volume volume = {}, renamed = {};

	volume_of(ROOTFS_LVM, "/dev/other/c1", &volume);
	answer("lvs", "case $* in */c2) " NO_LV ";; *) echo '  -wi-a-----';; esac");
	assert_done(storage_rename(&volume, &wish, false, &renamed, &error));
	assert_string_equal(renamed.path, "/dev/other/c2");
	assert_ran("");
	assert_done(storage_rename(&volume, &wish, true, &renamed, &error));
	assert_ran("lvs --unbuffered --noheadings -o lv_attr /dev/other/c1\n"
		   "lvrename other c1 c2\n");
	/* It was done before. */
	answer("lvs", "case $* in */c1) " NO_LV ";; *) echo '  -wi-a-----';; esac");
	assert_done(storage_rename(&volume, &wish, true, &renamed, &error));
	assert_ran("lvs --unbuffered --noheadings -o lv_attr /dev/other/c1\n"
		   "lvs --unbuffered --noheadings -o lv_attr /dev/other/c2\n");
	storage_volume_finish(&volume);
	storage_volume_finish(&renamed);
}

static void names_that_nobody_takes(void **state)
{
	static const char *const names[] = {"a b", "snapshot1", "a_tdata", "-a", "a:b", "ä"};
	struct storage_volume volume = {};

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		struct storage_wish wish = wish_for(ROOTFS_LVM, names[i]);

		assert_int_equal(storage_name(&wish, NULL, false, &volume, &error), -EINVAL);
		assert_explained("can't be the name of a logical volume");
	}
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		struct storage_wish wish = wish_for(ROOTFS_ZFS, names[i]);
		bool good = strcmp(names[i], "a b") != 0 && strcmp(names[i], "ä") != 0;

		assert_int_equal(storage_name(&wish, NULL, false, &volume, &error),
				 good ? 0 : -EINVAL);
	}
	assert_ran("");
	storage_volume_finish(&volume);
}

#define NO_SET "echo \"cannot open 'x': dataset does not exist\" >&2; exit 1"

static void a_data_set(void **state)
{
	struct storage_wish wish = wish_for(ROOTFS_ZFS, "c1");
	struct storage_volume volume = {};

	answer("zfs", "case $* in *type*) " NO_SET ";; *tare:mark*) echo cafe;; esac");
	assert_done(storage_name(&wish, NULL, false, &volume, &error));
	assert_string_equal(volume.path, "tank/lxc/c1");
	assert_done(storage_create(&volume, &wish, NULL, &error));
	assert_ran("zfs get -H -o value type tank/lxc/c1\n"
		   "zfs create -o mountpoint=/lxc/c1/rootfs -o canmount=noauto -p "
		   "-o tare:mark=cafe tank/lxc/c1\n"
		   "zfs get -H -o value tare:mark tank/lxc/c1\n");
	assert_done(storage_commit(&volume, "cafe", &error));
	assert_ran("zfs inherit tare:mark tank/lxc/c1\n");

	/* zfs create -p is content with one that is there. */
	answer("zfs", "case $* in *type*) " NO_SET ";; *tare:mark*) echo -;; esac");
	assert_int_equal(storage_create(&volume, &wish, NULL, &error), -EEXIST);
	unlink(place("record"));
	answer("zfs", "echo filesystem");
	assert_int_equal(storage_create(&volume, &wish, NULL, &error), -EEXIST);
	assert_ran("zfs get -H -o value type tank/lxc/c1\n");
	storage_volume_finish(&volume);
}

static void a_clone_of_a_data_set(void **state)
{
	struct storage_wish wish = wish_for(ROOTFS_ZFS, "c2");
	struct storage_volume source = {}, volume = {};

	wish.directory = "/lxc/c2";
	volume_of(ROOTFS_ZFS, "other/c1", &source);
	answer("zfs", "case $* in *type*) " NO_SET ";; *'value tare:mark'*) echo cafe;; esac");
	assert_done(storage_name(&wish, &source, true, &volume, &error));
	assert_done(storage_snapshot(&source, &volume, &wish, &error));
	assert_ran("zfs get -H -o value type other/c2\n"
		   "zfs snapshot -o tare:clone=yes -r -o tare:mark=cafe other/c1@c2\n"
		   "zfs clone -p -o canmount=noauto -o mountpoint=/lxc/c2/rootfs "
		   "-o tare:mark=cafe other/c1@c2 other/c2\n"
		   "zfs get -H -o value tare:mark other/c2\n");

	answer("zfs", "case $* in *' origin '*) echo other/c1@c2;; *clones*) echo;; esac");
	assert_done(storage_destroy(&volume, NULL, NULL, &error));
	assert_ran("zfs get -H -o value origin other/c2\n"
		   "zfs list -H -r -o name -t all other/c2\n"
		   "zfs destroy other/c2\n"
		   "zfs get -H -o value tare:clone other/c1@c2\n"
		   "zfs get -H -o value clones other/c1@c2\n"
		   "zfs destroy -r other/c1@c2\n");
	/* A snapshot that somebody else made for himself, and one with other clones. */
	answer("zfs",
	       "case $* in *' origin '*) echo other/c1@golden;; *tare:clone*) echo -;; esac");
	assert_done(storage_destroy(&volume, NULL, NULL, &error));
	assert_ran("zfs get -H -o value origin other/c2\n"
		   "zfs list -H -r -o name -t all other/c2\n"
		   "zfs destroy other/c2\n"
		   "zfs get -H -o value tare:clone other/c1@golden\n");
	answer("zfs", "case $* in *' origin '*) echo other/c1@c2;; *clones*) echo other/x;; esac");
	assert_done(storage_destroy(&volume, NULL, NULL, &error));
	assert_ran("zfs get -H -o value origin other/c2\n"
		   "zfs list -H -r -o name -t all other/c2\n"
		   "zfs destroy other/c2\n"
		   "zfs get -H -o value tare:clone other/c1@c2\n"
		   "zfs get -H -o value clones other/c1@c2\n");

	/* The clone was not made any more, the snapshot was. */
	answer("zfs", "case $* in *' origin '*) " NO_SET ";; "
		      "*name,value*) printf 'other/a@b\\tbeef\\nother/c1@c2\\tcafe\\n';; esac");
	assert_done(storage_destroy(&volume, NULL, "cafe", &error));
	assert_ran("zfs get -H -o value origin other/c2\n"
		   "zfs get -H -r -t snapshot -s local -o name,value tare:mark other\n"
		   "zfs destroy -r other/c1@c2\n");
	storage_volume_finish(&source);
	storage_volume_finish(&volume);
}

static void a_data_set_that_others_need_stays(void **state)
{
	struct storage_volume volume = {};

	volume_of(ROOTFS_ZFS, "tank/c1", &volume);
	answer("zfs", "case $1 in get) echo -;; destroy) echo \"cannot destroy 'tank/c1': "
		      "filesystem has dependent clones\" >&2; exit 1;; esac");
	assert_true(storage_destroy(&volume, NULL, NULL, &error) < 0);
	assert_explained("filesystem has dependent clones");
	unlink(place("record"));
	/* Of another operation. */
	answer("zfs", "case $* in *name,value*) ;; *) echo beef;; esac");
	assert_done(storage_destroy(&volume, NULL, "cafe", &error));
	assert_ran("zfs get -H -o value origin tank/c1\n"
		   "zfs get -H -o value tare:mark tank/c1\n"
		   "zfs get -H -r -t snapshot -s local -o name,value tare:mark tank\n");
	storage_volume_finish(&volume);
}

static void what_lies_below_stays(void **state)
{
	struct storage_wish wish = wish_for(ROOTFS_ZFS, "c2");
	struct storage_volume volume = {}, renamed = {};

	volume_of(ROOTFS_ZFS, "tank/lxc", &volume);
	answer("zfs", "case $* in *' all '*) echo tank/lxc; echo tank/lxc@a; echo tank/lxc/z1;; "
		      "*) echo -;; esac");
	assert_int_equal(storage_destroy(&volume, NULL, NULL, &error), -EBUSY);
	assert_explained("tank/lxc/z1");
	assert_ran("zfs get -H -o value origin tank/lxc\n"
		   "zfs list -H -r -o name -t all tank/lxc\n");
	assert_int_equal(storage_rename(&volume, &wish, true, &renamed, &error), -EBUSY);
	assert_ran("zfs get -H -o value type tank/lxc\n"
		   "zfs list -H -r -o name -t all tank/lxc\n");
	/* Snapshots of its own go with it. */
	answer("zfs", "case $* in *' all '*) echo tank/lxc; echo tank/lxc@a;; *) echo -;; esac");
	assert_done(storage_destroy(&volume, NULL, NULL, &error));
	assert_ran("zfs get -H -o value origin tank/lxc\n"
		   "zfs list -H -r -o name -t all tank/lxc\n"
		   "zfs destroy -r tank/lxc\n");
	volume_of(ROOTFS_ZFS, "tank", &volume);
	assert_int_equal(storage_destroy(&volume, NULL, NULL, &error), -EBUSY);
	assert_ran("zfs get -H -o value origin tank\n");

	volume_of(ROOTFS_LVM, "/dev/vg/pool", &volume);
	answer("lvs", "case $* in *lv_tags*) echo;; *) echo '  twi-aotz--';; esac");
	assert_int_equal(storage_destroy(&volume, NULL, NULL, &error), -EBUSY);
	assert_explained("thin pool");
	assert_ran("lvs --unbuffered --noheadings -o lv_tags /dev/vg/pool\n"
		   "lvs --unbuffered --noheadings -o lv_attr /dev/vg/pool\n");
	storage_volume_finish(&volume);
	storage_volume_finish(&renamed);
}

/* One clone after the other, until there are none. */
static void clones_of_a_data_set_are_promoted(void **state)
{
	struct storage_volume volume = {};
	autostr script = {};

	volume_of(ROOTFS_ZFS, "tank/c1", &volume);
	str_addf(&script,
		 "case $* in *'value type'*) echo filesystem;; *clones*)"
		 " case $(grep -c promote %s) in 0) printf '%%s\\n' - tank/a,tank/b;;"
		 " 1) printf '\\ntank/b\\n';; *) echo -;; esac;; esac",
		 place("record"));
	answer("zfs", str_text(&script));
	assert_done(storage_release(&volume, &error));
	assert_ran("zfs get -H -o value type tank/c1\n"
		   "zfs get -H -d 1 -t snapshot -o value clones tank/c1\n"
		   "zfs promote tank/a\n"
		   "zfs get -H -d 1 -t snapshot -o value clones tank/c1\n"
		   "zfs promote tank/b\n"
		   "zfs get -H -d 1 -t snapshot -o value clones tank/c1\n");
	answer("zfs", "case $* in *'value type'*) " NO_SET ";; *) exit 1;; esac");
	assert_done(storage_release(&volume, &error));
	answer("zfs", "case $1 in get) echo tank/a;; *) echo 'cannot promote' >&2; exit 1;; esac");
	assert_true(storage_release(&volume, &error) < 0);
	assert_explained("cannot promote");
	unlink(place("record"));
	storage_volume_finish(&volume);
}

static void a_data_set_gets_another_name(void **state)
{
	struct storage_wish wish = wish_for(ROOTFS_ZFS, "c2");
	struct storage_volume volume = {}, renamed = {};

	wish.directory = "/lxc/c2";
	volume_of(ROOTFS_ZFS, "other/c1", &volume);
	answer("zfs", "");
	assert_done(storage_rename(&volume, &wish, true, &renamed, &error));
	assert_string_equal(renamed.path, "other/c2");
	assert_ran("zfs get -H -o value type other/c1\n"
		   "zfs list -H -r -o name -t all other/c1\n"
		   "zfs rename other/c1 other/c2\n"
		   "zfs set mountpoint=/lxc/c2/rootfs other/c2\n");
	answer("zfs", "case $* in *type*) " NO_SET ";; esac");
	assert_done(storage_rename(&volume, &wish, true, &renamed, &error));
	assert_ran("zfs get -H -o value type other/c1\n"
		   "zfs set mountpoint=/lxc/c2/rootfs other/c2\n");
	storage_volume_finish(&volume);
	storage_volume_finish(&renamed);
}

static void an_image(void **state)
{
	struct storage_wish wish = wish_for(ROOTFS_RBD, "c1");
	struct storage_volume volume = {};

	wish.rbd_user = "admin";
	wish.size = (1 << 30) + 1;
	answer("rbd", "case $1 in info) exit 2;; esac");
	assert_done(storage_name(&wish, NULL, false, &volume, &error));
	assert_string_equal(volume.path, "/dev/rbd/ceph/c1");
	assert_done(storage_create(&volume, &wish, NULL, &error));
	assert_ran("rbd info ceph/c1\n"
		   "rbd create --id admin --pool ceph tare-cafe --size 1025\n"
		   "rbd image-meta --id admin set ceph/tare-cafe tare-mark cafe\n"
		   "rbd rename --id admin ceph/tare-cafe ceph/c1\n"
		   "rbd map --id admin --pool ceph c1\n"
		   "mkfs.ext4 /dev/rbd/ceph/c1\n");
	volume.user = "admin";
	assert_done(storage_commit(&volume, "cafe", &error));
	assert_ran("rbd image-meta --id admin remove ceph/c1 tare-mark\n");

	/* Undone before and behind its renaming; one of others stays. */
	answer("rbd", "");
	assert_done(storage_destroy(&volume, NULL, "cafe", &error));
	assert_ran("rbd info --id admin ceph/tare-cafe\n"
		   "rbd rm --id admin ceph/tare-cafe\n");
	answer("rbd", "case $* in *tare-cafe*) exit 2;; *get*) echo cafe;; esac");
	assert_done(storage_destroy(&volume, NULL, "cafe", &error));
	assert_ran("rbd info --id admin ceph/tare-cafe\n"
		   "rbd info --id admin ceph/c1\n"
		   "rbd image-meta --id admin get ceph/c1 tare-mark\n"
		   "rbd rm --id admin ceph/c1\n");
	answer("rbd", "case $* in *tare-cafe*) exit 2;; *get*) exit 2;; esac");
	assert_done(storage_destroy(&volume, NULL, "cafe", &error));
	assert_ran("rbd info --id admin ceph/tare-cafe\n"
		   "rbd info --id admin ceph/c1\n"
		   "rbd image-meta --id admin get ceph/c1 tare-mark\n");
	volume.user = NULL;
	assert_done(storage_destroy(&volume, NULL, NULL, &error));
	assert_ran("rbd info ceph/c1\n"
		   "rbd rm ceph/c1\n");
	storage_volume_finish(&volume);
}

static void kinds_that_work_here(void **state)
{
	struct storage_wish wish = wish_for(ROOTFS_LVM, "c1");

	answer("vgs", "");
	assert_true(storage_works(&wish));
	assert_ran("vgs --noheadings -o vg_name vg\n");
	answer("vgs", "exit 5");
	assert_false(storage_works(&wish));
	wish.type = ROOTFS_ZFS;
	answer("zfs", "exit 1");
	assert_false(storage_works(&wish));
	unlink(place("record"));
	wish.type = ROOTFS_NBD;
	assert_false(storage_works(&wish));
	assert_ran("");
}

static void an_image_file_is_only_used(void **state)
{
	struct storage_wish wish = wish_for(ROOTFS_NBD, "c1");
	struct storage_volume volume = {};

	assert_int_equal(storage_name(&wish, NULL, false, &volume, &error), -EOPNOTSUPP);
	write_file(place("image.qcow2"), "x", 0644);
	volume_of(ROOTFS_NBD, place("image.qcow2:1"), &volume);
	assert_int_equal(storage_exists(&volume, &error), 1);
	assert_int_equal(storage_destroy(&volume, NULL, NULL, &error), -EOPNOTSUPP);
	assert_int_equal(access(place("image.qcow2"), F_OK), 0);
	storage_volume_finish(&volume);
}

static void a_program_that_is_not_there(void **state)
{
	const char *const argv[] = {"tare-no-such-program", NULL};
	const struct command command = {.argv = argv, .package = "some-package"};

	assert_int_equal(command_run(&command, NULL, &error), -ENOENT);
	assert_explained("install the package some-package");
	assert_false(command_is_there("tare-no-such-program"));
	assert_true(command_is_there("zfs"));
}

static void words_without_end_are_bounded(void **state)
{
	const char *const argv[] = {"sh", "-c", "yes | head -c 3000000; echo said >&2; exit 7",
				    NULL};
	struct command_words words = {};

	assert_int_equal(command_run(&(struct command){.argv = argv}, &words, &error), 7);
	assert_int_equal(words.output.len, 1 << 20);
	assert_non_null(strstr(str_text(&words.said), "said"));
	command_words_finish(&words);
}

static void run_in_child(bool finishes, int lock_fd)
{
	const char *const argv[] = {"sh", "-c",
				    "echo $$ >begun; sleep 0.3; echo output; touch ended", NULL};
	pid_t pid = fork();

	if (pid == 0) {
		const struct command command = {
			.argv = argv, .lock_fd = lock_fd, .finishes = finishes};

		if (chdir(top) == 0)
			command_run(&command, NULL, NULL);
		_exit(0);
	}
	close(lock_fd);
	for (int i = 0; i < 500 && access(place("begun"), F_OK) < 0; i++)
		usleep(10000);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* lvcreate must not be killed in the midst; nobody may undo what it makes meanwhile. */
static void a_program_that_finishes_keeps_the_lock(void **state)
{
	const char *path = place("lock");

	for (int finishes = 0; finishes < 2; finishes++) {
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		autoclose int look = open(path, O_RDWR | O_CLOEXEC);

		assert_int_equal(lock_take(fd, 0), 0);
		run_in_child(finishes, fd);
		/* What does not finish ends at once, but not in no time. */
		assert_true(lock_is_held(look) >= finishes);
		for (int i = 0; i < 500 && lock_is_held(look) == 1; i++)
			usleep(10000);
		assert_int_equal(lock_is_held(look), 0);
		assert_int_equal(access(place("ended"), F_OK) == 0, finishes);
		unlink(place("begun"));
	}
}

static int set_up(void **state)
{
	static const char *const programs[] = {"lvcreate", "lvs", "lvremove",  "lvrename",
					       "lvchange", "vgs", "mkfs.ext4", "mkfs.xfs",
					       "zfs",      "rbd"};
	static char variable[512];
	static char *variables[512];
	const char *temporary = getenv("TMPDIR");
	const char *path = getenv("PATH");
	autostr script = {};
	size_t count = 0;

	snprintf(top, sizeof(top), "%s/programs-XXXXXX", temporary ? temporary : "/tmp");
	if (!mkdtemp(top) || mkdir(place("bin"), 0755) < 0)
		return -1;
	str_addf(&script,
		 "#!/bin/sh\nname=${0##*/}\necho \"$name $*\" >>%s/record\n"
		 "[ ! -e %s/answer-$name ] || . %s/answer-$name\n",
		 top, top, top);
	for (size_t i = 0; i < ARRAY_LENGTH(programs); i++) {
		autostr name = {};

		str_addf(&name, "bin/%s", programs[i]);
		write_file(place(str_text(&name)), str_text(&script), 0755);
	}
	snprintf(variable, sizeof(variable), "PATH=%s:%s", place("bin"), path ? path : "/bin");
	variables[count++] = variable;
	for (char **at = environ; *at && count + 1 < ARRAY_LENGTH(variables); at++)
		if (strncmp(*at, "PATH=", 5) != 0)
			variables[count++] = *at;
	environ = variables;
	return 0;
}

static int tear_down(void **state)
{
	return removal_tree(NULL, top, NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thick_volume),
		cmocka_unit_test(a_thin_volume_with_another_file_system),
		cmocka_unit_test(an_old_lvcreate_is_asked_otherwise),
		cmocka_unit_test(what_lvcreate_says_is_told),
		cmocka_unit_test(a_volume_of_somebody_else_stays),
		cmocka_unit_test(a_volume_with_thick_snapshots_stays),
		cmocka_unit_test(snapshots_of_volumes),
		cmocka_unit_test(a_volume_gets_another_name),
		cmocka_unit_test(names_that_nobody_takes),
		cmocka_unit_test(a_data_set),
		cmocka_unit_test(a_clone_of_a_data_set),
		cmocka_unit_test(a_data_set_that_others_need_stays),
		cmocka_unit_test(what_lies_below_stays),
		cmocka_unit_test(clones_of_a_data_set_are_promoted),
		cmocka_unit_test(a_data_set_gets_another_name),
		cmocka_unit_test(an_image),
		cmocka_unit_test(kinds_that_work_here),
		cmocka_unit_test(an_image_file_is_only_used),
		cmocka_unit_test(a_program_that_is_not_there),
		cmocka_unit_test(words_without_end_are_bounded),
		cmocka_unit_test(a_program_that_finishes_keeps_the_lock),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
