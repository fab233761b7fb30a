/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The client of lxc-monitord (spec/wire.md §12, run/monitor.h): connects to the daemon of a
 * lxcpath, starting one when there is none, and reads events. Works with genuine LXC's daemon, too.
 */

#include <stdbool.h>

#include "base/err.h"
#include "run/wire.h"

/* What a daemon that was started says on its descriptor FD: one byte, and behind MONITOR_FAILED the
 * chain. */
enum { MONITOR_READY = 'S', MONITOR_FAILED = 'E' };
struct monitor_failure {
	char mark;
	struct err e;
};

/*
 * Connect; every event that is written after it has returned can be received. lxcpath NULL: the
 * default one. Returns a descriptor, or negative with e set.
 */
int monitor_connect(const char *lxcpath, struct err *e);

/* The next event, waited for: 1; 0 when somebody has asked the daemon to end; or negative with e
 * set: it ended otherwise, or sent what is none. The name is terminated. */
int monitor_receive(int fd, struct wire_message *ret, struct err *e);

/* End the daemon: 0 when it is gone, or negative with e set, also when there is none. */
int monitor_quit(const char *lxcpath, struct err *e);
