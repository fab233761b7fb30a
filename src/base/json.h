/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Writing JSON (RFC 8259) onto a struct str, value by value:
 *
 *	struct json j;
 *
 *	json_init(&j, &out, 2);
 *	json_open_object(&j);
 *	json_name(&j, "pid");
 *	json_add_int(&j, pid);
 *	json_close_object(&j);
 *	json_finish(&j);
 *
 * The state lives on the caller's stack. Calls in an order that is not JSON (a value without its
 * name, a close without an open, a second document) are bugs of the caller and are asserted.
 * Running out of memory shows in the string (str_failed()).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str;

enum {
	JSON_DEPTH_MAX = 32,
};

struct json {
	struct str *out;
	unsigned indent; /* blanks per level; 0 = everything on one line */
	unsigned depth;  /* objects and arrays that are open */
	uint32_t arrays; /* bit n: what was opened at depth n is an array */
	bool named;      /* a name waits for its value */
	bool filled;     /* the innermost open one, or the document, has something in it */
};

void json_init(struct json *j, struct str *out, unsigned indent);

/* Asserts that one whole value was written; adds nothing. */
void json_finish(const struct json *j);

void json_open_object(struct json *j);
void json_close_object(struct json *j);
void json_open_array(struct json *j);
void json_close_array(struct json *j);

/* The name of the next member of the innermost object. */
void json_name(struct json *j, const char *name);

/* Text: what is not UTF-8 becomes U+FFFD, one per byte. NULL becomes null. */
void json_add_string(struct json *j, const char *text);

void json_add_int(struct json *j, int64_t value);
void json_add_uint(struct json *j, uint64_t value);
/* A number with three digits behind the point. */
void json_add_thousandths(struct json *j, uint64_t value);
void json_add_bool(struct json *j, bool value);
void json_add_null(struct json *j);
