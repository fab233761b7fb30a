/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every member of struct lxc_container: what it returns for a NULL container, and that each of its
 * failures leaves a text in error_string (include/lxc/lxccontainer.h). Failures are provoked by
 * arguments, by a container that has no configuration or does not run, and by monitors that refuse
 * or never answer.
 */

#include "world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum kind {
	ANSWERS,      /* has no failure that an ordinary object could show */
	WRONG_CALL,   /* fails because of its arguments, on any container */
	UNCONFIGURED, /* … without a configuration in memory */
	STOPPED,      /* … on a container that does not run */
	UNDEFINED,    /* … without a configuration file */
	LATER,        /* is not there yet */
};

struct member {
	const char *name;
	enum kind kind;
	bool (*is_null_failure)(struct lxc_container *members);
	bool (*fails)(struct lxc_container *c);
};

/* `n` is the NULL container, whose members can only be reached through another's. */
#define MEMBER(member, on_null, on_failure)                \
	static bool null_##member(struct lxc_container *c) \
	{                                                  \
		struct lxc_container *const n = NULL;      \
                                                           \
		return on_null;                            \
	}                                                  \
	static bool fail_##member(struct lxc_container *c) \
	{                                                  \
		return on_failure;                         \
	}
#define ROW(member, kind)                                    \
	{                                                    \
#member, kind, null_##member, fail_##member, \
	}

static int some_function(void *payload)
{
	return 0;
}

static int number;
static struct lxc_snapshot *snapshots;
static struct lxc_console_log console_log;
static struct migrate_opts migration;
static struct lxc_mount mount_version = {LXC_MOUNT_API_V1};
static const char *const no_arguments[] = {NULL};
static lxc_attach_options_t options = LXC_ATTACH_OPTIONS_DEFAULT;

/* clang-format off */
MEMBER(is_defined, !c->is_defined(n), !c->is_defined(c))
MEMBER(state, !c->state(n), strcmp(c->state(c), "STOPPED") == 0)
MEMBER(is_running, !c->is_running(n), !c->is_running(c))
MEMBER(freeze, !c->freeze(n), !c->freeze(c))
MEMBER(unfreeze, !c->unfreeze(n), !c->unfreeze(c))
MEMBER(init_pid, c->init_pid(n) == -1, c->init_pid(c) == -1)
MEMBER(load_config, !c->load_config(n, NULL), !c->load_config(c, "/nowhere/config"))
MEMBER(start, !c->start(n, 0, NULL), !c->start(c, 0, NULL))
MEMBER(startl, !c->startl(n, 0, NULL), !c->startl(c, 0, NULL))
MEMBER(stop, !c->stop(n), c->stop(c))
MEMBER(want_daemonize, !c->want_daemonize(n, true), !c->want_daemonize(c, true))
MEMBER(want_close_all_fds, !c->want_close_all_fds(n, true), !c->want_close_all_fds(c, true))
MEMBER(config_file_name, !c->config_file_name(n), true)
MEMBER(wait, !c->wait(n, "STOPPED", 0), !c->wait(c, NULL, 0))
MEMBER(set_config_item, !c->set_config_item(n, "lxc.arch", ""),
       !c->set_config_item(c, NULL, "x") && !c->set_config_item(c, "lxc.nonsense", "x"))
MEMBER(destroy, !c->destroy(n), !c->destroy(c))
MEMBER(save_config, !c->save_config(n, NULL), !c->save_config(c, "/nowhere/config"))
MEMBER(create, !c->create(n, NULL, NULL, NULL, 0, NULL),
       !c->create(c, "no-such-template", NULL, NULL, 0, NULL))
MEMBER(createl, !c->createl(n, NULL, NULL, NULL, 0, NULL),
       !c->createl(c, "/no/such/template", NULL, NULL, 0, NULL))
MEMBER(rename, !c->rename(n, "x"), !c->rename(c, "x"))
MEMBER(reboot, !c->reboot(n), !c->reboot(c))
MEMBER(shutdown, !c->shutdown(n, 0), c->shutdown(c, 0))
MEMBER(clear_config, (c->clear_config(n), true), true)
MEMBER(clear_config_item, !c->clear_config_item(n, "lxc.arch"), !c->clear_config_item(c, NULL))
MEMBER(get_config_item, c->get_config_item(n, "lxc.arch", NULL, 0) < 0,
       c->get_config_item(c, NULL, NULL, 0) < 0)
MEMBER(get_running_config_item, !c->get_running_config_item(n, "lxc.arch"),
       !c->get_running_config_item(c, NULL))
MEMBER(get_keys, c->get_keys(n, NULL, NULL, 0) < 0, c->get_keys(c, NULL, NULL, -1) < 0)
MEMBER(get_interfaces, !c->get_interfaces(n), !c->get_interfaces(c))
MEMBER(get_ips, !c->get_ips(n, NULL, NULL, 0), !c->get_ips(c, NULL, NULL, 0))
MEMBER(get_cgroup_item, c->get_cgroup_item(n, "memory.max", NULL, 0) < 0,
       c->get_cgroup_item(c, NULL, NULL, 0) == -1)
MEMBER(set_cgroup_item, !c->set_cgroup_item(n, "memory.max", "1"),
       !c->set_cgroup_item(c, "memory.max", NULL))
MEMBER(get_config_path, !c->get_config_path(n), c->get_config_path(c) != NULL)
MEMBER(set_config_path, !c->set_config_path(n, "/tmp"), !c->set_config_path(c, NULL))
MEMBER(clone, !c->clone(n, "x", NULL, 0, NULL, NULL, 0, NULL),
       !c->clone(c, "x", NULL, 0, NULL, NULL, 0, NULL))
MEMBER(console_getfd, c->console_getfd(n, &number, &number) == -1,
       c->console_getfd(c, &number, &number) == -1)
MEMBER(console, c->console(n, 0, 0, 1, 2, -1) == -1, c->console(c, 0, 0, 1, 2, -1) == -1)
MEMBER(attach, c->attach(n, some_function, NULL, NULL, &number) < 0,
       c->attach(c, NULL, NULL, NULL, &number) < 0)
MEMBER(attach_run_wait, c->attach_run_wait(n, NULL, "true", no_arguments) == -1,
       c->attach_run_wait(c, &options, NULL, NULL) == -1)
MEMBER(attach_run_waitl, c->attach_run_waitl(n, NULL, "true", "true", NULL) == -1,
       c->attach_run_waitl(c, &options, NULL, NULL) == -1)
MEMBER(snapshot, c->snapshot(n, NULL) == -1, c->snapshot(c, NULL) == -1)
MEMBER(snapshot_list, c->snapshot_list(n, &snapshots) == -1, c->snapshot_list(c, &snapshots) == -1)
MEMBER(snapshot_restore, !c->snapshot_restore(n, "snap0", NULL),
       !c->snapshot_restore(c, "snap0", NULL))
MEMBER(snapshot_destroy, !c->snapshot_destroy(n, "snap0"), !c->snapshot_destroy(c, "snap0"))
MEMBER(may_control, !c->may_control(n), c->may_control(c))
MEMBER(add_device_node, !c->add_device_node(n, "/dev/null", NULL),
       !c->add_device_node(c, "/dev/null", NULL))
MEMBER(remove_device_node, !c->remove_device_node(n, "/dev/null", NULL),
       !c->remove_device_node(c, "/dev/null", NULL))
MEMBER(attach_interface, !c->attach_interface(n, "lo", "x"), !c->attach_interface(c, "lo", "x"))
MEMBER(detach_interface, !c->detach_interface(n, "lo", "x"), !c->detach_interface(c, "lo", "x"))
MEMBER(checkpoint, !c->checkpoint(n, world_top, false, false),
       !c->checkpoint(c, world_top, false, false))
MEMBER(restore, !c->restore(n, world_top, false), !c->restore(c, world_top, false))
MEMBER(destroy_with_snapshots, !c->destroy_with_snapshots(n), !c->destroy_with_snapshots(c))
MEMBER(snapshot_destroy_all, !c->snapshot_destroy_all(n), !c->snapshot_destroy_all(c))
MEMBER(migrate, c->migrate(n, MIGRATE_DUMP, &migration, sizeof(migration)) != 0,
       c->migrate(c, MIGRATE_DUMP, &migration, sizeof(migration)) != 0)
MEMBER(console_log, c->console_log(n, &console_log) < 0, c->console_log(c, &console_log) < 0)
MEMBER(reboot2, !c->reboot2(n, 0), c->reboot2(c, 0))
MEMBER(mount, c->mount(n, "/", "/", "none", 0, NULL, &mount_version) < 0,
       c->mount(c, "/", "/", "none", 0, NULL, &mount_version) < 0)
MEMBER(umount, c->umount(n, "/", 0, &mount_version) < 0, c->umount(c, "/", 0, &mount_version) < 0)
MEMBER(seccomp_notify_fd, c->seccomp_notify_fd(n) == -EBADF, c->seccomp_notify_fd(c) == -EBADF)
MEMBER(seccomp_notify_fd_active, c->seccomp_notify_fd_active(n) < 0,
       c->seccomp_notify_fd_active(c) == -ECONNREFUSED)
MEMBER(init_pidfd, c->init_pidfd(n) < 0, c->init_pidfd(c) == -ECONNREFUSED)
MEMBER(devpts_fd, c->devpts_fd(n) < 0, c->devpts_fd(c) == -ECONNREFUSED)
MEMBER(set_timeout, !c->set_timeout(n, 5), !c->set_timeout(c, 0) && !c->set_timeout(c, -2))

static const struct member members[] = {
	ROW(is_defined, ANSWERS), ROW(state, ANSWERS), ROW(is_running, ANSWERS),
	ROW(freeze, UNCONFIGURED), ROW(unfreeze, UNCONFIGURED), ROW(init_pid, STOPPED),
	ROW(load_config, WRONG_CALL), ROW(start, UNCONFIGURED), ROW(startl, UNCONFIGURED),
	ROW(stop, ANSWERS), ROW(want_daemonize, UNCONFIGURED),
	ROW(want_close_all_fds, UNCONFIGURED), ROW(config_file_name, ANSWERS),
	ROW(wait, WRONG_CALL), ROW(set_config_item, WRONG_CALL), ROW(destroy, UNDEFINED),
	ROW(save_config, WRONG_CALL), ROW(create, WRONG_CALL), ROW(createl, WRONG_CALL),
	ROW(rename, UNCONFIGURED), ROW(reboot, STOPPED), ROW(shutdown, ANSWERS),
	ROW(clear_config, ANSWERS), ROW(clear_config_item, WRONG_CALL),
	ROW(get_config_item, WRONG_CALL), ROW(get_running_config_item, WRONG_CALL),
	ROW(get_keys, WRONG_CALL), ROW(get_interfaces, STOPPED), ROW(get_ips, STOPPED),
	ROW(get_cgroup_item, WRONG_CALL), ROW(set_cgroup_item, WRONG_CALL),
	ROW(get_config_path, ANSWERS), ROW(set_config_path, WRONG_CALL), ROW(clone, UNDEFINED),
	ROW(console_getfd, STOPPED), ROW(console, STOPPED), ROW(attach, WRONG_CALL),
	ROW(attach_run_wait, WRONG_CALL), ROW(attach_run_waitl, WRONG_CALL),
	ROW(snapshot, UNDEFINED), ROW(snapshot_list, UNDEFINED), ROW(snapshot_restore, UNDEFINED),
	ROW(snapshot_destroy, UNDEFINED), ROW(may_control, ANSWERS), ROW(add_device_node, STOPPED),
	ROW(remove_device_node, STOPPED), ROW(attach_interface, STOPPED),
	ROW(detach_interface, STOPPED), ROW(checkpoint, LATER), ROW(restore, LATER),
	ROW(destroy_with_snapshots, UNDEFINED), ROW(snapshot_destroy_all, UNDEFINED),
	ROW(migrate, LATER), ROW(console_log, WRONG_CALL), ROW(reboot2, ANSWERS), ROW(mount, LATER),
	ROW(umount, LATER), ROW(seccomp_notify_fd, STOPPED),
	ROW(seccomp_notify_fd_active, STOPPED), ROW(init_pidfd, STOPPED),
	ROW(devpts_fd, STOPPED), ROW(set_timeout, WRONG_CALL),
};
/* clang-format on */

enum { MEMBER_COUNT = sizeof(members) / sizeof(members[0]) };

static void all_members_are_tried(void **state)
{
	/* From is_defined to set_timeout, but for the number before the last. */
	const size_t pointers = (offsetof(struct lxc_container, rcv_timeout) -
				 offsetof(struct lxc_container, is_defined)) /
					sizeof(void *) +
				1;

	assert_int_equal(MEMBER_COUNT, 62);
	assert_int_equal(MEMBER_COUNT, pointers);
}

static void no_container_is_a_failure_of_every_member(void **state)
{
	struct lxc_container *c = lxc_container_new("none", world_lxcpath);

	for (size_t i = 0; i < MEMBER_COUNT; i++)
		if (!members[i].is_null_failure(c))
			fail_msg("%s(NULL) does not return its failure", members[i].name);
	lxc_container_put(c);
}

/* A new object for each: the text must come from this very call. */
static struct lxc_container *make(enum kind kind)
{
	struct lxc_container *c = lxc_container_new("errors", world_lxcpath);

	assert_non_null(c);
	if (kind != UNCONFIGURED && kind != ANSWERS)
		assert_works(c, c->set_config_item(c, "lxc.uts.name", "errors"));
	return c;
}

static void every_failure_is_explained(void **state)
{
	for (size_t i = 0; i < MEMBER_COUNT; i++) {
		const struct member *m = &members[i];
		struct lxc_container *c = make(m->kind);

		assert_null(c->error_string);
		if (m->kind == ANSWERS) {
			(void)m->fails(c);
			if (c->error_string)
				fail_msg("%s is no failure, but: %s", m->name, c->error_string);
		} else if (!m->fails(c)) {
			fail_msg("%s did not fail", m->name);
		} else if (!c->error_string || strlen(c->error_string) < 10) {
			fail_msg("%s failed without a word", m->name);
		} else if (m->kind == LATER) {
			assert_explained(c, "is not part of this version");
		} else if (m->kind == UNDEFINED) {
			assert_explained(c, "is not defined");
		}
		lxc_container_put(c);
	}
}

/* Members that can't do without a configuration in memory (spec/api.md §5). */
static void no_configuration_is_explained(void **state)
{
	static const char *const names[] = {"freeze",         "unfreeze",           "start",
					    "want_daemonize", "want_close_all_fds", "startl"};
	struct lxc_container *c = make(UNCONFIGURED);

	for (size_t i = 0; i < MEMBER_COUNT; i++)
		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
			if (strcmp(members[i].name, names[k]) == 0) {
				assert_true(members[i].fails(c));
				assert_explained(c, "has no configuration in memory");
			}
	assert_int_equal(c->get_config_item(c, "lxc.uts.name", NULL, 0), -1);
	assert_explained(c, "has no configuration in memory");
	assert_true(c->get_keys(c, "lxc.uts", NULL, 0) < 0);
	assert_explained(c, "has no configuration in memory");
	assert_false(c->clear_config_item(c, "lxc.uts.name"));
	assert_explained(c, "has no configuration in memory");
	assert_null(c->get_running_config_item(c, "lxc.uts.name"));
	assert_explained(c, "has no configuration in memory");
	assert_true(c->get_keys(c, NULL, NULL, 0) > 1000);
	assert_int_equal(c->error_num, 1);
	lxc_container_put(c);
}

static void wrong_arguments_are_named(void **state)
{
	struct lxc_container *c = make(WRONG_CALL);

	assert_false(c->set_config_item(c, "lxc.uts.nmae", "x"));
	assert_explained(c, "lxc.uts.nmae");
	assert_false(c->set_config_item(c, "lxc.init.uid", "many"));
	assert_explained(c, "many");
	assert_false(c->clear_config_item(c, "lxc.nonsense"));
	assert_explained(c, "lxc.nonsense");
	assert_true(c->get_config_item(c, "lxc.nonsense", NULL, 0) < 0);
	assert_explained(c, "lxc.nonsense");
	assert_true(c->get_config_item(c, "lxc.uts.name", NULL, -1) < 0);
	assert_true(c->get_config_item(c, "lxc.include", NULL, 0) < 0);
	assert_explained(c, "lxc.include");
	assert_true(c->get_keys(c, "lxc.nonsense", NULL, 0) < 0);
	assert_explained(c, "lxc.nonsense");
	assert_false(c->load_config(c, "/nowhere/config"));
	assert_explained(c, "/nowhere/config");
	assert_false(c->save_config(c, "/nowhere/config"));
	assert_explained(c, "/nowhere/config");
	assert_false(c->create(c, "/no/such/template", NULL, NULL, 0, NULL));
	assert_explained(c, "/no/such/template");
	assert_false(c->create(c, NULL, "cloud", NULL, 0, NULL));
	assert_explained(c, "cloud");
	assert_false(c->wait(c, "STOPPED|NAPPING", 0));
	assert_explained(c, "NAPPING");
	lxc_container_put(c);
}

/* A monitor that says "no permission". */
static void refusal_is_explained(void **state)
{
	static const int32_t refused[4] = {-EPERM, 0, 0, 0};
	struct world_monitor *monitor = world_make_monitor("errors", refused);
	struct lxc_container *c = make(STOPPED);

	assert_false(c->may_control(c));
	assert_explained(c, "belongs to another user");
	assert_string_equal(c->state(c), "INVALID STATE");
	assert_explained(c, "belongs to another user");
	assert_true(c->is_running(c));
	assert_int_equal(c->init_pid(c), -1);
	assert_explained(c, "belongs to another user");
	assert_true(c->init_pidfd(c) < 0);
	assert_explained(c, "belongs to another user");
	assert_true(c->devpts_fd(c) < 0);
	assert_explained(c, "belongs to another user");
	assert_false(c->stop(c));
	assert_explained(c, "belongs to another user");
	assert_false(c->shutdown(c, 1));
	assert_explained(c, "belongs to another user");
	assert_false(c->reboot2(c, 1));
	assert_explained(c, "belongs to another user");
	assert_false(c->freeze(c));
	assert_explained(c, "belongs to another user");
	assert_false(c->wait(c, "RUNNING", 2));
	assert_explained(c, "belongs to another user");
	assert_true(c->attach(c, some_function, NULL, NULL, &number) < 0);
	assert_explained(c, "belongs to another user");
	assert_true(c->get_cgroup_item(c, "memory.max", NULL, 0) < 0);
	assert_non_null(c->error_string);
	world_end_monitor(monitor);
	lxc_container_put(c);
}

/* INC-06: a stuck monitor is told after the time of set_timeout(), and never taken for stopped. */
static void silence_is_explained(void **state)
{
	struct world_monitor *monitor = world_make_monitor("errors", NULL);
	struct lxc_container *c = make(STOPPED);
	int64_t begin = world_clock();

	assert_works(c, c->set_timeout(c, 1));
	assert_string_equal(c->state(c), "INVALID STATE");
	assert_in_range(world_clock() - begin, 900, 3000);
	assert_explained(c, "did not answer");
	assert_true(c->is_running(c));
	world_end_monitor(monitor);
	assert_string_equal(c->state(c), "STOPPED");
	lxc_container_put(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_members_are_tried),
		cmocka_unit_test(no_container_is_a_failure_of_every_member),
		cmocka_unit_test(every_failure_is_explained),
		cmocka_unit_test(no_configuration_is_explained),
		cmocka_unit_test(wrong_arguments_are_named),
		cmocka_unit_test(refusal_is_explained),
		cmocka_unit_test(silence_is_explained),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
