/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tare_* entry points about containers: what our commands need beside the ABI.
 */

#include <tare/tare.h>

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/object.h"
#include "base/str.h"
#include "config/cgroup_translate_rows.h"
#include "container/repair.h"
#include "container/runs.h"
#include "container/snapshot.h"
#include "container/spawn.h"

_Static_assert((int)TARE_ALREADY_RUNNING == (int)START_ALREADY_RUNNING, "handed through");
_Static_assert((int)TARE_DESTROY_NOT_DEFINED == (int)DESTROY_NOT_DEFINED &&
		       (int)TARE_DESTROY_RUNNING == (int)DESTROY_RUNNING &&
		       (int)TARE_DESTROY_HAS_SNAPSHOTS == (int)DESTROY_HAS_SNAPSHOTS &&
		       (int)TARE_DESTROY_HAS_CLONES == (int)DESTROY_HAS_CLONES,
	       "handed through");
_Static_assert((int)TARE_DESTROY_SNAPSHOTS == (int)DESTROY_WITH_SNAPSHOTS &&
		       (int)TARE_DESTROY_CLONES == (int)DESTROY_WITH_CLONES,
	       "handed through");

const struct err *tare_last_error(struct lxc_container *c)
{
	return &object_of(c)->last_error;
}

int tare_set_item(struct lxc_container *c, const char *key, const char *value, const char *source,
		  struct err *e)
{
	int r = container_set_item(object_lock(c), key, value, source, e);

	object_unlock(c);
	return r;
}

static struct start_options options_of(const struct tare_start *start)
{
	return (struct start_options){
		.application = start->application,
		.command_status = start->command_status,
		.close_fds = start->close_fds,
		.trace = start->trace,
		.argv = start->argv,
		.title = start->title,
		.pid_file = start->pid_file,
		.fault_step = start->fault_step,
		.fault_errno = start->fault_errno,
		.fault_place = start->fault_place,
	};
}

int tare_start(struct lxc_container *c, const struct tare_start *start, struct err *e)
{
	struct start_options options = options_of(start);
	struct start_result result;
	int r;

	options.daemonise = true;
	r = container_start(object_lock(c), &options, &result, e);
	object_unlock(c);
	return r;
}

int tare_start_exec(struct lxc_container *c, const struct tare_start *start, struct err *e)
{
	struct start_options options = options_of(start);
	int r;

	options.explain_in_place = true;
	r = container_start_exec(object_lock(c), &options, e);
	object_unlock(c);
	return r;
}

int tare_start_plan(struct lxc_container *c, const struct tare_start *start, bool json,
		    struct str *out, struct err *e)
{
	struct start_options options = options_of(start);
	int r;

	options.daemonise = start->in_background;
	r = container_print_plan(object_lock(c), &options, json ? PLAN_AS_JSON : PLAN_AS_TEXT, out,
				 e);
	object_unlock(c);
	return r;
}

int tare_attach_exec(struct lxc_container *c, char *const *argv, const char *pty_log,
		     char *const *title, lxc_attach_options_t *options, struct err *e)
{
	struct attach_command command = {.argv = argv, .pty_log = pty_log, .title = title};
	int r = container_attach_exec(object_lock(c), &command, options, e);

	object_unlock(c);
	return r;
}

int tare_console(struct lxc_container *c, int tty, int escape, struct err *e)
{
	const struct console_look how = {
		.tty = tty,
		.input_fd = STDIN_FILENO,
		.output_fd = STDOUT_FILENO,
		.message_fd = STDERR_FILENO,
		.escape = escape,
		.owns_process = true,
	};

	return container_console(object_container(c), &how, e);
}

const char *tare_cgroup_prefix(const char *file)
{
	/* Names that both versions have are v2's. */
	return !cgroup_row_find_v2(file) && cgroup_row_find_v1(file) ? "lxc.cgroup."
								     : "lxc.cgroup2.";
}

/* One file for one file. */
static bool stands_alone(const struct cgroup_row *row)
{
	return row->v1 && row->v2 && cgroup_row_find_v1(row->v1) == row &&
	       (row->rule == RULE_SAME || row->rule == RULE_LIMIT || row->rule == RULE_CPU_SHARES ||
		row->rule == RULE_SOFT_LIMIT);
}

char *tare_cgroup_counterpart(const char *file)
{
	const struct cgroup_row *of_v2 = cgroup_row_find_v2(file);
	const struct cgroup_row *row = of_v2 ? of_v2 : cgroup_row_find_v1(file);
	struct arena arena = {0};
	autostr key = {0};
	const char *name;

	if (!row || !stands_alone(row))
		return NULL;
	name = of_v2 ? cgroup_row_name(row->v1, row->v2, file, &arena)
		     : cgroup_row_name(row->v2, row->v1, file, &arena);
	if (name)
		str_addf(&key, "%s%s", of_v2 ? "lxc.cgroup." : "lxc.cgroup2.", name);
	arena_finish(&arena);
	return name ? str_take(&key) : NULL;
}

int tare_run_sealed(const char *name, char **argv, struct err *e)
{
	int r;

	argv[0] = (char *)name;
	r = program_run_sealed(name, argv);
	if (r == 0)
		return 0;
	err_set(e, ERR_EXEC_FAILED, -r, "cannot run from a sealed copy in memory");
	err_hint(e, "containers must not reach a program of the host; allow memfds that can be "
		    "executed (sysctl vm.memfd_noexec = 0)");
	return r;
}

int tare_destroy(struct lxc_container *c, struct err *e)
{
	int r = container_destroy(object_lock(c), e);

	object_unlock(c);
	return r;
}

int tare_destroy_with(struct lxc_container *c, unsigned with, struct err *e)
{
	int r = container_destroy_with(object_lock(c), with, e);

	object_unlock(c);
	return r;
}

int tare_snapshot(struct lxc_container *c, const struct tare_snapshot *how, char **ret_name,
		  struct err *e)
{
	const struct snapshot_options options = {
		.name = how->name,
		.comment_file = how->comment_file,
		.tell = how->tell,
		.data = how->data,
	};
	int r = container_snapshot(object_lock(c), &options, ret_name, e);

	object_unlock(c);
	return r < 0 ? r : 0;
}

/* One address as text; false for those of lo and what has no text. */
static bool show_address(const struct record_address *from, struct tare_address *to)
{
	if (strcmp(from->interface, "lo") == 0 ||
	    !inet_ntop(from->family, from->address, to->text, sizeof(to->text)))
		return false;
	memcpy(to->interface, from->interface, sizeof(to->interface));
	to->is_ipv6 = from->family == AF_INET6;
	to->is_link_local = from->scope == 253; /* RT_SCOPE_LINK */
	return true;
}

static void show_run(const struct container_run *run, struct tare_run *ret)
{
	const char *word = container_state_name(run->state);

	ret->state = word ? word : "INVALID STATE";
	ret->pid = run->init_pid;
	ret->address_count = 0;
	for (size_t i = 0; i < run->address_count; i++)
		if (show_address(&run->addresses[i], &ret->addresses[ret->address_count]))
			ret->address_count++;
}

struct walk {
	tare_run_fn function;
	void *payload;
};

static int walk_on(void *payload, const char *name, const struct container_run *run, struct err *e)
{
	const struct walk *walk = payload;
	struct tare_run shown;

	show_run(run, &shown);
	return walk->function(walk->payload, name, &shown, e);
}

int tare_each_run(const char *lxcpath, tare_run_fn function, void *payload, struct err *e)
{
	struct walk walk = {function, payload};

	return container_each_run(lxcpath, walk_on, &walk, e);
}

int tare_list_names(const char *lxcpath, bool only_defined, char ***ret, struct err *e)
{
	struct container_names names = {0};
	int r = only_defined ? container_list_defined(lxcpath, &names, e)
			     : container_list_all(lxcpath, &names, e);

	if (r == 0 && names.count > INT_MAX)
		r = err_set(e, ERR_SYSTEM, E2BIG, "there are too many containers");
	if (r < 0) {
		container_names_finish(&names);
		return r;
	}
	*ret = names.items;
	return (int)names.count;
}

void tare_tidy(const char *lxcpath, const char *name)
{
	runs_tidy(lxcpath ? lxcpath : container_system_item("lxc.lxcpath"), name);
}

struct repairing {
	tare_repair_fn tell;
	void *context;
};

static void tell_repaired(void *context, const struct repair_event *event)
{
	const struct repairing *repairing = context;
	const struct tare_repaired shown = {
		.lxcpath = event->lxcpath,
		.name = event->name,
		.what = event->what,
		.text = event->text,
		.count = event->count,
		.problem = event->problem,
	};

	repairing->tell(repairing->context, &shown);
}

int tare_repair(const char *lxcpath, const char *name, tare_repair_fn tell, void *context,
		struct err *e)
{
	struct repairing repairing = {tell, context};

	return container_repair(lxcpath ? lxcpath : container_system_item("lxc.lxcpath"), name,
				tell_repaired, &repairing, e);
}
