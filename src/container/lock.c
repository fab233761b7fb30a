/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The disk lock of a container (spec/runtime.md §1): one file for each lxcpath and name, which any
 * tool of LXC takes, too, while it reads, writes or destroys.
 */

#include "container/container.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "container/paths.h"
#include "sys/lock.h"

/* Whoever saves takes it for an instant; whoever destroys, for as long as that takes. */
static const usec_t patience = 10 * USEC_PER_SEC;
static const usec_t patience_to_read = 100 * USEC_PER_MSEC;

static int refuse_held(int fd, const char *directory, const char *name, struct err *e)
{
	pid_t holder;
	int r = err_set(e, ERR_SYSTEM, ETIMEDOUT, "the lock \"%s/%s\" is held", directory, name);

	if (lock_find_holder(fd, &holder) == 0)
		err_hint(e, "process %d holds it: wait until that has ended", (int)holder);
	else
		err_hint(e, "another process is saving or destroying this container");
	return r;
}

static int open_directory(const struct container *c, struct str *below, struct str *name,
			  struct err *e)
{
	int fd;

	str_addf(below, "lxc/lock/%s", c->lxcpath);
	str_addf(name, ".%s", c->name);
	if (str_failed(below) || str_failed(name))
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	fd = path_open_run(str_text(below), true, 0755, e);
	return fd < 0 ? err_wrap(e, fd, "cannot lock container %s", c->name) : fd;
}

static int open_lock_file(int directory, const char *below, const char *name, struct err *e)
{
	int fd = lock_open(directory, name);

	if (fd == -EINVAL)
		return err_set(e, ERR_FILE_OPEN, EINVAL, "the lock file \"%s/%s\" is no file",
			       below, name);
	if (fd < 0)
		return err_set(e, ERR_FILE_OPEN, -fd, "cannot open the lock file \"%s/%s\"", below,
			       name);
	return fd;
}

/* By whoever destroyed the container, while we waited: another file has the name, or none. */
static bool was_removed(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && status.st_nlink == 0;
}

static int lock(const struct container *c, usec_t timeout, struct err *e)
{
	const usec_t deadline = time_deadline(timeout);
	autostr below = {};
	autostr name = {};
	autoclose int directory = open_directory(c, &below, &name, e);
	int r = directory;

	while (r >= 0) {
		autoclose int fd = open_lock_file(directory, str_text(&below), str_text(&name), e);

		if (fd < 0)
			return fd;
		r = lock_take(fd, deadline);
		if (r == -EAGAIN)
			return e ? refuse_held(fd, str_text(&below), str_text(&name), e) : r;
		if (r < 0)
			return err_set(e, ERR_SYSTEM, -r, "cannot lock \"%s/%s\"", str_text(&below),
				       str_text(&name));
		if (!was_removed(fd))
			return take_fd(fd);
	}
	return r;
}

void container_remove_lock(const struct container *c)
{
	autostr below = {};
	autostr name = {};
	autoclose int directory = open_directory(c, &below, &name, NULL);

	if (directory >= 0)
		(void)unlinkat(directory, str_text(&name), 0);
}

int container_lock_disk(const struct container *c, struct err *e)
{
	return lock(c, patience, e);
}

int container_lock_to_read(const struct container *c)
{
	return lock(c, patience_to_read, NULL);
}
