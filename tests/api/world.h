/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the programs of this folder work in. They are clients of liblxc.so.1 like any other: public
 * headers only. Each has a folder with one busybox root file system and an lxcpath, and mount and
 * network namespaces of its own, where /run and /etc/lxc are empty: nothing of the machine's
 * counts, and nothing stays. Needs root.
 */

#include <lxc/lxccontainer.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Group set-up and tear-down. The latter stops what runs, and fails when a run record is left. */
int world_setup(void **state);
int world_teardown(void **state);

/* Tear-down of a test: stop what it left running. */
int world_stop_all(void **state);

extern char world_top[96];      /* the folder */
extern char world_lxcpath[112]; /* world_top/lxc */

/* "TOP/…" in one of a few buffers. */
const char *world_path(const char *below);

/* Make a file with these contents. */
void world_write(const char *path, mode_t mode, const char *text);

/* A whole small file; heap, NULL when it can't be read. */
char *world_read(const char *path);

/* A name that no other program of this folder uses for its containers (cgroups are the host's). */
const char *world_name(const char *name);

/* A container that is defined: with the root file system, an empty network, proc, and further
 * lines (may be NULL). */
struct lxc_container *world_define(const char *name, const char *lines);

/* Wait until init has its traps: before, process 1 of a namespace ignores these signals. */
void world_await_init(struct lxc_container *c);

/* The same and started, init being ready. */
struct lxc_container *world_start(const char *name, const char *lines);

/* Stop it, and put the object. */
void world_end(struct lxc_container *c);

/* The error text holds this; or the test fails and shows it. */
void assert_explained(struct lxc_container *c, const char *part);

/* bool members that are to work: a failure shows the error text. */
#define assert_works(c, call)                                                                \
	do {                                                                                 \
		if (!(call))                                                                 \
			fail_msg("%s: %s", #call,                                            \
				 (c)->error_string ? (c)->error_string : "(no error text)"); \
	} while (0)

/* Milliseconds of a clock that runs evenly. */
int64_t world_clock(void);

/* How many descriptors this process has open. */
int world_count_fds(void);

/* Run a program, its output thrown away; its exit status. */
int world_run(const char *const argv[]);

/*
 * A monitor that does not do its duty, on the control socket of a container that is not running:
 * answers every request with these 16 bytes and an end, or (NULL) never. Ends with the call of
 * world_end_monitor.
 */
struct world_monitor;
struct world_monitor *world_make_monitor(const char *name, const void *answer);
void world_end_monitor(struct world_monitor *monitor);
