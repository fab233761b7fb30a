/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How far a long operation is, in one of three forms:
 *
 *	web2   42%   131 of 312 MiB   4812 of 11204 files   173 MiB/s   2 s left
 *
 * on a terminal, in one line that is drawn again and never stays half; as one line at the end; or
 * as JSON, one object per line. Who works calls progress_show() as often as it likes.
 *
 *	progress_begin(&p, progress_choose(asked, format == CLI_JSON, quiet), "web2", time_now());
 *	…	progress_show(&p, &counts, time_now());
 *	progress_end(&p, &counts, r < 0 ? &e : NULL, time_now());
 *
 * Time is handed in, so that tests have a clock of their own. Nothing here fails: what can't be
 * shown is not, and a reader that went away (EPIPE, SIGPIPE) does not end what is at work.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

struct err;
struct str;

enum progress_style {
	PROGRESS_NONE,
	PROGRESS_LINE,    /* on the standard error output, a terminal */
	PROGRESS_SUMMARY, /* on the standard error output, at the end of what succeeded */
	PROGRESS_EVENTS,  /* on the standard output */
};

enum {
	PROGRESS_LABEL_ROOM = 128,
	PROGRESS_SAMPLES = 16,
};

struct progress_counts {
	uint64_t bytes;
	uint64_t shared_bytes; /* those of them that are shared blocks */
	uint64_t files, directories;
	uint64_t total_bytes, total_files; /* 0 = not known (yet) */
};

/* All that is shown at one moment. */
struct progress_view {
	const char *label;
	struct progress_counts counts;
	uint64_t rate;  /* bytes per second, of the last seconds; at the end: of all */
	usec_t elapsed; /* since the beginning */
	usec_t left;    /* USEC_INFINITY = nobody knows */
};

struct progress {
	enum progress_style style;
	int fd; /* borrowed */
	char label[PROGRESS_LABEL_ROOM];
	usec_t began, shown; /* shown: the last time */
	unsigned columns;    /* of the line that stands on the terminal */
	bool was_drawn;
	struct progress_counts counts;
	/* What was at which time: the rate is that since the oldest. A ring. */
	struct {
		usec_t at;
		uint64_t bytes, work;
	} samples[PROGRESS_SAMPLES];
	unsigned newest, sample_count;
};

/* `asked` is --progress, `events` that JSON is wished, `quiet` -q. A terminal has its line also
 * when nobody asked. */
enum progress_style progress_choose(bool asked, bool events, bool quiet);

/* `label` names what is made, in front of the line. A first event is written. */
void progress_begin(struct progress *p, enum progress_style style, const char *label, usec_t now);

/* At most ten times a second something is written; on a terminal not within the first 0.3 seconds,
 * and not while it is another process group's. */
void progress_show(struct progress *p, const struct progress_counts *counts, usec_t now);

/* Take the line away, because somebody else writes to the terminal. The next call draws it again.
 */
void progress_clear(struct progress *p);

/*
 * It is over, with what was done at last (NULL: as shown last), and the error if there was one. A
 * line that was drawn becomes the summary or, when it failed, vanishes: the error is the caller's
 * to tell. Nothing more is shown then.
 */
void progress_end(struct progress *p, const struct progress_counts *counts, const struct err *e,
		  usec_t now);

/* What progress_show() would show. */
void progress_look(const struct progress *p, usec_t now, struct progress_view *ret);

/* The line, in fewer than `width` columns (so that no terminal wraps it): parts that have no room
 * are left out, the least important ones first. May be empty. */
void progress_format_line(const struct progress_view *view, unsigned width, struct str *out);

/* "web2: 312 MiB (300 MiB shared), 11204 files, 1.8 s, 173 MiB/s", without a line end. */
void progress_format_summary(const struct progress_view *view, struct str *out);

/* One object and a line end. The error is NULL, or becomes its member "error". */
void progress_format_event(const struct progress_view *view, const char *event, const struct err *e,
			   struct str *out);
