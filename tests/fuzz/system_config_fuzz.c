/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lxc.conf: the bytes are parsed for root and for another user; the values, written as a file and
 * parsed again, must be the same. The two keys that programs rely on are always set.
 */

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/macros.h"
#include "base/str.h"
#include "config/system_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void values_print(const struct system_config *config, struct str *out)
{
	for (size_t i = 0; i < SYSTEM_CONFIG_KEY_COUNT; i++) {
		const char *value;
		int r = system_config_get(config, system_config_items[i].name, &value);

		assert(r == 0 || r == 1);
		if (r == 0)
			str_addf(out, "%s = %s\n", system_config_items[i].name, value);
	}
}

static void parse_round_trip(const struct system_config_where *where, const char *text, size_t size)
{
	struct system_config config;
	autostr printed = {0};
	autostr twice = {0};
	struct err e = {0};
	const char *value;
	int r;

	r = system_config_parse(where, "lxc.conf", text, size, &config, &e);
	assert((r < 0) == (size > 0 && memchr(text, '\0', size)));
	assert(err_is_set(&e) == (r < 0) && err_is_valid(&e));
	if (r < 0)
		return;
	assert(system_config_get(&config, "lxc.lxcpath", &value) == 0 && *value);
	assert(system_config_get(&config, "lxc.default_config", &value) == 0 && *value);
	values_print(&config, &printed);
	system_config_finish(&config);

	r = system_config_parse(where, "lxc.conf", str_text(&printed), printed.len, &config, NULL);
	assert(r == 0);
	values_print(&config, &twice);
	system_config_finish(&config);
	assert(strcmp(str_text(&printed), str_text(&twice)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct system_config_where root = {.euid = 0, .home = "/root"};
	const struct system_config_where user = {.euid = 1000, .home = "/home/user"};

	parse_round_trip(&root, (const char *)data, size);
	parse_round_trip(&user, (const char *)data, size);
	return 0;
}
