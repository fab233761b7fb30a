/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The child's half of a start's floor. mount(2) throughout: one call does what fsopen, fsconfig,
 * fsmount and move_mount need six for. The current directory is the root-to-be, so that names are
 * short.
 */

#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "floor_start.h"

static const char procfs[] = "proc";
static const char boot_id[] = "dev/.lxc-boot-id";

/* As the busybox template has them. */
static const unsigned long dropped[] = {CAP_SYS_MODULE, CAP_SYS_TIME, CAP_MAC_OVERRIDE,
					CAP_MAC_ADMIN};

static void do_mount(const char *source, const char *target, const char *type, unsigned long flags,
		     const char *options)
{
	floor_must(sys_call6(__NR_mount, (long)source, (long)target, (long)type, (long)flags,
			     (long)options, 0),
		   target);
}

/* Flags of the mount alone, not of the file system. */
static void make_read_only(const char *target, unsigned long flags)
{
	do_mount(NULL, target, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | flags, NULL);
}

static void bind_read_only(const char *source, const char *target, unsigned long flags)
{
	do_mount(source, target, NULL, MS_BIND, NULL);
	make_read_only(target, flags);
}

/* A file as a place for a mount. */
static void bind_file(const char *source, const char *target)
{
	floor_call(mknod(target, S_IFREG, 0), target);
	do_mount(source, target, NULL, MS_BIND, NULL);
}

static void mount_proc_and_sys(const struct floor_start *o)
{
	const unsigned long safe = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	do_mount(procfs, procfs, procfs, safe, NULL);
	if (o->is_mixed) {
		/* A bind of proc/sys/net below the read-only one stays writable. */
		int net = (int)floor_must(sys_call3(__NR_open_tree, AT_FDCWD, (long)"proc/sys/net",
						    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC),
					  "proc/sys/net");

		bind_read_only("proc/sys", "proc/sys", safe);
		floor_must(sys_call6(__NR_move_mount, net, (long)"", AT_FDCWD, (long)"proc/sys/net",
				     MOVE_MOUNT_F_EMPTY_PATH, 0),
			   "proc/sys/net");
		close(net);
	}
	do_mount("sysfs", "sys", "sysfs", 0, NULL);
	if (o->is_mixed)
		make_read_only("sys", 0);
}

static void make_devices(const struct floor_start *o)
{
	static const struct {
		const char *name, *host;
		unsigned major, minor;
	} nodes[] = {
		{"dev/full", "/dev/full", 1, 7},       {"dev/null", "/dev/null", 1, 3},
		{"dev/random", "/dev/random", 1, 8},   {"dev/tty", "/dev/tty", 5, 0},
		{"dev/urandom", "/dev/urandom", 1, 9}, {"dev/zero", "/dev/zero", 1, 5},
	};
	static const char *const links[][2] = {
		{"/proc/self/fd", "dev/fd"},
		{"/proc/self/fd/0", "dev/stdin"},
		{"/proc/self/fd/1", "dev/stdout"},
		{"/proc/self/fd/2", "dev/stderr"},
	};

	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		if (o->first_id)
			bind_file(nodes[i].host, nodes[i].name);
		else
			floor_call(mknod(nodes[i].name, S_IFCHR | 0666,
					 makedev(nodes[i].major, nodes[i].minor)),
				   nodes[i].name);
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		floor_call(symlink(links[i][0], links[i][1]), links[i][1]);
}

/* A terminal of the container's devpts on `target`; its master. */
static int make_terminal(const char *target)
{
	int master = (int)floor_call(open("dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), "ptmx");
	char peer[32];
	int number = 0;
	int unlock = 0;

	floor_call(ioctl(master, TIOCSPTLCK, &unlock), "TIOCSPTLCK");
	floor_call(ioctl(master, TIOCGPTN, &number), "TIOCGPTN");
	snprintf(peer, sizeof(peer), "dev/pts/%d", number);
	bind_file(peer, target);
	return master;
}

static void send_descriptors(int gate, const int fds[], unsigned count)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int) * (FLOOR_TERMINALS + 2))];
	} control = {};
	struct iovec byte = {.iov_base = "t", .iov_len = 1};
	struct msghdr message = {.msg_iov = &byte,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = CMSG_SPACE(sizeof(int) * count)};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int) * count);
	memcpy(CMSG_DATA(&control.header), fds, sizeof(int) * count);
	floor_must(sys_sendmsg(gate, &message, 0), "gate");
}

static void make_terminals(const struct floor_start *o, int gate)
{
	int fds[FLOOR_TERMINALS + 2];
	unsigned count = 0;

	do_mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
		 "newinstance,ptmxmode=0666,mode=0620,gid=5");
	fds[count++] = (int)floor_call(open("dev/pts", O_PATH | O_CLOEXEC), "dev/pts");
	bind_file("dev/pts/ptmx", "dev/ptmx");
	fds[count++] = make_terminal("dev/console");
	for (unsigned i = 1; i <= o->terminals; i++) {
		char target[32];

		snprintf(target, sizeof(target), "dev/tty%u", i);
		fds[count++] = make_terminal(target);
	}
	send_descriptors(gate, fds, count);
}

static void change_root(void)
{
	do_mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL);
	floor_must(sys_call3(__NR_pivot_root, (long)".", (long)".", 0), "pivot_root");
	floor_must(sys_call3(__NR_umount2, (long)".", KERNEL_MNT_DETACH | KERNEL_UMOUNT_NOFOLLOW,
			     0),
		   "umount2");
	floor_call(chdir("/"), "/");
	do_mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL);
}

static void make_boot_id(void)
{
	static const char text[] = "c3a4bbb2-2782-4792-aee0-9b8a86922839\n";
	int fd = (int)floor_call(open(boot_id, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444),
				 boot_id);

	floor_call(write(fd, text, sizeof(text) - 1), boot_id);
	close(fd);
	bind_read_only(boot_id, "proc/sys/kernel/random/boot_id", MS_NOSUID | MS_NODEV | MS_NOEXEC);
	floor_call(unlink(boot_id), boot_id);
}

static void use_console(void)
{
	int fd = (int)floor_call(open("dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC), "dev/console");

	for (int i = 0; i < 3; i++)
		floor_must(sys_dup3(fd, i, 0), "dup3");
	close(fd);
}

_Noreturn static void run(const struct floor_start *o)
{
	static const char *const environment[] = {"container=lxc", NULL};

	if (o->is_application) {
		int status = 0;
		pid_t pid = (pid_t)floor_call(fork(), "fork");

		if (pid > 0) {
			floor_call(waitpid(pid, &status, 0), "waitpid");
			_exit(WIFEXITED(status) ? WEXITSTATUS(status) : FLOOR_FAILED);
		}
	}
	floor_must(sys_execve(o->argv[0], (const char *const *)o->argv, environment), o->argv[0]);
	_exit(FLOOR_FAILED);
}

static void become_root(int gate)
{
	char byte;

	floor_call(read(gate, &byte, 1), "gate");
	floor_call(setgroups(0, NULL), "setgroups");
	floor_call(setresgid(0, 0, 0), "setresgid");
	floor_call(setresuid(0, 0, 0), "setresuid");
	floor_call(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), "PR_SET_DUMPABLE");
}

void floor_run_child(const struct floor_start *o, int gate)
{
	floor_call(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), "PR_SET_PDEATHSIG");
	for (unsigned i = 0; i < o->cgroups.legacy_count; i++)
		floor_enter(&o->cgroups, o->cgroups.legacy[i], "/lxc.payload.");
	if (o->first_id)
		become_root(gate);
	if (o->cgroups.legacy_count)
		floor_must(sys_unshare(CLONE_NEWCGROUP), "unshare");
	do_mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL);
	do_mount(o->root, o->at, NULL, MS_BIND | MS_REC, NULL);
	floor_call(chdir(o->at), o->at);
	floor_call(sethostname(o->cgroups.name, strlen(o->cgroups.name)), "sethostname");
	floor_must(sys_call3(__NR_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, 0, 0), "keyctl");
	umask(0);
	do_mount("none", "dev", "tmpfs", 0, "mode=0755,size=500000");
	floor_call(mkdir("dev/pts", 0755), "dev/pts");
	mount_proc_and_sys(o);
	if (o->has_shm) {
		floor_call(mkdir("dev/shm", 0755), "dev/shm");
		do_mount("shm", "dev/shm", "tmpfs", 0, NULL);
		floor_call(mkdir("dev/mqueue", 0755), "dev/mqueue");
		do_mount("mqueue", "dev/mqueue", "mqueue", 0, NULL);
	}
	for (unsigned i = 0; i < o->bind_count; i++)
		bind_read_only(o->binds[i], o->binds[i] + 1, 0);
	if (o->has_cgroup)
		do_mount("cgroup2", "sys/fs/cgroup", "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC,
			 NULL);
	make_devices(o);
	if (o->terminals)
		make_terminals(o, gate);
	change_root();
	make_boot_id();
	for (size_t i = 0; o->is_mixed && i < sizeof(dropped) / sizeof(dropped[0]); i++)
		floor_call(prctl(PR_CAPBSET_DROP, dropped[i], 0, 0, 0), "PR_CAPBSET_DROP");
	if (o->terminals)
		use_console();
	floor_call(setsid(), "setsid");
	floor_must(sys_close_range_on_exec(3), "close_range");
	umask(022);
	run(o);
}
