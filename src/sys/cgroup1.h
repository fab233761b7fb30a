/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What only version 1 of control groups has (spec/cgroup1.md §2, §5): cpuset(7), the freezer.
 */

#include <stdbool.h>

/*
 * Give every directory from below the base to `path` the cpus and mems of the one above it that it
 * lacks, without which no process can enter; new directories further down copy them. From the
 * first one isolated processors are left out. What others have set is not touched. 0 or -errno.
 */
int cgroup1_prepare_cpuset(int base_fd, const char *path);

/*
 * Thaw a directory of the freezer and all below it, which somebody inside may have frozen: what is
 * frozen does not die, and who waits for its end, a pid namespace's init, neither. 0 or -errno.
 */
int cgroup1_thaw_all(int cgroup_fd);

/*
 * SIGKILL to every process in a directory of the freezer and below while they are frozen, so that
 * no fork escapes. It is thawed behind that. What can't be frozen within a quarter of a second is
 * killed as it is. 0 or -errno.
 */
int cgroup1_kill_all(int cgroup_fd);
