/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A network namespace that outlives its processes: a file RUNDIR/lxc/netns/<hash>/<run> on which it
 * is mounted (namespaces(7)). A namespace that ends destroys virtual interfaces and puts others
 * where the kernel likes; with this one whoever undoes the run can take them back, also when the
 * supervisor was killed. The namespace that they are to come back to is kept beside it.
 */

#include "run/host_net_pin.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "run/host_net.h"
#include "sys/namespace.h"

enum { TRIES = 16 };

/* What is kept: the namespace of the container, and the one that its interfaces are to come back
 * to, wherever somebody undoes the run. */
static const char container[] = "", home[] = ".home";

/* The file's path, and the length of its directories' ones: RUNDIR/lxc/netns, with <hash>. */
static int print_path(const struct host *h, const char *which, char *path, size_t room,
		      size_t lengths[2])
{
	const struct record_header *record = h->run->record;
	const char *run = record_text(record, record->run_path), *name = strrchr(run, '/');
	const char *hash = name, *runs;
	int n;

	while (hash && hash > run && hash[-1] != '/')
		hash--;
	runs = hash && hash > run ? hash - 1 : NULL;
	while (runs && runs > run && runs[-1] != '/')
		runs--;
	if (!runs || runs == run)
		return -EINVAL;
	n = snprintf(path, room, "%.*snetns%.*s/%.64s.%d.%llx%s", (int)(runs - run), run,
		     (int)(name - hash + 1), hash - 1, name + 1, record->supervisor_pid,
		     (unsigned long long)record->started, which);
	if (n < 0 || (size_t)n >= room)
		return -ENAMETOOLONG;
	lengths[0] = (size_t)(runs - run) + sizeof("netns") - 1;
	lengths[1] = lengths[0] + (size_t)(name - hash) + 1;
	return 0;
}

static int make_directories(char *path, const size_t lengths[2])
{
	for (unsigned i = 0; i < 2; i++) {
		int r;

		path[lengths[i]] = '\0';
		r = mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
		path[lengths[i]] = '/';
		if (r < 0)
			return r;
	}
	return 0;
}

static int mount_pin(struct host *h, const char *which, int ns_fd)
{
	char path[PATH_MAX], source[32];
	size_t lengths[2];
	int fd, r = print_path(h, which, path, sizeof(path), lengths);

	if (r == 0)
		r = make_directories(path, lengths);
	if (r < 0)
		return host_note(h, host_failed(h, __NR_mkdirat, r), "%s", path);
	fd = open(path, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	/* The last one of others has just been removed, and the directories with it. */
	for (unsigned i = 0; fd < 0 && errno == ENOENT && i < TRIES; i++) {
		make_directories(path, lengths);
		fd = open(path, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	}
	if (fd < 0)
		return host_note(h, host_failed(h, __NR_openat, -errno), "%s", path);
	close(fd);
	snprintf(source, sizeof(source), "/proc/self/fd/%d", ns_fd);
	if (mount(source, path, NULL, MS_BIND, NULL) == 0)
		return 0;
	r = -errno;
	unlink(path);
	return host_note(h, host_failed(h, __NR_mount, r), "%s", path);
}

static int remove_pin(struct host *h, const char *which)
{
	char path[PATH_MAX];
	size_t lengths[2];
	int r = print_path(h, which, path, sizeof(path), lengths);

	if (r < 0)
		return r;
	/* -EINVAL: there is a file, but no mount, which a reboot takes away. */
	if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL && errno != ENOENT)
		return host_note(h, host_failed(h, __NR_umount2, -errno), "%s", path);
	if (unlink(path) < 0 && errno != ENOENT)
		return host_note(h, host_failed(h, __NR_unlinkat, -errno), "%s", path);
	for (unsigned i = 2; i > 0; i--) {
		path[lengths[i - 1]] = '\0';
		if (rmdir(path) < 0)
			break;
	}
	return 0;
}

/*
 * lxc.monitor.unshare gives the supervisor a mount namespace of its own, which would not outlive
 * it: then all of this happens in the one that it has left.
 */
static int enter_mounts(struct host *h, int *ret_back)
{
	const int outer = host_fd(h, h->plan->roles[ROLE_OUTER_MOUNTS]);
	int r;

	if (outer < 0)
		return 0;
	*ret_back = namespace_open(0, "mnt");
	if (*ret_back < 0)
		return host_failed(h, __NR_openat, *ret_back);
	r = namespace_enter_mounts(outer);
	return r < 0 ? host_failed(h, __NR_setns, r) : 0;
}

static int leave_mounts(struct host *h, int back, int r)
{
	int left = back >= 0 ? namespace_enter_mounts(back) : 0;

	return left < 0 && r == 0 ? host_failed(h, __NR_setns, left) : r;
}

static int open_pin(struct host *h, const char *which)
{
	autoclose int back = -EBADF;
	char path[PATH_MAX];
	size_t lengths[2];
	int fd = -ENOENT, r = print_path(h, which, path, sizeof(path), lengths);

	if (r == 0)
		r = enter_mounts(h, &back);
	if (r == 0)
		fd = namespace_open_path(path);
	r = leave_mounts(h, back, r);
	if (r < 0 && fd >= 0)
		close(fd);
	if (r < 0 || fd >= 0 || fd == -ENOENT)
		return r < 0 ? r : fd;
	host_failed(h, __NR_openat, fd);
	return fd == -EINVAL ? host_note(h, fd,
					 "%s is not mounted here: that is to be done where "
					 "the host's mounts are seen",
					 path)
			     : host_note(h, fd, "%s", path);
}

int host_net_open_pin(struct host *h)
{
	return open_pin(h, container);
}

int run_enter_network(struct run *r)
{
	struct run_failure ignored;
	struct host h = {.run = r, .plan = r->plan, .failure = &ignored};
	autoclose int fd = open_pin(&h, home);

	if (fd < 0)
		return fd;
	return setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
}

int host_netns_pin(struct host *h, const struct plan_step *step)
{
	autoclose int ns_fd = host_net_init_namespace(h);
	autoclose int home_fd = namespace_open(0, "net");
	autoclose int back = -EBADF;
	int r;

	if (ns_fd < 0)
		return ns_fd;
	if (home_fd < 0)
		return host_failed(h, __NR_openat, home_fd);
	r = enter_mounts(h, &back);
	if (r == 0)
		r = mount_pin(h, home, home_fd);
	if (r == 0)
		r = mount_pin(h, container, ns_fd);
	return leave_mounts(h, back, r);
}

int host_netns_unpin(struct host *h, const struct plan_step *step)
{
	autoclose int back = -EBADF;
	int r;

	if (h->is_owing)
		return host_note(h, -EBUSY, "the namespace still has an interface of the host's");
	r = enter_mounts(h, &back);
	if (r == 0)
		r = remove_pin(h, container);
	if (r == 0)
		r = remove_pin(h, home);
	return leave_mounts(h, back, r);
}
