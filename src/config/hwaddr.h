/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Hardware addresses of network interfaces: the `x` templates of lxc.net.<i>.hwaddr, reading, and
 * new ones for clones.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	HWADDR_BYTES = 6,
	HWADDR_TEXT = sizeof("10:66:6a:00:00:00"), /* with its terminator */
};

/* Fills buf with len random bytes: 0 or -errno. NULL stands for getrandom(2) everywhere below. */
typedef int (*hwaddr_random_fn)(void *buf, size_t len);

/*
 * Replace every `x` and `X` by a random hexadecimal digit in lower case. When the last digit of the
 * first octet is one of them it becomes even: a unicast address (the kernel refuses others).
 * Whether the rest is an address is not looked at: LXC looks at the start only (hwaddr_parse()).
 * 0, or random's -errno, and then the text may be half done.
 */
int hwaddr_expand(char *text, hwaddr_random_fn random);

/*
 * Six octets of one or two hexadecimal digits with colons between them, as ether_aton(3) takes
 * them. 0, or -EINVAL with `Invalid hardware address "<text>"`.
 */
int hwaddr_parse(const char *text, uint8_t ret[HWADDR_BYTES], struct err *e);

/* A new address for a clone, as LXC makes it: 10:66:6a and three octets of 0 … 254. */
int hwaddr_generate(char ret[HWADDR_TEXT], hwaddr_random_fn random);
