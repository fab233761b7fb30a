/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * start and stop. Under the lock: the record is written first and removed last, the flag is made
 * last and removed first. So a record without a flag is a network that somebody died over, and both
 * commands begin by taking it down.
 */

#include "helpers/lxc_net.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/directory.h"
#include "base/macros.h"
#include "base/str.h"
#include "base/time.h"
#include "sys/lock.h"

enum { LOCK_SECONDS = 120, LOCK_MILLISECONDS = 100 };

/* --- what one run holds */

/* A request to end counts as a failure of the step that would come next. */
static int look_for_signals(struct err *e)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
	sigset_t pending;

	if (sigpending(&pending) < 0)
		return 0;
	for (size_t i = 0; i < ARRAY_LENGTH(signals); i++) {
		if (sigismember(&pending, signals[i]) == 1)
			return err_set(e, ERR_SYSTEM, EINTR, "told to end by a signal");
	}
	return 0;
}

static int take_lock(struct net_work *work, struct err *e)
{
	const usec_t deadline = time_deadline(LOCK_SECONDS * USEC_PER_SEC);
	pid_t holder;
	int r = directory_make_parents(NET_LOCK, 0755);

	if (r == 0)
		r = work->lock_fd = lock_open(AT_FDCWD, NET_LOCK);
	if (r < 0)
		return err_set(e, ERR_FILE_OPEN, -r, "cannot open the file \"%s\"", NET_LOCK);
	do {
		r = look_for_signals(e);
		if (r < 0)
			return r;
		r = lock_take(work->lock_fd, time_deadline(LOCK_MILLISECONDS * USEC_PER_MSEC));
	} while (r == -EAGAIN && time_left(deadline) > 0);
	if (r == 0)
		return 0;
	err_set(e, ERR_NO_ANSWER, -r, "another lxc-net is at work");
	if (lock_find_holder(work->lock_fd, &holder) == 0)
		err_hint(e, "it is process %d", (int)holder);
	return r;
}

static int open_work(struct net_work *work, struct err *e)
{
	int r;

	memset(work, 0, sizeof(*work));
	work->lock_fd = work->link.fd = -EBADF;
	if (geteuid() != 0) {
		err_set(e, ERR_PERMISSION, EPERM, "lxc-net sets up the host's network");
		err_hint(e, "run it as root, or \"systemctl start lxc-net\"");
		return -EPERM;
	}
	r = take_lock(work, e);
	if (r == 0)
		r = netlink_open(&work->link);
	return r < 0 && !err_is_set(e) ? err_set(e, ERR_SYSTEM, -r, "no netlink socket") : r;
}

static void close_work(struct net_work *work)
{
	net_settings_finish(&work->settings);
	netlink_close(&work->link);
	if (work->lock_fd >= 0)
		close(work->lock_fd);
	work->lock_fd = -EBADF;
}

/* --- the flag */

static bool has_flag(void)
{
	return access(NET_FLAG, F_OK) == 0;
}

static int make_flag(struct err *e)
{
	autoclose int fd = open(NET_FLAG, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);

	return fd < 0 ? err_set(e, ERR_FILE_WRITE, errno, "cannot make the file \"%s\"", NET_FLAG)
		      : 0;
}

static int remove_flag(struct err *e)
{
	if (unlink(NET_FLAG) < 0 && errno != ENOENT)
		return err_set(e, ERR_FILE_WRITE, errno, "cannot remove the file \"%s\"", NET_FLAG);
	return 0;
}

/* --- down and up */

static int tell_the_way_out(int r, struct err *e)
{
	err_wrap(e, r, "a part of the network is left");
	err_hint(e,
		 "repeat it when the reason is gone; to have lxc-net forget that part, remove the "
		 "file \"%s\"",
		 NET_RECORD);
	return r;
}

/* All parts are tried; the first failure is the one that is told, and leaves the record. */
static int take_down(struct net_work *work, struct err *e)
{
	struct err part = {0};
	int first = remove_flag(e), r;

	r = net_dnsmasq_down(&part);
	if (r < 0 && first == 0) {
		*e = part;
		first = r;
	}
	r = net_firewall_down(work, &part);
	if (r < 0 && first == 0) {
		*e = part;
		first = r;
	}
	r = net_bridge_down(work, &part);
	if (r < 0 && first == 0) {
		*e = part;
		first = r;
	}
	return first == 0 ? net_record_remove(e) : tell_the_way_out(first, e);
}

static int bring_up_parts(struct net_work *work, struct err *e)
{
	int r = net_bridge_up(work, e);

	if (r == 0)
		r = look_for_signals(e);
	if (r == 0)
		r = net_firewall_up(work, e);
	if (r == 0)
		r = look_for_signals(e);
	if (r == 0)
		r = net_dnsmasq_up(work, e);
	if (r == 0)
		r = look_for_signals(e);
	return r == 0 ? make_flag(e) : r;
}

static int bring_up(struct net_work *work, struct err *e)
{
	struct err undoing = {0};
	int r = net_record_write(work, e);

	if (r < 0)
		return r;
	r = bring_up_parts(work, e);
	if (r < 0 && take_down(work, &undoing) < 0)
		err_hint(e, "\"lxc-net stop\" removes what is left of this attempt (%s)",
			 err_cause(&undoing));
	return r;
}

/* What a death, another boot or another lxc-net has left. */
static int clear_remains(struct net_work *work, struct err *e)
{
	struct net_work dead = *work;
	int r;

	if (net_record_is_stale()) {
		r = remove_flag(e);
		return r == 0 ? net_record_remove(e) : r;
	}
	if (has_flag())
		return 0;
	memset(&dead.settings, 0, sizeof(dead.settings));
	r = net_record_read(&dead, e);
	if (r == 0)
		r = take_down(&dead, e);
	net_settings_finish(&dead.settings);
	return r < 0 ? err_wrap(e, r, "cannot take down what an lxc-net has left that was killed")
		     : 0;
}

/* A bridge that nothing tells of: LXC's own, or one that stayed for its interfaces. */
static int clear_bridge(struct net_work *work, struct err *e)
{
	int r = net_bridge_look(work, e);

	work->borrows_bridge = r == NET_BRIDGE_BARE;
	if (r != NET_BRIDGE_OURS)
		return r < 0 ? r : 0;
	work->is_restart = true;
	r = take_down(work, e);
	work->is_restart = false;
	return r;
}

/* The network of the record; of the settings, when another lxc-net has started it. `next`: what
 * comes up behind it, or NULL. */
static int stop_running(struct net_work *work, const struct net_settings *next, struct err *e)
{
	struct assignments a = {0};
	int r = net_record_read(work, e);

	if (r == 1) {
		r = net_settings_read(true, &a, &work->settings, e);
		assignments_finish(&a);
	}
	if (r == 0 && next && next->use_bridge)
		work->is_restart = strcmp(net_text(next, LXC_BRIDGE),
					  net_text(&work->settings, LXC_BRIDGE)) == 0;
	return r < 0 ? r : take_down(work, e);
}

static int restart_down(struct net_work *work, struct err *e)
{
	struct net_work old = *work;
	int r;

	memset(&old.settings, 0, sizeof(old.settings));
	r = stop_running(&old, &work->settings, e);
	net_settings_finish(&old.settings);
	return r;
}

/* Beside the words of LXC: why containers may have no network although it is up. */
static void tell_what_is_missing(const struct net_work *work)
{
	const char *bridge = net_text(&work->settings, LXC_BRIDGE);

	if (if_nametoindex(bridge) == 0)
		fprintf(stderr,
			"lxc-net: the bridge %s is gone: \"lxc-net restart\" makes it again\n",
			bridge);
	if (net_dnsmasq_find() == 0)
		fputs("lxc-net: its dnsmasq has ended: \"lxc-net restart\" starts it again\n",
		      stderr);
}

/* Whether our errors go to the journal, whatever they went to in a parent's time: "DEVICE:INODE"
 * (systemd.exec(5)). */
static bool is_journal(const char *stream)
{
	char ours[64];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return false;
	snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(stream, ours) == 0;
}

/* The services' log is read by those who look for the reason; others see only what failed. */
static bool may_warn(void)
{
	return isatty(STDERR_FILENO) || is_journal(getenv("JOURNAL_STREAM"));
}

static void warn(const struct net_work *work, const struct assignments *a)
{
	autostr text = {0};

	if (!may_warn())
		return;
	net_settings_look_for_typos(a, &text);
	net_others_look(work, &text);
	for (const char *line = str_text(&text); *line;) {
		const size_t len = strcspn(line, "\n");

		fprintf(stderr, "lxc-net: warning: %.*s\n", (int)len, line);
		line += len + (line[len] == '\n');
	}
}

/* All that can be asked before anything is changed: then a restart costs nobody the old network. */
static int check(struct net_work *work, struct err *e)
{
	int r = net_bridge_look(work, e);

	if (r >= 0)
		r = 0;
	if (r == 0 && work->settings.ipv6 && !net_has_ipv6())
		r = net_settings_turn_ipv6_off(&work->settings, e);
	if (r == 0)
		r = net_firewall_choose(work, e);
	return r == 0 ? net_dnsmasq_check(work, e) : r;
}

static int start(struct net_work *work, bool always, struct assignments *a, struct err *e)
{
	int r = net_settings_read(false, a, &work->settings, e);

	if (r == 0)
		r = clear_remains(work, e);
	if (r == 0 && !always && work->settings.use_bridge && has_flag()) {
		puts("lxc-net is already running");
		tell_what_is_missing(work);
		return NET_ALREADY;
	}
	if (r == 0 && work->settings.use_bridge)
		r = check(work, e);
	if (r == 0 && has_flag() && always)
		r = restart_down(work, e);
	if (r == 0 && work->settings.use_bridge)
		r = clear_bridge(work, e);
	if (r == 0)
		r = look_for_signals(e);
	if (r < 0 || !work->settings.use_bridge)
		return r;
	return bring_up(work, e);
}

int net_start(bool always, struct err *e)
{
	struct assignments a = {0};
	struct net_work work;
	int r = open_work(&work, e);

	if (r == 0)
		r = start(&work, always, &a, e);
	if (r == 0 && work.settings.use_bridge)
		warn(&work, &a);
	assignments_finish(&a);
	close_work(&work);
	return r;
}

int net_stop(struct err *e)
{
	struct net_work work;
	int r = open_work(&work, e);

	if (r == 0 && net_record_is_stale())
		r = clear_remains(&work, e);
	if (r == 0 && !has_flag() && access(NET_RECORD, F_OK) < 0) {
		puts("lxc-net isn't running");
		r = NET_ALREADY;
	} else if (r == 0) {
		r = stop_running(&work, NULL, e);
	}
	close_work(&work);
	return r;
}
