/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Device nodes of a running container: made or removed inside, and allowed or denied by its device
 * cgroup (spec/runtime.md §21).
 *
 * The first part is done by a child of ours in the container's mount namespace, and what it makes
 * belongs to container root. Names are resolved from the container's root directory, over
 * descriptors. A link may lead to a directory of the host's that is mounted inside: where container
 * root is an ordinary user of the host, the child may write no more than that user. Where a device
 * could not be opened (a container with a user namespace of its own, "nodev") the host's node is
 * bind-mounted on an empty file, as a start does it.
 */

#include "container/container.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/num.h"
#include "container/child.h"
#include "container/control.h"
#include "sys/capability.h"
#include "sys/credentials.h"
#include "sys/mount.h"
#include "sys/namespace.h"
#include "sys/process.h"
#include "sys/procfs.h"
#include "sys/resolve.h"

enum { PARENT_MODE = 0755, PERMISSIONS = 07777, ID_MAP_MAX = 12288 };

/* A device: what its node is, whatever it is called. */
struct device {
	mode_t mode; /* S_IFCHR or S_IFBLK, and permissions; 0 = unknown */
	dev_t number;
};

struct node_job {
	const char *target; /* inside */
	int mounts_fd;      /* the container's mount namespace */
	int host_fd;        /* our root directory */
	uid_t owner_uid;    /* container root, as we see it */
	gid_t owner_gid;
	struct device device;
	bool has_own_users; /* nothing that it has mounted has devices */
	int tree_fd;        /* the host's node as a mount that is attached nowhere, or -errno */
	struct node_result {
		struct device device; /* that was removed */
		bool is_made;
	} * result; /* memory shared with the child */
};

static bool is_device(mode_t mode)
{
	return S_ISCHR(mode) || S_ISBLK(mode);
}

static bool is_same(const struct stat *st, const struct device *device)
{
	return (st->st_mode & S_IFMT) == (device->mode & S_IFMT) && st->st_rdev == device->number;
}

/* ---------------------------------------------------------------- the child */

/* From here on files are what their owners and modes say, as for any user. */
static int drop_file_rights(void)
{
	struct capability_sets sets;
	int r = credentials_set_groups(0, NULL);

	if (r == 0)
		r = capability_get(&sets);
	if (r < 0)
		return r;
	sets.effective &= ~(UINT64_C(1) << CAP_DAC_OVERRIDE | UINT64_C(1) << CAP_DAC_READ_SEARCH |
			    UINT64_C(1) << CAP_FOWNER);
	return capability_set(&sets);
}

/* Become whoever makes files for container root. Its root directory, or -errno. */
static int enter(const struct node_job *job)
{
	int r, fd;

	if (setns(job->mounts_fd, CLONE_NEWNS) < 0)
		return -errno;
	umask(0);
	if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) < 0)
		return -errno;
	setfsgid(job->owner_gid);
	setfsuid(job->owner_uid);
	r = job->has_own_users ? drop_file_rights() : 0;
	if (r < 0)
		return r;
	fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Whether a directory of the container's, called by the first `end` bytes of the target, is the one
 * that we have there: a root or a /dev that is bound, or a container that is about to begin. */
static bool is_hosts(const struct node_job *job, int directory, size_t end)
{
	autofree char *path = strndup(job->target, end);
	autoclose int fd = -EBADF;
	struct stat inside, outside;

	if (!path)
		return true;
	fd = resolve_open(job->host_fd, end > 0 ? path : "/", O_PATH | O_DIRECTORY, 0);
	return fd >= 0 && fstat(fd, &outside) == 0 && fstat(directory, &inside) == 0 &&
	       inside.st_dev == outside.st_dev && inside.st_ino == outside.st_ino;
}

/* Make the directory that the first `end` bytes of the target name, unless it is there; its parent
 * is. */
static int make_directory(const struct node_job *job, int root, int parent, size_t begin,
			  size_t end)
{
	autofree char *name = strndup(job->target + begin, end - begin);
	autofree char *whole = strndup(job->target, end);
	int fd;

	if (!name || !whole)
		return -ENOMEM;
	fd = resolve_open(root, whole, O_PATH | O_DIRECTORY, 0);
	if (fd != -ENOENT)
		return fd;
	if (is_hosts(job, parent, begin))
		return -EXDEV;
	if (mkdirat(parent, name, PARENT_MODE) < 0 && errno != EEXIST)
		return -errno;
	return resolve_open(root, whole, O_PATH | O_DIRECTORY, 0);
}

/* All of them in the first `length` bytes: a descriptor of the last, or -errno. */
static int make_directories(const struct node_job *job, int root, size_t length)
{
	int fd = resolve_open(root, "/", O_PATH | O_DIRECTORY, 0);
	size_t end = 0;

	while (fd >= 0) {
		size_t begin = end + strspn(job->target + end, "/");
		int parent = fd;

		end = begin + strcspn(job->target + begin, "/");
		if (begin >= length)
			break;
		fd = make_directory(job, root, parent, begin, end);
		close(parent);
	}
	return fd;
}

/* The directory of the target, made when it is wanted, and the target's last name (heap). */
static int open_parent(const struct node_job *job, int root, bool make, char **ret_name,
		       bool *ret_is_hosts)
{
	const char *path = job->target;
	autofree char *directory = NULL;
	size_t end = strlen(path), begin;
	int fd;

	while (end > 0 && path[end - 1] == '/')
		end--;
	for (begin = end; begin > 0 && path[begin - 1] != '/'; begin--)
		;
	*ret_name = strndup(path + begin, end - begin);
	directory = strndup(path, begin);
	if (!*ret_name || !directory)
		return -ENOMEM;
	if (!**ret_name || strcmp(*ret_name, ".") == 0 || strcmp(*ret_name, "..") == 0)
		return -EINVAL;
	fd = make ? make_directories(job, root, begin)
		  : resolve_open(root, begin > 0 ? directory : "/", O_PATH | O_DIRECTORY, 0);
	if (fd >= 0)
		*ret_is_hosts = is_hosts(job, fd, begin);
	return fd;
}

/* What stands in the way goes, unless something would be lost. 1: the device is there already. */
static int make_room(int parent, const char *name, const struct node_job *job, bool is_in_host)
{
	struct stat st;
	int r = fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;

	if (r == 0 && is_same(&st, &job->device))
		return 1;
	if (is_in_host)
		return -EXDEV;
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (S_ISREG(st.st_mode) && st.st_size > 0)
		return -EEXIST;
	return unlinkat(parent, name, 0) < 0 ? -errno : 0;
}

static int bind_node(int parent, const char *name, int tree_fd)
{
	autoclose int fd = -EBADF;
	int r;

	if (tree_fd < 0)
		return tree_fd;
	fd = openat(parent, name, O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	r = mount_attach(tree_fd, fd, "");
	if (r < 0)
		unlinkat(parent, name, 0);
	return r;
}

static bool has_no_devices(int directory)
{
	struct statvfs st;

	return fstatvfs(directory, &st) == 0 && (st.f_flag & ST_NODEV);
}

static int add_node(void *argument)
{
	const struct node_job *job = argument;
	autoclose int root = enter(job);
	autoclose int parent = -EBADF;
	autofree char *name = NULL;
	bool is_in_host;
	int r;

	if (root < 0)
		return root;
	parent = open_parent(job, root, true, &name, &is_in_host);
	if (parent < 0)
		return parent;
	r = make_room(parent, name, job, is_in_host);
	if (r != 0)
		return r < 0 ? r : 0;
	job->result->is_made = true;
	if (job->has_own_users || has_no_devices(parent))
		return bind_node(parent, name, job->tree_fd);
	if (mknodat(parent, name, job->device.mode, job->device.number) == 0)
		return 0;
	return errno == EPERM ? bind_node(parent, name, job->tree_fd) : -errno;
}

/* A node that is a mount is taken off first: the file below it is all that is left then. */
static int remove_node(void *argument)
{
	const struct node_job *job = argument;
	autoclose int root = enter(job);
	autoclose int parent = -EBADF;
	autofree char *name = NULL;
	struct stat st;
	bool is_in_host;
	int r;

	if (root < 0)
		return root;
	parent = open_parent(job, root, false, &name, &is_in_host);
	if (parent < 0)
		return parent;
	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!is_device(st.st_mode))
		return -ENODEV;
	if (is_in_host)
		return -EXDEV;
	job->result->device = (struct device){st.st_mode, st.st_rdev};
	if (fchdir(parent) < 0)
		return -errno;
	r = mount_detach(name);
	if (r < 0 && r != -EINVAL)
		return r;
	return unlinkat(parent, name, 0) < 0 ? -errno : 0;
}

/* ---------------------------------------------------------------- the parent */

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
		err_hint(
			e,
			"the host's own directory is mounted there: lxc-cgroup with devices.allow or "
			"devices.deny changes what the container may do with its devices");
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
static int set_rule(struct container *c, const char *file, const struct device *device,
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

static int look_at_source(const char *source, struct device *ret, struct err *e)
{
	struct stat st;
	int r = 0;

	if (stat(source, &st) < 0)
		return err_set(e, ERR_FILE_OPEN, errno, "cannot use the device node \"%s\"",
			       source);
	if (!is_device(st.st_mode)) {
		r = err_set(e, ERR_USAGE, ENODEV, "\"%s\" is no device node", source);
		err_hint(e, "name a character or block device of the host");
		return r;
	}
	*ret = (struct device){st.st_mode & (S_IFMT | PERMISSIONS), st.st_rdev};
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

static int add(struct container *c, const char *source, struct node_job *job, struct err *e)
{
	struct node_result result = {0};
	int r = prepare(c, job, e);

	if (r == 0)
		r = look_at_source(source, &job->device, e);
	if (r < 0)
		return r;
	job->tree_fd = clone_node(source);
	r = run_job(add_node, job, &result);
	if (r < 0)
		return fail(r, "make the device node", job->target, c, e);
	r = set_rule(c, "devices.allow", &job->device, e);
	/* A node that can't be used is not left. */
	if (r < 0 && result.is_made)
		(void)run_job(remove_node, job, &result);
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

	if (r < 0)
		return r;
	is_known = look_at_source(source, &job->device, &ignored) == 0;
	r = run_job(remove_node, job, &result);
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
