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
#define SECCOMP_NOTE                                                         \
	"[{\"feature\":\"seccomp\",\"description\":\"System call filters\"," \
	"\"priority\":\"recommended\",\"soname\":[\"" SECCOMP_SONAME "\"]}]"

struct note {
	uint32_t vendor_size, json_size, type;
	_Alignas(uint32_t) char vendor[sizeof(NOTE_VENDOR)];
	_Alignas(uint32_t) char json[(sizeof(SECCOMP_NOTE) + 3) / 4 * 4];
};

/* The alignment is the format's; without it the compiler would choose a larger one. */
__attribute__((used, section(".note.dlopen"), aligned(4))) static const struct note seccomp_note = {
	.vendor_size = sizeof(NOTE_VENDOR),
	.json_size = sizeof(SECCOMP_NOTE),
	.type = NOTE_TYPE,
	.vendor = NOTE_VENDOR,
	.json = SECCOMP_NOTE,
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

static struct {
	pthread_mutex_t lock;
	bool closed; /* for good */
	void *seccomp_handle;
	struct library_seccomp seccomp;
} libraries = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int fail(const char *soname, const char *package, struct err *e)
{
	const char *reason = dlerror();

	err_set(e, ERR_SECCOMP_FAILED, ENOENT, "Cannot open the library %s: %s", soname,
		reason ? reason : "no reason given");
	err_hint(e, "install %s", package);
	return -ENOENT;
}

static int open_seccomp(struct err *e)
{
	static const char package[] =
		"libseccomp 2.5 or later (Debian's package is libseccomp2), or unset "
		"lxc.seccomp.profile";
	void *handle = dlopen(SECCOMP_SONAME, RTLD_NOW | RTLD_LOCAL);
	struct library_seccomp table = {0};
	Dl_info info;

	if (!handle)
		return fail(SECCOMP_SONAME, package, e);
	for (size_t i = 0; i < ARRAY_LENGTH(seccomp_symbols); i++) {
		void *address = dlsym(handle, seccomp_symbols[i].name);

		if (!address) {
			fail(SECCOMP_SONAME, package, e);
			dlclose(handle);
			return -ENOENT;
		}
		*(void **)((char *)&table + seccomp_symbols[i].offset) = address;
	}
	/* dladdr(3) wants to know where a function is: any of the library's will do. */
	if (dladdr(*(void **)&table.init, &info) && info.dli_fname)
		snprintf(table.file, sizeof(table.file), "%s", info.dli_fname);
	libraries.seccomp = table;
	libraries.seccomp_handle = handle;
	return 0;
}

const struct library_seccomp *library_seccomp(struct err *e)
{
	int r = 0;

	pthread_mutex_lock(&libraries.lock);
	if (libraries.closed) {
		r = err_set(e, ERR_SECCOMP_FAILED, ECANCELED,
			    "%s is not opened any more: this process is inside a container",
			    SECCOMP_SONAME);
	} else if (!libraries.seccomp_handle) {
		r = open_seccomp(e);
	}
	pthread_mutex_unlock(&libraries.lock);
	return r < 0 ? NULL : &libraries.seccomp;
}

void library_close_all(void)
{
	pthread_mutex_lock(&libraries.lock);
	libraries.closed = true;
	if (libraries.seccomp_handle)
		dlclose(libraries.seccomp_handle);
	libraries.seccomp_handle = NULL;
	pthread_mutex_unlock(&libraries.lock);
}
