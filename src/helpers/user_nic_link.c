/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The interfaces of lxc-user-nic. The peer is born in the container's namespace under its final
 * name, which the kernel chooses when the caller does not; nothing is moved or renamed, and no name
 * of the caller's is ever one of the host's. A bridge is looked at once, then meant by its index.
 */

#include "helpers/user_nic.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/macros.h"
#include "sys/procfs.h"

enum {
	UID_LARGEST = 65536, /* in a name */
	NAME_TRIES = 64,
	HOST_MAC_FIRST = 0xfe, /* a bridge takes the lowest address of its ports: never ours */
	WORDS_MAX = 512,
};

static const char *const openvswitch_places[] = {
	"/usr/bin/ovs-vsctl",       "/usr/sbin/ovs-vsctl",       "/bin/ovs-vsctl",
	"/usr/local/bin/ovs-vsctl", "/usr/local/sbin/ovs-vsctl", NULL,
};

static int refused(const struct netlink *n, int r, struct err *e, const char *what,
		   const char *name)
{
	err_set(e, ERR_NETWORK_FAILED, -r, "%s \"%s\"", what, name);
	if (n->note[0])
		err_hint(e, "the kernel says: %s", n->note);
	return r;
}

int user_nic_bridge_find(struct netlink *n, const char *name, struct user_nic_bridge *ret,
			 struct err *e)
{
	struct link_facts facts;
	int r;

	*ret = (struct user_nic_bridge){0};
	if (strcmp(name, "none") == 0)
		return 0;
	r = link_find(n, name, 0, &facts);
	if (r < 0) {
		refused(n, r, e, "Failed to find the bridge", name);
		if (r == -ENODEV)
			err_hint(e, "the administrator makes it; lxc-net makes lxcbr0");
		return r;
	}
	*ret = (struct user_nic_bridge){
		.name = name,
		.index = facts.index,
		.mtu = facts.mtu,
		.is_openvswitch = strcmp(facts.identity.kind, "bridge") != 0,
	};
	return 0;
}

static int choose_random(char *at, size_t length)
{
	static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	uint8_t bytes[8];

	if (length > sizeof(bytes) || getrandom(bytes, length, 0) != (ssize_t)length)
		return -EIO;
	for (size_t i = 0; i < length; i++)
		at[i] = letters[bytes[i] % (sizeof(letters) - 1)];
	at[length] = '\0';
	return 0;
}

/* What comes before the random part; returns the length of that. */
static size_t print_prefix(uint32_t uid, char ret[LINK_NAME_MAX])
{
	if (uid == 0 || uid > UID_LARGEST) {
		memcpy(ret, "veth", sizeof("veth"));
		return 6;
	}
	snprintf(ret, LINK_NAME_MAX, "veth%u_", uid);
	return 4;
}

int user_nic_link_choose(struct netlink *n, uint32_t uid, char ret[LINK_NAME_MAX])
{
	size_t random = print_prefix(uid, ret), length = strlen(ret);
	struct link_facts facts;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < NAME_TRIES; i++) {
		r = choose_random(ret + length, random);
		if (r == 0)
			r = link_find(n, ret, 0, &facts);
	}
	return r == -ENODEV ? 0 : r < 0 ? r : -EEXIST;
}

bool user_nic_link_is_of(const char *nic, uint32_t uid)
{
	char prefix[LINK_NAME_MAX];

	print_prefix(uid, prefix);
	return text_starts(nic, prefix);
}

int user_nic_link_make(struct netlink *n, int netns, const char *nic, const char *inside,
		       const struct user_nic_bridge *bridge, uint32_t *ret_index, struct err *e)
{
	uint8_t mac[LINK_MAC_LENGTH];
	const struct link_veth veth = {
		.name = nic,
		.peer_name = inside ? inside : "eth%d",
		.peer_ns_fd = netns,
		.mtu = bridge->mtu,
		.mac = mac,
	};
	struct link_facts facts;
	int r;

	if (getrandom(mac, sizeof(mac), 0) != (ssize_t)sizeof(mac))
		return err_set(e, ERR_SYSTEM, EIO, "Failed to make up a hardware address");
	mac[0] = HOST_MAC_FIRST;
	r = link_create_veth(n, &veth, ret_index);
	if (r >= 0 || r == -EEXIST)
		return r;
	refused(n, r, e, "Failed to make the interface", nic);
	/* It is there when looking at it failed. */
	if (link_find(n, nic, 0, &facts) == 0)
		link_delete(n, facts.index);
	return r;
}

static int run_openvswitch(const char *action, const char *bridge, const char *nic, struct err *e)
{
	const char *const words[] = {"ovs-vsctl", action, bridge, nic, NULL};
	char said[WORDS_MAX];
	int r = user_nic_program_run(openvswitch_places, words, false, said, sizeof(said));

	if (r == 0)
		return 0;
	if (r == -ENOENT) {
		err_set(e, ERR_NETWORK_FAILED, 0, "\"%s\" is no bridge", bridge);
		err_hint(e, "it is no bridge of the kernel's, and there is no ovs-vsctl, by which "
			    "bridges of Open vSwitch are changed");
		return -EINVAL;
	}
	said[strcspn(said, "\n")] = '\0';
	err_set(e, ERR_NETWORK_FAILED, r < 0 ? -r : 0, "ovs-vsctl %s %s %s failed%s%s", action,
		bridge, nic, *said ? ": " : "", said);
	err_hint(e, "\"%s\" is no bridge of the kernel's; does Open vSwitch run, and know it?",
		 bridge);
	return r < 0 ? r : -EIO;
}

int user_nic_openvswitch_delete(const char *bridge, const char *nic, struct err *e)
{
	return run_openvswitch("del-port", bridge, nic, e);
}

/*
 * A port is the bridge's: the host itself has no IPv6 on it. Without a bridge the host's end is the
 * host's, but what is announced on it does not give the host routes. A kernel without IPv6 has no
 * such files.
 */
static void restrict_ipv6(const char *nic, bool is_port)
{
	autoclose int root = procfs_open_root();
	char path[64];

	snprintf(path, sizeof(path), "sys/net/ipv6/conf/%s/%s", nic,
		 is_port ? "disable_ipv6" : "accept_ra");
	if (root >= 0)
		procfs_write(root, path, is_port ? "1" : "0");
}

int user_nic_link_attach(struct netlink *n, const char *nic, uint32_t index,
			 const struct user_nic_bridge *bridge, struct err *e)
{
	int r = 0;

	restrict_ipv6(nic, bridge->name != NULL);
	if (bridge->name && !bridge->is_openvswitch) {
		r = link_set_master(n, index, bridge->index);
		if (r < 0)
			return refused(n, r, e, "Failed to put the interface into the bridge",
				       bridge->name);
	}
	r = link_set_up(n, index);
	if (r < 0)
		return refused(n, r, e, "Failed to bring up the interface", nic);
	/* Last: what fails before it leaves no port behind. */
	if (bridge->name && bridge->is_openvswitch)
		r = run_openvswitch("add-port", bridge->name, nic, e);
	return r;
}

int user_nic_link_peer(struct netlink *n, int netns, uint32_t index, struct link_facts *ret,
		       struct err *e)
{
	struct link_facts ours, peer;
	struct netlink inside;
	int r = link_find(n, NULL, index, &ours);

	if (r == 0)
		r = netlink_open_in(netns, &inside);
	if (r == 0) {
		r = link_find(&inside, NULL, ours.link, &peer);
		netlink_close(&inside);
	}
	if (r < 0)
		return err_set(e, ERR_NETWORK_FAILED, -r,
			       "Failed to find the interface inside the network namespace");
	/* Its owner may have renamed it by now. */
	if (!user_nic_name_is_valid(peer.name))
		return err_set(e, ERR_NETWORK_FAILED, EILSEQ,
			       "The interface inside the network namespace was renamed");
	*ret = peer;
	return 0;
}

int user_nic_link_leads_to(struct netlink *n, int netns, const char *nic)
{
	struct link_facts facts;
	int32_t id;
	int r = link_find(n, nic, 0, &facts);

	if (r < 0)
		return r == -ENODEV ? 1 : r;
	r = link_namespace_id(n, netns, &id);
	return r < 0 ? r : id >= 0 && facts.has_link_namespace && facts.link_namespace == id;
}
