/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-attach: the static program takes the place of the calling process (run/attach.h), with a
 * record in a memory file. When host root exists in the container the program is a sealed copy of
 * itself in memory, or there is no attach: a container's root could write to the host's file
 * through /proc/PID/exe (CVE-2019-5736).
 */

#include "container/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ids.h"
#include "base/macros.h"
#include "container/paths.h"
#include "container/spawn.h"
#include "run/relay.h"

enum { LOG_MODE = 0640, FIRST_FREE = 3 };

static int open_log(struct attach *a, const char *path, struct err *e)
{
	int fd;

	if (!path)
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_CLOEXEC, LOG_MODE);
	if (fd < 0)
		return err_set(e, ERR_FILE_OPEN, errno, "Failed to open log file \"%s\"", path);
	a->log_fd = fd;
	return 0;
}

/* A pty takes the place of those streams that are terminals, and of no others. */
static int prepare_terminal(struct attach *a, struct err *e)
{
	uint32_t streams = 0;

	for (int fd = 0; fd < FIRST_FREE; fd++)
		streams |= isatty(fd) ? 1U << fd : 0;
	if (!streams)
		return 0;
	a->request.has_terminal = true;
	a->request.terminal_streams = streams;
	return attach_open_terminal(a, e);
}

static int prepare_command(struct attach *a, char *const *argv, struct err *e)
{
	const char **shell;

	if (argv && argv[0]) {
		a->request.argv = (const char *const *)argv;
		return 0;
	}
	shell = arena_alloc(&a->arena, 2 * sizeof(*shell));
	if (shell)
		shell[0] = attach_find_shell(a);
	if (!shell || !shell[0])
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "no memory for attaching");
	a->request.argv = shell;
	return 0;
}

/* The record as a file that only we have. */
static int write_record(const char *record, size_t size, struct err *e)
{
	const size_t head = sizeof(struct record_header);
	const size_t registers = ATTACH_REGISTER_COUNT * sizeof(struct record_register);
	autoclose int fd = memfd_create("lxc-attach", MFD_CLOEXEC);

	/* What lies between is zero, and stays a hole. */
	if (fd < 0 || ftruncate(fd, (off_t)size) < 0 ||
	    pwrite(fd, record, head, 0) != (ssize_t)head ||
	    pwrite(fd, record + RECORD_REGISTERS_AT, registers, RECORD_REGISTERS_AT) !=
		    (ssize_t)registers ||
	    pwrite(fd, record + RECORD_PARTS_AT, size - RECORD_PARTS_AT, RECORD_PARTS_AT) !=
		    (ssize_t)(size - RECORD_PARTS_AT))
		return err_set(e, ERR_SYSTEM, errno, "cannot write the attach plan into memory");
	return take_fd(fd);
}

/* Whether somebody in the container has the rights of root or of the file's owner. */
static bool may_be_written(const struct attach *a, const char *path)
{
	struct stat status;

	return a->shares_host_root || stat(path, &status) < 0 ||
	       attach_map_in(a->init, "uid_map", status.st_uid) != ID_INVALID;
}

static int execute(struct attach *a, const struct attach_command *command, int record_fd,
		   struct err *e)
{
	char fallback_name[] = "lxc-attach";
	char *const fallback_title[] = {fallback_name, NULL};
	autofree char *directory = NULL;
	autofree char *path = NULL;
	autoclose int sealed_fd = -EBADF;
	char name[32], variable[32];
	char *const environment[] = {variable, NULL};
	struct spawn spawn = {
		.program_fd = -EBADF,
		.argv = command->title ? command->title : fallback_title,
		.environment = environment,
		.fds = {record_fd, a->pidfd, a->leaf_fd, a->terminal_fd, a->peer_fd, a->log_fd,
			-EBADF, -EBADF},
	};
	int r;

	helper_supervisor_name(SUPERVISOR_NUMBER, name, sizeof(name));
	snprintf(variable, sizeof(variable), ATTACH_VARIABLE "=%d", record_fd);
	r = helper_directory(name, &directory, e);
	if (r < 0)
		return r;
	path = path_join(directory, name);
	if (!path)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "no memory for attaching");
	if (may_be_written(a, path)) {
		sealed_fd = helper_seal(path, e);
		if (sealed_fd < 0)
			return sealed_fd;
	}
	spawn.path = path;
	spawn.program_fd = sealed_fd;
	r = spawn_in_place(&spawn);
	r = err_set(e, ERR_EXEC_FAILED, -r, "cannot execute \"%s\"", path);
	err_hint(e, "it is part of the package that lxc-attach is in");
	return r;
}

static int attach_execute(struct attach *a, const struct attach_command *command, struct err *e)
{
	autofree char *record = NULL;
	autoclose int record_fd = -EBADF;
	size_t size = 0;
	int r = attach_gather(a, e);

	if (r == 0)
		r = prepare_command(a, command->argv, e);
	if (r == 0)
		r = prepare_terminal(a, e);
	if (r == 0)
		r = open_log(a, command->pty_log, e);
	if (r == 0)
		r = attach_make_record(a, "lxc-attach", &record, &size, e);
	if (r == 0)
		r = attach_enter_unit(a, e);
	if (r < 0)
		return r;
	record_fd = write_record(record, size, e);
	return record_fd < 0 ? record_fd : execute(a, command, record_fd, e);
}

int container_attach_exec(struct container *c, const struct attach_command *command,
			  struct lxc_attach_options_t *options, struct err *e)
{
	struct lxc_attach_options_t defaults;
	struct attach a;
	int r;

	if (!options) {
		attach_init_options(&defaults);
		options = &defaults;
	}
	attach_init(&a, c, options);
	r = attach_execute(&a, command, e);
	attach_finish(&a);
	return r;
}
