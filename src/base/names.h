/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The names of numbers that the kernel knows: capabilities, signals, namespaces, limits,
 * architectures, log facilities; as LXC's configuration writes them (spec/config.md). Parsers
 * return the number, or -EINVAL for a text that is no name. Names are static texts, NULL for a
 * number without one.
 *
 * X_words() gives the names of a table, in its order; the fuzzers' dictionary is made of them.
 */

#include <stdbool.h>
#include <stddef.h>

enum {
	CAPABILITY_COUNT = 41, /* to CAP_CHECKPOINT_RESTORE, Linux 5.9 */
};

/* Lower case, without the prefix ("net_admin"), or a decimal number below CAPABILITY_COUNT. */
int capability_parse(const char *text);
const char *capability_name(unsigned n);
const char *const *capability_words(size_t *count);

/*
 * A decimal number (0 and those that no signal has included), SIGNAME in any case, SIGRTMIN+n or
 * SIGRTMAX-n. The prefix is required. Real-time signals are numbered as the C library does, which
 * keeps some to itself; they have no names.
 */
int signal_parse(const char *text);
const char *signal_name(int signal);
const char *const *signal_words(size_t *count);

/* In the order in which LXC prints them. */
enum namespace_kind {
	NAMESPACE_USER,
	NAMESPACE_MNT,
	NAMESPACE_PID,
	NAMESPACE_UTS,
	NAMESPACE_IPC,
	NAMESPACE_NET,
	NAMESPACE_CGROUP,
	NAMESPACE_TIME,
	NAMESPACE_COUNT,
};

/* Names are those of /proc/PID/ns. */
int namespace_parse(const char *text, bool any_case);
const char *namespace_name(enum namespace_kind kind);
const char *const *namespace_words(size_t *count);

/* The CLONE_NEW… flag; 0 for a number outside the enumeration. */
unsigned long namespace_clone_flag(enum namespace_kind kind);

/*
 * A RLIMIT_… in lower case without the prefix, or a decimal number, which is not checked: a newer
 * kernel may know it.
 */
int rlimit_parse(const char *name);
const char *rlimit_name(int resource);
const char *const *rlimit_words(size_t *count);

/*
 * The word of an architecture (the kernel's, Debian's, what Proxmox VE and Incus write) as what
 * personality(2) takes: PER_LINUX32 or PER_LINUX. Its name is LXC's: "i686" or "x86_64", whatever
 * the architecture.
 */
int architecture_parse(const char *name);
const char *architecture_name(int personality);
const char *const *architecture_words(size_t *count);

/* daemon, local0 … local7 as LOG_DAEMON, LOG_LOCAL0 … of syslog(3). */
int syslog_facility_parse(const char *name);
const char *syslog_facility_name(int facility);
const char *const *syslog_facility_words(size_t *count);

/*
 * What an errno means, in the same words whatever C library this is built with: glibc's in the C
 * locale. The text is static, but for numbers that have none: "Unknown error 600" in `room`.
 */
enum { ERRNO_TEXT_MAX = 32 };
const char *errno_text(int errnum, char room[ERRNO_TEXT_MAX]);
