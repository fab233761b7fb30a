/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looking ids up in all lines of lxc.idmap. There are a few, and they may come in any order.
 */

#include "config/model.h"

#include <errno.h>

int config_host_id(const struct config_idmaps *maps, char kind, struct container_id inside,
		   struct host_id *ret)
{
	for (size_t i = 0; i < maps->count; i++)
		if (idmap_entry_host_id(&maps->items[i].entry, kind, inside, ret))
			return 0;
	return -ENOENT;
}

int config_container_id(const struct config_idmaps *maps, char kind, struct host_id host,
			struct container_id *ret)
{
	for (size_t i = 0; i < maps->count; i++)
		if (idmap_entry_container_id(&maps->items[i].entry, kind, host, ret))
			return 0;
	return -ENOENT;
}
