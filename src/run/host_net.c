/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Network interfaces of the HOST lane (spec/runtime.md §9.1): the host's ends of virtual Ethernet
 * pairs. They carry an alias that names the run, so that a clean-up after a crash can tell ours
 * from somebody else's of the same name.
 */

#include "run/host_net.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/macros.h"
#include "sys/link.h"
#include "sys/namespace.h"
#include "sys/procfs.h"

enum {
	NAME_TRIES = 16,
	HOST_MAC_FIRST = 0xfe, /* a bridge takes the lowest address of its ports: never ours */
};

static const char random_part[] = "XXXXXX";

int host_net_open(struct host *h, struct netlink *ret)
{
	int r = netlink_open(ret);

	return r < 0 ? host_failed(h, __NR_socket, r) : 0;
}

int host_net_init_namespace(struct host *h)
{
	int fd;

	if (h->run->child <= 0)
		return host_note(h, -ESRCH, "there is no init");
	fd = namespace_open(h->run->child, "net");
	return fd < 0 ? host_note(h, host_failed(h, __NR_openat, fd), "/proc/%d/ns/net",
				  h->run->child)
		      : fd;
}

int host_net_open_in(struct host *h, int ns_fd, struct netlink *ret)
{
	int r = netlink_open_in(ns_fd, ret);

	return r < 0 ? host_failed(h, __NR_setns, r) : 0;
}

int host_net_refused(struct host *h, const struct netlink *n, int r, const char *name)
{
	host_failed(h, __NR_sendto, r);
	return n->note[0] ? host_note(h, r, "%s: %s", name, n->note) : host_note(h, r, "%s", name);
}

/* What the alias of this run's interfaces says. */
static void print_alias(const struct host *h, char *ret, size_t room)
{
	const struct record_header *record = h->run->record;

	snprintf(ret, room, "lxc %.*s %d.%llx", 128, record_text(record, record->name),
		 record->supervisor_pid, (unsigned long long)record->started);
}

int host_net_random(const char *pattern, char *ret, size_t room)
{
	static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const size_t length = strlen(pattern), part = sizeof(random_part) - 1;
	uint8_t bytes[sizeof(random_part) - 1];

	if (length >= room)
		return -ENAMETOOLONG;
	memcpy(ret, pattern, length + 1);
	if (length < part || strcmp(pattern + length - part, random_part) != 0)
		return 0;
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return -errno;
	for (size_t i = 0; i < part; i++)
		ret[length - part + i] = letters[bytes[i] % (sizeof(letters) - 1)];
	return 1;
}

const uint8_t *host_net_mac(uint8_t mac[static LINK_MAC_LENGTH], uint64_t number)
{
	for (size_t i = 0; i < LINK_MAC_LENGTH; i++)
		mac[i] = (uint8_t)(number >> 8 * i);
	return number ? mac : NULL;
}

static uint64_t mac_number(const uint8_t mac[static LINK_MAC_LENGTH])
{
	uint64_t number = 0;

	for (size_t i = 0; i < LINK_MAC_LENGTH; i++)
		number |= (uint64_t)mac[i] << 8 * i;
	return number;
}

/* Of this life: some register has it. */
static bool is_known(const struct host *h, const struct link_facts *found)
{
	for (unsigned i = 0; i < h->plan->registers.count && i < PLAN_REGISTERS_MAX; i++) {
		const struct record_register *reg = host_register(h, i);

		if (plan_registers(h->plan)[i].kind == REGISTER_NAME && host_has(h, i) &&
		    reg->number == found->index && strcmp(reg->name, found->name) == 0)
			return true;
	}
	return false;
}

/* What this run has left, of its life before a reboot: the name is ours to give. */
static bool delete_leftover(struct host *h, struct netlink *n, const char *name)
{
	struct link_facts found;
	char alias[LINK_ALIAS_MAX];

	print_alias(h, alias, sizeof(alias));
	return link_find(n, name, 0, &found) == 0 && strcmp(found.alias, alias) == 0 &&
	       !is_known(h, &found) && link_delete(n, found.index) == 0;
}

static int create(struct host *h, const struct plan_step *step, struct netlink *n, int ns_fd)
{
	char name[LINK_NAME_MAX], alias[LINK_ALIAS_MAX];
	uint8_t mac[LINK_MAC_LENGTH], peer_mac[LINK_MAC_LENGTH];
	struct link_veth veth = {
		.name = name,
		.alias = alias,
		.peer_name = step->arg[1] ? host_text(h, step, 1) : NULL,
		.peer_ns_fd = ns_fd,
		.mtu = (uint32_t)step->arg[2],
		.rx_queues = (uint32_t)step->arg[4],
		.tx_queues = (uint32_t)(step->arg[4] >> 32),
		.mac = mac,
		.peer_mac = host_net_mac(peer_mac, step->arg[3]),
	};
	struct record_register *reg = host_register(h, step->out);
	uint32_t index;
	int r = -EEXIST, random = 1;

	print_alias(h, alias, sizeof(alias));
	if (getrandom(mac, sizeof(mac), 0) != (ssize_t)sizeof(mac))
		return host_failed(h, __NR_getrandom, -errno);
	mac[0] = HOST_MAC_FIRST;
	for (unsigned i = 0; r == -EEXIST && random == 1 && i < NAME_TRIES; i++) {
		random = host_net_random(host_text(h, step, 0), name, sizeof(name));
		r = random < 0 ? random : host_intend_name(h, step->out, name);
		if (r < 0)
			return host_note(h, r, "%s", host_text(h, step, 0));
		/* Until it is made and has its alias, its random address is the proof. */
		if (reg)
			reg->number = mac_number(mac);
		r = link_create_veth(n, &veth, &index);
		if (r == -EEXIST && random == 0 && delete_leftover(h, n, name))
			r = link_create_veth(n, &veth, &index);
	}
	if (r < 0)
		return host_net_refused(h, n, r, name);
	host_set_name(h, step->out, index);
	return 0;
}

int host_veth_create(struct host *h, const struct plan_step *step)
{
	autoclose int ns_fd = -EBADF;
	struct netlink n;
	int r;

	ns_fd = host_net_init_namespace(h);
	if (ns_fd < 0)
		return ns_fd;
	r = host_net_open(h, &n);
	if (r < 0)
		return r;
	r = create(h, step, &n, ns_fd);
	netlink_close(&n);
	if (r < 0)
		host_clear(h, step->out);
	return r;
}

/*
 * Whether the interface is the one that this run made. Of one that was only intended the alias is
 * the proof, or the address that it was to get: the alias comes a moment later.
 */
static bool is_ours(const struct host *h, const struct record_register *reg, bool is_set,
		    const struct link_facts *found)
{
	char alias[LINK_ALIAS_MAX];

	print_alias(h, alias, sizeof(alias));
	if (strcmp(found->alias, alias) == 0)
		return true;
	if (!is_set)
		return reg->number != 0 && found->has_mac && mac_number(found->mac) == reg->number;
	return found->index == reg->number && strcmp(found->name, reg->name) == 0;
}

int host_link_delete(struct host *h, const struct plan_step *step)
{
	struct record_register *reg = host_register(h, step->in);
	const uint32_t state = reg ? atomic_load(&reg->state) : VALUE_EMPTY;
	const bool is_set = state == VALUE_SET;
	struct link_facts found;
	struct netlink n;
	int r;

	if (state == VALUE_EMPTY || memchr(reg->name, '\0', sizeof(reg->name)) == NULL)
		return 0;
	r = host_net_open(h, &n);
	if (r < 0)
		return r;
	r = is_set ? link_find(&n, NULL, (uint32_t)reg->number, &found)
		   : link_find(&n, reg->name, 0, &found);
	if (r == 0 && is_ours(h, reg, is_set, &found))
		r = link_delete(&n, found.index);
	if (r == -ENODEV)
		r = 0;
	if (r < 0)
		host_net_refused(h, &n, r, reg->name);
	netlink_close(&n);
	if (r == 0)
		host_clear(h, step->in);
	return r;
}

uint32_t host_net_index(const struct host *h, const struct plan_step *step)
{
	return host_has(h, step->in) ? (uint32_t)host_register(h, step->in)->number : 0;
}

int host_net_open_link(struct host *h, const struct plan_step *step, struct netlink *ret)
{
	if (host_net_index(h, step) == 0)
		return host_note(h, -ENODEV, "the interface has not been made");
	return host_net_open(h, ret);
}

int host_link_master(struct host *h, const struct plan_step *step)
{
	const char *bridge = host_text(h, step, 0);
	struct link_facts master;
	struct netlink n;
	int r = host_net_open_link(h, step, &n);

	if (r < 0)
		return r;
	r = link_find(&n, bridge, 0, &master);
	if (r == 0)
		r = link_set_master(&n, host_net_index(h, step), master.index);
	if (r < 0)
		host_net_refused(h, &n, r, bridge);
	netlink_close(&n);
	return r;
}

int host_link_up(struct host *h, const struct plan_step *step)
{
	struct netlink n;
	int r = host_net_open_link(h, step, &n);

	if (r < 0)
		return r;
	r = link_set_up(&n, host_net_index(h, step));
	if (r < 0)
		host_net_refused(h, &n, r, host_name(h, step->in));
	netlink_close(&n);
	return r;
}

int host_link_sysctl(struct host *h, const struct plan_step *step)
{
	autoclose int root = -EBADF;
	char path[256];
	int r;

	if (!host_has(h, step->in))
		return host_note(h, -ENODEV, "the interface has not been made");
	if (strchr(host_name(h, step->in), '/'))
		return host_note(h, -EINVAL, "%s", host_name(h, step->in));
	if (snprintf(path, sizeof(path), "sys/net/%s/conf/%s/%s", host_text(h, step, 0),
		     host_name(h, step->in), host_text(h, step, 1)) >= (int)sizeof(path))
		return host_note(h, -ENAMETOOLONG, "%s", host_text(h, step, 1));
	root = procfs_open_root();
	if (root < 0)
		return host_note(h, host_failed(h, __NR_openat, root), "/proc");
	r = procfs_write(root, path, host_text(h, step, 2));
	return r < 0 ? host_note(h, host_failed(h, r == -ENOENT ? __NR_openat2 : __NR_write, r),
				 "\"%s\" into /proc/%s", host_text(h, step, 2), path)
		     : 0;
}

struct link_address host_net_address(const struct host *h, uint64_t bytes)
{
	const size_t length = plan_bytes_length(h->plan, bytes);

	return (struct link_address){
		.bytes = plan_bytes(h->plan, bytes),
		.length = length,
		.prefix = (uint8_t)(8 * length),
	};
}

int host_link_route(struct host *h, const struct plan_step *step)
{
	struct link_address to = host_net_address(h, step->arg[0]);
	struct netlink n;
	int r = host_net_open_link(h, step, &n);

	if (r < 0)
		return r;
	to.prefix = (uint8_t)step->arg[1];
	r = link_add_route(&n, host_net_index(h, step), &to);
	if (r < 0)
		host_net_refused(h, &n, r, host_name(h, step->in));
	netlink_close(&n);
	return r;
}
