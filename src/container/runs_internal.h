/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What runs.c (making and looking) and runs_undo.c (undoing) need of each other.
 */

#include "container/runs.h"

/* runs.c */

/* The directory of an lxcpath's records, made if asked for: path_open_run(). */
int runs_open_directory(const char *lxcpath, bool make, struct err *e);
/* A record's file may have this name: no way leads out of the directory by it, nor to the one below
 * it. */
bool runs_is_file_name(const char *name);
/* Map a record that has been opened: foreign bytes. 0 or -errno; -EINVAL: no file of ours, or of a
 * size that no record has. */
int runs_map_record(int fd, struct run_view *ret);
/* All of it can be read, not only what every format begins with. */
bool runs_is_of_this_version(const struct record_header *record);
/* `boot_id`: where it is kept once it has been read, or "". */
bool runs_is_of_other_boot(const struct record_header *record, char boot_id[static BOOT_ID_MAX]);
/*
 * A supervisor that is gone may have left somebody who holds its lock for a moment: a child that
 * dies with it or has not reached its exec, lxc-compile, or another undoing. `boot_id` as above.
 */
bool runs_is_orphan(const struct record_header *record, char boot_id[static BOOT_ID_MAX]);
/* Open a record for writing, so that it can be locked. A descriptor that is handed on must not take
 * the place of a standard stream: it is a higher one. Or -errno. */
int runs_open_for_undo(int dirfd, const char *file);

/* runs_undo.c */

/*
 * Whether somebody waits for other processes that undo the same run, and sets aside what can't be
 * undone: what only somebody in another network namespace could, or anything, but nothing that must
 * be given back first (LEFT_OWED).
 */
enum patience { HURRIED, PATIENT, GIVING_UP_ELSEWHERE, GIVING_UP };
/*
 * Undo the run of a file of the directory of records, when it is dead. 1 = it was undone or set
 * aside, 0 = it lives, or somebody undoes it and nobody waits for that, or there is none; or
 * negative.
 */
int runs_repair_file(int dirfd, const char *file, enum patience patience, struct err *e);
