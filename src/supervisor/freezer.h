/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Freezing and thawing while the loop goes on: version 2 by cgroup.freeze and the events of
 * cgroup.events, version 1 (and hybrid, whose freezer is version 1's) by freezer.state, which has
 * to be asked again and again (spec/cgroup1.md §5).
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

struct supervisor;

enum freezer_job { FREEZER_IDLE, FREEZER_FREEZES, FREEZER_THAWS };

struct freezer {
	enum freezer_job job;
	int directory_fd; /* owned while there is a job; -EBADF else */
	int events_fd;    /* owned: cgroup.events; -EBADF on version 1 */
	usec_t pause;     /* version 1: until it is looked at again */
	usec_t deadline;  /* version 1 gives up freezing then */
	bool is_kept;     /* somebody asked for it who doesn't wait */
};

void freezer_init(struct freezer *f);

/*
 * Begin to freeze or to thaw. `keep`: it is not given up when nobody waits any longer. 1: it is so
 * already, and the state says it; 0: it is under way, and control_freezer_done() will be called;
 * -errno.
 */
int freezer_begin(struct supervisor *s, bool freeze, bool keep);

/* Nobody waits any longer: freezing that is not kept is taken back, and those who waited are told
 * -ETIMEDOUT. */
void freezer_give_up(struct supervisor *s);

/* Thaw all directories at once, without waiting: frozen tasks don't die. Freezing that is under way
 * is over, and those who wait for it are told -ECANCELED. */
void freezer_release(struct supervisor *s);

/* Nobody is frozen any more: the container has ended. */
void freezer_forget(struct supervisor *s);

/* loop.c */
void freezer_ready(struct supervisor *s, uint32_t events);
void freezer_expire(struct supervisor *s);
