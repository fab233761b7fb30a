/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Work in the root file systems of copies: filling them, clone hooks, /etc/hostname. Who is not
 * root does it as container root, in a user namespace; hooks run in a mount namespace of their own.
 * Nothing is mounted where others see it, and names inside are resolved inside (sys/resolve.h): the
 * content is a container's.
 */

#include "container/clone.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lxc/lxccontainer.h>

#include "base/macros.h"
#include "child/child.h"
#include "child/userns.h"
#include "container/directory.h"
#include "container/hooks.h"
#include "sys/file.h"
#include "sys/mount.h"
#include "sys/process.h"
#include "sys/resolve.h"

#define LOG_CATEGORY "clone"
#include "base/log.h"

/* What is done, and what came of it: shared with the process that does it. */
struct job {
	int (*work)(struct job *job, struct err *e);
	const struct cloning *cloning;
	const struct clone_root *root;
	bool has_hooks; /* then it is done in a mount namespace of its own */
	int result;
	struct copy_result copied;
	struct err e;
};

static int be_apart(void *argument)
{
	struct job *job = argument;
	int r = unshare(CLONE_NEWNS) < 0 ? -errno : mount_propagation("/", MS_SLAVE);

	if (r < 0)
		return r;
	job->result = job->work(job, &job->e);
	return 0;
}

static int explain_end(int status, struct err *e)
{
	char ending[64];

	/* An interrupt at the terminal reaches all of us. */
	if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGINT || WTERMSIG(status) == SIGTERM))
		return err_set(e, ERR_CHILD_DIED, ECANCELED, "it was interrupted");
	process_print_status(status, ending, sizeof(ending));
	return err_set(e, ERR_CHILD_DIED, 0, "the process that worked in the root file system %s",
		       ending);
}

/* As container root where that is needed, in a process of its own where that is or `apart` says so.
 */
static int run(struct job *job, const struct config_idmaps *maps, bool apart, int lock_fd,
	       struct err *e)
{
	const struct userns_call call = {be_apart, job, lock_fd};
	const struct child_work work = {.function = be_apart, .argument = job, .kept_fd = lock_fd};
	int status = 0;
	int r;

	job->result = -ECHILD;
	if (maps->count > 0 && geteuid() != 0) {
		r = userns_run(maps, &call, &status, e);
		if (r == USERNS_CALL_FAILED)
			r = err_set(e, ERR_SYSTEM, status, "cannot get a mount namespace");
	} else if (apart) {
		r = child_run(&work, &status);
		if (r < 0)
			r = err_set(e, ERR_SYSTEM, -r, "cannot get a mount namespace");
	} else {
		return job->work(job, e);
	}
	if (r == 0 && status != 0)
		r = explain_end(status, e);
	if (r == 0 && job->result < 0) {
		if (e)
			*e = job->e;
		r = job->result;
	}
	return r;
}

static struct job *make_job(struct err *e)
{
	struct job *job =
		mmap(NULL, sizeof(*job), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (job == MAP_FAILED)
		err_set(e, ERR_NO_MEMORY, errno, "out of memory");
	return job == MAP_FAILED ? NULL : job;
}

/* -- copying */

/* A file system that is mounted already may not be mounted a second time by another loop device:
 * its container's own view is copied. */
static int open_running_root(struct container *source, struct err *e)
{
	char path[64];
	pid_t pid = 0;
	int r = container_init_pid(source, &pid, e);
	int fd;

	if (r < 0 || pid <= 0)
		return r < 0 ? r
			     : err_set(e, ERR_NOT_RUNNING, ESRCH, "%s is not running any more",
				       source->name);
	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 ? fd
		       : err_set(e, ERR_STORAGE, errno, "cannot open the root file system of %s",
				 source->name);
}

static bool copies_running_device(const struct cloning *c)
{
	return c->source_runs && storage_type(c->from.type)->is_block;
}

int clone_flush_source(const struct cloning *c, struct err *e)
{
	autoclose int fd = -EBADF;

	if (!copies_running_device(c))
		return 0;
	fd = open_running_root(c->source, e);
	if (fd < 0)
		return fd;
	return syncfs(fd) < 0 ? err_set(e, ERR_STORAGE, errno, "cannot flush the file system of %s",
					c->source->name)
			      : 0;
}

static int open_source(const struct cloning *c, struct err *e)
{
	if (copies_running_device(c))
		return open_running_root(c->source, e);
	return storage_open(&c->from, c->source->config->values.rootfs_mount.options,
			    STORAGE_READ_ONLY, e);
}

static void tell_notes(const struct cloning *c, const struct copy_result *copied)
{
	if (copied->lost.count > 0)
		log_warn("%s: %llu extended attributes can't be kept there, the first is %s of "
			 "\"%s\"",
			 c->target->name, (unsigned long long)copied->lost.count, copied->lost_name,
			 copied->lost.path);
	if (copied->vanished.count > 0)
		log_warn("%s: %llu files vanished while they were copied, the first is \"%s\"",
			 c->target->name, (unsigned long long)copied->vanished.count,
			 copied->vanished.path);
}

/* In a stopped container nothing vanishes, unless somebody removes what is being copied. */
static int check_vanished(const struct cloning *c, const struct copy_result *copied, struct err *e)
{
	int r;

	if (copied->vanished.count == 0 || c->source_runs ||
	    c->options->flags & LXC_CLONE_ALLOW_RUNNING)
		return 0;
	r = err_set(e, ERR_STORAGE, ESTALE,
		    "%llu files vanished while they were copied, the first is \"%s\"",
		    (unsigned long long)copied->vanished.count, copied->vanished.path);
	err_hint(e, "somebody has changed the root file system of %s meanwhile: copy it again",
		 c->source->name);
	return r;
}

static int copy_root(struct job *job, struct err *e)
{
	const struct cloning *c = job->cloning;
	const struct copy_options options = {
		.one_file_system = copies_running_device(c),
		.sync = true,
		.cancel = c->options->cancel,
		.count = c->options->progress != NULL,
		.progress = c->options->progress,
		.progress_data = c->options->progress_data,
	};
	autoclose int source_fd = open_source(c, e);
	autoclose int target_fd = source_fd < 0 ? -EBADF : storage_open(&c->to, NULL, 0, e);

	if (source_fd < 0 || target_fd < 0)
		return source_fd < 0 ? source_fd : target_fd;
	return copy_tree(source_fd, target_fd, &options, &job->copied, e);
}

int clone_copy_root(const struct cloning *c, struct err *e)
{
	struct job *job = make_job(e);
	int r;

	if (!job)
		return -ENOMEM;
	job->work = copy_root;
	job->cloning = c;
	r = run(job, &c->target->config->values.idmaps, false, c->marker_fd, e);
	if (r == 0)
		tell_notes(c, &job->copied);
	if (r == 0)
		r = check_vanished(c, &job->copied, e);
	munmap(job, sizeof(*job));
	return r;
}

/* -- hooks and the host name */

/* Only a file that is there. */
static int write_hostname(int root_fd, const char *name, struct err *e)
{
	autoclose int fd = resolve_open(root_fd, "/etc/hostname",
					O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0);
	autostr line = {};
	struct stat status;
	int r;

	if (fd < 0 && fd != -EROFS && fd != -EACCES && fd != -EPERM) {
		log_info("%s: there is no /etc/hostname to be written", name);
		return 0;
	}
	if (fd >= 0 && (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)))
		return 0;
	str_addf(&line, "%s\n", name);
	if (str_failed(&line))
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	r = fd < 0 ? fd : ftruncate(fd, 0) < 0 ? -errno : 0;
	if (r == 0)
		r = file_write_fd(fd, str_text(&line), line.len);
	return r < 0 ? err_set(e, ERR_STORAGE, -r, "cannot write /etc/hostname of %s", name) : 0;
}

/* A directory is where it is; all else is mounted on `place`, in our own mount namespace. */
static int run_hooks(const struct clone_root *root, int root_fd, struct err *e)
{
	const bool is_directory = root->volume->type == ROOTFS_DIR ||
				  root->volume->type == ROOTFS_BTRFS;
	const char *path = is_directory ? root->volume->path : root->place;
	autostr storage = {};
	int r = is_directory ? 0 : mount_attach(root_fd, AT_FDCWD, path);

	if (r < 0)
		return err_set(e, ERR_MOUNT_FAILED, -r,
			       "cannot mount the root file system on "
			       "\"%s\"",
			       path);
	storage_volume_print(root->volume, &storage);
	if (str_failed(&storage))
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	return hooks_run(root->container,
			 &(struct hook_call){
				 .kind = HOOK_CLONE,
				 .type = "clone",
				 .arguments = root->arguments,
				 .source_name = root->source_name,
				 .root = path,
				 .storage = str_text(&storage),
				 .config_file = root->config_file,
			 },
			 e);
}

static int adapt_root(struct job *job, struct err *e)
{
	const struct clone_root *root = job->root;
	const struct config_values *values = &root->container->config->values;
	autoclose int fd = storage_open(root->volume, values->rootfs_mount.options, 0, e);
	int r = fd < 0 ? fd : 0;

	if (r == 0 && job->has_hooks)
		r = run_hooks(root, fd, e);
	if (r == 0 && root->sets_hostname)
		r = write_hostname(fd, root->container->name, e);
	return r;
}

/* LXCPATH/NAME/rootfs, where LXC has it. */
static int make_place(const struct clone_root *root, struct err *e)
{
	if (mkdir(root->place, 0755) < 0)
		return errno == EEXIST ? 0
				       : err_set(e, ERR_STORAGE, errno, "cannot create \"%s\"",
						 root->place);
	return directory_give_to_root(root->container->config, root->place, e);
}

int clone_adapt_root(const struct clone_root *root, struct err *e)
{
	const struct config_values *values = &root->container->config->values;
	const bool has_hooks = root->runs_hooks && values->hooks[HOOK_CLONE].count > 0;
	struct job *job;
	int r = 0;

	if (root->volume->type != ROOTFS_DIR && root->volume->type != ROOTFS_BTRFS)
		r = make_place(root, e);
	if (r < 0 || (!has_hooks && !root->sets_hostname))
		return r;
	job = make_job(e);
	if (!job)
		return -ENOMEM;
	job->work = adapt_root;
	job->root = root;
	job->has_hooks = has_hooks;
	r = run(job, &values->idmaps, has_hooks, root->lock_fd, e);
	munmap(job, sizeof(*job));
	return r;
}
