/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plan_check(): one thing of a good plan is spoilt at a time; and noise never harms.
 */

#include "plan/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "plan/plan_fixture.h"

static struct plan_step *step_at(struct plan *p, enum plan_section section, unsigned n)
{
	return (struct plan_step *)((char *)p + p->sections[section].offset) + n;
}

#define START(p, n) step_at(p, SECTION_START, FIXTURE_##n##_AT)

/* Spoil a fresh plan by `code`, in which it is `p`, and expect the sentence. */
#define EXPECT(sentence, code)                                                  \
	do {                                                                    \
		autostr bytes_ = {};                                            \
		struct plan *p = fixture_plan(&bytes_);                         \
		size_t size = bytes_.len;                                       \
		const char *found_;                                             \
		code;                                                           \
		found_ = plan_check(p, size);                                   \
		assert_string_equal(found_ ? found_ : "a good plan", sentence); \
	} while (0)

static void a_built_plan_is_good(void **state)
{
	(void)state;
	EXPECT("a good plan", (void)size);
}

static void the_frame_is_looked_at(void **state)
{
	uint64_t few[4] = {0};

	(void)state;
	assert_string_equal(plan_check(few, sizeof(few)), "The plan has an impossible size");
	assert_string_equal(plan_check((char *)few + 1, 8), "The plan is not aligned");
	EXPECT("The plan has an impossible size", size = 0);
	EXPECT("The plan has an impossible size", size--);
	EXPECT("The plan is cut off or has something behind it", size -= 8);
	EXPECT("This is no plan", p->magic[0] = 'X');
	EXPECT("The plan is of another format", p->format++);
	EXPECT("The plan's texts are outside the plan", p->blob = p->size);
	EXPECT("The plan's texts are outside the plan", p->blob = 8);
	EXPECT("The plan's last text has no end", ((char *)p)[size - 1] = 'x');
	EXPECT("A section is outside the plan", p->sections[0].offset = UINT32_MAX - 7);
	EXPECT("A section is outside the plan", p->sections[0].offset = 0);
	EXPECT("A section is outside the plan", p->sections[1].offset += 4);
	EXPECT("A section is outside the plan", p->sections[2].count = UINT32_MAX);
	EXPECT("A table is outside the plan", p->registers.offset = p->size);
	EXPECT("A table is outside the plan", p->overlays.count = UINT32_MAX);
	EXPECT("There are too many registers or cgroup hierarchies", p->registers.count = 161);
}

static struct plan_register *register_at(struct plan *p, unsigned n)
{
	return (struct plan_register *)((char *)p + p->registers.offset) + n;
}

static void tables_are_looked_at(void **state)
{
	(void)state;
	EXPECT("A register has no name or no known kind", register_at(p, 0)->kind = 3);
	EXPECT("A register has no name or no known kind", register_at(p, 0)->name = 0);
	EXPECT("A register has no name or no known kind", register_at(p, 0)->name = p->size);
	EXPECT("A cgroup hierarchy is malformed",
	       ((struct plan_hierarchy *)plan_hierarchies(p))->version = 3);
	EXPECT("A configuration item of the run is malformed",
	       ((struct plan_overlay *)plan_overlays(p))->register_number = 6);
	EXPECT("A configuration item of the run is malformed",
	       ((struct plan_overlay *)plan_overlays(p))->register_number = PLAN_NO_REGISTER);
	EXPECT("A role is played by a register that is missing or of another kind",
	       p->roles[ROLE_INIT_PID] = FIXTURE_PIDFD);
	EXPECT("A terminal has no register", p->tty_count = 2);
	EXPECT("There are too many terminals", p->tty_count = UINT32_MAX);
	EXPECT("The plan has unknown flags", p->flags |= 1U << 31);
	EXPECT("The plan has unknown flags", p->clone_flags |= 1);
	EXPECT("A signal is out of its range", p->signal_stop = 65);
	EXPECT("The environment of hooks is outside the plan", p->hook_environment = p->size);
	EXPECT("The device rules are malformed or outside the plan", p->devices = p->size - 8);
}

static void steps_fit_their_rows(void **state)
{
	(void)state;
	EXPECT("A step has no known op", START(p, STATE)->op = OP_NONE);
	EXPECT("A step has no known op", START(p, STATE)->op = OP_COUNT);
	EXPECT("A step stands in the wrong lane", START(p, GATE)->lane = LANE_HOST);
	EXPECT("A step has unknown flags", START(p, STATE)->flags = 64);
	EXPECT("Only steps of START that are HOST's can come late",
	       START(p, GATE)->flags = STEP_LATE);
	EXPECT("Only steps of START that are HOST's can come late",
	       step_at(p, SECTION_STOP, 1)->flags = STEP_LATE);
	EXPECT("A step's object or origin cannot be shown", START(p, STATE)->object = 16);
	EXPECT("A step's object or origin cannot be shown",
	       ((char *)p)[START(p, STATE)->object] = '\n');
	EXPECT("A step reads a register that is missing or of another kind",
	       START(p, ATTACH)->in = PLAN_NO_REGISTER);
	EXPECT("A step reads a register that is missing or of another kind",
	       START(p, ATTACH)->in = FIXTURE_PID);
	EXPECT("A step writes a register that is missing or of another kind",
	       START(p, STATE)->out = FIXTURE_PID);
	EXPECT("A number of a step is out of its range", START(p, STATE)->arg[0] = 8);
	EXPECT("A number of a step is out of its range", START(p, DEVICES)->arg[0] = 1);
	EXPECT("A step has more arguments than its op takes", START(p, STATE)->arg[1] = 1);
	EXPECT("A text of a step is missing or outside the plan", START(p, OPEN)->arg[1] = 0);
	EXPECT("A text of a step is missing or outside the plan",
	       START(p, OPEN)->arg[1] = UINT64_MAX);
	EXPECT("A step needs a register that is missing or of another kind",
	       START(p, CLONE)->arg[0] = FIXTURE_TREE);
	EXPECT("A list of a step is missing or outside the plan", START(p, EXEC)->arg[0] = 0);
	EXPECT("A list of a step is missing or outside the plan",
	       *(uint32_t *)((char *)p + START(p, EXEC)->arg[0]) = UINT32_MAX);
	EXPECT("A list of a step refers to a register that does not exist",
	       ((char *)p)[START(p, EXEC)->arg[1] + 4 + sizeof("container=lxc") + 7] = 7);
	EXPECT("A command to run is empty", *(uint32_t *)((char *)p + START(p, EXEC)->arg[0]) = 0);
	EXPECT("Bytes of a step are missing, malformed or outside the plan",
	       START(p, SECCOMP)->arg[0] += 4);
	EXPECT("Bytes of a step are missing, malformed or outside the plan",
	       *(uint32_t *)((char *)p + START(p, SECCOMP)->arg[0]) = 12);
	EXPECT("Bytes of a step are missing, malformed or outside the plan",
	       *(uint32_t *)((char *)p + START(p, ADDRESS)->arg[1]) = UINT32_MAX);
	EXPECT("A gate hands over registers that do not exist", START(p, GATE)->arg[2] = 2);
	EXPECT("A gate hands over registers that do not exist", START(p, GATE)->arg[2] = 0);
	EXPECT("A step that decides over the start may fail",
	       START(p, GATE)->flags = STEP_OPTIONAL);
	EXPECT("A step that decides over the start may fail",
	       (*START(p, GATE) = (struct plan_step){.op = OP_NS_JOIN,
						     .lane = LANE_JOIN,
						     .flags = STEP_OPTIONAL,
						     .in = FIXTURE_PIDFD,
						     .out = PLAN_NO_REGISTER}));
}

static void swap(struct plan_step *a, struct plan_step *b)
{
	struct plan_step other = *a;

	*a = *b;
	*b = other;
}

static void steps_fit_one_another(void **state)
{
	(void)state;
	EXPECT("A step of the container's process stands before the clone",
	       swap(START(p, CLONE), START(p, GATE)));
	EXPECT("Steps of the container's process stand behind its exec",
	       swap(START(p, EXEC), START(p, OPEN)));
	EXPECT("The container's process has nothing to run", p->sections[0].count--);
	EXPECT("Two steps make the container's process", *START(p, CGROUP) = *START(p, CLONE));
	EXPECT("A prelude, and nothing else, ends with getting the plan proper",
	       p->flags |= PLAN_IS_PRELUDE);
	EXPECT("Only START makes processes and gives them steps",
	       *step_at(p, SECTION_STOP, 0) = *START(p, GATE));
	EXPECT("UNDO does not give back what START makes", p->sections[SECTION_UNDO].count--);
	EXPECT("STOP does not give back what START makes", p->sections[SECTION_STOP].count--);
	EXPECT("STOP does not give back what START makes",
	       step_at(p, SECTION_STOP, 1)->in = FIXTURE_CGROUP);
}

/* Every byte takes some other values: whatever is found, nothing is read outside (sanitizers). */
static void spoilt_bytes_do_no_harm(void **state)
{
	static const unsigned char others[] = {0, 1, 0x7f, 0x80, 0xff};
	autostr bytes = {};
	struct plan *p = fixture_plan(&bytes);

	(void)state;
	for (size_t i = 0; i < bytes.len; i++) {
		unsigned char *byte = (unsigned char *)p + i;
		unsigned char before = *byte;

		for (size_t n = 0; n < sizeof(others); n++) {
			*byte = others[n];
			plan_check(p, bytes.len);
		}
		*byte = before;
	}
	assert_null(plan_check(p, bytes.len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_built_plan_is_good),  cmocka_unit_test(the_frame_is_looked_at),
		cmocka_unit_test(tables_are_looked_at),  cmocka_unit_test(steps_fit_their_rows),
		cmocka_unit_test(steps_fit_one_another), cmocka_unit_test(spoilt_bytes_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
