/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Small ops of the HOST lane: what the supervisor is asked to do, the pid file, the pin of the root
 * file system, descriptors, and the console's terminal. Data of the console is the supervisor's.
 */

#include "run/host.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/ids.h"
#include "base/macros.h"
#include "base/num.h"
#include "run/host_ids.h"
#include "sys/kernel.h"
#include "sys/pty.h"

#define PIN_NAME ".lxc_keep"

static int no_call(struct host *h)
{
	return host_note(h, -ENOSYS, "there is no supervisor here");
}

int host_state(struct host *h, const struct plan_step *step)
{
	if (!h->run->calls->set_state)
		return no_call(h);
	return h->run->calls->set_state(h->run, (enum container_state)step->arg[0]);
}

int host_scope_enter(struct host *h, const struct plan_step *step)
{
	struct err e = {0};
	const char *hint;
	int r;

	if (!h->run->calls->enter_scope)
		return no_call(h);
	r = h->run->calls->enter_scope(h->run, host_text(h, step, 0), &e);
	if (r == 0)
		return 0;
	hint = err_text_at(&e, e.frames[0].hint);
	return host_explain(h, "%s%s%s", err_cause(&e), *hint ? "; " : "", hint);
}

int host_compile(struct host *h, const struct plan_step *step)
{
	struct err own;
	int r;

	if (!h->run->calls->compile)
		return no_call(h);
	r = h->run->calls->compile(h->run, h->run->explained ? h->run->explained : &own);
	return r < 0 && !h->run->explained ? host_note(h, r, "%s", err_cause(&own)) : r;
}

int host_exit_event(struct host *h, const struct plan_step *step)
{
	return h->run->calls->exit_event ? h->run->calls->exit_event(h->run) : no_call(h);
}

int host_destroy(struct host *h, const struct plan_step *step)
{
	return h->run->calls->destroy ? h->run->calls->destroy(h->run) : no_call(h);
}

int host_console_peer(struct host *h, const struct plan_step *step)
{
	return h->run->calls->console_peer ? h->run->calls->console_peer(h->run, step) : no_call(h);
}

int host_console_log(struct host *h, const struct plan_step *step)
{
	return h->run->calls->console_log ? h->run->calls->console_log(h->run, step) : no_call(h);
}

int host_console_buffer(struct host *h, const struct plan_step *step)
{
	return h->run->calls->console_buffer ? h->run->calls->console_buffer(h->run, step)
					     : no_call(h);
}

int host_console_close(struct host *h, const struct plan_step *step)
{
	return h->run->calls->console_close ? h->run->calls->console_close(h->run) : no_call(h);
}

int host_console_open(struct host *h, const struct plan_step *step)
{
	autoclose int master = -EBADF;
	autoclose int peer = -EBADF;
	unsigned index;
	int r;

	master = pty_open(&index);
	if (master < 0)
		return host_note(h, host_failed(h, __NR_openat, master), "/dev/ptmx");
	peer = pty_open_peer(master);
	if (peer < 0)
		return host_failed(h, __NR_ioctl, peer);
	r = host_chown(h, peer, (uint32_t)step->arg[1], (uint32_t)step->arg[2]);
	if (r < 0)
		return r;
	host_set_number(h, (unsigned)step->arg[0], index);
	host_set_fd(h, step->out, take_fd(master));
	return h->run->calls->console_opened ? h->run->calls->console_opened(h->run, step) : 0;
}

int host_fd_close(struct host *h, const struct plan_step *step)
{
	host_clear(h, step->in);
	return 0;
}

int host_pid_file_write(struct host *h, const struct plan_step *step)
{
	/* A fifo without a reader would hold us for ever, deaf to signals. */
	autoclose int fd = open(host_text(h, step, 0),
				O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
				0600);
	char text[16];
	int length = snprintf(text, sizeof(text), "%d\n", getpid());
	ssize_t written;

	if (fd < 0)
		return host_failed(h, __NR_openat, -errno);
	written = write(fd, text, (size_t)length);
	if (written == length)
		return 0;
	return host_failed(h, __NR_write, written < 0 ? -errno : -ENOSPC);
}

/* After a crash the file may be that of a later start: it must name the process that wrote it. */
static bool pid_file_is_ours(const struct host *h, const char *path)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char text[32];
	const char *at = text;
	uint64_t pid;
	ssize_t got;

	if (fd < 0)
		return false;
	got = read(fd, text, sizeof(text) - 1);
	if (got <= 0)
		return false;
	text[got] = '\0';
	return num_take_u64(&at, &pid) == 0 && pid == (uint64_t)h->run->record->supervisor_pid;
}

int host_pid_file_remove(struct host *h, const struct plan_step *step)
{
	const char *path = host_text(h, step, 0);

	if (!pid_file_is_ours(h, path))
		return 0;
	if (unlink(path) < 0 && errno != ENOENT)
		return host_failed(h, __NR_unlinkat, -errno);
	return 0;
}

/* By name, where the file system has no files without one; gone again at once, except on NFS, which
 * would keep it under another name. */
static int pin_by_name(struct host *h, int directory)
{
	autoclose int fd = -EBADF;
	struct statfs fs;
	struct stat st;

	/* What stands in the directory is the container's: no link, no device, no waiting. */
	fd = openat(directory, PIN_NAME,
		    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	if (fd < 0)
		return host_note(h, host_failed(h, __NR_openat, -errno), PIN_NAME);
	if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
		return host_failed(h, __NR_fstat, -errno);
	if (!S_ISREG(st.st_mode))
		return host_explain(h, PIN_NAME " is there and is no regular file; remove it");
	if ((unsigned long)fs.f_type != NFS_SUPER_MAGIC && unlinkat(directory, PIN_NAME, 0) < 0 &&
	    errno != ENOENT)
		return host_note(h, host_failed(h, __NR_unlinkat, -errno), PIN_NAME);
	return take_fd(fd);
}

int host_root_pin(struct host *h, const struct plan_step *step)
{
	autoclose int directory = open(host_text(h, step, 0), O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (directory < 0)
		return host_failed(h, __NR_openat, -errno);
	/* Without a name nothing can be left behind, whenever we are killed. */
	fd = openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EROFS)
		return 0;
	if (fd < 0 && errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
		return host_failed(h, __NR_openat, -errno);
	if (fd < 0)
		fd = pin_by_name(h, directory);
	if (fd < 0)
		return fd;
	host_set_fd(h, step->out, fd);
	return 0;
}
