/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Hides one row of the key tables. Rows that are walked in order (defaults, the dump) stay: what is
 * simulated is a key that nobody knows any more.
 */

#include "config_rows.h"

#include <string.h>

static const struct config_key *hidden;

const struct config_key *__real_config_key_find(const char *name, size_t len);
const struct config_key *__real_config_net_key_find(const char *name, size_t len);
const struct config_key *__wrap_config_key_find(const char *name, size_t len);
const struct config_key *__wrap_config_net_key_find(const char *name, size_t len);

const struct config_key *__wrap_config_key_find(const char *name, size_t len)
{
	const struct config_key *row = __real_config_key_find(name, len);

	return row == hidden ? NULL : row;
}

const struct config_key *__wrap_config_net_key_find(const char *name, size_t len)
{
	const struct config_key *row = __real_config_net_key_find(name, len);

	return row == hidden ? NULL : row;
}

size_t config_row_count(void)
{
	return config_key_count + config_net_key_count;
}

const struct config_key *config_row(size_t i)
{
	return i < config_key_count ? &config_keys[i] : &config_net_keys[i - config_key_count];
}

void config_row_print(const struct config_key *row, struct str *out)
{
	bool of_interface = row >= config_net_keys && row < config_net_keys + config_net_key_count;

	str_addf(out, "%s%s", of_interface ? "lxc.net.N." : "", row->name);
}

const struct config_key *config_row_find(const char *name)
{
	for (size_t i = 0; i < config_row_count(); i++) {
		autostr row_name = {};

		config_row_print(config_row(i), &row_name);
		if (strcmp(str_text(&row_name), name) == 0)
			return config_row(i);
	}
	return NULL;
}

void config_row_hide(const struct config_key *row)
{
	hidden = row;
}
