/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The names of a running container's network interfaces, with or without addresses: from
 * /proc/PID/net/dev of its init (proc(5)), which shows init's network namespace without entering
 * it.
 */

#include "container/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/procfs.h"

enum { DEVICE_FILE_MAX = 1 << 20, HEAD_LINES = 2 };

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "  eth0: 0 0 …", one a line below two lines of headings. 0, or -ENOMEM. */
static int take_names(const char *text, struct container_names *names)
{
	unsigned line = 0;

	for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n') {
		const char *name = at + strspn(at, " ");
		size_t len = strcspn(name, ":\n");
		char **place;

		if (line++ < HEAD_LINES || name[len] != ':')
			continue;
		place = (char **)vec_push(names);
		if (!place)
			return -ENOMEM;
		*place = strndup(name, len);
		if (!*place)
			return -ENOMEM;
	}
	return 0;
}

int container_interfaces(struct container *c, struct container_names *ret, struct err *e)
{
	struct container_names names = {0};
	autoclose int directory = -EBADF;
	autoclose int pidfd = -EBADF;
	autofree char *text = NULL;
	pid_t init;
	int r = control_open_init(c, &pidfd, &init, e);

	if (r == -ECONNREFUSED) {
		err_clear(e);
		return 1;
	}
	if (r < 0)
		return r;
	directory = procfs_open_pid(init);
	r = directory < 0 ? directory
			  : file_read_all(directory, "net/dev", DEVICE_FILE_MAX, &text, NULL);
	/* The number may have been given to another process, unless init still lives now. */
	if (process_signal(pidfd, 0) == -ESRCH)
		return 1;
	if (r == 0)
		r = take_names(text, &names);
	if (r < 0) {
		container_names_finish(&names);
		return err_set(e, ERR_SYSTEM, -r,
			       "cannot read the network interfaces of container \"%s\"", c->name);
	}
	if (names.count > 0)
		qsort(names.items, names.count, sizeof(*names.items), by_name);
	*ret = names;
	return 0;
}
