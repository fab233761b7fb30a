/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The boot id. Read by its path: in a container it is a mount of its own.
 */

#include "sys/boot.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"

void boot_id_read(char ret[static BOOT_ID_MAX])
{
	autoclose int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t got;

	memset(ret, 0, BOOT_ID_MAX);
	got = fd < 0 ? 0 : read(fd, ret, BOOT_ID_MAX - 1);
	if (got < 0)
		got = 0;
	ret[got] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
}
