/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The channel behind lxc-monitor (spec/wire.md §12): supervisors write one struct wire_message for
 * each event into a fifo; a daemon for each lxcpath, lxc-monitord, hands it on to whoever is
 * connected to its socket. This is what all of them have to agree on. ABI: genuine LXC and Proxmox
 * VE use the same fifo and the same address.
 */

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "run/wire.h"

enum { MONITOR_ADDRESS_MAX = 105 }; /* bytes; what is longer is cut */

/* The fifo's name, in RUNDIR/lxc/LXCPATH. */
extern const char monitor_fifo_name[];

/* What a client sends to end the daemon. */
enum { MONITOR_QUIT_LENGTH = 4 };
extern const char monitor_quit_word[];

/* The daemon's abstract address: "lxc/HASH/LXCPATH". Returns its length. */
socklen_t monitor_address(const char *lxcpath, struct sockaddr_un *ret);

/*
 * Write one event, when somebody has made the fifo. Never waits, and there is no SIGPIPE: of a
 * daemon that is slow the event is lost. `run_directory` is of `length` bytes. 0, also when nobody
 * listens, or -errno: -EAGAIN is a full fifo.
 */
int monitor_publish(const char *run_directory, size_t length, const char *lxcpath, const char *name,
		    enum wire_message_type type, int value);
