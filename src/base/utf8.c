/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * UTF-8 sequences and the visible form of characters. Knows nothing of scripts, widths and
 * combining marks. The table of well-formed sequences is RFC 3629 §4.
 */

#include "base/utf8.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/macros.h"

static bool is_continuation(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

/* The bounds of the second byte exclude overlong forms, surrogates and what is above U+10FFFF. */
static bool is_second_byte(unsigned char first, unsigned char second)
{
	switch (first) {
	case 0xe0:
		return second >= 0xa0 && second <= 0xbf;
	case 0xed:
		return second >= 0x80 && second <= 0x9f;
	case 0xf0:
		return second >= 0x90 && second <= 0xbf;
	case 0xf4:
		return second >= 0x80 && second <= 0x8f;
	default:
		return is_continuation(second);
	}
}

size_t utf8_sequence_length(const char *text, size_t len)
{
	const unsigned char *bytes = (const unsigned char *)text;
	size_t want;

	if (len == 0)
		return 0;
	if (bytes[0] < 0x80)
		return 1;
	if (bytes[0] >= 0xc2 && bytes[0] <= 0xdf)
		want = 2;
	else if (bytes[0] >= 0xe0 && bytes[0] <= 0xef)
		want = 3;
	else if (bytes[0] >= 0xf0 && bytes[0] <= 0xf4)
		want = 4;
	else
		return 0;

	if (len < want || !is_second_byte(bytes[0], bytes[1]))
		return 0;
	for (size_t i = 2; i < want; i++) {
		if (!is_continuation(bytes[i]))
			return 0;
	}
	return want;
}

/*
 * Characters that do something to a line instead of standing in it. Some readers end a line at
 * U+0085, U+2028 and U+2029; the bidirectional ones (UAX #9 §2) show text in another order.
 */
/* clang-format off */
static const struct {
	uint32_t first;
	uint32_t last;
} controls[] = {
	{0x0000, 0x0008}, /* C0 but the tab */
	{0x000a, 0x001f},
	{0x007f, 0x009f}, /* DEL and C1 */
	{0x061c, 0x061c}, /* bidirectional */
	{0x200e, 0x200f}, /* bidirectional */
	{0x2028, 0x202e}, /* separators of lines and paragraphs, bidirectional */
	{0x2066, 0x2069}, /* bidirectional */
};
/* clang-format on */

/* The code point of a well-formed sequence. */
static uint32_t decode(const unsigned char *bytes, size_t len)
{
	uint32_t point = len == 1 ? bytes[0] : bytes[0] & (0x7fU >> len);

	for (size_t i = 1; i < len; i++)
		point = point << 6 | (bytes[i] & 0x3fU);
	return point;
}

static bool is_control(const unsigned char *bytes, size_t len)
{
	uint32_t point = decode(bytes, len);

	for (size_t i = 0; i < ARRAY_LENGTH(controls); i++) {
		if (point >= controls[i].first && point <= controls[i].last)
			return true;
	}
	return false;
}

static size_t write_escape(unsigned char byte, char out[UTF8_VISIBLE_MAX])
{
	static const char digits[] = "0123456789abcdef";

	out[0] = '\\';
	if (byte == '\n' || byte == '\r') {
		out[1] = byte == '\n' ? 'n' : 'r';
		return 2;
	}
	out[1] = 'x';
	out[2] = digits[byte >> 4];
	out[3] = digits[byte & 0xf];
	return 4;
}

size_t utf8_take_visible(const char **text, const char *end, char out[UTF8_VISIBLE_MAX])
{
	const unsigned char *bytes = (const unsigned char *)*text;
	size_t len;

	/* Nearly all of it, as a rule: plans are made of such texts. */
	if (*text < end && bytes[0] >= ' ' && bytes[0] < 0x7f) {
		out[0] = *(*text)++;
		return 1;
	}
	len = utf8_sequence_length(*text, (size_t)(end - *text));
	if (len == 0 || is_control(bytes, len)) {
		/* Of a longer control character the bytes are shown one after the other. */
		*text += 1;
		return write_escape(bytes[0], out);
	}
	memcpy(out, bytes, len);
	*text += len;
	return len;
}

size_t utf8_copy_visible(char *out, size_t room, const char *text)
{
	static const char ellipsis[] = "…";
	const char *end = text + strlen(text);
	size_t cut = 0; /* the longest beginning that leaves room for the ellipsis */
	size_t len = 0;

	assert(room >= sizeof(ellipsis));
	while (text < end) {
		char piece[UTF8_VISIBLE_MAX];
		size_t piece_len = utf8_take_visible(&text, end, piece);

		if (len + piece_len >= room) {
			memcpy(out + cut, ellipsis, sizeof(ellipsis));
			return cut + sizeof(ellipsis) - 1;
		}
		memcpy(out + len, piece, piece_len);
		len += piece_len;
		if (len + sizeof(ellipsis) <= room)
			cut = len;
	}
	out[len] = '\0';
	return len;
}

bool utf8_is_visible(const char *text, size_t len)
{
	while (len > 0) {
		size_t step;

		if (*text >= ' ' && *text < 0x7f) {
			text++;
			len--;
			continue;
		}
		step = utf8_sequence_length(text, len);
		if (step == 0 || is_control((const unsigned char *)text, step))
			return false;
		text += step;
		len -= step;
	}
	return true;
}
