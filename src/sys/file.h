/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Whole files of the host, read and written at once: configuration, /proc, /sys, records. Paths
 * are relative to `dirfd` as in openat(2) and symbolic links are followed: content that a
 * container controls is opened by sys/resolve.h instead.
 */

#include <stddef.h>
#include <sys/types.h>

/*
 * The content of a file, also of one that does not tell its size. `ret` is on the heap, the
 * caller's, and terminated; `ret_len` (may be NULL) does not count the terminator. Returns 0 or
 * -errno: -EFBIG when there is more than `max` bytes, -EISDIR for a directory.
 */
int file_read_all(int dirfd, const char *path, size_t max, char **ret, size_t *ret_len);

/* The same for what is open already: from where it stands to its end. */
int file_read_fd(int fd, size_t max, char **ret, size_t *ret_len);

/* Write all bytes to what is open already. Returns 0 or -errno. */
int file_write_fd(int fd, const void *bytes, size_t len);

/*
 * Replace the content of a file atomically: whoever opens it, also after a crash, finds the old
 * content or the new one. A file that exists keeps its owner and permissions, but no set-user-id,
 * set-group-id or sticky bit; a missing one is made with `mode` and the umask. A symbolic link is
 * kept, and what it leads to is replaced.
 *
 * The new content is written to `.NAME.tare-XXXXXX` in the same directory (NAME cut when that is
 * too long for a file name), which is gone on every failure; only a crash leaves it behind. Access
 * lists and other extended attributes do not come along, and other hard links keep the old content.
 *
 * Returns 0 or -errno, in which case the old content is in place (unless flushing the directory
 * is what failed). -EACCES: the file is not writable to us, although its directory is. -EPERM: it
 * belongs to somebody else and we may not give it back to them; losing the owner silently could
 * hand out rights. -EISDIR: a directory; -EINVAL: no regular file; -ELOOP: too many links;
 * -EACCES also: a link that a stranger has put into a directory like /tmp.
 */
int file_replace(int dirfd, const char *path, const void *bytes, size_t len, mode_t mode);
