/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which directory answers for which controller: two directories of the test's stand for mounted
 * hierarchies, one of each version.
 */

#include "supervisor/cgroup.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "supervisor/supervisor_fixture.h"

struct stage {
	struct fixture f;
	char root[64], v1[80], v2[80];
};

static const char *const inside[] = {
	"/v1",
	"/v2",
	"/v2/slice",
	"/v1/lxc.payload.w1",
	"/v2/slice/lxc.payload.w1",
	"/v1/lxc.payload.w1/ns",
	"/v2/slice/lxc.payload.w1/ns",
};

enum { INSIDE = sizeof(inside) / sizeof(inside[0]) };

static int set_up(void **state)
{
	struct stage *g = calloc(1, sizeof(*g));
	char path[128];

	assert_non_null(g);
	snprintf(g->root, sizeof(g->root), "%s/tare-cgroup-XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(g->root));
	for (int i = 0; i < INSIDE; i++) {
		snprintf(path, sizeof(path), "%s%s", g->root, inside[i]);
		assert_int_equal(mkdir(path, 0755), 0);
	}
	snprintf(g->v1, sizeof(g->v1), "%s/v1", g->root);
	snprintf(g->v2, sizeof(g->v2), "%s/v2", g->root);
	fixture_open(&g->f, g->v1, g->v2);
	*state = g;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *g = *state;
	char path[128];

	fixture_close(&g->f);
	for (int i = INSIDE - 1; i >= 0; i--) {
		snprintf(path, sizeof(path), "%s%s", g->root, inside[i]);
		assert_int_equal(rmdir(path), 0);
	}
	assert_int_equal(rmdir(g->root), 0);
	free(g);
	return 0;
}

static void controllers_are_found_where_they_are(void **state)
{
	struct stage *g = *state;
	struct supervisor *s = &g->f.s;

	assert_int_equal(cgroup_find_controller(s, "memory")->version, 1);
	assert_int_equal(cgroup_find_controller(s, "freezer")->version, 1);
	assert_int_equal(cgroup_find_controller(s, "hugetlb")->version, 2);
	/* No version 1 hierarchy has it here: then it is always the unified one's. */
	assert_int_equal(cgroup_find_controller(s, "devices")->version, 2);
	assert_null(cgroup_find_controller(s, "huge"));
	assert_null(cgroup_find_controller(s, "unified"));
	assert_null(cgroup_find_controller(s, ""));
}

static void paths_are_relative_to_the_mount(void **state)
{
	struct stage *g = *state;
	struct supervisor *s = &g->f.s;
	const struct plan_hierarchy *memory = cgroup_find_controller(s, "memory");
	const struct plan_hierarchy *unified = cgroup_find_unified(s);
	char path[PATH_MAX];

	assert_int_equal(cgroup_place_path(s, memory, PLACE_PAYLOAD, path, sizeof(path)), 0);
	assert_string_equal(path, "lxc.payload.w1/ns");
	assert_int_equal(cgroup_place_path(s, memory, PLACE_LIMIT, path, sizeof(path)), 0);
	assert_string_equal(path, "lxc.payload.w1");
	assert_int_equal(cgroup_place_path(s, unified, PLACE_PAYLOAD, path, sizeof(path)), 0);
	assert_string_equal(path, "slice/lxc.payload.w1/ns");
	assert_int_equal(cgroup_place_path(s, unified, PLACE_PAYLOAD, path, 5), -ENAMETOOLONG);
}

static void directories_are_opened_when_asked_for(void **state)
{
	struct stage *g = *state;
	struct supervisor *s = &g->f.s;
	struct stat opened, wanted;
	char path[128];
	int fd = cgroup_open_place(s, cgroup_find_unified(s), PLACE_PAYLOAD);

	assert_true(fd >= 0);
	snprintf(path, sizeof(path), "%s/v2/slice/lxc.payload.w1/ns", g->root);
	assert_int_equal(fstat(fd, &opened), 0);
	assert_int_equal(stat(path, &wanted), 0);
	assert_int_equal(opened.st_ino, wanted.st_ino);
	close(fd);
	/* A name that leads out is no name. */
	fixture_set_name(&g->f, FIXTURE_PAYLOAD, "../../etc");
	assert_true(cgroup_open_place(s, cgroup_find_unified(s), PLACE_PAYLOAD) < 0);
	fixture_set_name(&g->f, FIXTURE_PAYLOAD, "");
	assert_int_equal(cgroup_open_place(s, cgroup_find_unified(s), PLACE_PAYLOAD), -ENOENT);
}

static void answer_of(struct stage *g, int32_t command, const void *payload, size_t length,
		      char *ret, size_t room)
{
	const struct wire_request request = {.command = command, .length = (int32_t)length};
	int fd = fixture_connect(&g->f);
	ssize_t got;

	assert_int_equal(send(fd, &request, sizeof(request), 0), sizeof(request));
	if (length > 0)
		assert_int_equal(send(fd, payload, length, 0), length);
	fixture_pump(&g->f);
	memset(ret, 0, room);
	got = recv(fd, ret, room, MSG_DONTWAIT);
	assert_true(got >= 0);
	close(fd);
	fixture_pump(&g->f);
}

static void clients_are_answered(void **state)
{
	struct stage *g = *state;
	char got[512];
	struct wire_answer *header = (void *)got;

	answer_of(g, WIRE_GET_CGROUP, "memory", 7, got, sizeof(got));
	assert_string_equal(got + sizeof(*header), "lxc.payload.w1/ns");
	answer_of(g, WIRE_GET_LIMIT_CGROUP, "memory", 7, got, sizeof(got));
	assert_string_equal(got + sizeof(*header), "lxc.payload.w1");
	/* Proxmox VE's two old forms. */
	answer_of(g, WIRE_GET_CGROUP, "memory\0\1", 8, got, sizeof(got));
	assert_string_equal(got + sizeof(*header), "lxc.payload.w1");
	answer_of(g, WIRE_GET_CGROUP, NULL, 0, got, sizeof(got));
	assert_string_equal(got + sizeof(*header), "slice/lxc.payload.w1/ns");
	answer_of(g, WIRE_GET_CGROUP, "memory", 6, got, sizeof(got));
	assert_int_equal(header->ret, -EINVAL);
	answer_of(g, WIRE_GET_CGROUP, "nosuch", 7, got, sizeof(got));
	assert_int_equal(got[0], 0);
	/* On a hybrid host: LXC has a single unified one in mind. */
	answer_of(g, WIRE_GET_CGROUP2_FD, NULL, 0, got, sizeof(got));
	assert_int_equal(header->ret, -EINVAL);
}

static void structures_of_other_versions_are_taken(void **state)
{
	struct stage *g = *state;
	char got[512], sent[128] = {0};
	struct wire_answer *header = (void *)got;
	struct wire_cgroup_context *context = (void *)(got + sizeof(*header));
	struct wire_cgroup_fd wanted = {.controller = "hugetlb"};
	struct wire_cgroup_fd *found = (void *)(got + sizeof(*header));

	answer_of(g, WIRE_GET_CGROUP_CTX, sent, 96, got, sizeof(got));
	assert_int_equal(header->length, 96);
	assert_int_equal(context->layout, 1);
	assert_int_equal(context->utilities, 1);
	assert_int_equal(context->fd_count, 2);
	assert_int_equal(context->fds[2], -EBADF);
	answer_of(g, WIRE_GET_CGROUP_CTX, sent, 12, got, sizeof(got));
	assert_int_equal(header->length, 12);
	answer_of(g, WIRE_GET_CGROUP_CTX, sent, 100, got, sizeof(got));
	assert_int_equal(header->length, 96);
	sent[99] = 1;
	answer_of(g, WIRE_GET_CGROUP_CTX, sent, 100, got, sizeof(got));
	assert_int_equal(header->ret, -EINVAL);
	answer_of(g, WIRE_GET_LIMIT_CGROUP_FD, &wanted, sizeof(wanted), got, sizeof(got));
	assert_int_equal(header->ret, 0);
	assert_int_equal(found->type, 0x63677270);
	assert_string_equal(found->controller, "hugetlb");
	wanted.type = 0x0027e0eb;
	answer_of(g, WIRE_GET_LIMIT_CGROUP_FD, &wanted, sizeof(wanted), got, sizeof(got));
	assert_int_equal(header->ret, -EINVAL);
	wanted = (struct wire_cgroup_fd){.controller = "nosuch"};
	answer_of(g, WIRE_GET_CGROUP_FD, &wanted, sizeof(wanted), got, sizeof(got));
	assert_int_equal(header->ret, -ENOENT);
	memset(wanted.controller, 'x', sizeof(wanted.controller));
	answer_of(g, WIRE_GET_CGROUP_FD, &wanted, sizeof(wanted), got, sizeof(got));
	assert_int_equal(header->ret, -EINVAL);
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		test(controllers_are_found_where_they_are),   test(paths_are_relative_to_the_mount),
		test(directories_are_opened_when_asked_for),  test(clients_are_answered),
		test(structures_of_other_versions_are_taken),
	};

	return cmocka_run_group_tests_name("supervisor/cgroup", tests, NULL, NULL);
}
