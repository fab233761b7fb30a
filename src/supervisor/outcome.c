/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Telling what became of a start. The error chain lives in pages of its own, which exist only while
 * there is one; rendering it is the one place that uses the heap.
 */

#include "supervisor/outcome.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOG_CATEGORY "start"
#include "base/log.h"
#include "base/macros.h"
#include "base/str.h"
#include "plan/print.h"
#include "run/result.h"
#include "supervisor/supervisor.h"
#include "sys/file.h"

enum { SENTENCE_MAX = 512 };

struct err *outcome_error(struct supervisor *s)
{
	void *pages;

	if (s->error)
		return s->error;
	pages = mmap(NULL, sizeof(*s->error), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		     -1, 0);
	s->error = pages == MAP_FAILED ? NULL : pages;
	return s->error;
}

/* "lxc-start: c1: WORD " */
static void add_prefix(const struct supervisor *s, struct str *out)
{
	const struct record_header *r = s->record;
	const char *prefix = record_text(r, r->log_prefix);
	const char *word = record_text(r, r->log_word);

	str_addf(out, "%s: %s: %s%s", prefix[0] ? prefix : "lxc", record_text(r, r->name), word,
		 word[0] ? " " : "");
}

/* What LXC's users know from it, behind what they could not know. */
static void add_known_lines(const struct supervisor *s, struct str *out)
{
	static const char *const application[] = {
		"Failed run an application inside container",
		NULL,
	};
	static const char *const container[] = {
		"The container failed to start",
		"Additional information can be obtained by setting the --logfile and "
		"--logpriority options",
		NULL,
	};
	const char *const *lines = s->record->flags & RECORD_APPLICATION ? application : container;

	for (; *lines; lines++) {
		add_prefix(s, out);
		str_addf(out, "%s\n", *lines);
	}
}

/* Each line of the chain is one of the log's. */
static void log_lines(const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		log_error("%.*s", (int)length, text);
		text += length + (text[length] == '\n');
	}
}

void outcome_show(struct supervisor *s)
{
	bool is_quiet = (s->record->flags & RECORD_QUIET) != 0;
	autostr chain = {0};
	autostr out = {0};

	if (!s->error || !err_is_set(s->error))
		return;
	err_render_text(s->error, &chain);
	if (s->record->flags & RECORD_EXPLAINS && !is_quiet) {
		add_prefix(s, &out);
		str_addf(&out, "%s\n", str_text(&chain));
		add_known_lines(s, &out);
		file_write_fd(STDERR_FILENO, str_text(&out), out.len);
	}
	/* Shown once: what stands on the terminal, or goes to the starter, is not said again. */
	log_set_quiet(true);
	log_lines(str_text(&chain));
	log_set_quiet(is_quiet || s->record->flags & RECORD_DAEMONISED);
}

void outcome_send(struct supervisor *s, enum container_state state, bool is_last)
{
	struct run_result result;

	if (s->result_fd < 0)
		return;
	memset(&result, 0, sizeof(result));
	result.state = state;
	result.exit_status = s->record->exit_status;
	result.init_pid = s->record->init_pid;
	if (s->error && err_is_set(s->error)) {
		result.has_error = 1;
		result.error = *s->error;
	}
	send(s->result_fd, &result, sizeof(result), MSG_NOSIGNAL);
	if (is_last)
		close(take_fd(s->result_fd));
	s->loop.has_deep_stack = true;
}

void outcome_note_left(struct run *r, const struct run_failure *failure)
{
	const struct plan_step *step = plan_steps(r->plan, failure->section) + failure->step;
	struct record_header *record = r->record;
	char sentence[SENTENCE_MAX];

	supervisor_of(r)->is_left_over = true;
	record->left |= r->is_elsewhere && (step->flags & STEP_NETWORK) ? LEFT_ELSEWHERE
									: LEFT_SOMETHING;
	if (!(step->flags & STEP_OWED))
		return;
	record->left |= LEFT_OWED;
	if (record->owed[0])
		return;
	plan_print_sentence(r->plan, step, sentence, sizeof(sentence));
	snprintf(record->owed, sizeof(record->owed), "%.150s%s%.200s", sentence,
		 failure->note[0] ? ": " : "", failure->note);
	record->owed_errno = failure->errnum;
}

void outcome_warn(struct run *r, const struct run_failure *failure)
{
	struct supervisor *s = supervisor_of(r);
	const struct plan_step *step = NULL;
	char sentence[SENTENCE_MAX] = "";

	if (failure->section < SECTION_COUNT &&
	    failure->step < r->plan->sections[failure->section].count)
		step = plan_steps(r->plan, failure->section) + failure->step;
	if (step)
		plan_print_sentence(r->plan, step, sentence, sizeof(sentence));
	if (step && step->flags & STEP_OPTIONAL) {
		log_info_errno(failure->errnum, "%s%s%s", sentence, failure->note[0] ? ": " : "",
			       failure->note);
		return;
	}
	if (supervisor_is_to_retry(s, failure))
		outcome_note_left(r, failure);
	log_warn_errno(failure->errnum, "%s%s%s%s%s", sentence, failure->note[0] ? ": " : "",
		       failure->note, step && step->origin ? " - " : "",
		       step ? plan_text(r->plan, step->origin) : "");
}

static const char *lane_name(const struct plan_step *step)
{
	static const char *const names[LANE_COUNT] = {
		[LANE_HOST] = "host", [LANE_INIT] = "init",       [LANE_BOTH] = "both",
		[LANE_JOIN] = "join", [LANE_RESTORE] = "restore",
	};

	return step->lane < LANE_COUNT ? names[step->lane] : "?";
}

static void trace_line(const struct supervisor *s, const char *line)
{
	bool is_daemon = (s->record->flags & RECORD_DAEMONISED) != 0;
	int fd = is_daemon ? s->trace_fd : STDERR_FILENO;

	if (fd >= 0)
		dprintf(fd, "%s\n", line);
	if (is_daemon)
		log_notice("%s", line);
}

/* "  12 init      41 µs  mount proc on /proc" */
void outcome_trace(struct supervisor *s)
{
	const struct record_header *r = s->record;
	const struct plan *p = s->run.plan;
	const uint64_t(*times)[2] = (const void *)((const char *)r + r->trace.offset);
	uint64_t first = 0, last = 0;
	char line[SENTENCE_MAX + 64];
	char sentence[SENTENCE_MAX];

	if (!(r->flags & RECORD_TRACE) || !p || p->flags & PLAN_IS_PRELUDE)
		return;
	for (uint32_t i = 0;
	     i < p->sections[SECTION_START].count && i < r->trace.size / sizeof(times[0]); i++) {
		const struct plan_step *step = plan_steps(p, SECTION_START) + i;

		if (times[i][0] == 0)
			continue;
		first = first && first < times[i][0] ? first : times[i][0];
		last = times[i][1] > last ? times[i][1] : last;
		plan_print_sentence(p, step, sentence, sizeof(sentence));
		if (times[i][1] >= times[i][0])
			snprintf(line, sizeof(line), "%4u %-7s %8llu µs  %s", i + 1,
				 lane_name(step),
				 (unsigned long long)(times[i][1] - times[i][0]) / 1000, sentence);
		else
			snprintf(line, sizeof(line), "%4u %-7s   not done  %s", i + 1,
				 lane_name(step), sentence);
		trace_line(s, line);
	}
	if (last > first) {
		snprintf(line, sizeof(line), "all steps    %8llu µs",
			 (unsigned long long)(last - first) / 1000);
		trace_line(s, line);
	}
	if (s->trace_fd >= 0)
		close(take_fd(s->trace_fd));
}
