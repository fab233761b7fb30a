/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The other end of a local socket, by its pid: namespaces(7), proc(5), pidfd_send_signal(2).
 */

#include "sys/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "sys/kernel.h"
#include "sys/process.h"
#include "sys/procfs.h"
#include "sys/resolve.h"

/*
 * The numbers of a process, from the namespace of /proc inwards, are for everybody to read. They
 * stand behind a line as long as the process likes (its groups), so nothing is read whole.
 */
static bool has_inner_number(int directory)
{
	static const char wanted[] = "\nNSpid:\t";
	autoclose int fd = resolve_open_same_mount(directory, "status", O_RDONLY);
	char piece[512];
	size_t matched = 0, numbers = 0;
	ssize_t got;

	while (fd >= 0 && (got = read(fd, piece, sizeof(piece))) > 0) {
		for (ssize_t i = 0; i < got; i++) {
			if (matched == LITERAL_LENGTH(wanted)) {
				if (piece[i] == '\n')
					return numbers > 0;
				numbers += piece[i] == '\t';
			} else {
				if (piece[i] != wanted[matched])
					matched = 0;
				matched += piece[i] == wanted[matched];
			}
		}
	}
	return false;
}

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
	if (fstatat(directory, "ns/pid", &theirs, 0) < 0) {
		if (errno == EACCES)
			return has_inner_number(directory) ? PEER_CONTAINED : PEER_HERE;
		return getuid() == 0 ? PEER_ENDED : PEER_HERE;
	}
	return theirs.st_ino != ours.st_ino || theirs.st_dev != ours.st_dev ? PEER_CONTAINED
									    : PEER_HERE;
}

enum peer_place peer_look_socket(int fd)
{
	struct ucred peer;
	socklen_t length = sizeof(peer), pidfd_length = sizeof(int);
	autoclose int pidfd = -EBADF;
	enum peer_place place;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
		return PEER_HERE;
	if (getsockopt(fd, SOL_SOCKET, KERNEL_SO_PEERPIDFD, &pidfd, &pidfd_length) < 0)
		return errno == ESRCH || errno == EINVAL ? PEER_ENDED : PEER_HERE;
	place = peer_look(peer.pid);
	/* It was that process that was looked at, if it still runs behind the look. */
	return process_signal(pidfd, 0) == -ESRCH ? PEER_ENDED : place;
}
