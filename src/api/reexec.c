/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * LXC_MEMFD_REXEC (spec/runtime.md §20): a program that loads the library with this variable in its
 * environment runs from a sealed copy of itself in memory, so that a container's root, who can
 * reach the program of an attached process through /proc/PID/exe, finds nothing to write to
 * (CVE-2019-5736). Incus sets it for its helpers.
 *
 * A constructor of liblxc.so.1; our own commands, which link the library statically, have none: of
 * what they do near containers, the supervisor's program is sealed. Without memfds there is no
 * other way: the program ends.
 */

#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/err.h"
#include "base/macros.h"
#include "base/str.h"
#include "container/spawn.h"

_Noreturn static void give_up(const char *program, int errnum)
{
	autostr text = {0};
	struct err e = {0};

	err_set(&e, ERR_EXEC_FAILED, errnum,
		"cannot run %s from a sealed copy in memory, as LXC_MEMFD_REXEC asks for", program);
	err_hint(&e, "allow memfds that can be executed (sysctl vm.memfd_noexec = 0)");
	err_render_text(&e, &text);
	fprintf(stderr, "liblxc: %s\n", str_text(&text));
	_exit(EXIT_FAILURE);
}

/* glibc's loader hands main's arguments to the constructors of libraries. */
__attribute__((constructor)) static void reexec_sealed(int argc, char **argv)
{
	int r;

	if (!getenv("LXC_MEMFD_REXEC") || getauxval(AT_SECURE))
		return;
	r = program_run_sealed("liblxc", argv);
	if (r < 0)
		give_up(argc > 0 ? argv[0] : "this program", -r);
}
