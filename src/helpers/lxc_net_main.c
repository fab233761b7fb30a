/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-net start|stop|restart|reload|force-reload|status [--json]: the network of the host's
 * containers, a bridge with addresses, DHCP, DNS and NAT (spec/templates-and-services.md §7).
 */

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "helpers/lxc_net.h"

static int usage(const char *program, int code)
{
	fprintf(code == 0 ? stdout : stderr,
		"Usage: %s {start|stop|restart|reload|force-reload|status [--json]}\n", program);
	return code;
}

static int complain(const struct err *e, const char *last)
{
	autostr text = {0};

	err_render_text(e, &text);
	fprintf(stderr, "lxc-net: %s\n%s", str_text(&text), last);
	return 1;
}

/* Looked at between steps, so that what was begun is undone; who is run for a step gets them. */
static void hold_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static int start(bool always)
{
	struct err e = {0};
	int r = net_start(always, &e);

	return r < 0 ? complain(&e, "Failed to setup lxc-net.\n") : r == NET_ALREADY;
}

static int stop(void)
{
	struct err e = {0};
	int r = net_stop(&e);

	return r < 0 ? complain(&e, "") : r == NET_ALREADY;
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";
	const bool as_json = argc == 3 && strcmp(argv[2], "--json") == 0;

	if (argc == 2 && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0))
		return usage(argv[0], 0);
	if (strcmp(word, "status") == 0 && (argc == 2 || as_json))
		return net_status(as_json);
	if (argc != 2)
		return usage(argv[0], 2);
	hold_signals();
	/* Anywhere else a daemon of ours would keep a file system busy. */
	if (chdir("/") < 0) {
		perror("lxc-net: /");
		return 1;
	}
	if (strcmp(word, "start") == 0)
		return start(false);
	if (strcmp(word, "stop") == 0)
		return stop();
	if (strcmp(word, "restart") == 0 || strcmp(word, "reload") == 0 ||
	    strcmp(word, "force-reload") == 0)
		return start(true);
	return usage(argv[0], 2);
}
