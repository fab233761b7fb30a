/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Making the container's directory. umask(2) belongs to all threads of the caller and is left
 * alone: modes are set behind it.
 */

#include "container/directory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/directory.h"
#include "base/macros.h"
#include "base/str.h"
#include "container/container.h"
#include "child/userns.h"

/* Of container root: id 0, or the one that init runs as when 0 is not mapped. */
static int root_id(const struct config_idmaps *maps, char kind, uint32_t init_id, uint32_t *ret)
{
	struct host_id id;
	int r = config_host_id(maps, kind, (struct container_id){0}, &id);

	if (r < 0)
		r = config_host_id(maps, kind, (struct container_id){init_id}, &id);
	if (r == 0)
		*ret = id.value;
	return r;
}

/* Its group; as it is when that is not mapped. */
static gid_t root_gid(const struct config *config)
{
	gid_t gid = (gid_t)-1;

	(void)root_id(&config->values.idmaps, 'g', config->values.init.gid, &gid);
	return gid;
}

/* In the helper's namespace: root there, and the caller's group. */
static int give_inside(void *argument)
{
	const char *path = argument;

	return lchown(path, 0, (gid_t)-1) < 0 ? -errno : 0;
}

int directory_give_to_root(const struct config *config, const char *path, struct err *e)
{
	int r;
	uid_t uid;

	if (!config || config->values.idmaps.count == 0)
		return 0;
	if (geteuid() == 0) {
		r = root_id(&config->values.idmaps, 'u', config->values.init.uid, &uid);
		if (r == 0 && lchown(path, uid, root_gid(config)) < 0)
			r = -errno;
	} else {
		const struct userns_call call = {give_inside, (char *)path, -EBADF};
		int status;

		r = userns_run(&config->values.idmaps, &call, &status, e);
		if (r < 0)
			return err_wrap(e, r, "cannot give \"%s\" to container root", path);
		if (r == USERNS_CALL_FAILED)
			r = -status;
		else if (status != 0)
			r = -ECHILD;
	}
	if (r < 0)
		return err_set(e, ERR_PERMISSION, -r, "cannot give \"%s\" to container root", path);
	return 0;
}

int directory_make_own(const struct container *c, struct err *e)
{
	autofree char *path = container_path(c, "");
	bool made;
	int r;

	if (!path)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	r = directory_make_parents(path, 0755);
	if (r < 0)
		return err_set(e, ERR_FILE_WRITE, -r, "cannot create the directory \"%s\"",
			       c->lxcpath);
	made = mkdir(path, 0770) == 0;
	if (!made && errno != EEXIST) {
		r = err_set(e, ERR_FILE_WRITE, errno,
			    "cannot create the container's directory \"%s\"", path);
		err_hint(e, "containers are made in lxc.lxcpath or what -P names, which must be a "
			    "directory that you may write to");
		return r;
	}
	if (!made)
		return 0;
	if (chmod(path, 0770) < 0) {
		r = err_set(e, ERR_FILE_WRITE, errno, "cannot set the mode of \"%s\"", path);
		rmdir(path);
		return r;
	}
	r = directory_give_to_root(c->config, path, e);
	if (r < 0) {
		rmdir(path);
		return r;
	}
	return 1;
}

void directory_remove_unfinished(const char *path, const char *name)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		const char *rest = entry->d_name[0] == '.' ? text_after(entry->d_name + 1, name)
							   : NULL;

		if (rest && text_starts(rest, ".tare-"))
			unlinkat(dirfd(directory), entry->d_name, 0);
	}
	if (directory)
		closedir(directory);
}
