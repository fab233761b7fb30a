/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * FNV-1a against the vectors of its authors and addresses that LXC uses.
 */

#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static uint64_t hash_of(const char *text)
{
	return hash_add(HASH_START, text, strlen(text));
}

static void known_texts_have_known_hashes(void **state)
{
	assert_true(hash_of("") == UINT64_C(0xcbf29ce484222325));
	assert_true(hash_of("a") == UINT64_C(0xaf63dc4c8601ec8c));
	assert_true(hash_of("foobar") == UINT64_C(0x85944171f73967e8));
	assert_true(hash_of("\xff") == UINT64_C(0xaf64724c8602eb6e));
}

/* spec/wire.md: Proxmox VE has this address hard-coded. */
static void the_monitor_socket_has_lxcs_name(void **state)
{
	assert_true(hash_of("lxc//var/lib/lxc/monitor-sock") == UINT64_C(0xad055575fe28ddd5));
}

static void pieces_hash_as_the_whole(void **state)
{
	uint64_t hash = HASH_START;

	hash = hash_add(hash, "/var/lib", 8);
	hash = hash_add(hash, NULL, 0);
	hash = hash_add(hash, "/lxc/c1", 7);
	assert_true(hash == hash_of("/var/lib/lxc/c1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_texts_have_known_hashes),
		cmocka_unit_test(the_monitor_socket_has_lxcs_name),
		cmocka_unit_test(pieces_hash_as_the_whole),
	};

	return cmocka_run_group_tests_name("base/hash", tests, NULL, NULL);
}
