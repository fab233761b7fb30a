/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The short-lived programs that the supervisor spawns, from the directory that the record names
 * (record_header.helper). They run in the supervisor's namespaces, with the starter's environment,
 * signal mask and ignored signals.
 *
 *	lxc-compile RECORD_FD OUT_FD
 *		thaws record_header.applied, gathers facts and compiles (plan/compile.h) with the
 *		launch parameters of the record. Exit 0: OUT_FD, a file in memory, holds the plan.
 *		Any other end: it holds one struct err, or nothing when that could not be written.
 *	lxc-compile --filter POLICY_FD OUT_FD CACHE FILE
 *		compiles the seccomp policy that POLICY_FD holds and FILE is the name of, and keeps
 *		it in the directory CACHE ("": nowhere). Exit 0: OUT_FD holds an array of struct
 *		sock_filter. Any other end: as above. Libraries run it, too.
 *	lxc-compile --scope OUT_FD NAME PID
 *		has the user's systemd put the process into a new scope NAME-N.scope, unless it is
 *		in a unit that is delegated already. Exit 0: it is there. Any other end: as above.
 *	lxc-compile --scope OUT_FD UNIT PID DIRECTORY
 *		the same into a directory ("/NAME") of such a unit. Libraries run it.
 *	lxc-ephemeral LXCPATH NAME
 *		destroys the container. Exit 0 when nothing is left of it, or it runs again.
 *	lxc-user-nic: an interface of an ordinary user's container (user_nic_line.h).
 */

#define PROGRAM_COMPILE       "lxc-compile"
#define PROGRAM_FILTER_OPTION "--filter"
#define PROGRAM_SCOPE_OPTION  "--scope"
#define PROGRAM_DESTROY       "lxc-ephemeral"
#define PROGRAM_USER_NIC      "lxc-user-nic"
