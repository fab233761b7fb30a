/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Who is at the other end of a local socket.
 */

#include <sys/types.h>

enum peer_place {
	PEER_HERE,      /* or nobody can tell */
	PEER_CONTAINED, /* in another pid namespace than we */
	PEER_ENDED,     /* too late to ask; only root can tell */
};

/*
 * Where a process is. One of a container that shares the network namespace of an abstract address
 * is PEER_CONTAINED: root of a privileged one has all the rights of root's, but what we have to
 * give (its cgroups' directories, device rules, other containers' states) it was kept from. The
 * kernel tells who sent, and lets nobody name a process that it does not see (unix(7)).
 */
enum peer_place peer_look(pid_t pid);

/*
 * The same of who has connected to the other end of this local socket, or listened there (starters
 * do that for a supervisor that goes on behind them: PEER_ENDED). That process itself, not one that
 * has got its number since: before Linux 6.5 nobody can tell.
 */
enum peer_place peer_look_socket(int fd);
