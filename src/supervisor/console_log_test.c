/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The console's log file: limits, rotation, rewriting (spec/runtime.md §10).
 */

#include "supervisor/console_log.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct stage {
	char root[64];
	char path[96], older[100];
	struct console_log log;
};

static int set_up(void **state)
{
	struct stage *g = calloc(1, sizeof(*g));

	assert_non_null(g);
	snprintf(g->root, sizeof(g->root), "%s/tare-console-XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(g->root));
	snprintf(g->path, sizeof(g->path), "%s/log", g->root);
	snprintf(g->older, sizeof(g->older), "%s.1", g->path);
	g->log.fd = -EBADF;
	*state = g;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *g = *state;

	console_log_close(&g->log);
	unlink(g->path);
	unlink(g->older);
	assert_int_equal(rmdir(g->root), 0);
	free(g);
	return 0;
}

static void assert_file(const char *path, const char *text)
{
	char got[256];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = read(fd, got, sizeof(got) - 1);

	close(fd);
	assert_true(length >= 0);
	got[length] = '\0';
	assert_string_equal(got, text);
}

static void without_a_limit_it_grows(void **state)
{
	struct stage *g = *state;
	struct stat status;

	assert_int_equal(console_log_open(&g->log, g->path, 0, false), 0);
	assert_int_equal(console_log_add(&g->log, "one ", 4), 0);
	console_log_close(&g->log);
	assert_int_equal(console_log_open(&g->log, g->path, 0, false), 0);
	assert_int_equal(console_log_add(&g->log, "two", 3), 0);
	assert_file(g->path, "one two");
	assert_int_equal(stat(g->path, &status), 0);
	assert_int_equal(status.st_mode & 07777 & ~0640, 0);
}

static void a_full_log_begins_again(void **state)
{
	struct stage *g = *state;

	assert_int_equal(console_log_open(&g->log, g->path, 8, false), 0);
	assert_int_equal(console_log_add(&g->log, "01234567", 8), 0);
	assert_file(g->path, "01234567");
	assert_int_equal(console_log_add(&g->log, "ab", 2), 0);
	assert_file(g->path, "ab");
	assert_int_equal(console_log_add(&g->log, "cdefghijk", 9), 0);
	assert_file(g->path, "ijk");
}

static void a_full_log_is_rotated(void **state)
{
	struct stage *g = *state;

	assert_int_equal(console_log_open(&g->log, g->path, 8, true), 0);
	assert_int_equal(console_log_add(&g->log, "012345", 6), 0);
	assert_int_equal(console_log_add(&g->log, "67abcd", 6), 0);
	assert_file(g->older, "01234567");
	assert_file(g->path, "abcd");
	assert_int_equal(console_log_add(&g->log, "efghXXXXXXXXi", 13), 0);
	assert_file(g->older, "XXXXXXXX");
	assert_file(g->path, "i");
}

static void an_older_log_counts(void **state)
{
	struct stage *g = *state;

	assert_int_equal(console_log_open(&g->log, g->path, 0, false), 0);
	assert_int_equal(console_log_add(&g->log, "0123456789", 10), 0);
	assert_int_equal(console_log_open(&g->log, g->path, 8, true), 0);
	assert_int_equal(console_log_add(&g->log, "a", 1), 0);
	assert_file(g->older, "0123456789");
	assert_file(g->path, "a");
}

static void a_limit_needs_a_regular_file(void **state)
{
	struct stage *g = *state;

	assert_int_equal(console_log_open(&g->log, "/dev/null", 8, false), 0);
	assert_int_equal(console_log_add(&g->log, "a", 1), -EINVAL);
	assert_int_equal(console_log_open(&g->log, "/dev/null", 0, false), 0);
	assert_int_equal(console_log_add(&g->log, "a", 1), 0);
	/* A pipe that nobody reads is refused instead of waited for. */
	assert_int_equal(mkfifo(g->older, 0600), 0);
	assert_int_equal(console_log_open(&g->log, g->older, 0, false), -ENXIO);
}

static void at_the_end_the_buffer_takes_its_place(void **state)
{
	struct stage *g = *state;
	struct console_ring ring = {.bytes = NULL};

	assert_int_equal(console_log_open(&g->log, g->path, 6, false), 0);
	assert_int_equal(console_log_add(&g->log, "old", 3), 0);
	assert_int_equal(console_log_rewrite(&g->log, &ring), 0);
	assert_file(g->path, "old");
	assert_int_equal(console_ring_open(&ring, 16), 0);
	assert_int_equal(console_log_rewrite(&g->log, &ring), 0);
	assert_file(g->path, "old");
	console_ring_add(&ring, "0123456789abcdefgh", 18);
	assert_int_equal(console_log_rewrite(&g->log, &ring), 0);
	assert_file(g->path, "cdefgh");
	console_ring_close(&ring);
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		test(without_a_limit_it_grows),     test(a_full_log_begins_again),
		test(a_full_log_is_rotated),        test(an_older_log_counts),
		test(a_limit_needs_a_regular_file), test(at_the_end_the_buffer_takes_its_place),
	};

	return cmocka_run_group_tests_name("supervisor/console_log", tests, NULL, NULL);
}
