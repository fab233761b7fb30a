/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Questions and orders to a running container, whose monitor or run record the test makes. Run
 * directory and network namespace are the test's own. Needs root.
 */

#include "container/control.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "container/monitor_fixture.h"
#include "plan/build.h"
#include "plan/compile.h"
#include "sys/process.h"

static char test_name[] = "c1";
static char test_path[] = "/tare-control-test";

/* What the monitor is to do. */
struct script {
	struct container c;
	struct monitor monitor;
	int state;   /* of WIRE_GET_STATE; negative: ret */
	int watch;   /* ret of WIRE_ADD_STATE_CLIENT */
	int message; /* told to state clients after `delay` milliseconds; -1 = gone, -2 = never */
	int delay;
	void (*before_watch)(struct script *s);
	int record_fd;
	int pidfd; /* -1: this monitor does not know the command */
	pid_t init;
	int freeze; /* ret */
	uint64_t freeze_data;
	const char *item;
	size_t item_len;
	struct wire_device device;
};

static void *tell_later(void *context)
{
	struct script *s = context;
	struct wire_message message = {.type = WIRE_MESSAGE_STATE, .value = s->message};

	usleep((useconds_t)s->delay * 1000);
	while (atomic_load(&s->monitor.kept_count) == 0)
		usleep(1000);
	if (s->message >= 0)
		monitor_send(s->monitor.kept[0], &message, sizeof(message), NULL, 0);
	monitor_drop(&s->monitor);
	return NULL;
}

static bool serve_watch(struct script *s, int fd)
{
	pthread_t thread;

	if (s->before_watch)
		s->before_watch(s);
	monitor_answer(fd, s->watch, (uint64_t)s->watch, NULL, 0);
	if (s->watch == STATE_COUNT && s->message >= -1 &&
	    pthread_create(&thread, NULL, tell_later, s) == 0)
		pthread_detach(thread);
	return s->watch == STATE_COUNT;
}

static bool serve(struct monitor *m, int fd, const struct wire_request *request,
		  const char *payload)
{
	struct script *s = m->context;
	const struct wire_answer answer = {0};

	switch (request->command) {
	case WIRE_GET_STATE:
		monitor_answer(fd, s->state < 0 ? s->state : 0, (uint64_t)s->state, NULL, 0);
		break;
	case WIRE_GET_INIT_PID:
		monitor_answer(fd, s->state < 0 ? s->state : 0, (uint64_t)s->init, NULL, 0);
		break;
	case WIRE_GET_INIT_PIDFD:
		if (s->pidfd >= 0)
			monitor_send(fd, &answer, sizeof(answer), &s->pidfd, 1);
		break;
	case WIRE_ADD_STATE_CLIENT:
		return serve_watch(s, fd);
	case WIRE_FREEZE:
	case WIRE_UNFREEZE:
		s->freeze_data = request->data;
		monitor_answer(fd, s->freeze, 0, NULL, 0);
		break;
	case WIRE_GET_CONFIG_ITEM:
		monitor_answer(fd, s->item ? 0 : -1, 0, s->item, s->item_len);
		break;
	case WIRE_ADD_BPF_DEVICE_CGROUP:
		memcpy(&s->device, payload, sizeof(s->device));
		monitor_answer(fd, 0, 0, NULL, 0);
		break;
	default:
		break;
	}
	return false;
}

static struct script *open_script(void)
{
	struct script *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->c.name = test_name;
	s->c.lxcpath = test_path;
	s->state = STATE_RUNNING;
	s->watch = STATE_COUNT;
	s->message = -2;
	s->pidfd = -1;
	assert_int_equal(monitor_start(&s->monitor, test_path, test_name, serve, s), 0);
	return s;
}

static void close_script(struct script *s)
{
	monitor_stop(&s->monitor);
	if (s->pidfd >= 0)
		close(s->pidfd);
	free(s);
}

static struct container stopped(void)
{
	return (struct container){.name = test_name, .lxcpath = test_path};
}

/* A process that plays init: ends by any signal. */
static pid_t start_init(struct script *s)
{
	s->init = fork();
	assert_true(s->init >= 0);
	if (s->init == 0) {
		for (;;)
			pause();
	}
	s->pidfd = process_open(s->init);
	assert_true(s->pidfd >= 0);
	return s->init;
}

static int signal_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* -- state, pid, items */

static void nothing_runs(void **state)
{
	struct container c = stopped();
	enum container_state ret;
	struct container_run run;
	autostr out = {0};
	pid_t pid = 7;

	assert_int_equal(container_state(&c, 0, &ret, NULL), 0);
	assert_int_equal(ret, STATE_STOPPED);
	assert_int_equal(container_init_pid(&c, &pid, NULL), 0);
	assert_int_equal(pid, 0);
	assert_int_equal(container_init_pidfd(&c, NULL), -ECONNREFUSED);
	assert_int_equal(container_devpts_fd(&c, NULL), -ECONNREFUSED);
	assert_int_equal(container_seccomp_fd(&c, NULL), -ECONNREFUSED);
	assert_int_equal(container_running_item(&c, "lxc.arch", &out, NULL), 1);
	assert_int_equal(container_may_control(&c, NULL), 0);
	assert_int_equal(container_stop(&c, NULL), 0);
	assert_int_equal(container_shutdown(&c, 5, NULL), 0);
	assert_int_equal(container_shutdown(&c, 0, NULL), 0);
	assert_int_equal(container_reboot(&c, true, 5, NULL), 2);
	assert_true(container_freeze(&c, NULL) < 0);
	assert_int_equal(container_unfreeze(&c, NULL), 0);
	assert_int_equal(container_look(&c, &run, NULL), 1);
	assert_int_equal(container_get_cgroup_item(&c, "memory.max", &out, NULL), -ESRCH);
	assert_int_equal(container_set_cgroup_item(&c, "memory.max", "1", NULL), -ESRCH);
}

static void a_monitor_is_asked(void **state)
{
	struct script *s = open_script();
	enum container_state ret;
	struct container_run run;
	autostr out = {0};
	pid_t pid;

	s->state = STATE_FROZEN;
	s->init = 4711;
	assert_int_equal(container_state(&s->c, 0, &ret, NULL), 0);
	assert_int_equal(ret, STATE_FROZEN);
	assert_int_equal(container_init_pid(&s->c, &pid, NULL), 0);
	assert_int_equal(pid, 4711);
	assert_int_equal(container_look(&s->c, &run, NULL), 0);
	assert_int_equal(run.state, STATE_FROZEN);
	assert_int_equal(run.init_pid, 4711);
	s->item = "x86_64";
	s->item_len = 7;
	assert_int_equal(container_running_item(&s->c, "lxc.arch", &out, NULL), 0);
	assert_string_equal(str_text(&out), "x86_64");
	s->item = NULL;
	s->item_len = 0;
	assert_int_equal(container_running_item(&s->c, "lxc.arch", &out, NULL), 1);
	s->item = "unterminated";
	s->item_len = 12;
	assert_int_equal(container_running_item(&s->c, "lxc.arch", &out, NULL), -EPROTO);
	close_script(s);
}

static void a_stranger_is_refused(void **state)
{
	struct script *s = open_script();
	enum container_state ret;
	struct err e = {0};
	autostr out = {0};

	s->state = -EPERM;
	assert_int_equal(container_state(&s->c, 0, &ret, &e), -EPERM);
	assert_int_equal(e.id, ERR_PERMISSION);
	assert_int_equal(container_may_control(&s->c, NULL), -EPERM);
	assert_int_equal(container_running_item(&s->c, "lxc.arch", &out, &e), -EPERM);
	s->state = 8;
	assert_int_equal(container_state(&s->c, 0, &ret, NULL), -EPROTO);
	close_script(s);
}

static void init_is_what_the_monitor_hands_out(void **state)
{
	struct script *s = open_script();
	int fd;

	/* Not a pidfd. */
	s->pidfd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(container_init_pidfd(&s->c, NULL), -EPROTO);
	close(s->pidfd);
	start_init(s);
	fd = container_init_pidfd(&s->c, NULL);
	assert_true(fd >= 0);
	close(fd);
	/* A monitor of old only knows the number. */
	close(s->pidfd);
	s->pidfd = -1;
	fd = container_init_pidfd(&s->c, NULL);
	assert_true(fd >= 0);
	assert_int_equal(process_signal(fd, SIGKILL), 0);
	assert_int_equal(signal_of(s->init), SIGKILL);
	close(fd);
	close_script(s);
}

/* -- stop, shutdown, reboot */

static void stopping_waits_for_the_end_of_the_connection(void **state)
{
	struct script *s = open_script();

	assert_int_equal(container_stop(&s->c, NULL), 0);
	assert_int_equal(s->monitor.requests[0], WIRE_STOP);
	close_script(s);
}

static void shutdown_signals_init_and_waits(void **state)
{
	struct script *s = open_script();
	usec_t begin = time_now();
	pid_t init = start_init(s);

	s->message = -1;
	s->delay = 300;
	assert_int_equal(container_shutdown(&s->c, 10, NULL), 0);
	assert_in_range(time_now() - begin, 250 * USEC_PER_MSEC, 5 * USEC_PER_SEC);
	assert_int_equal(signal_of(init), SIGPWR);
	close_script(s);
}

static void shutdown_without_waiting_only_signals(void **state)
{
	struct script *s = open_script();
	pid_t init = start_init(s);

	assert_int_equal(container_shutdown(&s->c, 0, NULL), 0);
	assert_int_equal(signal_of(init), SIGPWR);
	close_script(s);
}

static void shutdown_gives_up_in_time(void **state)
{
	struct script *s = open_script();
	pid_t init = start_init(s);

	assert_int_equal(container_shutdown(&s->c, 1, NULL), 1);
	assert_int_equal(signal_of(init), SIGPWR);
	close_script(s);
}

/* systemd keeps SIGRTMIN+3 blocked. */
static void systemd_gets_its_own_signal(void **state)
{
	struct container c = stopped();
	sigset_t set, old;

	assert_int_equal(control_halt_signal(&c, 0, getpid()), SIGPWR);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 3);
	assert_int_equal(sigprocmask(SIG_BLOCK, &set, &old), 0);
	assert_int_equal(control_halt_signal(&c, 0, getpid()), SIGRTMIN + 3);
	assert_int_equal(sigprocmask(SIG_SETMASK, &old, NULL), 0);
	assert_int_equal(control_reboot_signal(&c, 0), SIGINT);
}

static void a_frozen_container_is_thawed_before_the_signal(void **state)
{
	struct script *s = open_script();
	pid_t init = start_init(s);
	bool told = false;

	s->state = STATE_FROZEN;
	assert_int_equal(container_shutdown(&s->c, 0, NULL), 0);
	assert_int_equal(signal_of(init), SIGPWR);
	/* No cgroup can be found for this one, but somebody looked for it. */
	for (int i = 0; i < atomic_load(&s->monitor.request_count); i++)
		told = told || s->monitor.requests[i] == WIRE_GET_LIMIT_CGROUP2_FD;
	assert_true(told);
	close_script(s);
}

static void reboot_waits_for_running(void **state)
{
	struct script *s = open_script();
	pid_t init = start_init(s);
	struct err e = {0};

	s->message = STATE_RUNNING;
	assert_int_equal(container_reboot(&s->c, true, 10, NULL), 0);
	assert_int_equal(signal_of(init), SIGINT);
	close(s->pidfd);
	init = start_init(s);
	s->message = -1;
	assert_true(container_reboot(&s->c, true, 10, &e) < 0);
	assert_non_null(strstr(err_cause(&e), "stopped instead"));
	assert_int_equal(signal_of(init), SIGINT);
	close(s->pidfd);
	init = start_init(s);
	s->message = -2;
	assert_int_equal(container_reboot(&s->c, true, 1, NULL), 1);
	assert_int_equal(signal_of(init), SIGINT);
	close_script(s);
}

/* -- wait */

static void waiting_for_what_is_already(void **state)
{
	struct script *s = open_script();
	struct container c = stopped();

	s->watch = STATE_RUNNING;
	assert_int_equal(container_wait(&s->c, "RUNNING", 0, NULL), 0);
	close_script(s);
	assert_int_equal(container_wait(&c, "RUNNING|STOPPED", -1, NULL), 0);
}

static void waiting_for_words_that_are_none(void **state)
{
	static const char *const words[] = {
		"", "RUN", "RUNNING|", "|STOPPED", "running", "STOPPED RUNNING", "RUNNINGX"};
	struct container c = stopped();
	struct err e = {0};

	for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
		assert_int_equal(container_wait(&c, words[i], 0, &e), -EINVAL);
	assert_string_equal(err_cause(&e), "invalid state 'RUNNINGX'");
}

static void waiting_for_a_change(void **state)
{
	struct script *s = open_script();

	s->message = STATE_FROZEN;
	s->delay = 200;
	assert_int_equal(container_wait(&s->c, "FROZEN", 10, NULL), 0);
	s->message = -1;
	assert_int_equal(container_wait(&s->c, "STOPPED", -1, NULL), 0);
	close_script(s);
}

static void waiting_ends_in_time(void **state)
{
	struct script *s = open_script();
	struct container c = stopped();
	usec_t begin;

	assert_int_equal(container_wait(&s->c, "FROZEN", 0, NULL), 1);
	assert_int_equal(container_wait(&s->c, "FROZEN", 1, NULL), 1);
	close_script(s);
	begin = time_now();
	assert_int_equal(container_wait(&c, "RUNNING", 1, NULL), 1);
	assert_in_range(time_now() - begin, 900 * USEC_PER_MSEC, 5 * USEC_PER_SEC);
}

static void *start_later(void *context)
{
	struct script **ret = context;

	usleep(300000);
	*ret = open_script();
	(*ret)->watch = STATE_RUNNING;
	return NULL;
}

static void waiting_for_a_run_that_begins_later(void **state)
{
	struct container c = stopped();
	struct script *s = NULL;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, start_later, &s), 0);
	assert_int_equal(container_wait(&c, "RUNNING", 10, NULL), 0);
	pthread_join(thread, NULL);
	close_script(s);
}

/* -- run records */

static void put_item(struct str *items, uint32_t *at, const char *text)
{
	*at = (uint32_t)items->len;
	str_add_bytes(items, text, strlen(text) + 1);
}

/* A plan that knows of an overlay and of device rules. */
static void make_plan(struct str *ret)
{
	/* As struct plan_devices, whose rows have no number. */
	struct {
		uint32_t allow_by_default, count;
		struct plan_device rows[2];
	} devices = {.count = 2,
		     .rows = {{.type = 'c', .major = 1, .minor = 3, .access = 7},
			      {.type = 'b', .major = -1, .minor = -1, .access = 4}}};
	struct plan_build b;
	struct plan_overlay *overlay;

	plan_build_init(&b);
	plan_build_register(&b, REGISTER_NAME, "veth");
	overlay = vec_push(&b.overlays);
	assert_non_null(overlay);
	overlay->key = plan_build_text(&b, "lxc.net.0.veth.pair");
	overlay = vec_push(&b.overlays);
	assert_non_null(overlay);
	overlay->key = plan_build_text(&b, "lxc.net.0.name");
	overlay->register_number = PLAN_NO_REGISTER;
	overlay->value = plan_build_text(&b, "eth7");
	b.plan.signal_halt = SIGUSR1;
	b.plan.signal_reboot = SIGUSR2;
	b.plan.devices = plan_build_bytes(&b, &devices, sizeof(devices));
	plan_build_step(&b, SECTION_START, OP_STATE, "RUNNING", "")->arg[0] = STATE_RUNNING;
	assert_int_equal(plan_build_finish(&b, ret, NULL), 0);
	plan_build_free(&b);
}

/* A run of this name with a locked record; its descriptor. */
static int make_record(enum container_state state, pid_t init)
{
	struct record_header *record;
	struct record_items *head;
	autostr items = {0}, plan = {0}, file = {0};
	struct err e = {0};
	uint32_t rows[4];
	int fd;

	str_add_bytes(&items, (const char[sizeof(*head) + sizeof(rows)]){0},
		      sizeof(*head) + sizeof(rows));
	put_item(&items, &rows[0], "lxc.arch");
	put_item(&items, &rows[1], "x86_64");
	put_item(&items, &rows[2], "lxc.net.0.veth.pair");
	put_item(&items, &rows[3], "configured");
	head = (struct record_items *)(void *)items.data;
	head->count = 2;
	memcpy(head->rows, rows, sizeof(rows));
	make_plan(&plan);
	record = calloc(1, RECORD_PARTS_AT + items.len + 8 + plan.len);
	assert_non_null(record);
	memcpy(record->magic, RECORD_MAGIC, sizeof(RECORD_MAGIC));
	record->format = RECORD_FORMAT;
	record->program = SUPERVISOR_NUMBER;
	record->state = state;
	record->supervisor_pid = getpid();
	record->init_pid = init;
	if (init > 0)
		assert_int_equal(process_start_time(init, &record->init_start_time), 0);
	record->items = (struct record_part){RECORD_PARTS_AT, (uint32_t)items.len};
	record->plan.offset = (uint32_t)(RECORD_PARTS_AT + ((items.len + 7) & ~(size_t)7));
	record->plan.size = (uint32_t)plan.len;
	memcpy((char *)record + RECORD_PARTS_AT, items.data, items.len);
	memcpy((char *)record + record->plan.offset, plan.data, plan.len);
	record->addresses[0] = (struct record_address){
		.family = 2, .prefix = 24, .interface = "eth0", .address = {10, 0, 3, 5}};
	memcpy(record_registers(record)[0].name, "vethABCDEF", sizeof("vethABCDEF"));
	record_registers(record)[0].state = VALUE_SET;
	str_add_bytes(&file, record, record->plan.offset + plan.len);
	fd = runs_create(test_path, test_name, file.data, file.len, &e);
	if (fd < 0)
		print_error("%s\n", err_cause(&e));
	assert_true(fd >= 0);
	free(record);
	return fd;
}

static void remove_record(int fd)
{
	autofree char *directory = NULL;
	char path[512];

	assert_int_equal(runs_directory(test_path, &directory, NULL), 0);
	snprintf(path, sizeof(path), "%s/%s", directory, test_name);
	assert_int_equal(unlink(path), 0);
	close(fd);
}

static void a_record_answers_without_a_supervisor(void **state)
{
	struct container c = stopped();
	enum container_state ret;
	struct container_run run;
	autostr out = {0};
	pid_t pid, init = fork();
	int fd, record_fd;

	if (init == 0) {
		for (;;)
			pause();
	}
	record_fd = make_record(STATE_FROZEN, init);
	assert_int_equal(container_state(&c, 0, &ret, NULL), 0);
	assert_int_equal(ret, STATE_FROZEN);
	assert_int_equal(container_init_pid(&c, &pid, NULL), 0);
	assert_int_equal(pid, init);
	assert_int_equal(container_look(&c, &run, NULL), 0);
	assert_int_equal(run.supervisor_pid, getpid());
	assert_int_equal(run.address_count, 1);
	assert_string_equal(run.addresses[0].interface, "eth0");
	assert_int_equal(container_running_item(&c, "lxc.arch", &out, NULL), 0);
	assert_string_equal(str_text(&out), "x86_64");
	str_reset(&out);
	assert_int_equal(container_running_item(&c, "lxc.net.0.veth.pair", &out, NULL), 0);
	assert_string_equal(str_text(&out), "vethABCDEF");
	str_reset(&out);
	assert_int_equal(container_running_item(&c, "lxc.net.0.name", &out, NULL), 0);
	assert_string_equal(str_text(&out), "eth7");
	assert_int_equal(container_running_item(&c, "lxc.no.such", &out, NULL), 1);
	assert_int_equal(container_may_control(&c, NULL), 0);
	assert_int_equal(control_halt_signal(&c, 0, init), SIGUSR1);
	assert_int_equal(control_reboot_signal(&c, 0), SIGUSR2);
	str_reset(&out);
	assert_int_equal(container_get_cgroup_item(&c, "devices.list", &out, NULL), 0);
	assert_string_equal(str_text(&out), "c 1:3 rwm\nb *:* m\n");
	fd = container_init_pidfd(&c, NULL);
	assert_true(fd >= 0);
	assert_int_equal(process_signal(fd, SIGKILL), 0);
	close(fd);
	assert_int_equal(signal_of(init), SIGKILL);
	remove_record(record_fd);
}

static void freezing_is_the_supervisors_work(void **state)
{
	struct script *s = open_script();
	int record_fd = make_record(STATE_RUNNING, 0);
	struct err e = {0};

	assert_int_equal(container_freeze(&s->c, NULL), 0);
	assert_int_equal(s->monitor.requests[0], WIRE_FREEZE);
	assert_int_equal(s->freeze_data, CONTROL_FREEZE_TIMEOUT);
	assert_int_equal(container_unfreeze(&s->c, NULL), 0);
	assert_int_equal(s->monitor.requests[1], WIRE_UNFREEZE);
	s->freeze = -ETIMEDOUT;
	assert_int_equal(container_freeze(&s->c, &e), -ETIMEDOUT);
	assert_non_null(strstr(err_cause(&e), "cannot freeze container \"c1\""));
	remove_record(record_fd);
	close_script(s);
}

static void device_rules_go_to_the_supervisor(void **state)
{
	struct script *s = open_script();
	int record_fd = make_record(STATE_RUNNING, 0);

	assert_int_equal(container_set_cgroup_item(&s->c, "devices.allow", "c 10:229 rw", NULL), 0);
	assert_int_equal(s->device.type, 'c');
	assert_int_equal(s->device.major, 10);
	assert_int_equal(s->device.minor, 229);
	assert_string_equal(s->device.access, "rw");
	assert_int_equal(s->device.allow, 1);
	assert_int_equal(container_set_cgroup_item(&s->c, "devices.deny", "/dev/null w", NULL), 0);
	assert_int_equal(s->device.major, 1);
	assert_int_equal(s->device.minor, 3);
	assert_int_equal(s->device.allow, 0);
	assert_int_equal(container_set_cgroup_item(&s->c, "devices.deny", "zz", NULL), -EINVAL);
	assert_int_equal(container_set_cgroup_item(&s->c, "devices.deny", "/no/such x", NULL),
			 -EINVAL);
	assert_int_equal(container_set_cgroup_item(&s->c, "../x", "1", NULL), -ENOENT);
	remove_record(record_fd);
	close_script(s);
}

/* While a record says STARTING, supervisors keep requests waiting: only the deadline ends that. */
static void a_start_is_waited_for_until_the_deadline(void **state)
{
	struct container c = stopped();
	struct sockaddr_un address;
	socklen_t len = client_address(test_path, test_name, &address);
	int record_fd = make_record(STATE_STARTING, 0);
	int listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	usec_t begin = time_now();

	assert_int_equal(bind(listen_fd, (const struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(listen_fd, 10), 0);
	assert_int_equal(container_wait(&c, "RUNNING", 1, NULL), 1);
	assert_int_equal(container_wait(&c, "STARTING", -1, NULL), 0);
	assert_in_range(time_now() - begin, 900 * USEC_PER_MSEC, 3 * USEC_PER_SEC);
	close(listen_fd);
	remove_record(record_fd);
}

static void run_has_begun(struct script *s)
{
	s->record_fd = make_record(STATE_RUNNING, 0);
}

/* The starter listens before there is a record, and the supervisor answers when it runs. */
static void who_is_answered_late_has_not_missed_the_start(void **state)
{
	struct script *s = open_script();

	assert_int_equal(container_wait(&s->c, "STARTING", 1, NULL), 1);
	s->before_watch = run_has_begun;
	assert_int_equal(container_wait(&s->c, "STARTING", 10, NULL), 0);
	remove_record(s->record_fd);
	assert_int_equal(container_wait_for_change(&s->c, "STARTING", 10, NULL), 0);
	remove_record(s->record_fd);
	close_script(s);
}

static int set_up(void **state)
{
	if (geteuid() != 0)
		return 0;
	if (unshare(CLONE_NEWNS | CLONE_NEWNET) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("run", "/run", "tmpfs", 0, "mode=755") < 0)
		return -1;
	return 0;
}

static int check_root(void **state)
{
	if (geteuid() != 0)
		skip();
	return 0;
}

#define LIVE(test) cmocka_unit_test_setup(test, check_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIVE(nothing_runs),
		LIVE(a_monitor_is_asked),
		LIVE(a_stranger_is_refused),
		LIVE(init_is_what_the_monitor_hands_out),
		LIVE(stopping_waits_for_the_end_of_the_connection),
		LIVE(shutdown_signals_init_and_waits),
		LIVE(shutdown_without_waiting_only_signals),
		LIVE(shutdown_gives_up_in_time),
		LIVE(systemd_gets_its_own_signal),
		LIVE(a_frozen_container_is_thawed_before_the_signal),
		LIVE(reboot_waits_for_running),
		LIVE(waiting_for_what_is_already),
		LIVE(waiting_for_words_that_are_none),
		LIVE(waiting_for_a_change),
		LIVE(waiting_ends_in_time),
		LIVE(waiting_for_a_run_that_begins_later),
		LIVE(a_record_answers_without_a_supervisor),
		LIVE(freezing_is_the_supervisors_work),
		LIVE(device_rules_go_to_the_supervisor),
		LIVE(a_start_is_waited_for_until_the_deadline),
		LIVE(who_is_answered_late_has_not_missed_the_start),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
