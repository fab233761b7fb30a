/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One call each; there is no substitute for kernels that lack one. INIT lane rules: see the header.
 */

#include "sys/mount.h"

#include <fcntl.h>
#include <string.h>

#include "sys/syscall.h"

int mount_clone_tree(int dirfd, const char *path, bool recursive)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;

	if (!path[0])
		flags |= AT_EMPTY_PATH;
	if (recursive)
		flags |= KERNEL_AT_RECURSIVE;
	return (int)sys_call3(__NR_open_tree, dirfd, (long)path, (long)flags);
}

int mount_set_attributes(int fd, const char *path, bool recursive, const struct mount_attr *a)
{
	unsigned flags = 0;

	if (!path[0])
		flags |= AT_EMPTY_PATH;
	if (recursive)
		flags |= KERNEL_AT_RECURSIVE;
	return (int)sys_call6(__NR_mount_setattr, fd, (long)path, (long)flags, (long)a, sizeof(*a),
			      0);
}

int mount_attach(int fd, int target_fd, const char *path)
{
	unsigned flags = MOVE_MOUNT_F_EMPTY_PATH;

	if (!path[0])
		flags |= MOVE_MOUNT_T_EMPTY_PATH;
	return (int)sys_call6(__NR_move_mount, fd, (long)"", target_fd, (long)path, (long)flags, 0);
}

int mount_fs_open(const char *type)
{
	return (int)sys_call3(__NR_fsopen, (long)type, FSOPEN_CLOEXEC, 0);
}

static int configure(int fs_fd, unsigned command, const char *key, const char *value)
{
	return (int)sys_call6(__NR_fsconfig, fs_fd, (long)command, (long)key, (long)value, 0, 0);
}

int mount_fs_flag(int fs_fd, const char *key)
{
	return configure(fs_fd, FSCONFIG_SET_FLAG, key, NULL);
}

int mount_fs_string(int fs_fd, const char *key, const char *value)
{
	return configure(fs_fd, FSCONFIG_SET_STRING, key, value);
}

int mount_fs_create(int fs_fd)
{
	return configure(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL);
}

int mount_fs_mount(int fs_fd, unsigned attributes)
{
	return (int)sys_call3(__NR_fsmount, fs_fd, FSMOUNT_CLOEXEC, (long)attributes);
}

/* Messages are read one by one, "e text", "w text" or "i text"; ENODATA ends them. */
size_t mount_fs_message(int fs_fd, char *buf, size_t len)
{
	char line[256];
	size_t found = 0;

	for (;;) {
		ssize_t got = sys_read(fs_fd, line, sizeof(line));
		size_t length;

		if (got == -EMSGSIZE)
			continue; /* a longer one: it is dropped, as is our interest */
		if (got <= 0)
			return found;
		if (got < 3 || line[0] != 'e' || line[1] != ' ')
			continue;
		length = (size_t)got - 2;
		if (line[length + 1] == '\n')
			length--;
		if (length >= len)
			length = len - 1;
		memcpy(buf, line + 2, length);
		buf[length] = '\0';
		found = length;
	}
}

int mount_make(const char *source, const char *path, const char *type, const char *data)
{
	return (int)sys_call6(__NR_mount, (long)source, (long)path, (long)type, 0, (long)data, 0);
}

int mount_propagation(const char *path, unsigned long propagation)
{
	return (int)sys_call6(__NR_mount, 0, (long)path, 0, (long)(propagation | MS_REC), 0, 0);
}

int mount_detach(const char *path)
{
	return (int)sys_call3(__NR_umount2, (long)path, KERNEL_MNT_DETACH | KERNEL_UMOUNT_NOFOLLOW,
			      0);
}

int mount_pivot_here(void)
{
	return (int)sys_call3(__NR_pivot_root, (long)".", (long)".", 0);
}
