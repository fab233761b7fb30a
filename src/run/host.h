/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Inside the HOST lane: what host_*.c share. One function per op; each returns 0 or -errno and,
 * when it failed, has told the call and a note. host.c has the table and walks the steps.
 */

#include <stdbool.h>
#include <stdint.h>

#include "run/gate.h"
#include "run/run.h"
#include "sys/kernel.h"

struct host {
	struct run *run;
	const struct plan *plan;
	enum plan_section section;
	uint32_t index; /* of the step */
	bool is_owing;  /* a STEP_OWED of this section has failed */
	struct run_failure *failure;
};

typedef int (*host_function)(struct host *h, const struct plan_step *step);

/* -- host.c: failures */

/* Note which system call failed. Returns r. */
int host_failed(struct host *h, uint32_t call, int r);

/* Say what was found. Returns r. */
int host_note(struct host *h, int r, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same where no errno says more than the note does. Returns a negative number. */
int host_explain(struct host *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* -- host.c: registers. `n` may be PLAN_NO_REGISTER: nothing happens, and it is empty. */

struct record_register *host_register(const struct host *h, unsigned n);
bool host_has(const struct host *h, unsigned n);

/* The descriptor, or -EBADF when it is empty. */
int host_fd(const struct host *h, unsigned n);

/* Its name, or "" when it is empty. */
const char *host_name(const struct host *h, unsigned n);

/* An older descriptor in the register is closed; `fd` belongs to it from now on. */
void host_set_fd(struct host *h, unsigned n, int fd);
void host_set_number(struct host *h, unsigned n, uint64_t number);

/* A name before the thing exists, and once it does (`number` as the op has it). -ENAMETOOLONG. */
int host_intend_name(struct host *h, unsigned n, const char *name);
void host_set_name(struct host *h, unsigned n, uint64_t number);

/* Empty it, closing what it holds. */
void host_clear(struct host *h, unsigned n);

/* -- host.c: the rest */

static inline const char *host_text(const struct host *h, const struct plan_step *step, unsigned i)
{
	return plan_text(h->plan, step->arg[i]);
}

/* Serve the supervisor's events until the descriptor is readable. 0 or -errno. */
int host_wait(struct host *h, int fd);

/* -- host_wait.c: the same with an end. 1: it is readable; 0: the time is over; -errno. */
int host_wait_for(struct host *h, int fd, unsigned milliseconds);
/* Serve events for a while. 0 or -errno. */
int host_pause(struct host *h, unsigned milliseconds);

/* -- host.c: warnings */

/* Tell the supervisor that something failed that is not fatal. */
void host_warn(struct host *h, const struct run_failure *failure);

/* -- host_gate.c */

/* MESSAGE_FAILED, of a step that START has: it becomes the failure. Negative. */
int host_take_failure(struct host *h, const struct gate_message *message);

/*
 * A step of START failed with r: if INIT has failed meanwhile, that is the cause (HOST may have
 * stumbled over the process that was gone), and becomes the failure. Returns what counts.
 */
int host_blame(struct host *h, int r);

/* -- the ops, by file */

/* clang-format off */
int host_state(struct host *h, const struct plan_step *step);
int host_scope_enter(struct host *h, const struct plan_step *step);
int host_compile(struct host *h, const struct plan_step *step);
int host_exit_event(struct host *h, const struct plan_step *step);
int host_pid_file_write(struct host *h, const struct plan_step *step);
int host_pid_file_remove(struct host *h, const struct plan_step *step);
int host_destroy(struct host *h, const struct plan_step *step);
int host_fd_close(struct host *h, const struct plan_step *step);
int host_console_open(struct host *h, const struct plan_step *step);
int host_console_peer(struct host *h, const struct plan_step *step);
int host_console_log(struct host *h, const struct plan_step *step);
int host_console_buffer(struct host *h, const struct plan_step *step);
int host_console_close(struct host *h, const struct plan_step *step);
int host_root_pin(struct host *h, const struct plan_step *step);

int host_hook(struct host *h, const struct plan_step *step);
int host_hook_pipe(struct host *h, const struct plan_step *step);

int host_cgroup_create(struct host *h, const struct plan_step *step);
int host_cgroup_create_inner(struct host *h, const struct plan_step *step);
int host_cgroup_cpuset(struct host *h, const struct plan_step *step);
int host_cgroup_controllers(struct host *h, const struct plan_step *step);
int host_cgroup_enter(struct host *h, const struct plan_step *step);
int host_cgroup_leave(struct host *h, const struct plan_step *step);
int host_cgroup_clear(struct host *h, const struct plan_step *step);
int host_cgroup_write(struct host *h, const struct plan_step *step);
int host_cgroup_device_rule(struct host *h, const struct plan_step *step);
int host_cgroup_devices(struct host *h, const struct plan_step *step);
int host_cgroup_move(struct host *h, const struct plan_step *step);
int host_cgroup_chown(struct host *h, const struct plan_step *step);
int host_cgroup_open(struct host *h, const struct plan_step *step);
int host_cgroup_remove(struct host *h, const struct plan_step *step);
/* Version 1 keeps what is frozen from dying: thaw the cgroups of a register, which may be empty. */
void host_cgroup_thaw(struct host *h, uint16_t number);

int host_mount_ns_enter(struct host *h, const struct plan_step *step);
int host_mount_ns_leave(struct host *h, const struct plan_step *step);
int host_stash(struct host *h, const struct plan_step *step);
int host_tree_open(struct host *h, const struct plan_step *step);
int host_tree_attributes(struct host *h, const struct plan_step *step);
int host_tree_attach(struct host *h, const struct plan_step *step);
int host_tree_hand_over(struct host *h, const struct plan_step *step);

int host_fs_open(struct host *h, const struct plan_step *step);
int host_fs_open_found(struct host *h, const struct plan_step *step);
int host_fs_open_long(struct host *h, const struct plan_step *step);
int host_make_directory(struct host *h, const struct plan_step *step);
int host_loop_open(struct host *h, const struct plan_step *step);
int host_nbd_connect(struct host *h, const struct plan_step *step);
int host_nbd_disconnect(struct host *h, const struct plan_step *step);

int host_clone(struct host *h, const struct plan_step *step);
int host_kill(struct host *h, const struct plan_step *step);
int host_ns_open(struct host *h, const struct plan_step *step);
int host_ns_open_path(struct host *h, const struct plan_step *step);
int host_core_sched(struct host *h, const struct plan_step *step);
int host_prlimit(struct host *h, const struct plan_step *step);
int host_proc_write(struct host *h, const struct plan_step *step);

int host_user_ns_make(struct host *h, const struct plan_step *step);
int host_idmap_write(struct host *h, const struct plan_step *step);
int host_idmap_helpers(struct host *h, const struct plan_step *step);

int host_veth_create(struct host *h, const struct plan_step *step);
int host_link_delete(struct host *h, const struct plan_step *step);
int host_link_master(struct host *h, const struct plan_step *step);
int host_link_up(struct host *h, const struct plan_step *step);
int host_link_sysctl(struct host *h, const struct plan_step *step);
int host_link_route(struct host *h, const struct plan_step *step);
int host_link_proxy(struct host *h, const struct plan_step *step);
int host_link_vlan_add(struct host *h, const struct plan_step *step);
int host_link_vlan_remove(struct host *h, const struct plan_step *step);
int host_ovs_port_add(struct host *h, const struct plan_step *step);
int host_ovs_port_set(struct host *h, const struct plan_step *step);
int host_ovs_port_remove(struct host *h, const struct plan_step *step);
int host_macvlan_create(struct host *h, const struct plan_step *step);
int host_ipvlan_create(struct host *h, const struct plan_step *step);
int host_vlan_create(struct host *h, const struct plan_step *step);
int host_upper_delete(struct host *h, const struct plan_step *step);
int host_netns_pin(struct host *h, const struct plan_step *step);
int host_netns_unpin(struct host *h, const struct plan_step *step);
int host_phys_take(struct host *h, const struct plan_step *step);
int host_phys_return(struct host *h, const struct plan_step *step);
int host_wireless_take(struct host *h, const struct plan_step *step);
int host_wireless_return(struct host *h, const struct plan_step *step);
int host_proxy_add(struct host *h, const struct plan_step *step);
int host_proxy_remove(struct host *h, const struct plan_step *step);
int host_lo_route_add(struct host *h, const struct plan_step *step);
int host_lo_route_remove(struct host *h, const struct plan_step *step);

int host_user_nic_create(struct host *h, const struct plan_step *step);
int host_user_nic_delete(struct host *h, const struct plan_step *step);

int host_gate(struct host *h, const struct plan_step *step);
/* clang-format on */
