/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A pseudo terminal for an attached process: of the container's devpts, so that it has a name
 * inside, else of the host's.
 *
 * The supervisor hands out the devpts's root directory. What the container may have put over its
 * ptmx is not opened (CVE-2025-52565): no links, no other mounts, and the right device.
 */

#include "container/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/ids.h"
#include "base/macros.h"
#include "container/spawn.h"
#include "sys/pty.h"

#define LOG_CATEGORY "attach"
#include "base/log.h"
#include "sys/process.h"

enum { PTMX_MAJOR = 5, PTMX_MINOR = 2 };

/* The master of a new pty of a devpts instance, or -errno. */
static int open_master(int devpts_fd)
{
	const struct open_how how = {.flags = O_RDWR | O_NOCTTY | O_CLOEXEC,
				     .resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV |
						RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
	autoclose int fd = (int)syscall(SYS_openat2, devpts_fd, "ptmx", &how, sizeof(how));
	const int unlocked = 0;
	struct stat status;
	struct statfs system;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0 || fstatfs(fd, &system) < 0)
		return -errno;
	if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(PTMX_MAJOR, PTMX_MINOR) ||
	    system.f_type != DEVPTS_SUPER_MAGIC)
		return -ENODEV;
	if (ioctl(fd, TIOCSPTLCK, &unlocked) < 0)
		return -errno;
	return take_fd(fd);
}

static int send_fd(int socket_fd, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	char byte = 0;
	struct iovec part = {&byte, 1};
	struct msghdr m = {.msg_iov = &part,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof(control.room)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(socket_fd, &m, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

static int receive_fd(int socket_fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	char byte;
	struct iovec part = {&byte, 1};
	struct msghdr m = {.msg_iov = &part,
			   .msg_iovlen = 1,
			   .msg_control = &control,
			   .msg_controllen = sizeof(control.room)};
	struct cmsghdr *c;
	int fd;

	if (recvmsg(socket_fd, &m, MSG_CMSG_CLOEXEC) < 1)
		return -EPROTO;
	c = CMSG_FIRSTHDR(&m);
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return -EACCES;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

/* Who the new process will be: what the compiler decides, for its terminal's owner. */
static uint32_t wanted_id(uint32_t given, bool root_is_mapped, uint32_t of_init)
{
	if (given != ID_INVALID)
		return given;
	return root_is_mapped ? 0 : of_init;
}

/*
 * Without rights on the host: a child becomes the user inside and opens it there, since a pty
 * belongs to who opens it, and nobody inside could change that later.
 */
static int open_inside(const struct attach *a, int devpts_fd, uint32_t uid, uint32_t gid)
{
	autoclose int ours = -EBADF, theirs = -EBADF;
	int pair[2], fd;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	ours = pair[0];
	theirs = pair[1];
	child = fork();
	if (child < 0)
		return -errno;
	if (child == 0) {
		fd = syscall(SYS_setns, a->pidfd, CLONE_NEWUSER) < 0 ||
				     syscall(SYS_setresgid, gid, gid, gid) < 0 ||
				     syscall(SYS_setresuid, uid, uid, uid) < 0
			     ? -1
			     : open_master(devpts_fd);
		_exit(fd < 0 || send_fd(theirs, fd) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	close(take_fd(theirs));
	fd = receive_fd(ours);
	(void)process_reap(child);
	return fd;
}

/* Give the peer to the user inside, as the host numbers them. */
static void give_away(const struct attach *a, int peer_fd, uint32_t uid)
{
	if (a->facts.has_user_namespace)
		uid = attach_map_out(a->init, "uid_map", uid);
	/* The group stays what devpts gives: tty. */
	if (fchown(peer_fd, uid, ID_INVALID) < 0)
		log_info("%s: cannot give the terminal to user %u", a->c->name, uid);
}

/* From the container's devpts: a master, or -errno. */
static int open_of_container(struct attach *a, uint32_t uid, uint32_t gid)
{
	struct err problem = {0};
	autoclose int devpts_fd = container_devpts_fd(a->c, &problem);

	if (devpts_fd < 0)
		return devpts_fd;
	if (geteuid() != 0 && a->facts.has_user_namespace)
		return open_inside(a, devpts_fd, uid, gid);
	return open_master(devpts_fd);
}

int attach_open_terminal(struct attach *a, struct err *e)
{
	uint32_t uid = wanted_id(a->options->uid, a->facts.root_is_mapped, a->facts.init_uid);
	uint32_t gid = wanted_id(a->options->gid, a->facts.root_is_mapped, a->facts.init_gid);
	int r = open_of_container(a, uid, gid);
	unsigned index;

	if (r < 0) {
		log_info_errno(-r, "%s: no terminal of the container's, taking one of the host's",
			       a->c->name);
		r = pty_open(&index);
	}
	if (r < 0) {
		r = err_set(e, ERR_SYSTEM, -r, "cannot make a pseudo terminal");
		err_hint(e, "is /dev/ptmx there, and is kernel.pty.max large enough?");
		return r;
	}
	a->terminal_fd = r;
	a->peer_fd = pty_open_peer(a->terminal_fd);
	if (a->peer_fd < 0)
		return err_set(e, ERR_SYSTEM, -a->peer_fd,
			       "cannot open the other side of a pseudo terminal");
	if (geteuid() == 0)
		give_away(a, a->peer_fd, uid);
	return 0;
}
