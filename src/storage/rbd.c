/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Images of Ceph, /dev/rbd/POOL/IMAGE, by the program rbd(8). An image can't be made with a mark:
 * it is made under a name that is the mark, marked in its metadata, and renamed.
 */

#include "storage/driver.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "child/command.h"
#include "storage/filesystem.h"
#include "storage/place.h"

static const char package[] = "ceph-common";

enum {
	WORDS_MAX = 16,
	NO_SUCH_IMAGE = 2,
	MEGABYTE = 1 << 20,
	TEXT_SIZE = 64,
	UNMAP_ATTEMPTS = 10,
	UNMAP_PAUSE = 200000, /* microseconds */
};

/* "POOL" and "IMAGE", and both with a slash. */
struct parts {
	char *pool, *image; /* heap */
	const char *both;   /* in the path that was split */
};

static void finish_parts(struct parts *parts)
{
	free(parts->pool);
	free(parts->image);
}
#define autoparts __attribute__((cleanup(finish_parts))) struct parts

static int split(const char *path, struct parts *ret, struct err *e)
{
	const char *both = text_after(path, "/dev/rbd/");
	const char *slash = both ? strchr(both, '/') : NULL;

	if (!slash || slash == both || !slash[1] || strchr(slash + 1, '/') || both[0] == '-')
		return err_set(e, ERR_STORAGE, EINVAL,
			       "\"%s\" is no image of Ceph: they have paths like "
			       "/dev/rbd/POOL/IMAGE",
			       path);
	ret->both = both;
	ret->pool = strndup(both, (size_t)(slash - both));
	ret->image = strdup(slash + 1);
	return ret->pool && ret->image ? 0 : place_no_memory(e);
}

static int name(const struct storage_wish *wish, const struct storage_volume *source, bool snapshot,
		struct str *ret, struct err *e)
{
	autoparts parts = {};
	autostr image = {};
	const char *pool = wish->rbd_pool;
	int r;

	if (snapshot)
		return place_refuse_snapshot(
			source->type, "rbd snapshot from @ backing store is not supported", e);
	r = source ? split(source->path, &parts, e) : 0;
	if (r < 0)
		return r;
	if (source)
		pool = parts.pool;
	if (wish->rbd_image)
		str_add(&image, wish->rbd_image);
	else
		place_volume_name(wish, &image);
	if (!pool || !pool[0] || strpbrk(pool, "/@ ") || pool[0] == '-' || image.len == 0 ||
	    strpbrk(str_text(&image), "/@") || str_text(&image)[0] == '-') {
		r = err_set(e, ERR_USAGE, EINVAL, "\"%s/%s\" can't be the name of a Ceph image",
			    pool ? pool : "", str_text(&image));
		err_hint(e, "neither pool nor image may have a / or @, or begin with -");
		return r;
	}
	str_addf(ret, "/dev/rbd/%s/%s", pool, str_text(&image));
	return 0;
}

/* `words` end in NULL; "--id USER" comes behind the first one when there is a user. */
static int run(const char *const *words, const char *user, int lock_fd,
	       struct command_words *ret_words, struct err *e)
{
	const char *argv[WORDS_MAX] = {"rbd", words[0]};
	const struct command command = {
		.argv = argv,
		.package = package,
		.lock_fd = lock_fd,
		.finishes = true,
	};
	size_t count = 2;

	if (user && user[0]) {
		argv[count++] = "--id";
		argv[count++] = user;
	}
	for (words++; *words; words++)
		argv[count++] = *words;
	return command_run(&command, ret_words, e);
}

static bool works(const struct storage_wish *wish)
{
	const char *const words[] = {"ls", wish->rbd_pool, NULL};

	return wish->rbd_pool && wish->rbd_pool[0] && wish->rbd_pool[0] != '-' &&
	       command_is_there("rbd") && run(words, wish->rbd_user, 0, NULL, NULL) == 0;
}

/* 1, 0 or negative with e. */
static int is_there(const char *image, const char *user, struct err *e)
{
	const char *const words[] = {"info", image, NULL};
	int r = run(words, user, 0, NULL, e);

	if (r == NO_SUCH_IMAGE) {
		if (e)
			err_clear(e);
		return 0;
	}
	return r == 0 ? 1 : err_wrap(e, r < 0 ? r : -EIO, "cannot look at the image \"%s\"", image);
}

static int exists(const struct storage_volume *volume, struct err *e)
{
	autoparts parts = {};
	int r = split(volume->path, &parts, e);

	return r < 0 ? r : is_there(parts.both, volume->user, e);
}

static int explain(int r, const char *what, const char *image, struct err *e)
{
	return r == 0 ? 0
		      : err_wrap(e, r < 0 ? r : -EIO, "cannot %s the image \"%s\"", what, image);
}

static void print_marked(const char *pool, const char *mark, char *ret, size_t room)
{
	snprintf(ret, room, "%s/tare-%s", pool, mark);
}

static int make_image(const struct parts *parts, const struct storage_wish *wish, uint64_t bytes,
		      struct err *e)
{
	char megabytes[TEXT_SIZE], marked[512];
	const char *image = parts->image;
	int r;

	snprintf(megabytes, sizeof(megabytes), "%llu",
		 (unsigned long long)((bytes + MEGABYTE - 1) / MEGABYTE));
	if (wish->mark) {
		print_marked(parts->pool, wish->mark, marked, sizeof(marked));
		image = strchr(marked, '/') + 1;
	}
	{
		const char *const words[] = {"create", "--pool",  parts->pool, image,
					     "--size", megabytes, NULL};

		r = run(words, wish->rbd_user, wish->lock_fd, NULL, e);
	}
	if (r == 0 && wish->mark) {
		const char *const words[] = {"image-meta", "set",      marked,
					     "tare-mark",  wish->mark, NULL};

		r = run(words, wish->rbd_user, wish->lock_fd, NULL, e);
	}
	if (r == 0 && wish->mark) {
		const char *const words[] = {"rename", marked, parts->both, NULL};

		r = run(words, wish->rbd_user, wish->lock_fd, NULL, e);
	}
	return explain(r, "create", parts->both, e);
}

static int create(const struct storage_volume *volume, const struct storage_wish *wish,
		  uint64_t size, const char *fstype, struct err *e)
{
	autoparts parts = {};
	int r = split(volume->path, &parts, e);

	if (r == 0)
		r = make_image(&parts, wish, size, e);
	if (r == 0) {
		const char *const words[] = {"map", "--pool", parts.pool, parts.image, NULL};

		r = explain(run(words, wish->rbd_user, wish->lock_fd, NULL, e), "map", parts.both,
			    e);
	}
	return r == 0 ? filesystem_make(volume, wish, volume->path, fstype, e) : r;
}

static int commit(const struct storage_volume *volume, const char *mark, struct err *e)
{
	autoparts parts = {};
	int r = split(volume->path, &parts, e);
	const char *const words[] = {"image-meta", "remove", parts.both, "tare-mark", NULL};

	return r < 0 ? r
		     : explain(run(words, volume->user, 0, NULL, e), "take the mark from",
			       parts.both, e);
}

/* 1 = it bears the mark, 0, or negative. */
static int is_marked(const char *image, const char *user, const char *mark, struct err *e)
{
	const char *const words[] = {"image-meta", "get", image, "tare-mark", NULL};
	struct command_words said = {};
	int r = is_there(image, user, e);

	if (r > 0) {
		size_t len = strlen(mark);
		const char *text;

		r = run(words, user, 0, &said, NULL);
		text = str_text(&said.output);
		r = r == 0 && strncmp(text, mark, len) == 0 && (text[len] == '\n' || !text[len]);
	}
	command_words_finish(&said);
	return r;
}

/* udev looks at a device that was written to, behind its last user's back, and holds it then. */
static int unmap(const char *path, const char *user, struct err *e)
{
	const char *const words[] = {"unmap", path, NULL};
	struct stat status;
	int r = 0;

	for (int attempt = 0; attempt < UNMAP_ATTEMPTS && stat(path, &status) == 0; attempt++) {
		if (attempt > 0)
			usleep(UNMAP_PAUSE);
		r = run(words, user, 0, NULL, e);
		if (r != EBUSY)
			break;
	}
	/* It went meanwhile: a process that was killed had begun to unmap it. */
	if (r == EBUSY && stat(path, &status) < 0) {
		if (e)
			err_clear(e);
		r = 0;
	}
	return explain(r, "unmap", path, e);
}

static int remove_image(const char *image, const char *user, struct err *e)
{
	const char *const words[] = {"rm", image, NULL};

	return explain(run(words, user, 0, NULL, e), "remove", image, e);
}

static int destroy(const struct storage_volume *volume, const struct config_idmaps *maps,
		   const char *mark, struct err *e)
{
	autoparts parts = {};
	char marked[512];
	int r = split(volume->path, &parts, e);

	if (r < 0)
		return r;
	/* What was never installed has made nothing. */
	if (mark && !command_is_there("rbd"))
		return 0;
	if (mark) {
		print_marked(parts.pool, mark, marked, sizeof(marked));
		r = is_there(marked, volume->user, e);
		if (r > 0)
			return remove_image(marked, volume->user, e);
	}
	if (r == 0)
		r = mark ? is_marked(parts.both, volume->user, mark, e)
			 : is_there(parts.both, volume->user, e);
	if (r <= 0)
		return r;
	r = unmap(volume->path, volume->user, e);
	return r == 0 ? remove_image(parts.both, volume->user, e) : r;
}

static int rename_image(const struct storage_volume *volume, const struct storage_wish *wish,
			bool really, struct str *ret, struct err *e)
{
	autoparts parts = {.both = ""};
	autoparts renamed = {.both = ""};
	int r = name(wish, volume, false, ret, e);

	if (r == 0)
		r = split(volume->path, &parts, e);
	if (r == 0)
		r = split(str_text(ret), &renamed, e);
	if (r < 0 || !really || strcmp(parts.both, renamed.both) == 0)
		return r;
	r = is_there(parts.both, wish->rbd_user, e);
	if (r > 0)
		r = unmap(volume->path, volume->user, e);
	else if (r == 0 && is_there(renamed.both, wish->rbd_user, NULL) == 1)
		return 0;
	if (r == 0) {
		const char *const words[] = {"rename", parts.both, renamed.both, NULL};
		const char *const map_words[] = {"map", "--pool", renamed.pool, renamed.image,
						 NULL};

		r = explain(run(words, wish->rbd_user, 0, NULL, e), "rename", parts.both, e);
		if (r == 0)
			r = explain(run(map_words, wish->rbd_user, 0, NULL, e), "map", renamed.both,
				    e);
	}
	return r;
}

static int size(const struct storage_volume *volume, uint64_t *ret, struct err *e)
{
	autoclose int fd = open(volume->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, BLKGETSIZE64, ret) < 0) {
		int r = err_set(e, ERR_STORAGE, errno, "cannot tell the size of \"%s\"",
				volume->path);

		err_hint(e, "rbd map makes the device of an image");
		return r;
	}
	return 0;
}

const struct storage_driver storage_rbd = {
	.name = name,
	.works = works,
	.exists = exists,
	.create = create,
	.commit = commit,
	.destroy = destroy,
	.rename = rename_image,
	.size = size,
};
