/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hardware addresses. The only call to the kernel is getrandom(2), which tests and reproducible
 * runs replace by a function of their own. Whether two containers share an address is not known
 * here.
 */

#include "config/hwaddr.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

static const char hex_digits[] = "0123456789abcdef";

enum {
	POOL_BYTES = 16, /* one call covers the twelve digits of an address */
};

static int random_bytes(void *buf, size_t len)
{
	char *at = buf;

	while (len > 0) {
		ssize_t n = getrandom(at, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int hwaddr_expand(char *text, hwaddr_random_fn random)
{
	const size_t first_octet_len = strcspn(text, ":");
	uint8_t pool[POOL_BYTES];
	size_t left = 0;

	if (!random)
		random = random_bytes;
	for (size_t i = 0; text[i]; i++) {
		unsigned digit;

		if (text[i] != 'x' && text[i] != 'X')
			continue;
		if (left == 0) {
			int r = random(pool, sizeof(pool));

			if (r < 0)
				return r;
			left = sizeof(pool);
		}
		digit = pool[--left] & 0xfU;
		if (i + 1 == first_octet_len)
			digit &= ~1U;
		text[i] = hex_digits[digit];
	}
	return 0;
}

/* The value of a hexadecimal digit, or -1. Not isxdigit(3): no locale. */
static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* One or two digits; moves *text behind them. */
static bool octet_take(const char **text, uint8_t *ret)
{
	int high = digit_value(**text);
	int low;

	if (high < 0)
		return false;
	*text += 1;
	low = digit_value(**text);
	if (low >= 0)
		*text += 1;
	*ret = (uint8_t)(low < 0 ? high : high * 16 + low);
	return true;
}

int hwaddr_parse(const char *text, uint8_t ret[HWADDR_BYTES], struct err *e)
{
	uint8_t octets[HWADDR_BYTES];
	const char *at = text;
	bool good = true;

	for (size_t i = 0; good && i < HWADDR_BYTES; i++) {
		good = octet_take(&at, &octets[i]);
		if (good && i + 1 < HWADDR_BYTES)
			good = *at++ == ':';
	}
	if (!good || *at)
		return err_set(e, ERR_CONFIG_VALUE_INVALID, 0, "Invalid hardware address \"%.64s\"",
			       text);
	memcpy(ret, octets, sizeof(octets));
	return 0;
}

int hwaddr_generate(char ret[HWADDR_TEXT], hwaddr_random_fn random)
{
	uint8_t octets[3] = {0};
	int r = (random ? random : random_bytes)(octets, sizeof(octets));

	if (r < 0)
		return r;
	snprintf(ret, HWADDR_TEXT, "10:66:6a:%02x:%02x:%02x", octets[0] % 255, octets[1] % 255,
		 octets[2] % 255);
	return 0;
}
