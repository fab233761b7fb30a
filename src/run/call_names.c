/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The names of the system calls that steps make, for errors. Not all that exist: one that lacks a
 * row is told by its number.
 */

#include "run/run.h"

#include <stddef.h>

#include "base/macros.h"
#include "sys/kernel.h"

/* clang-format off */
#define CALL(name) {__NR_##name, #name}
/* clang-format on */

static const struct {
	uint32_t number;
	const char *name;
} calls[] = {
	CALL(bind),        CALL(bpf),           CALL(capset),
	CALL(chdir),       CALL(chroot),        CALL(clone),
	CALL(clone3),      CALL(close),         CALL(close_range),
	CALL(dup3),        CALL(epoll_create1), CALL(epoll_ctl),
	CALL(execve),      CALL(execveat),      CALL(faccessat),
	CALL(faccessat2),  CALL(fchdir),        CALL(fchmod),
	CALL(fchmodat),    CALL(fchown),        CALL(fchownat),
	CALL(fcntl),       CALL(flock),         CALL(fsconfig),
	CALL(fsmount),     CALL(fsopen),        CALL(fstat),
	CALL(fstatfs),     CALL(getdents64),    CALL(getrandom),
	CALL(ioctl),       CALL(keyctl),        CALL(kill),
	CALL(mkdirat),     CALL(mknodat),       CALL(mmap),
	CALL(mount),       CALL(mount_setattr), CALL(move_mount),
	CALL(open_tree),   CALL(openat),        CALL(openat2),
	CALL(personality), CALL(pidfd_open),    CALL(pidfd_send_signal),
	CALL(pipe2),       CALL(pivot_root),    CALL(prctl),
	CALL(pread64),     CALL(prlimit64),     CALL(read),
	CALL(readlinkat),  CALL(recvfrom),      CALL(recvmsg),
	CALL(renameat),    CALL(rt_sigaction),  CALL(rt_sigprocmask),
	CALL(seccomp),     CALL(sendmsg),       CALL(sendto),
	CALL(sethostname), CALL(setgroups),     CALL(setns),
	CALL(setresgid),   CALL(setresuid),     CALL(setsid),
	CALL(setsockopt),  CALL(socket),        CALL(socketpair),
	CALL(statx),       CALL(symlinkat),     CALL(umount2),
	CALL(unlinkat),    CALL(unshare),       CALL(waitid),
	CALL(write),
};

const char *run_call_name(uint32_t call)
{
	for (size_t i = 0; call != 0 && i < ARRAY_LENGTH(calls); i++) {
		if (calls[i].number == call)
			return calls[i].name;
	}
	return NULL;
}
