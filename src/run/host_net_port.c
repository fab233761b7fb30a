/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Network interfaces of the HOST lane: what ports of bridges get besides a bridge (VLANs, Open
 * vSwitch by its command), and addresses that an interface of the host's answers for.
 */

#include "run/host_net.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "run/host_command.h"

enum { WORDS_MAX = 9 };

/* Without it ovs-vsctl(8) waits for ever for a daemon that does not run. */
#define PATIENCE "--timeout=10"

int host_link_proxy(struct host *h, const struct plan_step *step)
{
	const struct link_address address = host_net_address(h, step->arg[0]);
	struct netlink n;
	int r = host_net_open_link(h, step, &n);

	if (r < 0)
		return r;
	r = link_add_proxy(&n, host_net_index(h, step), &address);
	if (r < 0)
		host_net_refused(h, &n, r, host_name(h, step->in));
	netlink_close(&n);
	return r;
}

int host_link_vlan_add(struct host *h, const struct plan_step *step)
{
	struct netlink n;
	int r = host_net_open_link(h, step, &n);

	if (r < 0)
		return r;
	r = link_add_vlan(&n, host_net_index(h, step), (uint16_t)step->arg[0], step->arg[1] == 1);
	if (r < 0)
		host_net_refused(h, &n, r, host_name(h, step->in));
	netlink_close(&n);
	return r;
}

int host_link_vlan_remove(struct host *h, const struct plan_step *step)
{
	struct netlink n;
	int r = host_net_open_link(h, step, &n);

	if (r < 0)
		return r;
	r = link_delete_vlan(&n, host_net_index(h, step), (uint16_t)step->arg[0]);
	if (r < 0)
		host_net_refused(h, &n, r, host_name(h, step->in));
	netlink_close(&n);
	return r;
}

/* -- Open vSwitch. Its data base outlives the host: ports bear the run that they are of. */

enum { ID_ROOM = 64, SAID_ROOM = 2048, STATUS_NOT_FOUND = 127 };

/* "external_ids:lxc="4711.5f0e"", ovs-vsctl(8). */
static void print_id(const struct host *h, char ret[static ID_ROOM])
{
	const struct record_header *record = h->run->record;

	snprintf(ret, ID_ROOM, "external_ids:lxc=\"%d.%llx\"", record->supervisor_pid,
		 (unsigned long long)record->started);
}

/* Run it: how it ended, and what it said. */
static int ask(struct host *h, const char *const *words, char said[static SAID_ROOM],
	       int *ret_status)
{
	struct host_command command;
	size_t length;
	int r;

	host_command_init(&command);
	command.hears_output = true;
	r = host_command_fill(h, &command, words);
	if (r == 0)
		r = host_command_start(h, &command);
	if (r == 0)
		r = host_command_hear(h, &command, said, SAID_ROOM, &length, ret_status);
	if (r == 0 && *ret_status != 0)
		r = host_command_judge(h, &command, said, *ret_status);
	host_command_finish(&command);
	return r;
}

/* Whether the run has made the port: one of the lines is its name. */
static int is_our_port(struct host *h, const char *name)
{
	char id[ID_ROOM], said[SAID_ROOM];
	const char *const words[] = {"ovs-vsctl", PATIENCE, "--bare", "--columns=name",
				     "find",      "port",   id,       NULL};
	char *rest = said, *line;
	int status = 0, r;

	print_id(h, id);
	r = ask(h, words, said, &status);
	if (r < 0)
		return r;
	while ((line = strsep(&rest, "\n")))
		if (strcmp(line, name) == 0)
			return 1;
	return 0;
}

int host_ovs_port_add(struct host *h, const struct plan_step *step)
{
	const char *name = host_name(h, step->in);
	char id[ID_ROOM], said[SAID_ROOM];
	/* A port without an interface may be there, of a host that has crashed. */
	const char *const words[] = {
		"ovs-vsctl", PATIENCE, "--may-exist", "add-port", host_text(h, step, 0),
		name,        "--",     "set",         "port",     name,
		id,          NULL};
	int status = 0, r;

	if (host_net_index(h, step) == 0)
		return host_note(h, -ENODEV, "the interface has not been made");
	print_id(h, id);
	r = host_intend_name(h, step->out, name);
	if (r < 0)
		return r;
	r = ask(h, words, said, &status);
	if (r == 0)
		host_set_name(h, step->out, 0);
	/* Else UNDO looks whether it got half of the way; without the command it would try for
	 * ever. */
	else if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_NOT_FOUND)
		host_clear(h, step->out);
	return r;
}

int host_ovs_port_set(struct host *h, const struct plan_step *step)
{
	const char *words[WORDS_MAX + 1] = {"ovs-vsctl", PATIENCE, "set", "port",
					    host_name(h, step->in)};
	const char *text = plan_list_first(h->plan, step->arg[0]);
	uint32_t count = plan_list_count(h->plan, step->arg[0]);

	if (count > WORDS_MAX - 5)
		return host_note(h, -E2BIG, "%u columns", (unsigned)count);
	for (uint32_t i = 0; i < count; i++) {
		words[5 + i] = text;
		text += strlen(text) + 1;
	}
	return host_command_run(h, words);
}

/* Also of one that was only about to be made. */
int host_ovs_port_remove(struct host *h, const struct plan_step *step)
{
	const struct record_register *reg = host_register(h, step->in);
	const char *const words[] = {"ovs-vsctl",          PATIENCE, "--if-exists", "del-port",
				     reg ? reg->name : "", NULL};
	int r;

	if (!reg || atomic_load(&reg->state) == VALUE_EMPTY ||
	    memchr(reg->name, '\0', sizeof(reg->name)) == NULL)
		return 0;
	r = is_our_port(h, reg->name);
	if (r == 1)
		r = host_command_run(h, words);
	if (r == 0)
		host_clear(h, step->in);
	return r;
}

/* -- addresses that the link answers for: the register has a bit for each that is ours */

static void set_bit(struct host *h, uint16_t number, uint64_t bit, bool on)
{
	const struct record_register *reg = host_register(h, number);
	const uint64_t bits = host_has(h, number) ? reg->number : 0;
	const uint64_t mask = UINT64_C(1) << (bit % 64);

	host_set_number(h, number, on ? bits | mask : bits & ~mask);
}

static bool has_bit(const struct host *h, uint16_t number, uint64_t bit)
{
	return host_has(h, number) && host_register(h, number)->number >> (bit % 64) & 1;
}

static int with_link(struct host *h, const char *link, struct netlink *n, uint32_t *ret_index)
{
	struct link_facts facts;
	int r = host_net_open(h, n);

	if (r < 0)
		return r;
	r = link_find(n, link, 0, &facts);
	if (r == 0) {
		*ret_index = facts.index;
		return 0;
	}
	host_net_refused(h, n, r, link);
	netlink_close(n);
	return r;
}

int host_proxy_add(struct host *h, const struct plan_step *step)
{
	const struct link_address address = host_net_address(h, step->arg[1]);
	struct netlink n;
	uint32_t index = 0;
	int r = with_link(h, host_text(h, step, 0), &n, &index);

	if (r < 0)
		return r;
	set_bit(h, step->out, step->arg[2], true);
	r = link_add_proxy(&n, index, &address);
	if (r < 0)
		set_bit(h, step->out, step->arg[2], false);
	/* The administrator's, which stays. */
	if (r == -EEXIST)
		r = 0;
	if (r < 0)
		host_net_refused(h, &n, r, host_text(h, step, 0));
	netlink_close(&n);
	return r;
}

int host_proxy_remove(struct host *h, const struct plan_step *step)
{
	const struct link_address address = host_net_address(h, step->arg[1]);
	struct netlink n;
	uint32_t index = 0;
	int r;

	if (!has_bit(h, step->in, step->arg[2]))
		return 0;
	r = with_link(h, host_text(h, step, 0), &n, &index);
	/* A link that is gone has no neighbours. */
	if (r < 0)
		return r == -ENODEV ? 0 : r;
	r = link_delete_proxy(&n, index, &address);
	if (r == -ENOENT)
		r = 0;
	if (r == 0)
		set_bit(h, step->in, step->arg[2], false);
	else
		host_net_refused(h, &n, r, host_text(h, step, 0));
	netlink_close(&n);
	return r;
}

int host_lo_route_add(struct host *h, const struct plan_step *step)
{
	const struct link_address address = host_net_address(h, step->arg[0]);
	struct netlink n;
	uint32_t index = 0;
	int r = with_link(h, "lo", &n, &index);

	if (r < 0)
		return r;
	set_bit(h, step->out, step->arg[1], true);
	r = link_add_route(&n, index, &address);
	if (r < 0)
		set_bit(h, step->out, step->arg[1], false);
	if (r == -EEXIST)
		r = 0;
	if (r < 0)
		host_net_refused(h, &n, r, "lo");
	netlink_close(&n);
	return r;
}

int host_lo_route_remove(struct host *h, const struct plan_step *step)
{
	const struct link_address address = host_net_address(h, step->arg[0]);
	struct netlink n;
	uint32_t index = 0;
	int r;

	if (!has_bit(h, step->in, step->arg[1]))
		return 0;
	r = with_link(h, "lo", &n, &index);
	if (r < 0)
		return r;
	r = link_delete_route(&n, index, &address);
	if (r == -ESRCH)
		r = 0;
	if (r == 0)
		set_bit(h, step->in, step->arg[1], false);
	else
		host_net_refused(h, &n, r, "lo");
	netlink_close(&n);
	return r;
}
