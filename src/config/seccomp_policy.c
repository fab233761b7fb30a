/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading seccomp policies, versions 1 and 2.
 *
 * The text is copied once and cut in place; names of the model point into that copy. Nothing is
 * asked of libseccomp or of the host here. Where LXC applies every rule of a section that concerns
 * the host to all its architectures, rules here keep the section that they stand in: that is what
 * sections are documented to mean.
 */

#include "config/seccomp_policy.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"
#include "base/num.h"
#include "base/str.h"

static const char blanks[] = " \t\r\f\v";

enum { QUOTED_MAX = 200 }; /* bytes of the file that a message quotes: the origin needs room too */

#define SECCOMP_ARCH_NAME(id, name) [id] = (name),
static const char *const arch_names[SECCOMP_ARCH_COUNT] = {[SECCOMP_ARCH_ALL] = "all",
							   SECCOMP_ARCHES(SECCOMP_ARCH_NAME)};
#undef SECCOMP_ARCH_NAME

static const struct {
	const char *word;
	enum seccomp_style style;
} styles[] = {
	{"allowlist", SECCOMP_ALLOWLIST},
	{"denylist", SECCOMP_DENYLIST},
	{"whitelist", SECCOMP_ALLOWLIST},
	{"blacklist", SECCOMP_DENYLIST},
};

static const char *const action_names[] = {
	[SECCOMP_KILL] = "kill", [SECCOMP_ERRNO] = "errno",   [SECCOMP_ALLOW] = "allow",
	[SECCOMP_TRAP] = "trap", [SECCOMP_NOTIFY] = "notify",
};

static const struct {
	const char *name;
	const char *symbol;
} compares[] = {
	[SECCOMP_NE] = {"SCMP_CMP_NE", "!="},
	[SECCOMP_LT] = {"SCMP_CMP_LT", "<"},
	[SECCOMP_LE] = {"SCMP_CMP_LE", "<="},
	[SECCOMP_EQ] = {"SCMP_CMP_EQ", "=="},
	[SECCOMP_GE] = {"SCMP_CMP_GE", ">="},
	[SECCOMP_GT] = {"SCMP_CMP_GT", ">"},
	[SECCOMP_MASKED_EQ] = {"SCMP_CMP_MASKED_EQ", "&="},
};

/* Kernels that run programs of other architectures, and which. */
static const struct {
	enum seccomp_arch native;
	enum seccomp_arch guest;
} families[] = {
	{SECCOMP_ARCH_X86_64, SECCOMP_ARCH_X86},
	{SECCOMP_ARCH_X86_64, SECCOMP_ARCH_X32},
	{SECCOMP_ARCH_ARM64, SECCOMP_ARCH_ARM},
	{SECCOMP_ARCH_PPC64, SECCOMP_ARCH_PPC},
	{SECCOMP_ARCH_MIPS64, SECCOMP_ARCH_MIPS},
	{SECCOMP_ARCH_MIPS64, SECCOMP_ARCH_MIPS64N32},
	{SECCOMP_ARCH_MIPSEL64, SECCOMP_ARCH_MIPSEL},
	{SECCOMP_ARCH_MIPSEL64, SECCOMP_ARCH_MIPSEL64N32},
};

struct policy_reader {
	struct arena *arena;
	char *rest;    /* of the copy of the text: the lines that were not taken yet */
	unsigned line; /* number of the line taken last */
	enum seccomp_arch section;
	struct seccomp_policy policy;
};

/* The next line without blanks around it, or NULL behind the last. */
static char *take_line(struct policy_reader *reader)
{
	char *line;
	size_t len;

	if (!reader->rest || !*reader->rest)
		return NULL;
	line = strsep(&reader->rest, "\n");
	reader->line++;
	line += strspn(line, blanks);
	len = strlen(line);
	while (len > 0 && strchr(blanks, line[len - 1]))
		len--;
	line[len] = '\0';
	return line;
}

static int fail_for_memory(struct err *e)
{
	return err_set(e, ERR_NO_MEMORY, ENOMEM, "Cannot keep a seccomp policy");
}

static int fail_for_arguments(const char *text, struct err *e)
{
	int r = err_set(e, ERR_SECCOMP_POLICY, 0, "Failed to interpret args \"%.*s\"", QUOTED_MAX,
			text);

	err_hint(e,
		 "conditions look like [index,value,op] or [index,value,SCMP_CMP_MASKED_EQ,mask],"
		 " with nothing behind them");
	return r;
}

/* Reads "N" behind `errno`. `action` is the whole text, for the message. */
static int take_errno(const char **rest, const char *action, struct seccomp_action *ret,
		      struct err *e)
{
	const char *text = *rest + strspn(*rest, blanks);
	uint64_t number = 0;
	int r = num_take_u64(&text, &number);

	if (r < 0 || number > SECCOMP_ERRNO_MAX || (*text && !strchr(" \t[#", *text)))
		return err_set(e, ERR_SECCOMP_POLICY, 0, "Failed to parse errno value from %.*s",
			       QUOTED_MAX, action);
	*rest = text;
	*ret = (struct seccomp_action){SECCOMP_ERRNO, (unsigned)number};
	return 0;
}

/*
 * Reads an action and moves *rest behind it; leaves *ret as it is when there is none. A word counts
 * for the action that it begins with: `killer` kills.
 */
static int take_action(const char **rest, struct seccomp_action *ret, struct err *e)
{
	const char *action = *rest + strspn(*rest, blanks);

	*rest = action;
	if (!*action || *action == '#' || *action == '[')
		return 0;
	for (size_t i = 0; i < ARRAY_LENGTH(action_names); i++) {
		const char *behind = text_after(action, action_names[i]);

		if (!behind)
			continue;
		*rest = behind;
		if (i == SECCOMP_ERRNO)
			return take_errno(rest, action, ret, e);
		*rest += strcspn(*rest, " \t[#");
		*ret = (struct seccomp_action){(enum seccomp_action_kind)i, 0};
		return 0;
	}
	return err_set(e, ERR_SECCOMP_POLICY, 0, "Unrecognized seccomp action \"%.*s\"", QUOTED_MAX,
		       action);
}

/* Decimal or 0x…, nothing around it: neither blanks, nor signs, nor octal. */
static int parse_number(const char *text, uint64_t *ret)
{
	bool hex = text_starts(text, "0x") || text_starts(text, "0X");

	if (*text < '0' || *text > '9')
		return -EINVAL;
	return num_parse_u64(text, hex ? 16 : 10, ret);
}

static int parse_compare(const char *text, enum seccomp_compare *ret)
{
	for (size_t i = 0; i < ARRAY_LENGTH(compares); i++) {
		if (strcmp(text, compares[i].name) != 0 && strcmp(text, compares[i].symbol) != 0)
			continue;
		*ret = (enum seccomp_compare)i;
		return 0;
	}
	return -EINVAL;
}

/* Reads the inside of one pair of brackets. */
static int parse_argument(const char *text, size_t len, struct seccomp_argument *ret)
{
	struct seccomp_argument argument = {0};
	char *fields[4] = {NULL};
	unsigned count = 0;
	char copy[128];
	char *rest = copy;
	uint64_t index;

	if (len >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	while (rest && count < ARRAY_LENGTH(fields))
		fields[count++] = strsep(&rest, ",");
	if (rest || count < 3)
		return -EINVAL;

	if (parse_number(fields[0], &index) < 0 || index >= SECCOMP_ARGUMENTS_MAX ||
	    parse_number(fields[1], &argument.value) < 0 ||
	    parse_compare(fields[2], &argument.compare) < 0)
		return -EINVAL;
	if (fields[3] && parse_number(fields[3], &argument.mask) < 0)
		return -EINVAL;
	if (argument.compare != SECCOMP_MASKED_EQ)
		argument.mask = 0;
	else if (!fields[3])
		return -EINVAL;
	argument.index = (unsigned)index;
	*ret = argument;
	return 0;
}

/* Reads the groups of conditions up to the end of the line. */
static int read_arguments(struct policy_reader *reader, const char *text, struct seccomp_rule *rule,
			  struct err *e)
{
	struct seccomp_argument arguments[SECCOMP_ARGUMENTS_MAX];
	struct seccomp_argument *kept;
	unsigned seen = 0; /* a bit for each index; libseccomp takes each only once */
	unsigned count = 0;

	text += strspn(text, blanks);
	if (!*text || *text == '#')
		return 0;
	for (const char *rest = text; *rest;) {
		const char *end = strchr(rest, ']');

		if (*rest != '[' || !end || count == ARRAY_LENGTH(arguments) ||
		    parse_argument(rest + 1, (size_t)(end - rest) - 1, &arguments[count]) < 0 ||
		    (seen & (1U << arguments[count].index)))
			return fail_for_arguments(text, e);
		seen |= 1U << arguments[count].index;
		count++;
		rest = end + 1 + strspn(end + 1, blanks);
	}
	kept = arena_alloc(reader->arena, count * sizeof(*kept));
	if (!kept)
		return fail_for_memory(e);
	memcpy(kept, arguments, count * sizeof(*kept));
	rule->arguments = kept;
	rule->argument_count = count;
	return 0;
}

static int add_rule(struct policy_reader *reader, const struct seccomp_rule *rule, struct err *e)
{
	struct seccomp_rule *item = vec_push_in(&reader->policy.rules, reader->arena);

	if (!item)
		return fail_for_memory(e);
	*item = *rule;
	item->line = reader->line;
	return 0;
}

static int add_force_umount_rule(struct policy_reader *reader, struct err *e)
{
	static const struct seccomp_argument forced = {1, SECCOMP_MASKED_EQ, MNT_FORCE, MNT_FORCE};
	struct seccomp_rule rule = {
		.section = reader->section,
		.syscall = "umount2",
		.number = -1,
		.action = {SECCOMP_ERRNO, EACCES},
		.argument_count = 1,
		.arguments = &forced,
	};

	return add_rule(reader, &rule, e);
}

static int read_rule(struct policy_reader *reader, char *line, struct err *e)
{
	struct seccomp_rule rule = {
		.section = reader->section,
		.syscall = line,
		.number = -1,
		.action = reader->policy.listed_action,
	};
	char *end = line + strcspn(line, blanks);
	const char *rest = *end ? end + 1 : end;
	int r;

	*end = '\0';
	if (strcmp(line, "reject_force_umount") == 0)
		return add_force_umount_rule(reader, e);
	r = take_action(&rest, &rule.action, e);
	if (r < 0)
		return r;
	r = read_arguments(reader, rest, &rule, e);
	if (r < 0)
		return r;
	return add_rule(reader, &rule, e);
}

static char capital_of(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* True for the name in small or in capital letters, not for a mixture. */
static bool is_arch_name(const char *name, const char *text, size_t len)
{
	bool small = strlen(name) == len;
	bool capital = small;

	for (size_t i = 0; i < len && (small || capital); i++) {
		small = small && text[i] == name[i];
		capital = capital && text[i] == capital_of(name[i]);
	}
	return small || capital;
}

static int read_section(struct policy_reader *reader, const char *line, struct err *e)
{
	const char *name = line + 1;
	size_t len = strcspn(name, "]");
	const char *behind = name[len] ? name + len + 1 : line;

	behind += strspn(behind, blanks);
	for (int i = 0; i < SECCOMP_ARCH_COUNT && (!*behind || *behind == '#'); i++) {
		if (!arch_names[i] || !is_arch_name(arch_names[i], name, len))
			continue;
		reader->section = (enum seccomp_arch)i;
		return 0;
	}
	return err_set(e, ERR_SECCOMP_POLICY, 0, "Unsupported architecture \"%.*s\"", QUOTED_MAX,
		       line);
}

static int read_version2_rules(struct policy_reader *reader, struct err *e)
{
	char *line;
	int r = 0;

	while (r >= 0 && (line = take_line(reader))) {
		if (!*line || *line == '#')
			continue;
		r = *line == '[' ? read_section(reader, line, e) : read_rule(reader, line, e);
	}
	return r;
}

static int read_version2(struct policy_reader *reader, const char *line, struct err *e)
{
	struct seccomp_policy *policy = &reader->policy;
	const char *rest = NULL;
	bool allow;
	int r;

	for (size_t i = 0; i < ARRAY_LENGTH(styles) && !rest; i++) {
		rest = text_after(line, styles[i].word);
		policy->style = styles[i].style;
	}
	if (!rest)
		return err_set(e, ERR_SECCOMP_POLICY, 0, "Bad seccomp policy style \"%.*s\"",
			       QUOTED_MAX, line);

	allow = policy->style == SECCOMP_ALLOWLIST;
	policy->default_action.kind = allow ? SECCOMP_KILL : SECCOMP_ALLOW;
	policy->listed_action.kind = allow ? SECCOMP_ALLOW : SECCOMP_KILL;
	if (!*rest || strchr(blanks, *rest)) {
		r = take_action(&rest, &policy->default_action, e);
		if (r < 0)
			return r;
		rest += strspn(rest, blanks);
	}
	if (*rest && *rest != '#')
		return err_set(e, ERR_SECCOMP_POLICY, 0, "Unrecognized seccomp action \"%.*s\"",
			       QUOTED_MAX, rest);
	return read_version2_rules(reader, e);
}

static int read_version1(struct policy_reader *reader, const char *line, struct err *e)
{
	struct seccomp_policy *policy = &reader->policy;
	int r = 0;

	if (!strstr(line, "allowlist"))
		return err_set(e, ERR_SECCOMP_POLICY, 0, "Only allowlist policy is supported");
	policy->style = SECCOMP_ALLOWLIST;
	policy->default_action.kind = SECCOMP_KILL;
	policy->listed_action.kind = SECCOMP_ALLOW;
	while (r >= 0 && (line = take_line(reader))) {
		const char *rest = line;
		uint64_t number = 0;

		if (num_take_u64(&rest, &number) < 0 || number > INT_MAX)
			return err_set(e, ERR_SECCOMP_POLICY, 0,
				       "Expected the number of a system call, found \"%.*s\"",
				       QUOTED_MAX, line);
		r = add_rule(reader,
			     &(struct seccomp_rule){.section = SECCOMP_ARCH_NATIVE,
						    .number = (int)number,
						    .action = policy->listed_action},
			     e);
	}
	return r;
}

static int read_policy(struct policy_reader *reader, struct err *e)
{
	const char *line = take_line(reader);
	uint64_t version = 0;

	if (!line || num_take_u64(&line, &version) < 0 || version < 1 || version > 2 ||
	    (*line && !strchr(blanks, *line)))
		return err_set(e, ERR_SECCOMP_POLICY, 0, "Invalid version");
	reader->policy.version = (unsigned)version;

	line = take_line(reader);
	if (!line)
		line = "";
	if (strstr(line, "debug"))
		return err_set(e, ERR_SECCOMP_POLICY, 0, "Debug not yet implemented");
	return version == 1 ? read_version1(reader, line, e) : read_version2(reader, line, e);
}

int seccomp_policy_parse(const char *file, const char *text, size_t len, struct arena *arena,
			 struct seccomp_policy *ret, struct err *e)
{
	struct policy_reader reader = {.arena = arena, .section = SECCOMP_ARCH_ALL};
	int r;

	reader.rest = arena_strndup(arena, text, len);
	if (!reader.rest)
		return fail_for_memory(e);
	if (memchr(reader.rest, '\0', len)) {
		r = err_set(e, ERR_SECCOMP_POLICY, 0, "A seccomp policy cannot hold a NUL byte");
		err_object(e, file);
		return r;
	}
	r = read_policy(&reader, e);
	if (r < 0) {
		err_origin(e, "%s:%u", file, reader.line > 0 ? reader.line : 1);
		return r;
	}
	*ret = reader.policy;
	return 0;
}

bool seccomp_policy_has_notify(const struct seccomp_policy *policy)
{
	if (policy->default_action.kind == SECCOMP_NOTIFY)
		return true;
	for (size_t i = 0; i < policy->rules.count; i++) {
		if (policy->rules.items[i].action.kind == SECCOMP_NOTIFY)
			return true;
	}
	return false;
}

uint32_t seccomp_arch_set(enum seccomp_arch section, enum seccomp_arch native)
{
	uint32_t runs = SECCOMP_ARCH_BIT(native);

	for (size_t i = 0; i < ARRAY_LENGTH(families); i++) {
		if (families[i].native == native)
			runs |= SECCOMP_ARCH_BIT(families[i].guest);
	}
	if (section == SECCOMP_ARCH_ALL)
		return runs;
	if (section == SECCOMP_ARCH_NATIVE)
		return SECCOMP_ARCH_BIT(native);
	return runs & SECCOMP_ARCH_BIT(section);
}
