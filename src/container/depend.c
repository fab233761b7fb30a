/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The dependency files. Each is changed under the disk lock of the container that it belongs to, as
 * LXC does it; a list that becomes empty is removed.
 */

#include "container/depend.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/macros.h"
#include "base/num.h"
#include "container/directory.h"
#include "container/paths.h"
#include "sys/file.h"

enum { DEPEND_SIZE_MAX = 64 << 20 };

/* The next line, without its end; NULL at the end of the text. */
static char *next_line(char **at)
{
	char *line = *at;
	char *newline;

	if (*line == '\0')
		return NULL;
	newline = strchr(line, '\n');
	*at = newline ? newline + 1 : line + strlen(line);
	if (newline)
		*newline = '\0';
	return line;
}

static bool is_count(const char *text, uint64_t *ret)
{
	const char *at = text;

	return num_take_u64(&at, ret) == 0 && strspn(at, " \t\n") == strlen(at);
}

/* 0 with the text (heap), 1 = there is no such file, or negative. */
static int read_list(const char *path, char **ret, struct err *e)
{
	autoclose int fd = -EBADF;
	struct stat status;
	int r;

	if (!path)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	/* The directory may belong to container root, who could make us wait for a pipe. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return 1;
	if (fd < 0 || fstat(fd, &status) < 0)
		return err_set(e, ERR_FILE_READ, errno, "cannot read \"%s\"", path);
	if (!S_ISREG(status.st_mode)) {
		r = err_set(e, ERR_FILE_READ, 0, "cannot read \"%s\": it is no regular file", path);
		err_hint(e, "look who has put it there, and remove it");
		return r;
	}
	r = file_read_fd(fd, DEPEND_SIZE_MAX, ret, NULL);
	if (r < 0)
		err_set(e, ERR_FILE_READ, -r, "cannot read \"%s\"", path);
	return r;
}

static bool is_missing(const struct container *c, const char *suffix)
{
	autofree char *path = container_path(c, suffix);
	struct stat status;

	return path && lstat(path, &status) < 0 && (errno == ENOENT || errno == ENOTDIR);
}

/* An entry whose container is gone (a crash, an older LXC) must not stand in the way for ever. One
 * that is being made has a marker, and no configuration yet. */
static bool is_gone(const char *lxcpath, const char *name)
{
	struct container *dependent = NULL;
	bool gone;

	if (lxcpath[0] != '/' || !name[0])
		return true;
	if (container_open_bare(name, lxcpath, &dependent, NULL) < 0)
		return false;
	gone = is_missing(dependent, "/config") && is_missing(dependent, "/partial");
	container_free(dependent);
	return gone;
}

void depend_pairs_finish(struct depend_pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		free(pairs->items[i].lxcpath);
		free(pairs->items[i].name);
	}
	vec_finish(pairs);
}

static int add_pair(struct depend_pairs *pairs, const char *lxcpath, const char *name)
{
	struct depend_pair *pair = vec_push(pairs);

	if (!pair)
		return -ENOMEM;
	pair->lxcpath = strdup(lxcpath);
	pair->name = strdup(name);
	return pair->lxcpath && pair->name ? 0 : -ENOMEM;
}

static bool is_same_container(const struct container *c, const char *lxcpath, const char *name)
{
	autofree char *own = container_path(c, "");
	autostr other = {};
	struct stat a, b;

	if (strcmp(name, c->name) != 0)
		return false;
	if (strcmp(lxcpath, c->lxcpath) == 0)
		return true;
	str_addf(&other, "%s/%s", lxcpath, name);
	return own && !str_failed(&other) && stat(own, &a) == 0 &&
	       stat(str_text(&other), &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Whether the dependent's own list names the container: 1, 0, or negative. */
static int names_it(const struct container *dependent, const struct container *c, struct err *e)
{
	autofree char *path = container_path(dependent, "/lxc_rdepends");
	autofree char *text = NULL;
	char *at, *lxcpath;
	int r = read_list(path, &text, e);

	if (r != 0)
		return r < 0 ? r : 0;
	for (at = text; (lxcpath = next_line(&at));) {
		const char *name = next_line(&at);

		if (name && is_same_container(c, lxcpath, name))
			return 1;
	}
	return 0;
}

/* Whether one of the paths, between colons for an overlay, is in the directory, however either is
 * called. */
static bool leads_below(const char *paths, const char *directory)
{
	autofree char *real_directory = realpath(directory, NULL);
	autofree char *copy = strdup(paths);
	char *at = copy;
	char *part;

	while ((part = strsep(&at, ":"))) {
		autofree char *real = part[0] == '/' ? realpath(part, NULL) : NULL;

		if (path_is_below(part, directory) ||
		    (real && real_directory && path_is_below(real, real_directory)))
			return true;
	}
	return false;
}

int depend_uses_directory(const struct container *c, const char *directory, struct err *e)
{
	struct config config;
	int r = config_init(&config, NULL);

	config.only_files = true;
	if (r == 0)
		r = config_load(&config, c->config_file, e);
	if (r >= 0)
		r = config.values.rootfs.path && leads_below(config.values.rootfs.path, directory);
	config_finish(&config);
	return r;
}

/* Anybody who may write to the list could name any container: what it needs, it says itself. 1, 0,
 * or negative: what can't be read is not nothing. */
static int really_depends(const struct container *c, const char *lxcpath, const char *name,
			  struct err *e)
{
	autofree char *own = container_path(c, "");
	struct container *dependent = NULL;
	int r = container_open_bare(name, lxcpath, &dependent, e);

	if (r < 0)
		return r;
	r = own ? names_it(dependent, c, e) : -ENOMEM;
	if (r == 0 && container_is_defined(dependent)) {
		r = depend_uses_directory(dependent, own, e);
		if (r < 0)
			err_wrap(e, r, "it is not known whether container %s needs %s", name,
				 c->name);
	}
	container_free(dependent);
	return r;
}

int depend_list(const struct container *c, struct depend_pairs *ret, struct err *e)
{
	autofree char *path = container_path(c, "/lxc_snapshots");
	struct depend_pairs pairs = {};
	autofree char *text = NULL;
	char *at, *lxcpath;
	int r = read_list(path, &text, e);

	if (r < 0)
		return r;
	at = text && !is_count(text, &pairs.nameless) ? text : NULL;
	for (r = 0; r == 0 && at && (lxcpath = next_line(&at));) {
		const char *name = next_line(&at);

		r = name && !is_gone(lxcpath, name) ? really_depends(c, lxcpath, name, e) : 0;
		if (r > 0)
			r = add_pair(&pairs, lxcpath, name);
		if (r == -ENOMEM)
			err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	}
	if (r < 0) {
		depend_pairs_finish(&pairs);
		return r;
	}
	*ret = pairs;
	return 0;
}

int depend_is_needed(const struct container *c, struct str *names, struct err *e)
{
	struct depend_pairs pairs = {};
	int r = depend_list(c, &pairs, e);

	if (r < 0)
		return r;
	r = pairs.count > 0 || pairs.nameless > 0;
	if (pairs.nameless > 0)
		str_addf(names, "%llu clones", (unsigned long long)pairs.nameless);
	for (size_t i = 0; i < pairs.count; i++)
		str_addf(names, "%s%s", i ? " " : "", pairs.items[i].name);
	depend_pairs_finish(&pairs);
	return r;
}

/* The list without the pair, or one less. */
static void leave_out(char *text, const struct container *c, struct str *ret)
{
	uint64_t count;
	char *lxcpath;

	if (is_count(text, &count)) {
		if (count > 1)
			str_addf(ret, "%llu", (unsigned long long)count - 1);
		return;
	}
	while ((lxcpath = next_line(&text))) {
		const char *name = next_line(&text);

		if (name && (strcmp(lxcpath, c->lxcpath) != 0 || strcmp(name, c->name) != 0))
			str_addf(ret, "%s\n%s\n", lxcpath, name);
	}
}

/* A list's new text is appended to `ret`. `text`: the old one, which is taken apart. */
typedef void (*edit_fn)(char *text, const struct container *c, const void *context,
			struct str *ret);

static int write_list(const char *path, const struct str *text, struct err *e)
{
	int r;

	if (str_failed(text))
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	if (text->len == 0)
		r = unlink(path) < 0 && errno != ENOENT ? -errno : 0;
	else
		r = file_replace(AT_FDCWD, path, str_text(text), text->len, 0644);
	return r < 0 ? err_set(e, ERR_FILE_WRITE, -r, "cannot update \"%s\"", path) : 0;
}

static int refuse_gone(const struct container *source, struct err *e)
{
	return err_set(e, ERR_NOT_DEFINED, ENOENT,
		       "container %s, whose storage is needed, is gone from \"%s\"", source->name,
		       source->lxcpath);
}

/* Change the list of who needs `name`, under its lock. `must_exist`: it is to be a container. */
static int edit_one(const struct container *c, const char *lxcpath, const char *name, edit_fn edit,
		    const void *context, bool must_exist, struct err *e)
{
	struct container *source = NULL;
	autofree char *directory = NULL;
	autofree char *path = NULL;
	autofree char *text = NULL;
	autoclose int lock_fd = -EBADF;
	autostr list = {};
	bool is_there;
	int r = container_open_bare(name, lxcpath, &source, e);

	if (r < 0)
		return r;
	directory = container_path(source, "");
	path = container_path(source, "/lxc_snapshots");
	lock_fd = container_lock_disk(source, e);
	if (lock_fd >= 0 && directory)
		directory_remove_unfinished(directory, "lxc_snapshots");
	is_there = container_is_defined(source);
	if (lock_fd >= 0 && !is_there && must_exist)
		r = refuse_gone(source, e);
	container_free(source);
	if (lock_fd < 0 || r < 0)
		return lock_fd < 0 ? lock_fd : r;
	r = read_list(path, &text, e);
	if (r < 0 || (r > 0 && !must_exist))
		return r < 0 ? r : 0;
	edit(text, c, context, &list);
	return write_list(path, &list, e);
}

static void leave_list(char *text, const struct container *c, const void *context, struct str *ret)
{
	if (text)
		leave_out(text, c, ret);
}

/* Change the lists of all whom the container needs. */
static int edit_all(const struct container *c, edit_fn edit, const void *context, struct err *e)
{
	autofree char *path = container_path(c, "/lxc_rdepends");
	autofree char *text = NULL;
	char *at, *lxcpath;
	int r = read_list(path, &text, e);

	if (r != 0 || !text)
		return r < 0 ? r : 0;
	at = text;
	while (r == 0 && (lxcpath = next_line(&at))) {
		const char *name = next_line(&at);

		if (name && name[0] && lxcpath[0] == '/')
			r = edit_one(c, lxcpath, name, edit, context, false, e);
	}
	return r;
}

int depend_leave(const struct container *c, struct err *e)
{
	return edit_all(c, leave_list, NULL, e);
}

/* Old lists only count. */
static void join_list(char *text, const struct container *c, const void *context, struct str *ret)
{
	uint64_t count;
	char *lxcpath;

	if (text && is_count(text, &count)) {
		str_addf(ret, "%llu", (unsigned long long)count + 1);
		return;
	}
	while (text && (lxcpath = next_line(&text))) {
		const char *name = next_line(&text);

		if (name && !is_gone(lxcpath, name) &&
		    (strcmp(lxcpath, c->lxcpath) != 0 || strcmp(name, c->name) != 0))
			str_addf(ret, "%s\n%s\n", lxcpath, name);
	}
	str_addf(ret, "%s\n%s\n", c->lxcpath, c->name);
}

static bool has_pair(const char *text, const char *lxcpath, const char *name)
{
	autofree char *copy = text ? strdup(text) : NULL;
	char *at = copy;
	char *line;
	bool found = false;

	while (at && !found && (line = next_line(&at))) {
		const char *other = next_line(&at);

		found = other && strcmp(line, lxcpath) == 0 && strcmp(other, name) == 0;
	}
	return found;
}

/* One pair more in LXCPATH/NAME/lxc_rdepends. 1 = it was there. */
static int note_need(const struct container *c, const char *lxcpath, const char *name,
		     struct err *e)
{
	autofree char *path = container_path(c, "/lxc_rdepends");
	autofree char *text = NULL;
	autostr list = {};
	int r = read_list(path, &text, e);

	if (r < 0)
		return r;
	if (has_pair(text, lxcpath, name))
		return 1;
	str_addf(&list, "%s%s%s\n%s\n", text ? text : "",
		 text && text[0] && !text_ends(text, "\n") ? "\n" : "", lxcpath, name);
	return write_list(path, &list, e);
}

int depend_add(const struct container *c, const char *lxcpath, const char *name, struct err *e)
{
	int r = note_need(c, lxcpath, name, e);

	return r == 0 ? edit_one(c, lxcpath, name, join_list, NULL, true, e) : r < 0 ? r : 0;
}

int depend_inherit(const struct container *c, const struct container *source, struct err *e)
{
	autofree char *path = container_path(source, "/lxc_rdepends");
	autofree char *text = NULL;
	char *at, *lxcpath;
	int r = read_list(path, &text, e);

	if (r != 0 || !text)
		return r < 0 ? r : 0;
	at = text;
	while (r == 0 && (lxcpath = next_line(&at))) {
		const char *name = next_line(&at);

		/* One that is gone can't be needed any more, whatever became of its storage. */
		if (name && !is_gone(lxcpath, name))
			r = depend_add(c, lxcpath, name, e);
	}
	return r;
}

/* Whether anything is in a directory: what is mounted there may just not be. */
static bool is_in_use(const char *path, size_t len)
{
	autofree char *directory_path = strndup(path, len);
	DIR *directory = directory_path ? opendir(directory_path) : NULL;
	const struct dirent *entry;
	bool found = false;

	while (directory && !found && (entry = readdir(directory)))
		found = entry->d_name[0] != '.';
	if (directory)
		closedir(directory);
	return found;
}

/* Gone for good, and not with a file system that isn't mounted now. */
static bool is_gone_for_good(const char *lxcpath, const char *name)
{
	size_t len = strlen(lxcpath);

	if (!is_gone(lxcpath, name))
		return false;
	/* Snapshots go with their container. */
	if (text_ends(lxcpath, "/snaps"))
		for (int i = 0; i < 2; i++)
			while (len > 0 && lxcpath[--len] != '/')
				;
	return is_in_use(lxcpath, len > 0 ? len : 1);
}

static size_t leave_out_gone(char *text, struct str *ret)
{
	size_t left_out = 0;
	char *lxcpath;

	while ((lxcpath = next_line(&text))) {
		const char *name = next_line(&text);

		if (!name || is_gone_for_good(lxcpath, name))
			left_out++;
		else
			str_addf(ret, "%s\n%s\n", lxcpath, name);
	}
	return left_out;
}

static int clean_one(const struct container *c, const char *suffix, struct err *e)
{
	autofree char *path = container_path(c, suffix);
	autofree char *text = NULL;
	autostr rest = {};
	uint64_t count;
	size_t left_out;
	int r = read_list(path, &text, e);

	if (r != 0 || !text || is_count(text, &count))
		return r < 0 ? r : 0;
	left_out = leave_out_gone(text, &rest);
	r = left_out > 0 ? write_list(path, &rest, e) : 0;
	return r < 0 ? r : (int)left_out;
}

int depend_clean(const struct container *c, struct err *e)
{
	autoclose int lock_fd = container_lock_disk(c, e);
	int needed_by = lock_fd < 0 ? lock_fd : clean_one(c, "/lxc_snapshots", e);
	int needs = needed_by < 0 ? needed_by : clean_one(c, "/lxc_rdepends", e);

	return needs < 0 ? needs : needed_by + needs;
}

/* `context`: who it was. */
static void rename_in_list(char *text, const struct container *c, const void *context,
			   struct str *ret)
{
	const struct container *former = context;
	uint64_t count;
	char *lxcpath;

	if (!text)
		return;
	if (is_count(text, &count)) {
		str_add(ret, text);
		return;
	}
	while ((lxcpath = next_line(&text))) {
		const char *name = next_line(&text);
		bool is_it = name && strcmp(lxcpath, former->lxcpath) == 0 &&
			     strcmp(name, former->name) == 0;

		if (name)
			str_addf(ret, "%s\n%s\n", is_it ? c->lxcpath : lxcpath,
				 is_it ? c->name : name);
	}
}

int depend_rename(const struct container *c, const struct container *former, struct err *e)
{
	return edit_all(c, rename_in_list, former, e);
}

/* 1, 0 also when there is no such directory, or negative. */
static int has_directories(const char *path, struct err *e)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	int found = 0;

	if (!directory && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	errno = directory ? 0 : errno;
	while (directory && !found && (entry = readdir(directory)))
		found = entry->d_name[0] != '.';
	if (!found && errno)
		found = err_set(e, ERR_FILE_READ, errno, "cannot look for snapshots in \"%s\"",
				path);
	if (directory)
		closedir(directory);
	return found;
}

int depend_has_snapshots(const struct container *c, struct err *e)
{
	autofree char *path = container_path(c, "/snaps");
	autostr old = {};
	int r;

	str_addf(&old, "%ssnaps/%s", c->lxcpath, c->name);
	if (!path || str_failed(&old))
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	r = has_directories(path, e);
	return r == 0 ? has_directories(str_text(&old), e) : r;
}
