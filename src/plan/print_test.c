/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Plans in words: the text form, the JSON form, sentences and hints; and that the op table is
 * complete.
 */

#include "plan/print.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "plan/plan_fixture.h"
#include "plan/print_value.h"

static const char expected_text[] =
	"plan, format 1\n"
	"flags             console\n"
	"namespaces        mnt, pid, net\n"
	"terminals         1\n"
	"signal to halt    SIGPWR\n"
	"devices           [\"deny all\", \"allow c 1:3 rwm\", \"allow b 8:* r\"]\n"
	"hook environment  [\"LXC_NAME=c1\"]\n"
	"hierarchies       v2 /sys/fs/cgroup [cpu,memory]\n"
	"registers         fd     init-pidfd = init-pidfd\n"
	"                  number init-pid = init-pid\n"
	"                  name   cgroup\n"
	"                  fd     tree\n"
	"                  name   veth0\n"
	"                  fd     tty1 = tty-first\n"
	"overlays          lxc.net.0.veth.pair = {veth0}\n"
	"\n"
	"START\n"
	"  1 host state                STARTING                 state=STARTING\n"
	"  2 host cgroup-create        lxc.payload.c1           path=\"lxc.payload.c1\""
	" flags=payload -> cgroup\n"
	"  3 host cgroup-devices       lxc.payload.c1           hierarchy=/sys/fs/cgroup"
	" rules=[\"deny all\", \"allow c 1:3 rwm\", \"allow b 8:* r\"] <- cgroup (config:9)\n"
	"  4 host clone                c1                       pid=init-pid"
	" namespaces=mnt|pid|net -> init-pidfd\n"
	"  5 host veth-create          vethXXXXXX               name=\"vethXXXXXX\" peer=\"eth0\""
	" mac=02:2a:04:03:02:01 queues=2:3 -> veth0 (config:4)\n"
	"  6 both gate                 ids                      gate=ids first=tty1 count=1\n"
	"  7 init tree-open            /data on mnt             path=\"/data\" recursive -> tree"
	" OPTIONAL (config:31 lxc.mount.entry)\n"
	"  8 init tree-attach          /data on mnt             path=\"mnt\" <- tree"
	" OPTIONAL (config:31 lxc.mount.entry)\n"
	"  9 init groups               4 27                     groups=[4, 27]\n"
	" 10 init seccomp              common.seccomp           program=<2 instructions, "
	"2819823b50b3c825>\n"
	" 11 init address-add          10.0.3.2/24              link=\"eth0\" address=10.0.3.2"
	" prefix=24\n"
	" 12 init exec                 /sbin/init               argv=[\"/sbin/init\","
	" \"say \\\"hi\\\"\"] environment=[\"container=lxc\", \"VETH={veth0}\"]\n"
	"\n"
	"STOP\n"
	"  1 host kill                 init\n"
	"  2 host link-delete          vethXXXXXX               <- veth0\n"
	"  3 host cgroup-remove        lxc.payload.c1           kill <- cgroup\n"
	"\n"
	"UNDO\n"
	"  1 host kill                 init\n"
	"  2 host link-delete          vethXXXXXX               <- veth0\n"
	"  3 host cgroup-remove        lxc.payload.c1           kill <- cgroup\n";

static void the_text_form(void **state)
{
	autostr bytes = {}, out = {};
	const struct plan *p = fixture_plan(&bytes);

	(void)state;
	plan_print_text(p, &out);
	assert_string_equal(str_text(&out), expected_text);
}

static void the_json_form(void **state)
{
	autostr bytes = {}, out = {};
	const struct plan *p = fixture_plan(&bytes);
	struct json j;

	(void)state;
	json_init(&j, &out, 0);
	plan_print_json(p, &j);
	json_finish(&j);
	assert_non_null(strstr(str_text(&out), "\"namespaces\":[\"mnt\",\"pid\",\"net\"]"));
	assert_non_null(strstr(str_text(&out),
			       "{\"step\":7,\"lane\":\"init\",\"op\":\"tree-open\",\"object\":"
			       "\"/data on mnt\",\"arguments\":{\"path\":\"/data\",\"recursive\":"
			       "true},\"out\":\"tree\",\"optional\":true,\"live\":false,\"warn\":"
			       "false,\"late\":false,\"owed\":false,\"network\":false,"
			       "\"origin\":\"config:31 lxc.mount.entry\"}"));
	assert_non_null(strstr(str_text(&out), "\"VETH={veth0}\""));
	assert_non_null(strstr(str_text(&out), "\"groups\":[4,27]"));
	assert_non_null(strstr(str_text(&out), "\"roles\":{\"init-pid\":\"init-pid\","));
}

static void sentences(void **state)
{
	autostr bytes = {};
	struct plan *p = fixture_plan(&bytes);
	struct plan_step step = plan_steps(p, SECTION_START)[FIXTURE_OPEN_AT];
	char sentence[64];

	(void)state;
	plan_print_sentence(p, &step, sentence, sizeof(sentence));
	assert_string_equal(sentence, "bind /data on mnt");
	plan_print_sentence(p, &step, sentence, 16);
	assert_string_equal(sentence, "bind /data o…");
	step.op = OP_PIVOT;
	plan_print_sentence(p, &step, sentence, 30);
	assert_string_equal(sentence, "make /data on mnt the root");
	step.object = 0;
	plan_print_sentence(p, &step, sentence, sizeof(sentence));
	assert_string_equal(sentence, "make the root");
	step.op = OP_SECCOMP;
	plan_print_sentence(p, &step, sentence, sizeof(sentence));
	assert_string_equal(sentence, "load the system call filter");
	step.op = OP_COUNT;
	plan_print_sentence(p, &step, sentence, sizeof(sentence));
	assert_string_equal(sentence, "do nothing");
}

static void hints(void **state)
{
	struct plan_step step = {.op = OP_TREE_OPEN};

	(void)state;
	assert_string_equal(plan_hint_for(&step, ENOENT),
			    "the source does not exist on the host; add \"optional\" to skip it");
	assert_int_equal(plan_error_for(&step, ENOENT), ERR_MOUNT_SOURCE_MISSING);
	assert_null(plan_hint_for(&step, EXDEV));
	assert_int_equal(plan_error_for(&step, EXDEV), ERR_MOUNT_FAILED);
	step.op = OP_IDMAP_HELPERS;
	assert_non_null(strstr(plan_hint_for(&step, 0), "/etc/subuid"));
	step.op = OP_NO_NEW_PRIVS;
	assert_int_equal(plan_error_for(&step, EINVAL), ERR_STEP_FAILED);
	step.op = OP_COUNT;
	assert_null(plan_hint_for(&step, EPERM));
}

static void every_op_has_its_row(void **state)
{
	(void)state;
	for (unsigned op = 0; op < OP_COUNT; op++) {
		const struct plan_op_row *row = &plan_op_rows[op];
		const struct plan_op_row *undo = &plan_op_rows[row->undo];

		assert_non_null(row->name);
		assert_true(row->lane < LANE_COUNT);
		assert_non_null(row->sentence);
		assert_int_not_equal(row->error, ERR_NONE);
		/* What is undone is undone by HOST, and by what this op made. */
		assert_true(row->undo == OP_NONE || undo->lane == LANE_HOST);
		if (row->undo != OP_NONE && undo->in == REGISTER_REQUIRED) {
			if (row->out == REGISTER_UNUSED)
				fail_msg("%s makes nothing that %s could take", row->name,
					 undo->name);
			assert_int_equal(row->out_kind, undo->in_kind);
		}
		for (unsigned i = 1; i < PLAN_ARGUMENTS; i++)
			assert_true(row->arguments[i - 1].name || !row->arguments[i].name);
		for (unsigned other = 0; other < op; other++)
			assert_string_not_equal(row->name, plan_op_rows[other].name);
		for (const struct plan_hint *hint = row->hints; hint && hint->errnum; hint++)
			assert_true(hint->text && hint->text[0] && hint->errnum >= -1);
	}
	for (unsigned lane = 0; lane < LANE_COUNT; lane++)
		assert_non_null(plan_lane_name(lane));
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		assert_non_null(plan_role_name(role));
	for (unsigned gate = 0; gate < GATE_COUNT; gate++)
		assert_non_null(plan_gate_name(gate));
	assert_null(plan_gate_name(GATE_COUNT));
}

static void value_is(unsigned form, uint64_t value, const char *expected)
{
	const struct plan_argument argument = {
		.name = "x", .kind = ARGUMENT_NUMBER, .form = (uint8_t)form};
	autostr bytes = {}, out = {};

	plan_print_value(fixture_plan(&bytes), &argument, value, &out);
	assert_string_equal(str_text(&out), expected);
}

static void numbers_by_their_forms(void **state)
{
	(void)state;
	value_is(FORM_OCTAL, 0755, "0755");
	value_is(FORM_OCTAL, 0, "0");
	value_is(FORM_COUNT, 0, "");
	value_is(FORM_COUNT, 3, "3");
	value_is(FORM_CLONE, 0, "");
	value_is(FORM_MOUNT, 0x07, "ro|nosuid|nodev");
	value_is(FORM_MOUNT, 0x71, "ro|atime");
	value_is(FORM_MOUNT, 0x1000010, "noatime|0x1000000");
	value_is(FORM_PROPAGATION, (1 << 19) | (1 << 14), "slave|rec");
	value_is(FORM_SIGNAL, 15, "SIGTERM");
	value_is(FORM_SIGNAL, 63, "63");
	value_is(FORM_DEVICE, 0x8801, "136:1");
	value_is(FORM_CAPS, 0, "none");
	value_is(FORM_CAPS, UINT64_MAX, "all");
	value_is(FORM_CAPS, 3, "chown|dac_override");
	value_is(FORM_CAPS, ~UINT64_C(1), "all-but:chown");
	value_is(FORM_RLIMIT, UINT64_MAX, "unlimited");
	value_is(FORM_ID, UINT32_MAX, "none");
	value_is(FORM_RESOURCE, 7, "nofile");
	value_is(FORM_FAMILY, 10, "inet6");
	value_is(FORM_STREAMS, 5, "stdin|stderr");
	value_is(FORM_SECCOMP, 8, "new-listener");
	value_is(FORM_CLONE_KIND, 1, "join");
	value_is(FORM_HEX, 8, "0x8");
	value_is(FORM_HIERARCHY, 5, "5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_text_form),
		cmocka_unit_test(the_json_form),
		cmocka_unit_test(sentences),
		cmocka_unit_test(hints),
		cmocka_unit_test(every_op_has_its_row),
		cmocka_unit_test(numbers_by_their_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
