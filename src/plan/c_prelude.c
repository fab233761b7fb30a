/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The prelude of a start whose plan can't be made yet: pre-start hooks may make the very root file
 * system that it is about, in a mount namespace of the supervisor's own. No facts exist here.
 */

#include "plan/compiler.h"

bool plan_needs_prelude(const struct config *config)
{
	return config->values.monitor_unshare || config->values.hooks[HOOK_PRE_START].count > 0;
}

static int compile_steps(struct compiler *c, struct err *e)
{
	int r = compile_pid_file(c, e);

	if (r >= 0 && c->values->monitor_unshare)
		STEP(c, SECTION_START, OP_MOUNT_NS_ENTER, "the supervisor",
		     compile_key_origin(c, "lxc.monitor.unshare"));
	if (r >= 0)
		r = compile_pre_start_hooks(c, e);
	STEP(c, SECTION_START, OP_COMPILE, c->request->name, "");
	if (r >= 0)
		r = compile_stop(c, e);
	if (r >= 0)
		r = compile_undo(c, e);
	if (r >= 0)
		r = compile_hook_environment(c, e);
	return r;
}

int plan_compile_prelude(const struct plan_request *request, const struct config *config,
			 struct str *ret, struct err *e)
{
	struct compiler c;
	int r;

	compiler_init(&c, request, config, NULL);
	c.b.plan.flags = PLAN_IS_PRELUDE | (request->is_application ? PLAN_IS_APPLICATION : 0);
	r = compile_steps(&c, e);
	if (r >= 0)
		r = plan_build_finish(&c.b, ret, e);
	compiler_finish(&c);
	return r < 0 ? r : 0;
}
