/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What holds of every configuration, whatever it says: the buffer contract of get, and that a
 * configuration survives being saved or set again.
 */

#include "base/str.h"
#include "config/config.h"

/* Which keys a property is asked of. */
enum contract_keys {
	CONTRACT_ALL_KEYS,
	CONTRACT_SET_KEYS, /* those that somebody has set; for fuzzers, which have no time */
};

/*
 * For each key of the tables: the length without a buffer is the length with one, a buffer of that
 * and the terminator is enough, a smaller one is not overrun. Breaches are added as lines.
 */
void config_contract_get(const struct config *c, enum contract_keys keys, struct str *breaches);

/* Save, load, save: values and text are the same. Only for a configuration that loaded. */
void config_contract_reload(const struct config *c, const char *path, struct str *breaches);

/*
 * What get says of a single value that is set can be set in a fresh configuration, which then says
 * the same. Exempt, because LXC prints them in a form that it does not read (config.md 5.5, 6):
 * lxc.seccomp.notify.proxy, and "no VLAN" of veth.vlan.id.
 */
void config_contract_set(const struct config *c, struct str *breaches);
