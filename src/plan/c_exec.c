/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The last steps inside: identity, directory, ids, environment and the program (spec/runtime.md
 * §15, §16).
 *
 * Whether the program exists is not looked at: pre-start hooks and mounts may bring it, and exec
 * tells.
 */

#include "plan/compiler.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/names.h"
#include "plan/command.h"

int compile_identity(struct compiler *c, struct err *e)
{
	const char *name = c->values->uts_name;
	uint32_t text = plan_build_text(&c->b, name);

	if (c->has_uts_ns && name)
		STEP(c, SECTION_START, OP_HOSTNAME, name, compile_key_origin(c, "lxc.uts.name"))
			->arg[0] = text;
	if (!c->values->keyring_session)
		STEP(c, SECTION_START, OP_KEYRING, c->request->name,
		     compile_key_origin(c, "lxc.keyring.session"));
	return 0;
}

int compile_personality(struct compiler *c, struct err *e)
{
	int32_t personality = c->values->personality;

	if (personality != PERSONALITY_UNSET)
		STEP(c, SECTION_START, OP_PERSONALITY, architecture_name(personality),
		     compile_key_origin(c, "lxc.arch"))
			->arg[0] = (uint32_t)personality;
	return 0;
}

int compile_no_new_privs(struct compiler *c, struct err *e)
{
	if (c->values->no_new_privs)
		STEP(c, SECTION_START, OP_NO_NEW_PRIVS, c->request->name,
		     compile_key_origin(c, "lxc.no_new_privs"));
	return 0;
}

int compile_cwd(struct compiler *c, struct err *e)
{
	const char *path = c->values->init.cwd;
	struct about about = {path, compile_key_origin(c, "lxc.init.cwd"), 0};
	uint32_t text = plan_build_text(&c->b, path);

	if (!path)
		return 0;
	compile_make_directory(c, about, (struct place){PLAN_NO_REGISTER, path});
	STEP(c, SECTION_START, OP_CHDIR, path, about.origin)->arg[0] = text;
	return 0;
}

struct variables {
	VEC_OF(const char *)
};

/* Of variables with the same name the last one wins: getenv(3) would find the first. */
static void set_variable(struct compiler *c, struct variables *list, const char *text)
{
	size_t length = strcspn(text, "=");
	const char **item = NULL;

	for (size_t i = 0; i < list->count && !item; i++)
		if (strncmp(list->items[i], text, length) == 0 && list->items[i][length] == '=')
			item = &list->items[i];
	if (!item)
		item = vec_push_in(list, &c->arena);
	if (item)
		*item = text;
	else if (c->b.problem == 0)
		c->b.problem = -ENOMEM;
}

static void set_items(struct compiler *c, struct variables *list, const struct config_items *items)
{
	for (size_t i = 0; i < items->count; i++)
		set_variable(c, list,
			     compile_textf(c, "%s=%s", compile_literal(c, items->items[i].name),
					   compile_literal(c, items->items[i].text)));
}

/* References to the ttys' numbers stand in the last one: "container_ttys=pts/1 pts/2". */
static uint32_t build_environment(struct compiler *c)
{
	const char *ttys = "container_ttys=";
	struct variables list = {};
	const char **end;

	set_items(c, &list, &c->values->environment.all);
	set_items(c, &list, &c->values->environment.runtime);
	set_variable(c, &list, "container=lxc");
	for (uint32_t i = 0; i < c->tty_count; i++)
		ttys = compile_textf(c, "%s%spts/%s", ttys, i ? " " : "",
				     compile_reference(c, (uint16_t)(c->r_tty_index + i)));
	if (c->tty_count > 0)
		set_variable(c, &list, ttys);
	end = vec_push_in(&list, &c->arena);
	if (!end || c->b.problem)
		return 0;
	return plan_build_list(&c->b, list.items);
}

static int no_init(struct compiler *c, const char *key, struct err *e)
{
	const char *origin = compile_key_origin(c, key);

	err_set(e, ERR_CONFIG_INCOMPLETE, 0, "No valid init detected");
	if (*origin)
		err_origin(e, "%s", origin);
	err_hint(e, "give the command behind \"--\", or set %s", key);
	return -EINVAL;
}

/* The command: of the caller, else of the configuration. */
static int choose_command(struct compiler *c, const char *const **ret, const char **ret_origin,
			  struct err *e)
{
	static const char *const standard[] = {"/sbin/init", NULL};
	const struct config_values *v = c->values;
	const char *key = "lxc.init.cmd", *text = v->init.command;

	*ret_origin = "";
	if (c->request->argv && c->request->argv[0]) {
		*ret = c->request->argv;
		return 0;
	}
	if (c->request->is_application && (v->init.execute_command || !text)) {
		key = "lxc.execute.cmd";
		text = v->init.execute_command;
	}
	if (!text && c->request->is_application)
		return no_init(c, key, e);
	if (!text) {
		*ret = standard;
		return 0;
	}
	*ret_origin = compile_key_origin(c, key);
	*ret = command_split(text, &c->arena);
	if (!*ret)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "Cannot keep the command");
	return (*ret)[0] ? 0 : no_init(c, key, e);
}

static void set_groups(struct compiler *c)
{
	const struct config_gids *groups = &c->values->init.groups;
	const char *origin = compile_key_origin(c, "lxc.init.groups"), *names = "";
	uint32_t bytes = 0;
	autostr list = {};

	/* In a user namespace becoming root has dropped them. */
	if (groups->count == 0 && c->in_user_ns)
		return;
	for (size_t i = 0; i < groups->count; i++) {
		uint32_t gid = groups->items[i].gid;

		str_add_bytes(&list, &gid, sizeof(gid));
		names = compile_textf(c, "%s%s%u", names, i ? "," : "", (unsigned)gid);
	}
	if (str_failed(&list) && c->b.problem == 0)
		c->b.problem = -ENOMEM;
	if (groups->count > 0)
		bytes = plan_build_bytes(&c->b, list.data, list.len);
	STEP(c, SECTION_START, OP_GROUPS, *names ? names : "(none)", origin)->arg[0] = bytes;
}

static const char *id_text(struct compiler *c, uint32_t id)
{
	return compile_textf(c, "%u", (unsigned)id);
}

/* Whether ids were changed, which forgets the death signal. */
static bool set_ids(struct compiler *c)
{
	const struct config_values *v = c->values;
	uint32_t uid = v->init.uid, gid = v->init.gid;
	bool has_ids = !c->has_user_ns || v->idmaps.count > 0;
	uint32_t uid_now = c->in_user_ns ? c->inside_uid : c->facts->caller.uid;
	uint32_t gid_now = c->in_user_ns ? c->inside_gid : c->facts->caller.gid;
	struct plan_step *step;

	if (!has_ids)
		return false;
	if (gid != gid_now) {
		step = STEP(c, SECTION_START, OP_SET_GID, id_text(c, gid),
			    compile_key_origin(c, "lxc.init.gid"));
		step->arg[0] = gid;
	}
	if (uid != uid_now) {
		step = STEP(c, SECTION_START, OP_SET_UID, id_text(c, uid),
			    compile_key_origin(c, "lxc.init.uid"));
		step->arg[0] = uid;
		/* What start hooks have left running must not look at us before the exec. */
		step->arg[1] = c->in_user_ns && v->hooks[HOOK_START].count == 0;
	}
	return gid != gid_now || uid != uid_now;
}

static void become_init(struct compiler *c)
{
	const struct config_values *v = c->values;
	uint32_t death = v->signal.monitor_death;
	struct plan_step *step;
	bool changed;

	if (compile_console_streams(c) &&
	    (v->init.uid != c->inside_uid || v->init.gid != c->inside_gid)) {
		step = STEP(c, SECTION_START, OP_STDIO_CHOWN,
			    compile_textf(c, "%u:%u", (unsigned)v->init.uid, (unsigned)v->init.gid),
			    compile_key_origin(c, "lxc.init.uid"));
		step->arg[0] = v->init.uid;
		step->arg[1] = v->init.gid;
	}
	set_groups(c);
	changed = set_ids(c);
	if (compile_raises_ambient(c))
		STEP(c, SECTION_START, OP_CAPS_AMBIENT, "none", "");
	if (changed || death != SIGKILL) {
		step = STEP(c, SECTION_START, OP_DEATH_SIGNAL,
			    death ? compile_textf(c, "%s",
						  signal_name((int)death) ? signal_name((int)death)
									  : id_text(c, death))
				  : "none",
			    compile_key_origin(c, "lxc.monitor.signal.pdeath"));
		step->arg[0] = death;
	}
}

int compile_exec(struct compiler *c, struct err *e)
{
	const char *const *argv = NULL, *origin = "";
	uint32_t command, environment;
	struct plan_step *step;
	int r = choose_command(c, &argv, &origin, e);

	if (r < 0)
		return r;
	become_init(c);
	step = STEP(c, SECTION_START, OP_CLOSE_OTHERS, c->request->name, "");
	step->arg[0] = c->request->listen_fds;
	command = plan_build_list(&c->b, argv);
	environment = build_environment(c);
	step = STEP(c, SECTION_START, c->request->is_application ? OP_RUN_INIT : OP_EXEC, argv[0],
		    origin);
	step->arg[0] = command;
	step->arg[1] = environment;
	return 0;
}
