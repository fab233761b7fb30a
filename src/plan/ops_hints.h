/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Hints by errno, for the rows of the op table (ops.c): each array ends in an errno of 0. Private
 * to plan/; others ask plan_hint_for() (print.h).
 */

#include "plan/ops.h"

extern const struct plan_hint plan_hints_hook[];
extern const struct plan_hint plan_hints_pid_file[];
extern const struct plan_hint plan_hints_terminal[];
extern const struct plan_hint plan_hints_console_peer[];
extern const struct plan_hint plan_hints_console_log[];
extern const struct plan_hint plan_hints_memory[];
extern const struct plan_hint plan_hints_cgroup[];
extern const struct plan_hint plan_hints_cgroup_controllers[];
extern const struct plan_hint plan_hints_cgroup_write[];
extern const struct plan_hint plan_hints_cgroup_devices[];
extern const struct plan_hint plan_hints_cgroup_move[];
extern const struct plan_hint plan_hints_namespace[];
extern const struct plan_hint plan_hints_namespace_open[];
extern const struct plan_hint plan_hints_clone[];
extern const struct plan_hint plan_hints_restore[];
extern const struct plan_hint plan_hints_idmap[];
extern const struct plan_hint plan_hints_idmap_helpers[];
extern const struct plan_hint plan_hints_core_sched[];
extern const struct plan_hint plan_hints_core_join[];
extern const struct plan_hint plan_hints_prlimit[];
extern const struct plan_hint plan_hints_proc_write[];
extern const struct plan_hint plan_hints_root_pin[];
extern const struct plan_hint plan_hints_veth[];
extern const struct plan_hint plan_hints_user_nic[];
extern const struct plan_hint plan_hints_link[];
extern const struct plan_hint plan_hints_bridge[];
extern const struct plan_hint plan_hints_port_vlan[];
extern const struct plan_hint plan_hints_command[];
extern const struct plan_hint plan_hints_macvlan[];
extern const struct plan_hint plan_hints_ipvlan[];
extern const struct plan_hint plan_hints_vlan[];
extern const struct plan_hint plan_hints_netns[];
extern const struct plan_hint plan_hints_phys[];
extern const struct plan_hint plan_hints_route[];
extern const struct plan_hint plan_hints_address[];
extern const struct plan_hint plan_hints_ids[];
extern const struct plan_hint plan_hints_access[];
extern const struct plan_hint plan_hints_time[];
extern const struct plan_hint plan_hints_mounts[];
extern const struct plan_hint plan_hints_hostname[];
extern const struct plan_hint plan_hints_path[];
extern const struct plan_hint plan_hints_source[];
extern const struct plan_hint plan_hints_attributes[];
extern const struct plan_hint plan_hints_attach[];
extern const struct plan_hint plan_hints_filesystem[];
extern const struct plan_hint plan_hints_root_filesystem[];
extern const struct plan_hint plan_hints_make_host[];
extern const struct plan_hint plan_hints_loop[];
extern const struct plan_hint plan_hints_nbd[];
extern const struct plan_hint plan_hints_unmount[];
extern const struct plan_hint plan_hints_make[];
extern const struct plan_hint plan_hints_write[];
extern const struct plan_hint plan_hints_root_check[];
extern const struct plan_hint plan_hints_console[];
extern const struct plan_hint plan_hints_pivot[];
extern const struct plan_hint plan_hints_personality[];
extern const struct plan_hint plan_hints_caps[];
extern const struct plan_hint plan_hints_no_new_privs[];
extern const struct plan_hint plan_hints_seccomp[];
extern const struct plan_hint plan_hints_stdio[];
extern const struct plan_hint plan_hints_setsid[];
extern const struct plan_hint plan_hints_chdir[];
extern const struct plan_hint plan_hints_enter[];
extern const struct plan_hint plan_hints_exec[];
extern const struct plan_hint plan_hints_stash[];
