/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * For tests: a process that sleeps so that the freezer doesn't get at it.
 */

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/*
 * In the kernel, where only SIGKILL gets at it, and the freezer does not: process_vm_readv(2) of
 * memory whose pages nobody provides (userfaultfd(2)).
 */
_Noreturn static inline void hang_in_kernel(void)
{
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register area = {.range.len = 4096, .mode = UFFDIO_REGISTER_MODE_MISSING};
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	char byte;
	struct iovec to = {.iov_base = &byte, .iov_len = 1},
		     from = {.iov_base = page, .iov_len = 1};

	area.range.start = (uintptr_t)page;
	if (ioctl(fd, UFFDIO_API, &api) == 0 && ioctl(fd, UFFDIO_REGISTER, &area) == 0)
		(void)!syscall(SYS_process_vm_readv, getpid(), &to, 1, &from, 1, 0);
	_exit(1);
}

/* Until the process sleeps so that no signal wakes it. 0, or 1: it can't. */
static inline int hang_wait(pid_t pid)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	for (int i = 0; i < 1000; i++) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t got = read(fd, text, sizeof(text) - 1);
		const char *state;

		close(fd);
		text[got < 0 ? 0 : got] = '\0';
		state = strrchr(text, ')');
		if (!state || state[2] == 'Z')
			return 1;
		if (state[2] == 'D')
			return 0;
		usleep(1000);
	}
	return 1;
}
