/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What drivers do with directories and files: container root's ownership, names that follow a
 * container's directory, and what may never be removed.
 */

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"
#include "config/model.h"
#include "storage/storage.h"

int place_no_memory(struct err *e);

/* Make a directory with its parents, 0755, owned by container root when ids are mapped. -EEXIST
 * with e: it is there. */
int place_make(const char *path, const struct config_idmaps *maps, struct err *e);
/* The same, but one that is there is fine, and stays as it is. */
int place_make_missing(const char *path, const struct config_idmaps *maps, struct err *e);

/* Give what is there (no link is followed) to container root, when ids are mapped: directly as
 * root, else in a helper user namespace; then its group stays. */
int place_give(const char *path, const struct config_idmaps *maps, struct err *e);
/* The same by root for an open directory, whose mode becomes 0755. */
int place_give_open(int fd, const char *name, const struct config_idmaps *maps, struct err *e);

/* 1 = something is there, a broken link too; 0; or negative with e. */
int place_is_there(const char *path, struct err *e);

/* Refuse to remove directories of the system and what is mounted or has mounts inside, as far as it
 * is seen from here: -EBUSY or another negative number with e. */
int place_check_removal(const char *path, struct err *e);

/* Add the path that `path` has when its container's directory is called otherwise. */
void place_follow(const char *path, size_t len, const struct storage_wish *wish, struct str *ret);

/* What a volume that lies in no container's directory is called: the container's name, for
 * snapshots (DIRECTORY is …/NAME/snaps/snapN) NAME-snapN. */
void place_volume_name(const struct storage_wish *wish, struct str *ret);

/* "cannot X": no driver makes a snapshot of that for this. -EOPNOTSUPP. */
int place_refuse_snapshot(enum rootfs_type source, const char *format, struct err *e);
