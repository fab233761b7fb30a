/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The event loop: epoll, one event at a time (so that no handler meets what another one has just
 * closed), signals by signalfd (spec/runtime.md §17), deadlines as timeouts.
 */

#include "supervisor/loop.h"

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOG_CATEGORY "mainloop"
#include "base/log.h"
#include "base/macros.h"
#include "supervisor/hook_output.h"
#include "supervisor/story.h"
#include "supervisor/supervisor.h"

enum {
	STACK_KEPT = 2048,       /* bytes below the caller that are its own business */
	STACK_TRIMMED = 1 << 18, /* bytes of stack that no call of ours goes beyond */
};

static void init_ready(struct supervisor *s, uint32_t events)
{
	s->init_ended = true;
	loop_unwatch(s, WATCH_INIT);
}

static void caller_ready(struct supervisor *s, uint32_t events)
{
	loop_unwatch(s, WATCH_CALLER);
	s->stop_requested = true;
	if (s->is_starting) {
		s->interrupted_by = SIGHUP;
		return;
	}
	log_info("The process that started the container is gone: stopping it");
	supervisor_kill_init(s);
}

static bool ends_a_start(int signal)
{
	return signal == SIGTERM || signal == SIGINT || signal == SIGQUIT || signal == SIGHUP;
}

/*
 * Signals that we have raised ourselves (SIGPIPE, SIGXFSZ) are nobody's business.
 * Before there is an init, a request to end ends the start; behind it, a reboot.
 */
static void take_signal(struct supervisor *s, const struct signalfd_siginfo *info)
{
	int signal = (int)info->ssi_signo;
	int r;

	if (signal == SIGCHLD || info->ssi_pid == (uint32_t)getpid())
		return;
	if (signal == SIGWINCH) {
		console_resize(s);
		return;
	}
	if (s->is_starting) {
		if (ends_a_start(signal))
			s->interrupted_by = signal;
		return;
	}
	/* Between two runs nobody is there to get it: the next one must not begin. */
	if (s->init_ended) {
		s->stop_requested = s->stop_requested || ends_a_start(signal);
		return;
	}
	if (signal == SIGCONT)
		console_foreground(s);
	r = supervisor_signal_init(s, signal == SIGHUP ? SIGTERM : signal);
	if (r < 0 && r != -ESRCH)
		log_warn_errno(-r, "Failed to forward signal %d to init", signal);
}

static void signals_ready(struct supervisor *s, uint32_t events)
{
	struct signalfd_siginfo info;

	if (read(s->loop.signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		take_signal(s, &info);
}

static void hooks_ready(struct supervisor *s, uint32_t events)
{
	if (hook_output_read(s, s->loop.watches[WATCH_HOOKS].fd) == 0)
		return;
	loop_unwatch(s, WATCH_HOOKS);
	if (!s->is_starting)
		hook_output_forget(s);
}

typedef void (*watch_handler)(struct supervisor *s, uint32_t events);

static const watch_handler watch_handlers[WATCH_COUNT] = {
	[WATCH_SIGNALS] = signals_ready,       [WATCH_INIT] = init_ready,
	[WATCH_CALLER] = caller_ready,         [WATCH_CONTROL] = control_ready,
	[WATCH_MASTER] = console_ready,        [WATCH_PEER] = console_peer_ready,
	[WATCH_OUTPUT] = console_output_ready, [WATCH_HOOKS] = hooks_ready,
	[WATCH_ADDRESS] = address_ready,       [WATCH_FREEZER] = freezer_ready,
};

typedef void (*timer_handler)(struct supervisor *s);

static const timer_handler timer_handlers[TIMER_COUNT] = {
	[TIMER_CONTROL] = control_expire, [TIMER_ACCEPT] = control_accept_again,
	[TIMER_CONSOLE] = console_expire, [TIMER_FREEZER] = freezer_expire,
	[TIMER_LATE] = story_do_late,
};

int loop_open(struct supervisor *s)
{
	struct loop *l = &s->loop;
	const uint64_t mask = LOOP_SIGNALS;

	for (int i = 0; i < WATCH_COUNT; i++)
		l->watches[i].fd = -EBADF;
	for (int i = 0; i < TIMER_COUNT; i++)
		l->timers[i] = USEC_INFINITY;
	l->signal_fd = -EBADF;
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll_fd < 0)
		return -errno;
	/* Not the C library's signalfd(): it leaves out the signals that it uses itself. */
	l->signal_fd =
		(int)syscall(SYS_signalfd4, -1, &mask, sizeof(mask), SFD_CLOEXEC | SFD_NONBLOCK);
	if (l->signal_fd < 0)
		return -errno;
	return loop_watch(s, WATCH_SIGNALS, l->signal_fd, EPOLLIN);
}

void loop_close(struct supervisor *s)
{
	cleanup_close(&s->loop.epoll_fd);
	cleanup_close(&s->loop.signal_fd);
	s->loop.epoll_fd = -EBADF;
	s->loop.signal_fd = -EBADF;
}

int loop_watch(struct supervisor *s, enum watch_kind kind, int fd, uint32_t events)
{
	struct watch *w = &s->loop.watches[kind];
	struct epoll_event event = {.events = events, .data.u32 = kind};

	if (w->fd == fd && w->events == events)
		return 0;
	if (w->fd >= 0 && w->fd != fd)
		loop_unwatch(s, kind);
	if (epoll_ctl(s->loop.epoll_fd, w->fd == fd ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) <
	    0)
		return -errno;
	*w = (struct watch){.fd = fd, .events = events};
	return 0;
}

void loop_unwatch(struct supervisor *s, enum watch_kind kind)
{
	struct watch *w = &s->loop.watches[kind];

	/* The descriptor may be closed already: then the kernel has forgotten it. */
	if (w->fd >= 0)
		epoll_ctl(s->loop.epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
	*w = (struct watch){.fd = -EBADF};
}

void loop_set_timer(struct supervisor *s, enum timer_kind kind, usec_t deadline)
{
	s->loop.timers[kind] = deadline;
}

void loop_keep_timer(struct supervisor *s, enum timer_kind kind, usec_t deadline)
{
	if (deadline < s->loop.timers[kind])
		s->loop.timers[kind] = deadline;
}

/* Milliseconds until the next deadline, rounded up; -1 when there is none. */
static int timeout_of(const struct loop *l)
{
	usec_t next = USEC_INFINITY;
	usec_t left;

	for (int i = 0; i < TIMER_COUNT; i++) {
		if (l->timers[i] < next)
			next = l->timers[i];
	}
	if (next == USEC_INFINITY)
		return -1;
	left = (time_left(next) + USEC_PER_MSEC - 1) / USEC_PER_MSEC;
	return left > INT32_MAX ? INT32_MAX : (int)left;
}

static void run_timers(struct supervisor *s)
{
	struct loop *l = &s->loop;
	usec_t now = 0;

	for (int i = 0; i < TIMER_COUNT; i++) {
		if (l->timers[i] == USEC_INFINITY)
			continue;
		if (now == 0)
			now = time_now();
		if (l->timers[i] > now)
			continue;
		l->timers[i] = USEC_INFINITY;
		timer_handlers[i](s);
	}
}

static void serve(struct supervisor *s, int timeout)
{
	struct epoll_event event;
	int count = epoll_wait(s->loop.epoll_fd, &event, 1, timeout);

	if (count == 1 && event.data.u32 < WATCH_COUNT && s->loop.watches[event.data.u32].fd >= 0)
		watch_handlers[event.data.u32](s, event.events);
}

void loop_serve_one(struct supervisor *s)
{
	if (s->loop.has_deep_stack) {
		s->loop.has_deep_stack = false;
		loop_trim_stack();
	}
	serve(s, timeout_of(&s->loop));
	run_timers(s);
}

int loop_wait_readable(struct supervisor *s, int fd)
{
	if (fd < 0)
		return -EBADF;
	for (;;) {
		struct pollfd polled[] = {
			{.fd = fd, .events = POLLIN},
			{.fd = s->loop.epoll_fd, .events = POLLIN},
		};

		if (poll(polled, ARRAY_LENGTH(polled), timeout_of(&s->loop)) < 0 && errno != EINTR)
			return -errno;
		if (polled[0].revents)
			return 0;
		if (polled[1].revents)
			serve(s, 0);
		run_timers(s);
		if (s->is_starting && s->interrupted_by)
			return -EINTR;
	}
}

void loop_trim_stack(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *end = (char *)__builtin_frame_address(0) - STACK_KEPT;

	end -= (uintptr_t)end % page;
	/* Not what the kernel has not mapped yet: ENOMEM then, with the mapped part done. */
	madvise(end - STACK_TRIMMED, STACK_TRIMMED, MADV_DONTNEED);
}
