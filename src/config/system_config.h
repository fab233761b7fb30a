/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * lxc.conf, the configuration of the system rather than of a container: where containers live,
 * which configuration a new one gets, names of storage pools, cgroup names.
 *
 * One const table has all keys with their documentation and defaults; what lxc-config lists and
 * lxc_get_global_config_item() answers comes from it.
 */

#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

/* In the order in which lxc-config lists them. */
enum system_config_key {
	SYSTEM_CONFIG_DEFAULT_CONFIG,
	SYSTEM_CONFIG_LXCPATH,
	SYSTEM_CONFIG_LVM_VG,
	SYSTEM_CONFIG_LVM_THIN_POOL,
	SYSTEM_CONFIG_ZFS_ROOT,
	SYSTEM_CONFIG_CGROUP_USE,
	SYSTEM_CONFIG_CGROUP_PATTERN,
	SYSTEM_CONFIG_RBD_POOL,
	SYSTEM_CONFIG_RBD_USER,
	SYSTEM_CONFIG_KEY_COUNT,
};

/* A default is a place below a directory that depends on the caller, or a plain text. */
enum system_config_base {
	SYSTEM_CONFIG_UNSET,
	SYSTEM_CONFIG_TEXT,       /* the text itself */
	SYSTEM_CONFIG_IN_ETC,     /* below the configuration directory of the build */
	SYSTEM_CONFIG_IN_LXCPATH, /* below the lxcpath of the build */
	SYSTEM_CONFIG_IN_HOME,    /* below $HOME */
};

struct system_config_default {
	enum system_config_base base;
	const char *text;
};

struct system_config_item {
	const char *name;
	const char *doc; /* one line, no full stop */
	struct system_config_default root, user;
};

/* Rows by enum system_config_key. */
extern const struct system_config_item system_config_items[SYSTEM_CONFIG_KEY_COUNT];

/* Who asks, and where the build put things. All borrowed. */
struct system_config_where {
	uid_t euid;
	const char *home;       /* $HOME; NULL or "" counts as "/" */
	const char *config_dir; /* NULL: that of the build, /etc/lxc */
	const char *lxcpath;    /* NULL: that of the build, /var/lib/lxc */
};

/* Values by enum system_config_key, NULL = not set. Texts live in `arena`. */
struct system_config {
	struct arena arena;
	const char *values[SYSTEM_CONFIG_KEY_COUNT];
};

void system_config_finish(struct system_config *config);

/*
 * Read lxc.conf's bytes over the defaults. The last line for a key wins (seed 001 appends and
 * expects that; LXC takes the first); an empty value means the default again; other keys, and lines
 * without '=', are ignored. `name` is the file's, for messages. 0, -EINVAL (a zero byte) or
 * -ENOMEM.
 */
int system_config_parse(const struct system_config_where *where, const char *name, const char *text,
			size_t len, struct system_config *ret, struct err *e);

/*
 * Read the caller's lxc.conf. A missing file means the defaults; one that can't be read, or is a
 * directory, is an error. ret must be finished after 0.
 */
int system_config_load(const struct system_config_where *where, struct system_config *ret,
		       struct err *e);

/*
 * The value of a key by its name, owned by config. 0; 1 = a known key that is not set; -EINVAL =
 * unknown. Never 1 for lxc.lxcpath and lxc.default_config.
 */
int system_config_get(const struct system_config *config, const char *key, const char **ret);
