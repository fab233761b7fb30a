/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ops about consoles, terminals and the standard streams. What is bound and what is opened is
 * looked at after opening: it must be the device that was meant, whatever the root file system has
 * put in its place (CVE-2025-31133, CVE-2025-52565). INIT lane rules: see init.h.
 */

#include "run/init.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <termios.h>

#include "sys/mount.h"
#include "sys/resolve.h"
#include "sys/syscall.h"

/* Whether a descriptor is the terminal N of a devpts file system: 0, or -errno with the note. */
static int check_terminal(struct init_lane *l, int fd, uint64_t index)
{
	struct statfs file_system;
	struct stat status;
	int r;

	l->call = __NR_fstat;
	r = sys_fstat(fd, &status);
	if (r < 0)
		return r;
	l->call = __NR_fstatfs;
	r = sys_fstatfs(fd, &file_system);
	if (r < 0)
		return r;
	if (S_ISCHR(status.st_mode) && file_system.f_type == KERNEL_DEVPTS_MAGIC &&
	    status.st_rdev == makedev(KERNEL_PTS_MAJOR, index))
		return 0;
	init_note(l, "this is not terminal ");
	init_note_number(l, index);
	return -ENOTTY;
}

/* Attach a mount of a terminal; a target that is missing is made, one that is a link refused. */
static int attach_terminal(struct init_lane *l, int tree, int base, const char *target)
{
	struct init_place place;
	int fd, r = init_place_open(l, base, target, true, &place);

	if (r < 0)
		return r;
	l->call = __NR_mknodat;
	r = sys_mknodat(place.fd, place.name, S_IFREG, 0);
	if (r == 0 || r == -EEXIST) {
		l->call = __NR_openat2;
		fd = resolve_open_direct(place.fd, place.name, O_PATH);
		l->call = fd < 0 ? __NR_openat2 : __NR_move_mount;
		r = fd < 0 ? fd : mount_attach(tree, fd, "");
		if (fd >= 0)
			sys_close(fd);
	}
	init_place_close(&place);
	return r;
}

/* Bind terminal N, found as `name` below dirfd, on the target. */
static int bind_terminal(struct init_lane *l, int dirfd, const char *name, uint64_t index)
{
	int base, tree, r = init_get_fd(l, l->step->arg[0], &base);

	if (r != 0)
		return r;
	l->call = __NR_open_tree;
	tree = mount_clone_tree(dirfd, name, false);
	if (tree < 0)
		return tree;
	r = check_terminal(l, tree, index);
	if (r == 0)
		r = attach_terminal(l, tree, base, plan_text(l->plan, l->step->arg[1]));
	sys_close(tree);
	return r;
}

int init_op_console_bind(struct init_lane *l)
{
	char path[32] = "/dev/pts/";
	uint64_t index;
	size_t used;
	int r = init_get_number(l, l->step->in, &index);

	if (r != 0)
		return r;
	used = init_text_length(path);
	path[used + init_decimal(index, path + used)] = '\0';
	return bind_terminal(l, AT_FDCWD, path, index);
}

int init_op_tty_make(struct init_lane *l)
{
	const int unlocked = 0;
	unsigned index = 0;
	char name[21];
	int devpts, master, r = init_get_fd(l, l->step->in, &devpts);

	if (r != 0)
		return r;
	l->call = __NR_openat;
	master = sys_openat(devpts, "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW, 0);
	if (master < 0)
		return master;
	l->call = __NR_ioctl;
	r = sys_ioctl(master, TIOCSPTLCK, &unlocked);
	if (r == 0)
		r = sys_ioctl(master, TIOCGPTN, &index);
	if (r == 0) {
		name[init_decimal(index, name)] = '\0';
		r = bind_terminal(l, devpts, name, index);
	}
	if (r != 0) {
		sys_close(master);
		return r;
	}
	init_set_number(l, l->step->arg[2], index);
	init_set_fd(l, master);
	return 0;
}

/* -- the standard streams */

/* Make `fd` a standard stream: the one kind of descriptor that an exec shall keep. */
static int connect_stream(struct init_lane *l, int fd, int stream)
{
	if (fd == stream) {
		l->call = __NR_fcntl;
		return sys_fcntl(fd, F_SETFD, 0);
	}
	l->call = __NR_dup3;
	fd = sys_dup3(fd, stream, 0);
	return fd < 0 ? fd : 0;
}

/* Opened without waiting: what the root file system has there may be a pipe that nobody writes. */
static int open_console(struct init_lane *l, int base, const char *path)
{
	struct stat status;
	struct termios settings;
	uint64_t index;
	int r, fd;

	l->call = __NR_openat2;
	fd = resolve_open_direct(base, path, O_RDWR | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return fd;
	l->call = __NR_ioctl;
	r = sys_ioctl(fd, TCGETS, &settings);
	if (r == 0 && init_get_number(l, l->plan->roles[ROLE_CONSOLE_INDEX], &index) == 0) {
		l->call = __NR_fstat;
		r = sys_fstat(fd, &status);
		if (r == 0 && status.st_rdev != makedev(KERNEL_PTS_MAJOR, index)) {
			init_note(l, "this is not the container's console");
			r = -ENOTTY;
		}
	}
	if (r == 0) {
		l->call = __NR_fcntl;
		r = sys_fcntl(fd, F_SETFL, O_RDWR);
	}
	if (r == 0)
		return fd;
	sys_close(fd);
	return r;
}

int init_op_stdio_console(struct init_lane *l)
{
	int base, fd, r = init_get_fd(l, l->step->arg[0], &base);

	if (r != 0)
		return r;
	fd = open_console(l, base, plan_text(l->plan, l->step->arg[1]));
	if (fd < 0)
		return fd;
	for (int i = 0; r == 0 && i <= STDERR_FILENO; i++)
		if (l->step->arg[2] >> i & 1)
			r = connect_stream(l, fd, i);
	if (fd > STDERR_FILENO)
		sys_close(fd);
	return r;
}

int init_op_stdio_null(struct init_lane *l)
{
	struct stat status;
	int r, fd;

	l->call = __NR_openat;
	fd = sys_openat(AT_FDCWD, "/dev/null", O_RDWR | O_NOCTTY | O_NONBLOCK, 0);
	if (fd < 0)
		return fd;
	l->call = __NR_fstat;
	r = sys_fstat(fd, &status);
	if (r == 0 && (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(1, 3))) {
		init_note(l, "/dev/null is something else");
		r = -ENODEV;
	}
	for (int i = 0; r == 0 && i <= STDERR_FILENO; i++)
		r = connect_stream(l, fd, i);
	if (fd > STDERR_FILENO)
		sys_close(fd);
	return r;
}

/* A descriptor that is itself a standard stream is first moved out of the others' way. */
int init_op_stdio_fds(struct init_lane *l)
{
	int fds[3], r;

	for (int i = 0; i <= STDERR_FILENO; i++) {
		r = init_get_base(l, l->step->arg[i], &fds[i]);
		if (r != 0)
			return r;
		if (fds[i] < 0 || fds[i] > STDERR_FILENO || fds[i] == i)
			continue;
		l->call = __NR_fcntl;
		fds[i] = sys_fcntl(fds[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		if (fds[i] < 0)
			return fds[i];
	}
	for (int i = 0; i <= STDERR_FILENO; i++) {
		if (fds[i] < 0)
			continue;
		r = connect_stream(l, fds[i], i);
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * Ours is the console alone. Refusals are forgiven: the owner of a terminal may not be mapped, and
 * the program runs without it.
 */
int init_op_stdio_chown(struct init_lane *l)
{
	uint64_t index;

	if (init_get_number(l, l->plan->roles[ROLE_CONSOLE_INDEX], &index) != 0)
		return 0;
	for (int i = 0; i <= STDERR_FILENO; i++) {
		struct stat status;
		int r;

		l->call = __NR_fstat;
		r = sys_fstat(i, &status);
		if (r < 0 || !S_ISCHR(status.st_mode) ||
		    status.st_rdev != makedev(KERNEL_PTS_MAJOR, index))
			continue;
		l->call = __NR_fchown;
		r = sys_fchown(i, (uid_t)l->step->arg[0], (gid_t)l->step->arg[1]);
		if (r < 0 && r != -EPERM && r != -EROFS && r != -EINVAL)
			return r;
	}
	return 0;
}

/*
 * A terminal that another session holds stays its own, as LXC has it: a foreground command whose
 * input is the caller's terminal runs all the same.
 */
int init_op_setsid(struct init_lane *l)
{
	long r;

	l->call = __NR_setsid;
	r = sys_call3(__NR_setsid, 0, 0, 0);
	if (r < 0)
		return (int)r;
	if (!l->step->arg[0])
		return 0;
	l->call = __NR_ioctl;
	r = sys_ioctl(STDIN_FILENO, TIOCSCTTY, NULL);
	return r == -EPERM || r == -ENOTTY ? 0 : (int)r;
}
