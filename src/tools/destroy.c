/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-destroy: remove a container with its root file system (spec/cli.md §3.10). Silent on success.
 */

#include "tools/tools.h"

#include <string.h>

#include "tools/session.h"

struct destroy_values {
	struct cli_common common;
	bool force;
	bool snapshots;
	bool clones;
};

static int tell(struct session *s, int outcome, unsigned with, struct err *e)
{
	const char *name = s->common->name;

	/* Who stands in the way need not be this one. */
	if (outcome > 0 && with && err_is_set(e))
		return session_fail(s, e);
	switch (outcome) {
	case TARE_DESTROYED:
		return 0;
	case TARE_DESTROY_NOT_DEFINED:
		return session_say(s, "Container is not defined");
	case TARE_DESTROY_RUNNING:
		return session_say(s, "%s is running", name);
	case TARE_DESTROY_HAS_SNAPSHOTS:
		return session_say(s, "Destroying %s failed: %s has snapshots", name, name);
	case TARE_DESTROY_HAS_CLONES:
		session_say(s, "Destroying %s failed: %s has clones", name, name);
		return err_is_set(e) ? session_fail(s, e) : 1;
	default:
		err_wrap(e, outcome, "Destroying %s failed", name);
		return session_fail(s, e);
	}
}

/* Like session_begin(), which undoes a creation that was killed. *ret_undone: that was all there
 * was of the container. */
static bool begin(struct session *s, const struct cli_tool *tool, const struct cli_common *common,
		  bool *ret_undone)
{
	bool was_defined;

	if (!session_begin_bare(s, tool, common))
		return false;
	was_defined = s->c->is_defined(s->c);
	session_finish(s);
	*s = (struct session){0};
	if (!session_begin(s, tool, common, NULL))
		return false;
	*ret_undone = was_defined && !s->c->is_defined(s->c);
	return true;
}

static int run(const struct cli_tool *tool, int argc, char **argv)
{
	struct destroy_values values = {0};
	autoarguments arguments = {0};
	struct err e = {0};
	autosession s = {0};
	bool undone = false;
	unsigned with;
	int code, r;

	if (!cli_begin(tool, argc, argv, &values, &arguments, &code))
		return code;
	if (!begin(&s, tool, &values.common, &undone))
		return 1;
	if (undone)
		return 0;
	if (!s.c->is_defined(s.c))
		return tell(&s, TARE_DESTROY_NOT_DEFINED, 0, &e);
	if (!s.c->may_control(s.c))
		return session_refuse(&s);
	if (s.c->is_running(s.c)) {
		if (!values.force)
			return tell(&s, TARE_DESTROY_RUNNING, 0, &e);
		if (!s.c->stop(s.c))
			return session_fail(&s, tare_last_error(s.c));
		/* An ephemeral container is gone with its run. */
		if (!s.c->is_defined(s.c))
			return 0;
	}
	with = (values.snapshots ? TARE_DESTROY_SNAPSHOTS : 0) |
	       (values.clones ? TARE_DESTROY_CLONES : 0);
	r = with ? tare_destroy_with(s.c, with, &e) : tare_destroy(s.c, &e);
	return tell(&s, r, with, &e);
}

#define AT(member) .offset = offsetof(struct destroy_values, member)

static const struct cli_option options[] = {
	{
		.letter = 'f',
		.name = "force",
		.kind = CLI_FLAG,
		AT(force),
		.help = "kill the container first if it runs",
	},
	{
		.letter = 's',
		.name = "snapshots",
		.kind = CLI_FLAG,
		AT(snapshots),
		.help = "destroy its snapshots, too",
	},
	{
		.name = "clones",
		.kind = CLI_FLAG,
		AT(clones),
		.help = "destroy the containers that need its storage, too",
	},
	{0},
};

const struct cli_tool tool_destroy = {
	.name = "lxc-destroy",
	.summary = "remove a container",
	.synopsis = "[-n] NAME [-f] [-s] [--clones]",
	.description =
		"Removes a stopped container: its root file system, its configuration and its "
		"directory. Hooks of lxc.hook.destroy run before. With lxc.rootfs.managed = 0 "
		"nothing is removed.\n"
		"A container that has snapshots, or whose storage others need (clones made by "
		"lxc-copy -s), is left alone, unless -s and --clones say that they go, too. They "
		"are looked for first: nothing goes when something stands in the way.",
	.options = options,
	.flags = CLI_CONTAINER_OPTIONS | CLI_TAKES_NAME | CLI_NEEDS_NAME,
	.containers = "--defined",
	.run = run,
};
