/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Detection of the cgroup layout. The file is cgroup_layout.c's own reader of /proc/PID/cgroup;
 * mounts that are not where they are expected are looked up in cgroup_mounts.c.
 */

#include "host/cgroup_layout.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/str.h"
#include "host/cgroup_mounts.h"
#include "host/cgroup_unit.h"
#include "sys/file.h"

#define CGROUP_TOP     "/sys/fs/cgroup"
#define DELEGATE_FILES "cgroup.procs cgroup.threads cgroup.subtree_control memory.oom.group"

enum { PROC_SIZE_MAX = 1 << 20 };

struct detection {
	const struct cgroup_query *query;
	struct arena *arena;
	struct cgroup_hosting result;
	struct cgroup_mounts mounts; /* read when needed */
	bool has_v1_line, has_v2_line;
	bool seen_writable; /* what is_on() looked at last is writable without a further look */
};

/* A line of /proc/PID/cgroup, with texts of the arena. */
struct line {
	char *controllers; /* "" = the unified hierarchy */
	char *base;
};

static const char *at_root(const struct detection *d, const char *path)
{
	return d->query->root_fd < 0 ? path : path + 1;
}

static int root_of(const struct detection *d)
{
	return d->query->root_fd < 0 ? AT_FDCWD : d->query->root_fd;
}

/* The place of our process: without slashes at its ends, and without systemd's own scope. */
static char *trim_base(char *path, bool is_relative)
{
	static const char scope[] = "init.scope";
	size_t length;

	path += strspn(path, "/");
	length = strlen(path);
	while (length > 0 && path[length - 1] == '/')
		path[--length] = '\0';
	if (is_relative || !text_ends(path, scope))
		return path;
	length -= sizeof(scope) - 1;
	if (length == 0 || path[length - 1] == '/')
		path[length > 0 ? length - 1 : 0] = '\0';
	return path;
}

/* Whether a directory is on a file system of this kind; with a root of tests nothing is. */
static bool is_on(struct detection *d, const char *path, unsigned long magic)
{
	struct statfs status;

	d->seen_writable = false;
	if (d->query->root_fd >= 0 || statfs(path, &status) < 0 ||
	    (unsigned long)status.f_type != magic)
		return false;
	/* The host's root needs no permission; only a read-only mount stops it. */
	d->seen_writable = d->query->may_write_all && !(status.f_flags & ST_RDONLY);
	return true;
}

static bool is_writable(const struct detection *d, const char *path)
{
	return d->seen_writable || faccessat(root_of(d), at_root(d, path), W_OK, AT_EACCESS) == 0;
}

/* "MOUNT/BASE" in buf; false when it doesn't fit. */
static bool join(char buf[PATH_MAX], const char *mount, const char *base, const char *file)
{
	int n = snprintf(buf, PATH_MAX, "%s%s%s%s%s", mount, *base ? "/" : "", base,
			 *file ? "/" : "", file);

	return n > 0 && n < PATH_MAX;
}

/*
 * Where a hierarchy is mounted and what our base is there: at `expected`, or wherever it is. NULL
 * without ENOMEM: nowhere, or the base isn't visible there.
 */
static const char *find_mount(struct detection *d, const char *expected, const char *controllers,
			      unsigned long magic, char **base)
{
	char path[PATH_MAX];
	const struct cgroup_mount *mount;
	const char *below;
	struct stat status;

	if (join(path, expected, *base, "") && is_on(d, path, magic))
		return expected;
	if (cgroup_mounts_read(&d->mounts, root_of(d), at_root(d, "/proc/self/mountinfo"),
			       d->arena) < 0)
		return NULL;
	mount = cgroup_mounts_find(&d->mounts, controllers);
	if (!mount)
		return NULL;
	if (!*controllers)
		d->result.has_cgroup2 = true;
	below = cgroup_mount_below(mount, *base);
	if (!below || !join(path, mount->point, below, "") ||
	    fstatat(root_of(d), at_root(d, path), &status, 0) < 0 || !S_ISDIR(status.st_mode))
		return NULL;
	*base += strlen(*base) - strlen(below);
	return mount->point;
}

static const char *last_component(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* "name=systemd" is mounted by "none,name=systemd". */
static const char *mount_options(struct detection *d, const char *controllers)
{
	return text_starts(controllers, "name=") && !strchr(controllers, ',')
		       ? arena_printf(d->arena, "none,%s", controllers)
		       : controllers;
}

/* Every word of `list` is one of `words`. */
static bool has_all(const char *words, const char *list)
{
	while (*list) {
		size_t n = strcspn(list, ",");

		if (!text_list_has(words, list, n))
			return false;
		list += n;
		list += *list == ',';
	}
	return true;
}

static int add(struct detection *d, const struct cgroup_hierarchy *h)
{
	struct cgroup_hierarchy *added;

	if (!h->mount || !h->base || !h->controllers || !h->name)
		return -ENOMEM;
	added = vec_push_in(&d->result.hierarchies, d->arena);
	if (!added)
		return -ENOMEM;
	*added = *h;
	return 0;
}

static int add_v1(struct detection *d, const struct line *line)
{
	const char *name = text_after(line->controllers, "name=");
	struct cgroup_hierarchy h = {.version = 1, .controllers = line->controllers};
	char path[PATH_MAX];
	char *base = line->base;
	const char *expected;

	d->has_v1_line = true;
	if (d->query->use && *d->query->use && !has_all(d->query->use, line->controllers))
		return 0;
	expected = arena_printf(d->arena, CGROUP_TOP "/%s", name ? name : line->controllers);
	if (!expected)
		return -ENOMEM;
	h.mount = find_mount(d, expected, line->controllers, CGROUP_SUPER_MAGIC, &base);
	if (!h.mount || !join(path, h.mount, base, "") || !is_writable(d, path))
		return 0;
	h.base = base;
	h.name = last_component(h.mount);
	h.mount_options = mount_options(d, line->controllers);
	h.is_cpuset = has_all(line->controllers, "cpuset");
	return h.mount_options ? add(d, &h) : -ENOMEM;
}

/* A small file of /sys as one line of words with `separator` between them; NULL when unreadable. */
static const char *read_words(struct detection *d, const char *path, char separator)
{
	autofree char *text = NULL;
	size_t length, used = 0;

	if (file_read_all(root_of(d), at_root(d, path), PROC_SIZE_MAX, &text, &length) < 0)
		return NULL;
	for (size_t i = 0; i < length; i++) {
		bool is_blank = text[i] == ' ' || text[i] == '\n';

		if (!is_blank)
			text[used++] = text[i];
		else if (used > 0 && text[used - 1] != separator)
			text[used++] = separator;
	}
	if (used > 0 && text[used - 1] == separator)
		used--;
	return arena_strndup(d->arena, text, used);
}

/* All files that the kernel lets be delegated are writable, or aren't there. */
static bool is_delegated(struct detection *d, const struct cgroup_hierarchy *h)
{
	for (const char *at = h->delegate; *at;) {
		size_t length = strcspn(at, " ");
		char file[NAME_MAX + 1], path[PATH_MAX];

		if (length < sizeof(file)) {
			memcpy(file, at, length);
			file[length] = '\0';
			if (!join(path, h->mount, h->base, file) ||
			    (!is_writable(d, path) && errno != ENOENT))
				return false;
		}
		at += length;
		at += *at == ' ';
	}
	return true;
}

static const char *find_unified(struct detection *d, char **base)
{
	if (is_on(d, CGROUP_TOP, CGROUP2_SUPER_MAGIC)) {
		d->result.has_cgroup2 = true;
		return find_mount(d, CGROUP_TOP, "", CGROUP2_SUPER_MAGIC, base);
	}
	d->result.has_cgroup2 = is_on(d, CGROUP_TOP "/unified", CGROUP2_SUPER_MAGIC);
	/* Without a line of its own a hierarchy that isn't at its place is hardly anywhere. */
	return find_mount(d, CGROUP_TOP "/unified", "", CGROUP2_SUPER_MAGIC, base);
}

/* Without a directory above it: then it lacks what every other one has. */
static bool is_root(struct detection *d, const struct cgroup_hierarchy *h)
{
	char path[PATH_MAX];

	return !*h->base && join(path, h->mount, "", "cgroup.events") &&
	       faccessat(root_of(d), at_root(d, path), F_OK, 0) < 0 && errno == ENOENT;
}

/* Whether this process, which need not be the one whose lines we read, is in the root. */
static bool is_in_root(struct detection *d)
{
	autofree char *text = NULL;
	const char *at;

	if (file_read_all(root_of(d), at_root(d, "/proc/self/cgroup"), PROC_SIZE_MAX, &text, NULL) <
	    0)
		return false;
	at = text_starts(text, "0::") ? text : strstr(text, "\n0::");
	if (!at)
		return false;
	at += at == text ? 3 : 4;
	return at[0] == '/' && (at[1] == '\n' || at[1] == '\0');
}

/* What is delegated to a user is a unit, wherever in it the process is by now: an earlier start may
 * have made room in it (OP_CGROUP_CLEAR), and a supervisor is in a directory of its own. */
static void go_up_to_unit(const struct detection *d, char *base)
{
	size_t length = cgroup_unit_length(base);

	if (!d->query->is_root && !d->query->is_relative && length > 0)
		base[length] = '\0';
}

static uint64_t identity_of(const struct detection *d, const char *path)
{
	struct stat status;

	if (d->query->is_root || fstatat(root_of(d), at_root(d, path), &status, 0) < 0)
		return 0;
	return status.st_ino;
}

static int add_v2(struct detection *d, const struct line *line)
{
	struct cgroup_hierarchy h = {.version = 2, .name = "unified", .mount_options = ""};
	char path[PATH_MAX];
	char *base = line->base;

	d->has_v2_line = true;
	go_up_to_unit(d, base);
	h.mount = find_unified(d, &base);
	if (!h.mount || !join(path, h.mount, base, "") || !is_writable(d, path))
		return 0;
	h.base = base;
	h.identity = identity_of(d, path);
	if (d->query->wants_delegate || !d->query->may_write_all) {
		h.delegate = read_words(d, "/sys/kernel/cgroup/delegate", ' ');
		if (!h.delegate)
			h.delegate = DELEGATE_FILES;
		if (!d->query->may_write_all && !is_delegated(d, &h))
			return 0;
	}
	if (!join(path, h.mount, base, "cgroup.controllers"))
		return 0;
	h.controllers = read_words(d, path, ',');
	if (!h.controllers)
		h.controllers = "";
	h.is_root = is_root(d, &h);
	h.is_inside = h.is_root && is_in_root(d);
	return add(d, &h);
}

/* "4:memory:/user.slice": cut in place. */
static bool read_line(struct detection *d, char *text, struct line *ret)
{
	char *controllers = strchr(text, ':');
	char *base = controllers ? strchr(controllers + 1, ':') : NULL;

	if (!base)
		return false;
	*base++ = '\0';
	ret->controllers = controllers + 1;
	ret->base = trim_base(base, d->query->is_relative);
	/* Outside of our cgroup namespace: nothing that we could use. */
	return strcmp(ret->base, "..") != 0 && !text_starts(ret->base, "../");
}

static void find_missing(struct detection *d)
{
	const char *at = d->query->use ? d->query->use : "";

	at += strspn(at, ", ");
	while (*at && !d->result.missing) {
		size_t length = strcspn(at, ", ");
		const char *word = arena_strndup(d->arena, at, length);
		bool found = !word;

		for (size_t i = 0; i < d->result.hierarchies.count && !found; i++)
			found = has_all(d->result.hierarchies.items[i].controllers, word);
		if (!found)
			d->result.missing = word;
		at += length;
		at += strspn(at, ", ");
	}
}

/* From what is usable; when nothing is, from what the kernel lists. */
static enum host_cgroup_layout find_layout(const struct detection *d)
{
	bool v1 = false, v2 = false;

	for (size_t i = 0; i < d->result.hierarchies.count; i++) {
		v1 = v1 || d->result.hierarchies.items[i].version == 1;
		v2 = v2 || d->result.hierarchies.items[i].version == 2;
	}
	if (!v1 && !v2) {
		v1 = d->has_v1_line;
		v2 = d->has_v2_line && d->result.has_cgroup2;
	}
	if (v1)
		return v2 ? HOST_CGROUP_HYBRID : HOST_CGROUP_LEGACY;
	return v2 ? HOST_CGROUP_UNIFIED : HOST_CGROUP_NONE;
}

int cgroup_layout_detect(const struct cgroup_query *query, struct arena *arena,
			 struct cgroup_hosting *ret)
{
	struct detection d = {.query = query, .arena = arena};
	const char *path = query->is_root && !query->is_relative ? "/proc/1/cgroup"
								 : "/proc/self/cgroup";
	autofree char *text = NULL;
	char *lines;
	int r = file_read_all(root_of(&d), at_root(&d, path), PROC_SIZE_MAX, &text, NULL);

	d.result.layout = HOST_CGROUP_NONE;
	if (r == -ENOENT) {
		*ret = d.result;
		return 0;
	}
	if (r < 0)
		return r;
	lines = arena_strdup(arena, text);
	if (!lines)
		return -ENOMEM;
	for (char *end; *lines && r == 0; lines = end) {
		struct line line;

		end = lines + strcspn(lines, "\n");
		if (*end)
			*end++ = '\0';
		if (read_line(&d, lines, &line))
			r = *line.controllers ? add_v1(&d, &line) : add_v2(&d, &line);
	}
	if (r < 0)
		return r;
	d.result.layout = find_layout(&d);
	find_missing(&d);
	*ret = d.result;
	return 0;
}
