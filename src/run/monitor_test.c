/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the monitor listens, and what is written to its fifo, on real ones.
 */

#include "run/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"

struct stage {
	char root[64];
	char folder[128];
	char fifo[256];
};

static int set_up(void **state)
{
	struct stage *g = calloc(1, sizeof(*g));
	char path[128];

	assert_non_null(g);
	snprintf(g->root, sizeof(g->root), "%s/tare-monitor-XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(g->root));
	snprintf(path, sizeof(path), "%s/lxc", g->root);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(g->folder, sizeof(g->folder), "%s/lxc/c", g->root);
	assert_int_equal(mkdir(g->folder, 0700), 0);
	snprintf(g->fifo, sizeof(g->fifo), "%s/monitor-fifo", g->folder);
	*state = g;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *g = *state;
	char path[128];

	unlink(g->fifo);
	snprintf(path, sizeof(path), "%s/lxc", g->root);
	rmdir(g->folder);
	rmdir(path);
	assert_int_equal(rmdir(g->root), 0);
	free(g);
	return 0;
}

static int publish(const struct stage *g, const char *name, int value)
{
	return monitor_publish(g->root, strlen(g->root), "/c/", name, WIRE_MESSAGE_EXIT, value);
}

static void assert_address(const char *lxcpath, const char *name)
{
	struct sockaddr_un address;
	socklen_t length = monitor_address(lxcpath, &address);

	assert_int_equal(address.sun_family, AF_UNIX);
	assert_int_equal(address.sun_path[0], 0);
	assert_string_equal(address.sun_path + 1, name);
	assert_int_equal(length, offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
}

static void the_address_is_that_of_lxc(void **state)
{
	char path[128], name[256];

	assert_address("/var/lib/lxc", "lxc/ad055575fe28ddd5//var/lib/lxc");
	assert_address("/var/lib/lxc//", "lxc/ad055575fe28ddd5//var/lib/lxc");
	assert_address("/tmp/mon-genuine/lib", "lxc/7858d332a5a0b3ec//tmp/mon-genuine/lib");
	/* What is too long is cut; its hash is not. */
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[84] = '\0';
	snprintf(name, sizeof(name), "lxc/2df3cb4b20279b73/%s", path);
	assert_address(path, name);
	path[84] = 'a';
	path[85] = '\0';
	snprintf(name, sizeof(name), "lxc/ade6591ee3a0f6d4/%.84s", path);
	assert_address(path, name);
}

static void an_event_has_264_bytes(void **state)
{
	const struct stage *g = *state;
	char bytes[512], long_name[300];
	int fd;

	assert_int_equal(mkfifo(g->fifo, 0600), 0);
	fd = open(g->fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(publish(g, "w1", 1792), 0);
	assert_int_equal(read(fd, bytes, sizeof(bytes)), 264);
	assert_memory_equal(bytes, "\2\0\0\0w1\0\0", 8);
	assert_memory_equal(bytes + 260, "\0\7\0\0", 4);
	for (size_t i = 6; i < 260; i++)
		assert_int_equal(bytes[i], 0);
	memset(long_name, 'n', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	assert_int_equal(publish(g, long_name, 0), 0);
	assert_int_equal(read(fd, bytes, sizeof(bytes)), 264);
	assert_int_equal(bytes[4 + 254], 'n');
	assert_int_equal(bytes[4 + 255], 0);
	close(fd);
}

static void without_a_reader_it_is_lost(void **state)
{
	const struct stage *g = *state;
	char bytes[264];
	int fd;

	assert_int_equal(publish(g, "w1", 1), 0);
	assert_int_equal(mkfifo(g->fifo, 0600), 0);
	assert_int_equal(publish(g, "w1", 1), 0);
	fd = open(g->fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(read(fd, bytes, sizeof(bytes)), 0);
	close(fd);
}

static void a_full_fifo_is_not_waited_for(void **state)
{
	const struct stage *g = *state;
	int r = 0, count = 0;
	int fd;

	assert_int_equal(mkfifo(g->fifo, 0600), 0);
	fd = open(g->fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	while (r == 0 && count++ < 100000)
		r = publish(g, "w1", 1);
	assert_int_equal(r, -EAGAIN);
	close(fd);
}

static void what_is_no_fifo_gets_nothing(void **state)
{
	const struct stage *g = *state;
	struct stat status;
	int fd = open(g->fifo, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_int_equal(publish(g, "w1", 1), -EINVAL);
	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(status.st_size, 0);
	close(fd);
	unlink(g->fifo);
	assert_int_equal(symlink("/dev/null", g->fifo), 0);
	assert_int_equal(publish(g, "w1", 1), -ELOOP);
}

static void a_path_that_is_too_long_is_none(void **state)
{
	enum { LENGTH = 5000 };
	char *path = malloc(LENGTH);

	memset(path, 'a', LENGTH);
	path[0] = '/';
	path[LENGTH - 1] = '\0';
	assert_int_equal(monitor_publish("/run", 4, path, "w1", WIRE_MESSAGE_STATE, 0),
			 -ENAMETOOLONG);
	free(path);
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_address_is_that_of_lxc),
		test(an_event_has_264_bytes),
		test(without_a_reader_it_is_lost),
		test(a_full_fifo_is_not_waited_for),
		test(what_is_no_fifo_gets_nothing),
		cmocka_unit_test(a_path_that_is_too_long_is_none),
	};

	return cmocka_run_group_tests_name("run/monitor", tests, NULL, NULL);
}
