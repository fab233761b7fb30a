/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The lines of hooks: see hook_output.h. Nothing of them is interpreted: the log and the error
 * chain make visible what is not.
 */

#include "supervisor/hook_output.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LOG_CATEGORY "start"
#include "base/log.h"
#include "base/macros.h"
#include "base/num.h"
#include "supervisor/supervisor.h"

enum {
	LINE_MAX_LENGTH = 1024, /* a longer one is cut into several */
	LAST_LINES = 3,
	LAST_LENGTH = 240, /* bytes of a line that are told */
	READS_AT_ONCE = 64,
};

struct hook_output {
	const struct plan_step *step;   /* whose output it is; NULL: unknown */
	const struct plan_step *inside; /* whose that of the INIT lane's pipe is */
	const char *command;            /* of the step */
	bool is_marker;                 /* the line is the INIT lane's: the number of a step */
	size_t length;
	char line[LINE_MAX_LENGTH + 1];
	unsigned count; /* lines kept */
	char last[LAST_LINES][LAST_LENGTH];
	char told[LAST_LINES * LAST_LENGTH + 1];
};

static struct hook_output *output_of(struct supervisor *s)
{
	void *pages;

	if (s->hook_output)
		return s->hook_output;
	pages = mmap(NULL, sizeof(*s->hook_output), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	s->hook_output = pages == MAP_FAILED ? NULL : pages;
	return s->hook_output;
}

static void keep_line(struct hook_output *o)
{
	size_t length = o->length < LAST_LENGTH - 1 ? o->length : LAST_LENGTH - 1;

	if (o->count == LAST_LINES)
		memmove(o->last[0], o->last[1], sizeof(o->last[0]) * --o->count);
	memcpy(o->last[o->count], o->line, length);
	o->last[o->count++][length] = '\0';
}

static void end_line(struct hook_output *o)
{
	if (o->length == 0)
		return;
	o->line[o->length] = '\0';
	log_debug("Script %s produced output: %s", o->command ? o->command : "", o->line);
	keep_line(o);
	o->length = 0;
}

static void set_step(struct supervisor *s, struct hook_output *o, const struct plan_step *step)
{
	if (o->step == step)
		return;
	end_line(o);
	o->count = 0;
	o->step = step;
	o->command = step && s->run.plan ? plan_text(s->run.plan, step->arg[1]) : NULL;
}

/* The step that the lane's number names, or NULL: then the line was a hook's own after all. */
static const struct plan_step *marked_step(const struct supervisor *s, const char *text)
{
	const struct plan *p = s->run.plan;
	uint32_t index;

	if (!p || num_parse_u32(text, 10, &index) < 0 || index >= p->sections[SECTION_START].count)
		return NULL;
	if (plan_steps(p, SECTION_START)[index].op != OP_HOOK_INSIDE)
		return NULL;
	return plan_steps(p, SECTION_START) + index;
}

static void end_marker(struct supervisor *s, struct hook_output *o)
{
	const struct plan_step *step;

	o->line[o->length] = '\0';
	o->is_marker = false;
	step = marked_step(s, o->line);
	if (!step) {
		end_line(o);
		return;
	}
	o->length = 0;
	o->inside = step;
	set_step(s, o, step);
}

static void add_text(struct supervisor *s, struct hook_output *o, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\n' && o->is_marker) {
			end_marker(s, o);
		} else if (text[i] == '\n') {
			end_line(o);
		} else if (text[i] == '\0') {
			end_line(o);
			o->is_marker = true;
		} else {
			o->line[o->length++] = text[i];
			if (o->length == LINE_MAX_LENGTH)
				end_line(o);
		}
	}
}

/* The hook that is running now, as far as the cursor tells. */
static const struct plan_step *current_hook(const struct run *r)
{
	const struct plan *p = r->plan;
	uint32_t section = r->record->section;
	uint32_t at = atomic_load(&r->record->cursor);

	if (!p || section >= SECTION_COUNT || at >= p->sections[section].count)
		return NULL;
	return plan_steps(p, section)[at].op == OP_HOOK ? plan_steps(p, section) + at : NULL;
}

void hook_output_take(struct run *r, const char *text, size_t length)
{
	struct supervisor *s = supervisor_of(r);
	struct hook_output *o = output_of(s);

	if (!o)
		return;
	set_step(s, o, current_hook(r));
	add_text(s, o, text, length);
}

/* A hook of the HOST lane may have printed meanwhile. */
int hook_output_read(struct supervisor *s, int fd)
{
	struct hook_output *o = output_of(s);
	char text[1024];

	if (o)
		set_step(s, o, o->inside);
	for (unsigned i = 0; i < READS_AT_ONCE; i++) {
		ssize_t got = read(fd, text, sizeof(text));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno == EAGAIN ? 0 : 1;
		if (got == 0)
			return 1;
		if (o)
			add_text(s, o, text, (size_t)got);
	}
	return 0;
}

const char *hook_output_last(struct supervisor *s, const struct plan_step *step)
{
	struct hook_output *o = s->hook_output;
	size_t length = 0;

	if (!o || !step || o->step != step)
		return NULL;
	end_line(o);
	for (unsigned i = 0; i < o->count; i++) {
		size_t n = strlen(o->last[i]);

		memcpy(o->told + length, o->last[i], n);
		length += n;
		o->told[length++] = '\n';
	}
	o->told[length] = '\0';
	return length > 0 ? o->told : NULL;
}

void hook_output_forget(struct supervisor *s)
{
	if (!s->hook_output)
		return;
	end_line(s->hook_output);
	munmap(s->hook_output, sizeof(*s->hook_output));
	s->hook_output = NULL;
}
