/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * New plans of reboots, from a compiler that hands out one that was made here: where they go in the
 * run record, and what becomes of them when its disk is full.
 */

#include "supervisor/program.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/str.h"
#include "run/plan_fixture.h"
#include "supervisor/supervisor_fixture.h"

enum { RECORD_BYTES = RECORD_PARTS_AT + 4096, FIRST_AT = RECORD_PARTS_AT + 2048 };

struct stage {
	struct fixture f;
	char directory[64];
	struct err e;
};

static void write_file(const struct stage *g, const char *name, const void *bytes, size_t size)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", g->directory, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

/* The plan that the next compilation gives. */
static void make_plan(const struct stage *g, unsigned texts)
{
	autostr bytes = {0};

	plan_fixture_make(texts, &bytes);
	write_file(g, "plan", bytes.data, bytes.len);
}

/* In a file system of a megabyte, in a mount namespace of the test's. */
static int set_up(void **state)
{
	static const char compiler[] = "#!/bin/sh\nexec cat \"${0%/*}/plan\" >&\"$2\"\n";
	static char *environment[] = {"PATH=/usr/bin:/bin", NULL};
	struct stage *g = calloc(1, sizeof(*g));
	char path[128];
	void *record;

	*state = g;
	if (!g || geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return 0;
	snprintf(g->directory, sizeof(g->directory), "%s/tare-program-XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	if (!mkdtemp(g->directory) || mount("tmpfs", g->directory, "tmpfs", 0, "size=1m") < 0)
		return -1;
	write_file(g, "lxc-compile", compiler, sizeof(compiler) - 1);
	fixture_open(&g->f, NULL, NULL);
	snprintf(path, sizeof(path), "%s/record", g->directory);
	g->f.s.record_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (g->f.s.record_fd < 0 || ftruncate(g->f.s.record_fd, RECORD_BYTES) < 0)
		return -1;
	record = mmap(NULL, RECORD_SIZE_MAX, PROT_READ | PROT_WRITE, MAP_SHARED, g->f.s.record_fd,
		      0);
	if (record == MAP_FAILED)
		return -1;
	munmap(g->f.record, 1 << 20);
	g->f.record = g->f.s.record = g->f.s.run.record = record;
	g->f.record->helper = RECORD_PARTS_AT;
	memcpy((char *)record + RECORD_PARTS_AT, g->directory, strlen(g->directory) + 1);
	for (int i = 0; i < PLAN_REGISTERS_MAX; i++)
		record_registers(g->f.record)[i].fd = -EBADF;
	g->f.s.run.environment = environment;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *g = *state;

	if (g->f.record) {
		fixture_close(&g->f);
		munmap((char *)g->f.record + (1 << 20), RECORD_SIZE_MAX - (1 << 20));
		close(g->f.s.record_fd);
		umount(g->directory);
		rmdir(g->directory);
	}
	free(g);
	return 0;
}

static const struct plan *compile(struct stage *g)
{
	err_clear(&g->e);
	return program_compile(&g->f.s.run, &g->e) == 0 ? g->f.s.run.plan : NULL;
}

static void need_root(const struct stage *g)
{
	if (g->f.record)
		return;
	print_message("a mount namespace needs root\n");
	skip();
}

/* Readers have it mapped, and believe what they have looked at. */
static void a_plan_in_force_is_not_overwritten(void **state)
{
	struct stage *g = *state;
	const struct plan *plans[64];
	struct stat status;
	off_t size = 0;

	need_root(g);
	for (int i = 0; i < 64; i++) {
		const size_t length = i > 0 ? plans[i - 1]->size : 0;
		autofree char *kept = malloc(length + 1);

		assert_non_null(kept);
		if (i > 0)
			memcpy(kept, plans[i - 1], length);
		make_plan(g, (unsigned)i % 5 + 1);
		plans[i] = compile(g);
		assert_non_null(plans[i]);
		assert_ptr_equal(plans[i], record_plan(g->f.record));
		if (i > 0)
			assert_memory_equal(kept, plans[i - 1], length);
		assert_int_equal(fstat(g->f.s.record_fd, &status), 0);
		if (i == 16)
			size = status.st_size;
	}
	/* It does not grow with each reboot. */
	assert_int_equal(status.st_size, size);
}

static void a_full_disk_is_told(void **state)
{
	struct stage *g = *state;
	struct stat status;
	char bytes[4096] = "x", path[128];
	int fd;

	need_root(g);
	make_plan(g, 100);
	snprintf(path, sizeof(path), "%s/filler", g->directory);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (write(fd, bytes, sizeof(bytes)) > 0)
		;
	close(fd);
	assert_null(compile(g));
	assert_int_equal(g->e.code, -ENOSPC);
	assert_int_equal(fstat(g->f.s.record_fd, &status), 0);
	assert_int_equal(status.st_size, RECORD_BYTES);
	assert_int_equal(unlink(path), 0);
	assert_non_null(compile(g));
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		test(a_plan_in_force_is_not_overwritten),
		test(a_full_disk_is_told),
	};

	return cmocka_run_group_tests_name("supervisor/program", tests, NULL, NULL);
}
