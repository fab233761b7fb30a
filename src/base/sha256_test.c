/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SHA-256 of "abc" (FIPS 180-4's example), and of as many letters as make each kind of padding.
 */

#include "base/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"

static void assert_hash(const char *text, size_t len, const char *expected)
{
	static const char digits[] = "0123456789abcdef";
	char hex[2 * SHA256_BYTES + 1] = "";
	uint8_t hash[SHA256_BYTES];

	sha256(text, len, hash);
	for (size_t i = 0; i < SHA256_BYTES; i++) {
		hex[2 * i] = digits[hash[i] >> 4];
		hex[2 * i + 1] = digits[hash[i] & 15];
	}
	assert_string_equal(hex, expected);
}

static void the_standards_example(void **state)
{
	assert_hash("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static const struct {
	size_t len;
	const char *hash;
} vectors[] = {
	{0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{3, "9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0"},
	{55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
	{56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
	{63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"},
	{64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
	{119, "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb"},
	{120, "2f3d335432c70b580af0e8e1b3674a7c020d683aa5f73aaaedfdc55af904c21c"},
	{200, "c2a908d98f5df987ade41b5fce213067efbcc21ef2240212a41e54b5e7c28ae5"},
};

static void all_lengths_of_padding(void **state)
{
	char text[200];

	memset(text, 'a', sizeof(text));
	for (size_t i = 0; i < ARRAY_LENGTH(vectors); i++)
		assert_hash(text, vectors[i].len, vectors[i].hash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_standards_example),
		cmocka_unit_test(all_lengths_of_padding),
	};

	return cmocka_run_group_tests_name("sha256", tests, NULL, NULL);
}
