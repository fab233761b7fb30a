/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The disk lock of a container (spec/runtime.md §1): one file for each lxcpath and name, which any
 * tool of LXC takes, too, while it reads, writes or destroys.
 */

#include "container/container.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/macros.h"
#include "container/paths.h"
#include "sys/lock.h"

int container_lock_disk(const struct container *c, struct err *e)
{
	autostr below = {};
	autostr name = {};
	autoclose int directory = -EBADF;
	autoclose int fd = -EBADF;
	struct stat status;
	int r;

	str_addf(&below, "lxc/lock/%s", c->lxcpath);
	str_addf(&name, ".%s", c->name);
	if (str_failed(&below) || str_failed(&name))
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	directory = path_open_run(str_text(&below), true, 0755, e);
	if (directory < 0)
		return err_wrap(e, directory, "cannot lock container %s", c->name);
	fd = openat(directory, str_text(&name),
		    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0600);
	if (fd < 0 || fstat(fd, &status) < 0)
		return err_set(e, ERR_FILE_OPEN, errno, "cannot open the lock file \"%s/%s\"",
			       str_text(&below), str_text(&name));
	if (!S_ISREG(status.st_mode))
		return err_set(e, ERR_FILE_OPEN, EINVAL, "the lock file \"%s/%s\" is no file",
			       str_text(&below), str_text(&name));
	r = lock_take(fd, USEC_INFINITY);
	if (r < 0)
		return err_set(e, ERR_SYSTEM, -r, "cannot lock \"%s/%s\"", str_text(&below),
			       str_text(&name));
	return take_fd(fd);
}
