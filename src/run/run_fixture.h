/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * For tests only: small plans built by hand, a record in shared memory, and calls that do no more
 * than remember what was asked of them.
 */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "plan/build.h"
#include "run/run.h"
#include "sys/process.h"

enum {
	FIXTURE_RECORD = 1 << 20,
	FIXTURE_NAME_AT = RECORD_PARTS_AT,
	FIXTURE_PLAN_AT = 65536,
	FIXTURE_TRACE_AT = FIXTURE_RECORD - 65536,
};

struct fixture {
	struct plan_build b;
	struct run run;
	struct run_calls calls;
	struct record_header *record;
	struct run_failure failure;
	/* What the calls were told. */
	char output[4096];
	size_t output_length;
	unsigned warnings, waits;
	struct run_failure warning; /* the last */
	bool reboot_refused;
	enum container_state state;
	/* Runs at the first wait that there is. */
	void (*at_wait)(struct fixture *f);
};

static inline int fixture_wait(struct run *r, int fd)
{
	struct fixture *f = r->context;
	struct pollfd p = {.fd = fd, .events = POLLIN};

	if (f->waits++ == 0 && f->at_wait)
		f->at_wait(f);
	/* A test that hangs is worse than one that fails. */
	return poll(&p, 1, 20000) == 1 ? 0 : -ETIMEDOUT;
}

static inline void fixture_output(struct run *r, const char *text, size_t length)
{
	struct fixture *f = r->context;

	if (length > sizeof(f->output) - 1 - f->output_length)
		length = sizeof(f->output) - 1 - f->output_length;
	memcpy(f->output + f->output_length, text, length);
	f->output_length += length;
	f->output[f->output_length] = '\0';
}

static inline void fixture_warn(struct run *r, const struct run_failure *failure)
{
	struct fixture *f = r->context;

	f->warnings++;
	f->warning = *failure;
}

static inline void fixture_refuse_reboot(struct run *r)
{
	((struct fixture *)r->context)->reboot_refused = true;
}

static inline int fixture_set_state(struct run *r, enum container_state state)
{
	((struct fixture *)r->context)->state = state;
	return 0;
}

static inline void fixture_begin(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	plan_build_init(&f->b);
	f->record = mmap(NULL, FIXTURE_RECORD, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			 -1, 0);
	if (f->record == MAP_FAILED)
		abort();
	f->calls.wait_readable = fixture_wait;
	f->calls.hook_output = fixture_output;
	f->calls.warn = fixture_warn;
	f->calls.refuse_reboot = fixture_refuse_reboot;
	f->calls.set_state = fixture_set_state;
}

static inline struct plan_step *fixture_step(struct fixture *f, enum plan_section section,
					     enum plan_op op, const char *object)
{
	return plan_build_step(&f->b, section, op, object, "config:7 lxc.some.key");
}

static inline uint32_t fixture_text(struct fixture *f, const char *text)
{
	return plan_build_text(&f->b, text);
}

/* The plan is complete: into the record, and everything ready to run. */
static inline void fixture_finish(struct fixture *f)
{
	static char *environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL};
	struct record_header *record = f->record;
	struct str bytes = {0};
	struct err e = {0};

	if (plan_build_finish(&f->b, &bytes, &e) < 0 || bytes.len > 512 << 10) {
		fprintf(stderr, "%s\n", err_cause(&e));
		abort();
	}
	plan_build_free(&f->b);
	memcpy(record->magic, RECORD_MAGIC, sizeof(record->magic));
	record->format = RECORD_FORMAT;
	record->program = SUPERVISOR_NUMBER;
	record->supervisor_pid = getpid();
	record->started = 1700000000;
	record->name = FIXTURE_NAME_AT;
	memcpy((char *)record + FIXTURE_NAME_AT, "c1", 3);
	record->plan.offset = FIXTURE_PLAN_AT;
	record->plan.size = (uint32_t)bytes.len;
	memcpy((char *)record + FIXTURE_PLAN_AT, bytes.data, bytes.len);
	str_finish(&bytes);
	record->trace.offset = FIXTURE_TRACE_AT;
	record->trace.size = 16 * record_plan(record)->sections[SECTION_START].count;
	f->run = (struct run){
		.record = record,
		.plan = record_plan(record),
		.calls = &f->calls,
		.context = f,
		.gate_fd = -EBADF,
		.child_fd = -EBADF,
		.environment = environment,
	};
}

static inline int fixture_start(struct fixture *f)
{
	return run_host(&f->run, SECTION_START, 0, &f->failure);
}

static inline struct record_register *fixture_register(struct fixture *f, unsigned n)
{
	return record_registers(f->record) + n;
}

/* Give everything back, and what a test may have left running. */
static inline void fixture_end(struct fixture *f)
{
	const struct plan *plan = f->run.plan;
	int status;

	if (f->run.child_fd >= 0) {
		process_signal(f->run.child_fd, SIGKILL);
		process_wait(f->run.child_fd, &status);
	}
	if (f->run.gate_fd >= 0)
		close(f->run.gate_fd);
	for (uint32_t i = 0; i < plan->registers.count; i++) {
		struct record_register *r = fixture_register(f, i);

		if (plan_registers(plan)[i].kind == REGISTER_FD && r->state == VALUE_SET &&
		    r->fd >= 0)
			close(r->fd);
	}
	munmap(f->record, FIXTURE_RECORD);
}
