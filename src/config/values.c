/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The table of value types, and what is the same for all of them: setting with an origin, the empty
 * value, clearing, refusing.
 */

#include "config/value.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/macros.h"

/* clang-format off */
#define CLASS(type_, noun_, name_, expected_, ...)                                                 \
	[VALUE_##type_] = { .name = (name_), .expected = (expected_),                              \
			    .parse = value_parse_##noun_, .print = value_print_##noun_,            \
			    ##__VA_ARGS__ }
#define SIZE(type_) .size = sizeof(type_)

static const struct value_class classes[VALUE_TYPE_COUNT] = {
	CLASS(TEXT, text, "text", "any text", SIZE(char *)),
	CLASS(PATH, path, "path", "a path of less than 4096 bytes", SIZE(char *)),
	CLASS(CGROUP_DIR, cgroup_dir, "relative path", "a relative path without \"..\"",
	      SIZE(char *)),
	CLASS(CGROUP_LEAF, cgroup_leaf, "directory name", "one directory name", SIZE(char *)),
	CLASS(BOOL, bool, "0 or 1", "0 or 1", SIZE(bool)),
	CLASS(UNSIGNED, unsigned, "number", "a number, 0 or more", SIZE(uint32_t)),
	CLASS(INTEGER, integer, "signed number", "a number", SIZE(int32_t)),
	CLASS(TMPFS_SIZE, tmpfs_size, "bytes", "a number of bytes", SIZE(uint32_t)),
	CLASS(CONSOLE_SIZE, console_size, "size", "a number of bytes, a size such as 64KB, or auto",
	      SIZE(uint64_t)),
	CLASS(SIGNAL, signal, "signal", "a signal as a number, SIGTERM, SIGRTMIN+3 or SIGRTMAX-1",
	      SIZE(uint32_t)),
	CLASS(WORD, word, "word", "one of the words in the manual page", SIZE(int32_t)),
	CLASS(ARCHITECTURE, architecture, "architecture",
	      "an architecture such as x86_64, i686, aarch64", SIZE(int32_t),
	      .unset = PERSONALITY_UNSET),
	CLASS(LOG_LEVEL, log_level, "log level",
	      "TRACE, DEBUG, INFO, NOTICE, WARN, ERROR, CRIT, ALERT, FATAL, or 0 to 8",
	      SIZE(int32_t), .unset = LOG_LEVEL_NOTSET),
	CLASS(SYSLOG, syslog, "syslog facility", "daemon or local0 to local7", SIZE(int32_t),
	      .unset = SYSLOG_UNSET),
	CLASS(LOG_FILE, log_file, "path", "a path of a file that can be written", SIZE(char *)),
	CLASS(ROOTFS, rootfs, "[TYPE:]PATH",
	      "a path, with dir:, overlay:, loop:, lvm:, btrfs:, zfs:, rbd: or nbd: before it if "
	      "need be", .clear = value_clear_rootfs),
	CLASS(ROOTFS_TYPE, rootfs_type, "storage type",
	      "dir, overlay, loop, lvm, btrfs, zfs, rbd or nbd", SIZE(int32_t)),
	CLASS(ROOTFS_OPTIONS, rootfs_options, "mount options",
	      "mount options separated by commas", SIZE(char *)),
	CLASS(TIME_OFFSET, time_offset, "clock offset",
	      "a number with a unit: h, m, s, ms, us or ns", SIZE(struct config_time_offset)),
	CLASS(NOTIFY_PROXY, notify_proxy, "socket", "unix:/PATH or unix:@NAME", SIZE(char *)),
	CLASS(NAMESPACES, namespaces, "namespaces",
	      "names among user mnt pid uts ipc net cgroup time", .list = true, SIZE(uint32_t)),
	CLASS(SHARED_NAMESPACE, shared_namespace, "PID, container or nsfs file",
	      "a PID, the name or path of a container, or the path of an nsfs file",
	      .clear = value_clear_namespace_share),
	CLASS(CAPABILITIES, capabilities, "capabilities",
	      "names in lower case without cap_, or numbers", .list = true,
	      .clear = value_clear_capabilities),
	CLASS(ID_MAP, id_map, "id map", "u|g FIRST-INSIDE FIRST-ON-HOST COUNT", .list = true,
	      SIZE(struct config_idmaps)),
	CLASS(GID_LIST, gid_list, "group ids", "group ids separated by commas", .list = true,
	      SIZE(struct config_gids)),
	CLASS(LINES, lines, "list of lines", "any text", .list = true, SIZE(struct config_items)),
	CLASS(WORDS, words, "list of words", "words separated by blanks", .list = true,
	      SIZE(struct config_items)),
	CLASS(ENVIRONMENT, environment, "NAME=VALUE",
	      "NAME=VALUE, or NAME of a variable that is set", .list = true,
	      SIZE(struct config_items)),
	CLASS(CGROUP_FILE, cgroup_file, "text for the file", "any text", .list = true,
	      .clear = value_clear_items),
	CLASS(PROC_FILE, proc_file, "text for the file", "any text", .list = true,
	      .clear = value_clear_items),
	CLASS(SYSCTL, sysctl, "text for the parameter", "any text", .list = true,
	      .clear = value_clear_items),
	CLASS(PRLIMIT, prlimit, "SOFT[:HARD]",
	      "a number or unlimited, or two of them with a colon between", .list = true,
	      .clear = value_clear_items),
	CLASS(AUTOMOUNT, automount, "list of words",
	      "words such as proc:mixed, sys:ro, cgroup:rw:force, shmounts:/host/path",
	      .list = true,
	      SIZE(struct config_automounts)),
	CLASS(INCLUDE, include, "path", "a file or a directory", .size = 0,
	      .clear = value_clear_group),
	[VALUE_GROUP_OF_KEYS] = { .name = "group of keys", .expected = "nothing: the key can only "
				  "be cleared", .list = true, .clear = value_clear_group },
	CLASS(NET_TYPE, net_type, "interface type",
	      "veth, macvlan, ipvlan, vlan, phys, empty or none", .clear = value_clear_net_type),
	CLASS(NET_FLAGS, net_flags, "up", "up", SIZE(bool)),
	CLASS(INTERFACE, interface, "interface name", "an interface name of at most 15 bytes",
	      SIZE(char *)),
	CLASS(HWADDR, hwaddr, "MAC address", "xx:xx:xx:xx:xx:xx", SIZE(char *)),
	CLASS(IPV4, ipv4, "IPv4 address", "ADDRESS[/PREFIX] [BROADCAST]", .list = true,
	      SIZE(struct config_addresses)),
	CLASS(IPV6, ipv6, "IPv6 address", "ADDRESS[/PREFIX] with a prefix of 0 to 128",
	      .list = true, SIZE(struct config_addresses)),
	CLASS(IPV4_GATEWAY, ipv4_gateway, "IPv4 gateway", "an IPv4 address, auto or dev",
	      SIZE(struct config_gateway)),
	CLASS(IPV6_GATEWAY, ipv6_gateway, "IPv6 gateway", "an IPv6 address, auto or dev",
	      SIZE(struct config_gateway)),
	CLASS(IPV4_ROUTE, ipv4_route, "IPv4 route", "NETWORK/PREFIX", .list = true,
	      SIZE(struct config_addresses)),
	CLASS(IPV6_ROUTE, ipv6_route, "IPv6 route", "NETWORK/PREFIX", .list = true,
	      SIZE(struct config_addresses)),
	CLASS(QUEUES, queues, "number", "a number above 0", SIZE(uint32_t)),
	CLASS(VETH_VLAN, veth_vlan, "VLAN id", "0 to 4094, or none", SIZE(int32_t),
	      .unset = VLAN_ID_UNSET),
	CLASS(VLAN_LIST, vlan_list, "VLAN id", "0 to 4094", .list = true,
	      SIZE(struct config_vlan_ids)),
};
/* clang-format on */

const struct value_class *value_class(enum value_type type)
{
	return &classes[type];
}

int value_no_memory(struct err *e)
{
	return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory while reading the configuration");
}

/* The key as it is written, for messages: rows of interfaces and families lack a part. */
static void print_key_name(const struct value_slot *s, struct str *out)
{
	if (s->net)
		str_addf(out, "lxc.net.%u.%s", (unsigned)s->net->index, s->key->name);
	else if (s->member)
		str_addf(out, "%s%s%s", s->key->name, text_ends(s->key->name, ".") ? "" : ".",
			 s->member);
	else
		str_add(out, s->key->name);
}

/* What the key takes; a limit of its own says more than the type. */
static void print_expected(const struct config_key *key, struct str *out)
{
	for (const struct config_word *w = key->words; w && w->word; w++)
		str_addf(out, "%s%s", w == key->words ? "" : w[1].word ? ", " : " or ", w->word);
	if (key->words)
		return;
	if (key->limit && key->type == VALUE_TEXT)
		str_addf(out, "a text of at most %u bytes", (unsigned)key->limit - 1);
	else if (key->limit)
		str_addf(out, "a number from 0 to %u", (unsigned)key->limit);
	else
		str_add(out, classes[key->type].expected);
}

int value_refuse(const struct value_slot *s, const char *text, int errnum, struct err *e)
{
	autostr what = {};
	autostr name = {};
	autostr expected = {};
	const char *hole;
	int r;

	print_key_name(s, &name);
	print_expected(s->key, &expected);
	hole = s->key->complaint ? strstr(s->key->complaint, "%s") : NULL;
	if (hole)
		str_addf(&what, "%.*s%s%s", (int)(hole - s->key->complaint), s->key->complaint,
			 text, hole + 2);
	else if (s->key->complaint)
		str_add(&what, s->key->complaint);
	else
		str_addf(&what, "Invalid value \"%s\" for %s", text, str_text(&name));
	/* "Invalid argument" would only repeat what the words say. */
	r = err_set(e,
		    errnum == ENAMETOOLONG ? ERR_CONFIG_VALUE_TOO_LONG : ERR_CONFIG_VALUE_INVALID,
		    errnum == EINVAL ? 0 : errnum, "%s", str_text(&what));
	err_hint(e, "%s takes %s", str_text(&name), str_text(&expected));
	return r;
}

int value_set(const struct value_slot *s, const char *text, struct err *e)
{
	const struct value_class *class = &classes[s->key->type];
	int r;

	if (!class->parse)
		return err_set(e, ERR_CONFIG_VALUE_INVALID, 0, "%s must not have a value",
			       s->key->name);
	r = class->parse(s, text, e);
	/* A list keeps what stands before a bad element. */
	if (r == 0 || class->list)
		*s->place = s->origin;
	return r;
}

static int put_default(const struct value_slot *s, const char *text, struct err *e)
{
	const struct value_class *class = &classes[s->key->type];

	if (class->clear)
		class->clear(s);
	else
		memset(s->field, 0, class->size);
	/* A family that loses one member keeps the origin of the others. */
	if (!s->member)
		*s->place = (struct origin){};
	if (class->unset)
		*(int32_t *)s->field = class->unset;
	return text ? class->parse(s, text, e) : 0;
}

void value_reset(const struct value_slot *s)
{
	put_default(s, s->key->initial, NULL);
}

int value_clear(const struct value_slot *s, struct err *e)
{
	return put_default(s, s->key->cleared ? s->key->cleared : s->key->initial, e);
}

int value_set_empty(const struct value_slot *s, struct err *e)
{
	const struct config_key *key = s->key;
	const char *put = key->emptied ? key->emptied : key->cleared;
	int r;

	if (key->flags & KEY_EMPTY_REFUSED)
		return value_refuse(s, "", 0, e);
	r = put ? put_default(s, put, e) : value_clear(s, e);
	if (r < 0)
		return r;
	if (put)
		*s->place = s->origin;
	if (key->flags & KEY_EMPTY_FAILS)
		return err_set(e, ERR_CONFIG_VALUE_INVALID, 0, "%s must not be empty", key->name);
	return 0;
}

void value_print(const struct value_slot *s, struct str *out)
{
	const struct value_class *class = &classes[s->key->type];

	if (class->print)
		class->print(s, out);
}

const char *value_next_word(const char **at, const char *separators, size_t *ret_len)
{
	const char *word = *at + strspn(*at, separators);

	*ret_len = strcspn(word, separators);
	*at = word + *ret_len;
	return *ret_len ? word : NULL;
}
