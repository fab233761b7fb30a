/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hints of the op table: for administrators, what to look at or to change when an op fails with
 * an errno. Each array belongs to one or more rows of ops.c. What an errno of a call means stands
 * in its manual page; what it means for containers is said here.
 */

#include "plan/ops_hints.h"

#include <errno.h>

/* clang-format off */
#define ANY_OTHER (-1)

const struct plan_hint plan_hints_hook[] = {
	{EACCES, "the shell /bin/sh cannot be run; check its permissions"},
	{ENOENT, "the shell /bin/sh is missing, and hooks are run by it"},
	{ETIMEDOUT, "the hook did not end in time; run it by hand to see what it waits for"},
	{ANY_OTHER,
	 "run it by hand, with the same LXC_ variables; with -l DEBUG the log has its output"},
	{0},
};

const struct plan_hint plan_hints_pid_file[] = {
	{EACCES, "the directory of the pid file must be writable to whoever starts the container"},
	{ENOENT, "make the directory of the pid file, or name another one with --pidfile"},
	{EROFS, "the file system of the pid file is read-only; name another one with --pidfile"},
	{ENOSPC, "the file system of the pid file is full"},
	{0},
};

const struct plan_hint plan_hints_terminal[] = {
	{ENOSPC, "all terminals are in use: raise /proc/sys/kernel/pty/max"},
	{ENOENT, "mount a devpts file system on /dev/pts of the host"},
	{EACCES, "/dev/ptmx of the host must be readable and writable to everyone"},
	{0},
};

const struct plan_hint plan_hints_console_peer[] = {
	{ENOENT, "lxc.console.path names no terminal or file; create it, or use lxc-start -c"},
	{EACCES, "lxc.console.path names a device that the caller may not open"},
	{ENXIO, "nobody has the other end of the pipe open that lxc.console.path names"},
	{ENOTTY, "lxc.console.path must name a terminal"},
	{0},
};

const struct plan_hint plan_hints_console_log[] = {
	{ENOENT, "make the directory of the file that lxc.console.logfile names"},
	{EACCES,
	 "the file that lxc.console.logfile names must be writable to whoever starts the "
	 "container"},
	{EROFS, "lxc.console.logfile is on a read-only file system; name another file"},
	{ENOSPC, "the file system of lxc.console.logfile is full"},
	{0},
};

const struct plan_hint plan_hints_memory[] = {
	{ENOMEM, "the host is out of memory, or lxc.console.buffer.size is too large"},
	{0},
};

const struct plan_hint plan_hints_cgroup[] = {
	{EACCES,
	 "this user may not make cgroups here: log in through systemd-logind, or "
	 "have the directory delegated (systemd: Delegate=yes)", ERR_PERMISSION},
	{EPERM,
	 "this user may not use this cgroup: have it delegated (systemd: "
	 "Delegate=yes), or start as root", ERR_PERMISSION},
	{EEXIST,
	 "a cgroup of this name is in use; remove it, or change lxc.cgroup.dir or "
	 "lxc.cgroup.dir.container"},
	{ENOENT,
	 "the directory above it is missing: is the cgroup file system mounted as it was a "
	 "moment ago?"},
	{EROFS,
	 "the cgroup file systems are mounted read-only here; remount them rw, or start the "
	 "container elsewhere"},
	{ENOSPC,
	 "the kernel has no room for another cgroup: see cgroup.max.descendants above it, and "
	 "for a cpuset give the parent cpus and memory nodes"},
	{EAGAIN,
	 "the limit cgroup.max.descendants or cgroup.max.depth of a directory above is reached"},
	{EBUSY, "processes are still in this cgroup, or in one below it; look at its cgroup.procs"},
	{EOPNOTSUPP, "the cgroup is threaded or has an invalid domain above it; see cgroup.type"},
	{0},
};

const struct plan_hint plan_hints_cgroup_controllers[] = {
	{ENOENT,
	 "the controller is not available here: enable it in cgroup.subtree_control of the "
	 "directory above, or on the kernel command line"},
	{EBUSY,
	 "processes are in a directory that must hold none: version 2 of cgroups keeps processes "
	 "in leaves only"},
	{EINVAL, "the kernel does not know this controller"},
	{EACCES,
	 "this controller is not delegated to this user (systemd: Delegate=yes)", ERR_PERMISSION},
	{EPERM,
	 "this controller is not delegated to this user (systemd: Delegate=yes)", ERR_PERMISSION},
	{0},
};

const struct plan_hint plan_hints_cgroup_write[] = {
	{ENOENT,
	 "there is no such file: the controller is not enabled for this cgroup, or the key "
	 "belongs to the other version of cgroups (lxc.cgroup. is 1, lxc.cgroup2. is 2)"},
	{EACCES,
	 "the controller is not delegated to this user, or the file is read-only", ERR_PERMISSION},
	{EPERM,
	 "the kernel refuses this value here; for devices and cpusets the "
	 "directory above must allow it too", ERR_PERMISSION},
	{EINVAL, "the kernel does not understand this value; see its documentation of the file"},
	{ERANGE, "the value is outside the range that the kernel documents for the file"},
	{ENOSPC, "a cpuset needs cpus and memory nodes of its own before processes may enter"},
	{EBUSY,
	 "the value is smaller than what is in use, or cannot change while processes are inside"},
	{ENODEV, "the device that the value names does not exist on the host"},
	{EOPNOTSUPP, "the kernel cannot set this here; see cgroup.type of the directory"},
	{0},
};

const struct plan_hint plan_hints_cgroup_devices[] = {
	{EPERM, "loading device rules needs CAP_BPF and CAP_SYS_ADMIN on the host", ERR_PERMISSION},
	{EINVAL, "the kernel has no BPF programs for cgroups (CONFIG_CGROUP_BPF)"},
	{ENOSYS, "the kernel has no bpf() call (CONFIG_BPF_SYSCALL)"},
	{E2BIG, "too many device rules, or too many programs on this cgroup"},
	{0},
};

const struct plan_hint plan_hints_cgroup_move[] = {
	{ENOSPC,
	 "the cpuset has no cpus or no memory nodes; set lxc.cgroup.cpuset.cpus and cpuset.mems"},
	{EBUSY,
	 "version 2 of cgroups keeps processes in leaves only: a controller is enabled below "
	 "this directory"},
	{EACCES,
	 "this user may not move processes here: the common directory of both "
	 "cgroups must be delegated", ERR_PERMISSION},
	{EPERM,
	 "this user may not move processes here: the common directory of both "
	 "cgroups must be delegated", ERR_PERMISSION},
	{ESRCH, "the process died before it could be moved"},
	{EOPNOTSUPP, "the cgroup is threaded, or the domain above it is invalid; see cgroup.type"},
	{EAGAIN,
	 "the limit pids.max of the cgroup is reached, or real-time scheduling has no time left "
	 "there"},
	{0},
};

const struct plan_hint plan_hints_namespace[] = {
	{EPERM,
	 "making namespaces needs root, or a user namespace: see lxc.idmap and "
	 "/proc/sys/kernel/unprivileged_userns_clone", ERR_PERMISSION},
	{ENOSPC, "the limit for namespaces is reached: see /proc/sys/user"},
	{EUSERS, "namespaces are nested too deeply"},
	{EINVAL, "the kernel was built without this kind of namespace"},
	{ENOMEM, "the kernel is out of memory"},
	{0},
};

const struct plan_hint plan_hints_namespace_open[] = {
	{ENOENT,
	 "the process whose namespace was asked for is gone, or the kernel lacks this kind of "
	 "namespace"},
	{EACCES,
	 "sharing namespaces needs the rights to trace the other container", ERR_PERMISSION},
	{EPERM,
	 "sharing namespaces needs root in the user namespace that owns them", ERR_PERMISSION},
	{EINVAL, "the file is no namespace of this kind"},
	{ESRCH, "the process whose namespace was asked for is gone"},
	{0},
};

const struct plan_hint plan_hints_clone[] = {
	{EPERM,
	 "a container without lxc.idmap can be started by root only; for "
	 "ordinary users unprivileged user namespaces must be enabled "
	 "(/proc/sys/kernel/unprivileged_userns_clone, "
	 "kernel.apparmor_restrict_unprivileged_userns)", ERR_PERMISSION},
	{EACCES, "this user may not put processes into this cgroup", ERR_PERMISSION},
	{EAGAIN,
	 "the limit for processes is reached: see RLIMIT_NPROC, pids.max and "
	 "/proc/sys/kernel/pid_max"},
	{EBUSY,
	 "version 2 of cgroups keeps processes in leaves only: a controller is enabled below "
	 "this directory"},
	{ENOSPC, "the limit for namespaces is reached: see /proc/sys/user"},
	{EUSERS, "user namespaces are nested too deeply"},
	{EINVAL, "the kernel was built without one of these kinds of namespaces"},
	{EOPNOTSUPP, "the cgroup is threaded, or the domain above it is invalid; see cgroup.type"},
	{ENOMEM, "the host is out of memory"},
	{0},
};

const struct plan_hint plan_hints_restore[] = {
	{ENOENT, "install criu, which restores checkpoints"},
	{ANY_OTHER, "see the restore.log that criu left in the directory of the checkpoint"},
	{0},
};

const struct plan_hint plan_hints_idmap[] = {
	{EPERM,
	 "only root may write these ids; ordinary users need newuidmap and "
	 "ranges in /etc/subuid and /etc/subgid", ERR_PERMISSION},
	{EINVAL,
	 "ranges of lxc.idmap overlap, are empty, or name ids that this user namespace does not "
	 "have"},
	{E2BIG, "the kernel takes 340 ranges at most"},
	{ESRCH, "the container died before its ids were mapped"},
	{0},
};

const struct plan_hint plan_hints_idmap_helpers[] = {
	{ENOENT, "install newuidmap and newgidmap (package uidmap or shadow-utils)"},
	{EACCES, "newuidmap and newgidmap must be executable"},
	{EPERM,
	 "newuidmap and newgidmap must be set-user-ID root or have CAP_SETUID "
	 "and CAP_SETGID, and /etc/subuid and /etc/subgid must give this user "
	 "the ranges of lxc.idmap", ERR_PERMISSION},
	{ETIMEDOUT,
	 "newuidmap or newgidmap did not end; is a directory service of /etc/nsswitch.conf "
	 "unreachable?"},
	{ANY_OTHER,
	 "check that /etc/subuid and /etc/subgid give this user the ranges that lxc.idmap asks "
	 "for"},
	{0},
};

const struct plan_hint plan_hints_core_sched[] = {
	{EINVAL, "the kernel has no core scheduling (CONFIG_SCHED_CORE)"},
	{ENODEV, "core scheduling needs simultaneous multithreading, which is off or missing"},
	{ENOSYS, "the kernel has no core scheduling (Linux 5.14)"},
	{0},
};

const struct plan_hint plan_hints_core_join[] = {
	{EINVAL, "the kernel has no core scheduling (CONFIG_SCHED_CORE)"},
	{ENODEV, "core scheduling needs simultaneous multithreading, which is off or missing"},
	{ESRCH, "init has ended meanwhile", ERR_NOT_RUNNING},
	{EPERM, "attaching takes root, or the user who started the container"},
	{0},
};

const struct plan_hint plan_hints_prlimit[] = {
	{EPERM, "raising a hard limit needs CAP_SYS_RESOURCE on the host", ERR_PERMISSION},
	{EINVAL, "the kernel does not know this limit, or the soft limit is above the hard one"},
	{ESRCH, "the container died before its limits were set"},
	{0},
};

const struct plan_hint plan_hints_proc_write[] = {
	{ENOENT, "there is no such file below /proc/PID: check the name behind lxc.proc."},
	{EACCES, "this value may be set by root only", ERR_PERMISSION},
	{EPERM, "this value may be set by root only", ERR_PERMISSION},
	{EINVAL, "the kernel does not understand this value"},
	{0},
};

const struct plan_hint plan_hints_root_pin[] = {
	{EACCES,
	 "the root file system must be writable to whoever starts the container", ERR_PERMISSION},
	{ENOSPC, "the root file system is full"},
	{0},
};

const struct plan_hint plan_hints_veth[] = {
	{EEXIST,
	 "an interface of this name exists; change lxc.net.N.veth.pair, or delete it (ip link "
	 "delete)"},
	{EOPNOTSUPP, "the kernel module veth is missing (modprobe veth)"},
	{EPERM,
	 "making interfaces needs CAP_NET_ADMIN on the host; ordinary users need "
	 "lxc-user-nic and a line in /etc/lxc/lxc-usernet", ERR_PERMISSION},
	{EINVAL,
	 "the kernel refuses the name, the MTU or the hardware address; names have 15 characters "
	 "at most"},
	{ERANGE, "the name of an interface has 15 characters at most"},
	{EADDRNOTAVAIL,
	 "lxc.net.N.hwaddr is no address that an interface may have: the first byte must be even "
	 "and the address not zero"},
	{ESRCH, "the container died before its network was set up"},
	{0},
};

const struct plan_hint plan_hints_user_nic[] = {
	{ENOENT, "lxc-user-nic is not installed; it makes the interfaces of ordinary users"},
	{EACCES, "lxc-user-nic must be executable to this user", ERR_PERMISSION},
	{ESRCH, "the container died before its network was set up"},
	{0},
};

const struct plan_hint plan_hints_link[] = {
	{ENODEV, "there is no such interface; was it renamed or deleted meanwhile?"},
	{EPERM, "changing interfaces needs CAP_NET_ADMIN", ERR_PERMISSION},
	{EINVAL, "the kernel refuses this for an interface of this kind"},
	{ENOENT, "the kernel has no such setting: is IPv6 switched off?"},
	{EEXIST, "this address or route exists already"},
	{EADDRINUSE,
	 "the hardware address is that of another interface on the same link: change "
	 "lxc.net.N.hwaddr, or delete the other interface"},
	{ENETDOWN, "bring the host's interface up that lxc.net.N.link names (ip link set LINK up)"},
	{0},
};

const struct plan_hint plan_hints_bridge[] = {
	{ENODEV,
	 "the bridge does not exist: make it (ip link add NAME type bridge), or start the "
	 "service lxc-net, which makes lxcbr0"},
	{EOPNOTSUPP, "lxc.net.N.link names an interface that is no bridge"},
	{EBUSY, "the interface belongs to another bridge"},
	{ELOOP, "this interface is itself a bridge; bridges cannot be put into one another"},
	{EPERM, "changing a bridge needs CAP_NET_ADMIN on the host", ERR_PERMISSION},
	{EINVAL, "the kernel refuses this interface for the bridge"},
	{0},
};

const struct plan_hint plan_hints_port_vlan[] = {
	{EOPNOTSUPP,
	 "the interface is no port of a Linux bridge, or the kernel lacks VLAN filtering "
	 "(CONFIG_BRIDGE_VLAN_FILTERING)"},
	{EINVAL, "VLANs of a bridge port are 1 to 4094"},
	{ENODEV, "the host's end of the interface is gone"},
	{EPERM, "changing a bridge needs CAP_NET_ADMIN on the host", ERR_PERMISSION},
	{0},
};

const struct plan_hint plan_hints_command[] = {
	{ENOENT, "/bin/sh is missing on the host"},
	{EBUSY, "the name or the number of the interface is taken on the host"},
	{EEXIST, "an interface of this name exists already"},
	{ENODEV, "there is no such interface; was it renamed or deleted meanwhile?"},
	{E2BIG, "the environment of the starting process is too long"},
	{EPERM, "moving interfaces needs CAP_NET_ADMIN and CAP_SYS_ADMIN", ERR_PERMISSION},
	{0},
};

const struct plan_hint plan_hints_macvlan[] = {
	{EOPNOTSUPP, "the kernel module macvlan is missing (modprobe macvlan)"},
	{ENODEV, "lxc.net.N.link names no interface of the host"},
	{EBUSY,
	 "the link is a port of a bridge or bond, or has interfaces of the type ipvlan, and "
	 "cannot have macvlan ones besides"},
	{EINVAL,
	 "the link cannot have such an interface: in the mode passthru it has one at most, and "
	 "the MTU must not be larger than the link's"},
	{EEXIST, "an interface of this name exists already"},
	{EADDRINUSE, "lxc.net.N.hwaddr is the address of another interface on this link"},
	{EADDRNOTAVAIL,
	 "lxc.net.N.hwaddr is no address that an interface may have: the first byte must be even "
	 "and the address not zero"},
	{EPERM, "making interfaces needs CAP_NET_ADMIN on the host", ERR_PERMISSION},
	{ESRCH, "the container died before its network was set up"},
	{0},
};

const struct plan_hint plan_hints_ipvlan[] = {
	{EOPNOTSUPP,
	 "the kernel module ipvlan is missing (modprobe ipvlan), or the kernel lacks this mode "
	 "(l3s: CONFIG_IPVLAN_L3S) or isolation (Linux 4.15)"},
	{ENODEV, "lxc.net.N.link names no interface of the host"},
	{EBUSY,
	 "the link is a port of a bridge or bond, or has interfaces of the type macvlan, and "
	 "cannot have ipvlan ones besides"},
	{EINVAL,
	 "the link cannot have such an interface, or the MTU is larger than the link's; all "
	 "ipvlan interfaces of a link have the same mode"},
	{EEXIST, "an interface of this name exists already"},
	{EPERM, "making interfaces needs CAP_NET_ADMIN on the host", ERR_PERMISSION},
	{ESRCH, "the container died before its network was set up"},
	{0},
};

const struct plan_hint plan_hints_vlan[] = {
	{EOPNOTSUPP, "the kernel module 8021q is missing (modprobe 8021q), or the link takes none"},
	{ENODEV, "lxc.net.N.link names no interface of the host"},
	{EEXIST,
	 "an interface of this name, or of this VLAN on this link, exists already: change "
	 "lxc.net.N.vlan.id, or delete the other one"},
	{ERANGE, "lxc.net.N.vlan.id is larger than 4094"},
	{EINVAL, "the kernel refuses the VLAN, the name or the hardware address"},
	{EPERM, "making interfaces needs CAP_NET_ADMIN on the host", ERR_PERMISSION},
	{ESRCH, "the container died before its network was set up"},
	{0},
};

const struct plan_hint plan_hints_netns[] = {
	{EBUSY, "an interface of the host's is still inside; it is taken back first"},
	{EPERM, "mounting needs CAP_SYS_ADMIN", ERR_PERMISSION},
	{EACCES, "the run directory is not writable", ERR_PERMISSION},
	{EROFS, "the run directory is on a read-only file system"},
	{ENOSPC,
	 "the run directory is full, or the limit for mounts is reached: see "
	 "/proc/sys/fs/mount-max"},
	{ESRCH, "the container died before its network was set up"},
	{0},
};

const struct plan_hint plan_hints_phys[] = {
	{ENODEV,
	 "there is no such interface any more: was it renamed or deleted, or does another "
	 "container have it?"},
	{EEXIST, "an interface of this name exists already"},
	{EBUSY, "the interface is in use, or its number is taken"},
	{EINVAL,
	 "the kernel does not let this interface go to another network namespace, or refuses the "
	 "name, the MTU or the hardware address"},
	{EADDRNOTAVAIL,
	 "lxc.net.N.hwaddr is no address that an interface may have: the first byte must be even "
	 "and the address not zero"},
	{EPERM, "moving interfaces needs CAP_NET_ADMIN on the host", ERR_PERMISSION},
	{ESRCH, "the container died before its network was set up"},
	{0},
};

const struct plan_hint plan_hints_route[] = {
	{ENETUNREACH,
	 "the gateway cannot be reached: an address in its network is missing, or the interface "
	 "is down (lxc.net.N.flags = up)"},
	{EHOSTUNREACH,
	 "the gateway cannot be reached: an address in its network is missing, or the interface "
	 "is down (lxc.net.N.flags = up)"},
	{ENETDOWN, "the interface is down: add lxc.net.N.flags = up"},
	{EINVAL, "the gateway cannot be used: is the interface up and the address in its network?"},
	{EEXIST, "there is a default route already: give one interface a gateway only"},
	{ENODEV, "the interface is not there inside the container"},
	{EACCES, "IPv6 is switched off for this interface (net.ipv6.conf.*.disable_ipv6)"},
	{0},
};

const struct plan_hint plan_hints_address[] = {
	{ENODEV, "the interface is not there inside the container"},
	{EEXIST, "the address is given twice"},
	{EACCES, "IPv6 is switched off for this interface (net.ipv6.conf.*.disable_ipv6)"},
	{EOPNOTSUPP, "the kernel lacks this address family: is IPv6 switched off?"},
	{EADDRINUSE, "another interface of the type ipvlan on the same link has the address"},
	{EINVAL, "the kernel refuses this address or its prefix length"},
	{0},
};

const struct plan_hint plan_hints_ids[] = {
	{EINVAL, "this id is not mapped into the container: extend lxc.idmap"},
	{EPERM,
	 "the capability to change ids is missing: keep setuid and setgid "
	 "(lxc.cap.drop, lxc.cap.keep)", ERR_PERMISSION},
	{EAGAIN, "the limit for processes of this user is reached (RLIMIT_NPROC)"},
	{0},
};

const struct plan_hint plan_hints_access[] = {
	{EACCES,
	 "container root may not enter the directories that lead to its root "
	 "file system: chmod o+x them, or setfacl -m u:UID:x", ERR_PERMISSION},
	{ENOENT, "lxc.rootfs.path does not exist", ERR_ROOTFS},
	{0},
};

const struct plan_hint plan_hints_time[] = {
	{EPERM, "clock offsets need CAP_SYS_TIME in the user namespace", ERR_PERMISSION},
	{ERANGE, "the offset would make the clock negative or overflow"},
	{EINVAL, "the kernel does not understand the offset"},
	{ENOENT, "the kernel has no time namespaces (Linux 5.6, CONFIG_TIME_NS)"},
	{0},
};

const struct plan_hint plan_hints_mounts[] = {
	{EPERM, "this needs CAP_SYS_ADMIN in the mount namespace", ERR_PERMISSION},
	{EINVAL, "the root directory of this process is no mount point: is it a chroot?"},
	{0},
};

const struct plan_hint plan_hints_hostname[] = {
	{EINVAL, "a host name has 64 characters at most"},
	{EPERM,
	 "the uts namespace is not the container's own: see lxc.namespace.keep", ERR_PERMISSION},
	{0},
};

const struct plan_hint plan_hints_path[] = {
	{ENOENT, "the path does not exist"},
	{EACCES, "the path, or a directory above it, is closed to container root", ERR_PERMISSION},
	{ELOOP, "symbolic links lead in circles, or through /proc, which is refused here"},
	{ENOTDIR, "something in the path is no directory"},
	{0},
};

const struct plan_hint plan_hints_source[] = {
	{ENOENT,
	 "the source does not exist on the host; add \"optional\" to "
	 "skip it", ERR_MOUNT_SOURCE_MISSING},
	{EACCES,
	 "the source, or a directory above it, is closed to container root; "
	 "chmod or setfacl it", ERR_PERMISSION},
	{EPERM,
	 "this mount may not be cloned: in a user namespace \"rbind\" is needed "
	 "where the source has mounts below it, or the source is bound unbindable", ERR_PERMISSION},
	{EINVAL,
	 "the source cannot be bound: it is unbindable, has locked mounts below it (use "
	 "\"rbind\"), or belongs to another mount namespace"},
	{ELOOP, "the source is a symbolic link that leads in circles or through /proc"},
	{ENOTDIR, "something in the path of the source is no directory"},
	{ENOSYS, "the kernel has no open_tree() (Linux 5.2), or a seccomp filter hides it"},
	{ENOSPC, "the limit for mounts is reached: see /proc/sys/fs/mount-max"},
	{ENOMEM, "the kernel is out of memory"},
	{0},
};

const struct plan_hint plan_hints_attributes[] = {
	{EPERM,
	 "the host has locked these mount options (ro, nosuid, nodev, noexec, "
	 "atime), or the file system may not be id-mapped by this user", ERR_PERMISSION},
	{EINVAL,
	 "this file system cannot be id-mapped, or is id-mapped already: take \"idmap=\" out and "
	 "change the owners of the files, or add \"optional\"; without idmap=: unknown mount "
	 "options"},
	{EBUSY, "files are open for writing, so the mount cannot become read-only"},
	{EOPNOTSUPP, "the file system does not support one of these options"},
	{ENOSYS, "the kernel has no mount_setattr() (Linux 5.12), or a seccomp filter hides it"},
	{0},
};

const struct plan_hint plan_hints_attach[] = {
	{ENOENT,
	 "the target does not exist inside the root file system; add "
	 "\"create=dir\" or \"create=file\", or make it", ERR_MOUNT_TARGET_MISSING},
	{ENOTDIR,
	 "source and target must both be directories, or both be none; see \"create=dir\" and "
	 "\"create=file\""},
	{EISDIR,
	 "source and target must both be directories, or both be none; see \"create=dir\" and "
	 "\"create=file\""},
	{ELOOP,
	 "the target leads through a symbolic link that is not followed here, because it could "
	 "lead out of the container or be exchanged by it"},
	{EACCES,
	 "the target, or a directory above it, is closed to container root", ERR_PERMISSION},
	{EPERM,
	 "the kernel does not let this mount be put here; in a user namespace "
	 "only mounts made or cloned inside may be", ERR_PERMISSION},
	{EINVAL,
	 "source and target must both be directories, or both be none (see \"create=dir\" and "
	 "\"create=file\"), and the target must not lie inside the source's mount"},
	{EBUSY, "the target is in use as the root of the process"},
	{ENOSPC, "the limit for mounts is reached: see /proc/sys/fs/mount-max"},
	{0},
};

const struct plan_hint plan_hints_unmount[] = {
	{EBUSY, "the mount is in use"},
	{EINVAL, "the host has locked this mount: in a user namespace it may not be taken away"},
	{EPERM, "this mount may not be taken away here", ERR_PERMISSION},
	{0},
};

const struct plan_hint plan_hints_make[] = {
	{EROFS,
	 "the root file system is read-only and lacks this path: make it beforehand, or leave "
	 "the entry out"},
	{EACCES,
	 "the directory is not writable to container root: do the owners of the "
	 "root file system fit lxc.idmap?", ERR_PERMISSION},
	{EPERM, "this may not be made here; device nodes need root of the host", ERR_PERMISSION},
	{EEXIST, "something of another kind stands there"},
	{ENOTDIR, "something in the path is no directory"},
	{ELOOP, "symbolic links lead in circles"},
	{ENOSPC, "the file system is full"},
	{EDQUOT, "the quota is used up"},
	{EOVERFLOW, "the owner has no id in this file system: lxc.idmap and its owners do not fit"},
	{0},
};

const struct plan_hint plan_hints_write[] = {
	{ENOENT,
	 "the kernel has no such setting here; check the key's name, and that its module is "
	 "loaded"},
	{EACCES, "this setting may not be changed inside a container", ERR_PERMISSION},
	{EPERM,
	 "this setting may not be changed with the rights of container root", ERR_PERMISSION},
	{EROFS, "proc is mounted read-only inside the container: see lxc.mount.auto"},
	{EINVAL, "the kernel does not understand this value"},
	{ELOOP, "the name leads out of /proc/sys"},
	{0},
};

const struct plan_hint plan_hints_root_check[] = {
	{ESTALE,
	 "a hook or a mount entry has mounted something over the root file system; mount it below "
	 "instead, or in a pre-start hook", ERR_ROOTFS},
	{0},
};

const struct plan_hint plan_hints_console[] = {
	{ENOENT, "dev/console is missing in the root file system: set lxc.autodev = 1, or make it"},
	{EROFS, "the root file system is read-only and lacks dev/console"},
	{ELOOP, "dev/console or dev is a symbolic link, which is not followed"},
	{ENOSPC, "all terminals are in use: raise lxc.pty.max and /proc/sys/kernel/pty/max"},
	{0},
};

const struct plan_hint plan_hints_pivot[] = {
	{EINVAL,
	 "the root directory of this process is no mount point (a chroot?): start the container "
	 "from outside it, or bind it on itself first (mount --bind DIR DIR)", ERR_ROOTFS},
	{EBUSY, "the new root is the old one", ERR_ROOTFS},
	{EPERM, "changing the root needs CAP_SYS_ADMIN", ERR_PERMISSION},
	{0},
};

const struct plan_hint plan_hints_personality[] = {
	{EINVAL, "the kernel does not run programs of the architecture that lxc.arch names"},
	{0},
};

const struct plan_hint plan_hints_caps[] = {
	{EPERM, "changing capabilities needs CAP_SETPCAP", ERR_PERMISSION},
	{EINVAL, "the kernel does not know one of these capabilities"},
	{0},
};

const struct plan_hint plan_hints_no_new_privs[] = {
	{EINVAL, "the kernel is too old for no_new_privs (Linux 3.5)"},
	{0},
};

const struct plan_hint plan_hints_seccomp[] = {
	{EINVAL,
	 "the kernel refuses the filter: it is too long, or asks for flags this kernel lacks "
	 "(Linux 5.0 for notify)"},
	{EACCES, "loading a filter needs CAP_SYS_ADMIN or lxc.no_new_privs = 1", ERR_PERMISSION},
	{EBUSY, "a filter with a listener is loaded already: only one may notify"},
	{ENOMEM, "the filters of this process are too long together"},
	{0},
};

const struct plan_hint plan_hints_stdio[] = {
	{ENOENT, "the console is missing inside the container"},
	{ENXIO, "the console's other end is closed"},
	{EIO, "the console's other end is closed"},
	{0},
};

const struct plan_hint plan_hints_setsid[] = {
	{EPERM,
	 "the terminal belongs to another session, or this process leads a group", ERR_PERMISSION},
	{ENOTTY, "the standard input is no terminal"},
	{0},
};

const struct plan_hint plan_hints_chdir[] = {
	{ENOENT, "the directory does not exist inside the container; see lxc.init.cwd"},
	{ENOTDIR, "this is no directory inside the container; see lxc.init.cwd"},
	{EACCES,
	 "this user may not enter the directory inside the container; see "
	 "lxc.init.cwd", ERR_PERMISSION},
	{0},
};

const struct plan_hint plan_hints_enter[] = {
	{EPERM,
	 "entering the container needs root, or to be the user who started it", ERR_PERMISSION},
	{ESRCH, "the container has stopped meanwhile", ERR_NOT_RUNNING},
	{EINVAL, "the process is already in this user namespace, or has several threads"},
	{ENOMEM, "the kernel is out of memory"},
	{0},
};

const struct plan_hint plan_hints_exec[] = {
	{ENOENT,
	 "the program, or the interpreter it names, does not exist inside the container"},
	{EACCES,
	 "the program is not executable for this user, or its file system is "
	 "mounted noexec", ERR_PERMISSION},
	{ENOEXEC,
	 "the program is for another architecture than this host's, or a script without #!; see "
	 "the architecture of the image"},
	{ELIBBAD, "the program's interpreter is for another architecture"},
	{ENOTDIR, "something in the path of the program is no directory"},
	{EISDIR, "the program's name is that of a directory"},
	{ELOOP, "the program's name is a symbolic link that leads in circles"},
	{E2BIG, "arguments and environment are too long together"},
	{EPERM,
	 "the program may not be run with these capabilities: does it have file "
	 "capabilities outside the bounding set, or a no_new_privs domain change?", ERR_PERMISSION},
	{ETXTBSY, "the program is being written to"},
	{EAGAIN, "the limit for processes of this user is reached (RLIMIT_NPROC)"},
	{0},
};

const struct plan_hint plan_hints_stash[] = {
	{EPERM, "this needs CAP_SYS_ADMIN", ERR_PERMISSION},
	{ENODEV, "the kernel does not know tmpfs"},
	{EINVAL, "the mount did not reach the container's mount namespace"},
	{ENOSPC, "the limit for mounts is reached: see /proc/sys/fs/mount-max"},
	{ENOMEM, "the kernel is out of memory"},
	{0},
};
/* clang-format on */
