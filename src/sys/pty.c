/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ioctl_tty(2): TIOCSPTLCK, TIOCGPTN, TIOCGPTPEER. No function of the C library's is used, because
 * those look for paths and may ask name services.
 */

#include "sys/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/macros.h"

int pty_open(unsigned *ret_index)
{
	autoclose int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	const int unlocked = 0;
	unsigned index;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, TIOCSPTLCK, &unlocked) < 0 || ioctl(fd, TIOCGPTN, &index) < 0)
		return -errno;
	*ret_index = index;
	return take_fd(fd);
}

int pty_open_peer(int master)
{
	int fd = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}
