/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A child as root of a user namespace, for work on files that belong to the container's ids. Root
 * writes the maps itself; others have newuidmap and newgidmap do it, which allow one's own id
 * besides those of /etc/subuid. user_namespaces(7).
 */

#include "container/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/ids.h"
#include "base/macros.h"
#include "base/str.h"
#include "container/spawn.h"
#include "sys/file.h"
#include "sys/process.h"

/* The first id that no entry of the kind holds. Entries may come in any order. */
static uint32_t first_free(const struct config_idmaps *maps, char kind)
{
	uint32_t free_id = 0;
	bool moved = true;

	while (moved) {
		moved = false;
		for (size_t i = 0; i < maps->count; i++) {
			const struct idmap_entry *entry = &maps->items[i].entry;

			if (entry->kind != kind || free_id < entry->inside.value ||
			    free_id - entry->inside.value >= entry->count)
				continue;
			free_id = entry->inside.value + entry->count;
			moved = true;
		}
	}
	return free_id;
}

/* Where a host id is inside, or ID_INVALID. */
static uint32_t find_inside(const struct config_idmaps *maps, char kind, uint32_t host)
{
	for (size_t i = 0; i < maps->count; i++) {
		const struct idmap_entry *entry = &maps->items[i].entry;

		if (entry->kind == kind && host >= entry->host.value &&
		    host - entry->host.value < entry->count)
			return entry->inside.value + (host - entry->host.value);
	}
	return ID_INVALID;
}

void userns_own_ids(const struct config_idmaps *maps, struct userns_own *ret)
{
	ret->uid = find_inside(maps, 'u', geteuid());
	ret->gid = find_inside(maps, 'g', getegid());
	if (ret->uid == ID_INVALID)
		ret->uid = first_free(maps, 'u');
	if (ret->gid == ID_INVALID)
		ret->gid = first_free(maps, 'g');
}

static void print_map(const struct config_idmaps *maps, char kind, char separator, struct str *out)
{
	uint32_t host = kind == 'u' ? geteuid() : getegid();

	for (size_t i = 0; i < maps->count; i++) {
		const struct idmap_entry *entry = &maps->items[i].entry;

		if (entry->kind == kind)
			str_addf(out, "%u%c%u%c%u\n", (unsigned)entry->inside.value, separator,
				 (unsigned)entry->host.value, separator, (unsigned)entry->count);
	}
	if (find_inside(maps, kind, host) == ID_INVALID)
		str_addf(out, "%u%c%u%c1\n", (unsigned)first_free(maps, kind), separator,
			 (unsigned)host, separator);
}

static int write_map(pid_t pid, const char *file, const struct str *map)
{
	char path[64];
	autoclose int fd = -EBADF;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return write(fd, str_text(map), map->len) < 0 ? -errno : 0;
}

enum { HELPER_WORDS_MAX = 3 * (IDMAP_LINES_MAX + 1) + 3 };

/* newuidmap or newgidmap. */
struct helper {
	const char *program;
	pid_t pid;
	int words_fd; /* what it prints: a file in memory */
};

/* Behind vfork(2), with its output in the file. Positive: the error. */
static int spawn_helper(struct helper *helper, char *const *argv)
{
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return r;
	r = posix_spawn_file_actions_adddup2(&actions, helper->words_fd, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, helper->words_fd, STDERR_FILENO);
	if (r == 0)
		r = posix_spawnp(&helper->pid, helper->program, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return r;
}

/* newuidmap PID INSIDE HOST COUNT …: how it ends counts. */
static int start_helper(const char *program, pid_t pid, struct str *map, struct helper *ret)
{
	autofree char **argv = calloc(HELPER_WORDS_MAX, sizeof(*argv));
	struct helper helper = {.program = program};
	char number[16];
	char *at;
	size_t count = 2;
	int r;

	if (!argv || !map->data || str_failed(map))
		return -ENOMEM;
	snprintf(number, sizeof(number), "%d", (int)pid);
	argv[0] = (char *)program;
	argv[1] = number;
	at = map->data;
	while (*at && count < HELPER_WORDS_MAX - 1) {
		argv[count++] = at;
		at += strcspn(at, " \n");
		if (*at)
			*at++ = '\0';
	}
	helper.words_fd = memfd_create(program, MFD_CLOEXEC);
	if (helper.words_fd < 0)
		return -errno;
	r = spawn_helper(&helper, argv);
	if (r != 0)
		close(helper.words_fd);
	else
		*ret = helper;
	return -r;
}

static int wait_helper(const struct helper *helper, struct err *e)
{
	autoclose int words_fd = helper->words_fd;
	int status = spawn_wait(helper->pid);
	char words[256], ending[64];
	ssize_t got;

	/* Somebody else has collected it: the child of ours says whether there is a map. */
	if (status == 0 || status == -ECHILD)
		return 0;
	if (status < 0)
		return err_set(e, ERR_SYSTEM, -status, "cannot wait for %s", helper->program);
	got = pread(words_fd, words, sizeof(words) - 1, 0);
	words[got > 0 ? got : 0] = '\0';
	words[strcspn(words, "\n")] = '\0';
	process_print_status(status, ending, sizeof(ending));
	return err_set(e, ERR_ID_MAP_REFUSED, 0, "%s %s%s%s", helper->program, ending,
		       words[0] ? ": " : "", words);
}

static int missing_helper(const char *program, int errnum, struct err *e)
{
	int r = err_set(e, ERR_ID_MAP_REFUSED, errnum, "cannot run %s", program);

	err_hint(e, "an ordinary user needs it for id maps: install the package uidmap");
	return r;
}

static int map_by_helpers(pid_t pid, const struct config_idmaps *maps, struct err *e)
{
	autostr users = {};
	autostr groups = {};
	struct helper first = {.words_fd = -EBADF}, second = first;
	int r;

	print_map(maps, 'u', ' ', &users);
	print_map(maps, 'g', ' ', &groups);
	r = start_helper("newuidmap", pid, &users, &first);
	if (r < 0)
		return missing_helper("newuidmap", -r, e);
	r = start_helper("newgidmap", pid, &groups, &second);
	if (r < 0) {
		wait_helper(&first, NULL);
		return missing_helper("newgidmap", -r, e);
	}
	r = wait_helper(&first, e);
	if (r < 0) {
		wait_helper(&second, NULL);
		return r;
	}
	return wait_helper(&second, e);
}

static int map_ids(pid_t pid, const struct config_idmaps *maps, struct err *e)
{
	autostr users = {};
	autostr groups = {};
	int r;

	if (geteuid() != 0)
		return map_by_helpers(pid, maps, e);
	print_map(maps, 'u', ' ', &users);
	print_map(maps, 'g', ' ', &groups);
	if (str_failed(&users) || str_failed(&groups))
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	r = write_map(pid, "uid_map", &users);
	if (r == 0)
		r = write_map(pid, "gid_map", &groups);
	if (r < 0)
		return err_set(e, ERR_ID_MAP_REFUSED, -r, "cannot write the id map");
	return 0;
}

/* Exit status of a child that could not even begin; its errno came through the socket. */
enum { EXIT_UNUSABLE = 125, SETGROUPS_MAX = 64 };

/* Where an ordinary user is mapped without helpers that the host trusts, the kernel has it keep its
 * groups (user_namespaces(7), /proc/PID/setgroups). */
static int drop_groups(void)
{
	autofree char *text = NULL;

	if (setgroups(0, NULL) == 0)
		return 0;
	if (errno == EPERM &&
	    file_read_all(AT_FDCWD, "/proc/self/setgroups", SETGROUPS_MAX, &text, NULL) == 0 &&
	    text_starts(text, "deny"))
		return 0;
	errno = EPERM;
	return -1;
}

_Noreturn static void run_child(int fd, const struct userns_call *call)
{
	int errnum = unshare(CLONE_NEWUSER) < 0 ? errno : 0;
	char go = 0;

	if (send(fd, &errnum, sizeof(errnum), MSG_NOSIGNAL) < 0 || errnum ||
	    recv(fd, &go, 1, 0) != 1)
		_exit(EXIT_UNUSABLE);
	errnum = drop_groups() < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0 ? errno : 0;
	if (send(fd, &errnum, sizeof(errnum), MSG_NOSIGNAL) < 0 || errnum)
		_exit(EXIT_UNUSABLE);
	close(fd);
	_exit(call->function(call->argument));
}

/* What the child has to tell: 0, or -errno. */
static int hear(int fd)
{
	int errnum;
	ssize_t len;

	do
		len = recv(fd, &errnum, sizeof(errnum), 0);
	while (len < 0 && errno == EINTR);
	if (len != (ssize_t)sizeof(errnum))
		return len < 0 ? -errno : -ECHILD;
	return -errnum;
}

static int lead_child(int fd, pid_t pid, const struct config_idmaps *maps, struct err *e)
{
	int r = hear(fd);

	if (r < 0)
		return err_set(e, ERR_CLONE_FAILED, -r, "cannot make a user namespace");
	r = map_ids(pid, maps, e);
	if (r < 0)
		return r;
	if (send(fd, "", 1, MSG_NOSIGNAL) < 0)
		return err_set(e, ERR_SYSTEM, errno, "the helper process has died");
	r = hear(fd);
	if (r < 0)
		return err_set(e, ERR_ID_MAP_REFUSED, -r,
			       "cannot become root in the user namespace");
	return 0;
}

int userns_run(const struct config_idmaps *maps, const struct userns_call *call, struct err *e)
{
	int ends[2];
	int status;
	pid_t pid;
	int r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_set(e, ERR_SYSTEM, errno, "cannot make a socket pair");
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		run_child(ends[1], call);
	}
	close(ends[1]);
	r = pid < 0 ? err_set(e, ERR_CLONE_FAILED, errno, "cannot fork")
		    : lead_child(ends[0], pid, maps, e);
	close(ends[0]); /* a child that waits for us ends then */
	if (pid < 0)
		return r;
	status = spawn_wait(pid);
	if (r < 0)
		return r;
	if (status < 0)
		return err_set(e, ERR_SYSTEM, -status, "cannot wait for the helper process");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
