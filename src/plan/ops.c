/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The op table: what every op is called, takes, does and needs, in words. ops.h says what the
 * arguments mean; executing them is run/'s business.
 *
 * Sentences continue "step 21 of 36, inside the container: " and "cannot ": %o is the step's
 * object. The hints stand in ops_hints.c.
 */

#include "plan/ops.h"

#include "plan/ops_hints.h"

/* clang-format off */
#define TEXT(n)                {.name = (n), .kind = ARGUMENT_TEXT}
#define TEXT_OPTIONAL(n)       {.name = (n), .kind = ARGUMENT_TEXT, .optional = true}
#define TEXT_REFERENCES(n)     {.name = (n), .kind = ARGUMENT_TEXT, .references = true}
#define TEXT_OPTIONAL_REFERENCES(n) \
	{.name = (n), .kind = ARGUMENT_TEXT, .optional = true, .references = true}
#define LIST(n)                {.name = (n), .kind = ARGUMENT_LIST}
#define LIST_OPTIONAL(n)       {.name = (n), .kind = ARGUMENT_LIST, .optional = true}
#define LIST_REFERENCES(n, o)  \
	{.name = (n), .kind = ARGUMENT_LIST, .optional = (o), .references = true}
#define NUMBER(n, f)           {.name = (n), .kind = ARGUMENT_NUMBER, .form = (f)}
#define BYTES(n, f)            {.name = (n), .kind = ARGUMENT_BYTES, .form = (f)}
#define BYTES_OPTIONAL(n, f)   {.name = (n), .kind = ARGUMENT_BYTES, .form = (f), .optional = true}
#define REGISTER(n, k)         {.name = (n), .kind = ARGUMENT_REGISTER, .form = (k)}
#define REGISTER_OPTIONAL(n, k) \
	{.name = (n), .kind = ARGUMENT_REGISTER, .form = (k), .optional = true}
#define REGISTER_OUT(n, k)     \
	{.name = (n), .kind = ARGUMENT_REGISTER, .form = (k), .is_out = true}
#define BASE                   REGISTER("base", REGISTER_FD)
#define BASE_OPTIONAL          REGISTER_OPTIONAL("base", REGISTER_FD)
#define IN(k)                  .in = REGISTER_REQUIRED, .in_kind = (k)
#define IN_ALLOWED(k)          .in = REGISTER_ALLOWED, .in_kind = (k)
#define OUT(k)                 .out = REGISTER_REQUIRED, .out_kind = (k)
#define OUT_ALLOWED(k)         .out = REGISTER_ALLOWED, .out_kind = (k)
/* One text: pointers are relocated when the library is loaded. */
#define CALLS(...)             .calls = #__VA_ARGS__
#define HINTS(name)            .hints = plan_hints_##name
#define TAKES(...)             .arguments = {__VA_ARGS__}

#define PLAN_OP_NAME(op, name, lane, undo) static const char name_of_##op[] = (name);
PLAN_OPS(PLAN_OP_NAME)
#undef PLAN_OP_NAME
#define PLAN_OP_ENUM(op, name, lane, undo) lane_of_##op = (lane), undo_of_##op = (undo),
enum { PLAN_OPS(PLAN_OP_ENUM) };
#undef PLAN_OP_ENUM

/* An op without a row leaves its name unused, which the compiler refuses. */
#define ROW(op, says, fails) \
	.name = name_of_##op, .lane = (enum plan_lane)lane_of_##op, \
	.undo = (enum plan_op)undo_of_##op, .sentence = (says), .error = (fails)

const struct plan_op_row plan_op_rows[OP_COUNT] = {
	[OP_NONE] = {ROW(OP_NONE, "do nothing", ERR_STEP_FAILED)},
	[OP_STATE] = {ROW(OP_STATE, "enter the state %o", ERR_STEP_FAILED),
		TAKES(NUMBER("state", FORM_STATE)), CALLS("sendto")},
	[OP_HOOK] = {ROW(OP_HOOK, "run the hook %o", ERR_HOOK_FAILED),
		IN_ALLOWED(REGISTER_NAME),
		TAKES(TEXT("type"), TEXT("command"), LIST_REFERENCES("extra", true),
		      LIST_REFERENCES("environment", true), NUMBER("stops-reboot", FORM_FLAG)),
		CALLS("clone3", "execve", "waitid", "read"), HINTS(hook)},
	[OP_SCOPE_ENTER] = {
		ROW(OP_SCOPE_ENTER, "have systemd delegate the scope %o", ERR_CGROUP_FAILED),
		TAKES(TEXT("name")), CALLS("clone3", "execve", "waitid")},
	[OP_COMPILE] = {ROW(OP_COMPILE, "make the plan of %o", ERR_PLAN_INVALID),
		CALLS("clone3", "execve", "waitid", "mmap")},
	[OP_EXIT_EVENT] = {
		ROW(OP_EXIT_EVENT, "report the end of %o to the monitor", ERR_STEP_FAILED),
		CALLS("openat", "write")},
	[OP_PID_FILE_WRITE] = {ROW(OP_PID_FILE_WRITE, "write the pid file %o", ERR_FILE_WRITE),
		TAKES(TEXT("path")), CALLS("openat", "write"), HINTS(pid_file)},
	[OP_PID_FILE_REMOVE] = {ROW(OP_PID_FILE_REMOVE, "remove the pid file %o", ERR_FILE_WRITE),
		TAKES(TEXT("path")), CALLS("unlinkat"), HINTS(pid_file)},
	[OP_DESTROY] = {ROW(OP_DESTROY, "destroy the ephemeral container %o", ERR_STORAGE),
		CALLS("clone3", "execve")},
	[OP_FD_CLOSE] = {ROW(OP_FD_CLOSE, "close %o", ERR_STEP_FAILED),
		IN(REGISTER_FD), CALLS("close")},
	[OP_KILL] = {ROW(OP_KILL, "kill %o", ERR_STEP_FAILED), IN_ALLOWED(REGISTER_NAME),
		CALLS("pidfd_send_signal", "waitid", "poll", "openat", "write")},
	[OP_CONSOLE_OPEN] = {ROW(OP_CONSOLE_OPEN, "open a terminal for %o", ERR_STEP_FAILED),
		OUT(REGISTER_FD),
		TAKES(REGISTER_OUT("index", REGISTER_NUMBER), NUMBER("uid", FORM_ID),
		      NUMBER("gid", FORM_ID)), CALLS("openat", "ioctl", "fchown"), HINTS(terminal)},
	[OP_CONSOLE_PEER] = {ROW(OP_CONSOLE_PEER, "connect the console to %o", ERR_STEP_FAILED),
		TAKES(TEXT_OPTIONAL("path")), CALLS("openat", "ioctl"), HINTS(console_peer)},
	[OP_CONSOLE_LOG] = {ROW(OP_CONSOLE_LOG, "log the console to %o", ERR_FILE_OPEN),
		TAKES(TEXT("path"), NUMBER("size", FORM_PLAIN), NUMBER("rotate", FORM_FLAG)),
		CALLS("openat", "fstat", "renameat"), HINTS(console_log)},
	[OP_CONSOLE_BUFFER] = {
		ROW(OP_CONSOLE_BUFFER, "keep the last output of %o", ERR_STEP_FAILED),
		TAKES(NUMBER("bytes", FORM_PLAIN)), CALLS("mmap"), HINTS(memory)},
	[OP_CONSOLE_CLOSE] = {ROW(OP_CONSOLE_CLOSE, "close the console of %o", ERR_STEP_FAILED),
		CALLS("read", "write", "ioctl", "close")},
	[OP_CGROUP_CREATE] = {ROW(OP_CGROUP_CREATE, "make the cgroup %o", ERR_CGROUP_FAILED),
		OUT(REGISTER_NAME), TAKES(TEXT("path"), NUMBER("flags", FORM_CGROUP)),
		CALLS("mkdirat", "openat", "unlinkat"), HINTS(cgroup)},
	[OP_CGROUP_CREATE_INNER] = {
		ROW(OP_CGROUP_CREATE_INNER, "make the inner cgroup %o", ERR_CGROUP_FAILED),
		IN(REGISTER_NAME), OUT(REGISTER_NAME), TAKES(TEXT("name")),
		CALLS("mkdirat", "openat"), HINTS(cgroup)},
	[OP_CGROUP_CPUSET] = {
		ROW(OP_CGROUP_CPUSET, "give cpus and memory nodes to the cgroup %o",
		    ERR_CGROUP_FAILED),
		IN(REGISTER_NAME), TAKES(NUMBER("hierarchy", FORM_HIERARCHY)),
		CALLS("openat", "read", "write"), HINTS(cgroup_write)},
	[OP_CGROUP_CONTROLLERS] = {
		ROW(OP_CGROUP_CONTROLLERS, "enable the cgroup controllers %o",
		    ERR_CGROUP_FAILED),
		IN(REGISTER_NAME), TAKES(NUMBER("hierarchy", FORM_HIERARCHY), TEXT("controllers")),
		CALLS("openat", "write"), HINTS(cgroup_controllers)},
	[OP_CGROUP_ENTER] = {ROW(OP_CGROUP_ENTER, "enter the cgroup %o", ERR_CGROUP_FAILED),
		IN(REGISTER_NAME), OUT(REGISTER_NUMBER), TAKES(NUMBER("version", FORM_COUNT)),
		CALLS("openat", "write"), HINTS(cgroup_move)},
	[OP_CGROUP_LEAVE] = {ROW(OP_CGROUP_LEAVE, "leave the cgroup for %o", ERR_CGROUP_FAILED),
		IN(REGISTER_NUMBER), TAKES(TEXT("pivot"), NUMBER("always", FORM_FLAG)),
		CALLS("mkdirat", "openat", "write"), HINTS(cgroup_move)},
	[OP_CGROUP_CLEAR] = {
		ROW(OP_CGROUP_CLEAR, "clear the cgroup above %o of processes", ERR_CGROUP_FAILED),
		IN(REGISTER_NAME), TAKES(NUMBER("hierarchy", FORM_HIERARCHY)),
		CALLS("openat", "read", "write"), HINTS(cgroup_move)},
	[OP_CGROUP_WRITE] = {ROW(OP_CGROUP_WRITE, "set the cgroup limit %o", ERR_CGROUP_FAILED),
		IN(REGISTER_NAME),
		TAKES(NUMBER("hierarchy", FORM_HIERARCHY), TEXT("file"), TEXT_OPTIONAL("value")),
		CALLS("openat", "write"), HINTS(cgroup_write)},
	[OP_CGROUP_DEVICE_RULE] = {
		ROW(OP_CGROUP_DEVICE_RULE, "set the device rule %o", ERR_CGROUP_FAILED),
		IN(REGISTER_NAME),
		TAKES(NUMBER("hierarchy", FORM_HIERARCHY), TEXT("file"), TEXT("rule")),
		CALLS("openat", "write"), HINTS(cgroup_write)},
	[OP_CGROUP_DEVICES] = {
		ROW(OP_CGROUP_DEVICES, "attach device rules in the hierarchy %o",
		    ERR_CGROUP_FAILED),
		IN(REGISTER_NAME),
		TAKES(NUMBER("hierarchy", FORM_HIERARCHY), BYTES("rules", FORM_DEVICES)),
		CALLS("bpf", "openat"), HINTS(cgroup_devices)},
	[OP_CGROUP_MOVE] = {ROW(OP_CGROUP_MOVE, "move init in the hierarchy %o", ERR_CGROUP_FAILED),
		IN(REGISTER_NAME), TAKES(NUMBER("hierarchy", FORM_HIERARCHY)),
		CALLS("openat", "write"), HINTS(cgroup_move)},
	[OP_CGROUP_CHOWN] = {
		ROW(OP_CGROUP_CHOWN, "give away the cgroup in the hierarchy %o", ERR_CGROUP_FAILED),
		IN(REGISTER_NAME),
		TAKES(NUMBER("hierarchy", FORM_HIERARCHY), NUMBER("uid", FORM_ID),
		      NUMBER("gid", FORM_ID), LIST("files")),
		CALLS("openat", "fchownat", "fchmodat"), HINTS(cgroup)},
	[OP_CGROUP_OPEN] = {ROW(OP_CGROUP_OPEN, "open the cgroup %o", ERR_CGROUP_FAILED),
		IN(REGISTER_NAME), OUT(REGISTER_FD), TAKES(NUMBER("hierarchy", FORM_HIERARCHY)),
		CALLS("openat"), HINTS(cgroup)},
	[OP_CGROUP_REMOVE] = {ROW(OP_CGROUP_REMOVE, "remove the cgroup %o", ERR_CGROUP_FAILED),
		IN(REGISTER_NAME), TAKES(NUMBER("kill", FORM_FLAG), TEXT_OPTIONAL("pivot")),
		CALLS("unlinkat", "openat", "write", "getdents64", "mkdirat"), HINTS(cgroup)},
	[OP_MOUNT_NS_ENTER] = {
		ROW(OP_MOUNT_NS_ENTER, "make a mount namespace for %o", ERR_CLONE_FAILED),
		OUT_ALLOWED(REGISTER_FD),
		TAKES(NUMBER("reaches-clones", FORM_FLAG), NUMBER("binds-root", FORM_FLAG)),
		CALLS("openat", "unshare", "mount", "mount_setattr", "open_tree", "move_mount",
		      "chroot"), HINTS(namespace)},
	[OP_MOUNT_NS_LEAVE] = {
		ROW(OP_MOUNT_NS_LEAVE, "leave the mount namespace made for %o", ERR_STEP_FAILED),
		IN(REGISTER_FD), CALLS("setns", "close"), HINTS(namespace_open)},
	[OP_STASH] = {ROW(OP_STASH, "make places for %o", ERR_MOUNT_FAILED),
		OUT(REGISTER_FD), TAKES(NUMBER("count", FORM_PLAIN)),
		CALLS("fsopen", "fsconfig", "fsmount", "mknodat"), HINTS(stash)},
	[OP_USER_NS_MAKE] = {
		ROW(OP_USER_NS_MAKE, "make a user namespace for %o", ERR_ID_MAP_REFUSED),
		OUT(REGISTER_FD), TAKES(TEXT("uid-map"), TEXT("gid-map")),
		CALLS("clone3", "openat", "write", "waitid"), HINTS(idmap)},
	[OP_HOOK_PIPE] = {ROW(OP_HOOK_PIPE, "make a pipe for the output of %o", ERR_STEP_FAILED),
		OUT(REGISTER_FD), TAKES(REGISTER_OUT("write-end", REGISTER_FD)), CALLS("pipe2")},
	[OP_CLONE] = {ROW(OP_CLONE, "make the process and namespaces of %o", ERR_CLONE_FAILED),
		OUT(REGISTER_FD),
		TAKES(REGISTER_OUT("pid", REGISTER_NUMBER),
		      REGISTER_OPTIONAL("cgroup", REGISTER_FD), NUMBER("namespaces", FORM_CLONE),
		      NUMBER("kind", FORM_CLONE_KIND)), CALLS("clone3", "socketpair", "waitid"),
		HINTS(clone)},
	[OP_NS_OPEN] = {ROW(OP_NS_OPEN, "open the namespace %o of the container", ERR_STEP_FAILED),
		OUT(REGISTER_FD), TAKES(TEXT("namespace")), CALLS("openat"), HINTS(namespace_open)},
	[OP_NS_OPEN_PATH] = {ROW(OP_NS_OPEN_PATH, "open the namespace %o", ERR_STEP_FAILED),
		OUT(REGISTER_FD), TAKES(TEXT("path"), NUMBER("pid", FORM_PLAIN),
		      NUMBER("started", FORM_PLAIN)), CALLS("openat", "fstatfs", "read"),
		HINTS(namespace_open)},
	[OP_CGROUP_JOIN_BETWEEN] = {
		ROW(OP_CGROUP_JOIN_BETWEEN, "enter the cgroup in the hierarchy %o",
		    ERR_CGROUP_FAILED),
		TAKES(TEXT_REFERENCES("path")), CALLS("openat", "write"), HINTS(cgroup_move)},
	[OP_NS_JOIN] = {ROW(OP_NS_JOIN, "enter the namespace %o", ERR_STEP_FAILED),
		IN(REGISTER_FD), TAKES(NUMBER("namespace", FORM_CLONE)), CALLS("setns"),
		HINTS(namespace_open)},
	[OP_RESTORE] = {ROW(OP_RESTORE, "restore the checkpoint %o", ERR_STEP_FAILED),
		TAKES(LIST("argv")), CALLS("clone3", "execve", "waitid"), HINTS(restore)},
	[OP_IDMAP_WRITE] = {ROW(OP_IDMAP_WRITE, "map the ids of %o", ERR_ID_MAP_REFUSED),
		TAKES(TEXT("uid-map"), TEXT("gid-map"), NUMBER("deny-setgroups", FORM_FLAG)),
		CALLS("openat", "write"), HINTS(idmap)},
	[OP_IDMAP_HELPERS] = {
		ROW(OP_IDMAP_HELPERS, "map the ids of %o by newuidmap and newgidmap",
		    ERR_ID_MAP_REFUSED),
		TAKES(LIST("newuidmap"), LIST("newgidmap")), CALLS("clone3", "execve", "waitid"),
		HINTS(idmap_helpers)},
	[OP_CORE_SCHED] = {ROW(OP_CORE_SCHED, "give %o a core scheduling cookie", ERR_STEP_FAILED),
		CALLS("prctl"), HINTS(core_sched)},
	[OP_CORE_JOIN] = {
		ROW(OP_CORE_JOIN, "join the core scheduling cookie of %o", ERR_STEP_FAILED),
		TAKES(NUMBER("pid", FORM_PLAIN)), CALLS("prctl"), HINTS(core_join)},
	[OP_PRLIMIT] = {ROW(OP_PRLIMIT, "set the limit %o", ERR_STEP_FAILED),
		TAKES(NUMBER("resource", FORM_RESOURCE), NUMBER("soft", FORM_RLIMIT),
		      NUMBER("hard", FORM_RLIMIT)), CALLS("prlimit64"), HINTS(prlimit)},
	[OP_PROC_WRITE] = {ROW(OP_PROC_WRITE, "set %o of init", ERR_STEP_FAILED),
		TAKES(TEXT("file"), TEXT_OPTIONAL("value")), CALLS("openat", "write"),
		HINTS(proc_write)},
	[OP_ROOT_PIN] = {ROW(OP_ROOT_PIN, "keep the root file system %o writable", ERR_ROOTFS),
		OUT(REGISTER_FD), TAKES(TEXT("path")), CALLS("openat"), HINTS(root_pin)},
	[OP_VETH_CREATE] = {
		ROW(OP_VETH_CREATE, "make the network interface %o", ERR_NETWORK_FAILED),
		OUT(REGISTER_NAME),
		TAKES(TEXT("name"), TEXT("peer"), NUMBER("mtu", FORM_COUNT),
		      NUMBER("mac", FORM_MAC), NUMBER("queues", FORM_QUEUES)),
		CALLS("sendto", "recvmsg", "getrandom"),
		HINTS(veth)},
	[OP_LINK_DELETE] = {
		ROW(OP_LINK_DELETE, "delete the network interface %o", ERR_NETWORK_FAILED),
		IN(REGISTER_NAME), CALLS("sendto", "recvmsg"), HINTS(link)},
	[OP_LINK_MASTER] = {
		ROW(OP_LINK_MASTER, "put the network interface into the bridge %o",
		    ERR_NETWORK_FAILED),
		IN(REGISTER_NAME), TAKES(TEXT("bridge")), CALLS("sendto", "recvmsg"),
		HINTS(bridge)},
	[OP_LINK_UP] = {ROW(OP_LINK_UP, "bring the network interface %o up", ERR_NETWORK_FAILED),
		IN(REGISTER_NAME), CALLS("sendto", "recvmsg"), HINTS(link)},
	[OP_LINK_SYSCTL] = {
		ROW(OP_LINK_SYSCTL, "set %o of the network interface", ERR_NETWORK_FAILED),
		IN(REGISTER_NAME), TAKES(TEXT("family"), TEXT("file"), TEXT("value")),
		CALLS("openat", "write"), HINTS(link)},
	[OP_LINK_ROUTE] = {
		ROW(OP_LINK_ROUTE, "add the route %o to the network interface", ERR_NETWORK_FAILED),
		IN(REGISTER_NAME),
		TAKES(BYTES("address", FORM_ADDRESS), NUMBER("prefix", FORM_PLAIN)),
		CALLS("sendto", "recvmsg"), HINTS(link)},
	[OP_LINK_PROXY] = {
		ROW(OP_LINK_PROXY, "let the network interface answer for %o", ERR_NETWORK_FAILED),
		IN(REGISTER_NAME), TAKES(BYTES("address", FORM_ADDRESS)),
		CALLS("sendto", "recvmsg"), HINTS(link)},
	[OP_LINK_VLAN_ADD] = {
		ROW(OP_LINK_VLAN_ADD, "put the bridge port into the VLAN %o", ERR_NETWORK_FAILED),
		IN(REGISTER_NAME), TAKES(NUMBER("vlan", FORM_PLAIN), NUMBER("untagged", FORM_FLAG)),
		CALLS("sendto", "recvmsg"), HINTS(port_vlan)},
	[OP_LINK_VLAN_REMOVE] = {
		ROW(OP_LINK_VLAN_REMOVE, "take the bridge port out of the VLAN %o",
		    ERR_NETWORK_FAILED),
		IN(REGISTER_NAME), TAKES(NUMBER("vlan", FORM_PLAIN)),
		CALLS("sendto", "recvmsg"), HINTS(port_vlan)},
	[OP_OVS_PORT_ADD] = {
		ROW(OP_OVS_PORT_ADD, "put the network interface into the Open vSwitch bridge %o",
		    ERR_NETWORK_FAILED),
		IN(REGISTER_NAME), OUT(REGISTER_NAME), TAKES(TEXT("bridge")),
		CALLS("clone3", "execve", "waitid"), HINTS(command)},
	[OP_OVS_PORT_SET] = {
		ROW(OP_OVS_PORT_SET, "set %o of the Open vSwitch port", ERR_NETWORK_FAILED),
		IN(REGISTER_NAME), TAKES(LIST("columns")), CALLS("clone3", "execve", "waitid"),
		HINTS(command)},
	[OP_OVS_PORT_REMOVE] = {
		ROW(OP_OVS_PORT_REMOVE,
		    "take the network interface out of the Open vSwitch bridge %o",
		    ERR_NETWORK_FAILED),
		IN(REGISTER_NAME), CALLS("clone3", "execve", "waitid"), HINTS(command)},
	[OP_MACVLAN_CREATE] = {
		ROW(OP_MACVLAN_CREATE, "make the network interface %o", ERR_NETWORK_FAILED),
		OUT(REGISTER_NAME),
		TAKES(TEXT("link"), TEXT("name"), NUMBER("mtu", FORM_COUNT),
		      NUMBER("mac", FORM_MAC), NUMBER("mode", FORM_MACVLAN),
		      NUMBER("wait", FORM_COUNT)),
		CALLS("sendto", "recvmsg", "setns"), HINTS(macvlan)},
	[OP_IPVLAN_CREATE] = {
		ROW(OP_IPVLAN_CREATE, "make the network interface %o", ERR_NETWORK_FAILED),
		OUT(REGISTER_NAME),
		TAKES(TEXT("link"), TEXT("name"), NUMBER("mtu", FORM_COUNT),
		      NUMBER("mac", FORM_MAC), NUMBER("mode", FORM_IPVLAN),
		      NUMBER("isolation", FORM_ISOLATION)),
		CALLS("sendto", "recvmsg", "setns"), HINTS(ipvlan)},
	[OP_VLAN_CREATE] = {
		ROW(OP_VLAN_CREATE, "make the network interface %o", ERR_NETWORK_FAILED),
		OUT(REGISTER_NAME),
		TAKES(TEXT("link"), TEXT("name"), NUMBER("mtu", FORM_COUNT),
		      NUMBER("mac", FORM_MAC), NUMBER("vlan", FORM_PLAIN),
		      NUMBER("wait", FORM_COUNT)),
		CALLS("sendto", "recvmsg", "setns"), HINTS(vlan)},
	[OP_UPPER_DELETE] = {
		ROW(OP_UPPER_DELETE, "delete the network interface %o", ERR_NETWORK_FAILED),
		IN(REGISTER_NAME), TAKES(TEXT("kind"), REGISTER("namespace", REGISTER_FD)),
		CALLS("sendto", "recvmsg", "setns"), HINTS(link)},
	[OP_NETNS_PIN] = {
		ROW(OP_NETNS_PIN, "keep the network namespace of %o", ERR_NETWORK_FAILED),
		CALLS("mkdirat", "openat", "mount", "setns"),
		HINTS(netns)},
	[OP_NETNS_UNPIN] = {
		ROW(OP_NETNS_UNPIN, "let go the network namespace of %o", ERR_NETWORK_FAILED),
		CALLS("umount2", "unlinkat", "setns"), HINTS(netns)},
	[OP_PHYS_TAKE] = {
		ROW(OP_PHYS_TAKE, "give the network interface %o to the container",
		    ERR_NETWORK_FAILED),
		OUT(REGISTER_NAME),
		TAKES(TEXT("link"), TEXT("name"), NUMBER("ifindex", FORM_PLAIN),
		      NUMBER("mtu", FORM_COUNT), NUMBER("mac", FORM_MAC)),
		CALLS("sendto", "recvmsg", "setns", "getrandom"), HINTS(phys)},
	[OP_PHYS_RETURN] = {
		ROW(OP_PHYS_RETURN, "take the network interface %o back from the container",
		    ERR_NETWORK_FAILED),
		IN(REGISTER_NAME),
		TAKES(TEXT("link"), NUMBER("ifindex", FORM_PLAIN), NUMBER("mtu", FORM_COUNT),
		      NUMBER("mac", FORM_MAC), TEXT_OPTIONAL("alias"),
		      LIST_OPTIONAL("other-names")),
		CALLS("sendto", "recvmsg", "setns"), HINTS(phys)},
	[OP_WIRELESS_TAKE] = {
		ROW(OP_WIRELESS_TAKE, "give the wireless interface %o to the container",
		    ERR_NETWORK_FAILED),
		OUT(REGISTER_NAME),
		TAKES(TEXT("link"), TEXT("name"), TEXT("phy"), NUMBER("mtu", FORM_COUNT),
		      NUMBER("mac", FORM_MAC)),
		CALLS("clone3", "execve", "waitid", "sendto", "recvmsg", "setns"), HINTS(command)},
	[OP_WIRELESS_RETURN] = {
		ROW(OP_WIRELESS_RETURN, "take the wireless interface %o back from the container",
		    ERR_NETWORK_FAILED),
		IN(REGISTER_NAME),
		TAKES(TEXT("link"), TEXT("phy"), NUMBER("mtu", FORM_COUNT),
		      NUMBER("mac", FORM_MAC), TEXT_OPTIONAL("alias"),
		      LIST_OPTIONAL("other-names")),
		CALLS("clone3", "execve", "waitid", "sendto", "recvmsg", "setns"), HINTS(command)},
	[OP_PROXY_ADD] = {
		ROW(OP_PROXY_ADD, "let the link answer for %o", ERR_NETWORK_FAILED),
		OUT(REGISTER_NUMBER),
		TAKES(TEXT("link"), BYTES("address", FORM_ADDRESS), NUMBER("bit", FORM_PLAIN)),
		CALLS("sendto", "recvmsg"), HINTS(link)},
	[OP_PROXY_REMOVE] = {
		ROW(OP_PROXY_REMOVE, "let the link answer no more for %o", ERR_NETWORK_FAILED),
		IN(REGISTER_NUMBER),
		TAKES(TEXT("link"), BYTES("address", FORM_ADDRESS), NUMBER("bit", FORM_PLAIN)),
		CALLS("sendto", "recvmsg"), HINTS(link)},
	[OP_LO_ROUTE_ADD] = {
		ROW(OP_LO_ROUTE_ADD, "add the route %o through lo", ERR_NETWORK_FAILED),
		OUT(REGISTER_NUMBER),
		TAKES(BYTES("address", FORM_ADDRESS), NUMBER("bit", FORM_PLAIN)),
		CALLS("sendto", "recvmsg"), HINTS(link)},
	[OP_LO_ROUTE_REMOVE] = {
		ROW(OP_LO_ROUTE_REMOVE, "remove the route %o through lo", ERR_NETWORK_FAILED),
		IN(REGISTER_NUMBER),
		TAKES(BYTES("address", FORM_ADDRESS), NUMBER("bit", FORM_PLAIN)),
		CALLS("sendto", "recvmsg"), HINTS(link)},
	[OP_USER_NIC_CREATE] = {
		ROW(OP_USER_NIC_CREATE, "have lxc-user-nic make the network interface %o",
		    ERR_NETWORK_FAILED),
		OUT(REGISTER_NAME), TAKES(TEXT("bridge"), TEXT("inside")),
		CALLS("clone3", "execve", "waitid", "read"), HINTS(user_nic)},
	[OP_USER_NIC_DELETE] = {
		ROW(OP_USER_NIC_DELETE, "have lxc-user-nic delete the network interface %o",
		    ERR_NETWORK_FAILED),
		IN(REGISTER_NAME), TAKES(TEXT("bridge"), REGISTER("namespace", REGISTER_FD)),
		CALLS("clone3", "execve", "waitid", "read"), HINTS(user_nic)},
	[OP_GATE] = {ROW(OP_GATE, "meet the other side at the gate %o", ERR_CHILD_DIED),
		TAKES(NUMBER("gate", FORM_GATE), REGISTER_OPTIONAL("first", REGISTER_FD),
		      NUMBER("count", FORM_COUNT)), CALLS("sendmsg", "recvmsg")},
	[OP_DEATH_SIGNAL] = {
		ROW(OP_DEATH_SIGNAL, "ask for a signal when the supervisor dies (%o)",
		    ERR_STEP_FAILED),
		TAKES(NUMBER("signal", FORM_SIGNAL)), CALLS("prctl")},
	[OP_CGROUP_JOIN] = {ROW(OP_CGROUP_JOIN, "enter the cgroup in the hierarchy %o",
		    ERR_CGROUP_FAILED),
		TAKES(TEXT_REFERENCES("path")), CALLS("openat", "write"), HINTS(cgroup_move)},
	[OP_UNSHARE] = {ROW(OP_UNSHARE, "make the namespaces %o", ERR_CLONE_FAILED),
		TAKES(NUMBER("namespaces", FORM_CLONE)), CALLS("unshare"), HINTS(namespace)},
	[OP_BECOME_ROOT] = {
		ROW(OP_BECOME_ROOT, "become root of the container (%o)", ERR_ID_MAP_REFUSED),
		TAKES(NUMBER("uid", FORM_ID), NUMBER("gid", FORM_ID), NUMBER("hidden", FORM_FLAG)),
		CALLS("setgroups", "setresgid", "setresuid", "prctl"), HINTS(ids)},
	[OP_CHECK_ACCESS] = {ROW(OP_CHECK_ACCESS, "enter the directory %o", ERR_ROOTFS),
		TAKES(TEXT("path")), CALLS("faccessat2"), HINTS(access)},
	[OP_TIME_OFFSETS] = {ROW(OP_TIME_OFFSETS, "set the clock offsets %o", ERR_STEP_FAILED),
		TAKES(TEXT("offsets")), CALLS("openat", "fstatfs", "openat2", "write", "setns"),
		HINTS(time)},
	[OP_MOUNTS_SLAVE] = {
		ROW(OP_MOUNTS_SLAVE, "make the mounts of %o depend on those of the host",
		    ERR_MOUNT_FAILED),
		CALLS("mount_setattr", "mount"), HINTS(mounts)},
	[OP_HOOK_INSIDE] = {ROW(OP_HOOK_INSIDE, "run the hook %o", ERR_HOOK_FAILED),
		IN_ALLOWED(REGISTER_FD),
		TAKES(TEXT("type"), TEXT("command"), LIST_REFERENCES("extra", true),
		      LIST_REFERENCES("environment", true), NUMBER("hidden", FORM_FLAG)),
		CALLS("clone3", "execve", "waitid"), HINTS(hook)},
	[OP_HOSTNAME] = {ROW(OP_HOSTNAME, "set the host name %o", ERR_STEP_FAILED),
		TAKES(TEXT("name")), CALLS("sethostname"), HINTS(hostname)},
	[OP_KEYRING] = {ROW(OP_KEYRING, "make a session keyring for %o", ERR_STEP_FAILED),
		CALLS("keyctl")},
	[OP_PATH_OPEN] = {ROW(OP_PATH_OPEN, "open %o", ERR_STEP_FAILED),
		OUT(REGISTER_FD), TAKES(BASE_OPTIONAL, TEXT("path")), CALLS("openat2"),
		HINTS(path)},
	[OP_PATH_CHECK] = {ROW(OP_PATH_CHECK, "find %o", ERR_STEP_FAILED),
		TAKES(BASE_OPTIONAL, TEXT("path")), CALLS("openat2"), HINTS(path)},
	[OP_TREE_OPEN] = {ROW(OP_TREE_OPEN, "bind %o", ERR_MOUNT_FAILED),
		OUT(REGISTER_FD),
		TAKES(BASE_OPTIONAL, TEXT_REFERENCES("path"), NUMBER("recursive", FORM_FLAG)),
		CALLS("openat2", "open_tree"), HINTS(source)},
	[OP_TREE_ATTRIBUTES] = {
		ROW(OP_TREE_ATTRIBUTES, "set the mount options of %o", ERR_MOUNT_FAILED),
		IN(REGISTER_FD),
		TAKES(NUMBER("set", FORM_MOUNT), NUMBER("clear", FORM_MOUNT),
		      NUMBER("propagation", FORM_PROPAGATION), NUMBER("recursive", FORM_FLAG),
		      REGISTER_OPTIONAL("id-map", REGISTER_FD)), CALLS("mount_setattr"),
		HINTS(attributes)},
	[OP_TREE_ATTACH] = {ROW(OP_TREE_ATTACH, "mount %o", ERR_MOUNT_FAILED),
		IN(REGISTER_FD),
		TAKES(BASE_OPTIONAL, TEXT_OPTIONAL_REFERENCES("path"),
		      NUMBER("no-link", FORM_FLAG)),
		CALLS("openat2", "move_mount", "close"), HINTS(attach)},
	[OP_FS_OPEN] = {ROW(OP_FS_OPEN, "make the file system %o", ERR_MOUNT_FAILED),
		OUT(REGISTER_FD),
		TAKES(TEXT("type"), TEXT_OPTIONAL("source"), LIST_OPTIONAL("options"),
		      NUMBER("attributes", FORM_MOUNT)), CALLS("fsopen", "fsconfig", "fsmount"),
		HINTS(filesystem)},
	[OP_FS_OPEN_LONG] = {
		ROW(OP_FS_OPEN_LONG, "make the file system %o", ERR_MOUNT_FAILED),
		OUT(REGISTER_FD),
		TAKES(TEXT("type"), TEXT_OPTIONAL("source"), LIST_OPTIONAL("options"),
		      NUMBER("attributes", FORM_MOUNT)),
		CALLS("mount", "open_tree", "umount2", "mount_setattr"), HINTS(filesystem)},
	[OP_TREE_OPEN_HOST] = {ROW(OP_TREE_OPEN_HOST, "bind %o", ERR_MOUNT_FAILED),
		OUT(REGISTER_FD),
		TAKES(BASE_OPTIONAL, TEXT_REFERENCES("path"), NUMBER("recursive", FORM_FLAG)),
		CALLS("openat2", "open_tree"), HINTS(source)},
	[OP_TREE_ATTRIBUTES_HOST] = {
		ROW(OP_TREE_ATTRIBUTES_HOST, "set the mount options of %o", ERR_MOUNT_FAILED),
		IN(REGISTER_FD),
		TAKES(NUMBER("set", FORM_MOUNT), NUMBER("clear", FORM_MOUNT),
		      NUMBER("propagation", FORM_PROPAGATION), NUMBER("recursive", FORM_FLAG),
		      REGISTER_OPTIONAL("id-map", REGISTER_FD)), CALLS("mount_setattr"),
		HINTS(attributes)},
	[OP_TREE_ATTACH_HOST] = {ROW(OP_TREE_ATTACH_HOST, "mount %o", ERR_MOUNT_FAILED),
		IN(REGISTER_FD),
		TAKES(BASE_OPTIONAL, TEXT_OPTIONAL("path"), NUMBER("no-link", FORM_FLAG)),
		CALLS("openat2", "move_mount", "close"), HINTS(attach)},
	[OP_FS_OPEN_HOST] = {ROW(OP_FS_OPEN_HOST, "mount the file system %o", ERR_MOUNT_FAILED),
		OUT(REGISTER_FD),
		TAKES(TEXT("type"), TEXT_REFERENCES("source"), LIST_OPTIONAL("options"),
		      NUMBER("attributes", FORM_MOUNT)), CALLS("fsopen", "fsconfig", "fsmount"),
		HINTS(root_filesystem)},
	[OP_FS_OPEN_FOUND] = {
		ROW(OP_FS_OPEN_FOUND, "mount the file system on %o", ERR_MOUNT_FAILED),
		OUT(REGISTER_FD),
		TAKES(TEXT_REFERENCES("source"), LIST_OPTIONAL("options"),
		      NUMBER("attributes", FORM_MOUNT)),
		CALLS("openat", "pread64", "fsopen", "fsconfig", "fsmount"),
		HINTS(root_filesystem)},
	[OP_FS_OPEN_LONG_HOST] = {
		ROW(OP_FS_OPEN_LONG_HOST, "mount the file system %o", ERR_MOUNT_FAILED),
		OUT(REGISTER_FD),
		TAKES(TEXT("type"), TEXT_REFERENCES("source"), LIST_OPTIONAL("options"),
		      NUMBER("attributes", FORM_MOUNT)),
		CALLS("mount", "open_tree", "umount2", "mount_setattr"), HINTS(root_filesystem)},
	[OP_MAKE_DIRECTORY_HOST] = {
		ROW(OP_MAKE_DIRECTORY_HOST, "make the directory %o", ERR_MOUNT_FAILED),
		TAKES(TEXT("path"), NUMBER("mode", FORM_OCTAL), NUMBER("uid", FORM_ID),
		      NUMBER("gid", FORM_ID)), CALLS("mkdirat", "openat", "fchown"),
		HINTS(make_host)},
	[OP_LOOP_OPEN] = {ROW(OP_LOOP_OPEN, "set up a loop device on %o", ERR_STORAGE),
		OUT(REGISTER_FD),
		TAKES(REGISTER_OUT("number", REGISTER_NUMBER), TEXT("path"),
		      NUMBER("read-only", FORM_FLAG)), CALLS("openat", "flock", "ioctl"),
		HINTS(loop)},
	[OP_NBD_CONNECT] = {
		ROW(OP_NBD_CONNECT, "have qemu-nbd serve %o as a block device", ERR_STORAGE),
		OUT(REGISTER_NAME),
		TAKES(TEXT("path"), NUMBER("read-only", FORM_FLAG),
		      NUMBER("partition", FORM_COUNT)),
		CALLS("clone3", "execve", "waitid"), HINTS(nbd)},
	[OP_NBD_DISCONNECT] = {
		ROW(OP_NBD_DISCONNECT, "have qemu-nbd let go %o", ERR_STORAGE),
		IN(REGISTER_NAME), TAKES(TEXT("path")), CALLS("clone3", "execve", "waitid"),
		HINTS(nbd)},
	[OP_TREE_HAND_OVER] = {
		ROW(OP_TREE_HAND_OVER, "hand over %o to the container", ERR_MOUNT_FAILED),
		IN(REGISTER_FD), TAKES(TEXT("path")), CALLS("move_mount"), HINTS(stash)},
	[OP_TREE_TAKE] = {ROW(OP_TREE_TAKE, "take over %o", ERR_MOUNT_FAILED),
		IN(REGISTER_FD), OUT_ALLOWED(REGISTER_FD), TAKES(TEXT("path")),
		CALLS("open_tree", "umount2"), HINTS(stash)},
	[OP_UMOUNT] = {ROW(OP_UMOUNT, "unmount %o", ERR_MOUNT_FAILED),
		TAKES(BASE_OPTIONAL, TEXT("path")), CALLS("openat2", "umount2"), HINTS(unmount)},
	[OP_MAKE_DIRECTORY] = {ROW(OP_MAKE_DIRECTORY, "make the directory %o", ERR_MOUNT_FAILED),
		TAKES(BASE_OPTIONAL, TEXT_REFERENCES("path"), NUMBER("mode", FORM_OCTAL)),
		CALLS("openat2", "mkdirat"), HINTS(make)},
	[OP_MAKE_FILE] = {ROW(OP_MAKE_FILE, "make the file %o", ERR_MOUNT_FAILED),
		TAKES(BASE_OPTIONAL, TEXT("path"), NUMBER("mode", FORM_OCTAL)),
		CALLS("openat2", "mkdirat", "mknodat"), HINTS(make)},
	[OP_MAKE_NODE] = {ROW(OP_MAKE_NODE, "make the device node %o", ERR_MOUNT_FAILED),
		TAKES(BASE_OPTIONAL, TEXT("path"), NUMBER("mode", FORM_OCTAL),
		      NUMBER("device", FORM_DEVICE)), CALLS("openat2", "mknodat", "fstatat"),
		HINTS(make)},
	[OP_MAKE_LINK] = {ROW(OP_MAKE_LINK, "make the symbolic link %o", ERR_MOUNT_FAILED),
		TAKES(BASE_OPTIONAL, TEXT("path"), TEXT("text")), CALLS("openat2", "symlinkat"),
		HINTS(make)},
	[OP_WRITE] = {ROW(OP_WRITE, "set %o", ERR_STEP_FAILED),
		TAKES(BASE, TEXT("path"), TEXT_OPTIONAL("value")), CALLS("openat2", "write"),
		HINTS(write)},
	[OP_BOOT_ID] = {ROW(OP_BOOT_ID, "give %o a boot id of its own", ERR_MOUNT_FAILED),
		TAKES(BASE),
		CALLS("openat2", "getrandom", "write", "open_tree", "mount_setattr", "move_mount",
		      "unlinkat"), HINTS(make)},
	[OP_ROOT_CHECK] = {
		ROW(OP_ROOT_CHECK, "check that %o is still the root file system", ERR_ROOTFS),
		IN(REGISTER_FD), TAKES(TEXT("path")), CALLS("openat2", "statx"), HINTS(root_check)},
	[OP_CONSOLE_BIND] = {ROW(OP_CONSOLE_BIND, "mount the console on %o", ERR_MOUNT_FAILED),
		IN(REGISTER_NUMBER), TAKES(BASE, TEXT("target")),
		CALLS("openat2", "open_tree", "move_mount", "mknodat"), HINTS(console)},
	[OP_TTY_MAKE] = {ROW(OP_TTY_MAKE, "open a terminal for %o", ERR_MOUNT_FAILED),
		IN(REGISTER_FD), OUT(REGISTER_FD),
		TAKES(BASE, TEXT("target"), REGISTER_OUT("index", REGISTER_NUMBER)),
		CALLS("openat2", "ioctl", "open_tree", "move_mount", "mknodat"), HINTS(console)},
	[OP_PIVOT] = {ROW(OP_PIVOT, "make %o the root", ERR_ROOTFS),
		IN(REGISTER_FD), CALLS("fchdir", "pivot_root", "umount2", "mount_setattr"),
		HINTS(pivot)},
	[OP_PERSONALITY] = {ROW(OP_PERSONALITY, "set the architecture %o", ERR_STEP_FAILED),
		TAKES(NUMBER("personality", FORM_HEX)), CALLS("personality"), HINTS(personality)},
	[OP_CAPS_BOUND] = {ROW(OP_CAPS_BOUND, "limit the capabilities (%o)", ERR_STEP_FAILED),
		TAKES(NUMBER("keep", FORM_CAPS)), CALLS("prctl"), HINTS(caps)},
	[OP_CAPS_AMBIENT] = {
		ROW(OP_CAPS_AMBIENT, "set the ambient capabilities %o", ERR_STEP_FAILED),
		TAKES(NUMBER("raise", FORM_FLAG)), CALLS("prctl", "capget", "capset"), HINTS(caps)},
	[OP_NO_NEW_PRIVS] = {ROW(OP_NO_NEW_PRIVS, "forbid new privileges to %o", ERR_STEP_FAILED),
		CALLS("prctl"), HINTS(no_new_privs)},
	[OP_SECCOMP] = {ROW(OP_SECCOMP, "load the system call filter %o", ERR_SECCOMP_FAILED),
		OUT_ALLOWED(REGISTER_FD),
		TAKES(BYTES("program", FORM_FILTER), NUMBER("flags", FORM_SECCOMP)),
		CALLS("seccomp", "sendmsg"), HINTS(seccomp)},
	[OP_STDIO_CONSOLE] = {
		ROW(OP_STDIO_CONSOLE, "make %o the standard streams", ERR_STEP_FAILED),
		TAKES(BASE, TEXT("path"), NUMBER("streams", FORM_STREAMS)),
		CALLS("openat2", "dup3"), HINTS(stdio)},
	[OP_STDIO_NULL] = {ROW(OP_STDIO_NULL, "make %o the standard streams", ERR_STEP_FAILED),
		CALLS("openat", "dup3"), HINTS(stdio)},
	[OP_STDIO_FDS] = {ROW(OP_STDIO_FDS, "connect the standard streams of %o", ERR_STEP_FAILED),
		TAKES(REGISTER_OPTIONAL("in", REGISTER_FD), REGISTER_OPTIONAL("out", REGISTER_FD),
		      REGISTER_OPTIONAL("error", REGISTER_FD)), CALLS("dup3")},
	[OP_STDIO_CHOWN] = {ROW(OP_STDIO_CHOWN, "hand the terminal to %o", ERR_STEP_FAILED),
		TAKES(NUMBER("uid", FORM_ID), NUMBER("gid", FORM_ID)), CALLS("fstat", "fchown"),
		HINTS(ids)},
	[OP_SETSID] = {ROW(OP_SETSID, "begin a session for %o", ERR_STEP_FAILED),
		TAKES(NUMBER("terminal", FORM_FLAG)), CALLS("setsid", "ioctl"), HINTS(setsid)},
	[OP_CHDIR] = {ROW(OP_CHDIR, "go to the directory %o", ERR_STEP_FAILED),
		TAKES(TEXT("path"), NUMBER("failure-is-fine", FORM_FLAG)),
		CALLS("openat2", "fchdir", "chdir"), HINTS(chdir)},
	[OP_GROUPS] = {ROW(OP_GROUPS, "set the groups %o", ERR_STEP_FAILED),
		TAKES(BYTES_OPTIONAL("groups", FORM_GIDS)), CALLS("setgroups"), HINTS(ids)},
	[OP_SET_GID] = {ROW(OP_SET_GID, "become the group %o", ERR_STEP_FAILED),
		TAKES(NUMBER("gid", FORM_ID)), CALLS("setresgid"), HINTS(ids)},
	[OP_SET_UID] = {ROW(OP_SET_UID, "become the user %o", ERR_STEP_FAILED),
		TAKES(NUMBER("uid", FORM_ID), NUMBER("dumpable", FORM_FLAG)),
		CALLS("setresuid", "prctl"), HINTS(ids)},
	[OP_ADDRESS_SOCKET] = {
		ROW(OP_ADDRESS_SOCKET, "watch the network addresses of %o", ERR_NETWORK_FAILED),
		OUT(REGISTER_FD), CALLS("socket", "bind")},
	[OP_LINK_UP_INSIDE] = {
		ROW(OP_LINK_UP_INSIDE, "bring the network interface %o up", ERR_NETWORK_FAILED),
		TAKES(TEXT("link"), NUMBER("wait", FORM_COUNT)), CALLS("sendto", "recvmsg"),
		HINTS(link)},
	[OP_LINK_MAC_INSIDE] = {
		ROW(OP_LINK_MAC_INSIDE, "set the hardware address of the network interface %o",
		    ERR_NETWORK_FAILED),
		TAKES(TEXT("link"), NUMBER("mac", FORM_MAC)), CALLS("sendto", "recvmsg"),
		HINTS(veth)},
	[OP_ADDRESS_ADD] = {
		ROW(OP_ADDRESS_ADD, "give the network interface the address %o",
		    ERR_NETWORK_FAILED),
		TAKES(TEXT("link"), BYTES("address", FORM_ADDRESS), NUMBER("prefix", FORM_PLAIN),
		      NUMBER("broadcast", FORM_IPV4), NUMBER("wait", FORM_COUNT)),
		CALLS("sendto", "recvmsg"), HINTS(address)},
	[OP_ROUTE_DEFAULT] = {ROW(OP_ROUTE_DEFAULT, "set the default route %o", ERR_NETWORK_FAILED),
		TAKES(TEXT("link"), BYTES_OPTIONAL("gateway", FORM_ADDRESS),
		      NUMBER("family", FORM_FAMILY)), CALLS("sendto", "recvmsg"), HINTS(route)},
	[OP_ENTER] = {ROW(OP_ENTER, "enter the namespaces %o", ERR_PERMISSION),
		IN(REGISTER_FD), TAKES(NUMBER("namespaces", FORM_CLONE)), CALLS("setns"),
		HINTS(enter)},
	[OP_CLOSE_OTHERS] = {
		ROW(OP_CLOSE_OTHERS, "close the other descriptors of %o", ERR_STEP_FAILED),
		TAKES(NUMBER("keep", FORM_PLAIN)), CALLS("close_range")},
	[OP_EXEC] = {ROW(OP_EXEC, "run %o", ERR_EXEC_FAILED),
		TAKES(LIST("argv"), LIST_REFERENCES("environment", false),
		      TEXT_OPTIONAL("program")),
		CALLS("execve", "fcntl", "rt_sigprocmask", "rt_sigaction"), HINTS(exec)},
	[OP_RUN_INIT] = {ROW(OP_RUN_INIT, "run %o below an init of ours", ERR_EXEC_FAILED),
		TAKES(LIST("argv"), LIST_REFERENCES("environment", false)),
		CALLS("clone3", "execve", "waitid", "rt_sigtimedwait", "kill"), HINTS(exec)},
};
/* clang-format on */

static const char *const gate_names[GATE_COUNT] = {
	[GATE_IDS] = "ids", [GATE_NET] = "net",           [GATE_READY] = "ready",
	[GATE_GO] = "go",   [GATE_HANDOVER] = "handover",
};

const char *plan_gate_name(unsigned gate)
{
	return gate < GATE_COUNT ? gate_names[gate] : NULL;
}
