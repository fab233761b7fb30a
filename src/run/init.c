/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The INIT lane: the child's walk through the plan's START section, from behind the clone to exec;
 * and the JOIN lane, the few steps of a process that goes before it, by the same rules.
 * What each op does stands in the init_*.c files; here are the table, the loop, the registers and
 * what is told to HOST. The cursor of the record is HOST's and not touched; a fault that the record
 * orders for a gate is HOST's, too.
 */

#include "run/init.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "run/gate.h"
#include "sys/capability.h"
#include "sys/syscall.h"

/* -- registers */

static struct record_register *shared_register(const struct init_lane *l, uint64_t number)
{
	return &record_registers(l->run->record)[number];
}

int init_get_fd(const struct init_lane *l, uint64_t register_number, int *ret)
{
	if (register_number >= PLAN_REGISTERS_MAX || l->fds[register_number] < 0)
		return INIT_EMPTY;
	*ret = l->fds[register_number];
	return 0;
}

int init_get_base(const struct init_lane *l, uint64_t register_number, int *ret)
{
	if (register_number == PLAN_NO_REGISTER) {
		*ret = -EBADF;
		return 0;
	}
	return init_get_fd(l, register_number, ret);
}

int init_get_number(const struct init_lane *l, uint64_t register_number, uint64_t *ret)
{
	const struct record_register *r;

	if (register_number >= PLAN_REGISTERS_MAX)
		return INIT_EMPTY;
	r = shared_register(l, register_number);
	if (atomic_load_explicit(&r->state, memory_order_acquire) != VALUE_SET)
		return INIT_EMPTY;
	*ret = r->number;
	return 0;
}

void init_empty_fd(struct init_lane *l, uint64_t register_number)
{
	if (register_number >= PLAN_REGISTERS_MAX || l->fds[register_number] < 0)
		return;
	sys_close(l->fds[register_number]);
	l->fds[register_number] = -EBADF;
}

void init_set_fd(struct init_lane *l, int fd)
{
	if (l->step->out >= PLAN_REGISTERS_MAX) {
		sys_close(fd);
		return;
	}
	init_empty_fd(l, l->step->out);
	l->fds[l->step->out] = fd;
	l->is_own[l->step->out] = true;
}

void init_set_number(struct init_lane *l, uint64_t register_number, uint64_t value)
{
	struct record_register *r;

	if (register_number >= PLAN_REGISTERS_MAX)
		return;
	r = shared_register(l, register_number);
	r->number = value;
	atomic_store_explicit(&r->state, VALUE_SET, memory_order_release);
}

/* Descriptors that HOST had at the clone are ours, too, under the same numbers. */
static void inherit_fds(struct init_lane *l)
{
	const struct plan_register *registers = plan_registers(l->plan);

	for (uint32_t i = 0; i < PLAN_REGISTERS_MAX; i++) {
		const struct record_register *r = shared_register(l, i);

		l->fds[i] = -EBADF;
		l->is_own[i] = false;
		if (i < l->plan->registers.count && registers[i].kind == REGISTER_FD &&
		    atomic_load_explicit(&r->state, memory_order_acquire) == VALUE_SET)
			l->fds[i] = r->fd;
	}
}

/* -- texts */

size_t init_text_length(const char *text)
{
	const char *end = text;

	while (*end) {
		end++;
		/* Keeps gcc from making a call of strlen out of this. */
		__asm__ volatile("" : "+r"(end));
	}
	return (size_t)(end - text);
}

size_t init_decimal(uint64_t number, char *ret)
{
	char digits[20];
	size_t n = 0;

	do {
		digits[n++] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	for (size_t i = 0; i < n; i++)
		ret[i] = digits[n - 1 - i];
	return n;
}

static void note_bytes(struct init_lane *l, const char *bytes, size_t length)
{
	const size_t used = init_text_length(l->note);
	const size_t room = sizeof(l->note) - 1 - used;

	if (length > room)
		length = room;
	memcpy(l->note + used, bytes, length);
	l->note[used + length] = '\0';
}

void init_note(struct init_lane *l, const char *text)
{
	l->note[0] = '\0';
	init_note_add(l, text);
}

void init_note_add(struct init_lane *l, const char *text)
{
	note_bytes(l, text, init_text_length(text));
}

void init_note_number(struct init_lane *l, uint64_t number)
{
	char digits[20];
	const size_t length = init_decimal(number, digits);

	note_bytes(l, digits, length);
}

void init_umask_clear(struct init_lane *l)
{
	if (l->has_umask)
		return;
	l->umask = sys_umask(0);
	l->has_umask = true;
}

void init_umask_restore(struct init_lane *l)
{
	if (!l->has_umask)
		return;
	sys_umask(l->umask);
	l->has_umask = false;
}

/* -- HOST */

void init_tell(struct init_lane *l, enum gate_kind kind, int errnum, int fd)
{
	struct gate_message message = {.kind = kind, .step = l->index, .errnum = errnum};
	struct gate_fds fds = {.count = 0};

	if (kind == MESSAGE_FAILED || kind == MESSAGE_WARNED) {
		message.call = l->call;
		memcpy(message.note, l->note, sizeof(message.note));
	}
	if (fd >= 0)
		fds.fds[fds.count++] = fd;
	/* Nobody is left to work for. */
	if (gate_send(l->gate_fd, &message, &fds) < 0)
		sys_exit(1);
}

static int arrive(struct init_lane *l)
{
	const uint64_t first = l->step->arg[1];
	struct gate_message message = {.kind = MESSAGE_ARRIVED, .step = l->index};
	struct gate_fds fds = {.count = 0};
	int r;

	for (uint64_t i = 0; first != PLAN_NO_REGISTER && i < l->step->arg[2]; i++) {
		int fd;

		if (init_get_fd(l, first + i, &fd) != 0)
			continue;
		gate_mark(&message, (unsigned)i);
		fds.fds[fds.count++] = fd;
	}
	l->call = __NR_sendmsg;
	r = gate_send(l->gate_fd, &message, &fds);
	if (r < 0)
		sys_exit(1);
	return 0;
}

/* HOST is where INIT is, or further. */
static int wait_for_host(struct init_lane *l)
{
	struct gate_message message;
	struct gate_fds fds;
	int r;

	l->call = __NR_recvmsg;
	r = gate_receive(l->gate_fd, &message, &fds);
	if (r == 0 || r == -ECONNRESET)
		sys_exit(1);
	if (r < 0)
		return r;
	if (message.kind != MESSAGE_PASS || message.step != l->index) {
		init_note(l, "the supervisor answered for another step");
		return -EPROTO;
	}
	return 0;
}

int init_op_gate(struct init_lane *l)
{
	int r = 0;

	if (plan_gate_holds_host(l->step->arg[0]))
		r = arrive(l);
	return r == 0 && plan_gate_holds_init(l->step->arg[0]) ? wait_for_host(l) : r;
}

/* -- the walk */

static int (*const ops[OP_COUNT])(struct init_lane *) = {
	[OP_GATE] = init_op_gate,
	[OP_CGROUP_JOIN_BETWEEN] = init_op_cgroup_join,
	[OP_NS_JOIN] = init_op_enter,
	[OP_DEATH_SIGNAL] = init_op_death_signal,
	[OP_CGROUP_JOIN] = init_op_cgroup_join,
	[OP_UNSHARE] = init_op_unshare,
	[OP_BECOME_ROOT] = init_op_become_root,
	[OP_CHECK_ACCESS] = init_op_check_access,
	[OP_TIME_OFFSETS] = init_op_time_offsets,
	[OP_MOUNTS_SLAVE] = init_op_mounts_slave,
	[OP_HOOK_INSIDE] = init_op_hook_inside,
	[OP_HOSTNAME] = init_op_hostname,
	[OP_KEYRING] = init_op_keyring,
	[OP_PATH_OPEN] = init_op_path_open,
	[OP_PATH_CHECK] = init_op_path_check,
	[OP_TREE_OPEN] = init_op_tree_open,
	[OP_TREE_ATTRIBUTES] = init_op_tree_attributes,
	[OP_TREE_ATTACH] = init_op_tree_attach,
	[OP_TREE_TAKE] = init_op_tree_take,
	[OP_FS_OPEN] = init_op_fs_open,
	[OP_FS_OPEN_LONG] = init_op_fs_open_long,
	[OP_UMOUNT] = init_op_umount,
	[OP_MAKE_DIRECTORY] = init_op_make_directory,
	[OP_MAKE_FILE] = init_op_make_file,
	[OP_MAKE_NODE] = init_op_make_node,
	[OP_MAKE_LINK] = init_op_make_link,
	[OP_WRITE] = init_op_write,
	[OP_BOOT_ID] = init_op_boot_id,
	[OP_ROOT_CHECK] = init_op_root_check,
	[OP_CONSOLE_BIND] = init_op_console_bind,
	[OP_TTY_MAKE] = init_op_tty_make,
	[OP_PIVOT] = init_op_pivot,
	[OP_CORE_JOIN] = init_op_core_join,
	[OP_PERSONALITY] = init_op_personality,
	[OP_CAPS_BOUND] = init_op_caps_bound,
	[OP_CAPS_AMBIENT] = init_op_caps_ambient,
	[OP_NO_NEW_PRIVS] = init_op_no_new_privs,
	[OP_SECCOMP] = init_op_seccomp,
	[OP_STDIO_CONSOLE] = init_op_stdio_console,
	[OP_STDIO_NULL] = init_op_stdio_null,
	[OP_STDIO_FDS] = init_op_stdio_fds,
	[OP_STDIO_CHOWN] = init_op_stdio_chown,
	[OP_SETSID] = init_op_setsid,
	[OP_CHDIR] = init_op_chdir,
	[OP_GROUPS] = init_op_groups,
	[OP_SET_GID] = init_op_set_gid,
	[OP_SET_UID] = init_op_set_uid,
	[OP_ADDRESS_SOCKET] = init_op_address_socket,
	[OP_LINK_UP_INSIDE] = init_op_link_up_inside,
	[OP_LINK_MAC_INSIDE] = init_op_link_mac_inside,
	[OP_ADDRESS_ADD] = init_op_address_add,
	[OP_ROUTE_DEFAULT] = init_op_route_default,
	[OP_ENTER] = init_op_enter,
	[OP_CLOSE_OTHERS] = init_op_close_others,
	[OP_EXEC] = init_op_exec,
	[OP_RUN_INIT] = init_op_run_init,
};

/* Where the step's times go, or NULL. */
static uint64_t *trace_of(const struct init_lane *l)
{
	struct record_header *record = l->run->record;

	if (!(record->flags & RECORD_TRACE) ||
	    record->trace.size < (l->index + 1ULL) * 2 * sizeof(uint64_t))
		return NULL;
	return (uint64_t *)((char *)record + record->trace.offset) + 2 * (size_t)l->index;
}

static void note_time(uint64_t *ret)
{
	struct timespec now;

	if (ret && sys_clock_gettime(CLOCK_MONOTONIC, &now) == 0)
		*ret = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int execute(struct init_lane *l)
{
	const struct record_header *record = l->run->record;
	int r;

	l->call = 0;
	l->note[0] = '\0';
	if (record->fault_errno && record->fault_step == l->index + 1 &&
	    l->step->lane != LANE_BOTH && record->fault_place == FAULT_IN_START) {
		if (record->fault_errno < 0)
			sys_exit(-record->fault_errno);
		init_note(l, "a fault that a test asked for");
		return -record->fault_errno;
	}
	if (l->step->op >= OP_COUNT || !ops[l->step->op])
		return -ENOSYS;
	r = ops[l->step->op](l);
	if (r != INIT_EMPTY)
		return r;
	if (l->step->flags & STEP_OPTIONAL)
		return 0;
	if (!l->note[0])
		init_note(l, "a register that an earlier step fills is empty");
	return -ENODATA;
}

/* Tells HOST; returns when the lane goes on. */
static void fail(struct init_lane *l, int r)
{
	const int errnum = r == INIT_EXPLAINED ? 0 : -r;

	if (l->step->flags & (STEP_OPTIONAL | STEP_WARN)) {
		/* One register serves many steps: what an earlier one left must not be taken for
		 * this one's. */
		init_empty_fd(l, l->step->out);
		init_tell(l, MESSAGE_WARNED, errnum, -EBADF);
		return;
	}
	init_tell(l, MESSAGE_FAILED, errnum, -EBADF);
	sys_exit(1);
}

/*
 * CVE-2022-27650: what the caller lets programs inherit is not the container's; root's programs
 * would get it even past the bounding set. The ambient set goes with it.
 */
static void disinherit(void)
{
	struct capability_sets sets;

	if (capability_get(&sets) < 0 || sets.inheritable == 0)
		return;
	sets.inheritable = 0;
	capability_set(&sets);
}

static void begin(struct init_lane *l, struct run *run, int gate_fd)
{
	l->run = run;
	l->plan = run->plan;
	l->gate_fd = gate_fd;
	l->has_umask = false;
	l->is_hidden = false;
	l->netlink = NULL;
	inherit_fds(l);
}

/* The steps of the lanes whose bits are set. */
static void walk(struct init_lane *l, uint32_t first, unsigned lanes)
{
	const struct plan_step *steps = plan_steps(l->plan, SECTION_START);

	for (uint32_t i = first; i < l->plan->sections[SECTION_START].count; i++) {
		uint64_t *trace;
		int r;

		if (!(lanes >> steps[i].lane & 1))
			continue;
		l->step = &steps[i];
		l->index = i;
		trace = trace_of(l);
		note_time(trace);
		r = execute(l);
		note_time(trace ? trace + 1 : NULL);
		if (r < 0)
			fail(l, r);
	}
}

void run_join_lane(struct run *run, uint32_t first, int report_fd)
{
	struct init_lane lane;

	begin(&lane, run, report_fd);
	walk(&lane, first, 1U << LANE_JOIN);
}

void run_init_lane(struct run *run, uint32_t first, int gate_fd)
{
	const uint32_t count = run->plan->sections[SECTION_START].count;
	struct init_lane lane;
	int r;

	begin(&lane, run, gate_fd);
	if (run->caller_descriptors)
		init_leave_connections(&lane);
	disinherit();
	walk(&lane, first, 1U << LANE_INIT | 1U << LANE_BOTH);
	/* Whatever is said now is about the last step. */
	lane.index = count > 0 ? count - 1 : 0;
	lane.call = 0;
	lane.note[0] = '\0';
	r = init_finish(&lane);
	init_tell(&lane, MESSAGE_FAILED, -r, -EBADF);
	sys_exit(1);
}
