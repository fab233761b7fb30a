/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The client side of the control socket (spec/wire.md): its address, and one exchange of it. Works
 * with supervisors of ours and with monitors of genuine LXC of any version.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/err.h"
#include "base/str.h"
#include "run/wire.h"

/* The abstract address of a container (wire.md §1). Returns its length. */
socklen_t client_address(const char *lxcpath, const char *name, struct sockaddr_un *ret);
/* The number in its address where the names themselves would be too long. */
uint64_t client_address_hash(const char *lxcpath, const char *name);

struct client_answer {
	int32_t ret;
	uint64_t data;
	struct str payload;    /* to be finished */
	int fds[WIRE_FDS_MAX]; /* owned; fd_count of them */
	unsigned fd_count;
};
void client_answer_finish(struct client_answer *answer);

/* Whether one who listens at the address of a container below this lxcpath is believed: root, we,
 * or the owner of the lxcpath, whose containers root looks after. Anybody may take an address. */
bool client_believes(uid_t uid, const char *lxcpath);

/* Whether a process of a container that shares our network listens there, for sure: nobody is asked
 * or waited for, and who has given its address to a child that goes on is not known by that. */
bool client_is_contained(const char *lxcpath, const char *name);

enum { CLIENT_STOPPED = 1, CLIENT_UNSUPPORTED = 2 };

/*
 * One request and its answer. timeout in milliseconds, -1 = none. Returns 0 (ret may be negative in
 * the answer), CLIENT_STOPPED (nobody there, or gone), CLIENT_UNSUPPORTED (EOF without an answer,
 * or -ENOSYS), or negative: -ETIMEDOUT, -EPROTO, -EPERM (it is another user or a process of a
 * container that has the address) … With ret_fd not NULL the connection stays open
 * there on success.
 */
int client_call(const char *lxcpath, const char *name, int command, uint64_t data,
		const void *payload, size_t length, int timeout, struct client_answer *answer,
		int *ret_fd, struct err *e);
