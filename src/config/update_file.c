/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Configuration files as files: reading one to update its text, replacing it with the original kept
 * beside it, finding those of all containers.
 */

#include "config/update.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "config/reader.h"
#include "sys/file.h"

enum { BACKUPS_MAX = 1000 };

int config_update_file(const char *path, config_report_fn report, void *context, struct str *out,
		       struct str *differences, struct config_update *ret, struct err *e)
{
	bool is_stdin = strcmp(path, "-") == 0;
	const char *name = is_stdin ? "(standard input)" : path;
	autofree char *old = NULL;
	size_t len;
	int r;

	/* /dev/stdin would not do: a socket can't be opened, and another user's pipe may not. */
	if (is_stdin)
		r = file_read_fd(STDIN_FILENO, CONFIG_FILE_SIZE_MAX, &old, &len);
	else
		r = file_read_all(AT_FDCWD, path, CONFIG_FILE_SIZE_MAX, &old, &len);
	if (r < 0)
		return err_set(e, ERR_FILE_READ, -r, "Failed to read config file \"%s\"", name);
	if (strlen(old) == len)
		return config_update_text(name, old, len, report, context, out, differences, ret,
					  e);
	r = err_set(e, ERR_CONFIG_SYNTAX, 0,
		    "Config file \"%s\" has a NUL byte at offset %zu: what follows would be lost",
		    name, strlen(old));
	err_hint(e, "LXC reads a configuration up to its first NUL byte");
	return r;
}

/* Bytes, owner and mode, as far as the file system has them; until all is set only we may read it.
 */
static int fill_copy(int fd, const struct stat *original, const char *bytes, size_t len)
{
	int r = file_write_fd(fd, bytes, len);

	if (r == 0 && fchown(fd, original->st_uid, original->st_gid) == 0)
		(void)fchmod(fd, original->st_mode & 0777);
	return r == 0 && fsync(fd) < 0 ? -errno : r;
}

static int copy_as(const char *path, const struct stat *original, const char *backup)
{
	autofree char *bytes = NULL;
	autoclose int fd = -EBADF;
	size_t len;
	int r = file_read_all(AT_FDCWD, path, CONFIG_FILE_SIZE_MAX, &bytes, &len);

	if (r < 0)
		return r;
	fd = open(backup, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = fill_copy(fd, original, bytes, len);
	if (r < 0)
		unlink(backup);
	return r;
}

/*
 * Keep the file under another name. A copy where the file system has no links, and when there is a
 * third name already: who goes on writing to that one must not write to the backup.
 */
static int keep_as(const char *path, const struct stat *original, const char *backup)
{
	if (original->st_nlink == 1) {
		if (linkat(AT_FDCWD, path, AT_FDCWD, backup, AT_SYMLINK_FOLLOW) == 0)
			return 0;
		if (errno == EEXIST)
			return -EEXIST;
	}
	return copy_as(path, original, backup);
}

static int make_backup(const char *path, const struct stat *original, char **ret, struct err *e)
{
	int r = -EEXIST;

	for (unsigned i = 0; r == -EEXIST && i < BACKUPS_MAX; i++) {
		autostr name = {};

		str_addf(&name, "%s.backup", path);
		if (i > 0)
			str_addf(&name, ".%u", i);
		if (str_failed(&name))
			return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
		r = keep_as(path, original, str_text(&name));
		if (r == 0)
			*ret = str_take(&name);
	}
	if (r < 0)
		return err_set(e, ERR_FILE_WRITE, -r, "Failed to keep \"%s\" as \"%s.backup\"",
			       path, path);
	return 0;
}

/* Whether a path still leads to the file that it led to. */
static bool is_same_file(const char *path, const struct stat *before)
{
	struct stat now;

	return stat(path, &now) == 0 && now.st_dev == before->st_dev &&
	       now.st_ino == before->st_ino;
}

int config_replace_file(const char *path, const struct str *text, char **ret_backup, struct err *e)
{
	autofree char *backup = NULL;
	struct stat before;
	int r;

	if (access(path, W_OK) < 0 || stat(path, &before) < 0)
		return err_set(e, ERR_FILE_WRITE, errno, "Failed to update config file \"%s\"",
			       path);
	r = make_backup(path, &before, &backup, e);
	if (r < 0)
		return r;
	assert(backup);
	r = file_replace(AT_FDCWD, path, str_text(text), text->len, 0660);
	if (r < 0) {
		/* When only flushing the directory failed, the backup is all that is left of it. */
		if (is_same_file(path, &before))
			unlink(backup);
		return err_set(e, ERR_FILE_WRITE, -r, "Failed to update config file \"%s\"", path);
	}
	*ret_backup = take_ptr(backup);
	return 0;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* One that is there but can't be looked at is not passed over: reading it will tell why. */
static bool has_config(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno != ENOENT && errno != ENOTDIR;
	return S_ISREG(st.st_mode);
}

int config_each_file(const char *lxcpath, int (*take)(void *context, const char *path),
		     void *context, struct err *e)
{
	struct dirent **names;
	int count = scandir(lxcpath, &names, is_visible, by_name);
	int result = 0;

	if (count < 0)
		return err_set(e, ERR_FILE_OPEN, errno, "Failed to read \"%s\"", lxcpath);
	for (int i = 0; i < count; i++) {
		autostr path = {};

		str_addf(&path, "%s/%s/config", lxcpath, names[i]->d_name);
		if (result == 0 && str_failed(&path))
			result = err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
		else if (result == 0 && has_config(str_text(&path)))
			result = take(context, str_text(&path));
		free(names[i]);
	}
	free(names);
	return result;
}
