/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A small part of the shell command language (POSIX.1-2017, XCU 2). Words come first: quotes are
 * taken away and variables put in while a word is read. Commands behind && and || that do not run
 * are read with the same care, but change nothing.
 */

#include "helpers/assignments.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/str.h"
#include "sys/file.h"

enum { WORDS_MAX = 16 };

struct parser {
	struct assignments *a;
	const struct assignments_files *files;
	const char *text, *file;
	size_t len, at;
	uint32_t line;
	unsigned depth;
	bool runs; /* what is read is done */
	struct err *e;
};

struct word {
	struct str text;
	size_t name_len; /* of NAME in NAME=VALUE, 0 = it is something else */
	uint32_t line;
	bool is_quoted;
	bool has_variable; /* outside of quotes: the shell may make several words of it */
};

static int parse_text(struct assignments *a, const char *text, size_t len, const char *file,
		      const struct assignments_files *files, unsigned depth, struct err *e);

static int refuse_at(const struct parser *p, uint32_t line, const char *what, const char *hint)
{
	int r = err_set(p->e, ERR_CONFIG_SYNTAX, 0, "%s", what);

	err_origin(p->e, "%s:%u", p->file, (unsigned)line);
	if (hint)
		err_hint(p->e, "%s", hint);
	return r;
}

static int refuse(const struct parser *p, const char *what, const char *hint)
{
	return refuse_at(p, p->line, what, hint);
}

static int no_memory(const struct parser *p)
{
	return err_set(p->e, ERR_NO_MEMORY, ENOMEM, "no memory for the settings of \"%s\"",
		       p->file);
}

static bool is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name(char c)
{
	return is_name_start(c) || (c >= '0' && c <= '9');
}

/* '\0' at the end: the text itself has none. */
static char look(const struct parser *p)
{
	return p->at < p->len ? p->text[p->at] : '\0';
}

static char take(struct parser *p)
{
	char c = p->text[p->at++];

	if (c == '\n')
		p->line++;
	return c;
}

static bool take_if(struct parser *p, const char *what)
{
	const size_t len = strlen(what);

	if (p->len - p->at < len || memcmp(p->text + p->at, what, len) != 0)
		return false;
	for (size_t i = 0; i < len; i++)
		take(p);
	return true;
}

/* Blanks, continued lines, and a comment: never the end of the line. */
static void skip_blanks(struct parser *p)
{
	for (;;) {
		if (look(p) == ' ' || look(p) == '\t')
			take(p);
		else if (!take_if(p, "\\\n"))
			break;
	}
	if (look(p) == '#') {
		while (p->at < p->len && look(p) != '\n')
			take(p);
	}
}

/* Behind the "$" of a word. */
static int take_variable(struct parser *p, struct word *w)
{
	const bool braces = take_if(p, "{");
	const size_t begin = p->at;
	const struct assignment *found;
	autofree char *name = NULL;

	if (look(p) == '(' || !is_name_start(look(p)))
		return refuse(p, "a \"$\" that is more than the name of a variable",
			      "$NAME and ${NAME} are understood; nothing is run or computed; a $ "
			      "that is meant as such goes into single quotes");
	while (is_name(look(p)))
		take(p);
	name = strndup(p->text + begin, p->at - begin);
	if (!name)
		return no_memory(p);
	if (braces && !take_if(p, "}"))
		return refuse(p, "a \"${\" that is more than the name of a variable",
			      "${NAME} is understood; write the value itself instead");
	found = assignments_find(p->a, name);
	if (found) {
		str_add(&w->text, found->value);
	} else if (p->runs) {
		int r = err_set(p->e, ERR_CONFIG_SYNTAX, 0, "\"$%s\" is not set at this place",
				name);

		err_origin(p->e, "%s:%u", p->file, (unsigned)p->line);
		err_hint(p->e, "set %s above this line, or write the value itself", name);
		return r;
	}
	return 0;
}

static int take_single_quoted(struct parser *p, struct word *w)
{
	while (p->at < p->len && look(p) != '\'')
		str_add_char(&w->text, take(p));
	return take_if(p, "'") ? 0 : refuse_at(p, w->line, "a ' without its second one", NULL);
}

static int take_double_quoted(struct parser *p, struct word *w)
{
	while (p->at < p->len && look(p) != '"') {
		char c = take(p);
		int r = 0;

		if (c == '\\' && p->at < p->len && strchr("\"\\$`\n", look(p))) {
			c = take(p);
			if (c != '\n')
				str_add_char(&w->text, c);
		} else if (c == '`') {
			r = refuse(p, "a command in back quotes",
				   "nothing is run: write the value itself");
		} else if (c == '$') {
			r = take_variable(p, w);
		} else {
			str_add_char(&w->text, c);
		}
		if (r < 0)
			return r;
	}
	return take_if(p, "\"") ? 0 : refuse_at(p, w->line, "a \" without its second one", NULL);
}

/* One piece of a word: a quoted part, a variable or a character. */
static int take_piece(struct parser *p, struct word *w)
{
	char c = take(p);

	switch (c) {
	case '\'':
		w->is_quoted = true;
		return take_single_quoted(p, w);
	case '"':
		w->is_quoted = true;
		return take_double_quoted(p, w);
	case '$':
		w->has_variable = true;
		return take_variable(p, w);
	case '\\':
		if (p->at == p->len)
			return refuse(p, "a \\ at the end of the file", NULL);
		if (look(p) != '\n')
			str_add_char(&w->text, look(p));
		take(p);
		return 0;
	case '`':
		return refuse(p, "a command in back quotes",
			      "nothing is run: write the value itself");
	case '\r':
		return refuse(p, "a carriage return", "the file has lines of DOS: convert it");
	case '(':
	case ')':
	case '<':
	case '>':
		return refuse(p, "a list, function or redirection of the shell",
			      "nothing is run: only NAME=VALUE, \". FILE\" and \"[ -f FILE ]\" are "
			      "understood");
	default:
		str_add_char(&w->text, c);
		return 0;
	}
}

/* 1: a word; 0: there is none in front of the next separator. */
static int take_word(struct parser *p, struct word *w)
{
	bool may_be_name = true;

	memset(w, 0, sizeof(*w));
	skip_blanks(p);
	w->line = p->line;
	while (p->at < p->len && !strchr(" \t\n;&|", look(p))) {
		const char c = look(p);
		int r;

		if (may_be_name && c == '=' && w->text.len > 0)
			w->name_len = w->text.len;
		if (c == '~' && w->text.len == (w->name_len > 0 ? w->name_len + 1 : 0))
			return refuse(p, "a \"~\"", "write the directory itself");
		may_be_name = may_be_name && w->name_len == 0 && is_name(c) &&
			      (w->text.len > 0 || is_name_start(c));
		r = take_piece(p, w);
		if (r < 0)
			return r;
		if (w->text.len > ASSIGNMENTS_VALUE_MAX)
			return refuse_at(p, w->line, "a value that is too long", NULL);
		if (str_failed(&w->text))
			return no_memory(p);
	}
	/* An empty word, '', is one, too. */
	return w->text.len > 0 || w->is_quoted;
}

static int add(struct assignments *a, const char *name, size_t name_len, const char *value,
	       const char *file, uint32_t line)
{
	autofree char *own_name = strndup(name, name_len), *own_value = strdup(value);
	autofree char *own_file = file ? strdup(file) : NULL;

	if (!own_name || !own_value || (file && !own_file))
		return -ENOMEM;
	if (a->count == a->room) {
		size_t room = a->room ? 2 * a->room : 32;
		void *items = realloc(a->items, room * sizeof(*a->items));

		if (!items)
			return -ENOMEM;
		a->items = items;
		a->room = room;
	}
	a->items[a->count++] = (struct assignment){
		.name = take_ptr(own_name),
		.value = take_ptr(own_value),
		.file = take_ptr(own_file),
		.line = line,
	};
	return 0;
}

static int run_assignment(struct parser *p, const struct word *w)
{
	const char *text = str_text(&w->text);
	int r;

	if (!p->runs)
		return 0;
	if (p->a->count >= ASSIGNMENTS_MAX)
		return refuse_at(p, w->line, "too many settings", NULL);
	r = add(p->a, text, w->name_len, text + w->name_len + 1, p->file, w->line);
	return r < 0 ? no_memory(p) : 0;
}

static int run_include(struct parser *p, const struct word *words, size_t count)
{
	const char *path = count == 2 ? str_text(&words[1].text) : NULL;
	autofree char *text = NULL;
	size_t len = 0;
	int r;

	if (!path || path[0] != '/')
		return refuse_at(p, words[0].line,
				 "\".\" takes the path of one file, from the root", NULL);
	if (!p->runs)
		return 0;
	if (!p->files->read)
		return refuse_at(p, words[0].line, "no other file can be read from here", NULL);
	if (p->depth >= ASSIGNMENTS_DEPTH_MAX)
		return refuse_at(p, words[0].line, "files that read each other, too deep",
				 "does one of them read itself?");
	r = p->files->read(p->files->context, path, &text, &len);
	if (r < 0) {
		err_set(p->e, ERR_FILE_READ, -r, "cannot read the file \"%s\"", path);
		err_origin(p->e, "%s:%u", p->file, (unsigned)words[0].line);
		err_hint(p->e, "[ ! -f %s ] || . %s   reads it only if it is there", path, path);
		return r;
	}
	return parse_text(p->a, text, len, path, p->files, p->depth + 1, p->e);
}

/* [ ! -f FILE ]: 1 true, 0 false. */
static int run_test(struct parser *p, const struct word *words, size_t count)
{
	const bool bracket = strcmp(str_text(&words[0].text), "[") == 0;
	size_t at = 1;
	bool negated;
	const char *letter;

	if (bracket && (count < 2 || strcmp(str_text(&words[--count].text), "]") != 0))
		return refuse_at(p, words[0].line, "a \"[\" without its \"]\"",
				 "there must be a blank before the ]");
	negated = at < count && strcmp(str_text(&words[at].text), "!") == 0;
	if (negated)
		at++;
	letter = at < count ? str_text(&words[at].text) : "";
	if (count - at != 2 || letter[0] != '-' || !letter[1] || letter[2] ||
	    !strchr("fers", letter[1]))
		return refuse_at(p, words[0].line, "a test that is not understood",
				 "[ -f FILE ] and [ ! -f FILE ] are, and so are -e, -r and -s");
	if (!p->runs)
		return 0;
	if (!p->files->test)
		return refuse_at(p, words[0].line, "no other file can be looked at from here",
				 NULL);
	return p->files->test(p->files->context, str_text(&words[at + 1].text), letter[1]) !=
	       negated;
}

static int refuse_command(const struct parser *p, const struct word *w, const struct word *next)
{
	const char *text = str_text(&w->text);
	int r = err_set(p->e, ERR_CONFIG_SYNTAX, 0, "\"%s\" is not understood", text);

	err_origin(p->e, "%s:%u", p->file, (unsigned)w->line);
	if (next && str_text(&next->text)[0] == '=')
		err_hint(p->e, "there must be no blank before and behind the \"=\"");
	else
		err_hint(p->e, "only NAME=VALUE, \". FILE\" and \"[ -f FILE ]\" are; a value with "
			       "blanks goes into quotes");
	return r;
}

/* For "export" a quoted word is an assignment, too. */
static int run_export(struct parser *p, struct word *words, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct word *w = &words[i];
		const char *text = str_text(&w->text);
		size_t len = 0;
		int r = 0;

		while (is_name_start(text[0]) && is_name(text[len]))
			len++;
		if (len == 0 || (text[len] && text[len] != '=') ||
		    (w->name_len == 0 && w->has_variable))
			return refuse_command(p, w, NULL);
		w->name_len = len;
		if (text[len])
			r = run_assignment(p, w);
		if (r < 0)
			return r;
	}
	return 1;
}

/* 1: it succeeded, 0: it failed, as the shell has it. */
static int run_words(struct parser *p, struct word *words, size_t count)
{
	const char *command = str_text(&words[0].text);
	int r;

	/* They have been made. */
	if (words[0].name_len > 0)
		return 1;
	if (words[0].is_quoted)
		return refuse_command(p, &words[0], count > 1 ? &words[1] : NULL);
	if (strcmp(command, "export") == 0)
		return run_export(p, words, count);
	if (strcmp(command, ".") == 0 || strcmp(command, "source") == 0) {
		r = run_include(p, words, count);
		return r < 0 ? r : 1;
	}
	if (strcmp(command, "[") == 0 || strcmp(command, "test") == 0)
		return run_test(p, words, count);
	if (count == 1 && (strcmp(command, "true") == 0 || strcmp(command, ":") == 0))
		return 1;
	return refuse_command(p, &words[0], count > 1 ? &words[1] : NULL);
}

enum { NOTHING = 2 };

/* One assignment is seen by the next, where there is no command that gets all. */
static int run_at_once(struct parser *p, const struct word *first, const struct word *w)
{
	int r;

	if (first->name_len == 0)
		return 1;
	if (w->name_len == 0)
		return refuse_command(p, w, NULL);
	r = run_assignment(p, w);
	return r < 0 ? r : 1;
}

/* As run_words(), or NOTHING. */
static int parse_command(struct parser *p)
{
	struct word words[WORDS_MAX];
	size_t count = 0;
	int r = 1;

	while (r == 1 && count < WORDS_MAX) {
		r = take_word(p, &words[count]);
		/* One that was not understood has a text, too. */
		if (r != 0)
			count++;
		if (r == 1)
			r = run_at_once(p, &words[0], &words[count - 1]);
	}
	if (r == 1)
		r = refuse_at(p, words[0].line, "too many words", NULL);
	else if (r == 0)
		r = count > 0 ? run_words(p, words, count) : NOTHING;
	for (size_t i = 0; i < count; i++)
		str_finish(&words[i].text);
	return r;
}

/* Commands with && and || between them; NOTHING: none. */
static int parse_chain(struct parser *p)
{
	bool succeeds = true, is_and = true, is_first = true;

	for (;;) {
		int r;

		p->runs = is_first || succeeds == is_and;
		r = parse_command(p);
		if (r < 0)
			return r;
		if (r == NOTHING && !is_first)
			return refuse(p, "nothing behind \"&&\" or \"||\"", NULL);
		if (r != NOTHING && p->runs)
			succeeds = r == 1;
		is_and = take_if(p, "&&");
		if (!is_and && !take_if(p, "||"))
			return r == NOTHING ? NOTHING : 0;
		if (r == NOTHING)
			return refuse(p, "nothing before \"&&\" or \"||\"", NULL);
		is_first = false;
		/* Lines may end behind them. */
		do
			skip_blanks(p);
		while (take_if(p, "\n"));
	}
}

static int parse_text(struct assignments *a, const char *text, size_t len, const char *file,
		      const struct assignments_files *files, unsigned depth, struct err *e)
{
	struct parser p = {
		.a = a,
		.files = files,
		.text = text,
		.file = file,
		.len = len,
		.line = 1,
		.depth = depth,
		.e = e,
	};

	if (memchr(text, '\0', len))
		return refuse(&p, "the file has bytes that are not text", NULL);
	while (p.at < p.len) {
		int r = parse_chain(&p);

		if (r < 0)
			return r;
		if (r == NOTHING && look(&p) == ';')
			return refuse(&p, "nothing before \";\"", NULL);
		if (p.at < p.len && !take_if(&p, "\n") && !take_if(&p, ";"))
			return refuse(&p, "a \"&\" or \"|\" of the shell",
				      "nothing is run; a value with such letters goes into quotes");
	}
	return 0;
}

int assignments_parse(struct assignments *a, const char *text, size_t len, const char *file,
		      const struct assignments_files *files, struct err *e)
{
	return parse_text(a, text, len, file, files, 1, e);
}

static int read_system_file(void *context, const char *path, char **ret, size_t *ret_len)
{
	return file_read_all(AT_FDCWD, path, ASSIGNMENTS_FILE_MAX, ret, ret_len);
}

static bool test_system_file(void *context, const char *path, char letter)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return false;
	switch (letter) {
	case 'f':
		return S_ISREG(status.st_mode);
	case 'r':
		return access(path, R_OK) == 0;
	case 's':
		return status.st_size > 0;
	default:
		return true;
	}
}

const struct assignments_files assignments_system_files = {
	.read = read_system_file,
	.test = test_system_file,
};

int assignments_read(struct assignments *a, const char *path, struct err *e)
{
	autofree char *text = NULL;
	size_t len;
	int r = read_system_file(NULL, path, &text, &len);

	if (r < 0)
		return err_set(e, ERR_FILE_READ, -r, "cannot read the file \"%s\"", path);
	return assignments_parse(a, text, len, path, &assignments_system_files, e);
}

int assignments_set(struct assignments *a, const char *name, const char *value)
{
	return add(a, name, strlen(name), value, NULL, 0);
}

const struct assignment *assignments_find(const struct assignments *a, const char *name)
{
	for (size_t i = a->count; i > 0; i--) {
		if (strcmp(a->items[i - 1].name, name) == 0)
			return &a->items[i - 1];
	}
	return NULL;
}

void assignments_finish(struct assignments *a)
{
	for (size_t i = 0; i < a->count; i++) {
		free(a->items[i].name);
		free(a->items[i].value);
		free(a->items[i].file);
	}
	free(a->items);
	memset(a, 0, sizeof(*a));
}
