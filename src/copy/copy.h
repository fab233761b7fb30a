/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Copying a directory tree exactly, as fast as the machine can: contents with their holes, hard
 * links, owners, modes, times to the nanosecond, extended attributes of every namespace (access
 * lists and capabilities among them), links, pipes, sockets and device nodes under any name and at
 * any depth. Ids may be shifted on the way.
 *
 * Neither tree is trusted: every step goes from a descriptor to one name below it, over no symbolic
 * link, and nothing but regular files and directories is opened. Nobody but us gets into the target
 * while it is filled: its directories are ours, of mode 0700, until all below them is done.
 *
 * Not copied, as cp -a and rsync don't: flags of chattr(1) (a copy that is immutable could neither
 * be adapted nor removed), project ids, birth times, preallocated space. A file that grows
 * meanwhile is copied up to the size it had, one that shrinks as far as it goes.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ids.h"
#include "base/time.h"

enum copy_reflink {
	COPY_REFLINK_AUTO,   /* share the blocks where the file system can, copy them elsewhere */
	COPY_REFLINK_NEVER,  /* every block is written anew */
	COPY_REFLINK_ALWAYS, /* a file with content that cannot be shared is an error */
};

/* `count` ids from `from` on become those from `to` on. */
struct copy_range {
	struct host_id from, to;
	uint32_t count;
};

/* No ranges at all: ids stay. Else one that is in no range is an error. */
struct copy_ranges {
	const struct copy_range *items;
	size_t count;
};

/* How far it is, or how far it came. */
struct copy_progress {
	uint64_t bytes;        /* of file contents, without holes; shared ones count, too */
	uint64_t shared_bytes; /* those of them that are shared blocks */
	uint64_t files;        /* all that is no directory, each name of a hard link for itself */
	uint64_t directories;  /* without the top */
	uint64_t total_bytes;  /* what the options said, or was counted meanwhile; 0 = unknown */
	uint64_t total_files;
};

typedef void (*copy_progress_fn)(void *data, const struct copy_progress *progress);

/* All zero is a plain copy. */
struct copy_options {
	unsigned threads; /* 0 = as many as there are processors, 8 at most */
	enum copy_reflink reflink;
	/* Whatever is mounted in the source becomes an empty directory or file. Without it, it is
	 * copied. Subvolumes of btrfs are no mounts, and always copied. */
	bool one_file_system;
	bool sync; /* all is on the disk, syncfs(2), before success is told */
	struct copy_ranges uids, gids;
	/* Looked at before every file and every few megabytes. May be NULL. */
	const atomic_bool *cancel;
	/* Called in the caller's thread, every `interval` (0 = 100 ms) and once at the end. */
	copy_progress_fn progress;
	void *progress_data;
	usec_t interval;
	/* Handed on to `progress`: who has counted them knows them. */
	uint64_t total_bytes, total_files;
	/* Else count them meanwhile, for `progress`, whose second call at the earliest knows them:
	 * short copies are not slowed down, long ones by a few percent. */
	bool count;
};

enum { COPY_PATH_ROOM = 512 };

/* Something that does not make the copy fail: how often, and where first ("…" when that is long).
 */
struct copy_note {
	uint64_t count;
	char path[COPY_PATH_ROOM]; /* below the top */
};

struct copy_result {
	struct copy_progress done;
	struct copy_note vanished; /* was gone, or had become something else, before it was read */
	struct copy_note mounts;   /* left out by one_file_system */
	/* Extended attributes that the target's file system does not take (-EOPNOTSUPP), or that
	 * nobody in a user namespace may set (security.* but capabilities). cp -a drops them in
	 * silence; `lost_name` is the first one's name. */
	struct copy_note lost;
	char lost_name[256];
};

/*
 * Copy what is in the directory `source_fd` into the directory `target_fd` (O_PATH will do), which
 * is empty but for an ext file system's lost+found; owner, mode, times and attributes of the
 * directory itself, too. Neither may be inside the other. *ret is filled in any case.
 *
 * 0; or a negative errno with the first failure explained, by the path below the top: then all
 * threads have stopped, and the partial target is the caller's to remove (copy/remove.h).
 * -ECANCELED: *cancel was set.
 * -ENOTEMPTY, -ENOSPC, -EROFS, -EIO … as they are met; -EOVERFLOW: an id without a counterpart;
 * -EPERM: owners, device nodes and trusted attributes need root's rights. Needs /proc and Linux
 * 5.8. Threads of its own do the work, with all signals blocked; none is left at the end. They
 * take no memory from malloc(3), whose replacement in our commands knows no threads.
 */
int copy_tree(int source_fd, int target_fd, const struct copy_options *options,
	      struct copy_result *ret, struct err *e);

/*
 * What copy_tree() would do with these options: `bytes`, `files` and `directories` of *ret. Bytes
 * are a guess: what files have blocks for, up to their size. For 10,000 files it takes 30 ms, a
 * twentieth of what their copy does. Of the options count `threads`, `one_file_system` and
 * `cancel`. Errors are those of copy_tree().
 */
int copy_count(int source_fd, const struct copy_options *options, struct copy_progress *ret,
	       struct err *e);
