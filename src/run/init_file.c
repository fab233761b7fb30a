/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ops about files, directories, links and nodes. How names are looked up: init_path.c. INIT
 * lane rules: see init.h.
 */

#include "run/init.h"

#include <errno.h>
#include <limits.h>

#include "sys/resolve.h"
#include "sys/syscall.h"

/* The first two arguments of most: base and path. */
static int get_place(const struct init_lane *l, int *ret_base, const char **ret_path)
{
	*ret_path = plan_text(l->plan, l->step->arg[1]);
	return init_get_base(l, l->step->arg[0], ret_base);
}

int init_op_check_access(struct init_lane *l)
{
	l->call = __NR_faccessat;
	return sys_faccessat(AT_FDCWD, plan_text(l->plan, l->step->arg[0]), X_OK);
}

int init_op_path_open(struct init_lane *l)
{
	const char *path;
	int base, fd, r = get_place(l, &base, &path);

	if (r != 0)
		return r;
	fd = init_open(l, base, path, O_PATH);
	if (fd < 0)
		return fd;
	init_set_fd(l, fd);
	return 0;
}

int init_op_path_check(struct init_lane *l)
{
	const char *path;
	int base, fd, r = get_place(l, &base, &path);

	if (r != 0)
		return r;
	fd = init_open(l, base, path, O_PATH);
	if (fd < 0)
		return fd;
	sys_close(fd);
	return 0;
}

int init_op_make_directory(struct init_lane *l)
{
	char buf[PATH_MAX];
	const char *path;
	int base, r = get_place(l, &base, &path);

	if (r != 0)
		return r;
	path = init_text(l, l->step->arg[1], buf, sizeof(buf), &r);
	return path ? init_make_directory(l, base, path, (uint32_t)l->step->arg[2]) : r;
}

int init_op_make_file(struct init_lane *l)
{
	const char *path;
	int base, r = get_place(l, &base, &path);

	return r != 0 ? r : init_make_file(l, base, path, (uint32_t)l->step->arg[2]);
}

/* Whether what stands in a node's place is that node. */
static int check_node(struct init_lane *l, const struct init_place *place, dev_t device)
{
	struct stat status;
	int r, fd;

	l->call = __NR_openat;
	fd = sys_openat(place->fd, place->name, O_PATH | O_NOFOLLOW, 0);
	if (fd < 0)
		return fd;
	l->call = __NR_fstat;
	r = sys_fstat(fd, &status);
	sys_close(fd);
	if (r < 0)
		return r;
	if (S_ISCHR(status.st_mode) && status.st_rdev == device)
		return 0;
	init_note(l, "something else than this device stands there");
	return -EEXIST;
}

int init_op_make_node(struct init_lane *l)
{
	const dev_t device = (dev_t)l->step->arg[3];
	struct init_place place;
	const char *path;
	int base, r = get_place(l, &base, &path);

	if (r == 0)
		r = init_place_open(l, base, path, false, &place);
	if (r != 0)
		return r;
	init_umask_clear(l);
	l->call = __NR_mknodat;
	r = sys_mknodat(place.fd, place.name, (mode_t)l->step->arg[2], device);
	if (r == -EEXIST)
		r = check_node(l, &place, device);
	init_place_close(&place);
	return r;
}

int init_op_make_link(struct init_lane *l)
{
	const char *path;
	struct init_place place;
	int base, r = get_place(l, &base, &path);

	if (r == 0)
		r = init_place_open(l, base, path, false, &place);
	if (r != 0)
		return r;
	l->call = __NR_symlinkat;
	r = sys_symlinkat(plan_text(l->plan, l->step->arg[2]), place.fd, place.name);
	init_place_close(&place);
	return r == -EEXIST || r == -EROFS ? 0 : r;
}

/* By a path of the host's: none of the container's namespaces has been entered yet. */
int init_op_cgroup_join(struct init_lane *l)
{
	char buf[PATH_MAX];
	ssize_t written;
	int fd, r = 0;
	const char *path = init_text(l, l->step->arg[0], buf, sizeof(buf), &r);

	if (!path)
		return r;
	l->call = __NR_openat;
	fd = sys_openat(AT_FDCWD, path, O_WRONLY | O_NOFOLLOW, 0);
	if (fd < 0)
		return fd;
	l->call = __NR_write;
	written = sys_write(fd, "0", 1);
	sys_close(fd);
	return written < 0 ? (int)written : 0;
}

/*
 * CVE-2025-52881: what the value is written to must be of the very file system that the base is
 * the root of, whatever has been mounted or linked below it.
 */
int init_op_write(struct init_lane *l)
{
	const char *value = plan_text(l->plan, l->step->arg[2]);
	const size_t length = init_text_length(value);
	const char *path;
	ssize_t written;
	int fd, base, r = get_place(l, &base, &path);

	if (r != 0)
		return r;
	if (base < 0)
		return -EBADF;
	l->call = __NR_openat2;
	fd = resolve_open_same_mount(base, path, O_WRONLY);
	if (fd < 0)
		return fd;
	l->call = __NR_write;
	written = sys_write(fd, value, length);
	sys_close(fd);
	if (written < 0)
		return (int)written;
	return (size_t)written == length ? 0 : -EIO;
}
