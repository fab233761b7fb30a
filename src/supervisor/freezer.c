/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The freezer, as a job of the event loop. What the kernel says is what counts: also a container
 * that somebody froze by hand is thawed, and the other way round.
 */

#include "supervisor/freezer.h"

#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define LOG_CATEGORY "freezer"
#include "base/log.h"
#include "base/macros.h"
#include "base/str.h"
#include "supervisor/cgroup.h"
#include "supervisor/state.h"
#include "supervisor/supervisor.h"
#include "sys/cgroup.h"
#include "sys/cgroup1.h"

enum {
	PAUSE_FIRST = 1000,               /* µs between two looks at freezer.state, doubled … */
	PAUSE_LAST = 50 * 1000,           /* … up to this */
	VERSION1_PATIENCE = 10 * 1000000, /* µs until freezing is given up */
	EVENTS_MAX = 256,                 /* bytes of cgroup.events and freezer.state */
};

void freezer_init(struct freezer *f)
{
	*f = (struct freezer){.directory_fd = -EBADF, .events_fd = -EBADF};
}

static void end_job(struct supervisor *s)
{
	struct freezer *f = &s->freezer;

	loop_unwatch(s, WATCH_FREEZER);
	loop_set_timer(s, TIMER_FREEZER, USEC_INFINITY);
	cleanup_close(&f->directory_fd);
	cleanup_close(&f->events_fd);
	freezer_init(f);
}

static bool is_version1(const struct freezer *f)
{
	return f->events_fd < 0;
}

static int write_freezer(const struct freezer *f, bool freeze)
{
	if (is_version1(f))
		return cgroup_write(f->directory_fd, "freezer.state", freeze ? "FROZEN" : "THAWED");
	return cgroup_write(f->directory_fd, "cgroup.freeze", freeze ? "1" : "0");
}

/* 1 frozen, 0 not at all, 2 on its way, -errno. */
static int look(const struct freezer *f)
{
	char text[EVENTS_MAX];
	const char *field;
	ssize_t got;
	int r;

	if (is_version1(f)) {
		r = cgroup_read(f->directory_fd, "freezer.state", text, sizeof(text));
		if (r < 0)
			return r;
		return text_starts(text, "FROZEN") ? 1 : text_starts(text, "THAWED") ? 0 : 2;
	}
	got = pread(f->events_fd, text, sizeof(text) - 1, 0);
	if (got < 0)
		return -errno;
	text[got] = '\0';
	field = strstr(text, "frozen ");
	return field ? field[LITERAL_LENGTH("frozen ")] == '1' : -EPROTO;
}

static int open_freezer(struct supervisor *s)
{
	struct freezer *f = &s->freezer;
	const struct plan_hierarchy *h = cgroup_find_controller(s, "freezer");

	if (!h)
		return -ENOENT;
	f->directory_fd = cgroup_open_place(s, h, PLACE_PAYLOAD);
	if (f->directory_fd < 0)
		return f->directory_fd;
	if (h->version == 1)
		return 0;
	f->events_fd = openat(f->directory_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	return f->events_fd < 0 ? -errno : 0;
}

static void enter_state(struct supervisor *s, enum container_state state)
{
	if (state_may_follow(atomic_load(&s->record->state), state))
		state_enter(s, state);
}

/* What a job that failed leaves, as look() says it. Nothing freezes later of itself. */
static int take_back(const struct freezer *f)
{
	bool froze = f->job == FREEZER_FREEZES;
	int now;

	if (froze && write_freezer(f, false) == 0)
		return 0;
	now = look(f);
	/* Not to be known: what it was before. */
	return now >= 0 ? now : froze ? 0 : 2;
}

/* Over, one way or another: states, then those who wait for it. */
static void finish_job(struct supervisor *s, int result)
{
	bool froze = s->freezer.job == FREEZER_FREEZES;
	int now = result < 0 ? take_back(&s->freezer) : froze;

	end_job(s);
	if (now == 1) {
		enter_state(s, STATE_FROZEN);
	} else if (now == 0) {
		enter_state(s, STATE_THAWED);
		enter_state(s, STATE_RUNNING);
	}
	control_freezer_done(s, froze, result);
}

/* Version 1 refuses while a task forks or is being stopped; then it is asked again. */
static int retry(struct supervisor *s)
{
	struct freezer *f = &s->freezer;
	bool freeze = f->job == FREEZER_FREEZES;
	int r;

	if (freeze && time_left(f->deadline) == 0) {
		log_warn("The container could not be frozen within 10 seconds: thawing it");
		return -ETIMEDOUT;
	}
	r = write_freezer(f, freeze);
	if (r < 0)
		return r;
	loop_set_timer(s, TIMER_FREEZER, time_deadline(f->pause));
	f->pause = f->pause * 2 < PAUSE_LAST ? f->pause * 2 : PAUSE_LAST;
	return 0;
}

/* 1: the job is done; 0: it goes on; -errno: it failed. In the first and last case it is over. */
static int check_job(struct supervisor *s)
{
	struct freezer *f = &s->freezer;
	int now, r = 0;

	if (f->job == FREEZER_IDLE)
		return 0;
	now = look(f);
	if (now == (f->job == FREEZER_FREEZES)) {
		finish_job(s, 0);
		return 1;
	}
	if (now < 0)
		r = now;
	else if (is_version1(f))
		r = retry(s);
	if (r < 0)
		finish_job(s, r);
	return r;
}

void freezer_ready(struct supervisor *s, uint32_t events)
{
	check_job(s);
}

void freezer_expire(struct supervisor *s)
{
	check_job(s);
}

/*
 * Written in any case: what is not frozen yet may have been asked to, by us or by somebody else,
 * and a frozen cgroup of version 2 says "frozen 0" while a process of it ends or is attached. The
 * other job goes on when that fails. 1: it was so before, and the state says it.
 */
static int begin(struct supervisor *s, bool freeze)
{
	struct freezer *f = &s->freezer;
	enum freezer_job before = f->job;
	int was, r;

	r = before == FREEZER_IDLE ? open_freezer(s) : 0;
	if (r < 0)
		return r;
	was = look(f);
	r = was < 0 ? was : write_freezer(f, freeze);
	if (r < 0)
		return r;
	if (before != FREEZER_IDLE)
		control_freezer_done(s, !freeze, -ECANCELED);
	else if (was == freeze &&
		 atomic_load(&s->record->state) == (freeze ? STATE_FROZEN : STATE_RUNNING))
		return 1;
	f->job = freeze ? FREEZER_FREEZES : FREEZER_THAWS;
	f->pause = PAUSE_FIRST;
	f->deadline = time_deadline(VERSION1_PATIENCE);
	return 0;
}

int freezer_begin(struct supervisor *s, bool freeze, bool keep)
{
	struct freezer *f = &s->freezer;
	int r;

	if (f->job == (freeze ? FREEZER_FREEZES : FREEZER_THAWS)) {
		f->is_kept |= keep;
		return 0;
	}
	r = begin(s, freeze);
	if (r != 0) {
		if (f->job == FREEZER_IDLE)
			end_job(s);
		return r;
	}
	f->is_kept = keep;
	if (freeze)
		enter_state(s, STATE_FREEZING);
	r = check_job(s);
	if (r != 0 || is_version1(f))
		return r;
	/* What has changed since it was read is told, too. */
	r = loop_watch(s, WATCH_FREEZER, f->events_fd, EPOLLPRI);
	if (r < 0)
		finish_job(s, r);
	return r;
}

void freezer_give_up(struct supervisor *s)
{
	if (s->freezer.job == FREEZER_FREEZES && !s->freezer.is_kept)
		finish_job(s, -ETIMEDOUT);
}

static void release(struct supervisor *s, const struct plan_hierarchy *h, enum cgroup_place place)
{
	autoclose int fd = cgroup_open_place(s, h, place);

	if (fd < 0)
		return;
	if (h->version == 1)
		cgroup1_thaw_all(fd);
	else
		cgroup_write(fd, "cgroup.freeze", "0");
}

void freezer_release(struct supervisor *s)
{
	const struct plan_hierarchy *h = cgroup_find_controller(s, "freezer");

	if (!h)
		return;
	/* Version 1 would be asked for it again, and freeze what has got its signal. */
	if (s->freezer.job == FREEZER_FREEZES)
		finish_job(s, -ECANCELED);
	release(s, h, PLACE_LIMIT);
	if (strcmp(cgroup_place_name(s, PLACE_LIMIT), cgroup_place_name(s, PLACE_PAYLOAD)) != 0)
		release(s, h, PLACE_PAYLOAD);
}

void freezer_forget(struct supervisor *s)
{
	if (s->freezer.job != FREEZER_IDLE)
		control_freezer_done(s, s->freezer.job == FREEZER_FREEZES, -ESRCH);
	end_job(s);
}
