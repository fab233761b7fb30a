/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Where things of containers are (spec/runtime.md §1): the run directory and what is below it, and
 * paths below the container's own directory.
 */

#include "container/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/directory.h"
#include "base/hash.h"
#include "base/macros.h"
#include "base/str.h"
#include "container/container.h"

enum { NAME_BYTES_MAX = 64 }; /* the name becomes the host name: uts namespaces take 64 bytes */

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
}

char *path_join(const char *directory, const char *name)
{
	struct str path = {};

	str_add(&path, directory);
	if (!text_ends(directory, "/"))
		str_add_char(&path, '/');
	str_add(&path, name + strspn(name, "/"));
	if (str_failed(&path)) {
		str_finish(&path);
		return NULL;
	}
	return str_take(&path);
}

char *container_path(const struct container *c, const char *suffix)
{
	struct str path = {};

	str_addf(&path, "%s/%s%s", c->lxcpath, c->name, suffix);
	if (str_failed(&path)) {
		str_finish(&path);
		return NULL;
	}
	return str_take(&path);
}

uint64_t path_hash(const char *path)
{
	return hash_add(HASH_START, path, path_length(path));
}

int path_make_absolute(const char *path, char **ret, struct err *e)
{
	autofree char *directory = NULL;
	autofree char *absolute = NULL;

	if (path[0] == '/') {
		absolute = strdup(path);
	} else {
		directory = getcwd(NULL, 0);
		if (!directory)
			return err_set(e, ERR_SYSTEM, errno,
				       "cannot make \"%s\" absolute: no working directory", path);
		while (text_starts(path, "./"))
			path += 2 + strspn(path + 2, "/");
		absolute = path_join(directory, strcmp(path, ".") == 0 ? "" : path);
	}
	if (!absolute)
		return no_memory(e);
	absolute[path_length(absolute)] = '\0';
	*ret = take_ptr(absolute);
	return 0;
}

int path_check_name(const char *name, struct err *e)
{
	const char *why = NULL;
	int r;

	if (name[0] == '\0')
		why = "it is empty";
	else if (name[0] == '.')
		why = "it begins with a dot, which hides it from listings";
	else if (strchr(name, '/'))
		why = "it has a slash";
	else if (strlen(name) > NAME_BYTES_MAX)
		why = "it is longer than the 64 bytes of a host name";
	for (const char *at = name; !why && *at; at++)
		if ((unsigned char)*at < ' ' || *at == '\x7f')
			why = "it has a control character";
	if (!why)
		return 0;
	r = err_set(e, ERR_USAGE, 0, "\"%s\" can't be a container's name: %s", name, why);
	err_hint(e, "choose a name of letters, digits, '-', '_' and '.'");
	return r;
}

int container_run_directory(char **ret, struct err *e)
{
	const char *directory = getenv("XDG_RUNTIME_DIR");
	const char *home = getenv("HOME");
	struct stat status;
	char *path;

	if (stat("/run", &status) == 0 &&
	    (status.st_uid == geteuid() || status.st_gid == getegid()))
		path = strdup("/run");
	else if (directory && directory[0])
		path = strdup(directory);
	else
		path = path_join(home && home[0] ? home : "/", ".cache/lxc/run");
	if (!path)
		return no_memory(e);
	path[path_length(path)] = '\0';
	*ret = path;
	return 0;
}

static int open_base(const char *base, bool make, struct err *e)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	int fd = open(base, flags);
	int r;

	if (fd < 0 && errno == ENOENT && make) {
		/* Only an ordinary user's own directory may be missing. */
		if (directory_make_parents(base, 0700) == 0 && mkdir(base, 0700) == 0)
			fd = open(base, flags);
	}
	if (fd >= 0)
		return fd;
	/* What another user's HOME keeps from us (sudo leaves it as it was) has nothing of ours. */
	if ((errno == ENOENT || errno == EACCES) && !make)
		return -ENOENT;
	r = err_set(e, ERR_FILE_OPEN, errno, "cannot open the run directory \"%s\"", base);
	err_hint(e, "an ordinary user's is XDG_RUNTIME_DIR, or below HOME: set one of them to a "
		    "directory of that user");
	return r;
}

/* One component. mkdir's umask may take rights away from a directory that others must read. */
static int open_component(int dirfd, const char *name, bool make, mode_t mode)
{
	autoclose int fd = -EBADF;
	struct stat status;
	bool made = false;
	int problem = 0;

	if (strcmp(name, "..") == 0)
		return -EINVAL;
	if (make && mkdirat(dirfd, name, mode) == 0)
		made = true;
	else if (make)
		problem = errno;
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* What isn't there could not be made: that is the cause, unless it was there a moment ago.
	 */
	if (fd < 0 && errno == ENOENT && problem && problem != EEXIST)
		return -problem;
	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (status.st_uid != geteuid() && status.st_uid != 0)
		return -EPERM;
	if (made && fchmod(fd, mode) < 0)
		return -errno;
	return take_fd(fd);
}

static int refuse_component(const char *base, const char *way, int errnum, struct err *e)
{
	int r = err_set(e, ERR_FILE_OPEN, errnum, "cannot use the directory \"%s/%s\"", base, way);

	if (errnum == EPERM)
		err_hint(e, "it belongs to somebody else: remove it");
	else if (errnum == EROFS || errnum == EACCES)
		err_hint(e, "runs are kept there: it must be writable; an ordinary user needs "
			    "XDG_RUNTIME_DIR");
	else if (errnum == ENOTDIR || errnum == ELOOP)
		err_hint(e, "no component of it may be a symbolic link or a file");
	return r;
}

/*
 * What is there already, in one step. Nobody but us and root could have made the way to it below a
 * run directory of ours, so that its own owner tells enough.
 */
static int open_whole(int base_fd, const char *below)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	autoclose int fd = (int)syscall(SYS_openat2, base_fd, below, &how, sizeof(how));
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	return status.st_uid == geteuid() || status.st_uid == 0 ? take_fd(fd) : -EPERM;
}

int path_open_run(const char *below, bool make, mode_t mode, struct err *e)
{
	autofree char *base = NULL;
	autofree char *way = strdup(below);
	autoclose int fd = -EBADF;
	char *next;
	int r;

	if (!way)
		return no_memory(e);
	r = container_run_directory(&base, e);
	if (r < 0 || !base)
		return r;
	fd = open_base(base, make, e);
	if (fd < 0)
		return fd;
	r = open_whole(fd, below + strspn(below, "/"));
	if (r >= 0 || (r == -ENOENT && !make))
		return r;
	for (char *at = way; at; at = next) {
		int child;

		at += strspn(at, "/");
		if (*at == '\0')
			break;
		next = strchr(at, '/');
		if (next)
			*next = '\0';
		child = open_component(fd, at, make, at == way ? 0755 : mode);
		if (child == -ENOENT && !make)
			return -ENOENT;
		if (child < 0)
			return refuse_component(base, way, -child, e);
		close(fd);
		fd = child;
		if (next)
			*next++ = '/';
	}
	return take_fd(fd);
}
