/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /proc/self/mountinfo, as far as cgroups are concerned.
 */

#include "host/cgroup_mounts.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/macros.h"
#include "base/str.h"
#include "sys/file.h"

enum {
	MOUNTINFO_SIZE_MAX = 64 << 20,
	FIELD_ROOT = 3,
	FIELD_POINT = 4,
	FIELDS_BEFORE_DASH = 6, /* optional ones follow */
};

/* The next field, terminated in place; NULL at the end of the line. */
static char *next_field(char **at)
{
	char *field = *at;

	if (*field == '\0')
		return NULL;
	*at += strcspn(*at, " ");
	if (**at)
		*(*at)++ = '\0';
	return field;
}

static int add_line(struct cgroup_mounts *mounts, char *line, struct arena *arena)
{
	struct cgroup_mount mount = {}, *added;
	const char *type, *options;
	char *field;

	for (unsigned i = 0; (field = next_field(&line)); i++) {
		if (i == FIELD_ROOT)
			mount.root = field;
		else if (i == FIELD_POINT)
			mount.point = field;
		else if (i >= FIELDS_BEFORE_DASH && strcmp(field, "-") == 0)
			break;
	}
	type = next_field(&line);
	if (!type || !mount.point || !text_starts(type, "cgroup"))
		return 0;
	(void)next_field(&line);
	options = next_field(&line);
	if (strcmp(type, "cgroup2") != 0)
		mount.options = arena_strdup(arena, options ? options : "");
	field = arena_strdup(arena, mount.root);
	mount.root = field;
	if (field)
		text_unescape(field);
	field = arena_strdup(arena, mount.point);
	mount.point = field;
	if (field)
		text_unescape(field);
	if (!mount.root || !mount.point || (strcmp(type, "cgroup2") != 0 && !mount.options))
		return -ENOMEM;
	added = vec_push_in(mounts, arena);
	if (!added)
		return -ENOMEM;
	*added = mount;
	return 0;
}

int cgroup_mounts_read(struct cgroup_mounts *mounts, int dirfd, const char *path,
		       struct arena *arena)
{
	autofree char *text = NULL;
	int r = 0;

	if (mounts->is_read)
		return 0;
	r = file_read_all(dirfd, path, MOUNTINFO_SIZE_MAX, &text, NULL);
	for (char *line = text, *end; r == 0 && *line; line = end) {
		end = line + strcspn(line, "\n");
		if (*end)
			*end++ = '\0';
		r = add_line(mounts, line, arena);
	}
	mounts->is_read = r == 0;
	return r;
}

static bool has_controllers(const struct cgroup_mount *mount, const char *controllers)
{
	if (!*controllers || !mount->options)
		return !*controllers && !mount->options;
	while (*controllers) {
		size_t n = strcspn(controllers, ",");

		if (!text_list_has(mount->options, controllers, n))
			return false;
		controllers += n;
		controllers += *controllers == ',';
	}
	return true;
}

const struct cgroup_mount *cgroup_mounts_find(const struct cgroup_mounts *mounts,
					      const char *controllers)
{
	const struct cgroup_mount *found = NULL;

	for (size_t i = 0; i < mounts->count; i++) {
		const struct cgroup_mount *mount = &mounts->items[i];

		if (!has_controllers(mount, controllers))
			continue;
		if (strcmp(mount->root, "/") == 0)
			return mount;
		if (!found)
			found = mount;
	}
	return found;
}

const char *cgroup_mount_below(const struct cgroup_mount *mount, const char *path)
{
	const char *root = mount->root + strspn(mount->root, "/");
	const char *rest = text_after(path, root);

	if (!*root)
		return path;
	if (!rest || (*rest && *rest != '/'))
		return NULL;
	return rest + strspn(rest, "/");
}
