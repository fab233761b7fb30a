/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line of the intruder: which of its attacks is to be made.
 */

#include "intruder.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*function)(char *const *arguments);
	} rows[] = {
		{"clear", intruder_clear},   {"reveal", intruder_reveal},
		{"swap", intruder_swap},     {"nodes", intruder_nodes},
		{"watch", intruder_watch},   {"open", intruder_open},
		{"one", intruder_one},       {"terminal", intruder_terminal},
		{"inject", intruder_inject}, {"ask", intruder_ask},
		{"forge", intruder_forge},   {"leave", intruder_leave},
		{"calls", intruder_calls},   {"squat", intruder_squat},
	};

	for (size_t i = 0; argc > 1 && i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(argv[1], rows[i].name) == 0)
			return rows[i].function(argv + 2);
	fprintf(stderr, "usage: intruder ATTACK [ARGUMENT…]\n");
	return 2;
}
