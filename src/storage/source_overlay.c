/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Overlays: LOWER[:LOWER …]:UPPER, the first lower one being the topmost, becomes options of the
 * file system (Documentation/filesystems/overlayfs.rst).
 *
 * fsconfig(2) takes values of 255 bytes. Longer lists of lower directories are given one by one
 * (lowerdir+, Linux 6.7), or by mount(2), which takes a page of options.
 */

#include "storage/source_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/str.h"
#include "sys/mount.h"

enum { OPTION_MAX = 255 }; /* with its name */

struct layers {
	struct source_words lowers; /* topmost first */
	const char *upper, *work;   /* NULL: nothing is written */
};

/* Names are separated by colons in front of a slash: each begins with one. */
static int split(struct source_look *look, struct layers *ret, struct err *e)
{
	const char *at = look->path;

	while (*at) {
		const char *end = strstr(at, ":/");
		const size_t length = end ? (size_t)(end - at) : strlen(at);
		const char **item = vec_push_in(&ret->lowers, look->arena);

		if (!item)
			return source_no_memory(e);
		*item = arena_strndup(look->arena, at, length);
		if (!*item)
			return source_no_memory(e);
		at += length + (end ? 1 : 0);
	}
	if (ret->lowers.count >= 2 && look->path[0] == '/') {
		ret->upper = ret->lowers.items[--ret->lowers.count];
		return 0;
	}
	err_set(e, ERR_STORAGE, EINVAL,
		"An overlay needs a lower and an upper directory, both from / on, not \"%s\"",
		look->path);
	err_hint(e, "lxc.rootfs.path = overlay:/LOWER:/UPPER, or overlay:/TOP:/BOTTOM:/UPPER");
	return -EINVAL;
}

static int check_lowers(const struct layers *layers, struct err *e)
{
	for (size_t i = 0; i < layers->lowers.count; i++) {
		const char *path = layers->lowers.items[i];
		struct stat status;
		int errnum = 0;

		/* Container root may get where we don't. */
		if (stat(path, &status) < 0)
			errnum = errno == EACCES ? 0 : errno;
		else if (!S_ISDIR(status.st_mode))
			errnum = ENOTDIR;
		if (errnum == 0)
			continue;
		err_set(e, ERR_STORAGE, errnum,
			"Cannot use the lower directory \"%s\" of an overlay", path);
		err_hint(e, "it is the root file system of the container that this one was copied "
			    "from, or a directory of your own");
		return -errnum;
	}
	return 0;
}

/* Beside the upper directory; LXC 1.1's was called otherwise. */
static int find_work(struct source_look *look, struct layers *layers, struct err *e)
{
	const char *upper = layers->upper;
	size_t length = path_length(upper);
	const char *work;

	while (length > 0 && upper[length - 1] != '/')
		length--;
	if (strcmp(upper + length, "delta0") == 0) {
		work = arena_printf(look->arena, "%.*solwork", (int)length, upper);
		if (!work)
			return source_no_memory(e);
		if (access(work, F_OK) == 0) {
			layers->work = work;
			return 0;
		}
	}
	layers->work = arena_printf(look->arena, "%.*swork", (int)length, upper);
	return layers->work ? 0 : source_no_memory(e);
}

/* Any of the attributes that the kernel leaves on an upper directory. */
static bool has_marks(const char *path, const char *space)
{
	static const char *const names[] = {"impure", "origin", "uuid", "opaque"};
	char name[64];
	char value[64];

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		const int n = snprintf(name, sizeof(name), "%s.overlay.%s", space, names[i]);

		if (n > 0 && (size_t)n < sizeof(name) &&
		    (getxattr(path, name, value, sizeof(value)) >= 0 || errno == ERANGE))
			return true;
	}
	return false;
}

/* 1: it is there; 0: it is not. aufs leaves this file in every directory that it writes to. */
static int look_at_upper(struct source_look *look, const struct layers *layers, struct err *e)
{
	const char *mark = arena_printf(look->arena, "%s/.wh..wh.aufs", layers->upper);
	struct stat status;

	if (!mark)
		return source_no_memory(e);
	if (stat(layers->upper, &status) < 0 && errno == ENOENT)
		return 0;
	if (faccessat(AT_FDCWD, mark, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		err_set(e, ERR_STORAGE, EINVAL,
			"The upper directory \"%s\" was written by aufs, whose marks of removed "
			"files the kernel's overlay does not know",
			layers->upper);
		err_hint(e, "copy the tree where aufs can mount it, and use the copy");
		return -EINVAL;
	}
	look->ret->has_trusted_marks = has_marks(layers->upper, "trusted");
	look->ret->has_user_marks = !look->ret->has_trusted_marks &&
				    has_marks(layers->upper, "user");
	return 1;
}

/* Without an upper layer that is written it is the topmost of the lower ones. */
static int without_upper(struct source_look *look, struct layers *layers, bool upper_is_there,
			 struct err *e)
{
	const char **item;

	if (upper_is_there) {
		item = vec_push_in(&layers->lowers, look->arena);
		if (!item)
			return source_no_memory(e);
		memmove(layers->lowers.items + 1, layers->lowers.items,
			(layers->lowers.count - 1) * sizeof(*item));
		layers->lowers.items[0] = layers->upper;
	}
	layers->upper = layers->work = NULL;
	look->ret->is_read_only = true;
	return 0;
}

/* -- options */

/* Colons end a name of a list, commas an option, both not behind a backslash. */
static void add_escaped(struct str *text, const char *path)
{
	for (; *path; path++) {
		if (strchr("\\:,", *path))
			str_add_char(text, '\\');
		str_add_char(text, *path);
	}
}

static int add_word(struct source_look *look, struct source_words *words, const struct str *text,
		    struct err *e)
{
	const char **item = vec_push_in(words, look->arena);

	if (!item || str_failed(text))
		return source_no_memory(e);
	*item = arena_strdup(look->arena, str_text(text));
	return *item ? 0 : source_no_memory(e);
}

/* "KEY=PATH", the path as it is. */
static int add_plain(struct source_look *look, struct source_words *words, const char *key,
		     const char *path, struct err *e)
{
	autostr text = {};

	str_addf(&text, "%s=%s", key, path);
	return add_word(look, words, &text, e);
}

static int add_directory(struct source_look *look, struct source_words *words, const char *key,
			 const char *path, struct err *e)
{
	autostr text = {};

	if (!path)
		return 0;
	str_addf(&text, "%s=", key);
	add_escaped(&text, path);
	return add_word(look, words, &text, e);
}

static int add_lower_list(struct source_look *look, struct source_words *words,
			  const struct layers *layers, struct err *e)
{
	autostr text = {};

	str_add(&text, "lowerdir=");
	for (size_t i = 0; i < layers->lowers.count; i++) {
		if (i > 0)
			str_add_char(&text, ':');
		add_escaped(&text, layers->lowers.items[i]);
	}
	return add_word(look, words, &text, e);
}

static bool all_fit(const struct source_words *words)
{
	for (size_t i = 0; i < words->count; i++)
		if (strlen(words->items[i]) > OPTION_MAX)
			return false;
	return true;
}

/* Kernels before 6.5 refuse commas, and take any name for an option until the mount is made. */
static bool takes_single_lowers(void)
{
	autoclose int fs = mount_fs_open("overlay");

	return fs >= 0 && mount_fs_string(fs, "lowerdir+", "/") == 0 &&
	       mount_fs_flag(fs, "no such option") < 0;
}

/* Each is a path as it is: nothing has a meaning in it. */
static int add_single_lowers(struct source_look *look, struct source_words *words,
			     const struct layers *layers, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < layers->lowers.count && r == 0; i++)
		r = add_plain(look, words, "lowerdir+", layers->lowers.items[i], e);
	return r;
}

static int add_upper(struct source_look *look, struct source_words *words,
		     const struct layers *layers, struct err *e)
{
	int r = add_directory(look, words, "upperdir", layers->upper, e);

	return r < 0 ? r : add_directory(look, words, "workdir", layers->work, e);
}

static int make_options(struct source_look *look, const struct layers *layers, struct err *e)
{
	const bool has_comma = strchr(look->path, ',') != NULL;
	struct source_words words = {};
	int r = add_lower_list(look, &words, layers, e);

	if (r == 0)
		r = add_upper(look, &words, layers, e);
	if (r == 0 && (has_comma || !all_fit(&words))) {
		struct source_words single = {};

		look->ret->is_long = true;
		if (takes_single_lowers()) {
			r = add_single_lowers(look, &single, layers, e);
			if (r == 0)
				r = add_upper(look, &single, layers, e);
			look->ret->is_long = !all_fit(&single);
			if (!look->ret->is_long)
				words = single;
		}
	}
	return r < 0 ? r : source_finish_words(look, &words, e);
}

int source_of_overlay(struct source_look *look, struct err *e)
{
	struct storage_source *ret = look->ret;
	struct layers layers = {};
	int upper_is_there, r = split(look, &layers, e);

	if (r == 0)
		r = check_lowers(&layers, e);
	if (r == 0)
		r = find_work(look, &layers, e);
	if (r < 0)
		return r;
	upper_is_there = look_at_upper(look, &layers, e);
	if (upper_is_there < 0)
		return upper_is_there;
	ret->device = layers.lowers.items[0];
	if (look->read_only) {
		r = without_upper(look, &layers, upper_is_there, e);
		if (r < 0)
			return r;
		/* One directory is no overlay. */
		if (layers.lowers.count == 1) {
			ret->device = layers.lowers.items[0];
			return 0;
		}
	}
	ret->kind = SOURCE_MOUNT;
	ret->fstype = "overlay";
	ret->lowers = source_end_words(&layers.lowers, look->arena);
	if (!ret->lowers)
		return source_no_memory(e);
	layers.lowers.count--;
	ret->upper = layers.upper;
	ret->work = layers.work;
	if (strlen(ret->device) > OPTION_MAX)
		ret->device = "overlay";
	return make_options(look, &layers, e);
}
