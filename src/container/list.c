/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Which containers there are, and which of them run (spec/api.md §6). Runs of ours are read from
 * their records; those of genuine LXC are found by their control sockets (list_sockets.c). A list
 * of names alone looks only at what has no configuration.
 */

#include "container/list.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "container/paths.h"
#include "container/runs.h"

void container_names_finish(struct container_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	vec_finish(names);
}

/* Any user may take an address, and the owner of a lxcpath make directories, with names that no
 * container can have. What drives terminals and forges lines is not handed on. */
static bool has_control(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] < ' ' || name[i] == '\x7f')
			return true;
	return false;
}

int names_add(struct container_names *names, const char *name, size_t len)
{
	char *copy, **place;

	if (has_control(name, len))
		return 0;
	copy = strndup(name, len);
	place = copy ? vec_push(names) : NULL;
	if (!place) {
		free(copy);
		return -ENOMEM;
	}
	*place = copy;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_unique(struct container_names *names)
{
	size_t kept = 0;

	if (names->count == 0)
		return;
	qsort(names->items, names->count, sizeof(*names->items), by_name);
	for (size_t i = 0; i < names->count; i++) {
		if (kept > 0 && strcmp(names->items[kept - 1], names->items[i]) == 0)
			free(names->items[i]);
		else
			names->items[kept++] = names->items[i];
	}
	names->count = kept;
}

/* Without slashes at its end; heap. */
static char *make_lxcpath(const char *lxcpath)
{
	if (!lxcpath)
		lxcpath = container_system_item("lxc.lxcpath");
	return lxcpath ? strndup(lxcpath, path_length(lxcpath)) : strdup("");
}

static int finish_list(struct container_names *names, int r, struct container_names *ret,
		       struct err *e)
{
	if (r < 0) {
		container_names_finish(names);
		return err_is_set(e) ? r : err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	}
	sort_unique(names);
	*ret = *names;
	return 0;
}

static bool has_config(int dirfd, const char *name)
{
	autostr path = {};
	struct stat status;

	str_addf(&path, "%s/config", name);
	return !str_failed(&path) && fstatat(dirfd, str_text(&path), &status, 0) == 0;
}

int container_list_defined(const char *lxcpath, struct container_names *ret, struct err *e)
{
	autofree char *path = make_lxcpath(lxcpath);
	struct container_names names = {};
	struct dirent *entry;
	DIR *directory;
	int r = 0;

	if (!path)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	directory = opendir(path);
	if (!directory && errno != ENOENT)
		return err_set(e, ERR_FILE_OPEN, errno, "cannot list the containers in \"%s\"",
			       path);
	while (directory && r == 0 && (entry = readdir(directory)))
		if (entry->d_name[0] != '.' && has_config(dirfd(directory), entry->d_name))
			r = names_add(&names, entry->d_name, strlen(entry->d_name));
	if (directory)
		closedir(directory);
	return finish_list(&names, r, ret, e);
}

static bool has_name(const struct container_names *names, const char *name)
{
	return names && names->count > 0 &&
	       bsearch(&name, names->items, names->count, sizeof(*names->items), by_name);
}

/* Runs of ours below an lxcpath. */
struct walk {
	const char *lxcpath;
	const struct container_names *known; /* sorted, not looked at; or NULL */
	struct container_names names;        /* of runs that live */
	container_run_fn function;           /* or NULL: the names are enough */
	void *payload;
};

/* One that can't be read, or says no state, is left to those who look at sockets: it can be asked.
 */
static int add_run(struct walk *walk, struct runs_place *place, const char *name, struct err *e)
{
	struct container_run run;
	struct run_view view;
	int r = 0;

	if (runs_view_at(place, name, &view, NULL) != 0)
		return 0;
	if (runs_view_state(&view) != STATE_COUNT) {
		if (walk->function) {
			look_at_view(&view, &run);
			r = walk->function(walk->payload, name, &run, e);
		}
		if (r >= 0)
			r = names_add(&walk->names, name, strlen(name));
	}
	runs_view_close(&view);
	return r;
}

static int add_recorded(struct walk *walk, struct err *e)
{
	struct runs_place place;
	struct dirent *entry;
	bool has_ended = false;
	DIR *directory;
	int r = runs_open(walk->lxcpath, &place, e);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	directory = fdopendir(place.dirfd);
	if (!directory) {
		close(place.dirfd);
		return err_set(e, ERR_SYSTEM, errno, "cannot list the run records");
	}
	while (r >= 0 && (entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			has_ended = has_ended || strcmp(entry->d_name, RECORD_ENDED) == 0;
		else if (!has_name(walk->known, entry->d_name))
			r = add_run(walk, &place, entry->d_name, e);
	}
	closedir(directory);
	/* A run that died while it ended is nobody's name; listing it is no reason to fail. */
	if (has_ended)
		runs_tidy(walk->lxcpath, NULL);
	return r;
}

/* Those that run and are not known. */
static int list_running(const char *lxcpath, const struct container_names *known,
			struct container_names *ret, struct err *e)
{
	autofree char *path = make_lxcpath(lxcpath);
	struct walk walk = {.lxcpath = path, .known = known};
	struct err local = {};
	int r;

	if (!e)
		e = &local;
	if (!path)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	r = add_recorded(&walk, e);
	if (r >= 0)
		r = list_sockets(path, known, &walk.names, &walk.names, e);
	return finish_list(&walk.names, r, ret, e);
}

int container_list_active(const char *lxcpath, struct container_names *ret, struct err *e)
{
	return list_running(lxcpath, NULL, ret, e);
}

/* Names change their owner. */
static int take_names(struct container_names *from, struct container_names *to)
{
	while (from->count > 0) {
		char **slot = vec_push(to);

		if (!slot)
			return -ENOMEM;
		*slot = from->items[--from->count];
	}
	return 0;
}

int container_list_all(const char *lxcpath, struct container_names *ret, struct err *e)
{
	struct container_names names = {}, others = {};
	struct err local = {};
	int r;

	if (!e)
		e = &local;
	r = container_list_defined(lxcpath, &names, e);
	if (r >= 0)
		r = list_running(lxcpath, &names, &others, e);
	if (r >= 0)
		r = take_names(&others, &names);
	container_names_finish(&others);
	return finish_list(&names, r, ret, e);
}

/* Those that have no record: containers of genuine LXC. */
static int walk_sockets(struct walk *walk, struct err *e)
{
	struct container_names names = {};
	int r = list_sockets(walk->lxcpath, NULL, &walk->names, &names, e);

	sort_unique(&names);
	sort_unique(&walk->names);
	for (size_t i = 0; i < names.count && r >= 0; i++) {
		struct container *c = NULL;
		struct container_run run;

		if (has_name(&walk->names, names.items[i]))
			continue;
		r = container_open_bare(names.items[i], walk->lxcpath, &c, e);
		if (r < 0 || !c)
			break;
		/* Who does not answer is told as such, by a state that is none. */
		r = container_look(c, &run, NULL);
		if (r < 0)
			run = (struct container_run){.state = STATE_COUNT};
		r = r == 1 ? 0 : walk->function(walk->payload, c->name, &run, e);
		container_free(c);
	}
	container_names_finish(&names);
	return r;
}

int container_each_run(const char *lxcpath, container_run_fn function, void *payload, struct err *e)
{
	autofree char *path = make_lxcpath(lxcpath);
	struct walk walk = {.lxcpath = path, .function = function, .payload = payload};
	struct err local = {};
	int r;

	if (!e)
		e = &local;
	if (!path)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	r = add_recorded(&walk, e);
	if (r >= 0)
		r = walk_sockets(&walk, e);
	container_names_finish(&walk.names);
	if (r < 0 && !err_is_set(e))
		err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	return r < 0 ? r : 0;
}
