/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * openat2(2), Linux 5.6, as a function that tests can take the place of. Everybody else asks
 * sys/resolve.h. May be used after clone, in the INIT lane.
 */

#include <linux/openat2.h>

/* A descriptor or -errno. */
int openat2_call(int dirfd, const char *path, const struct open_how *how);
