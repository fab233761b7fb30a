/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Id maps: LXC's messages word for word, the printed form, every finding of the check, and ids on
 * their way from the container to the host and back.
 */

#include "config/model.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"

static void assert_parses(const char *text, const char *printed)
{
	struct idmap_entry entry;
	autostr out = {0};

	assert_int_equal(idmap_entry_parse(text, &entry, NULL), 0);
	idmap_entry_print(&entry, &out);
	assert_string_equal(str_text(&out), printed);
}

static void assert_refused(const char *text, int r, const char *message)
{
	struct idmap_entry entry = {.kind = 'x'};
	struct err e = {0};

	assert_int_equal(idmap_entry_parse(text, &entry, &e), r);
	assert_string_equal(err_cause(&e), message);
	assert_int_equal(e.id, ERR_ID_MAP);
	/* "Invalid argument" would only repeat what the words say. */
	assert_int_equal(e.frames[0].errnum, r == -EINVAL ? 0 : -r);
	assert_int_equal(entry.kind, 'x');
}

static void inc_29_incus_maps(void **state)
{
	(void)state;
	assert_parses("u 0 1000000 65536", "u 0 1000000 65536");
	assert_parses("g 0 1000000 1000", "g 0 1000000 1000");
	assert_parses("g 1000 1000 1", "g 1000 1000 1");
	assert_parses("u 1001 1001001 64535", "u 1001 1001001 64535");
}

static void one_15_large_host_ids(void **state)
{
	(void)state;
	assert_parses("u 0 600100001 65536", "u 0 600100001 65536");
	assert_parses("u 0 4294901760 65535", "u 0 4294901760 65535");
}

static void lv_05_exactly_four_words(void **state)
{
	(void)state;
	assert_parses("u 0 100000 65536", "u 0 100000 65536");
	assert_refused("u 0 100000 65536 0", -EINVAL, "Failed to parse id mapping range: 0");
	assert_refused("u 0 100000", -EINVAL, "Failed to parse id mapping range: it is missing");
	assert_refused("u 0", -EINVAL, "Failed to parse hostid: it is missing");
	assert_refused("u", -EINVAL, "Failed to parse nsid: it is missing");
}

static void blanks_and_bases(void **state)
{
	(void)state;
	assert_parses(" \tu\t0   100000\t65536  ", "u 0 100000 65536");
	assert_parses("g 0x10 010 1", "g 16 8 1");
}

static void messages_of_lxc(void **state)
{
	(void)state;
	assert_refused("b 0 100000 65536", -EINVAL, "Invalid id mapping type: b");
	assert_refused("U 0 100000 65536", -EINVAL, "Invalid id mapping type: U");
	assert_refused("user 0 1 1", -EINVAL, "Invalid id mapping type: user");
	assert_refused("", -EINVAL, "Invalid id mapping type: ");
	assert_refused("u x 100000 65536", -EINVAL, "Failed to parse nsid: x");
	assert_refused("u -1 100000 65536", -EINVAL, "Failed to parse nsid: -1");
	assert_refused("u 0 1e5 65536", -EINVAL, "Failed to parse hostid: 1e5");
	assert_refused("u 0 4294967296 1", -ERANGE, "Failed to parse hostid: 4294967296");
	assert_refused("u 0 100000 65536k", -EINVAL, "Failed to parse id mapping range: 65536k");
}

static void field_longer_than_any_number(void **state)
{
	struct idmap_entry entry;
	char text[400];

	(void)state;
	memset(text, '0', sizeof(text));
	memcpy(text, "u ", 2);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(idmap_entry_parse(text, &entry, NULL), -EINVAL);
}

/* Findings as text, one per line. */
struct findings {
	const struct idmap_entry *entries;
	struct str text;
};

static void note_finding(void *data, const struct idmap_finding *finding)
{
	struct findings *findings = data;

	idmap_finding_print(finding, findings->entries, &findings->text);
	str_add_char(&findings->text, '\n');
}

static void assert_findings(const struct idmap_entry *entries, size_t count, const char *expected)
{
	struct findings findings = {.entries = entries};
	int r = idmap_check(entries, count, note_finding, &findings);

	assert_string_equal(str_text(&findings.text), expected);
	assert_int_equal(r, *expected ? 1 : 0);
	assert_int_equal(idmap_check(entries, count, NULL, NULL), r);
	str_finish(&findings.text);
}

static void check_accepts_split_maps(void **state)
{
	const struct idmap_entry entries[] = {
		{'u', {0}, {100000}, 1000},
		{'u', {1000}, {1000}, 1},
		{'u', {1001}, {101001}, 64535},
		{'g', {0}, {0}, UINT32_MAX},
	};

	(void)state;
	assert_findings(NULL, 0, "");
	assert_findings(entries, ARRAY_LENGTH(entries), "");
}

static void check_finds_overlaps_per_kind(void **state)
{
	const struct idmap_entry entries[] = {
		{'u', {0}, {100000}, 1000},
		{'g', {0}, {100000}, 1000},
		{'u', {999}, {200000}, 1},
		{'g', {1000}, {99000}, 1001},
	};

	(void)state;
	assert_findings(entries, ARRAY_LENGTH(entries),
			"entry 3 (u 999 200000 1) maps ids of the container that are mapped "
			"already by entry 1 (u 0 100000 1000)\n"
			"entry 4 (g 1000 99000 1001) uses ids of the host that are used already by "
			"entry 2 (g 0 100000 1000)\n");
}

/* 340 equal lines are 340 mistakes, not 58,000. */
static void an_overlapping_entry_is_told_once(void **state)
{
	const struct idmap_entry entries[] = {
		{'u', {0}, {5}, 1},
		{'u', {0}, {6}, 1},
		{'u', {0}, {5}, 1},
		{'g', {0}, {5}, 1},
	};

	(void)state;
	assert_findings(
		entries, ARRAY_LENGTH(entries),
		"entry 2 (u 0 6 1) maps ids of the container that are mapped already by entry 1 "
		"(u 0 5 1)\n"
		"entry 3 (u 0 5 1) maps ids of the container that are mapped already by entry 1 "
		"(u 0 5 1)\n"
		"entry 3 (u 0 5 1) uses ids of the host that are used already by entry 1 "
		"(u 0 5 1)\n");
}

static void check_finds_empty_and_endless_ranges(void **state)
{
	const struct idmap_entry entries[] = {
		{'u', {0}, {100000}, 0},
		{'u', {10}, {UINT32_MAX - 10}, 11},
		{'g', {0}, {UINT32_MAX - 10}, 10},
	};

	(void)state;
	assert_findings(entries, ARRAY_LENGTH(entries),
			"entry 1 (u 0 100000 0) maps no ids\n"
			"entry 2 (u 10 4294967285 11) reaches beyond the last id, 4294967294\n");
}

static void check_wants_users_and_groups(void **state)
{
	const struct idmap_entry user = {'u', {0}, {100000}, 1};
	const struct idmap_entry group = {'g', {0}, {100000}, 1};

	(void)state;
	assert_findings(&user, 1, "entry 1 (u 0 100000 1) maps users, but no entry maps groups\n");
	assert_findings(&group, 1, "entry 1 (g 0 100000 1) maps groups, but no entry maps users\n");
}

static void check_counts_lines(void **state)
{
	struct idmap_entry entries[IDMAP_LINES_MAX + 2];

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LENGTH(entries); i++)
		entries[i] = (struct idmap_entry){'u', {i}, {i}, 1};
	entries[0].kind = 'g';
	assert_findings(entries, ARRAY_LENGTH(entries) - 1, "");
	assert_findings(entries, ARRAY_LENGTH(entries),
			"entry 342 (u 341 341 1) is one more than the 340 that the kernel takes\n");
}

static void ids_both_ways(void **state)
{
	const struct idmap_entry entries[] = {
		{'u', {0}, {100000}, 1000},
		{'u', {1000}, {1000}, 1},
		{'g', {0}, {300000}, 10},
		{'g', {4294967200}, {4294967290}, 50}, /* runs over the end */
	};
	struct config_idmap items[ARRAY_LENGTH(entries)] = {};
	const struct config_idmaps maps = {.items = items, .count = ARRAY_LENGTH(items)};
	const struct config_idmaps none = {};
	struct host_id host = {7};
	struct container_id inside = {7};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(items); i++)
		items[i].entry = entries[i];
	assert_int_equal(config_host_id(&maps, 'u', (struct container_id){999}, &host), 0);
	assert_int_equal(host.value, 100999);
	assert_int_equal(config_host_id(&maps, 'u', (struct container_id){1000}, &host), 0);
	assert_int_equal(host.value, 1000);
	assert_int_equal(config_host_id(&maps, 'u', (struct container_id){1001}, &host), -ENOENT);
	assert_int_equal(host.value, 1000);
	assert_int_equal(config_container_id(&maps, 'g', (struct host_id){300009}, &inside), 0);
	assert_int_equal(inside.value, 9);
	assert_int_equal(config_container_id(&maps, 'g', (struct host_id){300010}, &inside),
			 -ENOENT);
	assert_int_equal(config_container_id(&maps, 'u', (struct host_id){0}, &inside), -ENOENT);
	assert_int_equal(config_host_id(&maps, 'g', (struct container_id){4294967210}, &host),
			 -ENOENT);
	assert_int_equal(config_host_id(&none, 'u', (struct container_id){0}, &host), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inc_29_incus_maps),
		cmocka_unit_test(one_15_large_host_ids),
		cmocka_unit_test(lv_05_exactly_four_words),
		cmocka_unit_test(blanks_and_bases),
		cmocka_unit_test(messages_of_lxc),
		cmocka_unit_test(field_longer_than_any_number),
		cmocka_unit_test(check_accepts_split_maps),
		cmocka_unit_test(check_finds_overlaps_per_kind),
		cmocka_unit_test(an_overlapping_entry_is_told_once),
		cmocka_unit_test(check_finds_empty_and_endless_ranges),
		cmocka_unit_test(check_wants_users_and_groups),
		cmocka_unit_test(check_counts_lines),
		cmocka_unit_test(ids_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
