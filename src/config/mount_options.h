/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The options field of a mount: `lxc.mount.entry`, `lxc.mount.fstab` and `lxc.rootfs.options`.
 *
 * Text becomes sets of flags of our own, named as fstab(5) names them; whoever mounts maps them to
 * mount_setattr(2) attributes or MS_ flags. Words are compared whole: LXC compares prefixes and
 * searches substrings, so that it takes `rootcontext=…` for `ro` and finds `optional` in the paths
 * of an overlay. Nothing is opened or looked at here, and contradictions are no failure here:
 * mount_entry_check() tells them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;
struct str;

/* Properties of a mount and ways of mounting. `rbind` alone is a recursive bind. */
enum mount_flag {
	MOUNT_RO = 1 << 0,
	MOUNT_NOSUID = 1 << 1,
	MOUNT_NODEV = 1 << 2,
	MOUNT_NOEXEC = 1 << 3,
	MOUNT_NOATIME = 1 << 4,
	MOUNT_NODIRATIME = 1 << 5,
	MOUNT_RELATIME = 1 << 6,
	MOUNT_STRICTATIME = 1 << 7,
	MOUNT_NOSYMFOLLOW = 1 << 8,
	MOUNT_BIND = 1 << 9,
	MOUNT_RBIND = 1 << 10,
	MOUNT_MOVE = 1 << 11,
};

/* A mount has one kind of propagation: more than one bit is a contradiction. */
enum mount_propagation {
	MOUNT_PRIVATE = 1 << 0,
	MOUNT_SHARED = 1 << 1,
	MOUNT_SLAVE = 1 << 2,
	MOUNT_UNBINDABLE = 1 << 3,
};

/* What `create=` makes at the target. Both bits are a contradiction. */
enum mount_create {
	MOUNT_CREATE_DIR = 1 << 0,
	MOUNT_CREATE_FILE = 1 << 1,
};

/* Words that are understood and have no effect on a container's mounts. */
enum mount_ignored {
	MOUNT_IGNORED_SYNC = 1 << 0,
	MOUNT_IGNORED_ASYNC = 1 << 1,
	MOUNT_IGNORED_DIRSYNC = 1 << 2,
	MOUNT_IGNORED_LAZYTIME = 1 << 3,
	MOUNT_IGNORED_MAND = 1 << 4,
	MOUNT_IGNORED_NOMAND = 1 << 5,
	MOUNT_IGNORED_REMOUNT = 1 << 6,
};

enum mount_idmap {
	MOUNT_IDMAP_NONE,
	MOUNT_IDMAP_CONTAINER, /* the container's own user namespace */
	MOUNT_IDMAP_PATH,      /* the user namespace file idmap_path */
};

struct mount_options {
	uint32_t set;   /* enum mount_flag bits asked for */
	uint32_t clear; /* enum mount_flag bits refused: rw, suid, dev …; disjoint from set */
	uint32_t propagation;       /* enum mount_propagation bits */
	uint32_t create;            /* enum mount_create bits */
	uint32_t ignored;           /* enum mount_ignored bits */
	bool propagation_recursive; /* an r-form was among the propagation words */
	bool optional;              /* a failure of this mount does not matter */
	bool relative;              /* the source lies below the container's root */
	enum mount_idmap idmap;
	const char *idmap_path; /* NULL but for MOUNT_IDMAP_PATH; existence unchecked */
	const char *data;       /* all other words in their order, comma-joined; NULL when none */
};

/*
 * Read comma-separated options; empty words are skipped, of contradicting flags (`ro,rw`) the last
 * wins. Strings of the result live in `arena`.
 * Returns 0; -EINVAL for `idmap=` without a path; -ENOMEM.
 */
int mount_options_parse(const char *text, struct arena *arena, struct mount_options *ret,
			struct err *e);

/*
 * The same for `lxc.rootfs.options`, where the words about the target and source of an entry
 * (`create=…`, `optional`, `relative`) have no meaning: -EINVAL names the word.
 */
int mount_options_parse_rootfs(const char *text, struct arena *arena, struct mount_options *ret,
			       struct err *e);

/*
 * Add the options as text in canonical order, `defaults` when there are none. Parsing this text
 * gives the same options again.
 */
void mount_options_print(const struct mount_options *options, struct str *out);

/*
 * What is for the file system in `data` (which may be NULL), one option a word, ending in NULL: a
 * comma behind a backslash is part of its word, and words of fstab(5) that only mount(8) and its
 * callers understand are left out. NULL: out of memory.
 */
const char *const *mount_options_data_words(const char *data, struct arena *arena);

static inline bool mount_options_is_bind(const struct mount_options *options)
{
	return options->set & (MOUNT_BIND | MOUNT_RBIND);
}

/*
 * The words we know, for the fuzzer's dictionary: number `i` from 0, NULL behind the last. The one
 * that takes a value ends in `=`.
 */
const char *mount_options_word(size_t i);
