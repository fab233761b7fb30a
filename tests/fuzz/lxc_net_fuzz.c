/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The files of lxc-net: the bytes are parsed (a file that they read is the same bytes again) and
 * taken for settings; those that are taken are printed as stop's record and parsed again: the same
 * settings. What they become for nft and dnsmasq must have no line or quote too many.
 */

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/str.h"
#include "helpers/lxc_net.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bytes {
	const uint8_t *data;
	size_t size;
	unsigned reads;
};

static int read_again(void *context, const char *path, char **ret, size_t *ret_len)
{
	struct bytes *bytes = context;

	/* Two in each of eight levels would be 256 times the input. */
	if (++bytes->reads > 8)
		return -ENOENT;
	*ret = strndup((const char *)bytes->data, bytes->size);
	*ret_len = *ret ? strlen(*ret) : 0;
	return *ret ? 0 : -ENOMEM;
}

static bool test_by_name(void *context, const char *path, char letter)
{
	return strlen(path) % 2 == 0;
}

static void check_use(const struct net_settings *s)
{
	const char *words[NET_DNSMASQ_WORDS];
	autostr rules = {0}, room = {0};
	size_t quotes = 0;

	net_firewall_print_nft(s, &rules);
	for (const char *c = str_text(&rules); *c; c++)
		quotes += *c == '"';
	assert(quotes == 8);
	net_dnsmasq_words(s, "nobody", &room, words);
	for (size_t i = 0; words[i]; i++)
		assert(i + 1 < NET_DNSMASQ_WORDS && !strchr(words[i], '\n'));
}

static void check_settings(const struct assignments *a)
{
	static const struct assignments_files none = {0};
	struct net_settings first, second;
	struct assignments again = {0};
	autostr printed = {0}, twice = {0};

	if (net_settings_take(a, NULL, &first, NULL) < 0)
		return;
	if (first.use_bridge)
		check_use(&first);
	net_settings_print(&first, &printed);
	assert(assignments_parse(&again, str_text(&printed), printed.len, "record", &none, NULL) ==
	       0);
	assert(net_settings_take(&again, NULL, &second, NULL) == 0);
	net_settings_print(&second, &twice);
	assert(strcmp(str_text(&printed), str_text(&twice)) == 0);
	assert(first.ipv6 == second.ipv6 && first.broadcast == second.broadcast);
	net_settings_finish(&first);
	net_settings_finish(&second);
	assignments_finish(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = {.data = data, .size = size};
	const struct assignments_files files = {read_again, test_by_name, &bytes};
	struct assignments a = {0};
	autostr typos = {0};
	struct err e = {0};

	if (assignments_parse(&a, (const char *)data, size, "file", &files, &e) < 0)
		assert(err_is_set(&e));
	else
		check_settings(&a);
	net_settings_look_for_typos(&a, &typos);
	assignments_finish(&a);
	return 0;
}
