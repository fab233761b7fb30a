/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-cgroup: print or set a file of a running container's cgroup, by the names of either version
 * (spec/cli.md §3.3).
 */

#include "tools/tools.h"

#include <stdlib.h>
#include <string.h>

#include "tools/session.h"

enum { USUAL_ROOM = 4096 };

struct cgroup_values {
	struct cli_common common;
	bool save;
};

/* The causes below the sentences that scripts know. */
static int fail(struct session *s, struct err *e, const char *value, const char *object)
{
	if (e->id == ERR_NOT_RUNNING) {
		err_clear(e);
		err_set(e, ERR_NOT_RUNNING, 0, "'%s:%s' is not running", s->lxcpath,
			s->common->name);
		if (!s->c->is_defined(s->c))
			err_hint(e, "it is not defined in %s", s->lxcpath);
		return session_fail(s, e);
	}
	if (value)
		err_wrap(e, e->code, "Failed to assign '%s' value to '%s' for '%s'", value, object,
			 s->common->name);
	else
		err_wrap(e, e->code, "Failed to retrieve value of '%s' for '%s:%s'", object,
			 s->lxcpath, s->common->name);
	return session_fail(s, e);
}

/* The whole value; it may have grown since its length was told. Bytes, or negative. */
static int get(struct session *s, const char *object, char **ret)
{
	int room = USUAL_ROOM;

	for (;;) {
		char *value = malloc((size_t)room);
		int length = value ? s->c->get_cgroup_item(s->c, object, value, room) : -1;

		if (length >= 0 && length < room) {
			*ret = value;
			return length;
		}
		free(value);
		if (length < 0)
			return length;
		room = length + USUAL_ROOM;
	}
}

static int print(struct session *s, const char *object)
{
	autofree char *value = NULL;
	autostr out = {0};
	struct err e;
	int length = get(s, object, &value);

	if (length < 0) {
		e = *tare_last_error(s->c);
		return fail(s, &e, NULL, object);
	}
	str_add_bytes(&out, value, (size_t)length);
	if (text_ends(str_text(&out), "\n"))
		str_truncate(&out, out.len - 1);
	str_add_char(&out, '\n');
	return cli_print(s->tool->name, &out);
}

/* What is done once, or says of the moment which processes there are: no start can repeat that. */
static bool is_of_the_moment(const char *object)
{
	static const char *const names[] = {"cgroup.procs",   "cgroup.threads",    "tasks",
					    "cgroup.kill",    "cgroup.freeze",     "freezer.state",
					    "memory.reclaim", "memory.force_empty"};

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
		if (strcmp(names[i], object) == 0)
			return true;
	return false;
}

/* Asked first: nothing is set that is not saved then. Whether it can be; if not, it was said. */
static bool can_save(const struct session *s, const char *object)
{
	if (is_of_the_moment(object)) {
		session_say(s, "'%s' can't be saved: it is no setting that a start could repeat",
			    object);
		return false;
	}
	if (s->c->is_defined(s->c))
		return true;
	session_say(s, "'%s:%s' is not defined: it has no configuration to save '%s' in",
		    s->lxcpath, s->common->name, object);
	return false;
}

/* The line of the configuration that does the same at the next start, when no other wins there. */
static int save(struct session *s, const char *object, const char *value)
{
	autofree char *counterpart = tare_cgroup_counterpart(object);
	autostr key = {0};
	struct err e = {0};

	str_addf(&key, "%s%s", tare_cgroup_prefix(object), object);
	if (str_failed(&key))
		return session_say(s, "out of memory");
	/* Rules for devices add up; of everything else there is one value. */
	if (!text_starts(object, "devices."))
		(void)s->c->clear_config_item(s->c, str_text(&key));
	if (counterpart)
		(void)s->c->clear_config_item(s->c, counterpart);
	if (tare_set_item(s->c, str_text(&key), value, "(command line)", &e) < 0)
		return session_fail(s, &e);
	if (s->c->save_config(s->c, NULL))
		return 0;
	e = *tare_last_error(s->c);
	err_wrap(&e, e.code, "cannot save %s = %s", str_text(&key), value);
	return session_fail(s, &e);
}

static int set(struct session *s, const struct cgroup_values *values, const char *object,
	       const char *value)
{
	struct err e;

	if (values->save && !can_save(s, object))
		return 1;
	if (!s->c->set_cgroup_item(s->c, object, value)) {
		e = *tare_last_error(s->c);
		return fail(s, &e, value, object);
	}
	return values->save ? save(s, object, value) : 0;
}

static int run(const struct cli_tool *tool, int argc, char **argv)
{
	struct cgroup_values values = {0};
	autoarguments arguments = {0};
	autosession s = {0};
	autostr value = {0};
	struct err e = {0};
	int code;

	if (!cli_begin(tool, argc, argv, &values, &arguments, &code))
		return code;
	s.tool = tool;
	s.common = &values.common;
	if (arguments.count == 0) {
		err_set(&e, ERR_USAGE, 0, "the name of a cgroup file is missing, as memory.max");
		err_wrap(&e, e.code, "could not parse command line");
		return session_fail(&s, &e);
	}
	if (values.save && arguments.count < 2)
		return session_say(&s, "--save needs a value to save");
	/* `devices.allow c 10:229 rwm` without quotes is what people type. */
	for (size_t i = 1; i < arguments.count; i++)
		str_addf(&value, "%s%s", i > 1 ? " " : "", arguments.words[i]);
	if (str_failed(&value))
		return session_say(&s, "out of memory");
	s.only_looks = arguments.count < 2;
	if (!session_begin(&s, tool, &values.common, values.common.rcfile))
		return 1;
	if (!s.c->may_control(s.c))
		return session_say(&s, "Insufficient privileges to control %s:%s", s.lxcpath,
				   values.common.name);
	return arguments.count < 2 ? print(&s, arguments.words[0])
				   : set(&s, &values, arguments.words[0], str_text(&value));
}

static const struct cli_option options[] = {
	{
		.name = "save",
		.kind = CLI_FLAG,
		.offset = offsetof(struct cgroup_values, save),
		.help = "write the value into the container's configuration, too",
	},
	{0},
};

const struct cli_tool tool_cgroup = {
	.name = "lxc-cgroup",
	.summary = "print or set a cgroup value of a running container",
	.synopsis = "[-n] NAME OBJECT\n[-n] NAME [--save] OBJECT VALUE…",
	.description =
		"OBJECT is a file of the container's cgroup, by its name of cgroup v2 (memory.max) "
		"or v1 (memory.limit_in_bytes), whichever version the host has: what it has not "
		"is translated. Without VALUE the file is printed; with it, it is set for as long "
		"as the container runs.",
	.options = options,
	.flags = CLI_CONTAINER_OPTIONS | CLI_TAKES_NAME | CLI_NEEDS_NAME,
	.containers = "--running",
	.run = run,
};
