/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Containers of genuine LXC, which keeps no records: they are found by their control sockets in
 * /proc/net/unix, where one with a hashed address is asked for its name.
 */

#include "container/list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/num.h"
#include "base/str.h"
#include "container/client.h"
#include "sys/socket_owner.h"

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

/* What /proc/net/unix is compared with: addresses of containers that are known, so that these are
 * not asked. */
struct known {
	VEC_OF(uint64_t) /* sorted */
};

static int by_number(const void *a, const void *b)
{
	const uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;

	return (first > second) - (first < second);
}

static int note_known(const char *lxcpath, const struct container_names *names, struct known *ret)
{
	for (size_t i = 0; names && i < names->count; i++) {
		uint64_t *slot = vec_push(ret);

		if (!slot)
			return -ENOMEM;
		*slot = client_address_hash(lxcpath, names->items[i]);
	}
	return 0;
}

static bool is_known(const struct known *known, uint64_t hash)
{
	return known->count > 0 &&
	       bsearch(&hash, known->items, known->count, sizeof(*known->items), by_number);
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
		r = names_add(names, str_text(&name.payload), strlen(str_text(&name.payload)));
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
	return client_is_contained(lxcpath, copy) ? 0 : names_add(names, copy, length);
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

int list_sockets(const char *lxcpath, const struct container_names *known,
		 const struct container_names *recorded, struct container_names *names,
		 struct err *e)
{
	autofclose FILE *file = fopen("/proc/net/unix", "re");
	struct known addresses = {};
	int r;

	if (!file)
		return err_set(e, ERR_FILE_OPEN, errno, "cannot read \"/proc/net/unix\"");
	r = note_known(lxcpath, known, &addresses);
	if (r == 0)
		r = note_known(lxcpath, recorded, &addresses);
	if (addresses.count > 0)
		qsort(addresses.items, addresses.count, sizeof(*addresses.items), by_number);
	if (r == 0)
		r = read_sockets(lxcpath, &addresses, file, names);
	vec_finish(&addresses);
	return r;
}
