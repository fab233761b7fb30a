/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The facts: everything that had to be looked at before a plan can be made. The compiler reads
 * these and the configuration and nothing else, so that (config, facts) → plan is pure.
 *
 * container/gather.c fills them on a real host, the golden tests from files. Texts and arrays live
 * in facts.arena. What concerns single values of the configuration stands in arrays that run
 * parallel to the configuration's own lists, by index.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/vec.h"
#include "config/model.h"
#include "config/mount_entry.h"
#include "plan/plan.h"
#include "storage/source.h"

/* Who starts, and with what rights. */
struct facts_caller {
	uint32_t uid, gid; /* effective */
	bool is_root;      /* euid 0 */
	bool in_initial_user_ns;
	const char *newuidmap,
		*newgidmap; /* usable helpers (setuid or with capabilities), or NULL */
};

enum cgroup_layout {
	CGROUP_LAYOUT_NONE = -1,
	CGROUP_LAYOUT_LEGACY,
	CGROUP_LAYOUT_HYBRID,
	CGROUP_LAYOUT_UNIFIED
};

/* One usable hierarchy, in the order in which LXC uses them (spec/cgroup1.md §1). */
struct facts_hierarchy {
	const char *mount;       /* "/sys/fs/cgroup/cpu,cpuacct" */
	const char *base;        /* "" or "user.slice/…" */
	const char *controllers; /* comma list; of version 2 what cgroup.controllers of base says */
	uint8_t version;
	bool is_cpuset;
	const char *name; /* directory below /sys/fs/cgroup inside: "cpu,cpuacct", "unified" */
	const char *mount_options; /* v1: for a fresh mount: "cpu,cpuacct", "none,name=systemd" */
	const char *delegate; /* v2: file names of /sys/kernel/cgroup/delegate, blank-separated */
	bool is_root;   /* v2: the base is the root of the whole hierarchy, which may hold processes
			 */
	bool is_inside; /* v2: the starter is in the base, not in a directory below it */
	uint64_t identity; /* v2, of an ordinary user: the base's inode; else 0 */
	/* Attaching, v1: its limits leave so few places for processes that one which stands in
	 * between may take the last. */
	bool is_crowded;
};
struct facts_hierarchies {
	VEC_OF(struct facts_hierarchy)
};

struct facts_cgroup {
	enum cgroup_layout layout;
	struct facts_hierarchies hierarchies;
	bool has_namespace;  /* the kernel knows cgroup namespaces */
	bool has_cgroup2;    /* a cgroup2 file system exists on the host, usable or not */
	const char *pattern; /* lxc.cgroup.pattern of lxc.conf, or NULL */
	const char *missing; /* lxc.cgroup.use names this controller, which is not there; or NULL */
};

struct facts_kernel {
	bool has_time_namespace;
	bool has_idmapped_mounts;
	bool has_clone_into_cgroup;
	bool has_core_sched;
	bool has_sysrq;        /* looked at for lxc.mount.auto = proc:mixed */
	uint64_t capabilities; /* mask of those the kernel knows */
};

/* lxc.rootfs.path, looked at. */
struct facts_rootfs {
	enum rootfs_type type; /* never ROOTFS_DETECT when there is a path */
	const char *path;      /* without the type; a relative one of old times is absolute here */
	bool is_there;
	int error;                    /* why not: positive errno */
	const char *problem, *advice; /* the same in words, or NULL */
	struct storage_source source; /* what is mounted; kind SOURCE_TREE: `path` */
	bool mount_is_there;          /* lxc.rootfs.mount is a directory */
	const char *fstype; /* of the file system that holds it, or that it is: "ext4", "overlay" */
	bool host_is_initial; /* the host's own root is the initial ramdisk, mounted on nothing */
};

/* A mount entry: parsed, and its source looked at. fstab lines first, then lxc.mount.entry. */
struct facts_mount {
	struct mount_entry entry;
	bool from_fstab;
	uint32_t index;            /* from_fstab: 0; else index into values.mount.entries */
	bool source_is_directory;  /* of a bind mount; false also when it is not there */
	const char *source_fstype; /* idmap=: file system that holds the source, or NULL */
};
struct facts_mounts {
	VEC_OF(struct facts_mount)
};

/* An interface of the host's that goes to the container, as it is now. */
struct facts_phys {
	const char *name;
	const char *phy; /* a wireless one moves with this; NULL: it isn't one */
	uint32_t index, mtu;
	uint64_t mac;              /* first byte lowest; 0 = it has none, or not one of six bytes */
	const char *alias;         /* or NULL */
	const char *const *others; /* alternative names, ending in NULL; NULL: none */
};
struct facts_physes {
	VEC_OF(struct facts_phys)
};

/* lxc.net.<i>, by index of values.nets. */
struct facts_net {
	bool link_is_there;
	bool link_is_bridge;
	bool link_filters_vlans;                    /* of a Linux bridge */
	uint16_t link_pvid;                         /* the VLAN of its new ports; 0 = none */
	uint32_t link_mtu;                          /* 0 = unknown */
	struct config_gateway ipv4_auto, ipv6_auto; /* what `auto` gateways resolve to, or NONE */
	struct facts_physes physes;                 /* type phys: `link`, or all that it matches */
	/* Settings of the link, for l2proxy; of all interfaces, for veth in router mode. */
	bool ipv4_forwarding, ipv6_forwarding, ipv6_proxy_ndp, ipv6_all_forwarding;
};
struct facts_nets {
	VEC_OF(struct facts_net)
};

/* A device rule with a path, resolved. By index of the v1 and v2 item lists. */
struct facts_device {
	bool is_v2;
	uint32_t index;
	char type; /* 'b', 'c' */
	uint32_t major, minor;
	int error; /* positive errno: not there, no device */
};
struct facts_devices {
	VEC_OF(struct facts_device)
};

/* A namespace to join (lxc.namespace.share.X): the path of its file. By enum namespace_kind. */
struct facts_share {
	const char *path; /* "/proc/PID/ns/net"; NULL: not shared */
	/* Whose it is, and when that one was started: field 22 of its stat. 0: a file, or unknown.
	 */
	uint64_t pid, start_time;
	const char *problem; /* why the named container or process can't be used, or NULL */
};

struct facts {
	struct arena arena;
	struct facts_caller caller;
	struct facts_kernel kernel;
	struct facts_cgroup cgroup;
	struct facts_rootfs rootfs;
	struct facts_mounts mounts;
	struct facts_nets nets;
	struct facts_devices devices;
	struct facts_share share[NAMESPACE_COUNT];
	struct {
		const void *program; /* array of struct sock_filter; NULL = no policy */
		uint32_t size;       /* bytes */
		bool has_notify;
		uint32_t flags; /* SECCOMP_FILTER_FLAG_* */
	} seccomp;
	struct {
		bool stdin_is_tty, stdout_is_tty, stderr_is_tty;
	} streams; /* of the starting process */
	bool apparmor_enabled, selinux_enabled;
};
