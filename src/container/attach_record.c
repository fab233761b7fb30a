/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The record of an attach (run/attach.h): a plan, its registers, and how to launch it. It belongs
 * to one attach and is never a file with a name.
 */

#include "container/attach.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

enum { ALIGNMENT = 8 };

static void set_fd(struct record_header *record, unsigned number, int fd)
{
	struct record_register *reg = &record_registers(record)[number];

	if (fd < 0)
		return;
	reg->fd = fd;
	atomic_store(&reg->state, VALUE_SET);
}

static int set_registers(const struct attach *a, struct record_header *record)
{
	struct record_register *cgroup = &record_registers(record)[ATTACH_REGISTER_CGROUP];
	size_t len = a->facts.payload ? strlen(a->facts.payload) : 0;

	set_fd(record, ATTACH_REGISTER_PIDFD, a->pidfd);
	set_fd(record, ATTACH_REGISTER_TERMINAL, a->peer_fd);
	set_fd(record, ATTACH_REGISTER_LEAF, a->leaf_fd);
	if (len >= sizeof(cgroup->name))
		return -ENAMETOOLONG;
	if (len > 0) {
		memcpy(cgroup->name, a->facts.payload, len + 1);
		atomic_store(&cgroup->state, VALUE_SET);
	}
	return 0;
}

/* Append a text; its offset in the record. */
static uint32_t add_text(struct str *parts, const char *text)
{
	uint32_t offset = (uint32_t)(RECORD_PARTS_AT + parts->len);

	str_add_bytes(parts, text, strlen(text) + 1);
	return offset;
}

static uint32_t add_aligned(struct str *parts, const void *bytes, size_t len)
{
	uint32_t offset;

	while ((RECORD_PARTS_AT + parts->len) % ALIGNMENT && !str_failed(parts))
		str_add_char(parts, '\0');
	offset = (uint32_t)(RECORD_PARTS_AT + parts->len);
	str_add_bytes(parts, bytes, len);
	return offset;
}

static void fill_header(const struct attach *a, const char *comm, const struct str *plan,
			struct record_header *header, struct str *parts)
{
	memcpy(header->magic, RECORD_MAGIC, sizeof(RECORD_MAGIC));
	header->format = RECORD_FORMAT;
	header->program = SUPERVISOR_NUMBER;
	header->state = STATE_RUNNING;
	header->listener_fd = header->result_fd = header->log_fd = header->caller_pidfd = -1;
	header->name = add_text(parts, a->c->name);
	header->lxcpath = add_text(parts, a->c->lxcpath);
	header->comm = add_text(parts, comm);
	header->applied.offset = add_aligned(parts, &a->at, sizeof(a->at));
	header->applied.size = sizeof(a->at);
	header->plan.offset = add_aligned(parts, plan->data, plan->len);
	header->plan.size = (uint32_t)plan->len;
}

int attach_make_record(struct attach *a, const char *comm, char **ret, size_t *ret_size,
		       struct err *e)
{
	struct record_header *record;
	struct record_header header = {0};
	autostr plan = {0}, parts = {0};
	size_t size;
	int r = plan_compile_attach(&a->request, &a->facts, &plan, e);

	if (r < 0)
		return r;
	a->at.pidfd_register = ATTACH_REGISTER_PIDFD;
	a->at.child_register = ATTACH_REGISTER_CHILD;
	a->at.terminal_register = ATTACH_REGISTER_TERMINAL;
	a->at.streams = a->request.terminal_streams;
	a->at.terminal_fd = a->terminal_fd >= 0 ? a->terminal_fd : -1;
	a->at.log_fd = a->log_fd >= 0 ? a->log_fd : -1;
	fill_header(a, comm, &plan, &header, &parts);
	size = RECORD_PARTS_AT + parts.len;
	record = str_failed(&parts) ? NULL : calloc(1, size);
	if (!record)
		return err_set(e, ERR_NO_MEMORY, ENOMEM, "no memory for attaching");
	memcpy(record, &header, sizeof(header));
	memcpy((char *)record + RECORD_PARTS_AT, parts.data, parts.len);
	r = set_registers(a, record);
	if (r < 0) {
		free(record);
		return err_set(e, ERR_CGROUP_FAILED, -r,
			       "the cgroup path of container \"%s\" is too long", a->c->name);
	}
	*ret = (char *)record;
	*ret_size = size;
	return 0;
}
