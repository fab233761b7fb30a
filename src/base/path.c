/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Questions about paths as texts.
 */

#include "base/path.h"

#include <string.h>

#include "base/macros.h"
#include "base/str.h"

bool path_is_below(const char *path, const char *directory)
{
	const char *rest = text_after(path, directory);

	return rest && (rest[0] == '\0' || rest[0] == '/' || text_ends(directory, "/"));
}

bool path_is_of_system(const char *path)
{
	static const char *const directories[] = {
		"/",           "/bin",         "/boot",
		"/dev",        "/etc",         "/home",
		"/lib",        "/lib32",       "/lib64",
		"/libx32",     "/media",       "/mnt",
		"/opt",        "/proc",        "/root",
		"/run",        "/sbin",        "/srv",
		"/sys",        "/tmp",         "/usr",
		"/var",        "/usr/bin",     "/usr/etc",
		"/usr/games",  "/usr/lib",     "/usr/lib32",
		"/usr/lib64",  "/usr/local",   "/usr/sbin",
		"/usr/share",  "/usr/src",     "/var/cache",
		"/var/lib",    "/var/log",     "/var/mail",
		"/var/opt",    "/var/spool",   "/var/tmp",
		"/usr/libx32", "/usr/include", "/usr/libexec",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(directories); i++)
		if (strcmp(directories[i], path) == 0)
			return true;
	return path_is_below(path, "/proc") || path_is_below(path, "/sys") ||
	       path_is_below(path, "/dev");
}
