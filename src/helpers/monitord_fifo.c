/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-monitord's fifo: RUNDIR/lxc/LXCPATH/monitor-fifo, whose lock says that a daemon lives. One
 * that a killed daemon has left behind is used again. fifo(7), fcntl(2).
 */

#include "helpers/monitord.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/str.h"
#include "container/container.h"
#include "container/paths.h"
#include "run/monitor.h"
#include "sys/lock.h"

enum {
	TRIES = 100,            /* another daemon is just removing what we have opened or made */
	FIFO_SIZE = 1024 * 1024 /* bytes: 3971 events; they take memory only when they wait */
};

/* RUNDIR/lxc/LXCPATH/monitor-fifo. */
static int find_path(struct monitord *m, struct err *e)
{
	autofree char *base = NULL;
	autostr path = {0};
	int r = container_run_directory(&base, e);

	if (r < 0)
		return r;
	str_addf(&path, "%s/lxc/%s/%s", base, m->lxcpath + strspn(m->lxcpath, "/"),
		 monitor_fifo_name);
	if (str_failed(&path))
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	m->fifo_path = str_take(&path);
	return 0;
}

static bool is_at(int fd, int dirfd, const char *path)
{
	struct stat ours, there;

	return fstat(fd, &ours) == 0 && fstatat(dirfd, path, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

static int fail(const struct monitord *m, int errnum, const char *what, struct err *e)
{
	return err_set(e, ERR_FILE_OPEN, errnum, "cannot %s the fifo \"%s\"", what, m->fifo_path);
}

static int refuse(const struct monitord *m, struct err *e)
{
	int r = err_set(e, ERR_FILE_OPEN, EEXIST, "\"%s\" is no fifo", m->fifo_path);

	err_hint(e, "remove it: nothing else belongs there");
	return r;
}

/* 0 with the locked fifo; 1: somebody else has it; -ENOENT: it, or its directory, was just being
 * removed (e is not set); or negative. */
static int try_open(struct monitord *m, int directory, struct err *e)
{
	autoclose int fd = -EBADF;
	struct stat status;
	int r;

	if (mkfifoat(directory, monitor_fifo_name, 0600) < 0 && errno != EEXIST)
		return errno == ENOENT ? -ENOENT : fail(m, errno, "make", e);
	/* For writing, too: the end of a supervisor must not look like the end of all. */
	fd = openat(directory, monitor_fifo_name,
		    O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0)
		return errno == ELOOP || errno == ENXIO ? refuse(m, e) : fail(m, errno, "open", e);
	if (fstat(fd, &status) < 0 || !S_ISFIFO(status.st_mode))
		return refuse(m, e);
	r = lock_take(fd, 0);
	if (r == -EAGAIN && !is_at(fd, directory, monitor_fifo_name))
		return -ENOENT;
	if (r == -EAGAIN) {
		if (m->stays)
			(void)lock_find_holder(fd, &m->rival);
		return 1;
	}
	if (r < 0)
		return fail(m, -r, "lock", e);
	if (!is_at(fd, directory, monitor_fifo_name))
		return -ENOENT;
	/* Only events of a crowd would be lost should this be refused. */
	(void)fcntl(fd, F_SETPIPE_SZ, FIFO_SIZE);
	m->fifo_fd = take_fd(fd);
	return 0;
}

int monitord_open_fifo(struct monitord *m, struct err *e)
{
	autostr below = {0};
	int r = m->fifo_path ? 0 : find_path(m, e);

	if (r < 0)
		return r;
	str_addf(&below, "lxc/%s", m->lxcpath + strspn(m->lxcpath, "/"));
	if (str_failed(&below))
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	for (int i = 1; i <= TRIES; i++) {
		autoclose int directory = path_open_run(str_text(&below), true, 0755, e);

		/* The daemon of another lxcpath may be removing directories that are ours, too. */
		if (directory == -ENOENT && i < TRIES) {
			err_clear(e);
			continue;
		}
		if (directory < 0)
			return directory;
		r = try_open(m, directory, e);
		if (r != -ENOENT || err_is_set(e))
			return r;
	}
	return fail(m, ENOENT, "make", e);
}

bool monitord_has_fifo(const struct monitord *m)
{
	return m->fifo_fd >= 0 && is_at(m->fifo_fd, AT_FDCWD, m->fifo_path);
}

/* RUNDIR/lxc stays. */
static void remove_directories(char *path, size_t base)
{
	char *slash;

	while ((slash = strrchr(path, '/')) && slash > path + base) {
		*slash = '\0';
		if (rmdir(path) < 0)
			return;
	}
}

void monitord_close_fifo(struct monitord *m)
{
	size_t below = strlen(m->lxcpath + strspn(m->lxcpath, "/")) + 1 + strlen(monitor_fifo_name);

	/* While it is locked: behind that it may be another daemon's. */
	if (monitord_has_fifo(m) && unlink(m->fifo_path) == 0)
		remove_directories(m->fifo_path, strlen(m->fifo_path) - below - 1);
	cleanup_close(&m->fifo_fd);
	m->fifo_fd = -EBADF;
	free(take_ptr(m->fifo_path));
}
