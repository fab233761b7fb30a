/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What a command costs before it has done anything: a dynamically linked program that execs
 *another.
 *
 *	floor-tool PROGRAM [ARGUMENT…]
 */

#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc > 1)
		execv(argv[1], argv + 1);
	perror(argc > 1 ? argv[1] : "usage: floor-tool PROGRAM [ARGUMENT...]");
	return 125;
}
