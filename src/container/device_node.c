/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Device nodes of a running container: made or removed inside, by a child of ours, and allowed or
 * denied by its device cgroup (spec/runtime.md §21).
 */

#include "container/container.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/num.h"
#include "child/child.h"
#include "container/control.h"
#include "container/device_node_inside.h"
#include "sys/mount.h"
#include "sys/namespace.h"
#include "sys/process.h"
#include "sys/procfs.h"

enum { PERMISSIONS = 07777, ID_MAP_MAX = 12288 };

/* Our id of container root, from "0 100000 65536" and further lines; when 0 is not mapped, the
 * first that is. 0, or -errno. */
static int root_of(int process, const char *file, uint32_t *ret)
{
	char text[ID_MAP_MAX];
	const char *at = text;
	int r = procfs_read(process, file, text, sizeof(text));

	if (r < 0)
		return r;
	for (unsigned line = 0;; line++) {
		uint64_t inside, outside, count;

		for (size_t i = 0; i < 3; i++) {
			at += strspn(at, " \n");
			if (num_take_u64(&at, i == 0 ? &inside : i == 1 ? &outside : &count) < 0)
				return line > 0 ? 0 : -EINVAL;
		}
		if (line == 0 || inside == 0)
			*ret = (uint32_t)outside;
		if (inside == 0)
			return 0;
	}
}

/* Whether it has another user namespace than we: 1, 0, or -errno. */
static int has_own_users(pid_t init)
{
	autoclose int fd = namespace_open(init, "user");
	struct stat st;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	return st.st_ino != namespace_number("/proc/self/ns/user");
}

static int look_inside(pid_t init, struct node_job *job)
{
	autoclose int process = procfs_open_pid(init);
	int r = process < 0 ? process : has_own_users(init);

	if (r < 0)
		return r;
	job->has_own_users = r;
	r = root_of(process, "uid_map", &job->owner_uid);
	if (r == 0)
		r = root_of(process, "gid_map", &job->owner_gid);
	if (r < 0)
		return r;
	job->mounts_fd = namespace_open(init, "mnt");
	return job->mounts_fd < 0 ? job->mounts_fd : 0;
}

/* In any case job_finish() follows. */
static int prepare(const struct container *c, struct node_job *job, struct err *e)
{
	autoclose int pidfd = -EBADF;
	pid_t init;
	int r;

	if (geteuid() != 0)
		return err_set(e, ERR_PERMISSION, EPERM,
			       "only root may add device nodes to a container or remove them");
	r = control_open_init(c, &pidfd, &init, e);
	if (r == -ECONNREFUSED)
		return control_not_running(c, ESRCH, e);
	if (r < 0)
		return r;
	r = look_inside(init, job);
	/* The number may have been given to another process, unless init still lives now. */
	if (process_signal(pidfd, 0) == -ESRCH)
		return control_not_running(c, ESRCH, e);
	if (r < 0)
		return err_set(e, ERR_SYSTEM, -r,
			       "cannot look at the namespaces of container \"%s\"", c->name);
	job->host_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return job->host_fd < 0 ? err_set(e, ERR_SYSTEM, errno, "cannot open \"/\"") : 0;
}

static struct node_job job_of(const char *source, const char *target)
{
	return (struct node_job){.target = target ? target : source,
				 .mounts_fd = -EBADF,
				 .host_fd = -EBADF,
				 .tree_fd = -EBADF};
}

static void job_finish(struct node_job *job)
{
	cleanup_close(&job->mounts_fd);
	cleanup_close(&job->host_fd);
	cleanup_close(&job->tree_fd);
}

static int fail(int r, const char *verb, const char *target, const struct container *c,
		struct err *e)
{
	err_set(e, ERR_SYSTEM, -r, "cannot %s \"%s\" in container \"%s\"", verb, target, c->name);
	if (r == -EEXIST)
		err_hint(e, "a file with content has that name there: remove it, or give another "
			    "name");
	if (r == -EXDEV)
		err_hint(e, "the host's own directory is mounted there: allow or deny the device "
			    "with lxc-cgroup");
	if (r == -EISDIR)
		err_hint(e, "a directory has that name there: give another name");
	if (r == -EACCES)
		err_hint(e, "root of the container may not write there, and it is not done for it");
	if (r == -EPERM)
		err_hint(e, "this needs CAP_SYS_ADMIN, and CAP_MKNOD for a node");
	if (r == -EINVAL)
		err_hint(e, "give the path of a device node, as /dev/fuse");
	return r;
}

/* "c 10:229 rwm" to devices.allow or devices.deny. */
static int set_rule(struct container *c, const char *file, const struct node_device *device,
		    struct err *e)
{
	char rule[64];

	snprintf(rule, sizeof(rule), "%c %u:%u rwm", S_ISBLK(device->mode) ? 'b' : 'c',
		 major(device->number), minor(device->number));
	return container_set_cgroup_item(c, file, rule, e);
}

static int run_job(int (*function)(void *argument), struct node_job *job, struct node_result *ret)
{
	const struct child_work work = {.function = function, .argument = job, .kept_fd = -EBADF};
	int status = 0, r;

	job->result = mmap(NULL, sizeof(*job->result), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (job->result == MAP_FAILED)
		return -errno;
	r = child_run(&work, &status);
	*ret = *job->result;
	munmap(job->result, sizeof(*job->result));
	if (r < 0)
		return r;
	return status == 0 ? 0 : -ECANCELED; /* somebody killed it */
}

static int look_at_source(const char *source, struct node_device *ret, struct err *e)
{
	struct stat st;
	int r = 0;

	if (stat(source, &st) < 0)
		return err_set(e, ERR_FILE_OPEN, errno, "cannot use the device node \"%s\"",
			       source);
	if (!node_is_device(st.st_mode)) {
		r = err_set(e, ERR_USAGE, ENODEV, "\"%s\" is no device node", source);
		err_hint(e, "name a character or block device of the host");
		return r;
	}
	*ret = (struct node_device){st.st_mode & (S_IFMT | PERMISSIONS), st.st_rdev};
	return 0;
}

/* Where the host's mount is shared, as systemd has it, a copy is its peer: what the container
 * mounts on it would appear on the host's node. */
static int clone_node(const char *source)
{
	autoclose int fd = mount_clone_tree(AT_FDCWD, source, false);
	int r = fd < 0 ? fd
		       : mount_set_attributes(fd, "", false,
					      &(struct mount_attr){.propagation = MS_PRIVATE});

	return r < 0 ? r : take_fd(fd);
}

/* Only one of the two sides has the caller's working directory. */
static int look_at_target(const char *source, const struct node_job *job, struct err *e)
{
	const char *name = strrchr(source, '/');

	if (job->target != source || source[0] == '/')
		return 0;
	return err_set(e, ERR_USAGE, 0,
		       "\"%s\" is no path from the root: give /dev/%s, or a name inside besides",
		       source, name ? name + 1 : source);
}

static int add(struct container *c, const char *source, struct node_job *job, struct err *e)
{
	struct node_result result = {0};
	int r = prepare(c, job, e);

	if (r == 0)
		r = look_at_source(source, &job->device, e);
	if (r == 0)
		r = look_at_target(source, job, e);
	if (r < 0)
		return r;
	job->tree_fd = clone_node(source);
	r = run_job(node_add_inside, job, &result);
	if (r < 0)
		return fail(r, "make the device node", job->target, c, e);
	r = set_rule(c, "devices.allow", &job->device, e);
	/* A node that can't be used is not left. */
	if (r < 0 && result.is_made)
		(void)run_job(node_remove_inside, job, &result);
	return r;
}

int container_add_device_node(struct container *c, const char *source, const char *target,
			      struct err *e)
{
	struct node_job job = job_of(source, target);
	int r = add(c, source, &job, e);

	job_finish(&job);
	return r;
}

/* The host's node counts: the container may have put another device in its place, or have removed
 * it so that it keeps the right to the device. */
static int take(struct container *c, const char *source, struct node_job *job, struct err *e)
{
	struct node_result result = {0};
	struct err ignored = {0};
	bool is_known;
	int r = prepare(c, job, e), denied;

	if (r == 0)
		r = look_at_target(source, job, e);
	if (r < 0)
		return r;
	is_known = look_at_source(source, &job->device, &ignored) == 0;
	r = run_job(node_remove_inside, job, &result);
	if (r < 0 && !is_known)
		return fail(r, "remove the device node", job->target, c, e);
	denied = set_rule(c, "devices.deny", is_known ? &job->device : &result.device, e);
	if (r == 0 || denied < 0)
		return denied;
	fail(r, "remove the device node", job->target, c, e);
	err_hint(e, "the device \"%s\" is denied now, whatever its nodes are called", source);
	return r;
}

int container_remove_device_node(struct container *c, const char *source, const char *target,
				 struct err *e)
{
	struct node_job job = job_of(source, target);
	int r = take(c, source, &job, e);

	job_finish(&job);
	return r;
}
