/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The HOST lane: walking the steps of a section, the table of their functions, registers and
 * failures. START ends with the first failure; STOP and UNDO tell it and go on, because what is
 * left must be given back whatever happened.
 */

#include "run/host.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "run/host_cgroup.h"

/* Ops of other lanes, and those that nothing runs yet (restore), have no function here. */
static const host_function functions[OP_COUNT] = {
	[OP_STATE] = host_state,
	[OP_HOOK] = host_hook,
	[OP_SCOPE_ENTER] = host_scope_enter,
	[OP_COMPILE] = host_compile,
	[OP_EXIT_EVENT] = host_exit_event,
	[OP_PID_FILE_WRITE] = host_pid_file_write,
	[OP_PID_FILE_REMOVE] = host_pid_file_remove,
	[OP_DESTROY] = host_destroy,
	[OP_FD_CLOSE] = host_fd_close,
	[OP_KILL] = host_kill,
	[OP_CONSOLE_OPEN] = host_console_open,
	[OP_CONSOLE_PEER] = host_console_peer,
	[OP_CONSOLE_LOG] = host_console_log,
	[OP_CONSOLE_BUFFER] = host_console_buffer,
	[OP_CONSOLE_CLOSE] = host_console_close,
	[OP_CGROUP_CREATE] = host_cgroup_create,
	[OP_CGROUP_CREATE_INNER] = host_cgroup_create_inner,
	[OP_CGROUP_CPUSET] = host_cgroup_cpuset,
	[OP_CGROUP_CONTROLLERS] = host_cgroup_controllers,
	[OP_CGROUP_ENTER] = host_cgroup_enter,
	[OP_CGROUP_LEAVE] = host_cgroup_leave,
	[OP_CGROUP_CLEAR] = host_cgroup_clear,
	[OP_CGROUP_WRITE] = host_cgroup_write,
	[OP_CGROUP_DEVICE_RULE] = host_cgroup_device_rule,
	[OP_CGROUP_DEVICES] = host_cgroup_devices,
	[OP_CGROUP_MOVE] = host_cgroup_move,
	[OP_CGROUP_CHOWN] = host_cgroup_chown,
	[OP_CGROUP_OPEN] = host_cgroup_open,
	[OP_CGROUP_REMOVE] = host_cgroup_remove,
	[OP_MOUNT_NS_ENTER] = host_mount_ns_enter,
	[OP_MOUNT_NS_LEAVE] = host_mount_ns_leave,
	[OP_STASH] = host_stash,
	[OP_USER_NS_MAKE] = host_user_ns_make,
	[OP_HOOK_PIPE] = host_hook_pipe,
	[OP_CLONE] = host_clone,
	[OP_NS_OPEN] = host_ns_open,
	[OP_NS_OPEN_PATH] = host_ns_open_path,
	[OP_IDMAP_WRITE] = host_idmap_write,
	[OP_IDMAP_HELPERS] = host_idmap_helpers,
	[OP_CORE_SCHED] = host_core_sched,
	[OP_PRLIMIT] = host_prlimit,
	[OP_PROC_WRITE] = host_proc_write,
	[OP_ROOT_PIN] = host_root_pin,
	[OP_VETH_CREATE] = host_veth_create,
	[OP_LINK_DELETE] = host_link_delete,
	[OP_LINK_MASTER] = host_link_master,
	[OP_LINK_UP] = host_link_up,
	[OP_LINK_SYSCTL] = host_link_sysctl,
	[OP_LINK_ROUTE] = host_link_route,
	[OP_LINK_PROXY] = host_link_proxy,
	[OP_LINK_VLAN_ADD] = host_link_vlan_add,
	[OP_LINK_VLAN_REMOVE] = host_link_vlan_remove,
	[OP_OVS_PORT_ADD] = host_ovs_port_add,
	[OP_OVS_PORT_SET] = host_ovs_port_set,
	[OP_OVS_PORT_REMOVE] = host_ovs_port_remove,
	[OP_MACVLAN_CREATE] = host_macvlan_create,
	[OP_IPVLAN_CREATE] = host_ipvlan_create,
	[OP_VLAN_CREATE] = host_vlan_create,
	[OP_UPPER_DELETE] = host_upper_delete,
	[OP_NETNS_PIN] = host_netns_pin,
	[OP_NETNS_UNPIN] = host_netns_unpin,
	[OP_PHYS_TAKE] = host_phys_take,
	[OP_PHYS_RETURN] = host_phys_return,
	[OP_WIRELESS_TAKE] = host_wireless_take,
	[OP_WIRELESS_RETURN] = host_wireless_return,
	[OP_PROXY_ADD] = host_proxy_add,
	[OP_PROXY_REMOVE] = host_proxy_remove,
	[OP_LO_ROUTE_ADD] = host_lo_route_add,
	[OP_LO_ROUTE_REMOVE] = host_lo_route_remove,
	[OP_USER_NIC_CREATE] = host_user_nic_create,
	[OP_USER_NIC_DELETE] = host_user_nic_delete,
	[OP_GATE] = host_gate,
	[OP_TREE_OPEN_HOST] = host_tree_open,
	[OP_TREE_ATTRIBUTES_HOST] = host_tree_attributes,
	[OP_TREE_ATTACH_HOST] = host_tree_attach,
	[OP_FS_OPEN_HOST] = host_fs_open,
	[OP_FS_OPEN_FOUND] = host_fs_open_found,
	[OP_FS_OPEN_LONG_HOST] = host_fs_open_long,
	[OP_MAKE_DIRECTORY_HOST] = host_make_directory,
	[OP_LOOP_OPEN] = host_loop_open,
	[OP_NBD_CONNECT] = host_nbd_connect,
	[OP_NBD_DISCONNECT] = host_nbd_disconnect,
	[OP_TREE_HAND_OVER] = host_tree_hand_over,
};

int host_failed(struct host *h, uint32_t call, int r)
{
	h->failure->call = call;
	return r;
}

static void set_note(struct host *h, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

static void set_note(struct host *h, const char *fmt, va_list ap)
{
	vsnprintf(h->failure->note, sizeof(h->failure->note), fmt, ap);
}

int host_note(struct host *h, int r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_note(h, fmt, ap);
	va_end(ap);
	return r;
}

int host_explain(struct host *h, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_note(h, fmt, ap);
	va_end(ap);
	h->failure->errnum = 0;
	return -EIO;
}

struct record_register *host_register(const struct host *h, unsigned n)
{
	if (n >= h->plan->registers.count || n >= PLAN_REGISTERS_MAX)
		return NULL;
	return record_registers(h->run->record) + n;
}

bool host_has(const struct host *h, unsigned n)
{
	const struct record_register *r = host_register(h, n);

	return r && atomic_load(&r->state) == VALUE_SET;
}

int host_fd(const struct host *h, unsigned n)
{
	return host_has(h, n) ? host_register(h, n)->fd : -EBADF;
}

const char *host_name(const struct host *h, unsigned n)
{
	return host_has(h, n) ? host_register(h, n)->name : "";
}

static bool holds_fd(const struct host *h, unsigned n)
{
	return host_has(h, n) && plan_registers(h->plan)[n].kind == REGISTER_FD &&
	       host_register(h, n)->fd >= 0;
}

void host_set_fd(struct host *h, unsigned n, int fd)
{
	struct record_register *r = host_register(h, n);

	if (!r) {
		close(fd);
		return;
	}
	if (holds_fd(h, n))
		close(r->fd);
	r->fd = fd;
	atomic_store(&r->state, VALUE_SET);
}

void host_set_number(struct host *h, unsigned n, uint64_t number)
{
	struct record_register *r = host_register(h, n);

	if (!r)
		return;
	r->number = number;
	atomic_store(&r->state, VALUE_SET);
}

int host_intend_name(struct host *h, unsigned n, const char *name)
{
	struct record_register *r = host_register(h, n);
	const size_t length = strlen(name);

	if (!r)
		return 0;
	if (length >= sizeof(r->name))
		return -ENAMETOOLONG;
	/* Whoever undoes this after a crash must never see half a name that counts. */
	atomic_store(&r->state, VALUE_EMPTY);
	memcpy(r->name, name, length + 1);
	r->number = 0;
	atomic_store(&r->parts, 0);
	atomic_store(&r->gone, 0);
	atomic_store(&r->state, VALUE_INTENDED);
	return 0;
}

void host_set_name(struct host *h, unsigned n, uint64_t number)
{
	host_set_number(h, n, number);
}

void host_clear(struct host *h, unsigned n)
{
	struct record_register *r = host_register(h, n);

	if (!r)
		return;
	if (holds_fd(h, n))
		close(r->fd);
	atomic_store(&r->state, VALUE_EMPTY);
	r->fd = -EBADF;
}

int host_wait(struct host *h, int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int r;

	if (h->run->calls->wait_readable) {
		r = h->run->calls->wait_readable(h->run, fd);
		return r < 0 ? r : 0;
	}
	do
		r = poll(&p, 1, -1);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : 0;
}

void host_warn(struct host *h, const struct run_failure *failure)
{
	if (h->run->calls->warn)
		h->run->calls->warn(h->run, failure);
}

/* Where the time of a step is noted, or NULL. A prelude's steps are not START's. */
static uint64_t *trace_of(const struct host *h)
{
	struct record_header *record = h->run->record;
	const struct record_part *part = &record->trace;

	if (!(record->flags & RECORD_TRACE) || record->in_prelude || h->section != SECTION_START ||
	    part->size / (2 * sizeof(uint64_t)) <= h->index)
		return NULL;
	return (uint64_t *)((char *)record + part->offset) + (size_t)2 * h->index;
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static enum fault_place place_of(const struct host *h)
{
	if (h->section == SECTION_STOP)
		return FAULT_IN_STOP;
	if (h->section == SECTION_UNDO)
		return FAULT_IN_UNDO;
	return h->run->record->in_prelude ? FAULT_IN_PRELUDE : FAULT_IN_START;
}

/* The errno that a test wants the step to fail with, or 0. May not return. */
static int fault_of(const struct host *h)
{
	struct record_header *record = h->run->record;
	const int fault = record->fault_errno;

	if (fault == 0 || record->fault_step != h->index + 1 || record->fault_place != place_of(h))
		return 0;
	/* What ends a run is tried again when it fails. */
	if (fault < 0 || h->section != SECTION_START)
		record->fault_errno = 0;
	if (fault < 0)
		kill(getpid(), -fault);
	return fault;
}

static int execute(struct host *h, const struct plan_step *step)
{
	const int fault = fault_of(h);
	int r;

	memset(h->failure, 0, sizeof(*h->failure));
	h->failure->section = h->section;
	h->failure->step = h->index;
	/* Told apart from what host_explain() sets. */
	h->failure->errnum = -1;
	if (fault)
		r = host_note(h, -fault, "a fault that a test asked for");
	else if (h->run->is_elsewhere && (step->flags & STEP_NETWORK))
		r = host_explain(h, "the run began in another network namespace than this one");
	else if (step->op >= OP_COUNT || !functions[step->op])
		r = host_note(h, -ENOSYS, "this program cannot do it yet");
	else
		r = functions[step->op](h, step);
	if (r < 0 && h->failure->errnum == -1)
		h->failure->errnum = -r;
	return r;
}

static int run_step(struct host *h, const struct plan_step *step)
{
	struct record_header *record = h->run->record;
	uint64_t *trace = trace_of(h);
	int r;

	record->section = h->section;
	atomic_store(&record->cursor_done, 0);
	atomic_store(&record->cursor, h->index);
	if (trace)
		trace[0] = now();
	r = execute(h, step);
	if (trace)
		trace[1] = now();
	atomic_store(&record->cursor_done, 1);
	return r;
}

static bool is_ours(const struct plan_step *step)
{
	return step->lane == LANE_HOST || step->lane == LANE_BOTH;
}

/* What a reboot leaves: files, and what Open vSwitch has in its own. All else is gone with it: what
 * has its name, its pid or its index now is somebody else's. */
static bool outlives_boot(const struct plan_step *step)
{
	return step->op == OP_PID_FILE_REMOVE || step->op == OP_NETNS_UNPIN ||
	       step->op == OP_OVS_PORT_REMOVE;
}

/* Whether there may be something to undo. */
static bool is_begun(const struct host *h, unsigned n)
{
	const struct record_register *reg = host_register(h, n);

	return !reg || atomic_load(&reg->state) != VALUE_EMPTY;
}

/* An optional step whose input is not there has nothing to do. */
static bool is_passed_over(const struct host *h, const struct plan_step *step)
{
	if (h->run->is_after_reboot && !outlives_boot(step))
		return true;
	if (h->run->is_elsewhere && (step->flags & STEP_NETWORK) && !is_begun(h, step->in))
		return true;
	return (step->flags & STEP_OPTIONAL) && step->in != PLAN_NO_REGISTER &&
	       !host_has(h, step->in);
}

/* 0, or negative when the step's failure ends the section. */
static int take_step(struct host *h, const struct plan_step *step)
{
	int r = run_step(h, step);

	if (r >= 0)
		return 0;
	h->is_owing = h->is_owing || (step->flags & STEP_OWED);
	if (h->section == SECTION_START && !(step->flags & (STEP_OPTIONAL | STEP_WARN)))
		return step->lane == LANE_HOST ? host_blame(h, r) : r;
	if (step->flags & STEP_OPTIONAL)
		host_clear(h, step->out);
	host_warn(h, h->failure);
	return 0;
}

static int run_steps(struct run *r, enum plan_section section, uint32_t first, unsigned skipped,
		     struct run_failure *ret)
{
	struct host h = {.run = r, .plan = r->plan, .section = section, .failure = ret};
	const struct plan_step *steps = plan_steps(h.plan, section);
	int result = 0;

	for (h.index = first; result == 0 && h.index < h.plan->sections[section].count; h.index++) {
		const struct plan_step *step = &steps[h.index];

		if (is_ours(step) && !(step->flags & skipped) && !is_passed_over(&h, step))
			result = take_step(&h, step);
	}
	host_cgroup_close_bases(&h);
	return result;
}

int run_host(struct run *r, enum plan_section section, uint32_t first, struct run_failure *ret)
{
	return run_steps(r, section, first, STEP_LATE, ret);
}

bool run_has_late(const struct run *r)
{
	const struct plan_step *steps = plan_steps(r->plan, SECTION_START);

	for (uint32_t i = 0; i < r->plan->sections[SECTION_START].count; i++)
		if (steps[i].flags & STEP_LATE)
			return true;
	return false;
}

void run_late(struct run *r)
{
	struct run_failure failure;
	struct host h = {.run = r, .plan = r->plan, .section = SECTION_START, .failure = &failure};
	const struct plan_step *steps = plan_steps(h.plan, SECTION_START);

	for (h.index = 0; h.index < h.plan->sections[SECTION_START].count; h.index++)
		if ((steps[h.index].flags & STEP_LATE) && run_step(&h, &steps[h.index]) < 0)
			host_warn(&h, &failure);
	host_cgroup_close_bases(&h);
}

int run_undo(struct run *r, struct run_failure *ret)
{
	const struct plan_register *kinds = plan_registers(r->plan);
	struct record_register *registers = record_registers(r->record);

	/* The descriptors died with their process; their numbers may be others' here. */
	for (uint32_t i = 0; i < r->plan->registers.count && i < PLAN_REGISTERS_MAX; i++) {
		if (kinds[i].kind != REGISTER_FD)
			continue;
		atomic_store(&registers[i].state, VALUE_EMPTY);
		registers[i].fd = -EBADF;
	}
	r->child = 0;
	r->child_fd = -EBADF;
	r->gate_fd = -EBADF;
	return run_steps(r, SECTION_UNDO, 0, STEP_LIVE | STEP_LATE, ret);
}
