/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Questions about paths as texts: nobody looks at the file system.
 */

#include <stdbool.h>

/* `path` is `directory` or lies below it; both are absolute and resolved, realpath(3). */
bool path_is_below(const char *path, const char *directory);

/*
 * Whether the host needs the directory for itself (`path` is absolute and resolved): one of those
 * that systems are made of (hier(7)), or something below /proc, /sys or /dev. Nothing that a
 * container is made of is put there or removed.
 */
bool path_is_of_system(const char *path);
