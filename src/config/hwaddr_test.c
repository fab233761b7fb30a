/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hardware addresses: templates with known and with the kernel's randomness, reading, generation.
 */

#include "config/hwaddr.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int all_ones(void *buf, size_t len)
{
	memset(buf, 0xff, len);
	return 0;
}

static int no_entropy(void *buf, size_t len)
{
	(void)buf;
	(void)len;
	return -ENOSYS;
}

static void expansion_fills_only_the_template(void **state)
{
	char text[] = "00:16:3E:xX:Xx:xx";
	char all[] = "xx:xx:xx:xx:xx:xx";
	char short_form[] = "x:16:3e:x:xx:xx";
	char fixed[] = "01:16:3e:ab:cd:ef";

	(void)state;
	assert_int_equal(hwaddr_expand(text, all_ones), 0);
	assert_string_equal(text, "00:16:3E:ff:ff:ff");
	assert_int_equal(hwaddr_expand(all, all_ones), 0);
	assert_string_equal(all, "fe:ff:ff:ff:ff:ff");
	assert_int_equal(hwaddr_expand(short_form, all_ones), 0);
	assert_string_equal(short_form, "e:16:3e:f:ff:ff");
	assert_int_equal(hwaddr_expand(fixed, no_entropy), 0);
	assert_string_equal(fixed, "01:16:3e:ab:cd:ef");
}

static void expansion_of_long_text(void **state)
{
	char text[101];

	(void)state;
	memset(text, 'x', 100);
	text[100] = '\0';
	assert_int_equal(hwaddr_expand(text, all_ones), 0);
	assert_int_equal(strspn(text, "f"), 99);
}

static void expansion_with_the_kernels_randomness(void **state)
{
	bool differ = false;
	char first[HWADDR_TEXT] = "xx:xx:xx:xx:xx:xx";
	uint8_t octets[HWADDR_BYTES];

	(void)state;
	assert_int_equal(hwaddr_expand(first, NULL), 0);
	for (int i = 0; i < 100; i++) {
		char text[HWADDR_TEXT] = "xx:xx:xx:xx:xx:xx";

		assert_int_equal(hwaddr_expand(text, NULL), 0);
		assert_int_equal(hwaddr_parse(text, octets, NULL), 0);
		assert_int_equal(octets[0] & 1, 0);
		differ |= strcmp(text, first) != 0;
	}
	assert_true(differ);
}

static void expansion_reports_missing_randomness(void **state)
{
	char text[] = "00:16:3e:xx:xx:xx";

	(void)state;
	assert_int_equal(hwaddr_expand(text, no_entropy), -ENOSYS);
}

static void addresses_are_read(void **state)
{
	const uint8_t expected[] = {0x00, 0x16, 0x3e, 0xAB, 0xcd, 0x0f};
	uint8_t octets[HWADDR_BYTES] = {0};

	(void)state;
	assert_int_equal(hwaddr_parse("00:16:3e:Ab:cD:0f", octets, NULL), 0);
	assert_memory_equal(octets, expected, sizeof(expected));
	memset(octets, 0, sizeof(octets));
	assert_int_equal(hwaddr_parse("0:16:3e:ab:cd:f", octets, NULL), 0);
	assert_memory_equal(octets, expected, sizeof(expected));
}

static void bad_addresses_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"00:16:3e:ab:cd",
		"00:16:3e:ab:cd:",
		"00:16:3e:ab:cd:ef:01",
		"00:16:3e:ab:cd:eff",
		"00-16-3e-ab-cd-ef",
		"00:16:3e:xx:xx:xx",
		" 00:16:3e:ab:cd:ef",
		"00:16:3e:ab:cd:ef ",
		"::::::",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint8_t octets[HWADDR_BYTES] = {1, 2, 3, 4, 5, 6};
		char message[100];
		struct err e = {0};

		assert_int_equal(hwaddr_parse(bad[i], octets, &e), -EINVAL);
		snprintf(message, sizeof(message), "Invalid hardware address \"%s\"", bad[i]);
		assert_string_equal(err_cause(&e), message);
		assert_int_equal(octets[0], 1);
	}
}

static int octets_at_the_edge(void *buf, size_t len)
{
	static const uint8_t edge[] = {0, 254, 255};

	assert_int_equal(len, sizeof(edge));
	memcpy(buf, edge, len);
	return 0;
}

static void generation_keeps_lxcs_prefix(void **state)
{
	char text[HWADDR_TEXT] = "untouched";

	(void)state;
	assert_int_equal(hwaddr_generate(text, no_entropy), -ENOSYS);
	assert_string_equal(text, "untouched");
	assert_int_equal(hwaddr_generate(text, octets_at_the_edge), 0);
	assert_string_equal(text, "10:66:6a:00:fe:00");
	assert_int_equal(hwaddr_generate(text, NULL), 0);
	assert_memory_equal(text, "10:66:6a:", 9);
	assert_int_equal(strlen(text), HWADDR_TEXT - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expansion_fills_only_the_template),
		cmocka_unit_test(expansion_of_long_text),
		cmocka_unit_test(expansion_with_the_kernels_randomness),
		cmocka_unit_test(expansion_reports_missing_randomness),
		cmocka_unit_test(addresses_are_read),
		cmocka_unit_test(bad_addresses_are_refused),
		cmocka_unit_test(generation_keeps_lxcs_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
