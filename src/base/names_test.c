/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables of names: both directions, the borders, and what is no name.
 */

#include "base/names.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <syslog.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/words.h"

static void capabilities_have_names_and_numbers(void **state)
{
	assert_int_equal(capability_parse("chown"), CAP_CHOWN);
	assert_int_equal(capability_parse("net_admin"), CAP_NET_ADMIN);
	assert_int_equal(capability_parse("checkpoint_restore"), CAP_CHECKPOINT_RESTORE);
	assert_int_equal(capability_parse("0"), 0);
	assert_int_equal(capability_parse("40"), 40);
	assert_int_equal(capability_parse("41"), -EINVAL);
	assert_int_equal(capability_parse("-1"), -EINVAL);
	assert_int_equal(capability_parse("CHOWN"), -EINVAL);
	assert_int_equal(capability_parse("cap_chown"), -EINVAL);
	assert_int_equal(capability_parse("none"), -EINVAL);
	assert_int_equal(capability_parse(""), -EINVAL);
	assert_int_equal(capability_parse("99999999999"), -EINVAL);
	for (unsigned n = 0; n < CAPABILITY_COUNT; n++)
		assert_int_equal(capability_parse(capability_name(n)), n);
	assert_null(capability_name(CAPABILITY_COUNT));
}

static void signals_have_names_and_numbers(void **state)
{
	size_t count;

	assert_int_equal(signal_parse("SIGTERM"), SIGTERM);
	assert_int_equal(signal_parse("sigterm"), SIGTERM);
	assert_int_equal(signal_parse("SigPwr"), SIGPWR);
	assert_int_equal(signal_parse("SIGIOT"), SIGABRT);
	assert_int_equal(signal_parse("SIGCLD"), SIGCHLD);
	assert_int_equal(signal_parse("SIGPOLL"), SIGIO);
	assert_int_equal(signal_parse("0"), 0);
	assert_int_equal(signal_parse("9"), 9);
	assert_int_equal(signal_parse("12345"), 12345);
	assert_int_equal(signal_parse("TERM"), -EINVAL);
	assert_int_equal(signal_parse("SIG"), -EINVAL);
	assert_int_equal(signal_parse("-9"), -EINVAL);
	assert_int_equal(signal_parse("9 "), -EINVAL);
	assert_int_equal(signal_parse("99999999999"), -EINVAL);
	assert_int_equal(signal_parse(""), -EINVAL);
	assert_string_equal(signal_name(SIGTERM), "SIGTERM");
	assert_string_equal(signal_name(SIGABRT), "SIGABRT");
	assert_string_equal(signal_name(SIGCHLD), "SIGCHLD");
	assert_null(signal_name(0));
	assert_null(signal_name(SIGRTMIN));
	for (int n = 1; n < 32; n++)
		assert_int_equal(signal_parse(signal_name(n)), n);
	assert_string_equal(signal_words(&count)[0], "SIGHUP");
	assert_int_equal(count, 34);
}

static void realtime_signals_count_from_both_ends(void **state)
{
	char text[32];

	assert_int_equal(signal_parse("SIGRTMIN+3"), SIGRTMIN + 3);
	assert_int_equal(signal_parse("sigrtmin+0"), SIGRTMIN);
	assert_int_equal(signal_parse("SIGRTMAX-1"), SIGRTMAX - 1);
	snprintf(text, sizeof(text), "SIGRTMIN+%d", SIGRTMAX - SIGRTMIN);
	assert_int_equal(signal_parse(text), SIGRTMAX);
	snprintf(text, sizeof(text), "SIGRTMAX-%d", SIGRTMAX - SIGRTMIN + 1);
	assert_int_equal(signal_parse(text), -EINVAL);
	assert_int_equal(signal_parse("SIGRTMIN"), -EINVAL);
	assert_int_equal(signal_parse("SIGRTMIN+"), -EINVAL);
	assert_int_equal(signal_parse("SIGRTMIN-1"), -EINVAL);
	assert_int_equal(signal_parse("SIGRTMAX+1"), -EINVAL);
	assert_int_equal(signal_parse("SIGRTMIN+-1"), -EINVAL);
	assert_int_equal(signal_parse("RTMIN+1"), -EINVAL);
}

static void namespaces_have_names_and_flags(void **state)
{
	static const char *const expected[] = {"user", "mnt", "pid",    "uts",
					       "ipc",  "net", "cgroup", "time"};
	static const unsigned long flags[] = {CLONE_NEWUSER,   CLONE_NEWNS,  CLONE_NEWPID,
					      CLONE_NEWUTS,    CLONE_NEWIPC, CLONE_NEWNET,
					      CLONE_NEWCGROUP, 0x80};
	size_t count;

	for (int i = 0; i < NAMESPACE_COUNT; i++) {
		assert_string_equal(namespace_name((enum namespace_kind)i), expected[i]);
		assert_int_equal(namespace_parse(expected[i], false), i);
		assert_int_equal(namespace_clone_flag((enum namespace_kind)i), flags[i]);
	}
	assert_int_equal(namespace_parse("NET", true), NAMESPACE_NET);
	assert_int_equal(namespace_parse("NET", false), -EINVAL);
	assert_int_equal(namespace_parse("mount", true), -EINVAL);
	assert_null(namespace_name(NAMESPACE_COUNT));
	assert_int_equal(namespace_clone_flag(NAMESPACE_COUNT), 0);
	assert_string_equal(namespace_words(&count)[7], "time");
	assert_int_equal(count, NAMESPACE_COUNT);
}

static void limits_have_names_and_numbers(void **state)
{
	size_t count;
	const char *const *words = rlimit_words(&count);

	assert_int_equal(count, RLIM_NLIMITS);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(rlimit_parse(words[i]), i);
		assert_string_equal(rlimit_name((int)i), words[i]);
	}
	assert_int_equal(rlimit_parse("nofile"), RLIMIT_NOFILE);
	assert_int_equal(rlimit_parse("7"), 7);
	assert_int_equal(rlimit_parse("99"), 99);
	assert_int_equal(rlimit_parse("NOFILE"), -EINVAL);
	assert_int_equal(rlimit_parse("-1"), -EINVAL);
	assert_null(rlimit_name(-1));
	assert_null(rlimit_name(RLIM_NLIMITS));
}

static void architectures_are_of_32_or_64_bits(void **state)
{
	static const char *const narrow[] = {
		"arm",  "armel", "armhf",   "armv7l", "athlon", "i386", "i486",
		"i586", "i686",  "linux32", "mips",   "mipsel", "ppc",  "powerpc",
		"x32",  "x86",   "riscv32", "armv6l", "armv8l",
	};
	static const char *const wide[] = {
		"aarch64", "amd64",     "arm64",    "linux64", "loongarch64",
		"loong64", "mips64",    "mips64el", "ppc64",   "ppc64el",
		"ppc64le", "powerpc64", "riscv64",  "s390x",   "x86_64",
	};
	size_t count;

	for (size_t i = 0; i < ARRAY_LENGTH(narrow); i++)
		assert_int_equal(architecture_parse(narrow[i]), PER_LINUX32);
	for (size_t i = 0; i < ARRAY_LENGTH(wide); i++)
		assert_int_equal(architecture_parse(wide[i]), PER_LINUX);
	architecture_words(&count);
	assert_int_equal(count, ARRAY_LENGTH(narrow) + ARRAY_LENGTH(wide));
	assert_int_equal(architecture_parse("X86_64"), -EINVAL);
	assert_int_equal(architecture_parse("vax"), -EINVAL);
	assert_string_equal(architecture_name(PER_LINUX32), "i686");
	assert_string_equal(architecture_name(PER_LINUX), "x86_64");
	assert_null(architecture_name(-1));
}

static void facilities_are_those_for_daemons(void **state)
{
	size_t count;

	assert_int_equal(syslog_facility_parse("daemon"), LOG_DAEMON);
	assert_int_equal(syslog_facility_parse("local7"), LOG_LOCAL7);
	assert_int_equal(syslog_facility_parse("local8"), -EINVAL);
	assert_int_equal(syslog_facility_parse("kern"), -EINVAL);
	assert_string_equal(syslog_facility_name(LOG_LOCAL0), "local0");
	assert_null(syslog_facility_name(LOG_KERN));
	assert_string_equal(syslog_facility_words(&count)[0], "daemon");
	assert_int_equal(count, 9);
}

static void words_without_a_number_are_skipped(void **state)
{
	static const char *const words[] = {"one", NULL, "three"};

	assert_int_equal(words_find(words, 3, "three", false), 2);
	assert_int_equal(words_find(words, 3, "THREE", true), 2);
	assert_int_equal(words_find(words, 3, "", true), -EINVAL);
	assert_string_equal(capability_words(&(size_t){0})[0], "chown");
}

/* This is built with glibc, whose words they are to be. */
static void errnos_read_as_in_glibc(void **state)
{
	char room[ERRNO_TEXT_MAX], expected[64];

	for (int n = 0; n < 200; n++) {
		errno = n;
		snprintf(expected, sizeof(expected), "%m");
		assert_string_equal(errno_text(n, room), expected);
	}
	assert_string_equal(errno_text(-5, room), "Unknown error -5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capabilities_have_names_and_numbers),
		cmocka_unit_test(signals_have_names_and_numbers),
		cmocka_unit_test(realtime_signals_count_from_both_ends),
		cmocka_unit_test(namespaces_have_names_and_flags),
		cmocka_unit_test(limits_have_names_and_numbers),
		cmocka_unit_test(architectures_are_of_32_or_64_bits),
		cmocka_unit_test(facilities_are_those_for_daemons),
		cmocka_unit_test(words_without_a_number_are_skipped),
		cmocka_unit_test(errnos_read_as_in_glibc),
	};

	return cmocka_run_group_tests_name("base/names", tests, NULL, NULL);
}
