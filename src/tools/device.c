/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-device: give a running container a device node or a network interface of the host, or take
 * one back (spec/cli.md §3.11).
 */

#include "tools/tools.h"

#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/session.h"

struct device_values {
	struct cli_common common;
};

struct change {
	bool is_add;
	const char *device;
	const char *name; /* on the other side, or NULL */
	bool is_interface;
};

/* Whether the container has a network interface of that name. When they can't be listed, the
 * attempt to move it says why. */
static bool has_interface(struct lxc_container *c, const char *name)
{
	char **list = c->get_interfaces(c);
	bool found = !list && !strchr(name, '/');

	for (char **item = list; item && *item; item++) {
		found = found || strcmp(*item, name) == 0;
		free(*item);
	}
	free(list);
	return found;
}

static bool apply(struct lxc_container *c, struct change *change)
{
	change->is_interface = change->is_add ? if_nametoindex(change->device) > 0
					      : has_interface(c, change->device);
	if (change->is_interface)
		return change->is_add ? c->attach_interface(c, change->device, change->name)
				      : c->detach_interface(c, change->device, change->name);
	return change->is_add ? c->add_device_node(c, change->device, change->name)
			      : c->remove_device_node(c, change->device, change->name);
}

/* "add", "del" or their beginnings. */
static bool parse_verb(const char *word, bool *ret_is_add)
{
	size_t length = strlen(word);

	*ret_is_add = length > 0 && strncmp(word, "add", length) == 0;
	return *ret_is_add || (length > 0 && strncmp(word, "del", length) == 0);
}

static bool parse(struct session *s, const struct cli_arguments *words, struct change *ret)
{
	if (words->count < 2) {
		session_say(s, "Error: no command given (Please see --help output)");
		return false;
	}
	if (words->count > 3 || !parse_verb(words->words[0], &ret->is_add)) {
		session_say(s, "Error: Please use add or del (Please see --help output)");
		return false;
	}
	ret->device = words->words[1];
	ret->name = words->count > 2 ? words->words[2] : NULL;
	return true;
}

/* Why the member failed, below the sentence that scripts know. */
static int fail(struct session *s, const struct change *change)
{
	struct err e = *tare_last_error(s->c);

	/* What is no interface was taken for a path. */
	if (!change->is_interface && !strchr(change->device, '/'))
		err_hint(&e, "%s has no network interface \"%s\" either",
			 change->is_add ? "the host" : "the container", change->device);
	err_wrap(&e, e.code ? e.code : -1, "Failed to %s %s %s %s", change->is_add ? "add" : "del",
		 change->device, change->is_add ? "to" : "from", s->common->name);
	return session_fail(s, &e);
}

static int run(const struct cli_tool *tool, int argc, char **argv)
{
	struct device_values values = {0};
	autoarguments arguments = {0};
	autosession s = {0};
	struct change change = {0};
	int code;

	if (!cli_begin(tool, argc, argv, &values, &arguments, &code))
		return code;
	s.tool = tool;
	s.common = &values.common;
	if (geteuid() != 0)
		return session_say(&s, "lxc-device must be run as root");
	if (!parse(&s, &arguments, &change))
		return 1;
	/* Nothing of the configuration is needed: not that of a genuine LXC's container either. */
	if (values.common.rcfile ? !session_begin(&s, tool, &values.common, values.common.rcfile)
				 : !session_begin_bare(&s, tool, &values.common))
		return 1;
	if (!s.c->is_running(s.c))
		return s.c->is_defined(s.c)
			       ? session_say(&s, "Container %s is not running", values.common.name)
			       : session_say(&s, "%s doesn't exist", values.common.name);
	return apply(s.c, &change) ? 0 : fail(&s, &change);
}

static const struct cli_option options[] = {{0}};

const struct cli_tool tool_device = {
	.name = "lxc-device",
	.summary = "add devices and network interfaces to a running container",
	.synopsis = "[-n] NAME [--] add DEVICE [NAME-INSIDE]\n"
		    "[-n] NAME [--] del DEVICE [NAME-OUTSIDE]",
	.description =
		"DEVICE is a network interface of the host (of the container, for del) or the path "
		"of a device node. An interface moves into the container, and back. A device node "
		"is made in the container, where its device cgroup then allows it; del removes and "
		"denies it. What was added is gone with the container's run; interfaces of "
		"hardware come back to the host then. The words may be abbreviated.",
	.options = options,
	.flags = CLI_CONTAINER_OPTIONS | CLI_TAKES_NAME | CLI_NEEDS_NAME,
	.containers = "--running",
	.run = run,
};
