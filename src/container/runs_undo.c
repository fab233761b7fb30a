/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Undoing dead runs. A record that nobody has locked is of a run that is over: its supervisor has
 * died, and what it left on the host is undone by the program that knows how, before anything else
 * happens under that name.
 */

#include "container/runs_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/macros.h"
#include "base/utf8.h"
#include "container/paths.h"
#include "container/spawn.h"
#include "sys/lock.h"
#include "sys/process.h"

#include "tare_paths.h"

#define LOG_CATEGORY "runs"
#include "base/log.h"

enum {
	ORPHAN_WAIT = 2,  /* seconds */
	UNDO_WAIT = 40,   /* seconds: another process may wait for a dying init */
	DEATH_WAIT = 100, /* milliseconds: the pid may be another process's by now */
	UNDO_UNKNOWN = 1,
	UNDO_GIVEN_UP,
	LOCK_OF_UNDOING = 1,
	ASIDE_NAME_MAX = 200, /* of the name that it had: the new one must not be too long */
};

static const char aside_word[] = ".invalid.";

/* Whether the name still leads to the file that is open. */
static bool is_linked(int dirfd, const char *file, int fd)
{
	struct stat open_status, status;

	return fstat(fd, &open_status) == 0 &&
	       fstatat(dirfd, file, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	       status.st_ino == open_status.st_ino && status.st_dev == open_status.st_dev;
}

/* What a record says about itself that decides how it is undone. */
struct dead_run {
	unsigned format, program;
	char version[RECORD_VERSION_MAX + 1];
	bool is_finished, is_of_other_boot;
	const char *problem; /* that keeps our own format from being undone, or NULL */
	pid_t supervisor_pid;
	unsigned left; /* enum record_left */
	int owed_errno;
	char owed[RECORD_OWED_MAX + 1];
};

static void copy_left(const struct record_header *record, struct dead_run *ret)
{
	char owed[RECORD_OWED_MAX + 1] = "";

	memcpy(owed, record->owed, RECORD_OWED_MAX);
	utf8_copy_visible(ret->owed, sizeof(ret->owed), owed);
	ret->owed_errno = record->owed_errno;
	ret->left = record->left;
}

/* Foreign bytes: of another format only the beginning is looked at. */
static int read_dead(int fd, struct dead_run *ret)
{
	char version[RECORD_VERSION_MAX + 1] = "";
	char boot_id[BOOT_ID_MAX] = "";
	struct run_view view = {};
	int r = runs_map_record(fd, &view);

	if (r < 0 || !view.record)
		return r;
	if (memcmp(view.record->magic, RECORD_MAGIC, sizeof(view.record->magic)) != 0)
		r = -EINVAL;
	*ret = (struct dead_run){.format = view.record->format,
				 .program = view.record->program,
				 .is_of_other_boot = runs_is_of_other_boot(view.record, boot_id),
				 .is_finished = atomic_load(&view.record->finished) != 0};
	memcpy(version, view.record->version, RECORD_VERSION_MAX);
	utf8_copy_visible(ret->version, sizeof(ret->version), version);
	if (runs_is_of_this_version(view.record)) {
		ret->problem = record_check(view.record, view.size);
		ret->supervisor_pid = view.record->supervisor_pid;
		copy_left(view.record, ret);
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
	r = process_reap(r);
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

/* Of a dead run, or of one that may be. */
struct record_file {
	const char *name;
	int dirfd, main_fd; /* that it is in; of all records of the lxcpath */
	bool has_ended;     /* its run has given its address back: it is in RECORD_ENDED */
};

/*
 * What nobody can undo must not keep the name: under ".NAME.invalid.PID" it is kept for people to
 * look at, and never looked at again here (what it speaks of may be others' by then).
 */
static int set_aside(const struct record_file *file, const char *why, struct err *e)
{
	const char *name = file->name + (file->name[0] == '.');
	char aside[NAME_MAX + 1];

	snprintf(aside, sizeof(aside), ".%.*s%s%d", ASIDE_NAME_MAX, name, aside_word,
		 (int)getpid());
	if (renameat(file->dirfd, file->name, file->main_fd, aside) < 0)
		return err_set(e, ERR_RECORD, errno, "cannot move the run record \"%s\" aside",
			       file->name);
	log_error("the run record \"%s\" can't be used: %s. What its run has left on the host "
		  "stays there; the record is kept as \"%s\" for you to look at and remove",
		  file->name, why, aside);
	return 1;
}

static int set_unknown_aside(const struct record_file *file, const struct dead_run *run,
			     struct err *e)
{
	autostr why = {};

	str_addf(&why,
		 "it was written by version %s (record format %u; this is version " TARE_VERSION
		 ", format %d), whose lxc-supervisor-%u is not here: to have it undone, install "
		 "that version again, give the file back its name and run \"tare repair\"",
		 run->version[0] ? run->version : "unknown", run->format, RECORD_FORMAT,
		 run->program);
	return set_aside(file, str_text(&why), e);
}

/* What it has left may not be forgotten: an interface of the host's, say. */
static int refuse_owed(const char *file, const struct dead_run *run, struct err *e)
{
	err_set(e, ERR_RECORD, run->owed_errno,
		"the run \"%s\" has not given everything back: cannot %s", file, run->owed);
	err_hint(e,
		 "put right what it says and run \"tare repair\": that tries again, and so does a "
		 "start");
	return -EBUSY;
}

/* Undo, or say that it is impossible. As run_undo(). */
static int undo_locked(const struct record_file *file, int fd, const struct dead_run *run,
		       enum patience patience, struct err *e)
{
	struct dead_run now = *run;
	struct err why = {};
	autostr text = {};
	int r = mark_dead(fd, file->name, e);

	if (r < 0)
		return r;
	await_death(run);
	r = run_undo(fd, run, file->name, &why);
	if (r >= 0)
		return r;
	read_dead(fd, &now);
	if (now.left & LEFT_OWED)
		return refuse_owed(file->name, &now, e);
	if (patience < GIVING_UP_ELSEWHERE ||
	    (patience == GIVING_UP_ELSEWHERE && now.left != LEFT_ELSEWHERE)) {
		if (e)
			*e = why;
		return r;
	}
	str_addf(&text, "%s, and what comes next under that name can't wait for it",
		 err_cause(&why));
	return set_aside(file, str_text(&text), e) < 0 ? -EIO : UNDO_GIVEN_UP;
}

/* The lock is ours. 1 = it is out of the way, or negative. */
static int repair_locked(const struct record_file *file, int fd, enum patience patience,
			 struct err *e)
{
	struct dead_run run = {};
	int r = 0;

	if (read_dead(fd, &run) < 0) {
		log_warn("removing the run record \"%s\", which can't be read", file->name);
	} else if (!run.is_finished) {
		if (run.problem)
			return set_aside(file, run.problem, e);
		log_notice("the supervisor of \"%s\" has %s: undoing its run", file->name,
			   run.is_of_other_boot ? "ended with an earlier boot" : "died");
		r = undo_locked(file, fd, &run, patience, e);
		if (r == UNDO_UNKNOWN)
			return set_unknown_aside(file, &run, e);
		if (r == UNDO_GIVEN_UP)
			return 1;
	}
	if (r < 0)
		return r;
	if (is_linked(file->dirfd, file->name, fd) && unlinkat(file->dirfd, file->name, 0) < 0 &&
	    errno != ENOENT)
		return err_set(e, ERR_RECORD, errno, "cannot remove the run record \"%s\"",
			       file->name);
	return 1;
}

/* As lock_take(), at once or, if it is about an orphan, soon. LOCK_OF_UNDOING: somebody else undoes
 * the run, and goes on doing so. */
static int lock_dead(int fd, enum patience patience)
{
	char boot_id[BOOT_ID_MAX] = "";
	struct run_view view = {};
	int r = lock_take(fd, 0);

	if (r != -EAGAIN || runs_map_record(fd, &view) < 0 || !view.record)
		return r;
	if (runs_is_orphan(view.record, boot_id)) {
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

/* As runs_repair_file(). */
static int repair_file(const struct record_file *file, enum patience patience, struct err *e)
{
	autoclose int fd = runs_open_for_undo(file->dirfd, file->name);
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
			    file->name, UNDO_WAIT);
		err_hint(e, "\"lxc-supervisor-N --undo\" is its name; what it waits for stands in "
			    "the log of the command that began it");
		return r;
	}
	if (r < 0)
		return err_set(e, ERR_RECORD, -r, "cannot lock the run record \"%s\"", file->name);
	if (!is_linked(file->dirfd, file->name, fd))
		return 0;
	return repair_locked(file, fd, patience, e);
}

int runs_repair_file(int dirfd, const char *name, enum patience patience, struct err *e)
{
	const struct record_file file = {.name = name, .dirfd = dirfd, .main_fd = dirfd};

	return repair_file(&file, patience, e);
}

/* "NAME.PID", of those that have given their address back. */
static bool is_run_of(const char *file, const char *name)
{
	size_t len = strlen(name);

	return strncmp(file, name, len) == 0 && file[len] == '.' && file[len + 1] &&
	       strspn(file + len + 1, "0123456789") == strlen(file + len + 1);
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

/* How to repair: whose runs, which of them, and what is done about those that can't be undone. */
struct repair {
	const char *name; /* NULL: of all names */
	bool only_ended;
	bool only_warn;           /* and wait for nobody */
	enum patience patience;   /* else, … */
	enum patience with_ended; /* with those that have given their address back */
	int undone, problem;      /* how many; the first */
};

static void repair_one(const struct record_file *file, struct repair *how, struct err *e)
{
	const enum patience patience = file->has_ended ? how->with_ended : how->patience;
	struct err why = {};
	int r;

	/* One that can't be undone doesn't keep the others from it; the first problem is told. */
	if (how->only_warn)
		r = repair_file(file, HURRIED, &why);
	else
		r = repair_file(file, patience, how->problem ? NULL : e);
	if (r < 0 && how->only_warn)
		log_warn("%s; it is tried again by the next command", err_cause(&why));
	else if (r < 0 && !how->problem)
		how->problem = r;
	how->undone += r > 0;
}

/* Whether a file of a directory is asked for. */
static bool is_meant(const struct record_file *file, const char *name)
{
	if (strcmp(file->name, ".") == 0 || strcmp(file->name, "..") == 0)
		return false;
	if (file->has_ended)
		return !name || is_run_of(file->name, name);
	return strcmp(file->name, RECORD_ENDED) != 0 && !is_aside(file->name);
}

static int refuse_directory(const char *lxcpath, const char *below, int errnum, struct err *e)
{
	autofree char *path = NULL;
	int r = runs_directory(lxcpath, &path, e);

	if (r < 0)
		return r;
	r = err_set(e, ERR_FILE_OPEN, errnum, "cannot list the run records in \"%s%s\"", path,
		    below);
	if (errnum == ENOTDIR || errnum == ELOOP)
		err_hint(e, "it is a directory of ours: remove what stands in its place");
	return r;
}

/* Those of one directory. 0, or negative when it can't be read. */
static int repair_directory(int main_fd, bool has_ended, const char *lxcpath, struct repair *how,
			    struct err *e)
{
	const char *below = has_ended ? "/" RECORD_ENDED : "";
	autoclose int fd = openat(main_fd, has_ended ? RECORD_ENDED : ".",
				  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct record_file file = {.main_fd = main_fd, .has_ended = has_ended};
	struct dirent *entry;
	DIR *directory;

	if (fd < 0)
		return errno == ENOENT ? 0 : refuse_directory(lxcpath, below, errno, e);
	directory = fdopendir(fd);
	if (!directory)
		return refuse_directory(lxcpath, below, errno, e);
	file.dirfd = take_fd(fd);
	while ((entry = readdir(directory))) {
		file.name = entry->d_name;
		if (is_meant(&file, how->name))
			repair_one(&file, how, e);
	}
	closedir(directory);
	return 0;
}

/* In the order that a run takes: none is missed that ends meanwhile. */
static int repair_meant(const char *lxcpath, struct repair *how, struct err *e)
{
	autoclose int main_fd = runs_open_directory(lxcpath, false, e);
	const struct record_file named = {.name = how->name, .dirfd = main_fd, .main_fd = main_fd};
	int r = 0;

	if (main_fd < 0)
		return main_fd == -ENOENT ? 0 : main_fd;
	if (how->name)
		repair_one(&named, how, e);
	else if (!how->only_ended)
		r = repair_directory(main_fd, false, lxcpath, how, e);
	if (r == 0)
		r = repair_directory(main_fd, true, lxcpath, how, how->problem ? NULL : e);
	if (how->problem)
		return how->problem;
	return r < 0 ? r : how->undone;
}

int runs_repair(const char *lxcpath, const char *name, struct err *e)
{
	struct repair how = {.name = name, .patience = PATIENT, .with_ended = PATIENT};

	return name && !runs_is_file_name(name) ? 0 : repair_meant(lxcpath, &how, e);
}

int runs_make_way(const char *lxcpath, const char *name, struct err *e)
{
	struct repair how = {
		.name = name, .patience = GIVING_UP_ELSEWHERE, .with_ended = GIVING_UP};

	return runs_is_file_name(name) ? repair_meant(lxcpath, &how, e) : 0;
}

int runs_repair_last(const char *lxcpath, const char *name, struct err *e)
{
	struct repair how = {
		.name = name, .patience = GIVING_UP_ELSEWHERE, .with_ended = GIVING_UP_ELSEWHERE};

	return runs_is_file_name(name) ? repair_meant(lxcpath, &how, e) : 0;
}

void runs_tidy(const char *lxcpath, const char *name)
{
	struct repair how = {.name = name, .only_ended = !name, .only_warn = true};

	if (!name || runs_is_file_name(name))
		repair_meant(lxcpath, &how, NULL);
}
