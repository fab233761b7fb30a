/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * storage_open(): a volume's root directory for copies, templates and hooks, as a mount that is
 * attached nowhere. The kernel undoes all of it with the last descriptor.
 */

#include "storage/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "host/caller.h"
#include "storage/source.h"
#include "sys/loop_device.h"
#include "sys/mount.h"

enum { MESSAGE_ROOM = 256, OPTION_NAME_ROOM = 256, LAYERS_MAX = 16 };

/* A mount that is being made. */
struct opening {
	const struct storage_source *source;
	const char *device; /* what is mounted: the source's, or a loop device on it */
	const char *fstype;
	const char *const *options;
	unsigned attributes;        /* MOUNT_ATTR_* */
	char message[MESSAGE_ROOM]; /* what the kernel says about a failure */
};

/* -- reasons */

static const char *hint_for(const struct opening *o, int errnum)
{
	const bool is_overlay = strcmp(o->fstype, "overlay") == 0;

	switch (errnum) {
	case ENODEV:
		return "the kernel has no such file system: modprobe it, or install its module";
	case EROFS:
		return "it was not closed properly, and its log can't be replayed while nothing "
		       "may be written: start its container once";
	case EPERM:
		return is_overlay ? "mounting an overlay without being root needs a user and a "
				    "mount namespace, and Linux 5.11"
				  : "only root can mount a block device";
	case EBUSY:
		return is_overlay ? "its upper or work directory is in use by another overlay"
				  : "another program has the device for itself";
	case EINVAL:
	case ESTALE:
		return is_overlay ? "the upper directory must lie on a file system that an overlay "
				    "can write to (none on an overlay, vfat or NFS), and the lower "
				    "ones must be those that it was made with"
				  : NULL;
	case EUCLEAN:
		return "the file system is damaged: fsck";
	default:
		return NULL;
	}
}

static int cannot_mount(const struct opening *o, int r, struct err *e)
{
	const char *hint = hint_for(o, -r);

	err_set(e, ERR_STORAGE, -r, "Cannot mount the %s file system on \"%s\"%s%s", o->fstype,
		o->source->device, o->message[0] ? ": " : "", o->message);
	if (hint)
		err_hint(e, "%s", hint);
	return r;
}

/* -- mounting */

/* "name" or "name=value". */
static int set_option(int fs_fd, const char *option)
{
	const char *equals = strchr(option, '=');
	char name[OPTION_NAME_ROOM];

	if (!equals)
		return mount_fs_flag(fs_fd, option);
	if ((size_t)(equals - option) >= sizeof(name))
		return -ENAMETOOLONG;
	memcpy(name, option, (size_t)(equals - option));
	name[equals - option] = '\0';
	return mount_fs_string(fs_fd, name, equals + 1);
}

static int mount_with(struct opening *o)
{
	autoclose int fs = mount_fs_open(o->fstype);
	int r;

	if (fs < 0)
		return fs;
	r = mount_fs_string(fs, "source", o->device);
	for (const char *const *option = o->options; r == 0 && option && *option; option++)
		r = set_option(fs, *option);
	if (r == 0)
		r = mount_fs_create(fs);
	if (r == 0)
		r = mount_fs_mount(fs, o->attributes);
	if (r < 0 && mount_fs_message(fs, o->message, sizeof(o->message)) == 0)
		o->message[0] = '\0';
	return r;
}

static int mount_or_explain(struct opening *o, struct err *e)
{
	int r = mount_with(o);

	return r < 0 ? cannot_mount(o, r, e) : r;
}

/* -- overlays */

static int make_directory(const char *path, struct err *e)
{
	if (mkdir(path, 0755) == 0 || errno == EEXIST)
		return 0;
	return err_set(e, ERR_STORAGE, errno, "Cannot make the directory \"%s\" of an overlay",
		       path);
}

/*
 * Long lists, and names with commas, that the kernel takes by mount(2) alone: the directories are
 * open here, and have short names in /proc. There is no place where mount(2) could put it.
 */
struct layers {
	struct arena *arena;
	int fds[LAYERS_MAX];
	size_t count;
};

static const char *name_layer(struct layers *layers, const char *path)
{
	int fd = -EBADF;

	if (layers->count < LAYERS_MAX)
		fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	layers->fds[layers->count++] = fd;
	return arena_printf(layers->arena, "/proc/self/fd/%d", fd);
}

static bool is_layer_option(const char *option)
{
	return text_starts(option, "lowerdir") || text_starts(option, "upperdir=") ||
	       text_starts(option, "workdir=");
}

static void add_layer_option(struct layers *layers, const char *key, const char *const *paths,
			     const char **ret)
{
	autostr text = {};

	str_addf(&text, "%s=", key);
	for (const char *const *path = paths; *path; path++) {
		const char *name = name_layer(layers, *path);

		if (!name)
			return;
		str_addf(&text, "%s%s", path > paths ? ":" : "", name);
	}
	if (!str_failed(&text))
		*ret = arena_strdup(layers->arena, str_text(&text));
}

/* NULL: there are too many, one can't be opened, or memory is out. */
static const char *const *shorten(struct layers *layers, const struct storage_source *source,
				  const char *const *options)
{
	const char *const upper[] = {source->upper, NULL}, *const work[] = {source->work, NULL};
	size_t room = 4, count = 0, wanted = source->upper ? 3 : 1;
	const char **words;

	while (options && options[room - 4])
		room++;
	words = arena_alloc(layers->arena, room * sizeof(*words));
	if (!words)
		return NULL;
	add_layer_option(layers, "lowerdir", source->lowers, &words[0]);
	if (source->upper)
		add_layer_option(layers, "upperdir", upper, &words[1]);
	if (source->upper)
		add_layer_option(layers, "workdir", work, &words[2]);
	while (count < wanted)
		if (!words[count++])
			return NULL;
	for (; options && *options; options++)
		if (!is_layer_option(*options))
			words[count++] = *options;
	return words;
}

static int open_long_overlay(struct opening *o, struct arena *arena, struct err *e)
{
	struct layers layers = {.arena = arena};
	int r;

	o->options = shorten(&layers, o->source, o->options);
	if (o->options) {
		r = mount_or_explain(o, e);
	} else {
		r = err_set(e, ERR_STORAGE, ENAMETOOLONG,
			    "The overlay on \"%s\" has too many directories, or one that can't "
			    "be opened",
			    o->source->device);
		err_hint(e, "Linux 6.7 takes as many as it is given");
	}
	while (layers.count > 0)
		close(layers.fds[--layers.count]);
	return r;
}

static int open_overlay(const struct storage_source *source, struct arena *arena, struct err *e)
{
	struct opening o = {.source = source,
			    .device = source->device,
			    .fstype = source->fstype,
			    .options = source->options};
	int r;

	if (source->has_user_marks || geteuid() != 0 || !caller_is_in_initial_user_ns()) {
		o.options = source_user_options(source, arena);
		if (!o.options)
			return err_set(e, ERR_NO_MEMORY, ENOMEM, "Cannot open an overlay");
	}
	if (source->is_read_only)
		o.attributes = MOUNT_ATTR_RDONLY;
	r = source->upper ? make_directory(source->upper, e) : 0;
	if (r == 0 && source->work)
		r = make_directory(source->work, e);
	if (r < 0)
		return r;
	return source->is_long ? open_long_overlay(&o, arena, e) : mount_or_explain(&o, e);
}

/* -- devices */

static int cannot_loop(const char *path, int r, struct err *e)
{
	err_set(e, ERR_STORAGE, -r, "Cannot set up a loop device on \"%s\"", path);
	switch (r) {
	case -ETXTBSY:
		err_hint(e, "a container that runs, or a copy that is being made, has the file");
		break;
	case -ENXIO:
		err_hint(e, "modprobe loop; /dev must have loop-control and the loop devices");
		break;
	case -EACCES:
	case -EPERM:
		err_hint(e, "only root can set up loop devices");
		break;
	default:
		break;
	}
	return r;
}

/* Whether the device is mounted, or claimed otherwise. */
static bool is_in_use(const char *device)
{
	autoclose int fd = open(device, O_RDONLY | O_CLOEXEC | O_EXCL | O_NONBLOCK);

	return fd < 0 && errno == EBUSY;
}

/*
 * It is mounted: the superblock is shared with those who may write, and only our mount does not. So
 * the option "ro", which stands first, is left out, unless they don't write either.
 */
static int share(struct opening *o, struct err *e)
{
	const char *const *options = o->options;
	int r;

	o->options = options + 1;
	r = mount_with(o);
	if (r != -EBUSY)
		return r < 0 ? cannot_mount(o, r, e) : r;
	o->options = options;
	return mount_or_explain(o, e);
}

static int open_device(const struct storage_source *source, struct err *e)
{
	struct opening o = {.source = source,
			    .device = source->device,
			    .fstype = source->fstype,
			    .options = source->options};
	char path[LOOP_PATH_ROOM];
	autoclose int loop = -EBADF;
	unsigned number;
	bool is_data_set;

	if (!source->fstype)
		return err_set(e, ERR_STORAGE, EMEDIUMTYPE,
			       "The file system on \"%s\" is not recognised", source->device);
	is_data_set = strcmp(source->fstype, "zfs") == 0;
	if (source->is_read_only)
		o.attributes = MOUNT_ATTR_RDONLY;
	if (source->kind == SOURCE_MOUNT && source->is_read_only && !is_data_set &&
	    is_in_use(source->device))
		return share(&o, e);
	if (source->kind == SOURCE_LOOP || (source->is_read_only && !is_data_set)) {
		/* A log is not replayed on a device that can't be written. */
		loop = loop_device_open(source->device, source->is_read_only, &number);
		if (loop < 0)
			return cannot_loop(source->device, loop, e);
		loop_device_path(number, path);
		o.device = path;
	}
	return mount_or_explain(&o, e);
}

/* -- all */

/* Where a link leads that nobody but us or root has made: others would have us work on what is not
 * theirs (a container's root may own the directory that it lies in). */
static int refuse_link(const char *path, uid_t owner, struct err *e)
{
	int r = err_set(e, ERR_PERMISSION, ELOOP,
			"the root file system \"%s\" is a symbolic link of user %u", path,
			(unsigned)owner);

	err_hint(e, "it is not followed: write the directory itself into lxc.rootfs.path");
	return r;
}

/* In a user namespace that was made for this, who called it and root of the host have no other id
 * than the one of all strangers. */
static bool is_trusted(uid_t owner)
{
	enum { OVERFLOW_ID = 65534 };

	return owner == geteuid() || owner == 0 ||
	       (owner == OVERFLOW_ID && !caller_is_in_initial_user_ns());
}

/* The link that was looked at, not one that has taken its place. -1 with errno. */
static int follow_link(int link_fd, const char *path)
{
	char target[PATH_MAX];
	const char *slash = strrchr(path, '/');
	autofree char *above = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	ssize_t len = readlinkat(link_fd, "", target, sizeof(target) - 1);
	autoclose int above_fd = -EBADF;

	if (len < 0 || !above)
		return -1;
	target[len] = '\0';
	above_fd = open(above, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return openat(above_fd, target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int open_directory(const char *path, struct err *e)
{
	autoclose int place = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;
	int fd;

	if (place < 0 || fstat(place, &status) < 0)
		return err_set(e, ERR_STORAGE, errno, "Cannot open the root file system \"%s\"",
			       path);
	if (!S_ISLNK(status.st_mode))
		fd = openat(place, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	else if (!is_trusted(status.st_uid))
		return refuse_link(path, status.st_uid, e);
	else
		fd = follow_link(place, path);
	if (fd < 0)
		return err_set(e, ERR_STORAGE, errno, "Cannot open the root file system \"%s\"",
			       path);
	return fd;
}

static int read_options(const char *text, struct arena *arena, struct mount_options *ret,
			struct err *e)
{
	*ret = (struct mount_options){};
	return text ? mount_options_parse_rootfs(text, arena, ret, e) : 0;
}

static int open_source(const struct storage_source *source, struct arena *arena, struct err *e)
{
	switch (source->kind) {
	case SOURCE_TREE:
		return open_directory(source->device, e);
	case SOURCE_NETWORK:
		err_set(e, ERR_STORAGE, EOPNOTSUPP,
			"A root file system of the type nbd can only be started: \"%s\"",
			source->device);
		err_hint(e, "qemu-img convert -O raw makes a file for the type loop of it");
		return -EOPNOTSUPP;
	case SOURCE_MOUNT:
	case SOURCE_LOOP:
		break;
	}
	return source_is_on_device(source) ? open_device(source, e)
					   : open_overlay(source, arena, e);
}

int storage_open(const struct storage_volume *volume, const char *options, unsigned flags,
		 struct err *e)
{
	struct arena arena = {};
	struct mount_options parsed;
	struct storage_source source;
	int r = read_options(options, &arena, &parsed, e);

	if (r >= 0)
		r = storage_source(volume->type, volume->path, &parsed, flags & STORAGE_READ_ONLY,
				   &arena, &source, e);
	if (r >= 0)
		r = open_source(&source, &arena, e);
	arena_finish(&arena);
	return r;
}
