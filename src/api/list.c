/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lists of containers as arrays of names and objects (spec/api.md §6).
 */

#include <lxc/lxccontainer.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "container/container.h"

typedef int (*list_fn)(const char *lxcpath, struct container_names *ret, struct err *e);

static void put_all(struct lxc_container **objects, size_t count)
{
	for (size_t i = 0; i < count; i++)
		lxc_container_put(objects[i]);
	free(objects);
}

/*
 * Objects for the names. Of the defined ones, those that can't be loaded are left out (their names
 * too); of the others, that is a failure: NULL.
 */
static struct lxc_container **make_objects(const char *lxcpath, struct container_names *names,
					   bool lenient)
{
	struct lxc_container **objects = calloc(names->count + 1, sizeof(void *));
	size_t i = 0;

	while (objects && i < names->count) {
		objects[i] = lxc_container_new(names->items[i], lxcpath);
		if (objects[i]) {
			i++;
		} else if (lenient) {
			free(names->items[i]);
			vec_remove(names, i);
		} else {
			put_all(objects, i);
			return NULL;
		}
	}
	return objects;
}

/* Hand the arrays to the caller; what is not wanted is freed. The count, or -1. */
static int hand_out(const char *lxcpath, struct container_names *list, bool lenient, char ***names,
		    struct lxc_container ***cret)
{
	struct lxc_container **objects = NULL;
	int count;

	if (names)
		*names = NULL;
	if (cret)
		*cret = NULL;
	if (cret && list->count > 0) {
		objects = make_objects(lxcpath, list, lenient);
		if (!objects) {
			container_names_finish(list);
			return -1;
		}
	}
	count = list->count > INT_MAX ? INT_MAX : (int)list->count;
	if (cret && count > 0)
		*cret = objects;
	else
		free(objects);
	if (names && count > 0)
		*names = list->items;
	else
		container_names_finish(list);
	return count;
}

static int list(list_fn read, const char *lxcpath, bool lenient, char ***names,
		struct lxc_container ***cret)
{
	struct container_names found = {0};

	if (read(lxcpath, &found, NULL) < 0)
		return -1;
	return hand_out(lxcpath, &found, lenient, names, cret);
}

/* An lxcpath that is not there has no containers for the commands; bindings are told. */
static bool is_there(const char *lxcpath)
{
	const char *path = lxcpath ? lxcpath : container_system_item("lxc.lxcpath");
	struct stat status;

	return path && stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

int list_defined_containers(const char *lxcpath, char ***names, struct lxc_container ***cret)
{
	if (!is_there(lxcpath))
		return -1;
	return list(container_list_defined, lxcpath, true, names, cret);
}

int list_active_containers(const char *lxcpath, char ***names, struct lxc_container ***cret)
{
	return list(container_list_active, lxcpath, false, names, cret);
}

int list_all_containers(const char *lxcpath, char ***names, struct lxc_container ***cret)
{
	if (!is_there(lxcpath))
		return -1;
	return list(container_list_all, lxcpath, true, names, cret);
}
