/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Questions about cgroups (spec/wire.md §5: 6, 17, 19, 20, 23, 24, 25). Structures of other sizes
 * than ours come from other versions: what is missing counts as zero, what is more must be zero.
 */

#include "supervisor/control.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "supervisor/cgroup.h"
#include "supervisor/supervisor.h"

enum { CGROUP1_MAGIC = 0x0027e0eb, CGROUP2_MAGIC = 0x63677270 };

enum layout { LAYOUT_UNKNOWN = -1, LAYOUT_LEGACY, LAYOUT_HYBRID, LAYOUT_UNIFIED };

static enum layout find_layout(const struct supervisor *s)
{
	const struct plan *p = supervisor_plan(s);
	bool unified = cgroup_find_unified(s) != NULL;

	if (p->hierarchies.count == 0)
		return LAYOUT_UNKNOWN;
	if (!unified)
		return LAYOUT_LEGACY;
	return p->hierarchies.count > 1 ? LAYOUT_HYBRID : LAYOUT_UNIFIED;
}

/* 1: devices, 2: freezer work on the unified hierarchy. */
static uint32_t find_utilities(const struct supervisor *s)
{
	const struct plan_hierarchy *unified = cgroup_find_unified(s);
	uint32_t utilities = 0;

	if (!unified)
		return 0;
	if (cgroup_find_controller(s, "devices") == unified)
		utilities |= 1;
	if (cgroup_find_controller(s, "freezer") == unified)
		utilities |= 2;
	return utilities;
}

/*
 * The controller's name in a payload; "" for none, NULL when it is no name. Proxmox VE's old form
 * has a byte of 1 behind it: the limit directory is meant.
 */
static const char *controller_of(const struct connection *c, bool *ret_limit)
{
	const char *name = c->buffer;
	const char *end;

	if (c->length == 0)
		return "";
	end = memchr(name, '\0', c->length);
	if (end == name + c->length - 1)
		return name;
	if (end == name + c->length - 2 && end[1] == 1) {
		*ret_limit = true;
		return name;
	}
	return NULL;
}

void command_get_cgroup(struct supervisor *s, struct connection *c)
{
	bool limit = c->request.command == WIRE_GET_LIMIT_CGROUP;
	const char *name = controller_of(c, &limit);
	const struct plan_hierarchy *h;
	char path[PATH_MAX];
	struct answer answer = {.ret = 0};

	if (!name) {
		connection_answer_code(s, c, -EINVAL);
		return;
	}
	h = c->length == 0 ? cgroup_find_unified(s) : cgroup_find_controller(s, name);
	/* Clients take EOF for "no such controller", as LXC does it. */
	if (!h ||
	    cgroup_place_path(s, h, limit ? PLACE_LIMIT : PLACE_PAYLOAD, path, sizeof(path)) < 0) {
		connection_keep(s, c, VERDICT_CLOSE);
		return;
	}
	answer.payload[0] = (struct iovec){.iov_base = path, .iov_len = strlen(path) + 1};
	connection_answer(s, c, &answer, VERDICT_CLOSE);
}

void command_get_cgroup2_fd(struct supervisor *s, struct connection *c)
{
	enum cgroup_place place = c->request.command == WIRE_GET_LIMIT_CGROUP2_FD ? PLACE_LIMIT
										  : PLACE_PAYLOAD;
	const struct plan_hierarchy *h = cgroup_find_unified(s);
	autoclose int fd = -EBADF;
	struct answer answer = {.fds = &fd, .fd_count = 1};

	/* Clients of genuine LXC would take a hybrid host's for the place of freezer and limits. */
	if (find_layout(s) != LAYOUT_UNIFIED) {
		connection_answer_code(s, c, -EINVAL);
		return;
	}
	fd = cgroup_open_place(s, h, place);
	if (fd < 0)
		connection_answer_code(s, c, -EBADF);
	else
		connection_answer(s, c, &answer, VERDICT_CLOSE);
}

/* Copy a client's structure. 0 or -EINVAL: none, or one with more than we know about. */
static int take_structure(const struct connection *c, void *ret, size_t size)
{
	size_t length = c->length < size ? c->length : size;

	if (c->length == 0)
		return -EINVAL;
	for (size_t i = size; i < c->length; i++) {
		if (c->buffer[i] != 0)
			return -EINVAL;
	}
	memset(ret, 0, size);
	memcpy(ret, c->buffer, length);
	return 0;
}

static struct iovec structure_answer(const struct connection *c, void *structure, size_t size)
{
	return (struct iovec){
		.iov_base = structure,
		.iov_len = c->length < size ? c->length : size,
	};
}

void command_get_cgroup_context(struct supervisor *s, struct connection *c)
{
	const struct plan *p = supervisor_plan(s);
	struct wire_cgroup_context context;
	struct answer answer = {.ret = 0};
	int fds[WIRE_CGROUP_FDS];
	unsigned count = 0;

	if (take_structure(c, &context, sizeof(context)) < 0) {
		connection_answer_code(s, c, -EINVAL);
		return;
	}
	for (uint32_t i = 0; i < p->hierarchies.count && count < WIRE_CGROUP_FDS; i++) {
		int fd = cgroup_open_place(s, &plan_hierarchies(p)[i], PLACE_PAYLOAD);

		if (fd >= 0)
			fds[count++] = fd;
	}
	if (count == 0) {
		connection_answer_code(s, c, -ENOENT);
		return;
	}
	context = (struct wire_cgroup_context){
		.layout = find_layout(s),
		.utilities = find_utilities(s),
		.fd_count = count,
	};
	for (unsigned i = 0; i < WIRE_CGROUP_FDS; i++)
		context.fds[i] = i < count ? fds[i] : -EBADF;
	answer.fds = fds;
	answer.fd_count = count;
	answer.payload[0] = structure_answer(c, &context, sizeof(context));
	connection_answer(s, c, &answer, VERDICT_CLOSE);
	for (unsigned i = 0; i < count; i++)
		close(fds[i]);
}

/* 0 with the structure completed and a descriptor, or -errno. */
static int find_cgroup_fd(struct supervisor *s, const struct connection *c,
			  struct wire_cgroup_fd *wanted)
{
	enum cgroup_place place = c->request.command == WIRE_GET_LIMIT_CGROUP_FD ? PLACE_LIMIT
										 : PLACE_PAYLOAD;
	const struct plan_hierarchy *h;
	int fd, magic;

	if (wanted->controller[0] == '\0' ||
	    !memchr(wanted->controller, '\0', sizeof(wanted->controller)))
		return -EINVAL;
	h = cgroup_find_controller(s, wanted->controller);
	if (!h)
		return -ENOENT;
	magic = h->version == 1 ? CGROUP1_MAGIC : CGROUP2_MAGIC;
	if (wanted->type != 0 && wanted->type != magic)
		return -EINVAL;
	fd = cgroup_open_place(s, h, place);
	if (fd < 0)
		return fd;
	wanted->layout = find_layout(s);
	wanted->utilities = find_utilities(s);
	wanted->type = magic;
	wanted->fd = fd;
	return 0;
}

void command_get_cgroup_fd(struct supervisor *s, struct connection *c)
{
	struct wire_cgroup_fd wanted;
	struct answer answer = {.fd_count = 1};
	int r = take_structure(c, &wanted, sizeof(wanted));
	autoclose int fd = -EBADF;

	if (r == 0)
		r = find_cgroup_fd(s, c, &wanted);
	if (r < 0) {
		connection_answer_code(s, c, r);
		return;
	}
	fd = wanted.fd;
	answer.fds = &fd;
	answer.payload[0] = structure_answer(c, &wanted, sizeof(wanted));
	connection_answer(s, c, &answer, VERDICT_CLOSE);
}
