/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-user-nic create LXCPATH NAME PID veth BRIDGE [NICNAME]
 * lxc-user-nic delete LXCPATH NAME /proc/PID/ns/net veth BRIDGE NICNAME
 *
 * Set-user-ID root. First everything that the caller could have prepared is put away, then the
 * order is: words, namespace, lxc-usernet, database. The database is locked only while it is read
 * and an interface made: programs that we wait for run without it.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "helpers/user_nic.h"
#include "sys/syscall.h"

#define RUN_DIRECTORY "/run/lxc"

static const usec_t lock_patience = 30 * USEC_PER_SEC;
static const usec_t quota_patience = 1 * USEC_PER_SEC;

enum { MAKE_TRIES = 8 };

struct swept_nic {
	char nic[LINK_NAME_MAX];
};

/* What one call works with. */
struct errand {
	struct user_nic_words words;
	struct user_nic_caller caller;
	struct user_nic_shares shares;
	struct netlink netlink; /* in the host's network namespace */
	int netns;
	struct {
		VEC_OF(struct swept_nic)
	} swept; /* whose ports have been taken away */
};

static int usage(void)
{
	fputs("Usage: lxc-user-nic create LXCPATH NAME PID veth BRIDGE [NICNAME]\n"
	      "       lxc-user-nic delete LXCPATH NAME /proc/PID/ns/net veth BRIDGE NICNAME\n"
	      "Makes network interfaces for ordinary users' containers, as /etc/lxc/lxc-usernet "
	      "allows;\nlxc-start runs it.\n",
	      stderr);
	return EXIT_FAILURE;
}

static int complain(const struct err *e)
{
	autostr text = {0};

	err_render_text(e, &text);
	fprintf(stderr, "lxc-user-nic: %s\n", str_text(&text));
	return EXIT_FAILURE;
}

/* The streams are open, so that no file of ours gets their numbers; there are no other ones. */
static bool settle_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY) != fd)
			return false;
	}
	/* Before Linux 5.9 they stay open: they are the caller's, and nobody looks at them. */
	sys_close_range(STDERR_FILENO + 1, ~0U);
	return true;
}

/* No signal comes in between; none is ignored, for SIGCHLD would take away who we wait for. */
static void settle_signals(void)
{
	sigset_t all;

	for (int signal_number = 1; signal_number < NSIG; signal_number++)
		signal(signal_number, SIG_DFL);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
}

/* The caller's limits must not stop us halfway. They can be lifted when we are root. */
static void settle_limits(void)
{
	static const int resources[] = {RLIMIT_AS,    RLIMIT_CPU,    RLIMIT_DATA,
					RLIMIT_FSIZE, RLIMIT_NOFILE, RLIMIT_NPROC};
	const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY}, files = {256, 256},
			    core = {0, 0};

	for (size_t i = 0; i < ARRAY_LENGTH(resources); i++)
		setrlimit(resources[i], resources[i] == RLIMIT_NOFILE ? &files : &none);
	setrlimit(RLIMIT_CORE, &core);
	umask(S_IRWXG | S_IRWXO);
}

static int quota_reached(const struct errand *errand, struct err *e)
{
	uint64_t quota = 0;

	for (size_t i = 0; i < errand->shares.count; i++)
		quota += errand->shares.items[i].quota;
	err_set(e, ERR_PERMISSION, 0, "Quota reached");
	if (quota == 0)
		err_hint(e,
			 "no line of /etc/lxc/lxc-usernet allows this user interfaces on %s; the "
			 "administrator can add \"USER veth %s NUMBER\"",
			 errand->words.bridge, errand->words.bridge);
	else
		err_hint(e,
			 "all %llu that /etc/lxc/lxc-usernet allows this user, or a group of "
			 "his, on %s are in use",
			 (unsigned long long)quota, errand->words.bridge);
	return -EPERM;
}

/* Who is charged: the first whose lines are not used up. */
static const char *find_owner(const struct errand *errand, const struct user_nic_table *t)
{
	for (size_t i = 0; i < errand->shares.count; i++) {
		const struct user_nic_share *share = &errand->shares.items[i];

		if (user_nic_table_count(t, share->owner, &errand->words) < share->quota)
			return share->owner;
	}
	return NULL;
}

static int database_failed(int r, struct err *e)
{
	err_set(e, ERR_FILE_WRITE, -r, "Failed to write \"%s/nics\"", RUN_DIRECTORY);
	err_hint(e, "is the file system of /run full?");
	return r;
}

static int open_culled(struct errand *errand, struct user_nic_table *ret, struct err *e)
{
	int r = user_nic_table_open(RUN_DIRECTORY, time_deadline(lock_patience), ret, e);

	if (r < 0)
		return r;
	r = user_nic_table_cull(ret, &errand->netlink);
	if (r < 0) {
		user_nic_table_close(ret);
		return err_set(e, ERR_NETWORK_FAILED, -r, "Failed to list network interfaces");
	}
	return 0;
}

static bool is_port(struct errand *errand, const struct user_nic_line *line)
{
	struct user_nic_bridge bridge;

	return user_nic_name_is_valid(line->bridge) &&
	       user_nic_bridge_find(&errand->netlink, line->bridge, &bridge, NULL) == 0 &&
	       bridge.is_openvswitch;
}

static bool was_swept(const struct errand *errand, const char *nic)
{
	for (size_t i = 0; i < errand->swept.count; i++) {
		if (strcmp(errand->swept.items[i].nic, nic) == 0)
			return true;
	}
	return false;
}

/*
 * Take away the ports of Open vSwitch whose interfaces are gone, without holding the lock. Each is
 * tried once; when Open vSwitch does not answer, it is for all of them. 1: the database must be
 * looked at anew.
 */
static int sweep(struct errand *errand, struct user_nic_table *t)
{
	bool has_swept = false;
	int r = 0;

	for (size_t i = 0; i < t->gone.count; i++) {
		const struct user_nic_line *line = &t->gone.items[i];
		struct swept_nic *swept;

		if (was_swept(errand, line->nic) || !is_port(errand, line))
			continue;
		swept = vec_push(&errand->swept);
		if (!swept)
			return -ENOMEM;
		memcpy(swept->nic, line->nic, strlen(line->nic) + 1);
		user_nic_table_unlock(t);
		if (r != -ETIMEDOUT)
			r = user_nic_openvswitch_delete(line->bridge, line->nic, NULL);
		has_swept = true;
	}
	return has_swept;
}

/*
 * The database, locked, without the lines of interfaces that are gone. Their ports go first, so
 * that dying in between forgets none.
 */
static int open_table(struct errand *errand, struct user_nic_table *ret, struct err *e)
{
	int r;

	for (;;) {
		r = open_culled(errand, ret, e);
		if (r < 0)
			return r;
		r = sweep(errand, ret);
		if (r == 0)
			r = user_nic_table_write(ret);
		if (r == 0)
			return 0;
		user_nic_table_close(ret);
		if (r < 0)
			return database_failed(r, e);
	}
}

/* The line, then the pair. -EEXIST (nothing explained): a name is taken, the line is gone again. */
static int make_one(struct errand *errand, struct user_nic_table *t, const char *owner,
		    const struct user_nic_bridge *bridge, char nic[LINK_NAME_MAX],
		    uint32_t *ret_index, struct err *e)
{
	const struct user_nic_line line = {owner, errand->words.type, errand->words.bridge, nic};
	int r = user_nic_link_choose(&errand->netlink, errand->caller.uid, nic), withdrawn;
	struct link_facts facts;

	if (r < 0)
		return err_set(e, ERR_NETWORK_FAILED, -r, "Failed to find a name that is free");
	r = user_nic_table_add(t, &line);
	if (r < 0)
		return database_failed(r, e);
	r = user_nic_link_make(&errand->netlink, errand->netns, nic, errand->words.nic, bridge,
			       ret_index, e);
	if (r == 0)
		return 0;
	/* A line without an interface does no harm, an interface without its line would. */
	if (r != -EEXIST && link_find(&errand->netlink, nic, 0, &facts) != -ENODEV)
		return r;
	withdrawn = user_nic_table_withdraw(t);
	return withdrawn < 0 ? database_failed(withdrawn, e) : r;
}

static int make(struct errand *errand, const struct user_nic_bridge *bridge,
		char nic[LINK_NAME_MAX], uint32_t *ret_index, struct err *e)
{
	const usec_t deadline = time_deadline(quota_patience);
	struct user_nic_table t;
	const char *owner;
	int r = open_table(errand, &t, e);

	/* Interfaces of containers that have just ended go a moment later. */
	while (r == 0 && !(owner = find_owner(errand, &t)) && time_left(deadline) > 0) {
		user_nic_table_close(&t);
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
		r = open_table(errand, &t, e);
	}
	if (r < 0)
		return r;
	r = owner ? -EEXIST : quota_reached(errand, e);
	for (unsigned i = 0; r == -EEXIST && i < MAKE_TRIES; i++)
		r = make_one(errand, &t, owner, bridge, nic, ret_index, e);
	user_nic_table_close(&t);
	if (r == -EEXIST) {
		err_set(e, ERR_NETWORK_FAILED, EEXIST,
			"The network namespace has an interface \"%s\" already",
			errand->words.nic ? errand->words.nic : "ethN");
		err_hint(e, "choose another name (lxc.net.N.name)");
	}
	return r;
}

/* Forget the line of an interface that is gone, and its port, which is gone already. What fails
 * here is done by the next call. */
static void tidy(struct errand *errand, const char *nic)
{
	struct swept_nic *swept = vec_push(&errand->swept);
	struct user_nic_table t;

	if (!swept)
		return;
	memcpy(swept->nic, nic, strlen(nic) + 1);
	if (open_table(errand, &t, NULL) == 0)
		user_nic_table_close(&t);
}

static int report(const char *nic, uint32_t index, const struct link_facts *peer, struct err *e)
{
	if (printf("%s:%u:%s:%u\n", peer->name, peer->index, nic, index) > 0 && fflush(stdout) == 0)
		return 0;
	return err_set(e, ERR_FILE_WRITE, errno, "Failed to write to the standard output");
}

static int create_nic(struct errand *errand, struct err *e)
{
	struct user_nic_bridge bridge;
	struct link_facts peer;
	char nic[LINK_NAME_MAX];
	uint32_t index;
	int r;

	if (errand->shares.count == 0)
		return quota_reached(errand, e);
	r = user_nic_bridge_find(&errand->netlink, errand->words.bridge, &bridge, e);
	if (r == 0)
		r = make(errand, &bridge, nic, &index, e);
	if (r < 0)
		return r;
	r = user_nic_link_peer(&errand->netlink, errand->netns, index, &peer, e);
	if (r == 0)
		r = user_nic_link_attach(&errand->netlink, nic, index, &bridge, e);
	if (r == 0)
		r = report(nic, index, &peer, e);
	if (r == 0)
		return 0;
	/* It may be a port by now, also when that failed. */
	if (bridge.is_openvswitch)
		user_nic_openvswitch_delete(bridge.name, nic, NULL);
	link_delete(&errand->netlink, index);
	tidy(errand, nic);
	return r;
}

/* Whether a line says that this interface was made for the caller. */
static bool is_charged(const struct errand *errand, const struct user_nic_line *line)
{
	if (!line || strcmp(line->type, errand->words.type) != 0 ||
	    strcmp(line->bridge, errand->words.bridge) != 0 ||
	    !user_nic_link_is_of(line->nic, errand->caller.uid))
		return false;
	for (size_t i = 0; i < errand->shares.count; i++) {
		if (strcmp(errand->shares.items[i].owner, line->owner) == 0)
			return true;
	}
	return false;
}

/* The line must be his, and the interface lead into the namespace that is his. */
static int check_delete(struct errand *errand, struct err *e)
{
	struct user_nic_table t;
	int r = user_nic_table_open(RUN_DIRECTORY, time_deadline(lock_patience), &t, e);
	bool is_his;

	if (r < 0)
		return r;
	is_his = is_charged(errand, user_nic_table_find(&t, errand->words.nic)) &&
		 user_nic_link_leads_to(&errand->netlink, errand->netns, errand->words.nic) == 1;
	user_nic_table_close(&t);
	if (is_his)
		return 0;
	err_set(e, ERR_PERMISSION, 0, "Caller is not allowed to delete network device \"%s\"",
		errand->words.nic);
	err_hint(e, "it must be one that lxc-user-nic made on this bridge for the same user, and "
		    "for this network namespace");
	return -EPERM;
}

static int delete_nic(struct errand *errand, struct err *e)
{
	struct user_nic_bridge bridge;
	struct link_facts facts;
	int r = check_delete(errand, e);

	if (r == 0)
		r = user_nic_bridge_find(&errand->netlink, errand->words.bridge, &bridge, e);
	if (r < 0)
		return r;
	if (!bridge.is_openvswitch) {
		err_set(e, ERR_UNSUPPORTED, 0,
			"Deletion of non ovs type network devices not implemented");
		err_hint(e, "the kernel deletes them with the network namespace");
		return -EINVAL;
	}
	r = user_nic_openvswitch_delete(bridge.name, errand->words.nic, e);
	if (r < 0)
		return r;
	if (link_find(&errand->netlink, errand->words.nic, 0, &facts) == 0)
		link_delete(&errand->netlink, facts.index);
	tidy(errand, errand->words.nic);
	return 0;
}

static int run(struct errand *errand, struct err *e)
{
	int r;

	errand->netns = user_nic_netns_open(&errand->words, &errand->caller, e);
	if (errand->netns < 0)
		return errand->netns;
	r = user_nic_shares_read(&errand->words, &errand->caller, &errand->shares, e);
	if (r < 0)
		return r;
	r = netlink_open(&errand->netlink);
	if (r < 0)
		return err_set(e, ERR_NETWORK_FAILED, -r,
			       "Failed to ask the kernel for interfaces");
	return errand->words.is_delete ? delete_nic(errand, e) : create_nic(errand, e);
}

int main(int argc, char **argv)
{
	struct errand errand = {.netlink.fd = -EBADF, .netns = -EBADF};
	struct err e = {0};
	int r;

	if (!settle_descriptors())
		return EXIT_FAILURE;
	clearenv();
	settle_signals();
	r = user_nic_words_parse(argc, argv, &errand.words, &e);
	if (r > 0)
		return usage();
	if (r == 0)
		r = user_nic_caller_take(&errand.caller, &e);
	if (r < 0)
		return complain(&e);
	settle_limits();
	if (chdir("/") < 0)
		return EXIT_FAILURE;

	r = run(&errand, &e);
	if (r < 0)
		r = complain(&e);
	netlink_close(&errand.netlink);
	if (errand.netns >= 0)
		close(errand.netns);
	vec_finish(&errand.swept);
	vec_finish(&errand.shares);
	user_nic_caller_finish(&errand.caller);
	return r;
}
