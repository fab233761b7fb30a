/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Id maps: user_namespaces(7), newuidmap(1). Which of the two ways a container takes, and with what
 * maps, the compiler has chosen.
 */

#include "run/host_ids.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ids.h"
#include "base/macros.h"
#include "run/host_command.h"
#include "sys/idmap.h"
#include "sys/process.h"

int host_user_ns_make(struct host *h, const struct plan_step *step)
{
	int fd = idmap_make_namespace(host_text(h, step, 0), host_text(h, step, 1));

	if (fd < 0)
		return host_failed(h, __NR_clone3, fd);
	host_set_fd(h, step->out, fd);
	return 0;
}

int host_idmap_write(struct host *h, const struct plan_step *step)
{
	const char *file = "";
	int r = idmap_write(h->run->child, host_text(h, step, 0), host_text(h, step, 1),
			    step->arg[2] == 1, &file);

	return r < 0 ? host_note(h, host_failed(h, __NR_write, r), "/proc/%d/%s", h->run->child,
				 file)
		     : 0;
}

/* Both at once. */
static int run_helpers(struct host *h, struct host_command helpers[2])
{
	int r = host_command_start(h, &helpers[0]);

	if (r == 0)
		r = host_command_start(h, &helpers[1]);
	if (r == 0)
		r = host_command_wait(h, &helpers[0]);
	if (r == 0)
		r = host_command_wait(h, &helpers[1]);
	return r;
}

static int fill_from_plan(struct host *h, struct host_command *helper, uint64_t list)
{
	int r = arguments_open(&helper->arguments, h->plan, h->run->record);
	const char *text = plan_list_first(h->plan, list);
	uint32_t count = plan_list_count(h->plan, list);

	if (r < 0)
		return host_failed(h, __NR_mmap, r);
	if (count == 0)
		return host_note(h, -EINVAL, "the plan does not say which program to run");
	arguments_add(&helper->arguments, text);
	arguments_add_number(&helper->arguments, h->run->child);
	while (--count > 0) {
		text += strlen(text) + 1;
		arguments_add(&helper->arguments, text);
	}
	return 0;
}

int host_idmap_helpers(struct host *h, const struct plan_step *step)
{
	struct host_command helpers[2];
	int r;

	host_command_init(&helpers[0]);
	host_command_init(&helpers[1]);
	r = fill_from_plan(h, &helpers[0], step->arg[0]);
	if (r == 0)
		r = fill_from_plan(h, &helpers[1], step->arg[1]);
	if (r == 0)
		r = run_helpers(h, helpers);
	host_command_finish(&helpers[0]);
	host_command_finish(&helpers[1]);
	return r;
}

/* The first of the usual places where a program is. */
static const char *find_helper(const char *const *places)
{
	while (places[1] && access(places[0], X_OK) < 0)
		places++;
	return places[0];
}

/* "0 WANTED 1 1 OWN 1": the new owner is the namespace's root, the old one can be named. */
static int fill_for_chown(struct host *h, struct host_command *helper, const char *path, pid_t pid,
			  const uint32_t ids[2])
{
	int r = arguments_open(&helper->arguments, h->plan, h->run->record);

	if (r < 0)
		return host_failed(h, __NR_mmap, r);
	arguments_add(&helper->arguments, path);
	arguments_add_number(&helper->arguments, pid);
	arguments_add(&helper->arguments, "0");
	arguments_add_number(&helper->arguments, ids[0]);
	arguments_add(&helper->arguments, "1");
	if (ids[0] != ids[1]) {
		arguments_add(&helper->arguments, "1");
		arguments_add_number(&helper->arguments, ids[1]);
		arguments_add(&helper->arguments, "1");
	}
	return 0;
}

static int map_for_chown(struct host *h, pid_t pid, uint32_t uid, uint32_t gid)
{
	static const char *const uid_places[] = {"/usr/bin/newuidmap", "/bin/newuidmap",
						 "/usr/local/bin/newuidmap", NULL};
	static const char *const gid_places[] = {"/usr/bin/newgidmap", "/bin/newgidmap",
						 "/usr/local/bin/newgidmap", NULL};
	const uint32_t uids[2] = {uid, geteuid()}, gids[2] = {gid, getegid()};
	struct host_command helpers[2];
	int r;

	host_command_init(&helpers[0]);
	host_command_init(&helpers[1]);
	r = fill_for_chown(h, &helpers[0], find_helper(uid_places), pid, uids);
	if (r == 0)
		r = fill_for_chown(h, &helpers[1], find_helper(gid_places), pid, gids);
	if (r == 0)
		r = run_helpers(h, helpers);
	host_command_finish(&helpers[0]);
	host_command_finish(&helpers[1]);
	return r;
}

/* In the child: wait for the maps, become root of the namespace, give the file to it. */
_Noreturn static void chown_inside(pid_t parent, const int gate[2], int fd)
{
	char go;

	/* Our own copy of its end would keep the gate open. */
	if (process_die_with(parent, SIGKILL) < 0)
		_exit(ESRCH);
	close(gate[0]);
	if (read(gate[1], &go, 1) != 1)
		_exit(EPIPE);
	if (syscall(SYS_setresgid, 0, 0, 0) < 0 || syscall(SYS_setresuid, 0, 0, 0) < 0 ||
	    fchown(fd, 0, 0) < 0)
		_exit(errno);
	_exit(0);
}

static int chown_in_namespace(struct host *h, int fd, uint32_t uid, uint32_t gid)
{
	const struct process_clone how = {
		.flags = CLONE_NEWUSER,
		.cgroup_fd = -1,
		.exit_signal = SIGCHLD,
	};
	autoclose int pidfd = -EBADF;
	const pid_t parent = getpid();
	int gate[2], r, status;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, gate) < 0)
		return host_failed(h, __NR_socketpair, -errno);
	pid = process_clone(&how, &pidfd);
	if (pid == 0)
		chown_inside(parent, gate, fd);
	close(gate[1]);
	if (pid < 0) {
		close(gate[0]);
		return host_failed(h, __NR_clone3, pid);
	}
	r = map_for_chown(h, pid, uid, gid);
	if (r == 0 && send(gate[0], "", 1, MSG_NOSIGNAL) != 1)
		r = host_failed(h, __NR_sendmsg, -errno);
	close(gate[0]);
	if (r < 0)
		process_signal(pidfd, SIGKILL);
	if (process_wait(pidfd, &status) < 0 || r < 0)
		return r < 0 ? r : -ECHILD;
	if (status != 0)
		return host_failed(h, __NR_fchown,
				   WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD);
	return 0;
}

int host_chown(struct host *h, int fd, uint32_t uid, uint32_t gid)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return host_failed(h, __NR_fstat, -errno);
	if ((uid == ID_INVALID || uid == st.st_uid) && (gid == ID_INVALID || gid == st.st_gid))
		return 0;
	if (fchown(fd, uid, gid) == 0)
		return 0;
	if (errno != EPERM || st.st_uid != geteuid())
		return host_failed(h, __NR_fchown, -errno);
	/* The group must be one that the small map has; that of terminals is not. */
	if (fchown(fd, ID_INVALID, getegid()) < 0)
		return host_failed(h, __NR_fchown, -errno);
	return chown_in_namespace(h, fd, uid == ID_INVALID ? geteuid() : uid,
				  gid == ID_INVALID ? getegid() : gid);
}
