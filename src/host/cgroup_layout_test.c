/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Layout detection over directories that look like a host: /proc, mountinfo and cgroup trees made
 * of plain files; and once over the real host, both ways of finding mounts compared.
 */

#include "host/cgroup_layout.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/str.h"

struct host {
	char directory[64];
	int fd;
	struct arena arena;
};

static void make_parents(int fd, const char *path)
{
	char buf[256];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(buf, sizeof(buf), "%.*s", (int)(slash - path), path);
		assert_true(mkdirat(fd, buf, 0755) == 0 || errno == EEXIST);
	}
}

static void put(struct host *host, const char *path, const char *text)
{
	autoclose int fd = -EBADF;

	make_parents(host->fd, path);
	fd = openat(host->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void put_directory(struct host *host, const char *path)
{
	char buf[256];

	snprintf(buf, sizeof(buf), "%s/", path);
	make_parents(host->fd, buf);
}

static int set_up(void **state)
{
	const char *tmp = getenv("TMPDIR");
	struct host *host = calloc(1, sizeof(*host));

	assert_non_null(host);
	snprintf(host->directory, sizeof(host->directory), "%s/tare-layout-XXXXXX",
		 tmp && strlen(tmp) < 32 ? tmp : "/tmp");
	assert_non_null(mkdtemp(host->directory));
	host->fd = open(host->directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(host->fd >= 0);
	*state = host;
	return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	(void)status;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int tear_down(void **state)
{
	struct host *host = *state;

	close(host->fd);
	nftw(host->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	arena_finish(&host->arena);
	free(host);
	return 0;
}

static struct cgroup_query query_of(const struct host *host)
{
	return (struct cgroup_query){.root_fd = host->fd, .is_root = true, .may_write_all = true};
}

static void print(const struct cgroup_hosting *hosting, struct str *out)
{
	str_addf(out, "layout %d%s%s%s\n", hosting->layout, hosting->has_cgroup2 ? " cgroup2" : "",
		 hosting->missing ? " missing " : "", hosting->missing ? hosting->missing : "");
	for (size_t i = 0; i < hosting->hierarchies.count; i++) {
		const struct cgroup_hierarchy *h = &hosting->hierarchies.items[i];

		str_addf(out, "%u %s [%s] %s | %s | %s%s\n", h->version, h->mount, h->base, h->name,
			 h->controllers, h->mount_options, h->is_cpuset ? " cpuset" : "");
	}
}

static void assert_hosting(struct host *host, const struct cgroup_query *query,
			   const char *expected)
{
	struct cgroup_hosting hosting;
	autostr text = {};

	assert_int_equal(cgroup_layout_detect(query, &host->arena, &hosting), 0);
	print(&hosting, &text);
	assert_string_equal(str_text(&text), expected);
}

static void a_hybrid_host_has_both(void **state)
{
	struct host *host = *state;
	struct cgroup_query query = query_of(host);

	put(host, "proc/1/cgroup", "9:name=systemd:/\n3:cpuset:/\n2:cpu,cpuacct:/\n0::/\n");
	put(host, "proc/self/mountinfo",
	    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
	    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n"
	    "34 31 0:31 / /sys/fs/cgroup/cpuset rw shared:3 master:2 - cgroup cgroup rw,cpuset\n"
	    "40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup "
	    "rw,xattr,name=systemd\n"
	    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n");
	put_directory(host, "sys/fs/cgroup/cpu,cpuacct");
	put_directory(host, "sys/fs/cgroup/cpuset");
	put_directory(host, "sys/fs/cgroup/systemd");
	put(host, "sys/fs/cgroup/unified/cgroup.controllers", "hugetlb misc\n");
	assert_hosting(host, &query,
		       "layout 1 cgroup2\n"
		       "1 /sys/fs/cgroup/systemd [] systemd | name=systemd | none,name=systemd\n"
		       "1 /sys/fs/cgroup/cpuset [] cpuset | cpuset | cpuset cpuset\n"
		       "1 /sys/fs/cgroup/cpu,cpuacct [] cpu,cpuacct | cpu,cpuacct | cpu,cpuacct\n"
		       "2 /sys/fs/cgroup/unified [] unified | hugetlb,misc | \n");
}

static void a_co_mount_is_found_under_any_name(void **state)
{
	struct host *host = *state;
	struct cgroup_query query = query_of(host);

	put(host, "proc/1/cgroup", "4:cpuacct,cpu:/a/init.scope\n0::/\n");
	put(host, "proc/self/mountinfo",
	    "32 31 0:29 / /cgroups/all\\040cpus rw - cgroup cgroup rw,cpu,cpuacct\n");
	put_directory(host, "cgroups/all cpus/a");
	assert_hosting(host, &query,
		       "layout 0\n"
		       "1 /cgroups/all cpus [a] all cpus | cpuacct,cpu | cpuacct,cpu\n");
}

static void put_unified(struct host *host)
{
	put(host, "proc/1/cgroup", "0::/init.scope\n");
	put(host, "proc/self/cgroup", "0::/user.slice/s.scope\n");
	put(host, "proc/self/mountinfo", "41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
	put(host, "sys/fs/cgroup/cgroup.controllers", "cpu memory pids\n");
	put(host, "sys/fs/cgroup/user.slice/s.scope/cgroup.controllers", "memory pids\n");
	put(host, "sys/kernel/cgroup/delegate", "cgroup.procs\ncgroup.threads\n");
}

static void a_unified_host_begins_where_we_are_told(void **state)
{
	struct host *host = *state;
	struct cgroup_query query = query_of(host);

	put_unified(host);
	assert_hosting(host, &query,
		       "layout 2 cgroup2\n2 /sys/fs/cgroup [] unified | cpu,memory,pids | \n");
	query.is_relative = true;
	assert_hosting(host, &query,
		       "layout 2 cgroup2\n"
		       "2 /sys/fs/cgroup [user.slice/s.scope] unified | memory,pids | \n");
	query.is_relative = false;
	query.is_root = false;
	query.may_write_all = false;
	assert_hosting(host, &query,
		       "layout 2 cgroup2\n"
		       "2 /sys/fs/cgroup [user.slice/s.scope] unified | memory,pids | \n");
}

/* Whatever directory of its unit the process is in: the unit is what was delegated. */
static void a_user_begins_at_the_unit(void **state)
{
	struct host *host = *state;
	struct cgroup_query query = query_of(host);
	struct cgroup_hosting hosting;

	put_unified(host);
	put(host, "proc/self/cgroup", "0::/user.slice/s.scope/lxc.monitor.c1/a\n");
	query.is_root = query.may_write_all = false;
	assert_hosting(host, &query,
		       "layout 2 cgroup2\n"
		       "2 /sys/fs/cgroup [user.slice/s.scope] unified | memory,pids | \n");
	assert_int_equal(cgroup_layout_detect(&query, &host->arena, &hosting), 0);
	assert_int_not_equal(hosting.hierarchies.items[0].identity, 0);
	put(host, "sys/fs/cgroup/user.slice/s.scope/lxc.monitor.c1/a/cgroup.controllers", "");
	query.is_relative = true;
	assert_hosting(host, &query,
		       "layout 2 cgroup2\n"
		       "2 /sys/fs/cgroup [user.slice/s.scope/lxc.monitor.c1/a] unified |  | \n");
}

static void assert_place(struct host *host, bool is_root, bool is_inside)
{
	struct cgroup_query query = query_of(host);
	struct cgroup_hosting hosting;
	struct arena arena = {};

	assert_int_equal(cgroup_layout_detect(&query, &arena, &hosting), 0);
	assert_int_equal(hosting.hierarchies.count, 1);
	assert_int_equal(hosting.hierarchies.items[0].is_root, is_root);
	assert_int_equal(hosting.hierarchies.items[0].is_inside, is_inside);
	arena_finish(&arena);
}

/* The root is told by what it lacks; in a cgroup namespace "/" is not it. */
static void whether_we_are_in_the_root(void **state)
{
	struct host *host = *state;

	put_unified(host);
	assert_place(host, true, false);
	put(host, "proc/self/cgroup", "0::/\n");
	assert_place(host, true, true);
	put(host, "proc/self/cgroup", "4:memory:/\n0::/\n");
	assert_place(host, true, true);
	put(host, "proc/self/cgroup", "10::/\n1:name=0::/:/\n0::/a\n");
	assert_place(host, true, false);
	put(host, "proc/self/cgroup", "0::/\n");
	put(host, "sys/fs/cgroup/cgroup.events", "populated 1\n");
	assert_place(host, false, false);
}

static void a_base_that_is_not_there_is_skipped(void **state)
{
	struct host *host = *state;
	struct cgroup_query query = query_of(host);

	put_unified(host);
	put(host, "proc/1/cgroup", "0::/elsewhere\n");
	assert_hosting(host, &query, "layout 2 cgroup2\n");
	put(host, "proc/1/cgroup", "0::/../outside\n");
	assert_hosting(host, &query, "layout -1\n");
}

static void a_mount_may_show_a_part_of_a_hierarchy(void **state)
{
	struct host *host = *state;
	struct cgroup_query query = query_of(host);

	put(host, "proc/1/cgroup", "5:memory:/docker/abc/x\n");
	put(host, "proc/self/mountinfo",
	    "41 31 0:38 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
	put_directory(host, "sys/fs/cgroup/memory/x");
	assert_hosting(host, &query,
		       "layout 0\n1 /sys/fs/cgroup/memory [x] memory | memory | memory\n");
}

static void lxc_cgroup_use_filters_and_misses(void **state)
{
	struct host *host = *state;
	struct cgroup_query query = query_of(host);

	put(host, "proc/1/cgroup", "5:memory:/\n4:freezer:/\n3:cpu,cpuacct:/\n0::/\n");
	put(host, "proc/self/mountinfo",
	    "41 31 0:38 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
	    "42 31 0:38 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer\n"
	    "43 31 0:38 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n");
	put_directory(host, "sys/fs/cgroup/memory");
	put_directory(host, "sys/fs/cgroup/freezer");
	put_directory(host, "sys/fs/cgroup/cpu,cpuacct");
	query.use = "memory, freezer";
	assert_hosting(host, &query,
		       "layout 0\n"
		       "1 /sys/fs/cgroup/memory [] memory | memory | memory\n"
		       "1 /sys/fs/cgroup/freezer [] freezer | freezer | freezer\n");
	query.use = "memory,cpu";
	assert_hosting(host, &query,
		       "layout 0 missing cpu\n"
		       "1 /sys/fs/cgroup/memory [] memory | memory | memory\n");
	query.use = "memory,nosuch";
	assert_hosting(host, &query,
		       "layout 0 missing nosuch\n"
		       "1 /sys/fs/cgroup/memory [] memory | memory | memory\n");
}

static void a_kernel_without_cgroups_is_no_error(void **state)
{
	struct host *host = *state;
	struct cgroup_query query = query_of(host);

	assert_hosting(host, &query, "layout -1\n");
}

static void odd_lines_are_passed_over(void **state)
{
	struct host *host = *state;
	struct cgroup_query query = query_of(host);

	put(host, "proc/1/cgroup", "\nx\n1:2\n::\n:::\n7:pids:/\n");
	put(host, "proc/self/mountinfo", "\n1\n1 2 3 4 5 6\n1 2 3 4 5 6 -\n1 2 3 4 5 - cgroup\n");
	assert_hosting(host, &query, "layout 0\n");
}

/* Where the quick way finds a mount at its usual place, mountinfo says the same. */
static void both_ways_of_finding_mounts_agree_here(void **state)
{
	struct host *host = *state;
	struct cgroup_query quick = {
		.root_fd = -1, .is_root = true, .may_write_all = true, .wants_delegate = true};
	struct cgroup_query slow = quick;
	autoclose int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct cgroup_hosting hosting;
	autostr text = {};

	assert_int_equal(cgroup_layout_detect(&quick, &host->arena, &hosting), 0);
	print(&hosting, &text);
	slow.root_fd = fd;
	assert_hosting(host, &slow, str_text(&text));
	for (size_t i = 0; i < hosting.hierarchies.count; i++)
		if (hosting.hierarchies.items[i].version == 2)
			assert_non_null(hosting.hierarchies.items[i].delegate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_hybrid_host_has_both, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_co_mount_is_found_under_any_name, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_unified_host_begins_where_we_are_told, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_user_begins_at_the_unit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(whether_we_are_in_the_root, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_base_that_is_not_there_is_skipped, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_mount_may_show_a_part_of_a_hierarchy, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(lxc_cgroup_use_filters_and_misses, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_kernel_without_cgroups_is_no_error, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(odd_lines_are_passed_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(both_ways_of_finding_mounts_agree_here, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
