/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What the library tells about configuration keys as such.
 */

#include <lxc/lxccontainer.h>

#include "config/keys.h"

bool lxc_config_item_is_supported(const char *key)
{
	return key && config_key_is_supported(key);
}
