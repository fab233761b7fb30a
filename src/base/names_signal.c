/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of signals, as signal(7) has them and LXC's configuration accepts them. Where two names
 * share a number the first one is the name of the number.
 */

#include "base/names.h"

#include <errno.h>
#include <signal.h>

#include "base/macros.h"
#include "base/str.h"
#include "base/words.h"

#define SIGNALS(X)                \
	X("SIGHUP", SIGHUP)       \
	X("SIGINT", SIGINT)       \
	X("SIGQUIT", SIGQUIT)     \
	X("SIGILL", SIGILL)       \
	X("SIGABRT", SIGABRT)     \
	X("SIGFPE", SIGFPE)       \
	X("SIGKILL", SIGKILL)     \
	X("SIGSEGV", SIGSEGV)     \
	X("SIGPIPE", SIGPIPE)     \
	X("SIGALRM", SIGALRM)     \
	X("SIGTERM", SIGTERM)     \
	X("SIGUSR1", SIGUSR1)     \
	X("SIGUSR2", SIGUSR2)     \
	X("SIGCHLD", SIGCHLD)     \
	X("SIGCONT", SIGCONT)     \
	X("SIGSTOP", SIGSTOP)     \
	X("SIGTSTP", SIGTSTP)     \
	X("SIGTTIN", SIGTTIN)     \
	X("SIGTTOU", SIGTTOU)     \
	X("SIGTRAP", SIGTRAP)     \
	X("SIGIOT", SIGABRT)      \
	X("SIGBUS", SIGBUS)       \
	X("SIGSTKFLT", SIGSTKFLT) \
	X("SIGCLD", SIGCHLD)      \
	X("SIGURG", SIGURG)       \
	X("SIGXCPU", SIGXCPU)     \
	X("SIGXFSZ", SIGXFSZ)     \
	X("SIGVTALRM", SIGVTALRM) \
	X("SIGPROF", SIGPROF)     \
	X("SIGWINCH", SIGWINCH)   \
	X("SIGIO", SIGIO)         \
	X("SIGPOLL", SIGIO)       \
	X("SIGPWR", SIGPWR)       \
	X("SIGSYS", SIGSYS)

#define SIGNAL_NAME(name, number)   name,
#define SIGNAL_NUMBER(name, number) number,
static const char *const names[] = {SIGNALS(SIGNAL_NAME)};
static const int numbers[] = {SIGNALS(SIGNAL_NUMBER)};
#undef SIGNAL_NAME
#undef SIGNAL_NUMBER

/* The part behind a prefix in any case; NULL when the text begins differently. */
static const char *after_any_case(const char *text, const char *prefix)
{
	while (*prefix) {
		if (text_lower(*text++) != text_lower(*prefix++))
			return NULL;
	}
	return text;
}

/* SIGRTMIN+n and SIGRTMAX-n; both bounds belong to the C library and are known at run time only. */
static int parse_realtime(const char *text)
{
	const int range = SIGRTMAX - SIGRTMIN;
	const char *upward = after_any_case(text, "SIGRTMIN+");
	const char *downward = after_any_case(text, "SIGRTMAX-");
	int n = -EINVAL;

	if (upward)
		n = words_parse_number(upward);
	else if (downward)
		n = words_parse_number(downward);
	if (n < 0 || n > range)
		return -EINVAL;
	return upward ? SIGRTMIN + n : SIGRTMAX - n;
}

int signal_parse(const char *text)
{
	int i = words_find(names, ARRAY_LENGTH(names), text, true);
	int number;

	if (i >= 0)
		return numbers[i];
	number = words_parse_number(text);
	return number >= 0 ? number : parse_realtime(text);
}

const char *signal_name(int signal)
{
	for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) {
		if (numbers[i] == signal)
			return names[i];
	}
	return NULL;
}

const char *const *signal_words(size_t *count)
{
	*count = ARRAY_LENGTH(names);
	return names;
}
