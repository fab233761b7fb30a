/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Splitting a command into words.
 */

#include "plan/command.h"

#include <string.h>

/* The next word, without its quotes, to `word`; NULL at the end, else what is behind it. */
static const char *take_word(const char *text, char *word)
{
	char quote = '\0';

	text += strspn(text, " \t");
	if (*text == '\0')
		return NULL;
	for (; *text && (quote || !strchr(" \t", *text)); text++) {
		if (quote ? *text == quote : *text == '\'' || *text == '"')
			quote = quote ? '\0' : *text;
		else
			*word++ = *text;
	}
	*word = '\0';
	return text;
}

const char *const *command_split(const char *text, struct arena *arena)
{
	size_t length = strlen(text), count = 0;
	const char **words = arena_alloc(arena, (length / 2 + 2) * sizeof(*words));
	/* Every word has its terminator where a blank, or the end, stands in the text. */
	char *room = arena_alloc(arena, length + 1);

	if (!words || !room)
		return NULL;
	while ((text = take_word(text, room))) {
		words[count++] = room;
		room += strlen(room) + 1;
	}
	return words;
}
