/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The configuration of a copy: the source's text with its comments, in memory as somebody may have
 * changed it, for another name and place (config/rewrite.h); and the files in the source's
 * directory that it names. What is written lies in the copy's own directory, over no link.
 */

#include "container/clone.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lxc/lxccontainer.h>

#include "base/macros.h"
#include "sys/file.h"
#include "sys/resolve.h"

#define LOG_CATEGORY "clone"
#include "base/log.h"

enum { FILE_SIZE_MAX = 64 << 20 };

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
}

/* Without effects: a copy opens no log, and what is to be warned of was said about the source. */
static int load_text(struct container *target, const struct container *source, struct err *e)
{
	struct config *config = malloc(sizeof(*config));
	autostr text = {};

	if (!config)
		return no_memory(e);
	if (config_init(config, NULL) < 0) {
		config_finish(config);
		free(config);
		return no_memory(e);
	}
	container_clear_config(target);
	target->config = config;
	config->only_files = true;
	config_text(source->config, &text);
	if (str_failed(&text))
		return no_memory(e);
	return config_load_text(config, source->config_file, str_text(&text), text.len, e);
}

int clone_make_config(struct cloning *c, struct err *e)
{
	autofree char *old_directory = container_path(c->source, "");
	autofree char *new_directory = container_path(c->target, "");
	autostr rootfs = {};
	struct config_rewrite how = {
		.old_directory = old_directory,
		.new_directory = new_directory,
		.uts_name = c->options->flags & LXC_CLONE_KEEPNAME ? NULL : c->target->name,
		.new_hwaddrs = !(c->options->flags & LXC_CLONE_KEEPMACADDR),
		.original = c->source->config,
	};
	int r;

	if (c->to.type != ROOTFS_DETECT) {
		storage_volume_print(&c->to, &rootfs);
		how.rootfs = str_text(&rootfs);
	}
	if (!old_directory || !new_directory || str_failed(&rootfs))
		return no_memory(e);
	r = load_text(c->target, c->source, e);
	if (r == 0)
		r = config_rewrite(c->target->config, &how, &c->files, e);
	return r < 0 ? err_wrap(e, r, "cannot adapt the configuration of %s to %s", c->source->name,
				c->target->name)
		     : 0;
}

/* Where files go: below the copy's directory. */
struct place {
	int fd;
	const char *path; /* its name, for messages */
};

/* The way to a file, made where it is missing. `name` is below the place. 0 or -errno. */
static int make_way(const struct place *place, const char *name)
{
	for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
		autofree char *part = strndup(name, (size_t)(slash - name));
		autoclose int fd = -EBADF;
		char *base;

		if (!part)
			return -ENOMEM;
		fd = resolve_open_direct(place->fd, part, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0)
			continue;
		if (fd != -ENOENT)
			return fd;
		base = strrchr(part, '/');
		if (base)
			*base++ = '\0';
		fd = resolve_open_direct(place->fd, base ? part : ".",
					 O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return fd;
		if (mkdirat(fd, base ? base : part, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

/* A new file, in a directory that is reached over no link. -EEXIST: there is something. */
static int make_file(const struct place *place, const char *name)
{
	const char *slash = strrchr(name, '/');
	autofree char *above = slash ? strndup(name, (size_t)(slash - name)) : strdup(".");
	autoclose int fd = -EBADF;
	int file;
	int r = above ? make_way(place, name) : -ENOMEM;

	if (r < 0)
		return r;
	fd = resolve_open_direct(place->fd, above, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fd;
	file = openat(fd, slash ? slash + 1 : name,
		      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return file < 0 ? -errno : file;
}

static int fill_file(int source_fd, const struct stat *status, int fd)
{
	autofree char *bytes = NULL;
	size_t len;
	int r = file_read_fd(source_fd, FILE_SIZE_MAX, &bytes, &len);

	if (r == 0)
		r = file_write_fd(fd, bytes, len);
	if (r == 0 && geteuid() == 0 && fchown(fd, status->st_uid, status->st_gid) < 0)
		r = -errno;
	if (r == 0 && fchmod(fd, status->st_mode & 0777) < 0)
		r = -errno;
	return r == 0 && fsync(fd) < 0 ? -errno : r;
}

/* One that is there already came with the root file system. 0 or -errno. */
static int copy_open_file(int source_fd, const struct place *place, const char *name)
{
	struct stat status;
	autoclose int fd = -EBADF;

	if (fstat(source_fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	fd = make_file(place, name);
	if (fd == -EEXIST)
		return 0;
	return fd < 0 ? fd : fill_file(source_fd, &status, fd);
}

/* The files of a directory that is included; it has no directories that count. */
static int copy_directory(int source_fd, const struct place *place, const char *name)
{
	int own_fd = openat(source_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = own_fd < 0 ? NULL : fdopendir(own_fd);
	const struct dirent *entry;
	int r = 0;

	if (!directory) {
		r = -errno;
		if (own_fd >= 0)
			close(own_fd);
		return r;
	}
	while (r == 0 && (entry = readdir(directory))) {
		autoclose int fd = -EBADF;
		autostr path = {};
		struct stat status;

		if (fstatat(source_fd, entry->d_name, &status, 0) < 0 || !S_ISREG(status.st_mode))
			continue;
		str_addf(&path, "%s/%s", name, entry->d_name);
		fd = openat(source_fd, entry->d_name, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
		r = fd < 0 ? -errno : str_failed(&path) ? -ENOMEM : 0;
		if (r == 0)
			r = copy_open_file(fd, place, str_text(&path));
	}
	closedir(directory);
	return r;
}

static int copy_one(const struct config_file_copy *copy, const struct place *place, struct err *e)
{
	const char *name = text_after(copy->to, place->path);
	autoclose int fd = open(copy->from, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct stat status;
	int r;

	if (!name || *name != '/')
		return 0;
	name += strspn(name, "/");
	/* What the source lacks as well is told when it is used. */
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		log_warn("\"%s\" is not there: the copy won't have it either", copy->from);
		return 0;
	}
	if (fd < 0 || fstat(fd, &status) < 0)
		r = -errno;
	else if (S_ISDIR(status.st_mode))
		r = copy_directory(fd, place, name);
	else
		r = copy_open_file(fd, place, name);
	return r < 0 ? err_set(e, ERR_FILE_WRITE, -r, "cannot copy \"%s\" to \"%s\"", copy->from,
			       copy->to)
		     : 0;
}

int clone_copy_files(const struct cloning *c, struct err *e)
{
	autofree char *path = container_path(c->target, "");
	autoclose int fd = -EBADF;
	struct place place = {.path = path};
	int r = 0;

	if (!path)
		return no_memory(e);
	if (c->files.count == 0)
		return 0;
	place.fd = fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, ERR_FILE_OPEN, errno, "cannot open \"%s\"", path);
	for (size_t i = 0; r == 0 && i < c->files.count; i++)
		r = copy_one(&c->files.items[i], &place, e);
	return r;
}
