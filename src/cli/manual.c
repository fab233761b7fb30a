/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parts of manual pages in the man(7) language. Everything from the tables is escaped: a backslash,
 * a hyphen that must stay one, and the marks that make a line a request.
 */

#include "cli/generate.h"

#include <string.h>

#include "base/str.h"
#include "cli/help.h"

enum { LINE_WIDTH = 72 };

static void add_escaped(const char *text, struct str *out)
{
	if (*text == '.' || *text == '\'')
		str_add(out, "\\&");
	for (; *text; text++) {
		switch (*text) {
		case '\\':
			str_add(out, "\\e");
			break;
		case '-':
			str_add(out, "\\-");
			break;
		case '\'':
			str_add(out, "\\(aq");
			break;
		case '^':
			str_add(out, "\\(ha");
			break;
		case '~':
			str_add(out, "\\(ti");
			break;
		case '`':
			str_add(out, "\\(ga");
			break;
		case '"':
			str_add(out, "\\(dq");
			break;
		default:
			str_add_char(out, *text);
			break;
		}
	}
}

static void add_font(char font, const char *text, struct str *out)
{
	str_addf(out, "\\f%c", font);
	add_escaped(text, out);
	str_add(out, "\\fR");
}

/*
 * A table's line as a sentence (capital letter, full stop), in lines as long as mandoc's check of
 * style wants them.
 */
static void add_sentence(const char *text, struct str *out)
{
	autostr sentence = {0};
	autostr lines = {0};
	const char *line;

	str_addf(&sentence, "%s.", text);
	if (sentence.len > 0 && *text >= 'a' && *text <= 'z')
		sentence.data[0] = (char)(*text - 'a' + 'A');
	cli_add_wrapped(str_text(&sentence), LINE_WIDTH, &lines);

	line = str_text(&lines);
	while (*line) {
		size_t length = strcspn(line, "\n");
		autostr part = {0};

		str_add_bytes(&part, line, length);
		add_escaped(str_text(&part), out);
		str_add_char(out, '\n');
		line += length + 1;
	}
}

static void add_words(const struct cli_option *o, struct str *out)
{
	bool first = true;

	for (const struct cli_word *w = o->words; w && w->name; w++) {
		if (w->hidden)
			continue;
		str_add(out, !first                   ? ",\n"
			     : o->kind == CLI_CHOICES ? "One or more, joined by \\(aq|\\(aq, of\n"
						      : "One of\n");
		add_font('B', w->name, out);
		first = false;
	}
	if (!first)
		str_add(out, ".\n");
}

static void add_spelling(const struct cli_option *o, struct str *out)
{
	bool optional = o->flags & CLI_ARGUMENT_OPTIONAL;

	if (o->letter)
		add_font('B', (char[]){'-', o->letter, 0}, out);
	if (o->letter && o->name)
		str_add(out, ", ");
	if (o->name) {
		str_add(out, "\\fB\\-\\-");
		add_escaped(o->name, out);
		str_add(out, "\\fR");
	}
	if (o->placeholder) {
		str_add(out, optional ? "[" : "");
		str_add(out, o->name ? "=" : optional ? "" : " ");
		add_font('I', o->placeholder, out);
		str_add(out, optional ? "]" : "");
	}
	str_add_char(out, '\n');
}

static void add_options(const struct cli_tool *tool, bool shared, struct str *out)
{
	struct cli_option o;
	size_t cursor = 0;
	bool is_shared;

	while (cli_option_next(tool, &cursor, &o, &is_shared)) {
		if (is_shared != shared || (o.flags & CLI_HIDDEN))
			continue;
		str_add(out, ".TP\n");
		add_spelling(&o, out);
		add_sentence(o.help, out);
		add_words(&o, out);
	}
}

void cli_add_manual_options(const struct cli_tool *tool, struct str *out)
{
	add_options(tool, false, out);
	str_add(out, ".SS Common options\n");
	add_options(tool, true, out);
}

void cli_add_manual_tools(const struct cli_registry *registry, struct str *out)
{
	for (const struct cli_tool *const *t = registry->tools; *t; t++) {
		if ((*t)->flags & CLI_HIDDEN_TOOL)
			continue;
		str_add(out, ".TP\n");
		add_font('B', (*t)->name, out);
		str_add_char(out, '\n');
		add_sentence((*t)->summary, out);
	}
}
