/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The keys whose effect is not built yet: a start that would need one of them is refused, with the
 * key and its line, instead of going on without.
 *
 * Keys that have no effect on a start (lxc.start.*, lxc.group, lxc.rootfs.managed …) pass, and so
 * do those of a security module that this host doesn't use, as with LXC. Network keys are refused
 * by c_net.c.
 */

#include "plan/compiler.h"

#include <string.h>

static bool is_one_of(const char *text, const char *a, const char *b)
{
	return !text || strcmp(text, a) == 0 || strcmp(text, b) == 0;
}

int compile_refuse_unsupported(struct compiler *c, struct err *e)
{
	const struct config_values *v = c->values;

	if (c->facts->apparmor_enabled &&
	    !is_one_of(v->apparmor.profile, "unconfined", "unchanged"))
		return compile_unsupported(c, "lxc.apparmor.profile",
					   compile_key_origin(c, "lxc.apparmor.profile"),
					   compile_textf(c,
							 "the profile \"%s\" on a host with "
							 "AppArmor",
							 v->apparmor.profile),
					   e);
	if (c->facts->selinux_enabled && !is_one_of(v->selinux.context, "unconfined_t", ""))
		return compile_unsupported(c, "lxc.selinux.context",
					   compile_key_origin(c, "lxc.selinux.context"),
					   "labels on a host with SELinux", e);
	if (c->facts->selinux_enabled && v->selinux.keyring_context)
		return compile_unsupported(c, "lxc.selinux.context.keyring",
					   compile_key_origin(c, "lxc.selinux.context.keyring"),
					   "labels on a host with SELinux", e);
	if (v->seccomp.profile && v->seccomp.proxy)
		return compile_unsupported(c, "lxc.seccomp.notify.proxy",
					   compile_key_origin(c, "lxc.seccomp.notify.proxy"),
					   "handing system calls to another program", e);
	return 0;
}
