/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * tare repair: see repair.h. Each kind of remains has its own function here, and its own module
 * that knows how it is put right.
 */

#include "container/repair.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "container/address.h"
#include "container/creation.h"
#include "container/depend.h"
#include "container/partial.h"
#include "container/restore.h"
#include "container/runs.h"
#include "container/snapshot.h"
#include "container/start.h"

enum { DEPTH_MAX = 8 }; /* of snapshots of snapshots … */

struct repair {
	repair_fn tell;
	void *context;
	struct err *e;
	unsigned done;
	int problem; /* the first one */
};

static void tell_done(struct repair *repair, const char *lxcpath, const char *name,
		      const char *what, const char *text, unsigned count)
{
	const struct repair_event event = {
		.lxcpath = lxcpath, .name = name, .what = what, .text = text, .count = count};

	repair->done += count;
	repair->tell(repair->context, &event);
}

static void tell_problem(struct repair *repair, const char *lxcpath, const char *name,
			 const struct err *why)
{
	const struct repair_event event = {.lxcpath = lxcpath, .name = name, .problem = why};

	repair->tell(repair->context, &event);
	if (!repair->problem) {
		repair->problem = why->code < 0 ? why->code : -EIO;
		if (repair->e)
			*repair->e = *why;
	}
}

static void repair_runs(struct repair *repair, const char *lxcpath, const char *name)
{
	struct err why = {};
	int r = runs_repair(lxcpath, name, &why);

	if (r < 0)
		tell_problem(repair, lxcpath, name, &why);
	else if (r > 0)
		tell_done(repair, lxcpath, name, "run", r == 1 ? "run undone" : "runs undone",
			  (unsigned)r);
}

/* True: go on with this one. */
static bool repair_unfinished(struct repair *repair, const struct container *c)
{
	static const struct {
		const char *what, *text;
	} kinds[] = {
		[CREATION_UNDONE] = {"creation", "undid an interrupted creation"},
		[CREATION_DESTROYED] = {"destruction", "finished an interrupted destruction"},
		[CREATION_RENAMED] = {"renaming", "settled an interrupted renaming"},
		[CREATION_RESTORED] = {"restoration", "settled an interrupted restoration"},
	};
	struct err why = {};
	int r = creation_clear(c, &why);

	if (r < 0 && why.id != ERR_CREATING)
		tell_problem(repair, c->lxcpath, c->name, &why);
	else if (r > 0)
		tell_done(repair, c->lxcpath, c->name, kinds[r].what, kinds[r].text, 1);
	return r >= 0;
}

static void repair_dependencies(struct repair *repair, const struct container *c)
{
	struct err why = {};
	int r = depend_clean(c, &why);

	if (r < 0)
		tell_problem(repair, c->lxcpath, c->name, &why);
	else if (r > 0)
		tell_done(repair, c->lxcpath, c->name, "dependency",
			  r == 1 ? "removed a dependency on what is gone"
				 : "removed dependencies on what is gone",
			  (unsigned)r);
}

/* ".NAME.tare-XXXXXX" of sys/file.h, and the marker's. */
static bool is_temporary(int dirfd, const char *name)
{
	static const char word[] = ".tare-";
	const char *at = name[0] == '.' ? strstr(name + 1, word) : NULL;
	struct stat status;

	return at && !strchr(at + sizeof(word) - 1, '.') &&
	       fstatat(dirfd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode) &&
	       status.st_uid == geteuid();
}

/* Whoever writes files in there has the lock or the marker. */
static void repair_files(struct repair *repair, const struct container *c)
{
	autofree char *path = container_path(c, "");
	autoclose int lock_fd = container_lock_to_read(c);
	DIR *directory = path && lock_fd >= 0 && partial_look(c, NULL) == PARTIAL_NONE
				 ? opendir(path)
				 : NULL;
	const struct dirent *entry;
	unsigned removed = 0;

	while (directory && (entry = readdir(directory)))
		if (is_temporary(dirfd(directory), entry->d_name))
			removed += unlinkat(dirfd(directory), entry->d_name, 0) == 0;
	if (directory)
		closedir(directory);
	if (removed > 0)
		tell_done(repair, c->lxcpath, c->name, "file",
			  removed == 1 ? "removed a temporary file" : "removed temporary files",
			  removed);
}

/* What a restoration could not remove, which whoever restores would begin with. */
static void repair_restored(struct repair *repair, const struct container *c)
{
	struct container *copy = NULL;
	autofree char *path = NULL;
	autoclose int address_fd = -EBADF;
	struct err why = {};
	struct stat status;
	int r = restore_open_copy(c, &copy, &why);

	if (r == 0)
		path = container_path(copy, "");
	if (path && lstat(path, &status) == 0 && address_hold(c, &address_fd, NULL) == 0) {
		r = restore_settle(c, &why);
		if (r >= 0 && lstat(path, &status) == 0)
			r = restore_destroy_copy(copy, &why);
		if (r >= 0)
			tell_done(repair, c->lxcpath, c->name, "restoration",
				  "removed what a restoration had left", 1);
	}
	container_free(copy);
	if (r < 0)
		tell_problem(repair, c->lxcpath, c->name, &why);
}

/* Only one that has run: others are to run still. */
static bool is_over(const struct container *c)
{
	autofree char *mark = container_path(c, start_mark);
	struct config config;
	bool is_ephemeral;

	if (!mark || access(mark, F_OK) < 0 || config_init(&config, NULL) < 0)
		return false;
	config.only_files = true;
	is_ephemeral = config_load(&config, c->config_file, NULL) == 0 && config.values.ephemeral;
	config_finish(&config);
	return is_ephemeral;
}

static void repair_ephemeral(struct repair *repair, struct container *c)
{
	struct err why = {};
	int r = is_over(c) ? container_destroy(c, &why) : DESTROY_RUNNING;

	/* It runs, or somebody still needs it. */
	if (r > 0)
		return;
	if (r < 0)
		tell_problem(repair, c->lxcpath, c->name, &why);
	else
		tell_done(repair, c->lxcpath, c->name, "ephemeral",
			  "destroyed the ephemeral container, which had run", 1);
}

static void repair_below(struct repair *repair, const char *lxcpath, unsigned depth);

static void repair_one(struct repair *repair, const char *lxcpath, const char *name, unsigned depth)
{
	struct container *c = NULL;
	autofree char *snapshots = NULL;
	struct err why = {};

	if (container_open_bare(name, lxcpath, &c, &why) < 0) {
		tell_problem(repair, lxcpath, name, &why);
		return;
	}
	if (repair_unfinished(repair, c) && container_is_defined(c)) {
		repair_files(repair, c);
		repair_restored(repair, c);
		repair_dependencies(repair, c);
		snapshots = snapshot_lxcpath(c);
		if (snapshots && snapshot_check_lxcpath(snapshots, &why) < 0)
			tell_problem(repair, lxcpath, name, &why);
		else if (snapshots && depth < DEPTH_MAX && access(snapshots, F_OK) == 0)
			repair_below(repair, snapshots, depth + 1);
		repair_ephemeral(repair, c);
	}
	container_free(c);
}

/* All names first: what is repaired changes the directory. */
static int list_names(const char *lxcpath, struct container_names *ret)
{
	DIR *directory = opendir(lxcpath);
	const struct dirent *entry;
	int r = directory ? 0 : -errno;

	while (directory && r == 0 && (entry = readdir(directory))) {
		char **place = entry->d_name[0] != '.' ? vec_push(ret) : NULL;

		if (place)
			*place = strdup(entry->d_name);
		if (entry->d_name[0] != '.' && (!place || !*place))
			r = -ENOMEM;
	}
	if (directory)
		closedir(directory);
	return r;
}

static void repair_below(struct repair *repair, const char *lxcpath, unsigned depth)
{
	struct container_names names = {};
	struct err why = {};
	int r;

	repair_runs(repair, lxcpath, NULL);
	r = list_names(lxcpath, &names);
	for (size_t i = 0; r == 0 && i < names.count; i++)
		repair_one(repair, lxcpath, names.items[i], depth);
	container_names_finish(&names);
	/* Without containers there is nothing to do. */
	if (r < 0 && r != -ENOENT) {
		err_set(&why, ERR_FILE_OPEN, -r, "cannot list the containers in \"%s\"", lxcpath);
		tell_problem(repair, lxcpath, NULL, &why);
	}
}

int container_repair(const char *lxcpath, const char *name, repair_fn tell, void *context,
		     struct err *e)
{
	struct repair repair = {.tell = tell, .context = context, .e = e};

	if (name) {
		repair_runs(&repair, lxcpath, name);
		repair_one(&repair, lxcpath, name, 0);
	} else {
		repair_below(&repair, lxcpath, 0);
	}
	return repair.problem ? repair.problem : (int)repair.done;
}
