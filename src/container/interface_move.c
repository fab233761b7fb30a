/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Network interfaces between the caller's network namespace and a running container's (spec/
 * runtime.md §21). A child of ours enters the namespaces, because a thread that could not come back
 * would be lost to the application.
 */

#include "container/container.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "child/child.h"
#include "container/control.h"
#include "sys/link.h"
#include "sys/namespace.h"
#include "sys/process.h"

struct move_job {
	int from_fd, to_fd;   /* network namespaces */
	const char *name;     /* may be an alternative one */
	const char *new_name; /* or NULL: its proper one stays */
	bool is_in;
	char *note; /* NETLINK_NOTE_MAX bytes shared with the child: the kernel's words */
};

static int open_in(int ns_fd, struct netlink *ret)
{
	if (setns(ns_fd, CLONE_NEWNET) < 0)
		return -errno;
	return netlink_open(ret);
}

/* It has arrived, but could not take its new name there: back with it. */
static void move_back(const struct move_job *job, struct netlink *to)
{
	struct link_facts found;

	if (link_find(to, job->name, 0, &found) == 0)
		(void)link_move(to, found.index, job->from_fd, 0, &(struct link_change){0});
}

static int move(const struct move_job *job, struct netlink *from, struct netlink *to)
{
	struct link_change change = {.name = job->new_name};
	struct link_facts found, other;
	int r = link_find(from, job->name, 0, &found);

	if (r < 0)
		return r;
	/* The container shall not choose a name of the host's by an alternative one. */
	if (!change.name && !job->is_in && strcmp(found.name, job->name) != 0)
		return -ENODEV;
	if (!change.name)
		change.name = found.name;
	/* Asked before, because the kernel moves first and renames then. */
	if (link_find(to, change.name, 0, &other) == 0)
		return -EEXIST;
	r = link_move(from, found.index, job->to_fd, 0, &change);
	memcpy(job->note, from->note, NETLINK_NOTE_MAX);
	if (r == -EEXIST && link_find(from, NULL, found.index, &other) == -ENODEV)
		move_back(job, to);
	return r;
}

static int run_move(void *argument)
{
	const struct move_job *job = argument;
	struct netlink from, to;
	int r = open_in(job->from_fd, &from);

	if (r < 0)
		return r;
	r = open_in(job->to_fd, &to);
	if (r == 0) {
		r = move(job, &from, &to);
		netlink_close(&to);
	}
	netlink_close(&from);
	return r;
}

static int run_job(struct move_job *job, char ret_note[static NETLINK_NOTE_MAX])
{
	const struct child_work work = {.function = run_move, .argument = job, .kept_fd = -EBADF};
	int status = 0, r;

	job->note = mmap(NULL, NETLINK_NOTE_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			 -1, 0);
	if (job->note == MAP_FAILED)
		return -errno;
	r = child_run(&work, &status);
	memcpy(ret_note, job->note, NETLINK_NOTE_MAX - 1);
	ret_note[NETLINK_NOTE_MAX - 1] = '\0';
	munmap(job->note, NETLINK_NOTE_MAX);
	if (r < 0)
		return r;
	return status == 0 ? 0 : -ECANCELED; /* somebody killed it */
}

static int open_network(const struct container *c, struct err *e)
{
	autoclose int pidfd = -EBADF;
	autoclose int fd = -EBADF;
	pid_t init;
	int r = control_open_init(c, &pidfd, &init, e);

	if (r == -ECONNREFUSED)
		return control_not_running(c, ESRCH, e);
	if (r < 0)
		return r;
	fd = namespace_open(init, "net");
	/* The number may have been given to another process, unless init still lives now. */
	if (process_signal(pidfd, 0) == -ESRCH)
		return control_not_running(c, ESRCH, e);
	if (fd < 0)
		return err_set(e, ERR_SYSTEM, -fd,
			       "cannot open the network namespace of container \"%s\"", c->name);
	return take_fd(fd);
}

/* What the kernel would refuse, too, in fewer words. */
static int check_name(const char *name, struct err *e)
{
	int r;

	if (*name && strlen(name) < LINK_NAME_MAX && !strpbrk(name, "/ \t\n:") &&
	    strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
		return 0;
	r = err_set(e, ERR_USAGE, EINVAL, "\"%s\" can't be the name of a network interface", name);
	err_hint(e, "a name has 1 to %d characters and no slash, colon or blank",
		 LINK_NAME_MAX - 1);
	return r;
}

struct direction {
	const char *word; /* "into" */
	const char *missing, *taken;
	bool is_in;
};

static int explain(int r, const struct move_job *job, const struct direction *way, const char *note,
		   const struct container *c, struct err *e)
{
	if (r == -ENODEV)
		err_set(e, ERR_NETWORK_FAILED, ENODEV, "Network device \"%s\" not found",
			job->name);
	else if (r == -EEXIST)
		err_set(e, ERR_NETWORK_FAILED, EEXIST, "the name \"%s\" is taken there",
			job->new_name ? job->new_name : job->name);
	else
		err_set(e, ERR_NETWORK_FAILED, -r, "%s", note[0] ? note : "it can't be moved");
	if (r == -ENODEV)
		err_hint(e, "%s", way->missing);
	if (r == -EEXIST)
		err_hint(e, "%s", way->taken);
	if (r == -EINVAL)
		err_hint(e, "bridges stay where they were made, and wireless interfaces move with "
			    "their phy only (iw)");
	if (r == -EPERM)
		err_hint(e, "only root of the host may move network interfaces");
	return err_wrap(e, r, "cannot move network interface \"%s\" %s container \"%s\"", job->name,
			way->word, c->name);
}

/* Moving within a namespace would rename an interface of the host's. */
static int refuse_same(const struct move_job *job, const struct direction *way,
		       const struct container *c, struct err *e)
{
	struct stat from, to;

	if (fstat(job->from_fd, &from) < 0 || fstat(job->to_fd, &to) < 0)
		return err_set(e, ERR_SYSTEM, errno, "cannot look at a network namespace");
	if (from.st_dev != to.st_dev || from.st_ino != to.st_ino)
		return 0;
	err_set(e, ERR_NETWORK_FAILED, EINVAL, "it is in your network namespace, which it shares");
	err_hint(e, "a container with lxc.net.0.type = none has the interfaces of the host");
	return err_wrap(e, -EINVAL, "cannot move network interface \"%s\" %s container \"%s\"",
			job->name, way->word, c->name);
}

static int move_interface(const struct container *c, const struct direction *way, const char *name,
			  const char *new_name, struct err *e)
{
	autoclose int inside_fd = -EBADF;
	autoclose int here_fd = -EBADF;
	char note[NETLINK_NOTE_MAX] = "";
	struct move_job job = {.name = name, .new_name = new_name && *new_name ? new_name : NULL};
	int r = check_name(name, e);

	if (r == 0 && job.new_name)
		r = check_name(job.new_name, e);
	if (r < 0)
		return r;
	inside_fd = open_network(c, e);
	if (inside_fd < 0)
		return inside_fd;
	here_fd = namespace_open_path("/proc/thread-self/ns/net");
	if (here_fd < 0)
		return err_set(e, ERR_SYSTEM, -here_fd, "cannot open our network namespace");
	job.is_in = way->is_in;
	job.from_fd = way->is_in ? here_fd : inside_fd;
	job.to_fd = way->is_in ? inside_fd : here_fd;
	r = refuse_same(&job, way, c, e);
	if (r < 0)
		return r;
	r = run_job(&job, note);
	return r < 0 ? explain(r, &job, way, note, c, e) : 0;
}

int container_attach_interface(struct container *c, const char *name, const char *new_name,
			       struct err *e)
{
	static const struct direction in = {
		.word = "into",
		.missing = "`ip link` lists the host's interfaces",
		.taken = "give the interface another name inside",
		.is_in = true,
	};

	return move_interface(c, &in, name, new_name, e);
}

int container_detach_interface(struct container *c, const char *name, const char *new_name,
			       struct err *e)
{
	static const struct direction out = {
		.word = "out of",
		.missing = "`lxc-attach -n NAME -s NETWORK -- ip link` lists the container's "
			   "interfaces",
		.taken = "give the interface another name on the host",
	};

	return move_interface(c, &out, name, new_name, e);
}
