/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Both lanes together: small containers that are started, fail, are undone, and are undone by
 * another process after a crash. They live in a network namespace and in cgroups of the test's own,
 * and nothing of them may be left.
 */

#include "run/run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "run/cgroup_fixture.h"
#include "sys/link.h"

static bool can_run;

static void need_root(void)
{
	if (can_run)
		return;
	print_message("containers by hand need root\n");
	skip();
}

static int prepare(void **state)
{
	can_run = geteuid() == 0 && unshare(CLONE_NEWNET) == 0;
	if (can_run)
		cgroups_prepare("run");
	return 0;
}

/* -- a container: registers and steps */

enum { R_PIDFD, R_PID, R_CGROUP, R_VETH, R_TTY, R_COUNT };

struct container {
	const char *command; /* for sh -c */
	bool has_user_namespace, has_cgroup, has_network, has_missing_program;
};

static void add_registers(struct fixture *f)
{
	plan_build_register(&f->b, REGISTER_FD, "pidfd");
	plan_build_register(&f->b, REGISTER_NUMBER, "pid");
	plan_build_register(&f->b, REGISTER_NAME, "cgroup");
	plan_build_register(&f->b, REGISTER_NAME, "veth");
	plan_build_register(&f->b, REGISTER_FD, "tty");
	f->b.plan.roles[ROLE_INIT_PIDFD] = R_PIDFD;
	f->b.plan.roles[ROLE_INIT_PID] = R_PID;
}

static void add_gate(struct fixture *f, enum plan_gate gate)
{
	fixture_step(f, SECTION_START, OP_GATE, plan_gate_name(gate))->arg[0] = gate;
}

static void add_cgroup(struct fixture *f)
{
	struct plan_step *step = fixture_step(f, SECTION_START, OP_CGROUP_CREATE, "payload");

	step->arg[0] = fixture_text(f, "group/lxc.payload.c1");
	step->arg[1] = CGROUP_PAYLOAD;
	step->out = R_CGROUP;
}

static void add_clone(struct fixture *f, const struct container *c)
{
	struct plan_step *step = fixture_step(f, SECTION_START, OP_CLONE, "c1");
	uint32_t map;

	step->out = R_PIDFD;
	step->arg[0] = R_PID;
	step->arg[2] = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS |
		       (c->has_network ? CLONE_NEWNET : 0) |
		       (c->has_user_namespace ? CLONE_NEWUSER : 0);
	if (c->has_user_namespace) {
		map = fixture_text(f, "0 100000 65536\n");
		step = fixture_step(f, SECTION_START, OP_IDMAP_WRITE, "c1");
		step->arg[0] = step->arg[1] = map;
	}
	for (unsigned i = 0; c->has_cgroup && i < mount_count; i++) {
		step = fixture_step(f, SECTION_START, OP_CGROUP_MOVE, mounts[i]);
		step->in = R_CGROUP;
		step->arg[0] = i;
	}
	add_gate(f, GATE_IDS);
	if (c->has_user_namespace)
		fixture_step(f, SECTION_START, OP_BECOME_ROOT, "0:0");
}

static void add_network(struct fixture *f)
{
	static const uint8_t address[4] = {10, 20, 30, 40};
	uint32_t name = fixture_text(f, "tareXXXXXX"), peer = fixture_text(f, "eth0");
	uint32_t bytes = plan_build_bytes(&f->b, address, sizeof(address));
	struct plan_step *step = fixture_step(f, SECTION_START, OP_VETH_CREATE, "veth");

	step->out = R_VETH;
	step->arg[0] = name;
	step->arg[1] = peer;
	step->arg[2] = 1300;
	step = fixture_step(f, SECTION_START, OP_LINK_UP, "veth");
	step->in = R_VETH;
	step = fixture_step(f, SECTION_START, OP_LINK_ROUTE, "veth");
	step->in = R_VETH;
	step->arg[0] = bytes;
	step->arg[1] = 32;
	add_gate(f, GATE_NET);
	step = fixture_step(f, SECTION_START, OP_ADDRESS_ADD, "10.20.30.40/24");
	step->arg[0] = peer;
	step->arg[1] = bytes;
	step->arg[2] = 24;
	fixture_step(f, SECTION_START, OP_LINK_UP_INSIDE, "eth0")->arg[0] = peer;
}

static void add_exec(struct fixture *f, const struct container *c)
{
	const char *const argv[] = {"/bin/sh", "-c", c->command, NULL};
	const char *const missing[] = {"/nothing/init", NULL};
	const char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "container=lxc",
					   NULL};
	uint32_t list = plan_build_list(&f->b, c->has_missing_program ? missing : argv);
	uint32_t variables = plan_build_list(&f->b, environment);
	uint32_t name = fixture_text(f, "inside");
	struct plan_step *step;

	fixture_step(f, SECTION_START, OP_HOSTNAME, "inside")->arg[0] = name;
	add_gate(f, GATE_READY);
	add_gate(f, GATE_GO);
	step = fixture_step(f, SECTION_START, OP_EXEC, "the command");
	step->arg[0] = list;
	step->arg[1] = variables;
}

static void add_end(struct fixture *f, enum plan_section section, const struct container *c)
{
	struct plan_step *step;

	fixture_step(f, section, OP_KILL, "c1");
	if (c->has_network)
		fixture_step(f, section, OP_LINK_DELETE, "veth")->in = R_VETH;
	if (c->has_cgroup) {
		step = fixture_step(f, section, OP_CGROUP_REMOVE, "payload");
		step->in = R_CGROUP;
		step->arg[0] = 1;
	}
}

static void make_container(struct fixture *f, const struct container *c)
{
	fixture_begin(f);
	add_registers(f);
	if (c->has_cgroup) {
		cgroups_add_hierarchies(f, "freezer");
		add_cgroup(f);
	}
	add_clone(f, c);
	if (c->has_network)
		add_network(f);
	add_exec(f, c);
	add_end(f, SECTION_STOP, c);
	add_end(f, SECTION_UNDO, c);
	fixture_finish(f);
}

static int start(struct fixture *f)
{
	int r = fixture_start(f);

	return r < 0 ? r : run_wait_exec(&f->run, &f->failure);
}

static void assert_no_children(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static unsigned entries_of(const char *path, bool directories_only)
{
	DIR *d = opendir(path);
	const struct dirent *entry;
	unsigned count = 0;

	assert_non_null(d);
	while ((entry = readdir(d)))
		if (entry->d_name[0] != '.' && (!directories_only || entry->d_type == DT_DIR))
			count++;
	closedir(d);
	return count;
}

static unsigned open_fds(void)
{
	return entries_of("/proc/self/fd", false);
}

/* No cgroup, no interface, no child. */
static void assert_nothing_left(void)
{
	struct link_facts facts;
	struct netlink n;
	char path[128];

	assert_no_children();
	for (unsigned i = 0; i < mount_count; i++) {
		snprintf(path, sizeof(path), "%s/%s", mounts[i], base);
		assert_int_equal(entries_of(path, true), 0);
	}
	/* Only lo: the next index that exists would be ours. */
	assert_int_equal(netlink_open(&n), 0);
	for (uint32_t index = 2; index < 600; index++)
		assert_int_equal(link_find(&n, NULL, index, &facts), -ENODEV);
	netlink_close(&n);
}

/* -- the tests */

static void a_container_starts_and_ends(void **state)
{
	static const struct container plain = {
		.command = "test $$ = 1 && test $container = lxc && test `hostname` = inside"};
	struct fixture f;
	int status = -1;

	need_root();
	make_container(&f, &plain);
	assert_int_equal(start(&f), 0);
	assert_true(f.run.child > 0);
	assert_int_equal(fixture_register(&f, R_PID)->number, f.run.child);
	assert_int_equal(f.run.gate_fd, -EBADF);
	assert_int_equal(process_wait(f.run.child_fd, &status), 0);
	assert_int_equal(status, 0);
	assert_int_equal(run_host(&f.run, SECTION_STOP, 0, &f.failure), 0);
	assert_int_equal(f.warnings, 0);
	fixture_end(&f);
	assert_nothing_left();
}

static void everything_is_there_and_goes(void **state)
{
	static const struct container full = {
		.command = "test \"`cat /proc/self/uid_map | tr -s ' '`\" = ' 0 100000 65536' &&"
			   "grep -q tare-run-test.*/group/lxc.payload.c1 /proc/self/cgroup &&"
			   "{ ! command -v ip >/dev/null || { "
			   "ip -4 addr show eth0 | grep -q '10.20.30.40/24' &&"
			   "ip link show eth0 | grep -q 'mtu 1300.*UP'; }; }",
		.has_user_namespace = true,
		.has_cgroup = true,
		.has_network = true,
	};
	struct fixture f;
	int status = -1;

	need_root();
	make_container(&f, &full);
	assert_int_equal(start(&f), 0);
	assert_string_equal(fixture_register(&f, R_CGROUP)->name, "group/lxc.payload.c1");
	assert_int_equal(strncmp(fixture_register(&f, R_VETH)->name, "tare", 4), 0);
	assert_int_equal(strlen(fixture_register(&f, R_VETH)->name), 10);
	assert_int_equal(process_wait(f.run.child_fd, &status), 0);
	assert_int_equal(status, 0);
	assert_int_equal(run_host(&f.run, SECTION_STOP, 0, &f.failure), 0);
	assert_int_equal(f.warnings, 0);
	assert_int_equal(fixture_register(&f, R_CGROUP)->state, VALUE_EMPTY);
	assert_int_equal(fixture_register(&f, R_VETH)->state, VALUE_EMPTY);
	fixture_end(&f);
	assert_nothing_left();
}

static void a_missing_program_is_told(void **state)
{
	static const struct container broken = {.has_missing_program = true};
	struct fixture f;
	struct str text = {0};
	struct err e;

	need_root();
	make_container(&f, &broken);
	assert_int_equal(start(&f), -ENOENT);
	assert_true(f.failure.is_in_child);
	assert_int_equal(f.failure.errnum, ENOENT);
	run_report(f.run.plan, &f.failure, "cannot start the container", &e);
	assert_int_equal(e.id, ERR_EXEC_FAILED);
	err_render_text(&e, &text);
	assert_non_null(strstr(str_text(&text), "inside the container: "));
	assert_non_null(strstr(str_text(&text), "\n  Failed to exec \"/nothing/init\"\n"));
	assert_non_null(strstr(str_text(&text), "execve: No such file or directory"));
	str_finish(&text);
	assert_int_equal(run_host(&f.run, SECTION_UNDO, 0, &f.failure), 0);
	fixture_end(&f);
	assert_nothing_left();
}

static void kill_child(struct fixture *f)
{
	kill(f->run.child, SIGKILL);
}

static void a_child_that_dies_is_looked_up(void **state)
{
	static const struct container plain = {.command = "true"};
	struct fixture f;
	struct err e;

	need_root();
	make_container(&f, &plain);
	f.at_wait = kill_child;
	assert_true(start(&f) < 0);
	assert_true(f.failure.is_in_child);
	assert_non_null(strstr(f.failure.note, "init was killed by signal 9 (SIGKILL) between"));
	run_report(f.run.plan, &f.failure, "cannot start the container", &e);
	assert_int_equal(e.id, ERR_CHILD_DIED);
	assert_int_equal(run_host(&f.run, SECTION_UNDO, 0, &f.failure), 0);
	fixture_end(&f);
	assert_nothing_left();
}

static void every_step_may_fail(void **state)
{
	static const struct container full = {
		.command = "exec sleep 100",
		.has_user_namespace = true,
		.has_cgroup = true,
		.has_network = true,
	};
	unsigned count, fds;

	need_root();
	fds = open_fds();
	for (unsigned step = 1;; step++) {
		struct fixture f;
		struct str text = {0};
		char number[64];
		struct err e;

		make_container(&f, &full);
		count = f.run.plan->sections[SECTION_START].count;
		if (step > count) {
			fixture_end(&f);
			break;
		}
		f.record->fault_step = step;
		f.record->fault_errno = ENOTUNIQ;
		assert_int_equal(start(&f), -ENOTUNIQ);
		assert_int_equal(f.failure.step + 1, step);
		run_report(f.run.plan, &f.failure, "cannot start the container", &e);
		err_render_text(&e, &text);
		snprintf(number, sizeof(number), "\n  step %u of %u, ", step, count);
		assert_non_null(strstr(str_text(&text), number));
		assert_non_null(strstr(str_text(&text), "(config:7 lxc.some.key)"));
		str_finish(&text);
		assert_int_equal(run_host(&f.run, SECTION_UNDO, 0, &f.failure), 0);
		assert_int_equal(f.warnings, 0);
		fixture_end(&f);
		assert_nothing_left();
	}
	assert_int_equal(open_fds(), fds);
}

/* The supervisor is gone in the middle: another process undoes what its record says. */
static void a_crash_is_undone(void **state)
{
	static const struct container full = {
		.command = "exec sleep 100",
		.has_cgroup = true,
		.has_network = true,
	};
	const struct process_clone how = {.cgroup_fd = -1, .exit_signal = SIGCHLD};

	need_root();
	for (unsigned step = 1; step < 40; step++) {
		struct fixture f;
		int pidfd = -1, status = -1;
		pid_t pid;

		make_container(&f, &full);
		if (step > f.run.plan->sections[SECTION_START].count + 1) {
			fixture_end(&f);
			break;
		}
		f.record->fault_step = step;
		f.record->fault_errno = ENOTUNIQ;
		pid = process_clone(&how, &pidfd);
		if (pid == 0) {
			f.record->supervisor_pid = getpid();
			start(&f);
			f.record->init_pid = f.run.child;
			process_start_time(f.run.child, &f.record->init_start_time);
			/* Without the death signal init lives on, as one without pdeath does. */
			_exit(0);
		}
		assert_int_equal(process_wait(pidfd, &status), 0);
		assert_int_equal(status, 0);
		close(pidfd);
		assert_int_equal(run_undo(&f.run, &f.failure), 0);
		assert_int_equal(f.warnings, 0);
		fixture_end(&f);
		assert_nothing_left();
	}
}

static void what_was_only_intended_is_left_alone(void **state)
{
	static const struct container full = {
		.command = "true", .has_cgroup = true, .has_network = true};
	struct link_veth veth = {.name = "tareothers", .peer_ns_fd = -1};
	struct link_facts facts;
	struct fixture f;
	struct netlink n;
	uint32_t index;
	unsigned made;
	int fd;

	need_root();
	if (mount_count == 0)
		skip();
	make_container(&f, &full);
	/* Somebody else's, of the names that the dead run had in mind. */
	fd = cgroup_open(mounts[0], base, "");
	assert_true(fd >= 0);
	assert_int_equal(cgroup_make(fd, "group/lxc.payload.c1/inner", &made), 0);
	assert_int_equal(netlink_open(&n), 0);
	assert_int_equal(link_create_veth(&n, &veth, &index), 0);
	memcpy(fixture_register(&f, R_CGROUP)->name, "group/lxc.payload.c1", 21);
	fixture_register(&f, R_CGROUP)->state = VALUE_INTENDED;
	memcpy(fixture_register(&f, R_VETH)->name, "tareothers", 11);
	fixture_register(&f, R_VETH)->state = VALUE_INTENDED;
	assert_int_equal(run_undo(&f.run, &f.failure), 0);
	assert_int_equal(faccessat(fd, "group/lxc.payload.c1/inner", F_OK, 0), 0);
	assert_int_equal(link_find(&n, "tareothers", 0, &facts), 0);
	assert_int_equal(link_delete(&n, index), 0);
	assert_int_equal(cgroup_remove(fd, "group/lxc.payload.c1", 1, false), 0);
	netlink_close(&n);
	close(fd);
	fixture_end(&f);
	assert_nothing_left();
}

static void a_taken_cgroup_name_gets_a_suffix_everywhere(void **state)
{
	static const struct container some = {.command = "true", .has_cgroup = true};
	struct fixture f;
	char path[192];
	unsigned made;
	int fd;

	need_root();
	if (mount_count == 0)
		skip();
	/* Taken in the last hierarchy only. */
	fd = cgroup_open(mounts[mount_count - 1], base, "");
	assert_int_equal(cgroup_make(fd, "group/lxc.payload.c1", &made), 0);
	make_container(&f, &some);
	assert_int_equal(start(&f), 0);
	assert_string_equal(fixture_register(&f, R_CGROUP)->name, "group/lxc.payload.c1-1");
	for (unsigned i = 0; i < mount_count; i++) {
		snprintf(path, sizeof(path), "%s/%s/group/lxc.payload.c1-1", mounts[i], base);
		assert_int_equal(access(path, F_OK), 0);
		snprintf(path, sizeof(path), "%s/%s/group/lxc.payload.c1", mounts[i], base);
		assert_int_equal(access(path, F_OK) == 0, i == mount_count - 1);
	}
	assert_int_equal(run_host(&f.run, SECTION_STOP, 0, &f.failure), 0);
	assert_int_equal(cgroup_remove(fd, "group/lxc.payload.c1", 1, false), 0);
	close(fd);
	fixture_end(&f);
	assert_nothing_left();
}

static void a_namespace_is_shared(void **state)
{
	const struct process_clone how = {
		.flags = CLONE_NEWUTS, .cgroup_fd = -1, .exit_signal = SIGCHLD};
	const char *const argv[] = {"/bin/sh", "-c", "test `hostname` = theirs && test $$ = 1",
				    NULL};
	struct plan_step *step, *shared;
	struct fixture f;
	char path[64];
	int pidfd = -1, status, go[2];
	uint32_t list;
	uint16_t r_ns;
	pid_t pid;

	need_root();
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	pid = process_clone(&how, &pidfd);
	if (pid == 0) {
		status = sethostname("theirs", 6);
		if (write(go[1], &status, sizeof(status)) == sizeof(status))
			pause();
		_exit(1);
	}
	assert_int_equal(read(go[0], &status, sizeof(status)), sizeof(status));
	fixture_begin(&f);
	add_registers(&f);
	r_ns = plan_build_register(&f.b, REGISTER_FD, "uts");
	snprintf(path, sizeof(path), "/proc/%d/ns/uts", pid);
	step = fixture_step(&f, SECTION_START, OP_NS_OPEN_PATH, path);
	step->arg[0] = fixture_text(&f, path);
	step->out = r_ns;
	step = fixture_step(&f, SECTION_START, OP_CLONE, "c1");
	step->out = R_PIDFD;
	step->arg[0] = R_PID;
	step->arg[2] = CLONE_NEWPID;
	step->arg[3] = CLONE_JOIN;
	step = fixture_step(&f, SECTION_START, OP_NS_JOIN, "uts");
	step->in = r_ns;
	step->arg[0] = CLONE_NEWUTS;
	list = plan_build_list(&f.b, argv);
	fixture_step(&f, SECTION_START, OP_EXEC, "sh")->arg[0] = list;
	fixture_finish(&f);
	assert_int_equal(start(&f), 0);
	/* Our own child, although another process cloned it. */
	assert_int_equal(process_wait(f.run.child_fd, &status), 0);
	assert_int_equal(status, 0);
	fixture_register(&f, r_ns)->state = VALUE_SET;

	/* Whose number was another's before is not joined. */
	shared = (struct plan_step *)plan_steps(f.run.plan, SECTION_START);
	assert_int_equal(process_start_time(pid, &shared->arg[2]), 0);
	shared->arg[1] = (uint64_t)pid;
	shared->arg[2]++;
	assert_int_equal(start(&f), -ESRCH);
	assert_int_equal(f.failure.step, 0);
	shared->arg[2]--;

	/* A namespace of another kind is refused, and told as what it is. */
	((struct plan_step *)plan_steps(f.run.plan, SECTION_START))[2].arg[0] = CLONE_NEWNET;
	assert_int_equal(start(&f), -EINVAL);
	assert_int_equal(f.failure.step, 2);
	assert_string_equal(run_call_name(f.failure.call), "setns");
	process_signal(pidfd, SIGKILL);
	process_wait(pidfd, &status);
	close(pidfd);
	close(go[0]);
	close(go[1]);
	fixture_end(&f);
	assert_nothing_left();
}

/* The process in between enters a cgroup of version 1, while it still is on the host. */
static void a_cgroup_is_entered_before_namespaces(void **state)
{
	const char *const argv[] = {"/bin/sh", "-c", "grep -q \":/$0$\" /proc/self/cgroup", base,
				    NULL};
	struct plan_step *step;
	struct fixture f;
	char path[128], own[32];
	int status;
	uint32_t list;
	uint16_t r_ns;

	need_root();
	if (mount_count == 0 || !strstr(mounts[0], "freezer")) {
		print_message("there is no freezer of version 1 to write to\n");
		skip();
	}
	fixture_begin(&f);
	add_registers(&f);
	r_ns = plan_build_register(&f.b, REGISTER_FD, "uts");
	snprintf(own, sizeof(own), "/proc/%d/ns/uts", getpid());
	step = fixture_step(&f, SECTION_START, OP_NS_OPEN_PATH, own);
	step->arg[0] = fixture_text(&f, own);
	step->out = r_ns;
	step = fixture_step(&f, SECTION_START, OP_CLONE, "c1");
	step->out = R_PIDFD;
	step->arg[0] = R_PID;
	step->arg[3] = CLONE_JOIN;
	step = fixture_step(&f, SECTION_START, OP_CGROUP_JOIN_BETWEEN, "freezer");
	snprintf(path, sizeof(path), "%s/%s/tasks", mounts[0], base);
	step->arg[0] = fixture_text(&f, path);
	step = fixture_step(&f, SECTION_START, OP_NS_JOIN, "uts");
	step->in = r_ns;
	step->arg[0] = CLONE_NEWUTS;
	list = plan_build_list(&f.b, argv);
	fixture_step(&f, SECTION_START, OP_EXEC, "sh")->arg[0] = list;
	fixture_finish(&f);
	assert_int_equal(start(&f), 0);
	assert_int_equal(process_wait(f.run.child_fd, &status), 0);
	assert_int_equal(status, 0);

	/* What goes wrong on the way is told as that step's. */
	f.record->fault_step = 3;
	f.record->fault_errno = ENOSPC;
	assert_int_equal(start(&f), -ENOSPC);
	assert_int_equal(f.failure.step, 2);
	assert_string_equal(f.failure.note, "a fault that a test asked for");
	f.record->fault_errno = -SIGKILL;
	assert_true(start(&f) < 0);
	assert_int_equal(f.failure.step, 1);
	assert_string_equal(f.failure.note, "the process that joins namespaces has died");
	f.record->fault_errno = 0;
	((char *)plan_text(f.run.plan, plan_steps(f.run.plan, SECTION_START)[2].arg[0]))[1] = 'S';
	assert_int_equal(start(&f), -ENOENT);
	assert_int_equal(f.failure.step, 2);
	assert_string_equal(run_call_name(f.failure.call), "openat");
	fixture_end(&f);
	assert_nothing_left();
}

static void descriptors_ride_on_gates(void **state)
{
	const char *const argv[] = {"/bin/true", NULL};
	struct plan_step *step;
	struct fixture f;
	struct stat st;
	uint16_t r_first;
	uint32_t list;
	int status;

	need_root();
	fixture_begin(&f);
	add_registers(&f);
	r_first = plan_build_register(&f.b, REGISTER_FD, "one");
	plan_build_register(&f.b, REGISTER_FD, "two");
	plan_build_register(&f.b, REGISTER_FD, "three");
	step = fixture_step(&f, SECTION_START, OP_CLONE, "c1");
	step->out = R_PIDFD;
	step->arg[0] = R_PID;
	step->arg[2] = CLONE_NEWPID;
	for (unsigned i = 0; i < 3; i++) {
		static const char *const paths[] = {"/etc", "/nothing", "/dev/null"};

		step = fixture_step(&f, SECTION_START, OP_PATH_OPEN, paths[i]);
		step->arg[1] = fixture_text(&f, paths[i]);
		step->out = (uint16_t)(r_first + i);
		step->flags = STEP_OPTIONAL;
	}
	step = fixture_step(&f, SECTION_START, OP_GATE, "ready");
	step->arg[0] = GATE_READY;
	step->arg[1] = r_first;
	step->arg[2] = 3;
	list = plan_build_list(&f.b, argv);
	fixture_step(&f, SECTION_START, OP_EXEC, "true")->arg[0] = list;
	fixture_finish(&f);
	assert_int_equal(start(&f), 0);
	assert_int_equal(f.warnings, 1);
	assert_int_equal(f.warning.step, 2);
	assert_true(f.warning.is_in_child);
	assert_int_equal(fixture_register(&f, r_first + 1)->state, VALUE_EMPTY);
	assert_int_equal(fstat(fixture_register(&f, r_first)->fd, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	assert_int_equal(fstat(fixture_register(&f, r_first + 2)->fd, &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(process_wait(f.run.child_fd, &status), 0);
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_container_starts_and_ends),
		cmocka_unit_test(everything_is_there_and_goes),
		cmocka_unit_test(a_missing_program_is_told),
		cmocka_unit_test(a_child_that_dies_is_looked_up),
		cmocka_unit_test(every_step_may_fail),
		cmocka_unit_test(a_crash_is_undone),
		cmocka_unit_test(what_was_only_intended_is_left_alone),
		cmocka_unit_test(a_taken_cgroup_name_gets_a_suffix_everywhere),
		cmocka_unit_test(a_namespace_is_shared),
		cmocka_unit_test(a_cgroup_is_entered_before_namespaces),
		cmocka_unit_test(descriptors_ride_on_gates),
	};

	return cmocka_run_group_tests_name("run", tests, prepare, cgroups_clean_up);
}
