/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-compile as the supervisor runs it: a record in, a plan or an error chain out. Its path is the
 * test's argument.
 */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "container/start.h"
#include "plan/plan.h"
#include "run/record.h"

static const char *program;

struct fixture {
	struct config config;
	struct str record, output;
	struct err e;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_int_equal(config_init(&f->config, NULL), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	config_finish(&f->config);
	str_finish(&f->record);
	str_finish(&f->output);
	free(f);
	return 0;
}

static void make_record(struct fixture *f, const char *text)
{
	struct container container = {
		.name = (char *)"c1",
		.lxcpath = (char *)"/nonexistent/lxc",
		.config_file = (char *)"/nonexistent/lxc/c1/config",
		.config = &f->config,
	};
	char *command[] = {(char *)"/bin/echo", (char *)"a b", NULL};
	const struct start_options options = {.daemonise = true, .argv = command};
	struct start start = {
		.container = &container,
		.options = &options,
		.helpers = (char *)"/nonexistent",
		.run_path = (char *)"/nonexistent/run",
		.record_fd = -EBADF,
		.listener_fd = -EBADF,
		.result_fd = -EBADF,
		.caller_fd = -EBADF,
	};

	assert_int_equal(config_load_text(&f->config, "c1.conf", text, strlen(text), &f->e), 0);
	start_make_request(&container, &options, &start.request);
	assert_int_equal(start_build_record(&start, &f->record, &f->e), 0);
}

static void take_output(struct fixture *f, int fd)
{
	struct stat status;
	void *bytes;

	assert_int_equal(fstat(fd, &status), 0);
	bytes = malloc((size_t)status.st_size + 1);
	assert_non_null(bytes);
	assert_int_equal(pread(fd, bytes, (size_t)status.st_size, 0), status.st_size);
	str_add_bytes(&f->output, bytes, (size_t)status.st_size);
	free(bytes);
	close(fd);
}

/* The exit status; what was written is f->output. */
static int run(struct fixture *f)
{
	int in = memfd_create("record", MFD_CLOEXEC), out = memfd_create("plan", MFD_CLOEXEC);
	char in_number[12], out_number[12];
	char *argv[] = {(char *)program, in_number, out_number, NULL};
	pid_t pid;
	int r;

	assert_true(in >= 0 && out >= 0);
	/* The program is to have them. */
	assert_int_equal(fcntl(in, F_SETFD, 0), 0);
	assert_int_equal(fcntl(out, F_SETFD, 0), 0);
	assert_int_equal(write(in, f->record.data, f->record.len), f->record.len);
	snprintf(in_number, sizeof(in_number), "%d", in);
	snprintf(out_number, sizeof(out_number), "%d", out);
	assert_int_equal(posix_spawn(&pid, program, NULL, NULL, argv, environ), 0);
	assert_int_equal(waitpid(pid, &r, 0), pid);
	take_output(f, out);
	close(in);
	assert_true(WIFEXITED(r));
	return WEXITSTATUS(r);
}

static void assert_chain(struct fixture *f, const char *expected)
{
	autostr text = {};
	struct err e;

	assert_int_equal(f->output.len, sizeof(e));
	memcpy(&e, f->output.data, sizeof(e));
	assert_true(err_is_valid(&e));
	err_render_text(&e, &text);
	assert_non_null(strstr(str_text(&text), expected));
}

static void a_plan_comes_out(void **state)
{
	struct fixture *f = *state;
	const struct plan *plan;
	const struct plan_step *exec;

	make_record(f, "lxc.uts.name = c1\nlxc.net.0.type = empty\n");
	assert_int_equal(run(f), 0);
	assert_null(plan_check(f->output.data, f->output.len));
	plan = (const struct plan *)f->output.data;
	assert_false(plan->flags & PLAN_IS_PRELUDE);
	exec = plan_steps(plan, SECTION_START) + plan->sections[SECTION_START].count - 1;
	assert_int_equal(plan_list_count(plan, exec->arg[0]), 2);
	assert_string_equal(plan_list_first(plan, exec->arg[0]), "/bin/echo");
}

static void hooks_before_the_start_are_behind_us(void **state)
{
	struct fixture *f = *state;

	make_record(f, "lxc.hook.pre-start = /bin/true\n");
	assert_int_equal(run(f), 0);
	assert_null(plan_check(f->output.data, f->output.len));
	assert_false(((const struct plan *)f->output.data)->flags & PLAN_IS_PRELUDE);
}

static void an_error_comes_out_with_its_line(void **state)
{
	struct fixture *f = *state;

	make_record(f, "\nlxc.prlimit.nosuch = 1\n");
	assert_int_equal(run(f), 1);
	assert_chain(f, "c1.conf:2 lxc.prlimit.nosuch");
}

static void a_damaged_record_is_refused(void **state)
{
	struct fixture *f = *state;

	make_record(f, "lxc.uts.name = c1\n");
	f->record.data[0] = 'X';
	assert_int_equal(run(f), 1);
	assert_chain(f, "run record is damaged");
	str_reset(&f->output);
	str_truncate(&f->record, 100);
	assert_int_equal(run(f), 1);
	assert_chain(f, "The run record has a size");
}

/* lxc-compile --filter: what it writes is f->output. */
static int run_filter(struct fixture *f, const char *policy)
{
	int in = memfd_create("policy", MFD_CLOEXEC), out = memfd_create("program", MFD_CLOEXEC);
	char in_number[12], out_number[12];
	char option[] = "--filter", cache[] = "", file[] = "my.policy";
	char *argv[] = {(char *)program, option, in_number, out_number, cache, file, NULL};
	pid_t pid;
	int r;

	assert_true(in >= 0 && out >= 0);
	assert_int_equal(fcntl(in, F_SETFD, 0), 0);
	assert_int_equal(fcntl(out, F_SETFD, 0), 0);
	assert_int_equal(write(in, policy, strlen(policy)), strlen(policy));
	assert_int_equal(lseek(in, 0, SEEK_SET), 0);
	snprintf(in_number, sizeof(in_number), "%d", in);
	snprintf(out_number, sizeof(out_number), "%d", out);
	assert_int_equal(posix_spawn(&pid, program, NULL, NULL, argv, environ), 0);
	assert_int_equal(waitpid(pid, &r, 0), pid);
	take_output(f, out);
	close(in);
	assert_true(WIFEXITED(r));
	return WEXITSTATUS(r);
}

static void a_filter_comes_out(void **state)
{
	struct fixture *f = *state;

	if (run_filter(f, "2\nallowlist allow\nreboot errno 1\n") != 0) {
		assert_chain(f, "libseccomp.so.2");
		skip(); /* it is not installed */
	}
	assert_true(f->output.len > 0);
	assert_int_equal(f->output.len % 8, 0);
}

static void a_wrong_policy_comes_out_with_its_line(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(run_filter(f, "2\nallowlist\nreboot foo\n"), 1);
	assert_chain(f, "my.policy:3");
}

static void wrong_arguments_are_refused(void **state)
{
	char *argv[] = {(char *)program, (char *)"3", NULL};
	pid_t pid;
	int r;

	(void)state;
	assert_int_equal(posix_spawn(&pid, program, NULL, NULL, argv, environ), 0);
	assert_int_equal(waitpid(pid, &r, 0), pid);
	assert_int_equal(WEXITSTATUS(r), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(a_plan_comes_out),
		TEST(hooks_before_the_start_are_behind_us),
		TEST(an_error_comes_out_with_its_line),
		TEST(a_damaged_record_is_refused),
		TEST(a_filter_comes_out),
		TEST(a_wrong_policy_comes_out_with_its_line),
		TEST(wrong_arguments_are_refused),
	};

	if (argc != 2)
		return EXIT_FAILURE;
	program = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
