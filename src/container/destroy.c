/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Destroying a container (spec/storage.md §5): what stands in the way, destroy hooks, storage, the
 * directory. The configuration goes last: whatever interrupts us, what is left is a container that
 * can be destroyed again. Its control address is held meanwhile, so that it can't be started.
 *
 * Storage of the kind dir only; others are refused before anything is touched.
 */

#include "container/destroy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/macros.h"
#include "container/client.h"
#include "container/creation.h"
#include "container/depend.h"
#include "container/hooks.h"
#include "container/partial.h"
#include "container/paths.h"
#include "copy/remove.h"
#include "container/runs.h"
#include "child/userns.h"

#define LOG_CATEGORY "destroy"
#include "base/log.h"

/* What a removal needs, and says: shared with the helper process. */
struct job {
	char directory[PATH_MAX];
	char name[NAME_MAX + 1];
	const char *const *kept;
	int result;
	struct remove_problem problem;
};

static int do_job(void *argument)
{
	struct job *job = argument;
	autoclose int dirfd = open(job->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dirfd < 0)
		job->result = errno == ENOENT ? 0 : -errno;
	else
		job->result = remove_tree(dirfd, job->name, job->kept, &job->problem);
	return 0;
}

static int split_path(const char *path, struct job *job)
{
	const char *slash = strrchr(path, '/');

	if (!slash || !slash[1] || strlen(slash + 1) > NAME_MAX || strlen(path) >= PATH_MAX ||
	    strcmp(slash + 1, ".") == 0 || strcmp(slash + 1, "..") == 0)
		return -EINVAL;
	memcpy(job->name, slash + 1, strlen(slash + 1) + 1);
	memcpy(job->directory, path, (size_t)(slash - path));
	if (slash == path)
		job->directory[0] = '/';
	return 0;
}

static int explain_job(const struct job *job, const char *path, struct err *e)
{
	const char *below = job->problem.path;
	int r = err_set(e, ERR_STORAGE, -job->result, "cannot remove \"%s%s%s\"", path,
			below[0] ? "/" : "", below);

	if (job->result == -EXDEV || job->result == -EBUSY)
		err_hint(e, "something is mounted there: unmount it first");
	else if (job->result == -EPERM || job->result == -EACCES)
		err_hint(e, "files of container root need root, or the container's lxc.idmap");
	return r;
}

int destroy_tree_but(const struct config *config, const char *path, const char *const *kept,
		     struct err *e)
{
	const struct config_idmaps *maps = config ? &config->values.idmaps : NULL;
	struct job *job =
		mmap(NULL, sizeof(*job), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const struct userns_call call = {do_job, job, -EBADF};
	int status = 0;
	int r;

	if (job == MAP_FAILED)
		return err_set(e, ERR_NO_MEMORY, errno, "out of memory");
	job->kept = kept;
	r = split_path(path, job);
	if (r < 0) {
		r = err_set(e, ERR_STORAGE, -r, "\"%s\" can't be removed", path);
	} else if (maps && maps->count > 0 && geteuid() != 0) {
		r = userns_run(maps, &call, &status, e);
		if (r > 0 || (r == 0 && status != 0))
			r = err_set(e, ERR_STORAGE, 0, "the process that removes \"%s\" has died",
				    path);
	} else {
		do_job(job);
	}
	if (r == 0 && job->result < 0)
		r = explain_job(job, path, e);
	munmap(job, sizeof(*job));
	return r;
}

int destroy_tree(const struct config *config, const char *path, struct err *e)
{
	return destroy_tree_but(config, path, NULL, e);
}

/* Hold the run's address: 0 with a descriptor, DESTROY_RUNNING, or negative. */
static int hold_address(const struct container *c, int *ret, struct err *e)
{
	autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;
	socklen_t length = client_address(c->lxcpath, c->name, &address);

	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, length) == 0) {
		*ret = take_fd(fd);
		return 0;
	}
	if (fd >= 0 && errno == EADDRINUSE)
		return DESTROY_RUNNING;
	return err_set(e, ERR_SYSTEM, errno, "cannot reserve the address of container %s", c->name);
}

static int refuse_path(const struct container *c, const char *path, const char *why, struct err *e)
{
	int r = err_set(e, ERR_STORAGE, 0, "the root file system \"%s\" is not removed: %s", path,
			why);

	err_object(e, c->name);
	err_hint(e, "correct lxc.rootfs.path in \"%s\", or set lxc.rootfs.managed = 0",
		 c->config_file);
	return r;
}

/* Whether another container's root file system is there, below or above: 1, 0, or negative. What
 * can't be read may well be there. */
static int uses_path(const char *lxcpath, const char *name, const char *path, struct err *e)
{
	struct container *other = NULL;
	struct config config;
	autofree char *real = NULL;
	int r = container_open_bare(name, lxcpath, &other, e);

	if (r < 0)
		return r;
	r = config_init(&config, NULL);
	config.only_files = true;
	if (r == 0)
		r = config_load(&config, other->config_file, e);
	/* Listed, and gone meanwhile. */
	if (r < 0 && !container_is_defined(other))
		r = 0;
	if (config.values.rootfs.path) {
		real = realpath(config.values.rootfs.path, NULL);
		r = real && (path_is_below(real, path) || path_is_below(path, real));
		if (!real && errno != ENOENT && errno != ENOTDIR)
			r = err_set(e, ERR_STORAGE, errno, "cannot look at \"%s\"",
				    config.values.rootfs.path);
	}
	config_finish(&config);
	container_free(other);
	return r;
}

/* A path outside of the container's own directory may be somebody else's. */
static int check_other(const struct container *c, const char *name, const char *path, struct err *e)
{
	autofree char *real_lxcpath = realpath(c->lxcpath, NULL);
	autofree char *own = real_lxcpath ? path_join(real_lxcpath, name) : NULL;
	autostr why = {};
	int r = own && path_is_below(path, own) ? 1 : uses_path(c->lxcpath, name, path, e);

	if (r == 0)
		return 0;
	if (r < 0)
		return err_wrap(e, r, "it is not known whether container %s uses \"%s\"", name,
				path);
	str_addf(&why, "container %s uses it", name);
	return refuse_path(c, path, str_text(&why), e);
}

static int check_others(const struct container *c, const char *path, struct err *e)
{
	struct container_names names = {};
	int r = container_list_defined(c->lxcpath, &names, e);

	for (size_t i = 0; r >= 0 && i < names.count; i++)
		if (strcmp(names.items[i], c->name) != 0)
			r = check_other(c, names.items[i], path, e);
	container_names_finish(&names);
	return r < 0 ? r : 0;
}

/* 0: `*ret` is what to remove (heap), NULL = nothing; or negative. */
static int find_storage(const struct container *c, char **ret, struct err *e)
{
	const struct config_rootfs *rootfs = &c->config->values.rootfs;
	autofree char *own = container_path(c, "");
	autofree char *real_own = own ? realpath(own, NULL) : NULL;
	autofree char *path = NULL;
	struct stat status;

	*ret = NULL;
	if (!rootfs->path)
		return 0;
	if (rootfs->type != ROOTFS_DIR && rootfs->type != ROOTFS_DETECT) {
		int r = err_set(e, ERR_UNSUPPORTED, 0,
				"storage of this kind can't be destroyed by this version yet");

		err_object(e, rootfs->path);
		return r;
	}
	path = realpath(rootfs->path, NULL);
	if (!path && errno == ENOENT)
		return 0;
	if (!path || !real_own || stat(path, &status) < 0)
		return err_set(e, ERR_STORAGE, errno, "cannot look at \"%s\"", rootfs->path);
	if (!S_ISDIR(status.st_mode))
		return refuse_path(c, path, "it is no directory", e);
	if (path_is_of_system(path) || path_is_below(real_own, path))
		return refuse_path(c, path, "it is a directory of the system", e);
	if (!path_is_below(path, real_own)) {
		int r = check_others(c, path, e);

		if (r < 0)
			return r;
	}
	*ret = take_ptr(path);
	return 0;
}

static int remove_all(const struct container *c, const char *storage, struct err *e)
{
	static const char *const last[] = {"config", "partial", NULL};
	autofree char *path = container_path(c, "");
	int r = 0;

	if (!path)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	if (storage)
		r = destroy_tree(c->config, storage, e);
	if (r == 0)
		r = depend_leave(c, e);
	if (r == 0)
		r = destroy_tree_but(c->config, path, last, e);
	return r == 0 ? destroy_tree(c->config, path, e) : r;
}

/* What is asked before anything is touched: 0, an outcome, or negative. */
static int check_obstacles(const struct container *c, struct err *e)
{
	autostr names = {};
	int r = partial_look(c, e);

	if (r < 0)
		return r;
	if (r == PARTIAL_HELD)
		return partial_refuse(c, e);
	r = depend_has_snapshots(c, e);
	if (r != 0)
		return r < 0 ? r : DESTROY_HAS_SNAPSHOTS;
	r = depend_is_needed(c, &names, e);
	if (r > 0) {
		err_set(e, ERR_STORAGE, 0, "%s is needed by: %s", c->name, str_text(&names));
		return DESTROY_HAS_CLONES;
	}
	return r;
}

static int destroy_defined(struct container *c, struct err *e)
{
	autofree char *storage = NULL;
	autoclose int address_fd = -EBADF;
	autoclose int lock_fd = -EBADF;
	int r = 0;

	if (!c->config)
		r = container_load_config(c, NULL, e);
	if (r >= 0)
		r = hold_address(c, &address_fd, e);
	if (r == 0)
		r = check_obstacles(c, e);
	if (r == 0 && !c->config->values.rootfs_mount.managed)
		return 0;
	if (r == 0)
		r = find_storage(c, &storage, e);
	/* Hooks may run commands that lock the container: the lock is taken behind them. */
	if (r == 0)
		r = hooks_run(c, &(struct hook_call){.kind = HOOK_DESTROY, .type = "destroy"}, e);
	if (r != 0)
		return r;
	lock_fd = container_lock_disk(c, e);
	if (lock_fd < 0)
		return lock_fd;
	log_info("destroying container %s", c->name);
	r = remove_all(c, storage, e);
	if (r == 0)
		container_remove_lock(c);
	return r;
}

int container_destroy(struct container *c, struct err *e)
{
	int r = runs_repair_last(c->lxcpath, c->name, e);

	if (r < 0)
		return err_wrap(e, r, "an earlier run of container %s can't be undone", c->name);
	r = creation_clear(c, e);
	if (r < 0)
		return r;
	if (!container_is_defined(c))
		return r > 0 ? 0 : DESTROY_NOT_DEFINED;
	r = destroy_defined(c, e);
	return r < 0 ? err_wrap(e, r, "cannot destroy container %s", c->name) : r;
}
