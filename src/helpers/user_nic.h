/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * lxc-user-nic: the one set-user-ID program, by which an ordinary user gets interfaces on the
 * bridges that lxc-usernet allows. Everything that reaches it is the caller's and hostile: words,
 * descriptors, limits, signals, the process that is named; also the moment in which it is killed
 * (cgroup.kill needs no right over us). What the system's own files say is believed.
 *
 * user_nic_main.c	shuts out what the caller left us, then calls the others in order
 * user_nic_words.c	the command line
 * user_nic_caller.c	who calls; becoming root for good
 * user_nic_netns.c	the network namespace, and whether it is the caller's
 * user_nic_names.c	names of users and groups
 * user_nic_share.c	what lxc-usernet allows
 * user_nic_table.c	the database of live interfaces
 * user_nic_link.c	interfaces, bridges, Open vSwitch
 * user_nic_program.c	running getent and ovs-vsctl
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"
#include "base/time.h"
#include "base/vec.h"
#include "config/usernet.h"
#include "sys/link.h"

enum {
	USER_NIC_OWNER_MAX = USERNET_FIELD_MAX + 1, /* a user, or "@" and a group; terminated */
	USER_NIC_NO_FD = -1,
};

/* -- words */

struct user_nic_words {
	bool is_delete;
	pid_t pid;
	int fd; /* delete: /proc/PID/fd/FD; USER_NIC_NO_FD: /proc/PID/ns/net */
	const char *type, *bridge;
	const char *nic; /* create: name inside, NULL = the next free ethN; delete: host's name */
};

/* 0; -EINVAL with e set; 1: there are no words, or `--help`: tell the usage. */
int user_nic_words_parse(int argc, char *const *argv, struct user_nic_words *ret, struct err *e);

/* What may be the name of an interface, with neither '%' nor anything that cannot be printed. */
bool user_nic_name_is_valid(const char *name);

/* -- caller */

struct user_nic_caller {
	uint32_t uid, gid; /* real */
	uint32_t *groups;  /* supplementary; on the heap */
	size_t group_count;
};

/* The ids that the caller came with; then we are root in every way: nobody may signal or trace us.
 * -EPERM with e set: the program is not set-user-ID root. */
int user_nic_caller_take(struct user_nic_caller *ret, struct err *e);
void user_nic_caller_finish(struct user_nic_caller *caller);

/* Effective ids of the caller's, for what must be looked up with his rights, and back. -errno. */
int user_nic_caller_assume(const struct user_nic_caller *caller);
int user_nic_caller_resume(void);

/* -- network namespace */

/*
 * The namespace that the words name, opened with the caller's rights, when the caller could enter
 * it without our help: a descriptor. -EPERM with e set, in the same words whatever the reason is:
 * nothing is told about processes and files of others (CVE-2017-5985, CVE-2018-6556,
 * CVE-2022-47952).
 */
int user_nic_netns_open(const struct user_nic_words *words, const struct user_nic_caller *caller,
			struct err *e);

/* Whether the user namespace that owns a namespace, or one that holds that, is a user's. */
bool user_nic_netns_belongs_to(int netns, uint32_t uid);

/* -- names */

/* In a text like /etc/passwd or /etc/group: the first name of an id, the first id of a name. Names
 * that the database could not hold are none. */
bool user_nic_names_find_id(const char *text, uint32_t id, char ret[USER_NIC_OWNER_MAX]);
bool user_nic_names_find_name(const char *text, const char *name, uint32_t *ret);

/* By /etc/passwd and /etc/group, then by getent, which asks what nsswitch.conf names. */
bool user_nic_names_user(uint32_t uid, char ret[USER_NIC_OWNER_MAX]);
bool user_nic_names_group(const char *name, uint32_t *ret);

/* -- shares */

/* Where rules look up names: user_nic_names_*, or a test's. */
struct user_nic_directory {
	bool (*user)(uint32_t uid, char ret[USER_NIC_OWNER_MAX]);
	bool (*group)(const char *name, uint32_t *ret);
};

/* What one owner, a user or "@GROUP", may have of a bridge: the sum of its lines. */
struct user_nic_share {
	char owner[USER_NIC_OWNER_MAX];
	uint64_t quota;
};
struct user_nic_shares {
	VEC_OF(struct user_nic_share)
};

/* Those that the caller has a part in, in the order of the file. -ENOMEM. */
int user_nic_shares_collect(const struct usernet *usernet, const struct user_nic_words *words,
			    const struct user_nic_caller *caller,
			    const struct user_nic_directory *directory,
			    struct user_nic_shares *ret);

/* The same from /etc/lxc/lxc-usernet; none when there is no such file. 0 or -errno with e set. */
int user_nic_shares_read(const struct user_nic_words *words, const struct user_nic_caller *caller,
			 struct user_nic_shares *ret, struct err *e);

/* -- table: the database, RUNDIR/lxc/nics, with one line "OWNER TYPE BRIDGE NIC" per interface */

struct user_nic_line {
	const char *owner, *type, *bridge, *nic; /* inside struct user_nic_table's text */
};

struct user_nic_table {
	int fd;           /* locked as long as it is open; -EBADF when closed */
	char *text;       /* what the lines point into */
	size_t size;      /* bytes of the file */
	bool is_straight; /* the file holds the lines and nothing else */
	struct user_nic_lines {
		VEC_OF(struct user_nic_line)
	} lines, gone; /* gone: forgotten by user_nic_table_cull() */
};

/* Lines that are none are passed over; of an interface's several lines the last counts (a rewrite
 * was interrupted). -ENOMEM. */
int user_nic_table_parse(char *text, size_t size, struct user_nic_table *ret);

/* Open it in a directory (made when it is missing), wait for its lock, read it. 0 or -errno with e
 * set: nothing is followed that somebody may have planted. */
int user_nic_table_open(const char *directory, usec_t deadline, struct user_nic_table *ret,
			struct err *e);
void user_nic_table_unlock(struct user_nic_table *t); /* the lines stay readable */
void user_nic_table_close(struct user_nic_table *t);

/* Forget lines whose interface is gone; `n` is of the host's network namespace. 0 or -errno. */
int user_nic_table_cull(struct user_nic_table *t, struct netlink *n);

size_t user_nic_table_count(const struct user_nic_table *t, const char *owner,
			    const struct user_nic_words *words);
const struct user_nic_line *user_nic_table_find(const struct user_nic_table *t, const char *nic);

/*
 * Write the lines and a new one, which is an intention: the interface comes behind it, so that none
 * is ever without its line. Dying at any moment leaves every line in the file. 0 or -errno.
 */
int user_nic_table_add(struct user_nic_table *t, const struct user_nic_line *line);
/* Take back the one that was added last. */
int user_nic_table_withdraw(struct user_nic_table *t);
/* Write the lines, if they are not what the file holds. */
int user_nic_table_write(struct user_nic_table *t);

/* -- interfaces */

/* A bridge of the host, as it was when it was looked at. */
struct user_nic_bridge {
	const char *name; /* NULL: none */
	uint32_t index, mtu;
	bool is_openvswitch; /* what is no bridge of the kernel's */
};
int user_nic_bridge_find(struct netlink *n, const char *name, struct user_nic_bridge *ret,
			 struct err *e);

/* A name for the host's end that no interface has: veth<uid>_XXXX, vethXXXXXX. -errno. */
int user_nic_link_choose(struct netlink *n, uint32_t uid, char ret[LINK_NAME_MAX]);
/* Whether the host's end of that name can be the user's. */
bool user_nic_link_is_of(const char *nic, uint32_t uid);

/* The pair, its peer in the namespace. -EEXIST (nothing explained): a name is taken. */
int user_nic_link_make(struct netlink *n, int netns, const char *nic, const char *inside,
		       const struct user_nic_bridge *bridge, uint32_t *ret_index, struct err *e);
int user_nic_link_attach(struct netlink *n, const char *nic, uint32_t index,
			 const struct user_nic_bridge *bridge, struct err *e);
/* What the peer is: its name, which must be a valid one, and its index. */
int user_nic_link_peer(struct netlink *n, int netns, uint32_t index, struct link_facts *ret,
		       struct err *e);
/* Whether the interface, if there is one, has its peer in the namespace. 1, 0 or -errno. */
int user_nic_link_leads_to(struct netlink *n, int netns, const char *nic);

int user_nic_openvswitch_delete(const char *bridge, const char *nic, struct err *e);

/* -- programs */

/*
 * Run one of the system's programs as root, with nothing of the caller's: the first of `places`
 * that exists. What it prints on standard output (is_output) or error goes to `ret`, which is
 * terminated. Returns its exit status, or -errno: -ENOENT, -ETIMEDOUT, -ECHILD (a signal).
 */
int user_nic_program_run(const char *const *places, const char *const *words, bool is_output,
			 char *ret, size_t room);
