/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the seccomp policy reader: both versions, every word of the language, every text of LXC
 * about what is wrong, which architectures a section means, and the policies in the field.
 */

#include "config/seccomp_policy.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/macros.h"
#include "base/str.h"
#include "config/arena_fixture.h"

static struct seccomp_policy parse(void **state, const char *text)
{
	struct seccomp_policy policy;
	struct err e = {0};

	memset(&policy, 0xff, sizeof(policy));
	assert_int_equal(seccomp_policy_parse("p", text, strlen(text), *state, &policy, &e), 0);
	assert_false(err_is_set(&e));
	return policy;
}

/* The rule of a version 2 denylist with one rule line. */
static struct seccomp_rule parse_rule(void **state, const char *line)
{
	struct seccomp_policy policy;
	autostr text = {0};

	str_addf(&text, "2\ndenylist\n%s\n", line);
	policy = parse(state, str_text(&text));
	assert_int_equal(policy.rules.count, 1);
	assert_int_equal(policy.rules.items[0].line, 3);
	return policy.rules.items[0];
}

static void assert_fails(void **state, const char *text, const char *cause, const char *origin)
{
	struct seccomp_policy policy = {.version = 77};
	struct err e = {0};

	assert_int_equal(seccomp_policy_parse("/etc/p", text, strlen(text), *state, &policy, &e),
			 -EINVAL);
	assert_string_equal(err_cause(&e), cause);
	assert_string_equal(err_text_at(&e, e.frames[0].origin), origin);
	assert_string_equal(err_name(e.id), "seccomp-policy-invalid");
	assert_int_equal(policy.version, 77);
}

static void assert_argument(const struct seccomp_rule *rule, unsigned i,
			    struct seccomp_argument expected)
{
	assert_true(i < rule->argument_count);
	assert_int_equal(rule->arguments[i].index, expected.index);
	assert_int_equal(rule->arguments[i].compare, expected.compare);
	assert_int_equal(rule->arguments[i].value, expected.value);
	assert_int_equal(rule->arguments[i].mask, expected.mask);
}

static void assert_action(struct seccomp_action action, enum seccomp_action_kind kind,
			  unsigned errnum)
{
	assert_int_equal(action.kind, kind);
	assert_int_equal(action.errnum, errnum);
}

static void the_version_must_be_1_or_2(void **state)
{
	static const char *const bad[] = {"",
					  "\n",
					  "0\ndenylist\n",
					  "3\ndenylist\n",
					  "2x\ndenylist\n",
					  "-1\nallowlist\n",
					  "version 2\ndenylist\n",
					  "#\n2\ndenylist\n",
					  "99999999999999999999999\nallowlist\n"};

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		assert_fails(state, bad[i], "Invalid version", "/etc/p:1");
	assert_int_equal(parse(state, "1\nallowlist\n").version, 1);
	assert_int_equal(parse(state, "2\nallowlist\n").version, 2);
	assert_int_equal(parse(state, " 2 \r\nallowlist\r\n").version, 2);
	assert_int_equal(parse(state, "2\ndenylist").version, 2);
}

static void debug_is_not_implemented(void **state)
{
	assert_fails(state, "1\nallowlist debug\n", "Debug not yet implemented", "/etc/p:2");
	assert_fails(state, "2\ndenylist debug\n", "Debug not yet implemented", "/etc/p:2");
}

static void version_1_takes_only_an_allowlist(void **state)
{
	assert_fails(state, "1\ndenylist\n1\n", "Only allowlist policy is supported", "/etc/p:2");
	assert_fails(state, "1\nwhitelist\n1\n", "Only allowlist policy is supported", "/etc/p:2");
	assert_fails(state, "1\n", "Only allowlist policy is supported", "/etc/p:1");
	assert_int_equal(parse(state, "1\nthe allowlist\n").style, SECCOMP_ALLOWLIST);
}

static void version_1_allows_native_numbers(void **state)
{
	struct seccomp_policy policy = parse(state, "1\nallowlist\n0\n 103 syslog\n335\n");

	assert_action(policy.default_action, SECCOMP_KILL, 0);
	assert_int_equal(policy.rules.count, 3);
	for (size_t i = 0; i < 3; i++) {
		static const int numbers[] = {0, 103, 335};
		const struct seccomp_rule *rule = &policy.rules.items[i];

		assert_int_equal(rule->number, numbers[i]);
		assert_null(rule->syscall);
		assert_int_equal(rule->section, SECCOMP_ARCH_NATIVE);
		assert_action(rule->action, SECCOMP_ALLOW, 0);
		assert_int_equal(rule->argument_count, 0);
		assert_int_equal(rule->line, i + 3);
	}
}

static void version_1_refuses_lines_without_number(void **state)
{
	assert_fails(state, "1\nallowlist\n1\nread\n",
		     "Expected the number of a system call, found \"read\"", "/etc/p:4");
	assert_fails(state, "1\nallowlist\n\n1\n",
		     "Expected the number of a system call, found \"\"", "/etc/p:3");
	assert_fails(state, "1\nallowlist\n-1\n",
		     "Expected the number of a system call, found \"-1\"", "/etc/p:3");
	assert_fails(state, "1\nallowlist\n2147483648\n",
		     "Expected the number of a system call, found \"2147483648\"", "/etc/p:3");
}

static void the_style_sets_both_defaults(void **state)
{
	static const struct {
		const char *word;
		enum seccomp_style style;
		enum seccomp_action_kind unlisted, listed;
	} cases[] = {
		{"allowlist", SECCOMP_ALLOWLIST, SECCOMP_KILL, SECCOMP_ALLOW},
		{"whitelist", SECCOMP_ALLOWLIST, SECCOMP_KILL, SECCOMP_ALLOW},
		{"denylist", SECCOMP_DENYLIST, SECCOMP_ALLOW, SECCOMP_KILL},
		{"blacklist", SECCOMP_DENYLIST, SECCOMP_ALLOW, SECCOMP_KILL},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct seccomp_policy policy;
		autostr text = {0};

		str_addf(&text, "2\n%s\nread\n", cases[i].word);
		policy = parse(state, str_text(&text));
		assert_int_equal(policy.style, cases[i].style);
		assert_action(policy.default_action, cases[i].unlisted, 0);
		assert_action(policy.listed_action, cases[i].listed, 0);
		assert_action(policy.rules.items[0].action, cases[i].listed, 0);
	}
}

static void other_styles_are_refused(void **state)
{
	assert_fails(state, "2\nlist\n", "Bad seccomp policy style \"list\"", "/etc/p:2");
	assert_fails(state, "2\n# comment\ndenylist\n", "Bad seccomp policy style \"# comment\"",
		     "/etc/p:2");
	assert_fails(state, "2\n", "Bad seccomp policy style \"\"", "/etc/p:1");
	assert_fails(state, "2\nDENYLIST\n", "Bad seccomp policy style \"DENYLIST\"", "/etc/p:2");
}

static void the_policy_line_may_set_the_default_action(void **state)
{
	assert_action(parse(state, "2\nallowlist trap\n").default_action, SECCOMP_TRAP, 0);
	assert_action(parse(state, "2\nallowlist errno 38\n").default_action, SECCOMP_ERRNO, 38);
	assert_action(parse(state, "2\ndenylist notify\n").default_action, SECCOMP_NOTIFY, 0);
	assert_action(parse(state, "2\ndenylist allow # all\n").default_action, SECCOMP_ALLOW, 0);
	assert_action(parse(state, "2\nallowlist # none\n").default_action, SECCOMP_KILL, 0);
	assert_action(parse(state, "2\nallowlist errno 1\nread\n").listed_action, SECCOMP_ALLOW, 0);
}

static void unknown_text_behind_the_policy_word_is_refused(void **state)
{
	assert_fails(state, "2\ndenylist deny\n", "Unrecognized seccomp action \"deny\"",
		     "/etc/p:2");
	assert_fails(state, "2\ndenylistkill\n", "Unrecognized seccomp action \"kill\"",
		     "/etc/p:2");
	assert_fails(state, "2\ndenylist kill all\n", "Unrecognized seccomp action \"all\"",
		     "/etc/p:2");
	assert_fails(state, "2\ndenylist [0,1,==]\n", "Unrecognized seccomp action \"[0,1,==]\"",
		     "/etc/p:2");
	assert_fails(state, "2\ndenylist errno\n", "Failed to parse errno value from errno",
		     "/etc/p:2");
}

static void every_action_word_is_known_by_its_beginning(void **state)
{
	static const struct {
		const char *line;
		struct seccomp_action action;
	} cases[] = {
		{"read kill", {SECCOMP_KILL, 0}},
		{"read killer", {SECCOMP_KILL, 0}},
		{"read allow", {SECCOMP_ALLOW, 0}},
		{"read allowed", {SECCOMP_ALLOW, 0}},
		{"read trap", {SECCOMP_TRAP, 0}},
		{"read \t trapped # why", {SECCOMP_TRAP, 0}},
		{"read notify", {SECCOMP_NOTIFY, 0}},
		{"read notify#why", {SECCOMP_NOTIFY, 0}},
		{"read errno 0", {SECCOMP_ERRNO, 0}},
		{"read errno 38", {SECCOMP_ERRNO, 38}},
		{"read errno38", {SECCOMP_ERRNO, 38}},
		{"read errno 4095# why", {SECCOMP_ERRNO, 4095}},
		{"read", {SECCOMP_KILL, 0}},
		{"read # why", {SECCOMP_KILL, 0}},
		{"read #why [0,1,==]", {SECCOMP_KILL, 0}},
		{"\t read \t allow \r", {SECCOMP_ALLOW, 0}},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct seccomp_rule rule = parse_rule(state, cases[i].line);

		assert_string_equal(rule.syscall, "read");
		assert_int_equal(rule.number, -1);
		assert_int_equal(rule.section, SECCOMP_ARCH_ALL);
		assert_action(rule.action, cases[i].action.kind, cases[i].action.errnum);
		assert_int_equal(rule.argument_count, 0);
	}
}

static void wrong_actions_are_refused(void **state)
{
	assert_fails(state, "2\ndenylist\nread kil\n", "Unrecognized seccomp action \"kil\"",
		     "/etc/p:3");
	assert_fails(state, "2\ndenylist\nread KILL\n", "Unrecognized seccomp action \"KILL\"",
		     "/etc/p:3");
	assert_fails(state, "2\ndenylist\n\nread log [0,1,==]\n",
		     "Unrecognized seccomp action \"log [0,1,==]\"", "/etc/p:4");
}

static void errno_needs_a_decimal_number(void **state)
{
	static const char *const bad[] = {"errno",          "errno EPERM",
					  "errno -1",       "errno 0x1",
					  "errno 1x",       "errno 4096",
					  "errno # 1",      "errnos 1",
					  "errno [0,1,==]", "errno 99999999999999999999"};

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		autostr text = {0};
		autostr cause = {0};

		str_addf(&text, "2\ndenylist\nread %s\n", bad[i]);
		str_addf(&cause, "Failed to parse errno value from %s", bad[i]);
		assert_fails(state, str_text(&text), str_text(&cause), "/etc/p:3");
	}
}

static void every_comparison_is_known_by_name_and_symbol(void **state)
{
	static const struct {
		enum seccomp_compare compare;
		const char *name;
		const char *symbol;
		uint64_t mask;
	} cases[] = {
		{SECCOMP_NE, "SCMP_CMP_NE", "!=", 0},
		{SECCOMP_LT, "SCMP_CMP_LT", "<", 0},
		{SECCOMP_LE, "SCMP_CMP_LE", "<=", 0},
		{SECCOMP_EQ, "SCMP_CMP_EQ", "==", 0},
		{SECCOMP_GE, "SCMP_CMP_GE", ">=", 0},
		{SECCOMP_GT, "SCMP_CMP_GT", ">", 0},
		{SECCOMP_MASKED_EQ, "SCMP_CMP_MASKED_EQ", "&=", 15},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct seccomp_argument expected = {3, cases[i].compare, 7, cases[i].mask};
		struct seccomp_rule rule;
		autostr named = {0};
		autostr symbolic = {0};

		str_addf(&named, "read kill [3,7,%s,15]", cases[i].name);
		rule = parse_rule(state, str_text(&named));
		assert_argument(&rule, 0, expected);
		str_addf(&symbolic, "read kill [3,7,%s,0xF]", cases[i].symbol);
		rule = parse_rule(state, str_text(&symbolic));
		assert_argument(&rule, 0, expected);
	}
}

static void conditions_take_numbers_of_64_bits(void **state)
{
	struct seccomp_rule rule =
		parse_rule(state, "read kill [0,0xffffffffffffffff,!=] [1,18446744073709551615,<]"
				  "[2,010,==][5,0XAB,&=,0]");

	assert_int_equal(rule.argument_count, 4);
	assert_argument(&rule, 0, (struct seccomp_argument){0, SECCOMP_NE, UINT64_MAX, 0});
	assert_argument(&rule, 1, (struct seccomp_argument){1, SECCOMP_LT, UINT64_MAX, 0});
	assert_argument(&rule, 2, (struct seccomp_argument){2, SECCOMP_EQ, 10, 0});
	assert_argument(&rule, 3, (struct seccomp_argument){5, SECCOMP_MASKED_EQ, 0xab, 0});
}

static void conditions_may_follow_any_action_or_none(void **state)
{
	static const char *const lines[] = {"read [5,1,==]", "read kill[5,1,==]",
					    "read errno 1[5,1,==]", "read notify  [5,1,==]  "};

	for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
		struct seccomp_rule rule = parse_rule(state, lines[i]);

		assert_int_equal(rule.argument_count, 1);
		assert_argument(&rule, 0, (struct seccomp_argument){5, SECCOMP_EQ, 1, 0});
	}
}

static void a_rule_takes_six_conditions(void **state)
{
	struct seccomp_rule rule = parse_rule(
		state, "read kill [5,0,==] [4,1,==] [3,2,==] [2,3,==] [1,4,==] [0,5,==]");

	assert_int_equal(rule.argument_count, SECCOMP_ARGUMENTS_MAX);
	for (unsigned i = 0; i < SECCOMP_ARGUMENTS_MAX; i++)
		assert_argument(&rule, i, (struct seccomp_argument){5 - i, SECCOMP_EQ, i, 0});
}

/* A number that is right, but longer than any that anybody writes. */
static const char long_condition[] =
	"[0,0000000000000000000000000000000000000000000000000000000000000000000000000000000"
	"00000000000000000000000000000000000000000000000000000000000000000000,==]";

static void wrong_conditions_are_refused(void **state)
{
	static const char *const bad[] = {
		"[6,1,==]",
		"[-1,1,==]",
		"[,1,==]",
		"[0,1]",
		"[0,,==]",
		"[0,1,]",
		"[0,1,=]",
		"[0,1,scmp_cmp_eq]",
		"[0,x,==]",
		"[0,-1,==]",
		"[0,+1,==]",
		"[0,0x,==]",
		"[0,1y,==]",
		"[0, 1,==]",
		"[0,1 ,==]",
		"[ 0,1,==]",
		"[0,1,== ]",
		"[0,18446744073709551616,==]",
		"[0,1,&=]",
		"[0,1,&=,]",
		"[0,1,&=,x]",
		"[0,1,&=,1,1]",
		"[0,1,==,x]",
		"[]",
		"[",
		"[0,1,==",
		"[0,1,==] # comment",
		"[0,1,==] x",
		"[0,1,==],[1,1,==]",
		"[0,1,==][0,2,==]",
		"[0,1,==][1,1,==][2,1,==][3,1,==][4,1,==][5,1,==][5,1,==]",
		long_condition,
		"again [0,1,==]",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		autostr text = {0};
		autostr cause = {0};

		str_addf(&text, "2\ndenylist\nread kill %s\n", bad[i]);
		str_addf(&cause, "Failed to interpret args \"%s\"", bad[i]);
		assert_fails(state, str_text(&text), str_text(&cause), "/etc/p:3");
	}
}

static void long_lines_are_quoted_in_part_so_that_the_origin_is_told(void **state)
{
	char text[8192] = "2\n";
	struct seccomp_policy policy;
	struct err e = {0};

	memset(text + 2, 'x', sizeof(text) - 2);
	assert_int_equal(seccomp_policy_parse("/etc/p", text, sizeof(text), *state, &policy, &e),
			 -EINVAL);
	assert_string_equal(err_text_at(&e, e.frames[0].origin), "/etc/p:2");
	assert_int_equal(e.dropped, 0);
}

static void rules_keep_their_order_section_and_line(void **state)
{
	struct seccomp_policy policy = parse(state, "2\ndenylist\n"
						    "a\n"
						    "# comment\n"
						    "\n"
						    "  # comment\n"
						    "[x86]\n"
						    "b errno 1\n"
						    "b kill\n"
						    "[X86_64] # comment\n"
						    "c\n"
						    "[all]\n"
						    "d");
	static const struct {
		const char *syscall;
		enum seccomp_arch section;
		unsigned line;
	} expected[] = {
		{"a", SECCOMP_ARCH_ALL, 3},  {"b", SECCOMP_ARCH_X86, 8},
		{"b", SECCOMP_ARCH_X86, 9},  {"c", SECCOMP_ARCH_X86_64, 11},
		{"d", SECCOMP_ARCH_ALL, 13},
	};

	assert_int_equal(policy.rules.count, ARRAY_LENGTH(expected));
	for (size_t i = 0; i < ARRAY_LENGTH(expected); i++) {
		assert_string_equal(policy.rules.items[i].syscall, expected[i].syscall);
		assert_int_equal(policy.rules.items[i].section, expected[i].section);
		assert_int_equal(policy.rules.items[i].line, expected[i].line);
	}
}

static const struct {
	const char *text;
	enum seccomp_arch section;
} headers[] = {
	{"[all]", SECCOMP_ARCH_ALL},
	{"[x86]", SECCOMP_ARCH_X86},
	{"[x32]", SECCOMP_ARCH_X32},
	{"[x86_64]", SECCOMP_ARCH_X86_64},
	{"[arm]", SECCOMP_ARCH_ARM},
	{"[arm64]", SECCOMP_ARCH_ARM64},
	{"[ppc]", SECCOMP_ARCH_PPC},
	{"[ppc64]", SECCOMP_ARCH_PPC64},
	{"[ppc64le]", SECCOMP_ARCH_PPC64LE},
	{"[mips]", SECCOMP_ARCH_MIPS},
	{"[mips64]", SECCOMP_ARCH_MIPS64},
	{"[mips64n32]", SECCOMP_ARCH_MIPS64N32},
	{"[mipsel]", SECCOMP_ARCH_MIPSEL},
	{"[mipsel64]", SECCOMP_ARCH_MIPSEL64},
	{"[mipsel64n32]", SECCOMP_ARCH_MIPSEL64N32},
	{"[s390]", SECCOMP_ARCH_S390},
	{"[s390x]", SECCOMP_ARCH_S390X},
	{"[loongarch64]", SECCOMP_ARCH_LOONGARCH64},
};

static void every_section_header_is_known_in_small_and_capital_letters(void **state)
{
	static const char *const capitals[] = {"[ALL]", "[X32]", "[X86_64]", "[MIPSEL64N32]",
					       "[LOONGARCH64]"};

	for (size_t i = 0; i < ARRAY_LENGTH(headers); i++) {
		autostr text = {0};

		str_addf(&text, "2\ndenylist\n%s\nread\n", headers[i].text);
		assert_int_equal(parse(state, str_text(&text)).rules.items[0].section,
				 headers[i].section);
	}
	/* All but SECCOMP_ARCH_NATIVE. */
	assert_int_equal(ARRAY_LENGTH(headers), SECCOMP_ARCH_COUNT - 1);
	for (size_t i = 0; i < ARRAY_LENGTH(capitals); i++) {
		autostr text = {0};

		str_addf(&text, "2\ndenylist\n%s\n", capitals[i]);
		assert_int_equal(parse(state, str_text(&text)).rules.count, 0);
	}
}

static void unknown_section_headers_are_refused(void **state)
{
	static const char *const bad[] = {"[x87]",    "[X86_64]x", "[Arm]",   "[]",
					  "[native]", "[x86",      "[ x86 ]", "[x86] kill"};

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		autostr text = {0};
		autostr cause = {0};

		str_addf(&text, "2\ndenylist\nread\n%s\n", bad[i]);
		str_addf(&cause, "Unsupported architecture \"%s\"", bad[i]);
		assert_fails(state, str_text(&text), str_text(&cause), "/etc/p:4");
	}
}

static void reject_force_umount_is_a_rule_about_umount2(void **state)
{
	static const char *const lines[] = {
		"reject_force_umount",
		"reject_force_umount  # comment this to allow umount -f",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
		struct seccomp_rule rule = parse_rule(state, lines[i]);

		assert_string_equal(rule.syscall, "umount2");
		assert_int_equal(rule.number, -1);
		assert_action(rule.action, SECCOMP_ERRNO, EACCES);
		assert_int_equal(rule.argument_count, 1);
		assert_argument(&rule, 0, (struct seccomp_argument){1, SECCOMP_MASKED_EQ, 1, 1});
	}
	assert_string_equal(parse_rule(state, "reject_force_umounts").syscall,
			    "reject_force_umounts");
}

static void unknown_system_calls_are_kept_by_name(void **state)
{
	assert_string_equal(parse_rule(state, "no_such_call kill").syscall, "no_such_call");
	assert_string_equal(parse_rule(state, "read[0,1,==]").syscall, "read[0,1,==]");
}

static void a_nul_byte_is_refused(void **state)
{
	struct seccomp_policy policy = {.version = 77};
	struct err e = {0};

	assert_int_equal(seccomp_policy_parse("/etc/p", "2\ndeny\0list\n", 12, *state, &policy, &e),
			 -EINVAL);
	assert_string_equal(err_cause(&e), "A seccomp policy cannot hold a NUL byte");
	assert_string_equal(err_text_at(&e, e.frames[0].object), "/etc/p");
	assert_int_equal(policy.version, 77);
	assert_int_equal(seccomp_policy_parse("p", "3", 1, *state, &policy, NULL), -EINVAL);
}

static void only_the_given_bytes_are_read(void **state)
{
	struct seccomp_policy policy;

	assert_int_equal(seccomp_policy_parse("p", "2\ndenylist\nread kill\n", 15, *state, &policy,
					      NULL),
			 0);
	assert_int_equal(policy.rules.count, 1);
	assert_string_equal(policy.rules.items[0].syscall, "read");
}

static void notify_is_found_in_rules_and_in_the_default(void **state)
{
	struct seccomp_policy policy = parse(state, "2\ndenylist\nread kill\nmknod notify\n");

	assert_true(seccomp_policy_has_notify(&policy));
	policy = parse(state, "2\nallowlist notify\n");
	assert_true(seccomp_policy_has_notify(&policy));
	policy = parse(state, "2\ndenylist\nread kill\n");
	assert_false(seccomp_policy_has_notify(&policy));
}

#define BIT(name) SECCOMP_ARCH_BIT(SECCOMP_ARCH_##name)

static void a_section_means_the_architectures_that_the_host_runs(void **state)
{
	static const struct {
		enum seccomp_arch native;
		uint32_t all;
	} hosts[] = {
		{SECCOMP_ARCH_X86_64, BIT(X86_64) | BIT(X86) | BIT(X32)},
		{SECCOMP_ARCH_ARM64, BIT(ARM64) | BIT(ARM)},
		{SECCOMP_ARCH_PPC64, BIT(PPC64) | BIT(PPC)},
		{SECCOMP_ARCH_MIPS64, BIT(MIPS64) | BIT(MIPS64N32) | BIT(MIPS)},
		{SECCOMP_ARCH_MIPSEL64, BIT(MIPSEL64) | BIT(MIPSEL64N32) | BIT(MIPSEL)},
		{SECCOMP_ARCH_X86, BIT(X86)},
		{SECCOMP_ARCH_ARM, BIT(ARM)},
		{SECCOMP_ARCH_PPC64LE, BIT(PPC64LE)},
		{SECCOMP_ARCH_S390X, BIT(S390X)},
		{SECCOMP_ARCH_LOONGARCH64, BIT(LOONGARCH64)},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(hosts); i++) {
		enum seccomp_arch native = hosts[i].native;

		assert_int_equal(seccomp_arch_set(SECCOMP_ARCH_ALL, native), hosts[i].all);
		assert_int_equal(seccomp_arch_set(SECCOMP_ARCH_NATIVE, native),
				 SECCOMP_ARCH_BIT(native));
		for (int arch = SECCOMP_ARCH_X86; arch < SECCOMP_ARCH_COUNT; arch++)
			assert_int_equal(seccomp_arch_set((enum seccomp_arch)arch, native),
					 SECCOMP_ARCH_BIT(arch) & hosts[i].all);
	}
}

static const char common_seccomp[] = "2\n"
				     "denylist\n"
				     "reject_force_umount  # comment this to allow umount -f\n"
				     "[all]\n"
				     "kexec_load errno 1\n"
				     "open_by_handle_at errno 1\n"
				     "init_module errno 1\n"
				     "finit_module errno 1\n"
				     "delete_module errno 1\n";

static void assert_common_rules(const struct seccomp_policy *policy)
{
	static const char *const calls[] = {"kexec_load", "open_by_handle_at", "init_module",
					    "finit_module", "delete_module"};

	assert_int_equal(policy->version, 2);
	assert_int_equal(policy->style, SECCOMP_DENYLIST);
	assert_action(policy->default_action, SECCOMP_ALLOW, 0);
	assert_true(policy->rules.count > ARRAY_LENGTH(calls));
	assert_string_equal(policy->rules.items[0].syscall, "umount2");
	for (size_t i = 0; i < ARRAY_LENGTH(calls); i++) {
		const struct seccomp_rule *rule = &policy->rules.items[i + 1];

		assert_string_equal(rule->syscall, calls[i]);
		assert_int_equal(rule->section, SECCOMP_ARCH_ALL);
		assert_action(rule->action, SECCOMP_ERRNO, EPERM);
		assert_int_equal(rule->argument_count, 0);
	}
}

static void the_installed_common_policy_parses(void **state)
{
	struct seccomp_policy policy = parse(state, common_seccomp);

	assert_int_equal(policy.rules.count, 6);
	assert_common_rules(&policy);
	assert_false(seccomp_policy_has_notify(&policy));
}

static void PVE_61_rules_parse(void **state)
{
	struct seccomp_policy policy;
	const struct seccomp_rule *rules;
	autostr text = {0};

	str_addf(&text, "%s%s", common_seccomp,
		 "keyctl errno 38\n"
		 "ioctl errno 1 [1,0x9400,SCMP_CMP_MASKED_EQ,0xff00]\n"
		 "socket errno 97 [0,38,SCMP_CMP_EQ]\n"
		 "mknod notify [1,8192,SCMP_CMP_MASKED_EQ,61440]\n"
		 "mknod notify [1,24576,SCMP_CMP_MASKED_EQ,61440]\n"
		 "mknodat notify [2,8192,SCMP_CMP_MASKED_EQ,61440]\n"
		 "mknodat notify [2,24576,SCMP_CMP_MASKED_EQ,61440]\n");
	policy = parse(state, str_text(&text));
	assert_common_rules(&policy);
	assert_int_equal(policy.rules.count, 13);
	assert_true(seccomp_policy_has_notify(&policy));

	rules = policy.rules.items + 6;
	assert_string_equal(rules[0].syscall, "keyctl");
	assert_action(rules[0].action, SECCOMP_ERRNO, ENOSYS);
	assert_string_equal(rules[1].syscall, "ioctl");
	assert_action(rules[1].action, SECCOMP_ERRNO, EPERM);
	assert_argument(&rules[1], 0,
			(struct seccomp_argument){1, SECCOMP_MASKED_EQ, 0x9400, 0xff00});
	assert_string_equal(rules[2].syscall, "socket");
	assert_action(rules[2].action, SECCOMP_ERRNO, EAFNOSUPPORT);
	assert_argument(&rules[2], 0, (struct seccomp_argument){0, SECCOMP_EQ, 38, 0});

	/* Two rules for one system call stay two rules. */
	for (unsigned i = 3; i < 7; i++) {
		struct seccomp_argument expected = {i < 5 ? 1 : 2, SECCOMP_MASKED_EQ,
						    i % 2 ? 8192 : 24576, 61440};

		assert_string_equal(rules[i].syscall, i < 5 ? "mknod" : "mknodat");
		assert_action(rules[i].action, SECCOMP_NOTIFY, 0);
		assert_argument(&rules[i], 0, expected);
		assert_int_equal(rules[i].line, 10 + i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(the_version_must_be_1_or_2),
		ARENA_TEST(debug_is_not_implemented),
		ARENA_TEST(version_1_takes_only_an_allowlist),
		ARENA_TEST(version_1_allows_native_numbers),
		ARENA_TEST(version_1_refuses_lines_without_number),
		ARENA_TEST(the_style_sets_both_defaults),
		ARENA_TEST(other_styles_are_refused),
		ARENA_TEST(the_policy_line_may_set_the_default_action),
		ARENA_TEST(unknown_text_behind_the_policy_word_is_refused),
		ARENA_TEST(every_action_word_is_known_by_its_beginning),
		ARENA_TEST(wrong_actions_are_refused),
		ARENA_TEST(errno_needs_a_decimal_number),
		ARENA_TEST(every_comparison_is_known_by_name_and_symbol),
		ARENA_TEST(conditions_take_numbers_of_64_bits),
		ARENA_TEST(conditions_may_follow_any_action_or_none),
		ARENA_TEST(a_rule_takes_six_conditions),
		ARENA_TEST(wrong_conditions_are_refused),
		ARENA_TEST(long_lines_are_quoted_in_part_so_that_the_origin_is_told),
		ARENA_TEST(rules_keep_their_order_section_and_line),
		ARENA_TEST(every_section_header_is_known_in_small_and_capital_letters),
		ARENA_TEST(unknown_section_headers_are_refused),
		ARENA_TEST(reject_force_umount_is_a_rule_about_umount2),
		ARENA_TEST(unknown_system_calls_are_kept_by_name),
		ARENA_TEST(a_nul_byte_is_refused),
		ARENA_TEST(only_the_given_bytes_are_read),
		ARENA_TEST(notify_is_found_in_rules_and_in_the_default),
		ARENA_TEST(a_section_means_the_architectures_that_the_host_runs),
		ARENA_TEST(the_installed_common_policy_parses),
		ARENA_TEST(PVE_61_rules_parse),
	};

	return cmocka_run_group_tests_name("seccomp_policy", tests, NULL, NULL);
}
