/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A program that the security tests run inside containers, as their root: it tries what it should
 * not be able to do and says on standard output what it could. One static file, so that it runs in
 * any root file system; some commands set the stage on the host. Each takes the arguments behind
 * its name, NULL-terminated, and returns the exit status: 0 when it tried, whatever came of it.
 */

/* intruder_mounts.c */

/* PATH…: take each flag of these mounts away. A line "PATH FLAG kept|GONE WAY" for each. */
int intruder_clear(char *const *arguments);
/* ABOVE BELOW NAME: what lies under a mount that came with the mount above it. */
int intruder_reveal(char *const *arguments);
/* SECONDS A B: exchange two names as fast as it goes. */
int intruder_swap(char *const *arguments);
/* The device nodes that can be made and opened. */
int intruder_nodes(char *const *arguments);

/* intruder_processes.c */

/* FILE: until FILE exists, attack every process that appears and is none of the container's own. */
int intruder_watch(char *const *arguments);
/* PID: attack this one, once. */
int intruder_one(char *const *arguments);
/* Descriptors from 3 on, and the working directory, as "N PATH". */
int intruder_open(char *const *arguments);

/* intruder_terminal.c */

/* all|none COMMAND…: run it in a session with a new terminal, which is its standard streams or
 * none of them; then tell how many bytes somebody has put into the terminal's input. */
int intruder_terminal(char *const *arguments);
/* Put bytes into the input of every terminal within reach (TIOCSTI). */
int intruder_inject(char *const *arguments);

/* intruder_socket.c */

/* ADDRESS: ask the supervisor at this abstract address for a descriptor of its init. */
int intruder_ask(char *const *arguments);
/* ADDRESS: tell it to stop its container, and be gone before it looks. */
int intruder_leave(char *const *arguments);
/* ADDRESS stays|leaves: take it, and answer as a supervisor would: running. Who has listened goes
 * on or leaves that to a child. Says "ready" before. */
int intruder_squat(char *const *arguments);
/* Tell every socket of netlink's in the network namespace of an address, 6.6.6.6. */
int intruder_forge(char *const *arguments);

/* intruder_calls.c */

/* The calls that the shipped seccomp policy denies, by each ABI. "NAME ABI THROUGH|denied|…". */
int intruder_calls(char *const *arguments);
