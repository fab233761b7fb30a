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
#include <stdint.h>

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

/*
 * libsystemd 221 or later: sd-bus(3). Its headers are not needed: these few functions are its ABI.
 */
typedef struct sd_bus sd_bus;
typedef struct sd_bus_message sd_bus_message;
typedef struct sd_bus_slot sd_bus_slot;
typedef struct {
	const char *name;
	const char *message;
	int need_free;
} sd_bus_error;
typedef int (*sd_bus_message_handler_t)(sd_bus_message *m, void *context, sd_bus_error *error);

struct library_systemd {
	int (*bus_new)(sd_bus **ret);
	int (*bus_set_address)(sd_bus *bus, const char *address);
	int (*bus_set_bus_client)(sd_bus *bus, int on);
	int (*bus_start)(sd_bus *bus);
	sd_bus *(*bus_flush_close_unref)(sd_bus *bus);
	int (*bus_call)(sd_bus *bus, sd_bus_message *m, uint64_t usec, sd_bus_error *error,
			sd_bus_message **reply);
	int (*bus_process)(sd_bus *bus, sd_bus_message **m);
	int (*bus_wait)(sd_bus *bus, uint64_t usec);
	int (*bus_match_signal)(sd_bus *bus, sd_bus_slot **slot, const char *sender,
				const char *path, const char *interface, const char *member,
				sd_bus_message_handler_t callback, void *context);
	int (*bus_get_property_trivial)(sd_bus *bus, const char *destination, const char *path,
					const char *interface, const char *member,
					sd_bus_error *error, char type, void *ret);
	int (*message_new_method_call)(sd_bus *bus, sd_bus_message **m, const char *destination,
				       const char *path, const char *interface, const char *member);
	int (*message_append)(sd_bus_message *m, const char *types, ...);
	int (*message_read)(sd_bus_message *m, const char *types, ...);
	sd_bus_message *(*message_unref)(sd_bus_message *m);
	void (*bus_error_free)(sd_bus_error *error);
};

/* The tables, opened on the first call. NULL with e set: the hint names the package. */
const struct library_seccomp *library_seccomp(struct err *e);
const struct library_systemd *library_systemd(struct err *e);

/*
 * Close all for good: from then on opening fails. To be called before the first setns(2) or
 * chroot(2) of a process, behind which the file system belongs to somebody else. No table may be
 * in use.
 */
void library_close_all(void);
