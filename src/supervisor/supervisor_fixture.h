/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * For tests: a supervisor of a container "w1" below /var/lib/lxc that is RUNNING as far as its
 * record says, with a small plan: two ttys, a console, one cgroup hierarchy of each version whose
 * mount points are directories of the test's.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "run/wire.h"
#include "supervisor/state.h"
#include "supervisor/supervisor.h"

enum {
	FIXTURE_INIT_PID,
	FIXTURE_INIT_PIDFD,
	FIXTURE_CONSOLE,
	FIXTURE_TTY1,
	FIXTURE_TTY2,
	FIXTURE_LIMIT,
	FIXTURE_PAYLOAD,
	FIXTURE_VETH,
	FIXTURE_DEVPTS,
	FIXTURE_REGISTERS,
};

enum { FIXTURE_ITEMS = 3, FIXTURE_PID = 15065 };

struct fixture {
	struct supervisor s;
	struct record_header *record;
	char *end; /* where the next text goes */
};

static inline uint32_t fixture_text(struct fixture *f, const char *base, const char *text)
{
	uint32_t offset = (uint32_t)(f->end - base);

	memcpy(f->end, text, strlen(text) + 1);
	f->end += strlen(text) + 1;
	return offset;
}

static inline char *fixture_room(struct fixture *f, size_t size)
{
	char *at = f->end + (-(uintptr_t)f->end & 7);

	f->end = at + size;
	return at;
}

static inline void fixture_set_fd(struct fixture *f, unsigned n, int fd)
{
	struct record_register *r = &record_registers(f->record)[n];

	r->fd = fd;
	atomic_store(&r->state, VALUE_SET);
}

static inline void fixture_set_name(struct fixture *f, unsigned n, const char *name)
{
	struct record_register *r = &record_registers(f->record)[n];

	memcpy(r->name, name, strlen(name) + 1);
	atomic_store(&r->state, VALUE_SET);
}

static inline void fixture_items(struct fixture *f)
{
	static const char *const rows[FIXTURE_ITEMS][2] = {
		{"lxc.mount.entry", ""},
		{"lxc.net.0.veth.pair", "configured"},
		{"lxc.uts.name", "w1"},
	};
	char *base = fixture_room(f, sizeof(struct record_items) +
					     FIXTURE_ITEMS * sizeof(struct record_item));
	struct record_items *items = (void *)base;

	items->count = FIXTURE_ITEMS;
	for (int i = 0; i < FIXTURE_ITEMS; i++) {
		items->rows[i].key = fixture_text(f, base, rows[i][0]);
		items->rows[i].value = fixture_text(f, base, rows[i][1]);
	}
	f->record->items = (struct record_part){
		.offset = (uint32_t)(base - (char *)f->record),
		.size = (uint32_t)(f->end - base),
	};
}

static inline void fixture_hierarchies(struct fixture *f, struct plan *p, const char *v1,
				       const char *v2)
{
	struct plan_hierarchy *h = (void *)fixture_room(f, 2 * sizeof(*h));

	p->hierarchies.offset = (uint32_t)((char *)h - (char *)p);
	if (v1) {
		h->mount = fixture_text(f, (char *)p, v1);
		h->controllers = fixture_text(f, (char *)p, "memory,freezer");
		h->version = 1;
		h++;
		p->hierarchies.count++;
	}
	if (v2) {
		h->mount = fixture_text(f, (char *)p, v2);
		h->base = fixture_text(f, (char *)p, "slice");
		h->controllers = fixture_text(f, (char *)p, "cpu,hugetlb");
		h->version = 2;
		p->hierarchies.count++;
	}
}

static inline void fixture_plan(struct fixture *f, const char *v1, const char *v2)
{
	struct plan *p = (void *)fixture_room(f, sizeof(*p));
	struct plan_register *registers =
		(void *)fixture_room(f, FIXTURE_REGISTERS * sizeof(*registers));
	struct plan_overlay *overlay;

	memcpy(p->magic, PLAN_MAGIC, sizeof(p->magic));
	p->format = PLAN_FORMAT;
	p->clone_flags = 0x6e020000;
	p->tty_count = 2;
	p->registers.offset = (uint32_t)((char *)registers - (char *)p);
	p->registers.count = FIXTURE_REGISTERS;
	for (int i = 0; i < FIXTURE_REGISTERS; i++)
		registers[i].kind = REGISTER_FD;
	registers[FIXTURE_INIT_PID].kind = REGISTER_NUMBER;
	registers[FIXTURE_LIMIT].kind = registers[FIXTURE_PAYLOAD].kind =
		registers[FIXTURE_VETH].kind = REGISTER_NAME;
	memset(p->roles, 0xff, sizeof(p->roles));
	p->roles[ROLE_INIT_PID] = FIXTURE_INIT_PID;
	p->roles[ROLE_INIT_PIDFD] = FIXTURE_INIT_PIDFD;
	p->roles[ROLE_CONSOLE_MASTER] = FIXTURE_CONSOLE;
	p->roles[ROLE_TTY_FIRST] = FIXTURE_TTY1;
	p->roles[ROLE_LIMIT_CGROUP] = FIXTURE_LIMIT;
	p->roles[ROLE_PAYLOAD_CGROUP] = FIXTURE_PAYLOAD;
	p->roles[ROLE_DEVPTS] = FIXTURE_DEVPTS;
	overlay = (void *)fixture_room(f, 2 * sizeof(*overlay));
	p->overlays.offset = (uint32_t)((char *)overlay - (char *)p);
	p->overlays.count = 2;
	overlay[0].key = fixture_text(f, (char *)p, "lxc.net.0.veth.pair");
	overlay[0].register_number = FIXTURE_VETH;
	overlay[1].key = fixture_text(f, (char *)p, "lxc.net.0.name");
	overlay[1].register_number = PLAN_NO_REGISTER;
	overlay[1].value = fixture_text(f, (char *)p, "eth0");
	fixture_hierarchies(f, p, v1, v2);
	p->size = (uint32_t)(f->end - (char *)p);
	f->record->plan = (struct record_part){.offset = (uint32_t)((char *)p - (char *)f->record),
					       .size = p->size};
	f->s.run.plan = p;
}

/* Mount points may be NULL: no such hierarchy. */
static inline void fixture_open(struct fixture *f, const char *v1, const char *v2)
{
	char *base;

	*f = (struct fixture){.s = {.result_fd = -EBADF, .caller_fd = -EBADF, .record_fd = -EBADF}};
	base = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (base == MAP_FAILED)
		abort();
	f->record = (void *)base;
	f->end = base + RECORD_PARTS_AT;
	memcpy(f->record->magic, RECORD_MAGIC, sizeof(f->record->magic));
	f->record->format = RECORD_FORMAT;
	f->record->program = SUPERVISOR_NUMBER;
	f->record->name = fixture_text(f, base, "w1");
	f->record->lxcpath = fixture_text(f, base, "/var/lib/lxc");
	f->record->init_pid = FIXTURE_PID;
	f->record->state = STATE_RUNNING;
	f->record->listener_fd = -1;
	for (int i = 0; i < PLAN_REGISTERS_MAX; i++)
		record_registers(f->record)[i].fd = -EBADF;
	fixture_items(f);
	fixture_plan(f, v1, v2);
	fixture_set_name(f, FIXTURE_LIMIT, "lxc.payload.w1");
	fixture_set_name(f, FIXTURE_PAYLOAD, "lxc.payload.w1/ns");
	f->s.record = f->record;
	f->s.run.record = f->record;
	f->s.run.context = &f->s;
	console_init(&f->s.console);
	freezer_init(&f->s.freezer);
	if (loop_open(&f->s) < 0 || control_open(&f->s, f->record->listener_fd) < 0)
		abort();
	control_serve(&f->s, true);
}

static inline void fixture_close(struct fixture *f)
{
	control_close(&f->s);
	if (f->s.console.master_fd >= 0)
		console_close(&f->s.run);
	freezer_forget(&f->s);
	loop_close(&f->s);
	for (int i = 0; i < PLAN_REGISTERS_MAX; i++) {
		if (record_registers(f->record)[i].fd >= 0)
			close(record_registers(f->record)[i].fd);
	}
	munmap(f->record, 1 << 20);
}

/* Serve what there is to serve at once. */
static inline void fixture_pump(struct fixture *f)
{
	struct pollfd polled = {.fd = f->s.loop.epoll_fd, .events = POLLIN};

	for (int i = 0; i < 100000 && poll(&polled, 1, 0) == 1; i++)
		loop_serve_one(&f->s);
}

/* A connection: our end. */
static inline int fixture_connect(struct fixture *f)
{
	int ends[2];
	int on = 1;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
		abort();
	if (setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ||
	    control_adopt(&f->s, ends[0]) < 0)
		abort();
	return ends[1];
}
