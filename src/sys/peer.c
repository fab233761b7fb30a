/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The other end of a local socket, by its pid: namespaces(7), proc(5).
 */

#include "sys/peer.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/macros.h"
#include "sys/procfs.h"

enum peer_place peer_look(pid_t pid)
{
	autoclose int directory = -EBADF;
	struct stat theirs, ours;
	char self[16] = "", number[16];

	snprintf(number, sizeof(number), "%d", (int)getpid());
	/* Not where /proc is missing or has the numbers of other namespaces. */
	if (pid <= 0 || readlink("/proc/self", self, sizeof(self) - 1) < 0 ||
	    strcmp(self, number) != 0 || stat("/proc/self/ns/pid", &ours) < 0)
		return PEER_HERE;
	directory = procfs_open_pid(pid);
	/* To root every process is visible: who is not has ended. */
	if (directory == -ENOENT || directory == -ESRCH)
		return getuid() == 0 ? PEER_ENDED : PEER_HERE;
	if (directory < 0)
		return PEER_HERE;
	if (fstatat(directory, "ns/pid", &theirs, 0) < 0)
		return errno != EACCES && getuid() == 0 ? PEER_ENDED : PEER_HERE;
	return theirs.st_ino != ours.st_ino || theirs.st_dev != ours.st_dev ? PEER_CONTAINED
									    : PEER_HERE;
}
