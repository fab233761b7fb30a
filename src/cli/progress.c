/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rate is that of the last seconds, from a ring of samples. What is left is guessed from bytes
 * and files together: each file costs as much time as some bytes do.
 *
 * A line is drawn over the one before: carriage return, text, blanks over what the old one had
 * more. That needs no knowledge of the terminal. Its size is asked for each time, so that no signal
 * (SIGWINCH) has to be caught.
 */

#include "cli/progress.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "base/utf8.h"
#include "cli/output.h"

enum {
	INTERVAL = 100 * 1000,        /* microseconds between two lines */
	DELAY = 300 * 1000,           /* what is over sooner needs no line */
	SAMPLE_INTERVAL = 300 * 1000, /* the ring remembers nearly five seconds */
	GUESS_AFTER = 1000 * 1000,
	FILE_COST = 32 << 10, /* bytes that are copied while one file is made */
	WIDTH_DEFAULT = 80,
};

enum progress_style progress_choose(bool asked, bool events, bool quiet)
{
	if (events)
		return PROGRESS_EVENTS;
	if (quiet)
		return PROGRESS_NONE;
	if (isatty(STDERR_FILENO))
		return PROGRESS_LINE;
	return asked ? PROGRESS_SUMMARY : PROGRESS_NONE;
}

/* Writing -------------------------------------------------------------------------------------- */

/* A reader that is gone must not end a copy in the middle. Only EPIPE of our own is taken away. */
static int write_quietly(int fd, const struct str *text)
{
	const struct timespec at_once = {0};
	sigset_t broken_pipe, pending, before;
	int r;

	if (str_failed(text))
		return 0;
	sigemptyset(&broken_pipe);
	sigaddset(&broken_pipe, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &broken_pipe, &before);
	r = cli_write(fd, str_text(text), text->len);
	if (r == -EPIPE && !sigismember(&pending, SIGPIPE))
		while (sigtimedwait(&broken_pipe, NULL, &at_once) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r;
}

static void say(struct progress *p, const struct str *text)
{
	if (write_quietly(p->fd, text) < 0)
		p->style = PROGRESS_NONE;
}

static unsigned ask_width(int fd)
{
	struct winsize size;

	return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : WIDTH_DEFAULT;
}

/* Somebody who has put us into the background types there now. */
static bool is_foreign(int fd)
{
	pid_t group = tcgetpgrp(fd);

	return group > 0 && group != getpgrp();
}

static void add_blanks(struct str *out, unsigned count)
{
	str_addf(out, "%*s", (int)count, "");
}

static void draw(struct progress *p, const struct progress_view *view)
{
	autostr text = {0};
	unsigned width, columns;

	if (is_foreign(p->fd))
		return;
	width = ask_width(p->fd);
	str_add_char(&text, '\r');
	progress_format_line(view, width, &text);
	columns = (unsigned)text.len - 1;
	/* A terminal that has become narrower has wrapped the old line already. */
	if (p->columns >= width)
		p->columns = width - 1;
	if (p->columns > columns)
		add_blanks(&text, p->columns - columns);
	p->columns = columns;
	p->was_drawn = true;
	say(p, &text);
}

void progress_clear(struct progress *p)
{
	autostr text = {0};
	unsigned width;

	if (p->style != PROGRESS_LINE || p->columns == 0)
		return;
	width = ask_width(p->fd);
	str_add_char(&text, '\r');
	add_blanks(&text, p->columns < width ? p->columns : width - 1);
	str_add_char(&text, '\r');
	p->columns = 0;
	say(p, &text);
}

static void tell_event(struct progress *p, const struct progress_view *view, const char *event,
		       const struct err *e)
{
	autostr text = {0};

	progress_format_event(view, event, e, &text);
	say(p, &text);
}

static void tell_summary(struct progress *p, const struct progress_view *view)
{
	autostr text = {0};

	progress_format_summary(view, &text);
	str_add_char(&text, '\n');
	say(p, &text);
}

/* Counting ------------------------------------------------------------------------------------- */

static uint64_t work_of(uint64_t bytes, uint64_t files)
{
	return bytes + files * FILE_COST;
}

static uint64_t per_second(uint64_t amount, usec_t time)
{
	return time ? (uint64_t)((double)amount * USEC_PER_SEC / (double)time) : 0;
}

static void remember(struct progress *p, usec_t now)
{
	if (p->sample_count > 0 && now < p->samples[p->newest].at + SAMPLE_INTERVAL)
		return;
	p->newest = p->sample_count ? (p->newest + 1) % PROGRESS_SAMPLES : 0;
	if (p->sample_count < PROGRESS_SAMPLES)
		p->sample_count++;
	p->samples[p->newest].at = now;
	p->samples[p->newest].bytes = p->counts.bytes;
	p->samples[p->newest].work = work_of(p->counts.bytes, p->counts.files);
}

static usec_t guess_left(const struct progress_counts *c, uint64_t work, usec_t time)
{
	const uint64_t total = work_of(c->total_bytes, c->total_files);
	const uint64_t done = work_of(c->bytes, c->files);
	double left;

	if (total == 0 || work == 0 || time < GUESS_AFTER)
		return USEC_INFINITY;
	left = done < total ? (double)(total - done) * (double)time / (double)work : 0;
	/* A year: it stands still. */
	return left < 365.0 * 86400 * USEC_PER_SEC ? (usec_t)left : USEC_INFINITY;
}

void progress_look(const struct progress *p, usec_t now, struct progress_view *ret)
{
	const unsigned oldest =
		(p->newest + PROGRESS_SAMPLES + 1 - p->sample_count) % PROGRESS_SAMPLES;
	const usec_t time = now - p->samples[oldest].at;

	*ret = (struct progress_view){
		.label = p->label,
		.counts = p->counts,
		.rate = per_second(p->counts.bytes - p->samples[oldest].bytes, time),
		.elapsed = now - p->began,
		.left = guess_left(
			&p->counts,
			work_of(p->counts.bytes, p->counts.files) - p->samples[oldest].work, time),
	};
}

void progress_begin(struct progress *p, enum progress_style style, const char *label, usec_t now)
{
	struct progress_view view;

	*p = (struct progress){
		.style = style,
		.fd = style == PROGRESS_EVENTS ? STDOUT_FILENO : STDERR_FILENO,
		.began = now,
		.shown = now,
	};
	utf8_copy_visible(p->label, sizeof(p->label), label);
	remember(p, now);
	if (style != PROGRESS_EVENTS)
		return;
	progress_look(p, now, &view);
	tell_event(p, &view, "begin", NULL);
}

void progress_show(struct progress *p, const struct progress_counts *counts, usec_t now)
{
	struct progress_view view;

	p->counts = *counts;
	if (p->style != PROGRESS_LINE && p->style != PROGRESS_EVENTS)
		return;
	remember(p, now);
	if (now < p->shown + INTERVAL || (p->style == PROGRESS_LINE && now < p->began + DELAY))
		return;
	p->shown = now;
	progress_look(p, now, &view);
	if (p->style == PROGRESS_LINE)
		draw(p, &view);
	else
		tell_event(p, &view, "progress", NULL);
}

void progress_end(struct progress *p, const struct progress_counts *counts, const struct err *e,
		  usec_t now)
{
	struct progress_view view;

	if (counts)
		p->counts = *counts;
	progress_look(p, now, &view);
	view.rate = per_second(p->counts.bytes, view.elapsed);
	progress_clear(p);
	if (p->style == PROGRESS_EVENTS)
		tell_event(p, &view, e ? "error" : "end", e);
	else if (!e &&
		 (p->style == PROGRESS_SUMMARY || (p->style == PROGRESS_LINE && p->was_drawn)))
		tell_summary(p, &view);
	p->style = PROGRESS_NONE;
}
