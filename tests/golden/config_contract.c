/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Properties of every configuration. The keys are taken from the tables, so that a new row is
 * covered without a line here.
 */

#include "config_contract.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "config/value.h"
#include "config_record.h"

typedef void (*key_function)(const struct config *c, const struct config_key *row, const char *key,
			     struct str *breaches);

static void for_each_key(const struct config *c, enum contract_keys keys, key_function run,
			 struct str *breaches)
{
	for (size_t i = 0; i < config_key_count; i++)
		if (keys == CONTRACT_ALL_KEYS || c->origins[i].source)
			run(c, &config_keys[i], config_keys[i].name, breaches);
	for (size_t n = 0; n < c->values.nets.count; n++) {
		const struct config_net *net = &c->values.nets.items[n];

		for (size_t i = 0; i < config_net_key_count; i++) {
			autostr key = {};

			if (keys == CONTRACT_SET_KEYS && !net->origins[i].source)
				continue;
			str_addf(&key, "lxc.net.%u.%s", (unsigned)net->index,
				 config_net_keys[i].name);
			run(c, &config_net_keys[i], str_text(&key), breaches);
		}
	}
}

/* Keys that have no value to get: prefixes, lxc.include, keys of another type of interface. */
static bool may_refuse(const struct config *c, const struct config_key *row, const char *key,
		       int result)
{
	struct key_ref ref;
	const struct config_net *net;

	if (row->type == VALUE_INCLUDE)
		return result == -ENOSYS;
	if (text_ends(row->name, "."))
		return result == -EINVAL;
	if (config_key_resolve(key, &ref, NULL) < 0 || ref.form != KEY_FORM_NET_MEMBER)
		return false;
	net = config_find_net(c, ref.net_index);
	return result == -EINVAL && row->net_types && !(row->net_types & 1U << net->type);
}

/* A buffer that is one byte short: the same answer, a terminated text, nothing behind the end. */
static void check_short_buffer(const struct config *c, const struct config_key *row,
			       const char *key, const char *full, struct str *breaches)
{
	size_t len = strlen(full);
	autofree char *buf = malloc(len + 1);
	bool list = value_class(row->type)->list;

	if (!buf)
		abort();
	memset(buf, '~', len + 1);
	if (config_get_buffer(c, key, buf, len) != (int)len)
		str_addf(breaches, "%s: a short buffer changes the length\n", key);
	if (buf[len] != '~')
		str_addf(breaches, "%s: writes behind a short buffer\n", key);
	if (strnlen(buf, len) != (list ? len - 1 : 0) || memcmp(buf, full, strnlen(buf, len)) != 0)
		str_addf(breaches,
			 "%s: a short buffer gets neither the beginning of a list nor "
			 "nothing\n",
			 key);
}

static void check_get(const struct config *c, const struct config_key *row, const char *key,
		      struct str *breaches)
{
	int len = config_get_buffer(c, key, NULL, 0);
	autofree char *buf = NULL;
	autostr text = {};

	if (len < 0) {
		if (!may_refuse(c, row, key, len))
			str_addf(breaches, "%s: get fails with %s\n", key, strerrorname_np(-len));
		return;
	}
	buf = malloc((size_t)len + 1);
	if (!buf)
		abort();
	if (config_get_buffer(c, key, buf, (size_t)len + 1) != len || strlen(buf) != (size_t)len)
		str_addf(breaches, "%s: the length is not that of the text\n", key);
	if (config_get(c, key, &text) != 0 || strcmp(str_text(&text), buf) != 0)
		str_addf(breaches, "%s: the buffer holds another text\n", key);
	if (len > 0)
		check_short_buffer(c, row, key, buf, breaches);
}

void config_contract_get(const struct config *c, enum contract_keys keys, struct str *breaches)
{
	for_each_key(c, keys, check_get, breaches);
}

void config_contract_reload(const struct config *c, const char *path, struct str *breaches)
{
	const struct config_effects effects = {.random = config_record_other_random};
	autostr text = {}, text_again = {}, values = {}, values_again = {}, problem = {};
	struct config again;
	struct err e = {};

	config_text(c, &text);
	config_record_values(c, &values);
	if (config_init(&again, &effects) < 0)
		abort();
	if (config_load_text(&again, path, str_text(&text), text.len, &e) < 0) {
		err_render_text(&e, &problem);
		str_addf(breaches, "the saved text does not load: %s\n", str_text(&problem));
	}
	config_text(&again, &text_again);
	config_record_values(&again, &values_again);
	if (strcmp(str_text(&text), str_text(&text_again)) != 0)
		str_addf(breaches, "saved again, the text is\n%s", str_text(&text_again));
	if (strcmp(str_text(&values), str_text(&values_again)) != 0)
		str_addf(breaches, "saved and loaded, the values are\n%s", str_text(&values_again));
	config_finish(&again);
}

/* Whether get prints one value in the words that set takes, and not one a line. */
static bool is_scalar(const struct config_key *row)
{
	if (row->type == VALUE_AUTOMOUNT || row->type == VALUE_GID_LIST)
		return true;
	return !value_class(row->type)->list && row->type != VALUE_INCLUDE &&
	       row->type != VALUE_GROUP_OF_KEYS && row->type != VALUE_SHARED_NAMESPACE &&
	       row->type != VALUE_NOTIFY_PROXY;
}

static void set_again(const struct config *c, const struct config_key *row, const char *key,
		      struct str *breaches)
{
	struct config fresh;
	struct key_ref ref;
	autostr text = {}, again = {}, type_key = {}, type = {};

	if (!is_scalar(row) || config_get(c, key, &text) != 0 || text.len == 0 ||
	    (row->type == VALUE_VETH_VLAN && strcmp(str_text(&text), "-1") == 0))
		return;
	if (config_init(&fresh, NULL) < 0 || config_key_resolve(key, &ref, NULL) < 0)
		abort();
	if (ref.form == KEY_FORM_NET_MEMBER) {
		str_addf(&type_key, "lxc.net.%u.type", (unsigned)ref.net_index);
		if (config_get(c, str_text(&type_key), &type) != 0 ||
		    config_set(&fresh, str_text(&type_key), str_text(&type), "(test)", NULL) != 0)
			abort();
	}
	if (config_set(&fresh, key, str_text(&text), "(test)", NULL) != 0)
		str_addf(breaches, "%s: refuses what get printed, \"%s\"\n", key, str_text(&text));
	else if (config_get(&fresh, key, &again) != 0 ||
		 strcmp(str_text(&text), str_text(&again)) != 0)
		str_addf(breaches, "%s: \"%s\" comes back as \"%s\"\n", key, str_text(&text),
			 str_text(&again));
	config_finish(&fresh);
}

void config_contract_set(const struct config *c, struct str *breaches)
{
	for_each_key(c, CONTRACT_SET_KEYS, set_again, breaches);
}
