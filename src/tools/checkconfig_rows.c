/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What containers need of a kernel, as rows; and what is looked up on the running system: limits,
 * mounts, the programs that write id maps.
 *
 * Which kernels had an option under which name: the kernel's own history; namespaces(7),
 * cgroups(7), capabilities(7).
 */

#include "tools/checkconfig.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct version {
	unsigned major, minor;
};

enum { IS_MANDATORY = 1 << 0, NEEDS_SMP = 1 << 1 };

struct row {
	const char *label;
	const char *option;
	const char *module; /* whether it is loaded is told; NULL: it can't be one */
	unsigned flags;
	struct version since, until; /* kernels that have it; {0} = all */
	void (*then)(struct check_list *list, const struct kernel_config *k);
	const char *driver; /* the option that the module belongs to, when it is another */
};

static struct check_entry *add(struct check_list *list, enum check_kind kind, const char *name)
{
	struct check_entry *entry = vec_push(list);

	if (!entry) {
		list->failed = true;
		return NULL;
	}
	entry->kind = kind;
	entry->section = list->section;
	entry->name = strdup(name);
	list->failed = list->failed || !entry->name;
	return entry;
}

static void add_option(struct check_list *list, const char *label, bool is_there, bool mandatory)
{
	struct check_entry *entry = add(list, CHECK_OPTION, label);

	if (entry)
		entry->state = is_there ? CHECK_ENABLED
					: (mandatory ? CHECK_REQUIRED : CHECK_MISSING);
}

/* -- programs, limits */

/* The file that the name stands for along PATH. */
static bool find_program(const char *name, struct stat *ret)
{
	const char *path = getenv("PATH");

	for (const char *at = path ? path : "/usr/sbin:/usr/bin:/sbin:/bin"; *at;) {
		size_t len = strcspn(at, ":");
		autostr file = {0};

		str_addf(&file, "%.*s/%s", (int)len, at, name);
		if (!str_failed(&file) && stat(str_text(&file), ret) == 0 &&
		    S_ISREG(ret->st_mode) && ret->st_mode & 0111)
			return true;
		at += len + (at[len] == ':');
	}
	return false;
}

static void check_map_programs(struct check_list *list, const struct kernel_config *k)
{
	static const char *const names[] = {"newuidmap", "newgidmap"};

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		autostr text = {0};
		struct stat status;

		if (!find_program(names[i], &status))
			str_addf(&text, "%s is not installed", names[i]);
		else if (status.st_uid != 0 || !(status.st_mode & S_ISUID))
			str_addf(&text, "Warning: %s is not setuid-root", names[i]);
		if (text.len > 0)
			(void)add(list, CHECK_WARNING, str_text(&text));
	}
}

/* A small file of proc. */
static bool read_line(const char *path, char *buf, size_t room)
{
	FILE *f = fopen(path, "re");
	bool done = f && fgets(buf, (int)room, f);

	if (f)
		fclose(f);
	if (done)
		buf[strcspn(buf, "\n")] = '\0';
	return done;
}

/* user_namespaces(7), namespaces(7): /proc/sys/user. */
static void check_limits(struct check_list *list, const struct kernel_config *k)
{
	static const char *const names[] = {"cgroup", "ipc",  "mnt",  "net",
					    "pid",    "time", "user", "uts"};
	bool has_heading = false;

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		struct check_entry *entry;
		char value[32];
		autostr path = {0};

		str_addf(&path, "/proc/sys/user/max_%s_namespaces", names[i]);
		if (str_failed(&path) || !read_line(str_text(&path), value, sizeof(value)))
			continue;
		if (!has_heading)
			(void)add(list, CHECK_HEADING, "Namespace limits:");
		has_heading = true;
		entry = add(list, CHECK_LIMIT, names[i]);
		if (entry)
			entry->value = strtoull(value, NULL, 10);
	}
}

/* -- cgroups */

struct mounts {
	struct check_list *list;
	enum check_kind kind;
	size_t count, at_root;
	bool has_systemd, has_freezer;
};

static bool has_option(const char *options, const char *word)
{
	return text_list_has(options, word, strlen(word));
}

/* "SOURCE TARGET TYPE OPTIONS 0 0" */
static void take_mount(struct mounts *m, char *line)
{
	char *rest, *target, *type, *options;

	if (!strtok_r(line, " ", &rest))
		return;
	target = strtok_r(NULL, " ", &rest);
	type = strtok_r(NULL, " ", &rest);
	options = strtok_r(NULL, " ", &rest);
	if (!target || !type || !options ||
	    strcmp(type, m->kind == CHECK_MOUNT_V1 ? "cgroup" : "cgroup2") != 0)
		return;
	text_unescape(target);
	(void)add(m->list, m->kind, target);
	m->count++;
	m->at_root += strcmp(target, "/sys/fs/cgroup") == 0;
	m->has_systemd = m->has_systemd || has_option(options, "name=systemd");
	m->has_freezer = m->has_freezer || has_option(options, "freezer");
}

static void list_mounts(struct mounts *m)
{
	FILE *f = fopen("/proc/self/mounts", "re");
	char *line = NULL;
	size_t room = 0;

	while (f && getline(&line, &room, f) > 0)
		take_mount(m, line);
	free(line);
	if (f)
		fclose(f);
}

static void check_cgroups(struct check_list *list, const struct kernel_config *k)
{
	struct mounts v1 = {.list = list, .kind = CHECK_MOUNT_V1};
	struct mounts v2 = {.list = list, .kind = CHECK_MOUNT_V2};

	add_option(list, "Cgroup namespace", access("/proc/self/ns/cgroup", F_OK) == 0, false);
	(void)add(list, CHECK_HEADING, "Cgroup v1 mount points: ");
	list_mounts(&v1);
	(void)add(list, CHECK_HEADING, "Cgroup v2 mount points: ");
	list_mounts(&v2);
	/* On a host of version 2 alone nobody misses them. */
	if (v2.count == 1 && v2.at_root == 1)
		return;
	if (!v1.has_systemd)
		add_option(list, "Cgroup v1 systemd controller", false, false);
	if (!v1.has_freezer)
		add_option(list, "Cgroup v1 freezer controller", false, false);
	/* Since Linux 2.6.37 every hierarchy has it. */
	if (v1.count > 0)
		add_option(list, "Cgroup v1 clone_children flag", true, false);
}

/* capabilities(7): an option until Linux 2.6.33, and always there since. */
static void check_file_capabilities(struct check_list *list, const struct kernel_config *k)
{
	bool is_there = !kernel_config_is_before(k, 3, 0) ||
			kernel_config_option(k, "SECURITY_FILE_CAPABILITIES") != '\0';

	add_option(list, "File capabilities", is_there, false);
}

/* -- the table */

/* clang-format off */
static const struct row namespaces[] = {
	{"Namespaces", "NAMESPACES", .flags = IS_MANDATORY},
	{"Utsname namespace", "UTS_NS"},
	{"Ipc namespace", "IPC_NS", .flags = IS_MANDATORY},
	{"Pid namespace", "PID_NS", .flags = IS_MANDATORY},
	{"User namespace", "USER_NS", .then = check_map_programs},
	{"Network namespace", "NET_NS"},
	{"Multiple /dev/pts instances", "DEVPTS_MULTIPLE_INSTANCES", .until = {4, 7}},
	{.then = check_limits},
	{0},
};

static const struct row cgroups[] = {
	{"Cgroups", "CGROUPS", .then = check_cgroups},
	{"Cgroup device", "CGROUP_DEVICE"},
	{"Cgroup sched", "CGROUP_SCHED"},
	{"Cgroup cpu account", "CGROUP_CPUACCT"},
	{"Cgroup memory controller", "CGROUP_MEM_RES_CTLR", .until = {3, 6}},
	{"Cgroup memory controller", "MEMCG", .since = {3, 6}},
	{"Cgroup cpuset", "CPUSETS", .flags = NEEDS_SMP},
	{0},
};

static const struct row others[] = {
	{"Veth pair device", "VETH", "veth"},
	{"Macvlan", "MACVLAN", "macvlan"},
	{"Vlan", "VLAN_8021Q", "8021q"},
	{"Bridges", "BRIDGE", "bridge"},
	{"Advanced netfilter", "NETFILTER_ADVANCED", "nf_tables", .driver = "NF_TABLES"},
	{"CONFIG_NF_NAT_IPV4", "NF_NAT_IPV4", "nf_nat_ipv4", .since = {3, 7}, .until = {5, 0}},
	{"CONFIG_NF_NAT_IPV6", "NF_NAT_IPV6", "nf_nat_ipv6", .since = {3, 7}, .until = {5, 0}},
	{"CONFIG_IP_NF_TARGET_MASQUERADE", "IP_NF_TARGET_MASQUERADE", "xt_MASQUERADE"},
	{"CONFIG_IP6_NF_TARGET_MASQUERADE", "IP6_NF_TARGET_MASQUERADE", "xt_MASQUERADE"},
	{"CONFIG_NETFILTER_XT_TARGET_CHECKSUM", "NETFILTER_XT_TARGET_CHECKSUM", "xt_CHECKSUM"},
	{"CONFIG_NETFILTER_XT_MATCH_COMMENT", "NETFILTER_XT_MATCH_COMMENT", "xt_comment"},
	{"FUSE (for use with lxcfs)", "FUSE_FS", "fuse"},
	{0},
};

static const struct row checkpoints[] = {
	{"checkpoint restore", "CHECKPOINT_RESTORE"},
	{"CONFIG_FHANDLE", "FHANDLE"},
	{"CONFIG_EVENTFD", "EVENTFD"},
	{"CONFIG_EPOLL", "EPOLL"},
	{"CONFIG_UNIX_DIAG", "UNIX_DIAG", "unix_diag"},
	{"CONFIG_INET_DIAG", "INET_DIAG", "inet_diag"},
	{"CONFIG_PACKET_DIAG", "PACKET_DIAG", "af_packet_diag"},
	{"CONFIG_NETLINK_DIAG", "NETLINK_DIAG", "netlink_diag"},
	{.then = check_file_capabilities},
	{0},
};

static const struct {
	const char *name;
	const struct row *rows;
} sections[] = {
	{"Namespaces", namespaces},
	{"Control groups", cgroups},
	{"Misc", others},
	{"Checkpoint/Restore", checkpoints},
};
/* clang-format on */

/* Whether a file has a line that begins, or a path that ends, with the module. */
static bool is_listed(const char *path, const char *module, bool is_path)
{
	FILE *f = fopen(path, "re");
	size_t room = 0, len = strlen(module);
	char *line = NULL;
	bool found = false;

	while (f && !found && getline(&line, &room, f) > 0) {
		const char *slash = is_path ? strrchr(line, '/') : NULL;
		const char *name = slash ? slash + 1 : line;

		found = strncmp(name, module, len) == 0 && (name[len] == ' ' || name[len] == '.');
	}
	free(line);
	if (f)
		fclose(f);
	return found;
}

/* What is built in is as good as loaded: the configuration says so, and what came with the kernel.
 */
static enum module_state module_state(const struct kernel_config *k, const struct row *row)
{
	const char *module = row->module;
	autostr built_in = {0};

	if (access("/proc/modules", F_OK) < 0)
		return MODULE_NONE;
	if (kernel_config_option(k, row->driver ? row->driver : row->option) == 'y')
		return MODULE_LOADED;
	str_addf(&built_in, "/lib/modules/%s/modules.builtin", k->release);
	return is_listed("/proc/modules", module, false) ||
			       is_listed(str_text(&built_in), module, true)
		       ? MODULE_LOADED
		       : MODULE_NOT_LOADED;
}

static bool concerns(const struct row *row, const struct kernel_config *k)
{
	if (row->flags & NEEDS_SMP && !kernel_config_option(k, "SMP"))
		return false;
	if (kernel_config_is_before(k, row->since.major, row->since.minor))
		return false;
	return row->until.major == 0 ||
	       kernel_config_is_before(k, row->until.major, row->until.minor);
}

static void check_row(struct check_list *list, const struct row *row, const struct kernel_config *k)
{
	bool is_there;

	if (!concerns(row, k))
		return;
	if (row->label) {
		is_there = kernel_config_option(k, row->option) != '\0';
		add_option(list, row->label, is_there, row->flags & IS_MANDATORY);
		if (is_there && row->module && !list->failed)
			list->items[list->count - 1].module = module_state(k, row);
	}
	if (row->then)
		row->then(list, k);
}

void check_all(const struct kernel_config *k, struct check_list *ret)
{
	*ret = (struct check_list){.count = 0};
	for (size_t i = 0; i < ARRAY_LENGTH(sections); i++) {
		ret->section = sections[i].name;
		(void)add(ret, CHECK_SECTION, sections[i].name);
		for (const struct row *row = sections[i].rows; row->label || row->then; row++)
			check_row(ret, row, k);
	}
}

void check_list_finish(struct check_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].name);
	vec_finish(list);
}
