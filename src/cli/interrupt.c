/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Signals that wait: blocked, and taken by sigtimedwait(2) with no time to wait.
 */

#include "cli/interrupt.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "base/macros.h"

void interrupt_hold(struct interrupt *i)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

	i->signal = 0;
	sigemptyset(&i->held);
	/* A blocked signal waits even when it is ignored (sigaction(2) of a later moment counts).
	 */
	for (size_t n = 0; n < ARRAY_LENGTH(signals); n++) {
		struct sigaction action;

		if (sigaction(signals[n], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(&i->held, signals[n]);
	}
	pthread_sigmask(SIG_BLOCK, &i->held, &i->before);
}

int interrupt_look(struct interrupt *i)
{
	const struct timespec at_once = {0};
	int n;

	while (i->signal == 0) {
		n = sigtimedwait(&i->held, NULL, &at_once);
		if (n > 0)
			i->signal = n;
		else if (errno != EINTR)
			break;
	}
	return i->signal;
}

void interrupt_release(struct interrupt *i)
{
	if (interrupt_look(i) != 0)
		(void)kill(getpid(), i->signal);
	pthread_sigmask(SIG_SETMASK, &i->before, NULL);
}
