/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Running nft, iptables and dnsmasq: found in PATH and where administrators' programs are, waited
 * for, killed when they do not come back, with their words in the error.
 */

#include <stdbool.h>

#include "base/err.h"

struct str;

enum { COMMAND_SECONDS = 60, COMMAND_OUTPUT_MAX = 16 * 1024 * 1024 };

struct command {
	const char *const *argv; /* argv[0] is sought */
	const char *input;       /* its standard input; NULL = none */
	struct str *output;      /* what it printed is added to this; NULL = nobody wants it */
	/* Stays open in it: the lock of what it does, which a death of ours does not end. -1 = none
	 */
	int kept_fd;
};

/* The path of a program, heap. -ENOENT. */
int command_find(const char *name, char **ret);

/* 0; or positive, its exit status; or negative when it could not be run or was killed. Both of the
 * latter are explained. */
int command_run(const struct command *command, struct err *e);
