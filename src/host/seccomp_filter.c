/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Compiling seccomp policies with libseccomp.
 *
 * A rule of a section concerns the architectures of this section only, but libseccomp adds a rule
 * to all architectures of a context. So each architecture has a context of its own, and all are
 * merged in the end. libseccomp knows no rule whose action is the default one: such rules say
 * nothing and are left out. Architectures that the kernel runs but that no context stands for are
 * killed, libseccomp's default: they would get past the filter.
 */

#include "host/seccomp_filter.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/macros.h"
#include "host/library.h"
#include "host/seccomp_cache.h"
#include "sys/file.h"

/* From linux/audit.h of Linux 5.19; seccomp.h has it since 2.6. */
#define ARCH_LOONGARCH64 UINT32_C(0xc0000102)

enum {
	PROGRAM_MAX = 4096 * 8, /* BPF_MAXINSNS instructions */
};

/* The rest of the array, and what is no architecture of ours, is 0: SCMP_ARCH_NATIVE. */
static const uint32_t arch_tokens[SECCOMP_ARCH_COUNT] = {
	[SECCOMP_ARCH_X86] = SCMP_ARCH_X86,
	[SECCOMP_ARCH_X32] = SCMP_ARCH_X32,
	[SECCOMP_ARCH_X86_64] = SCMP_ARCH_X86_64,
	[SECCOMP_ARCH_ARM] = SCMP_ARCH_ARM,
	[SECCOMP_ARCH_ARM64] = SCMP_ARCH_AARCH64,
	[SECCOMP_ARCH_PPC] = SCMP_ARCH_PPC,
	[SECCOMP_ARCH_PPC64] = SCMP_ARCH_PPC64,
	[SECCOMP_ARCH_PPC64LE] = SCMP_ARCH_PPC64LE,
	[SECCOMP_ARCH_MIPS] = SCMP_ARCH_MIPS,
	[SECCOMP_ARCH_MIPS64] = SCMP_ARCH_MIPS64,
	[SECCOMP_ARCH_MIPS64N32] = SCMP_ARCH_MIPS64N32,
	[SECCOMP_ARCH_MIPSEL] = SCMP_ARCH_MIPSEL,
	[SECCOMP_ARCH_MIPSEL64] = SCMP_ARCH_MIPSEL64,
	[SECCOMP_ARCH_MIPSEL64N32] = SCMP_ARCH_MIPSEL64N32,
	[SECCOMP_ARCH_S390] = SCMP_ARCH_S390,
	[SECCOMP_ARCH_S390X] = SCMP_ARCH_S390X,
	[SECCOMP_ARCH_LOONGARCH64] = ARCH_LOONGARCH64,
};

static const enum scmp_compare compares[] = {
	[SECCOMP_NE] = SCMP_CMP_NE,
	[SECCOMP_LT] = SCMP_CMP_LT,
	[SECCOMP_LE] = SCMP_CMP_LE,
	[SECCOMP_EQ] = SCMP_CMP_EQ,
	[SECCOMP_GE] = SCMP_CMP_GE,
	[SECCOMP_GT] = SCMP_CMP_GT,
	[SECCOMP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
};

struct filter {
	const struct library_seccomp *library;
	const struct seccomp_policy *policy;
	enum seccomp_arch native;
	scmp_filter_ctx contexts[SECCOMP_ARCH_COUNT]; /* NULL: not of this host */
};

static uint32_t action_of(const struct seccomp_action *action)
{
	switch (action->kind) {
	case SECCOMP_ERRNO:
		return SCMP_ACT_ERRNO(action->errnum);
	case SECCOMP_ALLOW:
		return SCMP_ACT_ALLOW;
	case SECCOMP_TRAP:
		return SCMP_ACT_TRAP;
	case SECCOMP_NOTIFY:
		return SCMP_ACT_NOTIFY;
	case SECCOMP_KILL:
	default:
		return SCMP_ACT_KILL_THREAD;
	}
}

/* What libseccomp was built for. An architecture that policies can't name is just "native". */
static enum seccomp_arch find_native(const struct library_seccomp *library)
{
	uint32_t token = library->arch_native();

	for (int arch = SECCOMP_ARCH_NATIVE + 1; arch < SECCOMP_ARCH_COUNT; arch++)
		if (arch_tokens[arch] == token)
			return (enum seccomp_arch)arch;
	return SECCOMP_ARCH_NATIVE;
}

static int fail(int r, const char *what, struct err *e)
{
	r = err_set(e, r == -ENOMEM ? ERR_NO_MEMORY : ERR_SECCOMP_FAILED, r < 0 ? -r : EINVAL,
		    "Cannot compile the seccomp policy: libseccomp refuses %s", what);
	err_hint(e, "the installed libseccomp or the kernel may be too old for this policy");
	return r;
}

/* A context of one architecture, which has the default action and no rules. */
static int open_context(struct filter *f, enum seccomp_arch arch, struct err *e)
{
	const struct library_seccomp *library = f->library;
	scmp_filter_ctx context = library->init(action_of(&f->policy->default_action));
	int r;

	if (!context)
		return fail(-EINVAL, "its default action", e);
	f->contexts[arch] = context;
	if (arch_tokens[arch] == SCMP_ARCH_NATIVE ||
	    library->arch_exist(context, arch_tokens[arch]) == 0)
		return 0;
	r = library->arch_add(context, arch_tokens[arch]);
	if (r == 0)
		r = library->arch_remove(context, SCMP_ARCH_NATIVE);
	return r < 0 ? fail(r, "one of this machine's architectures", e) : 0;
}

/*
 * One rule for one architecture. That it is there already is fine, and so is that the architecture
 * does not have this call, or not with these conditions: it can't be made then either.
 */
static int add_rule_to(struct filter *f, const struct seccomp_rule *rule, int number,
		       enum seccomp_arch arch)
{
	struct scmp_arg_cmp arguments[SECCOMP_ARGUMENTS_MAX];
	int r;

	for (unsigned i = 0; i < rule->argument_count; i++) {
		const struct seccomp_argument *argument = &rule->arguments[i];
		bool masked = argument->compare == SECCOMP_MASKED_EQ;

		arguments[i] = (struct scmp_arg_cmp){
			.arg = argument->index,
			.op = compares[argument->compare],
			.datum_a = masked ? argument->mask : argument->value,
			.datum_b = masked ? argument->value : 0,
		};
	}
	r = f->library->rule_add_array(f->contexts[arch], action_of(&rule->action), number,
				       rule->argument_count, arguments);
	return r == -EEXIST || r == -EDOM ? 0 : r;
}

static int add_rule(struct filter *f, const struct seccomp_rule *rule, struct err *e)
{
	uint32_t set = seccomp_arch_set(rule->section, f->native);
	int number = rule->number;
	int r = 0;

	if (action_of(&rule->action) == action_of(&f->policy->default_action))
		return 0;
	if (rule->syscall) {
		number = f->library->syscall_resolve_name(rule->syscall);
		if (number == __NR_SCMP_ERROR)
			return 0;
	}
	for (int arch = 0; arch < SECCOMP_ARCH_COUNT && r == 0; arch++)
		if ((set & SECCOMP_ARCH_BIT(arch)) && f->contexts[arch])
			r = add_rule_to(f, rule, number, (enum seccomp_arch)arch);
	if (r == 0)
		return 0;
	r = fail(r, "a rule", e);
	if (rule->syscall)
		err_object(e, rule->syscall);
	err_origin(e, "line %u of the policy", rule->line);
	return r;
}

/* All contexts become the native one, which is returned to be the caller's. */
static scmp_filter_ctx merge(struct filter *f, int *ret)
{
	scmp_filter_ctx all = f->contexts[f->native];

	*ret = 0;
	for (int arch = 0; arch < SECCOMP_ARCH_COUNT && *ret == 0; arch++) {
		if (!f->contexts[arch] || f->contexts[arch] == all)
			continue;
		*ret = f->library->merge(all, f->contexts[arch]);
		if (*ret == 0)
			f->contexts[arch] = NULL; /* belongs to `all` */
	}
	return all;
}

static int export(struct filter *f, scmp_filter_ctx all, struct arena *arena,
		  const void **ret_program, uint32_t *ret_size, struct err *e)
{
	autoclose int fd = memfd_create("seccomp", MFD_CLOEXEC);
	autofree char *bytes = NULL;
	size_t size = 0;
	void *program;
	int r;

	if (fd < 0)
		return err_set(e, ERR_SECCOMP_FAILED, errno,
			       "Cannot make memory for a seccomp program");
	r = f->library->export_bpf(all, fd);
	if (r < 0)
		return fail(r, "to write the program", e);
	if (lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r == 0)
		r = file_read_fd(fd, PROGRAM_MAX, &bytes, &size);
	if (r == -EFBIG) {
		err_set(e, ERR_SECCOMP_FAILED, E2BIG,
			"The seccomp policy becomes a program of "
			"more than 4096 instructions");
		err_hint(e, "the kernel takes no more: shorten the policy");
		return -E2BIG;
	}
	program = r == 0 ? arena_alloc(arena, size) : NULL;
	if (!program)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "Cannot keep a seccomp program");
	*ret_program = memcpy(program, bytes, size);
	*ret_size = (uint32_t)size;
	return 0;
}

static int build(struct filter *f, struct arena *arena, const void **ret_program,
		 uint32_t *ret_size, struct err *e)
{
	/* The numbers of a version 1 policy mean something on the native architecture only. */
	enum seccomp_arch section = f->policy->version == 1 ? SECCOMP_ARCH_NATIVE
							    : SECCOMP_ARCH_ALL;
	uint32_t set = seccomp_arch_set(section, f->native);
	scmp_filter_ctx all;
	int r = 0;

	for (int arch = 0; arch < SECCOMP_ARCH_COUNT && r == 0; arch++)
		if (set & SECCOMP_ARCH_BIT(arch))
			r = open_context(f, (enum seccomp_arch)arch, e);
	for (size_t i = 0; i < f->policy->rules.count && r == 0; i++)
		r = add_rule(f, &f->policy->rules.items[i], e);
	if (r < 0)
		return r;
	all = merge(f, &r);
	if (r < 0)
		return fail(r, "to join the architectures", e);
	return export(f, all, arena, ret_program, ret_size, e);
}

int seccomp_filter_compile(const struct seccomp_policy *policy, const void *text, size_t length,
			   const char *cache_directory, struct arena *arena,
			   const void **ret_program, uint32_t *ret_size, struct err *e)
{
	struct filter f = {.policy = policy};
	const void *program = NULL;
	uint32_t size = 0;
	int r;

	if (cache_directory &&
	    seccomp_cache_find(cache_directory, text, length, arena, ret_program, ret_size))
		return 0;
	f.library = library_seccomp(e);
	if (!f.library)
		return -ENOENT;
	f.native = find_native(f.library);
	r = build(&f, arena, &program, &size, e);
	for (int arch = 0; arch < SECCOMP_ARCH_COUNT; arch++)
		if (f.contexts[arch])
			f.library->release(f.contexts[arch]);
	if (r < 0)
		return r;
	if (cache_directory)
		seccomp_cache_store(cache_directory, text, length, f.library->file, program, size);
	*ret_program = program;
	*ret_size = size;
	return 0;
}
