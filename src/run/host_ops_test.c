/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ops of the HOST lane that act on the kernel: mounts, terminals, what is set on a process, files
 * of cgroups, bridges. As root, in namespaces and cgroups of the test's own.
 */

#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/ids.h"
#include "base/macros.h"
#include "run/run_fixture.h"
#include "sys/cgroup.h"
#include "sys/cgroup1.h"
#include "sys/link.h"

#define DEVICES "/sys/fs/cgroup/devices"
#define CPUSET  "/sys/fs/cgroup/cpuset"

static const char *unified; /* where version 2 is mounted */
static char directory[64];
static char base[64];

static void need_root(void)
{
	if (geteuid() == 0)
		return;
	print_message("these ops need root\n");
	skip();
}

static const char *in_directory(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static int prepare(void **state)
{
	unified = access("/sys/fs/cgroup/cgroup.procs", F_OK) == 0 ? "/sys/fs/cgroup"
								   : "/sys/fs/cgroup/unified";
	snprintf(base, sizeof(base), "tare-ops-test-%d", getpid());
	snprintf(directory, sizeof(directory), "/tmp/tare-ops-XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static int clean_up(void **state)
{
	return rmdir(directory);
}

/* A child that waits to be killed, as the run's init. */
static void add_sleeper(struct fixture *f, uint64_t flags)
{
	const struct process_clone how = {.flags = flags, .cgroup_fd = -1, .exit_signal = SIGCHLD};

	f->run.child = process_clone(&how, &f->run.child_fd);
	if (f->run.child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		for (;;)
			pause();
	}
	assert_true(f->run.child > 0);
}

/* fixture_end() collects the child; its descriptor is not in a register here. */
static void end_with_sleeper(struct fixture *f)
{
	const int fd = f->run.child_fd;

	fixture_end(f);
	close(fd);
}

/* -- mounts */

static struct plan_step *hand_over(struct fixture *f, uint16_t tree, const char *path)
{
	uint32_t text = fixture_text(f, path);
	struct plan_step *step = fixture_step(f, SECTION_START, OP_TREE_HAND_OVER, path);

	step->in = tree;
	step->arg[0] = text;
	return step;
}

static void open_tree_of(struct fixture *f, const char *path, uint16_t out)
{
	uint32_t text = fixture_text(f, path);
	struct plan_step *step = fixture_step(f, SECTION_START, OP_TREE_OPEN_HOST, path);

	step->arg[1] = text;
	step->out = out;
}

/* Whether something is mounted on our root directory, beside it: "/.." is that. */
static bool is_covered(void)
{
	struct stat root, above;

	assert_int_equal(stat("/", &root), 0);
	assert_int_equal(stat("/..", &above), 0);
	return root.st_dev != above.st_dev || root.st_ino != above.st_ino;
}

static void trees_are_piled_on_the_root_of_a_namespace_of_their_own(void **state)
{
	struct plan_step *step;
	struct fixture f;
	struct stat before, inside, st;
	uint32_t map;
	uint16_t r_ns, r_stash, r_tree, r_file, r_user, r_none;

	need_root();
	fixture_begin(&f);
	r_ns = plan_build_register(&f.b, REGISTER_FD, "ns");
	r_stash = plan_build_register(&f.b, REGISTER_FD, "stash");
	r_tree = plan_build_register(&f.b, REGISTER_FD, "tree");
	r_file = plan_build_register(&f.b, REGISTER_FD, "file");
	r_user = plan_build_register(&f.b, REGISTER_FD, "user");
	r_none = plan_build_register(&f.b, REGISTER_FD, "none");
	map = fixture_text(&f, "0 100000 65536\n");
	step = fixture_step(&f, SECTION_START, OP_MOUNT_NS_ENTER, "c1");
	step->out = r_ns;
	step->arg[0] = 1;
	open_tree_of(&f, directory, r_tree);
	open_tree_of(&f, "/etc/passwd", r_file);
	step = fixture_step(&f, SECTION_START, OP_STASH, "files");
	step->arg[0] = 2;
	step->out = r_stash;
	step = fixture_step(&f, SECTION_START, OP_USER_NS_MAKE, "map");
	step->arg[0] = step->arg[1] = map;
	step->out = r_user;
	step = fixture_step(&f, SECTION_START, OP_TREE_ATTRIBUTES_HOST, "idmap");
	step->in = r_tree;
	step->arg[0] = MOUNT_ATTR_NOSUID;
	step->arg[4] = r_user;
	hand_over(&f, r_stash, "/..");
	hand_over(&f, r_file, "/../1");
	hand_over(&f, r_none, "/..");
	hand_over(&f, r_tree, "/..");
	fixture_step(&f, SECTION_STOP, OP_MOUNT_NS_LEAVE, "c1")->in = r_ns;
	fixture_finish(&f);
	assert_int_equal(stat("/proc/self/ns/mnt", &before), 0);
	assert_false(is_covered());
	if (fixture_start(&f) < 0) {
		/* Not every file system of a test machine can be id-mapped. */
		assert_int_equal(f.failure.step, 5);
		assert_int_equal(fixture_register(&f, r_tree)->state, VALUE_EMPTY);
		assert_int_equal(run_host(&f.run, SECTION_STOP, 0, &f.failure), 0);
		fixture_end(&f);
		print_message("%s cannot be id-mapped\n", directory);
		skip();
	}
	assert_int_equal(stat("/proc/self/ns/mnt", &inside), 0);
	assert_true(before.st_ino != inside.st_ino);
	/* Init sees from the descriptors which trees there are. */
	assert_int_equal(fixture_register(&f, r_tree)->state, VALUE_SET);
	assert_int_equal(fixture_register(&f, r_none)->state, VALUE_EMPTY);
	/* Our files belong to the map's first id there. */
	assert_int_equal(stat("/..", &st), 0);
	assert_int_equal(st.st_uid, 100000);
	assert_int_equal(umount2("/..", MNT_DETACH), 0);
	assert_int_equal(stat("/../0", &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(stat("/../1", &st), 0);
	assert_true(S_ISREG(st.st_mode) && st.st_size > 0);
	assert_int_equal(run_host(&f.run, SECTION_STOP, 0, &f.failure), 0);
	assert_int_equal(f.warnings, 0);
	assert_int_equal(stat("/proc/self/ns/mnt", &inside), 0);
	assert_int_equal(before.st_ino, inside.st_ino);
	assert_false(is_covered());
	fixture_end(&f);
}

static void an_optional_tree_that_cannot_be_id_mapped_is_gone(void **state)
{
	struct plan_step *step;
	struct fixture f;
	uint32_t map;
	uint16_t r_ns, r_tree, r_user;

	need_root();
	fixture_begin(&f);
	r_ns = plan_build_register(&f.b, REGISTER_FD, "ns");
	r_tree = plan_build_register(&f.b, REGISTER_FD, "tree");
	r_user = plan_build_register(&f.b, REGISTER_FD, "user");
	map = fixture_text(&f, "0 100000 65536\n");
	step = fixture_step(&f, SECTION_START, OP_MOUNT_NS_ENTER, "c1");
	step->out = r_ns;
	step->arg[0] = 1;
	open_tree_of(&f, "/proc/self", r_tree);
	step = fixture_step(&f, SECTION_START, OP_USER_NS_MAKE, "map");
	step->arg[0] = step->arg[1] = map;
	step->out = r_user;
	step = fixture_step(&f, SECTION_START, OP_TREE_ATTRIBUTES_HOST, "idmap");
	step->flags = STEP_OPTIONAL;
	step->in = r_tree;
	step->arg[4] = r_user;
	hand_over(&f, r_tree, "/..");
	fixture_step(&f, SECTION_STOP, OP_MOUNT_NS_LEAVE, "c1")->in = r_ns;
	fixture_finish(&f);
	assert_int_equal(fixture_start(&f), 0);
	assert_int_equal(f.warnings, 1);
	assert_false(is_covered());
	assert_int_equal(run_host(&f.run, SECTION_STOP, 0, &f.failure), 0);
	fixture_end(&f);
}

static void a_link_is_no_place_for_a_tree(void **state)
{
	struct plan_step *step;
	struct fixture f;
	uint32_t root, link;
	uint16_t r_base, r_tree;

	need_root();
	assert_int_equal(symlink("/etc", in_directory("link")), 0);
	fixture_begin(&f);
	r_base = plan_build_register(&f.b, REGISTER_FD, "base");
	r_tree = plan_build_register(&f.b, REGISTER_FD, "tree");
	root = fixture_text(&f, directory);
	link = fixture_text(&f, "link");
	for (unsigned i = 0; i < 2; i++) {
		step = fixture_step(&f, SECTION_START, OP_TREE_OPEN_HOST, directory);
		step->arg[1] = root;
		step->out = i == 0 ? r_base : r_tree;
	}
	step = fixture_step(&f, SECTION_START, OP_TREE_ATTACH_HOST, "link");
	step->in = r_tree;
	step->arg[0] = r_base;
	step->arg[1] = link;
	step->arg[2] = 1;
	fixture_finish(&f);
	assert_int_equal(fixture_start(&f), -ELOOP);
	assert_int_equal(f.failure.step, 2);
	assert_string_equal(f.failure.note, "link");
	/* Followed, it leads nowhere but below the base, where nothing is. */
	((struct plan_step *)plan_steps(f.run.plan, SECTION_START))[2].arg[2] = 0;
	assert_int_equal(fixture_start(&f), -ENOENT);
	unlink(in_directory("link"));
	fixture_end(&f);
}

/* -- terminals and pipes */

static void a_console_belongs_to_the_container(void **state)
{
	struct plan_step *step;
	struct fixture f;
	char path[32];
	struct stat st;

	need_root();
	fixture_begin(&f);
	plan_build_register(&f.b, REGISTER_FD, "master");
	plan_build_register(&f.b, REGISTER_NUMBER, "index");
	step = fixture_step(&f, SECTION_START, OP_CONSOLE_OPEN, "c1");
	step->out = 0;
	step->arg[0] = 1;
	step->arg[1] = 100000;
	step->arg[2] = ID_INVALID;
	fixture_finish(&f);
	assert_int_equal(fixture_start(&f), 0);
	snprintf(path, sizeof(path), "/dev/pts/%llu",
		 (unsigned long long)fixture_register(&f, 1)->number);
	if (stat(path, &st) == 0)
		assert_int_equal(st.st_uid, 100000);
	fixture_end(&f);
}

static void the_hooks_pipe_has_two_ends(void **state)
{
	struct fixture f;
	struct plan_step *step;
	char byte;

	fixture_begin(&f);
	plan_build_register(&f.b, REGISTER_FD, "read");
	plan_build_register(&f.b, REGISTER_FD, "write");
	step = fixture_step(&f, SECTION_START, OP_HOOK_PIPE, "hooks");
	step->out = 0;
	step->arg[0] = 1;
	step = fixture_step(&f, SECTION_STOP, OP_FD_CLOSE, "write");
	step->in = 1;
	fixture_finish(&f);
	assert_int_equal(fixture_start(&f), 0);
	assert_int_equal(read(fixture_register(&f, 0)->fd, &byte, 1), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(write(fixture_register(&f, 1)->fd, "x", 1), 1);
	assert_int_equal(read(fixture_register(&f, 0)->fd, &byte, 1), 1);
	assert_int_equal(run_host(&f.run, SECTION_STOP, 0, &f.failure), 0);
	assert_int_equal(fixture_register(&f, 1)->state, VALUE_EMPTY);
	assert_int_equal(read(fixture_register(&f, 0)->fd, &byte, 1), 0);
	fixture_end(&f);
}

/* -- on a process */

static void limits_and_files_of_a_process_are_set(void **state)
{
	struct plan_step *step;
	struct fixture f;
	struct rlimit limit;
	char text[16];
	char path[64];
	uint32_t file, value, wrong;
	int fd;

	need_root();
	fixture_begin(&f);
	file = fixture_text(&f, "oom_score_adj");
	value = fixture_text(&f, "321");
	wrong = fixture_text(&f, "root/etc/hostname");
	step = fixture_step(&f, SECTION_START, OP_PRLIMIT, "nofile");
	step->arg[0] = RLIMIT_NOFILE;
	step->arg[1] = 123;
	step->arg[2] = 456;
	step = fixture_step(&f, SECTION_START, OP_PROC_WRITE, "oom_score_adj");
	step->arg[0] = file;
	step->arg[1] = value;
	step = fixture_step(&f, SECTION_START, OP_CORE_SCHED, "c1");
	/* Kernels without core scheduling. */
	step->flags = STEP_OPTIONAL;
	step = fixture_step(&f, SECTION_START, OP_PROC_WRITE, "a way out");
	step->arg[0] = wrong;
	step->arg[1] = value;
	fixture_finish(&f);
	add_sleeper(&f, 0);
	assert_int_equal(fixture_start(&f), -ELOOP);
	assert_int_equal(f.failure.step, 3);
	assert_int_equal(prlimit(f.run.child, RLIMIT_NOFILE, NULL, &limit), 0);
	assert_int_equal(limit.rlim_cur, 123);
	assert_int_equal(limit.rlim_max, 456);
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", f.run.child);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, text, sizeof(text)), 4);
	close(fd);
	assert_memory_equal(text, "321\n", 4);
	end_with_sleeper(&f);
}

static void ops_about_init_need_one(void **state)
{
	static const enum plan_op ops[] = {OP_PRLIMIT, OP_PROC_WRITE, OP_CORE_SCHED, OP_NS_OPEN,
					   OP_VETH_CREATE};

	for (size_t i = 0; i < ARRAY_LENGTH(ops); i++) {
		struct plan_step *step;
		struct fixture f;

		fixture_begin(&f);
		plan_build_register(&f.b, REGISTER_NAME, "name");
		step = fixture_step(&f, SECTION_START, ops[i], "x");
		step->out = ops[i] == OP_VETH_CREATE ? 0 : PLAN_NO_REGISTER;
		fixture_finish(&f);
		assert_int_equal(fixture_start(&f), -ESRCH);
		fixture_end(&f);
	}
}

/* -- cgroups */

enum { R_CGROUP, R_LEAF };

static bool make_base(const char *mount)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", mount, base);
	return mkdir(path, 0755) == 0;
}

static void remove_base(const char *mount)
{
	int fd = cgroup_open(mount, "", "");

	assert_true(fd >= 0);
	assert_int_equal(cgroup_remove(fd, base, 0, true), 0);
	close(fd);
}

/* A plan that has made "a/b" below our base in one hierarchy. */
static void begin_in(struct fixture *f, const char *mount, unsigned version)
{
	struct plan_hierarchy *row;
	struct plan_step *step;

	need_root();
	if (!make_base(mount)) {
		print_message("no directory can be made in %s\n", mount);
		skip();
	}
	fixture_begin(f);
	plan_build_register(&f->b, REGISTER_NAME, "cgroup");
	plan_build_register(&f->b, REGISTER_FD, "leaf");
	row = vec_push(&f->b.hierarchies);
	memset(row, 0, sizeof(*row));
	row->mount = fixture_text(f, mount);
	row->base = fixture_text(f, base);
	row->version = (uint8_t)version;
	row->is_cpuset = strcmp(mount, CPUSET) == 0;
	step = fixture_step(f, SECTION_START, OP_CGROUP_CREATE, "a/b");
	step->arg[0] = fixture_text(f, "a/b");
	step->out = R_CGROUP;
	step = fixture_step(f, SECTION_STOP, OP_CGROUP_REMOVE, "a/b");
	step->in = R_CGROUP;
	step->arg[0] = 1;
}

static void end_in(struct fixture *f, const char *mount)
{
	assert_int_equal(run_host(&f->run, SECTION_STOP, 0, &f->failure), 0);
	assert_int_equal(f->warnings, 0);
	remove_base(mount);
}

static void add_write(struct fixture *f, enum plan_op op, const char *file, const char *value)
{
	uint32_t texts[2] = {fixture_text(f, file), fixture_text(f, value)};
	struct plan_step *step = fixture_step(f, SECTION_START, op, file);

	step->in = R_CGROUP;
	step->arg[1] = texts[0];
	step->arg[2] = texts[1];
}

static void init_is_born_in_a_cgroup_that_it_owns(void **state)
{
	static const char *const files[] = {"cgroup.procs", "no.such.file", "cgroup.threads", NULL};
	struct plan_devices devices = {.count = 0};
	struct plan_step *step;
	struct fixture f;
	struct stat st;
	uint32_t list, bytes;
	int fd;

	begin_in(&f, unified, 2);
	list = plan_build_list(&f.b, files);
	bytes = plan_build_bytes(&f.b, &devices, sizeof(devices));
	add_write(&f, OP_CGROUP_WRITE, "cgroup.max.depth", "7");
	step = fixture_step(&f, SECTION_START, OP_CGROUP_CHOWN, "a/b");
	step->in = R_CGROUP;
	step->arg[1] = 100000;
	step->arg[2] = 100001;
	step->arg[3] = list;
	step = fixture_step(&f, SECTION_START, OP_CGROUP_OPEN, "a/b");
	step->in = R_CGROUP;
	step->out = R_LEAF;
	step = fixture_step(&f, SECTION_START, OP_CGROUP_DEVICES, "a/b");
	step->in = R_CGROUP;
	step->arg[1] = bytes;
	step->flags = STEP_OPTIONAL;
	fixture_finish(&f);
	assert_int_equal(fixture_start(&f), 0);
	f.warnings = 0;
	fd = fixture_register(&f, R_LEAF)->fd;
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_uid, 100000);
	assert_int_equal(st.st_gid, 100001);
	assert_int_equal(st.st_mode & 07777, 0775);
	assert_int_equal(fstatat(fd, "cgroup.procs", &st, 0), 0);
	assert_int_equal(st.st_uid, 100000);
	assert_int_equal(st.st_mode & 07777, 0664);
	assert_int_equal(fstatat(fd, "cgroup.max.depth", &st, 0), 0);
	assert_int_equal(st.st_uid, 0);
	end_in(&f, unified);
	fixture_end(&f);
}

static void a_value_that_is_refused_is_told(void **state)
{
	struct fixture f;

	begin_in(&f, unified, 2);
	add_write(&f, OP_CGROUP_WRITE, "cgroup.max.depth", "many");
	fixture_finish(&f);
	assert_int_equal(fixture_start(&f), -EINVAL);
	assert_int_equal(strncmp(f.failure.note, "\"many\" into cgroup.max.depth of /", 33), 0);
	end_in(&f, unified);
	fixture_end(&f);
}

static void old_device_rules_are_written(void **state)
{
	struct fixture f;
	char list[256];
	int fd;

	begin_in(&f, DEVICES, 1);
	add_write(&f, OP_CGROUP_DEVICE_RULE, "devices.deny", "a");
	add_write(&f, OP_CGROUP_DEVICE_RULE, "devices.allow", "c 1:3 rw");
	add_write(&f, OP_CGROUP_DEVICE_RULE, "devices.allow", "zz");
	fixture_finish(&f);
	assert_int_equal(fixture_start(&f), -EINVAL);
	assert_int_equal(f.failure.step, 3);
	fd = cgroup_open(DEVICES, base, "a/b");
	assert_true(cgroup_read(fd, "devices.list", list, sizeof(list)) > 0);
	assert_string_equal(list, "c 1:3 rw");
	close(fd);
	end_in(&f, DEVICES);
	fixture_end(&f);
}

static void a_cpuset_can_be_entered(void **state)
{
	struct plan_step *step;
	struct fixture f;
	int fd;

	begin_in(&f, CPUSET, 1);
	step = fixture_step(&f, SECTION_START, OP_CGROUP_CPUSET, "a/b");
	step->in = R_CGROUP;
	step = fixture_step(&f, SECTION_START, OP_CGROUP_MOVE, "a/b");
	step->in = R_CGROUP;
	fixture_finish(&f);
	add_sleeper(&f, 0);
	/* The test's own directory is as new. */
	fd = cgroup_open(CPUSET, "", "");
	assert_int_equal(cgroup1_prepare_cpuset(fd, base), 0);
	close(fd);
	assert_int_equal(fixture_start(&f), 0);
	end_in(&f, CPUSET);
	end_with_sleeper(&f);
}

static void a_controller_that_is_not_there_is_told(void **state)
{
	struct plan_step *step;
	struct fixture f;
	char text[256];
	uint32_t words;
	int fd;

	begin_in(&f, unified, 2);
	words = fixture_text(&f, "+nothing +cpu");
	step = fixture_step(&f, SECTION_START, OP_CGROUP_CONTROLLERS, "a/b");
	step->in = R_CGROUP;
	step->arg[1] = words;
	fixture_finish(&f);
	assert_int_equal(fixture_start(&f), -EINVAL);
	assert_non_null(strstr(f.failure.note, "\"+nothing\" into cgroup.subtree_control"));
	fd = cgroup_open(unified, base, "a");
	assert_true(cgroup_read(fd, "cgroup.type", text, sizeof(text)) > 0);
	close(fd);
	end_in(&f, unified);
	fixture_end(&f);
}

/* -- network */

static void an_interface_joins_a_bridge(void **state)
{
	struct plan_step *step;
	struct link_facts made, bridge;
	struct fixture f;
	struct netlink n;
	uint32_t name, peer, bridge_name, family, file, value;
	FILE *output;

	need_root();
	if (unshare(CLONE_NEWNET) < 0)
		skip();
	output = popen("ip link add tarebr type bridge 2>&1", "re");
	if (!output || pclose(output) != 0) {
		print_message("no bridge can be made\n");
		skip();
	}
	fixture_begin(&f);
	plan_build_register(&f.b, REGISTER_NAME, "veth");
	name = fixture_text(&f, "tarehost");
	peer = fixture_text(&f, "eth0");
	bridge_name = fixture_text(&f, "tarebr");
	family = fixture_text(&f, "ipv6");
	file = fixture_text(&f, "disable_ipv6");
	value = fixture_text(&f, "1");
	step = fixture_step(&f, SECTION_START, OP_VETH_CREATE, "veth");
	step->out = 0;
	step->arg[0] = name;
	step->arg[1] = peer;
	step->arg[3] = 0x060504030202;
	step = fixture_step(&f, SECTION_START, OP_LINK_SYSCTL, "disable_ipv6");
	step->in = 0;
	step->arg[0] = family;
	step->arg[1] = file;
	step->arg[2] = value;
	step->flags = STEP_OPTIONAL;
	step = fixture_step(&f, SECTION_START, OP_LINK_MASTER, "tarebr");
	step->in = 0;
	step->arg[0] = bridge_name;
	fixture_step(&f, SECTION_STOP, OP_LINK_DELETE, "veth")->in = 0;
	fixture_finish(&f);
	add_sleeper(&f, CLONE_NEWNET);
	assert_int_equal(fixture_start(&f), 0);
	assert_int_equal(netlink_open(&n), 0);
	assert_int_equal(link_find(&n, "tarehost", 0, &made), 0);
	assert_int_equal(made.mac[0], 0xfe);
	assert_int_equal(strncmp(made.alias, "lxc c1 ", 7), 0);
	assert_int_equal(link_find(&n, "tarebr", 0, &bridge), 0);
	assert_int_equal(run_host(&f.run, SECTION_STOP, 0, &f.failure), 0);
	assert_int_equal(link_find(&n, "tarehost", 0, &made), -ENODEV);
	/* What has the name already stays. */
	((struct plan_step *)plan_steps(f.run.plan, SECTION_START))[0].arg[0] =
		plan_steps(f.run.plan, SECTION_START)[2].arg[0];
	assert_int_equal(fixture_start(&f), -EEXIST);
	assert_int_equal(link_find(&n, "tarebr", 0, &bridge), 0);
	netlink_close(&n);
	end_with_sleeper(&f);
}

/* Plans don't ask for it; what has been made in this life is nothing that an earlier one left. */
static void a_pair_of_the_same_run_is_not_replaced(void **state)
{
	struct link_facts made;
	struct fixture f;
	struct netlink n;
	uint32_t name;

	need_root();
	if (unshare(CLONE_NEWNET) < 0)
		skip();
	fixture_begin(&f);
	name = fixture_text(&f, "taretwin");
	for (unsigned i = 0; i < 2; i++) {
		const uint16_t number = plan_build_register(&f.b, REGISTER_NAME, "veth");
		const uint32_t peer = fixture_text(&f, i ? "eth1" : "eth0");
		struct plan_step *step = fixture_step(&f, SECTION_START, OP_VETH_CREATE, "veth");

		step->out = number;
		step->arg[0] = name;
		step->arg[1] = peer;
	}
	fixture_finish(&f);
	add_sleeper(&f, CLONE_NEWNET);
	assert_int_equal(fixture_start(&f), -EEXIST);
	assert_int_equal(f.failure.step, 1);
	assert_int_equal(netlink_open(&n), 0);
	assert_int_equal(link_find(&n, "taretwin", 0, &made), 0);
	assert_int_equal(made.index, fixture_register(&f, 0)->number);
	netlink_close(&n);
	end_with_sleeper(&f);
}

/* A crash between the making of a pair and its alias. */
static void an_interface_without_its_alias_is_known_by_its_address(void **state)
{
	uint8_t mac[LINK_MAC_LENGTH] = {0xfe, 1, 2, 3, 4, 5};
	const struct link_veth veth = {.name = "tarehost", .peer_ns_fd = -1, .mac = mac};
	struct record_register *reg;
	struct link_facts made;
	struct fixture f;
	struct netlink n;
	uint32_t index;

	need_root();
	if (unshare(CLONE_NEWNET) < 0)
		skip();
	assert_int_equal(netlink_open(&n), 0);
	if (link_create_veth(&n, &veth, &index) < 0) {
		print_message("no pair can be made\n");
		skip();
	}
	fixture_begin(&f);
	plan_build_register(&f.b, REGISTER_NAME, "veth");
	fixture_step(&f, SECTION_UNDO, OP_LINK_DELETE, "veth")->in = 0;
	fixture_finish(&f);
	reg = fixture_register(&f, 0);
	memcpy(reg->name, "tarehost", 9);
	/* Somebody else's of that name. */
	reg->number = 0x060504030201;
	atomic_store(&reg->state, VALUE_INTENDED);
	assert_int_equal(run_host(&f.run, SECTION_UNDO, 0, &f.failure), 0);
	assert_int_equal(link_find(&n, "tarehost", 0, &made), 0);
	/* Ours. */
	reg->number = 0x0504030201fe;
	atomic_store(&reg->state, VALUE_INTENDED);
	assert_int_equal(run_host(&f.run, SECTION_UNDO, 0, &f.failure), 0);
	assert_int_equal(link_find(&n, "tarehost", 0, &made), -ENODEV);
	netlink_close(&n);
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_optional_tree_that_cannot_be_id_mapped_is_gone),
		cmocka_unit_test(trees_are_piled_on_the_root_of_a_namespace_of_their_own),
		cmocka_unit_test(a_link_is_no_place_for_a_tree),
		cmocka_unit_test(a_console_belongs_to_the_container),
		cmocka_unit_test(the_hooks_pipe_has_two_ends),
		cmocka_unit_test(limits_and_files_of_a_process_are_set),
		cmocka_unit_test(ops_about_init_need_one),
		cmocka_unit_test(init_is_born_in_a_cgroup_that_it_owns),
		cmocka_unit_test(a_value_that_is_refused_is_told),
		cmocka_unit_test(old_device_rules_are_written),
		cmocka_unit_test(a_cpuset_can_be_entered),
		cmocka_unit_test(a_controller_that_is_not_there_is_told),
		cmocka_unit_test(an_interface_joins_a_bridge),
		cmocka_unit_test(a_pair_of_the_same_run_is_not_replaced),
		cmocka_unit_test(an_interface_without_its_alias_is_known_by_its_address),
	};

	return cmocka_run_group_tests_name("host-ops", tests, prepare, clean_up);
}
