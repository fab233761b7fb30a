/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The INIT lane's ops about mounts and files, run for real in namespaces of their own: what they
 * make, what they tell, and root file systems that try to lead them out. Needs root.
 */

#include "lane_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"

static int nothing(void *payload)
{
	return 0;
}

/* -- errors, registers, faults, times */

static void a_failure_names_step_call_and_errno(void **state)
{
	struct lane *l = *state;

	lane_step_at(l, OP_PATH_CHECK, PLAN_NO_REGISTER, "/");
	lane_step_at(l, OP_PATH_CHECK, PLAN_NO_REGISTER, "/nothing/here");
	lane_fails(l, OP_PATH_CHECK, ENOENT);
	assert_int_equal(l->result.failure.step, 1);
	assert_int_equal(l->result.failure.call, SYS_openat2);
	assert_false(l->result.will_exec);
}

static void an_optional_step_fails_and_those_that_need_it_are_passed_over(void **state)
{
	struct lane *l = *state;
	uint16_t root = lane_mount_root(l), tree = lane_fd_register(l);
	struct plan_step *step;

	lane_put_directory(l, "there");
	/* The first entry's target is missing: its tree must not serve the second entry. */
	step = lane_step_at(l, OP_TREE_OPEN, PLAN_NO_REGISTER, "/proc");
	step->out = tree;
	step->flags = STEP_OPTIONAL;
	step = lane_step_at(l, OP_TREE_ATTACH, root, "missing");
	step->in = tree;
	step->flags = STEP_OPTIONAL;
	step = lane_step_at(l, OP_TREE_OPEN, PLAN_NO_REGISTER, "/nothing/here");
	step->out = tree;
	step->flags = STEP_OPTIONAL;
	step = lane_step(l, OP_TREE_ATTRIBUTES);
	step->in = tree;
	step->flags = STEP_OPTIONAL;
	step->arg[0] = MOUNT_ATTR_RDONLY;
	step = lane_step_at(l, OP_TREE_ATTACH, root, "there");
	step->in = tree;
	step->flags = STEP_OPTIONAL;
	lane_succeeds(l, nothing);
	assert_int_equal(l->result.warnings, 2);
	assert_int_equal(l->result.warning.errnum, ENOENT);
}

static void a_tree_that_did_not_get_its_options_is_not_attached(void **state)
{
	struct lane *l = *state;
	uint16_t root = lane_mount_root(l), tree = lane_fd_register(l);
	struct plan_step *step = lane_step_at(l, OP_TREE_OPEN, PLAN_NO_REGISTER, l->root);

	step->out = tree;
	step = lane_step(l, OP_TREE_ATTRIBUTES);
	step->in = tree;
	step->flags = STEP_OPTIONAL;
	step->arg[0] = 1ULL << 40;
	step = lane_step_at(l, OP_TREE_ATTACH, root, "");
	step->in = tree;
	lane_fails(l, OP_TREE_ATTACH, ENODATA);
	assert_int_equal(l->result.warnings, 1);
	assert_int_equal(l->result.warning.errnum, EINVAL);
}

static void a_fault_is_played_and_times_are_noted(void **state)
{
	struct lane *l = *state;
	uint64_t *times;

	l->record->flags = RECORD_TRACE;
	l->record->trace.offset = RECORD_PARTS_AT;
	l->record->trace.size = 4 * sizeof(uint64_t);
	l->record->fault_step = 2;
	l->record->fault_errno = EDQUOT;
	lane_step_at(l, OP_PATH_CHECK, PLAN_NO_REGISTER, "/");
	lane_step(l, OP_NO_NEW_PRIVS);
	lane_fails(l, OP_NO_NEW_PRIVS, EDQUOT);
	times = (uint64_t *)((char *)l->record + RECORD_PARTS_AT);
	assert_true(times[0] > 0 && times[0] <= times[1] && times[1] <= times[2] &&
		    times[2] <= times[3]);
}

/* -- files */

static int files_are_made(void *payload)
{
	struct stat status;
	char text[32];

	probe_true(stat("/a/b/c", &status) == 0 && S_ISDIR(status.st_mode));
	probe_true((status.st_mode & 07777) == 01777);
	probe_true(stat("/a/b", &status) == 0 && (status.st_mode & 07777) == 0755);
	probe_true(stat("/a/d/file", &status) == 0 && S_ISREG(status.st_mode));
	probe_true((status.st_mode & 07777) == 0666 && status.st_size == 0);
	probe_true(stat("/a/null", &status) == 0 && S_ISCHR(status.st_mode));
	probe_true(status.st_rdev == makedev(1, 3) && (status.st_mode & 07777) == 0666);
	probe_true(readlink("/a/fd", text, sizeof(text)) == 13);
	/* The umask is the caller's again. */
	probe_true(umask(0) == 027);
	return 0;
}

static struct plan_step *make(struct lane *l, enum plan_op op, uint16_t root, const char *path,
			      unsigned mode)
{
	struct plan_step *step = lane_step_at(l, op, root, path);

	step->arg[2] = mode;
	return step;
}

static void make_link(struct lane *l, uint16_t root, const char *path, const char *text)
{
	uint32_t offset = lane_text(l, text);

	lane_step_at(l, OP_MAKE_LINK, root, path)->arg[2] = offset;
}

static void files_are_made_with_their_parents_and_exact_modes(void **state)
{
	struct lane *l = *state;
	uint16_t root = lane_mount_root(l);
	mode_t before = umask(027);

	for (int i = 0; i < 2; i++) { /* the second time all is there */
		make(l, OP_MAKE_DIRECTORY, root, "a/b/c/", 01777);
		make(l, OP_MAKE_FILE, root, "/a//d/file", 0666);
		make(l, OP_MAKE_NODE, root, "a/null", S_IFCHR | 0666)->arg[3] = makedev(1, 3);
		make_link(l, root, "a/fd", "/proc/self/fd");
	}
	lane_pivot(l, root);
	lane_succeeds(l, files_are_made);
	umask(before);
}

static int links_led_nowhere(void *payload)
{
	struct lane *l = payload;
	char path[160];
	struct stat status;

	snprintf(path, sizeof(path), "%s/made", l->outside);
	probe_true(stat(path, &status) < 0);
	snprintf(path, sizeof(path), "%s%s/made", l->root, l->outside);
	probe_true(stat(path, &status) == 0 && S_ISDIR(status.st_mode));
	snprintf(path, sizeof(path), "%s/top", l->root);
	probe_true(stat(path, &status) == 0);
	return 0;
}

static void links_of_the_root_file_system_stay_inside(void **state)
{
	struct lane *l = *state;
	uint16_t root = lane_mount_root(l);
	char path[128];

	lane_put_link(l, "out", l->outside);
	lane_put_link(l, "up", "../../../../../..");
	make(l, OP_MAKE_DIRECTORY, root, l->outside, 0755);
	make(l, OP_MAKE_DIRECTORY, root, "out/made", 0755);
	make(l, OP_MAKE_FILE, root, "up/top", 0600);
	snprintf(path, sizeof(path), "../../..%s/made", l->outside);
	make(l, OP_MAKE_DIRECTORY, root, path, 0755);
	lane_succeeds(l, links_led_nowhere);
}

static void nothing_is_made_through_a_dangling_link(void **state)
{
	struct lane *l = *state;
	uint16_t root = lane_mount_root(l);
	struct plan_step *step;

	lane_put_link(l, "dangling", "nothing");
	step = make(l, OP_MAKE_FILE, root, "dangling", 0600);
	step->flags = STEP_WARN;
	step = make(l, OP_MAKE_DIRECTORY, root, "dangling", 0600);
	step->flags = STEP_WARN;
	make(l, OP_MAKE_DIRECTORY, root, "dangling/below", 0600);
	lane_fails(l, OP_MAKE_DIRECTORY, ELOOP);
	assert_int_equal(l->result.warnings, 2);
	assert_int_equal(l->result.warning.errnum, ELOOP);
}

static void what_is_there_must_be_of_the_right_kind(void **state)
{
	struct lane *l = *state;
	uint16_t root = lane_mount_root(l);

	lane_put_file(l, "file", "");
	lane_put_directory(l, "directory");
	lane_put_link(l, "link", "file");
	make(l, OP_MAKE_FILE, root, "link", 0600);
	make(l, OP_MAKE_FILE, root, "directory", 0600)->flags = STEP_WARN;
	make(l, OP_MAKE_DIRECTORY, root, "file", 0600)->flags = STEP_WARN;
	make(l, OP_MAKE_DIRECTORY, root, "file/below", 0600)->flags = STEP_WARN;
	make(l, OP_MAKE_FILE, root, "directory/..", 0600)->flags = STEP_WARN;
	make(l, OP_MAKE_NODE, root, "file", S_IFCHR | 0666)->arg[3] = makedev(1, 3);
	lane_fails(l, OP_MAKE_NODE, EEXIST);
	assert_int_equal(l->result.warnings, 4);
}

static void magic_links_are_refused(void **state)
{
	struct lane *l = *state;
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	uint16_t base = lane_given_fd(l, fd);

	lane_step_at(l, OP_PATH_OPEN, base, "proc/self/root/etc")->out = lane_fd_register(l);
	lane_fails(l, OP_PATH_OPEN, ELOOP);
	close(fd);
}

/* -- mounts */

static int is_read_only(void *payload)
{
	struct statvfs status;

	probe_true(statvfs("/target", &status) == 0);
	probe_true(status.f_flag & ST_RDONLY && status.f_flag & ST_NOSUID);
	probe_true(access("/target/inside", F_OK) == 0);
	return 0;
}

static void a_bind_has_its_options(void **state)
{
	struct lane *l = *state;
	uint16_t root = lane_mount_root(l), tree = lane_fd_register(l);
	struct plan_step *step;

	lane_put_directory(l, "source");
	lane_put_file(l, "source/inside", "");
	lane_put_directory(l, "target");
	lane_step_at(l, OP_TREE_OPEN, root, "source")->out = tree;
	step = lane_step(l, OP_TREE_ATTRIBUTES);
	step->in = tree;
	step->arg[0] = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID;
	step->arg[4] = PLAN_NO_REGISTER;
	lane_step_at(l, OP_TREE_ATTACH, root, "target")->in = tree;
	lane_pivot(l, root);
	lane_succeeds(l, is_read_only);
}

static void a_link_in_a_targets_place_is_refused_where_asked(void **state)
{
	struct lane *l = *state;
	uint16_t root = lane_mount_root(l), tree = lane_fd_register(l);
	struct plan_step *step;

	lane_put_file(l, "file", "");
	lane_put_link(l, "link", "file");
	lane_step_at(l, OP_TREE_OPEN, PLAN_NO_REGISTER, "/dev/null")->out = tree;
	step = lane_step_at(l, OP_TREE_ATTACH, root, "link");
	step->in = tree;
	step->arg[2] = 1;
	lane_fails(l, OP_TREE_ATTACH, ELOOP);
	assert_string_equal(l->result.failure.note, "the target is a symbolic link");
}

static int bound_inside(void *payload)
{
	struct lane *l = payload;
	char path[192];
	struct stat status;

	snprintf(path, sizeof(path), "%s/inner/proc", l->root);
	probe_true(stat(path, &status) == 0 && status.st_mode & S_ISVTX);
	probe_true(stat("/proc", &status) == 0 && !(status.st_mode & S_ISVTX));
	return 0;
}

/* CVE-2021-30465, CVE-2015-1335: a target whose directory is a link to somewhere on the host. */
static void a_mount_does_not_follow_links_out_of_the_root(void **state)
{
	struct lane *l = *state;
	uint16_t root = lane_mount_root(l), tree = lane_fd_register(l);
	const char *const options[] = {"mode=1777", NULL};
	uint32_t type, list;
	struct plan_step *step;

	lane_put_directory(l, "inner");
	lane_put_directory(l, "inner/proc");
	lane_put_link(l, "to-root", "/inner/../../../../inner");
	type = lane_text(l, "tmpfs");
	list = plan_build_list(&l->build, options);
	step = lane_step(l, OP_FS_OPEN);
	step->out = tree;
	step->arg[0] = type;
	step->arg[2] = list;
	lane_step_at(l, OP_TREE_ATTACH, root, "to-root/proc")->in = tree;
	lane_succeeds(l, bound_inside);
}

static int tmpfs_has_its_options(void *payload)
{
	struct statvfs status;
	struct stat mode;

	probe_true(statvfs("/mnt", &status) == 0);
	probe_true(status.f_blocks * status.f_frsize == 64 * 1024);
	probe_true(status.f_flag & ST_NOEXEC && !(status.f_flag & ST_NODEV));
	probe_true(stat("/mnt", &mode) == 0 && (mode.st_mode & 07777) == 0711);
	return 0;
}

static void a_file_system_is_made_with_options_and_attributes(void **state)
{
	static const char *const options[] = {"size=64k", "mode=0711", "rw", NULL};
	struct lane *l = *state;
	uint16_t root = lane_mount_root(l), tree = lane_fd_register(l);

	lane_put_directory(l, "mnt");
	lane_file_system(l, tree, "tmpfs", options)->arg[3] = MOUNT_ATTR_NOEXEC;
	lane_step_at(l, OP_TREE_ATTACH, root, "mnt")->in = tree;
	lane_pivot(l, root);
	lane_succeeds(l, tmpfs_has_its_options);
}

static int long_tmpfs_has_its_options(void *payload)
{
	struct statvfs status;
	struct stat root, above;

	probe_true(tmpfs_has_its_options(payload) == 0);
	probe_true(statvfs("/mnt", &status) == 0 && status.f_flag & ST_NOSUID);
	/* Where it was made nothing is left. */
	probe_true(stat("/", &root) == 0 && stat("/..", &above) == 0);
	probe_true(root.st_dev == above.st_dev && root.st_ino == above.st_ino);
	return 0;
}

static void options_may_be_longer_than_fsconfig_takes(void **state)
{
	static const char zeros[] = "00000000000000000000000000000000000000000000000000";
	struct lane *l = *state;
	uint16_t root = lane_mount_root(l), tree = lane_fd_register(l);
	char size[320];
	const char *const options[] = {size, "mode=0711", NULL};
	struct plan_step *step;

	snprintf(size, sizeof(size), "size=0x%s%s%s%s%s%s10000", zeros, zeros, zeros, zeros, zeros,
		 zeros);
	lane_put_directory(l, "mnt");
	lane_file_system(l, tree, "tmpfs", options)->flags = STEP_WARN;
	step = lane_file_system(l, tree, "tmpfs", options);
	step->op = OP_FS_OPEN_LONG;
	step->arg[3] = MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSUID;
	lane_step_at(l, OP_TREE_ATTACH, root, "mnt")->in = tree;
	lane_pivot(l, root);
	lane_succeeds(l, long_tmpfs_has_its_options);
	/* The short way does not do it. */
	assert_int_equal(l->result.warnings, 1);
	assert_int_equal(l->result.warning.errnum, EINVAL);
}

static void options_of_a_page_are_too_long(void **state)
{
	struct lane *l = *state;
	char text[4096];
	const char *const options[] = {text, NULL};

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	lane_file_system(l, lane_fd_register(l), "tmpfs", options)->op = OP_FS_OPEN_LONG;
	lane_fails(l, OP_FS_OPEN_LONG, E2BIG);
}

static void a_file_and_a_directory_do_not_fit(void **state)
{
	struct lane *l = *state;
	uint16_t root = lane_mount_root(l), tree = lane_fd_register(l);

	lane_put_directory(l, "directory");
	lane_step_at(l, OP_TREE_OPEN, PLAN_NO_REGISTER, "/etc/passwd")->out = tree;
	lane_step_at(l, OP_TREE_ATTACH, root, "directory")->in = tree;
	lane_fails(l, OP_TREE_ATTACH, EINVAL);
	assert_string_equal(l->result.failure.note, "the source is a file, the target a directory");
}

static void the_file_systems_own_words_are_told(void **state)
{
	static const char *const options[] = {"mode=0755", "bogus=1", NULL};
	struct lane *l = *state;

	lane_file_system(l, lane_fd_register(l), "tmpfs", options);
	lane_fails(l, OP_FS_OPEN, EINVAL);
	assert_int_equal(l->result.failure.call, SYS_fsconfig);
	assert_string_equal(l->result.failure.note, "bogus=1: tmpfs: Unknown parameter 'bogus'");
}

static void an_unknown_file_system_is_told(void **state)
{
	struct lane *l = *state;

	lane_file_system(l, lane_fd_register(l), "nosuchfs", NULL);
	lane_fails(l, OP_FS_OPEN, ENODEV);
	assert_int_equal(l->result.failure.call, SYS_fsopen);
}

static int nothing_is_mounted(void *payload)
{
	struct lane *l = payload;
	char path[128];
	struct stat status, root;

	snprintf(path, sizeof(path), "%s/mnt", l->root);
	probe_true(stat(path, &status) == 0 && stat(l->root, &root) == 0);
	probe_true(status.st_dev == root.st_dev);
	return 0;
}

static void all_that_is_mounted_on_a_place_is_taken_away(void **state)
{
	struct lane *l = *state;
	uint16_t root = lane_mount_root(l), tree = lane_fd_register(l);

	lane_put_directory(l, "mnt");
	lane_put_link(l, "link", "mnt");
	for (int i = 0; i < 3; i++) {
		lane_file_system(l, tree, "tmpfs", NULL);
		lane_step_at(l, OP_TREE_ATTACH, root, "mnt")->in = tree;
	}
	lane_step_at(l, OP_UMOUNT, root, "mnt");
	lane_step_at(l, OP_UMOUNT, root, "mnt");
	lane_step_at(l, OP_UMOUNT, root, "missing/below");
	lane_succeeds(l, nothing_is_mounted);
}

static int the_upper_tree_is_on_upper(void *payload)
{
	struct stat root, above;

	probe_true(stat("/upper/of-upper", &root) == 0);
	probe_true(stat("/lower/of-lower", &root) == 0);
	/* Nothing is left of the pile, nor is anything else gone. */
	probe_true(stat("/", &root) == 0 && stat("/..", &above) == 0);
	probe_true(root.st_dev == above.st_dev && root.st_ino == above.st_ino);
	return 0;
}

static struct plan_step *take(struct lane *l, uint16_t in, uint16_t out)
{
	uint32_t path = lane_text(l, "/..");
	struct plan_step *step = lane_step(l, OP_TREE_TAKE);

	step->in = in;
	step->out = out;
	step->arg[0] = path;
	return step;
}

/* As HOST piles them, whose descriptors are here standard output's. */
static void trees_are_taken_from_the_pile_in_their_order(void **state)
{
	static const char *const names[] = {"lower", "upper", "lower/of-lower", "upper/of-upper"};
	struct lane *l = *state;
	uint16_t root = lane_mount_root(l), tree = lane_fd_register(l), made[3], taken[3];

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		lane_put_directory(l, names[i]);
	for (size_t i = 0; i < 2; i++) {
		made[i] = lane_given_fd(l, fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0));
		taken[i] = lane_fd_register(l);
		lane_step_at(l, OP_TREE_OPEN, root, names[i])->out = tree;
		lane_step_at(l, OP_TREE_ATTACH, PLAN_NO_REGISTER, "/..")->in = tree;
	}
	/* An optional one that HOST failed to make. */
	made[2] = lane_fd_register(l);
	taken[2] = lane_fd_register(l);
	take(l, made[2], taken[2]);
	take(l, made[1], taken[1]);
	take(l, made[0], taken[0]);
	for (size_t i = 0; i < 3; i++) {
		struct plan_step *step = lane_step_at(l, OP_TREE_ATTACH, root, names[i % 2]);

		step->in = taken[i];
		step->flags = i == 2 ? STEP_OPTIONAL : 0;
	}
	lane_pivot(l, root);
	lane_succeeds(l, the_upper_tree_is_on_upper);
	assert_int_equal(l->result.warnings, 0);
}

static void a_root_that_was_covered_is_noticed(void **state)
{
	struct lane *l = *state;
	uint16_t root = lane_mount_root(l), tree = lane_fd_register(l);
	uint32_t path = lane_text(l, l->root);
	struct plan_step *step = lane_step(l, OP_ROOT_CHECK);

	step->in = root;
	step->arg[0] = path;
	lane_file_system(l, tree, "tmpfs", NULL);
	lane_step_at(l, OP_TREE_ATTACH, PLAN_NO_REGISTER, l->root)->in = tree;
	step = lane_step(l, OP_ROOT_CHECK);
	step->in = root;
	step->arg[0] = path;
	lane_fails(l, OP_ROOT_CHECK, ESTALE);
	assert_string_equal(l->result.failure.note, "Rootfs overmounted");
	assert_int_equal(l->result.failure.step, 7);
}

static int only_the_new_root_is_there(void *payload)
{
	char text[4096];

	probe_true(access("/etc", F_OK) < 0);
	probe_true(access("/marker", F_OK) == 0);
	probe_true(strcmp(getcwd(text, sizeof(text)), "/") == 0);
	lane_content("/proc/self/mountinfo", text, sizeof(text));
	/* The root and proc, each in a peer group of its own. */
	probe_true(strstr(text, " / / ") == NULL || strstr(text, "shared:") != NULL);
	probe_true(strstr(text, "shared:") != NULL);
	probe_true(strchr(strchr(text, '\n') + 1, '\n')[1] == '\0');
	return 0;
}

static void pivot_leaves_the_new_root_alone(void **state)
{
	struct lane *l = *state;
	uint16_t root = lane_mount_root(l), tree = lane_fd_register(l);

	lane_put_file(l, "marker", "");
	lane_put_directory(l, "proc");
	lane_file_system(l, tree, "proc", NULL);
	lane_step_at(l, OP_TREE_ATTACH, root, "proc")->in = tree;
	lane_pivot(l, root);
	lane_succeeds(l, only_the_new_root_is_there);
}

/* -- procfs */

static int sysctl_is_set(void *payload)
{
	char text[32];

	probe_true(strcmp(lane_content("/proc/sys/kernel/domainname", text, sizeof(text)),
			  "tare.test\n") == 0);
	return 0;
}

static struct plan_step *write_value(struct lane *l, uint16_t base, const char *path,
				     const char *value)
{
	uint32_t text = lane_text(l, value);
	struct plan_step *step = lane_step_at(l, OP_WRITE, base, path);

	step->arg[2] = text;
	return step;
}

static void sysctls_are_written_to_procfs_itself(void **state)
{
	struct lane *l = *state;
	uint16_t procfs;

	lane_step(l, OP_MOUNTS_SLAVE);
	procfs = lane_fd_register(l);
	lane_file_system(l, procfs, "proc", NULL);
	write_value(l, procfs, "sys/kernel/domainname", "tare.test");
	write_value(l, procfs, "sys/kernel/nothing", "1")->flags = STEP_WARN;
	/* procfs's own links lead elsewhere. */
	write_value(l, procfs, "self/comm", "x")->flags = STEP_WARN;
	write_value(l, procfs, "sys/net/ipv4/ip_forward", "not a number")->flags = STEP_WARN;
	lane_succeeds(l, sysctl_is_set);
	assert_int_equal(l->result.warnings, 3);
	assert_int_equal(l->result.warning.errnum, EINVAL);
}

/* CVE-2025-52881: something else is mounted where the value goes. */
static void a_covered_sysctl_is_not_written(void **state)
{
	struct lane *l = *state;
	uint16_t procfs = lane_fd_register(l), tree = lane_fd_register(l);
	uint16_t root = lane_mount_root(l);

	lane_put_directory(l, "proc");
	lane_put_file(l, "prey", "untouched");
	lane_file_system(l, tree, "proc", NULL);
	lane_step_at(l, OP_TREE_ATTACH, root, "proc")->in = tree;
	lane_step_at(l, OP_PATH_OPEN, root, "proc")->out = procfs;
	lane_step_at(l, OP_TREE_OPEN, root, "prey")->out = tree;
	lane_step_at(l, OP_TREE_ATTACH, root, "proc/sys/kernel/domainname")->in = tree;
	write_value(l, procfs, "sys/kernel/domainname", "changed");
	lane_fails(l, OP_WRITE, EXDEV);
}

static int boot_id_is_new(void *payload)
{
	char ours[64], again[64];
	struct stat status;

	lane_content("/proc/sys/kernel/random/boot_id", ours, sizeof(ours));
	lane_content("/proc/sys/kernel/random/boot_id", again, sizeof(again));
	probe_true(strlen(ours) == 37 && ours[14] == '4' && strcmp(ours, again) == 0);
	probe_true(strcmp(ours, ((struct lane *)payload)->context) != 0);
	probe_true(open("/proc/sys/kernel/random/boot_id", O_WRONLY | O_CLOEXEC) < 0);
	probe_true(stat("/dev/.lxc-boot-id", &status) < 0);
	return 0;
}

static void the_boot_id_is_the_containers_own(void **state)
{
	struct lane *l = *state;
	uint16_t root = lane_mount_root(l), tree = lane_fd_register(l);
	char host[64];

	l->context = (void *)lane_content("/proc/sys/kernel/random/boot_id", host, sizeof(host));
	lane_put_directory(l, "proc");
	lane_put_directory(l, "dev");
	lane_file_system(l, tree, "proc", NULL);
	lane_step_at(l, OP_TREE_ATTACH, root, "proc")->in = tree;
	lane_step(l, OP_BOOT_ID)->arg[0] = root;
	lane_pivot(l, root);
	lane_succeeds(l, boot_id_is_new);
}

/* -- user namespaces */

static void write_maps(struct lane *l, pid_t child)
{
	static const char *const files[] = {"uid_map", "gid_map"};

	for (size_t i = 0; i < 2; i++) {
		char path[64];
		int fd;

		snprintf(path, sizeof(path), "/proc/%d/%s", child, files[i]);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		assert_true(fd >= 0);
		assert_int_equal(write(fd, "0 100000 65536\n", 15), 15);
		close(fd);
	}
}

static void become_root(struct lane *l)
{
	lane_step(l, OP_GATE)->arg[1] = PLAN_NO_REGISTER;
	lane_step(l, OP_BECOME_ROOT);
	l->at_gate = write_maps;
	assert_int_equal(chmod(l->root, 0755), 0);
}

static const char *const types[] = {"proc", "sysfs", "mqueue", "tmpfs", "devpts", "cgroup2"};

static int all_types_are_mounted(void *payload)
{
	char mounts[4096], line[64];

	lane_content("/proc/self/mounts", mounts, sizeof(mounts));
	for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
		snprintf(line, sizeof(line), "source /%s %s ", types[i], types[i]);
		probe_true(strstr(mounts, line) != NULL);
	}
	return access("/null", W_OK);
}

static void a_user_namespace_gets_its_file_systems(void **state)
{
	const unsigned long namespaces = LANE_NAMESPACES | CLONE_NEWUSER | CLONE_NEWNET |
					 CLONE_NEWIPC | CLONE_NEWCGROUP;
	struct lane *l = *state;
	uint16_t root, tree;

	become_root(l);
	root = lane_mount_root(l);
	tree = lane_fd_register(l);
	for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
		lane_put_directory(l, types[i]);
		lane_file_system(l, tree, types[i], NULL)->arg[3] = MOUNT_ATTR_NOSUID;
		lane_step_at(l, OP_TREE_ATTACH, root, types[i])->in = tree;
	}
	lane_put_file(l, "null", "");
	lane_step_at(l, OP_TREE_OPEN, PLAN_NO_REGISTER, "/dev/null")->out = tree;
	lane_step_at(l, OP_TREE_ATTACH, root, "null")->in = tree;
	lane_pivot(l, root);
	lane_run(l, namespaces, all_types_are_mounted);
	if (l->result.has_failed)
		fail_msg("step %u: errno %d, %s", l->result.failure.step, l->result.failure.errnum,
			 l->result.failure.note);
	assert_int_equal(l->result.status, 0);
}

/* DESIGN.md §1: what the child clones of its inherited mounts keeps the host's flags. */
static int flags_stay(void *payload)
{
	static const uint64_t flags[] = {MOUNT_ATTR_NOSUID, MOUNT_ATTR_NOEXEC, MOUNT_ATTR_RDONLY};

	for (size_t i = 0; i < ARRAY_LENGTH(flags); i++) {
		const struct mount_attr attributes = {.attr_clr = flags[i]};

		probe_true(syscall(SYS_mount_setattr, AT_FDCWD, "/bound", 0, &attributes,
				   sizeof(attributes)) < 0);
		probe_true(errno == EPERM);
	}
	return 0;
}

static void container_root_can_clear_no_flag_of_the_host(void **state)
{
	struct lane *l = *state;
	uint16_t root, tree;
	struct plan_step *step;

	assert_int_equal(unshare(CLONE_NEWNS), 0);
	assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	assert_int_equal(
		mount("host", l->outside, "tmpfs", MS_NOSUID | MS_NOEXEC | MS_RDONLY, NULL), 0);
	lane_put_directory(l, "bound");
	become_root(l);
	root = lane_mount_root(l);
	tree = lane_fd_register(l);
	step = lane_step_at(l, OP_TREE_OPEN, PLAN_NO_REGISTER, l->outside);
	step->out = tree;
	step->arg[2] = 1;
	lane_step_at(l, OP_TREE_ATTACH, root, "bound")->in = tree;
	lane_pivot(l, root);
	lane_run(l, LANE_NAMESPACES | CLONE_NEWUSER, flags_stay);
	assert_int_equal(umount(l->outside), 0);
	assert_false(l->result.has_failed);
	assert_int_equal(l->result.status, 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, lane_setup, lane_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_failure_names_step_call_and_errno),
		test(an_optional_step_fails_and_those_that_need_it_are_passed_over),
		test(a_tree_that_did_not_get_its_options_is_not_attached),
		test(a_fault_is_played_and_times_are_noted),
		test(files_are_made_with_their_parents_and_exact_modes),
		test(links_of_the_root_file_system_stay_inside),
		test(nothing_is_made_through_a_dangling_link),
		test(what_is_there_must_be_of_the_right_kind),
		test(magic_links_are_refused),
		test(a_bind_has_its_options),
		test(a_link_in_a_targets_place_is_refused_where_asked),
		test(a_mount_does_not_follow_links_out_of_the_root),
		test(a_file_system_is_made_with_options_and_attributes),
		test(the_file_systems_own_words_are_told),
		test(an_unknown_file_system_is_told),
		test(all_that_is_mounted_on_a_place_is_taken_away),
		test(options_may_be_longer_than_fsconfig_takes),
		test(options_of_a_page_are_too_long),
		test(a_file_and_a_directory_do_not_fit),
		test(trees_are_taken_from_the_pile_in_their_order),
		test(a_root_that_was_covered_is_noticed),
		test(pivot_leaves_the_new_root_alone),
		test(sysctls_are_written_to_procfs_itself),
		test(a_covered_sysctl_is_not_written),
		test(the_boot_id_is_the_containers_own),
		test(a_user_namespace_gets_its_file_systems),
		test(container_root_can_clear_no_flag_of_the_host),
	};

	return cmocka_run_group_tests_name("run/init: mounts and files", tests, NULL, NULL);
}
