/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Absolute paths for directories that need not exist yet. The part that exists goes through
 * realpath(3), so that what is kept still means the same when the working directory is renamed or a
 * link on the way is changed; what does not exist can only be text.
 */

#include "cli/path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/macros.h"
#include "base/str.h"

/*
 * The real path of the longest beginning of `path` that exists (heap), its length in *ret_length; a
 * path of which nothing exists begins at the working directory, with a length of 0.
 */
static char *real_beginning(const char *path, size_t *ret_length)
{
	size_t length = strlen(path);

	while (length > 0) {
		autofree char *part = strndup(path, length);
		char *real = part ? realpath(part, NULL) : NULL;

		if (real || (errno != ENOENT && errno != ENOTDIR)) {
			*ret_length = length;
			return real;
		}
		while (length > 0 && path[length - 1] != '/')
			length--;
		while (length > 0 && path[length - 1] == '/')
			length--;
	}
	*ret_length = 0;
	return realpath(".", NULL);
}

int cli_path_make_absolute(const char *path, struct arena *arena, const char **ret)
{
	size_t length = path_length(path);
	autofree char *beginning = NULL;
	const char *rest, *absolute;
	size_t existing;

	if (length == 0)
		return -EINVAL;
	if (path[0] == '/') {
		absolute = arena_strndup(arena, path, length);
		if (!absolute)
			return -ENOMEM;
		*ret = absolute;
		return 0;
	}
	beginning = real_beginning(path, &existing);
	if (!beginning)
		return -errno;
	rest = path + existing + strspn(path + existing, "/");
	length -= (size_t)(rest - path) < length ? (size_t)(rest - path) : length;
	absolute = arena_printf(arena, "%s%s%.*s", beginning,
				length && strcmp(beginning, "/") != 0 ? "/" : "", (int)length,
				rest);
	if (!absolute)
		return -ENOMEM;
	*ret = absolute;
	return 0;
}
