/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A child as root of a user namespace, for work on files that belong to the container's ids. Root
 * writes the maps itself; others have newuidmap and newgidmap do it, which allow one's own id
 * besides those of /etc/subuid. user_namespaces(7).
 */

#include "child/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ids.h"
#include "base/macros.h"
#include "base/str.h"
#include "child/child.h"
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
	struct container_id inside;

	return config_container_id(maps, kind, (struct host_id){host}, &inside) == 0 ? inside.value
										     : ID_INVALID;
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

/* newuidmap PID INSIDE HOST COUNT …, and the first line of what it says. */
struct helper {
	const char *program;
	char number[16];
	char **argv;
	char words[256];
	size_t length;
};

static int fill_argv(struct helper *helper, pid_t pid, struct str *map)
{
	char *at = map->data;
	size_t count = 2;

	helper->argv = calloc(HELPER_WORDS_MAX, sizeof(*helper->argv));
	if (!helper->argv || !map->data || str_failed(map))
		return -ENOMEM;
	snprintf(helper->number, sizeof(helper->number), "%d", (int)pid);
	helper->argv[0] = (char *)helper->program;
	helper->argv[1] = helper->number;
	while (*at && count < HELPER_WORDS_MAX - 1) {
		helper->argv[count++] = at;
		at += strcspn(at, " \n");
		if (*at)
			*at++ = '\0';
	}
	return 0;
}

static int execute_helper(void *argument)
{
	const struct helper *helper = argument;

	execvp(helper->program, helper->argv);
	return -errno;
}

static void hear_helper(void *context, const char *text, size_t len)
{
	struct helper *helper = context;
	size_t room = sizeof(helper->words) - 1 - helper->length;

	if (len > room)
		len = room;
	memcpy(helper->words + helper->length, text, len);
	helper->length += len;
}

static int explain_helper(struct helper *helper, int status, struct err *e)
{
	char ending[64];

	process_print_status(status, ending, sizeof(ending));
	helper->words[strcspn(helper->words, "\n")] = '\0';
	return err_set(e, ERR_ID_MAP_REFUSED, 0, "%s %s%s%s", helper->program, ending,
		       helper->words[0] ? ": " : "", helper->words);
}

static int run_helper(const char *program, pid_t pid, struct str *map, struct err *e)
{
	struct helper helper = {.program = program};
	const struct child_work work = {
		.function = execute_helper,
		.argument = &helper,
		.kept_fd = -EBADF,
		.heard_stream = STDERR_FILENO,
		.hear = hear_helper,
		.context = &helper,
	};
	int status = 0;
	int r = fill_argv(&helper, pid, map);

	if (r == 0)
		r = child_run(&work, &status);
	free(helper.argv);
	if (r < 0) {
		r = err_set(e, ERR_ID_MAP_REFUSED, -r, "cannot run %s", program);
		err_hint(e, "an ordinary user needs it for id maps: install the package uidmap");
		return r;
	}
	return status == 0 ? 0 : explain_helper(&helper, status, e);
}

static int map_by_helpers(pid_t pid, const struct config_idmaps *maps, struct err *e)
{
	autostr users = {};
	autostr groups = {};
	int r;

	print_map(maps, 'u', ' ', &users);
	print_map(maps, 'g', ' ', &groups);
	r = run_helper("newuidmap", pid, &users, e);
	return r == 0 ? run_helper("newgidmap", pid, &groups, e) : r;
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

enum { SETGROUPS_MAX = 64 };

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

/* What the child says: who it is, and what it could not do. */
struct word {
	pid_t pid;
	int errnum;
};

struct inside {
	const struct userns_call *call;
	int ends[2]; /* ours and the child's */
};

static int say(int fd, int errnum)
{
	const struct word word = {getpid(), errnum};

	return send(fd, &word, sizeof(word), MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int become_root(pid_t parent)
{
	if (drop_groups() < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return errno;
	/* Another uid makes the kernel forget it. */
	return -process_die_with(parent, SIGKILL);
}

/* In the child. The exit status counts only when both words have told of no error. */
static int run_inside(void *argument)
{
	struct inside *inside = argument;
	const pid_t parent = getppid(); /* whom we die with until then, child.h */
	int fd = inside->ends[1];
	int errnum;
	char go = 0;

	close(inside->ends[0]);
	errnum = unshare(CLONE_NEWUSER) < 0 ? errno : 0;
	if (say(fd, errnum) < 0 || errnum || recv(fd, &go, 1, 0) != 1)
		return 1;
	errnum = become_root(parent);
	if (say(fd, errnum) < 0 || errnum)
		return 1;
	close(fd);
	return inside->call->function(inside->call->argument);
}

/* What the child has to tell: 0, or -errno. */
static int hear(int fd, pid_t *ret_pid)
{
	struct word word;
	ssize_t len;

	do
		len = recv(fd, &word, sizeof(word), 0);
	while (len < 0 && errno == EINTR);
	if (len != (ssize_t)sizeof(word))
		return len < 0 ? -errno : -ECHILD;
	*ret_pid = word.pid;
	return -word.errnum;
}

static int lead_child(int fd, const struct config_idmaps *maps, struct err *e)
{
	pid_t pid = 0;
	int r = hear(fd, &pid);

	if (r < 0)
		return err_set(e, ERR_CLONE_FAILED, -r, "cannot make a user namespace");
	r = map_ids(pid, maps, e);
	if (r < 0)
		return r;
	if (send(fd, "", 1, MSG_NOSIGNAL) < 0)
		return err_set(e, ERR_SYSTEM, errno, "the helper process has died");
	r = hear(fd, &pid);
	if (r < 0)
		return err_set(e, ERR_ID_MAP_REFUSED, -r,
			       "cannot become root in the user namespace");
	return 0;
}

int userns_run(const struct config_idmaps *maps, const struct userns_call *call, int *ret_status,
	       struct err *e)
{
	struct inside inside = {.call = call};
	const struct child_work work = {
		.function = run_inside,
		.argument = &inside,
		.kept_fd = call->kept_fd,
	};
	struct child child = {.work = &work, .report_fd = -EBADF, .output_fd = -EBADF};
	int r, ended;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, inside.ends) < 0)
		return err_set(e, ERR_SYSTEM, errno, "cannot make a socket pair");
	r = child_start(&work, &child);
	close(inside.ends[1]);
	if (r < 0) {
		close(inside.ends[0]);
		return err_set(e, ERR_CLONE_FAILED, -r, "cannot make a process");
	}
	r = lead_child(inside.ends[0], maps, e);
	close(inside.ends[0]); /* a child that waits for us ends then */
	ended = child_wait(&child, ret_status);
	if (r < 0 || ended == 0)
		return r;
	*ret_status = -ended;
	return USERNS_CALL_FAILED;
}
