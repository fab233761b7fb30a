/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What golden files show badly: rules that hold for every plan, failures, memory that runs out, and
 * how commands are split. The plans themselves are in tests/golden/plan.
 */

#include "plan/compile.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/failing_memory.h"
#include "base/macros.h"
#include "plan/command.h"
#include "plan/ops.h"

#define ROOT "lxc.rootfs.path = dir:/var/lib/lxc/c1/rootfs\n"

/* Something of every concern. */
static const char everything[] = ROOT
	"lxc.uts.name = c1\nlxc.arch = i686\nlxc.no_new_privs = 1\nlxc.ephemeral = 1\n"
	"lxc.idmap = u 0 100000 65536\nlxc.idmap = g 0 100000 65536\n"
	"lxc.rootfs.options = idmap=container\nlxc.time.offset.boot = 1h\n"
	"lxc.mount.auto = proc sys cgroup:rw:force shmounts:/shm\n"
	"lxc.tty.max = 2\nlxc.tty.dir = lxc\nlxc.pty.max = 10\n"
	"lxc.console.logfile = /log\nlxc.console.buffer.size = auto\n"
	"lxc.hook.mount = m a\nlxc.hook.start-host = h\nlxc.hook.stop = s\n"
	"lxc.hook.start = /s\nlxc.hook.post-stop = p\nlxc.hook.autodev = d\n"
	"lxc.environment = A=1\nlxc.environment.runtime = A=2\n"
	"lxc.init.cmd = /sbin/init 'a b'\nlxc.init.cwd = /srv\nlxc.init.uid = 1000\n"
	"lxc.init.groups = 4,5\nlxc.sysctl.kernel.msgmax = 1\nlxc.prlimit.nofile = 10\n"
	"lxc.proc.oom_score_adj = 5\nlxc.cap.drop = sys_time\n";

struct fixture {
	struct config config;
	struct facts facts;
	struct plan_request request;
	struct str plan;
	struct err error;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->facts.caller = (struct facts_caller){
		.is_root = true, .in_initial_user_ns = true, .newuidmap = "n", .newgidmap = "g"};
	f->facts.cgroup.layout = CGROUP_LAYOUT_NONE;
	f->facts.cgroup.has_namespace = true;
	f->facts.kernel = (struct facts_kernel){.has_time_namespace = true,
						.has_idmapped_mounts = true,
						.capabilities = (UINT64_C(1) << 41) - 1};
	f->facts.rootfs = (struct facts_rootfs){.type = ROOTFS_DIR,
						.path = "/var/lib/lxc/c1/rootfs",
						.is_there = true,
						.mount_is_there = true,
						.fstype = "ext4"};
	f->request = (struct plan_request){.name = "c1",
					   .lxcpath = "/var/lib/lxc",
					   .log_level = "ERROR",
					   .is_foreground = true};
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	config_finish(&f->config);
	arena_finish(&f->facts.arena);
	str_finish(&f->plan);
	free(f);
	return 0;
}

static int compile(struct fixture *f, const char *text)
{
	assert_int_equal(config_init(&f->config, NULL), 0);
	assert_int_equal(config_load_text(&f->config, "c", text, strlen(text), &f->error), 0);
	return plan_compile(&f->request, &f->config, &f->facts, &f->plan, &f->error);
}

static const struct plan *plan_of(const struct fixture *f)
{
	assert_null(plan_check(f->plan.data, f->plan.len));
	return (const struct plan *)f->plan.data;
}

static unsigned count_ops(const struct plan *p, enum plan_section section, enum plan_op op)
{
	unsigned count = 0;

	for (uint32_t i = 0; i < p->sections[section].count; i++)
		count += plan_steps(p, section)[i].op == op;
	return count;
}

static void test_everything_compiles(void **state)
{
	struct fixture *f = *state;
	const struct plan *p;

	assert_int_equal(compile(f, everything), 0);
	p = plan_of(f);
	assert_int_equal(p->tty_count, 2);
	assert_int_equal(p->flags, PLAN_HAS_USER_NAMESPACE | PLAN_HAS_CONSOLE);
}

static void test_every_step_has_an_object(void **state)
{
	struct fixture *f = *state;
	const struct plan *p;

	assert_int_equal(compile(f, everything), 0);
	p = plan_of(f);
	for (unsigned s = 0; s < SECTION_COUNT; s++)
		for (uint32_t i = 0; i < p->sections[s].count; i++)
			assert_true(*plan_text(p, plan_steps(p, (enum plan_section)s)[i].object));
}

/* A configuration that asks for nothing late has one gate; HOST needs it all the same. */
static void test_there_is_always_a_last_gate(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(compile(f, "lxc.net.0.type = none\nlxc.console.path = none\n"), 0);
	assert_int_equal(count_ops(plan_of(f), SECTION_START, OP_GATE), 1);
}

/* Descriptors of HOST that the child uses stay open until it has passed the gate `handover`. */
static void test_host_closes_nothing_that_init_still_uses(void **state)
{
	struct fixture *f = *state;
	const struct plan_step *steps;
	bool is_past = false;

	assert_int_equal(compile(f, ROOT "lxc.hook.start = s\n"), 0);
	steps = plan_steps(plan_of(f), SECTION_START);
	for (uint32_t i = 0; i < plan_of(f)->sections[SECTION_START].count; i++) {
		is_past |= steps[i].op == OP_GATE && steps[i].arg[0] == GATE_HANDOVER;
		assert_true(is_past || steps[i].op != OP_FD_CLOSE);
	}
}

/* What HOST may still fail at is done when the program begins. */
static void assert_program_waits_for_host(struct fixture *f, const char *text)
{
	const struct plan_step *steps;
	bool is_open = false;
	uint32_t i = 0;

	str_reset(&f->plan);
	assert_int_equal(compile(f, text), 0);
	steps = plan_steps(plan_of(f), SECTION_START);
	for (; steps[i].op != OP_EXEC; i++) {
		if (steps[i].op == OP_CLONE ||
		    (steps[i].op == OP_GATE && plan_gate_holds_init(steps[i].arg[0])))
			is_open = false;
		else if (steps[i].lane == LANE_HOST && steps[i].op != OP_FD_CLOSE)
			is_open = true;
	}
	assert_false(is_open);
	config_finish(&f->config);
}

static void test_no_program_begins_before_host_is_done(void **state)
{
	struct fixture *f = *state;

	assert_program_waits_for_host(f, everything);
	assert_program_waits_for_host(f, ROOT);
	assert_program_waits_for_host(f, ROOT "lxc.hook.start-host = x\n");
	assert_program_waits_for_host(f, "lxc.net.0.type = none\nlxc.console.path = none\n");
}

static void test_nothing_is_done_twice_behind_a_prelude(void **state)
{
	struct fixture *f = *state;

	f->request.pid_file = "/run/p";
	assert_int_equal(compile(f, ROOT "lxc.hook.pre-start = x\nlxc.hook.post-stop = y\n"), 0);
	assert_int_equal(count_ops(plan_of(f), SECTION_START, OP_STATE), 0);
	assert_int_equal(count_ops(plan_of(f), SECTION_START, OP_HOOK), 0);
	assert_int_equal(count_ops(plan_of(f), SECTION_START, OP_PID_FILE_WRITE), 0);
	assert_int_equal(count_ops(plan_of(f), SECTION_UNDO, OP_PID_FILE_REMOVE), 1);
	assert_int_equal(count_ops(plan_of(f), SECTION_STOP, OP_HOOK), 1);
}

/* Whoever undoes a record after a crash has no hooks, states and terminals. */
static void test_undoing_after_a_crash_is_about_the_host_alone(void **state)
{
	static const enum plan_op kept[] = {OP_KILL, OP_PID_FILE_REMOVE, OP_CGROUP_REMOVE};
	struct fixture *f = *state;
	const struct plan *p;

	f->request.pid_file = "/run/p";
	assert_int_equal(compile(f, everything), 0);
	p = plan_of(f);
	for (uint32_t i = 0; i < p->sections[SECTION_UNDO].count; i++) {
		const struct plan_step *step = &plan_steps(p, SECTION_UNDO)[i];
		bool is_kept = false;

		for (size_t k = 0; k < ARRAY_LENGTH(kept); k++)
			is_kept |= step->op == (uint16_t)kept[k];
		assert_int_equal(is_kept, !(step->flags & STEP_LIVE));
	}
}

static void test_the_same_input_makes_the_same_bytes(void **state)
{
	struct fixture *f = *state;
	autostr again = {};

	assert_int_equal(compile(f, everything), 0);
	assert_int_equal(plan_compile(&f->request, &f->config, &f->facts, &again, &f->error), 0);
	assert_int_equal(again.len, f->plan.len);
	assert_memory_equal(again.data, f->plan.data, again.len);
}

static void test_more_ttys_than_fit_are_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(compile(f, ROOT "lxc.tty.max = 60\n"), 0);
	str_reset(&f->plan);
	assert_int_equal(config_set(&f->config, "lxc.tty.max", "4294967295", "(t)", NULL), 0);
	assert_true(plan_compile(&f->request, &f->config, &f->facts, &f->plan, &f->error) < 0);
	assert_int_equal(f->error.id, ERR_CONFIG_VALUE_INVALID);
	assert_int_equal(f->plan.len, 0);
}

/* Every one of these takes registers. */
static void test_more_registers_than_fit_are_refused(void **state)
{
	struct fixture *f = *state;
	struct facts_mount *fact;

	for (unsigned i = 0; i < PLAN_REGISTERS_MAX; i++) {
		fact = vec_push_in(&f->facts.mounts, &f->facts.arena);
		assert_non_null(fact);
		fact->entry = (struct mount_entry){.source = "/a",
						   .target = "a",
						   .fstype = "none",
						   .options = {.set = MOUNT_BIND,
							       .idmap = MOUNT_IDMAP_PATH,
							       .idmap_path = "/ns"}};
	}
	assert_true(compile(f, ROOT) < 0);
	assert_int_equal(f->error.id, ERR_PLAN_INVALID);
	assert_int_equal(f->plan.len, 0);
}

static void test_a_failure_leaves_what_was_there(void **state)
{
	struct fixture *f = *state;

	str_add(&f->plan, "12345678");
	f->facts.rootfs.is_there = false;
	assert_true(compile(f, ROOT) < 0);
	assert_string_equal(str_text(&f->plan), "12345678");
}

static void test_entries_outside_the_root_are_left_out(void **state)
{
	static const struct mount_entry outside = {
		.source = "/a", .target = "/etc", .fstype = "none", .options = {.set = MOUNT_BIND}};
	struct fixture *f = *state;
	struct facts_mount *fact = vec_push_in(&f->facts.mounts, &f->facts.arena);

	assert_non_null(fact);
	fact->entry = outside;
	assert_int_equal(compile(f, ROOT "lxc.mount.entry = /a /etc none bind\n"), 0);
	/* That of the root. */
	assert_int_equal(count_ops(plan_of(f), SECTION_START, OP_TREE_OPEN), 1);
}

static void test_running_out_of_memory_is_told(void **state)
{
	struct fixture *f = *state;
	int r, n = 0;

	assert_int_equal(compile(f, everything), 0);
	do {
		str_finish(&f->plan);
		f->plan = (struct str){};
		memory_fail_after(n++);
		r = plan_compile(&f->request, &f->config, &f->facts, &f->plan, &f->error);
		memory_heal();
		assert_true(r == 0 || r == -ENOMEM);
		assert_int_equal(f->plan.len > 0, r == 0);
		assert_true(n < 20000);
	} while (r < 0);
	assert_null(plan_check(f->plan.data, f->plan.len));
}

static void assert_words(const char *command, const char *expected)
{
	struct arena arena = {};
	const char *const *words = command_split(command, &arena);
	autostr text = {};

	assert_non_null(words);
	for (; *words; words++)
		str_addf(&text, "[%s]", *words);
	assert_string_equal(str_text(&text), expected);
	arena_finish(&arena);
}

static void test_commands_are_split_at_blanks_and_quotes(void **state)
{
	assert_words("", "");
	assert_words(" \t ", "");
	assert_words("/sbin/init", "[/sbin/init]");
	assert_words("  a\tb  c ", "[a][b][c]");
	assert_words("a 'b c' \"d e\"", "[a][b c][d e]");
	assert_words("a'b c'd", "[ab cd]");
	assert_words("'a\"b' \"c'd\"", "[a\"b][c'd]");
	assert_words("a '' b", "[a][][b]");
	assert_words("a\\ b", "[a\\][b]");
	assert_words("'a b", "[a b]");
	assert_words("a b c d e f g h", "[a][b][c][d][e][f][g][h]");
	assert_words("''", "[]");
	assert_words("\"\"''\"\"", "[]");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_everything_compiles),
		TEST(test_every_step_has_an_object),
		TEST(test_there_is_always_a_last_gate),
		TEST(test_host_closes_nothing_that_init_still_uses),
		TEST(test_no_program_begins_before_host_is_done),
		TEST(test_nothing_is_done_twice_behind_a_prelude),
		TEST(test_undoing_after_a_crash_is_about_the_host_alone),
		TEST(test_the_same_input_makes_the_same_bytes),
		TEST(test_more_ttys_than_fit_are_refused),
		TEST(test_more_registers_than_fit_are_refused),
		TEST(test_a_failure_leaves_what_was_there),
		TEST(test_entries_outside_the_root_are_left_out),
		TEST(test_running_out_of_memory_is_told),
		cmocka_unit_test(test_commands_are_split_at_blanks_and_quotes),
	};

	return cmocka_run_group_tests_name("plan/compile", tests, NULL, NULL);
}
