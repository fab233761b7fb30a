/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records that are damaged, items, references in texts, and messages on gates.
 */

#include "run/record.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "run/gate.h"
#include "run/run_fixture.h"
#include "run/text.h"
#include "sys/kernel.h"

enum { ITEMS_AT = 60000, ARGV_AT = 61000 };

/* A key whose value is what this run has made, or a text. */
static void add_overlay(struct fixture *f, const char *key, uint16_t number, const char *value)
{
	struct plan_overlay *overlay = vec_push(&f->b.overlays);

	assert_non_null(overlay);
	*overlay = (struct plan_overlay){.key = fixture_text(f, key), .register_number = number};
	if (value)
		overlay->value = fixture_text(f, value);
}

static void add_items(struct record_header *record)
{
	static const struct {
		uint32_t count, unused;
		struct record_item rows[3];
		char text[64];
	} items = {
		.count = 3,
		.rows = {{32, 42}, {36, 44}, {39, 48}},
		.text = "a.b\0bb\0cc\0"
			"1\0two\0three",
	};

	memcpy((char *)record + ITEMS_AT, &items, sizeof(items));
	record->items = (struct record_part){ITEMS_AT, sizeof(items)};
}

static void make_record(struct fixture *f)
{
	struct record_header *record;

	fixture_begin(f);
	plan_build_register(&f->b, REGISTER_NUMBER, "pid");
	fixture_step(f, SECTION_START, OP_STATE, "STARTING")->arg[0] = STATE_STARTING;
	fixture_finish(f);
	record = f->record;
	add_items(record);
	memcpy((char *)record + ARGV_AT, "\2\0\0\0one\0two", 12);
	record->argv = ARGV_AT;
}

static void a_good_record_passes(void **state)
{
	struct fixture f;

	make_record(&f);
	assert_null(record_check(f.record, FIXTURE_RECORD));
	f.record->plan.size = 0;
	assert_null(record_check(f.record, FIXTURE_RECORD));
	fixture_end(&f);
}

static void damaged_records_are_refused(void **state)
{
	struct fixture f;
	struct record_header good;

	make_record(&f);
	good = *f.record;
	assert_non_null(record_check(f.record, RECORD_PARTS_AT - 1));
	/* The plan lies behind what there is. */
	assert_non_null(record_check(f.record, FIXTURE_PLAN_AT));
#define REFUSED(change)                                                  \
	do {                                                             \
		change;                                                  \
		assert_non_null(record_check(f.record, FIXTURE_RECORD)); \
		*f.record = good;                                        \
	} while (0)
	REFUSED(f.record->magic[0] = 'X');
	REFUSED(f.record->format++);
	REFUSED(f.record->program++);
	REFUSED(f.record->name = 5);
	REFUSED(f.record->helper = FIXTURE_RECORD);
	REFUSED(f.record->helper = UINT32_MAX);
	REFUSED(f.record->argv = FIXTURE_RECORD - 2);
	REFUSED(f.record->argv = ARGV_AT + 1);
	REFUSED(f.record->plan.size = UINT32_MAX);
	REFUSED(f.record->plan.offset += 4);
	REFUSED(f.record->plan.size -= 8);
	REFUSED(f.record->prelude = ((struct record_part){ITEMS_AT, 64}));
	REFUSED(f.record->trace.offset = UINT32_MAX - 7);
	REFUSED(f.record->items.size = 20);
	REFUSED(f.record->items.offset = 16);
#undef REFUSED
	/* A list that has no end. */
	memset((char *)f.record + ARGV_AT, 0xff, sizeof(uint32_t));
	assert_non_null(record_check(f.record, FIXTURE_RECORD));
	fixture_end(&f);
}

static void those_that_have_ended_have_a_place(void **state)
{
	static const char expected[] = "/run/lxc/runs/0123/.ended/c.1.4711";
	char path[sizeof(expected)] = "as it was";
	struct fixture f;

	make_record(&f);
	f.record->supervisor_pid = 4711;
	assert_int_equal(record_ended_path(f.record, path, sizeof(path)), -EINVAL);
	f.record->run_path = ITEMS_AT;
	memcpy((char *)f.record + ITEMS_AT, "/run/lxc/runs/0123/c.1", 23);
	assert_int_equal(record_ended_path(f.record, path, sizeof(path) - 1), -ENAMETOOLONG);
	assert_string_equal(path, "as it was");
	assert_int_equal(record_ended_path(f.record, path, sizeof(path)), 0);
	assert_string_equal(path, expected);
	fixture_end(&f);
}

/* What a reader has looked at stays, and what lies behind its mapping isn't there for it. */
static void a_plan_is_replaced_under_its_readers(void **state)
{
	const uint32_t next_at = FIXTURE_PLAN_AT + 65536;
	const struct plan *first, *second;
	struct fixture f;
	uint32_t size;

	make_record(&f);
	size = f.record->plan.size;
	first = record_look_at_plan(f.record, FIXTURE_RECORD);
	assert_ptr_equal(first, record_plan(f.record));
	assert_null(record_look_at_plan(f.record, FIXTURE_PLAN_AT + size - 1));
	memcpy((char *)f.record + next_at, first, size);
	record_publish_plan(f.record, next_at, size);
	second = record_look_at_plan(f.record, FIXTURE_RECORD);
	assert_ptr_equal(second, (const char *)f.record + next_at);
	assert_null(record_look_at_plan(f.record, next_at));
	/* While the next one is being made; and one that nobody should look at. */
	f.record->plan.size = 0;
	assert_null(record_look_at_plan(f.record, FIXTURE_RECORD));
	record_publish_plan(f.record, next_at + 8, size);
	assert_null(record_look_at_plan(f.record, FIXTURE_RECORD));
	fixture_end(&f);
}

static void items_are_found(void **state)
{
	struct fixture f;

	make_record(&f);
	assert_string_equal(record_find_item(f.record, "a.b"), "1");
	assert_string_equal(record_find_item(f.record, "bb"), "two");
	assert_string_equal(record_find_item(f.record, "cc"), "three");
	assert_null(record_find_item(f.record, "a"));
	assert_null(record_find_item(f.record, "b"));
	assert_null(record_find_item(f.record, "zz"));
	f.record->items.size = 0;
	assert_null(record_find_item(f.record, "bb"));
	fixture_end(&f);
}

static void what_a_run_has_takes_the_place_of_items(void **state)
{
	struct record_register *pair, *index;
	char room[RECORD_NUMBER_MAX];
	struct fixture f;
	uint16_t name, number;

	fixture_begin(&f);
	name = plan_build_register(&f.b, REGISTER_NAME, "veth0");
	number = plan_build_register(&f.b, REGISTER_NUMBER, "index");
	add_overlay(&f, "a.b", PLAN_NO_REGISTER, "fixed");
	add_overlay(&f, "bb", name, NULL);
	add_overlay(&f, "cc", number, NULL);
	fixture_finish(&f);
	add_items(f.record);
	assert_null(record_check(f.record, FIXTURE_RECORD));
	pair = fixture_register(&f, name);
	index = fixture_register(&f, number);

	assert_string_equal(record_find_running_item(f.record, f.run.plan, "a.b", room), "fixed");
	assert_string_equal(record_find_running_item(f.record, NULL, "a.b", room), "1");
	assert_string_equal(record_find_running_item(f.record, f.run.plan, "bb", room), "two");
	assert_string_equal(record_find_running_item(f.record, f.run.plan, "cc", room), "three");
	assert_null(record_find_running_item(f.record, f.run.plan, "zz", room));
	memcpy(pair->name, "vethX", 6);
	pair->state = VALUE_SET;
	index->number = UINT64_MAX;
	index->state = VALUE_SET;
	assert_string_equal(record_find_running_item(f.record, f.run.plan, "bb", room), "vethX");
	assert_string_equal(record_find_running_item(f.record, f.run.plan, "cc", room),
			    "18446744073709551615");
	/* Another process's record: no end, no text. */
	memset(pair->name, 'x', sizeof(pair->name));
	assert_string_equal(record_find_running_item(f.record, f.run.plan, "bb", room), "two");
	fixture_end(&f);
}

static void references_are_replaced(void **state)
{
	struct str text = {0};
	struct fixture f;
	char out[64], expected[64];
	uint16_t name, number, fd;

	fixture_begin(&f);
	name = plan_build_register(&f.b, REGISTER_NAME, "name");
	number = plan_build_register(&f.b, REGISTER_NUMBER, "number");
	for (unsigned i = 2; i < 150; i++)
		fd = plan_build_register(&f.b, REGISTER_FD, "fd");
	fixture_finish(&f);
	str_add(&text, "<");
	plan_add_reference(&text, name);
	str_add(&text, "|");
	plan_add_reference(&text, number);
	str_add(&text, "|");
	plan_add_reference(&text, fd);
	str_add(&text, ">");
	assert_true(text_has_references(str_text(&text)));
	assert_false(text_has_references("plain"));
	assert_int_equal(text_expand(f.run.plan, f.record, str_text(&text), out, sizeof(out)),
			 -ENODATA);
	memcpy(fixture_register(&f, name)->name, "veth0", 6);
	fixture_register(&f, name)->state = VALUE_SET;
	fixture_register(&f, number)->number = UINT64_MAX;
	fixture_register(&f, number)->state = VALUE_SET;
	fixture_register(&f, fd)->fd = 0;
	fixture_register(&f, fd)->state = VALUE_SET;
	f.record->supervisor_pid = 42;
	snprintf(expected, sizeof(expected), "<veth0|18446744073709551615|/proc/42/fd/0>");
	assert_int_equal(text_expand(f.run.plan, f.record, str_text(&text), out, sizeof(out)),
			 strlen(expected));
	assert_string_equal(out, expected);
	/* Room for it all, or nothing. */
	assert_int_equal(text_expand(f.run.plan, f.record, str_text(&text), out, strlen(expected)),
			 -ENAMETOOLONG);
	assert_int_equal(text_expand(f.run.plan, f.record, "\x01\x02\x7f", out, sizeof(out)),
			 -EINVAL);
	assert_int_equal(text_expand(f.run.plan, f.record, "cut\x01\x02", out, sizeof(out)),
			 -EINVAL);
	fixture_register(&f, fd)->state = VALUE_EMPTY;
	str_finish(&text);
	fixture_end(&f);
}

static void messages_carry_descriptors(void **state)
{
	struct gate_message message = {.kind = MESSAGE_ARRIVED, .step = 7}, got;
	struct gate_fds fds = {.count = GATE_FDS_MAX}, received;
	struct stat st;
	int ends[2];

	assert_int_equal(gate_open(ends), 0);
	for (unsigned i = 0; i < GATE_FDS_MAX; i++)
		fds.fds[i] = ends[0];
	gate_mark(&message, 0);
	gate_mark(&message, 9);
	assert_int_equal(gate_send(ends[1], &message, &fds), 0);
	assert_int_equal(gate_receive(ends[0], &got, &received), 1);
	assert_int_equal(got.step, 7);
	assert_true(gate_is_marked(&got, 0) && gate_is_marked(&got, 9));
	assert_false(gate_is_marked(&got, 1) || gate_is_marked(&got, 8));
	assert_int_equal(received.count, GATE_FDS_MAX);
	for (unsigned i = 0; i < GATE_FDS_MAX; i++) {
		assert_int_equal(fstat(received.fds[i], &st), 0);
		assert_true(fcntl(received.fds[i], F_GETFD) & FD_CLOEXEC);
		close(received.fds[i]);
	}
	fds.count = GATE_FDS_MAX + 1;
	assert_int_equal(gate_send(ends[1], &message, &fds), -EINVAL);

	/* What is no message of ours, with a descriptor that must not stay open. */
	assert_int_equal(write(ends[1], "short", 5), 5);
	assert_int_equal(gate_receive(ends[0], &got, &received), -EPROTO);
	assert_int_equal(received.count, 0);
	close(ends[1]);
	assert_int_equal(gate_receive(ends[0], &got, &received), 0);
	assert_int_equal(gate_send(ends[0], &message, NULL), -EPIPE);
	close(ends[0]);
}

/* INIT may end with HOST's permission to pass unread. */
static void last_words_survive_what_was_not_read(void **state)
{
	const struct gate_message pass = {.kind = MESSAGE_PASS, .step = 3};
	const struct gate_message last = {.kind = MESSAGE_FAILED, .step = 2, .errnum = EXDEV};
	struct gate_fds fds = {};
	struct gate_message got;
	int ends[2];

	assert_int_equal(gate_open(ends), 0);
	assert_int_equal(gate_send(ends[0], &pass, NULL), 0);
	assert_int_equal(gate_send(ends[1], &last, NULL), 0);
	close(ends[1]);
	assert_int_equal(gate_receive(ends[0], &got, &fds), 1);
	assert_int_equal(got.kind, MESSAGE_FAILED);
	assert_int_equal(got.errnum, EXDEV);
	assert_int_equal(gate_receive(ends[0], &got, &fds), 0);
	close(ends[0]);
}

static void calls_have_names(void **state)
{
	assert_string_equal(run_call_name(__NR_open_tree), "open_tree");
	assert_string_equal(run_call_name(__NR_clone3), "clone3");
	assert_null(run_call_name(0));
	assert_null(run_call_name(999999));
}

static void failures_without_a_step_are_reported(void **state)
{
	struct run_failure failure = {
		.section = SECTION_START, .step = UINT32_MAX, .errnum = EMFILE, .call = 999999};
	struct str text = {0};
	struct fixture f;
	struct err e;

	make_record(&f);
	run_report(f.run.plan, &failure, "cannot start the container", &e);
	err_render_text(&e, &text);
	assert_string_equal(
		str_text(&text),
		"cannot start the container\n  system call 999999: Too many open files");
	str_finish(&text);
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_record_passes),
		cmocka_unit_test(damaged_records_are_refused),
		cmocka_unit_test(those_that_have_ended_have_a_place),
		cmocka_unit_test(a_plan_is_replaced_under_its_readers),
		cmocka_unit_test(items_are_found),
		cmocka_unit_test(what_a_run_has_takes_the_place_of_items),
		cmocka_unit_test(references_are_replaced),
		cmocka_unit_test(messages_carry_descriptors),
		cmocka_unit_test(last_words_survive_what_was_not_read),
		cmocka_unit_test(calls_have_names),
		cmocka_unit_test(failures_without_a_step_are_reported),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
