/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The gate: the pair of sockets through which the lanes tell each other where they are. A
 * SOCK_SEQPACKET pair, one struct gate_message a packet, descriptors by SCM_RIGHTS.
 *
 * INIT lane rules hold for both directions: no memory, no formatting, only system calls and mem*.
 *
 * Which of a gate's registers ride along is said by a bit map in the note of MESSAGE_ARRIVED: bit
 * i % 8 of byte i / 8 stands for the gate's first register plus i. The descriptors come in
 * ascending order of these bits. A register that an OPTIONAL step left empty has no bit.
 * MESSAGE_DESCRIPTOR carries one descriptor and is about the `out` register of its step.
 */

#include <stdbool.h>
#include <stddef.h>

#include "run/run.h"

enum {
	GATE_FDS_MAX = PLAN_REGISTERS_MAX, /* in one message; the kernel takes 253 */
};

struct gate_fds {
	size_t count;
	int fds[GATE_FDS_MAX]; /* borrowed when sent; close-on-exec and the caller's when received
				*/
};

/* Both ends, close-on-exec: [0] is HOST's, [1] INIT's. 0 or -errno. */
int gate_open(int ret[2]);

/*
 * Send one message. `fds` may be NULL: none. Never raises SIGPIPE. 0 or -errno; -EPIPE and
 * -ECONNRESET: the other side is gone.
 */
int gate_send(int fd, const struct gate_message *message, const struct gate_fds *fds);

/*
 * Wait for one message. 1: there it is, ret_fds holds what came with it. 0: the other side is gone.
 * -EPROTO: not one of ours (descriptors that came with it are closed); other -errno.
 */
int gate_receive(int fd, struct gate_message *ret, struct gate_fds *ret_fds);

/* The bit map of MESSAGE_ARRIVED. */
static inline void gate_mark(struct gate_message *message, unsigned i)
{
	message->note[i / 8] = (char)((unsigned char)message->note[i / 8] | 1U << i % 8);
}

static inline bool gate_is_marked(const struct gate_message *message, unsigned i)
{
	return (unsigned char)message->note[i / 8] >> i % 8 & 1;
}
