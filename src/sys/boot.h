/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which boot of the machine this is: /proc/sys/kernel/random/boot_id (random(4)). Containers have
 * one of their own, new with each of their starts.
 */

enum { BOOT_ID_MAX = 40 }; /* bytes: a UUID as text, with its NUL */

/* "" when it can't be read. Zeros fill the rest. */
void boot_id_read(char ret[static BOOT_ID_MAX]);
