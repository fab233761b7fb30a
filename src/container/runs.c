/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Run records from outside (run/record.h). The directory is ours alone (0700, owner checked, no
 * links on the way). A record that nobody has locked is of a run that is over: its supervisor has
 * died, and what it left on the host is undone by the program that knows how, before anything else
 * happens under that name.
 */

#include "container/runs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/macros.h"
#include "base/utf8.h"
#include "container/paths.h"
#include "container/spawn.h"
#include "sys/lock.h"
#include "sys/namespace.h"
#include "sys/process.h"

#include "tare_paths.h"

#define LOG_CATEGORY "runs"
#include "base/log.h"

enum {
	PAGE = 4096,
	/* Another process may be undoing the run of a name, or a supervisor be about to go. */
	BUSY_WAIT = 10,   /* seconds */
	ORPHAN_WAIT = 2,  /* seconds */
	UNDO_WAIT = 40,   /* seconds: another process may wait for a dying init */
	DEATH_WAIT = 100, /* milliseconds: the pid may be another process's by now */
	TRIES = 100,      /* others may replace the record while we look at it */
	UNDO_UNKNOWN = 1,
	UNDO_GIVEN_UP,
	LOCK_OF_UNDOING = 1,
	ASIDE_NAME_MAX = 200, /* of the name that it had: the new one must not be too long */
};

static const char aside_word[] = ".invalid.";

static int open_directory(const char *lxcpath, bool make, struct err *e)
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

/* A record's file may have this name: no way leads out of the directory by it. */
static bool is_file_name(const char *name)
{
	return name[0] && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && !strchr(name, '/') &&
	       strlen(name) < RECORD_RUN_NAME_MAX;
}

/* Whether the name still leads to the file that is open. */
static bool is_linked(int dirfd, const char *file, int fd)
{
	struct stat open_status, status;

	return fstat(fd, &open_status) == 0 &&
	       fstatat(dirfd, file, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       status.st_ino == open_status.st_ino && status.st_dev == open_status.st_dev;
}

static int map_record(int fd, struct run_view *ret)
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

/* What a record says about itself that decides how it is undone. */
struct dead_run {
	unsigned format, program;
	char version[RECORD_VERSION_MAX + 1];
	bool is_finished, is_of_other_boot;
	const char *problem; /* that keeps our own format from being undone, or NULL */
	pid_t supervisor_pid;
};

/* All of it can be read, not only what every format begins with. */
static bool is_of_this_version(const struct record_header *record)
{
	return record->format == RECORD_FORMAT && record->program == SUPERVISOR_NUMBER;
}

/* `boot_id`: where it is kept once it has been read, or "". */
static bool is_of_other_boot(const struct record_header *record, char boot_id[static BOOT_ID_MAX])
{
	if (!boot_id[0])
		boot_id_read(boot_id);
	return record_is_of_other_boot(record, boot_id);
}

/* Foreign bytes: of another format only the beginning is looked at. */
static int read_dead(int fd, struct dead_run *ret)
{
	char version[RECORD_VERSION_MAX + 1] = "";
	char boot_id[BOOT_ID_MAX] = "";
	struct run_view view = {};
	int r = map_record(fd, &view);

	if (r < 0 || !view.record)
		return r;
	if (memcmp(view.record->magic, RECORD_MAGIC, sizeof(view.record->magic)) != 0)
		r = -EINVAL;
	*ret = (struct dead_run){.format = view.record->format,
				 .program = view.record->program,
				 .is_of_other_boot = is_of_other_boot(view.record, boot_id),
				 .is_finished = atomic_load(&view.record->finished) != 0};
	memcpy(version, view.record->version, RECORD_VERSION_MAX);
	utf8_copy_visible(ret->version, sizeof(ret->version), version);
	if (is_of_this_version(view.record)) {
		ret->problem = record_check(view.record, view.size);
		ret->supervisor_pid = view.record->supervisor_pid;
	}
	runs_view_close(&view);
	return r;
}

/* A killed process gives its lock back a moment earlier than the rest: the run's address must be
 * free when its run is undone. */
static void await_death(const struct dead_run *run)
{
	autoclose int pidfd = -EBADF;

	if (run->supervisor_pid <= 0 || run->is_of_other_boot)
		return;
	pidfd = process_open(run->supervisor_pid);
	if (pidfd >= 0)
		process_poll(pidfd, DEATH_WAIT);
}

/* From now on nobody takes the lock, which whoever undoes the run holds, for a sign of life. */
static int mark_dead(int fd, const char *file, struct err *e)
{
	const uint32_t dead = 1;

	if (pwrite(fd, &dead, sizeof(dead), offsetof(struct record_header, dead)) ==
	    (ssize_t)sizeof(dead))
		return 0;
	return err_set(e, ERR_RECORD, errno, "cannot write to the run record \"%s\"", file);
}

/* No program that is here knows the format. */
static bool is_unknown(const struct dead_run *run, const char *path)
{
	if (run->program == SUPERVISOR_NUMBER)
		return run->format != RECORD_FORMAT;
	return access(path, F_OK) < 0 && errno == ENOENT;
}

/* `lxc-supervisor-N --undo FD`; it inherits the lock with the descriptor. 0; UNDO_UNKNOWN: no
 * program knows the format; or negative. */
static int run_undo(int fd, const struct dead_run *run, const char *file, struct err *e)
{
	char program[32], number[16];
	char *argv[] = {program, "--undo", number, NULL};
	autofree char *directory = NULL;
	autofree char *path = NULL;
	struct spawn spawn = {.program_fd = -EBADF,
			      .argv = argv,
			      .environment = environ,
			      .fds = {fd, -1, -1, -1, -1, -1, -1, -1}};
	struct dead_run now = {};
	int r;

	helper_supervisor_name(run->program, program, sizeof(program));
	snprintf(number, sizeof(number), "%d", fd);
	r = helper_directory(program, &directory, e);
	if (r < 0)
		return r;
	path = path_join(directory, program);
	if (!path)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	if (is_unknown(run, path))
		return UNDO_UNKNOWN;
	spawn.path = path;
	r = spawn_program(&spawn);
	if (r < 0) {
		r = err_set(e, ERR_EXEC_FAILED, -r, "cannot run \"%s\"", path);
		err_hint(e, "it is part of the package that started the container");
		return r;
	}
	r = spawn_wait(r);
	if (r == 0)
		return 0;
	/* An application that reaps all children took its status: the record tells. */
	if (r == -ECHILD)
		return read_dead(fd, &now) == 0 && now.is_finished
			       ? 0
			       : err_set(e, ERR_RECORD, 0, "\"%s\" did not undo the run \"%s\"",
					 path, file);
	return err_set(e, ERR_RECORD, 0, "\"%s\" could not undo the run \"%s\": %s %d", path, file,
		       WIFEXITED(r) ? "status" : "signal",
		       WIFEXITED(r) ? WEXITSTATUS(r) : WTERMSIG(r));
}

/* The descriptor that is handed on must not take the place of a standard stream. */
static int open_for_undo(int dirfd, const char *file)
{
	autoclose int fd =
		openat(dirfd, file, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	int high;

	if (fd < 0)
		return -errno;
	high = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return high < 0 ? -errno : high;
}

/*
 * What nobody can undo must not keep the name: under ".NAME.invalid.PID" it is kept for people to
 * look at, and never looked at again here (what it speaks of may be others' by then).
 */
static int set_aside(int dirfd, const char *file, const char *why, struct err *e)
{
	char aside[NAME_MAX + 1];

	snprintf(aside, sizeof(aside), ".%.*s%s%d", ASIDE_NAME_MAX,
		 file[0] == '.' ? file + 1 : file, aside_word, (int)getpid());
	if (renameat(dirfd, file, dirfd, aside) < 0)
		return err_set(e, ERR_RECORD, errno, "cannot move the run record \"%s\" aside",
			       file);
	log_error("the run record \"%s\" can't be used: %s. What its run has left on the host "
		  "stays there; the record is kept as \"%s\" for you to look at and remove",
		  file, why, aside);
	return 1;
}

static int set_unknown_aside(int dirfd, const char *file, const struct dead_run *run, struct err *e)
{
	autostr why = {};

	str_addf(&why,
		 "it was written by version %s (record format %u; this is version " TARE_VERSION
		 ", format %d), whose lxc-supervisor-%u is not here: to have it undone, install "
		 "that version again, give the file back its name and run \"tare repair\"",
		 run->version[0] ? run->version : "unknown", run->format, RECORD_FORMAT,
		 run->program);
	return set_aside(dirfd, file, str_text(&why), e);
}

/* Whether somebody waits for other processes that undo the same run; GIVING_UP does, and what can't
 * be undone is set aside. */
enum patience { HURRIED, PATIENT, GIVING_UP };

/* Undo, or say that it is impossible. As run_undo(). */
static int undo_locked(int dirfd, const char *file, int fd, const struct dead_run *run,
		       enum patience patience, struct err *e)
{
	struct err why = {};
	autostr text = {};
	int r = mark_dead(fd, file, e);

	if (r < 0)
		return r;
	await_death(run);
	if (patience != GIVING_UP)
		return run_undo(fd, run, file, e);
	r = run_undo(fd, run, file, &why);
	if (r >= 0)
		return r;
	str_addf(&text, "%s, and something new begins under that name", err_cause(&why));
	return set_aside(dirfd, file, str_text(&text), e) < 0 ? -EIO : UNDO_GIVEN_UP;
}

/* The lock is ours. 1 = it is out of the way, or negative. */
static int repair_locked(int dirfd, const char *file, int fd, enum patience patience, struct err *e)
{
	struct dead_run run = {};
	int r = 0;

	if (read_dead(fd, &run) < 0) {
		log_warn("removing the run record \"%s\", which can't be read", file);
	} else if (!run.is_finished) {
		if (run.problem)
			return set_aside(dirfd, file, run.problem, e);
		log_notice("the supervisor of \"%s\" has %s: undoing its run", file,
			   run.is_of_other_boot ? "ended with an earlier boot" : "died");
		r = undo_locked(dirfd, file, fd, &run, patience, e);
		if (r == UNDO_UNKNOWN)
			return set_unknown_aside(dirfd, file, &run, e);
		if (r == UNDO_GIVEN_UP)
			return 1;
	}
	if (r < 0)
		return r;
	if (is_linked(dirfd, file, fd) && unlinkat(dirfd, file, 0) < 0 && errno != ENOENT)
		return err_set(e, ERR_RECORD, errno, "cannot remove the run record \"%s\"", file);
	return 1;
}

/*
 * A supervisor that is gone may have left somebody who holds its lock for a moment: a child that
 * dies with it or has not reached its exec, lxc-compile, or another undoing.
 */
static bool is_orphan(const struct record_header *record, char boot_id[static BOOT_ID_MAX])
{
	autoclose int pidfd = -EBADF;

	if (memcmp(record->magic, RECORD_MAGIC, sizeof(record->magic)) != 0)
		return false;
	if (atomic_load(&record->dead) || is_of_other_boot(record, boot_id))
		return true;
	if (!is_of_this_version(record) || record->supervisor_pid <= 0)
		return false;
	pidfd = process_open(record->supervisor_pid);
	if (pidfd != -ESRCH && (pidfd < 0 || process_poll(pidfd, 0) != 1))
		return false;
	/* Of another namespace only the lock tells. */
	return is_namespace(record->pid_namespace, namespace_number(own_pids));
}

/* As lock_take(), at once or, if it is about an orphan, soon. LOCK_OF_UNDOING: somebody else undoes
 * the run, and goes on doing so. */
static int lock_dead(int fd, enum patience patience)
{
	char boot_id[BOOT_ID_MAX] = "";
	struct run_view view = {};
	int r = lock_take(fd, 0);

	if (r != -EAGAIN || map_record(fd, &view) < 0 || !view.record)
		return r;
	if (is_orphan(view.record, boot_id)) {
		if (!atomic_load(&view.record->dead))
			r = lock_take(fd, time_deadline(ORPHAN_WAIT * USEC_PER_SEC));
		if (r == -EAGAIN && atomic_load(&view.record->dead)) {
			if (patience != HURRIED)
				r = lock_take(fd, time_deadline(UNDO_WAIT * USEC_PER_SEC));
			if (r == -EAGAIN)
				r = LOCK_OF_UNDOING;
		}
	}
	runs_view_close(&view);
	return r;
}

/*
 * Undo the run of a file, when it is dead. 1 = it was undone or set aside, 0 = it lives, or
 * somebody undoes it and nobody waits for that, or there is none; or negative.
 */
static int repair_file(int dirfd, const char *file, enum patience patience, struct err *e)
{
	autoclose int fd = open_for_undo(dirfd, file);
	int r;

	if (fd == -ENOENT)
		return 0;
	r = fd < 0 ? fd : lock_dead(fd, patience);
	if (r == -EAGAIN || (r == LOCK_OF_UNDOING && patience == HURRIED))
		return 0;
	if (r == LOCK_OF_UNDOING) {
		r = err_set(e, ERR_RECORD, EBUSY,
			    "another process is undoing the run \"%s\" and does not finish within "
			    "%d seconds",
			    file, UNDO_WAIT);
		err_hint(e, "\"lxc-supervisor-N --undo\" is its name; what it waits for stands in "
			    "the log of the command that began it");
		return r;
	}
	if (r < 0)
		return err_set(e, ERR_RECORD, -r, "cannot lock the run record \"%s\"", file);
	return is_linked(dirfd, file, fd) ? repair_locked(dirfd, file, fd, patience, e) : 0;
}

/* ".NAME.PID": a run of that name that has given its address back. */
static bool is_hidden_run_of(const char *file, const char *name)
{
	size_t len = strlen(name);

	return file[0] == '.' && strncmp(file + 1, name, len) == 0 && file[1 + len] == '.' &&
	       file[2 + len] && strspn(file + 2 + len, "0123456789") == strlen(file + 2 + len);
}

/* ".NAME.invalid.PID": see set_aside(). */
static bool is_aside(const char *file)
{
	const char *dot = strrchr(file, '.');
	size_t len = sizeof(aside_word) - 1;

	return file[0] == '.' && dot && (size_t)(dot + 1 - file) > len &&
	       memcmp(dot + 1 - len, aside_word, len) == 0 && dot[1] &&
	       strspn(dot + 1, "0123456789") == strlen(dot + 1);
}

/* Whether a record's file is asked for: of a name, of all (NULL), or of hidden runs ("."). */
static bool is_meant(const char *file, const char *name)
{
	if (strcmp(file, ".") == 0 || strcmp(file, "..") == 0)
		return false;
	if (name && strcmp(name, ".") != 0)
		return strcmp(file, name) == 0 || is_hidden_run_of(file, name);
	return !is_aside(file) && (!name || file[0] == '.');
}

/* How to repair: whose runs (is_meant()), and what is done about those that can't be undone. */
struct repair {
	const char *name;
	bool only_warn; /* and wait for nobody */
	bool gives_up_hidden;
};

/* One file: 0 or 1 as repair_file(), or negative. */
static int repair_one(int dirfd, const char *file, const struct repair *how, struct err *e)
{
	struct err why = {};
	int r;

	if (!how->only_warn)
		return repair_file(dirfd, file,
				   how->gives_up_hidden && file[0] == '.' ? GIVING_UP : PATIENT, e);
	r = repair_file(dirfd, file, HURRIED, &why);
	if (r < 0)
		log_warn("%s; it is tried again by the next command", err_cause(&why));
	return r < 0 ? 0 : r;
}

static int repair_meant(const char *lxcpath, const struct repair *how, struct err *e)
{
	int dirfd = open_directory(lxcpath, false, e);
	struct dirent *entry;
	int undone = 0;
	int problem = 0;
	DIR *directory;

	if (dirfd < 0)
		return dirfd == -ENOENT ? 0 : dirfd;
	directory = fdopendir(dirfd);
	if (!directory) {
		close(dirfd);
		return err_set(e, ERR_SYSTEM, errno, "cannot list the run records");
	}
	/* One that can't be undone doesn't keep the others from it; the first problem is told. */
	while ((entry = readdir(directory))) {
		const char *file = entry->d_name;
		int r;

		if (!is_meant(file, how->name))
			continue;
		r = repair_one(dirfd, file, how, problem ? NULL : e);
		if (r < 0 && !problem)
			problem = r;
		undone += r > 0;
	}
	closedir(directory);
	return problem ? problem : undone;
}

int runs_repair(const char *lxcpath, const char *name, struct err *e)
{
	const struct repair how = {.name = name};

	return name && !is_file_name(name) ? 0 : repair_meant(lxcpath, &how, e);
}

int runs_make_way(const char *lxcpath, const char *name, struct err *e)
{
	const struct repair how = {.name = name, .gives_up_hidden = true};

	return is_file_name(name) ? repair_meant(lxcpath, &how, e) : 0;
}

void runs_tidy(const char *lxcpath, const char *name)
{
	const struct repair how = {.name = name ? name : ".", .only_warn = true};

	if (!name || is_file_name(name))
		repair_meant(lxcpath, &how, NULL);
}

/* A record that can't be read: why. */
static int refuse_record(const struct record_header *record, const char *name, const char *why,
			 struct err *e)
{
	int r;

	if (memcmp(record->magic, RECORD_MAGIC, sizeof(record->magic)) != 0 ||
	    is_of_this_version(record))
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
	r = map_record(fd, ret);
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
	else if (is_orphan(ret->record, place->boot_id))
		r = is_first ? 2 : 1;
	if (r != 0)
		runs_view_close(ret);
	else
		ret->is_alive = true;
	return r;
}

int runs_open(const char *lxcpath, struct runs_place *ret, struct err *e)
{
	int dirfd = open_directory(lxcpath, false, e);

	*ret = (struct runs_place){.dirfd = dirfd};
	if (dirfd >= 0)
		ret->pid_namespace = namespace_number(own_pids);
	return dirfd < 0 ? dirfd : 0;
}

int runs_view(const char *lxcpath, const char *name, struct run_view *ret, struct err *e)
{
	autoclose int dirfd = open_directory(lxcpath, false, e);
	struct runs_place place = {.dirfd = dirfd};

	if (dirfd < 0)
		return dirfd == -ENOENT ? 1 : dirfd;
	return runs_view_at(&place, name, ret, e);
}

int runs_view_at(struct runs_place *place, const char *name, struct run_view *ret, struct err *e)
{
	if (!is_file_name(name))
		return 1;
	for (int i = 0; i < TRIES; i++) {
		int r = try_view(place, name, i == 0, ret, e);

		if (r == 0)
			ret->pid_namespace = place->pid_namespace;
		if (r != 2)
			return r;
		r = repair_file(place->dirfd, name, HURRIED, e);
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
	autoclose int fd = open_for_undo(dirfd, name);
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

	if (!is_file_name(name))
		return err_set(e, ERR_RECORD, 0, "\"%s\" can't be the name of a run", name);
	dirfd = open_directory(lxcpath, true, e);
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
		r = repair_file(dirfd, name, PATIENT, e);
		if (r < 0)
			return err_wrap(e, r, "an earlier run of container %s can't be undone",
					name);
	}
}
