/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Data sets of ZFS, by the program zfs(8). What is made bears the user property tare:mark until it
 * is complete; a snapshot that exists for a clone bears tare:clone, and goes with it.
 */

#include "storage/driver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "child/command.h"
#include "storage/filesystem.h"
#include "storage/place.h"

static const char package[] = "zfsutils-linux";

enum { NAME_MAX_BYTES = 255, MARK_SIZE = 64 };

static int run(const char *const *argv, const struct storage_wish *wish,
	       struct command_words *words, struct err *e)
{
	const struct command command = {
		.argv = argv,
		.package = package,
		.lock_fd = wish ? wish->lock_fd : 0,
		.finishes = true,
	};

	return command_run(&command, words, e);
}

/* zfs(8) allows these, and blanks, which nobody wants. */
static int check_name(const char *name, struct err *e)
{
	const char *why = NULL;
	int r;

	if (!name[0] || name[0] == '/' || name[0] == '-' || text_ends(name, "/") ||
	    strstr(name, "//"))
		why = "it begins with / or -, or has an empty part";
	else if (name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789_.:-/")])
		why = "only letters, digits and _ . : - are allowed";
	else if (strlen(name) > NAME_MAX_BYTES)
		why = "it is too long";
	if (!why)
		return 0;
	r = err_set(e, ERR_USAGE, EINVAL, "\"%s\" can't be the name of a data set: %s", name, why);
	err_hint(e, "choose another name for the container, or another parent with --zfsroot");
	return r;
}

static int name(const struct storage_wish *wish, const struct storage_volume *source, bool snapshot,
		struct str *ret, struct err *e)
{
	const char *slash = source ? strrchr(source->path, '/') : NULL;

	if (snapshot && source->type != ROOTFS_ZFS)
		return place_refuse_snapshot(
			source->type, "zfs snapshot from @ backing store is not supported", e);
	if (slash) {
		str_add_bytes(ret, source->path, (size_t)(slash - source->path));
		str_add_char(ret, '/');
	} else if (wish->zfs_root) {
		str_addf(ret, "%s/", wish->zfs_root);
	}
	place_volume_name(wish, ret);
	return check_name(str_text(ret), e);
}

static bool works(const struct storage_wish *wish)
{
	const char *const argv[] = {"zfs", "list", "-H", "-o", "name", wish->zfs_root, NULL};

	return wish->zfs_root && check_name(wish->zfs_root, NULL) == 0 && command_is_there("zfs") &&
	       run(argv, NULL, NULL, NULL) == 0;
}

/* A property of a data set or snapshot. 1 = it is added to `ret`, 0 = there is no such data set, or
 * negative with e. */
static int ask(const char *path, const char *property, struct str *ret, struct err *e)
{
	const char *const argv[] = {"zfs", "get", "-H", "-o", "value", property, path, NULL};
	struct command_words words = {};
	int r = run(argv, NULL, &words, e);

	if (r > 0 && (strstr(str_text(&words.said), "does not exist") ||
		      strstr(str_text(&words.said), "no such pool"))) {
		if (e)
			err_clear(e);
		r = 0;
	} else if (r == 0) {
		const char *text = str_text(&words.output);

		str_add_bytes(ret, text, strcspn(text, "\n"));
		r = 1;
	} else if (r > 0) {
		r = err_wrap(e, -EIO, "cannot look at the data set \"%s\"", path);
	}
	command_words_finish(&words);
	return r;
}

static int exists(const struct storage_volume *volume, struct err *e)
{
	autostr type = {};

	return ask(volume->path, "type", &type, e);
}

static void print_mark(const char *mark, char ret[MARK_SIZE])
{
	snprintf(ret, MARK_SIZE, "tare:mark=%s", mark ? mark : "none");
}

static void print_mountpoint(const struct storage_wish *wish, struct str *ret)
{
	str_addf(ret, "mountpoint=%s/rootfs", wish->directory);
}

/* With -p the program is content with a data set that somebody else made meanwhile. */
static int check_own(const struct storage_volume *volume, const char *mark, struct err *e)
{
	autostr value = {};
	int r = mark ? ask(volume->path, "tare:mark", &value, e) : 1;

	if (r < 0 || !mark || strcmp(str_text(&value), mark) == 0)
		return r < 0 ? r : 0;
	return err_set(e, ERR_STORAGE, EEXIST, "the data set \"%s\" was made by somebody else",
		       volume->path);
}

static int create(const struct storage_volume *volume, const struct storage_wish *wish,
		  uint64_t size, const char *fstype, struct err *e)
{
	autostr mountpoint = {};
	char mark[MARK_SIZE];
	const char *argv[] = {"zfs", "create", "-o", NULL, "-o", "canmount=noauto",
			      "-p",  NULL,     NULL, NULL, NULL};
	size_t count = 7;
	int r;

	print_mountpoint(wish, &mountpoint);
	if (str_failed(&mountpoint))
		return place_no_memory(e);
	argv[3] = str_text(&mountpoint);
	if (wish->mark) {
		print_mark(wish->mark, mark);
		argv[count++] = "-o";
		argv[count++] = mark;
	}
	argv[count] = volume->path;
	r = run(argv, wish, NULL, e);
	if (r != 0) {
		r = err_wrap(e, r < 0 ? r : -EIO, "cannot create the data set \"%s\"",
			     volume->path);
		err_hint(e, "zfs list shows what is there; the parent is chosen with --zfsroot, or "
			    "by lxc.bdev.zfs.root in lxc.conf");
		return r;
	}
	r = check_own(volume, wish->mark, e);
	return r == 0 ? filesystem_give_root(volume, wish, e) : r;
}

/* "SOURCE@NEW", where NEW is the last part of the volume's name. */
static void print_origin(const struct storage_volume *source, const struct storage_volume *volume,
			 struct str *ret)
{
	const char *slash = strrchr(volume->path, '/');

	str_addf(ret, "%s@%s", source->path, slash ? slash + 1 : volume->path);
}

static int make_origin(const char *origin, const char *mark, const struct storage_wish *wish,
		       struct err *e)
{
	const char *argv[] = {"zfs", "snapshot", "-o", "tare:clone=yes", "-r", NULL,
			      NULL,  NULL,       NULL};
	size_t count = 5;
	int r;

	if (wish->mark) {
		argv[count++] = "-o";
		argv[count++] = mark;
	}
	argv[count] = origin;
	r = run(argv, wish, NULL, e);
	return r == 0 ? 0
		      : err_wrap(e, r < 0 ? r : -EIO, "cannot make the snapshot \"%s\"", origin);
}

static int snapshot(const struct storage_volume *source, const struct storage_volume *volume,
		    const struct storage_wish *wish, struct err *e)
{
	autostr mountpoint = {};
	autostr origin = {};
	char mark[MARK_SIZE];
	const char *argv[] = {"zfs", "clone", "-p", "-o", "canmount=noauto", "-o", NULL, NULL,
			      NULL,  NULL,    NULL, NULL};
	size_t count = 7;
	int r;

	print_mountpoint(wish, &mountpoint);
	print_origin(source, volume, &origin);
	print_mark(wish->mark, mark);
	if (str_failed(&mountpoint) || str_failed(&origin))
		return place_no_memory(e);
	r = make_origin(str_text(&origin), mark, wish, e);
	if (r < 0)
		return r;
	argv[6] = str_text(&mountpoint);
	if (wish->mark) {
		argv[count++] = "-o";
		argv[count++] = mark;
	}
	argv[count++] = str_text(&origin);
	argv[count] = volume->path;
	r = run(argv, wish, NULL, e);
	if (r != 0)
		return err_wrap(e, r < 0 ? r : -EIO, "cannot clone \"%s\" as \"%s\"",
				str_text(&origin), volume->path);
	return check_own(volume, wish->mark, e);
}

static int commit(const struct storage_volume *volume, const char *mark, struct err *e)
{
	const char *const argv[] = {"zfs", "inherit", "tare:mark", volume->path, NULL};
	int r = run(argv, NULL, NULL, e);

	return r == 0 ? 0
		      : err_wrap(e, r < 0 ? r : -EIO, "cannot take the mark from \"%s\"",
				 volume->path);
}

static int refuse_whole(const char *path, const char *child, size_t len, struct err *e)
{
	int r;

	if (child)
		r = err_set(e, ERR_STORAGE, EBUSY, "the data set \"%s\" has others below: %.*s",
			    path, (int)len, child);
	else
		r = err_set(e, ERR_STORAGE, EBUSY, "the data set \"%s\" is a whole pool", path);
	err_hint(e, "it stays as it is: zfs list -r %s shows what is in it", path);
	return r;
}

/* Only what holds nothing but its own snapshots is a container's: 1 = it has some, 0, or negative
 * with e. */
static int check_alone(const char *path, struct err *e)
{
	const char *const argv[] = {"zfs",  "list", "-H",  "-r", "-o",
				    "name", "-t",   "all", path, NULL};
	struct command_words words = {};
	size_t own = strlen(path);
	bool has_snapshots = false;
	int r;

	if (!strchr(path, '/'))
		return refuse_whole(path, NULL, 0, e);
	r = run(argv, NULL, &words, e);
	if (r != 0)
		r = err_wrap(e, r < 0 ? r : -EIO, "cannot look for what is in the data set \"%s\"",
			     path);
	for (const char *line = words.output.data; r == 0 && line && *line;) {
		size_t len = strcspn(line, "\n");

		if (len > own && strncmp(line, path, own) == 0 && line[own] == '/')
			r = refuse_whole(path, line, len, e);
		has_snapshots = has_snapshots || memchr(line, '@', len);
		line += len + (line[len] == '\n');
	}
	command_words_finish(&words);
	return r < 0 ? r : has_snapshots;
}

/* A snapshot is recursive when its data set was (zfs snapshot -r). */
static int destroy_set(const char *path, bool recursive, struct err *e)
{
	const char *const plain[] = {"zfs", "destroy", path, NULL};
	const char *const all[] = {"zfs", "destroy", "-r", path, NULL};
	const char *const *argv = recursive ? all : plain;
	int r = run(argv, NULL, NULL, e);

	return r == 0 ? 0
		      : err_wrap(e, r < 0 ? r : -EIO, "cannot destroy the data set \"%s\"", path);
}

/* The snapshot that a clone was made of: ours by its property, or by the name that LXC gives it.
 * One that somebody else's clones need, too, stays. */
static int destroy_origin(const struct storage_volume *volume, const char *origin, struct err *e)
{
	const char *slash = strrchr(volume->path, '/');
	const char *at = strchr(origin, '@');
	autostr ours = {};
	autostr clones = {};
	int r;

	if (!at)
		return 0;
	r = ask(origin, "tare:clone", &ours, e);
	if (r > 0 && strcmp(str_text(&ours), "yes") != 0 &&
	    strcmp(at + 1, slash ? slash + 1 : volume->path) != 0)
		r = 0;
	if (r > 0)
		r = ask(origin, "clones", &clones, e);
	if (r <= 0)
		return r;
	if (clones.len > 0 && strcmp(str_text(&clones), "-") != 0)
		return 0;
	return destroy_set(origin, true, e);
}

/* Snapshots beside a clone that was not made any more: those that bear the mark, below the data set
 * in which the clone was to lie. */
static int destroy_marked(const struct storage_volume *volume, const char *mark, struct err *e)
{
	const char *slash = strrchr(volume->path, '/');
	autofree char *parent = slash ? strndup(volume->path, (size_t)(slash - volume->path))
				      : NULL;
	const char *const argv[] = {"zfs",       "get",  "-H",    "-r", "-t",
				    "snapshot",  "-s",   "local", "-o", "name,value",
				    "tare:mark", parent, NULL};
	struct command_words words = {};
	int r = 0;

	if (!parent)
		return 0;
	if (run(argv, NULL, &words, NULL) == 0)
		for (char *line = words.output.data; r == 0 && line && *line;) {
			char *end = line + strcspn(line, "\n");
			char *tab = line + strcspn(line, "\t\n");
			bool more = *end != '\0';

			*end = '\0';
			if (tab < end && strcmp(tab + 1, mark) == 0) {
				*tab = '\0';
				r = destroy_set(line, true, e);
			}
			line = end + more;
		}
	command_words_finish(&words);
	return r;
}

static int destroy(const struct storage_volume *volume, const struct config_idmaps *maps,
		   const char *mark, struct err *e)
{
	autostr origin = {};
	autostr value = {};
	int r;

	/* What was never installed has made nothing. */
	if (mark && !command_is_there("zfs"))
		return 0;
	r = ask(volume->path, "origin", &origin, e);
	if (r > 0 && mark) {
		r = ask(volume->path, "tare:mark", &value, e);
		if (r > 0 && strcmp(str_text(&value), mark) != 0)
			r = 0;
	}
	if (r > 0) {
		r = check_alone(volume->path, e);
		if (r >= 0)
			r = destroy_set(volume->path, r > 0, e);
		if (r == 0)
			r = destroy_origin(volume, str_text(&origin), e);
	}
	return r == 0 && mark ? destroy_marked(volume, mark, e) : r;
}

static int rename_set(const struct storage_volume *volume, const struct storage_wish *wish,
		      bool really, struct str *ret, struct err *e)
{
	struct storage_volume renamed = {.type = ROOTFS_ZFS};
	autostr mountpoint = {};
	const char *rename_argv[] = {"zfs", "rename", volume->path, NULL, NULL};
	const char *set_argv[] = {"zfs", "set", NULL, NULL, NULL};
	int r = name(wish, volume, false, ret, e);

	if (r < 0)
		return r;
	renamed.path = (char *)str_text(ret);
	if (!really)
		return 0;
	rename_argv[3] = renamed.path;
	r = strcmp(renamed.path, volume->path) == 0 ? 0 : exists(volume, e);
	if (r > 0) {
		r = check_alone(volume->path, e);
		if (r < 0)
			return r;
		r = run(rename_argv, NULL, NULL, e);
	}
	print_mountpoint(wish, &mountpoint);
	set_argv[2] = str_text(&mountpoint);
	set_argv[3] = renamed.path;
	if (r == 0)
		r = run(set_argv, NULL, NULL, e);
	return r == 0 ? 0
		      : err_wrap(e, r < 0 ? r : -EIO, "cannot rename the data set \"%s\" to \"%s\"",
				 volume->path, renamed.path);
}

/* One of the clones of the data set's snapshots: 1 = it is added to `ret`, 0 = there are none. */
static int find_clone(const struct storage_volume *volume, struct str *ret, struct err *e)
{
	const char *const argv[] = {"zfs",      "get", "-H",    "-d",     "1",          "-t",
				    "snapshot", "-o",  "value", "clones", volume->path, NULL};
	struct command_words words = {};
	int r = run(argv, NULL, &words, e);

	if (r != 0)
		r = err_wrap(e, r < 0 ? r : -EIO, "cannot look for clones of the data set \"%s\"",
			     volume->path);
	for (const char *line = words.output.data; r == 0 && line && *line;) {
		size_t length = strcspn(line, "\n");
		size_t first = strcspn(line, ",\n");

		if (first > 0 && !(first == 1 && line[0] == '-')) {
			str_add_bytes(ret, line, first);
			r = 1;
		}
		line += length + (line[length] == '\n');
	}
	command_words_finish(&words);
	return r;
}

/* A promoted clone takes its origin's snapshots over, up to the one that it was made of, and with
 * them other clones: each turn lessens their number. */
static int release(const struct storage_volume *volume, struct err *e)
{
	autostr type = {};
	int r = ask(volume->path, "type", &type, e);

	while (r > 0) {
		autostr clone = {};

		r = find_clone(volume, &clone, e);
		if (r > 0) {
			const char *const argv[] = {"zfs", "promote", str_text(&clone), NULL};

			r = run(argv, NULL, NULL, e);
			if (r != 0)
				return err_wrap(e, r < 0 ? r : -EIO,
						"cannot make \"%s\" independent of \"%s\"",
						str_text(&clone), volume->path);
			r = 1;
		}
	}
	return r;
}

const struct storage_driver storage_zfs = {
	.name = name,
	.works = works,
	.exists = exists,
	.create = create,
	.snapshot = snapshot,
	.commit = commit,
	.destroy = destroy,
	.rename = rename_set,
	.release = release,
};
