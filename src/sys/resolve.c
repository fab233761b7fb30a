/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openat2(2), Linux 5.6, and its RESOLVE_ flags. There is no substitute for older kernels here:
 * walking a hostile tree by hand is how the CVEs of DESIGN.md §10 came about. Whether the path may
 * be opened at all is the callers' decision.
 */

#include "sys/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>

#include "sys/openat2.h"

enum {
	/*
	 * openat2(2) gives EAGAIN when a rename or mount anywhere on the host raced with a "..".
	 * A container that renames in a loop must not hold us for ever.
	 */
	ATTEMPTS_MAX = 128,
};

static int open_with(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	const int creating = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
	/* Through unsigned, so that no flag becomes a sign in the 64 bits. */
	const struct open_how how = {
		.flags = (unsigned)(flags | O_CLOEXEC),
		.mode = creating ? mode : 0,
		.resolve = resolve,
	};
	int fd = -EAGAIN;

	for (unsigned i = 0; i < ATTEMPTS_MAX && fd == -EAGAIN; i++)
		fd = openat2_call(dirfd, path, &how);
	return fd;
}

int resolve_open(int dirfd, const char *path, int flags, mode_t mode)
{
	return open_with(dirfd, path, flags, mode, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

int resolve_open_here(const char *path, int flags)
{
	return open_with(AT_FDCWD, path, flags, 0, RESOLVE_NO_MAGICLINKS);
}

int resolve_open_direct(int dirfd, const char *path, int flags)
{
	return open_with(dirfd, path, flags, 0, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
}

int resolve_open_same_mount(int dirfd, const char *path, int flags)
{
	return open_with(dirfd, path, flags, 0,
			 RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
}

int resolve_open_same_mount_by_links(int dirfd, const char *path, int flags)
{
	return open_with(dirfd, path, flags, 0,
			 RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
}
