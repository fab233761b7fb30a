/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Interfaces of the host's that a container has for a while: taken, and given back from wherever a
 * crash has left them. As root, in namespaces of the test's own.
 */

#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "run/host_net_seek.h"
#include "run/run_fixture.h"
#include "sys/link.h"
#include "sys/namespace.h"

enum { R_PHYS, PATH_AT = FIXTURE_NAME_AT + 64 };

static char directory[64];
static struct netlink here;
static const uint8_t mac[LINK_MAC_LENGTH] = {2, 1, 2, 3, 4, 5};

static int prepare(void **state)
{
	snprintf(directory, sizeof(directory), "/tmp/tare-net-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	if (geteuid() != 0)
		return 0;
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -1;
	return netlink_open(&here);
}

static int clean_up(void **state)
{
	netlink_close(&here);
	return rmdir(directory);
}

/* The interface, a plan that takes and returns it, and an init. */
static void begin(struct fixture *f)
{
	static const char *const others[] = {"uplink", NULL};
	const struct link_veth veth = {.name = "phys0", .peer_ns_fd = -1, .mac = mac};
	const struct link_change alias = {.alias = "mine"};
	const struct process_clone how = {
		.flags = CLONE_NEWNET, .cgroup_fd = -1, .exit_signal = SIGCHLD};
	struct plan_step *step;
	uint32_t index, link, name, text, list;

	if (geteuid() != 0) {
		print_message("# these ops need root\n");
		skip();
	}
	assert_int_equal(link_create_veth(&here, &veth, &index), 0);
	assert_int_equal(link_change(&here, index, &alias), 0);
	assert_int_equal(link_add_altname(&here, index, "uplink"), 0);
	fixture_begin(f);
	plan_build_register(&f->b, REGISTER_NAME, "phys");
	link = fixture_text(f, "phys0");
	name = fixture_text(f, "eth0");
	text = fixture_text(f, "mine");
	list = plan_build_list(&f->b, others);
	fixture_step(f, SECTION_START, OP_NETNS_PIN, "c1");
	step = fixture_step(f, SECTION_START, OP_PHYS_TAKE, "phys0");
	step->out = R_PHYS;
	step->arg[0] = link;
	step->arg[1] = name;
	step->arg[2] = index;
	step->arg[3] = 1400;
	step = fixture_step(f, SECTION_UNDO, OP_PHYS_RETURN, "phys0");
	step->flags = STEP_OWED;
	step->in = R_PHYS;
	step->arg[0] = link;
	step->arg[1] = index;
	step->arg[2] = 1500;
	for (size_t i = 0; i < sizeof(mac); i++)
		step->arg[3] |= (uint64_t)mac[i] << 8 * i;
	step->arg[4] = text;
	step->arg[5] = list;
	fixture_step(f, SECTION_UNDO, OP_NETNS_UNPIN, "c1");
	fixture_finish(f);
	snprintf((char *)f->record + PATH_AT, 128, "%s/runs/0123/c1", directory);
	f->record->run_path = PATH_AT;
	f->run.child = process_clone(&how, &f->run.child_fd);
	if (f->run.child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		for (;;)
			pause();
	}
	assert_true(f->run.child > 0);
}

static void kill_init(struct fixture *f)
{
	int status;

	process_signal(f->run.child_fd, SIGKILL);
	assert_int_equal(process_wait(f->run.child_fd, &status), 0);
	close(take_fd(f->run.child_fd));
	f->run.child = 0;
}

static void undo(struct fixture *f)
{
	f->warnings = 0;
	assert_int_equal(run_undo(&f->run, &f->failure), 0);
	if (f->warnings > 0)
		print_message("# errno %d: %s\n", f->warning.errnum, f->warning.note);
}

static int take_name(void *context, const char *name)
{
	assert_string_equal(name, "uplink");
	return 0;
}

static uint32_t number_before(const struct fixture *f)
{
	return (uint32_t)plan_steps(f->run.plan, SECTION_START)[1].arg[2];
}

static void assert_is_back(struct fixture *f)
{
	const struct plan_step *take = &plan_steps(f->run.plan, SECTION_START)[1];
	struct link_facts facts;

	assert_int_equal(f->warnings, 0);
	assert_int_equal(link_find(&here, "phys0", 0, &facts), 0);
	assert_int_equal(facts.index, take->arg[2]);
	assert_int_equal(facts.mtu, 1500);
	assert_memory_equal(facts.mac, mac, sizeof(mac));
	assert_string_equal(facts.alias, "mine");
	assert_int_equal(link_each_altname(&here, facts.index, take_name, NULL), 1);
	/* Nothing of the pin is left. */
	assert_int_equal(link_delete(&here, facts.index), 0);
	fixture_end(f);
}

static void open_inside(struct fixture *f, struct netlink *ret)
{
	autoclose int fd = namespace_open(f->run.child, "net");

	assert_true(fd >= 0);
	assert_int_equal(netlink_open_in(fd, ret), 0);
}

static void it_comes_back_from_a_container_that_has_died(void **state)
{
	struct link_facts facts;
	struct netlink inside;
	struct fixture f;

	begin(&f);
	assert_int_equal(fixture_start(&f), 0);
	assert_int_equal(link_find(&here, "phys0", 0, &facts), -ENODEV);
	open_inside(&f, &inside);
	assert_int_equal(link_find(&inside, "eth0", 0, &facts), 0);
	assert_int_equal(facts.mtu, 1400);
	netlink_close(&inside);
	kill_init(&f);
	undo(&f);
	assert_is_back(&f);
}

static void it_comes_back_when_nobody_knew_that_it_had_arrived(void **state)
{
	struct fixture f;

	begin(&f);
	assert_int_equal(fixture_start(&f), 0);
	kill_init(&f);
	atomic_store(&fixture_register(&f, R_PHYS)->state, VALUE_INTENDED);
	undo(&f);
	assert_is_back(&f);
}

/* Killed between two requests of the way back. */
static void it_comes_back_from_half_of_the_way(void **state)
{
	struct record_register *reg;
	struct link_change change;
	struct link_facts facts;
	struct netlink inside;
	struct fixture f;
	autoclose int home = namespace_open(0, "net");

	begin(&f);
	assert_int_equal(fixture_start(&f), 0);
	reg = fixture_register(&f, R_PHYS);
	change = (struct link_change){.name = reg->name};
	open_inside(&f, &inside);
	assert_int_equal(link_find(&inside, "eth0", 0, &facts), 0);
	assert_int_equal(link_change(&inside, facts.index, &change), 0);
	assert_int_equal(link_move(&inside, facts.index, home, 0, &(struct link_change){NULL}), 0);
	netlink_close(&inside);
	kill_init(&f);
	undo(&f);
	assert_is_back(&f);
}

/* It was deleted; what the host has under its name and number is something else. */
static void a_stranger_with_its_name_or_number_is_left_alone(void **state)
{
	const struct link_change mine = {.alias = "a stranger's"};
	struct link_veth veth = {.name = "eth9", .peer_ns_fd = -1, .mtu = 1300};
	struct link_facts facts;
	struct netlink inside;
	struct fixture f;
	autoclose int home = namespace_open(0, "net");
	uint32_t index;

	begin(&f);
	assert_int_equal(fixture_start(&f), 0);
	open_inside(&f, &inside);
	assert_int_equal(link_find(&inside, "eth0", 0, &facts), 0);
	assert_int_equal(link_delete(&inside, facts.index), 0);
	assert_int_equal(link_create_veth(&inside, &veth, &index), 0);
	assert_int_equal(link_change(&inside, index, &mine), 0);
	assert_int_equal(link_move(&inside, index, home, number_before(&f),
				   &(struct link_change){.name = "phys0"}),
			 0);
	netlink_close(&inside);
	kill_init(&f);
	undo(&f);
	assert_int_equal(f.warnings, 0);
	assert_int_equal(link_find(&here, "phys0", 0, &facts), 0);
	assert_int_equal(facts.mtu, 1300);
	assert_string_equal(facts.alias, "a stranger's");
	assert_int_equal(link_delete(&here, facts.index), 0);
	fixture_end(&f);
}

/* Container root chooses numbers by taking it through a namespace of its own. */
static void it_is_found_under_another_number(void **state)
{
	struct link_veth veth = {.name = "evil", .peer_ns_fd = -1};
	struct link_facts facts;
	struct netlink inside;
	struct fixture f;
	autoclose int home = namespace_open(0, "net"), inner = -EBADF;
	uint32_t number, index;

	begin(&f);
	assert_int_equal(fixture_start(&f), 0);
	inner = namespace_open(f.run.child, "net");
	open_inside(&f, &inside);
	assert_int_equal(link_find(&inside, "eth0", 0, &facts), 0);
	number = facts.index;
	assert_int_equal(link_move(&inside, number, home, 0, &(struct link_change){NULL}), 0);
	assert_int_equal(link_find(&here, "eth0", 0, &facts), 0);
	assert_int_equal(link_move(&here, facts.index, inner, 4711,
				   &(struct link_change){.name = "lan7"}),
			 0);
	assert_int_equal(link_create_veth(&here, &veth, &index), 0);
	assert_int_equal(link_move(&here, index, inner, number, &(struct link_change){NULL}), 0);
	netlink_close(&inside);
	assert_int_equal(netlink_open_in(inner, &inside), 0);
	/* Its other end is inside, too: what container root can make. */
	assert_int_equal(link_find(&inside, "evil", 0, &facts), 0);
	assert_int_equal(facts.index, number);
	assert_int_equal(link_move(&here, facts.link, inner, 0, &(struct link_change){NULL}), 0);
	netlink_close(&inside);
	kill_init(&f);
	undo(&f);
	assert_is_back(&f);
}

static void what_was_put_in_its_place_stays(void **state)
{
	struct link_veth veth = {.name = "evil", .peer_ns_fd = -1};
	struct link_facts facts;
	struct netlink inside;
	struct fixture f;
	autoclose int inner = -EBADF;
	uint32_t number, index;

	begin(&f);
	assert_int_equal(fixture_start(&f), 0);
	inner = namespace_open(f.run.child, "net");
	open_inside(&f, &inside);
	assert_int_equal(link_find(&inside, "eth0", 0, &facts), 0);
	number = facts.index;
	assert_int_equal(link_delete(&inside, number), 0);
	assert_int_equal(link_create_veth(&here, &veth, &index), 0);
	assert_int_equal(link_find(&here, "evil", 0, &facts), 0);
	assert_int_equal(link_move(&here, index, inner, number, &(struct link_change){NULL}), 0);
	assert_int_equal(link_move(&here, facts.link, inner, 0, &(struct link_change){NULL}), 0);
	netlink_close(&inside);
	kill_init(&f);
	undo(&f);
	assert_int_equal(f.warnings, 0);
	assert_int_equal(link_find(&here, "phys0", 0, &facts), -ENODEV);
	fixture_end(&f);
}

static void it_comes_back_with_any_number_of_names(void **state)
{
	struct link_facts facts;
	struct netlink inside;
	struct fixture f;
	char name[122];

	begin(&f);
	assert_int_equal(fixture_start(&f), 0);
	open_inside(&f, &inside);
	assert_int_equal(link_find(&inside, "eth0", 0, &facts), 0);
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "%0120d", i);
		assert_int_equal(link_add_altname(&inside, facts.index, name), 0);
	}
	/* The name that it is to have, and one that is taken on the host. */
	assert_int_equal(link_add_altname(&inside, facts.index, "phys0"), 0);
	assert_int_equal(link_change(&inside, 1, &(struct link_change){.name = "lo7"}), 0);
	assert_int_equal(link_add_altname(&inside, facts.index, "lo"), 0);
	netlink_close(&inside);
	kill_init(&f);
	undo(&f);
	assert_is_back(&f);
}

static void it_comes_back_when_it_had_not_left_yet(void **state)
{
	struct phys_note note = {.way = "physABCDEF", .inside = "eth0"};
	struct record_register *reg;
	struct link_facts facts;
	struct fixture f;

	begin(&f);
	reg = fixture_register(&f, R_PHYS);
	assert_int_equal(link_find(&here, "phys0", 0, &facts), 0);
	note.identity = facts.identity;
	note.usage = facts.usage;
	memcpy(reg->name, &note, sizeof(note));
	atomic_store(&reg->state, VALUE_INTENDED);
	assert_int_equal(link_delete_altname(
				 &here, (uint32_t)plan_steps(f.run.plan, SECTION_START)[1].arg[2],
				 "uplink"),
			 0);
	kill_init(&f);
	undo(&f);
	assert_is_back(&f);
}

/* Container root has put something of its own in its place. */
static void what_is_another_kind_stays_where_it_is(void **state)
{
	struct record_register *reg;
	struct link_facts facts;
	struct fixture f;

	begin(&f);
	assert_int_equal(fixture_start(&f), 0);
	kill_init(&f);
	reg = fixture_register(&f, R_PHYS);
	memcpy(reg->name + offsetof(struct phys_note, identity), "dummy", 6);
	undo(&f);
	assert_int_equal(f.warnings, 0);
	assert_int_equal(link_find(&here, "phys0", 0, &facts), -ENODEV);
	fixture_end(&f);
}

static void a_namespace_with_something_inside_is_not_let_go(void **state)
{
	const struct link_veth other = {.name = "phys0", .peer_ns_fd = -1};
	struct fixture f;
	uint32_t index;

	begin(&f);
	assert_int_equal(fixture_start(&f), 0);
	kill_init(&f);
	assert_int_equal(link_create_veth(&here, &other, &index), 0);
	undo(&f);
	assert_int_equal(f.warnings, 2);
	assert_int_equal(f.warning.errnum, EBUSY);
	assert_int_equal(link_delete(&here, index), 0);
	undo(&f);
	assert_is_back(&f);
}

static void one_that_has_another_number_now_is_not_taken(void **state)
{
	struct plan_step *take;
	struct link_facts facts;
	struct fixture f;

	begin(&f);
	take = (struct plan_step *)plan_steps(f.run.plan, SECTION_START) + 1;
	take->arg[2]++;
	assert_int_equal(fixture_start(&f), -ENODEV);
	take->arg[2]--;
	kill_init(&f);
	undo(&f);
	assert_int_equal(link_find(&here, "phys0", 0, &facts), 0);
	assert_is_back(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_comes_back_from_a_container_that_has_died),
		cmocka_unit_test(it_comes_back_when_nobody_knew_that_it_had_arrived),
		cmocka_unit_test(it_comes_back_from_half_of_the_way),
		cmocka_unit_test(a_stranger_with_its_name_or_number_is_left_alone),
		cmocka_unit_test(it_is_found_under_another_number),
		cmocka_unit_test(what_was_put_in_its_place_stays),
		cmocka_unit_test(it_comes_back_with_any_number_of_names),
		cmocka_unit_test(it_comes_back_when_it_had_not_left_yet),
		cmocka_unit_test(what_is_another_kind_stays_where_it_is),
		cmocka_unit_test(a_namespace_with_something_inside_is_not_let_go),
		cmocka_unit_test(one_that_has_another_number_now_is_not_taken),
	};

	return cmocka_run_group_tests_name("host-net", tests, prepare, clean_up);
}
