/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-console: look at a tty of a running container (spec/cli.md §3.7).
 */

#include "tools/tools.h"

#include <signal.h>

#include "tools/session.h"

enum { ANY_TTY = -1, NO_ESCAPE = -1, LETTERS = 26 };

struct console_values {
	struct cli_common common;
	int tty, escape;
};

/* "^a" or "a", in either case; -1 as Proxmox VE has it: there is no escape. */
static int take_escape(void *member, const char *argument, struct arena *arena, struct err *e)
{
	const char *letter = *argument == '^' ? argument + 1 : argument;
	int *escape = member;
	int n = text_lower(*letter) - 'a' + 1;

	if (text_equals_any_case(argument, "-1")) {
		*escape = NO_ESCAPE;
		return 0;
	}
	if (n < 1 || n > LETTERS || letter[1] != '\0')
		return err_set(e, ERR_USAGE, 0,
			       "invalid escape character '%s': a letter is needed, as in ^a, or -1 "
			       "for none",
			       argument);
	*escape = n;
	return 0;
}

static int run(const struct cli_tool *tool, int argc, char **argv)
{
	struct console_values values = {.tty = ANY_TTY, .escape = 1};
	autoarguments arguments = {0};
	autosession s = {0};
	struct err e = {0};
	int code, r;

	if (!cli_begin(tool, argc, argv, &values, &arguments, &code))
		return code;
	s.tool = tool;
	s.common = &values.common;
	if (values.tty < ANY_TTY)
		return session_say(&s, "invalid tty '%d'", values.tty);
	if (!session_begin(&s, tool, &values.common, values.common.rcfile))
		return 1;
	if (!s.c->may_control(s.c))
		return session_refuse(&s);
	if (!s.c->is_running(s.c))
		return session_say(&s, "%s is not running", values.common.name);
	r = tare_console(s.c, values.tty, values.escape, &e);
	if (r < 0) {
		if (e.id == ERR_TTY_DENIED)
			err_wrap(&e, r, "Denied access to tty");
		return session_fail(&s, &e);
	}
	if (r > 0 && r != SIGTERM) {
		/* The terminal is in order: end as whoever sent it expects. */
		(void)signal(r, SIG_DFL);
		(void)raise(r);
	}
	return 0;
}

#define AT(member) .offset = offsetof(struct console_values, member)

static const struct cli_option options[] = {
	{
		.letter = 't',
		.name = "tty",
		.placeholder = "NUMBER",
		.kind = CLI_INT,
		AT(tty),
		.help = "the tty: 0 for the console, 1 up to lxc.tty.max, -1 for the first free "
			"one (default)",
	},
	{
		.letter = 'e',
		.name = "escape",
		.placeholder = "LETTER",
		.kind = CLI_CALL,
		AT(escape),
		.take = take_escape,
		.help = "the control character that leaves, as ^a (default), or -1 for none",
	},
	{0},
};

const struct cli_tool tool_console = {
	.name = "lxc-console",
	.summary = "look at a terminal of a running container",
	.synopsis = "[-n] NAME [-t NUMBER] [-e LETTER]",
	.description =
		"Connects the terminal with the console or a tty of a running container, where it "
		"offers a login. Ctrl+a (or what -e says) and q leave; Ctrl+a twice is Ctrl+a for "
		"the container. What was logged in stays so, and is there again next time. When "
		"nothing shows, press Enter.\n"
		"Exits with 0 when the container has ended, too; 1 when it does not run, or the "
		"tty does not exist or is in use.",
	.options = options,
	.flags = CLI_CONTAINER_OPTIONS | CLI_TAKES_NAME | CLI_NEEDS_NAME,
	.containers = "--running",
	.run = run,
};
