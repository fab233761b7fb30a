/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The version that the library tells: that of the header, which is also what programs compiled with
 * it have seen. The unit test compares it with the version of the commands.
 */

#include <lxc/lxccontainer.h>
#include <lxc/version.h>

const char *lxc_get_version(void)
{
	return LXC_VERSION;
}
