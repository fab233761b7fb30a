/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names and clone flags of namespaces: namespaces(7), clone(2). The time namespace's flag shares
 * its bit with the exit signal of clone(2): only clone3(2) and unshare(2) take it.
 */

#include "base/names.h"

#include <assert.h>
#include <sched.h>

#include "base/macros.h"
#include "base/words.h"

static const char *const names[] = {
	[NAMESPACE_USER] = "user",     [NAMESPACE_MNT] = "mnt",   [NAMESPACE_PID] = "pid",
	[NAMESPACE_UTS] = "uts",       [NAMESPACE_IPC] = "ipc",   [NAMESPACE_NET] = "net",
	[NAMESPACE_CGROUP] = "cgroup", [NAMESPACE_TIME] = "time",
};

static const unsigned long clone_flags[] = {
	[NAMESPACE_USER] = CLONE_NEWUSER,     [NAMESPACE_MNT] = CLONE_NEWNS,
	[NAMESPACE_PID] = CLONE_NEWPID,       [NAMESPACE_UTS] = CLONE_NEWUTS,
	[NAMESPACE_IPC] = CLONE_NEWIPC,       [NAMESPACE_NET] = CLONE_NEWNET,
	[NAMESPACE_CGROUP] = CLONE_NEWCGROUP, [NAMESPACE_TIME] = CLONE_NEWTIME,
};

static_assert(ARRAY_LENGTH(names) == NAMESPACE_COUNT, "one name for each namespace");
static_assert(ARRAY_LENGTH(clone_flags) == NAMESPACE_COUNT, "one flag for each namespace");

int namespace_parse(const char *text, bool any_case)
{
	return words_find(names, ARRAY_LENGTH(names), text, any_case);
}

const char *namespace_name(enum namespace_kind kind)
{
	return (size_t)kind < ARRAY_LENGTH(names) ? names[kind] : NULL;
}

const char *const *namespace_words(size_t *count)
{
	*count = ARRAY_LENGTH(names);
	return names;
}

unsigned long namespace_clone_flag(enum namespace_kind kind)
{
	return (size_t)kind < ARRAY_LENGTH(clone_flags) ? clone_flags[kind] : 0;
}
