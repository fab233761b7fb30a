/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Spawning. The child shares our memory until it executes (clone(2): CLONE_VM, CLONE_VFORK), runs
 * on a stack of its own, and only makes system calls. Meanwhile no signal handler may run in it:
 * all signals are blocked before, and its handlers are reset before the mask comes back.
 */

#include "container/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/macros.h"
#include "container/paths.h"
#include "sys/kernel.h"

#include "tare_paths.h"

enum {
	CHILD_STACK = 32 << 10,
	SEAL_TRIES = 20,
	/* Of a program's copy in memory: nobody can change it. */
	PROGRAM_SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE,
};

void helper_supervisor_name(unsigned number, char *buf, size_t len)
{
	snprintf(buf, len, "lxc-supervisor-%u", number);
}

int helper_directory(const char *program, char **ret, struct err *e)
{
	const char *own = getauxval(AT_SECURE) ? NULL : getenv("TARE_HELPERS");
	autofree char *path = own && own[0] == '/' ? path_join(own, program) : NULL;
	char *directory = strdup(path && access(path, X_OK) == 0 ? own : PATH_HELPERS);

	if (!directory)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	*ret = directory;
	return 0;
}

/* EBUSY: the kernel itself holds a page for a moment (reclaim, compaction); memfd_create(2). It
 * waits by itself, some 75 ms each time. */
static int seal(int fd)
{
	int tries = SEAL_TRIES;

	while (fcntl(fd, F_ADD_SEALS, PROGRAM_SEALS) < 0)
		if (errno != EBUSY || --tries == 0)
			return -errno;
	return 0;
}

static int copy_program(int from, int to)
{
	struct stat status;
	off_t left;

	if (fstat(from, &status) < 0)
		return -errno;
	for (left = status.st_size; left > 0;) {
		ssize_t copied = sendfile(to, from, NULL, (size_t)left);

		if (copied <= 0)
			return copied < 0 ? -errno : -EIO;
		left -= copied;
	}
	return seal(to);
}

/* A copy of the file `path`; /proc/PID/exe will call it "/memfd:NAME (deleted)". Returns its
 * descriptor, or -errno. */
static int seal_program(const char *name, const char *path)
{
	autoclose int from = open(path, O_RDONLY | O_CLOEXEC);
	autoclose int to = -EBADF;
	int r;

	if (from < 0)
		return -errno;
	/* Without MFD_EXEC a host may refuse, or warn. Kernels before 6.3 don't know it. */
	to = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | (unsigned)KERNEL_MFD_EXEC);
	if (to < 0 && errno == EINVAL)
		to = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (to < 0)
		return -errno;
	r = copy_program(from, to);
	return r < 0 ? r : take_fd(to);
}

/* execveat(2) names the process after the descriptor; ps should show what it did before. */
static void restore_name(const char *argument)
{
	const char *slash = argument ? strrchr(argument, '/') : NULL;

	if (argument)
		(void)prctl(PR_SET_NAME, slash ? slash + 1 : argument);
}

static bool is_sealed(const char *path)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd >= 0 && fcntl(fd, F_GET_SEALS) == PROGRAM_SEALS;
}

int program_run_sealed(const char *name, char *const *argv)
{
	static const char own[] = "/proc/self/exe";
	autoclose int fd = -EBADF;

	if (is_sealed(own)) {
		restore_name(argv[0]);
		return 0;
	}
	fd = seal_program(name, own);
	if (fd < 0)
		return fd;
	syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
	return -errno;
}

int helper_seal(const char *path, struct err *e)
{
	int r = seal_program("lxc-supervisor", path);

	if (r >= 0)
		return r;
	r = err_set(e, ERR_EXEC_FAILED, -r, "cannot make a sealed copy of \"%s\" in memory", path);
	err_hint(e, "a privileged container must not reach a program of the host; allow memfds "
		    "that can be executed (sysctl vm.memfd_noexec = 0), or use lxc.idmap");
	return r;
}

char **spawn_environment(const char *variable)
{
	size_t count = 0;
	char **list;

	while (environ && environ[count])
		count++;
	list = calloc(count + 2, sizeof(*list));
	if (!list)
		return NULL;
	list[0] = (char *)variable;
	if (count > 0)
		memcpy(list + 1, environ, count * sizeof(*list));
	return list;
}

/* What parent and child share. */
struct child {
	const struct spawn *spawn;
	sigset_t mask; /* to be restored */
	volatile int errnum;
	volatile pid_t pid;
};

static int keep_over_exec(const struct spawn *spawn, int flags)
{
	for (size_t i = 0; i < SPAWN_FDS_MAX; i++)
		if (spawn->fds[i] >= 0 && fcntl(spawn->fds[i], F_SETFD, flags) < 0)
			return -errno;
	return 0;
}

/* Functions that end in another program never tidy up behind themselves: what the sanitizer had
 * marked on a stack of ours would be found there by whoever gets that memory next. */
#define NEVER_RETURNS __attribute__((no_sanitize_address))

NEVER_RETURNS static int execute(const struct spawn *spawn)
{
	if (spawn->program_fd >= 0)
		syscall(SYS_execveat, spawn->program_fd, "", spawn->argv, spawn->environment,
			AT_EMPTY_PATH);
	else
		execve(spawn->path, spawn->argv, spawn->environment);
	return -errno;
}

/* Handlers would run in our parent's memory; what is ignored stays ignored. */
static void reset_handlers(void)
{
	for (int signal = 1; signal < NSIG; signal++) {
		struct sigaction action;

		if (sigaction(signal, NULL, &action) < 0 || action.sa_handler == SIG_DFL ||
		    action.sa_handler == SIG_IGN)
			continue;
		action = (struct sigaction){.sa_handler = SIG_DFL};
		sigaction(signal, &action, NULL);
	}
}

NEVER_RETURNS static int run_program(void *argument)
{
	struct child *child = argument;
	int r;

	reset_handlers();
	r = keep_over_exec(child->spawn, 0);
	sigprocmask(SIG_SETMASK, &child->mask, NULL);
	if (r == 0)
		r = execute(child->spawn);
	child->errnum = -r;
	return 127; /* clone(2) ends the process */
}

/* The process between: it makes ours and ends, so that init (or a subreaper) adopts it. */
NEVER_RETURNS static int run_between(void *argument)
{
	struct child *child = argument;
	char stack[CHILD_STACK] __attribute__((aligned(16)));

	if (clone(run_program, stack + sizeof(stack), CLONE_VM | CLONE_VFORK, child) < 0)
		child->errnum = errno;
	return 0;
}

static pid_t clone_child(struct child *child, int (*function)(void *), size_t stack_size)
{
	const int flags = CLONE_VM | CLONE_VFORK | (child->spawn->detached ? 0 : SIGCHLD);
	char *stack = mmap(NULL, stack_size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	pid_t pid;

	if (stack == MAP_FAILED)
		return -errno;
	pid = clone(function, stack + stack_size, flags, child);
	if (pid < 0)
		pid = -errno;
	munmap(stack, stack_size);
	return pid;
}

pid_t spawn_program(const struct spawn *spawn)
{
	struct child child = {.spawn = spawn};
	sigset_t all;
	pid_t pid;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &child.mask);
	pid = clone_child(&child, spawn->detached ? run_between : run_program,
			  spawn->detached ? 3 * CHILD_STACK : CHILD_STACK);
	pthread_sigmask(SIG_SETMASK, &child.mask, NULL);
	if (pid < 0)
		return pid;
	/* The process between has no exit signal, so that only this finds it. */
	if (spawn->detached || child.errnum)
		while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
			;
	if (child.errnum)
		return -child.errnum;
	return spawn->detached ? 0 : pid;
}

int spawn_in_place(const struct spawn *spawn)
{
	int r = keep_over_exec(spawn, 0);

	if (r == 0)
		r = execute(spawn);
	keep_over_exec(spawn, FD_CLOEXEC);
	return r;
}
