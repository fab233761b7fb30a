/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The table of old names and the numbering of old interface keys.
 */

#include "config/legacy.h"

#include <string.h>

#include "base/macros.h"

/* clang-format off */
static const struct {
	const char *old;
	const char *now; /* NULL: without effect today */
	bool prefix;     /* what stands behind a dot goes along: lxc.limit.nofile */
} rows[] = {
	{"lxc.aa_allow_incomplete", "lxc.apparmor.allow_incomplete"},
	{"lxc.aa_profile",          "lxc.apparmor.profile"},
	{"lxc.console",             "lxc.console.path"},
	{"lxc.devtty.dir",          "lxc.tty.dir"}, /* of Proxmox VE, never of LXC */
	{"lxc.devttydir",           "lxc.tty.dir"},
	{"lxc.haltsignal",          "lxc.signal.halt"},
	{"lxc.id_map",              "lxc.idmap"},
	{"lxc.init_cmd",            "lxc.init.cmd"},
	{"lxc.init_gid",            "lxc.init.gid"},
	{"lxc.init_uid",            "lxc.init.uid"},
	{"lxc.kmsg",                NULL},
	{"lxc.limit",               "lxc.prlimit", .prefix = true},
	{"lxc.logfile",             "lxc.log.file"},
	{"lxc.loglevel",            "lxc.log.level"},
	{"lxc.mount",               "lxc.mount.fstab"},
	{"lxc.network",             "lxc.net"},
	{"lxc.pivotdir",            NULL},
	{"lxc.pts",                 "lxc.pty.max"},
	{"lxc.rebootsignal",        "lxc.signal.reboot"},
	{"lxc.rootfs",              "lxc.rootfs.path"},
	{"lxc.se_context",          "lxc.selinux.context"},
	{"lxc.seccomp",             "lxc.seccomp.profile"},
	{"lxc.stopsignal",          "lxc.signal.stop"},
	{"lxc.syslog",              "lxc.log.syslog"},
	{"lxc.tty",                 "lxc.tty.max"},
	{"lxc.utsname",             "lxc.uts.name"},
};
/* clang-format on */

/* ipv4 and ipv6 alone were the address. */
static const char *net_subkey(const char *old)
{
	if (strcmp(old, "ipv4") == 0)
		return "ipv4.address";
	if (strcmp(old, "ipv6") == 0)
		return "ipv6.address";
	return old;
}

/* `rest` is what stands behind "lxc.network.". */
static void translate_net(const char *rest, struct legacy_nets *nets, bool adds, struct str *out)
{
	size_t digits = strspn(rest, "0123456789");

	str_add(out, "lxc.net.");
	if (digits > 0) {
		str_add_bytes(out, rest, digits);
		if (rest[digits] == '.')
			str_addf(out, ".%s", net_subkey(rest + digits + 1));
		else
			str_add(out, rest + digits);
		return;
	}
	if (adds && strcmp(rest, "type") == 0)
		nets->current = nets->next++;
	str_addf(out, "%lld.%s", nets->current < 0 ? 0LL : (long long)nets->current,
		 net_subkey(rest));
}

enum legacy_result legacy_translate(const char *key, struct legacy_nets *nets, bool adds,
				    struct str *out)
{
	const char *net = text_after(key, "lxc.network.");

	if (net) {
		translate_net(net, nets, adds, out);
		return LEGACY_RENAMED;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		const char *rest = text_after(key, rows[i].old);

		if (!rest || (*rest != '\0' && !(*rest == '.' && rows[i].prefix)))
			continue;
		if (!rows[i].now)
			return LEGACY_NO_EFFECT;
		str_add(out, rows[i].now);
		str_add(out, rest);
		return LEGACY_RENAMED;
	}
	return LEGACY_PRESENT;
}

const char *legacy_row(unsigned i, const char **now)
{
	if (i >= ARRAY_LENGTH(rows))
		return NULL;
	*now = rows[i].now;
	return rows[i].old;
}
