/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz target of mount entries: the input is an fstab file.
 *
 * Whatever its entries are, printing and parsing undo each other, the printed form is canonical,
 * the check comes to an end, and the same text as options of a root file system is read or refused
 * without harm.
 */

#include "config/mount_entry.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { CHECK_STEPS_MAX = 100 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_options(const struct mount_options *a, const struct mount_options *b)
{
	return a->set == b->set && a->clear == b->clear && a->propagation == b->propagation &&
	       a->propagation_recursive == b->propagation_recursive && a->create == b->create &&
	       a->ignored == b->ignored && a->optional == b->optional &&
	       a->relative == b->relative && a->idmap == b->idmap &&
	       same_text(a->idmap_path, b->idmap_path) && same_text(a->data, b->data);
}

static bool same_entry(const struct mount_entry *a, const struct mount_entry *b)
{
	return same_text(a->source, b->source) && same_text(a->target, b->target) &&
	       same_text(a->fstype, b->fstype) && a->dump == b->dump && a->pass == b->pass &&
	       same_text(a->excess, b->excess) && same_options(&a->options, &b->options);
}

static void test_round_trip(const struct mount_entry *entry, struct arena *arena)
{
	struct mount_entry again;
	autostr line = {0};
	autostr same_line = {0};

	mount_entry_print(entry, &line);
	require(!str_failed(&line));
	require(mount_entry_parse(str_text(&line), arena, &again, NULL) == 0);
	require(same_entry(entry, &again));
	mount_entry_print(&again, &same_line);
	require(strcmp(str_text(&line), str_text(&same_line)) == 0);
}

static void test_check(const struct mount_entry *entry)
{
	unsigned next = 0;
	struct err e = {0};
	int steps = 0;
	int problem;

	while ((problem = mount_entry_check(entry, &next, &e)) > 0) {
		require(problem == MOUNT_ENTRY_DOUBTFUL || problem == MOUNT_ENTRY_BROKEN);
		require(err_is_valid(&e) && *err_cause(&e));
		require(++steps < CHECK_STEPS_MAX);
	}
	require(problem == 0);
}

static void test_file(const char *text, size_t size, struct arena *arena)
{
	struct mount_entry_list list = {0};
	struct err e = {0};
	unsigned line = 0;

	if (fstab_parse("fstab", text, size, arena, &list, &e) < 0) {
		require(err_is_set(&e) && err_is_valid(&e));
		require(list.count == 0);
		return;
	}
	for (size_t i = 0; i < list.count; i++) {
		const struct mount_entry *entry = &list.items[i];

		require(entry->line > line && *entry->source);
		line = entry->line;
		require((entry->options.set & entry->options.clear) == 0);
		test_round_trip(entry, arena);
		test_check(entry);
	}
}

static void test_rootfs_options(const char *text, struct arena *arena)
{
	struct mount_options options;
	struct mount_options again;
	autostr printed = {0};

	if (mount_options_parse_rootfs(text, arena, &options, NULL) < 0)
		return;
	require(!options.create && !options.optional && !options.relative);
	mount_options_print(&options, &printed);
	require(mount_options_parse_rootfs(str_text(&printed), arena, &again, NULL) == 0);
	require(same_options(&options, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};
	const char *text = arena_strndup(&arena, (const char *)data, size);

	require(text);
	test_file(size > 0 ? (const char *)data : "", size, &arena);
	test_rootfs_options(text, &arena);
	arena_finish(&arena);
	return 0;
}
