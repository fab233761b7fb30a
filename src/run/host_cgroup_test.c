/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Cgroups of the HOST lane: the supervisor's own, what is left of those that were being made in a
 * crash, and what a hook leaves in them. In directories of the test's own in the host's
 * hierarchies.
 */

#include "run/host_cgroup.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "run/cgroup_fixture.h"
#include "sys/process.h"

enum { R_CGROUP, R_ENTERED };

static int prepare(void **state)
{
	cgroups_prepare("cgroup");
	return 0;
}

static void need_mounts(unsigned count)
{
	if (mount_count >= count)
		return;
	print_message("cgroups need root and hierarchies that can be written\n");
	skip();
}

static void assert_nothing_left(void)
{
	for (unsigned i = 0; i < mount_count; i++) {
		char path[128];
		struct stat status;

		snprintf(path, sizeof(path), "%s/%s", mounts[i], base);
		assert_int_equal(stat(path, &status), 0);
		/* A directory has a link for each one in it, and two more. */
		assert_int_equal(status.st_nlink, 2);
	}
}

/* Whether a process (0 = us) is in a directory of hierarchy i, and alone there. */
static bool is_in(unsigned i, const char *path, pid_t pid)
{
	int fd = cgroup_open(mounts[i], base, path);
	char found[64], text[64];

	snprintf(text, sizeof(text), "%d", pid ? pid : getpid());
	assert_true(fd >= 0);
	assert_true(cgroup_read(fd, "cgroup.procs", found, sizeof(found)) >= 0);
	close(fd);
	return strcmp(found, text) == 0;
}

static void add_monitor(struct fixture *f, bool always_pivot)
{
	struct plan_step *step;

	fixture_begin(f);
	plan_build_register(&f->b, REGISTER_NAME, "cgroup");
	plan_build_register(&f->b, REGISTER_NUMBER, "entered");
	cgroups_add_hierarchies(f, "");
	step = fixture_step(f, SECTION_START, OP_CGROUP_CREATE, "monitor");
	step->arg[0] = fixture_text(f, "group/lxc.payload.c1");
	step->out = R_CGROUP;
	for (unsigned version = 1; version <= 2; version++) {
		step = fixture_step(f, SECTION_START, OP_CGROUP_ENTER, "monitor");
		step->in = R_CGROUP;
		step->out = R_ENTERED;
		step->arg[0] = version;
		step->flags = version == 2 ? STEP_LATE | STEP_WARN : 0;
	}
	step = fixture_step(f, SECTION_STOP, OP_CGROUP_LEAVE, "pivot");
	step->in = R_ENTERED;
	step->arg[0] = fixture_text(f, "lxc.pivot");
	step->arg[1] = always_pivot;
	step = fixture_step(f, SECTION_STOP, OP_CGROUP_REMOVE, "monitor");
	step->in = R_CGROUP;
	step->arg[1] = fixture_text(f, "lxc.pivot");
	fixture_step(f, SECTION_UNDO, OP_CGROUP_REMOVE, "monitor")->in = R_CGROUP;
	fixture_finish(f);
}

/* As another process that undoes: none is open. */
static void host_close_bases(struct fixture *f)
{
	struct host h = {.run = &f->run, .plan = f->run.plan, .failure = &f->failure};

	host_cgroup_close_bases(&h);
}

/* Back where the test found us. */
static void leave_for_good(void)
{
	for (unsigned i = 0; i < mount_count; i++) {
		int fd = cgroup_open(mounts[i], "", "");
		char path[192];

		assert_int_equal(cgroup_move(fd, 0), 0);
		close(fd);
		snprintf(path, sizeof(path), "%s/%s/lxc.pivot", mounts[i], base);
		rmdir(path);
	}
}

/* A crash in the middle of making them: what was made for sure goes, what others have stays, and of
 * the one in between only what bears our mark goes. */
static void of_half_made_cgroups_ours_go(void **state)
{
	static const char path[] = "group/lxc.payload.c1";
	struct record_register *reg;
	struct fixture f;
	unsigned made;
	int fds[2];

	need_mounts(2);
	for (unsigned i = 0; i < 2; i++)
		fds[i] = cgroup_open(mounts[i], base, "");
	for (unsigned is_marked = 0; is_marked < 2; is_marked++) {
		add_monitor(&f, false);
		reg = fixture_register(&f, R_CGROUP);
		memcpy(reg->name, path, sizeof(path));
		reg->state = VALUE_INTENDED;
		reg->parts = 1;
		reg->number = 1; /* one directory above it in the first hierarchy */
		umask(0);
		assert_int_equal(cgroup_make(fds[0], path, &made), 0);
		assert_int_equal(cgroup_make_as(fds[1], path,
						is_marked ? 01700 | (getpid() & 077) : 0755, &made),
				 0);
		umask(022);
		assert_int_equal(run_undo(&f.run, &f.failure), 0);
		assert_int_equal(f.warnings, 0);
		assert_int_equal(reg->state, VALUE_EMPTY);
		assert_int_equal(faccessat(fds[0], "group", F_OK, 0), -1);
		assert_int_equal(faccessat(fds[1], path, F_OK, 0), is_marked ? -1 : 0);
		if (!is_marked)
			assert_int_equal(cgroup_unmake(fds[1], path, 1), 0);
		fixture_end(&f);
		assert_nothing_left();
	}
	close(fds[0]);
	close(fds[1]);
}

/* The supervisor's own way in and out: in version 2 it comes late, or never. */
static void the_supervisor_enters_and_leaves(void **state)
{
	struct fixture f;
	char path[192];

	need_mounts(1);
	for (unsigned round = 0; round < 4; round++) {
		const bool is_late = round & 1, to_pivot = round & 2;

		add_monitor(&f, to_pivot);
		assert_int_equal(fixture_start(&f), 0);
		assert_true(run_has_late(&f.run));
		for (unsigned i = 0; i < mount_count; i++)
			assert_int_equal(is_in(i, "group/lxc.payload.c1", 0),
					 cgroups_version(i) == 1);
		if (is_late)
			run_late(&f.run);
		for (unsigned i = 0; is_late && i < mount_count; i++)
			assert_true(is_in(i, "group/lxc.payload.c1", 0));
		assert_int_equal(run_host(&f.run, SECTION_STOP, 0, &f.failure), 0);
		assert_int_equal(f.warnings, 0);
		for (unsigned i = 0; i < mount_count; i++) {
			snprintf(path, sizeof(path), "%s/%s/group", mounts[i], base);
			assert_int_equal(access(path, F_OK), -1);
			if (is_late || cgroups_version(i) == 1)
				assert_true(is_in(i, to_pivot ? "lxc.pivot" : "", 0));
		}
		leave_for_good();
		fixture_end(&f);
		assert_nothing_left();
	}
}

/* What a hook left running is not in the way of the directory's end, and lives on. */
static void what_stays_behind_moves_to_the_base(void **state)
{
	const struct process_clone how = {.cgroup_fd = -1, .exit_signal = SIGCHLD};
	int pidfd = -1, status;
	struct fixture f;
	pid_t pid;

	need_mounts(1);
	add_monitor(&f, false);
	assert_int_equal(fixture_start(&f), 0);
	run_late(&f.run);
	pid = process_clone(&how, &pidfd);
	if (pid == 0)
		for (;;)
			pause();
	assert_true(pid > 0);
	/* After a crash nobody leaves for the dead one; here that is us. */
	leave_for_good();
	assert_int_equal(run_host(&f.run, SECTION_STOP, 0, &f.failure), 0);
	assert_int_equal(f.warnings, 0);
	for (unsigned i = 0; i < mount_count; i++) {
		int fd = cgroup_open(mounts[i], base, "");
		char found[64], text[64];

		snprintf(text, sizeof(text), "%d", pid);
		assert_true(cgroup_read(fd, "cgroup.procs", found, sizeof(found)) > 0);
		assert_non_null(strstr(found, text));
		assert_int_equal(faccessat(fd, "group", F_OK, 0), -1);
		close(fd);
	}
	assert_int_equal(process_signal(pidfd, SIGKILL), 0);
	assert_int_equal(process_wait(pidfd, &status), 0);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	close(pidfd);
	leave_for_good();
	fixture_end(&f);
	assert_nothing_left();
}

/* systemd removes a scope behind our back, and may make one of the same name for another run: what
 * is in that one is not ours. */
static void what_is_in_another_base_of_the_name_stays(void **state)
{
	struct fixture f;
	struct plan_hierarchy *row;
	struct stat status;
	int fd;
	char path[192];

	need_mounts(1);
	for (unsigned is_other = 0; is_other < 2; is_other++) {
		add_monitor(&f, false);
		assert_int_equal(fixture_start(&f), 0);
		leave_for_good();
		for (unsigned i = 0; i < mount_count; i++) {
			row = (struct plan_hierarchy *)plan_hierarchies(f.run.plan) + i;
			fd = cgroup_open(mounts[i], base, "");
			assert_int_equal(fstat(fd, &status), 0);
			close(fd);
			row->identity = status.st_ino + is_other;
		}
		host_close_bases(&f);
		assert_int_equal(run_undo(&f.run, &f.failure), 0);
		assert_int_equal(f.warnings, 0);
		for (unsigned i = 0; i < mount_count; i++) {
			snprintf(path, sizeof(path), "%s/%s/group", mounts[i], base);
			assert_int_equal(access(path, F_OK), is_other ? 0 : -1);
			fd = cgroup_open(mounts[i], base, "");
			if (is_other)
				assert_int_equal(cgroup_remove(fd, "group", 0, false), 0);
			close(fd);
		}
		fixture_end(&f);
		assert_nothing_left();
	}
}

/* Whoever is in the base itself makes room; what is below it stays. */
static void the_base_is_cleared(void **state)
{
	const struct process_clone how = {.cgroup_fd = -1, .exit_signal = SIGCHLD};
	int pidfd = -1, status, fd;
	struct plan_step *step;
	struct fixture f;
	pid_t pid;

	need_mounts(1);
	if (cgroups_version(mount_count - 1) != 2)
		skip();
	fd = cgroup_open(mounts[mount_count - 1], base, "");
	assert_int_equal(cgroup_move(fd, 0), 0);
	pid = process_clone(&how, &pidfd);
	if (pid == 0)
		for (;;)
			pause();
	assert_true(pid > 0);
	leave_for_good();
	assert_true(is_in(mount_count - 1, "", pid));
	fixture_begin(&f);
	plan_build_register(&f.b, REGISTER_NAME, "cgroup");
	cgroups_add_hierarchies(&f, "");
	step = fixture_step(&f, SECTION_START, OP_CGROUP_CREATE, "monitor");
	step->arg[0] = fixture_text(&f, "monitor");
	step->out = R_CGROUP;
	step = fixture_step(&f, SECTION_START, OP_CGROUP_CLEAR, "monitor");
	step->in = R_CGROUP;
	step->arg[0] = mount_count - 1;
	fixture_step(&f, SECTION_STOP, OP_CGROUP_REMOVE, "monitor")->in = R_CGROUP;
	fixture_step(&f, SECTION_UNDO, OP_CGROUP_REMOVE, "monitor")->in = R_CGROUP;
	fixture_finish(&f);
	assert_int_equal(fixture_start(&f), 0);
	assert_true(is_in(mount_count - 1, "monitor", pid));
	assert_int_equal(process_signal(pidfd, SIGKILL), 0);
	assert_int_equal(process_wait(pidfd, &status), 0);
	assert_int_equal(run_host(&f.run, SECTION_STOP, 0, &f.failure), 0);
	assert_int_equal(f.warnings, 0);
	close(pidfd);
	close(fd);
	fixture_end(&f);
	assert_nothing_left();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_half_made_cgroups_ours_go),
		cmocka_unit_test(the_supervisor_enters_and_leaves),
		cmocka_unit_test(what_stays_behind_moves_to_the_base),
		cmocka_unit_test(what_is_in_another_base_of_the_name_stays),
		cmocka_unit_test(the_base_is_cleared),
	};

	return cmocka_run_group_tests(tests, prepare, cgroups_clean_up);
}
