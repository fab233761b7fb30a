/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-monitord LXCPATH FD: started by lxc-monitor. Says on FD that clients can connect ('S'), or
 * why not ('E' and the error chain), or nothing when another daemon serves LXCPATH. Ends 30 seconds
 * after its last client.
 * lxc-monitord --daemon [LXCPATH]: a service, in the foreground, until it is told to end.
 */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/err.h"
#include "base/macros.h"
#include "base/num.h"
#include "base/str.h"
#include "container/monitor.h"
#include "container/paths.h"
#include "container/system_item.h"
#include "helpers/monitord.h"
#include "sys/syscall.h"

static int usage(void)
{
	fputs("Usage: lxc-monitord LXCPATH FD\n"
	      "       lxc-monitord --daemon [LXCPATH]\n"
	      "Hands on the events of the containers below LXCPATH; lxc-monitor starts it.\n",
	      stderr);
	return 1;
}

static int complain(const struct err *e)
{
	autostr text = {};

	err_render_text(e, &text);
	fprintf(stderr, "lxc-monitord: %s\n", str_text(&text));
	return 1;
}

/* Nothing of the program that started us is kept: its terminal, its pipes, its directory. */
static void detach(int sync_fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);

	(void)setsid();
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
	}
	if (sync_fd > STDERR_FILENO + 1)
		sys_close_range(STDERR_FILENO + 1, (unsigned)sync_fd - 1);
	sys_close_range((unsigned)sync_fd + 1, UINT32_MAX);
}

/* As many clients as we may have. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int run_for_client(struct monitord *m, int sync_fd)
{
	struct monitor_failure failure = {.mark = MONITOR_FAILED};
	const char ready = MONITOR_READY;
	int r;

	detach(sync_fd);
	r = monitord_open(m, &failure.e);
	if (r == 0) {
		r = write(sync_fd, &ready, 1) == 1 ? 0 : -errno;
		close(sync_fd);
		/* Without who started us there may be others. */
		monitord_run(m);
	} else if (r < 0 && write(sync_fd, &failure, sizeof(failure)) < 0) {
		r = -errno;
	}
	monitord_close(m);
	return r < 0;
}

static int run_as_service(struct monitord *m)
{
	struct err e = {};
	int r = monitord_open(m, &e);

	if (r == 1) {
		err_set(&e, ERR_ALREADY_RUNNING, 0, "a daemon serves \"%s\" already", m->lxcpath);
		if (m->rival > 0)
			err_hint(&e, "it is process %d; lxc-monitor -Q ends it", (int)m->rival);
	}
	if (r == 0)
		monitord_run(m);
	monitord_close(m);
	return r == 0 ? 0 : complain(&e);
}

int main(int argc, char **argv)
{
	bool stays = argc > 1 && strcmp(argv[1], "--daemon") == 0;
	struct monitord m = MONITORD_CLOSED;
	autofree char *lxcpath = NULL;
	const char *path;
	struct err e = {};
	int32_t sync_fd = -EBADF;

	if (argc < (stays ? 2 : 3) || argc > 3)
		return usage();
	if (!stays && (num_parse_i32(argv[2], 10, &sync_fd) < 0 || sync_fd <= STDERR_FILENO ||
		       fcntl(sync_fd, F_SETFD, FD_CLOEXEC) < 0))
		return usage();
	path = stays ? argv[2] : argv[1];
	if (!path && system_item("lxc.lxcpath", false, &path, &e) < 0)
		return complain(&e);
	if (path_make_absolute(path, &lxcpath, &e) < 0)
		return complain(&e);
	m.lxcpath = lxcpath;
	m.stays = stays;
	raise_limit();
	/* Anywhere else it would keep a file system busy. */
	if (chdir("/") < 0) {
		err_set(&e, ERR_SYSTEM, errno, "cannot go to the directory \"/\"");
		return complain(&e);
	}
	return stays ? run_as_service(&m) : run_for_client(&m, sync_fd);
}
