/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Paths from the command line.
 */

struct arena;

/*
 * Make a path absolute: a relative one becomes the real path of its existing part, followed by the
 * rest. Absolute ones stay as they are, for the paths of containers are compared as text by other
 * programs. Slashes at the end are dropped. Returns 0, -EINVAL for an empty path, -ENOMEM, or the
 * errno of looking up the working directory, negated.
 */
int cli_path_make_absolute(const char *path, struct arena *arena, const char **ret);
