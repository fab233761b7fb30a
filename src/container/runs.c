/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Run records from outside (run/record.h): making and looking. The directory is ours alone (0700,
 * owner checked, no links on the way).
 */

#include "container/runs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "container/paths.h"
#include "container/runs_internal.h"
#include "sys/lock.h"
#include "sys/namespace.h"
#include "sys/process.h"

enum {
	PAGE = 4096,
	/* Another process may be undoing the run of a name, or a supervisor be about to go. */
	BUSY_WAIT = 10, /* seconds */
	TRIES = 100,    /* others may replace the record while we look at it */
};

int runs_open_directory(const char *lxcpath, bool make, struct err *e)
{
	char below[64];

	snprintf(below, sizeof(below), "lxc/runs/%016llx", (unsigned long long)path_hash(lxcpath));
	return path_open_run(below, make, 0700, e);
}

int runs_directory(const char *lxcpath, char **ret, struct err *e)
{
	autofree char *base = NULL;
	struct str path = {};
	int r = container_run_directory(&base, e);

	if (r < 0)
		return r;
	str_addf(&path, "%s/lxc/runs/%016llx", base, (unsigned long long)path_hash(lxcpath));
	if (str_failed(&path)) {
		str_finish(&path);
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	}
	*ret = str_take(&path);
	return 0;
}

bool runs_is_file_name(const char *name)
{
	return name[0] && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
	       strcmp(name, RECORD_ENDED) != 0 && !strchr(name, '/') &&
	       strlen(name) < RECORD_RUN_NAME_MAX;
}

int runs_map_record(int fd, struct run_view *ret)
{
	struct stat status;
	void *map;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() ||
	    status.st_size < (off_t)sizeof(struct record_header) ||
	    status.st_size > RECORD_SIZE_MAX)
		return -EINVAL;
	map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	*ret = (struct run_view){.record = map, .size = (size_t)status.st_size};
	return 0;
}

void runs_view_close(struct run_view *view)
{
	if (view->record)
		munmap((void *)view->record, view->size);
	*view = (struct run_view){};
}

static const char own_pids[] = "/proc/self/ns/pid";

/* What can't be compared counts as the same. */
static bool is_namespace(uint64_t number, uint64_t here)
{
	return number == 0 || here == 0 || number == here;
}

bool runs_view_has_our_pids(const struct run_view *view)
{
	return is_namespace(view->record->pid_namespace,
			    view->pid_namespace ? view->pid_namespace : namespace_number(own_pids));
}

bool runs_view_has_our_network(const struct run_view *view)
{
	return is_namespace(view->record->net_namespace, namespace_number("/proc/self/ns/net"));
}

bool runs_is_of_this_version(const struct record_header *record)
{
	return record->format == RECORD_FORMAT && record->program == SUPERVISOR_NUMBER;
}

bool runs_is_of_other_boot(const struct record_header *record, char boot_id[static BOOT_ID_MAX])
{
	if (!boot_id[0])
		boot_id_read(boot_id);
	return record_is_of_other_boot(record, boot_id);
}

int runs_open_for_undo(int dirfd, const char *file)
{
	autoclose int fd =
		openat(dirfd, file, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	int high;

	if (fd < 0)
		return -errno;
	high = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return high < 0 ? -errno : high;
}

bool runs_is_orphan(const struct record_header *record, char boot_id[static BOOT_ID_MAX])
{
	autoclose int pidfd = -EBADF;

	if (memcmp(record->magic, RECORD_MAGIC, sizeof(record->magic)) != 0)
		return false;
	if (atomic_load(&record->dead) || runs_is_of_other_boot(record, boot_id))
		return true;
	if (!runs_is_of_this_version(record) || record->supervisor_pid <= 0)
		return false;
	pidfd = process_open(record->supervisor_pid);
	if (pidfd != -ESRCH && (pidfd < 0 || process_poll(pidfd, 0) != 1))
		return false;
	/* Of another namespace only the lock tells. */
	return is_namespace(record->pid_namespace, namespace_number(own_pids));
}

/* A record that can't be read: why. */
static int refuse_record(const struct record_header *record, const char *name, const char *why,
			 struct err *e)
{
	int r;

	if (memcmp(record->magic, RECORD_MAGIC, sizeof(record->magic)) != 0 ||
	    runs_is_of_this_version(record))
		return err_set(e, ERR_RECORD, 0, "the run record of \"%s\" is damaged: %s", name,
			       why);
	r = err_set(e, ERR_RECORD, 0,
		    "container %s is run by another version, whose records this one can't read",
		    name);
	err_hint(e, "it answers over its control socket; its next start is by this version");
	return r;
}

/* Open and look: 0; 1 = there is none (any more); 2 = a dead one, or (at the first look) one that
 * is about to be; or negative. */
static int try_view(struct runs_place *place, const char *name, bool is_first, struct run_view *ret,
		    struct err *e)
{
	autoclose int fd = openat(place->dirfd, name,
				  O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	const char *why;
	int held, r;

	if (fd < 0 && errno == ENOENT)
		return 1;
	held = fd < 0 ? -errno : lock_is_held(fd);
	if (held < 0)
		return err_set(e, ERR_RECORD, -held, "cannot look at the run record of \"%s\"",
			       name);
	if (!held)
		return 2;
	r = runs_map_record(fd, ret);
	if (r < 0)
		return err_set(e, ERR_RECORD, -r, "cannot read the run record of \"%s\"", name);
	why = record_check_frame(ret->record, ret->size);
	if (why) {
		r = refuse_record(ret->record, name, why, e);
		runs_view_close(ret);
		return r;
	}
	/* Whoever holds the lock of a dead run undoes it, or dies, or is nobody's business: asking
	 * the control socket tells. */
	if (atomic_load(&ret->record->finished) || atomic_load(&ret->record->dead))
		r = 1;
	else if (runs_is_orphan(ret->record, place->boot_id))
		r = is_first ? 2 : 1;
	if (r != 0)
		runs_view_close(ret);
	else
		ret->is_alive = true;
	return r;
}

int runs_open(const char *lxcpath, struct runs_place *ret, struct err *e)
{
	int dirfd = runs_open_directory(lxcpath, false, e);

	*ret = (struct runs_place){.dirfd = dirfd};
	if (dirfd >= 0)
		ret->pid_namespace = namespace_number(own_pids);
	return dirfd < 0 ? dirfd : 0;
}

int runs_view(const char *lxcpath, const char *name, struct run_view *ret, struct err *e)
{
	autoclose int dirfd = runs_open_directory(lxcpath, false, e);
	struct runs_place place = {.dirfd = dirfd};

	if (dirfd < 0)
		return dirfd == -ENOENT ? 1 : dirfd;
	return runs_view_at(&place, name, ret, e);
}

int runs_view_at(struct runs_place *place, const char *name, struct run_view *ret, struct err *e)
{
	if (!runs_is_file_name(name))
		return 1;
	for (int i = 0; i < TRIES; i++) {
		int r = try_view(place, name, i == 0, ret, e);

		if (r == 0)
			ret->pid_namespace = place->pid_namespace;
		if (r != 2)
			return r;
		r = runs_repair_file(place->dirfd, name, HURRIED, e);
		if (r < 0)
			return err_wrap(e, r, "an earlier run of container %s can't be undone",
					name);
	}
	return err_set(e, ERR_RECORD, EBUSY, "the run record of \"%s\" keeps changing", name);
}

enum container_state runs_view_state(const struct run_view *view)
{
	uint32_t state = atomic_load(&view->record->state);

	if (state == STATE_STOPPED)
		return STATE_STARTING;
	return state < STATE_COUNT ? (enum container_state)state : STATE_COUNT;
}

const struct plan *runs_view_plan(struct run_view *view)
{
	if (!view->plan_is_checked) {
		view->plan_is_checked = true;
		view->plan = record_look_at_plan(view->record, view->size);
	}
	return view->plan;
}

/* By words: musl's memcmp() compares bytes, and most of a record is zero. */
static bool is_zero(const char *page, size_t size)
{
	uint64_t word;
	size_t at = 0;

	for (; at + sizeof(word) <= size; at += sizeof(word)) {
		memcpy(&word, page + at, sizeof(word));
		if (word)
			return false;
	}
	for (; at < size; at++)
		if (page[at])
			return false;
	return true;
}

/* Pages of zeros stay holes: most registers are never used. */
static int write_sparse(int fd, const char *bytes, size_t size)
{
	size_t start = 0;

	if (ftruncate(fd, (off_t)size) < 0)
		return -errno;
	while (start < size) {
		size_t end = start;

		while (end < size && !is_zero(bytes + end, size - end < PAGE ? size - end : PAGE))
			end += size - end < PAGE ? size - end : PAGE;
		while (start < end) {
			ssize_t written = pwrite(fd, bytes + start, end - start, (off_t)start);

			if (written < 0 && errno != EINTR)
				return -errno;
			start += written > 0 ? (size_t)written : 0;
		}
		start += size - start < PAGE ? size - start : PAGE;
	}
	return 0;
}

/* The registers that the run will write get their room now: a full disk would be met as SIGBUS
 * later, in the middle of a start. */
static int reserve_registers(int fd, const void *bytes, size_t size)
{
	const struct record_header *record = bytes;
	const struct plan *plan = NULL;

	if (size > RECORD_PARTS_AT)
		plan = record->plan.size ? record_plan(record) : record_prelude(record);
	if (!plan || plan->registers.count == 0)
		return 0;
	if (fallocate(fd, 0, RECORD_REGISTERS_AT,
		      (off_t)(plan->registers.count * sizeof(struct record_register))) == 0)
		return 0;
	/* Some file systems can't. */
	return errno == ENOSPC || errno == EDQUOT ? -errno : 0;
}

/* A file without a name, in the directory. -EOPNOTSUPP where the file system has none. */
static int make_file(int dirfd, const void *bytes, size_t size)
{
	autoclose int fd = openat(dirfd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	int r;

	if (fd < 0)
		return -errno;
	r = lock_take(fd, 0);
	if (r == 0)
		r = write_sparse(fd, bytes, size);
	if (r == 0)
		r = reserve_registers(fd, bytes, size);
	return r < 0 ? r : take_fd(fd);
}

static int link_file(int fd, int dirfd, const char *name)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, path, dirfd, name, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

/* Whoever holds the name's record is about to go, for we have the run's address: it will let go of
 * the lock, or rename the file. Waits a little. */
static int wait_for_name(int dirfd, const char *name, usec_t deadline)
{
	autoclose int fd = runs_open_for_undo(dirfd, name);
	int r;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (time_left(deadline) == 0)
		return -EBUSY;
	r = lock_take(fd, time_deadline(5 * USEC_PER_MSEC));
	return r == -EAGAIN ? 0 : r;
}

static int refuse_name(const char *name, struct err *e)
{
	int r = err_set(e, ERR_RECORD, EBUSY,
			"the run record of \"%s\" is held by a process that is not its supervisor",
			name);

	err_hint(e, "fuser(1) shows who has the file below lxc/runs open: perhaps a child of the "
		    "program that started the container");
	return r;
}

int runs_create(const char *lxcpath, const char *name, const void *bytes, size_t size,
		struct err *e)
{
	usec_t deadline = time_deadline(BUSY_WAIT * USEC_PER_SEC);
	autoclose int dirfd = -EBADF;
	autoclose int fd = -EBADF;
	int r;

	if (!runs_is_file_name(name))
		return err_set(e, ERR_RECORD, 0, "\"%s\" can't be the name of a run", name);
	dirfd = runs_open_directory(lxcpath, true, e);
	if (dirfd < 0)
		return dirfd;
	fd = make_file(dirfd, bytes, size);
	if (fd < 0)
		return err_set(e, ERR_RECORD, -fd, "cannot write the run record of \"%s\"", name);
	for (;;) {
		r = link_file(fd, dirfd, name);
		if (r == 0)
			return take_fd(fd);
		if (r == -EEXIST)
			r = wait_for_name(dirfd, name, deadline);
		if (r == -EBUSY)
			return refuse_name(name, e);
		if (r < 0)
			return err_set(e, ERR_RECORD, -r, "cannot make the run record of \"%s\"",
				       name);
		r = runs_repair_file(dirfd, name, PATIENT, e);
		if (r < 0)
			return err_wrap(e, r, "an earlier run of container %s can't be undone",
					name);
	}
}
