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
#include <unistd.h>

#include "base/macros.h"
#include "base/num.h"
#include "base/str.h"
#include "container/client.h"
#include "container/paths.h"
#include "container/runs.h"
#include "sys/socket_owner.h"

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
	if (!lxcpath)
		lxcpath = container_system_item("lxc.lxcpath");
	return lxcpath ? strndup(lxcpath, path_length(lxcpath)) : strdup("");
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

/* Runs of ours below an lxcpath. */
struct walk {
	const char *lxcpath;
	struct container_names names; /* of runs that live */
	container_run_fn function;    /* or NULL: the names are enough */
	void *payload;
};

/* One that can't be read, or says no state, is left to those who look at sockets: it can be asked.
 */
static int add_run(struct walk *walk, int dirfd, const char *name, struct err *e)
{
	struct container_run run;
	struct run_view view;
	int r = 0;

	if (runs_view_at(dirfd, name, &view, NULL) != 0)
		return 0;
	if (runs_view_state(&view) != STATE_COUNT) {
		if (walk->function) {
			look_at_view(&view, &run);
			r = walk->function(walk->payload, name, &run, e);
		}
		if (r >= 0)
			r = add_name(&walk->names, name, strlen(name));
	}
	runs_view_close(&view);
	return r;
}

static int add_recorded(struct walk *walk, struct err *e)
{
	int dirfd = runs_open(walk->lxcpath, e);
	struct dirent *entry;
	bool hidden = false;
	DIR *directory;
	int r = 0;

	if (dirfd < 0)
		return dirfd == -ENOENT ? 0 : dirfd;
	directory = fdopendir(dirfd);
	if (!directory) {
		close(dirfd);
		return err_set(e, ERR_SYSTEM, errno, "cannot list the run records");
	}
	while (r >= 0 && (entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			hidden = hidden || entry->d_name[1 + (entry->d_name[1] == '.')];
		else
			r = add_run(walk, dirfd, entry->d_name, e);
	}
	closedir(directory);
	/* A run that died while it ended is nobody's name; listing it is no reason to fail. */
	if (hidden)
		runs_tidy(walk->lxcpath, NULL);
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

/* What /proc/net/unix is compared with: addresses of runs that are known by their records, so that
 * these are not asked. */
struct known {
	VEC_OF(uint64_t)
};

static int note_known(const char *lxcpath, const struct container_names *names, struct known *ret)
{
	for (size_t i = 0; i < names->count; i++) {
		uint64_t *slot = vec_push(ret);

		if (!slot)
			return -ENOMEM;
		*slot = client_address_hash(lxcpath, names->items[i]);
	}
	return 0;
}

static bool is_known(const struct known *known, uint64_t hash)
{
	for (size_t i = 0; i < known->count; i++)
		if (known->items[i] == hash)
			return true;
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

	if (ask(address, WIRE_GET_LXCPATH, &path) == 0 &&
	    strcmp(str_text(&path.payload), lxcpath) == 0 &&
	    ask(address, WIRE_GET_NAME, &name) == 0 && name.payload.len > 0 &&
	    !strchr(str_text(&name.payload), '/'))
		r = add_name(names, str_text(&name.payload), strlen(str_text(&name.payload)));
	client_answer_finish(&path);
	client_answer_finish(&name);
	return r;
}

/*
 * A stranger's sockets are no containers, and to ask them could take as long as they like. The
 * inode number ends a line of /proc/net/unix before its " @". Kernels that don't tell whose a
 * socket is leave it to the question.
 */
static bool is_strangers(const char *line, const char *end, const char *lxcpath)
{
	const char *digits = end;
	struct netlink n;
	uint64_t inode;
	uid_t uid;
	int r;

	while (digits > line && digits[-1] >= '0' && digits[-1] <= '9')
		digits--;
	if (num_take_u64(&digits, &inode) < 0 || inode > UINT32_MAX || socket_owner_open(&n) < 0)
		return false;
	r = socket_owner(&n, (uint32_t)inode, &uid);
	netlink_close(&n);
	return r == 0 && !client_believes(uid, lxcpath);
}

/* What has no record: "@LXCPATH/NAME/command" or "@lxc/HASH/command". */
static int add_socket(const char *lxcpath, const struct known *known, char *line, char *at,
		      struct container_names *names)
{
	const char *address = at + LITERAL_LENGTH(" @");
	size_t length;
	const char *name = direct_name(address, lxcpath, &length);
	autofree char *copy = name ? strndup(name, length) : NULL;
	uint64_t hash;

	if (name && !copy)
		return -ENOMEM;
	if (!name && !is_hashed(address))
		return 0;
	hash = name ? client_address_hash(lxcpath, copy)
		    : strtoull(address + LITERAL_LENGTH("lxc/"), NULL, 16);
	if (is_known(known, hash) || is_strangers(line, at, lxcpath))
		return 0;
	if (!name)
		return add_hashed(lxcpath, address, names);
	return client_is_contained(lxcpath, copy) ? 0 : add_name(names, copy, length);
}

static int read_sockets(const char *lxcpath, const struct known *known, FILE *file,
			struct container_names *names)
{
	autofree char *line = NULL;
	size_t room = 0;
	ssize_t len;
	int r = 0;

	while (r == 0 && (len = getline(&line, &room, file)) > 0) {
		char *at = strstr(line, " @");

		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		/* Listening sockets only: an address that is merely reserved is no container. */
		if (!at || !strstr(line, " 00010000 ") || strstr(line, " 00010000 ") > at)
			continue;
		r = add_socket(lxcpath, known, line, at, names);
	}
	return r;
}

/* Those who listen and have no record. */
static int add_sockets(const char *lxcpath, const struct container_names *recorded,
		       struct container_names *names, struct err *e)
{
	autofclose FILE *file = fopen("/proc/net/unix", "re");
	struct known known = {};
	int r;

	if (!file)
		return err_set(e, ERR_FILE_OPEN, errno, "cannot read \"/proc/net/unix\"");
	r = note_known(lxcpath, recorded, &known);
	if (r == 0)
		r = read_sockets(lxcpath, &known, file, names);
	vec_finish(&known);
	return r;
}

int container_list_active(const char *lxcpath, struct container_names *ret, struct err *e)
{
	autofree char *path = make_lxcpath(lxcpath);
	struct walk walk = {.lxcpath = path};
	struct err local = {};
	int r;

	if (!e)
		e = &local;
	if (!path)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	r = add_recorded(&walk, e);
	if (r >= 0)
		r = add_sockets(path, &walk.names, &walk.names, e);
	return finish_list(&walk.names, r, ret, e);
}

/* Those that have no record: containers of genuine LXC. */
static int walk_sockets(struct walk *walk, struct err *e)
{
	struct container_names names = {};
	int r = add_sockets(walk->lxcpath, &walk->names, &names, e);

	sort_unique(&names);
	sort_unique(&walk->names);
	for (size_t i = 0; i < names.count && r >= 0; i++) {
		struct container *c = NULL;
		struct container_run run;

		if (walk->names.count > 0 &&
		    bsearch(&names.items[i], walk->names.items, walk->names.count,
			    sizeof(*walk->names.items), by_name))
			continue;
		r = container_open_bare(names.items[i], walk->lxcpath, &c, e);
		if (r < 0 || !c)
			break;
		/* Who does not answer is told as such, by a state that is none. */
		r = container_look(c, &run, NULL);
		if (r < 0)
			run = (struct container_run){.state = STATE_COUNT};
		r = r == 1 ? 0 : walk->function(walk->payload, c->name, &run, e);
		container_free(c);
	}
	container_names_finish(&names);
	return r;
}

int container_each_run(const char *lxcpath, container_run_fn function, void *payload, struct err *e)
{
	autofree char *path = make_lxcpath(lxcpath);
	struct walk walk = {.lxcpath = path, .function = function, .payload = payload};
	struct err local = {};
	int r;

	if (!e)
		e = &local;
	if (!path)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	r = add_recorded(&walk, e);
	if (r >= 0)
		r = walk_sockets(&walk, e);
	container_names_finish(&walk.names);
	if (r < 0 && !err_is_set(e))
		err_set(e, ERR_NO_MEMORY, ENOMEM, "out of memory");
	return r < 0 ? r : 0;
}
