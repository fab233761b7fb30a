/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Interfaces of ordinary users (spec/runtime.md §9.3): lxc-user-nic, which is set-user-ID, makes
 * them and says what it has made. Nothing has to be given back but ports of Open vSwitch: the pair
 * goes with the container's network namespace.
 */

#include "run/host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "run/host_command.h"
#include "run/programs.h"
#include "run/user_nic_line.h"
#include "sys/process.h"

enum { PATH_ROOM = 4096, SAID_ROOM = 512 };

/* The program at work. */
struct helper {
	struct host_command command;
	char path[PATH_ROOM];
};

static int helper_open(struct host *h, struct helper *helper, const char *action)
{
	const struct record_header *record = h->run->record;
	struct arguments *arguments = &helper->command.arguments;
	int r;

	host_command_init(&helper->command);
	helper->command.path = helper->path;
	helper->command.hears_output = true;
	if (snprintf(helper->path, sizeof(helper->path), "%s/" PROGRAM_USER_NIC,
		     record_text(record, record->helper)) >= (int)sizeof(helper->path))
		return host_note(h, -ENAMETOOLONG, "%s", PROGRAM_USER_NIC);
	r = arguments_open(arguments, h->plan, record);
	if (r < 0)
		return host_failed(h, __NR_mmap, r);
	arguments_add(arguments, PROGRAM_USER_NIC);
	arguments_add(arguments, action);
	arguments_add(arguments, record_text(record, record->lxcpath));
	arguments_add(arguments, record_text(record, record->name));
	return 0;
}

/* Run it to its end; what it has said is terminated. */
static int helper_run(struct host *h, struct helper *helper, char said[static SAID_ROOM],
		      size_t *ret_length)
{
	char ending[64];
	int status = 0, r = host_command_start(h, &helper->command);

	if (r == 0)
		r = host_command_hear(h, &helper->command, said, SAID_ROOM, ret_length, &status);
	if (r < 0 || status == 0)
		return r;
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
		arguments_add_number(&helper.command.arguments, h->run->child);
		arguments_add(&helper.command.arguments, "veth");
		arguments_add(&helper.command.arguments, host_text(h, step, 0));
		arguments_add(&helper.command.arguments, host_text(h, step, 1));
		r = helper_run(h, &helper, said, &length);
	}
	host_command_finish(&helper.command);
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
		arguments_add(&helper.command.arguments, path);
		arguments_add(&helper.command.arguments, "veth");
		arguments_add(&helper.command.arguments, host_text(h, step, 0));
		arguments_add(&helper.command.arguments, host_name(h, step->in));
		r = helper_run(h, &helper, said, &length);
	}
	host_command_finish(&helper.command);
	if (r == 0)
		host_clear(h, step->in);
	return r;
}
