/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one file that opens shared libraries. Libraries are asked for by their soname, so that what
 * an administrator has installed is taken, and found missing with a message instead of a program
 * that does not start at all.
 */

#include "host/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

#include "base/macros.h"

/* An ELF note as the specification has it: vendor FDO, type "dlopen", JSON. */
#define NOTE_VENDOR    "FDO"
#define NOTE_TYPE      0x407c0c0a
#define SECCOMP_SONAME "libseccomp.so.2"
#define SYSTEMD_SONAME "libsystemd.so.0"
#define NOTES                                                                \
	"[{\"feature\":\"seccomp\",\"description\":\"System call filters\"," \
	"\"priority\":\"recommended\",\"soname\":[\"" SECCOMP_SONAME "\"]}," \
	"{\"feature\":\"systemd\",\"description\":\"Cgroups for users\","    \
	"\"priority\":\"suggested\",\"soname\":[\"" SYSTEMD_SONAME "\"]}]"

struct note {
	uint32_t vendor_size, json_size, type;
	_Alignas(uint32_t) char vendor[sizeof(NOTE_VENDOR)];
	_Alignas(uint32_t) char json[(sizeof(NOTES) + 3) / 4 * 4];
};

/* The alignment is the format's; without it the compiler would choose a larger one. */
__attribute__((used, section(".note.dlopen"), aligned(4))) static const struct note library_note = {
	.vendor_size = sizeof(NOTE_VENDOR),
	.json_size = sizeof(NOTES),
	.type = NOTE_TYPE,
	.vendor = NOTE_VENDOR,
	.json = NOTES,
};

struct symbol {
	const char *name;
	size_t offset; /* of its pointer in the table */
};

static const struct symbol seccomp_symbols[] = {
	{"seccomp_init", offsetof(struct library_seccomp, init)},
	{"seccomp_release", offsetof(struct library_seccomp, release)},
	{"seccomp_merge", offsetof(struct library_seccomp, merge)},
	{"seccomp_arch_native", offsetof(struct library_seccomp, arch_native)},
	{"seccomp_arch_exist", offsetof(struct library_seccomp, arch_exist)},
	{"seccomp_arch_add", offsetof(struct library_seccomp, arch_add)},
	{"seccomp_arch_remove", offsetof(struct library_seccomp, arch_remove)},
	{"seccomp_syscall_resolve_name", offsetof(struct library_seccomp, syscall_resolve_name)},
	{"seccomp_rule_add_array", offsetof(struct library_seccomp, rule_add_array)},
	{"seccomp_export_bpf", offsetof(struct library_seccomp, export_bpf)},
};

#define BUS(member)                                                               \
	{                                                                         \
		"sd_bus_" #member, offsetof(struct library_systemd, bus_##member) \
	}
#define MESSAGE(member)                                                                       \
	{                                                                                     \
		"sd_bus_message_" #member, offsetof(struct library_systemd, message_##member) \
	}

static const struct symbol systemd_symbols[] = {
	BUS(new),
	BUS(set_address),
	BUS(set_bus_client),
	BUS(start),
	BUS(flush_close_unref),
	BUS(call),
	BUS(process),
	BUS(wait),
	BUS(match_signal),
	BUS(get_property_trivial),
	BUS(error_free),
	MESSAGE(new_method_call),
	MESSAGE(append),
	MESSAGE(read),
	MESSAGE(unref),
};

static struct {
	pthread_mutex_t lock;
	bool closed; /* for good */
	void *seccomp_handle, *systemd_handle;
	struct library_seccomp seccomp;
	struct library_systemd systemd;
} libraries = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* What a library is opened for, and what to say when that fails. */
struct wish {
	const char *soname;
	const char *package; /* what to install, or to do without it */
	const struct symbol *symbols;
	size_t count;
	void *table;
	void **handle;
	enum err_id id;
};

static const struct wish wishes[] = {
	{SECCOMP_SONAME,
	 "libseccomp 2.5 or later (Debian's package is libseccomp2), or unset lxc.seccomp.profile",
	 seccomp_symbols, ARRAY_LENGTH(seccomp_symbols), &libraries.seccomp,
	 &libraries.seccomp_handle, ERR_SECCOMP_FAILED},
	{SYSTEMD_SONAME, "libsystemd (Debian's package is libsystemd0)", systemd_symbols,
	 ARRAY_LENGTH(systemd_symbols), &libraries.systemd, &libraries.systemd_handle,
	 ERR_CGROUP_FAILED},
};

static int fail(const struct wish *wish, struct err *e)
{
	const char *reason = dlerror();

	err_set(e, wish->id, ENOENT, "Cannot open the library %s: %s", wish->soname,
		reason ? reason : "no reason given");
	err_hint(e, "install %s", wish->package);
	return -ENOENT;
}

static int open_library(const struct wish *wish, struct err *e)
{
	void *handle = dlopen(wish->soname, RTLD_NOW | RTLD_LOCAL);

	if (!handle)
		return fail(wish, e);
	for (size_t i = 0; i < wish->count; i++) {
		void *address = dlsym(handle, wish->symbols[i].name);

		if (!address) {
			fail(wish, e);
			dlclose(handle);
			return -ENOENT;
		}
		*(void **)((char *)wish->table + wish->symbols[i].offset) = address;
	}
	*wish->handle = handle;
	return 0;
}

/* Under the lock. */
static int need(const struct wish *wish, struct err *e)
{
	if (libraries.closed)
		return err_set(e, wish->id, ECANCELED,
			       "%s is not opened any more: this process is inside a container",
			       wish->soname);
	return *wish->handle ? 0 : open_library(wish, e);
}

const struct library_seccomp *library_seccomp(struct err *e)
{
	struct library_seccomp *table = &libraries.seccomp;
	Dl_info info;
	int r;

	pthread_mutex_lock(&libraries.lock);
	r = need(&wishes[0], e);
	/* dladdr(3) wants to know where a function is: any of the library's will do. */
	if (r == 0 && !table->file[0] && dladdr(*(void **)&table->init, &info) && info.dli_fname)
		snprintf(table->file, sizeof(table->file), "%s", info.dli_fname);
	pthread_mutex_unlock(&libraries.lock);
	return r < 0 ? NULL : table;
}

const struct library_systemd *library_systemd(struct err *e)
{
	int r;

	pthread_mutex_lock(&libraries.lock);
	r = need(&wishes[1], e);
	pthread_mutex_unlock(&libraries.lock);
	return r < 0 ? NULL : &libraries.systemd;
}

void library_close_all(void)
{
	pthread_mutex_lock(&libraries.lock);
	libraries.closed = true;
	for (size_t i = 0; i < ARRAY_LENGTH(wishes); i++) {
		if (*wishes[i].handle)
			dlclose(*wishes[i].handle);
		*wishes[i].handle = NULL;
	}
	pthread_mutex_unlock(&libraries.lock);
}
