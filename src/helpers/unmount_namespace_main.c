/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * unmount-namespace, for lxc.hook.stop: unmounts what is left in the container's mount namespace,
 * which others may still hold open, so that the storage below it can be removed. The namespace
 * comes as an argument mnt:PATH (hooks of version 0) or in LXC_MNT_NS (version 1). First of all its
 * mounts become private: nothing that is done there reaches the host. Exit status 1 when something
 * stays.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/names.h"
#include "base/str.h"
#include "base/vec.h"
#include "sys/file.h"
#include "sys/namespace.h"
#include "sys/procfs.h"

enum { MOUNTINFO_MAX = 16 << 20, FIELDS_BEFORE_PLACE = 4 };

struct places {
	VEC_OF(char *) /* into the text of mountinfo */
};

static int fail(const char *what, int error)
{
	char text[ERRNO_TEXT_MAX];

	fprintf(stderr, "unmount-namespace: %s: %s\n", what, errno_text(error, text));
	return 1;
}

static const char *namespace_path(int argc, char **argv)
{
	for (int i = argc - 1; i > 0; i--)
		if (strncmp(argv[i], "mnt:", 4) == 0)
			return argv[i] + 4;
	return getenv("LXC_MNT_NS");
}

/* Not our own: a hook that is called by hand must not take the host apart. 0 or -errno. */
static int enter(const char *path)
{
	autoclose int fd = namespace_open_path(path);
	int r;

	if (fd < 0)
		return fd;
	if (namespace_number(path) == namespace_number("/proc/self/ns/mnt"))
		return -EINVAL;
	r = namespace_enter_mounts(fd);
	if (r < 0)
		return r;
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? -errno : 0;
}

/* The places of mounts, in the order in which they are listed: what is below, first. */
static int find_places(char *text, struct places *ret)
{
	char *line;

	while ((line = strsep(&text, "\n")) && *line) {
		char *place = NULL;
		char **item;

		for (int i = 0; i <= FIELDS_BEFORE_PLACE; i++)
			place = strsep(&line, " ");
		if (!place)
			continue;
		text_unescape(place);
		item = vec_push(ret);
		if (!item)
			return -ENOMEM;
		*item = place;
	}
	return 0;
}

/* Returns how many stayed. Some are locked to what they lie on, and go with it. */
static size_t unmount_all(const struct places *places)
{
	size_t left = 0;

	for (size_t i = places->count; i-- > 0;) {
		const char *place = places->items[i];

		if (umount2(place, UMOUNT_NOFOLLOW) < 0 &&
		    umount2(place, UMOUNT_NOFOLLOW | MNT_DETACH) < 0 && errno != EINVAL &&
		    errno != ENOENT)
			left++;
	}
	return left;
}

int main(int argc, char **argv)
{
	const char *path = namespace_path(argc, argv);
	autoclose int process = procfs_open_pid(0);
	autofree char *text = NULL;
	struct places places = {};
	size_t left;
	int r;

	if (!path)
		return fail("runs as lxc.hook.stop, with mnt:PATH or LXC_MNT_NS", EINVAL);
	if (process < 0)
		return fail("/proc", -process);
	r = enter(path);
	if (r < 0)
		return fail(path, -r);
	r = file_read_all(process, "mountinfo", MOUNTINFO_MAX, &text, NULL);
	if (r < 0)
		return fail("the list of mounts", -r);
	r = find_places(text, &places);
	left = r < 0 ? 0 : unmount_all(&places);
	vec_finish(&places);
	if (r < 0)
		return fail("the list of mounts", -r);
	return left > 0 ? fail("some mounts stay", EBUSY) : 0;
}
