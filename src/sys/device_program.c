/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bpf(2), Documentation/bpf/. The context is struct bpf_cgroup_dev_ctx: access_type has the access
 * in its upper and the type in its lower half. Our programs are found again by their name.
 */

#include "sys/device_program.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/macros.h"

enum {
	REGISTER_RESULT = 0,
	REGISTER_CONTEXT = 1,
	REGISTER_TYPE = 2,
	REGISTER_ACCESS = 3,
	REGISTER_MAJOR = 4,
	REGISTER_MINOR = 5,
	REGISTER_SCRATCH = 6,
	ATTACHED_MAX = 64, /* programs on one directory, which is the kernel's own limit */
	JUMP_LATER = -1,   /* an offset that is not known yet */
};

static const char program_name[] = "tare_devices";

struct program {
	struct bpf_insn *at;
	size_t count;
};

static void add(struct program *p, struct bpf_insn instruction)
{
	p->at[p->count++] = instruction;
}

static void add_load(struct program *p, unsigned target, size_t offset)
{
	add(p, (struct bpf_insn){.code = BPF_LDX | BPF_MEM | BPF_W,
				 .dst_reg = target & 0xf,
				 .src_reg = REGISTER_CONTEXT,
				 .off = (int16_t)offset});
}

static void add_number(struct program *p, unsigned op, unsigned target, int32_t number)
{
	add(p, (struct bpf_insn){.code = (uint8_t)(BPF_ALU | op | BPF_K),
				 .dst_reg = target & 0xf,
				 .imm = number});
}

/* Leave this row when the register compares so with a number. */
static void add_leave(struct program *p, unsigned compare, unsigned target, int32_t number)
{
	add(p, (struct bpf_insn){.code = (uint8_t)(BPF_JMP32 | compare | BPF_K),
				 .dst_reg = target & 0xf,
				 .off = JUMP_LATER,
				 .imm = number});
}

static void add_copy(struct program *p, unsigned target, unsigned source)
{
	add(p, (struct bpf_insn){.code = BPF_ALU | BPF_MOV | BPF_X,
				 .dst_reg = target & 0xf,
				 .src_reg = source & 0xf});
}

static void add_return(struct program *p, bool allowed)
{
	add_number(p, BPF_MOV, REGISTER_RESULT, allowed);
	add(p, (struct bpf_insn){.code = BPF_JMP | BPF_EXIT});
}

static void add_row(struct program *p, const struct device_rule *row, bool allows)
{
	const int32_t all = DEVICE_READ | DEVICE_WRITE | DEVICE_MKNOD;
	const int32_t kernels = (row->access & DEVICE_READ ? BPF_DEVCG_ACC_READ : 0) |
				(row->access & DEVICE_WRITE ? BPF_DEVCG_ACC_WRITE : 0) |
				(row->access & DEVICE_MKNOD ? BPF_DEVCG_ACC_MKNOD : 0);
	const size_t begin = p->count;

	if (row->type == 'b' || row->type == 'c')
		add_leave(p, BPF_JNE, REGISTER_TYPE,
			  row->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	if (row->access != all) {
		/* Granting needs all that is asked for, refusing any of it. */
		add_copy(p, REGISTER_SCRATCH, REGISTER_ACCESS);
		add_number(p, BPF_AND, REGISTER_SCRATCH, allows ? ~kernels : kernels);
		add_leave(p, allows ? BPF_JNE : BPF_JEQ, REGISTER_SCRATCH, 0);
	}
	if (row->major >= 0)
		add_leave(p, BPF_JNE, REGISTER_MAJOR, (int32_t)row->major);
	if (row->minor >= 0)
		add_leave(p, BPF_JNE, REGISTER_MINOR, (int32_t)row->minor);
	add_return(p, allows);
	for (size_t i = begin; i < p->count; i++) {
		if (p->at[i].off == JUMP_LATER)
			p->at[i].off = (int16_t)(p->count - i - 1);
	}
}

int device_program_build(const struct device_rules *rules, struct bpf_insn *ret)
{
	struct program p = {.at = ret};

	if (rules->count > DEVICE_RULES_MAX)
		return -E2BIG;
	add_load(&p, REGISTER_TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
	add_copy(&p, REGISTER_ACCESS, REGISTER_TYPE);
	add_number(&p, BPF_AND, REGISTER_TYPE, 0xffff);
	add_number(&p, BPF_RSH, REGISTER_ACCESS, 16);
	add_load(&p, REGISTER_MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
	add_load(&p, REGISTER_MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
	for (size_t i = 0; i < rules->count; i++)
		add_row(&p, &rules->rows[i], !rules->allow_by_default);
	add_return(&p, rules->allow_by_default);
	return (int)p.count;
}

static int call_bpf(enum bpf_cmd command, union bpf_attr *attr)
{
	long r = syscall(SYS_bpf, command, attr, sizeof(*attr));

	return r < 0 ? -errno : (int)r;
}

static int load(const struct device_rules *rules)
{
	struct bpf_insn instructions[DEVICE_PROGRAM_MAX];
	union bpf_attr attr;
	int count = device_program_build(rules, instructions);

	if (count < 0)
		return count;
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.expected_attach_type = BPF_CGROUP_DEVICE;
	attr.insns = (uint64_t)(uintptr_t)instructions;
	attr.insn_cnt = (uint32_t)count;
	attr.license = (uint64_t)(uintptr_t) "GPL";
	memcpy(attr.prog_name, program_name, sizeof(program_name));
	return call_bpf(BPF_PROG_LOAD, &attr);
}

/* Whether a program is one of ours: 1 or 0. */
static bool is_ours(int fd)
{
	struct bpf_prog_info info;
	union bpf_attr attr;

	memset(&info, 0, sizeof(info));
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uint64_t)(uintptr_t)&info;
	return call_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) >= 0 &&
	       strncmp(info.name, program_name, sizeof(info.name)) == 0;
}

/* The program that an earlier call attached to this very directory: descriptor, or -ENOENT. */
static int find_earlier(int cgroup_fd)
{
	uint32_t ids[ATTACHED_MAX] = {0};
	union bpf_attr attr;
	uint32_t count;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)cgroup_fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uint64_t)(uintptr_t)ids;
	attr.query.prog_cnt = ATTACHED_MAX;
	if (call_bpf(BPF_PROG_QUERY, &attr) < 0)
		return -ENOENT;
	count = attr.query.prog_cnt;
	for (uint32_t i = 0; i < count && i < ATTACHED_MAX; i++) {
		int fd;

		memset(&attr, 0, sizeof(attr));
		attr.prog_id = ids[i];
		fd = call_bpf(BPF_PROG_GET_FD_BY_ID, &attr);
		if (fd >= 0 && is_ours(fd))
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -ENOENT;
}

int device_program_attach(int cgroup_fd, const struct device_rules *rules)
{
	autoclose int directory = -EBADF;
	autoclose int program = load(rules);
	autoclose int earlier = -EBADF;
	union bpf_attr attr;

	if (program < 0)
		return program;
	/* The call takes no O_PATH descriptor. */
	directory = openat(cgroup_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return -errno;
	earlier = find_earlier(directory);
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)directory;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (earlier >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)earlier;
	}
	return call_bpf(BPF_PROG_ATTACH, &attr);
}
