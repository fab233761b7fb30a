/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The key table: one const row per configuration key, the only place that knows its name, type,
 * room in the model, defaults and one-line documentation. Reading, writing, key lists, manual
 * tables, completion and the fuzzers' dictionary all come from these rows.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* How text becomes a value; the functions behind a type are in values.c's table. */
enum value_type {
	VALUE_TEXT,           /* any text */
	VALUE_PATH,           /* simplified path below 4096 bytes */
	VALUE_CGROUP_DIR,     /* relative path without ".." */
	VALUE_CGROUP_LEAF,    /* one directory name */
	VALUE_BOOL,           /* 0 or 1 */
	VALUE_UNSIGNED,       /* 32 bits */
	VALUE_INTEGER,        /* 32 bits, signed */
	VALUE_TMPFS_SIZE,     /* bytes; what is no number means the default */
	VALUE_CONSOLE_SIZE,   /* size or "auto", rounded */
	VALUE_SIGNAL,         /* number or name */
	VALUE_WORD,           /* one of a row's words */
	VALUE_ARCHITECTURE,   /* personality */
	VALUE_LOG_LEVEL,      /* number or name */
	VALUE_SYSLOG,         /* facility */
	VALUE_LOG_FILE,       /* path, opened at once */
	VALUE_ROOTFS,         /* [TYPE:]PATH */
	VALUE_ROOTFS_TYPE,    /* storage type alone (old lxc.rootfs.backend) */
	VALUE_ROOTFS_OPTIONS, /* mount options of the root */
	VALUE_TIME_OFFSET,    /* signed number with a unit */
	VALUE_NOTIFY_PROXY,   /* unix:PATH or unix:@NAME */
	VALUE_NAMESPACES,     /* blank-separated namespace names */
	VALUE_SHARED_NAMESPACE,
	VALUE_CAPABILITIES,
	VALUE_ID_MAP,
	VALUE_GID_LIST,    /* comma-separated */
	VALUE_LINES,       /* list, one text per line of the file */
	VALUE_WORDS,       /* list, blank-separated */
	VALUE_ENVIRONMENT, /* list of NAME=value */
	VALUE_CGROUP_FILE, /* family: list of file name and value, repetitions kept */
	VALUE_PROC_FILE,   /* family: the same below /proc/PID */
	VALUE_SYSCTL,      /* family: setting a name again replaces */
	VALUE_PRLIMIT,     /* family: SOFT[:HARD] */
	VALUE_AUTOMOUNT,
	VALUE_INCLUDE,
	VALUE_GROUP_OF_KEYS, /* lxc.hook, lxc.net: can only be cleared */
	VALUE_NET_TYPE,
	VALUE_NET_FLAGS,
	VALUE_INTERFACE, /* interface name, at most 15 bytes */
	VALUE_HWADDR,
	VALUE_IPV4,
	VALUE_IPV6,
	VALUE_IPV4_GATEWAY,
	VALUE_IPV6_GATEWAY,
	VALUE_IPV4_ROUTE,
	VALUE_IPV6_ROUTE,
	VALUE_QUEUES,
	VALUE_VETH_VLAN,
	VALUE_VLAN_LIST,
	VALUE_TYPE_COUNT,
};

enum config_key_flags {
	KEY_FAMILY = 1 << 0,        /* names go on behind the row's name: lxc.sysctl.NAME */
	KEY_UNLISTED = 1 << 1,      /* not printed by keys(NULL) */
	KEY_UNSUPPORTED = 1 << 2,   /* lxc_config_item_is_supported() says no, as LXC 7 does */
	KEY_EMPTY_REFUSED = 1 << 3, /* `key =` is an error and changes nothing */
	KEY_EMPTY_FAILS = 1 << 4,   /* `key =` clears and is an error all the same (LXC) */
	KEY_OLD = 1 << 5,           /* of LXC before 7: setting it gives a warning */
};

struct config_word {
	const char *word;
	int32_t value;
};

struct config_key {
	const char
		*name; /* "lxc.tty.max"; of an interface's key only the part behind lxc.net.<i>. */
	const char *doc;                 /* one line, no full stop */
	const char *initial;             /* text of the built-in default, NULL = unset or zero */
	const char *cleared;             /* what clear() puts, NULL = `initial` */
	const char *emptied;             /* what `key =` puts, NULL = what clear() puts */
	const struct config_word *words; /* VALUE_WORD: ends with a NULL word */
	const char
		*complaint; /* LXC's own message for a bad value, `%s` = the value; NULL = ours */
	uint32_t limit;     /* largest number, or bytes of a text with its terminator; 0 = type's */
	uint16_t offset;    /* of the value in struct config_values or struct config_net */
	uint16_t net_types; /* interface keys: bits 1 << enum net_type; 0 = all */
	uint8_t name_length;
	uint8_t type;  /* enum value_type */
	uint8_t flags; /* enum config_key_flags */
};

/* The rows in LXC's order, and the rows of lxc.net.<i>.*. */
extern const struct config_key config_keys[];
extern const size_t config_key_count;
extern const struct config_key config_net_keys[];
extern const size_t config_net_key_count;

enum { CONFIG_KEY_MAX = 128 }; /* room for the origins of the keys outside lxc.net */

/* What a written key turned out to be. */
enum key_form {
	KEY_FORM_PLAIN,      /* lxc.tty.max */
	KEY_FORM_FAMILY,     /* lxc.sysctl: all of a family */
	KEY_FORM_MEMBER,     /* lxc.sysctl.NAME */
	KEY_FORM_NETS,       /* lxc.net */
	KEY_FORM_NET,        /* lxc.net.<i> */
	KEY_FORM_NET_MEMBER, /* lxc.net.<i>.mtu */
};

struct key_ref {
	const struct config_key *key; /* row; NULL for KEY_FORM_NETS and KEY_FORM_NET */
	enum key_form form;
	const char
		*member; /* KEY_FORM_MEMBER: the name behind the prefix (points into the input) */
	uint32_t net_index;
};

/*
 * Look a key up by its present name (see legacy.h for old ones). 0, or -EINVAL for an unknown or
 * malformed key: the explanation names the nearest known key. `name` must outlive ret.
 */
int config_key_resolve(const char *name, struct key_ref *ret, struct err *e);

/* The row with exactly this name, or NULL. Also the seam of the mutation check (tests/golden). */
const struct config_key *config_key_find(const char *name, size_t len);
const struct config_key *config_net_key_find(const char *name, size_t len);

/* lxc_config_item_is_supported(): exact names of LXC's table only. */
bool config_key_is_supported(const char *name);

/*
 * Key names, one per line: all of LXC's table for NULL, else the names below a prefix. For
 * lxc.net.<i> see config_list_keys(). Returns 0 or -EINVAL (no such prefix).
 */
int config_keys_print(const char *prefix, struct str *out);

static inline size_t config_key_row(const struct config_key *key)
{
	return (size_t)(key - config_keys);
}
