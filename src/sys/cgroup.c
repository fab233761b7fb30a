/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroups(7), Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/. The file system holds no
 * links, so that a checked path cannot be diverted. Trees may be deep and may be changed by what
 * runs in them while we walk: no step of a walk depends on what an earlier one saw.
 */

#include "sys/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/num.h"

enum {
	TRIES_MAX = 10,      /* of a directory that is busy … */
	PAUSE_MAX = 100,     /* … with pauses of 1, 2, 4 … milliseconds, no longer than this */
	TRIES_INHABITED = 3, /* … that has processes which are not to be killed */
	KILL_DEPTH_MAX = 64, /* directories; what is deeper dies when its directory is removed */
	DIRECTORY_MODE = 0755, /* the umask applies */
};

static bool path_is_valid(const char *path)
{
	const char *at = path;

	if (*path == '\0' || *path == '/' || strlen(path) >= PATH_MAX)
		return false;
	while (*at) {
		const size_t length = strcspn(at, "/");

		if (length == 0 || (length <= 2 && strncmp(at, "..", length) == 0))
			return false;
		at += length;
		if (*at == '/' && at[1] == '\0')
			return false;
		at += *at == '/';
	}
	return true;
}

static void pause_milliseconds(unsigned n)
{
	const struct timespec time = {.tv_nsec = (long)n * 1000000};

	nanosleep(&time, NULL);
}

int cgroup_open(const char *mount, const char *base, const char *path)
{
	char full[PATH_MAX];
	int length = snprintf(full, sizeof(full), "%s/%s%s%s", mount, base,
			      base[0] && path[0] ? "/" : "", path);
	int fd;

	if (length >= (int)sizeof(full))
		return -ENAMETOOLONG;
	if ((base[0] && !path_is_valid(base)) || (path[0] && !path_is_valid(path)))
		return -EINVAL;
	/* Not open(), for which musl makes two system calls. */
	fd = openat(AT_FDCWD, full, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int cgroup_open_at(int base_fd, const char *path)
{
	int fd;

	if (!path_is_valid(path))
		return -EINVAL;
	fd = openat(base_fd, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* The missing directories above the last. They are made from the top. */
static int make_leading(int base_fd, const char *path, mode_t mode, unsigned *ret_made)
{
	char part[PATH_MAX];
	const size_t length = strlen(path);

	memcpy(part, path, length + 1);
	for (size_t i = 1; i < length; i++) {
		if (part[i] != '/')
			continue;
		part[i] = '\0';
		if (mkdirat(base_fd, part, mode) == 0)
			(*ret_made)++;
		else if (errno != EEXIST)
			return -errno;
		part[i] = '/';
	}
	return 0;
}

int cgroup_make_as(int base_fd, const char *path, mode_t mode, unsigned *ret_made)
{
	int r;

	*ret_made = 0;
	if (!path_is_valid(path))
		return -EINVAL;
	/* Most often there is nothing above it, or it is there. */
	if (mkdirat(base_fd, path, mode) == 0)
		return 0;
	if (errno != ENOENT)
		return -errno;
	r = make_leading(base_fd, path, mode, ret_made);
	if (r == 0 && mkdirat(base_fd, path, mode) < 0)
		r = -errno;
	return r;
}

int cgroup_make(int base_fd, const char *path, unsigned *ret_made)
{
	return cgroup_make_as(base_fd, path, DIRECTORY_MODE, ret_made);
}

/* Cut the last name off. False: it was the only one. */
static bool go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = '\0';
	return slash != NULL;
}

int cgroup_settle(int base_fd, const char *path, unsigned made, mode_t mode)
{
	char part[PATH_MAX];

	if (!path_is_valid(path))
		return -EINVAL;
	memcpy(part, path, strlen(path) + 1);
	do {
		if (fchmodat(base_fd, part, mode, 0) < 0)
			return -errno;
	} while (made-- > 0 && go_up(part));
	return 0;
}

void cgroup_unmake_marked(int base_fd, const char *path, mode_t mark)
{
	char part[PATH_MAX];
	struct stat found;

	if (!path_is_valid(path))
		return;
	memcpy(part, path, strlen(path) + 1);
	do {
		if (fstatat(base_fd, part, &found, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if ((found.st_mode & ~(mode_t)S_IFMT) != mark || found.st_uid != geteuid() ||
		    unlinkat(base_fd, part, AT_REMOVEDIR) < 0)
			return;
	} while (go_up(part));
}

void cgroup_unmake_above(int base_fd, const char *path, unsigned made)
{
	char part[PATH_MAX];

	if (made == 0 || !path_is_valid(path))
		return;
	memcpy(part, path, strlen(path) + 1);
	while (made-- > 0 && go_up(part))
		if (unlinkat(base_fd, part, AT_REMOVEDIR) < 0)
			return;
}

int cgroup_unmake(int base_fd, const char *path, unsigned made)
{
	unsigned pause = 1;

	if (!path_is_valid(path))
		return -EINVAL;
	for (unsigned i = 0; unlinkat(base_fd, path, AT_REMOVEDIR) < 0; i++) {
		if (errno == ENOENT)
			break;
		if (errno != EBUSY || i >= TRIES_MAX)
			return -errno;
		pause_milliseconds(pause);
		pause = pause * 2 < PAUSE_MAX ? pause * 2 : PAUSE_MAX;
	}
	cgroup_unmake_above(base_fd, path, made);
	return 0;
}

/* What is done to each process of a directory. */
typedef void (*process_visitor)(pid_t pid, int argument);

static void kill_one(pid_t pid, int unused)
{
	(void)unused;
	if (pid > 1 && pid != getpid())
		kill(pid, SIGKILL);
}

/* One that is gone meanwhile needs no move, and what stays is seen when the directory stays. */
static void move_one(pid_t pid, int to_fd)
{
	(void)cgroup_move(to_fd, pid);
}

/* Those of other PID namespaces read as 0. */
static int visit_here(int cgroup_fd, process_visitor visit, int argument)
{
	autoclose int fd = openat(cgroup_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	char bytes[4096];
	uint64_t pid = 0;
	ssize_t got;

	if (fd < 0)
		return -errno;
	while ((got = read(fd, bytes, sizeof(bytes))) > 0) {
		for (ssize_t i = 0; i < got; i++) {
			if (bytes[i] >= '0' && bytes[i] <= '9') {
				pid = pid * 10 + (uint64_t)(bytes[i] - '0');
				continue;
			}
			if (pid > 0 && pid <= INT_MAX)
				visit((pid_t)pid, argument);
			pid = 0;
		}
	}
	return got < 0 ? -errno : 0;
}

/* SIGKILL to the processes in one directory. */
static int kill_here(int cgroup_fd)
{
	return visit_here(cgroup_fd, kill_one, -1);
}

struct entry {
	uint64_t inode;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

/* The directories in a directory that stands open for reading. */
struct listing {
	int fd;
	int error; /* 0 or -errno: why there is no next one */
	long used, at;
	_Alignas(struct entry) char bytes[1024];
};

/* The next one's name, valid until the next call; NULL at the end. */
static const char *next_directory(struct listing *l)
{
	for (;;) {
		const struct entry *entry;

		if (l->at >= l->used) {
			l->used = syscall(SYS_getdents64, l->fd, l->bytes, sizeof(l->bytes));
			l->at = 0;
			/* ENOENT: removed while we look. */
			if (l->used < 0 && errno != ENOENT)
				l->error = -errno;
			if (l->used <= 0)
				return NULL;
		}
		entry = (const struct entry *)(l->bytes + l->at);
		l->at += entry->length;
		if (entry->type != DT_DIR || strcmp(entry->name, ".") == 0 ||
		    strcmp(entry->name, "..") == 0)
			continue;
		return entry->name;
	}
}

static int open_listing(int dirfd, const char *name, struct listing *ret)
{
	ret->used = ret->at = 0;
	ret->error = 0;
	ret->fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return ret->fd < 0 ? -errno : 0;
}

/* What is done to each directory of a tree, the first one first. 0 or -errno, which ends it. */
typedef int (*place_visitor)(int cgroup_fd, const void *context);

static int visit_below(int dirfd, const char *name, unsigned depth, place_visitor visit,
		       const void *context)
{
	struct listing l;
	const char *child;
	int r = open_listing(dirfd, name, &l);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = visit(l.fd, context);
	while (r == 0 && depth < KILL_DEPTH_MAX && (child = next_directory(&l)))
		r = visit_below(l.fd, child, depth + 1, visit, context);
	close(l.fd);
	return r;
}

static int kill_place(int cgroup_fd, const void *unused)
{
	(void)unused;
	return kill_here(cgroup_fd);
}

int cgroup_kill_all(int cgroup_fd)
{
	/* Version 2 since Linux 5.14: all at once, and no fork escapes. */
	if (cgroup_write(cgroup_fd, "cgroup.kill", "1") == 0)
		return 0;
	return visit_below(cgroup_fd, ".", 0, kill_place, NULL);
}

static int move_place(int cgroup_fd, const void *to_fd)
{
	return visit_here(cgroup_fd, move_one, *(const int *)to_fd);
}

int cgroup_evacuate(int base_fd, const char *path, int to_fd)
{
	if (!path_is_valid(path))
		return -EINVAL;
	return visit_below(base_fd, path, 0, move_place, &to_fd);
}

struct content {
	const char *file, *value;
};

static int write_place(int cgroup_fd, const void *context)
{
	const struct content *content = context;

	(void)cgroup_write(cgroup_fd, content->file, content->value);
	return 0;
}

int cgroup_write_all(int cgroup_fd, const char *file, const char *value)
{
	const struct content content = {file, value};
	int r = cgroup_write(cgroup_fd, file, value);

	return r < 0 ? r : visit_below(cgroup_fd, ".", 0, write_place, &content);
}

int cgroup_clear(int cgroup_fd, int to_fd)
{
	return visit_here(cgroup_fd, move_one, to_fd);
}

/*
 * Where a removal stands: the directory that is open, and how many levels it is below the first.
 * Only one descriptor is held, however deep the tree is; the way back up is "..".
 */
struct removal {
	int fd;
	unsigned depth;
	unsigned tries, pause;
	bool kill;
};

static int move_to(struct removal *m, const char *name)
{
	int fd = openat(m->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(m->fd);
	m->fd = fd;
	return 0;
}

/* A directory without directories below it cannot be removed yet: 0 to try again. */
static int wait_busy(struct removal *m)
{
	if (++m->tries > TRIES_MAX)
		return -EBUSY;
	if (m->kill)
		kill_here(m->fd);
	pause_milliseconds(m->pause);
	m->pause = m->pause * 2 < PAUSE_MAX ? m->pause * 2 : PAUSE_MAX;
	return 0;
}

/* One move of the walk: remove a child, go down into one, or go up. 1: nothing is left below. */
static int remove_some(struct removal *m)
{
	struct listing l;
	const char *child;
	int r = open_listing(m->fd, ".", &l);

	if (r < 0)
		return r;
	while ((child = next_directory(&l))) {
		if (unlinkat(m->fd, child, AT_REMOVEDIR) == 0) {
			m->tries = 0;
			m->pause = 1;
			continue;
		}
		if (errno == ENOENT)
			continue;
		r = errno == EBUSY || errno == ENOTEMPTY ? move_to(m, child) : -errno;
		close(l.fd);
		if (r == 0)
			m->depth++;
		return r == -ENOENT ? 0 : r;
	}
	close(l.fd);
	if (l.error < 0)
		return l.error;
	if (m->depth == 0)
		return 1;
	/* Nothing below, but it could not be removed from above: processes. */
	r = wait_busy(m);
	if (r == 0)
		r = move_to(m, "..");
	if (r == 0)
		m->depth--;
	return r;
}

static int remove_below(int base_fd, const char *path, bool kill)
{
	struct removal m = {.pause = 1, .kill = kill};
	int r;

	m.fd = openat(base_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (m.fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (kill)
		kill_here(m.fd);
	do
		r = remove_some(&m);
	while (r == 0);
	close(m.fd);
	return r < 0 ? r : 0;
}

/* What somebody left running may stay for years; what is just dying does not. */
static bool is_inhabited(int base_fd, const char *path)
{
	autoclose int fd = cgroup_open_at(base_fd, path);

	return fd >= 0 && cgroup_is_empty(fd) == 0;
}

int cgroup_remove(int base_fd, const char *path, unsigned made, bool kill)
{
	unsigned pause = 1;

	if (!path_is_valid(path))
		return -EINVAL;
	/* Most often it is empty by now. */
	for (unsigned i = 0; unlinkat(base_fd, path, AT_REMOVEDIR) < 0 && errno != ENOENT; i++) {
		int r;

		if ((errno != EBUSY && errno != ENOTEMPTY) || i >= TRIES_MAX)
			return -errno;
		if (!kill && i >= TRIES_INHABITED && is_inhabited(base_fd, path))
			return -EBUSY;
		if (i > 0) {
			pause_milliseconds(pause);
			pause = pause * 2 < PAUSE_MAX ? pause * 2 : PAUSE_MAX;
		}
		r = remove_below(base_fd, path, kill);
		/* ENOENT: somebody else removes, too. */
		if (r < 0 && r != -ENOENT)
			return r;
	}
	cgroup_unmake_above(base_fd, path, made);
	return 0;
}

int cgroup_is_empty(int cgroup_fd)
{
	autoclose int fd = openat(cgroup_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	const bool is_v2 = fd >= 0;
	char bytes[256];
	ssize_t got;

	if (!is_v2)
		fd = openat(cgroup_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	got = read(fd, bytes, sizeof(bytes) - 1);
	if (got < 0)
		return -errno;
	bytes[got] = '\0';
	return is_v2 ? strstr(bytes, "populated 0") != NULL : got == 0;
}

int cgroup_write(int cgroup_fd, const char *file, const char *value)
{
	autoclose int fd = openat(cgroup_fd, file, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	const size_t length = strlen(value);
	ssize_t written;

	if (fd < 0)
		return -errno;
	do
		written = write(fd, value, length);
	while (written < 0 && errno == EINTR);
	if (written < 0)
		return -errno;
	return (size_t)written == length ? 0 : -EIO;
}

int cgroup_read(int cgroup_fd, const char *file, char *ret, size_t room)
{
	autoclose int fd = openat(cgroup_fd, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return -errno;
	do
		got = read(fd, ret, room);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	if ((size_t)got == room)
		return -EFBIG;
	while (got > 0 && ret[got - 1] == '\n')
		got--;
	ret[got] = '\0';
	return (int)got;
}

int cgroup_enter(int cgroup_fd, unsigned version)
{
	return cgroup_write(cgroup_fd, version == 1 ? "tasks" : "cgroup.procs", "0");
}

int cgroup_move(int cgroup_fd, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	return cgroup_write(cgroup_fd, "cgroup.procs", text);
}
