/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Making storage under the journal: its name is noted before it is made, and only when nothing of
 * that name is there. A kind that fails is removed again before the next one of a list is tried.
 */

#include "container/create_storage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/macros.h"
#include "container/creation.h"
#include "container/directory.h"

#define LOG_CATEGORY "create"
#include "base/log.h"

/* "best": the order of LXC. What doesn't work here is passed over in silence. */
static const enum rootfs_type best[] = {ROOTFS_BTRFS, ROOTFS_ZFS, ROOTFS_LVM, ROOTFS_DIR,
					ROOTFS_RBD};

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
}

void create_storage_finish(struct create_storage *storage)
{
	storage_volume_finish(&storage->volume);
	free(storage->rootfs);
	storage->rootfs = NULL;
	cleanup_close(&storage->root_fd);
	storage->root_fd = -EBADF;
}

static bool is_word(const char *word, const char *text, size_t len)
{
	return strlen(word) == len && memcmp(word, text, len) == 0;
}

/* What one word of the list means; "best" is no type. */
static const struct storage_type *find_type(const char *text, size_t len)
{
	return is_word("none", text, len) ? storage_type(ROOTFS_DIR)
					  : storage_type_named(text, len);
}

static int check_type(const struct storage_type *type, struct err *e)
{
	if (!type->makes)
		return err_set(e, ERR_UNSUPPORTED, EOPNOTSUPP,
			       "storage of the kind %s can't be made, only used", type->name);
	if (type->is_for_everyone || geteuid() == 0)
		return 0;
	err_set(e, ERR_PERMISSION, EPERM,
		"Unprivileged users can only create btrfs and directory-backed containers");
	err_hint(e, "use -B dir, or create the container as root");
	return -EPERM;
}

struct attempt {
	struct container *container;
	const struct create_options *options;
	int marker_fd;
	struct create_storage *ret;
	struct storage_wish wish;
};

int create_storage_check(const struct create_options *options, struct err *e)
{
	const char *at = options->backend ? options->backend : "dir";
	int first = 0;
	bool some = false;

	while (*at) {
		size_t len = strcspn(at, ",");
		const struct storage_type *type = find_type(at, len);
		struct err own = {};
		int r = type ? check_type(type, &own) : 0;

		if (!type && !is_word("best", at, len))
			return err_set(e, ERR_USAGE, 0, "%.*s is not a valid backing storage type",
				       (int)len, at);
		some = some || r == 0;
		if (r < 0 && first == 0 && e)
			*e = own;
		if (r < 0 && first == 0)
			first = r;
		at += len + (at[len] == ',');
	}
	if (some && e)
		err_clear(e);
	return some ? 0 : first ? first : err_set(e, ERR_USAGE, 0, "no kind of storage is named");
}

static const char *item_or(const char *chosen, const char *key)
{
	return chosen ? chosen : container_system_item(key);
}

/* Texts of lxc.conf stay as long as the thread. `directory` must stay, too. */
static void make_wish(const struct attempt *attempt, const char *directory,
		      struct storage_wish *ret)
{
	const struct create_options *options = attempt->options;

	*ret = (struct storage_wish){
		.directory = directory,
		.name = attempt->container->name,
		.path = options->directory,
		.fstype = options->fstype,
		.size = options->size,
		.lvm_group = item_or(options->lvm_group, "lxc.bdev.lvm.vg"),
		.lvm_volume = options->lvm_volume,
		.lvm_thin_pool = item_or(options->lvm_thin_pool, "lxc.bdev.lvm.thin_pool"),
		.zfs_root = item_or(options->zfs_root, "lxc.bdev.zfs.root"),
		.rbd_pool = item_or(options->rbd_pool, "lxc.bdev.rbd.rbdpool"),
		.rbd_image = options->rbd_image,
		.rbd_user = item_or(options->rbd_user, "lxc.bdev.rbd.rbduser"),
		.maps = &attempt->container->config->values.idmaps,
		.mark = attempt->ret->mark,
		.lock_fd = attempt->marker_fd,
	};
}

/* LXCPATH/NAME/rootfs, and the place that --dir names: what was there is used, and keeps its mode,
 * which may be closed to others for a reason. */
static int make_directories(const struct attempt *attempt, struct err *e)
{
	const struct container *c = attempt->container;
	struct create_storage *ret = attempt->ret;
	autofree char *own = container_path(c, "/rootfs");
	const char *chosen = attempt->options->directory;
	int r;

	free(ret->rootfs);
	ret->rootfs = own ? strdup(chosen ? chosen : own) : NULL;
	if (!ret->rootfs)
		return no_memory(e);
	r = creation_make_directory(attempt->marker_fd, own, e);
	if (r >= 0 && chosen)
		r = creation_make_directory(attempt->marker_fd, chosen, e);
	if (r < 0)
		return r;
	if (r > 0 && chmod(ret->rootfs, 0755) < 0)
		return err_set(e, ERR_STORAGE, errno, "cannot set the mode of \"%s\"", ret->rootfs);
	r = directory_give_to_root(c->config, ret->rootfs, e);
	if (r == 0 && storage_volume_set(&ret->volume, ROOTFS_DIR, ret->rootfs) < 0)
		r = no_memory(e);
	return r;
}

/* Where a volume is mounted for the template, and by LXC. A subvolume is made there itself. */
static int make_mount_point(struct container *c, int marker_fd, struct create_storage *ret,
			    bool really, struct err *e)
{
	int r;

	free(ret->rootfs);
	ret->rootfs = container_path(c, "/rootfs");
	if (!ret->rootfs)
		return no_memory(e);
	if (!really)
		return 0;
	r = creation_make_directory(marker_fd, ret->rootfs, e);
	return r > 0 ? directory_give_to_root(c->config, ret->rootfs, e) : r;
}

static int refuse_existing(const struct storage_volume *volume, struct err *e)
{
	autostr text = {};
	int r;

	storage_volume_print(volume, &text);
	r = err_set(e, ERR_STORAGE, EEXIST, "%s is there already", str_text(&text));
	err_hint(e, "it stays as it is: remove it, or choose another name");
	return r;
}

/* The volume of one kind, which is on nobody's account when it fails. Nothing is removed that was
 * not noted before, or that somebody else has made meanwhile. */
static int make_volume(const struct attempt *attempt, struct err *e)
{
	struct create_storage *ret = attempt->ret;
	const struct storage_wish *wish = &attempt->wish;
	bool is_begun = false;
	int r = storage_name(wish, NULL, false, &ret->volume, e);

	if (r == 0)
		r = storage_exists(&ret->volume, e);
	if (r > 0)
		return refuse_existing(&ret->volume, e);
	if (r == 0)
		r = make_mount_point(attempt->container, attempt->marker_fd, ret,
				     wish->type != ROOTFS_BTRFS, e);
	if (r == 0)
		r = creation_note_volume(attempt->marker_fd, &ret->volume, ret->mark, e);
	if (r == 0) {
		is_begun = true;
		r = storage_create(&ret->volume, wish, NULL, e);
	}
	if (r < 0 && r != -EEXIST && is_begun &&
	    storage_destroy(&ret->volume, wish->maps, ret->mark, NULL) < 0)
		log_info("%s: what was made of it can't be removed yet", ret->volume.path);
	return r;
}

static int make_type(struct attempt *attempt, const struct storage_type *type, struct err *e)
{
	int r = check_type(type, e);

	/* What the kind before was called is not this one's. */
	storage_volume_finish(&attempt->ret->volume);
	attempt->wish.type = type->type;
	if (r == 0)
		r = type->type == ROOTFS_DIR ? make_directories(attempt, e)
					     : make_volume(attempt, e);
	if (r == 0)
		return 0;
	return err_wrap(e, r, "Failed to create %s storage for %s", type->name,
			attempt->container->name);
}

static int make_best(struct attempt *attempt, struct err *e)
{
	int r = -ENODEV;

	for (size_t i = 0; r < 0 && i < ARRAY_LENGTH(best); i++) {
		const struct storage_type *type = storage_type(best[i]);

		attempt->wish.type = best[i];
		if (check_type(type, NULL) < 0 || !storage_works(&attempt->wish))
			continue;
		r = make_type(attempt, type, e);
		if (r < 0)
			log_info("%s: the kind %s does not work", attempt->container->name,
				 type->name);
	}
	return r;
}

/* The last failure is what is told. */
static int make_first(struct attempt *attempt, struct err *e)
{
	const char *at = attempt->options->backend ? attempt->options->backend : "dir";
	int r = -EINVAL;

	while (*at && r < 0) {
		size_t len = strcspn(at, ",");

		r = is_word("best", at, len) ? make_best(attempt, e)
					     : make_type(attempt, find_type(at, len), e);
		if (r < 0 && at[len] == ',')
			log_info("%s: %s", attempt->container->name, err_cause(e));
		at += len + (at[len] == ',');
	}
	return r;
}

static int set_path(struct container *c, const struct storage_volume *volume, struct err *e)
{
	autostr value = {};

	storage_volume_print(volume, &value);
	if (str_failed(&value))
		return no_memory(e);
	return container_set_item(c, "lxc.rootfs.path", str_text(&value), "(lxc-create)", e);
}

/* Types that the template would see as a device only. */
static bool must_be_mounted(enum rootfs_type type)
{
	const struct storage_type *row = storage_type(type);

	return type == ROOTFS_ZFS || (row && row->is_block);
}

static int open_root(const struct container *c, struct create_storage *storage, struct err *e)
{
	const char *options = c->config->values.rootfs_mount.options;
	int fd = storage_open(&storage->volume, options, 0, e);

	if (fd < 0)
		return fd;
	storage->root_fd = fd;
	return 0;
}

int create_storage_make(struct container *c, const struct create_options *options, int marker_fd,
			struct create_storage *ret, struct err *e)
{
	autofree char *directory = container_path(c, "");
	struct attempt attempt = {
		.container = c, .options = options, .marker_fd = marker_fd, .ret = ret};
	int r;

	if (!directory)
		return no_memory(e);
	storage_choose_mark(ret->mark);
	make_wish(&attempt, directory, &attempt.wish);
	r = make_first(&attempt, e);
	if (r < 0)
		return r;
	if (e)
		err_clear(e);
	ret->is_made = true;
	r = set_path(c, &ret->volume, e);
	return r == 0 && must_be_mounted(ret->volume.type) ? open_root(c, ret, e) : r;
}

int create_storage_use(struct container *c, int marker_fd, struct create_storage *ret,
		       struct err *e)
{
	const struct config_rootfs *rootfs = &c->config->values.rootfs;
	int r = storage_detect(rootfs, &ret->volume, e);

	if (r == 0)
		r = storage_exists(&ret->volume, e);
	if (r < 0)
		return r;
	if (r == 0)
		return err_set(e, ERR_ROOTFS, 0, "The rootfs \"%s\" does not exist", rootfs->path);
	if (ret->volume.type == ROOTFS_DIR || ret->volume.type == ROOTFS_BTRFS) {
		ret->rootfs = strdup(rootfs->path);
		return ret->rootfs ? 0 : no_memory(e);
	}
	r = make_mount_point(c, marker_fd, ret, true, e);
	return r == 0 ? open_root(c, ret, e) : r;
}

bool create_storage_is_empty(const struct create_storage *storage, const char *path)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	int fd = storage->root_fd >= 0 ? openat(storage->root_fd, ".", flags) : open(path, flags);
	DIR *directory;
	const struct dirent *entry;
	bool empty;

	if (fd < 0 && storage->rootfs)
		fd = open(storage->rootfs, flags);
	directory = fd < 0 ? NULL : fdopendir(fd);
	empty = directory != NULL;

	while (directory && empty && (entry = readdir(directory)))
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
			strcmp(entry->d_name, "lost+found") == 0;
	if (directory)
		closedir(directory);
	else if (fd >= 0)
		close(fd);
	return empty;
}
