/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The prelude of a start whose plan can't be made yet: pre-start hooks may make the very root file
 * system that it is about, in a mount namespace of the supervisor's own, and an ordinary user's
 * systemd is to make the cgroup. No facts exist here.
 */

#include "plan/compiler.h"

#include <string.h>

bool plan_needs_prelude(const struct plan_request *request, const struct config *config)
{
	return request->needs_scope || config->values.monitor_unshare ||
	       config->values.hooks[HOOK_PRE_START].count > 0;
}

/* What the name of a unit may be made of, systemd.unit(5); anything else as systemd writes it. */
static const char *escape(struct compiler *c, const char *name)
{
	static const char plain[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ:-_.@";
	const char *text = "";

	for (; *name; name++)
		text = strchr(plain, *name)
			       ? compile_textf(c, "%s%c", text, *name)
			       : compile_textf(c, "%s\\x%02x", text, (unsigned char)*name);
	return text;
}

/*
 * Before anything else: what hooks leave running is to be in the scope, too, and not in a session
 * that ends. Without one the container starts nevertheless, as in LXC, if it has no limits.
 */
static void enter_scope(struct compiler *c)
{
	const char *name = compile_textf(c, "lxc-%s", escape(c, c->request->name));
	struct plan_step *step;

	if (!c->request->needs_scope)
		return;
	step = STEP(c, SECTION_START, OP_SCOPE_ENTER, compile_textf(c, "%s-N.scope", name), "");
	step->arg[0] = plan_build_text(&c->b, name);
	step->flags = STEP_WARN;
}

/* A mount that outlives the supervisor can't be made in a namespace of its own. */
void compile_outer_mounts(struct compiler *c)
{
	const struct config_nets *nets = &c->values->nets;
	bool has_phys = false;

	for (size_t i = 0; i < nets->count; i++)
		has_phys = has_phys || nets->items[i].type == NET_PHYS;
	if (c->values->monitor_unshare && has_phys)
		c->r_outer = plan_build_register(&c->b, REGISTER_FD, "outer mounts");
	c->b.plan.roles[ROLE_OUTER_MOUNTS] = c->r_outer;
}

static int compile_steps(struct compiler *c, struct err *e)
{
	int r;

	compile_outer_mounts(c);
	r = compile_pid_file(c, e);
	enter_scope(c);
	if (r >= 0 && c->values->monitor_unshare)
		STEP(c, SECTION_START, OP_MOUNT_NS_ENTER, "the supervisor",
		     compile_key_origin(c, "lxc.monitor.unshare"))
			->out = c->r_outer;
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
