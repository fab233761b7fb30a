/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What lxc-user-nic says, good and bad.
 */

#include "run/user_nic_line.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"

static void a_good_line_is_taken(void **state)
{
	static const char text[] = "eth0:731:veth54321_9MT2:730\n";
	struct user_nic_made made;

	assert_int_equal(user_nic_line_parse(text, strlen(text), &made), 0);
	assert_string_equal(made.inside, "eth0");
	assert_int_equal(made.inside_index, 731);
	assert_string_equal(made.host, "veth54321_9MT2");
	assert_int_equal(made.host_index, 730);
}

static void bad_lines_are_refused(void **state)
{
	static const char *const lines[] = {
		"",
		"\n",
		"eth0:1:veth0:2",
		"eth0:1:veth0:2\n\n",
		"x\neth0:1:veth0:2\n",
		"eth0:1:veth0:2\nx",
		":1:veth0:2\n",
		"eth0::veth0:2\n",
		"eth0:1::2\n",
		"eth0:1:veth0:\n",
		"eth0:0:veth0:2\n",
		"eth0:1:veth0:0\n",
		"eth0:-1:veth0:2\n",
		"eth0:1x:veth0:2\n",
		"eth0:2147483648:veth0:2\n",
		"eth0:99999999999999999999999:veth0:2\n",
		"1234567890123456:1:veth0:2\n",
		"eth0:1:1234567890123456:2\n",
		"et h:1:veth0:2\n",
		"et\x1b:1:veth0:2\n",
		"et\xc3\xa9:1:veth0:2\n",
		"a/b:1:veth0:2\n",
		"..:1:veth0:2\n",
		"eth0:1:.:2\n",
		"eth0:1:veth0:2:3\n",
	};
	struct user_nic_made made;

	for (size_t i = 0; i < ARRAY_LENGTH(lines); i++)
		assert_int_equal(user_nic_line_parse(lines[i], strlen(lines[i]), &made), -EPROTO);
	assert_int_equal(user_nic_line_parse("eth0:1:veth0:2\n\0", 16, &made), -EPROTO);
	assert_int_equal(user_nic_line_parse("e\0h0:1:veth0:2\n", 15, &made), -EPROTO);
}

static void complaints_become_one_line(void **state)
{
	static const char *const cases[][2] = {
		{"", ""},
		{"lxc-user-nic: Quota reached\n  hint: none\n", "Quota reached; hint: none"},
		{"\n\n", ""},
		{"a\nb\n\n  c", "a;b; c"},
		{"\nx", ";x"},
		{"\x1b[31mred\n", "?[31mred"},
		{"lxc-user-nic: ", ""},
	};
	char text[64];

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		memcpy(text, cases[i][0], strlen(cases[i][0]) + 1);
		user_nic_words_join(text);
		assert_string_equal(text, cases[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_line_is_taken),
		cmocka_unit_test(bad_lines_are_refused),
		cmocka_unit_test(complaints_become_one_line),
	};

	return cmocka_run_group_tests_name("user_nic_line", tests, NULL, NULL);
}
