/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a step is called in messages: its sentence, and what the table knows about an errno of it.
 * The supervisor links this; whole plans are printed by print_text.c and print_json.c.
 */

#include "plan/print.h"

#include <assert.h>
#include <string.h>

#include "base/utf8.h"

#define OBJECT_MARK "%o"

enum { SENTENCE_ROOM_MIN = 16, OBJECT_ROOM_MIN = 4 };

/* Copies what fits of a text, `at` bytes of `buf` being used. Returns the bytes used then. */
static size_t add(char *buf, size_t len, size_t at, const char *text, size_t text_len)
{
	if (text_len > len - 1 - at)
		text_len = len - 1 - at;
	memcpy(buf + at, text, text_len);
	buf[at + text_len] = '\0';
	return at + text_len;
}

void plan_print_sentence(const struct plan *p, const struct plan_step *step, char *buf, size_t len)
{
	const char *sentence = plan_op_rows[step->op < OP_COUNT ? step->op : OP_NONE].sentence;
	const char *object = plan_text(p, step->object);
	const char *mark = strstr(sentence, OBJECT_MARK);
	const char *behind = mark ? mark + strlen(OBJECT_MARK) : "";
	size_t before = mark ? (size_t)(mark - sentence) : strlen(sentence);
	size_t at, room;

	assert(len >= SENTENCE_ROOM_MIN);
	if (!*object && mark && before > 0)
		before--; /* the blank before the object */
	at = add(buf, len, 0, sentence, before);
	room = len - at > strlen(behind) ? len - at - strlen(behind) : 0;
	if (*object && mark && room >= OBJECT_ROOM_MIN)
		at += utf8_copy_visible(buf + at, room, object);
	add(buf, len, at, behind, strlen(behind));
}

static const struct plan_hint *find_hint(const struct plan_step *step, int errnum)
{
	const struct plan_hint *hint = step->op < OP_COUNT ? plan_op_rows[step->op].hints : NULL;

	for (; hint && hint->errnum != 0; hint++)
		if (hint->errnum == errnum || hint->errnum == -1)
			return hint;
	return NULL;
}

const char *plan_hint_for(const struct plan_step *step, int errnum)
{
	const struct plan_hint *hint = find_hint(step, errnum);

	return hint ? hint->text : NULL;
}

enum err_id plan_error_for(const struct plan_step *step, int errnum)
{
	const struct plan_hint *hint = find_hint(step, errnum);

	if (hint && hint->error != ERR_NONE)
		return hint->error;
	return step->op < OP_COUNT ? plan_op_rows[step->op].error : ERR_STEP_FAILED;
}
