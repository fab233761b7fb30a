/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc-usernet: the grammar, what is noted about lines that are not used, and whom a rule is about.
 */

#include "config/usernet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void note_line(void *data, uint32_t line, const char *text)
{
	str_addf(data, "%u: %s\n", line, text);
}

static void assert_file(const char *text, size_t len, const char *rules, const char *notes)
{
	struct usernet usernet = {0};
	autostr printed = {0};
	autostr noted = {0};

	assert_int_equal(usernet_parse(text, len, note_line, &noted, &usernet, NULL), 0);
	for (size_t i = 0; i < usernet.rules.count; i++) {
		str_addf(&printed, "%u: ", usernet.rules.items[i].line);
		usernet_rule_print(&usernet.rules.items[i], &printed);
		str_add_char(&printed, '\n');
	}
	assert_string_equal(str_text(&printed), rules);
	assert_string_equal(str_text(&noted), notes);
	usernet_finish(&usernet);
}

static void rules_in_order(void **state)
{
	static const char text[] = "root veth lxcbr0 10\n"
				   "\n"
				   "@lxc-users\tveth  br0 2\n"
				   "  bob veth none 0  \n"
				   "bob veth lxcbr0 4294967295";

	(void)state;
	assert_file(text, strlen(text),
		    "1: root veth lxcbr0 10\n3: @lxc-users veth br0 2\n4: bob veth none 0\n"
		    "5: bob veth lxcbr0 4294967295\n",
		    "");
	assert_file("", 0, "", "");
}

static void comments_are_skipped_quietly(void **state)
{
	static const char text[] = "# USERNAME TYPE BRIDGE COUNT\n"
				   "#\n"
				   "   # bob veth lxcbr0 3\r\n"
				   "bob veth lxcbr0 3\r\n";

	(void)state;
	assert_file(text, strlen(text), "4: bob veth lxcbr0 3\n", "");
}

static void unusable_lines_are_noted(void **state)
{
	static const char text[] = "bob\n"
				   "bob veth\n"
				   "bob veth lxcbr0\n"
				   "bob veth lxcbr0 ten\n"
				   "bob veth lxcbr0 -1\n"
				   "bob veth lxcbr0 0x10\n"
				   "bob veth lxcbr0 4294967296\n"
				   "@ veth lxcbr0 1\n"
				   "bob macvlan eth0 1\n"
				   "bob veth lxcbr0 1 # one\n";

	(void)state;
	assert_file(text, strlen(text), "9: bob macvlan eth0 1\n10: bob veth lxcbr0 1\n",
		    "1: the type is missing; the line is ignored\n"
		    "2: the bridge is missing; the line is ignored\n"
		    "3: the number is missing; the line is ignored\n"
		    "4: the number is no decimal number below 4294967296; the line is ignored\n"
		    "5: the number is no decimal number below 4294967296; the line is ignored\n"
		    "6: the number is no decimal number below 4294967296; the line is ignored\n"
		    "7: the number is no decimal number below 4294967296; the line is ignored\n"
		    "8: the group has no name; the line is ignored\n"
		    "9: the type is not veth: nobody can use this rule\n"
		    "10: what follows the number is ignored\n");
}

static void fields_have_99_bytes_at_most(void **state)
{
	autostr text = {0};
	autostr rules = {0};
	char name[101];

	(void)state;
	memset(name, 'n', 100);
	name[100] = '\0';
	str_addf(&text, "%s veth br0 1\nbob veth %s 1\n%.99s veth %.99s 1\n", name, name, name,
		 name);
	str_addf(&rules, "3: %.99s veth %.99s 1\n", name, name);
	assert_file(str_text(&text), text.len, str_text(&rules),
		    "1: the name is longer than 99 bytes; the line is ignored\n"
		    "2: the bridge is longer than 99 bytes; the line is ignored\n");
}

static void zero_bytes_hide_nothing(void **state)
{
	static const char text[] = "bo\0b veth lxcbr0 1\nbob veth lxcbr0 1\0\nbob veth br0 2\n";

	(void)state;
	assert_file(text, sizeof(text) - 1, "3: bob veth br0 2\n",
		    "1: the name holds a zero byte; the line is ignored\n"
		    "2: the number holds a zero byte; the line is ignored\n");
}

static void notes_are_optional(void **state)
{
	struct usernet usernet = {0};

	(void)state;
	assert_int_equal(usernet_parse("bob\n", 4, NULL, NULL, &usernet, NULL), 0);
	assert_int_equal(usernet.rules.count, 0);
	usernet_finish(&usernet);
}

static void rules_match_users_and_groups(void **state)
{
	const struct usernet_rule user = {.name = "bob"};
	const struct usernet_rule group = {.name = "lxc", .is_group = true};
	const char *const groups[] = {"bob", "lxc"};

	(void)state;
	assert_true(usernet_rule_matches(&user, "bob", NULL, 0));
	assert_false(usernet_rule_matches(&user, "bobby", groups, 2));
	assert_false(usernet_rule_matches(&user, NULL, groups, 2));
	assert_true(usernet_rule_matches(&group, NULL, groups, 2));
	assert_false(usernet_rule_matches(&group, "lxc", groups, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_in_order),
		cmocka_unit_test(comments_are_skipped_quietly),
		cmocka_unit_test(unusable_lines_are_noted),
		cmocka_unit_test(fields_have_99_bytes_at_most),
		cmocka_unit_test(zero_bytes_hide_nothing),
		cmocka_unit_test(notes_are_optional),
		cmocka_unit_test(rules_match_users_and_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
