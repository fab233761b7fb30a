/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Attaching from another session of an ordinary user: nobody but systemd may move a process from
 * one part of the tree of cgroups to another, and a clone into the container's cgroup is such a
 * move. So systemd, asked by lxc-compile, puts us beside the supervisor first.
 */

#include "container/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"
#include "container/paths.h"
#include "container/spawn.h"
#include "host/cgroup_unit.h"
#include "run/programs.h"
#include "sys/process.h"

static int out_of_memory(struct err *e)
{
	return err_set(e, ERR_NO_MEMORY, ENOMEM, "no memory for attaching");
}

/* Its wait status. */
static int run_helper(int out_fd, const char *unit, const char *directory, struct err *e)
{
	char program[] = PROGRAM_COMPILE, option[] = PROGRAM_SCOPE_OPTION;
	char out_number[12], pid[12];
	char *const argv[] = {program,           option, out_number, (char *)unit, pid,
			      (char *)directory, NULL};
	autofree char *helpers = NULL;
	autofree char *path = NULL;
	struct spawn spawn = {.program_fd = -EBADF,
			      .argv = argv,
			      .environment = environ,
			      .fds = {out_fd, -1, -1, -1, -1, -1, -1, -1}};
	int r = helper_directory(program, &helpers, e);

	if (r < 0)
		return r;
	path = path_join(helpers, program);
	if (!path)
		return out_of_memory(e);
	snprintf(out_number, sizeof(out_number), "%d", out_fd);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	spawn.path = path;
	r = spawn_program(&spawn);
	if (r >= 0)
		return process_reap(r);
	r = err_set(e, ERR_EXEC_FAILED, -r, "cannot run \"%s\"", path);
	err_hint(e, "it is part of this version's package: install it again");
	return r;
}

static int enter(const struct attach *a, const char *unit, const char *directory, struct err *e)
{
	autoclose int out_fd = memfd_create("scope", MFD_CLOEXEC);
	struct err told;
	int status;

	if (out_fd < 0)
		return err_set(e, ERR_SYSTEM, errno, "cannot make a file in memory");
	status = run_helper(out_fd, unit, directory, e);
	if (status == 0)
		return 0;
	if (status < 0)
		return status;
	if (pread(out_fd, &told, sizeof(told), 0) == (ssize_t)sizeof(told) && err_is_valid(&told) &&
	    err_is_set(&told)) {
		if (e)
			*e = told;
	} else {
		err_set(e, ERR_CHILD_DIED, 0, "%s ended with %s %d and did not say why",
			PROGRAM_COMPILE, WIFSIGNALED(status) ? "signal" : "status",
			WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	}
	return err_wrap(e, -EACCES,
			"cannot get from this session to the cgroup of container \"%s\"",
			a->c->name);
}

int attach_enter_unit(struct attach *a, struct err *e)
{
	for (size_t i = 0; a->monitor && geteuid() != 0 && i < a->facts.hierarchies.count; i++) {
		const struct facts_hierarchy *h = &a->facts.hierarchies.items[i];
		const char *path, *directory, *unit;
		size_t length;

		if (h->version != 2)
			continue;
		length = cgroup_unit_length(h->base);
		unit = cgroup_unit_name(h->base, length);
		unit = arena_strndup(&a->arena, unit, (size_t)(h->base + length - unit));
		path = arena_printf(&a->arena, "%s/%s", h->base, a->facts.payload);
		directory = arena_printf(&a->arena, "%s/%s", h->base + length, a->monitor);
		if (!unit || !path || !directory)
			return out_of_memory(e);
		if (length > 0 && !cgroup_unit_is_reachable(h->mount, path))
			return enter(a, unit, directory, e);
	}
	return 0;
}
