/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The C interface of liblxc, as far as it exists. Names, types and meanings are those of LXC 7.0,
 * so that programs written for it compile and run unchanged.
 */

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* The version of LXC that the library stands for, "7.0.0". Static. */
const char *lxc_get_version(void);

/*
 * The value of an item of lxc.conf, as it is for the calling user: from the file, or the default.
 * Read once per thread; the text is valid as long as the thread lives. NULL with errno EINVAL: no
 * such item; NULL with errno 0: the item has no value. "lxc.lxcpath" and "lxc.default_config"
 * always have one, also when lxc.conf can't be read.
 */
const char *lxc_get_global_config_item(const char *key);

/*
 * Whether a configuration key exists: the exact names of LXC's table, so "lxc.net" and
 * "lxc.prlimit", but not "lxc.net.0.type" or "lxc.prlimit.nofile".
 */
bool lxc_config_item_is_supported(const char *key);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif
