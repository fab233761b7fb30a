/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who looks at the console: the terminal of a foreground start, the file or device of
 * lxc.console.path, a client's pty; terminal modes and sizes.
 *
 * A terminal is ours only while we are in its foreground: its modes are left alone, and nothing is
 * read, while a shell has put us into the background.
 */

#include "supervisor/console.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define LOG_CATEGORY "terminal"
#include "base/log.h"
#include "base/macros.h"
#include "plan/ops.h"
#include "supervisor/supervisor.h"

enum { BACKGROUND_PAUSE = 500 * 1000 /* µs until we look again whether we are in front */ };

static bool is_in_front(int fd)
{
	pid_t group = tcgetpgrp(fd);

	/* Not our controlling terminal: no shell will take it away. */
	return group < 0 || group == getpgrp();
}

/* Raw, but for the output processing of a client's pty: wire.md §5 has what it looks like. */
static int make_raw(int fd, bool keep_output, struct termios *ret_saved)
{
	struct termios modes;

	if (tcgetattr(fd, &modes) < 0)
		return -errno;
	if (ret_saved)
		*ret_saved = modes;
	modes.c_iflag &=
		~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	modes.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	modes.c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
	modes.c_cflag |= CS8;
	if (!keep_output)
		modes.c_oflag &= ~(tcflag_t)OPOST;
	modes.c_cc[VMIN] = 1;
	modes.c_cc[VTIME] = 0;
	return tcsetattr(fd, TCSANOW, &modes) < 0 ? -errno : 0;
}

void console_resize(struct supervisor *s)
{
	struct console *c = &s->console;
	int fd = c->sinks[SINK_PEER].fd;
	struct winsize size;

	if (fd < 0 || c->master_fd < 0 || ioctl(fd, TIOCGWINSZ, &size) < 0)
		return;
	if (memcmp(&size, &c->size, sizeof(size)) == 0 ||
	    (c->peer_kind == PEER_PROXY && size.ws_row == 0 && size.ws_col == 0))
		return;
	if (ioctl(c->master_fd, TIOCSWINSZ, &size) == 0)
		c->size = size;
}

/* Take the terminal when we are in front, else try again in a while. */
static void take_terminal(struct supervisor *s)
{
	struct console *c = &s->console;
	int fd = c->sinks[SINK_PEER].fd;

	if (!is_in_front(fd)) {
		c->is_raw = false;
		loop_keep_timer(s, TIMER_CONSOLE, time_deadline(BACKGROUND_PAUSE));
		return;
	}
	c->is_raw = make_raw(fd, false, c->has_saved ? NULL : &c->saved) == 0;
	c->has_saved = c->has_saved || c->is_raw;
	c->peer_input_ended = false;
	console_resize(s);
}

void console_foreground(struct supervisor *s)
{
	struct console *c = &s->console;

	if (c->sinks[SINK_PEER].fd < 0 || !c->is_terminal)
		return;
	take_terminal(s);
	console_update_watches(s);
}

void console_expire_terminal(struct supervisor *s)
{
	struct console *c = &s->console;

	if (c->sinks[SINK_PEER].fd < 0 || !c->is_terminal)
		return;
	if (c->is_raw && is_in_front(c->sinks[SINK_PEER].fd))
		return;
	take_terminal(s);
}

void console_restore_terminal(struct console *c)
{
	int fd = c->sinks[SINK_PEER].fd;

	if (fd >= 0 && c->is_terminal && c->is_raw && is_in_front(fd))
		tcsetattr(fd, TCSANOW, &c->saved);
	c->is_raw = false;
}

void console_drop_peer(struct supervisor *s)
{
	struct console *c = &s->console;
	struct console_sink *peer = &c->sinks[SINK_PEER];

	if (peer->fd < 0)
		return;
	console_restore_terminal(c);
	loop_unwatch(s, WATCH_PEER);
	if (peer->pending.bytes)
		munmap(peer->pending.bytes, CONSOLE_PIECE);
	close(peer->fd);
	*peer = (struct console_sink){.fd = -EBADF};
	c->is_terminal = false;
	if (c->peer_kind != PEER_PROXY)
		c->peer_kind = PEER_NONE;
}

static void adopt_peer(struct supervisor *s, int fd, enum console_peer_kind kind)
{
	struct console *c = &s->console;

	c->sinks[SINK_PEER] = (struct console_sink){.fd = fd, .is_patient = kind == PEER_TERMINAL};
	c->peer_kind = kind;
	c->is_raw = false;
	c->has_saved = false;
	c->is_terminal = kind != PEER_PROXY && isatty(fd);
	c->peer_input_ended = false;
	c->size = (struct winsize){0};
	if (c->is_terminal)
		take_terminal(s);
	else if (kind == PEER_PROXY)
		make_raw(fd, true, NULL);
	console_update_watches(s);
}

/* A file is only written to: there is nothing to read that a container should get. */
static int open_path(struct supervisor *s, const char *path)
{
	autoclose int fd = open(path, O_RDWR | O_APPEND | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	adopt_peer(s, take_fd(fd), PEER_PATH);
	if (S_ISREG(status.st_mode)) {
		s->console.peer_input_ended = true;
		loop_unwatch(s, WATCH_PEER);
	}
	return 0;
}

/* A description of our own: the modes of the shell's must not change. */
static int open_terminal(void)
{
	const int flags = O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;
	int fd = open("/dev/tty", flags);

	if (fd < 0)
		fd = open("/proc/self/fd/0", flags);
	return fd < 0 ? -errno : fd;
}

/*
 * A terminal that is only written to, or a pipe: descriptions of our own, which don't block.
 * Sockets can't be opened, and a pipe that another user has made may not be.
 */
static int open_output(void)
{
	struct stat status;
	int fd = -EBADF;

	if (isatty(STDOUT_FILENO) ||
	    (fstat(STDOUT_FILENO, &status) == 0 && S_ISFIFO(status.st_mode)))
		fd = open("/proc/self/fd/1", O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return fd < 0 ? -errno : fd;
}

static bool is_null_device(int fd)
{
	struct stat status;

	return fstat(fd, &status) < 0 ||
	       (S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3));
}

int console_peer(struct run *r, const struct plan_step *step)
{
	struct supervisor *s = supervisor_of(r);
	const char *path = plan_text(r->plan, step->arg[0]);
	int fd;

	if (path[0])
		return open_path(s, path);
	if (!(s->record->flags & RECORD_FOREGROUND))
		return 0;
	if (isatty(STDIN_FILENO)) {
		fd = open_terminal();
		if (fd >= 0)
			adopt_peer(s, fd, PEER_TERMINAL);
		else
			log_info_errno(-fd, "Failed to open the terminal");
		return 0;
	}
	fd = is_null_device(STDOUT_FILENO) ? -EBADF : open_output();
	if (fd >= 0) {
		s->console.sinks[SINK_OUTPUT] = (struct console_sink){.fd = fd, .is_patient = true};
		console_update_watches(s);
	}
	return 0;
}

int console_open_proxy(struct supervisor *s)
{
	struct console *c = &s->console;
	autoclose int master_fd = -EBADF;
	int unlocked = 0;
	int peer_fd;

	if (c->master_fd < 0 || c->peer_kind != PEER_NONE)
		return -EBADF;
	master_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master_fd < 0 || ioctl(master_fd, TIOCSPTLCK, &unlocked) < 0)
		return -errno;
	peer_fd = ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (peer_fd < 0)
		return -errno;
	adopt_peer(s, peer_fd, PEER_PROXY);
	return take_fd(master_fd);
}

void console_close_proxy(struct supervisor *s)
{
	if (s->console.peer_kind != PEER_PROXY)
		return;
	console_drop_peer(s);
	s->console.peer_kind = PEER_NONE;
	console_update_watches(s);
}
