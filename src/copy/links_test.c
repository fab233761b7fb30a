/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The table of files with several names: who copies, who links, who waits.
 */

#include "copy/links.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

static void the_first_name_copies_and_the_others_link(void **state)
{
	atomic_bool stopped = false;
	struct link_entry *first, *second;
	struct link_table t;

	assert_int_equal(links_init(&t, &stopped), 0);
	assert_int_equal(links_claim(&t, 1, 2, NULL, "first", &first), 1);
	links_settle(&t, first, LINK_THERE);
	assert_int_equal(links_claim(&t, 1, 2, NULL, "second", &second), 0);
	assert_ptr_equal(first, second);
	assert_string_equal(second->name, "first");
	/* Another device, another inode. */
	assert_int_equal(links_claim(&t, 2, 2, NULL, "third", &second), 1);
	assert_int_equal(links_claim(&t, 1, 3, NULL, "fourth", &second), 1);
	links_finish(&t);
}

static void what_was_not_found_is_somebody_elses(void **state)
{
	atomic_bool stopped = false;
	struct link_entry *entry;
	struct link_table t;

	assert_int_equal(links_init(&t, &stopped), 0);
	assert_int_equal(links_claim(&t, 1, 2, NULL, "first", &entry), 1);
	links_settle(&t, entry, LINK_ABSENT);
	assert_int_equal(links_claim(&t, 1, 2, NULL, "second", &entry), 1);
	assert_string_equal(entry->name, "second");
	links_finish(&t);
}

static void very_many_files_are_found_again(void **state)
{
	enum { FILES = 20000 };
	atomic_bool stopped = false;
	struct link_entry *entry;
	struct link_table t;

	assert_int_equal(links_init(&t, &stopped), 0);
	for (ino_t inode = 0; inode < FILES; inode++) {
		assert_int_equal(links_claim(&t, 1, inode, NULL, "name", &entry), 1);
		links_settle(&t, entry, LINK_THERE);
	}
	for (ino_t inode = 0; inode < FILES; inode++) {
		assert_int_equal(links_claim(&t, 1, inode, NULL, "other", &entry), 0);
		assert_int_equal(entry->inode, inode);
	}
	links_finish(&t);
}

struct waiting {
	struct link_table *table;
	int result;
};

static void *claim_too(void *data)
{
	struct waiting *w = data;
	struct link_entry *entry;

	w->result = links_claim(w->table, 1, 2, NULL, "second", &entry);
	return NULL;
}

static int wait_for(enum link_state state, bool stop)
{
	atomic_bool stopped = false;
	struct link_entry *entry;
	struct link_table t;
	struct waiting w = {.table = &t, .result = -1};
	pthread_t thread;

	assert_int_equal(links_init(&t, &stopped), 0);
	assert_int_equal(links_claim(&t, 1, 2, NULL, "first", &entry), 1);
	assert_int_equal(pthread_create(&thread, NULL, claim_too, &w), 0);
	usleep(10000);
	if (stop) {
		atomic_store(&stopped, true);
		links_wake(&t);
	} else {
		links_settle(&t, entry, state);
	}
	pthread_join(thread, NULL);
	links_finish(&t);
	return w.result;
}

static void others_wait_while_a_file_is_copied(void **state)
{
	assert_int_equal(wait_for(LINK_THERE, false), 0);
	assert_int_equal(wait_for(LINK_ABSENT, false), 1);
}

static void nobody_waits_when_all_is_stopped(void **state)
{
	assert_int_equal(wait_for(LINK_COPYING, true), -ECANCELED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_name_copies_and_the_others_link),
		cmocka_unit_test(what_was_not_found_is_somebody_elses),
		cmocka_unit_test(very_many_files_are_found_again),
		cmocka_unit_test(others_wait_while_a_file_is_copied),
		cmocka_unit_test(nobody_waits_when_all_is_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
