/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The JSON emitter: commas, indentation and escapes. There is no parser here and no tree; numbers
 * are integers only.
 */

#include "base/json.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"

static bool is_in_array(const struct json *j)
{
	return j->depth > 0 && (j->arrays >> (j->depth - 1) & 1);
}

static void new_line(struct json *j)
{
	if (j->indent == 0)
		return;
	str_add_char(j->out, '\n');
	for (unsigned i = 0; i < j->depth * j->indent; i++)
		str_add_char(j->out, ' ');
}

/* What stands between the previous thing of the innermost container and the next one. */
static void separate(struct json *j)
{
	if (j->filled)
		str_add_char(j->out, ',');
	if (j->depth > 0)
		new_line(j);
	j->filled = true;
}

static void begin_value(struct json *j)
{
	if (j->depth == 0) {
		assert(!j->filled);
		separate(j);
	} else if (is_in_array(j)) {
		separate(j);
	} else {
		assert(j->named);
		j->named = false;
	}
}

static void open_container(struct json *j, bool array)
{
	begin_value(j);
	assert(j->depth < JSON_DEPTH_MAX);
	if (array)
		j->arrays |= UINT32_C(1) << j->depth;
	else
		j->arrays &= ~(UINT32_C(1) << j->depth);
	j->depth++;
	j->filled = false;
	str_add_char(j->out, array ? '[' : '{');
}

static void close_container(struct json *j, bool array)
{
	assert(j->depth > 0 && is_in_array(j) == array && !j->named);
	j->depth--;
	if (j->filled)
		new_line(j);
	j->filled = true;
	str_add_char(j->out, array ? ']' : '}');
}

static void add_escaped_byte(struct str *out, char byte)
{
	static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";

	for (size_t i = 0; i < sizeof(letters) - 1; i += 2) {
		if (letters[i] == byte) {
			str_add_char(out, '\\');
			str_add_char(out, letters[i + 1]);
			return;
		}
	}
	str_addf(out, "\\u%04x", (unsigned char)byte);
}

static void add_quoted(struct str *out, const char *bytes)
{
	const char *end = bytes + strlen(bytes);
	size_t step;

	str_add_char(out, '"');
	for (; bytes < end; bytes += step) {
		step = utf8_sequence_length(bytes, (size_t)(end - bytes));
		if (step == 0) {
			step = 1;
			str_add(out, "\xef\xbf\xbd");
		} else if ((unsigned char)*bytes < 0x20 || *bytes == '"' || *bytes == '\\') {
			add_escaped_byte(out, *bytes);
		} else {
			str_add_bytes(out, bytes, step);
		}
	}
	str_add_char(out, '"');
}

void json_init(struct json *j, struct str *out, unsigned indent)
{
	*j = (struct json){.out = out, .indent = indent};
}

void json_finish(const struct json *j)
{
	(void)j;
	assert(j->depth == 0 && j->filled);
}

void json_open_object(struct json *j)
{
	open_container(j, false);
}

void json_close_object(struct json *j)
{
	close_container(j, false);
}

void json_open_array(struct json *j)
{
	open_container(j, true);
}

void json_close_array(struct json *j)
{
	close_container(j, true);
}

void json_name(struct json *j, const char *name)
{
	assert(j->depth > 0 && !is_in_array(j) && !j->named);
	separate(j);
	add_quoted(j->out, name);
	str_add(j->out, j->indent ? ": " : ":");
	j->named = true;
}

void json_add_string(struct json *j, const char *text)
{
	if (!text) {
		json_add_null(j);
		return;
	}
	begin_value(j);
	add_quoted(j->out, text);
}

void json_add_int(struct json *j, int64_t value)
{
	begin_value(j);
	str_addf(j->out, "%" PRId64, value);
}

void json_add_uint(struct json *j, uint64_t value)
{
	begin_value(j);
	str_addf(j->out, "%" PRIu64, value);
}

void json_add_thousandths(struct json *j, uint64_t value)
{
	begin_value(j);
	str_addf(j->out, "%" PRIu64 ".%03" PRIu64, value / 1000, value % 1000);
}

void json_add_bool(struct json *j, bool value)
{
	begin_value(j);
	str_add(j->out, value ? "true" : "false");
}

void json_add_null(struct json *j)
{
	begin_value(j);
	str_add(j->out, "null");
}
