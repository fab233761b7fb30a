/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Gathering on the real host: what the configuration names is looked at, what is wrong is a fact
 * and no failure. `gather-test --facts FILE` prints the facts of a configuration and how long they
 * took, for people.
 */

#include "container/gather.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/str.h"
#include "sys/process.h"

struct fixture {
	char directory[64];
	char file[128]; /* in it */
	struct config config;
	struct facts facts;
	struct err e;
};

static const struct plan_request request = {
	.name = "tare-gather-test",
	.lxcpath = "/nonexistent/tare-gather-test",
	.log_level = "ERROR",
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	snprintf(f->directory, sizeof(f->directory), "/tmp/tare-gather-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	snprintf(f->file, sizeof(f->file), "%s/file", f->directory);
	assert_int_equal(config_init(&f->config, NULL), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	facts_finish(&f->facts);
	config_finish(&f->config);
	unlink(f->file);
	assert_int_equal(rmdir(f->directory), 0);
	free(f);
	return 0;
}

static void put(const struct fixture *f, const char *text)
{
	FILE *file = fopen(f->file, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int gather_for(struct fixture *f, const struct plan_request *who, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int gather_for(struct fixture *f, const struct plan_request *who, const char *format, ...)
{
	autostr text = {};
	va_list ap;

	va_start(ap, format);
	str_vaddf(&text, format, ap);
	va_end(ap);
	assert_int_equal(config_load_text(&f->config, "c1", str_text(&text), text.len, &f->e), 0);
	return gather_facts(who, &f->config, &f->facts, &f->e);
}

#define gather(f, ...) gather_for((f), &request, __VA_ARGS__)

static void assert_problem(const struct fixture *f, const char *expected)
{
	autostr text = {};

	err_render_text(&f->e, &text);
	assert_non_null(strstr(str_text(&text), expected));
}

static void the_caller_and_the_kernel_are_seen(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(gather(f, "lxc.uts.name = x\n"), 0);
	assert_int_equal(f->facts.caller.uid, geteuid());
	assert_int_equal(f->facts.caller.is_root, geteuid() == 0);
	assert_true(f->facts.kernel.capabilities & 1);
	assert_null(f->facts.rootfs.path);
	assert_null(f->facts.caller.newuidmap);
	assert_int_equal(f->facts.mounts.count, 0);
	assert_int_equal(f->facts.nets.count, 0);
}

static void a_directory_is_a_root_file_system(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(gather(f, "lxc.rootfs.path = %s\nlxc.rootfs.mount = %s\n", f->directory,
				f->directory),
			 0);
	assert_int_equal(f->facts.rootfs.type, ROOTFS_DIR);
	assert_true(f->facts.rootfs.is_there);
	assert_true(f->facts.rootfs.mount_is_there);
	assert_string_equal(f->facts.rootfs.path, f->directory);
}

static void a_missing_root_is_a_fact(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(gather(f, "lxc.rootfs.path = %s/gone\n", f->directory), 0);
	assert_int_equal(f->facts.rootfs.type, ROOTFS_DIR);
	assert_false(f->facts.rootfs.is_there);
	assert_int_equal(f->facts.rootfs.error, ENOENT);
}

static void a_file_is_no_directory(void **state)
{
	struct fixture *f = *state;

	put(f, "");
	assert_int_equal(gather(f, "lxc.rootfs.path = dir:%s\n", f->file), 0);
	assert_false(f->facts.rootfs.is_there);
	assert_int_equal(f->facts.rootfs.error, ENOTDIR);
	facts_finish(&f->facts);
	assert_int_equal(gather(f, "lxc.rootfs.path = %s\n", f->file), 0);
	assert_int_equal(f->facts.rootfs.type, ROOTFS_LOOP);
	assert_false(f->facts.rootfs.is_there);
	assert_int_equal(f->facts.rootfs.error, EMEDIUMTYPE);
	assert_non_null(strstr(f->facts.rootfs.problem, "it is empty"));
	assert_non_null(strstr(f->facts.rootfs.advice, "mkfs"));
}

static void a_file_with_a_file_system_is_a_root(void **state)
{
	struct fixture *f = *state;

	put(f, "XFSB");
	assert_int_equal(
		gather(f, "lxc.rootfs.path = %s\nlxc.rootfs.options = ro,noquota\n", f->file), 0);
	assert_int_equal(f->facts.rootfs.type, ROOTFS_LOOP);
	assert_true(f->facts.rootfs.is_there);
	assert_string_equal(f->facts.rootfs.fstype, "xfs");
	assert_int_equal(f->facts.rootfs.source.kind, SOURCE_LOOP);
	assert_string_equal(f->facts.rootfs.source.device, f->file);
	assert_string_equal(f->facts.rootfs.source.options[0], "ro");
	assert_string_equal(f->facts.rootfs.source.options[1], "nouuid");
	assert_string_equal(f->facts.rootfs.source.options[2], "noquota");
}

static void an_overlay_is_a_root_or_says_why_not(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(gather(f, "lxc.rootfs.path = overlay:/usr:%s/delta\n", f->directory), 0);
	assert_true(f->facts.rootfs.is_there);
	assert_string_equal(f->facts.rootfs.fstype, "overlay");
	assert_int_equal(f->facts.rootfs.source.kind, SOURCE_MOUNT);
	facts_finish(&f->facts);
	assert_int_equal(gather(f, "lxc.rootfs.path = overlay:/gone:%s/delta\n", f->directory), 0);
	assert_false(f->facts.rootfs.is_there);
	assert_int_equal(f->facts.rootfs.error, ENOENT);
	assert_non_null(strstr(f->facts.rootfs.problem, "\"/gone\""));
}

/* As LXC 1 wrote it when it was started with a relative lxcpath. */
static void a_relative_path_begins_beside_the_lxcpath(void **state)
{
	struct fixture *f = *state;
	struct plan_request old = request;
	char lxcpath[96], name[96], expected[160];

	put(f, "XFSB");
	snprintf(lxcpath, sizeof(lxcpath), "%s/lxc", f->directory);
	snprintf(name, sizeof(name), "%s/file", strrchr(f->directory, '/') + 1);
	old.lxcpath = f->directory;
	assert_int_equal(gather_for(f, &old, "lxc.rootfs = %s\nlxc.rootfs.backend = loop\n", name),
			 0);
	snprintf(expected, sizeof(expected), "/tmp/%s", name);
	assert_string_equal(f->facts.rootfs.path, expected);
	assert_true(f->facts.rootfs.is_there);
	facts_finish(&f->facts);
	old.lxcpath = lxcpath;
	assert_int_equal(gather_for(f, &old, "lxc.rootfs.path = file\n"), 0);
	assert_string_equal(f->facts.rootfs.path, f->file);
}

static void mounts_are_parsed_and_their_sources_looked_at(void **state)
{
	struct fixture *f = *state;

	put(f, "# a comment\n/proc proc none bind 0 0\n");
	assert_int_equal(gather(f,
				"lxc.mount.fstab = %s\n"
				"lxc.mount.entry = /dev/null dev/null none bind,create=file 0 0\n"
				"lxc.mount.entry = %s data none bind,idmap=container 0 0\n"
				"lxc.mount.entry = tmpfs tmp tmpfs\n",
				f->file, f->directory),
			 0);
	assert_int_equal(f->facts.mounts.count, 4);
	assert_true(f->facts.mounts.items[0].from_fstab);
	assert_true(f->facts.mounts.items[0].source_is_directory);
	assert_int_equal(f->facts.mounts.items[0].entry.line, 2);
	assert_false(f->facts.mounts.items[1].from_fstab);
	assert_int_equal(f->facts.mounts.items[1].index, 0);
	assert_false(f->facts.mounts.items[1].source_is_directory);
	assert_null(f->facts.mounts.items[1].source_fstype);
	assert_int_equal(f->facts.mounts.items[2].index, 1);
	assert_true(f->facts.mounts.items[2].source_is_directory);
	assert_false(f->facts.mounts.items[3].source_is_directory);
}

static void a_missing_fstab_is_an_error_with_its_line(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(gather(f, "\nlxc.mount.fstab = %s/gone\n", f->directory), -ENOENT);
	assert_problem(f, "c1:2 lxc.mount.fstab");
}

static void a_bad_entry_is_an_error_with_its_line(void **state)
{
	struct fixture *f = *state;

	assert_true(gather(f, "lxc.mount.entry = a b none bind,idmap= 0 0\n") < 0);
	assert_problem(f, "c1:1 lxc.mount.entry");
}

static void device_paths_are_resolved(void **state)
{
	struct fixture *f = *state;
	const struct facts_devices *devices = &f->facts.devices;

	assert_int_equal(gather(f, "lxc.cgroup.devices.deny = a\n"
				   "lxc.cgroup.devices.allow = /dev/null rw\n"
				   "lxc.cgroup2.devices.allow = /dev/tare-nosuch rw\n"
				   "lxc.cgroup2.devices.allow = /proc/self rw\n"
				   "lxc.cgroup2.devices.allow = zz\n"),
			 0);
	assert_int_equal(devices->count, 2);
	assert_false(devices->items[0].is_v2);
	assert_int_equal(devices->items[0].index, 1);
	assert_int_equal(devices->items[0].type, 'c');
	assert_int_equal(devices->items[0].major, 1);
	assert_int_equal(devices->items[0].minor, 3);
	assert_true(devices->items[1].is_v2);
	assert_int_equal(devices->items[1].error, ENOENT);
}

static void links_are_looked_for(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(gather(f, "lxc.net.0.type = veth\nlxc.net.0.link = lo\n"
				   "lxc.net.1.type = veth\nlxc.net.1.link = tare-nosuch\n"
				   "lxc.net.2.type = empty\n"),
			 0);
	assert_int_equal(f->facts.nets.count, 3);
	assert_true(f->facts.nets.items[0].link_is_there);
	assert_false(f->facts.nets.items[0].link_is_bridge);
	assert_false(f->facts.nets.items[1].link_is_there);
	assert_false(f->facts.nets.items[2].link_is_there);
}

static void shares_are_resolved(void **state)
{
	struct fixture *f = *state;
	char expected[64];
	uint64_t started;

	assert_int_equal(gather(f,
				"lxc.namespace.share.net = %d\n"
				"lxc.namespace.share.pid = tare-nosuch\n"
				"lxc.namespace.share.ipc = /proc/self/ns/ipc\n"
				"lxc.namespace.share.uts = %s\n"
				"lxc.namespace.share.mnt = 2147483646\n",
				(int)getpid(), f->directory),
			 0);
	snprintf(expected, sizeof(expected), "/proc/%d/ns/net", (int)getpid());
	assert_string_equal(f->facts.share[NAMESPACE_NET].path, expected);
	assert_int_equal(process_start_time(getpid(), &started), 0);
	assert_int_equal(f->facts.share[NAMESPACE_NET].pid, getpid());
	assert_int_equal(f->facts.share[NAMESPACE_NET].start_time, started);
	assert_int_equal(f->facts.share[NAMESPACE_IPC].start_time, 0);
	assert_string_equal(f->facts.share[NAMESPACE_IPC].path, "/proc/self/ns/ipc");
	assert_null(f->facts.share[NAMESPACE_PID].path);
	assert_string_equal(f->facts.share[NAMESPACE_PID].problem,
			    "Container \"tare-nosuch\" is not running");
	assert_non_null(strstr(f->facts.share[NAMESPACE_UTS].problem, "is not running"));
	assert_string_equal(f->facts.share[NAMESPACE_MNT].problem,
			    "\"2147483646\" is not a valid pid nor a container name");
	assert_null(f->facts.share[NAMESPACE_USER].path);
}

static void a_policy_becomes_a_program(void **state)
{
	struct fixture *f = *state;
	int r;

	put(f, "2\ndenylist\nkexec_load errno 1\n");
	r = gather(f, "lxc.seccomp.profile = %s\nlxc.seccomp.allow_nesting = 1\n", f->file);
	if (r == -ENOENT && err_is_set(&f->e))
		skip(); /* libseccomp is not installed */
	assert_int_equal(r, 0);
	assert_non_null(f->facts.seccomp.program);
	assert_true(f->facts.seccomp.size > 0 && f->facts.seccomp.size % 8 == 0);
	assert_false(f->facts.seccomp.has_notify);
}

static void a_missing_policy_is_an_error_with_its_line(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(gather(f,
				"lxc.seccomp.profile = %s/gone\n"
				"lxc.seccomp.allow_nesting = 1\n",
				f->directory),
			 -ENOENT);
	assert_problem(f, "c1:1 lxc.seccomp.profile");
}

static void a_broken_policy_is_an_error(void **state)
{
	struct fixture *f = *state;

	put(f, "3\n");
	assert_true(gather(f, "lxc.seccomp.profile = %s\nlxc.seccomp.allow_nesting = 1\n",
			   f->file) < 0);
	assert_problem(f, "lxc.seccomp.profile");
}

static void print_cgroups(const struct facts_cgroup *cgroup)
{
	printf("cgroup layout %d%s\n", cgroup->layout, cgroup->has_cgroup2 ? ", cgroup2" : "");
	for (size_t i = 0; i < cgroup->hierarchies.count; i++) {
		const struct facts_hierarchy *h = &cgroup->hierarchies.items[i];

		printf("  v%u %s base \"%s\" controllers %s name %s options %s delegate %s\n",
		       h->version, h->mount, h->base, h->controllers, h->name,
		       h->mount_options ? h->mount_options : "-", h->delegate ? h->delegate : "-");
	}
}

static void print_facts(const struct facts *facts)
{
	const struct facts_kernel *k = &facts->kernel;

	printf("caller %u:%u root %d initial-user-ns %d %s %s\n", facts->caller.uid,
	       facts->caller.gid, facts->caller.is_root, facts->caller.in_initial_user_ns,
	       facts->caller.newuidmap ? facts->caller.newuidmap : "-",
	       facts->caller.newgidmap ? facts->caller.newgidmap : "-");
	printf("kernel time-ns %d idmapped %d into-cgroup %d core-sched %d caps "
	       "%" PRIx64 "\n",
	       k->has_time_namespace, k->has_idmapped_mounts, k->has_clone_into_cgroup,
	       k->has_core_sched, k->capabilities);
	print_cgroups(&facts->cgroup);
	printf("root type %d path %s there %d errno %d mount %d fs %s\n", facts->rootfs.type,
	       facts->rootfs.path ? facts->rootfs.path : "-", facts->rootfs.is_there,
	       facts->rootfs.error, facts->rootfs.mount_is_there,
	       facts->rootfs.fstype ? facts->rootfs.fstype : "-");
	printf("mounts %zu nets %zu devices %zu seccomp %u bytes\n", facts->mounts.count,
	       facts->nets.count, facts->devices.count, facts->seccomp.size);
	printf("apparmor %d selinux %d ttys %d%d%d\n", facts->apparmor_enabled,
	       facts->selinux_enabled, facts->streams.stdin_is_tty, facts->streams.stdout_is_tty,
	       facts->streams.stderr_is_tty);
}

/* The median of many rounds, in microseconds. */
static int compare_times(const void *a, const void *b)
{
	return (*(const double *)a > *(const double *)b) -
	       (*(const double *)a < *(const double *)b);
}

static int show(const char *file)
{
	static double times[1000];
	struct config config;
	struct facts facts = {};
	struct err e = {};
	autostr text = {};
	int r = config_init(&config, NULL);

	r = r < 0 ? r : config_load(&config, file, &e);
	for (size_t i = 0; i < ARRAY_LENGTH(times) && r >= 0; i++) {
		struct timespec begin, end;

		facts_finish(&facts);
		clock_gettime(CLOCK_MONOTONIC, &begin);
		r = gather_facts(&request, &config, &facts, &e);
		clock_gettime(CLOCK_MONOTONIC, &end);
		times[i] = (double)(end.tv_sec - begin.tv_sec) * 1e6 +
			   (double)(end.tv_nsec - begin.tv_nsec) / 1e3;
	}
	if (r < 0) {
		err_render_text(&e, &text);
		fprintf(stderr, "%s\n", str_text(&text));
		return 1;
	}
	print_facts(&facts);
	printf("first %.1f us, ", times[0]);
	qsort(times, ARRAY_LENGTH(times), sizeof(times[0]), compare_times);
	printf("median %.1f us\n", times[ARRAY_LENGTH(times) / 2]);
	facts_finish(&facts);
	config_finish(&config);
	return 0;
}

/* What is cached on the way is nobody else's. */
static int hide_run_directory(void **state)
{
	(void)state;
	if (geteuid() != 0)
		return setenv("XDG_RUNTIME_DIR", "/nonexistent/tare-gather-test", 1);
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -1;
	return mount("none", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(the_caller_and_the_kernel_are_seen),
		TEST(a_directory_is_a_root_file_system),
		TEST(a_missing_root_is_a_fact),
		TEST(a_file_is_no_directory),
		TEST(a_file_with_a_file_system_is_a_root),
		TEST(an_overlay_is_a_root_or_says_why_not),
		TEST(a_relative_path_begins_beside_the_lxcpath),
		TEST(mounts_are_parsed_and_their_sources_looked_at),
		TEST(a_missing_fstab_is_an_error_with_its_line),
		TEST(a_bad_entry_is_an_error_with_its_line),
		TEST(device_paths_are_resolved),
		TEST(links_are_looked_for),
		TEST(shares_are_resolved),
		TEST(a_policy_becomes_a_program),
		TEST(a_missing_policy_is_an_error_with_its_line),
		TEST(a_broken_policy_is_an_error),
	};

	if (argc == 3 && strcmp(argv[1], "--facts") == 0)
		return show(argv[2]);
	return cmocka_run_group_tests(tests, hide_run_directory, NULL);
}
