/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether bytes are a plan: for every process that gets one from another.
 *
 * First the frame (header, tables, blob), then each step by its row of the op table, then what
 * steps must be to one another. Once the last byte of the blob is known to be NUL, every offset
 * inside the blob begins a text. Allocates nothing. Whether a plan makes sense for a container is
 * not asked here: plans come from processes of the same user, who may do anyway what they say.
 */

#include "plan/ops.h"

#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#include "base/ids.h"
#include "base/utf8.h"

enum {
	ALIGNMENT = 8,
	TERMINALS_MAX = 128,
	SIGNAL_LARGEST = 64,
	RESOURCE_LARGEST = 255,
	STATE_LARGEST = 7,
	STREAMS_ALL = 7,
	MODE_LARGEST = 0177777,
	FILTER_INSTRUCTION = 8,
	FILTER_LONGEST = 4096, /* BPF_MAXINSNS */
	REFERENCE_LENGTH = 3,
	MAC_BITS = 48,
	MODE_OF_LINK_LARGEST = 16,
	STEPS_MAX = 16384, /* of a section: no container needs them */
};

#define CLONE_KNOWN                                                                                \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | \
	 CLONE_NEWCGROUP | CLONE_NEWTIME)
#define FLAGS_KNOWN ((PLAN_LEAVES_CGROUP << 1) - 1)
#define STEP_FLAGS_KNOWN \
	(STEP_OPTIONAL | STEP_LIVE | STEP_WARN | STEP_LATE | STEP_OWED | STEP_NETWORK)

static const enum register_kind role_kinds[ROLE_COUNT] = {
	[ROLE_INIT_PID] = REGISTER_NUMBER,     [ROLE_INIT_PIDFD] = REGISTER_FD,
	[ROLE_CONSOLE_MASTER] = REGISTER_FD,   [ROLE_CONSOLE_INDEX] = REGISTER_NUMBER,
	[ROLE_DEVPTS] = REGISTER_FD,           [ROLE_TTY_FIRST] = REGISTER_FD,
	[ROLE_MONITOR_CGROUP] = REGISTER_NAME, [ROLE_LIMIT_CGROUP] = REGISTER_NAME,
	[ROLE_PAYLOAD_CGROUP] = REGISTER_NAME, [ROLE_HOOK_OUTPUT] = REGISTER_FD,
	[ROLE_ADDRESS_SOCKET] = REGISTER_FD,   [ROLE_SECCOMP_LISTENER] = REGISTER_FD,
	[ROLE_ROOT_PIN] = REGISTER_FD,         [ROLE_OUTER_MOUNTS] = REGISTER_FD,
};

/* A text that may be missing. */
static bool is_text(const struct plan *p, uint64_t offset)
{
	return offset == 0 || (offset >= p->blob && offset < p->size);
}

/* One for people: there are no bytes in it that a terminal would act on. */
static bool is_visible(const struct plan *p, uint32_t offset)
{
	const char *text;
	size_t len;

	if (!is_text(p, offset))
		return false;
	text = plan_text(p, offset);
	len = strnlen(text, PLAN_VISIBLE_MAX);
	return len < PLAN_VISIBLE_MAX && utf8_is_visible(text, len);
}

static bool is_list(const struct plan *p, uint64_t offset)
{
	const char *end = (const char *)p + p->size;
	const char *item;

	if (offset < p->blob || offset % sizeof(uint32_t) != 0 ||
	    offset > p->size - sizeof(uint32_t))
		return false;
	item = plan_list_first(p, offset);
	for (uint32_t i = 0; i < plan_list_count(p, offset); i++) {
		if (item >= end)
			return false;
		item += strlen(item) + 1;
	}
	return true;
}

static bool is_bytes(const struct plan *p, uint64_t offset)
{
	return offset >= p->blob && offset % ALIGNMENT == 0 &&
	       offset <= p->size - 2 * sizeof(uint32_t) &&
	       plan_bytes_length(p, offset) <= p->size - offset - 2 * sizeof(uint32_t);
}

static bool is_register(const struct plan *p, uint64_t number, unsigned kind)
{
	return number < p->registers.count && plan_registers(p)[number].kind == kind;
}

/* Every reference in a text names a register, or stands for the byte itself. */
static bool has_good_references(const struct plan *p, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	while ((at = (const unsigned char *)strchr((const char *)at, PLAN_REFERENCE))) {
		int number;

		if (at[1] == 0 || at[2] == 0 || at[2] > 128)
			return false;
		number = (at[1] - 1) * 128 + (at[2] - 1);
		if (number >= (int)p->registers.count && number != PLAN_LITERAL)
			return false;
		at += REFERENCE_LENGTH;
	}
	return true;
}

static bool has_good_list_references(const struct plan *p, uint64_t offset)
{
	const char *item = plan_list_first(p, offset);

	for (uint32_t i = 0; i < plan_list_count(p, offset); i++) {
		if (!has_good_references(p, item))
			return false;
		item += strlen(item) + 1;
	}
	return true;
}

static bool is_devices(const struct plan *p, uint64_t offset)
{
	const struct plan_devices *devices = plan_bytes(p, offset);
	uint32_t length = plan_bytes_length(p, offset);

	if (length < sizeof(*devices) || devices->allow_by_default > 1 ||
	    (length - sizeof(*devices)) % sizeof(devices->rows[0]) != 0 ||
	    (length - sizeof(*devices)) / sizeof(devices->rows[0]) != devices->count)
		return false;
	for (uint32_t i = 0; i < devices->count; i++) {
		const struct plan_device *row = &devices->rows[i];

		if ((row->type != 'b' && row->type != 'c') || row->access > 7 || row->major < -1 ||
		    row->minor < -1 || row->major > UINT32_MAX || row->minor > UINT32_MAX)
			return false;
	}
	return true;
}

static bool is_good_bytes(const struct plan *p, unsigned form, uint64_t offset)
{
	uint32_t length;

	if (!is_bytes(p, offset))
		return false;
	length = plan_bytes_length(p, offset);
	switch (form) {
	case FORM_ADDRESS:
		return length == 4 || length == 16;
	case FORM_DEVICES:
		return is_devices(p, offset);
	case FORM_FILTER:
		return length > 0 && length % FILTER_INSTRUCTION == 0 &&
		       length / FILTER_INSTRUCTION <= FILTER_LONGEST;
	case FORM_GIDS:
		return length % sizeof(uint32_t) == 0;
	default:
		return false;
	}
}

static bool is_good_number(const struct plan *p, unsigned form, uint64_t value)
{
	switch (form) {
	case FORM_OCTAL:
		return value <= MODE_LARGEST;
	case FORM_CLONE:
		return (value & ~(uint64_t)CLONE_KNOWN) == 0;
	case FORM_SIGNAL:
		return value <= SIGNAL_LARGEST;
	case FORM_STATE:
		return value <= STATE_LARGEST;
	case FORM_GATE:
		return value < GATE_COUNT;
	case FORM_MAC:
		return value >> MAC_BITS == 0;
	case FORM_MACVLAN:
	case FORM_IPVLAN:
	case FORM_ISOLATION:
		return value <= MODE_OF_LINK_LARGEST;
	case FORM_HIERARCHY:
		return value < p->hierarchies.count;
	case FORM_FLAG:
		return value <= 1;
	case FORM_CGROUP:
		return (value & ~(uint64_t)(CGROUP_FIXED | CGROUP_PAYLOAD)) == 0;
	case FORM_CLONE_KIND:
		return value <= CLONE_RESTORE;
	case FORM_RESOURCE:
		return value <= RESOURCE_LARGEST;
	case FORM_FAMILY:
		return value == AF_INET || value == AF_INET6;
	case FORM_STREAMS:
		return value <= STREAMS_ALL;
	case FORM_ID:
	case FORM_IPV4:
	case FORM_SECCOMP:
		return value <= UINT32_MAX;
	default:
		return true;
	}
}

static const char *check_argument(const struct plan *p, const struct plan_argument *argument,
				  uint64_t value)
{
	bool is_missing = value == 0 && argument->optional;

	switch ((enum plan_argument_kind)argument->kind) {
	case ARGUMENT_TEXT:
		if (!is_text(p, value) || (value == 0 && !argument->optional))
			return "A text of a step is missing or outside the plan";
		if (argument->references && !has_good_references(p, plan_text(p, value)))
			return "A text of a step refers to a register that does not exist";
		return NULL;
	case ARGUMENT_LIST:
		if (is_missing)
			return NULL;
		if (!is_list(p, value))
			return "A list of a step is missing or outside the plan";
		if (argument->references && !has_good_list_references(p, value))
			return "A list of a step refers to a register that does not exist";
		return NULL;
	case ARGUMENT_NUMBER:
		return is_good_number(p, argument->form, value)
			       ? NULL
			       : "A number of a step is out of its range";
	case ARGUMENT_REGISTER:
		if (value == PLAN_NO_REGISTER && argument->optional)
			return NULL;
		return is_register(p, value, argument->form)
			       ? NULL
			       : "A step needs a register that is missing or of another kind";
	case ARGUMENT_BYTES:
		return is_missing || is_good_bytes(p, argument->form, value)
			       ? NULL
			       : "Bytes of a step are missing, malformed or outside the plan";
	case ARGUMENT_NONE:
	default:
		return value == 0 ? NULL : "A step has more arguments than its op takes";
	}
}

static bool is_good_port(const struct plan *p, unsigned rule, unsigned kind, uint16_t number)
{
	if (number == PLAN_NO_REGISTER)
		return rule != REGISTER_REQUIRED;
	return rule != REGISTER_UNUSED && is_register(p, number, kind);
}

/* What single ops want besides. */
static const char *check_special(const struct plan *p, const struct plan_step *step)
{
	bool must_succeed = step->op == OP_GATE || step->op == OP_CLONE || step->op == OP_COMPILE ||
			    step->op == OP_EXEC || step->op == OP_RUN_INIT;

	/* There is nobody to be warned by: one word is said by the process in between. */
	must_succeed |= step->lane == LANE_JOIN;
	if (must_succeed && (step->flags & (STEP_OPTIONAL | STEP_WARN)))
		return "A step that decides over the start may fail";
	if (step->op == OP_EXEC || step->op == OP_RUN_INIT || step->op == OP_RESTORE ||
	    step->op == OP_IDMAP_HELPERS) {
		if (plan_list_count(p, step->arg[0]) == 0 ||
		    (step->op == OP_IDMAP_HELPERS && plan_list_count(p, step->arg[1]) == 0))
			return "A command to run is empty";
	}
	if (step->op == OP_GATE) {
		uint64_t first = step->arg[1], count = step->arg[2];

		if ((first == PLAN_NO_REGISTER) != (count == 0) || count > p->registers.count)
			return "A gate hands over registers that do not exist";
		for (uint64_t i = 0; i < count; i++)
			if (!is_register(p, first + i, REGISTER_FD))
				return "A gate hands over registers that do not exist";
	}
	return NULL;
}

static const char *check_step(const struct plan *p, const struct plan_step *step)
{
	const struct plan_op_row *row = &plan_op_rows[step->op < OP_COUNT ? step->op : OP_NONE];

	if (step->op == OP_NONE || step->op >= OP_COUNT)
		return "A step has no known op";
	if (step->lane != row->lane)
		return "A step stands in the wrong lane";
	if (step->flags & ~STEP_FLAGS_KNOWN)
		return "A step has unknown flags";
	if (!is_visible(p, step->object) || !is_visible(p, step->origin))
		return "A step's object or origin cannot be shown";
	if (!is_good_port(p, row->in, row->in_kind, step->in))
		return "A step reads a register that is missing or of another kind";
	if (!is_good_port(p, row->out, row->out_kind, step->out))
		return "A step writes a register that is missing or of another kind";
	for (size_t i = 0; i < PLAN_ARGUMENTS; i++) {
		const char *problem = check_argument(p, &row->arguments[i], step->arg[i]);

		if (problem)
			return problem;
	}
	return check_special(p, step);
}

/* The order of START: nothing of a child before there is one, nothing behind exec. */
static const char *check_order(const struct plan *p)
{
	const struct plan_step *steps = plan_steps(p, SECTION_START);
	const struct plan_step *clone = NULL, *compile = NULL;
	bool has_ended = false; /* INIT's lane */

	for (uint32_t i = 0; i < p->sections[SECTION_START].count; i++) {
		const struct plan_step *step = &steps[i];

		if (compile)
			return "Steps stand behind the one that gets the plan proper";
		if (step->op == OP_COMPILE)
			compile = step;
		if (step->op == OP_CLONE && clone)
			return "Two steps make the container's process";
		if (step->op == OP_CLONE)
			clone = step;
		if (step->lane == LANE_HOST)
			continue;
		if (!clone)
			return "A step of the container's process stands before the clone";
		if (step->lane == LANE_JOIN && clone->arg[3] != CLONE_JOIN)
			return "A step joins namespaces, but the clone does not";
		if (step->lane == LANE_RESTORE && clone->arg[3] != CLONE_RESTORE)
			return "A step restores a checkpoint, but the clone does not";
		if (has_ended)
			return "Steps of the container's process stand behind its exec";
		has_ended = step->op == OP_EXEC || step->op == OP_RUN_INIT;
	}
	if ((p->flags & PLAN_IS_PRELUDE ? 1 : 0) != (compile ? 1 : 0))
		return "A prelude, and nothing else, ends with getting the plan proper";
	if (clone && compile)
		return "A prelude makes no process";
	if (clone && !has_ended && clone->arg[3] != CLONE_RESTORE && !(p->flags & PLAN_IS_ATTACH))
		return "The container's process has nothing to run";
	return NULL;
}

static void set_bit(uint64_t *bits, unsigned n)
{
	bits[n / 64] |= UINT64_C(1) << n % 64;
}

static bool has_bit(const uint64_t *bits, unsigned n)
{
	return bits[n / 64] >> n % 64 & 1;
}

/* What START makes is given back by the section. */
static bool gives_back(const struct plan *p, enum plan_section section)
{
	/* A bit for each register; behind them one for the op, whatever it reads. Small: a start
	 * waits for each page of stack that the kernel has to find. */
	uint64_t given[OP_COUNT][PLAN_REGISTERS_MAX / 64 + 1];

	memset(given, 0, sizeof(given));
	for (uint32_t i = 0; i < p->sections[section].count; i++) {
		const struct plan_step *step = &plan_steps(p, section)[i];

		set_bit(given[step->op], PLAN_REGISTERS_MAX);
		if (step->in != PLAN_NO_REGISTER)
			set_bit(given[step->op], step->in);
	}
	for (uint32_t i = 0; i < p->sections[SECTION_START].count; i++) {
		const struct plan_step *step = &plan_steps(p, SECTION_START)[i];
		enum plan_op undo = plan_op_rows[step->op].undo;
		bool by_register = plan_op_rows[undo].in == REGISTER_REQUIRED;

		/* Its process is gone when STOP begins. */
		if (undo == OP_NONE || (undo == OP_KILL && section == SECTION_STOP))
			continue;
		if (!has_bit(given[undo], by_register ? step->out : PLAN_REGISTERS_MAX))
			return false;
	}
	return true;
}

static const char *check_steps(const struct plan *p)
{
	const char *problem;

	for (unsigned section = 0; section < SECTION_COUNT; section++) {
		for (uint32_t i = 0; i < p->sections[section].count; i++) {
			const struct plan_step *step =
				&plan_steps(p, (enum plan_section)section)[i];

			problem = check_step(p, step);
			if (problem)
				return problem;
			if ((step->flags & STEP_LATE) &&
			    (section != SECTION_START || step->lane != LANE_HOST))
				return "Only steps of START that are HOST's can come late";
			if (section != SECTION_START &&
			    (step->lane != LANE_HOST || step->op == OP_CLONE ||
			     step->op == OP_COMPILE))
				return "Only START makes processes and gives them steps";
		}
	}
	problem = check_order(p);
	if (problem)
		return problem;
	if (!gives_back(p, SECTION_UNDO))
		return "UNDO does not give back what START makes";
	if (!(p->flags & PLAN_IS_ATTACH) && !gives_back(p, SECTION_STOP))
		return "STOP does not give back what START makes";
	return NULL;
}

static bool is_table(const struct plan *p, uint32_t offset, uint32_t count, size_t size)
{
	return offset >= sizeof(*p) && offset % ALIGNMENT == 0 && offset <= p->blob &&
	       count <= (p->blob - offset) / size;
}

static const char *check_tables(const struct plan *p)
{
	for (uint32_t i = 0; i < p->registers.count; i++) {
		const struct plan_register *r = &plan_registers(p)[i];

		if (r->kind > REGISTER_NAME || r->name == 0 || !is_visible(p, r->name))
			return "A register has no name or no known kind";
	}
	for (uint32_t i = 0; i < p->hierarchies.count; i++) {
		const struct plan_hierarchy *h = &plan_hierarchies(p)[i];

		if ((h->version != 1 && h->version != 2) || h->is_cpuset > 1 || h->mount == 0 ||
		    !is_visible(p, h->mount) || !is_visible(p, h->base) ||
		    !is_visible(p, h->controllers))
			return "A cgroup hierarchy is malformed";
	}
	for (uint32_t i = 0; i < p->overlays.count; i++) {
		const struct plan_overlay *overlay = &plan_overlays(p)[i];

		if (overlay->key == 0 || !is_visible(p, overlay->key) ||
		    (overlay->register_number == PLAN_NO_REGISTER
			     ? overlay->value == 0 || !is_visible(p, overlay->value)
			     : overlay->register_number >= p->registers.count))
			return "A configuration item of the run is malformed";
	}
	return NULL;
}

static const char *check_values(const struct plan *p)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		if (p->roles[role] != PLAN_NO_REGISTER &&
		    !is_register(p, p->roles[role], role_kinds[role]))
			return "A role is played by a register that is missing or of another kind";
	if (p->tty_count > TERMINALS_MAX)
		return "There are too many terminals";
	for (uint32_t i = 0; i < p->tty_count; i++)
		if (!is_register(p, (uint64_t)p->roles[ROLE_TTY_FIRST] + i, REGISTER_FD))
			return "A terminal has no register";
	if ((p->flags & ~(uint32_t)FLAGS_KNOWN) || (p->clone_flags & ~(uint32_t)CLONE_KNOWN))
		return "The plan has unknown flags";
	if (p->signal_halt > SIGNAL_LARGEST || p->signal_reboot > SIGNAL_LARGEST ||
	    p->signal_stop > SIGNAL_LARGEST)
		return "A signal is out of its range";
	if (p->hook_environment && !is_list(p, p->hook_environment))
		return "The environment of hooks is outside the plan";
	if (p->devices && !is_good_bytes(p, FORM_DEVICES, p->devices))
		return "The device rules are malformed or outside the plan";
	return NULL;
}

static const char *check_frame(const struct plan *p, size_t size)
{
	if (p->blob < sizeof(*p) || p->blob % ALIGNMENT != 0 || p->blob > size - ALIGNMENT)
		return "The plan's texts are outside the plan";
	if (((const char *)p)[size - 1] != '\0')
		return "The plan's last text has no end";
	for (unsigned i = 0; i < SECTION_COUNT; i++)
		if (p->sections[i].count > STEPS_MAX ||
		    !is_table(p, p->sections[i].offset, p->sections[i].count,
			      sizeof(struct plan_step)))
			return "A section is outside the plan";
	if (p->registers.count > PLAN_REGISTERS_MAX || p->hierarchies.count > PLAN_HIERARCHIES_MAX)
		return "There are too many registers or cgroup hierarchies";
	if (!is_table(p, p->registers.offset, p->registers.count, sizeof(struct plan_register)) ||
	    !is_table(p, p->hierarchies.offset, p->hierarchies.count,
		      sizeof(struct plan_hierarchy)) ||
	    !is_table(p, p->overlays.offset, p->overlays.count, sizeof(struct plan_overlay)))
		return "A table is outside the plan";
	return NULL;
}

const char *plan_check(const void *bytes, size_t size)
{
	const struct plan *p = bytes;
	const char *problem;

	if ((uintptr_t)bytes % ALIGNMENT != 0)
		return "The plan is not aligned";
	if (size < sizeof(*p) + ALIGNMENT || size > PLAN_SIZE_MAX || size % ALIGNMENT != 0)
		return "The plan has an impossible size";
	if (memcmp(p->magic, PLAN_MAGIC, sizeof(p->magic)) != 0)
		return "This is no plan";
	if (p->format != PLAN_FORMAT)
		return "The plan is of another format";
	if (p->size != size)
		return "The plan is cut off or has something behind it";
	problem = check_frame(p, size);
	if (!problem)
		problem = check_tables(p);
	if (!problem)
		problem = check_values(p);
	return problem ? problem : check_steps(p);
}
