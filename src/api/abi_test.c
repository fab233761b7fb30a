/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ABI of liblxc.so.1 on 64-bit machines: sizes and offsets of LXC 7.0 (spec/api.md §4), and
 * values of constants (§3). Programs compiled long ago depend on each.
 */

#include <lxc/lxccontainer.h>
#include <lxc/version.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"

struct place {
	const char *member;
	size_t offset, expected;
};

#define PLACE(type, member, expected)                               \
	{                                                           \
#type "." #member, offsetof(type, member), expected \
	}

/* clang-format off */
static const struct place places[] = {
	PLACE(struct lxc_container, name, 0),
	PLACE(struct lxc_container, configfile, 8),
	PLACE(struct lxc_container, pidfile, 16),
	PLACE(struct lxc_container, slock, 24),
	PLACE(struct lxc_container, privlock, 32),
	PLACE(struct lxc_container, numthreads, 40),
	PLACE(struct lxc_container, lxc_conf, 48),
	PLACE(struct lxc_container, error_string, 56),
	PLACE(struct lxc_container, error_num, 64),
	PLACE(struct lxc_container, daemonize, 68),
	PLACE(struct lxc_container, config_path, 72),
	PLACE(struct lxc_container, is_defined, 80),
	PLACE(struct lxc_container, state, 88),
	PLACE(struct lxc_container, is_running, 96),
	PLACE(struct lxc_container, freeze, 104),
	PLACE(struct lxc_container, unfreeze, 112),
	PLACE(struct lxc_container, init_pid, 120),
	PLACE(struct lxc_container, load_config, 128),
	PLACE(struct lxc_container, start, 136),
	PLACE(struct lxc_container, startl, 144),
	PLACE(struct lxc_container, stop, 152),
	PLACE(struct lxc_container, want_daemonize, 160),
	PLACE(struct lxc_container, want_close_all_fds, 168),
	PLACE(struct lxc_container, config_file_name, 176),
	PLACE(struct lxc_container, wait, 184),
	PLACE(struct lxc_container, set_config_item, 192),
	PLACE(struct lxc_container, destroy, 200),
	PLACE(struct lxc_container, save_config, 208),
	PLACE(struct lxc_container, create, 216),
	PLACE(struct lxc_container, createl, 224),
	PLACE(struct lxc_container, rename, 232),
	PLACE(struct lxc_container, reboot, 240),
	PLACE(struct lxc_container, shutdown, 248),
	PLACE(struct lxc_container, clear_config, 256),
	PLACE(struct lxc_container, clear_config_item, 264),
	PLACE(struct lxc_container, get_config_item, 272),
	PLACE(struct lxc_container, get_running_config_item, 280),
	PLACE(struct lxc_container, get_keys, 288),
	PLACE(struct lxc_container, get_interfaces, 296),
	PLACE(struct lxc_container, get_ips, 304),
	PLACE(struct lxc_container, get_cgroup_item, 312),
	PLACE(struct lxc_container, set_cgroup_item, 320),
	PLACE(struct lxc_container, get_config_path, 328),
	PLACE(struct lxc_container, set_config_path, 336),
	PLACE(struct lxc_container, clone, 344),
	PLACE(struct lxc_container, console_getfd, 352),
	PLACE(struct lxc_container, console, 360),
	PLACE(struct lxc_container, attach, 368),
	PLACE(struct lxc_container, attach_run_wait, 376),
	PLACE(struct lxc_container, attach_run_waitl, 384),
	PLACE(struct lxc_container, snapshot, 392),
	PLACE(struct lxc_container, snapshot_list, 400),
	PLACE(struct lxc_container, snapshot_restore, 408),
	PLACE(struct lxc_container, snapshot_destroy, 416),
	PLACE(struct lxc_container, may_control, 424),
	PLACE(struct lxc_container, add_device_node, 432),
	PLACE(struct lxc_container, remove_device_node, 440),
	PLACE(struct lxc_container, attach_interface, 448),
	PLACE(struct lxc_container, detach_interface, 456),
	PLACE(struct lxc_container, checkpoint, 464),
	PLACE(struct lxc_container, restore, 472),
	PLACE(struct lxc_container, destroy_with_snapshots, 480),
	PLACE(struct lxc_container, snapshot_destroy_all, 488),
	PLACE(struct lxc_container, migrate, 496),
	PLACE(struct lxc_container, console_log, 504),
	PLACE(struct lxc_container, reboot2, 512),
	PLACE(struct lxc_container, mount, 520),
	PLACE(struct lxc_container, umount, 528),
	PLACE(struct lxc_container, seccomp_notify_fd, 536),
	PLACE(struct lxc_container, seccomp_notify_fd_active, 544),
	PLACE(struct lxc_container, init_pidfd, 552),
	PLACE(struct lxc_container, devpts_fd, 560),
	PLACE(struct lxc_container, rcv_timeout, 568),
	PLACE(struct lxc_container, set_timeout, 576),
	PLACE(struct lxc_snapshot, name, 0),
	PLACE(struct lxc_snapshot, comment_pathname, 8),
	PLACE(struct lxc_snapshot, timestamp, 16),
	PLACE(struct lxc_snapshot, lxcpath, 24),
	PLACE(struct lxc_snapshot, free, 32),
	PLACE(struct bdev_specs, fstype, 0),
	PLACE(struct bdev_specs, fssize, 8),
	PLACE(struct bdev_specs, zfs.zfsroot, 16),
	PLACE(struct bdev_specs, lvm.vg, 24),
	PLACE(struct bdev_specs, lvm.lv, 32),
	PLACE(struct bdev_specs, lvm.thinpool, 40),
	PLACE(struct bdev_specs, dir, 48),
	PLACE(struct bdev_specs, rbd.rbdname, 56),
	PLACE(struct bdev_specs, rbd.rbdpool, 64),
	PLACE(struct bdev_specs, rbd.rbduser, 72),
	PLACE(struct migrate_opts, directory, 0),
	PLACE(struct migrate_opts, verbose, 8),
	PLACE(struct migrate_opts, stop, 9),
	PLACE(struct migrate_opts, predump_dir, 16),
	PLACE(struct migrate_opts, pageserver_address, 24),
	PLACE(struct migrate_opts, pageserver_port, 32),
	PLACE(struct migrate_opts, preserves_inodes, 40),
	PLACE(struct migrate_opts, action_script, 48),
	PLACE(struct migrate_opts, disable_skip_in_flight, 56),
	PLACE(struct migrate_opts, ghost_limit, 64),
	PLACE(struct migrate_opts, features_to_check, 72),
	PLACE(struct lxc_log, name, 0),
	PLACE(struct lxc_log, lxcpath, 8),
	PLACE(struct lxc_log, file, 16),
	PLACE(struct lxc_log, level, 24),
	PLACE(struct lxc_log, prefix, 32),
	PLACE(struct lxc_log, quiet, 40),
	PLACE(struct lxc_console_log, clear, 0),
	PLACE(struct lxc_console_log, read, 1),
	PLACE(struct lxc_console_log, read_max, 8),
	PLACE(struct lxc_console_log, data, 16),
	PLACE(lxc_attach_options_t, attach_flags, 0),
	PLACE(lxc_attach_options_t, namespaces, 4),
	PLACE(lxc_attach_options_t, personality, 8),
	PLACE(lxc_attach_options_t, initial_cwd, 16),
	PLACE(lxc_attach_options_t, uid, 24),
	PLACE(lxc_attach_options_t, gid, 28),
	PLACE(lxc_attach_options_t, env_policy, 32),
	PLACE(lxc_attach_options_t, extra_env_vars, 40),
	PLACE(lxc_attach_options_t, extra_keep_env, 48),
	PLACE(lxc_attach_options_t, stdin_fd, 56),
	PLACE(lxc_attach_options_t, stdout_fd, 60),
	PLACE(lxc_attach_options_t, stderr_fd, 64),
	PLACE(lxc_attach_options_t, log_fd, 68),
	PLACE(lxc_attach_options_t, lsm_label, 72),
	PLACE(lxc_attach_options_t, groups, 80),
	PLACE(lxc_attach_command_t, program, 0),
	PLACE(lxc_attach_command_t, argv, 8),
	PLACE(lxc_groups_t, size, 0),
	PLACE(lxc_groups_t, list, 8),
};
/* clang-format on */

static void members_stand_where_old_programs_look_for_them(void **state)
{
	for (size_t i = 0; i < ARRAY_LENGTH(places); i++)
		if (places[i].offset != places[i].expected)
			fail_msg("%s is at %zu, not at %zu", places[i].member, places[i].offset,
				 places[i].expected);
}

static void structures_have_their_sizes(void **state)
{
	assert_int_equal(sizeof(struct lxc_container), 584);
	assert_int_equal(sizeof(struct lxc_snapshot), 40);
	assert_int_equal(sizeof(struct bdev_specs), 80);
	assert_int_equal(sizeof(struct lxc_mount), 4);
	assert_int_equal(sizeof(struct migrate_opts), 80);
	assert_int_equal(sizeof(struct lxc_log), 48);
	assert_int_equal(sizeof(struct lxc_console_log), 24);
	assert_int_equal(sizeof(lxc_attach_options_t), 96);
	assert_int_equal(sizeof(lxc_attach_command_t), 16);
	assert_int_equal(sizeof(lxc_groups_t), 16);
}

static void constants_have_their_values(void **state)
{
	assert_int_equal(LXC_CLONE_ALLOW_RUNNING, 64);
	assert_int_equal(LXC_CLONE_MAXFLAGS, 32);
	assert_int_equal(LXC_CREATE_MAXFLAGS, 2);
	assert_int_equal(MIGRATE_FEATURE_CHECK, 3);
	assert_int_equal(LXC_ATTACH_DEFAULT, 0xffff);
	assert_int_equal(LXC_ATTACH_LSM, 0x120008);
	assert_int_equal(LXC_ATTACH_SETGROUPS, 0x200000);
	assert_int_equal(LXC_ATTACH_TERMINAL, 0x80000);
	assert_int_equal(LXC_ATTACH_REMOUNT_PROC_SYS, 0x10000);
	assert_int_equal(LXC_ATTACH_CLEAR_ENV, 1);
	assert_true(LXC_ATTACH_DETECT_PERSONALITY == ~0L);
}

static void default_attach_options_are_those_of_lxc(void **state)
{
	lxc_attach_options_t options = LXC_ATTACH_OPTIONS_DEFAULT;

	assert_int_equal(options.attach_flags, LXC_ATTACH_DEFAULT);
	assert_int_equal(options.namespaces, -1);
	assert_true(options.personality == LXC_ATTACH_DETECT_PERSONALITY);
	assert_null(options.initial_cwd);
	assert_true(options.uid == (uid_t)-1 && options.gid == (gid_t)-1);
	assert_int_equal(options.env_policy, LXC_ATTACH_KEEP_ENV);
	assert_int_equal(options.stdin_fd, 0);
	assert_int_equal(options.stdout_fd, 1);
	assert_int_equal(options.stderr_fd, 2);
	assert_int_equal(options.log_fd, -EBADF);
	assert_null(options.lsm_label);
	assert_int_equal(options.groups.size, 0);
}

static void architectures_have_their_personalities(void **state)
{
	signed long persona = -1;

	assert_int_equal(lxc_config_parse_arch("amd64", &persona), 0);
	assert_int_equal(persona, 0);
	assert_int_equal(lxc_config_parse_arch("i686", &persona), 0);
	assert_int_equal(persona, 8);
	assert_true(lxc_config_parse_arch("vax", &persona) < 0);
	assert_true(lxc_config_parse_arch(NULL, &persona) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_stand_where_old_programs_look_for_them),
		cmocka_unit_test(structures_have_their_sizes),
		cmocka_unit_test(constants_have_their_values),
		cmocka_unit_test(default_attach_options_are_those_of_lxc),
		cmocka_unit_test(architectures_have_their_personalities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
