/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The floor of `lxc-start -F -- PROGRAM` and `lxc-execute`: cgroups for the supervisor and for the
 * container made, entered, left and removed; a process in new namespaces with the mounts, devices
 * and terminals that the measured configuration asks for; exec, wait. See floor.h for what a floor
 * is, floor_start.h for the options.
 */

#include <signal.h>
#include <sys/wait.h>

#include "floor_start.h"

static const char monitor[] = "/lxc.monitor.";
static const char payload[] = "/lxc.payload.";

/* One hierarchy's directory, with what a legacy cpuset needs before a process may enter. */
static void make_cgroup(const struct floor_start *o, const char *mount, const char *folder)
{
	const char *path = FLOOR_PATH_OF(mount, folder, o->cgroups.name);
	const char *cpus = FLOOR_PATH_OF(path, "/cpuset.cpus");

	floor_call(mkdir(path, 0755), path);
	if (mount == o->cgroups.unified || access(cpus, F_OK) < 0)
		return;
	for (int i = 0; i < 2; i++) {
		const char *file = i ? "/cpuset.mems" : "/cpuset.cpus";
		const char *from = FLOOR_PATH_OF(mount, file);
		int fd = (int)floor_call(open(from, O_RDONLY | O_CLOEXEC), from);
		char value[256];
		ssize_t length = floor_call(read(fd, value, sizeof(value) - 1), from);

		close(fd);
		value[length] = '\0';
		floor_write(FLOOR_PATH_OF(path, file), value);
	}
	floor_write(FLOOR_PATH_OF(path, "/cgroup.clone_children"), "1");
}

/* What the container's root may write to its own cgroup. */
static void give_cgroup(const struct floor_start *o, const char *mount, const char *folder)
{
	static const char *const legacy[] = {"", "/cgroup.procs", "/tasks", NULL};
	static const char *const unified[] = {"", "/cgroup.procs", "/cgroup.threads",
					      "/cgroup.subtree_control", NULL};
	const char *const *files = mount == o->cgroups.unified ? unified : legacy;

	for (; *files; files++) {
		const char *path = FLOOR_PATH_OF(mount, folder, o->cgroups.name, *files);

		floor_call(chown(path, (uid_t)-1, o->first_id), path);
		floor_call(chmod(path, **files ? 0664 : 0775), path);
	}
}

typedef void on_hierarchy(const struct floor_start *o, const char *mount, const char *argument);

static void for_each_hierarchy(const struct floor_start *o, on_hierarchy *call,
			       const char *argument)
{
	for (unsigned i = 0; i < o->cgroups.legacy_count; i++)
		call(o, o->cgroups.legacy[i], argument);
	if (o->cgroups.unified)
		call(o, o->cgroups.unified, argument);
}

static void enter_self(const struct floor_start *o, const char *mount, const char *folder)
{
	if (mount != o->cgroups.unified || !o->stays_outside)
		floor_enter(&o->cgroups, mount, folder);
}

static void remove_cgroup(const struct floor_start *o, const char *mount, const char *folder)
{
	const char *path = FLOOR_PATH_OF(mount, folder, o->cgroups.name);

	floor_call(rmdir(path), path);
}

static void receive_terminals(int gate)
{
	char room[CMSG_SPACE(sizeof(int) * (FLOOR_TERMINALS + 2))];
	char byte;
	struct iovec vector = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {.msg_iov = &vector,
				 .msg_iovlen = 1,
				 .msg_control = room,
				 .msg_controllen = sizeof(room)};

	floor_must(sys_recvmsg(gate, &message, MSG_CMSG_CLOEXEC), "gate");
}

static void write_maps(const struct floor_start *o, const char *pid)
{
	char map[64];

	snprintf(map, sizeof(map), "0 %u %u\n", o->first_id, (unsigned)FLOOR_IDS);
	floor_write(FLOOR_PATH_OF("/proc/", pid, "/uid_map"), map);
	floor_write(FLOOR_PATH_OF("/proc/", pid, "/gid_map"), map);
}

/* The process itself; returns its exit status. */
static int run_container(const struct floor_start *o)
{
	struct floor_clone arguments = {.exit_signal = SIGCHLD,
					.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS |
						 CLONE_NEWIPC | CLONE_NEWNET};
	char number[16];
	int gate[2];
	int status = 0;
	pid_t pid;

	if (o->cgroups.unified) {
		const char *path = FLOOR_PATH_OF(o->cgroups.unified, payload, o->cgroups.name);

		arguments.flags |= CLONE_INTO_CGROUP;
		arguments.cgroup =
			(uint64_t)floor_call(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), path);
	}
	if (o->first_id)
		arguments.flags |= CLONE_NEWUSER;
	if (!o->cgroups.legacy_count)
		arguments.flags |= CLONE_NEWCGROUP;
	floor_must(sys_socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, gate), "socketpair");
	pid = floor_clone(&arguments);
	if (pid == 0) {
		close(gate[0]);
		floor_run_child(o, gate[1]);
	}
	close(gate[1]);
	if (o->first_id) {
		snprintf(number, sizeof(number), "%d", (int)pid);
		write_maps(o, number);
		floor_call(write(gate[0], "m", 1), "gate");
		for_each_hierarchy(o, give_cgroup, payload);
	}
	if (o->terminals)
		receive_terminals(gate[0]);
	floor_call(waitpid(pid, &status, 0), "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : FLOOR_FAILED;
}

static int start(const struct floor_start *o)
{
	int status;

	for_each_hierarchy(o, make_cgroup, monitor);
	for_each_hierarchy(o, enter_self, monitor);
	for_each_hierarchy(o, make_cgroup, payload);
	if (o->controllers)
		floor_write(FLOOR_PATH_OF(o->cgroups.unified, "/cgroup.subtree_control"),
			    o->controllers);
	status = run_container(o);
	for_each_hierarchy(o, remove_cgroup, payload);
	for_each_hierarchy(o, enter_self, "");
	for_each_hierarchy(o, remove_cgroup, monitor);
	return status;
}

static bool take_option(struct floor_start *o, int letter, char *value)
{
	switch (letter) {
	case 'r':
		o->root = value;
		break;
	case 'm':
		o->at = value;
		break;
	case 'n':
		o->cgroups.name = value;
		break;
	case 'c':
		floor_add_hierarchy(&o->cgroups, value);
		break;
	case 't':
		o->terminals = (unsigned)strtoul(value, NULL, 10);
		break;
	case 'b':
		if (o->bind_count < FLOOR_BINDS)
			o->binds[o->bind_count++] = value;
		break;
	case 'u':
		o->first_id = (unsigned)strtoul(value, NULL, 10);
		break;
	case 'x':
		o->is_mixed = true;
		break;
	case 's':
		o->has_shm = true;
		break;
	case 'g':
		o->has_cgroup = true;
		break;
	case 'k':
		o->controllers = value;
		break;
	case 'o':
		o->stays_outside = true;
		break;
	case 'i':
		o->is_application = true;
		break;
	default:
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct floor_start o = {.cgroups.name = "floor"};
	int letter;

	while ((letter = getopt(argc, argv, "+r:m:n:c:k:t:b:u:xsgio")) >= 0)
		if (!take_option(&o, letter, optarg))
			return FLOOR_FAILED;
	if (!o.root || !o.at || o.terminals > FLOOR_TERMINALS || optind >= argc) {
		fprintf(stderr,
			"usage: floor-start -r DIR -m DIR [OPTION...] PROGRAM [ARGUMENT...]\n");
		return FLOOR_FAILED;
	}
	o.argv = argv + optind;
	return start(&o);
}
