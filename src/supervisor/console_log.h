/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The console's log file (spec/runtime.md §10): appended to, limited in size by starting again or
 * by keeping one older file, and rewritten with the ring buffer's content at the end.
 *
 * A limit needs a regular file: anything else is refused with -EINVAL when it is written to, as LXC
 * does it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "supervisor/console_ring.h"

struct console_log {
	int fd;           /* owned; -EBADF = none */
	const char *path; /* borrowed */
	uint64_t limit;   /* bytes; 0 = none */
	uint64_t used;
	bool rotates;
	bool is_regular;
};

/* 0 or -errno. `path` must outlive it. */
int console_log_open(struct console_log *log, const char *path, uint64_t limit, bool rotates);
void console_log_close(struct console_log *log);

/* 0 or -errno; what was not written is lost. */
int console_log_add(struct console_log *log, const char *bytes, size_t length);

/* Empty the file and fill it with what the ring holds, at most the limit. No effect without a file
 * or without content. */
int console_log_rewrite(struct console_log *log, const struct console_ring *ring);
