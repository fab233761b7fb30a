/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The helper reads the policy from one file in memory and writes the program, or an error chain,
 * into another (run/programs.h).
 */

#include "container/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"
#include "container/container.h"
#include "container/paths.h"
#include "container/spawn.h"
#include "host/seccomp_cache.h"
#include "run/programs.h"
#include "sys/file.h"
#include "sys/process.h"

enum {
	INSTRUCTION = 8,                /* bytes of struct sock_filter */
	PROGRAM_MAX = 4096 * 8,         /* BPF_MAXINSNS of them */
	ANSWER_MAX = PROGRAM_MAX + 4096 /* an error chain is smaller, too */
};

/* Not in the place of a standard stream that is closed. */
static int make_file(const char *name)
{
	autoclose int fd = memfd_create(name, MFD_CLOEXEC);
	int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

	return high < 0 ? -errno : high;
}

/* Its wait status; -ECHILD: an application that reaps all children has it. */
static int run_helper(const char *file, const char *cache, int in_fd, int out_fd, struct err *e)
{
	char program[] = PROGRAM_COMPILE, option[] = PROGRAM_FILTER_OPTION;
	char in_number[12], out_number[12];
	char *const argv[] = {program,       option,       in_number, out_number,
			      (char *)cache, (char *)file, NULL};
	autofree char *directory = NULL;
	autofree char *path = NULL;
	struct spawn spawn = {.program_fd = -EBADF,
			      .argv = argv,
			      .environment = environ,
			      .fds = {in_fd, out_fd, -1, -1, -1, -1, -1, -1}};
	int r = helper_directory(program, &directory, e);

	if (r < 0)
		return r;
	path = path_join(directory, program);
	if (!path)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "No memory for a seccomp program");
	snprintf(in_number, sizeof(in_number), "%d", in_fd);
	snprintf(out_number, sizeof(out_number), "%d", out_fd);
	spawn.path = path;
	r = spawn_program(&spawn);
	if (r < 0) {
		r = err_set(e, ERR_EXEC_FAILED, -r, "cannot run \"%s\"", path);
		err_hint(e, "it is part of this version's package: install it again");
		return r;
	}
	return process_reap(r);
}

/* What the helper has written: a chain, or a program. */
static int take_answer(int fd, int status, struct arena *arena, const void **ret_program,
		       uint32_t *ret_size, struct err *e)
{
	autofree char *bytes = NULL;
	struct err told;
	size_t size = 0;
	void *copy;
	int r = lseek(fd, 0, SEEK_SET) < 0 ? -errno : file_read_fd(fd, ANSWER_MAX, &bytes, &size);

	if (r == 0 && size == sizeof(told)) {
		memcpy(&told, bytes, sizeof(told));
		if (err_is_valid(&told) && err_is_set(&told)) {
			if (e)
				*e = told;
			return told.code;
		}
	}
	if (r < 0 || (status != 0 && status != -ECHILD) || size == 0 || size > PROGRAM_MAX ||
	    size % INSTRUCTION != 0)
		return err_set(e, ERR_CHILD_DIED, 0, "%s ended with %s %d and made no program",
			       PROGRAM_COMPILE, WIFSIGNALED(status) ? "signal" : "status",
			       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	copy = arena_alloc(arena, size);
	if (!copy)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "No memory for a seccomp program");
	*ret_program = memcpy(copy, bytes, size);
	*ret_size = (uint32_t)size;
	return 0;
}

static int compile(const char *file, const char *cache, const void *text, size_t length,
		   struct arena *arena, const void **ret_program, uint32_t *ret_size, struct err *e)
{
	autoclose int in_fd = make_file("policy");
	autoclose int out_fd = make_file("program");
	int r;

	if (in_fd < 0 || out_fd < 0)
		return err_set(e, ERR_SYSTEM, in_fd < 0 ? -in_fd : -out_fd,
			       "Cannot make a file in memory");
	r = file_write_fd(in_fd, text, length);
	if (r < 0 || lseek(in_fd, 0, SEEK_SET) < 0)
		return err_set(e, ERR_SYSTEM, r < 0 ? -r : errno, "Cannot hand over a policy");
	r = run_helper(file, cache, in_fd, out_fd, e);
	if (r < 0 && r != -ECHILD)
		return r;
	return take_answer(out_fd, r, arena, ret_program, ret_size, e);
}

int filter_find(const char *file, const void *text, size_t length, struct arena *arena,
		const void **ret_program, uint32_t *ret_size, struct err *e)
{
	autofree char *directory = NULL;
	autostr cache = {};

	/* Without a place for it there is no cache. */
	if (container_run_directory(&directory, NULL) == 0)
		str_addf(&cache, "%s/lxc/seccomp", directory);
	if (cache.len > 0 &&
	    seccomp_cache_find(str_text(&cache), text, length, arena, ret_program, ret_size))
		return 0;
	return compile(file, str_text(&cache), text, length, arena, ret_program, ret_size, e);
}
