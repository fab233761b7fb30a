/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The chapters of a container's life, for main.c: start → serve → stop → reboot or end.
 */

#include "run/record.h"

struct supervisor;

/* Everything that the process needs before there is a container. 0 or -errno. */
int story_open(struct supervisor *s);

/* start.c: run the prelude and the plan until PID 1 runs and the state is RUNNING. On failure
 * everything is undone already, and supervisor.error says why. 0 or -errno. */
int story_start(struct supervisor *s, bool is_reboot);

/* serve.c: until init has ended; its status is in the record. */
void story_serve(struct supervisor *s);

/* serve.c: START's late steps, when their time has come. */
void story_do_late(struct supervisor *s);

/* stop.c: the STOP section. TARGET_REBOOT or TARGET_STOP: what comes next. */
int story_stop(struct supervisor *s);

/* stop.c: behind STOP, when no new run follows although one was to: what STOP has left out then. */
void story_give_up_reboot(struct supervisor *s);

/* stop.c: nothing is left to undo: the record goes, the terminal is as it was. */
void story_end(struct supervisor *s);

/* stop.c: the record's file goes, under whichever name it has. */
void story_unlink_record(struct supervisor *s);
