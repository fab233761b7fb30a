/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ops of the HOST lane that mount root file systems. As root, with files and mount namespaces of
 * the test's own.
 */

#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "run/run_fixture.h"

static char directory[64];

static const char *in_directory(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static int prepare(void **state)
{
	snprintf(directory, sizeof(directory), "/tmp/tare-storage-XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static int clean_up(void **state)
{
	return rmdir(directory);
}

static struct plan_step *open_fs(struct fixture *f, enum plan_op op, uint16_t out,
				 const char *const *options)
{
	uint32_t type = fixture_text(f, "tmpfs"), source = fixture_text(f, "none");
	uint32_t list = plan_build_list(&f->b, options);
	struct plan_step *step = fixture_step(f, SECTION_START, op, "root");

	step->out = out;
	step->arg[0] = type;
	step->arg[1] = source;
	step->arg[2] = list;
	step->arg[3] = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID;
	return step;
}

static void expect_tmpfs(int fd)
{
	struct statvfs status;

	assert_true(fd >= 0);
	assert_int_equal(fstatvfs(fd, &status), 0);
	assert_true(status.f_flag & ST_RDONLY);
	assert_true(status.f_flag & ST_NOSUID);
	assert_int_equal(status.f_blocks * status.f_frsize, 65536);
}

static void a_file_system_is_mounted_attached_to_nothing(void **state)
{
	static const char *const options[] = {"size=64k", "mode=0700", NULL};
	struct fixture f;
	uint16_t r_root;

	fixture_begin(&f);
	r_root = plan_build_register(&f.b, REGISTER_FD, "root");
	open_fs(&f, OP_FS_OPEN_HOST, r_root, options);
	fixture_finish(&f);
	assert_int_equal(fixture_start(&f), 0);
	expect_tmpfs(fixture_register(&f, r_root)->fd);
	fixture_end(&f);
}

static void what_the_file_system_says_is_told(void **state)
{
	static const char *const options[] = {"bogus=1", NULL};
	struct fixture f;

	fixture_begin(&f);
	open_fs(&f, OP_FS_OPEN_HOST, plan_build_register(&f.b, REGISTER_FD, "root"), options);
	fixture_finish(&f);
	assert_int_equal(fixture_start(&f), -EINVAL);
	assert_non_null(strstr(f.failure.note, "bogus"));
	assert_string_equal(run_call_name(f.failure.call), "fsconfig");
	fixture_end(&f);
}

static void long_options_go_through_a_namespace_of_their_own(void **state)
{
	static const char *const options[] = {"size=64k", "mode=0700", NULL};
	struct stat root, above;
	struct plan_step *step;
	struct fixture f;
	uint16_t r_ns, r_root;

	fixture_begin(&f);
	r_ns = plan_build_register(&f.b, REGISTER_FD, "ns");
	r_root = plan_build_register(&f.b, REGISTER_FD, "root");
	step = fixture_step(&f, SECTION_START, OP_MOUNT_NS_ENTER, "c1");
	step->out = r_ns;
	step->arg[0] = 1;
	open_fs(&f, OP_FS_OPEN_LONG_HOST, r_root, options);
	fixture_step(&f, SECTION_STOP, OP_MOUNT_NS_LEAVE, "c1")->in = r_ns;
	fixture_finish(&f);
	assert_int_equal(fixture_start(&f), 0);
	expect_tmpfs(fixture_register(&f, r_root)->fd);
	assert_int_equal(stat("/", &root), 0);
	assert_int_equal(stat("/..", &above), 0);
	assert_int_equal(root.st_dev, above.st_dev);
	assert_int_equal(root.st_ino, above.st_ino);
	assert_int_equal(run_host(&f.run, SECTION_STOP, 0, &f.failure), 0);
	fixture_end(&f);
}

static int make(const char *path)
{
	struct fixture f;
	struct plan_step *step;
	uint32_t text;
	int r;

	fixture_begin(&f);
	text = fixture_text(&f, path);
	step = fixture_step(&f, SECTION_START, OP_MAKE_DIRECTORY_HOST, path);
	step->arg[0] = text;
	step->arg[1] = 0750;
	step->arg[2] = 100000;
	step->arg[3] = 100001;
	fixture_finish(&f);
	r = fixture_start(&f);
	fixture_end(&f);
	return r;
}

static void expect_owned(const char *name, mode_t mode, uid_t uid)
{
	struct stat status;

	assert_int_equal(lstat(in_directory(name), &status), 0);
	assert_int_equal(status.st_mode & 07777, mode);
	assert_int_equal(status.st_uid, uid);
}

static void directories_are_made_with_their_owner(void **state)
{
	char path[128];

	snprintf(path, sizeof(path), "%s", in_directory("above/upper"));
	assert_int_equal(make(path), 0);
	expect_owned("above", 0755, 100000);
	expect_owned("above/upper", 0750, 100000);
	/* What is there stays as it is. */
	assert_int_equal(chown(path, 0, 0), 0);
	assert_int_equal(make(path), 0);
	expect_owned("above/upper", 0750, 0);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(symlink("/nowhere", path), 0);
	assert_int_equal(make(path), 0);
	expect_owned("above/upper", 0777, 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(make("/proc/none/such"), -ENOENT);
	assert_int_equal(rmdir(in_directory("above")), 0);
}

/* A loop device on the file, and the file system on it: `path` is the file's. */
static int open_loop(struct fixture *f, const char *path)
{
	struct plan_step *step;
	uint16_t r_loop, r_number, r_root;
	autostr device = {};
	uint32_t text;

	fixture_begin(f);
	r_loop = plan_build_register(&f->b, REGISTER_FD, "loop device");
	r_number = plan_build_register(&f->b, REGISTER_NUMBER, "number");
	r_root = plan_build_register(&f->b, REGISTER_FD, "root");
	text = fixture_text(f, path);
	step = fixture_step(f, SECTION_START, OP_LOOP_OPEN, path);
	step->out = r_loop;
	step->arg[0] = r_number;
	step->arg[1] = text;
	str_add(&device, "/dev/loop");
	plan_add_reference(&device, r_number);
	text = fixture_text(f, str_text(&device));
	step = fixture_step(f, SECTION_START, OP_FS_OPEN_FOUND, path);
	step->out = r_root;
	step->arg[0] = text;
	fixture_finish(f);
	return fixture_start(f);
}

static void a_file_without_a_file_system_is_told_by_its_loop_device(void **state)
{
	const char *path = in_directory("image");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	char expected[64];
	struct fixture f;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	assert_int_equal(open_loop(&f, path), -EMEDIUMTYPE);
	assert_int_equal(f.failure.step, 1);
	snprintf(expected, sizeof(expected), "/dev/loop%u is empty",
		 (unsigned)fixture_register(&f, 1)->number);
	assert_string_equal(f.failure.note, expected);
	assert_true(fixture_register(&f, 0)->fd >= 0);
	close(fixture_register(&f, 0)->fd);
	fixture_end(&f);
	assert_int_equal(pwrite(fd, "LUKS\xba\xbe", 6, 0), 6);
	assert_int_equal(open_loop(&f, path), -EMEDIUMTYPE);
	assert_non_null(strstr(f.failure.note, " holds an encrypted volume (LUKS)"));
	close(fixture_register(&f, 0)->fd);
	fixture_end(&f);
	close(fd);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(open_loop(&f, path), -ENOENT);
	assert_int_equal(f.failure.step, 0);
	assert_string_equal(run_call_name(f.failure.call), "openat");
	fixture_end(&f);
}

static void only_our_own_network_devices_are_let_go(void **state)
{
	struct plan_step *step;
	struct fixture f;
	uint16_t r_device;
	uint32_t path;

	fixture_begin(&f);
	r_device = plan_build_register(&f.b, REGISTER_NAME, "device");
	path = fixture_text(&f, "/image");
	step = fixture_step(&f, SECTION_UNDO, OP_NBD_DISCONNECT, "/image");
	step->in = r_device;
	step->arg[0] = path;
	fixture_finish(&f);
	assert_int_equal(run_host(&f.run, SECTION_UNDO, 0, &f.failure), 0);
	/* Nobody serves it, or somebody else; and no other device is ever asked about. */
	snprintf(fixture_register(&f, r_device)->name, 64, "/dev/nbd4000");
	atomic_store(&fixture_register(&f, r_device)->state, VALUE_INTENDED);
	assert_int_equal(run_host(&f.run, SECTION_UNDO, 0, &f.failure), 0);
	assert_int_equal(fixture_register(&f, r_device)->state, VALUE_EMPTY);
	snprintf(fixture_register(&f, r_device)->name, 64, "/dev/sda");
	atomic_store(&fixture_register(&f, r_device)->state, VALUE_SET);
	assert_int_equal(run_host(&f.run, SECTION_UNDO, 0, &f.failure), 0);
	assert_int_equal(f.warnings, 0);
	fixture_end(&f);
}

static void without_network_devices_that_is_told(void **state)
{
	struct plan_step *step;
	struct fixture f;
	uint32_t path;

	if (access("/sys/block/nbd0", F_OK) == 0) {
		print_message("the kernel has network block devices\n");
		skip();
	}
	fixture_begin(&f);
	path = fixture_text(&f, "/image");
	step = fixture_step(&f, SECTION_START, OP_NBD_CONNECT, "/image");
	step->out = plan_build_register(&f.b, REGISTER_NAME, "device");
	step->arg[0] = path;
	fixture_finish(&f);
	assert_int_equal(fixture_start(&f), -ENODEV);
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_system_is_mounted_attached_to_nothing),
		cmocka_unit_test(what_the_file_system_says_is_told),
		cmocka_unit_test(long_options_go_through_a_namespace_of_their_own),
		cmocka_unit_test(directories_are_made_with_their_owner),
		cmocka_unit_test(a_file_without_a_file_system_is_told_by_its_loop_device),
		cmocka_unit_test(only_our_own_network_devices_are_let_go),
		cmocka_unit_test(without_network_devices_that_is_told),
	};

	return cmocka_run_group_tests(tests, prepare, clean_up);
}
