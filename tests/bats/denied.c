/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls that the shipped seccomp policy denies, and what each is answered: "NAME ERRNO" a line, 0
 * for success. Static: it runs in the busybox root of limits.bats.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

static void tell(const char *name, long ret)
{
	printf("%s %d\n", name, ret < 0 ? errno : 0);
}

int main(void)
{
	tell("kexec_load", syscall(SYS_kexec_load, 0, -1L, 0, -1L));
	tell("open_by_handle_at", syscall(SYS_open_by_handle_at, -1, 0, O_CLOEXEC));
	tell("init_module", syscall(SYS_init_module, 0, 0, ""));
	tell("finit_module", syscall(SYS_finit_module, -1, "", 0));
	tell("delete_module", syscall(SYS_delete_module, "no", 0));
	tell("umount2-force", umount2("/nosuch", MNT_FORCE));
	tell("umount2", umount2("/nosuch", 0));
	return 0;
}
