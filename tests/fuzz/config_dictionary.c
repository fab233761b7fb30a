/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prints the dictionary of the configuration's fuzz target for libFuzzer: what the key tables and
 * the tables of names know. Written at build time, so that a new row is in it at once.
 */

#include <stdio.h>

#include "base/names.h"
#include "base/str.h"
#include "config/keys.h"
#include "config/legacy.h"
#include "config/mount_options.h"

static void print_entry(const char *prefix, const char *text)
{
	printf("\"%s%s\"\n", prefix, text);
}

static void print_rows(const char *prefix, const struct config_key *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		print_entry(prefix, rows[i].name);
		for (const struct config_word *w = rows[i].words; w && w->word; w++)
			print_entry("", w->word);
	}
}

static void print_words(const char *const *(*words)(size_t *count))
{
	size_t count;
	const char *const *list = words(&count);

	for (size_t i = 0; i < count; i++)
		print_entry("", list[i]);
}

int main(void)
{
	static const char *const values[] = {
		"lxc.network.type",
		"lxc.network.ipv4",
		"lxc.network.hwaddr",
		"xx:xx:xx:xx:xx:xx",
		"10.0.3.2/24",
		"fd00::1/64",
		"auto",
		"none",
		"unlimited",
		"u 0 100000 65536",
		"shmounts:/a:/b",
		"cgroup:rw:force",
		"proc:mixed",
		"sys:ro",
		"64KB",
		"5 ms",
		"unix:@a",
		"idmap=container",
		"devices.allow",
		"c 1:3 rwm",
		"a.conf",
		"d/",
		"overlay:",
		"lvm:",
		" = ",
		"=\\x0a",
		"\\x0alxc.",
		"\\x0d\\x0a",
	};
	const char *word;
	const char *now;
	const char *old;

	print_rows("", config_keys, config_key_count);
	print_rows("lxc.net.0.", config_net_keys, config_net_key_count);
	for (unsigned i = 0; (old = legacy_row(i, &now)); i++)
		print_entry("", old);
	print_words(architecture_words);
	print_words(capability_words);
	print_words(namespace_words);
	print_words(rlimit_words);
	print_words(signal_words);
	print_words(syslog_facility_words);
	for (size_t i = 0; (word = mount_options_word(i)); i++)
		print_entry("", word);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		print_entry("", values[i]);
	return 0;
}
