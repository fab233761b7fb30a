/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Disk images behind the network block device: containers may have one, but nobody here makes or
 * destroys any.
 */

#include "storage/driver.h"

#include <string.h>

#include "base/macros.h"
#include "storage/place.h"

/* The file, behind which ":PARTITION" may stand: one digit. */
static int exists(const struct storage_volume *volume, struct err *e)
{
	size_t len = strlen(volume->path);
	autofree char *file = NULL;

	if (len > 2 && volume->path[len - 2] == ':' && volume->path[len - 1] >= '1' &&
	    volume->path[len - 1] <= '9')
		len -= 2;
	file = strndup(volume->path, len);
	return file ? place_is_there(file, e) : place_no_memory(e);
}

const struct storage_driver storage_nbd = {
	.exists = exists,
};
