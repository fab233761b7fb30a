/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hooks and network scripts: their command lines, arguments and environment (spec/runtime.md §12).
 *
 * LXC_TARGET is not here: whether a container stops or reboots is known to the supervisor only. The
 * namespace variables are those of namespaces that are still open, so post-stop hooks have none
 * (LXC gives them paths that are dead by then).
 */

#include "plan/compiler.h"

#include <errno.h>
#include <string.h>

#include "base/macros.h"

static const struct {
	const char *name, *key;
} kinds[HOOK_COUNT] = {
	[HOOK_AUTODEV] = {"autodev", "lxc.hook.autodev"},
	[HOOK_CLONE] = {"clone", "lxc.hook.clone"},
	[HOOK_DESTROY] = {"destroy", "lxc.hook.destroy"},
	[HOOK_MOUNT] = {"mount", "lxc.hook.mount"},
	[HOOK_POST_STOP] = {"post-stop", "lxc.hook.post-stop"},
	[HOOK_PRE_MOUNT] = {"pre-mount", "lxc.hook.pre-mount"},
	[HOOK_PRE_START] = {"pre-start", "lxc.hook.pre-start"},
	[HOOK_START] = {"start", "lxc.hook.start"},
	[HOOK_START_HOST] = {"start-host", "lxc.hook.start-host"},
	[HOOK_STOP] = {"stop", "lxc.hook.stop"},
};

struct texts {
	VEC_OF(const char *)
};

static void add_text(struct compiler *c, struct texts *list, const char *text)
{
	const char **item = vec_push_in(list, &c->arena);

	if (item)
		*item = text;
	else if (c->b.problem == 0)
		c->b.problem = -ENOMEM;
}

static void add_texts(struct compiler *c, struct texts *list, const char *const *texts)
{
	for (; texts && *texts; texts++)
		add_text(c, list, *texts);
}

static void add_items(struct compiler *c, struct texts *list, const struct config_items *items)
{
	for (size_t i = 0; i < items->count; i++)
		add_text(c, list,
			 compile_textf(c, "%s=%s", compile_literal(c, items->items[i].name),
				       compile_literal(c, items->items[i].text)));
}

/* The list as bytes of the plan; 0 when it is empty. */
static uint32_t build_list(struct compiler *c, struct texts *list)
{
	if (list->count == 0)
		return 0;
	add_text(c, list, NULL);
	return c->b.problem ? 0 : plan_build_list(&c->b, list->items);
}

/* A word for sh between single quotes. */
static const char *quote(struct compiler *c, const char *word)
{
	const char *text = "'";

	while (*word) {
		size_t n = strcspn(word, "'");

		text = compile_textf(c, "%s%.*s%s", text, (int)n, word, word[n] ? "'\\''" : "");
		word += n + (word[n] != '\0');
	}
	return compile_textf(c, "%s'", text);
}

struct script {
	const char *text, *section, *type, *origin;
	enum plan_op op;
};

static void add_script(struct compiler *c, enum plan_section s, const struct script *script,
		       struct texts *extra, struct texts *environment, unsigned flags)
{
	uint32_t type = plan_build_text(&c->b, script->type), command, lists[2];
	struct plan_step *step;

	if (c->values->hook_version == 0) {
		command = plan_build_text(&c->b,
					  compile_textf(c, "exec %s %s '%s' '%s'", script->text,
							quote(c, c->request->name), script->section,
							script->type));
	} else {
		command = plan_build_text(&c->b, compile_textf(c, "exec %s", script->text));
		add_text(c, environment, compile_textf(c, "LXC_HOOK_TYPE=%s", script->type));
		add_text(c, environment, compile_textf(c, "LXC_HOOK_SECTION=%s", script->section));
	}
	if (script->op == OP_HOOK && c->r_pid != PLAN_NO_REGISTER)
		add_text(c, environment,
			 compile_textf(c, "LXC_PID=%s", compile_reference(c, c->r_pid)));
	lists[0] = build_list(c, extra);
	lists[1] = build_list(c, environment);
	step = STEP(c, s, script->op,
		    compile_textf(c, "%s%s: %s",
				  strcmp(script->section, "net") == 0 ? "script." : "",
				  script->type, script->text),
		    script->origin);
	step->flags = (uint8_t)flags;
	step->arg[0] = type;
	step->arg[1] = command;
	step->arg[2] = lists[0];
	step->arg[3] = lists[1];
	if (script->op == OP_HOOK_INSIDE) {
		step->in = c->r_hook_write;
		step->arg[4] = strcmp(script->type, kinds[HOOK_START].name) == 0;
	} else if (strcmp(script->type, "post-stop") == 0) {
		step->arg[4] = HOOK_STOPS_REBOOT;
	}
}

/* Hooks of a kind, as steps of a section; `extra` and `environment` end in NULL (or are NULL) and
 * may hold references. */
static int add_hooks(struct compiler *c, enum plan_section s, enum hook_kind kind, enum plan_op op,
		     const char *const *extra, const char *const *environment, unsigned step_flags,
		     struct err *e)
{
	const struct config_items *hooks = &c->values->hooks[kind];

	for (size_t i = 0; i < hooks->count; i++) {
		const struct script script = {
			hooks->items[i].text, "lxc", kinds[kind].name,
			compile_origin(c, hooks->items[i].origin, kinds[kind].key), op};
		struct texts arguments = {}, variables = {};

		add_texts(c, &arguments, extra);
		if (op == OP_HOOK_INSIDE) {
			add_items(c, &variables, &c->values->environment.all);
			add_items(c, &variables, &c->values->environment.hooks);
		}
		add_texts(c, &variables, environment);
		add_script(c, s, &script, &arguments, &variables, step_flags);
	}
	return 0;
}

int compile_script(struct compiler *c, enum plan_section s, const char *text, const char *type,
		   const char *origin, const char *const *extra, const char *const *environment,
		   unsigned step_flags, struct err *e)
{
	const struct script script = {text, "net", type, origin, OP_HOOK};
	struct texts arguments = {}, variables = {};

	add_texts(c, &arguments, extra);
	add_texts(c, &variables, environment);
	add_script(c, s, &script, &arguments, &variables, step_flags);
	return 0;
}

const char *const *compile_ns_environment(struct compiler *c)
{
	static const char *const names[NAMESPACE_COUNT] = {
		[NAMESPACE_USER] = "USER",     [NAMESPACE_MNT] = "MNT",   [NAMESPACE_PID] = "PID",
		[NAMESPACE_UTS] = "UTS",       [NAMESPACE_IPC] = "IPC",   [NAMESPACE_NET] = "NET",
		[NAMESPACE_CGROUP] = "CGROUP", [NAMESPACE_TIME] = "TIME",
	};
	static const char *const none[] = {NULL};
	struct texts list = {};

	for (unsigned k = 0; k < NAMESPACE_COUNT; k++)
		if (c->r_ns[k] != PLAN_NO_REGISTER)
			add_text(c, &list,
				 compile_textf(c, "LXC_%s_NS=%s", names[k],
					       compile_reference(c, c->r_ns[k])));
	add_text(c, &list, NULL);
	return c->b.problem ? none : list.items;
}

/* "mnt:/proc/PID/fd/N" of every namespace kept open: arguments of version 0. */
static const char *const *ns_arguments(struct compiler *c)
{
	struct texts list = {};

	for (unsigned k = 0; k < NAMESPACE_COUNT; k++)
		if (c->r_ns[k] != PLAN_NO_REGISTER)
			add_text(c, &list,
				 compile_textf(c, "%s:%s", namespace_name((enum namespace_kind)k),
					       compile_reference(c, c->r_ns[k])));
	add_text(c, &list, NULL);
	return c->b.problem ? NULL : list.items;
}

int compile_hook_pipe(struct compiler *c, struct err *e)
{
	struct plan_step *step;

	if (!c->has_inside_hooks)
		return 0;
	c->r_hook_read = plan_build_register(&c->b, REGISTER_FD, "hook output");
	c->r_hook_write = plan_build_register(&c->b, REGISTER_FD, "hook output, write end");
	step = STEP(c, SECTION_START, OP_HOOK_PIPE, "the hooks inside", "");
	step->out = c->r_hook_read;
	step->arg[0] = c->r_hook_write;
	return 0;
}

static int inside(struct compiler *c, enum hook_kind kind, struct err *e)
{
	return add_hooks(c, SECTION_START, kind, OP_HOOK_INSIDE, NULL, NULL, 0, e);
}

int compile_pre_start_hooks(struct compiler *c, struct err *e)
{
	return add_hooks(c, SECTION_START, HOOK_PRE_START, OP_HOOK, NULL, NULL, 0, e);
}

int compile_pre_mount_hooks(struct compiler *c, struct err *e)
{
	return inside(c, HOOK_PRE_MOUNT, e);
}

int compile_mount_hooks(struct compiler *c, struct err *e)
{
	return inside(c, HOOK_MOUNT, e);
}

int compile_autodev_hooks(struct compiler *c, struct err *e)
{
	return c->has_autodev ? inside(c, HOOK_AUTODEV, e) : 0;
}

/* They are the container's programs: out of the session that has the caller's terminal. */
int compile_start_hooks(struct compiler *c, struct err *e)
{
	if (c->values->hooks[HOOK_START].count > 0)
		STEP(c, SECTION_START, OP_SETSID, "init", "");
	return inside(c, HOOK_START, e);
}

int compile_start_host_hooks(struct compiler *c, struct err *e)
{
	return add_hooks(c, SECTION_START, HOOK_START_HOST, OP_HOOK, NULL, NULL, 0, e);
}

/* Its program is looked for before the pivot, so that the error comes before anything runs. */
int compile_start_hook_check(struct compiler *c, struct err *e)
{
	const struct config_items *hooks = &c->values->hooks[HOOK_START];
	const char *path;
	uint32_t text;
	struct plan_step *step;

	if (hooks->count == 0 || hooks->items[0].text[0] != '/' || c->r_root == PLAN_NO_REGISTER)
		return 0;
	path = compile_textf(c, "%.*s", (int)strcspn(hooks->items[0].text, " \t'\"\\$;|&<>()`*?[#"),
			     hooks->items[0].text);
	text = plan_build_text(&c->b, path);
	step = STEP(c, SECTION_START, OP_PATH_CHECK, path,
		    compile_origin(c, hooks->items[0].origin, "lxc.hook.start"));
	step->arg[0] = c->r_root;
	step->arg[1] = text;
	return 0;
}

int compile_stop_hooks(struct compiler *c, enum plan_section s, struct err *e)
{
	bool is_old = c->values->hook_version == 0;

	return add_hooks(c, s, HOOK_STOP, OP_HOOK, is_old ? ns_arguments(c) : NULL,
			 compile_ns_environment(c), STEP_LIVE | STEP_WARN, e);
}

int compile_post_stop_hooks(struct compiler *c, enum plan_section s, struct err *e)
{
	return add_hooks(c, s, HOOK_POST_STOP, OP_HOOK, NULL, NULL, STEP_LIVE | STEP_WARN, e);
}

static void add_variable(struct compiler *c, struct texts *list, const char *name,
			 const char *value)
{
	if (value && *value)
		add_text(c, list, compile_textf(c, "%s=%s", name, compile_literal(c, value)));
}

/* What the configuration's user sets goes first: the names of ours behind it win. */
int compile_hook_environment(struct compiler *c, struct err *e)
{
	const struct config_values *v = c->values;
	struct texts list = {};

	add_items(c, &list, &v->environment.hooks);
	add_variable(c, &list, "LXC_NAME", c->request->name);
	add_variable(c, &list, "LXC_CONFIG_FILE", c->request->config_file);
	add_variable(c, &list, "LXC_ROOTFS_MOUNT", v->rootfs_mount.mount);
	add_variable(c, &list, "LXC_ROOTFS_PATH", v->rootfs.path);
	add_variable(c, &list, "LXC_CONSOLE", v->console.path);
	add_variable(c, &list, "LXC_CONSOLE_LOGPATH", v->console.logfile);
	if (!c->facts || c->facts->cgroup.has_namespace)
		add_variable(c, &list, "LXC_CGNS_AWARE", "1");
	add_variable(c, &list, "LXC_LOG_LEVEL", c->request->log_level);
	add_variable(c, &list, "LXC_HOOK_VERSION", v->hook_version ? "1" : "0");
	c->b.plan.hook_environment = build_list(c, &list);
	return 0;
}
