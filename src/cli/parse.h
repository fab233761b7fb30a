/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Command line → values, by the rules of getopt_long(3) and a few of LXC's users on top:
 *
 * - options and other words may be mixed; `--` ends the options;
 * - long options may be shortened as far as they stay unambiguous; old spellings never make a
 *   shortened one ambiguous;
 * - a long option of one letter is the option of that letter (--n foo), as old tutorials type it;
 * - optional arguments must be attached (-eCAP, --nesting=3);
 * - commands that run a command stop at its first word (CLI_STOPS_AT_COMMAND).
 *
 * Nothing is printed, nothing global is touched, argv is left as it is (others read it in /proc);
 * POSIXLY_CORRECT is not looked at.
 */

#include <stddef.h>

#include "base/arena.h"
#include "cli/option.h"

/* How a failure is to be told. */
enum cli_complaint {
	CLI_COMPLAINT_VALUE,  /* name of the tool, message */
	CLI_COMPLAINT_OPTION, /* the same, and where help is to be had */
	CLI_COMPLAINT_BARE,   /* the message without the tool's name in front, as LXC has it */
};

/* What a well-formed command line asks for. */
enum cli_outcome {
	CLI_RUN, /* the command itself */
	CLI_SHOW_HELP,
	CLI_SHOW_HELP_AS_ERROR,
	CLI_SHOW_USAGE,
	CLI_SHOW_VERSION,
};

struct cli_arguments {
	char **words; /* what is left besides options and the name; ends with NULL */
	size_t count;
	size_t separator; /* how many of them stood before `--`; count when there was none */
	enum cli_complaint complaint;
	struct arena arena; /* owns what the values point to and argv does not */
};

/*
 * Parse argv (argv[0] is skipped). `values` is the tool's own struct, preset with what counts when
 * an option is not given. Returns an enum cli_outcome, or a negative number with e set and
 * ret->complaint telling how to show it. To be ended with cli_arguments_finish() in any case;
 * pointers in the values live until then.
 */
int cli_parse(const struct cli_tool *tool, int argc, char **argv, void *values,
	      struct cli_arguments *ret, struct err *e);

void cli_arguments_finish(struct cli_arguments *a);

#define autoarguments __attribute__((cleanup(cli_arguments_finish))) struct cli_arguments
