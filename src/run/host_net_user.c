/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Interfaces of ordinary users (spec/runtime.md §9.3): lxc-user-nic, which is set-user-ID, makes
 * them and says what it has made. Nothing has to be given back but ports of Open vSwitch: the pair
 * goes with the container's network namespace.
 */

#include "run/host.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "run/arguments.h"
#include "run/programs.h"
#include "run/user_nic_line.h"
#include "sys/process.h"

enum { PATH_ROOM = 4096, SAID_ROOM = 512 };

/* The program at work. */
struct helper {
	struct arguments arguments;
	char path[PATH_ROOM];
	int pidfd, output_fd; /* output_fd: what it says, read when it has ended */
};

static int helper_open(struct host *h, struct helper *helper, const char *action)
{
	const struct record_header *record = h->run->record;
	int r;

	helper->arguments.vector = NULL;
	helper->pidfd = helper->output_fd = -EBADF;
	if (snprintf(helper->path, sizeof(helper->path), "%s/" PROGRAM_USER_NIC,
		     record_text(record, record->helper)) >= (int)sizeof(helper->path))
		return host_note(h, -ENAMETOOLONG, "%s", PROGRAM_USER_NIC);
	r = arguments_open(&helper->arguments, h->plan, record);
	if (r < 0)
		return host_failed(h, __NR_mmap, r);
	arguments_add(&helper->arguments, PROGRAM_USER_NIC);
	arguments_add(&helper->arguments, action);
	arguments_add(&helper->arguments, record_text(record, record->lxcpath));
	arguments_add(&helper->arguments, record_text(record, record->name));
	return 0;
}

static void helper_close(struct helper *helper)
{
	int status;

	if (helper->pidfd >= 0) {
		process_signal(helper->pidfd, SIGKILL);
		process_wait(helper->pidfd, &status);
		close(helper->pidfd);
	}
	if (helper->output_fd >= 0)
		close(helper->output_fd);
	arguments_close(&helper->arguments);
}

static int helper_start(struct host *h, struct helper *helper)
{
	char *const nothing[] = {NULL};
	struct process_program program = {
		.path = helper->path,
		.argv = arguments_vector(&helper->arguments),
		.environment = h->run->environment ? h->run->environment : nothing,
		.input = -1,
		.blocked_signals = h->run->caller_mask,
		.ignored_signals = h->run->caller_ignored,
		.descriptor_limit = h->run->caller_descriptors,
	};
	int pipes[2], r;
	pid_t pid;

	if (!program.argv)
		return host_note(h, -E2BIG, "the arguments of %s are too long", helper->path);
	if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK) < 0)
		return host_failed(h, __NR_pipe2, -errno);
	helper->output_fd = pipes[0];
	program.output = program.error_output = pipes[1];
	r = process_spawn(&program, &pid);
	close(pipes[1]);
	if (r < 0)
		return host_note(h, host_failed(h, __NR_execve, r), "%s", helper->path);
	helper->pidfd = r;
	return 0;
}

/* Run it to its end; what it has said is terminated. */
static int helper_run(struct host *h, struct helper *helper, char said[static SAID_ROOM],
		      size_t *ret_length)
{
	char ending[64];
	int status = 0, r = helper_start(h, helper);
	ssize_t got;

	if (r < 0)
		return r;
	r = host_wait(h, helper->pidfd);
	if (r == 0)
		r = process_wait(helper->pidfd, &status);
	if (r < 0)
		return host_note(h, host_failed(h, __NR_waitid, r), "%s", helper->path);
	close(take_fd(helper->pidfd));
	got = read(helper->output_fd, said, SAID_ROOM - 1);
	*ret_length = got > 0 ? (size_t)got : 0;
	said[*ret_length] = '\0';
	if (status == 0)
		return 0;
	user_nic_words_join(said);
	process_print_status(status, ending, sizeof(ending));
	return host_explain(h, "lxc-user-nic failed to configure requested network: %s",
			    said[0] ? said : ending);
}

static int take_line(struct host *h, const struct plan_step *step, const char *said, size_t length)
{
	struct user_nic_made made;
	int r = user_nic_line_parse(said, length, &made);

	if (r < 0 || strcmp(made.inside, host_text(h, step, 1)) != 0)
		return host_explain(h, "lxc-user-nic failed to configure requested network: it "
				       "does not say that it has made the interface");
	r = host_intend_name(h, step->out, made.host);
	if (r < 0)
		return host_note(h, r, "%s", made.host);
	host_set_name(h, step->out, made.host_index);
	return 0;
}

int host_user_nic_create(struct host *h, const struct plan_step *step)
{
	struct helper helper;
	char said[SAID_ROOM];
	size_t length = 0;
	int r;

	if (h->run->child <= 0)
		return host_note(h, -ESRCH, "there is no init");
	r = helper_open(h, &helper, "create");
	if (r == 0) {
		arguments_add_number(&helper.arguments, h->run->child);
		arguments_add(&helper.arguments, "veth");
		arguments_add(&helper.arguments, host_text(h, step, 0));
		arguments_add(&helper.arguments, host_text(h, step, 1));
		r = helper_run(h, &helper, said, &length);
	}
	helper_close(&helper);
	return r < 0 ? r : take_line(h, step, said, length);
}

int host_user_nic_delete(struct host *h, const struct plan_step *step)
{
	const int netns = host_fd(h, (unsigned)step->arg[1]);
	struct helper helper;
	char path[64], said[SAID_ROOM];
	size_t length;
	int r;

	if (!host_has(h, step->in) || netns < 0)
		return 0;
	r = helper_open(h, &helper, "delete");
	if (r == 0) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), netns);
		arguments_add(&helper.arguments, path);
		arguments_add(&helper.arguments, "veth");
		arguments_add(&helper.arguments, host_text(h, step, 0));
		arguments_add(&helper.arguments, host_name(h, step->in));
		r = helper_run(h, &helper, said, &length);
	}
	helper_close(&helper);
	if (r == 0)
		host_clear(h, step->in);
	return r;
}
