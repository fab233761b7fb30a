/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz target of the seccomp policy reader: the input is a policy file.
 *
 * A policy has no printed form that could be read again; what is asserted is that the model keeps
 * its promises (ranges, order of lines, distinct arguments) and that failures explain themselves.
 */

#include "config/seccomp_policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void test_action(struct seccomp_action action)
{
	require((unsigned)action.kind <= SECCOMP_NOTIFY);
	require(action.errnum <= SECCOMP_ERRNO_MAX);
	require(action.kind == SECCOMP_ERRNO || action.errnum == 0);
}

static void test_arguments(const struct seccomp_rule *rule)
{
	unsigned seen = 0;

	require(rule->argument_count <= SECCOMP_ARGUMENTS_MAX);
	for (unsigned i = 0; i < rule->argument_count; i++) {
		const struct seccomp_argument *argument = &rule->arguments[i];

		require(argument->index < SECCOMP_ARGUMENTS_MAX);
		require(!(seen & (1U << argument->index)));
		seen |= 1U << argument->index;
		require((unsigned)argument->compare <= SECCOMP_MASKED_EQ);
		require(argument->compare == SECCOMP_MASKED_EQ || argument->mask == 0);
	}
}

static void test_rule(const struct seccomp_rule *rule, unsigned version)
{
	require(rule->section < SECCOMP_ARCH_COUNT);
	if (version == 1) {
		require(rule->section == SECCOMP_ARCH_NATIVE && rule->number >= 0);
		require(!rule->syscall && rule->argument_count == 0);
	} else {
		require(rule->section != SECCOMP_ARCH_NATIVE && rule->number == -1);
		require(*rule->syscall && !strpbrk(rule->syscall, " \t\r\n"));
	}
	require(seccomp_arch_set(rule->section, SECCOMP_ARCH_X86_64) <=
		seccomp_arch_set(SECCOMP_ARCH_ALL, SECCOMP_ARCH_X86_64));
	test_action(rule->action);
	test_arguments(rule);
}

static void test_policy(const struct seccomp_policy *policy)
{
	bool notify = policy->default_action.kind == SECCOMP_NOTIFY;
	unsigned line = 2;

	require(policy->version == 1 || policy->version == 2);
	test_action(policy->default_action);
	test_action(policy->listed_action);
	for (size_t i = 0; i < policy->rules.count; i++) {
		const struct seccomp_rule *rule = &policy->rules.items[i];

		require(rule->line > line);
		line = rule->line;
		notify = notify || rule->action.kind == SECCOMP_NOTIFY;
		test_rule(rule, policy->version);
	}
	require(seccomp_policy_has_notify(policy) == notify);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = size > 0 ? (const char *)data : "";
	struct seccomp_policy policy = {0};
	struct arena arena = {0};
	struct err e = {0};

	if (seccomp_policy_parse("policy", text, size, &arena, &policy, &e) < 0) {
		require(err_is_valid(&e) && *err_cause(&e));
		require(policy.version == 0);
	} else {
		test_policy(&policy);
	}
	arena_finish(&arena);
	return 0;
}
