/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The folder, the namespaces and the containers of the programs here.
 */

#include "world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

char world_top[96];
char world_lxcpath[112];

static const char *const busybox_places[] = {"/bin/busybox", "/usr/bin/busybox"};
static const char *const folders[] = {
	"at",       "lxc",      "root",     "root/bin",  "root/sbin", "root/dev", "root/proc",
	"root/sys", "root/etc", "root/tmp", "root/root", "root/run",  "root/mnt",
};
static const char *const applets[] = {
	"sh",   "sleep", "true", "false", "cat",  "id",       "reboot",
	"test", "env",   "pwd",  "kill",  "echo", "hostname",
};

/* Process 1: halts and reboots on the signals of lxc.signal.halt and .reboot. */
static const char init_script[] = "#!/bin/sh\n"
				  "trap 'exit 0' PWR TERM\n"
				  "trap 'reboot -f' INT\n"
				  "while :; do sleep 1000 & wait $!; done\n";

const char *world_path(const char *below)
{
	static char paths[8][256];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", world_top, below);
	return path;
}

void world_write(const char *path, mode_t mode, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

char *world_read(const char *path)
{
	enum { ROOM = 64 << 10 };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = fd >= 0 ? calloc(1, ROOM) : NULL;
	ssize_t got = text ? read(fd, text, ROOM - 1) : -1;

	if (fd >= 0)
		close(fd);
	if (got < 0) {
		free(text);
		return NULL;
	}
	return text;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
	return remove(path);
}

static int copy_busybox(void)
{
	for (size_t i = 0; i < sizeof(busybox_places) / sizeof(busybox_places[0]); i++) {
		int from = open(busybox_places[i], O_RDONLY | O_CLOEXEC);
		int to;
		struct stat status;
		ssize_t copied;

		if (from < 0)
			continue;
		to = open(world_path("root/bin/busybox"), O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
		copied = to >= 0 && fstat(from, &status) == 0
				 ? sendfile(to, from, NULL, (size_t)status.st_size)
				 : -1;
		close(from);
		close(to);
		return copied > 0 ? 0 : -1;
	}
	return -1;
}

static int make_root(void)
{
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (mkdir(world_path(folders[i]), 0755) < 0)
			return -1;
	if (copy_busybox() < 0)
		return -1;
	for (size_t i = 0; i < sizeof(applets) / sizeof(applets[0]); i++) {
		char path[256];

		snprintf(path, sizeof(path), "%s/root/bin/%s", world_top, applets[i]);
		if (symlink("busybox", path) < 0)
			return -1;
	}
	world_write(world_path("root/sbin/init"), 0755, init_script);
	world_write(world_path("root/etc/passwd"), 0644, "root:x:0:0:root:/root:/bin/sh\n");
	return 0;
}

static int raise_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r = fd < 0 ? -1 : ioctl(fd, SIOCSIFFLAGS, &request);

	close(fd);
	return r;
}

static int make_private(void)
{
	struct stat status;

	if (unshare(CLONE_NEWNS | CLONE_NEWNET) < 0 ||
	    mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL) < 0 ||
	    mount("tmpfs", "/run", "tmpfs", 0, "mode=0755") < 0)
		return -1;
	if (stat("/etc/lxc", &status) == 0 &&
	    mount("tmpfs", "/etc/lxc", "tmpfs", 0, "mode=0755") < 0)
		return -1;
	return raise_loopback();
}

int world_setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	if (geteuid() != 0) {
		print_message("1..0 # SKIP only root starts containers without mapped ids\n");
		exit(0);
	}
	snprintf(world_top, sizeof(world_top), "%.64s/tare-api-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(world_top) || chmod(world_top, 0755) < 0)
		return -1;
	snprintf(world_lxcpath, sizeof(world_lxcpath), "%s/lxc", world_top);
	return make_root() < 0 || make_private() < 0 ? -1 : 0;
}

int world_stop_all(void **state)
{
	struct lxc_container **running = NULL;
	int count = list_active_containers(world_lxcpath, NULL, &running);

	for (int i = 0; i < count; i++) {
		running[i]->stop(running[i]);
		lxc_container_put(running[i]);
	}
	free(running);
	return count < 0 ? -1 : 0;
}

/* Run records that are left: a supervisor's last steps take a while. */
static int count_records(const char *path, const struct stat *status, int type, struct FTW *place)
{
	return type == FTW_F ? 1 : 0;
}

static int await_no_records(void)
{
	for (int i = 0; i < 500; i++) {
		if (nftw("/run/lxc/runs", count_records, 8, FTW_PHYS) <= 0)
			return 0;
		usleep(10000);
	}
	print_error("run records are left\n");
	return -1;
}

int world_teardown(void **state)
{
	int r = world_stop_all(state);

	if (await_no_records() < 0)
		r = -1;
	return nftw(world_top, remove_entry, 16, FTW_DEPTH | FTW_PHYS) < 0 ? -1 : r;
}

const char *world_name(const char *name)
{
	static char names[8][64];
	static unsigned next;
	char *full = names[next++ % 8];

	snprintf(full, sizeof(names[0]), "api%d-%s", (int)getpid(), name);
	return full;
}

struct lxc_container *world_define(const char *name, const char *lines)
{
	struct lxc_container *c;
	char text[4096], path[256];

	snprintf(text, sizeof(text),
		 "lxc.uts.name = %s\nlxc.rootfs.path = dir:%s/root\nlxc.rootfs.mount = %s/at\n"
		 "lxc.net.0.type = empty\nlxc.mount.auto = proc:mixed\n%s",
		 name, world_top, world_top, lines ? lines : "");
	snprintf(path, sizeof(path), "%s/%s", world_lxcpath, name);
	assert_true(mkdir(path, 0770) == 0 || errno == EEXIST);
	snprintf(path, sizeof(path), "%s/%s/config", world_lxcpath, name);
	world_write(path, 0644, text);
	c = lxc_container_new(name, world_lxcpath);
	assert_non_null(c);
	return c;
}

void world_await_init(struct lxc_container *c)
{
	char path[64];
	uint64_t caught = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", c->init_pid(c));
	for (int i = 0; i < 1000 && !(caught & UINT64_C(1) << (SIGPWR - 1)); i++) {
		char *text = world_read(path);
		const char *line = text ? strstr(text, "SigCgt:") : NULL;

		caught = line ? strtoull(line + 7, NULL, 16) : 0;
		free(text);
		usleep(2000);
	}
}

struct lxc_container *world_start(const char *name, const char *lines)
{
	struct lxc_container *c = world_define(name, lines);

	assert_works(c, c->start(c, 0, NULL));
	world_await_init(c);
	return c;
}

void world_end(struct lxc_container *c)
{
	assert_works(c, c->stop(c));
	assert_int_equal(lxc_container_put(c), 1);
}

void assert_explained(struct lxc_container *c, const char *part)
{
	if (!c->error_string)
		fail_msg("there is no error text");
	else if (!strstr(c->error_string, part))
		fail_msg("the error text lacks \"%s\": %s", part, c->error_string);
}

int64_t world_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

int world_count_fds(void)
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;
	int count = -1; /* the directory itself */

	assert_non_null(directory);
	while ((entry = readdir(directory)))
		count += entry->d_name[0] != '.';
	closedir(directory);
	return count;
}

int world_run(const char *const argv[])
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct world_monitor {
	pthread_t thread;
	int listener_fd;
	int end_fds[2]; /* a pipe: closing the second ends the thread */
	const void *answer;
};

enum { ANSWER_SIZE = 16, CONNECTIONS_MAX = 64 };

static void *serve(void *argument)
{
	struct world_monitor *m = argument;
	int open_fds[CONNECTIONS_MAX], count = 0;

	for (;;) {
		struct pollfd p[2] = {{m->listener_fd, POLLIN, 0}, {m->end_fds[0], POLLIN, 0}};
		char request[8192];
		int fd;

		poll(p, 2, -1);
		if (p[1].revents)
			break;
		fd = accept4(m->listener_fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			continue;
		if (!m->answer && count < CONNECTIONS_MAX) {
			open_fds[count++] = fd;
			continue;
		}
		if (recv(fd, request, sizeof(request), 0) > 0 && m->answer)
			send(fd, m->answer, ANSWER_SIZE, MSG_NOSIGNAL);
		close(fd);
	}
	while (count > 0)
		close(open_fds[--count]);
	return NULL;
}

struct world_monitor *world_make_monitor(const char *name, const void *answer)
{
	struct world_monitor *m = calloc(1, sizeof(*m));
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int length;

	assert_non_null(m);
	length = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "%s/%s/command",
			  world_lxcpath, name);
	assert_in_range(length, 1, 105);
	m->answer = answer;
	m->listener_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(m->listener_fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length)),
			 0);
	assert_int_equal(listen(m->listener_fd, 100), 0);
	assert_int_equal(pipe2(m->end_fds, O_CLOEXEC), 0);
	assert_int_equal(pthread_create(&m->thread, NULL, serve, m), 0);
	return m;
}

void world_end_monitor(struct world_monitor *m)
{
	close(m->end_fds[1]);
	pthread_join(m->thread, NULL);
	close(m->listener_fd);
	close(m->end_fds[0]);
	free(m);
}
