/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc.seccomp.profile: the filter that gathering made of it. Policies that hand calls to a listener
 * are not built yet.
 */

#include "plan/compiler.h"

int compile_seccomp(struct compiler *c, struct err *e)
{
	const char *key = "lxc.seccomp.profile";
	struct plan_step *step;

	if (c->facts->seccomp.has_notify)
		return compile_unsupported(c, key, compile_key_origin(c, key),
					   "a policy with `notify` actions", e);
	if (!c->facts->seccomp.program)
		return 0;
	step = STEP(c, SECTION_START, OP_SECCOMP, c->values->seccomp.profile,
		    compile_key_origin(c, key));
	step->arg[0] = plan_build_bytes(&c->b, c->facts->seccomp.program, c->facts->seccomp.size);
	step->arg[1] = c->facts->seccomp.flags;
	return 0;
}
