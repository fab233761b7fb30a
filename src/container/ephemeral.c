/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Completing the configuration and the directory of an ephemeral copy. The layer in memory is
 * mounted by a hook before the overlay is, in the container's own mount namespace: nothing of it is
 * left when that ends.
 */

#include "container/ephemeral.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "container/directory.h"
#include "sys/file.h"

enum { RANDOM_LENGTH = 6, NAME_TRIES = 100 };

static const char who[] = "(lxc-copy)";

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
}

static int choose_letters(char ret[RANDOM_LENGTH + 1])
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	unsigned char bytes[RANDOM_LENGTH];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return -EIO;
	for (size_t i = 0; i < sizeof(bytes); i++)
		ret[i] = letters[bytes[i] % (sizeof(letters) - 1)];
	ret[RANDOM_LENGTH] = '\0';
	return 0;
}

int ephemeral_choose_name(const char *name, const char *lxcpath, char **ret, struct err *e)
{
	for (unsigned i = 0; i < NAME_TRIES; i++) {
		char letters[RANDOM_LENGTH + 1];
		struct stat status;
		autostr chosen = {};
		autostr path = {};

		if (choose_letters(letters) < 0)
			return err_set(e, ERR_SYSTEM, EIO, "Failed to get random letters");
		str_addf(&chosen, "%s_%s", name, letters);
		str_addf(&path, "%s/%s", lxcpath, str_text(&chosen));
		if (str_failed(&chosen) || str_failed(&path))
			return no_memory(e);
		if (lstat(str_text(&path), &status) < 0 && errno == ENOENT) {
			*ret = str_take(&chosen);
			return *ret ? 0 : no_memory(e);
		}
	}
	return err_set(e, ERR_USAGE, EEXIST, "all names that were tried are taken in \"%s\"",
		       lxcpath);
}

static int set(struct container *c, const char *key, const char *value, struct err *e)
{
	return config_set(c->config, key, value, who, e);
}

/* A field of an entry, as fstab(5) writes blanks. */
static void add_field(struct str *out, const char *text)
{
	for (; *text; text++) {
		if (strchr(" \t\n\\", *text))
			str_addf(out, "\\%03o", (unsigned)(unsigned char)*text);
		else
			str_add_char(out, *text);
	}
}

static void add_bind(const struct ephemeral_mount *mount, bool is_directory, struct str *entry)
{
	const char *target = mount->target ? mount->target : mount->source;

	add_field(entry, mount->source);
	str_add_char(entry, ' ');
	add_field(entry, target + strspn(target, "/"));
	str_addf(entry, " none bind,optional,%s,create=%s 0 0", mount->is_read_only ? "ro" : "rw",
		 is_directory ? "dir" : "file");
}

static int make_directory(struct container *c, const char *path, struct err *e)
{
	if (mkdir(path, 0755) < 0)
		return err_set(e, ERR_STORAGE, errno, "cannot create \"%s\"", path);
	return directory_give_to_root(c->config, path, e);
}

/* Options of an overlay are separated by commas, and its lower directories by colons. */
static int check_overlay(const struct ephemeral_mount *mount, bool is_directory, struct err *e)
{
	if (!is_directory)
		return err_set(e, ERR_USAGE, ENOTDIR,
			       "only a directory can be mounted as an "
			       "overlay: \"%s\"",
			       mount->source);
	if (strpbrk(mount->source, ",:\\\""))
		return err_set(e, ERR_USAGE, EINVAL,
			       "\"%s\" has characters that an overlay can't be told of",
			       mount->source);
	return 0;
}

static int add_overlay(struct container *c, const struct ephemeral_mount *mount, struct str *entry,
		       struct err *e)
{
	const char *target = mount->target ? mount->target : mount->source;
	char letters[RANDOM_LENGTH + 1];
	autostr upper = {};
	autostr work = {};
	int r;

	if (choose_letters(letters) < 0)
		return err_set(e, ERR_SYSTEM, EIO, "Failed to get random letters");
	str_addf(&upper, "%s/%s/delta#%s", c->lxcpath, c->name, letters);
	str_addf(&work, "%s/%s/work#%s", c->lxcpath, c->name, letters);
	if (str_failed(&upper) || str_failed(&work))
		return no_memory(e);
	r = make_directory(c, str_text(&upper), e);
	if (r == 0)
		r = make_directory(c, str_text(&work), e);
	add_field(entry, mount->source);
	str_add_char(entry, ' ');
	add_field(entry, target + strspn(target, "/"));
	str_add(entry, " overlay lowerdir=");
	add_field(entry, mount->source);
	str_add(entry, ",upperdir=");
	add_field(entry, str_text(&upper));
	str_add(entry, ",workdir=");
	add_field(entry, str_text(&work));
	str_add(entry, ",create=dir");
	return r;
}

static int add_mount(struct container *c, const struct ephemeral_mount *mount, struct err *e)
{
	autostr entry = {};
	struct stat status;
	bool is_directory;
	int r = 0;

	if (stat(mount->source, &status) < 0)
		return err_set(e, ERR_MOUNT_SOURCE_MISSING, errno, "cannot look at \"%s\"",
			       mount->source);
	is_directory = S_ISDIR(status.st_mode);
	if (mount->is_overlay) {
		r = check_overlay(mount, is_directory, e);
		if (r == 0)
			r = add_overlay(c, mount, &entry, e);
	} else {
		add_bind(mount, is_directory, &entry);
	}
	if (r == 0 && str_failed(&entry))
		r = no_memory(e);
	return r == 0 ? set(c, "lxc.mount.entry", str_text(&entry), e) : r;
}

/* What was copied of an overlay's changes is put aside, for the layer in memory to begin with. */
static int put_aside(const char *directory, struct err *e)
{
	autostr from = {};
	autostr to = {};

	str_addf(&from, "%s/overlay/delta", directory);
	str_addf(&to, "%s/delta", directory);
	if (str_failed(&from) || str_failed(&to))
		return no_memory(e);
	if (rename(str_text(&from), str_text(&to)) < 0)
		return err_set(e, ERR_STORAGE, errno, "cannot rename \"%s\" to \"%s\"",
			       str_text(&from), str_text(&to));
	return 0;
}

static void print_script(const struct container *c, const char *directory,
			 const struct ephemeral *how, struct str *out)
{
	str_add(out, "#!/bin/sh\n"
		     "# What the container writes goes into memory, and with it when it stops.\n"
		     "set -e\n"
		     "cd -P ");
	str_add_quoted(out, directory);
	str_add(out, "\nmount -n -t tmpfs -o mode=0755 none overlay\n"
		     "cp -a delta overlay/delta\n");
	if (how->keeps_name)
		return;
	str_add(out, "mkdir -p overlay/delta/etc\n"
		     "printf '%s\\n' ");
	str_add_quoted(out, c->name);
	str_add(out, " >overlay/delta/etc/hostname\n");
}

static int write_script(const struct container *c, const char *path, const struct str *text,
			struct err *e)
{
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0755);
	int r = fd < 0 ? -errno : file_write_fd(fd, str_text(text), text->len);

	if (r == 0 && (fchmod(fd, 0755) < 0 || fsync(fd) < 0))
		r = -errno;
	if (r < 0)
		return err_set(e, ERR_FILE_WRITE, -r, "cannot write \"%s\"", path);
	return directory_give_to_root(c->config, path, e);
}

static int place_in_memory(struct container *c, const struct ephemeral *how, struct err *e)
{
	autofree char *directory = container_path(c, "");
	char letters[RANDOM_LENGTH + 1];
	autostr path = {};
	autostr text = {};
	int r;

	if (c->config->values.rootfs.type != ROOTFS_OVERLAY)
		return err_set(e, ERR_UNSUPPORTED, 0,
			       "A container can only be placed on a tmpfs when the overlay storage "
			       "driver is used");
	if (!directory)
		return no_memory(e);
	if (choose_letters(letters) < 0)
		return err_set(e, ERR_SYSTEM, EIO, "Failed to get random letters");
	str_addf(&path, "%s/pre-start-%s", directory, letters);
	print_script(c, directory, how, &text);
	if (str_failed(&path) || str_failed(&text))
		return no_memory(e);
	r = put_aside(directory, e);
	if (r == 0)
		r = write_script(c, str_text(&path), &text, e);
	return r == 0 ? set(c, "lxc.hook.pre-mount", str_text(&path), e) : r;
}

int ephemeral_prepare(void *ephemeral, struct container *copy, struct err *e)
{
	const struct ephemeral *how = ephemeral;
	int r = 0;

	for (size_t i = 0; r == 0 && i < how->mount_count; i++)
		r = add_mount(copy, &how->mounts[i], e);
	if (r == 0 && how->on_tmpfs)
		r = place_in_memory(copy, how, e);
	if (r == 0 && !how->keeps_data)
		r = set(copy, "lxc.ephemeral", "1", e);
	return r;
}
