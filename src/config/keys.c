/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The rows of all keys outside lxc.net.<i>. What a written key turns out to be is found out in
 * key_resolve.c.
 *
 * The order is LXC's: it is what get_keys(NULL) prints. A new scalar key is one row here and one
 * golden file; nothing else knows it. A row looks up in a linear search by length and bytes: ninety
 * comparisons of a length cost less than a hash would save.
 */

#include "config/keys.h"

#include <string.h>

#include "base/ids.h"
#include "base/macros.h"
#include "config/model.h"

#include "tare_paths.h"

/* clang-format off */
#define ROW(name_, type_, member_, doc_, ...)                                                      \
	{ .name = (name_), .name_length = LITERAL_LENGTH(name_), .type = (type_),                  \
	  .offset = offsetof(struct config_values, member_), .doc = (doc_), ##__VA_ARGS__ }

const struct config_key config_keys[] = {
	ROW("lxc.arch", VALUE_ARCHITECTURE, personality,
	    "Architecture (personality) that processes in the container see",
	    .flags = KEY_EMPTY_REFUSED, .complaint = "Unsupported personality \"%s\""),
	ROW("lxc.apparmor.profile", VALUE_TEXT, apparmor.profile,
	    "AppArmor profile, or unconfined, unchanged, generated"),
	ROW("lxc.apparmor.allow_incomplete", VALUE_BOOL, apparmor.allow_incomplete,
	    "Start although the kernel lacks AppArmor's mount mediation"),
	ROW("lxc.apparmor.allow_nesting", VALUE_BOOL, apparmor.allow_nesting,
	    "Let generated profiles allow containers inside the container"),
	ROW("lxc.apparmor.raw", VALUE_LINES, apparmor.raw,
	    "A line to append to a generated AppArmor profile"),
	ROW("lxc.autodev.tmpfs.size", VALUE_TMPFS_SIZE, autodev.tmpfs_size,
	    "Size in bytes of the tmpfs on /dev", .initial = "500000"),
	ROW("lxc.autodev", VALUE_BOOL, autodev.enabled,
	    "Mount and populate a tmpfs on /dev", .initial = "1", .emptied = "0"),
	ROW("lxc.cap.drop", VALUE_CAPABILITIES, cap_drop,
	    "Capabilities that the container loses"),
	ROW("lxc.cap.keep", VALUE_CAPABILITIES, cap_keep,
	    "Capabilities that the container keeps; all others go"),
	ROW("lxc.cgroup2", VALUE_CGROUP_FILE, cgroup.v2,
	    "A cgroup v2 interface file and the value written to it", .flags = KEY_FAMILY),
	ROW("lxc.cgroup.dir.monitor.pivot", VALUE_CGROUP_DIR, cgroup.monitor_pivot,
	    "Parent of the cgroup the supervisor moves to when the container ends"),
	ROW("lxc.cgroup.dir.monitor", VALUE_CGROUP_DIR, cgroup.monitor,
	    "Exact cgroup of the supervisor"),
	ROW("lxc.cgroup.dir.container.inner", VALUE_CGROUP_LEAF, cgroup.container_inner,
	    "Directory below the container's cgroup in which its processes live"),
	ROW("lxc.cgroup.dir.container", VALUE_CGROUP_DIR, cgroup.container,
	    "Exact cgroup of the container, which carries its limits"),
	ROW("lxc.cgroup.dir", VALUE_CGROUP_DIR, cgroup.dir,
	    "Parent directory of the container's and the supervisor's cgroup"),
	ROW("lxc.cgroup.relative", VALUE_BOOL, cgroup.relative,
	    "Take the starter's own cgroup as the base, not PID 1's"),
	ROW("lxc.console.buffer.size", VALUE_CONSOLE_SIZE, console.buffer_size,
	    "Size of the console's ring buffer in memory"),
	ROW("lxc.console.logfile", VALUE_PATH, console.logfile,
	    "File that console output is appended to"),
	ROW("lxc.console.path", VALUE_PATH, console.path,
	    "Terminal the console is connected to, or none"),
	ROW("lxc.console.rotate", VALUE_BOOL, console.rotate,
	    "Rotate a full console log file once instead of truncating it",
	    .complaint = "The \"lxc.console.rotate\" config key can only be set to 0 or 1"),
	ROW("lxc.console.size", VALUE_CONSOLE_SIZE, console.size,
	    "Largest size of the console log file"),
	ROW("lxc.sched.core", VALUE_BOOL, sched_core,
	    "Give the container a core scheduling domain of its own"),
	ROW("lxc.environment.runtime", VALUE_ENVIRONMENT, environment.runtime,
	    "Environment variable for init and attached processes only"),
	ROW("lxc.environment.hooks", VALUE_ENVIRONMENT, environment.hooks,
	    "Environment variable for hooks only"),
	ROW("lxc.environment", VALUE_ENVIRONMENT, environment.all,
	    "Environment variable for init, attached processes and hooks"),
	ROW("lxc.ephemeral", VALUE_BOOL, ephemeral,
	    "Destroy the container when it stops"),
	ROW("lxc.execute.cmd", VALUE_TEXT, init.execute_command,
	    "Command of lxc-execute when none is given"),
	ROW("lxc.group", VALUE_WORDS, groups,
	    "Groups the container belongs to, for lxc-autostart"),
	ROW("lxc.hook.autodev", VALUE_LINES, hooks[HOOK_AUTODEV],
	    "Command run when /dev is populated, in the container's namespaces"),
	ROW("lxc.hook.clone", VALUE_LINES, hooks[HOOK_CLONE],
	    "Command run when the container is cloned, for the new one"),
	ROW("lxc.hook.destroy", VALUE_LINES, hooks[HOOK_DESTROY],
	    "Command run when the container is destroyed"),
	ROW("lxc.hook.mount", VALUE_LINES, hooks[HOOK_MOUNT],
	    "Command run after mounting, before the root is switched"),
	ROW("lxc.hook.post-stop", VALUE_LINES, hooks[HOOK_POST_STOP],
	    "Command run on the host when the container has stopped"),
	ROW("lxc.hook.pre-mount", VALUE_LINES, hooks[HOOK_PRE_MOUNT],
	    "Command run before the root file system is set up"),
	ROW("lxc.hook.pre-start", VALUE_LINES, hooks[HOOK_PRE_START],
	    "Command run on the host before anything of the container is made"),
	ROW("lxc.hook.start", VALUE_LINES, hooks[HOOK_START],
	    "Command run in the container just before its init"),
	ROW("lxc.hook.start-host", VALUE_LINES, hooks[HOOK_START_HOST],
	    "Command run on the host when the container is set up, before its init"),
	ROW("lxc.hook.stop", VALUE_LINES, hooks[HOOK_STOP],
	    "Command run on the host with the namespaces of the stopped container"),
	ROW("lxc.hook.version", VALUE_UNSIGNED, hook_version,
	    "How hooks get their facts: 0 as arguments, 1 as environment variables", .limit = 1,
	    .complaint = "Invalid hook version specified. Currently only 0 (legacy) and 1 are "
			 "supported"),
	ROW("lxc.hook", VALUE_GROUP_OF_KEYS, hooks,
	    "Empty: removes all hooks"),
	ROW("lxc.idmap", VALUE_ID_MAP, idmaps,
	    "A range of user or group ids: u|g FIRST-INSIDE FIRST-ON-HOST COUNT"),
	ROW("lxc.include", VALUE_INCLUDE, uts_name,
	    "File, or directory of *.conf files, to read at this place"),
	ROW("lxc.init.cmd", VALUE_TEXT, init.command,
	    "Command that runs as PID 1, /sbin/init when unset"),
	ROW("lxc.init.gid", VALUE_UNSIGNED, init.gid,
	    "Group id of init inside the container", .limit = ID_INVALID - 1),
	ROW("lxc.init.groups", VALUE_GID_LIST, init.groups,
	    "Supplementary group ids of init"),
	ROW("lxc.init.uid", VALUE_UNSIGNED, init.uid,
	    "User id of init inside the container", .limit = ID_INVALID - 1),
	ROW("lxc.init.cwd", VALUE_PATH, init.cwd,
	    "Working directory of init inside the container"),
	ROW("lxc.keyring.session", VALUE_BOOL, keyring_session,
	    "1 keeps the caller's session keyring, 0 joins a new one"),
	ROW("lxc.log.file", VALUE_LOG_FILE, log.file,
	    "Log file of the container, opened at once"),
	ROW("lxc.log.level", VALUE_LOG_LEVEL, log.level,
	    "Lowest level that is logged: a name or 0 (trace) to 8 (fatal)",
	    .complaint = "Invalid log priority %s"),
	ROW("lxc.log.syslog", VALUE_SYSLOG, log.facility,
	    "Facility under which messages go to syslog"),
	ROW("lxc.monitor.unshare", VALUE_UNSIGNED, monitor_unshare,
	    "Give the supervisor a mount namespace of its own"),
	ROW("lxc.monitor.signal.pdeath", VALUE_SIGNAL, signal.monitor_death,
	    "Signal that init gets when its supervisor dies", .initial = "9", .cleared = "0"),
	ROW("lxc.mount.auto", VALUE_AUTOMOUNT, mount.automatic,
	    "Kernel file systems to mount: proc, sys, cgroup, shmounts"),
	ROW("lxc.mount.entry", VALUE_LINES, mount.entries,
	    "A mount, as a line of fstab(5)"),
	ROW("lxc.mount.fstab", VALUE_PATH, mount.fstab,
	    "File with mounts in the format of fstab(5)", .flags = KEY_EMPTY_FAILS),
	ROW("lxc.namespace.clone", VALUE_NAMESPACES, namespaces.clone,
	    "Namespaces to create, and no others"),
	ROW("lxc.namespace.keep", VALUE_NAMESPACES, namespaces.keep,
	    "Namespaces not to create"),
	ROW("lxc.namespace.share.", VALUE_SHARED_NAMESPACE, namespaces.share,
	    "Namespace to join: of a PID, a container or an nsfs file",
	    .flags = KEY_FAMILY | KEY_UNLISTED),
	ROW("lxc.time.offset.boot", VALUE_TIME_OFFSET, boot_offset,
	    "Offset of the boot-time clock in the container"),
	ROW("lxc.time.offset.monotonic", VALUE_TIME_OFFSET, monotonic_offset,
	    "Offset of the monotonic clock in the container"),
	ROW("lxc.net.", VALUE_GROUP_OF_KEYS, nets,
	    "Prefix of the keys of one network interface", .flags = KEY_FAMILY | KEY_UNLISTED),
	ROW("lxc.net", VALUE_GROUP_OF_KEYS, nets,
	    "Empty: removes all network interfaces"),
	ROW("lxc.no_new_privs", VALUE_BOOL, no_new_privs,
	    "Set the no_new_privs attribute on init"),
	ROW("lxc.prlimit", VALUE_PRLIMIT, prlimits,
	    "A resource limit, SOFT or SOFT:HARD", .flags = KEY_FAMILY),
	ROW("lxc.pty.max", VALUE_UNSIGNED, pty_max,
	    "Number of pseudo terminals in the container's own devpts"),
	ROW("lxc.rootfs.managed", VALUE_BOOL, rootfs_mount.managed,
	    "0: lxc-destroy leaves the storage and the directory alone", .initial = "1"),
	ROW("lxc.rootfs.mount", VALUE_PATH, rootfs_mount.mount,
	    "Directory on which the root file system is mounted while starting",
	    .initial = PATH_ROOTFS_MOUNT),
	ROW("lxc.rootfs.options", VALUE_ROOTFS_OPTIONS, rootfs_mount.options,
	    "Mount options of the root file system"),
	ROW("lxc.rootfs.path", VALUE_ROOTFS, rootfs,
	    "Root file system: [TYPE:]PATH; the host's root when unset"),
	ROW("lxc.seccomp.allow_nesting", VALUE_BOOL, seccomp.allow_nesting,
	    "Load the seccomp policy although the starter has a filter already"),
	ROW("lxc.seccomp.notify.cookie", VALUE_TEXT, seccomp.cookie,
	    "Text sent along with every seccomp notification"),
	ROW("lxc.seccomp.notify.proxy", VALUE_NOTIFY_PROXY, seccomp.proxy,
	    "Socket that seccomp notifications are forwarded to: unix:PATH"),
	ROW("lxc.seccomp.profile", VALUE_PATH, seccomp.profile,
	    "Seccomp policy file"),
	ROW("lxc.selinux.context.keyring", VALUE_TEXT, selinux.keyring_context,
	    "SELinux context of the session keyring"),
	ROW("lxc.selinux.context", VALUE_TEXT, selinux.context,
	    "SELinux context of the container"),
	ROW("lxc.signal.halt", VALUE_SIGNAL, signal.halt,
	    "Signal that asks init to shut down; 0 = automatic"),
	ROW("lxc.signal.reboot", VALUE_SIGNAL, signal.reboot,
	    "Signal that asks init to reboot; 0 = SIGINT"),
	ROW("lxc.signal.stop", VALUE_SIGNAL, signal.stop,
	    "Signal that kills the container; 0 = SIGKILL"),
	ROW("lxc.start.auto", VALUE_BOOL, start.automatic,
	    "Start the container at boot"),
	ROW("lxc.start.delay", VALUE_UNSIGNED, start.delay,
	    "Seconds to wait after starting the container at boot"),
	ROW("lxc.start.order", VALUE_INTEGER, start.order,
	    "Place among the containers started at boot, lowest first"),
	ROW("lxc.tty.dir", VALUE_TEXT, tty.dir,
	    "Directory below /dev for the console and terminals", .limit = 256,
	    .complaint = "%s is too long (>= 256)"),
	ROW("lxc.tty.max", VALUE_UNSIGNED, tty.max,
	    "Number of terminals /dev/tty1 … of the container"),
	ROW("lxc.uts.name", VALUE_TEXT, uts_name,
	    "Host name of the container", .limit = 65),
	ROW("lxc.sysctl", VALUE_SYSCTL, sysctls,
	    "A kernel parameter of the container's namespaces", .flags = KEY_FAMILY),
	ROW("lxc.proc", VALUE_PROC_FILE, procs,
	    "A file below /proc/PID of init and the value written to it", .flags = KEY_FAMILY),

	/* Not of LXC 7's table. */
	ROW("lxc.cgroup", VALUE_CGROUP_FILE, cgroup.v1,
	    "A cgroup v1 file and the value written to it",
	    .flags = KEY_FAMILY | KEY_UNLISTED | KEY_UNSUPPORTED | KEY_OLD),
	ROW("lxc.rootfs.backend", VALUE_ROOTFS_TYPE, rootfs.type,
	    "Storage type of a root file system path that names none",
	    .flags = KEY_UNLISTED | KEY_UNSUPPORTED | KEY_OLD),
};
/* clang-format on */

const size_t config_key_count = ARRAY_LENGTH(config_keys);
_Static_assert(ARRAY_LENGTH(config_keys) <= CONFIG_KEY_MAX, "origins have room for every key");

const struct config_key *config_key_find(const char *name, size_t len)
{
	for (size_t i = 0; i < config_key_count && len > 0; i++) {
		const struct config_key *key = &config_keys[i];

		/* Ends differ more often than beginnings. */
		if (key->name_length == len && key->name[len - 1] == name[len - 1] &&
		    memcmp(key->name, name, len) == 0)
			return key;
	}
	return NULL;
}
