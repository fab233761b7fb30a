/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * For tests: a container made by hand (clone with namespaces, cgroups of its own) whose monitor is
 * the test itself. Needs root, but for those of an ordinary user.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/ids.h"
#include "base/macros.h"
#include "container/attach.h"
#include "container/monitor_fixture.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/pty.h"

enum { MAP_START = 100000, MAP_COUNT = 65536, CGROUPS_MAX = 16, TEXT_MAX = 4096 };

/* The container of a test. */
struct stage {
	struct container c;
	char name[16], path[32];
	struct monitor monitor;
	pid_t init;
	int pidfd, devpts_fd;
	int cgroup_fds[CGROUPS_MAX];
	char cgroup_paths[CGROUPS_MAX][PATH_MAX];
	size_t cgroup_count;
};

#define STAGE_NAME "live"
#define STAGE_PATH "/tare-attach-test"

static inline bool serve(struct monitor *m, int fd, const struct wire_request *request,
			 const char *payload)
{
	const struct stage *s = m->context;
	struct wire_answer answer = {0};
	struct wire_cgroup_context context = {.fd_count = (uint32_t)s->cgroup_count};

	switch (request->command) {
	case WIRE_GET_STATE:
		monitor_answer(fd, 0, STATE_RUNNING, NULL, 0);
		break;
	case WIRE_GET_INIT_PID:
		monitor_answer(fd, 0, (uint64_t)s->init, NULL, 0);
		break;
	case WIRE_GET_INIT_PIDFD:
		monitor_send(fd, &answer, sizeof(answer), &s->pidfd, 1);
		break;
	case WIRE_GET_DEVPTS_FD:
		answer.ret = s->devpts_fd < 0 ? -EBADF : 0;
		monitor_send(fd, &answer, sizeof(answer), &s->devpts_fd, s->devpts_fd < 0 ? 0 : 1);
		break;
	case WIRE_GET_CONFIG_ITEM:
		if (strcmp(payload, "lxc.arch") == 0)
			monitor_answer(fd, 0, 0, "i686", 5);
		else
			monitor_answer(fd, -1, 0, NULL, 0);
		break;
	case WIRE_GET_CGROUP_CTX:
		answer.length = sizeof(context);
		monitor_send(fd, &answer, sizeof(answer), s->cgroup_fds, s->cgroup_count);
		monitor_send(fd, &context, sizeof(context), NULL, 0);
		break;
	default:
		break;
	}
	return false;
}

static inline void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		_exit(3);
	close(fd);
}

/* init: proc, devpts and a host name of its own, then nothing. */
_Noreturn static inline void be_init(int ready_fd, int go_fd)
{
	char byte;

	/* Changing ids takes the signal away again. */
	if (read(go_fd, &byte, 1) != 1 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0 ||
	    mount("devpts", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=0620") < 0 ||
	    mount("/dev/pts/ptmx", "/dev/ptmx", NULL, MS_BIND, NULL) < 0 ||
	    sethostname("inside", 6) < 0 || write(ready_fd, "x", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static inline void write_process(pid_t pid, const char *name, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	write_file(path, text);
}

/* Many ids for root; an ordinary user only has their own. */
static inline void write_maps(pid_t pid)
{
	char uids[64], gids[64];

	snprintf(uids, sizeof(uids), "0 %d %d", MAP_START, MAP_COUNT);
	memcpy(gids, uids, sizeof(gids));
	if (geteuid() != 0) {
		snprintf(uids, sizeof(uids), "0 %u 1", (unsigned)geteuid());
		snprintf(gids, sizeof(gids), "0 %u 1", (unsigned)getegid());
		write_process(pid, "setgroups", "deny");
	}
	write_process(pid, "uid_map", uids);
	write_process(pid, "gid_map", gids);
}

static inline void start_init(struct stage *s, bool has_user_ns)
{
	const struct process_clone how = {
		.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |
			 (has_user_ns ? CLONE_NEWUSER : 0),
		.cgroup_fd = -1,
		.exit_signal = SIGCHLD,
	};
	int ready[2], go[2];
	char path[64], byte;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	s->init = process_clone(&how, &s->pidfd);
	assert_true(s->init >= 0);
	if (s->init == 0)
		be_init(ready[1], go[0]);
	if (has_user_ns)
		write_maps(s->init);
	assert_int_equal(write(go[1], "x", 1), 1);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(go[0]);
	close(go[1]);
	snprintf(path, sizeof(path), "/proc/%d/root/dev/pts", (int)s->init);
	s->devpts_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(s->devpts_fd >= 0);
}

static inline void make_cgroups(struct stage *s)
{
	static const char *const cgroup_mounts[] = {
		"/sys/fs/cgroup/pids",    "/sys/fs/cgroup/cpu",     "/sys/fs/cgroup/memory",
		"/sys/fs/cgroup/freezer", "/sys/fs/cgroup/unified", "/sys/fs/cgroup",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cgroup_mounts); i++) {
		char *path = s->cgroup_paths[s->cgroup_count];
		char procs[PATH_MAX];

		snprintf(procs, sizeof(procs), "%s/cgroup.procs", cgroup_mounts[i]);
		if (access(procs, W_OK) < 0)
			continue;
		snprintf(path, PATH_MAX, "%s/tare-attach-test-%d", cgroup_mounts[i], (int)getpid());
		assert_int_equal(mkdir(path, 0755), 0);
		s->cgroup_fds[s->cgroup_count] = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		assert_true(s->cgroup_fds[s->cgroup_count] >= 0);
		s->cgroup_count++;
	}
}

/* The kernel may still be busy with processes that are gone. */
static inline void remove_cgroups(struct stage *s)
{
	for (size_t i = 0; i < s->cgroup_count; i++) {
		char leaf[PATH_MAX + 8];
		bool removed = false;

		close(s->cgroup_fds[i]);
		snprintf(leaf, sizeof(leaf), "%s/.lxc", s->cgroup_paths[i]);
		for (int try = 0; try < 1000 && !removed; try++) {
			(void)rmdir(leaf);
			removed = rmdir(s->cgroup_paths[i]) == 0;
			if (!removed)
				usleep(10000);
		}
		assert_true(removed);
	}
}

static inline struct stage *open_stage(bool has_user_ns)
{
	struct stage *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->c.name = s->name;
	s->c.lxcpath = s->path;
	memcpy(s->name, STAGE_NAME, sizeof(STAGE_NAME));
	memcpy(s->path, STAGE_PATH, sizeof(STAGE_PATH));
	start_init(s, has_user_ns);
	make_cgroups(s);
	assert_int_equal(monitor_start(&s->monitor, STAGE_PATH, STAGE_NAME, serve, s), 0);
	return s;
}

static inline void close_stage(struct stage *s)
{
	monitor_stop(&s->monitor);
	assert_int_equal(kill(s->init, SIGKILL), 0);
	assert_int_equal(waitpid(s->init, NULL, 0), s->init);
	close(s->pidfd);
	close(s->devpts_fd);
	remove_cgroups(s);
	free(s);
}

static inline int wait_status(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Everything in namespaces of our own, where no run records and no other test's sockets are. */
static inline int set_up(void **state)
{
	if (geteuid() != 0)
		return 0;
	if (unshare(CLONE_NEWNS | CLONE_NEWNET) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("run", "/run", "tmpfs", 0, "mode=755") < 0)
		return -1;
	return 0;
}

static inline int check_root(void **state)
{
	if (geteuid() != 0)
		skip();
	return 0;
}

#define LIVE(test) cmocka_unit_test_setup(test, check_root)
