/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The typed model of a container's configuration: what every key means once it was read.
 *
 * Plain data. All texts and arrays live in config.arena and die with the configuration; "unset" is
 * NULL for a text, an empty list, or the number that the key table (keys.c) gives as the default.
 * Each value remembers its origin: the place that asked for it, for messages and for the plan.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/names.h"
#include "base/vec.h"
#include "config/idmap.h"

/* Where a value came from: a source of config.sources and a line in it, both from 1; 0 = default.
 */
struct origin {
	uint32_t line; /* 0: the source has no lines (command line, API) */
	uint16_t source;
};

/* One entry of a list key: `name` is the part behind a family's prefix or before the first '='. */
struct config_item {
	const char *name; /* NULL in lists without names */
	const char *text;
	struct origin origin;
};
struct config_items {
	VEC_OF(struct config_item)
	/* Of long families: where names are (value_list.c). */
	struct {
		uint32_t *slots;
		size_t room;
		bool is_current;
	} index;
};

struct config_idmap {
	struct idmap_entry entry;
	struct origin origin;
};
struct config_idmaps {
	VEC_OF(struct config_idmap)
};

/*
 * The host's id of an id inside (`kind` 'u' or 'g'), and the way back: by the first entry that
 * holds it. 0, or -ENOENT when none does; so for an empty list everything is -ENOENT: no user
 * namespace, ids are not mapped.
 */
int config_host_id(const struct config_idmaps *maps, char kind, struct container_id inside,
		   struct host_id *ret);
int config_container_id(const struct config_idmaps *maps, char kind, struct host_id host,
			struct container_id *ret);

struct config_gid {
	uint32_t gid; /* inside the container */
	struct origin origin;
};
struct config_gids {
	VEC_OF(struct config_gid)
};

struct config_capability {
	uint32_t number;
	bool written_as_number;
	struct origin origin;
};
struct config_capabilities {
	VEC_OF(struct config_capability)
	bool only_none; /* keep: "none" was given, nothing is kept that is not listed behind it */
};

/* A clock offset of a time namespace: the number as given, in nanoseconds or in seconds. */
struct config_time_offset {
	int64_t count;
	bool in_seconds;
};

enum rootfs_type {
	ROOTFS_DETECT,
	ROOTFS_DIR,
	ROOTFS_OVERLAY,
	ROOTFS_LOOP,
	ROOTFS_LVM,
	ROOTFS_BTRFS,
	ROOTFS_ZFS,
	ROOTFS_RBD,
	ROOTFS_NBD,
};

struct config_rootfs {
	enum rootfs_type type;
	const char *path;
};

enum proc_automount { PROC_AUTOMOUNT_OFF, PROC_AUTOMOUNT_MIXED, PROC_AUTOMOUNT_RW };
enum sys_automount {
	SYS_AUTOMOUNT_OFF,
	SYS_AUTOMOUNT_MIXED,
	SYS_AUTOMOUNT_RO,
	SYS_AUTOMOUNT_RW,
};
enum cgroup_automount {
	CGROUP_AUTOMOUNT_OFF,
	CGROUP_AUTOMOUNT_DEFAULT, /* rw when CAP_SYS_ADMIN is kept, else mixed */
	CGROUP_AUTOMOUNT_MIXED,
	CGROUP_AUTOMOUNT_RO,
	CGROUP_AUTOMOUNT_RW,
	CGROUP_AUTOMOUNT_FULL_DEFAULT,
	CGROUP_AUTOMOUNT_FULL_MIXED,
	CGROUP_AUTOMOUNT_FULL_RO,
	CGROUP_AUTOMOUNT_FULL_RW,
	CGROUP_AUTOMOUNT_V2,
	CGROUP_AUTOMOUNT_V2_RO,
};

struct config_automounts {
	enum proc_automount proc;
	enum sys_automount sys;
	enum cgroup_automount cgroup;
	bool cgroup_force;
	const char *shared_host;      /* shmounts: a shared mount of the host … */
	const char *shared_container; /* … and where the container sees it */
};

enum hook_kind {
	HOOK_AUTODEV,
	HOOK_CLONE,
	HOOK_DESTROY,
	HOOK_MOUNT,
	HOOK_POST_STOP,
	HOOK_PRE_MOUNT,
	HOOK_PRE_START,
	HOOK_START,
	HOOK_START_HOST,
	HOOK_STOP,
	HOOK_COUNT,
};

enum net_type {
	NET_EMPTY, /* also what an interface is that never got a type */
	NET_NONE,
	NET_VETH,
	NET_MACVLAN,
	NET_IPVLAN,
	NET_VLAN,
	NET_PHYS,
};

enum gateway_kind { GATEWAY_NONE, GATEWAY_ADDRESS, GATEWAY_AUTO, GATEWAY_DEVICE };
enum veth_mode { VETH_BRIDGE, VETH_ROUTER };
enum macvlan_mode { MACVLAN_PRIVATE, MACVLAN_VEPA, MACVLAN_BRIDGE, MACVLAN_PASSTHRU };
enum ipvlan_mode { IPVLAN_L3, IPVLAN_L3S, IPVLAN_L2 };
enum ipvlan_isolation { IPVLAN_ISOLATION_BRIDGE, IPVLAN_ISOLATION_PRIVATE, IPVLAN_ISOLATION_VEPA };

/* An address or a route, of either family: the key says which. */
struct config_address {
	union {
		struct in_addr v4;
		struct in6_addr v6;
	} address;
	struct in_addr broadcast; /* IPv4 addresses only; 0.0.0.0 = none */
	uint32_t prefix;
	struct origin origin;
};
struct config_addresses {
	VEC_OF(struct config_address)
};

struct config_gateway {
	enum gateway_kind kind;
	union {
		struct in_addr v4;
		struct in6_addr v6;
	} address;
};

enum { VLAN_ID_UNSET = -2, VLAN_ID_NONE = -1 };

struct config_vlan_id {
	uint32_t id;
	struct origin origin;
};
struct config_vlan_ids {
	VEC_OF(struct config_vlan_id)
};

enum { CONFIG_NET_KEY_MAX = 32 }; /* room for the origins of one interface's keys */

struct config_net {
	uint32_t index; /* the <i> of lxc.net.<i> */
	enum net_type type;
	bool up;
	bool l2proxy;
	const char *link;
	const char *name;
	const char *hwaddr;
	const char *hwaddr_template; /* what was written with x in it, NULL = nothing was */
	const char *mtu;
	const char *script_up;
	const char *script_down;
	struct config_addresses ipv4, ipv6;
	struct config_gateway ipv4_gateway, ipv6_gateway;
	struct {
		enum veth_mode mode;
		const char *pair;
		uint32_t rx_queues, tx_queues; /* 0 = the kernel's choice */
		struct config_addresses ipv4_routes, ipv6_routes;
		int32_t vlan_id; /* or VLAN_ID_UNSET, VLAN_ID_NONE */
		struct config_vlan_ids vlan_tagged;
	} veth;
	enum macvlan_mode macvlan_mode;
	struct {
		enum ipvlan_mode mode;
		enum ipvlan_isolation isolation;
	} ipvlan;
	uint32_t vlan_id;
	struct origin origins[CONFIG_NET_KEY_MAX]; /* by row of the interface key table */
};
struct config_nets {
	VEC_OF(struct config_net) /* ascending by index */
};

enum { PERSONALITY_UNSET = -1, SYSLOG_UNSET = -1 };

/* The values of all keys outside lxc.net, grouped as their names are. */
struct config_values {
	const char *uts_name;
	int32_t personality; /* PER_LINUX, PER_LINUX32 or PERSONALITY_UNSET */
	bool ephemeral;
	bool no_new_privs;
	bool keyring_session; /* stored as written; 1 keeps the caller's session keyring */
	bool sched_core;
	struct {
		const char *command;
		const char *execute_command;
		const char *cwd;
		uint32_t uid, gid; /* inside the container */
		struct config_gids groups;
	} init;
	struct {
		uint32_t halt, reboot, stop; /* 0 = automatic */
		uint32_t monitor_death;
	} signal;
	struct config_rootfs rootfs;
	struct {
		const char *mount;
		const char *options;
		bool managed;
	} rootfs_mount;
	struct {
		uint32_t clone, keep; /* bit 1 << enum namespace_kind */
		const char *share[NAMESPACE_COUNT];
		struct origin share_origin[NAMESPACE_COUNT];
	} namespaces;
	struct config_idmaps idmaps;
	struct config_time_offset boot_offset, monotonic_offset;
	struct config_capabilities cap_drop, cap_keep;
	struct {
		const char *profile;
		bool allow_incomplete, allow_nesting;
		struct config_items raw;
	} apparmor;
	struct {
		const char *context, *keyring_context;
	} selinux;
	struct {
		const char *profile;
		bool allow_nesting;
		const char *proxy; /* abstract: begins with '@' */
		const char *cookie;
	} seccomp;
	struct {
		struct config_items v1, v2; /* name = interface file, as given, in file order */
		const char *dir, *container, *container_inner, *monitor, *monitor_pivot;
		bool relative;
	} cgroup;
	struct {
		uint32_t max;
		const char *dir;
	} tty;
	uint32_t pty_max;
	struct {
		const char *path, *logfile;
		uint64_t size, buffer_size; /* bytes; 0 = unlimited, none */
		bool rotate;
	} console;
	struct {
		bool enabled;
		uint32_t tmpfs_size; /* bytes */
	} autodev;
	struct config_items hooks[HOOK_COUNT];
	uint32_t hook_version;
	struct {
		struct config_items all, runtime, hooks; /* name and text = NAME and value */
	} environment;
	struct config_items prlimits, sysctls, procs;
	struct {
		const char *file;
		int32_t level;    /* enum log_level */
		int32_t facility; /* of syslog(3), or SYSLOG_UNSET */
	} log;
	uint32_t monitor_unshare;
	struct {
		bool automatic;
		uint32_t delay; /* seconds */
		int32_t order;
	} start;
	struct config_items groups;
	struct {
		struct config_items entries;
		const char *fstab;
		struct config_automounts automatic;
	} mount;
	struct config_nets nets;
};
