/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Limits of processes and files below /proc: lxc.prlimit.* and lxc.proc.* from the host's
 * side, lxc.sysctl.* from inside.
 */

#include "plan/compiler.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/names.h"
#include "base/num.h"

static const char *member_key(struct compiler *c, const char *family,
			      const struct config_item *item)
{
	return compile_textf(c, "%s.%s", family, item->name);
}

/* "unlimited" or a number; *text is moved behind it. The configuration has checked the form. */
static int take_limit(const char **text, uint64_t *ret)
{
	const char *behind = text_after(*text, "unlimited");

	if (!behind)
		return num_take_u64(text, ret);
	*text = behind;
	*ret = UINT64_MAX; /* the kernel's RLIM_INFINITY */
	return 0;
}

static int add_prlimit(struct compiler *c, const struct config_item *item, struct err *e)
{
	const char *key = member_key(c, "lxc.prlimit", item);
	const char *origin = compile_origin(c, item->origin, key);
	const char *at = item->text;
	int resource = rlimit_parse(item->name);
	uint64_t soft, hard;
	struct plan_step *step;
	int r;

	if (resource < 0) {
		r = err_set(e, ERR_CONFIG_VALUE_INVALID, 0, "Unknown resource %s", item->name);
		err_origin(e, "%s", origin);
		err_hint(e, "resources are named as setrlimit(2) does, without RLIMIT_ and in "
			    "lower case: nofile, memlock, …");
		return r;
	}
	r = take_limit(&at, &soft);
	hard = soft;
	if (r == 0 && *at == ':') {
		at++;
		r = take_limit(&at, &hard);
	}
	if (r < 0 || *at) {
		r = err_set(e, ERR_CONFIG_VALUE_INVALID, 0, "%s = %s is no limit", key, item->text);
		err_origin(e, "%s", origin);
		return r;
	}
	step = STEP(c, SECTION_START, OP_PRLIMIT, item->name, origin);
	step->arg[0] = (uint64_t)resource;
	step->arg[1] = soft;
	step->arg[2] = hard;
	return 0;
}

/* "net.ipv4.ip_forward" is the file net/ipv4/ip_forward. */
static const char *with_slashes(struct compiler *c, const char *prefix, const char *name)
{
	autostr text = {};

	str_add(&text, prefix);
	for (const char *at = name; *at; at++)
		str_add_char(&text, *at == '.' ? '/' : *at);
	if (str_failed(&text))
		c->b.problem = c->b.problem ? c->b.problem : -ENOMEM;
	return compile_textf(c, "%s", str_text(&text));
}

static void add_proc(struct compiler *c, const struct config_item *item)
{
	const char *origin = compile_origin(c, item->origin, member_key(c, "lxc.proc", item));
	struct plan_step *step = STEP(c, SECTION_START, OP_PROC_WRITE,
				      compile_textf(c, "%s = %s", item->name, item->text), origin);

	step->arg[0] = plan_build_text(&c->b, with_slashes(c, "", item->name));
	step->arg[1] = plan_build_text(&c->b, item->text);
}

/* The step itself stands right behind the clone, where the process is still one thread. */
static int check_core_sched(struct compiler *c, struct err *e)
{
	int r;

	if (!c->values->sched_core || c->has_pid_ns)
		return 0;
	r = err_set(e, ERR_CONFIG_CONFLICT, 0,
		    "Core scheduling currently requires a separate pid namespace");
	err_origin(e, "%s", compile_key_origin(c, "lxc.sched.core"));
	err_hint(e, "remove lxc.sched.core, or let the container have a pid namespace");
	return r;
}

int compile_process_limits(struct compiler *c, struct err *e)
{
	const struct config_values *v = c->values;
	int r = 0;

	for (size_t i = 0; i < v->procs.count; i++)
		add_proc(c, &v->procs.items[i]);
	for (size_t i = 0; i < v->prlimits.count && r == 0; i++)
		r = add_prlimit(c, &v->prlimits.items[i], e);
	return r;
}

int compile_limits(struct compiler *c, struct err *e)
{
	int r = check_core_sched(c, e);

	return r < 0 ? r : compile_process_limits(c, e);
}

int compile_sysctls(struct compiler *c, struct err *e)
{
	const struct config_items *sysctls = &c->values->sysctls;

	(void)e;
	for (size_t i = 0; i < sysctls->count; i++) {
		const struct config_item *item = &sysctls->items[i];
		const char *origin =
			compile_origin(c, item->origin, member_key(c, "lxc.sysctl", item));
		struct plan_step *step = STEP(c, SECTION_START, OP_WRITE,
					      compile_textf(c, "%s = %s", item->name, item->text),
					      origin);

		step->arg[0] = c->r_procfs;
		step->arg[1] = plan_build_text(&c->b, with_slashes(c, "sys/", item->name));
		step->arg[2] = plan_build_text(&c->b, item->text);
	}
	return 0;
}
