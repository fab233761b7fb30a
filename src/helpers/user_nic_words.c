/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line of lxc-user-nic (spec/cli.md §4.1). LXCPATH and NAME are there for readers of
 * process lists: nothing is done with them. Paths are never opened as they come: of the one that
 * delete takes only its two numbers are used (CVE-2018-6556).
 */

#include "helpers/user_nic.h"

#include <limits.h>
#include <string.h>

#include "base/num.h"

enum {
	WORD_ACTION = 1,
	WORD_LXCPATH,
	WORD_NAME,
	WORD_NAMESPACE,
	WORD_TYPE,
	WORD_BRIDGE,
	WORD_NIC,
	WORD_COUNT,
	PID_LARGEST = 1 << 22, /* PID_MAX_LIMIT of 64-bit kernels */
	FD_LARGEST = 1 << 30,
};

bool user_nic_name_is_valid(const char *name)
{
	const size_t length = strnlen(name, LINK_NAME_MAX);

	if (length == 0 || length == LINK_NAME_MAX || name[0] == '-' || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (name[i] <= ' ' || name[i] > '~' || strchr("/:%", name[i]))
			return false;
	}
	return true;
}

/* Digits alone, the first no zero (but for 0 itself), moved over. */
static bool take_number(const char **text, uint64_t largest, uint64_t *ret)
{
	const char *begin = *text;

	return num_take_u64(text, ret) == 0 && *ret <= largest &&
	       (*begin != '0' || *text == begin + 1);
}

static int refuse(struct err *e, const char *what, const char *hint)
{
	int r = err_set(e, ERR_USAGE, 0, "%s", what);

	err_hint(e, "%s", hint);
	return r;
}

static bool parse_pid(const char **text, pid_t *ret)
{
	uint64_t number;

	if (!take_number(text, PID_LARGEST, &number) || number == 0)
		return false;
	*ret = (pid_t)number;
	return true;
}

/* "/proc/PID/ns/net", "/proc/PID/fd/FD" */
static bool parse_path(const char *text, struct user_nic_words *ret)
{
	const char *at = text_after(text, "/proc/"), *behind;
	uint64_t number;

	if (!at || !parse_pid(&at, &ret->pid))
		return false;
	ret->fd = USER_NIC_NO_FD;
	if (strcmp(at, "/ns/net") == 0)
		return true;
	behind = text_after(at, "/fd/");
	if (!behind || !take_number(&behind, FD_LARGEST, &number) || *behind)
		return false;
	ret->fd = (int)number;
	return true;
}

static int parse_namespace(const char *word, struct user_nic_words *ret, struct err *e)
{
	const char *at = word;

	if (ret->is_delete)
		return parse_path(word, ret)
			       ? 0
			       : refuse(e,
					"the network namespace is not given as a path below /proc",
					"write /proc/PID/ns/net or /proc/PID/fd/NUMBER");
	ret->fd = USER_NIC_NO_FD;
	return parse_pid(&at, &ret->pid) && !*at
		       ? 0
		       : refuse(e, "the process is not given as a number",
				"write the number of a process in the network namespace");
}

int user_nic_words_parse(int argc, char *const *argv, struct user_nic_words *ret, struct err *e)
{
	struct user_nic_words words = {0};
	int r;

	if (argc <= WORD_ACTION || strcmp(argv[WORD_ACTION], "--help") == 0 ||
	    strcmp(argv[WORD_ACTION], "-h") == 0)
		return 1;
	words.is_delete = strcmp(argv[WORD_ACTION], "delete") == 0;
	if (!words.is_delete && strcmp(argv[WORD_ACTION], "create") != 0)
		return refuse(e, "the first word is neither create nor delete",
			      "run lxc-user-nic without words: it tells its usage");
	if (argc != WORD_COUNT && (words.is_delete || argc != WORD_NIC))
		return refuse(e,
			      words.is_delete ? "delete takes six words behind it"
					      : "create takes five words behind it, or six",
			      "run lxc-user-nic without words: it tells its usage");
	if (!*argv[WORD_LXCPATH] || !*argv[WORD_NAME])
		return refuse(e, "the container's path and name must not be empty",
			      "give the directory of containers, and the container's name");
	r = parse_namespace(argv[WORD_NAMESPACE], &words, e);
	if (r < 0)
		return r;
	if (strcmp(argv[WORD_TYPE], "veth") != 0)
		return refuse(e, "the type is not veth", "only veth interfaces can be made");
	words.type = argv[WORD_TYPE];
	words.bridge = argv[WORD_BRIDGE];
	words.nic = argc > WORD_NIC ? argv[WORD_NIC] : NULL;
	if (!user_nic_name_is_valid(words.bridge) ||
	    (words.nic && !user_nic_name_is_valid(words.nic)))
		return refuse(e, "a bridge or an interface can't be called so",
			      "names have 1 to 15 printable characters, without '/', ':' and '%', "
			      "and no '-' in front");
	*ret = words;
	return 0;
}
