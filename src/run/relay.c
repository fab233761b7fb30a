/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One buffer for each direction; a direction whose buffer is full is not read, so nothing is lost
 * and nobody waits for the other direction. Reads of a master, also those that find nothing, first
 * wait for what was written to the other side (Linux 4.5): what the child wrote before its end is
 * complete when a read after its end says EAGAIN or EIO.
 *
 * The end of the input becomes the terminal's end-of-file character while it reads lines; a raw
 * terminal knows no end of file, and nothing is sent. pty(7), termios(3), signalfd(2).
 */

#include "run/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/macros.h"

enum {
	BUFFER_SIZE = 64 << 10,
	OUTPUT_PIECE = 4096,  /* PIPE_BUF: what a writable pipe takes without waiting */
	LAST_WORDS = 1 << 20, /* bytes that are read after the child's end, at most */
	INPUT_RESERVE = 2,    /* bytes that stay free for the end of file */
	HANGUP_PAUSE = 50,    /* milliseconds: login(1) hangs the terminal up and opens it again */
};

struct buffer {
	size_t start, len;
	char bytes[BUFFER_SIZE];
};

struct state {
	const struct relay *relay;
	int output_fd; /* opened anew to be non-blocking, or the relay's own */
	int signal_fd;
	bool output_reopened;
	bool input_ended, master_hung_up, child_ended;
	bool is_left, saw_escape;
	bool is_raw;
	char last_input;
	size_t after_end; /* bytes read since the child's end */
	int result;
	struct termios saved;
	sigset_t old_mask;
	bool pipe_was_pending;
	struct buffer in, out;
};

static size_t buffer_room(const struct buffer *b)
{
	return BUFFER_SIZE - b->start - b->len;
}

static void buffer_take(struct buffer *b, size_t n)
{
	b->start += n;
	b->len -= n;
	if (b->len == 0)
		b->start = 0;
}

/* Move what is left to the front when there is hardly room behind it. */
static void buffer_settle(struct buffer *b)
{
	if (b->start > 0 && buffer_room(b) <= INPUT_RESERVE) {
		memmove(b->bytes, b->bytes + b->start, b->len);
		b->start = 0;
	}
}

void relay_fit(int master_fd, int terminal_fd)
{
	struct winsize size;

	if (ioctl(terminal_fd, TIOCGWINSZ, &size) == 0)
		(void)ioctl(master_fd, TIOCSWINSZ, &size);
}

void relay_prepare(int master_fd, int terminal_fd, bool is_raw)
{
	struct termios own, ours;

	relay_fit(master_fd, terminal_fd);
	if (tcgetattr(terminal_fd, &own) < 0 || tcgetattr(master_fd, &ours) < 0)
		return;
	ours.c_iflag = (ours.c_iflag & ~(tcflag_t)IUTF8) | (own.c_iflag & IUTF8);
	if (!is_raw)
		ours.c_oflag &= ~(tcflag_t)OPOST;
	(void)tcsetattr(master_fd, TCSANOW, &ours);
}

/* -- the terminal and signals */

/* Being put right must work from the background, too; becoming raw waits for the foreground. */
static void block_background(int how)
{
	sigset_t output;

	sigemptyset(&output);
	sigaddset(&output, SIGTTOU);
	(void)pthread_sigmask(how, &output, NULL);
}

static void terminal_make_raw(struct state *s)
{
	struct termios raw = s->saved;

	cfmakeraw(&raw);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	(void)tcsetattr(s->relay->input_fd, TCSADRAIN, &raw);
}

static void terminal_restore(struct state *s)
{
	if (!s->is_raw)
		return;
	block_background(SIG_BLOCK);
	(void)tcsetattr(s->relay->input_fd, TCSADRAIN, &s->saved);
	block_background(SIG_UNBLOCK);
}

/* A blocked signal comes although it is ignored: what nohup(1) or a shell wants stays so. */
static void take_unless_ignored(sigset_t *taken, int signo)
{
	struct sigaction action;

	if (sigaction(signo, NULL, &action) < 0 || action.sa_handler != SIG_IGN)
		sigaddset(taken, signo);
}

static void open_signals(struct state *s)
{
	static const int ending[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP};
	sigset_t taken, blocked, pending;

	sigemptyset(&taken);
	sigaddset(&taken, SIGWINCH);
	if (s->relay->owns_process)
		sigaddset(&taken, SIGCONT);
	for (size_t i = 0; s->relay->owns_process && i < ARRAY_LENGTH(ending); i++)
		take_unless_ignored(&taken, ending[i]);
	if (s->relay->ends_on_term)
		take_unless_ignored(&taken, SIGTERM);
	blocked = taken;
	/* An output that is gone is for us to find out. */
	sigaddset(&blocked, SIGPIPE);
	s->pipe_was_pending = sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
	(void)pthread_sigmask(SIG_BLOCK, &blocked, &s->old_mask);
	s->signal_fd = signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void close_signals(struct state *s)
{
	static const struct timespec at_once = {0, 0};
	sigset_t pipe;

	/* A SIGPIPE of our own making is nobody else's business. */
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	if (!s->pipe_was_pending)
		(void)sigtimedwait(&pipe, NULL, &at_once);
	if (s->signal_fd >= 0)
		close(s->signal_fd);
	(void)pthread_sigmask(SIG_SETMASK, &s->old_mask, NULL);
}

/* Ours is stopped as the shell expects it, with its terminal in order. */
static void stop_ourselves(struct state *s)
{
	terminal_restore(s);
	(void)kill(getpid(), SIGSTOP);
}

/* The input need not be the terminal. */
static void fit_window(const struct state *s)
{
	const struct relay *relay = s->relay;

	relay_fit(relay->master_fd, s->is_raw ? relay->input_fd : relay->output_fd);
	if (relay->resized)
		relay->resized(relay->context);
}

static void take_signals(struct state *s)
{
	struct signalfd_siginfo info;

	while (read(s->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGTSTP:
			stop_ourselves(s);
			break;
		case SIGCONT:
			if (s->is_raw)
				terminal_make_raw(s);
			fit_window(s);
			break;
		case SIGWINCH:
			fit_window(s);
			break;
		default:
			s->result = (int)info.ssi_signo;
		}
	}
}

/* -- copying */

/* The end of the input, for a terminal that reads lines: end-of-file, twice within a line. */
static void add_end_of_file(struct state *s)
{
	struct termios t;
	struct buffer *b = &s->in;

	buffer_settle(b);
	if (tcgetattr(s->relay->master_fd, &t) < 0 || !(t.c_lflag & ICANON))
		return;
	for (int i = s->last_input == '\n' || s->last_input == '\0' ? 1 : 0; i < 2; i++) {
		if (buffer_room(b) > 0)
			b->bytes[b->start + b->len++] = (char)t.c_cc[VEOF];
	}
}

/* Take out what is meant for us: how many of the bytes are left for the other side. */
static size_t filter_escape(struct state *s, char *bytes, size_t len)
{
	size_t kept = 0;

	for (size_t i = 0; i < len && s->relay->escape; i++) {
		if (!s->saw_escape && bytes[i] == s->relay->escape) {
			s->saw_escape = true;
			continue;
		}
		if (s->saw_escape && bytes[i] == 'q') {
			s->is_left = true;
			return kept;
		}
		s->saw_escape = false;
		bytes[kept++] = bytes[i];
	}
	return s->relay->escape ? kept : len;
}

static void read_input(struct state *s)
{
	struct buffer *b = &s->in;
	char *behind;
	ssize_t n;

	buffer_settle(b);
	if (buffer_room(b) <= INPUT_RESERVE)
		return;
	behind = b->bytes + b->start + b->len;
	n = read(s->relay->input_fd, behind, buffer_room(b) - INPUT_RESERVE);
	if (n > 0) {
		size_t kept = filter_escape(s, behind, (size_t)n);

		b->len += kept;
		if (kept > 0)
			s->last_input = behind[kept - 1];
	} else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
		s->input_ended = true;
		if (!s->relay->ends_with_input)
			add_end_of_file(s);
	}
}

static void write_master(struct state *s)
{
	struct buffer *b = &s->in;
	ssize_t n = write(s->relay->master_fd, b->bytes + b->start, b->len);

	if (n > 0)
		buffer_take(b, (size_t)n);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		s->master_hung_up = true;
}

static void log_output(const struct state *s, const char *bytes, size_t len)
{
	while (s->relay->log_fd >= 0 && len > 0) {
		ssize_t n = write(s->relay->log_fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* a full disk must not end the session */
		bytes += n;
		len -= (size_t)n;
	}
}

/* Whether something was read. */
static bool read_master(struct state *s)
{
	struct buffer *b = &s->out;
	ssize_t n;

	buffer_settle(b);
	if (buffer_room(b) == 0)
		return false;
	n = read(s->relay->master_fd, b->bytes + b->start + b->len, buffer_room(b));
	if (n <= 0) {
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			s->master_hung_up = true;
		return false;
	}
	log_output(s, b->bytes + b->start + b->len, (size_t)n);
	if (s->output_fd >= 0)
		b->len += (size_t)n;
	if (s->child_ended)
		s->after_end += (size_t)n;
	return true;
}

static void write_output(struct state *s)
{
	struct buffer *b = &s->out;
	size_t len = s->output_reopened || b->len < OUTPUT_PIECE ? b->len : OUTPUT_PIECE;
	ssize_t n = write(s->output_fd, b->bytes + b->start, len);

	if (n > 0)
		buffer_take(b, (size_t)n);
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		s->result = -errno;
}

/* -- the loop */

enum { POLL_CHILD, POLL_SIGNALS, POLL_MASTER, POLL_INPUT, POLL_OUTPUT, POLL_COUNT };

static void prepare_poll(const struct state *s, struct pollfd p[POLL_COUNT])
{
	short master = 0;

	if (s->out.len < BUFFER_SIZE)
		master |= POLLIN;
	if (s->in.len > 0 && !s->child_ended)
		master |= POLLOUT;
	p[POLL_CHILD] = (struct pollfd){s->child_ended ? -1 : s->relay->child_fd, POLLIN, 0};
	p[POLL_SIGNALS] = (struct pollfd){s->signal_fd, POLLIN, 0};
	p[POLL_MASTER] = (struct pollfd){
		s->master_hung_up || s->child_ended || !master ? -1 : s->relay->master_fd, master,
		0};
	p[POLL_INPUT] = (struct pollfd){s->input_ended || s->child_ended ||
							s->in.len + INPUT_RESERVE >= BUFFER_SIZE
						? -1
						: s->relay->input_fd,
					POLLIN, 0};
	p[POLL_OUTPUT] = (struct pollfd){s->out.len > 0 ? s->output_fd : -1, POLLOUT, 0};
}

/* The child is gone: take what it left behind. Whether all of it is out. */
static bool finish(struct state *s)
{
	while (s->after_end < LAST_WORDS && s->out.len < BUFFER_SIZE && read_master(s))
		;
	return s->out.len == 0;
}

static void turn(struct state *s)
{
	struct pollfd p[POLL_COUNT];
	int n;

	prepare_poll(s, p);
	n = poll(p, POLL_COUNT, s->master_hung_up && !s->child_ended ? HANGUP_PAUSE : -1);
	if (n < 0) {
		if (errno != EINTR)
			s->result = -errno;
		return;
	}
	s->master_hung_up = false;
	if (p[POLL_SIGNALS].revents)
		take_signals(s);
	if (p[POLL_OUTPUT].revents)
		write_output(s);
	if (p[POLL_MASTER].revents & POLLOUT)
		write_master(s);
	if (p[POLL_MASTER].revents & (POLLIN | POLLHUP | POLLERR))
		(void)read_master(s);
	if (p[POLL_INPUT].revents)
		read_input(s);
	if (p[POLL_CHILD].revents)
		s->child_ended = true;
}

/* The same file, but non-blocking for us alone: others share the descriptor that we were given. A
 * regular file never makes us wait, and its position is shared, too; the master of a pty would be
 * another pty's. */
static void open_output(struct state *s)
{
	struct stat status;
	unsigned index;
	char path[64];
	int fd;

	s->output_fd = s->relay->output_fd;
	if (s->output_fd < 0 || fstat(s->output_fd, &status) < 0 ||
	    (!S_ISCHR(status.st_mode) && !S_ISFIFO(status.st_mode)) ||
	    ioctl(s->output_fd, TIOCGPTN, &index) == 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", s->output_fd);
	fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0) {
		s->output_fd = fd;
		s->output_reopened = true;
	}
}

/* What is still on its way in when the input ends arrives; who leaves waits for nobody. */
static bool is_over(struct state *s)
{
	if (s->is_left) {
		if (s->in.len > 0)
			write_master(s);
		if (s->out.len > 0 && s->output_reopened)
			write_output(s);
		return true;
	}
	if (s->relay->ends_with_input && s->input_ended && s->in.len == 0)
		return true;
	return s->child_ended && finish(s);
}

static int relay_loop(struct state *s)
{
	int flags = fcntl(s->relay->master_fd, F_GETFL);

	if (flags < 0 || fcntl(s->relay->master_fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	s->input_ended = s->relay->input_fd < 0;
	while (s->result == 0 && !is_over(s))
		turn(s);
	(void)fcntl(s->relay->master_fd, F_SETFL, flags);
	return s->result;
}

int relay_run(const struct relay *relay)
{
	struct state *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->relay = relay;
	s->is_raw = relay->input_fd >= 0 && tcgetattr(relay->input_fd, &s->saved) == 0;
	open_output(s);
	/* Signals first: whoever ends or stops us finds the terminal in order. */
	open_signals(s);
	if (relay->begun)
		relay->begun(relay->context);
	if (s->is_raw)
		terminal_make_raw(s);
	r = relay_loop(s);
	terminal_restore(s);
	close_signals(s);
	if (s->output_reopened)
		close(s->output_fd);
	free(s);
	return r;
}
