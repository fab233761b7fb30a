/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Facts from text: the defaults, and a table of what a line may set. What a line of NAME.facts
 * means is told in plan_golden.c.
 */

#include "plan_facts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>

#include "base/ids.h"
#include "base/macros.h"
#include "base/num.h"
#include "base/str.h"
#include "plan_presets.h"
#include "sys/file.h"

enum { FILE_SIZE_MAX = 1 << 20 };

enum setter_kind { SET_BOOL, SET_U32, SET_I32, SET_U64, SET_TEXT };

struct setter {
	const char *key;
	enum setter_kind kind;
	size_t offset; /* in struct plan_case */
};

#define AT(member) offsetof(struct plan_case, member)
/* clang-format off */
static const struct setter setters[] = {
	{"name", SET_TEXT, AT(request.name)},
	{"lxcpath", SET_TEXT, AT(request.lxcpath)},
	{"config_file", SET_TEXT, AT(request.config_file)},
	{"application", SET_BOOL, AT(request.is_application)},
	{"foreground", SET_BOOL, AT(request.is_foreground)},
	{"needs_scope", SET_BOOL, AT(request.needs_scope)},
	{"pid_file", SET_TEXT, AT(request.pid_file)},
	{"listen_fds", SET_U32, AT(request.listen_fds)},
	{"log_level", SET_TEXT, AT(request.log_level)},
	{"directory", SET_TEXT, AT(directory)},

	{"caller.uid", SET_U32, AT(facts.caller.uid)},
	{"caller.gid", SET_U32, AT(facts.caller.gid)},
	{"caller.is_root", SET_BOOL, AT(facts.caller.is_root)},
	{"caller.in_initial_user_ns", SET_BOOL, AT(facts.caller.in_initial_user_ns)},
	{"newuidmap", SET_TEXT, AT(facts.caller.newuidmap)},
	{"newgidmap", SET_TEXT, AT(facts.caller.newgidmap)},

	{"cgroup.layout", SET_I32, AT(facts.cgroup.layout)},
	{"cgroup.has_namespace", SET_BOOL, AT(facts.cgroup.has_namespace)},
	{"cgroup.has_cgroup2", SET_BOOL, AT(facts.cgroup.has_cgroup2)},
	{"cgroup.pattern", SET_TEXT, AT(facts.cgroup.pattern)},
	{"cgroup.missing", SET_TEXT, AT(facts.cgroup.missing)},

	{"kernel.has_time_namespace", SET_BOOL, AT(facts.kernel.has_time_namespace)},
	{"kernel.has_idmapped_mounts", SET_BOOL, AT(facts.kernel.has_idmapped_mounts)},
	{"kernel.has_clone_into_cgroup", SET_BOOL, AT(facts.kernel.has_clone_into_cgroup)},
	{"kernel.has_core_sched", SET_BOOL, AT(facts.kernel.has_core_sched)},
	{"kernel.has_sysrq", SET_BOOL, AT(facts.kernel.has_sysrq)},
	{"kernel.capabilities", SET_U64, AT(facts.kernel.capabilities)},

	{"rootfs.path", SET_TEXT, AT(facts.rootfs.path)},
	{"rootfs.is_there", SET_BOOL, AT(facts.rootfs.is_there)},
	{"rootfs.error", SET_I32, AT(facts.rootfs.error)},
	{"rootfs.mount_is_there", SET_BOOL, AT(facts.rootfs.mount_is_there)},
	{"rootfs.host_is_initial", SET_BOOL, AT(facts.rootfs.host_is_initial)},
	{"rootfs.fstype", SET_TEXT, AT(facts.rootfs.fstype)},
	{"rootfs.problem", SET_TEXT, AT(facts.rootfs.problem)},
	{"rootfs.advice", SET_TEXT, AT(facts.rootfs.advice)},
	{"source.device", SET_TEXT, AT(facts.rootfs.source.device)},
	{"source.fstype", SET_TEXT, AT(facts.rootfs.source.fstype)},
	{"source.is_long", SET_BOOL, AT(facts.rootfs.source.is_long)},
	{"source.is_read_only", SET_BOOL, AT(facts.rootfs.source.is_read_only)},
	{"source.partition", SET_U32, AT(facts.rootfs.source.partition)},
	{"source.upper", SET_TEXT, AT(facts.rootfs.source.upper)},
	{"source.work", SET_TEXT, AT(facts.rootfs.source.work)},
	{"source.has_trusted_marks", SET_BOOL, AT(facts.rootfs.source.has_trusted_marks)},
	{"source.has_user_marks", SET_BOOL, AT(facts.rootfs.source.has_user_marks)},

	{"seccomp.has_notify", SET_BOOL, AT(facts.seccomp.has_notify)},
	{"seccomp.flags", SET_U32, AT(facts.seccomp.flags)},
	{"stdin_is_tty", SET_BOOL, AT(facts.streams.stdin_is_tty)},
	{"stdout_is_tty", SET_BOOL, AT(facts.streams.stdout_is_tty)},
	{"stderr_is_tty", SET_BOOL, AT(facts.streams.stderr_is_tty)},
	{"apparmor_enabled", SET_BOOL, AT(facts.apparmor_enabled)},
	{"selinux_enabled", SET_BOOL, AT(facts.selinux_enabled)},

	{"attach.flags", SET_I32, AT(attach.flags)},
	{"attach.personality", SET_I32, AT(attach.personality)},
	{"attach.cwd", SET_TEXT, AT(attach.cwd)},
	{"attach.uid", SET_U32, AT(attach.uid)},
	{"attach.gid", SET_U32, AT(attach.gid)},
	{"attach.has_terminal", SET_BOOL, AT(attach.has_terminal)},
	{"attach.terminal_streams", SET_U32, AT(attach.terminal_streams)},
	{"attach.no_new_privs", SET_BOOL, AT(attach.no_new_privs)},
	{"attach.has_user_namespace", SET_BOOL, AT(attach_facts.has_user_namespace)},
	{"attach.caller_is_root", SET_BOOL, AT(attach_facts.caller_is_root)},
	{"attach.bounding", SET_U64, AT(attach_facts.bounding)},
	{"attach.root_is_mapped", SET_BOOL, AT(attach_facts.root_is_mapped)},
	{"attach.init_uid", SET_U32, AT(attach_facts.init_uid)},
	{"attach.init_gid", SET_U32, AT(attach_facts.init_gid)},
	{"attach.cookie_pid", SET_U32, AT(attach_facts.cookie_pid)},
	{"attach.payload", SET_TEXT, AT(attach_facts.payload)},
};
/* clang-format on */

static const char *const kind_words[] = {"start", "execute", "prelude", "attach", "restore"};

static void *need(void *pointer)
{
	if (!pointer)
		abort();
	return pointer;
}

static char *copy(struct plan_case *c, const char *text)
{
	return need(arena_strdup(&c->facts.arena, text));
}

static bool take_bool(const char *value, bool *ret)
{
	*ret = strcmp(value, "yes") == 0;
	return *ret || strcmp(value, "no") == 0;
}

/* "none" is NULL. */
static bool set_member(struct plan_case *c, const struct setter *setter, const char *value)
{
	void *member = (char *)c + setter->offset;
	int64_t number;

	switch (setter->kind) {
	case SET_BOOL:
		return take_bool(value, member);
	case SET_U32:
		return num_parse_u32(value, 0, member) == 0;
	case SET_I32:
		if (num_parse_i64(value, 0, &number) < 0 || number != (int32_t)number)
			return false;
		*(int32_t *)member = (int32_t)number;
		return true;
	case SET_U64:
		return num_parse_u64(value, 0, member) == 0;
	case SET_TEXT:
	default:
		*(const char **)member = strcmp(value, "none") == 0 ? NULL : copy(c, value);
		return true;
	}
}

static bool add_word(struct plan_case *c, struct plan_case_words *words, const char *value)
{
	*(const char **)need(vec_push_in(words, &c->facts.arena)) = copy(c, value);
	return true;
}

/* "net pid" → CLONE_NEWNET | CLONE_NEWPID. */
static bool take_namespaces(const char *value, uint32_t *ret)
{
	autofree char *words = need(strdup(value));
	char *rest = words, *word;
	uint32_t flags = 0;

	while ((word = strsep(&rest, " "))) {
		int kind = namespace_parse(word, false);

		if (kind < 0)
			return false;
		flags |= (uint32_t)namespace_clone_flag((enum namespace_kind)kind);
	}
	*ret = flags;
	return true;
}

/* "mount.3.is_directory": the number, and what stands behind it. NULL when there is none below
 * `count`. */
static const char *take_index(const char *key, const char *prefix, size_t count, size_t *ret)
{
	const char *at = text_after(key, prefix);
	uint64_t number;

	if (!at || num_take_u64(&at, &number) < 0 || number >= count)
		return NULL;
	*ret = (size_t)number;
	return at;
}

static bool set_mount(struct plan_case *c, const char *key, const char *value)
{
	struct facts_mount *mount;
	const char *member;
	size_t i;

	member = take_index(key, "mount.", c->facts.mounts.count, &i);
	if (!member)
		return false;
	mount = &c->facts.mounts.items[i];
	if (strcmp(member, ".is_directory") == 0)
		return take_bool(value, &mount->source_is_directory);
	if (strcmp(member, ".fstype") != 0)
		return false;
	mount->source_fstype = copy(c, value);
	return true;
}

static bool take_gateway(const char *value, int family, struct config_gateway *ret)
{
	ret->kind = strcmp(value, "none") == 0 ? GATEWAY_NONE : GATEWAY_ADDRESS;
	return ret->kind == GATEWAY_NONE || inet_pton(family, value, &ret->address) == 1;
}

/* "physes = eth1 7 1500 [10:66:6a:01:02:03 | - [ALIAS | - [PHY | - [OTHER...]]]]" */
static bool add_phys(struct plan_case *c, struct facts_net *net, const char *value)
{
	autofree char *words = need(strdup(value));
	const char **others = need(arena_alloc(&c->facts.arena, 8 * sizeof(*others)));
	char *rest = words, *word[12] = {NULL};
	struct facts_phys phys = {.mac = 0};
	uint64_t octet;
	size_t count = 0;

	while (count < ARRAY_LENGTH(word) - 1 && (word[count] = strsep(&rest, " ")))
		count++;
	if (count < 3 || num_parse_u32(word[1], 10, &phys.index) < 0 ||
	    num_parse_u32(word[2], 10, &phys.mtu) < 0)
		return false;
	phys.name = copy(c, word[0]);
	for (size_t i = 0; word[3] && strcmp(word[3], "-") != 0 && i < 6; i++) {
		char digits[] = {word[3][3 * i], word[3][3 * i + 1], '\0'};

		if (num_parse_u64(digits, 16, &octet) < 0)
			return false;
		phys.mac |= octet << 8 * i;
	}
	phys.alias = word[4] && strcmp(word[4], "-") != 0 ? copy(c, word[4]) : NULL;
	phys.phy = word[5] && strcmp(word[5], "-") != 0 ? copy(c, word[5]) : NULL;
	others[0] = NULL;
	for (size_t i = 6; i < count; i++) {
		others[i - 6] = copy(c, word[i]);
		others[i - 5] = NULL;
	}
	phys.others = others[0] ? others : NULL;
	*(struct facts_phys *)need(vec_push_in(&net->physes, &c->facts.arena)) = phys;
	return true;
}

static bool set_net_setting(struct facts_net *net, const char *member, const char *value)
{
	if (strcmp(member, ".ipv4_forwarding") == 0)
		return take_bool(value, &net->ipv4_forwarding);
	if (strcmp(member, ".ipv6_forwarding") == 0)
		return take_bool(value, &net->ipv6_forwarding);
	if (strcmp(member, ".ipv6_proxy_ndp") == 0)
		return take_bool(value, &net->ipv6_proxy_ndp);
	if (strcmp(member, ".ipv6_all_forwarding") == 0)
		return take_bool(value, &net->ipv6_all_forwarding);
	return strcmp(member, ".link_filters_vlans") == 0 &&
	       take_bool(value, &net->link_filters_vlans);
}

static bool set_net(struct plan_case *c, const char *key, const char *value)
{
	struct facts_net *net;
	const char *member;
	size_t i;

	member = take_index(key, "net.", c->facts.nets.count, &i);
	if (!member)
		return false;
	net = &c->facts.nets.items[i];
	if (strcmp(member, ".link_is_there") == 0)
		return take_bool(value, &net->link_is_there);
	if (strcmp(member, ".link_is_bridge") == 0)
		return take_bool(value, &net->link_is_bridge);
	if (strcmp(member, ".link_mtu") == 0)
		return num_parse_u32(value, 10, &net->link_mtu) == 0;
	if (strcmp(member, ".link_pvid") == 0) {
		uint32_t number;
		bool is_good = num_parse_u32(value, 10, &number) == 0;

		net->link_pvid = (uint16_t)number;
		return is_good;
	}
	if (strcmp(member, ".phys") == 0)
		return add_phys(c, net, value);
	if (strcmp(member, ".ipv4_auto") == 0)
		return take_gateway(value, AF_INET, &net->ipv4_auto);
	if (strcmp(member, ".ipv6_auto") == 0)
		return take_gateway(value, AF_INET6, &net->ipv6_auto);
	return set_net_setting(net, member, value);
}

/* "device.v2.0 = c 10:229", "device.v1.3 = error 2" */
static bool set_device(struct plan_case *c, const char *key, const char *value)
{
	struct facts_device device = {.is_v2 = text_starts(key, "device.v2.")};
	const char *at = value + 2;
	uint64_t major, minor, number;
	const char *error = text_after(value, "error ");
	size_t i;

	if (!take_index(key, device.is_v2 ? "device.v2." : "device.v1.", UINT32_MAX, &i))
		return false;
	device.index = (uint32_t)i;
	if (error) {
		if (num_take_u64(&error, &number) < 0)
			return false;
		device.error = (int)number;
	} else {
		if ((value[0] != 'b' && value[0] != 'c') || value[1] != ' ' ||
		    num_take_u64(&at, &major) < 0 || *at++ != ':' || num_take_u64(&at, &minor) < 0)
			return false;
		device.type = value[0];
		device.major = (uint32_t)major;
		device.minor = (uint32_t)minor;
	}
	*(struct facts_device *)need(vec_push_in(&c->facts.devices, &c->facts.arena)) = device;
	return true;
}

/* "share.net = /proc/77/ns/net", of a process that was started at 1000;
 * "share.net.problem = no such container" */
static bool set_share(struct plan_case *c, const char *key, const char *value)
{
	const char *number = value + LITERAL_LENGTH("/proc/");
	autofree char *name = need(strdup(key + LITERAL_LENGTH("share.")));
	char *problem = strstr(name, ".problem");
	int kind;

	if (problem)
		*problem = '\0';
	kind = namespace_parse(name, false);
	if (kind < 0)
		return false;
	if (problem)
		c->facts.share[kind].problem = copy(c, value);
	else
		c->facts.share[kind].path = copy(c, value);
	if (text_starts(value, "/proc/") && num_take_u64(&number, &c->facts.share[kind].pid) == 0)
		c->facts.share[kind].start_time = 1000;
	return true;
}

/* "seccomp = 12": that many times "allow"; "seccomp = none". */
static bool set_seccomp(struct plan_case *c, const char *value)
{
	static const uint64_t allow = UINT64_C(0x7fff000000000006); /* BPF_RET, SECCOMP_RET_ALLOW */
	uint64_t count = 0;
	uint64_t *program;

	c->facts.seccomp.program = NULL;
	c->facts.seccomp.size = 0;
	if (strcmp(value, "none") == 0)
		return true;
	if (num_parse_u64(value, 10, &count) < 0 || count == 0 || count > 4096)
		return false;
	program = need(arena_alloc(&c->facts.arena, count * sizeof(*program)));
	for (uint64_t i = 0; i < count; i++)
		program[i] = allow;
	c->facts.seccomp.program = program;
	c->facts.seccomp.size = (uint32_t)(count * sizeof(*program));
	return true;
}

static bool set_kind(struct plan_case *c, const char *value)
{
	for (uint32_t i = 0; i < ARRAY_LENGTH(kind_words); i++) {
		if (strcmp(value, kind_words[i]) != 0)
			continue;
		c->kind = i;
		if (i == CASE_EXECUTE)
			c->request.is_application = true;
		return true;
	}
	return false;
}

/* "source = loop": the root is what is behind source.device, of the type source.fstype. */
static bool set_source(struct plan_case *c, const char *value)
{
	static const char *const words[] = {
		[SOURCE_TREE] = "tree",
		[SOURCE_MOUNT] = "mount",
		[SOURCE_LOOP] = "loop",
		[SOURCE_NETWORK] = "network",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
		if (strcmp(words[i], value) != 0)
			continue;
		c->facts.rootfs.source.kind = (enum source_kind)i;
		return true;
	}
	return false;
}

static bool set_crowded(struct plan_case *c, const char *name)
{
	struct facts_hierarchies *all = &c->facts.cgroup.hierarchies;

	for (size_t i = 0; i < all->count; i++) {
		if (strcmp(all->items[i].name, name) != 0)
			continue;
		all->items[i].is_crowded = true;
		return true;
	}
	return false;
}

/* Lines that are more than one member. */
static bool set_special(struct plan_case *c, const char *key, const char *value)
{
	if (strcmp(key, "kind") == 0)
		return set_kind(c, value);
	if (strcmp(key, "argv") == 0)
		return add_word(c, &c->argv, value);
	if (strcmp(key, "caller") == 0)
		return plan_preset_caller(&c->facts, value);
	if (strcmp(key, "cgroup") == 0)
		return plan_preset_cgroup(&c->facts, value);
	if (strcmp(key, "cgroup.base") == 0)
		return plan_preset_base(&c->facts, value);
	if (strcmp(key, "cgroup.is_inside") == 0)
		return plan_preset_inside(&c->facts, strcmp(value, "yes") == 0);
	if (strcmp(key, "hierarchy") == 0)
		return plan_preset_hierarchy(&c->facts, value);
	if (strcmp(key, "rootfs.type") == 0)
		return plan_preset_rootfs_type(&c->facts, value);
	if (strcmp(key, "source") == 0)
		return set_source(c, value);
	if (strcmp(key, "source.option") == 0)
		return add_word(c, &c->source_options, value);
	if (strcmp(key, "seccomp") == 0)
		return set_seccomp(c, value);
	if (strcmp(key, "attach.crowded") == 0)
		return set_crowded(c, value);
	if (strcmp(key, "attach.namespaces") == 0)
		return take_namespaces(value, &c->attach_facts.namespaces);
	if (strcmp(key, "attach.environment") == 0)
		return add_word(c, &c->environment, value);
	if (strcmp(key, "attach.group") == 0)
		return num_parse_u32(value, 10, need(vec_push_in(&c->groups, &c->facts.arena))) ==
		       0;
	if (strcmp(key, "attach.seccomp") == 0) {
		bool good = set_seccomp(c, value);

		c->attach_facts.seccomp = c->facts.seccomp.program;
		c->attach_facts.seccomp_size = c->facts.seccomp.size;
		return good;
	}
	return text_starts(key, "mount.")    ? set_mount(c, key, value)
	       : text_starts(key, "net.")    ? set_net(c, key, value)
	       : text_starts(key, "device.") ? set_device(c, key, value)
	       : text_starts(key, "share.")  ? set_share(c, key, value)
					     : false;
}

static bool set(struct plan_case *c, const char *key, const char *value)
{
	for (size_t i = 0; i < ARRAY_LENGTH(setters); i++)
		if (strcmp(setters[i].key, key) == 0)
			return set_member(c, &setters[i], value);
	return set_special(c, key, value);
}

static int read_lines(struct plan_case *c, const char *name, const char *text, struct err *e)
{
	autofree char *lines = need(strdup(text));
	char *rest = lines, *line;
	unsigned number = 0;

	while ((line = strsep(&rest, "\n"))) {
		char *separator = strstr(line, " = ");

		number++;
		if (!*line || *line == '#')
			continue;
		if (separator)
			*separator = '\0';
		if (!separator || !set(c, line, separator + LITERAL_LENGTH(" = "))) {
			err_set(e, ERR_USAGE, 0, "No fact, or not its value: %s", line);
			err_origin(e, "%s.facts:%u", name, number);
			return -EINVAL;
		}
	}
	return 0;
}

/* The fstab is a file beside the case. */
static int add_fstab(struct plan_case *c, const char *path, struct err *e)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	struct mount_entry_list list = {};
	autofree char *text = NULL;
	size_t len;
	int r = file_read_all(AT_FDCWD, name, FILE_SIZE_MAX, &text, &len);

	if (r < 0)
		return err_set(e, ERR_FILE_READ, -r, "Cannot read %s", name);
	r = fstab_parse(path, text, len, &c->facts.arena, &list, e);
	for (size_t i = 0; r == 0 && i < list.count; i++) {
		struct facts_mount *mount = need(vec_push_in(&c->facts.mounts, &c->facts.arena));

		mount->entry = list.items[i];
		mount->from_fstab = true;
		mount->source_is_directory = true;
	}
	return r;
}

static int add_mounts(struct plan_case *c, const struct config_values *values, struct err *e)
{
	const struct config_items *entries = &values->mount.entries;
	int r = values->mount.fstab ? add_fstab(c, values->mount.fstab, e) : 0;

	for (size_t i = 0; r >= 0 && i < entries->count; i++) {
		struct mount_entry entry;
		struct facts_mount *mount;

		r = mount_entry_parse(entries->items[i].text, &c->facts.arena, &entry, e);
		if (r != 0)
			continue;
		mount = need(vec_push_in(&c->facts.mounts, &c->facts.arena));
		mount->entry = entry;
		mount->index = (uint32_t)i;
		mount->source_is_directory = true;
	}
	return r < 0 ? r : 0;
}

static void set_defaults(struct plan_case *c, const struct config_values *values)
{
	c->request.name = "c1";
	c->request.lxcpath = "/var/lib/lxc";
	c->request.config_file = "/var/lib/lxc/c1/config";
	c->request.log_level = "ERROR";
	c->directory = "/tmp/checkpoint";
	plan_preset_caller(&c->facts, "root");
	plan_preset_cgroup(&c->facts, "hybrid");
	plan_preset_kernel(&c->facts);
	plan_preset_rootfs(&c->facts, values);
	if (values->seccomp.profile)
		set_seccomp(c, "1");
	for (size_t i = 0; i < values->nets.count; i++)
		*(struct facts_net *)need(vec_push_in(&c->facts.nets, &c->facts.arena)) =
			(struct facts_net){.link_is_there = true,
					   .link_is_bridge = values->nets.items[i].type == NET_VETH,
					   .link_mtu = 1500};
	c->attach.personality = -1;
	c->attach.cwd = "/";
	c->attach.uid = ID_INVALID;
	c->attach.gid = ID_INVALID;
	c->attach.flags = 0xffff; /* LXC_ATTACH_DEFAULT */
	c->attach_facts = (struct attach_facts){
		.namespaces = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC |
			      CLONE_NEWNET | CLONE_NEWCGROUP,
		.caller_is_root = true,
		.bounding = c->facts.kernel.capabilities,
		.root_is_mapped = true,
		.payload = "lxc.payload.c1",
	};
}

/* What points into lists, once these are complete. */
static void connect_lists(struct plan_case *c)
{
	if (c->argv.count > 0) {
		need(vec_push_in(&c->argv, &c->facts.arena));
		c->request.argv = c->argv.items;
		c->attach.argv = c->argv.items;
	}
	need(vec_push_in(&c->environment, &c->facts.arena));
	c->attach.environment = c->environment.items;
	if (c->source_options.count > 0) {
		need(vec_push_in(&c->source_options, &c->facts.arena));
		c->facts.rootfs.source.options = c->source_options.items;
	}
	c->attach.groups = c->groups.items;
	c->attach.group_count = c->groups.count;
	c->attach.name = c->request.name;
	c->attach.lxcpath = c->request.lxcpath;
	c->attach_facts.hierarchies = c->facts.cgroup.hierarchies;
}

int plan_case_read(struct plan_case *c, const struct config *config, const char *name,
		   const char *text, struct err *e)
{
	int r;

	memset(c, 0, sizeof(*c));
	set_defaults(c, &config->values);
	c->attach.config = config;
	r = add_mounts(c, &config->values, e);
	if (r == 0 && text)
		r = read_lines(c, name, text, e);
	if (r == 0)
		connect_lists(c);
	return r;
}

void plan_case_finish(struct plan_case *c)
{
	arena_finish(&c->facts.arena);
}
