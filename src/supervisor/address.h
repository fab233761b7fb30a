/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The container's addresses, kept in the run record: a dump at the beginning, then events of a
 * rtnetlink(7) socket that was opened inside its network namespace. Readers see them under the
 * record's sequence lock; lo and link-local ones are there, too.
 */

#include <stdbool.h>
#include <stdint.h>

struct supervisor;

struct addresses {
	uint32_t sequence;      /* of our requests */
	uint32_t dump_sequence; /* of the one for everything, while is_dumping */
	bool is_dumping;
	bool is_stale; /* events were lost: everything has to be asked again */
};

/* Begin, when the plan has such a socket. */
void address_begin(struct supervisor *s);

/* Nothing is watched any more, and the record has no addresses. */
void address_end(struct supervisor *s);

/* One message of the kernel's, `length` bytes. For address.c and its test. */
struct nlmsghdr;
void address_take(struct supervisor *s, const struct nlmsghdr *message);

/* loop.c */
void address_ready(struct supervisor *s, uint32_t events);
