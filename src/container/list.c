/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Which containers there are, and which of them run (spec/api.md §6). Runs of ours are read from
 * their records; those of genuine LXC are found by their control sockets in /proc/net/unix, where
 * one with a hashed address is asked for its name.
 */

#include "container/container.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/macros.h"
#include "container/client.h"
#include "container/runs.h"

void container_names_finish(struct container_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	vec_finish(names);
}

/* Any user may take an address, and the owner of a lxcpath make directories, with names that no
 * container can have. What drives terminals and forges lines is not handed on. */
static bool has_control(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] < ' ' || name[i] == '\x7f')
			return true;
	return false;
}

static int add_name(struct container_names *names, const char *name, size_t len)
{
	char *copy, **place;

	if (has_control(name, len))
		return 0;
	copy = strndup(name, len);
	place = copy ? vec_push(names) : NULL;
	if (!place) {
		free(copy);
		return -ENOMEM;
	}
	*place = copy;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_unique(struct container_names *names)
{
	size_t kept = 0;

	if (names->count == 0)
		return;
	qsort(names->items, names->count, sizeof(*names->items), by_name);
	for (size_t i = 0; i < names->count; i++) {
		if (kept > 0 && strcmp(names->items[kept - 1], names->items[i]) == 0)
			free(names->items[i]);
		else
			names->items[kept++] = names->items[i];
	}
	names->count = kept;
}

/* Without slashes at its end; heap. */
static char *make_lxcpath(const char *lxcpath)
{
	char *copy;

	if (!lxcpath)
		lxcpath = container_system_item("lxc.lxcpath");
	copy = strdup(lxcpath ? lxcpath : "");
	for (size_t len = copy ? strlen(copy) : 0; len > 1 && copy[len - 1] == '/'; len--)
		copy[len - 1] = '\0';
	return copy;
}

static int finish_list(struct container_names *names, int r, struct container_names *ret,
		       struct err *e)
{
	if (r < 0) {
		container_names_finish(names);
		return err_is_set(e) ? r : err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	}
	sort_unique(names);
	*ret = *names;
	return 0;
}

static bool has_config(int dirfd, const char *name)
{
	autostr path = {};
	struct stat status;

	str_addf(&path, "%s/config", name);
	return !str_failed(&path) && fstatat(dirfd, str_text(&path), &status, 0) == 0;
}

int container_list_defined(const char *lxcpath, struct container_names *ret, struct err *e)
{
	autofree char *path = make_lxcpath(lxcpath);
	struct container_names names = {};
	struct dirent *entry;
	DIR *directory;
	int r = 0;

	if (!path)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	directory = opendir(path);
	if (!directory && errno != ENOENT)
		return err_set(e, ERR_FILE_OPEN, errno, "cannot list the containers in \"%s\"",
			       path);
	while (directory && r == 0 && (entry = readdir(directory)))
		if (entry->d_name[0] != '.' && has_config(dirfd(directory), entry->d_name))
			r = add_name(&names, entry->d_name, strlen(entry->d_name));
	if (directory)
		closedir(directory);
	return finish_list(&names, r, ret, e);
}

/* A run of ours: a record that lives. One that can't be read is asked over its socket. */
static bool is_running(const char *lxcpath, const char *name)
{
	struct run_view view;
	bool running;

	if (runs_view(lxcpath, name, &view, NULL) != 0)
		return false;
	running = runs_view_state(&view) != STATE_COUNT;
	runs_view_close(&view);
	return running;
}

static int add_recorded(const char *lxcpath, struct container_names *names, struct err *e)
{
	autofree char *path = NULL;
	struct dirent *entry;
	bool hidden = false;
	DIR *directory;
	int r = runs_directory(lxcpath, &path, e);

	if (r < 0)
		return r;
	directory = opendir(path);
	while (directory && r == 0 && (entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			hidden = hidden || entry->d_name[1 + (entry->d_name[1] == '.')];
		else if (is_running(lxcpath, entry->d_name))
			r = add_name(names, entry->d_name, strlen(entry->d_name));
	}
	if (directory)
		closedir(directory);
	/* A run that died while it ended is nobody's name; listing it is no reason to fail. */
	if (hidden)
		runs_tidy(lxcpath, NULL);
	return r;
}

/* "@LXCPATH/NAME/command": the name, or NULL. */
static const char *direct_name(const char *address, const char *lxcpath, size_t *ret_len)
{
	const char *name = text_after(address, lxcpath);
	const char *end;

	if (!name || name[0] != '/')
		return NULL;
	name++;
	end = strchr(name, '/');
	if (!end || end == name || strcmp(end, "/command") != 0)
		return NULL;
	*ret_len = (size_t)(end - name);
	return name;
}

static bool is_hashed(const char *address)
{
	const char *hash = text_after(address, "lxc/");

	return hash && strspn(hash, "0123456789abcdef") == 16 && strcmp(hash + 16, "/command") == 0;
}

/* Runs of ours answer by their records; asking them again costs a round trip each. */
static bool is_known(const struct container_names *names, const char *lxcpath, const char *address)
{
	for (size_t i = 0; i < names->count; i++) {
		struct sockaddr_un known;
		socklen_t length = client_address(lxcpath, names->items[i], &known);
		size_t len = length - offsetof(struct sockaddr_un, sun_path) - 1;

		if (strlen(address) == len && memcmp(known.sun_path + 1, address, len) == 0)
			return true;
	}
	return false;
}

/* "lxc/HASH/command" is also the direct address of a container HASH below an lxcpath "lxc". */
static int ask(const char *address, int command, struct client_answer *ret)
{
	char hash[17] = "";

	memcpy(hash, address + LITERAL_LENGTH("lxc/"), 16);
	return client_call("lxc", hash, command, 0, NULL, 0, WIRE_DEADLINE, ret, NULL, NULL);
}

static int add_hashed(const char *lxcpath, const char *address, struct container_names *names)
{
	struct client_answer path = {};
	struct client_answer name = {};
	int r = 0;

	if (is_known(names, lxcpath, address))
		return 0;
	if (ask(address, WIRE_GET_LXCPATH, &path) == 0 &&
	    strcmp(str_text(&path.payload), lxcpath) == 0 &&
	    ask(address, WIRE_GET_NAME, &name) == 0 && name.payload.len > 0 &&
	    !strchr(str_text(&name.payload), '/'))
		r = add_name(names, str_text(&name.payload), strlen(str_text(&name.payload)));
	client_answer_finish(&path);
	client_answer_finish(&name);
	return r;
}

/* Listening sockets only: an address that is merely reserved is no container. */
static int add_sockets(const char *lxcpath, struct container_names *names, struct err *e)
{
	autofclose FILE *file = fopen("/proc/net/unix", "re");
	autofree char *line = NULL;
	size_t room = 0;
	ssize_t len;
	int r = 0;

	if (!file)
		return err_set(e, ERR_FILE_OPEN, errno, "cannot read \"/proc/net/unix\"");
	while (r == 0 && (len = getline(&line, &room, file)) > 0) {
		const char *at = strstr(line, " @");
		const char *name;
		size_t name_len;

		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		if (!at || !strstr(line, " 00010000 ") || strstr(line, " 00010000 ") > at)
			continue;
		at += 2;
		name = direct_name(at, lxcpath, &name_len);
		if (name)
			r = add_name(names, name, name_len);
		else if (is_hashed(at))
			r = add_hashed(lxcpath, at, names);
	}
	return r;
}

int container_list_active(const char *lxcpath, struct container_names *ret, struct err *e)
{
	autofree char *path = make_lxcpath(lxcpath);
	struct container_names names = {};
	struct err local = {};
	int r;

	if (!e)
		e = &local;
	if (!path)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	r = add_recorded(path, &names, e);
	if (r == 0)
		r = add_sockets(path, &names, e);
	return finish_list(&names, r, ret, e);
}
