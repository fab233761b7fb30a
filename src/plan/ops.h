/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The ops: everything that a step of a plan can be. One row each: constant, printed name, lane,
 * undo op (what gives back what this op made; OP_NONE = nothing to give back).
 *
 * The comment behind a row, or below it, says what out, in and the arguments are:
 *	t text   l list of texts   n number   r register   b bytes
 * A '?' behind the letter: 0 (r: PLAN_NO_REGISTER) is allowed and means "none". References to
 * registers (PLAN_REFERENCE) may stand in texts and lists marked with '*'. Paths with a base
 * register are resolved below it as if it were the root (openat2, RESOLVE_IN_ROOT |
 * RESOLVE_NO_MAGICLINKS); without a base they are paths of the lane's own root directory.
 * ops.c has the rest: argument names, the sentence for people, calls, hints by errno.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "plan/plan.h"

/* clang-format off */
#define PLAN_OPS(X) \
	X(OP_NONE, "none", LANE_HOST, OP_NONE) /* never in a plan */ \
	/* -- states, hooks, records: HOST */ \
	X(OP_STATE, "state", LANE_HOST, OP_NONE) \
	/* n state: publish it, tell watchers; STOPPED of a final stop closes the listener */ \
	X(OP_HOOK, "hook", LANE_HOST, OP_NONE) \
	/* t type ("pre-start", "up"), t command line for sh -c, up to and without extra \
	 * arguments, l*? extra arguments (appended, each behind a blank), l*? environment, n \
	 * flags HOOK_*; in? NAME: an OPTIONAL hook is passed over when it is empty */ \
	X(OP_SCOPE_ENTER, "scope-enter", LANE_HOST, OP_NONE) \
	/* t name without number: the supervisor goes to a scope that the user's systemd makes and \
	 * delegates, NAME-0.scope or the next free number; not when it is in a unit that was \
	 * delegated already. The scope goes with its last process */ \
	X(OP_COMPILE, "compile", LANE_HOST, OP_NONE) \
	/* last step of a prelude: get the plan proper */ \
	X(OP_EXIT_EVENT, "exit-event", LANE_HOST, OP_NONE) \
	/* the wait status of init goes to the monitor fifo */ \
	X(OP_PID_FILE_WRITE, "pid-file-write", LANE_HOST, OP_PID_FILE_REMOVE) /* t path */ \
	X(OP_PID_FILE_REMOVE, "pid-file-remove", LANE_HOST, OP_NONE) /* t path */ \
	X(OP_DESTROY, "destroy", LANE_HOST, OP_NONE) \
	/* spawn the helper that destroys an ephemeral container; not on reboot */ \
	X(OP_FD_CLOSE, "fd-close", LANE_HOST, OP_NONE) /* in FD; an empty register is fine */ \
	X(OP_KILL, "kill", LANE_HOST, OP_NONE) \
	/* SIGKILL to the child by pidfd, wait until it is gone; no child is fine. in NAME: its \
	 * cgroups, which are thawed when it does not die, or none */ \
	/* -- console: HOST */ \
	X(OP_CONSOLE_OPEN, "console-open", LANE_HOST, OP_NONE) \
	/* out FD master; r NUMBER index; n uid, n gid: new owner of the peer (ID_INVALID = \
	 * leave) */ \
	X(OP_CONSOLE_PEER, "console-peer", LANE_HOST, OP_NONE) \
	/* t? path: explicit peer, failure is fatal; none: the terminal of a foreground start, \
	 * when there is one, else its standard output */ \
	X(OP_CONSOLE_LOG, "console-log", LANE_HOST, OP_NONE) \
	/* t path, n size (0 = unlimited), n rotate */ \
	X(OP_CONSOLE_BUFFER, "console-buffer", LANE_HOST, OP_NONE) \
	/* n bytes of the ring buffer */ \
	X(OP_CONSOLE_CLOSE, "console-close", LANE_HOST, OP_NONE) \
	/* drain, flush, write the buffer to the log, restore the terminal */ \
	/* -- cgroups: HOST */ \
	X(OP_CGROUP_CREATE, "cgroup-create", LANE_HOST, OP_CGROUP_REMOVE) \
	/* out NAME path below the bases; t path without suffix, n flags CGROUP_*; in all \
	 * hierarchies */ \
	X(OP_CGROUP_CREATE_INNER, "cgroup-create-inner", LANE_HOST, OP_CGROUP_REMOVE) \
	/* in NAME outer; out NAME inner path; t name below it */ \
	X(OP_CGROUP_CPUSET, "cgroup-cpuset", LANE_HOST, OP_NONE) \
	/* in NAME; n hierarchy (v1): cpus and mems for every level that lacks them */ \
	X(OP_CGROUP_CONTROLLERS, "cgroup-controllers", LANE_HOST, OP_NONE) \
	/* in NAME; n hierarchy (v2), t "+cpu +memory": into subtree_control of base and every \
	 * level above NAME's last */ \
	X(OP_CGROUP_ENTER, "cgroup-enter", LANE_HOST, OP_CGROUP_LEAVE) \
	/* in NAME; out NUMBER, to which it adds: bit n is set when we are, or are about to be, in \
	 * that of hierarchy n; n version: the supervisor itself, in the hierarchies of this \
	 * version, 0 = in all */ \
	X(OP_CGROUP_LEAVE, "cgroup-leave", LANE_HOST, OP_NONE) \
	/* in NUMBER of OP_CGROUP_ENTER (empty is fine): what was entered; t pivot path below the \
	 * bases, n 1 = always use it, 0 = the base where the kernel allows it */ \
	X(OP_CGROUP_CLEAR, "cgroup-clear", LANE_HOST, OP_NONE) \
	/* in NAME; n hierarchy (v2): processes in the base itself, which may hold none when it \
	 * has controllers below it, go to NAME; those that can't be moved stay */ \
	X(OP_CGROUP_WRITE, "cgroup-write", LANE_HOST, OP_NONE) \
	/* in NAME; n hierarchy, t file, t value */ \
	X(OP_CGROUP_DEVICE_RULE, "cgroup-device-rule", LANE_HOST, OP_NONE) \
	/* in NAME; n hierarchy (v1), t "devices.allow" or "devices.deny", t rule; EPERM and \
	 * EACCES are warnings */ \
	X(OP_CGROUP_DEVICES, "cgroup-devices", LANE_HOST, OP_NONE) \
	/* in NAME; n hierarchy (v2), b struct plan_devices: attach the program */ \
	X(OP_CGROUP_MOVE, "cgroup-move", LANE_HOST, OP_NONE) \
	/* in NAME; n hierarchy: init by cgroup.procs, which costs a grace period of RCU (some \
	 * 10 ms): where it can't be born there or go there itself */ \
	X(OP_CGROUP_CHOWN, "cgroup-chown", LANE_HOST, OP_NONE) \
	/* in NAME; n hierarchy, n uid, n gid (of the host), l files: directory 0775, files \
	 * 0664 */ \
	X(OP_CGROUP_OPEN, "cgroup-open", LANE_HOST, OP_NONE) \
	/* in NAME; out FD (O_PATH); n hierarchy */ \
	X(OP_CGROUP_REMOVE, "cgroup-remove", LANE_HOST, OP_NONE) \
	/* in NAME (empty is fine); n 1 = kill what is inside first; t? pivot: what is inside \
	 * goes to the base, or there where the kernel wants no processes in the base; in all \
	 * hierarchies, with everything below */ \
	/* -- processes and namespaces: HOST */ \
	X(OP_MOUNT_NS_ENTER, "mount-ns-enter", LANE_HOST, OP_NONE) \
	/* out? FD of the mount namespace before; a new one, everything in it dependent on the \
	 * old; n 1 = what comes to lie on its root reaches namespaces that are cloned from it; \
	 * n 1 = its root is bound on itself first and is that, so that it can be changed */ \
	X(OP_MOUNT_NS_LEAVE, "mount-ns-leave", LANE_HOST, OP_NONE) \
	/* in FD: back to it, and close it */ \
	X(OP_STASH, "stash", LANE_HOST, OP_NONE) \
	/* out FD of a tmpfs, attached nowhere, with n empty files "0" …: places for trees that \
	 * are files */ \
	X(OP_USER_NS_MAKE, "user-ns-make", LANE_HOST, OP_NONE) \
	/* out FD of a user namespace with maps t uid_map, t gid_map; its process is gone \
	 * afterwards */ \
	X(OP_HOOK_PIPE, "hook-pipe", LANE_HOST, OP_NONE) /* out FD read end; r FD write end */ \
	X(OP_CLONE, "clone", LANE_HOST, OP_KILL) \
	/* out FD pidfd; r NUMBER pid; r? FD cgroup to be born in, n flags CLONE_NEW*, n JOIN \
	 * or RESTORE or 0 (enum plan_clone_kind) */ \
	X(OP_NS_OPEN, "ns-open", LANE_HOST, OP_NONE) \
	/* out FD of a namespace of init; t its name in /proc/PID/ns */ \
	X(OP_NS_OPEN_PATH, "ns-open-path", LANE_HOST, OP_NONE) \
	/* out FD; t path of a namespace file; n pid whose it is (0 = anybody's), n when that \
	 * one started */ \
	X(OP_CGROUP_JOIN_BETWEEN, "cgroup-join-between", LANE_JOIN, OP_NONE) \
	/* as OP_CGROUP_JOIN: the process in between, while it is on the host; what it clones is \
	 * born there. Steps of its lane can't be OPTIONAL or WARN */ \
	X(OP_NS_JOIN, "ns-join", LANE_JOIN, OP_NONE) /* in FD; n CLONE_NEW* it must be of */ \
	X(OP_RESTORE, "restore", LANE_RESTORE, OP_NONE) /* l argv of criu */ \
	X(OP_IDMAP_WRITE, "idmap-write", LANE_HOST, OP_NONE) \
	/* t uid_map, t gid_map, n 1 = deny setgroups first */ \
	X(OP_IDMAP_HELPERS, "idmap-helpers", LANE_HOST, OP_NONE) \
	/* l newuidmap's argv without the pid (which goes behind the first word), l \
	 * newgidmap's; both run at once */ \
	X(OP_CORE_SCHED, "core-sched", LANE_HOST, OP_NONE) \
	/* a new core scheduling cookie for init */ \
	X(OP_CORE_JOIN, "core-join", LANE_INIT, OP_NONE) /* n pid, as seen from inside */ \
	X(OP_PRLIMIT, "prlimit", LANE_HOST, OP_NONE) \
	/* n resource, n soft, n hard (RLIM_INFINITY as the kernel has it) */ \
	X(OP_PROC_WRITE, "proc-write", LANE_HOST, OP_NONE) /* t name below /proc/PID, t value */ \
	X(OP_ROOT_PIN, "root-pin", LANE_HOST, OP_NONE) \
	/* out FD; t directory: keep a file open in it; EROFS leaves it empty */ \
	/* -- network: HOST */ \
	X(OP_VETH_CREATE, "veth-create", LANE_HOST, OP_LINK_DELETE) \
	/* out NAME host end (its number: ifindex); t name, a trailing "XXXXXX" is made random; \
	 * t peer name, n mtu, n peer MAC (6 bytes, first byte lowest; 0 = kernel's), n queues \
	 * (rx | tx << 32); peer is born in init's network namespace */ \
	X(OP_LINK_DELETE, "link-delete", LANE_HOST, OP_NONE) \
	/* in NAME (empty is fine, so is a link that is gone) */ \
	X(OP_LINK_MASTER, "link-master", LANE_HOST, OP_NONE) /* in NAME; t bridge */ \
	X(OP_LINK_UP, "link-up", LANE_HOST, OP_NONE) /* in NAME */ \
	X(OP_LINK_SYSCTL, "link-sysctl", LANE_HOST, OP_NONE) \
	/* in NAME; t "ipv6" or "ipv4", t file, t value: /proc/sys/net/FAMILY/conf/NAME/FILE */ \
	X(OP_LINK_ROUTE, "link-route", LANE_HOST, OP_NONE) \
	/* in NAME; b address (4 or 16 bytes), n prefix: link scope */ \
	X(OP_LINK_PROXY, "link-proxy", LANE_HOST, OP_NONE) \
	/* in NAME; b address: the interface answers for it; goes with the interface */ \
	X(OP_LINK_VLAN_ADD, "link-vlan-add", LANE_HOST, OP_NONE) \
	/* in NAME of a port of a Linux bridge; n VLAN, n 1 = frames without a tag are of it */ \
	X(OP_LINK_VLAN_REMOVE, "link-vlan-remove", LANE_HOST, OP_NONE) /* in NAME; n VLAN */ \
	X(OP_OVS_PORT_ADD, "ovs-port-add", LANE_HOST, OP_OVS_PORT_REMOVE) \
	/* in NAME; out NAME of the port, the same; t bridge of Open vSwitch: by ovs-vsctl */ \
	X(OP_OVS_PORT_SET, "ovs-port-set", LANE_HOST, OP_NONE) /* in NAME; l columns */ \
	X(OP_OVS_PORT_REMOVE, "ovs-port-remove", LANE_HOST, OP_NONE) \
	/* in NAME (empty is fine): whichever bridge it is in, unless it is not this run's */ \
	X(OP_MACVLAN_CREATE, "macvlan-create", LANE_HOST, OP_UPPER_DELETE) \
	/* out NAME inside (its number: ifindex there); t link, t name, n mtu, n mac (0 = \
	 * kernel's), n mode, n milliseconds to wait while another one is in the way; it is born \
	 * in init's network namespace */ \
	X(OP_IPVLAN_CREATE, "ipvlan-create", LANE_HOST, OP_UPPER_DELETE) \
	/* the same; n mode, n isolation */ \
	X(OP_VLAN_CREATE, "vlan-create", LANE_HOST, OP_UPPER_DELETE) \
	/* the same; n VLAN, n milliseconds */ \
	X(OP_UPPER_DELETE, "upper-delete", LANE_HOST, OP_NONE) \
	/* in NAME; t its kind, n REGISTER FD of its network namespace (empty is fine) */ \
	X(OP_NETNS_PIN, "netns-pin", LANE_HOST, OP_NETNS_UNPIN) \
	/* init's network namespace, and ours, get a file in the run directory, with which they \
	 * outlive us */ \
	X(OP_NETNS_UNPIN, "netns-unpin", LANE_HOST, OP_NONE) \
	/* no such file is fine. Not while an interface of the host's is inside */ \
	X(OP_PHYS_TAKE, "phys-take", LANE_HOST, OP_PHYS_RETURN) \
	/* out NAME on the way back (its number: ifindex inside; behind the name what tells the \
	 * interface from others); t link, t name inside, n ifindex, n mtu, n mac; alternative \
	 * names it loses: init gets the interface */ \
	X(OP_PHYS_RETURN, "phys-return", LANE_HOST, OP_NONE) \
	/* in NAME (empty is fine; stays, with part 0 gone), t link, n ifindex, n mtu, n mac, t? \
	 * alias, l? alternative names, as they were; whatever it is called inside now */ \
	X(OP_WIRELESS_TAKE, "wireless-take", LANE_HOST, OP_WIRELESS_RETURN) \
	/* as OP_PHYS_TAKE with the whole phy, by iw; t link, t name inside, t phy, n mtu, n mac \
	 */ \
	X(OP_WIRELESS_RETURN, "wireless-return", LANE_HOST, OP_NONE) \
	/* as OP_PHYS_RETURN; t link, t phy, n mtu, n mac, t? alias, l? alternative names */ \
	X(OP_PROXY_ADD, "proxy-add", LANE_HOST, OP_PROXY_REMOVE) \
	/* out NUMBER, to which it adds bit n; t link, b address, n: the link answers for it */ \
	X(OP_PROXY_REMOVE, "proxy-remove", LANE_HOST, OP_NONE) \
	/* in NUMBER (empty is fine), the same, when the bit is set */ \
	X(OP_LO_ROUTE_ADD, "lo-route-add", LANE_HOST, OP_LO_ROUTE_REMOVE) \
	/* out NUMBER, to which it adds bit n; b address, n: it is reached through lo */ \
	X(OP_LO_ROUTE_REMOVE, "lo-route-remove", LANE_HOST, OP_NONE) \
	/* in NUMBER (empty is fine), the same, when the bit is set */ \
	X(OP_USER_NIC_CREATE, "user-nic-create", LANE_HOST, OP_NONE) \
	/* out NAME host end (its number: ifindex); t bridge or "none", t name inside: an ordinary \
	 * user's pair, by lxc-user-nic; it goes with init's network namespace */ \
	X(OP_USER_NIC_DELETE, "user-nic-delete", LANE_HOST, OP_NONE) \
	/* in NAME (empty is fine); t bridge of Open vSwitch, r FD of init's network namespace: \
	 * its port, by lxc-user-nic */ \
	/* -- gates: BOTH */ \
	X(OP_GATE, "gate", LANE_BOTH, OP_NONE) \
	/* n enum plan_gate; r? first FD register that INIT hands to HOST, n how many */ \
	/* -- child: INIT */ \
	X(OP_DEATH_SIGNAL, "death-signal", LANE_INIT, OP_NONE) /* n signal */ \
	X(OP_UNSHARE, "unshare", LANE_INIT, OP_NONE) /* n CLONE_NEW* */ \
	X(OP_CGROUP_JOIN, "cgroup-join", LANE_INIT, OP_NONE) \
	/* t* path of a file `tasks` of version 1: this process, which has one thread */ \
	X(OP_BECOME_ROOT, "become-root", LANE_INIT, OP_NONE) \
	/* n uid, n gid inside: groups dropped, all ids set; n 1 = not dumpable, 0 = dumpable */ \
	X(OP_CHECK_ACCESS, "check-access", LANE_INIT, OP_NONE) /* t path: can be searched */ \
	X(OP_TIME_OFFSETS, "time-offsets", LANE_INIT, OP_NONE) \
	/* t lines for /proc/self/timens_offsets, after OP_UNSHARE of time; then enter it */ \
	X(OP_MOUNTS_SLAVE, "mounts-slave", LANE_INIT, OP_NONE) \
	/* every mount of the namespace becomes dependent */ \
	X(OP_HOOK_INSIDE, "hook-inside", LANE_INIT, OP_NONE) \
	/* as OP_HOOK; output goes to the hook pipe: in? FD write end; n 1 = of the container's \
	 * own programs, from which init and the terminal of the caller are kept (hidden) */ \
	X(OP_HOSTNAME, "hostname", LANE_INIT, OP_NONE) /* t name */ \
	X(OP_KEYRING, "keyring", LANE_INIT, OP_NONE) \
	/* new anonymous session keyring; ENOSYS, EACCES, EPERM, EDQUOT are fine */ \
	X(OP_PATH_OPEN, "path-open", LANE_INIT, OP_NONE) /* out FD (O_PATH); r? base, t path */ \
	X(OP_PATH_CHECK, "path-check", LANE_INIT, OP_NONE) /* r? base, t path: exists */ \
	X(OP_TREE_OPEN, "tree-open", LANE_INIT, OP_NONE) \
	/* out FD of a clone of a mount; r? base, t* path, n 1 = with everything below */ \
	X(OP_TREE_ATTRIBUTES, "tree-attributes", LANE_INIT, OP_NONE) \
	/* in FD; n set, n clear (MOUNT_ATTR_*), n propagation (MS_*; 0 = leave), n 1 = \
	 * recursive, r? FD user namespace for id mapping */ \
	X(OP_TREE_ATTACH, "tree-attach", LANE_INIT, OP_NONE) \
	/* in FD (closed afterwards); r? base, t* path ("" = base itself), n 1 = a symbolic \
	 * link at the end is an error */ \
	X(OP_FS_OPEN, "fs-open", LANE_INIT, OP_NONE) \
	/* out FD of a new mount; t type, t? source, l? options ("name" or "name=value"), n \
	 * attributes (MOUNT_ATTR_*) */ \
	X(OP_FS_OPEN_LONG, "fs-open-long", LANE_INIT, OP_NONE) \
	/* as OP_FS_OPEN, by mount(2): for options with more than 255 bytes */ \
	X(OP_TREE_OPEN_HOST, "tree-open-host", LANE_HOST, OP_NONE) \
	/* as OP_TREE_OPEN, in the supervisor's mount namespace */ \
	X(OP_TREE_ATTRIBUTES_HOST, "tree-attributes-host", LANE_HOST, OP_NONE) \
	/* as OP_TREE_ATTRIBUTES */ \
	X(OP_TREE_ATTACH_HOST, "tree-attach-host", LANE_HOST, OP_NONE) /* as OP_TREE_ATTACH */ \
	X(OP_FS_OPEN_HOST, "fs-open-host", LANE_HOST, OP_NONE) \
	/* as OP_FS_OPEN, by the supervisor as who it is; t type, t* source, l? options, n \
	 * attributes */ \
	X(OP_FS_OPEN_FOUND, "fs-open-found", LANE_HOST, OP_NONE) \
	/* the same of whatever file system the device holds; t* source, l? options, n attributes \
	 */ \
	X(OP_FS_OPEN_LONG_HOST, "fs-open-long-host", LANE_HOST, OP_NONE) \
	/* as OP_FS_OPEN_LONG, in a mount namespace of the supervisor's own */ \
	X(OP_MAKE_DIRECTORY_HOST, "make-directory-host", LANE_HOST, OP_NONE) \
	/* t path, n mode, n uid, n gid (of the host): with its parents (0755); one that is there \
	 * is fine, and stays as it is */ \
	X(OP_LOOP_OPEN, "loop-open", LANE_HOST, OP_NONE) \
	/* out FD of a loop device, which goes with its last user; r NUMBER N of /dev/loopN; t \
	 * path of the file, n 1 = nothing is written to it */ \
	X(OP_NBD_CONNECT, "nbd-connect", LANE_HOST, OP_NBD_DISCONNECT) \
	/* out NAME /dev/nbdN; t path of the file that qemu-nbd serves, n 1 = nothing is written \
	 * to it, n partition that is waited for (0 = none) */ \
	X(OP_NBD_DISCONNECT, "nbd-disconnect", LANE_HOST, OP_NONE) \
	/* in NAME (empty is fine, so is a device that is no more, or another's); t path of the \
	 * file; waits until it is unmounted */ \
	X(OP_TREE_HAND_OVER, "tree-hand-over", LANE_HOST, OP_NONE) \
	/* in FD (empty is fine; init may still look at it): to t path, from where it reaches \
	 * init's mount namespace, with locks on its options but not in its place */ \
	X(OP_TREE_TAKE, "tree-take", LANE_INIT, OP_NONE) \
	/* in FD of a tree that was handed over (empty is fine, closed afterwards); out? FD of a \
	 * clone of what lies on t path, from where it is taken away */ \
	X(OP_UMOUNT, "umount", LANE_INIT, OP_NONE) \
	/* r? base, t path: detach whatever is mounted there, until nothing is */ \
	X(OP_MAKE_DIRECTORY, "make-directory", LANE_INIT, OP_NONE) \
	/* r? base, t* path, n mode: with its parents (0755); one that is there is fine */ \
	X(OP_MAKE_FILE, "make-file", LANE_INIT, OP_NONE) \
	/* r? base, t path, n mode: empty, with its parents; one that is there is fine */ \
	X(OP_MAKE_NODE, "make-node", LANE_INIT, OP_NONE) \
	/* r? base, t path, n mode with S_IFCHR, n device number; replaces nothing: a right one \
	 * is fine */ \
	X(OP_MAKE_LINK, "make-link", LANE_INIT, OP_NONE) \
	/* r? base, t path, t text; EEXIST and EROFS are fine */ \
	X(OP_WRITE, "write", LANE_INIT, OP_NONE) \
	/* r base, t path, t value: an existing file (sysctls, below the procfs descriptor) */ \
	X(OP_BOOT_ID, "boot-id", LANE_INIT, OP_NONE) \
	/* r base: random UUID in dev/.lxc-boot-id, mounted read-only on \
	 * proc/sys/kernel/random/boot_id, then unlinked */ \
	X(OP_ROOT_CHECK, "root-check", LANE_INIT, OP_NONE) \
	/* in FD root; t path: still the same mount ("Rootfs overmounted") */ \
	X(OP_CONSOLE_BIND, "console-bind", LANE_INIT, OP_NONE) \
	/* in NUMBER index of the host's pts; r base, t target */ \
	X(OP_TTY_MAKE, "tty-make", LANE_INIT, OP_NONE) \
	/* out FD master; in FD devpts root; r base, t target; r NUMBER index */ \
	X(OP_PIVOT, "pivot", LANE_INIT, OP_NONE) \
	/* in FD root: pivot, old root detached, then everything shared with itself (new peer \
	 * groups) */ \
	X(OP_PERSONALITY, "personality", LANE_INIT, OP_NONE) /* n */ \
	X(OP_CAPS_BOUND, "caps-bound", LANE_INIT, OP_NONE) \
	/* n mask of capabilities to keep in the bounding set */ \
	X(OP_CAPS_AMBIENT, "caps-ambient", LANE_INIT, OP_NONE) \
	/* n 1 = raise all permitted, 0 = clear */ \
	X(OP_NO_NEW_PRIVS, "no-new-privs", LANE_INIT, OP_NONE) \
	X(OP_SECCOMP, "seccomp", LANE_INIT, OP_NONE) \
	/* b struct sock_filter array, n flags SECCOMP_FILTER_FLAG_*; out? FD listener, sent to \
	 * HOST at once */ \
	X(OP_STDIO_CONSOLE, "stdio-console", LANE_INIT, OP_NONE) \
	/* r base, t path of the console; n mask of the streams (1, 2, 4) that become it */ \
	X(OP_STDIO_NULL, "stdio-null", LANE_INIT, OP_NONE) \
	X(OP_STDIO_FDS, "stdio-fds", LANE_INIT, OP_NONE) /* attach: r? in, r? out, r? error */ \
	X(OP_STDIO_CHOWN, "stdio-chown", LANE_INIT, OP_NONE) \
	/* n uid, n gid inside: streams that are terminals of ours, never regular files */ \
	X(OP_SETSID, "setsid", LANE_INIT, OP_NONE) \
	/* n 1 = stdin becomes the controlling terminal */ \
	X(OP_CHDIR, "chdir", LANE_INIT, OP_NONE) \
	/* t path, n 1 = failure is fine (the directory is then "/") */ \
	X(OP_GROUPS, "groups", LANE_INIT, OP_NONE) /* b gid_t array; none = empty list */ \
	X(OP_SET_GID, "set-gid", LANE_INIT, OP_NONE) /* n gid */ \
	X(OP_SET_UID, "set-uid", LANE_INIT, OP_NONE) /* n uid, n 1 = keep dumpable as root's */ \
	X(OP_ADDRESS_SOCKET, "address-socket", LANE_INIT, OP_NONE) \
	/* out FD: rtnetlink, groups for links and addresses */ \
	X(OP_LINK_UP_INSIDE, "link-up-inside", LANE_INIT, OP_NONE) \
	/* t link, n milliseconds to wait while another one has its hardware address */ \
	X(OP_LINK_MAC_INSIDE, "link-mac-inside", LANE_INIT, OP_NONE) /* t link, n mac */ \
	X(OP_ADDRESS_ADD, "address-add", LANE_INIT, OP_NONE) \
	/* t link, b address, n prefix, n broadcast (IPv4, network order; 0 = none), n \
	 * milliseconds to wait while another one has the address */ \
	X(OP_ROUTE_DEFAULT, "route-default", LANE_INIT, OP_NONE) \
	/* t link, b? gateway (none = through the device), n family */ \
	X(OP_ENTER, "enter", LANE_INIT, OP_NONE) \
	/* attach: in FD pidfd or namespace, n CLONE_NEW* */ \
	X(OP_CLOSE_OTHERS, "close-others", LANE_INIT, OP_NONE) \
	/* n how many from 3 on stay (LISTEN_FDS): all others but the gate are closed */ \
	X(OP_EXEC, "exec", LANE_INIT, OP_NONE) \
	/* l argv, l* environment, t? program when it differs from the first word; last step of \
	 * the lane; searches PATH of the new environment, else /bin:/usr/bin */ \
	X(OP_RUN_INIT, "run-init", LANE_INIT, OP_NONE) \
	/* l argv of the command, l* environment; our own init; last step of the lane */
/* clang-format on */

#define PLAN_OP_CONSTANT(op, name, lane, undo) op,
enum plan_op { PLAN_OPS(PLAN_OP_CONSTANT) OP_COUNT };
#undef PLAN_OP_CONSTANT

/* Who waits for whom: both, but where one has nothing to learn from the other. */
enum plan_gate {
	GATE_IDS,      /* maps are written, init is in its cgroups */
	GATE_NET,      /* the network namespace of init exists / its interfaces are in it */
	GATE_READY,    /* all but the program is set up; only HOST waits */
	GATE_GO,       /* HOST's work is done: exec next; only INIT waits */
	GATE_HANDOVER, /* descriptors go to HOST, which alone waits */
	GATE_COUNT,
};
/* "ids", "net", "ready", "go", "handover"; NULL for anything else. */
const char *plan_gate_name(unsigned gate);

static inline bool plan_gate_holds_host(uint64_t gate)
{
	return gate != GATE_GO;
}

static inline bool plan_gate_holds_init(uint64_t gate)
{
	return gate != GATE_READY && gate != GATE_HANDOVER;
}

enum plan_clone_kind { CLONE_PLAIN, CLONE_JOIN, CLONE_RESTORE };

enum plan_hook_flag {
	HOOK_STOPS_REBOOT = 1 << 0, /* a failure turns a reboot into a stop (post-stop) */
};

/* As the kernel has them (linux/if_link.h, whose names are those of the configuration's). */
enum plan_link_mode {
	PLAN_MACVLAN_PRIVATE = 1,
	PLAN_MACVLAN_VEPA = 2,
	PLAN_MACVLAN_BRIDGE = 4,
	PLAN_MACVLAN_PASSTHRU = 8,
	PLAN_IPVLAN_L2 = 0,
	PLAN_IPVLAN_L3 = 1,
	PLAN_IPVLAN_L3S = 2,
	PLAN_IPVLAN_BRIDGE = 0,
	PLAN_IPVLAN_PRIVATE = 1,
	PLAN_IPVLAN_VEPA = 2,
};

enum plan_cgroup_flag {
	CGROUP_FIXED = 1 << 0,   /* this name and no other; an existing empty one is taken */
	CGROUP_PAYLOAD = 1 << 1, /* holds the container's processes: killed before removal */
};

/* The device rules as OP_CGROUP_DEVICES and the control socket use them. */
struct plan_device {
	int64_t major, minor; /* -1 = any */
	uint8_t type;         /* 'b', 'c' */
	uint8_t access;       /* 1 read, 2 write, 4 mknod */
	uint8_t unused[6];
};
struct plan_devices {
	uint32_t allow_by_default; /* the rows are then what is forbidden */
	uint32_t count;
	struct plan_device rows[];
};

enum plan_argument_kind {
	ARGUMENT_NONE,
	ARGUMENT_TEXT,
	ARGUMENT_LIST,
	ARGUMENT_NUMBER,
	ARGUMENT_REGISTER,
	ARGUMENT_BYTES,
};

/* How a number is printed, and what bytes are. Registers have their enum register_kind there. */
enum plan_argument_form {
	FORM_PLAIN,
	FORM_OCTAL, /* modes */
	FORM_CLONE, /* CLONE_NEW* as words */
	FORM_MOUNT, /* MOUNT_ATTR_* as words */
	FORM_PROPAGATION,
	FORM_SIGNAL,
	FORM_STATE,
	FORM_GATE,
	FORM_DEVICE, /* major:minor */
	FORM_MAC,
	FORM_CAPS, /* capability names, or "all" */
	FORM_RLIMIT,
	FORM_HIERARCHY, /* mount point of a row of the hierarchy table */
	FORM_FLAG,      /* printed as its name when it is 1, not at all when it is 0 */
	FORM_CGROUP,    /* CGROUP_FIXED, CGROUP_PAYLOAD */
	FORM_CLONE_KIND,
	FORM_ID,       /* uid or gid; ID_INVALID = none */
	FORM_RESOURCE, /* RLIMIT_* */
	FORM_QUEUES,   /* rx | tx << 32 */
	FORM_FAMILY,   /* AF_INET, AF_INET6 */
	FORM_IPV4,     /* network order */
	FORM_STREAMS,  /* 1 stdin, 2 stdout, 4 stderr */
	FORM_SECCOMP,  /* SECCOMP_FILTER_FLAG_* */
	FORM_HEX,
	FORM_COUNT,     /* in decimal; not at all when it is 0 */
	FORM_MACVLAN,   /* PLAN_MACVLAN_* */
	FORM_IPVLAN,    /* PLAN_IPVLAN_L2 … */
	FORM_ISOLATION, /* PLAN_IPVLAN_BRIDGE … */
	/* of bytes */
	FORM_ADDRESS, /* 4 or 16 bytes */
	FORM_DEVICES, /* struct plan_devices */
	FORM_FILTER,  /* struct sock_filter array */
	FORM_GIDS,    /* uint32_t array */
};

struct plan_argument {
	const char *name; /* NULL ends the row's arguments */
	uint8_t kind;     /* enum plan_argument_kind */
	uint8_t form;     /* enum plan_argument_form; of registers enum register_kind */
	bool optional;
	bool references; /* may name registers */
	bool is_out;     /* a register that the op writes */
};

/* What a reader should do about an errno. */
struct plan_hint {
	int errnum; /* 0 ends the row's hints; -1 = any other */
	const char *text;
	enum err_id error; /* stable name of this failure; ERR_NONE = the row's */
};

struct plan_op_row {
	const char *name;
	enum plan_lane lane;
	enum plan_op undo;
	/* What it does, in words that continue "step N: ": "bind %o", where %o is the object. */
	const char *sentence;
	enum err_id error; /* stable name of its failure */
	enum { REGISTER_UNUSED, REGISTER_REQUIRED, REGISTER_ALLOWED } in, out;
	enum register_kind in_kind, out_kind;
	struct plan_argument arguments[PLAN_ARGUMENTS];
	const char *calls;             /* "\"sendto\", \"recvmsg\"", for the documentation */
	const struct plan_hint *hints; /* may be NULL */
};

extern const struct plan_op_row plan_op_rows[OP_COUNT];
