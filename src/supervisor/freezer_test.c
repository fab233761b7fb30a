/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The freezer on real cgroups, of each version that this host has: a process of the test's in a
 * directory of the test's.
 */

#include "supervisor/freezer.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "supervisor/supervisor_fixture.h"
#include "sys/cgroup.h"
#include "sys/hang_fixture.h"

struct stage {
	struct fixture f;
	char name[64], base[128], path[256];
	pid_t child;
};

/* Where a hierarchy of a version is mounted that can freeze, or NULL. */
static const char *find_mount(unsigned version)
{
	static const char *const v1[] = {"/sys/fs/cgroup/freezer", NULL};
	static const char *const v2[] = {"/sys/fs/cgroup/unified", "/sys/fs/cgroup", NULL};
	const char *const *at = version == 1 ? v1 : v2;
	struct statfs status;

	for (; *at; at++) {
		if (statfs(*at, &status) == 0 &&
		    (unsigned long)status.f_type == (version == 1 ? 0x27e0ebUL : 0x63677270UL))
			return *at;
	}
	return NULL;
}

_Noreturn static void wait_for_ever(void)
{
	for (;;)
		pause();
}

/* 0, or 1: not possible here. */
static int begin(struct stage *g, unsigned version, void (*body)(void))
{
	const char *mount = find_mount(version);
	int fd;

	memset(g, 0, sizeof(*g));
	if (!mount || geteuid() != 0)
		return 1;
	/* The fixture's version 2 hierarchy begins below "slice". */
	snprintf(g->name, sizeof(g->name), "tare-freezer-test-%d", (int)getpid());
	snprintf(g->base, sizeof(g->base), "%s/%s", mount, g->name);
	if (mkdir(g->base, 0755) < 0)
		return 1;
	snprintf(g->path, sizeof(g->path), "%s%s", g->base, version == 2 ? "/slice" : "/w");
	assert_int_equal(mkdir(g->path, 0755), 0);
	fixture_open(&g->f, version == 1 ? g->base : NULL, version == 2 ? g->base : NULL);
	if (version == 2) {
		snprintf(g->path, sizeof(g->path), "%s/slice/w", g->base);
		assert_int_equal(mkdir(g->path, 0755), 0);
	}
	fixture_set_name(&g->f, FIXTURE_LIMIT, "w");
	fixture_set_name(&g->f, FIXTURE_PAYLOAD, "w");
	g->child = fork();
	if (g->child == 0)
		body();
	fd = cgroup_open(g->base, version == 2 ? "slice" : "", "w");
	assert_true(fd >= 0);
	assert_int_equal(cgroup_move(fd, g->child), 0);
	close(fd);
	return 0;
}

static void end(struct stage *g)
{
	int status;

	freezer_release(&g->f.s);
	kill(g->child, SIGKILL);
	assert_int_equal(waitpid(g->child, &status, 0), g->child);
	fixture_close(&g->f);
	while (rmdir(g->path) < 0 && errno == EBUSY)
		usleep(1000);
	if (strstr(g->path, "/slice/"))
		rmdir(dirname(g->path));
	assert_int_equal(rmdir(g->base), 0);
}

/* Serve until the freezer has nothing more to do. */
static void settle(struct stage *g)
{
	for (int i = 0; i < 1000 && g->f.s.freezer.job != FREEZER_IDLE; i++)
		loop_serve_one(&g->f.s);
	assert_int_equal(g->f.s.freezer.job, FREEZER_IDLE);
}

static void send_freeze(int fd, bool freeze, int32_t milliseconds)
{
	const struct wire_request request = {
		.command = freeze ? WIRE_FREEZE : WIRE_UNFREEZE,
		.data = (uint64_t)(int64_t)milliseconds,
	};

	assert_int_equal(send(fd, &request, sizeof(request), 0), sizeof(request));
}

static void assert_answer(struct stage *g, int fd, int32_t code)
{
	struct wire_answer answer;

	fixture_pump(&g->f);
	assert_int_equal(recv(fd, &answer, sizeof(answer), MSG_DONTWAIT), sizeof(answer));
	assert_int_equal(answer.ret, code);
	close(fd);
}

static void freeze_and_thaw(unsigned version)
{
	struct stage g;
	int fd;

	if (begin(&g, version, wait_for_ever) != 0) {
		skip();
		return;
	}
	fd = fixture_connect(&g.f);
	send_freeze(fd, true, -1);
	fixture_pump(&g.f);
	settle(&g);
	assert_int_equal(g.f.record->state, STATE_FROZEN);
	assert_answer(&g, fd, 0);
	/* It is so already. */
	fd = fixture_connect(&g.f);
	send_freeze(fd, true, -1);
	assert_answer(&g, fd, 0);
	fd = fixture_connect(&g.f);
	send_freeze(fd, false, 5000);
	fixture_pump(&g.f);
	settle(&g);
	assert_int_equal(g.f.record->state, STATE_RUNNING);
	assert_answer(&g, fd, 0);
	/* Somebody froze it by hand: it is thawed all the same. */
	assert_int_equal(freezer_begin(&g.f.s, true, false) < 0, 0);
	settle(&g);
	atomic_store(&g.f.record->state, STATE_RUNNING);
	assert_true(freezer_begin(&g.f.s, false, false) >= 0);
	settle(&g);
	assert_int_equal(g.f.record->state, STATE_RUNNING);
	end(&g);
}

static void version_1_freezes_and_thaws(void **state)
{
	freeze_and_thaw(1);
}

static void version_2_freezes_and_thaws(void **state)
{
	freeze_and_thaw(2);
}

static void put(const char *folder, const char *name, const char *content)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/slice/w/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
	close(fd);
}

/* Files that look like a frozen cgroup of version 2. */
static void begin_pretended(struct fixture *f, char *folder, const char *events)
{
	char path[128];

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/slice", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/slice/w", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	put(folder, "cgroup.events", events);
	put(folder, "cgroup.freeze", "1");
	fixture_open(f, NULL, folder);
	fixture_set_name(f, FIXTURE_LIMIT, "w");
	fixture_set_name(f, FIXTURE_PAYLOAD, "w");
	atomic_store(&f->record->state, STATE_FROZEN);
}

static void end_pretended(struct fixture *f, const char *folder)
{
	static const char *const names[] = {"w/cgroup.events", "w/cgroup.freeze", "w", ""};
	char path[128];

	fixture_close(f);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/slice/%s", folder, names[i]);
		assert_int_equal(remove(path), 0);
	}
	assert_int_equal(rmdir(folder), 0);
}

/* A frozen cgroup says for a moment that it is not, while one of its processes ends. */
static void what_only_seems_thawed_is_thawed(void **state)
{
	char folder[] = "/tmp/tare-freezer-XXXXXX", path[128], value = '?';
	struct fixture f;
	int fd;

	begin_pretended(&f, folder, "populated 1\nfrozen 0\n");
	assert_int_equal(freezer_begin(&f.s, false, false), 1);
	assert_int_equal(f.record->state, STATE_RUNNING);
	snprintf(path, sizeof(path), "%s/slice/w/cgroup.freeze", folder);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, &value, 1), 1);
	assert_int_equal(value, '0');
	close(fd);
	end_pretended(&f, folder);
}

/* Events of such a file can't be waited for: the job fails, and the container is still frozen. */
static void what_could_not_be_thawed_is_frozen(void **state)
{
	char folder[] = "/tmp/tare-freezer-XXXXXX";
	struct fixture f;

	begin_pretended(&f, folder, "populated 1\nfrozen 1\n");
	assert_int_equal(freezer_begin(&f.s, false, false), -EPERM);
	assert_int_equal(f.s.freezer.job, FREEZER_IDLE);
	assert_int_equal(f.record->state, STATE_FROZEN);
	end_pretended(&f, folder);
}

/* A container that doesn't freeze at once. 0, or 1: not possible here. */
static int begin_hung(struct stage *g, unsigned version)
{
	if (begin(g, version, hang_in_kernel) != 0)
		return 1;
	if (hang_wait(g->child) == 0)
		return 0;
	end(g);
	return 1;
}

static void assert_wanted(struct stage *g, unsigned version, bool frozen)
{
	int fd = cgroup_open(g->base, version == 2 ? "slice" : "", "w");
	char text[32];

	assert_true(cgroup_read(fd, version == 2 ? "cgroup.freeze" : "freezer.state", text,
				sizeof(text)) >= 0);
	close(fd);
	if (version == 2)
		assert_string_equal(text, frozen ? "1" : "0");
	else
		assert_string_equal(text, frozen ? "FREEZING" : "THAWED");
	assert_int_equal(g->f.record->state, frozen ? STATE_FREEZING : STATE_RUNNING);
	assert_int_equal(g->f.s.freezer.job, frozen ? FREEZER_FREEZES : FREEZER_IDLE);
}

static int ask(struct stage *g, bool freeze, int32_t milliseconds)
{
	int fd = fixture_connect(&g->f);

	send_freeze(fd, freeze, milliseconds);
	fixture_pump(&g->f);
	return fd;
}

static void wait_for_answer(struct stage *g, int fd)
{
	struct pollfd polled = {.fd = fd, .events = POLLIN};

	for (int i = 0; i < 1000 && poll(&polled, 1, 0) == 0; i++)
		loop_serve_one(&g->f.s);
}

static void thaw_while_freezing(unsigned version)
{
	struct stage g;
	int freezer;

	if (begin_hung(&g, version) != 0) {
		skip();
		return;
	}
	freezer = ask(&g, true, -1);
	assert_wanted(&g, version, true);
	assert_answer(&g, ask(&g, false, -1), 0);
	assert_answer(&g, freezer, -ECANCELED);
	assert_wanted(&g, version, false);
	end(&g);
}

static void time_out_while_freezing(unsigned version)
{
	struct stage g;
	int first, second;

	if (begin_hung(&g, version) != 0) {
		skip();
		return;
	}
	/* As long as somebody waits it is under way. */
	first = ask(&g, true, 20);
	second = ask(&g, true, 60);
	wait_for_answer(&g, first);
	assert_answer(&g, first, -ETIMEDOUT);
	assert_wanted(&g, version, true);
	wait_for_answer(&g, second);
	assert_wanted(&g, version, false);
	assert_answer(&g, second, -ETIMEDOUT);
	/* Who didn't wait wants it in any case. */
	assert_answer(&g, ask(&g, true, 0), 0);
	first = ask(&g, true, 20);
	wait_for_answer(&g, first);
	assert_answer(&g, first, -ETIMEDOUT);
	assert_wanted(&g, version, true);
	assert_answer(&g, ask(&g, false, 20), 0);
	assert_wanted(&g, version, false);
	end(&g);
}

static void version_1_is_thawed_while_it_freezes(void **state)
{
	thaw_while_freezing(1);
}

static void version_2_is_thawed_while_it_freezes(void **state)
{
	thaw_while_freezing(2);
}

static void version_1_is_not_frozen_after_a_timeout(void **state)
{
	time_out_while_freezing(1);
}

static void version_2_is_not_frozen_after_a_timeout(void **state)
{
	time_out_while_freezing(2);
}

/* It would be frozen with the signal that ends it, and never get it. */
static void stop_while_freezing(unsigned version)
{
	struct stage g;
	int freezer;

	if (begin_hung(&g, version) != 0) {
		skip();
		return;
	}
	freezer = ask(&g, true, -1);
	assert_wanted(&g, version, true);
	assert_int_equal(supervisor_kill_init(&g.f.s), 0);
	assert_wanted(&g, version, false);
	assert_answer(&g, freezer, -ECANCELED);
	end(&g);
}

static void version_1_is_not_frozen_after_a_stop(void **state)
{
	stop_while_freezing(1);
}

static void version_2_is_not_frozen_after_a_stop(void **state)
{
	stop_while_freezing(2);
}

/* What the container has frozen itself, a container in it perhaps, would never die either. */
static void a_stop_thaws_what_lies_below(void **state)
{
	struct stage g;
	char below[300], text[32] = "";
	int fd;

	if (begin(&g, 1, wait_for_ever) != 0) {
		skip();
		return;
	}
	snprintf(below, sizeof(below), "%s/below", g.path);
	assert_int_equal(mkdir(below, 0755), 0);
	fd = cgroup_open(below, "", "");
	assert_int_equal(cgroup_move(fd, g.child), 0);
	assert_int_equal(cgroup_write(fd, "freezer.state", "FROZEN"), 0);
	assert_int_equal(supervisor_kill_init(&g.f.s), 0);
	assert_true(cgroup_read(fd, "freezer.state", text, sizeof(text)) > 0);
	cgroup_write(fd, "freezer.state", "THAWED");
	close(fd);
	fd = cgroup_open(g.path, "", "");
	assert_int_equal(cgroup_move(fd, g.child), 0);
	close(fd);
	assert_int_equal(rmdir(below), 0);
	end(&g);
	assert_string_equal(text, "THAWED");
}

static void nobody_waits_for_a_freezer_that_is_not_there(void **state)
{
	struct stage g = {.name = ""};
	int fd;

	fixture_open(&g.f, NULL, NULL);
	fd = fixture_connect(&g.f);
	send_freeze(fd, true, -1);
	assert_answer(&g, fd, -ENOENT);
	assert_int_equal(g.f.record->state, STATE_RUNNING);
	fixture_close(&g.f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_1_freezes_and_thaws),
		cmocka_unit_test(version_2_freezes_and_thaws),
		cmocka_unit_test(what_only_seems_thawed_is_thawed),
		cmocka_unit_test(what_could_not_be_thawed_is_frozen),
		cmocka_unit_test(version_1_is_thawed_while_it_freezes),
		cmocka_unit_test(version_2_is_thawed_while_it_freezes),
		cmocka_unit_test(version_1_is_not_frozen_after_a_timeout),
		cmocka_unit_test(version_2_is_not_frozen_after_a_timeout),
		cmocka_unit_test(version_1_is_not_frozen_after_a_stop),
		cmocka_unit_test(version_2_is_not_frozen_after_a_stop),
		cmocka_unit_test(a_stop_thaws_what_lies_below),
		cmocka_unit_test(nobody_waits_for_a_freezer_that_is_not_there),
	};

	return cmocka_run_group_tests_name("supervisor/freezer", tests, NULL, NULL);
}
