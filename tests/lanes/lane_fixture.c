/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See the header. The root directories are on the host's temporary file system; what is mounted
 * there is mounted in the child's namespace only.
 */

#include "lane_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Standard error may have become something else. */
static int report_fd = STDERR_FILENO;

int lane_say(int line, const char *what)
{
	dprintf(report_fd, "# probe, line %d: %s (%m)\n", line, what);
	return 99;
}

static void make_folder(char *ret, size_t len, const char *kind)
{
	const char *base = getenv("TMPDIR");

	snprintf(ret, len, "%.40s/tare-%s-XXXXXX", base ? base : "/tmp", kind);
	assert_non_null(mkdtemp(ret));
}

int lane_setup(void **state)
{
	struct lane *l = calloc(1, sizeof(*l));
	struct record_register *registers;

	assert_non_null(l);
	plan_build_init(&l->build);
	for (size_t i = 0; i < ROLE_COUNT; i++)
		l->build.plan.roles[i] = PLAN_NO_REGISTER;
	l->record = mmap(NULL, RECORD_SIZE_MAX, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			 -1, 0);
	assert_true(l->record != MAP_FAILED);
	l->record->supervisor_pid = getpid();
	registers = record_registers(l->record);
	for (size_t i = 0; i < PLAN_REGISTERS_MAX; i++)
		registers[i].fd = -EBADF;
	make_folder(l->root, sizeof(l->root), "root");
	make_folder(l->outside, sizeof(l->outside), "outside");
	*state = l;
	return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *at)
{
	return remove(path);
}

int lane_teardown(void **state)
{
	struct lane *l = *state;

	for (size_t i = 0; i < l->result.fd_count; i++)
		close(l->result.fds[i]);
	plan_build_free(&l->build);
	munmap(l->record, RECORD_SIZE_MAX);
	nftw(l->root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	nftw(l->outside, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	free(l);
	return 0;
}

uint16_t lane_fd_register(struct lane *l)
{
	return plan_build_register(&l->build, REGISTER_FD, "descriptor");
}

uint16_t lane_number_register(struct lane *l, uint64_t value)
{
	uint16_t number = plan_build_register(&l->build, REGISTER_NUMBER, "number");

	record_registers(l->record)[number].number = value;
	atomic_store(&record_registers(l->record)[number].state, VALUE_SET);
	return number;
}

uint16_t lane_given_fd(struct lane *l, int fd)
{
	uint16_t number = lane_fd_register(l);

	record_registers(l->record)[number].fd = fd;
	atomic_store(&record_registers(l->record)[number].state, VALUE_SET);
	return number;
}

struct plan_step *lane_step(struct lane *l, enum plan_op op)
{
	return plan_build_step(&l->build, SECTION_START, op, "object", "");
}

uint32_t lane_text(struct lane *l, const char *text)
{
	return plan_build_text(&l->build, text);
}

struct plan_step *lane_step_at(struct lane *l, enum plan_op op, uint16_t base, const char *path)
{
	uint32_t text = lane_text(l, path);
	struct plan_step *step = lane_step(l, op);

	step->arg[0] = base;
	step->arg[1] = text;
	return step;
}

struct plan_step *lane_file_system(struct lane *l, uint16_t out, const char *type,
				   const char *const *options)
{
	uint32_t type_text = lane_text(l, type), source = lane_text(l, "source");
	uint32_t list = options ? plan_build_list(&l->build, options) : 0;
	struct plan_step *step = lane_step(l, OP_FS_OPEN);

	step->out = out;
	step->arg[0] = type_text;
	step->arg[1] = source;
	step->arg[2] = list;
	return step;
}

uint16_t lane_mount_root(struct lane *l)
{
	uint16_t tree = lane_fd_register(l), root = lane_fd_register(l);
	struct plan_step *step;

	lane_step(l, OP_MOUNTS_SLAVE);
	step = lane_step_at(l, OP_TREE_OPEN, PLAN_NO_REGISTER, l->root);
	step->out = tree;
	lane_step_at(l, OP_TREE_ATTACH, PLAN_NO_REGISTER, l->root)->in = tree;
	lane_step_at(l, OP_PATH_OPEN, PLAN_NO_REGISTER, l->root)->out = root;
	return root;
}

void lane_pivot(struct lane *l, uint16_t root)
{
	lane_step(l, OP_PIVOT)->in = root;
}

static void keep(struct lane *l, const struct gate_message *message, const struct gate_fds *fds)
{
	for (size_t i = 0; i < fds->count; i++) {
		assert_true(l->result.fd_count < LANE_FDS_MAX);
		l->result.fds[l->result.fd_count++] = fds->fds[i];
		l->result.fd_kind = message->kind;
	}
	switch ((enum gate_kind)message->kind) {
	case MESSAGE_FAILED:
		l->result.has_failed = true;
		l->result.failure = *message;
		return;
	case MESSAGE_WARNED:
		l->result.warnings++;
		l->result.warning = *message;
		return;
	case MESSAGE_EXEC_NEXT:
		l->result.will_exec = true;
		return;
	case MESSAGE_ARRIVED:
	case MESSAGE_DESCRIPTOR:
		return;
	case MESSAGE_PASS:
	default:
		fail_msg("the lane sent a message of kind %u", message->kind);
	}
}

static void attend(struct lane *l, int gate_fd)
{
	struct gate_message message;
	struct gate_fds fds;
	int r;

	while ((r = gate_receive(gate_fd, &message, &fds)) > 0) {
		keep(l, &message, &fds);
		if (message.kind != MESSAGE_ARRIVED)
			continue;
		if (l->at_gate)
			l->at_gate(l, l->child);
		message.kind = MESSAGE_PASS;
		assert_int_equal(gate_send(gate_fd, &message, NULL), 0);
	}
	assert_int_equal(r, 0);
}

void lane_run(struct lane *l, unsigned long namespaces, int (*probe)(void *))
{
	struct str plan = {0};
	int gate[2];

	assert_int_equal(plan_build_finish(&l->build, &plan, NULL), 0);
	l->run.record = l->record;
	l->run.plan = (const struct plan *)str_text(&plan);
	if (!l->run.environment)
		l->run.environment = environ;
	l->run.callback = probe;
	l->run.payload = l;
	assert_int_equal(gate_open(gate), 0);
	fflush(NULL);
	report_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 100);
	l->child = (pid_t)syscall(SYS_clone, namespaces | SIGCHLD, 0, 0, 0, 0);
	assert_true(l->child >= 0);
	if (l->child == 0) {
		close(gate[0]);
		run_init_lane(&l->run, 0, gate[1]);
	}
	close(report_fd);
	close(gate[1]);
	attend(l, gate[0]);
	close(gate[0]);
	if (l->when_running)
		l->when_running(l, l->child);
	assert_int_equal(waitpid(l->child, &l->result.status, 0), l->child);
	str_finish(&plan);
}

void lane_succeeds(struct lane *l, int (*probe)(void *))
{
	lane_run(l, LANE_NAMESPACES, probe);
	if (l->result.has_failed)
		fail_msg("step %u failed: call %u, errno %d, %s", l->result.failure.step,
			 l->result.failure.call, l->result.failure.errnum, l->result.failure.note);
	assert_true(l->result.will_exec);
	assert_int_equal(l->result.status, 0);
}

void lane_fails(struct lane *l, enum plan_op op, int errnum)
{
	const struct plan_step *step;

	lane_run(l, LANE_NAMESPACES, NULL);
	assert_true(l->result.has_failed);
	assert_true(WIFEXITED(l->result.status));
	assert_int_equal(WEXITSTATUS(l->result.status), 1);
	assert_true(l->result.failure.step < l->build.steps[SECTION_START].count);
	step = &l->build.steps[SECTION_START].items[l->result.failure.step];
	assert_int_equal(step->op, op);
	assert_int_equal(l->result.failure.errnum, errnum);
}

static void path_in_root(const struct lane *l, const char *name, char *ret, size_t len)
{
	snprintf(ret, len, "%s/%s", l->root, name);
}

void lane_put_file(struct lane *l, const char *name, const char *content)
{
	char path[256];
	int fd;

	path_in_root(l, name, path, sizeof(path));
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
	close(fd);
}

void lane_put_directory(struct lane *l, const char *name)
{
	char path[256];

	path_in_root(l, name, path, sizeof(path));
	assert_int_equal(mkdir(path, 0755), 0);
}

void lane_put_link(struct lane *l, const char *name, const char *text)
{
	char path[256];

	path_in_root(l, name, path, sizeof(path));
	assert_int_equal(symlink(text, path), 0);
}

const char *lane_content(const char *path, char *buf, size_t len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd >= 0 ? read(fd, buf, len - 1) : 0;

	if (fd >= 0)
		close(fd);
	buf[got > 0 ? got : 0] = '\0';
	return buf;
}
