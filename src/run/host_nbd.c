/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Network block devices: qemu-nbd(8) serves an image in a format of QEMU's as /dev/nbdN. It goes on
 * behind us, so that the device's name is in the record before it begins. Whether a device is still
 * served by the one that we began is told by that process's arguments: numbers are reused.
 */

#include "run/host.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/num.h"
#include "run/host_command.h"

enum {
	DEVICES_MAX = 1024,
	PATH_ROOM = 64,
	PAUSE = 50, /* milliseconds */
	PARTITION_WAIT = 5000,
	UNMOUNT_WAIT = 10000,
	CMDLINE_ROOM = 2 * PATH_MAX,
};

/* The process that serves a device; 0: nobody does. */
static pid_t server_of(const char *device)
{
	char path[PATH_ROOM], text[24];
	const char *at = text;
	autoclose int fd = -EBADF;
	uint64_t pid;
	ssize_t got;

	snprintf(path, sizeof(path), "/sys/block/%s/pid", device + LITERAL_LENGTH("/dev/"));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
	if (got <= 0)
		return 0;
	text[got] = '\0';
	return num_take_u64(&at, &pid) == 0 ? (pid_t)pid : 0;
}

/* Whether both words are among the arguments of a process. */
static bool has_arguments(pid_t pid, const char *device, const char *file)
{
	char path[PATH_ROOM], words[CMDLINE_ROOM];
	autoclose int fd = -EBADF;
	bool has_device = false, has_file = false;
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd >= 0 ? read(fd, words, sizeof(words) - 1) : -1;
	if (got <= 0)
		return false;
	words[got] = '\0';
	for (const char *word = words; word < words + got; word += strlen(word) + 1) {
		has_device = has_device || strcmp(word, device) == 0;
		has_file = has_file || strcmp(word, file) == 0;
	}
	return has_device && has_file;
}

/* -- connecting */

static int serve(struct host *h, const char *device, const char *file, bool read_only)
{
	const char *words[8];
	size_t count = 0;

	words[count++] = "qemu-nbd";
	if (read_only)
		words[count++] = "--read-only";
	words[count++] = "--connect";
	words[count++] = device;
	words[count++] = file;
	words[count] = NULL;
	return host_command_run(h, words);
}

/* The first idle device that nobody else takes meanwhile. */
static int connect_device(struct host *h, const struct plan_step *step, char device[PATH_ROOM])
{
	const char *file = host_text(h, step, 0);
	char path[PATH_ROOM];
	int r;

	for (unsigned i = 0; i < DEVICES_MAX; i++) {
		snprintf(path, sizeof(path), "/sys/block/nbd%u", i);
		if (access(path, F_OK) < 0)
			return host_note(h, host_failed(h, __NR_openat, i == 0 ? -ENODEV : -EBUSY),
					 "/dev/nbd%u", i);
		snprintf(device, PATH_ROOM, "/dev/nbd%u", i);
		if (server_of(device) != 0)
			continue;
		r = host_intend_name(h, step->out, device);
		if (r == 0)
			r = serve(h, device, file, step->arg[1] == 1);
		if (r == 0)
			return 0;
		if (server_of(device) == 0 || has_arguments(server_of(device), device, file))
			return r;
	}
	return host_failed(h, __NR_openat, -EBUSY);
}

static int await_partition(struct host *h, const char *device, unsigned partition)
{
	char path[2 * PATH_ROOM];

	snprintf(path, sizeof(path), "%sp%u", device, partition);
	for (unsigned waited = 0; access(path, F_OK) < 0; waited += PAUSE) {
		int r = waited < PARTITION_WAIT ? host_pause(h, PAUSE) : -ETIMEDOUT;

		if (r < 0)
			return host_note(h, host_failed(h, __NR_openat, r), "%s", path);
	}
	return 0;
}

int host_nbd_connect(struct host *h, const struct plan_step *step)
{
	char device[PATH_ROOM];
	int r = connect_device(h, step, device);

	if (r < 0)
		return r;
	host_set_name(h, step->out, (uint64_t)server_of(device));
	return step->arg[2] ? await_partition(h, device, (unsigned)step->arg[2]) : 0;
}

/* -- disconnecting */

/* Until nobody has it mounted: what is written on the way is not to be lost. */
static int await_unmount(struct host *h, const char *device)
{
	for (unsigned waited = 0;; waited += PAUSE) {
		autoclose int fd = open(device, O_RDONLY | O_CLOEXEC | O_EXCL | O_NONBLOCK);
		int r;

		if (fd >= 0 || errno != EBUSY)
			return 0;
		r = waited < UNMOUNT_WAIT ? host_pause(h, PAUSE) : -EBUSY;
		if (r < 0)
			return host_note(h, host_failed(h, __NR_openat, r), "%s is still mounted",
					 device);
	}
}

/* It tells its success on its standard output, which is the container's caller's. */
static int disconnect(struct host *h, const char *device)
{
	const char *const words[] = {"qemu-nbd", "--disconnect", device, NULL};
	struct host_command command;
	int r;

	host_command_init(&command);
	command.hears_output = true;
	r = host_command_fill(h, &command, words);
	if (r == 0)
		r = host_command_start(h, &command);
	if (r == 0)
		r = host_command_wait(h, &command);
	host_command_finish(&command);
	return r;
}

int host_nbd_disconnect(struct host *h, const struct plan_step *step)
{
	const struct record_register *r = host_register(h, step->in);
	const char *const file = host_text(h, step, 0);
	char device[PATH_ROOM];
	pid_t server;
	int result;

	if (!r || atomic_load(&r->state) == VALUE_EMPTY || !memchr(r->name, '\0', sizeof(device)) ||
	    strncmp(r->name, "/dev/nbd", 8) != 0)
		return 0;
	memcpy(device, r->name, strlen(r->name) + 1);
	server = server_of(device);
	if (server == 0 || !has_arguments(server, device, file)) {
		host_clear(h, step->in);
		return 0;
	}
	result = await_unmount(h, device);
	if (result == 0)
		result = disconnect(h, device);
	for (unsigned waited = 0; result == 0 && server_of(device) == server && waited < 5000;
	     waited += PAUSE)
		result = host_pause(h, PAUSE);
	if (result == 0)
		host_clear(h, step->in);
	return result;
}
