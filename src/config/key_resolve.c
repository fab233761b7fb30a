/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * From the text of a key to its row: plain keys, members of families, keys of an interface; what is
 * unknown gets a suggestion. Also the lists of key names.
 *
 * Rows are only ever reached through config_key_find() and config_net_key_find(), which live in
 * other files: tests/golden takes single rows away at that seam to see which test misses them.
 */

#include "config/keys.h"

#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "base/names.h"
#include "base/num.h"
#include "base/suggest.h"

bool config_key_is_supported(const char *name)
{
	const struct config_key *key = config_key_find(name, strlen(name));

	return key && !(key->flags & KEY_UNSUPPORTED);
}

static int resolve_unknown(const char *name, struct err *e)
{
	struct suggestion s;
	const char *best;
	int r = err_set(e, ERR_CONFIG_KEY_UNKNOWN, 0, "Unsupported config key \"%s\"", name);

	/* Nobody reads the suggestion, and looking for it is what costs. */
	if (!e)
		return r;
	suggest_init(&s, name);
	for (size_t i = 0; i < config_key_count; i++)
		if (!(config_keys[i].flags & KEY_UNSUPPORTED))
			suggest_offer(&s, config_keys[i].name);
	best = suggest_best(&s);
	if (best)
		err_hint(e, "did you mean \"%s\"?", best);
	return r;
}

static int resolve_net_member(const char *name, const char *subkey, struct key_ref *ret,
			      struct err *e)
{
	struct suggestion s;
	const char *best;
	int r;

	ret->key = config_net_key_find(subkey, strlen(subkey));
	if (ret->key)
		return 0;
	r = err_set(e, ERR_CONFIG_KEY_UNKNOWN, 0, "Unknown network configuration key \"%s\"", name);
	if (!e)
		return r;
	suggest_init(&s, subkey);
	for (size_t i = 0; i < config_net_key_count; i++)
		suggest_offer(&s, config_net_keys[i].name);
	best = suggest_best(&s);
	if (best)
		err_hint(e, "did you mean \"lxc.net.%u.%s\"?", (unsigned)ret->net_index, best);
	return r;
}

/* `rest` is what stands behind "lxc.net.". */
static int resolve_net(const char *name, const char *rest, struct key_ref *ret, struct err *e)
{
	const char *at = rest;
	uint64_t index;
	int r;

	if (*at < '0' || *at > '9')
		return err_set(e, ERR_CONFIG_KEY_MALFORMED, 0,
			       "Failed to detect digit in string \"%s\": \"%s\" is no key of a "
			       "network interface, they are named lxc.net.<number>.<key>",
			       rest, name);
	r = num_take_u64(&at, &index);
	if (r < 0 || index >= INT32_MAX)
		return err_set(e, ERR_CONFIG_KEY_MALFORMED, 0,
			       "Number of configured networks would overflow the counter: \"%s\"",
			       name);
	ret->net_index = (uint32_t)index;
	if (*at == '\0') {
		ret->form = KEY_FORM_NET;
		return 0;
	}
	if (*at != '.')
		return err_set(e, ERR_CONFIG_KEY_MALFORMED, 0,
			       "Failed to parse network index: \"%s\"", name);
	if (at[1] == '\0')
		return err_set(e, ERR_CONFIG_KEY_MALFORMED, 0, "Invalid subkey: \"%s\"", name);
	ret->form = KEY_FORM_NET_MEMBER;
	return resolve_net_member(name, at + 1, ret, e);
}

/* The family whose prefix the name begins with: lxc.sysctl.x, but not lxc.sysctlx. */
static const struct config_key *resolve_family(const char *name, const char **ret_member)
{
	const char *dot = strchr(name, '.');

	/* Members hold dots themselves, prefixes do too: try the prefixes of the name in turn. */
	while (dot && (dot = strchr(dot + 1, '.'))) {
		const struct config_key *key = config_key_find(name, (size_t)(dot - name));

		if (!key)
			key = config_key_find(name, (size_t)(dot - name) + 1);
		if (key && (key->flags & KEY_FAMILY)) {
			*ret_member = dot + 1;
			return key;
		}
	}
	return NULL;
}

/*
 * A file of cgroup v1 is CONTROLLER.FILE, or one of the few that all controllers have. A controller
 * alone may be asked for and has no value (LXC). What else begins with lxc.cgroup. is a slip of a
 * key of its own, such as lxc.cgroup.relative.
 */
static bool is_cgroup_v1_file(const char *member)
{
	static const char *const without_dot[] = {
		"blkio",      "cpu",    "cpuacct", "cpuset",        "devices",  "freezer",
		"hugetlb",    "memory", "misc",    "net_cls",       "net_prio", "notify_on_release",
		"perf_event", "pids",   "rdma",    "release_agent", "tasks",
	};

	if (strchr(member, '.'))
		return !text_starts(member, "dir.");
	for (size_t i = 0; i < ARRAY_LENGTH(without_dot); i++)
		if (strcmp(without_dot[i], member) == 0)
			return true;
	return false;
}

static int resolve_member(const char *name, struct key_ref *ret, struct err *e)
{
	if (ret->member[0] == '\0')
		return err_set(e, ERR_CONFIG_KEY_MALFORMED, 0,
			       "Invalid config key \"%s\": a name is missing behind the last dot",
			       name);
	ret->form = KEY_FORM_MEMBER;
	if (ret->key->flags & KEY_OLD && !is_cgroup_v1_file(ret->member))
		return resolve_unknown(name, e);
	if (ret->key->type == VALUE_SHARED_NAMESPACE && namespace_parse(ret->member, false) < 0)
		return err_set(e, ERR_CONFIG_KEY_MALFORMED, 0, "Invalid namespace name \"%s\"",
			       ret->member);
	return 0;
}

int config_key_resolve(const char *name, struct key_ref *ret, struct err *e)
{
	const char *net = text_after(name, "lxc.net.");

	*ret = (struct key_ref){};
	if (net)
		return resolve_net(name, net, ret, e);
	ret->key = config_key_find(name, strlen(name));
	if (ret->key && ret->key->type == VALUE_GROUP_OF_KEYS && strcmp(name, "lxc.net") == 0) {
		ret->form = KEY_FORM_NETS;
		return 0;
	}
	if (ret->key && text_ends(name, "."))
		return err_set(e, ERR_CONFIG_KEY_MALFORMED, 0,
			       "Invalid config key \"%s\": a name is missing behind the last dot",
			       name);
	if (ret->key) {
		ret->form = ret->key->flags & KEY_FAMILY ? KEY_FORM_FAMILY : KEY_FORM_PLAIN;
		return 0;
	}
	ret->key = resolve_family(name, &ret->member);
	if (ret->key)
		return resolve_member(name, ret, e);
	return resolve_unknown(name, e);
}

/* What get_keys(prefix) answers; fixed lists of LXC, among them one name that is no key. */
static const struct {
	const char *prefix;
	const char *names;
} key_lists[] = {
	{"lxc.apparmor", "allow_incomplete\nallow_nesting\nprofile\nraw\n"},
	{"lxc.cgroup", "dir\n"},
	{"lxc.selinux", "context\ncontext.keyring\n"},
	{"lxc.mount", "auto\nentry\nfstab\n"},
	{"lxc.rootfs", "mount\noptions\npath\n"},
	{"lxc.uts", "name\n"},
	{"lxc.hook", "autodev\nautodevtmpfssize\nclone\ndestroy\nmount\npost-stop\npre-mount\n"
		     "pre-start\nstart-host\nstart\nstop\n"},
	{"lxc.cap", "drop\nkeep\n"},
	{"lxc.console", "logfile\npath\n"},
	{"lxc.environment", "runtime\nhooks\n"},
	{"lxc.seccomp", "profile\n"},
	{"lxc.signal", "halt\nreboot\nstop\n"},
	{"lxc.start", "auto\ndelay\norder\n"},
	{"lxc.monitor", "unshare\n"},
	{"lxc.keyring", "session\n"},
};

int config_keys_print(const char *prefix, struct str *out)
{
	if (!prefix || prefix[0] == '\0') {
		for (size_t i = 0; i < config_key_count; i++)
			if (!(config_keys[i].flags & KEY_UNLISTED))
				str_addf(out, "%s\n", config_keys[i].name);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(key_lists); i++) {
		if (strcmp(key_lists[i].prefix, prefix) == 0) {
			str_add(out, key_lists[i].names);
			return 0;
		}
	}
	return -EINVAL;
}
