/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Texts with the values of registers in them, and arrays of texts for execve(2). The arrays live on
 * the stack; only what is larger than that takes pages of its own by mmap(2), which nobody has to
 * give back, because an exec follows. INIT lane rules: see init.h.
 */

#include "run/init.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "run/text.h"
#include "sys/syscall.h"

const char *init_text(struct init_lane *l, uint64_t offset, char *buf, size_t len, int *ret_error)
{
	const char *text = plan_text(l->plan, offset);
	ssize_t r;

	if (!text_has_references(text))
		return text;
	r = text_expand(l->plan, l->run->record, text, buf, len);
	if (r >= 0)
		return buf;
	if (r == -ENODATA)
		init_note(l, "it names a register that an earlier step left empty");
	*ret_error = r == -ENODATA ? INIT_EMPTY : (int)r;
	return NULL;
}

/* How much room a text needs at most when it is copied with its values. */
static size_t room_for(const char *text, size_t length)
{
	size_t room = length + 1;

	for (size_t i = 0; i < length; i++)
		if (text[i] == PLAN_REFERENCE)
			room += RECORD_NAME_MAX;
	return room;
}

static void *take_pages(size_t bytes)
{
	long address = sys_call6(__NR_mmap, 0, (long)bytes, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *pages = NULL;

	if (address < 0 && address > -4096)
		return NULL;
	memcpy(&pages, &address, sizeof(pages));
	return pages;
}

int init_words_open(struct init_lane *l, struct init_words *ret, bool copies,
		    const uint64_t lists[static 3], char *const *more)
{
	size_t count = 1, bytes = 0, total;
	char *memory;

	ret->count = 0;
	ret->copies = copies;
	for (size_t i = 0; i < 3; i++) {
		const char *text = lists[i] ? plan_list_first(l->plan, lists[i]) : NULL;
		const uint32_t items = plan_list_count(l->plan, lists[i]);

		for (uint32_t k = 0; k < items; k++) {
			const size_t length = init_text_length(text);

			if (copies || text_has_references(text))
				bytes += room_for(text, length);
			text += length + 1;
		}
		count += items;
	}
	for (size_t i = 0; more && more[i]; i++)
		count++;

	total = count * sizeof(char *) + bytes;
	memory = ret->room;
	if (total > sizeof(ret->room)) {
		l->call = __NR_mmap;
		memory = take_pages(total);
		if (!memory)
			return -ENOMEM;
	}
	ret->words = (const char **)memory;
	ret->words[0] = NULL;
	ret->text = memory + count * sizeof(char *);
	ret->left = bytes;
	return 0;
}

/* The text as it shall stand in the array. NULL and *ret_error when it can't be made. */
static const char *finish_text(struct init_lane *l, struct init_words *w, const char *text,
			       int *ret_error)
{
	const char *made = w->text;
	ssize_t r;

	if (!w->copies && !text_has_references(text))
		return text;
	r = text_expand(l->plan, l->run->record, text, w->text, w->left);
	if (r < 0) {
		*ret_error = (int)r;
		return NULL;
	}
	w->text += r + 1;
	w->left -= (size_t)r + 1;
	return made;
}

static void append(struct init_words *w, const char *text)
{
	w->words[w->count++] = text;
	w->words[w->count] = NULL;
}

/* Whether two texts begin with the same "NAME=". */
static bool is_same_name(const char *a, const char *b)
{
	while (*a && *a == *b && *a != '=') {
		a++;
		b++;
	}
	return *a == '=' && *b == '=';
}

static void put(struct init_words *w, const char *text)
{
	for (size_t i = 0; i < w->count; i++) {
		if (is_same_name(w->words[i], text)) {
			w->words[i] = text;
			return;
		}
	}
	append(w, text);
}

/* What names an empty register is left out, as HOST does. */
static int add_list(struct init_lane *l, struct init_words *w, uint64_t list, bool replaces)
{
	const uint32_t count = plan_list_count(l->plan, list);
	const char *text = count > 0 ? plan_list_first(l->plan, list) : NULL;

	for (uint32_t i = 0; i < count; i++) {
		int r = 0;
		const char *made = finish_text(l, w, text, &r);

		if (!made && r != -ENODATA)
			return r;
		if (made && replaces)
			put(w, made);
		else if (made)
			append(w, made);
		text += init_text_length(text) + 1;
	}
	return 0;
}

int init_words_add_list(struct init_lane *l, struct init_words *w, uint64_t list)
{
	return add_list(l, w, list, false);
}

int init_words_add_environment(struct init_lane *l, struct init_words *w, uint64_t list)
{
	return add_list(l, w, list, true);
}

void init_words_add_caller(struct init_words *w, char *const *environment)
{
	for (size_t i = 0; environment && environment[i]; i++)
		append(w, environment[i]);
}
