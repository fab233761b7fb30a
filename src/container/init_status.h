/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the host's /proc says of the init process of a container. Never the container's own /proc,
 * which may say anything (CVE-2015-1334). The caller holds a pidfd and looks behind whether the
 * process is still there, so that nobody else has got the number meanwhile.
 */

#include <stdint.h>
#include <sys/types.h>

struct init_status {
	uint32_t uid, gid; /* effective, as we see them */
	uint64_t bounding; /* CapBnd */
	uint64_t blocked;  /* SigBlk */
};

/* 0 or -errno; -ESRCH when there is no such process. */
int init_read_status(pid_t pid, struct init_status *ret);

/* The number of a pidfd's process in our pid namespace; 0 when it is gone or not in it. */
pid_t init_of_pidfd(int pidfd);
