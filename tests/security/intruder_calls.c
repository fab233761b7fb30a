/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * System calls by every way that the processor has: a filter that looks at the number alone is
 * passed by with the numbers of another ABI. syscall(2), seccomp(2); x86's alone are tried.
 */

#include "intruder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { X32_BIT = 0x40000000 };

#if defined(__x86_64__)
static long call_i386(long number)
{
	long result;

	/* Arguments that every one of these refuses, if it comes to that. */
	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(-1L), "c"(0L), "d"(0L), "S"(0L)
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)result;
}
#else
static long call_i386(long number)
{
	(void)number;
	return -ENOSYS;
}
#endif

static long call_native(long number)
{
	return syscall(number, -1L, 0L, 0L, 0L) < 0 ? -errno : 0;
}

/* In a process of its own, which the kernel may kill for it. */
static void try_call(const char *name, const char *way, long (*function)(long), long number)
{
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		long r = function(number);

		/* The ABI may be missing, the filter have spoken; all else came through. */
		_exit(r == -ENOSYS ? 1 : r == -EPERM ? 2 : 3);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return;
	printf("%s %s %s\n", name, way,
	       WIFSIGNALED(status)        ? "killed"
	       : WEXITSTATUS(status) == 1 ? "missing"
	       : WEXITSTATUS(status) == 2 ? "denied"
					  : "THROUGH");
}

int intruder_calls(char *const *arguments)
{
	static const struct {
		const char *name;
		long native, i386;
	} calls[] = {
		{"kexec_load", SYS_kexec_load, 283},
		{"open_by_handle_at", SYS_open_by_handle_at, 342},
		{"init_module", SYS_init_module, 128},
		{"finit_module", SYS_finit_module, 350},
		{"delete_module", SYS_delete_module, 129},
	};

	(void)arguments;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		try_call(calls[i].name, "native", call_native, calls[i].native);
		try_call(calls[i].name, "x32", call_native, calls[i].native | X32_BIT);
		try_call(calls[i].name, "i386", call_i386, calls[i].i386);
	}
	return 0;
}
