/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What reading a configuration costs: a container's own file of 60 lines with two includes, as most
 * unprivileged containers have them (the common.conf and userns.conf of the golden tests), from
 * opening the file to the finished model and back to nothing. CPU time of this thread; the median
 * of many batches, so that a neighbour on the machine does not count. Target: below 100 µs.
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config/config.h"

enum {
	BATCHES = 41,
	LOADS = 200, /* in a batch */
	NANOSECONDS = 1000000000,
};

/* The part of the container itself; files are relative to the golden tests' folder. */
static const char own_lines[] =
	"# Template used to create this container: /usr/share/lxc/templates/lxc-download\n"
	"# Parameters passed to the template: -d debian -r trixie -a amd64\n"
	"# For additional config options, please look at lxc.container.conf(5)\n"
	"\n"
	"# Distribution configuration\n"
	"lxc.include = include/share/common.conf\n"
	"lxc.include = include/share/userns.conf\n"
	"lxc.arch = x86_64\n"
	"\n"
	"# Container specific configuration\n"
	"lxc.apparmor.profile = generated\n"
	"lxc.apparmor.allow_nesting = 1\n"
	"lxc.rootfs.path = dir:/var/lib/lxc/c1/rootfs\n"
	"lxc.uts.name = c1\n"
	"lxc.idmap = u 0 100000 65536\n"
	"lxc.idmap = g 0 100000 65536\n"
	"lxc.start.auto = 1\n"
	"lxc.start.delay = 5\n"
	"lxc.start.order = 10\n"
	"lxc.group = onboot web\n"
	"lxc.init.cmd = /sbin/init\n"
	"lxc.signal.halt = SIGRTMIN+3\n"
	"lxc.log.level = INFO\n"
	"lxc.console.logfile = /var/log/lxc/c1.console\n"
	"lxc.console.size = 1MB\n"
	"lxc.console.buffer.size = auto\n"
	"\n"
	"# Limits\n"
	"lxc.cgroup2.memory.max = 1G\n"
	"lxc.cgroup2.memory.high = 900M\n"
	"lxc.cgroup2.memory.swap.max = 0\n"
	"lxc.cgroup2.cpu.max = 150000 100000\n"
	"lxc.cgroup2.cpuset.cpus = 0-3\n"
	"lxc.cgroup2.pids.max = 4096\n"
	"lxc.prlimit.nofile = 1024:1048576\n"
	"lxc.prlimit.core = 0\n"
	"lxc.sysctl.net.ipv4.ip_forward = 1\n"
	"lxc.environment = TERM=linux\n"
	"lxc.environment.runtime = LANG=C.UTF-8\n"
	"\n"
	"# Mounts\n"
	"lxc.mount.entry = /srv/data srv/data none bind,create=dir 0 0\n"
	"lxc.mount.entry = /srv/cache srv/cache none bind,create=dir,optional 0 0\n"
	"lxc.mount.entry = tmpfs tmp tmpfs size=256m,nosuid,nodev 0 0\n"
	"lxc.hook.pre-start = /etc/lxc/hooks/pre-start\n"
	"lxc.hook.post-stop = /etc/lxc/hooks/post-stop\n"
	"\n"
	"# Network configuration\n"
	"lxc.net.0.type = veth\n"
	"lxc.net.0.link = lxcbr0\n"
	"lxc.net.0.flags = up\n"
	"lxc.net.0.name = eth0\n"
	"lxc.net.0.hwaddr = 10:66:6a:12:34:56\n"
	"lxc.net.0.ipv4.address = 10.0.3.10/24\n"
	"lxc.net.0.ipv4.gateway = 10.0.3.1\n"
	"lxc.net.0.ipv6.address = fd00::10/64\n"
	"lxc.net.1.type = macvlan\n"
	"lxc.net.1.link = eth0\n"
	"lxc.net.1.macvlan.mode = bridge\n"
	"lxc.net.1.flags = up\n";

/* Write a text to a file without a name; returns a path that opens it, in buf. */
static const char *make_file(const char *text, size_t len, char *buf, size_t room)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, text, len) != (ssize_t)len) {
		perror("/tmp");
		exit(1);
	}
	snprintf(buf, room, "/proc/self/fd/%d", fd);
	return buf;
}

static long cpu_nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * NANOSECONDS + now.tv_nsec;
}

static void load(const char *path)
{
	struct config c;
	struct err e = {};

	if (config_init(&c, NULL) < 0 || config_load(&c, path, &e) < 0) {
		fprintf(stderr, "%s\n", err_cause(&e));
		exit(1);
	}
	config_finish(&c);
}

static int by_value(const void *a, const void *b)
{
	const double *x = a;
	const double *y = b;

	return (*x > *y) - (*x < *y);
}

static unsigned count_lines(const char *text)
{
	unsigned count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

int main(void)
{
	double microseconds[BATCHES];
	char buf[64];
	const char *path = make_file(own_lines, strlen(own_lines), buf, sizeof(buf));

	if (chdir(GOLDEN_FOLDER) < 0) {
		perror(GOLDEN_FOLDER);
		return 1;
	}
	for (int i = 0; i < BATCHES; i++) {
		long start = cpu_nanoseconds();

		for (int n = 0; n < LOADS; n++)
			load(path);
		microseconds[i] = (double)(cpu_nanoseconds() - start) / 1000 / LOADS;
	}
	qsort(microseconds, BATCHES, sizeof(microseconds[0]), by_value);
	printf("config-load: %.1f us CPU per load (%u lines, 2 includes)\n",
	       microseconds[BATCHES / 2], count_lines(own_lines));
	return 0;
}
