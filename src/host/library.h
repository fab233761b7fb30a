/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Shared libraries that are opened when they are needed, and never before: a container start must
 * not pay for what it doesn't use. All dlopen(3) calls of the project stand in library.c; each
 * library is a typed table of the functions that we use. ELF notes tell packagers which libraries
 * these are (https://uapi-group.org/specifications/specs/elf_dlopen_metadata/).
 *
 * A table stays valid until library_close_all(). Tables are shared by the threads of a process.
 * Adding a library: a struct here, a row of symbols and a note in library.c.
 */

#include <limits.h>
#include <seccomp.h>

#include "base/err.h"

/* libseccomp 2.5 or later. */
struct library_seccomp {
	__typeof__(seccomp_init) *init;
	__typeof__(seccomp_release) *release;
	__typeof__(seccomp_merge) *merge;
	__typeof__(seccomp_arch_native) *arch_native;
	__typeof__(seccomp_arch_exist) *arch_exist;
	__typeof__(seccomp_arch_add) *arch_add;
	__typeof__(seccomp_arch_remove) *arch_remove;
	__typeof__(seccomp_syscall_resolve_name) *syscall_resolve_name;
	__typeof__(seccomp_rule_add_array) *rule_add_array;
	__typeof__(seccomp_export_bpf) *export_bpf;
	char file[PATH_MAX]; /* that it was loaded from: tells one version from another */
};

/* The table, opened on the first call. NULL with e set: the hint names the package. */
const struct library_seccomp *library_seccomp(struct err *e);

/*
 * Close all for good: from then on opening fails. To be called before the first setns(2) or
 * chroot(2) of a process, behind which the file system belongs to somebody else. No table may be
 * in use.
 */
void library_close_all(void);
